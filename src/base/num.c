// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers as people type them, with no guess about what they may have meant.
#include "base/num.h"

#include <string.h>

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

enum s2_code s2_parse_u64(const char *text, const char *what, uint64_t *ret, struct s2_err *err)
{
	unsigned int base = 10;
	const char *p = text;
	uint64_t value = 0;
	int shift;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (digit_value(*p, base) < 0)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a number", what, text);
	for (; digit_value(*p, base) >= 0; p++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    !s2_add_ok(value, (uint64_t)digit_value(*p, base), &value))
			return s2_fail(err, S2_USAGE, "%s: '%s' does not fit in 64 bits", what,
				       text);
	}
	shift = suffix_shift(p);
	if (shift < 0)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a number (trailing '%s')", what,
			       text, p);
	if (shift && value > UINT64_MAX >> shift)
		return s2_fail(err, S2_USAGE, "%s: '%s' does not fit in 64 bits", what, text);
	*ret = value << shift;
	return S2_OK;
}

enum s2_code s2_parse_u64_in(const char *text, const char *what, uint64_t min, uint64_t max,
			     uint64_t *ret, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64(text, what, &value, err);

	if (code)
		return code;
	if (value < min || value > max)
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
	enum s2_code code = s2_parse_u64(text + negative, what, &magnitude, err);

	if (code)
		return code;
	value = magnitude > INT32_MAX ? INT32_MAX : (int64_t)magnitude;
	if (negative)
		value = -value;
	if (value < min || value > max)
		return s2_fail(err, S2_USAGE, "%s: %s is not in %d..%d", what, text, min, max);
	*ret = (int)value;
	return S2_OK;
}

enum s2_code s2_parse_range(const char *text, const char *what, uint64_t *ret_start,
			    uint64_t *ret_end, struct s2_err *err)
{
	const char *dash = strchr(text, '-');
	uint64_t start, end;
	char first[64];
	enum s2_code code;

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a range A-B", what, text);
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	code = s2_parse_u64(first, what, &start, NULL);
	if (!code)
		code = s2_parse_u64(dash + 1, what, &end, NULL);
	if (code)
		return s2_fail(err, S2_USAGE, "%s: '%s' is not a range A-B", what, text);
	if (start >= end)
		return s2_fail(err, S2_USAGE,
			       "%s: '%s' is empty, it must be START-END with START below END", what,
			       text);
	*ret_start = start;
	*ret_end = end;
	return S2_OK;
}
