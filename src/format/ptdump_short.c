// SPDX-License-Identifier: GPL-2.0-or-later
// A row in a few words, where others stand before it: as find prints what it found.
#include "format/ptdump.h"

#include <string.h>

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

/* A word for each column of s2_ptdump_short() behind the type: its title, or "-". */
static void put_short_columns(struct s2_printer *printer, bool titles)
{
	put_column(printer->out, titles ? "rights" : "-", 0);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_column(printer->out, titles ? attr->title : "-", 0);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_column(printer->out, titles ? ops->columns[k].title : "-", 0);
	}
}

void s2_ptdump_short_titles(struct s2_printer *printer)
{
	put_column(printer->out, "type", 0);
	put_short_columns(printer, true);
}

void s2_ptdump_short_nothing(struct s2_printer *printer)
{
	put_short_columns(printer, false);
}

void s2_ptdump_short(struct s2_printer *printer, const struct s2_row *row)
{
	struct s2_out *out = printer->out;
	const struct s2_run *run = &row->run;
	char text[S2_TEXT_RIGHTS_LEN] = "?";
	bool leaf = s2_is_leaf(run->entry.type);
	struct s2_rights rights = leaf ? s2_printer_rights(printer, run) : run->meaning.saved;
	struct s2_look look = { 0 };

	if (rights.known)
		s2_text_rights(&rights, s2_two_levels(printer->geom), text);
	if (printer->color)
		look = s2_look_of(printer, run, leaf, &rights);
	put_column(out, s2_run_type(run), 0);
	put_styled(out, text, 0, look.rights, &look);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		bool memory = attr && !strcmp(attr->name, S2_MEMORY_NAME);

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_styled(out,
				   !leaf ? "-" :
					   s2_attr_value(attr,
							 s2_attr_get(attr, printer->geom,
								     run->height, run->entry.raw))
						   ->text,
				   0, memory ? look.memory : look.row, &look);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_styled(out, short_label(printer, i, &ops->columns[k], label, buf), 0,
				   s2_look_label(printer, ops, label, &look), &look);
	}
}
