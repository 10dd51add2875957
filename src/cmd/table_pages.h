/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `dump --tables`: the pages that the tables themselves take. */
#ifndef S2_CMD_TABLE_PAGES_H
#define S2_CMD_TABLE_PAGES_H

#include "cmd/input.h"

/* The table pages of @n tables instead of their ranges. */
enum s2_exit s2_table_pages(const struct s2_options *options, const struct s2_input *input,
			    const struct s2_table *tables, size_t n, struct s2_out *out,
			    struct s2_err *err);

#endif
