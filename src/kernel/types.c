// SPDX-License-Identifier: GPL-2.0-or-later
// Questions about types, answered over whichever source there is. Every loop is bounded: the types
// may be hostile.
#include "kernel/types.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

#define MAX_ALIASES 32       /* typedefs and qualifiers in a row */
#define MAX_ANONYMOUS 16     /* anonymous members within each other */
#define MAX_INDIRECT 32      /* stars and dimensions */
#define MAX_STEPS (4U << 20) /* all questions to a large kernel's take some thousand */
#define MAX_SAME_NAME 64     /* types of one name */

void s2_types_init(struct s2_types *types, const struct s2_types_ops *ops)
{
	types->ops = ops;
	s2_budget_init(&types->steps, MAX_STEPS, 0, 0);
}

bool s2_types_spent(const struct s2_types *types)
{
	return !types->steps.left;
}

enum s2_code s2_types_no_more(struct s2_err *err)
{
	return s2_fail(err, S2_BUDGET, "types have more names and members than are looked at");
}

uint64_t s2_member_span(const struct s2_member *member)
{
	if (!member->bit_size)
		return member->size;
	return (member->bit_off % 8 + member->bit_size + 7) / 8;
}

enum s2_code s2_member_value(const struct s2_member *member, const void *bytes, uint64_t *ret,
			     struct s2_err *err)
{
	unsigned int bits = member->bit_size ?
				    member->bit_size :
				    (unsigned int)(member->size < 9 ? member->size * 8 : 0);
	uint64_t span = s2_member_span(member);
	const uint8_t *in = bytes;
	uint64_t value = 0;

	if ((member->kind != S2_KIND_INT && member->kind != S2_KIND_ENUM &&
	     member->kind != S2_KIND_POINTER) ||
	    !bits || bits > 64 || span > 9)
		return s2_fail(err, S2_INVALID, "a member of %llu bytes is not a number",
			       (unsigned long long)member->size);
	for (uint64_t i = 0; i < span; i++) {
		int shift = (int)(i * 8) - (int)(member->bit_size ? member->bit_off % 8 : 0);

		value |= shift < 0  ? (uint64_t)in[i] >> -shift :
			 shift < 64 ? (uint64_t)in[i] << shift :
				      0;
	}
	value &= low_bits(bits);
	if (member->is_signed && (value >> (bits - 1) & 1))
		value |= ~low_bits(bits);
	*ret = value;
	return S2_OK;
}

/* Looks through typedefs and qualifiers. @ret_type may be NULL. */
static enum s2_code resolve(struct s2_types *types, uint64_t type, struct s2_type_info *ret,
			    uint64_t *ret_type, struct s2_err *err)
{
	for (int i = 0; i < MAX_ALIASES; i++) {
		enum s2_code code;

		if (type == S2_NO_TYPE) {
			*ret = (struct s2_type_info){ .kind = S2_KIND_OTHER, .target = S2_NO_TYPE };
			break;
		}
		code = types->ops->info(types, type, ret, err);
		if (code)
			return code;
		if (!ret->alias)
			break;
		type = ret->target;
	}
	if (ret->alias)
		return s2_fail(err, S2_INVALID, "a chain of typedefs has no end");
	if (ret_type)
		*ret_type = type;
	return S2_OK;
}

/* A search for one field by name in one struct and its anonymous members. */
struct search {
	struct s2_types *types;
	const char *name;
	size_t name_len;
	uint64_t base; /* bits from the outermost type to the struct at hand */
	int depth;
	bool found;
	struct s2_type_field field; /* @bit_off is from the outermost type; no name */
	enum s2_code code;
	struct s2_err *err;
};

static bool try_field(void *arg, const struct s2_type_field *field);

/* Searches @type, whose first bit is @base bits into the outermost type. */
static void search_type(struct search *search, uint64_t type, uint64_t base)
{
	uint64_t outer = search->base;
	enum s2_code code;

	search->base = base;
	search->depth++;
	code = search->types->ops->fields(search->types, type, try_field, search, search->err);
	if (code && !search->code)
		search->code = code;
	search->depth--;
	search->base = outer;
}

/* Is this the field, or does an anonymous struct hold it? */
static bool try_field(void *arg, const struct s2_type_field *field)
{
	struct search *search = arg;
	struct s2_type_info info;
	uint64_t type, off = search->base + field->bit_off;

	if (s2_budget_take(&search->types->steps, 1)) {
		search->code = s2_types_no_more(search->err);
		return false;
	}
	if (field->name && field->name[0]) {
		if (strncmp(field->name, search->name, search->name_len) != 0 ||
		    field->name[search->name_len])
			return true;
		search->field = (struct s2_type_field){ .type = field->type,
							.bit_off = off,
							.bit_size = field->bit_size };
		search->found = true;
		return false;
	}
	if (search->depth > MAX_ANONYMOUS) {
		search->code = s2_fail(search->err, S2_LOOP,
				       "anonymous members lie within each other without end");
		return false;
	}
	search->code = resolve(search->types, field->type, &info, &type, search->err);
	if (search->code)
		return false;
	if (info.kind == S2_KIND_STRUCT || info.kind == S2_KIND_UNION)
		search_type(search, type, off);
	return !search->found && !search->code;
}

/* Fills in what kind of thing the field's type is. */
static enum s2_code describe(struct s2_types *types, const struct s2_type_field *field,
			     struct s2_member *ret, struct s2_err *err)
{
	struct s2_type_info info;
	enum s2_code code = resolve(types, field->type, &info, NULL, err);

	if (code)
		return code;
	*ret = (struct s2_member){ .bit_off = field->bit_off,
				   .bit_size = field->bit_size,
				   .size = info.size,
				   .kind = info.kind,
				   .is_signed = info.is_signed,
				   .nelems = 1 };
	if (info.kind == S2_KIND_POINTER)
		ret->size = types->pointer_size;
	for (int i = 0; info.kind == S2_KIND_ARRAY && !code; i++) {
		if (i == MAX_INDIRECT ||
		    __builtin_mul_overflow(ret->nelems, info.nelems, &ret->nelems))
			return s2_fail(err, S2_INVALID,
				       "an array has too many dimensions or elements");
		code = resolve(types, info.target, &info, NULL, err);
	}
	if (ret->kind == S2_KIND_ARRAY) {
		ret->elem_size = info.kind == S2_KIND_POINTER ? types->pointer_size : info.size;
		if (__builtin_mul_overflow(ret->nelems, ret->elem_size, &ret->size))
			return s2_fail(err, S2_INVALID, "an array is larger than memory");
	} else {
		ret->nelems = 0;
	}
	for (int i = 0; (info.kind == S2_KIND_POINTER || info.kind == S2_KIND_ARRAY) && !code;
	     i++) {
		if (i == MAX_INDIRECT)
			return s2_fail(err, S2_INVALID, "a chain of pointers has no end");
		ret->ptr_depth += info.kind == S2_KIND_POINTER;
		code = resolve(types, info.target, &info, NULL, err);
	}
	if (code)
		return code;
	ret->leaf = info.kind;
	snprintf(ret->leaf_name, sizeof(ret->leaf_name), "%s", info.name ? info.name : "");
	return S2_OK;
}

/* Follows @path from the struct @type. */
static enum s2_code follow(struct s2_types *types, uint64_t type, const char *path,
			   struct s2_member *ret, struct s2_err *err)
{
	struct search search = { .types = types, .err = err };
	uint64_t base = 0;

	for (const char *step = path;;) {
		struct s2_type_info info;
		enum s2_code code = resolve(types, type, &info, &type, err);

		if (code)
			return code;
		if (info.kind != S2_KIND_STRUCT && info.kind != S2_KIND_UNION)
			return s2_fail(err, S2_NOTFOUND, "what is before .%s is not a struct",
				       step);
		search.name = step;
		search.name_len = strcspn(step, ".");
		search.found = false;
		search.code = S2_OK;
		search_type(&search, type, base);
		if (search.code)
			return search.code;
		if (!search.found)
			return s2_fail(err, S2_NOTFOUND, "there is no member %.*s",
				       (int)search.name_len, step);
		if (!step[search.name_len])
			return describe(types, &search.field, ret, err);
		type = search.field.type;
		base = search.field.bit_off;
		step += search.name_len + 1;
	}
}

/* There is no such type, or it is where the source does not show it. */
static enum s2_code no_type(struct s2_types *types, const char *what, const char *name,
			    struct s2_err *err)
{
	const char *why = types->ops->lacks ? types->ops->lacks(types) : NULL;

	return s2_fail(err, S2_NOTFOUND, "the kernel has no %s %s%s%s", what, name,
		       why ? " that can be read: " : "", why ? why : "");
}

enum s2_code s2_types_member(struct s2_types *types, const char *type, const char *path,
			     struct s2_member *ret, struct s2_err *err)
{
	static const enum s2_type_space spaces[] = { S2_SPACE_STRUCT, S2_SPACE_TYPEDEF };
	enum s2_code last = S2_NOTFOUND;
	bool any = false;

	/* A struct that lacks the member is an answer: typedefs are asked when there is no struct. */
	for (size_t s = 0; s < ARRAY_SIZE(spaces) && !any; s++) {
		uint64_t id = S2_NO_TYPE;

		for (int i = 0; i < MAX_SAME_NAME; i++) {
			enum s2_code code =
				types->ops->find(types, spaces[s], type, id, &id, any ? NULL : err);

			if (code == S2_NOTFOUND)
				break;
			if (code)
				return code;
			any = true;
			last = follow(types, id, path, ret, err);
			if (!last)
				return S2_OK;
		}
	}
	if (!any)
		return no_type(types, "struct", type, err);
	return s2_wrap(err, last, "struct %s, member %s", type, path);
}

bool s2_types_has_member(struct s2_types *types, const char *type, const char *path)
{
	struct s2_member member;

	return !s2_types_member(types, type, path, &member, NULL);
}

/* The first type of this name in any space. */
static enum s2_code find_any(struct s2_types *types, const char *name, uint64_t *ret,
			     struct s2_err *err)
{
	for (int space = 0; space < S2_NSPACES; space++) {
		enum s2_code code = types->ops->find(types, (enum s2_type_space)space, name,
						     S2_NO_TYPE, ret, err);

		if (code != S2_NOTFOUND)
			return code;
	}
	return no_type(types, "type", name, err);
}

bool s2_types_has(struct s2_types *types, const char *type)
{
	uint64_t id;

	return !find_any(types, type, &id, NULL);
}

enum s2_code s2_types_sizeof(struct s2_types *types, const char *type, uint64_t *ret,
			     struct s2_err *err)
{
	struct s2_type_field field = { 0 };
	struct s2_member member;
	enum s2_code code = find_any(types, type, &field.type, err);

	if (!code)
		code = describe(types, &field, &member, err);
	if (code)
		return code;
	*ret = member.size;
	return S2_OK;
}

enum s2_code s2_types_enum(struct s2_types *types, const char *type, const char *enumerator,
			   uint64_t *ret, struct s2_err *err)
{
	uint64_t id = S2_NO_TYPE;
	enum s2_code code;
	bool any = false;

	if (!type)
		return types->ops->any_enumerator(types, enumerator, ret, err);
	for (int i = 0; i < MAX_SAME_NAME; i++) {
		code = types->ops->find(types, S2_SPACE_ENUM, type, id, &id, err);
		if (code == S2_NOTFOUND)
			break;
		if (!code)
			code = types->ops->enumerator(types, id, enumerator, ret, err);
		if (code != S2_NOTFOUND)
			return code;
		any = true;
	}
	return any ? s2_fail(err, S2_NOTFOUND, "enum %s has no %s", type, enumerator) :
		     s2_fail(err, S2_NOTFOUND, "the kernel has no enum %s", type);
}

bool s2_types_flag(struct s2_types *types, const char *enumerator, uint64_t flags)
{
	uint64_t value;

	return !s2_types_enum(types, NULL, enumerator, &value, NULL) && flags & value;
}

void s2_types_free(struct s2_types *types)
{
	if (types)
		types->ops->free(types);
}
