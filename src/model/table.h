/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One root to dump, and how to name it. */
#ifndef S2_MODEL_TABLE_H
#define S2_MODEL_TABLE_H

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "model/annotate.h"
#include "model/vm.h"

#define S2_ID_LEN 64

/* A memslot: guest memory that the VMM registered, [ipa, ipa + size). */
struct s2_slot {
	uint64_t ipa;
	uint64_t size;
	uint64_t hva;   /* in the VMM's address space */
	uint32_t flags; /* S2_SLOT_* */
	int32_t id;
	uint32_t as;         /* address space: 0, or (x86) 1, which SMM sees */
	uint64_t gmem_file;  /* guest_memfd: struct file that has the pages, 0 when not known */
	uint64_t gmem_pgoff; /* ... and the page of it that the slot begins with */
};

/* Of s2_slot.flags: KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, KVM_MEM_GUEST_MEMFD. */
#define S2_SLOT_LOG 1U
#define S2_SLOT_READONLY 2U
#define S2_SLOT_GMEM 4U
/* KVM's own, since 6.18 (KVM_MEMSLOT_GMEM_ONLY): the file has shared memory, too. */
#define S2_SLOT_GMEM_ONLY (1U << 17)

struct s2_table {
	char id[S2_ID_LEN];       /* "vm:1234", "host", "hyp", "vm:1234/nested:0", "raw" */
	char kind[32];            /* "stage2", "nested-stage2", "host-stage2", "hyp-stage1" */
	char found[128];          /* where it was found, for people */
	char remark[160];         /* what could not be had of it, for people; "" when nothing */
	const struct s2_mem *mem; /* where it lies: NULL in the machine's memory, else a guest's */
	uint64_t root_pa;
	uint64_t object_va; /* struct kvm of a VM, 0 when not known */
	struct s2_regime regime;
	int64_t pid;          /* of the process that owns the VM, -1 when not known */
	int64_t vcpus;        /* number of vCPUs, -1 when not known */
	struct s2_vm *vm;     /* whose it is; owned by the list of tables; NULL: not known */
	struct s2_slot *slot; /* sorted by ipa, NULL when not known; owned by the list of tables */
	size_t nslots;
	bool have_slots;
	bool copy; /* the kernel made it to look at: nobody counts its pages */
	bool bare; /* a VM that has no table yet: root_pa is none, and the regime may have no shape */
	uint64_t shadow[S2_NSHADOWS];  /* nested-stage2: the guest hypervisor's registers */
	enum s2_tristate guest_stage2; /* ... and whether its HCR_EL2.VM is 1 */
	bool have_vmid;                /* TLB entries made of the table bear ... */
	uint32_t vmid;                 /* ... this number */
	bool have_handle;              /* the hypervisor keeps this guest, and has ... */
	uint32_t handle;               /* ... this name for it */
	/* What else is known of addresses: at most one of each kind. */
	struct s2_annotator annotator[S2_MAX_ANNOTATORS];
	unsigned int nannotators;
};

/* A shadow of a guest hypervisor's own stage 2. */
static inline bool s2_table_is_shadow(const struct s2_table *table)
{
	return !strcmp(table->kind, "nested-stage2");
}

/* Such a shadow, of which the guest hypervisor's registers are known. */
static inline bool s2_table_has_shadow(const struct s2_table *table)
{
	return table->shadow[S2_SHADOW_CONTROL] || table->shadow[S2_SHADOW_ROOT];
}

/* May there be memslots? The host and the hypervisor have none, a nested guest has its VM's. */
static inline bool s2_table_may_have_slots(const struct s2_table *table)
{
	return s2_is_stage2(table->regime.arch) && !s2_table_is_shadow(table) &&
	       strcmp(table->kind, "host-stage2") != 0;
}

/* Does the table belong to a virtual machine? */
static inline bool s2_table_is_vms(const struct s2_table *table)
{
	return !strncmp(table->id, "vm:", 3);
}

/* Releases what @table owns through its annotators, and drops those. */
void s2_table_clear(struct s2_table *table);

/* The table's annotator of that kind, or NULL. */
static inline const struct s2_annotator *s2_table_annotator(const struct s2_table *table,
							    const struct s2_annotator_ops *ops)
{
	for (unsigned int i = 0; i < table->nannotators; i++)
		if (table->annotator[i].ops == ops)
			return &table->annotator[i];
	return NULL;
}

/* Adds an annotator. There are fewer kinds than room, and a table has one of each at most. */
static inline void s2_table_annotate(struct s2_table *table, const struct s2_annotator *annotator)
{
	assert(table->nannotators < S2_MAX_ANNOTATORS);
	table->annotator[table->nannotators++] = *annotator;
}

#endif
