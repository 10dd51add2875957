/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots that a kernel with the series "arm64: ptdump: View the second stage page-tables" keeps
 * in its memory. */
#ifndef S2_HOST_KVM_ARM64_PGSNAPSHOT_H
#define S2_HOST_KVM_ARM64_PGSNAPSHOT_H

#include "kernel/kernel.h"
#include "host/tables.h"

/*
 * Makes the table `snapshot` of the struct kvm_pgtable_snapshot at @addr, a kernel virtual or a
 * physical address, the only one of @tables; what @tables knew of the system stays and helps to
 * read it. Table pages that are not in the snapshot's list are said in the table's remark.
 * S2_INVALID: there is no such structure.
 */
enum s2_code s2_pgtable_snapshot(struct s2_kernel *kernel, const struct s2_mem *mem, uint64_t addr,
				 struct s2_tables *tables, struct s2_err *err) S2_MUST_CHECK;

#endif
