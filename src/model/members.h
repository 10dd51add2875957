/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row says, by name: one list that conditions, columns, sorting, csv and the manual share. */
#ifndef S2_MODEL_MEMBERS_H
#define S2_MODEL_MEMBERS_H

#include "decode/soft.h"
#include "model/annotate.h"

/* When do two neighbours agree in a member? */
enum s2_agree {
	S2_AGREE_EQUAL, /* when it is the same */
	S2_AGREE_ON,    /* when it is an address that goes on as input addresses do */
	S2_AGREE_ALWAYS /* it says where a row lies, and how long it is */
};

/* Members that are no attribute's, no software's and no annotator's. */
enum s2_member_id {
	S2_MEMBER_ATTR,  /* of an attribute, */
	S2_MEMBER_SOFT,  /* of the table's software, */
	S2_MEMBER_LABEL, /* of an annotator */
	S2_MEMBER_IA,
	S2_MEMBER_SIZE,
	S2_MEMBER_LEVEL,
	S2_MEMBER_TYPE,
	S2_MEMBER_MAPPED,
	S2_MEMBER_PA,
	S2_MEMBER_PIECES,
	S2_MEMBER_READ,
	S2_MEMBER_WRITE,
	S2_MEMBER_EXEC,
	S2_MEMBER_READ_USER,
	S2_MEMBER_WRITE_USER,
	S2_MEMBER_EXEC_PRIV,
	S2_MEMBER_EXEC_USER,
	S2_MEMBER_COUNT,
	S2_MEMBER_RAW,
	S2_MEMBER_DESCRIPTOR_PA,
	S2_MEMBER_MISSING,
	S2_MEMBER_ODD,
	/* Made of others; not in JSON. */
	S2_MEMBER_TABLE,
	S2_MEMBER_END,
	S2_MEMBER_RIGHTS,
	S2_MEMBER_DEVICE,
	S2_MEMBER_FLAGS, /* a column of text alone */
};

struct s2_row_name {
	const char *name;  /* as in JSON; it stays */
	const char *title; /* the text's column of it, where that has another name; NULL */
	const char *meaning;
	enum s2_member_id id;
	enum s2_kind kind;
	enum s2_agree agree;
	bool derived; /* not in JSON */
	bool asks;    /* alone in a condition it asks whether there is one */
	/* Labels: of which annotator; the member there, and the text's column of that name or NULL.
	 */
	unsigned int annotator;
	const struct s2_row_member *label;
	const struct s2_row_column *column;
	unsigned int at; /* software: 0 the address, 1 + n value[n], S2_SOFT_SAVED */
};

#define S2_SOFT_SAVED (1 + S2_SOFT_VALUES)

/* All names that there are. */
#define S2_MAX_MEMBERS 128

struct s2_member_list {
	unsigned int n;
	struct s2_row_name member[S2_MAX_MEMBERS];
};

/*
 * The members of rows of tables of these architectures, written by these software: in the order
 * of JSON, then those that are made of others. Lists end in NULL; @softs may be NULL.
 */
void s2_member_list(struct s2_member_list *ret, const struct s2_arch *const *archs,
		    const struct s2_soft_ops *const *softs,
		    const struct s2_annotator_ops *const *annotators);

/* The member of that name, or, with @titles, the column of that title; NULL: none. */
const struct s2_row_name *s2_member_find(const struct s2_member_list *list, const char *name,
					 size_t len, bool titles);

/*
 * Calls @one for each word that the STRING member @member may be, as JSON has it and as the text
 * has it (NULL: the same), where an architecture or this program decides about them all. False when
 * there is no such list.
 */
bool s2_member_words(const struct s2_row_name *member, const struct s2_arch *const *archs,
		     void (*one)(void *arg, const char *json, const char *text), void *arg);

/* Is the attribute a member of its own? Rights are none. */
bool s2_attr_is_member(const struct s2_attr *attr);

/* A value's word as JSON has it, without its quotes. */
void s2_attr_word(const struct s2_attr_value *value, char *ret, size_t size);

#endif
