// SPDX-License-Identifier: GPL-2.0-or-later
// What the members of a row are, of one table: its attributes, and each member's value.
#include "model/member_values.h"

#include <stdio.h>
#include <string.h>

#include "base/glob.h"

/* A row of an attribute: of those with one name, that which applies counts. */
static unsigned int add_attr_member(const struct s2_geometry *geom, const struct s2_attr *attr,
				    struct s2_attr_member *ret, unsigned int n)
{
	bool applies = s2_attr_applies(attr, geom, S2_IN_LEAF, 1);
	unsigned int i = 0;

	while (i < n && strcmp(ret[i].name, attr->name) != 0)
		i++;
	if (i == S2_MAX_ATTR_MEMBERS)
		return n;
	if (i == n)
		ret[n++] = (struct s2_attr_member){ .name = attr->name };
	if (applies && !ret[i].attr)
		ret[i].attr = attr;
	return n;
}

void s2_members_init(struct s2_members *ret, const struct s2_table *table,
		     const struct s2_geometry *geom,
		     const struct s2_annotator_ops *const *annotators, bool raw_rights)
{
	const struct s2_attr *attr;

	ret->table = table;
	ret->geom = geom;
	ret->annotators = annotators;
	ret->raw_rights = raw_rights;
	ret->nattrs = 0;
	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++)
		if (s2_attr_is_member(attr))
			ret->nattrs = add_attr_member(geom, attr, ret->attr, ret->nattrs);
}

static void known(struct s2_member_value *ret, uint64_t number)
{
	ret->known = S2_VALUE_KNOWN;
	ret->number = number;
}

static void known_text(struct s2_member_value *ret, const char *text)
{
	ret->known = S2_VALUE_KNOWN;
	ret->text = text;
}

const struct s2_attr *s2_members_attr(const struct s2_members *of, const char *name)
{
	/* Mostly it is the very text. */
	for (unsigned int i = 0; i < of->nattrs; i++)
		if (of->attr[i].name == name)
			return of->attr[i].attr;
	for (unsigned int i = 0; i < of->nattrs; i++)
		if (!strcmp(of->attr[i].name, name))
			return of->attr[i].attr;
	return NULL;
}

static void get_attr(const struct s2_members *of, const char *name, const struct s2_run *run,
		     struct s2_member_value *ret)
{
	const struct s2_attr *attr = s2_members_attr(of, name);
	const struct s2_attr_value *row;
	uint64_t value;

	if (run->missing)
		ret->known = S2_VALUE_UNKNOWN;
	if (run->missing || !s2_is_leaf(run->entry.type) || !attr ||
	    (attr->blocks_only && !run->height))
		return;
	value = s2_attr_get(attr, of->geom, run->height, run->entry.raw);
	if (!attr->values) {
		known(ret, value);
		return;
	}
	row = s2_attr_value(attr, value);
	if (row->json[0] == 'n') {
		ret->known = S2_VALUE_UNKNOWN;
		return;
	}
	ret->shown = row->text;
	if (row->json[0] != '"') {
		known(ret, row->json[0] == 't');
		return;
	}
	s2_attr_word(row, ret->buf, sizeof(ret->buf));
	known_text(ret, ret->buf);
}

static void rights_text(const struct s2_rights *rights, bool two_levels,
			struct s2_member_value *ret)
{
	s2_text_rights(rights, two_levels, ret->buf);
	known_text(ret, ret->buf);
}

static void get_soft(const struct s2_members *of, unsigned int at, const struct s2_run *run,
		     struct s2_member_value *ret)
{
	const struct s2_meaning *meaning = &run->meaning;

	if (!of->geom->soft.ops)
		return;
	if (run->missing)
		ret->known = S2_VALUE_UNKNOWN;
	else if (at == S2_SOFT_SAVED && meaning->saved.known)
		rights_text(&meaning->saved, false, ret);
	else if (!at && meaning->placed)
		known(ret, meaning->address);
	else if (at && at < S2_SOFT_SAVED && (meaning->known & BIT64(at - 1)))
		known(ret, meaning->value[at - 1]);
}

static void get_label(const struct s2_members *of, const struct s2_row_name *member,
		      const struct s2_row *row, struct s2_member_value *ret)
{
	const struct s2_annotator_ops *ops = of->annotators[member->annotator];
	const struct s2_annotator *annotator = s2_table_annotator(of->table, ops);
	struct s2_value value = { .known = false };
	const struct s2_label *label;
	char buf[S2_LABEL_TEXT];

	if (!annotator || (size_t)(annotator - of->table->annotator) >= row->nlabels)
		return;
	label = &row->label[annotator - of->table->annotator];
	member->label->get(label, &value);
	if (value.known && member->kind == S2_KIND_STRING) {
		size_t len = strnlen(value.text, sizeof(ret->buf) - 1);

		memcpy(ret->buf, value.text, len);
		ret->buf[len] = '\0';
		known_text(ret, ret->buf);
	} else if (value.known) {
		known(ret, value.number);
	} else if ((row->run.missing && !ops->by_ia) ||
		   (member->column && member->column->text(label, buf)[0] == '?')) {
		ret->known = S2_VALUE_UNKNOWN;
	}
}

bool s2_row_device(const struct s2_members *of, const struct s2_run *run)
{
	const char *pattern = of->geom->arch->device;
	struct s2_member_value value = { .known = S2_VALUE_NONE };

	if (pattern)
		get_attr(of, S2_MEMORY_NAME, run, &value);
	return value.known == S2_VALUE_KNOWN && value.text && s2_glob(pattern, value.text);
}

static void find_facts(const struct s2_members *of, const struct s2_run *run,
		       struct s2_row_facts *ret)
{
	ret->have = true;
	ret->mapped = s2_is_leaf(run->entry.type) && s2_run_mapped(of->geom, run);
	ret->placed = s2_run_placed(run, ret->mapped);
}

/* May its rights be asked for? Not where nothing is mapped or known. */
static bool have_rights(const struct s2_members *of, const struct s2_run *run,
			struct s2_row_facts *facts, struct s2_member_value *ret)
{
	if (facts->mapped && !facts->have_rights)
		facts->rights = of->geom->arch->rights(of->geom, run->height, run->entry.raw,
						       of->raw_rights ? NULL : &run->path);
	facts->have_rights = true;
	if (facts->mapped && !facts->rights.known)
		ret->known = S2_VALUE_UNKNOWN;
	return facts->mapped && facts->rights.known;
}

static void get_right(enum s2_member_id id, const struct s2_rights *rights,
		      struct s2_member_value *ret)
{
	const bool may[] = {
		rights->read,      rights->write,      rights->exec || rights->exec_user,
		rights->read_user, rights->write_user, rights->exec,
		rights->exec_user
	};

	known(ret, may[id - S2_MEMBER_READ]);
}

static void get_odds(uint32_t odd, struct s2_member_value *ret)
{
	size_t len = 0;

	if (!odd)
		return;
	for (unsigned int i = 0; i < s2_nodds && len < sizeof(ret->buf); i++)
		if (odd & s2_odds[i].bit)
			len += (size_t)snprintf(ret->buf + len, sizeof(ret->buf) - len, "%s%s",
						len ? "+" : "", s2_odds[i].name);
	known_text(ret, ret->buf);
}

/* What is known of entries that could not be read, too. */
static bool get_place(const struct s2_members *of, enum s2_member_id id, const struct s2_run *run,
		      struct s2_member_value *ret)
{
	switch (id) {
	case S2_MEMBER_IA:
		known(ret, run->ia);
		return true;
	case S2_MEMBER_SIZE:
		known(ret, run->size);
		ret->past = !run->size;
		return true;
	case S2_MEMBER_END:
		known(ret, run->ia + run->size);
		ret->past = !(run->ia + run->size);
		return true;
	case S2_MEMBER_LEVEL:
		known(ret, (uint64_t)(int64_t)s2_level(of->geom, run->height));
		return true;
	case S2_MEMBER_TYPE:
		known_text(ret, s2_run_type(run));
		return true;
	case S2_MEMBER_COUNT:
		known(ret, run->count);
		return true;
	case S2_MEMBER_DESCRIPTOR_PA:
		if (run->desc_pa != S2_NO_ADDRESS)
			known(ret, run->desc_pa);
		return true;
	case S2_MEMBER_MISSING:
		if (run->missing)
			known_text(ret, s2_code_name(run->missing));
		return true;
	case S2_MEMBER_TABLE:
		known_text(ret, of->table->id);
		return true;
	default:
		return false;
	}
}

static void get_own(const struct s2_members *of, enum s2_member_id id, const struct s2_row *row,
		    struct s2_row_facts *facts, struct s2_member_value *ret)
{
	const struct s2_run *run = &row->run;

	if (!facts->have)
		find_facts(of, run, facts);
	switch (id) {
	case S2_MEMBER_MAPPED:
		known(ret, facts->mapped);
		break;
	case S2_MEMBER_PA:
		if (facts->placed && row->pieces == 1)
			known(ret, run->entry.oa);
		break;
	case S2_MEMBER_PIECES:
		if (facts->placed)
			known(ret, row->pieces);
		break;
	case S2_MEMBER_READ:
	case S2_MEMBER_WRITE:
	case S2_MEMBER_EXEC:
	case S2_MEMBER_READ_USER:
	case S2_MEMBER_WRITE_USER:
	case S2_MEMBER_EXEC_PRIV:
	case S2_MEMBER_EXEC_USER:
		if (have_rights(of, run, facts, ret))
			get_right(id, &facts->rights, ret);
		break;
	case S2_MEMBER_RIGHTS:
		if (have_rights(of, run, facts, ret))
			rights_text(&facts->rights, s2_two_levels(of->geom), ret);
		break;
	case S2_MEMBER_RAW:
		known(ret, run->entry.raw);
		break;
	case S2_MEMBER_ODD:
		get_odds(run->entry.odd, ret);
		break;
	case S2_MEMBER_DEVICE:
		if (facts->mapped)
			known(ret, s2_row_device(of, run));
		break;
	default:
		break;
	}
}

bool s2_member_applies(const struct s2_members *of, const struct s2_row_name *member)
{
	switch (member->id) {
	case S2_MEMBER_ATTR:
		return s2_members_attr(of, member->name);
	case S2_MEMBER_SOFT:
		return of->geom->soft.ops;
	case S2_MEMBER_LABEL:
		return s2_table_annotator(of->table, of->annotators[member->annotator]);
	default:
		return true;
	}
}

void s2_member_next(const struct s2_members *of, const struct s2_row_name *member,
		    const struct s2_row *row, struct s2_row_facts *facts,
		    struct s2_member_value *ret)
{
	ret->known = S2_VALUE_NONE;
	ret->kind = member->kind;
	ret->number = 0;
	ret->past = false;
	ret->text = ret->shown = NULL;
	if (member->id == S2_MEMBER_ATTR)
		get_attr(of, member->name, &row->run, ret);
	else if (member->id == S2_MEMBER_SOFT)
		get_soft(of, member->at, &row->run, ret);
	else if (member->id == S2_MEMBER_LABEL)
		get_label(of, member, row, ret);
	else if (get_place(of, member->id, &row->run, ret))
		return;
	else if (row->run.missing)
		ret->known = S2_VALUE_UNKNOWN;
	else
		get_own(of, member->id, row, facts, ret);
}

void s2_member_get(const struct s2_members *of, const struct s2_row_name *member,
		   const struct s2_row *row, struct s2_member_value *ret)
{
	struct s2_row_facts facts = { .have = false };

	s2_member_next(of, member, row, &facts, ret);
}
