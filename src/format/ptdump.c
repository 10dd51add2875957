// SPDX-License-Identifier: GPL-2.0-or-later
// The default output: a title, remarks, rows of one token per column, a sum. Here are the rows.
#include "format/ptdump.h"

#include <string.h>

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	(void)format;
	(void)geom;
	return S2_SHOW_ALL;
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	(void)printer;
	(void)image;
}

static void put_range(struct s2_printer *printer, uint64_t ia, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_ia_range(printer->out, ia, size, ia_digits(printer->geom));
	s2_text_size(size, text);
	s2_out_str(printer->out, " ");
	s2_out_pad_left(printer->out, text, W_SIZE);
	s2_out_str(printer->out, " ");
}

static inline void put_rights(struct s2_printer *printer, const struct s2_rights *rights,
			      const struct s2_look *look)
{
	bool two = rights_width(printer) == 7;
	char text[S2_TEXT_RIGHTS_LEN] = "?";

	if (rights->known)
		s2_text_rights(rights, two, text);
	put_styled(printer->out, text, two ? 7 : 6, look->rights, look);
}

static void attribute_flags(const struct s2_printer *printer, const struct s2_run *run,
			    struct s2_text_flags *flags)
{
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		uint64_t value;

		if (!attr || attr->kind != S2_ATTR_FLAG || (attr->blocks_only && !run->height))
			continue;
		value = s2_attr_get(attr, printer->geom, run->height, run->entry.raw);
		if (!attr->values && value && attr->in_place)
			s2_text_flag_hex(flags, attr->name, value);
		else if (!attr->values && value)
			s2_text_flag_number(flags, attr->name, value);
		else if (attr->values && s2_attr_value(attr, value)->text[0] != '-')
			s2_text_flag(flags, "", s2_attr_value(attr, value)->text);
	}
}

/* What software means, in numbers. */
static void soft_flags(const struct s2_printer *printer, const struct s2_meaning *meaning,
		       struct s2_text_flags *flags)
{
	const char *const *names = printer->geom->soft.ops->value;

	for (unsigned int i = 0; i < S2_SOFT_VALUES && names[i]; i++)
		if (meaning->known & BIT64(i))
			s2_text_flag_number(flags, names[i], meaning->value[i]);
}

void s2_ptdump_flags(const struct s2_printer *printer, const struct s2_run *run,
		     struct s2_text_flags *ret)
{
	s2_text_flags_init(ret);
	if (!run->missing && s2_is_leaf(run->entry.type))
		attribute_flags(printer, run, ret);
	else if (run->meaning.type)
		soft_flags(printer, &run->meaning, ret);
	else if (s2_says_something(printer->geom, run->entry.raw) ||
		 s2_is_cleared(printer->geom, run->entry.raw))
		s2_text_flag_hex(ret, "raw", run->entry.raw);
	for (unsigned int i = 0; run->entry.odd && i < s2_nodds; i++)
		if (run->entry.odd & s2_odds[i].bit)
			s2_text_flag(ret, "!", s2_odds[i].name);
}

/* The columns that say what the entry is like. */
static inline void put_attributes(struct s2_printer *printer, const struct s2_run *run, bool leaf,
				  const struct s2_look *look)
{
	struct s2_text_flags flags;

	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		enum s2_style style = look->row;
		uint64_t value;

		if (!attr || attr->kind != S2_ATTR_COLUMN)
			continue;
		if (look->memory != style && !strcmp(attr->name, S2_MEMORY_NAME))
			style = look->memory;
		value = leaf ? s2_attr_get(attr, printer->geom, run->height, run->entry.raw) : 0;
		put_styled(printer->out, leaf ? s2_attr_value(attr, value)->text : "-", attr->width,
			   style, look);
	}
	s2_ptdump_flags(printer, run, &flags);
	put_styled(printer->out, flags.text, printer->flags_width, look->flags, look);
}

static inline void put_labels(struct s2_printer *printer, const struct s2_row *row,
			      const struct s2_look *look)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		enum s2_style style = look->row;
		char buf[S2_LABEL_TEXT];

		if (!s2_printer_has(printer, i))
			continue;
		if (printer->color)
			style = s2_look_label(printer, ops, label, look);
		for (size_t k = 0; k < ops->ncolumns; k++)
			put_styled(printer->out, ops->columns[k].text(label, buf),
				   ops->columns[k].width, style, look);
	}
}

/* "excluded@0x43ab7000": why, and the page that is not there. A budget's end is of no one page. */
static void put_missing(struct s2_out *out, enum s2_code missing, uint64_t page)
{
	s2_out_str(out, s2_code_name(missing));
	if (missing == S2_BUDGET)
		return;
	s2_out_str(out, "@");
	s2_out_hex(out, page, 1);
}

/* An address that holds for all, or how many there are. */
static void put_pa(struct s2_out *out, uint64_t pa, uint64_t pieces)
{
	if (pieces == 1)
		s2_out_hex(out, pa, 1);
	else
		s2_out_printf(out, "pieces:%" PRIu64, pieces);
}

static void put_level(struct s2_out *out, int level, unsigned int width)
{
	if (level < 0)
		s2_out_printf(out, "%*d", (int)width, level);
	else
		s2_out_dec(out, (uint64_t)level, width);
	s2_out_str(out, " ");
}

/* Hot path: without colour nothing asks for it. */
static inline void print_all(struct s2_printer *printer, const struct s2_row *row, bool color)
{
	const struct s2_run *run = &row->run;
	bool leaf = !run->missing && s2_is_leaf(run->entry.type);
	bool mapped = leaf && s2_run_mapped(printer->geom, run);
	unsigned int width = s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	struct s2_out *out = printer->out;
	struct s2_rights rights;
	struct s2_look look = { 0 };

	if (mapped)
		rights = s2_printer_rights(printer, run);
	if (color)
		look = s2_look_of(printer, run, mapped, mapped ? &rights : NULL);
	if (look.row != S2_PLAIN)
		s2_style(out, look.row);
	put_range(printer, run->ia, run->size);
	put_level(out, s2_level(printer->geom, run->height), width);
	put_column(out, s2_run_type(run), W_TYPE);
	if (mapped)
		put_rights(printer, &rights, &look);
	else if (run->meaning.saved.known)
		put_rights(printer, &run->meaning.saved, &look);
	else
		put_column(out, "-", rights_width(printer));
	put_attributes(printer, run, leaf, &look);
	put_labels(printer, row, &look);
	if (run->missing)
		put_missing(out, run->missing, run->table_pa);
	else if (s2_run_placed(run, mapped))
		put_pa(out, run->entry.oa, row->pieces);
	else if (run->meaning.placed)
		s2_out_printf(out, "%s:0x%" PRIx64, printer->geom->soft.ops->address,
			      run->meaning.address);
	else
		s2_out_str(out, "-");
	if (look.row != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	s2_out_str(out, "\n");
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	if (printer->columns)
		s2_ptdump_chosen(printer, row);
	else if (printer->color)
		print_all(printer, row, true);
	else
		print_all(printer, row, false);
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	const char *unknown = row->allowed ? "?" : "-";
	struct s2_rights rights = s2_effective_rights(row);
	struct s2_out *out = printer->out;
	struct s2_look look = { 0 };

	if (printer->color)
		look = s2_look_effective(printer, row, &rights);
	if (look.row != S2_PLAIN)
		s2_style(out, look.row);
	put_range(printer, row->va, row->size);
	put_column(out, row->missing ? "missing" : row->allowed ? "mapped" : "fault", W_TYPE);
	if (row->allowed)
		put_rights(printer, &rights, &look);
	else
		put_column(out, "-", rights_width(printer));
	put_styled(out, row->memory ? row->memory->text : unknown, W_MEMORY, look.memory, &look);
	put_column(out, row->shareability ? row->shareability->text : "-", W_SH);
	if (row->missing)
		put_missing(out, row->missing, row->missing_page);
	else if (row->allowed)
		put_pa(out, row->pa, row->pieces);
	else
		s2_out_str(out, "-");
	if (look.row != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	s2_out_str(out, "\n");
}

static void end(struct s2_printer *printer, bool complete)
{
	(void)printer;
	(void)complete;
}

const struct s2_format s2_format_ptdump = {
	.name = "ptdump",
	.help = "rows of text, a token per column (default)",
	.general = true,
	.annotated = true,
	.picks = true,
	.merge = S2_MERGE_ATTRS,
	.show = show,
	.begin = begin,
	.table = s2_ptdump_head,
	.row = print_row,
	.effective = effective,
	.table_end = s2_ptdump_totals,
	.end = end,
};
