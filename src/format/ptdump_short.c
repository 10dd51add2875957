// SPDX-License-Identifier: GPL-2.0-or-later
// A row in a few words, where others stand before it: as find prints what it found.
#include "format/ptdump.h"

#include <assert.h>
#include <string.h>

#include "base/escape.h"

/* A token of an annotator, also of one that says nothing of this table: what is in no slot because
 * there can be none is not unknown. */
static const char *short_label(const struct s2_printer *printer, unsigned int i,
			       const struct s2_row_column *column, const struct s2_label *label,
			       char buf[S2_LABEL_TEXT])
{
	if (!s2_printer_has(printer, i) && (i || !s2_table_may_have_slots(printer->table)))
		return "-";
	return column->text(label, buf);
}

/* Slots are always asked for. */
static bool in_short(const struct s2_printer *printer, unsigned int i)
{
	return !i || s2_printer_has(printer, i) || printer->common & (1U << i);
}

/* The next word, below the one before it: as wide as any that was put there. */
static void put_word(struct s2_printer *printer, unsigned int *column, const char *text,
		     enum s2_style style, const struct s2_look *look)
{
	unsigned int more = (unsigned int)strlen(text) - s2_columns_taken(text);
	unsigned int *width = &printer->short_width[(*column)++];

	assert(*column <= S2_MAX_SHORT);
	if (s2_columns_taken(text) > *width)
		*width = s2_columns_taken(text);
	put_styled(printer->out, text, *width + more, style, look);
}

static void put_plain(struct s2_printer *printer, unsigned int *column, const char *text)
{
	put_word(printer, column, text, S2_PLAIN, &(struct s2_look){ 0 });
}

/* A word for each column of s2_ptdump_short(): its title, or of a table page nothing but what it
 * is. */
static void put_short_columns(struct s2_printer *printer, bool titles)
{
	unsigned int at = 0;

	put_plain(printer, &at, titles ? "type" : "table");
	put_plain(printer, &at, titles ? "rights" : "-");
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_plain(printer, &at, titles ? attr->title : "-");
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_plain(printer, &at, titles ? ops->columns[k].title : "-");
	}
}

void s2_ptdump_short_titles(struct s2_printer *printer)
{
	put_short_columns(printer, true);
}

void s2_ptdump_short_table(struct s2_printer *printer)
{
	put_short_columns(printer, false);
}

void s2_ptdump_short(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	char text[S2_TEXT_RIGHTS_LEN] = "?";
	bool leaf = s2_is_leaf(run->entry.type);
	struct s2_rights rights = leaf ? s2_printer_rights(printer, run) : run->meaning.saved;
	struct s2_look look = { 0 };
	unsigned int at = 0;

	if (rights.known)
		s2_text_rights(&rights, s2_two_levels(printer->geom), text);
	if (printer->color)
		look = s2_look_of(printer, run, leaf, &rights);
	put_plain(printer, &at, s2_run_type(run));
	put_word(printer, &at, text, look.rights, &look);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		bool memory = attr && !strcmp(attr->name, S2_MEMORY_NAME);

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_word(printer, &at,
				 !leaf ? "-" :
					 s2_attr_value(attr,
						       s2_attr_get(attr, printer->geom, run->height,
								   run->entry.raw))
						 ->text,
				 memory ? look.memory : look.row, &look);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_word(printer, &at,
				 short_label(printer, i, &ops->columns[k], label, buf),
				 s2_look_label(printer, ops, label, &look), &look);
	}
}
