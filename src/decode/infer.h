/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the address of a blob that does not know it. */
#ifndef S2_DECODE_INFER_H
#define S2_DECODE_INFER_H

#include "decode/walk.h"

/* The address, and what speaks for it. */
struct s2_inferred {
	uint64_t base;
	uint64_t unreached; /* pages of the blob that no table reaches */
	bool thin;          /* the damage of one descriptor would make another address fit */
};

/* Bytes of scratch memory, aligned to 8, that s2_infer_base() needs for a blob of @size bytes. */
uint64_t s2_infer_scratch(const struct s2_geometry *geom, uint64_t size);

/*
 * @mem shows a blob of @size bytes at address 0, with the start level at its first byte. Looks for
 * the physical address of that byte: the one by which table descriptors explain the most pages of
 * the blob. S2_NOTFOUND when a second address explains 90 % as many, of
 * all or of those that are not empty; when the best leaves a table descriptor that points to no
 * page of the blob, or a page that looks like a table for every four that it explains; or when it
 * rests on one descriptor alone and what that one leads to fits elsewhere as well. Work is bounded
 * by @size.
 */
enum s2_code s2_infer_base(const struct s2_geometry *geom, const struct s2_mem *mem, uint64_t size,
			   void *scratch, struct s2_inferred *ret,
			   struct s2_err *err) S2_MUST_CHECK;

#endif
