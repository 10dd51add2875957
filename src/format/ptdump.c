// SPDX-License-Identifier: GPL-2.0-or-later
// The default output: fixed columns in the kernel's ptdump style, none of them ever empty.
#include <stdio.h>
#include <stdlib.h>

#include "format/format.h"

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

static void print_odds(struct s2_out *out, const char *lead, const struct s2_odd_row *rows,
		       unsigned int n, uint32_t odd)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!(odd & rows[i].bit))
			continue;
		s2_out_str(out, lead);
		s2_out_str(out, rows[i].name);
		lead = ",";
	}
}

static void print_features(struct s2_out *out, const struct s2_geometry *geom)
{
	for (unsigned int i = 0; i < geom->arch->nfeatures; i++) {
		const struct s2_feature *feature = &geom->arch->features[i];

		if (geom->flags & feature->yes)
			s2_out_printf(out, ", %s", feature->text);
		else if (geom->flags & feature->no)
			s2_out_printf(out, ", %s", feature->no_text);
	}
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	struct s2_out *out = printer->out;

	if (printer->ntables)
		s2_out_str(out, "\n");
	s2_out_printf(out, "---[ %s %s: %s %u bits, granule %uK, start level %d", table->id,
		      table->kind, geom->arch->ia_name, geom->ia_bits, 1U << (geom->page_log2 - 10),
		      s2_level(geom, geom->top));
	if (geom->start_tables > 1)
		s2_out_printf(out, " x%u", geom->start_tables);
	s2_out_printf(out, ", PA %u bits", geom->oa_bits);
	print_features(out, geom);
	s2_out_printf(out, ", root 0x%llx", (unsigned long long)table->root_pa);
	for (unsigned int i = 0; i < geom->arch->nclaims; i++)
		if (s2_regime_shows(&table->regime, i))
			s2_out_printf(out, ", %s=0x%llx", geom->arch->claims[i].name,
				      (unsigned long long)table->regime.value[i]);
	if (table->pid >= 0)
		s2_out_printf(out, ", pid %lld", (long long)table->pid);
	print_odds(out, " !", s2_geom_odds, s2_ngeom_odds, geom->odd);
	s2_out_str(out, " ]---\n");
}

/* Attributes that are rarely set share one column: names, or name=value, joined by commas. */
static void print_flags(struct s2_printer *printer, const struct s2_run *run)
{
	char text[160];
	size_t len = 0;

	if (!(run->entry.raw & printer->flag_bits)) {
		s2_out_str(printer->out, "-   ");
		return;
	}
	text[0] = '\0';
	for (unsigned int i = 0; i < printer->nattrs; i++) {
		const struct s2_attr *attr = printer->attr[i];
		uint64_t value;

		if (attr->kind != S2_ATTR_FLAG || (attr->blocks_only && !run->height))
			continue;
		value = s2_attr_get(attr, printer->geom, run->entry.raw);
		if (!value)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, len ? "," : "");
		if (attr->values)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
						s2_attr_value(attr, value)->text);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=0x%llx",
						attr->name, (unsigned long long)value);
	}
	s2_out_pad(printer->out, len ? text : "-", 4);
}

/* What annotators say of @row, a column each; @lead goes before the first. */
static void print_labels(struct s2_printer *printer, const struct s2_row *row, bool mapped,
			 const char *lead)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		enum s2_column column = mapped ? ops->mapped : ops->unmapped;
		char buf[S2_LABEL_TEXT];
		const char *text;

		if (column == S2_COLUMN_NEVER)
			continue;
		text = ops->text(s2_printer_label(printer, row, i), buf);
		if (!text && column == S2_COLUMN_SAID)
			continue;
		s2_out_str(printer->out, lead);
		s2_out_str(printer->out, text ? text : "-");
		lead = " ";
	}
}

static void print_leaf(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	struct s2_out *out = printer->out;

	for (unsigned int i = 0; i < printer->nattrs; i++) {
		const struct s2_attr *attr = printer->attr[i];

		if (attr->kind != S2_ATTR_COLUMN)
			continue;
		s2_out_pad(
			out,
			s2_attr_value(attr, s2_attr_get(attr, printer->geom, run->entry.raw))->text,
			attr->width);
		s2_out_str(out, " ");
	}
	print_flags(printer, run);
	print_labels(printer, row, true, " ");
	s2_out_str(out, " ");
	s2_out_hex(out, run->entry.oa, 12);
	if (!run->pa_contiguous)
		s2_out_str(out, "+");
	print_odds(out, " !", s2_odds, s2_nodds, run->entry.odd);
}

static void print_missing(struct s2_printer *printer, const struct s2_run *run)
{
	switch (run->missing) {
	case S2_LOOP:
		s2_out_str(printer->out, "table leads back to ");
		break;
	case S2_INVALID:
		s2_out_str(printer->out, "table out of range at ");
		break;
	default:
		s2_out_printf(printer->out, "%s table at ", s2_code_name(run->missing));
		break;
	}
	s2_out_hex(printer->out, run->table_pa, 12);
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	struct s2_size_text size = s2_size_text(run->size);
	struct s2_out *out = printer->out;

	s2_out_hex(out, run->ia, 16);
	s2_out_str(out, "-");
	s2_out_hex(out, run->ia + run->size, 16);
	s2_out_str(out, " ");
	s2_out_dec(out, size.n, 9);
	s2_out_mem(out, &size.unit, 1);
	s2_out_str(out, s2_level(printer->geom, run->height) < 0 ? " -" : "  ");
	s2_out_dec(out, (uint64_t)abs(s2_level(printer->geom, run->height)), 1);
	s2_out_str(out, " ");
	s2_out_pad(out, run->missing ? "missing" : s2_type_name(run->entry.type), 9);
	if (run->missing) {
		print_missing(printer, run);
	} else if (s2_is_leaf(run->entry.type)) {
		print_leaf(printer, row);
	} else {
		print_labels(printer, row, false, "");
		if (run->entry.raw) {
			s2_out_str(out, " raw=");
			s2_out_hex(out, run->entry.raw, 1);
		}
		print_odds(out, " !", s2_odds, s2_nodds, run->entry.odd);
	}
	s2_out_str(out, "\n");
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	static const struct {
		char letter;
		uint8_t at;
	} rights[S2_NACCESSES] = {
		[S2_EL1_READ] = { 'R', 4 },   [S2_EL1_WRITE] = { 'W', 5 },
		[S2_EL1_EXEC] = { 'X', 6 },   [S2_EL0_READ] = { 'R', 12 },
		[S2_EL0_WRITE] = { 'W', 13 }, [S2_EL0_EXEC] = { 'X', 14 },
	};
	char text[] = "EL1:--- EL0:---";
	struct s2_size_text size = s2_size_text(row->size);
	struct s2_out *out = printer->out;

	for (unsigned int i = 0; i < S2_NACCESSES; i++)
		if (row->allowed & 1U << i)
			text[rights[i].at] = rights[i].letter;
	s2_out_hex(out, row->va, 16);
	s2_out_str(out, "-");
	s2_out_hex(out, row->va + row->size, 16);
	s2_out_str(out, " ");
	s2_out_dec(out, size.n, 9);
	s2_out_mem(out, &size.unit, 1);
	if (row->missing) {
		s2_out_printf(out, " missing (%s)\n", s2_code_name(row->missing));
		return;
	}
	s2_out_printf(out, " %s ", text);
	if (!row->allowed) {
		s2_out_str(out, "no access\n");
		return;
	}
	if (row->attr_known)
		s2_out_printf(out, "attr=0x%02x sh=%u ", row->attr, row->sh);
	else
		s2_out_str(out, "attr=? sh=? ");
	s2_out_hex(out, row->pa, 12);
	s2_out_str(out, row->pa_contiguous ? "\n" : "+\n");
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	if (end->odd_tables) {
		s2_out_printf(printer->out, "---[ odd table descriptors: %llu, first at PA 0x%llx",
			      (unsigned long long)end->odd_tables,
			      (unsigned long long)end->odd_desc_pa);
		print_odds(printer->out, " !", s2_odds, s2_nodds, end->odd_table);
		s2_out_str(printer->out, " ]---\n");
	}
	if (!end->complete)
		s2_out_printf(printer->out, "---[ incomplete: %s ]---\n", end->why);
}

static void end(struct s2_printer *printer)
{
	(void)printer;
}

const struct s2_format s2_format_ptdump = {
	.name = "ptdump",
	.help = "ranges in the style of the kernel's ptdump (default)",
	.annotated = true,
	.show = show,
	.begin = begin,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};
