// SPDX-License-Identifier: GPL-2.0-or-later
// Lists in kernel memory, and what looks like one. What is read may be torn or hostile: every walk
// has an end.
#include <stdlib.h>

#include "base/bits.h"
#include "kernel/kernel_priv.h"

/* struct list_head { next, prev }: two pointers since Linux 1.0, asked of nobody. */
#define LIST_NEXT 0
#define LIST_PREV 8

enum s2_code s2_kernel_list(struct s2_kernel *kernel, uint64_t head,
			    bool (*node)(void *arg, uint64_t va), void *arg, struct s2_err *err)
{
	struct s2_budget nodes = s2_kernel_nodes(kernel);
	uint64_t at = head, pair[2];
	enum s2_code code = s2_kva_read(kernel->kva, head, pair, sizeof(pair), err);

	while (!code && pair[0] != head) {
		uint64_t next = pair[0];

		code = s2_kernel_draw(kernel, &nodes, err);
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
	struct s2_budget nodes = s2_kernel_nodes(kernel);
	uint64_t at = head, next, back;
	enum s2_code code = s2_kernel_word(kernel, head + end->ahead, &next, err);

	s2_err_init(&end->why);
	while (!code && next != head) {
		code = s2_kernel_draw(kernel, &nodes, err);
		if (code)
			return code;
		code = s2_kernel_word(kernel, next + end->back, &back, &end->why);
		if (!code && back != at)
			return s2_fail(err, S2_LOOP,
				       "list at 0x%llx: 0x%llx and 0x%llx do not lead to each other",
				       (unsigned long long)head, (unsigned long long)at,
				       (unsigned long long)next);
		at = next;
		if (!code)
			code = s2_kernel_word(kernel, at + end->ahead, &next, &end->why);
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

/* Words that may be followed, beside those that there is memory for: segments of a file may show
 * the same data again and again. */
#define LOOKED_FLOOR (1U << 20)

/* A search of the image's data for lists. */
struct list_scan {
	struct s2_kernel *kernel;
	bool (*candidate)(void *arg, const struct s2_list_candidate *candidate);
	void *arg;
	struct s2_list_doubt *doubt;
	struct s2_err *err;
	struct s2_budget looked; /* words that may be followed */
	uint64_t va_off;         /* VA - PA of the piece */
	bool writable;           /* there was something to look at */
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
		enum s2_code code = s2_kernel_word(kernel, way_back[i], &back, NULL);

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
		if (s2_budget_take(&scan->looked, 1)) {
			s2_gaps_add(&scan->doubt->gaps, pa + i * sizeof(*words),
				    len - i * sizeof(*words), S2_BUDGET);
			scan->stopped = true;
			break;
		}
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
	s2_budget_init(&scan.looked, LOOKED_FLOOR, 1,
		       s2_mem_structures(kernel->args.mem) / sizeof(uint64_t));
	code = s2_kernel_image(kernel, scan_piece, &scan, &doubt->gaps, err);
	if (code || scan.code)
		return code ? code : scan.code;
	return scan.writable ? S2_OK :
			       s2_fail(err, S2_NOTFOUND,
				       "swapper_pg_dir maps no writable part of the kernel image%s",
				       s2_gaps_text(&doubt->gaps).text);
}
