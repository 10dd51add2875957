/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An index from names to numbers: filled in one pass, sorted once, then asked without a search. */
#ifndef S2_KERNEL_NAMES_H
#define S2_KERNEL_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/err.h"

struct s2_name {
	uint32_t hash;
	uint32_t id; /* what bears the name; the caller's meaning */
};

/* Starts as zeroes; owns heap. */
struct s2_names {
	struct s2_name *name;
	size_t n, room;
	uint32_t *bucket; /* bucket i is name[bucket[i]] to name[bucket[i + 1]] */
	uint32_t mask;    /* of a hash, to its bucket */
};

/* Of what is compared only after the hashes agree, so that only the beginning of long names counts:
 * hostile names may be as long as their file. @space keeps names of different kinds apart. */
uint32_t s2_names_hash(unsigned int space, const char *name);

/* Adds one; not after s2_names_sort(). */
enum s2_code s2_names_add(struct s2_names *names, uint32_t hash, uint32_t id,
			  struct s2_err *err) S2_MUST_CHECK;

/* To be called once, when all are added. */
enum s2_code s2_names_sort(struct s2_names *names, struct s2_err *err) S2_MUST_CHECK;

/* The first one with this hash that @id or one after it bears; NULL when there is none, or none is
 * found before all of @steps is drawn, one for each that is looked at. Ids were added in ascending
 * order. Different names may share a hash: the caller compares. */
const struct s2_name *s2_names_from(const struct s2_names *names, uint32_t hash, uint64_t id,
				    struct s2_budget *steps);

void s2_names_free(struct s2_names *names);

#endif
