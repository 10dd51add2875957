// SPDX-License-Identifier: GPL-2.0-or-later
// The translate engine's permissions and memory attributes, with those that QEMU lacks: EPAN,
// S1PIE, S1POE, XS, MTE.
#include "translate_lab.h"
#include "decode/arm64/arm64.h"

static void pan(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF | UXN));
	put(lab, 3, 6, enc_page(ENC_48, 0x6000, AP(0) | AF)); /* EL1 data, EL0 may execute */
	put(lab, 3, 7, enc_page(ENC_48, 0x7000, AP(0) | AF | UXN));
	lab->req.pan = true;
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E1RP, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E1WP, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E1RP, 0x6000, 0x6000);
	/* SCTLR_EL1.EPAN: executable at EL0 counts as well. */
	reg(lab, S2_ARM64_SCTLR_EL1, 0x5 | 1ULL << 57);
	expect_fault(lab, S2_AT_S1E1RP, 0x6000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E1RP, 0x7000, 0x7000);
	lab->req.pan = false;
	expect_pa(lab, S2_AT_S1E1RP, 0x5000, 0x5000);
}

static void hierarchical(void **state)
{
	struct lab *lab = *state;
	uint64_t tcr = lab->req.regs.value[S2_ARM64_TCR_EL1];

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF));
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | 1ULL << 62); /* APTable: read-only below */
	expect_fault(lab, S2_AT_S1E0W, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E0R, 0x5000, 0x5000);
	expect_pa(lab, S2_AT_S1E1X, 0x5000,
		  0x5000); /* not writable at EL0 any more: PXN is not implied */
	put(lab, 0, 0, enc_table(ENC_48, PAGE(2)) | 1ULL << 61 | 1ULL << 60);
	expect_fault(lab, S2_AT_S1E0R, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E0X, 0x5000, FAULTED(0xf));
	put(lab, 0, 0, enc_table(ENC_48, PAGE(2)) | 1ULL << 59);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	reg(lab, S2_ARM64_TCR_EL1, tcr | 1ULL << 41); /* HPD0 */
	expect_pa(lab, S2_AT_S1E0W, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf)); /* writable at EL0 */
}

static void write_means_no_execute(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(0) | AF));
	put(lab, 3, 6, enc_page(ENC_48, 0x6000, AP(2) | AF));
	put(lab, 3, 7, enc_page(ENC_48, 0x7000, AP(2) | AF | DBM));
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	reg(lab, S2_ARM64_SCTLR_EL1, 0x5 | 1ULL << 19);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E1X, 0x6000, 0x6000);
	expect_pa(lab, S2_AT_S1E1X, 0x7000, 0x7000);
	/* Hardware dirty state: DBM makes it writable. */
	reg(lab, S2_ARM64_TCR_EL1, lab->req.regs.value[S2_ARM64_TCR_EL1] | 3ULL << 39);
	expect_fault(lab, S2_AT_S1E1X, 0x7000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E1W, 0x7000, 0x7000);
	expect_fault(lab, S2_AT_S1E1W, 0x6000, FAULTED(0xf));
}

static void attributes(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 1, enc_page(ENC_48, 0x1000, AP(1) | AF | ISH | INDEX(0)));
	put(lab, 3, 2, enc_page(ENC_48, 0x2000, AP(1) | AF | ISH | INDEX(1)));
	put(lab, 3, 3, enc_page(ENC_48, 0x3000, AP(1) | AF | ISH | INDEX(3)));
	expect_pa(lab, S2_AT_S1E1R, 0x1000, 0x1000);
	assert_int_equal(lab->ret.par, 0xff00000000001b80); /* WB, inner */
	expect_pa(lab, S2_AT_S1E1R, 0x2000, 0x2000);
	assert_int_equal(lab->ret.par, 0x4400000000002b00); /* NC is Outer Shareable */
	expect_pa(lab, S2_AT_S1E1R, 0x3000, 0x3000);
	assert_int_equal(lab->ret.par, 0x0400000000003b00); /* Device too */
	reg(lab, S2_ARM64_SCTLR_EL1, 0x1);                  /* C = 0 */
	expect_pa(lab, S2_AT_S1E1R, 0x1000, 0x1000);
	assert_int_equal(lab->ret.par, 0x4400000000001b00);
	/* MAIR_EL1 not given: the address is known, the attributes are not. */
	lab->req.regs.have &= ~(1ULL << S2_ARM64_MAIR_EL1);
	expect_pa(lab, S2_AT_S1E1R, 0x1000, 0x1000);
	assert_int_equal(lab->ret.par, 0x1a00);
	assert_int_equal(lab->ret.par_known, ~(0xffULL << 56 | 3ULL << 7));
}

static void features_xs_and_mte(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_MAIR_EL1, 0xf0a04001);
	for (unsigned int i = 0; i < 4; i++)
		put(lab, 3, i, enc_page(ENC_48, 0x1000, AP(1) | AF | ISH | INDEX(i)));
	static const uint8_t attr[4] = { 0x01, 0x40, 0xa0, 0xf0 };

	/* Nothing but the features has these bytes in MAIR_ELx: they tell that it is there. */
	for (unsigned int i = 0; i < 4; i++) {
		lab->req.features = i % 2 ? S2_AT_XS : 0;
		assert_int_equal(ask(lab, S2_AT_S1E1R, i * 4096), S2_OK);
		assert_int_equal(lab->ret.par >> 56, attr[i]);
	}
	/* Write-Back memory has XS attribute 0, which shows when stage 2 makes it Non-cacheable. */
	reg(lab, S2_ARM64_MAIR_EL1, 0xff);
	stage2(lab, 0);
	put(lab, 8, 0, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(5)));
	for (unsigned int i = 0; i < 2; i++) {
		lab->req.features = i ? S2_AT_XS : 0;
		assert_int_equal(ask(lab, S2_AT_S12E1R, 0), S2_OK);
		assert_int_equal(lab->ret.par >> 56, i ? 0x40 : 0x44);
	}
}

/* FEAT_MTE2: MAIR_ELx 0xf0 is Tagged; stage 2 may leave that, take it away, or with FEAT_MTE_PERM
 * keep the tags out of reach (S2ApplyFWBMemAttrs, EncodePARAttrs). */
static void tagged_memory(void **state)
{
	static const struct {
		unsigned int memattr;
		bool fwb;
		uint8_t attr;
		const char *name;
	} row[] = {
		{ 15, false, 0xf0, "normal-wb-tagged" }, { 10, false, 0xbb, "normal-wt" },
		{ 5, false, 0x44, "normal-nc" },         { 1, false, 0x04, "device-nGnRE" },
		{ 6, true, 0xf0, "normal-wb-tagged" },   { 7, true, 0xf0, "normal-wb-tagged" },
		{ 14, true, 0xe0, "normal-wb-notag" },   { 15, true, 0xe0, "normal-wb-notag" },
		{ 5, true, 0x44, "normal-nc" },          { 1, true, 0x04, "device-nGnRE" },
	};
	struct lab *lab = *state;

	reg(lab, S2_ARM64_MAIR_EL1, 0xf0);
	put(lab, 3, 5, enc_page(ENC_48, 0x80000000, AP(1) | AF | ISH | INDEX(0)));
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct s2_attr_value *memory, *sh;

		stage2(lab, row[i].fwb ? 1ULL << 46 : 0);
		put(lab, 8, 1,
		    enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(row[i].fwb ? 6 : 15)));
		put(lab, 8, 2,
		    enc_block(ENC_48, 0x80000000, S2RW | AF | ISH | MEMATTR(row[i].memattr)));
		expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x80000000);
		s2_at_memory(&lab->ret, &memory, &sh);
		if (lab->ret.par >> 56 != row[i].attr || strcmp(memory->text, row[i].name) != 0)
			fail_msg("row %zu: 0x%llx %s", i, (unsigned long long)lab->ret.par,
				 memory->text);
	}
	/* Tags that are not there cannot be out of reach. */
	reg(lab, S2_ARM64_MAIR_EL1, 0xff);
	put(lab, 8, 2, enc_block(ENC_48, 0x80000000, S2RW | AF | ISH | MEMATTR(15)));
	expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x80000000);
	assert_int_equal(lab->ret.par >> 56, 0xff);
}

static void combined_attributes(void **state)
{
	struct lab *lab = *state;
	static const struct {
		unsigned int index, memattr;
		bool fwb;
		uint8_t attr;
	} row[] = {
		{ 0, 15, false, 0xff }, { 0, 10, false, 0xbb }, { 0, 5, false, 0x44 },
		{ 1, 15, false, 0x44 }, { 2, 15, false, 0xbb }, { 3, 15, false, 0x04 },
		{ 3, 0, false, 0x00 },  { 3, 3, false, 0x04 },  { 0, 3, false, 0x0c },
		{ 0, 7, true, 0xff },   { 1, 7, true, 0x44 },   { 3, 7, true, 0x04 },
		{ 0, 6, true, 0xff },   { 1, 6, true, 0xff },   { 2, 6, true, 0xff },
		{ 3, 6, true, 0xff },   { 0, 5, true, 0x44 },   { 3, 5, true, 0x04 },
		{ 0, 1, true, 0x04 },   { 3, 3, true, 0x04 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		put(lab, 3, 5,
		    enc_page(ENC_48, 0x80000000, AP(1) | AF | ISH | INDEX(row[i].index)));
		stage2(lab, row[i].fwb ? 1ULL << 46 : 0);
		if (row[i].fwb)
			put(lab, 8, 1, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(6)));
		put(lab, 8, 2,
		    enc_block(ENC_48, 0x80000000, S2RW | AF | ISH | MEMATTR(row[i].memattr)));
		expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x80000000);
		if (lab->ret.par >> 56 != row[i].attr)
			fail_msg("row %zu: 0x%llx", i, (unsigned long long)lab->ret.par);
	}
	/* HCR_EL2 not given: stage 2 is taken as on, its attributes may mean two things. */
	lab->req.regs.have &= ~(1ULL << S2_ARM64_HCR_EL2);
	expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x80000000);
	assert_int_equal(lab->ret.par_known >> 56, 0);
}

static void indirection_and_overlays(void **state)
{
	struct lab *lab = *state;
	uint64_t leaf = enc_page(ENC_48, 0x5000, AF | UXN | 1ULL << 6); /* PIIndex 9 */

	put(lab, 3, 5, leaf);
	put(lab, 3, 6, leaf | 1ULL << 7);  /* nDirty */
	put(lab, 3, 7, leaf | 3ULL << 60); /* POIndex 3 */
	put(lab, 2, 0,
	    enc_table(ENC_48, PAGE(3)) | 0xf800000000000000); /* hierarchical bits do not count */
	reg(lab, S2_ARM64_TCR2_EL1, 1 << 1);
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0x5000), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "PIR_EL1"));
	reg(lab, S2_ARM64_PIR_EL1, 0x5ULL << 36);   /* EL1: read, write */
	reg(lab, S2_ARM64_PIRE0_EL1, 0x3ULL << 36); /* EL0: read, execute */
	expect_pa(lab, S2_AT_S1E1W, 0x5000, 0x5000);
	expect_pa(lab, S2_AT_S1E0R, 0x5000, 0x5000);
	expect_pa(lab, S2_AT_S1E0X, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E0W, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E1W, 0x6000, FAULTED(0xf) | 1 << 15); /* DirtyBit */
	lab->req.pan = true;
	expect_fault(lab, S2_AT_S1E1RP, 0x5000, FAULTED(0xf));
	lab->req.pan = false;
	/* Read, write, execute with WXN: not executable. */
	reg(lab, S2_ARM64_PIRE0_EL1, 0);
	reg(lab, S2_ARM64_PIR_EL1, 0x6ULL << 36);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	reg(lab, S2_ARM64_PIR_EL1, 0x7ULL << 36);
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	/* Writable at EL0 and executable at EL1: nothing is left. */
	reg(lab, S2_ARM64_PIRE0_EL1, 0x5ULL << 36);
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E0R, 0x5000, FAULTED(0xf));
	/* Overlay: EL1 may only read with index 3; index 0 grants nothing. */
	reg(lab, S2_ARM64_PIRE0_EL1, 0x1ULL << 36);
	reg(lab, S2_ARM64_TCR2_EL1, 1 << 1 | 1 << 3);
	reg(lab, S2_ARM64_POR_EL1, 0x1ULL << 12);
	expect_pa(lab, S2_AT_S1E1R, 0x7000, 0x5000);
	expect_fault(lab, S2_AT_S1E1W, 0x7000, FAULTED(0xf) | 1 << 14); /* Overlay */
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0xf) | 1 << 14);
	expect_pa(lab, S2_AT_S1E0R, 0x5000, 0x5000); /* E0POE is off */
	/* R, X and W are bits 0, 1 and 2; what has bit 3 is reserved, and grants nothing. */
	for (unsigned int overlay = 0; overlay < 16; overlay++) {
		static const enum s2_at_op ops[] = { S2_AT_S1E1R, S2_AT_S1E1X, S2_AT_S1E1W };

		reg(lab, S2_ARM64_POR_EL1, (uint64_t)overlay << 12);
		for (unsigned int bit = 0; bit < 3; bit++)
			if (overlay < 8 && overlay & 1U << bit)
				expect_pa(lab, ops[bit], 0x7000, 0x5000);
			else
				expect_fault(lab, ops[bit], 0x7000, FAULTED(0xf) | 1 << 14);
	}
	/* Overlays count for values below 8, of which 0 grants nothing and 4 is reserved. */
	for (uint64_t value = 0; value < 8; value += value == 3 ? 2 : 1) {
		reg(lab, S2_ARM64_PIR_EL1, value << 36);
		expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0xf) | 1 << 14);
	}
	reg(lab, S2_ARM64_PIR_EL1, 0xbULL << 36);
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0xf));
	reg(lab, S2_ARM64_POR_EL1, 0x1ULL << 12);
	reg(lab, S2_ARM64_PIR_EL1, 0xcULL << 36); /* no overlay for this one */
	expect_pa(lab, S2_AT_S1E1W, 0x5000, 0x5000);
}

/* AArch64.S1ComputePermissions: with an overlay that leaves execution, WXN takes the overlay's
 * write. */
static void wxn_with_overlay(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(0) | AF | 1ULL << 60)); /* POIndex 1 */
	put(lab, 3, 6, enc_page(ENC_48, 0x6000, AP(0) | AF | 2ULL << 60));
	put(lab, 3, 7, enc_page(ENC_48, 0x7000, AP(2) | AF | 1ULL << 60)); /* read-only */
	reg(lab, S2_ARM64_SCTLR_EL1, 0x5 | 1ULL << 19);
	reg(lab, S2_ARM64_TCR2_EL1, 1 << 3);
	reg(lab, S2_ARM64_POR_EL1, 0x570); /* 1: RWX, 2: RW */
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E1W, 0x5000, FAULTED(0xf) | 1 << 14);
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E1X, 0x6000, FAULTED(0xf) | 1 << 14);
	expect_pa(lab, S2_AT_S1E1W, 0x6000, 0x6000);
	expect_pa(lab, S2_AT_S1E1X, 0x7000, 0x7000);
	expect_fault(lab, S2_AT_S1E1W, 0x7000, FAULTED(0xf));
	/* Without the overlay, execution goes. */
	reg(lab, S2_ARM64_TCR2_EL1, 0);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E1W, 0x5000, 0x5000);
}

/* AArch64.S1IndirectBasePermissions: PIR 6 stays WXN when a writable PIRE0 leaves it no permission.
 */
static void wxn_outlives_permissions(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AF | 1ULL << 60)); /* PIIndex 0, POIndex 1 */
	reg(lab, S2_ARM64_TCR2_EL1, 1 << 1 | 1 << 3);
	reg(lab, S2_ARM64_POR_EL1, 0x70); /* all */
	reg(lab, S2_ARM64_PIR_EL1, 6);
	reg(lab, S2_ARM64_PIRE0_EL1, 5);
	expect_fault(lab, S2_AT_S1E1W, 0x5000, FAULTED(0xf) | 1 << 14);
	expect_fault(lab, S2_AT_S1E1R, 0x5000, FAULTED(0xf));
	reg(lab, S2_ARM64_PIR_EL1, 7);
	expect_fault(lab, S2_AT_S1E1W, 0x5000, FAULTED(0xf));
}

/* HCR_EL2.{NV,NV1} = {1,1}: AArch64.S1ApplyOutputPerms, S1ApplyTablePerms. */
static void nested_without_el0(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5,
	    enc_page(ENC_48, 0x5000, AP(1) | AF | PXN)); /* AP[1] and bit 53 are nothing */
	put(lab, 3, 6, enc_page(ENC_48, 0x6000, AP(3) | AF | UXN));
	reg(lab, S2_ARM64_HCR_EL2, 3ULL << 42);
	lab->req.pan = true;
	expect_pa(lab, S2_AT_S1E1WP, 0x5000, 0x5000);
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	expect_fault(lab, S2_AT_S1E0R, 0x5000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E0W, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E0X, 0x6000, 0x6000);
	expect_fault(lab, S2_AT_S1E1X, 0x6000, FAULTED(0xf));
	expect_fault(lab, S2_AT_S1E1W, 0x6000, FAULTED(0xf));
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | 1ULL << 61 | 1ULL << 59); /* nothing as well */
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | 1ULL << 60); /* PXNTable */
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E0X, 0x5000, 0x5000);
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | 1ULL << 62); /* APTable[1] */
	expect_fault(lab, S2_AT_S1E1W, 0x5000, FAULTED(0xf));
	/* PIRE0_EL1 and TCR2_EL1.E0POE do not count. */
	reg(lab, S2_ARM64_TCR2_EL1, 1 << 1 | 1 << 2);
	reg(lab, S2_ARM64_PIR_EL1, 0x7777777777777777);
	expect_pa(lab, S2_AT_S1E1X, 0x5000, 0x5000);
	/* NV1 without NV is the implementation's choice; NV alone changes nothing. */
	reg(lab, S2_ARM64_TCR2_EL1, 0);
	reg(lab, S2_ARM64_HCR_EL2, 1ULL << 43);
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0x5000), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "HCR_EL2.NV1"));
	reg(lab, S2_ARM64_HCR_EL2, 1ULL << 42);
	expect_fault(lab, S2_AT_S1E1X, 0x5000, FAULTED(0xf));
	expect_pa(lab, S2_AT_S1E0R, 0x5000, 0x5000);
}

static void attribute_index_extension(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_TCR2_EL1, 1 << 4);
	assert_int_equal(ask(lab, S2_AT_S1E1R, 0x5000), S2_INVALID);
	assert_non_null(strstr(lab->err.text, "TCR2_EL1.AIE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pan, setup, teardown),
		cmocka_unit_test_setup_teardown(hierarchical, setup, teardown),
		cmocka_unit_test_setup_teardown(write_means_no_execute, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(features_xs_and_mte, setup, teardown),
		cmocka_unit_test_setup_teardown(tagged_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(combined_attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(indirection_and_overlays, setup, teardown),
		cmocka_unit_test_setup_teardown(wxn_with_overlay, setup, teardown),
		cmocka_unit_test_setup_teardown(wxn_outlives_permissions, setup, teardown),
		cmocka_unit_test_setup_teardown(nested_without_el0, setup, teardown),
		cmocka_unit_test_setup_teardown(attribute_index_extension, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
