/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A search of memory: steps over exactly what is missing, and remembers how much that was. */
#ifndef S2_BASE_SCAN_H
#define S2_BASE_SCAN_H

#include <stdbool.h>

#include "base/mem.h"

/* What a search could not see. All zero: nothing. */
struct s2_gaps {
	uint64_t bytes;    /* how much, in all; */
	uint64_t mapped;   /* so much of it is what missing tables may map, or not */
	uint64_t pa;       /* where the first of it is */
	enum s2_code code; /* ... and why it cannot be read; S2_NOMEM goes before all others */
};

void s2_gaps_add(struct s2_gaps *gaps, uint64_t pa, uint64_t bytes, enum s2_code code);

/* What a table at @pa, or a part of one, would say of @bytes bytes of addresses. */
void s2_gaps_add_table(struct s2_gaps *gaps, uint64_t pa, uint64_t bytes, enum s2_code code);

/* "4096 bytes", "up to 2097152 bytes that missing tables map", or both. */
struct s2_gaps_size {
	char text[100];
};
struct s2_gaps_size s2_gaps_size(const struct s2_gaps *gaps);

/* " (4096 bytes could not be searched, the first at ...)", or "" when there are no gaps. */
struct s2_gaps_text {
	char text[200];
};
struct s2_gaps_text s2_gaps_text(const struct s2_gaps *gaps);

/* Looks at [@pa, @pa + @len), which is all there; returns false to stop. @bytes is aligned to 8
 * when @pa is, and lasts as long as the call. */
typedef bool s2_scan_look(void *arg, uint64_t pa, const void *bytes, size_t len);

/* What a look may ask for to see again. */
#define S2_SCAN_OVERLAP 64

/*
 * Shows everything in [@pa, @pa + @size) that is there to @look, in ascending order and in pieces.
 * Where pieces follow each other without a gap, the next begins with the last @overlap bytes (up
 * to S2_SCAN_OVERLAP) of what was shown before: what spans up to @overlap + 1 bytes is seen whole,
 * and once.
 * What cannot be read is added to @gaps: to the multiple of 8 bytes where some of a 4K page can be
 * read, else the whole page. S2_NOMEM, or S2_OK, also when @look stopped.
 */
enum s2_code s2_scan(const struct s2_mem *mem, uint64_t pa, uint64_t size, size_t overlap,
		     s2_scan_look *look, void *arg, struct s2_gaps *gaps,
		     struct s2_err *err) S2_MUST_CHECK;

/*
 * Is all that can be read zero, and is there something? What an extent claims and is missing counts
 * for nothing, but costs time: not for extents that nobody has gone through before. False, too,
 * when extents hold far more than a file of this size.
 */
bool s2_mem_is_zero(const struct s2_mem *mem);

#endif
