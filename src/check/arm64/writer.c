// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptors that KVM writes, per table; everything else did not come from KVM.
#include <inttypes.h>

#include "check/arm64/forms.h"
#include "check/looks.h"

/* MT_S2_* (asm/memory.h): Normal, Normal-NC, Device-nGnRE, as stage 1; without FWB and with. */
static const struct {
	uint8_t normal, nc, device;
} memattrs[S2_ARM64_NMEMORY_FORMS] = { { 0xf, 5, 1 }, { 6, 5, 1 } };

void s2_arm64_form(struct s2_check_ctx *ctx, struct s2_form form)
{
	if (!(ctx->g->flags & S2_G_LPA2))
		form.value |= field_prep(LEAF_SH, 3);
	form.value |= LEAF_AF;
	form.value &= ~form.free;
	if (ctx->nforms < S2_MAX_FORMS)
		ctx->form[ctx->nforms++] = form;
}

/*
 * Which of S2_G_FWB and S2_G_NOFWB the table is read with, 0 when nobody knows. KVM sets
 * HCR_EL2.FWB for all guests of a machine or for none (vcpu_reset_hcr()), and where the host's own
 * stage 2 is not told to do without (KVM_PGTABLE_S2_NOFWB), there as well.
 */
static uint32_t machines_fwb(const struct s2_check_ctx *ctx)
{
	uint32_t flags = 0;

	for (size_t i = 0; !flags && i < ctx->tables->n; i++) {
		const struct s2_table *table = &ctx->tables->table[i];

		if (ctx->geom[i].arch == ctx->g->arch &&
		    !(s2_role(table) == S2_ROLE_HOST &&
		      s2_regime_has(&table->regime, S2_ARM64_FWB)))
			flags = ctx->geom[i].flags & (S2_G_FWB | S2_G_NOFWB);
	}
	return flags;
}

/* What becomes of an entry that maps no more, beside the flags of geometries; neither: not known. */
#define LEARNT_CLEARED (UINT32_C(1) << 30) /* it is 0 */
#define LEARNT_LEFT (UINT32_C(1) << 31)    /* bit 0 alone is cleared */

/*
 * kvm_set_invalid_pte() (pgtable.c, 5.10) cleared bit 0 alone, until "KVM: arm64: Always zero
 * invalid PTEs" in 5.13, the release that brought kvm_pgtable.mm_ops.
 */
static uint32_t kernels_way(const struct s2_check_ctx *ctx)
{
	struct s2_types *types;

	/* What keeps tables beside KVM came later. */
	if (ctx->kept)
		return LEARNT_CLEARED;
	if (!ctx->kernel || s2_kernel_types(ctx->kernel, &types, NULL))
		return 0;
	return s2_types_has_member(types, "kvm_pgtable", "pgd") &&
			       !s2_types_has_member(types, "kvm_pgtable", "mm_ops") ?
		       LEARNT_LEFT :
		       LEARNT_CLEARED;
}

static uint32_t learnt(struct s2_check_ctx *ctx)
{
	if (!ctx->have_learnt)
		ctx->learnt = machines_fwb(ctx) | kernels_way(ctx);
	ctx->have_learnt = true;
	return ctx->learnt;
}

static uint32_t known_fwb(struct s2_check_ctx *ctx)
{
	uint32_t flags = ctx->g->flags & (S2_G_FWB | S2_G_NOFWB);

	return flags ? flags : learnt(ctx) & (S2_G_FWB | S2_G_NOFWB);
}

bool s2_arm64_memory_form(struct s2_check_ctx *ctx, unsigned int i, struct s2_form *ret)
{
	uint32_t fwb = known_fwb(ctx);

	if (fwb & (i ? S2_G_NOFWB : S2_G_FWB))
		return false;
	*ret = (struct s2_form){ .name = "memory",
				 .value = field_prep(S2_MEMATTR, memattrs[i].normal) | S2_R,
				 .free = S2_W | S2_XN | LEAF_AF,
				 .guess = fwb ? NULL : "HCR_EL2.FWB" };
	return true;
}

void s2_arm64_guest_forms(struct s2_check_ctx *ctx)
{
	/* Shadow tables: the level of the guest's own mapping, and XN of each level (nested.c,
	 * mmu.c). */
	uint64_t more = s2_table_has_shadow(ctx->table) ? LEAF_STATE | S2_XN0 : 0;

	for (unsigned int i = 0; i < S2_ARM64_NMEMORY_FORMS; i++) {
		struct s2_form form;

		if (!s2_arm64_memory_form(ctx, i, &form))
			continue;
		form.free |= more;
		s2_arm64_form(ctx, form);
		s2_arm64_form(ctx,
			      (struct s2_form){ .name = "non-cacheable",
						.value = field_prep(S2_MEMATTR, memattrs[i].nc) |
							 S2_R | S2_XN,
						.free = S2_W | LEAF_AF | more });
		s2_arm64_form(ctx, (struct s2_form){
					   .name = "device",
					   .value = field_prep(S2_MEMATTR, memattrs[i].device) |
						    S2_R | S2_XN,
					   .free = S2_W | LEAF_AF | more,
					   .memory = S2_NO });
	}
}

static void begin(struct s2_check_ctx *ctx)
{
	ctx->nforms = 0;
	s2_arm64_guest_forms(ctx);
}

uint64_t s2_arm64_nearest(const struct s2_check_ctx *ctx, unsigned int height, uint64_t oa,
			  uint64_t raw, const struct s2_form **ret)
{
	uint64_t address = ctx->g->height[height].oa_low | ctx->g->oa_high | 3;
	enum s2_tristate memory = s2_kept_memory(ctx, oa);
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

const struct s2_form *s2_arm64_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia,
				    uint64_t oa, uint64_t raw)
{
	const struct s2_form *form;
	uint64_t diff = s2_arm64_nearest(ctx, height, oa, raw, &form);

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
	else if (form->guess)
		s2_check_unknown(ctx, S2_CHECK_WRITER,
				 "%s: %s is not known, which decides how memory is mapped",
				 ctx->table->id, form->guess);
	/* pgtable.h, KVM_PGTABLE_MIN_BLOCK_LEVEL: level 1 with 4K pages, 2 with others. */
	if (height > (ctx->g->page_log2 == 12 ? 2 : 1))
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64 " at level %d: KVM maps no blocks there", raw,
			       s2_level(ctx->g, height));
	return diff ? NULL : form;
}

void s2_arm64_no_annotation(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia,
			    uint64_t raw)
{
	s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
		       "invalid entry 0x%" PRIx64 " at level %d: KVM writes no such annotation",
		       raw, s2_level(ctx->g, height));
}

static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	(void)s2_arm64_leaf(ctx, height, ia, oa, raw);
}

/* Bits of a table descriptor that are not clear, as KVM leaves them: they hold an address and
 * nothing else (pgtable.c, kvm_init_table_pte()). */
static uint64_t table_extra(const struct s2_check_ctx *ctx, uint64_t raw)
{
	return raw & ~(ctx->g->table_low | ctx->g->oa_high | 3);
}

/* Would it be a descriptor that KVM writes if bit 0 were set? */
static bool was_written(const struct s2_check_ctx *ctx, unsigned int height, uint64_t raw)
{
	const struct s2_form *form;
	struct s2_entry entry;

	ctx->g->arch->decode(ctx->g, height, raw | 1, &entry);
	if (entry.type == S2_TABLE)
		return !table_extra(ctx, raw);
	return s2_is_leaf(entry.type) && !s2_arm64_nearest(ctx, height, entry.oa, raw, &form) &&
	       form;
}

/* Locked for break-before-make: bit 10, or type 1 in [63:60] (7.1). */
static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint32_t way = learnt(ctx) & (LEARNT_CLEARED | LEARNT_LEFT);

	if (raw == BIT64(10) || raw == BIT64(60))
		s2_check_found(ctx, S2_CHECK_LOCKED, ctx->table, ia, S2_NO_ADDRESS,
			       "entry 0x%" PRIx64 " at level %d is locked", raw,
			       s2_level(ctx->g, height));
	else if (way == LEARNT_CLEARED || !was_written(ctx, height, raw))
		s2_arm64_no_annotation(ctx, height, ia, raw);
	else if (!way)
		s2_check_unknown(ctx, S2_CHECK_WRITER,
				 "%s: whether this kernel leaves an entry that maps no more as it "
				 "was but for bit 0 is not known",
				 ctx->table->id);
}

void s2_arm64_table(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t extra = table_extra(ctx, raw);

	if (extra)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table descriptor 0x%" PRIx64
			       " at level %d: KVM leaves bits 0x%" PRIx64 " clear",
			       raw, s2_level(ctx->g, height), extra);
}

/* One of the four device types, with FWB and without; KVM uses Device-nGnRE (asm/memory.h). */
bool s2_arm64_is_device(uint64_t raw)
{
	return field_get(S2_MEMATTR, raw) <= 3;
}

/* AP[2] is read-only, and DBM makes such a page writable when it is written. */
bool s2_arm64_vmm_writes(uint64_t raw)
{
	return !(raw & BIT64(7)) || raw & BIT64(51);
}

/* MT_NORMAL and MT_NORMAL_TAGGED (asm/memory.h). */
bool s2_arm64_vmm_is_memory(uint64_t raw)
{
	return field_get(S1_INDEX, raw) <= 1;
}

static const char *const exceptions[S2_NCHECKS] = {
	[S2_CHECK_WX] = "hVHE up to 6.18 sets UXN only and relies on SCTLR_EL2.WXN",
};

const struct s2_writer s2_arm64_writer = {
	S2_ARM64_WRITES,
	.exceptions = exceptions,
	.begin = begin,
	S2_WRITER_LOOKS(leaf, s2_arm64_table, invalid),
};
