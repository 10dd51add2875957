/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM in a Linux kernel's memory: which VMs there are, and every stage-2 table that belongs to
 * them. */
#ifndef S2_KVM_KVM_H
#define S2_KVM_KVM_H

#include "base/lost.h"
#include "kernel/kernel.h"
#include "host/tables.h"

/*
 * Fills @ret with the tables of all VMs of vm_list: each VM's own stage 2 and the shadow stage 2 of
 * its nested guests, with pid, number of vCPUs and memslots, and the mode that KVM runs in. What
 * could not be read goes to @lost. On a protected system also the host's
 * stage 2, the hypervisor's stage 1 and the guests that the hypervisor manages. @mem is the memory
 * that @kernel lives in; no VMs is S2_OK with no tables.
 * S2_NOTFOUND: no KVM, or no way to find its VMs.
 */
enum s2_code s2_kvm_tables(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_lost *lost,
			   struct s2_tables *ret, struct s2_err *err) S2_MUST_CHECK;

#endif
