// SPDX-License-Identifier: GPL-2.0-or-later
// Inferring the base of a raw blob: try every address that the root's table descriptors allow, keep
// those that fit.
#include "decode/infer.h"

#include <string.h>

/* Table pages looked at in all, so that a large blob full of look-alikes ends in bounded time. */
#define MAX_VISITS (4U << 20)

struct trial {
	const struct s2_geometry *geom;
	const struct s2_mem *mem;
	uint64_t size;
	uint8_t *seen;
	uint64_t base;
	uint64_t visits;
};

/* Odds that no table which hardware walks as intended has. */
#define IMPOSSIBLE (S2_ODD_ENCODING | S2_ODD_OA_SIZE | S2_ODD_OA_ALIGN | S2_ODD_RES0)

/* The blob offset of the table at @pa, claimed for this trial; false when it is outside, misplaced
 * or already claimed. */
static bool claim(struct trial *t, uint64_t pa, uint64_t *ret)
{
	uint64_t page = BIT64(t->geom->page_log2);
	uint64_t off = pa - t->base, n;

	if (pa < t->base || off < t->geom->start_size || off > t->size || t->size - off < page ||
	    !is_aligned(off, page))
		return false;
	n = off >> t->geom->page_log2;
	if (t->seen[n / 8] & 1U << n % 8)
		return false;
	t->seen[n / 8] |= (uint8_t)(1U << n % 8);
	*ret = off;
	return true;
}

/* Does the table of @n entries at @off fit, with all below it? Recursion is as deep as the levels. */
static bool fits(struct trial *t, uint64_t off, uint64_t n, unsigned int height)
{
	uint64_t chunk[S2_WALK_CHUNK / sizeof(uint64_t)];

	if (++t->visits > MAX_VISITS)
		return false;
	for (uint64_t i = 0; i < n; i += ARRAY_SIZE(chunk)) {
		uint64_t len = n - i < ARRAY_SIZE(chunk) ? n - i : ARRAY_SIZE(chunk);

		if (s2_mem_read(t->mem, off + i * sizeof(uint64_t), chunk, len * sizeof(uint64_t),
				NULL))
			return false;
		for (uint64_t k = 0; k < len; k++) {
			struct s2_entry entry;
			uint64_t child;

			if (!(chunk[k] & 1))
				continue;
			t->geom->arch->decode(t->geom, height, chunk[k], &entry);
			if (entry.odd & IMPOSSIBLE)
				return false;
			if (entry.type == S2_TABLE &&
			    (!claim(t, entry.oa, &child) ||
			     !fits(t, child, BIT64(t->geom->page_log2) / sizeof(uint64_t),
				   height - 1)))
				return false;
		}
	}
	return true;
}

/* Lowest and highest table address that the start level names; false when it names none. */
static bool table_bounds(const struct s2_geometry *geom, const struct s2_mem *mem, uint64_t *low,
			 uint64_t *high)
{
	bool any = false;

	for (uint64_t i = 0; i < s2_start_entries(geom); i++) {
		uint64_t raw, pa;

		if (s2_mem_read(mem, i * sizeof(raw), &raw, sizeof(raw), NULL))
			break;
		if (!geom->arch->is_table(geom, geom->top, raw))
			continue;
		pa = s2_table_oa(geom, raw);
		if (!any || pa < *low)
			*low = pa;
		if (!any || pa > *high)
			*high = pa;
		any = true;
	}
	return any;
}

enum s2_code s2_infer_base(const struct s2_geometry *geom, const struct s2_mem *mem, uint64_t size,
			   uint8_t *seen, uint64_t *ret, struct s2_err *err)
{
	uint64_t page = BIT64(geom->page_log2);
	uint64_t step = geom->start_size > page ? geom->start_size : page;
	struct trial t = { .geom = geom, .mem = mem, .size = size, .seen = seen };
	uint64_t low = 0, high = 0, first, last, found = 0, nfound = 0;

	if (size < geom->start_size)
		return s2_fail(err, S2_NOTFOUND,
			       "the blob (%llu bytes) is smaller than the start level (%llu bytes)",
			       (unsigned long long)size, (unsigned long long)geom->start_size);
	if (!table_bounds(geom, mem, &low, &high))
		return s2_fail(
			err, S2_NOTFOUND,
			"the start level holds no table descriptor to infer its address from: give --base");
	/* The farthest table must end inside the blob, and the nearest must lie behind the start
	 * level. */
	first = high + page > size ? high + page - size : 0;
	first = (first + step - 1) & ~(step - 1);
	last = low >= step ? (low - step) & ~(step - 1) : 0;
	for (uint64_t base = first; low >= step && base <= last && nfound < 2; base += step) {
		t.base = base;
		memset(seen, 0, (size_t)((size >> geom->page_log2) / 8 + 1));
		if (fits(&t, 0, s2_start_entries(geom), geom->top)) {
			found = base;
			nfound++;
		}
		if (t.visits > MAX_VISITS)
			return s2_fail(err, S2_NOTFOUND,
				       "too many possible base addresses: give --base");
	}
	if (nfound == 1) {
		*ret = found;
		return S2_OK;
	}
	if (nfound)
		return s2_fail(err, S2_NOTFOUND,
			       "more than one base address fits: give --base (or --map and --root)");
	return s2_fail(
		err, S2_NOTFOUND,
		"no base address fits, tables lie outside the blob or are damaged: give --base (or --map and --root)");
}
