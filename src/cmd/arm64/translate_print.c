// SPDX-License-Identifier: GPL-2.0-or-later
// One translated address for people and programs: the descriptors on the way, then where it ends.
#include "cmd/arm64/translate_print.h"

#include <inttypes.h>

#include "cmd/step.h"
#include "format/text.h"
#include "model/totals.h"

static struct s2_step shown(const struct s2_at_step *step)
{
	return (struct s2_step){ .stage = step->stage,
				 .level = step->level,
				 .for_stage1 = step->s1ptw,
				 .table = step->table,
				 .desc_pa = step->desc_pa,
				 .raw = step->raw,
				 .index = step->index,
				 .type = step->type };
}

/* ---- Text ---- */

static void put_par(struct s2_out *out, const struct s2_at_result *r)
{
	s2_out_printf(out, "PAR_EL1 0x%" PRIx64, r->par);
}

/* " 2M block": the leaf of @stage that gave the address before it, if that stage is on. */
static void text_leaf(struct s2_out *out, const struct s2_at_result *r, unsigned int stage)
{
	for (unsigned int i = r->nsteps; i-- > 0;) {
		const struct s2_at_step *step = &r->step[i];
		char size[S2_TEXT_SIZE_LEN];

		if (step->stage != stage || step->s1ptw || !s2_is_leaf(step->type))
			continue;
		s2_text_size(BIT64(step->shift), size);
		s2_out_printf(out, " %s %s", size, s2_type_name(step->type));
		return;
	}
}

/* Of an IPA, through stage 2 alone. */
static bool only_stage2(const struct s2_at_result *r)
{
	return r->nsteps && r->step[0].stage == 2 && !r->step[0].s1ptw;
}

/* "= ipa 0x... 4K page pa 0x... 2M block rwx normal-wb ish slot:1" */
static void text_done(struct s2_out *out, const struct s2_translated *t)
{
	const struct s2_attr_value *memory, *sh;
	char rights[S2_TEXT_RIGHTS_LEN] = "?";

	s2_at_memory(t->at, &memory, &sh);
	if (t->rights.known)
		s2_text_rights(&t->rights, t->two_levels, rights);
	s2_out_str(out, "=");
	if (t->at->nested) {
		s2_out_printf(out, " ipa 0x%" PRIx64, t->at->ipa);
		text_leaf(out, t->at, 1);
	}
	s2_out_printf(out, " pa 0x%" PRIx64, t->at->pa);
	text_leaf(out, t->at, t->at->nested || only_stage2(t->at) ? 2 : 1);
	s2_out_printf(out, " %s %s %s", rights, memory ? memory->text : "?", sh ? sh->text : "?");
	s2_text_slot(out, &t->slot);
	s2_out_str(out, "\n");
}

/* Where a stage ended: that, and what it was asked for where stage 1 had told. */
static void text_stage(struct s2_out *out, const struct s2_at_result *r)
{
	s2_out_printf(out, "stage %u level %d", r->stage, r->level);
	if (r->s1ptw)
		s2_out_str(out, " for a walk of stage 1");
	else if (r->nested)
		s2_out_printf(out, " at ipa 0x%" PRIx64, r->ipa);
}

/* The fault as hardware reports it, and which bits of that follow from what is not known. */
static void text_fault(struct s2_out *out, const struct s2_translated *t)
{
	const struct s2_at_result *r = t->at;

	s2_out_printf(out, "= %s, ", s2_at_fault_name(r->fault));
	text_stage(out, r);
	s2_out_str(out, ", ");
	put_par(out, r);
	if (r->why)
		s2_out_printf(out, " (%s)", r->why);
	s2_text_slot(out, &t->slot);
	s2_out_str(out, "\n");
}

static void text_missing(struct s2_out *out, const struct s2_translated *t)
{
	s2_out_str(out, "= not known, ");
	text_stage(out, t->at);
	s2_out_printf(out, ": %s@0x%" PRIx64, s2_code_name(t->at->missing), t->at->missing_pa);
	s2_text_slot(out, &t->slot);
	s2_out_str(out, "\n");
}

static void text_par(struct s2_out *out, const struct s2_at_result *r)
{
	s2_out_str(out, "  ");
	put_par(out, r);
	if (~r->par_known)
		s2_out_printf(out, " (bits 0x%" PRIx64 " not known)", ~r->par_known);
	s2_out_str(out, "\n");
}

void s2_translated_text(struct s2_out *out, const struct s2_translated *t, bool steps)
{
	const struct s2_at_result *r = t->at;

	s2_out_hex(out, t->req->ia, 1);
	s2_out_printf(out, " %s%s", s2_at_names[t->req->op], steps ? "\n" : " ");
	for (unsigned int i = 0; steps && i < r->nsteps; i++) {
		struct s2_step step = shown(&r->step[i]);

		s2_step_text(out, &step);
	}
	if (steps && r->outcome == S2_AT_DONE)
		text_par(out, r);
	switch (r->outcome) {
	case S2_AT_DONE:
		text_done(out, t);
		break;
	case S2_AT_FAULT:
		text_fault(out, t);
		break;
	case S2_AT_MISSING:
		text_missing(out, t);
		break;
	}
}

/* ---- JSON ---- */

static void json_steps(struct s2_json *json, const struct s2_at_result *r)
{
	s2_json_open(json, "steps", '[');
	for (unsigned int i = 0; i < r->nsteps; i++) {
		struct s2_step step = shown(&r->step[i]);

		s2_step_json(json, &step);
	}
	s2_json_close(json, ']');
}

/* What PAR_EL1 says of memory, as far as it is known, and the slot. */
static void memory_members(struct s2_json *json, const struct s2_translated *t)
{
	const struct s2_at_result *r = t->at;
	const struct s2_attr_value *memory, *sh;

	s2_at_memory(r, &memory, &sh);
	s2_json_key(json, S2_MEMORY_NAME);
	s2_out_str(json->out, memory ? memory->json : "null");
	s2_json_key(json, "sh");
	s2_out_str(json->out, sh ? sh->json : "null");
	for (size_t i = 0; i < s2_slots_annotator.nmembers; i++)
		s2_json_member(json, &s2_slots_annotator.members[i], &t->slot);
	s2_json_hex_if(json, "par", r->outcome != S2_AT_MISSING, r->par);
	s2_json_hex_if(json, "par_known", r->outcome != S2_AT_MISSING, r->par_known);
}

void s2_translated_json(struct s2_json *json, const struct s2_translated *t)
{
	static const char *const results[] = {
		[S2_AT_DONE] = "done", [S2_AT_FAULT] = "fault", [S2_AT_MISSING] = "missing"
	};
	const struct s2_at_result *r = t->at;
	bool done = r->outcome == S2_AT_DONE, missing = r->outcome == S2_AT_MISSING;

	s2_json_item(json, "translation");
	s2_json_word(json, "op", s2_at_names[t->req->op]);
	s2_json_hex(json, "ia", t->req->ia);
	s2_json_word(json, "result", results[r->outcome]);
	s2_json_hex_if(json, "ipa", r->nested, r->ipa);
	s2_json_hex_if(json, "pa", done, r->pa);
	s2_json_rights(json, done ? &t->rights : NULL);
	memory_members(json, t);
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
	s2_json_hex_if(json, "missing_pa", missing, r->missing_pa);
	s2_json_null(json, "exit");
	json_steps(json, r);
	s2_json_item_end(json);
}
