/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of words that stand below each other. */
#ifndef S2_FORMAT_GRID_H
#define S2_FORMAT_GRID_H

#include "format/color.h"

#define S2_GRID_COLUMNS 128
/* What is held back until its columns are known: less than is in the output's buffer anyway. */
#define S2_GRID_HELD 32768

/*
 * Columns are as wide as the widest word of the lines that are held together, titles among them,
 * and never narrower than before: where there are more lines than can be held, those that follow
 * may be wider, but no line waits for the end of a search.
 */
struct s2_grid {
	struct s2_out *out;
	unsigned int fits;   /* a line is broken between words that takes more; 0: none is */
	unsigned int column; /* of the next word */
	unsigned int width[S2_GRID_COLUMNS];
	size_t used;  /* of @held: words, each its style, its text and 0; a mark behind a line */
	size_t whole; /* ... of which are whole lines */
	char held[S2_GRID_HELD];
};

void s2_grid_init(struct s2_grid *grid, struct s2_out *out);

/* The next word of the line, and its end. Words are escaped; those of a line that is longer than
 * all that can be held are left out. */
void s2_grid_word(struct s2_grid *grid, const char *text, enum s2_style style);
void s2_grid_line_end(struct s2_grid *grid);

/* Prints the whole lines that are held: before anything else goes to the same output. */
void s2_grid_flush(struct s2_grid *grid);

#endif
