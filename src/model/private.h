/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guest addresses are private to the guest: the VMM has said so (KVM_SET_MEMORY_ATTRIBUTES). */
#ifndef S2_MODEL_PRIVATE_H
#define S2_MODEL_PRIVATE_H

#include "model/table.h"

/* Input addresses @first to @last. */
struct s2_private_piece {
	uint64_t first, last;
	bool unread; /* may be private or not: else they are */
};

/* All that is private or may be, sorted and disjoint; the rest is shared. */
struct s2_private {
	struct s2_private_piece *piece;
	size_t n, room;
};

/* Says of a range whether it is private. */
extern const struct s2_annotator_ops s2_private_annotator;

/* Appends a piece above all that there are; neighbours of one kind become one. False: no memory. */
bool s2_private_add(struct s2_private *p, const struct s2_private_piece *piece);

void s2_private_free(struct s2_private *p);

/* Annotates @table with @p, which is the table's from now on, from malloc (s2_table_clear()). */
void s2_private_known(struct s2_table *table, struct s2_private *p);

/* How many bytes of [@ipa, @ipa + @size) are private; false: of none of them, or not of all, is
 * that known. */
bool s2_private_bytes(const struct s2_table *table, uint64_t ipa, uint64_t size, uint64_t *ret);

#endif
