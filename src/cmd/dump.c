// SPDX-License-Identifier: GPL-2.0-or-later
// `dump` and `list`: every chosen table, walked, merged and printed, or its header only.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/each.h"
#include "cmd/cmd_arch.h"
#include "cmd/input.h"
#include "cmd/table_pages.h"
#include "model/ranges.h"

/* What dump_table() works with. */
struct dump {
	const struct s2_options *options;
	struct s2_ctx ctx;
	struct s2_printer printer;
	struct s2_ranges ranges;
};

static enum s2_code dump_table(void *arg, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct dump *dump = arg;
	const struct s2_options *o = dump->options;
	struct s2_printer *printer = &dump->printer;
	struct s2_view view = { .how = o->have_merge ? o->merge : printer->format->merge,
				.show = printer->format->show(printer->format, geom),
				.annotate = printer->format->annotated,
				.join = printer->format->annotated,
				.have_range = o->have_range,
				.first = o->range_start,
				.last = o->range_end - 1,
				.more = o->more_ranges,
				.nmore = o->nmore_ranges };
	struct s2_row row;

	view.show.alone = o->raw_rights;
	(void)err;
	/* Outside of its input space there is nothing to print, check_range() has seen to that. */
	if (!s2_ranges_init(&dump->ranges, table, geom, &view, &dump->ctx) && !o->have_range)
		return S2_OK;
	s2_printer_table(printer, table, geom);
	while (!s2_out_dead(printer->out) && s2_ranges_next(&dump->ranges, &row))
		s2_printer_row(printer, &row);
	printer->format->table_end(printer, s2_ranges_end(&dump->ranges));
	return S2_OK;
}

static const struct s2_format *format_of(const struct s2_options *o)
{
	if (o->json)
		return s2_format_find("json");
	return o->format ? o->format : s2_format_find("ptdump");
}

/* Decoding a table's bits as those of another kind would lie. */
static enum s2_code check_format(const struct s2_options *o, const struct s2_input *input,
				 struct s2_err *err)
{
	const struct s2_format *format = format_of(o);

	if (!format->stage2_only)
		return S2_OK;
	if (o->have_vcpu)
		return s2_fail(err, S2_USAGE,
			       "--format=%s is for tables of stage 2, --vcpu shows a stage 1",
			       format->name);
	for (size_t i = 0; i < input->tables.n; i++) {
		const struct s2_table *table = &input->tables.table[i];

		if (!s2_is_stage2(table->regime.arch))
			return s2_fail(
				err, S2_USAGE,
				"--format=%s is for tables of stage 2, %s (%s) is none: choose with --table",
				format->name, table->id, table->kind);
	}
	return S2_OK;
}

/* Ranges that no table has are a mistake; that one of several tables has none is not. */
static enum s2_code check_range(const struct s2_options *o, const struct s2_table *tables, size_t n,
				struct s2_err *err)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < n; i++) {
		struct s2_geometry geom;
		uint64_t first, last;

		if (s2_input_shape(&tables[i], &geom, NULL))
			return S2_OK;
		first = geom.ia_base;
		last = first + low_bits(geom.ia_bits);
		if (o->range_start <= last && o->range_end - 1 >= first)
			return S2_OK;
		for (unsigned int k = 0; k < o->nmore_ranges; k++)
			if (o->more_ranges[k].first <= last && o->more_ranges[k].last >= first)
				return S2_OK;
		if (geom.ia_bits > bits)
			bits = geom.ia_bits;
	}
	if (!o->have_range || !n)
		return S2_OK;
	return s2_fail(err, S2_USAGE,
		       "--range: 0x%" PRIx64 "-0x%" PRIx64 " is outside of %s%u-bit input space",
		       o->range_start, o->range_end,
		       n > 1 ? "all tables, the largest has a " : "the ", bits);
}

static enum s2_exit dump_tables(const struct s2_options *o, const struct s2_input *input,
				const struct s2_table *tables, size_t n, struct s2_out *out,
				struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct dump *dump = malloc(sizeof(*dump));
	enum s2_exit status;

	if (!dump)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	if (check_range(o, tables, n, err))
		return S2_EXIT_USAGE;
	if (o->table_pages)
		return s2_table_pages(o, input, tables, n, out, err);
	dump->options = o;
	dump->ctx = (struct s2_ctx){ .mem = &input->source->mem, .lost = input->lost };
	s2_printer_init(&dump->printer, format_of(o), s2_annotators, input->lost, out);
	dump->printer.raw_rights = o->raw_rights;
	dump->printer.format->begin(&dump->printer, &image);
	status = s2_each_table(input, tables, n, dump_table, dump, err);
	dump->printer.format->end(&dump->printer, !status && !input->lost->total);
	return status;
}

/* The guest's own tables instead of its stage 2. */
static enum s2_exit dump_guest(const struct s2_options *o, const struct s2_input *input,
			       struct s2_out *out, struct s2_err *err)
{
	const struct s2_cmd_arch *arch = input->tables.n ?
						 s2_cmd_arch_of(input->tables.table->regime.arch) :
						 s2_cmd_archs[0];
	struct s2_guest guest;
	enum s2_code code;

	if (!arch)
		return s2_exit_of(s2_fail(err, S2_USAGE,
					  "--vcpu: registers of vCPUs on %s are not read",
					  input->tables.n ? input->tables.table->regime.arch->name :
							    s2_archs[0]->name));
	code = arch->guest(o, input, &guest, err);
	if (code)
		return s2_exit_of(code);
	if (o->effective) {
		struct s2_printer printer;

		s2_printer_init(&printer, format_of(o), s2_annotators, input->lost, out);
		return arch->effective(o, input, &guest, &printer, err);
	}
	return dump_tables(o, input, guest.half, guest.nhalves, out, err);
}

static enum s2_exit run_dump(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = s2_input_open(o, o->args, o->nargs, &input, err);

	if (code)
		return s2_exit_of(code);
	code = check_format(o, &input, err);
	s2_input_output(&input, out);
	if (code)
		status = s2_exit_of(code);
	else if (o->have_vcpu)
		status = dump_guest(o, &input, out, err);
	else
		status = dump_tables(o, &input, input.tables.table, input.tables.n, out, err);
	/* The old file stays where a new one was not made; a table that cannot be read is no
	 * reason. */
	if (!err->code && s2_input_commit(&input, err))
		status = S2_EXIT_INPUT;
	status = s2_input_finish(&input, status);
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_dump = {
	.name = "dump",
	.args = "FILE",
	.help = "the tables as ranges (the default command)",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_SHOW | S2_OPTS_JSON | S2_OPTS_OUTPUT |
		  S2_OPTS_VCPU,
	.min_args = 1,
	.max_args = 1,
	.run = run_dump,
};
