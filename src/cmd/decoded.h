/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A value taken apart: what `decode` prints in words, as a document, as a record. */
#ifndef S2_CMD_DECODED_H
#define S2_CMD_DECODED_H

#include "decode/soft.h"
#include "format/json.h"
#include "format/text.h"

struct s2_decoded_field {
	const char *name;
	uint64_t mask; /* 0: what the geometry says, not the value */
	uint64_t value;
	const char *text, *meaning; /* of the value and of the field; may be NULL */
};

#define S2_MAX_DECODED_FIELDS 72

struct s2_decoded {
	uint64_t value;
	const char *as; /* "descriptor", or a register's name in JSON */
	const struct s2_arch *arch;
	struct s2_geometry geom; /* a descriptor's, or what a register makes */
	bool shapes;             /* a register that makes a geometry, if it is not refused */
	bool shaped;             /* it makes one, @geom */
	struct s2_err refused;   /* why it makes none */
	bool descriptor;
	unsigned int height; /* of a descriptor */
	struct s2_entry entry;
	struct s2_meaning meaning;
	char saved[S2_TEXT_RIGHTS_LEN]; /* rights of @meaning, for a field */
	uint64_t res0;                  /* bits of a register that are set and belong to no field */
	unsigned int nfields;
	struct s2_decoded_field field[S2_MAX_DECODED_FIELDS];
};

/* Lines are made on @page, and broken on their way to @out. */
void s2_decoded_text(struct s2_out *page, struct s2_out *out, const struct s2_decoded *d);
void s2_decoded_json(struct s2_json *json, const struct s2_decoded *d);

#endif
