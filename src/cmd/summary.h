/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a walk over one table adds up to: how much, and what was missing first. */
#ifndef S2_CMD_SUMMARY_H
#define S2_CMD_SUMMARY_H

#include "base/lost.h"
#include "format/format.h"

struct s2_summary {
	struct s2_dump_end end;
	uint64_t mapped; /* bytes */
	struct s2_run first_missing;
	uint64_t gaps;
	char why[200];
};

void s2_summary_add(struct s2_summary *summary, const struct s2_run *run);

/* Fills summary->end, whose text lives in @summary; what is missing goes to @lost, too. */
void s2_summary_finish(struct s2_summary *summary, const struct s2_table *table,
		       const struct s2_geometry *geom, const struct s2_walk *walk,
		       struct s2_lost *lost);

/* "is not in the dump", "was left out of the dump", ... */
const char *s2_missing_text(enum s2_code missing);

#endif
