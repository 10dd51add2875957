/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of every walk, whatever memory and registers say. */
#ifndef WALK_INVARIANTS_H
#define WALK_INVARIANTS_H

#include <stdlib.h>

#include "decode/merge.h"
#include "memtable.h"
#include "fuzz.h"

#define MAX_RUNS 2000000

/* Whatever an entry holds, each of its attributes has a value. */
static inline void check_attributes(const struct s2_geometry *geom, const struct s2_run *run)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++)
		REQUIRE(!attr->values || !s2_attr_applies(attr, geom, S2_IN_LEAF, run->height) ||
			s2_attr_value(attr, s2_attr_get(attr, geom, run->height, run->entry.raw)));
}

struct asked {
	uint64_t first, last; /* cut to the input space */
};

/* Ranges come in order, without gap or overlap, and cover what was asked for; @range NULL: all. */
static inline void check_walk(const struct s2_geometry *geom, const struct s2_mem *mem,
			      uint64_t root, enum s2_merge_how how, const struct asked *range)
{
	static struct s2_walk walk;
	uint64_t next = geom->ia_base, first = 0, last = low_bits(geom->ia_bits);
	struct s2_show show = S2_SHOW_ALL;
	struct s2_merge merge;
	struct s2_run run;
	uint64_t runs = 0, budget;

	s2_walk_init(&walk, geom, mem, root);
	budget = walk.budget.left;
	if (range) {
		first = range->first & low_bits(geom->ia_bits);
		last = range->last & low_bits(geom->ia_bits);
		if (first > last)
			return;
		REQUIRE(s2_walk_range(&walk, first, last));
	}
	s2_merge_init(&merge, &walk, how, show);
	while (s2_merge_next(&merge, &run)) {
		uint64_t entry = s2_entry_size(geom, run.height);

		REQUIRE(run.count && run.size == run.count * entry && !(run.ia & (entry - 1)));
		if (!runs)
			REQUIRE(run.ia <= first && run.ia + run.size > first);
		else
			REQUIRE(run.ia == next);
		REQUIRE(run.height <= geom->top);
		REQUIRE(run.missing || run.entry.type != S2_TABLE);
		if (!run.missing)
			check_attributes(geom, &run);
		next = run.ia + run.size;
		if (++runs == MAX_RUNS)
			return;
	}
	REQUIRE(runs && next > last);
	REQUIRE(walk.tables + walk.budget.left == budget);
}

/* How the memory is shown, and what of it is asked for; the first bytes of an input choose. */
struct shown {
	uint64_t base, root;
	uint8_t how, flags, hole_code;
	uint64_t hole, hole_size;
	struct asked range;
};

enum {
	SHOWN_RANGE = 1, /* only the range */
	SHOWN_VIEWS = 2, /* by views */
	SHOWN_HOLE = 4,  /* with a hole */
};

/* check_walk() over @size bytes of memory. */
static inline void check_words(const struct s2_geometry *geom, const uint64_t *words, size_t size,
			       const struct shown *c)
{
	struct memtable mem;

	memtable_init(&mem, words, c->base, size);
	mem.views = c->flags & SHOWN_VIEWS;
	if (c->flags & SHOWN_HOLE) {
		mem.hole = c->base + c->hole % (size + 1);
		mem.hole_size = c->hole_size % (size + 1);
		mem.hole_code = c->hole_code & 1 ? S2_EXCLUDED : S2_TRUNCATED;
	}
	check_walk(geom, &mem.mem, c->root, (enum s2_merge_how)(c->how % 3),
		   c->flags & SHOWN_RANGE ? &c->range : NULL);
}

#endif
