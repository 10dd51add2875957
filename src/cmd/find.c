// SPDX-License-Identifier: GPL-2.0-or-later
// `find`: which tables reach these physical addresses, as what; one walk per table, however many
// addresses.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cmd/color.h"
#include "cmd/each.h"
#include "cmd/say.h"
#include "decode/lookup.h"
#include "format/grid.h"
#include "format/text.h"
#include "model/ranges.h"

/* A wanted range of physical addresses, [pa, end). */
struct wanted {
	uint64_t pa;
	uint64_t end;
	uint64_t hits;
	uint64_t unknown; /* rows that a condition could not be asked of */
};

struct search {
	struct wanted *want; /* sorted by pa; may overlap */
	size_t n;
	uint64_t longest; /* of the ranges: bounds how far back a match can start */
	const struct s2_input *input;
	struct s2_printer printer;
	struct s2_out *out;
	bool json, lines; /* a document, or records */
	bool titled;      /* columns of text have their titles */
	struct s2_grid grid;
	const struct s2_condition *where; /* that mappings must fit; NULL: none */
	uint64_t unknown;                 /* rows that it could not be asked of */
	const struct s2_table *table;
	const struct s2_geometry *geom;
	struct s2_effort effort;
	bool *incomplete; /* by table: not all of it was read */
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

/* The part of @row that maps [@pa, @end), in whole descriptors. */
static struct s2_row clip(const struct search *s, const struct s2_row *row, uint64_t pa,
			  uint64_t end)
{
	const struct s2_run *run = &row->run;
	uint64_t size = s2_entry_size(s->geom, run->height);
	uint64_t first = pa > run->entry.oa ? (pa - run->entry.oa) / size : 0;
	uint64_t last = (end - 1 - run->entry.oa) / size;
	struct s2_row ret = *row;
	struct s2_found found;

	if (last >= run->count)
		last = run->count - 1;
	ret.run.ia += first * size;
	ret.run.entry.oa += first * size;
	ret.run.meaning.address += first * size;
	ret.run.count = last - first + 1;
	ret.run.size = run->size - first * size;
	if (ret.run.size > ret.run.count * size)
		ret.run.size = ret.run.count * size;
	if (!first)
		return ret;
	ret.run.desc_pa = S2_NO_ADDRESS;
	if (!s2_lookup(s->table->mem ? s->table->mem : &s->input->source->mem, s->geom,
		       s->table->root_pa, ret.run.ia, &found)) {
		ret.run.desc_pa = found.desc_pa;
		ret.run.entry.raw = found.raw;
	}
	return ret;
}

/* What is the same for all kinds of hits; @as and @table are NULL when there is none. */
static void begin_found(struct search *s, const struct wanted *want, const char *as,
			const char *table)
{
	s2_json_item(&s->printer.json, "found");
	s2_json_hex(&s->printer.json, "pa", want->pa);
	s2_json_number(&s->printer.json, "size", want->end - want->pa);
	s2_json_word(&s->printer.json, "as", as);
	s2_json_text(&s->printer.json, "table", table);
}

/* Members that this kind of hit does not have, in their order. */
static void nulls(struct search *s, const char *const *names)
{
	for (; *names; names++)
		s2_json_null(&s->printer.json, *names);
}

static void json_mapping(struct search *s, const struct wanted *want, const struct s2_row *part,
			 uint64_t ia)
{
	static const char *const of_tables[] = { "level", "table_pa", NULL };
	static const char *const of_nothing[] = { "tables", "incomplete", NULL };
	struct s2_json *json = &s->printer.json;

	begin_found(s, want, part->run.meaning.type == S2_SOFT_TRACKED ? "tracked" : "mapping",
		    s->table->id);
	s2_json_hex(json, "ia", ia);
	nulls(s, of_tables);
	s2_json_open(json, "range", '{');
	s2_json_row(json, &s->printer, part);
	s2_json_close(json, '}');
	nulls(s, of_nothing);
	s2_json_item_end(json);
}

static void put_word(struct search *s, const char *text)
{
	s2_grid_word(&s->grid, text, S2_PLAIN);
}

static void put_address(struct search *s, const char *lead, uint64_t address)
{
	char text[sizeof("descriptor@0x0123456789abcdef")];

	snprintf(text, sizeof(text), "%s0x%" PRIx64, lead, address);
	put_word(s, text);
}

/* What columns are called, before the first row. */
static void put_titles(struct search *s)
{
	if (s->titled)
		return;
	s->titled = true;
	put_word(s, "# pa");
	put_word(s, "table");
	put_word(s, "ia");
	put_word(s, "size");
	s2_ptdump_short_titles(&s->printer, &s->grid);
	put_word(s, "entries");
	put_word(s, "descriptor");
	s2_grid_line_end(&s->grid);
}

/* @pa, @ia: of the first byte that is reached. */
static void text_mapping(struct search *s, const struct s2_row *part, uint64_t pa, uint64_t ia)
{
	char size[S2_TEXT_SIZE_LEN], entries[2 * sizeof("0x0123456789abcdef")];

	put_titles(s);
	s2_text_size(s2_entry_size(s->geom, part->run.height), size);
	put_address(s, "", pa);
	put_word(s, s->table->id);
	put_address(s, "", ia);
	put_word(s, size);
	s2_ptdump_short(&s->printer, part, &s->grid);
	snprintf(entries, sizeof(entries), "0x%" PRIx64 "-0x%" PRIx64, part->run.ia,
		 part->run.ia + part->run.size);
	put_word(s, entries);
	if (part->run.desc_pa == S2_NO_ADDRESS)
		put_word(s, "descriptor@?");
	else
		put_address(s, "descriptor@", part->run.desc_pa);
	s2_grid_line_end(&s->grid);
}

static void print_hit(struct search *s, struct wanted *want, const struct s2_row *row)
{
	struct s2_row part = clip(s, row, want->pa, want->end);
	uint64_t oa = part.run.entry.oa;
	/* Of the first byte that is reached. */
	uint64_t pa = want->pa > oa ? want->pa : oa;
	uint64_t ia = part.run.ia + (pa - oa);

	if (s->where) {
		enum s2_answer answer = s2_where_ask(s->where, &s->printer.of, &part);

		want->unknown += answer == S2_ANSWER_UNKNOWN;
		s->unknown += answer == S2_ANSWER_UNKNOWN;
		if (answer != S2_ANSWER_YES)
			return;
	}
	want->hits++;
	if (s->json)
		json_mapping(s, want, &part, ia);
	else
		text_mapping(s, &part, pa, ia);
}

static void print_table_hit(struct search *s, const struct wanted *want,
			    const struct s2_reached *reached)
{
	static const char *const of_nothing[] = { "range", "tables", "incomplete", NULL };
	int level = s2_level(s->geom, reached->height);
	struct s2_json *json = &s->printer.json;
	char lead[sizeof("level:-1@")];

	if (!s->json) {
		put_titles(s);
		put_address(s, "", want->pa > reached->pa ? want->pa : reached->pa);
		put_word(s, s->table->id);
		put_word(s, "-");
		put_word(s, "-");
		s2_ptdump_short_table(&s->printer, &s->grid);
		put_word(s, "-");
		snprintf(lead, sizeof(lead), "level:%d@", level);
		put_address(s, lead, reached->pa);
		s2_grid_line_end(&s->grid);
		return;
	}
	begin_found(s, want, "table", s->table->id);
	s2_json_null(json, "ia");
	s2_json_signed(json, "level", level);
	s2_json_hex(json, "table_pa", reached->pa);
	nulls(s, of_nothing);
	s2_json_item_end(json);
}

/* A wanted address may lie in a page of the table itself. */
static bool on_table(void *arg, const struct s2_reached *reached)
{
	struct search *s = arg;
	uint64_t pa = reached->pa;

	/* Conditions are on rows. */
	if (s->where)
		return true;
	for (size_t i = first_from(s, pa); i < s->n && s->want[i].pa < pa + reached->size; i++) {
		if (s->want[i].end <= pa)
			continue;
		s->want[i].hits++;
		print_table_hit(s, &s->want[i], reached);
	}
	return true;
}

/* Ids of the tables that were not read whole. */
static void incomplete_member(struct search *s)
{
	struct s2_json *json = &s->printer.json;

	s2_json_open(json, "incomplete", '[');
	for (size_t i = 0; i < s->input->tables.n; i++) {
		if (!s->incomplete[i])
			continue;
		if (json->more)
			s2_out_str(s->out, ",");
		s2_json_string(s->out, s->input->tables.table[i].id);
		json->more = true;
	}
	s2_json_close(json, ']');
}

/* Whole tables that may reach it, or places where they would be named. Returns if there are any. */
static bool put_unread(struct search *s, bool any)
{
	static const enum s2_lost_what hide[] = { S2_LOST_VM, S2_LOST_TABLE, S2_LOST_SEARCH };

	for (size_t i = 0; i < ARRAY_SIZE(hide); i++) {
		uint64_t n = s->input->lost->count[hide[i]];

		if (!n)
			continue;
		s2_out_printf(s->out, "%s%" PRIu64 " %s not read", any ? "; " : "incomplete: ", n,
			      s2_lost_name(hide[i], n));
		any = true;
	}
	return any;
}

static void print_nothing(struct search *s, const struct wanted *want)
{
	static const char *const of_hits[] = { "ia", "level", "table_pa", "range", NULL };
	size_t n = s->input->tables.n;
	bool any = false;

	if (s->json) {
		begin_found(s, want, NULL, NULL);
		nulls(s, of_hits);
		s2_json_number(&s->printer.json, "tables", n);
		incomplete_member(s);
		s2_json_item_end(&s->printer.json);
		return;
	}
	s2_out_printf(s->out, "# 0x%" PRIx64 ": nothing %sreaches it; ", want->pa,
		      s->where ? "that fits --where " : "");
	s2_out_counted(s->out, n, "table");
	s2_out_str(s->out, " read, ");
	for (size_t i = 0; i < n; i++) {
		if (!s->incomplete[i])
			continue;
		s2_out_printf(s->out, "%s%s",
			      any ? " " : "incomplete: ", s->input->tables.table[i].id);
		any = true;
	}
	any = put_unread(s, any);
	if (want->unknown) {
		s2_out_str(s->out, any ? "; not known of " : "not known of ");
		s2_out_counted(s->out, want->unknown, "row");
	} else if (!any) {
		s2_out_str(s->out, "all complete");
	}
	s2_out_str(s->out, "\n");
}

static void match(struct search *s, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	uint64_t mapped = s2_run_mapped(s->geom, run);

	/* What is taken away to notice an access reaches its memory as soon as there is one. */
	if (run->meaning.type == S2_SOFT_TRACKED)
		mapped = run->size;
	for (size_t i = mapped ? first_from(s, run->entry.oa) : s->n;
	     i < s->n && s->want[i].pa < run->entry.oa + mapped; i++)
		if (s->want[i].end > run->entry.oa)
			print_hit(s, &s->want[i], row);
}

static enum s2_code search_table(void *arg, const struct s2_table *table,
				 const struct s2_geometry *geom, struct s2_err *err)
{
	struct search *s = arg;
	struct s2_view view = { .how = S2_MERGE_PA,
				.show = S2_SHOW_ALL,
				.annotate = true,
				.join = true,
				.enter = on_table,
				.arg = s };
	struct s2_ctx ctx = { .mem = &s->input->source->mem,
			      .lost = s->input->lost,
			      .visits = &s->effort.visits,
			      .looks = &s->effort.looks };
	struct s2_row row;

	(void)err;
	if (table->bare) {
		s->incomplete[table - s->input->tables.table] = false;
		return S2_OK;
	}
	s->table = table;
	s->geom = geom;
	s2_printer_shape(&s->printer, table, geom);
	s2_effort_table(&s->effort, s->out);
	if (!s2_ranges_init(&s->ranges, table, geom, &view, &ctx))
		return S2_OK;
	while (s2_effort_goes_on(&s->effort, &s->ranges, s->out) &&
	       s2_ranges_next(&s->ranges, &row))
		match(s, &row);
	s->incomplete[table - s->input->tables.table] = !s2_ranges_end(&s->ranges)->complete;
	return S2_OK;
}

static enum s2_code parse_wanted(const struct s2_options *o, struct search *s, struct s2_err *err)
{
	s->want = calloc((size_t)o->nargs, sizeof(*s->want));
	if (!s->want)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (int i = 1; i < o->nargs; i++) {
		struct wanted *want = &s->want[s->n];
		uint64_t last = 0;
		enum s2_code code;

		if (strchr(o->args[i], '-')) {
			code = s2_parse_range(o->args[i], "physical address", &want->pa, &last,
					      err);
		} else {
			code = s2_parse_address(o->args[i], "physical address", &want->pa, err);
			last = want->pa;
		}
		if (code)
			return code;
		if (last > BITS64(51, 0))
			return s2_fail(err, S2_USAGE,
				       "physical address: 0x%" PRIx64 " has more than 52 bits",
				       last);
		want->end = last + 1;
		if (want->end - want->pa > s->longest)
			s->longest = want->end - want->pa;
		s->n++;
	}
	qsort(s->want, s->n, sizeof(*s->want), by_pa);
	return S2_OK;
}

static enum s2_exit search_all(const struct s2_options *o, struct search *s, struct s2_err *err)
{
	const struct s2_tables *tables = &s->input->tables;
	struct s2_image image = s2_input_image(s->input);
	enum s2_exit status;
	enum s2_code code;

	s->incomplete = malloc(tables->n + 1);
	if (!s->incomplete)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	s2_effort_init(&s->effort, s->input, s->json);
	/* Until a table is read to its end. */
	memset(s->incomplete, 1, tables->n + 1);
	s2_printer_init(&s->printer, s2_format_find("ptdump"), s2_annotators, s->input->lost,
			s->out);
	s->printer.color = s2_colors(o, s->out);
	for (unsigned int i = 0; s2_annotators[i]; i++)
		for (size_t t = 0; t < tables->n; t++)
			if (s2_table_annotator(&tables->table[t], s2_annotators[i]))
				s->printer.common |= 1U << i;
	s2_grid_init(&s->grid, s->out);
	s->grid.fits = s2_terminal_width(s->out);
	s->where = o->rows.have_where ? &o->rows.where : NULL;
	if (s->json)
		s2_json_begin(&s->printer.json, s->out, s->lines, "find", "found", &image);
	code = s2_each_table(s->input, tables->table, tables->n, search_table, s, &status, err);
	s2_grid_flush(&s->grid);
	/* What tables reach that were not read is not known. */
	for (size_t i = 0; !code && i < s->n; i++)
		if (!s->want[i].hits)
			print_nothing(s, &s->want[i]);
	s2_say_left_out(s->input->path, s->unknown);
	if (s->json)
		s2_input_end_document(s->input, &s->printer.json, !status, NULL);
	return code ? s2_exit_of(code) : status;
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
	s->json = s2_options_document(o, &s->lines);
	code = parse_wanted(o, s, err);
	if (!code)
		code = s2_input_open(o, o->args, 1, &input, err);
	if (!code) {
		s->input = &input;
		status = s2_input_finish(&input, search_all(o, s, err));
		s2_input_close(&input);
	}
	free(s->want);
	free(s->incomplete);
	return code ? s2_exit_of(code) : status;
}

const struct s2_cmd s2_cmd_find = {
	.name = "find",
	.args = "FILE PA...",
	.help = "which tables reach a physical address (or A-B), as what",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_WHERE |
		  S2_OPTS_COLOR,
	.min_args = 2,
	.max_args = -1,
	.run = run_find,
};
