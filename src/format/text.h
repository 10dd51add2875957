/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of the text output: one token each, for people and awk. */
#ifndef S2_FORMAT_TEXT_H
#define S2_FORMAT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/out.h"
#include "decode/arch.h"
#include "model/annotate.h"

/*
 * A size in the largest unit in which it is at least 1: "4K", "127.5T", "512" (bytes), "0". Exact
 * with at most two decimals, else rounded to two and with ~ before it: "~3.91G"; zeros at the end
 * are dropped, and what would round to 1024 of a unit is "~1" of the next.
 */
#define S2_TEXT_SIZE_LEN 12
void s2_text_size(uint64_t size, char ret[S2_TEXT_SIZE_LEN]);

/* "2026-11-20T14:03:11Z", of seconds since 1970; "" of what is beyond any calendar. */
#define S2_TEXT_TIME_LEN 32
void s2_text_time(uint64_t seconds, char ret[S2_TEXT_TIME_LEN]);

/* How many digits the input addresses of a space have whose last address is @last: as many as its
 * end needs, 16 when that is 2^64. */
unsigned int s2_text_ia_digits(uint64_t last);

/* "0x...-0x...": @size bytes from @ia on, both ends with @digits digits; an end of 2^64 has one
 * more. */
void s2_text_ia_range(struct s2_out *out, uint64_t ia, uint64_t size, unsigned int digits);

/* What people read as sentences fits a terminal of this width; tables have their own. */
#define S2_TEXT_WIDTH 80

/*
 * [@text, @text + @len) without a line end, and one behind it: broken between words where it would
 * be longer than S2_TEXT_WIDTH, what follows by @indent. A word is never cut. Bytes that take no
 * column, of UTF-8 and of colours, do not count.
 */
void s2_text_wrap(struct s2_out *out, const char *text, size_t len, unsigned int indent);

/* Empties @page, which holds whole lines that were not written yet, into @out: each is broken so,
 * those that begin with a blank by @under. */
void s2_text_wrap_page(struct s2_out *page, struct s2_out *out, unsigned int indent,
		       unsigned int under);

/* " slot:2:log" of what s2_slots_label() made; nothing where slots are not known. */
void s2_text_slot(struct s2_out *out, const struct s2_label *label);

/* A column of words joined by commas, "-" when there is none. */
struct s2_text_flags {
	unsigned int len;
	char text[200];
};

void s2_text_flags_init(struct s2_text_flags *flags);
/* @mark stands before the word: "" or "!". A word that does not fit is left out as a whole. */
void s2_text_flag(struct s2_text_flags *flags, const char *mark, const char *word);
/* "raw=0x1000" */
void s2_text_flag_hex(struct s2_text_flags *flags, const char *word, uint64_t value);
/* "sw=2" */
void s2_text_flag_number(struct s2_text_flags *flags, const char *word, uint64_t value);

#endif
