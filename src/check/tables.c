// SPDX-License-Identifier: GPL-2.0-or-later
// Every table page once, every descriptor once: what it is, and whether that may be.
#include <inttypes.h>
#include <stdio.h>

#include "check/priv.h"

static uint64_t entries_per_page(const struct s2_geometry *g)
{
	return BIT64(g->page_log2) / sizeof(uint64_t);
}

/* In how many regions of memory the hypervisor's linear map puts a part of [@va, @va + @size). */
static uint32_t regions_met(const struct s2_check_ctx *ctx, uint64_t va, uint64_t size)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ctx->pkvm->nmemory; i++) {
		uint64_t first = ctx->pkvm->memory[i].pa - ctx->pkvm->phys_offset;

		n += va < first + ctx->pkvm->memory[i].size && first < va + size;
	}
	return n;
}

/* Adds what the entry at @va holds of its page's reference count. */
static void count(struct s2_check_ctx *ctx, struct s2_tpage *page, unsigned int height, uint64_t va)
{
	uint32_t met;

	if (s2_role(ctx->table) != S2_PKVM_HYP || ctx->features.first_counts != S2_YES) {
		page->min++;
		page->max++;
		return;
	}
	/*
	 * finalize_host_mappings() (nvhe/setup.c, up to 6.1) counts entries that were there before,
	 * region by region; what was mapped since counts itself once, wherever it is.
	 */
	met = regions_met(ctx, va, s2_entry_size(ctx->g, height));
	page->min += met ? 1 : 0;
	page->max += met > 1 ? met : 1;
}

/* Tables of the host come from the kernel's allocator, whose memory is all in its linear map. */
static bool is_kernel_memory(const struct s2_check_ctx *ctx, uint64_t pa)
{
	uint64_t back;

	if (!ctx->kernel)
		return true;
	return s2_kernel_pa(ctx->kernel, s2_kva_linear_va(&s2_kernel_facts(ctx->kernel)->kva, pa),
			    &back, NULL) != S2_INVALID;
}

/* What the table that is read says of [@ia, @ia + @size) is not known. */
static void lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	switch (s2_role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_lost(ctx, ia, size);
		break;
	case S2_PKVM_HYP:
		s2_hyp_lost(ctx, ia, size);
		break;
	case S2_PKVM_GUEST:
		ctx->kept_lost = true;
		break;
	case S2_PKVM_NONE:
		break;
	}
}

/* A table page that cannot be read: outside of memory it is wrong, else it is only not in the dump.
 */
static void missing(struct s2_check_ctx *ctx, uint64_t pa, uint64_t ia, enum s2_code code)
{
	bool hosts = s2_role(ctx->table) == S2_PKVM_NONE;

	if (s2_check_is_memory(ctx, pa) == S2_NO || (hosts && !is_kernel_memory(ctx, pa))) {
		if (!ctx->first_window)
			return;
		s2_check_found(ctx, hosts ? S2_CHECK_TABLE_HIDDEN : S2_CHECK_TABLE_OWNER,
			       ctx->table, ia, pa, "table page outside of memory");
		s2_check_found(ctx, S2_CHECK_COMPLETE, ctx->table, ia, pa,
			       "table page outside of memory");
		return;
	}
	s2_check_all_unknown(ctx, "%s: table page at PA 0x%" PRIx64 " is %s", ctx->table->id, pa,
			     s2_code_name(code));
}

/* Is the table page at @pa one of those above, on the way from the root? */
static bool leads_back(const struct s2_check_ctx *ctx, uint64_t pa, unsigned int height)
{
	for (unsigned int h = height + 1; h <= ctx->g->top; h++)
		if (ctx->path[h] == pa)
			return true;
	return false;
}

static void mark_table(struct s2_check_ctx *ctx, uint64_t pa)
{
	struct s2_facts *fact = s2_pages_fact(&ctx->pages, pa);

	if (!fact)
		return;
	fact->table = 1;
	if (s2_role(ctx->table) != S2_PKVM_NONE)
		fact->table_pkvm = 1;
}

/* Notes the table page; NULL when it need not be read (again). */
static struct s2_tpage *enter(struct s2_check_ctx *ctx, uint64_t pa, uint64_t ia,
			      unsigned int height)
{
	bool is_new;
	struct s2_tpage *page;

	mark_table(ctx, pa);
	page = s2_tpages_add(&ctx->tpages, pa, &is_new);
	if (!page) {
		ctx->nomem = true;
		return NULL;
	}
	if (is_new) {
		page->table = (uint16_t)ctx->t;
		page->height = (uint8_t)height;
	} else if (page->visit == ctx->pass) {
		if (ctx->first_window && leads_back(ctx, pa, height))
			s2_check_found(ctx, S2_CHECK_COMPLETE, ctx->table, ia, pa,
				       "the table leads back into itself");
		if (ctx->first_window)
			s2_check_found(ctx, S2_CHECK_TABLE_ONCE, ctx->table, ia, pa,
				       "table page is also in %s, level %d",
				       ctx->tables->table[page->table].id,
				       s2_level(&ctx->geom[page->table], page->height));
		return NULL;
	}
	page->visit = ctx->pass;
	return page;
}

static void odd_entry(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	struct s2_entry entry;

	ctx->g->arch->decode(ctx->g, height, raw, &entry);
	for (unsigned int i = 0; entry.odd && i < s2_nodds; i++)
		if (entry.odd & s2_odds[i].bit)
			s2_check_found(ctx, S2_CHECK_ENCODING, ctx->table, ia, entry.oa,
				       "%s (descriptor 0x%" PRIx64 ", level %d)",
				       s2_odds[i].meaning, raw, s2_level(ctx->g, height));
}

static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t oa = s2_leaf_oa(ctx->g, height, raw);

	if (ctx->first_window)
		s2_writer_leaf(ctx, height, ia, oa, raw);
	switch (s2_role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_leaf(ctx, height, ia, oa, raw);
		break;
	case S2_PKVM_HYP:
		s2_hyp_leaf(ctx, height, ia, oa, raw);
		break;
	case S2_PKVM_GUEST:
	case S2_PKVM_NONE:
		s2_guest_leaf(ctx, height, ia, oa, raw);
		break;
	}
}

/* Table descriptors hold an address and nothing else (pgtable.c, kvm_init_table_pte()). */
static void table_bits(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t extra = raw & ~(ctx->g->table_low | ctx->g->oa_high | 3);

	if (extra)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table descriptor 0x%" PRIx64
			       " at level %d: KVM leaves bits 0x%" PRIx64 " clear",
			       raw, s2_level(ctx->g, height), extra);
}

static void visit(struct s2_check_ctx *ctx, uint64_t pa, uint64_t ia, unsigned int height,
		  uint64_t n);

static void entry(struct s2_check_ctx *ctx, struct s2_tpage *page, unsigned int height, uint64_t ia,
		  uint64_t raw)
{
	const struct s2_arch *arch = ctx->g->arch;

	if (ctx->first_window) {
		count(ctx, page, height, ia);
		odd_entry(ctx, height, ia, raw);
	}
	if (arch->is_table(ctx->g, height, raw)) {
		if (ctx->first_window)
			table_bits(ctx, height, ia, raw);
		visit(ctx, s2_table_oa(ctx->g, raw), ia, height - 1, entries_per_page(ctx->g));
	} else if (arch->is_leaf(ctx->g, height, raw)) {
		leaf(ctx, height, ia, raw);
	} else {
		if (ctx->first_window)
			s2_writer_invalid(ctx, height, ia, raw);
		if (s2_role(ctx->table) == S2_PKVM_HOST)
			s2_host_invalid(ctx, height, ia, raw);
	}
}

/* Reads the table page at @pa, of which @n entries count, and everything below. */
static void visit(struct s2_check_ctx *ctx, uint64_t pa, uint64_t ia, unsigned int height,
		  uint64_t n)
{
	uint64_t *buf = ctx->buf + height * S2_MAX_ENTRIES;
	struct s2_tpage *page = enter(ctx, pa, ia, height);
	const uint64_t *desc;
	bool empty = true;
	enum s2_code code;
	uint64_t where;

	if (!page)
		return;
	where = (uint64_t)(page - ctx->tpages.slot);
	ctx->path[height] = pa;
	desc = s2_mem_view(ctx->mem, pa, n * sizeof(*desc));
	if (!desc) {
		code = s2_mem_read(ctx->mem, pa, buf, n * sizeof(*desc), NULL);
		if (code) {
			missing(ctx, pa, ia, code);
			lost(ctx, ia, n << ctx->g->height[height].shift);
			return;
		}
		desc = buf;
	}
	page->whole = true;
	for (uint64_t i = 0; i < n; i++) {
		if (!desc[i])
			continue;
		empty = false;
		/* The hash may have grown below. */
		if (where >= ctx->tpages.room || ctx->tpages.slot[where].pa != pa + 1) {
			bool is_new;

			page = s2_tpages_add(&ctx->tpages, pa, &is_new);
			if (!page)
				return;
			where = (uint64_t)(page - ctx->tpages.slot);
		}
		entry(ctx, &ctx->tpages.slot[where], height,
		      ia + (i << ctx->g->height[height].shift), desc[i]);
	}
	if (empty && height < ctx->g->top && ctx->first_window)
		s2_check_found(ctx, S2_CHECK_TABLE_EMPTY, ctx->table, ia, pa,
			       "level %d table page is empty", s2_level(ctx->g, height));
}

static void read_table(struct s2_check_ctx *ctx)
{
	const struct s2_geometry *g = ctx->g;
	uint64_t per_table = s2_start_entries(g) / g->start_tables;
	enum s2_pkvm_role role = s2_role(ctx->table);

	s2_writer_forms(ctx);
	ctx->vmm = NULL;
	if (role == S2_PKVM_HYP)
		s2_hyp_begin(ctx);
	if (role == S2_PKVM_NONE &&
	    (s2_check_runs(ctx, S2_CHECK_VMM) || s2_check_runs(ctx, S2_CHECK_TWO_GUESTS)))
		ctx->vmm = s2_vmm_open(ctx, ctx->table);
	for (uint32_t i = 0; i < g->start_tables; i++)
		visit(ctx, ctx->table->root_pa + i * per_table * sizeof(uint64_t),
		      g->ia_base + i * (per_table << g->height[g->top].shift), g->top, per_table);
	if (role == S2_PKVM_HYP && ctx->first_window)
		s2_hyp_end(ctx);
	s2_vmm_close(ctx->vmm);
	ctx->vmm = NULL;
}

void s2_check_tables(struct s2_check_ctx *ctx)
{
	for (size_t i = 0; i < ctx->tables->n && !ctx->nomem; i++) {
		ctx->t = i;
		ctx->table = &ctx->tables->table[i];
		ctx->g = &ctx->geom[i];
		if (ctx->g->arch)
			read_table(ctx);
	}
}
