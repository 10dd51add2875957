// SPDX-License-Identifier: GPL-2.0-or-later
// --color, and what the environment says (no-color.org); how wide the terminal is.
#include "cmd/color.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

unsigned int s2_terminal_width(const struct s2_out *out)
{
	struct winsize size = { .ws_col = 0 };

	return isatty(out->fd) && !ioctl(out->fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

void s2_fold_text(const struct s2_options *options, struct s2_out *out, unsigned int least)
{
	if (s2_options_format(options) == s2_format_find("ptdump"))
		out->fold = (struct s2_fold){ s2_terminal_width(out), least };
}
