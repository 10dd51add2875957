// SPDX-License-Identifier: GPL-2.0-or-later
// BTF through libbpf's parser. The blob is checked first: libbpf trusts the insides of what it
// accepts.
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

#define BTF_SHORT_HEADER 24U

struct btf_types {
	struct s2_types types;
	struct btf *btf;
	uint32_t ntypes; /* ids 1..ntypes */
};

static struct btf *btf_of(struct s2_types *types)
{
	return ((struct btf_types *)types)->btf;
}

static uint32_t word(const uint8_t *at, size_t off)
{
	uint32_t ret;

	memcpy(&ret, at + off, sizeof(ret));
	return ret;
}

/* struct btf_header, include/uapi/linux/btf.h: the offsets count from the end of the header. */
struct header {
	uint32_t len, type_off, type_len, str_off, str_len;
};

static enum s2_code parse_header(const void *header, size_t len, struct header *ret,
				 struct s2_err *err)
{
	const uint8_t *at = header;
	uint64_t total;

	if (len < BTF_SHORT_HEADER || word(at, 0) != 0x0001eb9f)
		return s2_fail(err, S2_INVALID, "not BTF version 1 without flags");
	*ret = (struct header){ word(at, 4), word(at, 8), word(at, 12), word(at, 16),
				word(at, 20) };
	if (ret->len < BTF_SHORT_HEADER || ret->len > 256 || ret->len % 4)
		return s2_fail(err, S2_INVALID, "BTF: a header of %u bytes", ret->len);
	/* A layout section may lie between types and strings (7.1). */
	if (ret->type_off % 4 || !ret->type_len || ret->type_len % 4 || !ret->str_len ||
	    (uint64_t)ret->type_off + ret->type_len > ret->str_off)
		return s2_fail(err, S2_INVALID,
			       "BTF: types at %u+%u and strings at %u+%u do not fit together",
			       ret->type_off, ret->type_len, ret->str_off, ret->str_len);
	total = (uint64_t)ret->len + ret->str_off + ret->str_len;
	if (total > S2_BTF_MAX)
		return s2_fail(err, S2_INVALID, "BTF: %llu bytes is more than any kernel has",
			       (unsigned long long)total);
	return S2_OK;
}

enum s2_code s2_btf_size(const void *header, size_t len, uint64_t *ret, struct s2_err *err)
{
	struct header h;
	enum s2_code code = parse_header(header, len, &h, err);

	if (!code)
		*ret = (uint64_t)h.len + h.str_off + h.str_len;
	return code;
}

/* Bytes that follow struct btf_type for each kind: fixed, and per element. Kinds beyond are not
 * known. */
static const struct {
	uint8_t fixed, each;
} extra[] = {
	[BTF_KIND_UNKN] = { 0, 0 },     [BTF_KIND_INT] = { 4, 0 },
	[BTF_KIND_PTR] = { 0, 0 },      [BTF_KIND_ARRAY] = { 12, 0 },
	[BTF_KIND_STRUCT] = { 0, 12 },  [BTF_KIND_UNION] = { 0, 12 },
	[BTF_KIND_ENUM] = { 0, 8 },     [BTF_KIND_FWD] = { 0, 0 },
	[BTF_KIND_TYPEDEF] = { 0, 0 },  [BTF_KIND_VOLATILE] = { 0, 0 },
	[BTF_KIND_CONST] = { 0, 0 },    [BTF_KIND_RESTRICT] = { 0, 0 },
	[BTF_KIND_FUNC] = { 0, 0 },     [BTF_KIND_FUNC_PROTO] = { 0, 8 },
	[BTF_KIND_VAR] = { 4, 0 },      [BTF_KIND_DATASEC] = { 0, 12 },
	[BTF_KIND_FLOAT] = { 0, 0 },    [BTF_KIND_DECL_TAG] = { 4, 0 },
	[BTF_KIND_TYPE_TAG] = { 0, 0 }, [BTF_KIND_ENUM64] = { 0, 12 },
};

/* Are the types a row of known kinds that ends where it should, and the strings strings? */
static enum s2_code check(const uint8_t *blob, size_t len, const struct header *h,
			  struct s2_err *err)
{
	const uint8_t *types = blob + h->len + h->type_off;
	const char *str;
	uint32_t off = 0, id = 1;

	if ((uint64_t)h->len + h->str_off + h->str_len > len)
		return s2_fail(err, S2_INVALID,
			       "BTF: %zu bytes are there, the header tells of %llu", len,
			       (unsigned long long)h->len + h->str_off + h->str_len);
	str = (const char *)blob + h->len + h->str_off;
	if (str[0] || str[h->str_len - 1])
		return s2_fail(err, S2_INVALID,
			       "BTF: the strings do not begin and end with a zero byte");
	for (; off < h->type_len; id++) {
		uint32_t left = h->type_len - off;
		uint32_t kind, vlen, size;

		if (left < 12)
			return s2_fail(err, S2_INVALID, "BTF: type %u runs past the end", id);
		kind = word(types, off + 4) >> 24 & 0x1f;
		vlen = word(types, off + 4) & 0xffff;
		if (!kind)
			return s2_fail(err, S2_INVALID, "BTF: type %u has no kind", id);
		if (kind >= sizeof(extra) / sizeof(extra[0]))
			return S2_OK; /* newer than this table: libbpf decides */
		size = 12 + extra[kind].fixed + vlen * extra[kind].each;
		if (size > left || word(types, off) >= h->str_len)
			return s2_fail(err, S2_INVALID, "BTF: type %u at offset %u is broken", id,
				       off);
		off += size;
	}
	return S2_OK;
}

static enum s2_code btf_find(struct s2_types *types, enum s2_type_space space, const char *name,
			     uint64_t after, uint64_t *ret, struct s2_err *err)
{
	const struct btf_types *self = (struct btf_types *)types;

	for (uint32_t id = after == S2_NO_TYPE ? 1 : (uint32_t)after + 1; id <= self->ntypes;
	     id++) {
		const struct btf_type *t = btf__type_by_id(self->btf, id);
		const char *other;
		bool fits = false;

		if (!t || !t->name_off)
			continue;
		switch (space) {
		case S2_SPACE_STRUCT:
			fits = btf_is_composite(t);
			break;
		case S2_SPACE_ENUM:
			fits = btf_is_any_enum(t);
			break;
		case S2_SPACE_TYPEDEF:
			fits = btf_is_typedef(t);
			break;
		case S2_NSPACES:
			break;
		}
		if (!fits)
			continue;
		other = btf__name_by_offset(self->btf, t->name_off);
		if (!other || strcmp(other, name) != 0)
			continue;
		*ret = id;
		return S2_OK;
	}
	return s2_fail(err, S2_NOTFOUND, "BTF has no type %s", name);
}

static enum s2_code btf_info(struct s2_types *types, uint64_t type, struct s2_type_info *ret,
			     struct s2_err *err)
{
	const struct btf_type *t =
		type <= UINT32_MAX ? btf__type_by_id(btf_of(types), (uint32_t)type) : NULL;
	struct s2_type_info info = { .kind = S2_KIND_OTHER, .target = S2_NO_TYPE };

	if (!t)
		return s2_fail(err, S2_INVALID, "BTF: there is no type %llu",
			       (unsigned long long)type);
	info.name = btf__name_by_offset(btf_of(types), t->name_off);
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		info.kind = S2_KIND_INT;
		info.size = t->size;
		info.is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		info.kind = S2_KIND_ENUM;
		info.size = t->size;
		info.is_signed = btf_kflag(t);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		info.kind = btf_is_struct(t) ? S2_KIND_STRUCT : S2_KIND_UNION;
		info.size = t->size;
		break;
	case BTF_KIND_FWD: /* declared, never defined: no size, no members */
		info.kind = btf_kflag(t) ? S2_KIND_UNION : S2_KIND_STRUCT;
		break;
	case BTF_KIND_PTR:
		info.kind = S2_KIND_POINTER;
		info.target = t->type ? t->type : S2_NO_TYPE;
		break;
	case BTF_KIND_ARRAY:
		info.kind = S2_KIND_ARRAY;
		info.target = btf_array(t)->type ? btf_array(t)->type : S2_NO_TYPE;
		info.nelems = btf_array(t)->nelems;
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		info.alias = true;
		info.target = t->type ? t->type : S2_NO_TYPE;
		break;
	default: /* functions, floats, tags: nothing that KVM keeps in memory */
		break;
	}
	*ret = info;
	return S2_OK;
}

static enum s2_code btf_fields(struct s2_types *types, uint64_t type,
			       bool (*field)(void *arg, const struct s2_type_field *field),
			       void *arg, struct s2_err *err)
{
	const struct btf_type *t = btf__type_by_id(btf_of(types), (uint32_t)type);

	if (!t || !btf_is_composite(t))
		return s2_fail(err, S2_INVALID, "BTF: type %llu is not a struct",
			       (unsigned long long)type);
	for (uint16_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;
		struct s2_type_field f = {
			.name = btf__name_by_offset(btf_of(types), m->name_off),
			.type = m->type ? m->type : S2_NO_TYPE,
			.bit_off = btf_member_bit_offset(t, i),
			.bit_size = btf_member_bitfield_size(t, i),
		};

		if (!f.name)
			return s2_fail(err, S2_INVALID,
				       "BTF: member %u of type %llu has a broken name", i,
				       (unsigned long long)type);
		if (!field(arg, &f))
			break;
	}
	return S2_OK;
}

/* One enumerator of @t, sign-extended when the enum is signed. */
static const char *enumerator_at(const struct btf *btf, const struct btf_type *t, uint16_t i,
				 uint64_t *ret)
{
	if (btf_is_enum64(t)) {
		const struct btf_enum64 *e = btf_enum64(t) + i;

		*ret = btf_enum64_value(e);
		return btf__name_by_offset(btf, e->name_off);
	}
	*ret = btf_kflag(t) ? (uint64_t)(int64_t)btf_enum(t)[i].val : (uint32_t)btf_enum(t)[i].val;
	return btf__name_by_offset(btf, btf_enum(t)[i].name_off);
}

static enum s2_code btf_enumerator(struct s2_types *types, uint64_t type, const char *name,
				   uint64_t *ret, struct s2_err *err)
{
	const struct btf_type *t = btf__type_by_id(btf_of(types), (uint32_t)type);

	for (uint16_t i = 0; t && btf_is_any_enum(t) && i < btf_vlen(t); i++) {
		uint64_t value;
		const char *other = enumerator_at(btf_of(types), t, i, &value);

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
	const struct btf_types *self = (struct btf_types *)types;

	for (uint32_t id = 1; id <= self->ntypes; id++) {
		const struct btf_type *t = btf__type_by_id(self->btf, id);

		if (t && btf_is_any_enum(t) && !btf_enumerator(types, id, name, ret, NULL))
			return S2_OK;
	}
	return s2_fail(err, S2_NOTFOUND, "the kernel has no enumerator %s", name);
}

static void btf_free(struct s2_types *types)
{
	btf__free(btf_of(types));
	free(types);
}

static const struct s2_types_ops btf_ops = {
	.find = btf_find,
	.info = btf_info,
	.fields = btf_fields,
	.enumerator = btf_enumerator,
	.any_enumerator = btf_any_enumerator,
	.free = btf_free,
};

enum s2_code s2_btf_new(const void *blob, size_t len, struct s2_types **ret, uint32_t *ret_ntypes,
			struct s2_err *err)
{
	struct btf_types *self;
	struct header h;
	enum s2_code code = parse_header(blob, len, &h, err);
	struct btf *btf;

	if (!code)
		code = check(blob, len, &h, err);
	if (code)
		return code;
	libbpf_set_print(NULL); /* it would print to stderr */
	btf = btf__new(blob, h.len + h.str_off + h.str_len);
	if (!btf)
		return s2_fail(err, S2_INVALID, "BTF: %s", strerror(errno));
	self = calloc(1, sizeof(*self));
	if (!self) {
		btf__free(btf);
		return s2_fail(err, S2_NOMEM, "no memory for BTF");
	}
	self->btf = btf;
	self->ntypes = btf__type_cnt(btf) - 1;
	self->types.ops = &btf_ops;
	self->types.pointer_size = 8; /* arm64 */
	*ret = &self->types;
	if (ret_ntypes)
		*ret_ntypes = self->ntypes;
	return S2_OK;
}

/* The blob at @pa: in the mapping, or in @copy, which is then the caller's. */
static enum s2_code fetch(const struct s2_mem *mem, uint64_t pa, void **copy, const void **ret,
			  size_t *ret_size, struct s2_err *err)
{
	uint8_t header[BTF_SHORT_HEADER];
	uint64_t size;
	enum s2_code code = s2_mem_read(mem, pa, header, sizeof(header), err);

	if (!code)
		code = s2_btf_size(header, sizeof(header), &size, err);
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

enum s2_code s2_btf_read(const struct s2_mem *mem, uint64_t pa, struct s2_types **ret,
			 uint32_t *ret_ntypes, struct s2_err *err)
{
	s2_auto_free void *copy = NULL;
	const void *blob = NULL;
	size_t size = 0;
	enum s2_code code = fetch(mem, pa, &copy, &blob, &size, err);

	return code ? code : s2_btf_new(blob, size, ret, ret_ntypes, err);
}

enum s2_code s2_btf_check(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_size,
			  struct s2_err *err)
{
	s2_auto_free void *copy = NULL;
	const void *blob = NULL;
	struct header h = { 0 };
	size_t size = 0;
	enum s2_code code = fetch(mem, pa, &copy, &blob, &size, err);

	if (!code)
		code = parse_header(blob, size, &h, err);
	if (!code)
		code = check(blob, size, &h, err);
	if (!code)
		*ret_size = size;
	return code;
}
