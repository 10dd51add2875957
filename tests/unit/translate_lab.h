/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine of 32 pages for tests of the translate engine: registers, descriptors, questions. */
#ifndef TEST_TRANSLATE_LAB_H
#define TEST_TRANSLATE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/translate.h"
#include "enc.h"
#include "memtable.h"

#define BASE 0x40000000ULL
#define PAGES 32
#define PAGE(n) (BASE + (uint64_t)(n)*4096)

/* Descriptor bits. */
#define AF (1ULL << 10)
#define AP(n) ((uint64_t)(n) << 6)
#define INDEX(n) ((uint64_t)(n) << 2)
#define ISH (3ULL << 8)
#define UXN (1ULL << 54)
#define PXN (1ULL << 53)
#define DBM (1ULL << 51)
#define CONT (1ULL << 52)
#define S2RW (3ULL << 6)
#define MEMATTR(n) ((uint64_t)(n) << 2)

/* PAR_EL1 of a fault. */
#define FAULTED(fst) (0x801ULL | (uint64_t)(fst) << 1)
#define PAR_S 0x200ULL
#define PAR_PTW 0x100ULL

struct lab {
	uint64_t words[PAGES * 512];
	struct memtable mem;
	struct s2_at_request req;
	struct s2_at_result ret;
	struct s2_err err;
};

static inline void put(struct lab *lab, unsigned int page, unsigned int index, uint64_t value)
{
	lab->words[page * 512 + index] = value;
}

static inline void reg(struct lab *lab, enum s2_arm64_claim name, uint64_t value)
{
	s2_regime_set(&lab->req.regs, name, value);
}

static inline enum s2_code ask(struct lab *lab, enum s2_at_op op, uint64_t ia)
{
	lab->req.op = op;
	lab->req.ia = ia;
	s2_err_init(&lab->err);
	return s2_translate(&lab->req, &lab->mem.mem, &lab->ret, &lab->err);
}

static inline void expect_pa(struct lab *lab, enum s2_at_op op, uint64_t ia, uint64_t pa)
{
	enum s2_code code = ask(lab, op, ia);

	if (code || lab->ret.outcome != S2_AT_DONE || lab->ret.pa != pa)
		fail_msg("%s 0x%llx: outcome %d pa 0x%llx par 0x%llx %s%s", s2_at_names[op],
			 (unsigned long long)ia, (int)lab->ret.outcome,
			 (unsigned long long)lab->ret.pa, (unsigned long long)lab->ret.par,
			 lab->ret.why ? lab->ret.why : "", lab->err.text);
	assert_int_equal(lab->ret.par & 0xffffffffff001ULL, pa & 0xffffffffff000ULL);
}

static inline void expect_fault(struct lab *lab, enum s2_at_op op, uint64_t ia, uint64_t par)
{
	enum s2_code code = ask(lab, op, ia);

	if (code || lab->ret.outcome != S2_AT_FAULT || lab->ret.par != par)
		fail_msg("%s 0x%llx: outcome %d par 0x%llx, not 0x%llx; %s%s", s2_at_names[op],
			 (unsigned long long)ia, (int)lab->ret.outcome,
			 (unsigned long long)lab->ret.par, (unsigned long long)par,
			 lab->ret.why ? lab->ret.why : "", lab->err.text);
	assert_int_equal(lab->ret.stage, par & PAR_S ? 2 : 1);
	assert_non_null(lab->ret.why);
}

/*
 * EL1&0 with 4K pages and 39 bits in both halves: pages 0 (TTBR0) and 1 (TTBR1) at level 1. VA 0
 * leads through pages 2 (level 2) and 3 (level 3) to leaves that a test puts.
 */
static inline int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	memtable_init(&lab->mem, lab->words, BASE, sizeof(lab->words));
	s2_regime_init(&lab->req.regs, NULL);
	reg(lab, S2_ARM64_SCTLR_EL1, 0x5); /* M, C */
	reg(lab, S2_ARM64_TCR_EL1, 25 | 25ULL << 16 | 2ULL << 30 | 5ULL << 32);
	reg(lab, S2_ARM64_TTBR0_EL1, PAGE(0));
	reg(lab, S2_ARM64_TTBR1_EL1, PAGE(1));
	reg(lab, S2_ARM64_MAIR_EL1, 0x04bb44ff); /* 0 WB, 1 NC, 2 WT, 3 nGnRE */
	put(lab, 0, 0, enc_table(ENC_48, PAGE(2)));
	put(lab, 1, 511, enc_table(ENC_48, PAGE(2)));
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)));
	put(lab, 2, 511, enc_table(ENC_48, PAGE(3)));
	*state = lab;
	return 0;
}

static inline int teardown(void **state)
{
	free(*state);
	return 0;
}

/* Stage 2 with 4K pages and 40 bits: pages 8 and 9, IPA 0..1G maps to PA 1G.. by a block. */
static inline void stage2(struct lab *lab, uint64_t hcr)
{
	reg(lab, S2_ARM64_HCR_EL2, hcr | 1);
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023558);
	reg(lab, S2_ARM64_VTTBR_EL2, PAGE(8));
	put(lab, 8, 0, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(15)));
	put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(15)));
}

#endif
