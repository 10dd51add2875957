// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of a table: runs of the merger, cut where annotators change their mind, joined where
// neighbours say the same.
#include "model/ranges.h"

#include <string.h>

#include "decode/lookup.h"

static bool needs_pa(const struct s2_table *table)
{
	for (unsigned int i = 0; i < table->nannotators; i++) {
		const struct s2_annotator *annotator = &table->annotator[i];

		if (annotator->ops->by_pa && annotator->ops->by_pa(annotator))
			return true;
	}
	return false;
}

/* Turns the walk to the next range of the view; false when that lies outside of the input space, or
 * only entries intersect it that were yielded. */
static bool walk_range(struct s2_ranges *ranges)
{
	struct s2_span span = *ranges->range++;

	ranges->nranges--;
	if (ranges->any && span.first <= ranges->walked_to) {
		if (span.last <= ranges->walked_to)
			return false;
		span.first = ranges->walked_to + 1;
	}
	return s2_walk_again(&ranges->walk, span.first, span.last);
}

/* ... or the first behind it of which that is not so. */
static bool walk_next_range(struct s2_ranges *ranges)
{
	bool inside = false;

	while (!inside && ranges->nranges)
		inside = walk_range(ranges);
	return inside;
}

/* The next run of the merger, of whatever range of the view. */
static bool next_run(struct s2_ranges *ranges, struct s2_run *ret)
{
	while (!s2_merge_next(&ranges->merge, ret)) {
		if (!walk_next_range(ranges))
			return false;
		s2_merge_init(&ranges->merge, &ranges->walk, ranges->merge_how, ranges->show);
	}
	ranges->any = true;
	ranges->walked_to = ret->ia + (ret->size - 1);
	return true;
}

bool s2_ranges_init(struct s2_ranges *ret, const struct s2_table *table,
		    const struct s2_geometry *geom, const struct s2_view *view,
		    const struct s2_ctx *ctx)
{
	enum s2_merge_how how = view->how;
	bool inside;

	ret->geom = geom;
	ret->table = table;
	ret->lost = ctx->lost;
	ret->visits = ctx->visits;
	ret->how = view->how;
	ret->annotate = view->annotate && table->nannotators;
	ret->join = view->join && view->how != S2_MERGE_NONE;
	ret->beyond = view->beyond && s2_entry_size(geom, geom->top) > BIT64(geom->oa_bits);
	ret->have_rest = false;
	ret->have_ahead = false;
	ret->asked = (struct s2_asked){
		.table = table,
		.geom = geom,
		.mem = ctx->mem,
		.lost = ctx->lost,
		.looks = ctx->looks,
	};
	s2_totals_init(&ret->totals);
	s2_walk_init(&ret->walk, geom, table->mem ? table->mem : ctx->mem, table->root_pa);
	if (ctx->visits && ctx->visits->left < ret->walk.budget.left)
		ret->walk.budget.left = ctx->visits->left;
	ret->walk.enter = view->enter;
	ret->walk.arg = view->arg;
	ret->range = view->range;
	ret->nranges = view->nranges;
	ret->any = false;
	/* Where rows are joined again, pieces are counted, and annotators may cut anywhere. */
	if (how == S2_MERGE_ATTRS && (ret->join || (ret->annotate && needs_pa(table))))
		how = S2_MERGE_PA;
	ret->merge_how = how;
	ret->show = view->show;
	inside = !view->nranges || walk_next_range(ret);
	s2_merge_init(&ret->merge, &ret->walk, how, view->show);
	return inside;
}

/* How many entries a run over [@ia, @ia + @size) touches. */
static uint64_t entries_touched(const struct s2_geometry *geom, const struct s2_run *run)
{
	unsigned int shift = geom->height[run->height].shift;

	return ((run->ia + run->size - 1) >> shift) - (run->ia >> shift) + 1;
}

/* Cuts @run after @size bytes; what comes behind is in @rest. */
static void cut(const struct s2_geometry *geom, struct s2_run *run, uint64_t size,
		struct s2_run *rest)
{
	unsigned int shift = geom->height[run->height].shift;

	*rest = *run;
	rest->ia += size;
	/* Missing runs are of one table page, but where a budget ended; others may be of several. */
	if (run->missing && run->missing != S2_BUDGET)
		rest->desc_pa += ((rest->ia >> shift) - (run->ia >> shift)) * sizeof(uint64_t);
	else
		rest->desc_pa = S2_NO_ADDRESS;
	rest->size -= size;
	if (s2_run_has_oa(rest))
		rest->entry.oa += size;
	rest->meaning.address += size;
	rest->count = entries_touched(geom, rest);
	run->size = size;
	run->count = entries_touched(geom, run);
}

/* A block may be larger than the output size: what lies beyond faults, and is a row of its own. */
static void cut_beyond(struct s2_ranges *ranges, struct s2_run *run)
{
	uint64_t within = s2_is_leaf(run->entry.type) ?
				  s2_within_oa(ranges->geom, run->entry.oa, run->size) :
				  0;

	if (!within || within == run->size)
		return;
	cut(ranges->geom, run, within, &ranges->rest);
	ranges->have_rest = true;
}

/* Labels for as much of the row's run as one thing can be said of; the rest stays behind. */
static void annotate(struct s2_ranges *ranges, struct s2_row *row)
{
	const struct s2_table *table = ranges->table;
	struct s2_run *run = &row->run;

	row->nlabels = table->nannotators;
	for (unsigned int i = 0; i < row->nlabels; i++) {
		const struct s2_annotator *annotator = &table->annotator[i];
		uint64_t size;

		row->label[i] = (struct s2_label){ { 0 } };
		if (run->missing && !annotator->ops->by_ia)
			continue;
		size = annotator->ops->at(annotator, &ranges->asked, run, &row->label[i]);
		if (size >= run->size)
			continue;
		/* The second cut is nearer than the first: one rest holds both. */
		if (ranges->have_rest) {
			struct s2_run between;

			cut(ranges->geom, run, size, &between);
			between.size += ranges->rest.size;
			between.count = entries_touched(ranges->geom, &between);
			ranges->rest = between;
		} else {
			cut(ranges->geom, run, size, &ranges->rest);
		}
		ranges->have_rest = true;
	}
}

/* What was left of a run begins with a descriptor of its own: that, and where it is. */
static void look_up_rest(const struct s2_ranges *ranges, struct s2_run *rest)
{
	const struct s2_table *table = ranges->table;
	const struct s2_mem *mem = table->mem ? table->mem : ranges->asked.mem;
	struct s2_found found;

	if (rest->missing || s2_lookup(mem, ranges->geom, table->root_pa, rest->ia, &found) ||
	    found.height != rest->height)
		return;
	rest->desc_pa = found.desc_pa;
	rest->table_pa = found.table_pa;
	rest->entry.raw = found.raw;
}

/* The rest of a run, of which nothing more is said: as one piece that is missing. */
static void give_up(struct s2_ranges *ranges, struct s2_run *rest)
{
	struct s2_totals *totals = &ranges->totals;

	/* It was counted with its run. */
	if (!rest->missing && s2_run_mapped(ranges->geom, rest)) {
		uint64_t in = rest->ia & (s2_entry_size(ranges->geom, rest->height) - 1);

		totals->mapped -= s2_run_mapped(ranges->geom, rest);
		totals->pages[rest->height] -= rest->count - (in != 0);
	}
	if (!rest->missing) {
		rest->missing = S2_BUDGET;
		s2_totals_run(totals, ranges->table, ranges->geom, rest);
	}
	rest->entry = (struct s2_entry){ .raw = 0 };
	rest->meaning = (struct s2_meaning){ .type = S2_SOFT_NOTHING };
}

/* The next row as it comes: a run, or a part of one. */
static bool pull(struct s2_ranges *ranges, struct s2_row *ret)
{
	bool ends = ranges->totals.stopped;

	if (ranges->have_rest) {
		ret->run = ranges->rest;
		if (ends)
			give_up(ranges, &ret->run);
		else
			look_up_rest(ranges, &ret->run);
	} else {
		if (!next_run(ranges, &ret->run))
			return false;
		s2_totals_run(&ranges->totals, ranges->table, ranges->geom, &ret->run);
	}
	ranges->have_rest = false;
	if (ranges->beyond)
		cut_beyond(ranges, &ret->run);
	ret->nlabels = 0;
	if (ranges->annotate && !(ends && ret->run.missing))
		annotate(ranges, ret);
	ret->pieces = ret->run.pa_contiguous;
	ret->oa_next = ret->run.entry.oa + ret->run.size;
	return true;
}

bool s2_ranges_next(struct s2_ranges *ranges, struct s2_row *ret)
{
	if (!ranges->join)
		return pull(ranges, ret);
	if (!ranges->have_ahead && !pull(ranges, &ranges->ahead))
		return false;
	*ret = ranges->ahead;
	do
		ranges->have_ahead = pull(ranges, &ranges->ahead);
	while (ranges->have_ahead &&
	       s2_row_join(ranges->table, ranges->geom, ranges->how, ret, &ranges->ahead));
	return true;
}

void s2_ranges_stop(struct s2_ranges *ranges)
{
	ranges->walk.budget.left = 0;
	ranges->totals.stopped = true;
}

const struct s2_totals *s2_ranges_end(struct s2_ranges *ranges)
{
	if (ranges->visits)
		ranges->visits->left -= ranges->walk.tables < ranges->visits->left ?
						ranges->walk.tables :
						ranges->visits->left;
	s2_totals_end(&ranges->totals, ranges->table, &ranges->walk, ranges->lost);
	return &ranges->totals;
}

static bool same_label(const struct s2_annotator *annotator, const struct s2_geometry *geom,
		       const struct s2_label *a, const struct s2_label *b, uint64_t distance)
{
	return annotator->ops->joins ? annotator->ops->joins(a, b, distance, geom) :
				       !memcmp(a, b, sizeof(*a));
}

static bool same_labels(const struct s2_table *table, const struct s2_geometry *geom,
			const struct s2_row *a, const struct s2_row *b)
{
	if (a->nlabels != b->nlabels)
		return false;
	for (unsigned int i = 0; i < a->nlabels; i++)
		if (!same_label(&table->annotator[i], geom, &a->label[i], &b->label[i],
				b->run.ia - a->run.ia))
			return false;
	return true;
}

/* Do two runs say the same, but for addresses? */
static bool same_run(const struct s2_run *a, const struct s2_run *b)
{
	if (a->height != b->height || a->missing != b->missing ||
	    a->meaning.type != b->meaning.type)
		return false;
	/* What is missing is said of a table page; what the budget cut off, of all that is left. */
	if (a->missing && a->missing != S2_BUDGET && a->table_pa != b->table_pa)
		return false;
	if (a->meaning.type)
		return a->meaning.key == b->meaning.key &&
		       (!a->meaning.placed ||
			b->meaning.address - a->meaning.address == b->ia - a->ia);
	return a->key_mask == b->key_mask && !((a->entry.raw ^ b->entry.raw) & a->key_mask);
}

bool s2_row_join(const struct s2_table *table, const struct s2_geometry *geom,
		 enum s2_merge_how how, struct s2_row *a, const struct s2_row *b)
{
	struct s2_run *run = &a->run;
	const struct s2_run *next = &b->run;
	bool follows = a->pieces && next->entry.oa == a->oa_next;

	if (how == S2_MERGE_NONE || run->ia + run->size != next->ia || !same_run(run, next) ||
	    !same_labels(table, geom, a, b))
		return false;
	if (!run->missing && s2_run_has_oa(run)) {
		if (s2_is_leaf(run->entry.type) && !s2_run_same_rights(geom, run, next->path))
			return false;
		if (!s2_run_mapped(geom, run) != !s2_run_mapped(geom, next))
			return false;
		if (how == S2_MERGE_PA && !follows)
			return false;
		a->pieces = a->pieces && b->pieces ? a->pieces + b->pieces - follows : 0;
		a->oa_next = b->oa_next;
		run->pa_contiguous = a->pieces == 1;
	}
	run->size += next->size;
	run->count = entries_touched(geom, run);
	return true;
}
