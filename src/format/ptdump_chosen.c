// SPDX-License-Identifier: GPL-2.0-or-later
// Columns that were chosen (--columns): their widths, titles and text.
#include "format/ptdump.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

/* The attribute of this table that a member is, or NULL. */
static const struct s2_attr *attr_of(const struct s2_printer *printer,
				     const struct s2_row_name *member)
{
	return member->id == S2_MEMBER_ATTR ? s2_members_attr(&printer->of, member->name) : NULL;
}

/* Of a chosen column. */
static unsigned int width_of(const struct s2_printer *printer, const struct s2_row_name *member)
{
	const struct s2_attr *attr = attr_of(printer, member);

	switch (member->id) {
	case S2_MEMBER_IA:
		return 2 * ia_digits(printer->geom) + 5;
	case S2_MEMBER_END:
		return ia_digits(printer->geom) + 2;
	case S2_MEMBER_SIZE:
		return W_SIZE + 1; /* joined rows are of any size: ~1023.99M */
	case S2_MEMBER_TYPE:
		return W_TYPE;
	case S2_MEMBER_RIGHTS:
		return rights_width(printer);
	case S2_MEMBER_FLAGS:
		return printer->flags_width;
	case S2_MEMBER_RAW:
		return W_RAW;
	case S2_MEMBER_LEVEL:
		return s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	case S2_MEMBER_TABLE:
		return (unsigned int)strlen(printer->table->id);
	default:
		break;
	}
	if (member->column)
		return member->column->width;
	if (attr && attr->kind == S2_ATTR_COLUMN)
		return attr->width;
	return member->kind == S2_KIND_HEX ? W_HEX : member->kind == S2_KIND_BOOL ? W_BOOL : 1;
}

/* Is it a number that lines up on the right? */
static bool is_right(const struct s2_row_name *member)
{
	return !member->column &&
	       (member->kind == S2_KIND_NUMBER || member->kind == S2_KIND_SIGNED);
}

/* A chosen column, the last of its line or not, its title as wide as its text. */
static void put_chosen(struct s2_printer *printer, unsigned int i, const char *text,
		       enum s2_style style, enum s2_style around)
{
	const struct s2_columns *columns = printer->columns;
	unsigned int width = width_of(printer, &columns->member[i]);
	/* The first title has the "# " of its line before it. */
	unsigned int title = (unsigned int)strlen(columns->title[i]) + (i ? 0 : 2);
	bool right = is_right(&columns->member[i]), last = i + 1 == columns->n;

	if (!printer->bare && title > width)
		width = title;
	/* The line of titles begins with its mark. */
	if (right && (i || *text != '#'))
		s2_out_pad_left(printer->out, text, width);
	else
		s2_style_pad(printer->out, text, last ? 0 : width, style, around);
	if (last && around != S2_PLAIN)
		s2_style(printer->out, S2_PLAIN);
	s2_out_str(printer->out, last ? "\n" : " ");
}

void s2_ptdump_chosen_titles(struct s2_printer *printer)
{
	char first[128];

	for (unsigned int i = 0; i < printer->columns->n; i++) {
		snprintf(first, sizeof(first), "%s%s", i ? "" : "# ", printer->columns->title[i]);
		put_chosen(printer, i, first, S2_PLAIN, S2_PLAIN);
	}
}

/* A column that was chosen, as the text has it where it has it at all. */
static const char *chosen_text(const struct s2_printer *printer, const struct s2_row_name *member,
			       const struct s2_row *row, char *buf, size_t size)
{
	const struct s2_attr *attr = attr_of(printer, member);
	const struct s2_annotator *annotator =
		member->column ?
			s2_table_annotator(printer->table, printer->annotators[member->annotator]) :
			NULL;
	struct s2_member_value value;

	if (annotator && (size_t)(annotator - printer->table->annotator) < row->nlabels) {
		const struct s2_label *label = &row->label[annotator - printer->table->annotator];
		char text[S2_LABEL_TEXT];

		snprintf(buf, size, "%s", member->column->text(label, text));
		return buf;
	}
	s2_member_get(&printer->of, member, row, &value);
	if (value.known != S2_VALUE_KNOWN)
		return value.known == S2_VALUE_UNKNOWN && !row->run.missing ? "?" : "-";
	switch (value.kind) {
	case S2_KIND_STRING:
		snprintf(buf, size, "%s",
			 attr && attr->kind == S2_ATTR_COLUMN ? value.shown : value.text);
		return buf;
	case S2_KIND_NUMBER:
		if (member->id == S2_MEMBER_SIZE)
			s2_text_size(value.number, buf);
		else
			snprintf(buf, size, "%" PRIu64, value.number);
		return buf;
	case S2_KIND_HEX:
		if (value.past)
			return S2_PAST_TEXT;
		snprintf(buf, size, "0x%0*" PRIx64,
			 member->id == S2_MEMBER_END ? (int)ia_digits(printer->geom) : 1,
			 value.number);
		return buf;
	case S2_KIND_BOOL:
		return value.number ? "true" : "false";
	case S2_KIND_SIGNED:
		snprintf(buf, size, "%" PRId64, (int64_t)value.number);
		return buf;
	}
	return "-";
}

/* Places are shown as in rows that have all columns. */
static const char *chosen_pa(const struct s2_printer *printer, const struct s2_row *row,
			     const struct s2_row_name *pieces, char *buf, size_t size)
{
	const struct s2_run *run = &row->run;
	struct s2_member_value value;

	s2_member_get(&printer->of, pieces, row, &value);
	if (run->missing == S2_BUDGET)
		return s2_code_name(run->missing);
	if (run->missing)
		snprintf(buf, size, "%s@0x%" PRIx64, s2_code_name(run->missing), run->table_pa);
	else if (value.known != S2_VALUE_KNOWN && run->meaning.placed)
		snprintf(buf, size, "%s:0x%" PRIx64, printer->geom->soft.ops->address,
			 run->meaning.address);
	else if (value.known != S2_VALUE_KNOWN)
		return "-";
	else if (value.number == 1)
		snprintf(buf, size, "0x%" PRIx64, run->entry.oa);
	else
		snprintf(buf, size, "pieces:%" PRIu64, value.number);
	return buf;
}

static const char *chosen_ia(const struct s2_printer *printer, const struct s2_run *run, char *buf,
			     size_t size)
{
	int digits = (int)ia_digits(printer->geom), n;

	n = snprintf(buf, size, "0x%0*" PRIx64 "-", digits, run->ia);
	if (run->ia + run->size)
		snprintf(buf + n, size - (size_t)n, "0x%0*" PRIx64, digits, run->ia + run->size);
	else
		snprintf(buf + n, size - (size_t)n, "%s", S2_PAST_TEXT);
	return buf;
}

static struct s2_look look_of_row(const struct s2_printer *printer, const struct s2_row *row)
{
	bool mapped = s2_run_mapped(printer->geom, &row->run);
	struct s2_rights rights = { .known = false };

	if (mapped)
		rights = s2_printer_rights(printer, &row->run);
	return s2_look_of(printer, &row->run, mapped, &rights);
}

static enum s2_style chosen_style(const struct s2_printer *printer,
				  const struct s2_row_name *member, const struct s2_row *row,
				  const struct s2_look *look)
{
	if (member->id == S2_MEMBER_RIGHTS)
		return look->rights;
	if (member->id == S2_MEMBER_FLAGS || member->id == S2_MEMBER_ODD)
		return look->flags;
	if (member->id == S2_MEMBER_LABEL && member->column)
		return s2_look_label(printer, printer->annotators[member->annotator],
				     s2_printer_label(printer, row, member->annotator), look);
	return strcmp(member->name, S2_MEMORY_NAME) ? look->row : look->memory;
}

void s2_ptdump_chosen(struct s2_printer *printer, const struct s2_row *row)
{
	static const struct s2_row_name pieces = { .id = S2_MEMBER_PIECES, .kind = S2_KIND_NUMBER };
	const struct s2_columns *columns = printer->columns;
	struct s2_look look = { 0 };

	if (printer->color)
		look = look_of_row(printer, row);
	if (look.row != S2_PLAIN)
		s2_style(printer->out, look.row);
	for (unsigned int i = 0; i < columns->n; i++) {
		const struct s2_row_name *member = &columns->member[i];
		struct s2_text_flags flags;
		char buf[256];
		const char *text;

		if (member->id == S2_MEMBER_IA) {
			text = chosen_ia(printer, &row->run, buf, sizeof(buf));
		} else if (member->id == S2_MEMBER_PA) {
			text = chosen_pa(printer, row, &pieces, buf, sizeof(buf));
		} else if (member->id == S2_MEMBER_FLAGS) {
			s2_ptdump_flags(printer, &row->run, &flags);
			text = flags.text;
		} else {
			text = chosen_text(printer, member, row, buf, sizeof(buf));
		}
		put_chosen(printer, i, text, chosen_style(printer, member, row, &look), look.row);
	}
}
