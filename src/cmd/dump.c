// SPDX-License-Identifier: GPL-2.0-or-later
// `dump`: every chosen table, walked, merged and printed; of the rows those that were asked for.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cmd/each.h"
#include "cmd/cmd_arch.h"
#include "cmd/color.h"
#include "cmd/input.h"
#include "cmd/say.h"
#include "cmd/table_pages.h"
#include "decode/soft.h"
#include "model/pick.h"

/* What dump_table() works with. */
struct dump {
	const struct s2_options *options;
	struct s2_ctx ctx;
	struct s2_printer printer;
	struct s2_effort effort;
	uint64_t unknown;          /* rows that a condition could not be asked of */
	unsigned int width;        /* of the widest table in a terminal */
	struct s2_member_list all; /* members of all tables */
	struct s2_pick pick;
	struct s2_ranges ranges;
};

/* How rows are merged: output addresses that nobody looks at split nothing. */
static enum s2_merge_how merge_of(const struct dump *dump)
{
	const struct s2_options *o = dump->options;
	const struct s2_row_options *rows = &o->rows;

	if (o->have_merge)
		return o->merge;
	if ((rows->have_where && rows->where.by_pa) ||
	    (rows->have_order && rows->order.member.id == S2_MEMBER_PA))
		return S2_MERGE_PA;
	if (rows->have_columns && !rows->columns.by_pa)
		return S2_MERGE_ATTRS;
	return dump->printer.format->merge;
}

/* The next row, as long as there is something left to print. */
static bool next_picked(struct dump *dump, struct s2_row *row)
{
	return s2_effort_goes_on(&dump->effort, &dump->ranges, dump->printer.out) &&
	       s2_pick_next(&dump->pick, row);
}

static void show_row(struct s2_printer *printer, const struct s2_row *row, struct s2_picked *picked)
{
	s2_printer_row(printer, row);
	picked->shown++;
	picked->bytes += row->run.size;
}

/* All rows are looked at, and the first of the order are kept. */
static enum s2_code show_sorted(struct dump *dump, struct s2_picked *picked, struct s2_err *err)
{
	const struct s2_row_options *rows = &dump->options->rows;
	struct s2_printer *printer = &dump->printer;
	struct s2_top top = { .order = &rows->order,
			      .of = &printer->of,
			      .limit = rows->have_limit ? rows->limit : S2_MAX_TOP };
	enum s2_code code = S2_OK;
	struct s2_row row;
	size_t i = 0;

	while (!code && next_picked(dump, &row))
		code = s2_top_add(&top, &row, err);
	s2_top_sort(&top);
	for (; !code && i < top.n && !s2_effort_ends(&dump->effort, printer->out); i++)
		show_row(printer, &top.row[i], picked);
	if (!code && i < top.n)
		s2_lost_add(dump->ctx.lost, S2_LOST_PAGE, S2_BUDGET, printer->table->id,
			    S2_LOST_NOWHERE,
			    "%zu of %zu rows are not printed: so little memory holds no table of "
			    "so many rows",
			    top.n - i, top.n);
	picked->more = top.more;
	if (top.more && !rows->have_limit)
		s2_say("%s: more than %d rows: --sort keeps the first (choose with --where or --range)",
		       printer->table->id, S2_MAX_TOP);
	s2_top_free(&top);
	return code;
}

static enum s2_code show_picked(struct dump *dump, struct s2_err *err)
{
	const struct s2_row_options *rows = &dump->options->rows;
	struct s2_printer *printer = &dump->printer;
	struct s2_picked picked = { .shown = 0 };
	const struct s2_totals *totals;
	enum s2_code code = S2_OK;
	struct s2_row row;

	dump->pick = (struct s2_pick){ .ranges = &dump->ranges,
				       .of = &printer->of,
				       .where = rows->have_where ? &rows->where : NULL,
				       .columns = rows->have_columns ? &rows->columns : NULL,
				       .how = merge_of(dump) };
	if (rows->have_order)
		code = show_sorted(dump, &picked, err);
	while (!code && !rows->have_order && !picked.stopped && next_picked(dump, &row)) {
		show_row(printer, &row, &picked);
		picked.stopped = rows->have_limit && picked.shown == rows->limit;
	}
	picked.rows = dump->pick.rows;
	picked.fit = dump->pick.fit;
	dump->unknown += dump->pick.unknown;
	totals = s2_ranges_end(&dump->ranges);
	if (rows->have_where || rows->have_limit)
		printer->picked = &picked;
	printer->format->table_end(printer, picked.stopped ? NULL : totals);
	printer->picked = NULL;
	return code;
}

static enum s2_code dump_table(void *arg, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct dump *dump = arg;
	const struct s2_options *o = dump->options;
	struct s2_printer *printer = &dump->printer;
	struct s2_view view = { .how = merge_of(dump),
				.annotate = printer->format->annotated,
				.join = printer->format->annotated,
				.beyond = printer->format->annotated,
				.range = o->range,
				.nranges = o->nranges };
	unsigned int width;
	struct s2_row row;

	if (table->bare) {
		s2_printer_table(printer, table, geom);
		printer->format->table_end(printer, NULL);
		return S2_OK;
	}
	view.show = printer->format->show(printer->format, geom);
	view.show.alone = o->raw_rights;
	s2_effort_table(&dump->effort, printer->out);
	/* Outside of its input space there is nothing to print, check_range() has seen to that. */
	if (!s2_ranges_init(&dump->ranges, table, geom, &view, &dump->ctx) && !o->nranges)
		return S2_OK;
	s2_printer_table(printer, table, geom);
	width = s2_ptdump_width(printer);
	dump->width = width > dump->width ? width : dump->width;
	if (s2_row_options_pick(&o->rows))
		return show_picked(dump, err);
	while (s2_effort_goes_on(&dump->effort, &dump->ranges, printer->out) &&
	       s2_ranges_next(&dump->ranges, &row))
		s2_printer_row(printer, &row);
	printer->format->table_end(printer, s2_ranges_end(&dump->ranges));
	return S2_OK;
}

/* Decoding a table's bits as those of another kind would lie. */
static enum s2_code check_format(const struct s2_options *o, const struct s2_input *input,
				 struct s2_err *err)
{
	const struct s2_format *format = s2_options_format(o);

	if (!format->stage2_only)
		return S2_OK;
	if (o->have_vcpu)
		return s2_fail(err, S2_USAGE,
			       "--format=%s is for tables of stage 2, --vcpu shows a stage 1",
			       format->name);
	for (size_t i = 0; i < input->tables.n; i++) {
		const struct s2_table *table = &input->tables.table[i];

		if (format->of && s2_is_stage2(table->regime.arch) &&
		    strcmp(table->regime.arch->format, format->of) != 0)
			return s2_fail(err, S2_USAGE,
				       "--format=%s is for tables of format %s, %s is %s",
				       format->name, format->of, table->id,
				       table->regime.arch->format);
		if (!s2_is_stage2(table->regime.arch))
			return s2_fail(
				err, S2_USAGE,
				"--format=%s is for tables of stage 2, %s (%s) is none: choose with --table",
				format->name, table->id, table->kind);
	}
	return S2_OK;
}

/* The members that rows of any of the tables have. */
static void list_members(const struct s2_table *tables, size_t n, struct s2_member_list *ret)
{
	const struct s2_arch *archs[S2_MAX_MEMBERS] = { NULL };
	const struct s2_soft_ops *softs[S2_MAX_MEMBERS] = { NULL };
	unsigned int narchs = 0, nsofts = 0;

	for (unsigned int a = 0; s2_archs[a] && narchs + 1 < ARRAY_SIZE(archs); a++)
		for (size_t i = 0; i < n; i++)
			if (tables[i].regime.arch == s2_archs[a]) {
				archs[narchs++] = s2_archs[a];
				break;
			}
	for (unsigned int s = 0; s2_softs[s] && nsofts + 1 < ARRAY_SIZE(softs); s++)
		for (size_t i = 0; i < n; i++)
			if (tables[i].regime.soft.ops == s2_softs[s]) {
				softs[nsofts++] = s2_softs[s];
				break;
			}
	s2_member_list(ret, archs, softs, s2_annotators);
}

/* Ranges that no table has are a mistake; that one of several tables has none is not. */
static enum s2_code check_range(const struct s2_options *o, const struct s2_table *tables, size_t n,
				struct s2_err *err)
{
	char range[S2_RANGE_TEXT];
	unsigned int bits = 0;

	if (!o->nranges || !n)
		return S2_OK;
	for (size_t i = 0; i < n; i++) {
		struct s2_geometry geom;
		uint64_t first, last;

		if (s2_input_shape(&tables[i], &geom, NULL))
			return S2_OK;
		first = geom.ia_base;
		last = first + low_bits(geom.ia_bits);
		for (unsigned int k = 0; k < o->nranges; k++)
			if (o->range[k].first <= last && o->range[k].last >= first)
				return S2_OK;
		if (geom.ia_bits > bits)
			bits = geom.ia_bits;
	}
	s2_range_text(o->range[0].first, o->range[0].last, range);
	return s2_fail(err, S2_USAGE, "--range: %s is outside of %s%u-bit input space", range,
		       n > 1 ? "all tables, the largest has a " : "the ", bits);
}

/* Rows that a terminal breaks are hard to read, and cutting them would hide what they say: below
 * them stands how to have short ones. */
static enum s2_code say_width(const struct dump *dump, struct s2_err *err)
{
	const struct s2_printer *printer = &dump->printer;
	unsigned int terminal = s2_terminal_width(printer->out);
	enum s2_code code;

	if (terminal >= dump->width || !terminal || !isatty(STDERR_FILENO) || printer->bare ||
	    printer->columns || printer->format != s2_format_find("ptdump"))
		return S2_OK;
	code = s2_out_flush(printer->out, err);
	if (!code)
		s2_say("rows take %u of %u columns, fewer with --columns=ia,size,type,rights,pa",
		       dump->width, terminal);
	return code;
}

/* *@ret: what became of the tables, when nothing ended all. */
static enum s2_code dump_tables(const struct s2_options *o, const struct s2_input *input,
				const struct s2_table *tables, size_t n, struct s2_out *out,
				enum s2_exit *ret, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct dump *dump = malloc(sizeof(*dump));
	enum s2_code code;

	if (!dump)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = check_range(o, tables, n, err);
	if (code)
		return code;
	if (o->table_pages)
		return s2_table_pages(o, input, tables, n, out, ret, err);
	dump->options = o;
	dump->ctx = (struct s2_ctx){ .mem = &input->source->mem,
				     .lost = input->lost,
				     .visits = &dump->effort.visits,
				     .looks = &dump->effort.looks };
	s2_printer_init(&dump->printer, s2_options_format(o), s2_annotators, input->lost, out);
	dump->printer.raw_rights = o->raw_rights;
	s2_effort_init(&dump->effort, input, dump->printer.format->document);
	if (o->have_merge && o->merge == S2_MERGE_NONE)
		dump->effort.most = UINT64_MAX;
	dump->printer.color = s2_colors(o, out);
	dump->printer.bare = o->rows.bare;
	dump->printer.columns = o->rows.have_columns ? &o->rows.columns : NULL;
	dump->printer.all = &dump->all;
	dump->unknown = 0;
	dump->width = 0;
	if (dump->printer.format->rows_only)
		list_members(tables, n, &dump->all);
	dump->printer.format->begin(&dump->printer, &image);
	code = s2_each_table(input, tables, n, dump_table, dump, ret, err);
	s2_say_left_out(input->path, dump->unknown);
	s2_input_end_rows(input, &dump->printer, !*ret);
	return code ? code : say_width(dump, err);
}

/* The guest's own tables instead of its stage 2. */
static enum s2_code dump_guest(const struct s2_options *o, const struct s2_input *input,
			       struct s2_out *out, enum s2_exit *ret, struct s2_err *err)
{
	const struct s2_cmd_arch *arch = input->tables.n ?
						 s2_cmd_arch_of(input->tables.table->regime.arch) :
						 s2_cmd_archs[0];
	struct s2_guest guest;
	enum s2_code code;

	if (!arch)
		return s2_fail(err, S2_USAGE, "--vcpu: registers of vCPUs on %s are not read",
			       input->tables.n ? input->tables.table->regime.arch->name :
						 s2_archs[0]->name);
	code = arch->guest(o, input, &guest, err);
	if (code)
		return code;
	if (o->effective) {
		struct s2_printer printer;

		s2_printer_init(&printer, s2_options_format(o), s2_annotators, input->lost, out);
		printer.bare = o->rows.bare;
		printer.color = s2_colors(o, out);
		return arch->effective(o, input, &guest, &printer, err);
	}
	return dump_tables(o, input, guest.half, guest.nhalves, out, ret, err);
}

static enum s2_exit run_dump(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_input input;
	enum s2_exit status = S2_EXIT_OK;
	enum s2_code code = s2_input_open(o, o->args, o->nargs, &input, err);

	if (code)
		return s2_exit_of(code);
	code = check_format(o, &input, err);
	s2_input_output(&input, out);
	s2_fold_text(o, out, strlen("0x12345000"));
	if (!code && o->have_vcpu)
		code = dump_guest(o, &input, out, &status, err);
	else if (!code)
		code = dump_tables(o, &input, input.tables.table, input.tables.n, out, &status,
				   err);
	/* The old file stays where a new one was not made; a table that cannot be read is no
	 * reason. */
	if (!code)
		code = s2_input_commit(&input, err);
	if (code)
		status = s2_exit_of(code);
	status = s2_input_finish(&input, status);
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_dump = {
	.name = "dump",
	.args = "FILE",
	.help = "the tables as ranges (the default command)",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_SHOW | S2_OPTS_JSON |
		  S2_OPTS_OUTPUT | S2_OPTS_VCPU | S2_OPTS_WHERE | S2_OPTS_ROWS | S2_OPTS_COLOR,
	.min_args = 1,
	.max_args = 1,
	.run = run_dump,
};
