// SPDX-License-Identifier: GPL-2.0-or-later
// `list`: one line per table, and with -l what is in it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cmd/color.h"
#include "cmd/each.h"
#include "format/color.h"
#include "format/text.h"
#include "host/guest.h"
#include "model/ranges.h"
#include "model/slots.h"

#define CELL 96
/* Columns of a name: one long name does not push all others off the terminal. */
#define NAME_WIDTH 40
enum { COLUMNS = 15 };

static const char *const titles[COLUMNS] = { "# id",   "name",  "pid",    "vcpus",    "ram",
					     "slots",  "vmid",  "state",  "geometry", "root",
					     "mapped", "pages", "tables", "missing",  "guest" };

/* Whose each table is; and with -l below that what it costs: two tables, as one fits no terminal. */
static const unsigned char whose[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const unsigned char costs[] = { 0, 1, 4, 10, 11, 12, 13, 14 };

struct line {
	char cell[COLUMNS][CELL];
};

/* What list_table() works with. */
struct list {
	bool json, walk; /* @json: a document or records */
	struct s2_ctx ctx;
	struct s2_effort effort;
	struct s2_printer printer;
	struct line *line; /* room for all tables */
	size_t nlines;
	struct s2_ranges ranges;
	struct s2_budget guests; /* bytes of them that may be searched */
};

static void number_cell(char *cell, int64_t value)
{
	if (value < 0)
		strcpy(cell, "-");
	else
		snprintf(cell, CELL, "%" PRId64, value);
}

/* "4.25G", and "4:1ro,2log": how many, and how many of them are what. */
static void slots_cells(const struct s2_table *table, struct line *line)
{
	const struct s2_slot_sums sums = s2_slots_sums(table);
	const struct {
		size_t n;
		const char *mark;
	} marks[] = { { sums.readonly, "ro" }, { sums.log, "log" }, { sums.gmem, "gmem" } };
	char lead = ':';
	int len;

	if (!table->have_slots)
		return;
	s2_text_size(sums.bytes, line->cell[4]);
	len = snprintf(line->cell[5], CELL, "%zu", table->nslots);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!marks[i].n)
			continue;
		len += snprintf(line->cell[5] + len, CELL - (size_t)len, "%c%zu%s", lead,
				marks[i].n, marks[i].mark);
		lead = ',';
	}
}

/* What does not fit is seen to be cut, behind a whole character. */
static void cut(char *cell)
{
	static const char more[] = "...";
	char *end = cell + strlen(cell);

	while (s2_columns_taken(cell) > NAME_WIDTH - strlen(more)) {
		end--;
		while (((unsigned char)*end & 0xc0) == 0x80)
			end--;
		*end = '\0';
	}
	strcpy(end, more);
}

/* A name in a column is one word. */
static void name_cell(const char *name, char *cell)
{
	if (!*name)
		return;
	/* It is escaped already; what is too long ends with a whole character. */
	s2_escape(name, strlen(name), cell, CELL);
	for (char *blank = cell; (blank = strchr(blank, ' '));)
		*blank = '_';
}

/* The name, or the process's in brackets: that says at least which VMM it is. */
static void vm_cell(const struct s2_vm *vm, char *cell)
{
	char comm[S2_VM_COMM_LEN + sizeof("()")];

	name_cell(vm->name, cell);
	if (s2_columns_taken(cell) > NAME_WIDTH)
		cut(cell);
	if (*vm->name || !*vm->comm)
		return;
	snprintf(comm, sizeof(comm), "(%s)", vm->comm);
	name_cell(comm, cell);
}

/* "running,protected" */
static void state_cell(const struct s2_vm *vm, char *cell)
{
	const char *state = s2_vm_state_text(vm->state);
	const char *const words[] = {
		state,
		vm->is_protected == S2_YES ? "protected" : NULL,
		vm->is_dying == S2_YES && vm->state != S2_VM_DYING ? "dying" : NULL,
	};
	int len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			len += snprintf(cell + len, CELL - (size_t)len, "%s%s", len ? "," : "",
					words[i]);
}

/* "4K/40/48/l1x2": granule, bits in, bits out, start level and how many tables there. */
static void geometry_cell(const struct s2_geometry *geom, char *cell)
{
	int len = snprintf(cell, CELL, "%uK/%u/%u/l%d", 1U << (geom->page_log2 - 10), geom->ia_bits,
			   geom->oa_bits, s2_level(geom, geom->top));

	if (geom->start_tables > 1)
		snprintf(cell + len, CELL - (size_t)len, "x%u", geom->start_tables);
}

/* "3x1G,16x4K", the largest first. */
static void pages_cell(const struct s2_geometry *geom, const struct s2_totals *totals, char *cell)
{
	int len = 0;

	for (unsigned int height = S2_MAX_HEIGHTS; height-- > 0;) {
		char size[S2_TEXT_SIZE_LEN];

		if (!totals->pages[height])
			continue;
		s2_text_size(s2_entry_size(geom, height), size);
		len += snprintf(cell + len, CELL - (size_t)len, "%s%" PRIu64 "x%s", len ? "," : "",
				totals->pages[height], size);
	}
}

static void fill_line(const struct s2_table *table, const struct s2_geometry *geom,
		      const struct s2_totals *totals, struct line *line)
{
	for (unsigned int i = 0; i < COLUMNS; i++)
		strcpy(line->cell[i], "-");
	snprintf(line->cell[0], CELL, "%s", table->id);
	if (table->vm)
		vm_cell(table->vm, line->cell[1]);
	number_cell(line->cell[2], table->pid);
	number_cell(line->cell[3], table->vcpus);
	slots_cells(table, line);
	if (table->have_vmid)
		number_cell(line->cell[6], table->vmid);
	if (table->vm)
		state_cell(table->vm, line->cell[7]);
	if (geom->heights)
		geometry_cell(geom, line->cell[8]);
	if (!table->bare)
		snprintf(line->cell[9], CELL, "0x%" PRIx64, table->root_pa);
	if (!totals)
		return;
	s2_text_size(totals->mapped, line->cell[10]);
	pages_cell(geom, totals, line->cell[11]);
	number_cell(line->cell[12], (int64_t)totals->tables);
	s2_text_size(totals->missing, line->cell[13]);
	if (!table->vm)
		return;
	if (table->vm->guest_unknown)
		strcpy(line->cell[14], "?");
	name_cell(table->vm->guest_release, line->cell[14]);
}

/* One table of a VM says what its others would: a nested guest's is not its VM's memory. */
static enum s2_code find_guest(struct list *list, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_vm *vm = table->vm;

	if (!vm || !s2_table_is_vms(table) || s2_table_is_shadow(table) || *vm->guest_release ||
	    *vm->guest_searched)
		return S2_OK;
	return s2_guest_find(vm, table, geom, &list->ctx, &list->ranges, &list->guests, err);
}

/* Where nothing is read of a table, its start level must be in the dump at least. */
static void find_root(const struct list *list, const struct s2_table *table,
		      const struct s2_geometry *geom)
{
	const struct s2_mem *mem = table->mem ? table->mem : list->ctx.mem;
	const uint64_t end = table->root_pa + geom->start_size;
	uint64_t size;

	for (uint64_t at = table->root_pa; at < end; at += size) {
		enum s2_code code = s2_mem_lacks(mem, at, &size);

		if (size > end - at)
			size = end - at;
		if (!code)
			continue;
		s2_lost_add(list->ctx.lost, S2_LOST_TABLE, code, table->id, table->root_pa,
			    "its start level at PA 0x%" PRIx64 " %s", table->root_pa,
			    s2_missing_text(code));
		return;
	}
}

/* A snapshot is made of tables: what it was cut off is theirs, and -l says whose. */
static void say_cut(const struct s2_input *input)
{
	if (input->source->incomplete && !input->lost->total &&
	    s2_source_note(input->source, S2_SNAPSHOT_NOTE, UINT32_MAX))
		s2_lost_add(
			input->lost, S2_LOST_FILE, S2_TRUNCATED, NULL, S2_LOST_NOWHERE,
			"tables may have lost pages with the rest of the file: list -l reads them");
}

static enum s2_code list_table(void *arg, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_view view = { .how = S2_MERGE_ATTRS, .show = S2_SHOW_ALL };
	struct list *list = arg;
	const struct s2_totals *totals = NULL;
	enum s2_code code;
	struct s2_row row;

	s2_effort_table(&list->effort, list->printer.out);
	if (!list->walk && !table->bare)
		find_root(list, table, geom);
	code = list->walk && !table->bare ? find_guest(list, table, geom, err) : S2_OK;
	if (code)
		return code;
	if (list->walk && !table->bare &&
	    s2_ranges_init(&list->ranges, table, geom, &view, &list->ctx)) {
		while (s2_ranges_next(&list->ranges, &row))
			;
		totals = s2_ranges_end(&list->ranges);
	}
	if (!list->json) {
		fill_line(table, geom, totals, &list->line[list->nlines++]);
		return S2_OK;
	}
	s2_printer_table(&list->printer, table, geom);
	list->printer.format->table_end(&list->printer, totals);
	return S2_OK;
}

/* "# Linux 6.12.57, KVM protected; kdump 1G, dumped 2026-11-20T14:03:11Z of "host17"" */
static void print_image(struct s2_out *out, const struct s2_input *input)
{
	struct s2_image held = s2_input_image(input), *image = &held;
	char text[S2_TEXT_SIZE_LEN], name[256], time[S2_TEXT_TIME_LEN] = "";

	s2_out_str(out, "# ");
	if (*image->release) {
		s2_escape(image->release, strlen(image->release), name, sizeof(name));
		s2_out_printf(out, "Linux %s", name);
	}
	if (image->kvm_mode)
		s2_out_printf(out, "%sKVM %s", *image->release ? ", " : "", image->kvm_mode);
	s2_text_size(image->size, text);
	s2_out_printf(out, "%s%s %s", *image->release || image->kvm_mode ? "; " : "", image->format,
		      text);
	if (image->time)
		s2_text_time(image->time, time);
	if (*time)
		s2_out_printf(out, ", %s %s", input->source->time ? "dumped" : "crashed", time);
	if (image->node && *image->node) {
		s2_escape(image->node, strlen(image->node), name, sizeof(name));
		s2_out_printf(out, " of \"%s\"", name);
	}
	s2_out_str(out, "\n");
}

/* Titles step back; what is missing stands out, and slots that are not plain memory. */
static enum s2_style style_of(const char *title, const char *text)
{
	if (title == text)
		return S2_DIM;
	if (!strcmp(title, "slots") && strchr(text, ':'))
		return S2_MARKED;
	return !strcmp(title, "missing") && strcmp(text, "0") != 0 && strcmp(text, "-") != 0 ?
		       S2_GONE :
		       S2_PLAIN;
}

/* How wide a column is with its title. */
static unsigned int width_of(const struct list *list, unsigned int column)
{
	unsigned int width = (unsigned int)strlen(titles[column]);

	for (size_t i = 0; i < list->nlines; i++)
		if (s2_columns_taken(list->line[i].cell[column]) > width)
			width = s2_columns_taken(list->line[i].cell[column]);
	return width;
}

/* The @n @columns of all lines, below their titles. */
static void print_lines(struct s2_out *out, const struct list *list, const unsigned char *columns,
			unsigned int n, bool color)
{
	unsigned int width[COLUMNS];

	for (unsigned int c = 0; c < n; c++)
		width[c] = width_of(list, columns[c]);
	for (size_t i = 0; i <= list->nlines; i++) {
		for (unsigned int c = 0; c < n; c++) {
			const char *title = titles[columns[c]];
			const char *text = i ? list->line[i - 1].cell[columns[c]] : title;
			/* Padding counts bytes. */
			unsigned int more = (unsigned int)strlen(text) - s2_columns_taken(text);

			s2_style_pad(out, text, c + 1 < n ? width[c] + more : 0,
				     color ? style_of(title, text) : S2_PLAIN, S2_PLAIN);
			s2_out_str(out, c + 1 < n ? " " : "\n");
		}
	}
}

static enum s2_exit list_tables(const struct s2_options *o, const struct s2_input *input,
				struct s2_out *out, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct list *list = malloc(sizeof(*list));
	s2_auto_free struct line *line = malloc((input->tables.n + 1) * sizeof(*line));
	enum s2_exit status;
	enum s2_code code;
	bool lines;

	if (!list || !line)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	list->json = s2_options_document(o, &lines);
	list->walk = o->long_list;
	list->line = line;
	list->nlines = 0;
	s2_effort_init(&list->effort, input, true);
	s2_guest_budget(&list->guests, &input->source->mem);
	list->ctx = (struct s2_ctx){ .mem = &input->source->mem,
				     .lost = input->lost,
				     .visits = &list->effort.visits,
				     .looks = &list->effort.looks };
	s2_printer_init(&list->printer, s2_format_find(lines ? "jsonl" : "json"), s2_annotators,
			input->lost, out);
	list->printer.list = "list";
	if (list->json)
		list->printer.format->begin(&list->printer, &image);
	code = s2_each_table(input, input->tables.table, input->tables.n, list_table, list, &status,
			     err);
	if (!list->walk)
		say_cut(input);
	if (list->json) {
		s2_input_end_rows(input, &list->printer, !status);
	} else {
		s2_fold_text(o, out, strlen("0x12345000"));
		print_image(out, input);
		print_lines(out, list, whose, ARRAY_SIZE(whose), s2_colors(o, out));
		if (list->walk)
			print_lines(out, list, costs, ARRAY_SIZE(costs), s2_colors(o, out));
	}
	return code ? s2_exit_of(code) : status;
}

static enum s2_exit run_list(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = s2_input_open(o, o->args, o->nargs, &input, err);

	if (code)
		return s2_exit_of(code);
	status = s2_input_finish(&input, list_tables(o, &input, out, err));
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_list = {
	.name = "list",
	.args = "FILE",
	.help = "one line per table that the file holds",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_LIST |
		  S2_OPTS_COLOR,
	.min_args = 1,
	.max_args = 1,
	.run = run_list,
};
