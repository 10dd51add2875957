// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's xarrays: all entries in order, or one. Shifts fall on the way down, and slots are
// counted.
#include "base/bits.h"
#include "kernel/kernel_priv.h"

/* include/linux/xarray.h: entries whose low bits are 0b10 are the xarray's own. */
static bool xa_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

/* ... and are pointers to nodes when they are not small numbers (siblings, retry, zero). */
static bool xa_node(uint64_t entry)
{
	return xa_internal(entry) && entry > 4096;
}

struct xa_walk {
	struct s2_kernel *kernel;
	struct s2_xa_layout layout;
	struct s2_budget slots; /* slots that may still be looked at */
	bool (*entry)(void *arg, uint64_t index, uint64_t value);
	/* Or with the indices that one has, and those of nodes that are lost. */
	bool (*span)(void *arg, uint64_t first, uint64_t last, uint64_t value);
	bool (*lost)(void *arg, uint64_t first, uint64_t last, const struct s2_err *why);
	void *arg;
	bool stopped;
	struct s2_err *err;
};

static enum s2_code xa_descend(struct xa_walk *walk, uint64_t node, uint64_t base,
			       unsigned int below);

/* All that one slot has of indices: [@first, @last]. */
static enum s2_code xa_subtree(struct xa_walk *walk, uint64_t node, uint64_t first, uint64_t last,
			       unsigned int below)
{
	struct s2_err *err = walk->err, why;
	enum s2_code code;

	if (!walk->lost)
		return xa_descend(walk, node, first, below);
	s2_err_init(&why);
	walk->err = &why;
	code = xa_descend(walk, node, first, below);
	walk->err = err;
	if (s2_is_missing(code))
		walk->stopped = !walk->lost(walk->arg, first, last, &why);
	else if (code)
		return s2_fail(err, code, "%s", why.text);
	return S2_OK;
}

static bool xa_visit(struct xa_walk *walk, const uint64_t *slots, uint64_t i, uint64_t first,
		     uint64_t last)
{
	uint64_t entry = slots[i];

	/* A sibling leads to the first slot of its entry, which stands before it. */
	if (walk->span && xa_internal(entry) && entry >> 2 < i)
		entry = slots[entry >> 2];
	if (!entry || xa_internal(entry))
		return true;
	return walk->span ? walk->span(walk->arg, first, last, entry) :
			    walk->entry(walk->arg, first, entry);
}

/* One node and what is below. @below: shift of the node above, the root has 64. Shifts fall, so the
 * depth is bounded. */
static enum s2_code xa_descend(struct xa_walk *walk, uint64_t node, uint64_t base,
			       unsigned int below)
{
	uint64_t slots[64];
	uint8_t shift;
	enum s2_code code = s2_kva_read(walk->kernel->kva, node + walk->layout.shift, &shift,
					sizeof(shift), walk->err);

	if (!code)
		code = s2_kva_read(walk->kernel->kva, node + walk->layout.slots, slots,
				   sizeof(slots[0]) << walk->layout.chunk_log2, walk->err);
	if (code)
		return code;
	if (shift >= below || shift % walk->layout.chunk_log2 ||
	    (below != 64 && shift + walk->layout.chunk_log2 != below))
		return s2_fail(walk->err, S2_LOOP, "xarray node 0x%llx has shift %u below shift %u",
			       (unsigned long long)node, shift, below);
	for (uint64_t i = 0; i < BIT64(walk->layout.chunk_log2) && !code && !walk->stopped; i++) {
		uint64_t index = base + (i << shift), last = index + low_bits(shift);

		code = s2_kernel_draw(walk->kernel, &walk->slots, walk->err);
		if (code)
			return code;
		if (xa_node(slots[i]))
			code = xa_subtree(walk, slots[i] - 2, index, last, shift);
		else
			walk->stopped = !xa_visit(walk, slots, i, index, last);
	}
	return code;
}

enum s2_code s2_kernel_xa_layout(struct s2_kernel *kernel, struct s2_xa_layout *ret,
				 struct s2_err *err)
{
	struct s2_member head, shift, slots;
	struct s2_types *types;
	enum s2_code code;

	if (kernel->have_xa) {
		*ret = kernel->xa;
		return S2_OK;
	}
	code = s2_kernel_types(kernel, &types, err);
	if (!code)
		code = s2_types_member(types, "xarray", "xa_head", &head, err);
	if (!code)
		code = s2_types_member(types, "xa_node", "shift", &shift, err);
	if (!code)
		code = s2_types_member(types, "xa_node", "slots", &slots, err);
	if (code)
		return code;
	/* XA_CHUNK_SIZE is 64, or 16 with CONFIG_BASE_SMALL. */
	if (slots.nelems != 64 && slots.nelems != 16)
		return s2_fail(err, S2_INVALID, "xa_node has %llu slots",
			       (unsigned long long)slots.nelems);
	kernel->xa = (struct s2_xa_layout){ .head = s2_member_off(&head),
					    .shift = s2_member_off(&shift),
					    .slots = s2_member_off(&slots),
					    .chunk_log2 = slots.nelems == 64 ? 6 : 4 };
	kernel->have_xa = true;
	*ret = kernel->xa;
	return S2_OK;
}

/* Slot @i of the node at @node, and its number: a sibling leads to the first slot of its entry. */
static enum s2_code xa_slot(struct s2_kernel *kernel, const struct s2_xa_layout *layout,
			    uint64_t node, uint64_t i, uint64_t *ret, uint64_t *ret_i,
			    struct s2_err *err)
{
	uint64_t entry = 0;
	enum s2_code code =
		s2_kernel_word(kernel, node + layout->slots + i * sizeof(entry), &entry, err);

	if (!code && xa_internal(entry) && entry >> 2 < i) {
		i = entry >> 2;
		code = s2_kernel_word(kernel, node + layout->slots + i * sizeof(entry), &entry,
				      err);
	}
	if (code)
		return code;
	*ret = entry;
	*ret_i = i;
	return S2_OK;
}

enum s2_code s2_kernel_xa_load(struct s2_kernel *kernel, const struct s2_xa_layout *layout,
			       uint64_t va, uint64_t index, uint64_t *ret, uint64_t *ret_first,
			       uint64_t *ret_last, struct s2_err *err)
{
	uint64_t entry = 0, first = 0, mask = low_bits(layout->chunk_log2);
	unsigned int below = 64;
	uint8_t shift = 0;
	enum s2_code code = s2_kernel_word(kernel, va + layout->head, &entry, err);

	if (!code && !xa_node(entry) && index)
		entry = 0; /* a single entry at index 0 needs no node */
	while (!code && xa_node(entry)) {
		uint64_t node = entry - 2, i = 0;

		code = s2_kva_read(kernel->kva, node + layout->shift, &shift, sizeof(shift), err);
		if (code)
			break;
		if (shift >= below || shift % layout->chunk_log2 ||
		    (below != 64 && shift + layout->chunk_log2 != below))
			return s2_fail(err, S2_LOOP,
				       "xarray node 0x%llx has shift %u below shift %u",
				       (unsigned long long)node, shift, below);
		if (below == 64 && index >> shift > mask)
			entry = 0;
		else
			code = xa_slot(kernel, layout, node, (index >> shift) & mask, &entry, &i,
				       err);
		first = (((index >> shift) & ~mask) | i) << shift;
		below = shift;
	}
	if (code)
		return s2_wrap(err, code, "xarray at 0x%llx", (unsigned long long)va);
	if (!entry || xa_internal(entry))
		return s2_fail(err, S2_NOTFOUND, "xarray at 0x%llx has nothing at %llu",
			       (unsigned long long)va, (unsigned long long)index);
	*ret = entry;
	*ret_first = first;
	*ret_last = below == 64 ? index : index | low_bits(shift);
	return S2_OK;
}

static enum s2_code xa_all(struct xa_walk *walk, uint64_t va)
{
	uint64_t head;
	enum s2_code code = s2_kernel_xa_layout(walk->kernel, &walk->layout, walk->err);

	if (!code)
		code = s2_kernel_word(walk->kernel, va + walk->layout.head, &head, walk->err);
	if (!code && xa_node(head))
		code = xa_subtree(walk, head - 2, 0, UINT64_MAX, 64);
	else if (!code)
		xa_visit(walk, &head, 0, 0, 0); /* a single entry at index 0 needs no node */
	if (code)
		s2_wrap(walk->err, code, "xarray at 0x%llx", (unsigned long long)va);
	return code;
}

enum s2_code s2_kernel_xarray(struct s2_kernel *kernel, uint64_t va,
			      bool (*entry)(void *arg, uint64_t index, uint64_t value), void *arg,
			      struct s2_err *err)
{
	struct xa_walk walk = { .kernel = kernel,
				.slots = s2_kernel_nodes(kernel),
				.entry = entry,
				.arg = arg,
				.err = err };

	return xa_all(&walk, va);
}

enum s2_code s2_kernel_xarray_spans(struct s2_kernel *kernel, uint64_t va,
				    bool (*span)(void *arg, uint64_t first, uint64_t last,
						 uint64_t value),
				    bool (*lost)(void *arg, uint64_t first, uint64_t last,
						 const struct s2_err *why),
				    void *arg, struct s2_err *err)
{
	struct xa_walk walk = { .kernel = kernel,
				.slots = s2_kernel_slots(kernel),
				.span = span,
				.lost = lost,
				.arg = arg,
				.err = err };

	return xa_all(&walk, va);
}
