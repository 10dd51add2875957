// SPDX-License-Identifier: GPL-2.0-or-later
// Inferring the base of a raw blob: try every address by which a table descriptor of the start
// level points into the blob, and take the one that explains the most pages.
#include "decode/infer.h"

#include <string.h>

#include "base/budget.h"
#include "decode/soft.h"

/* Descriptors looked at in all: a floor, and so many for each that the blob holds. */
#define FLOOR_WORK (UINT64_C(64) << 20)
#define WORK_PER_ENTRY 64

/* What is kept of pages may take so much memory, by the bytes that are there: a blob can be a hole.
 */
#define FLOOR_SCRATCH (UINT64_C(32) << 20)
#define SCRATCH_PER_BYTE 2

/* A base must explain more than so many pages for each that it leaves. */
#define LEFT_OVER 4

/* So few tables say little about a base. */
#define FEW_TABLES 3

/* Odds that no table which hardware walks as intended has. */
#define IMPOSSIBLE (S2_ODD_ENCODING | S2_ODD_OA_SIZE | S2_ODD_OA_ALIGN | S2_ODD_RES0)

static bool is_impossible(const struct s2_entry *entry)
{
	return entry->type == S2_RESERVED_ENTRY || (entry->odd & IMPOSSIBLE);
}

/*
 * What a page of the blob would be as a table of some height, apart from where its tables lie. It
 * is one when at least as many of its valid entries fit as do not: a damaged word does not decide.
 */
struct page {
	uint32_t trial;              /* the last trial that reached it */
	uint8_t known;               /* bit per height: the members below are valid for it */
	uint8_t tables;              /* bit per height: it holds table descriptors */
	bool used;                   /* it holds a valid entry */
	int32_t fit[S2_MAX_HEIGHTS]; /* entries that fit less those that do not, without table
				     descriptors */
};

/* What a base explains. */
struct score {
	uint64_t base;
	uint64_t reached; /* pages of the blob */
	uint64_t tables;  /* of those, pages that can be tables */
	uint64_t used;    /* of these, pages that hold a valid entry */
	/* Table descriptors that point to no page of the blob, or into its start level. */
	uint64_t dangling;
	uint64_t words; /* gathered descriptors that lead to a page in use */
	uint64_t last;  /* the page that the last of those leads to */
};

/* The best two by the pages that are tables, and by those of them that are in use. */
struct ranking {
	struct score tables[2];
	struct score used[2];
};

struct search {
	const struct s2_geometry *geom;
	const struct s2_mem *mem;
	uint64_t size;
	uint64_t step; /* bases are multiples of it */
	struct page *page;
	uint64_t *addr; /* ascending: where the descriptors point that a base must satisfy */
	uint64_t naddr;
	struct page *owner; /* the page that they were gathered from, no table of theirs; or NULL */
	struct s2_budget work; /* descriptors that may be looked at */
	bool too_many;         /* ... of which there were not enough */
	uint32_t trial;
};

static uint64_t page_size(const struct s2_geometry *geom)
{
	return BIT64(geom->page_log2);
}

/* Entries of the largest table that addresses are gathered from. */
static uint64_t max_entries(const struct s2_geometry *geom)
{
	uint64_t page = page_size(geom) / sizeof(uint64_t);

	return s2_start_entries(geom) > page ? s2_start_entries(geom) : page;
}

uint64_t s2_infer_scratch(const struct s2_geometry *geom, uint64_t size)
{
	return max_entries(geom) * sizeof(uint64_t) +
	       (size >> geom->page_log2) * sizeof(struct page);
}

/* Up to a chunk of descriptors at @off, from the mapping or copied to @buf; NULL when they cannot
 * be read. */
static const uint64_t *chunk_at(const struct search *s, uint64_t off, uint64_t n, uint64_t *buf)
{
	const uint64_t *view = s2_mem_view(s->mem, off, n * sizeof(*buf));

	if (view)
		return view;
	return s2_mem_read(s->mem, off, buf, n * sizeof(*buf), NULL) ? NULL : buf;
}

#define CHUNK (S2_WALK_CHUNK / sizeof(uint64_t))

static uint64_t chunk_len(uint64_t n, uint64_t i)
{
	return n - i < CHUNK ? n - i : CHUNK;
}

static void draw(struct search *s, uint64_t n)
{
	s->too_many |= s2_budget_take(&s->work, n) != S2_OK;
}

/* Fills what is known of @page, which is @n entries at @off, at @height. */
static void classify(struct search *s, struct page *page, uint64_t off, unsigned int height)
{
	const struct s2_geometry *geom = s->geom;
	uint64_t n = page_size(geom) / sizeof(uint64_t), buf[CHUNK];
	int32_t fit = 0;

	draw(s, n);
	page->known |= (uint8_t)(1U << height);
	for (uint64_t i = 0; i < n; i += CHUNK) {
		const uint64_t *desc = chunk_at(s, off + i * sizeof(*desc), chunk_len(n, i), buf);

		for (uint64_t k = 0; desc && k < chunk_len(n, i); k++) {
			struct s2_meaning meaning;
			struct s2_entry entry;

			geom->arch->decode(geom, height, desc[k], &entry);
			s2_soft_classify(geom, height, desc[k], entry.type, &meaning);
			if (entry.type == S2_INVALID_ENTRY && !meaning.type)
				continue;
			page->used = true;
			if (entry.type == S2_TABLE)
				page->tables |= (uint8_t)(1U << height);
			else
				fit += meaning.type || !is_impossible(&entry) ? 1 : -1;
		}
	}
	page->fit[height] = fit;
}

/* The blob offset of a table at @pa when the blob is at @base; false when that is no page of it. */
static bool locate(const struct search *s, uint64_t base, uint64_t pa, uint64_t *ret)
{
	uint64_t page = page_size(s->geom), off = pa - base;

	if (pa < base || off < s->geom->start_size || off > s->size || s->size - off < page ||
	    !is_aligned(off, page))
		return false;
	*ret = off;
	return true;
}

static bool reach(struct search *s, struct score *score, uint64_t off, unsigned int height);

/*
 * Follows the table descriptors of a page of the blob. Returns how far they speak for its being a
 * table. Recursion is as deep as the levels.
 */
static int32_t follow(struct search *s, struct score *score, uint64_t off, unsigned int height)
{
	const struct s2_geometry *geom = s->geom;
	uint64_t n = page_size(geom) / sizeof(uint64_t), buf[CHUNK];
	int32_t fit = 0;

	draw(s, n);
	for (uint64_t i = 0; i < n && !s->too_many; i += CHUNK) {
		const uint64_t *desc = chunk_at(s, off + i * sizeof(*desc), chunk_len(n, i), buf);

		for (uint64_t k = 0; desc && k < chunk_len(n, i); k++) {
			struct s2_entry entry;
			uint64_t child;

			if (!geom->arch->is_table(geom, height, desc[k]))
				continue;
			geom->arch->decode(geom, height, desc[k], &entry);
			if (!is_impossible(&entry) && locate(s, score->base, entry.oa, &child)) {
				fit++;
				reach(s, score, child, height - 1);
			} else {
				fit--;
				score->dangling++;
			}
		}
	}
	return fit;
}

/* The page at @off as a table of @height, unless this trial was there. True: a table in use. */
static bool reach(struct search *s, struct score *score, uint64_t off, unsigned int height)
{
	struct page *page = &s->page[off >> s->geom->page_log2];
	int32_t fit;

	draw(s, 1);
	if (page->trial == s->trial)
		return false;
	page->trial = s->trial;
	score->reached++;
	if (!(page->known & 1U << height))
		classify(s, page, off, height);
	fit = page->fit[height];
	if (page->tables & 1U << height)
		fit += follow(s, score, off, height);
	if (fit < 0)
		return false;
	score->tables++;
	score->used += page->used;
	return page->used;
}

/* The score of @base by the gathered addresses [@lo, @hi), which lie in the blob; tables of
 * @height. */
static struct score try_base(struct search *s, uint64_t base, uint64_t lo, uint64_t hi,
			     unsigned int height)
{
	struct score score = { .base = base, .dangling = s->naddr - (hi - lo) };
	uint64_t off;

	s->trial++;
	if (s->owner)
		s->owner->trial = s->trial;
	for (uint64_t i = lo; i < hi && !s->too_many; i++) {
		if (!locate(s, base, s->addr[i], &off)) {
			score.dangling++;
		} else if (reach(s, &score, off, height)) {
			score.words++;
			score.last = off;
		}
	}
	return score;
}

/* Shell's sort: the C library's may allocate. */
static void sort(uint64_t *a, uint64_t n)
{
	for (uint64_t gap = n / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11)
		for (uint64_t i = gap; i < n; i++) {
			uint64_t value = a[i], k = i;

			for (; k >= gap && a[k - gap] > value; k -= gap)
				a[k] = a[k - gap];
			a[k] = value;
		}
}

/* Gathers the addresses in the table descriptors of the @n entries at @off. Returns how many of
 * them are impossible, and left out. */
static uint64_t gather(struct search *s, uint64_t off, uint64_t n, unsigned int height)
{
	const struct s2_geometry *geom = s->geom;
	uint64_t buf[CHUNK], impossible = 0;

	s->naddr = 0;
	for (uint64_t i = 0; i < n; i += CHUNK) {
		const uint64_t *desc = chunk_at(s, off + i * sizeof(*desc), chunk_len(n, i), buf);

		for (uint64_t k = 0; desc && k < chunk_len(n, i); k++) {
			struct s2_entry entry;

			if (!geom->arch->is_table(geom, height, desc[k]))
				continue;
			geom->arch->decode(geom, height, desc[k], &entry);
			if (is_impossible(&entry))
				impossible++;
			else
				s->addr[s->naddr++] = entry.oa;
		}
	}
	sort(s->addr, s->naddr);
	return impossible;
}

static void rank(struct score top[2], const struct score *score, bool better, bool second)
{
	if (better) {
		top[1] = top[0];
		top[0] = *score;
	} else if (second) {
		top[1] = *score;
	}
}

/*
 * Scores each base by which one of the gathered addresses lies in the blob, as tables of @height,
 * but for @except.
 */
static void try_all(struct search *s, unsigned int height, uint64_t except, struct ranking *ret)
{
	uint64_t page = page_size(s->geom), lo = 0, hi = 0, base = 0;

	*ret = (struct ranking){ 0 };
	while (!s->too_many) {
		struct score score;

		while (hi < s->naddr && s->addr[hi] + page <= base + s->size)
			hi++;
		while (lo < hi && s->addr[lo] < base + s->geom->start_size)
			lo++;
		if (lo == hi && hi == s->naddr)
			return;
		if (lo == hi) {
			/* To the first base by which the next address lies in the blob. */
			base = (s->addr[hi] + page - s->size + s->step - 1) & ~(s->step - 1);
			continue;
		}
		draw(s, 1);
		if (base != except) {
			score = try_base(s, base, lo, hi, height);
			rank(ret->tables, &score, score.tables > ret->tables[0].tables,
			     score.tables > ret->tables[1].tables);
			rank(ret->used, &score, score.used > ret->used[0].used,
			     score.used > ret->used[1].used);
		}
		base += s->step;
	}
}

static enum s2_code too_many(struct s2_err *err)
{
	return s2_fail(err, S2_NOTFOUND, "too many possible base addresses");
}

/* A base that rests on one descriptor is known as well as what that one leads to fits nowhere else:
 * were it damaged, its tables would still point to where they are. */
static enum s2_code confirm(struct search *s, const struct score *best, struct s2_err *err)
{
	unsigned int height = s->geom->top - 1U;
	uint64_t n = page_size(s->geom) / sizeof(uint64_t);
	struct ranking ranking;
	const struct score *other = &ranking.used[0];

	if (best->words != 1 || !height)
		return S2_OK;
	s->owner = &s->page[best->last >> s->geom->page_log2];
	gather(s, best->last, n, height);
	if (!s->naddr)
		return S2_OK;
	try_all(s, height - 1, best->base, &ranking);
	if (s->too_many)
		return too_many(err);
	if (!other->used || other->used + 1 < best->used)
		return S2_OK;
	return s2_fail(
		err, S2_NOTFOUND,
		"more than one base address fits: one table descriptor alone tells 0x%llx, and "
		"what it leads to fits 0x%llx as well",
		(unsigned long long)best->base, (unsigned long long)other->base);
}

/* Pages that look like tables, and that the trial before did not reach. */
static uint64_t left_over(struct search *s)
{
	uint64_t pages = s->size >> s->geom->page_log2, n = 0;

	for (uint64_t i = s->geom->start_tables; i < pages; i++) {
		struct page *page = &s->page[i];
		uint64_t off = i << s->geom->page_log2;
		bool alike = false;

		/* A table of the last level, or one of blocks above it. */
		for (unsigned int height = 0; height < 2 && page->trial != s->trial; height++) {
			if (!(page->known & 1U << height))
				classify(s, page, off, height);
			alike |= page->used && page->fit[height] > 0;
		}
		n += alike;
	}
	return n;
}

/*
 * Does @best explain enough of what the blob holds? Damage that cuts off many of the tables leaves
 * too little that could tell the base.
 */
static enum s2_code weigh(struct search *s, const struct score *best, struct s2_err *err)
{
	uint64_t left;

	try_base(s, best->base, 0, s->naddr, s->geom->top - 1U);
	left = left_over(s) + best->reached - best->tables;
	if (s->too_many)
		return too_many(err);
	if (left * LEFT_OVER < best->used)
		return S2_OK;
	return s2_fail(
		err, S2_NOTFOUND,
		"no base address fits, the best, 0x%llx, explains too little (table pages in use: %llu, left over: %llu)",
		(unsigned long long)best->base, (unsigned long long)best->used,
		(unsigned long long)left);
}

/* A second base that explains 90 % as much as the best, of all tables or of those in use (empty
 * ones fit everywhere); NULL when there is none. */
static const struct score *rival(const struct ranking *ranking)
{
	const struct score *best = &ranking->tables[0];
	const struct score *used = &ranking->used[ranking->used[0].base == best->base];

	if (ranking->tables[1].tables * 10 >= best->tables * 9)
		return &ranking->tables[1];
	return used->used && used->used * 10 >= best->used * 9 ? used : NULL;
}

/*
 * Would the damaged address of one descriptor do to make another base true? Where another explains
 * all but one of the pages, or of those in use; and where tables are so few that they may stand at
 * other levels than they seem to.
 */
static bool is_thin(const struct ranking *ranking)
{
	const struct score *best = &ranking->tables[0];
	const struct score *used = &ranking->used[ranking->used[0].base == best->base];

	return best->used <= FEW_TABLES || ranking->tables[1].tables + 1 >= best->tables ||
	       used->used + 1 >= best->used;
}

/* Is the best base good enough? */
static enum s2_code judge(struct search *s, const struct ranking *ranking, struct s2_err *err)
{
	const struct score *best = &ranking->tables[0], *second = rival(ranking);
	enum s2_code code;

	if (s->too_many)
		return too_many(err);
	if (!best->tables)
		return s2_fail(err, S2_NOTFOUND,
			       "no base address fits, tables lie outside the blob or are damaged");
	if (second)
		return s2_fail(
			err, S2_NOTFOUND,
			"more than one base address fits, 0x%llx (table pages explained: %llu) and 0x%llx (%llu)",
			(unsigned long long)best->base, (unsigned long long)best->tables,
			(unsigned long long)second->base, (unsigned long long)second->tables);
	if (best->dangling)
		return s2_fail(
			err, S2_NOTFOUND,
			"no base address fits, the best, 0x%llx, leaves table descriptors that point to no page of the blob (%llu)",
			(unsigned long long)best->base, (unsigned long long)best->dangling);
	code = weigh(s, best, err);
	return code ? code : confirm(s, best, err);
}

enum s2_code s2_infer_base(const struct s2_geometry *geom, const struct s2_mem *mem, uint64_t size,
			   void *scratch, struct s2_inferred *ret, struct s2_err *err)
{
	uint64_t page = page_size(geom), impossible, pages = size >> geom->page_log2;
	struct search s = { .geom = geom,
			    .mem = mem,
			    .size = size,
			    .step = geom->start_size > page ? geom->start_size : page,
			    .addr = scratch,
			    .page = (struct page *)((uint64_t *)scratch + max_entries(geom)) };
	struct ranking ranking;
	enum s2_code code;

	if (size < geom->start_size)
		return s2_fail(err, S2_INVALID,
			       "the blob (%llu byte%s) is smaller than the start level (%llu bytes)",
			       (unsigned long long)size, size == 1 ? "" : "s",
			       (unsigned long long)geom->start_size);
	if (s2_infer_scratch(geom, size) >
	    FLOOR_SCRATCH + SCRATCH_PER_BYTE * (size < mem->bytes ? size : mem->bytes))
		return s2_fail(err, S2_NOTFOUND, "only %llu of %llu bytes of the blob are on disk",
			       (unsigned long long)mem->bytes, (unsigned long long)size);
	memset(scratch, 0, (size_t)s2_infer_scratch(geom, size));
	s2_budget_init(&s.work, FLOOR_WORK, WORK_PER_ENTRY, mem->bytes / sizeof(uint64_t));
	impossible = geom->top ? gather(&s, 0, s2_start_entries(geom), geom->top) : 0;
	if (!s.naddr)
		return s2_fail(
			err, S2_NOTFOUND,
			"the start level holds no table descriptor to infer its address from");
	try_all(&s, geom->top - 1U, UINT64_MAX, &ranking);
	ranking.tables[0].dangling += impossible;
	code = judge(&s, &ranking, err);
	if (code)
		return code;
	ret->base = ranking.tables[0].base;
	ret->thin = is_thin(&ranking);
	ret->unreached = pages - geom->start_tables - ranking.tables[0].reached;
	return S2_OK;
}
