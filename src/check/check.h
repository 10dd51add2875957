/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do the tables of host, hypervisor and guests hold what they must? One row per invariant, findings
 * as data. */
#ifndef S2_CHECK_CHECK_H
#define S2_CHECK_CHECK_H

#include "kernel/kernel.h"
#include "base/lost.h"
#include "host/tables.h"

enum s2_check_id {
	S2_CHECK_COMPLETE,
	S2_CHECK_ENCODING,
	S2_CHECK_WRITER,
	S2_CHECK_WX,
	S2_CHECK_TABLE_ONCE,
	S2_CHECK_TABLE_EMPTY,
	S2_CHECK_TABLE_HIDDEN,
	S2_CHECK_REFCOUNT,
	S2_CHECK_MEMSLOTS,
	S2_CHECK_VMM,
	S2_CHECK_TWO_GUESTS,
	S2_CHECK_LOCKED,
	S2_CHECK_HOST_IDENTITY,
	S2_CHECK_HOST_PROT,
	S2_CHECK_HOST_STATE,
	S2_CHECK_HYP_ADDRESS,
	S2_CHECK_HYP_PROT,
	S2_CHECK_HYP_RESERVED,
	S2_CHECK_HYP_OWNS,
	S2_CHECK_HOST_NOPAGE,
	S2_CHECK_HOST_KEEPS,
	S2_CHECK_HYP_BORROWS,
	S2_CHECK_HOST_SHARES,
	S2_CHECK_HYP_PINS,
	S2_CHECK_SHARE_COUNT,
	S2_CHECK_GUEST_STATE,
	S2_CHECK_DONATION,
	S2_CHECK_ISOLATION,
	S2_CHECK_TABLE_OWNER,
	S2_CHECK_MAPPINGS,
	S2_CHECK_HYP_VM,
	S2_CHECK_VM_SHARED,
	S2_NCHECKS,
};

enum s2_check_result { S2_CHECK_PASS, S2_CHECK_FAIL, S2_CHECK_UNKNOWN, S2_CHECK_SKIPPED };

/* "pass", "fail", "unknown", "skipped" */
const char *s2_check_result_name(enum s2_check_result result);

/* What a broken invariant means. */
enum s2_check_severity {
	S2_SEV_ISOLATION, /* somebody reaches memory that is not theirs */
	S2_SEV_CORRUPT,   /* the tables contradict each other, or hold what nobody writes */
};

/* What a check counts as checked. */
enum s2_check_tally {
	S2_TALLY_OWN,         /* what its code says it looked at: s2_check_looked() */
	S2_TALLY_TABLE_PAGES, /* of the tables that it reads: pages of which something was read, */
	S2_TALLY_ENTRIES,     /* descriptors that are not 0, */
	S2_TALLY_LEAVES,      /* and those that map something */
	S2_TALLY_MEMORY,      /* pages of memory, of which all tables were asked */
	S2_NTALLIES,
};

/*
 * One row per invariant in s2_checks[] (rows.c), in the order of enum s2_check_id, which is that of
 * the output. To add one: an id above, a row, code that calls s2_check_found(), an image that
 * breaks it (tests/tools/mkpkvm.py), the manual.
 */
struct s2_check_row {
	const char *name;
	const char *meaning; /* one line: what holds when all is well */
	const char *tables;  /* that it relates */
	/* What is not reported although it looks like it, whoever wrote it; "" when nothing. */
	const char *exceptions;
	enum s2_check_tally tally;
	const char *of; /* what is counted, for people: "table pages" */
	enum s2_check_severity severity;
	unsigned int needs; /* S2_NEED_* */
	unsigned int reads; /* S2_READS_*: without a page of such a table, or of memory, it is
				unknown */
};

/* Kinds of tables. */
enum s2_check_reads {
	S2_READS_GUESTS = 1 << 0, /* those of guests, kept by the host */
	S2_READS_HOST = 1 << 1,   /* the host's own */
	S2_READS_HYP = 1 << 2,    /* the hypervisor's */
	S2_READS_KEPT = 1 << 3,   /* those of guests, kept by the hypervisor */
	S2_READS_PAGES = 1 << 4,  /* no table: what all of them say of each page of memory */
};

/* Without these a check is skipped or unknown. */
enum s2_check_need {
	S2_NEED_KEEPER = 1 << 0,  /* a protected system, else skipped */
	S2_NEED_HYP = 1 << 1,     /* the hypervisor's stage 1 */
	S2_NEED_MEMORY = 1 << 2,  /* hyp_memory[] */
	S2_NEED_VMEMMAP = 1 << 3, /* hyp_vmemmap */
	S2_NEED_KERNEL = 1 << 4,  /* the kernel's own structures: in no snapshot */
	S2_NEED_HOST_PTE =
		1 << 5, /* kernels that keep the host's page states in leaves, else skipped */
	S2_NEED_HOST_VMM = 1 << 6, /* ... in hyp_vmemmap, else skipped */
	S2_NEED_STATES = 1 << 7,   /* ... anywhere, else skipped */
	S2_NEED_GUESTS = 1 << 8,   /* kernels whose hypervisor manages guests, else skipped */
	S2_NEED_HYP_VMM = 1 << 9,  /* kernels that keep the hypervisor's page states in hyp_vmemmap,
				      else skipped */
	S2_NEED_VMS = 1 << 10,     /* VMs whose tables the host keeps, else skipped */
	S2_NEED_DONATED = 1 << 11, /* kernels that donate pages to guests, else skipped */
	S2_NEED_HYP_VM = 1 << 12,  /* kernels with struct pkvm_hyp_vm, else skipped */
};

extern const struct s2_check_row s2_checks[S2_NCHECKS];

/* NULL when there is none of that name, the @len characters at @name. */
const struct s2_check_row *s2_check_find(const char *name, size_t len);

/* What is not reported although it looks like it, on any architecture: "" when nothing. */
#define S2_CHECK_EXCEPTIONS_LEN 256
void s2_check_exceptions(const struct s2_check_row *row, char ret[S2_CHECK_EXCEPTIONS_LEN]);

struct s2_finding {
	char table[S2_ID_LEN]; /* "": of no one table */
	uint64_t ia;           /* S2_NO_ADDRESS: of none, or not known */
	uint64_t pa;
	char text[192];
};

/* Findings of a check that are kept, when nobody says how many. */
#define S2_MAX_FINDINGS 100

struct s2_check_outcome {
	enum s2_check_result result;
	uint64_t nfindings;         /* all of them */
	uint64_t nkept, room;       /* of those, from the first on; room for so many */
	struct s2_finding *finding; /* @nkept of them */
	uint64_t checked;           /* how many of the row's @of were looked at */
	uint64_t nunknown;          /* places that could not be checked */
	char why[384];              /* the first of those, or why it was skipped */
};

struct s2_check_report {
	uint64_t wanted; /* bit n: check n was asked for; of the others nothing is to be said */
	struct s2_check_outcome outcome[S2_NCHECKS];
};

struct s2_check_args {
	struct s2_kernel *kernel; /* NULL: only what tables and note say can be checked */
	const struct s2_mem *mem;
	const struct s2_tables *tables;
	struct s2_lost *lost; /* what was lost while @tables were found, what is lost here is added;
				 NULL: nothing */
	bool unverified; /* no checksum says that the bytes of the dump are right, where one should:
			    what fails is unknown */
	bool some;       /* of the tables some were chosen: what all of them must say is unknown */
	uint64_t wanted; /* bit n: check n */
	/* Findings of each check that are kept; 0: S2_MAX_FINDINGS. Of all checks together no more
	 * than the dump's size gives memory for. */
	uint64_t max_findings;
	/* Bytes of the input that are there; mem->bytes may be many times as many (pages of a
	 * kdump). */
	uint64_t backed;
	/* Pages of memory that are looked at together; 0: as many as @backed gives memory for. */
	uint64_t window;
};

/* Runs the checks. What is wrong with the dump is in the report; errors are s2dump's own
 * (S2_NOMEM). */
enum s2_code s2_check_run(const struct s2_check_args *args, struct s2_check_report *ret,
			  struct s2_err *err) S2_MUST_CHECK;

/* @report was made of bytes that may be wrong: what fails is unknown. */
void s2_check_doubt(struct s2_check_report *report);

/*
 * @report was made while missing memory read as zeros, @strict while it was missing: what fails in
 * the one alone is unknown, and what fails in both stands. Returns which checks pass for the zeros
 * alone (bit n: check n). @strict is used up.
 */
uint64_t s2_check_settle(struct s2_check_report *report, struct s2_check_report *strict);
void s2_check_free(struct s2_check_report *report);

#endif
