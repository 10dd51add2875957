// SPDX-License-Identifier: GPL-2.0-or-later
// Finds BTF in memory without a symbol that says where it is.
#include <string.h>

#include "kernel/btf.h"

#define HEADER 24U
/* No program in the kernel image carries this much BTF of its own: what is larger is the kernel's,
 * no need to go on. */
#define SURELY_KERNEL (1U << 20)

/* The little-endian magic, version 1, no flags. */
static const char magic[4] = { (char)0x9f, (char)0xeb, 1, 0 };

struct scan {
	const struct s2_mem *mem;
	uint64_t best_pa, best_size; /* size 0: none yet */
	uint64_t *budget;
};

/* Do types stand behind the header at @pa? Cheap: the first type and the ends of the strings. */
static bool plausible(const struct s2_mem *mem, uint64_t pa, const uint8_t *header, uint64_t size)
{
	uint32_t hdr_len, type_off, str_off, first[3];
	uint8_t begin, end;

	memcpy(&hdr_len, header + 4, sizeof(hdr_len));
	memcpy(&type_off, header + 8, sizeof(type_off));
	memcpy(&str_off, header + 16, sizeof(str_off));
	if (s2_mem_read(mem, pa + hdr_len + type_off, first, sizeof(first), NULL) ||
	    s2_mem_read(mem, pa + hdr_len + str_off, &begin, 1, NULL) ||
	    s2_mem_read(mem, pa + size - 1, &end, 1, NULL))
		return false;
	return !begin && !end && (first[1] >> 24 & 0x1f) >= 1 && (first[1] >> 24 & 0x1f) <= 19;
}

static void try_candidate(struct scan *scan, uint64_t pa)
{
	uint8_t header[HEADER];
	uint64_t size;

	if (s2_mem_read(scan->mem, pa, header, sizeof(header), NULL) ||
	    s2_btf_size(header, sizeof(header), &size, NULL) || size <= scan->best_size ||
	    size > *scan->budget || !plausible(scan->mem, pa, header, size))
		return;
	*scan->budget -= size;
	if (s2_btf_check(scan->mem, pa, &size, NULL))
		return;
	scan->best_pa = pa;
	scan->best_size = size;
}

/* All headers that begin in @bytes. Alignment is not promised: .BTF followed another section byte
 * by byte up to 6.1. */
static bool look(void *arg, uint64_t pa, const void *bytes, size_t len)
{
	struct scan *scan = arg;
	const char *at = bytes, *end = at + len;

	while (scan->best_size < SURELY_KERNEL &&
	       (at = memmem(at, (size_t)(end - at), magic, sizeof(magic)))) {
		try_candidate(scan, pa + (uint64_t)(at - (const char *)bytes));
		at++;
	}
	return scan->best_size < SURELY_KERNEL;
}

enum s2_code s2_btf_scan(const struct s2_mem *mem, uint64_t pa, uint64_t size, uint64_t *budget,
			 struct s2_gaps *gaps, uint64_t *ret_pa, uint64_t *ret_size,
			 struct s2_err *err)
{
	struct scan scan = { .mem = mem, .budget = budget };
	enum s2_code code = s2_scan(mem, pa, size, sizeof(magic) - 1, look, &scan, gaps, err);

	if (code)
		return code;
	if (!scan.best_size)
		return s2_fail(err, S2_NOTFOUND, "there is no BTF in the kernel image");
	*ret_pa = scan.best_pa;
	*ret_size = scan.best_size;
	return S2_OK;
}
