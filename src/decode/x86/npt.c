// SPDX-License-Identifier: GPL-2.0-or-later
// NPT entries: those of long-mode paging, read as nested tables (AMD APM volume 2, "Nested Paging").
#include "decode/x86/x86.h"

#define NPT_P BIT64(0)
#define NPT_W BIT64(1)
#define NPT_U BIT64(2)
#define NPT_NX BIT64(63)

static const struct s2_attr_value bool_w[] = {
	{ "false", "-", "not writable", 0 },
	{ "true", "W", "writable", 0 },
};
static const struct s2_attr_value bool_nx[] = {
	{ "true", "X", "executable", 0 },
	{ "false", "-", "not executable", 0 },
};
/* Every access through NPT is one by user mode (APM, "Nested Table Walk"). */
static const struct s2_attr_value flag_u[] = {
	{ "false", "sup", "a supervisor's: denies all access by a guest", 0 },
	{ "true", "-", "a user's", 0 },
};
static const struct s2_attr_value flag_u_gmet[] = {
	{ "false", "sup", "code here is run by the guest's supervisor, too", 0 },
	{ "true", "-", "a user's: the guest's supervisor runs no code here", 0 },
};
/* IA32_PAT not known: the entry of it that counts. */
static const struct s2_attr_value pat_index[] = {
	{ "\"pat-0\"", "pat0", "entry 0 of IA32_PAT, which is not known", 0 },
	{ "\"pat-1\"", "pat1", "entry 1 of IA32_PAT, which is not known", 0 },
	{ "\"pat-2\"", "pat2", "entry 2 of IA32_PAT, which is not known", 0 },
	{ "\"pat-3\"", "pat3", "entry 3 of IA32_PAT, which is not known", 0 },
	{ "\"pat-4\"", "pat4", "entry 4 of IA32_PAT, which is not known", 0 },
	{ "\"pat-5\"", "pat5", "entry 5 of IA32_PAT, which is not known", 0 },
	{ "\"pat-6\"", "pat6", "entry 6 of IA32_PAT, which is not known", 0 },
	{ "\"pat-7\"", "pat7", "entry 7 of IA32_PAT, which is not known", 0 },
};
/* APM, "Page-Attribute Table Mechanism". */
static const struct s2_attr_value pat_type[] = {
	{ "\"uc\"", "uc", "uncacheable", 0 },
	{ "\"wc\"", "wc", "write combining", 0 },
	{ "\"reserved-2\"", "reserved-2", "a reserved type of IA32_PAT", 0 },
	{ "\"reserved-3\"", "reserved-3", "a reserved type of IA32_PAT", 0 },
	{ "\"wt\"", "wt", "write through", 0 },
	{ "\"wp\"", "wp", "write protected", 0 },
	{ "\"wb\"", "wb", "write back", 0 },
	{ "\"uc-\"", "uc-", "uncacheable, unless an MTRR says write combining", 0 },
};
static const struct s2_attr_value flag_a[] = {
	{ "false", "-", "not accessed", 0 },
	{ "true", "a", "accessed", 0 },
};
static const struct s2_attr_value flag_d[] = {
	{ "false", "-", "not written to", 0 },
	{ "true", "d", "written to", 0 },
};
static const struct s2_attr_value flag_g[] = {
	{ "false", "-", "not global", 0 },
	{ "true", "g", "global, which nested tables ignore", 0 },
};
static const struct s2_attr_value flag_c[] = {
	{ "false", "-", "not encrypted by the host", 0 },
	{ "true", "c", "encrypted with the host's key (C-bit)", 0 },
};

/* PWT, PCD and PAT, which stands where large pages have no address bit. */
static uint64_t pat_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)geom;
	return BITS64(4, 3) | (height ? BIT64(12) : BIT64(7));
}

static uint64_t pat_entry(const struct s2_geometry *geom, uint64_t index)
{
	return geom->memory_types >> (8 * index) & 7;
}

static uint64_t c_bit(const struct s2_geometry *geom, unsigned int height)
{
	(void)height;
	return geom->address_flag;
}

#define LEAF_FLAG .where = S2_IN_LEAF, .kind = S2_ATTR_FLAG
#define RIGHT .where = S2_IN_LEAF | S2_IN_TABLE, .kind = S2_ATTR_RIGHT
#define VALUES(v) .values = (v), .nvalues = ARRAY_SIZE(v)

/* In the order in which they are shown, as in ept.c. */
static const struct s2_attr attrs[] = {
	{ .name = "write", .field = "R/W", .mask = NPT_W, RIGHT, VALUES(bool_w) },
	{ .name = "exec", .field = "NX", .mask = NPT_NX, RIGHT, VALUES(bool_nx) },
	{ .name = "memattr",
	  .field = "PAT, PCD, PWT",
	  .bits = pat_bits,
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 6,
	  .needs = S2_X86_G_PAT,
	  VALUES(pat_type),
	  .resolve = pat_entry },
	{ .name = "memattr",
	  .field = "PAT, PCD, PWT",
	  .bits = pat_bits,
	  .where = S2_IN_LEAF,
	  .kind = S2_ATTR_COLUMN,
	  .title = "memory",
	  .width = 6,
	  .unless = S2_X86_G_PAT,
	  .open = (uint32_t)BITS64(7, 0),
	  VALUES(pat_index) },
	{ .name = "user",
	  .field = "U/S",
	  .mask = NPT_U,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_FLAG,
	  .unless = S2_X86_G_GMET,
	  VALUES(flag_u) },
	{ .name = "user",
	  .field = "U/S",
	  .mask = NPT_U,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_X86_G_GMET,
	  VALUES(flag_u_gmet) },
	{ .name = "accessed", .field = "A", .mask = BIT64(5), LEAF_FLAG, VALUES(flag_a) },
	{ .name = "dirty", .field = "D", .mask = BIT64(6), LEAF_FLAG, VALUES(flag_d) },
	{ .name = "global", .field = "G", .mask = BIT64(8), LEAF_FLAG, VALUES(flag_g) },
	{ .name = "c_bit",
	  .field = "C-bit",
	  .bits = c_bit,
	  .where = S2_IN_LEAF | S2_IN_TABLE,
	  .kind = S2_ATTR_FLAG,
	  .needs = S2_X86_G_C_BIT,
	  VALUES(flag_c) },
	/* [62:59] are the protection key, which nested tables ignore. */
	{ .name = "sw_bits",
	  .field = "AVL, ignored by hardware",
	  .mask = BITS64(62, 52) | BITS64(11, 9),
	  .rest = true,
	  .in_place = true,
	  LEAF_FLAG },
};

static uint32_t odd_of(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return s2_x86_address_odd(geom, height, raw, s2_x86_maps_itself(height, raw));
}

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	uint32_t odd = raw & NPT_P ? odd_of(geom, height, raw) : 0;
	enum s2_type type = raw & NPT_P ? s2_x86_type(height, raw, odd) : S2_INVALID_ENTRY;

	s2_x86_decode(geom, height, raw, type, odd, ret);
}

static bool is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return (raw & NPT_P) && !s2_x86_maps_itself(height, raw) && !odd_of(geom, height, raw);
}

static bool is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return (raw & NPT_P) && s2_x86_maps_itself(height, raw) && !odd_of(geom, height, raw);
}

/* What an entry allows, as bits that are set: there is one that forbids. */
static uint64_t allowed(uint64_t raw)
{
	return (raw ^ NPT_NX) & (NPT_W | NPT_U | NPT_NX);
}

static struct s2_path below(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			    struct s2_path path)
{
	(void)geom;
	(void)height;
	return (struct s2_path){ path.allow & (allowed(raw) | ~(NPT_W | NPT_U | NPT_NX)) };
}

/*
 * Without GMET every access is a user's, which a clear U/S denies. With it U/S decides only what
 * the guest's supervisor may run: nothing of a user's (APM, "Guest Mode Execute Trap"; Linux,
 * arch/x86/kvm/mmu/mmu.c __update_permission_bitmask(), v7.2).
 */
static struct s2_rights rights(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			       const struct s2_path *path)
{
	uint64_t allow = path ? allowed(raw) & path->allow : allowed(raw);
	bool gmet = geom->flags & S2_X86_G_GMET, user = allow & NPT_U;
	bool reached = gmet || user;
	bool write = reached && (allow & NPT_W), exec = reached && (allow & NPT_NX);

	(void)height;
	return (struct s2_rights){ .known = true,
				   .read = reached,
				   .read_user = reached,
				   .write = write,
				   .write_user = write,
				   .exec = exec && !(gmet && user),
				   .exec_user = exec };
}

/* APM volume 2, "Nested versus Guest Page Faults, Fault Ordering"; EXITINFO1 is as the error code
 * of a page fault below bit 32. */
#define EXIT_NPF 0x400
#define INFO_P BIT64(0)
#define INFO_RW BIT64(1)
#define INFO_US BIT64(2)
#define INFO_RSV BIT64(3)
#define INFO_ID BIT64(4)
#define INFO_FINAL BIT64(32) /* the guest's final address, and not one of its tables */

/* Without GMET all accesses are a user's. Beyond the table's input addresses: not known. */
static bool exit_of(const struct s2_geometry *geom, const struct s2_denied *denied,
		    struct s2_guest_exit *ret)
{
	bool gmet = geom->flags & S2_X86_G_GMET, there = denied->raw & NPT_P;
	bool fetch = denied->access == S2_ACCESS_EXEC || denied->access == S2_ACCESS_EXEC_USER;

	if (denied->outside)
		return false;
	*ret = (struct s2_guest_exit){ .reason = EXIT_NPF, .info = INFO_FINAL };
	if (there)
		ret->info |= INFO_P;
	if (there && denied->type == S2_RESERVED_ENTRY)
		ret->info |= INFO_RSV;
	if (denied->access == S2_ACCESS_WRITE)
		ret->info |= INFO_RW;
	if (!gmet || denied->access != S2_ACCESS_EXEC)
		ret->info |= INFO_US;
	if (fetch && (gmet || !(geom->flags & S2_X86_G_NONX)))
		ret->info |= INFO_ID;
	return true;
}

static const struct s2_guest_exit_ops exits = { .info = "exitinfo1", .exit = exit_of };

static const struct s2_feature features[] = {
	{ .name = "gmet", .yes = S2_X86_G_GMET, .text = "GMET" },
	{ .name = "c_bit", .yes = S2_X86_G_C_BIT, .text = "SME" },
};

const struct s2_arch s2_x86_npt = {
	.name = "x86",
	.format = "npt",
	.title = "NPT",
	.ia_name = "GPA",
	.one_granule = true,
	.stage = S2_STAGE_2,
	.features = features,
	.nfeatures = ARRAY_SIZE(features),
	.claims = s2_x86_claims,
	.nclaims = ARRAY_SIZE(s2_x86_claims),
	.reports = &s2_x86_exitinfo1,
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
	.flags_width = sizeof("hw,mw,a,d") - 1,
	.device = "uc*",
	.level_base = 1,
	.level_step = 1,
};
