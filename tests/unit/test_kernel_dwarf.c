// SPDX-License-Identifier: GPL-2.0-or-later
// DWARF: this program's own debugging information against what the compiler says.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/dwarf.h"
#include "kernel/dwarf_lib.h" /* DW_* */

struct sample_inner {
	uint32_t a;
	int8_t level;
	void *p;
};

typedef struct sample_inner sample_inner_t;

enum sample_state { SAMPLE_ZERO, SAMPLE_MINUS = -2, SAMPLE_SEVEN = 7 };
__extension__ enum sample_big { SAMPLE_BIG = 0x7fffffff, SAMPLE_55 = 1L << 55 };

struct sample_outer {
	uint64_t first;
	union {
		struct {
			uint32_t x;
			struct sample_inner deep;
		};
		uint64_t y[8];
	};
	const struct sample_inner *one;
	struct sample_inner *volatile *two;
	sample_inner_t grid[3][5];
	unsigned int bits_lo : 3, bits_hi : 7;
	int neg : 5;
	struct sample_never *never;
	enum sample_state state;
	enum sample_big big;
	bool flag;
	double real;
	char id[48];
	int (*call)(void);
	uint8_t tail[];
};

/* Keeps the types in the debugging information. */
static struct sample_outer *sample;
static enum { SAMPLE_ANON = 12 } sample_anon = SAMPLE_ANON;

/* Names that an enumerator's differs from by the number of a space, in its first letter. */
static struct PAMPLE_NEAR {
	int a;
} sample_near;
static enum { SAMPLE_NEAR = 5 } sample_of_near = SAMPLE_NEAR;

static struct s2_symbol_file self;

static struct s2_types *open_self(const char *prefer)
{
	struct s2_types *types = NULL;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_dwarf_new(&self, prefer, &types, &err) == S2_NOTFOUND) {
		print_message("%s\n", err.text); /* built without -g */
		skip();
	}
	assert_non_null(types);
	if (!s2_types_has(types, "sample_outer")) {
		s2_types_free(types);
		skip();
	}
	return types;
}

#define OFF(member) (offsetof(struct sample_outer, member) * 8)

static void members(void **state)
{
	static const struct {
		const char *path;
		struct s2_member want;
	} rows[] = {
		{ "first",
		  { .bit_off = OFF(first), .size = 8, .kind = S2_KIND_INT, .leaf = S2_KIND_INT } },
		{ "x", { .bit_off = OFF(x), .size = 4, .kind = S2_KIND_INT, .leaf = S2_KIND_INT } },
		{ "deep.level",
		  { .bit_off = OFF(deep.level),
		    .size = 1,
		    .is_signed = true,
		    .kind = S2_KIND_INT,
		    .leaf = S2_KIND_INT } },
		{ "deep",
		  { .bit_off = OFF(deep),
		    .size = sizeof(struct sample_inner),
		    .kind = S2_KIND_STRUCT,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "sample_inner" } },
		{ "y",
		  { .bit_off = OFF(y),
		    .size = 64,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 8,
		    .elem_size = 8,
		    .leaf = S2_KIND_INT } },
		{ "one",
		  { .bit_off = OFF(one),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "sample_inner" } },
		{ "two",
		  { .bit_off = OFF(two),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 2,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "sample_inner" } },
		{ "grid",
		  { .bit_off = OFF(grid),
		    .size = 15 * sizeof(struct sample_inner),
		    .kind = S2_KIND_ARRAY,
		    .nelems = 15,
		    .elem_size = sizeof(struct sample_inner),
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "sample_inner" } },
		{ "never",
		  { .bit_off = OFF(never),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_STRUCT,
		    .leaf_name = "sample_never" } },
		{ "big",
		  { .bit_off = OFF(big),
		    .size = 8,
		    .kind = S2_KIND_ENUM,
		    .leaf = S2_KIND_ENUM,
		    .leaf_name = "sample_big" } },
		{ "flag",
		  { .bit_off = OFF(flag), .size = 1, .kind = S2_KIND_INT, .leaf = S2_KIND_INT } },
		{ "real",
		  { .bit_off = OFF(real),
		    .size = 8,
		    .kind = S2_KIND_OTHER,
		    .leaf = S2_KIND_OTHER } },
		{ "id",
		  { .bit_off = OFF(id),
		    .size = 48,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 48,
		    .elem_size = 1,
		    .is_signed = false,
		    .leaf = S2_KIND_INT } },
		{ "call",
		  { .bit_off = OFF(call),
		    .size = 8,
		    .kind = S2_KIND_POINTER,
		    .ptr_depth = 1,
		    .leaf = S2_KIND_OTHER } },
		{ "tail",
		  { .bit_off = OFF(tail),
		    .size = 0,
		    .kind = S2_KIND_ARRAY,
		    .nelems = 0,
		    .elem_size = 1,
		    .leaf = S2_KIND_INT } },
	};
	struct s2_types *types = open_self("test_kernel_dwarf");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_member got = { 0 };
		const struct s2_member *want = &rows[i].want;

		assert_int_equal(s2_types_member(types, "sample_outer", rows[i].path, &got, NULL),
				 S2_OK);
		assert_int_equal(got.bit_off, want->bit_off);
		assert_int_equal(got.size, want->size);
		assert_int_equal(got.bit_size, 0);
		assert_int_equal(got.is_signed, want->is_signed);
		assert_int_equal(got.kind, want->kind);
		assert_int_equal(got.ptr_depth, want->ptr_depth);
		assert_int_equal(got.nelems, want->nelems);
		assert_int_equal(got.elem_size, want->elem_size);
		assert_int_equal(got.leaf, want->leaf);
		if (want->leaf_name[0])
			assert_string_equal(got.leaf_name, want->leaf_name);
	}
	s2_types_free(types);
}

/* Where the compiler put bit fields shows in what it writes. */
static void bit_fields(void **state)
{
	struct s2_types *types = open_self("test_kernel_dwarf");
	static const struct {
		const char *path;
		unsigned int bits;
		int64_t value;
	} rows[] = { { "bits_lo", 3, 5 },
		     { "bits_hi", 7, 0x55 },
		     { "neg", 5, -11 },
		     { "state", 0, -2 },
		     { "big", 0, 1L << 55 } };
	struct sample_outer outer = {
		.bits_lo = 5, .bits_hi = 0x55, .neg = -11, .state = SAMPLE_MINUS, .big = SAMPLE_55
	};

	(void)state;
	sample = &outer;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_member member;
		uint64_t value;

		assert_int_equal(s2_types_member(types, "sample_outer", rows[i].path, &member,
						 NULL),
				 S2_OK);
		assert_int_equal(member.bit_size, rows[i].bits);
		assert_int_equal(s2_member_value(&member,
						 (const char *)&outer + s2_member_off(&member),
						 &value, NULL),
				 S2_OK);
		assert_int_equal(value, (uint64_t)rows[i].value);
	}
	s2_types_free(types);
}

static void names(void **state)
{
	/* Preferred units have it, have it not, or there is no preference. */
	static const char *const prefer[] = { "test_kernel_dwarf", "no such unit", NULL };

	(void)state;
	(void)sample_anon;
	sample_near.a = 1;
	(void)sample_of_near;
	for (size_t i = 0; i < 3; i++) {
		struct s2_types *types = open_self(prefer[i]);
		uint64_t value;

		assert_int_equal(s2_types_sizeof(types, "sample_outer", &value, NULL), S2_OK);
		assert_int_equal(value, sizeof(struct sample_outer));
		assert_int_equal(s2_types_sizeof(types, "sample_inner_t", &value, NULL), S2_OK);
		assert_int_equal(value, sizeof(struct sample_inner));
		assert_true(s2_types_has_member(types, "sample_inner_t", "level"));
		assert_int_equal(s2_types_enum(types, "sample_state", "SAMPLE_MINUS", &value, NULL),
				 S2_OK);
		assert_int_equal(value, (uint64_t)-2);
		assert_int_equal(s2_types_enum(types, "sample_big", "SAMPLE_55", &value, NULL),
				 S2_OK);
		assert_int_equal(value, 1ULL << 55);
		assert_int_equal(s2_types_enum(types, NULL, "SAMPLE_ANON", &value, NULL), S2_OK);
		assert_int_equal(value, 12);
		assert_int_equal(s2_types_enum(types, NULL, "SAMPLE_NEAR", &value, NULL), S2_OK);
		assert_int_equal(value, 5);
		assert_int_equal(s2_types_sizeof(types, "PAMPLE_NEAR", &value, NULL), S2_OK);
		assert_int_equal(value, sizeof(struct PAMPLE_NEAR));
		assert_int_equal(s2_types_enum(types, "sample_state", "NOPE", &value, NULL),
				 S2_NOTFOUND);
		assert_int_equal(s2_types_enum(types, NULL, "NOPE_", &value, NULL), S2_NOTFOUND);
		assert_int_equal(s2_types_sizeof(types, "sample_nope", &value, NULL), S2_NOTFOUND);
		assert_false(s2_types_has(types, "sample_never")); /* only declared */
		assert_false(s2_types_has_member(types, "sample_outer", "one.a"));
		assert_false(s2_types_has_member(types, "sample_outer", "nope"));
		s2_types_free(types);
	}
}

struct section {
	const char *name;
	const void *data;
	size_t size;
	Elf64_Xword flags;
};

/* An ELF file with these sections. */
static struct s2_symbol_file elf_with(const struct section *sections, unsigned int n)
{
	struct s2_symbol_file file = { .path = "made.elf", .fd = memfd_create("made", 0) };
	char strings[64] = "";
	size_t used = 1;
	Elf64_Ehdr *ehdr;
	Elf *elf;

	assert_true(file.fd >= 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(file.fd, ELF_C_WRITE, NULL);
	ehdr = elf64_newehdr(elf);
	ehdr->e_machine = EM_AARCH64;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_type = ET_EXEC;
	for (unsigned int i = 0; i <= n; i++) {
		Elf_Scn *scn = elf_newscn(elf);
		Elf_Data *d = elf_newdata(scn);
		Elf64_Shdr *shdr = elf64_getshdr(scn);

		d->d_align = 1;
		d->d_buf = i < n ? (void *)(uintptr_t)sections[i].data : strings;
		d->d_size = i < n ? sections[i].size : sizeof(strings);
		d->d_type = ELF_T_BYTE;
		shdr->sh_type = i < n ? SHT_PROGBITS : SHT_STRTAB;
		if (i == n)
			break;
		shdr->sh_flags = sections[i].flags;
		shdr->sh_name = (Elf64_Word)used;
		used += (size_t)snprintf(strings + used, sizeof(strings) - used, "%s",
					 sections[i].name) +
			1;
	}
	ehdr->e_shstrndx = (Elf64_Half)(n + 1);
	assert_true(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	return file;
}

/* Number, tag, whether there are children, pairs of attribute and form (DWARF 4, section 7.5.3). */
#define ABBREV(number, tag, children, ...) number, tag, children, __VA_ARGS__, 0, 0
#define NAME DW_AT_name, DW_FORM_string
#define SIZE DW_AT_byte_size, DW_FORM_data1

/* A unit header (section 7.5.1.1), then what @dies holds. */
static struct s2_symbol_file dwarf_with(const uint8_t *dies, size_t dies_len)
{
	static const uint8_t abbrev[] = {
		ABBREV(1, DW_TAG_compile_unit, 1, NAME),
		ABBREV(2, DW_TAG_structure_type, 1, NAME, SIZE),
		ABBREV(3, DW_TAG_structure_type, 1, DW_AT_sibling, DW_FORM_ref4, NAME, SIZE),
		ABBREV(4, DW_TAG_member, 0, NAME),
		/* DW_AT_GNU_dwo_name, 0x2130 as LEB128 */
		ABBREV(5, DW_TAG_compile_unit, 0, 0xb0, 0x42, DW_FORM_string),
		ABBREV(6, DW_TAG_compile_unit, 0, DW_AT_dwo_name, DW_FORM_string), 0
	};
	uint8_t info[128] = { [4] = 4, [10] = 8 };
	const struct section sections[] = { { ".debug_info", info, 11 + dies_len, 0 },
					    { ".debug_abbrev", abbrev, sizeof(abbrev), 0 } };

	assert_true(11 + dies_len <= sizeof(info));
	info[0] = (uint8_t)(7 + dies_len);
	memcpy(info + 11, dies, dies_len);
	return elf_with(sections, 2);
}

#define UNIT 1, 'u', 0
#define STRUCT(c) 2, c, 0, 8
#define SIBLING(c, off) 3, off, 0, 0, 0, c, 0, 8
#define MEMBER(c) 4, c, 0
#define END 0

#define SIBLING_AT (19 - 11) /* the first byte of the reference, in what follows the header */

/* DW_AT_sibling may lead to the entry itself, or before it, in any depth: "z" is behind that. */
static void siblings(void **state)
{
	static const struct {
		bool good;
		uint8_t to;
	} rows[] = {
		/* "a" begins at 14, "b" in it at 18, the member at 26, "z" at 31. */
		{ true, 30 },   /* to the end of a */
		{ false, 18 },  /* to itself */
		{ false, 14 },  /* to a, within which it is */
		{ false, 0 },   /* to the head of the unit */
		{ false, 200 }, /* to where there is nothing */
	};
	static const uint8_t dies[] = { UNIT, STRUCT('a'), SIBLING('b', 0), MEMBER('m'), END,
					END,  STRUCT('z'), MEMBER('n'),     END,         END };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t copy[sizeof(dies)];
		struct s2_symbol_file file;
		struct s2_types *types;
		struct s2_err err;
		uint64_t size = 0;
		enum s2_code code;

		memcpy(copy, dies, sizeof(dies));
		copy[SIBLING_AT] = rows[i].to;
		file = dwarf_with(copy, sizeof(copy));
		s2_err_init(&err);
		assert_int_equal(s2_dwarf_new(&file, NULL, &types, &err), S2_OK);
		code = s2_types_sizeof(types, "z", &size, &err);
		assert_int_equal(code, rows[i].good ? S2_OK : S2_NOTFOUND);
		if (rows[i].good)
			assert_int_equal(size, 8);
		else
			assert_non_null(strstr(err.text, "made.elf is broken"));
		s2_types_free(types);
		close(file.fd);
	}
}

/* Units that only say where the types are. */
static void split_units(void **state)
{
	/* libdwarf takes a section of fewer bytes for empty. */
	static const uint8_t dies[][9] = { { 5, 'k', 'v', 'm', '.', 'd', 'w', 'o', 0 },
					   { 6, 'k', 'v', 'm', '.', 'd', 'w', 'o', 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct s2_symbol_file file = dwarf_with(dies[i], sizeof(dies[i]));
		struct s2_types *types;
		struct s2_member member;
		struct s2_err err;
		uint64_t size;

		s2_err_init(&err);
		assert_int_equal(s2_dwarf_new(&file, "kvm", &types, &err), S2_OK);
		assert_int_equal(s2_types_member(types, "kvm", "arch", &member, &err), S2_NOTFOUND);
		assert_non_null(strstr(err.text, "struct kvm"));
		assert_non_null(strstr(err.text, "units of made.elf are skeletons"));
		assert_int_equal(s2_types_sizeof(types, "kvm", &size, &err), S2_NOTFOUND);
		assert_non_null(strstr(err.text, "skeletons"));
		s2_types_free(types);
		close(file.fd);
	}
}

/* What compressed sections say they become is believed up to a bound, all of them together. */
static void compressed_beyond_all_bounds(void **state)
{
	const Elf64_Chdr large = { .ch_type = 1, .ch_size = 17 << 20, .ch_addralign = 1 };
	const Elf64_Chdr half = { .ch_type = 1, .ch_size = 9 << 20, .ch_addralign = 1 };
	const uint8_t gnu[24] = { 'Z', 'L', 'I', 'B', 0, 0, 0, 0, 2, 0, 0, 0 };
	const struct section one[] = { { ".debug_info", &large, sizeof(large), SHF_COMPRESSED } };
	const struct section two[] = { { ".debug_info", &half, sizeof(half), SHF_COMPRESSED },
				       { ".debug_abbrev", &half, sizeof(half), SHF_COMPRESSED } };
	const struct section old[] = { { ".zdebug_info", gnu, sizeof(gnu), 0 } };
	const struct section both[] = { { ".debug_info", gnu, sizeof(gnu), SHF_COMPRESSED } };
	const struct section fits[] = { { ".debug_info", &half, sizeof(half), SHF_COMPRESSED } };
	/* What is never asked for. */
	const struct section not_read[] = { { ".debug_info", &half, sizeof(half), SHF_COMPRESSED },
					    { ".debug_line", &large, sizeof(large),
					      SHF_COMPRESSED },
					    { ".zdebug_loc", gnu, sizeof(gnu), 0 } };
	const struct section lists[] = { { ".debug_info", &half, sizeof(half), SHF_COMPRESSED },
					 { ".debug_loclists", &half, sizeof(half),
					   SHF_COMPRESSED } };
	const struct {
		struct s2_symbol_file file;
		const char *text;
	} rows[] = {
		{ elf_with(not_read, 3), NULL },
		{ elf_with(lists, 2), ".debug_loclists says that it becomes 9437184 bytes" },
		{ elf_with(one, 1), ".debug_info says that it becomes 17825792 bytes" },
		{ elf_with(two, 2), ".debug_abbrev says that it becomes 9437184 bytes" },
		{ elf_with(old, 1), ".zdebug_info says that it becomes 33554432 bytes" },
		{ elf_with(both, 1), ".debug_info says that it becomes 33554432 bytes" },
		{ elf_with(fits, 1), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_types *types;
		struct s2_err err;

		s2_err_init(&err);
		assert_int_equal(s2_dwarf_new(&rows[i].file, NULL, &types, &err),
				 rows[i].text ? S2_INVALID : S2_OK);
		if (!rows[i].text)
			s2_types_free(types);
		else if (!strstr(err.text, rows[i].text))
			fail_msg("%zu: %s", i, err.text);
		close(rows[i].file.fd);
	}
}

static void what_cannot_be_read(void **state)
{
	const Elf64_Chdr zstd = { .ch_type = 2, .ch_size = 1000, .ch_addralign = 1 };
	const struct section compressed = { ".debug_info", &zstd, sizeof(zstd), SHF_COMPRESSED };
	const struct section text = { ".text", "x", 1, 0 };
	const struct section dwz[] = { { ".debug_info", "x", 1, 0 },
				       { ".gnu_debugaltlink", "x", 2, 0 } };
	const struct section sup[] = { { ".debug_sup", "\5\0\0x", 5, 0 },
				       { ".debug_info", "x", 1, 0 } };
	struct s2_symbol_file files[] = {
		elf_with(&compressed, 1),
		elf_with(&text, 1),
		elf_with(dwz, 2),
		elf_with(sup, 2),
		{ .path = "text", .fd = memfd_create("text", 0) },
		{ .path = "none", .fd = -1 },
	};
	static const struct {
		enum s2_code code;
		const char *text;
	} want[] = { { S2_INVALID, "zstd" },
		     { S2_NOTFOUND, "no debugging" },
		     { S2_INVALID, "supplementary file (.gnu_debugaltlink)" },
		     { S2_INVALID, "supplementary file (.debug_sup)" },
		     { S2_INVALID, "not an ELF" },
		     { S2_INVALID, "none" } };

	(void)state;
	assert_int_equal(write(files[4].fd, "hello", 5), 5);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct s2_types *types;
		struct s2_err err;

		s2_err_init(&err);
		assert_int_equal(s2_dwarf_new(&files[i], NULL, &types, &err), want[i].code);
		assert_non_null(strstr(err.text, want[i].text));
		if (files[i].fd >= 0)
			close(files[i].fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(bit_fields),
		cmocka_unit_test(names),
		cmocka_unit_test(siblings),
		cmocka_unit_test(split_units),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(compressed_beyond_all_bounds),
	};

	self = (struct s2_symbol_file){ .path = "/proc/self/exe",
					.fd = open("/proc/self/exe", O_RDONLY) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
