// SPDX-License-Identifier: GPL-2.0-or-later
// Stage 1: every TxSZ of every granule in both halves, every address bit alone, table bases,
// walking the upper half.
#include "decode/merge.h"
#include "decode/arm64/arm64.h"
#include "enc.h"
#include "memtable.h"
#include "stage1_lab.h"

/* TxSZ by start level: the Arm ARM's tables of stage 1 lookup levels (D8.2.7), 4K, 16K, 64K. */
static const struct {
	unsigned int page_log2;
	int level;
	unsigned int tsz_min, tsz_max;
} levels[] = {
	{ 12, -1, 12, 15 }, { 12, 0, 16, 24 }, { 12, 1, 25, 33 }, { 12, 2, 34, 42 },
	{ 12, 3, 43, 48 },  { 14, 0, 12, 16 }, { 14, 1, 17, 27 }, { 14, 2, 28, 38 },
	{ 14, 3, 39, 48 },  { 16, 1, 12, 21 }, { 16, 2, 22, 34 }, { 16, 3, 35, 47 },
};

static int level_of(unsigned int page_log2, unsigned int tsz)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (levels[i].page_log2 == page_log2 && tsz >= levels[i].tsz_min &&
		    tsz <= levels[i].tsz_max)
			return levels[i].level;
	return -9;
}

static void check_size(unsigned int page_log2, unsigned int tsz, int ds, bool el2, bool upper)
{
	const struct s2_arch *arch = el2 ? &s2_arm64_stage1_el2 : &s2_arm64_stage1_el1;
	uint64_t tcr = el2 ? tcr_el2(page_log2, tsz, 5, ds) : tcr_el1(page_log2, tsz, 5, ds);
	int level = level_of(page_log2, tsz);
	struct s2_geometry geom;
	struct s2_err err;
	enum s2_code code =
		shape(arch, el2 ? S2_ARM64_TCR_EL2 : S2_ARM64_TCR_EL1, tcr, upper, &geom, &err);
	unsigned int below;

	if (level == -9 || (tsz < 16 && page_log2 != 16 && !ds)) {
		assert_int_equal(code, S2_INVALID);
		assert_non_null(strstr(err.text, upper ? "T1SZ" : "T0SZ"));
		return;
	}
	if (code)
		fail_msg("TCR 0x%llx refused: %s", (unsigned long long)tcr, err.text);
	below = page_log2 + (unsigned int)(3 - level) * (page_log2 - 3);
	assert_int_equal(geom.page_log2, page_log2);
	assert_int_equal(geom.ia_bits, 64 - tsz);
	assert_int_equal(s2_level(&geom, geom.top), level);
	assert_int_equal(geom.start_tables, 1);
	assert_int_equal(geom.start_size, 8ULL << (64 - tsz - below));
	assert_true(geom.start_size <= 1ULL << page_log2);
	assert_int_equal(geom.ia_base, upper ? ~0ULL << (64 - tsz) : 0);
	assert_int_equal(!!(geom.flags & S2_G_LPA2), ds);
	assert_int_equal(!!(geom.flags & S2_G_TWO_EL), !el2);
	assert_int_equal(!!(geom.odd & S2_GODD_TTST), tsz > 39);
}

static void every_size(void **state)
{
	static const unsigned int granules[] = { 12, 14, 16 };

	(void)state;
	for (size_t g = 0; g < ARRAY_SIZE(granules); g++)
		for (int ds = 0; ds < (granules[g] == 16 ? 1 : 2); ds++)
			for (unsigned int tsz = 0; tsz < 64; tsz++) {
				check_size(granules[g], tsz, ds, false, false);
				check_size(granules[g], tsz, ds, false, true);
				check_size(granules[g], tsz, ds, true, false);
			}
}

static void halves_have_their_own_granule(void **state)
{
	/* TG0 4K with 39 bits, TG1 64K with 42; DS counts for the 4K half only. */
	uint64_t tcr = 25 | 22ULL << 16 | 0ULL << 14 | 3ULL << 30 | 6ULL << 32 | 1ULL << 59 |
		       2ULL << 41;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr, false, &geom, &err),
			 S2_OK);
	assert_int_equal(geom.page_log2, 12);
	assert_int_equal(geom.ia_bits, 39);
	assert_int_equal(geom.oa_bits, 52);
	assert_true(geom.flags & S2_G_LPA2);
	assert_false(geom.flags & (S2_G_HPD | S2_G_UPPER));
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr, true, &geom, &err),
			 S2_OK);
	assert_int_equal(geom.page_log2, 16);
	assert_int_equal(geom.ia_bits, 42);
	assert_false(geom.flags & S2_G_LPA2);
	assert_true(geom.flags & S2_G_LPA);
	assert_true(geom.flags & S2_G_HPD);
	assert_true(geom.flags & S2_G_UPPER);
}

static void el2_with_e2h_has_the_el1_layout(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	s2_regime_init(&regime, &s2_arm64_stage1_el2);
	s2_regime_set(&regime, S2_ARM64_TCR_EL2, tcr_el1(14, 17, 4, 0));
	s2_regime_set(&regime, S2_ARM64_HCR_EL2, 1ULL << 34);
	s2_regime_set(&regime, S2_ARM64_UPPER, true);
	s2_err_init(&err);
	assert_int_equal(s2_arm64_stage1_el2.shape(&regime, &geom, &err), S2_OK);
	assert_int_equal(geom.page_log2, 14);
	assert_int_equal(geom.oa_bits, 44);
	assert_int_equal(geom.ia_base, ~0ULL << 47);
	assert_true(geom.flags & S2_G_TWO_EL);
	/* Without E2H there is no upper half. */
	s2_regime_set(&regime, S2_ARM64_HCR_EL2, 0);
	assert_int_equal(s2_arm64_stage1_el2.shape(&regime, &geom, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "E2H"));
}

static void refused(void **state)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, 25 | 3ULL << 14, false,
			       &geom, &err),
			 S2_INVALID);
	assert_non_null(strstr(err.text, "TG0 is 3"));
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, 25ULL << 16, true, &geom,
			       &err),
			 S2_INVALID);
	assert_non_null(strstr(err.text, "TG1 is 0"));
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 7, 0), false,
			       &geom, &err),
			 S2_INVALID);
	assert_non_null(strstr(err.text, "PS is 7"));
	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
	s2_regime_set(&regime, S2_ARM64_TCR2_EL1, 1ULL << 5);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "D128"));
	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "TCR_EL1"));
}

/* The facts that a Linux kernel leaves in VMCOREINFO, without a register. */
static void from_claims(void **state)
{
	static const struct {
		uint64_t granule;
		unsigned int ia_bits;
		enum s2_tristate lpa2;
		int level;
		unsigned int oa_bits;
	} linux_va[] = {
		{ 4096, 39, S2_NO, 1, 48 },   { 4096, 48, S2_NO, 0, 48 },
		{ 4096, 52, S2_YES, -1, 52 }, { 16384, 36, S2_NO, 2, 48 },
		{ 16384, 47, S2_NO, 1, 48 },  { 16384, 48, S2_NO, 0, 48 },
		{ 16384, 52, S2_YES, 0, 52 }, { 65536, 42, S2_NO, 2, 52 },
		{ 65536, 48, S2_NO, 1, 52 },  { 65536, 52, S2_NO, 1, 52 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(linux_va); i++) {
		struct s2_regime regime;
		struct s2_geometry geom;
		struct s2_err err;

		s2_regime_init(&regime, &s2_arm64_stage1_el1);
		s2_regime_set(&regime, S2_ARM64_GRANULE, linux_va[i].granule);
		s2_regime_set(&regime, S2_ARM64_IA_BITS, linux_va[i].ia_bits);
		s2_regime_set_flag(&regime, S2_ARM64_LPA2, linux_va[i].lpa2);
		s2_regime_set(&regime, S2_ARM64_UPPER, true);
		s2_err_init(&err);
		assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
		assert_int_equal(s2_level(&geom, geom.top), linux_va[i].level);
		assert_int_equal(geom.oa_bits, linux_va[i].oa_bits);
		assert_int_equal(geom.ia_base, ~0ULL << linux_va[i].ia_bits);
		s2_regime_set(&regime, S2_ARM64_IA_BITS, 53);
		assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_INVALID);
	}
}

static void roots(void **state)
{
	static const struct {
		uint64_t tcr, ttbr, root;
		enum s2_code code;
	} row[] = {
		{ 0 /* 4K, 39 bits, and an ASID */, 0xffff000041234001, 0x41234000, S2_OK },
		{ 0, 0x41234800, 0, S2_INVALID },
		{ 0 /* the lowest bit of BADDR */, 0x41234002, 0, S2_INVALID },
		{ 1 /* 4K, 36 bits, level 1 with 64 entries */, 0x41234200, 0x41234200, S2_OK },
		{ 1, 0x41234100, 0, S2_INVALID },
		{ 2 /* 64K, 52 bits, PS 52: 8 KiB */, 0xab0041230014, 0x5ab0041230000, S2_OK },
		{ 2, 0xab0041232014, 0x5ab0041232000, S2_OK },
		{ 2, 0xab0041231014, 0, S2_INVALID },
		{ 3 /* 64K, 52 bits, PS 48 */, 0xab0041232004, 0, S2_INVALID },
		{ 4 /* 4K, DS, 52 bits: level -1, 16 entries */, 0xab00412340bc, 0xfab0041234080,
		  S2_OK },
		{ 5 /* 4K, DS, 49 bits: 2 entries, still 64 bytes */, 0xab00412340c0,
		  0xab00412340c0, S2_OK },
		{ 6 /* 4K, 16 bits: 16 entries */, 0x41234080, 0x41234080, S2_OK },
		{ 0 /* all that PS=5 allows */, 0x0000ffffffff0000, 0xffffffff0000, S2_OK },
	};
	uint64_t tcr[7];

	(void)state;
	tcr[0] = tcr_el1(12, 25, 5, 0);
	tcr[1] = tcr_el1(12, 28, 5, 0);
	tcr[2] = tcr_el1(16, 12, 6, 0);
	tcr[3] = tcr_el1(16, 12, 5, 0);
	tcr[4] = tcr_el1(12, 12, 6, 1);
	tcr[5] = tcr_el1(12, 15, 6, 1);
	tcr[6] = tcr_el1(12, 48, 5, 0);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct s2_geometry geom;
		struct s2_err err;
		uint64_t root = 0;
		enum s2_code code;

		assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr[row[i].tcr],
				       false, &geom, &err),
				 S2_OK);
		code = s2_arm64_ttbr_root(&geom, row[i].ttbr, &root, &err);
		if (code != row[i].code)
			fail_msg("row %zu: %s", i, err.text);
		if (!row[i].code)
			assert_int_equal(root, row[i].root);
	}
}

/* Each output address bit alone, in leaves and tables, at every level of every format. */
static void address_bits(void **state)
{
	static const struct {
		unsigned int page_log2;
		int ds;
		enum enc_layout layout;
		unsigned int bits;
	} format[] = {
		{ 12, 0, ENC_48, 48 },   { 12, 1, ENC_LPA2, 52 }, { 14, 0, ENC_48, 48 },
		{ 14, 1, ENC_LPA2, 52 }, { 16, 0, ENC_LPA, 52 },
	};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(format); f++) {
		unsigned int page = format[f].page_log2, stride = page - 3;
		struct s2_geometry geom;
		struct s2_err err;

		assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
				       tcr_el1(page, 16, 6, format[f].ds), true, &geom, &err),
				 S2_OK);
		for (unsigned int height = 0; height <= 3; height++) {
			unsigned int size = page + height * stride;
			bool leaf = height < 2 || (height == 2 && (page != 14 || format[f].ds)) ||
				    (height == 3 && page == 12 && format[f].ds);

			if (size > 47)
				break;
			for (unsigned int bit = 12; bit < format[f].bits; bit++) {
				uint64_t oa = 1ULL << bit;
				struct s2_entry entry;

				if (bit >= size && leaf) {
					uint64_t raw =
						height ? enc_block(format[f].layout, oa, 0x400) :
							 enc_page(format[f].layout, oa, 0x400);

					s2_arm64_stage1_el1.decode(&geom, height, raw, &entry);
					assert_int_equal(entry.type, height ? S2_BLOCK : S2_PAGE);
					assert_int_equal(entry.oa, oa);
					assert_int_equal(entry.odd & ~(uint32_t)S2_ODD_NEEDS_PA52,
							 0);
				}
				if (bit >= page && height) {
					s2_arm64_stage1_el1.decode(&geom, height,
								   enc_table(format[f].layout, oa),
								   &entry);
					assert_int_equal(entry.type, S2_TABLE);
					assert_int_equal(entry.oa, oa);
					assert_int_equal(entry.odd, 0);
				}
			}
			if (height && !leaf) {
				struct s2_entry entry;

				s2_arm64_stage1_el1.decode(&geom, height, 0x401, &entry);
				assert_int_equal(entry.type, S2_RESERVED_ENTRY);
			}
		}
	}
}

/* Every word at every height has an answer, and the key holds all that the answer depends on. */
static void total(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned int form = 0; form < 6; form++) {
		unsigned int page = form < 2 ? 12 : form < 4 ? 14 : 16;
		struct s2_geometry geom;
		struct s2_err err;

		assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
				       tcr_el1(page, 16, form % 4, page != 16 && (form & 1)), true,
				       &geom, &err),
				 S2_OK);
		for (unsigned int i = 0; i < 200000; i++) {
			unsigned int height = i % (geom.top + 1U);
			struct s2_entry a, b;
			uint64_t key, other;

			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			other = (seed ^ seed >> 29) * 0xbf58476d1ce4e5b9ULL;
			s2_arm64_stage1_el1.decode(&geom, height, other, &a);
			assert_int_equal(a.type == S2_TABLE,
					 s2_arm64_stage1_el1.is_table(&geom, height, other));
			assert_int_equal(s2_is_leaf(a.type),
					 s2_arm64_stage1_el1.is_leaf(&geom, height, other));
			key = s2_arm64_stage1_el1.key_mask(&geom, height, other);
			s2_arm64_stage1_el1.decode(&geom, height, (other & key) | (~other & ~key),
						   &b);
			assert_int_equal(a.type, b.type);
			assert_int_equal(a.odd, b.odd);
		}
	}
}

/* A kernel's half is walked like any other table: addresses are sign-extended, and the last one is
 * 2^64 - 1. */
static void upper_half_walk(void **state)
{
	static uint64_t page[2][512];
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_merge merge;
	struct s2_walk *walk = malloc(sizeof(*walk));
	struct memtable mem;
	struct s2_err err;
	struct s2_run run;
	unsigned int leaves = 0;

	(void)state;
	assert_non_null(walk);
	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 39);
	s2_regime_set(&regime, S2_ARM64_UPPER, true);
	s2_err_init(&err);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	page[0][0] = enc_table(ENC_48, 0x40001000);
	page[0][511] = enc_block(ENC_48, 0x80000000, 0x400);
	page[1][3] = enc_block(ENC_48, 0x40600000, 0x400);
	memtable_init(&mem, page, 0x40000000, sizeof(page));
	s2_walk_init(walk, &geom, &mem.mem, 0x40000000);
	s2_merge_init(&merge, walk, S2_MERGE_ATTRS, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run)) {
		if (!s2_is_leaf(run.entry.type))
			continue;
		assert_int_equal(run.ia, leaves ? 0xffffffffc0000000 : 0xffffff8000600000);
		assert_int_equal(run.size, leaves ? 0x40000000 : 0x200000);
		leaves++;
	}
	assert_int_equal(leaves, 2);
	assert_int_equal(run.ia + run.size, 0);
	free(walk);
}

/* What would change the meaning of descriptors is refused by name, and not passed over. */
static void refuses_by_name(void **state)
{
	static const struct {
		enum s2_arm64_claim reg;
		uint64_t value;
		const char *name;
	} row[] = {
		{ S2_ARM64_TCR2_EL1, 1 << 0, "PnCH" },   { S2_ARM64_TCR2_EL1, 1 << 4, "AIE" },
		{ S2_ARM64_TCR2_EL1, 1 << 5, "D128" },   { S2_ARM64_SCTLR_EL1, 1 << 25, "EE" },
		{ S2_ARM64_HCR_EL2, 3ULL << 42, "NV1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct s2_regime regime;
		struct s2_geometry geom;
		struct s2_err err;

		s2_err_init(&err);
		s2_regime_init(&regime, &s2_arm64_stage1_el1);
		s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
		assert_int_equal(regime.arch->shape(&regime, &geom, &err), S2_OK);
		s2_regime_set(&regime, row[i].reg, row[i].value);
		assert_int_equal(regime.arch->shape(&regime, &geom, &err), S2_INVALID);
		assert_non_null(strstr(err.text, row[i].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_by_name),
		cmocka_unit_test(every_size),
		cmocka_unit_test(halves_have_their_own_granule),
		cmocka_unit_test(el2_with_e2h_has_the_el1_layout),
		cmocka_unit_test(refused),
		cmocka_unit_test(from_claims),
		cmocka_unit_test(roots),
		cmocka_unit_test(address_bits),
		cmocka_unit_test(total),
		cmocka_unit_test(upper_half_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
