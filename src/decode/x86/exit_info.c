// SPDX-License-Identifier: GPL-2.0-or-later
// What a processor tells the hypervisor of an access that a second stage denies, for `decode`: the
// exit qualification of EPT violations, and EXITINFO1 of nested page faults.
#include "decode/field_rows.h"
#include "decode/x86/x86.h"

static const char *const no_yes[] = { "no", "yes" };

#define BIT_FIELD(name, bit, meaning) CHOICE(name, bit, bit, no_yes, meaning)
#define NOTHING ((struct s2_fields){ NULL, 0 })

/* SDM 3C, "Exit Qualification for EPT Violations". */
static const struct s2_field access_made[] = {
	BIT_FIELD("R", 0, "data read; also what guest tables are read and written with"),
	BIT_FIELD("W", 1, "data write"),
	BIT_FIELD("X", 2, "instruction fetch"),
	BIT_FIELD("readable", 3, "all entries that were used allow reads"),
	BIT_FIELD("writable", 4, "all entries that were used allow writes"),
	BIT_FIELD("exec", 5,
		  "all entries that were used allow execution, with MBEC a supervisor's"),
	BIT_FIELD("user-exec", 6,
		  "all entries that were used allow a user's; without MBEC undefined"),
	BIT_FIELD("linear", 7, "the guest linear address is valid"),
};
static const char *const what[] = { "guest's tables", "translated address" };
static const struct s2_field linear[] = { CHOICE("final", 8, 8, what, "what was accessed") };
static const char *const modes[] = { "supervisor", "user" };
static const char *const writes[] = { "read-only", "read/write" };
static const char *const executes[] = { "executable", "execute-disable" };
static const struct s2_field guest[] = {
	CHOICE("mode", 9, 9, modes, "the linear address's, of processors that tell"),
	CHOICE("guest-write", 10, 10, writes,
	       "as the guest's tables have it, of processors that tell"),
	CHOICE("guest-exec", 11, 11, executes,
	       "as the guest's tables have it, of processors that tell"),
};
static const struct s2_field others[] = {
	BIT_FIELD("NMI", 12, "NMI unblocking due to IRET"),
	BIT_FIELD("shadow-stack", 13, "shadow-stack access"),
	BIT_FIELD("SSS", 14, "the entries allow supervisor shadow-stack accesses"),
	BIT_FIELD("verification", 15, "guest-paging verification"),
	BIT_FIELD("asynchronous", 16, "not by an instruction that executes"),
};

static struct s2_fields qualification_part(uint64_t value, unsigned int part)
{
	switch (part) {
	case 0:
		return ROWS(access_made);
	case 1:
		return value & BIT64(7) ? ROWS(linear) : NOTHING;
	case 2:
		return (value & BITS64(8, 7)) == BITS64(8, 7) ? ROWS(guest) : NOTHING;
	default:
		return ROWS(others);
	}
}

const struct s2_report s2_x86_qualification = { .name = "qualification",
						.alias = "exit_qualification",
						.nparts = 4,
						.part = qualification_part };

/* APM volume 2, "Nested versus Guest Page Faults, Fault Ordering". */
static const char *const there[] = { "an entry was not present", "all entries were present" };
static const struct s2_field exitinfo1_fields[] = {
	CHOICE("P", 0, 0, there, "else a reserved bit or a right"),
	BIT_FIELD("RW", 1, "write"),
	CHOICE("US", 2, 2, modes, "access; all are a user's without GMET"),
	BIT_FIELD("RSV", 3, "a reserved bit was set"),
	BIT_FIELD("ID", 4, "instruction fetch"),
	BIT_FIELD("SS", 6, "shadow-stack access"),
	BIT_FIELD("RMP", 31, "the reverse map table denies it (SNP)"),
	BIT_FIELD("final", 32, "at the guest's final physical address"),
	BIT_FIELD("table", 33, "at one of the guest's own tables"),
	BIT_FIELD("ENC", 34, "the C-bit was effective (SNP)"),
	BIT_FIELD("SIZEM", 35,
		  "the page size of PVALIDATE or RMPADJUST is not the reverse map's (SNP)"),
	BIT_FIELD("VMPL", 36, "the VM privilege level denies it (SNP)"),
};

static struct s2_fields exitinfo1_part(uint64_t value, unsigned int part)
{
	(void)value;
	(void)part;
	return ROWS(exitinfo1_fields);
}

const struct s2_report s2_x86_exitinfo1 = {
	.name = "exitinfo1", .alias = "exit_info_1", .nparts = 1, .part = exitinfo1_part
};
