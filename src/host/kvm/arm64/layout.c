// SPDX-License-Identifier: GPL-2.0-or-later
// Members that KVM has on arm64 only, in one table of rows.
#include "host/kvm/arm64/layout.h"

#include <stddef.h>

#include "host/kvm/layout.h"

#define FIELD(f, t, p, r) S2_FIELD(s2_kvm_arm64_layout, f, t, p, r)

static const struct s2_field_row rows[] = {
	FIELD(arch, "kvm", "arch", true),
	FIELD(mmu, "kvm", "arch.mmu", false),
	FIELD(mmu, "kvm", "arch", true), /* up to 5.8: kvm_arch holds what kvm_s2_mmu does later */
	FIELD(vtcr, "kvm", "arch.mmu.vtcr", false), /* since 6.8 */
	FIELD(vtcr, "kvm", "arch.vtcr", true),      /* 4.20 to 6.7 */
	FIELD(nested_mmus, "kvm", "arch.nested_mmus", false),
	FIELD(nested_mmus_size, "kvm", "arch.nested_mmus_size", false),
	FIELD(mmu_vmid, "kvm_s2_mmu", "vmid.id.counter", false), /* since 5.16 */
	FIELD(mmu_vmid, "kvm_s2_mmu", "vmid.vmid", false),
	FIELD(mmu_pgd_phys, "kvm_s2_mmu", "pgd_phys", false),
	FIELD(mmu_pgd_phys, "kvm_arch", "pgd_phys", true), /* up to 5.8 */
	FIELD(mmu_vtcr, "kvm_s2_mmu", "vtcr", false),
	FIELD(mmu_pgt, "kvm_s2_mmu", "pgt", false),   /* since 5.10 */
	FIELD(mmu_arch, "kvm_s2_mmu", "arch", false), /* since 5.13 */
	FIELD(mmu_kvm, "kvm_s2_mmu", "kvm", false),   /* 5.9 to 5.12 */
	FIELD(mmu_tlb_vttbr, "kvm_s2_mmu", "tlb_vttbr", false),
	FIELD(mmu_tlb_vtcr, "kvm_s2_mmu", "tlb_vtcr", false),
	FIELD(mmu_nested_enabled, "kvm_s2_mmu", "nested_stage2_enabled", false),
	FIELD(pgt_mmu, "kvm_pgtable", "mmu", false), /* since 5.10 */
	FIELD(vcpu_hcr, "kvm_vcpu", "arch.hcr_el2", false),
	FIELD(vcpu_cpu, "kvm_vcpu", "cpu", false),
	FIELD(vcpu_ctxt, "kvm_vcpu", "arch.ctxt", false),
	FIELD(ctxt_pc, "kvm_cpu_context", "regs.pc", false),
	FIELD(ctxt_pstate, "kvm_cpu_context", "regs.pstate", false),
	FIELD(ctxt_sys_regs, "kvm_cpu_context", "sys_regs", false),
	FIELD(ctxt_vncr, "kvm_cpu_context", "vncr_array", false),
};

enum s2_code s2_kvm_arm64_layout(struct s2_kernel *kernel, struct s2_kvm_arm64_layout *ret,
				 struct s2_err *err)
{
	struct s2_kvm_arm64_layout layout = { 0 };
	struct s2_types *types;
	enum s2_code code = s2_kvm_fields(kernel, rows, ARRAY_SIZE(rows), &layout, &types, err);

	if (code)
		return code;
	if (s2_types_sizeof(types, "kvm_s2_mmu", &layout.mmu_size, NULL))
		layout.mmu_size = 0;
	*ret = layout;
	return S2_OK;
}
