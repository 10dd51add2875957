// SPDX-License-Identifier: GPL-2.0-or-later
// The hypervisor's stage 1: one linear map, one page array, a private range, and the rights of each
// section.
#include <inttypes.h>
#include <stdlib.h>

#include "check/arm64/forms.h"
#include "check/pkvm/looks.h"
#include "check/pkvm/priv.h"
#include "decode/merge.h"

#define S1_RO BIT64(7)

/* The part of the hypervisor's address space that an address lies in (nvhe/mm.c,
 * hyp_create_idmap()). */
enum area { AREA_LINEAR, AREA_IDMAP, AREA_VMEMMAP, AREA_PRIVATE, AREA_NONE };

enum s2_tristate s2_hyp_in_private(const struct s2_check_ctx *ctx, uint64_t va)
{
	uint64_t quarter = BIT64(ctx->g->ia_bits - 3), vmemmap = s2_check_pkvm(ctx)->vmemmap_va;

	if (!s2_check_pkvm(ctx)->have_vmemmap)
		return S2_UNKNOWN;
	return va < vmemmap && vmemmap - va <= quarter ? S2_YES : S2_NO;
}

static enum area area_of(const struct s2_check_ctx *ctx, uint64_t va, uint64_t oa)
{
	uint64_t quarter = BIT64(ctx->g->ia_bits - 3), vmemmap = s2_check_pkvm(ctx)->vmemmap_va;

	if (s2_check_is_memory(ctx, va + s2_check_pkvm(ctx)->phys_offset) == S2_YES)
		return AREA_LINEAR;
	if (oa == va)
		return AREA_IDMAP;
	if (!s2_check_pkvm(ctx)->have_vmemmap)
		return AREA_NONE;
	if (va >= vmemmap && va - vmemmap < quarter)
		return AREA_VMEMMAP;
	return s2_hyp_in_private(ctx, va) == S2_YES ? AREA_PRIVATE : AREA_NONE;
}

static bool is_exec(const struct s2_check_ctx *ctx, uint64_t raw)
{
	/* Up to 6.18 UXN alone is written, in EL2&0 as well, where WXN does the rest. */
	(void)ctx;
	return !(raw & (S1_UXN | S1_PXN));
}

static const struct s2_image_part *image_at(const struct s2_check_ctx *ctx, uint64_t pa)
{
	const struct s2_image_part *part = s2_protected(ctx)->image;
	size_t low = 0, high = s2_protected(ctx)->nimage;

	/* read_image() finds them in ascending order. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (pa - part[mid].pa < part[mid].size)
			return &part[mid];
		if (part[mid].pa < pa)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* A leaf of the hypervisor's table. */
struct hyp_leaf {
	enum area area;
	uint64_t va, oa, size, raw;
};

static void state_elsewhere(struct s2_check_ctx *ctx, const struct hyp_leaf *leaf)
{
	if (s2_check_pkvm(ctx)->have_memory && leaf->area != AREA_LINEAR &&
	    field_get(LEAF_STATE, leaf->raw))
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, leaf->va, leaf->oa,
			       "a page state outside of the linear map (descriptor 0x%" PRIx64 ")",
			       leaf->raw);
}

static void address(struct s2_check_ctx *ctx, const struct hyp_leaf *leaf)
{
	uint64_t va = leaf->va, oa = leaf->oa;

	switch (leaf->area) {
	case AREA_LINEAR:
		if (oa != va + s2_check_pkvm(ctx)->phys_offset)
			s2_check_found(ctx, S2_CHECK_HYP_ADDRESS, ctx->table, va, oa,
				       "0x%" PRIx64 " expected: the linear map leads there",
				       va + s2_check_pkvm(ctx)->phys_offset);
		break;
	case AREA_VMEMMAP:
		if (s2_protected(ctx)->vmemmap_next && oa != s2_protected(ctx)->vmemmap_next)
			s2_check_found(ctx, S2_CHECK_HYP_ADDRESS, ctx->table, va, oa,
				       "0x%" PRIx64 " expected: the page array goes on there",
				       s2_protected(ctx)->vmemmap_next);
		s2_protected(ctx)->vmemmap_next = oa + leaf->size;
		break;
	case AREA_NONE:
		if (s2_check_pkvm(ctx)->have_vmemmap)
			s2_check_found(ctx, S2_CHECK_HYP_ADDRESS, ctx->table, va, oa,
				       "the hypervisor maps nothing there (descriptor 0x%" PRIx64
				       ")",
				       leaf->raw);
		break;
	case AREA_IDMAP:
	case AREA_PRIVATE:
		break;
	}
}

/* Text, constants and data of the kernel image as the kernel maps them; everything else is data. */
static void rights(struct s2_check_ctx *ctx, const struct hyp_leaf *leaf)
{
	enum area area = leaf->area;
	uint64_t va = leaf->va, oa = leaf->oa, raw = leaf->raw;
	const struct s2_image_part *part = image_at(ctx, oa);
	bool write = !(raw & S1_RO), exec = is_exec(ctx, raw);
	bool lent = s2_check_pkvm(ctx)->hyp_in == S2_STATE_IN_PTE &&
		    field_get(LEAF_STATE, raw) == 1;
	bool want_write = !part || part->write, want_exec = part && part->exec;

	if (area == AREA_IDMAP && !exec)
		s2_check_found(ctx, S2_CHECK_HYP_PROT, ctx->table, va, oa,
			       "identity-mapped text is not executable (descriptor 0x%" PRIx64 ")",
			       raw);
	if (!s2_protected(ctx)->nimage || area == AREA_IDMAP)
		return;
	if (part && part->lost) {
		s2_check_unknown(ctx, S2_CHECK_HYP_PROT,
				 "the kernel's own mapping of its image at PA 0x%" PRIx64
				 " is not in the dump",
				 oa);
		return;
	}
	/* Vectors are mapped executable once more in the private range, stacks and devices as data.
	 */
	if (area == AREA_PRIVATE && part && part->exec)
		want_write = false;
	if (lent) {
		want_write = false;
		want_exec = false;
	}
	if (write != want_write || exec != want_exec)
		s2_check_found(ctx, S2_CHECK_HYP_PROT, ctx->table, va, oa,
			       "r%c%c expected, r%c%c found (%s; descriptor 0x%" PRIx64 ")",
			       want_write ? 'w' : '-', want_exec ? 'x' : '-', write ? 'w' : '-',
			       exec ? 'x' : '-',
			       lent        ? "lent to the host" :
			       !part       ? "not of the kernel image" :
			       part->exec  ? "text" :
			       part->write ? "data" :
					     "constants",
			       raw);
}

static void writes_and_executes(struct s2_check_ctx *ctx, const struct hyp_leaf *leaf)
{
	if (!(leaf->raw & S1_RO) && is_exec(ctx, leaf->raw))
		s2_check_found(ctx, S2_CHECK_WX, ctx->table, leaf->va, leaf->oa,
			       "writable and executable (descriptor 0x%" PRIx64 ")", leaf->raw);
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct hyp_leaf *leaf);
} leaf_looks[] = { S2_HYP_LEAF_LOOKS(S2_LOOK_ROW) };

static void set_fact(struct s2_check_ctx *ctx, enum area area, uint64_t raw, struct s2_facts *fact)
{
	if (area != AREA_LINEAR) {
		fact->hyp_private = 1;
		fact->hyp_private_write |= !(raw & S1_RO);
		fact->hyp_quarter |= area == AREA_PRIVATE || area == AREA_VMEMMAP;
		fact->hyp_again |= area == AREA_PRIVATE && !(raw & S1_RO);
		return;
	}
	fact->hyp_mapped = 1;
	fact->hyp = field_get(LEAF_STATE, raw) & 3;
	fact->hyp_write = !(raw & S1_RO);
	fact->hyp_exec = is_exec(ctx, raw);
}

static void facts_of(struct s2_check_ctx *ctx, enum area area, uint64_t oa, uint64_t size,
		     uint64_t raw)
{
	struct s2_facts_run run;
	uint64_t at, to;

	s2_pages_span(&ctx->pages, oa, oa + size - 1, &at, &to);
	while (s2_pages_change(&ctx->pages, &at, to, &run))
		for (uint64_t i = 0; i < run.nfacts; i++)
			set_fact(ctx, area, raw, &run.fact[i]);
}

uint64_t s2_hyp_next_stack(const struct s2_check_ctx *ctx, uint64_t pa)
{
	const struct s2_protected *p = s2_protected(ctx);
	size_t low = 0, high = p->nstacks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->stack[mid] < pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->nstacks ? p->stack[low] : S2_NO_ADDRESS;
}

/*
 * In the private range the hypervisor maps memory for writing in two places: stacks, and fixmap
 * slots for as long as they are used (nvhe/mm.c), one per CPU and one of a block's size. Counts the
 * latter; true for a block, of which s2_hyp_end() says all that is to say.
 */
static bool is_slot_in_use(struct s2_check_ctx *ctx, unsigned int height, uint64_t oa, uint64_t raw)
{
	if (raw & S1_RO || s2_check_is_memory(ctx, oa) != S2_YES)
		return false;
	if (height) {
		s2_protected(ctx)->blocks_used += ctx->first_window;
		return height == 1 && s2_protected(ctx)->features.fixblock == S2_YES;
	}
	if (s2_hyp_next_stack(ctx, oa) != oa)
		s2_protected(ctx)->slots_used += ctx->first_window;
	return false;
}

void s2_hyp_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	uint64_t size = s2_entry_size(ctx->g, height);
	enum area area = area_of(ctx, ia, oa);
	const struct hyp_leaf leaf = { .area = area, .va = ia, .oa = oa, .size = size, .raw = raw };

	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(leaf_looks); i++)
		if (s2_check_runs(ctx, leaf_looks[i].id))
			leaf_looks[i].look(ctx, &leaf);
	if (area == AREA_PRIVATE && is_slot_in_use(ctx, height, oa, raw))
		return;
	facts_of(ctx, area, oa, size, raw);
}

/* Memory in [@pa, @last] whose facts are not known; returns how many pages of memory, all windows. */
static uint64_t mark_unread(struct s2_pages *pages, uint64_t pa, uint64_t last)
{
	struct s2_facts_run run;
	uint64_t at, to, all;

	s2_pages_span(pages, pa, last, &at, &to);
	while (s2_pages_change(pages, &at, to, &run))
		for (uint64_t i = 0; i < run.nfacts; i++)
			run.fact[i].hyp_unread = 1;
	all = s2_pages_below(pages, pa);
	return s2_pages_below(pages, last) + (s2_pages_number(pages, last, NULL) != S2_NO_PAGE) -
	       all;
}

void s2_hyp_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	uint64_t first = ia + s2_check_pkvm(ctx)->phys_offset, last = first + size - 1, n;

	/* Offsets are mod 2^64, as phys_offset is. */
	if (first <= last)
		n = mark_unread(&ctx->pages, first, last);
	else
		n = mark_unread(&ctx->pages, first, UINT64_MAX) + mark_unread(&ctx->pages, 0, last);
	s2_protected(ctx)->private_lost |= n << ctx->pages.page_log2 < size;
	s2_protected(ctx)->vmemmap_next = 0;
}

/* ---- The kernel image as swapper_pg_dir maps it ---- */

/* Images are smaller by far; the space up to here is looked at. */
#define IMAGE_MAX (UINT64_C(1) << 30)

static bool add_part(struct s2_check_ctx *ctx, struct s2_image_part part)
{
	struct s2_image_part *grown =
		realloc(s2_protected(ctx)->image,
			(s2_protected(ctx)->nimage + 1) * sizeof(*s2_protected(ctx)->image));

	if (!grown) {
		ctx->nomem = true;
		return false;
	}
	s2_protected(ctx)->image = grown;
	s2_protected(ctx)->image[s2_protected(ctx)->nimage++] = part;
	return true;
}

/* Whatever follows _stext at the image's own offset; what cannot be read there is noted as well. */
static void read_image(struct s2_check_ctx *ctx)
{
	const struct s2_kva_facts *kva = &s2_kernel_facts(ctx->kernel)->kva;
	struct s2_geometry geom;
	struct s2_merge merge;
	struct s2_run run;
	bool any = false;

	if (kva->regime.arch->shape(&kva->regime, &geom, NULL))
		return;
	s2_walk_init(ctx->walk, &geom, ctx->mem, kva->root_pa);
	if (!s2_walk_range(ctx->walk, kva->stext, kva->stext + IMAGE_MAX - 1))
		return;
	s2_merge_init(&merge, ctx->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run)) {
		uint64_t pa = s2_kva_image_pa(kva, run.ia);
		bool leaf = !run.missing && s2_is_leaf(run.entry.type);

		if (!run.missing && (!s2_run_mapped(&geom, &run) || run.entry.oa != pa))
			continue;
		any |= leaf;
		if (!add_part(ctx, (struct s2_image_part){ .pa = pa,
							   .size = run.size,
							   .write = !(run.entry.raw & S1_RO),
							   .exec = !(run.entry.raw & S1_PXN),
							   .lost = !leaf }))
			return;
	}
	if (!any)
		s2_protected(ctx)->nimage = 0;
}

void s2_hyp_begin(struct s2_check_ctx *ctx)
{
	s2_protected(ctx)->vmemmap_next = 0;
	if (!ctx->kernel || !ctx->first_window)
		return;
	read_image(ctx);
	if (!s2_protected(ctx)->nimage)
		s2_check_unknown(ctx, S2_CHECK_HYP_PROT,
				 "the kernel's own mapping of its image cannot be read");
}

/* Each CPU's stack is where its parameters say (nvhe/mm.c, pkvm_create_stack()). */
void s2_hyp_end(struct s2_check_ctx *ctx)
{
	struct s2_walk *walk = ctx->walk;
	uint64_t page = BIT64(ctx->g->page_log2);

	s2_writer_uniform(ctx);
	if (s2_protected(ctx)->features.fixblock == S2_YES &&
	    s2_protected(ctx)->blocks_used + s2_protected(ctx)->blocks_unused > 1)
		s2_check_found(ctx, S2_CHECK_HYP_ADDRESS, ctx->table, S2_NO_ADDRESS, S2_NO_ADDRESS,
			       "1 block of memory expected in the private range, %" PRIu64 " found",
			       s2_protected(ctx)->blocks_used + s2_protected(ctx)->blocks_unused);
	if (!s2_check_pkvm(ctx)->ncpus || s2_check_pkvm(ctx)->cpus_lost)
		s2_check_unknown(
			ctx, S2_CHECK_HYP_ADDRESS,
			"not all CPUs' parameters are known, which say where their stacks are");
	for (size_t i = 0; i < s2_check_pkvm(ctx)->ncpus; i++) {
		const struct s2_pkvm_cpu *cpu = &s2_check_pkvm(ctx)->cpu[i];
		uint64_t va = cpu->stack_va - page, raw;
		struct s2_strip strip;

		if (!cpu->stack_va || !cpu->stack_pa)
			continue;
		s2_walk_init(walk, ctx->g, ctx->mem, ctx->table->root_pa);
		if (!s2_walk_range(walk, va, va) || !s2_walk_next(walk, &strip) || strip.missing) {
			s2_check_unknown(ctx, S2_CHECK_HYP_ADDRESS,
					 "the mapping of a CPU's stack at 0x%" PRIx64
					 " cannot be read",
					 va);
			continue;
		}
		raw = strip.desc[(va - strip.ia) >> ctx->g->height[strip.height].shift];
		if (!s2_maps(ctx->g, strip.height, raw) ||
		    s2_leaf_oa(ctx->g, strip.height, raw) != cpu->stack_pa)
			s2_check_found(ctx, S2_CHECK_HYP_ADDRESS, ctx->table, va, cpu->stack_pa,
				       "the stack of a CPU is not mapped here (descriptor 0x%" PRIx64
				       ")",
				       raw);
	}
}
