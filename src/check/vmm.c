// SPDX-License-Identifier: GPL-2.0-or-later
// What the VMM's own page tables say of a guest's memory: KVM maps what it finds there, and MMU
// notifiers keep it so.
#include <inttypes.h>
#include <stdlib.h>

#include "check/priv.h"
#include "model/private.h"
#include "model/slots.h"
#include "decode/lookup.h"

struct s2_vmm {
	struct s2_geometry geom;
	uint64_t pgd_pa;
	struct s2_gmem *gmem; /* for slots of a guest_memfd, made when the first one is met */
};

static enum s2_code find_pgd(struct s2_check_ctx *ctx, const struct s2_table *table, uint64_t *ret)
{
	static const struct s2_field_row rows[] = {
		S2_FIELD(s2_vmm_layout, mm, "kvm", "mm", false),
		S2_FIELD(s2_vmm_layout, pgd, "mm_struct", "pgd", false),
	};
	uint64_t mm, pgd;
	enum s2_code code = S2_OK;

	if (!ctx->vmm_at.asked)
		code = s2_fields_find(ctx->kernel, rows, ARRAY_SIZE(rows), &ctx->vmm_at, NULL);
	ctx->vmm_at.asked = true;
	if (!code)
		code = s2_field_get(ctx->kernel, table->object_va, &ctx->vmm_at.mm, &mm, NULL);
	if (!code)
		code = s2_field_get(ctx->kernel, mm, &ctx->vmm_at.pgd, &pgd, NULL);
	return code ? code : s2_kernel_pa(ctx->kernel, pgd, ret, NULL);
}

struct s2_vmm *s2_vmm_open(struct s2_check_ctx *ctx, const struct s2_table *table)
{
	const struct s2_regime *user;
	struct s2_vmm *vmm;

	if (s2_table_is_shadow(table))
		return NULL; /* shadow tables map what the nested guest's hypervisor wants */
	if (!ctx->kernel || !table->object_va || !table->have_slots) {
		s2_check_unknown(ctx, S2_CHECK_VMM, "%s: its VMM is not known", table->id);
		return NULL;
	}
	vmm = calloc(1, sizeof(*vmm));
	if (!vmm) {
		ctx->nomem = true;
		return NULL;
	}
	user = &s2_kernel_facts(ctx->kernel)->kva.user;
	if (find_pgd(ctx, table, &vmm->pgd_pa) || user->arch->shape(user, &vmm->geom, NULL)) {
		s2_check_unknown(ctx, S2_CHECK_VMM, "%s: its VMM's page tables cannot be found",
				 table->id);
		free(vmm);
		return NULL;
	}
	return vmm;
}

void s2_vmm_close(struct s2_vmm *vmm)
{
	if (vmm)
		free(vmm->gmem);
	free(vmm);
}

/* One stretch of the leaf against one descriptor of the VMM. */
static enum s2_tristate agrees(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa, bool write,
			       uint64_t raw, uint64_t hva, uint64_t *ret_left)
{
	const struct s2_writer *w = ctx->writer;
	struct s2_found found;
	enum s2_code code = s2_lookup(ctx->mem, &ctx->vmm->geom, ctx->vmm->pgd_pa, hva, &found);
	uint64_t theirs = found.raw, pa = found.pa;

	*ret_left = found.left;
	if (code && code != S2_NOTFOUND) {
		/* All that the descriptor would translate is not known. */
		*ret_left = s2_entry_size(&ctx->vmm->geom, found.height) -
			    (hva & (s2_entry_size(&ctx->vmm->geom, found.height) - 1));
		s2_check_unknown(ctx, S2_CHECK_VMM,
				 "%s: the VMM's page table for 0x%" PRIx64 " is %s", ctx->table->id,
				 hva, s2_code_name(code));
		return S2_UNKNOWN;
	}
	if (code || !found.mapped) {
		*ret_left = BIT64(ctx->g->page_log2);
		s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia, oa,
			       "mapped, but the VMM has nothing at 0x%" PRIx64, hva);
		return S2_NO;
	}
	if (pa != oa) {
		s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia, oa,
			       "0x%" PRIx64 " expected: the VMM has that at 0x%" PRIx64, pa, hva);
		return S2_NO;
	}
	if (write && w && w->vmm_writes && !w->vmm_writes(theirs)) {
		s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia, oa,
			       "writable, but the VMM may only read it (0x%" PRIx64 ")", hva);
		return S2_NO;
	}
	if (w && w->is_device && w->is_device(raw) && w->vmm_is_memory(theirs)) {
		s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia, oa,
			       "device memory, but ordinary memory in the VMM (0x%" PRIx64 ")",
			       hva);
		return S2_NO;
	}
	return S2_YES;
}

/*
 * Are these pages those of the slot's guest_memfd? What the guest shares with its VMM is the VMM's,
 * unless all of the slot is served from the file (__kvm_mmu_faultin_pfn(), arch/x86/kvm/mmu/mmu.c).
 */
static enum s2_tristate of_gmem(const struct s2_check_ctx *ctx, const struct s2_slot *slot,
				uint64_t ia, uint64_t size)
{
	uint64_t bytes;

	if (!(slot->flags & S2_SLOT_GMEM))
		return S2_NO;
	if (slot->flags & S2_SLOT_GMEM_ONLY)
		return S2_YES;
	if (!s2_table_annotator(ctx->table, &s2_private_annotator))
		return S2_NO; /* nothing of the VM is private */
	if (!s2_private_bytes(ctx->table, ia, size, &bytes))
		return S2_UNKNOWN;
	return bytes == size ? S2_YES : bytes ? S2_UNKNOWN : S2_NO;
}

enum s2_tristate s2_vmm_confirms(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size, uint64_t oa,
				 bool write, uint64_t raw)
{
	const struct s2_slot *slot = s2_slot_at(ctx->table, ia);
	enum s2_tristate all = S2_YES, gmem;

	if (!ctx->vmm)
		return S2_UNKNOWN;
	if (!slot)
		return S2_NO;
	gmem = of_gmem(ctx, slot, ia, size);
	if (gmem == S2_UNKNOWN) {
		s2_check_unknown(ctx, S2_CHECK_VMM,
				 "%s: whether 0x%" PRIx64 " is private is not known",
				 ctx->table->id, ia);
		return S2_UNKNOWN;
	}
	if (gmem == S2_YES) {
		if (!ctx->vmm->gmem)
			ctx->vmm->gmem = s2_gmem_open(ctx);
		return s2_gmem_confirms(ctx, ctx->vmm->gmem, slot, ia, size, oa);
	}
	for (uint64_t off = 0; off < size && all != S2_NO;) {
		uint64_t hva = slot->hva + (ia + off - slot->ipa), left = 0;
		enum s2_tristate one;

		if (ia + off - slot->ipa >= slot->size)
			break; /* memslots says so */
		if (s2_budget_take(&ctx->vmm_asked, 1)) {
			s2_check_unknown(ctx, S2_CHECK_VMM,
					 "%s: what its VMM has at 0x%" PRIx64
					 " is not looked up: there is too much of it",
					 ctx->table->id, hva);
			return S2_UNKNOWN;
		}
		one = agrees(ctx, ia + off, oa + off, write, raw, hva, &left);
		if (one != S2_YES)
			all = one;
		off += left ? left : BIT64(ctx->g->page_log2);
	}
	return all;
}
