// SPDX-License-Identifier: GPL-2.0-or-later
// Patterns with `*` and `?`, without going back more than one star.
#include "base/glob.h"

#include <stddef.h>

bool s2_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			/* The last `*` takes one byte more. */
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
