/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way from a table to rows: walk, merge, annotate, join again, as a pull iterator. */
#ifndef S2_MODEL_RANGES_H
#define S2_MODEL_RANGES_H

#include "model/table.h"
#include "model/totals.h"

/* A range with what annotators say of it: what formats print. */
struct s2_row {
	struct s2_run run;
	/* Stretches of output addresses that follow each other, of a leaf run; 0: there is more
	 * than one, and nobody counted. */
	uint64_t pieces;
	uint64_t oa_next;     /* of a leaf run whose pieces are counted: where its last one ends */
	unsigned int nlabels; /* labels that count: table->nannotators, or 0 */
	struct s2_label label[S2_MAX_ANNOTATORS];
};

/* Input addresses, [first, last]. */
struct s2_span {
	uint64_t first, last;
};

/* What of a table is wanted, and how. */
struct s2_view {
	enum s2_merge_how how;
	struct s2_show show;
	bool annotate; /* else rows have no labels, and are cut nowhere */
	/* Neighbours that say the same after annotating are one row, and pieces are counted; else
	 * S2_MERGE_ATTRS is S2_MERGE_PA where an annotator asks by output address. */
	bool join;
	bool beyond; /* what of a block lies beyond the output size is a row of its own */
	/* Only entries that intersect any of these, when there are some: ascending, none touches
	 * another. They must outlive the iterator. */
	const struct s2_span *range;
	unsigned int nranges;
	/* For each table page that was reached, see struct s2_walk. May be NULL. */
	bool (*enter)(void *arg, const struct s2_reached *reached);
	void *arg;
};

/* What a command works with. */
struct s2_ctx {
	const struct s2_mem *mem; /* the machine's memory */
	struct s2_lost *lost;     /* what could not be read; may be NULL */
	struct s2_budget *visits; /* table pages that may be read, of all tables; may be NULL */
	struct s2_budget *looks;  /* pages that annotators may look at, ... */
};

/* About 400 KiB: keep it on the heap. Nothing in it needs releasing. */
struct s2_ranges {
	const struct s2_geometry *geom;
	const struct s2_table *table;
	struct s2_lost *lost;
	struct s2_budget *visits;
	enum s2_merge_how how;
	bool annotate, join;
	bool beyond;                 /* there may be blocks to be cut where the output size ends */
	bool have_rest;              /* of a run that annotators cut */
	bool have_ahead;             /* the row after the one that was given out last */
	const struct s2_span *range; /* those that are to be walked after this */
	unsigned int nranges;
	bool any;            /* something was walked, */
	uint64_t walked_to;  /* up to this address, inclusive */
	struct s2_show show; /* for the merger of the next part */
	enum s2_merge_how merge_how;
	struct s2_asked asked;
	struct s2_totals totals;
	struct s2_run rest;
	struct s2_row ahead;
	struct s2_merge merge;
	struct s2_walk walk;
};

/*
 * Prepares for the rows of @table, whose geometry is @geom. All of them must outlive @ret. False
 * when all ranges of the view lie outside of the input space: then there are no rows.
 */
bool s2_ranges_init(struct s2_ranges *ret, const struct s2_table *table,
		    const struct s2_geometry *geom, const struct s2_view *view,
		    const struct s2_ctx *ctx) S2_MUST_CHECK;

/* The next row; false at the end. Rows cover the walked space in order, without gap or overlap;
 * gaps are between ranges of the view. */
bool s2_ranges_next(struct s2_ranges *ranges, struct s2_row *ret);

/* Reads no more table pages, and goes on with no run that annotators cut: what these would have
 * said is missing, with code S2_BUDGET. */
void s2_ranges_stop(struct s2_ranges *ranges);

/*
 * What the rows added up to so far; to be called once, after the last that was wanted. What was
 * missing goes to the context's losses.
 */
const struct s2_totals *s2_ranges_end(struct s2_ranges *ranges);

/*
 * Makes @a reach to the end of @b, which follows it, when both say one thing under @how: rows of
 * one table at the border of two iterators, say. False, and nothing changed, when they do not.
 */
bool s2_row_join(const struct s2_table *table, const struct s2_geometry *geom,
		 enum s2_merge_how how, struct s2_row *a, const struct s2_row *b);

#endif
