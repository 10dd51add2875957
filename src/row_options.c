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
	/* Only a name that there is not makes people ask for the others. */
	o->names = strstr(err->text, " is called ") != NULL;
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
	o->place = (struct s2_where_place){ 0, (unsigned int)strlen(text) };
	if (!member || member->id == S2_MEMBER_FLAGS)
		return refuse(o, "--sort", text,
			      s2_fail(err, S2_USAGE, "no member is called '%s'", text), err);
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
	unsigned int n = 0;

	s2_escape(text, len, shown, sizeof(shown));
	for (const char *p = shown; *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static void put_names(FILE *to)
{
	struct s2_member_list list;
	unsigned int column = 0;

	s2_all_members(&list);
	for (unsigned int i = 0; i < list.n; i++) {
		unsigned int len = (unsigned int)strlen(list.member[i].name);

		if (column && column + 1 + len > LINE_WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		fprintf(to, "%s%s", column ? " " : "  ", list.member[i].name);
		column += len + (column ? 1 : 2);
	}
	fputc('\n', to);
}

void s2_row_options_explain(const struct s2_row_options *o, FILE *to)
{
	char shown[4 * S2_WHERE_TEXT];
	size_t len;

	if (!o->mistaken)
		return;
	len = strlen(o->mistaken);
	if (len < S2_WHERE_TEXT) {
		unsigned int at = o->place.at < len ? o->place.at : (unsigned int)len;
		size_t n = o->place.len < len - at ? o->place.len : len - at;
		unsigned int width = n ? columns_of(o->mistaken + at, n) : 1;

		s2_escape(o->mistaken, len, shown, sizeof(shown));
		fprintf(to, "  %s\n  %*s^", shown, (int)columns_of(o->mistaken, at), "");
		while (--width)
			fputc('~', to);
		fputc('\n', to);
	}
	if (!o->names)
		return;
	fprintf(to, "There are:\n");
	put_names(to);
}
