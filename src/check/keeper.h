/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who beside KVM keeps tables on some architecture, and what those must hold. */
#ifndef S2_CHECK_KEEPER_H
#define S2_CHECK_KEEPER_H

#include "base/mem.h"
#include "model/table.h"

struct s2_check_ctx;
struct s2_writer;

/* What a leaf of a guest whose table it keeps says of the page. */
enum s2_kept_state { S2_KEPT_UNSAID, S2_KEPT_OWNED, S2_KEPT_SHARED, S2_KEPT_BORROWED };

/* What a table is, and so which rules speak of it: in the order of S2_READS_*. */
enum s2_role {
	S2_ROLE_GUEST, /* a guest's, which KVM keeps */
	S2_ROLE_HOST,  /* the host's own stage 2, an identity map */
	S2_ROLE_HYP,   /* the hypervisor's stage 1 */
	S2_ROLE_KEPT,  /* a guest's, which the hypervisor keeps */
	S2_NROLES,
};

/*
 * A row in s2_keepers[], which is generated from -Darchs=. What it is asked of a table that is read
 * is asked of ctx->table, whoever keeps that.
 */
struct s2_keeper {
	/* What the table is to it, S2_ROLE_GUEST: none of its own. */
	enum s2_role (*role)(const struct s2_table *table);
	/* Is the table its own, and no rule speaks of it? */
	bool (*exempt)(const struct s2_table *table);

	/* Sets ctx->kept, where there is a system whose tables it keeps: before anything is asked. */
	void (*open)(struct s2_check_ctx *ctx);
	/* Of checks with the needs @needs (S2_NEED_*): why they have no meaning on this system, or
	 * what they lack; NULL: neither. */
	const char *(*meaningless)(const struct s2_check_ctx *ctx, unsigned int needs);
	const char *(*lacks)(const struct s2_check_ctx *ctx, unsigned int needs);
	/* Before the first table and after the last, however the check ends. */
	void (*begin)(struct s2_check_ctx *ctx);
	void (*end)(struct s2_check_ctx *ctx);
	/* When all tables have been read, in each pass: what they say of each page. Where nobody
	 * keeps tables beside KVM (no ctx->kept), memory.c says it. */
	void (*pages)(struct s2_check_ctx *ctx);

	/* What is written into ctx->table, where ctx->writer, KVM, is not alone there; NULL: it is.
	 */
	const struct s2_writer *(*writer)(const struct s2_check_ctx *ctx);
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
	/* What @raw says, a leaf of a guest whose table it keeps; S2_KEPT_OWNED: it is told of it. */
	enum s2_kept_state (*state)(uint64_t raw);
	void (*owned)(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa);

	/* Is @pa memory? S2_UNKNOWN: it was not told what is. */
	enum s2_tristate (*is_memory)(const struct s2_check_ctx *ctx, uint64_t pa);
	/* The piece @i of memory that it was told of, in order; false: there are no more. */
	bool (*memory)(const struct s2_check_ctx *ctx, size_t i, struct s2_extent *ret);
	/* How many references of its table page an entry that translates @size bytes from @va on
	 * may hold, where that is not 1. */
	void (*holds)(const struct s2_check_ctx *ctx, uint64_t va, uint64_t size, uint32_t *min,
		      uint32_t *max);
	/* References of a page that it counts; false: not known. */
	bool (*references)(const struct s2_check_ctx *ctx, uint64_t pa, int64_t *ret);
};

/* All there are, NULL at the end. */
extern const struct s2_keeper *const s2_keepers[];
extern const unsigned int s2_nkeepers;

/* The role of a table. */
static inline enum s2_role s2_role(const struct s2_table *table)
{
	enum s2_role role = S2_ROLE_GUEST;

	for (unsigned int i = 0; role == S2_ROLE_GUEST && i < s2_nkeepers; i++)
		role = s2_keepers[i]->role(table);
	return role;
}

#endif
