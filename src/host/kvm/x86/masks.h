/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KVM's variables say of the entries that it writes on this machine. */
#ifndef S2_HOST_KVM_X86_MASKS_H
#define S2_HOST_KVM_X86_MASKS_H

#include "base/lost.h"
#include "host/kvm/x86/layout.h"

struct s2_kvm_x86_masks {
	bool ept;             /* else NPT */
	enum s2_tristate tdp; /* second-stage tables at all: the processor's, not shadows */
	enum s2_tristate exec_only, pages_1g;
	unsigned int maxphyaddr; /* bits, 0: not known */
	uint64_t pat;            /* IA32_PAT as the kernel sets it, 0: not known */
	uint64_t sme_mask;       /* the C-bit in the host's own tables */
	struct s2_soft soft;     /* of a VM that is like all others */
};

/*
 * Reads the variables. What of them is not in the dump goes to @lost. S2_NOTFOUND: there is not
 * enough to tell EPT from NPT.
 */
enum s2_code s2_kvm_x86_masks(struct s2_kernel *kernel, const struct s2_kvm_x86_layout *layout,
			      struct s2_lost *lost, struct s2_kvm_x86_masks *ret,
			      struct s2_err *err) S2_MUST_CHECK;

#endif
