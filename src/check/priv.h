/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the checker share. Not for other folders. */
#ifndef S2_CHECK_PRIV_H
#define S2_CHECK_PRIV_H

#include "base/budget.h"
#include "check/check.h"
#include "check/keeper.h"
#include "check/writer.h"
#include "decode/walk.h"
#include "host/pkvm/annotate.h"

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
	uint32_t table_pkvm : 1; /* ... that the hypervisor keeps */
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

/* The pages of memory, numbered without holes; facts are kept for a window of them. */
struct s2_page_region {
	uint64_t pa;
	uint64_t npages;
	uint64_t first; /* number of its first page */
};

struct s2_pages {
	struct s2_page_region *region;
	size_t nregions;
	unsigned int page_log2;
	uint64_t npages;
	uint64_t left_out_pa;           /* S2_NO_PAGE, or from where on memory is not looked at */
	struct s2_budget budget;        /* pages of memory, all windows */
	uint64_t window, nwindow;       /* pages [window, window + nwindow), ... */
	uint64_t window_pa, window_end; /* which lie here */
	struct s2_facts *fact;
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
	enum s2_tristate memory; /* S2_YES: only on memory, S2_NO: only elsewhere */
};

#define S2_MAX_FORMS 16

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

/* struct page's place and size, from VMCOREINFO. */
struct s2_memmap {
	bool have;
	uint64_t va; /* of the struct page of PA 0, mod 2^64 */
	uint64_t size;
	uint64_t refcount; /* offset of page._refcount */
	uint64_t flags;    /* offset of page.flags */
	uint64_t reserved; /* the flag of what the kernel does not use as memory; 0: not known */
};

/* Roles of tables (pkvm/host.c holds them to it). */
#define S2_NROLES 4

struct s2_check_ctx {
	const struct s2_check_args *args;
	const struct s2_mem *mem;
	struct s2_kernel *kernel;
	const struct s2_tables *tables;
	const struct s2_pkvm *pkvm;
	struct s2_check_report *report;
	struct s2_check_features features;
	struct s2_geometry *geom; /* by table; arch NULL: it cannot be read */
	uint64_t running;         /* bit n: check n is done */
	struct s2_pages pages;
	struct s2_memmap memmap; /* s2_memmap_uses() has found it when @have_memmap */
	bool have_memmap;
	struct s2_tpages tpages;
	bool first_window; /* what is no matter of pages is done once */
	uint32_t pass;     /* counts windows, from 1 */
	bool nomem;
	uint64_t max_findings, findings_left;  /* to be kept: of a check, and of all together */
	unsigned int reads;                    /* S2_READS_* of all checks that are done */
	uint64_t said;                         /* findings and unknowns, all of them */
	uint64_t seen[S2_NROLES][S2_NTALLIES]; /* of tables of that role; S2_TALLY_MEMORY: [0] */
	size_t host, hyp;                      /* their tables, or SIZE_MAX */
	bool private_lost; /* a part of the hypervisor's table outside of its linear map is not read
			    */
	bool over_budget;  /* the table that is read has more pages than the walk's budget */
	bool kept_lost;    /* ... of a table that the hypervisor keeps for a guest, or all of it */

	/* The table that is being read. */
	size_t t;
	uint64_t path[S2_MAX_HEIGHTS]; /* table pages from the root to the one that is read */
	uint64_t entries;              /* of that which was entered last */
	const struct s2_table *table;
	const struct s2_geometry *g;
	const struct s2_writer *writer; /* NULL: nobody knows what is written there */
	struct s2_form form[S2_MAX_FORMS];
	size_t nforms;
	struct s2_walk *tables_walk; /* that reads all tables */
	struct s2_walk *walk;        /* for single look-ups */
	/* hyp: fixmap slots between uses, what looks like slots in use, and the same of blocks */
	uint64_t slots_unused, slots_used, blocks_unused, blocks_used;
	uint64_t vmemmap_next; /* hyp: where the next page of hyp_vmemmap must be */
	struct s2_uniform_count uniform[S2_NUNIFORM]; /* hyp */
	struct s2_vms *vms; /* guests of the hypervisor as objects, NULL without them */
	struct s2_vmm *vmm; /* host-managed guests: the VMM's tables, or NULL */

	struct s2_image_part *image;
	size_t nimage;
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

/* pkvm/features.c */
void s2_check_features(struct s2_check_ctx *ctx);

/* pages.c */
enum s2_code s2_pages_init(struct s2_check_ctx *ctx, struct s2_err *err) S2_MUST_CHECK;
/* Moves the window: no facts are known of its pages yet. */
void s2_pages_window(struct s2_check_ctx *ctx, uint64_t first);
/* Number of the page at @pa, or S2_NO_PAGE; @ret_left: how many pages from there on are memory
 * without a hole. */
uint64_t s2_pages_number(const struct s2_pages *pages, uint64_t pa, uint64_t *ret_left);
uint64_t s2_pages_pa(const struct s2_pages *pages, uint64_t number);
/* The facts of the page at @pa, NULL when it is no memory or not in the window. */
struct s2_facts *s2_pages_fact(const struct s2_pages *pages, uint64_t pa);
/*
 * The next pages of [*@pa, @last] that are memory and in the window: facts of @ret_n pages from *@pa
 * on, which is moved up to the first of them. NULL: there are no more. A loop adds @ret_n pages to
 * *@pa: it costs what memory there is, not what a descriptor spans.
 */
struct s2_facts *s2_pages_run(const struct s2_pages *pages, uint64_t *pa, uint64_t last,
			      uint64_t *ret_n);
/* One that was added. */
struct s2_tpage *s2_tpages_get(struct s2_tpages *tpages, uint64_t pa);
/* NULL without memory; *@ret_new says whether it was not there yet. */
struct s2_tpage *s2_tpages_add(struct s2_tpages *tpages, uint64_t pa, bool *ret_new);

/* tables.c: reads every table once, descriptor by descriptor. */
void s2_check_tables(struct s2_check_ctx *ctx);

/* What KVM writes into tables of @arch; NULL: nothing is known of that. */
const struct s2_writer *s2_writer_of(const struct s2_arch *arch);

/* arm64/writer.c: after the hypervisor's table: reports leaves that have not what all others have. */
void s2_writer_uniform(struct s2_check_ctx *ctx);

/* host.c, hyp.c, guest.c: what a leaf says beyond its bits. */
void s2_host_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		  uint64_t raw);
void s2_host_invalid(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
void s2_hyp_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t oa,
		 uint64_t raw);
/* Is @pa a CPU's stack at EL2, as its parameters say? */
bool s2_hyp_is_stack(const struct s2_pkvm *pkvm, uint64_t pa);
/* Does @va lie in the hypervisor's private range, below hyp_vmemmap? S2_UNKNOWN without that. */
enum s2_tristate s2_hyp_in_private(const struct s2_check_ctx *ctx, uint64_t va);
void s2_hyp_begin(struct s2_check_ctx *ctx);
void s2_hyp_end(struct s2_check_ctx *ctx);
/* A piece of input space that could not be read: what is said of its pages is not known. */
void s2_host_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size);
void s2_hyp_lost(struct s2_check_ctx *ctx, uint64_t ia, uint64_t size);
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

/* states.c: invariants between the tables, page by page. */
void s2_check_states(struct s2_check_ctx *ctx);

/* refcount.c */
void s2_memmap_find(struct s2_check_ctx *ctx, struct s2_memmap *ret);

/* Does the kernel use @pa as memory, by its struct page? S2_NO: it has none, or is reserved. */
enum s2_tristate s2_memmap_uses(struct s2_check_ctx *ctx, uint64_t pa);
void s2_check_refcounts(struct s2_check_ctx *ctx);

/* donation.c: annotation and leaf of a page that the host gave to a guest must name each other. */
void s2_check_given(struct s2_check_ctx *ctx, uint64_t pa, const struct s2_own *own);
void s2_check_owned(struct s2_check_ctx *ctx, uint64_t ia, uint64_t oa);

/* vms.c: guests of the hypervisor as objects. */
void s2_check_vms_begin(struct s2_check_ctx *ctx);
void s2_check_vms(struct s2_check_ctx *ctx);
void s2_check_vms_end(struct s2_check_ctx *ctx);

/* Is @pa memory, as far as a keeper of tables knows? S2_UNKNOWN without one. */
enum s2_tristate s2_kept_memory(const struct s2_check_ctx *ctx, uint64_t pa);

/* host.c: is @pa memory? S2_UNKNOWN without hyp_memory[]. */
enum s2_tristate s2_check_is_memory(const struct s2_check_ctx *ctx, uint64_t pa);

/* Is all of [@pa, @pa + @size) memory, in one region? */
enum s2_tristate s2_check_all_memory(const struct s2_check_ctx *ctx, uint64_t pa, uint64_t size);

/* @n of the table that is read were seen. */
static inline void s2_check_saw(struct s2_check_ctx *ctx, enum s2_check_tally tally, uint64_t n)
{
	if (ctx->first_window)
		ctx->seen[s2_role(ctx->table)][tally] += n;
}

/* The kind of a table, S2_READS_*: in the order of the roles (pkvm/host.c holds them to it). */
static inline unsigned int s2_reads(const struct s2_table *table)
{
	return 1U << s2_role(table);
}

#endif
