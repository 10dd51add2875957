// SPDX-License-Identifier: GPL-2.0-or-later
// Pages that the host gave to a guest: its annotation names guest and address, and the guest's
// table leads back (7.1).
#include <inttypes.h>

#include "check/pkvm/priv.h"
#include "decode/lookup.h"

/* The entry of table @i for @ia; false when it cannot be read. */
static bool entry_at(struct s2_check_ctx *ctx, size_t i, uint64_t ia, uint64_t *ret_raw,
		     unsigned int *ret_height)
{
	struct s2_found found;

	if (!ctx->geom[i].arch ||
	    s2_lookup(ctx->mem, &ctx->geom[i], ctx->tables->table[i].root_pa, ia, &found))
		return false;
	*ret_raw = found.raw;
	*ret_height = found.height;
	return true;
}

static size_t guest_with(const struct s2_check_ctx *ctx, uint32_t handle)
{
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_ROLE_KEPT &&
		    ctx->tables->table[i].handle == handle)
			return i;
	return SIZE_MAX;
}

void s2_check_given(struct s2_check_ctx *ctx, uint64_t pa, const struct s2_own *own)
{
	uint64_t ia = own->gfn << ctx->g->page_log2, raw;
	size_t guest = guest_with(ctx, own->handle);
	unsigned int height;

	if (guest == SIZE_MAX && ctx->kept_lost) {
		s2_check_unknown(ctx, S2_CHECK_DONATION,
				 "the table of guest 0x%x, to which PA 0x%" PRIx64
				 " was given, is not known, or not chosen",
				 own->handle, pa);
		return;
	}
	if (guest == SIZE_MAX) {
		s2_check_found(ctx, S2_CHECK_DONATION, ctx->table, pa, pa,
			       "given to guest 0x%x, which does not exist", own->handle);
		return;
	}
	if (!entry_at(ctx, guest, ia, &raw, &height)) {
		if (ia >> ctx->geom[guest].ia_bits)
			s2_check_found(ctx, S2_CHECK_DONATION, ctx->table, pa, pa,
				       "given to guest 0x%x at 0x%" PRIx64
				       ", beyond its address space",
				       own->handle, ia);
		else
			s2_check_unknown(ctx, S2_CHECK_DONATION, "%s: 0x%" PRIx64 " cannot be read",
					 ctx->tables->table[guest].id, ia);
		return;
	}
	if (height || !s2_maps(&ctx->geom[guest], height, raw) ||
	    s2_leaf_oa(&ctx->geom[guest], height, raw) != pa)
		s2_check_found(ctx, S2_CHECK_DONATION, ctx->table, pa, pa,
			       "given to guest 0x%x at 0x%" PRIx64
			       ", which maps something else there (0x%" PRIx64 ")",
			       own->handle, ia, raw);
}

void s2_check_owned(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa)
{
	const struct s2_table *table = ctx->table;
	unsigned int height;
	struct s2_own own;
	uint64_t raw;

	if (ctx->host == SIZE_MAX || s2_check_pkvm(ctx)->annotation != S2_ANNOTATION_TYPED ||
	    !entry_at(ctx, ctx->host, oa, &raw, &height) || raw & 1)
		return; /* states.c says when the host has not given it at all */
	own = s2_pkvm_invalid(s2_check_pkvm(ctx), S2_PKVM_HOST, raw);
	if (own.owner == S2_OWNER_GUEST &&
	    (own.handle != table->handle || own.gfn != ia >> ctx->g->page_log2))
		s2_check_found(ctx, S2_CHECK_GUEST_STATE, table, ia, oa,
			       "owned by guest 0x%x, but given to 0x%x at gfn 0x%" PRIx64,
			       table->handle, own.handle, own.gfn);
}
