/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking tables: a pull iterator that yields strips of descriptors in ascending input address. */
#ifndef S2_DECODE_WALK_H
#define S2_DECODE_WALK_H

#include "base/budget.h"
#include "base/mem.h"
#include "decode/arch.h"

/* Missing pieces of a table page are told apart in units of this many bytes. */
#define S2_WALK_CHUNK 512
#define S2_WALK_MAX_CHUNKS ((1U << S2_MAX_PAGE_LOG2) / S2_WALK_CHUNK)

/*
 * The next run of consecutive non-table descriptors of one table page, or a stretch that could not
 * be read. Strips of a walk follow each other without gap and overlap and cover the walked range,
 * but for what lies below tables that were not entered.
 */
struct s2_strip {
	const uint64_t *desc; /* @n descriptors; NULL when missing is not S2_OK */
	uint64_t n;           /* entries of height @height */
	uint64_t ia;          /* input address of the first */
	uint64_t table_pa;    /* where descriptor 0 of this strip's table page is (or should be) */
	uint64_t desc_pa;     /* where the first descriptor is (or should be) */
	unsigned int height;
	struct s2_path path;  /* what the tables above allow; of no use when missing */
	enum s2_code missing; /* S2_OK, one of the missing codes, S2_LOOP, S2_BUDGET, or S2_INVALID
				 (address out of range) */
};

struct s2_frame {
	uint64_t table_pa;
	const uint64_t *desc; /* entries [0, n) of this table page; valid where gap says so */
	uint64_t ia;          /* input address of entry 0 */
	struct s2_path path;  /* what the tables above this one allow */
	uint32_t i, n;
	bool whole;                      /* no gaps */
	uint8_t gap[S2_WALK_MAX_CHUNKS]; /* enum s2_code per chunk */
};

/* There is no descriptor that leads to the start level. */
#define S2_WALK_ROOT UINT64_MAX

/* A table page that a walk has come to. */
struct s2_reached {
	uint64_t pa;         /* where it is, */
	uint64_t size;       /* bytes that the walked regime uses of it, */
	unsigned int height; /* of its entries, */
	uint64_t ia;         /* and the input address of the first of them */
	uint64_t raw;        /* the descriptor that leads there; 0 for the start level */
	uint64_t desc_pa;    /* where that is, or S2_WALK_ROOT */
	enum s2_code state;  /* S2_OK: it would be read next; S2_LOOP, S2_BUDGET or S2_INVALID
				(address out of range): it will not be */
};

/* About 400 KiB: keep it on the heap. Nothing in it needs releasing. */
struct s2_walk {
	const struct s2_geometry *geom;
	const struct s2_mem *mem;
	uint64_t root_pa;
	uint64_t ia;             /* where the next strip starts */
	uint64_t last;           /* last input address of the range, inclusive */
	uint64_t start_next;     /* next entry of the start level to load */
	uint64_t start_last;     /* last entry of the start level in range, inclusive */
	uint64_t tables;         /* table pages read so far */
	uint64_t odd_tables;     /* table descriptors with oddities so far, */
	uint64_t odd_pa;         /* and where the first of them is */
	struct s2_budget budget; /* table pages that may still be read */
	int depth;               /* frames in use - 1, -1 when none */
	bool done;
	uint64_t again; /* bit n: the next page at depth n may be the one that was read last there */
	/*
	 * Asked for each table page in walk order, before it is read: is it to be entered? False:
	 * it is not read, and no strip covers what lies below it. That a page cannot be read, or in
	 * part only, its strips say. NULL: all are entered.
	 */
	bool (*enter)(void *arg, const struct s2_reached *reached);
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

/*
 * Lets a walk that has come to its end, and yielded nothing beyond @first, go on with the entries
 * that intersect [@first, @last]. A table page that both parts need is read twice and counted once.
 * False as for s2_walk_range().
 */
bool s2_walk_again(struct s2_walk *walk, uint64_t first, uint64_t last);

/* The next strip; false at the end. */
bool s2_walk_next(struct s2_walk *walk, struct s2_strip *ret);

#endif
