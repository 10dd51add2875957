/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KVM's structures have on arm64 only. */
#ifndef S2_HOST_KVM_ARM64_LAYOUT_H
#define S2_HOST_KVM_ARM64_LAYOUT_H

#include "kernel/fields.h"

struct s2_kvm_arm64_layout {
	/* struct kvm */
	struct s2_field_at arch, mmu, vtcr;
	struct s2_field_at nested_mmus, nested_mmus_size;
	/* struct kvm_s2_mmu, relative to it; before 5.9 struct kvm_arch */
	struct s2_field_at mmu_vmid, mmu_pgd_phys, mmu_vtcr, mmu_pgt, mmu_arch, mmu_kvm,
		mmu_tlb_vttbr, mmu_tlb_vtcr, mmu_nested_enabled;
	uint64_t mmu_size; /* 0: this kernel has no such structure */
	/* struct kvm_pgtable */
	struct s2_field_at pgt_mmu;
	/* struct kvm_vcpu */
	struct s2_field_at vcpu_hcr, vcpu_cpu, vcpu_ctxt;
	/* struct kvm_cpu_context */
	struct s2_field_at ctxt_pc, ctxt_pstate, ctxt_sys_regs, ctxt_vncr;
};

/* S2_NOTFOUND with the member's name when one that every KVM of arm64 has is missing. */
enum s2_code s2_kvm_arm64_layout(struct s2_kernel *kernel, struct s2_kvm_arm64_layout *ret,
				 struct s2_err *err) S2_MUST_CHECK;

#endif
