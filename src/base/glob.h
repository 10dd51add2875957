/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns for words: `*` for any characters, `?` for one. */
#ifndef S2_BASE_GLOB_H
#define S2_BASE_GLOB_H

#include <stdbool.h>

/* Does @text, of which all counts, fit @pattern with its `*` and `?`? */
bool s2_glob(const char *pattern, const char *text);

#endif
