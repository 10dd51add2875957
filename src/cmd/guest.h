/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's own stage 1, from the registers of one of its vCPUs. */
#ifndef S2_CMD_GUEST_H
#define S2_CMD_GUEST_H

#include "cmd/input.h"
#include "decode/guestmem.h"
#include "host/vcpu.h"

struct s2_guest {
	const struct s2_table *stage2_table;
	struct s2_geometry stage2;
	struct s2_guestmem memory;
	struct s2_vcpu vcpu;
	struct s2_table half[2]; /* what TTBR0_EL1 and TTBR1_EL1 translate; id "vm:1234/0/ttbr0" */
	struct s2_geometry half_geom[2];
	unsigned int nhalves; /* a half whose walks are disabled, or without --range, is left out */
};

#endif
