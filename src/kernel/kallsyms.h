/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbol table that a kernel keeps of itself, compressed, in its image. */
#ifndef S2_KERNEL_KALLSYMS_H
#define S2_KERNEL_KALLSYMS_H

#include "kernel/room.h"
#include "kernel/symbols.h"

/* How an address follows from entry i of its table. Which one is in use shows in _stext. */
enum s2_kallsyms_encoding {
	S2_KALLSYMS_ABSOLUTE, /* kallsyms_addresses[i], u64; up to 6.10 (64e166099b69 ended it) */
	S2_KALLSYMS_RELATIVE, /* relative_base + (u32)offsets[i] */
	S2_KALLSYMS_PERCPU,   /* offsets[i] >= 0: absolute; else relative_base - 1 - offsets[i]; up
				 to 6.14 */
	S2_KALLSYMS_PLACE,    /* &offsets[i] + (s32)offsets[i]; 7.0 on (a081b5789255) */
	S2_KALLSYMS_NENCODINGS,
};

struct s2_kallsyms {
	uint32_t nsyms;
	uint32_t ndata;  /* symbols of data (types b, d, r, v) */
	bool long_names; /* lengths above 127 take two bytes (73bbb94466fd, 6.1) */
	enum s2_kallsyms_encoding encoding;
	uint64_t base;     /* kallsyms_relative_base */
	uint64_t table_va; /* of offsets[0] or addresses[0] */
	uint8_t *names;    /* length, then tokens, per symbol */
	size_t names_size; /* an upper bound */
	uint8_t *table;    /* offsets or addresses */
	char *tokens;      /* strings, each terminated */
	size_t tokens_size;
	uint16_t token_at[256]; /* offset of each string in @tokens */
	uint8_t token_len[256];
};

/*
 * Reads the tables through SYMBOL(kallsyms_*) in VMCOREINFO (5fd8fea935a1, f09bddbd8661, 6.0 on)
 * and finds out how they are encoded: by what makes _stext come out as SYMBOL(_stext). S2_NOTFOUND:
 * the kernel does not say where they are. S2_INVALID: they make no sense. Missing codes: they are
 * not in the dump.
 */
enum s2_code s2_kallsyms_open(struct s2_kallsyms *ret, const struct s2_mem *mem,
			      const struct s2_vmcoreinfo *info, const struct s2_kva_facts *facts,
			      struct s2_budget *room, struct s2_err *err) S2_MUST_CHECK;
void s2_kallsyms_close(struct s2_kallsyms *kallsyms);

/* One pass over all symbols. S2_INVALID when the names run out of their table. */
enum s2_code s2_kallsyms_query(const struct s2_kallsyms *kallsyms, struct s2_symbol_query *query,
			       struct s2_err *err) S2_MUST_CHECK;

/* "base-relative", ... */
const char *s2_kallsyms_encoding_name(enum s2_kallsyms_encoding encoding);

#endif
