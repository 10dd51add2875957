// SPDX-License-Identifier: GPL-2.0-or-later
// From a vCPU's registers to its stage-1 tables, and to what is left of their permissions after
// stage 2.
#include "cmd/arm64/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cmd/each.h"
#include "cmd/say.h"
#include "model/totals.h"
#include "decode/arm64/stage1.h"
#include "decode/arm64/effective.h"
#include "host/kvm/arm64/vcpu.h"

#define VTTBR_CNP BIT64(0)

static bool in_half(const struct s2_geometry *geom, uint64_t first, uint64_t last)
{
	return last >= geom->ia_base && first <= geom->ia_base + low_bits(geom->ia_bits);
}

static enum s2_code add_half(struct s2_guest *g, const struct s2_options *o, bool upper,
			     struct s2_err *err)
{
	struct s2_table *table = &g->half[g->nhalves];
	enum s2_arm64_claim ttbr = upper ? S2_ARM64_TTBR1_EL1 : S2_ARM64_TTBR0_EL1;
	struct s2_geometry *geom = &g->half_geom[g->nhalves];
	enum s2_code code;
	bool wanted;

	if (s2_arm64_tcr(g->vcpu.regs.value[S2_ARM64_TCR_EL1], true, upper).epd)
		return S2_OK;
	*table = (struct s2_table){
		.pid = g->stage2_table->pid,
		.vcpus = g->stage2_table->vcpus,
		.vm = g->stage2_table->vm,
		.have_vmid = g->stage2_table->have_vmid,
		.vmid = g->stage2_table->vmid,
		.have_handle = g->stage2_table->have_handle,
		.handle = g->stage2_table->handle,
		.mem = &g->memory.mem,
		.regime = g->vcpu.regs,
	};
	snprintf(table->id, sizeof(table->id), "%.40s/%" PRIu64 "/ttbr%d", g->stage2_table->id,
		 o->vcpu, upper);
	snprintf(table->kind, sizeof(table->kind), "guest-stage1");
	snprintf(table->found, sizeof(table->found), "registers of the vCPU");
	table->regime.arch = &s2_arm64_stage1_el1;
	s2_regime_set(&table->regime, S2_ARM64_UPPER, upper);
	s2_regime_clear(&table->regime, S2_ARM64_START_LEVEL);
	code = s2_shape(&table->regime, geom, err);
	if (!code)
		code = s2_arm64_ttbr_root(geom, g->vcpu.regs.value[ttbr], &table->root_pa, err);
	if (code)
		return s2_wrap(err, code, "%s", table->id);
	/* A range of virtual addresses lies in one of the halves. */
	wanted = !o->nranges;
	for (unsigned int i = 0; i < o->nranges; i++)
		wanted |= in_half(geom, o->range[i].first, o->range[i].last);
	g->nhalves += wanted;
	return S2_OK;
}

/*
 * Does what @vcpu runs go through @table? Of a guest that is a hypervisor the registers are those
 * of its own guest, which a shadow table translates; without a second stage of the guest's, one
 * that maps what the machine's own does.
 */
static enum s2_code goes_through(const struct s2_options *o, const struct s2_table *table,
				 const struct s2_vcpu *vcpu, struct s2_err *err)
{
	bool shadow = s2_table_has_shadow(table);

	if (vcpu->is_hypervisor && vcpu->runs_hypervisor)
		return s2_fail(err, S2_INVALID,
			       "vCPU %" PRIu64 " of %s runs at EL2 of its own: registers of a "
			       "guest's EL2 are not supported",
			       o->vcpu, table->id);
	if (!shadow && vcpu->is_hypervisor && vcpu->guest_stage2)
		return s2_fail(err, S2_USAGE,
			       "--vcpu: vCPU %" PRIu64 " of %s runs a guest of its own, which goes "
			       "through a shadow table: that of vttbr_el2 0x%" PRIx64
			       ", as ID/nested:N/%" PRIu64,
			       o->vcpu, table->id, vcpu->guest_root, o->vcpu);
	if (shadow && !(vcpu->is_hypervisor && vcpu->guest_stage2 && table->guest_stage2 != S2_NO &&
			table->shadow[S2_SHADOW_ROOT] == (vcpu->guest_root & ~VTTBR_CNP) &&
			table->shadow[S2_SHADOW_CONTROL] == vcpu->guest_control))
		return s2_fail(err, S2_USAGE,
			       "--vcpu: what vCPU %" PRIu64 " runs does not go through %s", o->vcpu,
			       table->id);
	return S2_OK;
}

enum s2_code s2_guest_vcpu(const struct s2_options *o, const struct s2_input *input,
			   const struct s2_table **ret_table, struct s2_vcpu *ret,
			   struct s2_err *err)
{
	const struct s2_table *table = input->tables.table;
	uint64_t kvm_va;
	enum s2_code code;

	if (input->tables.n != 1)
		return s2_fail(err, S2_USAGE, "--vcpu: '%s' is not one table", o->vcpu_table);
	if (!input->kernel)
		return s2_fail(
			err, S2_USAGE,
			"--vcpu: the registers of vCPUs are in dumps of memory, not in this file");
	kvm_va = s2_table_has_shadow(table) && table->vm ? table->vm->va : table->object_va;
	if (!kvm_va)
		return s2_fail(
			err, S2_USAGE,
			"--vcpu: %s (%s) is not a virtual machine's own table: it has no vCPUs",
			table->id, table->kind);
	code = s2_kvm_vcpu(input->kernel, kvm_va, o->vcpu, ret, err);
	if (code)
		return s2_wrap(err, code, "%s", table->id);
	code = goes_through(o, table, ret, err);
	if (code)
		return code;
	if (ret->cpu >= 0)
		s2_say("%s/%" PRIu64
		       " was loaded on CPU %d: its saved registers may be older than what ran",
		       table->id, o->vcpu, ret->cpu);
	*ret_table = table;
	return S2_OK;
}

enum s2_code s2_guest_open(const struct s2_options *o, const struct s2_input *input,
			   struct s2_guest *ret, struct s2_err *err)
{
	char range[S2_RANGE_TEXT];
	enum s2_code code;

	memset(ret, 0, sizeof(*ret));
	code = s2_guest_vcpu(o, input, &ret->stage2_table, &ret->vcpu, err);
	if (!code)
		code = s2_input_shape(ret->stage2_table, &ret->stage2, err);
	if (code)
		return code;
	if (!(ret->vcpu.regs.value[S2_ARM64_SCTLR_EL1] & SCTLR_M))
		return s2_fail(err, S2_INVALID,
			       "%s/%" PRIu64 ": SCTLR_EL1.M is 0, the guest's stage 1 is off",
			       ret->stage2_table->id, o->vcpu);
	s2_guestmem_init(&ret->memory, &input->source->mem, &ret->stage2,
			 ret->stage2_table->root_pa);
	code = add_half(ret, o, false, err);
	if (!code)
		code = add_half(ret, o, true, err);
	if (code || ret->nhalves)
		return code;
	if (!o->nranges)
		return s2_fail(err, S2_INVALID,
			       "%s/%" PRIu64 ": TCR_EL1.EPD0 and EPD1 are 1, no table of the "
			       "guest's stage 1 is walked",
			       ret->stage2_table->id, o->vcpu);
	s2_range_text(o->range[0].first, o->range[0].last, range);
	return s2_fail(err, S2_USAGE,
		       "--range: %s is outside of what the guest's stage 1 translates", range);
}

/* What --effective leaves out is counted like the gaps of any table. */
static void add_row(struct s2_totals *totals, const struct s2_effective_row *row)
{
	if (row->allowed)
		totals->mapped += row->size;
	if (row->missing == S2_BUDGET)
		s2_totals_gap(
			totals, row->va, row->size, row->missing, S2_LOST_NOWHERE,
			"no more is translated: so little memory holds no tables of so many entries");
	else if (row->missing && row->missing_pa == S2_NO_ADDRESS)
		s2_totals_gap(totals, row->va, row->size, row->missing, S2_LOST_NOWHERE,
			      "stage 1 level %d table, where stage 2 cannot be read again, %s",
			      row->missing_level, s2_missing_text(row->missing));
	else if (row->missing)
		s2_totals_gap(totals, row->va, row->size, row->missing, row->missing_pa,
			      "stage %u level %d descriptor at PA 0x%" PRIx64 " %s",
			      row->missing_stage, row->missing_level, row->missing_pa,
			      s2_missing_text(row->missing));
}

/*
 * What --effective translates at once is an entry of one of the stages, six times: some
 * microseconds. A guest whose tables say something of every page of the dump needs one each.
 */
#define STEPS_FLOOR 65536
#define BYTES_PER_STEP 64

/* Room for a walk of each stage. */
struct walks {
	struct s2_walk stage1, stage2;
};

/* Lets @walk, a fresh one or one at its end, walk range number @i of --range, from @next on, where
 * the rows that were printed end. False when nothing of it is left to walk. */
static bool begin_span(const struct s2_options *o, unsigned int i, uint64_t next,
		       struct s2_walk *walk)
{
	struct s2_span span;

	if (!o->nranges)
		return true;
	span = o->range[i];
	if (span.first < next)
		span.first = next;
	return span.first <= span.last && s2_walk_again(walk, span.first, span.last);
}

static enum s2_code effective_half(const struct s2_options *o, const struct s2_input *input,
				   const struct s2_guest *g, const struct s2_table *table,
				   const struct s2_geometry *geom, struct walks *walks,
				   struct s2_printer *printer, const struct s2_effort *effort,
				   struct s2_err *err)
{
	struct s2_effective e = { .req = { .regs = g->vcpu.regs,
					   .stage2 = &g->stage2,
					   .stage2_root = g->stage2_table->root_pa },
				  .mem = &input->source->mem,
				  .stage2_walk = &walks->stage2 };
	enum s2_merge_how how = o->have_merge ? o->merge : printer->format->merge;
	struct s2_totals totals;
	struct s2_effective_row row;
	enum s2_code code = S2_OK;
	uint64_t next = 0;

	s2_totals_init(&totals);
	s2_walk_init(&walks->stage1, geom, &g->memory.mem, table->root_pa);
	s2_printer_table(printer, table, geom);
	e.how = how;
	s2_budget_init(&e.steps, STEPS_FLOOR, 1, input->source->mem.bytes / BYTES_PER_STEP);
	for (unsigned int i = 0;
	     i < (o->nranges ? o->nranges : 1) && (!code || code == S2_NOTFOUND); i++) {
		if (!begin_span(o, i, next, &walks->stage1))
			continue;
		/* Pieces must lead to addresses that follow each other; how they are joined comes
		 * after. */
		s2_merge_init(&e.stage1, &walks->stage1,
			      how == S2_MERGE_NONE ? S2_MERGE_NONE : S2_MERGE_PA, S2_SHOW_ALL);
		while (!s2_out_dead(printer->out) && !(code = s2_effective_next(&e, &row, err))) {
			add_row(&totals, &row);
			printer->format->effective(printer, &row);
			printer->nruns++;
			next = row.va + row.size;
			if (how != S2_MERGE_NONE && s2_effort_ends(effort, printer->out))
				e.steps.left = 0;
		}
	}
	s2_totals_end(&totals, table, &walks->stage1, input->lost);
	printer->format->table_end(printer, &totals);
	return code == S2_NOTFOUND ? S2_OK : code;
}

enum s2_code s2_guest_effective(const struct s2_options *o, const struct s2_input *input,
				const struct s2_guest *g, struct s2_printer *printer,
				struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct walks *walks = malloc(sizeof(*walks));
	struct s2_effort effort;
	enum s2_code code = walks ? S2_OK : s2_fail(err, S2_NOMEM, "no memory");

	if (code)
		return code;
	printer->effective = true;
	s2_effort_init(&effort, input, printer->format->document);
	printer->format->begin(printer, &image);
	for (unsigned int i = 0; !code && i < g->nhalves; i++) {
		struct s2_table table = g->half[i];

		snprintf(table.kind, sizeof(table.kind), "guest-effective");
		code = effective_half(o, input, g, &table, &g->half_geom[i], walks, printer,
				      &effort, err);
	}
	s2_input_end_rows(input, printer, !code);
	return code;
}

const struct s2_cmd_arch s2_cmd_arm64 = {
	.name = "arm64",
	.reg = "any other register: tcr2_el1, pir_el1, por_el0, ...",
	.translate = s2_arm64_translate,
	.guest = s2_guest_open,
	.effective = s2_guest_effective,
};
