// SPDX-License-Identifier: GPL-2.0-or-later
// Rows that were asked for: a condition, then joining by the chosen columns, then an order.
#include "model/pick.h"

#include <stdlib.h>
#include <string.h>

/* ---- Columns ---- */

enum s2_code s2_columns_parse(const char *text, const struct s2_member_list *list,
			      struct s2_columns *ret, struct s2_where_place *ret_place,
			      struct s2_err *err)
{
	size_t len = strlen(text), at = 0;

	ret->n = 0;
	ret->by_pa = false;
	*ret_place = (struct s2_where_place){ .len = 1 };
	if (len >= sizeof(ret->text))
		return s2_fail(err, S2_USAGE, "it is too long");
	memcpy(ret->text, text, len + 1);
	for (;;) {
		size_t n = strcspn(text + at, ",");
		const struct s2_row_name *member = s2_member_find(list, text + at, n, true);

		*ret_place = (struct s2_where_place){ .at = (unsigned int)at,
						      .len = n ? (unsigned int)n : 1,
						      .help = member ? S2_WHERE_NO_HELP :
								       S2_WHERE_COLUMNS };
		if (!member)
			return s2_fail(err, S2_USAGE, "no column is called '%.*s'", (int)n,
				       text + at);
		for (unsigned int i = 0; i < ret->n; i++)
			if (!strcmp(ret->member[i].name, member->name))
				return s2_fail(err, S2_USAGE, "column '%s' stands twice",
					       member->name);
		if (ret->n == S2_MAX_COLUMNS)
			return s2_fail(err, S2_USAGE, "more than %d columns", S2_MAX_COLUMNS);
		ret->by_pa |= member->id == S2_MEMBER_PA;
		ret->title[ret->n] = ret->text + at;
		ret->member[ret->n++] = *member;
		ret->text[at + n] = '\0';
		at += n + 1;
		if (at > len)
			return S2_OK;
	}
}

static bool is_placed(const struct s2_members *of, const struct s2_row *row)
{
	return s2_run_placed(&row->run, s2_run_mapped(of->geom, &row->run));
}

static bool same_value(const struct s2_members *of, const struct s2_row_name *member,
		       const struct s2_row *a, const struct s2_row *b)
{
	struct s2_member_value x, y;

	s2_member_get(of, member, a, &x);
	s2_member_get(of, member, b, &y);
	if (x.known != y.known)
		return false;
	if (x.known != S2_VALUE_KNOWN)
		return true;
	if (member->kind == S2_KIND_STRING)
		return !strcmp(x.text, y.text);
	if (member->agree == S2_AGREE_ON)
		return y.number - x.number == b->run.ia - a->run.ia;
	return x.number == y.number;
}

/* What the text has for it says more than the member: a slot's marks, a guest's handle. */
static bool same_label_text(const struct s2_members *of, const struct s2_row_name *member,
			    const struct s2_row *a, const struct s2_row *b)
{
	const struct s2_annotator *annotator =
		s2_table_annotator(of->table, of->annotators[member->annotator]);
	char x[S2_LABEL_TEXT], y[S2_LABEL_TEXT];
	size_t i;

	if (!member->column || !annotator)
		return true;
	i = (size_t)(annotator - of->table->annotator);
	if (i >= a->nlabels || i >= b->nlabels)
		return a->nlabels == b->nlabels;
	return !strcmp(member->column->text(&a->label[i], x),
		       member->column->text(&b->label[i], y));
}

/* Where there are none, or several, pieces tell; what is missing is said of a table page. */
static bool same_pa(const struct s2_members *of, const struct s2_row *a, const struct s2_row *b)
{
	const struct s2_run *x = &a->run, *y = &b->run;

	if (x->missing != y->missing || is_placed(of, a) != is_placed(of, b))
		return false;
	if (x->missing)
		return x->missing == S2_BUDGET || x->table_pa == y->table_pa;
	return x->meaning.placed == y->meaning.placed &&
	       (!x->meaning.placed || y->meaning.address - x->meaning.address == y->ia - x->ia);
}

/* All that the column says: attributes that are no columns, software's values, oddities. */
static bool same_flags(const struct s2_members *of, const struct s2_row *a, const struct s2_row *b)
{
	const struct s2_run *x = &a->run, *y = &b->run;
	bool leaf = s2_is_leaf(x->entry.type);

	if (x->missing || y->missing)
		return x->missing && y->missing;
	if (leaf != s2_is_leaf(y->entry.type) || x->entry.odd != y->entry.odd ||
	    x->meaning.type != y->meaning.type)
		return false;
	if (x->meaning.type)
		return x->meaning.known == y->meaning.known &&
		       !memcmp(x->meaning.value, y->meaning.value, sizeof(x->meaning.value));
	if (!leaf)
		return x->entry.raw == y->entry.raw;
	for (unsigned int i = 0; i < of->nattrs; i++) {
		struct s2_row_name member = { .name = of->attr[i].name, .id = S2_MEMBER_ATTR };
		struct s2_member_value value;

		if (!of->attr[i].attr || of->attr[i].attr->kind != S2_ATTR_FLAG)
			continue;
		s2_member_get(of, &member, a, &value);
		member.kind = value.text ? S2_KIND_STRING : S2_KIND_NUMBER;
		if (!same_value(of, &member, a, b))
			return false;
	}
	return true;
}

/* All bits but those of addresses. */
static bool same_raw(const struct s2_row *a, const struct s2_row *b)
{
	const struct s2_run *x = &a->run, *y = &b->run;

	if (x->missing || y->missing)
		return x->missing && y->missing;
	return x->height == y->height && x->key_mask == y->key_mask &&
	       !((x->entry.raw ^ y->entry.raw) & x->key_mask);
}

static bool agree(const struct s2_members *of, const struct s2_row_name *member,
		  const struct s2_row *a, const struct s2_row *b)
{
	if (member->agree == S2_AGREE_ALWAYS)
		return true;
	if (member->id == S2_MEMBER_PA)
		return same_pa(of, a, b);
	if (member->id == S2_MEMBER_FLAGS)
		return same_flags(of, a, b);
	if (member->id == S2_MEMBER_RAW)
		return same_raw(a, b);
	return same_value(of, member, a, b) &&
	       (member->id != S2_MEMBER_LABEL || same_label_text(of, member, a, b));
}

/* An entry that annotators cut in two is counted with both parts. */
static uint64_t counted_twice(const struct s2_members *of, const struct s2_run *next)
{
	return !is_aligned(next->ia, s2_entry_size(of->geom, next->height));
}

bool s2_columns_join(const struct s2_columns *columns, const struct s2_members *of,
		     enum s2_merge_how how, struct s2_row *a, const struct s2_row *b)
{
	bool placed = is_placed(of, a), next_placed = is_placed(of, b);
	bool follows = a->pieces && b->run.entry.oa == a->oa_next;

	if (how == S2_MERGE_NONE || a->run.ia + a->run.size != b->run.ia)
		return false;
	if (how == S2_MERGE_PA && placed && next_placed && !follows)
		return false;
	for (unsigned int i = 0; i < columns->n; i++)
		if (!agree(of, &columns->member[i], a, b))
			return false;
	if (placed && next_placed)
		a->pieces = a->pieces && b->pieces ? a->pieces + b->pieces - follows : 0;
	/* What lies between two pieces and is not mapped ends nowhere. */
	a->oa_next = next_placed ? b->oa_next : S2_NO_ADDRESS;
	a->run.pa_contiguous = a->pieces == 1;
	a->run.count += b->run.count - counted_twice(of, &b->run);
	a->run.size += b->run.size;
	return true;
}

/* ---- Rows ---- */

static bool pull(struct s2_pick *pick, struct s2_row *ret)
{
	while (s2_ranges_next(pick->ranges, ret)) {
		enum s2_answer answer = pick->where ? s2_where_ask(pick->where, pick->of, ret) :
						      S2_ANSWER_YES;

		pick->rows++;
		pick->fit += answer == S2_ANSWER_YES;
		pick->unknown += answer == S2_ANSWER_UNKNOWN;
		if (answer == S2_ANSWER_YES)
			return true;
	}
	return false;
}

bool s2_pick_next(struct s2_pick *pick, struct s2_row *ret)
{
	if (!pick->columns)
		return pull(pick, ret);
	if (!pick->have_ahead && !pull(pick, &pick->ahead))
		return false;
	*ret = pick->ahead;
	do
		pick->have_ahead = pull(pick, &pick->ahead);
	while (pick->have_ahead &&
	       s2_columns_join(pick->columns, pick->of, pick->how, ret, &pick->ahead));
	return true;
}

/* ---- The first of an order ---- */

static int order_values(const struct s2_order *order, const struct s2_member_value *x,
			const struct s2_member_value *y)
{
	int than;

	/* What is not known goes behind all that is. */
	if (x->known != S2_VALUE_KNOWN || y->known != S2_VALUE_KNOWN)
		return (x->known != S2_VALUE_KNOWN) - (y->known != S2_VALUE_KNOWN);
	if (order->member.kind == S2_KIND_STRING)
		than = strcmp(x->text, y->text);
	else if (x->past != y->past)
		than = x->past - y->past;
	else if (order->member.kind == S2_KIND_SIGNED)
		than = ((int64_t)x->number > (int64_t)y->number) -
		       ((int64_t)x->number < (int64_t)y->number);
	else
		than = (x->number > y->number) - (x->number < y->number);
	return order->descending ? -than : than;
}

/* Does @a stand before @b? */
static bool is_before(const struct s2_top *top, const struct s2_row *a, const struct s2_row *b)
{
	struct s2_member_value x, y;
	int than;

	s2_member_get(top->of, &top->order->member, a, &x);
	s2_member_get(top->of, &top->order->member, b, &y);
	than = order_values(top->order, &x, &y);
	return than ? than < 0 : a->run.ia < b->run.ia;
}

static void swap(struct s2_row *a, struct s2_row *b)
{
	struct s2_row row = *a;

	*a = *b;
	*b = row;
}

/* Of the @n rows @at may stand too near to the root, where the last of the order belongs. */
static void sift_down(struct s2_top *top, size_t at, size_t n)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n)
			return;
		if (child + 1 < n && is_before(top, &top->row[child], &top->row[child + 1]))
			child++;
		if (!is_before(top, &top->row[at], &top->row[child]))
			return;
		swap(&top->row[at], &top->row[child]);
		at = child;
	}
}

static void sift_up(struct s2_top *top, size_t at)
{
	while (at && is_before(top, &top->row[(at - 1) / 2], &top->row[at])) {
		swap(&top->row[(at - 1) / 2], &top->row[at]);
		at = (at - 1) / 2;
	}
}

enum s2_code s2_top_add(struct s2_top *top, const struct s2_row *row, struct s2_err *err)
{
	if (top->n == top->limit) {
		top->more++;
		if (top->limit && is_before(top, row, &top->row[0])) {
			top->row[0] = *row;
			sift_down(top, 0, top->n);
		}
		return S2_OK;
	}
	if (top->n == top->room) {
		size_t room = top->room ? top->room * 2 : 64;
		struct s2_row *grown = realloc(top->row, room * sizeof(*grown));

		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory to sort %zu rows", top->n + 1);
		top->row = grown;
		top->room = room;
	}
	top->row[top->n] = *row;
	sift_up(top, top->n++);
	return S2_OK;
}

void s2_top_sort(struct s2_top *top)
{
	for (size_t n = top->n; n > 1; n--) {
		swap(&top->row[0], &top->row[n - 1]);
		sift_down(top, 0, n - 1);
	}
}

void s2_top_free(struct s2_top *top)
{
	free(top->row);
	*top = (struct s2_top){ .order = top->order, .of = top->of, .limit = top->limit };
}
