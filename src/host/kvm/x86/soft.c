// SPDX-License-Identifier: GPL-2.0-or-later
// KVM's own bits of EPT and NPT entries, and what it writes where hardware is to find nothing
// (Linux, arch/x86/kvm/mmu/spte.h and spte.c).
#include "host/kvm/x86/soft.h"

#include "decode/x86/x86.h"

/* KVM's only test for "present"; clear in MMIO, frozen and empty entries. */
#define MMU_PRESENT BIT64(11)

#define EPT_RWX BITS64(2, 0)
#define EPT_XU BIT64(10)
/* SUPPRESS_VE of EPT; from 6.12 on in all entries but those of MMIO, empty and frozen ones of NPT
 * as well (SHADOW_NONPRESENT_VALUE). */
#define NONPRESENT BIT64(63)

/* What the two layouts differ in. */
struct layout {
	uint64_t ad_type;         /* of EPT, SPTE_TDP_AD_MASK */
	uint64_t frozen;          /* FROZEN_SPTE, REMOVED_SPTE, but for NONPRESENT */
	uint64_t gen_low;         /* MMIO_SPTE_GEN_LOW_MASK */
	unsigned int saved_shift; /* SHADOW_ACC_TRACK_SAVED_BITS_SHIFT */
	uint64_t acc_track, host_writable, mmu_writable; /* of EPT, as assumed */
};

static const struct layout old = {
	.ad_type = BITS64(53, 52),
	.frozen = 0x5a0,
	.gen_low = BITS64(10, 3),
	.saved_shift = 54,
	.acc_track = EPT_RWX,
	.host_writable = BIT64(57),
	.mmu_writable = BIT64(58),
};

/* Bit 10 became execution by user mode: nothing else may stand there. */
static const struct layout new = {
	.ad_type = BITS64(61, 60),
	.frozen = 0x1a0,
	.gen_low = BITS64(9, 3),
	.saved_shift = 52,
	.acc_track = EPT_RWX | EPT_XU,
	.host_writable = BIT64(53),
	.mmu_writable = BIT64(55),
};

#define GEN_HIGH BITS64(62, 52) /* MMIO_SPTE_GEN_HIGH_MASK */
#define L1TF_SHIFT 5            /* SHADOW_NONPRESENT_OR_RSVD_MASK_LEN */

enum { VALUE_GEN, VALUE_ACCESS };

/* ---- Attributes ---- */

static const struct s2_attr_value mmu_present[] = {
	{ "false", "nomp", "not present to KVM", 0 },
	{ "true", "-", "present to KVM", 0 },
};
static const struct s2_attr_value host_writable[] = {
	{ "false", "-", "not writable in the VMM's page tables, or the slot is read-only", 0 },
	{ "true", "hw", "writable in the VMM's page tables", 0 },
};
static const struct s2_attr_value mmu_writable[] = {
	{ "false", "-", "KVM itself keeps it from being written", 0 },
	{ "true", "mw", "KVM may make it writable without more ado", 0 },
};
static const struct s2_attr_value ad_type[] = {
	{ "\"enabled\"", "-", "hardware keeps accessed and dirty bits", 0 },
	{ "\"disabled\"", "ad-off", "accesses are noticed by taking rights away", 0 },
	{ "\"write-protect\"", "ad-wp", "writes are noticed by write-protection", 0 },
	{ "\"reserved\"", "ad-3", "reserved", 0 },
};
static const struct s2_attr_value soft_accessed[] = {
	{ "false", "-", "not accessed, says KVM", 0 },
	{ "true", "sa", "accessed, says KVM", 0 },
};
static const struct s2_attr_value soft_dirty[] = {
	{ "false", "-", "not written to, says KVM", 0 },
	{ "true", "sd", "written to, says KVM", 0 },
};
/* All but MMIO entries have it: only `decode` and JSON say so. */
static const struct s2_attr_value suppress_ve[] = {
	{ "false", "-", "an EPT violation may become a virtualization exception", 0 },
	{ "true", "-", "EPT violations cause VM exits", 0 },
};
static const struct s2_attr_value user_exec[] = {
	{ "false", "-", "not for user mode to execute, were there MBEC", 0 },
	{ "true", "-", "for user mode to execute, were there MBEC", 0 },
};
static const struct s2_attr_value nx_huge[] = {
	{ "false", "-", "not made not executable for its size", 0 },
	{ "true", "nxhuge", "not executable, because large: code in it gets pages (nx_huge_pages)",
	  0 },
};

static uint64_t host_writable_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)height;
	return geom->soft.param[S2_KVM_X86_HOST_WRITABLE_MASK];
}

static uint64_t mmu_writable_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)height;
	return geom->soft.param[S2_KVM_X86_MMU_WRITABLE_MASK];
}

static uint64_t accessed_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)height;
	return geom->soft.param[S2_KVM_X86_ACCESSED_MASK];
}

static uint64_t dirty_bits(const struct s2_geometry *geom, unsigned int height)
{
	(void)height;
	return geom->soft.param[S2_KVM_X86_DIRTY_MASK];
}

/* KVM's masks are of one bit; of more, which a dump may say, it would ask for any. */
static uint64_t is_any(const struct s2_geometry *geom, uint64_t bits)
{
	(void)geom;
	return bits != 0;
}

/* EPT permits execution, NPT forbids it. */
static uint64_t is_nx_huge(const struct s2_geometry *geom, uint64_t bit)
{
	return geom->soft.param[S2_KVM_X86_NX_HUGE_PAGES] && bit == !(geom->flags & S2_X86_G_EPT);
}

#define FLAG .where = S2_IN_LEAF, .kind = S2_ATTR_FLAG
#define VALUES(v) .values = (v), .nvalues = ARRAY_SIZE(v)

/* The rows of both layouts, which differ in where the type of A/D tracking is. */
#define ROWS(ad_type_mask) \
	{ .name = "mmu_present", \
	  .field = "KVM, MMU-present", \
	  .mask = MMU_PRESENT, \
	  FLAG, \
	  VALUES(mmu_present) }, \
		{ .name = "host_writable", \
		  .field = "KVM, host-writable", \
		  .bits = host_writable_bits, \
		  FLAG, \
		  VALUES(host_writable), \
		  .resolve = is_any }, \
		{ .name = "mmu_writable", \
		  .field = "KVM, MMU-writable", \
		  .bits = mmu_writable_bits, \
		  FLAG, \
		  VALUES(mmu_writable), \
		  .resolve = is_any }, \
		{ .name = "ad_type", \
		  .field = "KVM, A/D tracking", \
		  .mask = (ad_type_mask), \
		  FLAG, \
		  .needs = S2_X86_G_EPT, \
		  VALUES(ad_type) }, \
		{ .name = "soft_accessed", \
		  .field = "KVM, accessed", \
		  .bits = accessed_bits, \
		  FLAG, \
		  .needs = S2_X86_G_NOAD, \
		  VALUES(soft_accessed), \
		  .resolve = is_any }, \
		{ .name = "soft_dirty", \
		  .field = "KVM, dirty", \
		  .bits = dirty_bits, \
		  FLAG, \
		  .needs = S2_X86_G_NOAD, \
		  VALUES(soft_dirty), \
		  .resolve = is_any }, \
		{ .name = "suppress_ve", \
		  .field = "suppress #VE", \
		  .mask = NONPRESENT, \
		  FLAG, \
		  .needs = S2_X86_G_EPT, \
		  VALUES(suppress_ve) }, \
		{ .name = "nx_huge", \
		  .field = "KVM, X", \
		  .mask = BIT64(2), \
		  FLAG, \
		  .blocks_only = true, \
		  .needs = S2_X86_G_EPT, \
		  VALUES(nx_huge), \
		  .resolve = is_nx_huge }, \
	{ \
		.name = "nx_huge", .field = "KVM, NX", .mask = BIT64(63), FLAG, \
		.blocks_only = true, .unless = S2_X86_G_EPT, VALUES(nx_huge), \
		.resolve = is_nx_huge \
	}

static const struct s2_attr old_attrs[] = { ROWS(BITS64(53, 52)) };
static const struct s2_attr new_attrs[] = {
	ROWS(BITS64(61, 60)),
	/* Set with X whether or not hardware looks at it. */
	{ .name = "user_exec",
	  .field = "KVM, XU",
	  .mask = EPT_XU,
	  FLAG,
	  .needs = S2_X86_G_EPT,
	  .unless = S2_X86_G_MBEC,
	  VALUES(user_exec) },
};

static const char *const params[S2_KVM_X86_NPARAMS] = {
	[S2_KVM_X86_MMIO_VALUE] = "mmio_value",
	[S2_KVM_X86_MMIO_MASK] = "mmio_mask",
	[S2_KVM_X86_MMIO_ACCESS_MASK] = "mmio_access_mask",
	[S2_KVM_X86_RSVD_MASK] = "nonpresent_or_rsvd_mask",
	[S2_KVM_X86_LOWER_GFN_MASK] = "nonpresent_or_rsvd_lower_gfn_mask",
	[S2_KVM_X86_ACC_TRACK_MASK] = "acc_track_mask",
	[S2_KVM_X86_HOST_WRITABLE_MASK] = "host_writable_mask",
	[S2_KVM_X86_MMU_WRITABLE_MASK] = "mmu_writable_mask",
	[S2_KVM_X86_ACCESSED_MASK] = "accessed_mask",
	[S2_KVM_X86_DIRTY_MASK] = "dirty_mask",
	[S2_KVM_X86_NX_HUGE_PAGES] = "nx_huge_pages",
	[S2_KVM_X86_DIRECT_BITS] = "direct_bits",
};

/* ---- What hardware does not see ---- */

/* The generation of memslots that an MMIO entry was made at. */
static uint64_t generation(const struct layout *layout, uint64_t raw)
{
	unsigned int low_bits_of = (unsigned int)__builtin_popcountll(layout->gen_low);

	return field_get(layout->gen_low, raw) | field_get(GEN_HIGH, raw) << low_bits_of;
}

/* Where nobody says whether the processor has L1TF: all of the bits that would be set are. */
static void read_displaced(const struct s2_geometry *geom, uint64_t raw, struct s2_meaning *ret)
{
	uint64_t rsvd = BITS64(geom->oa_bits - 1U, geom->oa_bits - L1TF_SHIFT);

	if (!(geom->flags & S2_X86_G_EPT) || (raw & rsvd) != rsvd)
		return;
	ret->have_other = true;
	ret->other = (ret->address & ~rsvd) | (raw >> L1TF_SHIFT & rsvd);
}

/* Are the parameters there by which the address of an MMIO SPTE reads? The shared bit is asked only
 * of TDX's VMs, whose value is 0. */
static bool can_place(const struct s2_soft *soft)
{
	return !s2_soft_is_unsure(soft, S2_KVM_X86_LOWER_GFN_MASK) &&
	       !s2_soft_is_unsure(soft, S2_KVM_X86_RSVD_MASK) &&
	       (soft->param[S2_KVM_X86_MMIO_VALUE] ||
		!s2_soft_is_unsure(soft, S2_KVM_X86_DIRECT_BITS));
}

/* mark_mmio_spte(), get_mmio_spte_gfn(): on a processor with L1TF some high bits of the address
 * are set, and where they were stands above them. TDX's shared bit is not kept. */
static bool is_mmio(const struct layout *layout, const struct s2_geometry *geom, uint64_t raw,
		    struct s2_meaning *ret)
{
	const struct s2_soft *soft = &geom->soft;
	uint64_t rsvd = soft->param[S2_KVM_X86_RSVD_MASK];
	uint64_t lower = soft->param[S2_KVM_X86_LOWER_GFN_MASK];
	uint64_t mask = soft->param[S2_KVM_X86_MMIO_MASK];

	if (!mask || (raw & MMU_PRESENT) || (raw & mask) != soft->param[S2_KVM_X86_MMIO_VALUE])
		return false;
	*ret = (struct s2_meaning){
		.type = S2_SOFT_MMIO,
		.address = (raw & lower) | (raw >> L1TF_SHIFT & rsvd) |
			   soft->param[S2_KVM_X86_DIRECT_BITS],
		.placed = can_place(soft),
		.key = raw & ~(lower | rsvd | rsvd << L1TF_SHIFT),
		.known = BIT64(VALUE_GEN),
		.value[VALUE_GEN] = generation(layout, raw),
	};
	if (!rsvd)
		read_displaced(geom, raw, ret);
	if (soft->param[S2_KVM_X86_MMIO_ACCESS_MASK]) {
		ret->known |= BIT64(VALUE_ACCESS);
		ret->value[VALUE_ACCESS] = raw & soft->param[S2_KVM_X86_MMIO_ACCESS_MASK];
	}
	return true;
}

/* is_access_track_spte(): the rights are gone, and what they were is kept; a write fault gives W
 * back, whose bit is not kept. */
static void track(const struct layout *layout, const struct s2_geometry *geom, unsigned int height,
		  uint64_t raw, struct s2_meaning *ret)
{
	uint64_t track = geom->soft.param[S2_KVM_X86_ACC_TRACK_MASK];
	uint64_t saved = raw >> layout->saved_shift & track &
			 ~BIT64(1); /* host-writable is there */
	bool exec = saved & BIT64(2);

	if (!track || !(raw & MMU_PRESENT) || (raw & track) ||
	    field_get(layout->ad_type, raw) != 1 || !s2_x86_maps_itself(height, raw))
		return;
	*ret = (struct s2_meaning){
		.type = S2_SOFT_TRACKED,
		.address = s2_leaf_oa(geom, height, raw),
		/* Of all that is kept only the rights are shown. */
		.key = saved,
		.saved = { .known = true,
			   .read = saved & BIT64(0),
			   .read_user = saved & BIT64(0),
			   .exec = exec,
			   .exec_user = track & EPT_XU ? saved & EPT_XU : exec },
	};
}

static void classify(const struct layout *layout, const struct s2_geometry *geom,
		     unsigned int height, uint64_t raw, struct s2_meaning *ret)
{
	if ((raw & ~NONPRESENT) == layout->frozen)
		*ret = (struct s2_meaning){ .type = S2_SOFT_FROZEN, .key = raw };
	else if (!is_mmio(layout, geom, raw, ret))
		track(layout, geom, height, raw, ret);
}

/* Entries of MMIO are known by two parameters, tracked ones by another. */
static bool may_mean(const struct s2_soft *soft, uint64_t raw)
{
	if (raw & MMU_PRESENT)
		return s2_soft_is_unsure(soft, S2_KVM_X86_ACC_TRACK_MASK);
	return s2_soft_is_unsure(soft, S2_KVM_X86_MMIO_VALUE) ||
	       s2_soft_is_unsure(soft, S2_KVM_X86_MMIO_MASK);
}

static void classify_old(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			 struct s2_meaning *ret)
{
	classify(&old, geom, height, raw, ret);
}

static void classify_new(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			 struct s2_meaning *ret)
{
	classify(&new, geom, height, raw, ret);
}

/* ---- What KVM has on a processor of which nothing is known but MAXPHYADDR ---- */

static void assume(const struct layout *layout, const struct s2_regime *regime, struct s2_soft *ret)
{
	unsigned int maxphyaddr = s2_regime_has(regime, S2_X86_MAXPHYADDR) ?
					  (unsigned int)regime->value[S2_X86_MAXPHYADDR] :
					  52;
	bool ept = regime->arch == &s2_x86_ept;

	ret->empty = NONPRESENT;
	ret->param[S2_KVM_X86_LOWER_GFN_MASK] = BITS64(maxphyaddr - 1U, 12);
	ret->param[S2_KVM_X86_ACCESSED_MASK] = ept ? BIT64(8) : BIT64(5);
	ret->param[S2_KVM_X86_DIRTY_MASK] = ept ? BIT64(9) : BIT64(6);
	ret->param[S2_KVM_X86_HOST_WRITABLE_MASK] = ept ? layout->host_writable : BIT64(9);
	ret->param[S2_KVM_X86_MMU_WRITABLE_MASK] = ept ? layout->mmu_writable : BIT64(10);
	ret->param[S2_KVM_X86_ACC_TRACK_MASK] = ept ? layout->acc_track : 0;
	if (ept) {
		/* ept_set_mmio_spte_mask(): writable, executable, not readable. */
		ret->param[S2_KVM_X86_MMIO_VALUE] = BITS64(2, 1);
		ret->param[S2_KVM_X86_MMIO_MASK] = EPT_RWX;
	} else if (maxphyaddr < 52) {
		/* kvm_mmu_reset_all_pte_masks(): present, and a reserved bit. */
		ret->param[S2_KVM_X86_MMIO_VALUE] = BIT64(51) | BIT64(0);
		ret->param[S2_KVM_X86_MMIO_MASK] = BIT64(51) | BIT64(0);
		ret->param[S2_KVM_X86_MMIO_ACCESS_MASK] = BITS64(2, 1);
	}
}

static void assume_old(const struct s2_regime *regime, struct s2_soft *ret)
{
	assume(&old, regime, ret);
}

static void assume_new(const struct s2_regime *regime, struct s2_soft *ret)
{
	assume(&new, regime, ret);
}

/* The bit that tells MMIO entries of NPT from memory is one of the address, but for the processor:
 * without MAXPHYADDR they would be pages. */
static enum s2_code check(const struct s2_regime *regime, struct s2_err *err)
{
	if (regime->arch == &s2_x86_ept || s2_regime_has(regime, S2_X86_MAXPHYADDR))
		return S2_OK;
	return s2_fail(err, S2_USAGE,
		       "%s on NPT needs MAXPHYADDR: a bit above the address tells "
		       "KVM's MMIO entries from pages",
		       regime->soft.ops->name);
}

#define GEN_MEANS "the generation of memslots that it was made at"
#define ACCESS_MEANS "rights of the guest there: bit 1 write, bit 2 user"

const struct s2_soft_ops s2_soft_kvm_old = {
	.name = "kvm-old",
	.arch = "x86",
	.params = params,
	.nparams = ARRAY_SIZE(params),
	.attrs = old_attrs,
	.nattrs = ARRAY_SIZE(old_attrs),
	.address = "gpa",
	.value = { [VALUE_GEN] = "gen", [VALUE_ACCESS] = "access" },
	.meaning = { [VALUE_GEN] = GEN_MEANS, [VALUE_ACCESS] = ACCESS_MEANS },
	.check = check,
	.assume = assume_old,
	.classify = classify_old,
	.may_mean = may_mean,
};

const struct s2_soft_ops s2_soft_kvm_new = {
	.name = "kvm-new",
	.arch = "x86",
	.params = params,
	.nparams = ARRAY_SIZE(params),
	.attrs = new_attrs,
	.nattrs = ARRAY_SIZE(new_attrs),
	.address = "gpa",
	.value = { [VALUE_GEN] = "gen", [VALUE_ACCESS] = "access" },
	.meaning = { [VALUE_GEN] = GEN_MEANS, [VALUE_ACCESS] = ACCESS_MEANS },
	.check = check,
	.assume = assume_new,
	.classify = classify_new,
	.may_mean = may_mean,
};
