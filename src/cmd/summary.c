// SPDX-License-Identifier: GPL-2.0-or-later
// Adding up the ranges of a table.
#include "cmd/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "decode/arm64/arm64.h"

void s2_summary_add(struct s2_summary *summary, const struct s2_geometry *geom,
		    const struct s2_run *run)
{
	summary->end.ranges++;
	if (run->entry.odd)
		summary->end.odd++;
	summary->mapped += s2_run_mapped(geom, run);
	if (!run->missing)
		return;
	if (!summary->gaps++)
		summary->first_missing = *run;
	summary->end.missing += run->size;
}

const char *s2_missing_text(enum s2_code missing)
{
	switch (missing) {
	case S2_LOOP:
		return "leads back into itself or is reached too often";
	case S2_INVALID:
		return "is beyond the output address size";
	case S2_EXCLUDED:
		return "was left out of the dump";
	case S2_DAMAGED:
		return "is damaged in the dump";
	case S2_TRUNCATED:
		return "is cut off by the end of the file";
	case S2_IO:
		return "could not be read";
	default:
		return "is not in the dump";
	}
}

void s2_summary_finish(struct s2_summary *summary, const struct s2_table *table,
		       const struct s2_geometry *geom, const struct s2_walk *walk,
		       struct s2_lost *lost)
{
	const struct s2_run *run = &summary->first_missing;
	struct s2_dump_end *end = &summary->end;
	/* A guest's own tables are at addresses of its memory, which stage 2 may not map. */
	bool guest = geom->arch == &s2_arm64_stage1_el1;

	end->tables = walk->tables;
	end->odd_tables = walk->odd_tables;
	end->odd_desc_pa = walk->odd_desc_pa;
	end->odd_table = walk->odd;
	end->complete = !summary->gaps;
	if (end->complete)
		return;
	snprintf(summary->why, sizeof(summary->why),
		 "%" PRIu64 " gap%s, first at 0x%" PRIx64 ": level %d table at %s 0x%" PRIx64 " %s",
		 summary->gaps, summary->gaps == 1 ? "" : "s", run->ia, s2_level(geom, run->height),
		 guest ? "IPA" : "PA", run->table_pa,
		 guest && run->missing == S2_ABSENT ?
			 "is not mapped by stage 2, or not in the dump" :
			 s2_missing_text(run->missing));
	end->why = summary->why;
	s2_lost_add(lost, S2_LOST_PAGE, run->missing, table->id,
		    guest ? S2_LOST_NOWHERE : run->table_pa, "%s", summary->why);
}
