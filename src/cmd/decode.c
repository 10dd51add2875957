// SPDX-License-Identifier: GPL-2.0-or-later
// `decode`: one descriptor or register value, field by field, in words and numbers.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "claim_options.h"
#include "cmd/decoded.h"
#include "cmd/refuse.h"
#include "model/annotate.h"
#include "open/shape.h"
#include "options.h"

/* Everything that is the same for all values of one call. */
struct job {
	const struct s2_options *o;
	struct s2_out *out;
	struct s2_out *page;                  /* what is not broken into lines yet */
	struct s2_json *json;                 /* NULL: text */
	bool trial;                           /* is it right? nothing is printed */
	bool *descriptors;                    /* there is one among the values */
	const struct s2_annotator_ops *marks; /* whose marks are explained, too; NULL: nobody's */
};

static void print(const struct job *job, const struct s2_decoded *d)
{
	if (job->trial)
		return;
	if (job->json)
		s2_decoded_json(job->json, d);
	else
		s2_decoded_text(job->page, job->out, d);
}

static void add_field(struct s2_decoded *d, const struct s2_decoded_field *field)
{
	if (d->nfields < S2_MAX_DECODED_FIELDS)
		d->field[d->nfields++] = *field;
}

static void add_register_field(struct s2_decoded *d, const struct s2_field *f)
{
	uint64_t v = field_get(f->mask, d->value);

	d->res0 &= ~f->mask;
	add_field(d, &(struct s2_decoded_field){ f->name, f->mask, v,
						 f->text   ? f->text(v) :
						 f->values ? f->values[v] :
							     NULL,
						 f->meaning });
}

/* What follows from all of a value's fields. */
static void add_told(struct s2_decoded *d, bool (*told)(uint64_t value, struct s2_told *ret))
{
	struct s2_told what;

	if (told && told(d->value, &what))
		add_field(d, &(struct s2_decoded_field){ what.name, 0, what.value, NULL,
							 what.meaning });
}

static void explain_register(const struct job *job, const struct s2_arch *arch, unsigned int claim,
			     uint64_t value)
{
	const struct s2_claim *row = &arch->claims[claim];
	struct s2_decoded d = { .value = value, .as = row->name, .arch = arch, .res0 = value };
	struct s2_regime regime;

	for (unsigned int i = 0; i < row->nfields; i++)
		add_register_field(&d, &row->fields[i]);
	add_told(&d, row->told);
	s2_err_init(&d.refused);
	s2_regime_init(&regime, arch);
	s2_regime_set(&regime, claim, value);
	d.shapes = row->use & S2_CLAIM_SHAPE;
	d.shaped = d.shapes && !s2_shape(&regime, &d.geom, &d.refused);
	print(job, &d);
}

/* What software means by an entry by which hardware maps nothing. */
static void add_meaning(struct s2_decoded *d)
{
	const struct s2_soft_ops *soft = d->geom.soft.ops;
	const struct s2_meaning *m = &d->meaning;

	if (!m->type)
		return;
	if (m->placed)
		add_field(d, &(struct s2_decoded_field){ soft->address, 0, m->address, NULL,
							 "what it stands for" });
	if (m->have_other)
		add_field(d, &(struct s2_decoded_field){ soft->address, 0, m->other, NULL,
							 "... or that, on a processor with L1TF" });
	for (unsigned int i = 0; i < S2_SOFT_VALUES && soft->value[i]; i++)
		if (m->known & BIT64(i))
			add_field(d, &(struct s2_decoded_field){ soft->value[i], 0, m->value[i],
								 NULL, soft->meaning[i] });
	if (!m->saved.known)
		return;
	s2_text_rights(&m->saved, false, d->saved);
	add_field(d, &(struct s2_decoded_field){
			     "saved_rights", 0,
			     (uint64_t)(m->saved.read | m->saved.write << 1 | m->saved.exec << 2),
			     d->saved, "what the next access brings back" });
}

/* A register that describes no table; its fields may depend on its value. */
static void explain_report(const struct job *job, const struct s2_arch *arch,
			   const struct s2_report *report, uint64_t value)
{
	struct s2_decoded d = { .value = value, .as = report->name, .arch = arch, .res0 = value };

	for (unsigned int part = 0; part < report->nparts; part++) {
		struct s2_fields fields = report->part(value, part);

		for (unsigned int i = 0; i < fields.n; i++)
			add_register_field(&d, &fields.row[i]);
	}
	add_told(&d, report->told);
	print(job, &d);
}

/* What the keeper of a table means by bits that are nothing to hardware. */
static void add_marks(const struct job *job, struct s2_decoded *d)
{
	struct s2_fields fields = job->marks->marks(s2_where(d->entry.type));
	uint64_t res0 = d->res0;

	for (unsigned int i = 0; i < fields.n; i++)
		add_register_field(d, &fields.row[i]);
	d->res0 = res0;
}

static void explain_at(const struct job *job, const struct s2_geometry *geom, unsigned int height,
		       uint64_t raw)
{
	struct s2_decoded d = { .value = raw,
				.as = "descriptor",
				.arch = geom->arch,
				.geom = *geom,
				.descriptor = true,
				.height = height };
	const struct s2_attr *attr;

	*job->descriptors = true;
	geom->arch->decode(geom, height, raw, &d.entry);
	s2_soft_classify(geom, height, raw, d.entry.type, &d.meaning);
	add_meaning(&d);
	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++) {
		const struct s2_attr_value *value;

		if (!s2_attr_applies(attr, geom, s2_where(d.entry.type), height))
			continue;
		/* The value is that of the bits, the words are what it means. */
		value = s2_attr_value(attr, s2_attr_get(attr, geom, height, raw));
		add_field(&d,
			  &(struct s2_decoded_field){ attr->name, s2_attr_bits(attr, geom, height),
						      s2_attr_gather(attr, geom, height, raw),
						      value ? value->meaning : NULL, attr->field });
	}
	if (job->marks)
		add_marks(job, &d);
	print(job, &d);
}

/* Does claim @i of @given say something of descriptors of @arch? */
static bool says_of(const struct s2_arch *arch, const struct s2_arch *given, unsigned int i)
{
	const bool stage2_alone = given->claims[i].use & S2_CLAIM_DETAIL;

	return arch->claims == given->claims && s2_arch_claims(arch, i) &&
	       (s2_is_stage2(arch) || !stage2_alone);
}

/* An option that says something of descriptors, as it was given; NULL: none was. With @arch, one
 * that says nothing of those of this format. */
static const char *geometry_option(const struct s2_options *o, const struct s2_arch *arch)
{
	const struct s2_regime *regime = &o->regime;

	for (unsigned int i = 0; i < regime->arch->nclaims; i++)
		if (s2_regime_has(regime, i) && !(arch && says_of(arch, regime->arch, i)))
			return s2_given_by(regime, i);
	if (o->software && !(arch && !strcmp(arch->name, regime->arch->name)))
		return "software";
	return NULL;
}

/* As one of @arch's format, or, NULL, of what options say. */
static enum s2_code explain_descriptor(const struct job *job, const struct s2_arch *arch,
				       uint64_t raw, struct s2_err *err)
{
	const struct s2_options *o = job->o;
	struct s2_regime regime = o->regime;
	struct s2_refusal refusal = { 0 };
	struct s2_geometry geom;
	const char *other = arch ? geometry_option(o, arch) : NULL;
	enum s2_code code;
	int height;

	if (other)
		return s2_fail(err, S2_USAGE, "--%s is for tables of another kind than %s", other,
			       arch->format);
	if (arch && arch->claims == regime.arch->claims)
		regime.arch = arch;
	else if (arch)
		s2_regime_init(&regime, arch);
	if (regime.arch->assume)
		regime.arch->assume(&regime);
	code = s2_shape_request(&regime, &geom, &refusal, err);
	if (code)
		return s2_refuse(o, &refusal, code, err);
	if (o->level != S2_NO_LEVEL) {
		height = s2_height_of(geom.arch, o->level);
		/* One above may be that of larger addresses. */
		if (height >= 0 && height == geom.heights)
			return s2_fail(
				err, S2_USAGE,
				"--level: %d does not exist with the %uK granule and %u output bits",
				o->level, 1U << (geom.page_log2 - 10), geom.oa_bits);
		if (height < 0 || height > geom.heights)
			return s2_fail(err, S2_USAGE,
				       "--level: %d does not exist with the %uK granule", o->level,
				       1U << (geom.page_log2 - 10));
		explain_at(job, &geom, (unsigned int)height, raw);
		return S2_OK;
	}
	/* Without a level: what reads as a table is a page at the lowest, and a block belongs to
	 * the level above pages. */
	if (geom.arch->is_table(&geom, 1, raw)) {
		explain_at(job, &geom, 0, raw);
		explain_at(job, &geom, 1, raw);
		return S2_OK;
	}
	explain_at(job, &geom,
		   !geom.arch->is_leaf(&geom, 0, raw) && geom.arch->is_leaf(&geom, 1, raw), raw);
	return S2_OK;
}

/* A register of @arch that has fields to explain, by its name or its option's; by the name without
 * what is behind the underscore, the first of several; -1 when none. */
static int find_register(const struct s2_arch *arch, const char *name)
{
	size_t len = strlen(name);
	int first = -1;

	for (unsigned int i = 0; i < arch->nclaims; i++) {
		const struct s2_claim *claim = &arch->claims[i];

		if (!claim->fields || !s2_arch_claims(arch, i))
			continue;
		if (!strcasecmp(name, claim->name) ||
		    (claim->option && !strcasecmp(name, claim->option)))
			return (int)i;
		if (first < 0 && len && !strncasecmp(claim->name, name, len) &&
		    claim->name[len] == '_')
			first = (int)i;
	}
	return first;
}

/* Who leaves marks in descriptors for itself. */
static const struct s2_annotator_ops *find_marks(const char *name)
{
	for (unsigned int i = 0; i < s2_nannotators; i++)
		if (s2_annotators[i]->marks && !strcasecmp(name, s2_annotators[i]->name))
			return s2_annotators[i];
	return NULL;
}

static const struct s2_report *find_report(const struct s2_arch *arch, const char *name)
{
	for (unsigned int i = 0; i < arch->nreports; i++)
		if (!strcasecmp(name, arch->reports[i].name) ||
		    !strcasecmp(name, arch->reports[i].alias))
			return &arch->reports[i];
	return NULL;
}

/* A bare number that is a sound value of a register down to its RES bits is explained as one, too. */
static void explain_as_register(const struct job *job, const struct s2_arch *arch, uint64_t value)
{
	for (unsigned int i = 0; i < arch->nclaims; i++) {
		struct s2_regime regime;
		struct s2_geometry geom;

		if (!arch->claims[i].fields || !(arch->claims[i].use & S2_CLAIM_SHAPE) ||
		    !s2_arch_claims(arch, i))
			continue;
		s2_regime_init(&regime, arch);
		s2_regime_set(&regime, i, value);
		if (!s2_shape(&regime, &geom, NULL) && !(geom.odd & arch->geom_odds_reserved))
			explain_register(job, arch, i, value);
	}
}

static bool is_register(const char *name)
{
	for (unsigned int i = 0; i < s2_narchs; i++)
		if (find_register(s2_archs[i], name) >= 0 || find_report(s2_archs[i], name))
			return true;
	return false;
}

static enum s2_code explain(const struct job *job, const char *arg, struct s2_err *err)
{
	const char *equals = strchr(arg, '=');
	const struct s2_options *o = job->o;
	const char *as = o->as;
	const struct s2_report *report;
	const struct s2_arch *arch;
	struct job marks = *job;
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
	if (equals && o->as)
		return s2_fail(err, S2_USAGE, "decode: '%s' says itself what it is: without --as",
			       arg);
	if (!equals && is_register(arg))
		return s2_fail(err, S2_USAGE, "decode: %s has no value: write %s=VALUE", arg, arg);
	code = s2_parse_address(equals ? equals + 1 : arg, "decode", &value, err);
	if (code)
		return code;
	for (unsigned int i = 0; as && i < s2_narchs; i++) {
		/* Of the architecture that was asked for. */
		if (o->arch && strcmp(s2_archs[i]->name, o->regime.arch->name) != 0)
			continue;
		claim = find_register(s2_archs[i], as);
		if (claim >= 0) {
			explain_register(job, s2_archs[i], (unsigned int)claim, value);
			return S2_OK;
		}
		report = find_report(s2_archs[i], as);
		if (report) {
			explain_report(job, s2_archs[i], report, value);
			return S2_OK;
		}
	}
	arch = as ? s2_format_called(as) : NULL;
	marks.marks = as ? find_marks(as) : NULL;
	if (as && o->arch && is_register(as))
		return s2_fail(err, S2_USAGE, "decode: %s is no register of %s", as,
			       o->regime.arch->name);
	if (as && !arch && !marks.marks && strcasecmp(as, "descriptor") != 0 &&
	    strcasecmp(as, "desc") != 0)
		return s2_fail(err, S2_USAGE,
			       "decode: '%s' is neither descriptor nor a register that is known%s%s",
			       as, s2_claim_example() ? ", such as " : "",
			       s2_claim_example() ? s2_claim_example()->name : "");
	if (!as && !o->have_regime && o->level == S2_NO_LEVEL)
		explain_as_register(job, job->o->regime.arch, value);
	return explain_descriptor(&marks, arch, value, err);
}

static enum s2_exit run_decode(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	s2_auto_free struct s2_out *page = malloc(sizeof(*page));
	struct s2_json json;
	bool descriptors = false, lines;
	struct job job = {
		.o = o, .out = out, .page = page, .trial = true, .descriptors = &descriptors
	};
	const char *option = o->level != S2_NO_LEVEL ? "level" : geometry_option(o, NULL);
	enum s2_code code = S2_OK;

	if (!page)
		return s2_exit_of(s2_fail(err, S2_NOMEM, "no memory"));
	s2_out_init(page, -1);
	/* Of a command line with a mistake nothing is answered. */
	for (int i = 0; !code && i < o->nargs; i++)
		code = explain(&job, o->args[i], err);
	if (!code && option && !*job.descriptors)
		code = s2_fail(err, S2_USAGE,
			       "decode: --%s says nothing of registers: no value is a descriptor",
			       option);
	if (code)
		return s2_exit_of(code);
	job.trial = false;
	if (s2_options_document(o, &lines)) {
		s2_json_begin(&json, out, lines, "decode", "decoded", NULL);
		job.json = &json;
	}
	for (int i = 0; !code && i < o->nargs; i++)
		code = explain(&job, o->args[i], err);
	if (job.json)
		s2_json_end(&json, !code, NULL, NULL);
	return s2_exit_of(code);
}

const struct s2_cmd s2_cmd_decode = {
	.name = "decode",
	.args = "[NAME=]VALUE...",
	.help = "explain a descriptor or a register field by field",
	.groups = S2_OPTS_DECODE | S2_OPTS_GEOM | S2_OPTS_JSON,
	.min_args = 1,
	.max_args = -1,
	.run = run_decode,
};
