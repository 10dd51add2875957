// SPDX-License-Identifier: GPL-2.0-or-later
// Members that KVM has on x86 only, in one table of rows.
#include "host/kvm/x86/layout.h"

#include <stddef.h>

#include "host/kvm/layout.h"

#define FIELD(f, t, p, r) S2_FIELD(s2_kvm_x86_layout, f, t, p, r)

static const struct s2_field_row rows[] = {
	FIELD(tdp_mmu_roots, "kvm", "arch.tdp_mmu_roots", true), /* since 5.10, 64-bit */
	FIELD(active_mmu_pages, "kvm", "arch.active_mmu_pages", true),
	FIELD(mmio_value, "kvm", "arch.shadow_mmio_value", false),           /* since 6.10 */
	FIELD(no_nx_huge_pages, "kvm", "arch.disable_nx_huge_pages", false), /* since 6.1 */
	FIELD(mmu_valid_gen, "kvm", "arch.mmu_valid_gen", false),
	FIELD(direct_bits, "kvm", "arch.gfn_direct_bits", false), /* since 6.14 */
	FIELD(sp_link, "kvm_mmu_page", "link", true),
	FIELD(sp_tdp, "kvm_mmu_page", "tdp_mmu_page", true),
	FIELD(sp_gfn, "kvm_mmu_page", "gfn", true),
	FIELD(sp_spt, "kvm_mmu_page", "spt", true),
	FIELD(sp_valid_gen, "kvm_mmu_page", "mmu_valid_gen", false),
	FIELD(sp_parents, "kvm_mmu_page", "parent_ptes.val.counter", false), /* since 6.16 */
	FIELD(sp_parents, "kvm_mmu_page", "parent_ptes.val", true),
	FIELD(sp_count, "kvm_mmu_page", "tdp_mmu_root_count.refs.counter", false),
	FIELD(role_level, "kvm_mmu_page", "role.level", true),
	FIELD(role_direct, "kvm_mmu_page", "role.direct", true),
	FIELD(role_invalid, "kvm_mmu_page", "role.invalid", true),
	FIELD(role_smm, "kvm_mmu_page", "role.smm", true),
	FIELD(role_access, "kvm_mmu_page", "role.access", true),
	FIELD(role_ad_disabled, "kvm_mmu_page", "role.ad_disabled", true),
	FIELD(role_mirror, "kvm_mmu_page", "role.is_mirror", false), /* since 6.14 */
	FIELD(role_smep, "kvm_mmu_page", "role.cr4_smep", false),    /* since 7.2 */
	FIELD(role_guest_mode, "kvm_mmu_page", "role.guest_mode", false),
	FIELD(vcpu_mmu, "kvm_vcpu", "arch.mmu", true),
	FIELD(vcpu_root_mmu, "kvm_vcpu", "arch.root_mmu", false),
	FIELD(vcpu_guest_mmu, "kvm_vcpu", "arch.guest_mmu", false),
	FIELD(vcpu_init_value, "kvm_vcpu", "arch.mmu_shadow_page_cache.init_value", false),
	FIELD(mmu_root, "kvm_mmu", "root.hpa", false),
	FIELD(mmu_root, "kvm_mmu", "root_hpa", true),          /* up to 5.17 */
	FIELD(mmu_level, "kvm_mmu", "root_role.level", false), /* since 5.19 */
	FIELD(mmu_direct, "kvm_mmu", "root_role.direct", false),
	FIELD(mmu_smm, "kvm_mmu", "root_role.smm", false),
	FIELD(mmu_ad_disabled, "kvm_mmu", "root_role.ad_disabled", false),
	FIELD(mmu_smep, "kvm_mmu", "root_role.cr4_smep", false),
	FIELD(mmu_guest_mode, "kvm_mmu", "root_role.guest_mode", false),
	FIELD(mmu_prev, "kvm_mmu", "prev_roots", false),
	FIELD(prev_hpa, "kvm_mmu_root_info", "hpa", false),
};

enum s2_code s2_kvm_x86_layout(struct s2_kernel *kernel, struct s2_kvm_x86_layout *ret,
			       struct s2_err *err)
{
	struct s2_kvm_x86_layout layout = { 0 };
	struct s2_types *types;
	enum s2_code code = s2_kvm_fields(kernel, rows, ARRAY_SIZE(rows), &layout, &types, err);

	if (!code)
		*ret = layout;
	return code;
}
