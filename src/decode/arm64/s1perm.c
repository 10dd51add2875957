// SPDX-License-Identifier: GPL-2.0-or-later
// Who may do what: stage-1 permissions, direct and indirect, with overlays, and stage-2 permissions
// (Arm ARM D8.4).
#include "decode/arm64/stage1.h"
#include "decode/arm64/at.h"

#define AP1 BIT64(6)
#define AP2 BIT64(7)
#define DBM BIT64(51)
#define PXN BIT64(53)
#define UXN BIT64(54)
#define POINDEX BITS64(62, 60)
#define S2AP_R BIT64(6)
#define S2AP_W BIT64(7)
#define S2XN BITS64(54, 53)

/* Field values of PIR_ELx and PIRE0_ELx; what is not named grants nothing. */
const uint8_t s2_arm64_pie[16] = {
	[0] = S2_PIE_OVERLAY,
	[1] = S2_PIE_OVERLAY | S2_PIE_R,
	[2] = S2_PIE_OVERLAY | S2_PIE_X,
	[3] = S2_PIE_OVERLAY | S2_PIE_R | S2_PIE_X,
	[4] = S2_PIE_OVERLAY, /* reserved */
	[5] = S2_PIE_OVERLAY | S2_PIE_R | S2_PIE_W,
	[6] = S2_PIE_OVERLAY | S2_PIE_R | S2_PIE_W | S2_PIE_X | S2_PIE_WXN,
	[7] = S2_PIE_OVERLAY | S2_PIE_R | S2_PIE_W | S2_PIE_X,
	[8] = S2_PIE_R,
	[9] = S2_PIE_R | S2_PIE_GCS,
	[10] = S2_PIE_R | S2_PIE_X,
	[12] = S2_PIE_R | S2_PIE_W,
	[14] = S2_PIE_R | S2_PIE_W | S2_PIE_X,
};

/* PIIndex[3:0] is 54, 53, 51 and 6 of the descriptor (Arm ARM D8.4.2). */
static unsigned int pi_index(uint64_t raw)
{
	return (unsigned int)(field_get(UXN, raw) << 3 | field_get(PXN, raw) << 2 |
			      field_get(DBM, raw) << 1 | field_get(AP1, raw));
}

static unsigned int nibble(uint64_t reg, unsigned int index)
{
	return (unsigned int)(reg >> index * 4) & 15;
}

/* AArch64.S1DirectBasePermissions. */
static struct s2_at_perm direct(const struct s2_at_stage1 *s1, uint64_t raw,
				const struct s2_at_path *path, const struct s2_access *access,
				bool *wxn)
{
	/* DBM stands for "writable": the hardware clears AP[2] on the first write
	 * (S1ApplyOutputPerms). */
	bool w = !(raw & AP2) || ((raw & DBM) && s1->walk.ha && s1->walk.hd);
	bool pw = w && !(path->ap_table & 2);
	bool ur, uw, ux, pan;
	struct s2_at_perm ret;

	if (!s1->two) {
		ret = (struct s2_at_perm){ .r = true, .w = pw, .x = !(raw & UXN) && !path->uxn };
	} else if (s1->nv1) {
		/* The tables of a guest hypervisor without EL0: bit 54, and 60 of tables, are PXN,
		 * AP[1] and APTable[0] read as 0, UXN as 0, and PAN does not count. */
		ret = (struct s2_at_perm){ .r = !access->el0,
					   .w = pw && !access->el0,
					   .x = access->el0 || (!(raw & UXN) && !path->uxn) };
	} else {
		ur = (raw & AP1) && !(path->ap_table & 1);
		uw = ur && pw;
		ux = !(raw & UXN) && !path->uxn;
		pan = access->pan && (ur || uw || (s1->epan && ux));
		if (access->el0)
			ret = (struct s2_at_perm){ .r = ur, .w = uw, .x = ux };
		else
			ret = (struct s2_at_perm){ .r = !pan,
						   .w = pw && !pan,
						   .x = !(raw & PXN) && !path->pxn && !uw };
	}
	ret.overlay = true;
	*wxn = s1->wxn && ret.w && ret.x;
	return ret;
}

/* AArch64.S1IndirectBasePermissions. */
static struct s2_at_perm indirect(const struct s2_at_stage1 *s1, uint64_t raw,
				  const struct s2_access *access, bool *wxn)
{
	unsigned int index = pi_index(raw);
	unsigned int el0_value = s1->two && !s1->nv1 ? nibble(s1->pire0, index) : 0;
	unsigned int priv = s2_arm64_pie[nibble(s1->pir, index)];
	unsigned int el0 = s1->two ? s2_arm64_pie[el0_value] : 0;
	unsigned int mine;

	/* Executable at the privileged level and writable at EL0 cancel each other out (rule
	 * VFPJF); overlay and WXN stay as the value says. */
	if ((priv & (S2_PIE_X | S2_PIE_GCS)) && (el0 & (S2_PIE_W | S2_PIE_GCS))) {
		priv &= S2_PIE_OVERLAY | S2_PIE_WXN;
		el0 &= S2_PIE_OVERLAY | S2_PIE_WXN;
	}
	if (access->pan && el0_value && !s1->nv1)
		priv &= ~(unsigned int)(S2_PIE_R | S2_PIE_W);
	mine = access->el0 ? el0 : priv;
	*wxn = mine & S2_PIE_WXN;
	return (struct s2_at_perm){ .r = mine & S2_PIE_R,
				    .w = mine & S2_PIE_W,
				    .x = mine & S2_PIE_X,
				    .overlay = mine & S2_PIE_OVERLAY,
				    .ndirty = raw & AP2 };
}

/* AArch64.S1ComputePermissions. */
struct s2_at_perm s2_at_s1_perm(const struct s2_at_stage1 *s1, uint64_t raw,
				const struct s2_at_path *path, const struct s2_access *access)
{
	bool wxn = false;
	struct s2_at_perm ret = s1->pie ? indirect(s1, raw, access, &wxn) :
					  direct(s1, raw, path, access, &wxn);
	unsigned int overlay;

	ret.overlay = ret.overlay && (access->el0 ? s1->e0poe : s1->poe);
	if (ret.overlay) {
		overlay = nibble(access->el0 ? s1->por_el0 : s1->por,
				 (unsigned int)field_get(POINDEX, raw));
		if (overlay > 7)
			overlay = 0; /* reserved: no access */
		ret.or = overlay & 1;
		ret.ox = overlay & 2;
		ret.ow = overlay & 4;
	}
	/* WXN takes execution away, but where an overlay counts and leaves it: then the overlay's
	 * write. */
	if (wxn && ret.overlay && ret.ox)
		ret.ow = false;
	else if (wxn)
		ret.x = false;
	return ret;
}

const char *s2_at_s1_denied(const struct s2_at_stage1 *s1, const struct s2_at_perm *perm,
			    const struct s2_access *access, bool *overlay, bool *dirty)
{
	*overlay = perm->overlay && ((access->fetch && !perm->ox) || (access->read && !perm->or) ||
				     (access->write && !perm->ow));
	*dirty = false;
	if (*overlay)
		return "the stage 1 permission overlay does not allow it";
	if (access->fetch)
		return perm->x ? NULL : "not executable in stage 1";
	if (access->read && !perm->r)
		return "not readable in stage 1";
	if (access->write && !perm->w)
		return "not writable in stage 1";
	if (access->write && s1->pie && perm->ndirty && !(s1->walk.ha && s1->walk.hd)) {
		*dirty = true;
		return "clean (nDirty), and hardware does not manage dirty state in stage 1";
	}
	return NULL;
}

const char *s2_at_s2_denied(const struct s2_at_stage2 *s2, uint64_t raw, bool device,
			    const struct s2_access *access)
{
	/* XN[1:0] is descriptor bits [54:53]: 0 all, 1 EL0, 2 none, 3 EL1
	 * (AArch64.S2DirectBasePermissions). */
	unsigned int xn = (unsigned int)field_get(S2XN, raw);
	bool w = (raw & S2AP_W) || ((raw & DBM) && s2->walk.ha && s2->walk.hd);

	if (!s2->xnx)
		xn &= 2;
	if (access->ttw && s2->ptw && device)
		return "a stage 1 table in Device memory, and HCR_EL2.PTW is 1";
	if (access->fetch)
		return xn == 0 || xn == (access->el0 ? 1U : 3U) ? NULL :
								  "not executable in stage 2";
	if (access->read && !(raw & S2AP_R))
		return access->ttw ? "a stage 1 table that stage 2 does not let be read" :
				     "not readable in stage 2";
	if (access->write && !w)
		return access->ttw ? "a stage 1 table that stage 2 does not let be written" :
				     "not writable in stage 2";
	return NULL;
}

/*
 * Direct permissions, Arm ARM D8.4.1 "Stage 1 permissions": AP[1] lets EL0 in, AP[2] takes writing
 * away. The values come gathered low to high: AP[1], AP[2], then what the row joins.
 */
uint64_t s2_s1_read(const struct s2_geometry *geom, uint64_t value)
{
	(void)geom;
	return value & 1 ? 3 : 1;
}

uint64_t s2_s1_write(const struct s2_geometry *geom, uint64_t value)
{
	uint64_t who = value & 1 ? 3 : 1;
	bool dbm = value & 4;

	if (!(value & 2))
		return who;
	return dbm && (geom->flags & S2_G_HD) ? 4 + who : 0;
}

/* DBM is bit 2, PXN bit 3, UXN bit 4. What EL0 may write is never executable at the privileged
 * level. */
uint64_t s2_s1_exec(const struct s2_geometry *geom, uint64_t value)
{
	bool el0_writes = (value & 1) && (!(value & 2) || ((value & 4) && (geom->flags & S2_G_HD)));

	return (!(value & 8) && !el0_writes ? 1 : 0) | (value & 16 ? 0 : 2);
}

/* EL2 alone: AP[2] and DBM. */
uint64_t s2_s1_write_el2(const struct s2_geometry *geom, uint64_t value)
{
	if (!(value & 1))
		return 1;
	return (value & 2) && (geom->flags & S2_G_HD) ? 3 : 0;
}

uint64_t s2_s1_exec_el2(const struct s2_geometry *geom, uint64_t value)
{
	(void)geom;
	return !value;
}

/* Who may do @what, without overlays: bit 0 the privileged level, bit 1 EL0. */
static uint64_t pie_who(const struct s2_geometry *geom, uint64_t index, unsigned int what)
{
	bool two = geom->flags & S2_G_TWO_EL;
	unsigned int priv = s2_arm64_pie[field_get(BITS64(3, 0), geom->perms >> index * 4)];
	unsigned int el0 =
		two ? s2_arm64_pie[field_get(BITS64(3, 0), geom->perms_user >> index * 4)] : 0;

	/* Executable at the privileged level and writable at EL0 cancel each other out (rule
	 * VFPJF). */
	if ((priv & (S2_PIE_X | S2_PIE_GCS)) && (el0 & (S2_PIE_W | S2_PIE_GCS)))
		return 0;
	if ((what & S2_PIE_X) && (priv & S2_PIE_WXN))
		priv &= ~(unsigned int)S2_PIE_X;
	if ((what & S2_PIE_X) && (el0 & S2_PIE_WXN))
		el0 &= ~(unsigned int)S2_PIE_X;
	return (priv & what ? 1 : 0) | (el0 & what ? 2 : 0);
}

uint64_t s2_s1_pie_read(const struct s2_geometry *geom, uint64_t index)
{
	return pie_who(geom, index, S2_PIE_R);
}

uint64_t s2_s1_pie_exec(const struct s2_geometry *geom, uint64_t index)
{
	return pie_who(geom, index, S2_PIE_X);
}

/* Bit 7 of the descriptor, here bit 1, is nDirty: a write needs hardware, or software, to clear it
 * first. */
uint64_t s2_s1_pie_write(const struct s2_geometry *geom, uint64_t value)
{
	uint64_t index = (value & 1) | (value >> 2) << 1;
	uint64_t who = pie_who(geom, index, S2_PIE_W);

	if (!(value & 2) || !who)
		return who;
	if (!(geom->flags & S2_G_HD))
		return 0;
	return who + (geom->flags & S2_G_TWO_EL ? 4 : 2);
}

/* Bits of table descriptors that take rights away, as a path has them: clear where one was set. */
#define APTABLE BITS64(62, 61)
#define UXNTABLE BIT64(60) /* XNTable where there is no EL0 */
#define PXNTABLE BIT64(59)

struct s2_path s2_arm64_s1_below(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
				 struct s2_path path)
{
	uint64_t counts = APTABLE | UXNTABLE | PXNTABLE;

	(void)height;
	if (geom->flags & S2_G_HPD)
		return path;
	/* Without an EL0, APTable[0] and PXNTable are RES0 (Arm ARM D8.4.1). */
	if (!(geom->flags & S2_G_TWO_EL))
		counts &= ~(BIT64(61) | PXNTABLE);
	return (struct s2_path){ path.allow & ~(raw & counts) };
}

static struct s2_at_path path_of(struct s2_path path)
{
	return (struct s2_at_path){ .ap_table = (unsigned int)field_get(APTABLE, ~path.allow),
				    .uxn = !(path.allow & UXNTABLE),
				    .pxn = !(path.allow & PXNTABLE) };
}

/* The regime of @geom; @alone: without what takes rights of leaves away. */
static struct s2_at_stage1 regime_of(const struct s2_geometry *geom, bool alone)
{
	return (struct s2_at_stage1){
		.on = true,
		.two = geom->flags & S2_G_TWO_EL,
		.hpd = geom->flags & S2_G_HPD,
		.wxn = !alone && (geom->flags & S2_G_WXN),
		.pie = geom->flags & S2_G_PIE,
		.poe = !alone && (geom->flags & S2_G_OVERLAY),
		.e0poe = !alone && (geom->flags & S2_G_OVERLAY_USER),
		.pir = geom->perms,
		.pire0 = geom->perms_user,
		.por = geom->overlay,
		.por_el0 = geom->overlay_user,
		.walk = { .ha = geom->flags & S2_G_HA, .hd = geom->flags & S2_G_HD },
	};
}

/* What one level may do, whatever PSTATE.PAN is. */
struct may {
	bool read, write, exec;
	bool known;
};

static struct may level_may(const struct s2_at_stage1 *s1, uint64_t raw,
			    const struct s2_at_path *path, bool el0, bool overlays_known)
{
	const struct s2_access read = { .read = true, .el0 = el0 };
	const struct s2_access write = { .write = true, .el0 = el0 };
	const struct s2_access fetch = { .fetch = true, .el0 = el0 };
	struct s2_at_perm perm = s2_at_s1_perm(s1, raw, path, &read);
	bool overlay, dirty;

	return (struct may){
		.read = !s2_at_s1_denied(s1, &perm, &read, &overlay, &dirty),
		.write = !s2_at_s1_denied(s1, &perm, &write, &overlay, &dirty),
		.exec = !s2_at_s1_denied(s1, &perm, &fetch, &overlay, &dirty),
		/* An overlay takes away; of nothing it leaves nothing. What may write may read. */
		.known = !perm.overlay || overlays_known || !(perm.r || perm.x),
	};
}

struct s2_rights s2_arm64_s1_rights(const struct s2_geometry *geom, unsigned int height,
				    uint64_t raw, const struct s2_path *path)
{
	struct s2_at_stage1 s1 = regime_of(geom, !path);
	struct s2_at_path above = path_of(path ? *path : S2_PATH_ALL);
	bool overlays_known = geom->flags & S2_G_OVERLAYS_KNOWN;
	struct may priv, user;

	(void)height;
	if ((geom->flags & S2_G_PIE) && !(geom->flags & S2_G_PIR))
		return (struct s2_rights){ .known = false };
	priv = level_may(&s1, raw, &above, false, overlays_known);
	/* One level: what it may, everybody may. */
	user = s1.two ? level_may(&s1, raw, &above, true, overlays_known) : priv;
	if (!priv.known || !user.known)
		return (struct s2_rights){ .known = false };
	return (struct s2_rights){ .known = true,
				   .read = priv.read,
				   .write = priv.write,
				   .exec = priv.exec,
				   .read_user = user.read,
				   .write_user = user.write,
				   .exec_user = user.exec };
}
