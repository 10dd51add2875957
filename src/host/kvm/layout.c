// SPDX-License-Identifier: GPL-2.0-or-later
// Member lookups in one table of rows; each row says whether KVM can be read without it.
#include "host/kvm/layout.h"

#include <stddef.h>

#include "kernel/modules.h"

#define FIELD(f, t, p, r) S2_FIELD(s2_kvm_layout, f, t, p, r)

static const struct s2_field_row rows[] = {
	FIELD(vm_list, "kvm", "vm_list", true),
	FIELD(pid, "kvm", "userspace_pid", false),
	FIELD(online_vcpus, "kvm", "online_vcpus.counter", false),
	FIELD(vcpu_array, "kvm", "vcpu_array", false), /* xarray, since 5.17 */
	FIELD(vcpus, "kvm", "vcpus", false),           /* array, before */
	FIELD(memslots, "kvm", "memslots", false),
	FIELD(mem_attr_array, "kvm", "mem_attr_array", false),        /* since 6.8 */
	FIELD(has_private_mem, "kvm", "arch.has_private_mem", false), /* where VMs differ in it */
	FIELD(slots_gfn_tree, "kvm_memslots", "gfn_tree", false),     /* since 5.17 */
	FIELD(slots_node_idx, "kvm_memslots", "node_idx", false),
	FIELD(slots_used, "kvm_memslots", "used_slots", false), /* before 5.17 */
	FIELD(slots_array, "kvm_memslots", "memslots", false),
	FIELD(slot_gfn_node, "kvm_memory_slot", "gfn_node", false),
	FIELD(slot_base_gfn, "kvm_memory_slot", "base_gfn", false),
	FIELD(slot_npages, "kvm_memory_slot", "npages", false),
	FIELD(slot_flags, "kvm_memory_slot", "flags", false),
	FIELD(slot_hva, "kvm_memory_slot", "userspace_addr", false),
	FIELD(slot_id, "kvm_memory_slot", "id", false),
	FIELD(slot_gmem_file, "kvm_memory_slot", "gmem.file", false), /* CONFIG_KVM_GUEST_MEMFD */
	FIELD(slot_gmem_pgoff, "kvm_memory_slot", "gmem.pgoff", false),
};

enum s2_code s2_kvm_fields(struct s2_kernel *kernel, const struct s2_field_row *rows_of, size_t n,
			   void *owner, struct s2_types **ret, struct s2_err *err)
{
	struct s2_err why, unseen;
	enum s2_code code = s2_module_types(kernel, "kvm", ret, err);

	if (code)
		return code;
	s2_err_init(&why);
	s2_err_init(&unseen);
	code = s2_fields_find_in(*ret, rows_of, n, owner, &why);
	if (code == S2_NOTFOUND && s2_module_unseen(kernel, &unseen))
		return s2_fail(err, code,
			       "KVM's structures: %.200s; nor can its module be found: %.200s",
			       why.text, unseen.text);
	if (code)
		return s2_fail(err, code, "KVM's structures: %s", why.text);
	return S2_OK;
}

enum s2_code s2_kvm_layout(struct s2_kernel *kernel, struct s2_kvm_layout *ret, struct s2_err *err)
{
	struct s2_kvm_layout layout = { 0 };
	struct s2_types *types;
	enum s2_code code = s2_kvm_fields(kernel, rows, ARRAY_SIZE(rows), &layout, &types, err);

	if (code)
		return code;
	if (s2_types_sizeof(types, "kvm_memory_slot", &layout.slot_size, NULL))
		layout.slot_size = 0;
	*ret = layout;
	return S2_OK;
}
