// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptors that KVM writes, per table; everything else did not come from KVM.
#include <inttypes.h>

#include "check/priv.h"

/* Stage 2 (arch/arm64/include/asm/kvm_pgtable.h). */
#define S2_MEMATTR BITS64(5, 2)
#define S2_R BIT64(6)
#define S2_W BIT64(7)
#define S2_XN BIT64(54)
#define S2_XN0 BIT64(53)
/* Both stages. */
#define LEAF_SH BITS64(9, 8)
#define LEAF_AF BIT64(10)
#define LEAF_STATE BITS64(56, 55)
/* Stage 1 of EL2. */
#define S1_INDEX BITS64(4, 2)
#define S1_AP BITS64(7, 6)
#define S1_GP BIT64(50)
#define S1_PXN BIT64(53)
#define S1_UXN BIT64(54)

/* MT_S2_* (asm/memory.h): Normal, Normal-NC, Device-nGnRE, as stage 1; without FWB and with. */
static const struct {
	uint8_t normal, nc, device;
} memattrs[] = { { 0xf, 5, 1 }, { 6, 5, 1 } };

static void add(struct s2_check_ctx *ctx, struct s2_form form)
{
	if (!(ctx->g->flags & S2_G_LPA2))
		form.value |= field_prep(LEAF_SH, 3);
	form.value |= LEAF_AF;
	form.value &= ~form.free;
	if (ctx->nforms < S2_MAX_FORMS)
		ctx->form[ctx->nforms++] = form;
}

/* Page states in leaves: pages only, and never all of the two bits. */
static void add_states(struct s2_check_ctx *ctx, struct s2_form form, bool in_pte)
{
	add(ctx, form);
	form.pages_only = true;
	for (uint64_t state = 1; in_pte && state <= 2; state++) {
		form.value = (form.value & ~LEAF_STATE) | field_prep(LEAF_STATE, state);
		add(ctx, form);
	}
}

static void host_forms(struct s2_check_ctx *ctx)
{
	static const uint8_t any[] = { 0xf, 6, 7 };
	bool known = ctx->pkvm->host_memattr != S2_MEMATTR_UNKNOWN;

	for (size_t i = 0; i < (known ? 1 : ARRAY_SIZE(any)); i++) {
		uint64_t attr = field_prep(S2_MEMATTR, known ? ctx->pkvm->host_memattr : any[i]);

		add_states(ctx,
			   (struct s2_form){ .name = "memory",
					     .value = attr | S2_R | S2_W,
					     .memory = S2_YES },
			   ctx->pkvm->host_in == S2_STATE_IN_PTE);
		add(ctx, (struct s2_form){ .name = "device",
					   .value = attr | S2_R | S2_W | S2_XN,
					   .memory = S2_NO });
		if (ctx->pkvm->text_stays)
			add(ctx, (struct s2_form){ .name = "text of the hypervisor",
						   .value = attr | S2_R | S2_XN,
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
	bool e2h = ctx->g->flags & S2_G_TWO_EL, in_pte = ctx->pkvm->hyp_in == S2_STATE_IN_PTE;
	uint64_t rw = field_prep(S1_AP, e2h ? 0 : 1), ro = field_prep(S1_AP, e2h ? 2 : 3);
	uint64_t normal = field_prep(S1_INDEX, mair_index(ctx->g, 0xff, 0));
	uint64_t device = field_prep(S1_INDEX, mair_index(ctx->g, 0x04, 4));
	uint64_t xn = S1_UXN, maybe = 0;

	/* 6.19 began to write both bits; which ones where is not told by types, so that PXN is left
	 * open there. */
	if (ctx->pkvm->split_xn)
		maybe = S1_PXN;
	add_states(ctx,
		   (struct s2_form){ .name = "data", .value = normal | rw | xn, .free = maybe },
		   in_pte);
	add_states(ctx,
		   (struct s2_form){
			   .name = "constants", .value = normal | ro | xn, .free = maybe },
		   in_pte);
	add(ctx, (struct s2_form){ .name = "text",
				   .value = normal | ro,
				   .free = S1_GP | (ctx->pkvm->split_xn && e2h ? S1_UXN : 0) });
	add(ctx,
	    (struct s2_form){
		    .name = "device", .value = device | rw | xn, .free = maybe, .memory = S2_NO });
}

static bool is_nested(const struct s2_table *table)
{
	return table->shadow[S2_SHADOW_CONTROL] || table->shadow[S2_SHADOW_ROOT];
}

/*
 * What the hypervisor writes for guests: everything of an ordinary one is borrowed from the host, in
 * pages and, where it maps blocks, blocks (nvhe/mem_protect.c, __pkvm_host_share_guest()). What a
 * protected guest owns, or shares with the host, is RWX and in pages (__pkvm_host_donate_guest()).
 */
static void kept_forms(struct s2_check_ctx *ctx, struct s2_form form)
{
	struct s2_form own = form;

	form.value |= field_prep(LEAF_STATE, 2);
	form.pages_only = ctx->features.guest_blocks == S2_NO;
	add(ctx, form);
	if (ctx->pkvm->id[S2_OWNER_GUEST] < 0)
		return;
	own.value |= S2_W;
	own.free &= ~(S2_W | S2_XN);
	own.pages_only = true;
	for (uint64_t state = 0; state <= 1; state++) {
		own.value = (own.value & ~LEAF_STATE) | field_prep(LEAF_STATE, state);
		add(ctx, own);
	}
}

static void guest_forms(struct s2_check_ctx *ctx)
{
	bool kept = s2_role(ctx->table) == S2_PKVM_GUEST;
	/* Shadow tables: the level of the guest's own mapping, and XN of each level (nested.c,
	 * mmu.c). */
	uint64_t more = is_nested(ctx->table) ? LEAF_STATE | S2_XN0 : 0;

	for (unsigned int fwb = 0; fwb < ARRAY_SIZE(memattrs); fwb++) {
		struct s2_form form;

		if (ctx->g->flags & (fwb ? S2_G_NOFWB : S2_G_FWB))
			continue;
		form = (struct s2_form){ .name = "memory",
					 .value = field_prep(S2_MEMATTR, memattrs[fwb].normal) |
						  S2_R,
					 .free = S2_W | S2_XN | LEAF_AF | more };
		if (kept) {
			kept_forms(ctx, form);
			continue;
		}
		add(ctx, form);
		add(ctx, (struct s2_form){ .name = "non-cacheable",
					   .value = field_prep(S2_MEMATTR, memattrs[fwb].nc) |
						    S2_R | S2_XN,
					   .free = S2_W | LEAF_AF | more });
		add(ctx, (struct s2_form){ .name = "device",
					   .value = field_prep(S2_MEMATTR, memattrs[fwb].device) |
						    S2_R | S2_XN,
					   .free = S2_W | LEAF_AF | more,
					   .memory = S2_NO });
	}
}

static void begin(struct s2_check_ctx *ctx)
{
	ctx->nforms = 0;
	switch (s2_role(ctx->table)) {
	case S2_PKVM_HOST:
		host_forms(ctx);
		break;
	case S2_PKVM_HYP:
		hyp_forms(ctx);
		break;
	case S2_PKVM_GUEST:
	case S2_PKVM_NONE:
		guest_forms(ctx);
		break;
	}
}

/* Bits in which @raw differs from the nearest form that may stand here; 0: it is one. */
static uint64_t nearest(const struct s2_check_ctx *ctx, unsigned int height, uint64_t oa,
			uint64_t raw, const struct s2_form **ret)
{
	uint64_t address = ctx->g->height[height].oa_low | ctx->g->oa_high | 3;
	enum s2_tristate memory = s2_check_is_memory(ctx, oa);
	uint64_t best = ~UINT64_C(0);

	*ret = NULL;
	for (size_t i = 0; i < ctx->nforms; i++) {
		const struct s2_form *form = &ctx->form[i];
		uint64_t diff = ((raw & ~address) ^ form->value) & ~form->free;

		if (form->pages_only && height)
			continue;
		if (form->memory && memory && form->memory != memory)
			continue;
		if (__builtin_popcountll(diff) >= __builtin_popcountll(best) && *ret)
			continue;
		best = diff;
		*ret = form;
	}
	return best;
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
		struct s2_uniform_count *c = &ctx->uniform[i];
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
		const struct s2_uniform_count *c = &ctx->uniform[i];
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
	const struct s2_form *form;
	uint64_t diff = nearest(ctx, height, oa, raw, &form);

	if (!form)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64
			       " at level %d: KVM maps only pages in such a table",
			       raw, s2_level(ctx->g, height));
	else if (diff)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64
			       " at level %d differs from what KVM writes for %s in bits 0x%" PRIx64,
			       raw, s2_level(ctx->g, height), form->name, diff);
	if (!diff && form && s2_role(ctx->table) == S2_PKVM_HYP)
		count_uniform(ctx, form, ia, oa, raw);
	/* pgtable.h, KVM_PGTABLE_MIN_BLOCK_LEVEL: level 1 with 4K pages, 2 with others. */
	if (height > (ctx->g->page_log2 == 12 ? 2 : 1))
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64 " at level %d: KVM maps no blocks there", raw,
			       s2_level(ctx->g, height));
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

/* Locked in a host-managed table: bit 10, or type 1 in [63:60] (7.1). */
static bool is_locked(const struct s2_check_ctx *ctx, uint64_t raw)
{
	if (ctx->pkvm)
		return s2_pkvm_invalid(ctx->pkvm, s2_role(ctx->table), raw).state ==
		       S2_STATE_LOCKED;
	return raw == BIT64(10) || raw == BIT64(60);
}

/*
 * What fixmap_clear_slot() leaves in the private range (nvhe/mm.c): a page of data, or since 6.16,
 * but not with 64K pages, a block of the level above (create_fixblock()), which lacks bit 0 alone.
 */
static bool is_fixmap(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	const struct s2_form *form;
	uint64_t oa = s2_leaf_oa(ctx->g, height, raw);
	bool block = height == 1 && ctx->g->page_log2 < 16 && ctx->features.fixblock != S2_NO;

	if ((height && !block) || (raw & 3) != (block ? 0 : 2))
		return false;
	if (s2_hyp_in_private(ctx, ia) == S2_NO ||
	    s2_check_is_memory(ctx, ia + ctx->pkvm->phys_offset) == S2_YES)
		return false;
	/* Both are made with memory, and map memory ever after. */
	if (s2_check_all_memory(ctx, oa, s2_entry_size(ctx->g, height)) == S2_NO)
		return false;
	if (nearest(ctx, height, oa, raw, &form) || form != &ctx->form[0])
		return false;
	count_uniform(ctx, form, ia, oa, raw);
	if (block)
		ctx->blocks_unused++;
	else
		ctx->slots_unused++;
	return true;
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	enum s2_pkvm_role role = s2_role(ctx->table);
	int level = s2_level(ctx->g, height);
	struct s2_own own = { 0 };

	if (role != S2_PKVM_HYP && is_locked(ctx, raw))
		s2_check_found(ctx, S2_CHECK_LOCKED, ctx->table, ia, 0,
			       "entry 0x%" PRIx64 " at level %d is locked", raw, level);
	if (role == S2_PKVM_HYP) {
		if (!is_fixmap(ctx, height, ia, raw))
			s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
				       "invalid entry 0x%" PRIx64 " at level %d is no fixmap slot",
				       raw, level);
		return;
	}
	if (ctx->pkvm)
		own = s2_pkvm_invalid(ctx->pkvm, role, raw);
	else if (is_locked(ctx, raw))
		return;
	if (!own.from || encode(ctx->pkvm, &own) != raw) {
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
			       "invalid entry 0x%" PRIx64
			       " at level %d: KVM writes no such annotation",
			       raw, level);
		return;
	}
	if (own.state == S2_STATE_LOCKED)
		return;
	if (role == S2_PKVM_NONE)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
			       "invalid entry 0x%" PRIx64
			       " at level %d: a host-managed guest has no annotations",
			       raw, level);
	/* kvm_pgtable_stage2_set_owner() forces pages since 5.15. */
	if (height && ctx->pkvm->annotation != S2_ANNOTATION_HIGH)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
			       "annotation 0x%" PRIx64 " at level %d: KVM annotates pages only",
			       raw, level);
	if (role == S2_PKVM_HOST && own.owner != S2_OWNER_HYP &&
	    !(own.owner == S2_OWNER_GUEST && ctx->pkvm->annotation == S2_ANNOTATION_TYPED))
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
			       "annotation 0x%" PRIx64 ": owner id %u (%s) is never written", raw,
			       own.id, s2_owner_json((enum s2_owner)own.owner));
}

/* Table descriptors hold an address and nothing else (pgtable.c, kvm_init_table_pte()). */
static void table(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t extra = raw & ~(ctx->g->table_low | ctx->g->oa_high | 3);

	if (extra)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table descriptor 0x%" PRIx64
			       " at level %d: KVM leaves bits 0x%" PRIx64 " clear",
			       raw, s2_level(ctx->g, height), extra);
}

/* One of the four device types, with FWB and without; KVM uses Device-nGnRE (asm/memory.h). */
static bool is_device(uint64_t raw)
{
	return field_get(S2_MEMATTR, raw) <= 3;
}

/* AP[2] is read-only, and DBM makes such a page writable when it is written. */
static bool vmm_writes(uint64_t raw)
{
	return !(raw & BIT64(7)) || raw & BIT64(51);
}

/* MT_NORMAL and MT_NORMAL_TAGGED (asm/memory.h). */
static bool vmm_is_memory(uint64_t raw)
{
	return field_get(S1_INDEX, raw) <= 1;
}

const struct s2_writer s2_arm64_writer = {
	.arch = "arm64",
	.begin = begin,
	.leaf = leaf,
	.table = table,
	.invalid = invalid,
	.is_device = is_device,
	.vmm_writes = vmm_writes,
	.vmm_is_memory = vmm_is_memory,
};
