// SPDX-License-Identifier: GPL-2.0-or-later
// Both stages walked side by side; where neither changes, one translation of each access speaks for
// all addresses.
#include "decode/arm64/effective.h"

#include "decode/arm64/stage1.h"
#include "decode/lookup.h"

#define CONTIGUOUS BIT64(52)

static const enum s2_at_op ops[S2_NACCESSES] = {
	[S2_PRIV_READ] = S2_AT_S12E1R, [S2_PRIV_WRITE] = S2_AT_S12E1W,
	[S2_USER_READ] = S2_AT_S12E0R, [S2_USER_WRITE] = S2_AT_S12E0W,
	[S2_PRIV_EXEC] = S2_AT_S12E1X, [S2_USER_EXEC] = S2_AT_S12E0X,
};

static bool is_mapped(const struct s2_run *run)
{
	return !run->missing && s2_is_leaf(run->entry.type);
}

/* Bytes that the contiguous bit of @run joins, one entry's without it. */
static uint64_t group_size(const struct s2_geometry *geom, const struct s2_run *run)
{
	uint64_t size = s2_entry_size(geom, run->height);

	return run->entry.raw & CONTIGUOUS ? size << geom->height[run->height].cont_log2 : size;
}

/*
 * Where @run->ia leads. A contiguous group takes its low address bits from the input address (Arm
 * ARM pseudocode StageOA), also when its entries are not what they should be.
 */
static uint64_t output(const struct s2_geometry *geom, const struct s2_run *run)
{
	uint64_t low = group_size(geom, run) - 1;
	uint64_t entry_low = s2_entry_size(geom, run->height) - 1;

	return ((run->entry.oa - (run->ia & entry_low)) & ~low) | (run->ia & low);
}

/* Bytes from the start of @run on that lead to addresses which follow each other. */
static uint64_t linear(const struct s2_geometry *geom, const struct s2_run *run)
{
	uint64_t entry = s2_entry_size(geom, run->height);

	if (output(geom, run) == run->entry.oa)
		return run->size;
	return entry - (run->ia & (entry - 1));
}

static void advance(struct s2_run *run, uint64_t size)
{
	run->ia += size;
	run->size -= size;
	if (is_mapped(run))
		run->entry.oa += size;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * How much of the range of stage 1 one walk of stage 2 serves: descriptors of one table page, whose
 * upper tables allow the same, that lie in one page of stage 2.
 */
static uint64_t unit_size(const struct s2_effective *e)
{
	const struct s2_geometry *geom = e->stage1.walk->geom;
	unsigned int page_log2 = (unsigned int)least(geom->page_log2, e->req.stage2->page_log2);
	uint64_t unit = s2_entry_size(geom, e->run1.height) << (page_log2 - 3);
	uint64_t size = least(e->run1.size, unit - (e->run1.ia & (unit - 1)));

	return is_mapped(&e->run1) ? least(size, linear(geom, &e->run1)) : size;
}

static void start_unit(struct s2_effective *e)
{
	uint64_t ipa;

	e->unit = unit_size(e);
	e->run2.size = 0;
	if (!is_mapped(&e->run1))
		return;
	ipa = output(e->stage1.walk->geom, &e->run1);
	s2_walk_init(e->stage2_walk, e->req.stage2, e->mem, e->req.stage2_root);
	s2_walk_range(e->stage2_walk, ipa, ipa + (e->unit - 1));
	s2_merge_init(&e->stage2, e->stage2_walk, e->stage1.how, S2_SHOW_ALL);
}

/* Bytes from @ipa on of which stage 2 says one thing, at most @size. What lies beyond its input
 * space is one thing. */
static uint64_t stage2_span(struct s2_effective *e, uint64_t ipa, uint64_t size)
{
	const struct s2_geometry *geom = e->req.stage2;
	struct s2_run *run = &e->run2;

	while (!run->size || ipa - run->ia >= run->size) {
		if (!s2_merge_next(&e->stage2, run)) {
			run->missing = S2_OK;
			return size;
		}
	}
	advance(run, ipa - run->ia);
	size = least(size, run->size);
	return is_mapped(run) ? least(size, linear(geom, run)) : size;
}

/* The next addresses that are the same in both stages; false at the end. */
static bool next_piece(struct s2_effective *e, uint64_t *ret_va, uint64_t *ret_size)
{
	struct s2_run *run = &e->run1;
	uint64_t size;

	if (e->cut)
		return false;
	while (!run->size) {
		if (!s2_merge_next(&e->stage1, run))
			return false;
		if (!run->missing && !is_mapped(run))
			run->size = 0;
	}
	if (s2_budget_take(&e->steps, 1)) {
		e->cut = true;
		e->not_walked = S2_BUDGET;
		*ret_va = run->ia;
		*ret_size = e->stage1.walk->last - run->ia + 1;
		return true;
	}
	/* A translation would go on where the walk, which sees all of the table, did not. */
	e->not_walked = run->missing == S2_LOOP || run->missing == S2_BUDGET ? run->missing : S2_OK;
	if (e->not_walked) {
		*ret_va = run->ia;
		*ret_size = run->size;
		run->size = 0;
		return true;
	}
	if (!e->unit)
		start_unit(e);
	size = e->unit;
	e->gap = run->missing ? run : NULL;
	if (is_mapped(run)) {
		size = stage2_span(e, output(e->stage1.walk->geom, run), size);
		e->gap = e->run2.missing ? &e->run2 : NULL;
	}
	*ret_va = run->ia;
	*ret_size = size;
	advance(run, size);
	e->unit -= size;
	return true;
}

static void name_attributes(struct s2_effective_row *row, const struct s2_at_result *r)
{
	if (~r->par_known & (PAR_ATTR | PAR_SH))
		return;
	row->attr = (uint8_t)field_get(PAR_ATTR, r->par);
	row->sh = (uint8_t)field_get(PAR_SH, r->par);
	s2_at_memory(r, &row->memory, &row->shareability);
}

static unsigned int page_log2_of(const struct s2_effective *e, unsigned int stage)
{
	return stage == 2 ? e->req.stage2->page_log2 : e->stage1.walk->geom->page_log2;
}

/*
 * A walk loses all of a piece of a table page of which some is missing, as at the end of a file
 * that was cut; the descriptor of its first address may be there. What that says is no answer for
 * the others. A table of stage 1 that stage 2 does not map is one for all of them.
 */
static bool is_of_gap(const struct s2_effective *e, const struct s2_at_result *r)
{
	bool reads_gap = e->gap == &e->run1 || r->outcome == S2_AT_DONE || r->stage == 2;

	return e->gap && reads_gap && !(r->outcome == S2_AT_FAULT && r->s1ptw);
}

/* Where the guest's address @ipa is; S2_NO_ADDRESS where stage 2 does not say so. */
static uint64_t pa_of(const struct s2_effective *e, uint64_t ipa)
{
	struct s2_found found;
	enum s2_code code = s2_lookup(e->mem, e->req.stage2, e->req.stage2_root, ipa, &found);

	return code || !found.mapped ? S2_NO_ADDRESS : found.pa;
}

/* @why not all of @run, of one of the stages, is known. Tables of stage 1 are walked by the guest's
 * addresses. */
static void lose(const struct s2_effective *e, const struct s2_run *run, enum s2_code why,
		 struct s2_effective_row *ret)
{
	bool is_stage1 = run == &e->run1;
	const struct s2_geometry *geom = is_stage1 ? e->stage1.walk->geom : e->req.stage2;

	ret->allowed = 0;
	ret->missing = why;
	ret->missing_stage = is_stage1 ? 1 : 2;
	ret->missing_level = (int8_t)s2_level(geom, run->height);
	ret->missing_pa = is_stage1 ? pa_of(e, run->desc_pa) : run->desc_pa;
	ret->missing_page = is_stage1 ? pa_of(e, run->table_pa) : run->table_pa;
}

/* All six accesses at @va, which speaks for @size bytes. */
static enum s2_code probe(struct s2_effective *e, uint64_t va, uint64_t size,
			  struct s2_effective_row *ret, struct s2_err *err)
{
	*ret = (struct s2_effective_row){ .va = va, .size = size, .pieces = 1 };
	if (e->not_walked) {
		lose(e, &e->run1, e->not_walked, ret);
		return S2_OK;
	}
	e->req.ia = va;
	for (unsigned int i = 0; i < S2_NACCESSES; i++) {
		struct s2_at_result r;
		enum s2_code code;

		e->req.op = ops[i];
		code = s2_translate(&e->req, e->mem, &r, err);
		if (code)
			return code;
		if (r.outcome == S2_AT_MISSING) {
			ret->allowed = 0;
			ret->missing = r.missing;
			ret->missing_stage = r.stage;
			ret->missing_level = r.level;
			ret->missing_pa = r.missing_pa;
			ret->missing_page = r.missing_pa & ~low_bits(page_log2_of(e, r.stage));
			return S2_OK;
		}
		if (is_of_gap(e, &r)) {
			lose(e, e->gap, e->gap->missing, ret);
			return S2_OK;
		}
		if (r.outcome == S2_AT_FAULT)
			continue;
		if (!ret->allowed) {
			ret->pa = r.pa;
			ret->pa_next = r.pa + size;
			name_attributes(ret, &r);
		}
		ret->allowed |= 1U << i;
	}
	return S2_OK;
}

/* Joins @next to @row when all that is shown is the same, but for addresses. */
static bool join(enum s2_merge_how how, struct s2_effective_row *row,
		 const struct s2_effective_row *next)
{
	bool follows = !row->allowed || row->pa_next == next->pa;

	if (how == S2_MERGE_NONE || row->va + row->size != next->va ||
	    row->allowed != next->allowed || row->missing != next->missing ||
	    row->missing_stage != next->missing_stage || row->missing_page != next->missing_page ||
	    row->memory != next->memory || row->attr != next->attr || row->sh != next->sh)
		return false;
	if (how == S2_MERGE_PA && !follows)
		return false;
	row->pieces += next->pieces - follows;
	row->pa_next = next->pa_next;
	row->size += next->size;
	return true;
}

enum s2_code s2_effective_next(struct s2_effective *e, struct s2_effective_row *ret,
			       struct s2_err *err)
{
	struct s2_effective_row row = e->ahead, next;
	uint64_t va, size;

	e->ahead.size = 0;
	while (next_piece(e, &va, &size)) {
		enum s2_code code = probe(e, va, size, &next, err);

		if (code)
			return code;
		if (!row.size) {
			row = next;
		} else if (!join(e->how, &row, &next)) {
			e->ahead = next;
			*ret = row;
			return S2_OK;
		}
	}
	if (!row.size)
		return S2_NOTFOUND;
	*ret = row;
	return S2_OK;
}
