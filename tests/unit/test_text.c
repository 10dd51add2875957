// SPDX-License-Identifier: GPL-2.0-or-later
// The pieces of the text output: sizes, addresses, rights, flags, names, times, and what of foreign
// text may be printed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/escape.h"
#include "base/words.h"
#include "format/grid.h"
#include "format/text.h"

static void sizes(void **state)
{
	static const struct {
		uint64_t size;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 4096, "4K" },
		{ 1536, "1.5K" },
		{ 1280, "1.25K" },
		{ 1025, "~1K" },
		{ 1152, "~1.13K" }, /* 1.125 */
		{ 0x1f0000, "~1.94M" },
		{ 130560ULL << 30, "127.5T" },
		{ 4199999488, "~3.91G" },
		{ BIT64(30) - 4096, "~1G" }, /* never 1024M */
		{ BIT64(20) - 1, "~1M" },    /* never 1024K */
		{ BIT64(30) - 6 * 1024 * 1024, "1018M" },
		{ 4563402752, "4.25G" },
		{ 2 * BIT64(30) + BIT64(30) / 10, "~2.1G" },
		{ BIT64(60), "1E" },
		{ BIT64(63) + BIT64(62), "12E" },
		{ UINT64_MAX, "~16E" },
		{ BIT64(60) + BIT64(58), "1.25E" },
		{ BIT64(61) - 1, "~2E" },
	};
	char text[S2_TEXT_SIZE_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s2_text_size(rows[i].size, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* "~" exactly when the text does not give the size back, and then it is within half of a hundredth.
 */
static void sizes_say_what_they_are(void **state)
{
	uint64_t size = 1;
	char text[S2_TEXT_SIZE_LEN];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		char *end;
		long double unit = 1, got;

		size = size * 6364136223846793005ULL + 1442695040888963407ULL;
		s2_text_size(size >> i % 64, text);
		got = strtold(text + (*text == '~'), &end);
		for (const char *u = "KMGTPE"; *end && *u; u++) {
			unit *= 1024;
			if (*u == *end)
				break;
		}
		assert_true(got >= 1 || !(size >> i % 64));
		assert_true(got < 1024);
		got *= unit;
		assert_int_equal(*text == '~', got != (long double)(size >> i % 64));
		assert_true((got - (size >> i % 64)) / unit <= 0.0050001L);
		assert_true(((size >> i % 64) - got) / unit <= 0.0050001L);
	}
}

/* What a pipe gets of a buffer that is not flushed. */
static const char *printed(struct s2_out *out)
{
	out->buf[out->used] = '\0';
	out->used = 0;
	return out->buf;
}

static void addresses(void **state)
{
	static struct s2_out out;

	(void)state;
	s2_out_init(&out, -1);
	assert_int_equal(s2_text_ia_digits(BIT64(40) - 1), 11);
	assert_int_equal(s2_text_ia_digits(BIT64(39) - 1), 10);
	assert_int_equal(s2_text_ia_digits(BIT64(48) - 1), 13);
	assert_int_equal(s2_text_ia_digits(UINT64_MAX), 16);
	assert_int_equal(s2_text_ia_digits(0), 1);
	s2_text_ia_range(&out, 0x40000000, 0x1000, 11);
	assert_string_equal(printed(&out), "0x00040000000-0x00040001000");
	s2_text_ia_range(&out, BIT64(39), BIT64(39), 11);
	assert_string_equal(printed(&out), "0x08000000000-0x10000000000");
	s2_text_ia_range(&out, UINT64_MAX - 4095, 4096, 16);
	assert_string_equal(printed(&out), "0xfffffffffffff000-0x10000000000000000");
}

/* ISO 8601, UTC: 951782400 is the day that a year divisible by 100 has only when 400 divides it. */
static void times(void **state)
{
	char text[S2_TEXT_TIME_LEN];

	(void)state;
	s2_text_time(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	s2_text_time(951782400, text);
	assert_string_equal(text, "2000-02-29T00:00:00Z");
	s2_text_time(4294967296, text);
	assert_string_equal(text, "2106-02-07T06:28:16Z");
	s2_text_time(UINT64_C(1) << 62, text);
	assert_string_equal(text, "");
}

static void rights(void **state)
{
	char text[S2_TEXT_RIGHTS_LEN];

	(void)state;
	for (unsigned int bits = 0; bits < 64; bits++) {
		struct s2_rights r = { true,     bits & 1,  bits & 2, bits & 4,
				       bits & 8, bits & 16, bits & 32 };
		char one[4] = { bits & 1 ? 'r' : '-', bits & 2 ? 'w' : '-',
				"-pux"[!!(bits & 4) + 2 * !!(bits & 32)], '\0' };
		char two[8] = { one[0],
				one[1],
				bits & 4 ? 'x' : '-',
				'/',
				bits & 8 ? 'r' : '-',
				bits & 16 ? 'w' : '-',
				bits & 32 ? 'x' : '-',
				'\0' };

		s2_text_rights(&r, false, text);
		assert_string_equal(text, one);
		s2_text_rights(&r, true, text);
		assert_string_equal(text, two);
	}
}

static void flags(void **state)
{
	struct s2_text_flags f;
	char longest[sizeof(f.text)];

	(void)state;
	s2_text_flags_init(&f);
	assert_string_equal(f.text, "-");
	s2_text_flag(&f, "", "cont");
	assert_string_equal(f.text, "cont");
	s2_text_flag_number(&f, "sw", 2);
	s2_text_flag(&f, "!", "res0");
	assert_string_equal(f.text, "cont,sw=2,!res0");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	s2_text_flag(&f, "", longest);
	assert_string_equal(f.text, "cont,sw=2,!res0");
}

static void escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain \\ ~", "plain \\ ~" },
		{ "a\tb\nc\x7f", "a\\x09b\\x0ac\\x7f" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0" }, /* C1 */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },                          /* U+202E */
		{ "\xe2\x81\xa6\xe2\x81\xaa", "\\xe2\\x81\\xa6\xe2\x81\xaa" },  /* U+2066, U+206A */
		{ "\xef\xbb\xbf\xef\xbb\xbe", "\\xef\\xbb\\xbf\xef\xbb\xbe" },  /* U+FEFF, U+FEFE */
		{ "\xd8\x9c\xe2\x80\x8f\xe2\x80\xa8", "\\xd8\\x9c\\xe2\\x80\\x8f\\xe2\\x80\\xa8" },
		{ "\xc0\xaf\xe0\x80\x80\xf0\x80\x80\x80", /* overlong */
		  "\\xc0\\xaf\\xe0\\x80\\x80\\xf0\\x80\\x80\\x80" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },                   /* a surrogate */
		{ "\xf4\x90\x80\x80\xf5", "\\xf4\\x90\\x80\\x80\\xf5" }, /* beyond U+10FFFF */
		{ "\x80\xff\xe2\x82", "\\x80\\xff\\xe2\\x82" },          /* cut off */
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(s2_escape(rows[i].in, strlen(rows[i].in), text, sizeof(text)),
				 strlen(rows[i].out));
		assert_string_equal(text, rows[i].out);
	}
	/* A zero byte is one like others; nothing is cut in its middle. */
	assert_int_equal(s2_escape("a\0b", 3, text, sizeof(text)), 6);
	assert_string_equal(text, "a\\x00b");
	assert_int_equal(s2_escape("ab\xe2\x82\xac", 5, text, 5), 2);
	assert_int_equal(s2_escape("ab\xe2\x82\xac", 5, text, 6), 5);
	assert_int_equal(s2_escape("\a\a", 2, text, 8), 4);
}

/* However little room there is, the text ends in it. */
static void lists_of_words(void **state)
{
	static const char whole[] = "one, 2 or three";

	(void)state;
	for (size_t size = 1; size <= sizeof(whole) + 1; size++) {
		char list[sizeof(whole) + 2] = "";

		memset(list + 1, 'x', sizeof(list) - 1);
		s2_words_add(list, size, ", ", "%s", "one");
		s2_words_add(list, size, ", ", "%d", 2);
		s2_words_add(list, size, " or ", "%s", "three");
		assert_int_equal(strlen(list), size < sizeof(whole) ? size - 1 : sizeof(whole) - 1);
		assert_memory_equal(list, whole, strlen(list));
		assert_int_equal(list[size], 'x');
	}
}

static void wrap(const char *want, const char *text, unsigned int indent)
{
	struct s2_out *out = malloc(sizeof(*out));

	assert_non_null(out);
	s2_out_init(out, -1);
	s2_text_wrap(out, text, strlen(text), indent);
	assert_int_equal(out->used, strlen(want));
	assert_memory_equal(out->buf, want, out->used);
	free(out);
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
#define TEN "123456789 "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

/* Of all bytes those that no format escapes; what follows one of them is not looked at. */
static void plain(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		const char text[] = { 'a', (char)c, 'b' };
		bool all = c >= 0x20 && c <= 0x7e && !(c && strchr("\",\\", c));

		assert_int_equal(s2_plain(text, sizeof(text)), all ? 3 : 1);
	}
	assert_int_equal(s2_plain("abc", 2), 2);
	assert_int_equal(s2_plain("", 0), 0);
}

static void wraps(void **state)
{
	(void)state;
	wrap("\n", "", 4);
	wrap("  a  b\n", "  a  b", 4);
	wrap(SEVENTY "123456789x\n", SEVENTY "123456789x", 4);
	wrap(SEVENTY "123456789\n    y\n", SEVENTY "123456789 y", 4);
	wrap(SEVENTY "1\n  123456789 y\n", SEVENTY "1   123456789 y", 2);
	/* Neither colours nor the further bytes of a character take a column. */
	wrap(SEVENTY "\033[1;31m12\303\26456789\033[0m x\n  y\n",
	     SEVENTY "\033[1;31m12\303\26456789\033[0m x y", 2);
	/* A word is never cut, wherever it stands. */
	wrap("a\n  " LONG "\n  b\n", "a " LONG " b", 2);
	wrap(LONG "\n  b\n", LONG " b", 2);
}

static void put_words(struct s2_grid *grid, const char *a, const char *b, const char *c)
{
	s2_grid_word(grid, a, S2_PLAIN);
	s2_grid_word(grid, b, S2_PLAIN);
	s2_grid_word(grid, c, S2_PLAIN);
	s2_grid_line_end(grid);
}

static void words_below_each_other(void **state)
{
	static const char want[] = "a    title  c\n"
				   "1234 \303\266      last one is not padded\n"
				   "1    -      -\n"
				   "2    \033[1;31mlonger\033[0m x\n";
	struct s2_out *out = malloc(sizeof(*out));
	struct s2_grid *grid = malloc(sizeof(*grid));

	(void)state;
	assert_non_null(out);
	assert_non_null(grid);
	s2_out_init(out, -1);
	s2_grid_init(grid, out);
	put_words(grid, "a", "title", "c");
	/* A character that has two bytes takes one column. */
	put_words(grid, "1234", "\303\266", "last one is not padded");
	put_words(grid, "1", "-", "-");
	s2_grid_word(grid, "2", S2_PLAIN);
	s2_grid_word(grid, "longer", S2_ALARM);
	s2_grid_word(grid, "x", S2_PLAIN);
	s2_grid_flush(grid);
	/* Half a line waits for its end. */
	assert_int_equal(out->used, strstr(want, "2    ") - want);
	s2_grid_line_end(grid);
	s2_grid_flush(grid);
	assert_int_equal(out->used, strlen(want));
	assert_memory_equal(out->buf, want, out->used);
	free(grid);
	free(out);
}

/* Of more than can be held no line is lost, and what was wide once stays so; a word that is longer
 * than all of it takes no other line with it. */
static void more_than_is_held(void **state)
{
	enum { LINES = 4000 };
	struct s2_out *out = malloc(sizeof(*out));
	struct s2_grid *grid = malloc(sizeof(*grid));
	char *long_word = malloc(S2_GRID_HELD + 1);
	unsigned int lines = 0;

	(void)state;
	assert_non_null(out);
	assert_non_null(grid);
	assert_non_null(long_word);
	memset(long_word, 'x', S2_GRID_HELD);
	long_word[S2_GRID_HELD] = '\0';
	s2_out_init(out, -1);
	s2_grid_init(grid, out);
	for (unsigned int i = 0; i < LINES; i++)
		put_words(grid, i + 1 == LINES ? "wide" : "a", "b", "c");
	put_words(grid, "d", long_word, "e");
	put_words(grid, "f", "g", "h");
	s2_grid_flush(grid);
	for (size_t i = 0; i < out->used; i++)
		lines += out->buf[i] == '\n';
	assert_int_equal(lines, LINES + 2);
	assert_memory_equal(out->buf, "a b c\na b c\n", 12);
	assert_memory_equal(out->buf + out->used - 16, "d    e\n", 7);
	assert_memory_equal(out->buf + out->used - 9, "f    g h\n", 9);
	free(long_word);
	free(grid);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(sizes_say_what_they_are),
		cmocka_unit_test(addresses),
		cmocka_unit_test(rights),
		cmocka_unit_test(flags),
		cmocka_unit_test(escapes),
		cmocka_unit_test(plain),
		cmocka_unit_test(lists_of_words),
		cmocka_unit_test(wraps),
		cmocka_unit_test(times),
		cmocka_unit_test(words_below_each_other),
		cmocka_unit_test(more_than_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
