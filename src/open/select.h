/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tables a request asks for, by their ids. */
#ifndef S2_OPEN_SELECT_H
#define S2_OPEN_SELECT_H

#include "base/lost.h"
#include "host/tables.h"
#include "open/request.h"

/* Room for a line of ids. */
#define S2_FURTHER_LEN (3 * S2_ID_LEN)

/* Do all patterns name VMs, by their processes? Then others need not be read. */
bool s2_asks_for_vms(const struct s2_request *request);

/* May one of the patterns name the VM called @id, or a table of it? For struct s2_vms_wanted. */
bool s2_asks_for_vm(const void *request, const char *id);

/* Does each pattern fit a table, or what is known to be lost of one? *@ret_first is one that does
 * not. */
bool s2_all_selected(const struct s2_request *request, const struct s2_tables *tables,
		     const struct s2_lost *lost, const char **ret_first);

/* Is any of @tables asked for? Where nothing is, all are named. */
bool s2_any_selected(const struct s2_request *request, const struct s2_tables *tables);

/* The ids of @tables, and whose they are, as far as the line reaches. */
void s2_name_tables(const struct s2_tables *tables, char ret[S2_FURTHER_LEN]);

/* Keeps the tables and losses that one of the patterns fits; a pattern that fits none is an
 * error. @ret_further names the tables that go though their VM's own one stays. */
enum s2_code s2_select_tables(const struct s2_request *request, struct s2_tables *tables,
			      struct s2_lost *lost, char ret_further[S2_FURTHER_LEN],
			      struct s2_refusal *refusal, struct s2_err *err) S2_MUST_CHECK;

#endif
