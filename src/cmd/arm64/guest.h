/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs of arm64: their registers, and the tables that these lead to. */
#ifndef S2_CMD_ARM64_GUEST_H
#define S2_CMD_ARM64_GUEST_H

#include "cmd/cmd_arch.h"

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
enum s2_code s2_guest_effective(const struct s2_options *options, const struct s2_input *input,
				const struct s2_guest *guest, struct s2_printer *printer,
				struct s2_err *err);

extern const struct s2_cmd_arch s2_cmd_arm64;

/* `translate` as the AT instructions answer. */
enum s2_exit s2_arm64_translate(const struct s2_options *options, struct s2_out *out,
				struct s2_err *err);

#endif
