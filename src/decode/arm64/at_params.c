// SPDX-License-Identifier: GPL-2.0-or-later
// Registers to walk parameters (Arm ARM pseudocode AArch64.GetS1TTWParams, GetS2TTWParams and the
// checks on their fields).
#include "decode/arm64/at.h"

#include "decode/arm64/stage1.h"

#define SCTLR_C BIT64(2)
#define SCTLR_I BIT64(12)
#define SCTLR_WXN BIT64(19)
#define SCTLR_EPAN BIT64(57)

/* The registers of a stage-1 regime. */
struct bank {
	const char *name; /* of the suffix */
	enum s2_arm64_claim sctlr, tcr, tcr2, ttbr[2], mair, pir, pire0, por;
};

static const struct bank el1_bank = {
	"EL1",
	S2_ARM64_SCTLR_EL1,
	S2_ARM64_TCR_EL1,
	S2_ARM64_TCR2_EL1,
	{ S2_ARM64_TTBR0_EL1, S2_ARM64_TTBR1_EL1 },
	S2_ARM64_MAIR_EL1,
	S2_ARM64_PIR_EL1,
	S2_ARM64_PIRE0_EL1,
	S2_ARM64_POR_EL1,
};
static const struct bank el2_bank = {
	"EL2",
	S2_ARM64_SCTLR_EL2,
	S2_ARM64_TCR_EL2,
	S2_ARM64_TCR2_EL2,
	{ S2_ARM64_TTBR0_EL2, S2_ARM64_TTBR1_EL2 },
	S2_ARM64_MAIR_EL2,
	S2_ARM64_PIR_EL2,
	S2_ARM64_PIRE0_EL2,
	S2_ARM64_POR_EL2,
};

static bool have(const struct s2_at *at, enum s2_arm64_claim reg)
{
	return s2_regime_has(&at->req->regs, reg);
}

static uint64_t get(const struct s2_at *at, enum s2_arm64_claim reg)
{
	return have(at, reg) ? at->req->regs.value[reg] : 0;
}

static unsigned int min_uint(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* AArch64.PhysicalAddressSize. A reserved PS, 7, caps nothing. */
static uint8_t output_bits(const struct s2_at *at, unsigned int ps, const struct s2_at_walk *walk)
{
	unsigned int bits = s2_arm64_ps_bits(ps);

	if (!bits)
		bits = at->pa_bits;
	if (walk->page_log2 != 16 && !walk->ds)
		bits = min_uint(bits, 48);
	return (uint8_t)min_uint(bits, at->pa_bits);
}

/* Do bits [5:2] of a TTBR hold address bits [51:48]? With 64K tables where the hardware has 52
 * bits. */
static bool wide_base(const struct s2_at_walk *walk)
{
	return walk->ds || (walk->page_log2 == 16 && walk->oa_bits == 52);
}

/* log2 of the bytes that the start level is aligned to. */
static unsigned int base_align_log2(const struct s2_at_walk *walk)
{
	unsigned int stride = walk->page_log2 - 3U;
	unsigned int below = walk->page_log2 + (unsigned int)(3 - walk->start_level) * stride;
	unsigned int size_log2 = walk->ia_bits > below ? walk->ia_bits - below + 3 : 3;

	return wide_base(walk) && size_log2 < 6 ? 6 : size_log2;
}

/* AArch64.S1TTBaseAddress, AArch64.S2TTBaseAddress. */
static uint64_t table_base(const struct s2_at_walk *walk, uint64_t ttbr)
{
	uint64_t base = ttbr & BITS64(47, 1);

	if (wide_base(walk))
		base = (ttbr & BITS64(47, 6)) | field_get(BITS64(5, 2), ttbr) << 48;
	return base & ~low_bits(base_align_log2(walk));
}

static unsigned int max_txsz(const struct s2_at *at, unsigned int page_log2)
{
	if (at->req->features & S2_AT_NO_TTST)
		return 39;
	return page_log2 == 16 ? 47 : 48;
}

static void walk_from_geometry(const struct s2_at *at, const struct s2_geometry *geom,
			       uint64_t root, struct s2_at_walk *ret)
{
	*ret = (struct s2_at_walk){
		.page_log2 = geom->page_log2,
		.ia_bits = geom->ia_bits,
		.oa_bits = (uint8_t)min_uint(geom->oa_bits, at->pa_bits),
		.start_level = (int8_t)(3 - (int)geom->top),
		.sh = geom->sh,
		.ds = geom->flags & S2_G_LPA2,
		.ha = geom->flags & S2_G_HA,
		.hd = geom->flags & S2_G_HD,
		.base = root,
	};
}

/* Fields of TCR_ELx; @tcr.page_log2 is not 0. */
static void stage1_walk(struct s2_at *at, const struct s2_tcr *tcr, uint64_t ttbr)
{
	struct s2_at_walk *walk = &at->s1.walk;
	unsigned int min;

	walk->page_log2 = tcr->page_log2;
	walk->ds = tcr->ds && tcr->page_log2 != 16;
	walk->oa_bits = output_bits(at, tcr->ps, walk);
	walk->sh = tcr->sh;
	walk->ha = tcr->ha;
	walk->hd = tcr->hd;
	/* AArch64.S1TxSZFaults; where the architecture leaves a choice, it faults. */
	min = walk->ds || walk->page_log2 == 16 ? 12 : 16;
	at->s1.bad_size = tcr->tsz < min || tcr->tsz > max_txsz(at, walk->page_log2);
	if (at->s1.bad_size)
		return;
	walk->ia_bits = (uint8_t)(64 - tcr->tsz);
	/* AArch64.S1StartLevel. */
	walk->start_level =
		(int8_t)(3 - (walk->ia_bits - 1 - walk->page_log2) / (walk->page_log2 - 3));
	walk->base = table_base(walk, ttbr);
}

/* No vCPU has registers of EL2, and the short options mean those only where the operation does. */
static enum s2_code no_tcr(const struct bank *bank, bool of_el2, struct s2_err *err)
{
	const char *advice = "it, TTBR0 and the like, or a vCPU";

	if (bank == &el2_bank)
		advice = of_el2 ? "tcr, ttbr0 and the like of EL2, or its own table" :
				  "tcr_el2, ttbr0_el2 and the like by these names";
	return s2_fail(err, bank == &el2_bank ? S2_INVALID : S2_NOTFOUND,
		       "TCR_%s is not known: give %s", bank->name, advice);
}

static enum s2_code stage1_tables(struct s2_at *at, const struct bank *bank, bool of_el2,
				  struct s2_err *err)
{
	struct s2_at_stage1 *s1 = &at->s1;
	unsigned int half = s1->two && s1->upper;
	const struct s2_geometry *geom = at->req->stage1[half];
	struct s2_tcr tcr;

	if (!s1->two)
		s1->upper = false;
	if (geom) {
		walk_from_geometry(at, geom, at->req->stage1_root[half], &s1->walk);
		s1->hpd = geom->flags & S2_G_HPD;
		if (!s1->have_mair && (geom->flags & S2_G_MAIR)) {
			s1->mair = geom->memory_types;
			s1->have_mair = true;
		}
		return S2_OK;
	}
	if (!have(at, bank->tcr))
		return no_tcr(bank, of_el2, err);
	tcr = s2_arm64_tcr(get(at, bank->tcr), s1->two, half);
	s1->epd = tcr.epd;
	s1->e0pd = tcr.e0pd;
	s1->hpd = tcr.hpd;
	if (s1->epd)
		return S2_OK;
	if (!have(at, bank->ttbr[half]))
		return s2_fail(err, S2_INVALID, "TTBR%u_%s is not known", half, bank->name);
	if (!tcr.page_log2)
		return s2_fail(err, S2_INVALID, "TCR_%s.TG%u is %u, a reserved value", bank->name,
			       half, tcr.tg);
	stage1_walk(at, &tcr, get(at, bank->ttbr[half]));
	return S2_OK;
}

/* TCR2_ELx: indirection, overlays. */
static enum s2_code stage1_extras(struct s2_at *at, const struct bank *bank, struct s2_err *err)
{
	struct s2_at_stage1 *s1 = &at->s1;
	uint64_t tcr2 = get(at, bank->tcr2);

	if (tcr2 & TCR2ELX_D128)
		return s2_fail(err, S2_INVALID,
			       "TCR2_%s.D128 is 1: 128-bit descriptors are not supported",
			       bank->name);
	if (tcr2 & TCR2ELX_AIE)
		return s2_fail(
			err, S2_INVALID,
			"TCR2_%s.AIE is 1: memory attributes through MAIR2_%s are not supported",
			bank->name, bank->name);
	s1->pie = tcr2 & TCR2ELX_PIE;
	s1->poe = tcr2 & TCR2ELX_POE;
	s1->e0poe = s1->two && !s1->nv1 && (tcr2 & TCR2ELX_E0POE);
	if (s1->pie && !have(at, bank->pir))
		return s2_fail(err, S2_INVALID, "TCR2_%s.PIE is 1, but PIR_%s is not known",
			       bank->name, bank->name);
	if (s1->pie && s1->two && !s1->nv1 && !have(at, bank->pire0))
		return s2_fail(err, S2_INVALID, "TCR2_%s.PIE is 1, but PIRE0_%s is not known",
			       bank->name, bank->name);
	if (s1->poe && !have(at, bank->por))
		return s2_fail(err, S2_INVALID, "TCR2_%s.POE is 1, but POR_%s is not known",
			       bank->name, bank->name);
	if (s1->e0poe && !have(at, S2_ARM64_POR_EL0))
		return s2_fail(err, S2_INVALID, "TCR2_%s.E0POE is 1, but POR_EL0 is not known",
			       bank->name);
	s1->pir = get(at, bank->pir);
	s1->pire0 = get(at, bank->pire0);
	s1->por = get(at, bank->por);
	s1->por_el0 = get(at, S2_ARM64_POR_EL0);
	return S2_OK;
}

/* Bit that the top byte is ignored from: TCR_ELx.TBI and TBID (AArch64.AddrTop); and TCR_ELx.MTX,
 * by which four bits of it are a tag (AArch64.VAIsOutOfRange). */
static void top_byte(struct s2_at *at, const struct bank *bank, bool fetch)
{
	struct s2_tcr tcr =
		s2_arm64_tcr(get(at, bank->tcr), at->s1.two, at->s1.two && at->s1.upper);

	at->s1.addr_top = tcr.tbi && !(tcr.tbid && fetch) ? 55 : 63;
	at->s1.mtx = tcr.mtx;
}

static enum s2_code stage1_params(struct s2_at *at, const struct s2_access *access, bool of_el2,
				  struct s2_err *err)
{
	struct s2_at_stage1 *s1 = &at->s1;
	uint64_t hcr = get(at, S2_ARM64_HCR_EL2);
	bool e2h = s2_arm64_e2h(&at->req->regs) == S2_YES, tge = hcr & HCR_TGE;
	bool el2 = of_el2 || (e2h && tge);
	const struct bank *bank = el2 ? &el2_bank : &el1_bank;
	uint64_t sctlr = have(at, bank->sctlr) ? get(at, bank->sctlr) : SCTLR_M | SCTLR_C | SCTLR_I;
	enum s2_code code;

	s1->two = !el2 || e2h;
	s1->upper = at->req->ia & BIT64(55);
	top_byte(at, bank, access->fetch);
	s1->dcache = sctlr & SCTLR_C;
	s1->icache = sctlr & SCTLR_I;
	s1->wxn = sctlr & SCTLR_WXN;
	s1->epan = sctlr & SCTLR_EPAN;
	s1->have_mair = have(at, bank->mair);
	s1->mair = get(at, bank->mair);
	s1->dc = !el2 && (hcr & HCR_DC);
	s1->dct = hcr & HCR_DCT;
	/* AArch64.S1Enabled. */
	s1->on = (sctlr & SCTLR_M) && (el2 || !(hcr & (HCR_DC | HCR_TGE)));
	if (!s1->on)
		return S2_OK;
	s1->ee = sctlr & SCTLR_EE;
	if (!el2 && (hcr & HCR_NV1) && !(hcr & HCR_NV))
		return s2_fail(err, S2_INVALID,
			       "HCR_EL2.NV1 is 1 and NV is 0: which of them counts is the "
			       "implementation's choice");
	s1->nv1 = !el2 && (hcr & HCR_NV1);
	code = stage1_extras(at, bank, err);
	if (!code)
		code = stage1_tables(at, bank, of_el2, err);
	s1->walk.pnch = get(at, bank->tcr2) & TCR2ELX_PNCH;
	s1->walk.haft = s1->walk.ha && (get(at, bank->tcr2) & TCR2ELX_HAFT);
	s1->hpd |= s1->pie || s1->poe || s1->e0poe;
	return code;
}

/* AArch64.S2StartLevel and AArch64.S2InvalidSL; false: invalid. */
static bool stage2_start(const struct s2_at *at, uint64_t vtcr, struct s2_at_walk *walk)
{
	unsigned int sl0 = (unsigned int)field_get(VTCR_SL0, vtcr);

	if (walk->page_log2 == 12 && walk->ds && (vtcr & VTCR_SL2)) {
		walk->start_level = -1;
		return sl0 == 0 && at->pa_bits >= 52;
	}
	if (walk->page_log2 == 12) {
		walk->start_level = sl0 == 3 ? 3 : (int8_t)(2 - (int)sl0);
		return !(sl0 == 2 && at->pa_bits < 44) &&
		       !(sl0 == 3 && (at->req->features & S2_AT_NO_TTST));
	}
	walk->start_level = (int8_t)(3 - (int)sl0);
	if (walk->page_log2 == 14)
		return !(sl0 == 2 && at->pa_bits < 42) &&
		       !(sl0 == 3 && !(walk->ds && at->pa_bits >= 52));
	return sl0 != 3 && !(sl0 == 2 && at->pa_bits < 44);
}

/* AArch64.S2TxSZFaults, S2InvalidSL, S2InconsistentSL. */
static bool stage2_fits(const struct s2_at *at, uint64_t vtcr, struct s2_at_walk *walk)
{
	unsigned int tsz = (unsigned int)field_get(VTCR_T0SZ, vtcr);
	unsigned int stride = walk->page_log2 - 3U;
	unsigned int max_ia = at->pa_bits, below;

	if (walk->page_log2 != 16 && !walk->ds)
		max_ia = min_uint(max_ia, 48);
	if (tsz < 64 - max_ia || tsz > max_txsz(at, walk->page_log2))
		return false;
	walk->ia_bits = (uint8_t)(64 - tsz);
	if (!stage2_start(at, vtcr, walk))
		return false;
	below = walk->page_log2 + (unsigned int)(3 - walk->start_level) * stride;
	return walk->ia_bits >= below + 1 && walk->ia_bits <= below + stride + 4;
}

static bool have_root(const struct s2_at *at)
{
	return at->req->have_stage2_root || have(at, S2_ARM64_VTTBR_EL2);
}

static enum s2_code stage2_tables(struct s2_at *at, struct s2_err *err)
{
	static const uint8_t tg0_log2[4] = { 12, 16, 14, 0 };
	struct s2_at_walk *walk = &at->s2.walk;
	uint64_t vtcr = get(at, S2_ARM64_VTCR_EL2);

	if (!have(at, S2_ARM64_VTCR_EL2) || !have_root(at))
		return s2_fail(err, S2_INVALID, "stage 2 is in the way, but %s is not known",
			       have(at, S2_ARM64_VTCR_EL2) ? "VTTBR_EL2" : "VTCR_EL2");
	if (vtcr & (VTCR_D128 | VTCR_S2PIE | VTCR_ASSURED_ONLY))
		return s2_fail(err, S2_INVALID, "VTCR_EL2 0x%llx: %s is not supported",
			       (unsigned long long)vtcr,
			       vtcr & VTCR_D128  ? "D128" :
			       vtcr & VTCR_S2PIE ? "S2PIE" :
						   "AssuredOnly");
	walk->page_log2 = tg0_log2[field_get(VTCR_TG0, vtcr)];
	if (!walk->page_log2)
		return s2_fail(err, S2_INVALID, "VTCR_EL2.TG0 is 3, a reserved value");
	walk->ds = (vtcr & VTCR_DS) && walk->page_log2 != 16;
	walk->oa_bits = output_bits(at, (unsigned int)field_get(VTCR_PS, vtcr), walk);
	walk->sh = (uint8_t)field_get(VTCR_SH0, vtcr);
	walk->ha = vtcr & VTCR_HA;
	walk->hd = vtcr & VTCR_HD;
	at->s2.bad_size = !stage2_fits(at, vtcr, walk);
	if (at->s2.bad_size)
		return S2_OK;
	walk->base = at->req->have_stage2_root ? at->req->stage2_root :
						 table_base(walk, get(at, S2_ARM64_VTTBR_EL2));
	if (!is_aligned(walk->base, BIT64(base_align_log2(walk))))
		return s2_fail(err, S2_INVALID,
			       "root 0x%llx is not aligned to the %llu bytes of the start level",
			       (unsigned long long)walk->base,
			       (unsigned long long)BIT64(base_align_log2(walk)));
	return S2_OK;
}

static enum s2_code stage2_params(struct s2_at *at, struct s2_err *err)
{
	struct s2_at_stage2 *s2 = &at->s2;
	const struct s2_geometry *geom = at->req->stage2;
	uint64_t hcr = get(at, S2_ARM64_HCR_EL2);

	s2->on = true;
	s2->ptw = hcr & HCR_PTW;
	s2->cd = hcr & HCR_CD;
	s2->id = hcr & HCR_ID;
	s2->xnx = !(at->req->features & S2_AT_NO_XNX);
	if (have(at, S2_ARM64_HCR_EL2)) {
		s2->fwb = hcr & HCR_FWB;
		s2->nofwb = !s2->fwb;
	}
	if (s2_regime_flag(&at->req->regs, S2_ARM64_FWB) != S2_UNKNOWN) {
		s2->fwb = s2_regime_flag(&at->req->regs, S2_ARM64_FWB) == S2_YES;
		s2->nofwb = !s2->fwb;
	}
	s2->ee = get(at, S2_ARM64_SCTLR_EL2) & SCTLR_EE;
	if (!geom)
		return stage2_tables(at, err);
	walk_from_geometry(at, geom, at->req->stage2_root, &s2->walk);
	if (geom->flags & (S2_G_FWB | S2_G_NOFWB)) {
		s2->fwb = geom->flags & S2_G_FWB;
		s2->nofwb = !s2->fwb;
	}
	s2->xnx = geom->flags & S2_G_XNX;
	return S2_OK;
}

enum s2_code s2_at_params(struct s2_at *at, const struct s2_access *access, bool of_el2,
			  bool stage1, bool stage2, struct s2_err *err)
{
	uint64_t hcr = get(at, S2_ARM64_HCR_EL2);
	bool el2 = of_el2 || ((hcr & HCR_E2H) && (hcr & HCR_TGE));
	bool given = at->req->stage2 || (have(at, S2_ARM64_VTCR_EL2) && have_root(at));
	bool vm = have(at, S2_ARM64_HCR_EL2) ? hcr & (HCR_VM | HCR_DC) : given;
	enum s2_code code;

	if (stage1) {
		code = stage1_params(at, access, of_el2, err);
		if (code)
			return code;
		if (el2)
			return S2_OK;
	}
	if (stage2 && stage1 && !given && !have(at, S2_ARM64_HCR_EL2))
		return s2_fail(err, S2_INVALID,
			       "stage 2 is asked for, but neither HCR_EL2 nor its tables are known");
	return stage1 && !vm ? S2_OK : stage2_params(at, err);
}
