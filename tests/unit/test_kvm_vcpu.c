// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of vCPUs, and the mode that KVM runs in by symbols, log and HCR_EL2.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/kvm/arm64/mode.h"
#include "decode/arm64/arm64.h"
#include "host/kvm/arm64/vcpu.h"
#include "test_kvm_make.h"

static void put_reg(struct kvmtest *t, uint64_t vcpu, unsigned int nr, uint64_t value)
{
	set64(t, vcpu + VCPU_CTXT + CTXT_SYS_REGS + nr * 8, value);
}

static void registers(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (unsigned int n = 1; n <= 3; n += 2) {
			struct kvmtest t;
			struct s2_vcpu vcpu;
			uint64_t kvm, first, last;

			kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
			kvm = put_vm(&t, 1, 0x1000);
			first = put_vcpus(&t, kvm, n, HCR_E2H_FWB);
			last = first + (n - 1) * VCPU_SIZE;
			set64(&t, last + VCPU_HCR, HCR_E2H_FWB | 1);
			for (unsigned int i = 0; i < NSYS_REGS; i++)
				put_reg(&t, last, i, 0x1000 + i);
			set64(&t, last + VCPU_CTXT + CTXT_PC, 0xffff800080001234);
			set64(&t, last + VCPU_CTXT + CTXT_PSTATE, 0x3c5);
			set_bytes(&t, last + VCPU_CPU, 7, 4);
			kvm_open(&t);
			if (s2_kvm_vcpu(t.kernel, kvm, n - 1, &vcpu, &t.err))
				fail_msg("%s", t.err.text);
			assert_int_equal(vcpu.regs.have, BIT64(S2_ARM64_HCR_EL2) |
								 BIT64(S2_ARM64_SCTLR_EL1) |
								 BIT64(S2_ARM64_TCR_EL1) |
								 BIT64(S2_ARM64_TTBR0_EL1) |
								 BIT64(S2_ARM64_TTBR1_EL1) |
								 BIT64(S2_ARM64_MAIR_EL1) |
								 BIT64(S2_ARM64_POR_EL0));
			assert_int_equal(vcpu.regs.value[S2_ARM64_HCR_EL2], HCR_E2H_FWB | 1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_SCTLR_EL1],
					 0x1000 + NR_SCTLR_EL1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_TCR_EL1], 0x1000 + NR_TCR_EL1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_TTBR0_EL1],
					 0x1000 + NR_TTBR0_EL1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_TTBR1_EL1],
					 0x1000 + NR_TTBR1_EL1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_MAIR_EL1], 0x1000 + NR_MAIR_EL1);
			assert_int_equal(vcpu.regs.value[S2_ARM64_POR_EL0], 0x1000 + NR_POR_EL0);
			assert_int_equal(vcpu.pc, 0xffff800080001234);
			assert_int_equal(vcpu.pstate, 0x3c5);
			assert_int_equal(vcpu.cpu, 7);
			if (n > 1) {
				assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, NULL), S2_OK);
				assert_int_equal(vcpu.cpu, -1);
				assert_int_equal(vcpu.regs.value[S2_ARM64_TCR_EL1], 0);
			}
			assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, n, &vcpu, &t.err), S2_USAGE);
			assert_string_equal(t.err.text,
					    n > 1 ? "there is no vCPU 3: it has 3, counted from 0" :
						    "there is no vCPU 1: it has 1, counted from 0");
			assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, UINT64_MAX, &vcpu, NULL),
					 S2_USAGE);
			kvm_exit(&t);
		}
	}
}

/* NV2: registers from __VNCR_START__ on live in a page of their own. */
static void registers_in_the_vncr_page(void **state)
{
	(void)state;
	for (size_t f = 2; f < NFORMS; f++) {
		struct kvmtest t;
		struct s2_vcpu vcpu;
		uint64_t kvm, at, page;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		kvm = put_vm(&t, 1, 0x1000);
		at = put_vcpus(&t, kvm, 1, HCR_E2H_FWB);
		page = heap_alloc(&t, 4096);
		for (unsigned int i = 0; i < NSYS_REGS; i++)
			put_reg(&t, at, i, 0x1000 + i);
		for (unsigned int i = 0; i < 512; i++)
			set64(&t, page + i * 8, 0x2000 + i);
		set64(&t, at + VCPU_CTXT + CTXT_VNCR, page);
		kvm_open(&t);
		if (s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err))
			fail_msg("%s", t.err.text);
		assert_int_equal(vcpu.regs.value[S2_ARM64_SCTLR_EL1],
				 0x2000 + NR_SCTLR_EL1 - NR_VNCR_START);
		assert_int_equal(vcpu.regs.value[S2_ARM64_TTBR0_EL1],
				 0x2000 + NR_TTBR0_EL1 - NR_VNCR_START);
		assert_int_equal(vcpu.regs.value[S2_ARM64_TCR_EL1], 0x1000 + NR_TCR_EL1);
		assert_int_equal(vcpu.regs.value[S2_ARM64_POR_EL0], 0x1000 + NR_POR_EL0);
		/* A page that is not there is no reason to take what sys_regs[] holds. */
		set64(&t, at + VCPU_CTXT + CTXT_VNCR, 0xffffdead00000000);
		assert_int_not_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err), S2_OK);
		assert_non_null(strstr(t.err.text, "vCPU 0"));
		/* Nor is a pointer to it that is not in the dump. */
		t.k.mem.hole = t.k.shape.base +
			       (uint64_t)(at_va(&t, at + VCPU_CTXT + CTXT_VNCR) - t.k.ram);
		t.k.mem.hole_size = 8;
		t.k.mem.hole_code = S2_EXCLUDED;
		assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err), S2_EXCLUDED);
		assert_non_null(strstr(t.err.text, "SCTLR_EL1: vncr_array"));
		kvm_exit(&t);
	}
}

/*
 * A guest that is a hypervisor (KVM_ARM_VCPU_HAS_EL2): whether its own EL2 runs, by PSTATE.M and
 * HCR_EL2.TGE, or its guest, and what the guest asks of HCR_EL2 beside KVM's.
 */
static void guest_hypervisor(void **state)
{
	static const struct {
		uint64_t pstate, hcr;
		bool runs, stage2;
		uint64_t seen; /* of HCR_EL2, beside KVM's own bits */
	} rows[] = {
		{ 0x3c5, 0, false, false, 0 },
		{ 0x3c5, BIT64(0), false, true, 0 },
		{ 0x3c0, BIT64(0) | BIT64(34), false, true, 0 },
		{ 0x3c9, BIT64(0), true, true, 0 },
		{ 0x3c8, 0, true, false, 0 },
		{ 0x3c0, BIT64(27) | BIT64(34), true, false, 0 },
		{ 0x1d8, BIT64(0), false, true, 0 }, /* bit 4: AArch32 */
		{ 0x3c5, ~BIT64(27), false, true,
		  BIT64(2) | BIT64(12) | BIT64(32) | BIT64(33) | BIT64(57) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t hcr = HCR_E2H_FWB | 1;
		struct kvmtest t;
		struct s2_vcpu vcpu;
		uint64_t kvm, at, page;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		kvm = put_vm(&t, 1, 0x1000);
		at = put_vcpus(&t, kvm, 1, hcr);
		page = heap_alloc(&t, 4096);
		set64(&t, at + VCPU_CTXT + CTXT_PSTATE, rows[i].pstate);
		set64(&t, page + (NR_HCR_EL2 - NR_VNCR_START) * 8, rows[i].hcr);
		set64(&t, page + (NR_VTTBR_EL2 - NR_VNCR_START) * 8, 0x5000080400001);
		set64(&t, page + (NR_VTCR_EL2 - NR_VNCR_START) * 8, 0x80023558);
		kvm_open(&t);
		/* Without the page, the guest has no EL2. */
		assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err), S2_OK);
		assert_false(vcpu.is_hypervisor || vcpu.runs_hypervisor || vcpu.guest_stage2);
		assert_int_equal(vcpu.regs.value[S2_ARM64_HCR_EL2], hcr);
		set64(&t, at + VCPU_CTXT + CTXT_VNCR, page);
		assert_int_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err), S2_OK);
		assert_true(vcpu.is_hypervisor);
		assert_int_equal(vcpu.runs_hypervisor, rows[i].runs);
		assert_int_equal(vcpu.guest_stage2, rows[i].stage2);
		assert_int_equal(vcpu.guest_root, 0x5000080400001);
		assert_int_equal(vcpu.guest_control, 0x80023558);
		assert_int_equal(vcpu.regs.value[S2_ARM64_HCR_EL2], hcr | rows[i].seen);
		kvm_exit(&t);
	}
}

/* vCPU pointers that lead nowhere. */
static void broken_vcpus(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		static const uint64_t bad[] = { 0xffffdead00000000, 0xffffdead00000002, 0x1000,
						UINT64_MAX };

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			struct kvmtest t;
			struct s2_vcpu vcpu;
			uint64_t kvm;

			kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
			kvm = put_vm(&t, 1, 0x1000);
			set64(&t, kvm + KVM_VCPUS + (t.form->vcpu_xarray ? 8 : 0), bad[i]);
			kvm_open(&t);
			assert_int_not_equal(s2_kvm_vcpu(t.kernel, kvm, 0, &vcpu, &t.err), S2_OK);
			assert_int_not_equal(s2_kvm_vcpu(t.kernel, 0xffffdead00000000, 0, &vcpu,
							 &t.err),
					     S2_OK);
			kvm_exit(&t);
		}
	}
}

#define KEY_OFF (DATA_AT + 0x20000)
#define HYP_OFF (DATA_AT + 0x20008)
#define MODE_OFF (DATA_AT + 0x20018)

static void must_be_mode(struct kvmtest *t, enum s2_kvm_mode mode, const char *why)
{
	kvm_must(t);
	assert_string_equal(s2_kvm_mode_name(t->tables.mode), s2_kvm_mode_name(mode));
	if (!strstr(t->tables.mode_why, why))
		fail_msg("'%s' is not in '%s'", why, t->tables.mode_why);
}

static void mode_by_symbols(void **state)
{
	struct kvmtest t;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	add_symbol(&t, "Dkvm_protected_mode_initialized", t.k.stext + KEY_OFF);
	add_symbol(&t, "bhyp_pgtable", t.k.stext + HYP_OFF);
	add_symbol(&t, "b__kvm_nvhe_hyp_pgtable", t.k.stext + HYP_OFF + 8);
	set64(&t, t.k.stext + HYP_OFF + 8, 0x1234);
	must_be_mode(&t, S2_KVM_VHE, "kvm_protected_mode_initialized");
	set64(&t, t.k.stext + HYP_OFF, 0xffff000001234000);
	must_be_mode(&t, S2_KVM_NVHE, "hyp_pgtable");
	set_bytes(&t, t.k.stext + KEY_OFF, 1, 4);
	must_be_mode(&t, S2_KVM_PROTECTED, "kvm_protected_mode_initialized");
	/* No host stage 2 in this kernel: that is said. */
	assert_null(t.tables.kept);
	assert_true(has_loss(&t, "host", "host_mmu"));
	kvm_exit(&t);
}

/* Without one of the two, or with two that are called hyp_pgtable, symbols do not tell; the log
 * does.
 */
static void mode_by_too_few_symbols(void **state)
{
	static const struct {
		unsigned int keys, pgtables;
	} rows[] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvmtest t;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		if (rows[i].keys)
			add_symbol(&t, "Dkvm_protected_mode_initialized", t.k.stext + KEY_OFF);
		for (unsigned int k = 0; k < rows[i].pgtables; k++)
			add_symbol(&t, "bhyp_pgtable", t.k.stext + HYP_OFF + k * 8);
		must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
		set_bytes(&t, t.k.stext + KEY_OFF, 1, 4);
		set64(&t, t.k.stext + HYP_OFF, 0xffff000001234000);
		must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
		assert_int_equal(t.lost.total, 0);
		kvm_exit(&t);
	}
}

/* What would have told, and is not in the dump, is lost by name. */
static void mode_unread(void **state)
{
	static const struct {
		const char *name;
		uint64_t off, size;
		enum s2_kvm_mode mode;
	} rows[] = {
		{ "kvm_protected_mode_initialized", KEY_OFF, 4, S2_KVM_UNKNOWN },
		{ "hyp_pgtable", HYP_OFF, 8, S2_KVM_UNKNOWN },
		{ "kvm_mode", MODE_OFF, 4, S2_KVM_VHE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvmtest t;
		char text[80];

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		add_symbol(&t, "Dkvm_protected_mode_initialized", t.k.stext + KEY_OFF);
		add_symbol(&t, "bhyp_pgtable", t.k.stext + HYP_OFF);
		add_symbol(&t, "dkvm_mode", t.k.stext + MODE_OFF);
		kvm_open(&t);
		t.k.mem.hole =
			t.k.shape.base + (uint64_t)(at_va(&t, t.k.stext + rows[i].off) - t.k.ram);
		t.k.mem.hole_size = rows[i].size;
		t.k.mem.hole_code = S2_EXCLUDED;
		kvm_must(&t);
		assert_int_equal(t.tables.mode, rows[i].mode);
		snprintf(text, sizeof(text), "KVM's mode: %s: ", rows[i].name);
		assert_true(has_loss(&t, "", text));
		assert_int_equal(t.lost.total, 1);
		kvm_exit(&t);
	}
}

/* kvm-arm.mode=nested: enum kvm_mode's NV is 2 in all kernels that have it (6.6). */
static void mode_nested(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct kvmtest t;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		add_symbol(&t, "Dkvm_protected_mode_initialized", t.k.stext + KEY_OFF);
		add_symbol(&t, "bhyp_pgtable", t.k.stext + HYP_OFF);
		add_symbol(&t, "dkvm_mode", t.k.stext + MODE_OFF);
		set_bytes(&t, t.k.stext + MODE_OFF, i, 4);
		must_be_mode(&t, i == 2 ? S2_KVM_NESTED : S2_KVM_VHE, "kvm_mode");
		/* What the command line asked for is no matter where the hypervisor is another. */
		set64(&t, t.k.stext + HYP_OFF, 0xffff000001234000);
		must_be_mode(&t, S2_KVM_NVHE, "hyp_pgtable");
		kvm_exit(&t);
	}
	/* A kernel without KVM_MODE_NV (6.1: NONE is 2), and one with two variables of the name. */
	for (unsigned int i = 0; i < 2; i++) {
		struct kvmtest t;

		kvm_init(&t, i ? FORM_6_18 : FORM_6_1, &test_shapes[0], true);
		add_symbol(&t, "Dkvm_protected_mode_initialized", t.k.stext + KEY_OFF);
		add_symbol(&t, "bhyp_pgtable", t.k.stext + HYP_OFF);
		add_symbol(&t, "dkvm_mode", t.k.stext + MODE_OFF);
		if (i)
			add_symbol(&t, "dkvm_mode", t.k.stext + MODE_OFF + 4);
		set_bytes(&t, t.k.stext + MODE_OFF, 2, 4);
		must_be_mode(&t, S2_KVM_VHE, "kvm_mode");
		kvm_exit(&t);
	}
}

/* printk's ring: struct printk_ringbuffer * prb, its text_data_ring, and the text. */
static char *put_log(struct kvmtest *t)
{
	uint64_t prb_ptr = t->k.stext + DATA_AT + 0x21000, prb = t->k.stext + DATA_AT + 0x21100;
	uint64_t text = heap_alloc(t, 4096);

	info_line(&t->k, "SYMBOL(prb)=%llx\n", (unsigned long long)prb_ptr);
	info_line(&t->k, "OFFSET(printk_ringbuffer.text_data_ring)=32\n");
	info_line(&t->k, "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n");
	set64(t, prb_ptr, prb);
	set_bytes(t, prb + 32, 12, 4);
	set64(t, prb + 40, text);
	return (char *)at_va(t, text);
}

static void mode_by_log(void **state)
{
	/* kvm_arm_init(), arch/arm64/kvm/arm.c: 6.1 and 6.12. */
	static const struct {
		const char *line;
		enum s2_kvm_mode mode;
	} lines[] = {
		{ "kvm [1]: VHE mode initialized successfully", S2_KVM_VHE },
		{ "kvm [1]: Hyp mode initialized successfully", S2_KVM_NVHE },
		{ "kvm [1]: Protected nVHE mode initialized successfully", S2_KVM_PROTECTED },
		{ "kvm [1]: Protected hVHE mode initialized successfully", S2_KVM_PROTECTED },
		{ "kvm [1]: Hyp nVHE mode initialized successfully", S2_KVM_NVHE },
		{ "kvm [1]: Hyp hVHE mode initialized successfully", S2_KVM_NVHE },
		{ "kvm [1]: VHE+NV2 mode initialized successfully", S2_KVM_NESTED }, /* 6.18 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct kvmtest t;
		char *text;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		text = put_log(&t);
		must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
		memcpy(text + 1000, lines[i].line, strlen(lines[i].line));
		must_be_mode(&t, lines[i].mode, "the kernel log");
		kvm_exit(&t);
	}
}

/* Ring buffers that cannot be: no mode, no crash. */
static void broken_logs(void **state)
{
	struct kvmtest t;
	uint64_t ring;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	strcpy(put_log(&t), "VHE mode initialized successfully");
	ring = t.k.stext + DATA_AT + 0x21100 + 32;
	must_be_mode(&t, S2_KVM_VHE, "the kernel log");
	set_bytes(&t, ring, 64, 4);
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	set_bytes(&t, ring, 26, 4); /* more than is mapped */
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	set_bytes(&t, ring, 0, 4);
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	set_bytes(&t, ring, 12, 4);
	set64(&t, ring + 8, 0);
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	set64(&t, t.k.stext + DATA_AT + 0x21000, 0xffffdead00000000);
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	kvm_exit(&t);
}

/* Each part of the way to the log: lost, and not taken for a log that says nothing. */
static void unread_log(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct kvmtest t;
		uint64_t prb_ptr, ring, text, at;

		kvm_init(&t, FORM_6_18, &test_shapes[0], true);
		strcpy(put_log(&t), "VHE mode initialized successfully");
		prb_ptr = t.k.stext + DATA_AT + 0x21000;
		ring = t.k.stext + DATA_AT + 0x21100 + 32;
		text = get64(&t, ring + 8);
		must_be_mode(&t, S2_KVM_VHE, "the kernel log");
		assert_int_equal(t.lost.total, 0);
		at = i == 0 ? prb_ptr : i == 1 ? ring : i == 2 ? ring + 8 : text + 4092;
		t.k.mem.hole = t.k.shape.base + (uint64_t)(at_va(&t, at) - t.k.ram);
		t.k.mem.hole_size = 4;
		t.k.mem.hole_code = S2_EXCLUDED;
		must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
		assert_true(has_loss(&t, "", "KVM's mode: the kernel log: "));
		kvm_exit(&t);
	}
}

static void mode_by_hcr(void **state)
{
	struct kvmtest t;
	uint64_t vcpu;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	vcpu = put_vcpus(&t, put_vm(&t, 1, 0x1000), 1, BIT64(46));
	must_be_mode(&t, S2_KVM_UNKNOWN, "neither");
	set64(&t, vcpu + VCPU_HCR, HCR_E2H_FWB);
	must_be_mode(&t, S2_KVM_VHE, "HCR_EL2.E2H");
	kvm_exit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),        cmocka_unit_test(registers_in_the_vncr_page),
		cmocka_unit_test(guest_hypervisor), cmocka_unit_test(broken_vcpus),
		cmocka_unit_test(mode_by_symbols),  cmocka_unit_test(mode_nested),
		cmocka_unit_test(mode_by_log),      cmocka_unit_test(broken_logs),
		cmocka_unit_test(mode_by_hcr),      cmocka_unit_test(mode_by_too_few_symbols),
		cmocka_unit_test(mode_unread),      cmocka_unit_test(unread_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
