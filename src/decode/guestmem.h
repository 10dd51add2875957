/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's memory: intermediate physical addresses, read through a stage-2 table. */
#ifndef S2_DECODE_GUESTMEM_H
#define S2_DECODE_GUESTMEM_H

#include "base/mem.h"
#include "decode/arch.h"

struct s2_guestmem {
	struct s2_mem mem; /* addresses are IPAs */
	const struct s2_mem *host;
	const struct s2_geometry *geom;
	uint64_t root_pa;
};

/*
 * Reads of @ret->mem go through the table of @geom at @root_pa in @host. What the table does not
 * map is S2_ABSENT, what the dump lacks keeps its code. Everything must outlive @ret.
 */
void s2_guestmem_init(struct s2_guestmem *ret, const struct s2_mem *host,
		      const struct s2_geometry *geom, uint64_t root_pa);

#endif
