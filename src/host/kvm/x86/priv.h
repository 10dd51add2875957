/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that find KVM's roots on x86 share. Not for other folders. */
#ifndef S2_HOST_KVM_X86_PRIV_H
#define S2_HOST_KVM_X86_PRIV_H

#include "host/kvm/kvm.h"
#include "host/kvm/x86/layout.h"
#include "host/kvm/x86/masks.h"

/* The state of s2_kvm_walk. */
struct s2_kvm_x86 {
	struct s2_kvm_x86_layout layout;
	struct s2_kvm_x86_masks masks;
	bool lost_roots; /* a VM's list of roots is not in the dump, or not all of it */
};

/* A struct kvm_mmu_page that is a root. */
struct s2_kvm_x86_root {
	uint64_t va; /* of the structure */
	uint64_t pa; /* of the table page */
	uint64_t level;
	bool direct; /* made of the VM's memory, not after a guest's table */
	bool ad_disabled, smm, mirror;
	bool guest_mode; /* for a guest of the VM's guest */
	bool smep;       /* user pages are told apart for execution: GMET of NPT, MBEC of EPT */
};

/* Reads the one at @sp. */
enum s2_code s2_kvm_x86_read_root(struct s2_kernel *kernel, const struct s2_kvm_x86_layout *l,
				  uint64_t sp, struct s2_kvm_x86_root *ret,
				  struct s2_err *err) S2_MUST_CHECK;

/* s2_table.kind of its table. */
const char *s2_kvm_x86_kind(const struct s2_kvm_x86_root *root);

/* What KVM has given the processor for that root. */
void s2_kvm_x86_regime(const struct s2_kvm_x86_masks *masks, const struct s2_kvm_x86_root *root,
		       struct s2_regime *regime);

/* Where struct page of all memory is. */
struct s2_kvm_x86_memmap {
	uint64_t va;           /* of the first page's */
	uint64_t size, offset; /* of one, and of its `private` in it: of a table page the address of
				  its struct kvm_mmu_page (set_page_private(), mmu/tdp_mmu.c) */
};

/* S2_NOTFOUND: VMCOREINFO and symbols do not tell. */
enum s2_code s2_kvm_x86_memmap(struct s2_kernel *kernel, struct s2_kvm_x86_memmap *ret,
			       struct s2_err *err) S2_MUST_CHECK;

/*
 * Where VMs or lists of roots are not in the dump: adds `root:0xPA` for each root of the TDP MMU
 * that memory holds and nobody has found. They are found from struct page: a table page's `private`
 * leads to its struct kvm_mmu_page, which leads back.
 */
enum s2_code s2_kvm_x86_orphans(struct s2_kvm_walk *w) S2_MUST_CHECK;

#endif
