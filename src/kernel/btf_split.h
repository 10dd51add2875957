/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A module's types without what leads to them. For modules.c only. */
#ifndef S2_KERNEL_BTF_SPLIT_H
#define S2_KERNEL_BTF_SPLIT_H

#include "kernel/kernel.h"

/* What is looked for. */
struct s2_btf_split {
	struct s2_types *base; /* the kernel's */
	/* Are these the module's? */
	bool (*is_it)(void *arg, const struct s2_types *types);
	void *arg;
	uint64_t cost; /* of one such question, in bytes that are read */
};

/*
 * Looks at the beginning of every page that the kernel maps for writing for BTF which continues
 * @wanted->base: kernel/bpf/btf.c copies a module's to pages of its own (kvmemdup(); smaller ones
 * than half a page are not found). S2_NOTFOUND: there is none. S2_INVALID: there are several, and
 * they differ.
 */
enum s2_code s2_btf_find_split(struct s2_kernel *kernel, const struct s2_btf_split *wanted,
			       struct s2_types **ret, uint32_t *ret_ntypes,
			       struct s2_err *err) S2_MUST_CHECK;

#endif
