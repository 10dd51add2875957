// SPDX-License-Identifier: GPL-2.0-or-later
// Searching memory with holes: whole chunks where all is there, halves where something is missing.
// What could not be searched, in words.
#include "base/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/budget.h"
#include "base/num.h"

#define CHUNK 65536U

/*
 * Writers of dumps leave out pages, and files end anywhere. So a page that has neither its first
 * nor its last word is missing as a whole, which keeps large holes cheap; in any other the border
 * is found, to the word.
 */
#define PAGE 4096U
#define WORD 8U

void s2_gaps_add(struct s2_gaps *gaps, uint64_t pa, uint64_t bytes, enum s2_code code)
{
	/* That memory is lacking is not of the dump: it goes before what is. */
	if (!gaps->bytes || (code == S2_NOMEM && gaps->code != S2_NOMEM)) {
		gaps->pa = pa;
		gaps->code = code;
	}
	gaps->bytes += bytes;
}

void s2_gaps_add_table(struct s2_gaps *gaps, uint64_t pa, uint64_t bytes, enum s2_code code)
{
	s2_gaps_add(gaps, pa, bytes, code);
	gaps->mapped += bytes;
}

struct s2_gaps_size s2_gaps_size(const struct s2_gaps *gaps)
{
	struct s2_gaps_size ret;
	unsigned long long bytes = gaps->bytes - gaps->mapped, mapped = gaps->mapped;

	if (!mapped)
		snprintf(ret.text, sizeof(ret.text), "%llu bytes", bytes);
	else if (!bytes)
		snprintf(ret.text, sizeof(ret.text), "up to %llu bytes that missing tables map",
			 mapped);
	else
		snprintf(ret.text, sizeof(ret.text),
			 "%llu bytes and up to %llu that missing tables map", bytes, mapped);
	return ret;
}

struct s2_gaps_text s2_gaps_text(const struct s2_gaps *gaps)
{
	struct s2_gaps_text ret = { "" };

	if (gaps->bytes)
		snprintf(ret.text, sizeof(ret.text),
			 " (%s could not be searched, the first at PA 0x%llx: %s)",
			 s2_gaps_size(gaps).text, (unsigned long long)gaps->pa,
			 s2_code_name(gaps->code));
	return ret;
}

struct scan {
	const struct s2_mem *mem;
	size_t overlap;
	s2_scan_look *look;
	void *arg;
	struct s2_gaps *gaps;
	uint8_t *buf;   /* CHUNK and S2_SCAN_OVERLAP, NULL as long as views do */
	uint64_t start; /* of what was shown without a gap, ... */
	uint64_t end;   /* ... and its end */
	bool stopped;
};

/* Shows [@pa, @pa + @size) and what goes before it, all or nothing. */
static enum s2_code show(struct scan *scan, uint64_t pa, size_t size)
{
	bool follows = pa == scan->end && scan->start != scan->end;
	uint64_t shown = follows ? scan->end - scan->start : 0;
	size_t back = shown < scan->overlap ? (size_t)shown : scan->overlap, len = back + size;
	const void *bytes = s2_mem_view(scan->mem, pa - back, len);

	if (!bytes) {
		enum s2_code code;

		if (!scan->buf)
			scan->buf = malloc(CHUNK + S2_SCAN_OVERLAP);
		if (!scan->buf)
			return S2_NOMEM;
		code = s2_mem_read(scan->mem, pa - back, scan->buf, len, NULL);
		if (code)
			return code;
		bytes = scan->buf;
	}
	scan->start = follows ? scan->start : pa;
	scan->end = pa + size;
	scan->stopped = !scan->look(scan->arg, pa - back, bytes, len);
	return S2_OK;
}

static bool is_there(const struct scan *scan, uint64_t pa)
{
	uint8_t byte;

	return !s2_mem_read(scan->mem, pa, &byte, 1, NULL);
}

/* Where to cut what is not there as a whole: between pages when there are several. */
static size_t half(uint64_t pa, size_t size)
{
	uint64_t mid = (pa + size / 2) & ~(uint64_t)(PAGE - 1);

	if (mid <= pa)
		mid = (pa + size / 2) & ~(uint64_t)(WORD - 1);
	return mid > pa ? (size_t)(mid - pa) : WORD;
}

static enum s2_code show_parts(struct scan *scan, uint64_t pa, size_t size)
{
	enum s2_code code = scan->stopped ? S2_OK : show(scan, pa, size);
	size_t first;

	if (!code || code == S2_NOMEM)
		return code;
	if (size <= WORD ||
	    (size <= PAGE && !is_there(scan, pa) && !is_there(scan, pa + size - 1))) {
		s2_gaps_add(scan->gaps, pa, size, code);
		return S2_OK;
	}
	first = half(pa, size);
	code = show_parts(scan, pa, first);
	return code ? code : show_parts(scan, pa + first, size - first);
}

enum s2_code s2_scan(const struct s2_mem *mem, uint64_t pa, uint64_t size, size_t overlap,
		     s2_scan_look *look, void *arg, struct s2_gaps *gaps, struct s2_err *err)
{
	struct scan scan = {
		.mem = mem, .overlap = overlap, .look = look, .arg = arg, .gaps = gaps
	};
	enum s2_code code = S2_OK;
	bool in_zeros = false;

	while (!code && size && !scan.stopped) {
		uint64_t len = CHUNK - (pa & (CHUNK - 1)), next, zeros;
		enum s2_code missing = s2_mem_lacks(mem, pa, &next);

		next = next < size ? next : size;
		/* Where it ends within a word, that is no place to go on from. */
		if (next < size)
			next -= next < (pa + next) % WORD ? next : (pa + next) % WORD;
		if (missing && next) {
			s2_gaps_add(gaps, pa, next, missing);
			s2_meter_add(mem->meter, next);
			in_zeros = false;
			pa += next;
			size -= next;
			continue;
		}
		zeros = s2_mem_zeros(mem, pa, &next);
		/* The first and the last chunk of a hole are shown: what is searched for may reach
		 * into it, or out of it. */
		if (zeros > CHUNK && in_zeros) {
			len = (zeros - 1) & ~(uint64_t)(CHUNK - 1);
			len = len < size ? len : size;
		} else {
			len = len < size ? len : size;
			code = show_parts(&scan, pa, (size_t)len);
		}
		in_zeros = zeros >= len;
		s2_meter_add(mem->meter, len);
		pa += len;
		size -= len;
	}
	free(scan.buf);
	return code ? s2_fail(err, code, "no memory for a search") : S2_OK;
}

/* So much is looked at where many extents show the same bytes of a file. */
#define ZERO_FLOOR (64ULL << 20)
#define ZERO_PER_BYTE 2

struct zero {
	bool any, other;
	struct s2_budget bytes;
};

static bool look_for_other(void *arg, uint64_t pa, const void *bytes, size_t len)
{
	struct zero *zero = arg;
	const uint8_t *first = bytes;

	(void)pa;
	zero->any = true;
	zero->other = *first || memcmp(first, first + 1, len - 1) != 0 ||
		      s2_budget_take(&zero->bytes, len);
	return !zero->other;
}

bool s2_mem_is_zero(const struct s2_mem *mem)
{
	struct s2_gaps gaps = { 0 };
	struct s2_extent extent;
	struct zero zero = { .any = false };
	uint64_t pa = 0, end;

	s2_budget_init(&zero.bytes, ZERO_FLOOR, ZERO_PER_BYTE, mem->bytes);
	while (!zero.other && !s2_mem_next(mem, pa, &extent)) {
		if (!s2_add_ok(extent.pa, extent.size, &end) || end <= pa ||
		    s2_scan(mem, extent.pa, extent.size, 0, look_for_other, &zero, &gaps, NULL))
			return false;
		pa = end;
	}
	return zero.any && !zero.other;
}
