// SPDX-License-Identifier: GPL-2.0-or-later
// `list`: one line per table: id, kind, geometry, root, mapped size, pid.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cmd/input.h"
#include "cmd/summary.h"

static void sum_up(const struct s2_input *input, const struct s2_table *table,
		   const struct s2_geometry *geom, struct s2_walk *walk, struct s2_summary *ret)
{
	struct s2_merge merge;
	struct s2_run run;

	*ret = (struct s2_summary){ .end = { 0 } };
	s2_walk_init(walk, geom, &input->source->mem, table->root_pa);
	s2_merge_init(&merge, walk, S2_MERGE_ATTRS, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run))
		s2_summary_add(ret, geom, &run);
	s2_summary_finish(ret, table, geom, walk, input->lost);
}

static void text_line(struct s2_out *out, const struct s2_table *table,
		      const struct s2_geometry *geom, const struct s2_summary *sums)
{
	struct s2_size_text mapped = s2_size_text(sums->mapped);

	s2_out_pad(out, table->id, 20);
	s2_out_str(out, " ");
	s2_out_pad(out, table->kind, 13);
	s2_out_printf(out,
		      " %2uK ipa=%u pa=%u level=%d x%-2u root=0x%-12" PRIx64 " mapped=%" PRIu64
		      "%c tables=%" PRIu64,
		      1U << (geom->page_log2 - 10), geom->ia_bits, geom->oa_bits,
		      s2_level(geom, geom->top), geom->start_tables, table->root_pa, mapped.n,
		      mapped.unit, sums->end.tables);
	if (table->pid >= 0)
		s2_out_printf(out, " pid=%" PRId64, table->pid);
	if (table->vcpus >= 0)
		s2_out_printf(out, " vcpus=%" PRId64, table->vcpus);
	s2_out_str(out, sums->end.complete ? "\n" : " incomplete\n");
}

static enum s2_exit list_tables(const struct s2_options *o, const struct s2_input *input,
				struct s2_out *out, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	enum s2_exit status = S2_EXIT_OK;
	struct s2_printer printer;

	if (!walk)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	s2_printer_init(&printer, s2_format_find("json"), input->lost, out);
	printer.list = true;
	if (o->json)
		printer.format->begin(&printer, &image);
	else if (*image.release)
		s2_out_printf(out, "# Linux %s, KVM mode %s\n", image.release,
			      *image.kvm_mode ? image.kvm_mode : "not known");
	for (size_t i = 0; i < input->tables.n; i++) {
		const struct s2_table *table = &input->tables.table[i];
		struct s2_geometry geom;
		struct s2_err table_err;
		struct s2_summary sums;

		s2_err_init(&table_err);
		if (s2_input_shape(table, &geom, &table_err)) {
			fprintf(stderr, "s2dump: %s: %s\n", input->path, table_err.text);
			status = S2_EXIT_INPUT;
			continue;
		}
		sum_up(input, table, &geom, walk, &sums);
		if (!o->json) {
			text_line(out, table, &geom, &sums);
			continue;
		}
		s2_printer_table(&printer, table, &geom);
		s2_out_printf(out, ",\"mapped_bytes\":%" PRIu64, sums.mapped);
		printer.format->table_end(&printer, &sums.end);
	}
	if (o->json)
		printer.format->end(&printer);
	return status;
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
	.args = "FILE...",
	.help = "one line per table that the file holds",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_JSON,
	.min_args = 1,
	.max_args = -1,
	.run = run_list,
};
