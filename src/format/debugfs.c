// SPDX-License-Identifier: GPL-2.0-or-later
// The text of the kernel's page-table files in debugfs, in its generations: columns are the
// architecture's.
#include "format/format.h"

/* The generation of @format in the text of tables like @geom's; NULL: the kernel prints none. */
static const struct s2_debugfs_text *text_of(const struct s2_format *format,
					     const struct s2_geometry *geom)
{
	const enum s2_debugfs_generation *generation = format->rows;

	return geom->arch->debugfs ? &geom->arch->debugfs[*generation] : NULL;
}

static uint64_t all_bits(const struct s2_debugfs_text *text)
{
	uint64_t mask = 0;

	for (unsigned int i = 0; text && i < text->n; i++)
		mask |= text->column[i].mask;
	return mask;
}

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	uint64_t mask = all_bits(text_of(format, geom));

	return (struct s2_show){ .leaf = mask, .invalid = mask };
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	(void)printer;
	(void)image;
}

/* The guest hypervisor's registers. */
static void shadow_line(struct s2_out *out, const struct s2_debugfs_text *text,
			const struct s2_table *table)
{
	static const char *const words[] = {
		[S2_UNKNOWN] = "unknown", [S2_NO] = "disabled", [S2_YES] = "enabled"
	};

	s2_out_str(out, text->shadow_control);
	s2_out_hex(out, table->shadow[S2_SHADOW_CONTROL], 16);
	s2_out_str(out, text->shadow_root);
	s2_out_hex(out, table->shadow[S2_SHADOW_ROOT], 16);
	s2_out_printf(out, " s2: %s\n", words[table->guest_stage2]);
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	const struct s2_debugfs_text *text = text_of(printer->format, geom);

	if (text && text->shadow_control && s2_table_is_shadow(table))
		shadow_line(printer->out, text, table);
	s2_out_str(printer->out, "---[ Guest IPA ]---\n");
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	const struct s2_debugfs_text *columns = text_of(printer->format, printer->geom);
	struct s2_size_text size = s2_size_text(run->size);
	struct s2_out *out = printer->out;
	uint64_t raw = run->entry.raw;

	s2_out_hex(out, run->ia, 16);
	s2_out_str(out, "-");
	s2_out_hex(out, run->ia + run->size, 16);
	s2_out_str(out, "   ");
	s2_out_dec(out, size.n, 9);
	s2_out_mem(out, &size.unit, 1);
	s2_out_printf(out, " %d", s2_level(printer->geom, run->height));
	if (run->missing)
		s2_out_printf(out, " missing (%s)", s2_code_name(run->missing));
	/* The kernel prints no column at all when none of the bits it looks at is set. */
	for (unsigned int i = 0; !run->missing && (raw & all_bits(columns)) && i < columns->n;
	     i++) {
		const struct s2_debugfs_column *col = &columns->column[i];
		const char *text = (raw & col->mask) == col->value ? col->set : col->clear;

		if (text) {
			s2_out_str(out, " ");
			s2_out_str(out, text);
		}
	}
	s2_out_str(out, "\n");
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

static const enum s2_debugfs_generation v6_12 = S2_DEBUGFS_6_12, v6_18 = S2_DEBUGFS_6_18,
					v6_19 = S2_DEBUGFS_6_19, v7_3 = S2_DEBUGFS_7_3;

#define DEBUGFS(n, h, r) \
	{ \
		.name = (n), .help = (h), .show = show, .begin = begin, .table = table, \
		.row = print_row, .table_end = table_end, .end = end, .stage2_only = true, \
		.of = "stage2", .rows = (r) \
	}

const struct s2_format s2_format_debugfs =
	DEBUGFS("debugfs", "the kernel's stage2_page_tables file, newest form", &v7_3);
const struct s2_format s2_format_debugfs_7_3 =
	DEBUGFS("debugfs-7.3", "... as Linux 7.3 prints it", &v7_3);
const struct s2_format s2_format_debugfs_6_19 =
	DEBUGFS("debugfs-6.19", "... as Linux 6.19 to 7.2 print it", &v6_19);
const struct s2_format s2_format_debugfs_6_18 =
	DEBUGFS("debugfs-6.18", "... as Linux 6.18 prints it", &v6_18);
const struct s2_format s2_format_debugfs_6_12 =
	DEBUGFS("debugfs-6.12", "... as Linux 6.12 to 6.17 print it", &v6_12);
