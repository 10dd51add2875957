/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86: what EPT (Intel SDM volume 3, "The Extended Page Table Mechanism") and NPT (AMD APM volume
 * 2, "Nested Paging") have in common. */
#ifndef S2_DECODE_X86_X86_H
#define S2_DECODE_X86_X86_H

#include "decode/arch.h"
#include "decode/exit.h"
#include "decode/x86/claims.h"

extern const struct s2_arch s2_x86_ept;
extern const struct s2_arch s2_x86_npt;

/* s2_geometry.flags of both. */
enum s2_x86_flag {
	S2_X86_G_EPT = 1 << 0,
	S2_X86_G_AD = 1 << 1,   /* hardware sets accessed and dirty bits */
	S2_X86_G_NOAD = 1 << 2, /* ... it does not; neither flag: not known */
	S2_X86_G_MBEC = 1 << 3,
	S2_X86_G_NOEXEC_ONLY = 1 << 4, /* execute-only is a misconfiguration */
	S2_X86_G_NO1G = 1 << 5,
	S2_X86_G_SSS = 1 << 6, /* EPTP: supervisor shadow-stack control */
	S2_X86_G_VE = 1 << 7,
	S2_X86_G_SPP = 1 << 8,
	S2_X86_G_PAGING_WRITE = 1 << 9,
	S2_X86_G_VERIFY = 1 << 10,
	S2_X86_G_GMET = 1 << 11,
	S2_X86_G_NONX = 1 << 12, /* EFER.NXE is 0 */
	S2_X86_G_PAT = 1 << 13,  /* memory_types holds IA32_PAT */
	S2_X86_G_C_BIT = 1 << 14,
};

/* Heights of the levels: an entry of a page table spans 4K. */
enum { S2_X86_PT, S2_X86_PD, S2_X86_PDPT, S2_X86_PML4, S2_X86_PML5 };

#define X86_LARGE BIT64(7) /* of an entry that is no page: it maps itself */

/* EPTP */
#define EPTP_MEMTYPE BITS64(2, 0)
#define EPTP_LEVELS BITS64(5, 3) /* less one */
#define EPTP_AD BIT64(6)
#define EPTP_SSS BIT64(7)
#define EPTP_RESERVED BITS64(11, 8)

#define X86_ADDRESS BITS64(51, 12) /* of registers and entries, as far as MAXPHYADDR goes */

/* The operations of struct s2_arch that both share. */
enum s2_code s2_x86_shape(const struct s2_regime *regime, struct s2_geometry *ret,
			  struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_x86_root(const struct s2_geometry *geom, const struct s2_regime *regime,
			 uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/*
 * What is wrong with an entry that is present, S2_ODD_*: hardware faults for each, and maps nothing
 * (EPT misconfiguration; reserved bits of NPT). This holds what both have: address bits from
 * MAXPHYADDR on, and below the size of a large page.
 */
static inline uint32_t s2_x86_address_odd(const struct s2_geometry *geom, unsigned int height,
					  uint64_t raw, bool leaf)
{
	const struct s2_height *row = &geom->height[height];
	uint64_t beyond = X86_ADDRESS & ~geom->table_low & ~geom->address_flag;
	uint32_t odd = 0;

	if (raw & beyond)
		odd |= S2_ODD_OA_SIZE;
	if (leaf && (raw & row->align))
		odd |= S2_ODD_OA_ALIGN;
	if (raw & (leaf ? row->res0 : row->table_res0))
		odd |= S2_ODD_RES0;
	return odd;
}

/* Is a present entry a leaf, as far as its place and its bit 7 say? */
static inline bool s2_x86_maps_itself(unsigned int height, uint64_t raw)
{
	return !height || (height <= S2_X86_PDPT && (raw & X86_LARGE));
}

/* The type of a present entry with which that is wrong. */
static inline enum s2_type s2_x86_type(unsigned int height, uint64_t raw, uint32_t odd)
{
	if (odd)
		return S2_RESERVED_ENTRY;
	if (!s2_x86_maps_itself(height, raw))
		return S2_TABLE;
	return height ? S2_BLOCK : S2_PAGE;
}

static inline void s2_x86_decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
				 enum s2_type type, uint32_t odd, struct s2_entry *ret)
{
	*ret = (struct s2_entry){ .raw = raw, .type = type, .odd = odd };
	if (type == S2_TABLE)
		ret->oa = s2_table_oa(geom, raw);
	else if (s2_is_leaf(type))
		ret->oa = s2_leaf_oa(geom, height, raw);
}

/* What the processor tells of a violation, for `decode`. */
extern const struct s2_report s2_x86_qualification, s2_x86_exitinfo1;

#endif
