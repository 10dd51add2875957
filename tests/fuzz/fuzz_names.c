// SPDX-License-Identifier: GPL-2.0-or-later
// Files of symbols: the input as a System.map, as a vmlinux, and as a module.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernel/modinfo.h"
#include "kernel/namelist.h"

struct counted {
	uint64_t first;
	unsigned int n, vm_lists;
};

static bool count(void *arg, const char *name, uint64_t value)
{
	struct counted *counted = arg;

	REQUIRE(strlen(name) <= S2_SYMBOL_NAME_MAX);
	counted->n++;
	if (!strcmp(name, "vm_list") && !counted->vm_lists++)
		counted->first = value;
	return true;
}

/* A name that a pass over all meets is found, with the address that was met first. */
static void agree(const struct counted *counted, const struct s2_symbol *wanted)
{
	REQUIRE(!counted->vm_lists == !wanted->hits && wanted->hits <= counted->vm_lists);
	REQUIRE(!wanted->hits || wanted->value == counted->first);
}

static void ask_map(const struct s2_symbol_file *file)
{
	struct s2_symbol wanted = { .name = "vm_list" };
	struct counted counted = { 0 };
	struct s2_symbol_query all = { .prefix = "", .each = count, .arg = &counted }, one;
	struct s2_sysmap map;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_sysmap_open(file, &map, &err)) {
		REQUIRE(err.text[0]);
		return;
	}
	s2_sysmap_query(&map, &all);
	REQUIRE(counted.n);
	s2_symbol_query_init(&one, &wanted, 1);
	one.source = S2_SYM_SYSTEM_MAP;
	s2_sysmap_query(&map, &one);
	agree(&counted, &wanted);
	s2_sysmap_close(&map);
}

static void ask_vmlinux(const struct s2_symbol_file *file, const struct s2_kva_ops *ops)
{
	struct s2_symbol wanted = { .name = "vm_list" };
	struct counted counted = { 0 };
	struct s2_symbol_query all = { .prefix = "", .each = count, .arg = &counted }, one;
	struct s2_elfsyms syms;
	struct s2_err err;
	char id[64];

	s2_err_init(&err);
	if (!s2_elf_build_id(file, ops, id, sizeof(id), &err))
		REQUIRE(strlen(id) < sizeof(id));
	else
		REQUIRE(err.text[0]);
	s2_err_init(&err);
	if (s2_elfsyms_open(file, ops, &syms, &err)) {
		REQUIRE(err.text[0]);
		return;
	}
	s2_elfsyms_query(&syms, &all);
	s2_symbol_query_init(&one, &wanted, 1);
	one.source = S2_SYM_VMLINUX;
	s2_elfsyms_query(&syms, &one);
	agree(&counted, &wanted);
	s2_elfsyms_close(&syms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_symbol_file file = { .path = "input", .fd = memfd_create("input", 0) };
	struct s2_err err;

	REQUIRE(file.fd >= 0 && write(file.fd, data, size) == (ssize_t)size);
	ask_map(&file);
	for (unsigned int i = 0; s2_kva_ops[i]; i++)
		ask_vmlinux(&file, s2_kva_ops[i]);
	s2_err_init(&err);
	if (s2_modinfo_check(&file, "kvm", "6.1", 3, &err))
		REQUIRE(err.text[0]);
	close(file.fd);
	return 0;
}
