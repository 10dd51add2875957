// SPDX-License-Identifier: GPL-2.0-or-later
// Searching memory with holes: what is there is seen, once, and what is not is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/scan.h"
#include "memtable.h"

#define BASE UINT64_C(0x40000000)
#define SIZE 0x24000U /* more than two chunks */

static uint8_t bytes[SIZE];

struct seen {
	uint8_t times[SIZE]; /* how often the span that begins at this byte was shown whole */
	size_t span;         /* ... of so many bytes */
	uint64_t end;
	unsigned int calls, stop;
};

static bool look(void *arg, uint64_t pa, const void *shown, size_t len)
{
	struct seen *seen = arg;
	uint64_t off = pa - BASE;

	assert_true(pa >= BASE && off + len <= SIZE);
	assert_memory_equal(shown, bytes + off, len);
	assert_true(pa + len > seen->end);
	assert_true(pa % 8 || (uintptr_t)shown % 8 == 0);
	seen->end = pa + len;
	for (size_t i = 0; i + seen->span <= len; i++)
		seen->times[off + i]++;
	return ++seen->calls != seen->stop;
}

/* Searches [@off, @off + @size) and holds what was seen against what is there. */
static struct s2_gaps search(const struct memtable *mem, uint64_t off, uint64_t size, size_t span)
{
	static struct seen seen;
	struct s2_gaps gaps = { 0 };
	uint64_t hole = mem->hole_size ? mem->hole - BASE : SIZE, hole_end = hole + mem->hole_size;

	memset(&seen, 0, sizeof(seen));
	seen.span = span;
	assert_int_equal(s2_scan(&mem->mem, BASE + off, size, span - 1, look, &seen, &gaps, NULL),
			 S2_OK);
	for (uint64_t i = 0; i < SIZE; i++) {
		bool inside = i >= off && i + span <= off + size;
		bool there = i + span <= hole || i >= hole_end;

		if (seen.times[i] != (inside && there))
			fail_msg("hole 0x%llx+0x%llx, search 0x%llx+0x%llx: 0x%llx seen %u times",
				 (unsigned long long)hole, (unsigned long long)mem->hole_size,
				 (unsigned long long)off, (unsigned long long)size,
				 (unsigned long long)i, seen.times[i]);
	}
	return gaps;
}

static void make(struct memtable *mem)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	memtable_init(mem, bytes, BASE, SIZE);
	mem->hole_code = S2_EXCLUDED;
}

static void without_holes(void **state)
{
	struct memtable mem;

	(void)state;
	make(&mem);
	for (int views = 0; views < 2; views++) {
		mem.views = views;
		for (size_t span = 1; span <= 9; span += 4) {
			assert_int_equal(search(&mem, 0, SIZE, span).bytes, 0);
			assert_int_equal(search(&mem, 0xff8, 0x11010, span).bytes, 0);
			assert_int_equal(search(&mem, 0x10000, 1, span).bytes, 0);
			assert_int_equal(search(&mem, 0x10000, 0, span).bytes, 0);
		}
	}
}

/* Each page in turn is missing. */
static void any_page(void **state)
{
	struct memtable mem;

	(void)state;
	make(&mem);
	mem.hole_size = 4096;
	for (int views = 0; views < 2; views++) {
		mem.views = views;
		for (uint64_t page = 0; page < SIZE; page += 4096) {
			struct s2_gaps gaps;

			mem.hole = BASE + page;
			gaps = search(&mem, 0, SIZE, 9);
			assert_int_equal(gaps.bytes, 4096);
			assert_int_equal(gaps.pa, mem.hole);
			assert_int_equal(gaps.code, S2_EXCLUDED);
			/* A search that ends before it, or begins inside. */
			assert_int_equal(search(&mem, 0, page, 9).bytes, 0);
			gaps = search(&mem, page + 0x800, SIZE - page - 0x800, 4);
			assert_int_equal(gaps.bytes, 0x800);
			assert_int_equal(gaps.pa, mem.hole + 0x800);
		}
	}
}

/* Holes that are less than a page, or begin and end in the middle of one. */
static void any_words(void **state)
{
	static const uint64_t at[] = { 0,      8,      0x200,  0xff8,   0x1000,  0x1008,
				       0x7ff0, 0xfff0, 0xfff8, 0x10000, 0x10008, 0x1fff8 };
	static const uint64_t size[] = { 8, 0x10, 0x200, 0xff0, 0x1000, 0x1010, 0x4000 };
	struct memtable mem;

	(void)state;
	make(&mem);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]) * 2; i++) {
		for (size_t j = 0; j < sizeof(size) / sizeof(size[0]); j++) {
			struct s2_gaps gaps;

			mem.views = i % 2;
			mem.hole = BASE + at[i / 2];
			mem.hole_size = size[j];
			gaps = search(&mem, 0, SIZE, 8);
			assert_int_equal(gaps.bytes, size[j]);
			assert_int_equal(gaps.pa, mem.hole);
		}
	}
}

/* Nothing is there, and it does not take long: few reads per page. */
static void nothing(void **state)
{
	struct memtable mem;
	struct s2_gaps gaps = { 0 };
	struct seen seen = { .span = 1 };

	(void)state;
	make(&mem);
	assert_int_equal(s2_scan(&mem.mem, 0, BASE, 8, look, &seen, &gaps, NULL), S2_OK);
	assert_int_equal(seen.calls, 0);
	assert_int_equal(gaps.bytes, BASE);
	assert_int_equal(gaps.pa, 0);
	assert_int_equal(gaps.code, S2_ABSENT);
	assert_string_equal(s2_gaps_text(&gaps).text, " (1073741824 bytes could not be searched, "
						      "the first at PA 0x0: absent)");
}

static void stopped(void **state)
{
	struct memtable mem;
	struct s2_gaps gaps = { 0 };
	struct seen seen = { .span = 1, .stop = 1 };

	(void)state;
	make(&mem);
	mem.hole = BASE + 0x11000;
	mem.hole_size = 4096;
	assert_int_equal(s2_scan(&mem.mem, BASE, SIZE, 0, look, &seen, &gaps, NULL), S2_OK);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(gaps.bytes, 0);
	assert_string_equal(s2_gaps_text(&gaps).text, "");
	s2_gaps_add_table(&gaps, 0x1000, 1 << 30, S2_TRUNCATED);
	assert_string_equal(s2_gaps_text(&gaps).text,
			    " (up to 1073741824 bytes that missing tables map could not be "
			    "searched, the first at PA 0x1000: truncated)");
	s2_gaps_add(&gaps, 0x3000, 8, S2_ABSENT);
	assert_string_equal(s2_gaps_size(&gaps).text,
			    "8 bytes and up to 1073741824 that missing tables map");
}

static unsigned int turns;

static enum s2_code known(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	const struct memtable *t = memtable_of(mem);

	turns++;
	*ret = t->hole + t->hole_size - pa;
	if (pa >= t->hole && pa - t->hole < t->hole_size)
		return t->hole_code;
	*ret = 1;
	return S2_OK;
}

static bool look_at_words(void *arg, uint64_t pa, const void *shown, size_t len)
{
	(void)arg;
	(void)shown;
	assert_int_equal(pa % 8, 0);
	assert_int_equal(len % 8, 0);
	return true;
}

/* A hole of which is told how far it reaches, which may be into a word: the next is seen whole. */
static void known_hole(void **state)
{
	const struct s2_mem_ops ops = {
		.read = memtable_read, .view = memtable_view, .next = memtable_next, .lacks = known
	};
	struct memtable mem;

	(void)state;
	make(&mem);
	mem.mem.ops = &ops;
	mem.hole = BASE + 0x10000;
	for (unsigned int i = 0; i < 32; i++) {
		struct s2_meter meter = { .done = 0 };
		struct s2_gaps gaps = { 0 };

		mem.mem.meter = &meter;
		mem.views = i % 2;
		mem.hole_size = (i < 16 ? 0 : 0x2000) + i / 2 % 8 + 1;
		turns = 0;
		assert_int_equal(s2_scan(&mem.mem, BASE, SIZE, 8, look_at_words, NULL, &gaps, NULL),
				 S2_OK);
		assert_int_equal(gaps.pa, mem.hole);
		assert_int_equal(gaps.bytes, (mem.hole_size + 7) & ~7ULL);
		assert_in_range(turns, 3, 5);
		assert_int_equal(meter.done, SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_holes), cmocka_unit_test(any_page),
		cmocka_unit_test(any_words),     cmocka_unit_test(nothing),
		cmocka_unit_test(stopped),       cmocka_unit_test(known_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
