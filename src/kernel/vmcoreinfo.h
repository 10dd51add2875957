/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: the facts that a Linux kernel leaves in its memory for those who read its dump. */
#ifndef S2_KERNEL_VMCOREINFO_H
#define S2_KERNEL_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/scan.h"

/* The kernel's limit is one page, a few pages from 7.x on (kernel/vmcore_info.c); more is not
 * believed. */
#define S2_VMCOREINFO_MAX (256U * 1024)

/* Lines "KEY=value". Points into the caller's text, which must outlive it. */
struct s2_vmcoreinfo {
	const char *text;
	size_t len;
};

/* Families of lines; each has its own notation for numbers (include/linux/vmcore_info.h). */
enum s2_vmcoreinfo_kind {
	S2_VI_SYMBOL, /* SYMBOL(name)=ffff..., hex without 0x */
	S2_VI_NUMBER, /* NUMBER(name)=, signed decimal or 0x hex, 64 bits */
	S2_VI_OFFSET, /* OFFSET(struct.member)=, decimal, bytes */
	S2_VI_SIZE,   /* SIZE(name)=, decimal, bytes */
	S2_VI_LENGTH, /* LENGTH(name)=, decimal, elements */
	S2_VI_PLAIN,  /* name=, decimal: PAGESIZE, CRASHTIME */
	S2_VI_HEX,    /* name=, hex without 0x: KERNELOFFSET */
};

/*
 * Takes @text, up to @len bytes or its first NUL. S2_INVALID when it has no OSRELEASE line or holds
 * bytes that are neither printable nor a line feed: it is not VMCOREINFO then.
 */
enum s2_code s2_vmcoreinfo_init(struct s2_vmcoreinfo *ret, const void *text, size_t len,
				struct s2_err *err) S2_MUST_CHECK;

/* The value behind "@key=", not terminated; false when there is no such line. The first of several
 * counts. */
bool s2_vmcoreinfo_text(const struct s2_vmcoreinfo *info, const char *key, const char **ret,
			size_t *ret_len);

/* A number of one of the families. S2_NOTFOUND when the line is missing, S2_INVALID when it is no
 * such number. */
enum s2_code s2_vmcoreinfo_get(const struct s2_vmcoreinfo *info, enum s2_vmcoreinfo_kind kind,
			       const char *name, uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/* A VMCOREINFO note in memory: Elf_Nhdr at @pa, payload @size bytes at @text_pa. */
struct s2_vmcoreinfo_hit {
	uint64_t pa;
	uint64_t text_pa;
	uint32_t size;
};

/*
 * A search of all memory for the note, in ascending address: the kernel allocates it with
 * alloc_pages_exact(), so its header stands at a page start (kernel/vmcore_info.c,
 * crash_save_vmcoreinfo_init()). Pages that are missing from the dump are skipped; how many is
 * limited by what the dump holds, so that holes cost nothing that matters.
 */
struct s2_vmcoreinfo_scan {
	const struct s2_mem *mem;
	uint64_t pa;              /* next page to look at */
	uint64_t extent_end;      /* of the extent that holds @pa, 0: none yet */
	struct s2_budget bytes;   /* of pages that may be looked at */
	struct s2_budget missing; /* pages that are not there and may be met */
	bool gave_up;             /* ... and that was not enough: not all memory was searched */
	struct s2_gaps gaps;      /* pages of the extents that could not be looked at */
	bool any;                 /* a page did not begin with zero */
};

void s2_vmcoreinfo_scan_init(struct s2_vmcoreinfo_scan *scan, const struct s2_mem *mem);

/* Goes no further: what follows is a gap. */
void s2_vmcoreinfo_scan_stop(struct s2_vmcoreinfo_scan *scan);

/* The next note; S2_NOTFOUND at the end. Nothing is said of whose it is. */
enum s2_code s2_vmcoreinfo_scan_next(struct s2_vmcoreinfo_scan *scan, struct s2_vmcoreinfo_hit *ret,
				     struct s2_err *err) S2_MUST_CHECK;

#endif
