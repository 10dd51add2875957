// SPDX-License-Identifier: GPL-2.0-or-later
// The hypervisor as a keeper of tables: which of its invariants are asked when.
#include <stdlib.h>

#include "check/arm64/forms.h"
#include "check/pkvm/looks.h"
#include "check/pkvm/priv.h"
#include "decode/arm64/arm64.h"
#include "host/pkvm/pkvm.h"

/*
 * Each word of hyp_vmemmap is there once, or is a zero that nobody dumped. Beyond what is there:
 * words of 256 GiB in 4K pages, and as many that are not like the one before as for 4 GiB.
 */
#define FLOOR_WORDS (1U << 26)
#define FLOOR_RUNS (1U << 20)

_Static_assert((S2_KVM_SET | S2_LOOK_SET(S2_HOST_LEAF_LOOKS) | S2_LOOK_SET(S2_HOST_GIVEN_LOOKS) |
		S2_LOOK_SET(S2_HYP_LEAF_LOOKS) | S2_LOOK_SET(S2_STATE_LOOKS) |
		S2_LOOK_SET(S2_VM_LOOKS) | S2_LOOK_SET(S2_VMS_LOOKS)) == BIT64(S2_NCHECKS) - 1,
	       "a check that no function looks for");

/* The hypervisor's stage 1 of a host that is not protected. */
static bool exempt(const struct s2_table *table)
{
	return s2_pkvm_role_of(table) == S2_PKVM_NONE && table->regime.arch == &s2_arm64_stage1_el2;
}

static enum s2_role role(const struct s2_table *table)
{
	static const uint8_t by_pkvms[] = {
		[S2_PKVM_NONE] = S2_ROLE_GUEST,
		[S2_PKVM_HOST] = S2_ROLE_HOST,
		[S2_PKVM_HYP] = S2_ROLE_HYP,
		[S2_PKVM_GUEST] = S2_ROLE_KEPT,
	};

	return (enum s2_role)by_pkvms[s2_pkvm_role_of(table)];
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool find_stacks(struct s2_protected *p)
{
	p->stack = calloc(p->pkvm->ncpus + 1, sizeof(*p->stack));
	if (!p->stack)
		return false;
	for (size_t i = 0; i < p->pkvm->ncpus; i++)
		p->stack[p->nstacks++] = p->pkvm->cpu[i].stack_pa;
	qsort(p->stack, p->nstacks, sizeof(*p->stack), by_address);
	return true;
}

static void open_system(struct s2_check_ctx *ctx)
{
	struct s2_protected *p;
	uint64_t words;

	if (!s2_pkvm_of(ctx->tables))
		return;
	p = calloc(1, sizeof(*p));
	if (!p) {
		ctx->nomem = true;
		return;
	}
	p->pkvm = s2_pkvm_of(ctx->tables);
	ctx->kept = p;
	ctx->nomem |= !find_stacks(p);
	words = p->pkvm->page.size ? ctx->mem->bytes / p->pkvm->page.size : 0;
	s2_budget_init(&p->words, FLOOR_WORDS, 1, words);
	s2_budget_init(&p->runs, FLOOR_RUNS, 1, words);
}

static const char *meaningless(const struct s2_check_ctx *ctx, unsigned int needs)
{
	const struct s2_pkvm *p;

	if (!ctx->kept)
		return NULL;
	p = s2_check_pkvm(ctx);
	if (needs & S2_NEED_HOST_PTE && p->host_in != S2_STATE_IN_PTE)
		return "this kernel keeps no states in the host's leaves";
	if (needs & S2_NEED_HOST_VMM && p->host_in != S2_STATE_IN_VMEMMAP)
		return "this kernel keeps the host's states in its leaves";
	if (needs & S2_NEED_HYP_VMM && p->hyp_in != S2_STATE_IN_VMEMMAP)
		return "this kernel keeps the hypervisor's states in its leaves";
	if (needs & S2_NEED_STATES && p->host_in == S2_STATE_UNTRACKED)
		return "this kernel knows no page states";
	if (needs & S2_NEED_GUESTS && !p->guests)
		return "this kernel's hypervisor manages no guests' tables";
	if (needs & S2_NEED_HYP_VM && !p->hyp_vms)
		return "this kernel's hypervisor knows no guests";
	if (needs & S2_NEED_DONATED && (!p->guests || p->annotation != S2_ANNOTATION_TYPED))
		return "this kernel gives no pages to guests";
	return NULL;
}

static const char *lacks(const struct s2_check_ctx *ctx, unsigned int needs)
{
	if (!ctx->kept)
		return NULL;
	if (needs & S2_NEED_MEMORY && !s2_check_pkvm(ctx)->have_memory)
		return "hyp_memory[] is not known";
	if (needs & S2_NEED_VMEMMAP && !s2_check_pkvm(ctx)->have_vmemmap)
		return "hyp_vmemmap is not known";
	return NULL;
}

static void begin(struct s2_check_ctx *ctx)
{
	s2_check_features(ctx);
	s2_check_vms_begin(ctx);
}

static void end(struct s2_check_ctx *ctx)
{
	if (!ctx->kept)
		return;
	s2_check_vms_end(ctx);
	free(s2_protected(ctx)->image);
	free(s2_protected(ctx)->stack);
	free(ctx->kept);
	ctx->kept = NULL;
}

static void pages(struct s2_check_ctx *ctx)
{
	s2_check_states(ctx);
	s2_check_vms(ctx);
}

static void table_begin(struct s2_check_ctx *ctx)
{
	if (role(ctx->table) == S2_ROLE_HYP)
		s2_hyp_begin(ctx);
}

static void table_end(struct s2_check_ctx *ctx)
{
	if (role(ctx->table) == S2_ROLE_HYP && ctx->first_window)
		s2_hyp_end(ctx);
}

static bool leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	switch (role(ctx->table)) {
	case S2_ROLE_HOST:
		s2_host_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_ROLE_HYP:
		s2_hyp_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_ROLE_KEPT:
	case S2_ROLE_GUEST:
	case S2_NROLES:
		break;
	}
	return false;
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	if (role(ctx->table) == S2_ROLE_HOST)
		s2_host_invalid(ctx, height, ia, raw);
}

static void lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	switch (role(ctx->table)) {
	case S2_ROLE_HOST:
		s2_host_lost(ctx, ia, size);
		break;
	case S2_ROLE_HYP:
		s2_hyp_lost(ctx, ia, size);
		break;
	case S2_ROLE_KEPT:
		ctx->kept_lost = true;
		break;
	case S2_ROLE_GUEST:
	case S2_NROLES:
		break;
	}
}

static bool memory(const struct s2_check_ctx *ctx, size_t i, struct s2_extent *ret)
{
	const struct s2_pkvm *p;

	if (!ctx->kept)
		return false;
	p = s2_check_pkvm(ctx);
	if (!p->have_memory || i >= p->nmemory)
		return false;
	*ret = (struct s2_extent){ .pa = p->memory[i].pa, .size = p->memory[i].size };
	return true;
}

/* In how many regions of memory the hypervisor's linear map puts a part of [@va, @va + @size). */
static uint32_t regions_met(const struct s2_pkvm *p, uint64_t va, uint64_t size)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->nmemory; i++) {
		uint64_t first = p->memory[i].pa - p->phys_offset;

		n += va < first + p->memory[i].size && first < va + size;
	}
	return n;
}

/*
 * finalize_host_mappings() (nvhe/setup.c, up to 6.1) counts entries of the hypervisor's table that
 * were there before, region by region; what was mapped since counts itself once, wherever it is.
 */
static void holds(const struct s2_check_ctx *ctx, uint64_t va, uint64_t size, uint32_t *min,
		  uint32_t *max)
{
	uint32_t met;

	if (!ctx->kept || s2_protected(ctx)->features.first_counts != S2_YES ||
	    role(ctx->table) != S2_ROLE_HYP)
		return;
	met = regions_met(s2_check_pkvm(ctx), va, size);
	*min = met != 0;
	*max = met ? met : 1;
}

static enum s2_kept_state state(uint64_t raw)
{
	static const uint8_t by_bits[] = { S2_KEPT_OWNED, S2_KEPT_SHARED, S2_KEPT_BORROWED,
					   S2_KEPT_UNSAID };

	return (enum s2_kept_state)by_bits[field_get(LEAF_STATE, raw)];
}

static bool references(const struct s2_check_ctx *ctx, uint64_t pa, int64_t *ret)
{
	uint64_t word;

	if (!s2_check_pkvm(ctx)->page.refcount ||
	    s2_pkvm_page(s2_check_pkvm(ctx), ctx->mem, ctx->pages.page_log2, pa, &word))
		return false;
	*ret = (int64_t)s2_pkvm_refs(s2_check_pkvm(ctx), word);
	return true;
}

const struct s2_keeper s2_pkvm_keeper = {
	.role = role,
	.exempt = exempt,
	.open = open_system,
	.meaningless = meaningless,
	.lacks = lacks,
	.begin = begin,
	.end = end,
	.pages = pages,
	.writer = s2_pkvm_writer,
	.table_begin = table_begin,
	.table_end = table_end,
	.leaf = leaf,
	.invalid = invalid,
	.lost = lost,
	.state = state,
	.owned = s2_check_owned,
	.is_memory = s2_check_is_memory,
	.memory = memory,
	.holds = holds,
	.references = references,
};
