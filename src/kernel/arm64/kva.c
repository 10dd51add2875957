// SPDX-License-Identifier: GPL-2.0-or-later
// The address space of an arm64 kernel, from its VMCOREINFO.
#include "kernel/kva.h"

#include <elf.h>

#include "base/bits.h"
#include "decode/arm64/arm64.h"

/* AP[2] of a stage-1 leaf: read-only (Arm ARM D8.4.2). */
#define AP_RO BIT64(7)

static enum s2_code page_size_from(const struct s2_vmcoreinfo *info, uint64_t *ret,
				   struct s2_err *err)
{
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_PLAIN, "PAGESIZE", ret, err);

	if (!code && *ret != 4096 && *ret != 16384 && *ret != 65536)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO: PAGESIZE=%llu is none of 4096, 16384, 65536",
			       (unsigned long long)*ret);
	return code;
}

/* CONFIG_ARM64_VA_BITS places the linear map. */
static enum s2_code configured_bits(const struct s2_vmcoreinfo *info, uint64_t *ret,
				    struct s2_err *err)
{
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_NUMBER, "VA_BITS", ret, err);

	if (!code && (*ret < 36 || *ret > 52))
		return s2_fail(err, S2_INVALID, "VMCOREINFO: NUMBER(VA_BITS)=%llu is not in 36..52",
			       (unsigned long long)*ret);
	return code;
}

/*
 * What swapper_pg_dir is laid out for. The 52-bit rules (arch/arm64/mm/init.c; Linux c812026c54cf,
 * 0dd4f60a2c76): a kernel with 64K pages keeps a 52-bit swapper_pg_dir on 48-bit hardware, one with
 * 4K or 16K pages drops to 48 or 47 bits and a level less, and says so in TCR_EL1_T1SZ.
 */
static enum s2_code table_bits(const struct s2_vmcoreinfo *info, uint64_t page_size,
			       uint64_t configured, uint64_t *ret, struct s2_err *err)
{
	uint64_t t1sz;
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_NUMBER, "TCR_EL1_T1SZ", &t1sz, err);

	*ret = configured;
	if (code == S2_INVALID)
		return code;
	if (code || page_size == 65536) /* exported since 5.9 */
		return S2_OK;
	if (t1sz < 12 || t1sz > 28)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO: NUMBER(TCR_EL1_T1SZ)=%llu is not in 12..28",
			       (unsigned long long)t1sz);
	*ret = 64 - t1sz;
	return S2_OK;
}

static enum s2_code facts_of(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			     struct s2_err *err)
{
	uint64_t swapper, phys_offset, configured = 0, bits = 0;
	enum s2_code code =
		s2_vmcoreinfo_get(info, S2_VI_NUMBER, "kimage_voffset", &ret->image_offset, err);

	if (code == S2_NOTFOUND)
		return S2_NOTMINE;
	if (!code)
		code = page_size_from(info, &ret->page_size, err);
	if (!code)
		code = configured_bits(info, &configured, err);
	if (!code)
		code = table_bits(info, ret->page_size, configured, &bits, err);
	if (!code)
		code = s2_vmcoreinfo_get(info, S2_VI_NUMBER, "PHYS_OFFSET", &phys_offset, err);
	if (!code)
		code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "_stext", &ret->stext, err);
	if (!code)
		code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "swapper_pg_dir", &swapper, err);
	if (code == S2_NOTFOUND)
		return s2_fail(err, S2_INVALID,
			       "VMCOREINFO lacks what translation of kernel "
			       "addresses needs (VA_BITS, PHYS_OFFSET, _stext, swapper_pg_dir)");
	if (code)
		return code;
	ret->root_pa = s2_kva_image_pa(ret, swapper);
	/* Kernels since 5.4: the linear map is the lower half (14c127c957c1). PHYS_OFFSET may be
	 * "negative". */
	ret->linear_offset = -phys_offset - BIT64(configured);
	/* asm/pgtable.h: vmemmap is VMEMMAP_START minus (memstart_addr >> PAGE_SHIFT), which is
	 * signed. */
	ret->memmap_pa = phys_offset;
	s2_regime_init(&ret->regime, &s2_arm64_stage1_el1);
	s2_regime_set(&ret->regime, S2_ARM64_GRANULE, ret->page_size);
	s2_regime_set(&ret->regime, S2_ARM64_IA_BITS, bits);
	s2_regime_set_flag(&ret->regime, S2_ARM64_LPA2,
			   bits == 52 && ret->page_size != 65536 ? S2_YES : S2_NO);
	ret->user = ret->regime;
	s2_regime_set(&ret->regime, S2_ARM64_UPPER, true);
	return S2_OK;
}

/* KASAN or MTE tag: bits [63:56] all equal bit 55. */
static uint64_t untag(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

static bool writable(uint64_t raw)
{
	return !(raw & AP_RO);
}

const struct s2_kva_ops s2_arm64_kva = {
	.name = "arm64",
	.elf_machine = EM_AARCH64,
	.facts = facts_of,
	.untag = untag,
	.writable = writable,
};
