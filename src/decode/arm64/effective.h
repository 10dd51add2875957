/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of a stage 1 after stage 2: a pull iterator over what EL1 and EL0 may do. */
#ifndef S2_DECODE_ARM64_EFFECTIVE_H
#define S2_DECODE_ARM64_EFFECTIVE_H

#include "base/budget.h"
#include "decode/arm64/translate.h"
#include "decode/effective.h"
#include "decode/merge.h"

struct s2_effective {
	/* The caller's, to be filled in. */
	struct s2_at_request req; /* regs, stage2, stage2_root */
	const struct s2_mem *mem; /* of the machine */
	struct s2_merge stage1;   /* of stage 1 over guest memory, S2_MERGE_PA or S2_MERGE_NONE */
	struct s2_walk *stage2_walk; /* room for a walk */
	enum s2_merge_how how;       /* what to join in the end */
	struct s2_budget steps;      /* pieces of addresses that are translated */
	/* Its own; zero. */
	struct s2_run run1, run2; /* what is left of a range of each stage */
	uint64_t unit;            /* bytes of run1 that one walk of stage 2 serves, what is left */
	struct s2_merge stage2;
	struct s2_effective_row ahead; /* met, and not joined; size 0: none */
	enum s2_code not_walked;       /* why stage 1 was not walked where the piece is */
	const struct s2_run
		*gap; /* the one of run1 and run2 that could not be read there, or NULL */
	bool cut;     /* the steps came to their end: what is left is one row, missing for that */
};

/*
 * The next row: of everything that stage 1 maps, and of its tables that could not be read; what it
 * does not map has no row. A step is as large as what both stages say of it, so that a large
 * mapping to nothing is one. When @steps end before, so does the last row: it is missing, with
 * S2_BUDGET. S2_NOTFOUND at the end; the errors of s2_translate().
 */
enum s2_code s2_effective_next(struct s2_effective *e, struct s2_effective_row *ret,
			       struct s2_err *err) S2_MUST_CHECK;

#endif
