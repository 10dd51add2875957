/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows are wanted, and which of their members: conditions, columns that decide what joins,
 * and the first of an order. None of it is in the way of rows of which nothing is asked. */
#ifndef S2_MODEL_PICK_H
#define S2_MODEL_PICK_H

#include "model/where.h"

#define S2_MAX_COLUMNS 64

/* Chosen members. */
struct s2_columns {
	unsigned int n;
	bool by_pa; /* output addresses are among them */
	struct s2_row_name member[S2_MAX_COLUMNS];
	const char *title[S2_MAX_COLUMNS]; /* as it was given; in @text */
	char text[1024];
};

/*
 * Names of members, or titles of the text's columns, joined by commas. S2_USAGE: one of them there
 * is not, or stands twice; @ret_place says where.
 */
enum s2_code s2_columns_parse(const char *text, const struct s2_member_list *list,
			      struct s2_columns *ret, struct s2_where_place *ret_place,
			      struct s2_err *err) S2_MUST_CHECK;

/*
 * Joins @b, which follows @a, to it when they agree in all @columns, and, with S2_MERGE_PA, their
 * output addresses follow each other. False, and nothing changed, when they do not.
 */
bool s2_columns_join(const struct s2_columns *columns, const struct s2_members *of,
		     enum s2_merge_how how, struct s2_row *a, const struct s2_row *b);

/* Rows of a table, of those that a condition fits, joined by columns. */
struct s2_pick {
	struct s2_ranges *ranges;
	const struct s2_members *of;
	const struct s2_condition *where; /* NULL: all rows */
	const struct s2_columns *columns; /* NULL: rows are as they are */
	enum s2_merge_how how;
	bool have_ahead;
	struct s2_row ahead;
	uint64_t rows;    /* that were looked at, */
	uint64_t fit;     /* of them those that the condition fits, */
	uint64_t unknown; /* and those that were left out because what is asked for is missing */
};

bool s2_pick_next(struct s2_pick *pick, struct s2_row *ret);

/* An order to which there is a limit. */
#define S2_MAX_TOP 100000

struct s2_order {
	struct s2_row_name member;
	bool descending;
};

/* The first rows of an order, in a heap that has no more than those. */
struct s2_top {
	const struct s2_order *order;
	const struct s2_members *of;
	size_t limit, n, room;
	uint64_t more; /* rows that there was no place for */
	struct s2_row *row;
};

/* S2_NOMEM: the row is not in it. */
enum s2_code s2_top_add(struct s2_top *top, const struct s2_row *row,
			struct s2_err *err) S2_MUST_CHECK;
/* Puts the rows into their order; nothing can be added after it. */
void s2_top_sort(struct s2_top *top);
void s2_top_free(struct s2_top *top);

#endif
