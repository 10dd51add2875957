// SPDX-License-Identifier: GPL-2.0-or-later
// Walks a kernel's own table with the same walker that reads every other table; remembers the last
// few translations.
#include "kernel/kva.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "decode/lookup.h"
#include "decode/walk.h"

/* Direct-mapped memory of translations, by page number. Kernel objects of one walk sit in few
 * blocks. */
#define NCACHED 64U

struct s2_kva {
	struct s2_kva_facts facts;
	struct s2_geometry geom;
	const struct s2_mem *mem;
	struct s2_budget *visits;
	struct s2_kva_piece cached[NCACHED]; /* size 0: empty */
};

unsigned int s2_kva_machine(const char *arch)
{
	for (unsigned int i = 0; i < s2_nkva_ops; i++)
		if (!strcmp(s2_kva_ops[i]->name, arch))
			return s2_kva_ops[i]->elf_machine;
	return 0;
}

enum s2_code s2_kva_facts_from(const struct s2_vmcoreinfo *info, struct s2_kva_facts *ret,
			       struct s2_err *err)
{
	for (unsigned int i = 0; i < s2_nkva_ops; i++) {
		struct s2_kva_facts facts = { .ops = s2_kva_ops[i] };
		enum s2_code code = s2_kva_ops[i]->facts(info, &facts, err);

		if (!code)
			*ret = facts;
		if (code != S2_NOTMINE)
			return code;
	}
	return s2_fail(err, S2_INVALID,
		       "VMCOREINFO is of a kernel of another architecture than this build reads");
}

enum s2_code s2_kva_new(const struct s2_mem *mem, const struct s2_kva_facts *facts,
			struct s2_kva **ret, struct s2_err *err)
{
	struct s2_kva *kva = calloc(1, sizeof(*kva));
	enum s2_code code;

	if (!kva)
		return s2_fail(err, S2_NOMEM, "no memory for the kernel's page tables");
	code = facts->regime.arch->shape(&facts->regime, &kva->geom, err);
	if (!code && !is_aligned(facts->root_pa, sizeof(uint64_t)))
		code = s2_fail(err, S2_INVALID, "their root at 0x%llx is not aligned",
			       (unsigned long long)facts->root_pa);
	if (code) {
		free(kva);
		s2_wrap(err, code, "kernel page tables");
		return code;
	}
	kva->facts = *facts;
	kva->mem = mem;
	*ret = kva;
	return S2_OK;
}

void s2_kva_free(struct s2_kva *kva)
{
	free(kva);
}

void s2_kva_visits(struct s2_kva *kva, struct s2_budget *visits)
{
	kva->visits = visits;
}

/* What entry @i of a strip that was read maps, when it maps something. */
static bool piece_of(const struct s2_kva *kva, const struct s2_strip *strip, uint64_t i,
		     struct s2_kva_piece *ret)
{
	const struct s2_geometry *geom = &kva->geom;
	uint64_t raw = strip->desc[i];

	if (!s2_maps(geom, strip->height, raw))
		return false;
	ret->size = s2_entry_size(geom, strip->height);
	ret->va = strip->ia + i * ret->size;
	ret->pa = s2_leaf_oa(geom, strip->height, raw) & ~(ret->size - 1);
	ret->writable = kva->facts.ops->writable(raw);
	return true;
}

enum s2_code s2_kva_find(struct s2_kva *kva, uint64_t va, struct s2_kva_piece *ret,
			 struct s2_err *err)
{
	uint64_t plain = kva->facts.ops->untag(va);
	struct s2_kva_piece *slot = &kva->cached[plain / kva->facts.page_size % NCACHED];
	struct s2_found found;
	enum s2_code code;

	if (slot->size && plain - slot->va < slot->size) {
		*ret = *slot;
		return S2_OK;
	}
	code = s2_lookup(kva->mem, &kva->geom, kva->facts.root_pa, plain, &found);
	if (code == S2_NOTFOUND)
		return s2_fail(err, S2_INVALID, "0x%llx is not a kernel address",
			       (unsigned long long)va);
	if (code)
		return s2_fail(err, code,
			       "kernel address 0x%llx: the table at physical address 0x%llx is %s",
			       (unsigned long long)va, (unsigned long long)found.table_pa,
			       s2_code_name(code));
	if (!found.mapped)
		return s2_fail(err, S2_INVALID, "kernel address 0x%llx is not mapped",
			       (unsigned long long)va);
	slot->size = s2_entry_size(&kva->geom, found.height);
	slot->va = plain & ~(slot->size - 1);
	slot->pa = found.pa & ~(slot->size - 1);
	slot->writable = kva->facts.ops->writable(found.raw);
	*ret = *slot;
	return S2_OK;
}

bool s2_kva_unmapped(const struct s2_kva *kva, uint64_t va, uint64_t *ret_left)
{
	struct s2_found found;
	enum s2_code code = s2_lookup(kva->mem, &kva->geom, kva->facts.root_pa,
				      kva->facts.ops->untag(va), &found);

	*ret_left = code ? 1 : found.left;
	return code == S2_NOTFOUND || (!code && !found.raw);
}

enum s2_code s2_kva_pa(struct s2_kva *kva, uint64_t va, uint64_t *ret, struct s2_err *err)
{
	struct s2_kva_piece piece;
	enum s2_code code = s2_kva_find(kva, va, &piece, err);

	if (!code)
		*ret = piece.pa + (kva->facts.ops->untag(va) - piece.va);
	return code;
}

enum s2_code s2_kva_read(struct s2_kva *kva, uint64_t va, void *buf, size_t len, struct s2_err *err)
{
	char *out = buf;

	va = kva->facts.ops->untag(va);
	while (len) {
		struct s2_kva_piece piece;
		enum s2_code code = s2_kva_find(kva, va, &piece, err);
		uint64_t skip, n;

		if (code)
			return code;
		skip = va - piece.va;
		n = piece.size - skip < len ? piece.size - skip : len;
		code = s2_mem_read(kva->mem, piece.pa + skip, out, (size_t)n, err);
		if (code) {
			s2_wrap(err, code, "kernel address 0x%llx", (unsigned long long)va);
			return code;
		}
		out += n;
		len -= (size_t)n;
		va += n;
	}
	return S2_OK;
}

/* What a missing table would map of [@first, @last]. */
static void add_gap(const struct s2_geometry *geom, const struct s2_strip *strip, uint64_t first,
		    uint64_t last, struct s2_gaps *gaps)
{
	uint64_t end = strip->ia + (strip->n * s2_entry_size(geom, strip->height) - 1);

	if (strip->ia > first)
		first = strip->ia;
	if (end < last)
		last = end;
	s2_gaps_add_table(gaps, strip->table_pa, last - first + 1, strip->missing);
}

static void each_piece(const struct s2_kva *kva, struct s2_walk *walk, uint64_t first,
		       uint64_t last, bool (*piece)(void *arg, const struct s2_kva_piece *piece),
		       void *arg, struct s2_gaps *gaps)
{
	struct s2_kva_piece joined = { 0 };
	struct s2_strip strip;

	while (s2_walk_next(walk, &strip)) {
		if (strip.missing && gaps)
			add_gap(&kva->geom, &strip, first, last, gaps);
		for (uint64_t i = 0; !strip.missing && i < strip.n; i++) {
			struct s2_kva_piece next;

			if (!piece_of(kva, &strip, i, &next))
				continue;
			if (joined.size && joined.va + joined.size == next.va &&
			    joined.pa + joined.size == next.pa &&
			    joined.writable == next.writable) {
				joined.size += next.size;
				continue;
			}
			if (joined.size && !piece(arg, &joined))
				return;
			joined = next;
		}
	}
	if (joined.size)
		piece(arg, &joined);
}

enum s2_code s2_kva_each(const struct s2_kva *kva, uint64_t first, uint64_t last,
			 bool (*piece)(void *arg, const struct s2_kva_piece *piece), void *arg,
			 struct s2_gaps *gaps, struct s2_err *err)
{
	/* A walk of its own: @piece may translate other addresses. */
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	uint64_t most;

	if (!walk)
		return s2_fail(err, S2_NOMEM, "no memory for the kernel's page tables");
	first = kva->facts.ops->untag(first);
	last = kva->facts.ops->untag(last);
	s2_walk_init(walk, &kva->geom, kva->mem, kva->facts.root_pa);
	if (kva->visits && kva->visits->left < walk->budget.left)
		walk->budget.left = kva->visits->left;
	most = walk->budget.left;
	if (s2_walk_range(walk, first, last))
		each_piece(kva, walk, first, last, piece, arg, gaps);
	if (kva->visits)
		kva->visits->left -= most - walk->budget.left;
	return S2_OK;
}
