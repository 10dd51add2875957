/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which function looks for which check of a protected system, and at what. As check/looks.h. */
#ifndef S2_CHECK_PKVM_LOOKS_H
#define S2_CHECK_PKVM_LOOKS_H

#include "check/looks.h"

/* host.c: a leaf of the host's stage 2, once. */
#define S2_HOST_LEAF_LOOKS(ROW) \
	ROW(S2_CHECK_HOST_IDENTITY, identity) \
	ROW(S2_CHECK_HOST_PROT, rights) \
	ROW(S2_CHECK_HOST_STATE, states)

/* host.c: an entry of it that says that its page is a guest's, once. */
#define S2_HOST_GIVEN_LOOKS(ROW) ROW(S2_CHECK_DONATION, s2_check_given)

/* hyp.c: a leaf of the hypervisor's stage 1, once. */
#define S2_HYP_LEAF_LOOKS(ROW) \
	ROW(S2_CHECK_WRITER, state_elsewhere) \
	ROW(S2_CHECK_HYP_ADDRESS, address) \
	ROW(S2_CHECK_HYP_PROT, rights) \
	ROW(S2_CHECK_WX, writes_and_executes)

/* states.c: a page of memory, when all tables have been read. */
#define S2_STATE_LOOKS(ROW) \
	ROW(S2_CHECK_TABLE_HIDDEN, table_hidden) \
	ROW(S2_CHECK_TABLE_OWNER, table_owner) \
	ROW(S2_CHECK_HOST_NOPAGE, host_nopage) \
	ROW(S2_CHECK_HOST_KEEPS, host_keeps) \
	ROW(S2_CHECK_SHARE_COUNT, share_count) \
	ROW(S2_CHECK_GUEST_STATE, guest_state) \
	ROW(S2_CHECK_DONATION, donation) \
	ROW(S2_CHECK_HYP_RESERVED, reserved) \
	ROW(S2_CHECK_HYP_OWNS, hyp_owns) \
	ROW(S2_CHECK_HYP_OWNS, owns_private) \
	ROW(S2_CHECK_HYP_ADDRESS, mapped_again) \
	ROW(S2_CHECK_HYP_BORROWS, hyp_borrows) \
	ROW(S2_CHECK_HOST_SHARES, host_shares) \
	ROW(S2_CHECK_ISOLATION, isolation) \
	ROW(S2_CHECK_HYP_PINS, hyp_pins)

/* vms.c: a guest of the hypervisor as an object, in each pass; all of them, once. */
#define S2_VM_LOOKS(ROW) \
	ROW(S2_CHECK_HYP_VM, handles) \
	ROW(S2_CHECK_VM_SHARED, shared)
#define S2_VMS_LOOKS(ROW) ROW(S2_CHECK_MAPPINGS, all_mappings)

#endif
