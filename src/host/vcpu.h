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
	/* A guest that is a hypervisor itself: the tables that @regs name are its own guest's. */
	bool is_hypervisor;
	bool runs_hypervisor; /* not that guest: what it does goes through none of them */
	bool guest_stage2;    /* the guest's guest lies behind a second stage, ... */
	uint64_t guest_root,
		guest_control; /* ... with these registers, as struct s2_table.shadow */
};

#endif
