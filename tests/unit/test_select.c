// SPDX-License-Identifier: GPL-2.0-or-later
// Which tables a request asks for, and which VMs need not be read for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "open/select.h"

static char further[S2_FURTHER_LEN];

static struct s2_request request_for(const char *const *patterns, unsigned int n)
{
	return (struct s2_request){ .table = patterns, .ntables = n };
}

static void vms_of_patterns(void **state)
{
	const struct {
		const char *pattern, *id;
		bool vms, vm;
	} cases[] = {
		{ "vm:12", "vm:12", true, true },
		{ "vm:12", "vm:123", true, false },
		{ "vm:123", "vm:12", true, false },
		{ "12", "vm:12", true, true },
		{ "12", "vm:12.2", true, true },
		{ "12", "vm:123", true, false },
		{ "vm:12.1", "vm:12.1", true, true },
		{ "vm:12.1", "vm:12.2", true, false },
		{ "vm:12/nested:0", "vm:12", true, true },
		{ "vm:12/nested:0", "vm:1", true, false },
		{ "vm:12/*", "vm:12", true, true },
		{ "vm:12*", "vm:123", true, true },
		{ "vm:1?/x", "vm:12", true, true },
		{ "vm:1[2]/x", "vm:12", true, true },
		{ "vm:1[2]/x", "vm:22", true, false },
		{ "vm:\\1*", "vm:12", false, true },
		{ "vm:0x12", "vm:0x12", false, true },
		{ "vm:handle-0x1000", "vm:12", false, false },
		{ "vm:", "vm:12", false, false },
		{ "vm:*", "vm:12", false, true },
		{ "*", "vm:12", false, true },
		{ "host", "vm:12", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct s2_request r = request_for(&cases[i].pattern, 1);

		if (s2_asks_for_vms(&r) != cases[i].vms ||
		    s2_asks_for_vm(&r, cases[i].id) != cases[i].vm)
			fail_msg("%s, %s", cases[i].pattern, cases[i].id);
	}
}

static void all_patterns_count(void **state)
{
	const char *const both[] = { "vm:1", "host" };
	struct s2_request r = request_for(both, 2);

	(void)state;
	assert_false(s2_asks_for_vms(&r));
	assert_true(s2_asks_for_vm(&r, "vm:1"));
	r = request_for(NULL, 0);
	assert_false(s2_asks_for_vms(&r));
	assert_true(s2_asks_for_vm(&r, "vm:1"));
}

static void kept(void **state)
{
	const char *const patterns[] = { "vm:1", "vm:3" };
	struct s2_request r = request_for(patterns, 2);
	struct s2_refusal refusal = { .why = S2_REFUSED_OTHERWISE };
	struct s2_tables tables = { .n = 0 };
	struct s2_lost lost = { .n = 0 };
	struct s2_err err;

	(void)state;
	s2_err_init(&err);
	for (unsigned int i = 1; i <= 3; i++) {
		struct s2_table table = { .pid = (int64_t)i };

		snprintf(table.id, sizeof(table.id), "vm:%u", i);
		assert_int_equal(s2_tables_add(&tables, &table, &err), S2_OK);
	}
	s2_lost_add(&lost, S2_LOST_SLOTS, S2_ABSENT, "vm:2", S2_LOST_NOWHERE, "slots");
	assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err), S2_OK);
	assert_int_equal(tables.n, 2);
	assert_string_equal(tables.table[1].id, "vm:3");
	assert_int_equal(lost.total, 0);
	r = request_for(&patterns[0], 1);
	tables.table[0].id[3] = '7';
	assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err), S2_USAGE);
	assert_int_equal(refusal.why, S2_REFUSED_NO_TABLE);
	assert_string_equal(err.text, "no table is called 'vm:1'; there are vm:7, vm:3");
	/* What was lost may have been it. */
	s2_lost_add(&lost, S2_LOST_VM, S2_ABSENT, NULL, S2_LOST_NOWHERE, "a VM");
	assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err),
			 S2_NOTFOUND);
	s2_lost_clear(&lost);
	s2_tables_free(&tables);
}

/* The name of a VM stands for all its tables, when it is nobody's id; what was lost of them stays. */
static void by_name(void **state)
{
	static const char *const ids[] = { "vm:1", "vm:1/nested:0", "vm:2", "host" };
	static const struct {
		const char *pattern;
		size_t kept;
		uint64_t losses;
	} cases[] = { { "web", 2, 2 }, { "host", 1, 0 }, { "vm:1", 1, 1 }, { "1", 2, 2 } };

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct s2_request r = request_for(&cases[c].pattern, 1);
		struct s2_refusal refusal = { .why = S2_REFUSED_OTHERWISE };
		struct s2_tables tables = { .n = 0 };
		struct s2_lost lost = { .n = 0 };
		struct s2_vm *vm = s2_vm_new(), *other = s2_vm_new();
		struct s2_err err;

		s2_err_init(&err);
		assert_non_null(vm);
		assert_non_null(other);
		strcpy(vm->name, "web");
		strcpy(other->name, "host");
		assert_int_equal(s2_tables_own(&tables, vm, &err), S2_OK);
		assert_int_equal(s2_tables_own(&tables, other, &err), S2_OK);
		for (size_t i = 0; i < 4; i++) {
			struct s2_table table = { .vm = i < 2 ? vm : i == 2 ? other : NULL };

			strcpy(table.id, ids[i]);
			assert_int_equal(s2_tables_add(&tables, &table, &err), S2_OK);
		}
		s2_lost_add(&lost, S2_LOST_SLOTS, S2_ABSENT, "vm:1", S2_LOST_NOWHERE, "slots");
		s2_lost_add(&lost, S2_LOST_TABLE, S2_ABSENT, "vm:1/nested:1", S2_LOST_NOWHERE, "x");
		s2_lost_add(&lost, S2_LOST_SLOTS, S2_ABSENT, "vm:2", S2_LOST_NOWHERE, "slots");
		assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err),
				 S2_OK);
		assert_int_equal(tables.n, cases[c].kept);
		assert_int_equal(lost.total, cases[c].losses);
		s2_lost_clear(&lost);
		s2_tables_free(&tables);
	}
}

/* A lost VM that is known by its address alone, or not even by that, may be one more of the
 * process, or the one of a name; it is no table whose id was given. */
static void lost_unnumbered(void **state)
{
	static const struct {
		const char *pattern;
		uint64_t losses;
	} cases[] = { { "vm:1", 0 }, { "host", 0 }, { "h*", 0 }, { "1", 1 },
		      { "vm:*", 1 }, { "*", 1 },    { "web", 1 } };
	static const size_t n = sizeof(cases) / sizeof(cases[0]);

	(void)state;
	for (size_t i = 0; i < 2 * n; i++) {
		size_t c = i % n;
		struct s2_request r = request_for(&cases[c].pattern, 1);
		struct s2_refusal refusal = { .why = S2_REFUSED_OTHERWISE };
		struct s2_table one = { .id = "vm:1" }, host = { .id = "host" };
		struct s2_tables tables = { .n = 0 };
		struct s2_vm *vm = s2_vm_new();
		struct s2_lost lost = { .n = 0 };
		struct s2_err err;

		s2_err_init(&err);
		assert_non_null(vm);
		strcpy(vm->name, "web");
		assert_int_equal(s2_tables_own(&tables, vm, &err), S2_OK);
		one.vm = vm;
		assert_int_equal(s2_tables_add(&tables, &one, &err), S2_OK);
		assert_int_equal(s2_tables_add(&tables, &host, &err), S2_OK);
		s2_lost_add(&lost, S2_LOST_VM, S2_ABSENT, i < n ? "vm:0x1000" : NULL,
			    S2_LOST_NOWHERE, "a VM");
		assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err),
				 S2_OK);
		if (lost.total != cases[c].losses)
			fail_msg("%s: %u losses", cases[c].pattern, (unsigned int)lost.total);
		s2_lost_clear(&lost);
		s2_tables_free(&tables);
	}
}

/* Who can take a VM's own table alone is told that it is not there. */
static void own_table_gone(void **state)
{
	static const struct {
		const char *pattern, *lost;
		enum s2_code code;
	} cases[] = { { "100", "vm:100", S2_NOTFOUND },    { "100", "vm:7", S2_USAGE },
		      { "100", "vm:0x1000", S2_NOTFOUND }, { "vm:100", "vm:100", S2_NOTFOUND },
		      { "web", NULL, S2_NOTFOUND },        { "vm:100/nested:1", "vm:100", S2_OK } };

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct s2_request r = request_for(&cases[c].pattern, 1);
		struct s2_refusal refusal = { .why = S2_REFUSED_OTHERWISE };
		struct s2_table nested = { .id = "vm:100/nested:1", .vm = s2_vm_new() };
		struct s2_tables tables = { .n = 0 };
		struct s2_lost lost = { .n = 0 };
		struct s2_err err;

		s2_err_init(&err);
		r.one_table = true;
		assert_non_null(nested.vm);
		strcpy(nested.vm->name, "web");
		assert_int_equal(s2_tables_own(&tables, nested.vm, &err), S2_OK);
		assert_int_equal(s2_tables_add(&tables, &nested, &err), S2_OK);
		s2_lost_add(&lost, S2_LOST_VM, S2_ABSENT, cases[c].lost, S2_LOST_NOWHERE, "a VM");
		if (s2_select_tables(&r, &tables, &lost, further, &refusal, &err) != cases[c].code)
			fail_msg("%s: %s", cases[c].pattern, err.text);
		if (cases[c].code)
			assert_int_equal(refusal.why, S2_REFUSED_NO_TABLE);
		assert_int_equal(tables.n, 1);
		s2_lost_clear(&lost);
		s2_tables_free(&tables);
	}
}

/* A pid stands for all tables of its process's VMs; an id for one, and the others are named. A
 * command that can take one alone means a VM's own. */
static void further_tables(void **state)
{
	static const char *const ids[] = { "vm:9.1", "vm:9.1/old:0", "vm:9.2", "vm:90",
					   "vm:90/smm" };
	static const struct {
		const char *pattern;
		bool one_table;
		size_t kept;
		const char *further;
	} cases[] = { { "9", false, 3, "" },
		      { "9", true, 2, "" },
		      { "90", false, 2, "" },
		      { "90", true, 1, "" },
		      { "vm:9.1", false, 1, "vm:9.1/old:0" },
		      { "vm:9.1", true, 1, "" },
		      { "vm:9*", false, 5, "" },
		      { "vm:9?", false, 1, "vm:90/smm" },
		      { "vm:90/smm", false, 1, "" } };

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct s2_request r = request_for(&cases[c].pattern, 1);
		struct s2_refusal refusal = { .why = S2_REFUSED_OTHERWISE };
		struct s2_tables tables = { .n = 0 };
		struct s2_lost lost = { .n = 0 };
		struct s2_err err;

		s2_err_init(&err);
		r.one_table = cases[c].one_table;
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			struct s2_table table = { .vm = NULL };

			strcpy(table.id, ids[i]);
			assert_int_equal(s2_tables_add(&tables, &table, &err), S2_OK);
		}
		assert_int_equal(s2_select_tables(&r, &tables, &lost, further, &refusal, &err),
				 S2_OK);
		if (tables.n != cases[c].kept || strcmp(further, cases[c].further) != 0)
			fail_msg("%s: %zu tables, further: %s", cases[c].pattern, tables.n,
				 further);
		s2_tables_free(&tables);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vms_of_patterns),
		cmocka_unit_test(all_patterns_count),
		cmocka_unit_test(kept),
		cmocka_unit_test(by_name),
		cmocka_unit_test(further_tables),
		cmocka_unit_test(lost_unnumbered),
		cmocka_unit_test(own_table_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
