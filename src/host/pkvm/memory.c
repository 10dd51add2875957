// SPDX-License-Identifier: GPL-2.0-or-later
// What the hypervisor knows of memory: hyp_memory[], hyp_vmemmap, its reserved part, each CPU's
// parameters.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "decode/arm64/arm64.h"
#include "decode/merge.h"
#include "host/kvm/arm64/params.h"
#include "host/pkvm/priv.h"

/* enum memblock_flags: five so far. */
#define MEMBLOCK_NOMAP BIT64(2)
#define MEMBLOCK_FLAGS BITS64(7, 0)

/* Memory that is looked at for the CPUs' parameters beyond what the dump holds: they stand in
 * per-CPU areas of some 32 KiB each. */
#define FLOOR_PARAM_BYTES (64U << 20)

/* A variable of the hypervisor that could not be read takes something with it. */
static void lose_of_hyp(struct s2_pkvm_search *s, enum s2_lost_what what, enum s2_code code,
			enum s2_pkvm_symbol i)
{
	if (s2_is_missing(code))
		s2_lost_add(s->lost, what, code, NULL, s2_pkvm_symbol_pa(s, i),
			    "%s at PA 0x%" PRIx64 " is %s", s->symbol[i].name,
			    s2_pkvm_symbol_pa(s, i), s2_code_name(code));
}

/* The region that stands at @pa; false when that cannot be one. */
static bool region_at(const struct s2_pkvm_search *s, uint64_t pa, struct s2_pkvm_region *ret)
{
	uint64_t base, size, flags;

	if (s2_pkvm_get(s->mem, pa, &s->layout.region_base, &base) ||
	    s2_pkvm_get(s->mem, pa, &s->layout.region_size, &size) ||
	    s2_pkvm_get(s->mem, pa, &s->layout.region_flags, &flags))
		return false;
	if (!size || base >> 52 || size > BIT64(52) - base || flags > MEMBLOCK_FLAGS)
		return false;
	*ret = (struct s2_pkvm_region){ .pa = base, .size = size, .nomap = flags & MEMBLOCK_NOMAP };
	return true;
}

/*
 * Regions in whole pages. The kernel copies memblock's bytes (pkvm.c, register_memblock_regions()),
 * which may end anywhere, and asks of each page where its first byte lies (nvhe/mem_protect.c,
 * find_mem_range()). Returns how many are left.
 */
static size_t whole_pages(struct s2_pkvm_region *list, size_t n, uint64_t page)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = align_up(list[i].pa, page);
		uint64_t end = align_up(list[i].pa + list[i].size, page);

		if (first < end)
			list[kept++] = (struct s2_pkvm_region){ .pa = first,
								.size = end - first,
								.nomap = list[i].nomap };
	}
	return kept;
}

/* Takes the sorted regions from @pa on, at most @max, and says how many entries they stand in; 0
 * when there is none or they are not sorted. */
static size_t take_regions(struct s2_pkvm_search *s, uint64_t pa, size_t max)
{
	struct s2_pkvm_region *list = calloc(S2_PKVM_MAX_REGIONS, sizeof(*list));
	size_t n = 0;

	s->nomem |= !list;
	while (list && n < max && n < S2_PKVM_MAX_REGIONS &&
	       region_at(s, pa + n * s->layout.sizeof_region, &list[n])) {
		if (n && list[n].pa < list[n - 1].pa + list[n - 1].size)
			break;
		n++;
	}
	if (!n || (max < S2_PKVM_MAX_REGIONS && n != max)) {
		free(list);
		return 0;
	}
	free(s->pkvm->memory);
	s->pkvm->memory = list;
	s->pkvm->nmemory = whole_pages(list, n, s2_kernel_facts(s->kernel)->kva.page_size);
	s->pkvm->have_memory = s->pkvm->nmemory > 0;
	return n;
}

/* Does the hypervisor map the page at @pa, in its linear map, for writing? Its .bss and its
 * reserved memory. */
static bool is_hyp_data(struct s2_pkvm_search *s, uint64_t pa)
{
	uint64_t found, raw;

	return s2_pkvm_hyp_find(s, pa - s->pkvm->phys_offset, &found, &raw) && found == pa &&
	       !(raw & BIT64(7));
}

/* hyp_memory[] has room for S2_PKVM_MAX_REGIONS; what is not used is zero. */
static bool zero_behind(struct s2_pkvm_search *s, uint64_t pa, size_t used)
{
	uint64_t word;

	for (uint64_t off = used * s->layout.sizeof_region;
	     off < S2_PKVM_MAX_REGIONS * s->layout.sizeof_region; off += sizeof(word))
		if (s2_mem_read(s->mem, pa + off, &word, sizeof(word), NULL) || word)
			return false;
	return true;
}

/* The kernel's linear map has all memory, but for what is not to be mapped. */
static bool in_linear_map(struct s2_pkvm_search *s)
{
	const struct s2_kva_facts *kva = &s2_kernel_facts(s->kernel)->kva;

	for (size_t i = 0; i < s->pkvm->nmemory; i++) {
		const struct s2_pkvm_region *region = &s->pkvm->memory[i];
		uint64_t pa;

		if (region->nomap)
			continue;
		if (s2_kernel_pa(s->kernel, s2_kva_linear_va(kva, region->pa), &pa, NULL) ==
			    S2_INVALID ||
		    s2_kernel_pa(s->kernel, s2_kva_linear_va(kva, region->pa + region->size - 1),
				 &pa, NULL) == S2_INVALID)
			return false;
	}
	return true;
}

static uint64_t total(const struct s2_pkvm_region *list, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += list[i].size;
	return sum;
}

/*
 * hyp_memory[] without its symbol: an entry that holds the hypervisor's table, sorted neighbours
 * around it, zeros behind the last up to the end of the array. In the hypervisor's own data it is
 * the one; else (its map may be damaged) the largest counts, because the kernel has arrays of the
 * kind as well, of the same memory and of parts of it.
 */
static bool memory_word(struct s2_pkvm_search *s, uint64_t pa, uint64_t value)
{
	uint64_t at = pa - s2_member_off(&s->layout.region_base.m), size = s->layout.sizeof_region;
	struct s2_pkvm_region region, before, *old = s->pkvm->memory;
	size_t nold = s->pkvm->nmemory, used;

	if (value > s->hyp_pgd_pa || !region_at(s, at, &region) || region.pa != value ||
	    s->hyp_pgd_pa - value >= region.size)
		return true;
	for (unsigned int i = 0; i < S2_PKVM_MAX_REGIONS && region_at(s, at - size, &before) &&
				 before.pa + before.size <= region.pa;
	     i++) {
		at -= size;
		region = before;
	}
	s->pkvm->memory = NULL;
	used = take_regions(s, at, S2_PKVM_MAX_REGIONS);
	if (!used || !zero_behind(s, at, used) || !in_linear_map(s) ||
	    (!is_hyp_data(s, pa) && total(s->pkvm->memory, s->pkvm->nmemory) <= total(old, nold))) {
		free(s->pkvm->memory);
		s->pkvm->memory = old;
		s->pkvm->nmemory = nold;
		s->pkvm->have_memory = nold > 0;
		return true;
	}
	free(old);
	return !is_hyp_data(s, pa);
}

static enum s2_code regions_by_symbol(struct s2_pkvm_search *s, uint32_t n)
{
	uint64_t pa = s2_pkvm_symbol_pa(s, S2_SYM_MEMORY), size = n * s->layout.sizeof_region;
	char *whole = malloc((size_t)size);
	enum s2_code code = whole ? s2_mem_read(s->mem, pa, whole, (size_t)size, NULL) : S2_NOMEM;

	free(whole);
	s->nomem |= code == S2_NOMEM;
	if (!code)
		take_regions(s, pa, n);
	return code;
}

void s2_pkvm_find_memory(struct s2_pkvm_search *s)
{
	uint32_t n;
	enum s2_code code;

	if (!s->layout.sizeof_region || !s->layout.region_base.have || !s->layout.region_flags.have)
		return;
	if (s->symbol[S2_SYM_MEMORY].hits && s->symbol[S2_SYM_NMEMORY].hits) {
		code = s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_NMEMORY), &n, sizeof(n),
				   NULL);
		if (!code && n && n <= S2_PKVM_MAX_REGIONS)
			code = regions_by_symbol(s, n);
		lose_of_hyp(s, S2_LOST_OWNER, code, S2_SYM_MEMORY);
		return;
	}
	if (s->have_hyp && s2_pkvm_scan(s, memory_word))
		s->pkvm->have_memory = false;
}

/* ---- hyp_vmemmap ---- */

/* Does the table map the struct hyp_page of the reserved memory, if hyp_vmemmap is at @va? */
static bool is_vmemmap(struct s2_pkvm_search *s, uint64_t va)
{
	uint64_t pfn = s->hyp_pgd_pa >> s->hyp_geom.page_log2, pa, raw;

	return s2_pkvm_hyp_find(s, va + pfn * s->pkvm->page.size, &pa, &raw);
}

/*
 * hyp_create_idmap() (nvhe/mm.c): the upper half of the quarter of the address space that the
 * identity-mapped text is not in; the other quarter of the two is empty there.
 */
static bool vmemmap_by_rule(struct s2_pkvm_search *s, uint64_t *ret)
{
	uint64_t upper = BIT64(s->hyp_ia_bits - 3), quarter = BIT64(s->hyp_ia_bits - 2);

	*ret = is_vmemmap(s, upper) ? upper : quarter | upper;
	return is_vmemmap(s, *ret);
}

static bool add_piece(struct s2_pkvm *pkvm, uint64_t pfn, uint64_t n, uint64_t pa)
{
	struct s2_vmemmap_piece *last = pkvm->npieces ? &pkvm->piece[pkvm->npieces - 1] : NULL;
	struct s2_vmemmap_piece *grown;

	if (last && last->pfn + last->n == pfn && last->pa + last->n * pkvm->page.size == pa) {
		last->n += n;
		return true;
	}
	grown = realloc(pkvm->piece, (pkvm->npieces + 1) * sizeof(*grown));
	if (!grown)
		return false;
	pkvm->piece = grown;
	pkvm->piece[pkvm->npieces++] = (struct s2_vmemmap_piece){ .pfn = pfn, .n = n, .pa = pa };
	return true;
}

void s2_pkvm_find_vmemmap(struct s2_pkvm_search *s)
{
	struct s2_pkvm *pkvm = s->pkvm;
	struct s2_merge merge;
	struct s2_run run;
	uint64_t va = 0;

	if (!s->have_hyp || !pkvm->page.size)
		return;
	if (s->symbol[S2_SYM_VMEMMAP].hits) {
		enum s2_code code = s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_VMEMMAP), &va,
						sizeof(va), NULL);

		lose_of_hyp(s, S2_LOST_OWNER, code, S2_SYM_VMEMMAP);
		if (code)
			return;
	} else if (!vmemmap_by_rule(s, &va)) {
		return;
	}
	s2_walk_init(s->walk, &s->hyp_geom, s->mem, s->hyp_pgd_pa);
	if (!va || !s2_walk_range(s->walk, va, va + BIT64(s->hyp_ia_bits - 3) - 1))
		return;
	s2_merge_init(&merge, s->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run)) {
		if (run.missing)
			s2_lost_add(s->lost, S2_LOST_OWNER, run.missing, NULL, run.table_pa,
				    "hyp_vmemmap from 0x%" PRIx64
				    " on: the table page at PA 0x%" PRIx64 " is %s",
				    run.ia, run.table_pa, s2_code_name(run.missing));
		if (pkvm->npieces > S2_PKVM_MAX_PIECES) {
			s2_lost_add(s->lost, S2_LOST_OWNER, S2_BUDGET, NULL, S2_LOST_NOWHERE,
				    "hyp_vmemmap from 0x%" PRIx64
				    " on: it is in more pieces than there may be",
				    run.ia);
			break;
		}
		if (s2_run_mapped(&s->hyp_geom, &run) && run.ia >= va &&
		    !add_piece(pkvm, (run.ia - va) / pkvm->page.size, run.size / pkvm->page.size,
			       run.entry.oa)) {
			s->nomem = true;
			return;
		}
	}
	pkvm->vmemmap_va = va;
	pkvm->have_vmemmap = pkvm->npieces > 0;
}

/* ---- The reserved memory ---- */

/*
 * Without hyp_mem_base and hyp_mem_size: what the linear map maps without a hole around the
 * hypervisor's own table (nvhe/setup.c, recreate_hyp_mappings() maps all of it).
 */
static void reserved_around_table(struct s2_pkvm_search *s)
{
	uint64_t off = s->pkvm->phys_offset, first = 0, end = 0;
	struct s2_merge merge;
	struct s2_run run;

	s2_walk_init(s->walk, &s->hyp_geom, s->mem, s->hyp_pgd_pa);
	s2_merge_init(&merge, s->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run)) {
		if (!s2_run_mapped(&s->hyp_geom, &run) || run.ia + off != run.entry.oa)
			continue;
		if (run.entry.oa != end) {
			if (first <= s->hyp_pgd_pa && s->hyp_pgd_pa < end)
				break;
			first = run.entry.oa;
		}
		end = run.entry.oa + run.size;
	}
	if (first <= s->hyp_pgd_pa && s->hyp_pgd_pa < end) {
		s->pkvm->reserved_pa = first;
		s->pkvm->reserved_size = end - first;
	}
}

void s2_pkvm_find_reserved(struct s2_pkvm_search *s)
{
	uint64_t base, size;
	enum s2_code code = S2_NOTFOUND;

	if (s->symbol[S2_SYM_MEM_BASE].hits && s->symbol[S2_SYM_MEM_SIZE].hits)
		code = s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_MEM_BASE), &base,
				   sizeof(base), NULL);
	if (!code)
		code = s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_MEM_SIZE), &size,
				   sizeof(size), NULL);
	lose_of_hyp(s, S2_LOST_OWNER, code, S2_SYM_MEM_BASE);
	if (!code && base && size && !(base >> 52) && !(size >> 52)) {
		s->pkvm->reserved_pa = base;
		s->pkvm->reserved_size = size;
		return;
	}
	if (s->have_hyp)
		reserved_around_table(s);
}

/* ---- struct kvm_nvhe_init_params ---- */

struct params {
	uint64_t pgd, vttbr, vtcr, mair, tcr, hcr;
	struct s2_pkvm_cpu cpu;
};

/* What is wanted of the structure at @pa; members that this kernel does not have stay 0. */
static enum s2_code read_params(const struct s2_pkvm_search *s, uint64_t pa, struct params *ret)
{
	const struct s2_pkvm_layout *l = &s->layout;
	const struct {
		const struct s2_field_at *field;
		uint64_t *to;
	} wanted[] = {
		{ &l->param_pgd_pa, &ret->pgd },
		{ &l->param_vttbr, &ret->vttbr },
		{ &l->param_vtcr, &ret->vtcr },
		{ &l->param_mair, &ret->mair },
		{ &l->param_tcr, &ret->tcr },
		{ &l->param_hcr, &ret->hcr },
		{ &l->param_stack_va, &ret->cpu.stack_va },
		{ &l->param_stack_pa, &ret->cpu.stack_pa },
	};

	*ret = (struct params){ .cpu = { .pa = pa } };
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		enum s2_code code = s2_pkvm_get(s->mem, pa, wanted[i].field, wanted[i].to);

		if (s2_is_missing(code))
			return code;
	}
	return S2_OK;
}

/* The parameters of a CPU know the PGD of the hypervisor and the root and the geometry of the
 * host's stage 2. */
static bool is_params(const struct s2_pkvm_search *s, const struct params *params)
{
	return params->pgd == s->hyp_pgd_pa && params->vtcr == s->host_vtcr &&
	       (params->vttbr & BITS64(47, 6)) == (s->host_pgd_pa & BITS64(47, 6));
}

/* Registers are those of the first CPU: all are given the same. */
static void take_params(struct s2_pkvm_search *s, const struct params *params)
{
	struct s2_pkvm *pkvm = s->pkvm;
	struct s2_pkvm_cpu *grown = realloc(pkvm->cpu, (pkvm->ncpus + 1) * sizeof(*grown));

	if (!grown) {
		s->nomem = true;
		return;
	}
	if (!pkvm->ncpus) {
		s->mair = params->mair;
		s->tcr = params->tcr;
		s->hcr = params->hcr;
	}
	pkvm->cpu = grown;
	pkvm->cpu[pkvm->ncpus++] = params->cpu;
}

/* A search for parameters, and what it could not see. */
struct params_search {
	struct s2_pkvm_search *s;
	enum s2_code missing; /* of a CPU's parameters that a symbol names: why */
	struct s2_gaps gaps;  /* ... of what was searched for them */
	struct s2_budget bytes;
	uint64_t ended_pa; /* where the search came to its end before the memory did, or
			      S2_LOST_NOWHERE */
};

/* A CPU's parameters by symbol. */
static bool on_cpu(void *arg, unsigned int n, uint64_t va, enum s2_code code)
{
	struct params_search *p = arg;
	struct s2_pkvm_search *s = p->s;
	struct params params;
	uint64_t pa = S2_LOST_NOWHERE;

	if (!code)
		code = s2_kernel_pa(s->kernel, va, &pa, NULL);
	if (!code)
		code = read_params(s, pa, &params);
	if (s2_is_missing(code)) {
		p->missing = code;
		s2_lost_add(s->lost, S2_LOST_PERCPU, code, "hyp", pa,
			    "kvm_init_params of CPU %u (0x%" PRIx64 ") is %s", n, va,
			    s2_code_name(code));
	} else if (!code && is_params(s, &params)) {
		take_params(s, &params);
	}
	return s->pkvm->ncpus < S2_PKVM_MAX_CPUS;
}

/* Per-CPU areas are mapped for writing, and lie outside of the reserved memory and the kernel
 * image. */
static void params_in(struct params_search *p, const struct s2_run *run)
{
	struct s2_pkvm_search *s = p->s;
	uint64_t chunk[512], off_pgd = s2_member_off(&s->layout.param_pgd_pa.m);

	for (uint64_t off = 0; off < run->size; off += sizeof(chunk)) {
		uint64_t pa = run->entry.oa + off, in = pa - s->pkvm->reserved_pa;
		enum s2_code code;

		/* In one step: nothing says that it is no larger than what is there. */
		if (in < s->pkvm->reserved_size) {
			off += (s->pkvm->reserved_size - in - 1) / sizeof(chunk) * sizeof(chunk);
			continue;
		}
		if (s2_budget_take(&p->bytes, sizeof(chunk))) {
			p->ended_pa = pa;
			return;
		}
		code = s2_mem_read(s->mem, pa, chunk, sizeof(chunk), NULL);
		if (code)
			s2_gaps_add(&p->gaps, pa, sizeof(chunk), code);
		for (size_t i = 0; !code && i < ARRAY_SIZE(chunk); i++) {
			uint64_t at = pa + i * sizeof(chunk[0]) - off_pgd;
			struct params params;

			if (chunk[i] == s->hyp_pgd_pa && s->pkvm->ncpus < S2_PKVM_MAX_CPUS &&
			    !read_params(s, at, &params) && is_params(s, &params))
				take_params(s, &params);
		}
	}
}

static void search_params(struct params_search *p)
{
	struct s2_pkvm_search *s = p->s;
	struct s2_merge merge;
	struct s2_run run;

	s2_budget_init(&p->bytes, FLOOR_PARAM_BYTES, 1, s->mem->bytes);
	p->ended_pa = S2_LOST_NOWHERE;
	s2_walk_init(s->walk, &s->hyp_geom, s->mem, s->hyp_pgd_pa);
	s2_merge_init(&merge, s->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (p->ended_pa == S2_LOST_NOWHERE && s2_merge_next(&merge, &run)) {
		if (run.missing)
			s2_gaps_add_table(&p->gaps, run.table_pa, run.size, run.missing);
		if (!s2_run_mapped(&s->hyp_geom, &run) ||
		    run.ia + s->pkvm->phys_offset != run.entry.oa || run.entry.raw & BIT64(7))
			continue;
		params_in(p, &run);
	}
}

/* What was not seen may have held them. */
static void lose_params(const struct params_search *p)
{
	struct s2_pkvm_search *s = p->s;

	if (p->ended_pa != S2_LOST_NOWHERE)
		s2_lost_add(s->lost, S2_LOST_SEARCH, S2_BUDGET, "hyp", p->ended_pa,
			    "memory from PA 0x%" PRIx64
			    " on is not searched for kvm_nvhe_init_params: too much is mapped for "
			    "a dump of this size",
			    p->ended_pa);
	if (!p->gaps.bytes)
		return;
	s2_lost_add(s->lost, S2_LOST_SEARCH, p->gaps.code, "hyp", p->gaps.pa,
		    "%s that may hold a CPU's kvm_nvhe_init_params, the first at PA 0x%" PRIx64
		    ", are %s",
		    s2_gaps_size(&p->gaps).text, p->gaps.pa, s2_code_name(p->gaps.code));
}

void s2_pkvm_lose_hcr(struct s2_pkvm_search *s, enum s2_code code)
{
	if (s->have_host)
		s2_lost_add(s->lost, S2_LOST_REGISTER, code, "host", S2_LOST_NOWHERE,
			    "HCR_EL2 is not known without kvm_nvhe_init_params: it tells whether "
			    "memory types read as with FWB");
}

void s2_pkvm_find_params(struct s2_pkvm_search *s)
{
	const struct s2_pkvm_layout *l = &s->layout;
	struct params_search search = { .s = s };
	uint64_t nr_cpus;
	enum s2_code code;

	if (!s->have_hyp || !l->param_pgd_pa.have || !l->param_vttbr.have || !l->param_mair.have ||
	    !l->param_tcr.have || !l->param_hcr.have)
		return;
	code = s2_nvhe_params(s->kernel, on_cpu, &search);
	if (code == S2_NOTFOUND || s2_is_missing(code) || (!s->pkvm->ncpus && !search.missing)) {
		search_params(&search);
		lose_params(&search);
		if (search.gaps.bytes)
			search.missing = search.gaps.code;
		else if (search.ended_pa != S2_LOST_NOWHERE)
			search.missing = S2_BUDGET;
	}
	s->pkvm->cpus_lost = search.missing != S2_OK;
	/* The hypervisor's own count decides, where it can be read. */
	if (s->symbol[S2_SYM_NR_CPUS].hits &&
	    !s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_NR_CPUS), &nr_cpus, sizeof(nr_cpus),
			 NULL))
		s->pkvm->cpus_lost = s->pkvm->ncpus < nr_cpus;
	if (s->pkvm->ncpus || !search.missing)
		return;
	s2_lost_add(s->lost, S2_LOST_REGISTER, search.missing, "hyp", S2_LOST_NOWHERE,
		    "MAIR_EL2 and HCR_EL2 are not known without kvm_nvhe_init_params: "
		    "memory types are indices, permissions are as the table looks");
	s2_pkvm_lose_hcr(s, search.missing);
}
