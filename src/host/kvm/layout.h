/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where KVM's structures keep what we need, looked up by member, never by version. */
#ifndef S2_HOST_KVM_LAYOUT_H
#define S2_HOST_KVM_LAYOUT_H

#include "kernel/fields.h"

/* What KVM has on every architecture. */
struct s2_kvm_layout {
	/* struct kvm */
	struct s2_field_at vm_list, pid, online_vcpus, vcpu_array, vcpus, memslots;
	struct s2_field_at mem_attr_array, has_private_mem;
	/* struct kvm_memslots and struct kvm_memory_slot */
	struct s2_field_at slots_gfn_tree, slots_node_idx, slots_used, slots_array;
	struct s2_field_at slot_gfn_node, slot_base_gfn, slot_npages, slot_flags, slot_hva, slot_id;
	struct s2_field_at slot_gmem_file, slot_gmem_pgoff;
	uint64_t slot_size;
};

/* S2_NOTFOUND with the member's name when one that every KVM has is missing. */
enum s2_code s2_kvm_layout(struct s2_kernel *kernel, struct s2_kvm_layout *ret,
			   struct s2_err *err) S2_MUST_CHECK;

/* s2_fields_find() in KVM's types, built in or a module's; these leave through @ret. */
enum s2_code s2_kvm_fields(struct s2_kernel *kernel, const struct s2_field_row *rows_of, size_t n,
			   void *owner, struct s2_types **ret, struct s2_err *err) S2_MUST_CHECK;

#endif
