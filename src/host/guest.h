/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernel a guest runs: its own VMCOREINFO, looked for in its memory. */
#ifndef S2_HOST_GUEST_H
#define S2_HOST_GUEST_H

#include "base/budget.h"
#include "model/ranges.h"

/* So much of what a table maps is searched, from its lowest address on. */
#define S2_GUEST_SEARCHED (256ULL << 20)

/* What all guests of a dump may cost: bytes that are searched. */
void s2_guest_budget(struct s2_budget *ret, const struct s2_mem *mem);

/*
 * Looks through the stage 2 @table of a VM for the guest's VMCOREINFO, and fills guest_release or
 * guest_searched of @vm. What of its memory is not in the dump is no loss: makedumpfile leaves it
 * out; guest_searched tells how much that was, and guest_unknown that it may hold one. @scratch is
 * overwritten. S2_NOMEM.
 */
enum s2_code s2_guest_find(struct s2_vm *vm, const struct s2_table *table,
			   const struct s2_geometry *geom, const struct s2_ctx *ctx,
			   struct s2_ranges *scratch, struct s2_budget *bytes,
			   struct s2_err *err) S2_MUST_CHECK;

#endif
