/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny memory of numbered pages for walker tests: page 0 of the array lies at @base, some pages
 * may be missing. */
#ifndef TEST_MEMTABLE_H
#define TEST_MEMTABLE_H

#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

struct memtable {
	struct s2_mem mem;
	const uint8_t *bytes;
	uint64_t base;
	uint64_t size;
	uint64_t hole, hole_size; /* [hole, hole + hole_size) is missing */
	enum s2_code hole_code;
	bool views; /* hand out pointers */
};

static inline const struct memtable *memtable_of(const struct s2_mem *mem)
{
	return (const struct memtable *)(const void *)mem;
}

static inline enum s2_code memtable_state(const struct memtable *t, uint64_t pa, size_t len)
{
	if (pa < t->base || pa - t->base > t->size || len > t->size - (pa - t->base))
		return S2_ABSENT;
	if (t->hole_size && pa < t->hole + t->hole_size && t->hole < pa + len)
		return t->hole_code;
	return S2_OK;
}

static inline enum s2_code memtable_read(const struct s2_mem *mem, uint64_t pa, void *buf,
					 size_t len, struct s2_err *err)
{
	const struct memtable *t = memtable_of(mem);
	enum s2_code code = memtable_state(t, pa, len);

	if (code)
		return s2_fail(err, code, "missing");
	memcpy(buf, t->bytes + (pa - t->base), len);
	return S2_OK;
}

/*
 * A copy of @bytes right before memory that nobody may touch: to read behind a view is an error,
 * and not the next page. Each view has its own for good, as walks hold some for long.
 */
static inline const void *memtable_guarded(const uint8_t *bytes, size_t len)
{
	enum { VIEWS = 1024, MOST = 64 << 10, GUARD = 64 << 10, SLOT = MOST + GUARD };
	static struct {
		const uint8_t *bytes;
		size_t len;
	} known[VIEWS];
	static uint8_t *slots;
	size_t i = ((uintptr_t)bytes / 4096 * 31 + len) % VIEWS, tries = 0;

	if (!slots) {
		void *all = mmap(NULL, (size_t)VIEWS * SLOT, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		slots = all == MAP_FAILED ? NULL : all;
	}
	while (known[i].bytes && (known[i].bytes != bytes || known[i].len != len) && tries++ < 8)
		i = (i + 1) % VIEWS;
	if (!slots || len > MOST || tries > 8)
		return bytes;
	if (!known[i].bytes && mprotect(slots + i * SLOT, MOST, PROT_READ | PROT_WRITE))
		return bytes;
	known[i].bytes = bytes;
	known[i].len = len;
	return memcpy(slots + i * SLOT + MOST - (len + 7) / 8 * 8, bytes, len);
}

static inline const void *memtable_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	const struct memtable *t = memtable_of(mem);

	return t->views && !memtable_state(t, pa, len) ?
		       memtable_guarded(t->bytes + (pa - t->base), len) :
		       NULL;
}

static inline enum s2_code memtable_next(const struct s2_mem *mem, uint64_t pa,
					 struct s2_extent *ret)
{
	const struct memtable *t = memtable_of(mem);

	if (pa >= t->base + t->size)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = t->base, .size = t->size };
	return S2_OK;
}

static const struct s2_mem_ops memtable_ops = { .read = memtable_read,
						.view = memtable_view,
						.next = memtable_next };

static inline void memtable_init(struct memtable *t, const void *bytes, uint64_t base,
				 uint64_t size)
{
	*t = (struct memtable){ .mem = { .ops = &memtable_ops, .bytes = size },
				.bytes = bytes,
				.base = base,
				.size = size,
				.views = true };
}

#endif
