/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what is not the same for all architectures. */
#ifndef S2_DECODE_ARM64_ARM64_H
#define S2_DECODE_ARM64_ARM64_H

#include "decode/arch.h"
#include "decode/arm64/claims.h"

extern const struct s2_arch s2_arm64_stage2;
/* EL1&0; S2_ARM64_UPPER: the TTBR1_EL1 half */
extern const struct s2_arch s2_arm64_stage1_el1;
/* EL2, or EL2&0 when HCR_EL2 is given and E2H is 1 */
extern const struct s2_arch s2_arm64_stage1_el2;

/* Operations of struct s2_arch that both stages share. */
bool s2_arm64_is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw);
bool s2_arm64_is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw);
uint64_t s2_arm64_key_mask(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

#define S2_ARM64_NFEATURES 2
extern const struct s2_feature s2_arm64_features[S2_ARM64_NFEATURES];

/* The check_root() of both stages. */
enum s2_code s2_arm64_check_root(const struct s2_geometry *geom, uint64_t root,
				 struct s2_err *err) S2_MUST_CHECK;

/* Levels of a granule, as heights: 4K -1..3, 16K 0..3, 64K 1..3. */
uint8_t s2_arm64_heights(unsigned int page_log2);

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
