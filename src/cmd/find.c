// SPDX-License-Identifier: GPL-2.0-or-later
// `find`: which tables reach these physical addresses, as what; one walk per table, however many
// addresses.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cmd/each.h"
#include "model/ranges.h"

/* A wanted range of physical addresses, [pa, end). */
struct wanted {
	uint64_t pa;
	uint64_t end;
	uint64_t hits;
};

struct search {
	struct wanted *want; /* sorted by pa; may overlap */
	size_t n;
	uint64_t longest; /* of the ranges: bounds how far back a match can start */
	const struct s2_input *input;
	struct s2_printer printer;
	struct s2_out *out;
	bool json;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	struct s2_ranges ranges;
};

static int by_pa(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

/* The first wanted range that may reach @pa or beyond. */
static size_t first_from(const struct search *s, uint64_t pa)
{
	uint64_t from = pa > s->longest ? pa - s->longest : 0;
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->want[mid].pa < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The part of @run that maps [@pa, @end), in whole descriptors. */
static struct s2_run clip(const struct s2_geometry *geom, const struct s2_run *run, uint64_t pa,
			  uint64_t end)
{
	uint64_t size = s2_entry_size(geom, run->height);
	uint64_t first = pa > run->entry.oa ? (pa - run->entry.oa) / size : 0;
	uint64_t last = (end - 1 - run->entry.oa) / size;
	struct s2_run ret = *run;

	if (last >= run->count)
		last = run->count - 1;
	ret.ia += first * size;
	ret.entry.oa += first * size;
	ret.count = last - first + 1;
	ret.size = ret.count * size;
	return ret;
}

static void print_hit(struct search *s, struct wanted *want, const struct s2_run *run)
{
	struct s2_row part = { .run = clip(s->geom, run, want->pa, want->end) };

	want->hits++;
	if (s->json) {
		s2_out_printf(s->out,
			      "{\"pa\":\"0x%" PRIx64 "\",\"size\":%" PRIu64
			      ",\"as\":\"mapping\",\"table\":",
			      want->pa, want->end - want->pa);
		s2_json_string(s->out, s->table->id);
		s2_out_str(s->out, ",\"range\":");
		s2_out_str(s->out, "{");
		s2_json_row(&(struct s2_json){ .out = s->out }, &s->printer, &part);
		s2_out_str(s->out, "}}\n");
		return;
	}
	s2_out_printf(s->out, "0x%" PRIx64 " %s ", want->pa, s->table->id);
	s->printer.format->row(&s->printer, &part);
}

/* A wanted address may lie in a page of the table itself. */
static bool on_table(void *arg, const struct s2_reached *reached)
{
	struct search *s = arg;
	uint64_t pa = reached->pa;

	for (size_t i = first_from(s, pa); i < s->n && s->want[i].pa < pa + reached->size; i++) {
		struct wanted *want = &s->want[i];

		if (want->end <= pa)
			continue;
		want->hits++;
		if (s->json) {
			s2_out_printf(s->out,
				      "{\"pa\":\"0x%" PRIx64 "\",\"size\":%" PRIu64
				      ",\"as\":\"table\",\"table\":",
				      want->pa, want->end - want->pa);
			s2_json_string(s->out, s->table->id);
			s2_out_printf(s->out, ",\"level\":%d,\"table_pa\":\"0x%" PRIx64 "\"}\n",
				      s2_level(s->geom, reached->height), pa);
		} else {
			s2_out_printf(s->out, "0x%" PRIx64 " %s level %d table at 0x%" PRIx64 "\n",
				      want->pa, s->table->id, s2_level(s->geom, reached->height),
				      pa);
		}
	}
	return true;
}

static void match(struct search *s, const struct s2_run *run)
{
	uint64_t mapped = s2_run_mapped(s->geom, run);

	for (size_t i = mapped ? first_from(s, run->entry.oa) : s->n;
	     i < s->n && s->want[i].pa < run->entry.oa + mapped; i++)
		if (s->want[i].end > run->entry.oa)
			print_hit(s, &s->want[i], run);
}

static enum s2_code search_table(void *arg, const struct s2_table *table,
				 const struct s2_geometry *geom, struct s2_err *err)
{
	struct search *s = arg;
	struct s2_view view = {
		.how = S2_MERGE_PA, .show = S2_SHOW_ALL, .enter = on_table, .arg = s
	};
	struct s2_ctx ctx = { .mem = &s->input->source->mem, .lost = s->input->lost };
	struct s2_row row;

	(void)err;
	s->table = table;
	s->geom = geom;
	s2_printer_shape(&s->printer, table, geom);
	if (!s2_ranges_init(&s->ranges, table, geom, &view, &ctx))
		return S2_OK;
	while (!s2_out_dead(s->out) && s2_ranges_next(&s->ranges, &row))
		match(s, &row.run);
	(void)s2_ranges_end(&s->ranges);
	return S2_OK;
}

static enum s2_code parse_wanted(const struct s2_options *o, struct search *s, struct s2_err *err)
{
	s->want = calloc((size_t)o->nargs, sizeof(*s->want));
	if (!s->want)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (int i = 1; i < o->nargs; i++) {
		struct wanted *want = &s->want[s->n];
		enum s2_code code;

		if (strchr(o->args[i], '-')) {
			code = s2_parse_range(o->args[i], "physical address", &want->pa, &want->end,
					      err);
		} else {
			code = s2_parse_u64_in(o->args[i], "physical address", 0, BITS64(51, 0),
					       &want->pa, err);
			want->end = want->pa + 1;
		}
		if (code)
			return code;
		if (want->end - want->pa > s->longest)
			s->longest = want->end - want->pa;
		s->n++;
	}
	qsort(s->want, s->n, sizeof(*s->want), by_pa);
	return S2_OK;
}

static enum s2_exit search_all(struct search *s, struct s2_err *err)
{
	enum s2_exit status;

	s2_printer_init(&s->printer, s2_format_find("ptdump"), s2_annotators, s->input->lost,
			s->out);
	status = s2_each_table(s->input, s->input->tables.table, s->input->tables.n, search_table,
			       s, err);
	for (size_t i = 0; i < s->n; i++) {
		if (s->want[i].hits)
			continue;
		if (s->json)
			s2_out_printf(s->out,
				      "{\"pa\":\"0x%" PRIx64 "\",\"size\":%" PRIu64
				      ",\"as\":null}\n",
				      s->want[i].pa, s->want[i].end - s->want[i].pa);
		else
			s2_out_printf(s->out, "0x%" PRIx64 " no table reaches it%s\n",
				      s->want[i].pa,
				      status || s->input->lost->total ?
					      ", but not all tables are in the dump" :
					      "");
	}
	return status;
}

static enum s2_exit run_find(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	s2_auto_free struct search *s = calloc(1, sizeof(*s));
	struct s2_input input;
	enum s2_exit status = S2_EXIT_OK;
	enum s2_code code;

	if (!s)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	s->out = out;
	s->json = o->json;
	code = parse_wanted(o, s, err);
	if (!code)
		code = s2_input_open(o, o->args, 1, &input, err);
	if (!code) {
		s->input = &input;
		status = s2_input_finish(&input, search_all(s, err));
		s2_input_close(&input);
	}
	free(s->want);
	return code ? s2_exit_of(code) : status;
}

const struct s2_cmd s2_cmd_find = {
	.name = "find",
	.args = "FILE PA...",
	.help = "which tables reach a physical address (or A-B), as what",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_JSON,
	.min_args = 2,
	.max_args = -1,
	.run = run_find,
};
