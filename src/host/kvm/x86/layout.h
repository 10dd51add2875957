/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KVM's structures have on x86 only. */
#ifndef S2_HOST_KVM_X86_LAYOUT_H
#define S2_HOST_KVM_X86_LAYOUT_H

#include "kernel/fields.h"

struct s2_kvm_x86_layout {
	/* struct kvm */
	struct s2_field_at tdp_mmu_roots, active_mmu_pages, mmio_value, no_nx_huge_pages,
		mmu_valid_gen, direct_bits;
	/* struct kvm_mmu_page */
	struct s2_field_at sp_link, sp_tdp, sp_gfn, sp_spt, sp_valid_gen, sp_parents, sp_count;
	struct s2_field_at role_level, role_direct, role_invalid, role_smm, role_access,
		role_ad_disabled, role_mirror, role_smep, role_guest_mode;
	/* struct kvm_vcpu */
	struct s2_field_at vcpu_mmu, vcpu_root_mmu, vcpu_guest_mmu, vcpu_init_value;
	/* struct kvm_mmu */
	struct s2_field_at mmu_root, mmu_level, mmu_direct, mmu_smm, mmu_ad_disabled, mmu_smep,
		mmu_guest_mode, mmu_prev;
	struct s2_field_at prev_hpa; /* of an element of mmu_prev */
};

/* S2_NOTFOUND with the member's name when one that every KVM of x86-64 has is missing. */
enum s2_code s2_kvm_x86_layout(struct s2_kernel *kernel, struct s2_kvm_x86_layout *ret,
			       struct s2_err *err) S2_MUST_CHECK;

#endif
