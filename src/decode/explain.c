// SPDX-License-Identifier: GPL-2.0-or-later
// VTCR_EL2 as the Arm ARM prints it (DDI 0487, D23.2 "VTCR_EL2, Virtualization Translation Control
// Register").
#include "decode/explain.h"

#include <stddef.h>

static const char *const rgn[] = { "Non-cacheable", "Write-Back Write-Allocate", "Write-Through",
				   "Write-Back no Write-Allocate" };
static const char *const sh0[] = { "Non-shareable", "reserved", "Outer Shareable",
				   "Inner Shareable" };
static const char *const tg0[] = { "4K", "64K", "16K", "reserved" };
static const char *const ps[] = { "32 bits", "36 bits", "40 bits", "42 bits",
				  "44 bits", "48 bits", "52 bits", "reserved" };
static const char *const vs[] = { "8-bit VMID", "16-bit VMID" };
static const char *const off_on[] = { "off", "on" };
static const char *const res1[] = { "0, though RES1", "RES1" };

const struct s2_field s2_vtcr_fields[] = {
	{ "T0SZ", BITS64(5, 0), NULL, "input size is 64 - T0SZ bits" },
	{ "SL0", BITS64(7, 6), NULL, "start level, with TG0 and SL2" },
	{ "IRGN0", BITS64(9, 8), rgn, "inner cacheability of walks" },
	{ "ORGN0", BITS64(11, 10), rgn, "outer cacheability of walks" },
	{ "SH0", BITS64(13, 12), sh0, "shareability of walks, and of mappings when DS=1" },
	{ "TG0", BITS64(15, 14), tg0, "granule" },
	{ "PS", BITS64(18, 16), ps, "output size" },
	{ "VS", BIT64(19), vs, "VMID size" },
	{ "HA", BIT64(21), off_on, "hardware sets the access flag" },
	{ "HD", BIT64(22), off_on, "hardware manages dirty state" },
	{ "HWU59", BIT64(25), off_on, "bit 59 of leaves is for hardware (PBHA)" },
	{ "HWU60", BIT64(26), off_on, "bit 60 of leaves is for hardware (PBHA)" },
	{ "HWU61", BIT64(27), off_on, "bit 61 of leaves is for hardware (PBHA)" },
	{ "HWU62", BIT64(28), off_on, "bit 62 of leaves is for hardware (PBHA)" },
	{ "NSW", BIT64(29), off_on, "walks in Non-secure memory (Secure state)" },
	{ "NSA", BIT64(30), off_on, "outputs in Non-secure memory (Secure state)" },
	{ "RES1", BIT64(31), res1, NULL },
	{ "DS", BIT64(32), off_on, "52-bit descriptors with 4K and 16K (FEAT_LPA2)" },
	{ "SL2", BIT64(33), NULL, "start level, with SL0 (DS=1, 4K)" },
	{ "AssuredOnly", BIT64(34), off_on, "FEAT_THE" },
	{ "TL1", BIT64(35), off_on, "FEAT_THE" },
	{ "S2PIE", BIT64(36), off_on, "indirect permissions" },
	{ "S2POE", BIT64(37), off_on, "permission overlays" },
	{ "D128", BIT64(38), off_on, "128-bit descriptors" },
	{ "GCSH", BIT64(40), off_on, "FEAT_THE and FEAT_GCS" },
	{ "TL0", BIT64(41), off_on, "FEAT_THE" },
	{ "HAFT", BIT64(44), off_on, "access flag in table descriptors" },
	{ "HDBSS", BIT64(45), off_on, "dirty state is tracked in a structure" },
};
const unsigned int s2_nvtcr_fields = ARRAY_SIZE(s2_vtcr_fields);
