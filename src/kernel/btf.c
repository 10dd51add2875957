// SPDX-License-Identifier: GPL-2.0-or-later
// BTF as a source of types: one pass checks every type, notes where it begins, and indexes the names.
#include "kernel/btf.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "kernel/btf_blob.h"
#include "kernel/btf_gap.h"
#include "kernel/names.h"

/* Names of enumerators stand beside those of types. */
#define SPACE_ENUMERATOR S2_NSPACES

struct btf_types {
	struct s2_types types;
	void *bytes; /* the blob */
	size_t len;
	struct s2_btf_blob blob;
	const struct btf_types *base; /* of a split blob, which has no base itself; else NULL */
	uint32_t first;               /* the first type's id: 1, or the next after the base's */
	uint32_t ntypes;              /* without the base's */
	uint32_t *off;                /* of each type, from @first on; IN_GAP: it is not there */
	struct s2_btf_gap gap;
	struct s2_names names;
};

#define IN_GAP UINT32_MAX

static struct btf_types *btf_of(struct s2_types *types)
{
	return (struct btf_types *)types;
}

static bool is_composite(const struct s2_btf_type *t)
{
	return t->kind == S2_BTF_STRUCT || t->kind == S2_BTF_UNION;
}

static bool is_enum(const struct s2_btf_type *t)
{
	return t->kind == S2_BTF_ENUM || t->kind == S2_BTF_ENUM64;
}

static uint64_t target_of(uint32_t id)
{
	return id ? id : S2_NO_TYPE;
}

/* What the type is looked for as; S2_NSPACES: it is not. */
static enum s2_type_space space_of(const struct s2_btf_type *t)
{
	if (is_composite(t))
		return S2_SPACE_STRUCT;
	if (is_enum(t))
		return S2_SPACE_ENUM;
	return t->kind == S2_BTF_TYPEDEF ? S2_SPACE_TYPEDEF : S2_NSPACES;
}

static enum s2_code type_by_id(const struct btf_types *self, uint64_t id, struct s2_btf_type *ret,
			       struct s2_err *err)
{
	if (self->base && id < self->first)
		self = self->base;
	if (id < self->first || id - self->first >= self->ntypes)
		return s2_fail(err, S2_INVALID, "BTF: there is no type %llu",
			       (unsigned long long)id);
	if (self->off[id - self->first] == IN_GAP)
		return s2_fail(err, self->gap.code, "BTF: type %llu is %s", (unsigned long long)id,
			       s2_code_name(self->gap.code));
	return s2_btf_type(&self->blob, self->off[id - self->first], (uint32_t)id, ret, err);
}

/* Enumerator @i: struct btf_enum or btf_enum64. Sign-extended when the enum is signed. NULL when
 * its name is broken. */
static const char *enumerator_at(const struct s2_btf_blob *blob, const struct s2_btf_type *t,
				 uint32_t i, uint64_t *ret)
{
	const uint8_t *at = t->details + (size_t)i * (t->kind == S2_BTF_ENUM64 ? 12 : 8);
	uint32_t low = s2_btf_word(at + 4);

	if (t->kind == S2_BTF_ENUM64)
		*ret = (uint64_t)s2_btf_word(at + 8) << 32 | low;
	else
		*ret = t->flag ? (uint64_t)(int32_t)low : low;
	return s2_btf_string(blob, s2_btf_word(at));
}

/* The next type of this name after @after, without the base's. */
static bool find_own(const struct btf_types *self, enum s2_type_space space, const char *name,
		     uint64_t after, struct s2_budget *steps, uint64_t *ret)
{
	uint32_t hash = s2_names_hash(space, name);
	uint64_t from = after == S2_NO_TYPE ? 0 : after + 1;
	const struct s2_name *at;
	struct s2_btf_type t;

	for (; (at = s2_names_from(&self->names, hash, from, steps)); from = at->id + UINT64_C(1)) {
		if (type_by_id(self, at->id, &t, NULL) || space_of(&t) != space ||
		    strcmp(t.name, name) != 0)
			continue;
		*ret = at->id;
		return true;
	}
	return false;
}

/* The next type of this name after @after: a module's own come before those of its base. */
static enum s2_code btf_find(struct s2_types *types, enum s2_type_space space, const char *name,
			     uint64_t after, uint64_t *ret, struct s2_err *err)
{
	const struct btf_types *self = btf_of(types);
	bool in_base = after != S2_NO_TYPE && after < self->first;

	if (!in_base && find_own(self, space, name, after, &types->steps, ret))
		return S2_OK;
	if (self->base &&
	    find_own(self->base, space, name, in_base ? after : S2_NO_TYPE, &types->steps, ret))
		return S2_OK;
	if (s2_types_spent(types))
		return s2_types_no_more(err);
	return s2_fail(err, S2_NOTFOUND, "BTF has no type %s", name);
}

static enum s2_code btf_info(struct s2_types *types, uint64_t type, struct s2_type_info *ret,
			     struct s2_err *err)
{
	struct s2_type_info info = { .kind = S2_KIND_OTHER, .target = S2_NO_TYPE };
	struct s2_btf_type t;
	enum s2_code code = type_by_id(btf_of(types), type, &t, err);

	if (code)
		return code;
	info.name = t.name;
	switch (t.kind) {
	case S2_BTF_INT:
		info.kind = S2_KIND_INT;
		info.size = t.value;
		info.is_signed = s2_btf_word(t.details) & BIT64(24); /* BTF_INT_SIGNED */
		break;
	case S2_BTF_ENUM:
	case S2_BTF_ENUM64:
		info.kind = S2_KIND_ENUM;
		info.size = t.value;
		info.is_signed = t.flag;
		break;
	case S2_BTF_STRUCT:
	case S2_BTF_UNION:
		info.kind = t.kind == S2_BTF_STRUCT ? S2_KIND_STRUCT : S2_KIND_UNION;
		info.size = t.value;
		break;
	case S2_BTF_FWD: /* declared, never defined: no size, no members */
		info.kind = t.flag ? S2_KIND_UNION : S2_KIND_STRUCT;
		break;
	case S2_BTF_PTR:
		info.kind = S2_KIND_POINTER;
		info.target = target_of(t.value);
		break;
	case S2_BTF_ARRAY: /* struct btf_array: element, index, number */
		info.kind = S2_KIND_ARRAY;
		info.target = target_of(s2_btf_word(t.details));
		info.nelems = s2_btf_word(t.details + 8);
		break;
	case S2_BTF_TYPEDEF:
	case S2_BTF_CONST:
	case S2_BTF_VOLATILE:
	case S2_BTF_RESTRICT:
	case S2_BTF_TYPE_TAG:
		info.alias = true;
		info.target = target_of(t.value);
		break;
	default: /* functions, floats, newer kinds: nothing that KVM keeps in memory */
		break;
	}
	*ret = info;
	return S2_OK;
}

/* struct btf_member: name, type, offset in bits; with kind_flag the upper byte of the latter is the
 * width of a bit field. */
static enum s2_code btf_fields(struct s2_types *types, uint64_t type,
			       bool (*field)(void *arg, const struct s2_type_field *field),
			       void *arg, struct s2_err *err)
{
	const struct btf_types *self = btf_of(types);
	struct s2_btf_type t;
	enum s2_code code = type_by_id(self, type, &t, err);

	if (!code && !is_composite(&t))
		code = s2_fail(err, S2_INVALID, "BTF: type %llu is not a struct",
			       (unsigned long long)type);
	for (uint32_t i = 0; !code && i < t.n; i++) {
		const uint8_t *at = t.details + (size_t)i * 12;
		uint32_t place = s2_btf_word(at + 8);
		struct s2_type_field f = {
			.name = s2_btf_string(&self->blob, s2_btf_word(at)),
			.type = target_of(s2_btf_word(at + 4)),
			.bit_off = t.flag ? place & 0xffffff : place,
			.bit_size = t.flag ? place >> 24 : 0,
		};

		if (!f.name)
			return s2_fail(err, S2_INVALID,
				       "BTF: member %u of type %llu has a broken name", i,
				       (unsigned long long)type);
		if (!field(arg, &f))
			break;
	}
	return code;
}

static enum s2_code btf_enumerator(struct s2_types *types, uint64_t type, const char *name,
				   uint64_t *ret, struct s2_err *err)
{
	const struct btf_types *self = btf_of(types);
	struct s2_btf_type t;
	enum s2_code code = type_by_id(self, type, &t, err);

	if (code)
		return code;
	for (uint32_t i = 0; is_enum(&t) && i < t.n; i++) {
		uint64_t value;
		const char *other = enumerator_at(&self->blob, &t, i, &value);

		if (s2_budget_take(&types->steps, 1))
			return s2_types_no_more(err);
		if (!other || strcmp(other, name) != 0)
			continue;
		*ret = value;
		return S2_OK;
	}
	return s2_fail(err, S2_NOTFOUND, "BTF: enum has no %s", name);
}

static enum s2_code btf_any_enumerator(struct s2_types *types, const char *name, uint64_t *ret,
				       struct s2_err *err)
{
	uint32_t hash = s2_names_hash(SPACE_ENUMERATOR, name);

	/* One enum is looked through once. */
	for (const struct btf_types *self = btf_of(types); self; self = self->base) {
		const struct s2_name *at;

		for (uint64_t from = 0;
		     (at = s2_names_from(&self->names, hash, from, &types->steps));
		     from = at->id + UINT64_C(1))
			if (!btf_enumerator(types, at->id, name, ret, NULL))
				return S2_OK;
	}
	if (s2_types_spent(types))
		return s2_types_no_more(err);
	return s2_fail(err, S2_NOTFOUND, "the kernel has no enumerator %s", name);
}

static const char *btf_lacks(struct s2_types *types)
{
	return btf_of(types)->gap.code ? "a part of the module's types is not in the dump" : NULL;
}

static void btf_free(struct s2_types *types)
{
	struct btf_types *self = btf_of(types);

	s2_names_free(&self->names);
	free(self->off);
	free(self->bytes);
	free(self);
}

static const struct s2_types_ops btf_ops = {
	.find = btf_find,
	.info = btf_info,
	.fields = btf_fields,
	.enumerator = btf_enumerator,
	.any_enumerator = btf_any_enumerator,
	.lacks = btf_lacks,
	.free = btf_free,
};

/* Are the types, @first and what follows it, a row of known kinds that ends where it should? How
 * many there are. */
static enum s2_code check(const struct s2_btf_blob *blob, uint32_t first, uint32_t *ret_ntypes,
			  struct s2_err *err)
{
	uint32_t n = 0;

	for (uint32_t off = 0; off < blob->types_len; n++) {
		struct s2_btf_type t;
		enum s2_code code = s2_btf_type(blob, off, first + n, &t, err);

		if (code)
			return code;
		off += t.len;
	}
	*ret_ntypes = n;
	return S2_OK;
}

/* Under which names a type is looked for: its own, and those of its enumerators. */
static enum s2_code index_type(struct btf_types *self, uint32_t id, const struct s2_btf_type *t,
			       struct s2_err *err)
{
	enum s2_type_space space = space_of(t);
	enum s2_code code = S2_OK;

	if (space != S2_NSPACES && t->name[0])
		code = s2_names_add(&self->names, s2_names_hash(space, t->name), id, err);
	for (uint32_t i = 0; !code && is_enum(t) && i < t->n; i++) {
		uint64_t value;
		const char *name = enumerator_at(&self->blob, t, i, &value);

		if (name)
			code = s2_names_add(&self->names, s2_names_hash(SPACE_ENUMERATOR, name), id,
					    err);
	}
	return code;
}

/* Notes @n types, the @i'th and what follows it, from @off on. */
static enum s2_code index_row(struct btf_types *self, uint32_t i, uint32_t n, uint32_t off,
			      struct s2_err *err)
{
	for (uint32_t end = i + n; i < end; i++) {
		struct s2_btf_type t;
		uint32_t id = self->first + i;
		enum s2_code code = s2_btf_type(&self->blob, off, id, &t, err);

		if (!code)
			code = index_type(self, id, &t, err);
		if (code)
			return code;
		self->off[i] = off;
		off += t.len;
	}
	return S2_OK;
}

static enum s2_code index_all(struct btf_types *self, const struct s2_btf_rows *rows,
			      struct s2_err *err)
{
	uint32_t resume = self->ntypes - rows->after;
	enum s2_code code;

	self->off = malloc(((size_t)self->ntypes + 1) * sizeof(*self->off));
	if (!self->off)
		return s2_fail(err, S2_NOMEM, "no memory for %u types of BTF", self->ntypes);
	for (uint32_t i = rows->before; i < resume; i++)
		self->off[i] = IN_GAP;
	code = index_row(self, 0, rows->before, 0, err);
	if (!code)
		code = index_row(self, resume, rows->after, rows->resume, err);
	return code ? code : s2_names_sort(&self->names, err);
}

/* How the types lie in the blob: in one row, or in two with a gap between them. */
static enum s2_code find_rows(struct btf_types *self, struct s2_btf_rows *ret, struct s2_err *err)
{
	uint32_t types_at = (uint32_t)(self->blob.types - (const uint8_t *)self->bytes);
	uint32_t at = self->gap.at > types_at ? self->gap.at - types_at : 0;
	uint32_t end = (uint32_t)align_up(self->gap.end, 4) - types_at;
	enum s2_code code;

	*ret = (struct s2_btf_rows){ 0 };
	if (self->gap.code && at < self->blob.types_len && self->gap.end > types_at) {
		/* No type takes less than 12 bytes. */
		if (self->gap.ntypes > self->blob.types_len / 12)
			return s2_fail(err, S2_INVALID, "BTF: %u types do not fit in %u bytes",
				       self->gap.ntypes, self->blob.types_len);
		self->ntypes = self->gap.ntypes;
		return s2_btf_find_rows(&self->blob, at, end, self->ntypes, ret, err);
	}
	code = check(&self->blob, self->first, &self->ntypes, err);
	ret->before = self->ntypes;
	return code;
}

static enum s2_code fill(struct btf_types *self, struct s2_err *err)
{
	struct s2_btf_rows rows;
	uint64_t size;
	enum s2_code code = s2_btf_size(self->bytes, self->len, &size, err);

	if (code)
		return code;
	if (size < self->len)
		self->len = (size_t)size;
	code = s2_btf_blob(self->bytes, self->len, self->base ? &self->base->blob : NULL,
			   &self->blob, err);
	if (!code)
		code = find_rows(self, &rows, err);
	return code ? code : index_all(self, &rows, err);
}

enum s2_code s2_btf_adopt_split(void *blob, size_t len, const struct s2_btf_gap *gap,
				struct s2_types *base, struct s2_types **ret, uint32_t *ret_ntypes,
				struct s2_err *err)
{
	s2_auto_free void *bytes = blob;
	struct btf_types *self;
	enum s2_code code;

	if (base && (base->ops != &btf_ops || btf_of(base)->base))
		return s2_fail(err, S2_INVALID, "BTF of a module needs the kernel's BTF");
	self = calloc(1, sizeof(*self));
	if (!self)
		return s2_fail(err, S2_NOMEM, "no memory for BTF");
	self->bytes = s2_take(&bytes);
	self->len = len;
	s2_types_init(&self->types, &btf_ops);
	self->types.pointer_size = 8; /* of all kernels that are read */
	self->base = base ? btf_of(base) : NULL;
	self->gap = gap ? *gap : (struct s2_btf_gap){ 0 };
	self->first = base ? self->base->first + self->base->ntypes : 1;
	code = fill(self, err);
	if (code) {
		btf_free(&self->types);
		return code;
	}
	*ret = &self->types;
	if (ret_ntypes)
		*ret_ntypes = self->ntypes;
	return S2_OK;
}

/* Takes its own copy of the bytes: a mapped file may change. */
enum s2_code s2_btf_new_split(const void *blob, size_t len, const struct s2_btf_gap *gap,
			      struct s2_types *base, struct s2_types **ret, uint32_t *ret_ntypes,
			      struct s2_err *err)
{
	void *copy = malloc(len + 1);

	if (!copy)
		return s2_fail(err, S2_NOMEM, "no memory for %zu bytes of BTF", len);
	memcpy(copy, blob, len);
	return s2_btf_adopt_split(copy, len, gap, base, ret, ret_ntypes, err);
}

const void *s2_btf_bytes(const struct s2_types *types, size_t *ret_size)
{
	const struct btf_types *self = (const struct btf_types *)types;

	*ret_size = self->len;
	return self->bytes;
}

void s2_btf_functions(const struct s2_types *types, bool (*function)(void *arg, const char *name),
		      void *arg)
{
	const struct btf_types *self = (const struct btf_types *)types;
	struct s2_btf_type t;

	for (uint32_t i = 0; i < self->ntypes; i++)
		if (!type_by_id(self, self->first + i, &t, NULL) && t.kind == S2_BTF_FUNC &&
		    !function(arg, t.name))
			return;
}

enum s2_code s2_btf_new(const void *blob, size_t len, struct s2_types **ret, uint32_t *ret_ntypes,
			struct s2_err *err)
{
	return s2_btf_new_split(blob, len, NULL, NULL, ret, ret_ntypes, err);
}

/* The blob at @pa: in the mapping, or in @copy, which is then the caller's. */
static enum s2_code fetch(const struct s2_mem *mem, uint64_t pa, struct s2_budget *room,
			  void **copy, const void **ret, size_t *ret_size, struct s2_err *err)
{
	uint8_t header[S2_BTF_SHORT_HEADER];
	uint64_t size;
	enum s2_code code = s2_mem_read(mem, pa, header, sizeof(header), err);

	if (!code)
		code = s2_btf_size(header, sizeof(header), &size, err);
	if (!code)
		code = s2_room_take(room, size, "BTF", err);
	if (code)
		return code;
	*ret_size = (size_t)size;
	*ret = s2_mem_view(mem, pa, (size_t)size);
	if (*ret)
		return S2_OK;
	*copy = malloc((size_t)size);
	if (!*copy)
		return s2_fail(err, S2_NOMEM, "no memory for %llu bytes of BTF",
			       (unsigned long long)size);
	*ret = *copy;
	return s2_mem_read(mem, pa, *copy, (size_t)size, err);
}

enum s2_code s2_btf_read(const struct s2_mem *mem, uint64_t pa, struct s2_budget *room,
			 struct s2_types **ret, uint32_t *ret_ntypes, struct s2_err *err)
{
	s2_auto_free void *copy = NULL;
	const void *blob = NULL;
	size_t size = 0;
	enum s2_code code = fetch(mem, pa, room, &copy, &blob, &size, err);

	if (code)
		return code;
	return copy ? s2_btf_adopt_split(s2_take(&copy), size, NULL, NULL, ret, ret_ntypes, err) :
		      s2_btf_new(blob, size, ret, ret_ntypes, err);
}

enum s2_code s2_btf_check(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_size,
			  struct s2_err *err)
{
	s2_auto_free void *copy = NULL;
	const void *bytes = NULL;
	struct s2_btf_blob blob;
	struct s2_budget room;
	uint32_t ntypes;
	size_t size = 0;
	enum s2_code code;

	s2_room_init(&room, mem);
	code = fetch(mem, pa, &room, &copy, &bytes, &size, err);
	if (!code)
		code = s2_btf_blob(bytes, size, NULL, &blob, err);
	if (code)
		return code;
	code = check(&blob, 1, &ntypes, err);
	/* Types of a newer kind are BTF all the same: who reads them says what is not known. */
	if (code && code != S2_NOTFOUND)
		return code;
	*ret_size = size;
	return S2_OK;
}
