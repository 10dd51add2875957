// SPDX-License-Identifier: GPL-2.0-or-later
// What a regime of arm64 can be told, and how claims from options go with those of a file.
#include "decode/arm64/claims.h"

#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"

static const char *const rgn[] = { "Non-cacheable", "Write-Back Write-Allocate", "Write-Through",
				   "Write-Back no Write-Allocate" };
static const char *const sh0[] = { "Non-shareable", "reserved", "Outer Shareable",
				   "Inner Shareable" };
static const char *const tg0[] = { "4K", "64K", "16K", "reserved" };
static const char *const ps[] = { "32 bits", "36 bits", "40 bits", "42 bits",
				  "44 bits", "48 bits", "52 bits", "reserved" };
static const char *const vs[] = { "8-bit VMID", "16-bit VMID" };
static const char *const off_on[] = { "off", "on" };
static const char *const res1[] = { "0, though RES1", "RES1" };

/* VTCR_EL2 from bit 0 up, as the Arm ARM prints it (DDI 0487, D23.2). */
static const struct s2_field vtcr_fields[] = {
	{ "T0SZ", BITS64(5, 0), NULL, "input size is 64 - T0SZ bits", NULL },
	{ "SL0", BITS64(7, 6), NULL, "start level, with TG0 and SL2", NULL },
	{ "IRGN0", BITS64(9, 8), rgn, "inner cacheability of walks", NULL },
	{ "ORGN0", BITS64(11, 10), rgn, "outer cacheability of walks", NULL },
	{ "SH0", BITS64(13, 12), sh0, "shareability of walks, and of mappings when DS=1", NULL },
	{ "TG0", BITS64(15, 14), tg0, "granule", NULL },
	{ "PS", BITS64(18, 16), ps, "output size", NULL },
	{ "VS", BIT64(19), vs, "VMID size", NULL },
	{ "HA", BIT64(21), off_on, "hardware sets the access flag", NULL },
	{ "HD", BIT64(22), off_on, "hardware manages dirty state", NULL },
	{ "HWU59", BIT64(25), off_on, "bit 59 of leaves is for hardware (PBHA)", NULL },
	{ "HWU60", BIT64(26), off_on, "bit 60 of leaves is for hardware (PBHA)", NULL },
	{ "HWU61", BIT64(27), off_on, "bit 61 of leaves is for hardware (PBHA)", NULL },
	{ "HWU62", BIT64(28), off_on, "bit 62 of leaves is for hardware (PBHA)", NULL },
	{ "NSW", BIT64(29), off_on, "walks in Non-secure memory (Secure state)", NULL },
	{ "NSA", BIT64(30), off_on, "outputs in Non-secure memory (Secure state)", NULL },
	{ "RES1", BIT64(31), res1, NULL, NULL },
	{ "DS", BIT64(32), off_on, "52-bit descriptors with 4K and 16K (FEAT_LPA2)", NULL },
	{ "SL2", BIT64(33), NULL, "start level, with SL0 (DS=1, 4K)", NULL },
	{ "AssuredOnly", BIT64(34), off_on, "FEAT_THE", NULL },
	{ "TL1", BIT64(35), off_on, "FEAT_THE", NULL },
	{ "S2PIE", BIT64(36), off_on, "indirect permissions", NULL },
	{ "S2POE", BIT64(37), off_on, "permission overlays", NULL },
	{ "D128", BIT64(38), off_on, "128-bit descriptors", NULL },
	{ "GCSH", BIT64(40), off_on, "FEAT_THE and FEAT_GCS", NULL },
	{ "TL0", BIT64(41), off_on, "FEAT_THE", NULL },
	{ "HAFT", BIT64(44), off_on, "access flag in table descriptors", NULL },
	{ "HDBSS", BIT64(45), off_on, "dirty state is tracked in a structure", NULL },
};

#include "decode/arm64/fields.h"

static const uint64_t granules[] = { 4096, 16384, 65536 };
/* What PS and PARange can tell. */
static const uint64_t pa_sizes[] = { 32, 36, 40, 42, 44, 48, 52 };

#define REGISTER .kind = S2_CLAIM_REGISTER
#define FIELDS(rows) .fields = (rows), .nfields = ARRAY_SIZE(rows)
#define ACCESS_REGISTER(text, what) \
	.name = (text), .kind = S2_CLAIM_REGISTER, .use = S2_CLAIM_ACCESS, .option = (text), \
	.arg = "VALUE", .help = (what)

/* BADDR as an address. How many bits that has is said by VTCR_EL2 or TCR_ELx. */
static bool ttbr_root(uint64_t value, struct s2_told *ret)
{
	*ret = (struct s2_told){ "root", value & BITS64(47, 1),
				 value & BITS64(5, 2) ?
					 "where the table is, unless it has 52 bits" :
					 "where the table is" };
	return true;
}

#define TTBR REGISTER, FIELDS(ttbr_fields), .told = ttbr_root

/*
 * The order is that of --help and of JSON. A new claim: an index in claims.h, a row here; with an
 * option, the manual and the completion.
 */
const struct s2_claim s2_arm64_claims[S2_ARM64_NCLAIMS] = {
	[S2_ARM64_VTCR_EL2] = { .name = "vtcr_el2",
				.kind = S2_CLAIM_REGISTER,
				.use = S2_CLAIM_SHAPE,
				.option = "vtcr",
				.arg = "VALUE",
				.help = "VTCR_EL2: granule, input and output size, start level",
				.fields = vtcr_fields,
				.nfields = ARRAY_SIZE(vtcr_fields),
				.example = 0x80023559 },
	[S2_ARM64_VTTBR_EL2] = { .name = "vttbr_el2",
				 .kind = S2_CLAIM_REGISTER,
				 .use = S2_CLAIM_ROOT,
				 .option = "vttbr",
				 .arg = "VALUE",
				 .help = "VTTBR_EL2: where the start level is (instead of a root)",
				 FIELDS(vttbr_fields),
				 .told = ttbr_root },
	[S2_ARM64_HCR_EL2] = { .name = "hcr_el2",
			       .kind = S2_CLAIM_REGISTER,
			       .option = "hcr",
			       .arg = "VALUE",
			       .help = "HCR_EL2: its FWB bit decides how MemAttr reads",
			       FIELDS(hcr_fields) },
	[S2_ARM64_SCTLR_EL1] = { .name = "sctlr_el1", REGISTER, FIELDS(sctlr_el1_fields) },
	[S2_ARM64_TCR_EL1] = { .name = "tcr_el1", REGISTER, FIELDS(tcr_el1_fields) },
	[S2_ARM64_TCR2_EL1] = { .name = "tcr2_el1", REGISTER, FIELDS(tcr2_fields) },
	[S2_ARM64_TTBR0_EL1] = { .name = "ttbr0_el1", TTBR },
	[S2_ARM64_TTBR1_EL1] = { .name = "ttbr1_el1", TTBR },
	[S2_ARM64_MAIR_EL1] = { .name = "mair_el1", REGISTER, FIELDS(mair_fields) },
	[S2_ARM64_PIR_EL1] = { .name = "pir_el1", REGISTER, FIELDS(pir_fields) },
	[S2_ARM64_PIRE0_EL1] = { .name = "pire0_el1", REGISTER, FIELDS(pir_fields) },
	[S2_ARM64_POR_EL1] = { .name = "por_el1", REGISTER, FIELDS(por_fields) },
	[S2_ARM64_POR_EL0] = { .name = "por_el0", REGISTER, FIELDS(por_fields) },
	[S2_ARM64_SCTLR_EL2] = { .name = "sctlr_el2", REGISTER, FIELDS(sctlr_el2_fields) },
	[S2_ARM64_TCR_EL2] = { .name = "tcr_el2", REGISTER, FIELDS(tcr_el2_fields) },
	[S2_ARM64_TTBR0_EL2] = { .name = "ttbr0_el2", TTBR },
	[S2_ARM64_TTBR1_EL2] = { .name = "ttbr1_el2", TTBR },
	[S2_ARM64_MAIR_EL2] = { .name = "mair_el2", REGISTER, FIELDS(mair_fields) },
	[S2_ARM64_TCR2_EL2] = { .name = "tcr2_el2", REGISTER, FIELDS(tcr2_fields) },
	[S2_ARM64_PIR_EL2] = { .name = "pir_el2", REGISTER, FIELDS(pir_fields) },
	[S2_ARM64_PIRE0_EL2] = { .name = "pire0_el2", REGISTER, FIELDS(pir_fields) },
	[S2_ARM64_POR_EL2] = { .name = "por_el2", REGISTER, FIELDS(por_fields) },
	[S2_ARM64_GRANULE] = { .name = "granule",
			       .kind = S2_CLAIM_BYTES,
			       .use = S2_CLAIM_SHAPE,
			       .option = "granule",
			       .arg = "SIZE",
			       .help = "translation granule: 4K, 16K or 64K (without VTCR_EL2)",
			       .max = 65536,
			       .legal = granules,
			       .nlegal = ARRAY_SIZE(granules) },
	[S2_ARM64_IA_BITS] = { .name = "ia_bits",
			       .kind = S2_CLAIM_BITS,
			       .use = S2_CLAIM_SHAPE,
			       .option = "ia-bits",
			       .arg = "N",
			       .help = "bits of the input address (without VTCR_EL2)",
			       .min = 13,
			       .max = 52 },
	[S2_ARM64_OA_BITS] = { .name = "oa_bits",
			       .kind = S2_CLAIM_BITS,
			       .use = S2_CLAIM_SHAPE,
			       .option = "oa-bits",
			       .arg = "N",
			       .help = "bits of the output address: 32 36 40 42 44 48 52 (without VTCR_EL2)",
			       .max = 56,
			       .legal = pa_sizes,
			       .nlegal = ARRAY_SIZE(pa_sizes) },
	[S2_ARM64_START_LEVEL] = { .name = "start_level",
				   .kind = S2_CLAIM_LEVEL,
				   .use = S2_CLAIM_SHAPE,
				   .option = "start-level",
				   .arg = "N",
				   .help = "level of the start tables, -1..3 (without VTCR_EL2)",
				   .min = -1,
				   .max = 3 },
	[S2_ARM64_LPA2] = { .name = "lpa2",
			    .kind = S2_CLAIM_FLAG,
			    .use = S2_CLAIM_SHAPE,
			    .option = "lpa2",
			    .help = "52-bit descriptors of the 4K and 16K granules (without VTCR_EL2.DS)" },
	[S2_ARM64_FWB] = { .name = "fwb",
			   .kind = S2_CLAIM_FLAG,
			   .use = S2_CLAIM_DETAIL,
			   .option = "fwb",
			   .help = "MemAttr reads as with HCR_EL2.FWB = 1",
			   .no_option = "no-fwb",
			   .no_help = "MemAttr reads as with HCR_EL2.FWB = 0" },
	[S2_ARM64_XNX] = { .name = "xnx",
			   .kind = S2_CLAIM_FLAG,
			   .use = S2_CLAIM_DETAIL,
			   .no_option = "no-xnx",
			   .no_help = "the hardware has no FEAT_XNX: bit 53 is ignored" },
	[S2_ARM64_REALM] = { .name = "realm",
			     .kind = S2_CLAIM_SWITCH,
			     .use = S2_CLAIM_DETAIL,
			     .option = "realm",
			     .help = "Realm stage 2: bit 55 is NS" },
	[S2_ARM64_UPPER] = { .name = "upper", .kind = S2_CLAIM_SWITCH },
	[S2_ARM64_E2H] = { .name = "e2h", .kind = S2_CLAIM_FLAG, .format = "stage1-el2" },
	[S2_ARM64_TCR] = { ACCESS_REGISTER("tcr", "TCR_EL1 (TCR_EL2 for the S1E2 operations)") },
	[S2_ARM64_TTBR0] = { ACCESS_REGISTER("ttbr0", "TTBR0_EL1 (TTBR0_EL2)") },
	[S2_ARM64_TTBR1] = { ACCESS_REGISTER("ttbr1", "TTBR1_EL1 (TTBR1_EL2)") },
	[S2_ARM64_MAIR] = { ACCESS_REGISTER("mair", "MAIR_EL1 (MAIR_EL2)") },
	[S2_ARM64_SCTLR] = { ACCESS_REGISTER("sctlr", "SCTLR_EL1 (SCTLR_EL2)") },
	[S2_ARM64_PAN] = { .name = "pan",
			   .kind = S2_CLAIM_SWITCH,
			   .use = S2_CLAIM_ACCESS,
			   .option = "pan",
			   .help = "PSTATE.PAN is 1 (counts for S1E1RP and S1E1WP)" },
	[S2_ARM64_PA_BITS] = { .name = "pa_bits",
			       .kind = S2_CLAIM_BITS,
			       .use = S2_CLAIM_ACCESS,
			       .option = "pa-bits",
			       .arg = "N",
			       .help = "physical address bits of the hardware, ID_AA64MMFR0_EL1.PARange (default 52)",
			       .legal = pa_sizes,
			       .nlegal = ARRAY_SIZE(pa_sizes) },
};

static enum s2_tristate hcr_bit(const struct s2_regime *regime, uint64_t bit)
{
	if (!s2_regime_has(regime, S2_ARM64_HCR_EL2))
		return S2_UNKNOWN;
	return regime->value[S2_ARM64_HCR_EL2] & bit ? S2_YES : S2_NO;
}

static enum s2_tristate known_fwb(const struct s2_regime *regime)
{
	enum s2_tristate fwb = s2_regime_flag(regime, S2_ARM64_FWB);

	return fwb != S2_UNKNOWN ? fwb : hcr_bit(regime, HCR_FWB);
}

enum s2_tristate s2_arm64_e2h(const struct s2_regime *regime)
{
	enum s2_tristate e2h = hcr_bit(regime, HCR_E2H);

	return e2h != S2_UNKNOWN ? e2h : s2_regime_flag(regime, S2_ARM64_E2H);
}

static bool contradict(enum s2_tristate a, enum s2_tristate b)
{
	return a != S2_UNKNOWN && b != S2_UNKNOWN && a != b;
}

enum s2_code s2_arm64_agree(const struct s2_regime *option, struct s2_err *err)
{
	enum s2_tristate fwb = s2_regime_flag(option, S2_ARM64_FWB);

	if (contradict(fwb, hcr_bit(option, HCR_FWB)))
		return s2_fail(err, S2_USAGE, "HCR_EL2.FWB of %d contradicts HCR_EL2 0x%llx",
			       fwb == S2_YES, (unsigned long long)option->value[S2_ARM64_HCR_EL2]);
	return S2_OK;
}

/* Bits of HCR_EL2 that an answer depends on; others differ between the vCPUs of one VM. */
#define HCR_COUNTS \
	(HCR_VM | HCR_PTW | HCR_DC | HCR_TGE | HCR_CD | HCR_ID | HCR_E2H | HCR_NV | HCR_NV1 | \
	 HCR_FWB | HCR_DCT)

static enum s2_code not_hcr(const char *id, const char *field, uint64_t value, struct s2_err *err)
{
	return s2_fail(err, S2_USAGE, "the file says that HCR_EL2%s of %s is 0x%llx", field, id,
		       (unsigned long long)value);
}

/* An option may add to what the file says of a table, not gainsay it. */
static enum s2_code check(const struct s2_regime *option, const char *id,
			  const struct s2_regime *regime, struct s2_err *err)
{
	enum s2_tristate fwb = s2_regime_flag(option, S2_ARM64_FWB);
	bool stage2 = s2_is_stage2(regime->arch);

	if (stage2 && contradict(fwb, known_fwb(regime)))
		return s2_fail(err, S2_USAGE, "the file says that HCR_EL2.FWB of %s is %d", id,
			       known_fwb(regime) == S2_YES);
	if (stage2 && contradict(hcr_bit(option, HCR_FWB), known_fwb(regime)))
		return not_hcr(id, ".FWB", known_fwb(regime) == S2_YES, err);
	if (!stage2 && contradict(hcr_bit(option, HCR_E2H), s2_arm64_e2h(regime)))
		return not_hcr(id, ".E2H", s2_arm64_e2h(regime) == S2_YES, err);
	if (s2_regime_has(option, S2_ARM64_HCR_EL2) && s2_regime_has(regime, S2_ARM64_HCR_EL2) &&
	    (option->value[S2_ARM64_HCR_EL2] ^ regime->value[S2_ARM64_HCR_EL2]) & HCR_COUNTS)
		return not_hcr(id, "", regime->value[S2_ARM64_HCR_EL2], err);
	if (stage2 &&
	    contradict(s2_regime_flag(option, S2_ARM64_XNX), s2_regime_flag(regime, S2_ARM64_XNX)))
		return s2_fail(err, S2_USAGE, "the file says that %s has FEAT_XNX", id);
	return S2_OK;
}

enum s2_code s2_arm64_complete(const struct s2_regime *option, const char *id,
			       struct s2_regime *regime, struct s2_err *err)
{
	static const unsigned int details[] = { S2_ARM64_FWB, S2_ARM64_XNX, S2_ARM64_REALM };
	enum s2_code code = check(option, id, regime, err);

	if (code)
		return code;
	if (s2_regime_has(option, S2_ARM64_HCR_EL2) && !s2_regime_has(regime, S2_ARM64_HCR_EL2))
		s2_regime_set(regime, S2_ARM64_HCR_EL2, option->value[S2_ARM64_HCR_EL2]);
	for (unsigned int i = 0; s2_is_stage2(regime->arch) && i < ARRAY_SIZE(details); i++)
		if (s2_regime_has(option, details[i]))
			s2_regime_set(regime, details[i], option->value[details[i]]);
	return S2_OK;
}

/* As many bits as one table of the start level takes, of stage 1 or 2, and as there are. */
static unsigned int ia_bits_from(int start_level, uint64_t granule)
{
	unsigned int most = start_level == -1 ? 52 : 48, page_log2, bits;

	if (start_level == S2_NO_LEVEL || s2_arm64_page_log2(granule, &page_log2, NULL))
		return most;
	bits = page_log2 + (unsigned int)(4 - start_level) * (page_log2 - 3);
	return bits < most ? bits : most;
}

void s2_arm64_assume(struct s2_regime *regime)
{
	int start_level = s2_regime_level(regime, S2_ARM64_START_LEVEL);

	if (s2_regime_has(regime, S2_ARM64_VTCR_EL2))
		return;
	if (!s2_regime_has(regime, S2_ARM64_GRANULE))
		s2_regime_set(regime, S2_ARM64_GRANULE, 4096);
	if (!s2_regime_has(regime, S2_ARM64_IA_BITS))
		s2_regime_set(regime, S2_ARM64_IA_BITS,
			      ia_bits_from(start_level, regime->value[S2_ARM64_GRANULE]));
}
