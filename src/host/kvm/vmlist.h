/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding vm_list, the head of the list of all VMs. */
#ifndef S2_KVM_VMLIST_H
#define S2_KVM_VMLIST_H

#include "base/lost.h"
#include "host/kvm/layout.h"

/*
 * The address of vm_list. By symbol; else by searching the kernel's data for a list whose members
 * are sound struct kvm. @found (for people) says which. Without the symbol and without such a list
 * @ret is 0: there are no VMs when @lost has got nothing, else they may be in what it tells of.
 */
enum s2_code s2_kvm_vm_list(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			    struct s2_lost *lost, uint64_t *ret, char *found, size_t found_size,
			    struct s2_err *err) S2_MUST_CHECK;

#endif
