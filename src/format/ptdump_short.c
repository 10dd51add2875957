// SPDX-License-Identifier: GPL-2.0-or-later
// A row in a few words, where others stand before it: as find prints what it found.
#include "format/ptdump.h"

#include <string.h>

#include "format/grid.h"

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

/* Lines have no style of their own. */
static enum s2_style own_style(enum s2_style style, const struct s2_look *look)
{
	return style == look->row ? S2_PLAIN : style;
}

/* A word for each column of s2_ptdump_short(): its title, or of a table page nothing but what it
 * is. */
static void put_short_columns(const struct s2_printer *printer, bool titles, struct s2_grid *grid)
{
	s2_grid_word(grid, titles ? "type" : "table", S2_PLAIN);
	s2_grid_word(grid, titles ? "rights" : "-", S2_PLAIN);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			s2_grid_word(grid, titles ? attr->title : "-", S2_PLAIN);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			s2_grid_word(grid, titles ? ops->columns[k].title : "-", S2_PLAIN);
	}
}

void s2_ptdump_short_titles(const struct s2_printer *printer, struct s2_grid *grid)
{
	put_short_columns(printer, true, grid);
}

void s2_ptdump_short_table(const struct s2_printer *printer, struct s2_grid *grid)
{
	put_short_columns(printer, false, grid);
}

void s2_ptdump_short(const struct s2_printer *printer, const struct s2_row *row,
		     struct s2_grid *grid)
{
	const struct s2_run *run = &row->run;
	char text[S2_TEXT_RIGHTS_LEN] = "?";
	bool leaf = s2_is_leaf(run->entry.type);
	struct s2_rights rights = leaf ? s2_printer_rights(printer, run) : run->meaning.saved;
	struct s2_look look = { 0 };

	if (rights.known)
		s2_text_rights(&rights, s2_two_levels(printer->geom), text);
	if (printer->color)
		look = s2_look_of(printer, run, leaf, &rights);
	s2_grid_word(grid, s2_run_type(run), S2_PLAIN);
	s2_grid_word(grid, text, own_style(look.rights, &look));
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		uint64_t value;
		bool memory;

		if (!attr || attr->kind != S2_ATTR_COLUMN)
			continue;
		memory = !strcmp(attr->name, S2_MEMORY_NAME);
		value = leaf ? s2_attr_get(attr, printer->geom, run->height, run->entry.raw) : 0;
		s2_grid_word(grid, leaf ? s2_attr_value(attr, value)->text : "-",
			     memory ? own_style(look.memory, &look) : S2_PLAIN);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			s2_grid_word(grid, short_label(printer, i, &ops->columns[k], label, buf),
				     own_style(s2_look_label(printer, ops, label, &look), &look));
	}
}
