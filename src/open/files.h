/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every file of a command: all are opened here, before the first byte of one is interpreted. */
#ifndef S2_OPEN_FILES_H
#define S2_OPEN_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "open/load.h"
#include "open/output.h"
#include "source/file.h"

/* What the user named; "-" among the inputs is standard input. */
struct s2_files_request {
	char *const *input; /* parts of one dump */
	size_t ninputs;
	const char *pages, *vmlinux, *system_map, *module; /* NULL: not given */
	struct s2_output_request output;
};

struct s2_files {
	struct s2_opened *input;
	struct s2_place *place; /* one for each input: where its copy goes, if it needs one */
	size_t ninputs;
	struct s2_opened pages, vmlinux, system_map, module;
	struct s2_output out;
};

/* None, so that s2_files_close() does nothing. */
void s2_files_init(struct s2_files *files);

/*
 * Opens them all, and what copies of them will need: no more is opened afterwards. S2_USAGE, and
 * nothing touched, when the output, or standard output without one, is one of the other files.
 * Messages name the file.
 * @request's names must outlive @ret, which is to be closed whatever the outcome.
 */
enum s2_code s2_files_open(const struct s2_files_request *request, struct s2_files *ret,
			   struct s2_err *err) S2_MUST_CHECK;

/*
 * Closes what the process was started with beside the three standard descriptors: only what
 * @files has stays open. To be called when all is open: a name like /dev/fd/3 is then a descriptor
 * of our own. False: the system does not let us see to it.
 */
bool s2_files_alone(const struct s2_files *files);

/*
 * Copies those inputs that cannot be read as they lie, and unpacks them (open/load.h), to @max
 * bytes each, 0 for the default. To be called once, before any input is looked at. Messages name
 * the file where there are several.
 */
enum s2_code s2_files_load(struct s2_files *files, uint64_t max, struct s2_meter *meter,
			   struct s2_err *err) S2_MUST_CHECK;
void s2_files_close(struct s2_files *files);

/* Every file that is read, the inputs first, open or not; NULL behind the last. */
struct s2_opened *s2_files_nth(const struct s2_files *files, size_t i);

/* Notes of each file how it is, before it is looked at. */
void s2_files_date(struct s2_files *files);

/* Was @file written to, or cut, since then? Once true, then no more. */
bool s2_file_changed(struct s2_opened *file);

/* Are there inputs of which no checksum says that what was unpacked is right? */
bool s2_files_unverified(const struct s2_files *files);

#endif
