/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `check` says: the report in words, as a document, as records. */
#ifndef S2_CMD_CHECK_PRINT_H
#define S2_CMD_CHECK_PRINT_H

#include "check/check.h"
#include "format/json.h"

/*
 * Failures first, then what is unknown, then what holds and what does not apply, a line each, then
 * the sum; lines are broken at S2_TEXT_WIDTH. @verbose: a line for each check. @tables: what input
 * addresses of findings are called. Fails with S2_NOMEM alone.
 */
enum s2_code s2_check_text(struct s2_out *out, const struct s2_check_report *report,
			   const struct s2_tables *tables, bool verbose, bool color,
			   struct s2_err *err) S2_MUST_CHECK;

/* The checks of which a bit is set in @wanted, as --list names them; likewise. */
enum s2_code s2_check_list_text(struct s2_out *out, uint64_t wanted,
				struct s2_err *err) S2_MUST_CHECK;

/* The objects of the checks that are wanted, in a document or as records that s2_json_begin() has
 * begun. @report NULL: the checks alone, as --list names them. */
void s2_check_json(struct s2_json *json, uint64_t wanted, const struct s2_check_report *report);

#endif
