// SPDX-License-Identifier: GPL-2.0-or-later
// What a value says, for people and programs.
#include "cmd/decoded.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/format.h"

/* ---- Text ---- */

#define BITS_TEXT 128 /* more pieces than any field has */
#define BITS_WIDTH 8  /* of one or two */
#define NAME_WIDTH 12
#define BESIDE_WIDTH 11 /* blanks, and the value in hex */

/* "[5:2]", or all pieces of a mask that lie apart: "[54:53,51,7:6]". Their number of characters. */
static size_t bits_text(uint64_t mask, char buf[BITS_TEXT])
{
	size_t len = 0;

	if (!mask)
		return (size_t)snprintf(buf, BITS_TEXT, "-");
	while (mask && len < BITS_TEXT - sizeof(",63:62]")) {
		unsigned int high = 63 - (unsigned int)__builtin_clzll(mask), low = high;

		while (low && (mask & BIT64(low - 1)))
			low--;
		mask &= ~BITS64(high, low);
		len += (size_t)snprintf(buf + len, BITS_TEXT - len, "%c%u", len ? ',' : '[', high);
		if (low < high)
			len += (size_t)snprintf(buf + len, BITS_TEXT - len, ":%u", low);
	}
	return len + (size_t)snprintf(buf + len, BITS_TEXT - len, "]");
}

static unsigned int bits_width(const struct s2_decoded *d)
{
	unsigned int width = BITS_WIDTH;
	char bits[BITS_TEXT];

	for (unsigned int i = 0; i < d->nfields; i++) {
		size_t len = bits_text(d->field[i].mask, bits);

		if (len > width)
			width = (unsigned int)len;
	}
	return width;
}

static unsigned int names_width(const struct s2_decoded *d)
{
	size_t width = NAME_WIDTH;

	for (unsigned int i = 0; i < d->nfields; i++)
		if (strlen(d->field[i].name) > width)
			width = strlen(d->field[i].name);
	return (unsigned int)width;
}

static void print_field(struct s2_out *out, const struct s2_decoded_field *f, unsigned int width,
			unsigned int names)
{
	char bits[BITS_TEXT];

	bits_text(f->mask, bits);
	s2_out_str(out, "  ");
	s2_out_pad(out, bits, width);
	s2_out_str(out, " ");
	s2_out_pad(out, f->name, names);
	s2_out_printf(out, " 0x%-4" PRIx64, f->value);
	if (f->text)
		s2_out_printf(out, " %s", f->text);
	if (f->meaning)
		s2_out_printf(out, " (%s)", f->meaning);
	s2_out_str(out, "\n");
}

static void print_geometry(struct s2_out *out, const struct s2_geometry *geom)
{
	s2_out_printf(out,
		      "  = granule %uK, %s %u bits, start level %d x%u (%" PRIu64
		      " bytes), PA %u bits\n",
		      1U << (geom->page_log2 - 10), geom->arch->ia_name, geom->ia_bits,
		      s2_level(geom, geom->top), geom->start_tables, geom->start_size,
		      geom->oa_bits);
	for (unsigned int i = 0; i < geom->arch->ngeom_odds; i++)
		if (geom->odd & geom->arch->geom_odds[i].bit)
			s2_out_printf(out, "  ! %s: %s\n", geom->arch->geom_odds[i].name,
				      geom->arch->geom_odds[i].meaning);
}

/* A register in the letters of the architecture's manual. */
static void print_register(struct s2_out *out, const char *name, uint64_t value)
{
	for (; *name; name++)
		s2_out_printf(out, "%c", toupper((unsigned char)*name));
	s2_out_printf(out, " 0x%" PRIx64 "\n", value);
}

static const char *type_of(const struct s2_decoded *d)
{
	return d->meaning.type ? s2_soft_type_name(d->meaning.type) : s2_type_name(d->entry.type);
}

/* Where it leads, or would. */
static bool has_address(const struct s2_decoded *d)
{
	return s2_is_leaf(d->entry.type) || d->meaning.type == S2_SOFT_TRACKED;
}

static uint64_t address_of(const struct s2_decoded *d)
{
	return d->meaning.type ? d->meaning.address : d->entry.oa;
}

static void print_descriptor(struct s2_out *out, const struct s2_decoded *d)
{
	const struct s2_geometry *geom = &d->geom;
	const struct s2_entry *entry = &d->entry;

	s2_out_printf(out, "stage %d descriptor 0x%" PRIx64 " at level %d, granule %uK: %s\n",
		      (int)d->arch->stage, d->value, s2_level(geom, d->height),
		      1U << (geom->page_log2 - 10), type_of(d));
	if (entry->type == S2_TABLE)
		s2_out_printf(out, "  next table 0x%" PRIx64 "\n", entry->oa);
	if (has_address(d)) {
		uint64_t all = s2_entry_size(geom, d->height);
		uint64_t within = s2_within_oa(geom, address_of(d), all);
		struct s2_size_text size = s2_size_text(all);

		s2_out_printf(out, "  output address 0x%" PRIx64 ", %" PRIu64 "%c", address_of(d),
			      size.n, size.unit);
		if (within && within < all) {
			size = s2_size_text(within);
			s2_out_printf(out, ", of which %" PRIu64 "%c map and the rest faults",
				      size.n, size.unit);
		}
		s2_out_str(out, "\n");
	}
	if (entry->type == S2_INVALID_ENTRY && !d->meaning.type &&
	    s2_says_something(geom, d->value))
		s2_out_printf(out, "  software payload 0x%" PRIx64 "\n", d->value);
}

/* Fields, what follows of one below what its value means. */
static void print_fields(struct s2_out *page, struct s2_out *out, const struct s2_decoded *d)
{
	unsigned int width = bits_width(d), names = names_width(d);

	for (unsigned int i = 0; i < d->nfields; i++)
		print_field(page, &d->field[i], width, names);
	s2_text_wrap_page(page, out, 0, width + names + BESIDE_WIDTH);
}

void s2_decoded_text(struct s2_out *page, struct s2_out *out, const struct s2_decoded *d)
{
	if (d->descriptor)
		print_descriptor(page, d);
	else
		print_register(page, d->as, d->value);
	s2_text_wrap_page(page, out, 2, 4);
	print_fields(page, out, d);
	if (d->res0)
		s2_out_printf(page, "  RES0 bits set: 0x%" PRIx64 "\n", d->res0);
	for (unsigned int i = 0; d->descriptor && i < s2_nodds; i++)
		if (d->entry.odd & s2_odds[i].bit)
			s2_out_printf(page, "  ! %s: %s\n", s2_odds[i].name, s2_odds[i].meaning);
	if (d->shapes && !d->shaped)
		s2_out_printf(page, "  = refused: %s\n", d->refused.text);
	else if (d->shaped)
		print_geometry(page, &d->geom);
	s2_text_wrap_page(page, out, 2, 4);
}

/* ---- JSON ---- */

static void json_fields(struct s2_json *json, const struct s2_decoded *d)
{
	s2_json_open(json, "fields", '[');
	for (unsigned int i = 0; i < d->nfields; i++) {
		const struct s2_decoded_field *f = &d->field[i];

		s2_json_open(json, NULL, '{');
		s2_json_text(json, "name", f->name);
		s2_json_hex_if(json, "mask", f->mask, f->mask);
		s2_json_hex(json, "value", f->value);
		s2_json_text(json, "text", f->text);
		s2_json_text(json, "meaning", f->meaning);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

/* What a descriptor alone has, null in a register. */
static void descriptor_members(struct s2_json *json, const struct s2_decoded *d)
{
	static const char *const names[] = { "level", "granule", "type", "oa", "size" };
	const struct s2_geometry *geom = &d->geom;

	s2_json_word(json, "format", d->descriptor ? d->arch->format : NULL);
	for (unsigned int i = 0; !d->descriptor && i < ARRAY_SIZE(names); i++)
		s2_json_null(json, names[i]);
	if (!d->descriptor)
		return;
	s2_json_signed(json, "level", s2_level(geom, d->height));
	s2_json_number(json, "granule", BIT64(geom->page_log2));
	s2_json_word(json, "type", type_of(d));
	s2_json_hex_if(json, "oa", has_address(d) || d->entry.type == S2_TABLE, address_of(d));
	s2_json_size(json, "size", s2_entry_size(geom, d->height));
}

/* What a register makes of a table, null when it makes none. */
static void shape_members(struct s2_json *json, const struct s2_decoded *d)
{
	static const char *const names[] = { "ia_bits", "oa_bits", "start_level", "start_tables" };
	bool shaped = d->shaped;

	for (unsigned int i = 0; !shaped && i < ARRAY_SIZE(names); i++)
		s2_json_null(json, names[i]);
	if (shaped) {
		s2_json_number(json, "ia_bits", d->geom.ia_bits);
		s2_json_number(json, "oa_bits", d->geom.oa_bits);
		s2_json_signed(json, "start_level", s2_level(&d->geom, d->geom.top));
		s2_json_number(json, "start_tables", d->geom.start_tables);
	}
	s2_json_text(json, "refused", d->shapes && !d->shaped ? d->refused.text : NULL);
}

void s2_decoded_json(struct s2_json *json, const struct s2_decoded *d)
{
	s2_json_item(json, "decoded");
	s2_json_hex(json, "value", d->value);
	s2_json_word(json, "as", d->as);
	descriptor_members(json, d);
	shape_members(json, d);
	json_fields(json, d);
	if (d->descriptor)
		s2_json_odds(json, "odd", s2_odds, s2_nodds, d->entry.odd);
	else if (d->shaped)
		s2_json_odds(json, "odd", d->geom.arch->geom_odds, d->geom.arch->ngeom_odds,
			     d->geom.odd);
	else
		s2_json_odds(json, "odd", NULL, 0, 0);
	s2_json_item_end(json);
}
