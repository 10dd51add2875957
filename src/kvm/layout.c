// SPDX-License-Identifier: GPL-2.0-or-later
// Member lookups in one table of rows; each row says whether KVM can be read without it.
#include "kvm/layout.h"

#include <stddef.h>

#define FIELD(f, t, p, r) \
	{ \
		offsetof(struct s2_kvm_layout, f), t, p, r \
	}

/* The first path of a field that exists counts, so a kernel's older and newer places are rows of
 * one field. */
static const struct {
	size_t field;
	const char *type;
	const char *path;
	bool required;
} rows[] = {
	FIELD(vm_list, "kvm", "vm_list", true),
	FIELD(arch, "kvm", "arch", true),
	FIELD(mmu, "kvm", "arch.mmu", true),
	FIELD(vtcr, "kvm", "arch.mmu.vtcr", false), /* since 6.8 */
	FIELD(vtcr, "kvm", "arch.vtcr", true),      /* up to 6.7 */
	FIELD(pid, "kvm", "userspace_pid", false),
	FIELD(online_vcpus, "kvm", "online_vcpus.counter", false),
	FIELD(vcpu_array, "kvm", "vcpu_array", false), /* xarray, since 5.17 */
	FIELD(vcpus, "kvm", "vcpus", false),           /* array, before */
	FIELD(memslots, "kvm", "memslots", false),
	FIELD(nested_mmus, "kvm", "arch.nested_mmus", false),
	FIELD(nested_mmus_size, "kvm", "arch.nested_mmus_size", false),
	FIELD(handle, "kvm", "arch.pkvm.handle", false),         /* since 6.2 */
	FIELD(is_created, "kvm", "arch.pkvm.is_created", false), /* since 6.18 */
	FIELD(mmu_pgd_phys, "kvm_s2_mmu", "pgd_phys", true),
	FIELD(mmu_vtcr, "kvm_s2_mmu", "vtcr", false),
	FIELD(mmu_pgt, "kvm_s2_mmu", "pgt", true),
	FIELD(mmu_arch, "kvm_s2_mmu", "arch", true),
	FIELD(mmu_tlb_vttbr, "kvm_s2_mmu", "tlb_vttbr", false),
	FIELD(mmu_tlb_vtcr, "kvm_s2_mmu", "tlb_vtcr", false),
	FIELD(mmu_nested_enabled, "kvm_s2_mmu", "nested_stage2_enabled", false),
	FIELD(pgt_mmu, "kvm_pgtable", "mmu", true),
	FIELD(vcpu_hcr, "kvm_vcpu", "arch.hcr_el2", false),
	FIELD(slots_gfn_tree, "kvm_memslots", "gfn_tree", false), /* since 5.17 */
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

enum s2_code s2_kvm_layout(struct s2_kernel *kernel, struct s2_kvm_layout *ret, struct s2_err *err)
{
	struct s2_kvm_layout layout = { 0 };
	struct s2_types *types;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	if (code)
		return code;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_field_at *field = (struct s2_field_at *)((char *)&layout + rows[i].field);

		if (field->have)
			continue;
		code = s2_types_member(types, rows[i].type, rows[i].path, &field->m, err);
		if (!code)
			field->have = true;
		else if (code != S2_NOTFOUND || rows[i].required)
			return s2_wrap(err, "KVM's structures");
		else if (err)
			s2_err_init(err); /* an absent member is an answer */
	}
	code = s2_types_sizeof(types, "kvm_s2_mmu", &layout.mmu_size, err);
	if (code)
		return code;
	if (s2_types_sizeof(types, "kvm_memory_slot", &layout.slot_size, NULL))
		layout.slot_size = 0;
	layout.hyp_managed = s2_types_has_member(types, "kvm_pgtable", "pkvm_mappings");
	*ret = layout;
	return S2_OK;
}

enum s2_code s2_kvm_get(struct s2_kernel *kernel, uint64_t va, const struct s2_field_at *field,
			uint64_t *ret, struct s2_err *err)
{
	unsigned char bytes[16];
	enum s2_code code;

	if (!field->have || s2_member_span(&field->m) > sizeof(bytes))
		return s2_fail(err, S2_NOTFOUND, "this kernel does not have the member");
	code = s2_kernel_read(kernel, va + s2_member_off(&field->m), bytes,
			      (size_t)s2_member_span(&field->m), err);
	return code ? code : s2_member_value(&field->m, bytes, ret, err);
}
