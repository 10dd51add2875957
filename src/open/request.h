/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of an input, as plain values, and why it was refused: a program without a command
 * line can ask the same. */
#ifndef S2_OPEN_REQUEST_H
#define S2_OPEN_REQUEST_H

#include "decode/arch.h"
#include "open/files.h"
#include "source/source.h"

struct s2_request {
	struct s2_files_request files;
	const struct s2_raw_args *raw;
	const struct s2_regime *regime; /* claims about tables; what shapes one makes it the only
					   one, and no kernel is looked at */
	uint64_t max_input;             /* bytes that a copy of a file may have; 0: the default */
	bool absent_is_zero;            /* pages that a filter left out read as zeros */
	bool software;                  /* somebody said what wrote that table */
	const char *format; /* what its tables are called, or their architecture; NULL */
	bool have_root;
	uint64_t root;
	const char *const *table; /* ids and patterns of the tables that are wanted; none: all */
	unsigned int ntables;
	bool vcpu;           /* registers of a vCPU will be asked for */
	bool one_table;      /* a pid or a name means a VM's own table, not its further ones */
	unsigned int kernel; /* which of several in memory, from 1 on; 0: the one that fits best */
	bool name_kernels;   /* find the names of all of them */
	bool have_copy;      /* the copy of a table that the kernel keeps, */
	uint64_t copy;       /* and where: a kernel virtual or a physical address */
	bool memory_alone;   /* no table is looked for in a dump */
	bool overview;       /* of a dump, its kernels alone: no table is looked for */
	bool unshaped;       /* a table without geometry will do */
	/* Told what is being done, NULL: nothing any more. May be NULL. */
	void (*stage)(const void *arg, const char *stage);
	const void *arg;
	struct s2_meter *meter; /* told how far a stage has come; NULL */
};

/* Tells whoever asked what is being done, NULL: nothing any more. */
static inline void s2_stage(const struct s2_request *r, const char *stage)
{
	if (r->stage)
		r->stage(r->arg, stage);
}

/* What a request lacks, or has too much of. Whoever made it knows how that was written. */
enum s2_refused {
	S2_REFUSED_OTHERWISE,  /* the error says it all */
	S2_REFUSED_TOO_LONG,   /* more becomes of a file than max_input, or its default */
	S2_REFUSED_PAGES_ROOT, /* a page list, and not where the start level is */
	S2_REFUSED_ROOT,       /* a dump, and not where the start level is */
	S2_REFUSED_PLACE,      /* a root in an image of which nobody says where it is */
	S2_REFUSED_MAP,        /* the places of an image's pieces */
	S2_REFUSED_NO_BASE,    /* the descriptors do not tell where the image was */
	S2_REFUSED_BASE,       /* the register @claim and the descriptors do not agree */
	S2_REFUSED_NO_KERNEL,  /* no claim shapes a table, and there is no kernel */
	S2_REFUSED_KERNEL,     /* there are fewer kernels in memory */
	S2_REFUSED_NO_HOST,    /* what keeps tables in this kernel's memory cannot be found */
	S2_REFUSED_FOR_KERNEL, /* @thing is about a kernel, and none is looked at */
	S2_REFUSED_SHAPE,      /* claims that do not make the shape of a table */
	S2_REFUSED_FOR_TABLE,  /* @thing describes a table whose shape was not given */
	S2_REFUSED_NO_DUMP,    /* neither a container nor said to be an image */
	S2_REFUSED_NO_TABLE,   /* no table is called so */
	S2_REFUSED_COPY,       /* kernels of that architecture keep no copies */
	S2_REFUSED_ARCH,       /* @claim is one of another architecture than the table's */
	S2_REFUSED_FORMAT,     /* the tables are of another format than was said */
	S2_REFUSED_RAW,        /* a file that says itself what is where in memory */
	S2_REFUSED_NOT_STAGE2, /* @claim is one about stage 2, and no table of stage 2 */
};

/* A part of a request. */
enum s2_request_part {
	S2_PART_VMLINUX,
	S2_PART_SYSTEM_MAP,
	S2_PART_MODULE,
	S2_PART_COPY,
	S2_PART_VCPU,
	S2_PART_KERNEL,
	S2_PART_ROOT,
	S2_PART_PAGES,
	S2_PART_SOFTWARE,
};

struct s2_refusal {
	enum s2_refused why;
	enum s2_request_part thing;
	const struct s2_claim *claim; /* that decides, NULL: another part of the request does */
};

#endif
