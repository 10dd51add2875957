// SPDX-License-Identifier: GPL-2.0-or-later
// KVM on x86 in kernels made by hand: addresses, modules, roots, what is lost of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libelf.h>

#include "decode/soft.h"
#include "decode/x86/claims.h"
#include "decode/x86/x86.h"
#include "host/kvm/x86/priv.h"
#include "host/kvm/x86/soft.h"
#include "kernel/modules.h"
#include "model/private.h"
#include "test_x86_make.h"

#define FORM_6_1_NPT (&x86_forms[0])
#define FORM_6_1_EPT (&x86_forms[1])
#define FORM_6_18_EPT (&x86_forms[2])
#define FORM_7_3_NPT (&x86_forms[3])
#define FORM_6_18_BUILT_IN (&x86_forms[2])
#define FORM_7_3_EPT (&x86_forms[4])
#define FORM_5_15_NPT (&x86_forms[5])

static uint32_t role_of(const struct x86_form *form)
{
	return ROLE_LEVEL(form->ept ? 4 : form->levels) | ROLE_DIRECT;
}

/* A VM of process @pid with one valid root, whose table page is at *@ret_pa. */
static uint64_t put_rooted_vm(struct x86_test *t, uint32_t pid, uint64_t *ret_pa)
{
	uint64_t kvm = put_vm(t, pid);

	put_root(t, kvm + KVM_ROOTS, role_of(t->form), true, ret_pa);
	return kvm;
}

static void lose_page(struct x86_test *t, uint64_t va)
{
	t->k.mem.hole = (va & ~UINT64_C(4095)) - x86_linear(t, 0);
	t->k.mem.hole_size = 4096;
	t->k.mem.hole_code = S2_EXCLUDED;
}

static void expect_pa(struct x86_test *t, uint64_t va, uint64_t want)
{
	uint64_t pa = 0;

	assert_int_equal(s2_kernel_pa(t->kernel, va, &pa, &t->err), S2_OK);
	assert_int_equal(pa, want);
}

static void addresses(void **state)
{
	struct x86_test t;
	uint64_t pa;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		x86_init(&t, &x86_forms[i]);
		x86_open(&t);
		expect_pa(&t, t.k.stext + DATA_AT + 0x123, image_pa(&t.k, DATA_AT + 0x123));
		expect_pa(&t, x86_linear(&t, 0x1234), 0x1234);
		expect_pa(&t, x86_linear(&t, HEAP_AT + 0x1fffff), HEAP_AT + 0x1fffff);
		expect_pa(&t, vmalloc_va(&t) + 0x1042, VMALLOC_AT + 0x4042);
		expect_pa(&t, MODULE_VA + 0x2008, VMALLOC_AT + 0x21008);
		assert_int_equal(s2_kernel_facts(t.kernel)->kva.linear_offset, t.form->page_offset);
		assert_int_equal(s2_kernel_pa(t.kernel, 0x7f0000001000, &pa, NULL), S2_INVALID);
		assert_int_equal(s2_kernel_pa(t.kernel, t.k.stext + RO_END + 0x1000, &pa, NULL),
				 S2_INVALID);
		x86_exit(&t);
	}
}

/* Opens a kernel whose VMCOREINFO has @to in place of @from. */
static void expect_refusal(const char *from, const char *to, enum s2_code want, const char *text)
{
	struct s2_kernel_args args;
	struct s2_kernel *kernel = NULL;
	struct x86_test t;
	char info[sizeof(t.k.info)];
	const char *at;

	x86_init(&t, FORM_6_1_NPT);
	at = strstr(t.k.info, from);
	assert_non_null(at);
	snprintf(info, sizeof(info), "%.*s%s%s", (int)(at - t.k.info), t.k.info, to,
		 at + strlen(from));
	s2_kernel_args_init(&args, &t.k.mem.mem);
	args.note = info;
	args.note_size = strlen(info);
	assert_int_equal(s2_kernel_open(&args, &kernel, &t.err), want);
	if (!strstr(t.err.text, text))
		fail_msg("%s", t.err.text);
	x86_exit(&t);
}

static void refused_facts(void **state)
{
	(void)state;
	expect_refusal("pgtable_l5_enabled)=1", "pgtable_l5_enabled)=2", S2_INVALID,
		       "neither 0 nor 1");
	expect_refusal("SYMBOL(init_top_pgt)", "SYMBOL(other)", S2_INVALID, "init_top_pgt");
	expect_refusal("SYMBOL(_stext)", "SYMBOL(other)", S2_INVALID, "_stext");
	expect_refusal("PAGESIZE=4096", "PAGESIZE=65536", S2_INVALID, "is not 4096");
	expect_refusal("NUMBER(sme_mask)=0", "NUMBER(sme_mask)=1", S2_INVALID, "encryption mask");
	expect_refusal("NUMBER(phys_base)", "NUMBER(other)", S2_INVALID, "another architecture");
}

/* A second VM in memory that the kernel does not map one by one, with all kinds of roots. */
static void roots_of_every_kind(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, valid, second, old, smm, mirror = 0;
		const struct s2_table *table;
		uint32_t role;

		x86_init(&t, &x86_forms[i]);
		role = role_of(t.form);
		put_slot(&t, put_vm(&t, 7), 0, 0x100, 16, 3);
		/* Its members are on two pages that are no neighbours. */
		kvm = put_vm_at(&t, vmalloc_va(&t) + 0x1000 - KVM_ARCH, 42);
		set_bytes(&t, kvm + KVM_ONLINE, 2, 4);
		put_root(&t, kvm + KVM_ROOTS, role | ROLE_SMM, true, &smm);
		put_root(&t, kvm + KVM_ROOTS, role | ROLE_INVALID(t.form), true, &old);
		put_root(&t, kvm + KVM_ROOTS, role | ROLE_AD_DISABLED, true, &second);
		if (t.form->new_bits)
			put_root(&t, kvm + KVM_ROOTS, role | ROLE_MIRROR, true, &mirror);
		put_root(&t, kvm + KVM_ROOTS, role, true, &valid);
		put_slot(&t, kvm, 0, 0x100, 16, 3);
		put_slot(&t, kvm, 1, 0xa0, 32, 5);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.nvms, 2);
		assert_int_equal(t.tables.n, mirror ? 6 : 5);
		/* No vCPU of it has run yet: it has slots, and no root. */
		table = x86_table(&t, "vm:7");
		assert_true(table->bare);
		assert_int_equal(table->nslots, 1);
		assert_string_equal(table->regime.arch->format, t.form->ept ? "ept" : "npt");
		table = x86_table(&t, "vm:42");
		assert_int_equal(table->root_pa, valid);
		assert_false(table->bare);
		assert_int_equal(table->vcpus, 2);
		assert_int_equal(table->nslots, 1);
		assert_int_equal(table->slot[0].ipa, 0x100000);
		assert_int_equal(table->slot[0].size, 0x10000);
		assert_int_equal(table->slot[0].id, 3);
		assert_int_equal(table->slot[0].as, 0);
		table = x86_table(&t, "vm:42/smm");
		assert_int_equal(table->root_pa, smm);
		assert_int_equal(table->nslots, 1);
		assert_int_equal(table->slot[0].ipa, 0xa0000);
		assert_int_equal(table->slot[0].as, 1);
		assert_int_equal(x86_table(&t, "vm:42/old:0")->root_pa, old);
		table = x86_table(&t, "vm:42/root:1");
		assert_int_equal(table->root_pa, second);
		assert_string_equal(table->regime.arch->format, t.form->ept ? "ept" : "npt");
		if (mirror)
			assert_int_equal(x86_table(&t, "vm:42/mirror")->root_pa, mirror);
		x86_exit(&t);
	}
}

/* construct_eptp(): write-back tables, walk length less one, A/D; the VMCB has the C-bit in nCR3. */
static void registers(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		const struct s2_regime *regime;
		uint64_t kvm, valid, no_ad;

		x86_init(&t, &x86_forms[i]);
		kvm = put_vm(&t, 42);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_AD_DISABLED, true, &no_ad);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &valid);
		x86_must(&t);
		regime = &x86_table(&t, "vm:42")->regime;
		assert_int_equal(regime->value[S2_X86_MAXPHYADDR], t.form->own_mmio ? 46 : 40);
		if (t.form->ept) {
			assert_int_equal(regime->value[S2_X86_EPTP], valid | 0x5e);
			regime = &x86_table(&t, "vm:42/root:1")->regime;
			assert_int_equal(regime->value[S2_X86_EPTP], no_ad | 0x1e);
		} else {
			assert_int_equal(regime->value[S2_X86_NCR3], valid | t.form->sme_mask);
			assert_int_equal(s2_regime_level(regime, S2_X86_START_LEVEL),
					 t.form->levels);
			assert_int_equal(regime->value[S2_X86_C_BIT], t.form->sme_mask ? 47 : 0);
		}
		x86_exit(&t);
	}
}

static void software(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		const struct s2_soft *soft;
		uint64_t kvm, other, pa;
		bool ept = x86_forms[i].ept, new = x86_forms[i].new_bits;

		x86_init(&t, &x86_forms[i]);
		other = put_vm(&t, 7);
		put_root(&t, other + KVM_ROOTS, role_of(t.form), true, &pa);
		set_bytes(&t, other + KVM_NO_NX_HUGE, 1, 1);
		set64(&t, other + KVM_MMIO_VALUE, 0); /* a TD's */
		kvm = put_rooted_vm(&t, 42, &pa);
		put_vcpu(&t, kvm, pa);
		x86_must(&t);
		soft = &x86_table(&t, "vm:42")->regime.soft;
		assert_ptr_equal(soft->ops, new ? &s2_soft_kvm_new : &s2_soft_kvm_old);
		assert_int_equal(soft->empty, t.form->own_mmio ? UINT64_C(1) << 63 : 0);
		assert_int_equal(soft->param[S2_KVM_X86_HOST_WRITABLE_MASK], UINT64_C(1)
										     << (!ept ? 9 :
											 new  ? 53 :
												57));
		assert_int_equal(soft->param[S2_KVM_X86_MMU_WRITABLE_MASK], UINT64_C(1)
										    << (!ept ? 10 :
											new  ? 55 :
											       58));
		assert_int_equal(soft->param[S2_KVM_X86_RSVD_MASK], ept ? MASK_RSVD : 0);
		assert_int_equal(soft->param[S2_KVM_X86_MMIO_VALUE],
				 ept ? 6 : UINT64_C(0x8000000000001));
		assert_int_equal(soft->param[S2_KVM_X86_NX_HUGE_PAGES], 1);
		soft = &x86_table(&t, "vm:7")->regime.soft;
		/* A VM's own choice, since 6.1. */
		assert_int_equal(soft->param[S2_KVM_X86_NX_HUGE_PAGES], t.form->arrays);
		if (t.form->own_mmio)
			assert_int_equal(soft->param[S2_KVM_X86_MMIO_VALUE], 0);
		x86_exit(&t);
	}
}

/* A node of an xarray on a page of its own, with @entry in the slots [@i, @end). */
static uint64_t put_xa_node(struct x86_test *t, uint8_t shift)
{
	uint64_t node = page_alloc(t);

	set_bytes(t, node, shift, 1);
	return node;
}

static void put_xa_slots(struct x86_test *t, uint64_t node, unsigned int i, unsigned int end,
			 uint64_t entry)
{
	for (; i < end; i++)
		set64(t, node + 40 + i * 8, entry);
}

static void expect_private(struct x86_test *t, uint64_t ipa, uint64_t size, uint64_t want)
{
	uint64_t bytes;

	assert_true(s2_private_bytes(x86_table(t, "vm:42"), ipa, size, &bytes));
	assert_int_equal(bytes, want);
}

/* KVM_SET_MEMORY_ATTRIBUTES: a value for each gfn, of which bit 3 means private; node by node may
 * be missing. */
static void private_memory(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, pa, root, leaf, gone, bytes;

		x86_init(&t, &x86_forms[i]);
		put_root(&t, put_vm(&t, 7) + KVM_ROOTS, role_of(t.form), true, &pa);
		kvm = put_vm(&t, 8);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		set_bytes(&t, kvm + KVM_HAS_PRIVATE, 1, 1);
		kvm = put_rooted_vm(&t, 42, &pa);
		root = put_xa_node(&t, 6);
		leaf = put_xa_node(&t, 0);
		gone = put_xa_node(&t, 0);
		put_xa_slots(&t, leaf, 60, 64, 0x11);
		put_xa_slots(&t, leaf, 10, 11, 0x11);
		put_xa_slots(&t, leaf, 11, 12, 0x1);          /* no attributes, */
		put_xa_slots(&t, leaf, 12, 13, 257 << 2 | 2); /* reserved, */
		put_xa_slots(&t, leaf, 13, 14, 0xf);          /* other ones */
		put_xa_slots(&t, root, 2, 3, leaf | 2);
		put_xa_slots(&t, root, 3, 4, 0x11); /* an entry of 128 gfns */
		put_xa_slots(&t, root, 4, 5, 3 << 2 | 2);
		put_xa_slots(&t, root, 6, 7, gone | 2);
		set64(&t, kvm + KVM_ATTRIBUTES + 8, root | 2);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		if (!t.form->own_mmio) {
			assert_false(s2_private_bytes(x86_table(&t, "vm:42"), 0, 4096, &bytes));
			x86_exit(&t);
			continue;
		}
		assert_false(s2_private_bytes(x86_table(&t, "vm:7"), 0, 4096, &bytes));
		assert_true(s2_private_bytes(x86_table(&t, "vm:8"), 0, 4096, &bytes));
		assert_int_equal(bytes, 0);
		expect_private(&t, 0, 0x8a000, 0);
		expect_private(&t, 0x8a000, 0x1000, 0x1000);
		expect_private(&t, 0x8a000, 0x4000, 0x1000);
		expect_private(&t, 0x8a800, 0x40000, 0x800 + 0x4000 + 0xa800);
		expect_private(&t, 0xc0000, 0x80000, 0x80000);
		expect_private(&t, 0x140000, UINT64_MAX - 0x140000, 0);
		t.k.mem.hole = gone - x86_linear(&t, 0);
		t.k.mem.hole_size = 4096;
		t.k.mem.hole_code = S2_EXCLUDED;
		x86_must(&t);
		assert_int_equal(t.lost.total, 1);
		assert_true(x86_has_loss(&t, "vm:42", "from 0x180000 on is private"));
		assert_false(s2_private_bytes(x86_table(&t, "vm:42"), 0x17f000, 0x2000, &bytes));
		assert_false(s2_private_bytes(x86_table(&t, "vm:42"), 0x1bf000, 0x2000, &bytes));
		expect_private(&t, 0x1c0000, 0x1000, 0);
		expect_private(&t, 0xb0000, 0x90000, 0x84000);
		/* All of it, */
		t.k.mem.hole = root - x86_linear(&t, 0);
		x86_must(&t);
		assert_false(s2_private_bytes(x86_table(&t, "vm:42"), 0, 1, &bytes));
		assert_false(s2_private_bytes(x86_table(&t, "vm:42"), UINT64_MAX - 1, 1, &bytes));
		/* and a node that is below itself. */
		t.k.mem.hole_size = 0;
		put_xa_slots(&t, root, 7, 8, root | 2);
		x86_must(&t);
		assert_true(x86_has_loss(&t, "vm:42", "memory attributes"));
		assert_false(s2_private_bytes(x86_table(&t, "vm:42"), 0, 1, &bytes));
		x86_exit(&t);
	}
}

/* Few nodes that are met often: pieces of all tables together have a budget. */
static void private_memory_without_end(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, root, middle, leaf, bytes;
	unsigned int known = 0;

	(void)state;
	x86_init(&t, FORM_6_18_EPT);
	kvm = put_rooted_vm(&t, 42, &pa);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_AD_DISABLED, true, &pa);
	root = put_xa_node(&t, 12);
	middle = put_xa_node(&t, 6);
	leaf = put_xa_node(&t, 0);
	for (unsigned int i = 0; i < 64; i += 2)
		put_xa_slots(&t, leaf, i, i + 1, 0x11);
	put_xa_slots(&t, middle, 0, 64, leaf | 2);
	put_xa_slots(&t, root, 0, 24, middle | 2); /* 49152 pieces */
	set64(&t, kvm + KVM_ATTRIBUTES + 8, root | 2);
	t.k.mem.mem.bytes = 1 << 20; /* with the floor, 131072 */
	x86_must(&t);
	assert_int_equal(t.tables.n, 2);
	for (size_t i = 0; i < t.tables.n; i++)
		known += s2_private_bytes(&t.tables.table[i], 0, 0x4000, &bytes) && bytes == 0x2000;
	assert_int_equal(known, 1);
	assert_int_equal(t.lost.total, 1);
	assert_int_equal(t.lost.loss[0].code, S2_BUDGET);
	x86_exit(&t);
}

/* TDX: the guest has shared memory at addresses with a bit that slots and attributes do not have,
 * and private memory without it. */
static void shared_bit(void **state)
{
	const uint64_t bit = UINT64_C(1) << 47;
	const struct s2_table *shared, *mirror;
	uint64_t kvm, pa, node, bytes;
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_7_3_EPT);
	kvm = put_vm(&t, 42);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_MIRROR, true, &pa);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
	put_slot(&t, kvm, 0, 0x100, 16, 3);
	set64(&t, kvm + KVM_DIRECT_BITS, bit >> 12);
	set_bytes(&t, kvm + KVM_HAS_PRIVATE, 1, 1);
	node = put_xa_node(&t, 0);
	put_xa_slots(&t, node, 2, 3, 0x11);
	set64(&t, kvm + KVM_ATTRIBUTES + 8, node | 2);
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	shared = x86_table(&t, "vm:42");
	mirror = x86_table(&t, "vm:42/mirror");
	assert_int_equal(shared->slot[0].ipa, bit | 0x100000);
	assert_int_equal(mirror->slot[0].ipa, 0x100000);
	assert_int_equal(shared->regime.soft.param[S2_KVM_X86_DIRECT_BITS], bit);
	assert_int_equal(mirror->regime.soft.param[S2_KVM_X86_DIRECT_BITS], 0);
	assert_true(s2_private_bytes(shared, bit, 0x10000, &bytes));
	assert_int_equal(bytes, 0x1000);
	assert_true(s2_private_bytes(shared, bit + 0x2000, 0x1000, &bytes));
	assert_int_equal(bytes, 0x1000);
	assert_true(s2_private_bytes(shared, 0x2000, 0x1000, &bytes));
	assert_int_equal(bytes, 0);
	assert_true(s2_private_bytes(mirror, 0x2000, 0x1000, &bytes));
	assert_int_equal(bytes, 0x1000);
	set64(&t, kvm + KVM_DIRECT_BITS, 3);
	x86_must(&t);
	assert_true(x86_has_loss(&t, "vm:42", "gfn_direct_bits 0x3 is no bit"));
	x86_exit(&t);
}

/* Memory that a TD's slot has beyond the shared bit is not reached by that bit: no slot is where no
 * address is, which a snapshot's note would be refused for. */
static void slots_beyond_the_shared_bit(void **state)
{
	static const struct {
		unsigned int bit;
		uint64_t gfn, npages, shared; /* so many pages of it are shared memory */
	} rows[] = {
		{ 47, (UINT64_C(1) << 35) - 8, 16, 8 },
		{ 47, UINT64_C(1) << 35, 16, 0 },
		{ 51, (UINT64_C(1) << 40) - 16, 16, 0 },
		{ 51, (UINT64_C(1) << 39) - 1, 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t bit = UINT64_C(1) << rows[i].bit;
		const struct s2_table *shared;
		struct x86_test t;
		uint64_t kvm, pa;

		x86_init(&t, FORM_7_3_EPT);
		kvm = put_vm(&t, 42);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_MIRROR, true, &pa);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		put_slot(&t, kvm, 0, rows[i].gfn, rows[i].npages, 3);
		set64(&t, kvm + KVM_DIRECT_BITS, bit >> 12);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(x86_table(&t, "vm:42/mirror")->slot[0].ipa, rows[i].gfn << 12);
		shared = x86_table(&t, "vm:42");
		assert_int_equal(shared->nslots, rows[i].shared != 0);
		if (shared->nslots) {
			assert_int_equal(shared->slot[0].ipa, bit | rows[i].gfn << 12);
			assert_int_equal(shared->slot[0].size, rows[i].shared << 12);
		}
		x86_exit(&t);
	}
}

/* A member of struct kvm that is not in the dump is not 0: slots and attributes of a TD's shared
 * memory are nowhere, and its entries of MMIO are not known. */
static void lost_members(void **state)
{
	static const struct {
		uint64_t at;
		unsigned int size;
		bool slots; /* where are they is known */
		uint32_t unsure;
		const char *id; /* of the table that it is lost of */
	} rows[] = {
		{ KVM_DIRECT_BITS, 8, false, 1U << S2_KVM_X86_DIRECT_BITS, "vm:42" },
		{ KVM_MMIO_VALUE, 8, true, 1U << S2_KVM_X86_MMIO_VALUE, "vm:42" },
		{ KVM_NO_NX_HUGE, 1, true, 1U << S2_KVM_X86_NX_HUGE_PAGES, "vm:42" },
		{ KVM_ATTRIBUTES, 16, true, 0, "vm:42" },
	};
	const uint64_t bit = UINT64_C(1) << 47;
	const struct s2_table *shared, *mirror;
	uint64_t kvm, pa, bytes;
	struct x86_test t;
	char *note;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		x86_init(&t, FORM_7_3_EPT);
		kvm = put_vm(&t, 42);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_MIRROR, true, &pa);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		put_slot(&t, kvm, 0, 0x100, 16, 3);
		set64(&t, kvm + KVM_DIRECT_BITS, bit >> 12);
		set64(&t, kvm + KVM_MMIO_VALUE, 0);
		set_bytes(&t, kvm + KVM_HAS_PRIVATE, 1, 1);
		t.k.mem.hole = kvm + rows[i].at - x86_linear(&t, 0);
		t.k.mem.hole_size = rows[i].size;
		t.k.mem.hole_code = S2_EXCLUDED;
		x86_must(&t);
		shared = x86_table(&t, "vm:42");
		mirror = x86_table(&t, "vm:42/mirror");
		assert_true(t.lost.total);
		assert_true(x86_has_loss(&t, rows[i].id, ""));
		assert_int_equal(shared->regime.soft.unsure, rows[i].unsure);
		assert_int_equal(mirror->regime.soft.unsure,
				 rows[i].unsure & ~(1U << S2_KVM_X86_DIRECT_BITS));
		assert_int_equal(shared->have_slots, rows[i].slots);
		assert_int_equal(mirror->slot[0].ipa, 0x100000);
		assert_int_equal(s2_private_bytes(shared, bit, 0x1000, &bytes), i == 1 || i == 2);
		assert_int_equal(s2_private_bytes(mirror, 0, 0x1000, &bytes), i != 3);
		if (i != 1)
			assert_int_equal(shared->regime.soft.param[S2_KVM_X86_MMIO_VALUE], 0);
		note = s2_snapshot_note(&t.tables, &t.lost);
		assert_non_null(note);
		assert_int_equal(strstr(note, "\"unsure\":[\"") != NULL, rows[i].unsure != 0);
		free(note);
		x86_exit(&t);
	}
}

/* Whether the VM can have any cannot be read: what it has is known all the same. */
static void private_memory_not_known(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, node, bytes;

	(void)state;
	for (unsigned int some = 0; some < 2; some++) {
		x86_init(&t, FORM_6_18_EPT);
		kvm = put_rooted_vm(&t, 42, &pa);
		node = put_xa_node(&t, 0);
		if (some) {
			put_xa_slots(&t, node, 2, 3, 0x11);
			set64(&t, kvm + KVM_ATTRIBUTES + 8, node | 2);
		}
		t.k.mem.hole = kvm + KVM_HAS_PRIVATE - x86_linear(&t, 0);
		t.k.mem.hole_size = 1;
		t.k.mem.hole_code = S2_IO;
		x86_must(&t);
		assert_true(x86_has_loss(&t, "vm:42", "memory attributes: "));
		if (some) {
			assert_true(s2_private_bytes(x86_table(&t, "vm:42"), 0, 0x10000, &bytes));
			assert_int_equal(bytes, 0x1000);
		}
		x86_exit(&t);
	}
}

/* Upstream 5.15: slots in an array, vCPUs in another, and a member that is missing is named. */
static void arrays_of_5_15(void **state)
{
	const struct s2_table *table;
	struct x86_test t;
	uint64_t kvm, valid, held;

	(void)state;
	x86_init(&t, FORM_5_15_NPT);
	kvm = put_vm(&t, 42);
	put_root(&t, kvm + KVM_ACTIVE, role_of(t.form) | ROLE_INVALID(t.form), false, &held);
	empty_list(&t, kvm + KVM_ACTIVE);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &valid);
	put_slot(&t, kvm, 0, 0x100, 16, 3); /* arrays fall by gfn, rows rise */
	put_slot(&t, kvm, 0, 0x40, 8, 9);
	put_vcpu(&t, kvm, held);
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(t.tables.n, 2);
	table = x86_table(&t, "vm:42");
	assert_int_equal(table->root_pa, valid);
	assert_int_equal(table->vcpus, 1);
	assert_int_equal(table->nslots, 2);
	assert_int_equal(table->slot[0].ipa, 0x40000);
	assert_int_equal(table->slot[0].id, 9);
	assert_int_equal(table->slot[1].ipa, 0x100000);
	assert_int_equal(x86_table(&t, "vm:42/old:0")->root_pa, held);
	/* More slots than any VM has. */
	set_bytes(&t, get64(&t, kvm + KVM_MEMSLOTS) + SLOTS_USED, 0x7fffffff, 4);
	x86_must(&t);
	assert_true(x86_has_loss(&t, "vm:42", "used_slots"));
	assert_false(x86_table(&t, "vm:42")->have_slots);
	x86_exit(&t);
}

static void several_vms_of_a_process(void **state)
{
	struct x86_test t;
	uint64_t first, second, pa;

	(void)state;
	x86_init(&t, FORM_6_1_NPT);
	first = put_vm(&t, 42);
	put_root(&t, first + KVM_ROOTS, role_of(t.form), true, &pa);
	second = put_vm(&t, 42);
	put_root(&t, second + KVM_ROOTS, role_of(t.form) | ROLE_INVALID(t.form), true, &pa);
	put_root(&t, second + KVM_ROOTS, role_of(t.form), true, &pa);
	x86_must(&t);
	assert_int_equal(t.tables.n, 3);
	assert_int_equal(x86_table(&t, "vm:42.1")->object_va, first);
	assert_int_equal(x86_table(&t, "vm:42.2")->object_va, second);
	assert_int_equal(x86_table(&t, "vm:42.2/old:0")->object_va, second);
	x86_exit(&t);
}

static void set_variable(struct x86_test *t, const char *name, uint64_t value)
{
	for (uint32_t i = 0; i < t->nmsyms; i++)
		if (!strcmp(t->msym[i].name, name))
			set64(t, t->msym[i].va, value);
}

/* Memory encryption that is on in the firmware takes address bits away (SYSCFG, CPUID 8000001fh),
 * which the kernel's own number has no more, and KVM marks MMIO by the first of them that is not
 * the C-bit and all above (svm_adjust_mmio_mask()): of 52 bits with 46 or 47 left, and of a
 * processor whose number is not in the dump. Without both the C-bit and the kernel's number one bit
 * is not known. */
static void reserved_by_firmware(void **state)
{
	static const struct {
		bool sme, lost;
		uint64_t value, mask;
		unsigned int boot; /* boot_cpu_data.x86_phys_bits, 0: no such symbol */
		unsigned int bits; /* expected */
		bool open;         /* ... or one bit less */
	} rows[] = {
		{ false, false, UINT64_C(0xfc00000000001), UINT64_C(0xfc00000000001), 0, 46, true },
		{ false, false, UINT64_C(0xfc00000000001), UINT64_C(0xfc00000000001), 46, 46,
		  false },
		{ true, false, UINT64_C(0xfc00000000001), UINT64_C(0xfc00000000001), 0, 46, false },
		/* The C-bit is bit 47, which no entry has in the second and third case. */
		{ true, false, UINT64_C(0xf000000000001), UINT64_C(0xf000000000001), 0, 47, false },
		{ false, false, UINT64_C(0xf000000000001), UINT64_C(0xf000000000001), 47, 47,
		  false },
		{ false, false, UINT64_C(0xf000000000001), UINT64_C(0xf000000000001), 0, 48, true },
		{ false, true, UINT64_C(0x8000000000001), UINT64_C(0x8000000000001), 0, 51, true },
		{ false, true, UINT64_C(0x8000000000001), UINT64_C(0x8000000000001), 40, 40,
		  false },
		{ false, false, 0, 0, 0, 52, false },
		{ false, false, 0, 0, 52, 52, false },
		/* kvm.mmio_caching=0 */
		{ false, false, 0, UINT64_C(0xfc00000000001), 0, 46, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x86_form form = *FORM_7_3_NPT;
		const struct s2_regime *regime;
		struct s2_geometry geom;
		struct s2_meaning meaning;
		struct s2_entry entry;
		struct x86_test t;
		uint64_t kvm, pa, raw;

		form.sme_mask = rows[i].sme ? form.sme_mask : 0;
		x86_init(&t, &form);
		set_variable(&t, "shadow_mmio_value", rows[i].value);
		set_variable(&t, "shadow_mmio_mask", rows[i].mask);
		kvm_variable(&t, "denable_mmio_caching", rows[i].value != 0, 1);
		if (rows[i].boot) {
			uint64_t boot = t.k.stext + DATA_AT + 0x800;

			set_bytes(&t, boot + 1, rows[i].boot, 1);
			add_symbol(&t, "Dboot_cpu_data", boot);
		}
		put_module_symbols(&t);
		kvm = put_vm(&t, 42);
		set64(&t, kvm + KVM_MMIO_VALUE, rows[i].value);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		for (uint32_t k = 0; k < t.nmsyms; k++)
			if (!strcmp(t.msym[k].name, "kvm_host")) {
				set_bytes(&t, t.msym[k].va + 8, 52, 4);
				t.k.mem.hole = (uint64_t)(x86_at(&t, t.msym[k].va + 8) - t.k.ram);
			}
		t.k.mem.hole_size = rows[i].lost ? 4 : 0;
		t.k.mem.hole_code = S2_EXCLUDED;
		x86_must(&t);
		regime = &x86_table(&t, "vm:42")->regime;
		assert_int_equal(regime->value[S2_X86_MAXPHYADDR], rows[i].bits);
		assert_int_equal(x86_has_loss(&t, "", "which boot_cpu_data would tell"),
				 rows[i].open);
		assert_int_equal(s2_shape(regime, &geom, &t.err), S2_OK);
		raw = rows[i].value | 0x9d000346;
		geom.arch->decode(&geom, 0, raw, &entry);
		s2_soft_classify(&geom, 0, raw, entry.type, &meaning);
		assert_int_equal(meaning.type, rows[i].value ? S2_SOFT_MMIO : S2_SOFT_NOTHING);
		x86_exit(&t);
	}
}

/* The host's PAT, since 5.17: a kernel without it uses another, one whose value is lost is said. */
static void host_pat(void **state)
{
	static const uint64_t value = 0x407050600070106;
	struct x86_test t;
	uint64_t va, pa;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	va = t.k.stext + DATA_AT + 0x800;
	set64(&t, va, value);
	add_symbol(&t, "dpat_msr_val", va);
	put_rooted_vm(&t, 42, &pa);
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(x86_table(&t, "vm:42")->regime.value[S2_X86_PAT], value);
	t.k.mem.hole = (uint64_t)(x86_at(&t, va) - t.k.ram);
	t.k.mem.hole_size = 8;
	t.k.mem.hole_code = S2_EXCLUDED;
	x86_must(&t);
	assert_int_equal(t.lost.total, 1);
	assert_true(x86_has_loss(&t, "", "pat_msr_val"));
	assert_false(s2_regime_has(&x86_table(&t, "vm:42")->regime, S2_X86_PAT));
	x86_exit(&t);
}

/* A parameter of which the variable is not in the dump is unsure, and no other. What a VM has of
 * its own counts, and is known where the variable for all is not. */
static void lost_variables(void **state)
{
	static const struct {
		const char *name;
		unsigned int size, param;
	} rows[] = {
		{ "shadow_mmio_value", 8, S2_KVM_X86_MMIO_VALUE },
		{ "shadow_mmio_mask", 8, S2_KVM_X86_MMIO_MASK },
		{ "shadow_acc_track_mask", 8, S2_KVM_X86_ACC_TRACK_MASK },
		{ "shadow_accessed_mask", 8, S2_KVM_X86_ACCESSED_MASK },
		{ "shadow_dirty_mask", 8, S2_KVM_X86_DIRTY_MASK },
		{ "shadow_host_writable_mask", 8, S2_KVM_X86_HOST_WRITABLE_MASK },
		{ "shadow_mmu_writable_mask", 8, S2_KVM_X86_MMU_WRITABLE_MASK },
		{ "shadow_nonpresent_or_rsvd_mask", 8, S2_KVM_X86_RSVD_MASK },
		{ "shadow_nonpresent_or_rsvd_lower_gfn_mask", 8, S2_KVM_X86_LOWER_GFN_MASK },
		{ "nx_huge_pages", 4, S2_KVM_X86_NX_HUGE_PAGES },
		{ "enable_mmio_caching", 1, S2_KVM_X86_MMIO_MASK },
	};

	(void)state;
	for (size_t i = 0; i < NX86_FORMS * (sizeof(rows) / sizeof(rows[0])); i++) {
		const size_t row = i / NX86_FORMS;
		const struct s2_soft *soft;
		struct x86_test t;
		uint64_t kvm, pa, va = 0;
		bool own;

		x86_init(&t, &x86_forms[i % NX86_FORMS]);
		own = t.form->own_mmio && rows[row].param == S2_KVM_X86_MMIO_VALUE;
		kvm_variable(&t, "denable_mmio_caching", 1, 1);
		if (!t.form->built_in)
			put_module_symbols(&t);
		kvm = put_rooted_vm(&t, 42, &pa);
		if (own)
			set64(&t, kvm + KVM_MMIO_VALUE, 6);
		for (uint32_t k = 0; k < t.nsyms; k++)
			if (!strcmp(t.sym[k].name + 1, rows[row].name))
				va = t.sym[k].va;
		for (uint32_t k = 0; k < t.nmsyms; k++)
			if (!strcmp(t.msym[k].name, rows[row].name))
				va = t.msym[k].va;
		x86_must(&t);
		soft = &x86_table(&t, "vm:42")->regime.soft;
		assert_int_equal(soft->unsure, 0);
		assert_int_equal(soft->empty, t.form->own_mmio ? BIT64(63) : 0);
		t.k.mem.hole = (uint64_t)(x86_at(&t, va) - t.k.ram);
		t.k.mem.hole_size = rows[row].size;
		t.k.mem.hole_code = S2_EXCLUDED;
		x86_must(&t);
		assert_int_equal(t.lost.total, 1);
		soft = &x86_table(&t, "vm:42")->regime.soft;
		assert_int_equal(soft->unsure, own ? 0 : 1U << rows[row].param);
		if (own)
			assert_int_equal(soft->param[S2_KVM_X86_MMIO_VALUE], 6);
		x86_exit(&t);
	}
}

/* Two variables of one name: what they agree in is known; what they do not is not, and is lost. Of
 * three nobody asks. */
static void variables_of_one_name(void **state)
{
	static const struct {
		const char *name;
		unsigned int size;
		uint64_t other; /* 0: the same */
		unsigned int n;
		int param; /* -1: of the processor or the VM */
	} rows[] = {
		{ "dshadow_mmio_mask", 8, 0, 2, S2_KVM_X86_MMIO_MASK },
		{ "dshadow_mmio_mask", 8, 0x1007, 2, S2_KVM_X86_MMIO_MASK },
		{ "dshadow_acc_track_mask", 8, 7, 2, S2_KVM_X86_ACC_TRACK_MASK },
		{ "dshadow_host_writable_mask", 8, 0, 3, S2_KVM_X86_HOST_WRITABLE_MASK },
		{ "dnx_huge_pages", 4, 0, 2, S2_KVM_X86_NX_HUGE_PAGES },
		{ "dnx_huge_pages", 4, 2, 2, S2_KVM_X86_NX_HUGE_PAGES },
		{ "dshadow_xs_mask", 8, 0, 2, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool known = rows[i].n == 2 && !rows[i].other;
		uint64_t pa, value = 0, expected = 0;
		const struct s2_table *table;
		struct x86_test t;

		x86_init(&t, FORM_7_3_EPT);
		for (uint32_t k = 0; k < t.nmsyms; k++)
			if (!strcmp(t.msym[k].name, rows[i].name + 1))
				value = get64(&t, t.msym[k].va);
		if (rows[i].size == 4)
			value = (uint32_t)value;
		expected = rows[i].other ? rows[i].other : value;
		for (unsigned int k = 1; k < rows[i].n; k++)
			kvm_variable(&t, rows[i].name, expected, rows[i].size);
		put_rooted_vm(&t, 42, &pa);
		x86_must(&t);
		assert_int_equal(t.lost.total, !known);
		if (!known)
			assert_true(x86_has_loss(&t, "", "symbols have that name"));
		table = x86_table(&t, "vm:42");
		assert_ptr_equal(table->regime.soft.ops, &s2_soft_kvm_new);
		if (rows[i].param < 0)
			assert_int_equal(table->regime.soft.unsure, 0);
		else
			assert_int_equal(table->regime.soft.unsure,
					 known ? 0 : 1U << rows[i].param);
		if (known && rows[i].param >= 0)
			assert_int_equal(table->regime.soft.param[rows[i].param], value);
		x86_exit(&t);
	}
}

/* What is not recognised is refused by the member that is missing, never guessed. */
static void without_a_member(void **state)
{
	static const char *const members[] = {
		"tdp_mmu_roots", "active_mmu_pages", "link",  "tdp_mmu_page", "gfn",
		"spt",           "parent_ptes",      "level", "direct",       "invalid",
		"smm",           "access",           "mmu",   "ad_disabled",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct x86_test t;
		uint64_t pa;

		x86_left_out = members[i];
		x86_init(&t, FORM_6_18_EPT);
		x86_left_out = NULL;
		put_rooted_vm(&t, 42, &pa);
		if (x86_ask(&t) != S2_NOTFOUND || !strstr(t.err.text, members[i]))
			fail_msg("without %s: %s", members[i], t.err.text);
		x86_exit(&t);
	}
}

/* Which layout of software bits it is the name of the variable for execution tells, whatever the
 * roles look like; those are asked where both names are there, or none. */
static void layout_by_name(void **state)
{
	static const struct {
		const struct x86_form *form;
		const char *name; /* beside the variable's own, or @instead of it */
		bool instead;
		const struct s2_soft_ops *ops;
	} rows[] = {
		{ FORM_7_3_EPT, "dshadow_x_mask", true, &s2_soft_kvm_old },
		{ FORM_7_3_EPT, "dshadow_x_mask", false, &s2_soft_kvm_new },
		{ FORM_7_3_EPT, "dshadow_other_mask", true, &s2_soft_kvm_new },
		{ FORM_6_1_EPT, "dshadow_xs_mask", true, &s2_soft_kvm_new },
		{ FORM_6_1_EPT, "dshadow_xs_mask", false, &s2_soft_kvm_old },
		{ FORM_6_1_EPT, "dshadow_other_mask", true, &s2_soft_kvm_old },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x86_test t;
		uint64_t pa;

		x86_init(&t, rows[i].form);
		if (!rows[i].instead)
			kvm_variable(&t, rows[i].name, 4, 8);
		for (uint32_t k = 0; rows[i].instead && k < t.nmsyms; k++)
			if (!strcmp(t.msym[k].name, "shadow_x_mask") ||
			    !strcmp(t.msym[k].name, "shadow_xs_mask"))
				t.msym[k].name = rows[i].name + 1;
		put_rooted_vm(&t, 42, &pa);
		x86_must(&t);
		assert_ptr_equal(x86_table(&t, "vm:42")->regime.soft.ops, rows[i].ops);
		x86_exit(&t);
	}
}

/* Of a variable that the kernel does not have, what KVM has on any such processor is taken, or what
 * a VM has of its own. */
static void without_a_variable(void **state)
{
	static const struct {
		const char *name;
		unsigned int param;
	} rows[] = {
		{ "shadow_mmio_value", S2_KVM_X86_MMIO_VALUE },
		{ "shadow_mmio_mask", S2_KVM_X86_MMIO_MASK },
		{ "shadow_acc_track_mask", S2_KVM_X86_ACC_TRACK_MASK },
		{ "shadow_accessed_mask", S2_KVM_X86_ACCESSED_MASK },
		{ "shadow_dirty_mask", S2_KVM_X86_DIRTY_MASK },
		{ "shadow_nonpresent_or_rsvd_mask", S2_KVM_X86_RSVD_MASK },
		{ "shadow_nonpresent_or_rsvd_lower_gfn_mask", S2_KVM_X86_LOWER_GFN_MASK },
	};

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			const struct s2_table *table;
			struct s2_regime assumed;
			struct x86_test t;
			uint64_t pa;

			x86_init(&t, &x86_forms[i]);
			for (uint32_t n = 0; n < t.nsyms; n++)
				if (!strcmp(t.sym[n].name + 1, rows[k].name))
					t.sym[n].name = "dother";
			for (uint32_t n = 0; n < t.nmsyms; n++)
				if (!strcmp(t.msym[n].name, rows[k].name))
					t.msym[n].name = "other";
			put_rooted_vm(&t, 42, &pa);
			x86_must(&t);
			table = x86_table(&t, "vm:42");
			s2_regime_init(&assumed, t.form->ept ? &s2_x86_ept : &s2_x86_npt);
			table->regime.soft.ops->assume(&assumed, &assumed.soft);
			if (t.form->own_mmio)
				assumed.soft.param[S2_KVM_X86_MMIO_VALUE] =
					t.form->ept ? 6 : UINT64_C(0x8000000000001);
			assert_int_equal(table->regime.soft.param[rows[k].param],
					 assumed.soft.param[rows[k].param]);
			assert_int_equal(table->regime.soft.unsure, 0);
			x86_exit(&t);
		}
}

/* page.private is a word of struct page, and as large as that may be. */
static void sizes_of_struct_page(void **state)
{
	static const struct {
		unsigned int size, offset;
		bool sound;
	} rows[] = {
		{ 7, 0, false },   { 8, 0, true },    { 8, 1, false },    { 16, 8, true },
		{ 16, 9, false },  { 64, 40, true },  { 64, 56, true },   { 64, 57, false },
		{ 64, 65, false }, { 4096, 0, true }, { 4097, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_kvm_x86_memmap map;
		struct x86_test t;
		char *line;

		x86_init(&t, FORM_7_3_EPT);
		line = strstr(t.k.info, "SIZE(page)=");
		assert_non_null(line);
		line[0] = 'X'; /* the first of a name counts */
		line = strstr(t.k.info, "OFFSET(page.private)=");
		assert_non_null(line);
		line[0] = 'X';
		info_line(&t.k, "SIZE(page)=%u\nOFFSET(page.private)=%u\n", rows[i].size,
			  rows[i].offset);
		x86_open(&t);
		assert_int_equal(s2_kvm_x86_memmap(t.kernel, &map, &t.err),
				 rows[i].sound ? S2_OK : S2_INVALID);
		if (rows[i].sound)
			assert_int_equal(map.offset, rows[i].offset);
		else
			assert_non_null(strstr(t.err.text, "struct page"));
		x86_exit(&t);
	}
}

/* kvm.mmio_caching=0 */
static void without_mmio_entries(void **state)
{
	uint64_t pa, caching;
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_7_3_EPT);
	caching = kvm_variable(&t, "denable_mmio_caching", 1, 1);
	put_module_symbols(&t);
	put_rooted_vm(&t, 42, &pa);
	x86_must(&t);
	assert_int_not_equal(x86_table(&t, "vm:42")->regime.soft.param[S2_KVM_X86_MMIO_MASK], 0);
	set_bytes(&t, caching, 0, 1);
	x86_must(&t);
	assert_int_equal(x86_table(&t, "vm:42")->regime.soft.param[S2_KVM_X86_MMIO_MASK], 0);
	x86_exit(&t);
}

/* Of the processor's capabilities (Intel SDM, appendix A.10) bit 0 tells of execute-only entries,
 * bit 17 of pages of 1G. */
static void capabilities(void **state)
{
	static const uint64_t rows[] = { 0, 1, 1 << 17, 1 << 17 | 1, 0xfffdfffe };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct s2_regime *regime;
		struct x86_test t;
		uint64_t pa;

		x86_init(&t, FORM_6_18_BUILT_IN);
		kvm_variable(&t, "bvmx_capability", rows[i], 4);
		put_rooted_vm(&t, 42, &pa);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		regime = &x86_table(&t, "vm:42")->regime;
		assert_int_equal(s2_regime_flag(regime, S2_X86_EXEC_ONLY),
				 rows[i] & 1 ? S2_YES : S2_NO);
		assert_int_equal(s2_regime_flag(regime, S2_X86_PAGES_1G),
				 rows[i] >> 17 & 1 ? S2_YES : S2_NO);
		x86_exit(&t);
	}
}

/* Since 7.2 a role says whether execution by the guest's user mode is a right of its own: MBEC of
 * EPT, GMET of NPT. */
static void user_execution(void **state)
{
	const struct x86_form *const forms[] = { FORM_7_3_NPT, FORM_7_3_EPT };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		unsigned int claim = forms[i]->ept ? S2_X86_MBEC : S2_X86_GMET;
		const struct s2_table *table;
		struct x86_test t;
		uint64_t kvm, pa;

		x86_init(&t, forms[i]);
		kvm = put_rooted_vm(&t, 42, &pa);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_SMEP | ROLE_SMM, true, &pa);
		x86_must(&t);
		table = x86_table(&t, "vm:42/smm");
		assert_int_equal(s2_regime_flag(&table->regime, claim), S2_YES);
		table = x86_table(&t, "vm:42");
		assert_int_equal(s2_regime_flag(&table->regime, claim), S2_NO);
		x86_exit(&t);
	}
}

/* Where the TDP MMU is off its head was never made a list; roots are among the shadow MMU's pages. */
static void shadow_mmu(void **state)
{
	struct x86_test t;
	uint64_t kvm, valid, old, old_nested, table, nested, sp;

	(void)state;
	x86_init(&t, FORM_6_1_EPT);
	kvm = put_vm(&t, 42);
	set64(&t, kvm + KVM_ROOTS, 0);
	set64(&t, kvm + KVM_ROOTS + 8, 0);
	sp = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &old);
	set_bytes(&t, sp + SP_VALID_GEN, 0, 1); /* of before the last change of slots */
	put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(3) | ROLE_DIRECT, false, &table);
	put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(4) | ROLE_GUEST_MODE, false, &nested);
	sp = put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(4) | ROLE_GUEST_MODE, false, &old_nested);
	set_bytes(&t, sp + SP_VALID_GEN, 0, 1);
	put_slot(&t, kvm, 0, 0x100, 16, 3);
	put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &valid);
	x86_must(&t);
	assert_int_equal(t.tables.n, 4);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, valid);
	assert_int_equal(x86_table(&t, "vm:42/old:1")->root_pa, old);
	assert_true(x86_table(&t, "vm:42/old:1")->have_slots);
	assert_int_equal(x86_table(&t, "vm:42")->regime.soft.param[S2_KVM_X86_NX_HUGE_PAGES], 1);
	assert_int_equal(x86_table(&t, "vm:42/old:0")->root_pa, old_nested);
	assert_string_equal(x86_table(&t, "vm:42/old:0")->kind, "nested-stage2");
	assert_false(x86_table(&t, "vm:42/old:0")->have_slots);
	assert_int_equal(
		x86_table(&t, "vm:42/nested:0")->regime.soft.param[S2_KVM_X86_NX_HUGE_PAGES], 0);
	assert_int_equal(x86_table(&t, "vm:42/nested:0")->root_pa, nested);
	assert_string_equal(x86_table(&t, "vm:42/nested:0")->kind, "nested-stage2");
	x86_exit(&t);
}

/* Of a host with five levels: tables of level 4 are among the pages, too, and no roots. */
static void shadow_mmu_of_five_levels(void **state)
{
	const struct x86_form *const forms[] = { FORM_6_1_NPT, FORM_7_3_EPT };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint64_t kvm, root, below, sp, nested;
		struct x86_test t;

		x86_init(&t, forms[i]);
		kvm = put_vm(&t, 42);
		sp = put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(4) | ROLE_DIRECT, false, &below);
		set64(&t, sp + SP_PARENTS, 0xffff888000003000);
		sp = put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(4), false, &below);
		set64(&t, sp + SP_PARENTS, 0xffff888000004001); /* several */
		put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(5), false, &nested);
		put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(5) | ROLE_DIRECT, false, &root);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 2);
		assert_int_equal(x86_table(&t, "vm:42")->root_pa, root);
		assert_int_equal(x86_table(&t, "vm:42/nested:0")->root_pa, nested);
		x86_exit(&t);
	}
}

/* An obsolete root that only a vCPU holds, and roots of vCPUs that are none. */
static void roots_of_vcpus(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, valid, held, sp;

		x86_init(&t, &x86_forms[i]);
		kvm = put_vm(&t, 42);
		sp = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form) | ROLE_INVALID(t.form), false,
			      &held);
		empty_list(&t, kvm + KVM_ACTIVE);
		put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &valid);
		put_vcpu(&t, kvm, held);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 2);
		assert_int_equal(x86_table(&t, "vm:42/old:0")->root_pa, held);
		/* Not valid, the zero page, and one that is on a list. */
		put_vcpu(&t, kvm, UINT64_MAX);
		x86_must(&t);
		put_vcpu(&t, kvm, 0x3000);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		/* That of a nested guest's PAE paging is not the zero page. */
		put64(t.k.ram + 0x3000, 0x4027);
		x86_must(&t);
		assert_true(x86_has_loss(&t, "vm:42", "0x3000 has no struct kvm_mmu_page"));
		put64(t.k.ram + 0x3000, 0);
		put_vcpu(&t, kvm, valid);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 1);
		/* Memory that another root's struct kvm_mmu_page is of. */
		put64(t.k.ram + PAGES_AT + 3 * PAGE_SIZE_OF + PAGE_PRIVATE, sp);
		put_vcpu(&t, kvm, 0x3000);
		x86_must(&t);
		assert_true(x86_has_loss(&t, "vm:42", "leads to another's"));
		x86_exit(&t);
	}
}

/* What a guest hypervisor without a second stage runs is on a root of its own, of the same memory:
 * that never has the VM's name, also where it is the only one. */
static void root_of_guest_mode(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, valid, nested;

		x86_init(&t, &x86_forms[i]);
		kvm = put_rooted_vm(&t, 42, &valid);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_GUEST_MODE, true, &nested);
		put_slot(&t, kvm, 0, 0x100, 16, 3);
		kvm = put_vm(&t, 43);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_GUEST_MODE, true, &valid);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 3);
		assert_int_equal(x86_table(&t, "vm:42/root:1")->root_pa, nested);
		assert_string_equal(x86_table(&t, "vm:42/root:1")->kind, "stage2");
		assert_int_equal(x86_table(&t, "vm:42/root:1")->nslots, 1);
		assert_int_not_equal(x86_table(&t, "vm:42")->root_pa, nested);
		assert_int_equal(x86_table(&t, "vm:43/root:1")->root_pa, valid);
		x86_exit(&t);
	}
}

/* Obsolete roots that only an MMU which is not in use holds, or which a vCPU had before; and a vCPU
 * that is not in the dump hides no other's. */
static void roots_that_vcpus_keep(void **state)
{
	struct x86_test t;

	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, valid, held[4], vcpu, first;

		x86_init(&t, &x86_forms[i]);
		kvm = put_vm(&t, 42);
		for (unsigned int n = 0; n < 4; n++)
			put_root(&t, kvm + KVM_ACTIVE,
				 ROLE_LEVEL(4) | ROLE_GUEST_MODE | ROLE_INVALID(t.form), false,
				 &held[n]);
		empty_list(&t, kvm + KVM_ACTIVE);
		put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &valid);
		vcpu = put_vcpu(&t, kvm, held[0]);
		set64(&t, vcpu + VCPU_MMU, vcpu + VCPU_GUEST_MMU);
		set64(&t, vcpu + VCPU_GUEST_MMU + MMU_ROOT_HPA, held[1]);
		set64(&t, vcpu + VCPU_GUEST_MMU + MMU_PREV_HPA + 2 * MMU_PREV_SIZE, held[2]);
		set64(&t, vcpu + VCPU_ROOT_MMU + MMU_PREV_HPA, held[3]);
		t.used = (t.used + 4095) & ~UINT64_C(4095);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 5);
		for (unsigned int n = 0; n < 4; n++) {
			bool found = false;

			for (size_t k = 0; k < t.tables.n; k++)
				found |= t.tables.table[k].root_pa == held[n];
			assert_true(found);
		}
		if (t.form->arrays) {
			first = page_alloc(&t);
			set64(&t, kvm + KVM_VCPUS, first);
			set64(&t, kvm + KVM_VCPUS + 8, vcpu);
			t.k.mem.hole = first - x86_linear(&t, 0) + VCPU_MMU;
			t.k.mem.hole_size = 8;
			t.k.mem.hole_code = S2_EXCLUDED;
			x86_must(&t);
			assert_true(x86_has_loss(&t, "vm:42", "vCPU 0: "));
			assert_int_equal(t.tables.n, 5);
		}
		x86_exit(&t);
	}
}

/* A node of vcpu_array: one cause, in one line for people, of the process and of roots. */
static void lost_vcpus(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, node;

	(void)state;
	x86_init(&t, FORM_7_3_EPT);
	kvm = put_rooted_vm(&t, 42, &pa);
	node = put_xa_node(&t, 0);
	set64(&t, node + 40, put_vcpu(&t, kvm, pa));
	set64(&t, kvm + KVM_VCPUS + 8, node | 2);
	t.k.mem.hole = node - x86_linear(&t, 0);
	t.k.mem.hole_size = 8;
	t.k.mem.hole_code = S2_EXCLUDED;
	x86_must(&t);
	assert_int_equal(t.lost.total, 2);
	assert_int_equal(t.lost.count[S2_LOST_PROCESS], 1);
	assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
	assert_string_equal(t.lost.loss[0].text, t.lost.loss[1].text);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
	x86_exit(&t);
}

/* KVM before 5.13 had no variables for these two bits, and entries that read otherwise. */
static void without_masks_of_writability(void **state)
{
	static const char *const names[] = { "shadow_host_writable_mask",
					     "shadow_mmu_writable_mask" };

	(void)state;
	for (size_t i = 0; i < NX86_FORMS * 2; i++) {
		const char *name = names[i % 2];
		struct x86_test t;
		uint64_t pa;

		x86_init(&t, &x86_forms[i / 2]);
		put_rooted_vm(&t, 42, &pa);
		for (uint32_t k = 0; k < t.nsyms; k++)
			if (!strcmp(t.sym[k].name + 1, name))
				t.sym[k].name = "dother";
		for (uint32_t k = 0; k < t.nmsyms; k++)
			if (!strcmp(t.msym[k].name, name))
				t.msym[k].name = "other";
		assert_int_equal(x86_ask(&t), S2_NOTFOUND);
		assert_non_null(strstr(t.err.text, "before 5.13"));
		assert_non_null(strstr(t.err.text, name));
		assert_int_equal(t.tables.n, 0);
		x86_exit(&t);
	}
}

/* Shadow paging, where no table is a second stage: VMs and their slots are there all the same, and
 * nothing is taken for a table, not even of a VM that is lost. */
static void without_second_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		uint64_t kvm, lost, pa, other;
		struct x86_test t;

		x86_init(&t, &x86_forms[i]);
		kvm = put_rooted_vm(&t, 42, &pa);
		put_slot(&t, kvm, 0, 0x100, 16, 3);
		lost = x86_linear(&t, PAGES_AT - 0x1000);
		put_vm_at(&t, lost, 43);
		put_root(&t, lost + KVM_ACTIVE, ROLE_LEVEL(4), false, &other);
		if (t.form->ept)
			add_symbol(&t, "bvmx_capability", t.modules);
		for (uint32_t k = 0; k < t.nsyms; k++) {
			/* kvm_mmu_reset_all_pte_masks(), mmu/spte.c */
			if (!strcmp(t.sym[k].name, "dshadow_nx_mask"))
				set64(&t, t.sym[k].va, X86_NX);
			if (!strcmp(t.sym[k].name, "dtdp_enabled"))
				set_bytes(&t, t.sym[k].va, 0, 1);
		}
		for (uint32_t k = 0; k < t.nmsyms; k++) {
			if (!strcmp(t.msym[k].name, "shadow_nx_mask"))
				set64(&t, t.msym[k].va, X86_NX);
			if (!strcmp(t.msym[k].name, "tdp_enabled"))
				set_bytes(&t, t.msym[k].va, 0, 1);
		}
		x86_open(&t);
		lose_page(&t, lost);
		x86_must(&t);
		assert_int_equal(t.tables.n, 1);
		assert_true(x86_has_loss(&t, "vm:42", "tdp_enabled is 0"));
		assert_true(x86_table(&t, "vm:42")->bare);
		assert_int_equal(x86_table(&t, "vm:42")->nslots, 1);
		assert_int_equal(x86_table(&t, "vm:42")->slot[0].ipa, 0x100000);
		assert_ptr_equal(x86_table(&t, "vm:42")->regime.arch,
				 t.form->ept ? &s2_x86_ept : &s2_x86_npt);
		x86_exit(&t);
	}
}

static bool wants(const void *arg, const char *id)
{
	return !strcmp(id, arg);
}

/* A VM that was not asked for is not walked to: its root is no orphan when the one that was is
 * lost. */
static void lost_vm_that_was_wanted(void **state)
{
	const struct s2_vms_wanted wanted = { .wants = wants, .arg = "vm:40" };
	struct x86_test t;
	uint64_t kvm, sp[2], pa;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	for (unsigned int i = 0; i < 2; i++) {
		kvm = put_vm(&t, 40 + i);
		sp[i] = put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		page_alloc(&t);
	}
	x86_open(&t);
	lose_page(&t, sp[0]);
	x86_must(&t);
	assert_int_equal(t.tables.n, 1);
	assert_int_equal(x86_table(&t, "vm:41")->root_pa, pa);
	t.wanted = &wanted;
	x86_must(&t);
	assert_int_equal(t.tables.n, 0);
	assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
	x86_exit(&t);
}

/* Roots whose VM is not in the dump are found all the same; those of VMs that are there come once. */
static void lost_vms(void **state)
{
	struct x86_test t;
	uint64_t kvm[3], pa[3], freed, sp;
	char id[64];

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	for (unsigned int i = 0; i < 3; i++) {
		/* The second one right before the struct pages. */
		kvm[i] = i == 1 ? x86_linear(&t, PAGES_AT - 0x1000) : page_alloc(&t);
		put_vm_at(&t, kvm[i], 40 + i);
		put_root(&t, kvm[i] + KVM_ROOTS, role_of(t.form), true, &pa[i]);
	}
	sp = put_root(&t, kvm[0] + KVM_ROOTS, role_of(t.form), true, &freed);
	set64(&t, kvm[0] + KVM_ROOTS, get64(&t, sp)); /* out of its list again */
	set64(&t, get64(&t, sp) + 8, kvm[0] + KVM_ROOTS);
	set_bytes(&t, sp + SP_COUNT, 0, 4);
	x86_open(&t);
	t.k.mem.hole = PAGES_AT - 0x1000;
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	x86_must(&t);
	snprintf(id, sizeof(id), "vm:0x%llx", (unsigned long long)kvm[1]);
	assert_true(x86_has_loss(&t, id, "kernel address"));
	snprintf(id, sizeof(id), "root:0x%llx", (unsigned long long)pa[1]);
	assert_int_equal(t.tables.n, 3);
	assert_int_equal(x86_table(&t, "vm:40")->root_pa, pa[0]);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa[2]);
	assert_int_equal(x86_table(&t, id)->root_pa, pa[1]);
	for (unsigned int i = 0; i < S2_X86_NCLAIMS; i++)
		if (!(s2_x86_claims[i].use & S2_CLAIM_ROOT))
			assert_int_equal(x86_table(&t, id)->regime.value[i],
					 x86_table(&t, "vm:40")->regime.value[i]);
	/* What a VM may have otherwise than others. */
	assert_int_equal(x86_table(&t, "vm:40")->regime.soft.unsure, 0);
	assert_int_equal(x86_table(&t, id)->regime.soft.unsure,
			 BIT64(S2_KVM_X86_MMIO_VALUE) | BIT64(S2_KVM_X86_DIRECT_BITS));
	assert_int_equal(x86_table(&t, id)->pid, -1);
	assert_int_equal(x86_table(&t, id)->object_va, 0);
	/* Without struct pages nobody can find it, and that is said. */
	t.k.mem.hole_size += RAM_SIZE / 4096 * PAGE_SIZE_OF;
	x86_must(&t);
	assert_int_equal(t.tables.n, 2);
	assert_true(x86_has_loss(&t, "", "could not look for roots among 16777216 bytes"));
	x86_exit(&t);
}

/* A lost page of struct kvm_mmu_page takes none of those behind it, whichever of the two MMUs has
 * them: roots before it keep their names, those behind it are called by their addresses. */
static void lost_page_of_a_list(void **state)
{
	static const uint32_t lists[] = { KVM_ROOTS, KVM_ACTIVE };
	static const struct {
		unsigned int from, to; /* of the five, from the list's beginning, that are lost */
		bool whole;            /* the page is; else only what says where the table is */
		unsigned int losses;
	} rows[] = { { 0, 0, true, 1 }, { 2, 2, true, 1 }, { 4, 4, true, 1 },  { 1, 2, true, 2 },
		     { 1, 3, true, 2 }, { 0, 4, true, 2 }, { 1, 1, false, 1 }, { 3, 3, false, 1 } };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t row = i / 2;
		uint64_t kvm, sp[5], pa[5];
		struct x86_test t;
		char id[64];

		x86_init(&t, FORM_7_3_NPT);
		kvm = put_vm(&t, 42);
		for (unsigned int k = 5; k-- > 0;) { /* the newest is the first */
			uint32_t old = k ? ROLE_INVALID(t.form) : 0;

			sp[k] = put_root(&t, kvm + lists[i % 2], role_of(t.form) | old, i % 2 == 0,
					 &pa[k]);
		}
		t.used = (t.used + 4095) & ~UINT64_C(4095);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		assert_int_equal(t.tables.n, 5);
		/* They lie in falling order, with the tables of the lost ones between them. */
		lose_page(&t, sp[rows[row].to]);
		t.k.mem.hole_size = sp[rows[row].from] + 4096 - sp[rows[row].to];
		if (!rows[row].whole) {
			t.k.mem.hole += SP_SPT;
			t.k.mem.hole_size = 8;
		}
		x86_must(&t);
		assert_int_equal(t.lost.count[S2_LOST_TABLE], rows[row].losses);
		assert_int_equal(t.tables.n, 5 - (rows[row].to - rows[row].from + 1));
		for (unsigned int k = 0, n = 0; k < 5; k++) {
			if (k >= rows[row].from && k <= rows[row].to)
				continue;
			snprintf(id, sizeof(id), k ? "vm:42/old:%u" : "vm:42", n);
			n += k > 0;
			if (k > rows[row].from)
				snprintf(id, sizeof(id), "vm:42/old:0x%llx",
					 (unsigned long long)pa[k]);
			assert_int_equal(x86_table(&t, id)->root_pa, pa[k]);
		}
		x86_exit(&t);
	}
}

/* Of three roots in use the first has the VM's own name: when that is lost, none has it, and no
 * name means another root than in the whole dump. */
static void names_of_what_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < NX86_FORMS * 3; i++) {
		const struct x86_form *form = &x86_forms[i / 3];
		uint64_t kvm, sp[3], pa[3];
		struct x86_test t;
		char id[64];

		x86_init(&t, form);
		kvm = put_vm(&t, 42);
		for (unsigned int k = 3; k-- > 0;) {
			sp[k] = put_root(&t, kvm + (form->arrays ? KVM_ACTIVE : KVM_ROOTS),
					 role_of(t.form), !form->arrays, &pa[k]);
			t.used = (t.used + 4095) & ~UINT64_C(4095);
		}
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		lose_page(&t, sp[i % 3]);
		x86_must(&t);
		assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
		for (unsigned int k = 0; k < 3; k++) {
			if (k == i % 3)
				continue;
			snprintf(id, sizeof(id), k ? "vm:42/root:%u" : "vm:42", k);
			if (k > i % 3)
				snprintf(id, sizeof(id), "vm:42/root:0x%llx",
					 (unsigned long long)pa[k]);
			assert_int_equal(x86_table(&t, id)->root_pa, pa[k]);
		}
		x86_exit(&t);
	}
}

/* A list of more roots than a VM can have ends there, and that is said once. */
static void too_many_roots(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, first;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	kvm = put_vm(&t, 42);
	first = put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
	/* Behind the heap, which is too small for so many: as much of each as is read. */
	for (unsigned int i = 1; i < 4096 + 100; i++) {
		uint64_t sp = x86_linear(&t, HEAP_AT + HEAP_SIZE + i * (SP_PARENTS + 8));

		memcpy(x86_at(&t, sp), x86_at(&t, first), SP_PARENTS + 8);
		link_node(&t, kvm + KVM_ROOTS, sp);
	}
	x86_must(&t);
	assert_int_equal(t.tables.n, 4096);
	assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
	assert_true(x86_has_loss(&t, "vm:42", "more than 4096 roots"));
	x86_exit(&t);
}

/* Where the list of VMs has lost two, those between them are found by their processes: with their
 * names and in their order, and none twice. What only looks like one is none. */
static void vms_of_processes(void **state)
{
	struct x86_form form = *FORM_7_3_NPT;
	uint64_t kvm[6], pa[6], init, other;
	struct x86_test t;

	(void)state;
	form.more = true;
	x86_init(&t, &form);
	init = t.k.stext + DATA_AT + 0x800;
	empty_list(&t, init + TASK_LIST);
	add_symbol(&t, "Dinit_task", init);
	/* The first two and the last are in memory that stays; 1 and 4 are not, 2 and 3 are. */
	for (unsigned int i = 0; i < 6; i++) {
		bool lost = i == 1 || i == 4;

		kvm[i] = lost ? x86_linear(&t, PAGES_AT - (i == 1 ? 0x1000 : 0xe00)) :
				heap_alloc(&t, KVM_SIZE);
		put_vm_at(&t, kvm[i], 40 + i);
		put_root(&t, kvm[i] + KVM_ROOTS, role_of(t.form), true, &pa[i]);
	}
	put_process(&t, init, 70, &kvm[0], 1);
	put_process(&t, init, 71, (uint64_t[]){ kvm[3], kvm[2], kvm[1] }, 3);
	other = heap_alloc(&t, KVM_SIZE); /* in no list */
	set64(&t, other + KVM_VM_LIST, kvm[0] + KVM_VM_LIST);
	put_process(&t, init, 72, &other, 1);
	/* Not in it yet, and no more: list_del() leaves a poison. */
	for (unsigned int gone = 0; gone < 2; gone++) {
		other = heap_alloc(&t, KVM_SIZE);
		set64(&t, other + KVM_VM_LIST, gone ? 0xdead000000000100 : 0);
		set64(&t, other + KVM_VM_LIST + 8, gone ? 0xdead000000000122 : 0);
		put_process(&t, init, 73 + gone, &other, 1);
	}
	x86_open(&t);
	lose_page(&t, kvm[1]);
	x86_must(&t);
	assert_int_equal(x86_table(&t, "vm:70")->root_pa, pa[0]);
	assert_int_equal(x86_table(&t, "vm:71.1")->root_pa, pa[2]);
	assert_int_equal(x86_table(&t, "vm:71.2")->root_pa, pa[3]);
	assert_int_equal(x86_table(&t, "vm:45")->root_pa, pa[5]);
	assert_int_equal(t.tables.nvms, 4);
	assert_int_equal(t.tables.n, 6); /* two are root:0xPA */
	assert_true(x86_has_loss(&t, "", "the list of VMs is broken: 2 VMs were read"));
	x86_exit(&t);
}

/* VMs of one process keep their numbers when one of them has lost its place in the list, as far as
 * anything tells whose it was; else that is said. */
static void lost_vm_of_a_process(void **state)
{
	(void)state;
	for (unsigned int row = 0; row < 2 * 4 * 3; row++) {
		const unsigned int gone = row / 8, how = row / 2 % 4;
		const uint32_t pid = row % 2 ? 0 : 71; /* 0: a number as any other */
		struct x86_form form = *FORM_7_3_NPT;
		uint64_t kvm[4], pa[4], init;
		char id[64], text[64];
		struct x86_test t;

		form.more = how < 3;
		x86_init(&t, &form);
		init = t.k.stext + DATA_AT + 0x800;
		empty_list(&t, init + TASK_LIST);
		add_symbol(&t, "Dinit_task", init);
		for (unsigned int i = 0; i < 4; i++) {
			kvm[i] = page_alloc(&t);
			put_vm_at(&t, kvm[i], i == 3 ? 70 : pid);
			put_root(&t, kvm[i] + KVM_ROOTS, role_of(t.form), true, &pa[i]);
		}
		page_alloc(&t);
		if (form.more)
			put_process(&t, init, pid, (uint64_t[]){ kvm[2], kvm[1], kvm[0] }, 3);
		x86_must(&t);
		assert_int_equal(t.lost.count[S2_LOST_VM], 0);
		/* Its place alone, with that the thread that made it, or all of it; 3 knows no
		 * tasks. */
		t.k.mem.hole = kvm[gone] - x86_linear(&t, 0) + KVM_VM_LIST;
		t.k.mem.hole_size = how == 1 ? KVM_MM - KVM_VM_LIST :
				    how == 2 ? KVM_SIZE - KVM_VM_LIST :
					       16;
		t.k.mem.hole_code = S2_EXCLUDED;
		x86_must(&t);
		for (unsigned int i = 0, n = 0; i < 3; i++) {
			n += i != gone;
			snprintf(id, sizeof(id), "vm:%u.%u", pid, how == 2 ? n : i + 1);
			if (i != gone)
				assert_int_equal(x86_table(&t, id)->root_pa, pa[i]);
		}
		assert_int_equal(x86_table(&t, "vm:70")->root_pa, pa[3]);
		snprintf(id, sizeof(id), "vm:0x%llx", (unsigned long long)kvm[gone]);
		snprintf(text, sizeof(text), "it counts as one of process %u", pid);
		assert_true(x86_has_loss(&t, id, how == 2 ? "ids vm:PID.N do not count it" : text));
		x86_exit(&t);
	}
}

/* A vCPU says where its root is and of which role: that is enough for it, with its struct
 * kvm_mmu_page lost, but for whether it is an old one. */
static void root_by_role(void **state)
{
	static const uint32_t more[] = { 0, ROLE_SMM, ROLE_AD_DISABLED, ROLE_SMEP };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(more) / sizeof(more[0]); i++) {
		struct x86_form form = i % 2 ? *FORM_7_3_EPT : *FORM_7_3_NPT;
		uint32_t role = role_of(&form) | more[i / 2];
		const struct s2_table *whole, *held;
		struct s2_regime regime;
		struct x86_test t;
		uint64_t kvm, pa, vcpu, sp;
		char at[64];

		form.more = true;
		x86_init(&t, &form);
		kvm = put_vm(&t, 42);
		put_slot(&t, kvm, 0, 0x100, 16, 3);
		put_slot(&t, kvm, 1, 0x200, 16, 3);
		sp = put_root(&t, kvm + KVM_ROOTS, role, true, &pa);
		page_alloc(&t);
		vcpu = put_vcpu(&t, kvm, pa);
		set_bytes(&t, vcpu + VCPU_ROOT_MMU + MMU_ROLE, role, 4);
		x86_must(&t);
		assert_int_equal(t.lost.total, 0);
		whole = x86_table(&t, more[i / 2] == ROLE_SMM ? "vm:42/smm" : "vm:42");
		regime = whole->regime;
		lose_page(&t, sp);
		x86_must(&t);
		assert_int_equal(t.tables.n, 1);
		/* The one that its list has lost, which is said once. */
		assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
		held = x86_table(&t, "vm:42/held:0");
		snprintf(at, sizeof(at), "struct kvm_mmu_page at 0x%llx", (unsigned long long)sp);
		assert_non_null(strstr(held->found, at));
		assert_true(x86_has_loss(&t, "vm:42", at));
		assert_int_equal(held->root_pa, pa);
		assert_int_equal(held->slot[0].ipa, more[i / 2] == ROLE_SMM ? 0x200000 : 0x100000);
		assert_memory_equal(held->regime.value, regime.value, sizeof(regime.value));
		assert_memory_equal(&held->regime.soft, &regime.soft, sizeof(regime.soft));
		/* That it is on no list is said of the vCPU. */
		set64(&t, kvm + KVM_ROOTS, kvm + KVM_ROOTS);
		set64(&t, kvm + KVM_ROOTS + 8, kvm + KVM_ROOTS);
		x86_must(&t);
		assert_int_equal(x86_table(&t, "vm:42/held:0")->root_pa, pa);
		assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
		/* Of an older one not even the role is known. */
		set64(&t, vcpu + VCPU_ROOT_MMU + MMU_PREV_HPA, pa);
		set64(&t, vcpu + VCPU_ROOT_MMU + MMU_ROOT_HPA, UINT64_MAX);
		x86_must(&t);
		assert_int_equal(t.tables.n, 0);
		assert_int_equal(t.lost.count[S2_LOST_TABLE], 1);
		x86_exit(&t);
	}
}

/* Of a lost VM's table more may be lost: without the table page the root is listed all the same;
 * without its struct kvm_mmu_page nobody can tell, and that is said. */
static void lost_vms_and_tables(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, sp, other;
	char id[64];

	(void)state;
	for (unsigned int pages = 2; pages <= 4; pages++) {
		x86_init(&t, FORM_7_3_NPT);
		kvm = page_alloc(&t);
		put_vm_at(&t, kvm, 42);
		sp = put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
		/* After the VM's memslots. */
		assert_int_equal(x86_linear(&t, pa), kvm + 8192);
		assert_int_equal(sp, kvm + 12288);
		page_alloc(&t);
		put_rooted_vm(&t, 43, &other);
		x86_open(&t);
		lose_page(&t, kvm);
		t.k.mem.hole_size = pages * 4096;
		x86_must(&t);
		snprintf(id, sizeof(id), "root:0x%llx", (unsigned long long)pa);
		assert_int_equal(t.tables.n, pages < 4 ? 2 : 1);
		if (pages < 4)
			assert_int_equal(x86_table(&t, id)->root_pa, pa);
		snprintf(id, sizeof(id),
			 "roots may be at 4096 bytes of memory, the first at PA 0x%llx",
			 (unsigned long long)pa);
		assert_int_equal(x86_has_loss(&t, "", id), pages == 4);
		x86_exit(&t);
	}
}

/* The same of the shadow MMU's: what is in its list, or out of it and still counted. */
static void lost_vms_of_the_shadow_mmu(void **state)
{
	const uint64_t poison = 0xdead000000000100;
	uint64_t kvm, sp, stale, root, below, freed, reused, old, nested;
	struct x86_test t;
	char id[64];

	(void)state;
	x86_init(&t, FORM_7_3_EPT);
	put_vm(&t, 7);
	kvm = x86_linear(&t, PAGES_AT - 0x1000);
	put_vm_at(&t, kvm, 42);
	sp = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &freed);
	set64(&t, sp, poison);
	set_bytes(&t, sp + SP_COUNT, 0, 4);
	sp = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form) | ROLE_INVALID(t.form), false, &old);
	set64(&t, sp, poison);
	stale = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &reused);
	empty_list(&t, kvm + KVM_ACTIVE);
	sp = put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(5), false, &nested);
	set64(&t, sp + SP_GFN, 0x1234);
	sp = put_root(&t, kvm + KVM_ACTIVE, ROLE_LEVEL(4) | ROLE_DIRECT, false, &below);
	set64(&t, sp + SP_PARENTS, 0xffff888000003000);
	sp = put_root(&t, kvm + KVM_ACTIVE, role_of(t.form), false, &root);
	set_bytes(&t, sp + SP_COUNT, 0, 4); /* no vCPU uses it, and the list keeps it */
	set64(&t, stale, sp);               /* which does not know it */
	x86_open(&t);
	t.k.mem.hole = PAGES_AT - 0x1000;
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	x86_must(&t);
	for (size_t i = 0; i < 3; i++) {
		const uint64_t pa[] = { root, old, nested };

		snprintf(id, sizeof(id), "root:0x%llx", (unsigned long long)pa[i]);
		assert_string_equal(x86_table(&t, id)->kind,
				    pa[i] == nested ? "nested-stage2" : "stage2");
		/* Rights of a guest's table say nothing of KVM's own reasons. */
		assert_int_equal(x86_table(&t, id)->regime.soft.param[S2_KVM_X86_NX_HUGE_PAGES],
				 pa[i] != nested);
	}
	assert_int_equal(t.tables.n, 4); /* with that of the other VM */
	x86_exit(&t);
}

/* An ELF file with .modinfo and .BTF, as a module's is. */
static struct s2_symbol_file make_module(const char *info, size_t info_size, void *types,
					 size_t types_size)
{
	static const char names[] = "\0.modinfo\0.BTF\0.shstrtab";
	const struct {
		Elf64_Word name;
		void *bytes;
		size_t size;
	} sections[] = {
		{ 1, (void *)(uintptr_t)info, info_size },
		{ 10, types, types_size },
		{ 15, (void *)(uintptr_t)names, sizeof(names) },
	};
	struct s2_symbol_file file = { .path = "kvm.ko", .fd = memfd_create("kvm.ko", 0) };
	Elf64_Ehdr *ehdr;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(file.fd, ELF_C_WRITE, NULL);
	ehdr = elf64_newehdr(elf);
	ehdr->e_machine = EM_X86_64;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_type = ET_REL;
	for (size_t i = 0; i < 3; i++) {
		Elf_Scn *scn = elf_newscn(elf);
		Elf_Data *d = elf_newdata(scn);
		Elf64_Shdr *shdr = elf64_getshdr(scn);

		d->d_align = 8;
		d->d_type = ELF_T_BYTE;
		d->d_buf = sections[i].bytes;
		d->d_size = sections[i].size;
		shdr->sh_type = i == 2 ? SHT_STRTAB : SHT_PROGBITS;
		shdr->sh_name = sections[i].name;
	}
	ehdr->e_shstrndx = 3;
	assert_true(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	return file;
}

#define MODINFO(name, release) "license=GPL\0name=" name "\0vermagic=" release " SMP mod_unload"

/* Types that memory lacks come from the file, if it is the module's and of this kernel. */
static void types_from_the_file(void **state)
{
	static const struct {
		const char *info;
		size_t size;
		const char *refused; /* NULL: it is not */
	} files[] = {
#define FILE_OF(name, release, text) \
	{ MODINFO(name, release), sizeof(MODINFO(name, release)), text }
		FILE_OF("kvm", "6.1.0-test", NULL),
		FILE_OF("kvm", "6.1.0-tes", "is of another kernel: 6.1.0-tes, not"),
		FILE_OF("kvm", "6.1.0-test2", "is of another kernel: 6.1.0-test2, not"),
		FILE_OF("kvm_amd", "6.1.0-test", "is the module kvm_amd, not kvm"),
		{ "license=GPL", 12, "is not a kernel module" },
		{ "name=kvm", 8, "is not a kernel module" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct x86_test t;
		uint64_t pa;

		x86_init(&t, FORM_6_1_NPT);
		put_rooted_vm(&t, 42, &pa);
		t.file = make_module(files[i].info, files[i].size, t.own_types, t.own_size);
		set64(&t, t.btf + BTF_BASE, 0); /* no longer a module's */
		x86_open(&t);
		if (files[i].refused) {
			assert_int_equal(s2_kernel_check_files(t.kernel, &t.err), S2_INVALID);
			if (!strstr(t.err.text, files[i].refused))
				fail_msg("%s", t.err.text);
			assert_int_equal(x86_ask(&t), S2_NOTFOUND);
		} else {
			assert_int_equal(s2_kernel_check_files(t.kernel, &t.err), S2_OK);
			x86_must(&t);
			assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
		}
		x86_exit(&t);
	}
}

/* The second page of a module's types is missing: types before and behind it are what they were,
 * and of those in it nothing is said. */
static void types_with_a_gap(void **state)
{
	struct x86_test t;
	struct s2_types *types = NULL;
	struct s2_member m;
	uint64_t pa, data, size;

	(void)state;
	x86_init_filled(&t, FORM_7_3_NPT, 400);
	put_rooted_vm(&t, 42, &pa);
	x86_open(&t);
	data = get64(&t, t.btf + BTF_DATA) - x86_linear(&t, 0);
	t.k.mem.hole = data + 4096;
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
	assert_int_equal(s2_module_types(t.kernel, "kvm", &types, NULL), S2_OK);
	/* 36 bytes each behind a header of 24: the 113th runs into the gap, the 228th is behind it.
	 */
	assert_int_equal(s2_types_sizeof(types, "filler_112", &size, NULL), S2_OK);
	assert_int_equal(s2_types_member(types, "filler_112", "b", &m, NULL), S2_OK);
	assert_int_equal(s2_member_off(&m), 8);
	assert_int_equal(s2_types_sizeof(types, "filler_113", &size, NULL), S2_NOTFOUND);
	assert_int_equal(s2_types_sizeof(types, "filler_226", &size, &t.err), S2_NOTFOUND);
	assert_non_null(strstr(t.err.text, "not in the dump"));
	assert_int_equal(s2_types_member(types, "filler_227", "b", &m, NULL), S2_OK);
	assert_int_equal(s2_types_member(types, "filler_399", "b", &m, NULL), S2_OK);
	assert_int_equal(s2_types_member(types, "kvm_mmu_page", "role.smm", &m, NULL), S2_OK);
	assert_int_equal(m.bit_off, SP_ROLE * 8 + 24);
	x86_exit(&t);
	/* What is looked for lies in it. */
	x86_init_filled(&t, FORM_7_3_NPT, 114);
	put_vm(&t, 42);
	x86_open(&t);
	t.k.mem.hole = get64(&t, t.btf + BTF_DATA) - x86_linear(&t, 0) + 4096;
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	assert_int_equal(x86_ask(&t), S2_NOTFOUND);
	assert_non_null(strstr(t.err.text, "kvm_mmu_page"));
	x86_exit(&t);
}

/* A module's types are reached from btf_idr and from btf_modules: one loss is none. */
static void types_by_the_other_way(void **state)
{
	struct x86_test t;
	uint64_t pa;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	put_rooted_vm(&t, 42, &pa);
	x86_open(&t);
	lose_page(&t, get64(&t, t.btf_idr + 8) - 2); /* the only node */
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
	x86_exit(&t);
	/* The node leads elsewhere: a circle of nodes. */
	x86_init(&t, FORM_7_3_NPT);
	put_rooted_vm(&t, 42, &pa);
	x86_open(&t);
	put_xa_slots(&t, get64(&t, t.btf_idr + 8) - 2, 0, 64, get64(&t, t.btf_idr + 8));
	x86_must(&t);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
	x86_exit(&t);
	/* The list's entry too is lost, or leads to another module's, and the types themselves. */
	for (unsigned int gone = 0; gone < 2; gone++) {
		x86_init(&t, FORM_7_3_NPT);
		put_vm(&t, 42);
		set64(&t, get64(&t, t.btf + BTF_DATA), 0);
		x86_open(&t);
		lose_page(&t, get64(&t, t.btf_idr + 8) - 2);
		if (gone)
			set64(&t, t.btf_modules, UINT64_C(0xffff000000000000));
		else
			set64(&t, t.btf_module + BTF_MODULE_BTF, UINT64_C(0xffff000000000000));
		/* A loss is no error: "nothing found" is not said, nor anything guessed. */
		if (!x86_ask(&t))
			assert_true(x86_has_loss(&t, "", "types of the module kvm"));
		else if (!strstr(t.err.text, "types of the module kvm"))
			fail_msg("%s", t.err.text);
		assert_int_equal(t.tables.n, 0);
		assert_true(s2_module_file_helps(t.kernel));
		x86_exit(&t);
	}
}

/* The struct btf of a module can be gone where its types are not: makedumpfile takes pages of slabs
 * for anonymous memory. They are found by the module's functions, among others' and leftovers. */
static void types_by_functions(void **state)
{
	enum { WHOLE, TWICE, WITHIN, ANOTHER, CUT, OTHERS, NWAYS };

	(void)state;
	for (unsigned int way = 0; way < NWAYS; way++) {
		bool found = way == WHOLE || way == TWICE || way == WITHIN;
		uint64_t pa, data, copy;
		struct x86_test t;

		x86_init(&t, FORM_7_3_NPT);
		put_rooted_vm(&t, 42, &pa);
		data = get64(&t, t.btf + BTF_DATA);
		/* As a module was that has been loaded before, or another one. */
		copy = page_alloc(&t);
		heap_alloc(&t, t.own_size);
		if (way == TWICE || way == ANOTHER)
			memcpy(x86_at(&t, copy), x86_at(&t, data), t.own_size);
		if (way == ANOTHER) /* the size of its first structure */
			set_bytes(&t, copy + 24 + 8, 5, 4);
		if (way == CUT)
			set_bytes(&t, data + 4, 4096, 4);
		/* What is mapped for writing begins within what the dump holds. */
		if (way == WITHIN)
			x86_map(&t, x86_linear(&t, 0), 0, 0, X86_NX);
		page_alloc(&t);
		for (size_t i = 0; way == OTHERS && i < t.nmsyms; i++)
			if (!strcmp(t.msym[i].name, x86_functions[0]))
				t.msym[i].name = "another";
		x86_open(&t);
		lose_page(&t, t.btf);
		if (found) {
			x86_must(&t);
			assert_int_equal(t.lost.total, 0);
			assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
			assert_false(s2_module_file_helps(t.kernel));
		} else {
			if (!x86_ask(&t))
				assert_true(x86_has_loss(&t, "", "types of the module kvm"));
			else
				assert_non_null(strstr(t.err.text, "types of the module kvm"));
			assert_true(s2_module_file_helps(t.kernel));
			assert_int_equal(t.tables.n, 0);
		}
		x86_exit(&t);
	}
}

/* Without kallsyms the module is not found, and that is what is said, not that a type is missing. */
static void without_kallsyms(void **state)
{
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_6_1_NPT);
	put_vm(&t, 42);
	x86_open(&t);
	s2_kernel_close(t.kernel);
	t.kernel = NULL;
	for (char *at; (at = strstr(t.k.info, "(kallsyms_"));)
		at[1] = 'K';
	assert_int_equal(x86_try_open(&t), S2_OK);
	assert_int_equal(x86_ask(&t), S2_NOTFOUND);
	if (!strstr(t.err.text, "kvm_mmu_page") || !strstr(t.err.text, "where kallsyms is"))
		fail_msg("%s", t.err.text);
	x86_exit(&t);
}

/* Types from the DWARF of a module as the compiler writes it, relocations and all. */
static void types_from_dwarf_of_the_file(void **state)
{
	struct x86_test t;
	struct s2_types *types = NULL;
	struct s2_member m;
	uint64_t pa;
	bool said = false;

	(void)state;
	x86_init(&t, FORM_6_1_NPT);
	put_rooted_vm(&t, 42, &pa);
	t.file = (struct s2_symbol_file){ .path = "kvm.ko", .fd = open(KVM_KO, O_RDONLY) };
	assert_true(t.file.fd >= 0);
	set64(&t, t.btf + BTF_BASE, 0); /* no longer a module's */
	x86_open(&t);
	assert_int_equal(s2_kernel_check_files(t.kernel, &t.err), S2_OK);
	x86_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_int_equal(x86_table(&t, "vm:42")->root_pa, pa);
	assert_int_equal(s2_module_types(t.kernel, "kvm", &types, NULL), S2_OK);
	assert_int_equal(s2_types_member(types, "kvm_mmu_page", "role.smm", &m, NULL), S2_OK);
	assert_int_equal(m.bit_off, SP_ROLE * 8 + 24);
	for (size_t i = 0; s2_kernel_remark(t.kernel, i); i++)
		said |= strstr(s2_kernel_remark(t.kernel, i), "DWARF of kvm.ko") != NULL;
	assert_true(said);
	x86_exit(&t);
}

/* Without the member or the variable that decides, nothing is guessed. */
static void what_is_not_recognised(void **state)
{
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_6_1_NPT);
	put_vm(&t, 42);
	set64(&t, t.btf + BTF_BASE, 0); /* no longer a module's */
	assert_int_equal(x86_ask(&t), S2_NOTFOUND);
	if (!strstr(t.err.text, "kvm_mmu_page"))
		fail_msg("%s", t.err.text);
	x86_exit(&t);
	x86_init(&t, FORM_6_1_NPT);
	put_vm(&t, 42);
	for (uint32_t i = 0; i < t.nmsyms; i++)
		if (!strcmp(t.msym[i].name, "shadow_nx_mask"))
			t.msym[i].name = "shadow_ny_mask";
	assert_int_equal(x86_ask(&t), S2_NOTFOUND);
	if (!strstr(t.err.text, "shadow_nx_mask"))
		fail_msg("%s", t.err.text);
	x86_exit(&t);
}

struct lie {
	const char *name;
	enum { OF_MODULE, OF_BTF, OF_DATA } of; /* struct module, struct btf, the blob itself */
	uint64_t off, value;
	unsigned int size;
};

/* Of the module's structures; none may cost more than the memory is worth, or be believed. */
static void lying_modules(void **state)
{
	static const struct lie lies[] = {
		{ "symbols without end", OF_MODULE, MODULE_CORE + 8, UINT32_MAX, 4 },
		{ "a million symbols", OF_MODULE, MODULE_CORE + 8, 1U << 20, 4 },
		{ "symbols elsewhere", OF_MODULE, MODULE_CORE, 0xffff000000000000, 8 },
		{ "strings elsewhere", OF_MODULE, MODULE_CORE + 16, 8, 8 },
		{ "no kallsyms", OF_MODULE, MODULE_KALLSYMS, 0, 8 },
		{ "a circle of modules", OF_MODULE, MODULE_LIST, 0, 8 },
		{ "types without end", OF_BTF, BTF_DATA_SIZE, UINT32_MAX, 4 },
		{ "types longer than they are", OF_BTF, BTF_DATA_SIZE, 64U << 20, 4 },
		{ "types cut short", OF_BTF, BTF_DATA_SIZE, 40, 4 },
		{ "types elsewhere", OF_BTF, BTF_DATA, 0xffff000000000000, 8 },
		{ "no magic", OF_DATA, 0, 0, 2 },
		{ "a header longer than all", OF_DATA, 4, UINT32_MAX, 4 },
		{ "a header without end of types", OF_DATA, 4, 8, 4 },
		{ "types behind the end", OF_DATA, 8, UINT32_MAX - 3, 4 },
		{ "types longer than the blob", OF_DATA, 12, 0x7ffffffc, 4 },
		{ "strings behind the end", OF_DATA, 16, UINT32_MAX, 4 },
		{ "strings longer than the blob", OF_DATA, 20, 0x7fffffff, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct x86_test t;
		uint64_t pa, at, value = lies[i].value;

		x86_init(&t, FORM_6_1_NPT);
		put_rooted_vm(&t, 42, &pa);
		x86_open(&t);
		if (lies[i].off == MODULE_LIST)
			value = t.module + MODULE_LIST;
		at = lies[i].of == OF_MODULE ? t.module :
		     lies[i].of == OF_BTF    ? t.btf :
					       get64(&t, t.btf + BTF_DATA);
		set_bytes(&t, at + lies[i].off, value, lies[i].size);
		if (lies[i].off == MODULE_LIST)
			set_text(&t, t.module + MODULE_NAME, "other");
		if (!x86_ask(&t))
			fail_msg("%s: believed", lies[i].name);
		assert_true(t.err.text[0]);
		x86_exit(&t);
	}
}

/* A circle without its head, once btf_idr has nothing: said, and after no more than memory holds. */
static void circle_of_module_types(void **state)
{
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	put_vm(&t, 42);
	x86_open(&t);
	put_xa_slots(&t, get64(&t, t.btf_idr + 8) - 2, 0, 64, get64(&t, t.btf_idr + 8));
	set64(&t, t.btf_module, t.btf_module);
	set64(&t, t.btf_module + 8, t.btf_module);
	set64(&t, t.btf_modules, t.btf_module);
	set64(&t, t.btf_module + BTF_MODULE_BTF, t.btf);
	set_text(&t, t.btf + BTF_NAME, "other");
	assert_int_equal(x86_ask(&t), S2_LOOP);
	if (!strstr(t.err.text, "types of the module kvm"))
		fail_msg("%s", t.err.text);
	x86_exit(&t);
}

/* Memory that counts what is read of it. */
static uint64_t reads, bytes_read;

static enum s2_code counting_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
				  struct s2_err *err)
{
	reads++;
	bytes_read += len;
	return memtable_read(mem, pa, buf, len, err);
}

static const struct s2_mem_ops counting_ops = { .read = counting_read, .next = memtable_next };

#define MAX_READS 100000
#define MAX_BYTES (4U * RAM_SIZE)

/* Random damage in what leads to a module, in its symbols and its types: an end within the budget,
 * and a word of what is wrong when there is no answer. */
static void hostile_modules(void **state)
{
	uint64_t rnd = 20;

	(void)state;
	for (unsigned int round = 0; round < 400; round++) {
		uint64_t pa, at, size;
		struct x86_test t;

		x86_init(&t, &x86_forms[round % NX86_FORMS]);
		if (t.form->built_in) {
			x86_exit(&t);
			continue;
		}
		put_rooted_vm(&t, 42, &pa);
		x86_open(&t);
		s2_kernel_close(t.kernel);
		t.kernel = NULL;
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			switch (test_rnd(&rnd) % 7) {
			case 0:
				at = t.module, size = MODULE_SIZE;
				break;
			case 1:
				at = t.btf, size = BTF_SIZE;
				break;
			case 2:
				at = get64(&t, t.btf + BTF_DATA), size = t.own_size;
				break;
			case 3:
				at = get64(&t, t.module + MODULE_CORE), size = t.nmsyms * 24;
				break;
			case 4:
				at = t.btf_module, size = 32;
				break;
			case 5:
				at = t.k.stext + KALLSYMS_AT, size = 3000;
				break;
			default:
				at = t.modules, size = 0x80; /* and btf_idr, btf_modules */
				break;
			}
			at += test_rnd(&rnd) % size;
			if (at - t.form->page_offset >= RAM_SIZE && at - t.k.stext >= RO_END &&
			    at - t.k.stext - DATA_AT >= DATA_SIZE)
				continue; /* damaged before */
			*x86_at(&t, at) ^= (uint8_t)(1U << test_rnd(&rnd) % 8);
		}
		t.k.mem.mem.ops = &counting_ops;
		reads = bytes_read = 0;
		s2_err_init(&t.err);
		if (x86_try_open(&t))
			assert_true(t.err.text[0]);
		else if (x86_ask(&t))
			assert_true(t.err.text[0]);
		else if (!t.tables.n)
			assert_true(t.lost.total);
		if (reads > MAX_READS || bytes_read > MAX_BYTES)
			fail_msg("round %u: %llu reads of %llu bytes", round,
				 (unsigned long long)reads, (unsigned long long)bytes_read);
		x86_exit(&t);
	}
}

/* A search of all that is mapped ends where more is mapped than there is: the same gigabyte,
 * written down more than a thousand times. */
static void types_search_has_an_end(void **state)
{
	uint64_t pa, table;
	struct x86_test t;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	put_rooted_vm(&t, 42, &pa);
	table = page_alloc(&t);
	for (uint64_t i = 0; i < 512; i++)
		set64(&t, table + i * 8, 0x60 | X86_P | X86_RW | X86_PS | t.form->sme_mask);
	for (uint64_t i = 0x1a0; i < 0x1a3; i++)
		put64(at_pa(&t.k, image_pa(&t.k, SWAPPER_AT) + i * 8),
		      (table - x86_linear(&t, 0)) | 0x60 | X86_P | X86_RW | t.form->sme_mask);
	x86_open(&t);
	lose_page(&t, t.btf);
	t.k.mem.mem.ops = &counting_ops;
	reads = 0;
	x86_must(&t);
	/* What is behind the budget is not looked at, and what has been found counts for nothing. */
	assert_int_equal(t.tables.n, 0);
	assert_true(x86_has_loss(&t, "", "types of the module kvm"));
	assert_true(reads < 4 * MAX_READS);
	x86_exit(&t);
}

/* A page here and there of as much memory as can be. */
static enum s2_code scattered_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	uint64_t at = (pa & ~BITS64(26, 0)) + (UINT64_C(192) << 20);

	if (!memtable_next(mem, pa, ret))
		return S2_OK;
	if (at >= UINT64_C(1) << 37)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = at, .size = 4096 };
	return S2_OK;
}

/* The struct page of the second 64G is said to be where nothing is: by @table. */
static void map_hole(struct x86_test *t, uint64_t table)
{
	uint64_t pgd = image_pa(&t->k, SWAPPER_AT) + (VMEMMAP_VA(t->form) >> 39 & 511) * 8;
	uint64_t pud = get64(t, x86_linear(t, pgd)) & BITS64(39, 12);

	for (uint64_t i = 0; i < 512; i++)
		set64(t, table + i * 8, UINT64_C(1) << 40 | X86_P | X86_RW | X86_PS);
	put64(at_pa(&t->k, pud + 8), (table - x86_linear(t, 0)) | X86_P | X86_RW);
}

/* Around what is there not all pages need have a struct page: that costs next to nothing. Where
 * those of half of them are in a hole, there is an end. */
static void search_for_roots_has_an_end(void **state)
{
	static const struct s2_mem_ops ops = { .read = counting_read, .next = scattered_next };

	(void)state;
	for (int mapped = 0; mapped < 2; mapped++) {
		uint64_t pa, table;
		struct x86_test t;

		x86_init(&t, FORM_7_3_NPT);
		put_rooted_vm(&t, 42, &pa);
		put_rooted_vm(&t, 43, &pa);
		table = page_alloc(&t); /* what comes then is in another page */
		if (mapped)
			map_hole(&t, table);
		x86_open(&t);
		lose_page(&t, get64(&t, t.vm_list) - KVM_VM_LIST);
		t.k.mem.mem.ops = &ops;
		reads = 0;
		x86_must(&t);
		assert_true(reads < (mapped ? 30 : 2) * MAX_READS);
		assert_int_equal(x86_has_loss(&t, "", "could not look for roots"), mapped);
		x86_exit(&t);
	}
}

/* Whatever page is missing: the same tables, or a word of what is lost. */
static void no_page_goes_in_silence(void **state)
{
	struct x86_test t;
	uint64_t kvm, pa, whole[8];
	size_t n;

	(void)state;
	x86_init(&t, FORM_7_3_NPT);
	kvm = put_vm_at(&t, vmalloc_va(&t) + 0x1000 - KVM_ARCH, 42);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form) | ROLE_SMM, true, &pa);
	put_root(&t, kvm + KVM_ROOTS, role_of(t.form), true, &pa);
	put_slot(&t, kvm, 0, 0x100, 16, 3);
	x86_must(&t);
	n = t.tables.n;
	for (size_t i = 0; i < n; i++)
		whole[i] = t.tables.table[i].root_pa;
	t.k.mem.hole_size = 4096;
	t.k.mem.hole_code = S2_EXCLUDED;
	for (t.k.mem.hole = 0; t.k.mem.hole < RAM_SIZE; t.k.mem.hole += 4096) {
		bool same;

		s2_kernel_close(t.kernel);
		t.kernel = NULL;
		s2_err_init(&t.err);
		if (x86_try_open(&t))
			continue;
		if (x86_ask(&t))
			continue;
		same = t.tables.n == n;
		for (size_t i = 0; same && i < n; i++)
			same = t.tables.table[i].root_pa == whole[i] &&
			       t.tables.table[i].have_slots && t.tables.table[i].pid == 42 &&
			       t.tables.table[i].regime.value[S2_X86_MAXPHYADDR] == 46;
		if (!same && !t.lost.total)
			fail_msg("without the page at 0x%llx: %zu tables, and not a word",
				 (unsigned long long)t.k.mem.hole, t.tables.n);
	}
	x86_exit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(refused_facts),
		cmocka_unit_test(roots_of_every_kind),
		cmocka_unit_test(registers),
		cmocka_unit_test(software),
		cmocka_unit_test(private_memory),
		cmocka_unit_test(private_memory_without_end),
		cmocka_unit_test(private_memory_not_known),
		cmocka_unit_test(arrays_of_5_15),
		cmocka_unit_test(several_vms_of_a_process),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(user_execution),
		cmocka_unit_test(reserved_by_firmware),
		cmocka_unit_test(host_pat),
		cmocka_unit_test(lost_variables),
		cmocka_unit_test(variables_of_one_name),
		cmocka_unit_test(without_a_member),
		cmocka_unit_test(layout_by_name),
		cmocka_unit_test(without_a_variable),
		cmocka_unit_test(sizes_of_struct_page),
		cmocka_unit_test(without_mmio_entries),
		cmocka_unit_test(shared_bit),
		cmocka_unit_test(slots_beyond_the_shared_bit),
		cmocka_unit_test(lost_members),
		cmocka_unit_test(shadow_mmu),
		cmocka_unit_test(shadow_mmu_of_five_levels),
		cmocka_unit_test(roots_of_vcpus),
		cmocka_unit_test(root_of_guest_mode),
		cmocka_unit_test(lost_vcpus),
		cmocka_unit_test(roots_that_vcpus_keep),
		cmocka_unit_test(without_masks_of_writability),
		cmocka_unit_test(without_second_stage),
		cmocka_unit_test(lost_vms),
		cmocka_unit_test(lost_vm_that_was_wanted),
		cmocka_unit_test(lost_vm_of_a_process),
		cmocka_unit_test(too_many_roots),
		cmocka_unit_test(vms_of_processes),
		cmocka_unit_test(root_by_role),
		cmocka_unit_test(lost_vms_and_tables),
		cmocka_unit_test(lost_page_of_a_list),
		cmocka_unit_test(names_of_what_is_left),
		cmocka_unit_test(lost_vms_of_the_shadow_mmu),
		cmocka_unit_test(types_from_the_file),
		cmocka_unit_test(types_with_a_gap),
		cmocka_unit_test(types_by_the_other_way),
		cmocka_unit_test(types_by_functions),
		cmocka_unit_test(without_kallsyms),
		cmocka_unit_test(types_from_dwarf_of_the_file),
		cmocka_unit_test(what_is_not_recognised),
		cmocka_unit_test(lying_modules),
		cmocka_unit_test(circle_of_module_types),
		cmocka_unit_test(hostile_modules),
		cmocka_unit_test(types_search_has_an_end),
		cmocka_unit_test(search_for_roots_has_an_end),
		cmocka_unit_test(no_page_goes_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
