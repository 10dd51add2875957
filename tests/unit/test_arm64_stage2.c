// SPDX-License-Identifier: GPL-2.0-or-later
// Every stage-2 geometry and its illegal neighbours, every address bit, every attribute value,
// against literal tables.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "enc.h"

/*
 * Which T0SZ each start level accepts, from the Arm ARM's tables of stage-2 start levels and
 * concatenation (D8.2.8): at the small end one more bit than the lower levels resolve, at the large
 * end 16 concatenated tables, within the limits of T0SZ itself. @full: input bits that one
 * unconcatenated table at that level resolves.
 */
static const struct {
	unsigned int page_log2;
	int level;
	unsigned int t0sz_min, t0sz_max;
	unsigned int full;
} start[] = {
	{ 12, 3, 39, 48, 21 },  { 12, 2, 30, 42, 30 }, { 12, 1, 21, 33, 39 }, { 12, 0, 12, 24, 48 },
	{ 12, -1, 12, 15, 57 }, { 14, 3, 35, 48, 25 }, { 14, 2, 24, 38, 36 }, { 14, 1, 13, 27, 47 },
	{ 14, 0, 12, 16, 58 },  { 16, 3, 31, 47, 29 }, { 16, 2, 18, 34, 42 }, { 16, 1, 12, 21, 55 },
};

/* The level that SL2:SL0 selects, -9 when reserved (Arm ARM, VTCR_EL2.SL0 and SL2). */
static int level_of(unsigned int page_log2, int ds, unsigned int sl2, unsigned int sl0)
{
	static const int level_4k[8] = { 2, 1, 0, 3, -1, -9, -9, -9 };
	static const int level_16k[4] = { 3, 2, 1, 0 };

	/* SL2 is RES0, and not looked at, but for 4K tables with DS=1. */
	if (!ds || page_log2 != 12)
		sl2 = 0;
	if (page_log2 == 12)
		return level_4k[sl2 * 4 + sl0];
	if (sl0 == 3 && !(page_log2 == 14 && ds))
		return -9;
	return level_16k[sl0];
}

static uint64_t vtcr(unsigned int page_log2, unsigned int t0sz, unsigned int sl0, unsigned int sl2,
		     int ds, unsigned int ps)
{
	unsigned int tg0 = page_log2 == 12 ? 0 : page_log2 == 16 ? 1 : 2;

	return 0x80000000ULL | t0sz | (uint64_t)sl0 << 6 | (uint64_t)tg0 << 14 |
	       (uint64_t)ps << 16 | (uint64_t)(ds != 0) << 32 | (uint64_t)sl2 << 33 | 0x3500;
}

static enum s2_code shape_vtcr(uint64_t value, struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, value);
	s2_err_init(err);
	return s2_arm64_stage2.shape(&regime, geom, err);
}

static void check_geometry(unsigned int page_log2, unsigned int t0sz, unsigned int sl0,
			   unsigned int sl2, int ds)
{
	int level = level_of(page_log2, ds, sl2, sl0);
	unsigned int t0sz_floor = ds || page_log2 == 16 ? 12 : 16;
	uint64_t value = vtcr(page_log2, t0sz, sl0, sl2, ds, 5);
	struct s2_geometry geom;
	struct s2_err err;
	enum s2_code code = shape_vtcr(value, &geom, &err);

	for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
		uint64_t tables;

		if (start[i].page_log2 != page_log2 || start[i].level != level)
			continue;
		if (t0sz < start[i].t0sz_min || t0sz > start[i].t0sz_max || t0sz < t0sz_floor)
			break;
		if (code)
			fail_msg("VTCR 0x%llx refused: %s", (unsigned long long)value, err.text);
		tables = 64 - t0sz > start[i].full ? 1ULL << (64 - t0sz - start[i].full) : 1;
		assert_int_equal(geom.page_log2, page_log2);
		assert_int_equal(geom.ia_bits, 64 - t0sz);
		assert_int_equal(s2_level(&geom, geom.top), level);
		assert_int_equal(geom.start_tables, tables);
		assert_int_equal(geom.start_size << (start[i].full - (page_log2 - 3)),
				 (1ULL << (64 - t0sz)) * 8);
		return;
	}
	if (!code)
		fail_msg("VTCR 0x%llx accepted: granule %u level %d T0SZ %u DS %d",
			 (unsigned long long)value, 1U << page_log2, level, t0sz, ds);
	assert_non_null(strstr(err.text, "VTCR_EL2."));
}

static void every_geometry(void **state)
{
	static const unsigned int granules[] = { 12, 14, 16 };

	(void)state;
	for (size_t g = 0; g < ARRAY_SIZE(granules); g++)
		for (int ds = 0; ds < (granules[g] == 16 ? 1 : 2); ds++)
			for (unsigned int sl = 0; sl < 8; sl++)
				for (unsigned int t0sz = 0; t0sz < 64; t0sz++)
					check_geometry(granules[g], t0sz, sl & 3, sl >> 2, ds);
}

/* Known pairs from kernels: arch/arm64/kvm/hyp/pgtable.c gives these start levels and PGD pages. */
static void kvm_geometries(void **state)
{
	static const struct {
		unsigned int granule, ipa;
		int level;
		unsigned int pages;
	} kvm[] = {
		{ 4096, 32, 2, 4 },   { 4096, 36, 1, 1 },  { 4096, 39, 1, 1 },  { 4096, 40, 1, 2 },
		{ 4096, 42, 1, 8 },   { 4096, 43, 1, 16 }, { 4096, 44, 0, 1 },  { 4096, 48, 0, 1 },
		{ 4096, 52, 0, 16 },  { 16384, 32, 2, 1 }, { 16384, 36, 2, 1 }, { 16384, 39, 2, 8 },
		{ 16384, 40, 2, 16 }, { 16384, 42, 1, 1 }, { 16384, 44, 1, 1 }, { 16384, 48, 1, 2 },
		{ 16384, 52, 0, 1 },  { 65536, 32, 2, 1 }, { 65536, 40, 2, 1 }, { 65536, 42, 2, 1 },
		{ 65536, 43, 2, 2 },  { 65536, 44, 2, 4 }, { 65536, 48, 1, 1 }, { 65536, 52, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kvm); i++) {
		struct s2_regime regime;
		struct s2_geometry geom;
		struct s2_err err;

		s2_err_init(&err);
		s2_regime_init(&regime, &s2_arm64_stage2);
		s2_regime_set(&regime, S2_ARM64_GRANULE, kvm[i].granule);
		s2_regime_set(&regime, S2_ARM64_IA_BITS, kvm[i].ipa);
		s2_regime_set_flag(&regime, S2_ARM64_LPA2,
				   kvm[i].ipa == 52 && kvm[i].granule != 65536 ? S2_YES :
										 S2_UNKNOWN);
		assert_int_equal(s2_arm64_stage2.shape(&regime, &geom, &err), S2_OK);
		assert_int_equal(s2_level(&geom, geom.top), kvm[i].level);
		assert_int_equal(geom.start_tables, kvm[i].pages);
	}
}

static void output_sizes(void **state)
{
	static const unsigned int bits[8] = { 32, 36, 40, 42, 44, 48, 52, 0 };
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	for (unsigned int ps = 0; ps < 8; ps++) {
		enum s2_code code = shape_vtcr(vtcr(16, 24, 1, 0, 0, ps), &geom, &err);

		if (!bits[ps]) {
			assert_int_equal(code, S2_INVALID);
			assert_non_null(strstr(err.text, "VTCR_EL2.PS"));
			continue;
		}
		assert_int_equal(code, S2_OK);
		assert_int_equal(geom.oa_bits, bits[ps]);
	}
	/* 4K and 16K reach 52 bits only with DS=1. */
	assert_int_equal(shape_vtcr(vtcr(12, 24, 1, 0, 0, 6), &geom, &err), S2_OK);
	assert_int_equal(geom.oa_bits, 48);
	assert_true(geom.odd & S2_GODD_PS_CAPPED);
	assert_int_equal(shape_vtcr(vtcr(12, 24, 1, 0, 1, 6), &geom, &err), S2_OK);
	assert_int_equal(geom.oa_bits, 52);
	assert_int_equal(shape_vtcr(vtcr(14, 24, 1, 0, 1, 6), &geom, &err), S2_OK);
	assert_int_equal(geom.oa_bits, 52);
}

static void refused_registers(void **state)
{
	static const struct {
		uint64_t value;
		const char *field;
	} bad[] = {
		{ 0x8000d558, "VTCR_EL2.TG0" },
		{ 0x4080003558, "VTCR_EL2.D128" },
		{ 0x1080003558, "VTCR_EL2.S2PIE" },
		{ 0x480003558, "VTCR_EL2.AssuredOnly" },
	};
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(shape_vtcr(bad[i].value, &geom, &err), S2_INVALID);
		assert_non_null(strstr(err.text, bad[i].field));
	}
}

static void odd_registers(void **state)
{
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape_vtcr(0x80023559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, 0);
	assert_int_equal(shape_vtcr(0x00023559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_RES1);
	assert_int_equal(shape_vtcr(0x80123559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_RES0);
	assert_int_equal(shape_vtcr(0x80423559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_HD_NO_HA);
	assert_false(geom.flags & S2_G_HD);
	assert_int_equal(shape_vtcr(0x80623559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, 0);
	assert_true(geom.flags & S2_G_HD);
	assert_int_equal(shape_vtcr(0x80003559, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_IA_OVER_OA);
	/* DS with 64K, SL2 without DS: RES0, read as 0. */
	assert_int_equal(shape_vtcr(0x180057558, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_RES0);
	assert_false(geom.flags & S2_G_LPA2);
	assert_int_equal(shape_vtcr(0x280053558, &geom, &err), S2_OK);
	assert_int_equal(geom.odd, S2_GODD_RES0);
	assert_int_equal(s2_level(&geom, geom.top), 1);
}

static void contradictions(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	s2_err_init(&err);
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, 0x80023558);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 39);
	assert_int_equal(s2_arm64_stage2.shape(&regime, &geom, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "39 input bits contradict VTCR_EL2.T0SZ"));
	s2_regime_set(&regime, S2_ARM64_IA_BITS, 40);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 65536);
	assert_int_equal(s2_arm64_stage2.shape(&regime, &geom, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "VTCR_EL2.TG0"));
}

/* One geometry per address layout, with the levels at which a leaf may stand. */
static const struct {
	uint64_t vtcr;
	enum enc_layout layout;
	unsigned int page_log2;
	int levels[5];
	unsigned int nlevels;
} layouts[] = {
	{ 0x80053558, ENC_48, 12, { 1, 2, 3 }, 3 },
	{ 0x8005b558, ENC_48, 14, { 2, 3 }, 2 },
	{ 0x80067558, ENC_LPA, 16, { 1, 2, 3 }, 3 },
	{ 0x180063558, ENC_LPA2, 12, { 0, 1, 2, 3 }, 4 },
	{ 0x18006b558, ENC_LPA2, 14, { 1, 2, 3 }, 3 },
};

static unsigned int shift_at(unsigned int page_log2, int level)
{
	return page_log2 + (unsigned int)(3 - level) * (page_log2 - 3);
}

static void every_address_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		unsigned int top = layouts[i].layout == ENC_48 ? 48 : 52;
		struct s2_geometry geom;
		struct s2_entry entry;
		struct s2_err err;

		assert_int_equal(shape_vtcr(layouts[i].vtcr, &geom, &err), S2_OK);
		for (unsigned int l = 0; l < layouts[i].nlevels; l++) {
			int level = layouts[i].levels[l];

			for (unsigned int bit = shift_at(layouts[i].page_log2, level); bit < top;
			     bit++) {
				uint64_t oa = 1ULL << bit;
				uint64_t raw = level == 3 ? enc_page(layouts[i].layout, oa, 0x4fc) :
							    enc_block(layouts[i].layout, oa, 0x4fc);

				geom.arch->decode(&geom, (unsigned int)(3 - level), raw, &entry);
				assert_int_equal(entry.type, level == 3 ? S2_PAGE : S2_BLOCK);
				if (entry.oa != oa)
					fail_msg("layout %zu level %d bit %u: 0x%llx", i, level,
						 bit, (unsigned long long)entry.oa);
				assert_int_equal(entry.odd, 0);
			}
		}
		for (unsigned int bit = layouts[i].page_log2; bit < top; bit++) {
			geom.arch->decode(&geom, 1, enc_table(layouts[i].layout, 1ULL << bit),
					  &entry);
			assert_int_equal(entry.type, S2_TABLE);
			assert_int_equal(entry.oa, 1ULL << bit);
			assert_int_equal(entry.odd, 0);
		}
	}
}

/* Each bit at and above the output size is an address size fault, none below is. */
static void output_size_limit(void **state)
{
	static const unsigned int bits[7] = { 32, 36, 40, 42, 44, 48, 52 };
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		for (unsigned int ps = 0; ps < 7; ps++) {
			uint64_t value = (layouts[i].vtcr & ~0x70000ULL) | (uint64_t)ps << 16;
			unsigned int limit = bits[ps];

			if (layouts[i].layout == ENC_48 && limit == 52)
				limit = 48;
			assert_int_equal(shape_vtcr(value, &geom, &err), S2_OK);
			for (unsigned int bit = layouts[i].page_log2;
			     bit < (layouts[i].layout == ENC_48 ? 48 : 52); bit++) {
				geom.arch->decode(&geom, 0,
						  enc_page(layouts[i].layout, 1ULL << bit, 0x4fc),
						  &entry);
				assert_int_equal(!!(entry.odd & S2_ODD_OA_SIZE), bit >= limit);
				geom.arch->decode(&geom, 1,
						  enc_table(layouts[i].layout, 1ULL << bit),
						  &entry);
				assert_int_equal(!!(entry.odd & S2_ODD_OA_SIZE), bit >= limit);
			}
		}
	}
}

/* Bits [1:0] at every level: what is a block, what is reserved (Arm ARM D8.3.1, "block descriptors
 * are supported at"). */
static void block_levels(void **state)
{
	static const struct {
		uint64_t vtcr;
		unsigned int blocks; /* bit n: level n - 1 has blocks */
		int first;
	} rows[] = {
		{ 0x80053590, 0x0c, 0 }, /* 4K, level 0: T0SZ 16 */
		{ 0x80053558, 0x0c, 1 }, /* 4K, T0SZ 24 */
		{ 0x8005b558, 0x08, 2 }, /* 16K */
		{ 0x8005b590, 0x08, 1 }, /* 16K, T0SZ 16 */
		{ 0x80057558, 0x0c,
		  2 }, /* 64K, PS 48 bits: level 1 only on 52-bit hardware, flagged */
		{ 0x18006358c, 0x0e, 0 },  /* 4K LPA2, 16 tables at level 0 */
		{ 0x38006300c, 0x0e, -1 }, /* 4K LPA2, level -1: SL2=1, SL0=0 */
		{ 0x18006b5cc, 0x0c, 0 },  /* 16K LPA2 */
	};
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(shape_vtcr(rows[i].vtcr, &geom, &err), S2_OK);
		assert_int_equal(s2_level(&geom, geom.top), rows[i].first);
		for (int level = s2_level(&geom, geom.top); level <= 3; level++) {
			unsigned int h = (unsigned int)(3 - level);

			geom.arch->decode(&geom, h, 0x4fd, &entry);
			assert_int_equal(entry.type,
					 level < 3 && (rows[i].blocks >> (level + 1) & 1) ?
						 S2_BLOCK :
						 S2_RESERVED_ENTRY);
			geom.arch->decode(&geom, h, 0x4ff, &entry);
			assert_int_equal(entry.type, level == 3 ? S2_PAGE : S2_TABLE);
			geom.arch->decode(&geom, h, 0x4fc, &entry);
			assert_int_equal(entry.type, S2_INVALID_ENTRY);
			geom.arch->decode(&geom, h, 0x4fe, &entry);
			assert_int_equal(entry.type, S2_INVALID_ENTRY);
		}
	}
	/* 4 TiB blocks are flagged unless PS says 52 bits. */
	assert_int_equal(shape_vtcr(0x80057590, &geom, &err), S2_OK);
	geom.arch->decode(&geom, 2, 0x4fd, &entry);
	assert_int_equal(entry.odd, S2_ODD_NEEDS_PA52);
	assert_int_equal(shape_vtcr(0x80067590, &geom, &err), S2_OK);
	geom.arch->decode(&geom, 2, 0x4fd, &entry);
	assert_int_equal(entry.odd, 0);
}

static const struct s2_attr_value *attr_of(const struct s2_geometry *geom, const char *name,
					   unsigned int height, uint64_t raw, uint64_t *number)
{
	for (unsigned int i = 0; i < geom->arch->nattrs; i++) {
		const struct s2_attr *attr = &geom->arch->attrs[i];

		if (strcmp(attr->name, name) != 0 ||
		    !s2_attr_applies(attr, geom, S2_IN_LEAF, height))
			continue;
		*number = s2_attr_get(attr, geom, height, raw);
		return s2_attr_value(attr, *number);
	}
	fail_msg("no attribute %s", name);
	return NULL;
}

static void expect_json(const struct s2_geometry *geom, const char *name, uint64_t raw,
			const char *json)
{
	uint64_t number;
	const struct s2_attr_value *value = attr_of(geom, name, 0, raw, &number);

	assert_non_null(value);
	assert_string_equal(value->json, json);
}

static void permissions(void **state)
{
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	for (unsigned int v = 0; v < 4; v++) {
		uint64_t raw = 0x43fULL | (uint64_t)v << 6;
		struct s2_entry entry;

		expect_json(&geom, "read", raw, v & 1 ? "true" : "false");
		expect_json(&geom, "write", raw, v & 2 ? "true" : "false");
		geom.arch->decode(&geom, 0, raw | 0x300, &entry);
		assert_int_equal(!!(entry.odd & S2_ODD_WRITE_ONLY), v == 2);
	}
	/* XN[1:0] = bits [54:53]. */
	expect_json(&geom, "exec", 0x4ffULL, "{\"el1\":true,\"el0\":true}");
	expect_json(&geom, "exec", 0x4ffULL | 1ULL << 53, "{\"el1\":false,\"el0\":true}");
	expect_json(&geom, "exec", 0x4ffULL | 2ULL << 53, "{\"el1\":false,\"el0\":false}");
	expect_json(&geom, "exec", 0x4ffULL | 3ULL << 53, "{\"el1\":true,\"el0\":false}");
	geom.flags &= ~(uint32_t)S2_G_XNX;
	expect_json(&geom, "exec", 0x4ffULL | 1ULL << 53, "{\"el1\":true,\"el0\":true}");
	expect_json(&geom, "exec", 0x4ffULL | 3ULL << 53, "{\"el1\":false,\"el0\":false}");
	expect_json(&geom, "af", 0x0ffULL, "false");
	expect_json(&geom, "af", 0x4ffULL, "true");
	/* With HA and HD, DBM makes a read-only page writable. */
	assert_int_equal(shape_vtcr(0x80653558, &geom, &err), S2_OK);
	expect_json(&geom, "write", 0x47fULL | 1ULL << 51, "true");
	expect_json(&geom, "write", 0x47fULL, "false");
}

static void memory_types(void **state)
{
	/* Arm ARM D8.6.5 (FWB=0): [3:2] outer, [1:0] inner; D8.6.6 (FWB=1). */
	static const char *const nofwb[16] = {
		"\"device-nGnRnE\"",  "\"device-nGnRE\"",   "\"device-nGRE\"",
		"\"device-GRE\"",     "\"reserved-0x4\"",   "\"normal-nc\"",
		"\"normal-onc-iwt\"", "\"normal-onc-iwb\"", "\"reserved-0x8\"",
		"\"normal-owt-inc\"", "\"normal-wt\"",      "\"normal-owt-iwb\"",
		"\"reserved-0xc\"",   "\"normal-owb-inc\"", "\"normal-owb-iwt\"",
		"\"normal-wb\"",
	};
	static const char *const fwb[16] = {
		"\"device-nGnRnE\"", "\"device-nGnRE\"", "\"device-nGRE\"",     "\"device-GRE\"",
		"\"reserved-0x4\"",  "\"normal-nc\"",    "\"normal-wb\"",       "\"as-s1\"",
		"\"reserved-0x8\"",  "\"reserved-0x9\"", "\"reserved-0xa\"",    "\"reserved-0xb\"",
		"\"reserved-0xc\"",  "\"reserved-0xd\"", "\"normal-wb-notag\"", "\"as-s1-notag\"",
	};
	struct s2_geometry geom;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	for (unsigned int v = 0; v < 16; v++) {
		uint64_t raw = 0x7c3ULL | (uint64_t)v << 2;
		struct s2_entry entry;

		geom.flags = (geom.flags & ~(uint32_t)S2_G_FWB) | S2_G_NOFWB;
		expect_json(&geom, "memattr", raw, nofwb[v]);
		geom.arch->decode(&geom, 0, raw, &entry);
		assert_int_equal(!!(entry.odd & S2_ODD_MEMATTR), v == 4 || v == 8 || v == 12);
		geom.flags = (geom.flags & ~(uint32_t)S2_G_NOFWB) | S2_G_FWB;
		expect_json(&geom, "memattr", raw, fwb[v]);
		geom.arch->decode(&geom, 0, raw, &entry);
		assert_int_equal(!!(entry.odd & S2_ODD_MEMATTR), v == 4 || (v >= 8 && v < 14));
	}
}

static void shareability(void **state)
{
	static const char *const names[4] = { "\"none\"", "\"reserved\"", "\"outer\"",
					      "\"inner\"" };
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	for (unsigned int v = 0; v < 4; v++) {
		uint64_t raw = 0x4ffULL | (uint64_t)v << 8;

		expect_json(&geom, "sh", raw, names[v]);
		geom.arch->decode(&geom, 0, raw, &entry);
		assert_int_equal(!!(entry.odd & S2_ODD_SH), v == 1);
	}
	/* LPA2 takes it from VTCR_EL2.SH0, bits [13:12]. */
	for (uint64_t v = 0; v < 4; v++) {
		assert_int_equal(shape_vtcr((0x180063558ULL & ~0x3000ULL) | v << 12, &geom, &err),
				 S2_OK);
		expect_json(&geom, "sh", 0x4ffULL, names[v]);
		expect_json(&geom, "sh", 0x7ffULL, names[v]);
	}
}

static void upper_bits(void **state)
{
	struct s2_geometry geom;
	struct s2_err err;
	uint64_t number;

	(void)state;
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	expect_json(&geom, "cont", 0x7ffULL | 1ULL << 52, "true");
	expect_json(&geom, "dbm", 0x7ffULL | 1ULL << 51, "true");
	expect_json(&geom, "fnxs", 0xfffULL, "true");
	for (unsigned int bit = 55; bit <= 58; bit++) {
		attr_of(&geom, "sw", 0, 0x7ffULL | 1ULL << bit, &number);
		assert_int_equal(number, 1U << (bit - 55));
	}
	for (unsigned int bit = 59; bit <= 63; bit++) {
		attr_of(&geom, "ignored", 0, 0x7ffULL | 1ULL << bit, &number);
		assert_int_equal(number, 1U << (bit - 59));
	}
	/* With HWU bits, [62:59] are PBHA. */
	assert_int_equal(shape_vtcr(0x82053558, &geom, &err), S2_OK);
	for (unsigned int bit = 59; bit <= 62; bit++) {
		attr_of(&geom, "pbha", 0, 0x7ffULL | 1ULL << bit, &number);
		assert_int_equal(number, 1U << (bit - 59));
	}
	attr_of(&geom, "ignored", 0, 0x7ffULL | 1ULL << 63, &number);
	assert_int_equal(number, 1);
	geom.flags |= S2_G_REALM;
	expect_json(&geom, "ns", 0x7ffULL | 1ULL << 55, "true");
	attr_of(&geom, "sw", 0, 0x7ffULL | 1ULL << 56, &number);
	assert_int_equal(number, 1);
}

static void reserved_bits(void **state)
{
	struct s2_geometry geom;
	struct s2_entry entry;
	struct s2_err err;

	(void)state;
	/* 4K without LPA2: [50:48] are RES0. */
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	for (unsigned int bit = 48; bit <= 50; bit++) {
		geom.arch->decode(&geom, 0, 0x7ffULL | 1ULL << bit, &entry);
		assert_int_equal(entry.odd, S2_ODD_RES0);
		assert_int_equal(entry.oa, 0);
	}
	/* A 2M block: [20:12] but for nT (16) are RES0. */
	for (unsigned int bit = 12; bit <= 20; bit++) {
		geom.arch->decode(&geom, 1, 0x7fdULL | 1ULL << bit, &entry);
		assert_int_equal(entry.odd, bit == 16 ? 0 : S2_ODD_OA_ALIGN);
		assert_int_equal(entry.oa, 0);
	}
	/* LPA2: only bit 50. */
	assert_int_equal(shape_vtcr(0x180063558, &geom, &err), S2_OK);
	geom.arch->decode(&geom, 0, 0x4ffULL | 1ULL << 50, &entry);
	assert_int_equal(entry.odd, S2_ODD_RES0);
	/* 16K pages: [13:12]. */
	assert_int_equal(shape_vtcr(0x8005b558, &geom, &err), S2_OK);
	for (unsigned int bit = 12; bit <= 13; bit++) {
		geom.arch->decode(&geom, 0, 0x7ffULL | 1ULL << bit, &entry);
		assert_int_equal(entry.odd, S2_ODD_OA_ALIGN);
	}
	/* Tables: [63:59] mean nothing in stage 2; [58:51] are ignored. */
	for (unsigned int bit = 51; bit <= 63; bit++) {
		geom.arch->decode(&geom, 1, 0x3ULL | 1ULL << bit, &entry);
		assert_int_equal(entry.odd, bit >= 59 ? S2_ODD_TABLE_BITS : 0);
	}
}

/* What merging relies on: type, oddities and attributes do not change when bits outside the key
 * change. */
static void key_decides(void **state)
{
	(void)state;
	srand(1);
	for (unsigned int n = 0; n < 200000; n++) {
		uint64_t raw = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		uint64_t noise = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		size_t i = n % ARRAY_SIZE(layouts);
		struct s2_entry a, b;
		struct s2_geometry geom;
		struct s2_err err;
		unsigned int h;
		uint64_t key;

		assert_int_equal(shape_vtcr((layouts[i].vtcr & ~0x70000ULL) | (uint64_t)(n % 6)
										      << 16,
					    &geom, &err),
				 S2_OK);
		h = (unsigned int)rand() % (geom.top + 1U);
		key = geom.arch->key_mask(&geom, h, raw);
		noise &= ~key;
		geom.arch->decode(&geom, h, raw, &a);
		geom.arch->decode(&geom, h, raw ^ noise, &b);
		assert_int_equal(a.type, b.type);
		assert_int_equal(a.odd, b.odd);
		assert_int_equal(geom.arch->is_leaf(&geom, h, raw), s2_is_leaf(a.type));
		assert_int_equal(geom.arch->is_table(&geom, h, raw), a.type == S2_TABLE);
		for (unsigned int k = 0; k < geom.arch->nattrs && s2_is_leaf(a.type); k++) {
			const struct s2_attr *attr = &geom.arch->attrs[k];

			/* nT lies under address bits of pages, where its row does not apply. */
			if (s2_attr_applies(attr, &geom, S2_IN_LEAF, h))
				assert_int_equal(s2_attr_get(attr, &geom, h, raw),
						 s2_attr_get(attr, &geom, h, raw ^ noise));
		}
	}
}

static void vttbr_roots(void **state)
{
	struct s2_geometry geom;
	struct s2_err err;
	uint64_t root;

	(void)state;
	assert_int_equal(shape_vtcr(0x80053558, &geom, &err), S2_OK);
	assert_int_equal(s2_arm64_vttbr_root(&geom, 0x1000043066001ULL, &root, &err), S2_OK);
	assert_int_equal(root, 0x43066000);
	/* Two concatenated tables: 8K alignment. */
	assert_int_equal(s2_arm64_vttbr_root(&geom, 0x43067001ULL, &root, &err), S2_INVALID);
	/* DS: BADDR[51:48] in bits [5:2], here with an output size of 48 bits. */
	assert_int_equal(shape_vtcr(0x180053558, &geom, &err), S2_OK);
	assert_int_equal(s2_arm64_vttbr_root(&geom, 0x48f00029ULL, &root, &err), S2_OK);
	assert_int_equal(root, 0xa000048f00000);
	/* 52-bit output size: BADDR[51:48] in bits [5:2]. */
	assert_int_equal(shape_vtcr(0x80067558, &geom, &err), S2_OK);
	assert_int_equal(s2_arm64_vttbr_root(&geom, 0xabcd000048f00028ULL | 1, &root, &err), S2_OK);
	assert_int_equal(root, 0xa000048f00000ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_geometry),    cmocka_unit_test(kvm_geometries),
		cmocka_unit_test(output_sizes),      cmocka_unit_test(refused_registers),
		cmocka_unit_test(odd_registers),     cmocka_unit_test(contradictions),
		cmocka_unit_test(every_address_bit), cmocka_unit_test(output_size_limit),
		cmocka_unit_test(block_levels),      cmocka_unit_test(permissions),
		cmocka_unit_test(memory_types),      cmocka_unit_test(shareability),
		cmocka_unit_test(upper_bits),        cmocka_unit_test(reserved_bits),
		cmocka_unit_test(key_decides),       cmocka_unit_test(vttbr_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
