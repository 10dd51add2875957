// SPDX-License-Identifier: GPL-2.0-or-later
// Pages that a filter left out, read as zeros: only where the user vouches for it.
#include <stdlib.h>
#include <string.h>

#include "source/source.h"

/* Writers leave out whole pages, but a segment may begin and end anywhere. */
#define PAGE 4096U

/* A run of such pages is told to searches in pieces of this many. */
#define MOST_PAGES 4096U

static const struct s2_mem_ops *inner_of(const struct s2_mem *mem)
{
	return s2_source_of(mem)->absent->inner;
}

static void note(const struct s2_mem *mem, uint64_t pa)
{
	struct s2_absent *absent = s2_source_of(mem)->absent;

	if (!absent->times++)
		absent->first_pa = pa;
}

/* Bytes up to the end of the page at @pa, all or nothing where that is one piece of it. */
static enum s2_code read_page(const struct s2_mem *mem, uint64_t pa, uint8_t *buf, size_t len,
			      struct s2_err *err)
{
	enum s2_code code = inner_of(mem)->read(mem, pa, buf, len, NULL), other;
	size_t skip = 0;

	/* Only a filter leaves zeros out: what was cut off or is damaged may have been anything. */
	while (code == S2_EXCLUDED && skip < len) {
		uint64_t n = 0;

		if (inner_of(mem)->lacks &&
		    inner_of(mem)->lacks(mem, pa + skip, &n) == S2_EXCLUDED && n) {
			n = n < len - skip ? n : len - skip;
			memset(buf + skip, 0, (size_t)n);
			skip += (size_t)n;
			continue;
		}
		other = inner_of(mem)->read(mem, pa + skip, buf + skip, 1, NULL);
		if (other && other != S2_EXCLUDED)
			return inner_of(mem)->read(mem, pa + skip, buf + skip, 1, err);
		if (other)
			buf[skip] = 0;
		skip++;
	}
	if (code == S2_EXCLUDED) {
		note(mem, pa);
		return S2_OK;
	}
	return code ? inner_of(mem)->read(mem, pa, buf, len, err) : S2_OK;
}

static enum s2_code absent_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
				struct s2_err *err)
{
	enum s2_code code = inner_of(mem)->read(mem, pa, buf, len, err);
	uint8_t *out = buf;

	if (code != S2_EXCLUDED)
		return code;
	/* What follows may succeed. */
	if (err)
		s2_err_init(err);
	for (size_t n; len; out += n, pa += n, len -= n) {
		n = PAGE - (pa & (PAGE - 1));
		n = n < len ? n : len;
		code = read_page(mem, pa, out, n, err);
		if (code)
			return code;
	}
	return S2_OK;
}

static const void *absent_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	return inner_of(mem)->view ? inner_of(mem)->view(mem, pa, len) : NULL;
}

static enum s2_code absent_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	return inner_of(mem)->next(mem, pa, ret);
}

static bool is_excluded(const struct s2_mem *mem, uint64_t pa)
{
	uint8_t byte;

	return inner_of(mem)->read(mem, pa, &byte, 1, NULL) == S2_EXCLUDED;
}

static uint64_t absent_zeros(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_next)
{
	uint64_t zeros = inner_of(mem)->zeros ? inner_of(mem)->zeros(mem, pa, ret_next) : 0;
	uint64_t at = pa;

	if (zeros)
		return zeros;
	for (unsigned int i = 0; i < MOST_PAGES; i++) {
		const uint64_t end = (at | (PAGE - 1)) + 1;

		if (!end || !is_excluded(mem, at) || !is_excluded(mem, end - 1))
			break;
		at = end;
	}
	/* The next page may be one, whatever follows this. */
	*ret_next = (pa | (PAGE - 1)) + 1;
	return at - pa;
}

/* What was left out reads as zeros; what else is missing is. */
static enum s2_code absent_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	enum s2_code code = inner_of(mem)->lacks ? inner_of(mem)->lacks(mem, pa, ret) : S2_OK;

	return code == S2_EXCLUDED ? S2_OK : code;
}

static const struct s2_mem_ops absent_ops = { .read = absent_read,
					      .view = absent_view,
					      .next = absent_next,
					      .zeros = absent_zeros,
					      .lacks = absent_lacks };

enum s2_code s2_source_absent_is_zero(struct s2_source *source, struct s2_err *err)
{
	source->absent = calloc(1, sizeof(*source->absent));
	if (!source->absent)
		return s2_fail(err, S2_NOMEM, "no memory");
	source->absent->inner = source->mem.ops;
	source->mem.ops = &absent_ops;
	return S2_OK;
}

void s2_source_believe(struct s2_source *source, bool zeros)
{
	if (source->absent)
		source->mem.ops = zeros ? &absent_ops : source->absent->inner;
}
