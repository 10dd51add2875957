// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots as an annotator: a range is cut at their borders.
#include "model/slots.h"

#include <inttypes.h>
#include <stdio.h>

/* A label's word[0]; word[1] of SLOT_IN is the id. */
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

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	const struct s2_table *table = asked->table;
	size_t i;

	(void)annotator;
	*ret_label = (struct s2_label){ { SLOT_NOT_ASKED } };
	if (!asked->mapped && s2_is_leaf(run->entry.type))
		return run->size;
	i = find(table, run->ia);
	ret_label->word[0] = SLOT_NONE;
	if (i == table->nslots)
		return run->size;
	if (table->slot[i].ipa > run->ia)
		return table->slot[i].ipa - run->ia;
	*ret_label = (struct s2_label){ { SLOT_IN, (uint64_t)table->slot[i].id } };
	return table->slot[i].ipa + table->slot[i].size - run->ia;
}

static bool joins(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		  const struct s2_geometry *geom)
{
	(void)distance;
	(void)geom;
	return a->word[0] == b->word[0] && a->word[1] == b->word[1];
}

static const char *text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	if (label->word[0] == SLOT_NOT_ASKED)
		return NULL;
	if (label->word[0] == SLOT_NONE)
		return "no-slot";
	snprintf(buf, S2_LABEL_TEXT, "slot:%" PRIu64, label->word[1]);
	return buf;
}

static void get_slot(const struct s2_label *label, struct s2_value *ret)
{
	ret->is = label->word[0] == SLOT_IN   ? S2_VALUE_KNOWN :
		  label->word[0] == SLOT_NONE ? S2_VALUE_NULL :
						S2_VALUE_LEFT_OUT;
	ret->number = label->word[1];
}

static const struct s2_row_member members[] = {
	{ "memslot", S2_KIND_NUMBER, get_slot },
};

const struct s2_annotator_ops s2_slots_annotator = {
	.name = "memslots",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
	.mapped = S2_COLUMN_NEVER,
	.unmapped = S2_COLUMN_ALWAYS,
	.at = at,
	.joins = joins,
	.text = text,
};
