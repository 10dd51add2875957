/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of registers beside VTCR_EL2, from bit 0 up, as the Arm ARM prints them (DDI 0487, D24.2):
 * what `decode` says of them. Bits in no field are RES0, or RES1 where a row says so. Only for
 * claims.c. */
#ifndef S2_DECODE_ARM64_FIELDS_H
#define S2_DECODE_ARM64_FIELDS_H

#include "decode/field_rows.h"
#include "decode/arm64/stage1.h"

static const char *const tg1[] = { "reserved", "16K", "4K", "64K" };

#define BIT_FIELD(name, bit, meaning) CHOICE(name, bit, bit, off_on, meaning)

static const struct s2_field vttbr_fields[] = {
	BIT_FIELD("CnP", 0, "common to all CPUs"),
	PLAIN("BADDR", 47, 1, "bits [47:1] of the table; with 52 bits [5:2] are [51:48]"),
	PLAIN("VMID", 63, 48, NULL),
};

static const struct s2_field ttbr_fields[] = {
	BIT_FIELD("CnP", 0, "common to all CPUs"),
	PLAIN("BADDR", 47, 1, "bits [47:1] of the table; with 52 bits [5:2] are [51:48]"),
	PLAIN("ASID", 63, 48, NULL),
};

static const struct s2_field hcr_fields[] = {
	BIT_FIELD("VM", 0, "stage 2 of EL1&0"),
	BIT_FIELD("SWIO", 1, "set/way invalidation also cleans"),
	BIT_FIELD("PTW", 2, "stage 1 tables in Device memory fault"),
	BIT_FIELD("FMO", 3, "FIQs to EL2"),
	BIT_FIELD("IMO", 4, "IRQs to EL2"),
	BIT_FIELD("AMO", 5, "SErrors to EL2"),
	BIT_FIELD("VF", 6, "virtual FIQ pending"),
	BIT_FIELD("VI", 7, "virtual IRQ pending"),
	BIT_FIELD("VSE", 8, "virtual SError pending"),
	BIT_FIELD("FB", 9, "maintenance is broadcast"),
	PLAIN("BSU", 11, 10, "least shareability of barriers"),
	BIT_FIELD("DC", 12, "EL1&0 runs with stage 1 off, Normal Write-Back"),
	BIT_FIELD("TWI", 13, "WFI traps"),
	BIT_FIELD("TWE", 14, "WFE traps"),
	BIT_FIELD("TID0", 15, NULL),
	BIT_FIELD("TID1", 16, NULL),
	BIT_FIELD("TID2", 17, NULL),
	BIT_FIELD("TID3", 18, NULL),
	BIT_FIELD("TSC", 19, "SMC traps"),
	BIT_FIELD("TIDCP", 20, NULL),
	BIT_FIELD("TACR", 21, NULL),
	BIT_FIELD("TSW", 22, "set/way maintenance traps"),
	BIT_FIELD("TPCP", 23, NULL),
	BIT_FIELD("TPU", 24, NULL),
	BIT_FIELD("TTLB", 25, "TLB maintenance traps"),
	BIT_FIELD("TVM", 26, "writes of translation registers trap"),
	BIT_FIELD("TGE", 27, "exceptions of EL0 go to EL2"),
	BIT_FIELD("TDZ", 28, NULL),
	BIT_FIELD("HCD", 29, "HVC is undefined"),
	BIT_FIELD("TRVM", 30, "reads of translation registers trap"),
	BIT_FIELD("RW", 31, "EL1 is AArch64"),
	BIT_FIELD("CD", 32, "stage 2 data accesses are Non-cacheable"),
	BIT_FIELD("ID", 33, "stage 2 fetches are Non-cacheable"),
	BIT_FIELD("E2H", 34, "a host runs at EL2 (VHE)"),
	BIT_FIELD("TLOR", 35, NULL),
	BIT_FIELD("TERR", 36, NULL),
	BIT_FIELD("TEA", 37, "synchronous external aborts to EL2"),
	BIT_FIELD("MIOCNCE", 38, NULL),
	BIT_FIELD("TME", 39, NULL),
	BIT_FIELD("APK", 40, "pointer authentication keys do not trap"),
	BIT_FIELD("API", 41, "pointer authentication does not trap"),
	BIT_FIELD("NV", 42, "nested virtualisation"),
	BIT_FIELD("NV1", 43, NULL),
	BIT_FIELD("AT", 44, "AT instructions trap"),
	BIT_FIELD("NV2", 45, NULL),
	BIT_FIELD("FWB", 46, "stage 2 memory types force Write-Back"),
	BIT_FIELD("FIEN", 47, NULL),
	BIT_FIELD("GPF", 48, "granule protection faults to EL2"),
	BIT_FIELD("TID4", 49, NULL),
	BIT_FIELD("TICAB", 50, NULL),
	BIT_FIELD("AMVOFFEN", 51, NULL),
	BIT_FIELD("TOCU", 52, NULL),
	BIT_FIELD("EnSCXT", 53, NULL),
	BIT_FIELD("TTLBIS", 54, NULL),
	BIT_FIELD("TTLBOS", 55, NULL),
	BIT_FIELD("ATA", 56, "allocation tags are accessible"),
	BIT_FIELD("DCT", 57, "with DC: memory is Tagged"),
	BIT_FIELD("TID5", 58, NULL),
	BIT_FIELD("TWEDEn", 59, NULL),
	PLAIN("TWEDEL", 63, 60, NULL),
};

/* What SCTLR_EL1 and SCTLR_EL2 have alike, from a bit up. */
#define SCTLR_FROM_1 \
	BIT_FIELD("A", 1, "alignment checks"), BIT_FIELD("C", 2, "data is cacheable"), \
		BIT_FIELD("SA", 3, NULL), BIT_FIELD("SA0", 4, NULL), \
		BIT_FIELD("CP15BEN", 5, NULL), BIT_FIELD("nAA", 6, NULL), \
		BIT_FIELD("ITD", 7, NULL), BIT_FIELD("SED", 8, NULL)

#define SCTLR_FROM_10 \
	BIT_FIELD("EnRCTX", 10, NULL), BIT_FIELD("EOS", 11, NULL), \
		BIT_FIELD("I", 12, "fetches are cacheable"), BIT_FIELD("EnDB", 13, NULL), \
		BIT_FIELD("DZE", 14, NULL), BIT_FIELD("UCT", 15, NULL), \
		BIT_FIELD("nTWI", 16, NULL), BIT_FIELD("nTWE", 18, NULL), \
		BIT_FIELD("WXN", 19, "what is writable is not executable"), \
		BIT_FIELD("TSCXT", 20, NULL), BIT_FIELD("IESB", 21, NULL), \
		BIT_FIELD("EIS", 22, NULL)

#define SCTLR_FROM_26 \
	BIT_FIELD("UCI", 26, NULL), BIT_FIELD("EnDA", 27, NULL), BIT_FIELD("nTLSMD", 28, NULL), \
		BIT_FIELD("LSMAOE", 29, NULL), BIT_FIELD("EnIB", 30, NULL), \
		BIT_FIELD("EnIA", 31, NULL), BIT_FIELD("CMOW", 32, NULL), \
		BIT_FIELD("MSCEn", 33, NULL), BIT_FIELD("EnFPM", 34, NULL), \
		BIT_FIELD("BT0", 35, NULL)

#define SCTLR_FROM_37 \
	BIT_FIELD("ITFSB", 37, NULL), PLAIN("TCF0", 39, 38, NULL), PLAIN("TCF", 41, 40, NULL), \
		BIT_FIELD("ATA0", 42, NULL), BIT_FIELD("ATA", 43, NULL), \
		BIT_FIELD("DSSBS", 44, NULL), BIT_FIELD("TWEDEn", 45, NULL), \
		PLAIN("TWEDEL", 49, 46, NULL), BIT_FIELD("TMT0", 50, NULL), \
		BIT_FIELD("TMT", 51, NULL), BIT_FIELD("TME0", 52, NULL), \
		BIT_FIELD("TME", 53, NULL), BIT_FIELD("EnASR", 54, NULL), \
		BIT_FIELD("EnAS0", 55, NULL), BIT_FIELD("EnALS", 56, NULL), \
		BIT_FIELD("EPAN", 57, "PAN counts for what EL0 may execute, too"), \
		BIT_FIELD("TCSO0", 58, NULL), BIT_FIELD("TCSO", 59, NULL), \
		BIT_FIELD("EnTP2", 60, NULL), BIT_FIELD("NMI", 61, NULL), \
		BIT_FIELD("SPINTMASK", 62, NULL), BIT_FIELD("TIDCP", 63, NULL)

static const struct s2_field sctlr_el1_fields[] = {
	BIT_FIELD("M", 0, "stage 1 of EL1&0"),
	SCTLR_FROM_1,
	BIT_FIELD("UMA", 9, NULL),
	SCTLR_FROM_10,
	BIT_FIELD("SPAN", 23, "PAN is left alone by exceptions to EL1"),
	BIT_FIELD("E0E", 24, "EL0 is big-endian"),
	BIT_FIELD("EE", 25, "EL1 and its tables are big-endian"),
	SCTLR_FROM_26,
	BIT_FIELD("BT1", 36, NULL),
	SCTLR_FROM_37,
};

/* What is of EL0 counts with HCR_EL2.E2H = 1. */
static const struct s2_field sctlr_el2_fields[] = {
	BIT_FIELD("M", 0, "stage 1 of EL2, or of EL2&0"),
	SCTLR_FROM_1,
	SCTLR_FROM_10,
	BIT_FIELD("SPAN", 23, "PAN is left alone by exceptions to EL2"),
	BIT_FIELD("E0E", 24, "EL0 is big-endian"),
	BIT_FIELD("EE", 25, "EL2 and its tables are big-endian"),
	SCTLR_FROM_26,
	BIT_FIELD("BT", 36, NULL),
	SCTLR_FROM_37,
};

static const struct s2_field tcr_el1_fields[] = {
	PLAIN("T0SZ", 5, 0, "TTBR0 translates 64 - T0SZ bits"),
	BIT_FIELD("EPD0", 7, "no walks through TTBR0"),
	CHOICE("IRGN0", 9, 8, rgn, "inner cacheability of walks"),
	CHOICE("ORGN0", 11, 10, rgn, "outer cacheability of walks"),
	CHOICE("SH0", 13, 12, sh0, "shareability of walks"),
	CHOICE("TG0", 15, 14, tg0, "granule"),
	PLAIN("T1SZ", 21, 16, "TTBR1 translates 64 - T1SZ bits"),
	BIT_FIELD("A1", 22, "the ASID is TTBR1's"),
	BIT_FIELD("EPD1", 23, "no walks through TTBR1"),
	CHOICE("IRGN1", 25, 24, rgn, "inner cacheability of walks"),
	CHOICE("ORGN1", 27, 26, rgn, "outer cacheability of walks"),
	CHOICE("SH1", 29, 28, sh0, "shareability of walks"),
	CHOICE("TG1", 31, 30, tg1, "granule"),
	CHOICE("IPS", 34, 32, ps, "output size"),
	BIT_FIELD("AS", 36, "16-bit ASID"),
	BIT_FIELD("TBI0", 37, "the top byte is ignored, lower half"),
	BIT_FIELD("TBI1", 38, "the top byte is ignored, upper half"),
	BIT_FIELD("HA", 39, "hardware sets the access flag"),
	BIT_FIELD("HD", 40, "hardware manages dirty state"),
	BIT_FIELD("HPD0", 41, "no hierarchical permissions, lower half"),
	BIT_FIELD("HPD1", 42, "no hierarchical permissions, upper half"),
	PLAIN("HWU0", 46, 43, "bits [62:59] of leaves are for hardware (PBHA), lower half"),
	PLAIN("HWU1", 50, 47, "bits [62:59] of leaves are for hardware (PBHA), upper half"),
	BIT_FIELD("TBID0", 51, "TBI0 is for data alone"),
	BIT_FIELD("TBID1", 52, "TBI1 is for data alone"),
	BIT_FIELD("NFD0", 53, NULL),
	BIT_FIELD("NFD1", 54, NULL),
	BIT_FIELD("E0PD0", 55, "EL0 faults in the lower half"),
	BIT_FIELD("E0PD1", 56, "EL0 faults in the upper half"),
	BIT_FIELD("TCMA0", 57, NULL),
	BIT_FIELD("TCMA1", 58, NULL),
	BIT_FIELD("DS", 59, "52-bit descriptors with 4K and 16K (FEAT_LPA2)"),
	BIT_FIELD("MTX0", 60, NULL),
	BIT_FIELD("MTX1", 61, NULL),
};

/* With HCR_EL2.E2H = 1 it is laid out as TCR_EL1. */
static const struct s2_field tcr_el2_fields[] = {
	PLAIN("T0SZ", 5, 0, "input size is 64 - T0SZ bits"),
	CHOICE("IRGN0", 9, 8, rgn, "inner cacheability of walks"),
	CHOICE("ORGN0", 11, 10, rgn, "outer cacheability of walks"),
	CHOICE("SH0", 13, 12, sh0, "shareability of walks"),
	CHOICE("TG0", 15, 14, tg0, "granule"),
	CHOICE("PS", 18, 16, ps, "output size"),
	BIT_FIELD("TBI", 20, "the top byte is ignored"),
	BIT_FIELD("HA", 21, "hardware sets the access flag"),
	BIT_FIELD("HD", 22, "hardware manages dirty state"),
	{ "RES1", BIT64(23), res1, NULL, NULL },
	BIT_FIELD("HPD", 24, "no hierarchical permissions"),
	PLAIN("HWU", 28, 25, "bits [62:59] of leaves are for hardware (PBHA)"),
	BIT_FIELD("TBID", 29, "TBI is for data alone"),
	BIT_FIELD("TCMA", 30, NULL),
	{ "RES1", BIT64(31), res1, NULL, NULL },
	BIT_FIELD("DS", 32, "52-bit descriptors with 4K and 16K (FEAT_LPA2)"),
	BIT_FIELD("MTX", 33, NULL),
};

/* Linux, arch/arm64/tools/sysreg. */
static const struct s2_field tcr2_fields[] = {
	BIT_FIELD("PnCH", 0, NULL),
	BIT_FIELD("PIE", 1, "indirect permissions"),
	BIT_FIELD("E0POE", 2, "permission overlays for EL0"),
	BIT_FIELD("POE", 3, "permission overlays for the privileged level"),
	BIT_FIELD("AIE", 4, "memory attributes through MAIR2"),
	BIT_FIELD("D128", 5, "128-bit descriptors"),
	PLAIN("SKL0", 7, 6, "EL2 alone"),
	PLAIN("SKL1", 9, 8, "EL2 alone"),
	BIT_FIELD("PTTWI", 10, NULL),
	BIT_FIELD("HAFT", 11, "access flag in table descriptors"),
	BIT_FIELD("AMEC0", 12, "EL2 alone"),
	BIT_FIELD("AMEC1", 13, "EL2 alone"),
	BIT_FIELD("DisCH0", 14, NULL),
	BIT_FIELD("DisCH1", 15, NULL),
	BIT_FIELD("A2", 16, "an ASID for each half"),
	BIT_FIELD("FNG0", 17, "all translations of the lower half are non-global"),
	BIT_FIELD("FNG1", 18, "all translations of the upper half are non-global"),
	BIT_FIELD("FNGNA0", 20, "EL1 alone"),
	BIT_FIELD("FNGNA1", 21, "EL1 alone"),
};

static const char *mair_text(uint64_t value)
{
	return s2_arm64_mair_value((uint8_t)value)->text;
}

#define MAIR(n) \
	{ \
		"Attr" #n, BITS64((n)*8 + 7, (n)*8), NULL, NULL, mair_text \
	}

static const struct s2_field mair_fields[] = { MAIR(0), MAIR(1), MAIR(2), MAIR(3),
					       MAIR(4), MAIR(5), MAIR(6), MAIR(7) };

/* What an index grants, before overlays and the other level are looked at. */
static const char *const pie_text[] = { "-",         "r",        "x",          "rx",
					"reserved",  "rw",       "rwx, WXN",   "rwx",
					"r, fixed",  "r, GCS",   "rx, fixed",  "reserved",
					"rw, fixed", "reserved", "rwx, fixed", "reserved" };
static const char *const overlay_text[] = { "-",        "r",        "x",        "rx",
					    "w",        "rw",       "wx",       "rwx",
					    "reserved", "reserved", "reserved", "reserved",
					    "reserved", "reserved", "reserved", "reserved" };

#define NIBBLE(n, values) \
	{ \
		"Perm" #n, BITS64((n)*4 + 3, (n)*4), (values), NULL, NULL \
	}
#define NIBBLES(values) \
	NIBBLE(0, values), NIBBLE(1, values), NIBBLE(2, values), NIBBLE(3, values), \
		NIBBLE(4, values), NIBBLE(5, values), NIBBLE(6, values), NIBBLE(7, values), \
		NIBBLE(8, values), NIBBLE(9, values), NIBBLE(10, values), NIBBLE(11, values), \
		NIBBLE(12, values), NIBBLE(13, values), NIBBLE(14, values), NIBBLE(15, values)

static const struct s2_field pir_fields[] = { NIBBLES(pie_text) };
static const struct s2_field por_fields[] = { NIBBLES(overlay_text) };

#endif
