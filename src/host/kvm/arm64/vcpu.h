/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vCPU's registers were when KVM last saved them. */
#ifndef S2_HOST_KVM_ARM64_VCPU_H
#define S2_HOST_KVM_ARM64_VCPU_H

#include "host/vcpu.h"
#include "kernel/kernel.h"

/*
 * Registers of vCPU @index of the VM whose struct kvm is at @kvm_va. They are found by the
 * enumerators of enum vcpu_sysreg, whose numbers move with every release. S2_NOTFOUND: no such vCPU.
 */
enum s2_code s2_kvm_vcpu(struct s2_kernel *kernel, uint64_t kvm_va, uint64_t index,
			 struct s2_vcpu *ret, struct s2_err *err) S2_MUST_CHECK;

#endif
