/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking tables: a pull iterator that yields strips of descriptors in ascending input address. */
#ifndef S2_DECODE_WALK_H
#define S2_DECODE_WALK_H

#include "base/mem.h"
#include "decode/arch.h"

/* Missing pieces of a table page are told apart in units of this many bytes. */
#define S2_WALK_CHUNK 512
#define S2_WALK_MAX_CHUNKS ((1U << S2_MAX_PAGE_LOG2) / S2_WALK_CHUNK)

/*
 * The next run of consecutive non-table descriptors of one table page, or a stretch that could not
 * be read. Strips of a walk follow each other without gap and overlap and cover the walked range.
 */
struct s2_strip {
	const uint64_t *desc; /* @n descriptors; NULL when missing is not S2_OK */
	uint64_t n;           /* entries of height @height */
	uint64_t ia;          /* input address of the first */
	uint64_t table_pa;    /* where descriptor 0 of this strip's table page is (or should be) */
	uint64_t desc_pa;     /* where the first descriptor is (or should be) */
	unsigned int height;
	enum s2_code missing; /* S2_OK, one of the missing codes, S2_LOOP, or S2_INVALID (address
				 out of range) */
};

struct s2_frame {
	uint64_t table_pa;
	const uint64_t *desc; /* entries [0, n) of this table page; valid where gap says so */
	uint64_t ia;          /* input address of entry 0 */
	uint32_t i, n;
	bool whole;                      /* no gaps */
	uint8_t gap[S2_WALK_MAX_CHUNKS]; /* enum s2_code per chunk */
};

/* About 400 KiB: keep it on the heap. Nothing in it needs releasing. */
struct s2_walk {
	const struct s2_geometry *geom;
	const struct s2_mem *mem;
	uint64_t root_pa;
	uint64_t ia;          /* where the next strip starts */
	uint64_t last;        /* last input address of the range, inclusive */
	uint64_t start_next;  /* next entry of the start level to load */
	uint64_t start_last;  /* last entry of the start level in range, inclusive */
	uint64_t tables;      /* table pages read so far */
	uint64_t odd_tables;  /* table descriptors with oddities so far */
	uint64_t odd_desc_pa; /* where the first of them is */
	uint32_t odd;         /* its S2_ODD_* */
	uint64_t budget;      /* table pages that may be read at most */
	int depth;            /* frames in use - 1, -1 when none */
	bool done;
	/* Called for each table page that was reached, in walk order; extract collects them. May be
	 * NULL. */
	void (*on_table)(void *arg, uint64_t pa, uint64_t size, unsigned int height,
			 enum s2_code state);
	void *arg;
	struct s2_frame frame[S2_MAX_HEIGHTS];
	uint64_t buf[S2_MAX_HEIGHTS][S2_MAX_ENTRIES];
};

/*
 * Starts a walk of the whole input space of @geom with its start level at @root_pa. @geom and @mem
 * must outlive the walk.
 */
void s2_walk_init(struct s2_walk *walk, const struct s2_geometry *geom, const struct s2_mem *mem,
		  uint64_t root_pa);

/*
 * Narrows a fresh walk to the entries that intersect the inclusive range [@first, @last]. Entries
 * are never cut. False when the range lies outside of the input space: the walk then yields nothing.
 */
bool s2_walk_range(struct s2_walk *walk, uint64_t first, uint64_t last);

/* The next strip; false at the end. */
bool s2_walk_next(struct s2_walk *walk, struct s2_strip *ret);

#endif
