// SPDX-License-Identifier: GPL-2.0-or-later
// Sizes, addresses, rights and flags as the text output prints them.
#include "format/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/num.h"
#include "model/slots.h"

/* Digits of @n; returns where they end. By hand: each row has such a number. */
static char *put_number(char *ret, unsigned int n)
{
	char digits[10];
	unsigned int len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	while (len)
		*ret++ = digits[--len];
	return ret;
}

/* Hot path, with the columns of a row. */
void s2_text_size(uint64_t size, char ret[S2_TEXT_SIZE_LEN])
{
	unsigned int unit = size ? (63 - (unsigned int)__builtin_clzll(size)) / 10 : 0;
	uint64_t one = BIT64(unit * 10), whole = size / one, rest = size % one;
	unsigned int hundredths = 0;
	bool about;

	/* A digit at a time: the rest times 10 fits, below 2^60. */
	for (unsigned int i = 0; i < 2; i++) {
		rest *= 10;
		hundredths = hundredths * 10 + (unsigned int)(rest / one);
		rest %= one;
	}
	about = rest != 0;
	if (about && rest * 2 >= one && ++hundredths == 100) {
		hundredths = 0;
		if (++whole == 1024 && unit < 6) {
			whole = 1;
			unit++;
		}
	}
	if (about)
		*ret++ = '~';
	ret = put_number(ret, (unsigned int)whole);
	if (hundredths) {
		*ret++ = '.';
		*ret++ = (char)('0' + hundredths / 10);
		if (hundredths % 10)
			*ret++ = (char)('0' + hundredths % 10);
	}
	if (unit)
		*ret++ = "KMGTPE"[unit - 1];
	*ret = '\0';
}

void s2_text_time(uint64_t seconds, char ret[S2_TEXT_TIME_LEN])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(ret, S2_TEXT_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*ret = '\0';
}

unsigned int s2_text_ia_digits(uint64_t last)
{
	if (last == UINT64_MAX)
		return 16;
	return (63 - (unsigned int)__builtin_clzll(last + 1)) / 4 + 1;
}

void s2_text_ia_range(struct s2_out *out, uint64_t ia, uint64_t size, unsigned int digits)
{
	s2_out_hex(out, ia, digits);
	s2_out_str(out, "-");
	if (ia + size)
		s2_out_hex(out, ia + size, digits);
	else
		s2_out_str(out, S2_PAST_TEXT);
}

/* How many columns [@text, @text + @len) takes. */
static size_t columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\033') {
			while (i < len && text[i] != 'm')
				i++;
			continue;
		}
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return n;
}

void s2_text_wrap(struct s2_out *out, const char *text, size_t len, unsigned int indent)
{
	size_t at = 0, least = 0;

	while (len) {
		size_t blanks = 0, word, n;

		while (blanks < len && text[blanks] == ' ')
			blanks++;
		if (blanks == len)
			break;
		for (word = blanks; word < len && text[word] != ' ';)
			word++;
		n = columns(text, word);
		if (at > least && at + n > S2_TEXT_WIDTH) {
			s2_out_str(out, "\n");
			s2_out_pad(out, "", indent);
			at = least = indent;
			n -= blanks;
			s2_out_mem(out, text + blanks, word - blanks);
		} else {
			s2_out_mem(out, text, word);
		}
		at += n;
		text += word;
		len -= word;
	}
	s2_out_str(out, "\n");
}

void s2_text_wrap_page(struct s2_out *page, struct s2_out *out, unsigned int indent,
		       unsigned int under)
{
	const char *text = page->buf, *end = text + page->used, *stop;

	while (text < end && (stop = memchr(text, '\n', (size_t)(end - text)))) {
		s2_text_wrap(out, text, (size_t)(stop - text), *text == ' ' ? under : indent);
		text = stop + 1;
	}
	page->used = 0;
}

void s2_text_slot(struct s2_out *out, const struct s2_label *label)
{
	char text[S2_LABEL_TEXT];

	if (s2_slots_known_of(label))
		s2_out_printf(out, " slot:%s", s2_slots_annotator.columns[0].text(label, text));
}

void s2_text_flags_init(struct s2_text_flags *flags)
{
	flags->len = 0;
	strcpy(flags->text, "-");
}

void s2_text_flag(struct s2_text_flags *flags, const char *mark, const char *word)
{
	size_t room = sizeof(flags->text) - flags->len;
	int n = snprintf(flags->text + flags->len, room, "%s%s%s", flags->len ? "," : "", mark,
			 word);

	if (n < 0 || (size_t)n >= room) {
		flags->text[flags->len] = '\0';
		return;
	}
	flags->len += (unsigned int)n;
}

void s2_text_flag_hex(struct s2_text_flags *flags, const char *word, uint64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), "%s=0x%" PRIx64, word, value);
	s2_text_flag(flags, "", text);
}

void s2_text_flag_number(struct s2_text_flags *flags, const char *word, uint64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), "%s=%" PRIu64, word, value);
	s2_text_flag(flags, "", text);
}
