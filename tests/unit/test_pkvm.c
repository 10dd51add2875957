// SPDX-License-Identifier: GPL-2.0-or-later
// Owners and states: every encoding bit by bit, and ranges split where the answer changes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/merge.h"
#include "decode/arm64/arm64.h"
#include "host/pkvm/annotate.h"
#include "model/ranges.h"
#include "memtable.h"

#define BASE 0x40000000ULL
#define PAGE 4096ULL

static uint64_t words[64 * 512];
static struct memtable mem;
static struct s2_ranges ranges;

/* 6.6 to 7.0: ids HOST 0, HYP 1, FFA 2. */
static struct s2_pkvm rules(enum s2_annotation annotation)
{
	struct s2_pkvm p = { .annotation = annotation,
			     .host_in = S2_STATE_IN_PTE,
			     .hyp_in = S2_STATE_IN_PTE,
			     .id = { -1, 0, 1, 2, -1, -1 },
			     .type = { 1, 2, 3 },
			     .value = { 0, 0, 1, 2, 3 } };

	if (annotation == S2_ANNOTATION_TYPED) { /* 7.1 */
		p.guests = true;
		p.id[S2_OWNER_FFA] = -1;
		p.id[S2_OWNER_GUEST] = 2;
	}
	return p;
}

static void expect(struct s2_own own, enum s2_owner owner, enum s2_page_state state)
{
	assert_int_equal(own.owner, owner);
	assert_int_equal(own.state, state);
}

/* The only value that kernels up to 5.14 write: owner 1 in [63:56]. */
static void test_high(void **state)
{
	struct s2_pkvm p = rules(S2_ANNOTATION_HIGH);

	(void)state;
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0), S2_OWNER_NONE, S2_STATE_NONE);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x0100000000000000), S2_OWNER_HYP,
	       S2_STATE_NOPAGE);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x0200000000000000), S2_OWNER_FFA,
	       S2_STATE_NOPAGE);
	for (unsigned int bit = 0; bit < 56; bit++)
		expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 1ULL << bit), S2_OWNER_NONE,
		       S2_STATE_NONE);
	for (unsigned int bit = 58; bit < 64; bit++) {
		struct s2_own own = s2_pkvm_invalid(&p, S2_PKVM_HOST, 1ULL << bit);

		expect(own, S2_OWNER_OTHER, S2_STATE_NOPAGE);
		assert_int_equal(own.id, 1 << (bit - 56));
	}
}

static void test_low(void **state)
{
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);

	(void)state;
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 4), S2_OWNER_HYP, S2_STATE_NOPAGE);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 8), S2_OWNER_FFA, S2_STATE_NOPAGE);
	assert_int_equal(s2_pkvm_invalid(&p, S2_PKVM_HOST, 4).from, S2_FROM_ANNOTATION);
	for (unsigned int bit = 4; bit < 10; bit++) {
		struct s2_own own = s2_pkvm_invalid(&p, S2_PKVM_HOST, 1ULL << bit);

		expect(own, S2_OWNER_OTHER, S2_STATE_NOPAGE);
		assert_int_equal(own.id, 1 << (bit - 2));
	}
	for (unsigned int bit = 10; bit < 64; bit++)
		expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 1ULL << bit), S2_OWNER_NONE,
		       S2_STATE_NONE);
	/* Since 6.2 bit 10 locks, whatever else is there. */
	p.locked_bit = true;
	expect(s2_pkvm_invalid(&p, S2_PKVM_GUEST, 0x400), S2_OWNER_NONE, S2_STATE_LOCKED);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x404), S2_OWNER_NONE, S2_STATE_LOCKED);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 4), S2_OWNER_HYP, S2_STATE_NOPAGE);
}

/* The examples of 7.1, and each bit of handle and gfn alone. */
static void test_typed(void **state)
{
	struct s2_pkvm p = rules(S2_ANNOTATION_TYPED);
	struct s2_own own = s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x2000008000010004);

	(void)state;
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x2000000000000002), S2_OWNER_HYP,
	       S2_STATE_NOPAGE);
	expect(own, S2_OWNER_GUEST, S2_STATE_NOPAGE);
	assert_true(own.have_handle);
	assert_int_equal(own.handle, 0x1000);
	assert_int_equal(own.gfn, 0x80000);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x1000000000000000), S2_OWNER_NONE,
	       S2_STATE_LOCKED);
	expect(s2_pkvm_invalid(&p, S2_PKVM_GUEST, 0x3000000000000000), S2_OWNER_NONE,
	       S2_STATE_POISONED);
	/* Types that have no meaning in this table, and types that do not exist. */
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x3000000000000000), S2_OWNER_NONE, S2_STATE_NONE);
	expect(s2_pkvm_invalid(&p, S2_PKVM_GUEST, 0x2000000000000002), S2_OWNER_NONE,
	       S2_STATE_NONE);
	expect(s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x4000000000000002), S2_OWNER_NONE, S2_STATE_NONE);
	for (unsigned int bit = 0; bit < 16; bit++)
		assert_int_equal(
			s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x2000000000000004 | 16ULL << bit).handle,
			1 << bit);
	for (unsigned int bit = 0; bit < 40; bit++) {
		own = s2_pkvm_invalid(&p, S2_PKVM_HOST, 0x2000000000000004 | 0x100000ULL << bit);
		assert_int_equal(own.gfn, 1ULL << bit);
		assert_int_equal(own.handle, 0);
	}
}

/* Stale descriptors in fixmap slots of the hypervisor are no annotations. */
static void test_fixmap(void **state)
{
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);

	(void)state;
	for (unsigned int bit = 1; bit < 64; bit++)
		expect(s2_pkvm_invalid(&p, S2_PKVM_HYP, 1ULL << bit), S2_OWNER_NONE, S2_STATE_NONE);
}

static void test_leaf(void **state)
{
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);

	(void)state;
	expect(s2_pkvm_leaf(&p, S2_PKVM_HOST, 3), S2_OWNER_HOST, S2_STATE_OWNED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HOST, 3 | 1ULL << 55), S2_OWNER_HOST,
	       S2_STATE_SHARED_OWNED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HOST, 3 | 1ULL << 56), S2_OWNER_HYP,
	       S2_STATE_SHARED_BORROWED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HOST, 3 | 3ULL << 55), S2_OWNER_NONE, S2_STATE_RESERVED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HYP, 3), S2_OWNER_HYP, S2_STATE_OWNED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HYP, 3 | 1ULL << 56), S2_OWNER_HOST,
	       S2_STATE_SHARED_BORROWED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_GUEST, 3 | 1ULL << 55), S2_OWNER_GUEST,
	       S2_STATE_SHARED_OWNED);
	/* Where guests own pages, the host may have borrowed from either. */
	p = rules(S2_ANNOTATION_TYPED);
	expect(s2_pkvm_leaf(&p, S2_PKVM_HOST, 3 | 1ULL << 56), S2_OWNER_NONE,
	       S2_STATE_SHARED_BORROWED);
}

/* struct hyp_page of 6.17: refcount [15:0], order [23:16], host [27:24], hyp ^ 3 [31:28], count
 * [63:32]. */
static void test_hyp_page(void **state)
{
	static const enum s2_page_state by_value[] = { S2_STATE_OWNED, S2_STATE_SHARED_OWNED,
						       S2_STATE_SHARED_BORROWED, S2_STATE_NOPAGE };
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);

	(void)state;
	p.page = (struct s2_hyp_page_bits){ .size = 8, .host = 0xf000000, .hyp = 0xf0000000 };
	/* Zeroed memory: the host's, and nothing of the hypervisor's. */
	assert_int_equal(s2_pkvm_host_state(&p, 0), S2_STATE_OWNED);
	assert_int_equal(s2_pkvm_hyp_state(&p, 0), S2_STATE_NOPAGE);
	for (uint64_t v = 0; v < 4; v++) {
		assert_int_equal(s2_pkvm_host_state(&p, v << 24), by_value[v]);
		assert_int_equal(s2_pkvm_hyp_state(&p, (v ^ 3) << 28), by_value[v]);
	}
	assert_int_equal(s2_pkvm_host_state(&p, 4 << 24), S2_STATE_RESERVED);
	/* 6.14: eight bits, and NOPAGE is 4. */
	p.page.host = 0xff000000;
	p.value[S2_STATE_NOPAGE] = 4;
	assert_int_equal(s2_pkvm_host_state(&p, 4ULL << 24), S2_STATE_NOPAGE);
	assert_int_equal(s2_pkvm_host_state(&p, 3ULL << 24), S2_STATE_RESERVED);
}

static void shape(struct s2_table *table, struct s2_geometry *geom)
{
	s2_regime_init(&table->regime, &s2_arm64_stage2);
	s2_regime_set(&table->regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table->regime, S2_ARM64_IA_BITS, 32);
	s2_regime_set_level(&table->regime, S2_ARM64_START_LEVEL, 2);
	s2_regime_set_flag(&table->regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(table->regime.arch->shape(&table->regime, geom, NULL), S2_OK);
}

/* Rows as they are before neighbours are joined again. */
static void begin(const struct s2_table *table, const struct s2_geometry *geom)
{
	struct s2_view view = { .how = S2_MERGE_ATTRS, .show = S2_SHOW_ALL, .annotate = true };
	struct s2_ctx ctx = { .mem = &mem.mem };

	assert_true(s2_ranges_init(&ranges, table, geom, &view, &ctx));
}

static struct s2_own own_of(const struct s2_row *row)
{
	return row->nlabels ? s2_pkvm_own(&row->label[0]) : (struct s2_own){ 0 };
}

/* Pieces of the host's table as text: "ia+size owner state from; ..." in pages. */
static char *pieces(const struct s2_table *table, const struct s2_geometry *geom)
{
	static char text[2000];
	size_t len = 0;
	struct s2_row row;
	uint64_t end = 0;

	begin(table, geom);
	text[0] = '\0';
	while (s2_ranges_next(&ranges, &row)) {
		struct s2_own own = own_of(&row);

		assert_int_equal(row.run.ia, end);
		end = row.run.ia + row.run.size;
		if (!own.owner && !own.state && !own.missing)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%llx+%llx %s %s %s; ",
					(unsigned long long)(row.run.ia / PAGE),
					(unsigned long long)(row.run.size / PAGE),
					s2_owner_json((enum s2_owner)own.owner),
					s2_page_state_json((enum s2_page_state)own.state),
					s2_own_from_json((enum s2_own_from)own.from));
	}
	assert_int_equal(end, 1ULL << 32);
	return text;
}

/* What is said of the page at @ia. */
static struct s2_own at(const struct s2_table *table, const struct s2_geometry *geom, uint64_t ia)
{
	struct s2_row row;

	begin(table, geom);
	while (s2_ranges_next(&ranges, &row))
		if (ia - row.run.ia < row.run.size)
			return own_of(&row);
	fail_msg("nothing at 0x%llx", (unsigned long long)ia);
	return (struct s2_own){ 0 };
}

/* A table with start level 2 (4 pages), one page of pages for IPA [BASE, BASE + 2M), a block of
 * devices at 0. */
static void make_table(void)
{
	memset(words, 0, sizeof(words));
	memtable_init(&mem, words, BASE, sizeof(words));
	words[0] = 0x00400000000007fd;
	words[512] = (BASE + 4 * PAGE) | 3;
	words[4 * 512 + 0] = BASE | 0x7ff;
	words[4 * 512 + 1] = (BASE + PAGE) | 0x7ff | 1ULL << 55;
	words[4 * 512 + 2] = 4;
	words[4 * 512 + 3] = 4;
	words[4 * 512 + 4] = 0x400;
}

static void test_split_pte(void **state)
{
	struct s2_pkvm_region region = { .pa = BASE, .size = 0x100 * PAGE };
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);
	struct s2_table table = { .root_pa = BASE };
	struct s2_geometry geom;

	(void)state;
	s2_pkvm_annotate(&table, &p, S2_PKVM_HOST);
	p.locked_bit = true;
	p.memory = &region;
	p.nmemory = 1;
	p.have_memory = true;
	make_table();
	shape(&table, &geom);
	assert_string_equal(
		pieces(&table, &geom),
		"0+200 host owned pte; 40000+1 host owned pte; 40001+1 host shared-owned pte; "
		"40002+2 hyp nopage annotation; 40004+1  locked annotation; 40005+fb host owned pte; ");
	/* Without hyp_memory[] nobody knows whose an empty entry is. */
	p.have_memory = false;
	assert_string_equal(
		pieces(&table, &geom),
		"0+200 host owned pte; 40000+1 host owned pte; 40001+1 host shared-owned pte; "
		"40002+2 hyp nopage annotation; 40004+1  locked annotation; ");
	/* A table of no protected system says nothing. */
	table.nannotators = 0;
	assert_string_equal(pieces(&table, &geom), "");
}

static void test_split_vmemmap(void **state)
{
	struct s2_pkvm_region region = { .pa = BASE, .size = 0x100 * PAGE };
	struct s2_vmemmap_piece piece = { .pfn = BASE / PAGE, .n = 0x80, .pa = BASE + 8 * PAGE };
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);
	struct s2_table table = { .root_pa = BASE };
	struct s2_geometry geom;

	(void)state;
	p.memory = &region;
	p.nmemory = 1;
	p.have_memory = true;
	s2_pkvm_annotate(&table, &p, S2_PKVM_HOST);
	p.host_in = S2_STATE_IN_VMEMMAP;
	p.page = (struct s2_hyp_page_bits){ .size = 8, .host = 0xf000000 };
	p.piece = &piece;
	p.npieces = 1;
	p.have_vmemmap = true;
	make_table();
	words[8 * 512 + 0x10] = 1 << 24;
	words[8 * 512 + 0x11] = 1 << 24;
	words[8 * 512 + 0x12] = 2 << 24;
	shape(&table, &geom);
	/* Behind the backed part of the page array nothing is known; devices have no state. */
	assert_string_equal(pieces(&table, &geom),
			    "0+200 host  ; 40000+1 host owned vmemmap; 40001+1 host owned vmemmap; "
			    "40002+2 hyp nopage annotation; "
			    "40005+b host owned vmemmap; 40010+2 host shared-owned vmemmap; "
			    "40012+1 hyp shared-borrowed vmemmap; 40013+6d host owned vmemmap; ");
	/* A missing page of the array is not known either, and is told apart from no state. */
	mem.hole = BASE + 8 * PAGE;
	mem.hole_size = PAGE;
	mem.hole_code = S2_EXCLUDED;
	mem.views = false;
	assert_string_equal(pieces(&table, &geom),
			    "0+200 host  ; 40000+1   missing; 40001+1   missing; "
			    "40002+2 hyp nopage annotation; 40005+7b   missing; ");
	assert_int_equal(at(&table, &geom, BASE + 5 * PAGE).missing, S2_EXCLUDED);
	assert_int_equal(at(&table, &geom, BASE + 5 * PAGE).missing_pa, BASE + 8 * PAGE + 5 * 8);
	/* Each page of the array is missing for itself: here it begins before a page's end. */
	piece.pa -= 0x10 * 8;
	mem.hole -= PAGE;
	mem.hole_size = 2 * PAGE;
	assert_string_equal(
		pieces(&table, &geom),
		"0+200 host  ; 40000+1   missing; 40001+1   missing; "
		"40002+2 hyp nopage annotation; 40005+b   missing; 40010+70   missing; ");
	/* What lies behind a missing page, which is asked from its middle on, is not missing. */
	piece.pa -= PAGE;
	mem.hole -= PAGE;
	mem.hole_size = PAGE;
	words[7 * 512 + 0x10] = 1 << 24;
	assert_string_equal(
		pieces(&table, &geom),
		"0+200 host  ; 40000+1   missing; 40001+1   missing; "
		"40002+2 hyp nopage annotation; 40005+b   missing; 40010+10 host owned vmemmap; "
		"40020+1 host shared-owned vmemmap; 40021+5f host owned vmemmap; ");
}

/* The first and last bytes of regions, of gaps between them, and where they touch. */
static void test_memory_at(void **state)
{
	struct s2_pkvm_region region[] = { { .pa = 0x1000, .size = 0x1000 },
					   { .pa = 0x2000, .size = 0x3000 },
					   { .pa = 0x8000, .size = 0x1000 } };
	struct s2_pkvm p = { .memory = region, .have_memory = true };
	static const struct {
		uint64_t pa, next;
		int in; /* -1: none */
	} rows[] = {
		{ 0, 0x1000, -1 },      { 0xfff, 0x1000, -1 },      { 0x1000, 0x2000, 0 },
		{ 0x1fff, 0x2000, 0 },  { 0x2000, 0x5000, 1 },      { 0x4fff, 0x5000, 1 },
		{ 0x5000, 0x8000, -1 }, { 0x7fff, 0x8000, -1 },     { 0x8000, 0x9000, 2 },
		{ 0x8fff, 0x9000, 2 },  { 0x9000, UINT64_MAX, -1 }, { 1ULL << 60, UINT64_MAX, -1 },
	};
	uint64_t next;

	(void)state;
	for (p.nmemory = 0; p.nmemory <= 3; p.nmemory++)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct s2_pkvm_region *got = s2_pkvm_memory_at(&p, rows[i].pa, &next);
			bool in = rows[i].in >= 0 && rows[i].in < (int)p.nmemory;

			assert_ptr_equal(got, in ? &region[rows[i].in] : NULL);
			if (in || rows[i].next == UINT64_MAX)
				assert_true(next == rows[i].next);
		}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		p.nmemory = 3;
		s2_pkvm_memory_at(&p, rows[i].pa, &next);
		assert_true(next == rows[i].next);
	}
}

/* Pieces of the page array: the first and last page of each, and how many follow or are not there. */
static void test_page_array(void **state)
{
	struct s2_vmemmap_piece piece[] = { { .pfn = 0x100, .n = 0x10, .pa = BASE },
					    { .pfn = 0x110, .n = 2, .pa = BASE + 0x800 },
					    { .pfn = 0x200, .n = 1, .pa = BASE + 0x1000 } };
	struct s2_pkvm p = { .piece = piece, .npieces = 3, .page = { .size = 4 } };
	static const struct {
		uint64_t pfn, at, left;
	} rows[] = {
		{ 0, 0, 0x100 },
		{ 0xff, 0, 1 },
		{ 0x100, BASE, 0x10 },
		{ 0x10f, BASE + 0x3c, 1 },
		{ 0x110, BASE + 0x800, 2 },
		{ 0x111, BASE + 0x804, 1 },
		{ 0x112, 0, 0xee },
		{ 0x1ff, 0, 1 },
		{ 0x200, BASE + 0x1000, 1 },
		{ 0x201, 0, (1ULL << 52) - 1 - 0x201 },
	};
	uint64_t at, left, word;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (uint64_t off = 0; off < PAGE; off += PAGE - 1) {
			at = 0;
			assert_int_equal(s2_pkvm_page_pa(&p, 12, rows[i].pfn * PAGE + off, &at,
							 &left),
					 rows[i].at ? S2_OK : S2_NOTFOUND);
			assert_int_equal(at, rows[i].at);
			assert_int_equal(left, rows[i].left);
		}
	/* As wide as the kernel's: what lies behind is another page's. */
	memset(words, 0xff, PAGE);
	memtable_init(&mem, words, BASE, PAGE);
	assert_int_equal(s2_pkvm_page(&p, &mem.mem, 12, 0x100 * PAGE, &word), S2_OK);
	assert_int_equal(word, 0xffffffff);
	assert_int_equal(s2_pkvm_page(&p, &mem.mem, 12, 0x200 * PAGE, &word), S2_ABSENT);
	assert_int_equal(s2_pkvm_page(&p, &mem.mem, 12, 0x201 * PAGE, &word), S2_NOTFOUND);
	p.page.size = 0;
	assert_int_equal(s2_pkvm_page_pa(&p, 12, 0x100 * PAGE, &at, &left), S2_NOTFOUND);
	p.npieces = 0;
	assert_int_equal(s2_pkvm_page_pa(&p, 16, 0, &at, &left), S2_NOTFOUND);
	assert_true(left == (1ULL << 48) - 1);
}

/* struct hyp_page of 6.16 on with these states of host and hypervisor; the latter is kept ^ 3. */
static uint64_t word_of(uint64_t host, uint64_t hyp)
{
	return host << 24 | (hyp ^ 3) << 28;
}

/* A page of memory that is seen by the host or the hypervisor, with these states of both. */
static void expect_owner(struct s2_table *table, const struct s2_pkvm *p, enum s2_pkvm_role role,
			 uint64_t host, uint64_t hyp, enum s2_owner owner)
{
	struct s2_geometry geom;
	uint64_t own = role == S2_PKVM_HOST ? host : hyp;
	struct s2_own got;

	table->nannotators = 0;
	s2_pkvm_annotate(table, p, role);
	words[8 * 512] = word_of(host, hyp);
	shape(table, &geom);
	got = at(table, &geom, BASE);
	expect(got, owner, (enum s2_page_state)(S2_STATE_OWNED + own));
	assert_int_equal(got.from, S2_FROM_VMEMMAP);
	assert_false(got.have_handle);
}

/*
 * What a healthy host of 6.16 to 7.3 shows (states 0 OWNED, 1 SHARED_OWNED, 2 SHARED_BORROWED,
 * 3 NOPAGE): the state of the one side alone does not tell the owner, both do.
 */
static void test_owner_by_both(void **state)
{
	struct s2_pkvm_region region = { .pa = BASE, .size = 0x100 * PAGE };
	struct s2_vmemmap_piece piece = { .pfn = BASE / PAGE, .n = 0x80, .pa = BASE + 8 * PAGE };
	struct s2_pkvm p = rules(S2_ANNOTATION_TYPED);
	struct s2_table table = { .root_pa = BASE };

	(void)state;
	p.memory = &region;
	p.nmemory = 1;
	p.have_memory = true;
	p.host_in = p.hyp_in = S2_STATE_IN_VMEMMAP;
	p.page = (struct s2_hyp_page_bits){ .size = 8, .host = 0xf000000, .hyp = 0xf0000000 };
	p.piece = &piece;
	p.npieces = 1;
	p.have_vmemmap = true;
	make_table();
	/* Hypervisor text, which the host may read (6.18). */
	words[4 * 512] = BASE | 0x40000000000747;
	expect_owner(&table, &p, S2_PKVM_HOST, 3, 0, S2_OWNER_HYP);
	expect_owner(&table, &p, S2_PKVM_HYP, 3, 0, S2_OWNER_HYP);
	words[4 * 512] = BASE | 0x7ff;
	/* A protected guest's page that it shares with the host (7.1). */
	expect_owner(&table, &p, S2_PKVM_HOST, 2, 3, S2_OWNER_GUEST);
	/* The same lent by the hypervisor. */
	expect_owner(&table, &p, S2_PKVM_HOST, 2, 1, S2_OWNER_HYP);
	expect_owner(&table, &p, S2_PKVM_HYP, 2, 1, S2_OWNER_HYP);
	/* An EL2 stack up to 7.1: the host's, and the hypervisor maps it. */
	expect_owner(&table, &p, S2_PKVM_HYP, 0, 3, S2_OWNER_HOST);
	expect_owner(&table, &p, S2_PKVM_HOST, 0, 3, S2_OWNER_HOST);
	expect_owner(&table, &p, S2_PKVM_HYP, 1, 3, S2_OWNER_HOST);
	expect_owner(&table, &p, S2_PKVM_HYP, 1, 2, S2_OWNER_HOST);
	/* Nobody's by either side: a guest's that it keeps, or wrong. */
	expect_owner(&table, &p, S2_PKVM_HOST, 3, 3, S2_OWNER_NONE);
	expect_owner(&table, &p, S2_PKVM_HYP, 3, 3, S2_OWNER_NONE);
	expect_owner(&table, &p, S2_PKVM_HYP, 2, 3, S2_OWNER_GUEST);
	/* With the host's states alone (6.14) it stays open. */
	p.page.hyp = 0;
	expect_owner(&table, &p, S2_PKVM_HOST, 3, 0, S2_OWNER_NONE);
	expect_owner(&table, &p, S2_PKVM_HOST, 2, 3, S2_OWNER_NONE);
}

static struct s2_label label_of(struct s2_own own)
{
	struct s2_label label = { { 0 } };

	memcpy(&label, &own, sizeof(own));
	return label;
}

/* A member of a row, or NULL when it is not known; numbers in hexadecimal. */
static const char *member(const struct s2_label *label, const char *name, char text[32])
{
	for (size_t i = 0; i < s2_pkvm_annotator.nmembers; i++) {
		const struct s2_row_member *m = &s2_pkvm_annotator.members[i];
		struct s2_value value = { 0 };

		if (strcmp(m->json, name) != 0)
			continue;
		m->get(label, &value);
		snprintf(text, 32, "%s",
			 m->kind == S2_KIND_STRING && value.known && value.text ? value.text : "");
		if (m->kind == S2_KIND_HEX)
			snprintf(text, 32, "0x%llx", (unsigned long long)value.number);
		return value.known ? text : NULL;
	}
	fail_msg("no member %s", name);
	return NULL;
}

/* What rows show: "-" for nothing, "?" for what is not known. */
static void test_said(void **state)
{
	static const struct {
		struct s2_own own;
		const char *columns[2];
		const char *members[5]; /* owner, state, state_from, handle, gfn */
	} rows[] = {
		{ { .gfn = 7, .handle = 8 }, { "-", "-" }, { NULL, NULL, NULL, NULL, NULL } },
		{ { .owner = S2_OWNER_HOST }, { "host", "?" }, { "host", NULL, NULL, NULL, NULL } },
		{ { .owner = S2_OWNER_HYP, .state = S2_STATE_SHARED_OWNED, .from = S2_FROM_PTE },
		  { "hyp", "shared-owned" },
		  { "hyp", "shared-owned", "pte", NULL, NULL } },
		{ { .owner = S2_OWNER_OTHER,
		    .id = 200,
		    .state = S2_STATE_NOPAGE,
		    .from = S2_FROM_ANNOTATION },
		  { "unknown-id-200", "nopage" },
		  { "unknown-id-200", "nopage", "annotation", NULL, NULL } },
		{ { .owner = S2_OWNER_GUEST,
		    .id = 3,
		    .state = S2_STATE_NOPAGE,
		    .have_handle = true,
		    .handle = 0x1000,
		    .gfn = 0x80000,
		    .from = S2_FROM_ANNOTATION },
		  { "guest:0x1000", "nopage" },
		  { "guest", "nopage", "annotation", "0x1000", "0x80000" } },
		{ { .have_handle = true, .handle = 0x1001 },
		  { "-:0x1001", "-" },
		  { NULL, NULL, NULL, "0x1001", "0x0" } },
		{ { .state = S2_STATE_LOCKED, .from = S2_FROM_ANNOTATION },
		  { "-", "locked" },
		  { NULL, "locked", "annotation", NULL, NULL } },
		{ { .missing = S2_EXCLUDED, .from = S2_FROM_MISSING },
		  { "?", "?" },
		  { NULL, NULL, "missing", NULL, NULL } },
		/* Where nothing was read: nothing is said of it. */
		{ { .from = S2_FROM_VMEMMAP }, { "-", "-" }, { NULL, NULL, NULL, NULL, NULL } },
	};
	static const char *const names[] = { "owner", "state", "state_from", "handle", "gfn" };

	(void)state;
	assert_int_equal(s2_pkvm_annotator.ncolumns, 2);
	assert_int_equal(s2_pkvm_annotator.nmembers, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_label label = label_of(rows[i].own);

		for (size_t k = 0; k < 2; k++) {
			char buf[S2_LABEL_TEXT];

			assert_string_equal(s2_pkvm_annotator.columns[k].text(&label, buf),
					    rows[i].columns[k]);
		}
		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			char text[32];
			const char *got = member(&label, names[k], text),
				   *want = rows[i].members[k];

			if (!got != !want || (got && strcmp(got, want) != 0))
				fail_msg("row %zu: %s is %s, not %s", i, names[k],
					 got ? got : "unknown", want ? want : "unknown");
		}
	}
}

/* Neighbours become one row when all that is said of them is the same; a guest's frames go on. */
static void test_joins(void **state)
{
	static const struct s2_own first = { .owner = S2_OWNER_GUEST,
					     .state = S2_STATE_NOPAGE,
					     .from = S2_FROM_ANNOTATION,
					     .id = 2,
					     .have_handle = true,
					     .missing = S2_EXCLUDED,
					     .handle = 0x1000,
					     .gfn = 0x80000,
					     .missing_pa = BASE };
	struct s2_table table = { .root_pa = BASE };
	struct s2_geometry geom;
	struct s2_label a = label_of(first);

	(void)state;
	shape(&table, &geom);
	for (unsigned int change = 0; change < 12; change++) {
		bool same = change == 0 || change == 1 || change == 2;
		struct s2_own own = first;
		struct s2_label b, c;

		own.gfn += 4;
		own.owner = change == 3 ? S2_OWNER_HYP : own.owner;
		own.state = change == 4 ? S2_STATE_OWNED : own.state;
		own.from = change == 5 ? S2_FROM_VMEMMAP : own.from;
		own.id = change == 6 ? 3 : own.id;
		own.have_handle = change != 7;
		own.missing = change == 8 ? S2_TRUNCATED : own.missing;
		own.handle += change == 9;
		own.gfn += change == 10;
		/* Missing in the same page of the hypervisor's array, and in the next. */
		own.missing_pa += change == 1  ? 8 :
				  change == 2  ? PAGE - 1 :
				  change == 11 ? PAGE :
						 0;
		b = label_of(own);
		if (s2_pkvm_annotator.joins(&a, &b, 4 * PAGE, &geom) != same)
			fail_msg("change %u", change);
		/* Without a guest its frames mean nothing. */
		own = first;
		own.have_handle = false;
		c = label_of(own);
		own.gfn = 0x12345;
		b = label_of(own);
		assert_true(s2_pkvm_annotator.joins(&c, &b, 4 * PAGE, &geom));
	}
}

/* Somebody else's than the table's; what nobody is known to own is nobody else's. */
static void test_foreign(void **state)
{
	static const enum s2_owner own[] = { [S2_PKVM_HOST] = S2_OWNER_HOST,
					     [S2_PKVM_HYP] = S2_OWNER_HYP,
					     [S2_PKVM_GUEST] = S2_OWNER_GUEST };
	static const enum s2_pkvm_role roles[] = { S2_PKVM_HOST, S2_PKVM_HYP, S2_PKVM_GUEST };

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(roles); r++)
		for (unsigned int owner = 0; owner < S2_NOWNERS; owner++) {
			struct s2_annotator annotator = { .param = { roles[r] } };
			struct s2_label label =
				label_of((struct s2_own){ .owner = (uint8_t)owner });

			assert_int_equal(s2_pkvm_annotator.foreign(&annotator, &label),
					 owner && owner != own[roles[r]]);
		}
}

static uint64_t needed[4][2];
static size_t nneeded;

static void add_needed(void *arg, uint64_t pa, uint64_t size)
{
	(void)arg;
	assert_true(nneeded < ARRAY_SIZE(needed));
	needed[nneeded][0] = pa;
	needed[nneeded++][1] = size;
}

/* A snapshot needs the hypervisor's page array where it holds the states of one side at least; and
 * only the hypervisor's own are asked by output address. */
static void test_page_array_is_needed(void **state)
{
	struct s2_vmemmap_piece piece[] = { { .pfn = 1, .n = 0x80, .pa = BASE },
					    { .pfn = 0x1000, .n = 3, .pa = 2 * BASE } };
	struct s2_pkvm p = rules(S2_ANNOTATION_LOW);

	(void)state;
	p.piece = piece;
	p.npieces = 2;
	p.page.size = 8;
	for (unsigned int sides = 0; sides < 4; sides++) {
		struct s2_annotator annotator = { .data = &p };

		p.host_in = sides & 1 ? S2_STATE_IN_VMEMMAP : S2_STATE_IN_PTE;
		p.hyp_in = sides & 2 ? S2_STATE_IN_VMEMMAP : S2_STATE_IN_PTE;
		nneeded = 0;
		s2_pkvm_annotator.needs(&annotator, add_needed, NULL);
		assert_int_equal(nneeded, sides ? 2 : 0);
		assert_int_equal(needed[0][0], sides ? BASE : 0);
		assert_int_equal(needed[0][1], sides ? 0x400 : 0);
		assert_int_equal(needed[1][0], sides ? 2 * BASE : 0);
		assert_int_equal(needed[1][1], sides ? 24 : 0);
		annotator.param[0] = S2_PKVM_HYP;
		assert_int_equal(s2_pkvm_annotator.by_pa(&annotator), sides >= 2);
		annotator.param[0] = S2_PKVM_HOST;
		assert_false(s2_pkvm_annotator.by_pa(&annotator));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_high),
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_fixmap),
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_hyp_page),
		cmocka_unit_test(test_split_pte),
		cmocka_unit_test(test_split_vmemmap),
		cmocka_unit_test(test_memory_at),
		cmocka_unit_test(test_page_array),
		cmocka_unit_test(test_owner_by_both),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_page_array_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
