/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own stage 1 where the host keeps it: nVHE that is not protected. */
#ifndef S2_HOST_KVM_ARM64_HYP_H
#define S2_HOST_KVM_ARM64_HYP_H

#include "base/lost.h"
#include "kernel/kernel.h"
#include "host/tables.h"

/*
 * Adds the table `hyp` to @tables, by the symbol hyp_pgtable; without that symbol nothing. What of
 * it cannot be read goes to @lost. S2_NOMEM.
 */
enum s2_code s2_kvm_hyp(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_lost *lost,
			struct s2_tables *tables, struct s2_err *err) S2_MUST_CHECK;

#endif
