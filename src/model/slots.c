// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots as an annotator: a range is cut at their borders.
#include "model/slots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/note.h"

/* A label's word[0]; of SLOT_IN word[1] is the id, and word[2] are the flags. */
enum { SLOT_NOT_ASKED, SLOT_NONE, SLOT_IN };

void s2_slots_known(struct s2_table *table, struct s2_slot *slot, size_t n)
{
	struct s2_annotator annotator = { .ops = &s2_slots_annotator };

	table->slot = slot;
	table->nslots = n;
	table->have_slots = true;
	s2_table_annotate(table, &annotator);
}

/* The first slot that ends above @ipa, or nslots. */
static size_t find(const struct s2_table *table, uint64_t ipa)
{
	size_t low = 0, high = table->nslots;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->slot[mid].ipa + table->slot[mid].size <= ipa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct s2_slot *s2_slot_at(const struct s2_table *table, uint64_t ipa)
{
	size_t i = find(table, ipa);

	return i < table->nslots && table->slot[i].ipa <= ipa ? &table->slot[i] : NULL;
}

/* The label of @ipa; for how many bytes from there on it holds, UINT64_MAX: to the end. */
static uint64_t label_at(const struct s2_table *table, uint64_t ipa, struct s2_label *ret)
{
	size_t i = find(table, ipa);
	const struct s2_slot *slot;

	*ret = (struct s2_label){ { SLOT_NONE } };
	if (i == table->nslots)
		return UINT64_MAX;
	slot = &table->slot[i];
	if (slot->ipa > ipa)
		return slot->ipa - ipa;
	*ret = (struct s2_label){ { SLOT_IN, (uint64_t)slot->id, slot->flags } };
	return slot->ipa + slot->size - ipa;
}

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	(void)annotator;
	return label_at(asked->table, run->ia, ret_label);
}

struct s2_slot_sums s2_slots_sums(const struct s2_table *table)
{
	struct s2_slot_sums sums = { 0 };

	for (size_t i = 0; i < table->nslots; i++) {
		const struct s2_slot *slot = &table->slot[i];

		sums.bytes += slot->size;
		sums.readonly += (slot->flags & S2_SLOT_READONLY) != 0;
		sums.log += (slot->flags & S2_SLOT_LOG) != 0;
		sums.gmem += (slot->flags & S2_SLOT_GMEM) != 0;
	}
	return sums;
}

void s2_slots_label(const struct s2_table *table, uint64_t ipa, struct s2_label *ret)
{
	*ret = (struct s2_label){ { SLOT_NOT_ASKED } };
	if (table->have_slots)
		label_at(table, ipa, ret);
}

bool s2_slots_known_of(const struct s2_label *label)
{
	return label->word[0] != SLOT_NOT_ASKED;
}

/* "1", "1:log", "2:ro,log" */
static const char *text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	static const struct {
		uint32_t flag;
		const char *mark;
	} marks[] = { { S2_SLOT_READONLY, "ro" },
		      { S2_SLOT_LOG, "log" },
		      { S2_SLOT_GMEM, "gmem" } };
	const char *lead = ":";
	int len;

	if (label->word[0] != SLOT_IN)
		return label->word[0] == SLOT_NONE ? "-" : "?";
	len = snprintf(buf, S2_LABEL_TEXT, "%" PRIu64, label->word[1]);
	for (unsigned int i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!(label->word[2] & marks[i].flag))
			continue;
		len += snprintf(buf + len, S2_LABEL_TEXT - (size_t)len, "%s%s", lead,
				marks[i].mark);
		lead = ",";
	}
	return buf;
}

static void get_slot_id(const struct s2_label *label, struct s2_value *ret)
{
	ret->known = label->word[0] == SLOT_IN;
	ret->number = label->word[1];
}

static void get_in_slot(const struct s2_label *label, struct s2_value *ret)
{
	ret->known = label->word[0] != SLOT_NOT_ASKED;
	ret->number = label->word[0] == SLOT_IN;
}

static const struct s2_row_member members[] = {
	{ "slot", S2_KIND_NUMBER, get_slot_id },
	{ "in_slot", S2_KIND_BOOL, get_in_slot },
};

static const struct s2_row_column columns[] = {
	{ "slot", 5, text },
};

/* ---- In a snapshot's note ---- */

static void save(const struct s2_table *table, json_t *obj)
{
	json_t *list = json_array();

	for (size_t i = 0; i < table->nslots; i++) {
		const struct s2_slot *slot = &table->slot[i];
		json_t *one = json_object();

		json_object_set_new(one, "id", json_integer(slot->id));
		if (slot->as)
			json_object_set_new(one, "as", json_integer(slot->as));
		json_object_set_new(one, "ipa", s2_note_hex(slot->ipa));
		json_object_set_new(one, "size", s2_note_hex(slot->size));
		json_object_set_new(one, "hva", s2_note_hex(slot->hva));
		json_object_set_new(one, "flags", json_integer(slot->flags));
		json_array_append_new(list, one);
	}
	json_object_set_new(obj, "memslots", list);
}

static enum s2_code get_slot(json_t *obj, struct s2_slot *ret, struct s2_err *err)
{
	int64_t id = 0, as = 0, flags = 0;
	enum s2_code code = s2_note_get_int(obj, "id", 0, INT32_MAX, &id, err);

	if (!code && json_object_get(obj, "as"))
		code = s2_note_get_int(obj, "as", 0, UINT8_MAX, &as, err);
	if (!code)
		code = s2_note_get_int(obj, "flags", 0, UINT32_MAX, &flags, err);
	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "ipa"), "ipa", &ret->ipa, err);
	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "size"), "size", &ret->size, err);
	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "hva"), "hva", &ret->hva, err);
	if (!code && (ret->ipa >> 52 || ret->size >> 52))
		code = s2_fail(err, S2_INVALID, "0x%llx of 0x%llx bytes is out of range",
			       (unsigned long long)ret->ipa, (unsigned long long)ret->size);
	ret->id = (int32_t)id;
	ret->as = (uint32_t)as;
	ret->flags = (uint32_t)flags;
	return code;
}

static enum s2_code load(json_t *obj, const struct s2_tables *tables, struct s2_table *table,
			 struct s2_err *err)
{
	struct s2_slot *slot;
	json_t *list;
	size_t n;
	enum s2_code code = s2_note_get_list(obj, "memslots", &list, err);

	(void)tables;
	if (code || !list)
		return code;
	n = json_array_size(list);
	slot = calloc(n ? n : 1, sizeof(*slot));
	if (!slot)
		return s2_fail(err, S2_NOMEM, "no memory for memslots");
	for (size_t i = 0; i < n; i++) {
		code = get_slot(json_array_get(list, i), &slot[i], err);
		if (!code && i && slot[i].ipa < slot[i - 1].ipa + slot[i - 1].size)
			code = s2_fail(err, S2_INVALID, "overlaps the one before");
		if (code) {
			free(slot);
			return s2_wrap(err, code, "memslot %zu", i);
		}
	}
	s2_slots_known(table, slot, n);
	return S2_OK;
}

static void release(struct s2_table *table)
{
	free(table->slot);
	table->slot = NULL;
	table->nslots = 0;
	table->have_slots = false;
}

const struct s2_annotator_ops s2_slots_annotator = {
	.name = "memslots",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
	.columns = columns,
	.ncolumns = ARRAY_SIZE(columns),
	.by_ia = true,
	.at = at,
	.save = save,
	.load = load,
	.free = release,
};
