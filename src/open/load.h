/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs that no source can read as they lie: pipes, and files that are compressed as a whole. */
#ifndef S2_OPEN_LOAD_H
#define S2_OPEN_LOAD_H

#include "base/meter.h"
#include "source/file.h"

/* Where a copy goes: into memory while it is small, then into a file without a name. */
struct s2_place {
	int memory_fd, disk_fd; /* -1: none */
	int disk_error;         /* why there is no @disk_fd, errno */
};

/* Nowhere. */
void s2_place_init(struct s2_place *place);

/*
 * Makes a place for @file when it needs one: what cannot be sought does, and what begins as
 * compressed files do. A folder that cannot be written is an error only when it is needed.
 */
enum s2_code s2_place_make(const struct s2_opened *file, struct s2_place *ret,
			   struct s2_err *err) S2_MUST_CHECK;
void s2_place_close(struct s2_place *place);

/*
 * Puts a copy at @place, unpacked when it is compressed, in the place of what @file has open. Never
 * more than @max bytes, or for 0 than 64 times what was read and 1 GiB: S2_INVALID, and
 * @file->too_long. What cannot be unpacked to its end is said in @file->damage, and what came
 * before is the file.
 */
enum s2_code s2_load(struct s2_opened *file, struct s2_place *place, uint64_t max,
		     struct s2_meter *meter, struct s2_err *err) S2_MUST_CHECK;

#endif
