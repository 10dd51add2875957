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
	unsigned int priv = s2_arm64_pie[field_get(BITS64(3, 0), geom->pir >> index * 4)];
	unsigned int el0 = two ? s2_arm64_pie[field_get(BITS64(3, 0), geom->pire0 >> index * 4)] :
				 0;

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

/* Direct permissions by level: bit 0 the privileged one, bit 1 EL0. */
static void direct_who(const struct s2_geometry *geom, uint64_t raw, uint64_t *read,
		       uint64_t *write, uint64_t *exec)
{
	uint64_t gathered = field_get(AP1, raw) | field_get(AP2, raw) << 1 |
			    field_get(DBM, raw) << 2 | field_get(PXN, raw) << 3 |
			    field_get(UXN, raw) << 4;

	if (geom->flags & S2_G_TWO_EL) {
		*read = s2_s1_read(geom, gathered & 1);
		*write = s2_s1_write(geom, gathered & 7) & 3;
		*exec = s2_s1_exec(geom, gathered);
		return;
	}
	*read = 1;
	*write = s2_s1_write_el2(geom, field_get(AP2, raw) | field_get(DBM, raw) << 1) & 1;
	*exec = s2_s1_exec_el2(geom, field_get(UXN, raw));
}

void s2_arm64_s1_rights(const struct s2_geometry *geom, uint64_t raw, bool alone,
			struct s2_rights *ret)
{
	uint64_t read, write, exec;
	uint64_t index = pi_index(raw);

	*ret = (struct s2_rights){ .known = false };
	if ((geom->flags & S2_G_PIE) && !(geom->flags & S2_G_PIR))
		return;
	if (geom->flags & S2_G_PIE) {
		read = s2_s1_pie_read(geom, index);
		/* A clean page is written to when hardware keeps the dirty state. */
		write = (raw & AP2) && !(geom->flags & S2_G_HD) ? 0 :
								  pie_who(geom, index, S2_PIE_W);
		exec = s2_s1_pie_exec(geom, index);
	} else {
		direct_who(geom, raw, &read, &write, &exec);
		if (!alone && (geom->flags & S2_G_WXN))
			exec &= ~write;
	}
	/* One level: what it may, everybody may. */
	if (!(geom->flags & S2_G_TWO_EL)) {
		read |= read << 1;
		write |= write << 1;
		exec |= exec << 1;
	}
	*ret = (struct s2_rights){ .known = true,
				   .read = read & 1,
				   .write = write & 1,
				   .exec = exec & 1,
				   .read_user = read & 2,
				   .write_user = write & 2,
				   .exec_user = exec & 2 };
}
