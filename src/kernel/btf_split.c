// SPDX-License-Identifier: GPL-2.0-or-later
// Finds a module's BTF in memory where the objects that lead to it are not there.
#include "kernel/btf_split.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/btf.h"
#include "kernel/btf_blob.h"
#include "kernel/kernel_priv.h"

/* Pages that are looked at, beside those of memory: each of these may be mapped a few times. */
#define FLOOR_PAGES 65536
#define MAPPINGS 4

struct search {
	struct s2_kernel *kernel;
	struct s2_budget pages;
	const struct s2_btf_split *wanted;
	uint64_t budget;        /* bytes of candidates and questions */
	struct s2_types *types; /* that were found */
	uint32_t ntypes;
	enum s2_code code; /* ends the search */
};

/* The blob at @va, which must be there wholly: without its object nobody says how many types it
 * has, and what stands behind a gap has no number. */
static enum s2_code read_blob(struct search *s, uint64_t va, uint8_t **ret, size_t *ret_size)
{
	uint8_t header[S2_BTF_SHORT_HEADER];
	uint64_t size;
	enum s2_code code = s2_kernel_read(s->kernel, va, header, sizeof(header), NULL);

	if (!code)
		code = s2_btf_size(header, sizeof(header), &size, NULL);
	if (!code && (size > s->budget || size > s->kernel->room.left))
		code = S2_BUDGET;
	if (code)
		return code;
	s->budget -= size;
	*ret = malloc((size_t)size);
	*ret_size = (size_t)size;
	return *ret ? s2_kernel_read(s->kernel, va, *ret, (size_t)size, NULL) : S2_NOMEM;
}

/* Is it what was found already: mapped twice, or of the module as it was loaded before? */
static bool is_same(const struct search *s, const void *blob, size_t size)
{
	size_t found_size = 0;
	const void *found = s->types ? s2_btf_bytes(s->types, &found_size) : NULL;

	return found && size == found_size && !memcmp(blob, found, size);
}

/* What is no BTF of a module is passed over, and what the budget has no room for. */
static enum s2_code try_at(struct search *s, uint64_t va)
{
	s2_auto_free uint8_t *blob = NULL;
	struct s2_types *types = NULL;
	uint32_t ntypes;
	size_t size = 0;
	bool is_it;
	enum s2_code code = read_blob(s, va, &blob, &size);

	if (!code && is_same(s, blob, size))
		return S2_OK;
	if (!code && s->wanted->cost > s->budget)
		code = S2_BUDGET;
	if (!code)
		code = s2_btf_adopt_split(s2_take(&blob), size, NULL, s->wanted->base, &types,
					  &ntypes, NULL);
	if (code)
		return code == S2_NOMEM ? code : S2_OK;
	s->budget -= s->wanted->cost;
	is_it = s->wanted->is_it(s->wanted->arg, types);
	if (!is_it || s->types) {
		s2_types_free(types);
		return is_it ? S2_INVALID : S2_OK;
	}
	s->types = types;
	s->ntypes = ntypes;
	return s2_room_take(&s->kernel->room, size, "BTF", NULL);
}

static bool on_piece(void *arg, const struct s2_kva_piece *piece)
{
	static const uint8_t magic[] = { 0x9f, 0xeb, 1, 0 };
	struct search *s = arg;
	const struct s2_mem *mem = s->kernel->args.mem;
	uint64_t page = s2_kernel_facts(s->kernel)->kva.page_size, off = 0;

	while (piece->writable && !s->code && off < piece->size) {
		uint8_t start[sizeof(magic)];
		uint64_t gap;

		s->code = s2_budget_take(&s->pages, 1);
		if (s->code)
			break;
		if (!s2_mem_read(mem, piece->pa + off, start, sizeof(start), NULL)) {
			if (!memcmp(start, magic, sizeof(magic)))
				s->code = try_at(s, piece->va + off);
			off += page;
			continue;
		}
		gap = s2_mem_gap(mem, piece->pa + off);
		if (gap >= piece->size - off)
			break;
		off += gap ? align_up(gap, page) : page;
	}
	return !s->code;
}

enum s2_code s2_btf_find_split(struct s2_kernel *kernel, const struct s2_btf_split *wanted,
			       struct s2_types **ret, uint32_t *ret_ntypes, struct s2_err *err)
{
	struct search s = { .kernel = kernel, .wanted = wanted, .budget = S2_BTF_BUDGET };
	enum s2_code code;

	s2_budget_init(&s.pages, FLOOR_PAGES, MAPPINGS,
		       kernel->args.mem->bytes / s2_kernel_facts(kernel)->kva.page_size);
	code = s2_kva_each(kernel->kva, 0, UINT64_MAX, on_piece, &s, NULL, err);
	if (!code)
		code = s.code;
	if (!code && s.types) {
		*ret = s.types;
		*ret_ntypes = s.ntypes;
		return S2_OK;
	}
	s2_types_free(s.types);
	return s2_fail(err, code ? code : S2_NOTFOUND, "its types were searched for");
}
