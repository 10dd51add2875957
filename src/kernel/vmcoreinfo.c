// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO text: lines, keys and the numbers behind them.
#include "kernel/vmcoreinfo.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

/* Notation per family. To add one: a row here and in enum s2_vmcoreinfo_kind, same order. */
static const struct {
	const char *open; /* before the name */
	const char *close;
	unsigned int base; /* 0: decimal with sign, or 0x hex */
} families[] = {
	[S2_VI_SYMBOL] = { "SYMBOL(", ")", 16 },
	[S2_VI_NUMBER] = { "NUMBER(", ")", 0 },
	[S2_VI_OFFSET] = { "OFFSET(", ")", 10 },
	[S2_VI_SIZE] = { "SIZE(", ")", 10 },
	[S2_VI_LENGTH] = { "LENGTH(", ")", 10 },
	[S2_VI_PLAIN] = { "", "", 10 },
	[S2_VI_HEX] = { "", "", 16 },
};

enum s2_code s2_vmcoreinfo_init(struct s2_vmcoreinfo *ret, const void *text, size_t len,
				struct s2_err *err)
{
	struct s2_vmcoreinfo info = { .text = text, .len = text ? strnlen(text, len) : 0 };
	const char *value;
	size_t value_len;

	if (info.len > S2_VMCOREINFO_MAX)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO of %zu bytes is larger than any kernel's", info.len);
	for (size_t i = 0; i < info.len; i++) {
		unsigned char c = (unsigned char)info.text[i];

		if (c != '\n' && (c < ' ' || c > '~'))
			return s2_fail(err, S2_INVALID,
				       "VMCOREINFO holds a byte 0x%02x at offset %zu", c, i);
	}
	if (!s2_vmcoreinfo_text(&info, "OSRELEASE", &value, &value_len) || !value_len)
		return s2_fail(err, S2_INVALID, "VMCOREINFO has no OSRELEASE line");
	*ret = info;
	return S2_OK;
}

/* The value of the line that starts with @open @name @close and '='. */
static bool find_line(const struct s2_vmcoreinfo *info, const char *open, const char *name,
		      const char *close, const char **ret, size_t *ret_len)
{
	const char *end = info->text + info->len, *at = info->text, *stop;
	char start[128]; /* of the line: lines may be short, and many */
	int len = snprintf(start, sizeof(start), "%s%s%s=", open, name, close);

	if (len < 0 || (size_t)len >= sizeof(start))
		return false;
	for (; (at = memmem(at, (size_t)(end - at), start, (size_t)len)); at++) {
		if (at != info->text && at[-1] != '\n')
			continue;
		*ret = at + len;
		stop = memchr(*ret, '\n', (size_t)(end - *ret));
		*ret_len = (size_t)((stop ? stop : end) - *ret);
		return true;
	}
	return false;
}

bool s2_vmcoreinfo_text(const struct s2_vmcoreinfo *info, const char *key, const char **ret,
			size_t *ret_len)
{
	return info->len && find_line(info, "", key, "", ret, ret_len);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* All of @text as a number of 64 bits; a negative one leaves as its two's complement. */
static bool parse(const char *text, size_t len, unsigned int base, uint64_t *ret)
{
	bool negative = false;
	uint64_t value = 0;

	if (base == 0) {
		base = 10;
		if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
			base = 16;
			text += 2;
			len -= 2;
		} else if (len > 1 && text[0] == '-') {
			negative = true;
			text++;
			len--;
		}
	}
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)digit_of(text[i]);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	if (negative && value > BIT64(63))
		return false;
	*ret = negative ? -value : value;
	return true;
}

enum s2_code s2_vmcoreinfo_get(const struct s2_vmcoreinfo *info, enum s2_vmcoreinfo_kind kind,
			       const char *name, uint64_t *ret, struct s2_err *err)
{
	const char *open = families[kind].open, *close = families[kind].close;
	const char *text;
	size_t len;

	if (!info->len || !find_line(info, open, name, close, &text, &len))
		return s2_fail(err, S2_NOTFOUND, "VMCOREINFO has no %s%s%s", open, name, close);
	if (!parse(text, len, families[kind].base, ret))
		return s2_fail(err, S2_INVALID, "VMCOREINFO: %s%s%s=%.*s is not a number", open,
			       name, close, len > 40 ? 40 : (int)len, text);
	return S2_OK;
}
