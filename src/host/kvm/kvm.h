/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM in a Linux kernel's memory: what finding its VMs and finding their tables on one architecture
 * have in common. */
#ifndef S2_HOST_KVM_KVM_H
#define S2_HOST_KVM_KVM_H

#include "host/host.h"
#include "host/kvm/layout.h"

struct s2_kvm_arch;
struct s2_kvm_attributes;
struct s2_kvm_process;
struct s2_kvm_vms;

/* A VM that others of the list lead to, and whose own place in it could not be read. */
struct s2_kvm_lost_vm {
	uint64_t va;
	size_t at;   /* in s2_kvm_walk.vm: it is older than those before, newer than this one */
	int64_t pid; /* -1: not known */
};

/* A VM's place in the list, by the process that it is of. */
struct s2_kvm_place {
	int64_t pid;
	size_t at;
};

/* A walk over vm_list. */
struct s2_kvm_walk {
	struct s2_host_search *search;
	const struct s2_kvm_arch *arch;
	void *state; /* the architecture's */
	struct s2_kvm_layout layout;
	uint64_t *vm;               /* struct kvm addresses, in the order of the list */
	int64_t *pid;               /* of each of them, -1 when not known */
	struct s2_kvm_place *place; /* of these and those that are lost, sorted */
	size_t nplaces;
	struct s2_kvm_process *process; /* ... and what was found out on the way to it */
	struct s2_kvm_vms *vms;
	struct s2_budget slots, vcpus;        /* that may still be read */
	struct s2_kvm_attributes *attributes; /* of the VM whose tables are being added */
	size_t nvms, room;
	size_t listed;                 /* of these, those that the list itself led to */
	struct s2_kvm_lost_vm lost[2]; /* where the list ends from its one end, and from the other */
	unsigned int nlost;            /* 2: there may be more between the two */
	struct s2_err why;             /* of the first of them */
	bool lost_vms;                 /* there are others, of which not even this could be read */
	enum s2_code code;
};

/* KVM of one architecture: a row in s2_kvm_archs[], which is generated from -Darchs=. */
struct s2_kvm_arch {
	const char *name; /* of its s2_kva_ops */
	/* Looks up the members that only this architecture's KVM has. S2_NOTFOUND names the one
	 * that is missing. */
	enum s2_code (*open)(struct s2_kvm_walk *w, void **ret_state);
	void (*close)(void *state);
	/*
	 * Is there a struct kvm at @kvm_va? S2_NOTFOUND: there is none; a missing code: there may
	 * be one. NULL: nothing would tell.
	 */
	enum s2_code (*check_vm)(const struct s2_kvm_walk *w, uint64_t kvm_va);
	/* Can check_vm() tell with this kernel's structures? */
	bool (*can_check)(const struct s2_kvm_walk *w);
	/* What is to be known before any VM is looked at. */
	enum s2_code (*system)(struct s2_kvm_walk *w);
	/* Adds all tables of the VM at @vm->object_va; @vm has id, pid, vcpus and kind. */
	enum s2_code (*roots)(struct s2_kvm_walk *w, struct s2_table *vm);
	/*
	 * Makes the table of the copy that the kernel keeps at @addr, a kernel virtual or a
	 * physical address, the only one of @tables. NULL: this KVM makes no copies.
	 */
	enum s2_code (*kernel_copy)(struct s2_kernel *kernel, const struct s2_mem *mem,
				    uint64_t addr, struct s2_tables *tables, struct s2_err *err);
	/* When all VMs have been looked at. */
	enum s2_code (*rest)(struct s2_kvm_walk *w);
};

extern const struct s2_kvm_arch *const s2_kvm_archs[];
extern const unsigned int s2_nkvm_archs;

extern const struct s2_host s2_kvm_host;

/* kernel_copy() of the kernel's architecture. S2_USAGE when there is none. */
enum s2_code s2_kvm_kernel_copy(struct s2_kernel *kernel, const struct s2_mem *mem, uint64_t addr,
				struct s2_tables *tables, struct s2_err *err) S2_MUST_CHECK;

/* Gives a VM's table the slots of address space @as, whose addresses it translates at @at above
 * them, and adds it. */
enum s2_code s2_kvm_add_table(struct s2_kvm_walk *w, struct s2_table *table, unsigned int as,
			      uint64_t at) S2_MUST_CHECK;

/*
 * Calls @vcpu for each struct kvm_vcpu of the VM at @kvm_va in ascending index until it returns
 * false.
 */
enum s2_code s2_kvm_each_vcpu(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			      uint64_t kvm_va, bool (*vcpu)(void *arg, uint64_t index, uint64_t va),
			      void *arg, struct s2_err *err) S2_MUST_CHECK;

#endif
