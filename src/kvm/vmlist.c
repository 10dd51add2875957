// SPDX-License-Identifier: GPL-2.0-or-later
// vm_list by symbol, or by what its members must look like where symbols of data are missing
// (Debian's 6.1).
#include "kvm/vmlist.h"

#include <stdio.h>

bool s2_kvm_is_vm(struct s2_kernel *kernel, const struct s2_kvm_layout *layout, uint64_t va)
{
	uint64_t mmu = va + s2_member_off(&layout->mmu.m);
	uint64_t owner, pgt, back;

	if (layout->mmu_arch.have) {
		if (s2_field_get(kernel, mmu, &layout->mmu_arch, &owner, NULL) ||
		    owner != va + s2_member_off(&layout->arch.m))
			return false;
	} else if (s2_field_get(kernel, mmu, &layout->mmu_kvm, &owner, NULL) || owner != va) {
		return false;
	}
	if (!layout->mmu_pgt.have || !layout->pgt_mmu.have)
		return true;
	if (s2_field_get(kernel, mmu, &layout->mmu_pgt, &pgt, NULL) || !pgt)
		return false;
	return !s2_field_get(kernel, pgt, &layout->pgt_mmu, &back, NULL) && back == mmu;
}

struct search {
	struct s2_kernel *kernel;
	const struct s2_kvm_layout *layout;
	uint64_t head;
	unsigned int heads;
};

static bool all_vms(void *arg, uint64_t node)
{
	struct search *s = arg;

	if (s2_kvm_is_vm(s->kernel, s->layout, node - s2_member_off(&s->layout->vm_list.m)))
		return true;
	s->heads = UINT32_MAX; /* marks a member that is no VM */
	return false;
}

/* A candidate is vm_list when the whole list from there on consists of VMs. */
static bool try_head(void *arg, const struct s2_list_candidate *candidate)
{
	struct search *s = arg;
	struct search probe = { .kernel = s->kernel, .layout = s->layout };
	uint64_t off = s2_member_off(&s->layout->vm_list.m);

	if (!s2_kvm_is_vm(s->kernel, s->layout, candidate->next - off))
		return true;
	if (s2_kernel_list(s->kernel, candidate->va, all_vms, &probe, NULL) || probe.heads)
		return true;
	s->head = candidate->va;
	s->heads++;
	return s->heads < 2;
}

enum s2_code s2_kvm_vm_list(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			    uint64_t *ret, char *found, size_t found_size, struct s2_err *err)
{
	struct search s = { .kernel = kernel, .layout = layout };
	struct s2_symbol symbol = { .name = "vm_list" };
	enum s2_code code;

	/* Of several symbols of that name none is believed. */
	if (!s2_kernel_symbols(kernel, &symbol, 1, NULL) && symbol.hits == 1) {
		snprintf(found, found_size, "vm_list (symbol, %s)",
			 s2_symbol_source_name(symbol.source));
		*ret = symbol.value;
		return S2_OK;
	}
	if (!layout->mmu_arch.have && !layout->mmu_kvm.have)
		return s2_fail(err, S2_NOTFOUND,
			       "no symbol vm_list, and struct kvm of this kernel (before 5.9) has "
			       "nothing to tell it by: --system-map or --vmlinux helps");
	code = s2_kernel_scan_lists(kernel, try_head, &s, err);
	if (code)
		return code;
	if (s.heads > 1)
		return s2_fail(
			err, S2_INVALID,
			"no symbol vm_list, and more than one list of VMs in the kernel's data");
	if (!s.heads) {
		*ret = 0;
		return S2_OK;
	}
	snprintf(found, found_size, "vm_list (no symbol; found at 0x%llx by its members)",
		 (unsigned long long)s.head);
	*ret = s.head;
	return S2_OK;
}
