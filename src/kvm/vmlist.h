/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding vm_list, the head of the list of all VMs. */
#ifndef S2_KVM_VMLIST_H
#define S2_KVM_VMLIST_H

#include "kvm/layout.h"

/*
 * The address of vm_list. By symbol; else by searching the kernel's data for a list whose members
 * are sound struct kvm. @found (for people) says which. @ret_empty: the symbol is missing and no
 * list was found, so that there are no VMs or they cannot be found; then @ret is 0.
 */
enum s2_code s2_kvm_vm_list(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			    uint64_t *ret, char *found, size_t found_size,
			    struct s2_err *err) S2_MUST_CHECK;

/*
 * Is there a struct kvm at @va? Its MMU points back to its arch part, and its page table back to
 * the MMU (kvm_init_stage2_mmu() in arch/arm64/kvm/mmu.c): no other structure does that.
 */
bool s2_kvm_is_vm(struct s2_kernel *kernel, const struct s2_kvm_layout *layout, uint64_t va);

#endif
