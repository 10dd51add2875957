// SPDX-License-Identifier: GPL-2.0-or-later
// BTF blobs: found in memory, checked, cut off and damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "kernel/btf.h"
#include "kernel/btf_gap.h"
#include "kernel/names.h"
#include "test_kernel_sample.h"

/* The blob of the sample, with a header of 32 bytes and a layout section as 7.1 writes it, when
 * @layout. */
static size_t put_blob(uint8_t *at, bool layout)
{
	struct btf *btf = sample();
	uint32_t size;
	const uint8_t *blob = btf__raw_data(btf, &size);
	uint32_t type_len, str_off;
	size_t total = size;

	memcpy(&type_len, blob + 12, 4);
	memcpy(&str_off, blob + 16, 4);
	memcpy(at, blob, size);
	if (layout) {
		uint32_t str_len = size - 24 - str_off;

		put32(at + 4, 32);
		put32(at + 16, str_off + 80);
		put32(at + 24, type_len); /* layout_off */
		put32(at + 28, 80);       /* layout_len */
		memcpy(at + 32, blob + 24, type_len);
		memset(at + 32 + type_len, 0x55, 80);
		memcpy(at + 32 + str_off + 80, blob + 24 + str_off, str_len);
		total += 88;
	}
	btf__free(btf);
	return total;
}

static void in_memory(void **state)
{
	(void)state;
	for (int layout = 0; layout < 2; layout++) {
		for (int views = 0; views < 2; views++) {
			struct kimage k;
			struct s2_types *types;
			uint64_t pa = 0, size = 0, budget = S2_BTF_BUDGET;
			struct s2_gaps gaps = { 0 };
			struct s2_budget room;
			uint64_t want;
			size_t len;

			kimage_init(&k, &test_shapes[0]);
			k.mem.views = views;
			s2_room_init(&room, &k.mem.mem);
			/* Decoys: the copy of the header in struct btf, and noise that has the
			 * magic number. */
			put32(in_image(&k, 0x1000), 0x0001eb9f);
			len = put_blob(in_image(&k, BTF_AT), layout);
			memcpy(in_image(&k, 0x2004), in_image(&k, BTF_AT), 24);
			memset(in_image(&k, 0x3000), 0x9f, 64);
			memcpy(in_image(&k, RO_END - 2), "\x9f\xeb", 2);
			want = image_pa(&k, BTF_AT);
			assert_int_equal(s2_btf_scan(&k.mem.mem, image_pa(&k, 0), RO_END, &budget,
						     &gaps, &pa, &size, NULL),
					 S2_OK);
			assert_int_equal(pa, want);
			assert_int_equal(size, len);
			assert_int_equal(s2_btf_read(&k.mem.mem, pa, &room, &types, NULL, NULL),
					 S2_OK);
			assert_true(s2_types_has_member(types, "outer", "deep.level"));
			s2_types_free(types);
			assert_int_equal(budget, S2_BTF_BUDGET - len);
			assert_int_equal(gaps.bytes, 0);
			/* Nothing is looked through when the budget does not allow it. */
			budget = len - 1;
			assert_int_equal(s2_btf_scan(&k.mem.mem, image_pa(&k, 0), RO_END, &budget,
						     &gaps, &pa, &size, NULL),
					 S2_NOTFOUND);
			budget = S2_BTF_BUDGET;
			/* A piece of it is not in the dump. */
			k.mem.hole = want + 100;
			k.mem.hole_size = 1;
			k.mem.hole_code = S2_EXCLUDED;
			assert_int_equal(s2_btf_read(&k.mem.mem, pa, &room, &types, NULL, NULL),
					 S2_EXCLUDED);
			assert_int_equal(s2_btf_scan(&k.mem.mem, image_pa(&k, 0), RO_END, &budget,
						     &gaps, &pa, &size, NULL),
					 S2_NOTFOUND);
			/* To the word: 100 is 4 in an aligned one of 8 bytes, as the blob lies. */
			assert_int_equal(gaps.bytes, 8);
			assert_int_equal(gaps.pa, (want + 100) & ~UINT64_C(7));
			assert_int_equal(gaps.code, S2_EXCLUDED);
			kimage_free(&k);
		}
	}
}

/* Whichever other page is missing, the blob is found, and the page counted. */
static void found_beside_any_hole(void **state)
{
	struct kimage k;
	uint64_t blob, len;

	(void)state;
	kimage_init(&k, &test_shapes[0]);
	blob = image_pa(&k, BTF_AT);
	len = put_blob(in_image(&k, BTF_AT), false);
	k.mem.hole_size = 4096;
	k.mem.hole_code = S2_TRUNCATED;
	for (int views = 0; views < 2; views++) {
		k.mem.views = views;
		for (uint64_t off = 0; off < RO_END; off += 4096) {
			uint64_t pa = 0, size = 0, budget = S2_BTF_BUDGET;
			struct s2_gaps gaps = { 0 };
			bool lost;
			enum s2_code code;

			k.mem.hole = image_pa(&k, off);
			lost = k.mem.hole < blob + len && blob < k.mem.hole + 4096;
			code = s2_btf_scan(&k.mem.mem, image_pa(&k, 0), RO_END, &budget, &gaps, &pa,
					   &size, NULL);
			assert_int_equal(code, lost ? S2_NOTFOUND : S2_OK);
			assert_int_equal(pa, lost ? 0 : blob);
			assert_int_equal(gaps.bytes, 4096);
			assert_int_equal(gaps.pa, k.mem.hole);
			assert_int_equal(gaps.code, S2_TRUNCATED);
		}
	}
	kimage_free(&k);
}

/* The blob is found wherever it lies towards the chunks in which memory is searched. */
static void found_at_borders(void **state)
{
	static uint8_t ram[3U << 20];
	struct memtable mem;

	(void)state;
	memtable_init(&mem, ram, 0, sizeof(ram));
	for (size_t at = (1U << 16) - 5; at < (1U << 16) + 5; at++) {
		uint64_t pa = 0, size = 0, budget = S2_BTF_BUDGET;
		struct s2_gaps gaps = { 0 };

		memset(ram, 0, sizeof(ram));
		put_blob(ram + at, false);
		for (int views = 0; views < 2; views++) {
			mem.views = views;
			assert_int_equal(s2_btf_scan(&mem.mem, 0, sizeof(ram), &budget, &gaps, &pa,
						     &size, NULL),
					 S2_OK);
			assert_int_equal(pa, at);
		}
	}
}

static void headers(void **state)
{
	static const struct {
		unsigned int off;
		uint32_t value;
	} rows[] = {
		{ 0, 0x0002eb9f }, { 0, 0x9feb0100 },  { 0, 0x0101eb9f }, { 4, 20 },
		{ 4, 26 },         { 4, 1024 },        { 8, 2 },          { 8, 0xffffffff },
		{ 12, 0 },         { 12, 0xfffffffc }, { 16, 0 },         { 16, 0xfffffff0 },
		{ 20, 0 },         { 20, 0xffffffff }, { 20, 65 << 20 },
	};
	uint8_t blob[8192];
	size_t len = put_blob(blob, false);
	struct s2_types *types;
	uint64_t size;

	(void)state;
	assert_int_equal(s2_btf_size(blob, 24, &size, NULL), S2_OK);
	assert_int_equal(size, len);
	assert_int_equal(s2_btf_size(blob, 23, &size, NULL), S2_INVALID);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_err err;

		put_blob(blob, false);
		put32(blob + rows[i].off, rows[i].value);
		s2_err_init(&err);
		assert_int_equal(s2_btf_size(blob, 24, &size, &err), S2_INVALID);
		assert_true(err.text[0]);
		assert_int_equal(s2_btf_new(blob, len, &types, NULL, NULL), S2_INVALID);
	}
}

#define INFO(kind, n) ((uint32_t)(kind) << 24 | (n))
#define MANY 70000 /* more than the 16 bits that vlen had up to 7.0 */

static void put_words(uint8_t *at, uint32_t *off, const uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++, *off += 4)
		put32(at + *off, words[i]);
}

/*
 * `struct late { u64 early; }` behind two types of newer kinds: 20, followed by 8 bytes and 4 for
 * its one element, and 127, followed by one byte for each of MANY. A layout section (struct
 * btf_layout: info_sz, elem_sz, two bytes of flags) of @nlayout kinds.
 */
static size_t put_newer(uint8_t *at, uint32_t nlayout)
{
	static const char strings[] = "\0early\0late\0u64";
	const uint32_t header[] = { 0x0001eb9f, 32 };
	const uint32_t before[] = { 1, INFO(20, 1), 0, ~0U, ~0U, ~0U, 0, INFO(127, MANY), 0 };
	const uint32_t after[] = { 12, INFO(1, 0), 8, 64, 7, INFO(4, 1), 8, 1, 3, 0 };
	const uint32_t types = (uint32_t)(sizeof(before) + sizeof(after)) + MANY;
	const uint32_t sections[] = { 0,     types,      types + nlayout * 4, sizeof(strings),
				      types, nlayout * 4 };
	uint32_t off = 0;

	put_words(at, &off, header, 2);
	put_words(at, &off, sections, 6);
	put_words(at, &off, before, sizeof(before) / 4);
	memset(at + off, 0xff, MANY);
	off += MANY;
	put_words(at, &off, after, sizeof(after) / 4);
	for (uint32_t kind = 0; kind < nlayout; kind++, off += 4)
		put32(at + off, kind == 20 ? 0x0408 : kind == 127 ? 0x0100 : 0xffff);
	memcpy(at + off, strings, sizeof(strings));
	return off + sizeof(strings);
}

/* A kind that is not known is stepped over by what the layout section says, or refused by number. */
static void newer_kinds(void **state)
{
	static uint8_t blob[MANY + 1000];
	struct s2_types *types;
	struct s2_member member;
	struct memtable mem;
	struct s2_err err;
	uint64_t size;
	uint32_t n;
	size_t len = put_newer(blob, 128);

	(void)state;
	assert_int_equal(s2_btf_new(blob, len, &types, &n, NULL), S2_OK);
	assert_int_equal(n, 4);
	assert_int_equal(s2_types_member(types, "late", "early", &member, NULL), S2_OK);
	assert_int_equal(member.kind, S2_KIND_INT);
	assert_int_equal(member.size, 8);
	assert_false(s2_types_has(types, "early"));
	s2_types_free(types);
	/* Kind 127 is not in the section; its number is what there is to say. */
	len = put_newer(blob, 127);
	s2_err_init(&err);
	assert_int_not_equal(s2_btf_new(blob, len, &types, NULL, &err), S2_OK);
	assert_non_null(strstr(err.text, "type 2 is of kind 127"));
	len = put_newer(blob, 0);
	s2_err_init(&err);
	assert_int_not_equal(s2_btf_new(blob, len, &types, NULL, &err), S2_OK);
	assert_non_null(strstr(err.text, "type 1 is of kind 20"));
	/* Found in memory it is BTF all the same. */
	memtable_init(&mem, blob, 0, sizeof(blob));
	assert_int_equal(s2_btf_check(&mem.mem, 0, &size, NULL), S2_OK);
	assert_int_equal(size, len);
	/* One that claims to lie among the types, or past the strings' begin, is none. */
	for (int i = 0; i < 2; i++) {
		len = put_newer(blob, 128);
		put32(blob + 24 + i * 4, i ? 0xfffffffc : 8);
		assert_int_not_equal(s2_btf_new(blob, len, &types, NULL, NULL), S2_OK);
	}
	/* Sizes that lead past the end of the types. */
	len = put_newer(blob, 128);
	put32(blob + 36, INFO(20, 0xffffff));
	s2_err_init(&err);
	assert_int_equal(s2_btf_new(blob, len, &types, NULL, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "type 1 at offset 0"));
}

/* An enum whose million enumerators bear a name that hashes like the one that is asked for: looking
 * through it for each would take hours. */
static void hostile_enum(void **state)
{
	enum { N = 1000000 };
	static const char strings[] = "\0E_KQBQI\0E_SSDAA";
	const uint32_t types = 12 + (N + 1) * 8;
	const uint32_t header[] = { 0x0001eb9f, 24, 0, types, types, sizeof(strings) };
	const uint32_t head[] = { 0, INFO(6, N + 1), 4 };
	uint8_t *blob = malloc(24 + types + sizeof(strings));
	struct s2_types *s2types;
	uint32_t off = 0;
	uint64_t value;

	(void)state;
	assert_non_null(blob);
	assert_int_equal(s2_names_hash(S2_NSPACES, "E_KQBQI"),
			 s2_names_hash(S2_NSPACES, "E_SSDAA"));
	put_words(blob, &off, header, 6);
	put_words(blob, &off, head, 3);
	for (uint32_t i = 0; i <= N; i++) {
		const uint32_t enumerator[] = { 1, i };

		put_words(blob, &off, enumerator, 2);
	}
	memcpy(blob + off, strings, sizeof(strings));
	assert_int_equal(s2_btf_new(blob, off + sizeof(strings), &s2types, NULL, NULL), S2_OK);
	assert_int_equal(s2_types_enum(s2types, NULL, "E_SSDAA", &value, NULL), S2_NOTFOUND);
	s2_types_free(s2types);
	/* The last one bears it. */
	put32(blob + off - 8, 9);
	assert_int_equal(s2_btf_new(blob, off + sizeof(strings), &s2types, NULL, NULL), S2_OK);
	assert_int_equal(s2_types_enum(s2types, NULL, "E_SSDAA", &value, NULL), S2_OK);
	assert_int_equal(value, N);
	s2_types_free(s2types);
	free(blob);
}

/* Every bit turned, and every length: an answer or an error. */
static void hostile(void **state)
{
	static const char *const paths[] = { "first", "deep.level", "grid", "neg", "never", "nope" };
	uint8_t good[8192];
	size_t len = put_blob(good, false);
	unsigned int opened = 0;

	(void)state;
	for (size_t i = 0; i < len * 9; i++) {
		size_t n = i < len ? i : len;
		uint8_t *copy = malloc(n ? n : 1);
		struct s2_types *types;
		uint64_t value;

		assert_non_null(copy);
		memcpy(copy, good, n);
		if (i >= len)
			copy[(i - len) / 8] ^= (uint8_t)(1 << i % 8);
		if (!s2_btf_new(copy, n, &types, NULL, NULL)) {
			struct s2_member member;

			opened++;
			for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
				(void)!s2_types_member(types, "outer", paths[p], &member, NULL);
			(void)!s2_types_enum(types, "state", "STATE_MINUS", &value, NULL);
			(void)!s2_types_enum(types, NULL, "nope", &value, NULL);
			s2_types_free(types);
		}
		free(copy);
	}
	assert_true(opened > len);
}

/* Behind a gap types begin at any word, follow each other for long, and do not end where the others
 * do: the end of the search is not as many times all of them as there are words. */
static void rows_that_do_not_end(void **state)
{
	enum { TYPES_LEN = 8U << 20, STRINGS_LEN = 32U << 20 };
	uint8_t *types = malloc(TYPES_LEN);
	char *strings = calloc(1, STRINGS_LEN);
	struct s2_btf_blob blob = { .types = types,
				    .types_len = TYPES_LEN,
				    .strings = strings,
				    .strings_len = STRINGS_LEN };
	clock_t start = clock();
	struct s2_btf_rows rows;

	(void)state;
	assert_true(types && strings);
	for (size_t off = 0; off < TYPES_LEN; off += 4)
		put32(types + off, off < TYPES_LEN - 16 ? 1U << 24 : 0);
	assert_int_equal(s2_btf_find_rows(&blob, 160, 4096, TYPES_LEN / 12, &rows, NULL), S2_OK);
	assert_int_equal(rows.before, 10);
	assert_int_equal(rows.after, 0);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	free(strings);
	free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),        cmocka_unit_test(found_beside_any_hole),
		cmocka_unit_test(found_at_borders), cmocka_unit_test(headers),
		cmocka_unit_test(newer_kinds),      cmocka_unit_test(hostile_enum),
		cmocka_unit_test(hostile),          cmocka_unit_test(rows_that_do_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
