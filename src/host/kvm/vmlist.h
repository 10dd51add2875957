/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding vm_list, the head of the list of all VMs. */
#ifndef S2_HOST_KVM_VMLIST_H
#define S2_HOST_KVM_VMLIST_H

#include "host/kvm/kvm.h"

/*
 * The address of vm_list. By symbol; else by searching the kernel's data for a list whose members
 * are sound struct kvm. @found (for people) says which. Without the symbol and without such a list
 * @ret is 0: there are no VMs when the list of losses has got nothing, else they may be in what it
 * tells of.
 */
enum s2_code s2_kvm_vm_list(const struct s2_kvm_walk *w, uint64_t *ret, char *found,
			    size_t found_size) S2_MUST_CHECK;

#endif
