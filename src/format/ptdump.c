// SPDX-License-Identifier: GPL-2.0-or-later
// The default output: a title, remarks, rows of one token per column, a sum.
#include <inttypes.h>
#include <stdio.h>

#include "format/format.h"
#include "format/text.h"

/* Widths of columns that all tables have; what is longer pushes the rest of its line. */
enum { W_SIZE = 8, W_TYPE = 7, W_FLAGS = 5, W_MEMORY = 13, W_SH = 3 };

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

static void out_size(struct s2_out *out, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_size(size, text);
	s2_out_str(out, text);
}

static void out_counted(struct s2_out *out, uint64_t n, const char *word)
{
	s2_out_printf(out, "%" PRIu64 " %s%s", n, word, n == 1 ? "" : "s");
}

/* ---- Before the rows ---- */

static const char *stage_text(const struct s2_printer *printer)
{
	if (printer->effective)
		return "stages 1 and 2";
	if (printer->geom->arch->stage == S2_STAGE_2)
		return s2_table_is_shadow(printer->table) ? "stage 2 (nested)" : "stage 2";
	return s2_table_is_vms(printer->table) ? "stage 1" : "stage 1 (EL2)";
}

static void print_title(struct s2_printer *printer)
{
	const struct s2_geometry *geom = printer->geom;
	struct s2_out *out = printer->out;

	s2_out_printf(out, "---[ %s %s", printer->table->id, stage_text(printer));
	if (geom->arch->title)
		s2_out_printf(out, " (%s)", geom->arch->title);
	if (geom->arch->one_granule)
		s2_out_printf(out, ": %s %u bits, %u levels", geom->arch->ia_name, geom->ia_bits,
			      geom->top + 1U);
	else
		s2_out_printf(out, ": %uK granule, %s %u bits from level %d",
			      1U << (geom->page_log2 - 10), geom->arch->ia_name, geom->ia_bits,
			      s2_level(geom, geom->top));
	if (geom->start_tables > 1)
		s2_out_printf(out, " x%u", geom->start_tables);
	s2_out_printf(out, ", PA %u bits", geom->oa_bits);
	for (unsigned int i = 0; i < geom->arch->nfeatures; i++) {
		const struct s2_feature *feature = &geom->arch->features[i];

		if (geom->flags & feature->yes)
			s2_out_printf(out, ", %s", feature->text);
		else if (geom->flags & feature->no)
			s2_out_printf(out, ", %s", feature->no_text);
	}
	for (unsigned int i = 0; i < s2_ngeom_odds; i++)
		if (geom->odd & s2_geom_odds[i].bit)
			s2_out_printf(out, " !%s", s2_geom_odds[i].name);
	s2_out_str(out, " ]---\n");
}

/* Guest memory that slots give, in bytes. */
static uint64_t ram_of(const struct s2_table *table)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < table->nslots; i++)
		sum += table->slot[i].size;
	return sum;
}

/* "# pid 4711, 2 vCPUs, 2 slots 4.25G, root 0x4200c000" */
static void print_owner(struct s2_printer *printer)
{
	const struct s2_table *table = printer->table;
	struct s2_out *out = printer->out;
	uint64_t ram = ram_of(table);

	s2_out_str(out, "# ");
	if (table->pid >= 0)
		s2_out_printf(out, "pid %" PRId64 ", ", table->pid);
	if (table->have_handle)
		s2_out_printf(out, "handle 0x%x, ", table->handle);
	if (table->vcpus >= 0) {
		out_counted(out, (uint64_t)table->vcpus, "vCPU");
		s2_out_str(out, ", ");
	}
	if (table->have_slots) {
		out_counted(out, table->nslots, "slot");
		if (ram) {
			s2_out_str(out, " ");
			out_size(out, ram);
		}
		s2_out_str(out, ", ");
	}
	s2_out_str(out, "root ");
	s2_out_hex(out, table->root_pa, 1);
	s2_out_str(out, "\n");
}

static void print_registers(struct s2_printer *printer)
{
	const struct s2_table *table = printer->table;
	const struct s2_regime *regime = &table->regime;
	const char *lead = "# ";

	for (unsigned int i = 0; i < regime->arch->nclaims; i++) {
		if (!s2_regime_shows(regime, i))
			continue;
		s2_out_printf(printer->out, "%s%s 0x%" PRIx64, lead, regime->arch->claims[i].name,
			      regime->value[i]);
		lead = "  ";
	}
	if (*lead == ' ')
		s2_out_str(printer->out, "\n");
	if (!table->shadow[S2_SHADOW_CONTROL])
		return;
	for (unsigned int i = 0; i < S2_NSHADOWS; i++)
		s2_out_printf(printer->out, "%s %s 0x%" PRIx64, i ? " " : "# shadows",
			      regime->arch->shadows[i], table->shadow[i]);
	s2_out_str(printer->out, "\n");
}

static unsigned int ia_digits(const struct s2_geometry *geom)
{
	return s2_text_ia_digits(geom->ia_base + low_bits(geom->ia_bits));
}

/* A column's text, padded; the last of a line ends it instead. */
static void put_column(struct s2_out *out, const char *text, unsigned int width)
{
	s2_out_pad(out, text, width);
	s2_out_str(out, " ");
}

static unsigned int rights_width(const struct s2_printer *printer)
{
	return printer->effective || s2_two_levels(printer->geom) ? 7 : 6;
}

static unsigned int flags_width(const struct s2_printer *printer)
{
	unsigned int width = printer->geom->arch->flags_width;

	return width > W_FLAGS ? width : W_FLAGS;
}

static void print_titles(struct s2_printer *printer)
{
	struct s2_out *out = printer->out;

	put_column(out, "# ia", 2 * ia_digits(printer->geom) + 5);
	s2_out_printf(out, "%*s ", W_SIZE, "size");
	if (!printer->effective)
		s2_out_str(out, s2_level(printer->geom, printer->geom->top) < 0 ? " l " : "l ");
	put_column(out, "type", W_TYPE);
	put_column(out, "rights", rights_width(printer));
	if (printer->effective) {
		put_column(out, "memory", W_MEMORY);
		put_column(out, "sh", W_SH);
	}
	for (unsigned int i = 0; !printer->effective && i < printer->nmembers; i++) {
		const struct s2_attr *attr = printer->member[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_column(out, attr->title, attr->width);
	}
	if (!printer->effective)
		put_column(out, "flags", flags_width(printer));
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; s2_printer_has(printer, i) && k < ops->ncolumns; k++)
			put_column(out, ops->columns[k].title, ops->columns[k].width);
	}
	s2_out_str(out, "pa\n");
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	(void)table;
	(void)geom;
	if (printer->ntables)
		s2_out_str(printer->out, "\n");
	print_title(printer);
	print_owner(printer);
	print_registers(printer);
	print_titles(printer);
}

/* ---- Rows ---- */

static void put_range(struct s2_printer *printer, uint64_t ia, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_ia_range(printer->out, ia, size, ia_digits(printer->geom));
	s2_text_size(size, text);
	s2_out_str(printer->out, " ");
	s2_out_pad_left(printer->out, text, W_SIZE);
	s2_out_str(printer->out, " ");
}

static void put_rights(struct s2_printer *printer, const struct s2_rights *rights)
{
	bool two = rights_width(printer) == 7;
	char text[S2_TEXT_RIGHTS_LEN] = "?";

	if (rights->known)
		s2_text_rights(rights, two, text);
	put_column(printer->out, text, two ? 7 : 6);
}

static void attribute_flags(const struct s2_printer *printer, const struct s2_run *run,
			    struct s2_text_flags *flags)
{
	for (unsigned int i = 0; i < printer->nmembers; i++) {
		const struct s2_attr *attr = printer->member[i].attr;
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

static void put_flags(struct s2_printer *printer, const struct s2_run *run, bool leaf)
{
	struct s2_text_flags flags;

	s2_text_flags_init(&flags);
	if (leaf)
		attribute_flags(printer, run, &flags);
	else if (run->meaning.type)
		soft_flags(printer, &run->meaning, &flags);
	else if (s2_says_something(printer->geom, run->entry.raw))
		s2_text_flag_hex(&flags, "raw", run->entry.raw);
	for (unsigned int i = 0; run->entry.odd && i < s2_nodds; i++)
		if (run->entry.odd & s2_odds[i].bit)
			s2_text_flag(&flags, "!", s2_odds[i].name);
	put_column(printer->out, flags.text, flags_width(printer));
}

/* The columns that say what the entry is like. */
static void put_attributes(struct s2_printer *printer, const struct s2_run *run, bool leaf)
{
	for (unsigned int i = 0; i < printer->nmembers; i++) {
		const struct s2_attr *attr = printer->member[i].attr;
		uint64_t value;

		if (!attr || attr->kind != S2_ATTR_COLUMN)
			continue;
		value = leaf ? s2_attr_get(attr, printer->geom, run->height, run->entry.raw) : 0;
		put_column(printer->out, leaf ? s2_attr_value(attr, value)->text : "-",
			   attr->width);
	}
	put_flags(printer, run, leaf);
}

static void put_labels(struct s2_printer *printer, const struct s2_row *row)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; s2_printer_has(printer, i) && k < ops->ncolumns; k++)
			put_column(printer->out, ops->columns[k].text(label, buf),
				   ops->columns[k].width);
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

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	bool leaf = !run->missing && s2_is_leaf(run->entry.type);
	bool mapped = leaf && s2_run_mapped(printer->geom, run);
	unsigned int width = s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	struct s2_out *out = printer->out;
	struct s2_rights rights;

	put_range(printer, run->ia, run->size);
	put_level(out, s2_level(printer->geom, run->height), width);
	put_column(out, s2_run_type(run), W_TYPE);
	if (mapped) {
		rights = s2_printer_rights(printer, run);
		put_rights(printer, &rights);
	} else if (run->meaning.saved.known) {
		put_rights(printer, &run->meaning.saved);
	} else {
		put_column(out, "-", rights_width(printer));
	}
	put_attributes(printer, run, leaf);
	put_labels(printer, row);
	if (run->missing)
		put_missing(out, run->missing, run->table_pa);
	else if (mapped || (!leaf && s2_run_has_oa(run)))
		put_pa(out, run->entry.oa, row->pieces);
	else if (run->meaning.placed)
		s2_out_printf(out, "%s:0x%" PRIx64, printer->geom->soft.ops->address,
			      run->meaning.address);
	else
		s2_out_str(out, "-");
	s2_out_str(out, "\n");
}

void s2_ptdump_short(struct s2_printer *printer, const struct s2_row *row)
{
	struct s2_out *out = printer->out;
	const struct s2_run *run = &row->run;
	char text[S2_TEXT_RIGHTS_LEN] = "?";
	struct s2_rights rights;

	rights = s2_printer_rights(printer, run);
	if (rights.known)
		s2_text_rights(&rights, s2_two_levels(printer->geom), text);
	s2_out_printf(out, "%s %s ", s2_type_name(run->entry.type), text);
	for (unsigned int i = 0; i < printer->nmembers; i++) {
		const struct s2_attr *attr = printer->member[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_column(out,
				   s2_attr_value(attr, s2_attr_get(attr, printer->geom, run->height,
								   run->entry.raw))
					   ->text,
				   0);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; k < ops->ncolumns && (!i || s2_printer_has(printer, i)); k++)
			put_column(out, ops->columns[k].text(label, buf), 0);
	}
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	const char *unknown = row->allowed ? "?" : "-";
	struct s2_rights rights = s2_effective_rights(row);
	struct s2_out *out = printer->out;

	put_range(printer, row->va, row->size);
	put_column(out, row->missing ? "missing" : row->allowed ? "mapped" : "fault", W_TYPE);
	if (row->allowed)
		put_rights(printer, &rights);
	else
		put_column(out, "-", rights_width(printer));
	put_column(out, row->memory ? row->memory->text : unknown, W_MEMORY);
	put_column(out, row->shareability ? row->shareability->text : "-", W_SH);
	if (row->missing)
		put_missing(out, row->missing, row->missing_page);
	else if (row->allowed)
		put_pa(out, row->pa, row->pieces);
	else
		s2_out_str(out, "-");
	s2_out_str(out, "\n");
}

/* ---- After them ---- */

static void put_pages(struct s2_printer *printer, const struct s2_totals *end)
{
	bool first = true;

	for (unsigned int height = S2_MAX_HEIGHTS; height-- > 0;) {
		uint64_t n = end->pages[height];

		if (!n)
			continue;
		if (first)
			s2_out_printf(printer->out, " in %" PRIu64 " page%s of ", n,
				      n == 1 ? "" : "s");
		else
			s2_out_printf(printer->out, ", %" PRIu64 " of ", n);
		out_size(printer->out, s2_entry_size(printer->geom, height));
		first = false;
	}
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	struct s2_out *out = printer->out;

	s2_out_str(out, "# mapped ");
	out_size(out, end->mapped);
	if (printer->table->nslots) {
		s2_out_str(out, " of ");
		out_size(out, ram_of(printer->table));
	}
	put_pages(printer, end);
	s2_out_str(out, "; ");
	out_counted(out, end->tables, "table page");
	if (end->odd_tables) {
		s2_out_str(out, "; ");
		out_counted(out, end->odd_tables, "odd table descriptor");
		s2_out_printf(out, ", first at 0x%" PRIx64, end->odd_pa);
	}
	if (end->missing) {
		s2_out_str(out, "; missing ");
		out_size(out, end->missing);
	}
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
	.annotated = true,
	.merge = S2_MERGE_ATTRS,
	.show = show,
	.begin = begin,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};
