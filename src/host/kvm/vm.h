/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual machines beside their tables: processes, names, states, vCPUs. */
#ifndef S2_KVM_VM_H
#define S2_KVM_VM_H

#include "host/host.h"
#include "host/kvm/layout.h"
#include "kernel/tasks.h"
#include "model/vm.h"

struct s2_kvm_vms;

/* What is looked up once for all VMs of a search. */
enum s2_code s2_kvm_vms_new(struct s2_host_search *search, const struct s2_kvm_layout *layout,
			    struct s2_kvm_vms **ret) S2_MUST_CHECK;
void s2_kvm_vms_free(struct s2_kvm_vms *vms);

/* The name of a VM by its address: losses bear it until there is a better one. */
#define S2_KVM_VM_ID "vm:0x%" PRIx64

/*
 * What there is to know of the VM at @kvm_va. *@ret_pid is its process's id, -1 when that is not
 * found. What could not be read goes to the search's losses, under the name S2_KVM_VM_ID. @ret is
 * the caller's. S2_NOMEM.
 */
enum s2_code s2_kvm_vm_read(struct s2_kvm_vms *vms, uint64_t kvm_va, int64_t *ret_pid,
			    struct s2_vm **ret) S2_MUST_CHECK;

#endif
