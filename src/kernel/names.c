// SPDX-License-Identifier: GPL-2.0-or-later
// Names sorted into buckets by counting: one allocation per array, and the order within a bucket
// stays.
#include "kernel/names.h"

#include <stdlib.h>

#define MAX_HASHED 128

/* FNV-1a, its upper half mixed in: buckets take the low bits. */
uint32_t s2_names_hash(unsigned int space, const char *name)
{
	uint32_t hash = UINT32_C(0x811c9dc5) ^ space;

	for (size_t i = 0; i < MAX_HASHED && name[i]; i++)
		hash = (hash ^ (uint8_t)name[i]) * UINT32_C(0x01000193);
	return hash ^ hash >> 16;
}

enum s2_code s2_names_add(struct s2_names *names, uint32_t hash, uint32_t id, struct s2_err *err)
{
	if (names->n == names->room) {
		size_t room = names->room ? names->room * 2 : 1024;
		struct s2_name *grown = room <= UINT32_MAX / sizeof(*grown) ?
						realloc(names->name, room * sizeof(*grown)) :
						NULL;

		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory for %zu names", room);
		names->name = grown;
		names->room = room;
	}
	names->name[names->n++] = (struct s2_name){ hash, id };
	return S2_OK;
}

enum s2_code s2_names_sort(struct s2_names *names, struct s2_err *err)
{
	struct s2_name *sorted;
	size_t nbuckets = 1;
	uint32_t *bucket, at = 0;

	while (nbuckets <= names->n / 2)
		nbuckets *= 2;
	bucket = calloc(nbuckets + 1, sizeof(*bucket));
	sorted = malloc((names->n + 1) * sizeof(*sorted));
	if (!bucket || !sorted) {
		free(bucket);
		free(sorted);
		return s2_fail(err, S2_NOMEM, "no memory for %zu names", names->n);
	}
	names->mask = (uint32_t)(nbuckets - 1);
	for (size_t i = 0; i < names->n; i++)
		bucket[names->name[i].hash & names->mask]++;
	for (size_t i = 0; i <= nbuckets; i++) {
		at += bucket[i];
		bucket[i] = at; /* where the bucket ends; filled from there down to its start */
	}
	for (size_t i = names->n; i-- > 0;)
		sorted[--bucket[names->name[i].hash & names->mask]] = names->name[i];
	free(names->name);
	names->name = sorted;
	names->bucket = bucket;
	return S2_OK;
}

const struct s2_name *s2_names_from(const struct s2_names *names, uint32_t hash, uint64_t id,
				    struct s2_budget *steps)
{
	uint32_t bucket = hash & names->mask;
	uint32_t low = names->bucket[bucket], end = names->bucket[bucket + 1], high = end;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (names->name[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < end && !s2_budget_take(steps, 1); low++)
		if (names->name[low].hash == hash)
			return &names->name[low];
	return NULL;
}

void s2_names_free(struct s2_names *names)
{
	free(names->name);
	free(names->bucket);
	*names = (struct s2_names){ 0 };
}
