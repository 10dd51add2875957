/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who keeps tables in the memory of a Linux kernel: a row each, asked in turn. */
#ifndef S2_HOST_HOST_H
#define S2_HOST_HOST_H

#include "base/lost.h"
#include "host/tables.h"
#include "kernel/kernel.h"

/* Rows of s2_hosts[] have room for what they remember. */
#define S2_MAX_HOSTS 8

/* Those that matter of the VMs that a keeper knows: the others' tables need not be read. */
struct s2_vms_wanted {
	bool (*wants)(const void *arg, const char *id);
	const void *arg;
};

/* One search through a kernel's memory. */
struct s2_host_search {
	struct s2_kernel *kernel;
	const struct s2_mem *mem;           /* that @kernel lives in */
	const struct s2_vms_wanted *wanted; /* NULL: all */
	struct s2_tables *tables;           /* found so far */
	struct s2_lost *lost;               /* what could not be read */
	struct s2_err *err;
	void *state[S2_MAX_HOSTS]; /* of each row, from its probe() */
	bool unread[S2_MAX_HOSTS]; /* what the row needs is not in the dump */
};

/*
 * A keeper of tables. Each step is done by all rows in their order before the next one; any may be
 * absent. What cannot be read goes to @search->lost; an error ends the search.
 */
struct s2_host {
	const char *name;
	const char *kernel; /* only kernels of this s2_kva_ops have it; NULL: any */
	/* Is it there, and what of it? *@ret_state is the row's own. After a missing code, which
	 * becomes a loss, no other step of the row is asked. */
	enum s2_code (*probe)(struct s2_host_search *search, void **ret_state);
	/* Adds the tables of the system itself. */
	enum s2_code (*system)(struct s2_host_search *search, void *state);
	/* Adds the tables of virtual machines. */
	enum s2_code (*tables)(struct s2_host_search *search, void *state);
	/* Changes what another row has found, before that adds it: a bare table may get a root, or
	 * turn out to have one that cannot be read: then it is bare no more. */
	enum s2_code (*amend)(struct s2_host_search *search, void *state, struct s2_table *table);
	/* Adds what nobody else has asked about. */
	enum s2_code (*rest)(struct s2_host_search *search, void *state);
	/* Makes a table its own that was found otherwise, and maps every address to itself. */
	void (*identity)(const struct s2_tables *tables, struct s2_table *table);
	void (*close)(void *state);
	/* What the row knows that all of @tables share: to a snapshot's note and back, and gone. */
	void (*save)(const struct s2_tables *tables, struct json_t *note);
	enum s2_code (*load)(struct json_t *note, struct s2_tables *tables, struct s2_err *err);
	void (*free)(struct s2_tables *tables);
};

/* Generated from -Darchs=. */
extern const struct s2_host *const s2_hosts[];
extern const unsigned int s2_nhosts;

/*
 * Fills @ret with all tables that the rows find in the memory of @kernel, which is @mem, or without
 * those of VMs that are not @wanted (NULL: all are). What could not be read goes to @lost; no
 * tables is S2_OK. S2_NOTFOUND: nobody keeps tables there, or there is no way to find them.
 */
enum s2_code s2_hosts_find(struct s2_kernel *kernel, const struct s2_mem *mem,
			   const struct s2_vms_wanted *wanted, struct s2_lost *lost,
			   struct s2_tables *ret, struct s2_err *err) S2_MUST_CHECK;

/* For rows that have found a table: lets all others change it. */
enum s2_code s2_hosts_amend(struct s2_host_search *search, struct s2_table *table) S2_MUST_CHECK;

/* For a table that nobody searched for and that maps every address to itself: lets all rows have
 * it. */
void s2_hosts_identity(const struct s2_tables *tables, struct s2_table *table);

/* What cannot be read of one table does not hide the rest: @code becomes a loss with the text of
 * @search->err, and the search goes on. S2_NOMEM stays an error. */
enum s2_code s2_host_set_aside(struct s2_host_search *search, enum s2_lost_what what,
			       const char *table, enum s2_code code) S2_MUST_CHECK;

#endif
