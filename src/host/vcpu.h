/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vCPU's registers were when the host last saved them. */
#ifndef S2_HOST_VCPU_H
#define S2_HOST_VCPU_H

#include "decode/arch.h"

struct s2_vcpu {
	struct s2_regime
		regs; /* those that translate its own addresses, and decide what stage 2 means */
	uint64_t pstate;
	uint64_t pc;
	int cpu; /* the CPU that it is loaded on, -1: none; then the registers are current */
};

#endif
