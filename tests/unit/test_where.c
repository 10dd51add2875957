// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions on rows: what is parsed and what is refused where, what is missing, against a second
// evaluator; columns that join; the first of an order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"
#include "decode/arm64/arm64.h"
#include "model/pick.h"
#include "model/slots.h"

#define PAGE UINT64_C(4096)
#define LEAF UINT64_C(0x7ff) /* valid page, MemAttr 0xf, RW, inner shareable, AF (Arm ARM D8.3.1) */
#define XN BIT64(54)

static const struct s2_annotator_ops *const annotators[] = { &s2_slots_annotator, NULL };
static const struct s2_arch *const archs[] = { &s2_arm64_stage2, &s2_arm64_stage1_el1, NULL };
static struct s2_member_list list;
static struct s2_geometry geom;
static struct s2_table table;
static struct s2_members of;
static struct s2_condition where;
static struct s2_where_place place;
static struct s2_err err;

static int setup(void **state)
{
	struct s2_slot *slot = calloc(1, sizeof(*slot));

	(void)state;
	assert_non_null(slot);
	table = (struct s2_table){ .id = "vm:1", .root_pa = 0x40000000 };
	*slot = (struct s2_slot){ .ipa = 0, .size = 16 * PAGE, .id = 2 };
	s2_slots_known(&table, slot, 1);
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 32);
	s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL, 2);
	s2_regime_set_flag(&table.regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(s2_shape(&table.regime, &geom, NULL), S2_OK);
	s2_member_list(&list, archs, NULL, annotators);
	s2_members_init(&of, &table, &geom, annotators, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	s2_table_clear(&table);
	free(table.slot);
	return 0;
}

/* The row of @n pages from @ia on whose first descriptor is @raw. */
static struct s2_row row_of(uint64_t ia, uint64_t n, uint64_t raw)
{
	struct s2_row row = { .run = { .ia = ia,
				       .size = n * PAGE,
				       .count = n,
				       .desc_pa = 0x1000,
				       .path = S2_PATH_ALL,
				       .pa_contiguous = true },
			      .pieces = 1,
			      .nlabels = 1 };

	s2_arm64_stage2.decode(&geom, 0, raw, &row.run.entry);
	row.run.key_mask = s2_arm64_stage2.key_mask(&geom, 0, raw);
	row.oa_next = row.run.entry.oa + row.run.size;
	s2_slots_label(&table, ia, &row.label[0]);
	return row;
}

static struct s2_row missing_row(uint64_t ia)
{
	struct s2_row row = { .run = { .ia = ia,
				       .size = PAGE,
				       .count = 1,
				       .desc_pa = 0x1000,
				       .missing = S2_EXCLUDED },
			      .nlabels = 1 };

	s2_slots_label(&table, ia, &row.label[0]);
	return row;
}

static enum s2_code parse(const char *text)
{
	s2_err_init(&err);
	return s2_where_parse(text, &list, archs, &where, &place, &err);
}

static enum s2_answer ask(const char *text, const struct s2_row *row)
{
	if (parse(text))
		fail_msg("%s: %s", text, err.text);
	return s2_where_ask(&where, &of, row);
}

static void test_members(void **state)
{
	static const struct {
		const char *text;
		enum s2_answer page, hole, missing;
	} rows[] = {
		{ "mapped", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_UNKNOWN },
		{ "not mapped", S2_ANSWER_NO, S2_ANSWER_YES, S2_ANSWER_UNKNOWN },
		{ "write", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "not write", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "write=false", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "exec", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "write and exec", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "write or exec", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "missing", S2_ANSWER_NO, S2_ANSWER_NO, S2_ANSWER_YES },
		{ "missing or write", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_YES },
		{ "missing=excluded", S2_ANSWER_NONE, S2_ANSWER_NONE, S2_ANSWER_YES },
		{ "type=page", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_NO },
		{ "type!=page", S2_ANSWER_NO, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "type=?a*", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_NO },
		{ "memattr=normal*", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "memattr!=normal*", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "sh=inner", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "sh=ish", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "af", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "sw=0", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "device", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "odd", S2_ANSWER_NO, S2_ANSWER_NO, S2_ANSWER_UNKNOWN },
		{ "rights=rw-", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "slot=2", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_YES },
		{ "slot!=2", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_NO },
		{ "in_slot", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_YES },
		{ "pa=0x80000000", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "pa>=2G", S2_ANSWER_YES, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "pa>2G", S2_ANSWER_NO, S2_ANSWER_NONE, S2_ANSWER_UNKNOWN },
		{ "size<=8K", S2_ANSWER_YES, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "size<8K", S2_ANSWER_NO, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "level=3", S2_ANSWER_YES, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "level>-1", S2_ANSWER_YES, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "end=0x3000", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_NO },
		{ "table=vm:*", S2_ANSWER_YES, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "table='vm:1'", S2_ANSWER_YES, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "mapped == true", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_UNKNOWN },
		{ "mapped=yes and size>=8K", S2_ANSWER_YES, S2_ANSWER_NO, S2_ANSWER_NO },
	};
	struct s2_row page = row_of(PAGE, 2, LEAF | XN | 0x80000000);
	struct s2_row hole = row_of(0x20 * PAGE, 1, 0), missing = missing_row(3 * PAGE);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (ask(rows[i].text, &page) != rows[i].page)
			fail_msg("%s: page", rows[i].text);
		if (ask(rows[i].text, &hole) != rows[i].hole)
			fail_msg("%s: hole", rows[i].text);
		if (ask(rows[i].text, &missing) != rows[i].missing)
			fail_msg("%s: missing", rows[i].text);
	}
}

/* Without MAIR_EL1 a memory type is a number, which may be asked for: what it means is not known. */
static void test_memory_by_index(void **state)
{
	static const struct {
		const char *text;
		enum s2_answer unknown, known;
	} rows[] = {
		{ "memattr=normal*", S2_ANSWER_UNKNOWN, S2_ANSWER_YES },
		{ "memattr!=normal*", S2_ANSWER_UNKNOWN, S2_ANSWER_NO },
		{ "memattr=device*", S2_ANSWER_UNKNOWN, S2_ANSWER_NO },
		{ "device", S2_ANSWER_UNKNOWN, S2_ANSWER_NO },
		{ "not device", S2_ANSWER_UNKNOWN, S2_ANSWER_YES },
		{ "device=false", S2_ANSWER_UNKNOWN, S2_ANSWER_YES },
		{ "memattr=attr1", S2_ANSWER_YES, S2_ANSWER_NO },
		{ "memattr=attr2", S2_ANSWER_NO, S2_ANSWER_NO },
		{ "memattr!=attr2", S2_ANSWER_YES, S2_ANSWER_YES },
		{ "memattr=*", S2_ANSWER_YES, S2_ANSWER_YES },
		{ "sh=inner", S2_ANSWER_YES, S2_ANSWER_YES },
		{ "sh=outer", S2_ANSWER_NO, S2_ANSWER_NO },
	};

	(void)state;
	s2_regime_init(&table.regime, &s2_arm64_stage1_el1);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 39);
	for (unsigned int have = 0; have < 2; have++) {
		struct s2_row row = row_of(0, 1, 0);

		if (have)
			s2_regime_set(&table.regime, S2_ARM64_MAIR_EL1, 0xff00);
		assert_int_equal(s2_shape(&table.regime, &geom, NULL), S2_OK);
		s2_members_init(&of, &table, &geom, annotators, false);
		s2_arm64_stage1_el1.decode(&geom, 0, 0x80000000 | 0x707, &row.run.entry);
		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
			if (ask(rows[i].text, &row) != (have ? rows[i].known : rows[i].unknown))
				fail_msg("%s: %d", rows[i].text, have);
	}
}

/* Without HCR_EL2.FWB some values of MemAttr are numbers, too; others read as Linux writes them. */
static void test_memory_without_fwb(void **state)
{
	static const struct {
		const char *text;
		unsigned int memattr;
		enum s2_answer unknown, nofwb;
	} rows[] = {
		{ "memattr=normal-owt-inc", 9, S2_ANSWER_UNKNOWN, S2_ANSWER_YES },
		{ "memattr!=normal-owt-inc", 9, S2_ANSWER_UNKNOWN, S2_ANSWER_NO },
		{ "device", 9, S2_ANSWER_UNKNOWN, S2_ANSWER_NO },
		{ "memattr=memattr-0x9", 9, S2_ANSWER_YES, S2_ANSWER_NO },
		{ "memattr=memattr-0xd", 9, S2_ANSWER_NO, S2_ANSWER_NO },
		{ "memattr=normal-wb", 15, S2_ANSWER_YES, S2_ANSWER_YES },
		{ "memattr=normal-owt-inc", 15, S2_ANSWER_NO, S2_ANSWER_NO },
		{ "device", 1, S2_ANSWER_YES, S2_ANSWER_YES },
	};

	(void)state;
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, PAGE);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 39);
	for (unsigned int have = 0; have < 2; have++) {
		if (have)
			s2_regime_set_flag(&table.regime, S2_ARM64_FWB, S2_NO);
		assert_int_equal(s2_shape(&table.regime, &geom, NULL), S2_OK);
		s2_members_init(&of, &table, &geom, annotators, false);
		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
			struct s2_row row = row_of(0, 1, 0);

			s2_arm64_stage2.decode(&geom, 0, 0x80000000 | 0x743 | rows[i].memattr << 2,
					       &row.run.entry);
			if (ask(rows[i].text, &row) != (have ? rows[i].nofwb : rows[i].unknown))
				fail_msg("%s: %d", rows[i].text, have);
		}
	}
}

static void test_odd_is_a_set(void **state)
{
	struct s2_row row = row_of(0, 1, LEAF | XN | 0x80000000);

	(void)state;
	row.run.entry.odd = S2_ODD_OA_ALIGN | S2_ODD_RES0;
	assert_int_equal(ask("odd", &row), S2_ANSWER_YES);
	assert_int_equal(ask("odd=res0", &row), S2_ANSWER_YES);
	assert_int_equal(ask("odd=oa-align", &row), S2_ANSWER_YES);
	assert_int_equal(ask("odd=oa-*", &row), S2_ANSWER_YES);
	assert_int_equal(ask("odd=memattr", &row), S2_ANSWER_NO);
}

static void test_end_of_64_bits(void **state)
{
	struct s2_row row = row_of(UINT64_MAX - PAGE + 1, 1, 0), below = row_of(0, 1, 0);

	(void)state;
	assert_int_equal(ask("end>0xffffffffffffffff", &row), S2_ANSWER_YES);
	assert_int_equal(ask("end=0", &row), S2_ANSWER_NO);
	assert_int_equal(ask("end=0x10000000000000000", &row), S2_ANSWER_YES);
	assert_int_equal(ask("end!=16777216T", &row), S2_ANSWER_NO);
	assert_int_equal(ask("end<0x10000000000000000", &row), S2_ANSWER_NO);
	assert_int_equal(ask("end<=0x10000000000000000", &row), S2_ANSWER_YES);
	assert_int_equal(ask("end=0x10000000000000000", &below), S2_ANSWER_NO);
	assert_int_equal(ask("end<0x10000000000000000", &below), S2_ANSWER_YES);
	row.run.size = 0;
	assert_int_equal(ask("size>=0xffffffffffffffff", &row), S2_ANSWER_YES);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *says;
		unsigned int at, len;
	} rows[] = {
		{ "", "the name of a member belongs here", 0, 1 },
		{ "wite", "no member is called 'wite'", 0, 4 },
		{ "write and", "the name of a member belongs here", 9, 1 },
		{ "write and and exec", "the name of a member belongs here", 10, 3 },
		{ "(write", "a ) belongs here", 6, 1 },
		{ "write)", "'and' or 'or' belongs here, or nothing", 5, 1 },
		{ "write exec", "'and' or 'or' belongs here, or nothing", 6, 4 },
		{ "size", "'size' is not true or false, it must be compared: size=...", 0, 4 },
		{ "size>", "a value belongs here", 5, 1 },
		{ "size=big", "'size' is a number, which 'big' is not", 5, 3 },
		{ "size=-1", "'size' is a number, which '-1' is not", 5, 2 },
		{ "ia<0x10000000000000000", "'ia' is below 2^64", 3, 19 },
		{ "end=10000000000000000",
		  "end: 10000000000000000 is 0x10000000000000000 or 0x2386f26fc10000: write 0x, or 0d "
		  "for decimal",
		  4, 17 },
		{ "write<yes", "'write' is true or false: it takes = and !=", 6, 3 },
		{ "write=maybe", "'write' is true or false, not 'maybe'", 6, 5 },
		{ "type<page", "'type' is text: it takes = and !=", 5, 4 },
		{ "type=pgae", "'type' is never 'pgae'", 5, 4 },
		{ "type=table", "'type' is never 'table'", 5, 5 },
		{ "missing=gone", "'missing' is never 'gone'", 8, 4 },
		{ "memattr=devise*", "'memattr' is never 'devise*'", 8, 7 },
		{ "odd=res", "'odd' is never 'res'", 4, 3 },
		{ "type='page", "the quote is not closed", 5, 5 },
		{ "'write'", "the name of a member belongs here", 0, 7 },
		{ "flags=cont", "'flags' is a column of several members: ask for one of them", 0,
		  5 },
		{ "not not (mapped and type=x*)", NULL, 25, 2 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse(rows[i].text) != S2_USAGE)
			fail_msg("%s: taken", rows[i].text);
		if (rows[i].says)
			assert_string_equal(err.text, rows[i].says);
		assert_int_equal(place.at, rows[i].at);
		assert_int_equal(place.len, rows[i].len);
	}
}

static void test_bounds(void **state)
{
	char text[8192] = "";
	struct s2_row row = row_of(0, 1, LEAF | 0x80000000);
	size_t n = 0;

	(void)state;
	for (unsigned int i = 0; i < S2_WHERE_DEPTH; i++)
		text[n++] = '(';
	strcpy(text + n, "mapped");
	assert_int_equal(parse(text), S2_USAGE);
	assert_string_equal(err.text, "more than 32 levels");
	n = 0;
	for (unsigned int i = 0; i < S2_WHERE_STEPS; i++)
		n += (size_t)sprintf(text + n, "%smapped", i ? " or " : "");
	assert_int_equal(parse(text), S2_USAGE);
	assert_string_equal(err.text, "it is too long");
	/* Half as many fit, as each `or` is a step, too. */
	text[S2_WHERE_STEPS / 2 * (6 + 4) - 4] = '\0';
	assert_int_equal(ask(text, &row), S2_ANSWER_YES);
	memset(text, 'x', 2000);
	memcpy(text, "table=", 6);
	text[2000] = '\0';
	assert_int_equal(parse(text), S2_USAGE);
}

static void test_glob(void **state)
{
	(void)state;
	assert_true(s2_glob("*", ""));
	assert_true(s2_glob("a*b*c", "axxbyyc"));
	assert_true(s2_glob("*aab", "aaaab"));
	assert_true(s2_glob("device*", "device-nGnRE"));
	assert_true(s2_glob("?age", "page"));
	assert_false(s2_glob("?", ""));
	assert_false(s2_glob("a*b", "axc"));
	assert_false(s2_glob("page", "pages"));
	assert_false(s2_glob("pages", "page"));
	/* What would take ages when each `*` tried all. */
	assert_false(
		s2_glob("*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* ---- Against a second evaluator ---- */

static enum s2_answer expect_not(enum s2_answer a)
{
	return a == S2_ANSWER_YES ? S2_ANSWER_NO : a == S2_ANSWER_NO ? S2_ANSWER_YES : a;
}

static enum s2_answer expect_and(enum s2_answer a, enum s2_answer b)
{
	if (a == S2_ANSWER_NO || b == S2_ANSWER_NO)
		return S2_ANSWER_NO;
	return a > b ? a : b; /* unknown before none before yes */
}

static const struct {
	const char *text;
	enum s2_answer answer;
} facts[] = {
	{ "mapped", S2_ANSWER_UNKNOWN }, { "type=missing", S2_ANSWER_YES },
	{ "size>1G", S2_ANSWER_NO },     { "missing=excluded", S2_ANSWER_YES },
	{ "in_slot", S2_ANSWER_YES },
};

/* A random condition into @text, and what it says of a missing row by de Morgan's laws. */
static enum s2_answer random_condition(char *text, size_t size, unsigned int depth)
{
	size_t len = strlen(text);
	unsigned int pick = (unsigned int)rand() % 8;
	enum s2_answer a, b;

	if (!depth || pick < 2) {
		unsigned int i = (unsigned int)rand() % ARRAY_SIZE(facts);

		snprintf(text + len, size - len, "%s", facts[i].text);
		return facts[i].answer;
	}
	if (pick < 4) {
		snprintf(text + len, size - len, "not (");
		a = expect_not(random_condition(text, size, depth - 1));
		strcat(text, ")");
		return a;
	}
	snprintf(text + len, size - len, "(");
	a = random_condition(text, size, depth - 1);
	strcat(text, pick < 6 ? ") and (" : ") or (");
	b = random_condition(text, size, depth - 1);
	strcat(text, ")");
	return pick < 6 ? expect_and(a, b) : expect_not(expect_and(expect_not(a), expect_not(b)));
}

static void test_random_conditions(void **state)
{
	struct s2_row row = missing_row(PAGE);

	(void)state;
	srand(11);
	for (unsigned int i = 0; i < 5000; i++) {
		char text[4096] = "";
		enum s2_answer expected = random_condition(text, sizeof(text) - 64, 4);

		if (ask(text, &row) != expected)
			fail_msg("%s", text);
	}
}

/* `and` binds more tightly than `or`, `not` most of all. */
static void test_precedence(void **state)
{
	struct s2_row row = row_of(0, 1, LEAF | 0x80000000);

	(void)state;
	assert_int_equal(ask("mapped or mapped and missing", &row), S2_ANSWER_YES);
	assert_int_equal(ask("(mapped or mapped) and missing", &row), S2_ANSWER_NO);
	assert_int_equal(ask("not missing and mapped", &row), S2_ANSWER_YES);
	assert_int_equal(ask("not (missing or mapped)", &row), S2_ANSWER_NO);
	assert_int_equal(ask("!missing", &row), S2_ANSWER_YES);
}

/* ---- Columns ---- */

static struct s2_columns columns;

static void choose(const char *text)
{
	s2_err_init(&err);
	if (s2_columns_parse(text, &list, &columns, &place, &err))
		fail_msg("%s: %s", text, err.text);
}

static void test_columns(void **state)
{
	(void)state;
	choose("ia,l,rights,memory,sh,slot");
	assert_int_equal(columns.n, 6);
	assert_string_equal(columns.member[1].name, "level");
	assert_string_equal(columns.title[1], "l");
	assert_string_equal(columns.member[3].name, "memattr");
	assert_false(columns.by_pa);
	assert_int_equal(s2_columns_parse("ia,,pa", &list, &columns, &place, &err), S2_USAGE);
	assert_int_equal(place.at, 3);
	assert_int_equal(s2_columns_parse("ia,size,memory,memattr", &list, &columns, &place, &err),
			 S2_USAGE);
	assert_int_equal(place.at, 15);
	assert_int_equal(s2_columns_parse("", &list, &columns, &place, &err), S2_USAGE);
	assert_int_equal(s2_columns_parse("ia,", &list, &columns, &place, &err), S2_USAGE);
}

static void join(const char *text, enum s2_merge_how how, const struct s2_row *x,
		 const struct s2_row *y, bool joins)
{
	struct s2_row a = *x;

	choose(text);
	if (s2_columns_join(&columns, &of, how, &a, y) != joins)
		fail_msg("%s", text);
	if (!joins) {
		assert_memory_equal(&a, x, sizeof(a));
		return;
	}
	assert_int_equal(a.run.size, x->run.size + y->run.size);
	assert_int_equal(a.run.count, x->run.count + y->run.count);
}

static void test_what_joins(void **state)
{
	struct s2_row rw = row_of(0, 2, LEAF | XN | 0x80000000);
	struct s2_row rwx = row_of(2 * PAGE, 1, LEAF | 0x80002000);
	struct s2_row elsewhere = row_of(2 * PAGE, 1, LEAF | XN | 0x90002000);
	struct s2_row hole = row_of(2 * PAGE, 1, 0), gone = missing_row(2 * PAGE);
	struct s2_row later = row_of(3 * PAGE, 1, LEAF | XN | 0x80003000);
	struct s2_row outside = row_of(16 * PAGE, 1, LEAF | XN | 0x80010000);
	struct s2_row before = row_of(15 * PAGE, 1, LEAF | XN | 0x8000f000);

	(void)state;
	join("ia,size", S2_MERGE_ATTRS, &rw, &rwx, true);
	join("ia,write", S2_MERGE_ATTRS, &rw, &rwx, true);
	join("ia,rights", S2_MERGE_ATTRS, &rw, &rwx, false);
	join("ia,exec", S2_MERGE_ATTRS, &rw, &rwx, false);
	join("ia,raw", S2_MERGE_ATTRS, &rw, &rwx, false);
	join("ia,raw", S2_MERGE_ATTRS, &rw, &elsewhere, true);
	join("ia,pa", S2_MERGE_ATTRS, &rw, &elsewhere, true);
	join("ia,pa", S2_MERGE_PA, &rw, &elsewhere, false);
	join("ia,size", S2_MERGE_PA, &rw, &elsewhere, false);
	join("ia,pa", S2_MERGE_PA, &rw, &rwx, true);
	join("ia,size", S2_MERGE_NONE, &rw, &rwx, false);
	join("ia,slot", S2_MERGE_PA, &rw, &hole, true);
	join("ia,mapped", S2_MERGE_PA, &rw, &hole, false);
	join("ia,pa", S2_MERGE_ATTRS, &rw, &hole, false);
	join("ia,mapped", S2_MERGE_ATTRS, &rw, &gone, false);
	join("ia,missing", S2_MERGE_ATTRS, &rw, &gone, false);
	join("ia,slot", S2_MERGE_ATTRS, &rw, &gone, true);
	join("ia,flags", S2_MERGE_ATTRS, &rw, &rwx, true);
	join("ia,size", S2_MERGE_ATTRS, &rw, &later, false);
	join("ia,size", S2_MERGE_ATTRS, &before, &outside, true);
	join("ia,slot", S2_MERGE_ATTRS, &before, &outside, false);
}

/* ---- The first of an order ---- */

static uint64_t nth_number(const struct s2_top *top, size_t i)
{
	struct s2_member_value value;

	s2_member_get(&of, &top->order->member, &top->row[i], &value);
	return value.known == S2_VALUE_KNOWN ? value.number : UINT64_MAX;
}

static void sorted(const char *name, bool descending, size_t limit)
{
	struct s2_order order = { .member = *s2_member_find(&list, name, strlen(name), false),
				  .descending = descending };
	struct s2_top top = { .order = &order, .of = &of, .limit = limit };
	uint64_t expected[200];

	for (unsigned int i = 0; i < 200; i++) {
		uint64_t n = 1 + (uint64_t)(rand() % 50);
		struct s2_row row = row_of(i * 64 * PAGE, n,
					   rand() % 4 ? LEAF | (uint64_t)(rand() % 99) << 12 : 0);

		assert_int_equal(s2_top_add(&top, &row, &err), S2_OK);
		expected[i] = n;
	}
	assert_int_equal(top.n, limit < 200 ? limit : 200);
	assert_int_equal(top.more, limit < 200 ? 200 - limit : 0);
	s2_top_sort(&top);
	for (size_t i = 1; i < top.n; i++) {
		uint64_t x = nth_number(&top, i - 1), y = nth_number(&top, i);

		assert_true(descending ? x >= y : x <= y);
		if (x == y)
			assert_true(top.row[i - 1].run.ia < top.row[i].run.ia);
	}
	/* None that was left out belongs into it. */
	for (unsigned int i = 0; !strcmp(name, "size") && i < 200; i++) {
		bool in = false;

		for (size_t k = 0; k < top.n; k++)
			in |= top.row[k].run.ia == i * 64 * PAGE;
		assert_true(in || expected[i] * PAGE <= nth_number(&top, top.n - 1));
	}
	s2_top_free(&top);
}

static void test_order(void **state)
{
	(void)state;
	srand(5);
	for (size_t limit = 1; limit < 300; limit += 37) {
		sorted("size", true, limit);
		sorted("ia", false, limit);
		sorted("pa", false, limit);
		sorted("level", false, limit);
	}
}

/* One name means one thing everywhere. */
static void test_names(void **state)
{
	(void)state;
	assert_true(list.n > 30 && list.n < S2_MAX_MEMBERS);
	for (unsigned int i = 0; i < list.n; i++) {
		assert_non_null(list.member[i].meaning);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(list.member[i].name, list.member[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_members, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_by_index, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_without_fwb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_is_a_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_of_64_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test(test_glob),
		cmocka_unit_test_setup_teardown(test_random_conditions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_precedence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_joins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	};

	return cmocka_run_group_tests_name("where", tests, NULL, NULL);
}
