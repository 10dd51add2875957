// SPDX-License-Identifier: GPL-2.0-or-later
// Percentage, rate and time left, by hand: printf() is not safe in a signal handler.
#include "format/progress.h"

#include "base/bits.h"

struct line {
	char *text;
	size_t len, room;
};

static void put(struct line *line, const char *text)
{
	for (; *text && line->len + 1 < line->room; text++)
		line->text[line->len++] = *text;
}

/* At least @digits digits. */
static void put_number(struct line *line, uint64_t n, unsigned int digits)
{
	char text[24];
	size_t at = sizeof(text) - 1;

	text[at] = '\0';
	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n || sizeof(text) - 1 - at < digits);
	put(line, text + at);
}

/* "340.2 MiB", "1.2 GiB" */
static void put_bytes(struct line *line, double bytes)
{
	static const char *const units[] = { " MiB", " GiB", " TiB" };
	double n = bytes / (1 << 20);
	unsigned int unit = 0;
	uint64_t tenths;

	for (; n >= 1023.95 && unit + 1 < ARRAY_SIZE(units); unit++)
		n /= 1024;
	tenths = (uint64_t)(n * 10 + 0.5);
	put_number(line, tenths / 10, 1);
	put(line, ".");
	put_number(line, tenths % 10, 1);
	put(line, units[unit]);
}

/* "0:14", "1:02:03" */
static void put_time(struct line *line, uint64_t s)
{
	if (s >= 3600) {
		put_number(line, s / 3600, 1);
		put(line, ":");
	}
	put_number(line, s / 60 % 60, s >= 3600 ? 2 : 1);
	put(line, ":");
	put_number(line, s % 60, 2);
}

size_t s2_progress_text(char *ret, size_t room, const char *stage, uint64_t done, uint64_t total,
			uint64_t ms)
{
	struct line line = { .text = ret, .room = room };
	double rate = (double)done / (double)(ms ? ms : 1); /* per millisecond */

	put(&line, stage);
	put(&line, ": ");
	if (!done) {
		put_number(&line, ms / 1000, 1);
		put(&line, " s");
	} else if (done < total) {
		put_number(&line, (uint64_t)((double)done * 100 / (double)total), 1);
		put(&line, "%, ");
		put_bytes(&line, rate * 1000);
		put(&line, "/s, ");
		/* Rounded up: it takes a second until nothing is left. */
		put_time(&line, (uint64_t)((double)(total - done) / rate / 1000) + 1);
		put(&line, " left");
	} else {
		put_bytes(&line, (double)done);
		put(&line, " so far, ");
		put_bytes(&line, rate * 1000);
		put(&line, "/s");
	}
	if (room)
		ret[line.len] = '\0';
	return line.len;
}
