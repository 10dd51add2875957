/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which function looks for which check, and at what. A check that none looks for does not build. */
#ifndef S2_CHECK_LOOKS_H
#define S2_CHECK_LOOKS_H

#include "base/bits.h"
#include "check/check.h"

/*
 * Each list is of rows ROW(check, function), in the order in which the functions are called. The
 * file that it names has the functions, an array that is made of the list by S2_LOOK_ROW, and calls
 * them for what the list is of. To add one: a row and a function that calls s2_check_found(). That
 * every check is in a list is asserted in check.c; of those of a keeper beside KVM, where that is
 * (check/pkvm/).
 */
#define S2_LOOK_ROW(id, function) { id, function },
#define S2_LOOK_BIT(id, function) | BIT64(id)

/* The checks of a list, bit n: check n. A constant. */
#define S2_LOOK_SET(LIST) (UINT64_C(0) LIST(S2_LOOK_BIT))

/* tables.c: a table page that the root or an entry leads to, once. */
#define S2_REACHED_LOOKS(ROW) \
	ROW(S2_CHECK_COMPLETE, leads_back) \
	ROW(S2_CHECK_TABLE_ONCE, reached_again)

/* tables.c: an entry that says something, once. */
#define S2_ENTRY_LOOKS(ROW) ROW(S2_CHECK_ENCODING, encoding)

/* tables.c: entries in a row of one table page, once. */
#define S2_STRIP_LOOKS(ROW) \
	ROW(S2_CHECK_WRITER, cleared_entries) \
	ROW(S2_CHECK_TABLE_EMPTY, empty_page)

/* guest.c: a leaf of a guest, once; ... */
#define S2_LEAF_LOOKS(ROW) \
	ROW(S2_CHECK_MEMSLOTS, within_slots) \
	ROW(S2_CHECK_WX, executes_device) \
	ROW(S2_CHECK_TWO_GUESTS, seen_by_all)

/* ... in each pass: what comes of it is a fact of its pages. */
#define S2_PASS_LEAF_LOOKS(ROW) ROW(S2_CHECK_VMM, confirmed_by_vmm)

/* memory.c: pages of memory of which all tables say the same, where KVM alone keeps them. */
#define S2_MEMORY_LOOKS(ROW) ROW(S2_CHECK_TABLE_HIDDEN, hidden)

/* check.c: objects that are no tables, once all of those are read. */
#define S2_OBJECT_LOOKS(ROW) ROW(S2_CHECK_REFCOUNT, s2_check_refcounts)

/*
 * What a struct s2_writer looks for. Its functions are those of an architecture, or of who writes
 * there: they stand in its row.
 */
#define S2_WRITER_LOOKS(on_leaf, on_table, on_invalid) \
	.leaf = (on_leaf), .table = (on_table), .invalid = (on_invalid)
#define S2_WRITER_SET (BIT64(S2_CHECK_WRITER) | BIT64(S2_CHECK_LOCKED))

/* Those that KVM alone can break; all others are those of a keeper. */
#define S2_KVM_SET (BIT64(S2_CHECK_HOST_IDENTITY) - 1)

#endif
