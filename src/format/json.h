/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of schema 2: the envelope that all commands share, and members, one writer for documents and
 * for records. */
#ifndef S2_FORMAT_JSON_H
#define S2_FORMAT_JSON_H

#include "base/lost.h"
#include "base/out.h"
#include "decode/arch.h"

struct s2_image;
struct s2_label;
struct s2_printer;
struct s2_row;
struct s2_row_member;

#define S2_JSON_SCHEMA 2

/*
 * Writes one document, or with @lines one record per line, to @out. An object is begun by
 * s2_json_item() or s2_json_open(); members know by themselves whether a comma goes before them.
 */
struct s2_json {
	struct s2_out *out;
	bool lines;
	bool more; /* in the innermost object or array: something was written */
};

/*
 * Begins what @command prints: {"s2dump":..., "image":..., "@payload":[ , or the record `image`.
 * @image may be NULL: there is none.
 */
void s2_json_begin(struct s2_json *json, struct s2_out *out, bool lines, const char *command,
		   const char *payload, const struct s2_image *image);

/* The next object of the payload, which is a @record in lines; what follows are its members. */
void s2_json_item(struct s2_json *json, const char *record);
void s2_json_item_end(struct s2_json *json);

/* Ends it all: @complete, and the problems. */
void s2_json_end(struct s2_json *json, bool complete, const struct s2_lost *lost,
		 const struct s2_lost *more);

/* Members of the object that is open; names are constants of this program. The first three are here
 * because most names have a length that is known when it is compiled, and they are most of what a
 * row costs (bench/). */
static inline void s2_json_key(struct s2_json *json, const char *name)
{
	size_t len = strlen(name);
	char *room = s2_out_room(json->out, len + 4);

	*room = ',';
	room += json->more;
	*room++ = '"';
	memcpy(room, name, len);
	memcpy(room + len, "\":", 2);
	json->out->used += len + 3 + json->more;
	json->more = true;
}

static inline void s2_json_null(struct s2_json *json, const char *name)
{
	s2_json_key(json, name);
	s2_out_str(json->out, "null");
}

static inline void s2_json_bool(struct s2_json *json, const char *name, bool value)
{
	s2_json_key(json, name);
	if (value)
		s2_out_str(json->out, "true");
	else
		s2_out_str(json->out, "false");
}

void s2_json_number(struct s2_json *json, const char *name, uint64_t value);
void s2_json_signed(struct s2_json *json, const char *name, int64_t value);
/* Bytes that wrapped to 0 at the end of a 64-bit space. */
void s2_json_size(struct s2_json *json, const char *name, uint64_t size);
void s2_json_hex(struct s2_json *json, const char *name, uint64_t value);
/* Null unless it is known, or applies. */
void s2_json_bool_if(struct s2_json *json, const char *name, bool known, bool value);
void s2_json_number_if(struct s2_json *json, const char *name, bool known, uint64_t value);
void s2_json_hex_if(struct s2_json *json, const char *name, bool known, uint64_t value);
/* NULL is null. */
void s2_json_text(struct s2_json *json, const char *name, const char *text);
/* A constant of this program: nothing in it needs escaping. NULL is null. */
void s2_json_word(struct s2_json *json, const char *name, const char *word);
/* An array of the names of the bits in @odd. */
void s2_json_odds(struct s2_json *json, const char *name, const struct s2_odd_row *rows,
		  unsigned int n, uint32_t odd);

/* An object or array as the member @name (NULL: as an element), and its end: '{', '['. */
void s2_json_open(struct s2_json *json, const char *name, char bracket);
void s2_json_close(struct s2_json *json, char bracket);

/* The seven members of rights, all null without @rights or when they are not known. */
void s2_json_rights(struct s2_json *json, const struct s2_rights *rights);

/* What an annotator's label says. */
void s2_json_member(struct s2_json *json, const struct s2_row_member *member,
		    const struct s2_label *label);

/* All members of a row. */
void s2_json_row(struct s2_json *json, const struct s2_printer *printer, const struct s2_row *row);

/* JSON text of a string, with quotes; bytes that are not UTF-8 become U+FFFD. */
void s2_json_string(struct s2_out *out, const char *text);

#endif
