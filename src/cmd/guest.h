/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's own stage 1, from the registers of one of its vCPUs. */
#ifndef S2_CMD_GUEST_H
#define S2_CMD_GUEST_H

#include "cmd/input.h"
#include "decode/guestmem.h"
#include "host/kvm/arm64/vcpu.h"

struct s2_guest {
	const struct s2_table *stage2_table;
	struct s2_geometry stage2;
	struct s2_guestmem memory;
	struct s2_vcpu vcpu;
	struct s2_table half[2]; /* what TTBR0_EL1 and TTBR1_EL1 translate; id "vm:1234/0/ttbr0" */
	struct s2_geometry half_geom[2];
	unsigned int nhalves; /* a half whose walks are disabled, or without --range, is left out */
};

/*
 * The registers of the vCPU that --vcpu chose, and the one selected table: its VM's. S2_USAGE when
 * that has no vCPUs. Warns on standard error when the registers may be old.
 */
enum s2_code s2_guest_vcpu(const struct s2_options *options, const struct s2_input *input,
			   const struct s2_table **ret_table, struct s2_vcpu *ret,
			   struct s2_err *err) S2_MUST_CHECK;

/* The guest of that vCPU. @ret points into itself: do not copy it. */
enum s2_code s2_guest_open(const struct s2_options *options, const struct s2_input *input,
			   struct s2_guest *ret, struct s2_err *err) S2_MUST_CHECK;

/*
 * `dump --vcpu --effective`: what EL1 and EL0 may do after both stages, as ranges of virtual
 * addresses. The format of @printer has effective().
 */
enum s2_exit s2_guest_effective(const struct s2_options *options, const struct s2_input *input,
				const struct s2_guest *guest, struct s2_printer *printer,
				struct s2_err *err);

#endif
