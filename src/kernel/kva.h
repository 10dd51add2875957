/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of an arm64 Linux kernel: virtual to physical, with the page tables of its own. */
#ifndef S2_KERNEL_KVA_H
#define S2_KERNEL_KVA_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/scan.h"
#include "kernel/vmcoreinfo.h"

/* What VMCOREINFO says of the address space. */
struct s2_kva_facts {
	uint64_t page_size;
	unsigned int va_bits_config; /* CONFIG_ARM64_VA_BITS: places the linear map */
	unsigned int va_bits;        /* what swapper_pg_dir is laid out for */
	bool lpa2;                   /* 52-bit descriptors with 4K or 16K pages */
	uint64_t kimage_voffset;     /* kernel image: PA = VA - kimage_voffset, mod 2^64 */
	uint64_t phys_offset; /* PA of the start of the linear map, mod 2^64: may be "negative" */
	uint64_t swapper_pa;  /* PA of swapper_pg_dir */
	uint64_t stext;       /* VA of _stext */
};

/*
 * Takes the facts from VMCOREINFO. S2_INVALID when it is not an arm64 kernel's, or out of range.
 * The 52-bit rules (arch/arm64/mm/init.c; Linux c812026c54cf, 0dd4f60a2c76): a kernel with 64K
 * pages keeps a 52-bit swapper_pg_dir on 48-bit hardware, one with 4K or 16K pages drops to 48 or
 * 47 bits and a level less, and says so in TCR_EL1_T1SZ.
 */
enum s2_code s2_kva_facts_from(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			       struct s2_err *err) S2_MUST_CHECK;

/* PA of an address in the kernel image (symbols), without looking at tables. Any input has an
 * answer. */
static inline uint64_t s2_kva_image_pa(const struct s2_kva_facts *facts, uint64_t va)
{
	return va - facts->kimage_voffset;
}

/* VA of @pa in the linear map, without looking at tables (kernels since 5.4: the lower half,
 * 14c127c957c1). */
static inline uint64_t s2_kva_linear_va(const struct s2_kva_facts *facts, uint64_t pa)
{
	return pa - facts->phys_offset - (UINT64_C(1) << facts->va_bits_config);
}

/* The address without a KASAN or MTE tag: bits [63:56] all equal bit 55. */
static inline uint64_t s2_kva_untag(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

/* One translation: [va, va + size) is at [pa, pa + size). */
struct s2_kva_piece {
	uint64_t va;
	uint64_t pa;
	uint64_t size;
	bool writable;
};

struct s2_kva;

/* About 400 KiB. @mem must outlive it. Not for two threads at once: it remembers the last
 * translations. */
enum s2_code s2_kva_new(const struct s2_mem *mem, const struct s2_kva_facts *facts,
			struct s2_kva **ret, struct s2_err *err) S2_MUST_CHECK;
void s2_kva_free(struct s2_kva *kva);

/*
 * The page or block that maps @va (tags are ignored). S2_INVALID: not a kernel address or not
 * mapped; a missing code: a table on the way is not in the dump.
 */
enum s2_code s2_kva_find(struct s2_kva *kva, uint64_t va, struct s2_kva_piece *ret,
			 struct s2_err *err) S2_MUST_CHECK;

/* PA of @va; errors as above. */
enum s2_code s2_kva_pa(struct s2_kva *kva, uint64_t va, uint64_t *ret,
		       struct s2_err *err) S2_MUST_CHECK;

/* Copies [@va, @va + @len), all or nothing. Errors as above, and those of the memory itself. */
enum s2_code s2_kva_read(struct s2_kva *kva, uint64_t va, void *buf, size_t len,
			 struct s2_err *err) S2_MUST_CHECK;

/*
 * The mapped pieces that intersect [@first, @last], ascending, neighbours joined when they continue
 * each other and share writability. @piece returns false to stop. What is not mapped is skipped,
 * and so is what a missing table would map, which is added to @gaps (may be NULL): so many bytes of
 * addresses, and the PA of the table. S2_NOMEM.
 */
enum s2_code s2_kva_each(const struct s2_kva *kva, uint64_t first, uint64_t last,
			 bool (*piece)(void *arg, const struct s2_kva_piece *piece), void *arg,
			 struct s2_gaps *gaps, struct s2_err *err) S2_MUST_CHECK;

#endif
