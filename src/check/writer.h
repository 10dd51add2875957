/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KVM writes on one architecture, and what it reads of it in a VMM's own tables. */
#ifndef S2_CHECK_WRITER_H
#define S2_CHECK_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

struct s2_check_ctx;

/*
 * A row in s2_writers[], which is generated from -Darchs=. All are asked of ctx->table; @raw is an
 * entry of the height @height that translates @ia.
 */
struct s2_writer {
	const char *arch; /* s2_arch.name of the tables */
	uint64_t without; /* bit n: enum s2_check_id n is no rule for them */
	/* By enum s2_check_id: what is not reported of them although it looks like it. NULL:
	 * nothing of any. */
	const char *const *exceptions;
	/* Shadows of a guest's tables have pages in common where the guest's have. */
	bool shadows_share;

	/* Before a table is read, in each pass. */
	void (*begin)(struct s2_check_ctx *ctx);
	/* Reports what KVM does not write, once: leaves, table descriptors, all else that says
	 * something. */
	void (*leaf)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		     uint64_t raw);
	void (*table)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
	void (*invalid)(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);

	/* Is the leaf one of device memory? NULL: leaves do not tell. */
	bool (*is_device)(uint64_t raw);
	/* Of a leaf of a VMM's table: may KVM let the guest write there? is it ordinary memory?
	 * NULL: it does not tell. */
	bool (*vmm_writes)(uint64_t raw);
	bool (*vmm_is_memory)(uint64_t raw);
};

/* All there are, NULL at the end. */
extern const struct s2_writer *const s2_writers[];
extern const unsigned int s2_nwriters;

#endif
