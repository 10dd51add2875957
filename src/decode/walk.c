// SPDX-License-Identifier: GPL-2.0-or-later
// The walker: a stack of table pages, one per height, and a cursor in input addresses. No
// recursion, no allocation.
#include "decode/walk.h"

/*
 * A sound table reaches each of its pages once, but sharing a subtree is legal. What a hostile one
 * may cost is bounded by what the memory can hold: this many visits per page, and a floor for tiny
 * snapshots.
 */
#define VISITS_PER_PAGE 3
#define FLOOR_ENTRIES (512U * 1024)

static enum s2_code gap_at(const struct s2_frame *frame, uint64_t i)
{
	return frame->whole ? S2_OK :
			      (enum s2_code)frame->gap[i * sizeof(uint64_t) / S2_WALK_CHUNK];
}

static struct s2_frame *top_frame(struct s2_walk *walk)
{
	return &walk->frame[walk->depth];
}

static unsigned int frame_height(const struct s2_walk *walk)
{
	return walk->geom->top - (unsigned int)walk->depth;
}

/*
 * Gives @frame the descriptors of @n entries at @pa. Where the page cannot be had whole, it is read
 * chunk by chunk so that what is there is not lost. Returns why when nothing at all could be read.
 */
static enum s2_code load(struct s2_walk *walk, struct s2_frame *frame, uint64_t *buf, uint64_t pa,
			 uint32_t n)
{
	size_t size = n * sizeof(uint64_t);
	enum s2_code code, first = S2_OK;
	bool any = false;

	frame->whole = true;
	frame->desc = s2_mem_view(walk->mem, pa, size);
	if (frame->desc)
		return S2_OK;
	frame->desc = buf;
	code = s2_mem_read(walk->mem, pa, buf, size, NULL);
	if (!code)
		return S2_OK;
	frame->whole = false;
	for (size_t off = 0; off < size; off += S2_WALK_CHUNK) {
		size_t len = size - off < S2_WALK_CHUNK ? size - off : S2_WALK_CHUNK;

		code = s2_mem_read(walk->mem, pa + off, (char *)buf + off, len, NULL);
		frame->gap[off / S2_WALK_CHUNK] = (uint8_t)code;
		any |= !code;
		if (code && !first)
			first = code;
	}
	return any ? S2_OK : first;
}

/* load(), as far as the budget goes. */
static enum s2_code read_page(struct s2_walk *walk, struct s2_frame *frame, uint64_t *buf,
			      uint64_t pa, uint32_t n)
{
	uint64_t depth = BIT64(frame - walk->frame);
	bool counted = walk->again & depth && frame->table_pa == pa;
	enum s2_code code = s2_budget_take(&walk->budget, 1);

	walk->again &= ~depth;
	if (code)
		return code;
	walk->tables += !counted;
	s2_meter_add(walk->mem->meter, n * sizeof(uint64_t));
	return load(walk, frame, buf, pa, n);
}

void s2_walk_init(struct s2_walk *walk, const struct s2_geometry *geom, const struct s2_mem *mem,
		  uint64_t root_pa)
{
	walk->geom = geom;
	walk->mem = mem;
	walk->root_pa = root_pa;
	walk->ia = geom->ia_base;
	walk->last = geom->ia_base + low_bits(geom->ia_bits);
	walk->start_next = 0;
	walk->start_last = s2_start_entries(geom) - 1;
	walk->tables = 0;
	walk->odd_tables = 0;
	walk->odd_pa = S2_WALK_ROOT;
	s2_budget_init(&walk->budget, FLOOR_ENTRIES >> (geom->page_log2 - 3), VISITS_PER_PAGE,
		       s2_mem_structures(walk->mem) >> geom->page_log2);
	walk->depth = -1;
	walk->again = 0;
	for (unsigned int i = 0; i < S2_MAX_HEIGHTS; i++)
		walk->frame[i].table_pa = S2_WALK_ROOT;
	walk->done = false;
	walk->enter = NULL;
	walk->arg = NULL;
}

bool s2_walk_range(struct s2_walk *walk, uint64_t first, uint64_t last)
{
	const struct s2_geometry *geom = walk->geom;
	unsigned int shift = geom->height[geom->top].shift;

	if (last < walk->ia || first > walk->last) {
		walk->done = true;
		return false;
	}
	if (first > walk->ia)
		walk->ia = first;
	if (last < walk->last)
		walk->last = last;
	walk->start_next = (walk->ia - geom->ia_base) >> shift;
	walk->start_last = (walk->last - geom->ia_base) >> shift;
	return true;
}

bool s2_walk_again(struct s2_walk *walk, uint64_t first, uint64_t last)
{
	const struct s2_geometry *geom = walk->geom;

	walk->ia = geom->ia_base;
	walk->last = geom->ia_base + low_bits(geom->ia_bits);
	walk->depth = -1;
	walk->again = walk->tables ? ~UINT64_C(0) : 0;
	walk->done = false;
	return s2_walk_range(walk, first, last);
}

/* A stretch of @n entries at @height from @ia on that could not be read, as a strip. */
static void missing_strip(struct s2_strip *ret, unsigned int height, uint64_t ia, uint64_t n,
			  uint64_t table_pa, uint64_t desc_pa, enum s2_code why)
{
	*ret = (struct s2_strip){ .n = n,
				  .ia = ia,
				  .table_pa = table_pa,
				  .desc_pa = desc_pa,
				  .height = height,
				  .missing = why };
}

/* Entries of @frame beyond the range are cut off; those before it are skipped. */
static void clip(struct s2_walk *walk, struct s2_frame *frame, unsigned int height)
{
	unsigned int shift = walk->geom->height[height].shift;
	uint64_t span_last = frame->ia + (((uint64_t)frame->n << shift) - 1);

	if (span_last > walk->last)
		frame->n = (uint32_t)((walk->last - frame->ia) >> shift) + 1;
	if (walk->ia > frame->ia)
		frame->i = (uint32_t)((walk->ia - frame->ia) >> shift);
}

static bool may_enter(struct s2_walk *walk, const struct s2_reached *reached)
{
	return !walk->enter || walk->enter(walk->arg, reached);
}

/* Loads the next page of the start level; false when there is none. */
static bool push_start(struct s2_walk *walk, struct s2_strip *ret, bool *yielded)
{
	const struct s2_geometry *geom = walk->geom;
	unsigned int shift = geom->height[geom->top].shift;
	uint64_t per_page = BIT64(geom->page_log2) / sizeof(uint64_t);
	uint64_t first = walk->start_next & ~(per_page - 1);
	uint64_t n = s2_start_entries(geom) - first;
	struct s2_frame *frame = &walk->frame[0];
	struct s2_reached reached;
	enum s2_code code;

	if (walk->start_next > walk->start_last)
		return false;
	if (n > per_page)
		n = per_page;
	walk->start_next = first + n;
	reached = (struct s2_reached){ .pa = walk->root_pa + first * sizeof(uint64_t),
				       .size = n * sizeof(uint64_t),
				       .height = geom->top,
				       .ia = geom->ia_base + (first << shift),
				       .desc_pa = S2_WALK_ROOT,
				       .state = walk->budget.left ? S2_OK : S2_BUDGET };
	if (!may_enter(walk, &reached))
		return true;
	code = read_page(walk, frame, walk->buf[0], reached.pa, (uint32_t)n);
	frame->ia = reached.ia;
	frame->table_pa = reached.pa;
	frame->path = S2_PATH_ALL;
	frame->n = (uint32_t)n;
	frame->i = 0;
	clip(walk, frame, geom->top);
	if (code) {
		missing_strip(ret, geom->top, frame->ia + ((uint64_t)frame->i << shift),
			      frame->n - frame->i, frame->table_pa,
			      frame->table_pa + frame->i * sizeof(uint64_t), code);
		*yielded = true;
		return true;
	}
	walk->depth = 0;
	return true;
}

/* Would the table at @pa be its own ancestor? */
static bool is_ancestor(const struct s2_walk *walk, uint64_t pa)
{
	const struct s2_geometry *geom = walk->geom;

	for (int d = 1; d <= walk->depth; d++)
		if (walk->frame[d].table_pa == pa)
			return true;
	return pa + BIT64(geom->page_log2) > walk->root_pa && pa < walk->root_pa + geom->start_size;
}

/* The table that entry i of the current frame points to. */
static struct s2_reached reach(struct s2_walk *walk)
{
	const struct s2_geometry *geom = walk->geom;
	const struct s2_frame *parent = top_frame(walk);
	unsigned int height = frame_height(walk);
	struct s2_reached ret = {
		.pa = s2_table_oa(geom, parent->desc[parent->i]),
		.size = BIT64(geom->page_log2),
		.height = height - 1,
		.ia = parent->ia + ((uint64_t)parent->i << geom->height[height].shift),
		.raw = parent->desc[parent->i],
		.desc_pa = parent->table_pa + parent->i * sizeof(uint64_t),
	};
	struct s2_entry entry;

	geom->arch->decode(geom, height, ret.raw, &entry);
	if (entry.odd && !walk->odd_tables++)
		walk->odd_pa = ret.desc_pa;
	if (entry.odd & S2_ODD_OA_SIZE)
		ret.state = S2_INVALID;
	else if (is_ancestor(walk, ret.pa))
		ret.state = S2_LOOP;
	else if (!walk->budget.left)
		ret.state = S2_BUDGET;
	return ret;
}

/* Enters the table that entry i of the current frame points to. True when it yielded a missing
 * strip instead. */
static bool descend(struct s2_walk *walk, struct s2_strip *ret)
{
	const struct s2_geometry *geom = walk->geom;
	struct s2_reached reached = reach(walk);
	uint32_t n = (uint32_t)(reached.size / sizeof(uint64_t));
	struct s2_frame *child = &walk->frame[walk->depth + 1];
	enum s2_code code = reached.state;

	child->path = s2_below(geom, reached.height + 1, reached.raw, top_frame(walk)->path);
	top_frame(walk)->i++;
	if (!may_enter(walk, &reached))
		return false;
	if (!code)
		code = read_page(walk, child, walk->buf[walk->depth + 1], reached.pa, n);
	child->ia = reached.ia;
	child->table_pa = reached.pa;
	child->n = n;
	child->i = 0;
	clip(walk, child, reached.height);
	if (code) {
		missing_strip(ret, reached.height,
			      reached.ia +
				      ((uint64_t)child->i << geom->height[reached.height].shift),
			      child->n - child->i, reached.pa,
			      reached.pa + child->i * sizeof(uint64_t), code);
		return true;
	}
	walk->depth++;
	return false;
}

/* How many entries from @i on are neither tables nor cross from present to missing. Hot path. */
static uint32_t run_length(const struct s2_walk *walk, const struct s2_frame *frame,
			   unsigned int height, uint32_t i)
{
	const struct s2_geometry *geom = walk->geom;
	uint32_t j = i;

	if (frame->whole && height == 0)
		return frame->n - i;
	for (; j < frame->n; j++) {
		if (!frame->whole && gap_at(frame, j))
			break;
		if (j > i && frame->desc[j] == frame->desc[j - 1])
			continue; /* empty entries, mostly */
		if (geom->arch->is_table(geom, height, frame->desc[j]))
			break;
	}
	return j - i;
}

/* How many entries from @i on are missing for the same reason. */
static uint32_t gap_length(const struct s2_frame *frame, uint32_t i, enum s2_code why)
{
	uint32_t j = i;

	while (j < frame->n && gap_at(frame, j) == why)
		j++;
	return j - i;
}

bool s2_walk_next(struct s2_walk *walk, struct s2_strip *ret)
{
	const struct s2_geometry *geom = walk->geom;

	while (!walk->done) {
		bool yielded = false;
		struct s2_frame *frame;
		unsigned int height;
		uint64_t ia, desc_pa;
		enum s2_code why;
		uint32_t n;

		if (walk->depth < 0) {
			if (!push_start(walk, ret, &yielded))
				walk->done = true;
			if (yielded)
				return true;
			continue;
		}
		frame = top_frame(walk);
		if (frame->i >= frame->n) {
			walk->depth--;
			continue;
		}
		height = frame_height(walk);
		ia = frame->ia + ((uint64_t)frame->i << geom->height[height].shift);
		desc_pa = frame->table_pa + frame->i * sizeof(uint64_t);
		why = gap_at(frame, frame->i);
		if (why) {
			n = gap_length(frame, frame->i, why);
			missing_strip(ret, height, ia, n, frame->table_pa, desc_pa, why);
			frame->i += n;
			return true;
		}
		n = run_length(walk, frame, height, frame->i);
		if (n) {
			*ret = (struct s2_strip){ .desc = frame->desc + frame->i,
						  .n = n,
						  .ia = ia,
						  .table_pa = frame->table_pa,
						  .desc_pa = desc_pa,
						  .height = height,
						  .path = frame->path };
			frame->i += n;
			return true;
		}
		if (descend(walk, ret))
			return true;
	}
	return false;
}
