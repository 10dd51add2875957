/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What else is known of an address than its descriptor: annotators of a table, and what they say. */
#ifndef S2_MODEL_ANNOTATE_H
#define S2_MODEL_ANNOTATE_H

#include "base/budget.h"
#include "base/lost.h"
#include "decode/merge.h"

struct json_t;
struct s2_annotator;
struct s2_table;
struct s2_tables;

/* Annotators of one table, at most. */
#define S2_MAX_ANNOTATORS 4

/* What an annotator says of a stretch; only the annotator knows how. All zero: nothing. */
struct s2_label {
	uint64_t word[4];
};

/* Room for a label's text. */
#define S2_LABEL_TEXT 80

/* How the value of a member is to be written. */
enum s2_kind {
	S2_KIND_STRING,
	S2_KIND_NUMBER, /* decimal */
	S2_KIND_HEX,
	S2_KIND_BOOL,
	S2_KIND_SIGNED, /* decimal; not of annotators */
};

struct s2_value {
	bool known;       /* false: it does not apply, or is not known */
	uint64_t number;  /* NUMBER, HEX, BOOL */
	const char *text; /* STRING: a constant, or @buf */
	char buf[32];
};

/* A member of all rows, whether their table has the annotator or not. The name stays for ever. */
struct s2_row_member {
	const char *json;
	enum s2_kind kind;
	/* @ret is not known when it is handed in. */
	void (*get)(const struct s2_label *label, struct s2_value *ret);
};

/* A column of text, in tables that have the annotator. */
struct s2_row_column {
	const char *title;
	unsigned int width;
	/* One token, a constant or in @buf: "-" when there is nothing to say, "?" when what there
	 * is is not known. */
	const char *(*text)(const struct s2_label *label, char buf[S2_LABEL_TEXT]);
};

/* What an annotator may ask while it looks at a table. */
struct s2_asked {
	const struct s2_table *table;
	const struct s2_geometry *geom;
	const struct s2_mem *mem; /* the machine's */
	struct s2_lost *lost;     /* takes what could not be read; may be NULL */
	struct s2_budget *looks;  /* draws what is looked at page by page; may be NULL */
};

struct s2_annotator_ops {
	const char *name;
	const struct s2_row_member *members;
	size_t nmembers;
	const struct s2_row_column *columns;
	size_t ncolumns;
	bool by_ia; /* what it says depends on input addresses alone: also of what was not read */

	/* Do output addresses have to follow each other in the ranges that at() is asked about? May
	 * be NULL: no. */
	bool (*by_pa)(const struct s2_annotator *annotator);

	/*
	 * What is known of @run, which was read but with @by_ia, from its first byte on: for that
	 * many bytes @ret_label holds. More than @run->size is as good as that.
	 */
	uint64_t (*at)(const struct s2_annotator *annotator, const struct s2_asked *asked,
		       const struct s2_run *run, struct s2_label *ret_label);

	/* Do two stretches say one thing when @b begins @distance bytes after @a? NULL: when all
	 * words are the same. */
	bool (*joins)(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		      const struct s2_geometry *geom);

	/* Is it somebody else's than the table's? May be NULL: nobody's. */
	bool (*foreign)(const struct s2_annotator *annotator, const struct s2_label *label);

	/* Which memory beside the table's pages a snapshot must hold for at(). May be NULL: none. */
	void (*needs)(const struct s2_annotator *annotator,
		      void (*add)(void *arg, uint64_t pa, uint64_t size), void *arg);

	/* Puts what it knows of @table into the table's object in a snapshot's note. */
	void (*save)(const struct s2_table *table, struct json_t *obj);

	/*
	 * The way back: annotates @table when the object says so. @list is where the table will be,
	 * with what all its tables share. On failure @table is as it was. May be NULL: no object
	 * does.
	 */
	enum s2_code (*load)(struct json_t *obj, const struct s2_tables *list,
			     struct s2_table *table, struct s2_err *err);

	/*
	 * Bits that the keeper of a table has for itself in entries of this kind, for `decode`: all
	 * that any of its versions had. May be NULL: none.
	 */
	struct s2_fields (*marks)(enum s2_where where);

	/* Releases what @table has for this annotator alone. May be NULL: nothing. */
	void (*free)(struct s2_table *table);
};

/* An annotator of one table: a value. What @data points to belongs to the list of tables. */
struct s2_annotator {
	const struct s2_annotator_ops *ops;
	const void *data;
	uint32_t param[2]; /* as @ops likes */
};

/* All there are, generated, NULL at the end; the order is that of members and columns in a row. */
extern const struct s2_annotator_ops *const s2_annotators[];
extern const unsigned int s2_nannotators;

#endif
