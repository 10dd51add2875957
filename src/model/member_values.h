/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row says, member by member: known, not known, or nothing at all. */
#ifndef S2_MODEL_MEMBER_VALUES_H
#define S2_MODEL_MEMBER_VALUES_H

#include "model/members.h"
#include "model/ranges.h"

/* An attribute of leaves by its JSON name. */
struct s2_attr_member {
	const char *name;
	const struct s2_attr *attr; /* the row that applies to this table, or NULL */
};

#define S2_MAX_ATTR_MEMBERS 32

/* What members of one table's rows are read with. The attributes are those of the table's format,
 * whether or not its registers turn them on; rights are none of them. */
struct s2_members {
	const struct s2_table *table;
	const struct s2_geometry *geom;
	const struct s2_annotator_ops *const *annotators;
	bool raw_rights; /* of the entry alone */
	struct s2_attr_member attr[S2_MAX_ATTR_MEMBERS];
	unsigned int nattrs;
};

void s2_members_init(struct s2_members *ret, const struct s2_table *table,
		     const struct s2_geometry *geom,
		     const struct s2_annotator_ops *const *annotators, bool raw_rights);

/* The attribute of that name as this table has it, NULL: it has none. */
const struct s2_attr *s2_members_attr(const struct s2_members *of, const char *name);

enum s2_known {
	S2_VALUE_NONE,    /* there is none: it does not apply to the row */
	S2_VALUE_UNKNOWN, /* there is one, but it is missing */
	S2_VALUE_KNOWN,
};

struct s2_member_value {
	enum s2_known known;
	enum s2_kind kind;
	uint64_t number;   /* SIGNED: as int64_t */
	bool past;         /* the number is 2^64, which @number cannot hold */
	const char *text;  /* STRING, as in JSON but without quotes; may be @buf */
	const char *shown; /* STRING, as the text has it; NULL: the same */
	char buf[192];
};

void s2_member_get(const struct s2_members *of, const struct s2_row_name *member,
		   const struct s2_row *row, struct s2_member_value *ret);

/* What several members of one row are made of, worked out when the first asks; { 0 } before. */
struct s2_row_facts {
	bool have, have_rights;
	bool mapped, placed;
	struct s2_rights rights; /* where it is mapped */
};

/* The same, for all members of a row one after the other. */
void s2_member_next(const struct s2_members *of, const struct s2_row_name *member,
		    const struct s2_row *row, struct s2_row_facts *facts,
		    struct s2_member_value *ret);

/* May a row of the table have a value there? Where not, s2_member_get() knows none of any. */
bool s2_member_applies(const struct s2_members *of, const struct s2_row_name *member);

/* Whether it maps memory of devices, as far as the architecture can tell. */
bool s2_row_device(const struct s2_members *of, const struct s2_run *run);

#endif
