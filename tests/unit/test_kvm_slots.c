// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots of a VM: as a tree with two sets of nodes, as an array, and torn.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_kvm_make.h"

#define NSLOTS 5
#define GMEM_FILE 0xffff000012345600
#define GMEM_PGOFF 0x777

/* By guest frame; sizes in pages. Number 3 is deleted, as a slot without pages in the array is. */
static const struct {
	uint64_t gfn, npages, hva;
	uint32_t flags;
	int id;
} slots[NSLOTS] = {
	{ 0, 0x10, 0x7f0000000000, 0, 4 },          { 0x100, 0x80, 0x7f1000000000, 2, 1 },
	{ 0x180, 0x80, 0x7f2000000000, 1, 2 },      { 0x4000, 0, 0x7f3000000000, 0, 3 },
	{ 0x40000, 0x20000, 0x7f4000000000, 4, 0 },
};

static void put_slot(struct kvmtest *t, uint64_t at, size_t i)
{
	set64(t, at + SLOT_GFN, slots[i].gfn);
	set64(t, at + SLOT_NPAGES, slots[i].npages);
	set64(t, at + SLOT_HVA, slots[i].hva);
	set_bytes(t, at + SLOT_FLAGS, slots[i].flags, 4);
	set_bytes(t, at + SLOT_ID, (uint64_t)slots[i].id, 2);
	/* Of a slot that is no guest_memfd's the two mean nothing. */
	set64(t, at + SLOT_GMEM_FILE, GMEM_FILE + i);
	set64(t, at + SLOT_GMEM_PGOFF, GMEM_PGOFF + i);
}

static uint64_t node_va(uint64_t array, size_t slot, unsigned int idx)
{
	return array + slot * SLOT_SIZE + SLOT_NODES + idx * 24;
}

/* Slots [first, end) as a balanced tree below @parent; returns its root. */
static uint64_t put_tree(struct kvmtest *t, uint64_t array, unsigned int idx, size_t first,
			 size_t end, uint64_t parent)
{
	size_t mid = (first + end) / 2;
	uint64_t node = node_va(array, mid, idx);

	if (first == end)
		return 0;
	set64(t, node, parent | (mid & 1));
	set64(t, node + 8, put_tree(t, array, idx, mid + 1, end, node));
	set64(t, node + 16, put_tree(t, array, idx, first, mid, node));
	return node;
}

/* The slots of the VM at @kvm in the set @idx; the nodes of the other set are rubbish. Returns the
 * set and, in @ret_array, the first slot. */
static uint64_t put_slots(struct kvmtest *t, uint64_t kvm, unsigned int idx, uint64_t *ret_array)
{
	uint64_t set, array;

	if (t->form->slot_tree) {
		set = heap_alloc(t, 16);
		array = heap_alloc(t, NSLOTS * SLOT_SIZE);
		for (size_t i = 0; i < NSLOTS; i++)
			for (unsigned int word = 0; word < 3; word++)
				set64(t, node_va(array, i, !idx) + word * 8, 0xdeaddeaddeaddeac);
		set64(t, set, put_tree(t, array, idx, 0, NSLOTS, 0));
		set_bytes(t, set + SLOTS_NODE_IDX, idx, 4);
	} else {
		set = heap_alloc(t, SLOTS_ARRAY + NSLOTS * SLOT_SIZE);
		array = set + SLOTS_ARRAY;
		set_bytes(t, set + SLOTS_USED, NSLOTS, 4);
	}
	/* The array of 5.15 is sorted the other way round (update_memslots(), kvm_main.c). */
	for (size_t i = 0; i < NSLOTS; i++)
		put_slot(t, array + i * SLOT_SIZE, t->form->slot_tree ? i : NSLOTS - 1 - i);
	set64(t, kvm + KVM_MEMSLOTS, set);
	*ret_array = array;
	return set;
}

static void check_slots(const struct kvmtest *t, const struct s2_table *table)
{
	size_t n = 0;

	assert_int_equal(t->lost.total, 0);
	assert_true(table->have_slots);
	assert_int_equal(table->nslots, NSLOTS - 1);
	for (size_t i = 0; i < NSLOTS; i++) {
		const struct s2_slot *slot = &table->slot[n];

		if (!slots[i].npages)
			continue;
		assert_int_equal(slot->ipa, slots[i].gfn * t->page);
		assert_int_equal(slot->size, slots[i].npages * t->page);
		assert_int_equal(slot->hva, slots[i].hva);
		assert_int_equal(slot->flags, slots[i].flags);
		assert_int_equal(slot->id, slots[i].id);
		assert_int_equal(slot->gmem_file,
				 t->form->gmem && slots[i].flags & 4 ? GMEM_FILE + i : 0);
		assert_int_equal(slot->gmem_pgoff,
				 t->form->gmem && slots[i].flags & 4 ? GMEM_PGOFF + i : 0);
		n++;
	}
}

static void slots_of_every_form(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			for (unsigned int idx = 0; idx < 2; idx++) {
				struct kvmtest t;
				uint64_t array;

				kvm_init(&t, &kvm_forms[f], &test_shapes[s], true);
				put_slots(&t, put_vm(&t, 1, 0x1000), idx, &array);
				put_vm(&t, 2, 0x2000);
				kvm_must(&t);
				check_slots(&t, table_of(&t, "vm:1"));
				assert_true(table_of(&t, "vm:2")->have_slots);
				assert_int_equal(table_of(&t, "vm:2")->nslots, 0);
				kvm_exit(&t);
			}
		}
	}
}

/* The VM has its table all the same, and it is said why it has no slots. */
static void must_remark(struct kvmtest *t, const char *text)
{
	const struct s2_table *table;

	kvm_must(t);
	assert_int_equal(t->tables.n, 1);
	table = &t->tables.table[0];
	assert_int_equal(table->root_pa, 0x1000);
	assert_false(table->have_slots);
	assert_int_equal(table->nslots, 0);
	assert_null(table->slot);
	if (!has_loss(t, table->id, text) || !has_loss(t, table->id, "memslots"))
		fail_msg("'%s' is not in '%s'", text, t->lost.n ? t->lost.loss[0].text : "");
}

static void broken_trees(void **state)
{
	(void)state;
	for (unsigned int idx = 0; idx < 2; idx++) {
		struct kvmtest t;
		uint64_t kvm, set, array, root, first;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		kvm = put_vm(&t, 1, 0x1000);
		set = put_slots(&t, kvm, idx, &array);
		root = node_va(array, 2, idx);
		first = node_va(array, 0, idx);
		assert_int_equal(get64(&t, set), root);
		/* The leftmost node leads back to the root, to itself, out of memory. */
		set64(&t, first + 16, root);
		must_remark(&t, "says 0x0");
		set64(&t, first + 16, first);
		must_remark(&t, "is below");
		set64(&t, first + 16, 0xffffdead00000000);
		must_remark(&t, "0xffffdead00000000");
		set64(&t, first + 16, 0);
		/* A circle in which each is its neighbour's parent: as deep as no tree is. */
		set64(&t, root, root);
		set64(&t, root + 16, root);
		set64(&t, set, root);
		must_remark(&t, "is below");
		set64(&t, root, 0);
		set64(&t, root + 16, node_va(array, 1, idx));
		kvm_must(&t);
		check_slots(&t, &t.tables.table[0]);
		/* The other set. */
		set_bytes(&t, set + SLOTS_NODE_IDX, 2, 4);
		must_remark(&t, "node_idx is 2");
		set_bytes(&t, set + SLOTS_NODE_IDX, UINT32_MAX, 4);
		must_remark(&t, "node_idx is");
		set_bytes(&t, set + SLOTS_NODE_IDX, idx, 4);
		/* A slot that no address space has. */
		set64(&t, array + SLOT_GFN, BIT64(40));
		must_remark(&t, "out of range");
		set64(&t, array + SLOT_GFN, 0);
		set64(&t, array + SLOT_NPAGES, UINT64_MAX);
		must_remark(&t, "out of range");
		set64(&t, array + SLOT_NPAGES, BIT64(40));
		must_remark(&t, "out of range");
		set64(&t, array + SLOT_NPAGES, slots[0].npages);
		/* The first one that is in the next slot, and the last that is not. */
		set64(&t, array + SLOT_NPAGES, slots[1].gfn + 1);
		must_remark(&t, "slots 4 and 1 overlap");
		set64(&t, array + SLOT_NPAGES, slots[1].gfn);
		kvm_must(&t);
		assert_true(t.tables.table[0].have_slots);
		assert_int_equal(t.tables.table[0].slot[0].size, slots[1].gfn * t.page);
		/* KVM_MEM_SLOTS_NUM is SHRT_MAX: a number below zero is none. */
		set_bytes(&t, array + SLOT_ID, UINT16_MAX, 2);
		must_remark(&t, "id -1");
		set_bytes(&t, array + SLOT_ID, INT16_MAX, 2);
		kvm_must(&t);
		assert_int_equal(t.tables.table[0].slot[0].id, INT16_MAX);
		set64(&t, kvm + KVM_MEMSLOTS, 0);
		kvm_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_false(t.tables.table[0].have_slots);
		assert_non_null(strstr(t.tables.table[0].remark, "is NULL"));
		set64(&t, kvm + KVM_MEMSLOTS, 0xffffdead00000000);
		must_remark(&t, "0x");
		kvm_exit(&t);
	}
}

static void broken_arrays(void **state)
{
	struct kvmtest t;
	uint64_t kvm, set, array;

	(void)state;
	kvm_init(&t, FORM_5_15, &test_shapes[0], true);
	kvm = put_vm(&t, 1, 0x1000);
	set = put_slots(&t, kvm, 0, &array);
	set_bytes(&t, set + SLOTS_USED, 32768, 4);
	must_remark(&t, "used_slots is 32768");
	set_bytes(&t, set + SLOTS_USED, UINT32_MAX, 4);
	must_remark(&t, "used_slots is");
	set_bytes(&t, set + SLOTS_USED, NSLOTS, 4);
	set64(&t, array + SLOT_GFN, UINT64_MAX);
	must_remark(&t, "out of range");
	set64(&t, array + SLOT_GFN, slots[NSLOTS - 1].gfn);
	kvm_must(&t);
	check_slots(&t, &t.tables.table[0]);
	/* More slots than there is memory. */
	set_bytes(&t, set + SLOTS_USED, 32767, 4);
	must_remark(&t, "0x");
	kvm_exit(&t);
}

/* As many slots as machines with pluggable memory have, in no order, up to the last address. */
static void many_slots(void **state)
{
	enum { MANY = 100 };
	struct kvmtest t;
	uint64_t set, kvm;

	(void)state;
	kvm_init(&t, FORM_5_15, &test_shapes[0], true);
	kvm = put_vm(&t, 1, 0x1000);
	set = heap_alloc(&t, SLOTS_ARRAY + MANY * SLOT_SIZE);
	set_bytes(&t, set + SLOTS_USED, MANY, 4);
	set64(&t, kvm + KVM_MEMSLOTS, set);
	for (unsigned int i = 0; i < MANY; i++) {
		uint64_t at = set + SLOTS_ARRAY + i * SLOT_SIZE;

		set64(&t, at + SLOT_GFN, BIT64(40) - 1 - i * 7 % MANY);
		set64(&t, at + SLOT_NPAGES, 1);
		set_bytes(&t, at + SLOT_ID, i, 2);
	}
	kvm_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(t.tables.table[0].nslots, MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		const struct s2_slot *slot = &t.tables.table[0].slot[i];

		assert_int_equal(slot->ipa, (BIT64(40) - MANY + i) * t.page);
		assert_int_equal((unsigned int)slot->id * 7 % MANY, MANY - 1 - i);
	}
	kvm_exit(&t);
}

/* A tree whose slots were left out of the dump. */
static void slots_that_are_not_in_the_dump(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		struct kvmtest t;
		uint64_t array;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		put_slots(&t, put_vm(&t, 1, 0x1000), 0, &array);
		t.k.mem.hole = t.k.shape.base + (uint64_t)(at_va(&t, array) - t.k.ram) + SLOT_SIZE;
		t.k.mem.hole_size = SLOT_SIZE;
		t.k.mem.hole_code = S2_EXCLUDED;
		must_remark(&t, "missing");
		kvm_exit(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_of_every_form),
		cmocka_unit_test(broken_trees),
		cmocka_unit_test(broken_arrays),
		cmocka_unit_test(many_slots),
		cmocka_unit_test(slots_that_are_not_in_the_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
