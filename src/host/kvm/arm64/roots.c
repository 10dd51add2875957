// SPDX-License-Identifier: GPL-2.0-or-later
// A VM's own stage 2 and the shadow tables of its nested guests, out of struct kvm_s2_mmu.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"
#include "host/kvm/arm64/hyp.h"
#include "host/kvm/arm64/layout.h"
#include "host/kvm/arm64/mode.h"
#include "host/kvm/arm64/pgsnapshot.h"
#include "host/kvm/kvm.h"

/* Shadow MMUs per VM: KVM keeps two per vCPU (S2_MMU_PER_VCPU), and 512 vCPUs at most. */
#define MAX_NESTED 4096

#define VTTBR_CNP BIT64(0)

struct kvm_arm64 {
	struct s2_kvm_arm64_layout layout;
	uint64_t hcr; /* of any vCPU */
};

static struct kvm_arm64 *arm64_of(const struct s2_kvm_walk *w)
{
	return w->state;
}

static enum s2_code open_arch(struct s2_kvm_walk *w, void **ret_state)
{
	struct kvm_arm64 *a = calloc(1, sizeof(*a));
	enum s2_code code;

	if (!a)
		return s2_fail(w->search->err, S2_NOMEM, "no memory for VMs");
	code = s2_kvm_arm64_layout(w->search->kernel, &a->layout, w->search->err);
	if (code)
		free(a);
	else
		*ret_state = a;
	return code;
}

/*
 * Is there a struct kvm at @va? Its MMU points back to its arch part, and its page table back to
 * the MMU (kvm_init_stage2_mmu() in arch/arm64/kvm/mmu.c): no other structure does that.
 * S2_NOTFOUND: there is none; a missing code: there may be one.
 */
static enum s2_code check_vm(const struct s2_kvm_walk *w, uint64_t va)
{
	const struct s2_kvm_arm64_layout *layout = &arm64_of(w)->layout;
	struct s2_kernel *kernel = w->search->kernel;
	uint64_t mmu = va + s2_member_off(&layout->mmu.m);
	bool by_arch = layout->mmu_arch.have;
	uint64_t owner, pgt = 0, back;
	enum s2_code code = s2_field_get(kernel, mmu,
					 by_arch ? &layout->mmu_arch : &layout->mmu_kvm, &owner,
					 NULL);

	if (!code && owner != (by_arch ? va + s2_member_off(&layout->arch.m) : va))
		return S2_NOTFOUND;
	if (!code && (!layout->mmu_pgt.have || !layout->pgt_mmu.have))
		return S2_OK;
	if (!code)
		code = s2_field_get(kernel, mmu, &layout->mmu_pgt, &pgt, NULL);
	if (!code && !pgt)
		return S2_NOTFOUND;
	if (!code)
		code = s2_field_get(kernel, pgt, &layout->pgt_mmu, &back, NULL);
	if (!code)
		return back == mmu ? S2_OK : S2_NOTFOUND;
	return s2_is_missing(code) ? code : S2_NOTFOUND;
}

static bool can_check(const struct s2_kvm_walk *w)
{
	const struct s2_kvm_arm64_layout *layout = &arm64_of(w)->layout;

	return layout->mmu_arch.have || layout->mmu_kvm.have;
}

struct first_vcpu {
	uint64_t va;
};

static bool on_vcpu(void *arg, uint64_t index, uint64_t value)
{
	struct first_vcpu *first = arg;

	(void)index;
	first->va = value;
	return false;
}

/* HCR_EL2 of the VM's first vCPU: S2_NOTFOUND when it has none yet. It tells FWB, and the host's
 * E2H. */
static enum s2_code vcpu_hcr(struct s2_kvm_walk *w, uint64_t kvm_va, uint64_t *ret)
{
	struct first_vcpu first = { 0 };
	enum s2_code code = s2_kvm_each_vcpu(w->search->kernel, &w->layout, kvm_va, on_vcpu, &first,
					     w->search->err);

	if (!code && !first.va)
		return S2_NOTFOUND;
	return code ? code :
		      s2_field_get(w->search->kernel, first.va, &arm64_of(w)->layout.vcpu_hcr, ret,
				   w->search->err);
}

/*
 * VMIDs have 8 bits or, with VTCR_EL2.VS, 16; what is above counts how often all were given out
 * (arch/arm64/kvm/vmid.c). 0 is the host's: of a VM that has not run yet.
 */
static enum s2_code find_vmid(struct s2_kvm_walk *w, uint64_t mmu, uint64_t vtcr,
			      struct s2_table *ret)
{
	uint64_t id;
	enum s2_code code = s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_vmid, &id,
					 w->search->err);

	if (code == S2_NOTFOUND) {
		s2_err_init(w->search->err);
		return S2_OK;
	}
	if (!code) {
		ret->vmid = (uint32_t)(id & (vtcr & VTCR_VS ? UINT16_MAX : UINT8_MAX));
		ret->have_vmid = ret->vmid;
	}
	return s2_host_set_aside(w->search, S2_LOST_REGISTER, ret->id, code);
}

/* The stage-2 table of the kvm_s2_mmu at @mmu, as far as registers and root go. */
static enum s2_code mmu_table(struct s2_kvm_walk *w, uint64_t kvm_va, uint64_t mmu,
			      struct s2_table *ret)
{
	uint64_t vtcr, hcr;
	enum s2_code code = s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_pgd_phys,
					 &ret->root_pa, w->search->err);

	if (code)
		return code;
	if (arm64_of(w)->layout.mmu_vtcr.have)
		code = s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_vtcr, &vtcr,
				    w->search->err);
	else
		code = s2_field_get(w->search->kernel, kvm_va, &arm64_of(w)->layout.vtcr, &vtcr,
				    w->search->err);
	if (code)
		return code;
	code = find_vmid(w, mmu, vtcr, ret);
	if (code)
		return code;
	s2_regime_init(&ret->regime, &s2_arm64_stage2);
	s2_regime_set(&ret->regime, S2_ARM64_VTCR_EL2, vtcr);
	code = vcpu_hcr(w, kvm_va, &hcr);
	if (!code && hcr) {
		s2_regime_set(&ret->regime, S2_ARM64_HCR_EL2, hcr);
		arm64_of(w)->hcr = hcr;
	}
	return code && code != S2_NOTFOUND ?
		       s2_host_set_aside(w->search, S2_LOST_REGISTER, ret->id,
					 s2_wrap(w->search->err, code, "hcr_el2")) :
		       S2_OK;
}

/* The element @i of nested_mmus: an array of structures, or of pointers to them (6.12 stable). */
static enum s2_code nested_mmu(struct s2_kvm_walk *w, uint64_t array, uint64_t i, uint64_t *ret)
{
	if (arm64_of(w)->layout.nested_mmus.m.ptr_depth < 2) {
		*ret = array + i * arm64_of(w)->layout.mmu_size;
		return S2_OK;
	}
	return s2_kernel_read(w->search->kernel, array + i * sizeof(*ret), ret, sizeof(*ret),
			      w->search->err);
}

/* Shadow MMU @i: root_pa stays 0 when it is not in use. tlb_vttbr has CnP set while a slot is free
 * (kvm_init_nested_s2_mmu(), nested.c). */
static enum s2_code nested_table(struct s2_kvm_walk *w, uint64_t kvm_va, uint64_t array, uint64_t i,
				 struct s2_table *ret)
{
	uint64_t mmu, enabled;
	enum s2_code code = nested_mmu(w, array, i, &mmu);

	if (!code)
		code = s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_tlb_vttbr,
				    &ret->shadow[S2_SHADOW_ROOT], w->search->err);
	if (code || ret->shadow[S2_SHADOW_ROOT] & VTTBR_CNP)
		return code;
	code = s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_tlb_vtcr,
			    &ret->shadow[S2_SHADOW_CONTROL], w->search->err);
	if (!s2_field_get(w->search->kernel, mmu, &arm64_of(w)->layout.mmu_nested_enabled, &enabled,
			  NULL))
		ret->guest_stage2 = enabled ? S2_YES : S2_NO;
	return code ? code : mmu_table(w, kvm_va, mmu, ret);
}

static enum s2_code add_nested(struct s2_kvm_walk *w, uint64_t kvm_va, const struct s2_table *vm)
{
	uint64_t n = 0, array = 0;
	enum s2_code code;

	if (!arm64_of(w)->layout.nested_mmus.have || !arm64_of(w)->layout.nested_mmus_size.have)
		return S2_OK;
	code = s2_field_get(w->search->kernel, kvm_va, &arm64_of(w)->layout.nested_mmus_size, &n,
			    w->search->err);
	if (!code)
		code = s2_field_get(w->search->kernel, kvm_va, &arm64_of(w)->layout.nested_mmus,
				    &array, w->search->err);
	if (!code && n > MAX_NESTED)
		code = s2_fail(w->search->err, S2_INVALID, "%" PRId64 " shadow MMUs", (int64_t)n);
	if (code)
		return s2_host_set_aside(w->search, S2_LOST_TABLE, vm->id,
					 s2_wrap(w->search->err, code, "nested_mmus"));
	if (!array)
		return S2_OK;
	for (uint64_t i = 0; i < n; i++) {
		struct s2_table table = {
			.pid = vm->pid, .vcpus = vm->vcpus, .vm = vm->vm, .kind = "nested-stage2"
		};

		snprintf(table.id, sizeof(table.id), "%.40s/nested:%u", vm->id, (unsigned int)i);
		snprintf(table.found, sizeof(table.found), "kvm_arch.nested_mmus[%" PRIu64 "]", i);
		code = nested_table(w, kvm_va, array, i, &table);
		if (code)
			code = s2_host_set_aside(w->search, S2_LOST_TABLE, table.id,
						 s2_wrap(w->search->err, code,
							 "nested_mmus[%" PRIu64 "]", i));
		else if (table.root_pa)
			code = s2_tables_add(w->search->tables, &table, w->search->err);
		if (code)
			return code;
	}
	return S2_OK;
}

static enum s2_code roots(struct s2_kvm_walk *w, struct s2_table *vm)
{
	uint64_t kvm_va = vm->object_va;
	enum s2_code code =
		mmu_table(w, kvm_va, kvm_va + s2_member_off(&arm64_of(w)->layout.mmu.m), vm);

	/* kvm_init_stage2_mmu() leaves pgd_phys 0 where another keeps the table (6.14 on), who
	 * makes it when a vCPU runs; kvm_free_stage2_pgd() leaves none. */
	vm->bare = !code && !vm->root_pa;
	if (!code)
		code = s2_hosts_amend(w->search, vm);
	if (code)
		return s2_host_set_aside(w->search, S2_LOST_VM, vm->id, code);
	if (vm->root_pa || vm->bare)
		code = s2_kvm_add_table(w, vm, 0, 0);
	return code ? code : add_nested(w, kvm_va, vm);
}

static enum s2_code find_mode(struct s2_kvm_walk *w)
{
	struct s2_tables *tables = w->search->tables;

	tables->mode = s2_kvm_mode(w->search->kernel, w->search->lost, tables->mode_why,
				   sizeof(tables->mode_why));
	return S2_OK;
}

static enum s2_code rest(struct s2_kvm_walk *w)
{
	struct s2_host_search *search = w->search;
	struct s2_tables *tables = search->tables;
	enum s2_code code = S2_OK;

	if (tables->mode == S2_KVM_NVHE)
		code = s2_kvm_hyp(search->kernel, search->mem, search->lost, tables, search->err);
	if (code == S2_BUDGET)
		code = s2_host_set_aside(search, S2_LOST_TABLE, "hyp", code);
	if (tables->mode == S2_KVM_UNKNOWN)
		tables->mode = s2_kvm_mode_by_hcr(arm64_of(w)->hcr, tables->mode_why,
						  sizeof(tables->mode_why));
	return code;
}

const struct s2_kvm_arch s2_kvm_arm64 = {
	.name = "arm64",
	.open = open_arch,
	.close = free,
	.check_vm = check_vm,
	.can_check = can_check,
	.system = find_mode,
	.roots = roots,
	.kernel_copy = s2_pgtable_snapshot,
	.rest = rest,
};
