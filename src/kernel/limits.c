// SPDX-License-Identifier: GPL-2.0-or-later
// How many entries walks over lists, xarrays and trees may meet, and how much is copied of tables:
// what is read may be torn or hostile.
#include "kernel/kernel_priv.h"

/* Entries that one walk may meet: no more than memory has room for, and never more than that. */
#define MAX_NODES 1000000
#define FLOOR_NODES 256
#define NODE_SIZE 8 /* a slot of an xarray; list and tree nodes are larger */

struct s2_budget s2_kernel_nodes(const struct s2_kernel *kernel)
{
	uint64_t room = s2_mem_structures(kernel->args.mem) / NODE_SIZE;
	struct s2_budget budget;

	s2_budget_init(&budget, FLOOR_NODES, 1, room < MAX_NODES ? room : MAX_NODES);
	return budget;
}

struct s2_budget s2_kernel_slots(const struct s2_kernel *kernel)
{
	struct s2_budget budget;

	s2_budget_init(&budget, FLOOR_NODES, 1,
		       s2_mem_structures(kernel->args.mem) / sizeof(uint64_t));
	return budget;
}

/* Tables of kernels have some MB, and take up to four times as much with their indices. */
#define ROOM_FLOOR (8ULL << 20)

void s2_room_init(struct s2_budget *ret, const struct s2_mem *mem)
{
	s2_budget_init(ret, ROOM_FLOOR, 1, s2_mem_backed(mem));
}

enum s2_code s2_room_take(struct s2_budget *room, uint64_t size, const char *what,
			  struct s2_err *err)
{
	if (size > room->left)
		return s2_fail(err, S2_BUDGET, "%llu bytes of %s are more than there is memory for",
			       (unsigned long long)size, what);
	room->left -= size;
	return S2_OK;
}

/*
 * Entries that all walks of one kernel may meet: a dump may claim thousands of VMs whose arrays and
 * trees are the same few pages. Sound ones share no word, but for some lists that are walked again.
 */
#define FLOOR_ENTRIES (1ULL << 19)

void s2_kernel_limit(struct s2_kernel *kernel)
{
	s2_budget_init(&kernel->entries, FLOOR_ENTRIES, 1,
		       s2_mem_structures(kernel->args.mem) / NODE_SIZE);
}

enum s2_code s2_kernel_entry(struct s2_kernel *kernel, struct s2_err *err)
{
	if (s2_budget_take(&kernel->entries, 1))
		return s2_fail(err, S2_BUDGET,
			       "so much memory cannot hold so many lists and trees");
	return S2_OK;
}

enum s2_code s2_kernel_draw(struct s2_kernel *kernel, struct s2_budget *own, struct s2_err *err)
{
	if (s2_budget_take(own, 1))
		return s2_fail(err, S2_LOOP, "it has no end");
	return s2_kernel_entry(kernel, err);
}
