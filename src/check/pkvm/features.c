// SPDX-License-Identifier: GPL-2.0-or-later
// What the hypervisor of this kernel does and no type of its own tells: asked once, by functions
// and members.
#include "check/pkvm/priv.h"

static enum s2_tristate has(bool known, bool it)
{
	return !known ? S2_UNKNOWN : it ? S2_YES : S2_NO;
}

void s2_check_features(struct s2_check_ctx *ctx)
{
	enum { FIXMAP, FIXBLOCK, OWNS_PRIVATE, FIRST_COUNTS, NSYMBOLS };
	struct s2_symbol symbol[NSYMBOLS] = {
		[FIXMAP] = { .name = "__kvm_nvhe_hyp_fixmap_map" },
		[OWNS_PRIVATE] = { .name = "__kvm_nvhe_pkvm_check_host_ownership" },
		[FIXBLOCK] = { .name = "__kvm_nvhe_hyp_fixblock_map" },
		/* A callback of this name came when all entries began to be counted (nvhe/setup.c,
		 * 6.2). */
		[FIRST_COUNTS] = { .name = "__kvm_nvhe_finalize_host_mappings_walker" },
	};
	struct s2_check_features *f;
	struct s2_types *types;
	bool known;

	if (!ctx->kernel || !ctx->kept)
		return;
	f = &s2_protected(ctx)->features;
	known = !s2_kernel_symbols(ctx->kernel, symbol, NSYMBOLS, NULL);
	f->fixmap = has(known, symbol[FIXMAP].hits);
	f->owns_private = has(known, symbol[OWNS_PRIVATE].hits);
	f->fixblock = has(known, symbol[FIXBLOCK].hits);
	f->first_counts = has(known, symbol[FIRST_COUNTS].hits);
	known = !s2_kernel_types(ctx->kernel, &types, NULL);
	/* A mapping of several pages is a block (pkvm.c, pkvm_pgtable_stage2_map()). */
	f->guest_blocks =
		has(known, known && s2_types_has_member(types, "pkvm_mapping", "nr_pages"));
}
