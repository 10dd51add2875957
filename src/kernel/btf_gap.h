/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of BTF of which a stretch is not in the dump. For the files that read BTF only. */
#ifndef S2_KERNEL_BTF_GAP_H
#define S2_KERNEL_BTF_GAP_H

#include "kernel/btf_blob.h"

/* The types up to the one that runs into the gap, and those behind it. */
struct s2_btf_rows {
	uint32_t before; /* how many come first */
	uint32_t resume; /* offset of the next one that is whole, */
	uint32_t after;  /* and how many there are from there on */
};

/*
 * Finds both rows in the types of @blob, of which there are @ntypes; [@at, @end) of them is
 * missing. A row begins where types follow each other up to the very end: a member or an enumerator
 * taken for a type has no kind that is known. S2_INVALID: there are more than @ntypes.
 */
enum s2_code s2_btf_find_rows(const struct s2_btf_blob *blob, uint32_t at, uint32_t end,
			      uint32_t ntypes, struct s2_btf_rows *ret,
			      struct s2_err *err) S2_MUST_CHECK;

#endif
