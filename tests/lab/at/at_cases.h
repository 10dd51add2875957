/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of cases that the generator writes, and that the oracle and at_host read. All words are
 * 64 bits, little-endian. */
#ifndef AT_CASES_H
#define AT_CASES_H

#include <stdint.h>

#define AT_CASES_PA 0x50000000ULL /* where the file is loaded */
#define AT_OUT_PA 0x58000000ULL   /* where answers are collected */
#define AT_ARENA_PA 0x48000000ULL /* where tables are */
#define AT_ARENA_SIZE 0x2000000ULL

#define AT_MAGIC 0x3153455341435441ULL /* "ATCASES1" */

/* The order of registers in a case. */
enum {
	AT_HCR_EL2,
	AT_VTCR_EL2,
	AT_VTTBR_EL2,
	AT_SCTLR_EL1,
	AT_TCR_EL1,
	AT_TTBR0_EL1,
	AT_TTBR1_EL1,
	AT_MAIR_EL1,
	AT_SCTLR_EL2,
	AT_TCR_EL2,
	AT_TTBR0_EL2,
	AT_TTBR1_EL2,
	AT_MAIR_EL2,
	AT_VBAR_EL1,
	AT_NREGS,
};

/* Query: the number of the AT instruction in the order of enum s2_at_op, or AT_EXEC. */
#define AT_OP 0xffULL
#define AT_PAN 0x100ULL
#define AT_EXEC 0x200ULL
#define AT_EL0 0x400ULL /* with AT_EXEC */

struct at_header {
	uint64_t magic;
	uint64_t ncases;
};

/* Followed by ndesc descriptors and nquery queries. */
struct at_case {
	uint64_t reg[AT_NREGS];
	uint64_t ndesc;
	uint64_t nquery;
};

struct at_desc {
	uint64_t pa;
	uint64_t value;
};

struct at_query {
	uint64_t op;
	uint64_t ia;
};

/*
 * Answers: three ID registers (ID_AA64MMFR0..2_EL1), then two words per query: PAR_EL1 and the
 * syndrome of an external abort (0: none), or with AT_EXEC how it ended (1 executed, 2 abort to
 * EL1, 3 abort to EL2) and the syndrome.
 */
#endif
