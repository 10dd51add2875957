// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers, addresses and ranges A-B as people type them, with no guess about what they may have
// meant.
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"

static int digit_value(char c, unsigned int base)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value >= 0 && (unsigned int)value < base ? value : -1;
}

/* The shift of a size suffix, 0 for the end of the text, -1 for anything else. */
static int suffix_shift(const char *text)
{
	if (!*text)
		return 0;
	if (text[1])
		return -1;
	switch (*text) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	case 'T':
	case 't':
		return 40;
	default:
		return -1;
	}
}

/* What digits say; @past: 2^64, which @value cannot hold. */
struct number {
	uint64_t value;
	bool past;
};

/* Appends a digit; false when that is more than 2^64. */
static bool add_digit(struct number *n, unsigned int base, unsigned int digit)
{
	uint64_t before = n->value, value;

	if (!n->past && !__builtin_mul_overflow(before, (uint64_t)base, &value) &&
	    s2_add_ok(value, digit, &n->value))
		return true;
	/* What wraps around once, and to 0. */
	if (n->past || before > UINT64_MAX / base + 1 || before * base + digit)
		return false;
	*n = (struct number){ .past = true };
	return true;
}

static enum s2_code too_large(const char *text, const char *what, struct s2_err *err)
{
	return s2_fail(err, S2_USAGE, "%s: '%s' does not fit in 64 bits", what, text);
}

/* The digits of @text from @digits on, and what may stand behind them. */
static enum s2_code parse_digits(const char *text, const char *digits, unsigned int base,
				 const char *what, struct number *ret, struct s2_err *err)
{
	const char *p = digits;
	int shift;

	*ret = (struct number){ 0 };
	if (digit_value(*p, base) < 0)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a number", what, text);
	for (int digit; (digit = digit_value(*p, base)) >= 0; p++)
		if (!add_digit(ret, base, (unsigned int)digit))
			return too_large(text, what, err);
	shift = suffix_shift(p);
	if (shift < 0)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a number (trailing '%s')", what,
			       text, p);
	if (!shift)
		return S2_OK;
	if (ret->past || (ret->value > UINT64_MAX >> shift && ret->value != BIT64(64 - shift)))
		return too_large(text, what, err);
	ret->past = ret->value > UINT64_MAX >> shift;
	ret->value <<= shift;
	return S2_OK;
}

static enum s2_code parse_number(const char *text, const char *what, struct number *ret,
				 struct s2_err *err)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	return parse_digits(text, text + (hex ? 2 : 0), hex ? 16 : 10, what, ret, err);
}

/* Only digits of a number in @base, one at least? */
static bool is_number(const char *text, unsigned int base)
{
	const char *p = text;

	while (digit_value(*p, base) >= 0)
		p++;
	return p > text && !*p;
}

/* Decimal digits that a kernel's log would mean as hexadecimal, and a person perhaps not. */
static bool is_ambiguous(const char *text)
{
	return text[0] != '0' && text[1] && is_number(text, 10);
}

static enum s2_code parse_address(const char *text, const char *what, struct number *ret,
				  struct s2_err *err)
{
	bool explicitly = text[0] == '0' && (text[1] == 'd' || text[1] == 'D');
	enum s2_code code;

	if (explicitly && digit_value(text[2], 10) >= 0 && is_number(text + 2, 10))
		return parse_digits(text, text + 2, 10, what, ret, err);
	/* 0d is 13 to a kernel's log, and to a person a decimal number of which nothing came. */
	if (explicitly && !text[2])
		return s2_fail(err, S2_USAGE, "%s: '%s' has no digits: write 0xd for 13", what,
			       text);
	if (!is_number(text, 16))
		return parse_number(text, what, ret, err);
	if (!is_ambiguous(text))
		return parse_digits(text, text, 16, what, ret, err);
	code = parse_digits(text, text, 10, what, ret, err);
	if (code || ret->past)
		return code ? code : too_large(text, what, err);
	return s2_fail(err, S2_USAGE,
		       "%s: %s is 0x%s or 0x%" PRIx64 ": write 0x, or 0d for decimal", what, text,
		       text, ret->value);
}

/* @number, which is to be below 2^64. */
static enum s2_code below_end(const struct number *number, const char *text, const char *what,
			      uint64_t *ret, struct s2_err *err)
{
	if (number->past)
		return too_large(text, what, err);
	*ret = number->value;
	return S2_OK;
}

enum s2_code s2_parse_u64(const char *text, const char *what, uint64_t *ret, struct s2_err *err)
{
	struct number number;
	enum s2_code code = parse_number(text, what, &number, err);

	return code ? code : below_end(&number, text, what, ret, err);
}

enum s2_code s2_parse_address(const char *text, const char *what, uint64_t *ret, struct s2_err *err)
{
	struct number number;
	enum s2_code code = parse_address(text, what, &number, err);

	return code ? code : below_end(&number, text, what, ret, err);
}

enum s2_code s2_parse_end(const char *text, const char *what, uint64_t *ret, bool *ret_past,
			  struct s2_err *err)
{
	struct number number;
	enum s2_code code = parse_address(text, what, &number, err);

	if (code)
		return code;
	*ret = number.value;
	*ret_past = number.past;
	return S2_OK;
}

enum s2_code s2_parse_u64_in(const char *text, const char *what, uint64_t min, uint64_t max,
			     uint64_t *ret, struct s2_err *err)
{
	uint64_t value = 0;
	/* Below zero there are numbers, too: they are out of range. */
	bool negative = *text == '-' && is_number(text + 1, 10);
	enum s2_code code = negative ? S2_OK : s2_parse_u64(text, what, &value, err);

	if (code)
		return code;
	if (negative || value < min || value > max)
		return s2_fail(err, S2_USAGE, "%s: %s is not in %llu..%llu", what, text,
			       (unsigned long long)min, (unsigned long long)max);
	*ret = value;
	return S2_OK;
}

enum s2_code s2_parse_int_in(const char *text, const char *what, int min, int max, int *ret,
			     struct s2_err *err)
{
	bool negative = text[0] == '-';
	uint64_t magnitude;
	int64_t value;
	enum s2_code code = s2_parse_u64(text + negative, what, &magnitude, NULL);

	if (code)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a number", what, text);
	value = magnitude > INT32_MAX ? INT32_MAX : (int64_t)magnitude;
	if (negative)
		value = -value;
	if (value < min || value > max)
		return s2_fail(err, S2_USAGE, "%s: %s is not in %d..%d", what, text, min, max);
	*ret = (int)value;
	return S2_OK;
}

void s2_range_text(uint64_t first, uint64_t last, char ret[S2_RANGE_TEXT])
{
	int n = snprintf(ret, S2_RANGE_TEXT, "0x%" PRIx64 "-", first);

	if (last == UINT64_MAX)
		snprintf(ret + n, S2_RANGE_TEXT - (size_t)n, "%s", S2_PAST_TEXT);
	else
		snprintf(ret + n, S2_RANGE_TEXT - (size_t)n, "0x%" PRIx64, last + 1);
}

enum s2_code s2_parse_range(const char *text, const char *what, uint64_t *ret_first,
			    uint64_t *ret_last, struct s2_err *err)
{
	const char *dash = strchr(text, '-');
	uint64_t start, end;
	char first[64];
	enum s2_code code;
	bool past;

	if (!dash || dash == text || !dash[1] || (size_t)(dash - text) >= sizeof(first))
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a range A-B", what, text);
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	code = s2_parse_address(first, what, &start, err);
	if (!code)
		code = s2_parse_end(dash + 1, what, &end, &past, err);
	if (code)
		return code;
	if (start >= end && !past)
		return s2_fail(err, S2_USAGE,
			       "%s: '%s' is empty, it must be START-END with START below END", what,
			       text);
	*ret_first = start;
	*ret_last = end - 1;
	return S2_OK;
}
