// SPDX-License-Identifier: GPL-2.0-or-later
// arm64 stage 1: TCR_ELx and other claims to geometry (Arm ARM DDI 0487, D8.2), TTBRn_ELx to a
// table address.
#include "decode/arm64/stage1.h"

#include "decode/arm64/arm64.h"

/* TCR_EL1, and TCR_EL2 with HCR_EL2.E2H == 1. */
#define TCR_T0SZ BITS64(5, 0)
#define TCR_EPD0 BIT64(7)
#define TCR_SH0 BITS64(13, 12)
#define TCR_TG0 BITS64(15, 14)
#define TCR_T1SZ BITS64(21, 16)
#define TCR_EPD1 BIT64(23)
#define TCR_SH1 BITS64(29, 28)
#define TCR_TG1 BITS64(31, 30)
#define TCR_IPS BITS64(34, 32)
#define TCR_TBI0 BIT64(37)
#define TCR_TBI1 BIT64(38)
#define TCR_HA BIT64(39)
#define TCR_HD BIT64(40)
#define TCR_HPD0 BIT64(41)
#define TCR_HPD1 BIT64(42)
#define TCR_HWU0 BITS64(46, 43)
#define TCR_HWU1 BITS64(50, 47)
#define TCR_TBID0 BIT64(51)
#define TCR_TBID1 BIT64(52)
#define TCR_E0PD0 BIT64(55)
#define TCR_E0PD1 BIT64(56)
#define TCR_DS BIT64(59)
#define TCR_MTX0 BIT64(60)
#define TCR_MTX1 BIT64(61)

/* TCR_EL2 with E2H == 0; T0SZ, IRGN0, ORGN0, SH0, TG0 as above. */
#define TCR2_PS BITS64(18, 16)
#define TCR2_TBI BIT64(20)
#define TCR2_HA BIT64(21)
#define TCR2_HD BIT64(22)
#define TCR2_HPD BIT64(24)
#define TCR2_HWU BITS64(28, 25)
#define TCR2_TBID BIT64(29)
#define TCR2_DS BIT64(32)
#define TCR2_MTX BIT64(33)

#define SCTLR_WXN BIT64(19)

/* TG0 and TG1 name the granules differently; 0 marks a reserved value. */
static const uint8_t tg0_log2[4] = { 12, 16, 14, 0 };
static const uint8_t tg1_log2[4] = { 0, 14, 12, 16 };

static struct s2_tcr tcr_upper(uint64_t tcr)
{
	return (struct s2_tcr){
		.page_log2 = tg1_log2[field_get(TCR_TG1, tcr)],
		.tsz = (uint8_t)field_get(TCR_T1SZ, tcr),
		.tg = (uint8_t)field_get(TCR_TG1, tcr),
		.ps = (uint8_t)field_get(TCR_IPS, tcr),
		.sh = (uint8_t)field_get(TCR_SH1, tcr),
		.hwu = (uint8_t)field_get(TCR_HWU1, tcr),
		.ds = tcr & TCR_DS,
		.ha = tcr & TCR_HA,
		.hd = tcr & TCR_HD,
		.hpd = tcr & TCR_HPD1,
		.tbi = tcr & TCR_TBI1,
		.tbid = tcr & TCR_TBID1,
		.epd = tcr & TCR_EPD1,
		.e0pd = tcr & TCR_E0PD1,
		.mtx = tcr & TCR_MTX1,
	};
}

struct s2_tcr s2_arm64_tcr(uint64_t tcr, bool two, bool upper)
{
	struct s2_tcr ret = {
		.page_log2 = tg0_log2[field_get(TCR_TG0, tcr)],
		.tsz = (uint8_t)field_get(TCR_T0SZ, tcr),
		.tg = (uint8_t)field_get(TCR_TG0, tcr),
		.sh = (uint8_t)field_get(TCR_SH0, tcr),
	};

	if (two && upper)
		return tcr_upper(tcr);
	if (two) {
		ret.ps = (uint8_t)field_get(TCR_IPS, tcr);
		ret.hwu = (uint8_t)field_get(TCR_HWU0, tcr);
		ret.ds = tcr & TCR_DS;
		ret.ha = tcr & TCR_HA;
		ret.hd = tcr & TCR_HD;
		ret.hpd = tcr & TCR_HPD0;
		ret.tbi = tcr & TCR_TBI0;
		ret.tbid = tcr & TCR_TBID0;
		ret.epd = tcr & TCR_EPD0;
		ret.e0pd = tcr & TCR_E0PD0;
		ret.mtx = tcr & TCR_MTX0;
	} else {
		ret.ps = (uint8_t)field_get(TCR2_PS, tcr);
		ret.hwu = (uint8_t)field_get(TCR2_HWU, tcr);
		ret.ds = tcr & TCR2_DS;
		ret.ha = tcr & TCR2_HA;
		ret.hd = tcr & TCR2_HD;
		ret.hpd = tcr & TCR2_HPD;
		ret.tbi = tcr & TCR2_TBI;
		ret.tbid = tcr & TCR2_TBID;
		ret.mtx = tcr & TCR2_MTX;
	}
	return ret;
}

/* Where a regime's registers stand, and what its messages call them. */
struct regs {
	enum s2_arm64_claim sctlr, tcr, tcr2, mair, pir, pire0, por;
	const char *tcr_name;
	bool nv1; /* HCR_EL2.NV1 counts */
};

static const struct regs el1_regs = { .sctlr = S2_ARM64_SCTLR_EL1,
				      .tcr = S2_ARM64_TCR_EL1,
				      .tcr2 = S2_ARM64_TCR2_EL1,
				      .mair = S2_ARM64_MAIR_EL1,
				      .pir = S2_ARM64_PIR_EL1,
				      .pire0 = S2_ARM64_PIRE0_EL1,
				      .por = S2_ARM64_POR_EL1,
				      .tcr_name = "TCR_EL1",
				      .nv1 = true };
static const struct regs el2_regs = { .sctlr = S2_ARM64_SCTLR_EL2,
				      .tcr = S2_ARM64_TCR_EL2,
				      .tcr2 = S2_ARM64_TCR2_EL2,
				      .mair = S2_ARM64_MAIR_EL2,
				      .pir = S2_ARM64_PIR_EL2,
				      .pire0 = S2_ARM64_PIRE0_EL2,
				      .por = S2_ARM64_POR_EL2,
				      .tcr_name = "TCR_EL2" };

/* The numbers that claims boil down to, before they are checked. */
struct numbers {
	unsigned int page_log2;
	unsigned int ia_bits;
	unsigned int oa_bits;
	unsigned int sh;
	bool lpa2;
};

static enum s2_code numbers_from_tcr(const struct s2_tcr *tcr, const char *name, const char *half,
				     struct numbers *n, struct s2_geometry *geom,
				     struct s2_err *err)
{
	unsigned int min, max;

	if (!tcr->page_log2)
		return s2_fail(err, S2_INVALID, "%s.TG%s is %u, a reserved value", name, half,
			       tcr->tg);
	n->page_log2 = tcr->page_log2;
	n->oa_bits = s2_arm64_ps_bits(tcr->ps);
	if (!n->oa_bits)
		return s2_fail(err, S2_INVALID, "%s.PS is %u, a reserved value", name, tcr->ps);
	/* DS is RES0 with the 64K granule (Arm ARM D23.2, TCR_EL1.DS). */
	n->lpa2 = tcr->ds && n->page_log2 != 16;
	if (n->oa_bits == 52 && n->page_log2 != 16 && !n->lpa2) {
		n->oa_bits = 48;
		geom->odd |= S2_GODD_PS_CAPPED;
	}
	/* AArch64.S1MinTxSZ and AArch64.MaxTxSZ; above 39 needs FEAT_TTST. */
	min = n->lpa2 || n->page_log2 == 16 ? 12 : 16;
	max = n->page_log2 == 16 ? 47 : 48;
	if (tcr->tsz < min || tcr->tsz > max)
		return s2_fail(err, S2_INVALID,
			       "%s.T%sSZ is %u, not in %u..%u with the %uK granule%s", name, half,
			       tcr->tsz, min, max, 1U << (n->page_log2 - 10),
			       n->lpa2 ? " and DS=1" : "");
	if (tcr->tsz > 39)
		geom->odd |= S2_GODD_TTST;
	n->ia_bits = 64U - tcr->tsz;
	n->sh = tcr->sh;
	if (tcr->ha)
		geom->flags |= S2_G_HA;
	if (tcr->hd && tcr->ha)
		geom->flags |= S2_G_HD;
	else if (tcr->hd)
		geom->odd |= S2_GODD_HD_NO_HA;
	if (tcr->hpd)
		geom->flags |= S2_G_HPD;
	if (tcr->hwu && tcr->hpd)
		geom->flags |= S2_G_PBHA; /* HWUnnn counts only with HPD == 1 */
	return S2_OK;
}

static enum s2_code numbers_from_claims(const struct s2_regime *regime, const char *name,
					struct numbers *n, struct s2_err *err)
{
	unsigned int ia_bits = (unsigned int)regime->value[S2_ARM64_IA_BITS];
	unsigned int oa_bits = (unsigned int)regime->value[S2_ARM64_OA_BITS];
	unsigned int min, max;
	enum s2_code code;

	if (!regime->value[S2_ARM64_GRANULE] || !ia_bits)
		return s2_fail(
			err, S2_NOTFOUND,
			"the geometry is not known: give %s, or the granule and the input bits",
			name);
	code = s2_arm64_page_log2(regime->value[S2_ARM64_GRANULE], &n->page_log2, err);
	if (code)
		return code;
	n->lpa2 = s2_regime_flag(regime, S2_ARM64_LPA2) == S2_YES;
	if (n->lpa2 && n->page_log2 == 16)
		return s2_fail(err, S2_INVALID,
			       "LPA2 goes with the 4K and 16K granules (%s.DS is RES0 with 64K)",
			       name);
	min = n->page_log2 == 16 ? 17 : 16;
	max = n->lpa2 || n->page_log2 == 16 ? 52 : 48;
	if (ia_bits < min || ia_bits > max)
		return s2_fail(err, S2_INVALID,
			       "%u input bits are not in %u..%u for the %uK granule%s", ia_bits,
			       min, max, 1U << (n->page_log2 - 10), n->lpa2 ? " with LPA2" : "");
	n->ia_bits = ia_bits;
	n->oa_bits = oa_bits ? oa_bits : max;
	if (n->oa_bits < 32 || n->oa_bits > max)
		return s2_fail(err, S2_INVALID,
			       "%u output bits are not in 32..%u for the %uK granule%s", n->oa_bits,
			       max, 1U << (n->page_log2 - 10), n->lpa2 ? " with LPA2" : "");
	n->sh = 3;
	return S2_OK;
}

/* What is said beside a TCR_ELx must not contradict it. */
static enum s2_code cross_check(const struct s2_regime *regime, const struct numbers *n,
				const char *name, struct s2_err *err)
{
	uint64_t granule = regime->value[S2_ARM64_GRANULE];
	unsigned int ia_bits = (unsigned int)regime->value[S2_ARM64_IA_BITS];
	unsigned int oa_bits = (unsigned int)regime->value[S2_ARM64_OA_BITS];

	if (granule && granule != BIT64(n->page_log2))
		return s2_fail(err, S2_INVALID, "a granule of %llu contradicts %s.TG (%u)",
			       (unsigned long long)granule, name, 1U << n->page_log2);
	if (ia_bits && ia_bits != n->ia_bits)
		return s2_fail(err, S2_INVALID, "%u input bits contradict %s.TSZ (%u bits)",
			       ia_bits, name, n->ia_bits);
	if (oa_bits && oa_bits != n->oa_bits)
		return s2_fail(err, S2_INVALID, "%u output bits contradict %s.PS (%u bits)",
			       oa_bits, name, n->oa_bits);
	if (s2_regime_flag(regime, S2_ARM64_LPA2) == S2_YES && !n->lpa2)
		return s2_fail(err, S2_INVALID, "LPA2 contradicts %s.DS (0)", name);
	return S2_OK;
}

/* TCR2_ELx.POE and E0POE: overlays of what the privileged level and EL0 may do. */
static void overlays(const struct s2_regime *regime, const struct regs *regs, uint64_t tcr2,
		     struct s2_geometry *geom)
{
	bool poe = tcr2 & TCR2ELX_POE;
	bool e0poe = (geom->flags & S2_G_TWO_EL) && (tcr2 & TCR2ELX_E0POE);

	if (!(tcr2 & (TCR2ELX_POE | TCR2ELX_E0POE)))
		return;
	geom->flags = (geom->flags | S2_G_POE | S2_G_HPD) & ~(uint32_t)S2_G_PBHA;
	geom->overlay = regime->value[regs->por];
	geom->overlay_user = regime->value[S2_ARM64_POR_EL0];
	if (poe)
		geom->flags |= S2_G_OVERLAY;
	if (e0poe)
		geom->flags |= S2_G_OVERLAY_USER;
	if ((!poe || s2_regime_has(regime, regs->por)) &&
	    (!e0poe || s2_regime_has(regime, S2_ARM64_POR_EL0)))
		geom->flags |= S2_G_OVERLAYS_KNOWN;
}

static void memory_and_permissions(const struct s2_regime *regime, const struct regs *regs,
				   struct s2_geometry *geom)
{
	uint64_t tcr2 = regime->value[regs->tcr2];

	if (s2_regime_has(regime, regs->mair)) {
		geom->memory_types = regime->value[regs->mair];
		geom->flags |= S2_G_MAIR;
	}
	if (regime->value[regs->sctlr] & SCTLR_WXN)
		geom->flags |= S2_G_WXN;
	if (tcr2 & TCR2ELX_PIE) {
		geom->flags |= S2_G_PIE | S2_G_HPD;
		geom->perms = regime->value[regs->pir];
		geom->perms_user = regime->value[regs->pire0];
		if (s2_regime_has(regime, regs->pir) &&
		    (s2_regime_has(regime, regs->pire0) || !(geom->flags & S2_G_TWO_EL)))
			geom->flags |= S2_G_PIR;
	}
	overlays(regime, regs, tcr2, geom);
}

static void finish(const struct s2_regime *regime, const struct regs *regs, const struct numbers *n,
		   struct s2_geometry *geom)
{
	unsigned int stride = n->page_log2 - 3;
	uint64_t res0;

	/* AArch64.S1StartLevel: as few levels as the input size needs; no tables are concatenated. */
	geom->top = (uint8_t)((n->ia_bits - 1 - n->page_log2) / stride);
	geom->page_log2 = (uint8_t)n->page_log2;
	geom->heights = s2_arm64_heights(n->page_log2, n->lpa2);
	geom->ia_bits = (uint8_t)n->ia_bits;
	geom->oa_bits = (uint8_t)n->oa_bits;
	geom->start_size = BIT64(n->ia_bits - n->page_log2 - geom->top * stride) * sizeof(uint64_t);
	geom->start_tables = 1;
	geom->sh = (uint8_t)n->sh;
	if (regime->value[S2_ARM64_UPPER]) {
		geom->flags |= S2_G_UPPER;
		geom->ia_base = ~low_bits(n->ia_bits);
	}
	memory_and_permissions(regime, regs, geom);
	res0 = n->lpa2 ? 0 : BITS64(49, 48);
	if (!(geom->flags & S2_G_TWO_EL) && !(geom->flags & S2_G_PIE))
		res0 |= BIT64(53) | BIT64(11); /* PXN and nG mean nothing without an EL0 */
	s2_arm64_shape_levels(geom, n->lpa2, res0);
}

/* What changes the meaning of descriptors in ways that are not supported. */
static enum s2_code refuse(const struct s2_regime *regime, const struct regs *regs,
			   struct s2_err *err)
{
	uint64_t tcr2 = regime->value[regs->tcr2], hcr = regime->value[S2_ARM64_HCR_EL2];

	if (tcr2 & TCR2ELX_D128)
		return s2_fail(err, S2_INVALID, "128-bit descriptors (D128) are not supported");
	if (tcr2 & TCR2ELX_AIE)
		return s2_fail(err, S2_INVALID,
			       "memory attributes through MAIR2 (TCR2.AIE) are not supported");
	if (tcr2 & TCR2ELX_PNCH)
		return s2_fail(err, S2_INVALID,
			       "TCR2.PnCH is 1: bit 52 as Protected (FEAT_THE) is not supported "
			       "here, but in translate");
	if (regime->value[regs->sctlr] & SCTLR_EE)
		return s2_fail(
			err, S2_INVALID,
			"big-endian tables (SCTLR.EE) are not supported here, but in translate");
	if (regs->nv1 && (hcr & HCR_NV1))
		return s2_fail(
			err, S2_INVALID,
			"HCR_EL2.NV1 is 1: a guest hypervisor's permissions are not supported "
			"here, but in translate");
	return S2_OK;
}

static enum s2_code shape(const struct s2_regime *regime, const struct regs *regs, bool two,
			  struct s2_geometry *ret, struct s2_err *err)
{
	struct s2_geometry geom = { .arch = regime->arch, .flags = two ? S2_G_TWO_EL : 0 };
	struct numbers n = { 0 };
	enum s2_code code;

	if (regime->value[S2_ARM64_UPPER] && !two)
		return s2_fail(err, S2_INVALID,
			       "the EL2 regime has no upper half unless HCR_EL2.E2H is 1");
	code = refuse(regime, regs, err);
	if (code)
		return code;
	if (s2_regime_has(regime, regs->tcr)) {
		struct s2_tcr tcr =
			s2_arm64_tcr(regime->value[regs->tcr], two, regime->value[S2_ARM64_UPPER]);

		code = numbers_from_tcr(&tcr, regs->tcr_name,
					regime->value[S2_ARM64_UPPER] ? "1" : "0", &n, &geom, err);
		if (!code)
			code = cross_check(regime, &n, regs->tcr_name, err);
	} else {
		code = numbers_from_claims(regime, regs->tcr_name, &n, err);
	}
	if (code)
		return code;
	finish(regime, regs, &n, &geom);
	if (s2_regime_level(regime, S2_ARM64_START_LEVEL) != S2_NO_LEVEL &&
	    s2_regime_level(regime, S2_ARM64_START_LEVEL) != 3 - (int)geom.top)
		return s2_fail(
			err, S2_INVALID,
			"start level %d: %u input bits with the %uK granule start at level %d",
			s2_regime_level(regime, S2_ARM64_START_LEVEL), n.ia_bits,
			1U << (n.page_log2 - 10), 3 - (int)geom.top);
	*ret = geom;
	return S2_OK;
}

enum s2_code s2_arm64_s1_shape_el1(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err)
{
	return shape(regime, &el1_regs, true, ret, err);
}

enum s2_code s2_arm64_s1_shape_el2(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err)
{
	return shape(regime, &el2_regs, s2_arm64_e2h(regime) == S2_YES, ret, err);
}

enum s2_code s2_arm64_ttbr_root(const struct s2_geometry *geom, uint64_t ttbr, uint64_t *ret,
				struct s2_err *err)
{
	/* TTBRn_ELx: BADDR [47:1], ASID [63:48], CnP [0] (Arm ARM D23.2; AArch64.S1TTBaseAddress). */
	bool wide = (geom->flags & S2_G_LPA2) || geom->oa_bits == 52;
	uint64_t align = geom->start_size; /* 64 bytes at least follow from where wide ones stand */
	uint64_t root = ttbr & BITS64(47, 1);

	if (wide)
		root = (ttbr & BITS64(47, 6)) | field_get(BITS64(5, 2), ttbr) << 48;
	if (!is_aligned(root, align))
		return s2_fail(
			err, S2_INVALID,
			"TTBR base 0x%llx is not aligned to the %llu bytes of the start level",
			(unsigned long long)root, (unsigned long long)align);
	if (geom->oa_bits < 64 && root >> geom->oa_bits)
		return s2_fail(err, S2_INVALID,
			       "TTBR base 0x%llx is beyond the %u bits of the output address size",
			       (unsigned long long)root, geom->oa_bits);
	*ret = root;
	return S2_OK;
}
