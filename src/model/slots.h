/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memslots beside ranges: which unmapped addresses are guest memory, and which are nothing. */
#ifndef S2_MODEL_SLOTS_H
#define S2_MODEL_SLOTS_H

#include "model/table.h"

/* Says in which memslot a range lies, or that it lies between them. */
extern const struct s2_annotator_ops s2_slots_annotator;

/* The memslots of @table are known: the @n at @slot, sorted by IPA and disjoint. They are the
 * table's from now on (s2_table_clear()). */
void s2_slots_known(struct s2_table *table, struct s2_slot *slot, size_t n);

/* The slot that holds @ipa, or NULL. */
const struct s2_slot *s2_slot_at(const struct s2_table *table, uint64_t ipa);

/* What the slots of a table add up to. */
struct s2_slot_sums {
	uint64_t bytes;
	size_t readonly, log, gmem; /* how many are so */
};
struct s2_slot_sums s2_slots_sums(const struct s2_table *table);

/* What the annotator says of one address; "not known" when the slots of @table are not. */
void s2_slots_label(const struct s2_table *table, uint64_t ipa, struct s2_label *ret);

/* Does the label say in which slot an address lies, or that it lies in none? */
bool s2_slots_known_of(const struct s2_label *label);

#endif
