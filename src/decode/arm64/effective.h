/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of a stage 1 after stage 2: a pull iterator over what EL1 and EL0 may do. */
#ifndef S2_DECODE_ARM64_EFFECTIVE_H
#define S2_DECODE_ARM64_EFFECTIVE_H

#include "base/budget.h"
#include "decode/merge.h"
#include "decode/arm64/translate.h"

/* The accesses that a row tells of, in the order of its bits. Data come first: see attr below. */
enum s2_effective_access {
	S2_EL1_READ,
	S2_EL1_WRITE,
	S2_EL0_READ,
	S2_EL0_WRITE,
	S2_EL1_EXEC,
	S2_EL0_EXEC,
	S2_NACCESSES
};

/* Virtual addresses that are the same to all accesses, [va, va + size); size wraps as in s2_run. */
struct s2_effective_row {
	uint64_t va;
	uint64_t size;
	unsigned int allowed; /* bit n: enum s2_effective_access; 0: every access faults */
	uint64_t pieces; /* of allowed rows: stretches of output addresses that follow each other */
	uint64_t pa_next; /* where the last of them ends */
	/* PAR_EL1.ATTR and PAR_EL1.SH of the first access that is allowed (fetches read Device
	 * memory as Normal), and what they are called; NULL when they are not known. */
	uint8_t attr, sh;
	const struct s2_attr_value *memory, *shareability;
	uint64_t pa; /* of @va */
	/* S2_OK, or why it is not known: the descriptor at @missing_pa is not there. Rows of
	 * one table page join. */
	enum s2_code missing;
	uint8_t missing_stage;
	int8_t missing_level;
	uint64_t missing_pa;   /* S2_NO_ADDRESS where stage 1 was not walked: a loop, a budget */
	uint64_t missing_page; /* the table page that it is in */
};

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
	bool cut; /* the steps came to their end: what is left is one row, missing for that */
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
