/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual machines beside their tables: processes, names, states, vCPUs. */
#ifndef S2_HOST_KVM_VM_H
#define S2_HOST_KVM_VM_H

#include "base/budget.h"
#include "host/host.h"
#include "host/kvm/layout.h"
#include "kernel/tasks.h"
#include "model/vm.h"

struct s2_kvm_vms;

/* How many vCPUs of all VMs together whoever goes through them may look at. */
struct s2_budget s2_kvm_vcpus_budget(const struct s2_mem *mem);

/* What is looked up once for all VMs of a search. */
enum s2_code s2_kvm_vms_new(struct s2_host_search *search, const struct s2_kvm_layout *layout,
			    struct s2_kvm_vms **ret) S2_MUST_CHECK;
void s2_kvm_vms_free(struct s2_kvm_vms *vms);

/*
 * Calls @vm for each struct kvm that processes lead to and that is a member of the list of VMs, the
 * newest of a process first: for what the list does not lead to. What is not in the dump is left
 * out. S2_NOMEM.
 */
enum s2_code s2_kvm_vms_of_processes(struct s2_kvm_vms *vms, void (*vm)(void *arg, uint64_t kvm_va),
				     void *arg) S2_MUST_CHECK;

/* Whose a VM is. */
struct s2_kvm_process {
	uint64_t mm, task; /* 0: not known */
	int64_t pid;       /* -1: not known, */
	enum s2_code code; /* ... and why */
	char text[80];
};

/* Finds the process of the VM at @kvm_va; @ret->code tells whether that went well. S2_NOMEM. */
enum s2_code s2_kvm_process(struct s2_kvm_vms *vms, uint64_t kvm_va,
			    struct s2_kvm_process *ret) S2_MUST_CHECK;

/*
 * What else there is to know of the VM at @kvm_va, which is of @process. What could not be read
 * goes to the search's losses, as table @id's. @ret is the caller's. S2_NOMEM.
 */
enum s2_code s2_kvm_vm_read(struct s2_kvm_vms *vms, uint64_t kvm_va,
			    const struct s2_kvm_process *process, const char *id,
			    struct s2_vm **ret) S2_MUST_CHECK;

#endif
