// SPDX-License-Identifier: GPL-2.0-or-later
// `translate`: addresses through one stage or two, level by level, as the AT instruction would
// answer.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cmd/arm64/guest.h"
#include "cmd/arm64/translate_print.h"
#include "cmd/each.h"
#include "cmd/refuse.h"
#include "decode/arm64/registers.h"
#include "decode/arm64/stage1.h"
#include "decode/exit.h"
#include "model/totals.h"
#include "open/select.h"

#define PSTATE_PAN BIT64(22)

/* Everything that is the same for all addresses of one call. */
struct job {
	const struct s2_options *o;
	const struct s2_input *input;
	struct s2_out *out;
	struct s2_at_request req;
	struct s2_geometry stage1, stage2;
	const struct s2_table *table; /* whose stage 2 counts, NULL without one */
	bool steps;                   /* show every descriptor */
	bool document, lines;
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

/* The regime EL2&0: the other level is EL0 below a host. */
static bool is_el2_and_0(const struct job *job)
{
	return is_el2(job->req.op) && s2_arm64_e2h(&job->req.regs) == S2_YES;
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
	char names[S2_FURTHER_LEN];
	size_t n = 0;

	/* Beside its one guest an nVHE host has the stage 1 of its hypervisor. */
	for (size_t i = 0; i < tables->n; i++)
		if (s2_is_stage2(tables->table[i].regime.arch) && !n++)
			only = &tables->table[i];
	if (tables->n == 1 || n == 1) {
		*ret = only;
		return S2_OK;
	}
	if (!tables->n)
		return s2_fail(err, S2_NOTFOUND, "there is no table to translate with");
	s2_name_tables(tables, names);
	return s2_fail(err, S2_USAGE, "choose one of %zu tables with --table or --vcpu: %s",
		       tables->n, names);
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

/* The exception level whose registers a translation goes by, 0: stage 2 has none of such. */
static int level_of(enum s2_at_op op)
{
	return is_stage2_only(op) ? 0 : is_el2(op) ? 2 : 1;
}

/* Does a translation of @level ask for the register? POR_EL0 is that of EL2&0, too. */
static bool asks_for(int level, enum s2_arm64_claim reg)
{
	if (reg < S2_ARM64_SCTLR_EL1 || (reg == S2_ARM64_POR_EL0 && level))
		return true;
	return level == (reg < S2_ARM64_SCTLR_EL2 ? 1 : 2);
}

/* What says something of another stage or another exception level changes nothing. */
static enum s2_code refuse_others(const struct job *job, struct s2_err *err)
{
	const struct s2_regime *given = &job->o->regime;
	const enum s2_at_op op = job->req.op;
	const int level = level_of(op);

	for (unsigned int i = 0; i < S2_ARM64_NREGS; i++)
		if (s2_regime_has(given, i) && !asks_for(level, (enum s2_arm64_claim)i))
			return s2_fail(err, S2_USAGE, "--reg: %s does not ask for %s",
				       s2_at_names[op], s2_arm64_claims[i].name);
	for (unsigned int i = S2_ARM64_TCR; !level && i <= S2_ARM64_SCTLR; i++)
		if (s2_regime_has(given, i))
			return s2_fail(err, S2_USAGE, "--%s: %s goes through no stage 1",
				       s2_arm64_claims[i].option, s2_at_names[op]);
	for (unsigned int i = 0; is_el2(op) && i < S2_ARM64_NCLAIMS; i++)
		if (s2_regime_has(given, i) &&
		    s2_arm64_claims[i].use & (S2_CLAIM_SHAPE | S2_CLAIM_ROOT | S2_CLAIM_DETAIL))
			return s2_fail(err, S2_USAGE, "--%s: %s goes through no stage 2",
				       s2_given_by(given, i), s2_at_names[op]);
	if (s2_regime_has(given, S2_ARM64_PAN) && op != S2_AT_S1E1RP && op != S2_AT_S1E1WP)
		return s2_fail(err, S2_USAGE,
			       "--pan counts for S1E1RP and S1E1WP alone, this is %s",
			       s2_at_names[op]);
	return S2_OK;
}

/* Without --as: through both stages when there is anything to know of the first. */
static enum s2_code choose_op(struct job *job, struct s2_err *err)
{
	bool stage1 = job->o->have_vcpu;

	for (unsigned int i = S2_ARM64_TCR; i <= S2_ARM64_SCTLR; i++)
		stage1 |= s2_regime_has(&job->o->regime, i);
	for (unsigned int i = S2_ARM64_SCTLR_EL1; i <= S2_ARM64_POR_EL0; i++)
		stage1 |= s2_regime_has(&job->o->regime, i);
	job->req.op = stage1 ? S2_AT_S12E1R : S2_AT_S2E1R;
	if (job->o->as && parse_op(job->o->as, &job->req.op, err))
		return S2_USAGE;
	return refuse_others(job, err);
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

	if (!table->bare && s2_regime_has(&table->regime, S2_ARM64_VTCR_EL2)) {
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

/* A register that is given may add to what the file says of @table, not gainsay it. */
static enum s2_code same_registers(const struct s2_regime *given, const struct s2_table *table,
				   struct s2_err *err)
{
	for (unsigned int i = 0; i < S2_ARM64_NREGS; i++) {
		uint64_t theirs = table->regime.value[i];

		/* What counts of HCR_EL2 was held against the file already. */
		if (i != S2_ARM64_HCR_EL2 && s2_regime_has(given, i) &&
		    s2_regime_has(&table->regime, i) && given->value[i] != theirs)
			return s2_fail(err, S2_USAGE,
				       "%s 0x%" PRIx64 " is given, but that of %s is 0x%" PRIx64
				       " by what the file says",
				       s2_arm64_claims[i].name, given->value[i], table->id, theirs);
	}
	return S2_OK;
}

/* ... TTBR0_EL2, of which a table has but the address, and TCR_EL2, of which it has the sizes. */
static enum s2_code same_table(const struct s2_regime *given, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_regime regime = table->regime;
	struct s2_geometry by_tcr;
	uint64_t root;

	if (s2_regime_has(given, S2_ARM64_TCR_EL2)) {
		s2_regime_set(&regime, S2_ARM64_TCR_EL2, given->value[S2_ARM64_TCR_EL2]);
		if (s2_shape(&regime, &by_tcr, err))
			return s2_wrap(err, S2_USAGE, "tcr_el2 0x%" PRIx64 " is not that of %s",
				       given->value[S2_ARM64_TCR_EL2], table->id);
		if ((by_tcr.flags ^ geom->flags) & S2_G_LPA2)
			return s2_fail(err, S2_USAGE,
				       "tcr_el2 0x%" PRIx64 " is not that of %s: its DS is %d",
				       given->value[S2_ARM64_TCR_EL2], table->id,
				       !!(geom->flags & S2_G_LPA2));
	}
	if (!s2_regime_has(given, S2_ARM64_TTBR0_EL2))
		return S2_OK;
	if (s2_arm64_ttbr_root(geom, given->value[S2_ARM64_TTBR0_EL2], &root, err))
		return s2_wrap(err, S2_USAGE, "ttbr0_el2 is not that of %s", table->id);
	if (root != table->root_pa)
		return s2_fail(err, S2_USAGE,
			       "ttbr0_el2 0x%" PRIx64
			       " is not that of %s, whose root is 0x%" PRIx64,
			       given->value[S2_ARM64_TTBR0_EL2], table->id, table->root_pa);
	return S2_OK;
}

/* TTBRn_ELx for a table at @root: the high bits of 52 are where those below the alignment would be.
 */
static uint64_t ttbr_of(uint64_t root)
{
	return (root & BITS64(47, 1)) | field_prep(BITS64(5, 2), root >> 48);
}

/* Takes stage 1 of EL2 from @table, the hypervisor's own, where no register says it. */
static enum s2_code stage1_of(struct job *job, const struct s2_table *table, struct s2_err *err)
{
	struct s2_regime *regs = &job->req.regs;
	enum s2_code code;

	if (s2_is_stage2(table->regime.arch) && job->o->ntables)
		return s2_fail(err, S2_USAGE,
			       "%s (%s) is not a stage 1 of EL2, which %s goes through", table->id,
			       table->kind, s2_at_names[job->req.op]);
	if (s2_is_stage2(table->regime.arch))
		return S2_OK;
	code = s2_input_shape(table, &job->stage1, err);
	if (!code)
		code = same_registers(regs, table, err);
	if (!code)
		code = same_table(regs, table, &job->stage1, err);
	if (code)
		return code;
	for (unsigned int i = 0; i < S2_ARM64_NREGS; i++)
		if (s2_regime_has(&table->regime, i))
			s2_regime_set(regs, i, table->regime.value[i]);
	s2_regime_set_flag(regs, S2_ARM64_E2H, s2_regime_flag(&table->regime, S2_ARM64_E2H));
	if (s2_regime_has(regs, S2_ARM64_TCR_EL2)) {
		s2_regime_set(regs, S2_ARM64_TTBR0_EL2, ttbr_of(table->root_pa));
		return S2_OK;
	}
	job->req.stage1[0] = &job->stage1;
	job->req.stage1_root[0] = table->root_pa;
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
	job->table = table;
	if (!code && o->have_vcpu)
		code = vcpu_registers(job, err);
	if (!code && is_el2(job->req.op))
		return stage1_of(job, table, err);
	if (code || without_stage2(job->req.op, &job->req.regs))
		return code;
	if (!s2_is_stage2(table->regime.arch))
		return s2_fail(err, S2_USAGE, "%s (%s) is not a stage 2, which %s goes through",
			       table->id, table->kind, s2_at_names[job->req.op]);
	return stage2_of(job, table, err);
}

/* How each of the rights is asked for, in the order of struct s2_rights. */
enum { N_RIGHTS = 6 };

static const enum s2_at_op *accesses(const struct job *job)
{
	static const enum s2_at_op both[N_RIGHTS] = { S2_AT_S12E1R, S2_AT_S12E1W, S2_AT_S12E1X,
						      S2_AT_S12E0R, S2_AT_S12E0W, S2_AT_S12E0X };
	static const enum s2_at_op one[N_RIGHTS] = { S2_AT_S1E1R, S2_AT_S1E1W, S2_AT_S1E1X,
						     S2_AT_S1E0R, S2_AT_S1E0W, S2_AT_S1E0X };
	static const enum s2_at_op el2[N_RIGHTS] = { S2_AT_S1E2R, S2_AT_S1E2W, S2_AT_S1E2X,
						     S2_AT_S1E2R, S2_AT_S1E2W, S2_AT_S1E2X };
	static const enum s2_at_op el2_0[N_RIGHTS] = { S2_AT_S1E2R, S2_AT_S1E2W, S2_AT_S1E2X,
						       S2_AT_S1E0R, S2_AT_S1E0W, S2_AT_S1E0X };
	static const enum s2_at_op two[N_RIGHTS] = { S2_AT_S2E1R, S2_AT_S2E1W, S2_AT_S2E1X,
						     S2_AT_S2E1R, S2_AT_S2E1W, S2_AT_S2E0X };

	if (is_stage2_only(job->req.op))
		return two;
	if (is_el2(job->req.op))
		return is_el2_and_0(job) ? el2_0 : el2;
	return job->req.op >= S2_AT_S12E1R && job->req.op <= S2_AT_S12E0W ? both :
	       job->req.op == S2_AT_S12E1X || job->req.op == S2_AT_S12E0X ? both :
									    one;
}

/* What was not in the dump is said as any loss is. */
static void lose(const struct job *job, const struct s2_at_request *req,
		 const struct s2_at_result *r)
{
	s2_lost_add(job->input->lost, S2_LOST_PAGE, r->missing, NULL, r->missing_pa,
		    "0x%" PRIx64 " %s: the stage %u level %d descriptor at PA 0x%" PRIx64 " %s",
		    req->ia, s2_at_names[req->op], r->stage, r->level, r->missing_pa,
		    s2_missing_text(r->missing));
}

/* What may be done at the address: asked for as the address itself was, whatever PSTATE.PAN is. */
static struct s2_rights ask_rights(const struct job *job)
{
	const enum s2_at_op *ops = accesses(job);
	struct s2_at_request req = job->req;
	bool may[N_RIGHTS];

	req.pan = false;
	/* Without TGE, accesses of EL0 are those of a guest. */
	if (is_el2_and_0(job))
		s2_regime_set(&req.regs, S2_ARM64_HCR_EL2,
			      req.regs.value[S2_ARM64_HCR_EL2] | HCR_E2H | HCR_TGE);
	for (unsigned int i = 0; i < N_RIGHTS; i++) {
		struct s2_at_result r;

		req.op = ops[i];
		if (s2_translate(&req, &job->input->source->mem, &r, NULL))
			return (struct s2_rights){ .known = false };
		if (r.outcome == S2_AT_MISSING) {
			lose(job, &req, &r);
			return (struct s2_rights){ .known = false };
		}
		may[i] = r.outcome == S2_AT_DONE;
	}
	return (struct s2_rights){ true, may[0], may[1], may[2], may[3], may[4], may[5] };
}

static void print(struct job *job, const struct s2_at_result *r)
{
	struct s2_translated t = { .req = &job->req, .at = r };

	t.two_levels = is_el2_and_0(job) || (!is_stage2_only(job->req.op) && !is_el2(job->req.op));
	if (r->outcome == S2_AT_DONE)
		t.rights = ask_rights(job);
	if (job->table && (r->nested || is_stage2_only(job->req.op)))
		s2_slots_label(job->table, r->nested ? r->ipa : job->req.ia, &t.slot);
	if (job->document)
		s2_translated_json(&job->json, &t);
	else
		s2_translated_text(job->out, &t, job->steps);
}

static enum s2_code translate_one(void *arg, const char *text, struct s2_err *err)
{
	struct job *job = arg;
	struct s2_at_result r;
	enum s2_code code = s2_parse_address(text, "address", &job->req.ia, err);

	if (!code)
		code = s2_translate(&job->req, &job->input->source->mem, &r, err);
	if (code == S2_NOTFOUND) {
		const struct s2_err inner = *err;

		return s2_fail(err, code, "%s (--tcr, --ttbr0, ..., or --vcpu)", inner.text);
	}
	if (code)
		return code;
	if (r.outcome == S2_AT_MISSING)
		lose(job, &job->req, &r);
	print(job, &r);
	return S2_OK;
}

enum s2_exit s2_arm64_translate(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_options own = *o;
	struct job job = { .o = &own, .out = out, .steps = true };
	struct s2_image image;
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = choose_op(&job, err);
	/* What is no operation here may be an access to tables of another architecture. */
	bool elsewhere = code && o->as && s2_access_of(o->as);

	if (elsewhere)
		code = S2_OK;
	job.document = s2_options_document(o, &job.lines);
	own.stage1_alone = !o->have_vcpu && !o->ntables && without_stage2(job.req.op, &o->regime);
	own.one_table = true;
	own.unshaped = s2_regime_has(&o->regime, S2_ARM64_VTCR_EL2);
	if (!code)
		code = s2_input_open(&own, o->args, 1, &input, err);
	if (code)
		return s2_exit_of(code);
	if (input.tables.n && s2_cmd_arch_of(input.tables.table->regime.arch) != &s2_cmd_arm64)
		return s2_translate_table(o, &input, out, err);
	job.input = &input;
	code = elsewhere ? choose_op(&job, err) : prepare(&job, err);
	image = s2_input_image(&input);
	if (!code && job.document)
		s2_json_begin(&job.json, out, job.lines, "translate", "translations", &image);
	if (!code)
		code = s2_each_address(o, out, &job.steps, translate_one, &job, err);
	if (!code && job.document)
		s2_input_end_document(&input, &job.json, true, NULL);
	status = s2_input_finish(&input, code ? s2_exit_of(code) : S2_EXIT_OK);
	s2_input_close(&input);
	return status;
}
