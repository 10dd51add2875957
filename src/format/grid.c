// SPDX-License-Identifier: GPL-2.0-or-later
// Lines are held back until it is known how wide their columns are.
#include "format/grid.h"

#include <string.h>

#include "base/escape.h"

/* In place of a style. */
#define LINE_END 0x7f

void s2_grid_init(struct s2_grid *grid, struct s2_out *out)
{
	grid->out = out;
	grid->fits = 0;
	grid->column = 0;
	grid->used = grid->whole = 0;
	memset(grid->width, 0, sizeof(grid->width));
}

/* Does the terminal's line end before column @next, when it is full up to @taken? Where a line is
 * broken is the same in all lines. */
static bool breaks(const struct s2_grid *grid, unsigned int taken, unsigned int next)
{
	return grid->fits && taken + 1 + grid->width[next] > grid->fits;
}

/* One line of what is held, its words padded but for the last of a line. Returns what follows it. */
static const char *put_line(const struct s2_grid *grid, const char *at)
{
	/* What follows is indented; of titles it is a remark, too. */
	const char *indent = at[1] == '#' ? "# " : "  ";
	unsigned int taken = 0;

	for (unsigned int column = 0; *at != LINE_END; column++) {
		enum s2_style style = (enum s2_style) * at;
		const char *text = at + 1;
		unsigned int len = (unsigned int)strlen(text);
		unsigned int more = len - s2_columns_taken(text);
		bool last, broken;

		at = text + len + 1;
		last = *at == LINE_END;
		taken += grid->width[column];
		broken = !last && breaks(grid, taken, column + 1);
		s2_style_pad(grid->out, text, last || broken ? 0 : grid->width[column] + more,
			     style, S2_PLAIN);
		s2_out_str(grid->out, last || broken ? "\n" : " ");
		if (broken)
			s2_out_str(grid->out, indent);
		taken = broken ? 2 : taken + 1;
	}
	return at + 1;
}

void s2_grid_flush(struct s2_grid *grid)
{
	const char *at = grid->held;

	while (at < grid->held + grid->whole)
		at = put_line(grid, at);
	memmove(grid->held, at, grid->used - grid->whole);
	grid->used -= grid->whole;
	grid->whole = 0;
}

/* Room for @len bytes more; whole lines make it. */
static bool have_room(struct s2_grid *grid, size_t len)
{
	if (len > sizeof(grid->held) - grid->used)
		s2_grid_flush(grid);
	return len <= sizeof(grid->held) - grid->used;
}

void s2_grid_word(struct s2_grid *grid, const char *text, enum s2_style style)
{
	size_t len = strlen(text) + 1;
	unsigned int taken = s2_columns_taken(text);

	/* What follows a word needs a byte. */
	if (grid->column == S2_GRID_COLUMNS || !have_room(grid, len + 2))
		return;
	grid->held[grid->used++] = (char)style;
	memcpy(grid->held + grid->used, text, len);
	grid->used += len;
	if (taken > grid->width[grid->column])
		grid->width[grid->column] = taken;
	grid->column++;
}

void s2_grid_line_end(struct s2_grid *grid)
{
	grid->held[grid->used++] = LINE_END;
	grid->whole = grid->used;
	grid->column = 0;
	/* The next line begins with room for its end. */
	if (grid->used == sizeof(grid->held))
		s2_grid_flush(grid);
}
