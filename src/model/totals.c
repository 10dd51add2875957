// SPDX-License-Identifier: GPL-2.0-or-later
// Adding up the rows of a table.
#include "model/totals.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void s2_totals_init(struct s2_totals *ret)
{
	*ret = (struct s2_totals){ .complete = true };
}

const char *s2_missing_text(enum s2_code missing)
{
	switch (missing) {
	case S2_LOOP:
		return "leads back into itself";
	case S2_BUDGET:
		return "was not read: no table has so many pages in so little memory";
	case S2_INVALID:
		return "is beyond the output address size";
	case S2_EXCLUDED:
		return "was left out of the dump";
	case S2_DAMAGED:
		return "is damaged in the dump";
	case S2_TRUNCATED:
		return "is cut off by the end of the file";
	case S2_NOMEM:
		return "could not be read for want of memory";
	case S2_IO:
		return "could not be read";
	default:
		return "is not in the dump";
	}
}

void s2_totals_gap(struct s2_totals *totals, uint64_t ia, uint64_t size, enum s2_code code,
		   uint64_t address, const char *fmt, ...)
{
	va_list args;

	totals->missing += size;
	if (totals->gaps++)
		return;
	totals->complete = false;
	totals->code = code;
	totals->ia = ia;
	totals->address = address;
	va_start(args, fmt);
	vsnprintf(totals->first, sizeof(totals->first), fmt, args);
	va_end(args);
}

void s2_totals_run(struct s2_totals *totals, const struct s2_table *table,
		   const struct s2_geometry *geom, const struct s2_run *run)
{
	/* What stands at an address of a guest's memory may not be mapped for it. */
	bool guest = table->mem != NULL;

	if (!run->missing) {
		uint64_t mapped = s2_run_mapped(geom, run);

		totals->mapped += mapped;
		totals->pages[run->height] += mapped ? run->count : 0;
		return;
	}
	s2_totals_gap(totals, run->ia, run->size, run->missing,
		      guest ? S2_LOST_NOWHERE : run->table_pa,
		      "level %d table at %s 0x%" PRIx64 " %s", s2_level(geom, run->height),
		      guest ? "IPA" : "PA", run->table_pa,
		      guest && run->missing == S2_ABSENT ?
			      "is not mapped by stage 2, or not in the dump" :
		      run->missing == S2_BUDGET && totals->stopped ?
			      "is not printed: so little memory holds no table of so many rows" :
			      s2_missing_text(run->missing));
}

void s2_totals_end(struct s2_totals *totals, const struct s2_table *table,
		   const struct s2_walk *walk, struct s2_lost *lost)
{
	totals->tables = walk->tables;
	totals->odd_tables = walk->odd_tables;
	totals->odd_pa = walk->odd_pa;
	if (totals->complete)
		return;
	snprintf(totals->why, sizeof(totals->why), "%" PRIu64 " gap%s, first at 0x%" PRIx64 ": %s",
		 totals->gaps, totals->gaps == 1 ? "" : "s", totals->ia, totals->first);
	s2_lost_add_times(lost, S2_LOST_PAGE, totals->code, table->id, totals->address,
			  totals->gaps, totals->why);
}
