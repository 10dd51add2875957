// SPDX-License-Identifier: GPL-2.0-or-later
// Columns of the kernel's stage2_page_tables files, in their generations (arch/arm64/kvm/ptdump.c,
// arch/arm64/mm/ptdump.c).
#include "decode/arm64/arm64.h"

#define VALID BIT64(0)
#define TYPE BITS64(1, 0)
#define S2AP_R BIT64(6)
#define S2AP_W BIT64(7)
#define AF BIT64(10)
#define XN BIT64(54)
#define XN2 BITS64(54, 53)

/* v6.12..v6.17: the execute column is inverted, and most columns are blank unless the entry is
 * valid. */
static const struct s2_debugfs_column columns_6_12[] = {
	{ VALID, VALID, " ", "F" },
	{ S2AP_R | VALID, S2AP_R | VALID, "R", " " },
	{ S2AP_W | VALID, S2AP_W | VALID, "W", " " },
	{ XN | VALID, VALID, " ", "X" },
	{ AF | VALID, AF | VALID, "AF", "  " },
	{ TYPE, VALID, "BLK", "   " },
};
/* v6.18, commit 8673e5b22e1e ("ptdump: Don't test PTE_VALID alongside other attributes"). */
static const struct s2_debugfs_column columns_6_18[] = {
	{ VALID, VALID, " ", "F" }, { S2AP_R, S2AP_R, "R", " " }, { S2AP_W, S2AP_W, "W", " " },
	{ XN, XN, "NX", "x " },     { AF, AF, "AF", "  " },       { TYPE, VALID, "BLK", "   " },
};
/* v6.19: XN[1:0] in four texts, each a column of its own that is empty when it does not fit. */
static const struct s2_debugfs_column columns_6_19[] = {
	{ VALID, VALID, " ", "F" },         { S2AP_R, S2AP_R, "R", " " },
	{ S2AP_W, S2AP_W, "W", " " },       { XN2, 0, "px ux ", NULL },
	{ XN2, BIT64(53), "PXNux ", NULL }, { XN2, BIT64(54), "PXNUXN", NULL },
	{ XN2, XN2, "px UXN", NULL },       { AF, AF, "AF", "  " },
	{ TYPE, VALID, "BLK", "   " },
};

#define COLUMNS(rows) .column = (rows), .n = ARRAY_SIZE(rows)

const struct s2_debugfs_text s2_arm64_debugfs[S2_NDEBUGFS_GENERATIONS] = {
	[S2_DEBUGFS_6_12] = { COLUMNS(columns_6_12) },
	[S2_DEBUGFS_6_18] = { COLUMNS(columns_6_18) },
	[S2_DEBUGFS_6_19] = { COLUMNS(columns_6_19) },
	/* The columns stay, the text of a shadow table says first what it shadows: as KVM keeps it
	 * in tlb_vtcr, tlb_vttbr, nested_stage2_enabled. */
	[S2_DEBUGFS_7_3] = { COLUMNS(columns_6_19),
			     .shadow_control = "VTCR: ", .shadow_root = " VTTBR: " },
};
