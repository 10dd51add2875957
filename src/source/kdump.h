/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the kdump reader share: kdump.c reads headers, kdump_pages.c gives pages. */
#ifndef S2_SOURCE_KDUMP_H
#define S2_SOURCE_KDUMP_H

#include "base/bits.h"
#include "base/budget.h"
#include "source/source.h"

/* As in the file, like kdump_desc below: makedumpfile's diskdump_mod.h on 64-bit machines. */
struct kdump_header {
	char signature[8];
	int32_t header_version;
	char utsname[6][65]; /* the fifth is the machine */
	uint8_t pad[6];
	uint64_t timestamp[2];
	uint32_t status;
	uint32_t block_size;
	uint32_t sub_hdr_size; /* in blocks, as the next */
	uint32_t bitmap_blocks;
	uint32_t max_mapnr;
	uint32_t counts[5];
};
_Static_assert(sizeof(struct kdump_header) == 464, "as in the file");

struct kdump_desc {
	uint64_t offset;
	uint32_t size;
	uint32_t flags;
	uint64_t page_flags;
};
_Static_assert(sizeof(struct kdump_desc) == 24, "as in the file");

/* A stretch of the second bitmap that is on disk: a hole of a sparse file holds no page. */
struct kdump_run {
	uint64_t group; /* the first */
	uint64_t n;
	uint64_t *rank; /* of each */
};

/* One file, and the pages that it answers for. */
struct kdump_part {
	const struct s2_file *file;
	struct s2_source *owner; /* of the file; NULL for the source itself */
	uint64_t start_pfn; /* a split file answers for [start_pfn, end_pfn), any other for all */
	uint64_t end_pfn;
	uint64_t bitmap1_off; /* pages that exist */
	uint64_t bitmap2_off; /* pages that were dumped */
	uint64_t desc_off;
	struct kdump_run *run; /* ascending */
	size_t nruns;
	uint64_t ndumped;
	uint64_t dumped_end; /* behind the last page that was dumped */
	bool incomplete;
};

/*
 * A decompressed block, known by where it came from: many pages may share one. One that is small in
 * the file is known by what it is there: makedumpfile compresses each page of zeros anew.
 */
struct kdump_slot {
	const struct s2_file *file; /* NULL when empty */
	struct kdump_desc desc;
	uint64_t used;
	uint8_t *block; /* NULL until first used; behind it a small one's bytes in the file */
	bool zeros;     /* a small one that holds nothing */
};

/* The cache makes reads change something behind a const s2_mem: one thread per source. */
struct kdump {
	struct kdump_header header; /* of the first file */
	unsigned int block_log2;
	uint64_t npfns;
	bool split;
	struct kdump_part *part; /* sorted and disjoint */
	size_t nparts;
	size_t nslots;
	struct kdump_slot *slot;
	uint8_t *scratch; /* a block as it is in the file that cannot be seen in a mapping */
	const struct s2_file *zero_file; /* NULL, or where a block of zeros is stored as it is */
	uint64_t zero_off;
	uint64_t clock;
	uint64_t backed;            /* bytes of the files that are there */
	struct s2_budget unpacking; /* bytes that may still become of compressed blocks */
	struct s2_budget comparing; /* bytes that may still be compared with zeros */
	bool told;                  /* that it ended */
};

static inline uint64_t kdump_block_size(const struct kdump *k)
{
	return BIT64(k->block_log2);
}

/* Counts @part's pages and indexes them; everything but runs, ndumped and dumped_end is set. */
enum s2_code s2_kdump_rank(struct kdump_part *part, struct s2_err *err) S2_MUST_CHECK;

/* Sets how much may be unpacked and compared, by the bytes that are there. To be called when that
 * is known. */
void s2_kdump_limit(struct kdump *k);

/* The cache of decompressed blocks, and @k's memory operations, which find it in source->priv. */
enum s2_code s2_kdump_alloc_cache(struct kdump *k, struct s2_err *err) S2_MUST_CHECK;
extern const struct s2_mem_ops s2_kdump_mem_ops;

#endif
