// SPDX-License-Identifier: GPL-2.0-or-later
// `slots`: the memory that each VM was given, one line per memslot. No table page is read.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/color.h"
#include "cmd/each.h"
#include "format/color.h"
#include "format/text.h"
#include "model/private.h"
#include "model/slots.h"

/* What slots_table() and measure() work with. */
struct listing {
	const struct s2_tables *tables;
	bool color;
	bool have_private; /* of a VM at least it is known what of its memory is private */
	struct s2_out *out;
	int id_width;
	unsigned int ia_width; /* of the widest range of all VMs */
	struct shown *shown;   /* by table; text only */
	struct s2_printer printer;
};

/* How a table's slots are shown. */
struct shown {
	bool at_all;
	bool have_last; /* the end of its input space is known, */
	uint64_t last;  /* and is here */
};

/* As many as a row of the table has, where that is known. */
static unsigned int ia_digits(const struct shown *shown, const struct s2_slot *slot)
{
	return s2_text_ia_digits(shown->have_last ? shown->last : slot->ipa + slot->size);
}

/* "0x...-0x..." */
static unsigned int range_width(unsigned int digits)
{
	return 2 * digits + 5;
}

/* How much of the slot is private; "?" when not all of that is known, "-" where nobody asks. */
static void print_private(const struct listing *l, const struct s2_table *table,
			  const struct s2_slot *slot)
{
	char size[S2_TEXT_SIZE_LEN] = "?";
	uint64_t bytes;

	if (s2_private_bytes(table, slot->ipa, slot->size, &bytes))
		s2_text_size(bytes, size);
	else if (!s2_table_annotator(table, &s2_private_annotator))
		strcpy(size, "-");
	s2_out_printf(l->out, "%8s ", size);
}

/* One that is not plain memory is seen among many. */
static enum s2_style style_of(const struct s2_slot *slot)
{
	const uint32_t marks = S2_SLOT_READONLY | S2_SLOT_LOG | S2_SLOT_GMEM;

	return slot->flags & marks ? S2_MARKED : S2_PLAIN;
}

static void print_slot(const struct listing *l, const struct s2_table *table,
		       const struct shown *shown, const struct s2_slot *slot)
{
	unsigned int digits = ia_digits(shown, slot);
	char size[S2_TEXT_SIZE_LEN], text[S2_LABEL_TEXT];
	struct s2_label label;

	s2_slots_label(table, slot->ipa, &label);
	s2_text_size(slot->size, size);
	s2_out_printf(l->out, "%-*s ", l->id_width, table->id);
	s2_style_pad(l->out, s2_slots_annotator.columns[0].text(&label, text), 6,
		     l->color ? style_of(slot) : S2_PLAIN, S2_PLAIN);
	s2_out_str(l->out, " ");
	s2_text_ia_range(l->out, slot->ipa, slot->size, digits);
	s2_out_printf(l->out, "%*s %8s ", (int)(l->ia_width - range_width(digits)), "", size);
	if (l->have_private)
		print_private(l, table, slot);
	s2_out_printf(l->out, "0x%" PRIx64 "\n", slot->hva);
}

static void print_none(const struct listing *l, const struct s2_table *table)
{
	bool gone = l->color && !table->have_slots;

	if (gone)
		s2_style(l->out, S2_GONE);
	s2_out_printf(l->out, "# %s: %s", table->id,
		      table->have_slots ? "no slots" : "its slots are not known");
	if (gone)
		s2_style(l->out, S2_PLAIN);
	s2_out_str(l->out, "\n");
}

/* In a document. */
static enum s2_code slots_table(void *arg, const struct s2_table *table,
				const struct s2_geometry *geom, struct s2_err *err)
{
	struct listing *l = arg;

	(void)err;
	s2_printer_table(&l->printer, table, geom);
	l->printer.format->table_end(&l->printer, NULL);
	return S2_OK;
}

/* Text lines up for all VMs: what is to be shown of a table, before any of it is. */
static enum s2_code measure(void *arg, const struct s2_table *table, const struct s2_geometry *geom,
			    struct s2_err *err)
{
	struct listing *l = arg;
	struct shown *shown = &l->shown[table - l->tables->table];

	(void)err;
	*shown = (struct shown){ .at_all = s2_table_may_have_slots(table),
				 .have_last = geom->heights };
	if (shown->have_last)
		shown->last = geom->ia_base + low_bits(geom->ia_bits);
	for (size_t i = 0; shown->at_all && i < table->nslots; i++) {
		unsigned int width = range_width(ia_digits(shown, &table->slot[i]));

		l->ia_width = width > l->ia_width ? width : l->ia_width;
	}
	return S2_OK;
}

static void print_table(const struct listing *l, const struct s2_table *table,
			const struct shown *shown)
{
	if (!shown->at_all)
		return;
	if (!table->nslots)
		print_none(l, table);
	for (size_t i = 0; i < table->nslots; i++)
		print_slot(l, table, shown, &table->slot[i]);
}

static bool any_private(const struct s2_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		if (s2_table_annotator(&tables->table[i], &s2_private_annotator))
			return true;
	return false;
}

static int widest_id(const struct s2_tables *tables)
{
	size_t width = strlen("# table");

	for (size_t i = 0; i < tables->n; i++)
		if (s2_table_is_vms(&tables->table[i]) && strlen(tables->table[i].id) > width)
			width = strlen(tables->table[i].id);
	return (int)width;
}

static void print_titles(const struct listing *l)
{
	if (l->color)
		s2_style(l->out, S2_DIM);
	s2_out_printf(l->out, "%-*s slot   %-*s %8s %shva", l->id_width, "# table",
		      (int)l->ia_width, "ia", "size", l->have_private ? " private " : "");
	if (l->color)
		s2_style(l->out, S2_PLAIN);
	s2_out_str(l->out, "\n");
}

static enum s2_code print_text(struct listing *l, const struct s2_input *input, enum s2_exit *ret,
			       struct s2_err *err)
{
	const struct s2_tables *tables = l->tables;
	s2_auto_free struct shown *shown = calloc(tables->n + 1, sizeof(*shown));
	enum s2_code code;
	bool any = false;

	if (!shown)
		return s2_fail(err, S2_NOMEM, "no memory");
	l->shown = shown;
	l->id_width = widest_id(tables);
	l->ia_width = strlen("ia");
	l->have_private = any_private(tables);
	code = s2_each_table(input, tables->table, tables->n, measure, l, ret, err);
	if (code)
		return code;
	print_titles(l);
	for (size_t i = 0; i < tables->n; i++) {
		print_table(l, &tables->table[i], &shown[i]);
		any |= s2_table_may_have_slots(&tables->table[i]);
	}
	if (!any && tables->n)
		s2_out_str(l->out, "# no slots: none of these tables has any of its own\n");
	return S2_OK;
}

static enum s2_code print_document(struct listing *l, const struct s2_input *input, bool lines,
				   enum s2_exit *ret, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	enum s2_code code;

	s2_printer_init(&l->printer, s2_format_find(lines ? "jsonl" : "json"), s2_annotators,
			input->lost, l->out);
	l->printer.list = "slots";
	l->printer.format->begin(&l->printer, &image);
	code = s2_each_table(input, l->tables->table, l->tables->n, slots_table, l, ret, err);
	s2_input_end_rows(input, &l->printer, !*ret);
	return code;
}

static enum s2_exit list_slots(const struct s2_options *o, const struct s2_input *input,
			       struct s2_out *out, struct s2_err *err)
{
	s2_auto_free struct listing *l = calloc(1, sizeof(*l));
	enum s2_exit status = S2_EXIT_OK;
	enum s2_code code;
	bool document, lines;

	if (!l)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	l->color = s2_colors(o, out);
	s2_fold_text(o, out, strlen("0x123456789000"));
	document = s2_options_document(o, &lines);
	l->out = out;
	l->tables = &input->tables;
	code = document ? print_document(l, input, lines, &status, err) :
			  print_text(l, input, &status, err);
	return code ? s2_exit_of(code) : status;
}

static enum s2_exit run_slots(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = s2_input_open(o, o->args, o->nargs, &input, err);

	if (code)
		return s2_exit_of(code);
	status = s2_input_finish(&input, list_slots(o, &input, out, err));
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_slots = {
	.name = "slots",
	.args = "FILE",
	.help = "the memory of each virtual machine, one line per memslot",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_COLOR,
	.min_args = 1,
	.max_args = 1,
	.run = run_slots,
};
