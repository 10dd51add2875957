// SPDX-License-Identifier: GPL-2.0-or-later
// Between the tables where KVM alone keeps them: what they say of one page of memory together.
#include "check/looks.h"
#include "check/priv.h"

uint64_t s2_check_ia_of(struct s2_check_ctx *ctx, size_t t, uint64_t pa)
{
	const struct s2_geometry *g = &ctx->geom[t];
	struct s2_strip strip;

	if (!g->arch)
		return S2_NO_ADDRESS;
	s2_walk_init(ctx->walk, g, ctx->mem, ctx->tables->table[t].root_pa);
	while (s2_walk_next(ctx->walk, &strip) && !s2_budget_take(&ctx->lookups, 1)) {
		uint64_t size = s2_entry_size(g, strip.height);

		for (uint64_t i = 0; !strip.missing && i < strip.n; i++)
			if (s2_maps(g, strip.height, strip.desc[i]) &&
			    pa - s2_leaf_oa(g, strip.height, strip.desc[i]) < size)
				return strip.ia + i * size + (pa & (size - 1));
	}
	return S2_NO_ADDRESS;
}

/* To look for the address costs a walk: of so many findings it is not said for all. */
#define MAX_WALKS 1000

bool s2_check_looks_up(const struct s2_check_ctx *ctx, enum s2_check_id id)
{
	return s2_check_keeps(ctx, id) && ctx->report->outcome[id].nkept < MAX_WALKS;
}

static void hidden(struct s2_check_ctx *ctx, const struct s2_facts_run *run)
{
	size_t guest = run->fact->guest - (size_t)1;

	for (uint64_t i = 0; run->fact->table && run->fact->guest && i < run->npages; i++) {
		uint64_t pa = s2_pages_pa(&ctx->pages, run->number + i), ia = S2_NO_ADDRESS;

		if (s2_check_looks_up(ctx, S2_CHECK_TABLE_HIDDEN))
			ia = s2_check_ia_of(ctx, guest, pa);
		s2_check_found(ctx, S2_CHECK_TABLE_HIDDEN, &ctx->tables->table[guest], ia, pa,
			       "a table page is mapped in a guest");
	}
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct s2_facts_run *run);
} looks[] = { S2_MEMORY_LOOKS(S2_LOOK_ROW) };

void s2_check_memory(struct s2_check_ctx *ctx)
{
	const struct s2_pages *pages = &ctx->pages;
	uint64_t end = pages->window + pages->nwindow;
	struct s2_facts_run run;

	for (uint64_t at = pages->window; at < end; at += run.npages) {
		run = s2_pages_alike(pages, at, end);
		for (unsigned int i = 0; i < ARRAY_SIZE(looks); i++)
			if (s2_check_runs(ctx, looks[i].id))
				looks[i].look(ctx, &run);
	}
}
