/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each CPU's struct kvm_nvhe_init_params is, which has what EL2's registers were given. */
#ifndef S2_HOST_KVM_ARM64_PARAMS_H
#define S2_HOST_KVM_ARM64_PARAMS_H

#include "kernel/kernel.h"

/*
 * Calls @cpu for each CPU that has parameters until it returns false: with the address of its
 * structure, or, with a missing code, because the way there (@va is then where it broke off) is not
 * in the dump. By symbols (per_cpu_ptr_nvhe_sym(), asm/kvm_host.h). S2_NOTFOUND: without them; a
 * missing code: they are not in the dump.
 */
enum s2_code s2_nvhe_params(struct s2_kernel *kernel,
			    bool (*cpu)(void *arg, unsigned int n, uint64_t va, enum s2_code code),
			    void *arg) S2_MUST_CHECK;

#endif
