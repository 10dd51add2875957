// SPDX-License-Identifier: GPL-2.0-or-later
// What KVM's own bits of EPT and NPT mean. Values are those that dumps of Linux 6.1 to 7.3 held,
// and where none was caught, the constants of arch/x86/kvm/mmu/spte.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"

#define OLD (&s2_soft_kvm_old)
#define NEW (&s2_soft_kvm_new)

/* A processor with L1TF: five address bits below 40 (shadow_nonpresent_or_rsvd_mask). */
#define L1TF UINT64_C(0xf800000000)
#define L1TF_LOWER UINT64_C(0x7fffff000)

static void shape(const struct s2_arch *arch, const struct s2_soft_ops *soft, bool ad,
		  struct s2_geometry *ret)
{
	struct s2_regime regime;

	s2_regime_init(&regime, arch);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, 40);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
	if (arch == &s2_x86_ept)
		s2_regime_set_flag(&regime, S2_X86_AD, ad ? S2_YES : S2_NO);
	regime.soft.ops = soft;
	soft->assume(&regime, &regime.soft);
	if (arch == &s2_x86_ept) {
		regime.soft.param[S2_KVM_X86_RSVD_MASK] = L1TF;
		regime.soft.param[S2_KVM_X86_LOWER_GFN_MASK] = L1TF_LOWER;
	}
	regime.soft.param[S2_KVM_X86_NX_HUGE_PAGES] = 1;
	assert_int_equal(s2_shape(&regime, ret, NULL), S2_OK);
}

static struct s2_meaning meaning(const struct s2_arch *arch, const struct s2_soft_ops *soft,
				 unsigned int height, uint64_t raw)
{
	struct s2_geometry geom;
	struct s2_meaning ret;
	struct s2_entry entry;

	shape(arch, soft, false, &geom);
	geom.arch->decode(&geom, height, raw, &entry);
	s2_soft_classify(&geom, height, raw, entry.type, &ret);
	return ret;
}

/* Without MMIO entries: all bits up to 51 are of the address (kvm_mmu_reset_all_pte_masks()). */
static void test_no_reserved_bit(void **state)
{
	(void)state;
	for (unsigned int bits = 51; bits <= 52; bits++) {
		struct s2_regime regime;

		s2_regime_init(&regime, &s2_x86_npt);
		s2_regime_set(&regime, S2_X86_MAXPHYADDR, bits);
		NEW->assume(&regime, &regime.soft);
		assert_int_equal(regime.soft.param[S2_KVM_X86_MMIO_VALUE],
				 bits == 51 ? BIT64(51) | BIT64(0) : 0);
		assert_int_equal(regime.soft.param[S2_KVM_X86_MMIO_MASK],
				 bits == 51 ? BIT64(51) | BIT64(0) : 0);
		assert_int_equal(regime.soft.param[S2_KVM_X86_LOWER_GFN_MASK],
				 BITS64(bits - 1, 12));
	}
}

/* Raw input does not say whether the processor has L1TF: of two readings the one at which the entry
 * stands counts (KVM makes it of the address that faulted). */
static void test_displaced_or_not(void **state)
{
	static const struct {
		uint64_t raw, ia, address;
	} rows[] = {
		{ 0xf89d000666, 0x9d000000, 0x9d000000 },       /* 6.12 with L1TF */
		{ 0x1ffffd000046, 0xfffd000000, 0xfffd000000 }, /* likewise */
		{ 0xf89d000666, 0xf89d000000, 0xf89d000000 },   /* without */
		{ 0x9d000666, 0x1000, 0x9d000000 },             /* moved: as it is written */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_geometry geom;
		struct s2_meaning ret;

		shape(&s2_x86_ept, OLD, true, &geom);
		geom.soft.param[S2_KVM_X86_RSVD_MASK] = 0;
		geom.soft.param[S2_KVM_X86_LOWER_GFN_MASK] = UINT64_C(0xfffffff000);
		s2_soft_classify(&geom, 0, rows[i].raw, S2_RESERVED_ENTRY, &ret);
		assert_int_equal(ret.type, S2_SOFT_MMIO);
		s2_soft_place(&ret, rows[i].ia);
		assert_int_equal(ret.address, rows[i].address);
	}
}

/* gpa, generation, and the entry that KVM made of them. */
static void test_mmio(void **state)
{
	static const struct {
		const struct s2_arch *arch;
		const struct s2_soft_ops *soft;
		uint64_t raw, gpa, gen;
	} row[] = {
		{ &s2_x86_npt, OLD, 0x80000e00000f7, 0xe0000000, 30 },
		{ &s2_x86_npt, NEW, 0x80000e00000f7, 0xe0000000, 30 },
		{ &s2_x86_ept, OLD, 0xf8e00000f6, 0xe0000000, 30 },
		{ &s2_x86_ept, NEW, 0xf8e00000f6, 0xe0000000, 30 },
		/* Above 1 << 35 the high bits of the address were moved up. */
		{ &s2_x86_ept, OLD, 0x1ffffd000046, 0xfffd000000, 8 },
		{ &s2_x86_ept, NEW, 0x1ffffd000046, 0xfffd000000, 8 },
		/* From 128 on the layouts differ. */
		{ &s2_x86_npt, OLD, 0x800009d000747, 0x9d000000, 232 },
		{ &s2_x86_npt, NEW, 0x1800009d000347, 0x9d000000, 232 },
		{ &s2_x86_ept, OLD, 0xf89d000746, 0x9d000000, 232 },
		{ &s2_x86_ept, NEW, 0x1000f89d000346, 0x9d000000, 232 },
		/* Read by the other one they look sound, and are wrong. */
		{ &s2_x86_npt, NEW, 0x800009d000747, 0x9d000000, 104 },
		{ &s2_x86_npt, OLD, 0x1800009d000347, 0x9d000000, 360 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct s2_meaning m = meaning(row[i].arch, row[i].soft, 0, row[i].raw);

		assert_int_equal(m.type, S2_SOFT_MMIO);
		assert_true(m.placed);
		assert_int_equal(m.address, row[i].gpa);
		assert_int_equal(m.known & 1, 1);
		assert_int_equal(m.value[0], row[i].gen);
		/* Of NPT: the rights that the guest has there, W and U. */
		assert_int_equal(m.known >> 1, row[i].arch == &s2_x86_npt);
		if (row[i].arch == &s2_x86_npt)
			assert_int_equal(m.value[1], 6);
	}
}

/* Each bit of the address alone, on a processor with L1TF and on one without. */
static void test_mmio_address(void **state)
{
	struct s2_geometry geom;
	struct s2_meaning m;

	(void)state;
	for (unsigned int bit = 12; bit < 40; bit++) {
		uint64_t gpa = BIT64(bit);
		uint64_t ept = 6 | (gpa & L1TF_LOWER) | L1TF | (gpa & L1TF) << 5;

		assert_int_equal(meaning(&s2_x86_ept, NEW, 0, ept).address, gpa);
		assert_int_equal(meaning(&s2_x86_npt, OLD, 0, BIT64(51) | 1 | gpa).address, gpa);
	}
	/* The table of memory that a TDX guest shares has it at another address; the VM's own value
	 * of such entries is 0. */
	shape(&s2_x86_ept, NEW, false, &geom);
	geom.soft.param[S2_KVM_X86_MMIO_VALUE] = 0;
	geom.soft.param[S2_KVM_X86_MMIO_MASK] = BIT64(63) | 7;
	geom.soft.param[S2_KVM_X86_RSVD_MASK] = 0;
	geom.soft.param[S2_KVM_X86_DIRECT_BITS] = BIT64(47);
	s2_soft_classify(&geom, 0, 0xe00000f0, S2_INVALID_ENTRY, &m);
	assert_int_equal(m.type, S2_SOFT_MMIO);
	assert_int_equal(m.address, BIT64(47) | 0xe0000000);
}

/* Each bit of the generation alone. */
static void test_mmio_generation(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 19; bit++) {
		uint64_t old = bit < 8 ? BIT64(3 + bit) : BIT64(52 + bit - 8);
		uint64_t new = bit < 7 ? BIT64(3 + bit) : BIT64(52 + bit - 7);

		assert_int_equal(meaning(&s2_x86_ept, OLD, 0, 6 | L1TF | old).value[0], BIT64(bit));
		if (bit < 18)
			assert_int_equal(meaning(&s2_x86_npt, NEW, 0, BIT64(51) | 1 | new).value[0],
					 BIT64(bit));
	}
}

static void test_tracked(void **state)
{
	static const struct {
		const struct s2_soft_ops *soft;
		unsigned int height;
		uint64_t raw;
		bool exec;
	} row[] = {
		{ OLD, 0, 0x8750000000000870, true },
		{ OLD, 0, 0x8750000000000a70, true },
		{ OLD, 0, 0x8150000000000870, true },
		{ OLD, 1, 0x87500000000008f0, true },
		{ NEW, 0, 0xd0f0000000000a70, true },
		{ NEW, 0, 0xd050000000000870, true },
		{ NEW, 1, 0xd0f0000000000af0, true },
		/* X was not among the rights: the saved one is clear. */
		{ OLD, 0, 0x8650000000000870, false },
		{ NEW, 0, 0x90b0000000000a70, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		uint64_t pa = row[i].height ? 0x1234600000 : 0x1234567000;
		struct s2_meaning m =
			meaning(&s2_x86_ept, row[i].soft, row[i].height, row[i].raw | pa);

		assert_int_equal(m.type, S2_SOFT_TRACKED);
		assert_false(m.placed);
		assert_int_equal(m.address, pa);
		assert_true(m.saved.known);
		assert_true(m.saved.read && m.saved.read_user);
		assert_false(m.saved.write || m.saved.write_user);
		assert_int_equal(m.saved.exec, row[i].exec);
		assert_int_equal(m.saved.exec_user, row[i].exec);
	}
}

/* What differs from a tracked entry in one thing is none. */
static void test_not_tracked(void **state)
{
	static const uint64_t other[] = {
		0x8750000000000070, /* not present to KVM */
		0x8740000000000870, /* A/D type 0 */
		0x8760000000000870, /* ... and 2 */
		0x8750000000000874, /* a right is left */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		assert_int_equal(meaning(&s2_x86_ept, OLD, 0, other[i] | 0x5000).type,
				 S2_SOFT_NOTHING);
	/* NPT has accessed bits always, and a table is no leaf. */
	assert_int_equal(meaning(&s2_x86_npt, OLD, 0, 0x8750000000005870).type, S2_SOFT_NOTHING);
	assert_int_equal(meaning(&s2_x86_ept, OLD, 1, 0x8750000000005870).type, S2_SOFT_NOTHING);
}

static void test_frozen_and_empty(void **state)
{
	static const struct s2_arch *const archs[] = { &s2_x86_ept, &s2_x86_npt };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct s2_arch *arch = archs[i];

		assert_int_equal(meaning(arch, OLD, 0, 0x5a0).type, S2_SOFT_FROZEN);
		assert_int_equal(meaning(arch, OLD, 2, 0x80000000000005a0).type, S2_SOFT_FROZEN);
		assert_int_equal(meaning(arch, NEW, 0, 0x80000000000001a0).type, S2_SOFT_FROZEN);
		assert_int_equal(meaning(arch, NEW, 0, 0x80000000000005a0).type, S2_SOFT_NOTHING);
		assert_int_equal(meaning(arch, OLD, 0, 0x80000000000001a0).type, S2_SOFT_NOTHING);
		assert_int_equal(meaning(arch, OLD, 0, 0).type, S2_SOFT_NOTHING);
		assert_int_equal(meaning(arch, NEW, 0, BIT64(63)).type, S2_SOFT_NOTHING);
	}
}

/* What hardware maps is asked of nobody. */
static void test_mapped(void **state)
{
	struct s2_geometry geom;
	struct s2_meaning m;

	(void)state;
	shape(&s2_x86_ept, OLD, true, &geom);
	s2_soft_classify(&geom, 0, 0x600000000000b77, S2_PAGE, &m);
	assert_int_equal(m.type, S2_SOFT_NOTHING);
}

/* Attributes of leaves as dumps had them, by name; NULL: no row of that name applies. */
static void test_attributes(void **state)
{
	static const struct {
		const struct s2_arch *arch;
		const struct s2_soft_ops *soft;
		bool ad;
		unsigned int height;
		uint64_t raw;
		const char *host, *mmu, *ad_type, *nx_huge, *accessed, *dirty;
		uint64_t rest;
	} row[] = {
		{ &s2_x86_npt, OLD, true, 0, 0xe67, "hw", "mw", NULL, NULL, NULL, NULL, 0 },
		{ &s2_x86_npt, NEW, true, 1, 0xee7, "hw", "mw", NULL, "-", NULL, NULL, 0 },
		{ &s2_x86_npt, NEW, true, 1, 0x8000000000000ee7, "hw", "mw", NULL, "nxhuge", NULL,
		  NULL, 0 },
		{ &s2_x86_npt, OLD, true, 0, 0x825, "-", "-", NULL, NULL, NULL, NULL, 0 },
		{ &s2_x86_ept, OLD, true, 0, 0x8600000000000b77, "hw", "mw", "-", NULL, NULL, NULL,
		  0 },
		{ &s2_x86_ept, OLD, true, 2, 0x600000000000bf3, "hw", "mw", "-", "nxhuge", NULL,
		  NULL, 0 },
		{ &s2_x86_ept, NEW, true, 0, 0x80a0000000000f77, "hw", "mw", "-", NULL, NULL, NULL,
		  0 },
		{ &s2_x86_ept, NEW, true, 0, 0x8000000000000d75, "-", "-", "-", NULL, NULL, NULL,
		  0 },
		{ &s2_x86_ept, OLD, false, 0, 0x610000000000877, "hw", "mw", "ad-off", NULL, "-",
		  "-", 0 },
		{ &s2_x86_ept, NEW, false, 0, 0x90a0000000000f77, "hw", "mw", "ad-off", NULL, "sa",
		  "sd", 0 },
		/* Read by the other layout the bits are left over. */
		{ &s2_x86_ept, NEW, true, 0, 0x8600000000000b77, "-", "-", "-", NULL, NULL, NULL,
		  0x0600000000000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct {
			const char *name, *text;
		} want[] = {
			{ "mmu_present", "-" },         { "host_writable", row[i].host },
			{ "mmu_writable", row[i].mmu }, { "ad_type", row[i].ad_type },
			{ "nx_huge", row[i].nx_huge },  { "soft_accessed", row[i].accessed },
			{ "soft_dirty", row[i].dirty },
		};
		const struct s2_attr *attr;
		struct s2_geometry geom;

		shape(row[i].arch, row[i].soft, row[i].ad, &geom);
		for (size_t k = 0; k < ARRAY_SIZE(want); k++) {
			const char *text = NULL;

			for (unsigned int n = 0; (attr = s2_attr_at(&geom, n)); n++)
				if (!strcmp(attr->name, want[k].name) &&
				    s2_attr_applies(attr, &geom, S2_IN_LEAF, row[i].height))
					text = s2_attr_value(attr,
							     s2_attr_get(attr, &geom, row[i].height,
									 row[i].raw))
						       ->text;
			if (!want[k].text)
				assert_null(text);
			else
				assert_string_equal(text, want[k].text);
		}
		for (unsigned int n = 0; (attr = s2_attr_at(&geom, n)); n++)
			if (!strcmp(attr->name, "sw_bits"))
				assert_int_equal(s2_attr_get(attr, &geom, row[i].height,
							     row[i].raw),
						 row[i].rest);
	}
}

/* What kvm_mmu_reset_all_pte_masks() and kvm_mmu_set_ept_masks() (mmu/spte.c) make of the masks. */
static void test_assumed(void **state)
{
	static const struct {
		const struct s2_arch *arch;
		const struct s2_soft_ops *ops;
		unsigned int bits; /* MAXPHYADDR, 0: not known */
		uint64_t mmio_value, mmio_mask, mmio_access, track, host, mmu, accessed, dirty;
	} row[] = {
		{ &s2_x86_ept, OLD, 0, 6, 7, 0, 7, BIT64(57), BIT64(58), 0x100, 0x200 },
		{ &s2_x86_ept, OLD, 39, 6, 7, 0, 7, BIT64(57), BIT64(58), 0x100, 0x200 },
		{ &s2_x86_ept, NEW, 52, 6, 7, 0, 0x407, BIT64(53), BIT64(55), 0x100, 0x200 },
		{ &s2_x86_npt, OLD, 0, 0, 0, 0, 0, BIT64(9), BIT64(10), 0x20, 0x40 },
		{ &s2_x86_npt, NEW, 52, 0, 0, 0, 0, BIT64(9), BIT64(10), 0x20, 0x40 },
		{ &s2_x86_npt, NEW, 51, BIT64(51) | 1, BIT64(51) | 1, 6, 0, BIT64(9), BIT64(10),
		  0x20, 0x40 },
		{ &s2_x86_npt, OLD, 32, BIT64(51) | 1, BIT64(51) | 1, 6, 0, BIT64(9), BIT64(10),
		  0x20, 0x40 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const uint64_t want[S2_KVM_X86_NPARAMS] = {
			[S2_KVM_X86_MMIO_VALUE] = row[i].mmio_value,
			[S2_KVM_X86_MMIO_MASK] = row[i].mmio_mask,
			[S2_KVM_X86_MMIO_ACCESS_MASK] = row[i].mmio_access,
			[S2_KVM_X86_LOWER_GFN_MASK] =
				BITS64((row[i].bits ? row[i].bits : 52) - 1, 12),
			[S2_KVM_X86_ACC_TRACK_MASK] = row[i].track,
			[S2_KVM_X86_HOST_WRITABLE_MASK] = row[i].host,
			[S2_KVM_X86_MMU_WRITABLE_MASK] = row[i].mmu,
			[S2_KVM_X86_ACCESSED_MASK] = row[i].accessed,
			[S2_KVM_X86_DIRTY_MASK] = row[i].dirty,
		};
		struct s2_regime regime;

		s2_regime_init(&regime, row[i].arch);
		if (row[i].bits)
			s2_regime_set(&regime, S2_X86_MAXPHYADDR, row[i].bits);
		row[i].ops->assume(&regime, &regime.soft);
		assert_int_equal(regime.soft.empty, BIT64(63));
		for (size_t k = 0; k < ARRAY_SIZE(want); k++)
			if (regime.soft.param[k] != want[k])
				fail_msg("row %zu: %s 0x%llx, not 0x%llx", i, row[i].ops->params[k],
					 (unsigned long long)regime.soft.param[k],
					 (unsigned long long)want[k]);
	}
}

/* A mask of several bits, which a dump can claim, asks for any of them: each has a value. */
static void test_wide_masks(void **state)
{
	static const unsigned int masks[] = { S2_KVM_X86_HOST_WRITABLE_MASK,
					      S2_KVM_X86_MMU_WRITABLE_MASK,
					      S2_KVM_X86_ACCESSED_MASK, S2_KVM_X86_DIRTY_MASK };
	const struct s2_attr *attr;
	struct s2_geometry geom;

	(void)state;
	shape(&s2_x86_ept, OLD, false, &geom);
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		geom.soft.param[masks[i]] = 0xc000000000000001;
	for (unsigned int n = 0; (attr = s2_attr_at(&geom, n)); n++)
		for (unsigned int bit = 0; attr->values && bit < 64; bit++) {
			const struct s2_attr_value *value =
				s2_attr_value(attr,
					      s2_attr_get(attr, &geom, 0, ~UINT64_C(0) << bit));

			assert_non_null(value);
			if (!strcmp(attr->name, "host_writable"))
				assert_string_equal(value->json, "true");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_no_reserved_bit),
		cmocka_unit_test(test_displaced_or_not),
		cmocka_unit_test(test_mmio_address),
		cmocka_unit_test(test_mmio_generation),
		cmocka_unit_test(test_tracked),
		cmocka_unit_test(test_not_tracked),
		cmocka_unit_test(test_frozen_and_empty),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_assumed),
		cmocka_unit_test(test_wide_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
