/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joining neighbouring descriptors into ranges: one policy, one tight loop, no memory but the
 * current range. */
#ifndef S2_DECODE_MERGE_H
#define S2_DECODE_MERGE_H

#include "decode/soft.h"
#include "decode/walk.h"

enum s2_merge_how {
	S2_MERGE_ATTRS, /* split where a visible attribute changes */
	S2_MERGE_PA,    /* and where output addresses jump */
	S2_MERGE_NONE,  /* one range per descriptor, or per gap */
};

/* A range of input addresses that says one thing, [ia, ia + size); size wraps to 0 only at 2^64. */
struct s2_run {
	uint64_t ia;
	uint64_t size;
	uint64_t count;        /* descriptors, or entries that could not be read */
	uint64_t table_pa;     /* table page of the first, */
	uint64_t desc_pa;      /* and where in it that is, or would be; S2_NO_ADDRESS: not known */
	uint64_t key_mask;     /* bits of the descriptors that are equal in the whole run */
	struct s2_entry entry; /* the first descriptor, decoded; all zero when missing */
	/* What software means by it. Then @entry holds no oddity, and the address that a tracked
	 * one has. */
	struct s2_meaning meaning;
	struct s2_path path; /* of a leaf: what the tables above leave, for rights() */
	unsigned int height;
	bool pa_contiguous;   /* output addresses follow each other (leaf runs) */
	enum s2_code missing; /* S2_OK: read; else why not */
};

#define S2_NO_ADDRESS UINT64_MAX

/* Which descriptor bits a format shows: ANDed onto the architecture's key. ~0 shows all. */
struct s2_show {
	uint64_t leaf;
	uint64_t invalid;
	bool alone; /* rights are those of entries alone: tables above do not count */
};

#define S2_SHOW_ALL ((struct s2_show){ ~UINT64_C(0), ~UINT64_C(0), false })

struct s2_merge {
	struct s2_walk *walk;
	enum s2_merge_how how;
	struct s2_show show;
	struct s2_strip strip; /* what is left of the current strip */
	bool more;             /* strip holds something */
};

void s2_merge_init(struct s2_merge *merge, struct s2_walk *walk, enum s2_merge_how how,
		   struct s2_show show);

/* The next range; false at the end. Ranges cover the walked space in order, without gap or overlap.
 */
bool s2_merge_next(struct s2_merge *merge, struct s2_run *ret);

/* Has @run an output address, though hardware may not map it? */
static inline bool s2_run_has_oa(const struct s2_run *run)
{
	return s2_is_leaf(run->entry.type) || run->meaning.type == S2_SOFT_TRACKED;
}

/* "page", "mmio", ..., or "missing" */
const char *s2_run_type(const struct s2_run *run);

/* Do the tables above two leaves with equal attributes, one of them @a's first, leave the same
 * rights? */
bool s2_run_same_rights(const struct s2_geometry *geom, const struct s2_run *a, struct s2_path b);

/* Bytes that @run maps; 0 when it is missing, no leaf, or beyond the output size. */
uint64_t s2_run_mapped(const struct s2_geometry *geom, const struct s2_run *run);

/* Is there memory to show at its output address: mapped, or taken away only to notice an access?
 * @mapped: what s2_run_mapped() said, if it is a leaf. */
static inline bool s2_run_placed(const struct s2_run *run, bool mapped)
{
	return mapped || (!s2_is_leaf(run->entry.type) && s2_run_has_oa(run));
}

#endif
