// SPDX-License-Identifier: GPL-2.0-or-later
// `list`: one line per table: id, kind, geometry, root, mapped size, pid.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cmd/each.h"
#include "model/ranges.h"

/* What list_table() works with. */
struct list {
	bool json;
	struct s2_out *out;
	struct s2_ctx ctx;
	struct s2_printer printer;
	struct s2_ranges ranges;
};

static void text_line(struct s2_out *out, const struct s2_table *table,
		      const struct s2_geometry *geom, const struct s2_totals *sums)
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
		      mapped.unit, sums->tables);
	if (table->pid >= 0)
		s2_out_printf(out, " pid=%" PRId64, table->pid);
	if (table->vcpus >= 0)
		s2_out_printf(out, " vcpus=%" PRId64, table->vcpus);
	s2_out_str(out, sums->complete ? "\n" : " incomplete\n");
}

static enum s2_code list_table(void *arg, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_view view = { .how = S2_MERGE_ATTRS, .show = S2_SHOW_ALL };
	struct list *list = arg;
	const struct s2_totals *totals;
	struct s2_row row;

	(void)err;
	if (s2_ranges_init(&list->ranges, table, geom, &view, &list->ctx))
		while (s2_ranges_next(&list->ranges, &row))
			;
	totals = s2_ranges_end(&list->ranges);
	if (!list->json) {
		text_line(list->out, table, geom, totals);
		return S2_OK;
	}
	s2_printer_table(&list->printer, table, geom);
	s2_out_printf(list->out, ",\"mapped_bytes\":%" PRIu64, totals->mapped);
	list->printer.format->table_end(&list->printer, totals);
	return S2_OK;
}

static enum s2_exit list_tables(const struct s2_options *o, const struct s2_input *input,
				struct s2_out *out, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct list *list = malloc(sizeof(*list));
	enum s2_exit status;

	if (!list)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	list->json = o->json;
	list->out = out;
	list->ctx = (struct s2_ctx){ .mem = &input->source->mem, .lost = input->lost };
	s2_printer_init(&list->printer, s2_format_find("json"), s2_annotators, input->lost, out);
	list->printer.list = true;
	if (o->json)
		list->printer.format->begin(&list->printer, &image);
	else if (*image.release)
		s2_out_printf(out, "# Linux %s, KVM mode %s\n", image.release,
			      *image.kvm_mode ? image.kvm_mode : "not known");
	status = s2_each_table(input, input->tables.table, input->tables.n, list_table, list, err);
	if (o->json)
		list->printer.format->end(&list->printer);
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
