/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An input file: bytes at an offset, mapped where the system can, never past the end. */
#ifndef S2_SOURCE_FILE_H
#define S2_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* One piece of a rearranged file (makedumpfile's flattened format): bytes of the logical file. */
struct s2_file_piece {
	uint64_t off; /* in the logical file */
	uint64_t size;
	uint64_t file_off; /* in the file on disk */
};

/*
 * A file that was opened before any byte of an input was looked at (open/files.h). The descriptors
 * stay the opener's, and must outlive whatever reads through them.
 */
struct s2_opened {
	const char *name; /* for messages */
	int fd;           /* a regular file or a block device; -1: none was given */
	int cmdline_fd;   /* /proc/cmdline, where the file may be the running kernel's memory; -1 */
	const char *packed; /* how it was compressed, NULL when it was not: @fd is what was in it */
	char damage[192];   /* why @fd holds only its beginning, "" when it holds all */
	bool unverified;    /* of which some bytes have no checksum that holds: any may be wrong */
	bool too_long;      /* more would have become of it than it may */
	bool dated;         /* when it was written last is known: */
	uint64_t size;
	struct timespec written;
};

/* How a mapping stands. */
struct s2_mapped {
	uint64_t size;
	uint64_t end;      /* less than @size once a cut of the file was met */
	uint64_t page;     /* what the system maps at once */
	uint64_t *touched; /* bit n: region n was read; NULL for files so small that all may be */
	uint64_t regions;  /* so many may be, ... */
	uint64_t left;     /* and so many more */
};

struct s2_file {
	int fd;                      /* the opener's, -1 for bytes in memory */
	int cmdline_fd;              /* likewise, see struct s2_opened */
	uint64_t size;               /* logical size */
	const uint8_t *map;          /* the file on disk, NULL when it cannot be mapped */
	uint64_t map_size;           /* size of the file on disk */
	struct s2_mapped *mapped;    /* what is known of the mapping, NULL without one of its own */
	bool borrowed;               /* @map belongs to someone else, see s2_file_memory() */
	bool sparse;                 /* fewer bytes are on disk than it is long */
	bool live;                   /* /proc/kcore: the kernel answers, and it may refuse parts */
	struct s2_file_piece *piece; /* sorted and disjoint, NULL when the file is as on disk */
	size_t npieces;
};

/* Is this descriptor of a file, directory or link of procfs? */
bool s2_fd_is_proc(int fd);

/* Prepares @opened for reading. An empty file is an error. */
enum s2_code s2_file_open(const struct s2_opened *opened, struct s2_file *ret,
			  struct s2_err *err) S2_MUST_CHECK;

/* @size bytes at @data as a file without a name; they stay the caller's and must outlive it. */
void s2_file_memory(const void *data, size_t size, struct s2_file *ret);
void s2_file_close(struct s2_file *file);

/* The file is one of @n, all of which together may take as much memory as one alone. */
enum s2_code s2_file_share(struct s2_file *file, size_t n, struct s2_err *err) S2_MUST_CHECK;

/*
 * All or nothing; S2_TRUNCATED past the end and in holes of a rearranged file, S2_ABSENT where a
 * live kernel does not give its memory.
 */
enum s2_code s2_file_read(const struct s2_file *file, uint64_t off, void *buf, size_t len,
			  struct s2_err *err) S2_MUST_CHECK;

/*
 * True when the file can hold [@off, @off + @len): it ends in the file, and there are that many
 * bytes on disk, which bounds what is worth allocating. Holes of a rearranged file do not count.
 */
bool s2_file_holds(const struct s2_file *file, uint64_t off, uint64_t len);

/*
 * From @off on: where bytes begin that are on disk, which is @off itself within them, and through
 * @ret_end where they end. Everything before is a hole of a sparse file, and reads as zero. The
 * size of the file when nothing follows.
 */
uint64_t s2_file_data(const struct s2_file *file, uint64_t off, uint64_t *ret_end);

/* How many bytes are on disk. */
uint64_t s2_file_backed(const struct s2_file *file);

/* A pointer to the bytes of a file in memory; NULL where there is none, and always for one on disk.
 */
const void *s2_file_view(const struct s2_file *file, uint64_t off, size_t len);

#endif
