// SPDX-License-Identifier: GPL-2.0-or-later
// The entries that KVM writes into EPT and NPT (Linux, arch/x86/kvm/mmu/spte.c, make_spte(),
// make_nonleaf_spte(), make_mmio_spte()); all values were seen in dumps of 6.1 to 7.3.
#include <inttypes.h>

#include "check/looks.h"
#include "check/priv.h"
#include "decode/soft.h"
#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"

#define MMU_PRESENT BIT64(11)

#define EPT_R BIT64(0)
#define EPT_W BIT64(1)
#define EPT_X BIT64(2)
#define EPT_MEMTYPE BITS64(6, 3) /* with IPAT */
#define EPT_A BIT64(8)
#define EPT_D BIT64(9)
#define EPT_XU BIT64(10)
#define SUPPRESS_VE BIT64(63)

#define NPT_P BIT64(0)
#define NPT_W BIT64(1)
#define NPT_U BIT64(2)
#define NPT_A BIT64(5)
#define NPT_D BIT64(6)
#define NPT_NX BIT64(63)

/* SPTE_TDP_AD_MASK: 1 is "disabled". It moved in 7.2, with all else from bit 52 on. */
#define AD_OLD BITS64(53, 52)
#define AD_NEW BITS64(61, 60)

static bool is_ept(const struct s2_check_ctx *ctx)
{
	return ctx->g->flags & S2_X86_G_EPT;
}

static bool is_new(const struct s2_check_ctx *ctx)
{
	return ctx->g->soft.ops == &s2_soft_kvm_new;
}

/* Without the software's masks nothing is known of what it writes. */
static bool is_kvms(struct s2_check_ctx *ctx)
{
	if (ctx->g->soft.ops == &s2_soft_kvm_old || is_new(ctx))
		return true;
	s2_check_unknown(ctx, S2_CHECK_WRITER, "%s: which software wrote it is not known",
			 ctx->table->id);
	return false;
}

static void begin(struct s2_check_ctx *ctx)
{
	(void)is_kvms(ctx);
}

static uint64_t param(const struct s2_check_ctx *ctx, enum s2_kvm_x86_param which)
{
	return ctx->g->soft.param[which];
}

/* Of EPT: all entries but MMIO have it since 6.12, as empty ones have. */
static uint64_t suppress_ve(const struct s2_check_ctx *ctx)
{
	return ctx->g->soft.empty & SUPPRESS_VE;
}

/* Address bits of a leaf are free, and the C-bit, which is the host's. */
static uint64_t address_bits(const struct s2_check_ctx *ctx)
{
	return ctx->g->table_low | ctx->g->address_flag;
}

/*
 * Is the type of A/D tracking one for this table? "Disabled" where it is off; where it is on, the
 * hardware's, or write-protection instead of the dirty bit, as for nested guests.
 */
static bool is_ad_type(const struct s2_check_ctx *ctx, uint64_t type)
{
	if (ctx->g->flags & S2_X86_G_AD)
		return type == 0 || type == 2;
	return ctx->g->flags & S2_X86_G_NOAD ? type == 1 : type < 3;
}

/* Rights of a nested guest are those that its hypervisor gave it. */
static bool is_shadow(const struct s2_check_ctx *ctx)
{
	return s2_table_is_shadow(ctx->table);
}

static uint64_t ept_leaf(const struct s2_check_ctx *ctx, unsigned int height, uint64_t raw,
			 uint64_t *free)
{
	uint64_t ad = is_new(ctx) ? AD_NEW : AD_OLD;
	uint64_t value = EPT_R | MMU_PRESENT | suppress_ve(ctx);

	*free = EPT_W | EPT_MEMTYPE | EPT_A | EPT_D;
	value |= ad & (is_ad_type(ctx, field_get(ad, raw)) ? raw : ~raw);
	/* Large pages may not be executable where code in them gets pages of its own. */
	if (height)
		*free |= EPT_X;
	value |= EPT_X;
	if (is_shadow(ctx))
		*free |= EPT_R | EPT_X;
	/* It follows X whether or not the processor looks at it. */
	if (is_new(ctx) && is_shadow(ctx) && ctx->g->flags & S2_X86_G_MBEC)
		*free |= EPT_XU;
	else if (is_new(ctx) && (raw & EPT_X))
		value |= EPT_XU;
	return value;
}

static uint64_t npt_leaf(const struct s2_check_ctx *ctx, unsigned int height, uint64_t *free)
{
	*free = NPT_W | NPT_A | NPT_D;
	if (height)
		*free |= NPT_NX;
	if (ctx->g->flags & S2_X86_G_GMET)
		*free |= NPT_U;
	if (is_shadow(ctx))
		*free |= NPT_U | NPT_NX;
	return NPT_P | NPT_U | MMU_PRESENT;
}

/* What of writability does not fit together (spte.h, check_spte_writable_invariants()). */
static const char *writability(const struct s2_check_ctx *ctx, uint64_t raw)
{
	bool host = raw & param(ctx, S2_KVM_X86_HOST_WRITABLE_MASK);
	bool mmu = raw & param(ctx, S2_KVM_X86_MMU_WRITABLE_MASK);
	bool write = raw & (is_ept(ctx) ? EPT_W : NPT_W);

	if (mmu && !host)
		return "MMU-writable, but not host-writable";
	if (write && !mmu)
		return "writable, but not MMU-writable";
	return NULL;
}

/* What seems wrong tells nothing where what decides it could not be read. */
static void not_sure(struct s2_check_ctx *ctx)
{
	s2_check_unknown(ctx, S2_CHECK_WRITER,
			 "%s: what KVM writes is not known: not all that decides it could be read",
			 ctx->table->id);
}

static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	uint64_t free, value, diff;
	const char *wrong;

	if (!is_kvms(ctx))
		return;
	if (s2_soft_is_unsure(&ctx->g->soft, S2_KVM_X86_HOST_WRITABLE_MASK) ||
	    s2_soft_is_unsure(&ctx->g->soft, S2_KVM_X86_MMU_WRITABLE_MASK)) {
		not_sure(ctx);
		return;
	}
	value = is_ept(ctx) ? ept_leaf(ctx, height, raw, &free) : npt_leaf(ctx, height, &free);
	if (height)
		value |= X86_LARGE;
	free |= param(ctx, S2_KVM_X86_HOST_WRITABLE_MASK) |
		param(ctx, S2_KVM_X86_MMU_WRITABLE_MASK);
	diff = (raw ^ value) & ~free & ~address_bits(ctx);
	if (diff)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64
			       " at level %d differs from what KVM writes in bits 0x%" PRIx64,
			       raw, s2_level(ctx->g, height), diff);
	wrong = writability(ctx, raw);
	if (wrong)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "leaf 0x%" PRIx64 " at level %d is %s", raw,
			       s2_level(ctx->g, height), wrong);
}

/*
 * Upper entries hold all rights and never change; with A/D bits in use they are accessed from the
 * start, else their type says "disabled". Of a shadow the table's own A/D does not tell: the host's
 * is what counts (make_nonleaf_spte()).
 */
static void table(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t value = MMU_PRESENT, without, diff;
	bool ad = !(ctx->g->flags & S2_X86_G_NOAD), either = is_shadow(ctx);

	if (!is_kvms(ctx))
		return;
	value |= is_ept(ctx) ? EPT_R | EPT_W | EPT_X | suppress_ve(ctx) :
			       NPT_P | NPT_W | NPT_U | NPT_A;
	if (is_ept(ctx) && is_new(ctx))
		value |= EPT_XU;
	without = value;
	if (is_ept(ctx)) {
		without |= field_prep(is_new(ctx) ? AD_NEW : AD_OLD, 1);
		value |= EPT_A;
		either |= ad && !(ctx->g->flags & S2_X86_G_AD);
	}
	diff = (raw ^ (ad ? value : without)) & ~address_bits(ctx);
	if (either && !((raw ^ (ad ? without : value)) & ~address_bits(ctx)))
		diff = 0;
	if (diff)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table entry 0x%" PRIx64
			       " at level %d differs from what KVM writes in bits 0x%" PRIx64,
			       raw, s2_level(ctx->g, height), diff);
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	struct s2_meaning meaning;
	struct s2_entry entry;

	if (!is_kvms(ctx))
		return;
	ctx->g->arch->decode(ctx->g, height, raw, &entry);
	s2_soft_classify(ctx->g, height, raw, entry.type, &meaning);
	s2_soft_place(&meaning, ia);
	switch (meaning.type) {
	case S2_SOFT_FROZEN:
		s2_check_found(ctx, S2_CHECK_LOCKED, ctx->table, ia, S2_NO_ADDRESS,
			       "entry 0x%" PRIx64 " at level %d is frozen", raw,
			       s2_level(ctx->g, height));
		return;
	case S2_SOFT_MMIO:
		/* It is made of the address that faulted; a nested guest's of what its hypervisor
		 * has there. */
		if (!meaning.placed && !is_shadow(ctx))
			not_sure(ctx);
		if (meaning.placed && meaning.address != ia && !is_shadow(ctx))
			s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
				       "MMIO entry 0x%" PRIx64 " is of 0x%" PRIx64, raw,
				       meaning.address);
		return;
	case S2_SOFT_TRACKED:
		return;
	case S2_SOFT_NOTHING:
		break;
	}
	if (s2_soft_may_mean(&ctx->g->soft, raw)) {
		not_sure(ctx);
		return;
	}
	s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, S2_NO_ADDRESS,
		       "entry 0x%" PRIx64 " at level %d maps nothing, and KVM writes no such one",
		       raw, s2_level(ctx->g, height));
}

/* _PAGE_RW of the VMM's page: KVM asks for a writable one before it maps it so. */
static bool vmm_writes(uint64_t raw)
{
	return raw & BIT64(1);
}

const struct s2_writer s2_x86_writer = {
	.arch = "x86",
	/* Table pages stay when their last entry goes, and nothing counts those. Leaves do not tell
	 * devices from memory, as a rule. */
	.without = BIT64(S2_CHECK_TABLE_EMPTY) | BIT64(S2_CHECK_REFCOUNT) | BIT64(S2_CHECK_WX),
	.shadows_share = true,
	.begin = begin,
	S2_WRITER_LOOKS(leaf, table, invalid),
	.vmm_writes = vmm_writes,
};
