/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to an open source and the list of tables to work on: shared by all commands that
 * read a file. */
#ifndef S2_CMD_INPUT_H
#define S2_CMD_INPUT_H

#include "base/lost.h"
#include "kernel/kernel.h"
#include "host/tables.h"
#include "open/files.h"
#include "options.h"

struct s2_input {
	const char *path;
	struct s2_source *source;
	struct s2_kernel *kernel; /* NULL when the tables did not come from one */
	struct s2_files files;
	struct s2_out *out;      /* that goes to files.out; NULL: to standard output */
	struct s2_tables tables; /* those that --table selects */
	struct s2_lost *lost;    /* what the command could not read, so far */
};

/*
 * Opens all files that the options name: the one at @paths[0], or several as the parts of one split
 * dump; then finds the tables. Errors are prefixed with the path. S2_USAGE when -o names an input.
 */
enum s2_code s2_input_open(const struct s2_options *options, char *const *paths, int npaths,
			   struct s2_input *ret, struct s2_err *err) S2_MUST_CHECK;
void s2_input_close(struct s2_input *input);

/* What the document is about. Good as long as @input. */
struct s2_image s2_input_image(const struct s2_input *input);

/*
 * What a command that would end with @status ends with: says on standard error what was lost, and
 * makes S2_EXIT_INCOMPLETE of S2_EXIT_OK when anything was. To be called once, when all is read.
 */
enum s2_exit s2_input_finish(const struct s2_input *input, enum s2_exit status);

/* Geometry of a table, and its root checked against it. Errors are prefixed with the table's id. */
enum s2_code s2_input_shape(const struct s2_table *table, struct s2_geometry *ret,
			    struct s2_err *err) S2_MUST_CHECK;

/* Lets @out go to the file of -o, or leaves it as it is. */
void s2_input_output(struct s2_input *input, struct s2_out *out);

/* All was written: the file of -o takes its place. Without it the old file stays. */
enum s2_code s2_input_commit(struct s2_input *input, struct s2_err *err) S2_MUST_CHECK;

#endif
