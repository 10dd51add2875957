// SPDX-License-Identifier: GPL-2.0-or-later
// Lists, xarrays and trees in a kernel made by hand, sound and torn.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_kernel_make.h"

struct seen {
	uint64_t value[40], index[40];
	size_t n, stop;
};

static bool see(void *arg, uint64_t va)
{
	struct seen *seen = arg;

	assert_true(seen->n < 40);
	seen->value[seen->n++] = va;
	return seen->n != seen->stop;
}

static bool see_entry(void *arg, uint64_t index, uint64_t value)
{
	struct seen *seen = arg;

	seen->index[seen->n] = index;
	return see(arg, value);
}

static bool see_list(void *arg, const struct s2_list_candidate *c)
{
	return see(arg, c->va);
}

/* A list over @n nodes in the linear map, head in the image's data. */
static void put_list(struct kimage *k, uint64_t head_off, unsigned int n)
{
	uint64_t head = k->stext + DATA_AT + head_off, prev = head;
	uint64_t node = linear_va(k, k->shape.base + NOTE_AT) + 0x1000;

	for (unsigned int i = 0; i <= n; i++) {
		uint64_t at = i < n ? node + i * 0x40 : head;
		uint8_t *prev_bytes = prev == head ? in_image(k, DATA_AT + head_off) :
						     k->ram + NOTE_AT + 0x1000 + (i - 1) * 0x40;
		uint8_t *bytes = at == head ? in_image(k, DATA_AT + head_off) :
					      k->ram + NOTE_AT + 0x1000 + i * 0x40;

		put64(prev_bytes, at);
		put64(bytes + 8, prev);
		prev = at;
	}
}

static void lists(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	uint64_t head, node;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	head = k.stext + DATA_AT + 0x200;
	node = linear_va(&k, k.shape.base + NOTE_AT) + 0x1000;
	put_list(&k, 0x200, 0);
	assert_int_equal(s2_kernel_list(kernel, head, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 0);
	put_list(&k, 0x200, 5);
	assert_int_equal(s2_kernel_list(kernel, head, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(seen.value[i], node + i * 0x40);
	seen = (struct seen){ .stop = 2 };
	assert_int_equal(s2_kernel_list(kernel, head, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 2);
	/* Node 3 leads back to node 1: what came before was seen. */
	put64(k.ram + NOTE_AT + 0x1000 + 3 * 0x40, node + 0x40);
	seen = (struct seen){ .n = 0 };
	assert_int_equal(s2_kernel_list(kernel, head, see, &seen, NULL), S2_LOOP);
	assert_int_equal(seen.n, 4);
	/* Node 3 leads to what is not mapped, or nowhere. */
	put64(k.ram + NOTE_AT + 0x1000 + 3 * 0x40, 0);
	assert_int_equal(s2_kernel_list(kernel, head, see, &seen, NULL), S2_INVALID);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* The entry at @index must be @value, 0: none, and begin at @first. */
static void must_load(struct s2_kernel *kernel, uint64_t xa, uint64_t index, uint64_t value,
		      uint64_t first)
{
	struct s2_xa_layout layout;
	uint64_t got = 0, got_first = 0, got_last = index, again = 0;

	assert_int_equal(s2_kernel_xa_layout(kernel, &layout, NULL), S2_OK);
	assert_int_equal(s2_kernel_xa_load(kernel, &layout, xa, index, &got, &got_first, &got_last,
					   NULL),
			 value ? S2_OK : S2_NOTFOUND);
	assert_int_equal(got, value);
	assert_int_equal(got_first, first);
	/* The last that has it has the same, and is of an entry as large as its slot. */
	assert_true(got_last >= index);
	if (value) {
		assert_int_equal(s2_kernel_xa_load(kernel, &layout, xa, got_last, &again,
						   &got_first, &got_last, NULL),
				 S2_OK);
		assert_int_equal(again, value);
		assert_int_equal(got_first, first);
	}
}

static enum s2_code load(struct s2_kernel *kernel, uint64_t xa, uint64_t index)
{
	struct s2_xa_layout layout;
	uint64_t value, first, last;

	assert_int_equal(s2_kernel_xa_layout(kernel, &layout, NULL), S2_OK);
	return s2_kernel_xa_load(kernel, &layout, xa, index, &value, &first, &last, NULL);
}

static void xarrays(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	uint64_t xa, root, leaf;
	uint8_t *root_bytes, *leaf_bytes, *head;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	xa = k.stext + DATA_AT + 0x300;
	head = in_image(&k, DATA_AT + 0x308);
	root = linear_va(&k, k.shape.base + NOTE_AT) + 0x2000;
	root_bytes = k.ram + NOTE_AT + 0x2000;
	leaf = root + 0x400;
	leaf_bytes = root_bytes + 0x400;
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 0);
	must_load(kernel, xa, 0, 0, 0);
	put64(head, 0xffff000012345678); /* one entry, no node */
	must_load(kernel, xa, 0, 0xffff000012345678, 0);
	must_load(kernel, xa, 1, 0, 0);
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.index[0], 0);
	assert_int_equal(seen.value[0], 0xffff000012345678);
	/* Two levels: index 2 * 64 + 3, a value entry, a sibling, a retry and a zero entry. */
	put64(head, root | 2);
	root_bytes[0] = 6;
	put64(root_bytes + 40 + 2 * 8, leaf | 2);
	put64(root_bytes + 40 + 5 * 8, 0xffff000000001000); /* a multi-index entry at shift 6 */
	put64(root_bytes + 40 + 6 * 8, 5 << 2 | 2);
	put64(leaf_bytes + 40 + 3 * 8, 0xffff000000002000);
	put64(leaf_bytes + 40 + 4 * 8, 9 << 1 | 1);
	put64(leaf_bytes + 40 + 5 * 8, 256 << 2 | 2);
	put64(leaf_bytes + 40 + 6 * 8, 257 << 2 | 2);
	put64(leaf_bytes + 40 + 63 * 8, 0xffff000000003000);
	seen = (struct seen){ .n = 0 };
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 4);
	assert_int_equal(seen.index[0], 131);
	assert_int_equal(seen.value[0], 0xffff000000002000);
	assert_int_equal(seen.index[1], 132);
	assert_int_equal(seen.value[1], 19);
	assert_int_equal(seen.index[2], 191);
	assert_int_equal(seen.index[3], 320);
	must_load(kernel, xa, 131, 0xffff000000002000, 131);
	must_load(kernel, xa, 132, 19, 132);
	must_load(kernel, xa, 133, 0, 0); /* retry, */
	must_load(kernel, xa, 134, 0, 0); /* zero, */
	must_load(kernel, xa, 135, 0, 0); /* nothing */
	must_load(kernel, xa, 191, 0xffff000000003000, 191);
	must_load(kernel, xa, 3, 0, 0);
	/* An entry of two slots of 64 indices each begins where its first slot does. */
	must_load(kernel, xa, 319, 0, 0);
	must_load(kernel, xa, 320, 0xffff000000001000, 320);
	must_load(kernel, xa, 383, 0xffff000000001000, 320);
	must_load(kernel, xa, 384, 0xffff000000001000, 320);
	must_load(kernel, xa, 447, 0xffff000000001000, 320);
	must_load(kernel, xa, 448, 0, 0);
	/* Beyond the root, whose slots would say otherwise. */
	must_load(kernel, xa, 4096 + 131, 0, 0);
	must_load(kernel, xa, UINT64_MAX, 0, 0);
	seen = (struct seen){ .stop = 1 };
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 1);
	/* A node below itself. */
	put64(root_bytes + 40, root | 2);
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_LOOP);
	assert_int_equal(load(kernel, xa, 5), S2_LOOP);
	/* Shifts that no node has, and a node below the last level. */
	root_bytes[0] = 7;
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_LOOP);
	assert_int_equal(load(kernel, xa, 5), S2_LOOP);
	root_bytes[0] = 66;
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_LOOP);
	assert_int_equal(load(kernel, xa, 5), S2_LOOP);
	root_bytes[0] = 0;
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_LOOP);
	put64(head, 0xdead0002);
	assert_int_equal(s2_kernel_xarray(kernel, xa, see_entry, &seen, NULL), S2_INVALID);
	assert_int_equal(load(kernel, xa, 5), S2_INVALID);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* Five levels of one node each, all of whose slots lead to the next: 2^30 ways down. */
static void xarray_with_shared_nodes(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	enum s2_code code = S2_OK;
	uint64_t node;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	node = linear_va(&k, k.shape.base + NOTE_AT) + 0x2000;
	put64(in_image(&k, DATA_AT + 0x308), node | 2);
	for (unsigned int i = 0; i < 5; i++) {
		uint8_t *bytes = k.ram + NOTE_AT + 0x2000 + i * 0x400;

		bytes[0] = (uint8_t)(24 - i * 6);
		for (unsigned int slot = 0; slot < 64 && i < 4; slot++)
			put64(bytes + 40 + slot * 8, (node + (i + 1) * 0x400) | 2);
	}
	assert_int_equal(s2_kernel_xarray(kernel, k.stext + DATA_AT + 0x300, see_entry, &seen,
					  NULL),
			 S2_LOOP);
	assert_int_equal(seen.n, 0);
	/* All arrays of a kernel together have an end as well. */
	for (unsigned int i = 0; i < 16 && code != S2_BUDGET; i++)
		code = s2_kernel_xarray(kernel, k.stext + DATA_AT + 0x300, see_entry, &seen, NULL);
	assert_int_equal(code, S2_BUDGET);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* Node @i of a heap-shaped tree over 1..n: in-order is what a sorted tree would be. */
static void put_tree(struct kimage *k, unsigned int i, unsigned int n)
{
	uint64_t base = linear_va(k, k->shape.base + NOTE_AT) + 0x3000;
	uint8_t *at = k->ram + NOTE_AT + 0x3000 + i * 0x40;

	put64(at, (i == 1 ? 0 : base + i / 2 * 0x40) | 1);
	put64(at + 8, 2 * i + 1 <= n ? base + (2 * i + 1) * 0x40 : 0);
	put64(at + 16, 2 * i <= n ? base + 2 * i * 0x40 : 0);
	if (2 * i <= n)
		put_tree(k, 2 * i, n);
	if (2 * i + 1 <= n)
		put_tree(k, 2 * i + 1, n);
}

static void trees(void **state)
{
	static const unsigned int in_order[] = { 8, 4, 9, 2, 10, 5, 11, 1, 12, 6, 3, 7 };
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	uint64_t root, base;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	root = k.stext + DATA_AT + 0x400;
	base = linear_va(&k, k.shape.base + NOTE_AT) + 0x3000;
	assert_int_equal(s2_kernel_rbtree(kernel, root, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 0);
	put64(in_image(&k, DATA_AT + 0x400), base + 0x40);
	put_tree(&k, 1, 12);
	assert_int_equal(s2_kernel_rbtree(kernel, root, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 12);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(seen.value[i], base + in_order[i] * 0x40);
	seen = (struct seen){ .stop = 3 };
	assert_int_equal(s2_kernel_rbtree(kernel, root, see, &seen, NULL), S2_OK);
	assert_int_equal(seen.n, 3);
	/* A node with one child twice, and one that leads up again. */
	put64(k.ram + NOTE_AT + 0x3000 + 7 * 0x40 + 8, base + 0x40);
	seen = (struct seen){ .n = 0 };
	assert_int_equal(s2_kernel_rbtree(kernel, root, see, &seen, NULL), S2_LOOP);
	assert_int_equal(seen.n, 12);
	put64(k.ram + NOTE_AT + 0x3000 + 4 * 0x40 + 8, base + 8 * 0x40);
	assert_int_equal(s2_kernel_rbtree(kernel, root, see, &seen, NULL), S2_LOOP);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

static bool see_piece(void *arg, const struct s2_kva_piece *piece)
{
	return see(arg, piece->va);
}

/* What else is mapped near the image does not belong to it. */
static void image_pieces(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };

	(void)state;
	make(&k, &test_shapes[0], true);
	map_range(&k, k.stext + 0x700000, k.shape.base, 0x10000, true);
	kernel = open_noted(&k);
	assert_int_equal(s2_kernel_image(kernel, see_piece, &seen, NULL, NULL), S2_OK);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.value[0], k.stext);
	assert_int_equal(seen.value[1], k.stext + DATA_AT);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

static void lists_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSHAPES; i++) {
		struct kimage k;
		struct s2_kernel *kernel;
		struct seen seen = { .n = 0 };
		struct s2_list_doubt doubt;

		make(&k, &test_shapes[i], true);
		kernel = open_noted(&k);
		put_list(&k, 0x200, 3);
		put_list(&k, 0x10000 - 8,
			 2); /* straddles the chunks in which data is read; takes over the nodes */
		put_list(&k, 0x500, 0); /* empty */
		put64(in_image(&k, DATA_AT + 0x600),
		      k.stext + DATA_AT + 0x608); /* points about, but is no list */
		put64(in_image(&k, DATA_AT + 0x608), k.stext + DATA_AT + 0x700);
		assert_int_equal(s2_kernel_scan_lists(kernel, see_list, &seen, &doubt, NULL),
				 S2_OK);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.value[0], k.stext + DATA_AT + 0x10000 - 8);
		assert_int_equal(doubt.gaps.bytes, 0);
		assert_int_equal(doubt.unchecked, 0);
		s2_kernel_close(kernel);
		kimage_free(&k);
	}
}

/* Whichever page of the data is missing, the list is found, unless it is the head's own: and then
 * that is known. */
static void lists_are_found_beside_any_hole(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	put_list(&k, 0x10000 - 8, 3);
	k.mem.hole_size = 4096;
	k.mem.hole_code = S2_EXCLUDED;
	for (uint64_t off = 0; off < DATA_SIZE; off += 4096) {
		struct seen seen = { .n = 0 };
		struct s2_list_doubt doubt;
		bool head = off == 0xf000 || off == 0x10000;

		k.mem.hole = image_pa(&k, DATA_AT + off);
		assert_int_equal(s2_kernel_scan_lists(kernel, see_list, &seen, &doubt, NULL),
				 S2_OK);
		assert_int_equal(seen.n, !head);
		assert_int_equal(doubt.gaps.bytes, 4096);
		assert_int_equal(doubt.gaps.pa, k.mem.hole);
		assert_int_equal(doubt.gaps.code, S2_EXCLUDED);
		assert_int_equal(doubt.unchecked, 0);
	}
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* Members that are missing do not make the place that points to them no list. */
static void lists_whose_members_are_missing(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	struct s2_list_doubt doubt;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	put_list(&k, 0x200, 3);
	k.mem.hole_code = S2_TRUNCATED;
	k.mem.hole = k.shape.base + NOTE_AT + 0x1000; /* the first, but not the last */
	k.mem.hole_size = 0x40;
	assert_int_equal(s2_kernel_scan_lists(kernel, see_list, &seen, &doubt, NULL), S2_OK);
	assert_int_equal(seen.n, 0);
	assert_int_equal(doubt.gaps.bytes, 0);
	assert_int_equal(doubt.unchecked, 1);
	assert_int_equal(doubt.va, k.stext + DATA_AT + 0x200);
	assert_int_equal(doubt.code, S2_TRUNCATED);
	/* What the other neighbour denies is no list, whatever is missing. */
	put64(k.ram + NOTE_AT + 0x1080, 0);
	assert_int_equal(s2_kernel_scan_lists(kernel, see_list, &seen, &doubt, NULL), S2_OK);
	assert_int_equal(seen.n, 0);
	assert_int_equal(doubt.unchecked, 0);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* A table of the kernel's own is missing: what it would map is counted. */
static void image_behind_a_missing_table(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct seen seen = { .n = 0 };
	struct s2_list_doubt doubt;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	k.mem.hole_code = S2_EXCLUDED;
	k.mem.hole = k.shape.base + TABLES_AT;
	k.mem.hole_size = TABLES_END - TABLES_AT;
	assert_int_equal(s2_kernel_scan_lists(kernel, see_list, &seen, &doubt, NULL), S2_NOTFOUND);
	assert_int_equal(doubt.gaps.bytes, UINT64_C(1) << 30);
	assert_int_equal(doubt.gaps.code, S2_EXCLUDED);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(xarrays),
		cmocka_unit_test(xarray_with_shared_nodes),
		cmocka_unit_test(trees),
		cmocka_unit_test(image_pieces),
		cmocka_unit_test(lists_are_found),
		cmocka_unit_test(lists_are_found_beside_any_hole),
		cmocka_unit_test(lists_whose_members_are_missing),
		cmocka_unit_test(image_behind_a_missing_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
