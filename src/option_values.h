/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the value of an option means: for options.c. */
#ifndef S2_OPTION_VALUES_H
#define S2_OPTION_VALUES_H

#include "option_list.h"

/* Sets in @o what the option @id with the value @arg says, but for those of claims. */
enum s2_code s2_opt_apply(enum s2_opt_id id, const char *arg, struct s2_options *o,
			  struct s2_err *err) S2_MUST_CHECK;

/* After the last option: ranges in ascending order, and those that touch are one. */
void s2_opt_sort_ranges(struct s2_options *o);

#endif
