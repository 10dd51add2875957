/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One root to dump, and how to name it. */
#ifndef S2_DECODE_TABLE_H
#define S2_DECODE_TABLE_H

#include "decode/arch.h"

#define S2_ID_LEN 64

struct s2_table {
	char id[S2_ID_LEN]; /* "vm:1234", "host", "hyp", "vm:1234/nested:0", "raw" */
	char kind[32];      /* "stage2", "nested-stage2", "host-stage2", "hyp-stage1" */
	char found[128];    /* where it was found, for people */
	uint64_t root_pa;
	struct s2_regime regime;
	int64_t pid;   /* of the process that owns the VM, -1 when not known */
	int64_t vcpus; /* number of vCPUs, -1 when not known */
};

#endif
