/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a Linux kernel: virtual to physical, with the page tables of its own. */
#ifndef S2_KERNEL_KVA_H
#define S2_KERNEL_KVA_H

#include <stdbool.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/scan.h"
#include "decode/arch.h"
#include "kernel/vmcoreinfo.h"

struct s2_kva;
struct s2_kva_ops;

/* The address space of a kernel, as VMCOREINFO describes it. */
struct s2_kva_facts {
	const struct s2_kva_ops *ops;
	struct s2_regime regime; /* of the kernel's own tables */
	uint64_t root_pa;        /* of these */
	struct s2_regime user;   /* of the tables of its processes */
	uint64_t page_size;
	uint64_t image_offset;  /* kernel image: PA = VA - this, mod 2^64 */
	uint64_t linear_offset; /* linear map: VA = PA + this, mod 2^64; 0: not known */
	uint64_t memmap_pa;     /* what VMEMMAP_START's struct page is of; signed */
	uint64_t stext;         /* VA of _stext */
};

/* Kernels of one architecture: a row in s2_kva_ops[], which is generated from -Darchs=. */
struct s2_kva_ops {
	const char *name;
	unsigned int elf_machine; /* EM_* of its vmlinux files */

	/*
	 * Takes all facts but @ret->ops from VMCOREINFO. S2_NOTMINE when it is of another
	 * architecture; S2_INVALID when something is missing or out of range.
	 */
	enum s2_code (*facts)(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			      struct s2_err *err);

	/*
	 * Finds the linear map in the kernel's tables, where VMCOREINFO does not tell it: VA = PA +
	 * *@ret. S2_NOTFOUND when they do not show it. NULL: VMCOREINFO tells.
	 */
	enum s2_code (*linear)(const struct s2_kva *kva, uint64_t *ret, struct s2_err *err);

	/* The address without what hardware or software keeps in its upper bits (tags). */
	uint64_t (*untag)(uint64_t va);

	/* May the kernel write through this leaf? */
	bool (*writable)(uint64_t raw);
};

extern const struct s2_kva_ops *const s2_kva_ops[];
extern const unsigned int s2_nkva_ops;

/* EM_* of machines whose tables are of @arch (s2_arch.name), 0 when no kernel of theirs is known. */
unsigned int s2_kva_machine(const char *arch);

/* The facts by the first architecture that knows this VMCOREINFO. S2_INVALID: none does, or its
 * facts are not sound. */
enum s2_code s2_kva_facts_from(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			       struct s2_err *err) S2_MUST_CHECK;

/* PA of an address in the kernel image (symbols), without looking at tables. Any input has an
 * answer. */
static inline uint64_t s2_kva_image_pa(const struct s2_kva_facts *facts, uint64_t va)
{
	return va - facts->image_offset;
}

/* VA of @pa in the linear map, without looking at tables. */
static inline uint64_t s2_kva_linear_va(const struct s2_kva_facts *facts, uint64_t pa)
{
	return pa + facts->linear_offset;
}

/* One translation: [va, va + size) is at [pa, pa + size). */
struct s2_kva_piece {
	uint64_t va;
	uint64_t pa;
	uint64_t size;
	bool writable;
};

/* About 400 KiB. @mem must outlive it. Not for two threads at once: it remembers the last
 * translations. */
enum s2_code s2_kva_new(const struct s2_mem *mem, const struct s2_kva_facts *facts,
			struct s2_kva **ret, struct s2_err *err) S2_MUST_CHECK;
void s2_kva_free(struct s2_kva *kva);

/* Walks over all that is mapped draw each table page that they read from @visits as well, until it
 * is NULL: where many kernels are looked at, of which most are none. */
void s2_kva_visits(struct s2_kva *kva, struct s2_budget *visits);

/*
 * The page or block that maps @va (tags are ignored). S2_INVALID: not a kernel address or not
 * mapped; a missing code: a table on the way is not in the dump.
 */
enum s2_code s2_kva_find(struct s2_kva *kva, uint64_t va, struct s2_kva_piece *ret,
			 struct s2_err *err) S2_MUST_CHECK;

/*
 * Is there nothing at @va for sure, for it is no address of the kernel, or its entry is empty? What
 * is neither empty nor maps anything is damage, and what is missing is not known. @ret_left, when
 * true: how many bytes from there on, at least 1.
 */
bool s2_kva_unmapped(const struct s2_kva *kva, uint64_t va, uint64_t *ret_left);

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
