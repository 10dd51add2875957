// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of x86. Writing is bit 1 of EPT, of NPT and of the VMM's own tables.
#include "check/priv.h"

#define WRITE BIT64(1)

static bool writable(uint64_t leaf)
{
	return leaf & WRITE;
}

static bool vmm_read_only(uint64_t theirs)
{
	return !(theirs & WRITE);
}

const struct s2_check_rules s2_x86_rules = {
	.arch = "x86",
	.writable = writable,
	.vmm_read_only = vmm_read_only,
};
