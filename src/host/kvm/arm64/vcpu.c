// SPDX-License-Identifier: GPL-2.0-or-later
// vCPU registers: sys_regs[] by the kernel's own enumerators, or the VNCR page where the CPU has NV2.
#include "host/kvm/arm64/vcpu.h"

#include "base/bits.h"
#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"
#include "host/kvm/arm64/layout.h"
#include "host/kvm/kvm.h"

/* The registers that translation asks for; a kernel that does not have one has no enumerator for
 * it. */
static const struct {
	enum s2_arm64_claim reg;
	const char *enumerator;
} regs[] = {
	{ S2_ARM64_SCTLR_EL1, "SCTLR_EL1" }, { S2_ARM64_TCR_EL1, "TCR_EL1" },
	{ S2_ARM64_TCR2_EL1, "TCR2_EL1" },   { S2_ARM64_TTBR0_EL1, "TTBR0_EL1" },
	{ S2_ARM64_TTBR1_EL1, "TTBR1_EL1" }, { S2_ARM64_MAIR_EL1, "MAIR_EL1" },
	{ S2_ARM64_PIR_EL1, "PIR_EL1" },     { S2_ARM64_PIRE0_EL1, "PIRE0_EL1" },
	{ S2_ARM64_POR_EL1, "POR_EL1" },     { S2_ARM64_POR_EL0, "POR_EL0" },
};

struct pick {
	uint64_t index, va;
	unsigned int n; /* that were met */
};

static bool on_vcpu(void *arg, uint64_t index, uint64_t value)
{
	struct pick *pick = arg;

	pick->n++;
	if (index == pick->index)
		pick->va = value;
	return index < pick->index;
}

static enum s2_code find_vcpu(struct s2_kernel *kernel, uint64_t kvm_va, uint64_t index,
			      uint64_t *ret, struct s2_err *err)
{
	struct pick pick = { .index = index };
	struct s2_kvm_layout layout;
	enum s2_code code = s2_kvm_layout(kernel, &layout, err);

	if (!code)
		code = s2_kvm_each_vcpu(kernel, &layout, kvm_va, on_vcpu, &pick, err);
	if (code)
		return code;
	if (!pick.va && !pick.n)
		return s2_fail(err, S2_USAGE, "there is no vCPU %llu: it has none",
			       (unsigned long long)index);
	if (!pick.va)
		return s2_fail(err, S2_USAGE, "there is no vCPU %llu: it has %u, counted from 0",
			       (unsigned long long)index, pick.n);
	*ret = pick.va;
	return S2_OK;
}

/* PSTATE.M: EL2t and EL2h of AArch64. */
#define PSTATE_M BITS64(4, 0)
#define PSTATE_EL2T 8
#define PSTATE_EL2H 9

/* Bits of HCR_EL2 that a guest hypervisor decides for its guest, of those that translation asks
 * for. */
#define GUESTS_HCR (HCR_PTW | HCR_DC | HCR_CD | HCR_ID | HCR_DCT)

static bool is_el2(uint64_t pstate)
{
	uint64_t mode = field_get(PSTATE_M, pstate);

	return mode == PSTATE_EL2T || mode == PSTATE_EL2H;
}

/* What is needed to read the registers of one context. */
struct context {
	struct s2_kernel *kernel;
	struct s2_types *types;
	const struct s2_kvm_arm64_layout *layout;
	uint64_t va;
};

/* Where register number @n lives: with NV2, those from __VNCR_START__ on in the page that
 * vncr_array points to. */
static enum s2_code read_sysreg(const struct context *ctxt, uint64_t n, uint64_t *ret,
				struct s2_err *err)
{
	const struct s2_kvm_arm64_layout *l = ctxt->layout;
	uint64_t vncr_start, vncr_array;

	if (!s2_types_enum(ctxt->types, "vcpu_sysreg", "__VNCR_START__", &vncr_start, NULL) &&
	    n >= vncr_start) {
		enum s2_code code =
			s2_field_get(ctxt->kernel, ctxt->va, &l->ctxt_vncr, &vncr_array, NULL);

		if (s2_is_missing(code))
			return s2_fail(err, code, "vncr_array, which tells where it is, is %s",
				       s2_code_name(code));
		if (!code && vncr_array)
			return s2_kernel_read(ctxt->kernel,
					      vncr_array + (n - vncr_start) * sizeof(*ret), ret,
					      sizeof(*ret), err);
	}
	if (n >= l->ctxt_sys_regs.m.nelems)
		return s2_fail(err, S2_INVALID, "register number %llu is not below %llu",
			       (unsigned long long)n,
			       (unsigned long long)l->ctxt_sys_regs.m.nelems);
	return s2_kernel_read(ctxt->kernel,
			      ctxt->va + s2_member_off(&l->ctxt_sys_regs.m) + n * sizeof(*ret), ret,
			      sizeof(*ret), err);
}

/* A register that every kernel has whose guests may be hypervisors. */
static enum s2_code guest_el2(const struct context *ctxt, const char *name, uint64_t *ret,
			      struct s2_err *err)
{
	uint64_t n;
	enum s2_code code = s2_types_enum(ctxt->types, "vcpu_sysreg", name, &n, err);

	if (!code)
		code = read_sysreg(ctxt, n, ret, err);
	return code ? s2_wrap(err, code, "the guest's %s", name) : S2_OK;
}

/*
 * Only a guest that may be a hypervisor has a page of registers (kvm_vcpu_init_nested(), nested.c).
 * It runs that hypervisor at EL2, and where HCR_EL2.TGE takes EL0 there (is_hyp_ctxt(),
 * kvm_nested.h); else a guest of its own, with the bits of HCR_EL2 that the guest asks for beside
 * KVM's (__compute_hcr(), hyp/vhe/switch.c).
 */
static enum s2_code read_nested(const struct context *ctxt, struct s2_vcpu *vcpu,
				struct s2_err *err)
{
	uint64_t vncr_array, hcr;
	enum s2_code code;

	if (!ctxt->layout->ctxt_vncr.have)
		return S2_OK;
	code = s2_field_get(ctxt->kernel, ctxt->va, &ctxt->layout->ctxt_vncr, &vncr_array, err);
	if (code)
		return s2_wrap(err, code, "vncr_array");
	if (!vncr_array)
		return S2_OK;
	vcpu->is_hypervisor = true;
	code = guest_el2(ctxt, "HCR_EL2", &hcr, err);
	if (!code)
		code = guest_el2(ctxt, "VTTBR_EL2", &vcpu->guest_root, err);
	if (!code)
		code = guest_el2(ctxt, "VTCR_EL2", &vcpu->guest_control, err);
	if (code)
		return code;
	vcpu->runs_hypervisor = is_el2(vcpu->pstate) || hcr & HCR_TGE;
	vcpu->guest_stage2 = hcr & HCR_VM;
	vcpu->regs.value[S2_ARM64_HCR_EL2] |= hcr & GUESTS_HCR;
	return S2_OK;
}

static enum s2_code read_regs(const struct context *ctxt, struct s2_vcpu *vcpu, struct s2_err *err)
{
	const struct s2_kvm_arm64_layout *l = ctxt->layout;
	enum s2_code code;

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		uint64_t n, value;

		if (s2_types_enum(ctxt->types, "vcpu_sysreg", regs[i].enumerator, &n, NULL))
			continue;
		code = read_sysreg(ctxt, n, &value, err);
		if (code)
			return s2_wrap(err, code, "%s", regs[i].enumerator);
		s2_regime_set(&vcpu->regs, regs[i].reg, value);
	}
	code = s2_field_get(ctxt->kernel, ctxt->va, &l->ctxt_pstate, &vcpu->pstate, err);
	if (code)
		return s2_wrap(err, code, "pstate");
	code = s2_field_get(ctxt->kernel, ctxt->va, &l->ctxt_pc, &vcpu->pc, err);
	if (code)
		return s2_wrap(err, code, "pc");
	return S2_OK;
}

enum s2_code s2_kvm_vcpu(struct s2_kernel *kernel, uint64_t kvm_va, uint64_t index,
			 struct s2_vcpu *ret, struct s2_err *err)
{
	struct s2_vcpu vcpu = { .cpu = -1 };
	struct s2_kvm_arm64_layout layout;
	struct context ctxt = { .kernel = kernel, .layout = &layout };
	uint64_t va, hcr, cpu;
	enum s2_code code = s2_kvm_arm64_layout(kernel, &layout, err);

	if (!code)
		code = s2_kernel_types(kernel, &ctxt.types, err);
	if (!code)
		code = find_vcpu(kernel, kvm_va, index, &va, err);
	if (!code && (!layout.vcpu_ctxt.have || !layout.ctxt_sys_regs.have))
		code = s2_fail(err, S2_NOTFOUND,
			       "this kernel has no kvm_vcpu.arch.ctxt with sys_regs");
	if (!code)
		code = s2_field_get(kernel, va, &layout.vcpu_hcr, &hcr, err);
	if (code)
		return code;
	s2_regime_init(&vcpu.regs, NULL);
	s2_regime_set(&vcpu.regs, S2_ARM64_HCR_EL2, hcr);
	ctxt.va = va + s2_member_off(&layout.vcpu_ctxt.m);
	code = read_regs(&ctxt, &vcpu, err);
	if (!code)
		code = read_nested(&ctxt, &vcpu, err);
	if (!code)
		code = s2_field_get(kernel, va, &layout.vcpu_cpu, &cpu, err);
	if (code)
		return s2_wrap(err, code, "vCPU %llu", (unsigned long long)index);
	vcpu.cpu = (int)(int64_t)cpu;
	*ret = vcpu;
	return S2_OK;
}
