// SPDX-License-Identifier: GPL-2.0-or-later
// Every table page once, every descriptor once: what it is, and whether that may be.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/looks.h"
#include "check/priv.h"
#include "decode/soft.h"

/* Adds what the entry at @va holds of its page's reference count. */
static void count(struct s2_check_ctx *ctx, struct s2_tpage *page, unsigned int height, uint64_t va)
{
	uint32_t min = 1, max = 1;

	for (unsigned int i = 0; i < s2_nkeepers; i++)
		s2_keepers[i]->holds(ctx, va, s2_entry_size(ctx->g, height), &min, &max);
	page->min += min;
	page->max += max;
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

enum s2_tristate s2_kept_memory(const struct s2_check_ctx *ctx, uint64_t pa)
{
	enum s2_tristate ret = S2_UNKNOWN;

	for (unsigned int i = 0; ret == S2_UNKNOWN && i < s2_nkeepers; i++)
		ret = s2_keepers[i]->is_memory(ctx, pa);
	return ret;
}

/* What the table that is read says of [@ia, @ia + @size) is not known. */
static void lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		s2_keepers[i]->lost(ctx, ia, size);
}

/* The walk came to its end before the table did. What is left is one thing, and said once. */
static void too_many(struct s2_check_ctx *ctx, uint64_t pa)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "table page at PA 0x%" PRIx64
		 " is not read: no table has so many pages in so little memory",
		 pa);
	s2_check_all_unknown(ctx, s2_reads(ctx->table), "%s: %s", ctx->table->id, text);
	if (ctx->over_budget)
		return;
	ctx->over_budget = true;
	s2_lost_add(ctx->args->lost, S2_LOST_PAGE, S2_BUDGET, ctx->table->id, pa, "%s", text);
}

/*
 * A table page, or the part of it that @strip stands for, that cannot be read: outside of memory it
 * is wrong, else it is only not in the dump.
 */
static void missing(struct s2_check_ctx *ctx, const struct s2_strip *strip, uint64_t ia)
{
	bool hosts = s2_role(ctx->table) == S2_ROLE_GUEST;
	uint64_t pa = strip->table_pa;

	if (strip->missing == S2_BUDGET) {
		if (ctx->first_window)
			too_many(ctx, pa);
		return;
	}
	if (s2_kept_memory(ctx, pa) == S2_NO || (hosts && !is_kernel_memory(ctx, pa))) {
		if (!ctx->first_window)
			return;
		s2_check_found(ctx, hosts ? S2_CHECK_TABLE_HIDDEN : S2_CHECK_TABLE_OWNER,
			       ctx->table, ia, pa, "table page outside of memory");
		s2_check_found(ctx, S2_CHECK_COMPLETE, ctx->table, ia, pa,
			       "table page outside of memory");
		return;
	}
	if (!ctx->first_window)
		return;
	if (strip->n == ctx->entries)
		s2_check_all_unknown(ctx, s2_reads(ctx->table),
				     "%s: table page at PA 0x%" PRIx64 " is %s", ctx->table->id, pa,
				     s2_code_name(strip->missing));
	else
		s2_check_all_unknown(ctx, s2_reads(ctx->table),
				     "%s: %" PRIu64 " bytes from PA 0x%" PRIx64
				     " of a table page are %s",
				     ctx->table->id, strip->n * sizeof(uint64_t), strip->desc_pa,
				     s2_code_name(strip->missing));
}

static void mark_table(struct s2_check_ctx *ctx, uint64_t pa)
{
	struct s2_facts *fact = s2_pages_fact(&ctx->pages, pa);

	if (!fact)
		return;
	fact->table = 1;
	if (s2_role(ctx->table) != S2_ROLE_GUEST)
		fact->table_kept = 1;
}

/* Is it no finding that the table that is read leads to @page, which is elsewhere, too? */
static bool shares(const struct s2_check_ctx *ctx, const struct s2_tpage *page,
		   const struct s2_reached *reached)
{
	const struct s2_table *other = &ctx->tables->table[page->table];

	return ctx->writer && ctx->writer->shadows_share && reached->state != S2_LOOP &&
	       reached->height == page->height && s2_table_is_shadow(ctx->table) &&
	       s2_table_is_shadow(other) && s2_check_same_vm(other, ctx->table);
}

static void leads_back(struct s2_check_ctx *ctx, const struct s2_tpage *page,
		       const struct s2_reached *reached)
{
	(void)page;
	if (reached->state == S2_LOOP)
		s2_check_found(ctx, S2_CHECK_COMPLETE, ctx->table, reached->ia, reached->pa,
			       "the table leads back into itself");
}

static bool was_read(const struct s2_check_ctx *ctx, const struct s2_tpage *page,
		     const struct s2_reached *reached)
{
	return page->visit == ctx->pass || reached->state == S2_LOOP;
}

static void reached_again(struct s2_check_ctx *ctx, const struct s2_tpage *page,
			  const struct s2_reached *reached)
{
	if (was_read(ctx, page, reached) && !shares(ctx, page, reached))
		s2_check_found(ctx, S2_CHECK_TABLE_ONCE, ctx->table, reached->ia, reached->pa,
			       "table page is also in %s, level %d",
			       ctx->tables->table[page->table].id,
			       s2_level(&ctx->geom[page->table], page->height));
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct s2_tpage *page,
		     const struct s2_reached *reached);
} reached_looks[] = { S2_REACHED_LOOKS(S2_LOOK_ROW) };

/* Notes the table page; false when it need not be read (again). */
static bool note_page(struct s2_check_ctx *ctx, const struct s2_reached *reached)
{
	uint64_t pa = reached->pa;
	struct s2_tpage *page;
	bool is_new;

	mark_table(ctx, pa);
	page = s2_tpages_add(&ctx->tpages, pa, &is_new);
	if (!page) {
		ctx->nomem = true;
		return false;
	}
	if (is_new) {
		page->table = (uint16_t)ctx->t;
		page->height = (uint8_t)reached->height;
	}
	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(reached_looks); i++)
		if (s2_check_runs(ctx, reached_looks[i].id))
			reached_looks[i].look(ctx, page, reached);
	if (was_read(ctx, page, reached))
		return false;
	s2_check_saw(ctx, S2_TALLY_TABLE_PAGES, 1);
	if (!page->visit)
		page->whole = true;
	page->visit = ctx->pass;
	ctx->path[reached->height] = pa;
	ctx->entries = reached->size / sizeof(uint64_t);
	return true;
}

/* Is any value of @name reserved, however it is read? None of IA32_PAT is: it takes no such type. */
static bool may_be_odd(const struct s2_geometry *g, const char *name)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(g, i)); i++)
		for (unsigned int v = 0; !strcmp(attr->name, name) && v < attr->nvalues; v++)
			if (attr->values[v].odd)
				return true;
	return false;
}

/* The attribute of leaves in which only an unknown register tells which values are reserved. */
static const struct s2_attr *open_attr(const struct s2_geometry *g)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(g, i)); i++)
		if (attr->open && s2_attr_applies(attr, g, S2_IN_LEAF, 0) &&
		    may_be_odd(g, attr->name))
			return attr;
	return NULL;
}

/* Such a value may be a reserved one. */
static void open_entry(struct s2_check_ctx *ctx, unsigned int height, uint64_t raw)
{
	const struct s2_attr *attr = ctx->open;

	if (ctx->g->arch->is_leaf(ctx->g, height, raw) &&
	    s2_attr_is_open(attr, ctx->g, height, raw))
		s2_check_unknown(ctx, S2_CHECK_ENCODING,
				 "%s: whether %s is a reserved value is not known (descriptor "
				 "0x%" PRIx64 ")",
				 ctx->table->id,
				 s2_attr_value(attr, s2_attr_get(attr, ctx->g, height, raw))->text,
				 raw);
}

static void odd_entry(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	struct s2_meaning meaning = { .type = S2_SOFT_NOTHING };
	struct s2_entry entry;
	uint64_t pa;

	ctx->g->arch->decode(ctx->g, height, raw, &entry);
	pa = entry.oa;
	/* What software wrote on purpose is no mistake, whatever hardware calls it. */
	if (entry.odd)
		s2_soft_classify(ctx->g, height, raw, entry.type, &meaning);
	if (meaning.type)
		return;
	if (entry.odd && !s2_is_leaf(entry.type) && s2_soft_may_mean(&ctx->g->soft, raw)) {
		s2_check_unknown(
			ctx, S2_CHECK_ENCODING,
			"%s: whether entries by which hardware maps nothing are meant to be "
			"so is not known",
			ctx->table->id);
		return;
	}
	if (!s2_is_leaf(entry.type) && entry.type != S2_TABLE)
		pa = S2_NO_ADDRESS;
	for (unsigned int i = 0; entry.odd && i < s2_nodds; i++)
		if (entry.odd & s2_odds[i].bit)
			s2_check_found(ctx, S2_CHECK_ENCODING, ctx->table, ia, pa,
				       "%s (descriptor 0x%" PRIx64 ", level %d)",
				       s2_odds[i].meaning, raw, s2_level(ctx->g, height));
}

static void encoding(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	odd_entry(ctx, height, ia, raw);
	if (ctx->open)
		open_entry(ctx, height, raw);
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
} entry_looks[] = { S2_ENTRY_LOOKS(S2_LOOK_ROW) };

static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t oa = s2_leaf_oa(ctx->g, height, raw);

	if (ctx->first_window && ctx->writer)
		ctx->writer->leaf(ctx, height, ia, oa, raw);
	if (!s2_maps(ctx->g, height, raw))
		return;
	s2_check_saw(ctx, S2_TALLY_LEAVES, 1);
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		if (s2_keepers[i]->leaf(ctx, height, ia, oa, raw))
			return;
	s2_guest_leaf(ctx, height, ia, oa, raw);
}

/* The page of the table that is read at @height, which was noted when it was entered. */
static struct s2_tpage *page_at(struct s2_check_ctx *ctx, unsigned int height)
{
	return s2_tpages_get(&ctx->tpages, ctx->path[height]);
}

/* What is said of every entry that is not 0; once. */
static void any_entry(struct s2_check_ctx *ctx, struct s2_tpage *page, unsigned int height,
		      uint64_t ia, uint64_t raw)
{
	if (!ctx->first_window)
		return;
	s2_check_saw(ctx, S2_TALLY_ENTRIES, 1);
	count(ctx, page, height, ia);
	for (unsigned int i = 0; i < ARRAY_SIZE(entry_looks); i++)
		if (s2_check_runs(ctx, entry_looks[i].id))
			entry_looks[i].look(ctx, height, ia, raw);
}

static bool on_table(void *arg, const struct s2_reached *reached)
{
	struct s2_check_ctx *ctx = arg;
	unsigned int height = reached->height + 1;

	if (ctx->nomem)
		return false;
	if (reached->desc_pa != S2_WALK_ROOT) {
		any_entry(ctx, page_at(ctx, height), height, reached->ia, reached->raw);
		if (ctx->first_window && ctx->writer)
			ctx->writer->table(ctx, height, reached->ia, reached->raw);
	}
	return note_page(ctx, reached);
}

/* A page, or a part of it, that could not be read. */
static void lost_strip(struct s2_check_ctx *ctx, const struct s2_strip *strip)
{
	struct s2_tpage *page = page_at(ctx, strip->height);

	page->whole = false;
	if (ctx->first_window && strip->n == ctx->entries)
		ctx->seen[s2_role(ctx->table)][S2_TALLY_TABLE_PAGES]--; /* nothing of it */
	missing(ctx, strip, strip->ia);
	lost(ctx, strip->ia, strip->n << ctx->g->height[strip->height].shift);
}

/* Entries that say nothing are never 0 where something else stands for that. */
static void cleared_entries(struct s2_check_ctx *ctx, const struct s2_strip *strip, bool empty)
{
	uint64_t n = 0, first = 0;

	(void)empty;
	if (!s2_is_cleared(ctx->g, 0))
		return;
	for (uint64_t i = 0; i < strip->n; i++)
		if (!strip->desc[i] && !n++)
			first = strip->ia + i * s2_entry_size(ctx->g, strip->height);
	if (n && s2_soft_may_mean(&ctx->g->soft, 0))
		s2_check_unknown(ctx, S2_CHECK_WRITER,
				 "%s: whether entries that are 0 are meant to be so is not known",
				 ctx->table->id);
	else if (n)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, first, S2_NO_ADDRESS,
			       "%" PRIu64
			       " entries from here on at level %d are 0, and not 0x%" PRIx64
			       " as where there is nothing",
			       n, s2_level(ctx->g, strip->height), ctx->g->soft.empty);
}

static void empty_page(struct s2_check_ctx *ctx, const struct s2_strip *strip, bool empty)
{
	if (empty && strip->n == ctx->entries && strip->height < ctx->g->top &&
	    s2_check_is_rule(ctx->table, S2_CHECK_TABLE_EMPTY))
		s2_check_found(ctx, S2_CHECK_TABLE_EMPTY, ctx->table, strip->ia, strip->table_pa,
			       "level %d table page is empty", s2_level(ctx->g, strip->height));
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct s2_strip *strip, bool empty);
} strip_looks[] = { S2_STRIP_LOOKS(S2_LOOK_ROW) };

static void entries(struct s2_check_ctx *ctx, const struct s2_strip *strip)
{
	unsigned int height = strip->height;
	struct s2_tpage *page = page_at(ctx, height);
	uint64_t size = s2_entry_size(ctx->g, height);
	bool empty = true;

	for (uint64_t i = 0; i < strip->n; i++) {
		uint64_t raw = strip->desc[i], ia = strip->ia + i * size;

		if (!s2_says_something(ctx->g, raw))
			continue;
		empty = false;
		any_entry(ctx, page, height, ia, raw);
		if (ctx->g->arch->is_leaf(ctx->g, height, raw)) {
			leaf(ctx, height, ia, raw);
			continue;
		}
		if (ctx->first_window && ctx->writer)
			ctx->writer->invalid(ctx, height, ia, raw);
		for (unsigned int k = 0; k < s2_nkeepers; k++)
			s2_keepers[k]->invalid(ctx, height, ia, raw);
	}
	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(strip_looks); i++)
		if (s2_check_runs(ctx, strip_looks[i].id))
			strip_looks[i].look(ctx, strip, empty);
}

static void walk_table(struct s2_check_ctx *ctx)
{
	struct s2_strip strip;

	ctx->over_budget = false;
	s2_walk_init(ctx->tables_walk, ctx->g, ctx->mem, ctx->table->root_pa);
	ctx->tables_walk->enter = on_table;
	ctx->tables_walk->arg = ctx;
	while (!ctx->nomem && s2_walk_next(ctx->tables_walk, &strip)) {
		if (strip.missing)
			lost_strip(ctx, &strip);
		else
			entries(ctx, &strip);
	}
}

const struct s2_writer *s2_writer_of(const struct s2_arch *arch)
{
	for (unsigned int i = 0; i < s2_nwriters; i++)
		if (!strcmp(s2_writers[i]->arch, arch->name))
			return s2_writers[i];
	return NULL;
}

static void read_table(struct s2_check_ctx *ctx)
{
	ctx->writer = s2_writer_of(ctx->g->arch);
	ctx->open = open_attr(ctx->g);
	for (unsigned int i = 0; i < s2_nkeepers; i++) {
		const struct s2_writer *writer = s2_keepers[i]->writer(ctx);

		ctx->writer = writer ? writer : ctx->writer;
	}
	if (ctx->writer)
		ctx->writer->begin(ctx);
	ctx->vmm = NULL;
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		s2_keepers[i]->table_begin(ctx);
	if (s2_role(ctx->table) == S2_ROLE_GUEST &&
	    (s2_check_runs(ctx, S2_CHECK_VMM) || s2_check_runs(ctx, S2_CHECK_TWO_GUESTS)))
		ctx->vmm = s2_vmm_open(ctx, ctx->table);
	walk_table(ctx);
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		s2_keepers[i]->table_end(ctx);
	s2_vmm_close(ctx->vmm);
	ctx->vmm = NULL;
}

void s2_check_tables(struct s2_check_ctx *ctx)
{
	for (size_t i = 0; i < ctx->tables->n && !ctx->nomem; i++) {
		ctx->t = i;
		ctx->table = &ctx->tables->table[i];
		ctx->g = &ctx->geom[i];
		if (ctx->g->arch && ctx->reads & s2_reads(ctx->table))
			read_table(ctx);
	}
}
