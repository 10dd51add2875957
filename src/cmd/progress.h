/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What takes longer than a second says so, on a terminal's standard error. */
#ifndef S2_CMD_PROGRESS_H
#define S2_CMD_PROGRESS_H

#include "options.h"

/* From now on @stage is being done; NULL: nothing is, and the line is wiped. @stage is a constant
 * text. */
void s2_progress(const struct s2_options *options, const char *stage);

#endif
