// SPDX-License-Identifier: GPL-2.0-or-later
// The loop over tables that all commands share.
#include "cmd/each.h"

#include "cmd/say.h"

#include <stdio.h>

enum s2_exit s2_each_table(const struct s2_input *input, const struct s2_table *tables, size_t n,
			   enum s2_code (*one)(void *arg, const struct s2_table *table,
					       const struct s2_geometry *geom, struct s2_err *err),
			   void *arg, struct s2_err *err)
{
	enum s2_exit status = S2_EXIT_OK;

	for (size_t i = 0; i < n; i++) {
		struct s2_geometry geom;
		struct s2_err table_err;
		enum s2_code code;

		s2_err_init(&table_err);
		code = s2_input_shape(&tables[i], &geom, &table_err);
		if (!code)
			code = one(arg, &tables[i], &geom, &table_err);
		if (code == S2_NOMEM)
			return s2_exit_of(s2_fail(err, code, "%s", table_err.text));
		if (!code)
			continue;
		s2_say("%s: %s", input->path, table_err.text);
		status = s2_exit_of(code);
	}
	return status;
}
