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

/* A table page of its own with @value in the entry that translates @ipa at @level. */
static uint64_t below(struct x86_test *t, uint64_t table_pa, unsigned int level, uint64_t ipa)
{
	uint64_t page = page_alloc(t), pa = page - x86_linear(t, 0), bits = t->form->ept ? 7 : 0x27;

	put64(t->k.ram + table_pa + (ipa >> (12 + 9 * (level - 1)) & 511) * 8,
	      pa | bits | t->form->sme_mask);
	return pa;
}

/* Four pages and a block of guest memory below @root. */
static void fill(struct x86_test *t, uint64_t root)
{
	uint64_t bits = t->form->ept ? 0x37 : 0x27, table = root;

	for (unsigned int level = 4; level > 1; level--)
		table = below(t, table, level, 0x100000);
	for (uint64_t i = 0; i < 4; i++)
		put64(t->k.ram + table + (0x100 + i) * 8,
		      (0xc00000 + i * 0x2000) | bits | t->form->sme_mask);
}

static void put_vms(struct x86_test *t)
{
	uint32_t role = ROLE_LEVEL(4) | ROLE_DIRECT;
	uint64_t kvm, pa;

	for (uint32_t pid = 7; pid <= 8; pid++) {
		kvm = put_vm(t, pid);
		put_slot(t, kvm, 0, 0x100, 0x100, 3);
		put_root(t, kvm + (t->form->arrays ? KVM_ACTIVE : KVM_ROOTS), role, true, &pa);
		fill(t, pa);
		put_vcpu(t, kvm, pa);
	}
}

static void write_file(const char *folder, size_t n, const char *ext, const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%zu.%s", folder, n, ext);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
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
