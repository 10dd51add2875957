/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that check a protected system share. Not for other folders. */
#ifndef S2_CHECK_PKVM_PRIV_H
#define S2_CHECK_PKVM_PRIV_H

#include "check/priv.h"
#include "host/pkvm/annotate.h"

/* What this kernel's hypervisor does, by its functions and members; S2_UNKNOWN without them. */
struct s2_check_features {
	enum s2_tristate guest_blocks; /* it maps blocks for guests (6.16) */
	enum s2_tristate fixmap;       /* it has a fixmap slot per CPU (6.2) */
	enum s2_tristate fixblock;     /* ... and one of a block's size (6.16) */
	enum s2_tristate
		owns_private; /* it saw to it that all of its private range is its own (7.3) */
	enum s2_tristate first_counts; /* the first tables count what the linear map of memory holds
					  (up to 6.1) */
};

/* Bits that a kernel sets in all leaves of a kind or in none; which, types do not tell. */
enum s2_uniform { S2_TEXT_GP, S2_TEXT_UXN, S2_DATA_PXN, S2_NUNIFORM };

#define S2_MAX_ODD_ONES 4

struct s2_uniform_count {
	uint64_t n[2];                   /* leaves with the bit clear, and set */
	uint64_t ia[2][S2_MAX_ODD_ONES]; /* the first of them */
	uint64_t oa[2][S2_MAX_ODD_ONES];
};

/* Part of the kernel image, as the kernel itself maps it. */
struct s2_image_part {
	uint64_t pa;
	uint64_t size;
	bool write, exec;
	bool lost; /* what the kernel maps there cannot be read */
};

/* What is known of the system, and what was met in its tables. */
struct s2_protected {
	const struct s2_pkvm *pkvm;
	struct s2_check_features features;
	bool private_lost; /* a part of the hypervisor's table outside of its linear map is not read
			    */
	/* The hypervisor's: fixmap slots between uses, what looks like slots in use, and the same
	 * of blocks; where the next page of hyp_vmemmap must be. */
	uint64_t slots_unused, slots_used, blocks_unused, blocks_used;
	uint64_t vmemmap_next;
	struct s2_uniform_count uniform[S2_NUNIFORM];
	struct s2_vms *vms; /* guests of the hypervisor as objects, NULL without them */
	struct s2_image_part *image;
	size_t nimage;
	uint64_t *stack; /* of CPUs, ascending */
	size_t nstacks;
	struct s2_budget words; /* of hyp_vmemmap that are read, ... */
	struct s2_budget runs;  /* and in how many pieces that are not alike */
	bool too_many_words;
};

static inline struct s2_protected *s2_protected(const struct s2_check_ctx *ctx)
{
	return ctx->kept;
}

/* Only where the system is protected: ctx->kept. */
static inline const struct s2_pkvm *s2_check_pkvm(const struct s2_check_ctx *ctx)
{
	return s2_protected(ctx)->pkvm;
}

/* features.c */
void s2_check_features(struct s2_check_ctx *ctx);

/* writer.c: what is written into ctx->table, NULL: it is none of a protected system. */
const struct s2_writer *s2_pkvm_writer(const struct s2_check_ctx *ctx);
/* writer.c: after the hypervisor's table: reports leaves that have not what all others have. */
void s2_writer_uniform(struct s2_check_ctx *ctx);

/* host.c, hyp.c: what a leaf says beyond its bits. */
void s2_host_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		  uint64_t raw);
void s2_host_invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
void s2_hyp_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw);
/* The first CPU's stack at EL2 from @pa on, as their parameters say; S2_NO_ADDRESS: there is none. */
uint64_t s2_hyp_next_stack(const struct s2_check_ctx *ctx, uint64_t pa);
/* Does @va lie in the hypervisor's private range, below hyp_vmemmap? S2_UNKNOWN without that. */
enum s2_tristate s2_hyp_in_private(const struct s2_check_ctx *ctx, uint64_t va);
void s2_hyp_begin(struct s2_check_ctx *ctx);
void s2_hyp_end(struct s2_check_ctx *ctx);
/* A piece of input space that could not be read: what is said of its pages is not known. */
void s2_host_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size);
void s2_hyp_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size);

/* states.c: invariants between the tables, page by page. */
void s2_check_states(struct s2_check_ctx *ctx);

/* donation.c: annotation and leaf of a page that the host gave to a guest must name each other. */
void s2_check_given(struct s2_check_ctx *ctx, uint64_t pa, const struct s2_own *own);
void s2_check_owned(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa);

/* vms.c: guests of the hypervisor as objects. */
void s2_check_vms_begin(struct s2_check_ctx *ctx);
void s2_check_vms(struct s2_check_ctx *ctx);
void s2_check_vms_end(struct s2_check_ctx *ctx);

/* host.c: is @pa memory? S2_UNKNOWN without hyp_memory[]. */
enum s2_tristate s2_check_is_memory(const struct s2_check_ctx *ctx, uint64_t pa);

/* Is all of [@pa, @pa + @size) memory, in one region? */
enum s2_tristate s2_check_all_memory(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t size);

#endif
