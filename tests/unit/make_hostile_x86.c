// SPDX-License-Identifier: GPL-2.0-or-later
// Writes ELF cores of x86 kernels whose structures are as large, as shared and as wrong as they can
// be, for tests of bounds: make_hostile_x86 NAME OUT; beside OUT, OUT.map is the kernel's System.map.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>

#include "test_x86_make.h"

/* Memory behind that of the kernel, as much as a case takes. */
#define MORE_AT (UINT64_C(1) << 30)
#define MORE_SIZE (64U << 20)
#define CLAIMED (UINT64_C(2) << 30) /* ... by a header of the file */

/* VMs lie 16 bytes apart, a page of them after the other. What else a struct kvm has lies in pages
 * of its own behind, which are the same for all. */
#define FARM_VA(t) ((t)->form->vmalloc + (UINT64_C(1) << 30))
#define NODES_PER_PAGE 256U
#define FIELD_PAGES 24U

struct hostile {
	struct x86_test t;
	uint8_t *more;
	uint64_t used;                  /* of it */
	uint64_t nodes;                 /* of the list of VMs */
	uint64_t field_pa[FIELD_PAGES]; /* of each member of struct kvm */
	bool symbols_are_there;         /* of KVM's module */
	struct btf *btf;                /* the kernel's, in which members are moved */
};

/* ---- memory ---- */

/* The physical address of @size new bytes. */
static uint64_t more_alloc(struct hostile *h, uint64_t size)
{
	uint64_t pa = MORE_AT + h->used;

	h->used += (size + 4095) & ~UINT64_C(4095);
	assert_true(h->used <= MORE_SIZE);
	return pa;
}

static uint8_t *more_at(struct hostile *h, uint64_t pa)
{
	assert_true(pa - MORE_AT < MORE_SIZE);
	return h->more + (pa - MORE_AT);
}

static uint64_t more_va(struct hostile *h, uint64_t pa)
{
	return x86_linear(&h->t, pa);
}

/* All of it is in the linear map. */
static void map_more(struct hostile *h)
{
	for (uint64_t off = 0; off < MORE_SIZE; off += 2U << 20)
		x86_map(&h->t, x86_linear(&h->t, MORE_AT + off), MORE_AT + off, 1, X86_RW | X86_NX);
}

/* ---- types ---- */

static uint8_t *types_at(struct hostile *h)
{
	return in_image(&h->t.k, BTF_AT);
}

static void begin_types(struct hostile *h)
{
	struct btf_header header;

	memcpy(&header, types_at(h), sizeof(header));
	h->btf = btf__new(types_at(h), header.hdr_len + header.str_off + header.str_len);
	assert_non_null(h->btf);
}

static void move_member(struct hostile *h, const char *type, const char *name, uint32_t byte)
{
	int id = btf__find_by_name_kind(h->btf, type, BTF_KIND_STRUCT);
	struct btf_type *of = (struct btf_type *)(uintptr_t)btf__type_by_id(h->btf, (uint32_t)id);

	assert_true(id > 0);
	for (unsigned int i = 0; i < btf_vlen(of); i++)
		if (!strcmp(btf__name_by_offset(h->btf, btf_members(of)[i].name_off), name)) {
			btf_members(of)[i].offset = byte * 8;
			return;
		}
	fail_msg("no member %s of %s", name, type);
}

/* @type gets more members: those that x86_field() adds after this. */
static int extend_type(struct hostile *h, const char *type)
{
	int id = btf__find_by_name_kind(h->btf, type, BTF_KIND_STRUCT), old_name, more;
	const struct btf_type *of;
	char name[64];

	assert_true(id > 0);
	more = btf__add_struct(h->btf, type, 0x4000);
	for (unsigned int i = 0; i < btf_vlen(btf__type_by_id(h->btf, (uint32_t)id)); i++) {
		of = btf__type_by_id(h->btf, (uint32_t)id);
		assert_int_equal(
			btf__add_field(h->btf,
				       btf__name_by_offset(h->btf, btf_members(of)[i].name_off),
				       (int)btf_members(of)[i].type, btf_member_bit_offset(of, i),
				       btf_member_bitfield_size(of, i)),
			0);
	}
	snprintf(name, sizeof(name), "%s_old", type);
	old_name = btf__add_str(h->btf, name);
	((struct btf_type *)(uintptr_t)btf__type_by_id(h->btf, (uint32_t)id))->name_off =
		(uint32_t)old_name;
	return more;
}

static void end_types(struct hostile *h)
{
	uint32_t size;
	const void *data = btf__raw_data(h->btf, &size);

	memcpy(types_at(h), data, size);
	btf__free(h->btf);
}

/* ---- VMs ---- */

/* Members of struct kvm, a page of each; those of kvm_arch follow. */
enum field {
	F_PID,
	F_ONLINE,
	F_MEMSLOTS,
	F_VCPUS,
	F_ATTRIBUTES,
	F_ARCH,
	F_ROOTS = F_ARCH,
	F_ACTIVE,
	F_REST,
};

/* The same two words in each struct kvm. */
static void set_field(struct hostile *h, enum field field, uint64_t first, uint64_t second)
{
	for (unsigned int i = 0; i < NODES_PER_PAGE; i++) {
		put64(more_at(h, h->field_pa[field] + i * 16), first);
		put64(more_at(h, h->field_pa[field] + i * 16 + 8), second);
	}
}

static uint64_t farm_va(struct hostile *h, uint64_t i)
{
	return FARM_VA(&h->t) + i / NODES_PER_PAGE * (1 + FIELD_PAGES) * 4096 +
	       i % NODES_PER_PAGE * 16;
}

/* @n of them are in the list of VMs. */
static void put_farm(struct hostile *h, uint64_t n)
{
	struct x86_test *t = &h->t;
	uint64_t nodes = h->nodes = more_alloc(h, n * 16);

	for (unsigned int f = 0; f < FIELD_PAGES; f++)
		h->field_pa[f] = more_alloc(h, 4096);
	for (uint64_t page = 0; page * NODES_PER_PAGE < n; page++) {
		uint64_t va = farm_va(h, page * NODES_PER_PAGE);

		x86_map(t, va, nodes + page * 4096, 0, X86_RW | X86_NX);
		for (unsigned int f = 0; f < FIELD_PAGES; f++)
			x86_map(t, va + (1 + f) * 4096, h->field_pa[f], 0, X86_RW | X86_NX);
	}
	for (uint64_t i = 0; i < n; i++) {
		put64(more_at(h, nodes + i * 16), i + 1 < n ? farm_va(h, i + 1) : t->vm_list);
		put64(more_at(h, nodes + i * 16 + 8), i ? farm_va(h, i - 1) : t->vm_list);
	}
	set64(t, t->vm_list, farm_va(h, 0));
	set64(t, t->vm_list + 8, farm_va(h, n - 1));
	begin_types(h);
	move_member(h, "kvm", "vm_list", 0);
	move_member(h, "kvm", "userspace_pid", (1 + F_PID) * 4096);
	move_member(h, "kvm", "online_vcpus", (1 + F_ONLINE) * 4096);
	move_member(h, "kvm", "memslots", (1 + F_MEMSLOTS) * 4096);
	move_member(h, "kvm", t->form->arrays ? "vcpus" : "vcpu_array", (1 + F_VCPUS) * 4096);
	if (t->form->own_mmio)
		move_member(h, "kvm", "mem_attr_array", (1 + F_ATTRIBUTES) * 4096);
	move_member(h, "kvm", "arch", (1 + F_ARCH) * 4096);
	move_member(h, "kvm_arch", "tdp_mmu_roots", 0);
	move_member(h, "kvm_arch", "active_mmu_pages", 4096);
	move_member(h, "kvm_arch", "mmu_valid_gen", 2 * 4096);
	if (!t->form->arrays)
		move_member(h, "kvm_arch", "disable_nx_huge_pages", 3 * 4096);
	if (t->form->own_mmio) {
		move_member(h, "kvm_arch", "has_private_mem", 4 * 4096);
		move_member(h, "kvm_arch", "shadow_mmio_value", 5 * 4096);
		move_member(h, "kvm_arch", "gfn_direct_bits", 6 * 4096);
	}
	end_types(h);
	set_field(h, F_PID, 42, 0);
	set_field(h, F_ONLINE, 1, 0);
	set_field(h, F_MEMSLOTS, heap_alloc(t, 64), 0);
}

/* A vCPU with as many roots as one can have, each with a struct kvm_mmu_page. */
static uint64_t put_busy_vcpu(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t vcpu = heap_alloc(t, VCPU_SIZE), pa, list = heap_alloc(t, 16);

	empty_list(t, list);
	for (uint64_t mmu = VCPU_ROOT_MMU; mmu < VCPU_SIZE; mmu += MMU_SIZE)
		for (unsigned int i = 0; i < 4; i++) {
			put_root(t, list, ROLE_LEVEL(4) | ROLE_DIRECT, true, &pa);
			set64(t,
			      vcpu + mmu +
				      (i ? MMU_PREV_HPA + (i - 1) * MMU_PREV_SIZE : MMU_ROOT_HPA),
			      pa);
		}
	set64(t, vcpu + VCPU_MMU, vcpu + VCPU_ROOT_MMU);
	return vcpu;
}

/* Many VMs whose vCPU is one and the same, which has eight roots. */
static void vms_of_one_vcpu(struct hostile *h)
{
	put_farm(h, 65000);
	if (h->t.form->arrays) {
		set_field(h, F_VCPUS, put_busy_vcpu(h), 0);
		return;
	}
	set_field(h, F_VCPUS, 0, put_busy_vcpu(h));
}

/* ... and whose memslots are, too: an array of as many as there may be, all of which are empty and
 * one and the same. */
static void vms_of_one_array(struct hostile *h)
{
	uint64_t pa = more_alloc(h, 32767 * SLOT_SIZE + 4096);

	put_farm(h, 65000);
	put32(more_at(h, pa + SLOTS_USED), 32767);
	set_field(h, F_MEMSLOTS, more_va(h, pa), 0);
}

/* As many memslots as a VM may have, in a tree. Returns the address of the struct kvm_memslots. */
static uint64_t put_slot_tree(struct hostile *h)
{
	uint64_t n = 32767, pa = more_alloc(h, (n + 1) * 128), va = more_va(h, pa);

	/* A heap in the order of numbers: node k has 2k+1 and 2k+2 below it. */
	for (uint64_t k = 0; k < n; k++) {
		uint64_t slot = pa + 128 + k * 128, node = slot + SLOT_NODES;
		uint64_t first = va + 128 + SLOT_NODES;

		put64(more_at(h, node), k ? first + (k - 1) / 2 * 128 : 0);
		put64(more_at(h, node + 8), 2 * k + 2 < n ? first + (2 * k + 2) * 128 : 0);
		put64(more_at(h, node + 16), 2 * k + 1 < n ? first + (2 * k + 1) * 128 : 0);
		put64(more_at(h, slot + SLOT_GFN), k * 16);
		put64(more_at(h, slot + SLOT_NPAGES), 1);
	}
	put64(more_at(h, pa + SLOTS_TREE), va + 128 + SLOT_NODES);
	return va;
}

/* The same of a tree. */
static void vms_of_one_tree(struct hostile *h)
{
	put_farm(h, 65000);
	set_field(h, F_MEMSLOTS, put_slot_tree(h), 0);
}

/* As many pages of the shadow MMU as there is room for, of which none has a table. */
static void no_shadow_page(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t n = 1 << 20, pa = more_alloc(h, n * 16), va = FARM_VA(t),
		 one = more_alloc(h, 4096);
	uint64_t head = put_vm(t, 42) + KVM_ACTIVE;

	begin_types(h);
	end_types(h);
	for (uint64_t page = 0; page < n / 256; page++) {
		x86_map(t, va + page * 2 * 4096, pa + page * 4096, 0, X86_RW | X86_NX);
		x86_map(t, va + (page * 2 + 1) * 4096, one, 0, X86_RW | X86_NX);
	}
#define NODE(i) (va + (i) / 256 * 2 * 4096 + (i) % 256 * 16)
	for (uint64_t i = 0; i < n; i++) {
		put64(more_at(h, pa + i * 16), i + 1 < n ? NODE(i + 1) : head);
		put64(more_at(h, pa + i * 16 + 8), i ? NODE(i - 1) : head);
	}
	set64(t, head, NODE(0));
	set64(t, head + 8, NODE(n - 1));
#undef NODE
	for (unsigned int i = 0; i < 256; i++)
		put32(more_at(h, one + i * 16), 4);
}

/* A tree of one node, 64 times below itself as often as shifts allow. */
static uint64_t put_tree_of_one(struct hostile *h, uint64_t leaf)
{
	uint64_t below = leaf;

	for (unsigned int shift = 0; shift < 60; shift += 6) {
		uint64_t node = more_alloc(h, 4096);

		put64(more_at(h, node), shift);
		for (unsigned int i = 0; i < 64; i++)
			put64(more_at(h, node + 40 + i * 8), below);
		below = more_va(h, node) | 2;
	}
	return below;
}

static void vcpus_without_end(struct hostile *h)
{
	put_farm(h, 1000);
	set_field(h, F_VCPUS, 0, put_tree_of_one(h, put_busy_vcpu(h)));
}

static void attributes_without_end(struct hostile *h)
{
	uint64_t node;

	put_farm(h, 1000);
	node = put_tree_of_one(h, 8 << 1 | 1);
	/* Every other page is private. */
	for (unsigned int i = 0; i < 64; i += 2)
		put64(more_at(h, h->field_pa[FIELD_PAGES - 1] + 4096 + 40 + i * 8), 0);
	set_field(h, F_ATTRIBUTES, 0, node);
}

static void types_without_end(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t btf = heap_alloc(t, BTF_SIZE), list = t->btf_modules;

	set64(t, btf + BTF_BASE, 1);
	set_text(t, btf + BTF_NAME, "another");
	set64(t, t->btf_idr + 8, put_tree_of_one(h, btf));
	set64(t, list, list + 16);
	put_farm(h, 1000);
}

/* Types of what a VM's process and a guest_memfd lead to. */
static void put_more_types(struct hostile *h)
{
	struct btf *btf;
	int u64t, page_tree, gmem;

	begin_types(h);
	btf = h->btf;
	u64t = btf__find_by_name(btf, "unsigned long");
	page_tree = btf__find_by_name(btf, "xarray");
	gmem = x86_struct(btf, NULL, 16);
	x86_field(btf, "file", u64t, 0);
	x86_field(btf, "pgoff", u64t, 8);
	extend_type(h, "kvm_memory_slot");
	x86_field(btf, "gmem", gmem, SLOT_SIZE);
	extend_type(h, "mm_struct");
	x86_field(btf, "pgd", u64t, 8);
	x86_struct(btf, "file", 8);
	x86_field(btf, "f_inode", u64t, 0);
	x86_struct(btf, "inode", 8);
	x86_field(btf, "i_mapping", u64t, 0);
	x86_struct(btf, "address_space", 16);
	x86_field(btf, "i_pages", page_tree, 0);
	end_types(h);
	info_line(&h->t.k, "OFFSET(page._refcount)=52\n");
}

/* A guest of 512 blocks of 1 GiB, all of which its guest_memfd has as one page of the file, as far
 * as it goes: a question for each 4 KiB. @bad: not even that page can be read. */
static void put_gmem(struct hostile *h, bool bad)
{
	struct x86_test *t = &h->t;
	uint64_t kvm, mm = heap_alloc(t, 16), file = heap_alloc(t, 8), inode = heap_alloc(t, 8),
		      mapping = heap_alloc(t, 16), root, pdpt;
	uint64_t slot, below = 0, xa[2];

	put_more_types(h);
	kvm = put_vm(t, 42);
	put_slot(t, kvm, 0, 0, UINT64_C(1) << 27, 0);
	slot = get64(t, get64(t, kvm + KVM_MEMSLOTS) + SLOTS_TREE) - SLOT_NODES;
	heap_alloc(t, 64);
	set_bytes(t, slot + SLOT_FLAGS, 4 | 1U << 17, 4);
	set64(t, slot + SLOT_SIZE, file);
	set64(t, slot + SLOT_SIZE + 8, 0);
	set64(t, kvm + KVM_MM, mm);
	set64(t, mm + 8, page_alloc(t));
	set64(t, file, inode);
	set64(t, inode, mapping);
	put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT, true, &root);
	pdpt = more_alloc(h, 4096);
	put64(t->k.ram + root, pdpt | 0x907 | X86_NX);
	for (uint64_t i = 0; i < 512; i++)
		put64(more_at(h, pdpt + i * 8), i << 30 | UINT64_C(0x8600000000000bf7));
	/* Entries of 2^18 pages each, in eight nodes below one. */
	xa[0] = more_alloc(h, 4096);
	put64(more_at(h, xa[0]), 24);
	for (uint64_t k = 0; k < 8; k++) {
		xa[1] = more_alloc(h, 4096);
		put64(more_at(h, xa[1]), 18);
		for (uint64_t i = 0; i < 64; i++) {
			below = VMEMMAP_VA(t->form) + (((k * 64 + i) << 18) * PAGE_SIZE_OF);
			put64(more_at(h, xa[1] + 40 + i * 8), bad ? FARM_VA(t) | 2 : below);
		}
		put64(more_at(h, xa[0] + 40 + k * 8), more_va(h, xa[1]) | 2);
	}
	set64(t, mapping + 8, more_va(h, xa[0]) | 2);
}

static void gmem_of_blocks(struct hostile *h)
{
	put_gmem(h, false);
}

/* All blocks are the same gibibyte, of which the file has each page as an entry of its own. */
static void gmem_of_pages(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t node[3], pdpt = MORE_AT, page = 0;

	put_gmem(h, false);
	for (uint64_t i = 0; i < 512; i++)
		put64(more_at(h, pdpt + i * 8), UINT64_C(0x8600000000000bf7));
	node[2] = more_alloc(h, 4096);
	put64(more_at(h, node[2]), 12);
	for (uint64_t i = 0; i < 64; i++) {
		node[1] = more_alloc(h, 640);
		put64(more_at(h, node[1]), 6);
		for (uint64_t j = 0; j < 64; j++) {
			node[0] = more_alloc(h, 640);
			for (uint64_t k = 0; k < 64; k++)
				put64(more_at(h, node[0] + 40 + k * 8),
				      VMEMMAP_VA(t->form) + page++ * PAGE_SIZE_OF);
			put64(more_at(h, node[1] + 40 + j * 8), more_va(h, node[0]) | 2);
		}
		put64(more_at(h, node[2] + 40 + i * 8), more_va(h, node[1]) | 2);
	}
	/* Behind the table come the eight nodes of the blocks. */
	for (uint64_t k = 0; k < 8; k++)
		for (uint64_t i = 0; i < 64; i++)
			put64(more_at(h, pdpt + (2 + k) * 4096 + 40 + i * 8),
			      more_va(h, node[2]) | 2);
}

/* ... and the VMM maps each page of it, by tables that are the same for all blocks. @out: the last
 * ones are not in the dump. */
static void put_vmm(struct hostile *h, bool out)
{
	struct x86_test *t = &h->t;
	uint64_t slot, kvm, pgd, table[3] = { 0 }, pdpt = MORE_AT, user = X86_P | X86_RW | 4;

	put_gmem(h, false);
	kvm = get64(t, t->vm_list) - KVM_VM_LIST;
	for (uint64_t i = 0; i < 512; i++)
		put64(more_at(h, pdpt + i * 8), UINT64_C(0x8600000000000bf7));
	slot = get64(t, get64(t, kvm + KVM_MEMSLOTS) + SLOTS_TREE) - SLOT_NODES;
	set_bytes(t, slot + SLOT_FLAGS, 0, 4);
	set64(t, slot + SLOT_HVA, UINT64_C(0x7f) << 39);
	pgd = get64(t, get64(t, kvm + KVM_MM) + 8) - x86_linear(t, 0);
	table[2] = more_alloc(h, 4096);
	table[1] = more_alloc(h, 4096);
	put64(t->k.ram + pgd + 0x7f * 8, table[2] | user);
	for (uint64_t i = 0; i < 512; i++)
		put64(more_at(h, table[2] + i * 8), table[1] | user);
	for (uint64_t j = 0; j < 512; j++) {
		table[0] = out ? (UINT64_C(1) << 40) + j * 4096 : more_alloc(h, 4096);
		for (uint64_t i = 0; !out && i < 512; i++)
			put64(more_at(h, table[0] + i * 8), (j * 512 + i) << 12 | user);
		put64(more_at(h, table[1] + j * 8), table[0] | user);
	}
}

static void vmm_of_pages(struct hostile *h)
{
	put_vmm(h, false);
}

static void vmm_that_is_unread(struct hostile *h)
{
	put_vmm(h, true);
}

static void gmem_that_is_unread(struct hostile *h)
{
	put_gmem(h, true);
}

/* KVM's module has as many symbols as any may have, with long names; there are many modules before
 * it. */
static void symbols_of_kvm(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t pa = more_alloc(h, 4 << 20), va = FARM_VA(t) + (UINT64_C(8) << 30),
		 names = va + (UINT64_C(1) << 30);

	pa = (pa + (2U << 20)) & ~UINT64_C(0x1fffff);
	for (uint64_t off = 0; off < 32 << 20; off += 2 << 20)
		x86_map(t, va + off, pa, 1, X86_RW | X86_NX);
	for (uint64_t off = 0; off < 64 << 20; off += 2 << 20)
		x86_map(t, names + off, pa, 1, X86_RW | X86_NX);
	/* A name of more than any name has. */
	memset(more_at(h, pa), 1, 2 << 20);
	put_farm(h, 1000);
	put_module_symbols(t);
	set64(t, t->module + MODULE_CORE, va);
	set_bytes(t, t->module + MODULE_CORE + 8, 1 << 20, 4);
	set64(t, t->module + MODULE_CORE + 16, names);
	h->symbols_are_there = true;
}

/* Many VMs, one of which is not there; and the struct page of all memory leads to the same struct
 * kvm_mmu_page, which is of none. */
static void no_vm_for_roots(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t pages = more_alloc(h, 4096), sp = heap_alloc(t, SP_SIZE);

	put_farm(h, 20000);
	x86_map(t, FARM_VA(t) - (1 << 20), MORE_AT + (UINT64_C(1) << 32), 0, X86_RW | X86_NX);
	put64(more_at(h, h->nodes + 19999 * 16), FARM_VA(t) - (1 << 20));
	for (unsigned int i = 0; i < 4096 / PAGE_SIZE_OF; i++)
		put64(more_at(h, pages + i * PAGE_SIZE_OF + PAGE_PRIVATE), sp);
	for (uint64_t off = 0; off < CLAIMED / 4096 * PAGE_SIZE_OF; off += 4096)
		x86_map(t, VMEMMAP_VA(t->form) + MORE_AT / 4096 * PAGE_SIZE_OF + off, pages, 0,
			X86_RW | X86_NX);
}

/* A page of leaves below the root at @pa, as this form's KVM writes them. */
static void fill_root(struct hostile *h, uint64_t pa, uint64_t to)
{
	struct x86_test *t = &h->t;
	uint64_t table = pa, next;

	for (unsigned int i = 0; i < 512; i++)
		put64(t->k.ram + pa + i * 8, X86_NX);
	for (unsigned int level = 4; level > 1; level--) {
		next = page_alloc(t) - x86_linear(t, 0);
		for (unsigned int i = 0; i < 512; i++)
			put64(t->k.ram + next + i * 8, X86_NX);
		put64(t->k.ram + table, next | 0xd07 | X86_NX);
		table = next;
	}
	for (unsigned int i = 0; i < 16; i++)
		put64(t->k.ram + table + i * 8, (to + i * 8192) | 0xf77 | UINT64_C(0x80a0) << 48);
}

/* Nothing hostile: VMs with roots of all kinds, for what a page that is left out makes of them. */
static void roots_of_all_kinds(struct hostile *h)
{
	static const uint32_t kinds[] = { 0, ROLE_SMM, ROLE_MIRROR, ROLE_AD_DISABLED, ROLE_SMEP };
	struct x86_test *t = &h->t;
	uint64_t pa, first = 0, kvm, to = 12 << 20, init = heap_alloc(t, TASK_SIZE);

	empty_list(t, init + TASK_LIST);
	add_symbol(t, "Dinit_task", init);
	for (uint32_t pid = 40; pid < 43; pid++) {
		kvm = put_vm(t, pid);
		put_slot(t, kvm, 0, 0, 0x100, 1);
		put_slot(t, kvm, 1, 0, 0x200, 2);
		for (unsigned int i = 0; i < 5; i++, to += 0x20000) {
			put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT | kinds[i], true,
				 &pa);
			fill_root(h, pa, to - (8 << 20));
			first = i ? first : pa;
		}
		put_root(t, kvm + KVM_ACTIVE, ROLE_LEVEL(4) | ROLE_GUEST_MODE, false, &pa);
		fill_root(h, pa, to - (8 << 20));
		to += 0x20000;
		put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT | ROLE_INVALID(t->form),
			 true, &pa);
		fill_root(h, pa, to - (8 << 20));
		put_vcpu(t, kvm, first);
		put_process(t, init, pid, &kvm, 1);
	}
}

/* Nothing hostile: a VM with private memory in several pieces, and a process, for what happens when
 * memory is refused. */
static void private_memory(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t kvm, pa, node, init = heap_alloc(t, TASK_SIZE);

	empty_list(t, init + TASK_LIST);
	add_symbol(t, "Dinit_task", init);
	kvm = put_vm(t, 41);
	put_slot(t, kvm, 0, 0, 0x100, 1);
	put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT, true, &pa);
	fill_root(h, pa, 4 << 20);
	put_vcpu(t, kvm, pa);
	put_process(t, init, 41, &kvm, 1);
	set_bytes(t, kvm + KVM_HAS_PRIVATE, 1, 1);
	node = more_alloc(h, 4096);
	for (unsigned int i = 0; i < 64; i += 2)
		put64(more_at(h, node + 40 + i * 8), 8 << 1 | 1);
	set64(t, kvm + KVM_ATTRIBUTES + 8, more_va(h, node) | 2);
}

/* A chain of @n roots, none of which is another; behind the last one comes @end. */
static uint64_t put_chain(struct hostile *h, uint64_t n, uint64_t end)
{
	struct x86_test *t = &h->t;
	const uint64_t size = SP_PARENTS + 8;
	uint64_t pa = more_alloc(h, n * size), va = more_va(h, pa);

	for (uint64_t i = 0; i < n; i++) {
		uint8_t *sp = more_at(h, pa + i * size);

		put64(sp, i + 1 < n ? va + (i + 1) * size : end ? end : va);
		put64(sp + 8, i ? va + (i - 1) * size : end);
		sp[SP_TDP] = 1;
		put32(sp + SP_ROLE, ROLE_LEVEL(4) | ROLE_DIRECT);
		put64(sp + SP_SPT, x86_linear(t, MORE_AT + (i % (MORE_SIZE / 4096)) * 4096));
		put32(sp + SP_COUNT, 2);
	}
	return va;
}

/* One VM with 100,000 roots. */
static void roots_without_end(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t kvm = put_vm(t, 42), first = put_chain(h, 100000, kvm + KVM_ROOTS);

	put_slot(t, kvm, 0, 0, 0x100, 1);
	set64(t, kvm + KVM_ROOTS, first);
	set64(t, kvm + KVM_ROOTS + 8, first + 99999 * (SP_PARENTS + 8));
}

/* Many VMs, all of which lead to the same 4000 roots, which lead back to none of them. */
static void vms_of_broken_roots(struct hostile *h)
{
	uint64_t first = put_chain(h, 4000, 0);

	put_farm(h, 65000);
	set_field(h, F_ROOTS, first, first);
}

/* A VM with as many roots as one may have, and as many slots. */
static void roots_with_slots(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t slots = put_slot_tree(h);
	uint64_t kvm = put_vm(t, 42), roots = put_chain(h, 4000, kvm + KVM_ROOTS);

	set64(t, kvm + KVM_ROOTS, roots);
	set64(t, kvm + KVM_ROOTS + 8, roots + 3999 * (SP_PARENTS + 8));
	set64(t, kvm + KVM_MEMSLOTS, slots);
}

/* A list of @n nodes of @size bytes behind @head; @end: it goes on there, and not to @head. */
static uint64_t put_long_list(struct hostile *h, uint64_t head, uint64_t n, uint64_t size, bool end)
{
	struct x86_test *t = &h->t;
	uint64_t pa = more_alloc(h, n * size), va = more_va(h, pa);

	for (uint64_t i = 0; i < n; i++) {
		put64(more_at(h, pa + i * size), i + 1 < n ? va + (i + 1) * size : end ? va : head);
		put64(more_at(h, pa + i * size + 8), i ? va + (i - 1) * size : head);
	}
	set64(t, head, va);
	set64(t, head + 8, va + (n - 1) * size);
	return pa;
}

/* Modules in a circle, among which KVM's is not. */
static void modules_in_a_circle(struct hostile *h)
{
	put_farm(h, 1000);
	put_long_list(h, h->t.modules, 300000, 64, true);
}

/* A guest that maps the same 2 MiB again and again, which are VMCOREINFO of nothing but ends of
 * lines. */
static void guest_of_notes(struct hostile *h)
{
	static const uint32_t size = 256U << 10;
	const uint32_t note[] = { 11, size - 24, 0 };
	struct x86_test *t = &h->t;
	uint64_t kvm = put_vm(t, 42), pa = more_alloc(h, 4 << 20), root, pdpt, pd;

	begin_types(h);
	end_types(h);
	pa = (pa + (2U << 20)) & ~UINT64_C(0x1fffff);
	memset(more_at(h, pa), '\n', 2 << 20);
	for (uint64_t off = 0; off < 2 << 20; off += size) {
		memcpy(more_at(h, pa + off), note, sizeof(note));
		memcpy(more_at(h, pa + off + sizeof(note)), "VMCOREINFO\0", 12);
	}
	put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT, true, &root);
	pdpt = more_alloc(h, 4096);
	pd = more_alloc(h, 4096);
	put64(t->k.ram + root, pdpt | 0x907 | X86_NX);
	put64(more_at(h, pdpt), pd | 0x907 | X86_NX);
	for (uint64_t i = 0; i < 512; i++)
		put64(more_at(h, pd + i * 8), pa | UINT64_C(0x8600000000000bf7));
}

#define TYPES_BLOCK (2U << 20)

/* Bytes of types in @blocks blocks of BTF, which begin with a header and end with a string. */
static uint32_t enum_types(uint32_t blocks)
{
	return (blocks - 1) * TYPES_BLOCK - 28;
}

/* BTF of one enum, for which memory has three blocks: the first, which all but the last in between
 * are the second of, and the last. Returns where they are. */
static uint64_t put_enum(struct hostile *h, uint32_t blocks)
{
	const uint32_t types = enum_types(blocks),
		       header[] = { 0x0001eb9f, 24, 0, types, types + 4, 16 },
		       type[] = { 0, 6U << 24 | (types - 12) / 8, 4 };
	uint64_t pa = more_alloc(h, 4 * TYPES_BLOCK);

	pa = (pa + TYPES_BLOCK) & ~(uint64_t)(TYPES_BLOCK - 1);
	for (uint32_t off = 0; off < 2 * TYPES_BLOCK; off += 8)
		put32(more_at(h, pa + off), 1);
	memcpy(more_at(h, pa), header, sizeof(header));
	memcpy(more_at(h, pa + sizeof(header)), type, sizeof(type));
	memcpy(more_at(h, pa + 2 * TYPES_BLOCK), "\0enumerator", 12);
	return pa;
}

/* Block @i of them at @va. */
static void map_enum(struct x86_test *t, uint64_t va, uint64_t pa, uint32_t i, uint32_t blocks)
{
	uint32_t which = !i ? 0 : i < blocks - 1 ? 1 : 2;

	x86_map(t, va, pa + (uint64_t)which * TYPES_BLOCK, 1, X86_RW | X86_NX);
}

/* The types of KVM's module are 64 MB of enumerators, all but the first and the last of which are
 * the same 2 MB of memory. */
static void types_of_one_page(struct hostile *h)
{
	const uint32_t blocks = 31;
	struct x86_test *t = &h->t;
	uint64_t pa = put_enum(h, blocks), va = FARM_VA(t);

	for (uint32_t i = 0; i < blocks; i++)
		map_enum(t, va + (uint64_t)i * TYPES_BLOCK, pa, i, blocks);
	set64(t, t->btf + BTF_DATA, va);
	set_bytes(t, t->btf + BTF_DATA_SIZE, 24 + enum_types(blocks) + 4 + 16, 4);
	begin_types(h);
	end_types(h);
	put_vm(t, 42);
}

/* Types of what a process is called by; the pages of struct kvm behind those that put_farm() has
 * hold what leads to it. */
#define F_PROCESS 20

static void put_process_types(struct hostile *h)
{
	static const char *const mm[] = { "owner", "pgd", "arg_start", "arg_end", "env_end" };
	struct btf *btf;
	int u64t, name;

	begin_types(h);
	btf = h->btf;
	u64t = btf__find_by_name(btf, "unsigned long");
	name = btf__add_array(btf, u64t, btf__find_by_name(btf, "char"), 16);
	move_member(h, "kvm", "mm", (1 + F_PROCESS) * 4096);
	move_member(h, "kvm", "mmu_notifier", (2 + F_PROCESS) * 4096);
	extend_type(h, "mm_struct");
	for (uint32_t i = 0; i < 5; i++)
		x86_field(btf, mm[i], u64t, 8 + i * 8);
	extend_type(h, "task_struct");
	x86_field(btf, "comm", name, TASK_SIZE);
	x86_field(btf, "cgroups", u64t, TASK_SIZE + 16);
	x86_struct(btf, "css_set", 8);
	x86_field(btf, "dfl_cgrp", u64t, 0);
	x86_struct(btf, "cgroup", 8);
	x86_field(btf, "kn", u64t, 0);
	x86_struct(btf, "kernfs_node", 16);
	x86_field(btf, "name", u64t, 0);
	x86_field(btf, "parent", u64t, 8);
	end_types(h);
}

/* Many VMs of one process, whose cgroups have long names and no end, and whose command line is as
 * long as any that is read, or as empty. */
static void put_one_process(struct hostile *h, bool args)
{
	struct x86_test *t = &h->t;
	uint64_t mm = heap_alloc(t, 48), task = heap_alloc(t, TASK_SIZE + 24), node,
		 name = heap_alloc(t, 256), pgd, user = X86_P | X86_RW | 4, table[3];

	put_farm(h, 65000);
	put_process_types(h);
	set_field(h, F_PROCESS, mm, mm);
	set64(t, mm + 8, task);
	set64(t, task + TASK_MM, mm);
	set64(t, task + TASK_LEADER, task);
	set_bytes(t, task + TASK_TGID, 42, 4);
	set_text(t, task + TASK_SIZE, "qemu-system-x86");
	node = heap_alloc(t, 16);
	for (unsigned int i = 0; i < 255; i++)
		set_bytes(t, name + i, 'a', 1);
	set64(t, node, name);
	set64(t, node + 8, node);
	set64(t, task + TASK_SIZE + 16, task + TASK_SIZE + 16);
	set64(t, task + TASK_SIZE + 16, node + 0);
	set64(t, node, name);
	/* css_set and cgroup are one word each, which leads to the next. */
	{
		uint64_t words = heap_alloc(t, 16);

		set64(t, words, words + 8);
		set64(t, words + 8, node);
		set64(t, task + TASK_SIZE + 16, words);
	}
	if (!args)
		return;
	pgd = more_alloc(h, 4096);
	for (unsigned int i = 0; i < 3; i++) {
		table[i] = more_alloc(h, 4096);
		put64(more_at(h, i ? table[i - 1] : pgd), table[i] | user);
	}
	name = more_alloc(h, 4096);
	memset(more_at(h, name), '-', 4096);
	for (unsigned int i = 0; i < 4096; i += 2)
		*more_at(h, name + i) = 0;
	for (unsigned int i = 0; i < 512; i++)
		put64(more_at(h, table[2] + i * 8), name | user);
	set64(t, mm + 16, more_va(h, pgd));
	set64(t, mm + 24, 4096);
	set64(t, mm + 32, 4096 + 32767);
}

static void vms_of_one_process(struct hostile *h)
{
	put_one_process(h, false);
}

static void vms_of_one_command(struct hostile *h)
{
	put_one_process(h, true);
}

/* Many VMs, two of which are not there, so that their process is asked for those between them; it
 * tells of the last ones, again and again. */
static void vms_of_a_ring(struct hostile *h)
{
	const uint64_t n = 65000, page = (n - 1) / NODES_PER_PAGE * NODES_PER_PAGE;
	struct x86_test *t = &h->t;
	uint64_t init = t->k.stext + DATA_AT + 0x8000, task = heap_alloc(t, TASK_SIZE),
		 mm = heap_alloc(t, 48), list = heap_alloc(t, 8), gone = FARM_VA(t) - (1 << 20),
		 notifiers;

	put_farm(h, n);
	put_process_types(h);
	set_field(h, F_PROCESS, mm, mm);
	notifiers = h->field_pa[F_PROCESS + 1];
	for (uint64_t i = 0; page + i < n; i++)
		put64(more_at(h, notifiers + i * 16),
		      farm_va(h, page + (page + i + 1 < n ? i + 1 : 0)) + (2 + F_PROCESS) * 4096);
	x86_map(t, gone, MORE_AT + (UINT64_C(1) << 32), 0, X86_RW | X86_NX);
	put64(more_at(h, h->nodes + (n / 2 - 1) * 16), gone);
	put64(more_at(h, h->nodes + n / 2 * 16 + 8), gone + 64);
	empty_list(t, init + TASK_LIST);
	add_symbol(t, "Dinit_task", init);
	link_node(t, init + TASK_LIST, task + TASK_LIST);
	set64(t, task + TASK_MM, mm);
	set64(t, task + TASK_LEADER, task);
	set64(t, mm, list);
	set64(t, list, farm_va(h, page) + (2 + F_PROCESS) * 4096);
}

/* Nobody says where the types of KVM's module are, and what may be them is all the same 6 MiB. */
static void types_of_nobody(struct hostile *h)
{
	const uint32_t blocks = 6;
	struct x86_test *t = &h->t;
	uint64_t pa = put_enum(h, blocks), va = FARM_VA(t), gone = va - (1 << 20);

	for (uint32_t i = 0; i < 32 * blocks; i++)
		map_enum(t, va + (uint64_t)i * TYPES_BLOCK, pa, i % blocks, blocks);
	x86_map(t, gone, MORE_AT + (UINT64_C(1) << 32), 0, X86_RW | X86_NX);
	set64(t, t->btf_idr + 8, gone | 2);
	set64(t, t->btf_modules, gone);
	set64(t, t->btf_modules + 8, gone);
	begin_types(h);
	end_types(h);
	put_vm(t, 42);
}

/* Every other page of as much memory as there are nodes for is private. */
static void attributes_of_pages(struct hostile *h)
{
	struct x86_test *t = &h->t;
	uint64_t kvm = put_vm(t, 41), top = more_alloc(h, 640), root, middle, leaf;

	begin_types(h);
	end_types(h);
	put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(4) | ROLE_DIRECT, true, &root);
	put64(more_at(h, top), 12);
	for (uint64_t i = 0; i < 64; i++) {
		middle = more_alloc(h, 640);
		put64(more_at(h, middle), 6);
		for (uint64_t j = 0; j < 64; j++) {
			leaf = more_alloc(h, 640);
			for (uint64_t k = 0; k < 64; k += 2)
				put64(more_at(h, leaf + 40 + k * 8), 8 << 1 | 1);
			put64(more_at(h, middle + 40 + j * 8), more_va(h, leaf) | 2);
		}
		put64(more_at(h, top + 40 + i * 8), more_va(h, middle) | 2);
	}
	set_bytes(t, kvm + KVM_HAS_PRIVATE, 1, 1);
	set64(t, kvm + KVM_ATTRIBUTES + 8, more_va(h, top) | 2);
}

/* A million members, as deep as six structs without a name. */
static int put_million(struct hostile *h)
{
	int of = btf__find_by_name(h->btf, "unsigned char");

	for (unsigned int depth = 0; depth < 6; depth++) {
		int next = x86_struct(h->btf, NULL, 10);

		for (unsigned int i = 0; i < 10; i++)
			x86_field(h->btf, depth ? NULL : "a", of, i);
		of = next;
	}
	return of;
}

/* Types that are asked for have the names of as many others as are looked at, each of which has a
 * million members. */
static void members_without_end(struct hostile *h)
{
	static const char *const names[] = { "xa_node", "kvm_memory_slot", "rb_node", "list_head" };
	int million;

	put_farm(h, 1000);
	set_field(h, F_MEMSLOTS, put_slot_tree(h), 0);
	begin_types(h);
	million = put_million(h);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (unsigned int k = 0; k < 62; k++) {
			x86_struct(h->btf, names[i], 10);
			x86_field(h->btf, NULL, million, 0);
		}
		extend_type(h, names[i]);
	}
	end_types(h);
}

/* ---- files ---- */

static void put(int fd, uint64_t off, const void *data, size_t size)
{
	assert_int_equal(pwrite(fd, data, size, (off_t)off), (ssize_t)size);
}

/* Pages of zeros are holes. */
static void put_pages(int fd, uint64_t off, const uint8_t *data, uint64_t size)
{
	static const uint8_t zeros[4096];

	for (uint64_t at = 0; at < size; at += sizeof(zeros))
		if (memcmp(data + at, zeros, sizeof(zeros)) != 0)
			put(fd, off + at, data + at, sizeof(zeros));
}

static void write_core(struct hostile *h, const char *path)
{
	const struct x86_test *t = &h->t;
	size_t len = strlen(t->k.info), padded = (len + 3) & ~(size_t)3;
	uint32_t note[] = { 11, (uint32_t)len, 0 };
	Elf64_Ehdr head = { .e_ident = ELFMAG,
			    .e_type = ET_CORE,
			    .e_machine = EM_X86_64,
			    .e_version = 1,
			    .e_phoff = sizeof(head),
			    .e_ehsize = sizeof(head),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 3 };
	const Elf64_Phdr seg[] = {
		{ .p_type = PT_NOTE,
		  .p_offset = 4096,
		  .p_filesz = 24 + padded,
		  .p_memsz = 24 + padded },
		{ .p_type = PT_LOAD,
		  .p_offset = 1 << 20,
		  .p_filesz = RAM_SIZE,
		  .p_memsz = RAM_SIZE },
		{ .p_type = PT_LOAD,
		  .p_offset = (1 << 20) + RAM_SIZE,
		  .p_paddr = MORE_AT,
		  .p_filesz = h->used,
		  .p_memsz = CLAIMED },
	};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	head.e_ident[EI_VERSION] = EV_CURRENT;
	put(fd, 0, &head, sizeof(head));
	put(fd, sizeof(head), seg, sizeof(seg));
	put(fd, 4096, note, sizeof(note));
	put(fd, 4096 + sizeof(note), "VMCOREINFO\0", 12);
	put(fd, 4096 + 24, t->k.info, len);
	put_pages(fd, 1 << 20, t->k.ram, RAM_SIZE);
	put_pages(fd, (1 << 20) + RAM_SIZE, h->more, h->used);
	assert_int_equal(ftruncate(fd, (off_t)((1 << 20) + RAM_SIZE + h->used)), 0);
	close(fd);
}

static void write_map(const struct x86_test *t, const char *path)
{
	char name[4096], text[8192];
	ssize_t size = t->system_map >= 0 ? pread(t->system_map, text, sizeof(text), 0) : 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s.map", path);
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
}

/* To add one: a row here, and one in tests/golden/test_bounds.py. @form: of x86_forms. */
static const struct {
	const char *name;
	unsigned int form;
	void (*make)(struct hostile *h);
} cases[] = {
	{ "vms-of-one-vcpu", 4, vms_of_one_vcpu },
	{ "vms-of-one-vcpu-5.15", 5, vms_of_one_vcpu },
	{ "vms-of-one-array", 5, vms_of_one_array },
	{ "vms-of-one-tree", 4, vms_of_one_tree },
	{ "no-vm-for-roots", 4, no_vm_for_roots },
	{ "no-shadow-page", 1, no_shadow_page },
	{ "vcpus-without-end", 4, vcpus_without_end },
	{ "attributes-without-end", 4, attributes_without_end },
	{ "types-without-end", 4, types_without_end },
	{ "roots-of-all-kinds", 4, roots_of_all_kinds },
	{ "private-memory", 4, private_memory },
	{ "roots-without-end", 4, roots_without_end },
	{ "vms-of-broken-roots", 4, vms_of_broken_roots },
	{ "roots-with-slots", 4, roots_with_slots },
	{ "modules-in-a-circle", 4, modules_in_a_circle },
	{ "vms-of-one-process", 2, vms_of_one_process },
	{ "attributes-of-pages", 4, attributes_of_pages },
	{ "types-of-nobody", 4, types_of_nobody },
	{ "vms-of-a-ring", 2, vms_of_a_ring },
	{ "vms-of-one-command", 2, vms_of_one_command },
	{ "types-of-one-page", 4, types_of_one_page },
	{ "guest-of-notes", 2, guest_of_notes },
	{ "members-without-end", 2, members_without_end },
	{ "symbols-of-kvm", 4, symbols_of_kvm },
	{ "gmem-of-blocks", 2, gmem_of_blocks },
	{ "gmem-of-pages", 2, gmem_of_pages },
	{ "vmm-of-pages", 2, vmm_of_pages },
	{ "vmm-that-is-unread", 2, vmm_that_is_unread },
	{ "gmem-that-is-unread", 2, gmem_that_is_unread },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct hostile h;
		static struct x86_form form;

		if (strcmp(cases[i].name, argv[1]) != 0)
			continue;
		h.more = calloc(1, MORE_SIZE);
		assert_non_null(h.more);
		form = x86_forms[cases[i].form];
		form.more = true;
		x86_init(&h.t, &form);
		map_more(&h);
		cases[i].make(&h);
		if (h.t.module && !h.symbols_are_there)
			put_module_symbols(&h.t);
		if (h.t.form->arrays)
			h.t.system_map = put_system_map(&h.t);
		else
			put_kallsyms(&h.t.k, h.t.sym, h.t.nsyms, h.t.form->encoding, true);
		write_core(&h, argv[2]);
		write_map(&h.t, argv[2]);
		x86_exit(&h.t);
		free(h.more);
		return 0;
	}
	return 2;
}
