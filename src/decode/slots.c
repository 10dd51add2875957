// SPDX-License-Identifier: GPL-2.0-or-later
// Splitting unmapped ranges at the borders of memslots.
#include "decode/slots.h"

/* The first slot that ends above @ipa, or nslots. */
static size_t find(const struct s2_table *table, uint64_t ipa)
{
	size_t low = 0, high = table->nslots;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->slot[mid].ipa + table->slot[mid].size <= ipa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint64_t entries_touched(const struct s2_geometry *geom, const struct s2_run *run)
{
	unsigned int shift = geom->height[run->height].shift;

	return ((run->ia + run->size - 1) >> shift) - (run->ia >> shift) + 1;
}

bool s2_slots_next(const struct s2_table *table, const struct s2_geometry *geom,
		   struct s2_run *rest, struct s2_run *ret)
{
	uint64_t border;
	size_t i;

	if (!rest->size)
		return false;
	*ret = *rest;
	ret->slot = S2_SLOT_UNKNOWN;
	rest->size = 0;
	if (!table->have_slots || ret->missing || s2_is_leaf(ret->entry.type))
		return true;
	i = find(table, ret->ia);
	ret->slot = S2_SLOT_NONE;
	if (i == table->nslots)
		return true;
	border = table->slot[i].ipa;
	if (border <= ret->ia) {
		ret->slot = table->slot[i].id;
		border += table->slot[i].size;
	}
	if (border - ret->ia >= ret->size)
		return true;
	rest->size = ret->size - (border - ret->ia);
	ret->size = border - ret->ia;
	rest->ia = border;
	rest->count = entries_touched(geom, rest);
	ret->count = entries_touched(geom, ret);
	return true;
}
