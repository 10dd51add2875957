// SPDX-License-Identifier: GPL-2.0-or-later
// ESR_EL2, FAR_EL2, HPFAR_EL2 and PAR_EL1, as the Arm ARM prints them (DDI 0487, D24.2): what they
// say of a fault.
#include "decode/arm64/syndrome.h"

#include "decode/field_rows.h"
#include "decode/arm64/memattr.h"
#include "decode/arm64/stage1.h"

#define ESR_EC BITS64(31, 26)
#define ESR_ISV BIT64(24)
#define ESR_FSC BITS64(5, 0)
#define HPFAR_FIPA BITS64(47, 4)
#define PAR_FAULT BIT64(0)
#define PAR_ADDRESS BITS64(51, 12)

#define FSC_EXTERNAL 0x10
#define EC_UNKNOWN 0x00

static const char *const no_yes[] = { "no", "yes" };

#define BIT_FIELD(name, bit, meaning) CHOICE(name, bit, bit, no_yes, meaning)

/* What is common to DFSC, IFSC and PAR_EL1.FST. Levels are those of the table that was read last. */
static const char *const fault_status[] = {
	[0x00] = "address size fault, level 0",
	[0x01] = "address size fault, level 1",
	[0x02] = "address size fault, level 2",
	[0x03] = "address size fault, level 3",
	[0x04] = "translation fault, level 0",
	[0x05] = "translation fault, level 1",
	[0x06] = "translation fault, level 2",
	[0x07] = "translation fault, level 3",
	[0x08] = "access flag fault, level 0",
	[0x09] = "access flag fault, level 1",
	[0x0a] = "access flag fault, level 2",
	[0x0b] = "access flag fault, level 3",
	[0x0c] = "permission fault, level 0",
	[0x0d] = "permission fault, level 1",
	[0x0e] = "permission fault, level 2",
	[0x0f] = "permission fault, level 3",
	[0x10] = "synchronous external abort",
	[0x11] = "synchronous tag check fault",
	[0x12] = "external abort of a walk, level -2",
	[0x13] = "external abort of a walk, level -1",
	[0x14] = "external abort of a walk, level 0",
	[0x15] = "external abort of a walk, level 1",
	[0x16] = "external abort of a walk, level 2",
	[0x17] = "external abort of a walk, level 3",
	[0x18] = "parity or ECC error",
	[0x1b] = "parity or ECC error of a walk, level -1",
	[0x1c] = "parity or ECC error of a walk, level 0",
	[0x1d] = "parity or ECC error of a walk, level 1",
	[0x1e] = "parity or ECC error of a walk, level 2",
	[0x1f] = "parity or ECC error of a walk, level 3",
	[0x21] = "alignment fault",
	[0x22] = "granule protection fault of a walk, level -2",
	[0x23] = "granule protection fault of a walk, level -1",
	[0x24] = "granule protection fault of a walk, level 0",
	[0x25] = "granule protection fault of a walk, level 1",
	[0x26] = "granule protection fault of a walk, level 2",
	[0x27] = "granule protection fault of a walk, level 3",
	[0x28] = "granule protection fault",
	[0x29] = "address size fault, level -1",
	[0x2a] = "translation fault, level -2",
	[0x2b] = "translation fault, level -1",
	[0x2c] = "address size fault, level -2",
	[0x30] = "TLB conflict abort",
	[0x31] = "unsupported atomic hardware update",
	[0x34] = "lockdown",
	[0x35] = "unsupported exclusive or atomic access",
};

static const char *const classes[] = {
	[EC_UNKNOWN] = "unknown reason",
	[0x01] = "WFI, WFE, WFIT or WFET",
	[0x03] = "MCR or MRC, coprocessor 15",
	[0x04] = "MCRR or MRRC, coprocessor 15",
	[0x05] = "MCR or MRC, coprocessor 14",
	[0x06] = "LDC or STC",
	[0x07] = "SVE, Advanced SIMD or floating point",
	[0x08] = "VMRS",
	[0x09] = "pointer authentication",
	[0x0a] = "LD64B, ST64B and other instructions that trap",
	[0x0c] = "MRRC, coprocessor 14",
	[0x0d] = "Branch Target exception",
	[0x0e] = "Illegal Execution state",
	[0x11] = "SVC, AArch32",
	[0x12] = "HVC, AArch32",
	[0x13] = "SMC, AArch32",
	[0x14] = "MSRR, MRRS or 128-bit system instruction",
	[0x15] = "SVC, AArch64",
	[0x16] = "HVC, AArch64",
	[0x17] = "SMC, AArch64",
	[0x18] = "MSR, MRS or system instruction",
	[0x19] = "SVE",
	[0x1a] = "ERET, ERETAA or ERETAB",
	[0x1b] = "TSTART",
	[0x1c] = "pointer authentication failed",
	[0x1d] = "SME",
	[0x20] = "Instruction Abort from a lower level",
	[0x21] = "Instruction Abort at the same level",
	[0x22] = "PC alignment fault",
	[0x24] = "Data Abort from a lower level",
	[0x25] = "Data Abort at the same level",
	[0x26] = "SP alignment fault",
	[0x27] = "memory copy or set",
	[0x28] = "floating point, AArch32",
	[0x2c] = "floating point, AArch64",
	[0x2d] = "Guarded Control Stack",
	[0x2f] = "SError",
	[0x30] = "Breakpoint from a lower level",
	[0x31] = "Breakpoint at the same level",
	[0x32] = "Software Step from a lower level",
	[0x33] = "Software Step at the same level",
	[0x34] = "Watchpoint from a lower level",
	[0x35] = "Watchpoint at the same level",
	[0x38] = "BKPT, AArch32",
	[0x3a] = "Vector Catch, AArch32",
	[0x3c] = "BRK, AArch64",
	[0x3d] = "profiling",
};

static const char *named(const char *const *names, size_t n, uint64_t value)
{
	return value < n && names[value] ? names[value] : "reserved";
}

static const char *fault_text(uint64_t value)
{
	return named(fault_status, ARRAY_SIZE(fault_status), value);
}

/* Breakpoints, steps and watchpoints have one code, in the place of another's. */
static const char *debug_text(uint64_t value)
{
	return value == 0x22 ? "debug exception" : "reserved";
}

static const char *system_error_text(uint64_t value)
{
	return value == 0x11 ? "asynchronous SError exception" :
	       value         ? "reserved" :
			       "uncategorized error";
}

static const char *class_text(uint64_t value)
{
	return named(classes, ARRAY_SIZE(classes), value);
}

/* ---- ESR_EL2: ISS, by the exception class ---- */

static const char *const sizes[] = { "byte", "halfword", "word", "doubleword" };
static const char *const registers[] = { "Wt", "Xt" };
static const char *const lengths[] = { "16-bit instruction", "32-bit instruction" };
static const char *const read_write[] = { "read", "write" };
/* Of WnR, S1PTW and others that have two sides. */
static const char *const far_valid[] = { "FAR is valid", "FAR is not valid" };
static const char *const waits[] = { "WFI", "WFE", "WFIT", "WFET" };
static const char *const moves[] = { "write (MSR, MCR)", "read (MRS, MRC)" };
static const char *const transfers[] = { "store (STC)", "load (LDC)" };
static const char *const copy_set[] = { "copy", "set" };
static const char *const severity[] = { "recoverable (UER)", "reserved", "not containable (UC)",
					"restartable (UEO)" };
static const char *const errors[] = { "uncontainable (UC)", "unrecoverable (UEU)",
				      "restartable (UEO)",  "recoverable (UER)",
				      "reserved",           "reserved",
				      "corrected (CE)",     "reserved" };
static const char *const erets[] = { "ERETAA", "ERETAB" };
static const char *const eret_kinds[] = { "ERET", "ERETAA or ERETAB" };
static const char *const keys[] = { "key A", "key B" };
static const char *const key_kinds[] = { "instruction key", "data key" };
static const char *const streaming[] = { "access to SME",
					 "illegal in streaming mode",
					 "illegal out of streaming mode",
					 "ZA is off",
					 "ZT0",
					 "reserved",
					 "reserved",
					 "reserved" };

#define FSC(name) TEXT(name, 5, 0, fault_text, "fault status")
#define DEBUG_FSC(name) TEXT(name, 5, 0, debug_text, "fault status")
#define EXTERNAL BIT_FIELD("EA", 9, "external abort type, the implementation says which")
#define FAR_NOT_VALID CHOICE("FnV", 10, 10, far_valid, NULL)
#define OF_WALK BIT_FIELD("S1PTW", 7, "stage 2 fault of a walk of stage 1")
#define CONDITION \
	PLAIN("COND", 23, 20, "condition of the instruction"), BIT_FIELD("CV", 24, "COND is valid")

/* A Data Abort up to what depends on ISV. */
#define DATA_ABORT \
	FSC("DFSC"), CHOICE("WnR", 6, 6, read_write, NULL), OF_WALK, \
		BIT_FIELD("CM", 8, "cache maintenance or address translation"), EXTERNAL, \
		FAR_NOT_VALID

#define NESTED BIT_FIELD("VNCR", 13, "access to the page of VNCR_EL2")

/* DFSC is a synchronous external abort, or it is not: then LST. */
static const struct s2_field data_isv[] = {
	DATA_ABORT,
	PLAIN("LST", 12, 11, "which 64-byte access"),
	NESTED,
	BIT_FIELD("AR", 14, "acquire or release"),
	CHOICE("SF", 15, 15, registers, "width of the register"),
	PLAIN("SRT", 20, 16, "number of the register"),
	BIT_FIELD("SSE", 21, "sign-extended"),
	CHOICE("SAS", 23, 22, sizes, "size of the access"),
	BIT_FIELD("ISV", 24, "bits [23:14] are valid"),
};
static const struct s2_field data_plain[] = {
	DATA_ABORT,
	PLAIN("LST", 12, 11, "which 64-byte access"),
	NESTED,
	BIT_FIELD("FnP", 15, "FAR is not precise"),
	BIT_FIELD("ISV", 24, "bits [23:14] are valid"),
};
static const struct s2_field data_external[] = {
	DATA_ABORT,
	CHOICE("SET", 12, 11, severity, NULL),
	NESTED,
	BIT_FIELD("PFV", 14, "PFAR_EL2 is valid"),
	BIT_FIELD("FnP", 15, "FAR is not precise"),
	PLAIN("WU", 17, 16, "what is written back"),
	BIT_FIELD("ISV", 24, "bits [23:14] are valid"),
};
static const struct s2_field data_high[] = {
	PLAIN("Xs", 36, 32, "number of the register of ST64BV"),
	BIT_FIELD("DirtyBit", 37, "dirty state"),
	BIT_FIELD("Overlay", 38, "overlay permissions"),
	BIT_FIELD("AssuredOnly", 39, "assured translations (FEAT_THE)"),
	BIT_FIELD("GCS", 40, "Guarded Control Stack"),
	BIT_FIELD("TagAccess", 41, "tags are not accessible"),
	BIT_FIELD("TnD", 42, "access of a tag"),
	BIT_FIELD("HDBSSF", 43, "the structure of dirty state is full or faulted"),
	BIT_FIELD("TopLevel", 53, "TopLevel (FEAT_THE)"),
};

static const struct s2_field instruction[] = {
	FSC("IFSC"),
	OF_WALK,
	EXTERNAL,
	FAR_NOT_VALID,
};
static const struct s2_field instruction_external[] = {
	FSC("IFSC"),
	OF_WALK,
	EXTERNAL,
	FAR_NOT_VALID,
	CHOICE("SET", 12, 11, severity, NULL),
	BIT_FIELD("PFV", 14, "PFAR_EL2 is valid"),
	PLAIN("WU", 17, 16, "what is written back"),
};
static const struct s2_field instruction_high[] = {
	BIT_FIELD("DirtyBit", 37, "dirty state"),
	BIT_FIELD("Overlay", 38, "overlay permissions"),
	BIT_FIELD("AssuredOnly", 39, "assured translations (FEAT_THE)"),
	BIT_FIELD("HDBSSF", 43, "the structure of dirty state is full or faulted"),
	BIT_FIELD("TopLevel", 53, "TopLevel (FEAT_THE)"),
};

static const struct s2_field immediate[] = { PLAIN("imm16", 15, 0, "the instruction's number") };
static const struct s2_field comment[] = { PLAIN("Comment", 15, 0, "the instruction's number") };
static const struct s2_field wait[] = {
	CHOICE("TI", 1, 0, waits, NULL),
	BIT_FIELD("RV", 2, "RN is valid"),
	PLAIN("RN", 9, 5, "number of the register"),
	CONDITION,
};
static const struct s2_field sysreg[] = {
	CHOICE("Direction", 0, 0, moves, NULL),
	PLAIN("CRm", 4, 1, NULL),
	PLAIN("Rt", 9, 5, NULL),
	PLAIN("CRn", 13, 10, NULL),
	PLAIN("Op1", 16, 14, NULL),
	PLAIN("Op2", 19, 17, NULL),
	PLAIN("Op0", 21, 20, NULL),
};
static const struct s2_field coprocessor[] = {
	CHOICE("Direction", 0, 0, moves, NULL),
	PLAIN("CRm", 4, 1, NULL),
	PLAIN("Rt", 9, 5, NULL),
	PLAIN("CRn", 13, 10, NULL),
	PLAIN("Opc1", 16, 14, NULL),
	PLAIN("Opc2", 19, 17, NULL),
	CONDITION,
};
static const struct s2_field conditional[] = { CONDITION };
static const struct s2_field branch[] = { PLAIN("BTYPE", 1, 0, NULL) };
static const struct s2_field eret[] = {
	CHOICE("ERETA", 0, 0, erets, "of ERETAA and ERETAB"),
	CHOICE("ERET", 1, 1, eret_kinds, NULL),
};
static const struct s2_field authentication[] = {
	CHOICE("B_key", 0, 0, keys, NULL),
	CHOICE("data", 1, 1, key_kinds, NULL),
};
static const struct s2_field sme[] = { CHOICE("SMTC", 2, 0, streaming, NULL) };
static const struct s2_field system_error[] = {
	TEXT("DFSC", 5, 0, system_error_text, "fault status"),
	EXTERNAL,
	CHOICE("AET", 12, 10, errors, "of asynchronous errors (DFSC 0x11)"),
	BIT_FIELD("IESB", 13, "an implicit barrier took it"),
	BIT_FIELD("IDS", 24, "all else is the implementation's"),
};
static const struct s2_field step[] = {
	DEBUG_FSC("IFSC"),
	BIT_FIELD("EX", 6, "a Load-Exclusive was stepped"),
	BIT_FIELD("ISV", 24, "EX is valid"),
};
static const struct s2_field breakpoint[] = { DEBUG_FSC("IFSC") };
static const struct s2_field coprocessor64[] = {
	CHOICE("Direction", 0, 0, moves, NULL),
	PLAIN("CRm", 4, 1, NULL),
	PLAIN("Rt", 9, 5, NULL),
	PLAIN("Rt2", 14, 10, NULL),
	PLAIN("Opc1", 19, 16, NULL),
	CONDITION,
};
static const struct s2_field coprocessor_memory[] = {
	CHOICE("Direction", 0, 0, transfers, NULL),
	PLAIN("AM", 3, 1, "addressing mode"),
	BIT_FIELD("Offset", 4, "the offset is added"),
	PLAIN("Rn", 9, 5, NULL),
	PLAIN("imm8", 19, 12, NULL),
	CONDITION,
};
static const struct s2_field sysreg128[] = {
	CHOICE("Direction", 0, 0, moves, NULL),
	PLAIN("CRm", 4, 1, NULL),
	PLAIN("Rt", 9, 6, "first of the pair, halved"),
	PLAIN("CRn", 13, 10, NULL),
	PLAIN("Op1", 16, 14, NULL),
	PLAIN("Op2", 19, 17, NULL),
	PLAIN("Op0", 21, 20, NULL),
};
static const struct s2_field smc32[] = {
	BIT_FIELD("CCKNOWNPASS", 19, "COND is known to have passed"),
	CONDITION,
};
static const struct s2_field transaction[] = { PLAIN("Rd", 9, 5, "number of the register") };
static const struct s2_field memory_operation[] = {
	PLAIN("sizereg", 4, 0, "register of the size"),
	PLAIN("srcreg", 9, 5, "register of the source"),
	PLAIN("destreg", 14, 10, "register of the destination"),
	PLAIN("OptionA", 16, 16, NULL),
	PLAIN("WrongOption", 17, 17, NULL),
	PLAIN("FromEpilogue", 18, 18, NULL),
	PLAIN("Options", 22, 19, NULL),
	PLAIN("isSETG", 23, 23, NULL),
	CHOICE("MemInst", 24, 24, copy_set, NULL),
};
static const struct s2_field floating_point[] = {
	BIT_FIELD("IOF", 0, "invalid operation"),
	BIT_FIELD("DZF", 1, "division by zero"),
	BIT_FIELD("OFF", 2, "overflow"),
	BIT_FIELD("UFF", 3, "underflow"),
	BIT_FIELD("IXF", 4, "inexact"),
	BIT_FIELD("IDF", 7, "input denormal"),
	PLAIN("VECITR", 10, 8, NULL),
	BIT_FIELD("TFV", 23, "the flags are valid"),
};
static const struct s2_field control_stack[] = {
	PLAIN("IT", 4, 0, "instruction"),
	PLAIN("RADDR", 14, 10, "register of the address"),
	PLAIN("ExType", 23, 20, "why"),
};
static const struct s2_field watchpoint[] = {
	DEBUG_FSC("DFSC"),
	CHOICE("WnR", 6, 6, read_write, NULL),
	BIT_FIELD("CM", 8, "cache maintenance"),
	FAR_NOT_VALID,
	NESTED,
	BIT_FIELD("FnP", 15, "FAR is not precise"),
	BIT_FIELD("WPF", 16, "the watchpoint may be a false one"),
	BIT_FIELD("WPTV", 17, "WPT is valid"),
	PLAIN("WPT", 23, 18, "number of the watchpoint"),
};
static const struct s2_field nothing[] = { PLAIN("ISS", 24, 0, NULL) };

static const struct s2_field common[] = {
	CHOICE("IL", 25, 25, lengths, NULL),
	TEXT("EC", 31, 26, class_text, "exception class"),
};

static bool is_external(uint64_t esr)
{
	return field_get(ESR_FSC, esr) == FSC_EXTERNAL;
}

static struct s2_fields data_abort(uint64_t esr)
{
	if (esr & ESR_ISV)
		return ROWS(data_isv);
	return is_external(esr) ? ROWS(data_external) : ROWS(data_plain);
}

/* ROWS() in a constant. */
#define ISS_ROWS(rows) \
	{ \
		(rows), ARRAY_SIZE(rows) \
	}

/* The ISS by EC, where that alone decides. */
static const struct s2_fields by_class[] = {
	[0x01] = ISS_ROWS(wait),
	[0x03] = ISS_ROWS(coprocessor),
	[0x05] = ISS_ROWS(coprocessor),
	[0x08] = ISS_ROWS(coprocessor),
	[0x04] = ISS_ROWS(coprocessor64),
	[0x0c] = ISS_ROWS(coprocessor64),
	[0x06] = ISS_ROWS(coprocessor_memory),
	[0x07] = ISS_ROWS(conditional),
	[0x0d] = ISS_ROWS(branch),
	[0x11] = ISS_ROWS(immediate),
	[0x12] = ISS_ROWS(immediate),
	[0x15] = ISS_ROWS(immediate),
	[0x16] = ISS_ROWS(immediate),
	[0x17] = ISS_ROWS(immediate),
	[0x13] = ISS_ROWS(smc32),
	[0x14] = ISS_ROWS(sysreg128),
	[0x18] = ISS_ROWS(sysreg),
	[0x1a] = ISS_ROWS(eret),
	[0x1b] = ISS_ROWS(transaction),
	[0x1c] = ISS_ROWS(authentication),
	[0x1d] = ISS_ROWS(sme),
	[0x27] = ISS_ROWS(memory_operation),
	[0x28] = ISS_ROWS(floating_point),
	[0x2c] = ISS_ROWS(floating_point),
	[0x2d] = ISS_ROWS(control_stack),
	[0x2f] = ISS_ROWS(system_error),
	[0x30] = ISS_ROWS(breakpoint),
	[0x31] = ISS_ROWS(breakpoint),
	[0x32] = ISS_ROWS(step),
	[0x33] = ISS_ROWS(step),
	[0x34] = ISS_ROWS(watchpoint),
	[0x35] = ISS_ROWS(watchpoint),
	[0x38] = ISS_ROWS(comment),
	[0x3c] = ISS_ROWS(comment),
};

static struct s2_fields iss(uint64_t esr)
{
	uint64_t class = field_get(ESR_EC, esr);

	switch (class) {
	case 0x20:
	case 0x21:
		return is_external(esr) ? ROWS(instruction_external) : ROWS(instruction);
	case 0x24:
	case 0x25:
		return data_abort(esr);
	default:
		return class < ARRAY_SIZE(by_class) && by_class[class].row ? by_class[class] :
									     ROWS(nothing);
	}
}

static struct s2_fields iss2(uint64_t esr)
{
	switch (field_get(ESR_EC, esr)) {
	case 0x20:
	case 0x21:
		return ROWS(instruction_high);
	case 0x24:
	case 0x25:
		return ROWS(data_high);
	default:
		return (struct s2_fields){ NULL, 0 };
	}
}

static struct s2_fields esr_part(uint64_t value, unsigned int part)
{
	return part == 0 ? iss(value) : part == 1 ? ROWS(common) : iss2(value);
}

/* ---- Where it happened ---- */

static const struct s2_field far_fields[] = { PLAIN("VA", 63, 0, "what was accessed") };

static struct s2_fields far_part(uint64_t value, unsigned int part)
{
	(void)value;
	(void)part;
	return ROWS(far_fields);
}

static const char *const spaces[] = { "Secure", "Non-secure" };
static const struct s2_field hpfar_fields[] = {
	PLAIN("FIPA", 47, 4, "bits [55:12] of the IPA"),
	CHOICE("NS", 63, 63, spaces, "of stage 2 faults in Secure state"),
};

static struct s2_fields hpfar_part(uint64_t value, unsigned int part)
{
	(void)value;
	(void)part;
	return ROWS(hpfar_fields);
}

static bool hpfar_address(uint64_t value, struct s2_told *ret)
{
	*ret = (struct s2_told){ "ipa", field_get(HPFAR_FIPA, value) << 12,
				 "the page that faulted in stage 2" };
	return true;
}

/* ---- PAR_EL1 ---- */

static const char *const par_results[] = { "done", "aborted" };
static const char *const par_stages[] = { "stage 1", "stage 2" };
static const char *const shareability[] = { "Non-shareable", "reserved", "Outer Shareable",
					    "Inner Shareable" };

static const char *attr_text(uint64_t value)
{
	return s2_arm64_par_value((uint8_t)value)->text;
}

static const struct s2_field par_done[] = {
	CHOICE("F", 0, 0, par_results, NULL),
	CHOICE("SH", 8, 7, shareability, NULL),
	CHOICE("NS", 9, 9, spaces, NULL),
	PLAIN("IMP", 10, 10, "the implementation's"),
	PLAIN("NSE", 11, 11, "RES1 without FEAT_RME"),
	PLAIN("PA", 51, 12, "bits [51:12] of the address"),
	TEXT("ATTR", 63, 56, attr_text, "memory, as in MAIR_EL1"),
};
static const struct s2_field par_failed[] = {
	CHOICE("F", 0, 0, par_results, NULL),
	TEXT("FST", 6, 1, fault_text, "fault status"),
	BIT_FIELD("PTW", 8, "stage 2 fault of a walk of stage 1"),
	CHOICE("S", 9, 9, par_stages, NULL),
	PLAIN("RES1", 11, 11, NULL),
	BIT_FIELD("AssuredOnly", 12, "assured translations (FEAT_THE)"),
	BIT_FIELD("TopLevel", 13, "TopLevel (FEAT_THE)"),
	BIT_FIELD("Overlay", 14, "overlay permissions"),
	BIT_FIELD("DirtyBit", 15, "dirty state"),
	PLAIN("IMP48", 51, 48, "the implementation's"),
	PLAIN("IMP52", 55, 52, "the implementation's"),
	PLAIN("IMP56", 63, 56, "the implementation's"),
};

static struct s2_fields par_part(uint64_t value, unsigned int part)
{
	(void)part;
	return value & PAR_FAULT ? ROWS(par_failed) : ROWS(par_done);
}

static bool par_address(uint64_t value, struct s2_told *ret)
{
	if (value & PAR_FAULT)
		return false;
	*ret = (struct s2_told){ "pa", value & PAR_ADDRESS, "of the page that was translated" };
	return true;
}

const struct s2_report s2_arm64_reports[S2_ARM64_NREPORTS] = {
	{ .name = "esr_el2", .alias = "esr", .nparts = 3, .part = esr_part },
	{ .name = "far_el2", .alias = "far", .nparts = 1, .part = far_part },
	{ .name = "hpfar_el2",
	  .alias = "hpfar",
	  .nparts = 1,
	  .part = hpfar_part,
	  .told = hpfar_address },
	{ .name = "par_el1", .alias = "par", .nparts = 1, .part = par_part, .told = par_address },
};
