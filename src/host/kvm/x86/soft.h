/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KVM means by the bits that EPT and NPT entries leave to software (Linux, arch/x86/kvm/mmu/
 * spte.h): two layouts, whose masks a dump's own variables tell. */
#ifndef S2_HOST_KVM_X86_SOFT_H
#define S2_HOST_KVM_X86_SOFT_H

#include "decode/soft.h"

/*
 * Indices of s2_soft.param[]. All but the last are variables of KVM, shadow_NAME, of the machine;
 * SPTE means an entry as KVM wrote it.
 */
enum s2_kvm_x86_param {
	S2_KVM_X86_MMIO_VALUE,         /* kvm->arch.shadow_mmio_value where a VM has its own */
	S2_KVM_X86_MMIO_MASK,          /* 0: there are no MMIO SPTEs */
	S2_KVM_X86_MMIO_ACCESS_MASK,   /* NPT: rights that the guest has there */
	S2_KVM_X86_RSVD_MASK,          /* shadow_nonpresent_or_rsvd_mask: L1TF; 0: not needed */
	S2_KVM_X86_LOWER_GFN_MASK,     /* shadow_nonpresent_or_rsvd_lower_gfn_mask */
	S2_KVM_X86_ACC_TRACK_MASK,     /* 0: KVM never tracks accesses by taking rights away */
	S2_KVM_X86_HOST_WRITABLE_MASK, /* shadow_host_writable_mask */
	S2_KVM_X86_MMU_WRITABLE_MASK,  /* shadow_mmu_writable_mask */
	S2_KVM_X86_ACCESSED_MASK,      /* shadow_accessed_mask: KVM's own bit when A/D is off */
	S2_KVM_X86_DIRTY_MASK,         /* shadow_dirty_mask: likewise */
	S2_KVM_X86_NX_HUGE_PAGES,      /* 1: large leaves are made not executable */
	S2_KVM_X86_DIRECT_BITS,        /* TDX, the table of shared memory: of its addresses */
	S2_KVM_X86_NPARAMS,
};

/* Up to 7.1, and from 7.2 on: there KVM has shadow_xs_mask in place of shadow_x_mask. */
extern const struct s2_soft_ops s2_soft_kvm_old, s2_soft_kvm_new;

#endif
