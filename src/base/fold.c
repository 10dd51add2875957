// SPDX-License-Identifier: GPL-2.0-or-later
// Lines that are wider than a terminal, broken where it does not hurt.
#include "base/fold.h"

#include <stdbool.h>
#include <string.h>

#include "base/escape.h"

/* The length of the escape sequence at @text, 0 when there is none. */
static size_t sequence(const char *text, size_t len)
{
	size_t n = 2;

	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len && text[n] != 'm')
		n++;
	return n < len ? n + 1 : 0;
}

/* Columns that @text takes; what is longer than any word counts as so much. */
static unsigned int columns(const char *text, size_t len)
{
	char plain[512];
	size_t n = 0;

	for (size_t i = 0, skip; i < len && n + 1 < sizeof(plain); i += skip ? skip : 1) {
		skip = sequence(text + i, len - i);
		if (!skip)
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	return s2_columns_taken(plain);
}

static size_t span(const char *text, size_t len, bool blanks)
{
	size_t n = 0;

	while (n < len && (text[n] == ' ') == blanks)
		n++;
	return n;
}

/* Is there nothing but "-" in the columns that are left? */
static bool says_nothing(const char *text, size_t len)
{
	for (size_t i = 0, skip; i < len; i += skip ? skip : 1) {
		skip = sequence(text + i, len - i);
		if (!skip && text[i] != '-' && text[i] != ' ')
			return false;
	}
	return true;
}

static const char *indent_of(const char *line, size_t len)
{
	static const char title[] = "---[ ";

	if (len && *line == '#')
		return "# ";
	return len >= strlen(title) && !memcmp(line, title, strlen(title)) ? "     " : "  ";
}

void s2_fold_line(const struct s2_fold *fold, const char *line, size_t len,
		  void (*put)(void *arg, const char *text, size_t len), void *arg)
{
	const size_t style = sequence(line, len);
	const char *indent = indent_of(line + style, len - style);
	const bool row = len > style + 2 && !memcmp(line + style, "0x", 2);
	size_t at = span(line, len, true), blanks = at;
	unsigned int taken = 0;

	while (at < len) {
		size_t word = span(line + at, len - at, false);
		size_t pad = span(line + at + word, len - at - word, true);
		bool last = at + word + pad == len;
		unsigned int own = columns(line + at, word), cell = own;

		if (last && own < fold->least && line[style] != '-')
			cell = fold->least;
		else if (!last)
			cell += (unsigned int)pad - 1;
		if (taken && taken + blanks + cell > fold->width) {
			if (row && says_nothing(line + at, len - at)) {
				/* But for what ends its style. */
				for (size_t i = at, n; i < len; i += n ? n : 1)
					if ((n = sequence(line + i, len - i)))
						put(arg, line + i, n);
				break;
			}
			put(arg, "\n", 1);
			put(arg, indent, strlen(indent));
			taken = (unsigned int)strlen(indent);
			blanks = 0;
		}
		put(arg, line + at - blanks, blanks);
		put(arg, line + at, word);
		taken += (unsigned int)blanks + own;
		at += word + pad;
		blanks = pad;
	}
	put(arg, "\n", 1);
}
