// SPDX-License-Identifier: GPL-2.0-or-later
// Claims to geometry at both stages: every size beside every granule, each field of the registers
// alone, each bit of a leaf alone, and what contradicts what.
#include "enc.h"
#include "decode/arm64/arm64.h"
#include "stage1_lab.h"

#define MAX_BITS 70

static const unsigned int page_of[] = { 12, 14, 16 };
static const char *const size_of[] = { "4K", "16K", "64K" };

static void expect_refused(enum s2_code code, const struct s2_err *err, const char *word)
{
	enum s2_code want = strcmp(word, "not known") ? S2_INVALID : S2_NOTFOUND;

	if (code != want || !strstr(err->text, word))
		fail_msg("code %d, '%s' has no '%s'", (int)code, err->text, word);
}

/* Sizes without a register. */
static void claim(struct s2_regime *regime, const struct s2_arch *arch, unsigned int granule,
		  unsigned int ia_bits, unsigned int oa_bits, bool lpa2)
{
	s2_regime_init(regime, arch);
	s2_regime_set(regime, S2_ARM64_GRANULE, 1ULL << granule);
	s2_regime_set(regime, S2_ARM64_IA_BITS, ia_bits);
	s2_regime_set(regime, S2_ARM64_OA_BITS, oa_bits);
	s2_regime_set_flag(regime, S2_ARM64_LPA2, lpa2 ? S2_YES : S2_UNKNOWN);
}

/* Stage 1 (D8.2.7): 16 bits, 17 with 64K, to 48, 52 with LPA2 or 64K; outputs from 32 on. */
static void stage1_claims(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < 3; g++)
		for (unsigned int ia = 1; ia < MAX_BITS; ia++)
			for (unsigned int oa = 0; oa < MAX_BITS; oa++)
				for (int lpa2 = 0; lpa2 < 2; lpa2++) {
					unsigned int most = lpa2 || g == 2 ? 52 : 48;
					bool in = ia >= (g == 2 ? 17 : 16) && ia <= most;
					bool out = !oa || (oa >= 32 && oa <= most);
					struct s2_regime regime;
					struct s2_geometry geom;
					struct s2_err err;
					enum s2_code code;

					claim(&regime, &s2_arm64_stage1_el1, page_of[g], ia, oa,
					      lpa2);
					s2_err_init(&err);
					code = regime.arch->shape(&regime, &geom, &err);
					if (lpa2 && g == 2)
						expect_refused(code, &err, "LPA2");
					else if (!in)
						expect_refused(code, &err, "input bits");
					else if (!out)
						expect_refused(code, &err, "output bits");
					else
						assert_int_equal(code, S2_OK);
					if (code && g < 2)
						assert_non_null(strstr(err.text, size_of[g]));
					if (code)
						continue;
					assert_int_equal(geom.oa_bits, oa ? oa : most);
					assert_int_equal(geom.ia_bits, ia);
					assert_int_equal(geom.odd, 0);
					assert_int_equal(geom.sh, 3); /* Linux: TCR_SHARED */
				}
}

/* kvm_get_vtcr(): levels of a table 16 times as small, but at least two
 * (arch/arm64/kvm/hyp/pgtable.c, ARM64_HW_PGTABLE_LEVELS). */
static int kvm_start_level(unsigned int granule, unsigned int ia_bits)
{
	int levels = ((int)ia_bits - 4 - 4) / ((int)granule - 3);

	return 4 - (levels < 2 ? 2 : levels);
}

static void stage2_claims(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < 3; g++)
		for (unsigned int ia = 32; ia < MAX_BITS; ia++)
			for (unsigned int oa = 0; oa <= 52; oa += 4)
				for (int lpa2 = 0; lpa2 < 2; lpa2++) {
					unsigned int most = lpa2 || g == 2 ? 52 : 48;
					struct s2_regime regime;
					struct s2_geometry geom;
					struct s2_err err;
					enum s2_code code;

					claim(&regime, &s2_arm64_stage2, page_of[g], ia, oa, lpa2);
					s2_err_init(&err);
					code = regime.arch->shape(&regime, &geom, &err);
					if (lpa2 && g == 2) {
						expect_refused(code, &err, "LPA2");
						continue;
					}
					if (ia > most) {
						expect_refused(code, &err,
							       ia > 52 ? "" : "input bits");
						if (ia <= 52)
							assert_non_null(
								strstr(err.text, size_of[g]));
						continue;
					}
					if (oa > most) {
						expect_refused(code, &err, "output bits");
						assert_non_null(strstr(err.text, size_of[g]));
						continue;
					}
					assert_int_equal(code, S2_OK);
					assert_int_equal(geom.oa_bits, oa ? oa : most);
					assert_int_equal(s2_level(&geom, geom.top),
							 kvm_start_level(page_of[g], ia));
					assert_int_equal(!!(geom.odd & S2_GODD_IA_OVER_OA),
							 ia > geom.oa_bits);
				}
}

/* A start level that is claimed: its own sizes, 1 bit to 16 tables, and where it exists at all
 * (D8.2.8). */
static void stage2_start_levels(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < 3; g++)
		for (int level = -1; level <= 3; level++)
			for (unsigned int ia = 1; ia <= 52; ia++)
				for (int lpa2 = 0; lpa2 < (g == 2 ? 1 : 2); lpa2++) {
					unsigned int page = page_of[g];
					unsigned int below =
						page + (unsigned int)(3 - level) * (page - 3);
					bool exists = level > 0 || (level == 0 && g == 0) ||
						      (level == 0 && g == 1 && lpa2) ||
						      (level == -1 && g == 0 && lpa2);
					bool fits = ia > below && ia <= below + page - 3 + 4;
					struct s2_regime regime;
					struct s2_geometry geom;
					struct s2_err err;
					enum s2_code code;

					if (ia > 48 && g != 2 && !lpa2)
						continue;
					claim(&regime, &s2_arm64_stage2, page, ia, 0, lpa2);
					s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, level);
					s2_err_init(&err);
					code = regime.arch->shape(&regime, &geom, &err);
					if (!exists || !fits) {
						expect_refused(code, &err, "start level");
						continue;
					}
					assert_int_equal(code, S2_OK);
					assert_int_equal(geom.start_size, 8ULL << (ia - below));
					assert_int_equal(geom.start_tables,
							 ia > below + page - 3 ?
								 1U << (ia - below - (page - 3)) :
								 1U);
					/* FEAT_TTST: small inputs, and level 3 with 4K. */
					assert_int_equal(!!(geom.odd & S2_GODD_TTST),
							 ia < 25 || (g == 0 && level == 3));
				}
}

/* For a descriptor alone, sizes that nobody gives are such as go with the start level: each that
 * there is, and no other. */
static void assumed_sizes(void **state)
{
	static const struct s2_arch *const archs[] = { &s2_arm64_stage2, &s2_arm64_stage1_el1,
						       &s2_arm64_stage1_el2 };

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (unsigned int g = 0; g < 3; g++)
			for (int level = -2; level <= 3; level++)
				for (int lpa2 = 0; lpa2 < (g == 2 ? 1 : 2); lpa2++) {
					unsigned int page = page_of[g];
					unsigned int most = level == -1 ? 52 : 48;
					unsigned int full =
						page + (unsigned int)(4 - level) * (page - 3);
					bool exists = level > 0 || level == -2 ||
						      (level == 0 && g == 0) ||
						      (level == 0 && g == 1 && (a || lpa2)) ||
						      (level == -1 && g == 0 && lpa2);
					struct s2_regime regime;
					struct s2_geometry geom;

					claim(&regime, archs[a], page, 0, 0, lpa2);
					s2_regime_clear(&regime, S2_ARM64_IA_BITS);
					s2_regime_clear(&regime, S2_ARM64_OA_BITS);
					if (!g)
						s2_regime_clear(&regime, S2_ARM64_GRANULE);
					if (level != -2)
						s2_regime_set_level(&regime, S2_ARM64_START_LEVEL,
								    level);
					regime.arch->assume(&regime);
					assert_int_equal(regime.arch->shape(&regime, &geom, NULL),
							 exists ? S2_OK : S2_INVALID);
					if (!exists)
						continue;
					assert_int_equal(geom.page_log2, page);
					assert_int_equal(geom.ia_bits, full < most ? full : most);
				}
}

/* What was given stays, and of a register nothing is assumed. */
static void nothing_assumed(void **state)
{
	struct s2_regime regime, before;

	(void)state;
	claim(&regime, &s2_arm64_stage2, 16, 35, 0, false);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 2);
	before = regime;
	regime.arch->assume(&regime);
	assert_memory_equal(&regime, &before, sizeof(regime));
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, 0x80023558);
	before = regime;
	regime.arch->assume(&regime);
	assert_memory_equal(&regime, &before, sizeof(regime));
	/* Of a granule that there is not, that is what is said. */
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 8192);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 2);
	regime.arch->assume(&regime);
	assert_int_equal(regime.value[S2_ARM64_IA_BITS], 48);
}

/* AArch64.S2InvalidSL: start levels that need more physical bits than PS gives. */
static void start_levels_and_output_sizes(void **state)
{
	static const struct {
		unsigned int granule, sl0, t0sz, least;
	} row[] = {
		{ 12, 2, 24, 44 }, { 12, 1, 25, 0 },  { 14, 2, 24, 42 },
		{ 14, 1, 28, 0 },  { 16, 2, 21, 44 }, { 16, 1, 24, 0 },
	};
	static const unsigned int ps_bits[] = { 32, 36, 40, 42, 44, 48 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		for (uint64_t ps = 0; ps < ARRAY_SIZE(ps_bits); ps++) {
			uint64_t vtcr = 1ULL << 31 | ps << 16 |
					(uint64_t)tg0(row[i].granule) << 14 | row[i].sl0 << 6 |
					row[i].t0sz;
			struct s2_geometry geom;
			struct s2_err err;

			/* T0SZ of level 0 begins at 16 + 9 bits less. */
			if (row[i].granule == 12 && row[i].sl0 == 2)
				vtcr = (vtcr & ~0x3fULL) | 20;
			assert_int_equal(shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2, vtcr, false,
					       &geom, &err),
					 S2_OK);
			assert_int_equal(!!(geom.odd & S2_GODD_SL_PA), ps_bits[ps] < row[i].least);
		}
}

/* Each bit of TCR_EL1's halves and of TCR_EL2 alone (D23.2). */
static void tcr_fields(void **state)
{
	static const struct {
		bool two, upper;
		int tsz, epd, sh, tg, ps, tbi, ha, hd, hpd, hwu, tbid, e0pd, ds; /* lowest bits */
	} layout[] = {
		{ true, false, 0, 7, 12, 14, 32, 37, 39, 40, 41, 43, 51, 55, 59 },
		{ true, true, 16, 23, 28, 30, 32, 38, 39, 40, 42, 47, 52, 56, 59 },
		{ false, false, 0, -1, 12, 14, 16, 20, 21, 22, 24, 25, 29, -1, 32 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layout); i++)
		for (int bit = 0; bit < 64; bit++) {
			struct s2_tcr tcr =
				s2_arm64_tcr(1ULL << bit, layout[i].two, layout[i].upper);
			int tsz = bit - layout[i].tsz, sh = bit - layout[i].sh;
			int tg = bit - layout[i].tg, ps = bit - layout[i].ps;
			int hwu = bit - layout[i].hwu;

			assert_int_equal(tcr.tsz, tsz >= 0 && tsz < 6 ? 1 << tsz : 0);
			assert_int_equal(tcr.sh, sh >= 0 && sh < 2 ? 1 << sh : 0);
			assert_int_equal(tcr.tg, tg >= 0 && tg < 2 ? 1 << tg : 0);
			assert_int_equal(tcr.ps, ps >= 0 && ps < 3 ? 1 << ps : 0);
			assert_int_equal(tcr.hwu, hwu >= 0 && hwu < 4 ? 1 << hwu : 0);
			assert_int_equal(tcr.epd, bit == layout[i].epd);
			assert_int_equal(tcr.tbi, bit == layout[i].tbi);
			assert_int_equal(tcr.ha, bit == layout[i].ha);
			assert_int_equal(tcr.hd, bit == layout[i].hd);
			assert_int_equal(tcr.hpd, bit == layout[i].hpd);
			assert_int_equal(tcr.tbid, bit == layout[i].tbid);
			assert_int_equal(tcr.e0pd, bit == layout[i].e0pd);
			assert_int_equal(tcr.ds, bit == layout[i].ds);
		}
}

/* What the flags of TCR_EL1 make of the geometry. */
static void tcr_flags(void **state)
{
	static const struct {
		uint64_t bits;
		uint32_t flags, odd;
	} row[] = {
		{ 0, 0, 0 },
		{ 1ULL << 39, S2_G_HA, 0 },
		{ 1ULL << 40, 0, S2_GODD_HD_NO_HA },
		{ 3ULL << 39, S2_G_HA | S2_G_HD, 0 },
		{ 1ULL << 41, S2_G_HPD, 0 },
		{ 1ULL << 43, 0, 0 }, /* HWU counts with HPD only */
		{ 1ULL << 43 | 1ULL << 41, S2_G_HPD | S2_G_PBHA, 0 },
		{ 1ULL << 46 | 1ULL << 41, S2_G_HPD | S2_G_PBHA, 0 },
	};
	const uint32_t flags = S2_G_HA | S2_G_HD | S2_G_HPD | S2_G_PBHA | S2_G_LPA | S2_G_LPA2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct s2_geometry geom;
		struct s2_err err;

		assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
				       tcr_el1(12, 25, 5, 0) | row[i].bits, false, &geom, &err),
				 S2_OK);
		assert_int_equal(geom.flags & flags, row[i].flags);
		assert_int_equal(geom.odd, row[i].odd);
	}
}

/* What is claimed beside a register must be what the register says: a sound regime, and each claim
 * in turn made another. */
static void contradictions(const struct s2_regime *sound, const char *const words[], unsigned int n)
{
	struct s2_geometry geom;
	struct s2_err err;

	assert_int_equal(sound->arch->shape(sound, &geom, NULL), S2_OK);
	for (unsigned int i = 0; i < n; i++) {
		struct s2_regime regime = *sound;

		s2_err_init(&err);
		if (i == 0)
			s2_regime_set(&regime, S2_ARM64_GRANULE, 16384);
		else if (i == 1)
			s2_regime_set(&regime, S2_ARM64_IA_BITS,
				      sound->value[S2_ARM64_IA_BITS] - 1);
		else if (i == 2)
			s2_regime_set(&regime, S2_ARM64_OA_BITS, 44);
		else if (i == 3)
			s2_regime_set_flag(&regime, S2_ARM64_LPA2, S2_YES);
		else
			s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 2);
		expect_refused(regime.arch->shape(&regime, &geom, &err), &err, words[i]);
	}
}

/* Sizes that no register tells: a granule that there is not, one of the two left out. */
static void incomplete_claims(const struct s2_arch *arch, unsigned int ia_bits,
			      unsigned int oa_bits)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	struct s2_err err;

	claim(&regime, arch, 13, ia_bits, oa_bits, false);
	s2_err_init(&err);
	expect_refused(arch->shape(&regime, &geom, &err), &err, "granule 8192 is none of");
	claim(&regime, arch, 12, 0, oa_bits, false);
	expect_refused(arch->shape(&regime, &geom, &err), &err, "not known");
	s2_regime_set(&regime, S2_ARM64_IA_BITS, ia_bits);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 0);
	expect_refused(arch->shape(&regime, &geom, &err), &err, "not known");
}

static void stage1_contradictions(void **state)
{
	static const char *const words[] = { "16384 contradicts TCR_EL1.TG (4096)",
					     "38 input bits contradict TCR_EL1.TSZ (39",
					     "44 output bits contradict TCR_EL1.PS (48",
					     "LPA2 contradicts TCR_EL1.DS",
					     "start level 2: 39 input bits with the 4K",
					     "granule start at level 1" };
	struct s2_regime regime;

	(void)state;
	claim(&regime, &s2_arm64_stage1_el1, 12, 39, 48, false);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 1);
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
	contradictions(&regime, words, ARRAY_SIZE(words));
	incomplete_claims(&s2_arm64_stage1_el1, 39, 48);
}

static void stage2_contradictions(void **state)
{
	static const char *const words[] = { "a granule of 16384 contradicts VTCR_EL2.TG0 (4096)",
					     "39 input bits contradict VTCR_EL2.T0SZ (40 bits)",
					     "44 output bits contradict VTCR_EL2.PS (40 bits)",
					     "LPA2 contradicts VTCR_EL2.DS",
					     "start level 2 contradicts VTCR_EL2.SL0 (level 1)" };
	struct s2_regime regime;

	(void)state;
	claim(&regime, &s2_arm64_stage2, 12, 40, 40, false);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 1);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, 0x80023558);
	contradictions(&regime, words, ARRAY_SIZE(words));
	incomplete_claims(&s2_arm64_stage2, 40, 0);
}

/* Inputs of fewer than 25 bits need FEAT_TTST (D8.2.8), by VTCR_EL2.T0SZ as by a claim. */
static void small_inputs_of_vtcr(void **state)
{
	(void)state;
	for (unsigned int t0sz = 36; t0sz <= 42; t0sz++) {
		uint64_t vtcr = 1ULL << 31 | t0sz | 5ULL << 16; /* 4K, SL0 0: from level 2 on */
		struct s2_geometry geom;
		struct s2_err err;

		assert_int_equal(shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2, vtcr, false, &geom,
				       &err),
				 S2_OK);
		assert_int_equal(!!(geom.odd & S2_GODD_TTST), t0sz > 39);
	}
}

/* The messages of a T0SZ that is out of range: the limits and the granule. */
static void limits_of_t0sz(void **state)
{
	static const char *const limits[][2] = { { "not in 16..48", "not in 12..48" },
						 { "not in 16..48", "not in 12..48" },
						 { "not in 12..47", "not in 12..47" } };

	(void)state;
	for (unsigned int g = 0; g < 3; g++)
		for (int ds = 0; ds < 2; ds++) {
			uint64_t vtcr = 1ULL << 31 | 63 | (uint64_t)tg0(page_of[g]) << 14 |
					5ULL << 16 | (uint64_t)ds << 32;
			struct s2_geometry geom;
			struct s2_err err;

			expect_refused(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
					     tcr_el1(page_of[g], 63, 5, ds), false, &geom, &err),
				       &err, limits[g][ds]);
			assert_non_null(strstr(err.text, size_of[g]));
			expect_refused(shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2, vtcr, false,
					     &geom, &err),
				       &err, limits[g][ds]);
			assert_non_null(strstr(err.text, size_of[g]));
		}
}

/* Formats of descriptors: D8.3.1, with the contiguous groups of D8.7.1 by height. */
static const struct {
	unsigned int page;
	bool lpa2;
	enum enc_layout layout;
	unsigned int heights; /* that the input size has */
	unsigned int leaves;  /* bit n: height n */
	unsigned int cont[4];
} formats[] = {
	{ 12, false, ENC_48, 4, 0x7, { 4, 4, 4, 0 } },
	{ 12, true, ENC_LPA2, 4, 0xf, { 4, 4, 4, 0 } },
	{ 14, false, ENC_48, 4, 0x3, { 7, 5, 0, 0 } },
	{ 14, true, ENC_LPA2, 4, 0x7, { 7, 5, 0, 0 } },
	{ 16, false, ENC_LPA, 3, 0x7, { 5, 5, 0, 0 } },
};

static void geometry_of(size_t i, int stage, uint64_t ps, struct s2_geometry *geom)
{
	uint64_t ds = formats[i].lpa2;
	/* Stage 2 from level 0 or 1 on, with 16K and 48 bits from level 1. */
	uint64_t sl0 = formats[i].page == 12 ? 2 : formats[i].lpa2 ? 3 : 2;
	uint64_t vtcr = 1ULL << 31 | 16 | sl0 << 6 | (uint64_t)tg0(formats[i].page) << 14 |
			ps << 16 | ds << 32 | 3 << 12;
	struct s2_err err;
	enum s2_code code =
		stage == 1 ? shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
				   tcr_el1(formats[i].page, 16, (unsigned int)ps, (int)ds), false,
				   geom, &err) :
			     shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2, vtcr, false, geom, &err);

	if (code)
		fail_msg("format %zu stage %d: %s", i, stage, err.text);
}

/* What bit @bit of a leaf of @shift bits is, when it lies in [50:12]. */
static void check_leaf_bit(const struct s2_geometry *geom, size_t i, int stage, unsigned int height,
			   unsigned int bit)
{
	unsigned int shift = formats[i].page + height * (formats[i].page - 3);
	unsigned int top = formats[i].lpa2 ? 49 : 47;
	uint64_t attrs = formats[i].lpa2 ? 0x4fc : 0x7fc, oa = 0;
	uint64_t raw = attrs | 1ULL << bit | (height ? 1 : 3);
	uint32_t odd = 0;
	struct s2_entry entry;

	if (stage == 1)
		raw = (raw & ~0x3cULL);
	if (bit > top)
		odd = stage == 1 && bit == 50 ? 0 : S2_ODD_RES0; /* GP */
	else if (bit >= shift)
		oa = 1ULL << bit;
	else if (formats[i].page == 16 && bit < 16)
		oa = 1ULL << (bit + 36);
	else if (!(bit == 16 && height))
		odd = S2_ODD_OA_ALIGN; /* but for nT */
	geom->arch->decode(geom, height, raw, &entry);
	if (entry.odd != odd || entry.oa != oa)
		fail_msg("format %zu stage %d height %u bit %u: odd 0x%x oa 0x%llx", i, stage,
			 height, bit, entry.odd, (unsigned long long)entry.oa);
}

static void bits_of_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		for (int stage = 1; stage <= 2; stage++) {
			uint64_t most = formats[i].layout == ENC_48 ? 5 : 6;
			struct s2_geometry geom, small;

			geometry_of(i, stage, most, &geom);
			geometry_of(i, stage, 5, &small);
			for (unsigned int h = 0; h < formats[i].heights; h++) {
				struct s2_entry entry;

				assert_int_equal(geom.height[h].cont_log2, formats[i].cont[h]);
				geom.arch->decode(&geom, h, h ? 0x401 : 0x403, &entry);
				assert_int_equal(s2_is_leaf(entry.type),
						 formats[i].leaves >> h & 1);
				if (!(formats[i].leaves >> h & 1))
					continue;
				assert_int_equal(entry.odd & S2_ODD_NEEDS_PA52, 0);
				/* A 64K block at level 1 needs 52-bit hardware. */
				small.arch->decode(&small, h, h ? 0x401 : 0x403, &entry);
				assert_int_equal(!!(entry.odd & S2_ODD_NEEDS_PA52),
						 formats[i].page == 16 && h == 2);
				for (unsigned int bit = 12; bit <= 50; bit++)
					check_leaf_bit(&geom, i, stage, h, bit);
			}
			assert_int_equal(!!(geom.flags & S2_G_LPA2), formats[i].lpa2);
			assert_int_equal(!!(geom.flags & S2_G_LPA), formats[i].page == 16);
		}
}

/* Each RES0 bit of VTCR_EL2 (D23.2), and those that are none. */
static void vtcr_reserved_bits(void **state)
{
	static const uint8_t res0[] = { 20, 23, 24, 39, 42, 43, 46, 47, 48, 49, 50, 51,
					52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };
	bool reserved[64] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(res0); i++)
		reserved[res0[i]] = true;
	reserved[33] = true; /* SL2, without DS */
	for (unsigned int bit = 19; bit < 64; bit++) {
		struct s2_geometry geom;
		struct s2_err err;
		enum s2_code code = shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2,
					  0x80023558 ^ 1ULL << bit, false, &geom, &err);

		if (bit == 34 || bit == 36 || bit == 38) { /* AssuredOnly, S2PIE, D128 */
			expect_refused(code, &err, "not supported");
			continue;
		}
		assert_int_equal(code, S2_OK);
		assert_int_equal(!!(geom.odd & S2_GODD_RES0), reserved[bit]);
		assert_int_equal(!!(geom.odd & S2_GODD_RES1), bit == 31);
		assert_int_equal(!!(geom.flags & S2_G_PBHA), bit >= 25 && bit <= 28);
		assert_int_equal(!!(geom.flags & S2_G_HA), bit == 21);
	}
}

/* VTTBR_EL2 with a start level of few entries: aligned to its size, and to 64 bytes with 52-bit
 * addresses. */
static void small_vttbr(void **state)
{
	(void)state;
	for (uint64_t ps = 5; ps <= 6; ps++)
		for (unsigned int bits = 30; bits <= 34; bits++)
			for (unsigned int align = 6; align < 9; align++) {
				struct s2_geometry geom;
				struct s2_err err;
				uint64_t root = 0, at = 0x40000000 | 1ULL << align;
				unsigned int least = bits - 29 + 3;
				enum s2_code code;

				assert_int_equal(shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2,
						       1ULL << 31 | (64 - bits) | 1 << 6 | 1 << 14 |
							       ps << 16,
						       false, &geom, &err),
						 S2_OK);
				code = s2_arm64_vttbr_root(&geom, at, &root, &err);
				assert_int_equal(code, align < least ? S2_INVALID : S2_OK);
				if (!code)
					assert_int_equal(root, at);
			}
}

/* Each bit of VTTBR_EL2 alone, with 64K tables: [47:1] are the address, with 52 bits of it [47:6],
 * and [5:2] its bits [51:48] (Arm ARM, VTTBR_EL2.BADDR). Above them is the VMID. */
static void bits_of_vttbr(void **state)
{
	(void)state;
	for (uint64_t ps = 5; ps <= 6; ps++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			uint64_t root = 1, want = bit >= 1 && bit < 48 ? BIT64(bit) : 0;
			struct s2_geometry geom;
			struct s2_err err;
			enum s2_code code;

			if (ps == 6 && bit < 6)
				want = bit >= 2 ? BIT64(bit - 2 + 48) : 0;
			assert_int_equal(shape(&s2_arm64_stage2, S2_ARM64_VTCR_EL2,
					       1ULL << 31 | 34 | 1 << 6 | 1 << 14 | ps << 16, false,
					       &geom, &err),
					 S2_OK);
			code = s2_arm64_vttbr_root(&geom, BIT64(bit), &root, &err);
			assert_int_equal(code, want % geom.start_size ? S2_INVALID : S2_OK);
			assert_int_equal(root, code ? 1 : want);
		}
}

/* A value is strange exactly when the manual reserves it, or no access may be made of it. */
static void strange_values(void **state)
{
	static const struct s2_arch *const archs[] = { &s2_arm64_stage2, &s2_arm64_stage1_el1,
						       &s2_arm64_stage1_el2 };

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (unsigned int i = 0; i < archs[a]->nattrs; i++) {
			const struct s2_attr *attr = &archs[a]->attrs[i];

			for (unsigned int v = 0; attr->values && v < attr->nvalues; v++) {
				const struct s2_attr_value *value = &attr->values[v];
				uint32_t want = 0;

				if (strstr(value->json, "reserved"))
					want = !strcmp(attr->name, "sh")      ? S2_ODD_SH :
					       !strcmp(attr->name, "memattr") ? S2_ODD_MEMATTR :
										S2_ODD_RESERVED;
				if (value->odd != want)
					fail_msg("%s %s=%s: odd 0x%x, not 0x%x", archs[a]->name,
						 attr->name, value->json, value->odd, want);
			}
		}
}

/* What is not known takes back what was. */
static void claims_taken_back(void **state)
{
	struct s2_regime regime;

	(void)state;
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set_flag(&regime, S2_ARM64_LPA2, S2_YES);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, -1);
	assert_int_equal(s2_regime_flag(&regime, S2_ARM64_LPA2), S2_YES);
	assert_int_equal(s2_regime_level(&regime, S2_ARM64_START_LEVEL), -1);
	s2_regime_set_flag(&regime, S2_ARM64_LPA2, S2_UNKNOWN);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, S2_NO_LEVEL);
	assert_int_equal(s2_regime_flag(&regime, S2_ARM64_LPA2), S2_UNKNOWN);
	assert_int_equal(s2_regime_level(&regime, S2_ARM64_START_LEVEL), S2_NO_LEVEL);
	assert_false(regime.have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_taken_back),
		cmocka_unit_test(stage1_claims),
		cmocka_unit_test(stage2_claims),
		cmocka_unit_test(stage2_start_levels),
		cmocka_unit_test(assumed_sizes),
		cmocka_unit_test(nothing_assumed),
		cmocka_unit_test(start_levels_and_output_sizes),
		cmocka_unit_test(tcr_fields),
		cmocka_unit_test(tcr_flags),
		cmocka_unit_test(stage1_contradictions),
		cmocka_unit_test(stage2_contradictions),
		cmocka_unit_test(limits_of_t0sz),
		cmocka_unit_test(small_inputs_of_vtcr),
		cmocka_unit_test(bits_of_leaves),
		cmocka_unit_test(vtcr_reserved_bits),
		cmocka_unit_test(small_vttbr),
		cmocka_unit_test(bits_of_vttbr),
		cmocka_unit_test(strange_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
