/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where KVM's structures keep what we need, looked up by member, never by version. */
#ifndef S2_KVM_LAYOUT_H
#define S2_KVM_LAYOUT_H

#include "kernel/fields.h"

struct s2_kvm_layout {
	/* struct kvm */
	struct s2_field_at vm_list, arch, mmu, vtcr, pid, online_vcpus, vcpu_array, vcpus, memslots;
	struct s2_field_at nested_mmus, nested_mmus_size;
	struct s2_field_at handle, is_created; /* of a VM that the hypervisor knows */
	/* struct kvm_s2_mmu, relative to it; before 5.9 struct kvm_arch */
	struct s2_field_at mmu_pgd_phys, mmu_vtcr, mmu_pgt, mmu_arch, mmu_kvm, mmu_tlb_vttbr,
		mmu_tlb_vtcr, mmu_nested_enabled;
	uint64_t mmu_size; /* 0: this kernel has no such structure */
	/* struct kvm_pgtable */
	struct s2_field_at pgt_mmu;
	bool hyp_managed; /* kvm_pgtable can be a tree of mappings whose table the hypervisor keeps
			     (pkvm_mappings) */
	/* struct kvm_vcpu */
	struct s2_field_at vcpu_hcr, vcpu_cpu, vcpu_ctxt;
	/* struct kvm_cpu_context */
	struct s2_field_at ctxt_pc, ctxt_pstate, ctxt_sys_regs, ctxt_vncr;
	/* struct kvm_memslots and struct kvm_memory_slot */
	struct s2_field_at slots_gfn_tree, slots_node_idx, slots_used, slots_array;
	struct s2_field_at slot_gfn_node, slot_base_gfn, slot_npages, slot_flags, slot_hva, slot_id;
	struct s2_field_at slot_gmem_file, slot_gmem_pgoff;
	uint64_t slot_size;
};

/* S2_NOTFOUND with the member's name when one that every KVM has is missing. */
enum s2_code s2_kvm_layout(struct s2_kernel *kernel, struct s2_kvm_layout *ret,
			   struct s2_err *err) S2_MUST_CHECK;

#endif
