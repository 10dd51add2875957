// SPDX-License-Identifier: GPL-2.0-or-later
// arm64 stage 2: what VMSAv8-64 stage-2 descriptors say (Arm ARM DDI 0487, D8.3, D8.6).
#include "decode/arm64/entry.h"
#include "decode/arm64/syndrome.h"

/*
 * Attribute values. Index is the field's value. JSON texts are stable names; the ptdump texts have
 * no blanks.
 */
static const struct s2_attr_value bool_r[] = {
	{ "false", "-", "not readable", 0 },
	{ "true", "R", "readable", 0 },
};
static const struct s2_attr_value bool_w[] = {
	{ "false", "-", "not writable", 0 },
	{ "true", "W", "writable", 0 },
};
/* S2AP[1] and DBM together, when hardware manages dirty state. */
static const struct s2_attr_value dirty_w[] = {
	{ "false", "-", "not writable", 0 },
	{ "true", "W", "writable", 0 },
	{ "true", "w", "writable, clean: hardware sets S2AP[1] on the first write", 0 },
	{ "true", "W", "writable, dirty", 0 },
};
/* XN[1:0], Arm ARM D8.4.1 "Stage 2 data and instruction access permissions". */
static const struct s2_attr_value xnx[] = {
	{ "{\"el1\":true,\"el0\":true}", "X", "executable at EL1 and EL0", 0 },
	{ "{\"el1\":false,\"el0\":true}", "X:EL0", "executable at EL0 only", 0 },
	{ "{\"el1\":false,\"el0\":false}", "-", "not executable", 0 },
	{ "{\"el1\":true,\"el0\":false}", "X:EL1", "executable at EL1 only", 0 },
};
static const struct s2_attr_value xn[] = {
	{ "{\"el1\":true,\"el0\":true}", "X", "executable at EL1 and EL0", 0 },
	{ "{\"el1\":false,\"el0\":false}", "-", "not executable", 0 },
};
static const struct s2_attr_value af[] = {
	{ "false", "noaf", "the first access takes an Access flag fault", 0 },
	{ "true", "-", "accessed", 0 },
};
static const struct s2_attr_value af_ha[] = {
	{ "false", "noaf", "not accessed yet, hardware sets the flag", 0 },
	{ "true", "-", "accessed", 0 },
};
/* LPA2 without a VTCR_EL2: nobody knows SH0. */
static const struct s2_attr_value sh_unknown[] = {
	{ "null", "?", "not known: VTCR_EL2.SH0 was not given", 0 },
};
static const struct s2_attr_value sh[] = {
	{ "\"none\"", "nsh", "Non-shareable", 0 },
	{ "\"reserved\"", "sh?", "reserved", S2_ODD_SH },
	{ "\"outer\"", "osh", "Outer Shareable", 0 },
	{ "\"inner\"", "ish", "Inner Shareable", 0 },
};
/* MemAttr[3:0] with HCR_EL2.FWB == 0: [3:2] outer, [1:0] inner (Arm ARM D8.6.5). */
static const struct s2_attr_value memattr_nofwb[16] = {
	{ "\"device-nGnRnE\"", "device-nGnRnE", "Device-nGnRnE", 0 },
	{ "\"device-nGnRE\"", "device-nGnRE", "Device-nGnRE", 0 },
	{ "\"device-nGRE\"", "device-nGRE", "Device-nGRE", 0 },
	{ "\"device-GRE\"", "device-GRE", "Device-GRE", 0 },
	{ "\"reserved-0x4\"", "reserved-0x4",
	  "reserved (with FEAT_MTE_PERM: Normal, Write-Back, NoTagAccess)", S2_ODD_MEMATTR },
	{ "\"normal-nc\"", "normal-nc", "Normal, Inner and Outer Non-cacheable", 0 },
	{ "\"normal-onc-iwt\"", "normal-onc-iwt",
	  "Normal, Outer Non-cacheable, Inner Write-Through", 0 },
	{ "\"normal-onc-iwb\"", "normal-onc-iwb", "Normal, Outer Non-cacheable, Inner Write-Back",
	  0 },
	{ "\"reserved-0x8\"", "reserved-0x8", "reserved", S2_ODD_MEMATTR },
	{ "\"normal-owt-inc\"", "normal-owt-inc",
	  "Normal, Outer Write-Through, Inner Non-cacheable", 0 },
	{ "\"normal-wt\"", "normal-wt", "Normal, Inner and Outer Write-Through", 0 },
	{ "\"normal-owt-iwb\"", "normal-owt-iwb", "Normal, Outer Write-Through, Inner Write-Back",
	  0 },
	{ "\"reserved-0xc\"", "reserved-0xc", "reserved", S2_ODD_MEMATTR },
	{ "\"normal-owb-inc\"", "normal-owb-inc", "Normal, Outer Write-Back, Inner Non-cacheable",
	  0 },
	{ "\"normal-owb-iwt\"", "normal-owb-iwt", "Normal, Outer Write-Back, Inner Write-Through",
	  0 },
	{ "\"normal-wb\"", "normal-wb", "Normal, Inner and Outer Write-Back", 0 },
};
/* MemAttr[3:0] with HCR_EL2.FWB == 1 (Arm ARM D8.6.6): bit 2 clear forces Device types; bit 3 is
 * RES0 but for FEAT_MTE_PERM. */
static const struct s2_attr_value memattr_fwb[16] = {
	{ "\"device-nGnRnE\"", "device-nGnRnE", "Device-nGnRnE, whatever stage 1 says", 0 },
	{ "\"device-nGnRE\"", "device-nGnRE", "Device-nGnRE or the stronger Device type of stage 1",
	  0 },
	{ "\"device-nGRE\"", "device-nGRE", "Device-nGRE or the stronger Device type of stage 1",
	  0 },
	{ "\"device-GRE\"", "device-GRE", "Device-GRE or the stronger Device type of stage 1", 0 },
	{ "\"reserved-0x4\"", "reserved-0x4", "reserved", S2_ODD_MEMATTR },
	{ "\"normal-nc\"", "normal-nc", "Normal Non-cacheable, or the Device type of stage 1", 0 },
	{ "\"normal-wb\"", "normal-wb", "Normal Write-Back, whatever stage 1 says", 0 },
	{ "\"as-s1\"", "as-s1", "the memory type of stage 1", 0 },
	{ "\"reserved-0x8\"", "reserved-0x8", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"reserved-0x9\"", "reserved-0x9", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"reserved-0xa\"", "reserved-0xa", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"reserved-0xb\"", "reserved-0xb", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"reserved-0xc\"", "reserved-0xc", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"reserved-0xd\"", "reserved-0xd", "reserved (MemAttr[3] set)", S2_ODD_MEMATTR },
	{ "\"normal-wb-notag\"", "normal-wb-notag",
	  "Normal Write-Back, NoTagAccess with FEAT_MTE_PERM (else as 0b0110)", 0 },
	{ "\"as-s1-notag\"", "as-s1-notag",
	  "the memory type of stage 1, NoTagAccess with FEAT_MTE_PERM (else as 0b0111)", 0 },
};
/*
 * HCR_EL2.FWB not known. Where the two readings agree the name stands. Where they differ, only
 * 0b1111 (without FWB), 0b0110 and 0b0111 (with) are written by Linux
 * (arch/arm64/include/asm/memory.h, MT_S2_*); all others are named by their value, because a guess
 * would be a lie.
 */
static const struct s2_attr_value memattr_unknown[16] = {
	{ "\"device-nGnRnE\"", "device-nGnRnE", "Device-nGnRnE", 0 },
	{ "\"device-nGnRE\"", "device-nGnRE", "Device-nGnRE", 0 },
	{ "\"device-nGRE\"", "device-nGRE", "Device-nGRE", 0 },
	{ "\"device-GRE\"", "device-GRE", "Device-GRE", 0 },
	{ "\"reserved-0x4\"", "reserved-0x4", "reserved", S2_ODD_MEMATTR },
	{ "\"normal-nc\"", "normal-nc", "Normal Non-cacheable", 0 },
	{ "\"normal-wb\"", "normal-wb", "Normal Write-Back if HCR_EL2.FWB is 1, as Linux writes it",
	  0 },
	{ "\"as-s1\"", "as-s1",
	  "the memory type of stage 1 if HCR_EL2.FWB is 1, as Linux writes it", 0 },
	{ "\"reserved-0x8\"", "reserved-0x8", "reserved", S2_ODD_MEMATTR },
	{ "\"memattr-0x9\"", "memattr-0x9", "depends on HCR_EL2.FWB, which is not known", 0 },
	{ "\"memattr-0xa\"", "memattr-0xa", "depends on HCR_EL2.FWB, which is not known", 0 },
	{ "\"memattr-0xb\"", "memattr-0xb", "depends on HCR_EL2.FWB, which is not known", 0 },
	{ "\"reserved-0xc\"", "reserved-0xc", "reserved", S2_ODD_MEMATTR },
	{ "\"memattr-0xd\"", "memattr-0xd", "depends on HCR_EL2.FWB, which is not known", 0 },
	{ "\"memattr-0xe\"", "memattr-0xe", "depends on HCR_EL2.FWB, which is not known", 0 },
	{ "\"normal-wb\"", "normal-wb", "Normal Write-Back if HCR_EL2.FWB is 0, as Linux writes it",
	  0 },
};
static const struct s2_attr_value flag_cont[] = {
	{ "false", "-", "no contiguous hint", 0 },
	{ "true", "cont", "one of a contiguous group", 0 },
};
static const struct s2_attr_value flag_dbm[] = {
	{ "false", "-", "no dirty bit modifier", 0 },
	{ "true", "dbm", "Dirty Bit Modifier", 0 },
};
static const struct s2_attr_value flag_fnxs[] = {
	{ "false", "-", "the XS attribute is that of stage 1", 0 },
	{ "true", "fnxs", "the XS attribute is forced to 0 (FEAT_XS)", 0 },
};
static const struct s2_attr_value flag_nt[] = {
	{ "false", "-", "nT clear", 0 },
	{ "true", "nt", "nT: must not be cached in a TLB yet (FEAT_BBM)", 0 },
};
static const struct s2_attr_value flag_ns[] = {
	{ "false", "-", "Realm physical address space", 0 },
	{ "true", "ns", "Non-secure physical address space", 0 },
};

#define VALUES(v) .values = (v), .nvalues = ARRAY_SIZE(v)

/*
 * Columns and flags in the order in which they are shown. To add one: a row here, its values above,
 * the manual's table, and a test that sets its bits with the independent encoder (tests/unit/).
 * When the reading depends on the regime, one row per regime with @needs and @unless that exclude
 * each other.
 */
static const struct s2_attr attrs[] = {
	{ .name = "read",
	  .field = "S2AP[0]",
	  .mask = BIT64(6),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_RIGHT,
	  VALUES(bool_r) },
	{ .name = "write",
	  .field = "S2AP[1]",
	  .mask = BIT64(7),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_RIGHT,
	  .unless = S2_G_HD,
	  VALUES(bool_w) },
	{ .name = "write",
	  .field = "DBM, S2AP[1]",
	  .mask = BIT64(51) | BIT64(7),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_RIGHT,
	  .needs = S2_G_HD,
	  VALUES(dirty_w) },
	{ .name = "exec",
	  .field = "XN[1:0]",
	  .mask = BITS64(54, 53),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_RIGHT,
	  .needs = S2_G_XNX,
	  VALUES(xnx) },
	{ .name = "exec",
	  .field = "XN",
	  .mask = BIT64(54),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_RIGHT,
	  .unless = S2_G_XNX,
	  VALUES(xn) },
	{ .name = "memattr",
	  .field = "MemAttr[3:0]",
	  .mask = BITS64(5, 2),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 13,
	  .needs = S2_G_NOFWB,
	  VALUES(memattr_nofwb) },
	{ .name = "memattr",
	  .field = "MemAttr[3:0]",
	  .mask = BITS64(5, 2),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 13,
	  .needs = S2_G_FWB,
	  VALUES(memattr_fwb) },
	{ .name = "memattr",
	  .field = "MemAttr[3:0]",
	  .mask = BITS64(5, 2),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 13,
	  .unless = S2_G_FWB | S2_G_NOFWB,
	  .open = (uint32_t)(BITS64(14, 13) | BITS64(11, 9)),
	  VALUES(memattr_unknown) },
	{ .name = "sh",
	  .field = "SH[1:0]",
	  .mask = BITS64(9, 8),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "sh",
	  .width = 3,
	  .unless = S2_G_LPA2,
	  VALUES(sh) },
	{ .name = "sh",
	  .field = "VTCR_EL2.SH0",
	  .mask = 0,
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "sh",
	  .width = 3,
	  .needs = S2_G_LPA2 | S2_G_SH0,
	  VALUES(sh) },
	{ .name = "sh",
	  .field = "VTCR_EL2.SH0",
	  .mask = 0,
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "sh",
	  .width = 3,
	  .needs = S2_G_LPA2,
	  .unless = S2_G_SH0,
	  VALUES(sh_unknown) },
	{ .name = "af",
	  .field = "AF",
	  .mask = BIT64(10),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .unless = S2_G_HA,
	  VALUES(af) },
	{ .name = "af",
	  .field = "AF",
	  .mask = BIT64(10),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_G_HA,
	  VALUES(af_ha) },
	{ .name = "cont",
	  .field = "Contiguous",
	  .mask = BIT64(52),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  VALUES(flag_cont) },
	{ .name = "dbm",
	  .field = "DBM",
	  .mask = BIT64(51),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  VALUES(flag_dbm) },
	{ .name = "fnxs",
	  .field = "FnXS",
	  .mask = BIT64(11),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  VALUES(flag_fnxs) },
	{ .name = "nt",
	  .field = "nT",
	  .mask = BIT64(16),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .blocks_only = true,
	  VALUES(flag_nt) },
	{ .name = "xn0",
	  .field = "bit 53, ignored without FEAT_XNX",
	  .mask = BIT64(53),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .unless = S2_G_XNX },
	{ .name = "ns",
	  .field = "NS",
	  .mask = BIT64(55),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_G_REALM,
	  VALUES(flag_ns) },
	{ .name = "sw",
	  .field = "software, bits [58:55]",
	  .mask = BITS64(58, 55),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .unless = S2_G_REALM },
	{ .name = "sw",
	  .field = "software, bits [58:56]",
	  .mask = BITS64(58, 56),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_G_REALM },
	{ .name = "pbha",
	  .field = "PBHA[3:0]",
	  .mask = BITS64(62, 59),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_G_PBHA },
	{ .name = "ignored",
	  .field = "ignored by hardware, bit [63]",
	  .mask = BIT64(63),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_G_PBHA },
	{ .name = "ignored",
	  .field = "ignored by hardware, bits [63:59]",
	  .mask = BITS64(63, 59),
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_FLAG,
	  .unless = S2_G_PBHA },
};

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	s2_arm64_decode(geom, height, raw, attrs, ARRAY_SIZE(attrs), ret);
	if (s2_is_leaf(ret->type) && field_get(BITS64(7, 6), raw) == 2)
		ret->odd |= S2_ODD_WRITE_ONLY;
	/* RES0 in stage 2, which has no hierarchical permissions (Arm ARM D8.3.1). */
	if (ret->type == S2_TABLE && (raw & BITS64(63, 59)))
		ret->odd |= S2_ODD_TABLE_BITS;
}

/* Both levels may read and write the same; XN[1:0] (Arm ARM D8.4.1) tells them apart. */
static struct s2_rights rights(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			       const struct s2_path *path)
{
	unsigned int bits = (unsigned int)field_get(BITS64(54, 53), raw);
	bool clean = (raw & BIT64(51)) && (geom->flags & S2_G_HD);

	/* With DBM the hardware sets S2AP[1] on the first write. */
	bool read = raw & BIT64(6), write = (raw & BIT64(7)) || clean;

	(void)height;
	(void)path; /* stage 2 has no hierarchical permissions (Arm ARM D8.3.1) */
	if (!(geom->flags & S2_G_XNX))
		bits &= 2;
	return (struct s2_rights){ .known = true,
				   .read = read,
				   .write = write,
				   .exec = bits == 0 || bits == 3,
				   .read_user = read,
				   .write_user = write,
				   .exec_user = bits == 0 || bits == 1 };
}

/* Read and write are the same at both, and text has a letter for each way to execute. */
static bool two_levels(const struct s2_geometry *geom)
{
	(void)geom;
	return false;
}

const struct s2_arch s2_arm64_stage2 = {
	.name = "arm64",
	.ia_name = "IPA",
	.format = "stage2",
	.stage = S2_STAGE_2,
	.features = s2_arm64_features,
	.nfeatures = S2_ARM64_NFEATURES,
	.geom_odds = s2_arm64_geom_odds,
	.ngeom_odds = S2_ARM64_NGEOM_ODDS,
	.debugfs = s2_arm64_debugfs,
	.geom_odds_reserved = S2_GODD_RES0 | S2_GODD_RES1,
	.check_root = s2_arm64_check_root,
	.claims = s2_arm64_claims,
	.nclaims = ARRAY_SIZE(s2_arm64_claims),
	.reports = s2_arm64_reports,
	.nreports = ARRAY_SIZE(s2_arm64_reports),
	.shadows = { [S2_SHADOW_ROOT] = { "vttbr_el2", "guest_vttbr" },
		     [S2_SHADOW_CONTROL] = { "vtcr_el2", "guest_vtcr" } },
	.shape = s2_arm64_stage2_shape,
	.root = s2_arm64_stage2_root,
	.agree = s2_arm64_agree,
	.complete = s2_arm64_complete,
	.assume = s2_arm64_assume,
	.is_table = s2_arm64_is_table,
	.decode = decode,
	.key_mask = s2_arm64_key_mask,
	.is_leaf = s2_arm64_is_leaf,
	.rights = rights,
	.two_levels = two_levels,
	.attrs = attrs,
	.nattrs = ARRAY_SIZE(attrs),
	.device = "device-*",
	.level_base = 3,
	.level_step = -1,
};
