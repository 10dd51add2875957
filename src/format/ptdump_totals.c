// SPDX-License-Identifier: GPL-2.0-or-later
// What stands behind the rows of a table: how many were shown, what they add up to.
#include "format/ptdump.h"
#include "model/slots.h"

static void put_pages(struct s2_printer *printer, const struct s2_totals *end)
{
	bool first = true;

	for (unsigned int height = S2_MAX_HEIGHTS; height-- > 0;) {
		uint64_t n = end->pages[height];

		if (!n)
			continue;
		s2_out_str(printer->out, first ? " in " : ", ");
		if (first)
			s2_out_counted(printer->out, n, "page");
		else
			s2_out_dec(printer->out, n, 1);
		s2_out_str(printer->out, " of ");
		out_size(printer->out, s2_entry_size(printer->geom, height));
		first = false;
	}
}

/* "# 5 rows, 2.5M; the rest was not looked at", "# 10 of 20 rows, joined into 8, 3 shown, 2.5M" */
static void put_picked(struct s2_printer *printer, const struct s2_picked *picked)
{
	struct s2_out *out = printer->out;
	uint64_t left = picked->shown + picked->more;

	s2_out_str(out, "# ");
	if (picked->stopped) {
		s2_out_counted(out, picked->shown, "row");
	} else {
		s2_out_printf(out, "%" PRIu64 " of ", picked->fit);
		s2_out_counted(out, picked->rows, "row");
		if (left != picked->fit)
			s2_out_printf(out, ", joined into %" PRIu64, left);
		if (picked->more)
			s2_out_printf(out, ", %" PRIu64 " shown", picked->shown);
	}
	s2_out_str(out, ", ");
	out_size(out, picked->bytes);
	s2_out_str(out, picked->stopped ? "; the rest was not looked at\n" : "\n");
}

void s2_ptdump_totals(struct s2_printer *printer, const struct s2_totals *end)
{
	struct s2_out *out = printer->out;

	if (printer->bare)
		return;
	if (printer->picked)
		put_picked(printer, printer->picked);
	if (!end)
		return;
	s2_out_str(out, "# mapped ");
	out_size(out, end->mapped);
	if (printer->table->nslots) {
		s2_out_str(out, " of ");
		out_size(out, s2_slots_sums(printer->table).bytes);
	}
	put_pages(printer, end);
	s2_out_str(out, "; ");
	s2_out_counted(out, end->tables, "table page");
	if (end->odd_tables) {
		s2_out_str(out, "; ");
		s2_out_counted(out, end->odd_tables, "odd table descriptor");
		s2_out_printf(out, ", first at 0x%" PRIx64, end->odd_pa);
	}
	if (end->missing) {
		s2_out_str(out, "; missing ");
		out_size(out, end->missing);
	}
	s2_out_str(out, "\n");
}
