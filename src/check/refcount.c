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

enum s2_tristate s2_memmap_uses(struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret_left)
{
	struct s2_memmap *map = &ctx->memmap;
	uint64_t va, flags, bytes;

	*ret_left = 1;
	if (!ctx->have_memmap) {
		s2_memmap_find(ctx, map);
		if (map->have)
			find_flags(ctx, map);
		ctx->have_memmap = true;
	}
	if (!map->have)
		return S2_UNKNOWN;
	va = map->va + (pa >> ctx->pages.page_log2) * map->size + (map->reserved ? map->flags : 0);
	if (!s2_kernel_read(ctx->kernel, va, &flags, sizeof(flags), NULL))
		return map->reserved & flags ? S2_NO : S2_YES;
	/* Where nothing is mapped nothing has ever been; a damaged table tells nothing. */
	if (!s2_kernel_unmapped(ctx->kernel, va, &bytes))
		return S2_UNKNOWN;
	*ret_left = bytes / map->size + (bytes % map->size != 0);
	return S2_NO;
}

static bool read_refcount(struct s2_check_ctx *ctx, const struct s2_memmap *map,
			  const struct s2_table *table, uint64_t pa, uint64_t *ret)
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
	*ret = (uint64_t)refs;
	return true;
}

void s2_check_refcounts(struct s2_check_ctx *ctx)
{
	uint64_t page = BIT64(ctx->pages.page_log2);
	struct s2_memmap map;

	if (!s2_check_runs(ctx, S2_CHECK_REFCOUNT))
		return;
	s2_memmap_find(ctx, &map);
	for (size_t i = 0; i < ctx->tpages.room; i++) {
		const struct s2_tpage *t = &ctx->tpages.slot[i];
		const struct s2_table *table = &ctx->tables->table[t->table];
		uint64_t pa = t->pa - 1, refs;

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
		if (refs < 1 + (uint64_t)t->min || refs > 1 + (uint64_t)t->max)
			s2_check_found(ctx, S2_CHECK_REFCOUNT, table, S2_NO_ADDRESS, pa,
				       "level %d table page: %" PRIu64
				       " references expected, %" PRIu64 " found",
				       s2_level(&ctx->geom[t->table], t->height),
				       1 + (uint64_t)(refs < 1 + (uint64_t)t->min ? t->min :
										    t->max),
				       refs);
	}
}
