// SPDX-License-Identifier: GPL-2.0-or-later
// Names of members of rows: those of all rows in a table here, the others from the rows of
// architectures, software and annotators.
#include "model/members.h"

#include <string.h>

/* All that are no attribute's, no software's and no annotator's, in the order of JSON; the first
 * after which those stand is told by the name. To add one: an id, a row, a case in member_values.c.
 */
static const struct s2_row_name own[] = {
	{ .name = "ia",
	  .id = S2_MEMBER_IA,
	  .kind = S2_KIND_HEX,
	  .agree = S2_AGREE_ALWAYS,
	  .meaning = "the first input address" },
	{ .name = "size",
	  .id = S2_MEMBER_SIZE,
	  .kind = S2_KIND_NUMBER,
	  .agree = S2_AGREE_ALWAYS,
	  .meaning = "bytes" },
	{ .name = "level",
	  .title = "l",
	  .id = S2_MEMBER_LEVEL,
	  .kind = S2_KIND_SIGNED,
	  .meaning = "of the entries, in the architecture's numbers" },
	{ .name = "type",
	  .id = S2_MEMBER_TYPE,
	  .kind = S2_KIND_STRING,
	  .meaning = "what the entries are: page, block, invalid, missing, ..." },
	{ .name = "mapped",
	  .id = S2_MEMBER_MAPPED,
	  .kind = S2_KIND_BOOL,
	  .meaning = "hardware translates it" },
	{ .name = "pa",
	  .id = S2_MEMBER_PA,
	  .kind = S2_KIND_HEX,
	  .agree = S2_AGREE_ON,
	  .meaning = "the first output address, where the row is one piece" },
	{ .name = "pieces",
	  .id = S2_MEMBER_PIECES,
	  .kind = S2_KIND_NUMBER,
	  .agree = S2_AGREE_ALWAYS,
	  .meaning = "stretches of output addresses that follow each other" },
	{ .name = "read",
	  .id = S2_MEMBER_READ,
	  .kind = S2_KIND_BOOL,
	  .meaning = "readable, at the privileged level" },
	{ .name = "write",
	  .id = S2_MEMBER_WRITE,
	  .kind = S2_KIND_BOOL,
	  .meaning = "writable, at the privileged level" },
	{ .name = "exec",
	  .id = S2_MEMBER_EXEC,
	  .kind = S2_KIND_BOOL,
	  .meaning = "executable, at any level" },
	{ .name = "read_user",
	  .id = S2_MEMBER_READ_USER,
	  .kind = S2_KIND_BOOL,
	  .meaning = "readable, at the other level" },
	{ .name = "write_user",
	  .id = S2_MEMBER_WRITE_USER,
	  .kind = S2_KIND_BOOL,
	  .meaning = "writable, at the other level" },
	{ .name = "exec_priv",
	  .id = S2_MEMBER_EXEC_PRIV,
	  .kind = S2_KIND_BOOL,
	  .meaning = "executable, at the privileged level" },
	{ .name = "exec_user",
	  .id = S2_MEMBER_EXEC_USER,
	  .kind = S2_KIND_BOOL,
	  .meaning = "executable, at the other level" },
	{ .name = "count",
	  .id = S2_MEMBER_COUNT,
	  .kind = S2_KIND_NUMBER,
	  .agree = S2_AGREE_ALWAYS,
	  .meaning = "entries" },
	{ .name = "raw",
	  .id = S2_MEMBER_RAW,
	  .kind = S2_KIND_HEX,
	  .meaning = "the first descriptor" },
	{ .name = "descriptor_pa",
	  .id = S2_MEMBER_DESCRIPTOR_PA,
	  .kind = S2_KIND_HEX,
	  .agree = S2_AGREE_ALWAYS,
	  .meaning = "where the first descriptor is" },
	{ .name = "missing",
	  .id = S2_MEMBER_MISSING,
	  .kind = S2_KIND_STRING,
	  .asks = true,
	  .meaning = "why the entries could not be read" },
	{ .name = "odd",
	  .id = S2_MEMBER_ODD,
	  .kind = S2_KIND_STRING,
	  .asks = true,
	  .meaning = "oddities, joined by +; a condition looks at each" },
	{ .name = "table",
	  .id = S2_MEMBER_TABLE,
	  .kind = S2_KIND_STRING,
	  .derived = true,
	  .meaning = "the table's id" },
	{ .name = "end",
	  .id = S2_MEMBER_END,
	  .kind = S2_KIND_HEX,
	  .agree = S2_AGREE_ALWAYS,
	  .derived = true,
	  .meaning = "the input address behind it" },
	{ .name = "rights",
	  .id = S2_MEMBER_RIGHTS,
	  .kind = S2_KIND_STRING,
	  .derived = true,
	  .meaning = "as the text has them: rw-" },
	{ .name = "device",
	  .id = S2_MEMBER_DEVICE,
	  .kind = S2_KIND_BOOL,
	  .derived = true,
	  .meaning = "mapped as memory of devices" },
	{ .name = "flags",
	  .id = S2_MEMBER_FLAGS,
	  .kind = S2_KIND_STRING,
	  .derived = true,
	  .meaning = "the column of the text; no member of conditions" },
};

static void add(struct s2_member_list *list, const struct s2_row_name *member)
{
	if (list->n < S2_MAX_MEMBERS &&
	    !s2_member_find(list, member->name, strlen(member->name), false))
		list->member[list->n++] = *member;
}

bool s2_attr_is_member(const struct s2_attr *attr)
{
	return (attr->where & S2_IN_LEAF) && attr->kind != S2_ATTR_RIGHT;
}

/* How values of this row are written; one that is never known says nothing. */
static bool kind_of(const struct s2_attr *attr, enum s2_kind *ret)
{
	if (!attr->values) {
		*ret = attr->in_place ? S2_KIND_HEX : S2_KIND_NUMBER;
		return true;
	}
	for (unsigned int i = 0; i < attr->nvalues; i++) {
		char first = attr->values[i].json[0];

		if (first == 'n')
			continue;
		*ret = first == '"' ? S2_KIND_STRING : S2_KIND_BOOL;
		return true;
	}
	return false;
}

static void add_attr(struct s2_member_list *list, const struct s2_attr *attr)
{
	struct s2_row_name member = { .name = attr->name,
				      .title = attr->kind == S2_ATTR_COLUMN ? attr->title : NULL,
				      .meaning = attr->field,
				      .id = S2_MEMBER_ATTR };

	if (s2_attr_is_member(attr) && kind_of(attr, &member.kind))
		add(list, &member);
}

static void add_soft(struct s2_member_list *list, const struct s2_soft_ops *soft)
{
	struct s2_row_name member = { .id = S2_MEMBER_SOFT, .meaning = "what the software means" };

	member.name = soft->address;
	member.kind = S2_KIND_HEX;
	member.agree = S2_AGREE_ON;
	add(list, &member);
	member.kind = S2_KIND_NUMBER;
	member.agree = S2_AGREE_EQUAL;
	for (unsigned int i = 0; i < S2_SOFT_VALUES && soft->value[i]; i++) {
		member.name = soft->value[i];
		member.at = 1 + i;
		add(list, &member);
	}
	member.name = "saved_rights";
	member.kind = S2_KIND_STRING;
	member.at = S2_SOFT_SAVED;
	add(list, &member);
}

static void add_labels(struct s2_member_list *list, const struct s2_annotator_ops *ops,
		       unsigned int annotator)
{
	for (size_t i = 0; i < ops->nmembers; i++) {
		const struct s2_row_member *label = &ops->members[i];
		struct s2_row_name member = { .name = label->json,
					      .meaning = "what else is known of the address",
					      .id = S2_MEMBER_LABEL,
					      .kind = label->kind,
					      .annotator = annotator,
					      .label = label };

		for (size_t k = 0; k < ops->ncolumns; k++)
			if (!strcmp(ops->columns[k].title, label->json))
				member.column = &ops->columns[k];
		add(list, &member);
	}
}

void s2_member_list(struct s2_member_list *ret, const struct s2_arch *const *archs,
		    const struct s2_soft_ops *const *softs,
		    const struct s2_annotator_ops *const *annotators)
{
	unsigned int i = 0;

	ret->n = 0;
	for (; own[i].id < S2_MEMBER_COUNT; i++)
		add(ret, &own[i]);
	for (unsigned int a = 0; archs[a]; a++) {
		/* Software's names go before the architecture's, as in s2_attr_at(). */
		for (unsigned int s = 0; softs && softs[s]; s++)
			for (unsigned int k = 0;
			     !strcmp(softs[s]->arch, archs[a]->name) && k < softs[s]->nattrs; k++)
				add_attr(ret, &softs[s]->attrs[k]);
		for (unsigned int k = 0; k < archs[a]->nattrs; k++)
			add_attr(ret, &archs[a]->attrs[k]);
	}
	for (unsigned int s = 0; softs && softs[s]; s++)
		add_soft(ret, softs[s]);
	for (unsigned int k = 0; annotators[k]; k++)
		add_labels(ret, annotators[k], k);
	for (; i < ARRAY_SIZE(own); i++)
		add(ret, &own[i]);
}

static bool is_called(const char *name, const char *text, size_t len)
{
	return name && strlen(name) == len && !memcmp(name, text, len);
}

const struct s2_row_name *s2_member_find(const struct s2_member_list *list, const char *name,
					 size_t len, bool titles)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (is_called(list->member[i].name, name, len))
			return &list->member[i];
	for (unsigned int i = 0; titles && i < list->n; i++)
		if (is_called(list->member[i].title, name, len))
			return &list->member[i];
	return NULL;
}

void s2_attr_word(const struct s2_attr_value *value, char *ret, size_t size)
{
	size_t len = strlen(value->json);

	len = len > 1 ? len - 2 : 0;
	if (len >= size)
		len = size - 1;
	memcpy(ret, value->json + 1, len);
	ret[len] = '\0';
}

static bool attr_words(const char *name, const struct s2_attr *attrs, unsigned int n,
		       void (*one)(void *arg, const char *json, const char *text), void *arg)
{
	bool any = false;

	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(attrs[i].name, name) != 0 || !s2_attr_is_member(&attrs[i]) ||
		    !attrs[i].values)
			continue;
		for (unsigned int k = 0; k < attrs[i].nvalues; k++) {
			char json[64];

			s2_attr_word(&attrs[i].values[k], json, sizeof(json));
			if (attrs[i].values[k].json[0] != '"')
				continue;
			one(arg, json, attrs[i].values[k].text);
			any = true;
		}
	}
	return any;
}

bool s2_member_words(const struct s2_row_name *member, const struct s2_arch *const *archs,
		     void (*one)(void *arg, const char *json, const char *text), void *arg)
{
	bool any = false;

	switch (member->id) {
	case S2_MEMBER_ATTR:
		for (unsigned int i = 0; archs[i]; i++)
			any |= attr_words(member->name, archs[i]->attrs, archs[i]->nattrs, one,
					  arg);
		return any;
	case S2_MEMBER_TYPE:
		for (unsigned int i = S2_INVALID_ENTRY; i <= S2_RESERVED_ENTRY; i++)
			if (i != S2_TABLE) /* no row is one */
				one(arg, s2_type_name((enum s2_type)i), NULL);
		for (unsigned int i = S2_SOFT_MMIO; i <= S2_SOFT_FROZEN; i++)
			one(arg, s2_soft_type_name((enum s2_soft_type)i), NULL);
		one(arg, "missing", NULL);
		return true;
	case S2_MEMBER_MISSING:
		for (unsigned int i = S2_ABSENT; i <= S2_BUDGET; i++)
			one(arg, s2_code_name((enum s2_code)i), NULL);
		one(arg, s2_code_name(S2_IO), NULL);
		one(arg, s2_code_name(S2_INVALID), NULL);
		return true;
	case S2_MEMBER_ODD:
		for (unsigned int i = 0; i < s2_nodds; i++)
			one(arg, s2_odds[i].name, NULL);
		return true;
	default:
		return false;
	}
}
