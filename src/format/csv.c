// SPDX-License-Identifier: GPL-2.0-or-later
// The formats csv (RFC 4180, but lines end in LF) and tsv: a line per row, a title line, nothing
// else.
#include "format/format.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/num.h"
#include "format/text.h"

#define VALUE 1024

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	(void)format;
	(void)geom;
	return S2_SHOW_ALL;
}

/* What stands between two values; a format's own. */
static const char *separator(const struct s2_printer *printer)
{
	return printer->format->rows;
}

static void put_csv(struct s2_out *out, const char *text)
{
	char shown[VALUE];
	size_t len = strlen(text);

	if (s2_plain(text, len) == len) {
		s2_out_mem(out, text, len);
		return;
	}
	s2_escape(text, len, shown, sizeof(shown));
	if (!strpbrk(shown, ",\"")) {
		s2_out_str(out, shown);
		return;
	}
	s2_out_str(out, "\"");
	for (const char *p = shown; *p; p++)
		s2_out_mem(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
	s2_out_str(out, "\"");
}

/* Tabs and newlines are no printable text either; only what escapes must be escaped first. */
static void put_tsv(struct s2_out *out, const char *text)
{
	char doubled[VALUE], shown[VALUE];
	size_t n = 0;

	for (; *text && n + 2 < sizeof(doubled); text++) {
		if (*text == '\\' || *text == '\t' || *text == '\n')
			doubled[n++] = '\\';
		doubled[n++] = *text == '\t' ? 't' : *text == '\n' ? 'n' : *text;
	}
	doubled[n] = '\0';
	s2_escape(doubled, n, shown, sizeof(shown));
	s2_out_str(out, shown);
}

static void put(struct s2_printer *printer, const char *text)
{
	if (*separator(printer) == '\t')
		put_tsv(printer->out, text);
	else
		put_csv(printer->out, text);
}

/* The next column, from *@at 0 on: those that were chosen, or the table's id and all members that
 * are not made of others, as "flags" is. */
static const struct s2_row_name *next_column(const struct s2_printer *printer, unsigned int *at)
{
	static const struct s2_row_name id = { .name = "table",
					       .id = S2_MEMBER_TABLE,
					       .kind = S2_KIND_STRING };
	const struct s2_member_list *all = printer->all;

	if (printer->columns)
		return *at < printer->columns->n ? &printer->columns->member[(*at)++] : NULL;
	if (!(*at)++)
		return &id;
	/* The first of the list follows the id. */
	while (*at - 2 < all->n && all->member[*at - 2].derived)
		(*at)++;
	return *at - 2 < all->n ? &all->member[*at - 2] : NULL;
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	const struct s2_row_name *column;
	unsigned int at = 0;

	(void)image;
	while (!printer->bare && (column = next_column(printer, &at))) {
		s2_out_str(printer->out, at > 1 ? separator(printer) : "");
		put(printer, printer->columns ? printer->columns->title[at - 1] : column->name);
	}
	s2_out_str(printer->out, printer->bare ? "" : "\n");
}

/* Most members are another format's, and empty in all rows of this table. */
static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	struct s2_cells *cells = &printer->cells;
	const struct s2_row_name *column;
	unsigned int at = 0;

	(void)table;
	(void)geom;
	cells->n = 0;
	cells->before[0] = 0;
	while ((column = next_column(printer, &at))) {
		cells->before[cells->n] += at > 1;
		if (!s2_member_applies(&printer->of, column))
			continue;
		cells->member[cells->n++] = column;
		cells->before[cells->n] = 0;
	}
}

static void put_separators(struct s2_printer *printer, unsigned int n)
{
	while (n--)
		s2_out_mem(printer->out, separator(printer), 1);
}

static void put_value(struct s2_printer *printer, const struct s2_row_name *member,
		      const struct s2_row *row, struct s2_row_facts *facts)
{
	struct s2_out *out = printer->out;
	struct s2_member_value value;
	struct s2_text_flags flags;

	if (member->id == S2_MEMBER_FLAGS) {
		s2_ptdump_flags(printer, &row->run, &flags);
		put(printer, flags.len ? flags.text : "");
		return;
	}
	s2_member_next(&printer->of, member, row, facts, &value);
	if (value.known != S2_VALUE_KNOWN)
		return;
	switch (value.kind) {
	case S2_KIND_STRING:
		put(printer, value.text);
		break;
	case S2_KIND_NUMBER:
		if (value.past)
			s2_out_str(out, "18446744073709551616");
		else
			s2_out_dec(out, value.number, 0);
		break;
	case S2_KIND_HEX:
		if (value.past)
			s2_out_str(out, S2_PAST_TEXT);
		else
			s2_out_hex(out, value.number, 1);
		break;
	case S2_KIND_BOOL:
		s2_out_str(out, value.number ? "true" : "false");
		break;
	case S2_KIND_SIGNED:
		s2_out_signed(out, (int64_t)value.number);
		break;
	}
}

static void row(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_cells *cells = &printer->cells;
	struct s2_row_facts facts = { .have = false };

	for (unsigned int i = 0; i < cells->n; i++) {
		put_separators(printer, cells->before[i]);
		put_value(printer, cells->member[i], row, &facts);
	}
	put_separators(printer, cells->before[cells->n]);
	s2_out_str(printer->out, "\n");
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	(void)printer;
	(void)end;
}

static void end(struct s2_printer *printer, bool complete)
{
	(void)printer;
	(void)complete;
}

#define SEPARATED(n, h, between) \
	{ \
		.name = (n), .help = (h), .annotated = true, .picks = true, .rows_only = true, \
		.merge = S2_MERGE_PA, .show = show, .begin = begin, .table = table, .row = row, \
		.table_end = table_end, .end = end, .rows = (between) \
	}

const struct s2_format s2_format_csv =
	SEPARATED("csv", "comma-separated, a line per row, columns named as in JSON", ",");
const struct s2_format s2_format_tsv = SEPARATED("tsv", "the same, separated by tabs", "\t");
