// SPDX-License-Identifier: GPL-2.0-or-later
// The anchors of pKVM's tables: host_mmu and pkvm_pgtable, by symbol, or by how they must point at
// each other.
#include "decode/arm64/stage1.h"
#include "decode/lookup.h"
#include "host/pkvm/priv.h"

/* struct host_mmu is a few KiB; its parts cannot be further apart. */
#define MAX_APART (64U << 10)

/* Hypervisor addresses have at most 52 bits: TTBR0_EL2's half. */
#define HYP_VA_END BIT64(52)

struct scan {
	struct s2_pkvm_search *s;
	bool (*word)(struct s2_pkvm_search *s, uint64_t pa, uint64_t value);
	struct s2_budget words;
	bool stopped;
	enum s2_code code;
};

/* Words beside those that there is memory for: segments of a file may show the same data again and
 * again. */
#define WORDS_FLOOR (2U << 20)

static bool scan_words(void *arg, uint64_t pa, const void *bytes, size_t len)
{
	struct scan *scan = arg;
	const uint64_t *words = bytes;

	if (s2_budget_take(&scan->words, len / sizeof(*words))) {
		s2_gaps_add(&scan->s->gaps, pa, len, S2_BUDGET);
		return false;
	}
	for (size_t i = 0; i < len / sizeof(*words) && !scan->stopped; i++)
		scan->stopped = !scan->word(scan->s, pa + i * sizeof(*words), words[i]);
	return !scan->stopped;
}

static bool scan_piece(void *arg, const struct s2_kva_piece *piece)
{
	struct scan *scan = arg;

	if (piece->writable)
		scan->code = s2_scan(scan->s->mem, piece->pa, piece->size, 0, scan_words, scan,
				     &scan->s->gaps, scan->s->err);
	return !scan->code && !scan->stopped;
}

enum s2_code s2_pkvm_scan(struct s2_pkvm_search *s,
			  bool (*word)(struct s2_pkvm_search *s, uint64_t pa, uint64_t value))
{
	struct scan scan = { .s = s, .word = word };
	enum s2_code code;

	s->gaps = (struct s2_gaps){ 0 };
	s2_budget_init(&scan.words, WORDS_FLOOR, 1, s2_mem_structures(s->mem) / sizeof(uint64_t));
	code = s2_kernel_image(s->kernel, scan_piece, &scan, &s->gaps, s->err);
	return code ? code : scan.code;
}

/* s2_pkvm_get() of what makes up an anchor: what is missing of it is noted. */
static bool get(struct s2_pkvm_search *s, uint64_t pa, const struct s2_field_at *field,
		uint64_t *ret)
{
	enum s2_code code = s2_pkvm_get(s->mem, pa, field, ret);

	if (s2_is_missing(code))
		s2_gaps_add(&s->parts, pa + s2_member_off(&field->m), s2_member_span(&field->m),
			    code);
	return !code;
}

/* Why there is no @what: a part of it is missing, or some of what was searched, or it is not there.
 */
static enum s2_code say_why(struct s2_pkvm_search *s, bool by_symbol, const char *what)
{
	uint8_t byte;
	enum s2_code code = S2_OK;

	if (by_symbol && s->parts.bytes)
		code = s2_mem_read(s->mem, s->parts.pa, &byte, 1, s->err);
	if (code)
		return s2_wrap(s->err, code, "%s", what);
	if (!by_symbol && s->gaps.bytes)
		return s2_fail(s->err, s->gaps.code,
			       "could not search %s of the kernel's data for %s, the first at "
			       "PA 0x%llx (%s)",
			       s2_gaps_size(&s->gaps).text, what, (unsigned long long)s->gaps.pa,
			       s2_code_name(s->gaps.code));
	return s2_fail(s->err, S2_NOTFOUND, "no sound %s in the kernel image", what);
}

/* Where struct kvm_s2_mmu lies within struct kvm_arch. */
static uint64_t mmu_in_arch(const struct s2_pkvm_search *s)
{
	return s2_member_off(&s->kvm->mmu.m) - s2_member_off(&s->kvm->arch.m);
}

static bool get_vtcr(struct s2_pkvm_search *s, uint64_t arch_pa)
{
	struct s2_field_at in_arch = s->kvm->vtcr;

	in_arch.m.bit_off -= s->kvm->arch.m.bit_off;
	return get(s, arch_pa, &in_arch, &s->host_vtcr);
}

static bool get_flags(struct s2_pkvm_search *s, uint64_t pgt)
{
	return !s->layout.pgt_flags.have || get(s, pgt, &s->layout.pgt_flags, &s->host_flags);
}

/*
 * Is there the host's struct kvm_s2_mmu at @mmu? kvm_host_prepare_stage2() (nvhe/mem_protect.c)
 * makes it point to the kvm_arch around it and to the kvm_pgtable behind that, which points back
 * and has the same PGD, all of them by hypervisor addresses: one offset between those and physical
 * addresses must explain all.
 */
static bool is_host(struct s2_pkvm_search *s, uint64_t mmu)
{
	uint64_t arch_pa = mmu - mmu_in_arch(s), arch, pgt, pgt_pa, back, pgd, pgd_phys, bits, off;

	if (!get(s, mmu, &s->kvm->mmu_arch, &arch) || !get(s, mmu, &s->kvm->mmu_pgt, &pgt) ||
	    !get(s, mmu, &s->kvm->mmu_pgd_phys, &pgd_phys) || !get_vtcr(s, arch_pa))
		return false;
	off = arch_pa - arch;
	pgt_pa = pgt + off;
	if (arch >= HYP_VA_END || pgt_pa - arch_pa > MAX_APART)
		return false;
	if (!get(s, pgt_pa, &s->kvm->pgt_mmu, &back) || !get(s, pgt_pa, &s->layout.pgt_pgd, &pgd) ||
	    !get(s, pgt_pa, &s->layout.pgt_ia_bits, &bits) || !get_flags(s, pgt_pa))
		return false;
	if (back + off != mmu || pgd + off != pgd_phys || bits < 32 || bits > 52)
		return false;
	s->have_host = true;
	s->host_mmu_pa = mmu;
	s->host_pgd_pa = pgd_phys;
	s->pkvm->phys_offset = off;
	return true;
}

static bool host_word(struct s2_pkvm_search *s, uint64_t pa, uint64_t value)
{
	uint64_t mmu = pa - s2_member_off(&s->kvm->mmu_arch.m);
	uint64_t arch_pa = mmu - mmu_in_arch(s);

	/* Offsets between address spaces are whole pages. */
	if (!value || value >= HYP_VA_END || ((value ^ arch_pa) & 0xfff))
		return true;
	return !is_host(s, mmu);
}

enum s2_code s2_pkvm_find_host(struct s2_pkvm_search *s)
{
	uint64_t host_arch = s2_member_off(&s->layout.host_arch.m), offset;
	bool by_symbol = s->symbol[S2_SYM_HOST_MMU].hits || s->symbol[S2_SYM_HOST_KVM].hits;
	enum s2_code code;

	for (unsigned int i = S2_SYM_HOST_MMU; i <= S2_SYM_HOST_KVM; i++)
		if (s->symbol[i].hits &&
		    is_host(s, s2_pkvm_symbol_pa(s, i) + host_arch + mmu_in_arch(s)))
			break;
	if (!by_symbol) {
		code = s2_pkvm_scan(s, host_word);
		if (code)
			return code;
	}
	if (!s->have_host)
		return say_why(s, by_symbol, "host stage 2 (struct host_mmu)");
	if (s->symbol[S2_SYM_OFFSET].hits &&
	    !s2_mem_read(s->mem, s2_pkvm_symbol_pa(s, S2_SYM_OFFSET), &offset, sizeof(offset),
			 NULL) &&
	    offset != s->pkvm->phys_offset)
		return s2_fail(
			s->err, S2_INVALID,
			"hyp_physvirt_offset is 0x%llx, but the host's stage 2 lies as if it were 0x%llx",
			(unsigned long long)offset, (unsigned long long)s->pkvm->phys_offset);
	return S2_OK;
}

bool s2_pkvm_hyp_find(struct s2_pkvm_search *s, uint64_t va, uint64_t *ret_pa, uint64_t *ret_raw)
{
	struct s2_found found;
	enum s2_code code = s2_lookup(s->mem, &s->hyp_geom, s->hyp_pgd_pa, va, &found);

	if (s2_is_missing(code))
		s2_gaps_add(&s->parts, found.desc_pa, sizeof(found.raw), code);
	if (code || !found.mapped)
		return false;
	*ret_pa = found.pa;
	*ret_raw = found.raw;
	return true;
}

/* Geometry without registers: what the kvm_pgtable says, and the host's VTCR_EL2.DS (LPA2 is
 * system-wide). */
static enum s2_code shape_hyp(struct s2_pkvm_search *s, unsigned int ia_bits)
{
	s2_regime_init(&s->hyp_regime, &s2_arm64_stage1_el2);
	s2_regime_set(&s->hyp_regime, S2_ARM64_GRANULE, s2_kernel_facts(s->kernel)->kva.page_size);
	s2_regime_set(&s->hyp_regime, S2_ARM64_IA_BITS, ia_bits);
	if (s->host_vtcr & VTCR_DS)
		s2_regime_set_flag(&s->hyp_regime, S2_ARM64_LPA2, S2_YES);
	s2_regime_set(&s->hyp_regime, S2_ARM64_OA_BITS,
		      s2_arm64_ps_bits((unsigned int)field_get(VTCR_PS, s->host_vtcr)));
	if (s->hyp_regime.value[S2_ARM64_OA_BITS] > 48 && !(s->host_vtcr & VTCR_DS) &&
	    s->hyp_regime.value[S2_ARM64_GRANULE] != 65536)
		s2_regime_set(&s->hyp_regime, S2_ARM64_OA_BITS, 48);
	return s->hyp_regime.arch->shape(&s->hyp_regime, &s->hyp_geom, NULL);
}

/* Does the hypervisor's table map @pa where its linear map has it? */
static bool maps(struct s2_pkvm_search *s, uint64_t pa)
{
	uint64_t found, raw;

	return s2_pkvm_hyp_find(s, pa - s->pkvm->phys_offset, &found, &raw) && found == pa;
}

/* Does the host's stage 2 hold an annotation for the page at @pa: is it somebody else's? */
static bool is_given_away(struct s2_pkvm_search *s, uint64_t pa)
{
	struct s2_regime regime;
	struct s2_geometry geom;
	struct s2_found found;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, s->host_vtcr);
	if (regime.arch->shape(&regime, &geom, NULL))
		return false;
	return !s2_lookup(s->mem, &geom, s->host_pgd_pa, pa, &found) && found.raw &&
	       !(found.raw & 1);
}

/* Does the table map host_mmu or itself where they are? @ret_gaps: what is missing on the way. */
static bool maps_anchor(struct s2_pkvm_search *s, struct s2_gaps *ret_gaps)
{
	bool yes;

	s->parts = (struct s2_gaps){ 0 };
	yes = maps(s, s->host_mmu_pa) || maps(s, s->hyp_pgd_pa);
	*ret_gaps = s->parts;
	return yes;
}

/* A page of memory by its hypervisor address. */
static bool may_be_pgd(const struct s2_pkvm_search *s, uint64_t value)
{
	uint64_t page = s2_kernel_facts(s->kernel)->kva.page_size;

	return value && value < HYP_VA_END && is_aligned(value, page) &&
	       !((value + s->pkvm->phys_offset) >> 52);
}

/*
 * Is there pkvm_pgtable at @pgt? A kvm_pgtable without an MMU whose geometry is sound, and whose
 * table maps host_mmu or itself where they are. With @loose only its PGD is known to be no page of
 * the host's: then the table is damaged near its root, or not all there.
 */
static bool is_hyp(struct s2_pkvm_search *s, uint64_t pgt, bool loose)
{
	uint64_t mmu, pgd, level, bits, ops;

	if (!get(s, pgt, &s->kvm->pgt_mmu, &mmu) || !get(s, pgt, &s->layout.pgt_pgd, &pgd) ||
	    !get(s, pgt, &s->layout.pgt_mm_ops, &ops) ||
	    !get(s, pgt, &s->layout.pgt_ia_bits, &bits) ||
	    !get(s, pgt, &s->layout.pgt_start_level, &level))
		return false;
	if (mmu || !may_be_pgd(s, pgd) || !ops || ops >= HYP_VA_END || bits < 36 || bits > 52)
		return false;
	if (shape_hyp(s, (unsigned int)bits) ||
	    (int)(int64_t)level != s2_level(&s->hyp_geom, s->hyp_geom.top))
		return false;
	s->hyp_pgd_pa = pgd + s->pkvm->phys_offset;
	if (!maps_anchor(s, &s->hyp_gaps) && !(loose && is_given_away(s, s->hyp_pgd_pa)))
		return false;
	s->have_hyp = true;
	s->hyp_damaged = loose;
	s->hyp_pgt_pa = pgt;
	s->hyp_ia_bits = (unsigned int)bits;
	return true;
}

static bool hyp_word(struct s2_pkvm_search *s, uint64_t pa, uint64_t value)
{
	return !may_be_pgd(s, value) || !is_hyp(s, pa - s2_member_off(&s->layout.pgt_pgd.m), false);
}

static bool hyp_word_loose(struct s2_pkvm_search *s, uint64_t pa, uint64_t value)
{
	return !may_be_pgd(s, value) || !is_hyp(s, pa - s2_member_off(&s->layout.pgt_pgd.m), true);
}

enum s2_code s2_pkvm_find_hyp(struct s2_pkvm_search *s)
{
	bool by_symbol = s->symbol[S2_SYM_PGTABLE].hits;
	enum s2_code code = S2_OK;

	s->parts = (struct s2_gaps){ 0 };
	if (by_symbol)
		(void)(is_hyp(s, s2_pkvm_symbol_pa(s, S2_SYM_PGTABLE), false) ||
		       is_hyp(s, s2_pkvm_symbol_pa(s, S2_SYM_PGTABLE), true));
	if (!by_symbol)
		code = s2_pkvm_scan(s, hyp_word);
	if (!code && !by_symbol && !s->have_hyp)
		code = s2_pkvm_scan(s, hyp_word_loose);
	if (!code && !s->have_hyp)
		return say_why(s, by_symbol, "stage 1 of the hypervisor (pkvm_pgtable)");
	return code;
}
