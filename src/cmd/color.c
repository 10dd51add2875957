// SPDX-License-Identifier: GPL-2.0-or-later
// --color, and what the environment says (no-color.org).
#include "cmd/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool s2_colors(const struct s2_options *options, const struct s2_out *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != S2_UNKNOWN)
		return options->color == S2_YES;
	if (no_color && *no_color)
		return false;
	return term && *term && strcmp(term, "dumb") != 0 && isatty(out->fd);
}
