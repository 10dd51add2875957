/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `dump --tables`: the pages that the tables themselves take. */
#ifndef S2_CMD_TABLE_PAGES_H
#define S2_CMD_TABLE_PAGES_H

#include "cmd/input.h"

/* The table pages of @n tables instead of their ranges. *@ret: what became of the tables, when
 * nothing ended all. */
enum s2_code s2_table_pages(const struct s2_options *options, const struct s2_input *input,
			    const struct s2_table *tables, size_t n, struct s2_out *out,
			    enum s2_exit *ret, struct s2_err *err);

#endif
