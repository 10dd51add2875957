/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request to an open source and the tables in it. */
#ifndef S2_OPEN_INPUT_H
#define S2_OPEN_INPUT_H

#include "base/lost.h"
#include "base/out.h"
#include "host/tables.h"
#include "kernel/kernel.h"
#include "open/files.h"
#include "open/image.h"
#include "open/request.h"
#include "open/select.h"

struct s2_input {
	const char *path;
	struct s2_source *source;
	struct s2_kernel *kernel; /* NULL when the tables did not come from one */
	struct s2_files files;
	struct s2_out *out;      /* that goes to files.out; NULL: to standard output */
	struct s2_tables tables; /* all that were found, then those that were asked for */
	struct s2_lost *lost;    /* what could not be read, so far */
	struct s2_inferred_image inferred;
	bool searched;               /* the kernel was asked for its tables */
	char no_kernel[S2_ERR_TEXT]; /* of an overview: why there is none */
	struct s2_refusal refusal;
	char further[S2_FURTHER_LEN]; /* tables of VMs whose own one was asked for, and that were
					 not; "" where there are none */
};

/*
 * Opens all files that @request names. S2_USAGE when the output is an input. @ret is to be closed
 * whatever the outcome.
 */
enum s2_code s2_input_files(const struct s2_request *request, struct s2_input *ret,
			    struct s2_err *err) S2_MUST_CHECK;

/*
 * Finds the tables in what s2_input_files() opened. After a failure @input holds what was found
 * before, and @input->refusal says what the request lacks.
 */
enum s2_code s2_input_find(const struct s2_request *request, struct s2_input *input,
			   struct s2_err *err) S2_MUST_CHECK;

/*
 * Keeps the tables and losses that @request asks for, and adds its claims to what the file says of
 * them. A pattern that fits no table is an error: S2_USAGE, or S2_NOTFOUND when it may be among
 * what was lost.
 */
enum s2_code s2_input_select(const struct s2_request *request, struct s2_input *input,
			     struct s2_err *err) S2_MUST_CHECK;
void s2_input_close(struct s2_input *input);

/* When all has been read: a file that was changed meanwhile is a loss, which an access to a mapping
 * need not notice; and so are types that were not all looked at, whoever asked. */
void s2_input_read(const struct s2_input *input);

/* Lets @out go to the file of the request, or leaves it as it is. */
void s2_input_output(struct s2_input *input, struct s2_out *out);

/* All was written: the output's file takes its place. Without it the old file stays. */
enum s2_code s2_input_commit(struct s2_input *input, struct s2_err *err) S2_MUST_CHECK;

#endif
