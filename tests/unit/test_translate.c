// SPDX-License-Identifier: GPL-2.0-or-later
// The translate engine where the oracle (tests/lab/at) cannot look: walks, what is missing, what is
// not known.
#include "decode/arm64/stage1.h"
#include "translate_lab.h"

static void pages_and_steps(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x123456000, AP(1) | AF | ISH));
	expect_pa(lab, S2_AT_S1E0R, 0x5678, 0x123456678);
	assert_int_equal(lab->ret.par, 0xff00000123456b80);
	assert_int_equal(lab->ret.par_known, ~0ULL);
	assert_int_equal(lab->ret.nsteps, 3);
	assert_int_equal(lab->ret.step[0].level, 1);
	assert_int_equal(lab->ret.step[0].table, PAGE(0));
	assert_int_equal(lab->ret.step[2].level, 3);
	assert_int_equal(lab->ret.step[2].index, 5);
	assert_int_equal(lab->ret.step[2].desc_pa, PAGE(3) + 40);
	assert_int_equal(lab->ret.step[2].type, S2_PAGE);
	/* The upper half, the last page. */
	put(lab, 3, 511, enc_page(ENC_48, 0x2000, AP(3) | AF));
	expect_pa(lab, S2_AT_S1E1R, 0xfffffffffffffabc, 0x2abc);
	expect_fault(lab, S2_AT_S1E1W, 0xfffffffffffffabc, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E1R, 0x4000, FAULTED(0x7));
	expect_fault(lab, S2_AT_S1E1R, 0xffffff7fffffffff, FAULTED(0x4));
	expect_fault(lab, S2_AT_S1E1R, 0x8000000000, FAULTED(0x4));
}

/* Memory that the dump does not hold is neither a fault nor an address. */
static void missing(void **state)
{
	static const enum s2_code codes[] = { S2_ABSENT, S2_EXCLUDED, S2_TRUNCATED };
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x123456000, AP(1) | AF | ISH));
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		lab->mem.hole = PAGE(3);
		lab->mem.hole_size = 4096;
		lab->mem.hole_code = codes[i];
		assert_int_equal(ask(lab, S2_AT_S1E1R, 0x5000), S2_OK);
		assert_int_equal(lab->ret.outcome, S2_AT_MISSING);
		assert_int_equal(lab->ret.missing, codes[i]);
		assert_int_equal(lab->ret.missing_pa, PAGE(3) + 40);
		assert_int_equal(lab->ret.stage, 1);
		assert_int_equal(lab->ret.level, 3);
		assert_int_equal(lab->ret.nsteps, 2);
		lab->mem.hole_size = 0;
	}
	/* A table of stage 2, on the way to a table of stage 1. */
	stage2(lab, 0);
	put(lab, 8, 1, enc_table(ENC_48, 0x90000000));
	assert_int_equal(ask(lab, S2_AT_S12E1R, 0x5000), S2_OK);
	assert_int_equal(lab->ret.outcome, S2_AT_MISSING);
	assert_int_equal(lab->ret.stage, 2);
	assert_int_equal(lab->ret.level, 2);
	assert_true(lab->ret.s1ptw);
	/* Memory that can be read, but not mapped. */
	lab->mem.views = false;
	put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(15)));
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x123456000);
}

static void top_byte(void **state)
{
	struct lab *lab = *state;
	uint64_t tcr = lab->req.regs.value[S2_ARM64_TCR_EL1];

	put(lab, 3, 5, enc_page(ENC_48, 0x123456000, AP(1) | AF | ISH));
	expect_fault(lab, S2_AT_S1E1R, 0xab00000000005000, FAULTED(0x4));
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 37);
	expect_pa(lab, S2_AT_S1E1R, 0xab00000000005000, 0x123456000);
	/* TBID: not for instructions. */
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 37 | 1ULL << 51);
	expect_pa(lab, S2_AT_S1E1R, 0xab00000000005000, 0x123456000);
	expect_fault(lab, S2_AT_S1E0X, 0xab00000000005000, FAULTED(0x4));
	expect_pa(lab, S2_AT_S1E0X, 0x5000, 0x123456000);
	/* MTX: [59:56] are a tag, but not for instructions, and what lies above is none. */
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 60);
	expect_pa(lab, S2_AT_S1E1R, 0x0b00000000005000, 0x123456000);
	expect_fault(lab, S2_AT_S1E0X, 0x0b00000000005000, FAULTED(0x4));
	expect_fault(lab, S2_AT_S1E1R, 0x1b00000000005000, FAULTED(0x4));
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 61); /* of the other half */
	expect_fault(lab, S2_AT_S1E1R, 0x0b00000000005000, FAULTED(0x4));
}

static void walks_that_are_switched_off(void **state)
{
	struct lab *lab = *state;
	uint64_t tcr = lab->req.regs.value[S2_ARM64_TCR_EL1];

	put(lab, 3, 5, enc_page(ENC_48, 0x123456000, AP(1) | AF | ISH));
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 7); /* EPD0 */
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0x4));
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 55); /* E0PD0 */
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x123456000);
	expect_fault(lab, S2_AT_S1E0R, 0x5000, FAULTED(0x4));
	/* A half whose walks are off needs no TTBR, and its TG may be reserved. */
	lab->req.regs.have &= ~(1ULL << S2_ARM64_TTBR1_EL1);
	reg(lab, S2_ARM64_TCR_EL1, 25 | 1ULL << 23);
	expect_fault(lab, S2_AT_S1E1R, 0xffffffffffff0000, FAULTED(0x4));
}

static void faults_of_stage2(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x85000, AP(1) | AF | ISH));
	stage2(lab, 0);
	expect_pa(lab, S2_AT_S12E0W, 0x5678, BASE + 0x85678);
	assert_int_equal(lab->ret.ipa, 0x85678);
	assert_int_equal(lab->ret.nsteps, 3 * 2 + 1);
	expect_pa(lab, S2_AT_S1E0W, 0x5678, 0x85678);
	/* Of the result. */
	put(lab, 8, 0, enc_block(ENC_48, BASE, 1ULL << 6 | AF | MEMATTR(15)));
	expect_fault(lab, S2_AT_S12E0W, 0x5678, FAULTED(0xd) | PAR_S);
	assert_false(lab->ret.s1ptw);
	put(lab, 8, 0, 0);
	expect_fault(lab, S2_AT_S12E0R, 0x5678, FAULTED(0x5) | PAR_S);
	/* Of a descriptor: also when only stage 1 is asked for. */
	put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | MEMATTR(15)));
	expect_fault(lab, S2_AT_S1E0R, 0x5678, FAULTED(0x9) | PAR_S | PAR_PTW);
	put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | AF | MEMATTR(1)));
	expect_pa(lab, S2_AT_S1E0R, 0x5678, 0x85678);
	stage2(lab, 1 << 2); /* PTW: no tables in Device memory */
	put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | AF | MEMATTR(1)));
	expect_fault(lab, S2_AT_S1E0R, 0x5678, FAULTED(0xd) | PAR_S | PAR_PTW);
	/* IPA beyond the input size of stage 2, 40 bits. */
	stage2(lab, 0);
	put(lab, 3, 5, enc_page(ENC_48, 1ULL << 40, AP(1) | AF | ISH));
	expect_fault(lab, S2_AT_S12E0R, 0x5678, FAULTED(0x4) | PAR_S);
	/* A start level that does not go with T0SZ. */
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023518 | 2 << 6);
	expect_fault(lab, S2_AT_S12E0R, 0x5678, FAULTED(0x4) | PAR_S | PAR_PTW);
}

static void stage2_alone(void **state)
{
	struct lab *lab = *state;
	struct s2_regime regime;
	struct s2_geometry geom;

	stage2(lab, 0);
	put(lab, 8, 2, enc_table(ENC_48, PAGE(9)));
	put(lab, 9, 1, enc_block(ENC_48, 0xc0000000, S2RW | AF | MEMATTR(15) | UXN));
	put(lab, 9, 2,
	    enc_block(ENC_48, 0xc0000000, S2RW | AF | MEMATTR(15) | PXN)); /* XN 1: EL0 only */
	expect_pa(lab, S2_AT_S2E1R, 0x80212345, 0xc0012345);
	expect_fault(lab, S2_AT_S2E1X, 0x80212345, FAULTED(0xe) | PAR_S);
	expect_fault(lab, S2_AT_S2E1X, 0x80412345, FAULTED(0xe) | PAR_S);
	expect_pa(lab, S2_AT_S2E0X, 0x80412345, 0xc0012345);
	lab->req.features = S2_AT_NO_XNX;
	expect_pa(lab, S2_AT_S2E1X, 0x80412345, 0xc0012345);
	expect_fault(lab, S2_AT_S2E1R, 1ULL << 40, FAULTED(0x4) | PAR_S);
	/* Facts instead of registers. */
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 40);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 1);
	assert_int_equal(s2_arm64_stage2.shape(&regime, &geom, &lab->err), S2_OK);
	memset(&lab->req, 0, sizeof(lab->req));
	lab->req.stage2 = &geom;
	lab->req.stage2_root = PAGE(8);
	expect_pa(lab, S2_AT_S2E1W, 0x80212345, 0xc0012345);
	assert_int_equal(lab->ret.par_known >> 56, 0);
}

/* A kernel's tables by what VMCOREINFO says. */
static void stage1_by_facts(void **state)
{
	struct lab *lab = *state;
	struct s2_regime regime;
	struct s2_geometry geom;

	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 39);
	s2_regime_set(&regime, S2_ARM64_UPPER, true);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &lab->err), S2_OK);
	put(lab, 3, 511, enc_page(ENC_48, 0x2000, AP(2) | AF));
	memset(&lab->req, 0, sizeof(lab->req));
	lab->req.stage1[1] = &geom;
	lab->req.stage1_root[1] = PAGE(1);
	expect_pa(lab, S2_AT_S1E1R, 0xfffffffffffff123, 0x2123);
	expect_fault(lab, S2_AT_S1E1W, 0xfffffffffffff123, FAULTED(0xf));
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0x1000), S2_NOTFOUND);
	assert_non_null(strstr(lab->err.text, "TCR_EL1"));
	assert_int_equal(ask(lab, S2_AT_S12E1R, 0xfffffffffffff123), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "HCR_EL2"));
}

static void contiguous_groups(void **state)
{
	struct lab *lab = *state;

	for (unsigned int i = 16; i < 32; i++)
		put(lab, 3, i, enc_page(ENC_48, 0x80000 + (i - 16) * 4096, AP(1) | AF | CONT));
	expect_pa(lab, S2_AT_S1E1R, 0x13456, 0x83456);
	/* An entry that is not at its place: the group's address counts. */
	put(lab, 3, 19, enc_page(ENC_48, 0x8f000, AP(1) | AF | CONT));
	expect_pa(lab, S2_AT_S1E1R, 0x13456, 0x83456);
	/* TCR2_EL1.PnCH: bit 52 is Protected, not Contiguous. */
	reg(lab, S2_ARM64_TCR2_EL1, 1);
	expect_pa(lab, S2_AT_S1E1R, 0x13456, 0x8f456);
	reg(lab, S2_ARM64_TCR2_EL1, 0);
	/* 16 blocks of 1 GiB as well. */
	put(lab, 0, 17, enc_block(ENC_48, 0x1f40000000, AP(1) | AF | CONT));
	expect_pa(lab, S2_AT_S1E1R, 17ULL << 30 | 0x123, 0x1c40000123);
}

/* FEAT_HAFT: TCR2_ELx.HAFT with HA sets the access flag of the table descriptors on the way, each
 * an update that stage 2 must let be written (AArch64.S1Walk). */
static void flags_of_table_descriptors(void **state)
{
	const uint64_t ha = 1ULL << 39, haft = 1 << 11;
	struct lab *lab = *state;
	uint64_t tcr = lab->req.regs.value[S2_ARM64_TCR_EL1];

	stage2(lab, 0);
	put(lab, 8, 1, enc_block(ENC_48, BASE, 1 << 6 | AF | ISH | MEMATTR(15))); /* read-only */
	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF));
	reg(lab, S2_ARM64_TCR2_EL1, haft);
	expect_pa(lab, S2_AT_S12E1R, 0x5000, BASE + 0x5000); /* HA is 0 */
	reg(lab, S2_ARM64_TCR_EL1, tcr | ha);
	expect_fault(lab, S2_AT_S12E1R, 0x5000, FAULTED(0xd) | PAR_S | PAR_PTW);
	expect_fault(lab, S2_AT_S1E0R, 0x5000, FAULTED(0xd) | PAR_S | PAR_PTW);
	put(lab, 0, 0, enc_table(ENC_48, PAGE(2)) | AF);
	expect_fault(lab, S2_AT_S12E1R, 0x5000, FAULTED(0xd) | PAR_S | PAR_PTW);
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | AF);
	expect_pa(lab, S2_AT_S12E1R, 0x5000, BASE + 0x5000);
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)));
	reg(lab, S2_ARM64_TCR2_EL1, 0);
	expect_pa(lab, S2_AT_S12E1R, 0x5000, BASE + 0x5000);
	/* An address that is too large comes first; without stage 2 nothing stands in the way. */
	reg(lab, S2_ARM64_TCR2_EL1, haft);
	put(lab, 2, 0, enc_table(ENC_48, 1ULL << 47));
	reg(lab, S2_ARM64_TCR_EL1, (tcr & ~(7ULL << 32)) | 2ULL << 32 | ha);
	expect_fault(lab, S2_AT_S12E1R, 0x5000, FAULTED(0x2));
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)));
	reg(lab, S2_ARM64_HCR_EL2, 0);
	expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x5000);
}

static void level_minus_one(void **state)
{
	struct lab *lab = *state;

	/* 4K, DS, 52 bits: page 10 at level -1, then 11 .. 14. */
	reg(lab, S2_ARM64_TCR_EL1, 12 | 25ULL << 16 | 2ULL << 30 | 6ULL << 32 | 1ULL << 59);
	reg(lab, S2_ARM64_TTBR0_EL1, PAGE(10) | 1);
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0x2b));
	assert_int_equal(lab->ret.level, -1);
	put(lab, 10, 0, enc_table(ENC_LPA2, PAGE(11)));
	put(lab, 11, 0, enc_block(ENC_LPA2, 0xa8000000000000, AF | AP(1)));
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x8000000005000);
	/* A block at level -1 does not exist. */
	put(lab, 10, 0, enc_block(ENC_LPA2, 0, AF | AP(1)));
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0x2b));
	/* PS 48 bits: the table at level -1 points beyond. */
	reg(lab, S2_ARM64_TCR_EL1, 12 | 25ULL << 16 | 2ULL << 30 | 5ULL << 32 | 1ULL << 59);
	put(lab, 10, 0, enc_table(ENC_LPA2, 1ULL << 51));
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0x29));
	reg(lab, S2_ARM64_TTBR0_EL1, PAGE(10) | 4);
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0x00));
}

static void el2_regimes(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_SCTLR_EL2, 0x5);
	reg(lab, S2_ARM64_TCR_EL2, 25 | 5 << 16 | 1ULL << 31 | 1 << 23);
	reg(lab, S2_ARM64_TTBR0_EL2, PAGE(0));
	reg(lab, S2_ARM64_MAIR_EL2, 0xff);
	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF));
	put(lab, 3, 6, enc_page(ENC_48, 0x6000, AP(3) | AF | UXN));
	expect_pa(lab, S2_AT_S1E2W, 0x5000, 0x5000);
	expect_pa(lab, S2_AT_S1E2X, 0x5000, 0x5000); /* AP[1] means nothing here */
	expect_fault(lab, S2_AT_S1E2W, 0x6000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E2X, 0x6000, FAULTED(0xf));
	/* No upper half: bit 55 is out of range. */
	expect_fault(lab, S2_AT_S1E2R, 0xfffffffffffff000, FAULTED(0x4));
	/* E2H: the layout of TCR_EL1, two halves, EL0 pages are not executable at EL2. */
	reg(lab, S2_ARM64_HCR_EL2, 1ULL << 34);
	reg(lab, S2_ARM64_TCR_EL2, 25 | 25ULL << 16 | 2ULL << 30 | 5ULL << 32);
	reg(lab, S2_ARM64_TTBR1_EL2, PAGE(1));
	expect_fault(lab, S2_AT_S1E2X, 0x5000, FAULTED(0xf));
	put(lab, 3, 511, enc_page(ENC_48, 0x2000, AP(0) | AF));
	expect_pa(lab, S2_AT_S1E2R, 0xfffffffffffff000, 0x2000);
	/* TGE as well: S1E0R asks EL2&0, whatever EL1's registers say. */
	reg(lab, S2_ARM64_HCR_EL2, 1ULL << 34 | 1ULL << 27 | 1);
	reg(lab, S2_ARM64_SCTLR_EL1, 0);
	expect_pa(lab, S2_AT_S12E0R, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E0R, 0xfffffffffffff000, FAULTED(0xf));
}

static void stage1_off(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_SCTLR_EL1, 0);
	lab->req.pa_bits = 40;
	expect_pa(lab, S2_AT_S1E1R, 0x123456789a, 0x123456789a);
	assert_int_equal(lab->ret.par, 0x1234567b00); /* Device-nGnRnE, Outer Shareable */
	expect_pa(lab, S2_AT_S1E1X, 0x123456789a, 0x123456789a);
	assert_int_equal(lab->ret.par >> 56, 0x44);
	expect_fault(lab, S2_AT_S1E1R, 1ULL << 40, FAULTED(0x0));
	expect_fault(lab, S2_AT_S1E1R, 0xffffffffffff0000, FAULTED(0x0));
	/* TCR_EL1.MTX: what is a tag when stage 1 is on is one here. */
	reg(lab, S2_ARM64_TCR_EL1, lab->req.regs.value[S2_ARM64_TCR_EL1] | 1ULL << 60);
	expect_pa(lab, S2_AT_S1E1R, 0x0b0000123456789a, 0x123456789a);
	expect_fault(lab, S2_AT_S1E1R, 0x1b0000123456789a, FAULTED(0x0));
	expect_fault(lab, S2_AT_S1E1X, 0x0b0000123456789a, FAULTED(0x0));
	/* HCR_EL2.DC: off whatever SCTLR_EL1 says, and stage 2 is on. */
	stage2(lab, 1 << 12);
	reg(lab, S2_ARM64_SCTLR_EL1, 5);
	expect_pa(lab, S2_AT_S12E1R, 0x1234, BASE + 0x1234);
	assert_int_equal(lab->ret.par >> 56, 0xff);
}

/* SCTLR_ELx.EE: descriptors are read as big-endian words, each stage by its own register. */
static void big_endian(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x80005000, AP(1) | AF));
	for (unsigned int i = 0; i < 4 * 512; i++)
		lab->words[i] = __builtin_bswap64(lab->words[i]);
	reg(lab, S2_ARM64_SCTLR_EL1, 5 | 1 << 25);
	expect_pa(lab, S2_AT_S1E1R, 0x5123, 0x80005123);
	assert_int_equal(lab->ret.step[0].raw, enc_table(ENC_48, PAGE(2)));
	stage2(lab, 0);
	put(lab, 8, 2, enc_block(ENC_48, 0xc0000000, S2RW | AF | MEMATTR(15)));
	expect_pa(lab, S2_AT_S12E1R, 0x5123, 0xc0005123);
	assert_true(lab->ret.nested);
	for (unsigned int i = 8 * 512; i < 9 * 512; i++)
		lab->words[i] = __builtin_bswap64(lab->words[i]);
	expect_fault(lab, S2_AT_S2E1R, 0x80005123, FAULTED(0x5) | PAR_S);
	reg(lab, S2_ARM64_SCTLR_EL2, 1 << 25);
	expect_pa(lab, S2_AT_S12E1R, 0x5123, 0xc0005123);
	expect_pa(lab, S2_AT_S2E1R, 0x80005123, 0xc0005123);
}

/* ID_AA64MMFR0_EL1.PARange limits the output, the input of stage 2 and its start levels. */
static void hardware_size(void **state)
{
	struct lab *lab = *state;

	stage2(lab, 0);
	reg(lab, S2_ARM64_VTCR_EL2, 0x80053558);
	put(lab, 8, 3, enc_block(ENC_48, 1ULL << 40, S2RW | AF | MEMATTR(15)));
	expect_pa(lab, S2_AT_S2E1R, 0xc0000123, (1ULL << 40) + 0x123);
	lab->req.pa_bits = 40;
	expect_fault(lab, S2_AT_S2E1R, 0xc0000123, FAULTED(0x1) | PAR_S);
	expect_pa(lab, S2_AT_S2E1R, 0x123, BASE + 0x123);
	lab->req.pa_bits = 36; /* T0SZ of 24 is below the least, 28 (S2TxSZFaults) */
	expect_fault(lab, S2_AT_S2E1R, 0x123, FAULTED(0x4) | PAR_S);
	/* 64K, PS says 52 bits: VTTBR_EL2[5:2] are address bits [51:48] where the hardware has
	 * those. */
	put(lab, 16, 0, enc_block(ENC_LPA, 0, S2RW | AF | MEMATTR(15)));
	reg(lab, S2_ARM64_VTCR_EL2, 0x80000000 | 22 | 1 << 6 | 1 << 14 | 6 << 16);
	reg(lab, S2_ARM64_VTTBR_EL2, PAGE(16) | 1 << 2);
	lab->req.pa_bits = 48;
	expect_pa(lab, S2_AT_S2E1R, 0x123, 0x123);
	lab->req.pa_bits = 52;
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0x123), S2_OK);
	assert_int_equal(lab->ret.outcome, S2_AT_MISSING);
	assert_int_equal(lab->ret.missing_pa, PAGE(16) | 1ULL << 48);
}

/* A root beside VTCR_EL2: the walk judges the register, the root must be aligned. */
static void root_without_vttbr(void **state)
{
	struct lab *lab = *state;

	stage2(lab, 0);
	lab->req.regs.have &= ~(1ULL << S2_ARM64_VTTBR_EL2);
	lab->req.have_stage2_root = true;
	lab->req.stage2_root = PAGE(8);
	expect_pa(lab, S2_AT_S2E1R, 0x123, BASE + 0x123);
	lab->req.stage2_root = PAGE(9);
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0x123), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "not aligned"));
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023552); /* T0SZ 18 does not fit level 1 */
	expect_fault(lab, S2_AT_S2E1R, 0x123, FAULTED(0x4) | PAR_S);
}

static void refusals(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_TCR2_EL1, 1 << 5);
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "128-bit"));
	reg(lab, S2_ARM64_TCR2_EL1, 0);
	reg(lab, S2_ARM64_HCR_EL2, 1);
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "VTCR_EL2"));
	stage2(lab, 0);
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023558 | 3 << 14);
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "TG0"));
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023558 | 1ULL << 36);
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "S2PIE"));
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023558 | 1ULL << 34);
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "AssuredOnly"));
	reg(lab, S2_ARM64_VTCR_EL2, 0x80023558);
	assert_int_equal(ask(lab, S2_AT_NOPS, 0), S2_INVALID);
	lab->req.pa_bits = 53;
	assert_int_equal(ask(lab, S2_AT_S2E1R, 0), S2_INVALID);
}

/* A hostile table cannot make it read or run without end, and the steps stay within their array. */
static void garbage(void **state)
{
	struct lab *lab = *state;
	uint64_t seed = 7;

	for (unsigned int i = 0; i < 20000; i++) {
		for (unsigned int k = 0; k < 16; k++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			put(lab, (unsigned int)(seed >> 59), (unsigned int)(seed >> 32 & 3),
			    (seed >> 20 & 0x1f) << 12 | BASE | (seed & 0xfff0000000000fff));
		}
		for (unsigned int r = 0; r < S2_ARM64_NREGS; r++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			lab->req.regs.value[r] = seed ^ seed >> 31;
		}
		lab->req.regs.value[S2_ARM64_HCR_EL2] &= ~(1ULL << 12);
		lab->req.regs.value[S2_ARM64_VTTBR_EL2] = PAGE(i & 15);
		lab->req.regs.value[S2_ARM64_TTBR0_EL1] = PAGE(i >> 4 & 15);
		lab->req.regs.have = seed >> 16;
		if (ask(lab, (enum s2_at_op)(seed % S2_AT_NOPS), seed >> 40))
			continue;
		assert_true(lab->ret.nsteps <= S2_AT_MAX_STEPS);
	}
	/* Every level a table, stage 1 and 2, start level -1 in both: the most steps there can be. */
	memset(&lab->req, 0, sizeof(lab->req));
	for (unsigned int k = 0; k < 512; k++) {
		put(lab, 0, k, enc_table(ENC_LPA2, PAGE(0)));
		put(lab, 1, k, enc_table(ENC_LPA2, PAGE(1)));
	}
	reg(lab, S2_ARM64_SCTLR_EL1, 5);
	reg(lab, S2_ARM64_HCR_EL2, 1);
	reg(lab, S2_ARM64_TCR_EL1, 12 | 6ULL << 32 | 1ULL << 59);
	reg(lab, S2_ARM64_TTBR0_EL1, PAGE(0));
	reg(lab, S2_ARM64_VTCR_EL2, 12 | 6 << 16 | 1ULL << 31 | 3ULL << 32);
	reg(lab, S2_ARM64_VTTBR_EL2, PAGE(1));
	assert_int_equal(ask(lab, S2_AT_S12E1R, 0x1000), S2_OK);
	assert_int_equal(lab->ret.outcome, S2_AT_FAULT);
	assert_int_equal(lab->ret.nsteps, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_and_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(missing, setup, teardown),
		cmocka_unit_test_setup_teardown(top_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(walks_that_are_switched_off, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_of_stage2, setup, teardown),
		cmocka_unit_test_setup_teardown(stage2_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(stage1_by_facts, setup, teardown),
		cmocka_unit_test_setup_teardown(contiguous_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(flags_of_table_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(level_minus_one, setup, teardown),
		cmocka_unit_test_setup_teardown(el2_regimes, setup, teardown),
		cmocka_unit_test_setup_teardown(stage1_off, setup, teardown),
		cmocka_unit_test_setup_teardown(big_endian, setup, teardown),
		cmocka_unit_test_setup_teardown(hardware_size, setup, teardown),
		cmocka_unit_test_setup_teardown(root_without_vttbr, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
