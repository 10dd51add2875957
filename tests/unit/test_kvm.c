// SPDX-License-Identifier: GPL-2.0-or-later
// From a kernel's memory to the tables of its VMs: the list, registers, vCPUs, nested guests.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_kvm_make.h"
#include "decode/arm64/arm64.h"

/* Every release and every page size: VMs with a table, its registers and who owns it. */
static void vms(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			struct kvmtest t;
			const struct s2_table *table;
			struct s2_geometry geom;
			uint64_t old, young;

			kvm_init(&t, &kvm_forms[f], &test_shapes[s], true);
			old = put_vm(&t, 100, 0x12340000);
			put_vcpus(&t, old, 1, HCR_E2H_FWB);
			young = put_vm(&t, 200, 0x56780000);
			put_vcpus(&t, young, 3, BIT64(34));
			kvm_must(&t);
			assert_int_equal(t.tables.nvms, 2);
			assert_int_equal(t.tables.n, 2);
			assert_string_equal(t.tables.found, "vm_list (symbol, kallsyms)");
			assert_string_equal(t.tables.release, "6.12.0-test");
			assert_string_equal(t.tables.build_id, "0123456789abcdef");
			assert_null(t.tables.kept);
			table = &t.tables.table[0]; /* oldest first */
			assert_string_equal(table->id, "vm:100");
			assert_string_equal(table->kind, "stage2");
			assert_int_equal(t.lost.total, 0);
			assert_int_equal(table->root_pa, 0x12340000);
			assert_int_equal(table->object_va, old);
			assert_int_equal(table->pid, 100);
			assert_int_equal(table->vcpus, 1);
			assert_true(table->have_slots);
			assert_int_equal(table->nslots, 0);
			assert_ptr_equal(table->regime.arch, &s2_arm64_stage2);
			assert_int_equal(table->regime.have,
					 BIT64(S2_ARM64_VTCR_EL2) | BIT64(S2_ARM64_HCR_EL2));
			assert_int_equal(table->regime.value[S2_ARM64_VTCR_EL2], TEST_VTCR);
			assert_int_equal(table->regime.value[S2_ARM64_HCR_EL2], HCR_E2H_FWB);
			assert_int_equal(s2_arm64_stage2.shape(&table->regime, &geom, NULL), S2_OK);
			assert_int_equal(geom.ia_bits, 40);
			assert_true(geom.flags & S2_G_FWB);
			table = &t.tables.table[1];
			assert_string_equal(table->id, "vm:200");
			assert_int_equal(table->root_pa, 0x56780000);
			assert_int_equal(table->object_va, young);
			assert_int_equal(table->vcpus, 3);
			assert_int_equal(table->regime.value[S2_ARM64_HCR_EL2], BIT64(34));
			assert_int_equal(s2_arm64_stage2.shape(&table->regime, &geom, NULL), S2_OK);
			assert_false(geom.flags & S2_G_FWB);
			kvm_exit(&t);
		}
	}
}

/* Kernels whose struct kvm says less of its MMU, or holds the table itself. */
static const struct kvm_form kvm_5_10 = { "5.10", .mmu = MMU_KVM };
static const struct kvm_form kvm_5_9 = { "5.9", .mmu = MMU_NO_PGT };
static const struct kvm_form kvm_5_4 = { "5.4", .mmu = MMU_NONE };
static const struct kvm_form kvm_4_19 = { "4.19", .mmu = MMU_NO_VTCR };

static void old_kernels(void **state)
{
	static const struct kvm_form *const forms[] = { &kvm_5_10, &kvm_5_9, &kvm_5_4 };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		for (int with_data = 0; with_data < 2; with_data++) {
			struct kvmtest t;
			uint64_t kvm;

			kvm_init(&t, forms[f], &test_shapes[0], with_data);
			kvm = put_vm(&t, 100, 0x12340000);
			put_vcpus(&t, kvm, 1, HCR_E2H_FWB);
			if (!with_data && forms[f] == &kvm_5_4) {
				assert_int_equal(kvm_ask(&t), S2_NOTFOUND);
				assert_non_null(strstr(t.err.text, "nothing to tell it by"));
				kvm_exit(&t);
				continue;
			}
			kvm_must(&t);
			assert_int_equal(t.tables.n, 1);
			assert_string_equal(t.tables.table[0].id, "vm:100");
			assert_int_equal(t.tables.table[0].root_pa, 0x12340000);
			assert_int_equal(t.tables.table[0].regime.value[S2_ARM64_VTCR_EL2],
					 TEST_VTCR);
			kvm_exit(&t);
		}
	}
}

/* 4.19 keeps VTCR_EL2 nowhere: the member is named, and what reads a table all the same. */
static void without_vtcr(void **state)
{
	struct kvmtest t;

	(void)state;
	kvm_init(&t, &kvm_4_19, &test_shapes[0], true);
	put_vm(&t, 100, 0x12340000);
	assert_int_equal(kvm_ask(&t), S2_NOTFOUND);
	assert_non_null(strstr(t.err.text, "member arch.vtcr"));
	assert_non_null(strstr(t.err.text, "KVM's structures"));
	kvm_exit(&t);
}

static void no_vms(void **state)
{
	(void)state;
	for (int with_data = 0; with_data < 2; with_data++) {
		struct kvmtest t;

		kvm_init(&t, FORM_6_18, &test_shapes[0], with_data);
		kvm_must(&t);
		assert_int_equal(t.tables.nvms, 0);
		assert_int_equal(t.tables.n, 0);
		assert_string_equal(t.tables.found, with_data ? "vm_list (symbol, kallsyms)" : "");
		assert_int_equal(t.tables.mode, S2_KVM_UNKNOWN);
		kvm_exit(&t);
	}
}

/* An empty list head in the image's data. */
static uint64_t put_head(struct kvmtest *t, uint64_t off)
{
	uint64_t head = t->k.stext + DATA_AT + off;

	set64(t, head, head);
	set64(t, head + 8, head);
	return head;
}

/* Debian's 6.1: kallsyms has functions only. */
static void list_by_its_members(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			struct kvmtest t;
			uint64_t decoy, kvm, second;

			kvm_init(&t, &kvm_forms[f], &test_shapes[s], false);
			/* Nodes that are no VM, */
			decoy = put_head(&t, 0x20);
			link_vm(&t, decoy, heap_alloc(&t, KVM_SIZE));
			link_vm(&t, decoy, heap_alloc(&t, KVM_SIZE));
			/* one whose page table belongs to another MMU, */
			decoy = put_head(&t, 0x100);
			kvm = heap_alloc(&t, KVM_SIZE);
			put_vm_at(&t, decoy, kvm, 1, 0x1000);
			set64(&t, get64(&t, kvm + KVM_ARCH + MMU_PGT) + PGT_MMU, kvm);
			/* one whose MMU belongs to another VM, */
			decoy = put_head(&t, 0x140);
			kvm = heap_alloc(&t, KVM_SIZE);
			put_vm_at(&t, decoy, kvm, 2, 0x2000);
			set64(&t, kvm + KVM_ARCH + MMU_OWNER, kvm);
			/* and VMs with another thing behind them. */
			decoy = put_head(&t, 0x180);
			link_vm(&t, decoy, heap_alloc(&t, KVM_SIZE));
			put_vm_at(&t, decoy, heap_alloc(&t, KVM_SIZE), 3, 0x3000);
			kvm_must(&t);
			assert_int_equal(t.tables.nvms, 0);
			assert_string_equal(t.tables.found, "");
			put_vm(&t, 4, 0x4000);
			put_vm(&t, 5, 0x5000);
			kvm_must(&t);
			assert_int_equal(t.tables.nvms, 2);
			assert_non_null(strstr(t.tables.found, "by its members"));
			assert_int_equal(table_of(&t, "vm:4")->root_pa, 0x4000);
			assert_int_equal(table_of(&t, "vm:5")->root_pa, 0x5000);
			/* Two lists of VMs: nothing says which is right. */
			second = put_head(&t, 0x1c0);
			put_vm_at(&t, second, heap_alloc(&t, KVM_SIZE), 6, 0x6000);
			assert_int_equal(kvm_ask(&t), S2_INVALID);
			assert_non_null(strstr(t.err.text, "more than one list of VMs"));
			kvm_exit(&t);
		}
	}
}

/* Each page of the kernel's data is missing in turn: the VM is found, unless the head was there;
 * then that is told, and nobody may say that there is no VM. */
static void list_beside_any_hole(void **state)
{
	struct kvmtest t;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], false);
	put_vm(&t, 1, 0x1000);
	kvm_open(&t);
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	for (uint64_t off = 0; off < DATA_SIZE; off += 4096) {
		bool head = off == 0;

		t.k.mem.hole = image_pa(&t.k, DATA_AT + off);
		kvm_must(&t);
		assert_int_equal(t.tables.n, !head);
		assert_int_equal(t.lost.total, head);
		assert_int_equal(t.lost.count[S2_LOST_SEARCH], head);
		if (head) {
			assert_int_equal(t.lost.loss[0].code, S2_EXCLUDED);
			assert_int_equal(t.lost.loss[0].address, t.k.mem.hole);
			assert_true(has_loss(&t, "",
					     "could not search 4096 bytes of the kernel's data"));
		}
	}
	kvm_exit(&t);
}

/* The head is there, what it points to is not: in part, or as a whole. */
static void list_of_vms_that_are_missing(void **state)
{
	static const struct {
		uint32_t pid, vcpus;
		bool may_be;
	} numbers[] = {
		{ 1, 0, true },           { 4194303, 0, true }, { 4194304, 0, false },
		{ UINT32_MAX, 0, false }, { 2, 512, true },     { 2, 513, false },
	};
	struct kvmtest t;
	uint64_t first, second, linear;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], false);
	first = put_vm(&t, 1, 0x1000);
	second = put_vm(&t, 2, 0x2000); /* the list begins with it */
	kvm_open(&t);
	linear = linear_va(&t.k, t.k.shape.base) - t.k.shape.base;
	t.k.mem.hole_code = S2_ABSENT;
	/* The second of the list, behind one that is known. */
	t.k.mem.hole = first + KVM_ARCH - linear;
	t.k.mem.hole_size = MMU_SIZE;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 1);
	assert_string_equal(t.tables.table[0].id, "vm:2");
	assert_true(t.lost.total);
	/* The MMU of the first: its other numbers do not speak against a VM. */
	t.k.mem.hole = second + KVM_ARCH - linear;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 0);
	assert_int_equal(t.lost.count[S2_LOST_SEARCH], 1);
	assert_true(has_loss(&t, "", "could not check whether vm_list is at"));
	/* ... but this one does. */
	set_bytes(&t, second + KVM_PID, 0, 4);
	kvm_must(&t);
	assert_int_equal(t.tables.n, 0);
	assert_int_equal(t.lost.total, 0);
	/* The last numbers that a kernel gives (PID_MAX_LIMIT, KVM_MAX_VCPUS), and the next. */
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		set_bytes(&t, second + KVM_PID, numbers[i].pid, 4);
		set_bytes(&t, second + KVM_ONLINE, numbers[i].vcpus, 4);
		kvm_must(&t);
		assert_int_equal(t.lost.count[S2_LOST_SEARCH], numbers[i].may_be);
	}
	set_bytes(&t, second + KVM_PID, 2, 4);
	set_bytes(&t, second + KVM_ONLINE, 0, 4);
	/* All of it, or all of both. */
	t.k.mem.hole = second - linear;
	t.k.mem.hole_size = KVM_SIZE;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 0);
	assert_int_equal(t.lost.count[S2_LOST_SEARCH], 1);
	t.k.mem.hole = first - linear;
	t.k.mem.hole_size = second + KVM_SIZE - first;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 0);
	assert_int_equal(t.lost.count[S2_LOST_SEARCH], 1);
	assert_int_equal(t.lost.loss[0].code, S2_ABSENT);
	kvm_exit(&t);
}

/* Two things are called vm_list: then the members decide. */
static void list_with_a_namesake(void **state)
{
	struct kvmtest t;
	uint64_t other;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], false);
	other = put_head(&t, 0x100);
	link_vm(&t, other, heap_alloc(&t, KVM_SIZE));
	add_symbol(&t, "dvm_list", other);
	add_symbol(&t, "Dvm_list", vm_list_va(&t));
	put_vm(&t, 1, 0x1000);
	kvm_must(&t);
	assert_int_equal(t.tables.n, 1);
	assert_string_equal(t.tables.table[0].id, "vm:1");
	kvm_exit(&t);
}

/* By symbol, the torn list is known to be one; without, nothing like a list of VMs is found. */
static void lost_the_rest(struct kvmtest *t, int with_data)
{
	assert_int_equal(kvm_ask(t), S2_OK);
	assert_int_equal(t->lost.count[S2_LOST_VM], with_data ? 1 : 0);
	assert_int_equal(t->tables.n > 0, with_data);
}

/* A list that is torn or leads nowhere: what stands before the break is kept, and the loss is told.
 */
static void broken_lists(void **state)
{
	struct kvmtest t;
	uint64_t first, second;

	(void)state;
	for (int with_data = 0; with_data < 2; with_data++) {
		kvm_init(&t, FORM_6_18, &test_shapes[0], with_data);
		first = put_vm(&t, 1, 0x1000);
		second = put_vm(&t, 2, 0x2000);
		/* head -> second -> first -> second: a circle without the head */
		set64(&t, first + KVM_VM_LIST, second + KVM_VM_LIST);
		lost_the_rest(&t, with_data);
		set64(&t, first + KVM_VM_LIST, first + KVM_VM_LIST);
		lost_the_rest(&t, with_data);
		set64(&t, first + KVM_VM_LIST, 0xffffdead00000000);
		lost_the_rest(&t, with_data);
		set64(&t, first + KVM_VM_LIST, 0);
		lost_the_rest(&t, with_data);
		set64(&t, first + KVM_VM_LIST, vm_list_va(&t));
		kvm_must(&t);
		assert_int_equal(t.tables.n, 2);
		kvm_exit(&t);
	}
}

/* Two VMs that follow each other are missing, or two with one between them: how many there are is
 * not known, and that is one loss; one that both ends lead to is one VM. */
static void lists_with_a_gap(void **state)
{
	struct kvmtest t;
	uint64_t vm[4], linear;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	linear = linear_va(&t.k, t.k.shape.base) - t.k.shape.base;
	for (unsigned int i = 0; i < 4; i++) {
		t.used = (t.used + t.page - 1) & ~(t.page - 1);
		vm[i] = put_vm(&t, 10 + i, 0x1000 * i);
	}
	t.used = (t.used + t.page - 1) & ~(t.page - 1);
	t.k.mem.hole_code = S2_EXCLUDED;
	t.k.mem.hole_size = t.page;
	t.k.mem.hole = vm[1] - linear;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 3);
	assert_int_equal(t.lost.total, 1);
	assert_non_null(strstr(t.lost.loss[0].table, "vm:0x"));
	t.k.mem.hole_size = 2 * t.page;
	kvm_must(&t);
	assert_int_equal(t.tables.n, 2);
	assert_int_equal(t.lost.total, 1);
	assert_string_equal(t.lost.loss[0].table, "");
	assert_non_null(strstr(t.lost.loss[0].text, "the list of VMs is broken: 2 VMs were read"));
	kvm_exit(&t);
}

static void several_vms_of_a_process(void **state)
{
	struct kvmtest t;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	put_vm(&t, 7, 0x1000);
	put_vm(&t, 8, 0x2000);
	put_vm(&t, 7, 0x3000);
	put_vm(&t, 7, 0x4000);
	kvm_must(&t);
	assert_int_equal(t.tables.n, 4);
	assert_int_equal(table_of(&t, "vm:7.1")->root_pa, 0x1000);
	assert_int_equal(table_of(&t, "vm:7.2")->root_pa, 0x3000);
	assert_int_equal(table_of(&t, "vm:7.3")->root_pa, 0x4000);
	assert_int_equal(table_of(&t, "vm:8")->root_pa, 0x2000);
	assert_int_equal(table_of(&t, "vm:7.2")->pid, 7);
	kvm_exit(&t);
}

/* struct kvm comes from vzalloc(): pages that are no neighbours, no formula that leads there. */
static bool is_vm_100(const void *arg, const char *id)
{
	(void)arg;
	return !strcmp(id, "vm:100");
}

/* What nobody asked for is named and not read: nothing is lost of it. */
static void one_of_the_vms(void **state)
{
	const struct s2_vms_wanted wanted = { .wants = is_vm_100 };

	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		struct kvmtest t;
		uint64_t kvm;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		put_vm(&t, 100, 0x12340000);
		kvm = put_vm(&t, 200, 0x56780000);
		set64(&t, kvm + KVM_MEMSLOTS, 0xffff0000dead0000);
		kvm_must(&t);
		assert_true(t.lost.total);
		s2_tables_free(&t.tables);
		s2_lost_clear(&t.lost);
		assert_int_equal(s2_hosts_find(t.kernel, &t.k.mem.mem, &wanted, &t.lost, &t.tables,
					       &t.err),
				 S2_OK);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 1);
		assert_int_equal(t.tables.nvms, 2);
		assert_string_equal(t.tables.table[0].id, "vm:100");
		kvm_exit(&t);
	}
}

static void vm_in_vmalloc_memory(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			struct kvmtest t;
			uint64_t kvm;

			kvm_init(&t, &kvm_forms[f], &test_shapes[s], s % 2);
			/* The page ends in the middle of the MMU. */
			kvm = vmalloc_va(&t) + t.page - KVM_ARCH - 32;
			put_vm_at(&t, vm_list_va(&t), kvm, 9, 0x9000);
			put_vcpus(&t, kvm, 2, HCR_E2H_FWB);
			kvm_must(&t);
			assert_int_equal(t.tables.n, 1);
			assert_string_equal(t.tables.table[0].id, "vm:9");
			assert_int_equal(t.tables.table[0].root_pa, 0x9000);
			assert_int_equal(t.tables.table[0].object_va, kvm);
			assert_int_equal(t.tables.table[0].regime.value[S2_ARM64_VTCR_EL2],
					 TEST_VTCR);
			assert_int_equal(t.tables.table[0].regime.value[S2_ARM64_HCR_EL2],
					 HCR_E2H_FWB);
			kvm_exit(&t);
		}
	}
}

/* No vCPU, one that was never run, or vCPUs that cannot be read: VTCR_EL2 is all there is. */
static void vms_without_hcr(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		struct kvmtest t;
		uint64_t kvm, where;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		kvm = put_vm(&t, 1, 0x1000);
		where = kvm + KVM_VCPUS + (kvm_forms[f].vcpu_xarray ? 8 : 0);
		for (int i = 0; i < 3; i++) {
			kvm_must(&t);
			assert_int_equal(t.tables.n, 1);
			assert_int_equal(t.tables.table[0].regime.have, BIT64(S2_ARM64_VTCR_EL2));
			if (i == 0)
				put_vcpus(&t, kvm, 1, 0);
			else
				set64(&t, where, 0xffffdead00000000);
		}
		set64(&t, where, 0xffffdead00000002); /* a node that is not there */
		kvm_must(&t);
		assert_false(s2_regime_has(&t.tables.table[0].regime, S2_ARM64_HCR_EL2));
		kvm_exit(&t);
	}
}

/* How many pointers the array has room for beyond those that mean something. */
#define BEHIND 6U

/* The shadow MMUs of a VM, as this release keeps them; returns the address of each. An array of
 * pointers has room for all vCPUs that there may be, and is not zeroed (7.2, kvm_init_nested()). */
static void put_nested(struct kvmtest *t, uint64_t kvm, uint64_t *mmu, unsigned int n)
{
	bool pointers = t->form->nested == NESTED_POINTERS;
	uint64_t array = heap_alloc(t, pointers ? (n + BEHIND) * 8 : n * MMU_SIZE);

	for (unsigned int i = n; pointers && i < n + BEHIND; i++)
		set64(t, array + i * 8,
		      i % 3 ? i % 3 == 1 ? kvm + KVM_ARCH : 0xdeaddeaddeaddead : 0);
	set64(t, kvm + KVM_NESTED, array);
	set64(t, kvm + KVM_NESTED_SIZE, n);
	for (unsigned int i = 0; i < n; i++) {
		mmu[i] = pointers ? heap_alloc(t, MMU_SIZE) : array + i * MMU_SIZE;
		if (pointers)
			set64(t, array + i * 8, mmu[i]);
		put_mmu(t, kvm, mmu[i], 0x100000 + i * 0x1000);
		set64(t, mmu[i] + MMU_TLB_VTTBR, 1);
	}
}

static void nested_guests(void **state)
{
	(void)state;
	for (size_t f = 2; f < NFORMS; f++) {
		struct kvmtest t;
		const struct s2_table *table;
		uint64_t kvm, mmu[4];

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		kvm = put_vm(&t, 42, 0x1000);
		put_vcpus(&t, kvm, 2, HCR_E2H_FWB);
		put_nested(&t, kvm, mmu, 4);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 1); /* all slots are free */
		set64(&t, mmu[1] + MMU_TLB_VTTBR, 0x0003000012340000);
		set64(&t, mmu[1] + MMU_TLB_VTCR, 0x80023559);
		set64(&t, mmu[1] + MMU_VTCR, TEST_VTCR | BIT64(21));
		set_bytes(&t, mmu[1] + MMU_NESTED_ENABLED, 1, 1);
		set64(&t, mmu[3] + MMU_TLB_VTTBR, 0x56780000);
		set64(&t, mmu[3] + MMU_TLB_VTCR, 0x80023558);
		kvm_must(&t);
		assert_int_equal(t.tables.nvms, 1);
		assert_int_equal(t.tables.n, 3);
		assert_string_equal(t.tables.table[0].kind, "stage2");
		assert_int_equal(t.tables.table[0].shadow[S2_SHADOW_CONTROL], 0);
		assert_int_equal(t.tables.table[0].guest_stage2, S2_UNKNOWN);
		table = table_of(&t, "vm:42/nested:1");
		assert_string_equal(table->kind, "nested-stage2");
		assert_int_equal(table->root_pa, 0x101000);
		assert_int_equal(table->shadow[S2_SHADOW_ROOT], 0x0003000012340000);
		assert_int_equal(table->shadow[S2_SHADOW_CONTROL], 0x80023559);
		assert_int_equal(table->guest_stage2, S2_YES);
		assert_int_equal(table->regime.value[S2_ARM64_VTCR_EL2], TEST_VTCR | BIT64(21));
		assert_int_equal(table->regime.value[S2_ARM64_HCR_EL2], HCR_E2H_FWB);
		assert_int_equal(table->pid, 42);
		assert_int_equal(table->vcpus, 2);
		assert_false(table->have_slots);
		table = table_of(&t, "vm:42/nested:3");
		assert_int_equal(table->root_pa, 0x103000);
		assert_int_equal(table->shadow[S2_SHADOW_ROOT], 0x56780000);
		assert_int_equal(table->guest_stage2, S2_NO);
		/* One that has no table yet, and sizes that no VM has. */
		set64(&t, mmu[3] + MMU_PGD_PHYS, 0);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 2);
		set64(&t, kvm + KVM_NESTED_SIZE, UINT64_MAX);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 1);
		set64(&t, kvm + KVM_NESTED_SIZE, 1 << 20);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 1);
		set64(&t, kvm + KVM_NESTED_SIZE, 4);
		set64(&t, kvm + KVM_NESTED, 0);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 1);
		kvm_exit(&t);
	}
}

/* Shadow MMUs that cannot be read are told of; the VM and the others are there all the same. */
static void broken_nested_guests(void **state)
{
	(void)state;
	for (size_t f = 2; f < NFORMS; f++) {
		struct kvmtest t;
		uint64_t kvm, mmu[3], array;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		put_vm(&t, 1, 0x1000);
		kvm = put_vm(&t, 2, 0x2000);
		put_vm(&t, 3, 0x3000);
		put_nested(&t, kvm, mmu, 3);
		set64(&t, mmu[2] + MMU_TLB_VTTBR, 0x4000);
		array = get64(&t, kvm + KVM_NESTED);
		if (t.form->nested == NESTED_POINTERS) {
			for (unsigned int i = 0; i < 2; i++) {
				set64(&t, array + 8, i ? 0xffffdead00000000 : 0);
				kvm_must(&t);
				assert_int_equal(t.tables.n, 4);
				assert_int_equal(table_of(&t, "vm:2/nested:2")->root_pa, 0x102000);
				assert_true(has_loss(&t, "vm:2/nested:1", "nested_mmus[1]"));
				assert_int_equal(t.lost.total, 1);
			}
		}
		set64(&t, kvm + KVM_NESTED, 0xffffdead00000000);
		kvm_must(&t);
		assert_int_equal(t.tables.n, 3);
		assert_true(has_loss(&t, "vm:2/nested:0", "nested_mmus[0]"));
		kvm_exit(&t);
	}
}

/* Protected, 6.14 on: the hypervisor has the table, pgd_phys is 0 and the kvm_pgtable a tree; the
 * VM is there, and is not said to have a table. */
static void vm_without_a_table(void **state)
{
	struct kvmtest t;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	put_vm(&t, 1, 0);
	put_vm(&t, 2, 0x2000);
	kvm_must(&t);
	assert_int_equal(t.tables.nvms, 2);
	assert_int_equal(t.tables.n, 2);
	assert_int_equal(t.lost.total, 0);
	assert_true(table_of(&t, "vm:1")->bare);
	assert_false(table_of(&t, "vm:2")->bare);
	kvm_exit(&t);
}

/* More than lists have room for at first. */
static void many_vms(void **state)
{
	enum { N = 100 };
	struct kvmtest t;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	for (uint32_t i = 0; i < N; i++)
		put_vm(&t, 1000 + i, 0x12340000 + i * 0x10000);
	kvm_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(t.tables.n, N);
	assert_int_equal(t.tables.nvm, N);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(t.tables.table[i].pid, 1000 + i);
		assert_ptr_equal(t.tables.table[i].vm, t.tables.vm[i]);
		assert_int_equal(t.tables.vm[i]->va, t.tables.table[i].object_va);
	}
	kvm_exit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_vms),
		cmocka_unit_test(vms),
		cmocka_unit_test(old_kernels),
		cmocka_unit_test(without_vtcr),
		cmocka_unit_test(no_vms),
		cmocka_unit_test(list_by_its_members),
		cmocka_unit_test(list_beside_any_hole),
		cmocka_unit_test(list_of_vms_that_are_missing),
		cmocka_unit_test(list_with_a_namesake),
		cmocka_unit_test(broken_lists),
		cmocka_unit_test(lists_with_a_gap),
		cmocka_unit_test(several_vms_of_a_process),
		cmocka_unit_test(one_of_the_vms),
		cmocka_unit_test(vm_in_vmalloc_memory),
		cmocka_unit_test(vms_without_hcr),
		cmocka_unit_test(nested_guests),
		cmocka_unit_test(broken_nested_guests),
		cmocka_unit_test(vm_without_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
