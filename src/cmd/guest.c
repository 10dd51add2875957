// SPDX-License-Identifier: GPL-2.0-or-later
// From a vCPU's registers to its stage-1 tables, and to what is left of their permissions after
// stage 2.
#include "cmd/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "decode/arm64_stage1.h"
#include "decode/merge.h"
#include "decode/translate.h"

static enum s2_code add_half(struct s2_guest *g, const struct s2_options *o, bool upper,
			     struct s2_err *err)
{
	struct s2_table *table = &g->half[g->nhalves];
	enum s2_reg ttbr = upper ? S2_REG_TTBR1_EL1 : S2_REG_TTBR0_EL1;
	struct s2_geometry geom;
	enum s2_code code;

	if (s2_arm64_tcr(g->vcpu.regs.reg[S2_REG_TCR_EL1], true, upper).epd)
		return S2_OK;
	*table = (struct s2_table){ .pid = -1, .vcpus = -1, .regime = g->vcpu.regs };
	snprintf(table->id, sizeof(table->id), "%.40s/%" PRIu64 "/ttbr%d", g->stage2_table->id,
		 o->vcpu, upper);
	snprintf(table->kind, sizeof(table->kind), "guest-stage1");
	snprintf(table->found, sizeof(table->found), "registers of the vCPU");
	table->regime.arch = &s2_arm64_stage1_el1;
	table->regime.upper = upper;
	table->regime.start_level = S2_NO_LEVEL;
	code = table->regime.arch->shape(&table->regime, &geom, err);
	if (!code)
		code = s2_arm64_ttbr_root(&geom, g->vcpu.regs.reg[ttbr], &table->root_pa, err);
	if (code)
		return s2_wrap(err, "%s", table->id);
	g->nhalves++;
	return S2_OK;
}

enum s2_code s2_guest_vcpu(const struct s2_options *o, const struct s2_input *input,
			   const struct s2_table **ret_table, struct s2_vcpu *ret,
			   struct s2_err *err)
{
	const struct s2_table *table = input->tables.table;
	enum s2_code code;

	if (input->tables.n != 1)
		return s2_fail(err, S2_USAGE, "--vcpu: '%s' is not one table", o->vcpu_table);
	if (!input->kernel)
		return s2_fail(
			err, S2_USAGE,
			"--vcpu: the registers of vCPUs are in dumps of memory, not in this file");
	if (!table->object_va)
		return s2_fail(
			err, S2_USAGE,
			"--vcpu: %s (%s) is not a virtual machine's own table: it has no vCPUs",
			table->id, table->kind);
	code = s2_kvm_vcpu(input->kernel, table->object_va, o->vcpu, ret, err);
	if (code)
		return s2_wrap(err, "%s", table->id);
	if (ret->cpu >= 0)
		fprintf(stderr,
			"s2dump: %s/%" PRIu64
			" was loaded on CPU %d: its saved registers may be older than what ran\n",
			table->id, o->vcpu, ret->cpu);
	*ret_table = table;
	return S2_OK;
}

enum s2_code s2_guest_open(const struct s2_options *o, const struct s2_input *input,
			   struct s2_guest *ret, struct s2_err *err)
{
	enum s2_code code;

	memset(ret, 0, sizeof(*ret));
	code = s2_guest_vcpu(o, input, &ret->stage2_table, &ret->vcpu, err);
	if (!code)
		code = s2_input_shape(ret->stage2_table, &ret->stage2, err);
	if (code)
		return code;
	if (!(ret->vcpu.regs.reg[S2_REG_SCTLR_EL1] & BIT64(0)))
		return s2_fail(err, S2_INVALID,
			       "%s/%" PRIu64 ": SCTLR_EL1.M is 0, the guest's stage 1 is off",
			       ret->stage2_table->id, o->vcpu);
	s2_guestmem_init(&ret->memory, &input->source->mem, &ret->stage2,
			 ret->stage2_table->root_pa);
	code = add_half(ret, o, false, err);
	return code ? code : add_half(ret, o, true, err);
}

/* What the six accesses may do; the order is that of the columns. */
static const enum s2_at_op accesses[] = { S2_AT_S12E1R, S2_AT_S12E1W, S2_AT_S12E1X,
					  S2_AT_S12E0R, S2_AT_S12E0W, S2_AT_S12E0X };

/* A stretch of virtual addresses that is the same to all accesses. */
struct stretch {
	uint64_t va, size, pa;
	unsigned int allowed; /* bit n: accesses[n] */
	uint8_t attr, sh;     /* of PAR_EL1 */
	bool mapped;          /* both stages have a leaf */
	bool missing;
	bool contiguous;
};

struct effective {
	struct s2_at_request req;
	const struct s2_mem *mem;
	struct s2_out *out;
	bool json, comma, incomplete;
	struct stretch run; /* not printed yet; size 0: none */
};

/* What both stages say about [@va, @va + @size), which one leaf of each covers. */
static enum s2_code probe(struct effective *e, uint64_t va, uint64_t size, struct stretch *ret,
			  struct s2_err *err)
{
	*ret = (struct stretch){ .va = va, .size = size, .contiguous = true };
	for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct s2_at_result r;
		enum s2_code code;

		e->req.op = accesses[i];
		e->req.ia = va;
		code = s2_translate(&e->req, e->mem, &r, err);
		if (code)
			return code;
		if (r.outcome == S2_AT_MISSING)
			ret->missing = true;
		if (r.outcome != S2_AT_DONE)
			continue;
		ret->allowed |= 1U << i;
		ret->mapped = true;
		ret->pa = r.pa;
		ret->attr = (uint8_t)field_get(BITS64(63, 56), r.par);
		ret->sh = (uint8_t)field_get(BITS64(8, 7), r.par);
	}
	return S2_OK;
}

static void flush(struct effective *e)
{
	static const char letters[] = "RWXRWX";
	const struct stretch *s = &e->run;
	char text[] = "--- ---";

	if (!s->size)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++)
		if (s->allowed & 1U << i)
			text[i < 3 ? i : i + 1] = letters[i];
	if (e->json) {
		s2_out_printf(e->out, "%s\n {\"ia\":\"0x%" PRIx64 "\",\"size\":%" PRIu64,
			      e->comma ? "," : "", s->va, s->size);
		s2_out_printf(e->out, ",\"el1\":\"%.3s\",\"el0\":\"%.3s\",\"missing\":%s", text,
			      text + 4, s->missing ? "true" : "false");
		if (s->mapped)
			s2_out_printf(e->out,
				      ",\"pa\":\"0x%" PRIx64
				      "\",\"pa_contiguous\":%s,\"attr\":\"0x%02x\",\"sh\":%u",
				      s->pa, s->contiguous ? "true" : "false", s->attr, s->sh);
		s2_out_str(e->out, "}");
	} else {
		struct s2_size_text size = s2_size_text(s->size);

		s2_out_printf(e->out,
			      "0x%016" PRIx64 "-0x%016" PRIx64 " %9" PRIu64 "%c EL1:%.3s EL0:%.3s ",
			      s->va, s->va + s->size, size.n, size.unit, text, text + 4);
		if (s->mapped)
			s2_out_printf(e->out, "attr=0x%02x sh=%u 0x%012" PRIx64 "%s\n", s->attr,
				      s->sh, s->pa, s->contiguous ? "" : "+");
		else
			s2_out_str(e->out, s->missing ? "missing\n" : "no access\n");
	}
	e->comma = true;
	e->run.size = 0;
}

/* Joins a stretch with the one before when all but the address is the same. */
static void join(struct effective *e, const struct stretch *s)
{
	struct stretch *run = &e->run;

	e->incomplete |= s->missing;
	if (run->size && run->va + run->size == s->va && run->allowed == s->allowed &&
	    run->attr == s->attr && run->sh == s->sh && run->mapped == s->mapped &&
	    run->missing == s->missing) {
		run->contiguous = run->contiguous && run->pa + run->size == s->pa;
		run->size += s->size;
		return;
	}
	flush(e);
	*run = *s;
}

/* One leaf of stage 1, cut where leaves of stage 2 end. */
static enum s2_code leaf(struct effective *e, const struct s2_guest *g, uint64_t va, uint64_t ipa,
			 uint64_t size, struct s2_err *err)
{
	while (size) {
		unsigned int height = 0;
		struct s2_entry entry;
		struct stretch s;
		uint64_t step = BIT64(g->stage2.page_log2), n;
		enum s2_code code;

		if (!s2_lookup(e->mem, &g->stage2, g->stage2_table->root_pa, ipa, &entry, &height))
			step = s2_entry_size(&g->stage2, height);
		n = step - (ipa & (step - 1));
		if (n > size)
			n = size;
		code = probe(e, va, n, &s, err);
		if (code)
			return code;
		join(e, &s);
		va += n;
		ipa += n;
		size -= n;
	}
	return S2_OK;
}

static enum s2_code effective_half(struct effective *e, const struct s2_options *o,
				   const struct s2_guest *g, const struct s2_table *table,
				   struct s2_walk *walk, struct s2_err *err)
{
	struct s2_geometry geom;
	struct s2_merge merge;
	struct s2_run run;
	enum s2_code code = table->regime.arch->shape(&table->regime, &geom, err);

	if (code)
		return code;
	s2_walk_init(walk, &geom, &g->memory.mem, table->root_pa);
	if (o->have_range && !s2_walk_range(walk, o->range_start, o->range_end - 1))
		return S2_OK;
	s2_merge_init(&merge, walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (!code && !s2_out_dead(e->out) && s2_merge_next(&merge, &run)) {
		uint64_t size = s2_entry_size(&geom, run.height);

		e->incomplete |= run.missing != S2_OK;
		for (uint64_t i = 0;
		     !code && s2_is_leaf(run.entry.type) && !run.missing && i < run.count; i++)
			code = leaf(e, g, run.ia + i * size, run.entry.oa + i * size, size, err);
	}
	flush(e);
	return code;
}

enum s2_exit s2_guest_effective(const struct s2_options *o, const struct s2_input *input,
				struct s2_guest *g, struct s2_out *out, struct s2_err *err)
{
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	struct effective e = { .mem = &input->source->mem, .out = out, .json = o->json };
	enum s2_code code = walk ? S2_OK : s2_fail(err, S2_NOMEM, "no memory");

	e.req = (struct s2_at_request){ .regs = g->vcpu.regs,
					.stage2 = &g->stage2,
					.stage2_root = g->stage2_table->root_pa };
	for (unsigned int i = 0; !code && i < g->nhalves; i++) {
		if (o->json)
			s2_out_printf(out, "%s{\"id\":\"%s\",\"effective\":[", i ? ",\n" : "[",
				      g->half[i].id);
		else
			s2_out_printf(out, "%s---[ %s effective ]---\n", i ? "\n" : "",
				      g->half[i].id);
		e.comma = false;
		code = effective_half(&e, o, g, &g->half[i], walk, err);
		if (o->json)
			s2_out_str(out, "]}");
	}
	if (o->json)
		s2_out_str(out, g->nhalves ? "]\n" : "[]\n");
	if (code)
		return s2_exit_of(code);
	return e.incomplete ? S2_EXIT_INCOMPLETE : S2_EXIT_OK;
}
