// SPDX-License-Identifier: GPL-2.0-or-later
// Private and shared guest memory as an annotator: a range is cut where one becomes the other.
#include "model/private.h"

#include <stdlib.h>

#include "model/note.h"

/* A label's word[0]. */
enum { NOT_ASKED, SHARED, PRIVATE, UNREAD };

bool s2_private_add(struct s2_private *p, const struct s2_private_piece *piece)
{
	struct s2_private_piece *last = p->n ? &p->piece[p->n - 1] : NULL;

	if (last && last->last + 1 == piece->first && last->unread == piece->unread) {
		last->last = piece->last;
		return true;
	}
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 16;
		struct s2_private_piece *grown = realloc(p->piece, room * sizeof(*grown));

		if (!grown)
			return false;
		p->piece = grown;
		p->room = room;
	}
	p->piece[p->n++] = *piece;
	return true;
}

void s2_private_free(struct s2_private *p)
{
	if (p)
		free(p->piece);
	free(p);
}

void s2_private_known(struct s2_table *table, struct s2_private *p)
{
	struct s2_annotator annotator = { .ops = &s2_private_annotator, .data = p };

	s2_table_annotate(table, &annotator);
}

/* The first piece that ends above @ipa, or p->n. */
static size_t find(const struct s2_private *p, uint64_t ipa)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->piece[mid].last < ipa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* What @ipa is, and for how many bytes from there on, UINT64_MAX: to the end. */
static uint64_t kind_at(const struct s2_private *p, uint64_t ipa, uint64_t *ret)
{
	size_t i = find(p, ipa);
	const struct s2_private_piece *piece;

	*ret = SHARED;
	if (i == p->n)
		return UINT64_MAX;
	piece = &p->piece[i];
	if (piece->first > ipa)
		return piece->first - ipa;
	*ret = piece->unread ? UNREAD : PRIVATE;
	return piece->last == UINT64_MAX ? UINT64_MAX : piece->last + 1 - ipa;
}

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	(void)asked;
	*ret_label = (struct s2_label){ { 0 } };
	return kind_at(annotator->data, run->ia, &ret_label->word[0]);
}

bool s2_private_bytes(const struct s2_table *table, uint64_t ipa, uint64_t size, uint64_t *ret)
{
	const struct s2_annotator *annotator = s2_table_annotator(table, &s2_private_annotator);
	uint64_t sum = 0, end = ipa + size, len, kind;

	if (!annotator)
		return false;
	for (; ipa < end; ipa += len) {
		len = kind_at(annotator->data, ipa, &kind);
		if (len > end - ipa)
			len = end - ipa;
		if (kind == UNREAD)
			return false;
		sum += kind == PRIVATE ? len : 0;
	}
	*ret = sum;
	return true;
}

static bool joins(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		  const struct s2_geometry *geom)
{
	(void)distance;
	(void)geom;
	return a->word[0] == b->word[0];
}

static const char *text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	static const char *const names[] = {
		[NOT_ASKED] = "-", [SHARED] = "shared", [PRIVATE] = "private", [UNREAD] = "?"
	};

	(void)buf;
	return names[label->word[0]];
}

static void get_private(const struct s2_label *label, struct s2_value *ret)
{
	ret->known = label->word[0] == SHARED || label->word[0] == PRIVATE;
	ret->number = label->word[0] == PRIVATE;
}

static const struct s2_row_member members[] = {
	{ "private", S2_KIND_BOOL, get_private },
};

static const struct s2_row_column columns[] = {
	{ "private", 7, text },
};

/* ---- In a snapshot's note ---- */

/* NULL: the table has none. */
static const struct s2_private *of_table(const struct s2_table *table)
{
	const struct s2_annotator *annotator = s2_table_annotator(table, &s2_private_annotator);

	return annotator ? annotator->data : NULL;
}

static void save(const struct s2_table *table, json_t *obj)
{
	const struct s2_private *p = of_table(table);
	json_t *list = json_array();

	for (size_t i = 0; p && i < p->n; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "first", s2_note_hex(p->piece[i].first));
		json_object_set_new(one, "last", s2_note_hex(p->piece[i].last));
		if (p->piece[i].unread)
			json_object_set_new(one, "unread", json_true());
		json_array_append_new(list, one);
	}
	json_object_set_new(obj, "private", list);
}

static enum s2_code get_piece(json_t *obj, struct s2_private *p, struct s2_err *err)
{
	struct s2_private_piece piece = { .unread = json_is_true(json_object_get(obj, "unread")) };
	const struct s2_private_piece *before = p->n ? &p->piece[p->n - 1] : NULL;
	enum s2_code code =
		s2_note_get_hex(json_object_get(obj, "first"), "first", &piece.first, err);

	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "last"), "last", &piece.last, err);
	if (code)
		return code;
	if (piece.last < piece.first)
		return s2_fail(err, S2_INVALID, "it ends before it begins");
	if (before && before->last >= piece.first)
		return s2_fail(err, S2_INVALID, "overlaps the one before");
	return s2_private_add(p, &piece) ? S2_OK :
					   s2_fail(err, S2_NOMEM, "no memory for private memory");
}

static enum s2_code load(json_t *obj, const struct s2_tables *tables, struct s2_table *table,
			 struct s2_err *err)
{
	struct s2_private *p;
	json_t *list;
	enum s2_code code = s2_note_get_list(obj, "private", &list, err);

	(void)tables;
	if (code || !list)
		return code;
	p = calloc(1, sizeof(*p));
	if (!p)
		return s2_fail(err, S2_NOMEM, "no memory for private memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		code = get_piece(json_array_get(list, i), p, err);
		if (code) {
			s2_private_free(p);
			return s2_wrap(err, code, "private memory %zu", i);
		}
	}
	s2_private_known(table, p);
	return S2_OK;
}

static void release(struct s2_table *table)
{
	s2_private_free((void *)(uintptr_t)of_table(table));
}

const struct s2_annotator_ops s2_private_annotator = {
	.name = "private",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
	.columns = columns,
	.ncolumns = ARRAY_SIZE(columns),
	.by_ia = true,
	.at = at,
	.joins = joins,
	.save = save,
	.load = load,
	.free = release,
};
