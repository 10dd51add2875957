// SPDX-License-Identifier: GPL-2.0-or-later
// The checker on a handful of pages: its rows, its bounds, what it calls unknown, and tables of an
// ordinary host.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/priv.h"
#include "decode/arm64/arm64.h"
#include "memtable.h"

#define BASE 0x80000000ULL
#define PAGE 4096ULL
#define PAGES 32

/* A page of memory, as KVM maps it without FWB: RWX, write-back, inner shareable, accessed. */
#define LEAF 0x7ffULL

static uint64_t words[PAGES * 512];
static struct memtable mem;
static struct s2_slot slot[3];
static struct s2_table table[3];
static struct s2_tables tables;
static struct s2_lost lost;
static struct s2_check_report report;
static uint64_t window;

/* Two guests with 32 bits from level 2 on (4 pages each), a page of pages each, 8 pages of memory
 * in a slot. */
static void make(void)
{
	memset(words, 0, sizeof(words));
	memset(table, 0, sizeof(table));
	memtable_init(&mem, words, BASE, sizeof(words));
	for (unsigned int t = 0; t < 2; t++) {
		slot[t] = (struct s2_slot){ .ipa = 0x40000000, .size = 8 * PAGE };
		snprintf(table[t].id, sizeof(table[t].id), "vm:%u", t + 1);
		s2_regime_init(&table[t].regime, &s2_arm64_stage2);
		s2_regime_set(&table[t].regime, S2_ARM64_GRANULE, PAGE);
		s2_regime_set(&table[t].regime, S2_ARM64_IA_BITS, 32);
		s2_regime_set_level(&table[t].regime, S2_ARM64_START_LEVEL, 2);
		s2_regime_set_flag(&table[t].regime, S2_ARM64_FWB, S2_NO);
		table[t].root_pa = BASE + t * 4 * PAGE;
		table[t].slot = &slot[t];
		table[t].nslots = 1;
		table[t].have_slots = true;
		words[(t * 4 + 1) * 512] = (BASE + (8 + t) * PAGE) | 3;
		for (unsigned int i = 0; i < 4; i++)
			words[(8 + t) * 512 + i] = (BASE + (16 + t * 4 + i) * PAGE) | LEAF;
	}
	tables = (struct s2_tables){ .table = table, .n = 2, .mode = S2_KVM_VHE };
}

static uint64_t *leaf(unsigned int t, unsigned int i)
{
	return &words[(8 + t) * 512 + i];
}

static const struct s2_check_outcome *run(enum s2_check_id id)
{
	struct s2_check_args args = {
		.mem = &mem.mem, .tables = &tables, .lost = &lost, .wanted = ~0ULL, .window = window
	};

	s2_check_free(&report);
	assert_int_equal(s2_check_run(&args, &report, NULL), S2_OK);
	return &report.outcome[id];
}

static void only(enum s2_check_id id, const char *id_of_table, uint64_t ia)
{
	const struct s2_check_outcome *o = run(id);

	assert_int_equal(o->result, S2_CHECK_FAIL);
	assert_int_equal(o->nfindings, 1);
	assert_string_equal(o->finding[0].table, id_of_table);
	assert_int_equal(o->finding[0].ia, ia);
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (i != id && report.outcome[i].result == S2_CHECK_FAIL)
			fail_msg("%s fails as well: %s", s2_checks[i].name,
				 report.outcome[i].finding[0].text);
}

/* The first finding of check @id, as run() left it, says @text of the page at @pa. */
static void says(enum s2_check_id id, uint64_t pa, const char *text)
{
	assert_int_equal(report.outcome[id].finding[0].pa, pa);
	assert_string_equal(report.outcome[id].finding[0].text, text);
}

static void test_rows(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		assert_non_null(s2_checks[i].name);
		assert_non_null(s2_checks[i].exceptions);
		assert_true(strlen(s2_checks[i].meaning) < 120);
		assert_ptr_equal(s2_check_find(s2_checks[i].name, strlen(s2_checks[i].name)),
				 &s2_checks[i]);
	}
	assert_null(s2_check_find("no-such-check", strlen("no-such-check")));
	assert_null(s2_check_find("wx", 1));
	assert_null(s2_check_find("wx,", 3));
	assert_null(s2_check_find("", 0));
}

static void test_sound(void **state)
{
	(void)state;
	make();
	run(S2_CHECK_COMPLETE);
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (report.outcome[i].nfindings)
			fail_msg("%s: %s", s2_checks[i].name, report.outcome[i].finding[0].text);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_PASS);
	assert_int_equal(report.outcome[S2_CHECK_MEMSLOTS].result, S2_CHECK_PASS);
	/* Without the kernel there is no reference count and no VMM; without pKVM there is no host
	 * table. */
	assert_int_equal(report.outcome[S2_CHECK_REFCOUNT].result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_VMM].result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_HOST_IDENTITY].result, S2_CHECK_SKIPPED);
}

/* Every single bit of a leaf, but those that KVM itself changes: W, AF, XN, and the address. */
static void test_every_bit(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		bool free_bit = bit == 7 || bit == 10 || bit == 54;
		bool address = bit >= 12 && bit < 48;
		const struct s2_check_outcome *o;
		bool any = false;

		make();
		*leaf(0, 1) ^= 1ULL << bit;
		o = run(S2_CHECK_WRITER);
		for (unsigned int i = 0; i < S2_NCHECKS; i++)
			any |= report.outcome[i].result == S2_CHECK_FAIL;
		if (free_bit && any)
			fail_msg("bit %u is no fault", bit);
		/* Whether that is what is left of an entry only the kernel tells: see
		 * test_check_kernel.c. */
		if (bit == 0)
			assert_int_equal(o->result, S2_CHECK_UNKNOWN);
		else if (!free_bit && !address && !any)
			fail_msg("bit %u is not reported", bit);
		if (any && !address && o->nfindings)
			assert_int_equal(o->finding[0].ia, 0x40001000);
	}
}

static void test_faults(void **state)
{
	(void)state;
	make();
	*leaf(1, 9) = (BASE + 30 * PAGE) | LEAF; /* beyond the slot */
	only(S2_CHECK_MEMSLOTS, "vm:2", 0x40009000);
	make();
	slot[0].flags = 2; /* KVM_MEM_READONLY */
	for (unsigned int i = 0; i < 4; i++)
		*leaf(0, i) &= ~0x80ULL;
	*leaf(0, 2) |= 0x80;
	only(S2_CHECK_MEMSLOTS, "vm:1", 0x40002000);
	make();
	*leaf(0, 0) = (BASE + 9 * PAGE) | LEAF; /* the other's table page */
	only(S2_CHECK_TABLE_HIDDEN, "vm:1", 0x40000000);
	says(S2_CHECK_TABLE_HIDDEN, BASE + 9 * PAGE, "a table page is mapped in a guest");
	make();
	words[(4 + 2) * 512] = (BASE + 8 * PAGE) | 3;  /* vm:2 leads to vm:1's pages */
	only(S2_CHECK_TABLE_ONCE, "vm:2", 0x80000000); /* and it is complete */
	says(S2_CHECK_TABLE_ONCE, BASE + 8 * PAGE, "table page is also in vm:1, level 3");
	make();
	words[2 * 512] = (BASE + 28 * PAGE) | 3;
	only(S2_CHECK_TABLE_EMPTY, "vm:1", 0x80000000);
	says(S2_CHECK_TABLE_EMPTY, BASE + 28 * PAGE, "level 3 table page is empty");
	make();
	*leaf(0, 5) = 0x400;
	only(S2_CHECK_LOCKED, "vm:1", 0x40005000);
	make();
	*leaf(0, 5) = 4; /* an owner annotation has no place here */
	only(S2_CHECK_WRITER, "vm:1", 0x40005000);
}

/* Two writers are a fault only when a VMM does not agree; here nothing is known of the VMMs. */
static void test_two_guests(void **state)
{
	(void)state;
	make();
	*leaf(1, 0) = *leaf(0, 0);
	assert_int_equal(run(S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	*leaf(1, 0) &= ~0x80ULL; /* the second reads only */
	assert_int_equal(run(S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
}

/* A third guest with one page, its start level behind the others' pages. */
static void add_third(uint64_t desc)
{
	table[2] = table[1];
	slot[2] = slot[1];
	snprintf(table[2].id, sizeof(table[2].id), "vm:3");
	table[2].slot = &slot[2];
	table[2].root_pa = BASE + 24 * PAGE;
	words[25 * 512] = (BASE + 28 * PAGE) | 3;
	words[28 * 512] = desc;
	tables.n = 3;
}

/* Who was first to map a page and only reads it is not one of the two who write it. */
static void test_writers_are_named(void **state)
{
	const struct s2_check_outcome *o;

	(void)state;
	make();
	*leaf(1, 0) = *leaf(0, 0);
	*leaf(0, 0) &= ~0x80ULL;
	add_third(*leaf(1, 0));
	o = run(S2_CHECK_TWO_GUESTS);
	assert_int_equal(o->result, S2_CHECK_UNKNOWN);
	assert_int_equal(o->nunknown, 1);
	assert_non_null(strstr(o->why, "in vm:3 and vm:2"));
}

/* Device memory is MemAttr 0 to 3; what lies above is Normal, and executable as the guest likes. */
static void test_device_memory(void **state)
{
	(void)state;
	for (unsigned int attr = 0; attr < 16; attr++) {
		make();
		*leaf(0, 0) = (*leaf(0, 0) & ~0x3cULL) | attr << 2;
		assert_int_equal(run(S2_CHECK_WX)->result,
				 attr < 4 ? S2_CHECK_FAIL : S2_CHECK_PASS);
		*leaf(0, 0) |= 1ULL << 54;
		assert_int_equal(run(S2_CHECK_WX)->result, S2_CHECK_PASS);
	}
}

/* As make(), with MemAttr @attr in all leaves and nothing known of HCR_EL2. */
static void make_without_fwb(unsigned int attr)
{
	make();
	for (unsigned int t = 0; t < 2; t++) {
		s2_regime_init(&table[t].regime, &s2_arm64_stage2);
		s2_regime_set(&table[t].regime, S2_ARM64_GRANULE, PAGE);
		s2_regime_set(&table[t].regime, S2_ARM64_IA_BITS, 32);
		s2_regime_set_level(&table[t].regime, S2_ARM64_START_LEVEL, 2);
		for (unsigned int i = 0; i < 4; i++)
			*leaf(t, i) = (*leaf(t, i) & ~0x3cULL) | attr << 2 | 1ULL << 54;
	}
}

/* What KVM writes, and what is reserved, HCR_EL2.FWB decides: without it neither is said to hold. */
static void test_fwb_not_known(void **state)
{
	static const struct {
		unsigned int attr;
		enum s2_check_result writer, encoding;
	} rows[] = {
		{ 1, S2_CHECK_PASS, S2_CHECK_PASS },    { 5, S2_CHECK_PASS, S2_CHECK_PASS },
		{ 6, S2_CHECK_UNKNOWN, S2_CHECK_PASS }, { 15, S2_CHECK_UNKNOWN, S2_CHECK_PASS },
		{ 9, S2_CHECK_FAIL, S2_CHECK_UNKNOWN }, { 4, S2_CHECK_FAIL, S2_CHECK_FAIL },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		make_without_fwb(rows[i].attr);
		if (run(S2_CHECK_WRITER)->result != rows[i].writer ||
		    run(S2_CHECK_ENCODING)->result != rows[i].encoding)
			fail_msg("MemAttr %u", rows[i].attr);
	}
	/* One guest's register tells for all of the machine. */
	make_without_fwb(15);
	s2_regime_set_flag(&table[1].regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_PASS);
	make_without_fwb(6);
	s2_regime_set_flag(&table[1].regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_FAIL);
}

/* One guest with one block at the start level, @shift bits large. */
static void make_block(uint64_t granule, unsigned int start_level, unsigned int shift, bool lpa2)
{
	make();
	memset(words, 0, sizeof(words));
	tables.n = 1;
	s2_regime_set(&table[0].regime, S2_ARM64_GRANULE, granule);
	s2_regime_set_level(&table[0].regime, S2_ARM64_START_LEVEL, (int)start_level);
	s2_regime_set(&table[0].regime, S2_ARM64_IA_BITS, shift + (granule == PAGE ? 9 : 5));
	s2_regime_set_flag(&table[0].regime, S2_ARM64_LPA2, lpa2 ? S2_YES : S2_NO);
	slot[0] = (struct s2_slot){ .ipa = 0, .size = 1ULL << shift };
	words[0] = (LEAF & ~2ULL & ~(lpa2 ? 0x300ULL : 0)) | 1ULL << shift;
}

/* Blocks at level 1 with 4K pages and at level 2 with others, and no larger ones (pgtable.h,
 * KVM_PGTABLE_MIN_BLOCK_LEVEL), though the architecture with LPA2 has some. */
static void test_block_levels(void **state)
{
	(void)state;
	make_block(PAGE, 1, 30, false);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_PASS);
	make_block(PAGE, 0, 39, true);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_FAIL);
	make_block(16384, 2, 25, false);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_PASS);
	make_block(16384, 1, 36, true);
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_FAIL);
}

/* Blocks of 512 GiB over all of the input space cost what memory there is in them; each page of it
 * is still looked at. */
static void test_blocks_larger_than_memory(void **state)
{
	static const uint64_t windows[] = { 0, 1, 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		window = windows[i];
		make();
		s2_regime_set_level(&table[0].regime, S2_ARM64_START_LEVEL, 0);
		s2_regime_set(&table[0].regime, S2_ARM64_IA_BITS, 48);
		s2_regime_set_flag(&table[0].regime, S2_ARM64_LPA2, S2_YES);
		slot[0] = (struct s2_slot){ .ipa = 0, .size = 1ULL << 48 };
		for (unsigned int k = 0; k < 512; k++)
			words[k] = (LEAF & ~0x302ULL) | (uint64_t)k << 39;
		/* The four pages of the other guest have two writers, and each block leads out of
		 * the memory. */
		assert_int_equal(run(S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
		assert_int_equal(report.outcome[S2_CHECK_TWO_GUESTS].nunknown, 4 + 512);
	}
	window = 0;
}

/* A VM that could not be read, or a table of no sound geometry: nothing is called good. */
static void test_unreadable(void **state)
{
	(void)state;
	make();
	s2_lost_add(&lost, S2_LOST_VM, S2_EXCLUDED, "vm:3", S2_LOST_NOWHERE, "excluded");
	assert_int_equal(run(S2_CHECK_LOCKED)->result, S2_CHECK_UNKNOWN);
	assert_non_null(strstr(report.outcome[S2_CHECK_LOCKED].why, "vm:3: excluded"));
	s2_lost_clear(&lost);
	make();
	s2_regime_set_level(&table[1].regime, S2_ARM64_START_LEVEL, 7);
	assert_int_equal(run(S2_CHECK_LOCKED)->result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_COMPLETE].result, S2_CHECK_UNKNOWN);
}

/* What a loss is of: another kind of tables is told all the same. */
static void test_unreadable_kinds(void **state)
{
	static const struct {
		enum s2_lost_what what;
		const char *table;
		enum s2_check_result guests;
	} rows[] = {
		{ S2_LOST_VM, "vm:3", S2_CHECK_UNKNOWN },
		{ S2_LOST_TABLE, "vm:3", S2_CHECK_UNKNOWN },
		{ S2_LOST_TABLE, "hyp", S2_CHECK_PASS },
		{ S2_LOST_TABLE, "host", S2_CHECK_PASS },
		{ S2_LOST_SEARCH, "", S2_CHECK_UNKNOWN },
		{ S2_LOST_SEARCH, "hyp", S2_CHECK_PASS },
		{ S2_LOST_REGISTER, "vm:1", S2_CHECK_PASS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make();
		s2_lost_add(&lost, rows[i].what, S2_EXCLUDED, rows[i].table, S2_LOST_NOWHERE, "x");
		if (run(S2_CHECK_MEMSLOTS)->result != rows[i].guests)
			fail_msg("row %zu", i);
		s2_lost_clear(&lost);
	}
}

/* What all tables say together is not known of some of them. */
static void test_some_tables(void **state)
{
	struct s2_check_args args = {
		.mem = &mem.mem, .tables = &tables, .lost = &lost, .wanted = ~0ULL, .some = true
	};
	static const enum s2_check_id all[] = { S2_CHECK_TABLE_ONCE, S2_CHECK_TABLE_HIDDEN,
						S2_CHECK_TWO_GUESTS };

	(void)state;
	make();
	s2_check_free(&report);
	assert_int_equal(s2_check_run(&args, &report, NULL), S2_OK);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_int_equal(report.outcome[all[i]].result, S2_CHECK_UNKNOWN);
		assert_string_equal(report.outcome[all[i]].why, "not all tables are chosen");
	}
	assert_int_equal(report.outcome[S2_CHECK_LOCKED].result, S2_CHECK_PASS);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_PASS);
	assert_int_equal(report.outcome[S2_CHECK_MEMSLOTS].result, S2_CHECK_PASS);
}

/* A block is in one slot as a whole. */
static void test_block_at_the_end_of_a_slot(void **state)
{
	(void)state;
	for (unsigned int pages = 1022; pages <= 1025; pages++) {
		make();
		words[512 + 1] = 0xc0000000 | (LEAF & ~2ULL);
		slot[0].size = pages * PAGE;
		if (pages < 1024)
			only(S2_CHECK_MEMSLOTS, "vm:1", 0x40200000);
		else
			assert_int_equal(run(S2_CHECK_MEMSLOTS)->result, S2_CHECK_PASS);
	}
}

/* A table page that is not in the dump: nothing is called good, nothing bad. */
static void test_missing(void **state)
{
	(void)state;
	make();
	mem.hole = BASE + 9 * PAGE;
	mem.hole_size = PAGE;
	mem.hole_code = S2_EXCLUDED;
	assert_int_equal(run(S2_CHECK_COMPLETE)->result, S2_CHECK_UNKNOWN);
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		assert_true(report.outcome[i].result == S2_CHECK_UNKNOWN ||
			    report.outcome[i].result == S2_CHECK_SKIPPED);
	/* What is wrong elsewhere is still found. */
	*leaf(0, 1) |= 1ULL << 60;
	assert_int_equal(run(S2_CHECK_WRITER)->result, S2_CHECK_FAIL);
}

/* Of a table page that is there in part, each descriptor that is there is checked. */
static void test_half_present(void **state)
{
	const struct s2_check_outcome *o;

	(void)state;
	make();
	mem.hole = BASE + 9 * PAGE + 512; /* descriptors 64 to 127 of vm:2 */
	mem.hole_size = 512;
	mem.hole_code = S2_TRUNCATED;
	*leaf(1, 63) = *leaf(1, 0) | 1ULL << 60;
	*leaf(1, 64) = *leaf(1, 63);
	*leaf(1, 127) = *leaf(1, 63);
	*leaf(1, 128) = *leaf(1, 63);
	o = run(S2_CHECK_WRITER);
	assert_int_equal(o->nfindings, 2);
	assert_int_equal(o->finding[0].ia, 0x40000000 + 63 * PAGE);
	assert_int_equal(o->finding[1].ia, 0x40000000 + 128 * PAGE);
	assert_int_equal(o->nunknown, 1);
	assert_string_equal(report.outcome[S2_CHECK_COMPLETE].why,
			    "vm:2: 512 bytes from PA 0x80009200 of a table page are truncated");
	/* What is not there does not make a page empty. */
	memset(leaf(1, 0), 0, PAGE);
	assert_int_equal(run(S2_CHECK_TABLE_EMPTY)->result, S2_CHECK_UNKNOWN);
}

/* A table that leads into itself ends, and so does the list of findings. */
static void test_bounds(void **state)
{
	(void)state;
	make();
	for (unsigned int i = 0; i < 512; i++)
		words[512 + i] = (BASE + PAGE) | 3;
	assert_int_equal(run(S2_CHECK_TABLE_ONCE)->result, S2_CHECK_FAIL);
	assert_int_equal(report.outcome[S2_CHECK_COMPLETE].result, S2_CHECK_FAIL);
	assert_string_equal(report.outcome[S2_CHECK_COMPLETE].finding[0].text,
			    "the table leads back into itself");
	make();
	for (unsigned int i = 0; i < 512; i++)
		*leaf(0, i) = (BASE + 20 * PAGE) | LEAF | 1ULL << 60;
	assert_int_equal(run(S2_CHECK_WRITER)->nfindings, 512);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].finding[S2_MAX_FINDINGS - 1].ia,
			 0x40000000 + (S2_MAX_FINDINGS - 1) * PAGE);
}

/* However few pages are looked at together, the findings are the same. */
static void test_windows(void **state)
{
	for (window = 1; window < PAGES; window = window * 2 + 1) {
		test_sound(state);
		test_faults(state);
		test_two_guests(state);
		test_missing(state);
		test_bounds(state);
	}
	window = 0;
}

static void test_skip(void **state)
{
	struct s2_check_args args = { .mem = &mem.mem, .tables = &tables };

	(void)state;
	make();
	*leaf(0, 1) |= 1ULL << 60;
	args.wanted = ~(1ULL << S2_CHECK_WRITER);
	s2_check_free(&report);
	assert_int_equal(s2_check_run(&args, &report, NULL), S2_OK);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_SKIPPED);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].nfindings, 0);
}

/* A memory that claims to be larger than the 52 bits of an address. */
static enum s2_code next_huge(const struct s2_mem *m, uint64_t pa, struct s2_extent *ret)
{
	(void)m;
	*ret = (struct s2_extent){ .pa = BASE, .size = 1ULL << 55 };
	return pa < BASE + (1ULL << 55) ? S2_OK : S2_NOTFOUND;
}

/* More memory than a dump of this size is of ends, and is told; what is no matter of pages is
 * known all the same. */
static void test_memory_that_is_claimed(void **state)
{
	struct s2_mem_ops ops;
	struct s2_loss *loss;
	uint64_t end = BASE + (1ULL << 40) + 1024 * sizeof(words);

	(void)state;
	make();
	ops = *mem.mem.ops;
	ops.next = next_huge;
	mem.mem.ops = &ops;
	assert_int_equal(run(S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_TABLE_HIDDEN].result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_PASS);
	assert_int_equal(report.outcome[S2_CHECK_COMPLETE].result, S2_CHECK_PASS);
	assert_int_equal(lost.total, 1);
	loss = &lost.loss[0];
	assert_int_equal(loss->what, S2_LOST_SEARCH);
	assert_int_equal(loss->code, S2_BUDGET);
	/* 1 TiB, and 1024 pages for each that there is. */
	assert_int_equal(loss->address, end);
	s2_lost_clear(&lost);
}

/* Tables of pages that are not there, more than so little memory can hold: no loop. */
static void test_too_many_tables(void **state)
{
	struct s2_loss *loss;

	(void)state;
	make();
	for (unsigned int i = 0; i < 4 * 512; i++)
		words[i] = (BASE + (1ULL << 30) + i * PAGE) | 3;
	assert_int_equal(run(S2_CHECK_COMPLETE)->result, S2_CHECK_UNKNOWN);
	assert_int_equal(report.outcome[S2_CHECK_TABLE_ONCE].result, S2_CHECK_UNKNOWN);
	assert_int_equal(lost.total, 1);
	loss = &lost.loss[0];
	assert_int_equal(loss->what, S2_LOST_PAGE);
	assert_int_equal(loss->code, S2_BUDGET);
	assert_string_equal(loss->table, "vm:1");
	/* 1024 and three for each that is there, and three of the start level came before. */
	assert_int_equal(loss->address,
			 BASE + (1ULL << 30) + (1024 + 3 * PAGES - 3) * (uint64_t)PAGE);
	s2_lost_clear(&lost);
}

static int end(void **state)
{
	(void)state;
	s2_check_free(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_writers_are_named),
		cmocka_unit_test(test_device_memory),
		cmocka_unit_test(test_fwb_not_known),
		cmocka_unit_test(test_block_levels),
		cmocka_unit_test(test_blocks_larger_than_memory),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_unreadable_kinds),
		cmocka_unit_test(test_some_tables),
		cmocka_unit_test(test_block_at_the_end_of_a_slot),
		cmocka_unit_test(test_half_present),
		cmocka_unit_test(test_memory_that_is_claimed),
		cmocka_unit_test(test_too_many_tables),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
