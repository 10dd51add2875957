// SPDX-License-Identifier: GPL-2.0-or-later
// Reference counts of table pages: struct page for tables of the host, struct hyp_page for those of
// the hypervisor.
#include <inttypes.h>

#include "check/priv.h"

void s2_memmap_find(struct s2_check_ctx *ctx, struct s2_memmap *ret)
{
	const struct s2_vmcoreinfo *info;
	const struct s2_kva_facts *kva;
	uint64_t start;
	int64_t first;

	ret->have = false;
	if (!ctx->kernel)
		return;
	info = s2_kernel_vmcoreinfo(ctx->kernel);
	kva = &s2_kernel_facts(ctx->kernel)->kva;
	if (s2_kernel_memmap(ctx->kernel, &start, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_SIZE, "page", &ret->size, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_OFFSET, "page._refcount", &ret->refcount, NULL) ||
	    ret->size < sizeof(uint64_t))
		return;
	first = (int64_t)kva->memmap_pa >> ctx->pages.page_log2;
	ret->va = start - (uint64_t)first * ret->size;
	ret->have = true;
}

/* What s2_memmap_uses() alone needs. */
static void find_flags(struct s2_check_ctx *ctx, struct s2_memmap *map)
{
	struct s2_types *types;
	uint64_t bit;

	map->reserved = 0;
	if (!s2_vmcoreinfo_get(s2_kernel_vmcoreinfo(ctx->kernel), S2_VI_OFFSET, "page.flags",
			       &map->flags, NULL) &&
	    !s2_kernel_types(ctx->kernel, &types, NULL) &&
	    !s2_types_enum(types, "pageflags", "PG_reserved", &bit, NULL) && bit < 64)
		map->reserved = BIT64(bit);
}

/* mem_section[] (mm/sparse.c, CONFIG_SPARSEMEM_EXTREME): pointers to pages of sections. */
static void find_sections(struct s2_check_ctx *ctx, struct s2_memmap *map)
{
	const struct s2_vmcoreinfo *info = s2_kernel_vmcoreinfo(ctx->kernel);
	uint64_t bits, section_bits, per_root;

	if (s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "mem_section", &map->sections, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_LENGTH, "mem_section", &map->nroots, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_SIZE, "mem_section", &map->section_size, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_OFFSET, "mem_section.section_mem_map", &map->section_map,
			      NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_NUMBER, "SECTION_SIZE_BITS", &section_bits, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_NUMBER, "MAX_PHYSMEM_BITS", &bits, NULL))
		return;
	if (bits > 63 || section_bits >= bits || section_bits < ctx->pages.page_log2 ||
	    !map->nroots)
		return;
	per_root = BIT64(bits - section_bits) / map->nroots;
	if (per_root < 2)
		return;
	map->section_log2 = (unsigned int)section_bits;
	map->root_log2 = 63 - (unsigned int)__builtin_clzll(per_root);
	map->have_sections = true;
}

/* SECTION_HAS_MEM_MAP: does the kernel know of memory, and so of a struct page, at @pa? */
static enum s2_tristate section_has_memmap(struct s2_check_ctx *ctx, uint64_t pa)
{
	const struct s2_memmap *map = &ctx->memmap;
	uint64_t number = pa >> map->section_log2, root, flags;

	/* Sections beyond those roots are none (pfn_valid()). */
	if (map->have_sections && number >> map->root_log2 >= map->nroots)
		return S2_NO;
	if (!map->have_sections ||
	    s2_kernel_read(ctx->kernel,
			   map->sections + (number >> map->root_log2) * sizeof(uint64_t), &root,
			   sizeof(root), NULL))
		return S2_UNKNOWN;
	if (!root)
		return S2_NO;
	root += (number & low_bits(map->root_log2)) * map->section_size + map->section_map;
	if (s2_kernel_read(ctx->kernel, root, &flags, sizeof(flags), NULL))
		return S2_UNKNOWN;
	return flags & BIT64(1) ? S2_YES : S2_NO;
}

/* Where no struct page is mapped: there has never been one, unless the kernel's list of memory says
 * otherwise; then what maps it is damaged. @ret_left: of so many pages. */
static enum s2_tristate unmapped(struct s2_check_ctx *ctx, uint64_t pa, uint64_t bytes,
				 uint64_t *ret_left)
{
	const struct s2_memmap *map = &ctx->memmap;
	uint64_t left = bytes / map->size + (bytes % map->size != 0), in_section;

	if (map->have_sections) {
		in_section = (BIT64(map->section_log2) - (pa & low_bits(map->section_log2))) >>
			     ctx->pages.page_log2;
		left = left < in_section ? left : in_section;
		if (section_has_memmap(ctx, pa) != S2_NO)
			return S2_UNKNOWN;
	}
	*ret_left = left;
	return S2_NO;
}

enum s2_tristate s2_memmap_uses(struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret_left)
{
	struct s2_memmap *map = &ctx->memmap;
	uint64_t va, flags, bytes;

	*ret_left = 1;
	if (!ctx->have_memmap) {
		s2_memmap_find(ctx, map);
		if (map->have) {
			find_flags(ctx, map);
			find_sections(ctx, map);
		}
		ctx->have_memmap = true;
	}
	if (!map->have)
		return S2_UNKNOWN;
	va = map->va + (pa >> ctx->pages.page_log2) * map->size + (map->reserved ? map->flags : 0);
	if (!s2_kernel_read(ctx->kernel, va, &flags, sizeof(flags), NULL))
		return map->reserved & flags ? S2_NO : S2_YES;
	if (!s2_kernel_unmapped(ctx->kernel, va, &bytes))
		return S2_UNKNOWN;
	return unmapped(ctx, pa, bytes, ret_left);
}

static bool read_refcount(struct s2_check_ctx *ctx, const struct s2_memmap *map,
			  const struct s2_table *table, uint64_t pa, int64_t *ret)
{
	int32_t refs;

	for (unsigned int i = 0; i < s2_nkeepers; i++)
		if (s2_keepers[i]->role(table) != S2_ROLE_GUEST)
			return s2_keepers[i]->references(ctx, pa, ret);
	if (!map->have ||
	    s2_kernel_read(ctx->kernel,
			   map->va + (pa >> ctx->pages.page_log2) * map->size + map->refcount,
			   &refs, sizeof(refs), NULL))
		return false;
	*ret = refs;
	return true;
}

void s2_check_refcounts(struct s2_check_ctx *ctx)
{
	uint64_t page = BIT64(ctx->pages.page_log2);
	struct s2_memmap map;

	s2_memmap_find(ctx, &map);
	for (size_t i = 0; i < ctx->tpages.room; i++) {
		const struct s2_tpage *t = &ctx->tpages.slot[i];
		const struct s2_table *table = &ctx->tables->table[t->table];
		int64_t refs, min = 1 + (int64_t)t->min, max = 1 + (int64_t)t->max;
		uint64_t pa = t->pa - 1;

		if (!t->pa || !t->whole || !s2_check_is_rule(table, S2_CHECK_REFCOUNT) ||
		    s2_kept_memory(ctx, pa) == S2_NO || !is_aligned(pa, page))
			continue;
		if (!read_refcount(ctx, &map, table, pa, &refs)) {
			s2_check_unknown(ctx, S2_CHECK_REFCOUNT,
					 "%s: the reference count of PA 0x%" PRIx64
					 " cannot be read",
					 table->id, pa);
			continue;
		}
		s2_check_looked(ctx, S2_CHECK_REFCOUNT, 1);
		if (refs < min || refs > max)
			s2_check_found(ctx, S2_CHECK_REFCOUNT, table, S2_NO_ADDRESS, pa,
				       "level %d table page: %" PRId64
				       " references expected, %" PRId64 " found",
				       s2_level(&ctx->geom[t->table], t->height),
				       refs < min ? min : max, refs);
	}
}
