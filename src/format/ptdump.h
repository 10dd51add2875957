/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the text output share. Not for others. */
#ifndef S2_FORMAT_PTDUMP_H
#define S2_FORMAT_PTDUMP_H

#include <inttypes.h>

#include "format/color.h"
#include "format/format.h"
#include "format/text.h"

/* Widths of columns that all tables have; what is longer pushes the rest of its line. */
enum { W_SIZE = 8, W_TYPE = 7, W_MEMORY = 13, W_SH = 3, W_HEX = 12, W_RAW = 18, W_BOOL = 5 };

static inline void out_size(struct s2_out *out, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_size(size, text);
	s2_out_str(out, text);
}

static inline unsigned int ia_digits(const struct s2_geometry *geom)
{
	return s2_text_ia_digits(geom->ia_base + low_bits(geom->ia_bits));
}

static inline unsigned int rights_width(const struct s2_printer *printer)
{
	return printer->effective || s2_two_levels(printer->geom) ? 7 : 6;
}

/* A column's text, padded; the last of a line ends it instead. */
static inline void put_column(struct s2_out *out, const char *text, unsigned int width)
{
	s2_out_pad(out, text, width);
	s2_out_str(out, " ");
}

/* How the columns of a row look; zeros are S2_PLAIN all over. */
struct s2_look {
	enum s2_style row, rights, memory, flags;
};

static inline void put_styled(struct s2_out *out, const char *text, unsigned int width,
			      enum s2_style style, const struct s2_look *look)
{
	if (style == look->row) {
		put_column(out, text, width);
		return;
	}
	s2_style_pad(out, text, width, style, look->row);
	s2_out_str(out, " ");
}

/* A row's, of which @rights (NULL where nothing is @mapped) are left. What is dangerous, or is not
 * the table's own, stands out; what is nothing steps back. */
struct s2_look s2_look_of(const struct s2_printer *printer, const struct s2_run *run, bool mapped,
			  const struct s2_rights *rights);
struct s2_look s2_look_effective(const struct s2_printer *printer,
				 const struct s2_effective_row *row,
				 const struct s2_rights *rights);

/* How what an annotator says of a row looks. */
enum s2_style s2_look_label(const struct s2_printer *printer, const struct s2_annotator_ops *ops,
			    const struct s2_label *label, const struct s2_look *look);

/* Before the rows of a table: whose it is, its shape, its registers, the columns' titles. */
void s2_ptdump_head(struct s2_printer *printer, const struct s2_table *table,
		    const struct s2_geometry *geom);

/* ... and after them: what they add up to. */
void s2_ptdump_totals(struct s2_printer *printer, const struct s2_totals *end);

/* With chosen columns: their titles, and a row. */
void s2_ptdump_chosen_titles(struct s2_printer *printer);
void s2_ptdump_chosen(struct s2_printer *printer, const struct s2_row *row);

#endif
