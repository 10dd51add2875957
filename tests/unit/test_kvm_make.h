/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel made by hand with VMs in it; what differs from release to release is a struct kvm_form. */
#ifndef TEST_KVM_MAKE_H
#define TEST_KVM_MAKE_H

#include "host/host.h"
#include "test_kernel_make.h"

enum nested_form { NESTED_NONE, NESTED_STRUCTS, NESTED_POINTERS };

/* What struct kvm_arch says of the VM's own table. */
enum mmu_form {
	MMU_ARCH,    /* mmu: pgt, arch; since 5.13 */
	MMU_KVM,     /* mmu: pgt, kvm; 5.10 */
	MMU_NO_PGT,  /* mmu: kvm; 5.9 */
	MMU_NONE,    /* pgd_phys, vtcr; 5.0 to 5.8 */
	MMU_NO_VTCR, /* pgd_phys; 4.19 */
};

struct kvm_form {
	const char *name;
	bool vtcr_in_mmu; /* since 6.8 */
	bool slot_tree;   /* since 5.17 */
	bool vcpu_xarray; /* since 5.17 */
	enum nested_form nested;
	bool pkvm_mappings; /* since 6.14 */
	bool vncr;          /* since 6.8 */
	bool gmem;          /* guest_memfd, on arm64 since 6.18 */
	bool no_owner;      /* without CONFIG_MEMCG */
	bool dims;          /* BTF of 7.2.13: an array of 2 is one of 2 by 1 */
	enum mmu_form mmu;
};

static const struct kvm_form kvm_forms[] = {
	{ "5.15", .mmu = MMU_ARCH },
	{ "6.1", .slot_tree = true, .vcpu_xarray = true, .mmu = MMU_ARCH },
	{ "6.12 stable", true, true, true, NESTED_POINTERS, .vncr = true, .mmu = MMU_ARCH },
	{ "6.18", true, true, true, NESTED_STRUCTS, true, true, true, .no_owner = true,
	  .mmu = MMU_ARCH },
	{ "7.2", true, true, true, NESTED_POINTERS, true, true, true, .dims = true,
	  .mmu = MMU_ARCH },
};
#define NFORMS (sizeof(kvm_forms) / sizeof(kvm_forms[0]))
#define FORM_5_15 (&kvm_forms[0])
#define FORM_6_1 (&kvm_forms[1])
#define FORM_6_12 (&kvm_forms[2])
#define FORM_6_18 (&kvm_forms[3])

/* Offsets: the order of the kernel, the distances are ours. */
#define KVM_VM_LIST 0x10
#define KVM_PID 0x20
#define KVM_ONLINE 0x24
#define KVM_MEMSLOTS 0x30
#define KVM_MM 0x38
#define KVM_VCPUS 0x40
#define KVM_USERS 0x60
#define KVM_BUGGED 0x64
#define KVM_DEAD 0x65
#define KVM_ARCH 0x80
#define KVM_VTCR (KVM_ARCH + 0x80)
#define KVM_NESTED (KVM_ARCH + 0x88)
#define KVM_NESTED_SIZE (KVM_ARCH + 0x90)
#define KVM_SIZE 0x120
#define MMU_VMID 0
#define MMU_PGD_PHYS 8
#define MMU_PGT 16
#define MMU_VTCR 24
#define MMU_OWNER 88
#define MMU_TLB_VTTBR 96
#define MMU_TLB_VTCR 104
#define MMU_NESTED_ENABLED 112
#define MMU_SIZE 120
#define PGT_IA_BITS 0
#define PGT_START_LEVEL 4
#define PGT_PGD 8
#define PGT_MM_OPS 16
#define PGT_MMU 24
#define PARAM_MAIR 0
#define PARAM_HCR 16
#define VCPU_CPU 8
#define VCPU_MODE 0xc
#define VCPU_PID 0x10
#define VCPU_ARCH 0x40
#define VCPU_CTXT (VCPU_ARCH + 0x10)
#define VCPU_HCR (VCPU_ARCH + 0x210)
#define VCPU_SIZE 0x260
#define CTXT_PC 0x100
#define CTXT_PSTATE 0x108
#define CTXT_SYS_REGS 0x120
#define CTXT_VNCR 0x1e8
#define NSYS_REGS 24
#define SLOTS_NODE_IDX 8
#define SLOTS_USED 8
#define SLOTS_ARRAY 16
#define SLOT_NODES 0x20
#define SLOT_GFN 0x50
#define SLOT_NPAGES 0x58
#define SLOT_HVA 0x70
#define SLOT_FLAGS 0x78
#define SLOT_ID 0x7c
#define SLOT_GMEM_FILE 0x80
#define SLOT_GMEM_PGOFF 0x88
#define SLOT_SIZE 0x90

/* A process, its memory, its threads' ids and its cgroups. */
#define TASK_MM 0x8
#define TASK_TASKS 0x10
#define TASK_PID 0x20
#define TASK_TGID 0x24
#define TASK_LEADER 0x28
#define TASK_PID_LINKS 0x30
#define TASK_COMM 0x40
#define TASK_CGROUPS 0x50
#define TASK_SIZE_OF 0x80
#define PID_TASKS 0x8
#define PID_NUMBERS 0x28
#define PID_SIZE 0x40
#define CSS_CGROUP 0x8
#define CGROUP_NODE 0x10
#define NODE_PARENT 0x8
#define NODE_NAME 0x10
#define MM_ARG_START 0x18
#define MM_ARG_END 0x20
#define MM_ENV_END 0x28
#define MM_OWNER 0x30

/* What leads to the pages of a guest_memfd, and a VMM's page tables. */
#define MM_PGD 0x10
#define FILE_INODE 0x20
#define FILE_SIZE 0x40
#define INODE_MAPPING 0x30
#define INODE_SIZE 0x80
#define MAPPING_PAGES 0x8
#define MAPPING_SIZE 0x40

/* enum vcpu_sysreg: not in the order of anything. */
enum {
	NR_POR_EL0 = 5,
	NR_TCR_EL1 = 7,
	NR_MAIR_EL1 = 9,
	NR_VNCR_START = 12,
	NR_SCTLR_EL1 = 13,
	NR_TTBR1_EL1 = 14,
	NR_VTTBR_EL2 = 15,
	NR_HCR_EL2 = 17,
	NR_VTCR_EL2 = 18,
	NR_TTBR0_EL1 = 20
};

#define HEAP_AT (13U << 20)
#define HEAP_SIZE 0x80000U
#define VMALLOC_AT (14U << 20)
#define USER_AT (15U << 20)     /* memory of processes: their words */
#define VMALLOC_OFF 0x20000000U /* from _stext */

#define VM_LIST_OFF (DATA_AT + 0x40) /* in the image */

#define TEST_VTCR UINT64_C(0x80023558) /* 4K, 40 bits of IPA, start level 1 */
#define HCR_E2H_FWB (BIT64(34) | BIT64(46))

struct kvmtest {
	struct kimage k;
	const struct kvm_form *form;
	uint64_t page, used, user_used;
	struct ksym sym[16];
	uint32_t nsyms;
	struct s2_kernel *kernel;
	struct s2_tables tables;
	struct s2_lost lost;
	struct s2_err err;
};

static inline int add_struct(struct btf *btf, const char *name, uint32_t size)
{
	int id = btf__add_struct(btf, name, size);

	assert_true(id > 0);
	return id;
}

static inline void add_field(struct btf *btf, const char *name, int type, unsigned int off)
{
	assert_int_equal(btf__add_field(btf, name, type, off * 8, 0), 0);
}

struct kvm_btf {
	struct btf *btf;
	int u64t, u32t, s32t, s16t, u8t, s8t, ptr, list, xarray, rb_node, rb_root;
};

static inline void btf_generic(struct kvm_btf *b)
{
	b->btf = btf__new_empty();
	b->u64t = btf__add_int(b->btf, "unsigned long", 8, 0);
	b->u32t = btf__add_int(b->btf, "unsigned int", 4, 0);
	b->s32t = btf__add_int(b->btf, "int", 4, BTF_INT_SIGNED);
	b->s16t = btf__add_int(b->btf, "short", 2, BTF_INT_SIGNED);
	b->u8t = btf__add_int(b->btf, "unsigned char", 1, 0);
	b->s8t = btf__add_int(b->btf, "signed char", 1, BTF_INT_SIGNED);
	b->ptr = btf__add_ptr(b->btf, 0);
	b->list = add_struct(b->btf, "list_head", 16);
	add_field(b->btf, "next", b->ptr, 0);
	add_field(b->btf, "prev", b->ptr, 8);
	b->xarray = add_struct(b->btf, "xarray", 16);
	add_field(b->btf, "xa_flags", b->u32t, 4);
	add_field(b->btf, "xa_head", b->ptr, 8);
}

static inline void btf_containers(struct kvm_btf *b)
{
	int slots = btf__add_array(b->btf, b->u64t, b->ptr, 64);

	add_struct(b->btf, "xa_node", 552);
	add_field(b->btf, "shift", b->u8t, 0);
	add_field(b->btf, "slots", slots, 40);
	b->rb_node = add_struct(b->btf, "rb_node", 24);
	add_field(b->btf, "__rb_parent_color", b->u64t, 0);
	add_field(b->btf, "rb_right", b->ptr, 8);
	add_field(b->btf, "rb_left", b->ptr, 16);
	b->rb_root = add_struct(b->btf, "rb_root", 8);
	add_field(b->btf, "rb_node", b->ptr, 0);
}

static inline void btf_slots(struct kvm_btf *b, const struct kvm_form *form)
{
	int node = form->dims ? btf__add_array(b->btf, b->u64t, b->rb_node, 1) : b->rb_node;
	int nodes = btf__add_array(b->btf, b->u64t, node, 2);
	int slot, array, gmem = 0;

	if (form->gmem) {
		gmem = btf__add_struct(b->btf, NULL, 16);
		add_field(b->btf, "file", b->ptr, 0);
		add_field(b->btf, "pgoff", b->u64t, 8);
	}
	slot = add_struct(b->btf, "kvm_memory_slot", SLOT_SIZE);
	if (form->gmem)
		add_field(b->btf, "gmem", gmem, SLOT_GMEM_FILE);
	if (form->slot_tree)
		add_field(b->btf, "gfn_node", nodes, SLOT_NODES);
	add_field(b->btf, "base_gfn", b->u64t, SLOT_GFN);
	add_field(b->btf, "npages", b->u64t, SLOT_NPAGES);
	add_field(b->btf, "userspace_addr", b->u64t, SLOT_HVA);
	add_field(b->btf, "flags", b->u32t, SLOT_FLAGS);
	add_field(b->btf, "id", b->s16t, SLOT_ID);
	array = btf__add_array(b->btf, b->u64t, slot, 0);
	add_struct(b->btf, "kvm_memslots", 16);
	if (form->slot_tree) {
		add_field(b->btf, "gfn_tree", b->rb_root, 0);
		add_field(b->btf, "node_idx", b->s32t, SLOTS_NODE_IDX);
	} else {
		add_field(b->btf, "used_slots", b->s32t, SLOTS_USED);
		add_field(b->btf, "memslots", array, SLOTS_ARRAY);
	}
}

static inline void btf_vcpu(struct kvm_btf *b, const struct kvm_form *form)
{
	static const struct {
		const char *name;
		int nr;
	} nrs[] = {
		{ "POR_EL0", NR_POR_EL0 },     { "TCR_EL1", NR_TCR_EL1 },
		{ "MAIR_EL1", NR_MAIR_EL1 },   { "SCTLR_EL1", NR_SCTLR_EL1 },
		{ "TTBR1_EL1", NR_TTBR1_EL1 }, { "TTBR0_EL1", NR_TTBR0_EL1 },
	};
	int array = btf__add_array(b->btf, b->u64t, b->u64t, NSYS_REGS);
	int gprs = btf__add_array(b->btf, b->u64t, b->u64t, 31);
	int regs, ctxt, arch;

	/* enum kvm_mode of 6.1, and of 6.6 on. */
	btf__add_enum(b->btf, "kvm_mode", 4);
	btf__add_enum_value(b->btf, "KVM_MODE_DEFAULT", 0);
	btf__add_enum_value(b->btf, "KVM_MODE_PROTECTED", 1);
	if (form->vtcr_in_mmu)
		btf__add_enum_value(b->btf, "KVM_MODE_NV", 2);
	btf__add_enum_value(b->btf, "KVM_MODE_NONE", form->vtcr_in_mmu ? 3 : 2);
	btf__add_enum(b->btf, "pageflags", 4);
	btf__add_enum_value(b->btf, "PG_reserved", 3);
	btf__add_enum(b->btf, "vcpu_sysreg", 4);
	for (size_t i = 0; i < sizeof(nrs) / sizeof(nrs[0]); i++)
		btf__add_enum_value(b->btf, nrs[i].name, nrs[i].nr);
	if (form->vncr) {
		btf__add_enum_value(b->btf, "__VNCR_START__", NR_VNCR_START);
		btf__add_enum_value(b->btf, "VTTBR_EL2", NR_VTTBR_EL2);
		btf__add_enum_value(b->btf, "HCR_EL2", NR_HCR_EL2);
		btf__add_enum_value(b->btf, "VTCR_EL2", NR_VTCR_EL2);
	}
	regs = add_struct(b->btf, "user_pt_regs", 0x110);
	add_field(b->btf, "regs", gprs, 0);
	add_field(b->btf, "sp", b->u64t, 0xf8);
	add_field(b->btf, "pc", b->u64t, CTXT_PC);
	add_field(b->btf, "pstate", b->u64t, CTXT_PSTATE);
	ctxt = add_struct(b->btf, "kvm_cpu_context", 0x1f0);
	add_field(b->btf, "regs", regs, 0);
	add_field(b->btf, "sys_regs", array, CTXT_SYS_REGS);
	if (form->vncr)
		add_field(b->btf, "vncr_array", b->ptr, CTXT_VNCR);
	arch = add_struct(b->btf, "kvm_vcpu_arch", 0x220);
	add_field(b->btf, "ctxt", ctxt, VCPU_CTXT - VCPU_ARCH);
	add_field(b->btf, "hcr_el2", b->u64t, VCPU_HCR - VCPU_ARCH);
	add_struct(b->btf, "kvm_vcpu", VCPU_SIZE);
	add_field(b->btf, "cpu", b->s32t, VCPU_CPU);
	add_field(b->btf, "mode", b->s32t, VCPU_MODE);
	add_field(b->btf, "pid", b->ptr, VCPU_PID);
	add_field(b->btf, "arch", arch, VCPU_ARCH);
}

/* struct kvm_s2_mmu and what it points to; 0: this kernel has none. */
static inline int btf_mmu(struct kvm_btf *b, const struct kvm_form *form)
{
	int mmu, vmid, atomic64;

	if (form->mmu >= MMU_NONE)
		return 0;
	atomic64 = btf__add_struct(b->btf, NULL, 8);
	add_field(b->btf, "counter", b->u64t, 0);
	if (form->mmu != MMU_NO_PGT) {
		add_struct(b->btf, "kvm_pgtable", 48);
		add_field(b->btf, "ia_bits", b->u32t, PGT_IA_BITS);
		add_field(b->btf, "start_level", b->s8t, PGT_START_LEVEL);
		add_field(b->btf, "pgd", b->ptr, PGT_PGD);
		if (form->mmu == MMU_ARCH)
			add_field(b->btf, "mm_ops", b->ptr, PGT_MM_OPS);
		if (form->pkvm_mappings)
			add_field(b->btf, "pkvm_mappings", b->rb_root, 8);
		add_field(b->btf, "mmu", b->ptr, PGT_MMU);
	}
	vmid = add_struct(b->btf, "kvm_vmid", 8);
	add_field(b->btf, "id", atomic64, 0);
	mmu = add_struct(b->btf, "kvm_s2_mmu", MMU_SIZE);
	add_field(b->btf, "vmid", vmid, MMU_VMID);
	add_field(b->btf, "pgd_phys", b->u64t, MMU_PGD_PHYS);
	if (form->mmu != MMU_NO_PGT)
		add_field(b->btf, "pgt", b->ptr, MMU_PGT);
	if (form->vtcr_in_mmu)
		add_field(b->btf, "vtcr", b->u64t, MMU_VTCR);
	add_field(b->btf, form->mmu == MMU_ARCH ? "arch" : "kvm", b->ptr, MMU_OWNER);
	if (form->nested != NESTED_NONE) {
		add_field(b->btf, "tlb_vttbr", b->u64t, MMU_TLB_VTTBR);
		add_field(b->btf, "tlb_vtcr", b->u64t, MMU_TLB_VTCR);
		add_field(b->btf, "nested_stage2_enabled", b->u8t, MMU_NESTED_ENABLED);
	}
	return mmu;
}

static inline void btf_kvm(struct kvm_btf *b, const struct kvm_form *form)
{
	int counter, atomic, refcount, mmu, mmus, arch, vcpus, memslots;

	counter = btf__add_struct(b->btf, NULL, 4);
	add_field(b->btf, "counter", b->s32t, 0);
	atomic = btf__add_typedef(b->btf, "atomic_t", counter);
	add_struct(b->btf, "kvm_nvhe_init_params", 24);
	add_field(b->btf, "mair_el2", b->u64t, PARAM_MAIR);
	add_field(b->btf, "hcr_el2", b->u64t, PARAM_HCR);
	mmu = btf_mmu(b, form);
	mmus = btf__add_ptr(b->btf, mmu);
	if (form->nested == NESTED_POINTERS)
		mmus = btf__add_ptr(b->btf, mmus);
	vcpus = btf__add_array(b->btf, b->u64t, b->ptr, 4);
	memslots = btf__add_array(b->btf, b->u64t, b->ptr, 1);
	if (form->dims)
		memslots = btf__add_array(b->btf, b->u64t, memslots, 1);
	arch = add_struct(b->btf, "kvm_arch", KVM_SIZE - KVM_ARCH);
	if (mmu)
		add_field(b->btf, "mmu", mmu, 0);
	else
		add_field(b->btf, "pgd_phys", b->u64t, MMU_PGD_PHYS);
	if (!form->vtcr_in_mmu && form->mmu != MMU_NO_VTCR)
		add_field(b->btf, "vtcr", b->u64t, KVM_VTCR - KVM_ARCH);
	if (form->nested != NESTED_NONE) {
		add_field(b->btf, "nested_mmus", mmus, KVM_NESTED - KVM_ARCH);
		add_field(b->btf, "nested_mmus_size", b->u64t, KVM_NESTED_SIZE - KVM_ARCH);
	}
	refcount = add_struct(b->btf, "refcount_struct", 4);
	add_field(b->btf, "refs", atomic, 0);
	add_struct(b->btf, "kvm", KVM_SIZE);
	add_field(b->btf, "users_count", refcount, KVM_USERS);
	add_field(b->btf, "vm_bugged", b->u8t, KVM_BUGGED);
	add_field(b->btf, "vm_dead", b->u8t, KVM_DEAD);
	add_field(b->btf, "vm_list", b->list, KVM_VM_LIST);
	add_field(b->btf, "userspace_pid", b->s32t, KVM_PID);
	add_field(b->btf, "online_vcpus", atomic, KVM_ONLINE);
	add_field(b->btf, "memslots", memslots, KVM_MEMSLOTS);
	if (form->vcpu_xarray)
		add_field(b->btf, "vcpu_array", b->xarray, KVM_VCPUS);
	else
		add_field(b->btf, "vcpus", vcpus, KVM_VCPUS);
	add_field(b->btf, "mm", b->ptr, KVM_MM);
	add_field(b->btf, "arch", arch, KVM_ARCH);
}

static inline void btf_tasks(struct kvm_btf *b, const struct kvm_form *form)
{
	int comm = btf__add_array(b->btf, b->u64t, b->u8t, 16);
	int hlist = add_struct(b->btf, "hlist_head", 8), links, lists, numbers, upid;

	add_field(b->btf, "first", b->ptr, 0);
	links = btf__add_array(b->btf, b->u64t, hlist, 2);
	lists = btf__add_array(b->btf, b->u64t, hlist, 4);
	upid = add_struct(b->btf, "upid", 16);
	add_field(b->btf, "nr", b->s32t, 0);
	numbers = btf__add_array(b->btf, b->u64t, upid, 0);
	add_struct(b->btf, "pid", PID_SIZE);
	add_field(b->btf, "tasks", lists, PID_TASKS);
	add_field(b->btf, "numbers", numbers, PID_NUMBERS);
	add_struct(b->btf, "task_struct", TASK_SIZE_OF);
	add_field(b->btf, "mm", b->ptr, TASK_MM);
	add_field(b->btf, "tasks", b->list, TASK_TASKS);
	add_field(b->btf, "pid", b->s32t, TASK_PID);
	add_field(b->btf, "tgid", b->s32t, TASK_TGID);
	add_field(b->btf, "group_leader", b->ptr, TASK_LEADER);
	add_field(b->btf, "pid_links", links, TASK_PID_LINKS);
	add_field(b->btf, "comm", comm, TASK_COMM);
	add_field(b->btf, "cgroups", b->ptr, TASK_CGROUPS);
	add_struct(b->btf, "css_set", 0x10);
	add_field(b->btf, "dfl_cgrp", b->ptr, CSS_CGROUP);
	add_struct(b->btf, "cgroup", 0x18);
	add_field(b->btf, "kn", b->ptr, CGROUP_NODE);
	add_struct(b->btf, "kernfs_node", 0x18);
	add_field(b->btf, form->vtcr_in_mmu ? "__parent" : "parent", b->ptr, NODE_PARENT);
	add_field(b->btf, "name", b->ptr, NODE_NAME);
	add_struct(b->btf, "mm_struct", 0x40);
	add_field(b->btf, "pgd", b->ptr, MM_PGD);
	add_field(b->btf, "arg_start", b->u64t, MM_ARG_START);
	add_field(b->btf, "arg_end", b->u64t, MM_ARG_END);
	add_field(b->btf, "env_end", b->u64t, MM_ENV_END);
	if (!form->no_owner)
		add_field(b->btf, "owner", b->ptr, MM_OWNER);
}

static inline void btf_files(struct kvm_btf *b)
{
	add_struct(b->btf, "file", FILE_SIZE);
	add_field(b->btf, "f_inode", b->ptr, FILE_INODE);
	add_struct(b->btf, "inode", INODE_SIZE);
	add_field(b->btf, "i_mapping", b->ptr, INODE_MAPPING);
	add_struct(b->btf, "address_space", MAPPING_SIZE);
	add_field(b->btf, "i_pages", b->xarray, MAPPING_PAGES);
}

static inline void put_kvm_btf(struct kvmtest *t)
{
	struct kvm_btf b;
	const void *blob;
	uint32_t size;

	btf_generic(&b);
	btf_containers(&b);
	btf_slots(&b, t->form);
	btf_vcpu(&b, t->form);
	btf_kvm(&b, t->form);
	btf_tasks(&b, t->form);
	btf_files(&b);
	blob = btf__raw_data(b.btf, &size);
	assert_true(BTF_AT + size < RO_END);
	memcpy(in_image(&t->k, BTF_AT), blob, size);
	btf__free(b.btf);
}

/* ---- memory ---- */

static inline uint64_t vmalloc_va(const struct kvmtest *t)
{
	return t->k.stext + VMALLOC_OFF;
}

/* Where a byte of the image, the heap or the vmalloc area is; by what was mapped below. */
static inline uint8_t *at_va(struct kvmtest *t, uint64_t va)
{
	uint64_t heap = linear_va(&t->k, t->k.shape.base + HEAP_AT);

	if (va - heap < HEAP_SIZE)
		return t->k.ram + HEAP_AT + (va - heap);
	if (va - vmalloc_va(t) < 2 * t->page)
		return t->k.ram + VMALLOC_AT + ((va - vmalloc_va(t)) ^ t->page);
	assert_true(va - t->k.stext < DATA_AT + DATA_SIZE);
	return in_image(&t->k, va - t->k.stext);
}

/* Byte by byte: neighbours in the vmalloc area are no neighbours in memory. */
static inline void set_bytes(struct kvmtest *t, uint64_t va, uint64_t value, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		*at_va(t, va + i) = (uint8_t)(value >> i * 8);
}

static inline void set64(struct kvmtest *t, uint64_t va, uint64_t value)
{
	set_bytes(t, va, value, 8);
}

static inline uint64_t get64(struct kvmtest *t, uint64_t va)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < 8; i++)
		value |= (uint64_t)*at_va(t, va + i) << i * 8;
	return value;
}

static inline uint64_t heap_alloc(struct kvmtest *t, uint64_t size)
{
	uint64_t at = linear_va(&t->k, t->k.shape.base + HEAP_AT) + t->used;

	t->used += (size + 63) & ~UINT64_C(63);
	assert_true(t->used <= HEAP_SIZE);
	return at;
}

static inline void add_symbol(struct kvmtest *t, const char *name, uint64_t va)
{
	assert_true(t->nsyms < sizeof(t->sym) / sizeof(t->sym[0]));
	t->sym[t->nsyms++] = (struct ksym){ name, va };
}

static inline uint64_t vm_list_va(const struct kvmtest *t)
{
	return t->k.stext + VM_LIST_OFF;
}

/* A kernel of @form with an empty vm_list; @with_data: its symbols name data as well. */
static inline void kvm_init(struct kvmtest *t, const struct kvm_form *form,
			    const struct kshape *shape, bool with_data)
{
	uint64_t va;

	memset(t, 0, sizeof(*t));
	s2_err_init(&t->err);
	t->form = form;
	t->page = UINT64_C(1) << shape->page_log2;
	kimage_init(&t->k, shape);
	va = linear_va(&t->k, shape->base + HEAP_AT);
	map_range(&t->k, va, shape->base + HEAP_AT, HEAP_SIZE, true);
	map_one(&t->k, vmalloc_va(t), shape->base + VMALLOC_AT + t->page, 0, true);
	map_one(&t->k, vmalloc_va(t) + t->page, shape->base + VMALLOC_AT, 0, true);
	add_symbol(t, "T_stext", t->k.stext);
	add_symbol(t, "tfunction", t->k.stext + 0x40);
	if (with_data)
		add_symbol(t, "Dvm_list", vm_list_va(t));
	set64(t, vm_list_va(t), vm_list_va(t));
	set64(t, vm_list_va(t) + 8, vm_list_va(t));
	put_kvm_btf(t);
}

static inline void kvm_open(struct kvmtest *t)
{
	put_kallsyms(&t->k, t->sym, t->nsyms, KENC_RELATIVE, true);
	t->kernel = open_noted(&t->k);
}

/* Opens the kernel when it is not yet, and asks for its tables. */
static inline enum s2_code kvm_ask(struct kvmtest *t)
{
	if (!t->kernel)
		kvm_open(t);
	s2_tables_free(&t->tables);
	s2_err_init(&t->err);
	s2_lost_clear(&t->lost);
	return s2_hosts_find(t->kernel, &t->k.mem.mem, NULL, &t->lost, &t->tables, &t->err);
}

static inline void kvm_must(struct kvmtest *t)
{
	if (kvm_ask(t))
		fail_msg("%s: %s", t->form->name, t->err.text);
}

static inline void kvm_exit(struct kvmtest *t)
{
	s2_tables_free(&t->tables);
	s2_lost_clear(&t->lost);
	if (t->kernel)
		s2_kernel_close(t->kernel);
	kimage_free(&t->k);
}

/* True when a loss of @table ("": of none) says @text. */
static inline bool has_loss(const struct kvmtest *t, const char *table, const char *text)
{
	for (size_t i = 0; i < t->lost.n; i++)
		if (!strcmp(t->lost.loss[i].table, table) && strstr(t->lost.loss[i].text, text))
			return true;
	return false;
}

static inline const struct s2_table *table_of(const struct kvmtest *t, const char *id)
{
	for (size_t i = 0; i < t->tables.n; i++)
		if (!strcmp(t->tables.table[i].id, id))
			return &t->tables.table[i];
	fail_msg("no table %s", id);
	return NULL;
}

/* ---- KVM's objects ---- */

/* list_add(): behind the head, so that the newest comes first. */
static inline void link_vm(struct kvmtest *t, uint64_t head, uint64_t kvm)
{
	uint64_t node = kvm + KVM_VM_LIST, next = get64(t, head);

	set64(t, node, next);
	set64(t, node + 8, head);
	set64(t, next + 8, node);
	set64(t, head, node);
}

/* kvm_init_stage2_mmu() of the mmu at @mmu of the VM at @kvm. */
static inline void put_mmu(struct kvmtest *t, uint64_t kvm, uint64_t mmu, uint64_t root)
{
	uint64_t pgt = heap_alloc(t, 48);

	set64(t, mmu + MMU_PGD_PHYS, root);
	set64(t, mmu + MMU_PGT, pgt);
	set64(t, mmu + MMU_OWNER, t->form->mmu == MMU_ARCH ? kvm + KVM_ARCH : kvm);
	set64(t, pgt + PGT_MMU, mmu);
	set64(t, t->form->vtcr_in_mmu ? mmu + MMU_VTCR : kvm + KVM_VTCR, TEST_VTCR);
}

static inline void put_vm_at(struct kvmtest *t, uint64_t head, uint64_t kvm, uint32_t pid,
			     uint64_t root)
{
	set_bytes(t, kvm + KVM_PID, pid, 4);
	put_mmu(t, kvm, kvm + KVM_ARCH, root);
	/* No slots yet: a set without any, as kvm_create_vm() makes it. */
	set64(t, kvm + KVM_MEMSLOTS, heap_alloc(t, 64));
	link_vm(t, head, kvm);
}

/* A VM of process @pid at the front of vm_list, no vCPUs, no slots. */
static inline uint64_t put_vm(struct kvmtest *t, uint32_t pid, uint64_t root)
{
	uint64_t kvm = heap_alloc(t, KVM_SIZE);

	put_vm_at(t, vm_list_va(t), kvm, pid, root);
	return kvm;
}

/* @n vCPUs (an xarray of one needs no node); @hcr is the first one's, the others have none. */
static inline uint64_t put_vcpus(struct kvmtest *t, uint64_t kvm, unsigned int n, uint64_t hcr)
{
	uint64_t first = heap_alloc(t, n * VCPU_SIZE), node;

	set_bytes(t, kvm + KVM_ONLINE, n, 4);
	set64(t, first + VCPU_HCR, hcr);
	for (unsigned int i = 0; i < n; i++)
		set_bytes(t, first + i * VCPU_SIZE + VCPU_CPU, UINT32_MAX, 4);
	if (!t->form->vcpu_xarray) {
		for (unsigned int i = 0; i < n; i++)
			set64(t, kvm + KVM_VCPUS + i * 8, first + i * VCPU_SIZE);
	} else if (n == 1) {
		set64(t, kvm + KVM_VCPUS + 8, first);
	} else {
		node = heap_alloc(t, 552);
		set64(t, kvm + KVM_VCPUS + 8, node | 2);
		for (unsigned int i = 0; i < n; i++)
			set64(t, node + 40 + i * 8, first + i * VCPU_SIZE);
	}
	return first;
}

/* ---- processes ---- */

#define USER_VA 0x7ff0000000 /* where processes have their words; a multiple of 64K */

struct process {
	uint64_t task, mm, pgd_pa, args_pa;
};

/* What next is allocated is on a page of its own. */
static inline void heap_align(struct kvmtest *t, uint64_t align)
{
	t->used = (t->used + align - 1) & ~(align - 1);
}

static inline void put_text(struct kvmtest *t, uint64_t va, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		set_bytes(t, va + i, (uint8_t)text[i], 1);
}

/* A task that is in no list. */
static inline uint64_t put_task(struct kvmtest *t, uint32_t pid, uint32_t tgid, uint64_t mm,
				const char *comm)
{
	uint64_t task = heap_alloc(t, TASK_SIZE_OF);

	set64(t, task + TASK_MM, mm);
	set_bytes(t, task + TASK_PID, pid, 4);
	set_bytes(t, task + TASK_TGID, tgid, 4);
	set64(t, task + TASK_LEADER, task);
	put_text(t, task + TASK_COMM, comm, strlen(comm));
	return task;
}

/* The process @pid: memory with @args in it, and a leader. */
static inline struct process put_process(struct kvmtest *t, uint32_t pid, const char *comm,
					 const char *args, size_t len)
{
	struct process p = { .mm = heap_alloc(t, 0x40) };
	uint64_t pgd;

	heap_align(t, t->page);
	pgd = heap_alloc(t, t->page);
	p.pgd_pa = t->k.shape.base + HEAP_AT + (pgd - linear_va(&t->k, t->k.shape.base + HEAP_AT));
	p.task = put_task(t, pid, pid, p.mm, comm);
	p.args_pa = t->k.shape.base + USER_AT + t->user_used;
	for (uint64_t off = 0; off < len; off += t->page)
		map_in(&t->k, p.pgd_pa, USER_VA + off, p.args_pa + off, 0, true);
	t->user_used += (len + t->page - 1) & ~(t->page - 1);
	memcpy(at_pa(&t->k, p.args_pa), args, len);
	set64(t, p.mm + MM_PGD, pgd);
	set64(t, p.mm + MM_ARG_START, USER_VA);
	set64(t, p.mm + MM_ARG_END, USER_VA + len);
	set64(t, p.mm + MM_ENV_END, USER_VA + len);
	set64(t, p.mm + MM_OWNER, p.task);
	return p;
}

/* Its struct pid, as pid_task() reads it. */
static inline uint64_t put_pid(struct kvmtest *t, uint32_t number, uint64_t task)
{
	uint64_t pid = heap_alloc(t, PID_SIZE);

	set64(t, pid + PID_TASKS, task ? task + TASK_PID_LINKS : 0);
	set_bytes(t, pid + PID_NUMBERS, number, 4);
	return pid;
}

/* The cgroups of @task: @names from the innermost on, the root above them. */
static inline void put_cgroups(struct kvmtest *t, uint64_t task, const char *const *names,
			       unsigned int n)
{
	uint64_t css = heap_alloc(t, 0x10), cgroup = heap_alloc(t, 0x18);
	uint64_t below = cgroup + CGROUP_NODE;

	set64(t, task + TASK_CGROUPS, css);
	set64(t, css + CSS_CGROUP, cgroup);
	for (unsigned int i = 0; i <= n; i++) {
		uint64_t node = heap_alloc(t, 0x18), name = heap_alloc(t, 128);

		put_text(t, name, i < n ? names[i] : "", i < n ? strlen(names[i]) : 0);
		set64(t, node + NODE_NAME, name);
		set64(t, below, node);
		below = node + NODE_PARENT;
	}
}

#define QEMU "/usr/bin/qemu-system-aarch64\0-name\0guest=web-17,debug-threads=on\0-S"

/* A VM of its own process, its table at @root, with a vCPU that has run. */
static inline uint64_t put_named(struct kvmtest *t, uint64_t root, const char *args, size_t len,
				 struct process *ret)
{
	uint64_t kvm = put_vm(t, 4712, root), vcpu = put_vcpus(t, kvm, 2, HCR_E2H_FWB);
	uint64_t thread;

	*ret = put_process(t, 4711, "qemu-system-aar", args, len);
	thread = put_task(t, 4713, 4711, ret->mm, "CPU 0/KVM");
	set64(t, thread + TASK_LEADER, ret->task);
	set64(t, kvm + KVM_MM, ret->mm);
	set_bytes(t, kvm + KVM_USERS, 3, 4);
	set64(t, kvm + KVM_ARCH + MMU_VMID, 0x1205); /* the eighteenth time around */
	set64(t, vcpu + VCPU_PID, put_pid(t, 4713, thread));
	set_bytes(t, vcpu + VCPU_CPU, 3, 4);
	set_bytes(t, vcpu + VCPU_MODE, 1, 4);
	return kvm;
}

#endif
