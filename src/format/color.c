// SPDX-License-Identifier: GPL-2.0-or-later
// Styles as escape sequences (ECMA-48 SGR).
#include "format/color.h"

#include <string.h>

/* Red and magenta can be read on black and on white; yellow, cyan and blue cannot everywhere. */
static const char *const sequences[] = {
	[S2_PLAIN] = "\033[0m", [S2_DIM] = "\033[2m",     [S2_ALARM] = "\033[1;31m",
	[S2_GONE] = "\033[31m", [S2_DEVICE] = "\033[35m", [S2_FOREIGN] = "\033[1;35m",
	[S2_GOOD] = "\033[32m", [S2_MARKED] = "\033[1m",
};

void s2_style(struct s2_out *out, enum s2_style style)
{
	s2_out_str(out, sequences[style]);
}

void s2_style_pad(struct s2_out *out, const char *text, unsigned int width, enum s2_style style,
		  enum s2_style around)
{
	if (style == around) {
		s2_out_pad(out, text, width);
		return;
	}
	if (around != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	if (style != S2_PLAIN)
		s2_style(out, style);
	s2_out_str(out, text);
	if (style != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	if (around != S2_PLAIN)
		s2_style(out, around);
	if (strlen(text) < width)
		s2_out_pad(out, "", width - (unsigned int)strlen(text));
}
