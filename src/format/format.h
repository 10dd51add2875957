/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output formats: they are given decoded ranges and write text, nothing else. */
#ifndef S2_FORMAT_FORMAT_H
#define S2_FORMAT_FORMAT_H

#include "base/lost.h"
#include "base/out.h"
#include "decode/arm64/effective.h"
#include "decode/merge.h"
#include "decode/table.h"

/* What the whole document is about. Texts may be "" when not known. */
struct s2_image {
	const char *path;
	const char *format;
	const char *release;
	bool incomplete;      /* the container says so of itself */
	const char *kvm_mode; /* "vhe", "nvhe", "protected", "nested", "unknown"; "" when it was not
				 looked for */
};

/* How a table's dump ended. */
struct s2_dump_end {
	bool complete;    /* every table page of the walked range was read */
	uint64_t missing; /* input-address bytes whose entries could not be read */
	uint64_t odd;     /* ranges with oddities */
	uint64_t ranges;
	uint64_t tables;      /* table pages read */
	uint64_t odd_tables;  /* table descriptors with oddities */
	uint64_t odd_desc_pa; /* of the first of them */
	uint32_t odd_table;   /* its S2_ODD_* */
	const char *why;      /* why it is not complete, one line; NULL */
};

struct s2_printer;

/*
 * One row per format in s2_formats[]. To add one: a file with these functions, a row, the manual, a
 * golden case. Functions write to printer->out and keep no state but printer->count.
 */
struct s2_format {
	const char *name;
	const char *help;
	struct s2_show (*show)(const struct s2_format *format, const struct s2_geometry *geom);
	void (*begin)(struct s2_printer *printer, const struct s2_image *image);
	void (*table)(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
	void (*run)(struct s2_printer *printer, const struct s2_run *run);
	/* A row of --effective, in place of run(); NULL with stage2_only. */
	void (*effective)(struct s2_printer *printer, const struct s2_effective_row *row);
	void (*table_end)(struct s2_printer *printer, const struct s2_dump_end *end);
	void (*end)(struct s2_printer *printer);
	bool slots;       /* unmapped ranges are split at memslots */
	bool stage2_only; /* knows the bits of stage-2 descriptors and no others */
	const void *rows; /* for the format's own use */
};

struct s2_printer {
	const struct s2_format *format;
	struct s2_out *out;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	/* Attribute rows that apply to leaves of this table: filled by s2_printer_table(). */
	const struct s2_attr *attr[32];
	unsigned int nattrs;
	uint64_t flag_bits; /* descriptor bits of the attributes that are flags */
	uint64_t ntables, nruns;
	bool list;                  /* headers only: `list` */
	bool effective;             /* rows are those of --effective */
	const struct s2_lost *lost; /* what could not be read, complete when end() is called */
};

extern const struct s2_format *const s2_formats[];
extern const unsigned int s2_nformats;

/* NULL when there is no format of that name. */
const struct s2_format *s2_format_find(const char *name);

void s2_printer_init(struct s2_printer *printer, const struct s2_format *format,
		     const struct s2_lost *lost, struct s2_out *out);
void s2_printer_table(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
/* Prepares for runs of a table without printing anything. */
void s2_printer_shape(struct s2_printer *printer, const struct s2_table *table,
		      const struct s2_geometry *geom);
void s2_printer_run(struct s2_printer *printer, const struct s2_run *run);

/* "4K", "2M", "1G": divided by 1024 while it divides evenly, at least K, as the kernel's ptdump
 * prints sizes. */
struct s2_size_text {
	uint64_t n;
	char unit;
};
struct s2_size_text s2_size_text(uint64_t size);

/* JSON text of a string, with quotes; bytes that are not UTF-8 become U+FFFD. */
void s2_json_string(struct s2_out *out, const char *text);

/* A range as one JSON object, without anything before or after it. */
void s2_json_run(struct s2_out *out, const struct s2_printer *printer, const struct s2_run *run);

/* The members of a table object that describe it, from "id" to "found", without braces. */
void s2_json_table_head(struct s2_out *out, const struct s2_table *table,
			const struct s2_geometry *geom);

/* "problems":[...] for the end of a document. */
void s2_json_problems(struct s2_out *out, const struct s2_lost *lost);

#define S2_JSON_SCHEMA 1

#endif
