/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far something has come, in a line. */
#ifndef S2_FORMAT_PROGRESS_H
#define S2_FORMAT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * "STAGE: 43%, 340.2 MiB/s, 0:14 left"; "STAGE: 812.0 MiB so far, 340.2 MiB/s" when @done has
 * reached @total, which then is not known; "STAGE: 3 s" when nothing was counted. Cut to @room - 1
 * bytes. @ms have passed since the first byte. Returns the length. Safe in a signal handler.
 */
size_t s2_progress_text(char *ret, size_t room, const char *stage, uint64_t done, uint64_t total,
			uint64_t ms);

#endif
