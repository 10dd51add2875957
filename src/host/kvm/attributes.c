// SPDX-License-Identifier: GPL-2.0-or-later
// kvm->mem_attr_array, since 6.8: an xarray by gfn of what KVM_SET_MEMORY_ATTRIBUTES was told
// (kvm_vm_set_mem_attributes() in virt/kvm/kvm_main.c). Values are numbers, of which one bit means
// private; what has no entry is shared.
#include "host/kvm/attributes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "model/private.h"

/* KVM_MEMORY_ATTRIBUTE_PRIVATE, in a value of the xarray (xa_mk_value()). */
#define IS_PRIVATE BIT64(4)
#define IS_VALUE BIT64(0)

/* Pieces of all tables together, beside those that the size of memory allows. */
#define PIECES_FLOOR 65536
#define BYTES_PER_PIECE 16

/* What was read of one VM. */
struct s2_kvm_attributes {
	struct s2_budget pieces; /* of all VMs and their tables */
	uint64_t kvm_va;         /* 0: of none yet */
	unsigned int page_log2;
	bool has_private;
	struct s2_private *p;
	struct s2_err why;     /* it could not be followed */
	struct s2_err can_why; /* whether the VM can have any could not be read */
	/* The first stretch that is lost, and why. */
	uint64_t lost_at;
	struct s2_err lost;
	enum s2_code code;
};

static const char too_many[] = "there are too many pieces of private memory";

static void lose(struct s2_kvm_attributes *a, uint64_t at, const struct s2_err *why)
{
	if (a->lost.code)
		return;
	a->lost_at = at;
	a->lost = *why;
}

/* Where the budget ends, all from there on may be private or not. */
static bool add(struct s2_kvm_attributes *a, uint64_t first, uint64_t last, bool unread)
{
	uint64_t most = UINT64_MAX >> a->page_log2;
	struct s2_private_piece piece = { .first = first << a->page_log2,
					  .last = last << a->page_log2 | low_bits(a->page_log2),
					  .unread = unread };
	size_t n = a->p->n;
	struct s2_err why;

	if (first > most)
		return true; /* no address has it */
	if (last > most)
		piece.last = UINT64_MAX;
	if (!s2_private_add(a->p, &piece)) {
		a->code = S2_NOMEM;
		return false;
	}
	if (a->p->n == n || !s2_budget_take(&a->pieces, 1))
		return true;
	s2_err_init(&why);
	s2_fail(&why, S2_BUDGET, "%s", too_many);
	lose(a, piece.first, &why);
	a->p->piece[n].last = UINT64_MAX;
	a->p->piece[n].unread = true;
	return false;
}

static bool on_entry(void *arg, uint64_t first, uint64_t last, uint64_t value)
{
	return !(value & IS_VALUE) || !(value & IS_PRIVATE) || add(arg, first, last, false);
}

static bool on_lost(void *arg, uint64_t first, uint64_t last, const struct s2_err *why)
{
	struct s2_kvm_attributes *a = arg;

	lose(a, first << a->page_log2, why);
	return add(a, first, last, true);
}

/* Ordinary VMs have an empty array, and nothing to say of it. What an array has is private whether
 * or not the VM's own word is in the dump. */
static enum s2_code has_private(const struct s2_kvm_walk *w, struct s2_kvm_attributes *a)
{
	uint64_t can = 0;
	enum s2_code code = S2_OK;

	if (w->layout.has_private_mem.have)
		code = s2_field_get(w->search->kernel, a->kvm_va, &w->layout.has_private_mem, &can,
				    &a->can_why);
	a->has_private = (!code && can) || a->p->n;
	return code;
}

/* Reads what the VM at @kvm_va has; what went wrong stays in @a, for each of its tables. */
static enum s2_code read_vm(struct s2_kvm_walk *w, struct s2_kvm_attributes *a, uint64_t kvm_va)
{
	uint64_t array = kvm_va + s2_member_off(&w->layout.mem_attr_array.m);

	s2_private_free(a->p);
	a->p = calloc(1, sizeof(*a->p));
	if (!a->p)
		return S2_NOMEM;
	a->kvm_va = kvm_va;
	a->has_private = false;
	s2_err_init(&a->why);
	s2_err_init(&a->can_why);
	s2_err_init(&a->lost);
	if (s2_kernel_xarray_spans(w->search->kernel, array, on_entry, on_lost, a, &a->why))
		return a->why.code == S2_NOMEM ? S2_NOMEM : S2_OK;
	if (a->code)
		return a->code;
	return has_private(w, a) == S2_NOMEM ? S2_NOMEM : S2_OK;
}

static enum s2_code get_attributes(struct s2_kvm_walk *w, uint64_t kvm_va,
				   struct s2_kvm_attributes **ret)
{
	struct s2_kvm_attributes *a = w->attributes;

	if (!a) {
		uint64_t page_size = s2_kernel_facts(w->search->kernel)->kva.page_size;

		a = w->attributes = calloc(1, sizeof(*a));
		if (!a)
			return S2_NOMEM;
		a->page_log2 = (unsigned int)__builtin_ctzll(page_size);
		s2_budget_init(&a->pieces, PIECES_FLOOR, 1,
			       s2_mem_backed(w->search->mem) / BYTES_PER_PIECE);
	}
	*ret = a;
	return a->p && a->kvm_va == kvm_va ? S2_OK : read_vm(w, a, kvm_va);
}

static uint64_t above(uint64_t address, uint64_t at)
{
	return address > UINT64_MAX - at ? UINT64_MAX : address + at;
}

/* The table's own pieces; where there are too many, or they could not be followed, that nothing is
 * known. */
static enum s2_code annotate(struct s2_kvm_walk *w, struct s2_kvm_attributes *a,
			     struct s2_table *table, uint64_t at)
{
	static const struct s2_private_piece all = { .last = UINT64_MAX, .unread = true };
	const struct s2_private_piece *from = a->p->piece;
	struct s2_private *p = calloc(1, sizeof(*p));
	size_t n = a->p->n;

	if (a->why.code) {
		from = &all;
		n = 1;
	} else if (n && s2_budget_take(&a->pieces, n)) {
		s2_lost_add(w->search->lost, S2_LOST_SLOTS, S2_BUDGET, table->id, S2_LOST_NOWHERE,
			    "which memory is private: %s", too_many);
		from = &all;
		n = 1;
	}
	if (p && n)
		p->piece = malloc(n * sizeof(*p->piece));
	if (!p || (n && !p->piece)) {
		free(p);
		return S2_NOMEM;
	}
	if (n)
		memcpy(p->piece, from, n * sizeof(*p->piece));
	p->n = p->room = n;
	for (size_t i = 0; i < n; i++) {
		p->piece[i].first = above(p->piece[i].first, at);
		p->piece[i].last = above(p->piece[i].last, at);
	}
	s2_private_known(table, p);
	return S2_OK;
}

enum s2_code s2_kvm_private(struct s2_kvm_walk *w, struct s2_table *table, uint64_t at)
{
	struct s2_err *err = w->search->err;
	struct s2_kvm_attributes *a = NULL;
	const struct s2_err *why;
	enum s2_code code;

	if (!w->layout.mem_attr_array.have)
		return S2_OK;
	code = get_attributes(w, table->object_va, &a);
	if (!code && a->lost.code)
		s2_lost_add(w->search->lost, S2_LOST_SLOTS, a->lost.code, table->id,
			    S2_LOST_NOWHERE, "whether memory from 0x%" PRIx64 " on is private: %s",
			    a->lost_at, a->lost.text);
	if (!code && (a->has_private || a->why.code))
		code = annotate(w, a, table, at);
	if (code)
		return s2_fail(err, code, "no memory for attributes");
	why = a->why.code ? &a->why : &a->can_why;
	return why->code ? s2_fail(err, why->code, "memory attributes: %s", why->text) : S2_OK;
}

void s2_kvm_attributes_free(struct s2_kvm_attributes *a)
{
	if (a)
		s2_private_free(a->p);
	free(a);
}
