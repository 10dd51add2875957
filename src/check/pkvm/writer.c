// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptors that the hypervisor writes into the tables of host, guests and itself; and what
// KVM may leave in those that it keeps beside that.
#include <inttypes.h>

#include "check/arm64/forms.h"
#include "check/looks.h"
#include "check/pkvm/priv.h"

/* Page states in leaves: pages only, and never all of the two bits. */
static void add_states(struct s2_check_ctx *ctx, struct s2_form form, bool in_pte)
{
	s2_arm64_form(ctx, form);
	form.pages_only = true;
	for (uint64_t state = 1; in_pte && state <= 2; state++) {
		form.value = (form.value & ~LEAF_STATE) | field_prep(LEAF_STATE, state);
		s2_arm64_form(ctx, form);
	}
}

static void host_forms(struct s2_check_ctx *ctx)
{
	static const uint8_t any[] = { 0xf, 6, 7 };
	bool known = s2_check_pkvm(ctx)->host_memattr != S2_MEMATTR_UNKNOWN;
	const char *guess = known ? NULL : "HCR_EL2.FWB";

	for (size_t i = 0; i < (known ? 1 : ARRAY_SIZE(any)); i++) {
		uint64_t attr =
			field_prep(S2_MEMATTR, known ? s2_check_pkvm(ctx)->host_memattr : any[i]);

		add_states(ctx,
			   (struct s2_form){ .name = "memory",
					     .value = attr | S2_R | S2_W,
					     .guess = guess,
					     .memory = S2_YES },
			   s2_check_pkvm(ctx)->host_in == S2_STATE_IN_PTE);
		s2_arm64_form(ctx, (struct s2_form){ .name = "device",
						     .value = attr | S2_R | S2_W | S2_XN,
						     .guess = guess,
						     .memory = S2_NO });
		if (s2_check_pkvm(ctx)->text_stays)
			s2_arm64_form(ctx, (struct s2_form){ .name = "text of the hypervisor",
							     .value = attr | S2_R | S2_XN,
							     .guess = guess,
							     .memory = S2_YES });
	}
}

/* The index of a memory type in MAIR_EL2; the kernel's own number when MAIR_EL2 is not known. */
static uint64_t mair_index(const struct s2_geometry *g, uint64_t type, uint64_t otherwise)
{
	for (uint64_t i = 0; i < 8 && (g->flags & S2_G_MAIR); i++)
		if (field_get(BITS64(7, 0), g->memory_types >> i * 8) == type)
			return i;
	return otherwise;
}

/* pgtable.c, hyp_set_prot_attr(). With E2H EL2 has the permissions of EL2&0. */
static void hyp_forms(struct s2_check_ctx *ctx)
{
	bool e2h = ctx->g->flags & S2_G_TWO_EL,
	     in_pte = s2_check_pkvm(ctx)->hyp_in == S2_STATE_IN_PTE;
	uint64_t rw = field_prep(S1_AP, e2h ? 0 : 1), ro = field_prep(S1_AP, e2h ? 2 : 3);
	uint64_t normal = field_prep(S1_INDEX, mair_index(ctx->g, 0xff, 0));
	uint64_t device = field_prep(S1_INDEX, mair_index(ctx->g, 0x04, 4));
	uint64_t xn = S1_UXN, maybe = 0;
	const char *guess = ctx->g->flags & S2_G_MAIR ? NULL : "MAIR_EL2";

	/* 6.19 began to write both bits; which ones where is not told by types, so that PXN is left
	 * open there. */
	if (s2_check_pkvm(ctx)->split_xn)
		maybe = S1_PXN;
	add_states(ctx,
		   (struct s2_form){ .name = "data",
				     .value = normal | rw | xn,
				     .free = maybe,
				     .guess = guess },
		   in_pte);
	add_states(ctx,
		   (struct s2_form){ .name = "constants",
				     .value = normal | ro | xn,
				     .free = maybe,
				     .guess = guess },
		   in_pte);
	s2_arm64_form(ctx,
		      (struct s2_form){ .name = "text",
					.value = normal | ro,
					.free = S1_GP |
						(s2_check_pkvm(ctx)->split_xn && e2h ? S1_UXN : 0),
					.guess = guess });
	s2_arm64_form(ctx, (struct s2_form){ .name = "device",
					     .value = device | rw | xn,
					     .free = maybe,
					     .guess = guess,
					     .memory = S2_NO });
}

/*
 * What the hypervisor writes for guests: everything of an ordinary one is borrowed from the host, in
 * pages and, where it maps blocks, blocks (nvhe/mem_protect.c, __pkvm_host_share_guest()). What a
 * protected guest owns, or shares with the host, is RWX and in pages (__pkvm_host_donate_guest()).
 */
static void kept_forms_of(struct s2_check_ctx *ctx, struct s2_form form)
{
	struct s2_form own = form;

	form.value |= field_prep(LEAF_STATE, 2);
	form.pages_only = s2_protected(ctx)->features.guest_blocks == S2_NO;
	s2_arm64_form(ctx, form);
	if (s2_check_pkvm(ctx)->id[S2_OWNER_GUEST] < 0)
		return;
	own.value |= S2_W;
	own.free &= ~(S2_W | S2_XN);
	own.pages_only = true;
	for (uint64_t state = 0; state <= 1; state++) {
		own.value = (own.value & ~LEAF_STATE) | field_prep(LEAF_STATE, state);
		s2_arm64_form(ctx, own);
	}
}

static void kept_forms(struct s2_check_ctx *ctx)
{
	for (unsigned int i = 0; i < S2_ARM64_NMEMORY_FORMS; i++) {
		struct s2_form form;

		if (s2_arm64_memory_form(ctx, i, &form))
			kept_forms_of(ctx, form);
	}
}

static void begin(struct s2_check_ctx *ctx)
{
	ctx->nforms = 0;
	switch (s2_role(ctx->table)) {
	case S2_ROLE_HOST:
		host_forms(ctx);
		break;
	case S2_ROLE_HYP:
		hyp_forms(ctx);
		break;
	case S2_ROLE_KEPT:
		kept_forms(ctx);
		break;
	case S2_ROLE_GUEST:
		s2_arm64_guest_forms(ctx);
		break;
	case S2_NROLES:
		break;
	}
}

static const struct {
	unsigned int bit;
	bool text;
} uniform_bits[S2_NUNIFORM] = {
	[S2_TEXT_GP] = { 50, true },
	[S2_TEXT_UXN] = { 54, true },
	[S2_DATA_PXN] = { 53, false },
};

/* Counts the bits of a sound leaf of the hypervisor that its form leaves open. */
static void count_uniform(struct s2_check_ctx *ctx, const struct s2_form *form, uint64_t ia,
			  uint64_t oa, uint64_t raw)
{
	for (unsigned int i = 0; i < S2_NUNIFORM; i++) {
		struct s2_uniform_count *c = &s2_protected(ctx)->uniform[i];
		unsigned int set = raw >> uniform_bits[i].bit & 1;

		if (!(form->free & BIT64(uniform_bits[i].bit)) ||
		    uniform_bits[i].text != !(form->value & S1_UXN))
			continue;
		if (c->n[set] < S2_MAX_ODD_ONES) {
			c->ia[set][c->n[set]] = ia;
			c->oa[set][c->n[set]] = oa;
		}
		c->n[set]++;
	}
}

void s2_writer_uniform(struct s2_check_ctx *ctx)
{
	for (unsigned int i = 0; i < S2_NUNIFORM; i++) {
		const struct s2_uniform_count *c = &s2_protected(ctx)->uniform[i];
		unsigned int few = c->n[1] <= c->n[0];

		for (uint64_t k = 0; c->n[!few] && k < c->n[few] && k < S2_MAX_ODD_ONES; k++)
			s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, c->ia[few][k],
				       c->oa[few][k],
				       "bit %u is %s here, but %s in %" PRIu64
				       " other leaves of the kind",
				       uniform_bits[i].bit, few ? "set" : "clear",
				       few ? "clear" : "set", c->n[!few]);
	}
}

static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	const struct s2_form *form = s2_arm64_leaf(ctx, height, ia, oa, raw);

	if (form && s2_role(ctx->table) == S2_ROLE_HYP)
		count_uniform(ctx, form, ia, oa, raw);
}

/* The annotation that says what @own says, in the kernel's encoding. */
static uint64_t encode(const struct s2_pkvm *pkvm, const struct s2_own *own)
{
	uint64_t raw;

	switch (pkvm->annotation) {
	case S2_ANNOTATION_HIGH:
		return field_prep(BITS64(63, 56), own->id);
	case S2_ANNOTATION_LOW:
		return own->state == S2_STATE_LOCKED ? BIT64(10) :
						       field_prep(BITS64(9, 2), own->id);
	case S2_ANNOTATION_TYPED:
		if (own->state == S2_STATE_LOCKED)
			return field_prep(BITS64(63, 60), pkvm->type[S2_INVALID_LOCKED]);
		if (own->state == S2_STATE_POISONED)
			return field_prep(BITS64(63, 60), pkvm->type[S2_INVALID_POISONED]);
		raw = field_prep(BITS64(63, 60), pkvm->type[S2_INVALID_DONATION]) |
		      field_prep(BITS64(3, 1), own->id);
		if (own->have_handle)
			raw |= field_prep(BITS64(19, 4), own->handle) |
			       field_prep(BITS64(59, 20), own->gfn);
		return raw;
	case S2_ANNOTATION_NONE:
		break;
	}
	return 0;
}

/*
 * What fixmap_clear_slot() leaves in the private range (nvhe/mm.c): a page of data, or since 6.16,
 * but not with 64K pages, a block of the level above (create_fixblock()), which lacks bit 0 alone.
 */
static bool is_fixmap(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	const struct s2_form *form;
	uint64_t oa = s2_leaf_oa(ctx->g, height, raw);
	bool block = height == 1 && ctx->g->page_log2 < 16 &&
		     s2_protected(ctx)->features.fixblock != S2_NO;

	if ((height && !block) || (raw & 3) != (block ? 0 : 2))
		return false;
	if (s2_hyp_in_private(ctx, ia) == S2_NO ||
	    s2_check_is_memory(ctx, ia + s2_check_pkvm(ctx)->phys_offset) == S2_YES)
		return false;
	/* Both are made with memory, and map memory ever after. */
	if (s2_check_all_memory(ctx, oa, s2_entry_size(ctx->g, height)) == S2_NO)
		return false;
	if (s2_arm64_nearest(ctx, height, oa, raw, &form) || form != &ctx->form[0])
		return false;
	count_uniform(ctx, form, ia, oa, raw);
	if (block)
		s2_protected(ctx)->blocks_unused++;
	else
		s2_protected(ctx)->slots_unused++;
	return true;
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	enum s2_role role = s2_role(ctx->table);
	int level = s2_level(ctx->g, height);
	const struct s2_pkvm *pkvm = s2_check_pkvm(ctx);
	struct s2_own own;

	if (role == S2_ROLE_HYP) {
		if (!is_fixmap(ctx, height, ia, raw))
			s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
				       "invalid entry 0x%" PRIx64 " at level %d is no fixmap slot",
				       raw, level);
		return;
	}
	own = s2_pkvm_invalid(pkvm, s2_pkvm_role_of(ctx->table), raw);
	if (own.state == S2_STATE_LOCKED)
		s2_check_found(ctx, S2_CHECK_LOCKED, ctx->table, ia, S2_NO_ADDRESS,
			       "entry 0x%" PRIx64 " at level %d is locked", raw, level);
	if (!own.from || encode(pkvm, &own) != raw) {
		s2_arm64_no_annotation(ctx, height, ia, raw);
		return;
	}
	if (own.state == S2_STATE_LOCKED)
		return;
	if (role == S2_ROLE_GUEST)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
			       "invalid entry 0x%" PRIx64
			       " at level %d: a host-managed guest has no annotations",
			       raw, level);
	/* kvm_pgtable_stage2_set_owner() forces pages since 5.15. */
	if (height && pkvm->annotation != S2_ANNOTATION_HIGH)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
			       "annotation 0x%" PRIx64 " at level %d: KVM annotates pages only",
			       raw, level);
	if (role == S2_ROLE_HOST && own.owner != S2_OWNER_HYP &&
	    !(own.owner == S2_OWNER_GUEST && pkvm->annotation == S2_ANNOTATION_TYPED))
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
			       "annotation 0x%" PRIx64 ": owner id %u (%s) is never written", raw,
			       own.id, s2_owner_json((enum s2_owner)own.owner));
}

static const struct s2_writer writer = {
	S2_ARM64_WRITES,
	.begin = begin,
	S2_WRITER_LOOKS(leaf, s2_arm64_table, invalid),
};

const struct s2_writer *s2_pkvm_writer(const struct s2_check_ctx *ctx)
{
	return ctx->kept && ctx->writer == &s2_arm64_writer ? &writer : NULL;
}
