/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rows of one table add up to: how much, and what was missing first. */
#ifndef S2_MODEL_TOTALS_H
#define S2_MODEL_TOTALS_H

#include "base/lost.h"
#include "model/table.h"

struct s2_totals {
	bool complete;                  /* every table page of the walked range was read */
	uint64_t mapped;                /* bytes */
	uint64_t pages[S2_MAX_HEIGHTS]; /* entries that map, by height */
	uint64_t missing;               /* input-address bytes whose entries could not be read */
	uint64_t gaps;                  /* ranges of them */
	uint64_t tables;                /* table pages read */
	uint64_t odd_tables;            /* table descriptors with oddities, */
	uint64_t odd_pa;                /* and the first of them, when there is one */
	bool stopped; /* nobody wanted more rows: what is left is missing for that */
	/* The first gap. */
	enum s2_code code;
	uint64_t ia;
	uint64_t address; /* what could not be read there, or S2_LOST_NOWHERE */
	char first[128];
	char why[200]; /* why it is not complete, one line */
};

void s2_totals_init(struct s2_totals *ret);

/* Counts a run. */
void s2_totals_run(struct s2_totals *totals, const struct s2_table *table,
		   const struct s2_geometry *geom, const struct s2_run *run);

/*
 * Counts a gap, [@ia, @ia + @size): what stands at @address could not be read because of @code. The
 * text says so to people, it is kept of the first gap.
 */
void s2_totals_gap(struct s2_totals *totals, uint64_t ia, uint64_t size, enum s2_code code,
		   uint64_t address, const char *fmt, ...) S2_PRINTF(6, 7);

/* What @walk knows, and why the rows are not complete, if they are not: that goes to @lost, too. */
void s2_totals_end(struct s2_totals *totals, const struct s2_table *table,
		   const struct s2_walk *walk, struct s2_lost *lost);

/* "is not in the dump", "was left out of the dump", ... */
const char *s2_missing_text(enum s2_code missing);

#endif
