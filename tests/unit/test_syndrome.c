// SPDX-License-Identifier: GPL-2.0-or-later
// ESR_EL2, FAR_EL2, HPFAR_EL2 and PAR_EL1 (DDI 0487, D24.2): every exception class with its fields,
// every code of a fault.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/syndrome.h"

enum { ESR, FAR, HPFAR, PAR };

/* "NAME:HIGH:LOW " for each field, by its mask, in order. */
static const char *fields(unsigned int report, uint64_t value, unsigned int part)
{
	static char text[1000];
	struct s2_fields f = s2_arm64_reports[report].part(value, part);
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < f.n; i++) {
		uint64_t mask = f.row[i].mask;
		int low = __builtin_ctzll(mask), high = 63 - __builtin_clzll(mask);

		assert_true(mask >> low == ~0ULL >> (63 - high + low));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s:%d:%d ", f.row[i].name,
					high, low);
	}
	return text;
}

/* What the field of that name says of @value. */
static const char *said(unsigned int report, uint64_t value, unsigned int part, const char *name)
{
	struct s2_fields f = s2_arm64_reports[report].part(value, part);

	for (unsigned int i = 0; i < f.n; i++) {
		uint64_t number = (value & f.row[i].mask) >> __builtin_ctzll(f.row[i].mask);

		if (strcmp(f.row[i].name, name) == 0)
			return f.row[i].text   ? f.row[i].text(number) :
			       f.row[i].values ? f.row[i].values[number] :
						 NULL;
	}
	fail_msg("no field %s", name);
	return NULL;
}

#define ABORT "S1PTW:7:7 EA:9:9 FnV:10:10 "
#define DATA "DFSC:5:0 WnR:6:6 S1PTW:7:7 CM:8:8 EA:9:9 FnV:10:10 "
#define COND "COND:23:20 CV:24:24 "
#define MCR "Direction:0:0 CRm:4:1 Rt:9:5 CRn:13:10 Opc1:16:14 Opc2:19:17 " COND
#define MCRR "Direction:0:0 CRm:4:1 Rt:9:5 Rt2:14:10 Opc1:19:16 " COND
#define HVC "imm16:15:0 "
#define FLOAT "IOF:0:0 DZF:1:1 OFF:2:2 UFF:3:3 IXF:4:4 IDF:7:7 VECITR:10:8 TFV:23:23 "
#define STEP "IFSC:5:0 EX:6:6 ISV:24:24 "
#define WATCH \
	"DFSC:5:0 WnR:6:6 CM:8:8 FnV:10:10 VNCR:13:13 FnP:15:15 WPF:16:16 WPTV:17:17 WPT:23:18 "
#define ISS2_FETCH "DirtyBit:37:37 Overlay:38:38 AssuredOnly:39:39 HDBSSF:43:43 TopLevel:53:53 "
#define ISS2_DATA \
	"Xs:36:32 DirtyBit:37:37 Overlay:38:38 AssuredOnly:39:39 GCS:40:40 TagAccess:41:41 " \
	"TnD:42:42 HDBSSF:43:43 TopLevel:53:53 "

/* By exception class: its name, its fields when all of the ISS is 0, those of ISS2. */
static const struct {
	const char *name, *iss, *iss2;
} classes[64] = {
	[0x00] = { "unknown reason", NULL, NULL },
	[0x01] = { "WFI, WFE, WFIT or WFET", "TI:1:0 RV:2:2 RN:9:5 " COND, NULL },
	[0x03] = { "MCR or MRC, coprocessor 15", MCR, NULL },
	[0x04] = { "MCRR or MRRC, coprocessor 15", MCRR, NULL },
	[0x05] = { "MCR or MRC, coprocessor 14", MCR, NULL },
	[0x06] = { "LDC or STC", "Direction:0:0 AM:3:1 Offset:4:4 Rn:9:5 imm8:19:12 " COND, NULL },
	[0x07] = { "SVE, Advanced SIMD or floating point", COND, NULL },
	[0x08] = { "VMRS", MCR, NULL },
	[0x09] = { "pointer authentication", NULL, NULL },
	[0x0a] = { "LD64B, ST64B and other instructions that trap", NULL, NULL },
	[0x0c] = { "MRRC, coprocessor 14", MCRR, NULL },
	[0x0d] = { "Branch Target exception", "BTYPE:1:0 ", NULL },
	[0x0e] = { "Illegal Execution state", NULL, NULL },
	[0x11] = { "SVC, AArch32", HVC, NULL },
	[0x12] = { "HVC, AArch32", HVC, NULL },
	[0x13] = { "SMC, AArch32", "CCKNOWNPASS:19:19 " COND, NULL },
	[0x14] = { "MSRR, MRRS or 128-bit system instruction",
		   "Direction:0:0 CRm:4:1 Rt:9:6 CRn:13:10 Op1:16:14 Op2:19:17 Op0:21:20 ", NULL },
	[0x15] = { "SVC, AArch64", HVC, NULL },
	[0x16] = { "HVC, AArch64", HVC, NULL },
	[0x17] = { "SMC, AArch64", HVC, NULL },
	[0x18] = { "MSR, MRS or system instruction",
		   "Direction:0:0 CRm:4:1 Rt:9:5 CRn:13:10 Op1:16:14 Op2:19:17 Op0:21:20 ", NULL },
	[0x19] = { "SVE", NULL, NULL },
	[0x1a] = { "ERET, ERETAA or ERETAB", "ERETA:0:0 ERET:1:1 ", NULL },
	[0x1b] = { "TSTART", "Rd:9:5 ", NULL },
	[0x1c] = { "pointer authentication failed", "B_key:0:0 data:1:1 ", NULL },
	[0x1d] = { "SME", "SMTC:2:0 ", NULL },
	[0x20] = { "Instruction Abort from a lower level", "IFSC:5:0 " ABORT, ISS2_FETCH },
	[0x21] = { "Instruction Abort at the same level", "IFSC:5:0 " ABORT, ISS2_FETCH },
	[0x22] = { "PC alignment fault", NULL, NULL },
	[0x24] = { "Data Abort from a lower level",
		   DATA "LST:12:11 VNCR:13:13 FnP:15:15 ISV:24:24 ", ISS2_DATA },
	[0x25] = { "Data Abort at the same level", DATA "LST:12:11 VNCR:13:13 FnP:15:15 ISV:24:24 ",
		   ISS2_DATA },
	[0x26] = { "SP alignment fault", NULL, NULL },
	[0x27] = { "memory copy or set",
		   "sizereg:4:0 srcreg:9:5 destreg:14:10 OptionA:16:16 WrongOption:17:17 "
		   "FromEpilogue:18:18 Options:22:19 isSETG:23:23 MemInst:24:24 ",
		   NULL },
	[0x28] = { "floating point, AArch32", FLOAT, NULL },
	[0x2c] = { "floating point, AArch64", FLOAT, NULL },
	[0x2d] = { "Guarded Control Stack", "IT:4:0 RADDR:14:10 ExType:23:20 ", NULL },
	[0x2f] = { "SError", "DFSC:5:0 EA:9:9 AET:12:10 IESB:13:13 IDS:24:24 ", NULL },
	[0x30] = { "Breakpoint from a lower level", "IFSC:5:0 ", NULL },
	[0x31] = { "Breakpoint at the same level", "IFSC:5:0 ", NULL },
	[0x32] = { "Software Step from a lower level", STEP, NULL },
	[0x33] = { "Software Step at the same level", STEP, NULL },
	[0x34] = { "Watchpoint from a lower level", WATCH, NULL },
	[0x35] = { "Watchpoint at the same level", WATCH, NULL },
	[0x38] = { "BKPT, AArch32", "Comment:15:0 ", NULL },
	[0x3a] = { "Vector Catch, AArch32", NULL, NULL },
	[0x3c] = { "BRK, AArch64", "Comment:15:0 ", NULL },
	[0x3d] = { "profiling", NULL, NULL },
};

static void test_classes(void **state)
{
	(void)state;
	for (uint64_t ec = 0; ec < 64; ec++) {
		uint64_t esr = ec << 26;

		assert_string_equal(said(ESR, esr, 1, "EC"),
				    classes[ec].name ? classes[ec].name : "reserved");
		assert_string_equal(fields(ESR, esr, 0),
				    classes[ec].iss ? classes[ec].iss : "ISS:24:0 ");
		assert_string_equal(fields(ESR, esr, 1), "IL:25:25 EC:31:26 ");
		assert_string_equal(fields(ESR, esr, 2), classes[ec].iss2 ? classes[ec].iss2 : "");
		/* Bits of ISS2 and IL are of no class. */
		assert_string_equal(said(ESR, esr | ~0ULL << 32 | 1 << 25, 1, "EC"),
				    classes[ec].name ? classes[ec].name : "reserved");
	}
}

/* What else decides the fields of an abort: ISV, and DFSC or IFSC that is a synchronous external
 * abort. */
static void test_aborts(void **state)
{
	(void)state;
	for (uint64_t ec = 0x24; ec <= 0x25; ec++)
		for (uint64_t code = 0; code < 64; code++) {
			uint64_t esr = ec << 26 | code;

			assert_string_equal(fields(ESR, esr | 1 << 24, 0),
					    DATA "LST:12:11 VNCR:13:13 AR:14:14 SF:15:15 SRT:20:16 "
						 "SSE:21:21 SAS:23:22 ISV:24:24 ");
			assert_string_equal(
				fields(ESR, esr, 0),
				code == 0x10 ? DATA
					"SET:12:11 VNCR:13:13 PFV:14:14 FnP:15:15 WU:17:16 "
					"ISV:24:24 " :
					       DATA "LST:12:11 VNCR:13:13 FnP:15:15 ISV:24:24 ");
		}
	for (uint64_t ec = 0x20; ec <= 0x21; ec++)
		for (uint64_t code = 0; code < 64; code++)
			assert_string_equal(fields(ESR, ec << 26 | code, 0),
					    code == 0x10 ? "IFSC:5:0 " ABORT
							   "SET:12:11 PFV:14:14 WU:17:16 " :
							   "IFSC:5:0 " ABORT);
}

/* DFSC, IFSC and PAR_EL1.FST. */
static const char *fault(unsigned int code)
{
	static const struct {
		unsigned int code;
		const char *text;
	} alone[] = {
		{ 0x10, "synchronous external abort" },
		{ 0x11, "synchronous tag check fault" },
		{ 0x12, "external abort of a walk, level -2" },
		{ 0x13, "external abort of a walk, level -1" },
		{ 0x18, "parity or ECC error" },
		{ 0x1b, "parity or ECC error of a walk, level -1" },
		{ 0x21, "alignment fault" },
		{ 0x22, "granule protection fault of a walk, level -2" },
		{ 0x23, "granule protection fault of a walk, level -1" },
		{ 0x28, "granule protection fault" },
		{ 0x29, "address size fault, level -1" },
		{ 0x2a, "translation fault, level -2" },
		{ 0x2b, "translation fault, level -1" },
		{ 0x2c, "address size fault, level -2" },
		{ 0x30, "TLB conflict abort" },
		{ 0x31, "unsupported atomic hardware update" },
		{ 0x34, "lockdown" },
		{ 0x35, "unsupported exclusive or atomic access" },
	};
	/* Of levels 0 to 3, in bits [1:0]. */
	static const char *const levels[16] = { [0] = "address size fault",
						[1] = "translation fault",
						[2] = "access flag fault",
						[3] = "permission fault",
						[5] = "external abort of a walk",
						[7] = "parity or ECC error of a walk",
						[9] = "granule protection fault of a walk" };
	static char text[100];

	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		if (alone[i].code == code)
			return alone[i].text;
	if (!levels[code >> 2])
		return "reserved";
	snprintf(text, sizeof(text), "%s, level %u", levels[code >> 2], code & 3);
	return text;
}

static void test_faults(void **state)
{
	(void)state;
	for (unsigned int code = 0; code < 64; code++) {
		assert_string_equal(said(ESR, 0x24ULL << 26 | code, 0, "DFSC"), fault(code));
		assert_string_equal(said(ESR, 0x20ULL << 26 | code, 0, "IFSC"), fault(code));
		assert_string_equal(said(PAR, 1 | code << 1, 0, "FST"), fault(code));
		/* Those of debug exceptions and of SError are others. */
		for (uint64_t ec = 0x30; ec < 0x36; ec++)
			assert_string_equal(said(ESR, ec << 26 | code, 0,
						 ec < 0x34 ? "IFSC" : "DFSC"),
					    code == 0x22 ? "debug exception" : "reserved");
		assert_string_equal(said(ESR, 0x2fULL << 26 | code, 0, "DFSC"),
				    code == 0    ? "uncategorized error" :
				    code == 0x11 ? "asynchronous SError exception" :
						   "reserved");
	}
}

/* Words of single values. */
static void test_words(void **state)
{
	static const struct {
		unsigned int ec, low, n;
		const char *name, *words[8];
	} rows[] = {
		{ 0x24, 6, 2, "WnR", { "read", "write" } },
		{ 0x24, 10, 2, "FnV", { "FAR is valid", "FAR is not valid" } },
		{ 0x01, 0, 4, "TI", { "WFI", "WFE", "WFIT", "WFET" } },
		{ 0x18, 0, 2, "Direction", { "write (MSR, MCR)", "read (MRS, MRC)" } },
		{ 0x06, 0, 2, "Direction", { "store (STC)", "load (LDC)" } },
		{ 0x27, 24, 2, "MemInst", { "copy", "set" } },
		{ 0x1a, 0, 2, "ERETA", { "ERETAA", "ERETAB" } },
		{ 0x1c, 0, 2, "B_key", { "key A", "key B" } },
		{ 0x1c, 1, 2, "data", { "instruction key", "data key" } },
		{ 0x2f,
		  10,
		  8,
		  "AET",
		  { "uncontainable (UC)", "unrecoverable (UEU)", "restartable (UEO)",
		    "recoverable (UER)", "reserved", "reserved", "corrected (CE)", "reserved" } },
		{ 0x1d,
		  0,
		  5,
		  "SMTC",
		  { "access to SME", "illegal in streaming mode", "illegal out of streaming mode",
		    "ZA is off", "ZT0" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned int v = 0; v < rows[i].n; v++)
			assert_string_equal(said(ESR,
						 (uint64_t)rows[i].ec << 26 |
							 (uint64_t)v << rows[i].low,
						 0, rows[i].name),
					    rows[i].words[v]);
	for (uint64_t v = 0; v < 4; v++) {
		static const char *const sizes[] = { "byte", "halfword", "word", "doubleword" };
		static const char *const sets[] = { "recoverable (UER)", "reserved",
						    "not containable (UC)", "restartable (UEO)" };

		assert_string_equal(said(ESR, 0x24ULL << 26 | 1 << 24 | v << 22, 0, "SAS"),
				    sizes[v]);
		assert_string_equal(said(ESR, 0x24ULL << 26 | 0x10 | v << 11, 0, "SET"), sets[v]);
	}
	assert_string_equal(said(ESR, 0, 1, "IL"), "16-bit instruction");
	assert_string_equal(said(ESR, 1 << 25, 1, "IL"), "32-bit instruction");
}

static void test_addresses(void **state)
{
	struct s2_told told;

	(void)state;
	assert_string_equal(fields(FAR, ~0ULL, 0), "VA:63:0 ");
	assert_null(s2_arm64_reports[FAR].told);
	assert_null(s2_arm64_reports[ESR].told);
	assert_string_equal(fields(HPFAR, ~0ULL, 0), "FIPA:47:4 NS:63:63 ");
	for (unsigned int bit = 0; bit < 64; bit++) {
		assert_true(s2_arm64_reports[HPFAR].told(1ULL << bit, &told));
		assert_true(told.value == (bit >= 4 && bit < 48 ? 1ULL << (bit + 8) : 0));
		assert_string_equal(told.name, "ipa");
		if (!bit)
			continue;
		assert_true(s2_arm64_reports[PAR].told(1ULL << bit, &told));
		assert_true(told.value == (bit >= 12 && bit < 52 ? 1ULL << bit : 0));
		assert_string_equal(told.name, "pa");
		assert_false(s2_arm64_reports[PAR].told(1 | 1ULL << bit, &told));
	}
	assert_string_equal(fields(PAR, 0, 0),
			    "F:0:0 SH:8:7 NS:9:9 IMP:10:10 NSE:11:11 PA:51:12 ATTR:63:56 ");
	assert_string_equal(
		fields(PAR, 1, 0),
		"F:0:0 FST:6:1 PTW:8:8 S:9:9 RES1:11:11 AssuredOnly:12:12 TopLevel:13:13 "
		"Overlay:14:14 DirtyBit:15:15 IMP48:51:48 IMP52:55:52 IMP56:63:56 ");
	assert_string_equal(said(PAR, 0, 0, "F"), "done");
	assert_string_equal(said(PAR, 1, 0, "F"), "aborted");
	assert_string_equal(said(PAR, 0x201, 0, "S"), "stage 2");
	assert_string_equal(said(PAR, 0x180, 0, "SH"), "Inner Shareable");
	assert_string_equal(said(PAR, 0x100, 0, "SH"), "Outer Shareable");
	assert_string_equal(said(PAR, 0, 0, "SH"), "Non-shareable");
	assert_int_equal(s2_arm64_reports[ESR].nparts, 3);
	for (unsigned int i = FAR; i <= PAR; i++)
		assert_int_equal(s2_arm64_reports[i].nparts, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),   cmocka_unit_test(test_aborts),
		cmocka_unit_test(test_faults),    cmocka_unit_test(test_words),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
