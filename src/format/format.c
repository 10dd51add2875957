// SPDX-License-Identifier: GPL-2.0-or-later
// The list of formats, and what they share.
#include "format/format.h"

#include <string.h>

extern const struct s2_format s2_format_ptdump, s2_format_json, s2_format_jsonl, s2_format_csv,
	s2_format_tsv;
extern const struct s2_format s2_format_debugfs, s2_format_debugfs_7_3, s2_format_debugfs_6_19,
	s2_format_debugfs_6_18, s2_format_debugfs_6_12;

/* The order is that of --help. */
const struct s2_format *const s2_formats[] = {
	&s2_format_ptdump,       &s2_format_json,         &s2_format_jsonl,
	&s2_format_csv,          &s2_format_tsv,          &s2_format_debugfs,
	&s2_format_debugfs_7_3,  &s2_format_debugfs_6_19, &s2_format_debugfs_6_18,
	&s2_format_debugfs_6_12,
};
const unsigned int s2_nformats = ARRAY_SIZE(s2_formats);

const struct s2_format *s2_format_find(const char *name)
{
	for (unsigned int i = 0; i < s2_nformats; i++)
		if (!strcmp(s2_formats[i]->name, name))
			return s2_formats[i];
	return NULL;
}

void s2_printer_init(struct s2_printer *printer, const struct s2_format *format,
		     const struct s2_annotator_ops *const *annotators, const struct s2_lost *lost,
		     struct s2_out *out)
{
	*printer = (struct s2_printer){
		.format = format, .annotators = annotators, .lost = lost, .out = out
	};
}

/* What the flags of ordinary rows take. */
static uint8_t flags_width(const struct s2_table *table, const struct s2_geometry *geom)
{
	uint8_t width = 5;

	/* Where owners are kept in entries that map nothing, "raw=0x4" is ordinary. */
	for (unsigned int i = 0; i < table->nannotators; i++)
		if (table->annotator[i].ops->foreign)
			width = 7;
	return geom->arch->flags_width > width ? geom->arch->flags_width : width;
}

void s2_printer_shape(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom)
{
	printer->table = table;
	printer->geom = geom;
	printer->nruns = 0;
	printer->flags_width = flags_width(table, geom);
	s2_members_init(&printer->of, table, geom, printer->annotators, printer->raw_rights);
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator *annotator =
			s2_table_annotator(table, printer->annotators[i]);

		printer->label[i] = annotator ? (uint8_t)(annotator - table->annotator) :
						S2_MAX_ANNOTATORS;
	}
}

const struct s2_label *s2_printer_label(const struct s2_printer *printer, const struct s2_row *row,
					unsigned int i)
{
	static const struct s2_label nothing;

	return printer->label[i] < row->nlabels ? &row->label[printer->label[i]] : &nothing;
}

struct s2_rights s2_printer_rights(const struct s2_printer *printer, const struct s2_run *run)
{
	return printer->geom->arch->rights(printer->geom, run->height, run->entry.raw,
					   printer->raw_rights ? NULL : &run->path);
}

struct s2_rights s2_effective_rights(const struct s2_effective_row *row)
{
	return (struct s2_rights){
		.known = true,
		.read = row->allowed & BIT64(S2_PRIV_READ),
		.write = row->allowed & BIT64(S2_PRIV_WRITE),
		.exec = row->allowed & BIT64(S2_PRIV_EXEC),
		.read_user = row->allowed & BIT64(S2_USER_READ),
		.write_user = row->allowed & BIT64(S2_USER_WRITE),
		.exec_user = row->allowed & BIT64(S2_USER_EXEC),
	};
}

void s2_printer_table(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom)
{
	s2_printer_shape(printer, table, geom);
	printer->format->table(printer, table, geom);
	printer->ntables++;
}

void s2_printer_row(struct s2_printer *printer, const struct s2_row *row)
{
	printer->format->row(printer, row);
	printer->nruns++;
}

struct s2_size_text s2_size_text(uint64_t size)
{
	static const char units[] = "KMGTPE";
	struct s2_size_text text = { .n = size >> 10 };
	unsigned int i = 0;

	/* A run may span all 2^64 bytes; that is not printed here but never divided either. */
	while (text.n && !(text.n & 1023) && i + 2 < sizeof(units)) {
		text.n >>= 10;
		i++;
	}
	text.unit = units[i];
	return text;
}
