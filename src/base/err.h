/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: a code to branch on, and a line for people that gains context on its way up. */
#ifndef S2_BASE_ERR_H
#define S2_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* What went wrong. The codes of missing memory stand together, see s2_is_missing(). */
enum s2_code {
	S2_OK = 0,
	S2_NOTMINE,   /* probing: another format may fit */
	S2_USAGE,     /* the command line is wrong */
	S2_INVALID,   /* the input is broken, contradictory or not supported */
	S2_NOTFOUND,  /* a symbol, type, member or table that was looked for is not there */
	S2_IO,        /* the operating system refused, or a library is missing from this build */
	S2_NOMEM,     /* no memory left for s2dump itself */
	S2_ABSENT,    /* the dump never held this memory */
	S2_EXCLUDED,  /* a dump filter left this memory out */
	S2_TRUNCATED, /* the dump should hold this memory, but the file ends before it, or the
			 writer stopped */
	S2_DAMAGED,   /* the dump holds something in its place that cannot be this memory */
	S2_LOOP,      /* a table leads back into itself, a list does not end where it began */
	S2_BUDGET,    /* so much memory cannot hold so much: s2dump did not go on (base/budget.h) */
};

/* Room for one line; longer text loses its end. */
#define S2_ERR_TEXT 480

/* Caller-owned, no heap. Empty after s2_err_init(). */
struct s2_err {
	enum s2_code code;
	char text[S2_ERR_TEXT];
	const char *see; /* where more is said of it, a constant; NULL: where callers know */
};

#define S2_MUST_CHECK __attribute__((warn_unused_result))
#define S2_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

void s2_err_init(struct s2_err *err);

/*
 * Says what failed, at the bottom: sets code and text and returns @code, so that a caller can
 * `return s2_fail(err, ...)`. @err may be NULL when nobody will read the text.
 */
#define s2_fail(err, code, ...) s2_not_ok(s2_err_set(err, code, __VA_ARGS__))

/*
 * Says what was being done, on the way up: prepends the text and ": ". Returns @code, the one that
 * came from below: without @err nobody else knows it.
 */
#define s2_wrap(err, code, ...) s2_not_ok(s2_err_prepend(err, code, __VA_ARGS__))

/* What stands behind the two: never S2_OK. */
enum s2_code s2_err_set(struct s2_err *err, enum s2_code code, const char *fmt, ...)
	S2_PRINTF(3, 4);
enum s2_code s2_err_prepend(struct s2_err *err, enum s2_code code, const char *fmt, ...)
	S2_PRINTF(3, 4);

/* Tells the compiler so: what is only set on success is then known not to be read after a failure. */
static inline enum s2_code s2_not_ok(enum s2_code code)
{
	if (code == S2_OK)
		__builtin_unreachable();
	return code;
}

/*
 * Was there a time, since the program began, at which memory was lacking or a file with symbols
 * could not be read? Who asks whether something is there may take that for a no: what was answered
 * since is not to be relied on. The first such code, else S2_OK. s2_fail() notes S2_NOMEM by
 * itself.
 */
enum s2_code s2_err_failing(void);
void s2_err_note_failing(enum s2_code code);

/* A line for people, when there was. */
const char *s2_err_failing_text(void);

/* True for the codes that mean "these bytes are not in the dump". */
static inline bool s2_is_missing(enum s2_code code)
{
	return code == S2_ABSENT || code == S2_EXCLUDED || code == S2_TRUNCATED ||
	       code == S2_DAMAGED;
}

/* A word for a code as it stands in output: "absent", "excluded", "truncated", "loop", ... */
const char *s2_code_name(enum s2_code code);

#endif
