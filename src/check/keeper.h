/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who beside KVM keeps tables on some architecture, and what those must hold. */
#ifndef S2_CHECK_KEEPER_H
#define S2_CHECK_KEEPER_H

#include "host/pkvm/encoding.h"
#include "model/table.h"

struct s2_check_ctx;

/*
 * A row in s2_keepers[], which is generated from -Darchs=. What it is asked of a table that is read
 * is asked of ctx->table, whoever keeps that.
 */
struct s2_keeper {
	/* What the table is to it, S2_PKVM_NONE: nothing. */
	enum s2_pkvm_role (*role)(const struct s2_table *table);
	/* Is the table its own, and no rule speaks of it? */
	bool (*exempt)(const struct s2_table *table);

	/* Before the first table and after the last, however the check ends. */
	void (*begin)(struct s2_check_ctx *ctx);
	void (*end)(struct s2_check_ctx *ctx);
	/* When all tables have been read, in each pass: what they say of each page. */
	void (*pages)(struct s2_check_ctx *ctx);

	/* Before the table is read, and after, in each pass. */
	void (*table_begin)(struct s2_check_ctx *ctx);
	void (*table_end)(struct s2_check_ctx *ctx);
	/* A leaf that maps something. False: it is a guest's. */
	bool (*leaf)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		     uint64_t raw);
	/* An entry that says something and is neither a leaf nor a table. */
	void (*invalid)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
	/* A piece of input space that could not be read. */
	void (*lost)(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size);
	/* A leaf of a guest whose table it keeps says that the page is the guest's own. */
	void (*owned)(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa);

	/* Is @pa memory? */
	enum s2_tristate (*is_memory)(const struct s2_check_ctx *ctx, uint64_t pa);
	/* References of a page that it counts; false: not known. */
	bool (*references)(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret);
};

/* All there are, NULL at the end. */
extern const struct s2_keeper *const s2_keepers[];
extern const unsigned int s2_nkeepers;

/* The role of a table, host-managed guests are S2_PKVM_NONE. */
static inline enum s2_pkvm_role s2_role(const struct s2_table *table)
{
	enum s2_pkvm_role role = S2_PKVM_NONE;

	for (unsigned int i = 0; role == S2_PKVM_NONE && i < s2_nkeepers; i++)
		role = s2_keepers[i]->role(table);
	return role;
}

#endif
