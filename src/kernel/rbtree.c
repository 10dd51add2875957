// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's red-black trees, in order.
#include "base/bits.h"
#include "kernel/kernel_priv.h"

#define RB_DEPTH 128 /* a red-black tree of 2^64 nodes is not deeper */

/* struct rb_node, include/linux/rbtree_types.h; bits [1:0] of the parent are the colour. */
struct rb_node {
	uint64_t parent, right, left;
};

/* Fills in @kernel->rb. */
static enum s2_code rb_layout(struct s2_kernel *kernel, struct s2_err *err)
{
	struct s2_rb_layout *ret = &kernel->rb;
	const struct {
		const char *type, *member;
		uint64_t *off;
	} want[] = {
		{ "rb_node", "__rb_parent_color", &ret->parent },
		{ "rb_node", "rb_right", &ret->right },
		{ "rb_node", "rb_left", &ret->left },
		{ "rb_root", "rb_node", &ret->root },
	};
	struct s2_types *types;
	enum s2_code code;

	if (kernel->have_rb)
		return S2_OK;
	code = s2_kernel_types(kernel, &types, err);
	for (size_t i = 0; i < ARRAY_SIZE(want) && !code; i++) {
		struct s2_member member;

		code = s2_types_member(types, want[i].type, want[i].member, &member, err);
		if (!code)
			*want[i].off = s2_member_off(&member);
	}
	kernel->have_rb = !code;
	return code;
}

/* Reads the node at @va, which must say that @parent is above it: so a node is met on one way only.
 */
static enum s2_code rb_read(struct s2_kernel *kernel, const struct s2_rb_layout *layout,
			    uint64_t va, uint64_t parent, struct rb_node *ret, struct s2_err *err)
{
	enum s2_code code = s2_kernel_word(kernel, va + layout->parent, &ret->parent, err);

	if (!code)
		code = s2_kernel_word(kernel, va + layout->right, &ret->right, err);
	if (!code)
		code = s2_kernel_word(kernel, va + layout->left, &ret->left, err);
	if (code)
		return code;
	if ((ret->parent & ~UINT64_C(3)) != parent || (ret->left && ret->left == ret->right))
		return s2_fail(err, S2_LOOP, "node 0x%llx is below 0x%llx, but says 0x%llx",
			       (unsigned long long)va, (unsigned long long)parent,
			       (unsigned long long)(ret->parent & ~UINT64_C(3)));
	return S2_OK;
}

static enum s2_code rb_walk(struct s2_kernel *kernel, const struct s2_rb_layout *layout,
			    uint64_t root, bool (*node)(void *arg, uint64_t va), void *arg,
			    struct s2_err *err)
{
	struct {
		uint64_t va, right;
	} stack[RB_DEPTH];
	struct s2_budget nodes = s2_kernel_nodes(kernel);
	uint64_t at = root, parent = 0;
	unsigned int depth = 0;

	for (;;) {
		while (at) {
			struct rb_node rb;
			enum s2_code code = rb_read(kernel, layout, at, parent, &rb, err);

			if (!code && depth == RB_DEPTH)
				code = s2_fail(err, S2_LOOP, "the tree is too deep");
			if (!code)
				code = s2_kernel_draw(kernel, &nodes, err);
			if (code)
				return code;
			stack[depth].va = parent = at;
			stack[depth++].right = rb.right;
			at = rb.left;
		}
		if (!depth)
			return S2_OK;
		depth--;
		if (!node(arg, stack[depth].va))
			return S2_OK;
		parent = stack[depth].va;
		at = stack[depth].right;
	}
}

enum s2_code s2_kernel_rbtree(struct s2_kernel *kernel, uint64_t va,
			      bool (*node)(void *arg, uint64_t va), void *arg, struct s2_err *err)
{
	uint64_t root;
	enum s2_code code = rb_layout(kernel, err);

	if (!code)
		code = s2_kernel_word(kernel, va + kernel->rb.root, &root, err);
	if (!code)
		code = rb_walk(kernel, &kernel->rb, root, node, arg, err);
	if (code)
		s2_wrap(err, code, "tree at 0x%llx", (unsigned long long)va);
	return code;
}
