// SPDX-License-Identifier: GPL-2.0-or-later
// Lists, xarrays and red-black trees in kernel memory. What is read may be torn or hostile: every
// walk has an end.
#include <stdlib.h>

#include "base/bits.h"
#include "base/budget.h"
#include "kernel/kernel_priv.h"

/* Entries that one walk may meet: no more than memory has room for, and never more than that. */
#define MAX_NODES 1000000
#define FLOOR_NODES 256
#define NODE_SIZE 8  /* a slot of an xarray; list and tree nodes are larger */
#define RB_DEPTH 128 /* a red-black tree of 2^64 nodes is not deeper */

/* struct list_head { next, prev }: two pointers since Linux 1.0, asked of nobody. */
#define LIST_NEXT 0
#define LIST_PREV 8

static enum s2_code read_u64(struct s2_kernel *kernel, uint64_t va, uint64_t *ret,
			     struct s2_err *err)
{
	return s2_kva_read(kernel->kva, va, ret, sizeof(*ret), err);
}

static struct s2_budget nodes_of(const struct s2_kernel *kernel)
{
	uint64_t room = kernel->args.mem->bytes / NODE_SIZE;
	struct s2_budget budget;

	s2_budget_init(&budget, FLOOR_NODES, 1, room < MAX_NODES ? room : MAX_NODES);
	return budget;
}

/*
 * Entries that all walks of one kernel may meet: a dump may claim thousands of VMs whose arrays and
 * trees are the same few pages. Sound ones share no word, but for some lists that are walked again.
 */
#define FLOOR_ENTRIES (1ULL << 19)

void s2_kernel_limit(struct s2_kernel *kernel)
{
	s2_budget_init(&kernel->entries, FLOOR_ENTRIES, 1, kernel->args.mem->bytes / NODE_SIZE);
}

/* One entry more of a walk, which may meet @own. S2_LOOP: it does not end; S2_BUDGET: all of them. */
static enum s2_code draw(struct s2_kernel *kernel, struct s2_budget *own, struct s2_err *err)
{
	if (s2_budget_take(own, 1))
		return s2_fail(err, S2_LOOP, "it has no end");
	if (s2_budget_take(&kernel->entries, 1))
		return s2_fail(err, S2_BUDGET,
			       "so much memory cannot hold so many lists and trees");
	return S2_OK;
}

enum s2_code s2_kernel_list(struct s2_kernel *kernel, uint64_t head,
			    bool (*node)(void *arg, uint64_t va), void *arg, struct s2_err *err)
{
	struct s2_budget nodes = nodes_of(kernel);
	uint64_t at = head, pair[2];
	enum s2_code code = s2_kva_read(kernel->kva, head, pair, sizeof(pair), err);

	while (!code && pair[0] != head) {
		uint64_t next = pair[0];

		code = draw(kernel, &nodes, err);
		if (!code)
			code = s2_kva_read(kernel->kva, next, pair, sizeof(pair), err);
		if (code)
			break;
		/* A list that enters a circle without its head breaks this rule where the circle
		 * closes. */
		if (pair[1] != at)
			return s2_fail(
				err, S2_LOOP,
				"list at 0x%llx: 0x%llx follows 0x%llx, but its prev is 0x%llx",
				(unsigned long long)head, (unsigned long long)next,
				(unsigned long long)at, (unsigned long long)pair[1]);
		if (!node(arg, next))
			return S2_OK;
		at = next;
	}
	if (code)
		s2_wrap(err, code, "list at 0x%llx", (unsigned long long)head);
	return code;
}

/* A list as it is read from one end. */
struct list_end {
	unsigned int ahead,
		back; /* where a node has the address of the next, and of the last one */
	uint64_t *va; /* of nodes that were read */
	size_t n, room;
	uint64_t lost; /* the one that could not be read, 0: none */
	struct s2_err why;
};

static enum s2_code keep_node(struct list_end *end, uint64_t va, struct s2_err *err)
{
	if (end->n == end->room) {
		size_t room = end->room ? end->room * 2 : 64;
		uint64_t *grown = realloc(end->va, room * sizeof(*grown));

		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory for a list");
		end->va = grown;
		end->room = room;
	}
	end->va[end->n++] = va;
	return S2_OK;
}

/* Reads from @head on until it comes round, or until a node is not in the dump. */
static enum s2_code read_end(struct s2_kernel *kernel, uint64_t head, struct list_end *end,
			     struct s2_err *err)
{
	struct s2_budget nodes = nodes_of(kernel);
	uint64_t at = head, next, back;
	enum s2_code code = read_u64(kernel, head + end->ahead, &next, err);

	s2_err_init(&end->why);
	while (!code && next != head) {
		code = draw(kernel, &nodes, err);
		if (code)
			return code;
		code = read_u64(kernel, next + end->back, &back, &end->why);
		if (!code && back != at)
			return s2_fail(err, S2_LOOP,
				       "list at 0x%llx: 0x%llx and 0x%llx do not lead to each other",
				       (unsigned long long)head, (unsigned long long)at,
				       (unsigned long long)next);
		at = next;
		if (!code)
			code = read_u64(kernel, at + end->ahead, &next, &end->why);
		if (s2_is_missing(code)) {
			end->lost = at;
			return S2_OK;
		}
		if (code)
			return s2_fail(err, code, "%s", end->why.text);
		code = keep_node(end, at, err);
	}
	return code;
}

enum s2_code s2_kernel_list_around(struct s2_kernel *kernel, uint64_t head,
				   bool (*node)(void *arg, uint64_t va),
				   void (*lost)(void *arg, uint64_t va, const struct s2_err *why),
				   void *arg, struct s2_err *err)
{
	struct list_end first = { .ahead = LIST_NEXT, .back = LIST_PREV };
	struct list_end last = { .ahead = LIST_PREV, .back = LIST_NEXT };
	enum s2_code code = read_end(kernel, head, &first, err);
	bool more = true;

	for (size_t i = 0; more && i < first.n; i++)
		more = node(arg, first.va[i]);
	if (!code && first.lost) {
		lost(arg, first.lost, &first.why);
		code = read_end(kernel, head, &last, err);
	}
	if (!code && last.lost && last.lost != first.lost)
		lost(arg, last.lost, &last.why);
	for (size_t i = last.n; !code && more && i-- > 0;)
		more = node(arg, last.va[i]);
	free(first.va);
	free(last.va);
	return code ? s2_wrap(err, code, "list at 0x%llx", (unsigned long long)head) : S2_OK;
}

/* include/linux/xarray.h: entries whose low bits are 0b10 are the xarray's own. */
static bool xa_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

/* ... and are pointers to nodes when they are not small numbers (siblings, retry, zero). */
static bool xa_node(uint64_t entry)
{
	return xa_internal(entry) && entry > 4096;
}

struct xa_walk {
	struct s2_kernel *kernel;
	struct s2_xa_layout layout;
	struct s2_budget slots; /* slots that may still be looked at */
	bool (*entry)(void *arg, uint64_t index, uint64_t value);
	/* Or with the indices that one has, and those of nodes that are lost. */
	bool (*span)(void *arg, uint64_t first, uint64_t last, uint64_t value);
	bool (*lost)(void *arg, uint64_t first, uint64_t last, const struct s2_err *why);
	void *arg;
	bool stopped;
	struct s2_err *err;
};

static enum s2_code xa_descend(struct xa_walk *walk, uint64_t node, uint64_t base,
			       unsigned int below);

/* All that one slot has of indices: [@first, @last]. */
static enum s2_code xa_subtree(struct xa_walk *walk, uint64_t node, uint64_t first, uint64_t last,
			       unsigned int below)
{
	struct s2_err *err = walk->err, why;
	enum s2_code code;

	if (!walk->lost)
		return xa_descend(walk, node, first, below);
	s2_err_init(&why);
	walk->err = &why;
	code = xa_descend(walk, node, first, below);
	walk->err = err;
	if (s2_is_missing(code))
		walk->stopped = !walk->lost(walk->arg, first, last, &why);
	else if (code)
		return s2_fail(err, code, "%s", why.text);
	return S2_OK;
}

static bool xa_visit(struct xa_walk *walk, const uint64_t *slots, uint64_t i, uint64_t first,
		     uint64_t last)
{
	uint64_t entry = slots[i];

	/* A sibling leads to the first slot of its entry, which stands before it. */
	if (walk->span && xa_internal(entry) && entry >> 2 < i)
		entry = slots[entry >> 2];
	if (!entry || xa_internal(entry))
		return true;
	return walk->span ? walk->span(walk->arg, first, last, entry) :
			    walk->entry(walk->arg, first, entry);
}

/* One node and what is below. @below: shift of the node above, the root has 64. Shifts fall, so the
 * depth is bounded. */
static enum s2_code xa_descend(struct xa_walk *walk, uint64_t node, uint64_t base,
			       unsigned int below)
{
	uint64_t slots[64];
	uint8_t shift;
	enum s2_code code = s2_kva_read(walk->kernel->kva, node + walk->layout.shift, &shift,
					sizeof(shift), walk->err);

	if (!code)
		code = s2_kva_read(walk->kernel->kva, node + walk->layout.slots, slots,
				   sizeof(slots[0]) << walk->layout.chunk_log2, walk->err);
	if (code)
		return code;
	if (shift >= below || shift % walk->layout.chunk_log2 ||
	    (below != 64 && shift + walk->layout.chunk_log2 != below))
		return s2_fail(walk->err, S2_LOOP, "xarray node 0x%llx has shift %u below shift %u",
			       (unsigned long long)node, shift, below);
	for (uint64_t i = 0; i < BIT64(walk->layout.chunk_log2) && !code && !walk->stopped; i++) {
		uint64_t index = base + (i << shift), last = index + low_bits(shift);

		code = draw(walk->kernel, &walk->slots, walk->err);
		if (code)
			return code;
		if (xa_node(slots[i]))
			code = xa_subtree(walk, slots[i] - 2, index, last, shift);
		else
			walk->stopped = !xa_visit(walk, slots, i, index, last);
	}
	return code;
}

enum s2_code s2_kernel_xa_layout(struct s2_kernel *kernel, struct s2_xa_layout *ret,
				 struct s2_err *err)
{
	struct s2_member head, shift, slots;
	struct s2_types *types;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	if (!code)
		code = s2_types_member(types, "xarray", "xa_head", &head, err);
	if (!code)
		code = s2_types_member(types, "xa_node", "shift", &shift, err);
	if (!code)
		code = s2_types_member(types, "xa_node", "slots", &slots, err);
	if (code)
		return code;
	/* XA_CHUNK_SIZE is 64, or 16 with CONFIG_BASE_SMALL. */
	if (slots.nelems != 64 && slots.nelems != 16)
		return s2_fail(err, S2_INVALID, "xa_node has %llu slots",
			       (unsigned long long)slots.nelems);
	*ret = (struct s2_xa_layout){ .head = s2_member_off(&head),
				      .shift = s2_member_off(&shift),
				      .slots = s2_member_off(&slots),
				      .chunk_log2 = slots.nelems == 64 ? 6 : 4 };
	return S2_OK;
}

/* Slot @i of the node at @node, and its number: a sibling leads to the first slot of its entry. */
static enum s2_code xa_slot(struct s2_kernel *kernel, const struct s2_xa_layout *layout,
			    uint64_t node, uint64_t i, uint64_t *ret, uint64_t *ret_i,
			    struct s2_err *err)
{
	uint64_t entry = 0;
	enum s2_code code = read_u64(kernel, node + layout->slots + i * sizeof(entry), &entry, err);

	if (!code && xa_internal(entry) && entry >> 2 < i) {
		i = entry >> 2;
		code = read_u64(kernel, node + layout->slots + i * sizeof(entry), &entry, err);
	}
	if (code)
		return code;
	*ret = entry;
	*ret_i = i;
	return S2_OK;
}

enum s2_code s2_kernel_xa_load(struct s2_kernel *kernel, const struct s2_xa_layout *layout,
			       uint64_t va, uint64_t index, uint64_t *ret, uint64_t *ret_first,
			       struct s2_err *err)
{
	uint64_t entry = 0, first = 0, mask = low_bits(layout->chunk_log2);
	unsigned int below = 64;
	uint8_t shift = 0;
	enum s2_code code = read_u64(kernel, va + layout->head, &entry, err);

	if (!code && !xa_node(entry) && index)
		entry = 0; /* a single entry at index 0 needs no node */
	while (!code && xa_node(entry)) {
		uint64_t node = entry - 2, i = 0;

		code = s2_kva_read(kernel->kva, node + layout->shift, &shift, sizeof(shift), err);
		if (code)
			break;
		if (shift >= below || shift % layout->chunk_log2 ||
		    (below != 64 && shift + layout->chunk_log2 != below))
			return s2_fail(err, S2_LOOP,
				       "xarray node 0x%llx has shift %u below shift %u",
				       (unsigned long long)node, shift, below);
		if (below == 64 && index >> shift > mask)
			entry = 0;
		else
			code = xa_slot(kernel, layout, node, (index >> shift) & mask, &entry, &i,
				       err);
		first = (((index >> shift) & ~mask) | i) << shift;
		below = shift;
	}
	if (code)
		return s2_wrap(err, code, "xarray at 0x%llx", (unsigned long long)va);
	if (!entry || xa_internal(entry))
		return s2_fail(err, S2_NOTFOUND, "xarray at 0x%llx has nothing at %llu",
			       (unsigned long long)va, (unsigned long long)index);
	*ret = entry;
	*ret_first = first;
	return S2_OK;
}

static enum s2_code xa_all(struct xa_walk *walk, uint64_t va)
{
	uint64_t head;
	enum s2_code code = s2_kernel_xa_layout(walk->kernel, &walk->layout, walk->err);

	if (!code)
		code = read_u64(walk->kernel, va + walk->layout.head, &head, walk->err);
	if (!code && xa_node(head))
		code = xa_subtree(walk, head - 2, 0, UINT64_MAX, 64);
	else if (!code)
		xa_visit(walk, &head, 0, 0, 0); /* a single entry at index 0 needs no node */
	if (code)
		s2_wrap(walk->err, code, "xarray at 0x%llx", (unsigned long long)va);
	return code;
}

enum s2_code s2_kernel_xarray(struct s2_kernel *kernel, uint64_t va,
			      bool (*entry)(void *arg, uint64_t index, uint64_t value), void *arg,
			      struct s2_err *err)
{
	struct xa_walk walk = {
		.kernel = kernel, .slots = nodes_of(kernel), .entry = entry, .arg = arg, .err = err
	};

	return xa_all(&walk, va);
}

/* An entry has a word of memory of its own. */
static struct s2_budget words_of(const struct s2_kernel *kernel)
{
	struct s2_budget budget;

	s2_budget_init(&budget, FLOOR_NODES, 1, kernel->args.mem->bytes / sizeof(uint64_t));
	return budget;
}

enum s2_code s2_kernel_xarray_spans(struct s2_kernel *kernel, uint64_t va,
				    bool (*span)(void *arg, uint64_t first, uint64_t last,
						 uint64_t value),
				    bool (*lost)(void *arg, uint64_t first, uint64_t last,
						 const struct s2_err *why),
				    void *arg, struct s2_err *err)
{
	struct xa_walk walk = { .kernel = kernel,
				.slots = words_of(kernel),
				.span = span,
				.lost = lost,
				.arg = arg,
				.err = err };

	return xa_all(&walk, va);
}

/* struct rb_node, include/linux/rbtree_types.h; bits [1:0] of the parent are the colour. */
struct rb_layout {
	uint64_t parent, right, left;
};

struct rb_node {
	uint64_t parent, right, left;
};

static enum s2_code rb_layout(struct s2_kernel *kernel, struct rb_layout *ret, uint64_t *ret_root,
			      struct s2_err *err)
{
	const struct {
		const char *type, *member;
		uint64_t *off;
	} want[] = {
		{ "rb_node", "__rb_parent_color", &ret->parent },
		{ "rb_node", "rb_right", &ret->right },
		{ "rb_node", "rb_left", &ret->left },
		{ "rb_root", "rb_node", ret_root },
	};
	struct s2_types *types;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	for (size_t i = 0; i < ARRAY_SIZE(want) && !code; i++) {
		struct s2_member member;

		code = s2_types_member(types, want[i].type, want[i].member, &member, err);
		if (!code)
			*want[i].off = s2_member_off(&member);
	}
	return code;
}

/* Reads the node at @va, which must say that @parent is above it: so a node is met on one way only.
 */
static enum s2_code rb_read(struct s2_kernel *kernel, const struct rb_layout *layout, uint64_t va,
			    uint64_t parent, struct rb_node *ret, struct s2_err *err)
{
	enum s2_code code = read_u64(kernel, va + layout->parent, &ret->parent, err);

	if (!code)
		code = read_u64(kernel, va + layout->right, &ret->right, err);
	if (!code)
		code = read_u64(kernel, va + layout->left, &ret->left, err);
	if (code)
		return code;
	if ((ret->parent & ~UINT64_C(3)) != parent || (ret->left && ret->left == ret->right))
		return s2_fail(err, S2_LOOP, "node 0x%llx is below 0x%llx, but says 0x%llx",
			       (unsigned long long)va, (unsigned long long)parent,
			       (unsigned long long)(ret->parent & ~UINT64_C(3)));
	return S2_OK;
}

static enum s2_code rb_walk(struct s2_kernel *kernel, const struct rb_layout *layout, uint64_t root,
			    bool (*node)(void *arg, uint64_t va), void *arg, struct s2_err *err)
{
	struct {
		uint64_t va, right;
	} stack[RB_DEPTH];
	struct s2_budget nodes = nodes_of(kernel);
	uint64_t at = root, parent = 0;
	unsigned int depth = 0;

	for (;;) {
		while (at) {
			struct rb_node rb;
			enum s2_code code = rb_read(kernel, layout, at, parent, &rb, err);

			if (!code && depth == RB_DEPTH)
				code = s2_fail(err, S2_LOOP, "the tree is too deep");
			if (!code)
				code = draw(kernel, &nodes, err);
			if (code)
				return code;
			stack[depth].va = parent = at;
			stack[depth++].right = rb.right;
			at = rb.left;
		}
		if (!depth)
			return S2_OK;
		depth--;
		if (!node(arg, stack[depth].va))
			return S2_OK;
		parent = stack[depth].va;
		at = stack[depth].right;
	}
}

enum s2_code s2_kernel_rbtree(struct s2_kernel *kernel, uint64_t va,
			      bool (*node)(void *arg, uint64_t va), void *arg, struct s2_err *err)
{
	struct rb_layout layout;
	uint64_t root_off, root;
	enum s2_code code = rb_layout(kernel, &layout, &root_off, err);

	if (!code)
		code = read_u64(kernel, va + root_off, &root, err);
	if (!code)
		code = rb_walk(kernel, &layout, root, node, arg, err);
	if (code)
		s2_wrap(err, code, "tree at 0x%llx", (unsigned long long)va);
	return code;
}

/* A search of the image's data for lists. */
struct list_scan {
	struct s2_kernel *kernel;
	bool (*candidate)(void *arg, const struct s2_list_candidate *candidate);
	void *arg;
	struct s2_list_doubt *doubt;
	struct s2_err *err;
	uint64_t va_off; /* VA - PA of the piece */
	bool writable;   /* there was something to look at */
	bool stopped;
	enum s2_code code;
};

/* Bits [63:55] set, aligned: a pointer into the kernel's half. */
static inline bool may_point(uint64_t word)
{
	return word >> 55 == 0x1ff && is_aligned(word, sizeof(uint64_t));
}

/* Do both neighbours lead back? S2_NOTFOUND: one does not; a missing code: one may. */
static enum s2_code round_trip(struct s2_kernel *kernel, const struct s2_list_candidate *c)
{
	const uint64_t way_back[] = { c->next + LIST_PREV, c->prev + LIST_NEXT };
	enum s2_code ret = S2_OK;

	for (size_t i = 0; i < ARRAY_SIZE(way_back); i++) {
		uint64_t back;
		enum s2_code code = read_u64(kernel, way_back[i], &back, NULL);

		if (s2_is_missing(code))
			ret = code;
		else if (code || back != c->va)
			return S2_NOTFOUND;
	}
	return ret;
}

void s2_list_doubt_add(struct s2_list_doubt *doubt, uint64_t va, enum s2_code code)
{
	if (!doubt->unchecked++) {
		doubt->va = va;
		doubt->code = code;
	}
}

/* The last word is only a prev here: it is the first of what is shown next, if that follows. */
static bool scan_words(void *arg, uint64_t pa, const void *bytes, size_t len)
{
	struct list_scan *scan = arg;
	const uint64_t *words = bytes;

	for (size_t i = 0; i + 1 < len / sizeof(*words) && !scan->stopped; i++) {
		struct s2_list_candidate c = { .va = pa + scan->va_off + i * sizeof(*words),
					       .next = words[i],
					       .prev = words[i + 1] };
		enum s2_code code;

		if (!may_point(c.next) || !may_point(c.prev) || c.next == c.va || c.prev == c.va)
			continue;
		code = round_trip(scan->kernel, &c);
		if (s2_is_missing(code))
			s2_list_doubt_add(scan->doubt, c.va, code);
		else if (!code)
			scan->stopped = !scan->candidate(scan->arg, &c);
	}
	return !scan->stopped;
}

static bool scan_piece(void *arg, const struct s2_kva_piece *piece)
{
	struct list_scan *scan = arg;

	if (!piece->writable)
		return true;
	scan->writable = true;
	scan->va_off = piece->va - piece->pa;
	scan->code = s2_scan(scan->kernel->args.mem, piece->pa, piece->size, sizeof(uint64_t),
			     scan_words, scan, &scan->doubt->gaps, scan->err);
	return !scan->code && !scan->stopped;
}

enum s2_code s2_kernel_scan_lists(struct s2_kernel *kernel,
				  bool (*candidate)(void *arg,
						    const struct s2_list_candidate *candidate),
				  void *arg, struct s2_list_doubt *doubt, struct s2_err *err)
{
	struct list_scan scan = {
		.kernel = kernel, .candidate = candidate, .arg = arg, .doubt = doubt, .err = err
	};
	enum s2_code code;

	*doubt = (struct s2_list_doubt){ .unchecked = 0 };
	code = s2_kernel_image(kernel, scan_piece, &scan, &doubt->gaps, err);
	if (code || scan.code)
		return code ? code : scan.code;
	return scan.writable ? S2_OK :
			       s2_fail(err, S2_NOTFOUND,
				       "swapper_pg_dir maps no writable part of the kernel image%s",
				       s2_gaps_text(&doubt->gaps).text);
}
