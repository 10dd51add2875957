/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output formats: they are given decoded ranges and write text, nothing else. */
#ifndef S2_FORMAT_FORMAT_H
#define S2_FORMAT_FORMAT_H

#include "base/lost.h"
#include "base/out.h"
#include "decode/effective.h"
#include "format/json.h"
#include "model/pick.h"

/* What the whole document is about. Texts may be NULL or "" when not known. */
struct s2_image {
	const char *path;
	const char *format;
	bool have_size;
	uint64_t size;       /* bytes of the file */
	bool incomplete;     /* the container says so of itself */
	bool absent_is_zero; /* pages that a filter left out were read as zeros */
	const char *arch;
	const char *release;
	const char *build_id;
	const char *node;     /* the machine's name */
	uint64_t time;        /* seconds since 1970, 0: not known */
	const char *host;     /* who keeps the tables: "kvm" */
	const char *kvm_mode; /* "vhe", "nvhe", "protected", "nested" */
};

struct s2_printer;

/*
 * One row per format in s2_formats[]. To add one: a file with these functions, a row, the manual, a
 * golden case. Functions write to printer->out and keep no state but in the printer.
 */
struct s2_format {
	const char *name;
	const char *help;
	struct s2_show (*show)(const struct s2_format *format, const struct s2_geometry *geom);
	void (*begin)(struct s2_printer *printer, const struct s2_image *image);
	void (*table)(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
	void (*row)(struct s2_printer *printer, const struct s2_row *row);
	/* A row of --effective, in place of row(); NULL with stage2_only or rows_only. */
	void (*effective)(struct s2_printer *printer, const struct s2_effective_row *row);
	/* @end is NULL when nothing was walked, as of a bare table. */
	void (*table_end)(struct s2_printer *printer, const struct s2_totals *end);
	/* @complete: nothing that was asked for is missing. */
	void (*end)(struct s2_printer *printer, bool complete);
	enum s2_merge_how merge; /* without --merge */
	bool annotated; /* rows are what annotators say one thing of, and pieces are counted */
	bool general;   /* every command has it; others are for rows of tables alone */
	bool document;  /* a document, or with @lines records */
	bool lines;
	bool picks;       /* takes chosen columns, conditions, an order */
	bool rows_only;   /* has no titles, but for those of its columns */
	const char *of;   /* the only table format whose bits it knows, NULL: all */
	bool stage2_only; /* knows the bits of stage-2 descriptors and no others */
	const void *rows; /* for the format's own use */
};

/* How many rows were shown, which columns joined from those that fit of all, when not all were
 * asked for. */
struct s2_picked {
	uint64_t shown, fit, rows;
	uint64_t bytes; /* of input addresses that are shown */
	uint64_t more;  /* that would be shown but for the limit, of rows in an order */
	bool stopped;   /* at the limit: nobody looked at the rest */
};

/* csv, tsv: the columns of which rows of the table may have a value, and how many separators stand
 * before each and at the end. */
struct s2_cells {
	unsigned int n;
	const struct s2_row_name *member[S2_MAX_MEMBERS + 1]; /* the table's id, too */
	unsigned int before[S2_MAX_MEMBERS + 2];
};

struct s2_printer {
	const struct s2_format *format;
	struct s2_out *out;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	/* Members of this table's rows, by name; its attributes are those of the table's format,
	 * whether or not its registers turn them on. Filled by s2_printer_shape(). */
	struct s2_members of;
	struct s2_json json;
	/* All annotators that rows have members and columns of, NULL at the end; and which label of
	 * this table's rows is theirs, S2_MAX_ANNOTATORS: none. */
	const struct s2_annotator_ops *const *annotators;
	uint8_t label[S2_MAX_ANNOTATORS];
	/* Bit i: some table has annotator number i, and rows of all have its columns (find). */
	unsigned int common;
	uint8_t flags_width; /* of the text's column */
	uint64_t ntables, nruns;
	const char *list;                 /* headers only, for this command; NULL: `dump` */
	bool effective;                   /* rows are those of --effective */
	bool raw_rights;                  /* of the entry alone */
	bool color;                       /* text for a terminal */
	bool bare;                        /* rows alone: no titles, no remarks */
	const struct s2_columns *columns; /* chosen ones; NULL: all */
	const struct s2_picked *picked;   /* of the table at its end; NULL: all rows were shown */
	/* What may be in a file whose rows have all columns; NULL: only printed with chosen ones. */
	const struct s2_member_list *all;
	struct s2_cells cells;
	const struct s2_lost *lost; /* what could not be read, complete when end() is called */
};

extern const struct s2_format *const s2_formats[];
extern const unsigned int s2_nformats;

/* NULL when there is no format of that name. */
const struct s2_format *s2_format_find(const char *name);

void s2_printer_init(struct s2_printer *printer, const struct s2_format *format,
		     const struct s2_annotator_ops *const *annotators, const struct s2_lost *lost,
		     struct s2_out *out);
void s2_printer_table(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
/* Prepares for rows of a table without printing anything. */
void s2_printer_shape(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
void s2_printer_row(struct s2_printer *printer, const struct s2_row *row);

/* What annotator number @i of printer->annotators says of @row; all zero when it was not asked. */
const struct s2_label *s2_printer_label(const struct s2_printer *printer, const struct s2_row *row,
					unsigned int i);

/* Does the table have annotator number @i of printer->annotators? */
static inline bool s2_printer_has(const struct s2_printer *printer, unsigned int i)
{
	return printer->label[i] < S2_MAX_ANNOTATORS;
}

/* "4K", "2M", "1G": divided by 1024 while it divides evenly, at least K, as the kernel's ptdump
 * prints sizes. */
struct s2_size_text {
	uint64_t n;
	char unit;
};
struct s2_size_text s2_size_text(uint64_t size);

/* Rights of a leaf as they are to be printed: effective ones, or those of the entry alone. */
struct s2_rights s2_printer_rights(const struct s2_printer *printer, const struct s2_run *run);

/* Columns that the rows of printer->table take at least, with all of them. */
unsigned int s2_ptdump_width(const struct s2_printer *printer);

/* The text's column of flags. */
struct s2_text_flags;
void s2_ptdump_flags(const struct s2_printer *printer, const struct s2_run *run,
		     struct s2_text_flags *ret);

/* A mapped row as `find` prints it: type, rights, attributes and what annotators say, as words of a
 * line. */
struct s2_grid;
void s2_ptdump_short(const struct s2_printer *printer, const struct s2_row *row,
		     struct s2_grid *grid);

/* The titles of these columns, and what stands there of a page of a table. */
void s2_ptdump_short_titles(const struct s2_printer *printer, struct s2_grid *grid);
void s2_ptdump_short_table(const struct s2_printer *printer, struct s2_grid *grid);

/* What is left of rights after both stages. */
struct s2_rights s2_effective_rights(const struct s2_effective_row *row);

#endif
