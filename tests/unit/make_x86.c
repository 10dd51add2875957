// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the memory of the made x86 kernels into a folder, for tests that damage it: FOLDER/N.ram,
// N.info (VMCOREINFO), N.map.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "test_x86_make.h"
#include "write_file.h"

/* What KVM writes, without the address: values that dumps held. */
static uint64_t entry_of(const struct x86_test *t, bool table)
{
	const struct x86_form *f = t->form;
	uint64_t ve = f->own_mmio ? UINT64_C(1) << 63 : 0;

	if (!f->ept)
		return (table ? 0x827 : 0xe67) | f->sme_mask;
	if (f->new_bits)
		return ve | (table ? 0xd07 : UINT64_C(0xa0000000000f77));
	return ve | (table ? 0x907 : UINT64_C(0x600000000000b77));
}

/* One for the address @ipa, made at generation 9, of which the processor with L1TF has bits set. */
static uint64_t mmio_of(const struct x86_test *t, uint64_t ipa)
{
	return ipa | 9 << 3 | (t->form->ept ? 6 | MASK_RSVD : UINT64_C(0x8000000000007));
}

/* Empty entries are not 0 everywhere. */
static void empty(struct x86_test *t, uint64_t table_pa)
{
	for (unsigned int i = 0; t->form->own_mmio && i < 512; i++)
		put64(t->k.ram + table_pa + i * 8, UINT64_C(1) << 63);
}

/* A table page of its own with @value in the entry that translates @ipa at @level. */
static uint64_t below(struct x86_test *t, uint64_t table_pa, unsigned int level, uint64_t ipa)
{
	uint64_t page = page_alloc(t), pa = page - x86_linear(t, 0);

	empty(t, pa);
	put64(t->k.ram + table_pa + (ipa >> (12 + 9 * (level - 1)) & 511) * 8,
	      pa | entry_of(t, true));
	return pa;
}

/* Four pages of guest memory below @root, and a device. */
static void fill(struct x86_test *t, uint64_t root, uint64_t memory)
{
	uint64_t table = root;

	empty(t, root);
	for (unsigned int level = 4; level > 1; level--)
		table = below(t, table, level, 0x100000);
	for (uint64_t i = 0; i < 4; i++)
		put64(t->k.ram + table + (0x100 + i) * 8,
		      (memory + i * 0x2000) | entry_of(t, false));
	put64(t->k.ram + table + 0x20 * 8, mmio_of(t, 0x20000));
}

static void put_vms(struct x86_test *t)
{
	uint32_t role = ROLE_LEVEL(4) | ROLE_DIRECT;
	uint64_t kvm, pa;

	for (uint32_t pid = 7; pid <= 8; pid++) {
		kvm = put_vm(t, pid);
		put_slot(t, kvm, 0, 0x100, 0x100, 3);
		put_root(t, kvm + (t->form->arrays ? KVM_ACTIVE : KVM_ROOTS), role, true, &pa);
		fill(t, pa, 0xc00000 + pid * 0x8000);
		put_vcpu(t, kvm, pa);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		char map[8192];
		ssize_t size = 0;
		struct x86_test t;

		x86_init(&t, &x86_forms[i]);
		put_vms(&t);
		x86_open(&t);
		if (t.system_map >= 0)
			size = pread(t.system_map, map, sizeof(map), 0);
		write_file(argv[1], i, "ram", t.k.ram, RAM_SIZE);
		write_file(argv[1], i, "info", t.k.info, strlen(t.k.info));
		write_file(argv[1], i, "map", map, (size_t)size);
		x86_exit(&t);
	}
	return 0;
}
