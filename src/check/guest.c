// SPDX-License-Identifier: GPL-2.0-or-later
// Guests' leaves: within their memslots, what their VMM has there, and nobody else's.
#include <inttypes.h>
#include <string.h>

#include "check/looks.h"
#include "check/priv.h"
#include "model/slots.h"

/* A leaf of a guest that maps something. */
struct guest_leaf {
	uint64_t ia, oa, size, raw;
	struct s2_rights rights;
	bool kept; /* of a table that the hypervisor keeps */
	enum s2_tristate confirmed;
};

static bool is_device(const struct s2_check_ctx *ctx, uint64_t raw)
{
	return ctx->writer && ctx->writer->is_device && ctx->writer->is_device(raw);
}

static void within_slots(struct s2_check_ctx *ctx, struct guest_leaf *leaf)
{
	uint64_t ia = leaf->ia, oa = leaf->oa, size = leaf->size;
	const struct s2_slot *slot;

	if (s2_table_is_shadow(ctx->table))
		return; /* a nested guest has no slots */
	if (!ctx->table->have_slots) {
		s2_check_unknown(ctx, S2_CHECK_MEMSLOTS, "%s: memslots are not known",
				 ctx->table->id);
		return;
	}
	s2_check_looked(ctx, S2_CHECK_MEMSLOTS, 1);
	slot = s2_slot_at(ctx->table, ia);
	if (slot && slot->size - (ia - slot->ipa) < size)
		slot = NULL; /* it holds only a part */
	if (!slot && is_device(ctx, leaf->raw) &&
	    s2_pages_number(&ctx->pages, oa, NULL) == S2_NO_PAGE)
		return; /* kvm_phys_addr_ioremap(): GICV */
	if (!slot)
		s2_check_found(ctx, S2_CHECK_MEMSLOTS, ctx->table, ia, oa,
			       "0x%" PRIx64 " bytes are mapped, but not in one memslot", size);
	else if (slot->flags & S2_SLOT_READONLY && leaf->rights.write)
		s2_check_found(ctx, S2_CHECK_MEMSLOTS, ctx->table, ia, oa,
			       "writable in slot %d, which is read-only", slot->id);
}

static void executes_device(struct s2_check_ctx *ctx, struct guest_leaf *leaf)
{
	if ((leaf->rights.exec || leaf->rights.exec_user) && is_device(ctx, leaf->raw))
		s2_check_found(ctx, S2_CHECK_WX, ctx->table, leaf->ia, leaf->oa,
			       "device memory is executable (descriptor 0x%" PRIx64 ")", leaf->raw);
}

bool s2_check_same_vm(const struct s2_table *a, const struct s2_table *b)
{
	size_t n = strcspn(a->id, "/");

	return n == strcspn(b->id, "/") && !strncmp(a->id, b->id, n);
}

/* A page that two VMs write is shared on purpose when both VMMs have it at these slots' addresses. */
static void two_write(struct s2_check_ctx *ctx, const struct s2_facts *fact, uint64_t ia,
		      uint64_t pa, enum s2_tristate confirmed)
{
	const struct s2_table *other = &ctx->tables->table[fact->guest - 1];

	if (s2_check_same_vm(other, ctx->table))
		return;
	if (confirmed == S2_NO || fact->guest_odd)
		s2_check_found(ctx, S2_CHECK_TWO_GUESTS, ctx->table, ia, pa,
			       "writable here and in %s: 1 writer expected, 2 found", other->id);
	else if (confirmed == S2_UNKNOWN || fact->guest_unsure)
		s2_check_unknown(ctx, S2_CHECK_TWO_GUESTS,
				 "PA 0x%" PRIx64
				 " is writable in %s and %s, whose VMMs are not known",
				 pa, ctx->table->id, other->id);
}

/* @n pages from number @number on, of which the same is known, are written here, too. */
static void all_write(struct s2_check_ctx *ctx, const struct s2_facts *fact, uint64_t number,
		      uint64_t n, uint64_t to_ia, enum s2_tristate confirmed)
{
	while (n) {
		uint64_t pa = s2_pages_pa(&ctx->pages, number), kept = ctx->kept_findings;

		two_write(ctx, fact, pa + to_ia, pa, confirmed);
		n--;
		number++;
		if (kept != ctx->kept_findings || !n)
			continue;
		/* What is not kept is only counted. */
		ctx->times = n;
		two_write(ctx, fact, pa + to_ia, pa, confirmed);
		ctx->times = 1;
		n = 0;
	}
}

/* Addresses are @to_ia above those of memory. */
static void of_host(struct s2_check_ctx *ctx, const struct s2_facts_run *run, uint64_t to_ia,
		    bool write, enum s2_tristate confirmed)
{
	for (uint64_t i = 0; i < run->nfacts; i++) {
		struct s2_facts *fact = &run->fact[i];

		if (write && fact->guest_write) {
			all_write(ctx, fact, run->number + i, run->npages / run->nfacts, to_ia,
				  confirmed);
			continue;
		}
		if (fact->guest && !write)
			continue;
		fact->guest = (uint16_t)(ctx->t + 1);
		fact->guest_write = write;
		fact->guest_odd = confirmed == S2_NO;
		fact->guest_unsure = confirmed == S2_UNKNOWN;
	}
}

static void of_hypervisor(struct s2_facts *fact, enum s2_kept_state state)
{
	fact->kept_guest = 1;
	switch (state) {
	case S2_KEPT_OWNED:
		fact->kept_owned = 1;
		break;
	case S2_KEPT_SHARED:
		fact->kept_shared = 1;
		break;
	case S2_KEPT_BORROWED:
		if (fact->borrowers < UINT16_MAX)
			fact->borrowers++;
		break;
	case S2_KEPT_UNSAID:
		break;
	}
}

/* A leaf of a table that the hypervisor keeps. */
static enum s2_kept_state kept_state(struct s2_check_ctx *ctx, const struct guest_leaf *leaf)
{
	enum s2_kept_state state = S2_KEPT_UNSAID;

	for (unsigned int i = 0; i < s2_nkeepers; i++) {
		if (s2_keepers[i]->role(ctx->table) != S2_ROLE_KEPT)
			continue;
		state = s2_keepers[i]->state(leaf->raw);
		if (ctx->first_window && state == S2_KEPT_OWNED)
			s2_keepers[i]->owned(ctx, leaf->ia, leaf->oa);
	}
	return state;
}

/* Who else maps a page is known of the dump's memory alone: a snapshot has none but tables, and a
 * filter may have taken memory out as if it had never been there. What the kernel does not use as
 * memory is a device's. */
static void seen_by_all(struct s2_check_ctx *ctx, struct guest_leaf *leaf)
{
	uint64_t pa = leaf->oa, first = pa, end = pa + leaf->size, left;

	if (leaf->kept || !leaf->rights.write || is_device(ctx, leaf->raw))
		return;
	for (; pa < end; pa += left << ctx->pages.page_log2) {
		if (s2_pages_number(&ctx->pages, pa, &left) != S2_NO_PAGE)
			continue;
		if (ctx->kernel && (pa == first || !s2_budget_take(&ctx->outside, 1)) &&
		    s2_memmap_uses(ctx, pa, &left) == S2_NO)
			continue;
		s2_check_unknown(ctx, S2_CHECK_TWO_GUESTS,
				 "who else maps what guests may write is not known: PA 0x%" PRIx64
				 " is not in the dump's memory",
				 pa);
		return;
	}
}

static void confirmed_by_vmm(struct s2_check_ctx *ctx, struct guest_leaf *leaf)
{
	if (leaf->kept)
		return;
	leaf->confirmed =
		s2_vmm_confirms(ctx, leaf->ia, leaf->size, leaf->oa, leaf->rights.write, leaf->raw);
	if (ctx->first_window && leaf->confirmed != S2_UNKNOWN)
		s2_check_looked(ctx, S2_CHECK_VMM, 1);
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, struct guest_leaf *leaf);
} looks[] = { S2_LEAF_LOOKS(S2_LOOK_ROW) }, pass_looks[] = { S2_PASS_LEAF_LOOKS(S2_LOOK_ROW) };

void s2_guest_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		   uint64_t raw)
{
	struct guest_leaf leaf = { .ia = ia,
				   .oa = oa,
				   .size = s2_entry_size(ctx->g, height),
				   .raw = raw,
				   .rights = ctx->g->arch->rights(ctx->g, height, raw, NULL),
				   .kept = s2_role(ctx->table) == S2_ROLE_KEPT,
				   .confirmed = S2_YES };
	enum s2_kept_state state = S2_KEPT_UNSAID;
	struct s2_facts_run run;
	uint64_t at, to;

	for (unsigned int i = 0; ctx->first_window && i < ARRAY_SIZE(looks); i++)
		if (s2_check_runs(ctx, looks[i].id))
			looks[i].look(ctx, &leaf);
	if (leaf.kept)
		state = kept_state(ctx, &leaf);
	s2_pages_span(&ctx->pages, oa, oa + leaf.size - 1, &at, &to);
	/* Whether they run or not: two-guests asks what came of them, of pages in the window. */
	for (unsigned int i = 0; (ctx->first_window || at < to) && i < ARRAY_SIZE(pass_looks); i++)
		pass_looks[i].look(ctx, &leaf);
	while (s2_pages_change(&ctx->pages, &at, to, &run)) {
		for (uint64_t i = 0; leaf.kept && i < run.nfacts; i++)
			of_hypervisor(&run.fact[i], state);
		if (!leaf.kept)
			of_host(ctx, &run, ia - oa, leaf.rights.write, leaf.confirmed);
	}
}
