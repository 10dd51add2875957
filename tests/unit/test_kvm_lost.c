// SPDX-License-Identifier: GPL-2.0-or-later
// One page of memory after the other is missing: the same tables, or a loss; never less in silence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_kvm_make.h"

/* What comes next in the heap has a page of its own (64K ones are too few). */
static void on_its_own(struct kvmtest *t)
{
	uint64_t page = t->page < 16384 ? t->page : 16384;

	t->used = (t->used + page - 1) & ~(page - 1);
}

static void one_slot(struct kvmtest *t, uint64_t kvm)
{
	uint64_t set, slot;

	on_its_own(t);
	set = heap_alloc(t, SLOTS_ARRAY + SLOT_SIZE);
	on_its_own(t);
	slot = t->form->slot_tree ? heap_alloc(t, SLOT_SIZE) : set + SLOTS_ARRAY;
	if (t->form->slot_tree)
		set64(t, set, slot + SLOT_NODES);
	else
		set_bytes(t, set + SLOTS_USED, 1, 4);
	set64(t, slot + SLOT_GFN, 0x40000);
	set64(t, slot + SLOT_NPAGES, 0x100);
	set64(t, kvm + KVM_MEMSLOTS, set);
}

/* Two MMUs of the VM at @kvm, the second in use. */
static void two_nested(struct kvmtest *t, uint64_t kvm)
{
	bool pointers = t->form->nested == NESTED_POINTERS;
	uint64_t array, mmu;

	if (t->form->nested == NESTED_NONE)
		return;
	on_its_own(t);
	array = heap_alloc(t, pointers ? 16 : 2 * MMU_SIZE);
	on_its_own(t);
	mmu = pointers ? heap_alloc(t, 2 * MMU_SIZE) : array;
	for (unsigned int i = 0; i < 2; i++) {
		put_mmu(t, kvm, mmu + i * MMU_SIZE, 0x100000 + i * 0x1000);
		set64(t, mmu + i * MMU_SIZE + MMU_TLB_VTTBR, i ? 0x1000 : 1);
		if (pointers)
			set64(t, array + i * 8, mmu + i * MMU_SIZE);
	}
	set64(t, kvm + KVM_NESTED, array);
	set64(t, kvm + KVM_NESTED_SIZE, 2);
}

/* Whose the VM is; the pages of its memory are not among those that are taken away. */
static void one_process(struct kvmtest *t, uint64_t kvm, uint64_t vcpu)
{
	static const char args[] = "qemu-kvm\0-name\0web-17";
	struct process p;

	on_its_own(t);
	p = put_process(t, 100, "qemu-kvm", args, sizeof(args));
	set64(t, kvm + KVM_MM, p.mm);
	on_its_own(t);
	set64(t, vcpu + VCPU_PID, put_pid(t, 101, 0));
	on_its_own(t);
}

/* Two VMs, one in vmalloc memory, with all that a VM can have. */
static void make_vms(struct kvmtest *t, const struct kvm_form *form, const struct kshape *shape)
{
	uint64_t kvm, key, hyp, mode;

	kvm_init(t, form, shape, true);
	key = t->k.stext + DATA_AT + 0x10000;
	hyp = t->k.stext + DATA_AT + 0x20000;
	mode = t->k.stext + DATA_AT + 0x30000;
	add_symbol(t, "Dkvm_protected_mode_initialized", key);
	add_symbol(t, "bhyp_pgtable", hyp);
	add_symbol(t, "dkvm_mode", mode);
	set_bytes(t, mode, t->form->vtcr_in_mmu ? 2 : 0, 4);
	kvm = put_vm(t, 100, 0x12340000);
	on_its_own(t);
	one_process(t, kvm, put_vcpus(t, kvm, 3, HCR_E2H_FWB));
	one_slot(t, kvm);
	two_nested(t, kvm);
	on_its_own(t);
	/* The page ends in the middle of the MMU. */
	kvm = vmalloc_va(t) + t->page - KVM_ARCH - 32;
	put_vm_at(t, vm_list_va(t), kvm, 200, 0x56780000);
	put_vcpus(t, kvm, 1, HCR_E2H_FWB);
}

/* Not by memcmp(): between the members there may be anything. */
static bool same_slots(const struct s2_table *a, const struct s2_table *b)
{
	for (size_t i = 0; i < a->nslots && i < b->nslots; i++) {
		const struct s2_slot *x = &a->slot[i], *y = &b->slot[i];

		if (x->ipa != y->ipa || x->size != y->size || x->hva != y->hva ||
		    x->flags != y->flags || x->id != y->id || x->as != y->as ||
		    x->gmem_file != y->gmem_file || x->gmem_pgoff != y->gmem_pgoff)
			return false;
	}
	return a->have_slots == b->have_slots && a->nslots == b->nslots;
}

static bool same_vm(const struct s2_vm *a, const struct s2_vm *b)
{
	if (!a || !b)
		return a == b;
	if (strcmp(a->name, b->name) != 0 || strcmp(a->comm, b->comm) != 0 ||
	    a->named != b->named || a->state != b->state || a->nvcpus != b->nvcpus)
		return false;
	for (size_t i = 0; i < a->nvcpus; i++)
		if (a->vcpu[i].va != b->vcpu[i].va || a->vcpu[i].state != b->vcpu[i].state ||
		    a->vcpu[i].pid != b->vcpu[i].pid || a->vcpu[i].cpu != b->vcpu[i].cpu)
			return false;
	return true;
}

static bool same_table(const struct s2_table *a, const struct s2_table *b)
{
	return !strcmp(a->id, b->id) && !strcmp(a->kind, b->kind) && a->root_pa == b->root_pa &&
	       a->regime.have == b->regime.have &&
	       !memcmp(a->regime.value, b->regime.value, sizeof(a->regime.value)) &&
	       a->pid == b->pid && a->vcpus == b->vcpus && same_slots(a, b) &&
	       same_vm(a->vm, b->vm) && a->have_vmid == b->have_vmid && a->vmid == b->vmid &&
	       a->shadow[S2_SHADOW_ROOT] == b->shadow[S2_SHADOW_ROOT] &&
	       a->shadow[S2_SHADOW_CONTROL] == b->shadow[S2_SHADOW_CONTROL];
}

static bool same(const struct s2_tables *a, const struct s2_tables *b)
{
	if (a->n != b->n || a->nvms != b->nvms || a->mode != b->mode)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_table(&a->table[i], &b->table[i]))
			return false;
	return true;
}

/* Asks again without the page at @pa; returns whether it was needed for anything. */
static bool without(struct kvmtest *t, const struct s2_tables *whole, uint64_t pa)
{
	/* Without its own page tables there is no kernel, and that is an error. */
	bool needed = pa - t->k.shape.base - TABLES_AT < t->k.tables_used, differs;

	s2_kernel_close(t->kernel);
	t->kernel = NULL;
	t->k.mem.hole = pa;
	t->k.mem.hole_size = t->page;
	t->k.mem.hole_code = S2_EXCLUDED;
	if (kvm_ask(t) && !needed)
		fail_msg("%s: without 0x%llx: %s", t->form->name, (unsigned long long)pa,
			 t->err.text);
	if (t->err.code)
		return true;
	differs = !same(&t->tables, whole);
	if (differs && !t->lost.total)
		fail_msg("%s, %s: without 0x%llx: other tables, and no loss", t->form->name,
			 t->k.shape.name, (unsigned long long)pa);
	return differs || t->lost.total;
}

static void no_page_goes_in_silence(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			struct kvmtest t;
			struct s2_tables whole;
			uint64_t base;
			unsigned int matter = 0;

			make_vms(&t, &kvm_forms[f], &test_shapes[s]);
			kvm_must(&t);
			assert_int_equal(t.lost.total, 0);
			assert_int_equal(t.tables.n, t.form->nested ? 3 : 2);
			assert_int_equal(t.tables.mode,
					 t.form->vtcr_in_mmu ? S2_KVM_NESTED : S2_KVM_VHE);
			whole = t.tables;
			t.tables = (struct s2_tables){ .n = 0 };
			base = t.k.shape.base;
			for (uint64_t off = 0; off < DATA_SIZE; off += t.page)
				matter += without(&t, &whole, base + IMAGE_AT + DATA_AT + off);
			/* Without kallsyms the list is found by its members, the mode is not. */
			assert_true(without(&t, &whole, base + IMAGE_AT + KALLSYMS_AT));
			assert_true(has_loss(&t, "", "KVM's mode: the kernel's symbols"));
			assert_true(matter >= 3); /* vm_list, hyp_pgtable, kvm_mode or the key */
			for (uint64_t off = 0; off < t.used; off += t.page)
				matter += without(&t, &whole, base + HEAP_AT + off);
			for (uint64_t off = 0; off < 2 * t.page; off += t.page)
				matter += without(&t, &whole, base + VMALLOC_AT + off);
			for (uint64_t off = 0; off < t.k.tables_used; off += t.page)
				matter += without(&t, &whole, base + TABLES_AT + off);
			/* vCPUs, slots and their set, both pages of the VM in vmalloc memory. */
			assert_true(matter >= 8);
			s2_tables_free(&whole);
			kvm_exit(&t);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_page_goes_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
