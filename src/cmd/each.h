/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table after the other: a broken one does not hide the others. One address after the other. */
#ifndef S2_CMD_EACH_H
#define S2_CMD_EACH_H

#include "cmd/input.h"

/*
 * Calls @one for each of @n tables, with its geometry. What it fails with, or what the geometry
 * does, is said on standard error, and decides the status that is returned; the next table follows
 * all the same. Only S2_NOMEM ends at once, and is in @err. Of a bare table the geometry may be
 * known no further than @geom->arch: then @geom->heights is 0.
 */
enum s2_exit s2_each_table(const struct s2_input *input, const struct s2_table *tables, size_t n,
			   enum s2_code (*one)(void *arg, const struct s2_table *table,
					       const struct s2_geometry *geom, struct s2_err *err),
			   void *arg, struct s2_err *err);

/*
 * Calls @one for each address that follows the file on the command line, and where that is "-" for
 * each line of standard input: blank lines and what follows a '#' are skipped, and *@steps becomes
 * what --verbose says. Ends with the first that fails.
 */
enum s2_code s2_each_address(const struct s2_options *options, const struct s2_out *out,
			     bool *steps,
			     enum s2_code (*one)(void *arg, const char *text, struct s2_err *err),
			     void *arg, struct s2_err *err) S2_MUST_CHECK;

#endif
