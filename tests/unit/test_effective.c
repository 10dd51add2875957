// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's memory through stage 2, and what both stages together allow: rows written from the Arm
// ARM.
#include "decode/arm64/effective.h"
#include "decode/guestmem.h"
#include "decode/lookup.h"
#include "translate_lab.h"

/* IPA 0 on: pages 10, 12, 11 of the machine, then nothing, then a block; stage 2 at pages 8, 9. */
static void map_guest(struct lab *lab, struct s2_geometry *geom)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, 0x80023558);
	assert_int_equal(regime.arch->shape(&regime, geom, NULL), S2_OK);
	put(lab, 8, 0, enc_table(ENC_48, PAGE(14)));
	put(lab, 14, 0, enc_table(ENC_48, PAGE(15)));
	put(lab, 14, 1, enc_block(ENC_48, 0x80000000, ENC_MEM));
	put(lab, 15, 0, enc_page(ENC_48, PAGE(10), ENC_MEM));
	put(lab, 15, 1, enc_page(ENC_48, PAGE(12), ENC_MEM));
	put(lab, 15, 2, enc_page(ENC_48, PAGE(11), ENC_MEM));
}

static void lookup(void **state)
{
	struct lab *lab = *state;
	struct s2_geometry geom;
	struct s2_found found;

	map_guest(lab, &geom);
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0x1fff, &found), S2_OK);
	assert_int_equal(found.height, 0);
	assert_true(found.leaf);
	assert_int_equal(found.raw, enc_page(ENC_48, PAGE(12), ENC_MEM));
	assert_int_equal(found.table_pa, PAGE(15));
	assert_int_equal(found.desc_pa, PAGE(15) + 8);
	assert_int_equal(found.pa, PAGE(12) + 0xfff);
	assert_int_equal(found.left, 1);
	assert_int_equal(found.mapped, 1);
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0x3000, &found), S2_OK);
	assert_false(found.leaf);
	assert_int_equal(found.mapped, 0);
	assert_int_equal(found.height, 0);
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0x3fffff, &found), S2_OK);
	assert_int_equal(found.height, 1);
	assert_int_equal(found.pa, 0x801fffff);
	/* The second of the concatenated tables; beyond the input size; a table that is missing. */
	put(lab, 9, 511, enc_block(ENC_48, 0xc0000000, ENC_MEM));
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0xffffffffff, &found), S2_OK);
	assert_int_equal(found.height, 2);
	assert_int_equal(found.pa, 0xc0000000 + 0x3fffffff);
	assert_int_equal(found.table_pa, PAGE(9));
	assert_int_equal(found.desc_pa, PAGE(9) + 511 * 8);
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), BIT64(40), &found), S2_NOTFOUND);
	lab->mem.hole = PAGE(15);
	lab->mem.hole_size = 4096;
	lab->mem.hole_code = S2_EXCLUDED;
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0, &found), S2_EXCLUDED);
	assert_int_equal(found.height, 0);
	assert_int_equal(found.desc_pa, PAGE(15));
	/* Its address is beyond the output size: nothing is read there. */
	put(lab, 14, 2, enc_table(ENC_48, BIT64(47)));
	assert_int_equal(s2_lookup(&lab->mem.mem, &geom, PAGE(8), 0x400000, &found), S2_INVALID);
	assert_int_equal(found.height, 1);
	assert_int_equal(found.desc_pa, PAGE(14) + 2 * 8);
}

static void reads(void **state)
{
	struct lab *lab = *state;
	struct s2_geometry geom;
	struct s2_guestmem guest;
	struct s2_extent extent;
	uint64_t words[3];
	char byte;

	map_guest(lab, &geom);
	put(lab, 10, 511, 0x1111);
	put(lab, 12, 0, 0x2222);
	put(lab, 12, 511, 0x3333);
	put(lab, 11, 0, 0x4444);
	s2_guestmem_init(&guest, &lab->mem.mem, &geom, PAGE(8));
	assert_int_equal(guest.mem.bytes, lab->mem.mem.bytes);
	/* Across pages that do not follow each other in the machine. */
	assert_int_equal(s2_mem_read(&guest.mem, 0xff8, words, 16, NULL), S2_OK);
	assert_int_equal(words[0], 0x1111);
	assert_int_equal(words[1], 0x2222);
	assert_int_equal(s2_mem_read(&guest.mem, 0x1ff8, words, 16, NULL), S2_OK);
	assert_int_equal(words[0], 0x3333);
	assert_int_equal(words[1], 0x4444);
	assert_null(s2_mem_view(&guest.mem, 0, 8));
	/* All or nothing where stage 2 maps nothing, or nothing that the output size reaches. */
	assert_int_equal(s2_mem_read(&guest.mem, 0x2ff8, words, 16, &lab->err), S2_ABSENT);
	assert_string_equal(lab->err.text, "stage 2 does not map IPA 0x3000");
	put(lab, 15, 3, enc_page(ENC_48, BIT64(41) | BASE, ENC_MEM));
	assert_int_equal(s2_mem_read(&guest.mem, 0x3000, words, 8, NULL), S2_ABSENT);
	assert_int_equal(s2_mem_read(&guest.mem, 0x200000, &byte, 1, NULL), S2_ABSENT);
	/* What the dump lacks keeps its reason. */
	lab->mem.hole = PAGE(12);
	lab->mem.hole_size = 4096;
	lab->mem.hole_code = S2_TRUNCATED;
	assert_int_equal(s2_mem_read(&guest.mem, 0xff8, words, 16, NULL), S2_TRUNCATED);
	assert_int_equal(s2_mem_read(&guest.mem, 0xff8, words, 8, NULL), S2_OK);
	/* So do its tables, and those that stage 2 cannot have; beyond its addresses is nothing. */
	lab->mem.hole = PAGE(15);
	lab->mem.hole_code = S2_EXCLUDED;
	assert_int_equal(s2_mem_read(&guest.mem, 0x1ff8, words, 16, &lab->err), S2_EXCLUDED);
	assert_string_equal(lab->err.text, "stage-2 table for IPA 0x1ff8");
	put(lab, 14, 2, enc_table(ENC_48, BIT64(47)));
	assert_int_equal(s2_mem_read(&guest.mem, 0x400000, &byte, 1, &lab->err), S2_INVALID);
	assert_string_equal(lab->err.text, "stage-2 table for IPA 0x400000");
	assert_int_equal(s2_mem_read(&guest.mem, BIT64(40), &byte, 1, &lab->err), S2_ABSENT);
	assert_string_equal(lab->err.text, "stage 2 does not map IPA 0x10000000000");
	assert_int_equal(s2_mem_next(&guest.mem, 0, &extent), S2_OK);
	assert_int_equal(extent.pa, 0);
	assert_int_equal(extent.size, BIT64(40));
	assert_int_equal(s2_mem_next(&guest.mem, BIT64(40) - 1, &extent), S2_OK);
	assert_int_equal(s2_mem_next(&guest.mem, BIT64(40), &extent), S2_NOTFOUND);
}

struct effect {
	struct s2_geometry stage1, stage2;
	struct s2_walk walk1, walk2;
	struct s2_guestmem guest;
	struct s2_effective e;
};

/* The guest's tables are pages 10, 12, 11: IPA 0 its TTBR0, 0x1000 level 2, 0x2000 level 3. */
static struct effect *start(struct lab *lab, enum s2_merge_how how)
{
	struct effect *t = calloc(1, sizeof(*t));
	struct s2_regime regime;

	assert_non_null(t);
	map_guest(lab, &t->stage2);
	reg(lab, S2_ARM64_HCR_EL2, 0x80000001);
	reg(lab, S2_ARM64_SCTLR_EL1, 0x1005);
	reg(lab, S2_ARM64_TTBR0_EL1, 0);
	regime = lab->req.regs;
	regime.arch = &s2_arm64_stage1_el1;
	s2_regime_clear(&regime, S2_ARM64_START_LEVEL);
	assert_int_equal(regime.arch->shape(&regime, &t->stage1, NULL), S2_OK);
	put(lab, 10, 0, enc_table(ENC_48, 0x1000));
	put(lab, 12, 0, enc_table(ENC_48, 0x2000));
	s2_guestmem_init(&t->guest, &lab->mem.mem, &t->stage2, PAGE(8));
	s2_walk_init(&t->walk1, &t->stage1, &t->guest.mem, 0);
	t->e.req.regs = lab->req.regs;
	t->e.req.stage2 = &t->stage2;
	t->e.req.stage2_root = PAGE(8);
	t->e.mem = &lab->mem.mem;
	t->e.stage2_walk = &t->walk2;
	t->e.how = how;
	s2_budget_init(&t->e.steps, 1000, 0, 0);
	return t;
}

static void begin(struct effect *t)
{
	s2_merge_init(&t->e.stage1, &t->walk1,
		      t->e.how == S2_MERGE_NONE ? S2_MERGE_NONE : S2_MERGE_PA, S2_SHOW_ALL);
}

static void expect(struct effect *t, uint64_t va, uint64_t size, unsigned int allowed, uint64_t pa)
{
	struct s2_effective_row row = { 0 };
	enum s2_code code = s2_effective_next(&t->e, &row, NULL);

	if (code || row.va != va || row.size != size || row.allowed != allowed ||
	    (allowed && row.pa != pa) || row.missing)
		fail_msg("code %d: 0x%llx + 0x%llx allowed 0x%x pa 0x%llx missing %d", code,
			 (unsigned long long)row.va, (unsigned long long)row.size, row.allowed,
			 (unsigned long long)row.pa, row.missing);
}

static void expect_end(struct effect *t)
{
	struct s2_effective_row row;

	assert_int_equal(s2_effective_next(&t->e, &row, NULL), S2_NOTFOUND);
	free(t);
}

#define DATA_RW \
	(1U << S2_PRIV_READ | 1U << S2_PRIV_WRITE | 1U << S2_USER_READ | 1U << S2_USER_WRITE)

/*
 * A contiguous group takes address bits [15:12] from the VA (pseudocode StageOA): entries that
 * begin in the middle of a group lead elsewhere than they say, each for itself.
 */
static void misprogrammed_contiguous(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_PA);
	uint64_t bits = AF | ISH | AP(1) | UXN | PXN | CONT;

	/* Sixteen entries as they should be; then two that say 0x208000 and 0x209000. */
	for (unsigned int i = 0; i < 16; i++)
		put(lab, 11, i, enc_page(ENC_48, 0x210000 + i * 0x1000ULL, bits));
	put(lab, 11, 16, enc_page(ENC_48, 0x208000, bits));
	put(lab, 11, 17, enc_page(ENC_48, 0x209000, bits));
	begin(t);
	expect(t, 0, 0x10000, DATA_RW, 0x80010000);
	/* VA 0x10000 leads to IPA 0x200000, not to 0x208000; VA 0x11000 to 0x201000. */
	expect(t, 0x10000, 0x2000, DATA_RW, 0x80000000);
	expect_end(t);
}

/* What lies beyond the input size of stage 2, what it does not map, and two ways to merge. */
static void holes(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_ATTRS);
	uint64_t bits = AF | ISH | AP(1) | UXN | PXN;

	for (unsigned int i = 1; i < 4; i++) /* 3 GiB up to the end of 40 bits, then beyond */
		put(lab, 10, i, enc_block(ENC_48, BIT64(40) - BIT64(30) * (3 - i), bits));
	put(lab, 12, 1, enc_block(ENC_48, 0x200000, bits));
	begin(t);
	expect(t, 0x200000, 0x200000, DATA_RW, 0x80000000);
	expect(t, 0x40000000, 3 * BIT64(30), 0, 0);
	expect_end(t);
	t = start(lab, S2_MERGE_NONE);
	begin(t);
	expect(t, 0x200000, 0x200000, DATA_RW, 0x80000000);
	for (unsigned int i = 1; i < 4; i++)
		expect(t, i * BIT64(30), BIT64(30), 0, 0);
	expect_end(t);
}

static void expect_missing_stage2(struct effect *t, uint64_t va, uint64_t size, uint64_t pa,
				  enum s2_code why)
{
	struct s2_effective_row row;

	assert_int_equal(s2_effective_next(&t->e, &row, NULL), S2_OK);
	assert_int_equal(row.va, va);
	assert_int_equal(row.size, size);
	assert_int_equal(row.missing, why);
	assert_int_equal(row.missing_stage, 2);
	assert_int_equal(row.missing_level, 3);
	assert_int_equal(row.missing_pa, pa);
	assert_int_equal(row.allowed, 0);
}

/* @pa: of the descriptor, where the machine has it. */
static void expect_missing(struct effect *t, uint64_t va, uint64_t size, uint64_t pa,
			   enum s2_code why)
{
	struct s2_effective_row row;

	assert_int_equal(s2_effective_next(&t->e, &row, NULL), S2_OK);
	assert_int_equal(row.va, va);
	assert_int_equal(row.size, size);
	assert_int_equal(row.missing, why);
	assert_int_equal(row.missing_stage, 1);
	assert_int_equal(row.missing_pa, pa);
	assert_int_equal(row.allowed, 0);
}

/* A missing table of stage 2 is missing, for as much as it stands for. */
static void missing(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_ATTRS);

	put(lab, 14, 2, enc_table(ENC_48, PAGE(20)));
	put(lab, 12, 1, enc_block(ENC_48, 0x400000, AF | ISH | AP(1)));
	lab->mem.hole = PAGE(20);
	lab->mem.hole_size = 4096;
	lab->mem.hole_code = S2_EXCLUDED;
	begin(t);
	expect_missing_stage2(t, 0x200000, 0x200000, PAGE(20), S2_EXCLUDED);
	expect_end(t);
}

/* Of a table page that is there in parts, as at the end of a file that was cut, the walk loses more
 * than the translation of the first address. */
static void part_of_page(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_ATTRS);
	uint64_t bits = AF | ISH | AP(1) | UXN | PXN;

	put(lab, 14, 2, enc_table(ENC_48, PAGE(20)));
	put(lab, 20, 0, enc_page(ENC_48, 0x90000000, ENC_MEM));
	put(lab, 20, 1, enc_page(ENC_48, 0xa0000000, ENC_MEM));
	put(lab, 12, 1, enc_block(ENC_48, 0x400000, bits));
	lab->mem.hole = PAGE(20) + 8;
	lab->mem.hole_size = 8;
	lab->mem.hole_code = S2_TRUNCATED;
	begin(t);
	expect_missing_stage2(t, 0x200000, 0x40000, PAGE(20), S2_TRUNCATED);
	expect(t, 0x240000, 0x1c0000, 0, 0);
	expect_end(t);
	t = start(lab, S2_MERGE_ATTRS);
	put(lab, 11, 0, enc_page(ENC_48, 0x200000, bits));
	put(lab, 11, 1, enc_page(ENC_48, 0x300000, bits));
	put(lab, 12, 1, 0);
	lab->mem.hole = PAGE(11) + 8;
	begin(t);
	expect_missing(t, 0, 0x40000, PAGE(11), S2_TRUNCATED);
	expect_end(t);
}

/* A table that leads into itself, as guests have to reach their tables: no translation of its first
 * address speaks for all of it. */
static void self_map(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_ATTRS);

	put(lab, 12, 0, 0x2000 | AF | ISH | AP(1) | 3);
	put(lab, 12, 3, enc_table(ENC_48, 0x1000));
	begin(t);
	expect_missing(t, 0x600000, 0x200000, PAGE(12), S2_LOOP);
	expect_end(t);
}

/* One page table whose entries all are the same, and that is reached from all entries. */
static void steps(void **state)
{
	struct lab *lab = *state;
	struct effect *t = start(lab, S2_MERGE_ATTRS);

	for (unsigned int i = 0; i < 512; i++) {
		put(lab, 12, i, enc_table(ENC_48, 0x2000));
		put(lab, 11, i, enc_page(ENC_48, 0x200000, AF | ISH | AP(i & 1) | UXN | PXN));
	}
	s2_budget_init(&t->e.steps, 2, 0, 0);
	begin(t);
	expect(t, 0, 0x1000, 1U << S2_PRIV_READ | 1U << S2_PRIV_WRITE, 0x80000000);
	expect(t, 0x1000, 0x1000, DATA_RW, 0x80000000);
	expect_missing(t, 0x2000, t->walk1.last - 0x1fff, PAGE(11) + 2 * 8, S2_BUDGET);
	expect_end(t);
}

static uint64_t seed;

static uint64_t chance(uint64_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

/* Leaves of both stages as chance will have it: in runs, with other rights, contiguous or not, to
 * nothing, to what is missing. IPA 0 to 0x3fff are the guest's tables: two of the last level, which
 * upper ones allow each its own. */
static void draw(struct lab *lab)
{
	uint64_t oa = 0, attrs = AF, oa2 = 0, attrs2 = AF;

	put(lab, 14, 2, enc_block(ENC_48, 0x80200000, AF | S2RW | ISH | MEMATTR(5)));
	put(lab, 14, 3, enc_table(ENC_48, PAGE(20)));
	put(lab, 14, 4, chance(2) ? 0 : enc_table(ENC_48, PAGE(15)));
	put(lab, 15, 3, enc_page(ENC_48, PAGE(13), ENC_MEM));
	for (unsigned int i = 4; i < 512; i++, oa2 += 4096) {
		if (!chance(6)) {
			oa2 = 0x90000000 + (chance(64) << 12);
			attrs2 = AF | (chance(2) ? ISH : 0) | MEMATTR(chance(2) ? 15 : 5) |
				 chance(4) << 6 | chance(2) << 54 | (chance(4) ? 0 : CONT);
		}
		put(lab, 15, i, chance(8) ? enc_page(ENC_48, oa2, attrs2) : 0);
	}
	for (unsigned int i = 0; i < 1024; i++, oa += 4096) {
		if (!chance(i / 16 == 32 ? 64 : 8)) {
			oa = chance(16) ? 0x4000 + (chance(0xa00) << 12) : BIT64(40) - 0x2000;
			attrs = AF | (chance(2) ? ISH : 0) | AP(chance(4)) | chance(4) << 53 |
				INDEX(chance(4)) | (chance(3) ? 0 : CONT);
		}
		put(lab, i < 512 ? 11 : 13, i % 512, chance(8) ? enc_page(ENC_48, oa, attrs) : 0);
	}
	put(lab, 12, 0, enc_table(ENC_48, 0x2000) | chance(16) << 59);
	put(lab, 12, 1, enc_table(ENC_48, 0x3000) | chance(16) << 59);
	for (unsigned int i = 2; i < 8; i++)
		put(lab, 12, i,
		    chance(4) ? enc_block(ENC_48, chance(6) << 21,
					  AF | AP(chance(4)) | chance(4) << 53 |
						  (chance(2) ? 0 : CONT)) :
				0);
}

/* What the six accesses at @va come to, each asked for itself. */
static bool ask_all(struct lab *lab, struct effect *t, uint64_t va, struct s2_effective_row *ret)
{
	static const enum s2_at_op asked[] = {
		[S2_PRIV_READ] = S2_AT_S12E1R, [S2_PRIV_WRITE] = S2_AT_S12E1W,
		[S2_USER_READ] = S2_AT_S12E0R, [S2_USER_WRITE] = S2_AT_S12E0W,
		[S2_PRIV_EXEC] = S2_AT_S12E1X, [S2_USER_EXEC] = S2_AT_S12E0X,
	};
	struct s2_at_request req = t->e.req;
	struct s2_at_result r;
	bool mapped = false;

	*ret = (struct s2_effective_row){ .va = va };
	req.ia = va;
	for (unsigned int i = 0; i < S2_NACCESSES; i++) {
		req.op = asked[i];
		assert_int_equal(s2_translate(&req, &lab->mem.mem, &r, NULL), S2_OK);
		/* Translation faults of stage 1 are those with FST 0b0001xx. */
		mapped |= r.outcome != S2_AT_FAULT || r.stage == 2 || ((r.par >> 3) & 0xf) != 1;
		if (r.outcome == S2_AT_MISSING) {
			ret->missing = r.missing;
			ret->missing_pa = r.missing_pa;
			ret->missing_stage = r.stage;
			ret->missing_level = r.level;
			ret->allowed = 0;
			return true;
		}
		if (r.outcome == S2_AT_FAULT)
			continue;
		if (!ret->allowed) {
			ret->pa = r.pa;
			ret->attr = (uint8_t)(r.par >> 56);
			ret->sh = (uint8_t)((r.par >> 7) & 3);
		}
		ret->allowed |= 1U << i;
	}
	return mapped;
}

static bool same(const struct s2_effective_row *a, const struct s2_effective_row *b)
{
	return a->allowed == b->allowed && a->attr == b->attr && a->sh == b->sh &&
	       a->missing == b->missing && a->missing_stage == b->missing_stage &&
	       a->missing_level == b->missing_level && a->missing_pa >> 12 == b->missing_pa >> 12;
}

/* Rows are what each page of them comes to, and no two of them could be one. */
static void against_each_page(void **state)
{
	static const enum s2_merge_how hows[] = { S2_MERGE_ATTRS, S2_MERGE_PA, S2_MERGE_NONE };
	static struct s2_effective_row row[4097];
	struct lab *lab = *state;

	for (unsigned int round = 0; round < 48; round++) {
		struct effect *t = start(lab, hows[round % 3]);
		struct s2_effective_row want, before = { 0 };
		uint64_t pieces = 0, joins = 0;
		size_t n = 0, i = 0;

		seed = round;
		draw(lab);
		lab->mem.hole = PAGE(20);
		lab->mem.hole_size = 4096;
		lab->mem.hole_code = S2_EXCLUDED;
		s2_budget_init(&t->e.steps, 1 << 20, 0, 0);
		begin(t);
		while (!s2_effective_next(&t->e, &row[n], NULL))
			assert_true(++n < ARRAY_SIZE(row) - 1);
		row[n] = (struct s2_effective_row){ .va = UINT64_MAX };
		for (uint64_t va = 0; va < 8ULL << 21; va += 4096) {
			bool mapped = ask_all(lab, t, va, &want), first, follows;

			if (row[i].va + row[i].size == va && row[i].size) {
				assert_int_equal(row[i].pieces, pieces);
				i++;
			}
			first = row[i].va == va;
			if (mapped != (row[i].va <= va) || (mapped && !same(&row[i], &want)))
				fail_msg(
					"round %u VA 0x%llx: row 0x%llx + 0x%llx allows 0x%x, not 0x%x",
					round, (unsigned long long)va,
					(unsigned long long)row[i].va,
					(unsigned long long)row[i].size, row[i].allowed,
					want.allowed);
			follows = !want.allowed || want.pa == before.pa + 4096;
			if (first && want.allowed)
				assert_true(row[i].pa == want.pa);
			pieces = first ? 1 : pieces + !follows;
			joins += mapped && !first;
			assert_true(!mapped || t->e.how == S2_MERGE_ATTRS || pieces == 1);
			if (first && i && row[i - 1].va + row[i - 1].size == va &&
			    same(&before, &want))
				assert_true(t->e.how == S2_MERGE_NONE ||
					    (t->e.how == S2_MERGE_PA && !follows));
			before = want;
		}
		assert_true(i > 100 && joins > 100);
		free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(against_each_page, setup, teardown),
		cmocka_unit_test_setup_teardown(lookup, setup, teardown),
		cmocka_unit_test_setup_teardown(reads, setup, teardown),
		cmocka_unit_test_setup_teardown(misprogrammed_contiguous, setup, teardown),
		cmocka_unit_test_setup_teardown(holes, setup, teardown),
		cmocka_unit_test_setup_teardown(missing, setup, teardown),
		cmocka_unit_test_setup_teardown(part_of_page, setup, teardown),
		cmocka_unit_test_setup_teardown(self_map, setup, teardown),
		cmocka_unit_test_setup_teardown(steps, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
