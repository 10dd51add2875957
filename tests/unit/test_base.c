// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers, errors, output: the small things that everything stands on.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/budget.h"
#include "base/lost.h"
#include "base/num.h"
#include "base/out.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 },
		{ "10", 10 },
		{ "0x10", 16 },
		{ "0XfF", 255 },
		{ "4K", 4096 },
		{ "2m", 2097152 },
		{ "1G", 1ULL << 30 },
		{ "0x1T", 1ULL << 40 },
		{ "18446744073709551615", UINT64_MAX },
		{ "0xffffffffffffffff", UINT64_MAX },
		{ "007", 7 },
	};
	static const char *const bad[] = { "",
					   " 1",
					   "1 ",
					   "-1",
					   "+1",
					   "0x",
					   "x",
					   "1KB",
					   "1.5",
					   "18446744073709551616",
					   "0x10000000000000000",
					   "16777216T",
					   "1e3",
					   "K",
					   "0x1g1" };
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t value;

		assert_int_equal(s2_parse_u64(good[i].text, "n", &value, &err), S2_OK);
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t value = 77;

		assert_int_equal(s2_parse_u64(bad[i], "--what", &value, &err), S2_USAGE);
		assert_int_equal(value, 77);
		assert_non_null(strstr(err.text, "--what"));
		assert_non_null(strstr(err.text, bad[i]));
	}
}

/* As design and manual have it: what a kernel's log prints is read as it means it. */
static void addresses(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 },
		{ "7", 7 },
		{ "a", 10 },
		{ "0x80023559", 0x80023559 },
		{ "8002355f", 0x8002355f },
		{ "0000000080023559", 0x80023559 },
		{ "00", 0 },
		{ "ffff800008000000", 0xffff800008000000 },
		{ "FFFF", 0xffff },
		{ "0d80023559", 80023559 },
		{ "0D10", 10 },
		{ "0d1f", 0xd1f },
		{ "4K", 4096 },
		{ "1G", 1ULL << 30 },
		{ "12M", 12ULL << 20 },
		{ "00000000000080023559", 0x80023559 },
		{ "0xffffffffffffffff", UINT64_MAX },
		{ "0d18446744073709551615", UINT64_MAX },
		{ "16777215T", 0xffffff0000000000 },
	};
	static const char *const bad[] = {
		"", "x", "0x", "g", "80023559", "10", "0d", "0D", "12K4", "-1", "0d1 ", "0xg",
		"fffff000000000000", "0d1K",
		/* 2^64, and digits of which only one reading fits in 64 bits. */
		"0x10000000000000000", "0d18446744073709551616", "16777216T", "10000000000000000",
		"12345678901234567", "99999999999999999999999", "0x20000000000000000"
	};
	uint64_t value = 77;
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (s2_parse_address(good[i].text, "a", &value, &err))
			fail_msg("%s", err.text);
		assert_int_equal(value, good[i].value);
	}
	value = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (s2_parse_address(bad[i], "--what", &value, &err) != S2_USAGE)
			fail_msg("'%s' is taken", bad[i]);
	assert_int_equal(value, 77);
	assert_int_equal(s2_parse_address("80023559", "--vtcr", &value, &err), S2_USAGE);
	assert_string_equal(err.text, "--vtcr: 80023559 is 0x80023559 or 0x4c51007: write 0x, or "
				      "0d for decimal");
	assert_int_equal(s2_parse_range("0-80023559", "--range", &value, &value, &err), S2_USAGE);
	assert_non_null(strstr(err.text, "0x4c51007"));
	/* Of 17 digits the hexadecimal reading is too large for anything but an end. */
	assert_int_equal(s2_parse_address("12345678901234567", "--base", &value, &err), S2_USAGE);
	assert_string_equal(err.text, "--base: 12345678901234567 is 0x12345678901234567 or "
				      "0x2bdc545d6b4b87: write 0x, or 0d for decimal");
	assert_int_equal(s2_parse_address("0x20000000000000000", "--base", &value, &err), S2_USAGE);
	assert_string_equal(err.text, "--base: '0x20000000000000000' does not fit in 64 bits");
}

static void ranges(void **state)
{
	static const char *const past[] = { "0-0x010000000000000000", "0-16777216T",
					    "0-0d18446744073709551616", "0-17179869184G" };
	uint64_t a, b;
	struct s2_err err;
	int level;

	(void)state;
	assert_int_equal(s2_parse_range("0x1000-2G", "r", &a, &b, &err), S2_OK);
	assert_int_equal(a, 0x1000);
	assert_int_equal(b, (1ULL << 31) - 1);
	assert_int_equal(s2_parse_range("0-0x10000000000000000", "r", &a, &b, &err), S2_OK);
	assert_int_equal(a, 0);
	assert_int_equal(b, UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		b = 77;
		assert_int_equal(s2_parse_range(past[i], "r", &a, &b, &err), S2_OK);
		assert_int_equal(b, UINT64_MAX);
	}
	assert_int_equal(s2_parse_range("0-10000000000000000", "r", &a, &b, &err), S2_USAGE);
	assert_string_equal(err.text, "r: 10000000000000000 is 0x10000000000000000 or "
				      "0x2386f26fc10000: write 0x, or 0d for decimal");
	assert_int_equal(s2_parse_range("0x10000000000000000-0x10000000000000000", "r", &a, &b,
					&err),
			 S2_USAGE);
	assert_int_equal(s2_parse_range("0-0x10000000000000001", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("0-0x20000000000000000", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("0-0x100000000000000000", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("0-16777217T", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("0-33554432T", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("5-5", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("6-5", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("-5", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_range("5", "r", &a, &b, &err), S2_USAGE);
	assert_int_equal(s2_parse_int_in("-1", "l", -1, 3, &level, &err), S2_OK);
	assert_int_equal(level, -1);
	assert_int_equal(s2_parse_int_in("-2", "l", -1, 3, &level, &err), S2_USAGE);
	assert_int_equal(s2_parse_int_in("0xffffffffffffffff", "l", -1, 3, &level, &err), S2_USAGE);
	assert_int_equal(s2_parse_int_in("--1", "l", -1, 3, &level, &err), S2_USAGE);
}

static void fields(void **state)
{
	(void)state;
	assert_int_equal(BITS64(63, 0), UINT64_MAX);
	assert_int_equal(BITS64(49, 12), 0x0003fffffffff000ULL);
	assert_int_equal(BITS64(5, 5), 0x20);
	assert_int_equal(field_get(BITS64(15, 12), 0xabcd), 0xa);
	assert_int_equal(field_prep(BITS64(15, 12), 0x1b), 0xb000);
	assert_int_equal(low_bits(0), 0);
	assert_int_equal(low_bits(64), UINT64_MAX);
	assert_true(s2_fits(0, 0, 0));
	assert_false(s2_fits(1, 0, 0));
	assert_false(s2_fits(8, UINT64_MAX - 4, 16));
}

static void errors_gain_context(void **state)
{
	struct s2_err err;
	char longer[600];

	(void)state;
	s2_err_init(&err);
	assert_int_equal(s2_fail(&err, S2_ABSENT, "page %d", 3), S2_ABSENT);
	assert_int_equal(s2_wrap(&err, S2_ABSENT, "table %s", "x"), S2_ABSENT);
	assert_string_equal(err.text, "table x: page 3");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(s2_wrap(&err, S2_ABSENT, "%s", longer), S2_ABSENT);
	assert_int_equal(strlen(err.text), S2_ERR_TEXT - 1);
	assert_int_equal(s2_fail(NULL, S2_IO, "nobody reads"), S2_IO);
	assert_int_equal(s2_fail(NULL, S2_OK, "a mistake of the caller"), S2_INVALID);
}

static void errors_keep_their_code(void **state)
{
	struct s2_err err;

	(void)state;
	for (int code = S2_NOTMINE; code <= S2_BUDGET; code++) {
		assert_int_equal(s2_wrap(NULL, (enum s2_code)code, "nobody reads"), code);
		s2_err_init(&err);
		assert_int_equal(s2_wrap(&err, (enum s2_code)code, "nothing was said below"), code);
		assert_int_equal(err.code, code);
		assert_string_equal(err.text, "nothing was said below");
	}
	assert_int_equal(s2_wrap(NULL, S2_OK, "a mistake of the caller"), S2_INVALID);
}

static void codes_have_names(void **state)
{
	static const char *const names[] = {
		[S2_OK] = "ok",
		[S2_NOTMINE] = "not-mine",
		[S2_USAGE] = "usage",
		[S2_INVALID] = "invalid",
		[S2_NOTFOUND] = "not-found",
		[S2_IO] = "unreadable",
		[S2_NOMEM] = "no-memory",
		[S2_ABSENT] = "absent",
		[S2_EXCLUDED] = "excluded",
		[S2_TRUNCATED] = "truncated",
		[S2_DAMAGED] = "damaged",
		[S2_LOOP] = "loop",
		[S2_BUDGET] = "budget",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(s2_code_name((enum s2_code)i), names[i]);
	assert_string_equal(s2_code_name((enum s2_code)ARRAY_SIZE(names)), "unknown");
}

/* What was written through @out so far, by way of a pipe. */
static void expect_output(struct s2_out *out, int fd, const char *text)
{
	char buf[512];
	struct s2_err err;
	ssize_t n;

	assert_int_equal(s2_out_flush(out, &err), S2_OK);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	assert_string_equal(buf, text);
}

static void output_numbers(void **state)
{
	static struct s2_out out;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	s2_out_init(&out, fds[1]);
	s2_out_hex(&out, 0, 1);
	s2_out_hex(&out, 0xdeadbeef, 16);
	s2_out_hex(&out, UINT64_MAX, 1);
	expect_output(&out, fds[0], "0x00x00000000deadbeef0xffffffffffffffff");
	s2_out_dec(&out, 0, 0);
	s2_out_dec(&out, UINT64_MAX, 3);
	s2_out_dec(&out, 42, 9);
	s2_out_pad(&out, "ab", 4);
	s2_out_pad(&out, "abcde", 4);
	expect_output(&out, fds[0], "018446744073709551615       42ab  abcde");
	close(fds[0]);
	close(fds[1]);
}

/* Lines that a terminal would break are broken between columns. */
static void output_folded(void **state)
{
	static const struct {
		const char *line, *broken;
	} lines[] = {
		{ "a b c d e f g hijklm", "a b c d e f g hijklm" },
		/* A word and the blanks behind it stay together, so that all lines break there. */
		{ "0x1 page    rw-        0x2", "0x1 page\n  rw-        0x2" },
		{ "0x1 invalid -          0x2", "0x1 invalid\n  -          0x2" },
		/* The last word counts as if it were longer. */
		{ "0x1 page rw- xx 0x2", "0x1 page rw- xx\n  0x2" },
		/* Nothing follows where nothing is said, but for what ends a style. */
		{ "0x1 invalid      -   -", "0x1 invalid      -" },
		{ "\033[2m0x1 invalid      - -\033[0m", "\033[2m0x1 invalid      -\033[0m" },
		{ "vm:1 invalid      -   -", "vm:1 invalid\n  -   -" },
		{ "# a remark of many words", "# a remark of many\n# words" },
		{ "\033[2m# a remark of many words", "\033[2m# a remark of many\n# words" },
		{ "---[ a title ]---", "---[ a title ]---" },
		{ "---[ a longer title ]---", "---[ a longer title\n     ]---" },
		/* Colours take no columns, characters of several bytes one or two. */
		{ "a \033[1;31mb\033[0m c d e f hijklm", "a \033[1;31mb\033[0m c d e f hijklm" },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 0123456 xyzuv",
		  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 0123456 xyzuv" },
		/* What is longer than the terminal stays as it is. */
		{ "x 0123456789012345678901234567890 y",
		  "x\n  0123456789012345678901234567890\n  y" },
		{ "    indented words are kept", "    indented words\n  are kept" },
		{ "", "" },
	};
	static struct s2_out out;
	char text[256];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	s2_out_init(&out, fds[1]);
	out.fold = (struct s2_fold){ .width = 20, .least = 6 };
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(text, sizeof(text), "%s\n", lines[i].broken);
		s2_out_str(&out, lines[i].line);
		s2_out_str(&out, "\n");
		expect_output(&out, fds[0], text);
	}
	/* A line that has not ended when all is written. */
	s2_out_str(&out, "the end");
	expect_output(&out, fds[0], "the end");
	close(fds[0]);
	close(fds[1]);
}

/* ... also where the buffer ends within one. */
static void output_folded_much(void **state)
{
	static const char line[] = "0x0000 0123456 89abcde 0x1234\n";
	static const char broken[] = "0x0000 0123456\n  89abcde 0x1234\n";
	const size_t n = 10000;
	static struct s2_out out;
	FILE *file = tmpfile();
	struct s2_err err;
	char got[sizeof(broken)];

	(void)state;
	assert_non_null(file);
	s2_out_init(&out, fileno(file));
	out.fold = (struct s2_fold){ .width = 20 };
	for (size_t i = 0; i < n; i++)
		s2_out_str(&out, line);
	assert_int_equal(s2_out_flush(&out, &err), S2_OK);
	rewind(file);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fread(got, 1, sizeof(broken) - 1, file), sizeof(broken) - 1);
		got[sizeof(broken) - 1] = '\0';
		assert_string_equal(got, broken);
	}
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
}

static void output_failures(void **state)
{
	static struct s2_out out;
	struct s2_err err;
	int fds[2];

	(void)state;
	/* A descriptor that cannot be written is an error, and stays one. */
	s2_out_init(&out, -1);
	s2_out_str(&out, "x");
	assert_int_equal(s2_out_flush(&out, &err), S2_IO);
	assert_int_equal(s2_out_flush(&out, &err), S2_IO);
	assert_true(s2_out_dead(&out));
	/* A closed pipe is not. */
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	s2_out_init(&out, fds[1]);
	s2_out_str(&out, "x");
	assert_int_equal(s2_out_flush(&out, &err), S2_OK);
	assert_true(s2_out_dead(&out));
	close(fds[1]);
}

static bool not_of_a(void *arg, const struct s2_loss *loss)
{
	(void)arg;
	return strcmp(loss->table, "a") != 0;
}

/* What is lost twice is said once and counted twice; what does not fit any more is still counted. */
static void losses(void **state)
{
	struct s2_lost lost = { .n = 0 };

	(void)state;
	s2_lost_add(NULL, S2_LOST_VM, S2_ABSENT, NULL, 0, "nobody listens");
	for (unsigned int i = 0; i < 2; i++)
		s2_lost_add(&lost, S2_LOST_PAGE, S2_EXCLUDED, "a", 0x1000, "page %d", 1);
	s2_lost_add(&lost, S2_LOST_PAGE, S2_EXCLUDED, "b", 0x1000, "page %d", 1);
	s2_lost_add(&lost, S2_LOST_PAGE, S2_ABSENT, "a", 0x1000, "page %d", 1);
	s2_lost_add(&lost, S2_LOST_VM, S2_EXCLUDED, NULL, S2_LOST_NOWHERE, "page %d", 1);
	assert_int_equal(lost.n, 4);
	assert_int_equal(lost.total, 5);
	assert_int_equal(lost.count[S2_LOST_PAGE], 4);
	assert_int_equal(lost.count[S2_LOST_VM], 1);
	assert_int_equal(lost.loss[0].times, 2);
	assert_string_equal(lost.loss[0].table, "a");
	assert_string_equal(lost.loss[0].text, "page 1");
	assert_string_equal(lost.loss[3].table, "");
	s2_lost_add_times(&lost, S2_LOST_PAGE, S2_EXCLUDED, "a", 0x1000, 5, "page 1");
	assert_int_equal(lost.n, 4);
	assert_int_equal(lost.total, 10);
	assert_int_equal(lost.loss[0].times, 7);
	s2_lost_filter(&lost, not_of_a, NULL);
	assert_int_equal(lost.n, 2);
	assert_int_equal(lost.total, 2);
	assert_int_equal(lost.count[S2_LOST_PAGE], 1);
	assert_string_equal(lost.loss[0].table, "b");
	for (unsigned int i = 0; i < S2_MAX_LOSSES + 10; i++)
		s2_lost_add(&lost, S2_LOST_SLOTS, S2_LOOP, "c", i, "slots");
	assert_int_equal(lost.n, S2_MAX_LOSSES);
	assert_int_equal(lost.total, S2_MAX_LOSSES + 12);
	assert_int_equal(lost.count[S2_LOST_SLOTS], S2_MAX_LOSSES + 10);
	s2_lost_clear(&lost);
	assert_int_equal(lost.total, 0);
	assert_null(lost.loss);
	assert_string_equal(s2_lost_name(S2_LOST_PAGE, 1), "table page");
	assert_string_equal(s2_lost_name(S2_LOST_PAGE, 0), "parts of tables");
}

static void budgets(void **state)
{
	struct s2_budget budget;

	(void)state;
	s2_budget_init(&budget, 10, 3, 4);
	assert_int_equal(budget.left, 22);
	assert_int_equal(s2_budget_take(&budget, 20), S2_OK);
	assert_int_equal(s2_budget_take(&budget, 2), S2_OK);
	assert_int_equal(s2_budget_take(&budget, 0), S2_OK);
	assert_int_equal(s2_budget_take(&budget, 1), S2_BUDGET);
	/* What is too much is not done in part, and nothing smaller after it. */
	s2_budget_init(&budget, 0, 1, 5);
	assert_int_equal(s2_budget_take(&budget, 6), S2_BUDGET);
	assert_int_equal(s2_budget_take(&budget, 1), S2_BUDGET);
	/* Sizes come from files. */
	s2_budget_init(&budget, 1, 16, UINT64_MAX / 16);
	assert_int_equal(budget.left, UINT64_MAX - 14);
	s2_budget_init(&budget, 0, 16, UINT64_MAX / 15);
	assert_int_equal(budget.left, UINT64_MAX);
	s2_budget_init(&budget, 16, 1, UINT64_MAX - 15);
	assert_int_equal(budget.left, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(ranges),
		cmocka_unit_test(fields),
		cmocka_unit_test(errors_gain_context),
		cmocka_unit_test(errors_keep_their_code),
		cmocka_unit_test(codes_have_names),
		cmocka_unit_test(output_numbers),
		cmocka_unit_test(output_failures),
		cmocka_unit_test(output_folded),
		cmocka_unit_test(output_folded_much),
		cmocka_unit_test(losses),
		cmocka_unit_test(budgets),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
