// SPDX-License-Identifier: GPL-2.0-or-later
// Effective rights of stage 1: what tables above, WXN and overlays leave, carried by the walk, the
// look-up and the merger. Expectations are written from the Arm ARM, D8.4.
#include "stage1_lab.h"

#include "decode/lookup.h"
#include "decode/merge.h"
#include "enc.h"
#include "memtable.h"

#define AF BIT64(10)
#define AP(n) ((uint64_t)(n) << 6)
#define PXN BIT64(53)
#define UXN BIT64(54)
#define PXNTABLE BIT64(59)
#define UXNTABLE BIT64(60)
#define APTABLE(n) ((uint64_t)(n) << 61)

#define BASE 0x40000000
#define PAGE(n) (BASE + (n)*0x1000)

/* "rwx/r--": the privileged level, then EL0; "?" when they are not known. */
static const char *text_of(const struct s2_rights *r, char buf[8])
{
	const char letters[] = { 'r', 'w', 'x', '/', 'r', 'w', 'x', 0 };
	const bool may[] = { r->read,      r->write,      r->exec,      true,
			     r->read_user, r->write_user, r->exec_user, true };

	if (!r->known)
		return "?";
	for (unsigned int i = 0; i < 8; i++)
		buf[i] = (char)(may[i] ? letters[i] : '-');
	return buf;
}

static void expect(const struct s2_geometry *geom, uint64_t raw, const struct s2_path *path,
		   const char *want)
{
	struct s2_rights rights = geom->arch->rights(geom, 0, raw, path);
	char buf[8];

	if (strcmp(text_of(&rights, buf), want) != 0)
		fail_msg("0x%llx below 0x%llx: %s, expected %s", (unsigned long long)raw,
			 (unsigned long long)(path ? ~path->allow : 0), text_of(&rights, buf),
			 want);
}

static struct s2_geometry el1(uint64_t more_tcr, uint64_t tcr2, uint64_t sctlr)
{
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_err err;

	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0) | more_tcr);
	s2_regime_set(&regime, S2_ARM64_TCR2_EL1, tcr2);
	s2_regime_set(&regime, S2_ARM64_SCTLR_EL1, sctlr);
	s2_err_init(&err);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	return geom;
}

/* One table above with @bits. */
static struct s2_path below(const struct s2_geometry *geom, uint64_t bits)
{
	return s2_below(geom, 1, enc_table(ENC_48, PAGE(9)) | bits, S2_PATH_ALL);
}

/* Each bit of a table alone, over a page that may do everything that AP = 1 lets it. */
static void each_table_bit(void **state)
{
	static const struct {
		uint64_t bits;
		const char *rights;
	} row[] = {
		{ 0, "rw-/rwx" },          /* writable at EL0: never executable above it */
		{ APTABLE(1), "rwx/--x" }, /* EL0 neither reads nor writes, so EL1 may execute */
		{ APTABLE(2), "r-x/r-x" },
		{ APTABLE(3), "r-x/--x" },
		{ UXNTABLE, "rw-/rw-" },
		{ PXNTABLE, "rw-/rwx" },
		{ PXNTABLE | APTABLE(2), "r--/r-x" },
		{ BIT64(63), "rw-/rwx" }, /* NSTable says where, not what */
		{ BITS64(58, 51), "rw-/rwx" },
	};
	struct s2_geometry geom = el1(0, 0, 0), hpd = el1(BIT64(41), 0, 0);
	uint64_t raw = enc_page(ENC_48, 0x5000, AP(1) | AF);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct s2_path path = below(&geom, row[i].bits), off = below(&hpd, row[i].bits);

		expect(&geom, raw, &path, row[i].rights);
		expect(&geom, raw, NULL, "rw-/rwx"); /* the entry's own */
		/* TCR_EL1.HPD0: tables take nothing away. */
		expect(&hpd, raw, &off, "rw-/rwx");
		assert_true(off.allow == S2_PATH_ALL.allow);
	}
}

static void tables_add_up(void **state)
{
	struct s2_geometry geom = el1(0, 0, 0);
	struct s2_path path = below(&geom, APTABLE(2));

	(void)state;
	path = s2_below(&geom, 1, enc_table(ENC_48, PAGE(9)) | UXNTABLE, path);
	path = s2_below(&geom, 1, enc_table(ENC_48, PAGE(9)), path);
	expect(&geom, enc_page(ENC_48, 0x5000, AP(1) | AF), &path, "r-x/r--");
	expect(&geom, enc_page(ENC_48, 0x5000, AP(0) | AF | PXN), &path, "r--/---");
}

static void el2_alone(void **state)
{
	uint64_t raw = enc_page(ENC_48, 0x5000, AP(1) | AF);
	struct s2_geometry geom;
	struct s2_path path;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el2, S2_ARM64_TCR_EL2, tcr_el2(12, 25, 5, 0), false,
			       &geom, &err),
			 S2_OK);
	path = below(&geom, UXNTABLE); /* XNTable */
	expect(&geom, raw, &path, "rw-/rw-");
	path = below(&geom, APTABLE(2));
	expect(&geom, raw, &path, "r-x/r-x");
	/* RES0 without an EL0. */
	path = below(&geom, APTABLE(1) | PXNTABLE);
	expect(&geom, raw, &path, "rwx/rwx");
	assert_true(path.allow == S2_PATH_ALL.allow);
}

static void write_excludes_execution(void **state)
{
	struct s2_geometry geom = el1(0, 0, BIT64(19));
	struct s2_path all = S2_PATH_ALL, readonly = below(&geom, APTABLE(2));
	uint64_t raw = enc_page(ENC_48, 0x5000, AP(1) | AF);

	(void)state;
	expect(&geom, raw, &all, "rw-/rw-");
	expect(&geom, raw, &readonly, "r-x/r-x"); /* not writable any more */
	expect(&geom, raw, NULL, "rw-/rwx");
}

/* TCR2_EL1.POE and E0POE: POR_ELx by POIndex takes away; 1 read, 2 execute, 4 write. */
static void overlays(void **state)
{
	struct s2_path all = S2_PATH_ALL;
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_err err;
	uint64_t kernel = enc_page(ENC_48, 0x5000, AP(0) | AF | UXN | 1ULL << 60);
	uint64_t user = enc_page(ENC_48, 0x5000, AP(1) | AF | 3ULL << 60);

	(void)state;
	s2_err_init(&err);
	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
	s2_regime_set(&regime, S2_ARM64_TCR2_EL1, 1 << 2); /* E0POE */
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	/* POR_EL0 is not known: it matters only where EL0 may do something. */
	expect(&geom, kernel, &all, "rwx/---");
	expect(&geom, user, &all, "?");
	expect(&geom, enc_page(ENC_48, 0x5000, AP(3) | AF | UXN | 3ULL << 60), &all, "?");
	expect(&geom, enc_page(ENC_48, 0x5000, AP(0) | AF | 3ULL << 60), &all, "?");
	expect(&geom, user, NULL, "rw-/rwx");
	s2_regime_set(&regime, S2_ARM64_POR_EL0, 0x1000);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, user, &all, "rw-/r--");
	expect(&geom, kernel, &all, "rwx/---");
	/* POE as well, and its register is not known; then it is. */
	s2_regime_set(&regime, S2_ARM64_TCR2_EL1, 1 << 2 | 1 << 3);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, kernel, &all, "?");
	s2_regime_set(&regime, S2_ARM64_POR_EL1, 0x5030);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, kernel, &all, "r-x/---");
	expect(&geom, user, &all, "rw-/r--");
	/* Hierarchical permissions are off with overlays. */
	assert_true(below(&geom, APTABLE(3)).allow == S2_PATH_ALL.allow);
}

/*
 * Four tables of level 3, each full of one and the same page: the first two with equal rights, the
 * third read-only from above, the fourth with a bit that changes nothing for what is in it.
 */
struct lab {
	uint64_t mem[7][512];
	struct memtable table;
	struct s2_geometry geom;
	struct s2_walk walk;
};

static struct lab *new_lab(void)
{
	static const uint64_t bits[] = { 0, 0, APTABLE(2), UXNTABLE };
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->geom = el1(0, 0, 0);
	lab->mem[0][0] = enc_table(ENC_48, PAGE(1));
	for (unsigned int i = 0; i < 4; i++) {
		lab->mem[1][i] = enc_table(ENC_48, PAGE(2 + i)) | bits[i];
		for (unsigned int k = 0; k < 512; k++)
			lab->mem[2 + i][k] = enc_page(ENC_48,
						      0x80000000 + (i * 512 + k) * 0x1000ULL,
						      AP(0) | AF | UXN);
	}
	memtable_init(&lab->table, lab->mem, BASE, sizeof(lab->mem));
	return lab;
}

static unsigned int runs(struct lab *lab, enum s2_merge_how how, struct s2_show show,
			 struct s2_run ret[8])
{
	struct s2_merge merge;
	unsigned int n = 0;

	s2_walk_init(&lab->walk, &lab->geom, &lab->table.mem, BASE);
	s2_merge_init(&merge, &lab->walk, how, show);
	while (s2_merge_next(&merge, &ret[n]))
		if (s2_is_leaf(ret[n].entry.type) && ++n == 8)
			fail_msg("too many runs");
	return n;
}

static void walks_carry_the_path(void **state)
{
	static const enum s2_merge_how how[] = { S2_MERGE_ATTRS, S2_MERGE_PA };
	struct s2_show alone = S2_SHOW_ALL;
	struct lab *lab = new_lab();
	struct s2_found found;
	struct s2_run run[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		assert_int_equal(runs(lab, how[i], S2_SHOW_ALL, run), 3);
		assert_true(run[0].size == 0x400000 && run[0].ia == 0);
		assert_true(run[1].size == 0x200000 && run[1].ia == 0x400000);
		assert_true(run[2].size == 0x200000 && run[2].ia == 0x600000);
		expect(&lab->geom, run[0].entry.raw, &run[0].path, "rwx/---");
		expect(&lab->geom, run[1].entry.raw, &run[1].path, "r-x/---");
		expect(&lab->geom, run[2].entry.raw, &run[2].path, "rwx/---");
	}
	/* The last one's rights are those of its neighbour, were that the first. */
	lab->mem[1][2] = enc_table(ENC_48, PAGE(4)) | UXNTABLE;
	assert_int_equal(runs(lab, S2_MERGE_PA, S2_SHOW_ALL, run), 1);
	assert_true(run[0].size == 0x800000);
	/* Entries alone: no table counts. */
	lab->mem[1][2] |= APTABLE(2);
	assert_int_equal(runs(lab, S2_MERGE_PA, S2_SHOW_ALL, run), 3);
	alone.alone = true;
	assert_int_equal(runs(lab, S2_MERGE_PA, alone, run), 1);
	/* Look-ups find the same. */
	assert_int_equal(s2_lookup(&lab->table.mem, &lab->geom, BASE, 0x400000, &found), S2_OK);
	expect(&lab->geom, found.raw, &found.path, "r-x/---");
	assert_int_equal(s2_lookup(&lab->table.mem, &lab->geom, BASE, 0, &found), S2_OK);
	expect(&lab->geom, found.raw, &found.path, "rwx/---");
	free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_table_bit), cmocka_unit_test(tables_add_up),
		cmocka_unit_test(el2_alone),      cmocka_unit_test(write_excludes_execution),
		cmocka_unit_test(overlays),       cmocka_unit_test(walks_carry_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
