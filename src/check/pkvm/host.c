// SPDX-License-Identifier: GPL-2.0-or-later
// The host's stage 2: an identity map with rights by kind of memory, states and annotations.
#include <inttypes.h>

#include "check/arm64/forms.h"
#include "check/pkvm/looks.h"
#include "check/pkvm/priv.h"

enum s2_tristate s2_check_is_memory(const struct s2_check_ctx *ctx, uint64_t pa)
{
	uint64_t next;

	if (!ctx->kept || !s2_check_pkvm(ctx)->have_memory)
		return S2_UNKNOWN;
	return s2_pkvm_memory_at(s2_check_pkvm(ctx), pa, &next) ? S2_YES : S2_NO;
}

/* Does a border of memory run through the leaf? */
static bool is_mixed(const struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	uint64_t next;

	s2_pkvm_memory_at(s2_check_pkvm(ctx), ia, &next);
	return next - ia < size;
}

enum s2_tristate s2_check_all_memory(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t size)
{
	enum s2_tristate memory = s2_check_is_memory(ctx, pa);

	return memory == S2_YES && is_mixed(ctx, pa, size) ? S2_NO : memory;
}

static void identity(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		     uint64_t raw)
{
	(void)height;
	if (oa != ia)
		s2_check_found(ctx, S2_CHECK_HOST_IDENTITY, ctx->table, ia, oa,
			       "maps to another address (descriptor 0x%" PRIx64 ")", raw);
}

static void rights(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		   uint64_t raw)
{
	enum s2_tristate memory = s2_check_is_memory(ctx, ia);
	uint64_t rights = raw & (S2_R | S2_W | S2_XN), size = s2_entry_size(ctx->g, height);

	if (memory == S2_UNKNOWN)
		return;
	if (is_mixed(ctx, ia, size))
		s2_check_found(ctx, S2_CHECK_HOST_PROT, ctx->table, ia, oa,
			       "0x%" PRIx64 " bytes are memory in part only", size);
	else if (memory == S2_YES && rights != (S2_R | S2_W) &&
		 !(s2_check_pkvm(ctx)->text_stays && rights == (S2_R | S2_XN)))
		s2_check_found(ctx, S2_CHECK_HOST_PROT, ctx->table, ia, oa,
			       "memory is not mapped RWX (descriptor 0x%" PRIx64 ")", raw);
	else if (memory == S2_NO && rights != (S2_R | S2_W | S2_XN))
		s2_check_found(
			ctx, S2_CHECK_HOST_PROT, ctx->table, ia, oa,
			"devices are not mapped RW and never executable (descriptor 0x%" PRIx64 ")",
			raw);
}

static void states(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		   uint64_t raw)
{
	uint64_t state = field_get(LEAF_STATE, raw);

	if (height && state)
		s2_check_found(ctx, S2_CHECK_HOST_STATE, ctx->table, ia, oa,
			       "state %" PRIu64 " in a block (descriptor 0x%" PRIx64 ")", state,
			       raw);
	if (state == 3)
		s2_check_found(ctx, S2_CHECK_HOST_STATE, ctx->table, ia, oa,
			       "state 3 means nothing (descriptor 0x%" PRIx64 ")", raw);
	if (state && s2_check_is_memory(ctx, ia) == S2_NO)
		s2_check_found(ctx, S2_CHECK_HOST_STATE, ctx->table, ia, oa,
			       "state %" PRIu64 " where there is no memory (descriptor 0x%" PRIx64
			       ")",
			       state, raw);
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		     uint64_t raw);
} leaf_looks[] = { S2_HOST_LEAF_LOOKS(S2_LOOK_ROW) };

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, uint64_t pa, const struct s2_own *own);
} given_looks[] = { S2_HOST_GIVEN_LOOKS(S2_LOOK_ROW) };

/* Sets what the host's entry says for every page of memory in [@pa, @pa + @size). */
static void set_facts(struct s2_check_ctx *ctx, uint64_t pa, uint64_t size, struct s2_facts what)
{
	struct s2_facts_run run;
	uint64_t at, to;

	s2_pages_span(&ctx->pages, pa, pa + size - 1, &at, &to);
	while (s2_pages_change(&ctx->pages, &at, to, &run)) {
		for (uint64_t i = 0; i < run.nfacts; i++) {
			run.fact[i].host = what.host & 7;
			run.fact[i].host_write = what.host_write & 1;
			run.fact[i].host_exec = what.host_exec & 1;
		}
	}
}

void s2_host_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	set_facts(ctx, ia, size, (struct s2_facts){ .host = S2_HOST_UNREAD });
}

void s2_host_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		  uint64_t raw)
{
	static const uint8_t by_bits[] = { S2_HOST_OWNED, S2_HOST_SHARED, S2_HOST_BORROWED,
					   S2_HOST_OTHER };
	uint64_t size = s2_entry_size(ctx->g, height);
	struct s2_facts what = { 0 };

	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(leaf_looks); i++)
		if (s2_check_runs(ctx, leaf_looks[i].id))
			leaf_looks[i].look(ctx, height, ia, oa, raw);
	what.host = (unsigned int)by_bits[field_get(LEAF_STATE, raw)] & 7U;
	what.host_write = (raw & S2_W) != 0;
	what.host_exec = !(raw & S2_XN);
	set_facts(ctx, ia, size, what);
}

void s2_host_invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	static const uint8_t by_owner[S2_NOWNERS] = {
		[S2_OWNER_NONE] = S2_HOST_OTHER,  [S2_OWNER_HOST] = S2_HOST_OTHER,
		[S2_OWNER_HYP] = S2_HOST_HYP,     [S2_OWNER_FFA] = S2_HOST_OTHER,
		[S2_OWNER_GUEST] = S2_HOST_GUEST, [S2_OWNER_OTHER] = S2_HOST_OTHER,
	};
	struct s2_own own = s2_pkvm_invalid(s2_check_pkvm(ctx), S2_PKVM_HOST, raw);

	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(given_looks); i++)
		if (own.owner == S2_OWNER_GUEST && s2_check_runs(ctx, given_looks[i].id))
			given_looks[i].look(ctx, ia, &own);
	set_facts(ctx, ia, s2_entry_size(ctx->g, height),
		  (struct s2_facts){ .host = (unsigned int)by_owner[own.owner] & 7U });
}
