/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions on rows, as people type them: parsed once, within bounds and without memory of their
 * own, and asked of each row. */
#ifndef S2_MODEL_WHERE_H
#define S2_MODEL_WHERE_H

#include "model/member_values.h"

/*
 *     condition = term { "or" term }
 *     term      = factor { "and" factor }
 *     factor    = "not" factor | "(" condition ")" | name [ relation value ]
 *     relation  = "=" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A name alone is a predicate: of a BOOL member whether it is true, of one that `asks` whether
 * there is one. A value is a number (0x, K M G T), true or false, or a word in which `*` and `?`
 * stand for any text and any character; in quotes it may hold blanks and brackets.
 *
 * What is missing, or does not apply, neither fits nor does not: neither `owner=host` nor
 * `owner!=host` nor `not owner=host` is true of a row without an owner.
 */
#define S2_WHERE_TEXT 1024
#define S2_WHERE_STEPS 128
#define S2_WHERE_DEPTH 32

enum s2_where_op {
	S2_WHERE_ASK, /* a member alone */
	S2_WHERE_EQ,
	S2_WHERE_NE,
	S2_WHERE_LT,
	S2_WHERE_LE,
	S2_WHERE_GT,
	S2_WHERE_GE,
	S2_WHERE_NOT, /* of the last answer, */
	S2_WHERE_AND, /* or of the last two */
	S2_WHERE_OR,
};

struct s2_where_step {
	enum s2_where_op op;
	struct s2_row_name member;
	uint64_t number; /* a number, or true and false */
	bool past;       /* the number is 2^64, of an end */
	uint16_t word;   /* STRING: where in @text the pattern is */
};

/* A condition, the steps in the order in which they are taken. A value: it points nowhere but to
 * constants. */
struct s2_condition {
	unsigned int nsteps;
	bool by_pa; /* it asks for output addresses */
	struct s2_where_step step[S2_WHERE_STEPS];
	char text[S2_WHERE_TEXT]; /* words, each ended */
	unsigned int used;
};

/* What would help with a mistake. */
enum s2_where_help {
	S2_WHERE_NO_HELP,
	S2_WHERE_NAMES,   /* the names that there are, */
	S2_WHERE_COLUMNS, /* and those that only columns have, */
	S2_WHERE_WORDS,   /* or the words that @member may be */
};

/* Where in a condition a mistake is, for a caret: @len bytes from @at on. */
struct s2_where_place {
	unsigned int at, len;
	enum s2_where_help help;
	struct s2_row_name member;
};

/*
 * @list has the names that may stand in @text. S2_USAGE: it is no condition, asks for a name that
 * there is none of, or for a value that can never be; @ret_place says where.
 */
enum s2_code s2_where_parse(const char *text, const struct s2_member_list *list,
			    const struct s2_arch *const *archs, struct s2_condition *ret,
			    struct s2_where_place *ret_place, struct s2_err *err) S2_MUST_CHECK;

/* S2_USAGE: a row has nothing of this name that could be compared; but perhaps a column of the text
 * has that title. */
enum s2_code s2_no_member(const struct s2_member_list *list, const char *text, size_t len,
			  struct s2_err *err) S2_MUST_CHECK;

enum s2_answer {
	S2_ANSWER_NO,
	S2_ANSWER_YES,
	S2_ANSWER_NONE,    /* it does not apply to the row */
	S2_ANSWER_UNKNOWN, /* what it asks for is missing */
};

enum s2_answer s2_where_ask(const struct s2_condition *where, const struct s2_members *of,
			    const struct s2_row *row);

#endif
