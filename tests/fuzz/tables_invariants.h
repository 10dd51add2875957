/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of every list of tables, and of their rows, wherever they come from. */
#ifndef S2_TESTS_FUZZ_TABLES_INVARIANTS_H
#define S2_TESTS_FUZZ_TABLES_INVARIANTS_H

#include <fcntl.h>

#include "format/format.h"
#include "fuzz.h"
#include "host/guest.h"
#include "host/tables.h"
#include "model/ranges.h"

/* What is printed is thrown away; so many rows of a table are formatted, for the formats' sake. */
#define PRINTED_ROWS 100

struct shown_tables {
	struct s2_ranges ranges;
	struct s2_printer printer;
	struct s2_out out;
	struct s2_budget visits, guests;
	struct s2_ctx ctx;
};

static inline bool knows(const struct s2_format *format, const struct s2_table *table)
{
	return !format->stage2_only ||
	       (s2_is_stage2(table->regime.arch) &&
		(!format->of || !strcmp(table->regime.arch->format, format->of)));
}

/* Rows come in order, without gap or overlap, and cover the input space. */
static inline void check_rows(struct shown_tables *s, const struct s2_table *table,
			      const struct s2_geometry *geom, enum s2_merge_how how)
{
	const struct s2_format *format = s->printer.format;
	struct s2_view view = { .how = how, .annotate = true, .join = true, .show = S2_SHOW_ALL };
	uint64_t next = geom->ia_base, sum = 0, missing = 0, mapped = 0, rows = 0;
	const struct s2_totals *totals;
	struct s2_row row;
	bool printed = knows(format, table);

	if (printed) {
		view.show = format->show(format, geom);
		s2_printer_table(&s->printer, table, geom);
	}
	REQUIRE(s2_ranges_init(&s->ranges, table, geom, &view, &s->ctx));
	while (s2_ranges_next(&s->ranges, &row)) {
		REQUIRE(row.run.ia == next && row.run.size && row.run.count);
		REQUIRE(row.run.missing || row.run.entry.type != S2_TABLE);
		next = row.run.ia + row.run.size;
		sum += row.run.size;
		missing += row.run.missing ? row.run.size : 0;
		mapped += row.run.missing ? 0 : s2_run_mapped(geom, &row.run);
		if (printed && rows++ < PRINTED_ROWS)
			s2_printer_row(&s->printer, &row);
	}
	totals = s2_ranges_end(&s->ranges);
	REQUIRE(sum - 1 == low_bits(geom->ia_bits));
	REQUIRE(totals->missing == missing && totals->mapped == mapped);
	REQUIRE(!missing == !totals->gaps);
	if (printed)
		format->table_end(&s->printer, totals);
}

static inline void check_tables(const struct s2_tables *tables, const struct s2_mem *mem,
				struct s2_lost *lost, uint8_t how)
{
	static struct shown_tables s;
	const struct s2_format *const formats[] = { s2_format_find("ptdump"),
						    s2_format_find("json"), s2_format_find("jsonl"),
						    s2_format_find("debugfs") };
	const struct s2_image image = { .path = "input", .format = "fuzz" };
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	REQUIRE(null >= 0);
	s2_out_init(&s.out, null);
	s2_budget_init(&s.visits, 256, 2, mem->bytes / 4096);
	s2_guest_budget(&s.guests, mem);
	s.ctx = (struct s2_ctx){ .mem = mem, .lost = lost, .visits = &s.visits };
	s2_printer_init(&s.printer, formats[how % 4], s2_annotators, lost, &s.out);
	s.printer.format->begin(&s.printer, &image);
	for (size_t i = 0; i < tables->n; i++) {
		const struct s2_table *table = &tables->table[i];
		struct s2_geometry geom;
		struct s2_err err;

		REQUIRE(table->id[0] && table->regime.arch && table->pid >= -1);
		for (size_t k = 0; k < i; k++)
			REQUIRE(strcmp(tables->table[k].id, table->id));
		if (table->bare)
			continue;
		s2_err_init(&err);
		if (s2_shape(&table->regime, &geom, &err)) {
			REQUIRE(err.text[0]);
			continue;
		}
		if (table->vm && !*table->vm->guest_release && !*table->vm->guest_searched)
			(void)!s2_guest_find(table->vm, table, &geom, &s.ctx, &s.ranges, &s.guests,
					     NULL);
		check_rows(&s, table, &geom, (enum s2_merge_how)(how / 4 % 3));
	}
	s.printer.format->end(&s.printer, !lost->total);
}

/* What is counted is kept, as far as there is room. */
static inline void check_lost(const struct s2_lost *lost)
{
	uint64_t sum = 0, kept = 0;

	for (unsigned int i = 0; i < S2_NLOST; i++)
		sum += lost->count[i];
	for (size_t i = 0; i < lost->n; i++) {
		REQUIRE(lost->loss[i].code && lost->loss[i].text[0] && lost->loss[i].times);
		kept += lost->loss[i].times;
	}
	REQUIRE(sum == lost->total && kept <= sum && (kept == sum || lost->n == S2_MAX_LOSSES));
}

#endif
