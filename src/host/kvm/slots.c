// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots as a red-black tree by gfn (since 5.17) or as a flat array (before), into one sorted list.
#include "host/kvm/slots.h"

#include <stdlib.h>

#include "base/num.h"

/* KVM_MEM_SLOTS_NUM is SHRT_MAX. */
#define MAX_SLOTS 32767

/* Beside those that memory has room for: VMs may say that the same ones are theirs. */
#define SLOTS_FLOOR 32768
#define SLOT_BYTES 128

struct gather {
	struct s2_kernel *kernel;
	const struct s2_kvm_layout *layout;
	uint64_t node_off; /* of the rb_node within the slot */
	unsigned int page_log2, as;
	struct s2_budget *most;
	struct s2_slot *slot;
	size_t n, room;
	enum s2_code code;
	struct s2_err *err;
};

static enum s2_code read_slot(struct gather *g, uint64_t va, struct s2_slot *ret)
{
	const struct s2_kvm_layout *l = g->layout;
	uint64_t gfn, npages, hva, flags, id, file = 0, pgoff = 0;
	enum s2_code code = s2_field_get(g->kernel, va, &l->slot_base_gfn, &gfn, g->err);

	if (!code)
		code = s2_field_get(g->kernel, va, &l->slot_npages, &npages, g->err);
	if (!code)
		code = s2_field_get(g->kernel, va, &l->slot_hva, &hva, g->err);
	if (!code)
		code = s2_field_get(g->kernel, va, &l->slot_flags, &flags, g->err);
	if (!code)
		code = s2_field_get(g->kernel, va, &l->slot_id, &id, g->err);
	if (!code && flags & S2_SLOT_GMEM && l->slot_gmem_file.have && l->slot_gmem_pgoff.have) {
		code = s2_field_get(g->kernel, va, &l->slot_gmem_file, &file, g->err);
		if (!code)
			code = s2_field_get(g->kernel, va, &l->slot_gmem_pgoff, &pgoff, g->err);
	}
	if (code)
		return code;
	if (id > INT16_MAX)
		return s2_fail(g->err, S2_INVALID, "memslot at 0x%llx: id %lld",
			       (unsigned long long)va, (long long)id);
	if (gfn >> (52 - g->page_log2) || npages >> (52 - g->page_log2))
		return s2_fail(g->err, S2_INVALID,
			       "memslot at 0x%llx: gfn 0x%llx and %llu pages are out of range",
			       (unsigned long long)va, (unsigned long long)gfn,
			       (unsigned long long)npages);
	*ret = (struct s2_slot){ .ipa = gfn << g->page_log2,
				 .size = npages << g->page_log2,
				 .hva = hva,
				 .flags = (uint32_t)flags,
				 .id = (int32_t)id,
				 .as = g->as,
				 .gmem_file = file,
				 .gmem_pgoff = pgoff };
	return S2_OK;
}

static enum s2_code add_slot(struct gather *g, uint64_t va)
{
	struct s2_slot slot;
	enum s2_code code;

	if (s2_budget_take(g->most, 1))
		return s2_fail(g->err, S2_BUDGET, "so much memory cannot hold so many slots");
	code = read_slot(g, va, &slot);
	if (code)
		return code;
	if (g->n == MAX_SLOTS)
		return s2_fail(g->err, S2_INVALID, "more than %d memslots", MAX_SLOTS);
	if (g->n == g->room) {
		size_t room = g->room ? g->room * 2 : 16;
		struct s2_slot *grown = realloc(g->slot, room * sizeof(*grown));

		if (!grown)
			return s2_fail(g->err, S2_NOMEM, "no memory for memslots");
		g->slot = grown;
		g->room = room;
	}
	if (slot.size)
		g->slot[g->n++] = slot;
	return S2_OK;
}

static bool on_node(void *arg, uint64_t va)
{
	struct gather *g = arg;

	g->code = add_slot(g, va - g->node_off);
	return !g->code;
}

/* Since 5.17 (a54d806688fe): one tree per set of slots; each slot has a node for either set. */
static enum s2_code from_tree(struct gather *g, uint64_t slots_va)
{
	const struct s2_kvm_layout *l = g->layout;
	uint64_t idx;
	enum s2_code code = s2_field_get(g->kernel, slots_va, &l->slots_node_idx, &idx, g->err);

	if (code)
		return code;
	if (idx > 1)
		return s2_fail(g->err, S2_INVALID, "kvm_memslots.node_idx is %llu",
			       (unsigned long long)idx);
	g->node_off = s2_member_off(&l->slot_gfn_node.m) + idx * l->slot_gfn_node.m.elem_size;
	code = s2_kernel_rbtree(g->kernel, slots_va + s2_member_off(&l->slots_gfn_tree.m), on_node,
				g, g->err);
	return code ? code : g->code;
}

static enum s2_code from_array(struct gather *g, uint64_t slots_va)
{
	const struct s2_kvm_layout *l = g->layout;
	uint64_t used;
	enum s2_code code = s2_field_get(g->kernel, slots_va, &l->slots_used, &used, g->err);

	if (!code && used > MAX_SLOTS)
		code = s2_fail(g->err, S2_INVALID, "kvm_memslots.used_slots is %llu",
			       (unsigned long long)used);
	for (uint64_t i = 0; !code && i < used; i++)
		code = add_slot(g, slots_va + s2_member_off(&l->slots_array.m) + i * l->slot_size);
	return code;
}

static int by_ipa(const void *a, const void *b)
{
	const struct s2_slot *x = a, *y = b;

	return x->ipa < y->ipa ? -1 : x->ipa > y->ipa;
}

/* KVM refuses slots that overlap; a dump of a running machine may hold some. */
static enum s2_code in_order(const struct gather *g)
{
	for (size_t i = 1; i < g->n; i++)
		if (g->slot[i].ipa < g->slot[i - 1].ipa + g->slot[i - 1].size)
			return s2_fail(g->err, S2_INVALID, "slots %d and %d overlap",
				       g->slot[i - 1].id, g->slot[i].id);
	return S2_OK;
}

struct s2_budget s2_kvm_slots_budget(const struct s2_mem *mem)
{
	struct s2_budget ret;

	s2_budget_init(&ret, SLOTS_FLOOR, 1, s2_mem_backed(mem) / SLOT_BYTES);
	return ret;
}

enum s2_code s2_kvm_slots(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			  uint64_t kvm_va, unsigned int as, struct s2_budget *most,
			  struct s2_slot **ret, size_t *ret_n, struct s2_err *err)
{
	struct gather g = { .kernel = kernel, .layout = layout, .as = as, .most = most, .err = err };
	uint64_t slots_va;
	enum s2_code code;

	if (!layout->memslots.have || !layout->slot_base_gfn.have)
		return s2_fail(err, S2_NOTFOUND, "this kernel's memslots are not known");
	g.page_log2 = (unsigned int)__builtin_ctzll(s2_kernel_facts(kernel)->kva.page_size);
	if (as && as >= layout->memslots.m.nelems)
		return s2_fail(err, S2_NOTFOUND, "the VM has no address space %u", as);
	/* kvm->memslots[] has a pointer per address space. */
	code = s2_kernel_read(kernel,
			      kvm_va + s2_member_off(&layout->memslots.m) + as * sizeof(slots_va),
			      &slots_va, sizeof(slots_va), err);
	if (!code && !slots_va)
		code = s2_fail(err, S2_NOTFOUND, "the VM has none (memslots[%u] is NULL)", as);
	if (!code && layout->slots_gfn_tree.have && layout->slot_gfn_node.have)
		code = from_tree(&g, slots_va);
	else if (!code && layout->slots_used.have && layout->slots_array.have)
		code = from_array(&g, slots_va);
	else if (!code)
		code = s2_fail(err, S2_NOTFOUND, "this kernel's memslots are not known");
	if (!code && g.n)
		qsort(g.slot, g.n, sizeof(*g.slot), by_ipa);
	if (!code)
		code = in_order(&g);
	if (code) {
		free(g.slot);
		return s2_wrap(err, code, "memslots");
	}
	*ret = g.slot;
	*ret_n = g.n;
	return S2_OK;
}
