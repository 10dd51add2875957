// SPDX-License-Identifier: GPL-2.0-or-later
// The formats json and jsonl: tables and their rows, streamed.
#include "format/format.h"

#include "base/num.h"
#include "format/text.h"
#include "model/private.h"
#include "model/slots.h"

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	(void)format;
	(void)geom;
	return S2_SHOW_ALL;
}

/* ---- Rows ---- */

/* What the descriptor says beside rights: the members are those of the format, whatever the
 * registers turn on. */
static void attribute_members(struct s2_json *json, const struct s2_printer *printer,
			      const struct s2_run *run, bool leaf)
{
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		const char *name = printer->of.attr[i].name;
		uint64_t value;

		if (!leaf || !attr || (attr->blocks_only && !run->height)) {
			s2_json_null(json, name);
			continue;
		}
		value = s2_attr_get(attr, printer->geom, run->height, run->entry.raw);
		if (attr->values) {
			s2_json_key(json, name);
			s2_out_str(json->out, s2_attr_value(attr, value)->json);
		} else if (attr->in_place) {
			s2_json_hex(json, name, value);
		} else {
			s2_json_number(json, name, value);
		}
	}
}

/* What the table's software means: members of tables that have one. */
static void soft_members(struct s2_json *json, const struct s2_printer *printer,
			 const struct s2_run *run)
{
	const struct s2_soft_ops *soft = printer->geom->soft.ops;
	const struct s2_meaning *meaning = &run->meaning;
	char rights[S2_TEXT_RIGHTS_LEN];

	if (!soft)
		return;
	s2_json_hex_if(json, soft->address, meaning->placed, meaning->address);
	for (unsigned int i = 0; i < S2_SOFT_VALUES && soft->value[i]; i++) {
		s2_json_number_if(json, soft->value[i], meaning->known & BIT64(i),
				  meaning->value[i]);
	}
	s2_text_rights(&meaning->saved, false, rights);
	s2_json_word(json, "saved_rights", meaning->saved.known ? rights : NULL);
}

/* A value that is no text, as values of its kind are written. */
static void number_member(struct s2_json *json, const char *name, enum s2_kind kind,
			  uint64_t number)
{
	switch (kind) {
	case S2_KIND_HEX:
		s2_json_hex(json, name, number);
		break;
	case S2_KIND_BOOL:
		s2_json_bool(json, name, number);
		break;
	case S2_KIND_SIGNED:
		s2_json_signed(json, name, (int64_t)number);
		break;
	default:
		s2_json_number(json, name, number);
		break;
	}
}

void s2_json_member(struct s2_json *json, const struct s2_row_member *member,
		    const struct s2_label *label)
{
	struct s2_value value = { .known = false };

	member->get(label, &value);
	if (!value.known) {
		s2_json_null(json, member->json);
		return;
	}
	if (member->kind == S2_KIND_STRING)
		s2_json_word(json, member->json, value.text);
	else
		number_member(json, member->json, member->kind, value.number);
}

/* What annotators say, all of them. */
static void label_members(struct s2_json *json, const struct s2_printer *printer,
			  const struct s2_row *row)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);

		for (size_t k = 0; k < ops->nmembers; k++)
			s2_json_member(json, &ops->members[k], label);
	}
}

static void column(struct s2_json *json, const struct s2_printer *printer,
		   const struct s2_row_name *name, const struct s2_row *row)
{
	struct s2_member_value value;
	struct s2_text_flags flags;

	if (name->id == S2_MEMBER_FLAGS) {
		s2_ptdump_flags(printer, &row->run, &flags);
		s2_json_text(json, name->name, flags.len ? flags.text : NULL);
		return;
	}
	if (name->id == S2_MEMBER_ODD) {
		s2_json_odds(json, name->name, s2_odds, s2_nodds, row->run.entry.odd);
		return;
	}
	s2_member_get(&printer->of, name, row, &value);
	if (value.known != S2_VALUE_KNOWN) {
		s2_json_null(json, name->name);
		return;
	}
	if (value.kind == S2_KIND_STRING)
		s2_json_text(json, name->name, value.text);
	else if (value.past && value.kind == S2_KIND_HEX)
		s2_json_text(json, name->name, S2_PAST_TEXT);
	else if (value.past)
		s2_json_size(json, name->name, 0);
	else
		number_member(json, name->name, value.kind, value.number);
}

void s2_json_row(struct s2_json *json, const struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	bool leaf = !run->missing && s2_is_leaf(run->entry.type);
	bool mapped = leaf && s2_run_mapped(printer->geom, run);
	bool placed = s2_run_placed(run, mapped);
	struct s2_rights rights;

	s2_json_hex(json, "ia", run->ia);
	s2_json_size(json, "size", run->size);
	s2_json_signed(json, "level", s2_level(printer->geom, run->height));
	s2_json_word(json, "type", s2_run_type(run));
	if (run->missing)
		s2_json_null(json, "mapped");
	else
		s2_json_bool(json, "mapped", mapped);
	s2_json_hex_if(json, "pa", placed && row->pieces == 1, run->entry.oa);
	s2_json_number_if(json, "pieces", placed, row->pieces);
	if (mapped)
		rights = s2_printer_rights(printer, run);
	s2_json_rights(json, mapped ? &rights : NULL);
	attribute_members(json, printer, run, leaf);
	soft_members(json, printer, run);
	label_members(json, printer, row);
	s2_json_number(json, "count", run->count);
	s2_json_hex_if(json, "raw", !run->missing, run->entry.raw);
	s2_json_hex_if(json, "descriptor_pa", run->desc_pa != S2_NO_ADDRESS, run->desc_pa);
	s2_json_word(json, "missing", run->missing ? s2_code_name(run->missing) : NULL);
	s2_json_odds(json, "odd", s2_odds, s2_nodds, run->entry.odd);
}

static void effective_members(struct s2_json *json, const struct s2_effective_row *row)
{
	struct s2_rights rights;

	s2_json_hex(json, "ia", row->va);
	s2_json_size(json, "size", row->size);
	s2_json_word(json, "type", row->missing ? "missing" : row->allowed ? "mapped" : "fault");
	if (row->missing)
		s2_json_null(json, "mapped");
	else
		s2_json_bool(json, "mapped", row->allowed);
	s2_json_hex_if(json, "pa", row->allowed && row->pieces == 1, row->pa);
	s2_json_number_if(json, "pieces", row->allowed, row->pieces);
	rights = s2_effective_rights(row);
	s2_json_rights(json, row->allowed ? &rights : NULL);
	s2_json_key(json, S2_MEMORY_NAME);
	s2_out_str(json->out, row->memory ? row->memory->json : "null");
	s2_json_key(json, "sh");
	s2_out_str(json->out, row->shareability ? row->shareability->json : "null");
	s2_json_hex_if(json, "attr", row->memory, row->attr);
	s2_json_word(json, "missing", row->missing ? s2_code_name(row->missing) : NULL);
	if (row->missing) {
		s2_json_number(json, "stage", row->missing_stage);
		s2_json_signed(json, "level", row->missing_level);
	} else {
		s2_json_null(json, "stage");
		s2_json_null(json, "level");
	}
	s2_json_hex_if(json, "descriptor_pa", row->missing && row->missing_pa != S2_NO_ADDRESS,
		       row->missing_pa);
}

/* ---- Tables ---- */

static void slot_members(struct s2_json *json, const struct s2_table *table,
			 const struct s2_slot *slot)
{
	uint64_t bytes = 0;
	bool known = s2_private_bytes(table, slot->ipa, slot->size, &bytes);

	s2_json_signed(json, "id", slot->id);
	s2_json_number(json, "as", slot->as);
	s2_json_hex(json, "ipa", slot->ipa);
	s2_json_number(json, "size", slot->size);
	s2_json_hex(json, "hva", slot->hva);
	s2_json_bool(json, "readonly", slot->flags & S2_SLOT_READONLY);
	s2_json_bool(json, "log", slot->flags & S2_SLOT_LOG);
	s2_json_bool(json, "gmem", slot->flags & S2_SLOT_GMEM);
	s2_json_number_if(json, "private_bytes", known, bytes);
}

static void register_members(struct s2_json *json, const struct s2_table *table)
{
	s2_json_open(json, "registers", '{');
	for (unsigned int i = 0; i < table->regime.arch->nclaims; i++)
		if (s2_regime_shows(&table->regime, i))
			s2_json_hex(json, table->regime.arch->claims[i].name,
				    table->regime.value[i]);
	s2_json_close(json, '}');
}

static void feature_members(struct s2_json *json, const struct s2_geometry *geom)
{
	s2_json_open(json, "features", '{');
	for (unsigned int i = 0; i < geom->arch->nfeatures; i++) {
		const struct s2_feature *feature = &geom->arch->features[i];

		if (geom->flags & feature->yes)
			s2_json_bool(json, feature->name, true);
		else if (!feature->no || geom->flags & feature->no)
			s2_json_bool(json, feature->name, false);
		else
			s2_json_null(json, feature->name);
	}
	s2_json_close(json, '}');
}

static void number_or_null(struct s2_json *json, const char *name, int64_t value)
{
	if (value < 0)
		s2_json_null(json, name);
	else
		s2_json_signed(json, name, value);
}

/* As it stands in output, or null. */
static void tristate_member(struct s2_json *json, const char *name, enum s2_tristate value)
{
	if (value == S2_UNKNOWN)
		s2_json_null(json, name);
	else
		s2_json_bool(json, name, value == S2_YES);
}

static void vcpu_members(struct s2_json *json, const struct s2_vm_vcpu *vcpu)
{
	s2_json_number(json, "index", vcpu->index);
	s2_json_word(json, "state", s2_vcpu_state_text(vcpu->state));
	number_or_null(json, "cpu", vcpu->have_cpu ? vcpu->cpu : -1);
	number_or_null(json, "pid", vcpu->have_pid ? vcpu->pid : -1);
	s2_json_hex(json, "address", vcpu->va);
}

/* "vcpu": what is known of each. */
static void vcpus_member(struct s2_json *json, const struct s2_vm *vm)
{
	if (!vm->have_vcpus) {
		s2_json_null(json, "vcpu");
		return;
	}
	s2_json_open(json, "vcpu", '[');
	for (size_t i = 0; i < vm->nvcpus; i++) {
		s2_json_open(json, NULL, '{');
		vcpu_members(json, &vm->vcpu[i]);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

/* What slots add up to. */
static void ram_members(struct s2_json *json, const struct s2_table *table)
{
	const struct s2_slot_sums sums = s2_slots_sums(table);

	if (!table->have_slots) {
		s2_json_null(json, "ram");
		s2_json_null(json, "slots_readonly");
		s2_json_null(json, "slots_log");
		s2_json_null(json, "slots_gmem");
		return;
	}
	s2_json_number(json, "ram", sums.bytes);
	s2_json_number(json, "slots_readonly", sums.readonly);
	s2_json_number(json, "slots_log", sums.log);
	s2_json_number(json, "slots_gmem", sums.gmem);
}

static void vm_member(struct s2_json *json, const struct s2_table *table)
{
	static const struct s2_vm unknown = { .unnamed = "only its table is known" };
	const struct s2_vm *vm = table->vm ? table->vm : &unknown;

	if (!s2_table_is_vms(table)) {
		s2_json_null(json, "vm");
		return;
	}
	s2_json_open(json, "vm", '{');
	s2_json_text(json, "name", *vm->name ? vm->name : NULL);
	s2_json_word(json, "name_from", s2_vm_named_text(vm->named));
	s2_json_text(json, "name_missing", *vm->unnamed ? vm->unnamed : NULL);
	number_or_null(json, "pid", table->pid);
	s2_json_text(json, "comm", *vm->comm ? vm->comm : NULL);
	number_or_null(json, "vmid", table->have_vmid ? (int64_t)table->vmid : -1);
	number_or_null(json, "vcpus", table->vcpus);
	s2_json_text(json, "guest_release", *vm->guest_release ? vm->guest_release : NULL);
	s2_json_text(json, "guest_searched", *vm->guest_searched ? vm->guest_searched : NULL);
	tristate_member(json, "guest_unknown",
			!*vm->guest_searched ? S2_UNKNOWN :
			vm->guest_unknown    ? S2_YES :
					       S2_NO);
	s2_json_word(json, "state", s2_vm_state_text(vm->state));
	s2_json_hex_if(json, "handle", table->have_handle, table->handle);
	tristate_member(json, "protected", vm->is_protected);
	tristate_member(json, "created", vm->is_created);
	tristate_member(json, "dying", vm->is_dying);
	ram_members(json, table);
	s2_json_hex_if(json, "address", vm->va, vm->va);
	vcpus_member(json, vm);
	s2_json_close(json, '}');
}

static void annotators_member(struct s2_json *json, const struct s2_table *table)
{
	s2_json_open(json, "annotators", '[');
	for (unsigned int i = 0; i < table->nannotators; i++)
		s2_out_printf(json->out, "%s\"%s\"", i ? "," : "", table->annotator[i].ops->name);
	s2_json_close(json, ']');
}

/* What the table shadows: registers of a guest hypervisor. */
static void shadows_member(struct s2_json *json, const struct s2_table *table)
{
	if (!table->shadow[S2_SHADOW_CONTROL]) {
		s2_json_null(json, "shadows");
		return;
	}
	s2_json_open(json, "shadows", '{');
	for (unsigned int i = 0; i < S2_NSHADOWS; i++)
		s2_json_hex(json, table->regime.arch->shadows[i].name, table->shadow[i]);
	s2_json_close(json, '}');
}

/* From "granule" to "start_tables"; not known of every VM that has no table yet. */
static void geometry_members(struct s2_json *json, const struct s2_geometry *geom)
{
	static const char *const names[] = { "granule", "ia_bits", "oa_bits", "start_level",
					     "start_tables" };
	const int64_t values[ARRAY_SIZE(names)] = { INT64_C(1) << geom->page_log2, geom->ia_bits,
						    geom->oa_bits, s2_level(geom, geom->top),
						    geom->start_tables };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (geom->heights)
			s2_json_signed(json, names[i], values[i]);
		else
			s2_json_null(json, names[i]);
	}
}

/* From "id" to "odd". */
static void table_members(struct s2_json *json, const struct s2_table *table,
			  const struct s2_geometry *geom)
{
	s2_json_text(json, "id", table->id);
	s2_json_text(json, "kind", table->kind);
	s2_json_word(json, "arch", geom->arch->name);
	s2_json_word(json, "format",
		     geom->arch->stage == S2_STAGE_2 ? geom->arch->format : "stage1");
	s2_json_number(json, "stage", geom->arch->stage);
	geometry_members(json, geom);
	s2_json_hex_if(json, "root", !table->bare, table->root_pa);
	register_members(json, table);
	feature_members(json, geom);
	s2_json_word(json, "soft", geom->soft.ops ? geom->soft.ops->name : NULL);
	annotators_member(json, table);
	vm_member(json, table);
	s2_json_text(json, "found", *table->found ? table->found : NULL);
	shadows_member(json, table);
	s2_json_odds(json, "odd", geom->arch->geom_odds, geom->arch->ngeom_odds, geom->odd);
}

static void slots_members(struct s2_json *json, const struct s2_table *table)
{
	if (!table->have_slots) {
		s2_json_null(json, "slots");
		return;
	}
	if (json->lines) {
		s2_json_number(json, "slots", table->nslots);
		return;
	}
	s2_json_open(json, "slots", '[');
	for (size_t i = 0; i < table->nslots; i++) {
		s2_json_open(json, NULL, '{');
		slot_members(json, table, &table->slot[i]);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

/* Begins an object that belongs to the table in lines, and lies in its array in a document. */
static void part_begin(struct s2_printer *printer, const char *record)
{
	struct s2_json *json = &printer->json;

	s2_json_item(json, record);
	if (json->lines)
		s2_json_text(json, "table", printer->table->id);
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	struct s2_json *json = &printer->json;

	s2_json_item(json, "table");
	table_members(json, table, geom);
	slots_members(json, table);
	if (!json->lines) {
		if (!printer->list)
			s2_json_open(json, "ranges", '[');
		return;
	}
	s2_json_item_end(json);
	for (size_t i = 0; table->have_slots && i < table->nslots; i++) {
		part_begin(printer, "slot");
		slot_members(json, table, &table->slot[i]);
		s2_json_item_end(json);
	}
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	part_begin(printer, "range");
	if (!printer->columns)
		s2_json_row(&printer->json, printer, row);
	for (unsigned int i = 0; printer->columns && i < printer->columns->n; i++)
		column(&printer->json, printer, &printer->columns->member[i], row);
	s2_json_item_end(&printer->json);
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	part_begin(printer, "range");
	effective_members(&printer->json, row);
	s2_json_item_end(&printer->json);
}

static void pages_member(struct s2_json *json, const struct s2_printer *printer,
			 const struct s2_totals *end)
{
	if (printer->effective) {
		s2_json_null(json, "pages");
		return;
	}
	s2_json_open(json, "pages", '[');
	for (unsigned int height = S2_MAX_HEIGHTS; height-- > 0;) {
		if (!end->pages[height])
			continue;
		s2_json_open(json, NULL, '{');
		s2_json_number(json, "size", s2_entry_size(printer->geom, height));
		s2_json_number(json, "count", end->pages[height]);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

/* @end may be NULL: nothing was walked. */
static void end_members(struct s2_json *json, const struct s2_printer *printer,
			const struct s2_totals *end)
{
	if (!end) {
		s2_json_null(json, "complete");
		s2_json_null(json, "totals");
		return;
	}
	s2_json_bool(json, "complete", end->complete);
	s2_json_open(json, "totals", '{');
	s2_json_number(json, "mapped_bytes", end->mapped);
	s2_json_number(json, "missing_bytes", end->missing);
	s2_json_number(json, "table_pages", end->tables);
	s2_json_number(json, "odd_tables", end->odd_tables);
	s2_json_hex_if(json, "first_odd_table", end->odd_tables, end->odd_pa);
	pages_member(json, printer, end);
	s2_json_close(json, '}');
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	struct s2_json *json = &printer->json;

	struct s2_totals none;

	s2_totals_init(&none);
	/* Of a table that is not there yet nothing is missing. */
	if (!end && printer->table->bare && !printer->list)
		end = &none;
	if (json->lines)
		part_begin(printer, "end");
	else if (!printer->list)
		s2_json_close(json, ']');
	end_members(json, printer, end);
	s2_json_item_end(json);
}

static void start(struct s2_printer *printer, const struct s2_image *image, bool lines)
{
	s2_json_begin(&printer->json, printer->out, lines, printer->list ? printer->list : "dump",
		      "tables", image);
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	start(printer, image, false);
}

static void begin_lines(struct s2_printer *printer, const struct s2_image *image)
{
	start(printer, image, true);
}

static void end(struct s2_printer *printer, bool complete)
{
	s2_json_end(&printer->json, complete, printer->lost, NULL);
}

const struct s2_format s2_format_json = {
	.name = "json",
	.help = "one JSON document, see s2dump-json(5)",
	.general = true,
	.document = true,
	.picks = true,
	.annotated = true,
	.merge = S2_MERGE_PA,
	.show = show,
	.begin = begin,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};

const struct s2_format s2_format_jsonl = {
	.name = "jsonl",
	.help = "one JSON object per line, see s2dump-json(5)",
	.general = true,
	.document = true,
	.picks = true,
	.lines = true,
	.annotated = true,
	.merge = S2_MERGE_PA,
	.show = show,
	.begin = begin_lines,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};
