// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest_memfd has for a slot: all faults in it are served from the file, whatever the VMM
// maps (gmem_abort(), arch/arm64/kvm/mmu.c, 6.18).
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "check/priv.h"
#include "kernel/fields.h"

struct s2_gmem {
	struct s2_field_at f_inode, i_mapping, i_pages;
	struct s2_xa_layout xa;
	struct s2_memmap map;
	bool have;
	uint64_t file, pages; /* the last file, and the xarray of its pages */
};

static const struct s2_field_row rows[] = {
	S2_FIELD(s2_gmem, f_inode, "file", "f_inode", true),
	S2_FIELD(s2_gmem, i_mapping, "inode", "i_mapping", true),
	S2_FIELD(s2_gmem, i_pages, "address_space", "i_pages", true),
};

/* An entry of an xarray is found as fast as so many of a table. */
#define ASKED_STEPS 4

struct s2_gmem *s2_gmem_open(struct s2_check_ctx *ctx)
{
	struct s2_gmem *gmem = calloc(1, sizeof(*gmem));

	if (!gmem) {
		ctx->nomem = true;
		return NULL;
	}
	s2_memmap_find(ctx, &gmem->map);
	gmem->have = gmem->map.have &&
		     !s2_fields_find(ctx->kernel, rows, ARRAY_SIZE(rows), gmem, NULL) &&
		     !s2_kernel_xa_layout(ctx->kernel, &gmem->xa, NULL);
	return gmem;
}

/* The xarray of @file's pages. */
static enum s2_code find_pages(struct s2_check_ctx *ctx, struct s2_gmem *gmem, uint64_t file)
{
	uint64_t inode, mapping;
	enum s2_code code;

	if (gmem->file == file)
		return S2_OK;
	code = s2_field_get(ctx->kernel, file, &gmem->f_inode, &inode, NULL);
	if (!code)
		code = s2_field_get(ctx->kernel, inode, &gmem->i_mapping, &mapping, NULL);
	if (code)
		return code;
	gmem->file = file;
	gmem->pages = mapping + s2_member_off(&gmem->i_pages.m);
	return S2_OK;
}

/* Where page @index of the file is, and how many from there on lie one behind the other:
 * S2_NOTFOUND when it has none. A folio begins with its first struct page. */
static enum s2_code page_at(struct s2_check_ctx *ctx, struct s2_gmem *gmem, uint64_t file,
			    uint64_t index, uint64_t *ret, uint64_t *ret_n)
{
	uint64_t folio, first, last, off;
	enum s2_code code = s2_budget_take(&ctx->vmm_asked, ASKED_STEPS);

	if (!code)
		code = find_pages(ctx, gmem, file);
	if (!code)
		code = s2_kernel_xa_load(ctx->kernel, &gmem->xa, gmem->pages, index, &folio, &first,
					 &last, NULL);
	if (code)
		return code;
	if (folio & 1)
		return S2_NOTFOUND; /* a value, not a page */
	off = folio - gmem->map.va;
	if (off % gmem->map.size)
		return S2_INVALID;
	*ret = (off / gmem->map.size + index - first) << ctx->g->page_log2;
	*ret_n = last - index + 1;
	return S2_OK;
}

enum s2_tristate s2_gmem_confirms(struct s2_check_ctx *ctx, struct s2_gmem *gmem,
				  const struct s2_slot *slot, uint64_t ia, uint64_t size,
				  uint64_t oa)
{
	enum s2_tristate all = S2_YES;

	if (!gmem || !gmem->have || !slot->gmem_file) {
		s2_check_unknown(ctx, S2_CHECK_VMM, "%s: the file of slot %d is not known",
				 ctx->table->id, slot->id);
		return S2_UNKNOWN;
	}
	for (uint64_t off = 0, n = 1; off < size; off += n << ctx->g->page_log2) {
		uint64_t index = ((ia + off - slot->ipa) >> ctx->g->page_log2) + slot->gmem_pgoff;
		uint64_t pa = 0;
		enum s2_code code;

		if (ia + off - slot->ipa >= slot->size)
			break; /* memslots says so */
		n = 1;
		code = page_at(ctx, gmem, slot->gmem_file, index, &pa, &n);
		if (n > (size - off) >> ctx->g->page_log2)
			n = (size - off) >> ctx->g->page_log2;
		if (!code && pa == oa + off)
			continue;
		if (code == S2_BUDGET) {
			s2_check_unknown(ctx, S2_CHECK_VMM,
					 "%s: page %" PRIu64
					 " of the guest_memfd of slot %d is not looked up: there "
					 "are too many",
					 ctx->table->id, index, slot->id);
			return S2_UNKNOWN;
		}
		if (code && code != S2_NOTFOUND) {
			s2_check_unknown(ctx, S2_CHECK_VMM,
					 "%s: page %" PRIu64 " of the guest_memfd of slot %d is %s",
					 ctx->table->id, index, slot->id, s2_code_name(code));
			all = S2_UNKNOWN;
			continue;
		}
		if (code)
			s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia + off, oa + off,
				       "mapped, but the guest_memfd has no page %" PRIu64, index);
		else
			s2_check_found(ctx, S2_CHECK_VMM, ctx->table, ia + off, oa + off,
				       "the guest_memfd has 0x%" PRIx64 " as page %" PRIu64, pa,
				       index);
		return S2_NO;
	}
	return all;
}
