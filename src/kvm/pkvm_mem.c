// SPDX-License-Identifier: GPL-2.0-or-later
// What the hypervisor knows of memory: hyp_memory[], hyp_vmemmap, its reserved part, each CPU's
// parameters.
#include <stdlib.h>
#include <string.h>

#include "decode/arm64.h"
#include "decode/merge.h"
#include "kvm/pkvm_priv.h"

/* HYP_MEMBLOCK_REGIONS (arch/arm64/include/asm/kvm_pkvm.h). */
#define MAX_REGIONS 128

/* enum memblock_flags: five so far. */
#define MEMBLOCK_NOMAP BIT64(2)
#define MEMBLOCK_FLAGS BITS64(7, 0)

/* Memory that is looked at for the CPUs' parameters: they stand in per-CPU areas of some 32 KiB
 * each. */
#define MAX_PARAM_BYTES (64U << 20)
#define MAX_CPUS 4096

static uint64_t symbol_pa(const struct s2_pkvm_search *s, enum s2_pkvm_symbol i)
{
	return s2_kva_image_pa(&s2_kernel_facts(s->kernel)->kva, s->symbol[i].value);
}

/* The region that stands at @pa; false when that cannot be one. */
static bool region_at(const struct s2_pkvm_search *s, uint64_t pa, struct s2_pkvm_region *ret)
{
	uint64_t base, size, flags;

	if (s2_pkvm_get(s->mem, pa, &s->layout.region_base, &base) ||
	    s2_pkvm_get(s->mem, pa, &s->layout.region_size, &size) ||
	    s2_pkvm_get(s->mem, pa, &s->layout.region_flags, &flags))
		return false;
	if (!size || base >> 52 || size >> 52 || (base + size) >> 52 || flags > MEMBLOCK_FLAGS)
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
	struct s2_pkvm_region *list = calloc(MAX_REGIONS, sizeof(*list));
	size_t n = 0;

	while (list && n < max && n < MAX_REGIONS &&
	       region_at(s, pa + n * s->layout.sizeof_region, &list[n])) {
		if (n && list[n].pa < list[n - 1].pa + list[n - 1].size)
			break;
		n++;
	}
	if (!n || (max < MAX_REGIONS && n != max)) {
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

/* hyp_memory[] has room for MAX_REGIONS; what is not used is zero. */
static bool zero_behind(struct s2_pkvm_search *s, uint64_t pa, size_t used)
{
	uint64_t word;

	for (uint64_t off = used * s->layout.sizeof_region;
	     off < MAX_REGIONS * s->layout.sizeof_region; off += sizeof(word))
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
	for (unsigned int i = 0; i < MAX_REGIONS && region_at(s, at - size, &before) &&
				 before.pa + before.size <= region.pa;
	     i++) {
		at -= size;
		region = before;
	}
	s->pkvm->memory = NULL;
	used = take_regions(s, at, MAX_REGIONS);
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

void s2_pkvm_find_memory(struct s2_pkvm_search *s)
{
	uint32_t n;

	if (!s->layout.sizeof_region || !s->layout.region_base.have || !s->layout.region_flags.have)
		return;
	if (s->symbol[S2_SYM_MEMORY].hits && s->symbol[S2_SYM_NMEMORY].hits) {
		if (!s2_mem_read(s->mem, symbol_pa(s, S2_SYM_NMEMORY), &n, sizeof(n), NULL) && n &&
		    n <= MAX_REGIONS)
			take_regions(s, symbol_pa(s, S2_SYM_MEMORY), n);
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
		if (s2_mem_read(s->mem, symbol_pa(s, S2_SYM_VMEMMAP), &va, sizeof(va), NULL))
			return;
	} else if (!vmemmap_by_rule(s, &va)) {
		return;
	}
	s2_walk_init(s->walk, &s->hyp_geom, s->mem, s->hyp_pgd_pa);
	if (!va || !s2_walk_range(s->walk, va, va + BIT64(s->hyp_ia_bits - 3) - 1))
		return;
	s2_merge_init(&merge, s->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (s2_merge_next(&merge, &run))
		if (!run.missing && s2_is_leaf(run.entry.type) && run.ia >= va &&
		    !add_piece(pkvm, (run.ia - va) / pkvm->page.size, run.size / pkvm->page.size,
			       run.entry.oa))
			return;
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
		if (run.missing || !s2_is_leaf(run.entry.type) || run.ia + off != run.entry.oa)
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

	if (s->symbol[S2_SYM_MEM_BASE].hits && s->symbol[S2_SYM_MEM_SIZE].hits &&
	    !s2_mem_read(s->mem, symbol_pa(s, S2_SYM_MEM_BASE), &base, sizeof(base), NULL) &&
	    !s2_mem_read(s->mem, symbol_pa(s, S2_SYM_MEM_SIZE), &size, sizeof(size), NULL) &&
	    base && size && !(base >> 52) && !(size >> 52)) {
		s->pkvm->reserved_pa = base;
		s->pkvm->reserved_size = size;
		return;
	}
	if (s->have_hyp)
		reserved_around_table(s);
}

/* ---- struct kvm_nvhe_init_params ---- */

static void add_cpu(struct s2_pkvm_search *s, uint64_t pa)
{
	const struct s2_pkvm_layout *l = &s->layout;
	struct s2_pkvm *pkvm = s->pkvm;
	struct s2_pkvm_cpu cpu = { .pa = pa };
	struct s2_pkvm_cpu *grown;

	if (s2_pkvm_get(s->mem, pa, &l->param_stack_va, &cpu.stack_va))
		cpu.stack_va = 0;
	if (s2_pkvm_get(s->mem, pa, &l->param_stack_pa, &cpu.stack_pa))
		cpu.stack_pa = 0;
	if (!pkvm->ncpus && (s2_pkvm_get(s->mem, pa, &l->param_mair, &s->mair) ||
			     s2_pkvm_get(s->mem, pa, &l->param_tcr, &s->tcr) ||
			     s2_pkvm_get(s->mem, pa, &l->param_hcr, &s->hcr)))
		return;
	grown = realloc(pkvm->cpu, (pkvm->ncpus + 1) * sizeof(*grown));
	if (!grown)
		return;
	pkvm->cpu = grown;
	pkvm->cpu[pkvm->ncpus++] = cpu;
}

/* The parameters of a CPU know the PGD of the hypervisor and the root and the geometry of the
 * host's stage 2. */
static bool is_params(const struct s2_pkvm_search *s, uint64_t pa)
{
	uint64_t pgd, vttbr, vtcr;

	return !s2_pkvm_get(s->mem, pa, &s->layout.param_pgd_pa, &pgd) && pgd == s->hyp_pgd_pa &&
	       !s2_pkvm_get(s->mem, pa, &s->layout.param_vtcr, &vtcr) && vtcr == s->host_vtcr &&
	       !s2_pkvm_get(s->mem, pa, &s->layout.param_vttbr, &vttbr) &&
	       (vttbr & BITS64(47, 6)) == (s->host_pgd_pa & BITS64(47, 6));
}

/* Per-CPU areas are mapped for writing, and lie outside of the reserved memory and the kernel
 * image. */
static void params_in(struct s2_pkvm_search *s, const struct s2_run *run)
{
	uint64_t chunk[512], off_pgd = s2_member_off(&s->layout.param_pgd_pa.m);

	for (uint64_t off = 0; off < run->size; off += sizeof(chunk)) {
		uint64_t pa = run->entry.oa + off;

		if (pa - s->pkvm->reserved_pa < s->pkvm->reserved_size)
			continue;
		if (s2_mem_read(s->mem, pa, chunk, sizeof(chunk), NULL)) {
			s->pkvm->cpus_lost = true;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(chunk); i++)
			if (chunk[i] == s->hyp_pgd_pa && s->pkvm->ncpus < MAX_CPUS &&
			    is_params(s, pa + i * sizeof(chunk[0]) - off_pgd))
				add_cpu(s, pa + i * sizeof(chunk[0]) - off_pgd);
	}
}

void s2_pkvm_find_params(struct s2_pkvm_search *s)
{
	struct s2_merge merge;
	struct s2_run run;
	uint64_t looked = 0;
	uint64_t nr_cpus;

	if (!s->have_hyp || !s->layout.param_pgd_pa.have || !s->layout.param_vttbr.have)
		return;
	s2_walk_init(s->walk, &s->hyp_geom, s->mem, s->hyp_pgd_pa);
	s2_merge_init(&merge, s->walk, S2_MERGE_PA, S2_SHOW_ALL);
	while (looked < MAX_PARAM_BYTES && s2_merge_next(&merge, &run)) {
		s->pkvm->cpus_lost |= run.missing != S2_OK;
		if (run.missing || !s2_is_leaf(run.entry.type) ||
		    run.ia + s->pkvm->phys_offset != run.entry.oa || run.entry.raw & BIT64(7))
			continue;
		if (run.entry.oa - s->pkvm->reserved_pa < s->pkvm->reserved_size)
			continue;
		looked += run.size;
		params_in(s, &run);
	}
	/* The hypervisor's own count decides, where it can be read. */
	if (s->symbol[S2_SYM_NR_CPUS].hits &&
	    !s2_mem_read(s->mem, symbol_pa(s, S2_SYM_NR_CPUS), &nr_cpus, sizeof(nr_cpus), NULL))
		s->pkvm->cpus_lost = s->pkvm->ncpus < nr_cpus;
}
