// SPDX-License-Identifier: GPL-2.0-or-later
// Memory made of segments of a file, whatever its container: lookup, reads that cross segments, the
// reason where there is nothing; segments that overlap or wrap around, a file that ends before
// them.
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/num.h"
#include "source/source.h"

/* Overlap deeper than this is not a dump but an attack on our time. */
#define MAX_OVERLAP 64

/* The first segment that ends above @pa, or nsegs. */
static size_t find(const struct s2_source *source, uint64_t pa)
{
	size_t low = 0, high = source->nsegs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (source->seg[mid].pa + (source->seg[mid].size - 1) < pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static enum s2_code seg_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			     struct s2_err *err)
{
	const struct s2_source *source = s2_source_of(mem);
	char *out = buf;

	while (len) {
		size_t i = find(source, pa);
		const struct s2_segment *seg = &source->seg[i];
		uint64_t skip, n;
		enum s2_code code;

		if (i == source->nsegs || seg->pa > pa)
			return s2_fail(err, S2_ABSENT, "physical address 0x%llx is not in the dump",
				       (unsigned long long)pa);
		skip = pa - seg->pa;
		if (skip >= seg->file_size)
			return s2_fail(err, S2_EXCLUDED,
				       "physical address 0x%llx was left out of the dump",
				       (unsigned long long)pa);
		n = seg->file_size - skip < len ? seg->file_size - skip : len;
		code = s2_file_read(&source->file, seg->file_off + skip, out, (size_t)n, err);
		if (code)
			return s2_wrap(err, code, "physical address 0x%llx",
				       (unsigned long long)pa);
		out += n;
		pa += n;
		len -= (size_t)n;
	}
	return S2_OK;
}

static const void *seg_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	const struct s2_source *source = s2_source_of(mem);
	size_t i = find(source, pa);
	const struct s2_segment *seg = &source->seg[i];
	const void *view;

	if (i == source->nsegs || seg->pa > pa || !s2_fits(pa - seg->pa, len, seg->file_size))
		return NULL;
	view = s2_file_view(&source->file, seg->file_off + (pa - seg->pa), len);
	/* Only aligned views may be read as words. */
	return is_aligned((uintptr_t)view, sizeof(uint64_t)) ? view : NULL;
}

static enum s2_code seg_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	const struct s2_source *source = s2_source_of(mem);
	size_t i = find(source, pa);
	uint64_t end;

	if (i == source->nsegs)
		return S2_NOTFOUND;
	ret->pa = source->seg[i].pa;
	end = ret->pa + source->seg[i].size;
	while (++i < source->nsegs && source->seg[i].pa == end)
		end += source->seg[i].size;
	ret->size = end - ret->pa;
	return S2_OK;
}

static uint64_t seg_zeros(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_next)
{
	const struct s2_source *source = s2_source_of(mem);
	size_t i = find(source, pa);
	const struct s2_segment *seg = &source->seg[i];
	uint64_t skip, data, end, left;

	*ret_next = UINT64_MAX;
	if (!source->file.sparse || i == source->nsegs)
		return 0;
	*ret_next = seg->pa + seg->size;
	if (seg->pa > pa || pa - seg->pa >= seg->file_size)
		return 0;
	skip = pa - seg->pa;
	left = seg->file_size - skip;
	if (!s2_fits(seg->file_off, seg->file_size, source->file.size))
		return 0;
	data = s2_file_data(&source->file, seg->file_off + skip, &end) - (seg->file_off + skip);
	end -= seg->file_off + skip;
	if (!data && end < left)
		*ret_next = pa + end;
	return data < left ? data : left;
}

/* What the file ends before, and what it was never meant to hold. */
static enum s2_code seg_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	const struct s2_source *source = s2_source_of(mem);
	size_t i = find(source, pa);
	const struct s2_segment *seg = &source->seg[i];
	uint64_t skip, held;

	*ret = UINT64_MAX;
	if (i == source->nsegs)
		return S2_ABSENT;
	*ret = seg->pa - pa;
	if (seg->pa > pa)
		return S2_ABSENT;
	skip = pa - seg->pa;
	*ret = seg->size - skip;
	if (skip >= seg->file_size)
		return S2_EXCLUDED;
	*ret = seg->file_size - skip;
	held = seg->file_off < source->file.size ? source->file.size - seg->file_off : 0;
	if (skip >= held)
		return S2_TRUNCATED;
	if (held - skip < *ret)
		*ret = held - skip;
	return S2_OK;
}

static const struct s2_mem_ops seg_ops = {
	.read = seg_read, .view = seg_view, .next = seg_next, .zeros = seg_zeros, .lacks = seg_lacks
};

static int by_pa(const void *a, const void *b)
{
	const struct s2_segment *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

/* Bytes of @seg at @pa and after, as a segment of its own that ends at @end. */
static struct s2_segment cut(const struct s2_segment *seg, uint64_t pa, uint64_t end)
{
	uint64_t skip = pa - seg->pa;
	struct s2_segment ret = { .pa = pa, .size = end - pa, .file_off = seg->file_off + skip };

	ret.file_size = seg->file_size > skip ? seg->file_size - skip : 0;
	if (ret.file_size > ret.size)
		ret.file_size = ret.size;
	return ret;
}

/*
 * Which of the segments in @active serves the bytes at @pa: bytes in the file first, then order in
 * the file.
 */
static const struct s2_segment *best(const struct s2_segment *const *active, size_t n, uint64_t pa,
				     bool last_wins)
{
	const struct s2_segment *ret = active[0];

	for (size_t i = 1; i < n; i++) {
		bool have = pa - ret->pa < ret->file_size;
		bool other = pa - active[i]->pa < active[i]->file_size;

		if (other && (!have || (active[i]->file_off < ret->file_off) != last_wins))
			ret = active[i];
	}
	return ret;
}

/*
 * Rewrites sorted, overlapping @seg as disjoint segments: one output for each stretch between
 * borders.
 */
static enum s2_code flatten(const struct s2_segment *seg, size_t n, bool last_wins,
			    struct s2_segment **ret, size_t *ret_n, struct s2_err *err)
{
	const struct s2_segment *active[MAX_OVERLAP];
	struct s2_segment *out = calloc(n * 4 + 1, sizeof(*out));
	size_t nout = 0, nactive = 0, next = 0;
	uint64_t pa = 0;

	if (!out)
		return s2_fail(err, S2_NOMEM, "no memory for %zu segments", n);
	while (next < n || nactive) {
		uint64_t border = UINT64_MAX;

		if (!nactive)
			pa = seg[next].pa;
		while (next < n && seg[next].pa == pa) {
			if (nactive == MAX_OVERLAP) {
				free(out);
				return s2_fail(err, S2_INVALID, "more than %d %s 0x%llx",
					       MAX_OVERLAP,
					       last_wins ? "records overlap at offset" :
							   "segments overlap at physical address",
					       (unsigned long long)pa);
			}
			active[nactive++] = &seg[next++];
		}
		if (next < n)
			border = seg[next].pa;
		for (size_t i = 0; i < nactive; i++) {
			uint64_t mem_end = active[i]->pa + active[i]->size;
			uint64_t file_end = active[i]->pa + active[i]->file_size;

			if (mem_end < border)
				border = mem_end;
			if (file_end > pa && file_end < border)
				border = file_end;
		}
		out[nout++] = cut(best(active, nactive, pa, last_wins), pa, border);
		pa = border;
		for (size_t i = 0; i < nactive;) {
			if (active[i]->pa + active[i]->size == pa)
				active[i] = active[--nactive];
			else
				i++;
		}
	}
	*ret = out;
	*ret_n = nout;
	return S2_OK;
}

enum s2_code s2_segments_disjoint(struct s2_segment **seg, size_t *n, bool last_wins,
				  struct s2_err *err)
{
	struct s2_segment *flat;
	bool overlap = false;
	enum s2_code code;

	qsort(*seg, *n, sizeof(**seg), by_pa);
	for (size_t i = 1; i < *n; i++)
		overlap |= (*seg)[i].pa < (*seg)[i - 1].pa + (*seg)[i - 1].size;
	if (!overlap)
		return S2_OK;
	code = flatten(*seg, *n, last_wins, &flat, n, err);
	if (code)
		return code;
	free(*seg);
	*seg = flat;
	return S2_OK;
}

/* Drops empty segments and refuses those that wrap around, in memory or in the file. A snapshot may
 * have none: of VMs without a table. */
static enum s2_code check(const struct s2_source *source, struct s2_segment *seg, size_t *n,
			  struct s2_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		uint64_t end;

		if (!seg[i].size)
			continue;
		if (seg[i].file_size > seg[i].size)
			seg[i].file_size = seg[i].size;
		if (!s2_add_ok(seg[i].pa, seg[i].size, &end) ||
		    !s2_add_ok(seg[i].file_off, seg[i].file_size, &end))
			return s2_fail(
				err, S2_INVALID,
				"segment %zu (physical address 0x%llx, size 0x%llx) wraps around",
				i, (unsigned long long)seg[i].pa, (unsigned long long)seg[i].size);
		seg[kept++] = seg[i];
	}
	if (!kept && !s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX))
		return s2_fail(err, S2_INVALID, "the dump holds no memory");
	*n = kept;
	return S2_OK;
}

static void say_truncated(struct s2_source *source, const struct s2_segment *seg, size_t n)
{
	uint64_t need = 0;

	if (source->file.live)
		return;
	/* Segments are in order of memory, not of the file. */
	for (size_t i = 0; i < n; i++)
		if (!s2_fits(seg[i].file_off, seg[i].file_size, source->file.size) &&
		    seg[i].file_off + seg[i].file_size > need)
			need = seg[i].file_off + seg[i].file_size;
	if (!need)
		return;
	source->incomplete = true;
	s2_source_remark(source, "the file is truncated: it ends at 0x%llx, memory needs 0x%llx",
			 (unsigned long long)source->file.size, (unsigned long long)need);
}

enum s2_code s2_segments_install(struct s2_source *source, struct s2_segment *seg, size_t n,
				 struct s2_err *err)
{
	enum s2_code code = check(source, seg, &n, err);
	uint64_t backed;

	if (!code)
		code = s2_segments_disjoint(&seg, &n, false, err);
	if (code) {
		free(seg);
		return code;
	}
	say_truncated(source, seg, n);
	free(source->seg);
	source->seg = seg;
	source->nsegs = n;
	source->mem.ops = &seg_ops;
	/*
	 * However often segments share bytes of the file, no more memory than the file is worth a
	 * visit.
	 */
	backed = s2_file_backed(&source->file);
	source->mem.bytes = 0;
	for (size_t i = 0; i < n && source->mem.bytes < backed; i++)
		source->mem.bytes += seg[i].file_size < backed ? seg[i].file_size : backed;
	if (source->mem.bytes > backed)
		source->mem.bytes = backed;
	return S2_OK;
}
