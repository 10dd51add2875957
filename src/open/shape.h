/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The geometry that tables get, and what a request adds to what the file says of them. */
#ifndef S2_OPEN_SHAPE_H
#define S2_OPEN_SHAPE_H

#include "host/tables.h"
#include "open/request.h"

/* Geometry of a table, and its root checked against it. Errors are prefixed with the table's id. */
enum s2_code s2_input_shape(const struct s2_table *table, struct s2_geometry *ret,
			    struct s2_err *err) S2_MUST_CHECK;

/* The geometry of a request's @regime. S2_USAGE: the sizes contradict a register, or do not do
 * without one, which @refusal says. */
enum s2_code s2_shape_request(const struct s2_regime *regime, struct s2_geometry *ret,
			      struct s2_refusal *refusal, struct s2_err *err) S2_MUST_CHECK;

/* S2_USAGE: none of @tables, of which there are some, is called @format, by its own name or by its
 * architecture's. */
enum s2_code s2_check_format(const char *format, const struct s2_tables *tables,
			     struct s2_refusal *refusal, struct s2_err *err) S2_MUST_CHECK;

/* Completes the regimes of @tables with claims about how descriptors read. S2_USAGE where they
 * gainsay the file, or no table takes them. */
enum s2_code s2_complete_regimes(const struct s2_regime *claims, struct s2_tables *tables,
				 struct s2_refusal *refusal, struct s2_err *err) S2_MUST_CHECK;

#endif
