// SPDX-License-Identifier: GPL-2.0-or-later
// Roots whose VM is not in the dump, found page by page of memory (makedumpfile -d 8 of 7.2 and
// later takes pages of slab objects for anonymous memory).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "host/kvm/x86/priv.h"
#include "host/kvm/x86/soft.h"

#define PAGE_LOG2 12U

/* struct page of so many pages is read at once. */
#define BATCH 1024U

/* There is struct page for all of a section as soon as there is any memory in it
 * (SECTION_SIZE_BITS, asm/sparsemem.h). */
#define SECTION BITS64(26, 0)

/* struct page that are looked at, beside those that memory has room for. */
#define FLOOR_PAGES (1U << 18)

struct scan {
	struct s2_kvm_walk *w;
	struct s2_kvm_x86 *x;
	struct s2_kvm_x86_memmap map;
	uint8_t *batch;
	uint64_t *known; /* roots of VMs, sorted */
	size_t nknown;
	struct s2_budget budget; /* struct page, and tries to read some, that there may be */
	struct s2_gaps gaps;
	struct s2_gaps hidden; /* pages that may be roots, but for what their struct page leads to */
};

enum s2_code s2_kvm_x86_memmap(struct s2_kernel *kernel, struct s2_kvm_x86_memmap *ret,
			       struct s2_err *err)
{
	const struct s2_vmcoreinfo *info = s2_kernel_vmcoreinfo(kernel);
	struct s2_kvm_x86_memmap map;
	enum s2_code code = s2_vmcoreinfo_get(info, S2_VI_SIZE, "page", &map.size, err);

	if (!code)
		code = s2_vmcoreinfo_get(info, S2_VI_OFFSET, "page.private", &map.offset, err);
	if (!code && (map.size < 8 || map.size > 4096 || map.offset > map.size - 8))
		code = s2_fail(err, S2_INVALID, "struct page has %llu bytes",
			       (unsigned long long)map.size);
	if (!code)
		code = s2_kernel_memmap(kernel, &map.va, err);
	if (!code)
		*ret = map;
	return code;
}

/* Each page is looked at once: what is found on the way is not asked for. */
static enum s2_code remember_known(struct scan *s)
{
	const struct s2_tables *tables = s->w->search->tables;

	s->known = malloc((tables->n + 1) * sizeof(*s->known));
	if (!s->known)
		return s2_fail(s->w->search->err, S2_NOMEM, "no memory for roots");
	for (size_t i = 0; i < tables->n; i++)
		s->known[i] = tables->table[i].root_pa;
	s->nknown = tables->n;
	qsort(s->known, s->nknown, sizeof(*s->known), s2_compare_u64);
	return S2_OK;
}

static bool is_found(const struct scan *s, uint64_t pa)
{
	return bsearch(&pa, s->known, s->nknown, sizeof(pa), s2_compare_u64);
}

static bool reads(struct scan *s, uint64_t sp, const struct s2_field_at *field, uint64_t *ret)
{
	return !s2_field_get(s->w->search->kernel, sp, field, ret, NULL);
}

/* What may be a pointer into the kernel's half: `private` is also a number, or nothing. */
static bool may_point(uint64_t word)
{
	return word >> 56 == 0xff && is_aligned(word, sizeof(uint64_t));
}

/* Is the member of a list at @node still in it, as far as the neighbour is there to ask? What was
 * taken out has a poison (list_del()). */
static bool is_linked(struct scan *s, uint64_t node)
{
	struct s2_kernel *kernel = s->w->search->kernel;
	uint64_t next, back;

	if (s2_kernel_read(kernel, node, &next, sizeof(next), NULL) || !may_point(next))
		return false;
	return s2_kernel_read(kernel, next + sizeof(next), &back, sizeof(back), NULL) ||
	       back == node;
}

/*
 * Freed ones keep their contents, but nobody counts them. The shadow MMU keeps what nobody counts
 * in its list, until it is old; what is old and counted is in none.
 */
static bool is_alive(struct scan *s, uint64_t sp, bool tdp)
{
	const struct s2_kvm_x86_layout *l = &s->x->layout;
	uint64_t count, parents, invalid;

	if (!reads(s, sp, &l->sp_count, &count) || count >= UINT32_MAX / 2)
		return false;
	if (tdp)
		return count;
	if (!reads(s, sp, &l->sp_parents, &parents) || parents)
		return false;
	if (count && reads(s, sp, &l->role_invalid, &invalid) && invalid)
		return true;
	return is_linked(s, sp + s2_member_off(&l->sp_link.m));
}

/* Is @sp the struct kvm_mmu_page of a root that is alive and has its table at @pa? S2_NOTFOUND: no;
 * a missing code: it may be. */
static enum s2_code is_root(struct scan *s, uint64_t sp, uint64_t pa, struct s2_kvm_x86_root *ret)
{
	const struct s2_kvm_x86_layout *l = &s->x->layout;
	struct s2_kernel *kernel = s->w->search->kernel;
	uint64_t tdp, gfn;
	enum s2_code code = s2_field_get(kernel, sp, &l->sp_tdp, &tdp, NULL);

	if (!code)
		code = s2_field_get(kernel, sp, &l->sp_gfn, &gfn, NULL);
	if (!code)
		code = s2_kvm_x86_read_root(kernel, l, sp, ret, NULL);
	if (s2_is_missing(code))
		return code;
	return !code && tdp <= 1 && ret->pa == pa && (ret->level == 4 || ret->level == 5) &&
			       (!gfn || !ret->direct) && is_alive(s, sp, tdp) ?
		       S2_OK :
		       S2_NOTFOUND;
}

static enum s2_code add_orphan(struct scan *s, const struct s2_kvm_x86_root *root)
{
	struct s2_table table = { .pid = -1, .vcpus = -1, .root_pa = root->pa };

	snprintf(table.kind, sizeof(table.kind), "%s", s2_kvm_x86_kind(root));
	snprintf(table.id, sizeof(table.id), "root:0x%" PRIx64, root->pa);
	snprintf(table.found, sizeof(table.found), "struct kvm_mmu_page at 0x%" PRIx64, root->va);
	s2_kvm_x86_regime(&s->x->masks, root, &table.regime);
	/* What the VM may have otherwise than others. */
	if (s->x->layout.mmio_value.have)
		s2_soft_unsure(&table.regime.soft, S2_KVM_X86_MMIO_VALUE);
	if (s->x->layout.direct_bits.have && !root->mirror)
		s2_soft_unsure(&table.regime.soft, S2_KVM_X86_DIRECT_BITS);
	return s2_tables_add(s->w->search->tables, &table, s->w->search->err);
}

static enum s2_code look_at(struct scan *s, uint64_t pfn, uint64_t sp)
{
	uint64_t pa = pfn << PAGE_LOG2;
	struct s2_kvm_x86_root root;
	enum s2_code code;

	if (!may_point(sp) || is_found(s, pa))
		return S2_OK;
	code = is_root(s, sp, pa, &root);
	if (s2_is_missing(code))
		s2_gaps_add(&s->hidden, pa, BIT64(PAGE_LOG2), code);
	return code ? S2_OK : add_orphan(s, &root);
}

/* The struct page of @n pages from @pfn on; what is not there of them may hide a root. S2_BUDGET:
 * that is enough. */
static enum s2_code scan_batch(struct scan *s, uint64_t pfn, uint64_t n)
{
	struct s2_kernel *kernel = s->w->search->kernel;
	uint64_t va = s->map.va + pfn * s->map.size, private, left;
	enum s2_code code = s2_budget_take(&s->budget, 1);

	if (code)
		return code;
	code = s2_kernel_read(kernel, va, s->batch, (size_t)(n * s->map.size), NULL);
	/* What has no struct page is no memory of the kernel's. */
	if (code && s2_kernel_unmapped(kernel, va, &left) && left >= n * s->map.size)
		return S2_OK;
	if (code && n > 1) {
		code = scan_batch(s, pfn, n / 2);
		return code ? code : scan_batch(s, pfn + n / 2, n - n / 2);
	}
	if (s2_is_missing(code))
		s2_gaps_add(&s->gaps, pfn << PAGE_LOG2, BIT64(PAGE_LOG2), code);
	if (code)
		return S2_OK;
	code = s2_budget_take(&s->budget, n - 1);
	for (uint64_t i = 0; !code && i < n; i++) {
		memcpy(&private, s->batch + i * s->map.size + s->map.offset, sizeof(private));
		code = look_at(s, pfn + i, private);
	}
	return code;
}

static enum s2_code scan_all(struct scan *s)
{
	const struct s2_mem *mem = s->w->search->mem;
	struct s2_extent extent;

	s2_budget_init(&s->budget, FLOOR_PAGES, 1, mem->bytes / s->map.size);
	/* Tables, too, that are not in the dump themselves. */
	for (uint64_t pa = 0; !s2_mem_next(mem, pa, &extent);) {
		uint64_t first = extent.pa & ~SECTION, last = extent.pa + (extent.size - 1);
		uint64_t pfn = (first > pa ? first : pa) >> PAGE_LOG2;
		uint64_t end = ((last | SECTION) >> PAGE_LOG2) + 1;

		for (; pfn < end; pfn += BATCH) {
			enum s2_code code =
				scan_batch(s, pfn, end - pfn < BATCH ? end - pfn : BATCH);

			if (code == S2_BUDGET) {
				s2_gaps_add(&s->gaps, pfn << PAGE_LOG2, (end - pfn) << PAGE_LOG2,
					    code);
				break;
			}
			if (code)
				return code;
		}
		pa = end << PAGE_LOG2;
		if (!pa)
			break;
	}
	return S2_OK;
}

static void lose(struct s2_host_search *search, const struct s2_gaps *gaps, const char *where,
		 const char *what)
{
	if (gaps->bytes)
		s2_lost_add(search->lost, S2_LOST_SEARCH, gaps->code, NULL, gaps->pa,
			    "%s %" PRIu64 " bytes of memory, the first at PA 0x%" PRIx64
			    ": %s is %s",
			    where, gaps->bytes, gaps->pa, what, s2_code_name(gaps->code));
}

enum s2_code s2_kvm_x86_orphans(struct s2_kvm_walk *w)
{
	s2_auto_free uint8_t *batch = NULL;
	struct s2_host_search *search = w->search;
	struct scan s = { .w = w, .x = w->state };
	enum s2_code code;

	if (!w->lost_vms && !s.x->lost_roots)
		return S2_OK;
	/* Those of VMs that nobody asked for are no orphans, and were not walked to. */
	if (search->wanted)
		return S2_OK;
	/* Where no table is a second stage, what looks like a root is one of virtual addresses. */
	if (!s.x->layout.sp_count.have || s.x->masks.tdp == S2_NO)
		return S2_OK;
	code = s2_kvm_x86_memmap(search->kernel, &s.map, search->err);
	if (code)
		return s2_host_set_aside(search, S2_LOST_SEARCH, NULL,
					 s2_wrap(search->err, code, "roots without a VM"));
	s.batch = batch = malloc((size_t)(BATCH * s.map.size));
	if (!batch)
		return s2_fail(search->err, S2_NOMEM, "no memory for struct page");
	code = remember_known(&s);
	if (!code)
		code = scan_all(&s);
	free(s.known);
	if (!code) {
		lose(search, &s.gaps, "could not look for roots among", "their struct page");
		lose(search, &s.hidden, "roots may be at", "what their struct page leads to");
	}
	return code;
}
