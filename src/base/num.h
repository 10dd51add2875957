/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict reading of numbers from the command line and from text, and checked sums. */
#ifndef S2_BASE_NUM_H
#define S2_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Reads all of @text as one number: decimal or 0x hex, optionally followed by K, M, G or T
 * (powers of 1024). A sign, white space, an empty string, trailing text and overflow are errors
 * that name @what (an option, say) and show the text.
 */
enum s2_code s2_parse_u64(const char *text, const char *what, uint64_t *ret,
			  struct s2_err *err) S2_MUST_CHECK;

/* The same with a lower and an upper bound, both inclusive. */
enum s2_code s2_parse_u64_in(const char *text, const char *what, uint64_t min, uint64_t max,
			     uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/*
 * Reads an address or the value of a register, as s2_parse_u64() and as kernels print it: with
 * letters or leading zeros, digits are hexadecimal; 0d and a suffix say that they are decimal. One
 * digit is itself; what could be either is an error that shows both.
 */
enum s2_code s2_parse_address(const char *text, const char *what, uint64_t *ret,
			      struct s2_err *err) S2_MUST_CHECK;

/* The same of an end, which may be 2^64: @ret_past, and 0 in @ret. */
enum s2_code s2_parse_end(const char *text, const char *what, uint64_t *ret, bool *ret_past,
			  struct s2_err *err) S2_MUST_CHECK;

/* Reads a decimal number that may be negative (start levels). */
enum s2_code s2_parse_int_in(const char *text, const char *what, int min, int max, int *ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* The address behind the last of a 64-bit space. */
#define S2_PAST_TEXT "0x10000000000000000"

/* Reads "A-B", the half-open range [A, B) of addresses with A < B. B may be 2^64, as rows have it. */
enum s2_code s2_parse_range(const char *text, const char *what, uint64_t *ret_first,
			    uint64_t *ret_last, struct s2_err *err) S2_MUST_CHECK;

/* "0x1000-0x2000", of [first, last]. */
#define S2_RANGE_TEXT 48
void s2_range_text(uint64_t first, uint64_t last, char ret[S2_RANGE_TEXT]);

/* True when @a + @b fits; the sum leaves through @ret. */
static inline bool s2_add_ok(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

/* True when [@off, @off + @len) lies in [0, @size). No overflow whatever the values. */
static inline bool s2_fits(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

#endif
