/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only one architecture can be asked: its own address translation, its vCPUs' registers. */
#ifndef S2_CMD_CMD_ARCH_H
#define S2_CMD_CMD_ARCH_H

#include "cmd/guest.h"

/* A row in s2_cmd_archs[], which is generated from -Darchs=. */
struct s2_cmd_arch {
	const char *name; /* of its s2_arch */
	const char *reg;  /* what --reg is for, as help says it; NULL: nothing */
	/* `translate`, as the processor would answer; opens the input itself. */
	enum s2_exit (*translate)(const struct s2_options *options, struct s2_out *out,
				  struct s2_err *err);
	/* The guest of the vCPU that --vcpu chose. @ret points into itself: do not copy it. */
	enum s2_code (*guest)(const struct s2_options *options, const struct s2_input *input,
			      struct s2_guest *ret, struct s2_err *err);
	/* `dump --vcpu --effective`: what each level may do after both stages, as ranges of virtual
	 * addresses. The format of @printer has effective(). */
	enum s2_code (*effective)(const struct s2_options *options, const struct s2_input *input,
				  const struct s2_guest *guest, struct s2_printer *printer,
				  struct s2_err *err);
};

extern const struct s2_cmd_arch *const s2_cmd_archs[];
extern const unsigned int s2_ncmd_archs;

/* NULL when the build has none for @arch. */
const struct s2_cmd_arch *s2_cmd_arch_of(const struct s2_arch *arch);

/* `translate` through one table, entry by entry, for what has no translation of its own. */
enum s2_exit s2_translate_table(const struct s2_options *options, struct s2_input *input,
				struct s2_out *out, struct s2_err *err);

#endif
