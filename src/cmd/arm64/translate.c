// SPDX-License-Identifier: GPL-2.0-or-later
// `translate`: addresses through one stage or two, level by level, as the AT instruction would
// answer.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cmd/arm64/guest.h"
#include "decode/arm64/registers.h"
#include "decode/arm64/translate.h"
#include "model/totals.h"

#define PSTATE_PAN BIT64(22)

/* Everything that is the same for all addresses of one call. */
struct job {
	const struct s2_options *o;
	const struct s2_input *input;
	struct s2_out *out;
	struct s2_at_request req;
	struct s2_geometry stage2;
	bool steps; /* show every descriptor */
	struct s2_json json;
};

static bool is_stage2_only(enum s2_at_op op)
{
	return op == S2_AT_S2E1R || op == S2_AT_S2E1W || op == S2_AT_S2E1X || op == S2_AT_S2E0X;
}

static bool is_el2(enum s2_at_op op)
{
	return op == S2_AT_S1E2R || op == S2_AT_S1E2W || op == S2_AT_S1E2X;
}

static enum s2_code parse_op(const char *text, enum s2_at_op *ret, struct s2_err *err)
{
	for (unsigned int i = 0; i < S2_AT_NOPS; i++) {
		if (!strcasecmp(text, s2_at_names[i])) {
			*ret = (enum s2_at_op)i;
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE,
		       "--as: '%s' is not an operation of the AT instruction (S1E1R, S12E1R, ...)",
		       text);
}

/* The one table whose stage 2 counts: chosen by --vcpu or --table, or the only one there is. */
static enum s2_code choose_table(const struct job *job, const struct s2_table **ret,
				 struct s2_err *err)
{
	const struct s2_tables *tables = &job->input->tables;
	const struct s2_table *only = tables->table;
	size_t n = 0;

	/* Beside its one guest an nVHE host has the stage 1 of its hypervisor. */
	for (size_t i = 0; i < tables->n; i++)
		if (tables->table[i].regime.arch == &s2_arm64_stage2 && !n++)
			only = &tables->table[i];
	if (tables->n == 1 || n == 1) {
		*ret = only;
		return S2_OK;
	}
	if (!tables->n)
		return s2_fail(err, S2_NOTFOUND, "there is no table to translate with");
	return s2_fail(err, S2_USAGE,
		       "there are %zu tables: choose one with --table or --vcpu (see s2dump list)",
		       tables->n);
}

/* Registers of --vcpu ID/N; those given as options win. */
static enum s2_code vcpu_registers(struct job *job, struct s2_err *err)
{
	struct s2_regime *regs = &job->req.regs;
	const struct s2_table *table;
	struct s2_vcpu vcpu;
	enum s2_code code = s2_guest_vcpu(job->o, job->input, &table, &vcpu, err);

	if (code)
		return code;
	for (unsigned int i = 0; i < S2_ARM64_NREGS; i++)
		if (s2_regime_has(&vcpu.regs, (enum s2_arm64_claim)i) &&
		    !s2_regime_has(regs, (enum s2_arm64_claim)i))
			s2_regime_set(regs, (enum s2_arm64_claim)i, vcpu.regs.value[i]);
	job->req.pan |= !!(vcpu.pstate & PSTATE_PAN);
	return S2_OK;
}

/* --tcr and its like mean the registers of EL1, or of EL2 for the S1E2 operations. */
static void short_registers(struct job *job)
{
	static const enum s2_arm64_claim el1[] = { S2_ARM64_TCR_EL1, S2_ARM64_TTBR0_EL1,
						   S2_ARM64_TTBR1_EL1, S2_ARM64_MAIR_EL1,
						   S2_ARM64_SCTLR_EL1 };
	static const enum s2_arm64_claim el2[] = { S2_ARM64_TCR_EL2, S2_ARM64_TTBR0_EL2,
						   S2_ARM64_TTBR1_EL2, S2_ARM64_MAIR_EL2,
						   S2_ARM64_SCTLR_EL2 };
	const enum s2_arm64_claim *which = is_el2(job->req.op) ? el2 : el1;

	for (unsigned int i = 0; i < ARRAY_SIZE(el1); i++)
		if (s2_regime_has(&job->o->regime, S2_ARM64_TCR + i))
			s2_regime_set(&job->req.regs, which[i],
				      job->o->regime.value[S2_ARM64_TCR + i]);
}

/* Without --as: through both stages when there is anything to know of the first. */
static enum s2_code choose_op(struct job *job, struct s2_err *err)
{
	bool stage1 = job->o->have_vcpu;

	for (unsigned int i = S2_ARM64_TCR; i <= S2_ARM64_SCTLR; i++)
		stage1 |= s2_regime_has(&job->o->regime, i);
	job->req.op = stage1 ? S2_AT_S12E1R : S2_AT_S2E1R;
	return job->o->as ? parse_op(job->o->as, &job->req.op, err) : S2_OK;
}

/* Is there no stage 2 in the way: an EL2 regime, or HCR_EL2 turns it off? */
static bool without_stage2(enum s2_at_op op, const struct s2_regime *regs)
{
	uint64_t hcr = regs->value[S2_ARM64_HCR_EL2];

	if (is_el2(op))
		return true;
	if (is_stage2_only(op) || !s2_regime_has(regs, S2_ARM64_HCR_EL2))
		return false;
	return (hcr & HCR_E2H && hcr & HCR_TGE) || !(hcr & (HCR_VM | HCR_DC));
}

/* Takes stage 2 from @table: its registers where they are known, so that the walk answers for them
 * as the hardware does, else its sizes. */
static enum s2_code stage2_of(struct job *job, const struct s2_table *table, struct s2_err *err)
{
	struct s2_regime *regs = &job->req.regs;
	enum s2_code code;

	if (s2_regime_has(&table->regime, S2_ARM64_VTCR_EL2)) {
		s2_regime_set(regs, S2_ARM64_VTCR_EL2, table->regime.value[S2_ARM64_VTCR_EL2]);
		s2_regime_set_flag(regs, S2_ARM64_FWB,
				   s2_regime_flag(&table->regime, S2_ARM64_FWB));
	} else {
		code = s2_input_shape(table, &job->stage2, err);
		if (code)
			return code;
		job->req.stage2 = &job->stage2;
	}
	job->req.have_stage2_root = !s2_regime_has(regs, S2_ARM64_VTTBR_EL2);
	job->req.stage2_root = table->root_pa;
	if (!s2_regime_has(regs, S2_ARM64_HCR_EL2) &&
	    s2_regime_has(&table->regime, S2_ARM64_HCR_EL2))
		s2_regime_set(regs, S2_ARM64_HCR_EL2, table->regime.value[S2_ARM64_HCR_EL2]);
	return S2_OK;
}

static enum s2_code prepare(struct job *job, struct s2_err *err)
{
	const struct s2_options *o = job->o;
	const struct s2_table *table = NULL;
	enum s2_code code;

	job->req.regs = o->regime;
	job->req.pan = o->regime.value[S2_ARM64_PAN];
	job->req.pa_bits = (uint8_t)o->regime.value[S2_ARM64_PA_BITS];
	job->req.features = s2_regime_flag(&o->regime, S2_ARM64_XNX) == S2_NO ? S2_AT_NO_XNX : 0;
	short_registers(job);
	if (o->stage1_alone)
		return S2_OK;
	code = choose_table(job, &table, err);
	if (!code && o->have_vcpu)
		code = vcpu_registers(job, err);
	if (code || without_stage2(job->req.op, &job->req.regs))
		return code;
	if (!s2_is_stage2(table->regime.arch))
		return s2_fail(err, S2_USAGE, "%s (%s) is not a stage 2, which %s goes through",
			       table->id, table->kind, s2_at_names[job->req.op]);
	return stage2_of(job, table, err);
}

static void text_step(struct s2_out *out, const struct s2_at_step *step)
{
	s2_out_printf(out, "  S%u%s level %2d  table ", step->stage,
		      step->s1ptw ? " (for S1)" : "         ", step->level);
	s2_out_hex(out, step->table, 12);
	s2_out_printf(out, " [%4u] ", step->index);
	s2_out_hex(out, step->raw, 16);
	s2_out_printf(out, "  %s\n", s2_type_name(step->type));
}

static void text_verdict(struct s2_out *out, const struct job *job, const struct s2_at_result *r)
{
	s2_out_hex(out, job->req.ia, 1);
	s2_out_printf(out, " %s ", s2_at_names[job->req.op]);
	switch (r->outcome) {
	case S2_AT_DONE:
		s2_out_str(out, "-> ");
		if (r->nested)
			s2_out_printf(out, "IPA 0x%" PRIx64 " -> ", r->ipa);
		s2_out_printf(out, "PA 0x%" PRIx64 " PAR_EL1=0x%" PRIx64, r->pa, r->par);
		if (~r->par_known)
			s2_out_printf(out, " (bits 0x%" PRIx64 " not known)", ~r->par_known);
		break;
	case S2_AT_FAULT:
		s2_out_printf(out, "-> %s, stage %u, level %d%s PAR_EL1=0x%" PRIx64,
			      s2_at_fault_name(r->fault), r->stage, r->level,
			      r->s1ptw ? ", on a stage-1 table walk" : "", r->par);
		if (r->why)
			s2_out_printf(out, " (%s)", r->why);
		break;
	case S2_AT_MISSING:
		s2_out_printf(out,
			      "-> not known: stage %u level %d descriptor at PA 0x%" PRIx64
			      " is not in the dump (%s)",
			      r->stage, r->level, r->missing_pa, s2_code_name(r->missing));
		break;
	}
	s2_out_str(out, "\n");
}

static void print_text(const struct job *job, const struct s2_at_result *r)
{
	text_verdict(job->out, job, r);
	for (unsigned int i = 0; job->steps && i < r->nsteps; i++)
		text_step(job->out, &r->step[i]);
}

static void json_steps(struct s2_json *json, const struct s2_at_result *r)
{
	s2_json_open(json, "steps", '[');
	for (unsigned int i = 0; i < r->nsteps; i++) {
		const struct s2_at_step *step = &r->step[i];

		s2_json_open(json, NULL, '{');
		s2_json_number(json, "stage", step->stage);
		s2_json_signed(json, "level", step->level);
		s2_json_bool(json, "s1ptw", step->s1ptw);
		s2_json_hex(json, "table", step->table);
		s2_json_number(json, "index", step->index);
		s2_json_hex(json, "descriptor_pa", step->desc_pa);
		s2_json_hex(json, "raw", step->raw);
		s2_json_word(json, "type", s2_type_name(step->type));
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

/* The number, or null when it does not apply. */
static void hex_if(struct s2_json *json, const char *name, bool applies, uint64_t value)
{
	if (applies)
		s2_json_hex(json, name, value);
	else
		s2_json_null(json, name);
}

/* What PAR_EL1 says of memory, as far as it is known. */
static void par_members(struct s2_json *json, const struct s2_at_result *r)
{
	const struct s2_attr_value *memory, *sh;

	s2_at_memory(r, &memory, &sh);
	s2_json_key(json, S2_MEMORY_NAME);
	s2_out_str(json->out, memory ? memory->json : "null");
	s2_json_key(json, "sh");
	s2_out_str(json->out, sh ? sh->json : "null");
	s2_json_null(json, "slot");
	s2_json_null(json, "in_slot");
	hex_if(json, "par", r->outcome != S2_AT_MISSING, r->par);
	hex_if(json, "par_known", r->outcome != S2_AT_MISSING, r->par_known);
}

static void print_json(struct job *job, const struct s2_at_result *r)
{
	static const char *const results[] = {
		[S2_AT_DONE] = "done", [S2_AT_FAULT] = "fault", [S2_AT_MISSING] = "missing"
	};
	struct s2_json *json = &job->json;
	bool done = r->outcome == S2_AT_DONE, missing = r->outcome == S2_AT_MISSING;

	s2_json_item(json, "translation");
	s2_json_word(json, "op", s2_at_names[job->req.op]);
	s2_json_hex(json, "ia", job->req.ia);
	s2_json_word(json, "result", results[r->outcome]);
	hex_if(json, "ipa", done && r->nested, r->ipa);
	hex_if(json, "pa", done, r->pa);
	s2_json_rights(json, NULL);
	par_members(json, r);
	s2_json_word(json, "fault", r->outcome == S2_AT_FAULT ? s2_at_fault_name(r->fault) : NULL);
	if (done) {
		s2_json_null(json, "stage");
		s2_json_null(json, "level");
		s2_json_null(json, "s1ptw");
	} else {
		s2_json_number(json, "stage", r->stage);
		s2_json_signed(json, "level", r->level);
		s2_json_bool(json, "s1ptw", r->s1ptw);
	}
	s2_json_word(json, "missing", missing ? s2_code_name(r->missing) : NULL);
	hex_if(json, "missing_pa", missing, r->missing_pa);
	json_steps(json, r);
	s2_json_item_end(json);
}

/* What was not in the dump is said as any loss is. */
static void lose(const struct job *job, const struct s2_at_result *r)
{
	s2_lost_add(job->input->lost, S2_LOST_PAGE, r->missing, NULL, r->missing_pa,
		    "0x%" PRIx64 " %s: the stage %u level %d descriptor at PA 0x%" PRIx64 " %s",
		    job->req.ia, s2_at_names[job->req.op], r->stage, r->level, r->missing_pa,
		    s2_missing_text(r->missing));
}

static enum s2_code translate_one(struct job *job, const char *text, struct s2_err *err)
{
	struct s2_at_result r;
	enum s2_code code = s2_parse_u64(text, "address", &job->req.ia, err);

	if (!code)
		code = s2_translate(&job->req, &job->input->source->mem, &r, err);
	if (code)
		return code;
	if (r.outcome == S2_AT_MISSING)
		lose(job, &r);
	if (job->o->json)
		print_json(job, &r);
	else
		print_text(job, &r);
	return S2_OK;
}

/* One address per line; blank lines and what follows a '#' are skipped. */
static enum s2_code translate_stdin(struct job *job, struct s2_err *err)
{
	enum s2_code code = S2_OK;
	unsigned long line_number = 0;
	char line[256];

	job->steps = job->o->verbose;
	while (!code && !s2_out_dead(job->out) && fgets(line, sizeof(line), stdin)) {
		char *word = line + strspn(line, " \t");

		line_number++;
		word[strcspn(word, " \t\r\n#")] = '\0';
		if (!*word)
			continue;
		code = translate_one(job, word, err);
		if (code)
			return s2_wrap(err, code, "standard input, line %lu", line_number);
	}
	if (ferror(stdin))
		return s2_fail(err, S2_IO, "standard input: %s", strerror(errno));
	return code;
}

enum s2_exit s2_arm64_translate(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_options own = *o;
	struct job job = { .o = &own, .out = out, .steps = true };
	struct s2_image image;
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = choose_op(&job, err);

	own.stage1_alone = !o->have_vcpu && !o->ntables && without_stage2(job.req.op, &o->regime);
	own.unshaped = s2_regime_has(&o->regime, S2_ARM64_VTCR_EL2);
	if (!code)
		code = s2_input_open(&own, o->args, 1, &input, err);
	if (code)
		return s2_exit_of(code);
	if (input.tables.n && s2_cmd_arch_of(input.tables.table->regime.arch) != &s2_cmd_arm64)
		return s2_translate_table(o, &input, out, err);
	job.input = &input;
	code = prepare(&job, err);
	image = s2_input_image(&input);
	if (!code && o->json)
		s2_json_begin(&job.json, out, false, "translate", "translations", &image);
	for (int i = 1; !code && i < o->nargs; i++)
		code = strcmp(o->args[i], "-") ? translate_one(&job, o->args[i], err) :
						 translate_stdin(&job, err);
	if (!code && o->json)
		s2_json_end(&job.json, !input.lost->total, input.lost);
	status = s2_input_finish(&input, code ? s2_exit_of(code) : S2_EXIT_OK);
	s2_input_close(&input);
	return status;
}
