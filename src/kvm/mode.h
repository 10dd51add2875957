/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which mode KVM runs: as the host's EL2 kernel (VHE), below it (nVHE), or protected. */
#ifndef S2_KVM_MODE_H
#define S2_KVM_MODE_H

#include "kernel/kernel.h"
#include "kvm/tables.h"

/* @hcr: HCR_EL2 of any vCPU, 0 when none is known. @why says what decided, for people. */
enum s2_kvm_mode s2_kvm_mode(struct s2_kernel *kernel, uint64_t hcr, char *why, size_t why_size);

/* "vhe", "nvhe", "protected", "unknown" */
const char *s2_kvm_mode_name(enum s2_kvm_mode mode);

#endif
