/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which an x86-64 kernel and its processes translate their own addresses. */
#ifndef S2_DECODE_X86_PAGING_H
#define S2_DECODE_X86_PAGING_H

#include "decode/arch.h"

/* Claims of s2_x86_paging. None is an option. */
enum s2_x86_paging_claim {
	S2_PAGING_LEVELS,  /* 4, or 5 with CR4.LA57 */
	S2_PAGING_UPPER,   /* the half of the canonical addresses that begin with ones */
	S2_PAGING_SME_MASK /* bits of an address that mean encryption and no place (the C-bit) */
};

/*
 * A half of the canonical addresses is a table of its own here: 47 or 56 bits of input address, 256
 * entries of the start level. The upper half's root is thus the 257th entry of the page that CR3
 * names.
 */
extern const struct s2_arch s2_x86_paging;

/* Where the upper half's entries begin in the start level's page. */
#define S2_PAGING_UPPER_AT 2048U

/* R/W of an entry: writable (SDM 3A, 4.5, table 4-20). */
#define S2_PAGING_RW BIT64(1)

#endif
