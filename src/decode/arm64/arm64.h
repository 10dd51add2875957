/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what is not the same for all architectures. */
#ifndef S2_DECODE_ARM64_ARM64_H
#define S2_DECODE_ARM64_ARM64_H

#include "decode/arch.h"
#include "decode/arm64/claims.h"

/* Facts about the regime that decide how descriptors read: s2_geometry.flags. */
enum s2_geom_flag {
	S2_G_LPA2 = 1 << 0,            /* DS=1: OA[51:50] in [9:8], no SH field */
	S2_G_LPA = 1 << 1,             /* 64K pages: OA[51:48] in [15:12] */
	S2_G_FWB = 1 << 2,             /* stage-2 MemAttr with HCR_EL2.FWB=1 */
	S2_G_NOFWB = 1 << 3,           /* ... =0; neither flag: not known */
	S2_G_XNX = 1 << 4,             /* XN[1:0] is two bits */
	S2_G_REALM = 1 << 5,           /* Realm stage 2 */
	S2_G_HA = 1 << 6,              /* hardware sets the access flag */
	S2_G_HD = 1 << 7,              /* hardware manages dirty state: DBM counts */
	S2_G_PBHA = 1 << 8,            /* the regime allots PBHA bits */
	S2_G_TWO_EL = 1 << 9,          /* stage 1 with an unprivileged level (EL1&0, EL2&0) */
	S2_G_UPPER = 1 << 10,          /* stage 1, TTBR1 half */
	S2_G_HPD = 1 << 11,            /* hierarchical permissions disabled */
	S2_G_PIE = 1 << 12,            /* stage-1 permission indirection */
	S2_G_MAIR = 1 << 13,           /* stage 1: mair is known */
	S2_G_PIR = 1 << 14,            /* stage 1: perms and perms_user are known */
	S2_G_SH0 = 1 << 16,            /* sh is known (VTCR_EL2.SH0) */
	S2_G_POE = 1 << 15,            /* stage 1: permission overlays, descriptors hold POIndex */
	S2_G_WXN = 1 << 17,            /* stage 1: what is writable is not executable */
	S2_G_OVERLAY = 1 << 18,        /* stage 1: overlay counts at the privileged level, */
	S2_G_OVERLAY_USER = 1 << 19,   /* overlay_user at the other; */
	S2_G_OVERLAYS_KNOWN = 1 << 20, /* the registers of those two that count are known */
};

extern const struct s2_arch s2_arm64_stage2;
/* EL1&0; S2_ARM64_UPPER: the TTBR1_EL1 half */
extern const struct s2_arch s2_arm64_stage1_el1;
/* EL2, or EL2&0 when HCR_EL2 is given and E2H is 1 */
extern const struct s2_arch s2_arm64_stage1_el2;

/* Operations of struct s2_arch that both stages share. */
bool s2_arm64_is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw);
bool s2_arm64_is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw);
uint64_t s2_arm64_key_mask(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

/* Oddities of the regime itself: s2_geometry.odd. */
enum s2_geom_odd {
	S2_GODD_RES1 = 1 << 0,       /* VTCR_EL2[31] (RES1) is 0 */
	S2_GODD_RES0 = 1 << 1,       /* RES0 bits are set */
	S2_GODD_PS_CAPPED = 1 << 2,  /* PS says 52 bits, granule without LPA2 gives 48 */
	S2_GODD_TTST = 1 << 3,       /* needs FEAT_TTST */
	S2_GODD_IA_OVER_OA = 1 << 4, /* input size above the output size */
	S2_GODD_HD_NO_HA = 1 << 5,   /* HD without HA */
	S2_GODD_SL_PA = 1 << 6,      /* start level that needs more PA bits than PS gives */
};

#define S2_ARM64_NGEOM_ODDS 7
extern const struct s2_odd_row s2_arm64_geom_odds[S2_ARM64_NGEOM_ODDS];

extern const struct s2_debugfs_text s2_arm64_debugfs[S2_NDEBUGFS_GENERATIONS];

#define S2_ARM64_NFEATURES 2
extern const struct s2_feature s2_arm64_features[S2_ARM64_NFEATURES];

/* The check_root() of both stages. */
enum s2_code s2_arm64_check_root(const struct s2_geometry *geom, uint64_t root,
				 struct s2_err *err) S2_MUST_CHECK;

/* Levels of a granule, as heights: 4K 0..3, with LPA2 -1..3, 16K 0..3, 64K 1..3. */
uint8_t s2_arm64_heights(unsigned int page_log2, bool lpa2);

enum s2_type s2_arm64_type(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

/*
 * Descriptor bits that are output address bits beyond the output size: an address size fault when
 * one is set.
 * @in_place: the address bits that stand in place at that height.
 */
uint64_t s2_arm64_oa_size_bits(const struct s2_geometry *geom, uint64_t in_place);

/* Output size in bits of an IPS or PS value (3 bits); 0 when it is reserved. */
unsigned int s2_arm64_ps_bits(unsigned int ps);

/* log2 of a granule in bytes; S2_INVALID when it is none of the three. */
enum s2_code s2_arm64_page_log2(uint64_t granule, unsigned int *ret,
				struct s2_err *err) S2_MUST_CHECK;

/*
 * What descriptors of each height hold, and where their address bits are, from @geom's granule and
 * output size. @res0: bits of leaves that the stage at hand wants to be 0.
 */
void s2_arm64_shape_levels(struct s2_geometry *geom, bool lpa2, uint64_t res0);

/* The shape() of s2_arm64_stage2: VTCR_EL2, or granule and sizes, to facts. */
enum s2_code s2_arm64_stage2_shape(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err) S2_MUST_CHECK;

/* The root() of s2_arm64_stage2: VTTBR_EL2. */
enum s2_code s2_arm64_stage2_root(const struct s2_geometry *geom, const struct s2_regime *regime,
				  uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/* The start-level address in a VTTBR_EL2 value; S2_INVALID when it is not aligned as the geometry
 * demands. */
enum s2_code s2_arm64_vttbr_root(const struct s2_geometry *geom, uint64_t vttbr, uint64_t *ret,
				 struct s2_err *err) S2_MUST_CHECK;

#endif
