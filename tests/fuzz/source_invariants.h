/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds for every container whatever its bytes: extents ascend and are disjoint, reads succeed
 * in them only.
 */
#ifndef S2_TESTS_FUZZ_SOURCE_INVARIANTS_H
#define S2_TESTS_FUZZ_SOURCE_INVARIANTS_H

#include "base/bits.h"
#include "source/source.h"
#include "fuzz.h"

#define FUZZ_EXTENTS 32

static inline bool inside(const struct s2_extent *extent, size_t n, uint64_t pa, uint64_t len)
{
	for (size_t i = 0; i < n; i++)
		if (pa >= extent[i].pa && pa - extent[i].pa < extent[i].size &&
		    len <= extent[i].size - (pa - extent[i].pa))
			return true;
	return false;
}

/*
 * Reads @len bytes at @pa in two ways. @n is FUZZ_EXTENTS when there may be extents that are not in
 * @extent.
 */
static inline void check_read(const struct s2_source *source, uint64_t pa, size_t len,
			      const struct s2_extent *extent, size_t n)
{
	static uint8_t once[8192], again[8192];
	const void *view = s2_mem_view(&source->mem, pa, len);
	struct s2_err err;
	enum s2_code code;

	s2_err_init(&err);
	code = s2_mem_read(&source->mem, pa, once, len, &err);
	if (code) {
		REQUIRE(s2_is_missing(code) || code == S2_IO);
		REQUIRE(err.code == code && err.text[0]);
		REQUIRE(!view);
		return;
	}
	REQUIRE(n == FUZZ_EXTENTS || inside(extent, n, pa, len));
	REQUIRE(!s2_mem_read(&source->mem, pa, again, len, NULL) && !memcmp(once, again, len));
	REQUIRE(!view || !memcmp(view, once, len));
	REQUIRE(!view || pa % 8 || is_aligned((uintptr_t)view, 8));
}

static inline size_t collect_extents(const struct s2_source *source, struct s2_extent *extent)
{
	uint64_t pa = 0;
	size_t n = 0;

	for (; n < FUZZ_EXTENTS && !s2_mem_next(&source->mem, pa, &extent[n]); n++) {
		REQUIRE(extent[n].size && extent[n].pa + extent[n].size > extent[n].pa);
		REQUIRE(!n || extent[n].pa > pa); /* an adjacent one would have been merged */
		pa = extent[n].pa + extent[n].size;
	}
	return n;
}

static inline void check_source_as(const uint8_t *data, size_t size, const struct s2_raw_args *args)
{
	struct s2_extent extent[FUZZ_EXTENTS];
	struct s2_source *source;
	struct s2_err err;
	size_t n;

	s2_err_init(&err);
	if (s2_source_open_memory(data, size, args, &source, &err)) {
		REQUIRE(err.code && err.text[0]);
		return;
	}
	n = collect_extents(source, extent);
	for (size_t i = 0; i < n; i++) {
		uint64_t end = extent[i].pa + extent[i].size;

		for (uint64_t off = 0, step = 8; step && off < extent[i].size;
		     off += step, step *= 2)
			check_read(source, extent[i].pa + off, 8, extent, n);
		check_read(source, extent[i].pa, 4096, extent, n);
		check_read(source, extent[i].pa - 8, 16, extent, n);
		check_read(source, end - 8, 8, extent, n);
		check_read(source, end - 4, 8, extent, n);
		check_read(source, end - 4096, 8192, extent, n);
	}
	for (size_t i = 0; i < source->nnotes; i++)
		REQUIRE(source->note[i].file_off + source->note[i].size <= source->file.size);
	REQUIRE(memchr(source->remark, 0, sizeof(source->remark)));
	s2_source_close(source);
}

static inline void check_source(const uint8_t *data, size_t size)
{
	const struct s2_raw_args args = { 0 };

	check_source_as(data, size, &args);
}

#endif
