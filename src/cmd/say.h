/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for people, on standard error. */
#ifndef S2_CMD_SAY_H
#define S2_CMD_SAY_H

#include "base/err.h"

/*
 * "s2dump: ..." as one line. Whatever a dump, a file's name or an argument put into it that a
 * terminal would obey is escaped (base/escape.h).
 */
void s2_say(const char *fmt, ...) S2_PRINTF(1, 2);

#endif
