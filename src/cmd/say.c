// SPDX-License-Identifier: GPL-2.0-or-later
// The only way to standard error but for progress and signals.
#include "cmd/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "cmd/progress.h"

/* A path of PATH_MAX bytes and an error; what is longer loses its end. */
#define LINE 8192

void s2_say(const char *fmt, ...)
{
	char line[LINE], shown[4 * LINE];
	va_list args;

	s2_progress_wipe();
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	s2_escape(line, strlen(line), shown, sizeof(shown));
	fprintf(stderr, "s2dump: %s\n", shown);
}
