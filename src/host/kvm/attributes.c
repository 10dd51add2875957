// SPDX-License-Identifier: GPL-2.0-or-later
// kvm->mem_attr_array, since 6.8: an xarray by gfn of what KVM_SET_MEMORY_ATTRIBUTES was told
// (kvm_vm_set_mem_attributes() in virt/kvm/kvm_main.c). Values are numbers, of which one bit means
// private; what has no entry is shared.
#include "host/kvm/attributes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model/private.h"

/* KVM_MEMORY_ATTRIBUTE_PRIVATE, in a value of the xarray (xa_mk_value()). */
#define IS_PRIVATE BIT64(4)
#define IS_VALUE BIT64(0)

struct gather {
	struct s2_kvm_walk *w;
	struct s2_private *p;
	const char *id;
	unsigned int page_log2;
	uint64_t lost; /* stretches */
	enum s2_code code;
};

static bool add(struct gather *g, uint64_t first, uint64_t last, bool unread)
{
	uint64_t most = UINT64_MAX >> g->page_log2;
	struct s2_private_piece piece = { .first = first << g->page_log2,
					  .last = last << g->page_log2 | low_bits(g->page_log2),
					  .unread = unread };

	if (first > most)
		return true; /* no address has it */
	if (last > most)
		piece.last = UINT64_MAX;
	if (!s2_private_add(g->p, &piece))
		g->code = s2_fail(g->w->search->err, S2_NOMEM, "no memory for attributes");
	return !g->code;
}

static bool on_entry(void *arg, uint64_t first, uint64_t last, uint64_t value)
{
	return !(value & IS_VALUE) || !(value & IS_PRIVATE) || add(arg, first, last, false);
}

static bool on_lost(void *arg, uint64_t first, uint64_t last, const struct s2_err *why)
{
	struct gather *g = arg;

	if (!g->lost++)
		s2_lost_add(g->w->search->lost, S2_LOST_SLOTS, why->code, g->id, S2_LOST_NOWHERE,
			    "whether memory from 0x%" PRIx64 " on is private: %s",
			    first << g->page_log2, why->text);
	return add(g, first, last, true);
}

static enum s2_code gather(struct gather *g, const struct s2_table *table)
{
	const struct s2_kvm_layout *l = &g->w->layout;
	struct s2_host_search *search = g->w->search;
	enum s2_code code =
		s2_kernel_xarray_spans(search->kernel,
				       table->object_va + s2_member_off(&l->mem_attr_array.m),
				       on_entry, on_lost, g, search->err);

	return code ? s2_wrap(search->err, code, "memory attributes") : g->code;
}

/* Ordinary VMs have an empty array, and nothing to say of it. */
static bool has_private(const struct gather *g, const struct s2_table *table)
{
	uint64_t can = 0;

	if (g->w->layout.has_private_mem.have &&
	    s2_field_get(g->w->search->kernel, table->object_va, &g->w->layout.has_private_mem,
			 &can, NULL))
		can = 0;
	return can || g->p->n;
}

enum s2_code s2_kvm_private(struct s2_kvm_walk *w, struct s2_table *table)
{
	struct gather g = { .w = w, .id = table->id };
	enum s2_code code;

	if (!w->layout.mem_attr_array.have)
		return S2_OK;
	g.page_log2 =
		(unsigned int)__builtin_ctzll(s2_kernel_facts(w->search->kernel)->kva.page_size);
	g.p = calloc(1, sizeof(*g.p));
	if (!g.p)
		return s2_fail(w->search->err, S2_NOMEM, "no memory for attributes");
	code = gather(&g, table);
	if (!code && has_private(&g, table))
		s2_private_known(table, g.p);
	else
		s2_private_free(g.p);
	return code;
}
