/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the address of a blob that does not know it. */
#ifndef S2_DECODE_INFER_H
#define S2_DECODE_INFER_H

#include "decode/walk.h"

/*
 * @mem shows a blob of @size bytes at address 0, with the start level at its first byte. Looks for
 * the physical address of that byte: every table must lie in the blob, be reached once, and hold no
 * impossible descriptor. @seen is scratch of one bit per page of the blob. S2_OK with @ret when
 * exactly one address fits; else S2_NOTFOUND and what to give instead.
 */
enum s2_code s2_infer_base(const struct s2_geometry *geom, const struct s2_mem *mem, uint64_t size,
			   uint8_t *seen, uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

#endif
