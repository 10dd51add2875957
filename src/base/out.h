/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffered output that never loses what was already written and remembers the first failure. */
#ifndef S2_BASE_OUT_H
#define S2_BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/fold.h"

#define S2_OUT_SIZE 65536

struct s2_out {
	int fd;
	int error; /* errno of the first failed write, 0 while all is well */
	void (*before)(const struct s2_out *out); /* called before bytes are written; NULL */
	struct s2_fold fold; /* lines of a terminal; zeros: they are written as they are */
	bool closed;      /* the reader went away (EPIPE): not an error, but nothing more to do */
	uint64_t flushed; /* bytes that were in the buffer before */
	size_t used;
	char buf[S2_OUT_SIZE];
};

void s2_out_init(struct s2_out *out, int fd);

/* Writes the buffer out. S2_IO when a write failed, now or before; a closed pipe is S2_OK. */
enum s2_code s2_out_flush(struct s2_out *out, struct s2_err *err) S2_MUST_CHECK;

/* True when writing more is pointless. */
static inline bool s2_out_dead(const struct s2_out *out)
{
	return out->error || out->closed;
}

/* How much was printed so far. */
static inline uint64_t s2_out_bytes(const struct s2_out *out)
{
	return out->flushed + out->used;
}

/* s2_out_mem() when the buffer has no room. */
void s2_out_large(struct s2_out *out, const char *data, size_t len);

/* In the header because most text has a length that is known when it is compiled. */
static inline void s2_out_mem(struct s2_out *out, const char *data, size_t len)
{
	if (len > sizeof(out->buf) - out->used) {
		s2_out_large(out, data, len);
		return;
	}
	memcpy(out->buf + out->used, data, len);
	out->used += len;
}

static inline void s2_out_str(struct s2_out *out, const char *text)
{
	s2_out_mem(out, text, strlen(text));
}

void s2_out_printf(struct s2_out *out, const char *fmt, ...) S2_PRINTF(2, 3);

/* @text padded with blanks on the right up to @width (never cut). */
void s2_out_pad(struct s2_out *out, const char *text, unsigned int width);
/* ... on the left. */
void s2_out_pad_left(struct s2_out *out, const char *text, unsigned int width);

/* s2_out_room() when the buffer has none. */
void s2_out_make_room(struct s2_out *out, size_t len);

/* Room for @len bytes, at most S2_OUT_SIZE: who fills it adds to @used what it took. */
static inline char *s2_out_room(struct s2_out *out, size_t len)
{
	if (len > sizeof(out->buf) - out->used)
		s2_out_make_room(out, len);
	return out->buf + out->used;
}

/* "0x" and lower-case hex, at least @digits digits (0x%0*llx). */
void s2_out_hex(struct s2_out *out, uint64_t value, unsigned int digits);

/* "1 row", "2 rows". */
void s2_out_counted(struct s2_out *out, uint64_t n, const char *word);

/* Decimal, padded with blanks on the left up to @width. */
void s2_out_dec(struct s2_out *out, uint64_t value, unsigned int width);

static inline void s2_out_signed(struct s2_out *out, int64_t value)
{
	if (value < 0)
		s2_out_str(out, "-");
	s2_out_dec(out, value < 0 ? -(uint64_t)value : (uint64_t)value, 0);
}

#endif
