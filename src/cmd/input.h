/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to an open source and the list of tables to work on: shared by all commands that
 * read a file. */
#ifndef S2_CMD_INPUT_H
#define S2_CMD_INPUT_H

#include "format/format.h"
#include "format/json.h"
#include "open/input.h"
#include "open/shape.h"
#include "options.h"

/*
 * Opens all files that the options name: the one at @paths[0], or several as the parts of one split
 * dump; then finds the tables. Errors are prefixed with the path. S2_USAGE when -o names an input.
 */
enum s2_code s2_input_open(const struct s2_options *options, char *const *paths, int npaths,
			   struct s2_input *ret, struct s2_err *err) S2_MUST_CHECK;

/* What the document is about. Good as long as @input. */
struct s2_image s2_input_image(const struct s2_input *input);

/* Ends a document, or what a printer prints, when all is read: complete where all that was found is
 * @told and nothing is lost of what was asked for. */
void s2_input_end_document(const struct s2_input *input, struct s2_json *json, bool told,
			   const struct s2_lost *more);
void s2_input_end_rows(const struct s2_input *input, struct s2_printer *printer, bool told);

/*
 * What a command that would end with @status ends with: says on standard error what was lost, and
 * makes S2_EXIT_INCOMPLETE of S2_EXIT_OK when anything was. To be called once, when all is read.
 */
enum s2_exit s2_input_finish(const struct s2_input *input, enum s2_exit status);

#endif
