// SPDX-License-Identifier: GPL-2.0-or-later
// kallsyms in all its encodings, with tables written after scripts/kallsyms.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/kallsyms.h"
#include "test_kernel_image.h"

static char long_name[600]; /* more than 127 tokens, type letter first */

#define V 0xffff800080400000ULL /* _stext of the 4K/48 shape */

static const struct ksym syms[] = {
	{ "T_text", V - 0x10000 },
	{ "T_stext", V },
	{ "t__kvm_nvhe_one", V + 0x100 },
	{ "D_vm_list", V + 0x180000 },
	{ "Dvm_list", V + 0x180010 },
	{ "ttwice", V + 0x200 },
	{ "ttwice", V + 0x300 },
	{ "tsame", V + 0x400 },
	{ "Tsame", V + 0x400 },
	{ long_name, V + 0x500 },
	{ "b__kvm_nvhe_two", V + 0x181000 },
	{ "tvm_lis", V + 0x600 },
	{ "tvm_listt", V + 0x700 },
	{ "rlast", V + 0x80 },
};
#define NSYMS ((uint32_t)(sizeof(syms) / sizeof(syms[0])))

struct opened {
	struct kimage k;
	struct s2_vmcoreinfo info;
	struct s2_kva_facts facts;
};

static void make(struct opened *o, enum kenc enc, bool two)
{
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[0] = 't';
	/* One byte of length cannot tell of more than 255 tokens. */
	if (!two)
		long_name[200] = '\0';
	kimage_init(&o->k, &test_shapes[0]);
	assert_int_equal(o->k.stext, V);
	put_kallsyms(&o->k, syms, NSYMS, enc, two);
	assert_int_equal(s2_vmcoreinfo_init(&o->info, o->k.info, strlen(o->k.info), NULL), S2_OK);
	assert_int_equal(s2_kva_facts_from(&o->info, &o->facts, NULL), S2_OK);
}

static enum s2_code open_it(struct opened *o, struct s2_kallsyms *ks, struct s2_err *err)
{
	struct s2_budget room;

	s2_room_init(&room, &o->k.mem.mem);
	return s2_kallsyms_open(ks, &o->k.mem.mem, &o->info, &o->facts, &room, err);
}

static void all_encodings(void **state)
{
	static const enum s2_kallsyms_encoding want_encoding[] = {
		S2_KALLSYMS_ABSOLUTE, S2_KALLSYMS_RELATIVE, S2_KALLSYMS_PERCPU, S2_KALLSYMS_PLACE
	};

	(void)state;
	for (int enc = KENC_ABSOLUTE; enc <= KENC_PLACE; enc++) {
		for (int two = 0; two < 2; two++) {
			struct s2_symbol wanted[] = {
				{ .name = "vm_list" },        { .name = "_stext" },
				{ .name = "twice" },          { .name = "same" },
				{ .name = long_name + 1 },    { .name = "nope" },
				{ .name = "last" },           { .name = "" },
				{ .name = "__kvm_nvhe_two" },
			};
			struct s2_symbol_query query;
			struct s2_kallsyms ks;
			struct opened o;

			make(&o, (enum kenc)enc, two);
			assert_int_equal(open_it(&o, &ks, NULL), S2_OK);
			assert_int_equal(ks.encoding, want_encoding[enc]);
			assert_int_equal(ks.nsyms, NSYMS);
			assert_int_equal(ks.ndata, 4);
			s2_symbol_query_init(&query, wanted, 9);
			query.source = S2_SYM_KALLSYMS;
			assert_int_equal(s2_kallsyms_query(&ks, &query, NULL), S2_OK);
			assert_int_equal(wanted[0].value, V + 0x180010);
			assert_int_equal(wanted[0].hits, 1);
			assert_int_equal(wanted[1].value, V);
			assert_int_equal(wanted[2].value, V + 0x200);
			assert_int_equal(wanted[2].hits, 2);
			assert_int_equal(wanted[3].hits, 1);
			assert_int_equal(wanted[4].value, V + 0x500);
			assert_int_equal(wanted[5].hits, 0);
			assert_int_equal(wanted[5].source, S2_SYM_NONE);
			assert_int_equal(wanted[6].value, V + 0x80);
			assert_int_equal(wanted[7].hits, 0);
			assert_int_equal(wanted[8].value, V + 0x181000);
			s2_kallsyms_close(&ks);
			kimage_free(&o.k);
		}
	}
}

struct seen {
	unsigned int n, stop;
	uint64_t value[4];
};

static bool see(void *arg, const char *name, uint64_t value)
{
	struct seen *seen = arg;

	assert_memory_equal(name, "__kvm_nvhe_", 11);
	assert_true(seen->n < 4);
	seen->value[seen->n++] = value;
	return seen->n != seen->stop;
}

static void prefixes(void **state)
{
	struct seen seen = { .n = 0 };
	struct s2_symbol_query query = {
		.prefix = "__kvm_nvhe_", .prefix_len = 11, .each = see, .arg = &seen
	};
	struct s2_kallsyms ks;
	struct opened o;

	(void)state;
	make(&o, KENC_PLACE, true);
	assert_int_equal(open_it(&o, &ks, NULL), S2_OK);
	assert_int_equal(s2_kallsyms_query(&ks, &query, NULL), S2_OK);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.value[0], V + 0x100);
	assert_int_equal(seen.value[1], V + 0x181000);
	seen = (struct seen){ .stop = 1 };
	assert_int_equal(s2_kallsyms_query(&ks, &query, NULL), S2_OK);
	assert_int_equal(seen.n, 1);
	s2_kallsyms_close(&ks);
	kimage_free(&o.k);
}

static void encodings_have_names(void **state)
{
	(void)state;
	assert_string_equal(s2_kallsyms_encoding_name(S2_KALLSYMS_ABSOLUTE), "absolute");
	assert_string_equal(s2_kallsyms_encoding_name(S2_KALLSYMS_RELATIVE), "base-relative");
	assert_string_equal(s2_kallsyms_encoding_name(S2_KALLSYMS_PERCPU),
			    "base-relative with absolute per-CPU");
	assert_string_equal(s2_kallsyms_encoding_name(S2_KALLSYMS_PLACE), "place-relative");
	assert_string_equal(s2_kallsyms_encoding_name(S2_KALLSYMS_NENCODINGS), "unknown");
}

/* Kernels before 6.0 do not say where the tables are. */
static void not_told(void **state)
{
	struct s2_kallsyms ks;
	struct opened o;
	struct s2_err err;
	char *line;

	(void)state;
	make(&o, KENC_RELATIVE, true);
	line = strstr(o.k.info, "SYMBOL(kallsyms_names)");
	line[0] = 'X';
	s2_err_init(&err);
	assert_int_equal(open_it(&o, &ks, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "before 6.0"));
	line[0] = 'S';
	line = strstr(o.k.info, "SYMBOL(kallsyms_offsets)");
	line[0] = 'X';
	assert_int_equal(open_it(&o, &ks, &err), S2_NOTFOUND);
	kimage_free(&o.k);
}

static uint64_t told(const struct opened *o, const char *name)
{
	uint64_t va = 0;

	assert_int_equal(s2_vmcoreinfo_get(&o->info, S2_VI_SYMBOL, name, &va, NULL), S2_OK);
	return va;
}

/* Tables that make no sense are refused with a word on what. */
static void broken_tables(void **state)
{
	static const struct {
		const char *where; /* symbol */
		uint32_t off, value;
		const char *text;
	} rows[] = {
		{ "kallsyms_num_syms", 0, 0, "not plausible" },
		{ "kallsyms_num_syms", 0, 0x7fffffff, "not plausible" },
		{ "kallsyms_num_syms", 0, 100000, "do not fit" },
		{ "kallsyms_names", 0, 0, "runs out" },
		{ "kallsyms_names", 0, 0xffffffff, "runs out" },
		{ "kallsyms_token_index", 0, 0xffffffff, "token 0" },
		{ "kallsyms_offsets", 4, 0x12345678, "no known encoding" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_kallsyms ks;
		struct opened o;
		struct s2_err err;

		make(&o, KENC_RELATIVE, true);
		put32(at_pa(&o.k, told(&o, rows[i].where) - o.k.voffset + rows[i].off),
		      rows[i].value);
		s2_err_init(&err);
		assert_int_equal(open_it(&o, &ks, &err), S2_INVALID);
		assert_non_null(strstr(err.text, rows[i].text));
		kimage_free(&o.k);
	}
}

static void missing_tables_keep_their_code(void **state)
{
	static const char *const names[] = { "kallsyms_num_syms",    "kallsyms_names",
					     "kallsyms_token_table", "kallsyms_token_index",
					     "kallsyms_offsets",     "kallsyms_relative_base" };
	struct opened o;

	(void)state;
	make(&o, KENC_RELATIVE, true);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct s2_kallsyms ks;
		struct s2_err err;

		o.k.mem.hole = told(&o, names[i]) - o.k.voffset;
		o.k.mem.hole_size = 1;
		o.k.mem.hole_code = S2_TRUNCATED;
		assert_int_equal(open_it(&o, &ks, NULL), S2_TRUNCATED);
		s2_err_init(&err);
		assert_int_equal(open_it(&o, &ks, &err), S2_TRUNCATED);
		assert_non_null(strstr(err.text, "kallsyms"));
	}
	kimage_free(&o.k);
}

/* Random damage anywhere in the tables and in what VMCOREINFO tells of them. */
static void hostile(void **state)
{
	uint64_t rnd = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct s2_symbol wanted[] = { { .name = "vm_list" }, { .name = "nope" } };
		struct s2_symbol_query query;
		struct s2_kallsyms ks;
		static struct opened o;
		bool fresh = round % 100 == 0;

		if (fresh) {
			if (o.k.ram)
				kimage_free(&o.k);
			make(&o, (enum kenc)(round / 100 % 4), round / 400 % 2);
		}
		in_image(&o.k, KALLSYMS_AT)[test_rnd(&rnd) % 3000] ^=
			(uint8_t)(1 << test_rnd(&rnd) % 8);
		if (round % 7 == 0) {
			char *line = strstr(o.k.info, "SYMBOL(kallsyms_");

			line = strchr(line, '=') + 10 + test_rnd(&rnd) % 6;
			if (*line >= '0' && *line <= '9')
				*line = (char)('0' + test_rnd(&rnd) % 10);
		}
		if (open_it(&o, &ks, NULL))
			continue;
		s2_symbol_query_init(&query, wanted, 2);
		query.source = S2_SYM_KALLSYMS;
		(void)!s2_kallsyms_query(&ks, &query, NULL);
		s2_kallsyms_close(&ks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_encodings),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(encodings_have_names),
		cmocka_unit_test(not_told),
		cmocka_unit_test(broken_tables),
		cmocka_unit_test(missing_tables_keep_their_code),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
