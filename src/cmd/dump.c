// SPDX-License-Identifier: GPL-2.0-or-later
// `dump` and `list`: every chosen table, walked, merged and printed, or its header only.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/guest.h"
#include "cmd/input.h"
#include "cmd/summary.h"
#include "decode/slots.h"

static enum s2_code walk_range(const struct s2_options *o, const struct s2_geometry *geom,
			       struct s2_walk *walk, struct s2_err *err)
{
	if (!o->have_range || s2_walk_range(walk, o->range_start, o->range_end - 1))
		return S2_OK;
	return s2_fail(err, S2_USAGE,
		       "--range: 0x%" PRIx64 "-0x%" PRIx64 " is outside of the %u-bit input space",
		       o->range_start, o->range_end, geom->ia_bits);
}

/* Owner and state of a piece stand in a page of hyp_vmemmap that was not read. */
static void lose_owner(struct s2_lost *lost, const struct s2_table *table,
		       const struct s2_geometry *geom, const struct s2_own *own)
{
	uint64_t page = own->missing_pa & ~(BIT64(geom->page_log2) - 1);

	s2_lost_add(lost, S2_LOST_OWNER, (enum s2_code)own->missing, table->id, page,
		    "the page at PA 0x%" PRIx64
		    " of hyp_vmemmap is %s: owners and states of the pages in it are not known",
		    page, s2_code_name((enum s2_code)own->missing));
}

/* In pieces of one memslot, and of one owner and state. */
static void print_run(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom, const struct s2_mem *mem,
		      struct s2_lost *lost, struct s2_run *run)
{
	struct s2_run in_slot, piece;

	if (!printer->format->slots) {
		s2_printer_run(printer, run);
		return;
	}
	while (s2_slots_next(table, geom, run, &in_slot)) {
		while (s2_pkvm_next(table, geom, mem, &in_slot, &piece)) {
			if (piece.own.missing)
				lose_owner(lost, table, geom, &piece.own);
			s2_printer_run(printer, &piece);
		}
	}
}

static enum s2_code dump_table(const struct s2_options *o, const struct s2_input *input,
			       const struct s2_mem *mem, const struct s2_table *table,
			       struct s2_walk *walk, struct s2_printer *printer, struct s2_err *err)
{
	struct s2_summary summary = { .end = { 0 } };
	enum s2_merge_how how = o->merge;
	struct s2_geometry geom;
	struct s2_merge merge;
	struct s2_run run;
	enum s2_code code = s2_input_shape(table, &geom, err);

	if (code)
		return code;
	s2_walk_init(walk, &geom, mem, table->root_pa);
	code = walk_range(o, &geom, walk, err);
	if (code)
		return code;
	s2_printer_table(printer, table, &geom);
	if (how == S2_MERGE_ATTRS && s2_pkvm_by_pa(table))
		how = S2_MERGE_PA;
	s2_merge_init(&merge, walk, how, printer->format->show(printer->format, &geom));
	while (!s2_out_dead(printer->out) && s2_merge_next(&merge, &run)) {
		s2_summary_add(&summary, &geom, &run);
		print_run(printer, table, &geom, mem, input->lost, &run);
	}
	s2_summary_finish(&summary, table, &geom, walk, input->lost);
	printer->format->table_end(printer, &summary.end);
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

static enum s2_exit dump_tables(const struct s2_options *o, const struct s2_input *input,
				const struct s2_mem *mem, const struct s2_table *tables, size_t n,
				struct s2_out *out, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	enum s2_exit status = S2_EXIT_OK;
	struct s2_printer printer;

	if (!walk)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	s2_printer_init(&printer, format_of(o), input->lost, out);
	printer.format->begin(&printer, &image);
	for (size_t i = 0; i < n; i++) {
		struct s2_err table_err;
		enum s2_code code;

		s2_err_init(&table_err);
		code = dump_table(o, input, mem, &tables[i], walk, &printer, &table_err);
		/* One broken table does not hide the others. */
		if (code)
			fprintf(stderr, "s2dump: %s: %s\n", input->path, table_err.text);
		if (code)
			status = s2_exit_of(code);
	}
	printer.format->end(&printer);
	return status;
}

/* The guest's own tables instead of its stage 2. */
static enum s2_exit dump_guest(const struct s2_options *o, const struct s2_input *input,
			       struct s2_out *out, struct s2_err *err)
{
	struct s2_guest guest;
	enum s2_code code = s2_guest_open(o, input, &guest, err);

	if (code)
		return s2_exit_of(code);
	if (o->effective) {
		struct s2_printer printer;

		s2_printer_init(&printer, format_of(o), input->lost, out);
		return s2_guest_effective(o, input, &guest, &printer, err);
	}
	return dump_tables(o, input, &guest.memory.mem, guest.half, guest.nhalves, out, err);
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
		status = dump_tables(o, &input, &input.source->mem, input.tables.table,
				     input.tables.n, out, err);
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
	.args = "FILE...",
	.help = "the tables as ranges (the default command)",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_SHOW | S2_OPTS_JSON | S2_OPTS_OUTPUT |
		  S2_OPTS_VCPU,
	.min_args = 1,
	.max_args = -1,
	.run = run_dump,
};
