// SPDX-License-Identifier: GPL-2.0-or-later
// A 64 KiB buffer in front of write(2); hex and decimal by hand because rows are a hot path (bench/).
#include "base/out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void s2_out_init(struct s2_out *out, int fd)
{
	out->fd = fd;
	out->error = 0;
	out->closed = false;
	out->before = NULL;
	out->fold = (struct s2_fold){ 0 };
	out->flushed = 0;
	out->used = 0;
}

static void write_all(struct s2_out *out, const char *data, size_t len)
{
	out->flushed += len;
	if (len && out->before)
		out->before(out);
	while (len && !s2_out_dead(out)) {
		ssize_t n = write(out->fd, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EPIPE) {
			out->closed = true;
		} else if (n < 0 && errno != EINTR) {
			out->error = errno;
		}
	}
}

/* What is folded, until it is written. */
struct folded {
	struct s2_out *out;
	size_t used;
	char buf[4096];
};

static void put_folded(void *arg, const char *text, size_t len)
{
	struct folded *f = arg;

	if (len > sizeof(f->buf) - f->used) {
		write_all(f->out, f->buf, f->used);
		f->used = 0;
	}
	if (len > sizeof(f->buf)) {
		write_all(f->out, text, len);
		return;
	}
	memcpy(f->buf + f->used, text, len);
	f->used += len;
}

/* The lines that are whole, broken; what follows them stays. */
static void write_lines(struct s2_out *out)
{
	struct folded folded = { .out = out };
	const char *line = out->buf, *end = out->buf + out->used, *stop;

	while ((stop = memchr(line, '\n', (size_t)(end - line)))) {
		s2_fold_line(&out->fold, line, (size_t)(stop - line), put_folded, &folded);
		line = stop + 1;
	}
	write_all(out, folded.buf, folded.used);
	out->used = (size_t)(end - line);
	memmove(out->buf, line, out->used);
}

enum s2_code s2_out_flush(struct s2_out *out, struct s2_err *err)
{
	if (out->fold.width)
		write_lines(out);
	write_all(out, out->buf, out->used);
	out->used = 0;
	if (out->error)
		return s2_fail(err, S2_IO, "write error: %s", strerror(out->error));
	return S2_OK;
}

void s2_out_make_room(struct s2_out *out, size_t len)
{
	if (out->fold.width)
		write_lines(out);
	if (len <= sizeof(out->buf) - out->used)
		return;
	write_all(out, out->buf, out->used);
	out->used = 0;
}

void s2_out_large(struct s2_out *out, const char *data, size_t len)
{
	s2_out_make_room(out, len);
	if (len > sizeof(out->buf)) {
		write_all(out, data, len);
		return;
	}
	memcpy(out->buf + out->used, data, len);
	out->used += len;
}

void s2_out_printf(struct s2_out *out, const char *fmt, ...)
{
	char text[2048];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		s2_out_mem(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_blanks(struct s2_out *out, size_t n)
{
	static const char blanks[] = "                                ";

	for (size_t part; n; n -= part) {
		part = n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1;
		s2_out_mem(out, blanks, part);
	}
}

void s2_out_pad(struct s2_out *out, const char *text, unsigned int width)
{
	size_t len = strlen(text);

	s2_out_mem(out, text, len);
	put_blanks(out, len < width ? width - len : 0);
}

void s2_out_pad_left(struct s2_out *out, const char *text, unsigned int width)
{
	size_t len = strlen(text);

	put_blanks(out, len < width ? width - len : 0);
	s2_out_mem(out, text, len);
}

void s2_out_hex(struct s2_out *out, uint64_t value, unsigned int digits)
{
	unsigned int n = value ? (67 - (unsigned int)__builtin_clzll(value)) / 4 : 1;
	char *room = s2_out_room(out, 18);

	if (n < digits)
		n = digits < 16 ? digits : 16;
	room[0] = '0';
	room[1] = 'x';
	for (unsigned int i = n; i; i--) {
		room[1 + i] = "0123456789abcdef"[value & 0xf];
		value >>= 4;
	}
	out->used += 2 + n;
}

void s2_out_counted(struct s2_out *out, uint64_t n, const char *word)
{
	s2_out_printf(out, "%" PRIu64 " %s%s", n, word, n == 1 ? "" : "s");
}

void s2_out_dec(struct s2_out *out, uint64_t value, unsigned int width)
{
	char text[32];
	unsigned int n = 0;

	do {
		text[sizeof(text) - ++n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n < width && n < sizeof(text))
		text[sizeof(text) - ++n] = ' ';
	s2_out_mem(out, text + sizeof(text) - n, n);
}
