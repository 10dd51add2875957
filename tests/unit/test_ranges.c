// SPDX-License-Identifier: GPL-2.0-or-later
// Rows against their definition, page by page: where annotators cut, where neighbours join, what is
// missing, and that parts joined at their border are the whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "memtable.h"
#include "model/ranges.h"
#include "model/slots.h"

#define BASE UINT64_C(0x40000000)
#define PAGE UINT64_C(4096)
#define LEAF UINT64_C(0x7ff) /* valid page, MemAttr, RW, inner shareable, AF (Arm ARM D8.3.1) */
#define RO (LEAF & ~UINT64_C(0x80))
#define NPAGES 1024U

/* The start level is four pages of level 2; behind them two level-3 tables, for [0, 4M). */
static uint64_t words[6 * 512];
static uint64_t *const entry = words + 4 * 512;
static struct memtable mem;
static struct s2_geometry geom;
static struct s2_table table;
static struct s2_ranges ranges;

/* A label per page for each of two annotators of the test; the numbers in it say the same as far
 * as they are the same, or, with `counts`, as far as they count on. */
static uint32_t says[2][NPAGES];
static bool counts, wants_pa;
static unsigned int asked, asked_scattered;

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *ask,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	const uint32_t *say = says[annotator->param[0]];
	uint64_t first = run->ia / PAGE, n = 1;

	assert_int_equal(run->missing, S2_OK);
	assert_ptr_equal(ask->table, &table);
	asked++;
	asked_scattered += s2_is_leaf(run->entry.type) && !run->pa_contiguous;
	*ret_label = (struct s2_label){ { first < NPAGES ? say[first] : 0 } };
	if (first >= NPAGES)
		return run->size;
	while (first + n < NPAGES && say[first + n] == say[first] + (counts ? n : 0))
		n++;
	/* Behind the last page nobody says anything. */
	return first + n == NPAGES && !say[first] ? UINT64_MAX : n * PAGE;
}

static bool joins(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		  const struct s2_geometry *g)
{
	return a->word[0] + (counts ? distance >> g->page_log2 : 0) == b->word[0];
}

static bool by_pa(const struct s2_annotator *annotator)
{
	(void)annotator;
	return wants_pa;
}

static const struct s2_annotator_ops test_ops = {
	.name = "test", .by_pa = by_pa, .at = at, .joins = joins
};

static int setup(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	memset(says, 0, sizeof(says));
	memtable_init(&mem, words, BASE, sizeof(words));
	words[0] = (BASE + 4 * PAGE) | 3;
	words[1] = (BASE + 5 * PAGE) | 3;
	counts = wants_pa = false;
	asked = asked_scattered = 0;
	table = (struct s2_table){ .id = "t", .root_pa = BASE };
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 32);
	s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL, 2);
	s2_regime_set_flag(&table.regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(table.regime.arch->shape(&table.regime, &geom, NULL), S2_OK);
	for (uint32_t i = 0; i < 2; i++)
		s2_table_annotate(&table,
				  &(struct s2_annotator){ .ops = &test_ops, .param = { i } });
	srand(7);
	return 0;
}

static void begin(enum s2_merge_how how, bool join, uint64_t first, uint64_t last,
		  struct s2_lost *lost)
{
	static struct s2_span range;
	struct s2_view view = { .how = how,
				.show = S2_SHOW_ALL,
				.annotate = true,
				.join = join,
				.range = &range,
				.nranges = 1 };
	struct s2_ctx ctx = { .mem = &mem.mem, .lost = lost };

	range = (struct s2_span){ first, last };
	assert_true(s2_ranges_init(&ranges, &table, &geom, &view, &ctx));
}

/* Pages in a few runs of attributes, output addresses and labels, so that all kinds of neighbours
 * are met. */
static void make_random(void)
{
	uint64_t oa = 0x80000000;

	for (unsigned int i = 0; i < NPAGES; i++) {
		bool new = rand() % 4 == 0;

		oa += PAGE * (rand() % 5 ? 1 : 7);
		entry[i] = !i || new ? (rand() % 3 ? (rand() % 2 ? LEAF : RO) : 0) :
				       entry[i - 1] & LEAF;
		entry[i] |= entry[i] ? oa : 0;
		for (unsigned int k = 0; k < 2; k++)
			says[k][i] = i && rand() % 6 ? says[k][i - 1] + counts :
						       (uint32_t)rand() % 3 * 5000;
	}
}

static bool leaf(unsigned int i)
{
	return entry[i] & 1;
}

static bool follows(unsigned int i)
{
	return (entry[i] & ~LEAF) == (entry[i - 1] & ~LEAF) + PAGE;
}

/* Do the pages @i - 1 and @i say one thing? */
static bool one_thing(unsigned int i, enum s2_merge_how how)
{
	if ((entry[i] & LEAF) != (entry[i - 1] & LEAF))
		return false;
	for (unsigned int k = 0; k < 2; k++)
		if (says[k][i] != says[k][i - 1] + counts)
			return false;
	return !leaf(i) || how == S2_MERGE_ATTRS || follows(i);
}

/* The rows of [0, 4M) are the longest stretches that say one thing. */
static void expect_joined(enum s2_merge_how how)
{
	struct s2_row row;
	unsigned int end = 0;

	begin(how, true, 0, NPAGES * PAGE - 1, NULL);
	while (s2_ranges_next(&ranges, &row)) {
		unsigned int first = end;
		uint64_t pieces = 1;

		assert_int_equal(row.run.ia, first * PAGE);
		assert_int_equal(row.nlabels, 2);
		for (end++; end < NPAGES && one_thing(end, how); end++)
			pieces += leaf(end) && !follows(end);
		assert_int_equal(row.run.size, (end - first) * PAGE);
		assert_int_equal(row.run.count, end - first);
		assert_int_equal(row.label[0].word[0], says[0][first]);
		assert_int_equal(row.label[1].word[0], says[1][first]);
		if (!leaf(first))
			continue;
		assert_int_equal(row.run.entry.oa, entry[first] & ~LEAF);
		assert_int_equal(row.pieces, pieces);
		assert_int_equal(row.run.pa_contiguous, pieces == 1);
	}
	assert_int_equal(end, NPAGES);
	assert_int_equal(asked_scattered, 0);
}

static void joined(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 40; n++) {
		counts = n & 1;
		wants_pa = n & 2;
		make_random();
		expect_joined(S2_MERGE_ATTRS);
		expect_joined(S2_MERGE_PA);
	}
}

/* Without joining, each row says one thing, and the walk's ranges are cut only where a label
 * changes. */
static void cut(void **state)
{
	struct s2_row row;

	(void)state;
	for (unsigned int n = 0; n < 20; n++) {
		unsigned int end = 0;

		make_random();
		wants_pa = true;
		begin(S2_MERGE_ATTRS, false, 0, NPAGES * PAGE - 1, NULL);
		while (s2_ranges_next(&ranges, &row)) {
			unsigned int first = end;

			for (end++; end < NPAGES && one_thing(end, S2_MERGE_PA); end++)
				;
			assert_int_equal(row.run.ia, first * PAGE);
			assert_int_equal(row.run.size, (end - first) * PAGE);
			if (leaf(first))
				assert_int_equal(row.run.entry.oa, entry[first] & ~LEAF);
		}
		assert_int_equal(end, NPAGES);
	}
	/* Who does not ask by output address is asked about scattered ranges as they are. */
	wants_pa = false;
	asked_scattered = 0;
	memset(says, 0, sizeof(says));
	begin(S2_MERGE_ATTRS, false, 0, NPAGES * PAGE - 1, NULL);
	while (s2_ranges_next(&ranges, &row))
		;
	assert_true(asked_scattered > 0);
}

/* With --merge=none each entry stays a row, however much alike they are; one entry that is cut is
 * as many. */
static void none(void **state)
{
	struct s2_row row;
	unsigned int n = 0;

	(void)state;
	entry[0] = entry[1] = 0;
	words[2] = 0x400000 | 0x7fd; /* a block of 2M at 4M, which nobody says anything of */
	begin(S2_MERGE_NONE, true, 0, 3 * 512 * PAGE - 1, NULL);
	while (s2_ranges_next(&ranges, &row)) {
		assert_int_equal(row.run.count, 1);
		n++;
	}
	assert_int_equal(n, NPAGES + 1);
}

/* Entries larger than a page: both halves touch the one entry that is cut, and are one again. */
static void cut_entry(void **state)
{
	struct s2_row a, b;

	(void)state;
	words[0] = 0x80000000 | 0x7fd; /* a block of 2M at 0 */
	for (unsigned int i = 100; i < 512; i++)
		says[1][i] = 1;
	begin(S2_MERGE_PA, false, 0, 512 * PAGE - 1, NULL);
	assert_true(s2_ranges_next(&ranges, &a));
	assert_true(s2_ranges_next(&ranges, &b));
	assert_int_equal(a.run.size, 100 * PAGE);
	assert_int_equal(a.run.count, 1);
	assert_int_equal(b.run.ia, 100 * PAGE);
	assert_int_equal(b.run.size, 412 * PAGE);
	assert_int_equal(b.run.count, 1);
	assert_int_equal(b.run.entry.oa, 0x80000000 + 100 * PAGE);
	assert_false(s2_row_join(&table, &geom, S2_MERGE_PA, &a, &b));
	b.label[1] = a.label[1];
	assert_false(s2_row_join(&table, &geom, S2_MERGE_NONE, &a, &b));
	assert_true(s2_row_join(&table, &geom, S2_MERGE_PA, &a, &b));
	assert_int_equal(a.run.size, 512 * PAGE);
	assert_int_equal(a.run.count, 1);
	assert_int_equal(a.pieces, 1);
	assert_false(s2_ranges_next(&ranges, &a));
}

/* Once nothing more may be printed, what is left of a run that was cut is one row, and missing. */
static void given_up(void **state)
{
	struct s2_row row;

	(void)state;
	words[0] = 0x80000000 | 0x7fd; /* a block of 2M at 0 */
	words[1] = 0x40000000 | 0x7fd; /* and at 2M */
	for (unsigned int i = 0; i < NPAGES; i++)
		says[1][i] = i;
	begin(S2_MERGE_PA, false, 0, NPAGES * PAGE - 1, NULL);
	for (unsigned int i = 0; i < 100; i++) {
		assert_true(s2_ranges_next(&ranges, &row));
		assert_int_equal(row.run.ia, i * PAGE);
		assert_int_equal(row.run.missing, S2_OK);
	}
	s2_ranges_stop(&ranges);
	assert_true(s2_ranges_next(&ranges, &row));
	assert_int_equal(row.run.ia, 100 * PAGE);
	assert_int_equal(row.run.size, 412 * PAGE);
	assert_int_equal(row.run.missing, S2_BUDGET);
	assert_int_equal(row.nlabels, 0);
	assert_int_equal(row.run.entry.oa, 0);
	/* Of a run that follows, the first piece is there, as of a row that nobody cuts. */
	assert_true(s2_ranges_next(&ranges, &row));
	assert_int_equal(row.run.ia, 512 * PAGE);
	assert_int_equal(row.run.size, PAGE);
	assert_int_equal(row.run.missing, S2_OK);
	assert_true(s2_ranges_next(&ranges, &row));
	assert_int_equal(row.run.size, 511 * PAGE);
	assert_int_equal(row.run.missing, S2_BUDGET);
	assert_false(s2_ranges_next(&ranges, &row));
	assert_int_equal(ranges.totals.mapped, 101 * PAGE);
	assert_int_equal(ranges.totals.missing, 923 * PAGE);
	assert_int_equal(ranges.totals.pages[1], 2);
	assert_false(ranges.totals.complete);
}

static size_t rows_of(uint64_t first, uint64_t last, struct s2_row *rows, size_t n)
{
	begin(S2_MERGE_ATTRS, true, first, last, NULL);
	while (s2_ranges_next(&ranges, &rows[n]))
		n++;
	return n;
}

/* Two parts, joined where they meet, print what one walk does. */
static void border(void **state)
{
	static struct s2_row whole[NPAGES], parts[NPAGES];

	(void)state;
	for (unsigned int n = 0; n < 200; n++) {
		uint64_t middle;
		size_t nwhole, first, nparts;

		make_random();
		middle = (1 + (uint64_t)rand() % (NPAGES - 1)) * PAGE;
		nwhole = rows_of(0, NPAGES * PAGE - 1, whole, 0);
		first = rows_of(0, middle - 1, parts, 0);
		nparts = rows_of(middle, NPAGES * PAGE - 1, parts, first);
		if (s2_row_join(&table, &geom, S2_MERGE_ATTRS, &parts[first - 1], &parts[first])) {
			memmove(&parts[first], &parts[first + 1],
				(nparts - first - 1) * sizeof(*parts));
			nparts--;
		}
		assert_int_equal(nparts, nwhole);
		for (size_t i = 0; i < nwhole; i++) {
			assert_int_equal(parts[i].run.ia, whole[i].run.ia);
			assert_int_equal(parts[i].run.size, whole[i].run.size);
			assert_int_equal(parts[i].run.count, whole[i].run.count);
			assert_int_equal(parts[i].run.entry.oa, whole[i].run.entry.oa);
			assert_int_equal(parts[i].run.key_mask, whole[i].run.key_mask);
			assert_int_equal(parts[i].run.entry.raw & parts[i].run.key_mask,
					 whole[i].run.entry.raw & whole[i].run.key_mask);
			assert_int_equal(parts[i].pieces, whole[i].pieces);
			assert_int_equal(parts[i].run.pa_contiguous, whole[i].run.pa_contiguous);
		}
	}
}

/* What is missing is a row without labels, which nobody is asked about, and a loss. */
static void missing(void **state)
{
	struct s2_lost lost = { 0 };
	const struct s2_totals *totals;
	struct s2_row row;

	(void)state;
	entry[0] = 0x80000000 | LEAF;
	entry[1] = 0x80001000 | LEAF;
	mem.views = false;
	mem.hole = BASE + 5 * PAGE;
	mem.hole_size = PAGE;
	mem.hole_code = S2_EXCLUDED;
	begin(S2_MERGE_ATTRS, true, 0, NPAGES * PAGE - 1, &lost);
	while (s2_ranges_next(&ranges, &row) && !row.run.missing)
		assert_int_equal(row.nlabels, 2);
	assert_int_equal(row.run.missing, S2_EXCLUDED);
	assert_int_equal(row.nlabels, 2);
	assert_int_equal(row.label[0].word[0] | row.label[1].word[0], 0);
	assert_int_equal(row.run.ia, 512 * PAGE);
	assert_int_equal(row.run.size, 512 * PAGE);
	assert_false(s2_ranges_next(&ranges, &row));
	totals = s2_ranges_end(&ranges);
	assert_false(totals->complete);
	assert_int_equal(totals->mapped, 2 * PAGE);
	assert_int_equal(totals->missing, 512 * PAGE);
	assert_int_equal(totals->gaps, 1);
	assert_string_equal(totals->why, "1 gap, first at 0x200000: level 3 table at PA 0x40005000 "
					 "was left out of the dump");
	assert_int_equal(lost.total, 1);
	assert_int_equal(lost.loss[0].code, S2_EXCLUDED);
	assert_int_equal(lost.loss[0].address, BASE + 5 * PAGE);
	assert_string_equal(lost.loss[0].table, "t");
	s2_lost_clear(&lost);
}

/* A table in a guest's memory: what it does not map is no loss at a physical address. */
static void in_guest(void **state)
{
	struct s2_lost lost = { 0 };
	struct memtable none_of_it;
	struct s2_row row;

	(void)state;
	memtable_init(&none_of_it, words, BASE, 4 * PAGE);
	table.mem = &none_of_it.mem;
	begin(S2_MERGE_ATTRS, true, 0, 512 * PAGE - 1, &lost);
	assert_true(s2_ranges_next(&ranges, &row));
	assert_int_equal(row.run.missing, S2_ABSENT);
	assert_false(s2_ranges_next(&ranges, &row));
	assert_string_equal(s2_ranges_end(&ranges)->why,
			    "1 gap, first at 0x0: level 3 table at IPA 0x40004000 is not mapped by "
			    "stage 2, or not in the dump");
	assert_int_equal(lost.loss[0].address, S2_LOST_NOWHERE);
	s2_lost_clear(&lost);
}

static void outside(void **state)
{
	static const struct s2_span range = { BIT64(32), BIT64(33) };
	struct s2_view view = { .show = S2_SHOW_ALL, .range = &range, .nranges = 1 };
	struct s2_ctx ctx = { .mem = &mem.mem };

	(void)state;
	assert_false(s2_ranges_init(&ranges, &table, &geom, &view, &ctx));
}

/* What a view with several ranges yields is what one yields after the other, each page once; table
 * pages are counted once. */
static void several(void **state)
{
	struct s2_span range[] = { { 2 * PAGE, 4 * PAGE - 1 },
				   { 9 * PAGE, 20 * PAGE },
				   { 30 * PAGE + 5, 30 * PAGE + 6 },
				   { 600 * PAGE, 700 * PAGE - 1 },
				   { BIT64(33), BIT64(34) } };
	struct s2_ctx ctx = { .mem = &mem.mem };

	(void)state;
	for (unsigned int n = 0; n < 20; n++) {
		struct s2_view view = { .how = n & 1 ? S2_MERGE_PA : S2_MERGE_ATTRS,
					.show = S2_SHOW_ALL,
					.annotate = true,
					.join = n & 2,
					.range = range,
					.nranges = ARRAY_SIZE(range) };
		bool seen[NPAGES] = { false };
		struct s2_row row;
		uint64_t end = 0;

		/* The first may lie outside of the input space. */
		range[0] = n == 4 ? (struct s2_span){ BIT64(35), BIT64(36) } :
				    (struct s2_span){ 2 * PAGE, 4 * PAGE - 1 };
		make_random();
		assert_true(s2_ranges_init(&ranges, &table, &geom, &view, &ctx));
		while (s2_ranges_next(&ranges, &row)) {
			assert_true(row.run.ia >= end);
			end = row.run.ia + row.run.size;
			for (uint64_t ia = row.run.ia; ia < end; ia += PAGE)
				seen[ia / PAGE] = true;
		}
		for (unsigned int i = 0; i < NPAGES; i++) {
			bool wanted = false;

			for (unsigned int k = 0; k < ARRAY_SIZE(range); k++)
				wanted |= i * PAGE + PAGE - 1 >= range[k].first &&
					  i * PAGE <= range[k].last;
			if (geom.heights == 1)
				assert_int_equal(seen[i], wanted);
			assert_true(seen[i] || !wanted);
		}
		/* The start level and two tables of pages. */
		assert_int_equal(s2_ranges_end(&ranges)->tables, 3);
	}
}

/* The slot of the page at @i, -1 for none. */
static int slot_of(const struct s2_slot *slot, size_t n, unsigned int i)
{
	for (size_t k = 0; k < n; k++)
		if (i * PAGE - slot[k].ipa < slot[k].size)
			return slot[k].id;
	return -1;
}

/* All pages say their slot, mapped or not. */
static void slots(void **state)
{
	struct s2_slot slot[] = { { .ipa = 3 * PAGE, .size = 5 * PAGE, .id = 7 },
				  { .ipa = 8 * PAGE, .size = 600 * PAGE, .id = 0 },
				  { .ipa = 1000 * PAGE, .size = 100 * PAGE, .id = 2 } };
	static const struct s2_span all = { 0, NPAGES * PAGE - 1 };
	struct s2_ctx ctx = { .mem = &mem.mem };

	(void)state;
	table.nannotators = 0;
	s2_slots_known(&table, slot, ARRAY_SIZE(slot));
	assert_true(table.have_slots);
	for (unsigned int n = 0; n < 20; n++) {
		struct s2_view view = { .how = S2_MERGE_PA,
					.show = S2_SHOW_ALL,
					.annotate = true,
					.range = &all,
					.nranges = 1 };
		struct s2_row row;
		unsigned int i = 0;

		make_random();
		assert_true(s2_ranges_init(&ranges, &table, &geom, &view, &ctx));
		while (s2_ranges_next(&ranges, &row)) {
			struct s2_value value, in_slot;

			s2_slots_annotator.members[1].get(&row.label[0], &in_slot);
			assert_true(in_slot.known);
			s2_slots_annotator.members[0].get(&row.label[0], &value);
			assert_int_equal(row.run.ia, i * PAGE);
			for (; i * PAGE < row.run.ia + row.run.size; i++) {
				int id = slot_of(slot, ARRAY_SIZE(slot), i);

				assert_int_equal(value.known, id >= 0);
				assert_int_equal(in_slot.number, id >= 0);
				if (id >= 0)
					assert_int_equal(value.number, id);
			}
		}
		assert_int_equal(i, NPAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(several, setup),   cmocka_unit_test_setup(joined, setup),
		cmocka_unit_test_setup(cut, setup),       cmocka_unit_test_setup(none, setup),
		cmocka_unit_test_setup(cut_entry, setup), cmocka_unit_test_setup(given_up, setup),
		cmocka_unit_test_setup(border, setup),    cmocka_unit_test_setup(missing, setup),
		cmocka_unit_test_setup(in_guest, setup),  cmocka_unit_test_setup(outside, setup),
		cmocka_unit_test_setup(slots, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
