// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's kernel by its VMCOREINFO: text that crosses pages which only stage 2 puts side by side,
// memory that is missing, the end of what is searched, and notes that are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "decode/soft.h"
#include "host/guest.h"
#include "memtable.h"

#define BASE UINT64_C(0x40000000)
#define PAGE UINT64_C(4096)
#define LEAF UINT64_C(0x7ff) /* valid page, MemAttr, RW, inner shareable, AF (Arm ARM D8.3.1) */
#define BLOCK UINT64_C(0x7fd)
#define NPAGES 24U
#define GUEST 8U /* pages before this one are table pages */

/* The start level is four pages of level 2, then a level-3 table for [0, 2M); the guest's pages. */
static uint64_t words[NPAGES * 512];
static uint64_t *const entry = words + 4 * 512;
static struct memtable mem;
static struct s2_geometry geom;
static struct s2_table table;
static struct s2_ranges ranges;
static struct s2_vm vm;

static int setup(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	memtable_init(&mem, words, BASE, sizeof(words));
	words[0] = (BASE + 4 * PAGE) | 3;
	table = (struct s2_table){ .id = "vm:1", .kind = "stage2", .root_pa = BASE };
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 32);
	s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL, 2);
	assert_int_equal(table.regime.arch->shape(&table.regime, &geom, NULL), S2_OK);
	vm = (struct s2_vm){ .va = 1 };
	return 0;
}

static uint8_t *page(unsigned int i)
{
	return (uint8_t *)words + i * PAGE;
}

/* The guest's page @at is the machine's page @i. */
static void map(unsigned int at, unsigned int i)
{
	entry[at] = (BASE + i * PAGE) | LEAF;
}

/* A note in page @i whose text of @size bytes ends in @next. */
static void put_note(unsigned int i, unsigned int next, const char *text, uint32_t size)
{
	const uint32_t head[3] = { 11, size, 0 };
	char *payload = calloc(1, size);
	size_t here = size < PAGE - 24 ? size : PAGE - 24;

	assert_non_null(payload);
	memset(payload, '\n', size);
	memcpy(payload + size - strlen(text), text, strlen(text));
	memcpy(page(i), head, sizeof(head));
	memcpy(page(i) + 12, "VMCOREINFO\0", 12);
	memcpy(page(i) + 24, payload, here);
	memcpy(page(next), payload + here, size - here);
	free(payload);
}

static void find(uint64_t budget)
{
	const struct s2_ctx ctx = { .mem = &mem.mem };
	struct s2_budget bytes = { .left = budget };

	assert_int_equal(s2_guest_find(&vm, &table, &geom, &ctx, &ranges, &bytes, NULL), S2_OK);
}

static void across_pages(void **state)
{
	(void)state;
	map(3, 20);
	map(4, 12);
	put_note(20, 12, "OSRELEASE=6.6.1-guest\n", 4200);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "6.6.1-guest");
	assert_string_equal(vm.guest_searched, "");
}

/* The page that follows in the machine is not the guest's. */
static void not_its_next(void **state)
{
	(void)state;
	map(3, 20);
	put_note(20, 21, "OSRELEASE=6.6.1-guest\n", 4200);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "");
	assert_string_equal(vm.guest_searched, "searched 4K");
	assert_false(vm.guest_unknown);
}

/* A note that is none does not hide the next one. */
static void second(void **state)
{
	(void)state;
	map(0, 9);
	map(1, 10);
	put_note(9, 9, "nothing", 100);
	put_note(10, 10, "OSRELEASE=5.\x1b", 100);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "");
	setup(state);
	map(0, 9);
	map(1, 10);
	put_note(9, 9, "nothing", 100);
	put_note(10, 10, "OSRELEASE=5.4\n", 100);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "5.4");
}

static void missing(void **state)
{
	(void)state;
	map(0, 9);
	map(1, 10);
	map(2, 11);
	mem.hole = BASE + 10 * PAGE;
	mem.hole_size = PAGE;
	mem.hole_code = S2_EXCLUDED;
	find(UINT64_MAX);
	assert_string_equal(vm.guest_searched, "searched 8K, 4K not in the dump");
	assert_true(vm.guest_unknown);
}

/* A table page that leads to more. */
static void missing_table(void **state)
{
	(void)state;
	map(0, 9);
	words[1] = (BASE + 1024 * PAGE) | 3;
	find(UINT64_MAX);
	assert_string_equal(vm.guest_searched, "searched 4K");
	assert_true(vm.guest_unknown);
}

/* An entry's bit 11 is what makes it one. */
static void classify_tracked(const struct s2_geometry *g, unsigned int height, uint64_t raw,
			     struct s2_meaning *ret)
{
	(void)g;
	(void)height;
	ret->type = raw & BIT64(11) ? S2_SOFT_TRACKED : S2_SOFT_NOTHING;
}

/* Memory of which the software took the mapping away, to see the next access, is the guest's. */
static void tracked(void **state)
{
	static const struct s2_soft_ops ops = { .name = "tracks", .classify = classify_tracked };

	(void)state;
	map(0, 9);
	geom.soft.ops = &ops;
	entry[1] = BIT64(2);
	find(UINT64_MAX);
	assert_false(vm.guest_unknown);
	entry[1] |= BIT64(11);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "");
	assert_true(vm.guest_unknown);
}

/* 256 MiB are blocks of which the machine's memory has nothing, and the kernel is behind them. */
static void behind_the_end(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 128; i++)
		words[i] = (0x80000000 + (i << 21)) | BLOCK;
	words[0] = 0;
	words[129] = (BASE + 4 * PAGE) | 3;
	map(0, 20);
	put_note(20, 20, "OSRELEASE=6.6.1-guest\n", 100);
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "");
	assert_string_equal(vm.guest_searched, "searched 0, 256M not in the dump");
	assert_true(vm.guest_unknown);
	/* One block less, and it is found. */
	words[128] = 0;
	find(UINT64_MAX);
	assert_string_equal(vm.guest_release, "6.6.1-guest");
}

static void no_budget(void **state)
{
	(void)state;
	map(0, 9);
	map(1, 20);
	put_note(20, 20, "OSRELEASE=6.6.1-guest\n", 100);
	find(PAGE);
	assert_string_equal(vm.guest_release, "");
	assert_string_equal(vm.guest_searched, "searched 4K");
	assert_true(vm.guest_unknown);
}

/* What was looked at is said in whole MiB, and in KiB below one. */
static void amounts(void **state)
{
	static const struct {
		unsigned int pages, missing;
		const char *text;
	} rows[] = {
		{ 255, 0, "searched 1020K" },
		{ 256, 0, "searched 1M" },
		{ 511, 0, "searched 1M" },
		{ 512, 0, "searched 2M" },
		{ 512, 255, "searched 1M, 1020K not in the dump" },
		{ 512, 256, "searched 1M, 1M not in the dump" },
		{ 512, 257, "searched 1020K, 1M not in the dump" },
		{ 511, 511, "searched 0, 1M not in the dump" },
	};
	const uint64_t size = (GUEST + 512) * PAGE;
	uint8_t *memory = calloc(1, size);

	assert_non_null(memory);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		for (unsigned int at = 0; at < rows[i].pages; at++)
			map(at, GUEST + at);
		memcpy(memory, words, GUEST * PAGE);
		memtable_init(&mem, memory, BASE, size);
		mem.hole = BASE + GUEST * PAGE;
		mem.hole_size = rows[i].missing * PAGE;
		mem.hole_code = S2_EXCLUDED;
		find(UINT64_MAX);
		assert_string_equal(vm.guest_searched, rows[i].text);
	}
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(across_pages, setup),
		cmocka_unit_test_setup(not_its_next, setup),
		cmocka_unit_test_setup(second, setup),
		cmocka_unit_test_setup(missing, setup),
		cmocka_unit_test_setup(missing_table, setup),
		cmocka_unit_test_setup(tracked, setup),
		cmocka_unit_test_setup(behind_the_end, setup),
		cmocka_unit_test_setup(no_budget, setup),
		cmocka_unit_test(amounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
