// SPDX-License-Identifier: GPL-2.0-or-later
// arm64 stage 1: VMSAv8-64 descriptors to meaning, for EL1&0, EL2 and EL2&0 (Arm ARM DDI 0487,
// D8.3, D8.4, D8.6).
#include "decode/arm64/stage1.h"

#include "decode/arm64/entry.h"
#include "decode/arm64/memattr.h"

/*
 * Permissions of two exception levels, the privileged one @lc (@uc in columns) and EL0. Index: bit
 * 0 the privileged level, bit 1 EL0. Direct encodings and permission indirection are resolved to
 * these.
 */
#define TWO(lc, uc, letter, word) \
	{ "{\"" lc "\":false,\"el0\":false}", "-", "not " word, 0 }, \
		{ "{\"" lc "\":true,\"el0\":false}", letter ":" uc, word " at " uc " only", 0 }, \
		{ "{\"" lc "\":false,\"el0\":true}", letter ":EL0", word " at EL0 only", 0 }, \
	{ \
		"{\"" lc "\":true,\"el0\":true}", letter, word " at " uc " and EL0", 0 \
	}

/* Index 4 and up: the same, but a write makes a clean page dirty first. */
#define TWO_CLEAN(lc, uc) \
	{ "{\"" lc "\":false,\"el0\":false}", "-", "not writable", 0 }, \
		{ "{\"" lc "\":true,\"el0\":false}", "w:" uc, \
		  "writable at " uc ", clean: hardware makes it writable on the first write", 0 }, \
		{ "{\"" lc "\":false,\"el0\":true}", "w:EL0", \
		  "writable at EL0, clean: hardware makes it writable on the first write", 0 }, \
	{ \
		"{\"" lc "\":true,\"el0\":true}", "w", \
			"writable, clean: hardware makes it writable on the first write", 0 \
	}

static const struct s2_attr_value el1_read[] = { TWO("el1", "EL1", "R", "readable") };
static const struct s2_attr_value el1_write[] = { TWO("el1", "EL1", "W", "writable"),
						  TWO_CLEAN("el1", "EL1") };
static const struct s2_attr_value el1_exec[] = { TWO("el1", "EL1", "X", "executable") };
static const struct s2_attr_value el20_read[] = { TWO("el2", "EL2", "R", "readable") };
static const struct s2_attr_value el20_write[] = { TWO("el2", "EL2", "W", "writable"),
						   TWO_CLEAN("el2", "EL2") };
static const struct s2_attr_value el20_exec[] = { TWO("el2", "EL2", "X", "executable") };

/* One exception level. */
static const struct s2_attr_value el2_read[] = {
	{ "{\"el2\":false}", "-", "not readable", 0 },
	{ "{\"el2\":true}", "R", "readable", 0 },
};
static const struct s2_attr_value el2_write[] = {
	{ "{\"el2\":false}", "-", "not writable", 0 },
	{ "{\"el2\":true}", "W", "writable", 0 },
	{ "{\"el2\":false}", "-", "not writable", 0 },
	{ "{\"el2\":true}", "w", "writable, clean: hardware makes it writable on the first write",
	  0 },
};
static const struct s2_attr_value el2_exec[] = {
	{ "{\"el2\":false}", "-", "not executable", 0 },
	{ "{\"el2\":true}", "X", "executable", 0 },
};
/* Permission indirection is on, but the registers that hold the permissions are not known. */
static const struct s2_attr_value perm_unknown[] = {
	{ "null", "?", "permission index 0", 0 },  { "null", "?", "permission index 1", 0 },
	{ "null", "?", "permission index 2", 0 },  { "null", "?", "permission index 3", 0 },
	{ "null", "?", "permission index 4", 0 },  { "null", "?", "permission index 5", 0 },
	{ "null", "?", "permission index 6", 0 },  { "null", "?", "permission index 7", 0 },
	{ "null", "?", "permission index 8", 0 },  { "null", "?", "permission index 9", 0 },
	{ "null", "?", "permission index 10", 0 }, { "null", "?", "permission index 11", 0 },
	{ "null", "?", "permission index 12", 0 }, { "null", "?", "permission index 13", 0 },
	{ "null", "?", "permission index 14", 0 }, { "null", "?", "permission index 15", 0 },
};
static const struct s2_attr_value af[] = {
	{ "false", "noaf", "the first access takes an Access flag fault", 0 },
	{ "true", "-", "accessed", 0 },
};
static const struct s2_attr_value af_ha[] = {
	{ "false", "noaf", "not accessed yet, hardware sets the flag", 0 },
	{ "true", "-", "accessed", 0 },
};
static const struct s2_attr_value sh[] = {
	{ "\"none\"", "nsh", "Non-shareable", 0 },
	{ "\"reserved\"", "sh?", "reserved", S2_ODD_SH },
	{ "\"outer\"", "osh", "Outer Shareable", 0 },
	{ "\"inner\"", "ish", "Inner Shareable", 0 },
};
/* AttrIndx[2:0], when MAIR_ELx is not known. */
static const struct s2_attr_value attr_index[] = {
	{ "\"attr0\"", "attr0", "what MAIR_ELx.Attr0 says", 0 },
	{ "\"attr1\"", "attr1", "what MAIR_ELx.Attr1 says", 0 },
	{ "\"attr2\"", "attr2", "what MAIR_ELx.Attr2 says", 0 },
	{ "\"attr3\"", "attr3", "what MAIR_ELx.Attr3 says", 0 },
	{ "\"attr4\"", "attr4", "what MAIR_ELx.Attr4 says", 0 },
	{ "\"attr5\"", "attr5", "what MAIR_ELx.Attr5 says", 0 },
	{ "\"attr6\"", "attr6", "what MAIR_ELx.Attr6 says", 0 },
	{ "\"attr7\"", "attr7", "what MAIR_ELx.Attr7 says", 0 },
};
/* Memory types by MAIR_ELx.Attr<n>; allocation hints and transience are left out. Index: enum
 * s2_mair. */
static const struct s2_attr_value memattr[] = {
	{ "\"device-nGnRnE\"", "device-nGnRnE", "Device-nGnRnE", 0 },
	{ "\"device-nGnRE\"", "device-nGnRE", "Device-nGnRE", 0 },
	{ "\"device-nGRE\"", "device-nGRE", "Device-nGRE", 0 },
	{ "\"device-GRE\"", "device-GRE", "Device-GRE", 0 },
	{ "\"device-nGnRnE-nxs\"", "device-nGnRnE-nxs", "Device-nGnRnE, XS attribute 0 (FEAT_XS)",
	  0 },
	{ "\"device-nGnRE-nxs\"", "device-nGnRE-nxs", "Device-nGnRE, XS attribute 0 (FEAT_XS)", 0 },
	{ "\"device-nGRE-nxs\"", "device-nGRE-nxs", "Device-nGRE, XS attribute 0 (FEAT_XS)", 0 },
	{ "\"device-GRE-nxs\"", "device-GRE-nxs", "Device-GRE, XS attribute 0 (FEAT_XS)", 0 },
	{ "\"normal-nc\"", "normal-nc", "Normal, Inner and Outer Non-cacheable", 0 },
	{ "\"normal-onc-iwt\"", "normal-onc-iwt",
	  "Normal, Outer Non-cacheable, Inner Write-Through", 0 },
	{ "\"normal-onc-iwb\"", "normal-onc-iwb", "Normal, Outer Non-cacheable, Inner Write-Back",
	  0 },
	{ "\"normal-owt-inc\"", "normal-owt-inc",
	  "Normal, Outer Write-Through, Inner Non-cacheable", 0 },
	{ "\"normal-wt\"", "normal-wt", "Normal, Inner and Outer Write-Through", 0 },
	{ "\"normal-owt-iwb\"", "normal-owt-iwb", "Normal, Outer Write-Through, Inner Write-Back",
	  0 },
	{ "\"normal-owb-inc\"", "normal-owb-inc", "Normal, Outer Write-Back, Inner Non-cacheable",
	  0 },
	{ "\"normal-owb-iwt\"", "normal-owb-iwt", "Normal, Outer Write-Back, Inner Write-Through",
	  0 },
	{ "\"normal-wb\"", "normal-wb", "Normal, Inner and Outer Write-Back", 0 },
	{ "\"normal-nc-nxs\"", "normal-nc-nxs",
	  "Normal, Inner and Outer Non-cacheable, XS attribute 0 (FEAT_XS)", 0 },
	{ "\"normal-wt-nxs\"", "normal-wt-nxs",
	  "Normal, Inner and Outer Write-Through, XS attribute 0 (FEAT_XS)", 0 },
	{ "\"normal-wb-tagged\"", "normal-wb-tagged",
	  "Normal, Inner and Outer Write-Back, Allocation Tag access (FEAT_MTE2)", 0 },
	{ "\"reserved\"", "reserved", "MAIR_ELx holds a reserved value", S2_ODD_MEMATTR },
};

#define FLAG(name, clear, text, set) \
	static const struct s2_attr_value name[] = { { "false", "-", clear, 0 }, \
						     { "true", text, set, 0 } }

FLAG(flag_ng, "global", "ng", "not global: belongs to one ASID");
FLAG(flag_cont, "no contiguous hint", "cont", "one of a contiguous group");
FLAG(flag_dbm, "no dirty bit modifier", "dbm", "Dirty Bit Modifier");
FLAG(flag_gp, "not guarded", "gp", "guarded page: indirect branches must land on BTI (FEAT_BTI)");
FLAG(flag_nt, "nT clear", "nt", "nT: must not be cached in a TLB yet (FEAT_BBM)");
FLAG(flag_ns, "NS clear", "ns", "the Non-secure address space, for a Secure or Realm regime");
FLAG(flag_nstable, "NSTable clear", "NSTable",
     "everything below is Non-secure, for a Secure regime");
FLAG(flag_uxntable, "EL0 may execute below", "UXNTable", "nothing below is executable at EL0");
FLAG(flag_xntable, "execution may be allowed below", "XNTable", "nothing below is executable");
FLAG(flag_pxntable, "the privileged level may execute below", "PXNTable",
     "nothing below is executable at the privileged level");

static const struct s2_attr_value aptable[] = {
	{ "\"none\"", "-", "no limit on the permissions below", 0 },
	{ "\"no-el0\"", "APTable=1", "no EL0 access below", 0 },
	{ "\"read-only\"", "APTable=2", "no writes below", 0 },
	{ "\"read-only-no-el0\"", "APTable=3", "no writes and no EL0 access below", 0 },
};

#define VALUES(v) .values = (v), .nvalues = ARRAY_SIZE(v)
/* Memory type by AttrIndx[2:0]. */
static uint64_t resolve_memattr(const struct s2_geometry *geom, uint64_t index)
{
	return s2_mair_class((uint8_t)(geom->memory_types >> index * 8));
}

#define COLUMN .where = S2_IN_LEAF, .kind = S2_ATTR_COLUMN
#define RIGHT .where = S2_IN_LEAF, .kind = S2_ATTR_RIGHT
#define LEAF_FLAG .where = S2_IN_LEAF, .kind = S2_ATTR_FLAG
#define TABLE_FLAG .where = S2_IN_TABLE, .kind = S2_ATTR_FLAG

#define AP (BIT64(7) | BIT64(6))
#define PIINDEX (BIT64(54) | BIT64(53) | BIT64(51) | BIT64(6))
#define PIE_ON (S2_G_PIE | S2_G_PIR)

/* Permissions of a regime with two exception levels. @more: flags that the rows need besides. */
#define TWO_EL_ROWS(read_v, write_v, exec_v, more) \
	{ .name = "read", \
	  .field = "AP[1]", \
	  .mask = BIT64(6), \
	  RIGHT, \
	  .needs = (more), \
	  .unless = S2_G_PIE, \
	  VALUES(read_v), \
	  .resolve = s2_s1_read }, \
		{ .name = "read", \
		  .field = "PIIndex, PIR, PIRE0", \
		  .mask = PIINDEX, \
		  RIGHT, \
		  .needs = PIE_ON | (more), \
		  VALUES(read_v), \
		  .resolve = s2_s1_pie_read }, \
		{ .name = "write", \
		  .field = "DBM, AP[2:1]", \
		  .mask = BIT64(51) | AP, \
		  RIGHT, \
		  .needs = (more), \
		  .unless = S2_G_PIE, \
		  VALUES(write_v), \
		  .resolve = s2_s1_write }, \
		{ .name = "write", \
		  .field = "PIIndex, nDirty, PIR, PIRE0", \
		  .mask = PIINDEX | BIT64(7), \
		  RIGHT, \
		  .needs = PIE_ON | (more), \
		  VALUES(write_v), \
		  .resolve = s2_s1_pie_write }, \
		{ .name = "exec", \
		  .field = "UXN, PXN, DBM, AP[2:1]", \
		  .mask = BITS64(54, 53) | BIT64(51) | AP, \
		  RIGHT, \
		  .needs = (more), \
		  .unless = S2_G_PIE, \
		  VALUES(exec_v), \
		  .resolve = s2_s1_exec }, \
	{ \
		.name = "exec", .field = "PIIndex, PIR, PIRE0", .mask = PIINDEX, RIGHT, \
		.needs = PIE_ON | (more), VALUES(exec_v), .resolve = s2_s1_pie_exec \
	}

/* Permission indirection without the registers that it goes through. */
#define PIE_UNKNOWN_ROW(key) \
	{ \
		.name = key, .field = "PIIndex", .mask = PIINDEX, RIGHT, .needs = S2_G_PIE, \
		.unless = S2_G_PIR, VALUES(perm_unknown) \
	}

/* What all regimes share, after the permissions. */
#define COMMON_ROWS \
	PIE_UNKNOWN_ROW("read"), PIE_UNKNOWN_ROW("write"), PIE_UNKNOWN_ROW("exec"), \
		{ .name = "memattr", \
		  .field = "AttrIndx[2:0], MAIR_ELx", \
		  .mask = BITS64(4, 2), \
		  COLUMN, \
		  .title = "memory", \
		  .width = 13, \
		  .needs = S2_G_MAIR, \
		  VALUES(memattr), \
		  .resolve = resolve_memattr }, \
		{ .name = "memattr", \
		  .field = "AttrIndx[2:0]", \
		  .mask = BITS64(4, 2), \
		  COLUMN, \
		  .title = "memory", \
		  .width = 13, \
		  .unless = S2_G_MAIR, \
		  .open = (uint32_t)BITS64(7, 0), \
		  VALUES(attr_index) }, \
		{ .name = "sh", \
		  .field = "SH[1:0]", \
		  .mask = BITS64(9, 8), \
		  COLUMN, \
		  .title = "sh", \
		  .width = 3, \
		  .unless = S2_G_LPA2, \
		  VALUES(sh) }, \
		{ .name = "sh", \
		  .field = "TCR_ELx.SH", \
		  .mask = 0, \
		  COLUMN, \
		  .title = "sh", \
		  .width = 3, \
		  .needs = S2_G_LPA2, \
		  VALUES(sh) }, \
		{ .name = "af", \
		  .field = "AF", \
		  .mask = BIT64(10), \
		  LEAF_FLAG, \
		  .unless = S2_G_HA, \
		  VALUES(af) }, \
		{ .name = "af", \
		  .field = "AF", \
		  .mask = BIT64(10), \
		  LEAF_FLAG, \
		  .needs = S2_G_HA, \
		  VALUES(af_ha) }, \
		{ .name = "attrindx", .field = "AttrIndx[2:0]", .mask = BITS64(4, 2), LEAF_FLAG }, \
		{ .name = "piindex", \
		  .field = "PIIndex[3:0]", \
		  .mask = PIINDEX, \
		  LEAF_FLAG, \
		  .needs = S2_G_PIE }, \
		{ .name = "poindex", \
		  .field = "POIndex[2:0]", \
		  .mask = BITS64(62, 60), \
		  LEAF_FLAG, \
		  .needs = S2_G_POE }, \
		{ .name = "cont", \
		  .field = "Contiguous", \
		  .mask = BIT64(52), \
		  LEAF_FLAG, \
		  VALUES(flag_cont) }, \
		{ .name = "dbm", \
		  .field = "DBM", \
		  .mask = BIT64(51), \
		  LEAF_FLAG, \
		  .unless = S2_G_PIE, \
		  VALUES(flag_dbm) }, \
		{ .name = "gp", .field = "GP", .mask = BIT64(50), LEAF_FLAG, VALUES(flag_gp) }, \
		{ .name = "nt", \
		  .field = "nT", \
		  .mask = BIT64(16), \
		  LEAF_FLAG, \
		  .blocks_only = true, \
		  VALUES(flag_nt) }, \
		{ .name = "ns", .field = "NS", .mask = BIT64(5), LEAF_FLAG, VALUES(flag_ns) }, \
		{ .name = "sw", \
		  .field = "software, bits [58:55]", \
		  .mask = BITS64(58, 55), \
		  LEAF_FLAG }, \
		{ .name = "pbha", \
		  .field = "PBHA[3:0]", \
		  .mask = BITS64(62, 59), \
		  LEAF_FLAG, \
		  .needs = S2_G_PBHA }, \
		{ .name = "ignored", \
		  .field = "ignored by hardware, bit [63]", \
		  .mask = BIT64(63), \
		  LEAF_FLAG, \
		  .needs = S2_G_PBHA }, \
		{ .name = "ignored", \
		  .field = "ignored by hardware, bits [63] and [59]", \
		  .mask = BIT64(63) | BIT64(59), \
		  LEAF_FLAG, \
		  .needs = S2_G_POE }, \
	{ \
		.name = "ignored", .field = "ignored by hardware, bits [63:59]", \
		.mask = BITS64(63, 59), LEAF_FLAG, .unless = S2_G_PBHA | S2_G_POE \
	}

#define TWO_EL_TABLE_ROWS \
	{ .name = "nstable", \
	  .field = "NSTable", \
	  .mask = BIT64(63), \
	  TABLE_FLAG, \
	  VALUES(flag_nstable) }, \
		{ .name = "aptable", \
		  .field = "APTable[1:0]", \
		  .mask = BITS64(62, 61), \
		  TABLE_FLAG, \
		  .unless = S2_G_HPD, \
		  VALUES(aptable) }, \
		{ .name = "uxntable", \
		  .field = "UXNTable", \
		  .mask = BIT64(60), \
		  TABLE_FLAG, \
		  .needs = S2_G_TWO_EL, \
		  .unless = S2_G_HPD, \
		  VALUES(flag_uxntable) }, \
	{ \
		.name = "pxntable", .field = "PXNTable", .mask = BIT64(59), TABLE_FLAG, \
		.needs = S2_G_TWO_EL, .unless = S2_G_HPD, VALUES(flag_pxntable) \
	}

/*
 * Columns and flags in the order in which they are shown. To add one: a row here, its values above,
 * the manual's table, and a test that sets its bits with the independent encoder (tests/unit/).
 * Rows of one name exclude each other by @needs and @unless.
 */
static const struct s2_attr el1_attrs[] = {
	TWO_EL_ROWS(el1_read, el1_write, el1_exec, S2_G_TWO_EL),
	COMMON_ROWS,
	{ .name = "ng", .field = "nG", .mask = BIT64(11), LEAF_FLAG, VALUES(flag_ng) },
	TWO_EL_TABLE_ROWS,
};

static const struct s2_attr el2_attrs[] = {
	TWO_EL_ROWS(el20_read, el20_write, el20_exec, S2_G_TWO_EL),
	{ .name = "read",
	  .field = "always readable",
	  .mask = BIT64(0),
	  RIGHT,
	  .unless = S2_G_TWO_EL | S2_G_PIE,
	  VALUES(el2_read) },
	{ .name = "read",
	  .field = "PIIndex, PIR",
	  .mask = PIINDEX,
	  RIGHT,
	  .needs = PIE_ON,
	  .unless = S2_G_TWO_EL,
	  VALUES(el2_read),
	  .resolve = s2_s1_pie_read },
	{ .name = "write",
	  .field = "DBM, AP[2]",
	  .mask = BIT64(51) | BIT64(7),
	  RIGHT,
	  .unless = S2_G_TWO_EL | S2_G_PIE,
	  VALUES(el2_write),
	  .resolve = s2_s1_write_el2 },
	{ .name = "write",
	  .field = "PIIndex, nDirty, PIR",
	  .mask = PIINDEX | BIT64(7),
	  RIGHT,
	  .needs = PIE_ON,
	  .unless = S2_G_TWO_EL,
	  VALUES(el2_write),
	  .resolve = s2_s1_pie_write },
	{ .name = "exec",
	  .field = "XN",
	  .mask = BIT64(54),
	  RIGHT,
	  .unless = S2_G_TWO_EL | S2_G_PIE,
	  VALUES(el2_exec),
	  .resolve = s2_s1_exec_el2 },
	{ .name = "exec",
	  .field = "PIIndex, PIR",
	  .mask = PIINDEX,
	  RIGHT,
	  .needs = PIE_ON,
	  .unless = S2_G_TWO_EL,
	  VALUES(el2_exec),
	  .resolve = s2_s1_pie_exec },
	COMMON_ROWS,
	{ .name = "ng",
	  .field = "nG",
	  .mask = BIT64(11),
	  LEAF_FLAG,
	  .needs = S2_G_TWO_EL,
	  VALUES(flag_ng) },
	TWO_EL_TABLE_ROWS,
	{ .name = "xntable",
	  .field = "XNTable",
	  .mask = BIT64(60),
	  TABLE_FLAG,
	  .unless = S2_G_HPD | S2_G_TWO_EL,
	  VALUES(flag_xntable) },
};

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	s2_arm64_decode(geom, height, raw, geom->arch->attrs, geom->arch->nattrs, ret);
	/* AP[1] is RES1 without an EL0, APTable[0] and PXNTable are RES0. */
	if (s2_is_leaf(ret->type) && !(geom->flags & (S2_G_TWO_EL | S2_G_PIE)) && !(raw & BIT64(6)))
		ret->odd |= S2_ODD_RES1;
	if (ret->type == S2_TABLE && !(geom->flags & (S2_G_TWO_EL | S2_G_HPD)) &&
	    (raw & (BIT64(61) | BIT64(59))))
		ret->odd |= S2_ODD_TABLE_BITS;
}

static bool two_levels(const struct s2_geometry *geom)
{
	return geom->flags & S2_G_TWO_EL;
}

const struct s2_attr_value *s2_arm64_mair_value(uint8_t attr)
{
	return &memattr[s2_mair_class(attr)];
}

/* Tagged NoTagAccess, which MAIR_ELx has not. */
#define PAR_NOTAG 0xe0

const struct s2_attr_value *s2_arm64_par_value(uint8_t attr)
{
	static const struct s2_attr_value notag = {
		"\"normal-wb-notag\"", "normal-wb-notag",
		"Normal, Inner and Outer Write-Back, tags are not accessible (FEAT_MTE_PERM)", 0
	};

	return attr == PAR_NOTAG ? &notag : s2_arm64_mair_value(attr);
}

const struct s2_attr_value *s2_arm64_sh_value(unsigned int value)
{
	return &sh[value];
}

const struct s2_arch s2_arm64_stage1_el1 = {
	.name = "arm64",
	.ia_name = "VA",
	.format = "stage1-el1",
	.stage = S2_STAGE_1,
	.features = s2_arm64_features,
	.nfeatures = S2_ARM64_NFEATURES,
	.geom_odds = s2_arm64_geom_odds,
	.ngeom_odds = S2_ARM64_NGEOM_ODDS,
	.geom_odds_reserved = S2_GODD_RES0 | S2_GODD_RES1,
	.check_root = s2_arm64_check_root,
	.claims = s2_arm64_claims,
	.nclaims = ARRAY_SIZE(s2_arm64_claims),
	.shape = s2_arm64_s1_shape_el1,
	.agree = s2_arm64_agree,
	.complete = s2_arm64_complete,
	.assume = s2_arm64_assume,
	.is_table = s2_arm64_is_table,
	.decode = decode,
	.key_mask = s2_arm64_key_mask,
	.is_leaf = s2_arm64_is_leaf,
	.below = s2_arm64_s1_below,
	.rights = s2_arm64_s1_rights,
	.two_levels = two_levels,
	.attrs = el1_attrs,
	.nattrs = ARRAY_SIZE(el1_attrs),
	.device = "device-*",
	.level_base = 3,
	.level_step = -1,
};

const struct s2_arch s2_arm64_stage1_el2 = {
	.name = "arm64",
	.ia_name = "VA",
	.format = "stage1-el2",
	.title = "EL2",
	.stage = S2_STAGE_1,
	.features = s2_arm64_features,
	.nfeatures = S2_ARM64_NFEATURES,
	.geom_odds = s2_arm64_geom_odds,
	.ngeom_odds = S2_ARM64_NGEOM_ODDS,
	.geom_odds_reserved = S2_GODD_RES0 | S2_GODD_RES1,
	.check_root = s2_arm64_check_root,
	.claims = s2_arm64_claims,
	.nclaims = ARRAY_SIZE(s2_arm64_claims),
	.shape = s2_arm64_s1_shape_el2,
	.agree = s2_arm64_agree,
	.complete = s2_arm64_complete,
	.assume = s2_arm64_assume,
	.is_table = s2_arm64_is_table,
	.decode = decode,
	.key_mask = s2_arm64_key_mask,
	.is_leaf = s2_arm64_is_leaf,
	.below = s2_arm64_s1_below,
	.rights = s2_arm64_s1_rights,
	.two_levels = two_levels,
	.attrs = el2_attrs,
	.nattrs = ARRAY_SIZE(el2_attrs),
	.device = "device-*",
	.level_base = 3,
	.level_step = -1,
};
