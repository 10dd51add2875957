/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One address through one table: what stands at the end of the way, or what was missing on it. */
#ifndef S2_DECODE_LOOKUP_H
#define S2_DECODE_LOOKUP_H

#include "base/mem.h"
#include "decode/arch.h"

struct s2_found {
	/* Of the last descriptor on the way; also when that could not be read. */
	unsigned int height;
	uint64_t table_pa; /* its table page */
	uint64_t desc_pa;
	struct s2_path path; /* what the tables above it allow */
	/* What it says, when it was read: anything but a table; decode() tells more. */
	uint64_t raw;
	bool leaf;
	uint64_t left;   /* bytes from the address that was looked up to the end of the entry */
	uint64_t pa;     /* where a leaf has that address */
	uint64_t mapped; /* how many of @left are translated; 0: not even the address itself */
};

/*
 * Follows @ia from the start level at @root_pa to the first descriptor that is no table, reading
 * one descriptor per level. As hardware does, it follows a table that is its own ancestor.
 * S2_NOTFOUND: @ia is outside of the input space, @ret is all zero. A missing code: the descriptor
 * at @ret->desc_pa is not in @mem. S2_INVALID: the table descriptor there leads beyond the output
 * size. @ret is written in all cases.
 */
enum s2_code s2_lookup(const struct s2_mem *mem, const struct s2_geometry *geom, uint64_t root_pa,
		       uint64_t ia, struct s2_found *ret) S2_MUST_CHECK;

#endif
