/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each level of a guest may do after both stages, as rows. */
#ifndef S2_DECODE_EFFECTIVE_H
#define S2_DECODE_EFFECTIVE_H

#include "decode/arch.h"

/* The accesses that a row tells of, by the privileged level and by the other, in the order of its
 * bits. Data come first: see attr below. */
enum s2_effective_access {
	S2_PRIV_READ,
	S2_PRIV_WRITE,
	S2_USER_READ,
	S2_USER_WRITE,
	S2_PRIV_EXEC,
	S2_USER_EXEC,
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
	/* S2_OK, or why it is not known: the descriptor at @missing_pa is not there, or the first
	 * that was not followed (S2_LOOP, S2_BUDGET). Rows of one table page join. */
	enum s2_code missing;
	uint8_t missing_stage;
	int8_t missing_level;
	uint64_t missing_pa;   /* S2_NO_ADDRESS where stage 2 cannot be asked again */
	uint64_t missing_page; /* the table page that it is in */
};

#endif
