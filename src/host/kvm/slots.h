/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memslots of a VM: what the VMM registered as guest memory. */
#ifndef S2_HOST_KVM_SLOTS_H
#define S2_HOST_KVM_SLOTS_H

#include "base/budget.h"
#include "model/table.h"
#include "host/kvm/layout.h"

/* How many slots may be read of all VMs together, of which the kernel has a structure each. */
struct s2_budget s2_kvm_slots_budget(const struct s2_mem *mem);

/*
 * The slots of address space @as (x86: 1 is what SMM sees) of the VM at @kvm_va, sorted by address.
 * S2_LOOP or a missing code when the tree could not be followed; S2_BUDGET when @most says so. To
 * be freed by the caller.
 */
enum s2_code s2_kvm_slots(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			  uint64_t kvm_va, unsigned int as, struct s2_budget *most,
			  struct s2_slot **ret, size_t *ret_n, struct s2_err *err) S2_MUST_CHECK;

#endif
