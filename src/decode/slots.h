/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memslots beside ranges: which unmapped addresses are guest memory, and which are nothing. */
#ifndef S2_DECODE_SLOTS_H
#define S2_DECODE_SLOTS_H

#include "decode/merge.h"
#include "decode/table.h"

/*
 * Takes the first piece off @rest that lies in one memslot or between two, with its slot set.
 * Ranges that are mapped or missing, and all ranges of tables whose slots are not known, are one
 * piece. False when nothing is left. The pieces of a range cover it in order; count is the number
 * of entries that a piece touches.
 */
bool s2_slots_next(const struct s2_table *table, const struct s2_geometry *geom,
		   struct s2_run *rest, struct s2_run *ret);

#endif
