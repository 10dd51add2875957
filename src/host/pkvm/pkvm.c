// SPDX-License-Identifier: GPL-2.0-or-later
// From the anchors to tables: `host`, `hyp`, and the guests that the hypervisor manages.
#include "host/pkvm/pkvm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "decode/arm64/arm64.h"
#include "decode/arm64/stage1.h"
#include "host/pkvm/priv.h"

/* KVM_MAX_PVMS, HANDLE_OFFSET and RESERVED_ENTRY of nvhe/pkvm.c. */
#define MAX_GUESTS 255
#define HANDLE_OFFSET 0x1000
#define RESERVED_ENTRY UINT64_C(0xa110ca7ed)

static const char *const symbol_names[S2_NPKVM_SYMBOLS] = {
	[S2_SYM_HOST_MMU] = "__kvm_nvhe_host_mmu", /* since 6.2 */
	[S2_SYM_HOST_KVM] = "__kvm_nvhe_host_kvm", /* up to 6.1 */
	[S2_SYM_PGTABLE] = "__kvm_nvhe_pkvm_pgtable",
	[S2_SYM_OFFSET] = "__kvm_nvhe_hyp_physvirt_offset",
	[S2_SYM_VMEMMAP] = "__kvm_nvhe___hyp_vmemmap",
	[S2_SYM_MEMORY] = "__kvm_nvhe_hyp_memory",
	[S2_SYM_NMEMORY] = "__kvm_nvhe_hyp_memblock_nr",
	[S2_SYM_VM_TABLE] = "__kvm_nvhe_vm_table",
	[S2_SYM_FFA] = "__kvm_nvhe_host_buffers",
	[S2_SYM_MEM_BASE] = "hyp_mem_base",
	[S2_SYM_MEM_SIZE] = "hyp_mem_size",
	[S2_SYM_NR_CPUS] = "__kvm_nvhe_hyp_nr_cpus",
};

void s2_pkvm_free(struct s2_pkvm *pkvm)
{
	if (!pkvm)
		return;
	free(pkvm->piece);
	free(pkvm->memory);
	free(pkvm->cpu);
	free(pkvm);
}

static void find_symbols(struct s2_pkvm_search *s)
{
	for (unsigned int i = 0; i < S2_NPKVM_SYMBOLS; i++)
		s->symbol[i] = (struct s2_symbol){ .name = symbol_names[i] };
	s->symbols_unread = s2_kernel_symbols(s->kernel, s->symbol, S2_NPKVM_SYMBOLS, NULL);
	if (s->symbols_unread)
		for (unsigned int i = 0; i < S2_NPKVM_SYMBOLS; i++)
			s->symbol[i].hits = 0;
}

/* Tables are found without symbols, these are not. */
static void lose_symbols(const struct s2_pkvm_search *s)
{
	if (s2_is_missing(s->symbols_unread))
		s2_lost_add(s->lost, S2_LOST_OWNER, s->symbols_unread, "host", S2_LOST_NOWHERE,
			    "the kernel's symbols are %s: which memory the hypervisor knows, and "
			    "whether FF-A borrows any, is not known",
			    s2_code_name(s->symbols_unread));
}

/* Only after the host has given FF-A its buffers can it share memory with it (nvhe/ffa.c,
 * do_ffa_rxtx_map()). */
static void find_ffa(struct s2_pkvm_search *s)
{
	uint64_t tx;

	if (s->symbol[S2_SYM_FFA].hits) {
		uint64_t pa = s2_pkvm_symbol_pa(s, S2_SYM_FFA);
		enum s2_code code = s2_pkvm_get(s->mem, pa, &s->layout.ffa_tx, &tx);

		if (!code)
			s->pkvm->ffa = tx ? S2_YES : S2_NO;
		else if (s2_is_missing(code))
			s2_lost_add(s->lost, S2_LOST_OWNER, code, NULL, pa,
				    "host_buffers at PA 0x%" PRIx64
				    ", which tell whether FF-A borrows memory, are %s",
				    pa, s2_code_name(code));
	} else if (!s->layout.ffa_tx.have) {
		s->pkvm->ffa = S2_NO;
	}
}

/* What the host's leaves carry (pgtable.c, KVM_S2_MEMATTR(); asm/memory.h, MT_S2_*). */
static void host_memattr(struct s2_pkvm_search *s, struct s2_regime *regime)
{
	struct s2_types *types;
	bool typed = !s2_kernel_types(s->kernel, &types, NULL);
	bool as_s1 = typed && s2_types_flag(types, "KVM_PGTABLE_S2_AS_S1", s->host_flags);

	if (typed && s2_types_flag(types, "KVM_PGTABLE_S2_NOFWB", s->host_flags)) {
		s->pkvm->host_memattr = 0xf;
		s2_regime_set_flag(regime, S2_ARM64_FWB, S2_NO);
	} else if (s->pkvm->ncpus) {
		s->pkvm->host_memattr = !(s->hcr & HCR_FWB) ? 0xf : as_s1 ? 7 : 6;
	}
}

static enum s2_code add_host(struct s2_pkvm_search *s, struct s2_tables *tables)
{
	struct s2_table table = { .id = "host",
				  .kind = "host-stage2",
				  .root_pa = s->host_pgd_pa,
				  .pid = -1,
				  .vcpus = -1 };

	s2_pkvm_annotate(&table, s->pkvm, S2_PKVM_HOST);
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_VTCR_EL2, s->host_vtcr);
	host_memattr(s, &table.regime);
	if (s->pkvm->ncpus)
		s2_regime_set(&table.regime, S2_ARM64_HCR_EL2, s->hcr);
	snprintf(table.found, sizeof(table.found), "struct kvm_s2_mmu at PA 0x%" PRIx64 "%s",
		 s->host_mmu_pa,
		 s->symbol[S2_SYM_HOST_MMU].hits || s->symbol[S2_SYM_HOST_KVM].hits ?
			 " (symbol)" :
			 " (no symbol; found by its pointers)");
	return s2_tables_add(tables, &table, s->err);
}

/*
 * Whether EL2 runs with E2H decides how permissions read. Without the CPUs' parameters the table
 * tells: AP[1] is set in all leaves of an EL2 regime and in none of the kernel's EL2&0 regime
 * (pgtable.c, hyp_set_prot_attr()).
 */
static enum s2_tristate guess_e2h(struct s2_pkvm_search *s)
{
	uint64_t pa, raw;

	if (!s2_pkvm_hyp_find(s, s->host_mmu_pa - s->pkvm->phys_offset, &pa, &raw))
		return S2_UNKNOWN;
	return raw & BIT64(6) ? S2_NO : S2_YES;
}

static enum s2_code add_hyp(struct s2_pkvm_search *s, struct s2_tables *tables)
{
	struct s2_table table = {
		.id = "hyp", .kind = "hyp-stage1", .root_pa = s->hyp_pgd_pa, .pid = -1, .vcpus = -1
	};
	s2_pkvm_annotate(&table, s->pkvm, S2_PKVM_HYP);
	table.regime = s->hyp_regime;
	if (s->pkvm->ncpus) {
		s2_regime_set(&table.regime, S2_ARM64_HCR_EL2, s->hcr);
		s2_regime_set(&table.regime, S2_ARM64_MAIR_EL2, s->mair);
	} else {
		s2_regime_set_flag(&table.regime, S2_ARM64_E2H, guess_e2h(s));
	}
	/*
	 * TCR_EL2 is not taken from the CPUs' parameters: __kvm_hyp_init adds PS to it
	 * (nvhe/hyp-init.S), and with hVHE and LPA2 6.12 puts DS where IPS is. Only the size must
	 * agree.
	 */
	if (s->pkvm->ncpus && 64 - field_get(BITS64(5, 0), s->tcr) != s->hyp_ia_bits)
		snprintf(table.remark, sizeof(table.remark),
			 "T0SZ of TCR_EL2 0x%" PRIx64 " contradicts the %u bits of pkvm_pgtable",
			 s->tcr, s->hyp_ia_bits);
	if (s->hyp_damaged && s->hyp_gaps.bytes)
		snprintf(table.remark, sizeof(table.remark),
			 "the table page at PA 0x%" PRIx64 ", at or near its root, is %s",
			 s->hyp_gaps.pa & ~(s2_kernel_facts(s->kernel)->kva.page_size - 1),
			 s2_code_name(s->hyp_gaps.code));
	else if (s->hyp_damaged)
		snprintf(table.remark, sizeof(table.remark),
			 "the table maps neither host_mmu nor itself: it is damaged near its root");
	snprintf(table.found, sizeof(table.found), "struct kvm_pgtable at PA 0x%" PRIx64 "%s",
		 s->hyp_pgt_pa,
		 s->symbol[S2_SYM_PGTABLE].hits ? " (symbol)" : " (no symbol; it maps host_mmu)");
	return s2_tables_add(tables, &table, s->err);
}

static enum s2_code find_all(struct s2_pkvm_search *s, struct s2_tables *tables)
{
	struct s2_err hyp_err = { 0 };
	struct s2_err *err = s->err;
	enum s2_code code = s2_pkvm_find_host(s), hyp_code;

	if (code)
		return code;
	lose_symbols(s);
	find_ffa(s);
	s->err = &hyp_err;
	hyp_code = s2_pkvm_find_hyp(s);
	s->err = err;
	if (hyp_code == S2_NOMEM)
		return s2_fail(err, hyp_code, "%s", hyp_err.text);
	s2_pkvm_find_reserved(s);
	s2_pkvm_find_params(s);
	s2_pkvm_find_memory(s);
	s2_pkvm_find_vmemmap(s);
	if (s->nomem)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = add_host(s, tables);
	if (code)
		return code;
	if (s->have_hyp)
		return add_hyp(s, tables);
	s2_lost_add(s->lost, S2_LOST_TABLE, hyp_code, "hyp", S2_LOST_NOWHERE, "%s", hyp_err.text);
	/* The parameters are known by the hypervisor's PGD. */
	s2_pkvm_lose_hcr(s, hyp_code);
	return S2_OK;
}

enum s2_code s2_pkvm_find(struct s2_kernel *kernel, const struct s2_mem *mem,
			  const struct s2_kvm_arm64_layout *layout, struct s2_lost *lost,
			  struct s2_tables *tables, struct s2_err *err)
{
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	struct s2_pkvm *pkvm = calloc(1, sizeof(*pkvm));
	struct s2_pkvm_search s = { .kernel = kernel,
				    .mem = mem,
				    .kvm = layout,
				    .pkvm = pkvm,
				    .walk = walk,
				    .lost = lost,
				    .err = err };
	enum s2_code code;

	if (!walk || !pkvm) {
		free(pkvm);
		return s2_fail(err, S2_NOMEM, "no memory");
	}
	pkvm->handle_first = HANDLE_OFFSET;
	code = s2_pkvm_layout(kernel, &s.layout, pkvm, err);
	if (!code) {
		find_symbols(&s);
		code = find_all(&s, tables);
	}
	if (code) {
		s2_pkvm_free(pkvm);
		return s2_wrap(err, code, "pKVM");
	}
	tables->keeper = &s2_pkvm_host;
	tables->kept = pkvm;
	return S2_OK;
}

/* The guest at hypervisor address @va. A pointer that leads nowhere is a guest of which nothing is
 * known. */
static void read_guest(const struct s2_mem *mem, const struct s2_kvm_arm64_layout *layout,
		       const struct s2_pkvm_layout *l, const struct s2_pkvm *pkvm, uint64_t va,
		       struct s2_pkvm_guest *ret)
{
	uint64_t kvm = va + pkvm->phys_offset + s2_member_off(&l->vm_kvm.m), host_kvm, vmid;
	uint64_t mmu = kvm + s2_member_off(&layout->mmu.m);
	enum s2_code code;

	ret->pa = va + pkvm->phys_offset;
	code = s2_pkvm_get(mem, ret->pa, &l->vm_host_kvm, &host_kvm);
	if (!code && host_kvm)
		ret->host_kvm_pa = host_kvm + pkvm->phys_offset;
	ret->unread = code == S2_NOTFOUND ? S2_OK : code;
	code = s2_pkvm_get(mem, kvm, &layout->vtcr, &ret->vtcr);
	if (!code)
		code = s2_pkvm_get(mem, mmu, &layout->mmu_pgd_phys, &ret->root_pa);
	if (code)
		ret->unread = code;
	else if (!s2_pkvm_get(mem, mmu, &layout->mmu_vmid, &vmid))
		ret->vmid = (uint32_t)vmid &
			    UINT16_MAX; /* its index and one (insert_vm_table_entry()) */
}

enum s2_code s2_pkvm_guests(struct s2_kernel *kernel, const struct s2_mem *mem,
			    const struct s2_kvm_arm64_layout *layout, struct s2_pkvm *pkvm,
			    struct s2_pkvm_guest **ret, size_t *ret_n, struct s2_err *err)
{
	struct s2_symbol symbol = { .name = symbol_names[S2_SYM_VM_TABLE] };
	struct s2_pkvm_layout l;
	struct s2_pkvm rules = { 0 };
	struct s2_pkvm_guest *list;
	uint64_t table, entry;
	size_t n = 0;
	enum s2_code code = s2_pkvm_layout(kernel, &l, &rules, err);

	if (code)
		return code;
	if (!l.vm_kvm.have)
		return s2_fail(err, S2_NOTFOUND, "this kernel's hypervisor keeps no guests");
	code = s2_kernel_symbols(kernel, &symbol, 1, err);
	if (s2_is_missing(code))
		return s2_wrap(err, code, "%s", symbol.name);
	if (code || !symbol.hits)
		return s2_fail(err, S2_NOTFOUND, "the symbol %s is not known", symbol.name);
	code = s2_mem_read(mem, s2_kva_image_pa(&s2_kernel_facts(kernel)->kva, symbol.value),
			   &table, sizeof(table), err);
	list = code ? NULL : calloc(MAX_GUESTS, sizeof(*list));
	if (!code && !list)
		code = s2_fail(err, S2_NOMEM, "no memory for guests");
	for (unsigned int i = 0; !code && table && i < MAX_GUESTS; i++) {
		code = s2_mem_read(mem, table + pkvm->phys_offset + i * sizeof(entry), &entry,
				   sizeof(entry), err);
		if (code || !entry || entry == RESERVED_ENTRY)
			continue;
		list[n].handle = pkvm->handle_first + i;
		read_guest(mem, layout, &l, pkvm, entry, &list[n++]);
	}
	if (code) {
		free(list);
		return s2_wrap(err, code, "vm_table");
	}
	*ret = list;
	*ret_n = n;
	return S2_OK;
}
