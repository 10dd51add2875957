// SPDX-License-Identifier: GPL-2.0-or-later
// Merging: neighbours that agree in every shown bit become one range; all of them, those whose
// output addresses go on, or none. Scanning a strip is the tool's hottest loop.
#include "decode/merge.h"

#include <string.h>

/* Descriptors compared in one go, so that the compiler vectorises the loop and the early exit stays
 * cheap. */
#define BATCH 64

void s2_merge_init(struct s2_merge *merge, struct s2_walk *walk, enum s2_merge_how how,
		   struct s2_show show)
{
	*merge = (struct s2_merge){ .walk = walk, .how = how, .show = show };
	merge->more = s2_walk_next(walk, &merge->strip);
}

/* Bits in which @raw must equal its neighbour to be joined with it. */
static uint64_t key_of(const struct s2_merge *merge, unsigned int height, uint64_t raw)
{
	const struct s2_geometry *geom = merge->walk->geom;
	bool leaf = geom->arch->is_leaf(geom, height, raw);
	uint64_t key = geom->arch->key_mask ? geom->arch->key_mask(geom, height, raw) :
		       leaf                 ? ~geom->height[height].oa_low :
					      ~UINT64_C(0);

	return key & (leaf ? merge->show.leaf : merge->show.invalid);
}

/* How many of @n descriptors agree with @raw in the bits of @mask. Hot path. */
static uint64_t same_key(const uint64_t *desc, uint64_t n, uint64_t raw, uint64_t mask)
{
	uint64_t i = 0;

	while (n - i >= BATCH) {
		uint64_t diff = 0;

		for (unsigned int k = 0; k < BATCH; k++)
			diff |= desc[i + k] ^ raw;
		if (diff & mask)
			break;
		i += BATCH;
	}
	while (i < n && !((desc[i] ^ raw) & mask))
		i++;
	return i;
}

/* How many of @n leaf descriptors have the output addresses @oa, @oa + size, @oa + 2 size, ... Both
 * are compared as descriptors hold them, before they are shifted. Hot path. */
static uint64_t same_oa(const struct s2_geometry *geom, unsigned int height, const uint64_t *desc,
			uint64_t n, uint64_t oa)
{
	/* A power of two, which compilers see here: they make vectors of shifts of `k * step`. */
	uint64_t step = BIT64(geom->height[height].shift - geom->oa_shift);
	uint64_t bits = shift_left(oa, -geom->oa_shift);
	uint64_t low = geom->height[height].oa_low;
	uint64_t i = 0;

	while (n - i >= BATCH) {
		/* While the field of the low address bits does not overflow, in-place comparison is
		 * exact. */
		uint64_t want = s2_leaf_address_bits(geom, height, desc[i]);
		uint64_t first = want & low, high = desc[i] & geom->oa_high;
		uint64_t diff = 0;

		if (want != bits + i * step || low - first < (BATCH - 1) * step)
			break;
		for (unsigned int k = 0; k < BATCH; k++)
			diff |= ((desc[i + k] & low) ^ (first + k * step)) |
				((desc[i + k] & geom->oa_high) ^ high);
		if (diff)
			break;
		i += BATCH;
	}
	while (i < n && s2_leaf_address_bits(geom, height, desc[i]) == bits + i * step)
		i++;
	return i;
}

static void start_run(struct s2_merge *merge, struct s2_run *run)
{
	const struct s2_strip *strip = &merge->strip;
	const struct s2_geometry *geom = merge->walk->geom;

	*run = (struct s2_run){ .ia = strip->ia,
				.table_pa = strip->table_pa,
				.desc_pa = strip->desc_pa,
				.height = strip->height,
				.missing = strip->missing,
				.pa_contiguous = true };
	if (strip->missing)
		return;
	geom->arch->decode(geom, strip->height, strip->desc[0], &run->entry);
	run->path = merge->show.alone ? S2_PATH_ALL : strip->path;
	run->key_mask = key_of(merge, strip->height, strip->desc[0]);
	s2_soft_classify(geom, strip->height, strip->desc[0], run->entry.type, &run->meaning);
	s2_soft_place(&run->meaning, run->ia);
	if (run->meaning.type)
		/* Software makes hardware fault there on purpose. */
		run->entry.odd = 0;
	if (run->meaning.type == S2_SOFT_TRACKED)
		run->entry.oa = run->meaning.address;
}

/* Takes @n entries off the strip; when it is used up, the next strip moves in. */
static void consume(struct s2_merge *merge, struct s2_run *run, uint64_t n)
{
	struct s2_strip *strip = &merge->strip;
	uint64_t size = n << merge->walk->geom->height[strip->height].shift;

	run->count += n;
	run->size += size;
	strip->n -= n;
	strip->ia += size;
	strip->desc_pa += n * sizeof(uint64_t);
	if (strip->desc)
		strip->desc += n;
	if (!strip->n)
		merge->more = s2_walk_next(merge->walk, strip);
}

/*
 * How many leaves of the current strip @run goes on with where addresses end a run; @oa is the
 * next. Both are compared in a short piece first: what ends runs soon, the one or the other, is not
 * found again and again behind all that is left of a page.
 */
static uint64_t same_leaves(const struct s2_merge *merge, const struct s2_run *run, uint64_t oa)
{
	const struct s2_strip *strip = &merge->strip;
	const struct s2_geometry *geom = merge->walk->geom;
	uint64_t first = strip->n < BATCH ? strip->n : BATCH, n;

	n = same_key(strip->desc, first, run->entry.raw, run->key_mask);
	n = same_oa(geom, run->height, strip->desc, n, oa);
	if (n < first || n == strip->n)
		return n;
	n = same_key(strip->desc + first, strip->n - first, run->entry.raw, run->key_mask);
	return first + same_oa(geom, run->height, strip->desc + first, n,
			       oa + first * s2_entry_size(geom, run->height));
}

/* How many entries of the current strip belong to @run. */
static uint64_t take(const struct s2_merge *merge, struct s2_run *run)
{
	const struct s2_strip *strip = &merge->strip;
	const struct s2_geometry *geom = merge->walk->geom;
	bool leaf = s2_is_leaf(run->entry.type);
	uint64_t oa, n, same;

	if (strip->height != run->height || strip->missing != run->missing)
		return 0;
	if (merge->how == S2_MERGE_NONE)
		return run->count ? 0 : strip->missing ? strip->n : 1;
	/* What is missing is said of a table page; what the budget cut off, of all that is left. */
	if (strip->missing)
		return strip->table_pa == run->table_pa || strip->missing == S2_BUDGET ? strip->n :
											 0;
	/* An address in it is that of one entry: what follows is joined as a row of its own. */
	if (run->meaning.placed || run->meaning.type == S2_SOFT_TRACKED)
		return run->count ? 0 : 1;
	oa = run->entry.oa + run->count * s2_entry_size(geom, run->height);
	if (merge->how == S2_MERGE_PA && leaf)
		n = same_leaves(merge, run, oa);
	else
		n = same_key(strip->desc, strip->n, run->entry.raw, run->key_mask);
	if (!n || !leaf)
		return n;
	if (!merge->show.alone && !s2_run_same_rights(geom, run, strip->path))
		return 0;
	if (merge->how == S2_MERGE_PA || !run->pa_contiguous)
		return n;
	same = same_oa(geom, run->height, strip->desc, n, oa);
	if (same == n)
		return n;
	run->pa_contiguous = false;
	return n;
}

const char *s2_run_type(const struct s2_run *run)
{
	if (run->missing)
		return "missing";
	return run->meaning.type ? s2_soft_type_name(run->meaning.type) :
				   s2_type_name(run->entry.type);
}

bool s2_run_same_rights(const struct s2_geometry *geom, const struct s2_run *a, struct s2_path b)
{
	struct s2_rights left, right;

	if (a->path.allow == b.allow)
		return true;
	left = geom->arch->rights(geom, a->height, a->entry.raw, &a->path);
	right = geom->arch->rights(geom, a->height, a->entry.raw, &b);
	return !memcmp(&left, &right, sizeof(left));
}

uint64_t s2_run_mapped(const struct s2_geometry *geom, const struct s2_run *run)
{
	uint64_t size = s2_entry_size(geom, run->height), within;

	if (run->missing || !s2_is_leaf(run->entry.type))
		return 0;
	/* One answer for all entries of a run: the bits that decide are in its key. */
	within = s2_within_oa(geom, run->entry.oa, size);
	if (!within)
		return 0;
	return within == size || within * run->count > run->size ? run->size : run->count * within;
}

bool s2_merge_next(struct s2_merge *merge, struct s2_run *ret)
{
	if (!merge->more)
		return false;
	start_run(merge, ret);
	while (merge->more) {
		uint64_t left = merge->strip.n;
		uint64_t n = take(merge, ret);

		if (!n)
			break;
		consume(merge, ret, n);
		if (n < left)
			break;
	}
	return true;
}
