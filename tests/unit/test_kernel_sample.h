/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types written with libbpf's writer, for those who read them. */
#ifndef TEST_KERNEL_SAMPLE_H
#define TEST_KERNEL_SAMPLE_H

#include <bpf/btf.h>

#include "test_kernel_image.h"

#define BITS(bytes) ((bytes)*8U)

/*
 *	struct inner { u32 a; s8 level; u8 pad[3]; void *p; };
 *	struct outer {
 *		u64 first;
 *		union { struct { u32 x; struct inner deep; }; u64 y[8]; };
 *		const struct inner *one; struct inner **two;
 *		inner_t grid[3][5];
 *		u32 bits_lo:3, bits_hi:7; s32 neg:5;
 *		struct never *never;
 *		enum state state; enum big big; inner_t (*rows)[5];
 *	};
 */
static inline struct btf *sample(void)
{
	struct btf *btf = btf__new_empty();
	int u64t, u32t, s8t, u8t, s32t, inner, arr_pad, ptr_void, arr_y, anon_s, anon_u, c_inner,
		p_inner, pp_inner;
	int td, row, p_row, grid, fwd, p_fwd, state, big, chars;

	assert_non_null(btf);
	u64t = btf__add_int(btf, "unsigned long", 8, 0);
	u32t = btf__add_int(btf, "unsigned int", 4, 0);
	s8t = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	u8t = btf__add_int(btf, "unsigned char", 1, 0);
	s32t = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	arr_pad = btf__add_array(btf, u32t, u8t, 3);
	ptr_void = btf__add_ptr(btf, 0);
	/* Another struct of the same name comes first: it lacks what is looked for. */
	btf__add_struct(btf, "outer", 4);
	btf__add_field(btf, "other", u32t, 0, 0);
	inner = btf__add_struct(btf, "inner", 16);
	btf__add_field(btf, "a", u32t, 0, 0);
	btf__add_field(btf, "level", s8t, BITS(4), 0);
	btf__add_field(btf, "pad", arr_pad, BITS(5), 0);
	btf__add_field(btf, "p", ptr_void, BITS(8), 0);
	anon_s = btf__add_struct(btf, NULL, 24);
	btf__add_field(btf, "x", u32t, 0, 0);
	btf__add_field(btf, "deep", inner, BITS(8), 0);
	arr_y = btf__add_array(btf, u32t, u64t, 8);
	anon_u = btf__add_union(btf, NULL, 64);
	btf__add_field(btf, NULL, anon_s, 0, 0);
	btf__add_field(btf, "y", arr_y, 0, 0);
	c_inner = btf__add_const(btf, inner);
	p_inner = btf__add_ptr(btf, c_inner);
	pp_inner = btf__add_ptr(btf, btf__add_ptr(btf, btf__add_volatile(btf, inner)));
	td = btf__add_typedef(btf, "inner_t", inner);
	row = btf__add_array(btf, u32t, td, 5);
	grid = btf__add_array(btf, u32t, row, 3);
	p_row = btf__add_ptr(btf, row);
	fwd = btf__add_fwd(btf, "never", BTF_FWD_STRUCT);
	p_fwd = btf__add_ptr(btf, fwd);
	state = btf__add_enum(btf, "state", 4);
	btf__add_enum_value(btf, "STATE_ZERO", 0);
	btf__add_enum_value(btf, "STATE_MINUS", -2);
	big = btf__add_enum64(btf, "big", 8, false);
	btf__add_enum64_value(btf, "BIG_55", 1ULL << 55);
	btf__add_enum(btf, NULL, 4);
	btf__add_enum_value(btf, "ANON_7", 7);
	chars = btf__add_array(btf, u32t, u8t, 48);
	btf__add_struct(btf, "outer", 512);
	btf__add_field(btf, "first", u64t, 0, 0);
	btf__add_field(btf, NULL, anon_u, BITS(8), 0);
	btf__add_field(btf, "one", p_inner, BITS(72), 0);
	btf__add_field(btf, "two", pp_inner, BITS(80), 0);
	btf__add_field(btf, "grid", grid, BITS(88), 0);
	btf__add_field(btf, "bits_lo", u32t, BITS(328), 3);
	btf__add_field(btf, "bits_hi", u32t, BITS(328) + 3, 7);
	btf__add_field(btf, "neg", s32t, BITS(328) + 30, 5);
	btf__add_field(btf, "never", p_fwd, BITS(336), 0);
	btf__add_field(btf, "state", state, BITS(344), 0);
	btf__add_field(btf, "big", big, BITS(352), 0);
	btf__add_field(btf, "id", chars, BITS(363), 0);
	btf__add_field(btf, "rows", p_row, BITS(424), 0);
	btf__add_typedef(btf, "outer_t", btf__type_cnt(btf) > 1 ? (int)btf__type_cnt(btf) - 1 : 0);
	return btf;
}

#endif
