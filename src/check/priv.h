/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the checker share. Not for other folders. */
#ifndef S2_CHECK_PRIV_H
#define S2_CHECK_PRIV_H

#include "base/budget.h"
#include "check/check.h"
#include "check/keeper.h"
#include "check/writer.h"
#include "decode/walk.h"
#include "kernel/fields.h"

/* What the host's entry for a page of memory says. */
enum s2_host_fact {
	S2_HOST_EMPTY, /* not mapped, the host's all the same */
	S2_HOST_OWNED,
	S2_HOST_SHARED,
	S2_HOST_BORROWED,
	S2_HOST_HYP,   /* annotated: the hypervisor's */
	S2_HOST_GUEST, /* annotated: a guest's */
	S2_HOST_OTHER, /* annotated, but nobody's that is known */
	S2_HOST_UNREAD,
};

/* All that the tables say of one page of memory, gathered from all of them. */
struct s2_facts {
	uint32_t host : 3; /* enum s2_host_fact */
	uint32_t host_write : 1;
	uint32_t host_exec : 1;
	uint32_t hyp : 2; /* hypervisor's linear map: SW bits of the leaf, counts with hyp_mapped */
	uint32_t hyp_mapped : 1;
	uint32_t hyp_write : 1;
	uint32_t hyp_exec : 1;
	uint32_t hyp_private : 1; /* mapped elsewhere in the hypervisor */
	uint32_t hyp_private_write : 1;
	uint32_t hyp_quarter : 1; /* mapped in its private range or as part of its page array */
	uint32_t hyp_again : 1;   /* in its private range, for writing */
	uint32_t hyp_unread : 1;
	uint32_t table : 1;      /* a table page ... */
	uint32_t table_kept : 1; /* ... that the hypervisor keeps */
	uint32_t guest_write : 1;
	uint32_t guest_odd : 1;    /* that guest's leaf its VMM does not confirm */
	uint32_t guest_unsure : 1; /* ... or its VMM is not known */
	uint32_t kept_guest : 1;   /* mapped in a guest that the hypervisor keeps */
	uint32_t kept_owned : 1;   /* ... which owns it */
	uint32_t kept_shared : 1;  /* ... which shares it with the host */
	uint16_t guest; /* 1 + table of the first host-managed guest that writes it, else that maps
			   it */
	uint16_t borrowers; /* leaves of hypervisor-managed guests that borrow it */
};
_Static_assert(S2_MAX_TABLES <= UINT16_MAX, "1 + table fits in 16 bits");

/* The pages of memory, numbered without holes; facts are kept for a window of them. */
struct s2_page_region {
	uint64_t pa;
	uint64_t npages;
	uint64_t first; /* number of its first page */
};

/* Pages of which facts are kept in one piece as long as they are the same for all of them: 2 MiB in
 * 4K pages, so that memory mapped by blocks costs little. */
#define S2_CHUNK_LOG2 9

struct s2_chunk {
	struct s2_facts all; /* of each of its pages, but when it is ... */
	bool split;          /* into one for each page */
};

/* Facts of pages in a row: one for all of them, or one for each. */
struct s2_facts_run {
	uint64_t number; /* of the first page */
	uint64_t npages;
	uint64_t nfacts; /* 1, or npages */
	struct s2_facts *fact;
};

struct s2_pages {
	struct s2_page_region *region;
	size_t nregions;
	unsigned int page_log2;
	uint64_t npages;
	uint64_t left_out_pa;            /* S2_NO_PAGE, or from where on memory is not looked at */
	struct s2_budget budget;         /* pages of memory, all windows */
	struct s2_budget changes;        /* of facts, all windows */
	bool too_many_changes;           /* there were more: facts are not all there */
	uint64_t window, nwindow;        /* pages [window, window + nwindow) */
	uint64_t window_pa, window_last; /* ... are between these addresses, if there are any */
	struct s2_chunk *chunk;
	struct s2_facts *fact; /* one for each page of the window, of chunks that are split */
};

#define S2_NO_PAGE UINT64_MAX

/* A table page. Kept in a hash by address. */
struct s2_tpage {
	uint64_t pa;       /* plus 1; 0: free */
	uint32_t min, max; /* how many references its entries may hold */
	uint16_t table;
	uint8_t height;
	bool whole;     /* all of it was read */
	uint32_t visit; /* the pass in which it was read last */
};

struct s2_tpages {
	struct s2_tpage *slot;
	size_t n, room; /* room is a power of two */
};

/* A descriptor that KVM writes: @value, and @free bits that may be anything, besides address and
 * type. */
struct s2_form {
	const char *name;
	uint64_t value;
	uint64_t free;
	bool pages_only;
	const char *guess;       /* NULL, or what is not known that decides that it is this one */
	enum s2_tristate memory; /* S2_YES: only on memory, S2_NO: only elsewhere */
};

#define S2_MAX_FORMS 16

/* struct page's place and size, from VMCOREINFO. */
struct s2_memmap {
	bool have;
	uint64_t va;        /* of the struct page of PA 0, mod 2^64 */
	bool have_sections; /* the kernel's list of memory (mem_section[]): */
	uint64_t sections, nroots, section_size, section_map;
	unsigned int section_log2, root_log2; /* of its bytes; of the sections of one root */
	uint64_t size;
	uint64_t refcount; /* offset of page._refcount */
	uint64_t flags;    /* offset of page.flags */
	uint64_t reserved; /* the flag of what the kernel does not use as memory; 0: not known */
};

/* Where a VM's VMM has its page tables. */
struct s2_vmm_layout {
	struct s2_field_at mm, pgd;
	bool asked;
};

struct s2_check_ctx {
	const struct s2_check_args *args;
	const struct s2_mem *mem;
	struct s2_kernel *kernel;
	const struct s2_tables *tables;
	void *kept; /* what a keeper beside KVM has for itself, from its open(); NULL: there is none
		     */
	struct s2_check_report *report;
	struct s2_geometry *geom; /* by table; arch NULL: it cannot be read */
	uint64_t running;         /* bit n: check n is done */
	struct s2_pages pages;
	struct s2_memmap memmap; /* s2_memmap_uses() has found it when @have_memmap */
	bool have_memmap;
	struct s2_tpages tpages;
	bool first_window; /* what is no matter of pages is done once */
	uint32_t pass;     /* counts windows, from 1 */
	bool nomem;
	uint64_t max_findings, findings_left; /* to be kept: of a check, and of all together */
	unsigned int reads;                   /* S2_READS_* of all checks that are done */
	uint64_t kept_findings;               /* of all checks */
	uint64_t times; /* what is said now is so of so many pages; above 1 nothing is kept */
	uint64_t seen[S2_NROLES][S2_NTALLIES]; /* of tables of that role; S2_TALLY_MEMORY: [0] */
	size_t host, hyp;                      /* their tables, or SIZE_MAX */
	bool over_budget; /* the table that is read has more pages than the walk's budget */
	bool kept_lost;   /* ... of a table that the hypervisor keeps for a guest, or all of it */

	/* The table that is being read. */
	size_t t;
	uint64_t path[S2_MAX_HEIGHTS]; /* table pages from the root to the one that is read */
	uint64_t entries;              /* of that which was entered last */
	const struct s2_table *table;
	const struct s2_geometry *g;
	const struct s2_writer *writer; /* NULL: nobody knows what is written there */
	const struct s2_attr *open;     /* of the table's leaves, when which values of it are
					   reserved is not known; else NULL */
	struct s2_form form[S2_MAX_FORMS];
	size_t nforms;
	uint32_t learnt; /* what a writer learnt from all tables, when @have_learnt */
	bool have_learnt;
	struct s2_walk *tables_walk; /* that reads all tables */
	struct s2_walk *walk;        /* for single look-ups */
	struct s2_vmm *vmm;          /* host-managed guests: the VMM's tables, or NULL */
	struct s2_vmm_layout vmm_at; /* asked of types once for all tables */
	struct s2_budget outside;    /* struct pages that s2_memmap_uses() may be asked for beyond
					the first of each leaf */
	struct s2_budget vmm_asked;  /* entries of VMMs' tables and files that may be looked up */
	struct s2_budget lookups;    /* strips that s2_check_ia_of() may go through */
};

/* report.c */
void s2_check_found(struct s2_check_ctx *ctx, enum s2_check_id id, const struct s2_table *table,
		    uint64_t ia, uint64_t pa, const char *fmt, ...) S2_PRINTF(6, 7);
void s2_check_unknown(struct s2_check_ctx *ctx, enum s2_check_id id, const char *fmt, ...)
	S2_PRINTF(3, 4);
/* Sets how many findings are kept. */
void s2_check_limit_findings(struct s2_check_ctx *ctx);
/* Would another finding of @id be kept? If not, its text need not be made. */
bool s2_check_keeps(const struct s2_check_ctx *ctx, enum s2_check_id id);
/* @n things more were looked at, by a check whose row is S2_TALLY_OWN. */
void s2_check_looked(struct s2_check_ctx *ctx, enum s2_check_id id, uint64_t n);
/* Of all checks that read tables of the kinds @reads. */
void s2_check_all_unknown(struct s2_check_ctx *ctx, unsigned int reads, const char *fmt, ...)
	S2_PRINTF(3, 4);
static inline bool s2_check_runs(const struct s2_check_ctx *ctx, enum s2_check_id id)
{
	return ctx->running & BIT64(id);
}

/* check.c: is it one for this table, too? */
bool s2_check_is_rule(const struct s2_table *table, enum s2_check_id id);

/* pages.c */
enum s2_code s2_pages_init(struct s2_check_ctx *ctx, struct s2_err *err) S2_MUST_CHECK;
/* Moves the window: no facts are known of its pages yet. */
void s2_pages_window(struct s2_check_ctx *ctx, uint64_t first);
/* Number of the page at @pa, or S2_NO_PAGE; @ret_left: how many pages from there on are memory
 * without a hole. */
uint64_t s2_pages_number(const struct s2_pages *pages, uint64_t pa, uint64_t *ret_left);
/* How many pages of memory end at @pa or below. */
uint64_t s2_pages_below(const struct s2_pages *pages, uint64_t pa);
uint64_t s2_pages_pa(const struct s2_pages *pages, uint64_t number);
/* The facts of the page at @pa alone, to be changed; NULL when it is no memory or not in the
 * window. */
struct s2_facts *s2_pages_fact(struct s2_pages *pages, uint64_t pa);
/* Which pages of the window lie in [@pa, @last], a part of them at least: numbers [*ret_from,
 * *ret_to). */
void s2_pages_span(const struct s2_pages *pages, uint64_t pa, uint64_t last, uint64_t *ret_from,
		   uint64_t *ret_to);
/*
 * The next facts of the pages [*@number, @to) of the window, all to be changed in the same way;
 * *@number is moved behind them. False: there are no more, or the budget for changes is at its end,
 * which is noted. A loop costs what memory there is, and in chunks: not what a descriptor spans.
 */
bool s2_pages_change(struct s2_pages *pages, uint64_t *number, uint64_t to,
		     struct s2_facts_run *ret);
/* The next pages of [@number, @to), which is not empty, of which the same is known: one fact. */
struct s2_facts_run s2_pages_alike(const struct s2_pages *pages, uint64_t number, uint64_t to);
/* One that was added. */
struct s2_tpage *s2_tpages_get(struct s2_tpages *tpages, uint64_t pa);
/* NULL without memory; *@ret_new says whether it was not there yet. */
struct s2_tpage *s2_tpages_add(struct s2_tpages *tpages, uint64_t pa, bool *ret_new);

/* tables.c: reads every table once, descriptor by descriptor. */
void s2_check_tables(struct s2_check_ctx *ctx);

/* tables.c: what KVM writes into tables of @arch; NULL: nothing is known of that. */
const struct s2_writer *s2_writer_of(const struct s2_arch *arch);

/* memory.c: when all tables were read and no keeper beside KVM has a say: page by page. */
void s2_check_memory(struct s2_check_ctx *ctx);
/* Where table @t maps @pa: S2_NO_ADDRESS when that cannot be found. */
uint64_t s2_check_ia_of(struct s2_check_ctx *ctx, size_t t, uint64_t pa);
/* Is that to be looked for, for one finding more of @id? */
bool s2_check_looks_up(const struct s2_check_ctx *ctx, enum s2_check_id id);

/* guest.c: what a leaf of a guest says beyond its bits. VMs are told apart by the id up to the
 * slash: nested tables map their VM's pages. */
bool s2_check_same_vm(const struct s2_table *a, const struct s2_table *b);
void s2_guest_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		   uint64_t raw);

/* vmm.c */
struct s2_vmm *s2_vmm_open(struct s2_check_ctx *ctx, const struct s2_table *table);
void s2_vmm_close(struct s2_vmm *vmm);
/* Is every page of the leaf the one that the VMM has there? */
enum s2_tristate s2_vmm_confirms(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size, uint64_t oa,
				 bool write, uint64_t raw);

/* gmem.c: and the one that the slot's guest_memfd has there? Freed by free(). */
struct s2_gmem *s2_gmem_open(struct s2_check_ctx *ctx);
enum s2_tristate s2_gmem_confirms(struct s2_check_ctx *ctx, struct s2_gmem *gmem,
				  const struct s2_slot *slot, uint64_t ia, uint64_t size,
				  uint64_t oa);

/* refcount.c */
void s2_memmap_find(struct s2_check_ctx *ctx, struct s2_memmap *ret);

/* Does the kernel use @pa as memory, by its struct page? S2_NO: it has none, or is reserved.
 * @ret_left: for how many pages from there on that is the answer, at least 1. */
enum s2_tristate s2_memmap_uses(struct s2_check_ctx *ctx, uint64_t pa, uint64_t *ret_left);
void s2_check_refcounts(struct s2_check_ctx *ctx);

/* tables.c: is @pa memory, as far as a keeper of tables knows? S2_UNKNOWN without one. */
enum s2_tristate s2_kept_memory(const struct s2_check_ctx *ctx, uint64_t pa);

/* @n of the table that is read were seen. */
static inline void s2_check_saw(struct s2_check_ctx *ctx, enum s2_check_tally tally, uint64_t n)
{
	if (ctx->first_window)
		ctx->seen[s2_role(ctx->table)][tally] += n;
}

/* The kind of a table, S2_READS_*: in the order of the roles (check.c holds them to it). */
static inline unsigned int s2_reads(const struct s2_table *table)
{
	return 1U << s2_role(table);
}

#endif
