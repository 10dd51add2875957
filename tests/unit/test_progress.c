// SPDX-License-Identifier: GPL-2.0-or-later
// The line that tells how far something has come.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/meter.h"
#include "format/progress.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static void check(const char *want, uint64_t done, uint64_t total, uint64_t ms)
{
	char text[80];

	const size_t len = s2_progress_text(text, sizeof(text), "x", done, total, ms);

	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
}

static void test_of_a_known_total(void **state)
{
	(void)state;
	check("x: 25%, 1.0 MiB/s, 0:04 left", MIB, 4 * MIB, 1000);
	check("x: 0%, 0.0 MiB/s, 364:21:59 left", 1000, 1311719000, 1000);
	check("x: 99%, 100.0 MiB/s, 0:02 left", 9900 * MIB, 10000 * MIB, 99000);
	check("x: 50%, 512.0 MiB/s, 0:03 left", GIB, 2 * GIB, 2000);
	check("x: 10%, 1.0 GiB/s, 1:00:01 left", 400 * GIB, 4000 * GIB, 400000);
	check("x: 8%, 1.5 GiB/s, 2:05 left", 6 * 3 * GIB, 205 * GIB, 12000);
}

/* What would round to 1024 of a unit is 1 of the next. */
static void test_units(void **state)
{
	(void)state;
	check("x: 1.0 GiB so far, 1.0 GiB/s", GIB - 1, 0, 1000);
	check("x: 1023.9 MiB so far, 1023.9 MiB/s", GIB - MIB / 10, 0, 1000);
	check("x: 16777216.0 TiB so far, 16777216.0 TiB/s", UINT64_MAX, 0, 1000);
}

/* As much as there was to be, or more: then nobody knows how much there is. */
static void test_of_an_unknown_total(void **state)
{
	(void)state;
	check("x: 8.0 MiB so far, 2.0 MiB/s", 8 * MIB, 0, 4000);
	check("x: 8.0 MiB so far, 2.0 MiB/s", 8 * MIB, 8 * MIB, 4000);
	check("x: 8.0 MiB so far, 2.0 MiB/s", 8 * MIB, 7 * MIB, 4000);
}

static void test_of_nothing_counted(void **state)
{
	(void)state;
	check("x: 3 s", 0, 0, 3999);
	check("x: 0 s", 0, GIB, 0);
	check("x: 1.0 MiB so far, 1000.0 MiB/s", MIB, 0, 0);
}

static void test_room(void **state)
{
	char text[8] = "?";

	(void)state;
	assert_int_equal(s2_progress_text(text, 0, "stage", 1, 0, 1), 0);
	assert_string_equal(text, "?");
	assert_int_equal(s2_progress_text(text, 1, "stage", 1, 0, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(s2_progress_text(text, sizeof(text), "stage", MIB, 0, 1), 7);
	assert_string_equal(text, "stage: ");
}

/* What comes after a search is no part of what the search was to see. */
static void test_meter(void **state)
{
	struct s2_meter meter = { .done = 0 };

	(void)state;
	s2_meter_add(NULL, 1);
	s2_meter_expect(NULL, 1);
	s2_meter_add(&meter, 10);
	s2_meter_expect(&meter, 100);
	s2_meter_add(&meter, 20);
	assert_int_equal(meter.done, 30);
	assert_int_equal(meter.total, 110);
	s2_meter_expect(&meter, 0);
	assert_int_equal(meter.total, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_known_total),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_of_an_unknown_total),
		cmocka_unit_test(test_of_nothing_counted),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_meter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
