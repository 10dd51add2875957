// SPDX-License-Identifier: GPL-2.0-or-later
// What KVM writes into EPT and NPT (Linux, arch/x86/kvm/mmu/spte.c: make_nonleaf_spte(),
// make_spte()).
#include <inttypes.h>

#include "check/priv.h"
#include "decode/soft.h"
#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"

#define MMU_PRESENT BIT64(11)
#define WRITABLE BIT64(1)

/* P, W, U and A of NPT. */
#define NPT_TABLE (BIT64(0) | WRITABLE | BIT64(2) | BIT64(5))
/* R, W and X; A; user execute, which the newer layout of software bits brought. */
#define EPT_TABLE BITS64(2, 0)
#define EPT_ACCESSED BIT64(8)
#define EPT_USER_EXEC BIT64(10)

/* SPTE_TDP_AD_MASK: 1 where accesses are noticed by taking rights away, 2 where only writes are. */
#define AD_OLD BITS64(53, 52)
#define AD_NEW BITS64(61, 60)

static bool is_kvms(const struct s2_check_ctx *ctx)
{
	return ctx->g->soft.ops == &s2_soft_kvm_old || ctx->g->soft.ops == &s2_soft_kvm_new;
}

static uint64_t ad_type_mask(const struct s2_check_ctx *ctx)
{
	return ctx->g->soft.ops == &s2_soft_kvm_new ? AD_NEW : AD_OLD;
}

/* All bits of a table's descriptor but the address: nothing ever changes them. */
static uint64_t table_bits(const struct s2_check_ctx *ctx)
{
	uint64_t bits = MMU_PRESENT;

	if (!(ctx->g->flags & S2_X86_G_EPT))
		return bits | NPT_TABLE | ctx->g->address_flag;
	bits |= EPT_TABLE | ctx->g->soft.empty;
	if (ctx->g->soft.ops == &s2_soft_kvm_new)
		bits |= EPT_USER_EXEC;
	return bits |
	       (ctx->g->flags & S2_X86_G_AD ? EPT_ACCESSED : field_prep(ad_type_mask(ctx), 1));
}

static void table(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t have = raw & ~ctx->g->table_low, want = table_bits(ctx);

	/* Whether A/D is on is not known of tables without their register. */
	if (!is_kvms(ctx) ||
	    (ctx->g->flags & S2_X86_G_EPT && !(ctx->g->flags & (S2_X86_G_AD | S2_X86_G_NOAD))))
		return;
	if (have != want)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table descriptor 0x%" PRIx64 " at level %d: KVM writes 0x%" PRIx64
			       " beside the address",
			       raw, s2_level(ctx->g, height), want);
}

/* check_spte_writable_invariants(): what is writable may become so, and only in memory that is. */
static void leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	const uint64_t *param = ctx->g->soft.param;
	bool host = raw & param[S2_KVM_X86_HOST_WRITABLE_MASK];
	bool mmu = raw & param[S2_KVM_X86_MMU_WRITABLE_MASK];
	const char *wrong = NULL;

	if (!is_kvms(ctx))
		return;
	if (!(raw & MMU_PRESENT))
		wrong = "is not present to KVM";
	else if (raw & WRITABLE && !(host && mmu))
		wrong = "is writable, but KVM has not noted that it may be";
	else if (mmu && !host)
		wrong = "may be made writable by KVM, but not by the VMM";
	else if (ctx->g->flags & S2_X86_G_AD && field_get(ad_type_mask(ctx), raw) == 1)
		wrong = "is tracked without A/D, but the table's A/D is on";
	else if (ctx->g->flags & S2_X86_G_NOAD && !field_get(ad_type_mask(ctx), raw))
		wrong = "is of a table with A/D, but it is off";
	if (wrong)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, oa,
			       "descriptor 0x%" PRIx64 " at level %d %s", raw,
			       s2_level(ctx->g, height), wrong);
}

static void invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	struct s2_meaning meaning;
	struct s2_entry entry;

	if (!is_kvms(ctx))
		return;
	ctx->g->arch->decode(ctx->g, height, raw, &entry);
	s2_soft_classify(ctx->g, height, raw, entry.type, &meaning);
	if (meaning.type == S2_SOFT_NOTHING)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, 0,
			       "entry 0x%" PRIx64
			       " at level %d maps nothing and means nothing to KVM",
			       raw, s2_level(ctx->g, height));
}

/* EPT and NPT alike. */
static bool writable(uint64_t raw)
{
	return raw & WRITABLE;
}

/* KVM makes no leaf that differs from memory's but for its cacheability, and leaves execution
 * alone. */
static bool never(uint64_t raw)
{
	(void)raw;
	return false;
}

/* R/W of a page-table entry; KVM's VMMs have no tables that take it away. */
static bool read_only(uint64_t raw)
{
	return !(raw & WRITABLE);
}

const struct s2_check_arch s2_check_x86 = {
	.name = "x86",
	/* Tables stay when their last entry goes, and struct page does not count those. */
	.without = BIT64(S2_CHECK_WX) | BIT64(S2_CHECK_TABLE_EMPTY) | BIT64(S2_CHECK_REFCOUNT) |
		   BIT64(S2_CHECK_LOCKED),
	.table = table,
	.leaf = leaf,
	.invalid = invalid,
	.writable = writable,
	.is_device = never,
	.device_exec = never,
	.read_only = read_only,
	.is_ordinary = never,
};
