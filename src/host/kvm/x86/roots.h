/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roots of one VM, as they are gathered, and the tables that are made of them. */
#ifndef S2_HOST_KVM_X86_ROOTS_H
#define S2_HOST_KVM_X86_ROOTS_H

#include "host/kvm/kvm.h"
#include "host/kvm/x86/priv.h"

/* More than any VM has; beyond it the lists are lying. */
#define MAX_ROOTS 4096

/* In the order in which a VM's tables are shown. */
enum root_class {
	ROOT_VALID,
	ROOT_SMM,
	ROOT_MIRROR,
	ROOT_NESTED,
	ROOT_OLD,
	ROOT_HELD,
	NROOT_CLASSES
};

/* A struct kvm_mmu_page that is a root of the VM. */
struct root {
	struct s2_kvm_x86_root it;
	enum root_class class;
	bool unsure; /* one that is lost may come before it: its number is not known */
	const char *found;
};

struct gather {
	struct s2_kvm_walk *w;
	struct s2_kvm_x86 *x;
	uint64_t kvm_va;
	struct root root[MAX_ROOTS];
	size_t nroots;
	const char *found; /* which list is being read */
	uint64_t shadow_pages;
	uint64_t direct_bits; /* TDX: set in all addresses of memory that the guest shares */
	bool direct_unsure;   /* ... which could not be read */
	bool lost;            /* there may be others, before what is found next */
	bool gap;             /* ... in the list that is being read */
	bool full;            /* there are more than there is room for */
	uint64_t lost_sp[4];  /* members of lists that could not be read: two of each at most */
	unsigned int nlost_sp;
	const char *id; /* of the VM */
	enum s2_code code;
};

static inline enum s2_code get(struct gather *g, uint64_t va, const struct s2_field_at *field,
			       uint64_t *ret)
{
	return s2_field_get(g->w->search->kernel, va, field, ret, g->w->search->err);
}

/* tables.c: adds a table for each root, and for a VM that has none. */
enum s2_code s2_kvm_x86_add_roots(struct gather *g, const struct s2_table *vm) S2_MUST_CHECK;
enum s2_code s2_kvm_x86_add_bare(struct s2_kvm_walk *w, const struct s2_table *vm) S2_MUST_CHECK;

#endif
