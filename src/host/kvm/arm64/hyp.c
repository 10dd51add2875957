// SPDX-License-Identifier: GPL-2.0-or-later
// hyp_pgtable (arch/arm64/kvm/mmu.c): a kvm_pgtable of the host, whose table EL2 walks.
#include "host/kvm/arm64/hyp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "decode/arm64/stage1.h"
#include "decode/walk.h"
#include "host/kvm/arm64/params.h"

/* What the leaves tell of the regime (pgtable.c, hyp_set_prot_attr()): SH is inner shareable in all
 * leaves but where LPA2 has address bits in its place; AP[1] is set in all of an EL2 regime and in
 * none of EL2&0. */
#define LEAF_SH BITS64(9, 8)
#define LEAF_AP1 BIT64(6)
#define SH_INNER 3U

/* A kvm_pgtable as the host keeps it. */
struct pgtable {
	uint64_t va, ia_bits, start_level, pgd, pgd_pa;
};

/* The first CPU's registers. */
struct registers {
	struct s2_kernel *kernel;
	bool have;
	uint64_t mair, hcr;
	enum s2_code code; /* why not */
};

static bool on_cpu(void *arg, unsigned int n, uint64_t va, enum s2_code code)
{
	struct registers *r = arg;

	(void)n;
	if (!code)
		code = s2_kernel_get(r->kernel, va, "kvm_nvhe_init_params", "mair_el2", &r->mair,
				     NULL);
	if (!code)
		code = s2_kernel_get(r->kernel, va, "kvm_nvhe_init_params", "hcr_el2", &r->hcr,
				     NULL);
	r->have = !code;
	r->code = code;
	return code != S2_OK; /* all are given the same */
}

static enum s2_code read_pgtable(struct s2_kernel *kernel, uint64_t symbol, struct pgtable *ret,
				 struct s2_err *err)
{
	const struct {
		const char *name;
		uint64_t *to;
	} wanted[] = {
		{ "ia_bits", &ret->ia_bits },
		{ "start_level", &ret->start_level },
		{ "pgd", &ret->pgd },
	};
	enum s2_code code = s2_kernel_read(kernel, symbol, &ret->va, sizeof(ret->va), err);

	for (size_t i = 0; !code && i < ARRAY_SIZE(wanted); i++)
		code = s2_kernel_get(kernel, ret->va, "kvm_pgtable", wanted[i].name, wanted[i].to,
				     err);
	return code ? code : s2_kernel_pa(kernel, ret->pgd, &ret->pgd_pa, err);
}

/* The first leaf of the table, whatever it maps; false when there is none that can be read. */
static bool first_leaf(const struct s2_mem *mem, const struct s2_geometry *geom, uint64_t root,
		       uint64_t *ret)
{
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	struct s2_strip strip;

	if (!walk) {
		s2_err_note_failing(S2_NOMEM);
		return false;
	}
	s2_walk_init(walk, geom, mem, root);
	while (s2_walk_next(walk, &strip)) {
		for (uint64_t i = 0; !strip.missing && i < strip.n; i++) {
			if (!geom->arch->is_leaf(geom, strip.height, strip.desc[i]))
				continue;
			*ret = strip.desc[i];
			return true;
		}
	}
	return false;
}

/* Geometry by the kvm_pgtable and the leaves: TCR_EL2 of the parameters lacks PS, which EL2 adds
 * (nvhe/hyp-init.S). */
static enum s2_code make_regime(struct s2_kernel *kernel, const struct s2_mem *mem,
				const struct pgtable *pgt, struct s2_regime *regime,
				struct s2_err *err)
{
	struct registers r = { .kernel = kernel, .code = S2_NOTFOUND };
	struct s2_geometry geom;
	uint64_t leaf = 0;
	bool have_leaf;
	enum s2_code code;

	s2_regime_init(regime, &s2_arm64_stage1_el2);
	s2_regime_set(regime, S2_ARM64_GRANULE, s2_kernel_facts(kernel)->kva.page_size);
	s2_regime_set(regime, S2_ARM64_IA_BITS, (unsigned int)pgt->ia_bits);
	if (pgt->ia_bits == 52 && regime->value[S2_ARM64_GRANULE] != 65536)
		s2_regime_set_flag(regime, S2_ARM64_LPA2, S2_YES);
	code = regime->arch->shape(regime, &geom, err);
	if (code)
		return code;
	if ((int)(int64_t)pgt->start_level != s2_level(&geom, geom.top))
		return s2_fail(err, S2_INVALID, "%" PRIu64 " bits do not begin at level %d",
			       pgt->ia_bits, (int)(int64_t)pgt->start_level);
	have_leaf = first_leaf(mem, &geom, pgt->pgd_pa, &leaf);
	if (have_leaf && regime->value[S2_ARM64_GRANULE] != 65536)
		s2_regime_set_flag(regime, S2_ARM64_LPA2,
				   field_get(LEAF_SH, leaf) == SH_INNER ? S2_NO : S2_YES);
	code = s2_nvhe_params(kernel, on_cpu, &r);
	if (code || !r.have) {
		if (have_leaf)
			s2_regime_set_flag(regime, S2_ARM64_E2H, leaf & LEAF_AP1 ? S2_NO : S2_YES);
		if (s2_is_missing(code))
			return code;
		return s2_is_missing(r.code) ? r.code : S2_OK;
	}
	s2_regime_set(regime, S2_ARM64_HCR_EL2, r.hcr);
	s2_regime_set(regime, S2_ARM64_MAIR_EL2, r.mair);
	return S2_OK;
}

static enum s2_code add(struct s2_tables *tables, const struct pgtable *pgt,
			const struct s2_regime *regime, struct s2_err *err)
{
	struct s2_table table = { .id = "hyp",
				  .kind = "hyp-stage1",
				  .root_pa = pgt->pgd_pa,
				  .pid = -1,
				  .vcpus = -1,
				  .regime = *regime };

	snprintf(table.found, sizeof(table.found), "struct kvm_pgtable at 0x%" PRIx64 " (symbol)",
		 pgt->va);
	return s2_tables_add(tables, &table, err);
}

enum s2_code s2_kvm_hyp(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_lost *lost,
			struct s2_tables *tables, struct s2_err *err)
{
	struct s2_symbol symbol = { .name = "hyp_pgtable" };
	struct pgtable pgt = { 0 };
	struct s2_regime regime;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_kernel_symbols(kernel, &symbol, 1, &why);
	if (s2_is_missing(code))
		s2_lost_add(lost, S2_LOST_TABLE, code, "hyp", S2_LOST_NOWHERE, "hyp_pgtable: %s",
			    why.text);
	if (code || symbol.hits != 1)
		return S2_OK;
	code = read_pgtable(kernel, symbol.value, &pgt, &why);
	if (!code) {
		code = make_regime(kernel, mem, &pgt, &regime, &why);
		if (s2_is_missing(code)) {
			s2_lost_add(lost, S2_LOST_REGISTER, code, "hyp", S2_LOST_NOWHERE,
				    "MAIR_EL2 and HCR_EL2: kvm_init_params is %s: memory types are "
				    "indices",
				    s2_code_name(code));
			code = S2_OK;
		}
		if (!code)
			return add(tables, &pgt, &regime, err);
	}
	s2_lost_add(lost, S2_LOST_TABLE, code, "hyp", S2_LOST_NOWHERE, "hyp_pgtable: %s", why.text);
	return S2_OK;
}
