// SPDX-License-Identifier: GPL-2.0-or-later
// `decode`: one descriptor or register value, field by field, in words and numbers.
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "decode/soft.h"
#include "options.h"

/* "[5:2]", or the single bits of a mask that lies apart: "[51,7]". */
static void bits_text(uint64_t mask, char *buf, size_t size)
{
	unsigned int low = (unsigned int)__builtin_ctzll(mask);
	unsigned int high = 63 - (unsigned int)__builtin_clzll(mask);

	if (mask == BITS64(high, low))
		snprintf(buf, size, low == high ? "[%u]" : "[%u:%u]", high, low);
	else
		snprintf(buf, size, "[%u,%u]", high, low);
}

static void print_field(struct s2_out *out, uint64_t mask, const char *name, uint64_t value,
			const char *text, const char *meaning)
{
	char bits[16];

	bits_text(mask, bits, sizeof(bits));
	s2_out_str(out, "  ");
	s2_out_pad(out, bits, 8);
	s2_out_str(out, " ");
	s2_out_pad(out, name, 12);
	s2_out_printf(out, " 0x%-4" PRIx64, value);
	if (text)
		s2_out_printf(out, " %s", text);
	if (meaning)
		s2_out_printf(out, "%s(%s)", " ", meaning);
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
	for (unsigned int i = 0; i < s2_ngeom_odds; i++)
		if (geom->odd & s2_geom_odds[i].bit)
			s2_out_printf(out, "  ! %s: %s\n", s2_geom_odds[i].name,
				      s2_geom_odds[i].meaning);
}

/* A register in the letters of the architecture's manual. */
static void print_register(struct s2_out *out, const char *name, uint64_t value)
{
	for (; *name; name++)
		s2_out_printf(out, "%c", toupper((unsigned char)*name));
	s2_out_printf(out, " 0x%" PRIx64 "\n", value);
}

static void explain_register(struct s2_out *out, const struct s2_arch *arch, unsigned int claim,
			     uint64_t value)
{
	const struct s2_claim *row = &arch->claims[claim];
	struct s2_regime regime;
	struct s2_geometry geom;
	uint64_t known = 0;
	struct s2_err err;

	s2_err_init(&err);
	print_register(out, row->name, value);
	for (unsigned int i = 0; i < row->nfields; i++) {
		const struct s2_field *f = &row->fields[i];
		uint64_t v = field_get(f->mask, value);

		known |= f->mask;
		print_field(out, f->mask, f->name, v, f->values ? f->values[v] : NULL, f->meaning);
	}
	if (value & ~known)
		s2_out_printf(out, "  RES0 bits set: 0x%" PRIx64 "\n", value & ~known);
	if (!(row->use & S2_CLAIM_SHAPE))
		return;
	s2_regime_init(&regime, arch);
	s2_regime_set(&regime, claim, value);
	if (s2_shape(&regime, &geom, &err))
		s2_out_printf(out, "  = refused: %s\n", err.text);
	else
		print_geometry(out, &geom);
}

static void explain_attrs(struct s2_out *out, const struct s2_geometry *geom, unsigned int height,
			  const struct s2_entry *entry)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++) {
		const struct s2_attr_value *value;
		uint64_t v;

		if (!s2_attr_applies(attr, geom, s2_where(entry->type), height))
			continue;
		v = s2_attr_get(attr, geom, height, entry->raw);
		value = s2_attr_value(attr, v);
		if (!s2_attr_bits(attr, geom, height))
			s2_out_printf(out, "  %-8s %-12s 0x%-4" PRIx64 " %s (%s)\n", "-",
				      attr->name, v, value ? value->meaning : "", attr->field);
		else
			print_field(out, s2_attr_bits(attr, geom, height), attr->name, v,
				    value ? value->meaning : NULL, attr->field);
	}
}

static void explain_at(struct s2_out *out, const struct s2_geometry *geom, unsigned int height,
		       uint64_t raw)
{
	struct s2_entry entry;

	geom->arch->decode(geom, height, raw, &entry);
	s2_out_printf(out, "stage 2 descriptor 0x%" PRIx64 " at level %d, granule %uK: %s\n", raw,
		      s2_level(geom, height), 1U << (geom->page_log2 - 10),
		      s2_type_name(entry.type));
	if (entry.type == S2_TABLE)
		s2_out_printf(out, "  next table 0x%" PRIx64 "\n", entry.oa);
	if (s2_is_leaf(entry.type)) {
		struct s2_size_text size = s2_size_text(s2_entry_size(geom, height));

		s2_out_printf(out, "  output address 0x%" PRIx64 ", %" PRIu64 "%c\n", entry.oa,
			      size.n, size.unit);
	}
	if (entry.type == S2_INVALID_ENTRY && s2_says_something(geom, raw))
		s2_out_printf(out, "  software payload 0x%" PRIx64 "\n", raw);
	explain_attrs(out, geom, height, &entry);
	for (unsigned int i = 0; i < s2_nodds; i++)
		if (entry.odd & s2_odds[i].bit)
			s2_out_printf(out, "  ! %s: %s\n", s2_odds[i].name, s2_odds[i].meaning);
}

static enum s2_code explain_descriptor(const struct s2_options *o, struct s2_out *out, uint64_t raw,
				       struct s2_err *err)
{
	struct s2_regime regime = o->regime;
	struct s2_geometry geom;
	enum s2_code code;
	int height;

	regime.arch->assume(&regime);
	code = s2_options_shape(&regime, &geom, err);
	if (code)
		return code;
	if (o->level != S2_NO_LEVEL) {
		height = s2_height_of(geom.arch, o->level);
		if (height < 0 || height >= geom.heights)
			return s2_fail(err, S2_USAGE,
				       "--level: %d does not exist with the %uK granule", o->level,
				       1U << (geom.page_log2 - 10));
		explain_at(out, &geom, (unsigned int)height, raw);
		return S2_OK;
	}
	/* Without a level: what reads as a table is a page at the lowest, and a block belongs to
	 * the level above pages. */
	if (geom.arch->is_table(&geom, 1, raw)) {
		explain_at(out, &geom, 0, raw);
		explain_at(out, &geom, 1, raw);
		return S2_OK;
	}
	explain_at(out, &geom,
		   !geom.arch->is_leaf(&geom, 0, raw) && geom.arch->is_leaf(&geom, 1, raw), raw);
	return S2_OK;
}

/* A register of @arch that has fields to explain, by its name or its option's; -1 when none. */
static int find_register(const struct s2_arch *arch, const char *name)
{
	for (unsigned int i = 0; i < arch->nclaims; i++) {
		const struct s2_claim *claim = &arch->claims[i];

		if (claim->fields && s2_arch_claims(arch, i) &&
		    (!strcasecmp(name, claim->name) ||
		     (claim->option && !strcasecmp(name, claim->option))))
			return (int)i;
	}
	return -1;
}

/* A bare number that is a sound value of a register down to its RES bits is explained as one, too. */
static void explain_as_register(struct s2_out *out, const struct s2_arch *arch, uint64_t value)
{
	for (unsigned int i = 0; i < arch->nclaims; i++) {
		struct s2_regime regime;
		struct s2_geometry geom;

		if (!arch->claims[i].fields || !(arch->claims[i].use & S2_CLAIM_SHAPE) ||
		    !s2_arch_claims(arch, i))
			continue;
		s2_regime_init(&regime, arch);
		s2_regime_set(&regime, i, value);
		if (!s2_shape(&regime, &geom, NULL) && !(geom.odd & (S2_GODD_RES0 | S2_GODD_RES1)))
			explain_register(out, arch, i, value);
	}
}

static enum s2_code explain(const struct s2_options *o, struct s2_out *out, const char *arg,
			    struct s2_err *err)
{
	const char *equals = strchr(arg, '=');
	const char *as = o->as;
	enum s2_code code;
	uint64_t value;
	char name[32];
	int claim;

	if (equals) {
		if ((size_t)(equals - arg) >= sizeof(name))
			return s2_fail(err, S2_USAGE, "decode: '%s' is not NAME=VALUE", arg);
		memcpy(name, arg, (size_t)(equals - arg));
		name[equals - arg] = '\0';
		as = name;
	}
	code = s2_parse_u64(equals ? equals + 1 : arg, "decode", &value, err);
	if (code)
		return code;
	for (unsigned int i = 0; as && i < s2_narchs; i++) {
		claim = find_register(s2_archs[i], as);
		if (claim >= 0) {
			explain_register(out, s2_archs[i], (unsigned int)claim, value);
			return S2_OK;
		}
	}
	if (as && strcasecmp(as, "descriptor") != 0 && strcasecmp(as, "desc") != 0)
		return s2_fail(err, S2_USAGE, "decode: '%s' is neither descriptor nor %s", as,
			       "vtcr_el2");
	if (!as && !o->have_regime && o->level == S2_NO_LEVEL)
		explain_as_register(out, o->regime.arch, value);
	return explain_descriptor(o, out, value, err);
}

static enum s2_exit run_decode(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	for (int i = 0; i < o->nargs; i++) {
		enum s2_code code = explain(o, out, o->args[i], err);

		if (code)
			return s2_exit_of(code);
	}
	return S2_EXIT_OK;
}

const struct s2_cmd s2_cmd_decode = {
	.name = "decode",
	.args = "[NAME=]VALUE...",
	.help = "explain a descriptor or VTCR_EL2 field by field",
	.groups = S2_OPTS_DECODE | S2_OPTS_GEOM,
	.min_args = 1,
	.max_args = -1,
	.run = run_decode,
};
