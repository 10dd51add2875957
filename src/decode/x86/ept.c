// SPDX-License-Identifier: GPL-2.0-or-later
// EPT entries (Intel SDM volume 3C, "The Extended Page Table Mechanism (EPT)").
#include "decode/x86/x86.h"

#define EPT_R BIT64(0)
#define EPT_W BIT64(1)
#define EPT_X BIT64(2)
#define EPT_MEMTYPE BITS64(5, 3)
#define EPT_XU BIT64(10)

static const struct s2_attr_value bool_r[] = {
	{ "false", "-", "not readable", 0 },
	{ "true", "R", "readable", 0 },
};
static const struct s2_attr_value bool_w[] = {
	{ "false", "-", "not writable", 0 },
	{ "true", "W", "writable", 0 },
};
static const struct s2_attr_value bool_x[] = {
	{ "false", "-", "not executable", 0 },
	{ "true", "X", "executable", 0 },
};
static const struct s2_attr_value bool_xs[] = {
	{ "false", "-", "not executable for supervisor-mode linear addresses", 0 },
	{ "true", "X", "executable for supervisor-mode linear addresses", 0 },
};
static const struct s2_attr_value bool_xu[] = {
	{ "false", "-", "not executable for user-mode linear addresses", 0 },
	{ "true", "X", "executable for user-mode linear addresses", 0 },
};
static const struct s2_attr_value memtype[] = {
	{ "\"uc\"", "uc", "uncacheable", 0 },
	{ "\"wc\"", "wc", "write combining", 0 },
	{ "\"reserved-2\"", "reserved-2", "reserved: misconfiguration", S2_ODD_MEMATTR },
	{ "\"reserved-3\"", "reserved-3", "reserved: misconfiguration", S2_ODD_MEMATTR },
	{ "\"wt\"", "wt", "write through", 0 },
	{ "\"wp\"", "wp", "write protected", 0 },
	{ "\"wb\"", "wb", "write back", 0 },
	{ "\"reserved-7\"", "reserved-7", "reserved: misconfiguration", S2_ODD_MEMATTR },
};
static const struct s2_attr_value flag_ipat[] = {
	{ "false", "-", "the guest's PAT counts, too", 0 },
	{ "true", "ipat", "the guest's PAT is ignored", 0 },
};
static const struct s2_attr_value flag_a[] = {
	{ "false", "-", "not accessed", 0 },
	{ "true", "a", "accessed", 0 },
};
static const struct s2_attr_value flag_d[] = {
	{ "false", "-", "not written to", 0 },
	{ "true", "d", "written to", 0 },
};
static const struct s2_attr_value flag_verify[] = {
	{ "false", "-", "guest paging is not verified", 0 },
	{ "true", "vgp", "guest paging is verified: its entries must be in paging-write pages", 0 },
};
static const struct s2_attr_value flag_paging_write[] = {
	{ "false", "-", "no paging-write page", 0 },
	{ "true", "pw", "walks of the guest's tables may write here", 0 },
};
static const struct s2_attr_value flag_sss[] = {
	{ "false", "-", "no supervisor shadow-stack page", 0 },
	{ "true", "sss", "supervisor shadow-stack page", 0 },
};
static const struct s2_attr_value flag_spp[] = {
	{ "false", "-", "no sub-page write permissions", 0 },
	{ "true", "spp", "where it is not writable, sub-pages may be", 0 },
};
static const struct s2_attr_value flag_sve[] = {
	{ "false", "-", "an EPT violation may become a virtualization exception", 0 },
	{ "true", "sve", "EPT violations cause VM exits", 0 },
};

/* Of pages alone: in large ones the bit is ignored. */
static uint64_t spp_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)geom;
	return height ? 0 : BIT64(61);
}

/* What no control gives a meaning. */
static uint64_t ignored_bits(const struct s2_geometry *geom, unsigned int height)
{
	const struct {
		uint32_t flag;
		uint64_t bits;
	} meant[] = {
		{ S2_X86_G_MBEC, EPT_XU },
		{ S2_X86_G_VERIFY, BIT64(57) },
		{ S2_X86_G_PAGING_WRITE, BIT64(58) },
		{ S2_X86_G_SSS, BIT64(60) },
		{ S2_X86_G_SPP, spp_bits(geom, height) },
		{ S2_X86_G_VE, BIT64(63) },
	};
	uint64_t bits = BITS64(11, 10) | BITS64(63, 52) | (height ? 0 : X86_LARGE);

	if (geom->flags & S2_X86_G_NOAD)
		bits |= BITS64(9, 8);
	for (unsigned int i = 0; i < ARRAY_SIZE(meant); i++)
		if (geom->flags & meant[i].flag)
			bits &= ~meant[i].bits;
	return bits;
}

#define LEAF .where = S2_IN_LEAF
#define LEAF_FLAG .where = S2_IN_LEAF, .kind = S2_ATTR_FLAG
#define VALUES(v) .values = (v), .nvalues = ARRAY_SIZE(v)

/*
 * In the order in which they are shown. To add one: a row here, its values above, the manual's
 * table, and a test that sets its bits with the independent encoder (tests/unit/). A bit that a
 * control turns on has a row for when it is off, or is in "ignored".
 */
static const struct s2_attr attrs[] = {
	{ .name = "read",
	  .field = "R",
	  .mask = EPT_R,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_RIGHT,
	  VALUES(bool_r) },
	{ .name = "write",
	  .field = "W",
	  .mask = EPT_W,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_RIGHT,
	  VALUES(bool_w) },
	{ .name = "exec",
	  .field = "X",
	  .mask = EPT_X,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_RIGHT,
	  .unless = S2_X86_G_MBEC,
	  VALUES(bool_x) },
	{ .name = "exec_priv",
	  .field = "XS",
	  .mask = EPT_X,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_RIGHT,
	  .needs = S2_X86_G_MBEC,
	  VALUES(bool_xs) },
	{ .name = "exec_user",
	  .field = "XU",
	  .mask = EPT_XU,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_RIGHT,
	  .needs = S2_X86_G_MBEC,
	  VALUES(bool_xu) },
	{ .name = "memattr",
	  .field = "EPT memory type",
	  .mask = EPT_MEMTYPE,
	  LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 6,
	  VALUES(memtype) },
	{ .name = "ipat", .field = "ignore PAT", .mask = BIT64(6), LEAF_FLAG, VALUES(flag_ipat) },
	{ .name = "accessed",
	  .field = "accessed",
	  .mask = BIT64(8),
	  LEAF_FLAG,
	  .unless = S2_X86_G_NOAD,
	  VALUES(flag_a) },
	{ .name = "dirty",
	  .field = "dirty",
	  .mask = BIT64(9),
	  LEAF_FLAG,
	  .unless = S2_X86_G_NOAD,
	  VALUES(flag_d) },
	{ .name = "verify_paging",
	  .field = "verify guest paging",
	  .mask = BIT64(57),
	  LEAF_FLAG,
	  .needs = S2_X86_G_VERIFY,
	  VALUES(flag_verify) },
	{ .name = "paging_write",
	  .field = "paging-write access",
	  .mask = BIT64(58),
	  LEAF_FLAG,
	  .needs = S2_X86_G_PAGING_WRITE,
	  VALUES(flag_paging_write) },
	{ .name = "shadow_stack",
	  .field = "supervisor shadow stack",
	  .mask = BIT64(60),
	  LEAF_FLAG,
	  .needs = S2_X86_G_SSS,
	  VALUES(flag_sss) },
	{ .name = "subpage_write",
	  .field = "sub-page write permissions",
	  .bits = spp_bits,
	  LEAF_FLAG,
	  .needs = S2_X86_G_SPP,
	  VALUES(flag_spp) },
	{ .name = "suppress_ve",
	  .field = "suppress #VE",
	  .mask = BIT64(63),
	  LEAF_FLAG,
	  .needs = S2_X86_G_VE,
	  VALUES(flag_sve) },
	{ .name = "sw_bits",
	  .field = "ignored by hardware",
	  .bits = ignored_bits,
	  .rest = true,
	  .in_place = true,
	  LEAF_FLAG },
};

/* SDM, "EPT Misconfigurations". What is not there for hardware, nothing is wrong with. */
static uint32_t odd_of(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	bool leaf = s2_x86_maps_itself(height, raw);
	uint64_t exec = geom->flags & S2_X86_G_MBEC ? EPT_X | EPT_XU : EPT_X;
	uint32_t odd = s2_x86_address_odd(geom, height, raw, leaf);

	if ((raw & (EPT_R | EPT_W)) == EPT_W)
		odd |= S2_ODD_WRITE_ONLY;
	if ((geom->flags & S2_X86_G_NOEXEC_ONLY) && !(raw & EPT_R) && (raw & exec))
		odd |= S2_ODD_EXEC_ONLY;
	if (leaf)
		odd |= memtype[field_get(EPT_MEMTYPE, raw)].odd;
	return odd;
}

static bool is_present(const struct s2_geometry *geom, uint64_t raw)
{
	return raw & (EPT_R | EPT_W | EPT_X | (geom->flags & S2_X86_G_MBEC ? EPT_XU : 0));
}

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	uint32_t odd = is_present(geom, raw) ? odd_of(geom, height, raw) : 0;
	enum s2_type type = is_present(geom, raw) ? s2_x86_type(height, raw, odd) :
						    S2_INVALID_ENTRY;

	s2_x86_decode(geom, height, raw, type, odd, ret);
}

static bool is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return is_present(geom, raw) && !s2_x86_maps_itself(height, raw) &&
	       !odd_of(geom, height, raw);
}

static bool is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return is_present(geom, raw) && s2_x86_maps_itself(height, raw) &&
	       !odd_of(geom, height, raw);
}

/* Each right must stand in all entries that are used (SDM, "EPT Translation Mechanism"). */
static struct s2_path below(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			    struct s2_path path)
{
	(void)geom;
	(void)height;
	return (struct s2_path){ path.allow & (raw | ~(EPT_R | EPT_W | EPT_X | EPT_XU)) };
}

static struct s2_rights rights(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			       const struct s2_path *path)
{
	uint64_t user = geom->flags & S2_X86_G_MBEC ? EPT_XU : EPT_X;
	uint64_t allow = path ? raw & path->allow : raw;

	(void)height;
	return (struct s2_rights){ .known = true,
				   .read = allow & EPT_R,
				   .read_user = allow & EPT_R,
				   .write = allow & EPT_W,
				   .write_user = allow & EPT_W,
				   .exec = allow & EPT_X,
				   .exec_user = allow & user };
}

/* SDM 3C, "Basic VM-Exit Information", "Exit Qualification for EPT Violations". */
#define EXIT_VIOLATION 48
#define EXIT_MISCONFIGURED 49
#define QUALIFIES_RIGHTS 3 /* R, W and X of all entries, from this bit on; XU behind them */
#define QUALIFIES_XU BIT64(6)
#define QUALIFIES_LINEAR BITS64(8, 7) /* of the translation of a linear address */

static uint64_t qualifies_access(enum s2_access access)
{
	return access == S2_ACCESS_READ  ? BIT64(0) :
	       access == S2_ACCESS_WRITE ? BIT64(1) :
					   BIT64(2);
}

/*
 * Bits that need more than the table are 0: what the guest's own tables say of the linear address
 * (of processors that tell), shadow stacks, verification of guest paging, NMIs.
 */
static bool exit_of(const struct s2_geometry *geom, const struct s2_denied *denied,
		    struct s2_guest_exit *ret)
{
	bool there = !denied->outside && is_present(geom, denied->raw);
	uint64_t allow = there ? denied->raw & denied->path.allow : 0;

	*ret = (struct s2_guest_exit){ .reason = EXIT_VIOLATION };
	if (there && denied->type == S2_RESERVED_ENTRY) {
		ret->reason = EXIT_MISCONFIGURED;
		return true;
	}
	ret->info = qualifies_access(denied->access) | QUALIFIES_LINEAR |
		    (allow & (EPT_R | EPT_W | EPT_X)) << QUALIFIES_RIGHTS;
	if ((geom->flags & S2_X86_G_MBEC) && (allow & EPT_XU))
		ret->info |= QUALIFIES_XU;
	ret->in_guest = (geom->flags & S2_X86_G_VE) && !denied->outside &&
			!(denied->raw & BIT64(63));
	return true;
}

static const struct s2_guest_exit_ops exits = { .info = "qualification", .exit = exit_of };

static const struct s2_feature features[] = {
	{ .name = "ad",
	  .yes = S2_X86_G_AD,
	  .no = S2_X86_G_NOAD,
	  .text = "A/D",
	  .no_text = "no A/D" },
	{ .name = "mbec", .yes = S2_X86_G_MBEC, .text = "MBEC" },
	{ .name = "shadow_stack", .yes = S2_X86_G_SSS, .text = "supervisor shadow stack" },
	{ .name = "spp", .yes = S2_X86_G_SPP, .text = "SPP" },
};

const struct s2_arch s2_x86_ept = {
	.name = "x86",
	.format = "ept",
	.title = "EPT",
	.ia_name = "GPA",
	.one_granule = true,
	.stage = S2_STAGE_2,
	.features = features,
	.nfeatures = ARRAY_SIZE(features),
	.claims = s2_x86_claims,
	.nclaims = ARRAY_SIZE(s2_x86_claims),
	.reports = &s2_x86_qualification,
	.nreports = 1,
	.shape = s2_x86_shape,
	.root = s2_x86_root,
	.complete = s2_x86_complete,
	.assume = s2_x86_assume,
	.is_table = is_table,
	.decode = decode,
	.is_leaf = is_leaf,
	.below = below,
	.rights = rights,
	.exits = &exits,
	.attrs = attrs,
	.nattrs = ARRAY_SIZE(attrs),
	.flags_width = sizeof("hw,mw,ipat,a,d") - 1,
	.device = "uc",
	.level_base = 1,
	.level_step = 1,
};
