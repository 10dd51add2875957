/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what is not the same for all architectures. */
#ifndef S2_DECODE_ARM64_H
#define S2_DECODE_ARM64_H

#include "decode/arch.h"

/* The shape() of s2_arm64_stage2: VTCR_EL2, or granule and sizes, to facts. */
enum s2_code s2_arm64_stage2_shape(const struct s2_regime *regime, struct s2_geometry *ret,
				   struct s2_err *err) S2_MUST_CHECK;

/* The start-level address in a VTTBR_EL2 value; S2_INVALID when it is not aligned as the geometry
 * demands. */
enum s2_code s2_arm64_vttbr_root(const struct s2_geometry *geom, uint64_t vttbr, uint64_t *ret,
				 struct s2_err *err) S2_MUST_CHECK;

#endif
