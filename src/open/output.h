/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that a command writes: beside the old one, in whose place it comes when it is whole. */
#ifndef S2_OPEN_OUTPUT_H
#define S2_OPEN_OUTPUT_H

#include <sys/stat.h>

#include "base/err.h"

struct s2_output_request {
	const char *path; /* NULL: no file is written */
	const char *as;   /* how the user gave it, for messages: "-o" */

	/*
	 * Told the name of the temporary file in the directory @dir_fd before it is made, and
	 * (-1, NULL) when it is gone: whoever dies of a signal must remove it. May be NULL.
	 */
	void (*temporary)(int dir_fd, const char *name);
};

#define S2_TEMPORARY_LEN 40

struct s2_output {
	struct s2_output_request request;
	int fd;      /* to write to; -1: there is none */
	int dir_fd;  /* of the target and the temporary file; -1: written in place */
	char *name;  /* of the target in that directory */
	bool exists; /* then @old says what stands at the target */
	struct stat old;
	char temporary[S2_TEMPORARY_LEN]; /* "" when there is none */
};

/* No file. */
void s2_output_init(struct s2_output *out);

/* One file, whatever names led to it? */
bool s2_is_same_file(const struct stat *a, const struct stat *b);

/*
 * Finds where @request leads to, and touches nothing: a symbolic link is followed, so that its
 * target is replaced and not the link. A device, a FIFO, and what is open already (standard output,
 * /dev/fd/3) are to be written in place. S2_IO.
 */
enum s2_code s2_output_find(const struct s2_output_request *request, struct s2_output *ret,
			    struct s2_err *err) S2_MUST_CHECK;

/*
 * Makes the temporary file, with owner and permissions of the file that it is to replace, or opens
 * what is written in place. S2_IO, also when the old file may not be written.
 */
enum s2_code s2_output_create(struct s2_output *out, struct s2_err *err) S2_MUST_CHECK;

/* All was written to @out->fd: puts the file into its place. S2_IO, and the old file is as it was. */
enum s2_code s2_output_commit(struct s2_output *out, struct s2_err *err) S2_MUST_CHECK;

/* Without s2_output_commit() nothing is left but what was there before. */
void s2_output_close(struct s2_output *out);

#endif
