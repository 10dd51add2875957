// SPDX-License-Identifier: GPL-2.0-or-later
// Between the tables: for every page of memory, what host, hypervisor and guests say must fit
// together.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/lost.h"
#include "check/pkvm/looks.h"
#include "check/pkvm/priv.h"

#define BATCH 4096

/* Both sides of one page in one form, wherever this kernel keeps them. */
struct page_view {
	const struct s2_facts *f;
	uint64_t pa;
	enum s2_page_state host; /* as the host's annotation or state says; NONE: not known */
	enum s2_page_state hyp;  /* ... */
	bool have_word;          /* struct hyp_page */
	uint64_t word;
	bool nomap;
	bool stack;
};

/* Where table @t maps @pa: S2_NO_ADDRESS when that cannot be found. */
static uint64_t ia_of(struct s2_check_ctx *ctx, size_t t, uint64_t pa)
{
	if (t == ctx->host)
		return pa;
	if (t == ctx->hyp)
		return pa - s2_check_pkvm(ctx)->phys_offset;
	return s2_check_ia_of(ctx, t, pa);
}

static void found(struct s2_check_ctx *ctx, enum s2_check_id id, size_t table,
		  const struct page_view *v, const char *text)
{
	const struct s2_table *t = table == SIZE_MAX ? NULL : &ctx->tables->table[table];
	uint64_t ia = t && s2_check_looks_up(ctx, id) ? ia_of(ctx, table, v->pa) : S2_NO_ADDRESS;

	s2_check_found(ctx, id, t, ia, v->pa, "%s (host %s, hypervisor %s)", text,
		       s2_page_state_text(v->host), s2_page_state_text(v->hyp));
}

static enum s2_page_state host_state(const struct s2_pkvm *pkvm, const struct page_view *v)
{
	if (pkvm->host_in == S2_STATE_IN_VMEMMAP)
		return v->have_word ? s2_pkvm_host_state(pkvm, v->word) : S2_STATE_NONE;
	switch ((enum s2_host_fact)v->f->host) {
	case S2_HOST_HYP:
	case S2_HOST_GUEST:
	case S2_HOST_OTHER:
		return S2_STATE_NOPAGE;
	case S2_HOST_SHARED:
		return S2_STATE_SHARED_OWNED;
	case S2_HOST_BORROWED:
		return S2_STATE_SHARED_BORROWED;
	case S2_HOST_UNREAD:
		return S2_STATE_NONE;
	case S2_HOST_EMPTY:
	case S2_HOST_OWNED:
		break;
	}
	return S2_STATE_OWNED;
}

static enum s2_page_state hyp_state(const struct s2_pkvm *pkvm, const struct page_view *v)
{
	static const uint8_t by_bits[] = { S2_STATE_OWNED, S2_STATE_SHARED_OWNED,
					   S2_STATE_SHARED_BORROWED, S2_STATE_RESERVED };

	if (pkvm->hyp_in == S2_STATE_IN_VMEMMAP)
		return v->have_word ? s2_pkvm_hyp_state(pkvm, v->word) : S2_STATE_NONE;
	if (v->f->hyp_unread)
		return S2_STATE_NONE;
	if (!v->f->hyp_mapped)
		return S2_STATE_NOPAGE;
	return (enum s2_page_state)by_bits[v->f->hyp];
}

/* Is the state known, and another one? */
static bool is_not(enum s2_page_state state, enum s2_page_state what)
{
	return state != S2_STATE_NONE && state != what;
}

static bool host_read(const struct page_view *v)
{
	return v->f->host != S2_HOST_UNREAD;
}

/* Hypervisor text that the host may still read (since 6.18; nvhe/setup.c, fix_host_ownership()). */
static bool text_stays(const struct s2_check_ctx *ctx, const struct page_view *v)
{
	return s2_check_pkvm(ctx)->text_stays && (v->f->hyp_exec || v->f->hyp_unread) &&
	       !v->f->host_write && v->f->host == S2_HOST_OWNED;
}

/* A page that no guest of the hypervisor has: only for sure when all their tables were read. */
static bool kept_by_none(struct s2_check_ctx *ctx, enum s2_check_id id, const struct page_view *v)
{
	if (ctx->kept_lost)
		s2_check_unknown(ctx, id,
				 "PA 0x%" PRIx64
				 " may be in a guest whose table is not known, or not chosen",
				 v->pa);
	return !ctx->kept_lost;
}

/* I3: the host gave the page away <=> the hypervisor owns it and maps it. */
static void hyp_owns(struct s2_check_ctx *ctx, const struct page_view *v)
{
	bool given = v->f->host == S2_HOST_HYP;
	bool elsewhere = v->f->hyp_private || s2_protected(ctx)->private_lost;

	if (given && is_not(v->hyp, S2_STATE_OWNED) && !elsewhere)
		found(ctx, S2_CHECK_HYP_OWNS, ctx->host, v,
		      "the hypervisor's, but it does not own it");
	if (given && v->hyp == S2_STATE_OWNED && !v->f->hyp_mapped && !v->f->hyp_unread &&
	    !elsewhere)
		found(ctx, S2_CHECK_HYP_OWNS, ctx->host, v,
		      "the hypervisor's, but it does not map it");
	if (!given && !text_stays(ctx, v) && host_read(v) && v->hyp == S2_STATE_OWNED && !v->nomap)
		found(ctx, S2_CHECK_HYP_OWNS, ctx->hyp, v,
		      "the hypervisor owns it, but the host did not give it");
}

/*
 * Of a page that the hypervisor writes in its private range alone: is it there for good reason, a
 * stack (the host's up to 7.1) or a fixmap slot in use? Says so when that is not known.
 */
static bool is_private_use(struct s2_check_ctx *ctx, enum s2_check_id id, const struct page_view *v)
{
	const struct s2_pkvm *pkvm = s2_check_pkvm(ctx);

	if (v->f->hyp_mapped && v->f->hyp_write)
		return false;
	if (v->stack)
		return true;
	if (!pkvm->ncpus || pkvm->cpus_lost || s2_protected(ctx)->private_lost ||
	    s2_protected(ctx)->features.fixmap == S2_UNKNOWN) {
		s2_check_unknown(
			ctx, id,
			"PA 0x%" PRIx64
			" is a CPU's stack or in a fixmap slot, or not; how many there are is not known",
			v->pa);
		return true;
	}
	return s2_protected(ctx)->features.fixmap == S2_YES &&
	       s2_protected(ctx)->slots_used + s2_protected(ctx)->slots_unused <= pkvm->ncpus;
}

/*
 * Where the hypervisor has seen to it at boot (nvhe/mm.c, pkvm_check_host_ownership()), all of its
 * private range and page array is its own; but for slots in use, which come and go.
 */
static void owns_private(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (!v->f->hyp_quarter || s2_protected(ctx)->features.owns_private != S2_YES)
		return;
	if (!is_not(v->hyp, S2_STATE_OWNED) && !is_not(v->host, S2_STATE_NOPAGE) &&
	    (!host_read(v) || v->f->host == S2_HOST_HYP || text_stays(ctx, v)))
		return;
	if (v->f->hyp_again && !v->stack && is_private_use(ctx, S2_CHECK_HYP_OWNS, v))
		return;
	found(ctx, S2_CHECK_HYP_OWNS, ctx->hyp, v,
	      "in the private range, but not the hypervisor's");
}

/* Stacks and slots hold what the linear map does not: twice is once too often. */
static void mapped_again(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (v->f->hyp_again && v->f->hyp_mapped)
		found(ctx, S2_CHECK_HYP_ADDRESS, ctx->hyp, v,
		      "mapped for writing in the private range once more");
}

static bool is_annotated(const struct page_view *v)
{
	return v->f->host == S2_HOST_HYP || v->f->host == S2_HOST_GUEST ||
	       v->f->host == S2_HOST_OTHER;
}

/* I4, where the host's state stands in hyp_vmemmap and its entry must follow, ... */
static void host_nopage(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (v->host == S2_STATE_RESERVED)
		found(ctx, S2_CHECK_HOST_NOPAGE, ctx->host, v, "the host's state means nothing");
	else if (v->host == S2_STATE_NOPAGE && !is_annotated(v) && !text_stays(ctx, v) &&
		 host_read(v))
		found(ctx, S2_CHECK_HOST_NOPAGE, ctx->host, v,
		      "not the host's, but its entry is not annotated");
}

/* ... and I5. */
static void host_keeps(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (is_not(v->host, S2_STATE_NOPAGE) && is_annotated(v))
		found(ctx, S2_CHECK_HOST_KEEPS, ctx->host, v,
		      "the host's, but its entry is annotated");
}

/* host_share_guest_count, where struct hyp_page has it. */
static bool shared_with_guests(struct s2_check_ctx *ctx, const struct page_view *v, uint64_t *ret)
{
	uint64_t mask = s2_check_pkvm(ctx)->page.share;
	bool have = v->have_word && mask;

	*ret = have ? field_get(mask, v->word) : 0;
	return have;
}

/* I6. */
static void hyp_borrows(struct s2_check_ctx *ctx, const struct page_view *v)
{
	uint64_t count;

	shared_with_guests(ctx, v, &count);
	if (v->hyp == S2_STATE_SHARED_BORROWED && is_not(v->host, S2_STATE_SHARED_OWNED))
		found(ctx, S2_CHECK_HYP_BORROWS, ctx->hyp, v,
		      "borrowed from the host, which does not share it");
	if (v->hyp == S2_STATE_SHARED_BORROWED && count)
		found(ctx, S2_CHECK_HYP_BORROWS, ctx->hyp, v,
		      "borrowed by the hypervisor and by guests");
	if (v->hyp == S2_STATE_SHARED_OWNED && is_not(v->host, S2_STATE_SHARED_BORROWED))
		found(ctx, S2_CHECK_HYP_BORROWS, ctx->hyp, v,
		      "lent to the host, which does not borrow it");
	if (v->hyp == S2_STATE_RESERVED)
		found(ctx, S2_CHECK_HYP_BORROWS, ctx->hyp, v,
		      "the hypervisor's state means nothing");
}

/* I7. */
static void host_shares(struct s2_check_ctx *ctx, const struct page_view *v)
{
	uint64_t count;
	bool borrowed;

	shared_with_guests(ctx, v, &count);
	borrowed = v->hyp == S2_STATE_SHARED_BORROWED || v->f->borrowers || count;
	if (v->host == S2_STATE_SHARED_BORROWED && is_not(v->hyp, S2_STATE_SHARED_OWNED) &&
	    !v->f->kept_shared && kept_by_none(ctx, S2_CHECK_HOST_SHARES, v))
		found(ctx, S2_CHECK_HOST_SHARES, ctx->host, v,
		      "borrowed by the host, but nobody lends it");
	if (v->host != S2_STATE_SHARED_OWNED || borrowed || s2_check_pkvm(ctx)->ffa == S2_YES ||
	    v->hyp == S2_STATE_NONE || !kept_by_none(ctx, S2_CHECK_HOST_SHARES, v))
		return;
	if (s2_check_pkvm(ctx)->ffa == S2_UNKNOWN)
		s2_check_unknown(ctx, S2_CHECK_HOST_SHARES,
				 "the page at PA 0x%" PRIx64 " is shared with nobody, or with FF-A",
				 v->pa);
	else
		found(ctx, S2_CHECK_HOST_SHARES, ctx->host, v, "shared by the host with nobody");
}

/* I9, where a page that is borrowed is mapped only while it is pinned. */
static void hyp_pins(struct s2_check_ctx *ctx, const struct page_view *v)
{
	uint64_t refs = s2_pkvm_refs(s2_check_pkvm(ctx), v->word);

	if (v->f->hyp_unread)
		return;
	if (v->hyp == S2_STATE_SHARED_BORROWED && (refs > 0) != (v->f->hyp_mapped != 0))
		found(ctx, S2_CHECK_HYP_PINS, ctx->hyp, v,
		      refs ? "pinned, but not mapped" : "mapped, but not pinned");
}

/* I8. */
static void share_count(struct s2_check_ctx *ctx, const struct page_view *v)
{
	uint64_t count;

	if (shared_with_guests(ctx, v, &count) &&
	    (count < v->f->borrowers ||
	     (count > v->f->borrowers && kept_by_none(ctx, S2_CHECK_SHARE_COUNT, v))))
		s2_check_found(ctx, S2_CHECK_SHARE_COUNT, NULL, v->pa, v->pa,
			       "host_share_guest_count: %u expected, so many guest pages borrow it; "
			       "%" PRIu64 " found",
			       v->f->borrowers, count);
}

/* I10. */
static void guest_state(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (v->f->borrowers && is_not(v->host, S2_STATE_SHARED_OWNED))
		found(ctx, S2_CHECK_GUEST_STATE, ctx->host, v,
		      "borrowed by a guest, but the host does not share it");
	if (v->f->kept_owned && host_read(v) && v->f->host != S2_HOST_GUEST)
		found(ctx, S2_CHECK_GUEST_STATE, ctx->host, v,
		      "owned by a guest, but the host did not give it to one");
	if (v->f->kept_shared && is_not(v->host, S2_STATE_SHARED_BORROWED))
		found(ctx, S2_CHECK_GUEST_STATE, ctx->host, v,
		      "lent by a guest, but the host does not borrow it");
}

/* I11, from the host's side. */
static void donation(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (v->f->host == S2_HOST_GUEST && !v->f->kept_owned &&
	    kept_by_none(ctx, S2_CHECK_DONATION, v))
		found(ctx, S2_CHECK_DONATION, ctx->host, v, "given to a guest, but none owns it");
}

/* I12: two who write must have agreed on it. */
static void isolation(struct s2_check_ctx *ctx, const struct page_view *v)
{
	const struct s2_facts *f = v->f;
	bool hyp_writes = (f->hyp_mapped && f->hyp_write) || f->hyp_private_write;
	bool hosts = v->host == S2_STATE_OWNED || v->host == S2_STATE_SHARED_OWNED || f->host_write;
	bool shared = (v->hyp == S2_STATE_SHARED_BORROWED || v->hyp == S2_STATE_NONE) &&
		      (v->host == S2_STATE_SHARED_OWNED || v->host == S2_STATE_NONE);

	if (hyp_writes && hosts && !shared && !is_private_use(ctx, S2_CHECK_ISOLATION, v))
		found(ctx, S2_CHECK_ISOLATION, ctx->hyp, v,
		      "writable for the hypervisor and the host's");
	if (f->guest &&
	    (v->host == S2_STATE_NOPAGE || (v->host == S2_STATE_SHARED_BORROWED && f->guest_write)))
		found(ctx, S2_CHECK_ISOLATION, f->guest - 1U, v,
		      "mapped in a guest of the host, but not the host's");
	if (f->kept_guest && f->host_write && !f->borrowers && !f->kept_shared)
		found(ctx, S2_CHECK_ISOLATION, ctx->host, v,
		      "a guest's own, but writable for the host");
	if (f->kept_guest && hyp_writes && !shared && !is_private_use(ctx, S2_CHECK_ISOLATION, v))
		found(ctx, S2_CHECK_ISOLATION, ctx->hyp, v,
		      "a guest's, but writable for the hypervisor");
}

/* I13, ... */
static void table_owner(struct s2_check_ctx *ctx, const struct page_view *v)
{
	const struct s2_facts *f = v->f;

	if (f->table && f->table_kept && host_read(v) && f->host != S2_HOST_HYP)
		found(ctx, S2_CHECK_TABLE_OWNER, ctx->host, v,
		      "a table page of the hypervisor, but not its own");
}

/* The first of the hypervisor's guests in which the page is mapped; SIZE_MAX when none was found. */
static size_t kept_guest_with(struct s2_check_ctx *ctx, enum s2_check_id id, uint64_t pa)
{
	for (size_t t = 0; t < ctx->tables->n && s2_check_looks_up(ctx, id); t++)
		if (s2_role(&ctx->tables->table[t]) == S2_ROLE_KEPT &&
		    s2_check_ia_of(ctx, t, pa) != S2_NO_ADDRESS)
			return t;
	return SIZE_MAX;
}

/* ... and its counterpart for guests, whoever keeps their tables (memory.c, without a hypervisor). */
static void table_hidden(struct s2_check_ctx *ctx, const struct page_view *v)
{
	const struct s2_facts *f = v->f;

	if (f->table && (f->guest || f->kept_guest))
		found(ctx, S2_CHECK_TABLE_HIDDEN,
		      f->guest ? f->guest - 1U : kept_guest_with(ctx, S2_CHECK_TABLE_HIDDEN, v->pa),
		      v, "a table page is mapped in a guest");
	if (f->table && !f->table_kept && (f->host == S2_HOST_HYP || f->host == S2_HOST_GUEST))
		found(ctx, S2_CHECK_TABLE_HIDDEN, ctx->host, v,
		      "a table page of a guest of the host, but not the host's");
}

static void reserved(struct s2_check_ctx *ctx, const struct page_view *v)
{
	if (v->pa - s2_check_pkvm(ctx)->reserved_pa >= s2_check_pkvm(ctx)->reserved_size)
		return;
	if (!v->f->hyp_unread && (!v->f->hyp_mapped || !v->f->hyp_write))
		found(ctx, S2_CHECK_HYP_RESERVED, ctx->hyp, v,
		      "reserved for the hypervisor, which cannot write it");
	if (host_read(v) && v->f->host != S2_HOST_HYP)
		found(ctx, S2_CHECK_HYP_RESERVED, ctx->host, v,
		      "reserved for the hypervisor, but the host's");
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct page_view *v);
} looks[] = { S2_STATE_LOOKS(S2_LOOK_ROW) };

/* Whoever needs a table, or a word, that is not there does not run, or finds states that are not
 * known. */
static void one_page(struct s2_check_ctx *ctx, struct page_view *v)
{
	const struct s2_pkvm *pkvm = s2_check_pkvm(ctx);
	const struct s2_pkvm_region *region = NULL;
	uint64_t next;

	if (ctx->host != SIZE_MAX) {
		v->host = host_state(pkvm, v);
		v->hyp = hyp_state(pkvm, v);
	}
	v->stack = v->f->hyp_private && s2_hyp_next_stack(ctx, v->pa) == v->pa;
	if (ctx->hyp != SIZE_MAX && pkvm->have_memory)
		region = s2_pkvm_memory_at(pkvm, v->pa, &next);
	v->nomap = region && region->nomap;
	for (unsigned int i = 0; i < ARRAY_SIZE(looks); i++)
		if (s2_check_runs(ctx, looks[i].id))
			looks[i].look(ctx, v);
}

/*
 * The struct hyp_page words of the pages from @pa on, *@n at most; less of them when they do not
 * stand behind each other in one page of memory. False when those *@n cannot be had.
 */
static bool words_of(struct s2_check_ctx *ctx, uint64_t pa, uint64_t *n, unsigned char *buf)
{
	uint64_t page = BIT64(ctx->pages.page_log2), at, left, size;

	if (!s2_check_pkvm(ctx)->have_vmemmap)
		return false;
	if (s2_pkvm_page_pa(s2_check_pkvm(ctx), ctx->pages.page_log2, pa, &at, &left)) {
		*n = left < *n ? left : *n;
		return false;
	}
	size = s2_check_pkvm(ctx)->page.size;
	if ((page - (at & (page - 1))) / size < left)
		left = (page - (at & (page - 1))) / size;
	if (left && left < *n)
		*n = left;
	return !s2_mem_read(ctx->mem, at, buf, *n * size, NULL);
}

/* Without the word of a page the states that stand in it are not known. */
static void no_words(struct s2_check_ctx *ctx, uint64_t pa)
{
	const unsigned int word = S2_NEED_HOST_VMM | S2_NEED_HYP_VMM | S2_NEED_VMEMMAP;
	bool states = s2_check_pkvm(ctx)->host_in == S2_STATE_IN_VMEMMAP;

	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (s2_checks[i].needs & word || (states && s2_checks[i].needs & S2_NEED_STATES) ||
		    (states && i == S2_CHECK_ISOLATION))
			s2_check_unknown(ctx, (enum s2_check_id)i,
					 "hyp_vmemmap of PA 0x%" PRIx64 " is not in the dump", pa);
}

/* How many of @n pages of the same facts and word, from @v on, are told apart by nothing else. */
static uint64_t alike(const struct s2_check_ctx *ctx, const struct page_view *v, uint64_t n)
{
	const struct s2_pkvm *pkvm = s2_check_pkvm(ctx);
	uint64_t page = BIT64(ctx->pages.page_log2), next = UINT64_MAX, in, stack;

	if (pkvm->have_memory)
		s2_pkvm_memory_at(pkvm, v->pa, &next);
	in = v->pa - pkvm->reserved_pa;
	if (in < pkvm->reserved_size && pkvm->reserved_size - in < next - v->pa)
		next = v->pa + (pkvm->reserved_size - in);
	else if (v->pa < pkvm->reserved_pa && pkvm->reserved_pa < next)
		next = pkvm->reserved_pa;
	stack = v->f->hyp_private ? s2_hyp_next_stack(ctx, v->pa) : S2_NO_ADDRESS;
	if (stack == v->pa)
		return 1;
	if (stack < next)
		next = stack;
	in = (next - v->pa) / page;
	return in < n ? in ? in : 1 : n;
}

/*
 * All of @n pages that are alike: one by one while their findings are kept, the rest is counted. So
 * a machine's unused memory, which a snapshot tells the size of, costs next to nothing.
 */
static void look(struct s2_check_ctx *ctx, struct page_view v, uint64_t n)
{
	uint64_t page = BIT64(ctx->pages.page_log2);

	while (n) {
		uint64_t m = alike(ctx, &v, n), kept = ctx->kept_findings;

		one_page(ctx, &v);
		if (m > 1 && kept == ctx->kept_findings) {
			v.pa += page;
			ctx->times = m - 1;
			one_page(ctx, &v);
			ctx->times = 1;
			v.pa += (m - 1) * page;
			n -= m;
			continue;
		}
		v.pa += page;
		n--;
	}
}

/* How many of @n words, which are not none, are as the first. */
static uint64_t same_words(const unsigned char *words, size_t size, uint64_t n)
{
	uint64_t i = 1;

	if (!memcmp(words, words + size, (size_t)(n - 1) * size))
		return n;
	while (i < n && !memcmp(words, words + i * size, size))
		i++;
	return i;
}

/* The page array leads to more words than can be there: the same ones again and again. */
static void too_many_words(struct s2_check_ctx *ctx, uint64_t pa)
{
	if (s2_protected(ctx)->too_many_words)
		return;
	s2_protected(ctx)->too_many_words = true;
	s2_protected(ctx)->words.left = 0;
	s2_lost_add(ctx->args->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, pa,
		    "hyp_vmemmap from PA 0x%" PRIx64
		    " on is not read: it is larger than what is in the dump",
		    pa);
}

/* The pages of a batch, all in one region: their facts, and their words when @size is not 0. */
static void look_at(struct s2_check_ctx *ctx, struct page_view *v, uint64_t number, uint64_t n,
		    const unsigned char *words, size_t size)
{
	uint64_t end = number + n;

	while (number < end) {
		struct s2_facts_run run = s2_pages_alike(&ctx->pages, number, end);

		v->f = run.fact;
		v->word = 0;
		if (size && s2_budget_take(&s2_protected(ctx)->runs, 1)) {
			too_many_words(ctx, v->pa);
			no_words(ctx, v->pa);
			return;
		}
		if (size)
			run.npages = same_words(words, size, run.npages);
		for (size_t b = 0; b < size; b++)
			v->word |= (uint64_t)words[b] << b * 8;
		look(ctx, *v, run.npages);
		words += run.npages * size;
		number += run.npages;
		v->pa += run.npages << ctx->pages.page_log2;
	}
}

void s2_check_states(struct s2_check_ctx *ctx)
{
	struct s2_pages *pages = &ctx->pages;
	unsigned char *buf = malloc(BATCH * sizeof(uint64_t));
	size_t size = s2_check_pkvm(ctx)->page.size;

	if (!buf) {
		ctx->nomem = true;
		return;
	}
	if (!s2_check_pkvm(ctx)->reserved_size)
		s2_check_unknown(ctx, S2_CHECK_HYP_RESERVED,
				 "what is reserved for the hypervisor is not known");
	for (uint64_t i = pages->window; i < pages->window + pages->nwindow;) {
		struct page_view v = { .pa = s2_pages_pa(pages, i) };
		uint64_t n = pages->window + pages->nwindow - i, left;

		s2_pages_number(pages, v.pa, &left);
		n = n < left ? n : left;
		n = size && n > BATCH ? BATCH : n;
		v.have_word = size && words_of(ctx, v.pa, &n, buf);
		if (v.have_word && s2_budget_take(&s2_protected(ctx)->words, n)) {
			too_many_words(ctx, v.pa);
			v.have_word = false;
		}
		if (!v.have_word && size)
			no_words(ctx, v.pa);
		look_at(ctx, &v, i, n, buf, v.have_word ? size : 0);
		i += n;
	}
	free(buf);
}
