// SPDX-License-Identifier: GPL-2.0-or-later
// What VMX and SVM tell of accesses that EPT and NPT deny, out of the manuals' tables: Intel SDM
// volume 3C, "Exit Qualification for EPT Violations"; AMD APM volume 2, "Nested versus Guest Page
// Faults".
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/x86/x86.h"

/* The qualification: the access, */
#define DATA_READ (1U << 0)
#define DATA_WRITE (1U << 1)
#define FETCH (1U << 2)
/* what all entries permit, */
#define READABLE (1U << 3)
#define WRITABLE (1U << 4)
#define EXECUTABLE (1U << 5)
#define USER_EXECUTABLE (1U << 6)
/* and that a linear address is there, whose translation was accessed. */
#define LINEAR (3U << 7)

/* EXITINFO1 */
#define P (UINT64_C(1) << 0)
#define RW (UINT64_C(1) << 1)
#define US (UINT64_C(1) << 2)
#define RSV (UINT64_C(1) << 3)
#define ID (UINT64_C(1) << 4)
#define FINAL (UINT64_C(1) << 32)

#define NPF 0x400

struct row {
	enum s2_access access;
	uint64_t above, raw; /* a table descriptor on the way (0: none with rights of its own), and
				a 4K entry */
	unsigned int reason; /* 0: allowed */
	uint64_t info;
};

struct set {
	const struct s2_arch *arch;
	unsigned int claim; /* S2_X86_NCLAIMS: none */
	bool off;
	const struct row *row;
	size_t n;
};

#define PAGE 0x12345000
#define TABLE 0x54321000

static const struct row ept[] = {
	{ S2_ACCESS_READ, 0, 0, 48, DATA_READ | LINEAR },
	{ S2_ACCESS_WRITE, 0, 0, 48, DATA_WRITE | LINEAR },
	{ S2_ACCESS_EXEC, 0, 0, 48, FETCH | LINEAR },
	{ S2_ACCESS_EXEC_USER, 0, 0, 48, FETCH | LINEAR },
	/* What is not there says nothing of rights, whatever it holds. */
	{ S2_ACCESS_READ, 0, PAGE | 0xff8, 48, DATA_READ | LINEAR },
	{ S2_ACCESS_READ, TABLE | 7, 0x8000000000000000, 48, DATA_READ | LINEAR },
	{ S2_ACCESS_READ, 0, PAGE | 0x31, 0, 0 },
	{ S2_ACCESS_WRITE, 0, PAGE | 0x31, 48, DATA_WRITE | READABLE | LINEAR },
	{ S2_ACCESS_EXEC, 0, PAGE | 0x31, 48, FETCH | READABLE | LINEAR },
	{ S2_ACCESS_EXEC, 0, PAGE | 0x33, 48, FETCH | READABLE | WRITABLE | LINEAR },
	{ S2_ACCESS_WRITE, 0, PAGE | 0x35, 48, DATA_WRITE | READABLE | EXECUTABLE | LINEAR },
	{ S2_ACCESS_READ, 0, PAGE | 0x34, 48, DATA_READ | EXECUTABLE | LINEAR },
	{ S2_ACCESS_EXEC, 0, PAGE | 0x34, 0, 0 },
	{ S2_ACCESS_EXEC_USER, 0, PAGE | 0x34, 0, 0 },
	{ S2_ACCESS_WRITE, 0, PAGE | 0x37, 0, 0 },
	/* The entries above count as well; bit 10 is nothing without the control. */
	{ S2_ACCESS_WRITE, TABLE | 5, PAGE | 0x437, 48,
	  DATA_WRITE | READABLE | EXECUTABLE | LINEAR },
	{ S2_ACCESS_READ, TABLE | 4, PAGE | 0x33, 48, DATA_READ | LINEAR },
	/* Misconfigured: writable but not readable, memory type 2, address bit 46. */
	{ S2_ACCESS_READ, 0, PAGE | 0x32, 49, 0 },
	{ S2_ACCESS_WRITE, TABLE | 1, PAGE | 0x36, 49, 0 },
	{ S2_ACCESS_EXEC, 0, PAGE | 0x17, 49, 0 },
	{ S2_ACCESS_READ, 0, PAGE | 0x37 | UINT64_C(1) << 46, 49, 0 },
};

static const struct row ept_no_exec_only[] = {
	{ S2_ACCESS_EXEC, 0, PAGE | 0x34, 49, 0 },
	{ S2_ACCESS_READ, 0, PAGE | 0x34, 49, 0 },
};

static const struct row ept_mbec[] = {
	{ S2_ACCESS_READ, 0, PAGE | 0x430, 48, DATA_READ | USER_EXECUTABLE | LINEAR },
	{ S2_ACCESS_EXEC, 0, PAGE | 0x431, 48, FETCH | READABLE | USER_EXECUTABLE | LINEAR },
	{ S2_ACCESS_EXEC_USER, 0, PAGE | 0x431, 0, 0 },
	{ S2_ACCESS_EXEC_USER, 0, PAGE | 0x35, 48, FETCH | READABLE | EXECUTABLE | LINEAR },
	{ S2_ACCESS_EXEC_USER, TABLE | 7, PAGE | 0x437, 48,
	  FETCH | READABLE | WRITABLE | EXECUTABLE | LINEAR },
	{ S2_ACCESS_WRITE, TABLE | 0x407, PAGE | 0x435, 48,
	  DATA_WRITE | READABLE | EXECUTABLE | USER_EXECUTABLE | LINEAR },
};

static const struct row npt[] = {
	/* As processors were seen to say it (reference x86-depth, T9). */
	{ S2_ACCESS_READ, 0, 0, NPF, FINAL | US },
	{ S2_ACCESS_WRITE, 0, 0x8000000000000000, NPF, FINAL | US | RW },
	{ S2_ACCESS_EXEC, 0, PAGE | 6, NPF, FINAL | US | ID },
	{ S2_ACCESS_EXEC_USER, 0, 0, NPF, FINAL | US | ID },
	{ S2_ACCESS_READ, 0, PAGE | 5, 0, 0 },
	{ S2_ACCESS_WRITE, 0, PAGE | 5, NPF, FINAL | US | RW | P },
	{ S2_ACCESS_EXEC, 0, PAGE | 7 | UINT64_C(1) << 63, NPF, FINAL | US | ID | P },
	{ S2_ACCESS_READ, 0, PAGE | 3, NPF, FINAL | US | P },
	{ S2_ACCESS_WRITE, TABLE | 5, PAGE | 7, NPF, FINAL | US | RW | P },
	{ S2_ACCESS_EXEC, TABLE | 7 | UINT64_C(1) << 63, PAGE | 7, NPF, FINAL | US | ID | P },
	{ S2_ACCESS_READ, TABLE | 3, PAGE | 7, NPF, FINAL | US | P },
	/* A reserved bit, with P. */
	{ S2_ACCESS_READ, 0, PAGE | 7 | UINT64_C(1) << 51, NPF, FINAL | US | RSV | P },
	{ S2_ACCESS_WRITE, 0, PAGE | 7 | UINT64_C(1) << 46, NPF, FINAL | US | RSV | P | RW },
};

static const struct row npt_no_nx[] = {
	{ S2_ACCESS_EXEC, 0, 0, NPF, FINAL | US },
	{ S2_ACCESS_READ, 0, PAGE | 7 | UINT64_C(1) << 63, NPF, FINAL | US | RSV | P },
};

/* Guest mode execute trap: what is a user's, the guest's supervisor does not run. */
static const struct row npt_gmet[] = {
	{ S2_ACCESS_READ, 0, PAGE | 3, 0, 0 },
	{ S2_ACCESS_EXEC, 0, PAGE | 3, 0, 0 },
	{ S2_ACCESS_EXEC, 0, PAGE | 7, NPF, FINAL | ID | P },
	{ S2_ACCESS_EXEC_USER, 0, PAGE | 7, 0, 0 },
	{ S2_ACCESS_EXEC_USER, 0, PAGE | 7 | UINT64_C(1) << 63, NPF, FINAL | US | ID | P },
};

#define ROWS(r) (r), sizeof(r) / sizeof((r)[0])

static const struct set sets[] = {
	{ &s2_x86_ept, S2_X86_NCLAIMS, false, ROWS(ept) },
	{ &s2_x86_ept, S2_X86_EXEC_ONLY, true, ROWS(ept_no_exec_only) },
	{ &s2_x86_ept, S2_X86_MBEC, false, ROWS(ept_mbec) },
	{ &s2_x86_npt, S2_X86_NCLAIMS, false, ROWS(npt) },
	{ &s2_x86_npt, S2_X86_NX, true, ROWS(npt_no_nx) },
	{ &s2_x86_npt, S2_X86_GMET, false, ROWS(npt_gmet) },
};

static void shape(const struct set *set, struct s2_geometry *ret)
{
	struct s2_regime regime;

	s2_regime_init(&regime, set->arch);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, 46);
	if (set->claim != S2_X86_NCLAIMS)
		s2_regime_set_flag(&regime, set->claim, set->off ? S2_NO : S2_YES);
	assert_int_equal(s2_shape(&regime, ret, NULL), S2_OK);
}

static void ask(const struct s2_geometry *geom, const struct row *row)
{
	struct s2_denied denied = { .access = row->access, .raw = row->raw, .path = S2_PATH_ALL };
	struct s2_guest_exit exit = { 0 };
	struct s2_entry entry;
	struct s2_rights rights;
	bool allowed;

	if (row->above) {
		assert_true(geom->arch->is_table(geom, 1, row->above));
		denied.path = s2_below(geom, 1, row->above, denied.path);
	}
	geom->arch->decode(geom, 0, row->raw, &entry);
	denied.type = entry.type;
	rights = geom->arch->rights(geom, 0, row->raw, &denied.path);
	allowed = s2_is_leaf(entry.type) && s2_access_allowed(row->access, &rights);
	assert_int_equal(allowed, !row->reason);
	if (allowed)
		return;
	assert_true(geom->arch->exits->exit(geom, &denied, &exit));
	assert_int_equal(exit.reason, row->reason);
	assert_int_equal(exit.info, row->info);
	assert_false(exit.in_guest);
}

static void tables(void **state)
{
	(void)state;
	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		struct s2_geometry geom;

		shape(&sets[s], &geom);
		for (size_t i = 0; i < sets[s].n; i++)
			ask(&geom, &sets[s].row[i]);
	}
}

/* SDM, "Translation Mechanism": bits that the table has none for make a violation. */
static void outside(void **state)
{
	const struct s2_denied denied = { .access = S2_ACCESS_WRITE,
					  .outside = true,
					  .path = S2_PATH_ALL };
	struct s2_geometry geom;
	struct s2_guest_exit exit;

	(void)state;
	shape(&sets[0], &geom);
	assert_true(geom.arch->exits->exit(&geom, &denied, &exit));
	assert_int_equal(exit.reason, 48);
	assert_int_equal(exit.info, DATA_WRITE | LINEAR);
	shape(&sets[3], &geom);
	assert_false(geom.arch->exits->exit(&geom, &denied, &exit));
}

/* SDM, "Convertible EPT Violations": where bit 63 does not suppress it. */
static void virtualization_exception(void **state)
{
	static const struct set ve = { &s2_x86_ept, S2_X86_VE, false, NULL, 0 };
	struct s2_denied denied = { .access = S2_ACCESS_READ, .path = S2_PATH_ALL };
	struct s2_geometry geom;
	struct s2_guest_exit exit;

	(void)state;
	shape(&ve, &geom);
	assert_true(geom.arch->exits->exit(&geom, &denied, &exit));
	assert_true(exit.in_guest);
	denied.raw = UINT64_C(1) << 63;
	assert_true(geom.arch->exits->exit(&geom, &denied, &exit));
	assert_false(exit.in_guest);
	/* Misconfigurations never do. */
	denied.raw = PAGE | 0x32;
	denied.type = S2_RESERVED_ENTRY;
	assert_true(geom.arch->exits->exit(&geom, &denied, &exit));
	assert_int_equal(exit.reason, 49);
	assert_false(exit.in_guest);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(s2_access_of("read"), S2_ACCESS_READ);
	assert_int_equal(s2_access_of("exec-user"), S2_ACCESS_EXEC_USER);
	assert_int_equal(s2_access_of(""), S2_ACCESS_NONE);
	assert_int_equal(s2_access_of("S1E1R"), S2_ACCESS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(outside),
		cmocka_unit_test(virtualization_exception),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
