/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF, the kernel's types in its own image or in a vmlinux, as a source for kernel/types.h. */
#ifndef S2_KERNEL_BTF_H
#define S2_KERNEL_BTF_H

#include "base/mem.h"
#include "base/scan.h"
#include "kernel/room.h"
#include "kernel/symbols.h"
#include "kernel/types.h"

/* Debian's kernels have 5 MB. */
#define S2_BTF_MAX (64U << 20)

/*
 * Bytes of the whole blob whose first bytes are @header, @len of them, at least 24. S2_INVALID: not
 * BTF, not little-endian, or its parts do not fit together. Nothing past the header is looked at.
 */
enum s2_code s2_btf_size(const void *header, size_t len, uint64_t *ret,
			 struct s2_err *err) S2_MUST_CHECK;

/* Parses a blob, which is copied; bytes past its end are ignored. S2_INVALID when it is broken.
 * @ret_ntypes may be NULL. */
enum s2_code s2_btf_new(const void *blob, size_t len, struct s2_types **ret, uint32_t *ret_ntypes,
			struct s2_err *err) S2_MUST_CHECK;

/* A stretch of a blob that is not in the dump. */
struct s2_btf_gap {
	uint32_t at, end;  /* bytes of the blob, [@at, @end) */
	uint32_t ntypes;   /* how many types the blob has */
	enum s2_code code; /* why they are missing; S2_OK: nothing is */
};

/*
 * The same of a module's, which continues @base, its kernel's; that must outlive it. What has a
 * name in both is the module's. Types that lie in @gap (NULL: there is none) are not found, and
 * what leads to them is @gap->code.
 */
enum s2_code s2_btf_new_split(const void *blob, size_t len, const struct s2_btf_gap *gap,
			      struct s2_types *base, struct s2_types **ret, uint32_t *ret_ntypes,
			      struct s2_err *err) S2_MUST_CHECK;

/* The same of a @blob that malloc() gave, which it takes over, whatever the outcome. */
enum s2_code s2_btf_adopt_split(void *blob, size_t len, const struct s2_btf_gap *gap,
				struct s2_types *base, struct s2_types **ret, uint32_t *ret_ntypes,
				struct s2_err *err) S2_MUST_CHECK;

/* Its bytes, as they were read. */
const void *s2_btf_bytes(const struct s2_types *types, size_t *ret_size);

/* Names of functions that @types, which are BTF, tell of besides their base's; @function returns
 * false to stop. */
void s2_btf_functions(const struct s2_types *types, bool (*function)(void *arg, const char *name),
		      void *arg);

/* Reads and parses the blob at physical address @pa, which draws from @room (kernel/room.h). */
enum s2_code s2_btf_read(const struct s2_mem *mem, uint64_t pa, struct s2_budget *room,
			 struct s2_types **ret, uint32_t *ret_ntypes,
			 struct s2_err *err) S2_MUST_CHECK;

/* Is there a blob at @pa whose types are in order? Its size leaves through @ret_size. Cheaper than
 * s2_btf_read(). */
enum s2_code s2_btf_check(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_size,
			  struct s2_err *err) S2_MUST_CHECK;

/* What one search may spend on candidates, all pieces of memory together: two whole blobs. */
#define S2_BTF_BUDGET (2ULL * S2_BTF_MAX)

/*
 * Searches [@pa, @pa + @size) for a header that a blob stands behind. Decoys are met and passed:
 * struct btf keeps a copy of the header. Returns the largest blob. @budget: bytes of candidates
 * that may still be looked through, it shrinks; start with S2_BTF_BUDGET. What is missing is
 * stepped over and added to @gaps. S2_NOTFOUND: there is none in what could be read.
 */
enum s2_code s2_btf_scan(const struct s2_mem *mem, uint64_t pa, uint64_t size, uint64_t *budget,
			 struct s2_gaps *gaps, uint64_t *ret_pa, uint64_t *ret_size,
			 struct s2_err *err) S2_MUST_CHECK;

/* Parses the .BTF section of an ELF file: a vmlinux, or a module that continues @base. S2_NOTFOUND:
 * it has none. */
enum s2_code s2_btf_elf(const struct s2_symbol_file *file, struct s2_types *base,
			struct s2_types **ret, uint32_t *ret_ntypes,
			struct s2_err *err) S2_MUST_CHECK;

#endif
