/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes of the kernel's own tables, names and types are copied out of its memory. */
#ifndef S2_KERNEL_ROOM_H
#define S2_KERNEL_ROOM_H

#include "base/budget.h"
#include "base/mem.h"

/* For a dump of so much memory: page tables and segments may show the same page as all of them. */
void s2_room_init(struct s2_budget *ret, const struct s2_mem *mem);

/* Draws @size bytes of @what before there is memory for them. S2_BUDGET: they are more than there
 * may be; something smaller may still be had. */
enum s2_code s2_room_take(struct s2_budget *room, uint64_t size, const char *what,
			  struct s2_err *err) S2_MUST_CHECK;

/* Gives back what was drawn: it is no longer kept. */
static inline void s2_room_give(struct s2_budget *room, uint64_t size)
{
	room->left += size;
}

#endif
