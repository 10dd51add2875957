// SPDX-License-Identifier: GPL-2.0-or-later
// Findings: which are kept and which are counted, what two runs over the same dump come to; and
// where a table maps a page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/priv.h"
#include "decode/arm64/arm64.h"
#include "memtable.h"

#define MIB (1ULL << 20)
#define BASE 0x80000000ULL
#define PAGE 4096ULL

static struct s2_check_report report;
static struct s2_check_args args;
static struct s2_check_ctx ctx;
static struct s2_mem mem;

static void forget(void)
{
	s2_check_free(&report);
	memset(&report, 0, sizeof(report));
}

static void begin(uint64_t bytes, uint64_t most)
{
	forget();
	mem = (struct s2_mem){ .bytes = bytes };
	args = (struct s2_check_args){ .mem = &mem, .backed = bytes, .max_findings = most };
	ctx = (struct s2_check_ctx){
		.args = &args, .mem = &mem, .report = &report, .running = ~0ULL, .times = 1
	};
	s2_check_limit_findings(&ctx);
}

static void find(enum s2_check_id id, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		s2_check_found(&ctx, id, NULL, i, i * PAGE, "finding %u", i);
}

/* 16 MiB, and as much as the dump is large, up to 384 MiB. */
static void test_memory(void **state)
{
	static const uint64_t rows[][2] = { { 0, 16 * MIB },
					    { PAGE, 16 * MIB + PAGE },
					    { 368 * MIB - PAGE, 384 * MIB - PAGE },
					    { 368 * MIB, 384 * MIB },
					    { 368 * MIB + PAGE, 384 * MIB },
					    { UINT64_MAX, 384 * MIB } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(rows[i][0], 0);
		assert_int_equal(ctx.findings_left, rows[i][1] / sizeof(struct s2_finding));
		assert_int_equal(ctx.max_findings, 100);
	}
}

/* All are counted, the first are kept: no more than was asked for, and than there is memory for. */
static void test_kept(void **state)
{
	static const unsigned int most[] = { 1, 15, 16, 17, 31, 32, 33, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(most); i++)
		for (uint64_t left = 0; left < 70; left++) {
			const struct s2_check_outcome *o = &report.outcome[S2_CHECK_WX];
			uint64_t want = most[i] < left ? most[i] : left;

			begin(0, most[i]);
			ctx.findings_left = left;
			want = want < 80 ? want : 80;
			find(S2_CHECK_WX, 80);
			assert_int_equal(o->nfindings, 80);
			assert_int_equal(o->nkept, want);
			assert_int_equal(ctx.kept_findings, want);
			assert_true(o->room <= most[i]);
			assert_int_equal(ctx.findings_left + o->room, left);
			assert_int_equal(s2_check_keeps(&ctx, S2_CHECK_WX),
					 most[i] > 80 && left > 80);
			for (uint64_t k = 0; k < want; k++) {
				char text[32];

				snprintf(text, sizeof(text), "finding %llu", (unsigned long long)k);
				assert_string_equal(o->finding[k].text, text);
				assert_string_equal(o->finding[k].table, "");
				assert_int_equal(o->finding[k].ia, k);
				assert_int_equal(o->finding[k].pa, k * PAGE);
			}
		}
}

/* What is said of many pages at once counts for each. */
static void test_times(void **state)
{
	const struct s2_check_outcome *o = &report.outcome[S2_CHECK_WX];

	(void)state;
	begin(0, 2);
	find(S2_CHECK_WX, 2);
	s2_check_unknown(&ctx, S2_CHECK_WX, "the first");
	ctx.times = 1000;
	find(S2_CHECK_WX, 1);
	s2_check_unknown(&ctx, S2_CHECK_WX, "the others");
	assert_int_equal(o->nfindings, 1002);
	assert_int_equal(o->nunknown, 1001);
	assert_int_equal(o->nkept, 2);
	assert_string_equal(o->why, "the first");
}

/* A check that was not asked for says nothing, though what would have been said is counted. */
static void test_not_running(void **state)
{
	static const struct s2_table table = { .id = "vm:7" };
	const struct s2_check_outcome *o = &report.outcome[S2_CHECK_LOCKED];

	(void)state;
	begin(0, 0);
	ctx.running = ~(1ULL << S2_CHECK_LOCKED);
	find(S2_CHECK_LOCKED, 1);
	s2_check_unknown(&ctx, S2_CHECK_LOCKED, "why");
	s2_check_looked(&ctx, S2_CHECK_LOCKED, 3);
	assert_int_equal(o->nfindings + o->nunknown + o->checked + o->nkept, 0);
	assert_string_equal(o->why, "");
	assert_false(s2_check_keeps(&ctx, S2_CHECK_LOCKED));
	assert_int_equal(ctx.kept_findings, 0);
	ctx.running = 1ULL << S2_CHECK_LOCKED;
	s2_check_found(&ctx, S2_CHECK_LOCKED, &table, 1, 2, "x");
	s2_check_unknown(&ctx, S2_CHECK_LOCKED, "the first");
	s2_check_unknown(&ctx, S2_CHECK_LOCKED, "the second");
	s2_check_looked(&ctx, S2_CHECK_LOCKED, 3);
	s2_check_looked(&ctx, S2_CHECK_LOCKED, 4);
	assert_string_equal(o->finding[0].table, "vm:7");
	assert_string_equal(o->why, "the first");
	assert_int_equal(o->nunknown, 2);
	assert_int_equal(o->checked, 7);
}

static void test_all_unknown(void **state)
{
	(void)state;
	for (unsigned int kind = S2_READS_GUESTS; kind <= S2_READS_PAGES; kind <<= 1) {
		begin(0, 0);
		s2_check_all_unknown(&ctx, kind, "page %d is missing", 5);
		for (unsigned int i = 0; i < S2_NCHECKS; i++) {
			bool reads = s2_checks[i].reads & kind;

			assert_int_equal(report.outcome[i].nunknown, reads);
			assert_string_equal(report.outcome[i].why,
					    reads ? "page 5 is missing" : "");
		}
	}
}

/* To look for addresses costs a walk each: for the first thousand of a check. */
static void test_looks_up(void **state)
{
	(void)state;
	begin(0, 2000);
	find(S2_CHECK_TABLE_HIDDEN, 999);
	assert_true(s2_check_looks_up(&ctx, S2_CHECK_TABLE_HIDDEN));
	find(S2_CHECK_TABLE_HIDDEN, 1);
	assert_false(s2_check_looks_up(&ctx, S2_CHECK_TABLE_HIDDEN));
	assert_true(s2_check_keeps(&ctx, S2_CHECK_TABLE_HIDDEN));
	assert_true(s2_check_looks_up(&ctx, S2_CHECK_WX));
	ctx.running = 0;
	assert_false(s2_check_looks_up(&ctx, S2_CHECK_WX));
}

/* An outcome with this result, as runs leave it. */
static void put(struct s2_check_report *r, enum s2_check_result result, const char *what)
{
	struct s2_check_outcome *o = &r->outcome[S2_CHECK_WX];

	*o = (struct s2_check_outcome){ .result = result };
	if (result == S2_CHECK_FAIL) {
		o->finding = calloc(2, sizeof(*o->finding));
		assert_non_null(o->finding);
		o->nfindings = 3;
		o->nkept = o->room = 2;
		snprintf(o->finding[0].text, sizeof(o->finding[0].text), "%s", what);
	} else if (result != S2_CHECK_PASS) {
		o->nunknown = 1;
		snprintf(o->why, sizeof(o->why), "%s", what);
	}
}

/* What missing memory read as zeros says, and what it says while it is missing. */
static void test_settled(void **state)
{
	static const struct {
		enum s2_check_result zeros, strict, result;
		bool assumed;
		const char *why;
	} rows[] = {
		{ S2_CHECK_PASS, S2_CHECK_PASS, S2_CHECK_PASS, false, "" },
		{ S2_CHECK_PASS, S2_CHECK_UNKNOWN, S2_CHECK_PASS, true, "" },
		{ S2_CHECK_PASS, S2_CHECK_FAIL, S2_CHECK_FAIL, false, "" },
		{ S2_CHECK_PASS, S2_CHECK_SKIPPED, S2_CHECK_PASS, false, "" },
		{ S2_CHECK_FAIL, S2_CHECK_PASS, S2_CHECK_UNKNOWN, false,
		  "only zeros that are not in the dump break it: zeros" },
		{ S2_CHECK_FAIL, S2_CHECK_UNKNOWN, S2_CHECK_UNKNOWN, false,
		  "only zeros that are not in the dump break it: zeros" },
		{ S2_CHECK_FAIL, S2_CHECK_FAIL, S2_CHECK_FAIL, false, "" },
		{ S2_CHECK_UNKNOWN, S2_CHECK_UNKNOWN, S2_CHECK_UNKNOWN, false, "zeros" },
		{ S2_CHECK_UNKNOWN, S2_CHECK_FAIL, S2_CHECK_FAIL, false, "" },
		{ S2_CHECK_SKIPPED, S2_CHECK_SKIPPED, S2_CHECK_SKIPPED, false, "zeros" },
	};
	const struct s2_check_outcome *o = &report.outcome[S2_CHECK_WX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_check_report strict = { 0 };

		forget();
		put(&report, rows[i].zeros, "zeros");
		put(&strict, rows[i].strict, "strict");
		assert_int_equal(s2_check_settle(&report, &strict),
				 rows[i].assumed ? 1ULL << S2_CHECK_WX : 0);
		assert_int_equal(o->result, rows[i].result);
		assert_string_equal(o->why, rows[i].why);
		assert_int_equal(o->nfindings, rows[i].result == S2_CHECK_FAIL ? 3 : 0);
		assert_int_equal(o->nkept, rows[i].result == S2_CHECK_FAIL ? 2 : 0);
		if (rows[i].result == S2_CHECK_FAIL)
			assert_string_equal(o->finding[0].text, "strict");
		if (rows[i].zeros == S2_CHECK_FAIL && rows[i].result == S2_CHECK_UNKNOWN)
			assert_int_equal(o->nunknown, 3);
	}
	/* What no checksum vouches for: only what fails. */
	for (unsigned int result = S2_CHECK_PASS; result <= S2_CHECK_SKIPPED; result++) {
		bool fails = result == S2_CHECK_FAIL;

		forget();
		put(&report, (enum s2_check_result)result, "it");
		s2_check_doubt(&report);
		assert_int_equal(o->result, fails ? S2_CHECK_UNKNOWN : result);
		assert_string_equal(o->why,
				    fails ? "bytes that no checksum vouches for break it: it" :
				    result == S2_CHECK_PASS ? "" :
							      "it");
		assert_null(o->finding);
	}
}

static uint64_t words[8 * 512];

/* Pages at both ends of a table and blocks, by their first and last bytes. */
static void test_ia_of(void **state)
{
	static struct s2_walk walk;
	static const struct {
		uint64_t pa, ia;
	} rows[] = {
		{ 0x90000000, 0x40000000 },
		{ 0x90000fff, 0x40000fff },
		{ 0x90001000, S2_NO_ADDRESS },
		{ 0x8fffffff, S2_NO_ADDRESS },
		{ 0x91000000, 0x401ff000 },
		{ 0x91000fff, 0x401fffff },
		{ 0xa0000000, 0 },
		{ 0xa01fffff, 0x1fffff },
		{ 0xa0200000, S2_NO_ADDRESS },
		{ 0xb0000000, 0xffe00000 },
		{ 0xb01fffff, 0xffffffff },
		{ 0xb0200000, S2_NO_ADDRESS },
	};
	struct s2_table table[2] = { { .root_pa = BASE }, { .root_pa = BASE } };
	struct s2_tables tables = { .table = table, .n = 2 };
	struct s2_geometry geom[2] = { { 0 } };
	struct s2_regime regime;
	struct memtable made;

	(void)state;
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 32);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 2);
	s2_regime_set_flag(&regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(s2_shape(&regime, &geom[1], NULL), S2_OK);
	words[0] = 0xa00007fd;
	words[512] = (BASE + 4 * PAGE) | 3;
	words[513] = (BASE + 6 * PAGE) | 3;
	words[4 * 512 - 1] = 0xb00007fd;
	words[4 * 512] = 0x900007ff;
	words[4 * 512 + 511] = 0x910007ff;
	memtable_init(&made, words, BASE, sizeof(words));
	made.hole = BASE + 6 * PAGE;
	made.hole_size = PAGE;
	made.hole_code = S2_EXCLUDED;
	ctx = (struct s2_check_ctx){
		.mem = &made.mem,
		.tables = &tables,
		.geom = geom,
		.walk = &walk,
		.lookups = { .left = 1000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(s2_check_ia_of(&ctx, 1, rows[i].pa) == rows[i].ia);
		assert_true(s2_check_ia_of(&ctx, 0, rows[i].pa) == S2_NO_ADDRESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),      cmocka_unit_test(test_kept),
		cmocka_unit_test(test_times),       cmocka_unit_test(test_not_running),
		cmocka_unit_test(test_all_unknown), cmocka_unit_test(test_looks_up),
		cmocka_unit_test(test_settled),     cmocka_unit_test(test_ia_of),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	s2_check_free(&report);
	return failed;
}
