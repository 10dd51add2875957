// SPDX-License-Identifier: GPL-2.0-or-later
// pKVM's structures by member and its encodings by enumerator: what this kernel's marks mean.
#include <stddef.h>

#include "host/pkvm/priv.h"

#define FIELD(f, t, p) S2_FIELD(s2_pkvm_layout, f, t, p, false)

static const struct s2_field_row rows[] = {
	FIELD(pgt_ia_bits, "kvm_pgtable", "ia_bits"),
	FIELD(pgt_start_level, "kvm_pgtable", "start_level"),
	FIELD(pgt_pgd, "kvm_pgtable", "pgd"),
	FIELD(pgt_mm_ops, "kvm_pgtable", "mm_ops"),
	FIELD(pgt_flags, "kvm_pgtable", "flags"),
	FIELD(host_arch, "host_mmu", "arch"), /* since 6.2 */
	FIELD(host_arch, "host_kvm", "arch"), /* up to 6.1 */
	FIELD(region_base, "memblock_region", "base"),
	FIELD(region_size, "memblock_region", "size"),
	FIELD(region_flags, "memblock_region", "flags"),
	FIELD(param_mair, "kvm_nvhe_init_params", "mair_el2"),
	FIELD(param_tcr, "kvm_nvhe_init_params", "tcr_el2"),
	FIELD(param_stack_va, "kvm_nvhe_init_params", "stack_hyp_va"),
	FIELD(param_stack_pa, "kvm_nvhe_init_params", "stack_pa"), /* since 5.19 */
	FIELD(param_pgd_pa, "kvm_nvhe_init_params", "pgd_pa"),
	FIELD(param_hcr, "kvm_nvhe_init_params", "hcr_el2"),
	FIELD(param_vttbr, "kvm_nvhe_init_params", "vttbr"),
	FIELD(param_vtcr, "kvm_nvhe_init_params", "vtcr"),
	FIELD(vm_kvm, "pkvm_hyp_vm", "kvm"),
	FIELD(vm_host_kvm, "pkvm_hyp_vm", "host_kvm"),
	FIELD(page_refcount, "hyp_page", "refcount"),
	FIELD(page_order, "hyp_page", "order"),
	FIELD(page_host, "hyp_page", "__host_state"), /* since 6.16 */
	FIELD(page_host, "hyp_page", "host_state"),   /* 6.14 */
	FIELD(page_hyp, "hyp_page", "__hyp_state_comp"),
	FIELD(page_share, "hyp_page", "host_share_guest_count"),
	FIELD(ffa_tx, "kvm_ffa_buffers", "tx"),
};

static bool enumerator(struct s2_types *types, const char *name, uint64_t *ret)
{
	return !s2_types_enum(types, NULL, name, ret, NULL);
}

static uint64_t bits_of(const struct s2_field_at *field)
{
	unsigned int width = field->m.bit_size ? field->m.bit_size :
						 (unsigned int)field->m.size * 8;

	if (!field->have || !width || field->m.bit_off + width > 64)
		return 0;
	return low_bits(width) << field->m.bit_off;
}

static void owner_ids(struct s2_types *types, struct s2_pkvm *pkvm)
{
	static const struct {
		enum s2_owner owner;
		const char *name;
		int fallback; /* up to 6.1 the ids are no enum that all files see */
	} ids[] = {
		{ S2_OWNER_HOST, "PKVM_ID_HOST", 0 },
		{ S2_OWNER_HYP, "PKVM_ID_HYP", 1 },
		{ S2_OWNER_FFA, "PKVM_ID_FFA", -1 },
		{ S2_OWNER_GUEST, "PKVM_ID_GUEST", -1 },
	};

	for (size_t i = 0; i < S2_NOWNERS; i++)
		pkvm->id[i] = -1;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		uint64_t id;

		pkvm->id[ids[i].owner] =
			(int16_t)(enumerator(types, ids[i].name, &id) && id <= UINT8_MAX ?
					  (int)id :
					  ids[i].fallback);
	}
}

/* Where the states are, and their values (enum pkvm_page_state: bits of leaves up to 6.13, small
 * numbers since). */
static void states(struct s2_types *types, struct s2_pkvm_layout *l, struct s2_pkvm *pkvm)
{
	static const struct {
		enum s2_page_state state;
		const char *name;
		uint8_t fallback;
	} names[] = {
		{ S2_STATE_OWNED, "PKVM_PAGE_OWNED", 0 },
		{ S2_STATE_SHARED_OWNED, "PKVM_PAGE_SHARED_OWNED", 1 },
		{ S2_STATE_SHARED_BORROWED, "PKVM_PAGE_SHARED_BORROWED", 2 },
		{ S2_STATE_NOPAGE, "PKVM_NOPAGE", 3 },
	};
	uint64_t value;

	if (enumerator(types, "PKVM_PAGE_SHARED_OWNED", &value))
		pkvm->host_in = pkvm->hyp_in = S2_STATE_IN_PTE;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		pkvm->value[names[i].state] =
			(uint8_t)(enumerator(types, names[i].name, &value) && value <= UINT8_MAX ?
					  value :
					  names[i].fallback);
	pkvm->page = (struct s2_hyp_page_bits){
		.size = (uint8_t)(l->sizeof_page <= 8 ? l->sizeof_page : 0),
		.refcount = bits_of(&l->page_refcount),
		.order = bits_of(&l->page_order),
		.host = bits_of(&l->page_host),
		.hyp = bits_of(&l->page_hyp),
		.share = bits_of(&l->page_share),
	};
	if (pkvm->page.host)
		pkvm->host_in = S2_STATE_IN_VMEMMAP;
	if (pkvm->page.hyp)
		pkvm->hyp_in = S2_STATE_IN_VMEMMAP;
}

static void annotations(struct s2_types *types, struct s2_pkvm *pkvm)
{
	static const char *const names[S2_NINVALID] = {
		[S2_INVALID_LOCKED] = "KVM_INVALID_PTE_TYPE_LOCKED",
		[S2_INVALID_DONATION] = "KVM_HOST_INVALID_PTE_TYPE_DONATION",
		[S2_INVALID_POISONED] = "KVM_GUEST_INVALID_PTE_TYPE_POISONED",
	};
	uint64_t value;

	if (s2_types_has(types, "kvm_invalid_pte_type")) {
		pkvm->annotation = S2_ANNOTATION_TYPED;
		for (unsigned int i = 0; i < S2_NINVALID; i++)
			pkvm->type[i] =
				(uint8_t)(enumerator(types, names[i], &value) ? value : i + 1);
		return;
	}
	/* The owner id moved down when page states came (5.15). */
	pkvm->annotation = pkvm->host_in == S2_STATE_UNTRACKED ? S2_ANNOTATION_HIGH :
								 S2_ANNOTATION_LOW;
	/* KVM_INVALID_PTE_LOCKED came with parallel faults, as did this structure (6.2). */
	pkvm->locked_bit = s2_types_has(types, "kvm_pgtable_visit_ctx");
}

enum s2_code s2_pkvm_layout(struct s2_kernel *kernel, struct s2_pkvm_layout *ret,
			    struct s2_pkvm *pkvm, struct s2_err *err)
{
	struct s2_pkvm_layout l = { 0 };
	struct s2_types *types;
	uint64_t value;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	if (!code)
		code = s2_fields_find(kernel, rows, ARRAY_SIZE(rows), &l, err);
	if (code)
		return code;
	if (!l.host_arch.have || !l.pgt_pgd.have || !l.pgt_ia_bits.have || !l.pgt_mm_ops.have)
		return s2_fail(err, S2_NOTFOUND,
			       "this kernel has no types of a host stage 2 (struct host_mmu)");
	if (s2_types_sizeof(types, "hyp_page", &l.sizeof_page, NULL))
		l.sizeof_page = 0;
	if (s2_types_sizeof(types, "memblock_region", &l.sizeof_region, NULL))
		l.sizeof_region = 0;
	owner_ids(types, pkvm);
	states(types, &l, pkvm);
	annotations(types, pkvm);
	pkvm->guests = s2_types_has_member(types, "kvm_pgtable", "pkvm_mappings");
	pkvm->hyp_vms = l.vm_kvm.have;
	pkvm->split_xn = enumerator(types, "KVM_PGTABLE_PROT_PX", &value);
	/* The hypervisor's text stays readable for the host since the same release that tells
	 * protected from created VMs (6.18, nvhe/setup.c fix_host_ownership()). */
	pkvm->text_stays = s2_types_has_member(types, "kvm_protected_vm", "is_created");
	pkvm->host_memattr = S2_MEMATTR_UNKNOWN;
	*ret = l;
	return S2_OK;
}

enum s2_code s2_pkvm_get(const struct s2_mem *mem, uint64_t pa, const struct s2_field_at *field,
			 uint64_t *ret)
{
	return s2_field_get_pa(mem, pa, field, ret, NULL);
}
