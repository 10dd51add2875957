/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory attributes of a VM: what of its memory is private to the guest. */
#ifndef S2_HOST_KVM_ATTRIBUTES_H
#define S2_HOST_KVM_ATTRIBUTES_H

#include "host/kvm/kvm.h"

/*
 * Annotates @table, of the VM at its object_va and with the VM's addresses @at above them, where
 * the VM can have private memory. It is read once for all tables of a VM that come one after the
 * other. What of kvm->mem_attr_array is not in the dump goes to the losses; S2_NOMEM, or what is
 * wrong with it.
 */
enum s2_code s2_kvm_private(struct s2_kvm_walk *w, struct s2_table *table,
			    uint64_t at) S2_MUST_CHECK;

/* What was kept for it. */
void s2_kvm_attributes_free(struct s2_kvm_attributes *a);

#endif
