// SPDX-License-Identifier: GPL-2.0-or-later
// EPTP or N_CR3, levels and MAXPHYADDR to the geometry of EPT and NPT.
#include "decode/x86/x86.h"

/* Levels from what was given; EPTP has the last word (SDM, "Extended-Page-Table Pointer"). */
static enum s2_code levels_of(const struct s2_regime *regime, int *ret, struct s2_err *err)
{
	int level = s2_regime_level(regime, S2_X86_START_LEVEL);
	uint64_t eptp = regime->value[S2_X86_EPTP];
	unsigned int walk = (unsigned int)field_get(EPTP_LEVELS, eptp) + 1;

	if (!s2_regime_has(regime, S2_X86_EPTP)) {
		if (level == S2_NO_LEVEL)
			return s2_fail(
				err, S2_NOTFOUND, "the geometry is not known: give %s",
				regime->arch == &s2_x86_ept ?
					"EPTP, or the start level, 4 or 5" :
					"the start level, 4 or 5 as the host's own paging has");
		if (level != 4 && level != 5)
			return s2_fail(err, S2_INVALID, "start level %d is neither 4 nor 5", level);
		*ret = level;
		return S2_OK;
	}
	if (walk != 4 && walk != 5)
		return s2_fail(err, S2_INVALID,
			       "EPTP[5:3] is %u: tables of %u level%s, there are 4 or 5", walk - 1,
			       walk, walk == 1 ? "" : "s");
	if (level != S2_NO_LEVEL && level != (int)walk)
		return s2_fail(err, S2_INVALID, "start level %d contradicts EPTP[5:3] (%u levels)",
			       level, walk);
	*ret = (int)walk;
	return S2_OK;
}

/* What VM entry refuses (SDM, "Checks on VMX Controls"). */
static enum s2_code check_eptp(const struct s2_regime *regime, unsigned int maxphyaddr,
			       struct s2_err *err)
{
	uint64_t eptp = regime->value[S2_X86_EPTP];
	unsigned int memtype = (unsigned int)field_get(EPTP_MEMTYPE, eptp);
	enum s2_tristate ad = s2_regime_flag(regime, S2_X86_AD);

	if (!s2_regime_has(regime, S2_X86_EPTP))
		return S2_OK;
	if (memtype != 0 && memtype != 6)
		return s2_fail(err, S2_INVALID,
			       "EPTP[2:0] is %u, a memory type that is neither 0 (UC) nor 6 (WB)",
			       memtype);
	if (eptp & EPTP_RESERVED)
		return s2_fail(err, S2_INVALID, "EPTP[11:8] is 0x%llx, reserved bits",
			       (unsigned long long)field_get(EPTP_RESERVED, eptp));
	if (eptp >> maxphyaddr)
		return s2_fail(err, S2_INVALID, "EPTP 0x%llx has bits beyond MAXPHYADDR (%u)",
			       (unsigned long long)eptp, maxphyaddr);
	if (ad != S2_UNKNOWN && (ad == S2_YES) != !!(eptp & EPTP_AD))
		return s2_fail(err, S2_INVALID,
			       "accessed and dirty flags %s contradict EPTP[6] (%d)",
			       ad == S2_YES ? "on" : "off", !!(eptp & EPTP_AD));
	return S2_OK;
}

static enum s2_code addresses(const struct s2_regime *regime, unsigned int maxphyaddr,
			      struct s2_geometry *geom, struct s2_err *err)
{
	unsigned int c_bit = (unsigned int)regime->value[S2_X86_C_BIT];

	if (maxphyaddr < 32 || maxphyaddr > 52)
		return s2_fail(err, S2_INVALID, "MAXPHYADDR %u is not in 32..52", maxphyaddr);
	geom->oa_bits = (uint8_t)maxphyaddr;
	if (!c_bit)
		return S2_OK;
	if (c_bit < 32 || c_bit > 51)
		return s2_fail(err, S2_INVALID, "C-bit %u is not in 32..51", c_bit);
	/* Where the C-bit takes an address bit, addresses end below it (APM, "Determining Support
	 * for Secure Memory Encryption"). */
	if (c_bit < maxphyaddr)
		geom->oa_bits = (uint8_t)c_bit;
	geom->address_flag = BIT64(c_bit);
	geom->flags |= S2_X86_G_C_BIT;
	return S2_OK;
}

static uint32_t flag_if(const struct s2_regime *regime, unsigned int claim, enum s2_tristate is,
			uint32_t flag)
{
	return s2_regime_flag(regime, claim) == is ? flag : 0;
}

static uint32_t ept_flags(const struct s2_regime *regime)
{
	uint64_t eptp = regime->value[S2_X86_EPTP];
	uint32_t flags = S2_X86_G_EPT;

	if (s2_regime_has(regime, S2_X86_EPTP))
		flags |= eptp & EPTP_AD ? S2_X86_G_AD : S2_X86_G_NOAD;
	if (eptp & EPTP_SSS)
		flags |= S2_X86_G_SSS;
	return flags | flag_if(regime, S2_X86_AD, S2_YES, S2_X86_G_AD) |
	       flag_if(regime, S2_X86_AD, S2_NO, S2_X86_G_NOAD) |
	       flag_if(regime, S2_X86_EXEC_ONLY, S2_NO, S2_X86_G_NOEXEC_ONLY) |
	       flag_if(regime, S2_X86_MBEC, S2_YES, S2_X86_G_MBEC) |
	       flag_if(regime, S2_X86_VE, S2_YES, S2_X86_G_VE) |
	       flag_if(regime, S2_X86_SPP, S2_YES, S2_X86_G_SPP) |
	       flag_if(regime, S2_X86_PAGING_WRITE, S2_YES, S2_X86_G_PAGING_WRITE) |
	       flag_if(regime, S2_X86_VERIFY, S2_YES, S2_X86_G_VERIFY);
}

/* NPT has accessed and dirty bits always. */
static uint32_t npt_flags(const struct s2_regime *regime)
{
	uint32_t flags = S2_X86_G_AD;

	if (s2_regime_has(regime, S2_X86_PAT))
		flags |= S2_X86_G_PAT;
	return flags | flag_if(regime, S2_X86_NX, S2_NO, S2_X86_G_NONX) |
	       flag_if(regime, S2_X86_GMET, S2_YES, S2_X86_G_GMET);
}

/*
 * Bits that must be 0 in entries that are present: SDM tables "Format of an EPT ..."; APM "PML4E,
 * PDPE, PDE, PTE, long mode". Addresses beyond MAXPHYADDR are told apart from these.
 */
static void reserved_bits(struct s2_geometry *geom)
{
	bool ept = geom->flags & S2_X86_G_EPT;

	for (unsigned int h = S2_X86_PT; h <= S2_X86_PML5; h++) {
		struct s2_height *row = &geom->height[h];

		if (ept)
			row->table_res0 = h >= S2_X86_PML4 ? BITS64(7, 3) : BITS64(6, 3);
		else
			row->table_res0 = h >= S2_X86_PML4 ? BITS64(8, 7) : 0;
		if (geom->flags & S2_X86_G_NONX)
			row->table_res0 |= BIT64(63);
		row->res0 = geom->flags & S2_X86_G_NONX ? BIT64(63) : 0;
		/* Bit 12 of large pages is PAT in NPT. */
		if (row->leaf && h)
			row->align = BITS64(row->shift - 1U, ept ? 12 : 13);
	}
	if (geom->flags & S2_X86_G_NO1G)
		geom->height[S2_X86_PDPT].res0 |= X86_LARGE;
}

static void shape_levels(struct s2_geometry *geom)
{
	unsigned int top = geom->oa_bits - 1U;

	for (unsigned int h = 0; h < S2_MAX_HEIGHTS; h++) {
		unsigned int shift = 12 + 9 * h;

		geom->height[h] =
			(struct s2_height){ .shift = (uint8_t)shift, .leaf = h <= S2_X86_PDPT };
		if (h <= S2_X86_PDPT)
			geom->height[h].oa_low = BITS64(top, shift);
	}
	geom->table_low = BITS64(top, 12);
	reserved_bits(geom);
}

enum s2_code s2_x86_shape(const struct s2_regime *regime, struct s2_geometry *ret,
			  struct s2_err *err)
{
	/* Not told, all bits that any processor has are address bits. */
	unsigned int maxphyaddr = s2_regime_has(regime, S2_X86_MAXPHYADDR) ?
					  (unsigned int)regime->value[S2_X86_MAXPHYADDR] :
					  52;
	struct s2_geometry geom = { .arch = regime->arch,
				    .page_log2 = 12,
				    .heights = S2_X86_PML5 + 1,
				    .start_tables = 1,
				    .start_size = 4096 };
	int level = 0;
	enum s2_code code = addresses(regime, maxphyaddr, &geom, err);

	if (!code)
		code = levels_of(regime, &level, err);
	if (!code)
		code = check_eptp(regime, maxphyaddr, err);
	if (code)
		return code;
	geom.top = (uint8_t)(level - 1);
	geom.ia_bits = (uint8_t)(12 + 9 * level);
	geom.flags |= regime->arch == &s2_x86_ept ? ept_flags(regime) : npt_flags(regime);
	geom.flags |= flag_if(regime, S2_X86_PAGES_1G, S2_NO, S2_X86_G_NO1G);
	geom.memory_types = regime->value[S2_X86_PAT];
	shape_levels(&geom);
	*ret = geom;
	return S2_OK;
}

enum s2_code s2_x86_root(const struct s2_geometry *geom, const struct s2_regime *regime,
			 uint64_t *ret, struct s2_err *err)
{
	unsigned int claim = geom->flags & S2_X86_G_EPT ? S2_X86_EPTP : S2_X86_NCR3;
	uint64_t value = regime->value[claim];

	/* Bits below the page are no part of the address: flags in EPTP, PWT and PCD in N_CR3. */
	*ret = value & X86_ADDRESS & ~geom->address_flag;
	if (*ret & ~geom->table_low)
		return s2_fail(err, S2_INVALID, "%s 0x%llx has address bits beyond %u",
			       claim == S2_X86_EPTP ? "EPTP" : "N_CR3", (unsigned long long)value,
			       geom->oa_bits);
	return S2_OK;
}
