/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table in the note of a snapshot. */
#ifndef S2_HOST_NOTE_READ_TABLE_H
#define S2_HOST_NOTE_READ_TABLE_H

#include "host/tables.h"
#include "model/note.h"

/* The table that @obj describes; @list owns its VM. On success the caller owns what else it has,
 * s2_table_clear(). */
enum s2_code s2_note_get_table(json_t *obj, struct s2_tables *list, struct s2_table *ret,
			       struct s2_err *err) S2_MUST_CHECK;

#endif
