/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of BTF (include/uapi/linux/btf.h, Documentation/bpf/btf.rst): sections, and one type
 * after the other. For the files that read BTF only. */
#ifndef S2_KERNEL_BTF_BLOB_H
#define S2_KERNEL_BTF_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define S2_BTF_SHORT_HEADER 24U /* up to 7.0 */

/* BTF_KIND_*; of those that are not read only the length matters. */
enum s2_btf_kind {
	S2_BTF_INT = 1,
	S2_BTF_PTR = 2,
	S2_BTF_ARRAY = 3,
	S2_BTF_STRUCT = 4,
	S2_BTF_UNION = 5,
	S2_BTF_ENUM = 6,
	S2_BTF_FWD = 7,
	S2_BTF_TYPEDEF = 8,
	S2_BTF_VOLATILE = 9,
	S2_BTF_CONST = 10,
	S2_BTF_RESTRICT = 11,
	S2_BTF_FUNC = 12,
	S2_BTF_FUNC_PROTO = 13,
	S2_BTF_VAR = 14,
	S2_BTF_DATASEC = 15,
	S2_BTF_FLOAT = 16,
	S2_BTF_DECL_TAG = 17,
	S2_BTF_TYPE_TAG = 18,
	S2_BTF_ENUM64 = 19,
};

/* Where the sections of a blob are; points into its bytes. */
struct s2_btf_blob {
	const uint8_t *types;
	uint32_t types_len;
	const char *strings; /* the last byte is zero, and the first one where there is no base */
	uint32_t strings_len;
	const char *base_strings; /* split BTF: offsets below this length are of these */
	uint32_t base_strings_len;
	const uint8_t *layout; /* four bytes per kind (since 7.1) */
	uint32_t nlayout;      /* 0: there is none */
};

/* One type. */
struct s2_btf_type {
	const char *name;       /* "": none */
	unsigned int kind;      /* enum s2_btf_kind, or newer */
	bool flag;              /* kind_flag */
	uint32_t n;             /* vlen: members, enumerators, parameters */
	uint32_t value;         /* bytes, or the type that it leads to (0: void) */
	const uint8_t *details; /* what follows, for each kind in its own form */
	uint32_t len;           /* bytes of all of it */
};

/* A little-endian word of the blob. */
uint32_t s2_btf_word(const uint8_t *at);

/* Finds the sections in the @len bytes of a whole blob. @base: what a split one continues (types
 * and strings are counted on from there); NULL: it stands alone. */
enum s2_code s2_btf_blob(const void *bytes, size_t len, const struct s2_btf_blob *base,
			 struct s2_btf_blob *ret, struct s2_err *err) S2_MUST_CHECK;

/* The type at @off of the types; it lies in them wholly. @id is for the message. S2_NOTFOUND: its
 * kind is newer than this program, and no layout section says how long it is. */
enum s2_code s2_btf_type(const struct s2_btf_blob *blob, uint32_t off, uint32_t id,
			 struct s2_btf_type *ret, struct s2_err *err) S2_MUST_CHECK;

/* The string at @off; NULL when it is none. */
const char *s2_btf_string(const struct s2_btf_blob *blob, uint32_t off);

#endif
