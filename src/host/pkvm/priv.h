/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that look for pKVM share. Not for other folders. */
#ifndef S2_HOST_PKVM_PRIV_H
#define S2_HOST_PKVM_PRIV_H

#include "decode/walk.h"
#include "host/pkvm/pkvm.h"

/* HYP_MEMBLOCK_REGIONS (arch/arm64/include/asm/kvm_pkvm.h), and more CPUs than arm64 has (NR_CPUS).
 */
#define S2_PKVM_MAX_REGIONS 128

/* Pieces that its page array may be in: it is taken from one stretch for each region of memory. */
#define S2_PKVM_MAX_PIECES 65536
#define S2_PKVM_MAX_CPUS 4096

/* Members of the hypervisor's structures, looked up like those of layout.h. */
struct s2_pkvm_layout {
	struct s2_field_at pgt_ia_bits, pgt_start_level, pgt_pgd, pgt_mm_ops, pgt_flags;
	struct s2_field_at host_arch; /* struct host_mmu, before 6.6 struct host_kvm */
	struct s2_field_at region_base, region_size, region_flags;
	struct s2_field_at param_mair, param_tcr, param_stack_va, param_stack_pa, param_pgd_pa,
		param_hcr, param_vttbr, param_vtcr;
	struct s2_field_at vm_kvm, vm_host_kvm;
	struct s2_field_at page_refcount, page_order, page_host, page_hyp, page_share;
	struct s2_field_at ffa_tx;
	uint64_t sizeof_region, sizeof_page;
};

/* Symbols of the nVHE image; hits is 0 for those that are not known. */
enum s2_pkvm_symbol {
	S2_SYM_HOST_MMU,
	S2_SYM_HOST_KVM,
	S2_SYM_PGTABLE,
	S2_SYM_OFFSET,
	S2_SYM_VMEMMAP,
	S2_SYM_MEMORY,
	S2_SYM_NMEMORY,
	S2_SYM_VM_TABLE,
	S2_SYM_FFA,
	S2_SYM_MEM_BASE,
	S2_SYM_MEM_SIZE,
	S2_SYM_NR_CPUS,
	S2_NPKVM_SYMBOLS,
};

struct s2_pkvm_search {
	struct s2_kernel *kernel;
	const struct s2_mem *mem;
	const struct s2_kvm_arm64_layout *kvm;
	struct s2_pkvm_layout layout;
	struct s2_symbol symbol[S2_NPKVM_SYMBOLS];
	enum s2_code symbols_unread; /* why none of them is known */
	struct s2_pkvm *pkvm;
	struct s2_lost *lost;
	struct s2_err *err;
	struct s2_gaps gaps;  /* what the last s2_pkvm_scan() could not search */
	struct s2_gaps parts; /* what is missing of the anchor that is looked at */

	bool nomem; /* something was not taken for want of memory: it all fails */
	bool have_host;
	uint64_t host_mmu_pa; /* struct kvm_s2_mmu of the host */
	uint64_t host_pgd_pa;
	uint64_t host_vtcr;
	uint64_t host_flags; /* kvm_pgtable.flags */

	bool have_hyp;
	bool hyp_damaged;        /* it maps neither host_mmu nor itself, */
	struct s2_gaps hyp_gaps; /* as far as what is missing of it lets that be seen */
	uint64_t hyp_pgt_pa;     /* struct kvm_pgtable */
	uint64_t hyp_pgd_pa;
	unsigned int hyp_ia_bits;
	struct s2_regime hyp_regime;
	struct s2_geometry hyp_geom;
	struct s2_walk *walk;

	uint64_t mair, tcr, hcr; /* of the first CPU, counts when pkvm->ncpus is not 0 */
};

/* The members and enumerators; S2_NOTFOUND when this kernel has no protected mode. */
enum s2_code s2_pkvm_layout(struct s2_kernel *kernel, struct s2_pkvm_layout *ret,
			    struct s2_pkvm *pkvm, struct s2_err *err) S2_MUST_CHECK;

/* Where a variable of the hypervisor is whose symbol has hits. */
static inline uint64_t s2_pkvm_symbol_pa(const struct s2_pkvm_search *s, enum s2_pkvm_symbol i)
{
	return s2_kva_image_pa(&s2_kernel_facts(s->kernel)->kva, s->symbol[i].value);
}

/* The member of a structure at a physical address. */
enum s2_code s2_pkvm_get(const struct s2_mem *mem, uint64_t pa, const struct s2_field_at *field,
			 uint64_t *ret) S2_MUST_CHECK;

/* The two tables' anchors, by symbol or by search. */
enum s2_code s2_pkvm_find_host(struct s2_pkvm_search *s) S2_MUST_CHECK;
enum s2_code s2_pkvm_find_hyp(struct s2_pkvm_search *s) S2_MUST_CHECK;

/* Where the hypervisor's table maps @va; false when it does not. */
bool s2_pkvm_hyp_find(struct s2_pkvm_search *s, uint64_t va, uint64_t *ret_pa, uint64_t *ret_raw);

/* Calls @word for every aligned word of the writable part of the kernel image that is in the dump
 * until it returns false. What is not is in @s->gaps. */
enum s2_code s2_pkvm_scan(struct s2_pkvm_search *s,
			  bool (*word)(struct s2_pkvm_search *s, uint64_t pa, uint64_t value));

/* What the hypervisor knows of memory: hyp_memory[], hyp_vmemmap, the reserved part, per-CPU
 * parameters. */
void s2_pkvm_find_memory(struct s2_pkvm_search *s);
void s2_pkvm_find_vmemmap(struct s2_pkvm_search *s);
void s2_pkvm_find_reserved(struct s2_pkvm_search *s);
void s2_pkvm_find_params(struct s2_pkvm_search *s);
/* Says that the host's HCR_EL2 is not known, and what that hides: @code says why. */
void s2_pkvm_lose_hcr(struct s2_pkvm_search *s, enum s2_code code);

#endif
