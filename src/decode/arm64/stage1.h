/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64 stage 1: the fields of TCR_ELx in one form for EL1&0, EL2 and EL2&0, and the TTBR's table
 * address. */
#ifndef S2_DECODE_ARM64_STAGE1_H
#define S2_DECODE_ARM64_STAGE1_H

#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"

/* What a 4-bit field of PIR_ELx or PIRE0_ELx grants (Arm ARM D8.4.2). */
enum s2_pie {
	S2_PIE_R = 1 << 0,
	S2_PIE_W = 1 << 1,
	S2_PIE_X = 1 << 2,
	S2_PIE_GCS = 1 << 3,
	S2_PIE_WXN = 1 << 4,     /* execution is lost, unless an overlay takes writing away */
	S2_PIE_OVERLAY = 1 << 5, /* POR_ELx counts */
};

/* S2_PIE_* by field value. */
extern const uint8_t s2_arm64_pie[16];

/* What one TTBR's half of a TCR_ELx says (Arm ARM D23.2, TCR_EL1 and TCR_EL2). */
struct s2_tcr {
	uint8_t page_log2; /* granule; 0: TG holds a reserved value */
	uint8_t tsz;       /* T0SZ or T1SZ */
	uint8_t tg;        /* the raw field, for messages */
	uint8_t ps;        /* IPS or PS, raw */
	uint8_t sh;
	uint8_t hwu; /* HWUn59..62 */
	bool ds, ha, hd, hpd, tbi, tbid, epd, e0pd, mtx;
};

/*
 * The fields of @tcr for one half. @two: the layout of TCR_EL1, which TCR_EL2 has as well when
 * HCR_EL2.E2H is 1; else that of TCR_EL2 with one TTBR. @upper: the TTBR1 half, only with @two.
 */
struct s2_tcr s2_arm64_tcr(uint64_t tcr, bool two, bool upper);

/*
 * The start-level table's address in a TTBRn_ELx value: ASID and CnP are dropped, [5:2] are address
 * bits [51:48] where the regime has 52-bit addresses. S2_INVALID when it is not aligned to the size
 * of the start level (at least 64 bytes in the 52-bit form).
 */
enum s2_code s2_arm64_ttbr_root(const struct s2_geometry *geom, uint64_t ttbr, uint64_t *ret,
				struct s2_err *err) S2_MUST_CHECK;

/*
 * s1perm.c: permissions of a leaf from the bits that the attribute rows gather, low to high, and
 * the geometry. Two exception levels: bit 0 the privileged one, bit 1 EL0, 4 added for a write to a
 * clean page that hardware makes dirty. EL2 alone: bit 0, 2 added.
 */
uint64_t s2_s1_read(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_write(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_exec(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_write_el2(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_exec_el2(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_pie_read(const struct s2_geometry *geom, uint64_t index);
uint64_t s2_s1_pie_write(const struct s2_geometry *geom, uint64_t value);
uint64_t s2_s1_pie_exec(const struct s2_geometry *geom, uint64_t index);

/* The below() and rights() of both formats of stage 1. */
struct s2_path s2_arm64_s1_below(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
				 struct s2_path path);
struct s2_rights s2_arm64_s1_rights(const struct s2_geometry *geom, unsigned int height,
				    uint64_t raw, const struct s2_path *path);

/* What an attribute of MAIR_ELx and a shareability (0 to 3) are called. */
const struct s2_attr_value *s2_arm64_mair_value(uint8_t attr);
/* ... of PAR_EL1.ATTR, which has one more. */
const struct s2_attr_value *s2_arm64_par_value(uint8_t attr);
const struct s2_attr_value *s2_arm64_sh_value(unsigned int value);

/* The shape() of s2_arm64_stage1_el1 and s2_arm64_stage1_el2, arm64_s1shape.c. */
enum s2_code s2_arm64_s1_shape_el1(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_arm64_s1_shape_el2(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err) S2_MUST_CHECK;

#endif
