// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of arm64: descriptors as KVM writes them, and a protected system's own tables.
#include <inttypes.h>

#include "check/priv.h"
#include "decode/arm64/arm64.h"

#define S2_MEMATTR BITS64(5, 2)
#define S2_W BIT64(7)
#define S2_XN BIT64(54)

/* Of the VMM's leaf: AP[2] read-only, DBM (hardware or software writable-clean), AttrIndx. */
#define S1_RO BIT64(7)
#define S1_DBM BIT64(51)
#define S1_INDEX BITS64(4, 2)

/* MT_NORMAL and MT_NORMAL_TAGGED (asm/memory.h). */
#define LAST_NORMAL_INDEX 1

/* The hypervisor's stage 1 of a host that is not protected. */
static bool exempt(const struct s2_table *table)
{
	return s2_pkvm_role_of(table) == S2_PKVM_NONE && table->regime.arch == &s2_arm64_stage1_el2;
}

static enum s2_pkvm_role role(const struct s2_table *table)
{
	return s2_pkvm_role_of(table);
}

static void pages(struct s2_check_ctx *ctx)
{
	s2_check_states(ctx);
	s2_check_vms(ctx);
}

static void table_begin(struct s2_check_ctx *ctx)
{
	s2_writer_forms(ctx);
	if (role(ctx->table) == S2_PKVM_HYP)
		s2_hyp_begin(ctx);
}

static void table_end(struct s2_check_ctx *ctx)
{
	if (role(ctx->table) == S2_PKVM_HYP && ctx->first_window)
		s2_hyp_end(ctx);
}

/* Table descriptors hold an address and nothing else (pgtable.c, kvm_init_table_pte()). */
static void table_bits(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	uint64_t extra = raw & ~(ctx->g->table_low | ctx->g->oa_high | 3);

	if (extra)
		s2_check_found(ctx, S2_CHECK_WRITER, ctx->table, ia, s2_table_oa(ctx->g, raw),
			       "table descriptor 0x%" PRIx64
			       " at level %d: KVM leaves bits 0x%" PRIx64 " clear",
			       raw, s2_level(ctx->g, height), extra);
}

static bool leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw)
{
	switch (role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_PKVM_HYP:
		s2_hyp_leaf(ctx, height, ia, oa, raw);
		return true;
	case S2_PKVM_GUEST:
	case S2_PKVM_NONE:
		break;
	}
	return false;
}

static void other(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw)
{
	if (ctx->first_window)
		s2_writer_invalid(ctx, height, ia, raw);
	if (role(ctx->table) == S2_PKVM_HOST)
		s2_host_invalid(ctx, height, ia, raw);
}

static bool references(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret)
{
	uint64_t word;

	if (!ctx->pkvm->page.refcount ||
	    s2_pkvm_page(ctx->pkvm, ctx->mem, ctx->pages.page_log2, pa, &word))
		return false;
	*ret = s2_pkvm_refs(ctx->pkvm, word);
	return true;
}

static void lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size)
{
	switch (role(ctx->table)) {
	case S2_PKVM_HOST:
		s2_host_lost(ctx, ia, size);
		break;
	case S2_PKVM_HYP:
		s2_hyp_lost(ctx, ia, size);
		break;
	case S2_PKVM_GUEST:
		ctx->kept_lost = true;
		break;
	case S2_PKVM_NONE:
		break;
	}
}

static bool writable(uint64_t leaf)
{
	return leaf & S2_W;
}

static bool executable(uint64_t leaf)
{
	return !(leaf & S2_XN);
}

/* Any type of Device memory. */
static bool device(uint64_t leaf)
{
	return field_get(S2_MEMATTR, leaf) <= 3;
}

/* KVM's Device-nGnRE at stage 2, with FWB and without (asm/memory.h). */
static bool device_of_kvm(uint64_t leaf)
{
	return field_get(S2_MEMATTR, leaf) == 1;
}

static bool vmm_read_only(uint64_t theirs)
{
	return (theirs & S1_RO) && !(theirs & S1_DBM);
}

static bool vmm_ordinary(uint64_t theirs)
{
	return field_get(S1_INDEX, theirs) <= LAST_NORMAL_INDEX;
}

const struct s2_check_rules s2_arm64_rules = {
	.arch = "arm64",
	.role = role,
	.exempt = exempt,
	.begin = s2_check_vms_begin,
	.end = s2_check_vms_end,
	.pages = pages,
	.table_begin = table_begin,
	.table_end = table_end,
	.table = table_bits,
	.written = s2_writer_leaf,
	.leaf = leaf,
	.other = other,
	.lost = lost,
	.owned = s2_check_owned,
	.is_memory = s2_check_is_memory,
	.references = references,
	.writable = writable,
	.executable = executable,
	.device = device,
	.device_of_kvm = device_of_kvm,
	.vmm_read_only = vmm_read_only,
	.vmm_ordinary = vmm_ordinary,
};
