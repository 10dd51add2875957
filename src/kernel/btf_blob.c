// SPDX-License-Identifier: GPL-2.0-or-later
// BTF's header and the lengths of its types. Nothing is believed: the bytes may be hostile.
#include "kernel/btf_blob.h"

#include "base/bits.h"
#include "kernel/btf.h"

#define HEADER_WITH_LAYOUT 32U
#define TYPE_LEN 12U
#define LAYOUT_LEN 4U

uint32_t s2_btf_word(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* struct btf_header: the offsets count from the end of the header. */
struct header {
	uint32_t len, type_off, type_len, str_off, str_len;
};

static uint64_t total_size(const struct header *h)
{
	return (uint64_t)h->len + h->str_off + h->str_len;
}

static enum s2_code parse_header(const uint8_t *at, size_t len, struct header *ret,
				 struct s2_err *err)
{
	struct header h;

	if (len < S2_BTF_SHORT_HEADER || s2_btf_word(at) != 0x0001eb9f)
		return s2_fail(err, S2_INVALID, "not BTF version 1 without flags");
	h = (struct header){ s2_btf_word(at + 4), s2_btf_word(at + 8), s2_btf_word(at + 12),
			     s2_btf_word(at + 16), s2_btf_word(at + 20) };
	if (h.len < S2_BTF_SHORT_HEADER || h.len > 256 || h.len % 4)
		return s2_fail(err, S2_INVALID, "BTF: a header of %u bytes", h.len);
	/* A layout section may lie between types and strings (7.1). */
	if (h.type_off % 4 || !h.type_len || h.type_len % 4 || !h.str_len ||
	    (uint64_t)h.type_off + h.type_len > h.str_off)
		return s2_fail(err, S2_INVALID,
			       "BTF: types at %u+%u and strings at %u+%u do not fit together",
			       h.type_off, h.type_len, h.str_off, h.str_len);
	if (total_size(&h) > S2_BTF_MAX)
		return s2_fail(err, S2_INVALID, "BTF: %llu bytes is more than any kernel has",
			       (unsigned long long)total_size(&h));
	*ret = h;
	return S2_OK;
}

enum s2_code s2_btf_size(const void *header, size_t len, uint64_t *ret, struct s2_err *err)
{
	struct header h;
	enum s2_code code = parse_header(header, len, &h, err);

	if (!code)
		*ret = total_size(&h);
	return code;
}

/* The layout section of a blob whose sections are in order. One that does not lie between types and
 * strings is none: only kinds that are not known need it. */
static void find_layout(const uint8_t *bytes, const struct header *h, struct s2_btf_blob *blob)
{
	uint32_t off, len;

	if (h->len < HEADER_WITH_LAYOUT)
		return;
	off = s2_btf_word(bytes + 24);
	len = s2_btf_word(bytes + 28);
	if (off < h->type_off + h->type_len || (uint64_t)off + len > h->str_off)
		return;
	blob->layout = bytes + h->len + off;
	blob->nlayout = len / LAYOUT_LEN;
}

enum s2_code s2_btf_blob(const void *bytes, size_t len, const struct s2_btf_blob *base,
			 struct s2_btf_blob *ret, struct s2_err *err)
{
	const uint8_t *at = bytes;
	struct s2_btf_blob blob;
	struct header h;
	enum s2_code code = parse_header(at, len, &h, err);

	if (code)
		return code;
	if (total_size(&h) > len)
		return s2_fail(err, S2_INVALID,
			       "BTF: %zu bytes are there, the header tells of %llu", len,
			       (unsigned long long)total_size(&h));
	blob = (struct s2_btf_blob){ .types = at + h.len + h.type_off,
				     .types_len = h.type_len,
				     .strings = (const char *)at + h.len + h.str_off,
				     .strings_len = h.str_len };
	/* The empty string of a split blob is its base's (kernel/bpf/btf.c, btf_parse_str_sec()). */
	if ((!base && blob.strings[0]) || blob.strings[h.str_len - 1])
		return s2_fail(err, S2_INVALID,
			       "BTF: the strings do not begin and end with a zero byte");
	if (base) {
		blob.base_strings = base->strings;
		blob.base_strings_len = base->strings_len;
	}
	find_layout(at, &h, &blob);
	*ret = blob;
	return S2_OK;
}

/* Bytes that follow struct btf_type: always, and for each of vlen. */
struct extra {
	uint8_t fixed, each;
};

static const struct extra known[] = {
	[S2_BTF_INT] = { 4, 0 },        [S2_BTF_PTR] = { 0, 0 },      [S2_BTF_ARRAY] = { 12, 0 },
	[S2_BTF_STRUCT] = { 0, 12 },    [S2_BTF_UNION] = { 0, 12 },   [S2_BTF_ENUM] = { 0, 8 },
	[S2_BTF_FWD] = { 0, 0 },        [S2_BTF_TYPEDEF] = { 0, 0 },  [S2_BTF_VOLATILE] = { 0, 0 },
	[S2_BTF_CONST] = { 0, 0 },      [S2_BTF_RESTRICT] = { 0, 0 }, [S2_BTF_FUNC] = { 0, 0 },
	[S2_BTF_FUNC_PROTO] = { 0, 8 }, [S2_BTF_VAR] = { 4, 0 },      [S2_BTF_DATASEC] = { 0, 12 },
	[S2_BTF_FLOAT] = { 0, 0 },      [S2_BTF_DECL_TAG] = { 4, 0 }, [S2_BTF_TYPE_TAG] = { 0, 0 },
	[S2_BTF_ENUM64] = { 0, 12 },
};

/* Of newer kinds struct btf_layout tells: info_sz and elem_sz are its first two bytes. */
static bool extra_of(const struct s2_btf_blob *blob, unsigned int kind, struct extra *ret)
{
	if (kind < ARRAY_SIZE(known))
		*ret = known[kind];
	else if (kind < blob->nlayout)
		*ret = (struct extra){ blob->layout[(size_t)kind * LAYOUT_LEN],
				       blob->layout[(size_t)kind * LAYOUT_LEN + 1] };
	else
		return false;
	return true;
}

enum s2_code s2_btf_type(const struct s2_btf_blob *blob, uint32_t off, uint32_t id,
			 struct s2_btf_type *ret, struct s2_err *err)
{
	uint32_t left = off < blob->types_len ? blob->types_len - off : 0;
	const uint8_t *at = blob->types + off;
	struct extra extra;
	uint32_t info;
	uint64_t len;

	if (left < TYPE_LEN)
		return s2_fail(err, S2_INVALID, "BTF: type %u runs past the end", id);
	/* Bits that kernels before 7.1 leave 0 have become part of kind ([30:24]) and vlen
	 * ([23:0]). */
	info = s2_btf_word(at + 4);
	*ret = (struct s2_btf_type){ .name = s2_btf_string(blob, s2_btf_word(at)),
				     .kind = info >> 24 & 0x7f,
				     .flag = info >> 31,
				     .n = info & 0xffffff,
				     .value = s2_btf_word(at + 8),
				     .details = at + TYPE_LEN };
	if (!ret->kind)
		return s2_fail(err, S2_INVALID, "BTF: type %u has no kind", id);
	if (!extra_of(blob, ret->kind, &extra))
		return s2_fail(err, S2_NOTFOUND,
			       "BTF: type %u is of kind %u, which is not known, and no layout "
			       "section tells its size",
			       id, ret->kind);
	len = TYPE_LEN + extra.fixed + (uint64_t)ret->n * extra.each;
	if (len > left || !ret->name)
		return s2_fail(err, S2_INVALID, "BTF: type %u at offset %u is broken", id, off);
	ret->len = (uint32_t)len;
	return S2_OK;
}

const char *s2_btf_string(const struct s2_btf_blob *blob, uint32_t off)
{
	if (off < blob->base_strings_len)
		return blob->base_strings + off;
	off -= blob->base_strings_len;
	return off < blob->strings_len ? blob->strings + off : NULL;
}
