// SPDX-License-Identifier: GPL-2.0-or-later
// The hypervisor as a keeper of tables: which of its invariants are asked when.
#include "check/priv.h"
#include "decode/arm64/arm64.h"

/* The hypervisor's stage 1 of a host that is not protected. */
static bool exempt(const struct s2_table *table)
{
	return s2_pkvm_role_of(table) == S2_PKVM_NONE && table->regime.arch == &s2_arm64_stage1_el2;
}

static enum s2_pkvm_role role(const struct s2_table *table)
{
	return s2_pkvm_role_of(table);
}

static void begin(struct s2_check_ctx *ctx)
{
	s2_check_features(ctx);
	s2_check_vms_begin(ctx);
}

static void pages(struct s2_check_ctx *ctx)
{
	s2_check_states(ctx);
	s2_check_vms(ctx);
}

static void table_begin(struct s2_check_ctx *ctx)
{
	if (role(ctx->table) == S2_PKVM_HYP)
		s2_hyp_begin(ctx);
}

static void table_end(struct s2_check_ctx *ctx)
{
	if (role(ctx->table) == S2_PKVM_HYP && ctx->first_window)
		s2_hyp_end(ctx);
}

static bool leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	switch (role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_PKVM_HYP:
		s2_hyp_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_PKVM_GUEST:
	case S2_PKVM_NONE:
		break;
	}
	return false;
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	if (role(ctx->table) == S2_PKVM_HOST)
		s2_host_invalid(ctx, height, ia, raw);
}

static void lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	switch (role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_lost(ctx, ia, size);
		break;
	case S2_PKVM_HYP:
		s2_hyp_lost(ctx, ia, size);
		break;
	case S2_PKVM_GUEST:
		ctx->kept_lost = true;
		break;
	case S2_PKVM_NONE:
		break;
	}
}

static bool references(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret)
{
	uint64_t word;

	if (!ctx->pkvm->page.refcount ||
	    s2_pkvm_page(ctx->pkvm, ctx->mem, ctx->pages.page_log2, pa, &word))
		return false;
	*ret = s2_pkvm_refs(ctx->pkvm, word);
	return true;
}

const struct s2_keeper s2_pkvm_keeper = {
	.role = role,
	.exempt = exempt,
	.begin = begin,
	.end = s2_check_vms_end,
	.pages = pages,
	.table_begin = table_begin,
	.table_end = table_end,
	.leaf = leaf,
	.invalid = invalid,
	.lost = lost,
	.owned = s2_check_owned,
	.is_memory = s2_check_is_memory,
	.references = references,
};
