// SPDX-License-Identifier: GPL-2.0-or-later
// Searches a guest's memory for its VMCOREINFO, run by run as stage 2 maps it.
#include "host/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "decode/guestmem.h"
#include "decode/soft.h"
#include "kernel/vmcoreinfo.h"

/* Guests may map the same memory again and again. */
#define BUDGET_PER_BYTE 4
#define TEXT_COST 16 /* a text is gone through byte by byte */

struct search {
	const struct s2_table *table;
	const struct s2_geometry *geom;
	const struct s2_ctx *ctx;
	struct s2_vm *vm;
	uint64_t seen, missing;  /* bytes */
	struct s2_budget *bytes; /* of all guests */
	bool cut;                /* not all was searched */
};

/* Memory of the machine, of which one stretch is shown. */
struct window {
	struct s2_mem mem;
	const struct s2_mem *host;
	uint64_t pa, size;
};

static const struct window *window_of(const struct s2_mem *mem)
{
	return (const struct window *)(const void *)mem;
}

static enum s2_code window_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
				struct s2_err *err)
{
	return s2_mem_read(window_of(mem)->host, pa, buf, len, err);
}

static const void *window_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	return s2_mem_view(window_of(mem)->host, pa, len);
}

static enum s2_code window_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	const struct window *w = window_of(mem);

	if (pa >= w->pa && pa - w->pa >= w->size)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = w->pa, .size = w->size };
	return S2_OK;
}

static const struct s2_mem_ops window_ops = { .read = window_read,
					      .view = window_view,
					      .next = window_next };

void s2_guest_budget(struct s2_budget *ret, const struct s2_mem *mem)
{
	s2_budget_init(ret, S2_GUEST_SEARCHED, BUDGET_PER_BYTE, mem->bytes);
}

/* The release in the @size bytes of text at @ipa; false when that is not VMCOREINFO. */
static enum s2_code read_release(struct search *s, uint64_t ipa, uint32_t size, bool *ret,
				 struct s2_err *err)
{
	s2_auto_free char *text = NULL;
	struct s2_vmcoreinfo info;
	struct s2_guestmem guest;
	const char *release;
	size_t len;

	*ret = false;
	s->cut = s2_budget_take(s->bytes, (uint64_t)size * TEXT_COST);
	if (s->cut)
		return S2_OK;
	text = malloc((size_t)size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_guestmem_init(&guest, s->ctx->mem, s->geom, s->table->root_pa);
	if (s2_mem_read(&guest.mem, ipa, text, size, NULL) ||
	    s2_vmcoreinfo_init(&info, text, size, NULL) ||
	    !s2_vmcoreinfo_text(&info, "OSRELEASE", &release, &len))
		return S2_OK;
	s2_escape(release, len, s->vm->guest_release, sizeof(s->vm->guest_release));
	*ret = *s->vm->guest_release != '\0';
	return S2_OK;
}

/* [@ipa, @ipa + @size) is memory at @pa; @ret_found: a kernel is in it. */
static enum s2_code search_run(struct search *s, uint64_t ipa, uint64_t pa, uint64_t size,
			       bool *ret_found, struct s2_err *err)
{
	struct window window = {
		.mem = { .ops = &window_ops, .bytes = size, .meter = s->ctx->mem->meter },
		.host = s->ctx->mem,
		.pa = pa,
		.size = size
	};
	struct s2_vmcoreinfo_scan scan;
	struct s2_vmcoreinfo_hit hit;
	enum s2_code code = S2_OK;

	*ret_found = false;
	s2_vmcoreinfo_scan_init(&scan, &window.mem);
	scan.any = true; /* that all is zero is nothing that anybody asks */
	while (!code && !*ret_found && !s->cut && !s2_vmcoreinfo_scan_next(&scan, &hit, NULL))
		code = read_release(s, ipa + (hit.text_pa - pa), hit.size, ret_found, err);
	s->seen += size;
	s->missing += scan.gaps.bytes;
	return code;
}

static void say_searched(struct search *s)
{
	const uint64_t searched = s->seen - s->missing;
	char *text = s->vm->guest_searched;
	size_t room = sizeof(s->vm->guest_searched);
	/* Whole MiB as people say them, and what is less as it is. */
	const bool mib = searched >= 1U << 20 || !searched;
	int len = snprintf(text, room, "searched %llu%s",
			   (unsigned long long)(mib ? searched >> 20 : searched >> 10),
			   !searched ? "" :
			   mib       ? "M" :
				       "K");

	if (s->missing)
		snprintf(text + len, room - (size_t)len, ", %llu%s not in the dump",
			 (unsigned long long)(s->missing >> 20 ? s->missing >> 20 :
								 s->missing >> 10),
			 s->missing >> 20 ? "M" : "K");
}

/* Memory of the guest that is not mapped just now. */
static bool is_withheld(const struct s2_run *run)
{
	return run->meaning.type == S2_SOFT_TRACKED || run->meaning.type == S2_SOFT_FROZEN;
}

enum s2_code s2_guest_find(struct s2_vm *vm, const struct s2_table *table,
			   const struct s2_geometry *geom, const struct s2_ctx *ctx,
			   struct s2_ranges *scratch, struct s2_budget *bytes, struct s2_err *err)
{
	const struct s2_view view = { .how = S2_MERGE_PA, .show = S2_SHOW_ALL };
	const struct s2_ctx own = { .mem = ctx->mem, .visits = ctx->visits };
	struct search s = { .table = table, .geom = geom, .ctx = ctx, .vm = vm, .bytes = bytes };
	bool found = false, gap = false;
	struct s2_row row;

	if (!s2_ranges_init(scratch, table, geom, &view, &own))
		return S2_OK;
	while (!found && !s.cut && s2_ranges_next(scratch, &row)) {
		const struct s2_run *run = &row.run;
		uint64_t left = S2_GUEST_SEARCHED - s.seen, size = run->size;
		enum s2_code code;

		gap = gap || run->missing || is_withheld(run);
		if (run->missing || !s2_is_leaf(run->entry.type) || !s2_run_mapped(geom, run))
			continue;
		s.cut = !size || size > left;
		size = s.cut ? left : size;
		if (!size || s2_budget_take(bytes, size)) {
			s.cut = true;
			break;
		}
		code = search_run(&s, run->ia, run->entry.oa, size, &found, err);
		if (code)
			return code;
	}
	if (found)
		return S2_OK;
	say_searched(&s);
	vm->guest_unknown = s.cut || gap || s.missing;
	return S2_OK;
}
