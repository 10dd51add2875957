// SPDX-License-Identifier: GPL-2.0-or-later
// Members, enumerators and values of types, and types that nobody should write.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/btf.h"
#include "test_kernel_sample.h"

static struct s2_types *types_of(const struct btf *btf)
{
	struct s2_types *types;
	uint32_t size, n;
	const void *blob = btf__raw_data(btf, &size);

	assert_int_equal(s2_btf_new(blob, size, &types, &n, NULL), S2_OK);
	assert_int_equal(n, btf__type_cnt(btf) - 1);
	return types;
}

static void members(void **state)
{
	static const struct {
		const char *type, *path;
		struct s2_member want;
	} rows[] = {
		{ "outer",
		  "first",
		  { .bit_off = 0,
		    .size = 8,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned long" } },
		{ "outer",
		  "x",
		  { .bit_off = BITS(8),
		    .size = 4,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned int" } },
		{ "outer",
		  "deep.level",
		  { .bit_off = BITS(20),
		    .size = 1,
		    .is_signed = true,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "signed char" } },
		{ "outer_t",
		  "deep.level",
		  { .bit_off = BITS(20),
		    .size = 1,
		    .is_signed = true,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "signed char" } },
		{ "outer",
		  "deep",
		  { .bit_off = BITS(16),
		    .size = 16,
		    .kind = S2_KIND_STRUCT,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "inner" } },
		{ "outer",
		  "y",
		  { .bit_off = BITS(8),
		    .size = 64,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 8,
		    .elem_size = 8,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned long" } },
		{ "outer",
		  "rows",
		  { .bit_off = BITS(424),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "inner" } },
		{ "outer",
		  "one",
		  { .bit_off = BITS(72),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "inner" } },
		{ "outer",
		  "two",
		  { .bit_off = BITS(80),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 2,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "inner" } },
		{ "outer",
		  "grid",
		  { .bit_off = BITS(88),
		    .size = 240,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 15,
		    .elem_size = 16,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "inner" } },
		{ "outer",
		  "bits_hi",
		  { .bit_off = BITS(328) + 3,
		    .size = 4,
		    .bit_size = 7,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned int" } },
		{ "outer",
		  "never",
		  { .bit_off = BITS(336),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "never" } },
		{ "outer",
		  "state",
		  { .bit_off = BITS(344),
		    .size = 4,
		    .is_signed = true,
		    .kind = S2_KIND_ENUM,
		    .leaf = S2_KIND_ENUM,
		    .leaf_name = "state" } },
		{ "outer",
		  "big",
		  { .bit_off = BITS(352),
		    .size = 8,
		    .kind = S2_KIND_ENUM,
		    .leaf = S2_KIND_ENUM,
		    .leaf_name = "big" } },
		{ "outer",
		  "id",
		  { .bit_off = BITS(363),
		    .size = 48,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 48,
		    .elem_size = 1,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned char" } },
		{ "inner",
		  "p",
		  { .bit_off = BITS(8),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_OTHER } },
		{ "outer",
		  "other",
		  { .bit_off = 0,
		    .size = 4,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT,
		    .leaf_name = "unsigned int" } },
	};
	struct btf *btf = sample();
	struct s2_types *types = types_of(btf);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_member got = { 0 };
		const struct s2_member *want = &rows[i].want;

		assert_int_equal(s2_types_member(types, rows[i].type, rows[i].path, &got, NULL),
				 S2_OK);
		assert_int_equal(got.bit_off, want->bit_off);
		assert_int_equal(got.size, want->size);
		assert_int_equal(got.bit_size, want->bit_size);
		assert_int_equal(got.is_signed, want->is_signed);
		assert_int_equal(got.kind, want->kind);
		assert_int_equal(got.ptr_depth, want->ptr_depth);
		assert_int_equal(got.nelems, want->nelems);
		assert_int_equal(got.elem_size, want->elem_size);
		assert_int_equal(got.leaf, want->leaf);
		assert_string_equal(got.leaf_name, want->leaf_name);
	}
	s2_types_free(types);
	btf__free(btf);
}

static void what_is_not_there(void **state)
{
	static const char *const rows[][2] = {
		{ "outer", "nope" },     { "outer", "deep.nope" }, { "outer", "firs" },
		{ "outer", "first.x" },  { "outer", "" },          { "outer", "deep." },
		{ "outer", ".deep" },    { "outer", "one.a" },     { "outer", "grid.a" },
		{ "nope", "a" },         { "never", "a" },         { "state", "STATE_ZERO" },
		{ "unsigned int", "x" },
	};
	struct btf *btf = sample();
	struct s2_types *types = types_of(btf);
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_member member = { .size = 77 };
		struct s2_err err;

		s2_err_init(&err);
		assert_int_equal(s2_types_member(types, rows[i][0], rows[i][1], &member, &err),
				 S2_NOTFOUND);
		assert_int_equal(s2_types_member(types, rows[i][0], rows[i][1], &member, NULL),
				 S2_NOTFOUND);
		assert_non_null(strstr(err.text, rows[i][0]));
		assert_int_equal(member.size, 77);
		assert_false(s2_types_has_member(types, rows[i][0], rows[i][1]));
	}
	assert_true(s2_types_has_member(types, "outer", "deep.p"));
	assert_int_equal(s2_types_sizeof(types, "inner", &value, NULL), S2_OK);
	assert_int_equal(value, 16);
	assert_int_equal(s2_types_sizeof(types, "inner_t", &value, NULL), S2_OK);
	assert_int_equal(value, 16);
	assert_int_equal(s2_types_sizeof(types, "big", &value, NULL), S2_OK);
	assert_int_equal(value, 8);
	assert_int_equal(s2_types_sizeof(types, "nope", &value, NULL), S2_NOTFOUND);
	assert_true(s2_types_has(types, "state"));
	assert_false(s2_types_has(types, "STATE_ZERO"));
	s2_types_free(types);
	btf__free(btf);
}

static void enumerators(void **state)
{
	struct btf *btf = sample();
	struct s2_types *types = types_of(btf);
	uint64_t value;

	(void)state;
	assert_int_equal(s2_types_enum(types, "state", "STATE_MINUS", &value, NULL), S2_OK);
	assert_int_equal(value, (uint64_t)-2);
	assert_int_equal(s2_types_enum(types, "big", "BIG_55", &value, NULL), S2_OK);
	assert_int_equal(value, 1ULL << 55);
	assert_int_equal(s2_types_enum(types, NULL, "ANON_7", &value, NULL), S2_OK);
	assert_int_equal(value, 7);
	assert_int_equal(s2_types_enum(types, NULL, "BIG_55", &value, NULL), S2_OK);
	assert_int_equal(s2_types_enum(types, "state", "BIG_55", &value, NULL), S2_NOTFOUND);
	assert_int_equal(s2_types_enum(types, "nope", "BIG_55", &value, NULL), S2_NOTFOUND);
	assert_int_equal(s2_types_enum(types, NULL, "NOPE", &value, NULL), S2_NOTFOUND);
	s2_types_free(types);
	btf__free(btf);
}

static void values(void **state)
{
	static const uint8_t bytes[] = { 0xf8, 0xff, 0x80, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc };
	static const struct {
		struct s2_member member;
		uint64_t value;
		uint64_t span;
	} rows[] = {
		{ { .size = 1, .kind = S2_KIND_INT }, 0xf8, 1 },
		{ { .size = 1, .kind = S2_KIND_INT, .is_signed = true }, (uint64_t)-8, 1 },
		{ { .size = 2, .kind = S2_KIND_ENUM, .is_signed = true }, (uint64_t)-8, 2 },
		{ { .size = 4, .kind = S2_KIND_INT }, 0x1280fff8, 4 },
		{ { .size = 8, .kind = S2_KIND_POINTER }, 0x9a7856341280fff8, 8 },
		{ { .size = 4, .kind = S2_KIND_INT, .bit_off = 3, .bit_size = 5 }, 0x1f, 1 },
		{ { .size = 4, .kind = S2_KIND_INT, .bit_off = 15, .bit_size = 2 }, 1, 2 },
		{ { .size = 4, .kind = S2_KIND_INT, .bit_off = 0, .bit_size = 4, .is_signed = true },
		  (uint64_t)-8,
		  1 },
		/* 64 bits that begin within a byte span nine. */
		{ { .size = 8, .kind = S2_KIND_INT, .bit_off = 4, .bit_size = 64 },
		  0xc9a7856341280fff,
		  9 },
	};
	static const struct s2_member not_numbers[] = {
		{ .size = 16, .kind = S2_KIND_INT },
		{ .size = 0, .kind = S2_KIND_INT },
		{ .size = 8, .kind = S2_KIND_STRUCT },
		{ .size = 8, .kind = S2_KIND_ARRAY },
		{ .size = 8, .kind = S2_KIND_INT, .bit_size = 65 },
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Exactly as many bytes as it says that it needs. */
		uint8_t *exact = malloc(rows[i].span);

		assert_int_equal(s2_member_span(&rows[i].member), rows[i].span);
		assert_non_null(exact);
		memcpy(exact, bytes + s2_member_off(&rows[i].member), rows[i].span);
		assert_int_equal(s2_member_value(&rows[i].member, exact, &value, NULL), S2_OK);
		assert_int_equal(value, rows[i].value);
		free(exact);
	}
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++)
		assert_int_equal(s2_member_value(&not_numbers[i], bytes, &value, NULL), S2_INVALID);
}

/* Types that contain themselves, in every way. */
static void endless_types(void **state)
{
	struct btf *btf = btf__new_empty();
	struct s2_types *types;
	struct s2_member member;
	uint64_t value;

	(void)state;
	/* 1: a typedef of itself; 2: an array of itself; 3: a pointer to itself; 4, 5: structs
	 * within each other. */
	btf__add_typedef(btf, "loop_t", 1);
	btf__add_array(btf, 1, 2, 2);
	btf__add_ptr(btf, 3);
	btf__add_struct(btf, "fan", 8);
	for (int i = 0; i < 300; i++)
		btf__add_field(btf, NULL, 5, 0, 0);
	btf__add_field(btf, "array", 2, 0, 0);
	btf__add_field(btf, "pointer", 3, 0, 0);
	btf__add_field(btf, "loop", 1, 0, 0);
	btf__add_field(btf, "bad", 1000, 0, 0);
	btf__add_struct(btf, NULL, 8);
	for (int i = 0; i < 300; i++)
		btf__add_field(btf, NULL, 4, 0, 0);
	btf__add_struct(btf, "one", 8);
	btf__add_field(btf, "array", 2, 0, 0);
	btf__add_field(btf, "pointer", 3, 0, 0);
	btf__add_field(btf, "loop", 1, 0, 0);
	btf__add_field(btf, "bad", 1000, 0, 0);
	types = types_of(btf);
	assert_int_equal(s2_types_member(types, "fan", "x", &member, NULL), S2_LOOP);
	assert_int_equal(s2_types_member(types, "one", "array", &member, NULL), S2_INVALID);
	assert_int_equal(s2_types_member(types, "one", "pointer", &member, NULL), S2_INVALID);
	assert_int_equal(s2_types_member(types, "one", "loop", &member, NULL), S2_INVALID);
	assert_int_equal(s2_types_member(types, "one", "bad", &member, NULL), S2_INVALID);
	assert_int_equal(s2_types_member(types, "loop_t", "x", &member, NULL), S2_INVALID);
	assert_int_equal(s2_types_sizeof(types, "loop_t", &value, NULL), S2_INVALID);
	s2_types_free(types);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),       cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(enumerators),   cmocka_unit_test(values),
		cmocka_unit_test(endless_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
