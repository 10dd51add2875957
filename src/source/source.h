/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers: whatever the file is, it becomes memory at physical addresses, and notes. */
#ifndef S2_SOURCE_SOURCE_H
#define S2_SOURCE_SOURCE_H

#include <stddef.h>

#include "base/lost.h"
#include "base/mem.h"
#include "source/file.h"

/* A stretch of physical memory and where its bytes are. Sorted by pa and disjoint once built. */
struct s2_segment {
	uint64_t pa;
	uint64_t size; /* in memory */
	uint64_t file_off;
	uint64_t file_size; /* bytes in the file, the rest up to @size was left out */
};

/* A note of an ELF container (or what plays its part elsewhere), by name and type. */
struct s2_note {
	char name[24];
	uint32_t type;
	uint64_t file_off; /* of the payload */
	uint64_t size;
};

/* What a raw image cannot say of itself. */
struct s2_raw_args {
	bool raw; /* do not probe for containers: --base or --map was given */
	bool have_base;
	uint64_t base;
	const struct s2_segment *map; /* from --map, size == file_size */
	size_t nmaps;
};

struct s2_source;

/* For probes: s2_file_read(), and S2_NOTMINE where the file is too short. What cannot be read is no
 * answer, and belongs to nobody. */
enum s2_code s2_source_probe_read(const struct s2_file *file, uint64_t off, void *buf, size_t len,
				  struct s2_err *err) S2_MUST_CHECK;

/* One row per container in s2_sources[]. To add one: a file with these functions and a row there. */
struct s2_source_ops {
	const char *name; /* JSON image.format */

	/* S2_OK: mine; S2_NOTMINE; anything else: mine but broken, that message is the one shown.
	 * Asked of all in s2_sources[]. */
	enum s2_code (*probe)(const struct s2_file *file, struct s2_err *err);

	/* Fills what it owns in @source: segments, notes, mem. @source->file is open. */
	enum s2_code (*open)(struct s2_source *source, const struct s2_raw_args *args,
			     struct s2_err *err);

	/* Takes over @part, another file of the same dump, also on failure. May be NULL. */
	enum s2_code (*join)(struct s2_source *source, struct s2_source *part, struct s2_err *err);

	/* Releases what open() allocated beyond segments and notes. May be NULL. */
	void (*close)(struct s2_source *source);
};

/* Pages that a filter left out and that read as zeros, because the user says so. */
struct s2_absent {
	const struct s2_mem_ops *inner; /* what the file itself gives */
	uint64_t times;                 /* how often one was read, */
	uint64_t first_pa;              /* and which was the first */
};

struct s2_source {
	struct s2_mem mem;
	const struct s2_source_ops *ops;
	struct s2_file file;
	/* ops->name, or finer: "s2dump-snapshot", "kcore", "flattened+elf-core" */
	const char *format;
	const char *machine; /* as uname(1) calls it, NULL when the container does not say */
	struct s2_segment *seg;
	size_t nsegs;
	struct s2_note *note;
	size_t nnotes;
	bool left_out_zeros;      /* its last filter left out pages of zeros, and maybe others */
	struct s2_absent *absent; /* NULL: what is missing is missing */
	uint64_t claimed;         /* bytes of the pages of a kdump, mem.bytes or more; else 0 */
	struct s2_lost *lost;     /* where it says that it did not go on; NULL: nowhere */
	bool incomplete;          /* the writer says so, or the file is cut off */
	uint64_t lacks[2];  /* [from, to): memory of parts that were not given; none if equal */
	bool lacks_more;    /* it is the first of several such ranges */
	char node[66];      /* the machine's name, "" when not told */
	uint64_t time;      /* seconds since 1970 when it was written; 0: not told */
	const char *writer; /* the program that wrote it, as far as the file tells; else NULL */
	char remark[200];   /* what was corrected or is strange, for people; "" when nothing */
	void *priv;
	char format_text[48]; /* room for a @format that is put together */
};

/* The source whose memory @mem is. */
static inline const struct s2_source *s2_source_of(const struct s2_mem *mem)
{
	return (const struct s2_source *)(const void *)((const char *)mem -
							offsetof(struct s2_source, mem));
}

/* Probes @file for all containers, or takes it as a raw image. */
enum s2_code s2_source_open(const struct s2_opened *file, const struct s2_raw_args *args,
			    struct s2_source **ret, struct s2_err *err) S2_MUST_CHECK;

/* What ends an error about files that were given as parts of one dump and are none. */
#define S2_NOT_PARTS \
	": commas join only the parts of one dump that makedumpfile has split, any " \
	"other file is given by itself"

/*
 * Opens the parts of one dump (makedumpfile --split), in any order, as one source. Every part but
 * the first must be of the same kind and belong to the same dump; with one part this is
 * s2_source_open().
 */
enum s2_code s2_source_open_parts(const struct s2_opened *parts, size_t n,
				  const struct s2_raw_args *args, struct s2_source **ret,
				  struct s2_err *err) S2_MUST_CHECK;

/* The same as s2_source_open() for bytes in memory, which must outlive the source. */
enum s2_code s2_source_open_memory(const void *data, size_t size, const struct s2_raw_args *args,
				   struct s2_source **ret, struct s2_err *err) S2_MUST_CHECK;
void s2_source_close(struct s2_source *source);

/*
 * From here on what a filter left out of @source reads as zeros, and is counted in its `absent`.
 * Other missing memory stays missing.
 */
enum s2_code s2_source_absent_is_zero(struct s2_source *source, struct s2_err *err) S2_MUST_CHECK;

/* Whether it does for now, after that; what was not asked for cannot be believed. */
void s2_source_believe(struct s2_source *source, bool zeros);

/* Whose note it is by which a snapshot describes itself. */
#define S2_SNAPSHOT_NOTE "S2DUMP"

/* The first note with this name and type, or NULL; @type UINT32_MAX takes any. */
const struct s2_note *s2_source_note(const struct s2_source *source, const char *name,
				     uint32_t type);

/* For containers: says something for people, unless something was said before. */
void s2_source_remark(struct s2_source *source, const char *fmt, ...) S2_PRINTF(2, 3);

/*
 * The name of the machine in an ELF header (EM_*), or of uname's machine; NULL when s2dump does not
 * know it.
 */
const char *s2_machine_of_elf(unsigned int e_machine);
const char *s2_machine_of_uname(const char *machine);

/* Opens @source->file, which another container has rearranged, as whatever it holds. */
enum s2_code s2_source_open_inner(struct s2_source *source, const struct s2_raw_args *args,
				  struct s2_err *err) S2_MUST_CHECK;

enum s2_code s2_source_add_note(struct s2_source *source, const struct s2_note *note,
				struct s2_err *err) S2_MUST_CHECK;

/*
 * Adds the notes in [@off, @end) of the file, which are aligned to 8 bytes when @align is 8, and to
 * 4 otherwise. A note that is broken ends the reading with a remark that calls the place @what.
 */
enum s2_code s2_source_read_notes(struct s2_source *source, const char *what, uint64_t off,
				  uint64_t end, uint64_t align, struct s2_err *err) S2_MUST_CHECK;

/*
 * Where the notes from @off on end if nothing but they themselves is asked: at the first that no
 * dump writer makes, or with the file. @ret_crossed tells whether one of them lies across @border.
 */
uint64_t s2_notes_end(const struct s2_file *file, uint64_t off, uint64_t border, bool *ret_crossed);

/*
 * Takes over @seg (sorted and made disjoint in place or anew: where segments overlap, the one with
 * bytes in the file wins, then the first) and installs the memory operations that read them from
 * the file.
 */
enum s2_code s2_segments_install(struct s2_source *source, struct s2_segment *seg, size_t n,
				 struct s2_err *err) S2_MUST_CHECK;

/*
 * Sorts the @n segments at *@seg and makes them disjoint; where they overlap, the first in the file
 * wins, or the last when @last_wins: those of a flattened file, whose addresses are offsets. *@seg
 * (on the heap) may be replaced, and is the caller's to free whatever the outcome.
 */
enum s2_code s2_segments_disjoint(struct s2_segment **seg, size_t *n, bool last_wins,
				  struct s2_err *err) S2_MUST_CHECK;

/*
 * When @source, an ELF core with its notes, is /proc/kcore: says so in it, or why it cannot be
 * read. @seg are its @n segments.
 */
enum s2_code s2_kcore_check(struct s2_source *source, const struct s2_segment *seg, size_t n,
			    struct s2_err *err) S2_MUST_CHECK;

/* A raw image that was opened without an address gets one. */
void s2_raw_rebase(struct s2_source *source, uint64_t base);

extern const struct s2_source_ops s2_source_raw;
extern const struct s2_source_ops s2_source_elf;
extern const struct s2_source_ops s2_source_kdump;
extern const struct s2_source_ops s2_source_flattened;
extern const struct s2_source_ops s2_source_lime;
extern const struct s2_source_ops s2_source_unsupported;
extern const struct s2_source_ops s2_source_xen;

#endif
