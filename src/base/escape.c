// SPDX-License-Identifier: GPL-2.0-or-later
// What may be printed of text that comes from a dump or a file's name, and what stands for the rest.
#include "base/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t s2_utf8(const char *text, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)*text;
	size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t code = n == 1 ? lead : lead & (0x7fU >> n);

	if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return n;
}

size_t s2_plain(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != ',' &&
	       text[n] != '\\')
		n++;
	return n;
}

/* Unicode's Bidi_Control, the separators that end a line for some terminals, and the byte order
 * mark, which is not seen. */
static bool turns_text(uint32_t code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0xfeff;
}

size_t s2_printable(const char *text, size_t left)
{
	uint32_t code;
	size_t n = s2_utf8(text, left, &code);

	if (n && (code < 0x20 || (code >= 0x7f && code <= 0x9f) || turns_text(code)))
		return 0;
	return n;
}

size_t s2_escape(const char *text, size_t len, char *ret, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		size_t n = s2_printable(text + i, len - i);

		if (at + (n ? n : 4) >= size)
			break;
		if (n)
			memcpy(ret + at, text + i, n);
		else
			snprintf(ret + at, size - at, "\\x%02x", (unsigned char)text[i]);
		at += n ? n : 4;
		i += n ? n : 1;
	}
	ret[at] = '\0';
	return at;
}

/* Scripts of which a character takes two columns: from U+3000 on to the end of Hangul, and what
 * four bytes are needed for, emoji mostly. */
static bool is_wide(unsigned char lead)
{
	return (lead >= 0xe3 && lead <= 0xed) || lead >= 0xf0;
}

unsigned int s2_columns_taken(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte & 0xc0) != 0x80)
			n += is_wide(byte) ? 2 : 1;
	}
	return n;
}
