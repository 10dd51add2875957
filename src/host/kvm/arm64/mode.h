/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which mode KVM runs: as the host's EL2 kernel (VHE), below it (nVHE), or protected. */
#ifndef S2_HOST_KVM_ARM64_MODE_H
#define S2_HOST_KVM_ARM64_MODE_H

#include "base/lost.h"
#include "kernel/kernel.h"
#include "host/tables.h"

/*
 * What the kernel's variables or its log say. @why says what decided, for people. A variable or a
 * log that would tell and is not in the dump goes to @lost.
 */
enum s2_kvm_mode s2_kvm_mode(struct s2_kernel *kernel, struct s2_lost *lost, char *why,
			     size_t why_size);

/* Without either: from HCR_EL2 of any vCPU, 0 when none is known. */
enum s2_kvm_mode s2_kvm_mode_by_hcr(uint64_t hcr, char *why, size_t why_size);

#endif
