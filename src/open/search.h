/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables out of the kernel in a dump. */
#ifndef S2_OPEN_SEARCH_H
#define S2_OPEN_SEARCH_H

#include "open/input.h"

/* Finds the kernel in @input's memory, and its hosts' tables: those that @request asks for, or
 * all. */
enum s2_code s2_search_kernel(const struct s2_request *request, struct s2_input *input,
			      struct s2_err *err) S2_MUST_CHECK;

/* Finds the kernels in @input's memory and nothing else; that there is none is no error, but
 * @input->no_kernel says why. S2_NOMEM. */
enum s2_code s2_search_kernels_alone(const struct s2_request *request, struct s2_input *input,
				     struct s2_err *err) S2_MUST_CHECK;

#endif
