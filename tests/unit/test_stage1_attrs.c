// SPDX-License-Identifier: GPL-2.0-or-later
// Stage 1: every attribute of a descriptor against literal tables, for EL1&0 and EL2.
#include "stage1_lab.h"
#include "decode/arm64/arm64.h"

/* What attr() gives after it has failed the test. */
static const struct s2_attr_value none = { "", "", "", 0 };

static const struct s2_attr_value *attr(const struct s2_geometry *geom, const char *name,
					uint64_t raw)
{
	for (unsigned int i = 0; i < geom->arch->nattrs; i++) {
		const struct s2_attr *row = &geom->arch->attrs[i];

		const struct s2_attr_value *value;

		if (strcmp(row->name, name) != 0 || !s2_attr_applies(row, geom, S2_IN_LEAF, 1))
			continue;
		value = s2_attr_value(row, s2_attr_get(row, geom, 0, raw));
		if (value)
			return value;
	}
	fail_msg("no value for %s", name);
	return &none;
}

static void expect(const struct s2_geometry *geom, const char *name, uint64_t raw, const char *text)
{
	const struct s2_attr_value *value = attr(geom, name, raw);

	if (!value || strcmp(value->text, text))
		fail_msg("%s of 0x%llx: %s, not %s", name, (unsigned long long)raw,
			 value ? value->text : "(none)", text);
}

#define AP(n) ((uint64_t)(n) << 6)
#define DBM (1ULL << 51)
#define PXN (1ULL << 53)
#define UXN (1ULL << 54)

/* AP[2:1], UXN, PXN of a regime with EL0: Arm ARM, tables in D8.4.1. */
static void permissions_el1(void **state)
{
	static const struct {
		uint64_t raw;
		const char *read, *write, *exec;
	} row[] = {
		{ AP(0), "R:EL1", "W:EL1", "X" },
		{ AP(0) | UXN, "R:EL1", "W:EL1", "X:EL1" },
		{ AP(0) | PXN, "R:EL1", "W:EL1", "X:EL0" },
		{ AP(0) | UXN | PXN, "R:EL1", "W:EL1", "-" },
		{ AP(1), "R", "W", "X:EL0" }, /* writable at EL0: not executable at EL1 */
		{ AP(1) | UXN, "R", "W", "-" },
		{ AP(2), "R:EL1", "-", "X" },
		{ AP(2) | PXN, "R:EL1", "-", "X:EL0" },
		{ AP(3), "R", "-", "X" },
		{ AP(3) | UXN, "R", "-", "X:EL1" },
		{ AP(3) | DBM, "R", "-", "X" },
	};
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0), false,
			       &geom, &err),
			 S2_OK);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		expect(&geom, "read", row[i].raw | 0x401, row[i].read);
		expect(&geom, "write", row[i].raw | 0x401, row[i].write);
		expect(&geom, "exec", row[i].raw | 0x401, row[i].exec);
	}
	/* HA and HD: DBM makes read-only pages writable, clean. */
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1,
			       tcr_el1(12, 25, 5, 0) | 3ULL << 39, false, &geom, &err),
			 S2_OK);
	expect(&geom, "write", AP(3) | DBM | 0x401, "w");
	expect(&geom, "write", AP(2) | DBM | 0x401, "w:EL1");
	expect(&geom, "write", AP(3) | 0x401, "-");
	expect(&geom, "write", AP(1) | DBM | 0x401, "W");
	expect(&geom, "exec", AP(3) | DBM | 0x401, "X:EL0");
	assert_string_equal(attr(&geom, "read", AP(0) | 0x401)->json,
			    "{\"el1\":true,\"el0\":false}");
}

static void permissions_el2(void **state)
{
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el2, S2_ARM64_TCR_EL2, tcr_el2(12, 25, 5, 0), false,
			       &geom, &err),
			 S2_OK);
	/* What KVM writes for hyp text, data and rodata (hyp_set_prot_attr): AP[1] is RES1. */
	expect(&geom, "read", AP(3) | 0x403, "R");
	expect(&geom, "write", AP(3) | 0x403, "-");
	expect(&geom, "exec", AP(3) | 0x403, "X");
	expect(&geom, "write", AP(1) | UXN | 0x403, "W");
	expect(&geom, "exec", AP(1) | UXN | 0x403, "-");
	assert_string_equal(attr(&geom, "exec", UXN | 0x403)->json, "{\"el2\":false}");
	s2_arm64_stage1_el2.decode(&geom, 0, AP(1) | 0x403, &entry);
	assert_int_equal(entry.odd, 0);
	s2_arm64_stage1_el2.decode(&geom, 0, AP(0) | 0x403, &entry);
	assert_int_equal(entry.odd, S2_ODD_RES1);
	s2_arm64_stage1_el2.decode(&geom, 0, AP(1) | PXN | 0x403, &entry);
	assert_int_equal(entry.odd, S2_ODD_RES0);
	s2_arm64_stage1_el2.decode(&geom, 0, AP(1) | 1ULL << 11 | 0x403, &entry);
	assert_int_equal(entry.odd, S2_ODD_RES0);
}

/* MAIR_EL1.Attr<n>: one of each kind, and where it stands. */
static void memory_types(void **state)
{
	static const struct {
		uint8_t mair;
		const char *text;
	} row[] = {
		{ 0x00, "device-nGnRnE" },    { 0x04, "device-nGnRE" },
		{ 0x08, "device-nGRE" },      { 0x0c, "device-GRE" },
		{ 0x05, "device-nGnRE-nxs" }, { 0x44, "normal-nc" },
		{ 0xff, "normal-wb" },        { 0xbb, "normal-wt" },
		{ 0x77, "normal-wb" },        { 0x33, "normal-wt" },
		{ 0x4f, "normal-onc-iwb" },   { 0x4b, "normal-onc-iwt" },
		{ 0xf4, "normal-owb-inc" },   { 0xb4, "normal-owt-inc" },
		{ 0xbf, "normal-owt-iwb" },   { 0xfb, "normal-owb-iwt" },
		{ 0x40, "normal-nc-nxs" },    { 0xa0, "normal-wt-nxs" },
		{ 0xf0, "normal-wb-tagged" }, { 0x02, "reserved" },
		{ 0x50, "reserved" },         { 0x0f, "reserved" },
	};
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		for (unsigned int index = 0; index < 8; index++) {
			s2_regime_init(&regime, &s2_arm64_stage1_el1);
			s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
			s2_regime_set(&regime, S2_ARM64_MAIR_EL1,
				      (uint64_t)row[i].mair << index * 8 |
					      0x44ULL << (index ^ 1) * 8);
			s2_err_init(&err);
			assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
			expect(&geom, "memattr", (uint64_t)index << 2 | 0x403, row[i].text);
			s2_arm64_stage1_el1.decode(&geom, 0, (uint64_t)index << 2 | 0x403, &entry);
			assert_int_equal(entry.odd,
					 strcmp(row[i].text, "reserved") ? 0 : S2_ODD_MEMATTR);
		}
	/* Without MAIR the index is all there is. */
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0), false,
			       &geom, &err),
			 S2_OK);
	expect(&geom, "memattr", 5 << 2 | 0x403, "attr5");
}

static void other_attributes(void **state)
{
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0), false,
			       &geom, &err),
			 S2_OK);
	expect(&geom, "af", 0x401, "-");
	expect(&geom, "af", 0x1, "noaf");
	expect(&geom, "sh", 3 << 8 | 1, "ish");
	expect(&geom, "sh", 2 << 8 | 1, "osh");
	expect(&geom, "sh", 0x1, "nsh");
	expect(&geom, "ng", 1 << 11 | 1, "ng");
	expect(&geom, "gp", 1ULL << 50 | 1, "gp");
	expect(&geom, "cont", 1ULL << 52 | 1, "cont");
	expect(&geom, "nt", 1ULL << 16 | 1, "nt");
	expect(&geom, "ns", 1ULL << 5 | 1, "ns");
	s2_arm64_stage1_el1.decode(&geom, 0, 1ULL << 48 | 0x403, &entry);
	assert_int_equal(entry.odd, S2_ODD_RES0);
	s2_arm64_stage1_el1.decode(&geom, 1, 1ULL << 13 | 0x401, &entry);
	assert_int_equal(entry.odd, S2_ODD_OA_ALIGN);
	s2_arm64_stage1_el1.decode(&geom, 0, 1ULL << 8 | 0x403, &entry);
	assert_int_equal(entry.odd, S2_ODD_SH);
	/* Hierarchical permissions are not strange in stage 1. */
	s2_arm64_stage1_el1.decode(&geom, 1, 0xf800000000000003, &entry);
	assert_int_equal(entry.type, S2_TABLE);
	assert_int_equal(entry.odd, 0);
	/* With DS=1 the field holds address bits, and TCR_EL1.SH1 counts. */
	assert_int_equal(shape(&s2_arm64_stage1_el1, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 6, 1), true,
			       &geom, &err),
			 S2_OK);
	expect(&geom, "sh", 0x401, "osh");
}

static void indirect_permissions(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	s2_regime_init(&regime, &s2_arm64_stage1_el1);
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0));
	s2_regime_set(&regime, S2_ARM64_TCR2_EL1, 1ULL << 1);
	s2_err_init(&err);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, "read", 0x401, "?");
	/* Index 9 (bits 54 and 6): EL1 read, write; EL0 read, execute. Index 2 (bit 51): EL1
	 * execute, EL0 write: nothing. */
	s2_regime_set(&regime, S2_ARM64_PIR_EL1, 0x5ULL << 36 | 0x3ULL << 8);
	s2_regime_set(&regime, S2_ARM64_PIRE0_EL1, 0x3ULL << 36 | 0x5ULL << 8);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, "read", 1ULL << 54 | 1ULL << 6 | 0x401, "R");
	expect(&geom, "write", 1ULL << 54 | 1ULL << 6 | 0x401, "W:EL1");
	expect(&geom, "exec", 1ULL << 54 | 1ULL << 6 | 0x401, "X:EL0");
	expect(&geom, "write", 1ULL << 54 | 1ULL << 7 | 1ULL << 6 | 0x401, "-");
	expect(&geom, "read", 1ULL << 51 | 0x401, "-");
	expect(&geom, "exec", 1ULL << 51 | 0x401, "-");
	/* Without overlays: index 3 is RW at EL1, and at EL0 R, RX or RW. */
	for (unsigned int i = 0; i < 3; i++) {
		static const uint64_t el0[] = { 0x8, 0xa, 0xc };
		const uint64_t raw = 1ULL << 51 | 1ULL << 6 | 0x401;

		s2_regime_set(&regime, S2_ARM64_PIR_EL1, 0x5ULL << 36 | 0xcULL << 12);
		s2_regime_set(&regime, S2_ARM64_PIRE0_EL1, 0x3ULL << 36 | el0[i] << 12);
		assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
		expect(&geom, "read", raw, "R");
		expect(&geom, "write", raw, i == 2 ? "W" : "W:EL1");
		expect(&geom, "exec", raw, i == 1 ? "X:EL0" : "-");
	}
	/* nDirty: the first write waits for hardware, where TCR_EL1.HD has it look. */
	s2_regime_set(&regime, S2_ARM64_TCR_EL1, tcr_el1(12, 25, 5, 0) | 3ULL << 39);
	assert_int_equal(s2_arm64_stage1_el1.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, "write", 1ULL << 54 | 1ULL << 7 | 1ULL << 6 | 0x401, "w:EL1");
	expect(&geom, "write", 1ULL << 54 | 1ULL << 6 | 0x401, "W:EL1");
}

/* The same without an EL0: index 1 (bit 6) reads and writes. TCR_EL2.HD is bit 22. */
static void indirect_permissions_el2(void **state)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	struct s2_err err;

	(void)state;
	s2_regime_init(&regime, &s2_arm64_stage1_el2);
	s2_regime_set(&regime, S2_ARM64_TCR_EL2, tcr_el2(12, 25, 5, 0));
	s2_regime_set(&regime, S2_ARM64_TCR2_EL2, 1ULL << 1);
	s2_regime_set(&regime, S2_ARM64_PIR_EL2, 0x5ULL << 4);
	s2_err_init(&err);
	assert_int_equal(s2_arm64_stage1_el2.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, "read", 1ULL << 6 | 0x401, "R");
	expect(&geom, "write", 1ULL << 6 | 0x401, "W");
	expect(&geom, "write", 1ULL << 7 | 1ULL << 6 | 0x401, "-");
	s2_regime_set(&regime, S2_ARM64_TCR_EL2, tcr_el2(12, 25, 5, 0) | 3ULL << 21);
	assert_int_equal(s2_arm64_stage1_el2.shape(&regime, &geom, &err), S2_OK);
	expect(&geom, "write", 1ULL << 7 | 1ULL << 6 | 0x401, "w");
	expect(&geom, "write", 1ULL << 6 | 0x401, "W");
	expect(&geom, "write", 1ULL << 7 | 0x401, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permissions_el1),      cmocka_unit_test(permissions_el2),
		cmocka_unit_test(memory_types),         cmocka_unit_test(other_attributes),
		cmocka_unit_test(indirect_permissions), cmocka_unit_test(indirect_permissions_el2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
