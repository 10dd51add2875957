/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command was asked for and could not read: one list, which nothing is dropped without. */
#ifndef S2_BASE_LOST_H
#define S2_BASE_LOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What was lost. Names in s2_lost_name(). */
enum s2_lost_what {
	S2_LOST_VM,       /* a VM, or a part of the list of VMs */
	S2_LOST_TABLE,    /* a whole table: its root or its registers are not known */
	S2_LOST_PAGE,     /* table pages */
	S2_LOST_SLOTS,    /* the memslots of a VM */
	S2_LOST_OWNER,    /* owners and states of pages */
	S2_LOST_REGISTER, /* a register, or what decides how attributes read */
	S2_LOST_PERCPU,   /* what the kernel keeps per CPU */
	S2_LOST_SEARCH,   /* memory that a search should have seen */
	S2_LOST_FILE,     /* the rest of a file that cannot be read to its end */
	S2_LOST_PROCESS,  /* whose a VM is, and what its vCPUs do */
	S2_LOST_CHECK,    /* what a check needs */
	S2_NLOST,
};

/* No address, in s2_lost_add(). */
#define S2_LOST_NOWHERE UINT64_MAX

struct s2_loss {
	enum s2_code code;
	enum s2_lost_what what;
	char table[64];   /* the id of the table that it belongs to, "" for none */
	uint64_t address; /* physical, or S2_LOST_NOWHERE */
	uint64_t times;   /* the same thing was lost so often; 0: it is counted nowhere, ... */
	bool said;        /* because people were told of it already */
	char text[240];   /* one line for people, without table */
};

/* All zero is an empty list. The first S2_MAX_LOSSES are kept with their texts, all are counted. */
#define S2_MAX_LOSSES 1024
struct s2_lost {
	struct s2_loss *loss;
	size_t n, room;
	uint64_t count[S2_NLOST];
	uint64_t total;
};

/*
 * Adds a loss: why (@code), of which table (NULL or "": of none), where (a physical address), and a
 * line for people. What is in the list already, word for word, is counted once more. Never fails:
 * without memory for the text the loss is still counted (and s2_err_failing() knows). @lost may be
 * NULL, for callers whose caller reports the failure itself.
 */
void s2_lost_add(struct s2_lost *lost, enum s2_lost_what what, enum s2_code code, const char *table,
		 uint64_t address, const char *fmt, ...) S2_PRINTF(6, 7);

/* For JSON alone: people were told of the @table on standard error already. It is not counted, and
 * no snapshot keeps it, which has the table itself. */
void s2_lost_add_said(struct s2_lost *lost, enum s2_code code, const char *table, const char *text);

/* The same for @times things of one kind, of which @text tells and @address is the first. */
void s2_lost_add_times(struct s2_lost *lost, enum s2_lost_what what, enum s2_code code,
		       const char *table, uint64_t address, uint64_t times, const char *text);

/* "VM", "table page", ..., the plural with @n not 1. */
const char *s2_lost_name(enum s2_lost_what what, uint64_t n);

/* Drops the losses that @keep says no to: those of tables that were not asked for. */
void s2_lost_filter(struct s2_lost *lost, bool (*keep)(void *arg, const struct s2_loss *loss),
		    void *arg);

/* Adds all that is in @more, with its counts. */
void s2_lost_join(struct s2_lost *lost, const struct s2_lost *more);

/* Releases what the list owns and empties it. */
void s2_lost_clear(struct s2_lost *lost);

#endif
