// SPDX-License-Identifier: GPL-2.0-or-later
// DWARF and symbol tables: the input is an ELF file.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/dwarf.h"
#include "kernel/namelist.h"
#include "fuzz.h"

static void ask(struct s2_types *types)
{
	static const char *const paths[] = { "first", "deep.level", "grid", "bits", "one" };
	struct s2_member member;
	uint64_t value;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!s2_types_member(types, "outer", paths[i], &member, NULL))
			REQUIRE(member.bit_size <= 64 &&
				(member.kind == S2_KIND_ARRAY || !member.nelems));
	(void)!s2_types_sizeof(types, "outer", &value, NULL);
	(void)!s2_types_enum(types, "state", "STATE_MINUS", &value, NULL);
	(void)!s2_types_enum(types, NULL, "nope", &value, NULL);
}

static bool count(void *arg, const char *name, uint64_t value)
{
	(void)value;
	*(size_t *)arg += strlen(name);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_symbol_file file = { .path = "input", .fd = memfd_create("input", 0) };
	struct s2_elfsyms syms;
	struct s2_sysmap map;
	struct s2_types *types;
	size_t n = 0;
	struct s2_symbol_query query = { .prefix = "", .each = count, .arg = &n };

	REQUIRE(file.fd >= 0 && write(file.fd, data, size) == (ssize_t)size);
	if (!s2_dwarf_new(&file, size & 1 ? "x" : NULL, &types, NULL)) {
		ask(types);
		s2_types_free(types);
	}
	if (!s2_btf_elf(&file, NULL, &types, NULL, NULL)) {
		ask(types);
		s2_types_free(types);
	}
	if (!s2_elfsyms_open(&file, s2_kva_ops[0], &syms, NULL)) {
		s2_elfsyms_query(&syms, &query);
		s2_elfsyms_close(&syms);
	}
	if (!s2_sysmap_open(&file, &map, NULL)) {
		s2_sysmap_query(&map, &query);
		s2_sysmap_close(&map);
	}
	close(file.fd);
	return 0;
}
