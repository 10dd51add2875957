// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots as an annotator: a range is cut at their borders.
#include "model/slots.h"

#include <inttypes.h>
#include <stdio.h>

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

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	const struct s2_table *table = asked->table;
	size_t i;

	(void)annotator;
	*ret_label = (struct s2_label){ { SLOT_NONE } };
	i = find(table, run->ia);
	if (i == table->nslots)
		return run->size;
	if (table->slot[i].ipa > run->ia)
		return table->slot[i].ipa - run->ia;
	*ret_label = (struct s2_label){ { SLOT_IN, (uint64_t)table->slot[i].id,
					  table->slot[i].flags } };
	return table->slot[i].ipa + table->slot[i].size - run->ia;
}

static bool joins(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		  const struct s2_geometry *geom)
{
	(void)distance;
	(void)geom;
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2];
}

/* "1", "1:log", "2:ro,log" */
static const char *text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	static const struct {
		uint32_t flag;
		const char *mark;
	} marks[] = { { S2_SLOT_READONLY, "ro" }, { S2_SLOT_LOG, "log" }, { S2_SLOT_GMEM, "gmem" } };
	const char *lead = ":";
	int len;

	if (label->word[0] != SLOT_IN)
		return label->word[0] == SLOT_NONE ? "-" : "?";
	len = snprintf(buf, S2_LABEL_TEXT, "%" PRIu64, label->word[1]);
	for (unsigned int i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!(label->word[2] & marks[i].flag))
			continue;
		len += snprintf(buf + len, S2_LABEL_TEXT - (size_t)len, "%s%s", lead, marks[i].mark);
		lead = ",";
	}
	return buf;
}

static void get_slot(const struct s2_label *label, struct s2_value *ret)
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
	{ "slot", S2_KIND_NUMBER, get_slot },
	{ "in_slot", S2_KIND_BOOL, get_in_slot },
};

static const struct s2_row_column columns[] = {
	{ "slot", 5, text },
};

const struct s2_annotator_ops s2_slots_annotator = {
	.name = "memslots",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
	.columns = columns,
	.ncolumns = ARRAY_SIZE(columns),
	.by_ia = true,
	.at = at,
	.joins = joins,
};
