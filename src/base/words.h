/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of words for people. */
#ifndef S2_BASE_WORDS_H
#define S2_BASE_WORDS_H

#include <stddef.h>

#include "base/err.h"

/* Adds to the text in @list, which has room for @size bytes: behind @between where something stands
 * there. What does not fit is cut off. */
void s2_words_add(char *list, size_t size, const char *between, const char *fmt, ...)
	S2_PRINTF(4, 5);

#endif
