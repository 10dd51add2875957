// SPDX-License-Identifier: GPL-2.0-or-later
// VTCR_EL2, or sizes from options, to the geometry of stage-2 tables (Arm ARM DDI 0487, D8.2, D23.2).
#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"

/* The numbers that claims boil down to, before they are checked against each other. */
struct numbers {
	unsigned int page_log2;
	unsigned int ia_bits;
	unsigned int oa_bits;
	int start_level;
	bool lpa2;
	unsigned int sh;
	bool from_vtcr;
};

/* Start level by SL2:SL0 and granule; what is reserved is refused (Arm ARM pseudocode
 * AArch64.S2InvalidSL). */
static enum s2_code vtcr_start_level(uint64_t vtcr, unsigned int page_log2, bool ds, int *ret,
				     struct s2_err *err)
{
	unsigned int sl0 = (unsigned int)field_get(VTCR_SL0, vtcr);
	/* SL2 is RES0 but for 4K tables with DS=1: elsewhere hardware does not look at it. */
	bool sl2 = vtcr & VTCR_SL2 && ds && page_log2 == 12;

	if (sl2 && sl0)
		return s2_fail(err, S2_INVALID, "VTCR_EL2.SL0 is %u, reserved with SL2=1", sl0);
	if (page_log2 == 16 && sl0 == 3)
		return s2_fail(err, S2_INVALID, "VTCR_EL2.SL0 is 3, reserved with the 64K granule");
	if (page_log2 == 14 && sl0 == 3 && !ds)
		return s2_fail(err, S2_INVALID,
			       "VTCR_EL2.SL0 is 3, reserved with the 16K granule unless DS=1");
	if (page_log2 != 12)
		*ret = 3 - (int)sl0;
	else if (sl2)
		*ret = -1;
	else
		*ret = sl0 == 3 ? 3 : 2 - (int)sl0;
	return S2_OK;
}

static enum s2_code numbers_from_vtcr(uint64_t vtcr, struct numbers *n, struct s2_geometry *geom,
				      struct s2_err *err)
{
	static const uint8_t tg0_log2[4] = { 12, 16, 14, 0 };
	unsigned int t0sz = (unsigned int)field_get(VTCR_T0SZ, vtcr);
	unsigned int ps = (unsigned int)field_get(VTCR_PS, vtcr);
	unsigned int t0sz_min, t0sz_max;

	if (vtcr & VTCR_D128)
		return s2_fail(err, S2_INVALID,
			       "VTCR_EL2.D128 is 1: 128-bit descriptors are not supported");
	if (vtcr & VTCR_S2PIE)
		return s2_fail(
			err, S2_INVALID,
			"VTCR_EL2.S2PIE is 1: indirect stage-2 permissions are not supported");
	if (vtcr & VTCR_ASSURED_ONLY)
		return s2_fail(
			err, S2_INVALID,
			"VTCR_EL2.AssuredOnly is 1: rights that stage 1 must assure (FEAT_THE) "
			"are not supported");
	n->page_log2 = tg0_log2[field_get(VTCR_TG0, vtcr)];
	if (!n->page_log2)
		return s2_fail(err, S2_INVALID, "VTCR_EL2.TG0 is 3, a reserved granule");
	/* DS is RES0 with 64K tables, and SL2 wherever it does not count. */
	n->lpa2 = vtcr & VTCR_DS && n->page_log2 != 16;
	if ((vtcr & VTCR_DS && !n->lpa2) || (vtcr & VTCR_SL2 && !(n->lpa2 && n->page_log2 == 12)))
		geom->odd |= S2_GODD_RES0;
	n->oa_bits = s2_arm64_ps_bits(ps);
	if (!n->oa_bits)
		return s2_fail(err, S2_INVALID, "VTCR_EL2.PS is %u, a reserved output size", ps);
	if (n->oa_bits == 52 && n->page_log2 != 16 && !n->lpa2) {
		n->oa_bits = 48;
		geom->odd |= S2_GODD_PS_CAPPED;
	}
	/* 52-bit inputs exist with LPA2, and with 64K pages; FEAT_TTST allows small ones (Arm ARM
	 * D8.2.8). */
	t0sz_min = n->lpa2 || n->page_log2 == 16 ? 12 : 16;
	t0sz_max = n->page_log2 == 16 ? 47 : 48;
	if (t0sz < t0sz_min || t0sz > t0sz_max)
		return s2_fail(err, S2_INVALID,
			       "VTCR_EL2.T0SZ is %u, not in %u..%u for the %uK granule%s", t0sz,
			       t0sz_min, t0sz_max, 1U << (n->page_log2 - 10),
			       n->lpa2 ? " with DS=1" : "");
	if (t0sz > 39)
		geom->odd |= S2_GODD_TTST;
	n->ia_bits = 64 - t0sz;
	n->sh = (unsigned int)field_get(VTCR_SH0, vtcr);
	n->from_vtcr = true;
	if (vtcr & VTCR_HA)
		geom->flags |= S2_G_HA;
	if ((vtcr & VTCR_HD) && (vtcr & VTCR_HA))
		geom->flags |= S2_G_HD;
	else if (vtcr & VTCR_HD)
		geom->odd |= S2_GODD_HD_NO_HA;
	if (vtcr & VTCR_HWU)
		geom->flags |= S2_G_PBHA;
	if (!(vtcr & VTCR_RES1))
		geom->odd |= S2_GODD_RES1;
	if (vtcr & VTCR_RES0)
		geom->odd |= S2_GODD_RES0;
	return vtcr_start_level(vtcr, n->page_log2, n->lpa2, &n->start_level, err);
}

/* The level that a walk starts at when only sizes are given: as few levels as 16 concatenated
 * tables allow, as KVM does. */
static int fewest_levels(unsigned int page_log2, unsigned int ia_bits)
{
	unsigned int stride = page_log2 - 3;
	int level = 3;

	while (level > -1 && ia_bits > page_log2 + stride * (unsigned int)(3 - level) + stride + 4)
		level--;
	/* KVM never uses a single level: kvm_get_vtcr() keeps at least two
	 * (arch/arm64/kvm/hyp/pgtable.c). */
	if (level == 3 && ia_bits > page_log2 + stride)
		level = 2;
	return level;
}

static enum s2_code numbers_from_options(const struct s2_regime *regime, struct numbers *n,
					 struct s2_err *err)
{
	enum s2_code code;

	int start_level = s2_regime_level(regime, S2_ARM64_START_LEVEL);
	unsigned int oa_bits = (unsigned int)regime->value[S2_ARM64_OA_BITS];

	if (!regime->value[S2_ARM64_GRANULE] || !regime->value[S2_ARM64_IA_BITS])
		return s2_fail(
			err, S2_NOTFOUND,
			"the geometry is not known: give VTCR_EL2, or the granule and the input bits");
	code = s2_arm64_page_log2(regime->value[S2_ARM64_GRANULE], &n->page_log2, err);
	if (code)
		return code;
	n->lpa2 = s2_regime_flag(regime, S2_ARM64_LPA2) == S2_YES;
	if (n->lpa2 && n->page_log2 == 16)
		return s2_fail(
			err, S2_INVALID,
			"LPA2 goes with the 4K and 16K granules (VTCR_EL2.DS is RES0 with 64K)");
	n->ia_bits = (unsigned int)regime->value[S2_ARM64_IA_BITS];
	if (n->ia_bits > 48 && n->page_log2 != 16 && !n->lpa2)
		return s2_fail(err, S2_INVALID, "%u input bits need LPA2 with the %uK granule",
			       n->ia_bits, 1U << (n->page_log2 - 10));
	n->oa_bits = oa_bits ? oa_bits : n->lpa2 || n->page_log2 == 16 ? 52 : 48;
	if (n->oa_bits > 48 && n->page_log2 != 16 && !n->lpa2)
		return s2_fail(err, S2_INVALID, "%u output bits need LPA2 with the %uK granule",
			       n->oa_bits, 1U << (n->page_log2 - 10));
	n->start_level = start_level != S2_NO_LEVEL ? start_level :
						      fewest_levels(n->page_log2, n->ia_bits);
	if (n->start_level == -1 && (n->page_log2 != 12 || !n->lpa2))
		return s2_fail(err, S2_INVALID,
			       "start level -1 exists only with the 4K granule and LPA2");
	if (n->start_level == 0 && n->page_log2 == 16)
		return s2_fail(err, S2_INVALID,
			       "start level 0 does not exist with the 64K granule");
	if (n->start_level == 0 && n->page_log2 == 14 && !n->lpa2)
		return s2_fail(err, S2_INVALID, "start level 0 with the 16K granule needs LPA2");
	return S2_OK;
}

/* What the options say beside a VTCR_EL2 must not contradict it. */
static enum s2_code cross_check(const struct s2_regime *regime, const struct numbers *n,
				struct s2_err *err)
{
	uint64_t granule = regime->value[S2_ARM64_GRANULE];
	unsigned int ia_bits = (unsigned int)regime->value[S2_ARM64_IA_BITS];
	unsigned int oa_bits = (unsigned int)regime->value[S2_ARM64_OA_BITS];
	int start_level = s2_regime_level(regime, S2_ARM64_START_LEVEL);

	if (granule && granule != BIT64(n->page_log2))
		return s2_fail(err, S2_INVALID, "a granule of %llu contradicts VTCR_EL2.TG0 (%u)",
			       (unsigned long long)granule, 1U << n->page_log2);
	if (ia_bits && ia_bits != n->ia_bits)
		return s2_fail(err, S2_INVALID, "%u input bits contradict VTCR_EL2.T0SZ (%u bits)",
			       ia_bits, n->ia_bits);
	if (oa_bits && oa_bits != n->oa_bits)
		return s2_fail(err, S2_INVALID, "%u output bits contradict VTCR_EL2.PS (%u bits)",
			       oa_bits, n->oa_bits);
	if (start_level != S2_NO_LEVEL && start_level != n->start_level)
		return s2_fail(err, S2_INVALID,
			       "start level %d contradicts VTCR_EL2.SL0 (level %d)", start_level,
			       n->start_level);
	if (s2_regime_flag(regime, S2_ARM64_LPA2) == S2_YES && !n->lpa2)
		return s2_fail(err, S2_INVALID, "LPA2 contradicts VTCR_EL2.DS (0)");
	return S2_OK;
}

/* AArch64.S2InconsistentSL: the start level, whose entries resolve bits from @top_shift up,
 * resolves at least one bit, and at most a full table and 16 tables. */
static enum s2_code check_start(const struct numbers *n, unsigned int top_shift, struct s2_err *err)
{
	unsigned int min_bits = top_shift + 1, max_bits = top_shift + n->page_log2 - 3 + 4;

	if (max_bits > 52)
		max_bits = 52;
	if (n->ia_bits >= min_bits && n->ia_bits <= max_bits)
		return S2_OK;
	return s2_fail(
		err, S2_INVALID,
		n->from_vtcr ?
			"VTCR_EL2.SL0 starts at level %d, which needs %u..%u input bits, but T0SZ gives %u" :
			"start level %d needs %u..%u input bits, not %u",
		n->start_level, min_bits, max_bits, n->ia_bits);
}

static uint32_t oddities(const struct numbers *n)
{
	uint32_t odd = 0;

	if (!n->from_vtcr && n->ia_bits < 25)
		odd |= S2_GODD_TTST;
	if (n->page_log2 == 12 && n->start_level == 3)
		odd |= S2_GODD_TTST; /* SL0 = 3 with 4K */
	if (n->ia_bits > n->oa_bits)
		odd |= S2_GODD_IA_OVER_OA;
	/* AArch64.S2InvalidSL: these start levels are invalid on implementations with fewer PA
	 * bits. */
	if ((n->page_log2 == 12 && n->start_level == 0 && n->oa_bits < 44) ||
	    (n->page_log2 == 14 && n->start_level == 1 && n->oa_bits < 42) ||
	    (n->page_log2 == 16 && n->start_level == 1 && n->oa_bits < 44))
		odd |= S2_GODD_SL_PA;
	return odd;
}

/* Facts that decide how descriptors read. */
static uint32_t flags(const struct s2_regime *regime, const struct numbers *n)
{
	enum s2_tristate fwb = s2_regime_flag(regime, S2_ARM64_FWB);
	uint32_t ret = 0;

	if (n->from_vtcr)
		ret |= S2_G_SH0;
	if (fwb != S2_UNKNOWN)
		ret |= fwb == S2_YES ? S2_G_FWB : S2_G_NOFWB;
	else if (s2_regime_has(regime, S2_ARM64_HCR_EL2))
		ret |= regime->value[S2_ARM64_HCR_EL2] & HCR_FWB ? S2_G_FWB : S2_G_NOFWB;
	if (s2_regime_flag(regime, S2_ARM64_XNX) != S2_NO)
		ret |= S2_G_XNX;
	if (regime->value[S2_ARM64_REALM])
		ret |= S2_G_REALM;
	return ret;
}

enum s2_code s2_arm64_stage2_shape(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err)
{
	struct s2_geometry geom = { .arch = regime->arch };
	struct numbers n = { 0 };
	unsigned int top_shift;
	enum s2_code code;

	if (s2_regime_has(regime, S2_ARM64_VTCR_EL2)) {
		code = numbers_from_vtcr(regime->value[S2_ARM64_VTCR_EL2], &n, &geom, err);
		if (!code)
			code = cross_check(regime, &n, err);
	} else {
		code = numbers_from_options(regime, &n, err);
	}
	if (code)
		return code;
	geom.top = (uint8_t)(3 - n.start_level);
	top_shift = n.page_log2 + geom.top * (n.page_log2 - 3);
	code = check_start(&n, top_shift, err);
	if (code)
		return code;
	geom.odd |= oddities(&n);
	geom.flags |= flags(regime, &n);
	geom.page_log2 = (uint8_t)n.page_log2;
	geom.heights = s2_arm64_heights(n.page_log2, n.lpa2);
	geom.ia_bits = (uint8_t)n.ia_bits;
	geom.oa_bits = (uint8_t)n.oa_bits;
	geom.start_size = BIT64(n.ia_bits - top_shift) * sizeof(uint64_t);
	geom.start_tables = geom.start_size > BIT64(n.page_log2) ?
				    (uint32_t)(geom.start_size >> n.page_log2) :
				    1;
	geom.sh = (uint8_t)n.sh;
	s2_arm64_shape_levels(&geom, n.lpa2, BITS64(50, n.lpa2 ? 50 : 48));
	*ret = geom;
	return S2_OK;
}

enum s2_code s2_arm64_stage2_root(const struct s2_geometry *geom, const struct s2_regime *regime,
				  uint64_t *ret, struct s2_err *err)
{
	return s2_arm64_vttbr_root(geom, regime->value[S2_ARM64_VTTBR_EL2], ret, err);
}

enum s2_code s2_arm64_vttbr_root(const struct s2_geometry *geom, uint64_t vttbr, uint64_t *ret,
				 struct s2_err *err)
{
	/* VTTBR_EL2.BADDR: [47:x], and [5:2] hold [51:48] with DS, and with 64K tables when the
	 * output size is 52 bits (Arm ARM pseudocode AArch64.S2TTBaseAddress). */
	uint64_t root = vttbr & BITS64(47, 1);
	uint64_t align = geom->start_size;

	if ((geom->flags & S2_G_LPA2) || geom->oa_bits == 52)
		root = (vttbr & BITS64(47, 6)) | field_get(BITS64(5, 2), vttbr) << 48;
	if (!is_aligned(root, align))
		return s2_fail(
			err, S2_INVALID,
			"VTTBR_EL2.BADDR 0x%llx is not aligned to the %llu bytes of the start level",
			(unsigned long long)root, (unsigned long long)align);
	*ret = root;
	return S2_OK;
}
