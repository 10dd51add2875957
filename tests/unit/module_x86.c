// SPDX-License-Identifier: GPL-2.0-or-later
// A module whose debugging information test_kvm_x86 reads: KVM's own struct, as test_x86_make.h
// lays it out for 6.1.

const char modinfo_name[] __attribute__((section(".modinfo"), used, aligned(1))) = "name=kvm";
const char modinfo_magic[] __attribute__((section(".modinfo"), used, aligned(1))) =
	"vermagic=6.1.0-test SMP mod_unload";

typedef struct {
	int counter;
} atomic_t;

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct xarray {
	unsigned long xa_lock;
	void *xa_head;
};

struct list_head {
	struct list_head *next, *prev;
};

union kvm_mmu_page_role {
	unsigned int word;
	struct {
		unsigned int level : 4;
		unsigned int has_4_byte_gpte : 1;
		unsigned int quadrant : 2;
		unsigned int direct : 1;
		unsigned int access : 3;
		unsigned int invalid : 1;
		unsigned int efer_nx : 1;
		unsigned int cr0_wp : 1;
		unsigned int smep_andnot_wp : 1;
		unsigned int smap_andnot_wp : 1;
		unsigned int ad_disabled : 1;
		unsigned int guest_mode : 1;
		unsigned int passthrough : 1;
		unsigned int : 5;
		unsigned int smm : 8;
	};
};

struct kvm_mmu_page {
	struct list_head link;
	struct list_head hash_link;
	_Bool tdp_mmu_page;
	_Bool unsync;
	unsigned char mmu_valid_gen;
	union kvm_mmu_page_role role;
	unsigned long gfn;
	unsigned long *spt;
	unsigned long *shadowed_translation;
	struct {
		struct {
			int counter;
		} refs;
	} tdp_mmu_root_count;
	struct {
		unsigned long val;
	} parent_ptes;
	char rest[0x68];
};

struct kvm_memory_slot {
	char id_node[0x10];
	struct rb_node gfn_node[2];
	unsigned long base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
	unsigned int flags;
	short id;
};

struct kvm_memslots {
	unsigned long generation;
	struct rb_root gfn_tree;
	int node_idx;
};

struct kvm_arch {
	struct list_head tdp_mmu_roots;
	struct list_head active_mmu_pages;
	unsigned char mmu_valid_gen;
	_Bool disable_nx_huge_pages;
};

struct kvm {
	char lock[0x10];
	struct list_head vm_list;
	int userspace_pid;
	atomic_t online_vcpus;
	unsigned long nr_memslot_pages;
	struct kvm_memslots *memslots[2];
	struct xarray vcpu_array;
	char buses[0x30];
	struct kvm_arch arch;
};

struct kvm_mmu_root_info {
	unsigned long pgd, hpa;
};

struct kvm_mmu {
	char functions[32];
	struct kvm_mmu_root_info root;
};

struct kvm_vcpu_arch {
	struct kvm_mmu *mmu;
};

struct kvm_vcpu {
	char run[0x40];
	struct kvm_vcpu_arch arch;
};

struct kvm_mmu_page *module_page;
struct kvm *module_kvm;
struct kvm_vcpu *module_vcpu;
struct kvm_memslots *module_slots;
struct kvm_memory_slot *module_slot;
