// SPDX-License-Identifier: GPL-2.0-or-later
// The text of the kernel's stage2_page_tables files, in its generations (arch/arm64/kvm/ptdump.c,
// arch/arm64/mm/ptdump.c).
#include "format/format.h"

/* A column: @set when the bits under @mask equal @value, else @clear. That is all the kernel's
 * table knows. */
struct column {
	uint64_t mask;
	uint64_t value;
	const char *set;
	const char *clear;
};

struct generation {
	const struct column *column;
	unsigned int n;
	bool says_shadow; /* a line before the header of a shadow table */
};

#define VALID BIT64(0)
#define TYPE BITS64(1, 0)
#define S2AP_R BIT64(6)
#define S2AP_W BIT64(7)
#define AF BIT64(10)
#define XN BIT64(54)
#define XN2 BITS64(54, 53)

/* v6.12..v6.17: the execute column is inverted, and most columns are blank unless the entry is
 * valid. */
static const struct column columns_6_12[] = {
	{ VALID, VALID, " ", "F" },
	{ S2AP_R | VALID, S2AP_R | VALID, "R", " " },
	{ S2AP_W | VALID, S2AP_W | VALID, "W", " " },
	{ XN | VALID, VALID, " ", "X" },
	{ AF | VALID, AF | VALID, "AF", "  " },
	{ TYPE, VALID, "BLK", "   " },
};
/* v6.18, commit 8673e5b22e1e ("ptdump: Don't test PTE_VALID alongside other attributes"). */
static const struct column columns_6_18[] = {
	{ VALID, VALID, " ", "F" }, { S2AP_R, S2AP_R, "R", " " }, { S2AP_W, S2AP_W, "W", " " },
	{ XN, XN, "NX", "x " },     { AF, AF, "AF", "  " },       { TYPE, VALID, "BLK", "   " },
};
/* v6.19: XN[1:0] in four texts, each a column of its own that is empty when it does not fit. */
static const struct column columns_6_19[] = {
	{ VALID, VALID, " ", "F" },         { S2AP_R, S2AP_R, "R", " " },
	{ S2AP_W, S2AP_W, "W", " " },       { XN2, 0, "px ux ", NULL },
	{ XN2, BIT64(53), "PXNux ", NULL }, { XN2, BIT64(54), "PXNUXN", NULL },
	{ XN2, XN2, "px UXN", NULL },       { AF, AF, "AF", "  " },
	{ TYPE, VALID, "BLK", "   " },
};

static const struct generation g_6_12 = { columns_6_12, ARRAY_SIZE(columns_6_12), false };
static const struct generation g_6_18 = { columns_6_18, ARRAY_SIZE(columns_6_18), false };
static const struct generation g_6_19 = { columns_6_19, ARRAY_SIZE(columns_6_19), false };
/* v7.3: the columns stay, the text of a shadow table says first what it shadows. */
static const struct generation g_7_3 = { columns_6_19, ARRAY_SIZE(columns_6_19), true };

static uint64_t all_bits(const struct generation *gen)
{
	uint64_t mask = 0;

	for (unsigned int i = 0; i < gen->n; i++)
		mask |= gen->column[i].mask;
	return mask;
}

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	uint64_t mask = all_bits(format->rows);

	(void)geom;
	return (struct s2_show){ .leaf = mask, .invalid = mask };
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	(void)printer;
	(void)image;
}

/* The guest hypervisor's registers, as KVM keeps them in tlb_vtcr, tlb_vttbr,
 * nested_stage2_enabled. */
static void shadow_line(struct s2_out *out, const struct s2_table *table)
{
	static const char *const words[] = {
		[S2_UNKNOWN] = "unknown", [S2_NO] = "disabled", [S2_YES] = "enabled"
	};

	s2_out_str(out, "VTCR: ");
	s2_out_hex(out, table->shadow[S2_SHADOW_CONTROL], 16);
	s2_out_str(out, " VTTBR: ");
	s2_out_hex(out, table->shadow[S2_SHADOW_ROOT], 16);
	s2_out_printf(out, " s2: %s\n", words[table->guest_stage2]);
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	const struct generation *gen = printer->format->rows;

	(void)geom;
	if (gen->says_shadow && s2_table_is_shadow(table))
		shadow_line(printer->out, table);
	s2_out_str(printer->out, "---[ Guest IPA ]---\n");
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	const struct generation *gen = printer->format->rows;
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
	for (unsigned int i = 0; !run->missing && (raw & all_bits(gen)) && i < gen->n; i++) {
		const struct column *col = &gen->column[i];
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

#define DEBUGFS(n, h, r) \
	{ \
		.name = (n), .help = (h), .show = show, .begin = begin, .table = table, \
		.row = print_row, .table_end = table_end, .end = end, .stage2_only = true, \
		.of = "stage2", .rows = (r) \
	}

const struct s2_format s2_format_debugfs =
	DEBUGFS("debugfs", "the kernel's stage2_page_tables file, newest form", &g_7_3);
const struct s2_format s2_format_debugfs_7_3 =
	DEBUGFS("debugfs-7.3", "... as Linux 7.3 prints it", &g_7_3);
const struct s2_format s2_format_debugfs_6_19 =
	DEBUGFS("debugfs-6.19", "... as Linux 6.19 to 7.2 print it", &g_6_19);
const struct s2_format s2_format_debugfs_6_18 =
	DEBUGFS("debugfs-6.18", "... as Linux 6.18 prints it", &g_6_18);
const struct s2_format s2_format_debugfs_6_12 =
	DEBUGFS("debugfs-6.12", "... as Linux 6.12 to 6.17 print it", &g_6_12);
