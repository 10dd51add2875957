// SPDX-License-Identifier: GPL-2.0-or-later
// The shadow_* variables of kvm.ko (arch/x86/kvm/mmu/spte.c), and the few others that say how its
// tables read. They are found in one pass over symbols.
#include "host/kvm/x86/masks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"
#include "kernel/modules.h"

/* EPT capabilities (IA32_VMX_EPT_VPID_CAP, SDM 3D, A.10). */
#define CAP_EXEC_ONLY BIT64(0)
#define CAP_1G BIT64(17)

enum variable {
	V_NX,
	V_ACCESSED,
	V_DIRTY,
	V_MMIO_VALUE,
	V_MMIO_MASK,
	V_MMIO_ACCESS,
	V_MMIO_CACHING,
	V_RSVD,
	V_LOWER_GFN,
	V_ACC_TRACK,
	V_HOST_WRITABLE,
	V_MMU_WRITABLE,
	V_X,
	V_XS,
	V_TDP,
	V_NX_HUGE,
	V_PHYS_BITS,
	V_HOST,
	NVARIABLES
};

/* In whatever kernels have them; @size 0: only that it is there counts. */
static const struct {
	const char *name;
	uint8_t size;
	int param; /* of the soft, -1: none */
} variables[NVARIABLES] = {
	[V_NX] = { "shadow_nx_mask", 8, -1 },
	[V_ACCESSED] = { "shadow_accessed_mask", 8, S2_KVM_X86_ACCESSED_MASK },
	[V_DIRTY] = { "shadow_dirty_mask", 8, S2_KVM_X86_DIRTY_MASK },
	[V_MMIO_VALUE] = { "shadow_mmio_value", 8, S2_KVM_X86_MMIO_VALUE },
	[V_MMIO_MASK] = { "shadow_mmio_mask", 8, S2_KVM_X86_MMIO_MASK },
	[V_MMIO_ACCESS] = { "shadow_mmio_access_mask", 8, S2_KVM_X86_MMIO_ACCESS_MASK },
	[V_MMIO_CACHING] = { "enable_mmio_caching", 1, -1 },
	[V_RSVD] = { "shadow_nonpresent_or_rsvd_mask", 8, S2_KVM_X86_RSVD_MASK },
	[V_LOWER_GFN] = { "shadow_nonpresent_or_rsvd_lower_gfn_mask", 8,
			  S2_KVM_X86_LOWER_GFN_MASK },
	[V_ACC_TRACK] = { "shadow_acc_track_mask", 8, S2_KVM_X86_ACC_TRACK_MASK },
	[V_HOST_WRITABLE] = { "shadow_host_writable_mask", 8, S2_KVM_X86_HOST_WRITABLE_MASK },
	[V_MMU_WRITABLE] = { "shadow_mmu_writable_mask", 8, S2_KVM_X86_MMU_WRITABLE_MASK },
	[V_X] = { "shadow_x_mask", 0, -1 },
	[V_XS] = { "shadow_xs_mask", 0, -1 },
	[V_TDP] = { "tdp_enabled", 1, -1 },
	[V_NX_HUGE] = { "nx_huge_pages", 4, -1 },
	[V_PHYS_BITS] = { "shadow_phys_bits", 1, -1 },
	[V_HOST] = { "kvm_host", 0, -1 },
};

struct values {
	struct s2_kernel *kernel;
	struct s2_lost *lost;
	struct s2_symbol symbol[NVARIABLES];
	uint64_t value[NVARIABLES];
	bool have[NVARIABLES];
	bool no_memory; /* to find out */
};

static bool is_there(const struct values *v, enum variable i)
{
	return v->symbol[i].hits;
}

/* Two variables of one name are believed where they agree. */
static enum s2_code read_symbol(struct s2_kernel *kernel, const struct s2_symbol *symbol, void *ret,
				size_t size, struct s2_err *err)
{
	uint64_t other = 0;
	enum s2_code code = s2_kernel_read(kernel, symbol->value, ret, size, err);

	if (!code && symbol->hits == 2)
		code = s2_kernel_read(kernel, symbol->other, &other, size, err);
	if (!code && (symbol->hits > 2 || (symbol->hits == 2 && memcmp(ret, &other, size) != 0)))
		code = s2_fail(err, S2_INVALID,
			       "%u symbols have that name, and which is KVM's is not known",
			       symbol->hits);
	return code;
}

static void read_value(struct values *v, enum variable i)
{
	struct s2_err why;
	uint64_t value = 0;
	enum s2_code code;

	if (!is_there(v, i) || !variables[i].size)
		return;
	s2_err_init(&why);
	code = read_symbol(v->kernel, &v->symbol[i], &value, variables[i].size, &why);
	v->have[i] = !code;
	if (code)
		s2_lost_add(v->lost, S2_LOST_REGISTER, code, NULL, S2_LOST_NOWHERE, "%s: %s",
			    variables[i].name, why.text);
	else
		v->value[i] = value;
}

static enum s2_code read_values(struct values *v, struct s2_err *err)
{
	enum s2_code code;

	for (unsigned int i = 0; i < NVARIABLES; i++)
		v->symbol[i].name = variables[i].name;
	code = s2_module_symbols(v->kernel, "kvm", v->symbol, NVARIABLES, err);
	for (unsigned int i = 0; !code && i < NVARIABLES; i++)
		read_value(v, (enum variable)i);
	return code;
}

static enum s2_tristate flag_of(const struct values *v, enum variable i)
{
	return !v->have[i] ? S2_UNKNOWN : v->value[i] ? S2_YES : S2_NO;
}

/* What would tell and is not in the dump, or there twice. */
static void lose(struct values *v, enum s2_code code, const char *what)
{
	v->no_memory |= code == S2_NOMEM;
	if (s2_is_missing(code) || code == S2_INVALID)
		s2_lost_add(v->lost, S2_LOST_REGISTER, code, NULL, S2_LOST_NOWHERE, "%s: %s", what,
			    s2_code_name(code));
}

/* A member of the variable at @va. */
static enum s2_code get_member(struct s2_kernel *kernel, struct s2_types *types, uint64_t va,
			       const char *type, const char *path, uint64_t *ret)
{
	const struct s2_field_row row[] = { { 0, type, path, true } };
	struct s2_field_at field = { 0 };
	enum s2_code code = s2_fields_find_in(types, row, 1, &field, NULL);

	return code ? code : s2_field_get(kernel, va, &field, ret, NULL);
}

/* Of the boot processor's features; 0: not known. */
static unsigned int boot_bits(struct values *v, struct s2_types *types)
{
	uint64_t va, bits;
	enum s2_code code;

	code = s2_kernel_symbol(v->kernel, "boot_cpu_data", &va, NULL);
	if (code) {
		v->no_memory |= code == S2_NOMEM;
		return 0;
	}
	code = get_member(v->kernel, types, va, "cpuinfo_x86", "x86_phys_bits", &bits);
	lose(v, code, "boot_cpu_data.x86_phys_bits");
	return code ? 0 : (unsigned int)bits;
}

/* KVM's own number is the processor's (kvm_get_shadow_phys_bits()). */
static unsigned int kvm_bits(struct values *v, struct s2_types *types)
{
	uint64_t bits = 0;
	enum s2_code code = S2_NOTFOUND;

	if (v->have[V_PHYS_BITS])
		return (unsigned int)v->value[V_PHYS_BITS];
	if (types && v->symbol[V_HOST].hits == 1)
		code = get_member(v->kernel, types, v->symbol[V_HOST].value, "kvm_host_values",
				  "maxphyaddr", &bits);
	lose(v, code, "kvm_host.maxphyaddr");
	return code ? 0 : (unsigned int)bits;
}

/*
 * KVM marks MMIO entries of NPT by bits that it knows to be reserved (kvm_mmu_reset_all_pte_masks(),
 * svm_adjust_mmio_mask()): addresses end below them, or one bit further down where that is the
 * C-bit. The mask is there even where KVM makes no such entries (kvm_mmu_set_mmio_spte_mask()).
 */
static unsigned int below_mmio(const struct values *v, unsigned int bits, uint64_t sme_mask)
{
	uint64_t reserved = X86_ADDRESS & ((v->have[V_MMIO_VALUE] ? v->value[V_MMIO_VALUE] : 0) |
					   (v->have[V_MMIO_MASK] ? v->value[V_MMIO_MASK] : 0));
	unsigned int lowest = reserved ? (unsigned int)__builtin_ctzll(reserved) : 64;

	if (lowest < 32 || lowest >= (bits ? bits : 52))
		return bits;
	if (sme_mask)
		return lowest - (sme_mask == BIT64(lowest - 1));
	/* Bit 51 alone is reserved whatever else is. */
	if (lowest == 51)
		s2_lost_add(v->lost, S2_LOST_REGISTER, S2_NOTFOUND, NULL, S2_LOST_NOWHERE,
			    "addresses have 51 bits or less, which boot_cpu_data would tell");
	else
		s2_lost_add(v->lost, S2_LOST_REGISTER, S2_NOTFOUND, NULL, S2_LOST_NOWHERE,
			    "addresses have %u bits, or %u where the next one is the C-bit, which "
			    "boot_cpu_data would tell",
			    lowest, lowest - 1);
	return lowest;
}

/*
 * Memory encryption that is on in the firmware, whether or not the kernel uses it, takes bits from
 * the addresses of AMD's processors; the kernel counts them off in boot_cpu_data
 * (early_detect_mem_encrypt()).
 */
static unsigned int maxphyaddr(struct values *v, bool ept, uint64_t sme_mask)
{
	struct s2_types *types = NULL;
	unsigned int bits, left = 0;
	enum s2_code code;

	/* Types that cannot be had are said by whoever needs more of them. */
	code = s2_module_types(v->kernel, "kvm", &types, NULL);
	if (code)
		types = NULL;
	v->no_memory |= code == S2_NOMEM;
	bits = kvm_bits(v, types);
	if (types && (!ept || !bits))
		left = boot_bits(v, types);
	if (ept || left)
		return bits && (ept || bits < left) ? bits : left;
	return below_mmio(v, bits, sme_mask);
}

/* IA32_PAT as the kernel sets it (mm/pat/memtype.c, since 5.17); 0: not known. */
static uint64_t host_pat(struct values *v)
{
	uint64_t va, pat;
	enum s2_code code = s2_kernel_symbol(v->kernel, "pat_msr_val", &va, NULL);

	if (!code)
		code = s2_kernel_read(v->kernel, va, &pat, sizeof(pat), NULL);
	lose(v, code, "pat_msr_val");
	return code ? 0 : pat;
}

static bool has_vmx(struct values *v)
{
	struct s2_symbol symbol = { .name = "vmx_capability" };
	enum s2_code code = s2_module_symbols(v->kernel, "kvm_intel", &symbol, 1, NULL);

	v->no_memory |= code == S2_NOMEM;
	return !code && symbol.hits;
}

/* What the processor can do; kvm_intel's copy of the capability register. */
static void ept_capabilities(struct values *v, struct s2_kvm_x86_masks *masks)
{
	struct s2_symbol symbol = { .name = "vmx_capability" };
	uint32_t ept; /* struct vmx_capability begins with it */
	enum s2_code code = s2_module_symbols(v->kernel, "kvm_intel", &symbol, 1, NULL);

	if (!code && !symbol.hits)
		return;
	if (!code)
		code = read_symbol(v->kernel, &symbol, &ept, sizeof(ept), NULL);
	lose(v, code, "vmx_capability");
	if (code)
		return;
	masks->exec_only = ept & CAP_EXEC_ONLY ? S2_YES : S2_NO;
	masks->pages_1g = ept & CAP_1G ? S2_YES : S2_NO;
}

/*
 * Which of the two layouts of software bits it is: by the name of the variable for execution, which
 * changed with them; else by the bits of an access in a role.
 */
static bool is_new(const struct values *v, const struct s2_kvm_x86_layout *layout)
{
	if (is_there(v, V_XS) != is_there(v, V_X))
		return is_there(v, V_XS);
	return layout->role_access.m.bit_size > 3;
}

static void make_soft(const struct values *v, const struct s2_kvm_x86_layout *layout,
		      struct s2_kvm_x86_masks *masks)
{
	struct s2_soft *soft = &masks->soft;
	struct s2_regime regime;

	s2_regime_init(&regime, masks->ept ? &s2_x86_ept : &s2_x86_npt);
	soft->ops = is_new(v, layout) ? &s2_soft_kvm_new : &s2_soft_kvm_old;
	soft->ops->assume(&regime, soft);
	/* SHADOW_NONPRESENT_VALUE came together with a VM's own MMIO value (7f01cab84928,
	 * 3fc3f71851cf, 6.10); before, tables were made of zeroes. */
	soft->empty = layout->mmio_value.have ? BIT64(63) : 0;
	for (unsigned int i = 0; i < NVARIABLES; i++) {
		if (variables[i].param >= 0 && v->have[i])
			soft->param[variables[i].param] = v->value[i];
		else if (variables[i].param >= 0 && is_there(v, i))
			s2_soft_unsure(soft, (unsigned int)variables[i].param);
	}
	/* KVM writes no such entries then (is_mmio_spte()), and the value is that of nothing. */
	if (flag_of(v, V_MMIO_CACHING) == S2_NO)
		soft->param[S2_KVM_X86_MMIO_MASK] = 0;
	if (is_there(v, V_MMIO_CACHING) && !v->have[V_MMIO_CACHING])
		s2_soft_unsure(soft, S2_KVM_X86_MMIO_MASK);
	/* The variable is an int: off, on, or (before KVM runs) -1. */
	soft->param[S2_KVM_X86_NX_HUGE_PAGES] = v->value[V_NX_HUGE] == 1;
	if (is_there(v, V_NX_HUGE) && !v->have[V_NX_HUGE])
		s2_soft_unsure(soft, S2_KVM_X86_NX_HUGE_PAGES);
}

enum s2_code s2_kvm_x86_masks(struct s2_kernel *kernel, const struct s2_kvm_x86_layout *layout,
			      struct s2_lost *lost, struct s2_kvm_x86_masks *ret,
			      struct s2_err *err)
{
	struct values v = { .kernel = kernel, .lost = lost };
	struct s2_kvm_x86_masks masks = { 0 };
	enum s2_code code = read_values(&v, err);

	if (!code && !v.have[V_NX])
		code = s2_fail(err, S2_NOTFOUND,
			       "shadow_nx_mask is not known, which tells EPT from NPT");
	/* Before 5.13 (5fc3424f8b85) these were no variables, and hardly any bit meant what it does
	 * now: MMIO was 3 in what is the type of A/D tracking, and nothing said "present". */
	if (!code && !(is_there(&v, V_HOST_WRITABLE) && is_there(&v, V_MMU_WRITABLE)))
		code = s2_fail(
			err, S2_NOTFOUND,
			"there is no %s: what KVM before 5.13 means by bits of its entries "
			"is not known",
			variables[is_there(&v, V_HOST_WRITABLE) ? V_MMU_WRITABLE : V_HOST_WRITABLE]
				.name);
	if (code)
		return s2_wrap(err, code, "KVM's variables");
	/* An entry of EPT permits execution, one of NPT forbids it. */
	masks.ept = !v.value[V_NX];
	masks.tdp = flag_of(&v, V_TDP);
	/* ... but for shadow paging, which forbids on either. */
	if (masks.tdp == S2_NO)
		masks.ept = has_vmx(&v);
	masks.pat = host_pat(&v);
	if (s2_vmcoreinfo_get(s2_kernel_vmcoreinfo(kernel), S2_VI_NUMBER, "sme_mask",
			      &masks.sme_mask, NULL))
		masks.sme_mask = 0;
	masks.maxphyaddr = maxphyaddr(&v, masks.ept, masks.sme_mask);
	if (masks.ept)
		ept_capabilities(&v, &masks);
	if (v.no_memory)
		return s2_fail(err, S2_NOMEM, "no memory for KVM's variables");
	make_soft(&v, layout, &masks);
	*ret = masks;
	return S2_OK;
}
