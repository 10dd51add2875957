// SPDX-License-Identifier: GPL-2.0-or-later
// The hypervisor's own stage 1 on a host with nVHE that is not protected.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_kvm_make.h"
#include "decode/arm64/arm64.h"

#define KEY_OFF (DATA_AT + 0x20000)
#define HYP_OFF (DATA_AT + 0x20008)
#define BASE_OFF (DATA_AT + 0x20010) /* kvm_arm_hyp_percpu_base[], of two CPUs */
#define NCPUS_OFF (DATA_AT + 0x20020)
#define START_OFF (DATA_AT + 0x21000) /* addresses only: nothing lies there */
#define PARAMS_OFF (DATA_AT + 0x21140)

/* hyp_set_prot_attr() (pgtable.c), PAGE_HYP: a page, AF, SH inner, AP[1] in an EL2 regime. */
#define LEAF_NVHE 0x743
#define LEAF_HVHE 0x703
#define SH_INNER 0x300

struct hyptest {
	struct kvmtest t;
	uint64_t pgt, root, leaf, percpu;
};

static uint64_t heap_pa(const struct hyptest *h, uint64_t va)
{
	return h->t.k.shape.base + HEAP_AT + (va - linear_va(&h->t.k, h->t.k.shape.base + HEAP_AT));
}

/* 48 bits from level 0 on, one page mapped. */
static void hyp_init(struct hyptest *h, bool with_params)
{
	struct kvmtest *t = &h->t;
	uint64_t table[4];

	memset(h, 0, sizeof(*h));
	kvm_init(t, FORM_6_18, &test_shapes[0], true);
	add_symbol(t, "Dkvm_protected_mode_initialized", t->k.stext + KEY_OFF);
	add_symbol(t, "bhyp_pgtable", t->k.stext + HYP_OFF);
	if (with_params) {
		add_symbol(t, "d__kvm_nvhe___per_cpu_start", t->k.stext + START_OFF);
		add_symbol(t, "d__kvm_nvhe_kvm_init_params", t->k.stext + PARAMS_OFF);
		add_symbol(t, "b__kvm_nvhe_kvm_arm_hyp_percpu_base", t->k.stext + BASE_OFF);
		add_symbol(t, "Dnr_cpu_ids", t->k.stext + NCPUS_OFF);
	}
	h->pgt = heap_alloc(t, 48);
	t->used = (t->used + 4095) & ~4095ULL;
	h->percpu = heap_alloc(t, 4096);
	for (unsigned int i = 0; i < 4; i++)
		table[i] = heap_alloc(t, 4096);
	for (unsigned int i = 0; i < 3; i++)
		set64(t, table[i], heap_pa(h, table[i + 1]) | 3);
	h->root = table[0];
	h->leaf = table[3];
	set64(t, h->leaf, 0x12345000 | LEAF_NVHE);
	set_bytes(t, h->pgt + PGT_IA_BITS, 48, 4);
	set_bytes(t, h->pgt + PGT_START_LEVEL, 0, 1);
	set64(t, h->pgt + PGT_PGD, h->root);
	set64(t, t->k.stext + HYP_OFF, h->pgt);
	/* CPU 0 is not possible and has no area. */
	set_bytes(t, t->k.stext + NCPUS_OFF, 2, 4);
	set64(t, t->k.stext + BASE_OFF + 8, h->percpu);
	set64(t, h->percpu + (PARAMS_OFF - START_OFF) + PARAM_MAIR, 0x40044ffff);
	set64(t, h->percpu + (PARAMS_OFF - START_OFF) + PARAM_HCR, 0x80000000);
	put_vm(t, 7, 0x4000);
}

static const struct s2_table *ask(struct hyptest *h)
{
	s2_kernel_close(h->t.kernel);
	h->t.kernel = NULL;
	kvm_must(&h->t);
	assert_int_equal(h->t.tables.mode, S2_KVM_NVHE);
	assert_int_equal(table_of(&h->t, "vm:7")->root_pa, 0x4000);
	return h->t.tables.n == 2 ? table_of(&h->t, "hyp") : NULL;
}

static void listed(void **state)
{
	(void)state;
	for (unsigned int with_params = 0; with_params < 2; with_params++) {
		struct hyptest h;
		const struct s2_table *hyp;
		struct s2_geometry geom;

		hyp_init(&h, with_params);
		hyp = ask(&h);
		assert_non_null(hyp);
		assert_int_equal(h.t.lost.total, 0);
		assert_string_equal(hyp->kind, "hyp-stage1");
		assert_int_equal(hyp->root_pa, heap_pa(&h, h.root));
		assert_int_equal(hyp->nannotators, 0);
		assert_int_equal(hyp->pid, -1);
		assert_ptr_equal(hyp->regime.arch, &s2_arm64_stage1_el2);
		assert_int_equal(s2_arm64_stage1_el2.shape(&hyp->regime, &geom, NULL), S2_OK);
		assert_int_equal(geom.ia_bits, 48);
		assert_int_equal(geom.page_log2, 12);
		assert_false(geom.flags & S2_G_LPA2);
		assert_int_equal(s2_regime_has(&hyp->regime, S2_ARM64_MAIR_EL2), with_params);
		assert_int_equal(s2_regime_has(&hyp->regime, S2_ARM64_HCR_EL2), with_params);
		assert_int_equal(hyp->regime.value[S2_ARM64_HCR_EL2], with_params ? 0x80000000 : 0);
		assert_int_equal(s2_arm64_e2h(&hyp->regime), S2_NO);
		if (with_params)
			assert_int_equal(hyp->regime.value[S2_ARM64_MAIR_EL2], 0x40044ffff);
		kvm_exit(&h.t);
	}
}

/* Without the pointer it is not known whether there is one, which is told. */
static void lost_pointer(void **state)
{
	struct hyptest h;

	(void)state;
	hyp_init(&h, true);
	h.t.k.mem.hole = h.t.k.shape.base + IMAGE_AT + HYP_OFF;
	h.t.k.mem.hole_size = 8;
	h.t.k.mem.hole_code = S2_EXCLUDED;
	kvm_must(&h.t);
	assert_int_equal(h.t.tables.n, 1);
	assert_true(has_loss(&h.t, "", "hyp_pgtable: excluded"));
	kvm_exit(&h.t);
}

/* Without parameters the leaves tell E2H, and with them LPA2: SH is written or is not. */
static void by_its_leaves(void **state)
{
	struct hyptest h;
	const struct s2_table *hyp;
	struct s2_geometry geom;

	(void)state;
	hyp_init(&h, false);
	set64(&h.t, h.leaf, 0x12345000 | LEAF_HVHE);
	hyp = ask(&h);
	assert_false(s2_regime_has(&hyp->regime, S2_ARM64_HCR_EL2));
	assert_int_equal(s2_arm64_e2h(&hyp->regime), S2_YES);
	assert_int_equal(s2_arm64_stage1_el2.shape(&hyp->regime, &geom, NULL), S2_OK);
	assert_true(geom.flags & S2_G_TWO_EL);
	assert_int_equal(s2_regime_flag(&hyp->regime, S2_ARM64_LPA2), S2_NO);
	set64(&h.t, h.leaf, 0x12345000 | (LEAF_NVHE & ~SH_INNER));
	hyp = ask(&h);
	assert_int_equal(s2_arm64_e2h(&hyp->regime), S2_NO);
	assert_int_equal(s2_regime_flag(&hyp->regime, S2_ARM64_LPA2), S2_YES);
	/* A table that maps nothing tells nothing. */
	set64(&h.t, h.leaf, 0);
	hyp = ask(&h);
	assert_false(s2_regime_has(&hyp->regime, S2_ARM64_HCR_EL2));
	assert_int_equal(s2_arm64_e2h(&hyp->regime), S2_UNKNOWN);
	assert_int_equal(s2_regime_flag(&hyp->regime, S2_ARM64_LPA2), S2_UNKNOWN);
	kvm_exit(&h.t);
}

/* VHE has none, and none is lost. */
static void not_listed(void **state)
{
	struct hyptest h;

	(void)state;
	hyp_init(&h, true);
	set64(&h.t, h.t.k.stext + HYP_OFF, 0);
	kvm_must(&h.t);
	assert_int_equal(h.t.tables.mode, S2_KVM_VHE);
	assert_int_equal(h.t.tables.n, 1);
	assert_int_equal(h.t.lost.total, 0);
	kvm_exit(&h.t);
}

static void broken(void **state)
{
	struct hyptest h;

	(void)state;
	hyp_init(&h, true);
	set_bytes(&h.t, h.pgt + PGT_IA_BITS, 60, 4);
	assert_null(ask(&h));
	assert_true(has_loss(&h.t, "hyp", "hyp_pgtable"));
	set_bytes(&h.t, h.pgt + PGT_IA_BITS, 48, 4);
	set_bytes(&h.t, h.pgt + PGT_START_LEVEL, 1, 1);
	assert_null(ask(&h));
	assert_true(has_loss(&h.t, "hyp", "48 bits do not begin at level 1"));
	set_bytes(&h.t, h.pgt + PGT_START_LEVEL, 0, 1);
	set64(&h.t, h.pgt + PGT_PGD, 0xffffdead00000000);
	assert_null(ask(&h));
	assert_true(has_loss(&h.t, "hyp", "hyp_pgtable"));
	kvm_exit(&h.t);
}

static void missing(void **state)
{
	struct hyptest h;
	const struct s2_table *hyp;

	(void)state;
	hyp_init(&h, true);
	h.t.k.mem.hole_size = 8;
	h.t.k.mem.hole_code = S2_EXCLUDED;
	h.t.k.mem.hole = heap_pa(&h, h.pgt + PGT_PGD);
	assert_null(ask(&h));
	assert_true(has_loss(&h.t, "hyp", "hyp_pgtable"));
	h.t.k.mem.hole = heap_pa(&h, h.percpu + (PARAMS_OFF - START_OFF) + PARAM_HCR);
	hyp = ask(&h);
	assert_non_null(hyp);
	assert_false(s2_regime_has(&hyp->regime, S2_ARM64_MAIR_EL2));
	assert_true(has_loss(&h.t, "hyp", "kvm_init_params is excluded"));
	assert_int_equal(h.t.lost.count[S2_LOST_REGISTER], 1);
	kvm_exit(&h.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed),     cmocka_unit_test(by_its_leaves),
		cmocka_unit_test(not_listed), cmocka_unit_test(broken),
		cmocka_unit_test(missing),    cmocka_unit_test(lost_pointer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
