// SPDX-License-Identifier: GPL-2.0-or-later
// Finds VMCOREINFO notes in memory when the container does not bring one: one word per page is
// looked at.
#include <string.h>

#include "base/bits.h"
#include "kernel/vmcoreinfo.h"

#define SCAN_PAGE 4096U          /* the smallest page size: larger pages start at multiples of it */
#define VIEW_CHUNK (8U << 20)    /* looked at in one view */
#define SMALL_CHUNK (256U << 10) /* ... or, where that crosses a border, in this much */

/* Elf64_Nhdr and name, padded to 4 bytes: {n_namesz, n_descsz, n_type, "VMCOREINFO\0\0"}. */
#define NOTE_NAME "VMCOREINFO"
#define NOTE_NAMESZ 11U
#define NOTE_NAME_OFF 12U
#define NOTE_TEXT_OFF 24U

/* Missing pages may outnumber those that are there by this much, and a floor for small dumps. */
#define MISSING_PER_PAGE 4
#define MISSING_FLOOR 262144

/* So much is looked at where many segments show the same bytes of a file. */
#define SCANNED_FLOOR (1ULL << 30)
#define SCANNED_PER_BYTE 4
#define TEXT_COST 64 /* what is found is gone through byte by byte, for each of its lines */

void s2_vmcoreinfo_scan_init(struct s2_vmcoreinfo_scan *scan, const struct s2_mem *mem)
{
	*scan = (struct s2_vmcoreinfo_scan){ .mem = mem };
	s2_budget_init(&scan->bytes, SCANNED_FLOOR, SCANNED_PER_BYTE, mem->bytes);
	s2_budget_init(&scan->missing, MISSING_FLOOR, MISSING_PER_PAGE, mem->bytes / SCAN_PAGE);
}

/* Moves to a page that lies whole in an extent; false when there is none left. */
static bool to_extent(struct s2_vmcoreinfo_scan *scan)
{
	struct s2_extent extent;

	while (scan->pa >= scan->extent_end || scan->extent_end - scan->pa < SCAN_PAGE) {
		uint64_t from = scan->pa > scan->extent_end ? scan->pa : scan->extent_end;
		uint64_t start;

		if (s2_mem_next(scan->mem, from, &extent) || !extent.size)
			return false;
		scan->extent_end = extent.pa + extent.size;
		start = extent.pa > from ? extent.pa : from;
		if (scan->extent_end <= from || start > UINT64_MAX - SCAN_PAGE)
			return false;
		scan->pa = (start + SCAN_PAGE - 1) & ~(uint64_t)(SCAN_PAGE - 1);
	}
	return true;
}

/* Is this page start the header of the note? @page has at least NOTE_TEXT_OFF bytes. */
static bool is_note(const char *page, uint32_t *ret_size)
{
	uint32_t namesz, descsz, type;

	memcpy(&namesz, page, sizeof(namesz));
	if (namesz != NOTE_NAMESZ)
		return false;
	memcpy(&descsz, page + 4, sizeof(descsz));
	memcpy(&type, page + 8, sizeof(type));
	if (type || !descsz || descsz > S2_VMCOREINFO_MAX ||
	    memcmp(page + NOTE_NAME_OFF, NOTE_NAME, NOTE_NAMESZ) != 0)
		return false;
	*ret_size = descsz;
	return true;
}

/*
 * Hot path: looks at one word of each page of [@bytes, @bytes + @len) and returns the offset of the
 * first note, or @len.
 */
static size_t look(const char *bytes, size_t len, uint32_t *ret_any, uint32_t *ret_size)
{
	for (size_t off = 0; off < len; off += SCAN_PAGE) {
		uint32_t word;

		memcpy(&word, bytes + off, sizeof(word));
		*ret_any |= word;
		if (word == NOTE_NAMESZ && is_note(bytes + off, ret_size))
			return off;
	}
	return len;
}

/*
 * The same for a stretch without a view: a few bytes are read of each page. Reading it whole costs
 * more, from files (copying) as from compressed dumps (nothing is saved).
 */
static size_t look_by_page(struct s2_vmcoreinfo_scan *scan, size_t len, uint32_t *ret_size)
{
	char head[NOTE_TEXT_OFF];

	for (size_t off = 0; off < len; off += SCAN_PAGE) {
		enum s2_code code =
			s2_mem_read(scan->mem, scan->pa + off, head, sizeof(head), NULL);

		if (!code) {
			scan->any |= head[0] != 0;
			if (is_note(head, ret_size))
				return off;
			continue;
		}
		s2_gaps_add(&scan->gaps, scan->pa + off, SCAN_PAGE, code);
		scan->gave_up = s2_budget_take(&scan->missing, 1);
		if (scan->gave_up)
			return off;
	}
	return len;
}

/* Passes over whole pages of which it is known that they are missing; false when there are none. */
static bool pass_missing(struct s2_vmcoreinfo_scan *scan)
{
	uint64_t left = scan->extent_end - scan->pa, n;
	enum s2_code code = s2_mem_lacks(scan->mem, scan->pa, &n);

	n = (n < left ? n : left) & ~(uint64_t)(SCAN_PAGE - 1);
	if (!code || !n)
		return false;
	s2_gaps_add(&scan->gaps, scan->pa, n, code);
	s2_meter_add(scan->mem->meter, n);
	scan->gave_up = s2_budget_take(&scan->missing, 1);
	scan->pa += n;
	return true;
}

/* Passes over a hole; false when there is none. Through @ret_end leaves where the next may begin. */
static bool pass_zeros(struct s2_vmcoreinfo_scan *scan, uint64_t *ret_end)
{
	uint64_t next, zeros = s2_mem_zeros(scan->mem, scan->pa, &next);

	scan->pa += zeros & ~(uint64_t)(SCAN_PAGE - 1);
	s2_meter_add(scan->mem->meter, zeros & ~(uint64_t)(SCAN_PAGE - 1));
	*ret_end = scan->extent_end;
	if (next < scan->extent_end - SCAN_PAGE)
		*ret_end = (next + SCAN_PAGE - 1) & ~(uint64_t)(SCAN_PAGE - 1);
	return zeros >= SCAN_PAGE;
}

/* Looks at the next stretch up to @end, whose length leaves through @ret_len: the offset of the
 * first note in it, or its length. */
static size_t look_at_chunk(struct s2_vmcoreinfo_scan *scan, uint64_t end, size_t *ret_len,
			    uint32_t *ret_size)
{
	uint64_t left = (end - scan->pa) & ~(uint64_t)(SCAN_PAGE - 1);
	size_t len = left < VIEW_CHUNK ? (size_t)left : VIEW_CHUNK;
	const char *bytes = s2_mem_view(scan->mem, scan->pa, len);
	uint32_t any = 0;
	size_t off;

	if (!bytes && len > SMALL_CHUNK) {
		len = SMALL_CHUNK;
		bytes = s2_mem_view(scan->mem, scan->pa, len);
	}
	*ret_len = len;
	if (!bytes)
		return look_by_page(scan, len, ret_size);
	off = look(bytes, len, &any, ret_size);
	scan->any |= any != 0;
	return off;
}

void s2_vmcoreinfo_scan_stop(struct s2_vmcoreinfo_scan *scan)
{
	/* Where an extent was looked through, what follows is in the next one. */
	if (!scan->gave_up && to_extent(scan))
		s2_gaps_add(&scan->gaps, scan->pa, scan->extent_end - scan->pa, S2_BUDGET);
	scan->gave_up = true;
}

enum s2_code s2_vmcoreinfo_scan_next(struct s2_vmcoreinfo_scan *scan, struct s2_vmcoreinfo_hit *ret,
				     struct s2_err *err)
{
	while (!scan->gave_up && to_extent(scan)) {
		uint64_t cost;
		uint32_t size = 0;
		uint64_t end;
		enum s2_code spent;
		size_t len, off;

		if (pass_missing(scan) || pass_zeros(scan, &end))
			continue;
		off = look_at_chunk(scan, end, &len, &size);
		cost = off < len ? off + (uint64_t)size * TEXT_COST : off;
		spent = s2_budget_take(&scan->bytes, cost);
		s2_meter_add(scan->mem->meter, off);
		if (off < len && !scan->gave_up && !spent) {
			ret->pa = scan->pa + off;
			ret->text_pa = ret->pa + NOTE_TEXT_OFF;
			ret->size = size;
			scan->pa = ret->pa + SCAN_PAGE;
			return S2_OK;
		}
		scan->pa += off;
		if (spent)
			s2_vmcoreinfo_scan_stop(scan);
	}
	if (scan->gaps.bytes && scan->gaps.code == S2_NOMEM)
		return s2_fail(err, S2_NOMEM, "no memory to search for VMCOREINFO");
	if (!scan->any && !scan->gave_up && s2_mem_is_zero(scan->mem))
		return s2_fail(err, S2_NOTFOUND, "all memory in this file is zero%s",
			       s2_gaps_text(&scan->gaps).text);
	return s2_fail(err, S2_NOTFOUND,
		       scan->gave_up ? "no VMCOREINFO in the part of memory that was searched%s" :
				       "no VMCOREINFO in memory%s",
		       s2_gaps_text(&scan->gaps).text);
}
