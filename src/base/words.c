// SPDX-License-Identifier: GPL-2.0-or-later
// Text that grows by words.
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void s2_words_add(char *list, size_t size, const char *between, const char *fmt, ...)
{
	size_t len = strlen(list);
	va_list args;

	if (len)
		snprintf(list + len, size - len, "%s", between);
	len = strlen(list);
	va_start(args, fmt);
	vsnprintf(list + len, size - len, fmt, args);
	va_end(args);
}
