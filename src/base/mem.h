/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only window on a machine's memory: bytes at a physical address, or why there are none. */
#ifndef S2_BASE_MEM_H
#define S2_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/meter.h"

struct s2_mem;

/* A piece of physical address space that the dump claims to hold, [pa, pa + size). */
struct s2_extent {
	uint64_t pa;
	uint64_t size;
};

struct s2_mem_ops {
	/*
	 * Copies [@pa, @pa + @len) to @buf, all or nothing. Missing memory has a code of
	 * s2_is_missing() (never zeros); @err may be NULL, and is only filled when it is not.
	 */
	enum s2_code (*read)(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			     struct s2_err *err);

	/*
	 * A pointer to [@pa, @pa + @len), to bytes that do not change and are good as long as @mem,
	 * or NULL when the source cannot give one there (then read() decides). May be NULL itself.
	 * The pointer is aligned to 8 bytes when it is not NULL and @pa is a multiple of 8.
	 */
	const void *(*view)(const struct s2_mem *mem, uint64_t pa, size_t len);

	/*
	 * The first extent that ends above @pa, in ascending order, merged where adjacent;
	 * S2_NOTFOUND past the last one. What lies in an extent may still be excluded or truncated.
	 */
	enum s2_code (*next)(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret);

	/*
	 * How many bytes from @pa on are known to be zeros that nothing of their own stands for, as
	 * in a hole of a sparse file: searches need not look at them. When there are none,
	 * @ret_next is where to ask again. May be NULL: nothing is known.
	 */
	uint64_t (*zeros)(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_next);

	/*
	 * Why @pa, in an extent or not, cannot be read, or S2_OK when that has to be tried; and
	 * through @ret for how many bytes that holds, at least one: a search takes a turn for each
	 * answer. Costs no read of memory. May be NULL: all has to be tried.
	 */
	enum s2_code (*lacks)(const struct s2_mem *mem, uint64_t pa, uint64_t *ret);
};

/* Embedded in every source; the ops find their own structure around it. */
struct s2_mem {
	const struct s2_mem_ops *ops;
	uint64_t bytes; /* how many bytes of memory the source holds, an upper bound: it limits work
			 */
	/* ... and of how many bytes of files these are made; 0: of as many. Pages of a kdump may
	 * all be one block. */
	uint64_t backed;
	struct s2_meter *meter; /* told of what searches and walks went through; NULL */
};

/* Limits what is kept, printed and asked for. */
static inline uint64_t s2_mem_backed(const struct s2_mem *mem)
{
	return mem->backed && mem->backed < mem->bytes ? mem->backed : mem->bytes;
}

/* How many bytes of tables and lists there may be: compressed ones are so many times as large as in
 * the file, all in all. Of pages whose block is another's none is worth a visit of its own. */
#define S2_MEM_UNPACKED 4
static inline uint64_t s2_mem_structures(const struct s2_mem *mem)
{
	uint64_t backed = s2_mem_backed(mem);

	return backed < mem->bytes / S2_MEM_UNPACKED ? backed * S2_MEM_UNPACKED : mem->bytes;
}

static inline enum s2_code s2_mem_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
				       struct s2_err *err)
{
	return mem->ops->read(mem, pa, buf, len, err);
}

static inline const void *s2_mem_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	return mem->ops->view ? mem->ops->view(mem, pa, len) : NULL;
}

static inline uint64_t s2_mem_zeros(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_next)
{
	*ret_next = UINT64_MAX;
	return mem->ops->zeros ? mem->ops->zeros(mem, pa, ret_next) : 0;
}

static inline enum s2_code s2_mem_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	*ret = UINT64_MAX;
	return mem->ops->lacks ? mem->ops->lacks(mem, pa, ret) : S2_OK;
}

static inline enum s2_code s2_mem_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	return mem->ops->next(mem, pa, ret);
}

/* How many bytes from @pa on are in no extent: none when @pa is in one, all that follow it past the
 * last. */
static inline uint64_t s2_mem_gap(const struct s2_mem *mem, uint64_t pa)
{
	struct s2_extent extent;

	if (s2_mem_next(mem, pa, &extent))
		return UINT64_MAX - pa;
	return extent.pa > pa ? extent.pa - pa : 0;
}

/* How many bytes all extents claim, holes and what is missing included. */
static inline uint64_t s2_mem_claimed(const struct s2_mem *mem)
{
	struct s2_extent extent;
	uint64_t pa = 0, sum = 0;

	while (!s2_mem_next(mem, pa, &extent) && extent.pa + extent.size > pa) {
		pa = extent.pa + extent.size;
		sum += extent.size;
	}
	return sum;
}

#endif
