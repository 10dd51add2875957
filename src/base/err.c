// SPDX-License-Identifier: GPL-2.0-or-later
// Error texts are built from the inside out: the innermost failure last, each caller's context
// before it. And the word of each code: `absent`, `excluded`.
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of the process, as its memory is: not everybody who is told of an error tells their caller. */
static enum s2_code first_failing;

enum s2_code s2_err_failing(void)
{
	return first_failing;
}

void s2_err_note_failing(enum s2_code code)
{
	if (!first_failing)
		first_failing = code;
}

const char *s2_err_failing_text(void)
{
	if (first_failing == S2_NOMEM)
		return "no memory was left at times: what was said or printed may be wrong";
	return "a file with symbols could not be read at times: what was said or printed may be "
	       "wrong";
}

void s2_err_init(struct s2_err *err)
{
	err->code = S2_OK;
	err->text[0] = '\0';
	err->see = NULL;
}

enum s2_code s2_err_set(struct s2_err *err, enum s2_code code, const char *fmt, ...)
{
	va_list args;

	if (code == S2_OK)
		code = S2_INVALID;
	if (code == S2_NOMEM)
		s2_err_note_failing(code);
	if (!err)
		return code;
	err->code = code;
	err->see = NULL;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

enum s2_code s2_err_prepend(struct s2_err *err, enum s2_code code, const char *fmt, ...)
{
	char inner[S2_ERR_TEXT];
	va_list args;
	int n;

	if (code == S2_OK)
		code = S2_INVALID;
	if (!err)
		return code;
	err->code = code;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (*inner && n >= 0 && (size_t)n + 2 < sizeof(err->text)) {
		size_t room = sizeof(err->text) - (size_t)n - 3;
		size_t len = strlen(inner);

		memcpy(err->text + n, ": ", 2);
		memcpy(err->text + n + 2, inner, len < room ? len : room);
		err->text[(size_t)n + 2 + (len < room ? len : room)] = '\0';
	}
	return code;
}

const char *s2_code_name(enum s2_code code)
{
	switch (code) {
	case S2_OK:
		return "ok";
	case S2_NOTMINE:
		return "not-mine";
	case S2_USAGE:
		return "usage";
	case S2_INVALID:
		return "invalid";
	case S2_NOTFOUND:
		return "not-found";
	case S2_IO:
		return "unreadable";
	case S2_NOMEM:
		return "no-memory";
	case S2_ABSENT:
		return "absent";
	case S2_EXCLUDED:
		return "excluded";
	case S2_TRUNCATED:
		return "truncated";
	case S2_DAMAGED:
		return "damaged";
	case S2_LOOP:
		return "loop";
	case S2_BUDGET:
		return "budget";
	}
	return "unknown";
}
