/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table after the other: a broken one does not hide the others. One address after the other. */
#ifndef S2_CMD_EACH_H
#define S2_CMD_EACH_H

#include "base/budget.h"
#include "cmd/input.h"
#include "model/ranges.h"

/* Of a bare table the geometry may be known no further than @ret->arch: then @ret->heights is 0. */
enum s2_code s2_table_geometry(const struct s2_table *table, struct s2_geometry *ret,
			       struct s2_err *err) S2_MUST_CHECK;

/*
 * Calls @one for each of @n tables, with its geometry. What it fails with, or what the geometry
 * does, is said on standard error, and decides *@ret; the next table follows all the same. Only
 * S2_NOMEM ends at once, and is what is returned.
 */
enum s2_code s2_each_table(const struct s2_input *input, const struct s2_table *tables, size_t n,
			   enum s2_code (*one)(void *arg, const struct s2_table *table,
					       const struct s2_geometry *geom, struct s2_err *err),
			   void *arg, enum s2_exit *ret, struct s2_err *err) S2_MUST_CHECK;

/* Says of how many rows a condition could not be asked; nothing when of none. */
void s2_say_left_out(const char *path, uint64_t rows);

/* What all tables of a command may cost, by the memory that is there. */
struct s2_effort {
	uint64_t most;           /* bytes that may be printed, */
	struct s2_budget visits; /* table pages that may be read, */
	struct s2_budget looks;  /* and pages that annotators may look at one by one */
};

/*
 * Sound tables, each of whose pages is reached once and each of whose entries is a row, need less;
 * a page that is reached thousands of times would fill a disk. @json: rows are longer there, with
 * the name of each member.
 */
void s2_effort_init(struct s2_effort *ret, const struct s2_input *input, bool json);

/* Has everything been printed that may be? */
static inline bool s2_effort_ends(const struct s2_effort *effort, const struct s2_out *out)
{
	return s2_out_bytes(out) >= effort->most;
}

/* May the next row of @ranges be asked for? Once everything was printed that may be, what is left
 * of them is missing. */
static inline bool s2_effort_goes_on(const struct s2_effort *effort, struct s2_ranges *ranges,
				     const struct s2_out *out)
{
	if (s2_effort_ends(effort, out))
		s2_ranges_stop(ranges);
	return !s2_out_dead(out);
}

/* Before each table: those before may have cost all, but a small one is read even then. */
void s2_effort_table(struct s2_effort *effort, const struct s2_out *out);

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
