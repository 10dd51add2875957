/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What takes longer than a second says so, on a terminal's standard error. */
#ifndef S2_CMD_PROGRESS_H
#define S2_CMD_PROGRESS_H

#include "base/meter.h"
#include "base/out.h"
#include "options.h"

/* From now on @stage is being done, and the meter begins at 0; NULL: nothing is, and the line is
 * wiped. @stage is a constant text. */
void s2_progress(const struct s2_options *options, const char *stage);

/* Nothing is being done any more. */
void s2_progress_end(void);

/* What the bytes of a stage are counted with. */
struct s2_meter *s2_progress_meter(void);

/* Wipes the line, before something else is written to standard error; it may come again. Safe in a
 * signal handler. */
void s2_progress_wipe(void);

/* Before @out writes: rows on a terminal, or in a pipe that may lead to a pager, are progress
 * themselves, and no line stands among them. */
void s2_progress_yield(const struct s2_out *out);

#endif
