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
	free(ctx.pages.chunk);
	mem = (struct s2_mem){ .ops = ops, .bytes = bytes };
	args = (struct s2_check_args){ .mem = &mem, .backed = bytes, .window = window };
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

/* All pages from @from to @last in the window, found in pieces, one by one. */
static void each_page(uint64_t window, uint64_t n, uint64_t from, uint64_t last)
{
	struct s2_facts_run run;
	uint64_t at, to;
	size_t i = (size_t)window;

	while (i < window + n && pfns[i] * PAGE + PAGE - 1 < from)
		i++;
	s2_pages_span(&ctx.pages, from, last, &at, &to);
	if (at < to)
		assert_int_equal(at, i);
	while (s2_pages_change(&ctx.pages, &at, to, &run))
		for (uint64_t k = 0; k < run.npages; k++, i++) {
			assert_true(i < window + n);
			assert_int_equal(run.number + k, i);
			assert_true(pfns[i] * PAGE <= last);
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
			for (size_t i = 0; i < ARRAY_SIZE(pfns); i++) {
				struct s2_facts *fact = s2_pages_fact(&ctx.pages, pfns[i] * PAGE);

				if (i < first || i >= first + n) {
					assert_null(fact);
					continue;
				}
				assert_memory_equal(fact, &nothing, sizeof(nothing));
				memset(fact, 0xff, sizeof(*fact));
			}
			assert_null(s2_pages_fact(&ctx.pages, 3 * PAGE));
			for (size_t a = 0; a < ARRAY_SIZE(places); a++)
				for (size_t b = a; b < ARRAY_SIZE(places); b++) {
					each_page(first, n, places[a] * PAGE, places[b] * PAGE);
					each_page(first, n, places[a] * PAGE,
						  places[b] * PAGE + PAGE - 1);
				}
		}
	}
}

/* Facts of a chunk are one as long as it is changed as a whole: held against facts of each page. */
static void test_chunks(void **state)
{
	enum { MOST = 5 * 512 + 100 };
	static unsigned int want[MOST];
	uint64_t random = 1;

	(void)state;
	/* Two regions: a border within a chunk makes no difference. */
	extents[0] = (struct s2_extent){ .pa = 0x100 * PAGE, .size = 700 * PAGE };
	extents[1] = (struct s2_extent){ .pa = 0x10000 * PAGE, .size = (MOST - 700) * PAGE };
	nextents = 2;
	init(&some, MOST * PAGE, 0);
	s2_pages_window(&ctx, 0);
	for (unsigned int turn = 0; turn < 400; turn++) {
		uint64_t from, last, at, to, n = 0;
		struct s2_facts_run run;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		from = (random >> 33) % MOST;
		last = from + (random >> 20) % 1200;
		/* Whole chunks, mostly; single pages at times. */
		if (turn % 4)
			from &= ~511ULL, last |= 511;
		else if (turn % 8)
			last = from;
		last = last < MOST ? last : MOST - 1;
		s2_pages_span(&ctx.pages, s2_pages_pa(&ctx.pages, from),
			      s2_pages_pa(&ctx.pages, last), &at, &to);
		assert_int_equal(at, from);
		assert_int_equal(to, last + 1);
		while (s2_pages_change(&ctx.pages, &at, to, &run)) {
			assert_true(run.nfacts == 1 || run.nfacts == run.npages);
			for (uint64_t i = 0; i < run.nfacts; i++)
				run.fact[i].borrowers = (uint16_t)turn;
			for (uint64_t i = 0; i < run.npages; i++)
				want[run.number + i] = turn;
			n += run.npages;
		}
		assert_int_equal(n, last + 1 - from);
		for (uint64_t i = 0; i < MOST; i += run.npages) {
			run = s2_pages_alike(&ctx.pages, i, MOST);
			assert_int_equal(run.number, i);
			assert_true(run.npages > 0 && i + run.npages <= MOST);
			for (uint64_t k = 0; k < run.npages; k++)
				assert_int_equal(run.fact->borrowers, want[i + k]);
		}
	}
}

/* Who maps all memory again and again comes to an end, which is noted; the next does not go on. */
static void test_most_changes(void **state)
{
	struct s2_facts_run run;
	uint64_t n = 0, at, to;

	(void)state;
	extents[0] = (struct s2_extent){ .pa = 0, .size = 512 * PAGE };
	nextents = 1;
	init(&some, PAGE, 0);
	s2_pages_window(&ctx, 0);
	do {
		s2_pages_span(&ctx.pages, 0, UINT64_MAX, &at, &to);
		n++;
	} while (s2_pages_change(&ctx.pages, &at, to, &run));
	assert_int_equal(n, (10 * FLOOR_PAGES >> 9) + 1024 + 1);
	assert_true(ctx.pages.too_many_changes);
	at = 0;
	assert_false(s2_pages_change(&ctx.pages, &at, to, &run));
}

static void test_no_memory(void **state)
{
	struct s2_facts_run run;
	uint64_t at, to;

	(void)state;
	nextents = 0;
	init(&some, 0, 0);
	assert_int_equal(ctx.pages.npages, 0);
	s2_pages_window(&ctx, 0);
	assert_null(s2_pages_fact(&ctx.pages, 0));
	s2_pages_span(&ctx.pages, 0, UINT64_MAX, &at, &to);
	assert_int_equal(at, to);
	assert_false(s2_pages_change(&ctx.pages, &at, to, &run));
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
			/* 16 GiB, and facts of half as many bytes again as are there. */
			assert_int_equal(ctx.pages.nwindow,
					 (4 << 20) +
						 there * (PAGE * 3 / 2 / sizeof(struct s2_facts)));
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
	free(ctx.pages.chunk);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),     cmocka_unit_test(test_windows),
		cmocka_unit_test(test_chunks),      cmocka_unit_test(test_most_changes),
		cmocka_unit_test(test_no_memory),   cmocka_unit_test(test_granule),
		cmocka_unit_test(test_most_pages),  cmocka_unit_test(test_most_extents),
		cmocka_unit_test(test_table_pages),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
