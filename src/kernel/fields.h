/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of the kernel's structures, looked up once for a whole table of rows, then read as often
 * as there are objects. */
#ifndef S2_KERNEL_FIELDS_H
#define S2_KERNEL_FIELDS_H

#include "kernel/kernel.h"

/* A member that may not exist in this kernel: then have is false. */
struct s2_field_at {
	bool have;
	const char *type, *path; /* what was looked for last */
	struct s2_member m;
};

/*
 * Says where in the owner's structure a field is and which member it stands for. Several rows may
 * be about one field: the first path that exists counts, so a kernel's newer and older places stand
 * one below the other, and the last of them says whether the owner can do without.
 */
struct s2_field_row {
	size_t field;
	const char *type;
	const char *path;
	bool required;
};

#define S2_FIELD(owner, f, type, path, required) \
	{ \
		offsetof(struct owner, f), type, path, required \
	}

/* Fills the fields of @owner. S2_NOTFOUND with the member's name when a required one is missing. */
enum s2_code s2_fields_find(struct s2_kernel *kernel, const struct s2_field_row *rows, size_t n,
			    void *owner, struct s2_err *err) S2_MUST_CHECK;

/* The same of other types: a module's, s2_module_types(). */
enum s2_code s2_fields_find_in(struct s2_types *types, const struct s2_field_row *rows, size_t n,
			       void *owner, struct s2_err *err) S2_MUST_CHECK;

/* The value of a field of the structure at @va: a number, see s2_member_value(). S2_NOTFOUND when
 * this kernel does not have the field. */
enum s2_code s2_field_get(struct s2_kernel *kernel, uint64_t va, const struct s2_field_at *field,
			  uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/* The same of a structure at a physical address. */
enum s2_code s2_field_get_pa(const struct s2_mem *mem, uint64_t pa, const struct s2_field_at *field,
			     uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

#endif
