// SPDX-License-Identifier: GPL-2.0-or-later
// The translate engine: every size, level and address bit of every granule at both stages, and
// every operation with every permission, against the manual's tables.
#include "translate_lab.h"
#include "decode/arm64/arm64.h"

#define ROOT 0x48000000ULL /* not in memory: where a walk begins shows in what is missing */
#define LEAF (AP(1) | AF | ISH)
#define S2LEAF (S2RW | AF | ISH | MEMATTR(15))

/* Levels by granule: Arm ARM D8.3.1 (blocks), D8.7.1 (contiguous groups, log2 of entries). */
static const struct form {
	unsigned int page_log2;
	bool ds;
	int level;
	bool leaf, wide_only; /* wide_only: with 52-bit physical addresses */
	unsigned int cont;
} forms[] = {
	{ 12, false, 0, false, false, 0 }, { 12, false, 1, true, false, 4 },
	{ 12, false, 2, true, false, 4 },  { 12, false, 3, true, false, 4 },
	{ 12, true, 0, true, false, 0 },   { 12, true, 1, true, false, 4 },
	{ 12, true, 2, true, false, 4 },   { 12, true, 3, true, false, 4 },
	{ 14, false, 1, false, false, 0 }, { 14, false, 2, true, false, 5 },
	{ 14, false, 3, true, false, 7 },  { 14, true, 1, true, false, 0 },
	{ 14, true, 2, true, false, 5 },   { 14, true, 3, true, false, 7 },
	{ 16, false, 1, true, true, 0 },   { 16, false, 2, true, false, 5 },
	{ 16, false, 3, true, false, 5 },
};

static const unsigned int ps_bits[] = { 32, 36, 40, 42, 44, 48, 52 };

static unsigned int shift_of(const struct form *f)
{
	return f->page_log2 + (unsigned int)(3 - f->level) * (f->page_log2 - 3);
}

static enum enc_layout layout_of(const struct form *f)
{
	return f->ds ? ENC_LPA2 : f->page_log2 == 16 ? ENC_LPA : ENC_48;
}

static uint64_t tg0(unsigned int page_log2)
{
	return page_log2 == 12 ? 0 : page_log2 == 16 ? 1 : 2;
}

/* A start level of 16 entries at @f's level, @stage 1 or 2, its table at @base. */
static void shape(struct lab *lab, const struct form *f, int stage, unsigned int ps, uint64_t base)
{
	uint64_t tsz = 64 - (shift_of(f) + 4);
	uint64_t sl0 = f->page_log2 == 12 ? (f->level == 3 ? 3 : 2 - (uint64_t)f->level) :
					    3 - (uint64_t)f->level;

	reg(lab, S2_ARM64_HCR_EL2, stage == 2);
	if (stage == 1) {
		reg(lab, S2_ARM64_TCR_EL1,
		    tsz | tg0(f->page_log2) << 14 | (uint64_t)ps << 32 | (uint64_t)f->ds << 59);
		reg(lab, S2_ARM64_TTBR0_EL1, base);
		return;
	}
	reg(lab, S2_ARM64_VTCR_EL2,
	    1ULL << 31 | tsz | sl0 << 6 | tg0(f->page_log2) << 14 | (uint64_t)ps << 16 |
		    (uint64_t)f->ds << 32);
	reg(lab, S2_ARM64_VTTBR_EL2, base);
}

static uint64_t leaf(const struct form *f, int stage, uint64_t oa, uint64_t more)
{
	uint64_t attrs = (stage == 1 ? LEAF : S2LEAF) & (f->ds ? ~ISH : ~0ULL);

	return enc_oa(layout_of(f), oa) | attrs | more | (f->level == 3 ? 3 : 1);
}

static void blocks_and_groups(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		for (int stage = 1; stage <= 2; stage++)
			for (unsigned int wide = 0; wide < 2; wide++) {
				const struct form *f = &forms[i];
				enum s2_at_op op = stage == 1 ? S2_AT_S1E1R : S2_AT_S2E1R;
				unsigned int shift = shift_of(f);
				uint64_t group = 2ULL << (shift + f->cont), in = group >> 2;
				uint64_t place = 3ULL << shift, off = 0x123;
				uint64_t none = FAULTED(4 + f->level) | (stage == 2 ? PAR_S : 0);

				if (f->ds && !wide)
					continue;
				shape(lab, f, stage, 6, PAGE(20));
				lab->req.pa_bits = wide ? 52 : 48;
				put(lab, 20, 3, leaf(f, stage, group, 0));
				if (!f->leaf || (f->wide_only && !wide)) {
					expect_fault(lab, op, place | off, none);
					continue;
				}
				expect_pa(lab, op, place | off, group | off);
				/* Bits of the group's own size come from the input address. */
				put(lab, 20, 3, leaf(f, stage, f->cont ? group | in : group, CONT));
				expect_pa(lab, op, place | off,
					  f->cont ? group | place | off : group | off);
				/* What is not valid, and the encoding that is reserved at level 3. */
				put(lab, 20, 3, leaf(f, stage, group, 0) & ~1ULL);
				expect_fault(lab, op, place | off, none);
				if (f->level < 3)
					continue;
				put(lab, 20, 3, leaf(f, stage, group, 0) & ~2ULL);
				expect_fault(lab, op, place | off, none);
			}
}

/* The output size: VTCR_EL2.PS or TCR_ELx.IPS, the granule's most, what the hardware has. */
static unsigned int output_bits(const struct form *f, unsigned int ps, unsigned int pa_bits)
{
	unsigned int most = f->ds || f->page_log2 == 16 ? 52 : 48;
	unsigned int bits = ps < 7 ? ps_bits[ps] : 52; /* the reserved value is capped */

	bits = bits < most ? bits : most;
	return bits < pa_bits ? bits : pa_bits;
}

static void address_bit(struct lab *lab, const struct form *f, int stage, unsigned int bit,
			bool fits)
{
	enum s2_at_op op = stage == 1 ? S2_AT_S1E1R : S2_AT_S2E1R;
	uint64_t at = 3ULL << shift_of(f), size = FAULTED(f->level) | (stage == 2 ? PAR_S : 0);

	if (f->leaf && bit >= shift_of(f)) {
		put(lab, 20, 3, leaf(f, stage, 1ULL << bit, 0));
		if (fits)
			expect_pa(lab, op, at, 1ULL << bit);
		else
			expect_fault(lab, op, at, size);
	}
	if (f->level == 3 || bit < f->page_log2 || bit == 30)
		return;
	put(lab, 20, 3, enc_oa(layout_of(f), 1ULL << bit) | 3);
	if (!fits) {
		expect_fault(lab, op, at, size);
		return;
	}
	assert_int_equal(ask(lab, op, at), S2_OK);
	assert_int_equal(lab->ret.outcome, S2_AT_MISSING);
	assert_int_equal(lab->ret.missing_pa, 1ULL << bit);
	assert_int_equal(lab->ret.level, f->level + 1);
}

static void address_bits(void **state)
{
	static const unsigned int sizes[] = { 40, 48, 52 };
	struct lab *lab = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		for (int stage = 1; stage <= 2; stage++)
			for (unsigned int ps = 0; ps < 8; ps++)
				for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
					const struct form *f = &forms[i];
					unsigned int bits = output_bits(f, ps, sizes[s]);
					unsigned int most = f->ds ? 52 : 48;

					if (f->page_log2 == 16 && sizes[s] == 52)
						most = 52;
					if ((f->wide_only || f->ds) && sizes[s] < 52)
						continue;
					if (stage == 2 && (ps == 7 || shift_of(f) + 4 > sizes[s]))
						continue;
					if (stage == 2 && f->level < 2 && sizes[s] < 44)
						continue; /* S2InvalidSL */
					shape(lab, f, stage, ps, PAGE(20));
					lab->req.pa_bits = (uint8_t)sizes[s];
					for (unsigned int bit = 12; bit < most; bit++)
						address_bit(lab, f, stage, bit, bit < bits);
				}
}

/* Arm ARM D8.2.7: TxSZ by start level. */
static const struct {
	unsigned int page_log2;
	int level;
	unsigned int tsz_min, tsz_max;
} levels[] = {
	{ 12, -1, 12, 15 }, { 12, 0, 16, 24 }, { 12, 1, 25, 33 }, { 12, 2, 34, 42 },
	{ 12, 3, 43, 48 },  { 14, 0, 12, 16 }, { 14, 1, 17, 27 }, { 14, 2, 28, 38 },
	{ 14, 3, 39, 48 },  { 16, 1, 12, 21 }, { 16, 2, 22, 34 }, { 16, 3, 35, 47 },
};

/* The walk begins with the last entry of a table whose TTBR is all ones. @wide: TTBR[5:2] are
 * address bits [51:48]. */
static void expect_start(struct lab *lab, enum s2_at_op op, uint64_t ia, int level,
			 unsigned int entries_log2, bool wide)
{
	unsigned int align = entries_log2 + 3;
	uint64_t base;

	if (wide && align < 6)
		align = 6;
	base = ((wide ? 1ULL << 52 : 1ULL << 48) - 1) & ~((1ULL << align) - 1);
	assert_int_equal(ask(lab, op, ia), S2_OK);
	if (lab->ret.outcome != S2_AT_MISSING)
		fail_msg("0x%llx: outcome %d, %s", (unsigned long long)ia, (int)lab->ret.outcome,
			 lab->ret.why ? lab->ret.why : "");
	assert_int_equal(lab->ret.level, level);
	assert_int_equal(lab->ret.missing_pa, base + ((1ULL << entries_log2) - 1) * 8);
}

/* @ds_bit means nothing with the 64K granule. */
static void check_txsz(struct lab *lab, unsigned int page_log2, bool ds_bit, unsigned int tsz,
		       bool ttst)
{
	bool ds = ds_bit && page_log2 != 16;
	static const uint64_t tg1[] = { 2, 1, 3 };
	unsigned int most = !ttst ? 39 : page_log2 == 16 ? 47 : 48;
	unsigned int least = ds || page_log2 == 16 ? 12 : 16;
	bool wide = ds || page_log2 == 16;
	uint64_t lower = tsz ? (1ULL << (64 - tsz)) - 1 : ~0ULL;

	reg(lab, S2_ARM64_TCR_EL1,
	    tsz | (uint64_t)tsz << 16 | tg0(page_log2) << 14 | tg1[(page_log2 - 12) / 2] << 30 |
		    6ULL << 32 | (uint64_t)ds_bit << 59);
	reg(lab, S2_ARM64_TCR_EL2,
	    tsz | tg0(page_log2) << 14 | 6ULL << 16 | (uint64_t)ds_bit << 32);
	lab->req.features = ttst ? 0 : S2_AT_NO_TTST;
	if (tsz < least || tsz > most) {
		expect_fault(lab, S2_AT_S1E1R, 0, FAULTED(4));
		expect_fault(lab, S2_AT_S1E1R, ~0ULL, FAULTED(4));
		expect_fault(lab, S2_AT_S1E2R, 0, FAULTED(4));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		unsigned int shift =
			page_log2 + (unsigned int)(3 - levels[i].level) * (page_log2 - 3);

		if (levels[i].page_log2 != page_log2 || tsz < levels[i].tsz_min ||
		    tsz > levels[i].tsz_max)
			continue;
		expect_start(lab, S2_AT_S1E1R, lower, levels[i].level, 64 - tsz - shift, wide);
		expect_start(lab, S2_AT_S1E1R, ~0ULL, levels[i].level, 64 - tsz - shift, wide);
		expect_start(lab, S2_AT_S1E2R, lower, levels[i].level, 64 - tsz - shift, wide);
		expect_fault(lab, S2_AT_S1E1R, lower + 1, FAULTED(4));
		expect_fault(lab, S2_AT_S1E1R, ~lower - 1, FAULTED(4));
		expect_fault(lab, S2_AT_S1E2R, lower + 1, FAULTED(4));
		return;
	}
	fail_msg("no row for T0SZ %u", tsz);
}

static void every_txsz(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_SCTLR_EL2, 5);
	reg(lab, S2_ARM64_TTBR0_EL1, ~0ULL);
	reg(lab, S2_ARM64_TTBR1_EL1, ~0ULL);
	reg(lab, S2_ARM64_TTBR0_EL2, ~0ULL);
	for (unsigned int page_log2 = 12; page_log2 <= 16; page_log2 += 2)
		for (int ds = 0; ds < 2; ds++)
			for (unsigned int tsz = 0; tsz < 64; tsz++)
				for (int ttst = 0; ttst < 2; ttst++)
					check_txsz(lab, page_log2, ds, tsz, ttst);
}

/* Start level of VTCR_EL2.{SL2,SL0}, -9: reserved (AArch64.S2InvalidSL). */
static int sl_level(unsigned int page_log2, bool ds, unsigned int sl, unsigned int pa_bits,
		    bool ttst)
{
	unsigned int sl0 = sl & 3;

	if (page_log2 == 12 && ds && sl & 4)
		return sl0 == 0 && pa_bits == 52 ? -1 : -9;
	if (page_log2 == 12)
		switch (sl0) {
		case 0:
			return 2;
		case 1:
			return 1;
		case 2:
			return pa_bits < 44 ? -9 : 0;
		default:
			return ttst ? 3 : -9;
		}
	switch (sl0) {
	case 0:
		return 3;
	case 1:
		return 2;
	case 2:
		return pa_bits < (page_log2 == 14 ? 42 : 44) ? -9 : 1;
	default:
		return page_log2 == 14 && ds && pa_bits == 52 ? 0 : -9;
	}
}

static void check_vtcr(struct lab *lab, unsigned int page_log2, bool ds_bit, unsigned int sl,
		       unsigned int tsz, unsigned int pa_bits, bool ttst)
{
	bool ds = ds_bit && page_log2 != 16;
	unsigned int most = !ttst ? 39 : page_log2 == 16 ? 47 : 48;
	unsigned int space = ds || page_log2 == 16 || pa_bits < 48 ? pa_bits : 48;
	int level = sl_level(page_log2, ds, sl, pa_bits, ttst);
	unsigned int shift = page_log2 + (unsigned int)(3 - level) * (page_log2 - 3);
	bool wide = ds || (page_log2 == 16 && pa_bits == 52);

	lab->req.features = ttst ? 0 : S2_AT_NO_TTST;
	lab->req.pa_bits = (uint8_t)pa_bits;
	reg(lab, S2_ARM64_VTCR_EL2,
	    1ULL << 31 | tsz | (uint64_t)(sl & 3) << 6 | tg0(page_log2) << 14 | 6ULL << 16 |
		    (uint64_t)ds_bit << 32 | (uint64_t)(sl >> 2) << 33);
	/* S2TxSZFaults, S2InvalidSL, S2InconsistentSL: 1 bit to 16 tables beyond the level below. */
	if (tsz < 64 - space || tsz > most || level == -9 || 64 - tsz < shift + 1 ||
	    64 - tsz > shift + page_log2 - 3 + 4) {
		expect_fault(lab, S2_AT_S2E1R, 0, FAULTED(4) | PAR_S);
		return;
	}
	if (pa_bits < 48 || (ds && pa_bits < 52)) {
		/* A base of all ones is beyond the output size. */
		expect_fault(lab, S2_AT_S2E1R, 0, FAULTED(0) | PAR_S);
		return;
	}
	expect_start(lab, S2_AT_S2E1R, (1ULL << (64 - tsz)) - 1, level, 64 - tsz - shift, wide);
	expect_fault(lab, S2_AT_S2E1R, 1ULL << (64 - tsz), FAULTED(4) | PAR_S);
}

static void every_vtcr(void **state)
{
	static const unsigned int sizes[] = { 40, 41, 42, 43, 44, 48, 51, 52 };
	struct lab *lab = *state;

	reg(lab, S2_ARM64_HCR_EL2, 1);
	reg(lab, S2_ARM64_VTTBR_EL2, ~0ULL);
	for (unsigned int page_log2 = 12; page_log2 <= 16; page_log2 += 2)
		for (int ds = 0; ds < 2; ds++)
			for (unsigned int sl = 0; sl < 8; sl++)
				for (unsigned int tsz = 0; tsz < 64; tsz++)
					for (size_t s = 0; s < 2 * ARRAY_SIZE(sizes); s++)
						check_vtcr(lab, page_log2, ds, sl, tsz,
							   sizes[s / 2], s & 1);
}

/* What an operation's name says: S1, S12, S2; E0, E1, E2; R, W, X; P. */
struct asked {
	bool stage1, stage2, el0, el2, write, fetch, pan;
};

static struct asked of_name(const char *name)
{
	const char *el = strchr(name, 'E');

	return (struct asked){
		.stage1 = name[1] == '1',
		.stage2 = memchr(name, '2', (size_t)(el - name)) != NULL,
		.el0 = el[1] == '0',
		.el2 = el[1] == '2',
		.write = el[2] == 'W',
		.fetch = el[2] == 'X',
		.pan = el[2] && el[3] == 'P',
	};
}

/* D8.4.1: AP[2:1], and UXN and PXN as two bits. */
static bool stage1_allows(const struct asked *op, unsigned int ap, unsigned int xn)
{
	bool read_only = ap & 2, el0 = ap & 1;

	if (op->el2)
		return op->fetch ? !(xn & 2) : !op->write || !read_only;
	if (op->fetch && op->el0)
		return !(xn & 2);
	if (op->fetch) /* what EL0 may write, EL1 may not execute */
		return !(xn & 1) && !(el0 && !read_only);
	if (op->el0)
		return el0 && !(op->write && read_only);
	return !(op->pan && el0) && !(op->write && read_only);
}

/* D8.4.2: S2AP, XN[1:0]. */
static bool stage2_allows(const struct asked *op, unsigned int ap, unsigned int xn)
{
	if (op->fetch)
		return op->el0 ? xn < 2 : xn == 0 || xn == 3; /* whatever S2AP says */
	return op->write ? ap & 2 : ap & 1;
}

static void check_operation(struct lab *lab, enum s2_at_op n, unsigned int ap, unsigned int xn,
			    unsigned int s2ap, unsigned int s2xn)
{
	struct asked op = of_name(s2_at_names[n]);

	put(lab, 3, 5,
	    enc_page(ENC_48, 0x85000, AP(ap) | AF | ISH | (xn & 2 ? UXN : 0) | (xn & 1 ? PXN : 0)));
	put(lab, 10, 0x85,
	    enc_page(ENC_48, 0x123000,
		     (uint64_t)s2ap << 6 | (uint64_t)s2xn << 53 | AF | ISH | MEMATTR(15)));
	if (op.stage1 && !stage1_allows(&op, ap, xn))
		expect_fault(lab, n, 0x5678, FAULTED(0xf));
	else if (op.stage2 && !stage2_allows(&op, s2ap, s2xn))
		expect_fault(lab, n, op.stage1 ? 0x5678 : 0x85678, FAULTED(0xf) | PAR_S);
	else
		expect_pa(lab, n, op.stage1 ? 0x5678 : 0x85678, op.stage2 ? 0x123678 : 0x85678);
	if (lab->ret.outcome == S2_AT_DONE)
		assert_int_equal(lab->ret.nested, op.stage1 && !op.el2);
}

static void every_operation(void **state)
{
	struct lab *lab = *state;

	stage2(lab, 0);
	/* IPA 0..2M by pages: 9 at level 2, 10 at level 3. */
	put(lab, 8, 0, enc_table(ENC_48, PAGE(9)));
	put(lab, 9, 0, enc_table(ENC_48, PAGE(10)));
	reg(lab, S2_ARM64_SCTLR_EL2, 0x5);
	reg(lab, S2_ARM64_TCR_EL2, 25 | 5 << 16 | 1ULL << 31 | 1 << 23);
	reg(lab, S2_ARM64_TTBR0_EL2, PAGE(0));
	reg(lab, S2_ARM64_MAIR_EL2, 0xff);
	lab->req.pan = true;
	for (enum s2_at_op op = 0; op < S2_AT_NOPS; op++)
		for (unsigned int i = 0; i < 256; i++)
			check_operation(lab, op, i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6);
}

/* What fetches are served from: SCTLR_ELx.I, HCR_EL2.{ID,CD}, Device memory (S1Translate,
 * S2Translate, S1DisabledOutput). */
static void memory_of_fetches(void **state)
{
	static const struct {
		uint64_t sctlr, hcr;
		unsigned int index; /* MAIR: 0 Write-Back, 3 Device-nGnRE */
		uint8_t data, fetch;
	} row[] = {
		{ 0x1005, 0, 0, 0xff, 0xff },          { 0x0005, 0, 0, 0xff, 0x44 },
		{ 0x1001, 0, 0, 0x44, 0xff },          { 0x1005, 0, 3, 0x04, 0x44 },
		{ 0x1005, 1ULL << 33, 0, 0xff, 0x44 }, { 0x1005, 1ULL << 32, 0, 0x44, 0xff },
		{ 0x1004, 0, 0, 0x00, 0xaa },          { 0x0004, 0, 0, 0x00, 0x44 },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(2) | AF | INDEX(row[i].index)));
		stage2(lab, row[i].hcr);
		reg(lab, S2_ARM64_SCTLR_EL1, row[i].sctlr);
		put(lab, 8, 0, enc_block(ENC_48, 0, S2RW | AF | ISH | MEMATTR(15)));
		expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x5000);
		assert_int_equal(lab->ret.par >> 56, row[i].data);
		expect_pa(lab, S2_AT_S12E1X, 0x5000, 0x5000);
		assert_int_equal(lab->ret.par >> 56, row[i].fetch);
	}
	/* Device at stage 2: fetched as Non-cacheable memory. */
	stage2(lab, 0);
	reg(lab, S2_ARM64_SCTLR_EL1, 0x1005);
	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(2) | AF));
	put(lab, 8, 0, enc_block(ENC_48, 0, S2RW | AF | ISH | MEMATTR(1)));
	expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x5000);
	assert_int_equal(lab->ret.par >> 56, 0x04);
	expect_pa(lab, S2_AT_S12E1X, 0x5000, 0x5000);
	assert_int_equal(lab->ret.par >> 56, 0x44);
}

static void physical_sizes(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_SCTLR_EL1, 0); /* stage 1 off */
	for (unsigned int bits = 0; bits < 64; bits++) {
		lab->req.pa_bits = (uint8_t)bits;
		if (bits && (bits < 32 || bits > 52)) {
			assert_int_equal(ask(lab, S2_AT_S1E1R, 0), S2_INVALID);
			continue;
		}
		expect_pa(lab, S2_AT_S1E1R, (1ULL << (bits ? bits : 52)) - 1,
			  (1ULL << (bits ? bits : 52)) - 1);
		expect_fault(lab, S2_AT_S1E1R, 1ULL << (bits ? bits : 52), FAULTED(0));
	}
}

/* A start level of 16 and 32 bytes: with 52-bit addresses a root is still aligned to 64. */
static void small_roots(void **state)
{
	struct lab *lab = *state;

	reg(lab, S2_ARM64_HCR_EL2, 1);
	lab->req.have_stage2_root = true;
	for (unsigned int bits = 30; bits <= 34; bits++)
		for (unsigned int align = 3; align < 8; align++)
			for (uint64_t ps = 5; ps <= 6; ps++) {
				unsigned int least = bits - 29 + 3;

				/* 64K from level 2 on, which resolves bits from 29 on. */
				reg(lab, S2_ARM64_VTCR_EL2,
				    1ULL << 31 | (64 - bits) | 1 << 6 | 1 << 14 | ps << 16);
				lab->req.stage2_root = ROOT | 1ULL << align;
				if (ps == 6 && least < 6)
					least = 6;
				assert_int_equal(ask(lab, S2_AT_S2E1R, 0),
						 align < least ? S2_INVALID : S2_OK);
				if (align >= least)
					assert_int_equal(lab->ret.missing_pa, ROOT | 1ULL << align);
			}
}

/* TCR2_ELx.PIE, POE and E0POE switch hierarchical permissions off, as HPD does (D8.4.2). */
static void no_hierarchy_with_indirection(void **state)
{
	static const struct {
		uint64_t tcr2;
		bool counts;
	} row[] = { { 0, true }, { 1 << 1, false }, { 1 << 2, false }, { 1 << 3, false } };
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(0) | AF | ISH));
	put(lab, 2, 0, enc_table(ENC_48, PAGE(3)) | 1ULL << 62); /* read-only below */
	/* Indices: PIR 5 is read and write, POR 7 all. */
	reg(lab, S2_ARM64_PIR_EL1, 0x5555555555555555);
	reg(lab, S2_ARM64_PIRE0_EL1, 0x5555555555555555);
	reg(lab, S2_ARM64_POR_EL1, 0x7777777777777777);
	reg(lab, S2_ARM64_POR_EL0, 0x7777777777777777);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		reg(lab, S2_ARM64_TCR2_EL1, row[i].tcr2);
		if (row[i].counts)
			expect_fault(lab, S2_AT_S1E1W, 0x5000, FAULTED(0xf));
		else
			expect_pa(lab, S2_AT_S1E1W, 0x5000, 0x5000);
	}
}

/* MAIR_EL1 and HCR_EL2.FWB that came with facts, not as registers. */
static void memory_by_facts(void **state)
{
	struct lab *lab = *state;
	struct s2_geometry one = { 0 }, two = { 0 };
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 39);
	s2_regime_set(&regime, S2_ARM64_MAIR_EL1, 0x44bb);
	assert_int_equal(regime.arch->shape(&regime, &one, &lab->err), S2_OK);
	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF | ISH | INDEX(0)));
	memset(&lab->req, 0, sizeof(lab->req));
	lab->req.stage1[0] = &one;
	lab->req.stage1_root[0] = PAGE(0);
	expect_pa(lab, S2_AT_S1E1R, 0x5000, 0x5000);
	assert_int_equal(lab->ret.par, 0xbb00000000005b80);
	assert_int_equal(lab->ret.par_known, ~0ULL);
	/* MemAttr 7: with FWB as stage 1 says, Write-Back; without, 0b0111 is outer Non-cacheable. */
	put(lab, 8, 0, enc_block(ENC_48, BASE, S2RW | AF | ISH | MEMATTR(7)));
	for (enum s2_tristate fwb = S2_UNKNOWN; fwb <= S2_YES; fwb++) {
		s2_regime_init(&regime, &s2_arm64_stage2);
		s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
		s2_regime_set(&regime, S2_ARM64_IA_BITS, 40);
		s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 1);
		s2_regime_set_flag(&regime, S2_ARM64_FWB, fwb);
		assert_int_equal(regime.arch->shape(&regime, &two, &lab->err), S2_OK);
		memset(&lab->req, 0, sizeof(lab->req));
		lab->req.stage2 = &two;
		lab->req.stage2_root = PAGE(8);
		expect_pa(lab, S2_AT_S2E1R, 0x123, BASE + 0x123);
		if (fwb != S2_UNKNOWN)
			assert_int_equal(lab->ret.par >> 56, fwb == S2_YES ? 0xff : 0x4f);
		assert_int_equal(lab->ret.par_known >> 56, fwb == S2_UNKNOWN ? 0 : 0xff);
	}
}

/* With SCTLR_EL1.C = 0 and a stage 2 that makes the memory Write-Back again (FWB), the descriptor's
 * own shareability is joined with stage 2's. */
static void shareability_below_stage2(void **state)
{
	struct lab *lab = *state;

	put(lab, 3, 5, enc_page(ENC_48, 0x5000, AP(1) | AF));
	stage2(lab, 1ULL << 46);
	reg(lab, S2_ARM64_SCTLR_EL1, 0x1);
	put(lab, 8, 0, enc_block(ENC_48, 0, S2RW | AF | MEMATTR(6)));
	expect_pa(lab, S2_AT_S12E1R, 0x5000, 0x5000);
	assert_int_equal(lab->ret.par, 0xff00000000005a00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(blocks_and_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(address_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(every_txsz, setup, teardown),
		cmocka_unit_test_setup_teardown(every_vtcr, setup, teardown),
		cmocka_unit_test_setup_teardown(every_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_of_fetches, setup, teardown),
		cmocka_unit_test_setup_teardown(physical_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(small_roots, setup, teardown),
		cmocka_unit_test_setup_teardown(no_hierarchy_with_indirection, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_by_facts, setup, teardown),
		cmocka_unit_test_setup_teardown(shareability_below_stage2, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
