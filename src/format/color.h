/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands out in text on a terminal: the sixteen standard colours and attributes alone, so that
 * the terminal's theme, dark or light, decides how they look. */
#ifndef S2_FORMAT_COLOR_H
#define S2_FORMAT_COLOR_H

#include "base/out.h"

enum s2_style {
	S2_PLAIN,
	S2_DIM,     /* nothing is there */
	S2_ALARM,   /* broken, or dangerous: writable and executable */
	S2_GONE,    /* not in the dump */
	S2_DEVICE,  /* memory of devices */
	S2_FOREIGN, /* somebody else's */
	S2_MARKED,  /* not like most, and not wrong: a slot that logs */
	S2_GOOD,
};

/* What follows has that style; S2_PLAIN ends it. */
void s2_style(struct s2_out *out, enum s2_style style);

/* @text and blanks up to @width in a style, then @around again. Plain within plain costs nothing. */
void s2_style_pad(struct s2_out *out, const char *text, unsigned int width, enum s2_style style,
		  enum s2_style around);

#endif
