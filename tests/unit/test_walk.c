// SPDX-License-Identifier: GPL-2.0-or-later
// Walker and merger against a naive reference that looks at one input address at a time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/infer.h"
#include "decode/arm64/arm64.h"
#include "decode/merge.h"
#include "enc.h"
#include "memtable.h"

#define BASE 0x80000000ULL
#define PAGES 40
#define WORDS (PAGES * 512)

static uint64_t words[WORDS];
static struct s2_walk walk, walk2;
static struct memtable mem;

static uint64_t rnd_state;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 0x2545f4914f6cdd1dULL;
}

static void shape(uint64_t vtcr, struct s2_geometry *geom)
{
	struct s2_regime regime;
	struct s2_err err;

	s2_err_init(&err);
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, vtcr);
	s2_regime_set_flag(&regime, S2_ARM64_FWB, S2_NO);
	if (s2_arm64_stage2.shape(&regime, geom, &err))
		fail_msg("%s", err.text);
}

/* What the naive walk finds at one input address. */
struct naive {
	uint64_t raw;
	unsigned int height;
	uint64_t entry_ia;
	enum s2_code missing;
};

/* 4K granule, written from scratch: index bits of 9, tables at 4K. */
static void naive_at(const struct s2_geometry *geom, uint64_t ia, struct naive *ret)
{
	uint64_t table = BASE, path[6] = { 0 };
	unsigned int h = geom->top;

	for (unsigned int depth = 0;; depth++, h--) {
		unsigned int shift = 12 + 9 * h;
		uint64_t index = depth ? ia >> shift & 511 : ia >> shift;
		uint64_t raw = 0;
		enum s2_code code = memtable_read(&mem.mem, table + index * 8, &raw, 8, NULL);
		bool whole = !memtable_state(&mem, table, depth ? 4096 : geom->start_size);

		ret->height = h;
		ret->entry_ia = ia >> shift << shift;
		/* Missing is told in chunks of 512 bytes when the page is not whole. */
		if (!whole)
			code = memtable_state(&mem, table + (index * 8 & ~511ULL), 512);
		ret->missing = code;
		ret->raw = raw;
		if (code)
			return;
		if ((raw & 3) != 3 || h == 0)
			return;
		path[depth] = table;
		table = raw & 0x0000fffffffff000ULL;
		for (unsigned int d = 0; d <= depth; d++) {
			uint64_t size = d ? 4096 : geom->start_size;

			if (table < path[d] + size && path[d] < table + 4096) {
				ret->missing = S2_LOOP;
				ret->height = h - 1;
				ret->entry_ia = ia >> (shift - 9) << (shift - 9);
				return;
			}
		}
	}
}

/* Fills memory with a mixture: holes, runs of pages, blocks, tables. */
static void random_tables(unsigned int table_odds)
{
	for (unsigned int i = 0; i < WORDS;) {
		unsigned int len = 1 + (unsigned int)(rnd() % 90);
		uint64_t kind = rnd() % 8;
		uint64_t oa = (rnd() & 0xffffff) << 12;
		uint64_t attrs = rnd() % 3 ? ENC_MEM : (rnd() & 0x7fc) | (rnd() & 1) << 54;

		for (unsigned int k = 0; k < len && i < WORDS; k++, i++) {
			if (rnd() % 100 < table_odds)
				words[i] = enc_table(ENC_48, BASE + (rnd() % (PAGES + 1)) * 4096);
			else if (kind < 2)
				words[i] = kind ? 0 : rnd() & ~1ULL;
			else if (kind < 6)
				words[i] = enc_page(ENC_48, oa + (uint64_t)k * 4096, attrs);
			else
				words[i] = enc_block(ENC_48, oa + ((uint64_t)k << 21), attrs);
		}
	}
}

static void compare(const struct s2_geometry *geom, enum s2_merge_how how)
{
	struct s2_merge merge;
	struct s2_run run;
	uint64_t next = 0, nruns = 0;

	s2_walk_init(&walk, geom, &mem.mem, BASE);
	walk.budget.left = UINT64_MAX;
	s2_merge_init(&merge, &walk, how, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run) && nruns++ < 200000) {
		uint64_t size = s2_entry_size(geom, run.height);

		assert_int_equal(run.ia, next);
		next = run.ia + run.size;
		for (uint64_t n = 0; n < run.count && n < 700; n++) {
			struct s2_entry entry;
			struct naive want;

			naive_at(geom, run.ia + n * size, &want);
			assert_int_equal(want.height, run.height);
			assert_int_equal(want.entry_ia, run.ia + n * size);
			assert_int_equal(want.missing, run.missing);
			if (run.missing)
				continue;
			if (!n)
				assert_int_equal(want.raw, run.entry.raw);
			geom->arch->decode(geom, run.height, want.raw, &entry);
			assert_int_equal(entry.type, run.entry.type);
			assert_int_equal(entry.odd, run.entry.odd);
			assert_int_equal((want.raw ^ run.entry.raw) & run.key_mask, 0);
			if (s2_is_leaf(entry.type) && run.pa_contiguous)
				assert_int_equal(entry.oa, run.entry.oa + n * size);
		}
		if (how == S2_MERGE_NONE && !run.missing)
			assert_int_equal(run.count, 1);
		if (how == S2_MERGE_PA)
			assert_true(run.pa_contiguous);
	}
}

static void against_naive(void **state)
{
	static const uint64_t vtcrs[] = { 0x80053558, 0x80053559, 0x80053560, 0x8005351f,
					  0x80053522 };

	(void)state;
	rnd_state = 42;
	for (unsigned int n = 0; n < 60; n++) {
		struct s2_geometry geom;

		shape(vtcrs[n % ARRAY_SIZE(vtcrs)], &geom);
		random_tables(n % 3);
		memtable_init(&mem, words, BASE, sizeof(words));
		mem.views = n & 1;
		if (n % 4 == 3) {
			mem.hole = BASE + rnd() % sizeof(words);
			mem.hole_size = rnd() % 9000;
			mem.hole_code = rnd() & 1 ? S2_EXCLUDED : S2_TRUNCATED;
		}
		compare(&geom, (enum s2_merge_how)(n % 3));
	}
}

/* Maximal merging: two neighbouring runs of attrs must differ in something that is shown. */
static void merges_all_it_can(void **state)
{
	struct s2_run last = { 0 }, run;
	struct s2_geometry geom;
	struct s2_merge merge;
	bool have = false;

	(void)state;
	rnd_state = 7;
	random_tables(1);
	shape(0x80053558, &geom);
	memtable_init(&mem, words, BASE, sizeof(words));
	s2_walk_init(&walk, &geom, &mem.mem, BASE);
	s2_merge_init(&merge, &walk, S2_MERGE_ATTRS, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run)) {
		if (have && last.height == run.height && last.missing == run.missing &&
		    !run.missing)
			assert_int_not_equal((last.entry.raw ^ run.entry.raw) & last.key_mask, 0);
		last = run;
		have = true;
	}
}

static void range_is_a_window(void **state)
{
	struct s2_geometry geom;

	(void)state;
	rnd_state = 99;
	random_tables(1);
	shape(0x80053558, &geom);
	memtable_init(&mem, words, BASE, sizeof(words));
	for (unsigned int n = 0; n < 200; n++) {
		uint64_t first = rnd() & low_bits(40),
			 last = first + (rnd() & low_bits((unsigned int)(rnd() % 34)));
		struct s2_strip strip;
		uint64_t next = 0;
		bool any = false;

		if (last >= 1ULL << 40)
			last = (1ULL << 40) - 1;
		s2_walk_init(&walk2, &geom, &mem.mem, BASE);
		assert_true(s2_walk_range(&walk2, first, last));
		while (s2_walk_next(&walk2, &strip)) {
			uint64_t size = s2_entry_size(&geom, strip.height);
			struct naive want;

			if (!any)
				assert_true(strip.ia <= first && first < strip.ia + size);
			else
				assert_int_equal(strip.ia, next);
			naive_at(&geom, strip.ia, &want);
			assert_int_equal(want.height, strip.height);
			next = strip.ia + strip.n * size;
			any = true;
			/* No entry beyond the one that holds the end. */
			assert_true(next - size <= last);
		}
		assert_true(any && next > last);
	}
	s2_walk_init(&walk2, &geom, &mem.mem, BASE);
	assert_false(s2_walk_range(&walk2, 1ULL << 40, 1ULL << 41));
	assert_false(s2_walk_next(&walk2, &(struct s2_strip){ 0 }));
}

/* All 512 entries of each level point to the next page: 512^3 paths through four pages end by the
 * budget. */
static void bounded_work(void **state)
{
	struct s2_geometry geom;
	struct s2_strip strip;
	uint64_t strips = 0, ended = 0, budget;

	(void)state;
	for (unsigned int i = 0; i < 4 * 512; i++)
		words[i] = enc_table(ENC_48, BASE + (i / 512 + 1) * 4096);
	memset(words + 3 * 512, 0, 4096);
	shape(0x80053590, &geom);
	memtable_init(&mem, words, BASE, 4 * 4096);
	s2_walk_init(&walk, &geom, &mem.mem, BASE);
	/* 512 Ki entries are 1024 pages; three visits for each of the four. */
	budget = walk.budget.left;
	assert_int_equal(budget, 1024 + 3 * 4);
	while (s2_walk_next(&walk, &strip)) {
		strips++;
		ended += strip.missing == S2_BUDGET;
		/* No page leads into itself or above: nothing of this is a loop. */
		assert_true(!strip.missing || strip.missing == S2_BUDGET);
	}
	assert_true(ended > 0);
	assert_int_equal(walk.tables, budget);
	assert_int_equal(walk.budget.left, 0);
	assert_true(strips < 1000000);
}

/* Two start tables, and a budget for one: the other is missing as a whole, where it stands. */
static void budget_ends_in_the_start_level(void **state)
{
	struct s2_geometry geom;
	struct s2_strip strip;

	(void)state;
	shape(0x80023558, &geom);
	memset(words, 0, sizeof(words));
	memtable_init(&mem, words, BASE, 2 * 4096);
	s2_walk_init(&walk, &geom, &mem.mem, BASE);
	walk.budget.left = 1;
	assert_true(s2_walk_next(&walk, &strip));
	assert_int_equal(strip.missing, S2_OK);
	assert_int_equal(strip.n, 512);
	assert_true(s2_walk_next(&walk, &strip));
	assert_int_equal(strip.missing, S2_BUDGET);
	assert_int_equal(strip.n, 512);
	assert_int_equal(strip.ia, 512ULL << 30);
	assert_int_equal(strip.table_pa, BASE + 0x1000);
	assert_int_equal(strip.desc_pa, BASE + 0x1000);
	assert_false(s2_walk_next(&walk, &strip));
	assert_int_equal(walk.tables, 1);
}

struct entered {
	struct s2_reached reached[8];
	unsigned int n;
	uint64_t refused; /* the table page that is not entered */
};

static bool note_entered(void *arg, const struct s2_reached *reached)
{
	struct entered *entered = arg;

	assert_true(entered->n < ARRAY_SIZE(entered->reached));
	entered->reached[entered->n++] = *reached;
	return reached->pa != entered->refused;
}

/* Two start tables (level 1, 40 bits), a table of level 2 that leads to one of level 3, into
 * itself, beyond 40 bits, and to a page that is not there. */
static void make_entered(struct s2_geometry *geom)
{
	shape(0x80023558, geom);
	memset(words, 0, sizeof(words));
	memtable_init(&mem, words, BASE, 5 * 4096);
	words[1] = enc_table(ENC_48, BASE + 0x2000);
	words[512 * 2 + 3] = enc_table(ENC_48, BASE + 0x3000);
	words[512 * 2 + 4] = enc_table(ENC_48, BASE + 0x2000);
	words[512 * 2 + 5] = enc_table(ENC_48, 1ULL << 40);
	words[512 * 2 + 6] = enc_table(ENC_48, BASE + 0x5000);
	words[512 * 3] = enc_page(ENC_48, 0x1000, ENC_MEM);
}

static void enters_as_told(void **state)
{
	static const struct s2_reached want[] = {
		{ BASE, 4096, 2, 0, 0, S2_WALK_ROOT, S2_OK },
		{ BASE + 0x2000, 4096, 1, 0x40000000, BASE + 0x2003, BASE + 8, S2_OK },
		{ BASE + 0x3000, 4096, 0, 0x40600000, BASE + 0x3003, BASE + 0x2018, S2_OK },
		{ BASE + 0x2000, 4096, 0, 0x40800000, BASE + 0x2003, BASE + 0x2020, S2_LOOP },
		{ 1ULL << 40, 4096, 0, 0x40a00000, 1ULL << 40 | 3, BASE + 0x2028, S2_INVALID },
		{ BASE + 0x5000, 4096, 0, 0x40c00000, BASE + 0x5003, BASE + 0x2030, S2_OK },
		{ BASE + 0x1000, 4096, 2, 0x8000000000, 0, S2_WALK_ROOT, S2_OK },
	};
	static const uint64_t nobody = ~0ULL;
	const uint64_t refused[] = { nobody, BASE + 0x3000, 1ULL << 40, BASE + 0x1000 };
	const uint64_t spans[] = { 0, 1ULL << 21, 1ULL << 21, 1ULL << 39 };
	struct s2_geometry geom;

	(void)state;
	make_entered(&geom);
	for (size_t r = 0; r < ARRAY_SIZE(refused); r++) {
		struct entered entered = { .refused = refused[r] };
		uint64_t covered = 0;
		struct s2_strip strip;

		s2_walk_init(&walk, &geom, &mem.mem, BASE);
		walk.enter = note_entered;
		walk.arg = &entered;
		while (s2_walk_next(&walk, &strip))
			covered += strip.n * s2_entry_size(&geom, strip.height);
		assert_int_equal(covered, (1ULL << 40) - spans[r]);
		assert_int_equal(entered.n, ARRAY_SIZE(want));
		for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
			const struct s2_reached *got = &entered.reached[i];

			assert_int_equal(got->pa, want[i].pa);
			assert_int_equal(got->size, want[i].size);
			assert_int_equal(got->height, want[i].height);
			assert_int_equal(got->ia, want[i].ia);
			assert_int_equal(got->raw, want[i].raw);
			assert_int_equal(got->desc_pa, want[i].desc_pa);
			assert_int_equal(got->state, want[i].state);
		}
	}
}

/* What is not entered is not read. */
static void what_is_refused_is_not_read(void **state)
{
	struct entered entered = { .refused = BASE + 0x3000 };
	struct s2_geometry geom;
	struct s2_strip strip;

	(void)state;
	make_entered(&geom);
	s2_walk_init(&walk, &geom, &mem.mem, BASE);
	walk.enter = note_entered;
	walk.arg = &entered;
	while (s2_walk_next(&walk, &strip))
		assert_int_not_equal(strip.table_pa, BASE + 0x3000);
	/* Both start tables, the table of level 2, and the page that is not there. */
	assert_int_equal(walk.tables, 4);
}

/* s2_infer_base() of the first @pages pages of @words. */
static enum s2_code infer(const struct s2_geometry *geom, uint64_t pages, struct s2_inferred *ret,
			  struct s2_err *err)
{
	void *scratch = malloc(s2_infer_scratch(geom, pages * 4096));
	struct memtable blob;
	enum s2_code code;

	assert_non_null(scratch);
	memtable_init(&blob, words, 0, pages * 4096);
	s2_err_init(err);
	code = s2_infer_base(geom, &blob.mem, pages * 4096, scratch, ret, err);
	free(scratch);
	return code;
}

static void infers_the_base(void **state)
{
	struct s2_inferred found;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	shape(0x80053558, &geom);
	/* Two start tables, two tables below: exactly fills 4 pages. */
	memset(words, 0, sizeof(words));
	words[1] = enc_table(ENC_48, 0x48f2e000);
	words[2 * 512 + 3] = enc_table(ENC_48, 0x48f2f000);
	words[3 * 512 + 7] = enc_page(ENC_48, 0x1000, ENC_MEM);
	assert_int_equal(infer(&geom, 4, &found, &err), S2_OK);
	assert_int_equal(found.base, 0x48f2c000);
	assert_int_equal(found.unreached, 0);
	/* Two pages more, which nothing points to: another base explains one table, not two. */
	assert_int_equal(infer(&geom, 6, &found, &err), S2_OK);
	assert_int_equal(found.base, 0x48f2c000);
	assert_int_equal(found.unreached, 2);
	/* A damaged leaf says nothing of tables: reserved, beyond the output size. */
	words[3 * 512 + 8] = 1;
	words[2 * 512 + 4] = enc_block(ENC_48, 0x40000000, ENC_MEM) | 1ULL << 48;
	assert_int_equal(infer(&geom, 4, &found, &err), S2_OK);
	assert_int_equal(found.base, 0x48f2c000);
	/* A table far away: the best base leaves it dangling. */
	words[5] = enc_table(ENC_48, 0x99999000);
	assert_int_equal(infer(&geom, 6, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "0x48f2c000, leaves"));
	/* Only blocks: nothing to infer from. */
	memset(words, 0, sizeof(words));
	words[0] = enc_block(ENC_48, 0x40000000, ENC_MEM);
	assert_int_equal(infer(&geom, 4, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "no table descriptor"));
}

static void second_base(void **state)
{
	struct s2_inferred found;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	/* Level 2 with two start tables: @n tables in a row. A page further, all but one are there.
	 */
	shape(0x80050021, &geom);
	for (unsigned int n = 9; n <= 10; n++) {
		memset(words, 0, sizeof(words));
		for (unsigned int i = 0; i < n; i++) {
			words[i] = enc_table(ENC_48, BASE + (2 + i) * 4096);
			words[(2 + i) * 512] = enc_page(ENC_48, 0x1000, ENC_MEM);
		}
		/* Two start tables make steps of two pages. */
		assert_int_equal(infer(&geom, 2 + n, &found, &err), S2_OK);
		assert_int_equal(found.base, BASE);
	}
	shape(0x80050022, &geom); /* one start table */
	for (unsigned int n = 9; n <= 10; n++) {
		memset(words, 0, sizeof(words));
		for (unsigned int i = 0; i < n; i++) {
			words[i] = enc_table(ENC_48, BASE + (1 + i) * 4096);
			words[(1 + i) * 512] = enc_page(ENC_48, 0x1000, ENC_MEM);
		}
		assert_int_equal(infer(&geom, 1 + n, &found, &err), n < 10 ? S2_OK : S2_NOTFOUND);
	}
	assert_non_null(strstr(err.text, "more than one base address fits"));
}

static void empty_tables_prove_nothing(void **state)
{
	struct s2_inferred found;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	/* A table in each of four levels, the last one's only entry damaged. A page further, the
	 * first descriptor leads to the third table, whose own leads to the second, and that to an
	 * empty page. */
	shape(0x80050090, &geom);
	memset(words, 0, sizeof(words));
	words[95] = enc_table(ENC_48, BASE + 4 * 4096);
	words[4 * 512 + 411] = enc_table(ENC_48, BASE + 3 * 4096);
	words[3 * 512 + 345] = enc_table(ENC_48, BASE + 5 * 4096);
	words[5 * 512 + 281] = 1;
	assert_int_equal(infer(&geom, 7, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "more than one base address fits"));
}

static void leaves_too_much(void **state)
{
	struct s2_inferred found;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	/* Five tables in four levels, two descriptors point four pages too far: a page further, the
	 * rest fits together, but for two tables that are left over. */
	shape(0x80050090, &geom);
	memset(words, 0, sizeof(words));
	words[338] = enc_table(ENC_48, BASE + 2 * 4096);
	words[2 * 512 + 35] = enc_table(ENC_48, BASE + 5 * 4096);
	words[512 + 394] = enc_table(ENC_48, BASE + 8 * 4096);
	words[512 + 395] = enc_table(ENC_48, BASE + 3 * 4096);
	words[512 + 396] = enc_table(ENC_48, BASE + 5 * 4096);
	for (unsigned int i = 0; i < 9; i++)
		words[(3 + i / 3) * 512 + i % 3] = enc_page(ENC_48, 0x1000, ENC_MEM);
	assert_int_equal(infer(&geom, 9, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "explains too little"));
}

static void one_descriptor_is_damaged(void **state)
{
	struct s2_inferred found;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	shape(0x80050059, &geom); /* level 1, one start table */
	/* The start level's only table holds eight, and two pages behind them are empty. */
	memset(words, 0, sizeof(words));
	words[0] = enc_table(ENC_48, BASE + 4096);
	for (unsigned int i = 0; i < 8; i++) {
		words[512 + i] = enc_table(ENC_48, BASE + (2 + i) * 4096);
		words[(2 + i) * 512] = enc_page(ENC_48, 0x1000, ENC_MEM);
	}
	assert_int_equal(infer(&geom, 12, &found, &err), S2_OK);
	assert_int_equal(found.base, BASE);
	assert_int_equal(found.unreached, 2);
	/* Its address is damaged: what it is taken for lies a page lower, and its tables as well. */
	words[0] = enc_table(ENC_48, BASE);
	assert_int_equal(infer(&geom, 12, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "one table descriptor alone"));
	/* The other way round: the tables below are cut off, an empty table proves nothing. */
	words[0] = enc_table(ENC_48, BASE + 4096);
	memset(words + 512, 0, 4096);
	assert_int_equal(infer(&geom, 10, &found, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "explains too little"));
}

/*
 * Addresses that do not stand in place, as RISC-V has them (Privileged ISA, Sv39: PPN in bits
 * [53:10], an address is PPN << 12), and the other way round.
 */
static bool low_bit(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	(void)geom;
	return !height && raw & 1;
}

static uint64_t low_byte(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	(void)geom, (void)height, (void)raw;
	return 0xff;
}

static void decode_shifted(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			   struct s2_entry *ret)
{
	*ret = (struct s2_entry){ .raw = raw };
	if (!(raw & 1))
		return;
	ret->type = height ? S2_TABLE : S2_PAGE;
	ret->oa = height ? s2_table_oa(geom, raw) : s2_leaf_oa(geom, height, raw);
}

static bool upper_bit(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	(void)geom;
	return height && raw & 1;
}

static const struct s2_arch shifted_arch = {
	.is_table = upper_bit, .is_leaf = low_bit, .key_mask = low_byte, .decode = decode_shifted
};

static void expect_shifted(int shift, uint64_t mask, uint64_t (*put)(uint64_t address))
{
	const struct s2_geometry geom = { .arch = &shifted_arch,
					  .page_log2 = 12,
					  .ia_bits = 30,
					  .oa_bits = 52,
					  .top = 1,
					  .heights = 2,
					  .start_tables = 1,
					  .start_size = 4096,
					  .table_low = mask,
					  .oa_shift = (int8_t)shift,
					  .height = { { .shift = 12, .leaf = true, .oa_low = mask },
						      { .shift = 21, .oa_low = mask } } };
	const uint64_t first = 0x3f00000, second = 0xabcd000; /* the first run crosses bit 26 */
	struct s2_merge merge;
	struct s2_run run;

	memset(words, 0, 2 * 4096);
	words[0] = put(BASE + 4096) | 1;
	for (uint64_t i = 0; i < 512; i++)
		words[512 + i] = put(i < 400 ? first + i * 4096 : second + i * 4096) | 1;
	memtable_init(&mem, words, BASE, 2 * 4096);
	s2_walk_init(&walk, &geom, &mem.mem, BASE);
	s2_merge_init(&merge, &walk, S2_MERGE_PA, S2_SHOW_ALL);
	assert_true(s2_merge_next(&merge, &run));
	assert_int_equal(run.count, 400);
	assert_int_equal(run.entry.oa, first);
	assert_true(s2_merge_next(&merge, &run));
	assert_int_equal(run.count, 112);
	assert_int_equal(run.entry.oa, second + UINT64_C(400) * 4096);
	assert_true(run.pa_contiguous);
	assert_true(s2_merge_next(&merge, &run));
	assert_int_equal(run.entry.type, S2_INVALID_ENTRY);
	assert_int_equal(run.count, 511);
	assert_false(s2_merge_next(&merge, &run));
}

static uint64_t put_riscv(uint64_t address)
{
	return address / 4096 * 1024;
}

static uint64_t put_higher(uint64_t address)
{
	return address * 16;
}

static void shifted_addresses(void **state)
{
	(void)state;
	expect_shifted(2, UINT64_C(0x3ffffffffffc00), put_riscv);
	expect_shifted(-4, UINT64_C(0xffffffffffff0000), put_higher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifted_addresses),
		cmocka_unit_test(against_naive),
		cmocka_unit_test(merges_all_it_can),
		cmocka_unit_test(range_is_a_window),
		cmocka_unit_test(bounded_work),
		cmocka_unit_test(budget_ends_in_the_start_level),
		cmocka_unit_test(enters_as_told),
		cmocka_unit_test(what_is_refused_is_not_read),
		cmocka_unit_test(infers_the_base),
		cmocka_unit_test(second_base),
		cmocka_unit_test(leaves_too_much),
		cmocka_unit_test(one_descriptor_is_damaged),
		cmocka_unit_test(empty_tables_prove_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
