// SPDX-License-Identifier: GPL-2.0-or-later
// Pages of memory by number, held against a list of them that is gone through one by one, in every
// window; how many there may be; and the table pages that were met.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/priv.h"
#include "decode/arm64/arm64.h"

#define PAGE 4096ULL
#define FLOOR_EXTENTS 65536ULL
#define FLOOR_PAGES (1ULL << 28) /* 1 TiB */

static struct s2_extent extents[8];
static size_t nextents;

static enum s2_code next_extent(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	for (size_t i = 0; i < nextents; i++)
		if (pa <= extents[i].pa + extents[i].size - 1) {
			*ret = extents[i];
			return S2_OK;
		}
	return S2_NOTFOUND;
}

/* Every other page of an endless memory. */
static enum s2_code next_odd(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	*ret = (struct s2_extent){ .pa = (pa + PAGE) / (2 * PAGE) * 2 * PAGE + PAGE, .size = PAGE };
	return S2_OK;
}

static const struct s2_mem_ops some = { .next = next_extent }, odd = { .next = next_odd };
static struct s2_mem mem;
static struct s2_check_args args;
static struct s2_geometry geom[2];
static struct s2_tables tables;
static struct s2_check_ctx ctx;

static void init(const struct s2_mem_ops *ops, uint64_t bytes, uint64_t window)
{
	free(ctx.pages.region);
	free(ctx.pages.fact);
	mem = (struct s2_mem){ .ops = ops, .bytes = bytes };
	args = (struct s2_check_args){ .mem = &mem, .window = window };
	ctx = (struct s2_check_ctx){ .args = &args, .mem = &mem, .geom = geom, .tables = &tables };
	assert_int_equal(s2_pages_init(&ctx, NULL), S2_OK);
}

/* Extents in bytes, and the whole pages that lie in them. */
static const struct s2_extent bytes[] = {
	{ .pa = 0, .size = 2 * PAGE },
	{ .pa = 3 * PAGE + 1, .size = PAGE },              /* no whole page */
	{ .pa = 5 * PAGE - 1, .size = 2 * PAGE + 1 },      /* 5 and 6 */
	{ .pa = 7 * PAGE, .size = PAGE - 1 },              /* none */
	{ .pa = 8 * PAGE, .size = PAGE },                  /* 8 */
	{ .pa = 0x1000 * PAGE + 8, .size = 4 * PAGE - 8 }, /* 0x1001 to 0x1003 */
};
static const uint64_t pfns[] = { 0, 1, 5, 6, 8, 0x1001, 0x1002, 0x1003 };

static bool is_page(uint64_t pfn)
{
	for (size_t i = 0; i < ARRAY_SIZE(pfns); i++)
		if (pfns[i] == pfn)
			return true;
	return false;
}

static void test_numbers(void **state)
{
	(void)state;
	nextents = ARRAY_SIZE(bytes);
	for (size_t i = 0; i < nextents; i++)
		extents[i] = bytes[i];
	init(&some, 12 * PAGE, 0);
	assert_int_equal(ctx.pages.npages, ARRAY_SIZE(pfns));
	assert_int_equal(ctx.pages.nwindow, ARRAY_SIZE(pfns));
	assert_int_equal(ctx.pages.nregions, 4);
	assert_true(ctx.pages.left_out_pa == S2_NO_PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(pfns); i++) {
		uint64_t left = 0, more = 1;

		while (is_page(pfns[i] + more))
			more++;
		assert_int_equal(s2_pages_pa(&ctx.pages, i), pfns[i] * PAGE);
		assert_int_equal(s2_pages_number(&ctx.pages, pfns[i] * PAGE, &left), i);
		assert_int_equal(left, more);
		assert_int_equal(s2_pages_number(&ctx.pages, pfns[i] * PAGE + PAGE - 1, NULL), i);
	}
	for (uint64_t pfn = 0; pfn < 0x1010; pfn++)
		if (!is_page(pfn))
			assert_true(s2_pages_number(&ctx.pages, pfn * PAGE, NULL) == S2_NO_PAGE);
}

/* All facts from @from to @last in the window, found in pieces, one by one. */
static void each_fact(uint64_t window, uint64_t n, uint64_t from, uint64_t last)
{
	uint64_t pa = from, pieces;
	struct s2_facts *fact;
	size_t i = (size_t)window;

	while (i < window + n && pfns[i] * PAGE + PAGE - 1 < from)
		i++;
	while ((fact = s2_pages_run(&ctx.pages, &pa, last, &pieces))) {
		assert_true(pieces > 0);
		for (uint64_t k = 0; k < pieces; k++, i++) {
			assert_true(i < window + n);
			assert_int_equal((pa >> 12) + k, pfns[i]);
			assert_true(pfns[i] * PAGE <= last);
			assert_ptr_equal(fact + k, &ctx.pages.fact[i - window]);
		}
		pa += pieces * PAGE;
	}
	if (i < window + n)
		assert_true(pfns[i] * PAGE > last);
}

static void test_windows(void **state)
{
	static const struct s2_facts nothing;
	static const uint64_t places[] = { 0, 1, 2,      3,      4,      5,      6,      7,
					   8, 9, 0x1000, 0x1001, 0x1002, 0x1003, 0x1004, 0x2000 };

	(void)state;
	for (uint64_t size = 1; size <= ARRAY_SIZE(pfns) + 1; size++) {
		init(&some, 12 * PAGE, size);
		for (uint64_t first = 0; first < ARRAY_SIZE(pfns); first += size) {
			uint64_t n = ARRAY_SIZE(pfns) - first < size ? ARRAY_SIZE(pfns) - first :
								       size;

			s2_pages_window(&ctx, first);
			assert_int_equal(ctx.pages.nwindow, n);
			assert_int_equal(ctx.pages.window_pa, pfns[first] * PAGE);
			assert_int_equal(ctx.pages.window_end, (pfns[first + n - 1] + 1) * PAGE);
			for (size_t i = 0; i < ARRAY_SIZE(pfns); i++) {
				struct s2_facts *fact = s2_pages_fact(&ctx.pages, pfns[i] * PAGE);

				if (i < first || i >= first + n) {
					assert_null(fact);
					continue;
				}
				assert_ptr_equal(fact, &ctx.pages.fact[i - first]);
				assert_memory_equal(fact, &nothing, sizeof(nothing));
				memset(fact, 0xff, sizeof(*fact));
			}
			assert_null(s2_pages_fact(&ctx.pages, 3 * PAGE));
			for (size_t a = 0; a < ARRAY_SIZE(places); a++)
				for (size_t b = a; b < ARRAY_SIZE(places); b++) {
					each_fact(first, n, places[a] * PAGE, places[b] * PAGE);
					each_fact(first, n, places[a] * PAGE,
						  places[b] * PAGE + PAGE - 1);
				}
		}
	}
}

static void test_no_memory(void **state)
{
	uint64_t pa = 0, n;

	(void)state;
	nextents = 0;
	init(&some, 0, 0);
	assert_int_equal(ctx.pages.npages, 0);
	s2_pages_window(&ctx, 0);
	assert_int_equal(ctx.pages.window_end, 0);
	assert_null(s2_pages_fact(&ctx.pages, 0));
	assert_null(s2_pages_run(&ctx.pages, &pa, UINT64_MAX, &n));
	assert_true(s2_pages_number(&ctx.pages, 0, NULL) == S2_NO_PAGE);
	/* The last page of all, behind which there is no address, is looked at once. */
	extents[0] = (struct s2_extent){ .pa = 0 - PAGE, .size = PAGE };
	nextents = 1;
	init(&some, 0, 0);
	assert_int_equal(ctx.pages.npages, 0);
	assert_true(ctx.pages.left_out_pa == S2_NO_PAGE);
}

/* Pages are as large as those of the tables that have a geometry. */
static void test_granule(void **state)
{
	static const struct s2_table two[2];

	(void)state;
	extents[0] = (struct s2_extent){ .pa = 0xffff, .size = 0x20001 };
	nextents = 1;
	geom[0] = (struct s2_geometry){ .arch = &s2_arm64_stage2, .page_log2 = 16 };
	tables = (struct s2_tables){ .table = (struct s2_table *)two, .n = 2 };
	init(&some, 0, 0);
	assert_int_equal(ctx.pages.page_log2, 16);
	assert_int_equal(ctx.pages.npages, 2);
	assert_int_equal(s2_pages_pa(&ctx.pages, 0), 0x10000);
	tables.n = 0;
	init(&some, 0, 0);
	assert_int_equal(ctx.pages.page_log2, 12);
	assert_int_equal(ctx.pages.npages, 0x20);
}

/* 1 TiB in 4K pages and 1024 pages for each that is there; the rest is left out, and said to be. */
static void test_most_pages(void **state)
{
	(void)state;
	for (uint64_t there = 0; there < 3; there++) {
		uint64_t most = FLOOR_PAGES + 1024 * there;

		for (uint64_t more = 0; more < 2; more++) {
			extents[0] = (struct s2_extent){ .pa = 0, .size = 7 * PAGE };
			extents[1] = (struct s2_extent){ .pa = 1ULL << 45,
							 .size = (most - 7 + more) * PAGE };
			extents[2] = (struct s2_extent){ .pa = 1ULL << 46, .size = PAGE };
			nextents = 2;
			init(&some, there * PAGE, 0);
			assert_int_equal(ctx.pages.npages, most);
			assert_int_equal(ctx.pages.nwindow, 4 << 20);
			if (more)
				assert_int_equal(ctx.pages.left_out_pa,
						 (1ULL << 45) + (most - 7) * PAGE);
			else
				assert_true(ctx.pages.left_out_pa == S2_NO_PAGE);
			/* What comes behind that is left out as well: the first is named. */
			nextents = 3;
			init(&some, there * PAGE, 1);
			assert_int_equal(ctx.pages.npages, most);
			assert_int_equal(ctx.pages.left_out_pa,
					 more ? (1ULL << 45) + (most - 7) * PAGE : 1ULL << 46);
		}
	}
}

static void test_most_extents(void **state)
{
	(void)state;
	for (uint64_t there = 0; there < 3; there++) {
		init(&odd, there * PAGE, 0);
		assert_int_equal(ctx.pages.npages, FLOOR_EXTENTS + there);
		assert_int_equal(ctx.pages.left_out_pa, (2 * (FLOOR_EXTENTS + there) + 1) * PAGE);
	}
}

/* Each table page once, at address 0 too, and none is lost when there are more. */
static void test_table_pages(void **state)
{
	enum { N = 5000 };
	struct s2_tpages tpages = { 0 };
	bool is_new;

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		struct s2_tpage *page = s2_tpages_add(&tpages, i * i * PAGE, &is_new);

		assert_non_null(page);
		assert_true(is_new);
		assert_int_equal(tpages.n, i + 1);
		assert_true(tpages.n < tpages.room);
		page->visit = (uint32_t)i + 1;
		page = s2_tpages_add(&tpages, i * i * PAGE, &is_new);
		assert_false(is_new);
		assert_int_equal(page->visit, i + 1);
	}
	assert_int_equal(tpages.n, N);
	assert_int_equal(tpages.room, 8192);
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(s2_tpages_get(&tpages, i * i * PAGE)->visit, i + 1);
	free(tpages.slot);
}

static int done(void **state)
{
	(void)state;
	free(ctx.pages.region);
	free(ctx.pages.fact);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),     cmocka_unit_test(test_windows),
		cmocka_unit_test(test_no_memory),   cmocka_unit_test(test_granule),
		cmocka_unit_test(test_most_pages),  cmocka_unit_test(test_most_extents),
		cmocka_unit_test(test_table_pages),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
