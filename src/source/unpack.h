/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are compressed as a whole: told by their first bytes, and unpacked as a stream. */
#ifndef S2_SOURCE_UNPACK_H
#define S2_SOURCE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* So many bytes of a file are enough for s2_packing_of(). */
#define S2_PACKING_HEAD 16

struct s2_packing;

/*
 * What begins with these bytes; NULL when it is nothing that this s2dump unpacks (what it was built
 * without is named by the container's probe, source/unsupported.c).
 */
const struct s2_packing *s2_packing_of(const void *head, size_t len);

/* "gzip", "xz", ... */
const char *s2_packing_name(const struct s2_packing *packing);

/* The rows in turn, @at from 0 on, those that are built in alone; NULL at their end. */
const struct s2_packing *s2_packing_next(size_t *at);

/* Where packed bytes come from and unpacked ones go to. A failure of either ends the unpacking. */
struct s2_unpack_io {
	/* Up to @len bytes; 0 at the end. */
	enum s2_code (*read)(void *arg, void *buf, size_t len, size_t *ret, struct s2_err *err);
	enum s2_code (*write)(void *arg, const void *buf, size_t len, struct s2_err *err);
	/* A member ended, and its checksum holds, where it has one. May be NULL. */
	void (*whole)(void *arg);
	void *arg;
};

/*
 * Unpacks all of it, members that follow each other included. S2_TRUNCATED, S2_DAMAGED: what was
 * written until then is what can be had, and @err says what is wrong with the rest. S2_INVALID: it
 * wants more memory than it may have, and nothing was written. Anything else comes from @io or is
 * S2_NOMEM.
 */
enum s2_code s2_unpack(const struct s2_packing *packing, const struct s2_unpack_io *io,
		       struct s2_err *err) S2_MUST_CHECK;

#endif
