// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of members to places in memory, and the numbers that stand there.
#include "kernel/fields.h"

/* The longest number: a bit field of 64 bits that begins within a byte. */
#define MAX_SPAN 9

enum s2_code s2_fields_find(struct s2_kernel *kernel, const struct s2_field_row *rows, size_t n,
			    void *owner, struct s2_err *err)
{
	struct s2_types *types;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	return code ? code : s2_fields_find_in(types, rows, n, owner, err);
}

enum s2_code s2_fields_find_in(struct s2_types *types, const struct s2_field_row *rows, size_t n,
			       void *owner, struct s2_err *err)
{
	enum s2_code code = S2_OK;

	for (size_t i = 0; !code && i < n; i++) {
		const struct s2_field_row *row = &rows[i];
		struct s2_field_at *field =
			(struct s2_field_at *)((unsigned char *)owner + row->field);

		if (field->have)
			continue;
		field->type = row->type;
		field->path = row->path;
		/* An absent member is an answer: to put it in words would cost more than to find
		 * it. */
		code = s2_types_member(types, row->type, row->path, &field->m,
				       row->required ? err : NULL);
		field->have = !code;
		if (!code || row->required)
			continue;
		code = code == S2_NOTFOUND ?
			       S2_OK :
			       s2_types_member(types, row->type, row->path, &field->m, err);
	}
	return code;
}

static enum s2_code span_of(const struct s2_field_at *field, size_t *ret, struct s2_err *err)
{
	uint64_t span = s2_member_span(&field->m);

	if (!field->have)
		return s2_fail(err, S2_NOTFOUND, "this kernel has no member %s.%s",
			       field->type ? field->type : "", field->path ? field->path : "");
	if (span > MAX_SPAN)
		return s2_fail(err, S2_INVALID, "struct %s, member %s is not a number", field->type,
			       field->path);
	*ret = (size_t)span;
	return S2_OK;
}

enum s2_code s2_field_get(struct s2_kernel *kernel, uint64_t va, const struct s2_field_at *field,
			  uint64_t *ret, struct s2_err *err)
{
	uint8_t bytes[MAX_SPAN];
	size_t span;
	enum s2_code code = span_of(field, &span, err);

	if (!code)
		code = s2_kernel_read(kernel, va + s2_member_off(&field->m), bytes, span, err);
	return code ? code : s2_member_value(&field->m, bytes, ret, err);
}

enum s2_code s2_field_get_pa(const struct s2_mem *mem, uint64_t pa, const struct s2_field_at *field,
			     uint64_t *ret, struct s2_err *err)
{
	uint8_t bytes[MAX_SPAN];
	size_t span;
	enum s2_code code = span_of(field, &span, err);

	if (!code)
		code = s2_mem_read(mem, pa + s2_member_off(&field->m), bytes, span, err);
	return code ? code : s2_member_value(&field->m, bytes, ret, err);
}
