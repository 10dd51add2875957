// SPDX-License-Identifier: GPL-2.0-or-later
// `translate`: what an architecture has of its own, or one table, entry by entry.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cmd/cmd_arch.h"
#include "cmd/each.h"
#include "cmd/step.h"
#include "decode/exit.h"
#include "decode/merge.h"
#include "format/text.h"
#include "model/slots.h"
#include "model/totals.h"
#include "open/select.h"

/* One entry that was read on the way. */
struct step {
	uint64_t table_pa, desc_pa, raw;
	unsigned int index, height;
};

/* What became of an address. */
struct answer {
	uint64_t ia, pa;
	struct step step[S2_MAX_HEIGHTS];
	unsigned int nsteps;
	struct s2_run run;    /* the last entry, as rows have it */
	enum s2_code missing; /* of what the step after the last would have read */
	uint64_t missing_pa;
	bool outside; /* beyond the input space */
	bool denied;  /* mapped, and --as is not allowed */
	bool exits;   /* what the processor says of it is known: */
	struct s2_guest_exit exit;
};

struct job {
	const struct s2_options *o;
	const struct s2_input *input;
	const struct s2_table *table;
	const struct s2_mem *mem;
	struct s2_out *out;
	struct s2_geometry geom;
	enum s2_access access;
	struct s2_json json;
	bool steps;
	bool document, lines;
};

const struct s2_cmd_arch *s2_cmd_arch_of(const struct s2_arch *arch)
{
	for (unsigned int i = 0; i < s2_ncmd_archs; i++)
		if (!strcmp(s2_cmd_archs[i]->name, arch->name))
			return s2_cmd_archs[i];
	return NULL;
}

static void read_last(const struct job *job, struct answer *ret, const struct s2_path *path)
{
	const struct s2_geometry *geom = &job->geom;
	const struct step *last = &ret->step[ret->nsteps - 1];

	ret->run.height = last->height;
	ret->run.path = *path;
	geom->arch->decode(geom, last->height, last->raw, &ret->run.entry);
	s2_soft_classify(geom, last->height, last->raw, ret->run.entry.type, &ret->run.meaning);
	s2_soft_place(&ret->run.meaning, ret->ia & ~low_bits(geom->height[last->height].shift));
	if (s2_is_leaf(ret->run.entry.type))
		ret->pa =
			ret->run.entry.oa + (ret->ia & low_bits(geom->height[last->height].shift));
}

/* Entry by entry to the last one, or to the one that is not there. */
static void follow(const struct job *job, uint64_t ia, struct answer *ret)
{
	const struct s2_geometry *geom = &job->geom;
	uint64_t table = job->table->root_pa, offset = ia - geom->ia_base;
	struct s2_path path = S2_PATH_ALL;

	*ret = (struct answer){ .ia = ia, .outside = offset > low_bits(geom->ia_bits) };
	for (unsigned int h = geom->top; !ret->outside; h--) {
		uint64_t index = offset >> geom->height[h].shift;
		struct step *step = &ret->step[ret->nsteps];

		if (h < geom->top)
			index &= BIT64(geom->page_log2 - 3) - 1;
		*step = (struct step){ .table_pa = table,
				       .desc_pa = table + index * sizeof(uint64_t),
				       .index = (unsigned int)index,
				       .height = h };
		ret->missing =
			s2_mem_read(job->mem, step->desc_pa, &step->raw, sizeof(step->raw), NULL);
		ret->missing_pa = step->desc_pa;
		if (ret->missing)
			return;
		ret->nsteps++;
		if (!h || !geom->arch->is_table(geom, h, step->raw))
			break;
		table = s2_table_oa(geom, step->raw);
		if (!s2_within_oa(geom, table, 1))
			break;
		path = s2_below(geom, h, step->raw, path);
	}
	if (ret->nsteps)
		read_last(job, ret, &path);
}

static bool is_mapped(const struct job *job, const struct answer *a)
{
	return !a->missing && !a->outside && s2_is_leaf(a->run.entry.type) &&
	       s2_within_oa(&job->geom, a->pa, 1);
}

static bool is_done(const struct job *job, const struct answer *a)
{
	return is_mapped(job, a) && !a->denied;
}

/* Why hardware faults: the type of the entry, or what software means by it. */
static const char *fault_of(const struct answer *a)
{
	if (a->outside)
		return "outside";
	if (a->denied)
		return "permission";
	return s2_is_leaf(a->run.entry.type) || a->run.entry.type == S2_TABLE ?
		       "oa-size" :
		       s2_run_type(&a->run);
}

/* The text or JSON of the column @name, NULL when the table has none. */
static const struct s2_attr_value *column(const struct job *job, const struct answer *a,
					  const char *name)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(&job->geom, i)); i++)
		if (!strcmp(attr->name, name) &&
		    s2_attr_applies(attr, &job->geom, S2_IN_LEAF, a->run.height))
			return s2_attr_value(attr, s2_attr_get(attr, &job->geom, a->run.height,
							       a->run.entry.raw));
	return NULL;
}

static struct s2_rights rights_of(const struct job *job, const struct answer *a)
{
	return job->geom.arch->rights(&job->geom, a->run.height, a->run.entry.raw, &a->run.path);
}

/* With --as: whether it is denied, and what the processor makes of that. */
static void try_access(const struct job *job, struct answer *a)
{
	const struct s2_guest_exit_ops *ops = job->geom.arch->exits;
	struct s2_denied denied = { .access = job->access,
				    .outside = a->outside,
				    .height = a->run.height,
				    .raw = a->nsteps ? a->step[a->nsteps - 1].raw : 0,
				    .type = a->run.entry.type,
				    .path = a->run.path };
	struct s2_rights rights;

	if (!job->access || a->missing)
		return;
	if (is_mapped(job, a)) {
		rights = rights_of(job, a);
		a->denied = !s2_access_allowed(job->access, &rights);
	}
	a->exits = ops && !is_done(job, a) && ops->exit(&job->geom, &denied, &a->exit);
}

static struct s2_step shown(const struct job *job, const struct step *step)
{
	struct s2_entry entry;

	job->geom.arch->decode(&job->geom, step->height, step->raw, &entry);
	return (struct s2_step){ .stage = job->geom.arch->stage,
				 .level = s2_level(&job->geom, step->height),
				 .table = step->table_pa,
				 .desc_pa = step->desc_pa,
				 .raw = step->raw,
				 .index = step->index,
				 .type = entry.type };
}

static void text_steps(const struct job *job, const struct answer *a)
{
	for (unsigned int i = 0; i < a->nsteps; i++) {
		struct s2_step step = shown(job, &a->step[i]);

		s2_step_text(job->out, &step);
	}
}

/* In which slot it is, whether anything is mapped there or not. */
static void text_slot(const struct job *job, const struct answer *a)
{
	struct s2_label slot;

	s2_slots_label(job->table, a->ia, &slot);
	s2_text_slot(job->out, &slot);
	s2_out_str(job->out, "\n");
}

/* "= pa 0x... 4K page rwx wb - slot:1" */
static void text_done(const struct job *job, const struct answer *a)
{
	const struct s2_attr_value *memory = column(job, a, S2_MEMORY_NAME);
	char rights[S2_TEXT_RIGHTS_LEN] = "?", size[S2_TEXT_SIZE_LEN];
	struct s2_rights may = rights_of(job, a);

	if (may.known)
		s2_text_rights(&may, s2_two_levels(&job->geom), rights);
	s2_text_size(s2_entry_size(&job->geom, a->run.height), size);
	s2_out_printf(job->out, "= pa 0x%" PRIx64 " %s %s %s %s -", a->pa, size,
		      s2_type_name(a->run.entry.type), rights, memory ? memory->text : "-");
}

static void text_fault(const struct job *job, const struct answer *a)
{
	s2_out_printf(job->out, "= %s, stage %u", fault_of(a), job->geom.arch->stage);
	if (a->nsteps)
		s2_out_printf(job->out, " level %d", s2_level(&job->geom, a->run.height));
	if (a->run.meaning.placed)
		s2_out_printf(job->out, ", %s:0x%" PRIx64, job->geom.soft.ops->address,
			      a->run.meaning.address);
	if (a->exits)
		s2_out_printf(job->out, ", exit %u %s 0x%" PRIx64 "%s", a->exit.reason,
			      job->geom.arch->exits->info, a->exit.info,
			      a->exit.in_guest ? ", or an exception in the guest" : "");
}

static void print_text(const struct job *job, const struct answer *a)
{
	s2_out_hex(job->out, a->ia, 1);
	s2_out_printf(job->out, " %s%s%s%s", job->geom.arch->format, job->access ? "-" : "",
		      s2_access_names[job->access], job->steps ? "\n" : " ");
	if (job->steps)
		text_steps(job, a);
	if (a->missing)
		s2_out_printf(job->out, "= not known, stage %u level %d: %s@0x%" PRIx64,
			      job->geom.arch->stage,
			      s2_level(&job->geom, a->step[a->nsteps].height),
			      s2_code_name(a->missing), a->missing_pa);
	else if (is_done(job, a))
		text_done(job, a);
	else
		text_fault(job, a);
	text_slot(job, a);
}

static void json_steps(struct job *job, const struct answer *a)
{
	struct s2_json *json = &job->json;

	s2_json_open(json, "steps", '[');
	for (unsigned int i = 0; i < a->nsteps; i++) {
		struct s2_step step = shown(job, &a->step[i]);

		s2_step_json(json, &step);
	}
	s2_json_close(json, ']');
}

/* A column of the leaf, null without one. */
static void column_member(struct job *job, const struct answer *a, const char *name, bool done)
{
	const struct s2_attr_value *value = done ? column(job, a, name) : NULL;

	s2_json_key(&job->json, name);
	s2_out_str(job->json.out, value ? value->json : "null");
}

static void exit_member(struct job *job, const struct answer *a)
{
	struct s2_json *json = &job->json;

	if (!a->exits) {
		s2_json_null(json, "exit");
		return;
	}
	s2_json_open(json, "exit", '{');
	s2_json_number(json, "reason", a->exit.reason);
	s2_json_hex(json, job->geom.arch->exits->info, a->exit.info);
	s2_json_bool(json, "in_guest", a->exit.in_guest);
	s2_json_close(json, '}');
}

/* Of the entry that ended the walk, or could not be read; outside of the input space there is none.
 */
static void level_member(struct job *job, const struct answer *a, bool done)
{
	if (done || a->outside)
		s2_json_null(&job->json, "level");
	else
		s2_json_signed(&job->json, "level",
			       s2_level(&job->geom,
					a->missing ? a->step[a->nsteps].height : a->run.height));
}

static void print_json(struct job *job, const struct answer *a)
{
	struct s2_json *json = &job->json;
	bool done = is_done(job, a);
	struct s2_rights rights;
	char op[32];
	struct s2_label slot;

	if (done)
		rights = rights_of(job, a);
	s2_json_item(json, "translation");
	snprintf(op, sizeof(op), "%s%s%s", job->geom.arch->format, job->access ? "-" : "",
		 s2_access_names[job->access]);
	s2_json_word(json, "op", op);
	s2_json_hex(json, "ia", a->ia);
	s2_json_word(json, "result", done ? "done" : a->missing ? "missing" : "fault");
	s2_json_null(json, "ipa");
	s2_json_hex_if(json, "pa", done, a->pa);
	s2_json_rights(json, done ? &rights : NULL);
	column_member(job, a, S2_MEMORY_NAME, done);
	column_member(job, a, "sh", done);
	s2_slots_label(job->table, a->ia, &slot);
	for (size_t i = 0; i < s2_slots_annotator.nmembers; i++)
		s2_json_member(json, &s2_slots_annotator.members[i], &slot);
	s2_json_null(json, "par");
	s2_json_null(json, "par_known");
	s2_json_word(json, "fault", done || a->missing ? NULL : fault_of(a));
	if (done)
		s2_json_null(json, "stage");
	else
		s2_json_number(json, "stage", job->geom.arch->stage);
	level_member(job, a, done);
	if (done)
		s2_json_null(json, "s1ptw");
	else
		s2_json_bool(json, "s1ptw", false);
	s2_json_word(json, "missing", a->missing ? s2_code_name(a->missing) : NULL);
	s2_json_hex_if(json, "missing_pa", a->missing, a->missing_pa);
	exit_member(job, a);
	json_steps(job, a);
	s2_json_item_end(json);
}

static enum s2_code translate_one(void *arg, const char *text, struct s2_err *err)
{
	struct job *job = arg;
	struct answer answer;
	uint64_t ia = 0;
	enum s2_code code = s2_parse_address(text, "address", &ia, err);

	if (code)
		return code;
	follow(job, ia, &answer);
	try_access(job, &answer);
	if (answer.missing)
		s2_lost_add(job->input->lost, S2_LOST_PAGE, answer.missing, job->table->id,
			    answer.missing_pa,
			    "0x%" PRIx64 ": the descriptor at PA 0x%" PRIx64 " %s", ia,
			    answer.missing_pa, s2_missing_text(answer.missing));
	if (job->document)
		print_json(job, &answer);
	else
		print_text(job, &answer);
	return S2_OK;
}

/* What only architectures with a translation of their own understand. */
static enum s2_code refuse(const struct s2_options *o, const struct s2_input *input,
			   struct s2_err *err)
{
	const char *arch = input->tables.n ? input->tables.table->regime.arch->name :
					     o->regime.arch->name;
	char names[S2_FURTHER_LEN];

	if (o->as && !s2_access_of(o->as))
		return s2_fail(
			err, S2_USAGE,
			"--as: '%s' is no access to tables of %s: read, write, exec, exec-user",
			o->as, arch);
	if (o->have_vcpu)
		return s2_fail(err, S2_USAGE,
			       "--vcpu means nothing here: tables of %s are followed entry by entry",
			       arch);
	if (input->tables.n == 1)
		return S2_OK;
	if (!input->tables.n)
		return s2_fail(err, S2_NOTFOUND, "there is no table to translate with");
	s2_name_tables(&input->tables, names);
	return s2_fail(err, S2_USAGE, "choose one of %zu tables with --table: %s", input->tables.n,
		       names);
}

enum s2_exit s2_translate_table(const struct s2_options *o, struct s2_input *input,
				struct s2_out *out, struct s2_err *err)
{
	struct job job = { .o = o,
			   .input = input,
			   .out = out,
			   .steps = true,
			   .access = o->as ? s2_access_of(o->as) : S2_ACCESS_NONE };
	struct s2_image image = s2_input_image(input);
	enum s2_code code = refuse(o, input, err);
	enum s2_exit status;

	if (!code) {
		job.table = input->tables.table;
		job.mem = job.table->mem ? job.table->mem : &input->source->mem;
		code = s2_input_shape(job.table, &job.geom, err);
	}
	job.document = s2_options_document(o, &job.lines);
	if (!code && job.document)
		s2_json_begin(&job.json, out, job.lines, "translate", "translations", &image);
	if (!code)
		code = s2_each_address(o, out, &job.steps, translate_one, &job, err);
	if (!code && job.document)
		s2_input_end_document(input, &job.json, true, NULL);
	status = s2_input_finish(input, code ? s2_exit_of(code) : S2_EXIT_OK);
	s2_input_close(input);
	return status;
}

static enum s2_exit run_translate(const struct s2_options *o, struct s2_out *out,
				  struct s2_err *err)
{
	const struct s2_cmd_arch *arch = s2_cmd_arch_of(o->regime.arch);
	struct s2_options own = *o;
	struct s2_input input;
	enum s2_code code;

	for (int i = 1; !strcmp(o->args[0], "-") && i < o->nargs; i++)
		if (!strcmp(o->args[i], "-"))
			return s2_exit_of(s2_fail(err, S2_USAGE,
						  "standard input is the dump, and cannot be the "
						  "addresses as well"));
	if (arch)
		return arch->translate(o, out, err);
	own.one_table = true;
	code = s2_input_open(&own, o->args, 1, &input, err);
	return code ? s2_exit_of(code) : s2_translate_table(o, &input, out, err);
}

const struct s2_cmd s2_cmd_translate = {
	.name = "translate",
	.args = "FILE ADDRESS...",
	.help = "addresses level by level, as the AT instruction answers",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_TRANSLATE |
		  S2_OPTS_VCPU,
	.min_args = 2,
	.max_args = -1,
	.run = run_translate,
};
