// SPDX-License-Identifier: GPL-2.0-or-later
// The table formats of all architectures.
#include "decode/arm64/arm64.h"

/* What options mean that several know comes first. */
const struct s2_arch *const s2_archs[] = {
	&s2_arm64_stage2,
	&s2_arm64_stage1_el1,
	&s2_arm64_stage1_el2,
};
const unsigned int s2_narchs = ARRAY_SIZE(s2_archs);
