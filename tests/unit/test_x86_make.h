/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An x86-64 kernel made by hand: page tables, modules with symbols and types of their own, and KVM
 * with roots. Bits and rules are from the manual and the kernel's headers, not from the readers. */
#ifndef TEST_X86_MAKE_H
#define TEST_X86_MAKE_H

#include <bpf/btf.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/host.h"
#include "test_kernel_image.h"

/* What differs from machine to machine and from release to release. */
struct x86_form {
	const char *name;
	uint64_t stext;
	unsigned int levels;
	uint64_t page_offset, vmalloc; /* of the direct map, and of scattered pages */
	uint64_t sme_mask;
	enum kenc encoding;
	bool built_in; /* KVM, and its types in vmlinux's BTF */
	bool ept;
	bool new_bits; /* 7.2: role.access has 4 bits, shadow_xs_mask */
	bool own_mmio; /* 6.10: arch.shadow_mmio_value, init_value, kvm_host */
	/* Upstream 5.15: arrays of vCPUs and slots, root_hpa; VMCOREINFO does not tell of kallsyms.
	 */
	bool arrays;
	/* A list of tasks, which their VMs are told of, and roles in struct kvm_mmu. */
	bool more;
};

static const struct x86_form x86_forms[] = {
	{ "6.1, NPT, 5 levels, image below where it was linked", 0xffffffff9b400000, 5,
	  0xff1eaec000000000, 0xffa0000000000000, 0, KENC_PERCPU, false, false, false, false, false,
	  false },
	{ "6.1, EPT", 0xffffffff80200000, 4, 0xffff888000000000, 0xffffa00000000000, 0, KENC_PERCPU,
	  false, true, false, false, false, false },
	{ "6.18, EPT, built in", 0xffffffffb3000000, 4, 0xffff8d6880000000, 0xffffb00000000000, 0,
	  KENC_RELATIVE, true, true, false, true, false, false },
	{ "7.3, NPT, SME", 0xffffffff98600000, 4, 0xffff8d6840000000, 0xffffb00000000000,
	  UINT64_C(1) << 47, KENC_PLACE, false, false, true, true, false, false },
	{ "7.3, EPT, 5 levels", 0xffffffff81000000, 5, 0xff11000000000000, 0xffa0000000000000, 0,
	  KENC_PLACE, false, true, true, true, false, false },
	{ "5.15, NPT", 0xffffffff8a400000, 4, 0xffff9d4880000000, 0xffffb38000000000, 0,
	  KENC_PERCPU, false, false, false, false, true, false },
	{ "5.15, EPT, built in, 5 levels", 0xffffffff81000000, 5, 0xff11000000000000,
	  0xffa0000000000000, 0, KENC_PERCPU, true, true, false, false, true, false },
};
#define NX86_FORMS (sizeof(x86_forms) / sizeof(x86_forms[0]))

#define HEAP_AT (13U << 20)
#define HEAP_SIZE 0x80000U
#define VMALLOC_AT (14U << 20)
#define VMALLOC_PAGES 16U
#define PAGES_AT (15U << 20) /* struct page of all memory */
#define VMEMMAP_VA(form) ((form)->levels == 5 ? 0xffd4000000000000 : 0xffffea0000000000)
#define MODULE_VA 0xffffffffc0100000
#define MODULE_BYTES 0x10000U /* lies at the start of the vmalloc pages, mapped once more */

/* Offsets of ours, in the order of the kernel. */
#define KVM_VM_LIST 0x10
#define KVM_PID 0x20
#define KVM_ONLINE 0x24
#define KVM_MM 0x28
#define KVM_MEMSLOTS 0x30
#define KVM_VCPUS 0x40
#define KVM_ATTRIBUTES 0x60
#define KVM_NOTIFIER 0x70
#define KVM_ARCH 0x80
#define KVM_ROOTS (KVM_ARCH + 0x00)
#define KVM_ACTIVE (KVM_ARCH + 0x10)
#define KVM_VALID_GEN (KVM_ARCH + 0x20)
#define KVM_NO_NX_HUGE (KVM_ARCH + 0x21)
#define KVM_HAS_PRIVATE (KVM_ARCH + 0x22)
#define KVM_MMIO_VALUE (KVM_ARCH + 0x28)
#define KVM_DIRECT_BITS (KVM_ARCH + 0x30)
#define KVM_SIZE 0x100
#define SP_TDP 0x20
#define SP_VALID_GEN 0x22
#define SP_ROLE 0x24
#define SP_GFN 0x28
#define SP_SPT 0x30
#define SP_COUNT 0x40
#define SP_PARENTS 0x48
#define SP_SIZE 0xb8
#define VCPU_MMU 0x40
#define VCPU_INIT_VALUE 0x50
#define VCPU_ROOT_MMU 0x80
#define VCPU_GUEST_MMU 0x100
#define VCPU_SIZE 0x180
#define MMU_ROOT_HPA 40
#define MMU_ROLE 48
#define MMU_PREV_HPA 72 /* of the first of three, */
#define MMU_PREV_SIZE 16
#define MMU_SIZE 0x80
#define SLOTS_TREE 8
#define SLOTS_NODE_IDX 16
#define SLOTS_USED 16 /* of an array, which follows */
#define SLOTS_ARRAY 24
#define SLOTS_ROOM 2
#define SLOT_NODES 0x10
#define SLOT_GFN 0x40
#define SLOT_NPAGES 0x48
#define SLOT_HVA 0x50
#define SLOT_FLAGS 0x58
#define SLOT_ID 0x5c
#define SLOT_SIZE 0x60
#define MODULE_LIST 8
#define MODULE_NAME 24
#define MODULE_KALLSYMS 0x60
#define MODULE_CORE 0x68
#define MODULE_SIZE 0x100
#define BTF_DATA 0
#define BTF_DATA_SIZE 16
#define BTF_NTYPES 20
#define BTF_BASE 24
#define BTF_NAME 32
#define BTF_SIZE 0x60
#define BTF_MODULE_LIST 0
#define BTF_MODULE_BTF 24
#define BTF_MODULE_SIZE 64
#define TASK_LIST 0
#define TASK_MM 16
#define TASK_LEADER 24
#define TASK_TGID 32
#define TASK_SIZE 40
#define PAGE_SIZE_OF 64
#define PAGE_PRIVATE 40

struct x86_test {
	const struct x86_form *form;
	struct kimage k;
	uint64_t used; /* of the heap */
	unsigned int fillers;
	void *own_types; /* KVM's own BTF, */
	uint32_t own_size;
	struct s2_symbol_file
		file; /* and the module that the user has a file of, .path NULL: none */
	struct ksym sym[64];
	uint32_t nsyms;
	struct {
		const char *name;
		uint64_t va;
	} msym[32];
	uint32_t nmsyms;
	uint64_t data; /* next free byte of KVM's data */
	uint64_t vm_list, modules, btf_idr, btf_modules, module, btf;
	uint64_t btf_module; /* its entry of btf_modules */
	int system_map;      /* of kernels that do not tell of kallsyms, else -1 */
	struct s2_kernel *kernel;
	const struct s2_vms_wanted *wanted; /* NULL: all VMs */
	struct s2_tables tables;
	struct s2_lost lost;
	struct s2_err err;
};

/* ---- page tables (SDM 3A 4.5) ---- */

#define X86_P 0x1
#define X86_RW 0x2
#define X86_PS 0x80
#define X86_NX (UINT64_C(1) << 63)

/* Maps the page (height 0) or block of 2M (height 1) at @va; every entry has the C-bit if there is
 * one.
 */
static inline void x86_map(struct x86_test *t, uint64_t va, uint64_t pa, unsigned int height,
			   uint64_t flags)
{
	uint64_t table = image_pa(&t->k, SWAPPER_AT), entry;

	for (unsigned int h = t->form->levels - 1; h > height; h--) {
		uint8_t *at = at_pa(&t->k, table + (va >> (12 + 9 * h) & 511) * 8);

		memcpy(&entry, at, 8);
		if (!entry) {
			entry = TABLES_AT + t->k.tables_used;
			t->k.tables_used += 4096;
			assert_true(TABLES_AT + t->k.tables_used <= TABLES_END);
			entry |= X86_P | X86_RW | 0x60 | t->form->sme_mask;
			put64(at, entry);
		}
		table = entry & 0x000ffffffffff000 & ~t->form->sme_mask;
	}
	entry = pa | X86_P | flags | (height ? X86_PS : 0) | t->form->sme_mask;
	put64(at_pa(&t->k, table + (va >> (12 + 9 * height) & 511) * 8), entry);
}

static inline uint64_t x86_linear(const struct x86_test *t, uint64_t pa)
{
	return pa + t->form->page_offset;
}

static inline uint64_t vmalloc_va(const struct x86_test *t)
{
	return t->form->vmalloc;
}

/* The kernel's own mappings: image, direct map (small pages at its start, as kernels do), pages of
 * the vmalloc area in no order, KVM's module, and struct page. */
static inline void x86_map_all(struct x86_test *t)
{
	for (uint64_t off = 0; off < RO_END; off += 4096)
		x86_map(t, t->k.stext + off, image_pa(&t->k, off), 0, 0);
	for (uint64_t off = DATA_AT; off < DATA_AT + DATA_SIZE; off += 4096)
		x86_map(t, t->k.stext + off, image_pa(&t->k, off), 0, X86_RW | X86_NX);
	for (uint64_t pa = 0; pa < 2U << 20; pa += 4096)
		x86_map(t, x86_linear(t, pa), pa, 0, X86_RW | X86_NX);
	for (uint64_t pa = 2U << 20; pa < RAM_SIZE; pa += 2U << 20)
		x86_map(t, x86_linear(t, pa), pa, 1, X86_RW | X86_NX);
	for (uint64_t i = 0; i < VMALLOC_PAGES; i++)
		x86_map(t, vmalloc_va(t) + i * 4096, VMALLOC_AT + (i ^ 5) * 4096, 0,
			X86_RW | X86_NX);
	for (uint64_t off = 0; off < MODULE_BYTES; off += 4096)
		x86_map(t, MODULE_VA + off, VMALLOC_AT + 0x20000 + (off ^ 0x3000), 0, X86_RW);
	for (uint64_t off = 0; off < RAM_SIZE / 4096 * PAGE_SIZE_OF; off += 4096)
		x86_map(t, VMEMMAP_VA(t->form) + off, PAGES_AT + off, 0, X86_RW | X86_NX);
}

/* Where a byte of the kernel is, by what was mapped above. */
static inline uint8_t *x86_at(struct x86_test *t, uint64_t va)
{
	uint64_t off = va - MODULE_VA;

	if (off < MODULE_BYTES)
		return t->k.ram + VMALLOC_AT + 0x20000 + (off ^ 0x3000);
	off = va - vmalloc_va(t);
	if (off < VMALLOC_PAGES * 4096)
		return t->k.ram + VMALLOC_AT + (off ^ 5 * 4096);
	off = va - t->form->page_offset;
	if (off < RAM_SIZE)
		return t->k.ram + off;
	assert_true(va - t->k.stext < DATA_AT + DATA_SIZE);
	return in_image(&t->k, va - t->k.stext);
}

static inline void set_bytes(struct x86_test *t, uint64_t va, uint64_t value, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		*x86_at(t, va + i) = (uint8_t)(value >> i * 8);
}

static inline void set64(struct x86_test *t, uint64_t va, uint64_t value)
{
	set_bytes(t, va, value, 8);
}

static inline uint64_t get64(struct x86_test *t, uint64_t va)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < 8; i++)
		value |= (uint64_t)*x86_at(t, va + i) << i * 8;
	return value;
}

static inline void set_text(struct x86_test *t, uint64_t va, const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++)
		*x86_at(t, va + i) = (uint8_t)text[i];
}

static inline uint64_t heap_alloc(struct x86_test *t, uint64_t size)
{
	uint64_t at = x86_linear(t, HEAP_AT) + t->used;

	t->used += (size + 63) & ~UINT64_C(63);
	assert_true(t->used <= HEAP_SIZE);
	return at;
}

/* A page of the direct map. */
static inline uint64_t page_alloc(struct x86_test *t)
{
	t->used = (t->used + 4095) & ~UINT64_C(4095);
	return heap_alloc(t, 4096);
}

static inline void add_symbol(struct x86_test *t, const char *name, uint64_t va)
{
	assert_true(t->nsyms < sizeof(t->sym) / sizeof(t->sym[0]));
	t->sym[t->nsyms++] = (struct ksym){ name, va };
}

/* A variable of KVM's: a symbol of its module, or of the kernel. @name has its type letter in
 * front. What lies behind it is another's. */
static inline uint64_t kvm_variable(struct x86_test *t, const char *name, uint64_t value,
				    unsigned int size)
{
	uint64_t va = t->data;

	t->data += 16;
	memset(x86_at(t, va), 0xa5, 16);
	set_bytes(t, va, value, size);
	if (t->form->built_in) {
		add_symbol(t, name, va);
		return va;
	}
	assert_true(t->nmsyms < sizeof(t->msym) / sizeof(t->msym[0]));
	t->msym[t->nmsyms].name = name + 1;
	t->msym[t->nmsyms++].va = va;
	return va;
}

/* ---- types ---- */

struct x86_btf {
	struct btf *btf;
	int u64t, u32t, s32t, s16t, u8t, ptr, list, xarray, rb_root, counter, name;
};

static inline int x86_struct(struct btf *btf, const char *name, uint32_t size)
{
	int id = btf__add_struct(btf, name, size);

	assert_true(id > 0);
	return id;
}

/* A member that the types are made without: it has another name, which nobody asks for. */
static const char *x86_left_out;

static inline const char *x86_member(const char *name)
{
	return x86_left_out && name && !strcmp(name, x86_left_out) ? "no_longer_here" : name;
}

static inline void x86_field(struct btf *btf, const char *name, int type, uint32_t byte)
{
	name = x86_member(name);
	assert_int_equal(btf__add_field(btf, name, type, byte * 8, 0), 0);
}

static inline void btf_basics(struct x86_btf *b)
{
	int chars, slots, notifier;

	b->btf = btf__new_empty();
	b->u64t = btf__add_int(b->btf, "unsigned long", 8, 0);
	b->u32t = btf__add_int(b->btf, "unsigned int", 4, 0);
	b->s32t = btf__add_int(b->btf, "int", 4, BTF_INT_SIGNED);
	b->s16t = btf__add_int(b->btf, "short", 2, BTF_INT_SIGNED);
	b->u8t = btf__add_int(b->btf, "unsigned char", 1, 0);
	chars = btf__add_int(b->btf, "char", 1, BTF_INT_CHAR);
	b->ptr = btf__add_ptr(b->btf, 0);
	b->name = btf__add_array(b->btf, b->u64t, chars, 56);
	slots = btf__add_array(b->btf, b->u64t, b->ptr, 64);
	b->list = x86_struct(b->btf, "list_head", 16);
	x86_field(b->btf, "next", b->ptr, 0);
	x86_field(b->btf, "prev", b->ptr, 8);
	b->xarray = x86_struct(b->btf, "xarray", 16);
	x86_field(b->btf, "xa_head", b->ptr, 8);
	x86_struct(b->btf, "xa_node", 576);
	x86_field(b->btf, "shift", b->u8t, 0);
	x86_field(b->btf, "slots", slots, 40);
	x86_struct(b->btf, "rb_node", 24);
	x86_field(b->btf, "__rb_parent_color", b->u64t, 0);
	x86_field(b->btf, "rb_right", b->ptr, 8);
	x86_field(b->btf, "rb_left", b->ptr, 16);
	b->rb_root = x86_struct(b->btf, "rb_root", 8);
	x86_field(b->btf, "rb_node", b->ptr, 0);
	notifier = x86_struct(b->btf, "hlist_node", 16);
	x86_field(b->btf, "next", b->ptr, 0);
	x86_field(b->btf, "pprev", b->ptr, 8);
	x86_struct(b->btf, "mmu_notifier", 16);
	x86_field(b->btf, "hlist", notifier, 0);
	b->counter = x86_struct(b->btf, "counter_t", 4);
	x86_field(b->btf, "counter", b->s32t, 0);
}

static inline void btf_modules_of(struct x86_btf *b)
{
	int kallsyms = x86_struct(b->btf, "mod_kallsyms", 32);

	x86_field(b->btf, "symtab", b->ptr, 0);
	x86_field(b->btf, "num_symtab", b->u32t, 8);
	x86_field(b->btf, "strtab", b->ptr, 16);
	x86_struct(b->btf, "module", MODULE_SIZE);
	x86_field(b->btf, "list", b->list, MODULE_LIST);
	x86_field(b->btf, "name", b->name, MODULE_NAME);
	x86_field(b->btf, "kallsyms", b->ptr, MODULE_KALLSYMS);
	x86_field(b->btf, "core_kallsyms", kallsyms, MODULE_CORE);
	x86_struct(b->btf, "btf", BTF_SIZE);
	x86_field(b->btf, "data", b->ptr, BTF_DATA);
	x86_field(b->btf, "data_size", b->u32t, BTF_DATA_SIZE);
	x86_field(b->btf, "nr_types", b->u32t, BTF_NTYPES);
	x86_field(b->btf, "base_btf", b->ptr, BTF_BASE);
	x86_field(b->btf, "name", b->name, BTF_NAME);
	x86_struct(b->btf, "idr", 24);
	x86_field(b->btf, "idr_rt", b->xarray, 0);
	x86_struct(b->btf, "btf_module", BTF_MODULE_SIZE);
	x86_field(b->btf, "list", b->list, BTF_MODULE_LIST);
	x86_field(b->btf, "btf", b->ptr, BTF_MODULE_BTF);
}

static inline void btf_slots_of(struct x86_btf *b, const struct x86_form *form)
{
	int node = btf__find_by_name_kind(b->btf, "rb_node", BTF_KIND_STRUCT);
	int nodes = btf__add_array(b->btf, b->u64t, node, 2), slot;

	if (!form->arrays) {
		x86_struct(b->btf, "kvm_memslots", 24);
		x86_field(b->btf, "generation", b->u64t, 0);
		x86_field(b->btf, "gfn_tree", b->rb_root, SLOTS_TREE);
		x86_field(b->btf, "node_idx", b->s32t, SLOTS_NODE_IDX);
	}
	slot = x86_struct(b->btf, "kvm_memory_slot", SLOT_SIZE);
	if (!form->arrays)
		x86_field(b->btf, "gfn_node", nodes, SLOT_NODES);
	x86_field(b->btf, "base_gfn", b->u64t, SLOT_GFN);
	x86_field(b->btf, "npages", b->u64t, SLOT_NPAGES);
	x86_field(b->btf, "userspace_addr", b->u64t, SLOT_HVA);
	x86_field(b->btf, "flags", b->u32t, SLOT_FLAGS);
	x86_field(b->btf, "id", b->s16t, SLOT_ID);
	if (form->arrays) {
		int array = btf__add_array(b->btf, b->u64t, slot, 0);

		x86_struct(b->btf, "kvm_memslots", SLOTS_ARRAY);
		x86_field(b->btf, "generation", b->u64t, 0);
		x86_field(b->btf, "last_used_slot", b->counter, 8);
		x86_field(b->btf, "used_slots", b->s32t, SLOTS_USED);
		x86_field(b->btf, "memslots", array, SLOTS_ARRAY);
	}
}

/* union kvm_mmu_page_role, arch/x86/include/asm/kvm_host.h. */
static inline int btf_role(struct btf *btf, const struct x86_btf *b, const struct x86_form *form)
{
	const struct {
		const char *name;
		unsigned int bit, bits, since_72_bit, since_72_bits; /* bits 0: there is none */
	} fields[] = {
		{ "level", 0, 4, 0, 4 },
		{ form->arrays ? "gpte_is_8_bytes" : "has_4_byte_gpte", 4, 1, 4, 1 },
		{ "quadrant", 5, 2, 5, 2 },
		{ "direct", 7, 1, 7, 1 },
		{ "access", 8, 3, 8, 4 },
		{ "invalid", 11, 1, 12, 1 },
		{ "ad_disabled", 16, 1, 16, 1 },
		{ "guest_mode", 17, 1, 17, 1 },
		{ "is_mirror", 19, 0, 19, 1 },
		{ "cr4_smep", 20, 0, 20, 1 },
		{ "smm", 24, 8, 24, 8 },
	};
	int bits = x86_struct(btf, NULL, 4), role;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		unsigned int bit = form->new_bits ? fields[i].since_72_bit : fields[i].bit;
		unsigned int n = form->new_bits ? fields[i].since_72_bits : fields[i].bits;

		if (n)
			assert_int_equal(btf__add_field(btf, x86_member(fields[i].name), b->u32t,
							bit, n),
					 0);
	}
	role = btf__add_union(btf, "kvm_mmu_page_role", 4);
	x86_field(btf, "word", b->u32t, 0);
	x86_field(btf, NULL, bits, 0);
	return role;
}

/* The end of struct kvm, which is the last that was begun, and what leads to it. */
static inline void btf_tasks_of(struct x86_btf *b)
{
	int hlist = btf__find_by_name_kind(b->btf, "hlist_node", BTF_KIND_STRUCT);
	int notifier = btf__find_by_name_kind(b->btf, "mmu_notifier", BTF_KIND_STRUCT);

	assert_true(hlist > 0 && notifier > 0);
	x86_field(b->btf, "mm", b->ptr, KVM_MM);
	x86_field(b->btf, "mmu_notifier", notifier, KVM_NOTIFIER);
	hlist = x86_struct(b->btf, "hlist_head", 8);
	x86_field(b->btf, "first", b->ptr, 0);
	x86_struct(b->btf, "mmu_notifier_subscriptions", 8);
	x86_field(b->btf, "list", hlist, 0);
	x86_struct(b->btf, "mm_struct", 8);
	x86_field(b->btf, "notifier_subscriptions", b->ptr, 0);
	x86_struct(b->btf, "task_struct", TASK_SIZE);
	x86_field(b->btf, "tasks", b->list, TASK_LIST);
	x86_field(b->btf, "mm", b->ptr, TASK_MM);
	x86_field(b->btf, "group_leader", b->ptr, TASK_LEADER);
	x86_field(b->btf, "tgid", b->s32t, TASK_TGID);
}

static inline void btf_kvm_of(struct x86_btf *b, const struct x86_form *form)
{
	int memslots = btf__add_array(b->btf, b->u64t, b->ptr, 2), arch, root, prev, mmu, cache = 0,
	    role;
	int vcpus = form->arrays ? btf__add_array(b->btf, b->u64t, b->ptr, 4) : b->xarray;

	arch = x86_struct(b->btf, "kvm_arch", KVM_SIZE - KVM_ARCH);
	x86_field(b->btf, "tdp_mmu_roots", b->list, KVM_ROOTS - KVM_ARCH);
	x86_field(b->btf, "active_mmu_pages", b->list, KVM_ACTIVE - KVM_ARCH);
	x86_field(b->btf, "mmu_valid_gen", b->u8t, KVM_VALID_GEN - KVM_ARCH);
	if (!form->arrays)
		x86_field(b->btf, "disable_nx_huge_pages", b->u8t, KVM_NO_NX_HUGE - KVM_ARCH);
	if (form->own_mmio) {
		x86_field(b->btf, "has_private_mem", b->u8t, KVM_HAS_PRIVATE - KVM_ARCH);
		x86_field(b->btf, "shadow_mmio_value", b->u64t, KVM_MMIO_VALUE - KVM_ARCH);
		x86_field(b->btf, "gfn_direct_bits", b->u64t, KVM_DIRECT_BITS - KVM_ARCH);
	}
	x86_struct(b->btf, "kvm", KVM_SIZE);
	x86_field(b->btf, "vm_list", b->list, KVM_VM_LIST);
	x86_field(b->btf, "userspace_pid", b->s32t, KVM_PID);
	x86_field(b->btf, "online_vcpus", b->counter, KVM_ONLINE);
	x86_field(b->btf, "memslots", memslots, KVM_MEMSLOTS);
	x86_field(b->btf, form->arrays ? "vcpus" : "vcpu_array", vcpus, KVM_VCPUS);
	if (form->own_mmio)
		x86_field(b->btf, "mem_attr_array", b->xarray, KVM_ATTRIBUTES);
	x86_field(b->btf, "arch", arch, KVM_ARCH);
	if (form->more)
		btf_tasks_of(b);
	root = x86_struct(b->btf, "kvm_mmu_root_info", 16);
	x86_field(b->btf, "hpa", b->u64t, 8);
	prev = btf__add_array(b->btf, b->u64t, root, 3);
	role = form->more ? btf_role(b->btf, b, form) : 0;
	mmu = x86_struct(b->btf, "kvm_mmu", MMU_SIZE);
	if (form->arrays)
		x86_field(b->btf, "root_hpa", b->u64t, MMU_ROOT_HPA);
	else
		x86_field(b->btf, "root", root, 32);
	x86_field(b->btf, "prev_roots", prev, MMU_PREV_HPA - 8);
	if (role)
		x86_field(b->btf, "root_role", role, MMU_ROLE);
	if (form->own_mmio) {
		cache = x86_struct(b->btf, "kvm_mmu_memory_cache", 16);
		x86_field(b->btf, "init_value", b->u64t, 0);
		x86_struct(b->btf, "kvm_host_values", 16);
		x86_field(b->btf, "maxphyaddr", b->s32t, 8);
	}
	arch = x86_struct(b->btf, "kvm_vcpu_arch", VCPU_SIZE - VCPU_MMU);
	x86_field(b->btf, "mmu", b->ptr, 0);
	x86_field(b->btf, "root_mmu", mmu, VCPU_ROOT_MMU - VCPU_MMU);
	x86_field(b->btf, "guest_mmu", mmu, VCPU_GUEST_MMU - VCPU_MMU);
	if (cache)
		x86_field(b->btf, "mmu_shadow_page_cache", cache, VCPU_INIT_VALUE - VCPU_MMU);
	x86_struct(b->btf, "cpuinfo_x86", 8);
	x86_field(b->btf, "x86_phys_bits", b->u8t, 1);
	x86_struct(b->btf, "kvm_vcpu", VCPU_SIZE);
	x86_field(b->btf, "arch", arch, VCPU_MMU);
}

/* Functions of KVM's own, by which its types can be told from other modules'. */
static const char *const x86_functions[] = { "kvm_mmu_load", "kvm_init", "kvm_mmu_unload" };

static inline void btf_functions(struct btf *btf, const char *const *names, size_t n)
{
	int proto = btf__add_func_proto(btf, 0);

	for (size_t i = 0; i < n; i++)
		assert_true(btf__add_func(btf, names[i], BTF_FUNC_STATIC, proto) > 0);
}

/* struct kvm_mmu_page is in KVM's own types only. */
static inline void btf_mmu_page(struct btf *btf, const struct x86_btf *b,
				const struct x86_form *form)
{
	int role = btf_role(btf, b, form), count, parents, val = b->u64t;

	if (form->new_bits) {
		val = x86_struct(btf, "atomic_long", 8);
		x86_field(btf, "counter", b->u64t, 0);
	}
	parents = x86_struct(btf, "kvm_rmap_head", 8);
	x86_field(btf, "val", val, 0);
	count = x86_struct(btf, "refcount_struct", 4);
	x86_field(btf, "refs", b->counter, 0);
	x86_struct(btf, "kvm_mmu_page", SP_SIZE);
	x86_field(btf, "link", b->list, 0);
	x86_field(btf, "tdp_mmu_page", b->u8t, SP_TDP);
	x86_field(btf, "mmu_valid_gen", b->u8t, SP_VALID_GEN);
	x86_field(btf, "role", role, SP_ROLE);
	x86_field(btf, "gfn", b->u64t, SP_GFN);
	x86_field(btf, "spt", b->ptr, SP_SPT);
	x86_field(btf, "tdp_mmu_root_count", count, SP_COUNT);
	x86_field(btf, "parent_ptes", parents, SP_PARENTS);
}

/* ---- modules ---- */

static inline void link_node(struct x86_test *t, uint64_t head, uint64_t node)
{
	uint64_t next = get64(t, head);

	set64(t, node, next);
	set64(t, node + 8, head);
	set64(t, next + 8, node);
	set64(t, head, node);
}

static inline void empty_list(struct x86_test *t, uint64_t head)
{
	set64(t, head, head);
	set64(t, head + 8, head);
}

/* struct module without symbols, in front of those that are there. */
static inline uint64_t put_module(struct x86_test *t, const char *name)
{
	uint64_t module = heap_alloc(t, MODULE_SIZE);

	set_text(t, module + MODULE_NAME, name);
	set64(t, module + MODULE_KALLSYMS, module + MODULE_CORE);
	link_node(t, t->modules, module + MODULE_LIST);
	return module;
}

/* The symbols of KVM's module, as the kernel keeps them: an ELF symbol table and strings. */
static inline void put_module_symbols(struct x86_test *t)
{
	uint64_t strings = heap_alloc(t, 2048), off = 1;
	uint64_t table = heap_alloc(t, (t->nmsyms + 1) * sizeof(Elf64_Sym));

	for (uint32_t i = 0; i < t->nmsyms; i++) {
		uint64_t sym = table + (i + 1) * sizeof(Elf64_Sym);

		set_text(t, strings + off, t->msym[i].name);
		set_bytes(t, sym, off, 4);
		set_bytes(t, sym + 6, 3, 2); /* st_shndx: of some section */
		set64(t, sym + 8, t->msym[i].va);
		off += strlen(t->msym[i].name) + 1;
	}
	set64(t, t->module + MODULE_CORE, table);
	set_bytes(t, t->module + MODULE_CORE + 8, t->nmsyms + 1, 4);
	set64(t, t->module + MODULE_CORE + 16, strings);
}

/* An entry of btf_modules, on a page of its own (btf_module_notify() allocates one by one). */
static inline uint64_t put_btf_module(struct x86_test *t, uint64_t btf)
{
	uint64_t entry = page_alloc(t);

	set64(t, entry + BTF_MODULE_BTF, btf);
	link_node(t, t->btf_modules, entry + BTF_MODULE_LIST);
	t->used = (t->used + 4095) & ~UINT64_C(4095);
	return entry;
}

/* An object of btf_idr with a blob of its own; at index @i. */
static inline uint64_t put_btf_object(struct x86_test *t, unsigned int i, const char *name,
				      uint64_t base, const void *blob, uint32_t size)
{
	uint64_t btf = heap_alloc(t, BTF_SIZE), data;
	uint64_t node = get64(t, t->btf_idr + 8);

	t->used = (t->used + 4095) & ~UINT64_C(4095);
	data = heap_alloc(t, size);
	for (uint32_t at = 0; at < size; at++)
		*x86_at(t, data + at) = ((const uint8_t *)blob)[at];
	set64(t, btf + BTF_DATA, data);
	set_bytes(t, btf + BTF_DATA_SIZE, size, 4);
	set64(t, btf + BTF_BASE, base);
	set_text(t, btf + BTF_NAME, name);
	if (!node) {
		node = page_alloc(t) | 2; /* xa_mk_node() */
		t->used = (t->used + 4095) & ~UINT64_C(4095);
		set64(t, t->btf_idr + 8, node);
	}
	set64(t, node - 2 + 40 + i * 8, btf);
	return btf;
}

static inline void put_types(struct x86_test *t)
{
	struct x86_btf b;
	struct btf *own;
	const void *blob;
	uint32_t size;
	uint64_t vmlinux;

	btf_basics(&b);
	btf_modules_of(&b);
	btf_slots_of(&b, t->form);
	btf_kvm_of(&b, t->form);
	if (t->form->built_in)
		btf_mmu_page(b.btf, &b, t->form);
	blob = btf__raw_data(b.btf, &size);
	assert_true(BTF_AT + size < RO_END);
	memcpy(in_image(&t->k, BTF_AT), blob, size);
	vmlinux = put_btf_object(t, 1, "vmlinux", 0, "", 1);
	if (!t->form->built_in) {
		own = btf__new_empty_split(b.btf);
		/* Types of other things come first: two members each, 36 bytes. */
		for (unsigned int i = 0; i < t->fillers; i++) {
			char name[32];

			snprintf(name, sizeof(name), "filler_%u", i);
			x86_struct(own, name, 16);
			x86_field(own, "a", b.u64t, 0);
			x86_field(own, "b", b.u64t, 8);
		}
		/* Another module's object comes first, and has the beginning of the name. */
		put_btf_module(t, put_btf_object(t, 2, "kvm_amd", vmlinux, "", 1));
		btf_mmu_page(own, &b, t->form);
		btf_functions(own, x86_functions, 3);
		blob = btf__raw_data(own, &size);
		t->btf = put_btf_object(t, 3, "kvm", vmlinux, blob, size);
		t->btf_module = put_btf_module(t, t->btf);
		set_bytes(t, t->btf + BTF_NTYPES, btf__type_cnt(own) - btf__type_cnt(b.btf), 4);
		t->own_types = malloc(size);
		assert_non_null(t->own_types);
		memcpy(t->own_types, blob, size);
		t->own_size = size;
		btf__free(own);
	}
	btf__free(b.btf);
}

/* ---- KVM ---- */

#define MASK_RSVD 0xf800000000U
#define MASK_LOWER 0x7fffff000U

/* Values of the machines that were measured (reference x86-lab, masks). */
static inline void put_masks(struct x86_test *t)
{
	const struct x86_form *f = t->form;
	uint64_t bit63 = UINT64_C(1) << 63;

	kvm_variable(t, "dshadow_nx_mask", f->ept ? 0 : bit63, 8);
	kvm_variable(t, f->new_bits ? "dshadow_xs_mask" : "dshadow_x_mask", f->ept ? 4 : 0, 8);
	kvm_variable(t, "dshadow_accessed_mask", f->ept ? 0x100 : 0x20, 8);
	kvm_variable(t, "dshadow_dirty_mask", f->ept ? 0x200 : 0x40, 8);
	kvm_variable(t, "dshadow_mmio_value", f->ept ? 6 : UINT64_C(0x8000000000001), 8);
	kvm_variable(t, "dshadow_mmio_mask",
		     f->ept ? 7 | (f->own_mmio ? bit63 : 0) : UINT64_C(0x8000000000001), 8);
	kvm_variable(t, "dshadow_nonpresent_or_rsvd_mask", f->ept ? MASK_RSVD : 0, 8);
	kvm_variable(t, "dshadow_nonpresent_or_rsvd_lower_gfn_mask",
		     f->ept ? MASK_LOWER : 0xfffffff000, 8);
	kvm_variable(t, "dshadow_acc_track_mask", !f->ept ? 0 : f->new_bits ? 0x407 : 7, 8);
	kvm_variable(t, "dshadow_host_writable_mask",
		     UINT64_C(1) << (!f->ept     ? 9 :
				     f->new_bits ? 53 :
						   57),
		     8);
	kvm_variable(t, "dshadow_mmu_writable_mask",
		     UINT64_C(1) << (!f->ept     ? 10 :
				     f->new_bits ? 55 :
						   58),
		     8);
	kvm_variable(t, "dnx_huge_pages", 1, 4);
	kvm_variable(t, "tkvm_mmu_load", 0, 8);
	kvm_variable(t, "tkvm_mmu_unload", 0, 8);
	kvm_variable(t, "dtdp_enabled", 1, 1);
	if (f->own_mmio)
		set_bytes(t, kvm_variable(t, "bkvm_host", 0, 8) + 8, 46, 4);
	else
		kvm_variable(t, "dshadow_phys_bits", 40, 1);
}

/* @fillers: so many other types come before KVM's own ones in its module. */
static inline void x86_init_filled(struct x86_test *t, const struct x86_form *form,
				   unsigned int fillers)
{
	uint64_t phys_base = IMAGE_AT - (form->stext - 0xffffffff80000000);

	memset(t, 0, sizeof(*t));
	s2_err_init(&t->err);
	t->form = form;
	t->fillers = fillers;
	t->system_map = -1;
	t->k.ram = calloc(1, RAM_SIZE);
	assert_non_null(t->k.ram);
	memtable_init(&t->k.mem, t->k.ram, 0, RAM_SIZE);
	t->k.stext = form->stext;
	x86_map_all(t);
	strcpy((char *)in_image(&t->k, UTS_AT + 130), "6.1.0-test");
	info_line(&t->k, "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n");
	info_line(&t->k, "SYMBOL(init_uts_ns)=%llx\n", (unsigned long long)(t->k.stext + UTS_AT));
	info_line(&t->k, "OFFSET(uts_namespace.name)=0\n");
	info_line(&t->k, "SYMBOL(init_top_pgt)=%llx\n",
		  (unsigned long long)(t->k.stext + SWAPPER_AT));
	info_line(&t->k, "SYMBOL(_stext)=%llx\n", (unsigned long long)t->k.stext);
	info_line(&t->k, "NUMBER(phys_base)=%lld\n", (long long)phys_base);
	info_line(&t->k, "NUMBER(pgtable_l5_enabled)=%d\n", form->levels == 5);
	info_line(&t->k, "NUMBER(sme_mask)=%lld\n", (long long)form->sme_mask);
	info_line(&t->k, "SIZE(page)=%d\nOFFSET(page.private)=%d\n", PAGE_SIZE_OF, PAGE_PRIVATE);
	info_line(&t->k, "SYMBOL(vmemmap)=%llx\n", (unsigned long long)VMEMMAP_VA(form));
	t->data = form->built_in ? t->k.stext + DATA_AT + 0x100 : MODULE_VA + 0xff0;
	t->modules = t->k.stext + DATA_AT;
	t->btf_idr = t->k.stext + DATA_AT + 0x40;
	t->btf_modules = t->k.stext + DATA_AT + 0x60;
	empty_list(t, t->modules);
	empty_list(t, t->btf_modules);
	add_symbol(t, "T_stext", t->k.stext);
	add_symbol(t, "Dmodules", t->modules);
	add_symbol(t, "bbtf_idr", t->btf_idr);
	add_symbol(t, "dbtf_modules", t->btf_modules);
	add_symbol(t, "r__start_BTF", t->k.stext + BTF_AT);
	if (!form->built_in) {
		t->module = put_module(t, "kvm");
		put_module(t, "kvm_amd"); /* the newest is the first */
	}
	t->vm_list = kvm_variable(t, "Dvm_list", 0, 8);
	empty_list(t, t->vm_list);
	put_masks(t);
	put_types(t);
}

static inline void x86_init(struct x86_test *t, const struct x86_form *form)
{
	x86_init_filled(t, form, 0);
}

/* System.map, with addresses as the kernel was linked. */
static inline int put_system_map(const struct x86_test *t)
{
	int fd = memfd_create("System.map", 0);

	assert_true(fd >= 0);
	for (uint32_t i = 0; i < t->nsyms; i++)
		dprintf(fd, "%016llx %c %s\n",
			(unsigned long long)(t->sym[i].va - t->form->stext + 0xffffffff81000000),
			t->sym[i].name[0], t->sym[i].name + 1);
	return fd;
}

/* Opens the kernel as it is in memory. */
static inline enum s2_code x86_try_open(struct x86_test *t)
{
	struct s2_kernel_args args;

	s2_kernel_args_init(&args, &t->k.mem.mem);
	args.note = t->k.info;
	args.note_size = strlen(t->k.info);
	if (t->system_map >= 0)
		args.system_map =
			(struct s2_symbol_file){ .path = "System.map", .fd = t->system_map };
	if (t->file.path) {
		args.module = t->file;
		args.module_name = "kvm";
	}
	return s2_kernel_open(&args, &t->kernel, &t->err);
}

static inline void x86_open(struct x86_test *t)
{
	if (t->module)
		put_module_symbols(t);
	if (t->form->arrays)
		t->system_map = put_system_map(t);
	else
		put_kallsyms(&t->k, t->sym, t->nsyms, t->form->encoding, true);
	if (x86_try_open(t))
		fail_msg("%s: %s", t->form->name, t->err.text);
}

static inline enum s2_code x86_ask(struct x86_test *t)
{
	if (!t->kernel)
		x86_open(t);
	s2_tables_free(&t->tables);
	s2_err_init(&t->err);
	s2_lost_clear(&t->lost);
	return s2_hosts_find(t->kernel, &t->k.mem.mem, t->wanted, &t->lost, &t->tables, &t->err);
}

static inline void x86_must(struct x86_test *t)
{
	if (x86_ask(t))
		fail_msg("%s: %s", t->form->name, t->err.text);
}

static inline void x86_exit(struct x86_test *t)
{
	s2_tables_free(&t->tables);
	s2_lost_clear(&t->lost);
	if (t->kernel)
		s2_kernel_close(t->kernel);
	free(t->own_types);
	if (t->file.path)
		close(t->file.fd);
	if (t->system_map >= 0)
		close(t->system_map);
	kimage_free(&t->k);
}

/* A VM of process @pid at @kvm, the newest of the list; no roots, no vCPUs, empty sets of slots. */
static inline uint64_t put_vm_at(struct x86_test *t, uint64_t kvm, uint32_t pid)
{
	set_bytes(t, kvm + KVM_PID, pid, 4);
	empty_list(t, kvm + KVM_ROOTS);
	empty_list(t, kvm + KVM_ACTIVE);
	set_bytes(t, kvm + KVM_VALID_GEN, 1, 1);
	set64(t, kvm + KVM_MMIO_VALUE, t->form->ept ? 6 : UINT64_C(0x8000000000001));
	for (unsigned int as = 0; as < 2; as++)
		set64(t, kvm + KVM_MEMSLOTS + as * 8,
		      heap_alloc(t, SLOTS_ARRAY + SLOTS_ROOM * SLOT_SIZE));
	link_node(t, t->vm_list, kvm + KVM_VM_LIST);
	return kvm;
}

static inline uint64_t put_vm(struct x86_test *t, uint32_t pid)
{
	return put_vm_at(t, heap_alloc(t, KVM_SIZE), pid);
}

/* The process @pid, whose memory tells the VMs @kvm of what becomes of it, the first one first. */
static inline void put_process(struct x86_test *t, uint64_t init, uint32_t pid, const uint64_t *kvm,
			       size_t n)
{
	uint64_t task = heap_alloc(t, TASK_SIZE), mm = heap_alloc(t, 8), at = heap_alloc(t, 8);

	link_node(t, init + TASK_LIST, task + TASK_LIST);
	set64(t, task + TASK_MM, mm);
	set64(t, task + TASK_LEADER, task);
	set_bytes(t, task + TASK_TGID, pid, 4);
	set64(t, mm, at);
	for (size_t i = 0; i < n; i++) {
		set64(t, kvm[i] + KVM_MM, mm);
		set64(t, at, kvm[i] + KVM_NOTIFIER);
		at = kvm[i] + KVM_NOTIFIER;
	}
}

/* A slot of address space @as: the only one, or the next of an array. */
static inline void put_slot(struct x86_test *t, uint64_t kvm, unsigned int as, uint64_t gfn,
			    uint64_t npages, uint16_t id)
{
	uint64_t slots = get64(t, kvm + KVM_MEMSLOTS + as * 8), slot;

	if (t->form->arrays) {
		uint64_t used = get64(t, slots + SLOTS_USED);

		assert_true(used < SLOTS_ROOM);
		slot = slots + SLOTS_ARRAY + used * SLOT_SIZE;
		set_bytes(t, slots + SLOTS_USED, used + 1, 4);
	} else {
		slot = heap_alloc(t, SLOT_SIZE);
		set64(t, slots + SLOTS_TREE, slot + SLOT_NODES);
	}
	set64(t, slot + SLOT_GFN, gfn);
	set64(t, slot + SLOT_NPAGES, npages);
	set64(t, slot + SLOT_HVA, 0x7f0000000000 + (gfn << 12));
	set_bytes(t, slot + SLOT_ID, id, 2);
}

#define ROLE_LEVEL(n) ((uint32_t)(n))
#define ROLE_DIRECT (1U << 7)
#define ROLE_INVALID(form) ((form)->new_bits ? 1U << 12 : 1U << 11)
#define ROLE_AD_DISABLED (1U << 16)
#define ROLE_GUEST_MODE (1U << 17)
#define ROLE_MIRROR (1U << 19)
#define ROLE_SMEP (1U << 20)
#define ROLE_SMM (1U << 24)

/* A struct kvm_mmu_page of the list at @head, and its table page with one struct page. */
static inline uint64_t put_root(struct x86_test *t, uint64_t head, uint32_t role, bool tdp,
				uint64_t *ret_pa)
{
	uint64_t table = page_alloc(t), sp = heap_alloc(t, SP_SIZE), pa = table - x86_linear(t, 0);

	set_bytes(t, sp + SP_TDP, tdp, 1);
	set_bytes(t, sp + SP_VALID_GEN, tdp ? 0 : 1, 1);
	set_bytes(t, sp + SP_ROLE, role, 4);
	set64(t, sp + SP_SPT, table);
	set_bytes(t, sp + SP_COUNT, 2, 4);
	put64(t->k.ram + PAGES_AT + (pa >> 12) * PAGE_SIZE_OF + PAGE_PRIVATE, sp);
	link_node(t, head, sp);
	*ret_pa = pa;
	return sp;
}

/* The first vCPU of the VM at @kvm, with the root at @hpa. */
static inline uint64_t put_vcpu(struct x86_test *t, uint64_t kvm, uint64_t hpa)
{
	uint64_t vcpu = heap_alloc(t, VCPU_SIZE);

	for (uint64_t mmu = VCPU_ROOT_MMU; mmu < VCPU_SIZE; mmu += MMU_SIZE) {
		set64(t, vcpu + mmu + MMU_ROOT_HPA, UINT64_MAX);
		for (unsigned int i = 0; i < 3; i++)
			set64(t, vcpu + mmu + MMU_PREV_HPA + i * MMU_PREV_SIZE, UINT64_MAX);
	}
	set64(t, vcpu + VCPU_ROOT_MMU + MMU_ROOT_HPA, hpa);
	set64(t, vcpu + VCPU_MMU, vcpu + VCPU_ROOT_MMU);
	set64(t, vcpu + VCPU_INIT_VALUE, UINT64_C(1) << 63);
	set64(t, kvm + KVM_VCPUS + (t->form->arrays ? 0 : 8), vcpu);
	set_bytes(t, kvm + KVM_ONLINE, 1, 4);
	return vcpu;
}

static inline const struct s2_table *x86_table(const struct x86_test *t, const char *id)
{
	for (size_t i = 0; i < t->tables.n; i++)
		if (!strcmp(t->tables.table[i].id, id))
			return &t->tables.table[i];
	fail_msg("%s: no table %s", t->form->name, id);
	return NULL;
}

static inline bool x86_has_loss(const struct x86_test *t, const char *table, const char *text)
{
	for (size_t i = 0; i < t->lost.n; i++)
		if (!strcmp(t->lost.loss[i].table, table) && strstr(t->lost.loss[i].text, text))
			return true;
	return false;
}

#endif
