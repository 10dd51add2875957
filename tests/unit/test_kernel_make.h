/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole kernel made by hand, with symbols and types, and opened. */
#ifndef TEST_KERNEL_MAKE_H
#define TEST_KERNEL_MAKE_H

#include <bpf/btf.h>

#include "kernel/kernel.h"
#include "test_kernel_image.h"

#define NSYMS 6
static struct ksym syms[NSYMS];

/* What a kernel says of the types that the generic walks need, and one of its own. */
static inline size_t put_btf(uint8_t *at)
{
	struct btf *btf = btf__new_empty();
	uint32_t size;
	const void *blob;
	int u64t = btf__add_int(btf, "unsigned long", 8, 0);
	int u8t = btf__add_int(btf, "unsigned char", 1, 0);
	int s8t = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	int ptr = btf__add_ptr(btf, 0);
	int slots = btf__add_array(btf, u64t, ptr, 64);

	btf__add_struct(btf, "xarray", 16);
	btf__add_field(btf, "xa_flags", u64t, 0, 0);
	btf__add_field(btf, "xa_head", ptr, 64, 0);
	btf__add_struct(btf, "xa_node", 576);
	btf__add_field(btf, "shift", u8t, 0, 0);
	btf__add_field(btf, "slots", slots, 320, 0);
	btf__add_struct(btf, "rb_node", 24);
	btf__add_field(btf, "__rb_parent_color", u64t, 0, 0);
	btf__add_field(btf, "rb_right", ptr, 64, 0);
	btf__add_field(btf, "rb_left", ptr, 128, 0);
	btf__add_struct(btf, "rb_root", 8);
	btf__add_field(btf, "rb_node", ptr, 0, 0);
	btf__add_struct(btf, "thing", 16);
	btf__add_field(btf, "id", u64t, 0, 0);
	btf__add_field(btf, "level", s8t, 64, 0);
	blob = btf__raw_data(btf, &size);
	memcpy(at, blob, size);
	btf__free(btf);
	return size;
}

/* The image with kallsyms and BTF in it. */
static inline void make(struct kimage *k, const struct kshape *shape, bool start_btf)
{
	kimage_init(k, shape);
	syms[0] = (struct ksym){ "T_stext", k->stext };
	syms[1] = (struct ksym){ "Dvm_list", k->stext + DATA_AT };
	syms[2] = (struct ksym){ "d__kvm_nvhe_host_mmu", k->stext + DATA_AT + 0x100 };
	syms[3] = (struct ksym){ start_btf ? "r__start_BTF" : "r__start_XXX", k->stext + BTF_AT };
	syms[4] = (struct ksym){ "tfunction", k->stext + 0x40 };
	syms[5] = (struct ksym){ "Rlinux_banner", k->stext + 0x800 };
	put_kallsyms(k, syms, NSYMS, KENC_RELATIVE, true);
	put_btf(in_image(k, BTF_AT));
	strcpy((char *)in_image(k, 0x800), "Linux version 6.12.0-test (x) #1");
}

static inline struct s2_kernel *open_args(const struct s2_kernel_args *args)
{
	struct s2_kernel *kernel = NULL;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_kernel_open(args, &kernel, &err))
		fail_msg("%s", err.text);
	return kernel;
}

static inline struct s2_kernel *open_noted(struct kimage *k)
{
	struct s2_kernel_args args;

	s2_kernel_args_init(&args, &k->mem.mem);
	args.note = k->info;
	args.note_size = strlen(k->info);
	return open_args(&args);
}

static inline bool has_remark(const struct s2_kernel *kernel, const char *text)
{
	for (size_t i = 0; s2_kernel_remark(kernel, i); i++)
		if (strstr(s2_kernel_remark(kernel, i), text))
			return true;
	return false;
}

#endif
