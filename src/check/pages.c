// SPDX-License-Identifier: GPL-2.0-or-later
// Pages of memory by number, facts for a window of them, and the table pages that were met.
#include <stdlib.h>
#include <string.h>

#include "check/priv.h"

/*
 * Facts of this many pages at a time: 16 GiB in 4K pages, 32 MiB of facts when no two are alike.
 * All tables are read once for each window; where there may be more of them, of what they are read
 * for there is more at a time, half as much in bytes again as the dump has.
 */
#define WINDOW (4U << 20)
#define WINDOW_HALVES 3         /* of the dump's bytes, in facts */
#define MOST_WINDOW (32U << 20) /* a quarter of what SECURITY.md allows at most */

#define CHUNK BIT64(S2_CHUNK_LOG2)

/*
 * Memory is what the dump says, or the hypervisor, and costs as much as it is large, whether it is
 * in the dump or not: a snapshot of few table pages is of a whole machine. So there is a floor of 1
 * TiB in 4K pages, and a filter may have left out most of what a larger dump is of.
 */
#define FLOOR_PAGES (64ULL * WINDOW)
#define PAGES_PER_PAGE 1024

/* Struct pages of what is no memory, beyond as many as the dump has pages: 4 GiB of reserved pages
 * in 4K pages, or much more where struct pages are not mapped. */
#define FLOOR_OUTSIDE (1U << 20)

/*
 * Leaves may map the same memory again and again, each all of it; sound ones map it once or twice,
 * in blocks or page by page. A chunk at a time, as often as ten times all memory of a small dump,
 * and twice for each entry that fits in what is there.
 */
#define FLOOR_CHANGES (10 * FLOOR_PAGES >> S2_CHUNK_LOG2)
#define CHANGES_PER_PAGE 1024

/* To say at which address a table maps a page, it is gone through: a few times all that is there. */
#define FLOOR_LOOKUPS 65536
#define LOOKUPS_PER_PAGE 16

/*
 * What VMMs have is asked for a page at a time: beside entries of that size in their own tables
 * there are as many in a guest's, each looked at for the first window and for its own. Leaves may
 * map the same pages again and again, and tables be each other's.
 */
#define FLOOR_ASKED (1U << 20)
#define BYTES_PER_ASKED 2

/* Extents of a dump that are looked at as memory, when the hypervisor does not say what is. */
#define FLOOR_EXTENTS 65536

static enum s2_code add_region(struct s2_pages *pages, uint64_t pa, uint64_t size,
			       struct s2_err *err)
{
	uint64_t page = BIT64(pages->page_log2), end = (pa + size) & ~(page - 1);
	struct s2_page_region *grown;

	pa = (pa + page - 1) & ~(page - 1);
	if (pa >= end)
		return S2_OK;
	if (pages->budget.left < (end - pa) / page) {
		if (pages->left_out_pa == S2_NO_PAGE)
			pages->left_out_pa = pa + pages->budget.left * page;
		end = pa + pages->budget.left * page;
	}
	if (s2_budget_take(&pages->budget, (end - pa) / page) || pa == end)
		return S2_OK;
	/* Room is a power of two: twice as much when it is full. */
	if (!(pages->nregions & (pages->nregions - 1))) {
		grown = realloc(pages->region,
				(pages->nregions ? pages->nregions * 2 : 1) * sizeof(*grown));
		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory for the list of memory");
		pages->region = grown;
	}
	pages->region[pages->nregions++] = (struct s2_page_region){ .pa = pa,
								    .npages = (end - pa) / page,
								    .first = pages->npages };
	pages->npages += (end - pa) / page;
	return S2_OK;
}

static enum s2_code from_extents(struct s2_check_ctx *ctx, struct s2_err *err)
{
	struct s2_extent extent;
	struct s2_budget extents;
	enum s2_code code = S2_OK;
	uint64_t pa = 0;

	s2_budget_init(&extents, FLOOR_EXTENTS, 1, ctx->mem->bytes >> ctx->pages.page_log2);
	while (!s2_mem_next(ctx->mem, pa, &extent)) {
		uint64_t from = extent.pa > pa ? extent.pa : pa;

		if (ctx->pages.left_out_pa != S2_NO_PAGE)
			break;
		if (s2_budget_take(&extents, 1)) {
			ctx->pages.left_out_pa = from;
			break;
		}
		code = add_region(&ctx->pages, from, extent.pa + extent.size - from, err);
		if (code || extent.pa + extent.size <= pa)
			break;
		pa = extent.pa + extent.size;
	}
	return code;
}

static enum s2_code from_keepers(struct s2_check_ctx *ctx, struct s2_err *err)
{
	struct s2_extent extent;
	enum s2_code code = S2_OK;

	for (unsigned int k = 0; k < s2_nkeepers; k++)
		for (size_t i = 0; !code && s2_keepers[k]->memory(ctx, i, &extent); i++)
			code = add_region(&ctx->pages, extent.pa, extent.size, err);
	return code;
}

static uint64_t default_window(uint64_t bytes)
{
	struct s2_budget ret;

	s2_budget_init(&ret, WINDOW, WINDOW_HALVES, bytes / (2 * sizeof(struct s2_facts)));
	return ret.left < MOST_WINDOW ? ret.left : MOST_WINDOW;
}

enum s2_code s2_pages_init(struct s2_check_ctx *ctx, struct s2_err *err)
{
	struct s2_pages *pages = &ctx->pages;
	uint64_t window = ctx->args->window ? ctx->args->window : default_window(ctx->args->backed);
	enum s2_code code;

	pages->page_log2 = 12;
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (ctx->geom[i].arch)
			pages->page_log2 = ctx->geom[i].page_log2;
	pages->left_out_pa = S2_NO_PAGE;
	s2_budget_init(&ctx->outside, FLOOR_OUTSIDE, 1, ctx->mem->bytes >> pages->page_log2);
	s2_budget_init(&pages->budget, FLOOR_PAGES, PAGES_PER_PAGE,
		       ctx->mem->bytes >> pages->page_log2);
	s2_budget_init(&pages->changes, FLOOR_CHANGES, CHANGES_PER_PAGE,
		       ctx->mem->bytes >> pages->page_log2);
	s2_budget_init(&ctx->vmm_asked, FLOOR_ASKED, 1, s2_mem_backed(ctx->mem) / BYTES_PER_ASKED);
	s2_budget_init(&ctx->lookups, FLOOR_LOOKUPS, LOOKUPS_PER_PAGE,
		       ctx->mem->bytes >> pages->page_log2);
	code = s2_kept_memory(ctx, 0) != S2_UNKNOWN ? from_keepers(ctx, err) :
						      from_extents(ctx, err);
	if (code)
		return code;
	pages->nwindow = pages->npages < window ? pages->npages : window;
	pages->chunk = calloc((pages->nwindow + CHUNK - 1) / CHUNK + 1, sizeof(*pages->chunk));
	pages->fact = calloc(pages->nwindow ? pages->nwindow : 1, sizeof(*pages->fact));
	return pages->chunk && pages->fact ?
		       S2_OK :
		       s2_fail(err, S2_NOMEM, "no memory for what is known of pages");
}

void s2_pages_window(struct s2_check_ctx *ctx, uint64_t first)
{
	struct s2_pages *pages = &ctx->pages;

	if (first + pages->nwindow > pages->npages)
		pages->nwindow = pages->npages - first;
	pages->window = first;
	if (pages->nwindow) {
		pages->window_pa = s2_pages_pa(pages, first);
		pages->window_last = s2_pages_pa(pages, first + pages->nwindow - 1) |
				     low_bits(pages->page_log2);
	}
	memset(pages->chunk, 0, (pages->nwindow + CHUNK - 1) / CHUNK * sizeof(*pages->chunk));
}

/* The first region that ends above @pa, or pages->nregions. */
static size_t region_above(const struct s2_pages *pages, uint64_t pa)
{
	size_t low = 0, high = pages->nregions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct s2_page_region *region = &pages->region[mid];

		if (region->pa + (region->npages << pages->page_log2) <= pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t s2_pages_number(const struct s2_pages *pages, uint64_t pa, uint64_t *ret_left)
{
	size_t low = region_above(pages, pa);
	uint64_t in;

	if (low == pages->nregions || pa < pages->region[low].pa)
		return S2_NO_PAGE;
	in = (pa - pages->region[low].pa) >> pages->page_log2;
	if (ret_left)
		*ret_left = pages->region[low].npages - in;
	return pages->region[low].first + in;
}

uint64_t s2_pages_pa(const struct s2_pages *pages, uint64_t number)
{
	size_t low = 0, high = pages->nregions;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (pages->region[mid].first <= number)
			low = mid;
		else
			high = mid;
	}
	return pages->region[low].pa + ((number - pages->region[low].first) << pages->page_log2);
}

uint64_t s2_pages_below(const struct s2_pages *pages, uint64_t pa)
{
	size_t at = region_above(pages, pa);
	const struct s2_page_region *region;

	if (at == pages->nregions)
		return pages->npages;
	region = &pages->region[at];
	return region->first + (pa > region->pa ? (pa - region->pa) >> pages->page_log2 : 0);
}

void s2_pages_span(const struct s2_pages *pages, uint64_t pa, uint64_t last, uint64_t *ret_from,
		   uint64_t *ret_to)
{
	uint64_t from, to, end = pages->window + pages->nwindow;

	*ret_from = *ret_to = pages->window;
	/* Most of what tables map, where there are many windows. */
	if (!pages->nwindow || last < pages->window_pa || pa > pages->window_last)
		return;
	from = s2_pages_below(pages, pa);
	to = s2_pages_below(pages, last) + (s2_pages_number(pages, last, NULL) != S2_NO_PAGE);
	*ret_from = from > pages->window ? from : pages->window;
	*ret_to = to < end ? to : end;
}

/* How many pages of the chunk of page @number are in the window, from there on. */
static uint64_t left_in_chunk(const struct s2_pages *pages, uint64_t number)
{
	uint64_t in = number - pages->window, left = CHUNK - (in & (CHUNK - 1));

	return left < pages->nwindow - in ? left : pages->nwindow - in;
}

/* The facts of page @number alone, and of those behind it in its chunk. */
static struct s2_facts *split(struct s2_pages *pages, uint64_t number)
{
	uint64_t in = number - pages->window, first = in & ~(CHUNK - 1);
	struct s2_chunk *chunk = &pages->chunk[in >> S2_CHUNK_LOG2];
	uint64_t n = left_in_chunk(pages, pages->window + first);

	for (uint64_t i = 0; !chunk->split && i < n; i++)
		pages->fact[first + i] = chunk->all;
	chunk->split = true;
	return &pages->fact[in];
}

struct s2_facts *s2_pages_fact(struct s2_pages *pages, uint64_t pa)
{
	uint64_t number = s2_pages_number(pages, pa, NULL);

	if (number == S2_NO_PAGE || number - pages->window >= pages->nwindow)
		return NULL;
	return split(pages, number);
}

bool s2_pages_change(struct s2_pages *pages, uint64_t *number, uint64_t to,
		     struct s2_facts_run *ret)
{
	uint64_t in = *number - pages->window, left;
	struct s2_chunk *chunk;

	if (*number >= to || pages->too_many_changes)
		return false;
	if (s2_budget_take(&pages->changes, 1)) {
		pages->too_many_changes = true;
		return false;
	}
	chunk = &pages->chunk[in >> S2_CHUNK_LOG2];
	left = left_in_chunk(pages, *number);
	*ret = (struct s2_facts_run){ .number = *number,
				      .npages = left < to - *number ? left : to - *number };
	if (!chunk->split && !(in & (CHUNK - 1)) && ret->npages == left) {
		ret->nfacts = 1;
		ret->fact = &chunk->all;
	} else {
		ret->nfacts = ret->npages;
		ret->fact = split(pages, *number);
	}
	*number += ret->npages;
	return true;
}

/* What is known of page @number. */
static struct s2_facts *known(const struct s2_pages *pages, uint64_t number)
{
	struct s2_chunk *chunk = &pages->chunk[(number - pages->window) >> S2_CHUNK_LOG2];

	return chunk->split ? &pages->fact[number - pages->window] : &chunk->all;
}

/* How many of @n facts, which are not none, are as the first. */
static uint64_t same(const struct s2_facts *fact, uint64_t n)
{
	uint64_t i = 1;

	if (!memcmp(fact, fact + 1, (size_t)(n - 1) * sizeof(*fact)))
		return n;
	while (i < n && !memcmp(fact, fact + i, sizeof(*fact)))
		i++;
	return i;
}

struct s2_facts_run s2_pages_alike(const struct s2_pages *pages, uint64_t number, uint64_t to)
{
	struct s2_facts_run ret = { .number = number, .nfacts = 1, .fact = known(pages, number) };

	while (number < to) {
		uint64_t left = left_in_chunk(pages, number), n;
		struct s2_facts *fact = known(pages, number);

		if (memcmp(ret.fact, fact, sizeof(*fact)) != 0)
			break;
		left = left < to - number ? left : to - number;
		n = pages->chunk[(number - pages->window) >> S2_CHUNK_LOG2].split ?
			    same(fact, left) :
			    left;
		number += n;
		if (n < left)
			break;
	}
	ret.npages = number - ret.number;
	return ret;
}

static size_t hash(uint64_t pa, size_t room)
{
	return (size_t)((pa >> 9) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);
}

static struct s2_tpage *probe(struct s2_tpage *slot, size_t room, uint64_t pa)
{
	size_t i = hash(pa, room);

	while (slot[i].pa && slot[i].pa != pa + 1)
		i = (i + 1) & (room - 1);
	return &slot[i];
}

static bool grow(struct s2_tpages *tpages)
{
	size_t room = tpages->room ? tpages->room * 2 : 1024;
	struct s2_tpage *slot = calloc(room, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < tpages->room; i++)
		if (tpages->slot[i].pa)
			*probe(slot, room, tpages->slot[i].pa - 1) = tpages->slot[i];
	free(tpages->slot);
	tpages->slot = slot;
	tpages->room = room;
	return true;
}

struct s2_tpage *s2_tpages_get(struct s2_tpages *tpages, uint64_t pa)
{
	return probe(tpages->slot, tpages->room, pa);
}

struct s2_tpage *s2_tpages_add(struct s2_tpages *tpages, uint64_t pa, bool *ret_new)
{
	struct s2_tpage *slot;

	if (tpages->n * 4 >= tpages->room * 3 && !grow(tpages))
		return NULL;
	slot = probe(tpages->slot, tpages->room, pa);
	*ret_new = !slot->pa;
	if (!slot->pa) {
		slot->pa = pa + 1; /* address 0 is one, too */
		tpages->n++;
	}
	return slot;
}
