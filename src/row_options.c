// SPDX-License-Identifier: GPL-2.0-or-later
// Options that name members of rows; what is wrong in them is shown with a caret.
#include "row_options.h"

#include <string.h>

#include "base/escape.h"
#include "base/num.h"
#include "decode/soft.h"

/* Where lines of names end. */
#define LINE_WIDTH 78

void s2_all_members(struct s2_member_list *ret)
{
	s2_member_list(ret, s2_archs, s2_softs, s2_annotators);
}

/* Of a @text that was refused: @option says so before the reason. */
static enum s2_code refuse(struct s2_row_options *o, const char *option, const char *text,
			   enum s2_code code, struct s2_err *err)
{
	o->mistaken = text;
	return s2_wrap(err, code, "%s", option);
}

enum s2_code s2_where_option(const char *text, struct s2_row_options *o, struct s2_err *err)
{
	struct s2_member_list list;
	enum s2_code code;

	if (o->have_where)
		return s2_fail(err, S2_USAGE, "--where: given twice: join the two with 'and'");
	o->have_where = true;
	s2_all_members(&list);
	code = s2_where_parse(text, &list, s2_archs, &o->where, &o->place, err);
	return code ? refuse(o, "--where", text, code, err) : S2_OK;
}

enum s2_code s2_columns_option(const char *text, struct s2_row_options *o, struct s2_err *err)
{
	struct s2_member_list list;
	enum s2_code code;

	o->have_columns = true;
	s2_all_members(&list);
	code = s2_columns_parse(text, &list, &o->columns, &o->place, err);
	return code ? refuse(o, "--columns", text, code, err) : S2_OK;
}

/* Large ones first, all else upwards. */
enum s2_code s2_sort_option(const char *text, struct s2_row_options *o, struct s2_err *err)
{
	struct s2_member_list list;
	const struct s2_row_name *member;

	s2_all_members(&list);
	member = s2_member_find(&list, text, strlen(text), false);
	o->place = (struct s2_where_place){ .len = (unsigned int)strlen(text),
					    .help = S2_WHERE_NAMES };
	if (!member || member->id == S2_MEMBER_FLAGS)
		return refuse(o, "--sort", text, s2_no_member(&list, text, strlen(text), err), err);
	o->have_order = true;
	o->order = (struct s2_order){ .member = *member,
				      .descending = member->id == S2_MEMBER_SIZE ||
						    member->id == S2_MEMBER_COUNT };
	return S2_OK;
}

enum s2_code s2_limit_option(const char *text, struct s2_row_options *o, struct s2_err *err)
{
	o->have_limit = true;
	return s2_parse_u64_in(text, "--limit", 1, S2_MAX_TOP, &o->limit, err);
}

/* How many columns of a terminal the first @len bytes of @text take when they are escaped. */
static unsigned int columns_of(const char *text, size_t len)
{
	char shown[4 * S2_WHERE_TEXT];

	s2_escape(text, len, shown, sizeof(shown));
	return s2_columns_taken(shown);
}

/* Words in lines. */
struct lines {
	FILE *to;
	unsigned int column;
	size_t used;
	char text[4096]; /* what was put, each with a blank behind it */
};

static void put_word(struct lines *lines, const char *word)
{
	unsigned int len = (unsigned int)strlen(word);

	if (lines->column && lines->column + 1 + len > LINE_WIDTH) {
		fputc('\n', lines->to);
		lines->column = 0;
	}
	fprintf(lines->to, "%s%s", lines->column ? " " : "  ", word);
	lines->column += len + (lines->column ? 1 : 2);
}

/* Values of an attribute stand in several rows; each is put once. */
static void put_once(void *arg, const char *json, const char *text)
{
	struct lines *lines = arg;
	char word[68];
	size_t len = (size_t)snprintf(word, sizeof(word), " %s ", json) - 1;

	(void)text;
	if (strstr(lines->text, word) || len + 1 >= sizeof(lines->text) - lines->used)
		return;
	memcpy(lines->text + lines->used, word + 1, len + 1);
	lines->used += len;
	put_word(lines, json);
}

static void put_help(const struct s2_where_place *place, FILE *to)
{
	struct lines lines = { .to = to, .used = 1, .text = " " };
	struct s2_member_list list;

	fprintf(to, "There are:\n");
	s2_all_members(&list);
	if (place->help == S2_WHERE_WORDS)
		s2_member_words(&place->member, s2_archs, put_once, &lines);
	for (unsigned int i = 0; place->help != S2_WHERE_WORDS && i < list.n; i++)
		if (place->help == S2_WHERE_COLUMNS || list.member[i].id != S2_MEMBER_FLAGS)
			put_word(&lines, list.member[i].name);
	fputc('\n', to);
}

void s2_row_options_explain(const struct s2_row_options *o, FILE *to)
{
	char shown[4 * S2_WHERE_TEXT];
	size_t len;

	if (!o->mistaken)
		return;
	len = strlen(o->mistaken);
	if (len && len < S2_WHERE_TEXT) {
		unsigned int at = o->place.at < len ? o->place.at : (unsigned int)len;
		size_t n = o->place.len < len - at ? o->place.len : len - at;
		unsigned int width = n ? columns_of(o->mistaken + at, n) : 1;

		s2_escape(o->mistaken, len, shown, sizeof(shown));
		fprintf(to, "  %s\n  %*s^", shown, (int)columns_of(o->mistaken, at), "");
		while (--width)
			fputc('~', to);
		fputc('\n', to);
	}
	if (o->place.help)
		put_help(&o->place, to);
}
