// SPDX-License-Identifier: GPL-2.0-or-later
// The base of a blob: each rule by which one is taken or refused, where it just holds and where it
// just does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "decode/infer.h"
#include "memtable.h"

#define BASE 0x48f28000ULL
#define PAGE 4096ULL
#define PAGES 80

#define LEAF (0x50000000ULL | 0x7ff)
#define BLOCK (0x40000000ULL | 0x7fd)
/* Beyond 48 bits: what no table has that hardware walks as intended. */
#define DAMAGED (LEAF | 1ULL << 48)

static uint64_t words[PAGES * 512];
static struct s2_geometry geom;
static struct s2_inferred found;
static struct s2_err err;
static struct memtable blob;

/* 4K pages, no blob yet. Level 2 with 30 bits and level 1 with 39 have one start table. */
static void shape(int start_level, uint64_t ia_bits)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, ia_bits);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, start_level);
	s2_regime_set_flag(&regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	memset(words, 0, sizeof(words));
}

static uint64_t table_at(unsigned int page)
{
	return (BASE + page * PAGE) | 3;
}

static uint64_t *page_at(unsigned int page)
{
	return &words[page * 512];
}

static enum s2_code infer_size(uint64_t size, uint64_t bytes)
{
	void *scratch = malloc(s2_infer_scratch(&geom, size));
	enum s2_code code;

	assert_non_null(scratch);
	blob.mem.bytes = bytes;
	s2_err_init(&err);
	code = s2_infer_base(&geom, &blob.mem, size, scratch, &found, &err);
	free(scratch);
	return code;
}

/* From the mapping and from copies it is the same. */
static enum s2_code infer(unsigned int pages)
{
	enum s2_code code;

	memtable_init(&blob, words, 0, pages * PAGE);
	code = infer_size(pages * PAGE, pages * PAGE);
	blob.views = false;
	assert_int_equal(infer_size(pages * PAGE, pages * PAGE), code);
	return code;
}

static void must_be(unsigned int pages, uint64_t unreached)
{
	if (infer(pages))
		fail_msg("%s", err.text);
	assert_int_equal(found.base, BASE);
	assert_int_equal(found.unreached, unreached);
}

static void must_not(unsigned int pages, const char *text)
{
	assert_int_equal(infer(pages), S2_NOTFOUND);
	if (!strstr(err.text, text))
		fail_msg("'%s' is not in '%s'", text, err.text);
}

/* @n tables of one leaf each behind the start level of one page, page @gap left as it is. Returns
 * the pages of the blob. */
static unsigned int put_row(unsigned int n, unsigned int gap)
{
	unsigned int page = 1;

	shape(2, 30);
	for (unsigned int i = 0; i < n; i++, page++) {
		page += page == gap;
		words[i] = table_at(page);
		page_at(page)[i] = LEAF;
	}
	return page;
}

/* Of a page that looks like a table, and that no table reaches, there must be more than four that
 * are explained. */
static void left_over_pages(void **state)
{
	static const struct {
		uint64_t first, second; /* in the page that is left */
		bool alike;
	} rows[] = {
		{ 0, 0, false },          /* empty */
		{ LEAF, 0, true },        /* a table of pages */
		{ BLOCK, 0, true },       /* a table of blocks */
		{ LEAF, DAMAGED, false }, /* as much for it as against it */
		{ DAMAGED, 0, false },    /* anything */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned int n = 4; n <= 5; n++) {
			unsigned int pages = put_row(n, 3);

			page_at(3)[17] = rows[i].first;
			page_at(3)[511] = rows[i].second;
			if (rows[i].alike && n == 4)
				must_not(
					pages,
					"0x48f28000, explains too little (table pages in use: 4, left over: 1)");
			else
				must_be(pages, 1);
		}
}

/* A page whose damage outweighs its entries is no table, and counts as left over. */
static void damaged_tables(void **state)
{
	(void)state;
	for (unsigned int n = 5; n <= 6; n++) {
		unsigned int pages = put_row(n, 0);

		page_at(3)[100] = DAMAGED;
		must_be(pages, 0);
		page_at(3)[101] = DAMAGED;
		if (n == 5)
			must_not(pages, "(table pages in use: 4, left over: 1)");
		else
			must_be(pages, 0);
	}
}

/* Every table descriptor must lead to a page of the blob, behind the start level. */
static void dangling_descriptors(void **state)
{
	static const struct {
		uint64_t desc;
		const char *word; /* NULL: it is no matter */
	} rows[] = {
		{ 0, NULL },
		{ BLOCK, NULL },
		{ (BASE + 3 * PAGE) | 3, NULL }, /* a table twice */
		/* A page further on or back it leads to a page, and another does not. */
		{ BASE | 3,
		  "more than one base address fits, 0x48f27000 (table pages explained: 8)" },
		{ (BASE + 9 * PAGE) | 3,
		  "more than one base address fits, 0x48f28000 (table pages explained: 8)" },
		{ (BASE - PAGE) | 3, "to no page of the blob (1)" },
		{ (BASE + 10 * PAGE) | 3, "to no page of the blob (1)" },
		{ (BASE + 3 * PAGE) | 3 | 1ULL << 48, "to no page of the blob (1)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int pages = put_row(8, 0);

		assert_int_equal(pages, 9);
		words[300] = rows[i].desc;
		if (rows[i].word)
			must_not(pages, rows[i].word);
		else
			must_be(pages, 0);
	}
	/* Below the start level as well. */
	shape(1, 39);
	words[0] = table_at(1);
	words[511] = table_at(2);
	page_at(1)[0] = table_at(3);
	page_at(2)[0] = table_at(4);
	page_at(3)[0] = page_at(4)[0] = LEAF;
	must_be(5, 0);
	page_at(2)[1] = table_at(5);
	must_not(5, "to no page of the blob (1)");
	page_at(2)[1] = BASE | 3;
	must_not(5, "to no page of the blob (1)");
	page_at(2)[1] = table_at(4) | 1ULL << 48;
	must_not(5, "to no page of the blob (1)");
}

/* A base that rests on one descriptor: what it leads to must fit nowhere else. */
static void one_descriptor(void **state)
{
	enum { N = 9 };

	(void)state;
	for (unsigned int with_page = 0; with_page < 2; with_page++) {
		shape(1, 39);
		words[7] = table_at(1);
		for (unsigned int i = 0; i < N; i++) {
			page_at(1)[i * 3] = table_at(2 + i);
			page_at(2 + i)[i] = LEAF;
		}
		if (!with_page) {
			must_be(2 + N, 0);
			must_be(2 + N + 1, 1); /* an empty page fits, and is not in use */
			continue;
		}
		page_at(2 + N)[0] = LEAF;
		must_not(
			2 + N + 1,
			"one table descriptor alone tells 0x48f28000, and what it leads to fits 0x48f27000 as well");
		/* It still is one when it stands there twice, or another leads to no table. */
		words[8] = words[7];
		must_not(2 + N + 1, "what it leads to fits 0x48f27000 as well");
		words[8] = table_at(3 + N);
		page_at(3 + N)[0] = DAMAGED & ~2ULL;
		must_not(4 + N, "one table descriptor alone tells 0x48f28000");
		/* Two that lead to tables are not one. */
		words[8] = table_at(2 + N);
		page_at(2 + N)[0] = table_at(2);
		page_at(2 + N)[1] = BLOCK;
		must_be(2 + N + 1, 0);
	}
}

/* Tables at distances of which none is there twice: no other base explains more than one of them. */
static void spread(unsigned int n)
{
	static const unsigned int at[] = { 1, 2, 5, 10, 16 };

	shape(2, 30);
	for (unsigned int i = 0; i < n; i++) {
		words[i] = table_at(at[i]);
		page_at(at[i])[i] = LEAF;
	}
	/* Pages between them that no table is. */
	for (unsigned int page = 3; page < at[n - 1]; page++)
		for (unsigned int i = 0; i < n && page != at[i]; i++)
			if (i == n - 1)
				page_at(page)[0] = page_at(page)[1] = DAMAGED;
}

/* What one damaged address would do for another base. */
static void thin(void **state)
{
	(void)state;
	must_be(put_row(1, 0), 0);
	assert_true(found.thin);
	must_be(put_row(3, 0), 0);
	assert_true(found.thin);
	/* The second table may be the first of a base that is one page higher, and so on. */
	must_be(put_row(8, 0), 0);
	assert_true(found.thin);
	spread(5);
	must_be(17, 11);
	assert_false(found.thin);
}

/* Descriptors in any order: tables of which every other base explains less than 90 %. */
static void any_order(void **state)
{
	enum { N = 8 };

	(void)state;
	for (unsigned int factor = 1; factor < 41; factor += 2)
		for (unsigned int first = 0; first < N; first++) {
			shape(2, 30);
			for (unsigned int i = 0; i < N; i++) {
				unsigned int page = 1 + (i * factor + first) % N;

				words[i * 60 + factor] = table_at(page);
				page_at(page)[i] = LEAF;
			}
			must_be(1 + N, 0);
		}
	/* One that leads far away stands first, last or between: the others tell the best base. */
	for (unsigned int n = 4; n <= 12; n++)
		for (unsigned int far = 0; far <= n; far++) {
			shape(2, 30);
			for (unsigned int i = 0; i < n; i++) {
				words[i + (i >= far)] = table_at(n - i);
				page_at(n - i)[i] = LEAF;
			}
			words[far] = table_at(1000);
			if (n < 10) /* more have a neighbour that explains 90 % */
				must_not(n + 1,
					 "the best, 0x48f28000, leaves table descriptors that "
					 "point to no page of the blob (1)");
			else
				must_not(n + 1, "0x48f28000 (table pages explained: ");
		}
}

/* A second base that explains nine of ten, wherever it lies. */
static void second_base(void **state)
{
	(void)state;
	must_be(put_row(9, 0), 0);
	must_not(put_row(10, 0), "0x48f28000 (table pages explained: 10) and 0x48f27000 (9)");
}

/* A blob may lie at address 0, and its tables have any depth. */
static void depth_and_place(void **state)
{
	unsigned int pages;

	(void)state;
	shape(2, 30);
	for (unsigned int i = 0; i < 4; i++) {
		words[i] = (1 + i) * PAGE | 3;
		page_at(1 + i)[i] = LEAF;
	}
	assert_int_equal(infer(5), S2_OK);
	assert_int_equal(found.base, 0);
	assert_int_equal(found.unreached, 0);
	shape(0, 48);
	words[5] = table_at(1);
	words[6] = table_at(2);
	pages = 3;
	for (unsigned int i = 1; i <= 2; i++) {
		page_at(i)[i] = table_at(pages);
		page_at(pages)[i] = table_at(pages + 1);
		page_at(pages + 1)[i] = LEAF;
		pages += 2;
	}
	must_be(pages, 0);
}

/* What a page's own descriptors lead to speaks for it, and nothing else does. */
static void table_pages_weigh(void **state)
{
	(void)state;
	for (unsigned int damaged = 1; damaged <= 2; damaged++) {
		shape(1, 39);
		words[0] = table_at(1);
		words[1] = table_at(2);
		page_at(1)[0] = table_at(3);
		page_at(2)[0] = table_at(4);
		page_at(3)[0] = page_at(4)[0] = LEAF;
		for (unsigned int i = 1; i <= damaged; i++)
			page_at(2)[i] = DAMAGED & ~2ULL; /* of a block */
		if (damaged == 1)
			must_be(5, 0);
		else
			must_not(5, "(table pages in use: 3, left over: 1)");
	}
}

/* What cannot be read speaks neither for a page nor against it. */
static void unread(void **state)
{
	unsigned int pages;

	(void)state;
	pages = put_row(6, 0);
	memtable_init(&blob, words, 0, pages * PAGE);
	blob.hole = 3 * PAGE;
	blob.hole_size = PAGE;
	blob.hole_code = S2_ABSENT;
	assert_int_equal(infer_size(pages * PAGE, pages * PAGE), S2_OK);
	assert_int_equal(found.base, BASE);
	blob.hole = 0;
	assert_int_equal(infer_size(pages * PAGE, pages * PAGE), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "holds no table descriptor"));
}

static void sizes(void **state)
{
	uint64_t floor, one;

	(void)state;
	/* Addresses are gathered from the start level, or from a page where that is less. */
	shape(2, 25);
	one = s2_infer_scratch(&geom, 4 * PAGE);
	assert_in_range(one, PAGE, PAGE + 1024);
	shape(2, 30);
	assert_int_equal(s2_infer_scratch(&geom, 4 * PAGE), one);
	shape(2, 32); /* four start tables */
	assert_int_equal(s2_infer_scratch(&geom, 4 * PAGE), one + 3 * PAGE);
	memtable_init(&blob, words, 0, sizeof(words));
	assert_int_equal(infer_size(4 * PAGE - 1, 4 * PAGE - 1), S2_INVALID);
	assert_non_null(
		strstr(err.text,
		       "the blob (16383 bytes) is smaller than the start level (16384 bytes)"));
	assert_int_equal(infer_size(1, 1), S2_INVALID);
	assert_non_null(strstr(err.text, "the blob (1 byte) is"));
	assert_int_equal(infer_size(4 * PAGE, 4 * PAGE), S2_NOTFOUND);
	words[0] = table_at(4);
	assert_int_equal(infer_size(4 * PAGE, 4 * PAGE), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "tables lie outside the blob"));
	page_at(4)[0] = LEAF;
	must_be(5, 0);
	/* Bytes behind the last page are no page. */
	memtable_init(&blob, words, 0, sizeof(words));
	assert_int_equal(infer_size(5 * PAGE - 1, 5 * PAGE - 1), S2_NOTFOUND);
	assert_int_equal(infer_size(5 * PAGE + 4095, 5 * PAGE + 4095), S2_OK);
	assert_int_equal(found.base, BASE);
	/* A hole of a file must not take more memory than 32 MiB and twice what is there. */
	for (floor = 0; s2_infer_scratch(&geom, floor) <= (32 << 20) + 2 * PAGE; floor += PAGE)
		;
	assert_int_equal(infer_size(floor, PAGE), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "only 4096 of "));
	/* A page less is looked at. */
	assert_int_equal(infer_size(floor - PAGE, PAGE), S2_NOTFOUND);
	assert_null(strstr(err.text, "only"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_over_pages),
		cmocka_unit_test(damaged_tables),
		cmocka_unit_test(dangling_descriptors),
		cmocka_unit_test(one_descriptor),
		cmocka_unit_test(thin),
		cmocka_unit_test(any_order),
		cmocka_unit_test(second_base),
		cmocka_unit_test(depth_and_place),
		cmocka_unit_test(table_pages_weigh),
		cmocka_unit_test(unread),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
