// SPDX-License-Identifier: GPL-2.0-or-later
// The address space of an x86-64 kernel, from its VMCOREINFO and its own tables.
#include "kernel/kva.h"

#include <elf.h>

#include "base/bits.h"
#include "decode/x86/paging.h"

/* Where the image is mapped when nothing moves it (__START_KERNEL_map, asm/page_64_types.h). */
#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)

/* Memory KASLR places the direct map in steps of an entry of the level above 2M (mm/kaslr.c). */
#define LINEAR_ALIGN BIT64(30)

static enum s2_code page_size_from(const struct s2_vmcoreinfo *info, uint64_t *ret,
				   struct s2_err *err)
{
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_PLAIN, "PAGESIZE", ret, err);

	if (!code && *ret != 4096)
		return s2_fail(err, S2_INVALID, "VMCOREINFO: PAGESIZE=%llu is not 4096",
			       (unsigned long long)*ret);
	return code;
}

/* A number that older kernels do not tell: then it is 0. */
static enum s2_code number_or_0(const struct s2_vmcoreinfo *info, const char *name, uint64_t *ret,
				struct s2_err *err)
{
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_NUMBER, name, ret, err);

	if (code != S2_NOTFOUND)
		return code;
	if (err)
		s2_err_init(err);
	*ret = 0;
	return S2_OK;
}

/* init_top_pgt; it bears its older name too (asm/pgtable_64.h defines the one as the other). */
static enum s2_code top_table(const struct s2_vmcoreinfo *info, uint64_t *ret, struct s2_err *err)
{
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "init_top_pgt", ret, err);

	if (code == S2_NOTFOUND)
		code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "swapper_pg_dir", ret, err);
	return code;
}

static enum s2_code facts_of(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			     struct s2_err *err)
{
	uint64_t phys_base, table = 0, five = 0, encryption = 0;
	/* Signed: KASLR may put the image below where it was linked for. */
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_NUMBER, "phys_base", &phys_base, err);

	if (code == S2_NOTFOUND)
		return S2_NOTMINE;
	if (!code)
		code = page_size_from(info, &ret->page_size, err);
	if (!code)
		code = number_or_0(info, "pgtable_l5_enabled", &five, err);
	if (!code)
		code = number_or_0(info, "sme_mask", &encryption, err);
	if (!code)
		code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "_stext", &ret->stext, err);
	if (!code)
		code = top_table(info, &table, err);
	if (code == S2_NOTFOUND)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO lacks what translation of kernel addresses needs "
			       "(_stext, init_top_pgt)");
	if (code)
		return code;
	if (five > 1)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO: NUMBER(pgtable_l5_enabled)=%llu is neither 0 nor 1",
			       (unsigned long long)five);
	ret->image_offset = START_KERNEL_MAP - phys_base;
	ret->root_pa = s2_kva_image_pa(ret, table) + S2_PAGING_UPPER_AT;
	s2_regime_init(&ret->regime, &s2_x86_paging);
	s2_regime_set(&ret->regime, S2_PAGING_LEVELS, five ? 5 : 4);
	if (encryption)
		s2_regime_set(&ret->regime, S2_PAGING_SME_MASK, encryption);
	ret->user = ret->regime;
	s2_regime_set(&ret->regime, S2_PAGING_UPPER, true);
	return S2_OK;
}

static bool take_first(void *arg, const struct s2_kva_piece *piece)
{
	*(uint64_t *)arg = piece->va - piece->pa;
	return false;
}

/*
 * The direct map is the lowest of what kernels map (Documentation/arch/x86/x86_64/mm.rst; the LDT
 * below it is in processes' tables only), and its first page is page 0 of the machine or soon after.
 */
static enum s2_code linear(const struct s2_kva *kva, uint64_t *ret, struct s2_err *err)
{
	uint64_t offset = 0;
	enum s2_code code = s2_kva_each(kva, 0, UINT64_MAX, take_first, &offset, NULL, err);

	if (code)
		return code;
	if (!offset || !is_aligned(offset, LINEAR_ALIGN))
		return s2_fail(err, S2_NOTFOUND, "the kernel's tables show no direct map");
	*ret = offset;
	return S2_OK;
}

/* Kernel addresses bear no tags: LAM is for processes. */
static uint64_t untag(uint64_t va)
{
	return va;
}

static bool writable(uint64_t raw)
{
	return raw & S2_PAGING_RW;
}

const struct s2_kva_ops s2_x86_kva = {
	.name = "x86",
	.elf_machine = EM_X86_64,
	.facts = facts_of,
	.linear = linear,
	.untag = untag,
	.writable = writable,
};
