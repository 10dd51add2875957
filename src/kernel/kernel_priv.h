/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make up struct s2_kernel share. Not for other folders. */
#ifndef S2_KERNEL_KERNEL_PRIV_H
#define S2_KERNEL_KERNEL_PRIV_H

#include "base/budget.h"
#include "kernel/kernel.h"
#include "kernel/room.h"

/* More kernels of one machine than this are not told apart. */
#define S2_MAX_KERNELS 16

/* Modules whose types somebody asks for: KVM's, and its part for one kind of CPU. */
#define S2_MAX_MODULES 4

struct s2_module_types {
	const char *name; /* the asker's constant */
	struct s2_types *types;
};

/* Byte offsets. */
struct s2_rb_layout {
	uint64_t parent, right, left, root;
};

struct s2_kernel {
	struct s2_kernel_args args;
	struct s2_kernel_facts facts;
	struct s2_kernel_id met[S2_MAX_KERNELS];
	unsigned int nmet;
	char *text; /* VMCOREINFO, owned */
	struct s2_vmcoreinfo info;
	struct s2_kva *kva;
	struct s2_budget room; /* kernel/room.h */
	struct s2_symbols *symbols;
	struct s2_types *types;
	bool types_tried;
	struct s2_err types_err;
	/* Asked of types once, and not for each of many xarrays and trees. */
	struct s2_xa_layout xa;
	struct s2_rb_layout rb;
	bool have_xa, have_rb;
	struct s2_module_types module[S2_MAX_MODULES];
	size_t nmodules;
	bool said_spent;   /* s2_kernel_types_spent() was true */
	bool lacks_module; /* types of one could not be had, which its file has */
	char **remark;
	size_t nremarks;
	struct s2_budget entries; /* of lists, xarrays and trees, all walks together */
};

/* Adds a line for people; silently lost when there is no memory. */
void s2_kernel_say(struct s2_kernel *kernel, const char *fmt, ...) S2_PRINTF(2, 3);

/* Sets how many entries may be met, by the memory that is there. */
void s2_kernel_limit(struct s2_kernel *kernel);

/* How many of them one walk may meet. */
struct s2_budget s2_kernel_nodes(const struct s2_kernel *kernel);

/* ... and a walk over an array alone: an entry has a word of memory of its own. */
struct s2_budget s2_kernel_slots(const struct s2_kernel *kernel);

/* One entry more of a walk, which may meet @own. S2_LOOP: it does not end; S2_BUDGET: all of them. */
enum s2_code s2_kernel_draw(struct s2_kernel *kernel, struct s2_budget *own,
			    struct s2_err *err) S2_MUST_CHECK;

/* The 64 bits at a kernel virtual address. */
enum s2_code s2_kernel_word(struct s2_kernel *kernel, uint64_t va, uint64_t *ret,
			    struct s2_err *err) S2_MUST_CHECK;

/* Finds VMCOREINFO, checks that it is this memory's, fills text, info, facts, kva and met. */
enum s2_code s2_kernel_locate(struct s2_kernel *kernel, struct s2_err *err) S2_MUST_CHECK;

#endif
