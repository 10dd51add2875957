// SPDX-License-Identifier: GPL-2.0-or-later
// A protected system's facts in a snapshot's note: what is written is read again, and each number
// at the ends of its range.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/pkvm/note.h"
#include "host/pkvm/pkvm.h"

static const char sound[] =
	"{ 'annotation': '0x3', 'host_in': '0x2', 'hyp_in': '0x2', 'ffa': '0x2', 'guests': '0x1', 'have_memory': '0x1',"
	"  'have_vmemmap': '0x1', 'vmemmap_va': '0x600000000000', 'phys_offset': '0xffff800000000000',"
	"  'page.size': '0x8', 'page.refcount': '0xffff', 'page.order': '0xff0000', 'page.host': '0xf000000',"
	"  'page.hyp': '0xf0000000', 'page.share': '0xffffffff00000000', 'reserved_pa': '0x40c00000',"
	"  'reserved_size': '0x100000', 'handle_first': '0x1000', 'ids': [-1, 0, 1, -1, 2, 255], 'types': [0, 1, 2, 255],"
	"  'values': [0, 1, 2, 3, 255, 0, 0, 0, 0, 0],"
	"  'vmemmap': ['0x40000', '0x1000', '0x40c00000', '0x50000', '0x10', '0x40d00000'],"
	"  'memory': ['0x40000000', '0x1000000', '0x0', '0x41000000', '0x1000', '0x1'],"
	"  'cpus': ['0x40100000', '0x400000002000', '0x40110000'] }";

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *ret;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	ret = json_loads(copy, JSON_DECODE_ANY, NULL);
	free(copy);
	assert_non_null(ret);
	return ret;
}

static void read_again(void **state)
{
	json_t *first = parse(sound), *second;
	struct s2_pkvm *pkvm = NULL;
	const char *key;
	struct s2_err err;
	json_t *value;

	(void)state;
	s2_err_init(&err);
	assert_int_equal(s2_pkvm_from_json(first, &pkvm, &err), S2_OK);
	assert_int_equal(pkvm->annotation, 3);
	assert_int_equal(pkvm->page.share, 0xffffffff00000000);
	assert_int_equal(pkvm->npieces, 2);
	assert_int_equal(pkvm->piece[1].pfn, 0x50000);
	assert_int_equal(pkvm->piece[1].n, 0x10);
	assert_int_equal(pkvm->piece[1].pa, 0x40d00000);
	assert_int_equal(pkvm->nmemory, 2);
	assert_int_equal(pkvm->memory[1].pa, 0x41000000);
	assert_int_equal(pkvm->memory[1].size, 0x1000);
	assert_false(pkvm->memory[0].nomap);
	assert_true(pkvm->memory[1].nomap);
	assert_int_equal(pkvm->ncpus, 1);
	assert_int_equal(pkvm->cpu[0].stack_va, 0x400000002000);
	assert_int_equal(pkvm->cpu[0].stack_pa, 0x40110000);
	assert_int_equal(pkvm->id[0], -1);
	assert_int_equal(pkvm->id[S2_NOWNERS - 1], 255);
	second = s2_pkvm_to_json(pkvm);
	json_object_foreach(first, key, value)
	{
		json_t *got = json_object_get(second, key);

		/* Lists are as long as there are kinds. */
		for (size_t i = 0; json_is_array(value) && i < json_array_size(got); i++)
			assert_true(json_equal(json_array_get(value, i), json_array_get(got, i)));
		if (!json_is_array(value) && !json_equal(value, got))
			fail_msg("%s changed", key);
	}
	json_decref(first);
	json_decref(second);
	s2_pkvm_free(pkvm);
}

/* One member changed: read, or refused by its name. */
static void ends_of_ranges(void **state)
{
	static const struct {
		const char *key, *value, *word; /* NULL: read */
	} row[] = {
		{ "annotation", "'0x4'", "encoding" },
		{ "host_in", "'0x3'", "encoding" },
		{ "hyp_in", "'0x3'", "encoding" },
		{ "ffa", "'0x3'", "encoding" },
		{ "page.size", "'0x9'", "encoding" },
		{ "page.size", "'0x7'", "struct hyp_page" },
		{ "page.size", "'0x4'", "struct hyp_page" },
		{ "page.size", "'0x0'", "struct hyp_page" },
		{ "guests", "'0x2'", "'guests' is out of range" },
		{ "have_memory", "'0x2'", "'have_memory' is out of range" },
		{ "annotation", "'0x100000000'", "'annotation' is out of range" },
		{ "vmemmap_va", "'0xffffffffffffffff'", NULL },
		{ "vmemmap_va", "'0x1ffffffffffffffff'", "vmemmap_va" },
		{ "vmemmap_va", "7", "vmemmap_va" },
		{ "ids", "[-2, 0, 0, 0, 0, 0]", "'ids'" },
		{ "ids", "[0, 0, 0, 0, 0, 256]", "'ids'" },
		{ "ids", "[0, 0, 0, 0, 0]", "'ids'" },
		{ "ids", "[0, '0', 0, 0, 0, 0]", "'ids'" },
		{ "types", "[-1, 0, 0, 0]", "'types'" },
		{ "types", "[0, 0, 0, 256]", NULL }, /* there are three */
		{ "types", "[0, 0, 256, 0]", "'types'" },
		{ "types", "[0]", "'types'" },
		{ "values", "[256, 0, 0, 0, 0, 0, 0, 0, 0, 0]", "'values'" },
		{ "values", "[]", "'values'" },
		{ "vmemmap", "['0x1', '0x0', '0x0']", "'vmemmap': element 0" },
		{ "vmemmap", "['0x10000000000000', '0x1', '0x0']", "'vmemmap': element 0" },
		{ "vmemmap", "['0xfffffffffffff', '0xfffffffffffff', '0x0']", NULL },
		{ "vmemmap", "['0x1', '0x10000000000000', '0x0']", "'vmemmap': element 0" },
		{ "vmemmap", "['0x1', '0x2', '0x0', '0x3', '0x1', '0x0']", NULL },
		{ "vmemmap", "['0x1', '0x2', '0x0', '0x2', '0x1', '0x0']", "'vmemmap': element 1" },
		{ "vmemmap", "['0x1', '0x2', 3]", "vmemmap" },
		{ "memory", "['0x1000', '0x0', '0x0']", "'memory': element 0" },
		{ "memory", "['0x1', '0x2', '0x0', '0x2', '0x1', '0x0']", "'memory': element 1" },
		{ "memory", "['0x1', '0x2', '0x0', '0x3', '0x1', '0x0']", NULL },
		{ "memory", "['0x1', '0x2', 3]", "memory" },
		{ "memory", "[]", NULL },
		{ "cpus", "[0, '0x0', '0x0']", "cpus" },
		{ "cpus", "[]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		json_t *note = parse(sound);
		struct s2_pkvm *pkvm = NULL;
		struct s2_err err;
		enum s2_code code;

		json_object_set_new(note, row[i].key, parse(row[i].value));
		s2_err_init(&err);
		code = s2_pkvm_from_json(note, &pkvm, &err);
		if (code != (row[i].word ? S2_INVALID : S2_OK) ||
		    (row[i].word && !strstr(err.text, row[i].word)))
			fail_msg("%s %s: %d '%s'", row[i].key, row[i].value, (int)code,
				 code ? err.text : "");
		s2_pkvm_free(pkvm);
		json_decref(note);
	}
}

/* Old notes lack numbers: they are 0. */
static void absent_is_zero(void **state)
{
	static const char *const keys[] = { "ffa", "handle_first", "reserved_pa", "phys_offset" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *note = parse(sound);
		struct s2_pkvm *pkvm = NULL;

		json_object_del(note, keys[i]);
		assert_int_equal(s2_pkvm_from_json(note, &pkvm, NULL), S2_OK);
		assert_int_equal(i == 0 ? (uint64_t)pkvm->ffa :
				 i == 1 ? pkvm->handle_first :
				 i == 2 ? pkvm->reserved_pa :
					  pkvm->phys_offset,
				 0);
		assert_int_equal(pkvm->annotation, 3);
		s2_pkvm_free(pkvm);
		json_decref(note);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_again),
		cmocka_unit_test(ends_of_ranges),
		cmocka_unit_test(absent_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
