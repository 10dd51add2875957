/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's types: where a member lies, what an enumerator is worth. From BTF or DWARF, one
 * front for both. */
#ifndef S2_KERNEL_TYPES_H
#define S2_KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/err.h"

/* Kinds of C types, typedefs and qualifiers already looked through. */
enum s2_type_kind {
	S2_KIND_OTHER, /* void, functions, floats */
	S2_KIND_INT,   /* char and bool as well */
	S2_KIND_ENUM,
	S2_KIND_POINTER,
	S2_KIND_STRUCT, /* only declared ones as well, with size 0 */
	S2_KIND_UNION,
	S2_KIND_ARRAY,
};

#define S2_TYPE_NAME_LEN 64

/* A member of a struct or union, or one deep inside. */
struct s2_member {
	uint64_t bit_off;  /* from the start of the outermost type */
	uint64_t size;     /* bytes of the member's type */
	uint32_t bit_size; /* width of a bit field; 0: it is none */
	bool is_signed;    /* of an int or enum */
	enum s2_type_kind kind;
	unsigned int ptr_depth;           /* POINTER: how many stars */
	uint64_t nelems;                  /* ARRAY: elements of all dimensions together */
	uint64_t elem_size;               /* ARRAY: bytes of one */
	enum s2_type_kind leaf;           /* what pointers and arrays lead to in the end */
	char leaf_name[S2_TYPE_NAME_LEN]; /* ... and its name, cut off when long; "" when it has
					     none */
};

/* Byte offset of a member that is not a bit field. */
static inline uint64_t s2_member_off(const struct s2_member *member)
{
	return member->bit_off / 8;
}

/* Bytes from s2_member_off() on that hold the member: what s2_member_value() needs. */
uint64_t s2_member_span(const struct s2_member *member);

/*
 * The member's value in @bytes, which start at s2_member_off() and are s2_member_span() long:
 * integers, enums, pointers and bit fields up to 64 bits, sign-extended when signed. S2_INVALID for
 * anything else.
 */
enum s2_code s2_member_value(const struct s2_member *member, const void *bytes, uint64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

struct s2_types;

/*
 * Where @path is in @type: `s2_types_member(types, "kvm", "arch.mmu.pgd_phys", ...)`. @type is the
 * name of a struct or union, or of a typedef of one. Anonymous members are looked through, as in C.
 * A path does not go through pointers or arrays. Of several types of that name the first that has
 * the member counts. S2_NOTFOUND: no such type or no such member.
 */
enum s2_code s2_types_member(struct s2_types *types, const char *type, const char *path,
			     struct s2_member *ret, struct s2_err *err) S2_MUST_CHECK;

/* The same question without the answer. False as well when there is an error. */
bool s2_types_has_member(struct s2_types *types, const char *type, const char *path);

/* Bytes of a struct, union, enum or typedef. */
enum s2_code s2_types_sizeof(struct s2_types *types, const char *type, uint64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

/*
 * The value of @enumerator in `enum @type`, sign-extended when the enum is signed; 64-bit enums are
 * whole. @type NULL: in whatever enum has it, anonymous ones included.
 */
enum s2_code s2_types_enum(struct s2_types *types, const char *type, const char *enumerator,
			   uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/* Is a bit of @flags set that this enumerator, of whatever enum, names? Not where no enum has it. */
bool s2_types_flag(struct s2_types *types, const char *enumerator, uint64_t flags);

/* Is there a struct, union, enum or typedef of this name? */
bool s2_types_has(struct s2_types *types, const char *type);

/* Have more of them been looked at than any kernel's questions need? Then what was not found may be
 * there. */
bool s2_types_spent(const struct s2_types *types);

void s2_types_free(struct s2_types *types);

/* ---- For the sources of types. To add one: a file with these operations, a constructor below, a
 * call in kernel.c. ---- */

/* What to look for by name. */
enum s2_type_space {
	S2_SPACE_STRUCT,
	/* struct or union */ S2_SPACE_ENUM,
	S2_SPACE_TYPEDEF,
	S2_NSPACES
};

#define S2_NO_TYPE UINT64_MAX

/* One step of a type, nothing looked through. */
struct s2_type_info {
	enum s2_type_kind kind;
	bool alias;       /* typedef or qualifier: @target is the type itself */
	uint64_t size;    /* bytes; of an array: unknown, 0 */
	uint64_t target;  /* alias, POINTER, ARRAY: what it leads to; S2_NO_TYPE: void */
	uint64_t nelems;  /* ARRAY */
	bool is_signed;   /* INT, ENUM */
	const char *name; /* good until the next call; NULL or "": none */
};

struct s2_type_field {
	const char *name; /* NULL or "": anonymous */
	uint64_t type;
	uint64_t bit_off;
	uint32_t bit_size; /* 0: no bit field */
};

struct s2_types_ops {
	/* The next complete type after @after (S2_NO_TYPE: the first) with this name; S2_NOTFOUND
	 * when there is none. */
	enum s2_code (*find)(struct s2_types *types, enum s2_type_space space, const char *name,
			     uint64_t after, uint64_t *ret, struct s2_err *err);
	enum s2_code (*info)(struct s2_types *types, uint64_t type, struct s2_type_info *ret,
			     struct s2_err *err);
	/* Calls @field for each member until it returns false. */
	enum s2_code (*fields)(struct s2_types *types, uint64_t type,
			       bool (*field)(void *arg, const struct s2_type_field *field),
			       void *arg, struct s2_err *err);
	enum s2_code (*enumerator)(struct s2_types *types, uint64_t type, const char *name,
				   uint64_t *ret, struct s2_err *err);
	/* The first enum, named or not, that has the enumerator. */
	enum s2_code (*any_enumerator)(struct s2_types *types, const char *name, uint64_t *ret,
				       struct s2_err *err);
	/* Why there may be types that this source does not show; NULL: it shows all. May be absent.
	 */
	const char *(*lacks)(struct s2_types *types);
	void (*free)(struct s2_types *types);
};

/* Embedded first in every source. */
struct s2_types {
	const struct s2_types_ops *ops;
	uint64_t pointer_size;
	/* Names, members and enumerators that all questions together may look at: types may have
	 * any number of one name, and a member of theirs may lead to as many others. */
	struct s2_budget steps;
};

void s2_types_init(struct s2_types *types, const struct s2_types_ops *ops);

/* Fails with S2_BUDGET, in words. */
enum s2_code s2_types_no_more(struct s2_err *err) S2_MUST_CHECK;

#endif
