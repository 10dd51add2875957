/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that choose rows and what of them is shown: --where, --columns, --sort, --limit. */
#ifndef S2_ROW_OPTIONS_H
#define S2_ROW_OPTIONS_H

#include <stdio.h>

#include "model/pick.h"

/* As it was given. */
struct s2_row_options {
	bool have_where, have_columns, have_order, have_limit;
	struct s2_condition where;
	struct s2_columns columns;
	struct s2_order order;
	uint64_t limit;
	bool bare; /* --no-header */
	/* A mistake in one of them, for s2_row_options_explain(); NULL: there is none. */
	const char *mistaken;
	struct s2_where_place place;
};

/* Is anything but all rows, as they are, asked for? */
static inline bool s2_row_options_pick(const struct s2_row_options *o)
{
	return o->have_where || o->have_columns || o->have_order || o->have_limit;
}

enum s2_code s2_where_option(const char *text, struct s2_row_options *o,
			     struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_columns_option(const char *text, struct s2_row_options *o,
			       struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_sort_option(const char *text, struct s2_row_options *o,
			    struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_limit_option(const char *text, struct s2_row_options *o,
			     struct s2_err *err) S2_MUST_CHECK;

/* Lines that show where the mistake is, and which names there are. */
void s2_row_options_explain(const struct s2_row_options *o, FILE *to);

/* The members that rows of all architectures of this build have. */
void s2_all_members(struct s2_member_list *ret);

#endif
