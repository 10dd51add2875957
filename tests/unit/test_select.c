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

/* One choice: what is asked for, and what there is. */
struct selection {
	struct s2_request request;
	struct s2_refusal refusal;
	struct s2_tables tables;
	struct s2_lost lost;
	struct s2_err err;
};

static void begin(struct selection *s, const char *const *patterns, unsigned int n)
{
	*s = (struct selection){ .request = request_for(patterns, n),
				 .refusal = { .why = S2_REFUSED_OTHERWISE } };
	s2_err_init(&s->err);
}

static struct s2_vm *add_vm(struct selection *s, const char *name)
{
	struct s2_vm *vm = s2_vm_new();

	assert_non_null(vm);
	strcpy(vm->name, name);
	assert_int_equal(s2_tables_own(&s->tables, vm, &s->err), S2_OK);
	return vm;
}

static void add_table(struct selection *s, const char *id, struct s2_vm *vm)
{
	struct s2_table table = { .vm = vm };

	strcpy(table.id, id);
	assert_int_equal(s2_tables_add(&s->tables, &table, &s->err), S2_OK);
}

static void lose(struct selection *s, enum s2_lost_what what, const char *table, const char *text)
{
	s2_lost_add(&s->lost, what, S2_ABSENT, table, S2_LOST_NOWHERE, "%s", text);
}

static enum s2_code choose(struct selection *s)
{
	return s2_select_tables(&s->request, &s->tables, &s->lost, further, &s->refusal, &s->err);
}

static void end(struct selection *s)
{
	s2_lost_clear(&s->lost);
	s2_tables_free(&s->tables);
}

static void kept(void **state)
{
	const char *const patterns[] = { "vm:1", "vm:3" };
	struct selection s;

	(void)state;
	begin(&s, patterns, 2);
	add_table(&s, "vm:1", NULL);
	add_table(&s, "vm:2", NULL);
	add_table(&s, "vm:3", NULL);
	lose(&s, S2_LOST_SLOTS, "vm:2", "slots");
	assert_int_equal(choose(&s), S2_OK);
	assert_int_equal(s.tables.n, 2);
	assert_string_equal(s.tables.table[1].id, "vm:3");
	assert_int_equal(s.lost.total, 0);
	s.request = request_for(&patterns[0], 1);
	s.tables.table[0].id[3] = '7';
	assert_int_equal(choose(&s), S2_USAGE);
	assert_int_equal(s.refusal.why, S2_REFUSED_NO_TABLE);
	assert_string_equal(s.err.text, "no table is called 'vm:1'; there are vm:7, vm:3");
	/* What was lost may have been it. */
	lose(&s, S2_LOST_VM, NULL, "a VM");
	assert_int_equal(choose(&s), S2_NOTFOUND);
	end(&s);
}

/* The name of a VM stands for all its tables, when it is nobody's id; what was lost of them stays. */
static void by_name(void **state)
{
	static const struct {
		const char *pattern;
		size_t kept;
		uint64_t losses;
	} cases[] = { { "web", 2, 2 },
		      { "host", 1, 0 },
		      { "vm:1", 1, 1 },
		      { "1", 2, 2 },
		      /* A glob of names; one that fits ids is none. */
		      { "w?b", 2, 2 },
		      { "w*", 2, 2 },
		      { "h*", 1, 0 },
		      { "*b", 2, 2 } };

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct s2_vm *vm, *other;
		struct selection s;

		begin(&s, &cases[c].pattern, 1);
		vm = add_vm(&s, "web");
		other = add_vm(&s, "host");
		add_table(&s, "vm:1", vm);
		add_table(&s, "vm:1/nested:0", vm);
		add_table(&s, "vm:2", other);
		add_table(&s, "host", NULL);
		lose(&s, S2_LOST_SLOTS, "vm:1", "slots");
		lose(&s, S2_LOST_TABLE, "vm:1/nested:1", "x");
		lose(&s, S2_LOST_SLOTS, "vm:2", "slots");
		assert_int_equal(choose(&s), S2_OK);
		assert_int_equal(s.tables.n, cases[c].kept);
		assert_int_equal(s.lost.total, cases[c].losses);
		end(&s);
	}
}

/* A name is typed as it is, or as it stands in a column; who mistypes it is told which there are. */
static void blanks_in_names(void **state)
{
	static const char *const typed[] = { "web 17", "web_17",  "web?17", "web_*", "web *",
					     "web",    "web_17_", "web-17", "eb*" };

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct selection s;

		begin(&s, &typed[i], 1);
		add_table(&s, "host", NULL);
		add_table(&s, "vm:1", add_vm(&s, "web 17"));
		add_table(&s, "vm:1/smm", s.tables.table[1].vm);
		assert_int_equal(choose(&s), i < 5 ? S2_OK : S2_USAGE);
		if (i < 5)
			assert_int_equal(s.tables.n, 2);
		else
			assert_non_null(
				strstr(s.err.text, "there are host, vm:1 \"web 17\", vm:1/smm"));
		end(&s);
	}
}

/* A lost VM that is known by its address alone, or not even by that, may be one more of the
 * process, or the one of a name; it is no table whose id was given. */
static void lost_unnumbered(void **state)
{
	static const struct {
		const char *pattern;
		uint64_t losses;
	} cases[] = { { "vm:1", 0 }, { "host", 0 }, { "h*", 0 },  { "1", 1 },
		      { "vm:*", 1 }, { "*", 1 },    { "web", 1 }, { "w*", 1 } };
	static const size_t n = sizeof(cases) / sizeof(cases[0]);

	(void)state;
	for (size_t i = 0; i < 2 * n; i++) {
		size_t c = i % n;
		struct selection s;

		begin(&s, &cases[c].pattern, 1);
		add_table(&s, "vm:1", add_vm(&s, "web"));
		add_table(&s, "host", NULL);
		lose(&s, S2_LOST_VM, i < n ? "vm:0x1000" : NULL, "a VM");
		assert_int_equal(choose(&s), S2_OK);
		if (s.lost.total != cases[c].losses)
			fail_msg("%s: %u losses", cases[c].pattern, (unsigned int)s.lost.total);
		end(&s);
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
		struct selection s;

		begin(&s, &cases[c].pattern, 1);
		s.request.one_table = true;
		add_table(&s, "vm:100/nested:1", add_vm(&s, "web"));
		lose(&s, S2_LOST_VM, cases[c].lost, "a VM");
		if (choose(&s) != cases[c].code)
			fail_msg("%s: %s", cases[c].pattern, s.err.text);
		if (cases[c].code)
			assert_int_equal(s.refusal.why, S2_REFUSED_NO_TABLE);
		assert_int_equal(s.tables.n, 1);
		end(&s);
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
		struct selection s;

		begin(&s, &cases[c].pattern, 1);
		s.request.one_table = cases[c].one_table;
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
			add_table(&s, ids[i], NULL);
		assert_int_equal(choose(&s), S2_OK);
		if (s.tables.n != cases[c].kept || strcmp(further, cases[c].further) != 0)
			fail_msg("%s: %zu tables, further: %s", cases[c].pattern, s.tables.n,
				 further);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vms_of_patterns),
		cmocka_unit_test(all_patterns_count),
		cmocka_unit_test(kept),
		cmocka_unit_test(by_name),
		cmocka_unit_test(blanks_in_names),
		cmocka_unit_test(further_tables),
		cmocka_unit_test(lost_unnumbered),
		cmocka_unit_test(own_table_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
