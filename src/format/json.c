// SPDX-License-Identifier: GPL-2.0-or-later
// JSON and JSON lines, streamed. Headers go through jansson; ranges are written by hand (bench/), a
// test proves them equal.
#include <jansson.h>
#include <string.h>

#include "config.h"
#include "format/format.h"

/* Appends @value's JSON text and drops the reference. */
static void put(struct s2_out *out, json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	s2_out_str(out, text ? text : "null");
	free(text);
	json_decref(value);
}

/* The length of the UTF-8 character at @p (at most @left bytes), 0 when it is none. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	json_t *probe;

	for (size_t n = 1; n <= 4 && n <= left; n++) {
		probe = json_stringn((const char *)p, n);
		if (probe) {
			json_decref(probe);
			return n;
		}
	}
	return 0;
}

void s2_json_string(struct s2_out *out, const char *text)
{
	json_t *value = json_string(text);
	char clean[4096];
	size_t len = 0, left;

	if (value) {
		put(out, value);
		return;
	}
	/* A file name need not be UTF-8, JSON must be. */
	for (left = strlen(text); left && len + 4 < sizeof(clean);) {
		size_t n = utf8_len((const unsigned char *)text, left);

		memcpy(clean + len, n ? text : "\xef\xbf\xbd", n ? n : 3);
		len += n ? n : 3;
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	put(out, json_stringn(clean, len));
}

static void hex_string(struct s2_out *out, uint64_t value)
{
	s2_out_str(out, "\"");
	s2_out_hex(out, value, 1);
	s2_out_str(out, "\"");
}

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	(void)format;
	(void)geom;
	return S2_SHOW_ALL;
}

static void odd_array(struct s2_out *out, const struct s2_odd_row *rows, unsigned int n,
		      uint32_t odd)
{
	const char *lead = "[";

	for (unsigned int i = 0; odd && i < n; i++) {
		if (!(odd & rows[i].bit))
			continue;
		s2_out_str(out, lead);
		s2_out_printf(out, "\"%s\"", rows[i].name);
		lead = ",";
	}
	s2_out_str(out, *lead == '[' ? "[]" : "]");
}

static void put_slots(struct s2_out *out, const struct s2_table *table)
{
	s2_out_str(out, ",\"memslots\":[");
	for (size_t i = 0; i < table->nslots; i++) {
		const struct s2_slot *slot = &table->slot[i];

		s2_out_printf(out, "%s{\"id\":%d,\"ipa\":", i ? "," : "", slot->id);
		hex_string(out, slot->ipa);
		s2_out_printf(out, ",\"size\":%llu,\"hva\":", (unsigned long long)slot->size);
		hex_string(out, slot->hva);
		s2_out_printf(out, ",\"readonly\":%s,\"log_dirty\":%s,\"gmem\":%s}",
			      slot->flags & 2 ? "true" : "false",
			      slot->flags & 1 ? "true" : "false",
			      slot->flags & S2_SLOT_GMEM ? "true" : "false");
	}
	s2_out_str(out, "]");
}

static void put_features(struct s2_out *out, const struct s2_geometry *geom)
{
	for (unsigned int i = 0; i < geom->arch->nfeatures; i++) {
		const struct s2_feature *feature = &geom->arch->features[i];

		s2_out_printf(out, ",\"%s\":%s", feature->name,
			      geom->flags & feature->yes                ? "true" :
			      !feature->no || geom->flags & feature->no ? "false" :
									  "null");
	}
}

void s2_json_table_head(struct s2_out *out, const struct s2_table *table,
			const struct s2_geometry *geom)
{
	const char *lead = "";

	s2_out_str(out, "\"id\":");
	s2_json_string(out, table->id);
	s2_out_str(out, ",\"kind\":");
	s2_json_string(out, table->kind);
	s2_out_printf(
		out,
		",\"arch\":\"%s\",\"granule\":%u,\"ia_bits\":%u,\"oa_bits\":%u,\"start_level\":%d,\"start_tables\":%u",
		geom->arch->name, 1U << geom->page_log2, geom->ia_bits, geom->oa_bits,
		s2_level(geom, geom->top), geom->start_tables);
	put_features(out, geom);
	s2_out_str(out, ",\"root\":");
	hex_string(out, table->root_pa);
	s2_out_str(out, ",\"registers\":{");
	for (unsigned int i = 0; i < geom->arch->nclaims; i++) {
		if (!s2_regime_shows(&table->regime, i))
			continue;
		s2_out_printf(out, "%s\"%s\":\"0x%llx\"", lead, geom->arch->claims[i].name,
			      (unsigned long long)table->regime.value[i]);
		lead = ",";
	}
	s2_out_str(out, "}");
	if (table->pid >= 0)
		s2_out_printf(out, ",\"pid\":%lld", (long long)table->pid);
	if (table->vcpus >= 0)
		s2_out_printf(out, ",\"vcpus\":%lld", (long long)table->vcpus);
	if (*table->found) {
		s2_out_str(out, ",\"found\":");
		s2_json_string(out, table->found);
	}
	if (table->guest_vtcr) {
		s2_out_str(out, ",\"guest_vttbr\":");
		hex_string(out, table->guest_vttbr);
		s2_out_str(out, ",\"guest_vtcr\":");
		hex_string(out, table->guest_vtcr);
	}
	if (table->have_handle)
		s2_out_printf(out, ",\"handle\":\"0x%x\"", table->handle);
	if (table->have_slots)
		put_slots(out, table);
	s2_out_str(out, ",\"odd\":");
	odd_array(out, s2_geom_odds, s2_ngeom_odds, geom->odd);
}

static void leaf_members(struct s2_out *out, const struct s2_printer *printer,
			 const struct s2_run *run)
{
	s2_out_str(out, ",\"pa\":");
	hex_string(out, run->entry.oa);
	s2_out_str(out,
		   run->pa_contiguous ? ",\"pa_contiguous\":true" : ",\"pa_contiguous\":false");
	for (unsigned int i = 0; i < printer->nattrs; i++) {
		const struct s2_attr *attr = printer->attr[i];
		uint64_t value = s2_attr_get(attr, printer->geom, run->entry.raw);

		if (attr->blocks_only && !run->height)
			continue;
		s2_out_str(out, ",\"");
		s2_out_str(out, attr->name);
		s2_out_str(out, "\":");
		if (attr->values)
			s2_out_str(out, s2_attr_value(attr, value)->json);
		else
			s2_out_dec(out, value, 0);
	}
}

static void put_value(struct s2_out *out, enum s2_kind kind, const struct s2_value *value)
{
	switch (kind) {
	case S2_KIND_STRING:
		s2_out_str(out, "\"");
		s2_out_str(out, value->text);
		s2_out_str(out, "\"");
		break;
	case S2_KIND_NUMBER:
		s2_out_dec(out, value->number, 0);
		break;
	case S2_KIND_HEX:
		hex_string(out, value->number);
		break;
	case S2_KIND_BOOL:
		s2_out_str(out, value->number ? "true" : "false");
		break;
	}
}

/* What annotators say, all of them: a member that does not apply is null, or is left out. */
static void label_members(struct s2_out *out, const struct s2_printer *printer,
			  const struct s2_row *row)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);

		for (size_t k = 0; k < ops->nmembers; k++) {
			const struct s2_row_member *member = &ops->members[k];
			struct s2_value value;

			member->get(label, &value);
			if (value.is == S2_VALUE_LEFT_OUT)
				continue;
			s2_out_str(out, ",\"");
			s2_out_str(out, member->json);
			s2_out_str(out, "\":");
			if (value.is == S2_VALUE_KNOWN)
				put_value(out, member->kind, &value);
			else
				s2_out_str(out, "null");
		}
	}
}

void s2_json_row(struct s2_out *out, const struct s2_printer *printer, const struct s2_row *row)
{
	const struct s2_run *run = &row->run;
	bool leaf = !run->missing && s2_is_leaf(run->entry.type);

	s2_out_str(out, "{\"ia\":");
	hex_string(out, run->ia);
	s2_out_str(out, ",\"size\":");
	s2_out_dec(out, run->size, 0);
	s2_out_printf(out, ",\"level\":%d,\"type\":\"%s\"", s2_level(printer->geom, run->height),
		      run->missing ? "missing" : s2_type_name(run->entry.type));
	s2_out_str(out, run->missing ? ",\"valid\":null" :
			leaf         ? ",\"valid\":true" :
				       ",\"valid\":false");
	if (run->missing) {
		s2_out_printf(out, ",\"missing\":\"%s\",\"table\":", s2_code_name(run->missing));
		hex_string(out, run->table_pa);
	}
	if (leaf)
		leaf_members(out, printer, run);
	label_members(out, printer, row);
	s2_out_str(out, ",\"count\":");
	s2_out_dec(out, run->count, 0);
	if (!run->missing) {
		s2_out_str(out, ",\"raw\":");
		hex_string(out, run->entry.raw);
	}
	s2_out_str(out, ",\"odd\":");
	odd_array(out, s2_odds, s2_nodds, run->entry.odd);
	s2_out_str(out, "}");
}

static void problem_members(struct s2_out *out, const struct s2_loss *loss)
{
	s2_out_printf(out, "\"code\":\"%s\",\"what\":\"%s\",\"address\":", s2_code_name(loss->code),
		      s2_lost_name(loss->what, 1));
	if (loss->address == S2_LOST_NOWHERE)
		s2_out_str(out, "null");
	else
		hex_string(out, loss->address);
	s2_out_str(out, ",\"table\":");
	if (*loss->table)
		s2_json_string(out, loss->table);
	else
		s2_out_str(out, "null");
	s2_out_str(out, ",\"text\":");
	s2_json_string(out, loss->text);
}

void s2_json_problems(struct s2_out *out, const struct s2_lost *lost)
{
	s2_out_str(out, "\"problems\":[");
	for (size_t i = 0; lost && i < lost->n; i++) {
		s2_out_str(out, i ? ",\n {" : "\n {");
		problem_members(out, &lost->loss[i]);
		s2_out_str(out, "}");
	}
	s2_out_str(out, "]");
}

static void put_image(struct s2_out *out, const struct s2_image *image)
{
	s2_out_str(out, "{\"path\":");
	s2_json_string(out, image->path);
	s2_out_str(out, ",\"format\":");
	s2_json_string(out, image->format);
	s2_out_str(out, ",\"release\":");
	if (*image->release)
		s2_json_string(out, image->release);
	else
		s2_out_str(out, "null");
	if (image->incomplete)
		s2_out_str(out, ",\"incomplete\":true");
	if (*image->kvm_mode)
		s2_out_printf(out, ",\"kvm_mode\":\"%s\"", image->kvm_mode);
	s2_out_str(out, "}");
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	s2_out_printf(printer->out,
		      "{\"s2dump\":{\"version\":\"%s\",\"schema\":%d},\"image\":", S2DUMP_VERSION,
		      S2_JSON_SCHEMA);
	put_image(printer->out, image);
	s2_out_str(printer->out, ",\"tables\":[");
}

static void table(struct s2_printer *printer, const struct s2_table *table,
		  const struct s2_geometry *geom)
{
	s2_out_str(printer->out, printer->ntables ? ",\n{" : "\n{");
	s2_json_table_head(printer->out, table, geom);
	if (!printer->list)
		s2_out_str(printer->out, printer->effective ? ",\"effective\":[" : ",\"ranges\":[");
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	s2_out_str(printer->out, printer->nruns ? ",\n " : "\n ");
	s2_json_row(printer->out, printer, row);
}

/* One right of both levels: bits of row->allowed. */
static void right_member(struct s2_out *out, const char *name, unsigned int allowed,
			 enum s2_effective_access el1, enum s2_effective_access el0)
{
	s2_out_printf(out, ",\"%s\":{\"el1\":%s,\"el0\":%s}", name,
		      allowed & 1U << el1 ? "true" : "false",
		      allowed & 1U << el0 ? "true" : "false");
}

static void effective_row(struct s2_out *out, const struct s2_effective_row *row)
{
	/* PAR_EL1.SH; with the names of stage 1 and 2. */
	static const char *const sh[] = { "\"none\"", "\"reserved\"", "\"outer\"", "\"inner\"" };

	s2_out_str(out, "{\"ia\":");
	hex_string(out, row->va);
	s2_out_str(out, ",\"size\":");
	s2_out_dec(out, row->size, 0);
	if (row->missing) {
		s2_out_printf(out,
			      ",\"valid\":null,\"missing\":\"%s\",\"stage\":%u,\"level\":%d,"
			      "\"descriptor\":",
			      s2_code_name(row->missing), row->missing_stage, row->missing_level);
		hex_string(out, row->missing_pa);
		s2_out_str(out, "}");
		return;
	}
	s2_out_str(out, row->allowed ? ",\"valid\":true" : ",\"valid\":false");
	right_member(out, "read", row->allowed, S2_EL1_READ, S2_EL0_READ);
	right_member(out, "write", row->allowed, S2_EL1_WRITE, S2_EL0_WRITE);
	right_member(out, "exec", row->allowed, S2_EL1_EXEC, S2_EL0_EXEC);
	if (row->allowed) {
		s2_out_str(out, ",\"pa\":");
		hex_string(out, row->pa);
		s2_out_printf(out, ",\"pa_contiguous\":%s", row->pa_contiguous ? "true" : "false");
		if (row->attr_known)
			s2_out_printf(out, ",\"attr\":\"0x%x\",\"sh\":%s", row->attr, sh[row->sh]);
		else
			s2_out_str(out, ",\"attr\":null,\"sh\":null");
	}
	s2_out_str(out, "}");
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	s2_out_str(printer->out, printer->nruns ? ",\n " : "\n ");
	effective_row(printer->out, row);
}

static void put_end(struct s2_out *out, const struct s2_totals *end)
{
	s2_out_str(out, end->complete ? ",\"complete\":true" : ",\"complete\":false,\"why\":");
	if (!end->complete)
		s2_json_string(out, end->why);
	s2_out_printf(out, ",\"odd_tables\":%llu", (unsigned long long)end->odd_tables);
	s2_out_printf(out, ",\"missing_bytes\":%llu,\"table_pages\":%llu",
		      (unsigned long long)end->missing, (unsigned long long)end->tables);
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	if (!printer->list)
		s2_out_str(printer->out, "]");
	put_end(printer->out, end);
	s2_out_str(printer->out, "}");
}

static void end(struct s2_printer *printer)
{
	s2_out_str(printer->out, "],");
	s2_json_problems(printer->out, printer->lost);
	s2_out_str(printer->out, "}\n");
}

const struct s2_format s2_format_json = {
	.name = "json",
	.help = "one JSON document, see s2dump-json(5)",
	.annotated = true,
	.show = show,
	.begin = begin,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};

static void line_begin(struct s2_printer *printer, const struct s2_image *image)
{
	s2_out_printf(
		printer->out,
		"{\"record\":\"image\",\"s2dump\":{\"version\":\"%s\",\"schema\":%d},\"image\":",
		S2DUMP_VERSION, S2_JSON_SCHEMA);
	put_image(printer->out, image);
	s2_out_str(printer->out, "}\n");
}

static void line_table(struct s2_printer *printer, const struct s2_table *table,
		       const struct s2_geometry *geom)
{
	s2_out_str(printer->out, "{\"record\":\"table\",");
	s2_json_table_head(printer->out, table, geom);
	s2_out_str(printer->out, "}\n");
}

static void line_row(struct s2_printer *printer, const struct s2_row *row)
{
	s2_out_str(printer->out, "{\"record\":\"range\",\"table\":");
	s2_json_string(printer->out, printer->table->id);
	s2_out_str(printer->out, ",\"range\":");
	s2_json_row(printer->out, printer, row);
	s2_out_str(printer->out, "}\n");
}

static void line_effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	s2_out_str(printer->out, "{\"record\":\"effective\",\"table\":");
	s2_json_string(printer->out, printer->table->id);
	s2_out_str(printer->out, ",\"effective\":");
	effective_row(printer->out, row);
	s2_out_str(printer->out, "}\n");
}

static void line_table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	s2_out_str(printer->out, "{\"record\":\"end\",\"table\":");
	s2_json_string(printer->out, printer->table->id);
	put_end(printer->out, end);
	s2_out_str(printer->out, "}\n");
}

static void line_end(struct s2_printer *printer)
{
	for (size_t i = 0; printer->lost && i < printer->lost->n; i++) {
		s2_out_str(printer->out, "{\"record\":\"problem\",");
		problem_members(printer->out, &printer->lost->loss[i]);
		s2_out_str(printer->out, "}\n");
	}
}

const struct s2_format s2_format_jsonl = {
	.name = "jsonl",
	.help = "one JSON object per line: image, table, range, end",
	.annotated = true,
	.show = show,
	.begin = line_begin,
	.table = line_table,
	.row = line_row,
	.effective = line_effective,
	.table_end = line_table_end,
	.end = line_end,
};
