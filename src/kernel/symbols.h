/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel symbols by name, whatever they come from: a vmlinux, a System.map or the kernel's own
 * kallsyms. */
#ifndef S2_KERNEL_SYMBOLS_H
#define S2_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "decode/arch.h"
#include "kernel/kva.h"
#include "kernel/vmcoreinfo.h"

enum s2_symbol_source {
	S2_SYM_NONE, /* not found */
	S2_SYM_VMLINUX,
	S2_SYM_SYSTEM_MAP,
	S2_SYM_KALLSYMS,
	S2_SYM_MODULE, /* a module's own, s2_module_symbols() */
};

/* "vmlinux", "System.map", "kallsyms", "module" */
const char *s2_symbol_source_name(enum s2_symbol_source source);

/* A question and its answer. Fill in @name, leave the rest 0. */
struct s2_symbol {
	const char *name;
	size_t len;        /* of a query: of @name */
	uint64_t value;    /* address in the running kernel, KASLR included */
	uint64_t other;    /* with two of @hits or more: that of the last */
	unsigned int hits; /* how many different addresses bear the name; 0: not found, value is the
			      first one's */
	enum s2_symbol_source source;
};

/* A pass over a symbol table that answers several questions at once. For the sources below; users
 * see s2_symbols_*(). */
struct s2_symbol_query {
	struct s2_symbol *wanted;
	size_t n;
	const char *prefix; /* NULL: no enumeration */
	size_t prefix_len;
	bool (*each)(void *arg, const char *name,
		     uint64_t value); /* of every name with @prefix; false stops the pass */
	void *arg;
	enum s2_symbol_source source;
	uint64_t lengths[16]; /* bit n: a wanted name has n characters */
};

void s2_symbol_query_init(struct s2_symbol_query *query, struct s2_symbol *wanted, size_t n);

/* Longest name that is looked at; the kernel's KSYM_NAME_LEN is 512 since 6.1. */
#define S2_SYMBOL_NAME_MAX 1023

/* Could a name of @len characters be an answer? */
static inline bool s2_symbol_query_len(const struct s2_symbol_query *query, size_t len)
{
	return len <= S2_SYMBOL_NAME_MAX && ((query->prefix && len >= query->prefix_len) ||
					     (query->lengths[len / 64] >> len % 64 & 1));
}

/* Takes note of one symbol, @name is terminated; false: stop the pass. */
bool s2_symbol_query_take(struct s2_symbol_query *query, const char *name, size_t len,
			  uint64_t value);

/* A file that was opened by the shell; fd < 0: none was given. */
struct s2_symbol_file {
	const char *path; /* for messages */
	int fd;
};

struct s2_symbols_args {
	const struct s2_mem *mem;
	const struct s2_vmcoreinfo *info;
	const struct s2_kva_facts *facts;
	struct s2_budget *room; /* kernel/room.h */
	struct s2_symbol_file vmlinux;
	struct s2_symbol_file system_map;

	/* Names that will be asked for, all of them looked up in the first pass. Constants; the
	 * last one is NULL. May be NULL. */
	const char *const *ahead;

	/* Says once per source what it holds, for people. May be NULL. */
	void (*remark)(void *arg, const char *text);
	void *arg;
};

struct s2_symbols;

/* Opens nothing yet: each source is read when the first question comes. What @args points to must
 * outlive it. */
enum s2_code s2_symbols_new(const struct s2_symbols_args *args, struct s2_symbols **ret,
			    struct s2_err *err) S2_MUST_CHECK;
void s2_symbols_free(struct s2_symbols *symbols);

/*
 * Looks @n names up, in one pass per source: vmlinux, then System.map, then kallsyms for what is
 * still missing. S2_OK when at least one source could be read, found or not: see hits. Else the
 * reason why there are no symbols at all; a file that was given but is broken or of another kernel
 * is an error.
 */
enum s2_code s2_symbols_find(struct s2_symbols *symbols, struct s2_symbol *wanted, size_t n,
			     struct s2_err *err) S2_MUST_CHECK;

/*
 * Can @source be asked? It is opened now if it was not yet; else the reason why not, S2_NOTFOUND
 * when it has no symbols.
 */
enum s2_code s2_symbols_check(struct s2_symbols *symbols, enum s2_symbol_source source,
			      struct s2_err *err) S2_MUST_CHECK;

#endif
