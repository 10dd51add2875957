// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO: the input as text, and as memory that is searched for notes.
#include "kernel/kva.h"
#include "kernel/vmcoreinfo.h"
#include "memtable.h"
#include "fuzz.h"

#define BASE 0x40000000ULL

static void read_text(const void *text, size_t len)
{
	static const char *const names[] = { "_stext",   "VA_BITS",      "uts_namespace.name",
					     "PAGESIZE", "KERNELOFFSET", "" };
	struct s2_vmcoreinfo info;
	struct s2_kva_facts facts;
	struct s2_err err;
	const char *value;
	size_t value_len;

	s2_err_init(&err);
	if (s2_vmcoreinfo_init(&info, text, len, &err)) {
		REQUIRE(err.text[0]);
		return;
	}
	REQUIRE(info.len <= len && info.len <= S2_VMCOREINFO_MAX);
	REQUIRE(s2_vmcoreinfo_text(&info, "OSRELEASE", &value, &value_len) && value_len);
	for (int kind = S2_VI_SYMBOL; kind <= S2_VI_HEX; kind++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			uint64_t number = 0x5a5a;
			enum s2_code code = s2_vmcoreinfo_get(&info, (enum s2_vmcoreinfo_kind)kind,
							      names[i], &number, &err);

			REQUIRE(!code || code == S2_NOTFOUND || code == S2_INVALID);
			REQUIRE(!code || number == 0x5a5a);
		}
		if (s2_vmcoreinfo_text(&info, names[kind % 6], &value, &value_len))
			REQUIRE(value >= info.text && value + value_len <= info.text + info.len &&
				!memchr(value, '\n', value_len));
	}
	if (!s2_kva_facts_from(&info, &facts, &err))
		REQUIRE(facts.ops && facts.page_size >= 4096 && facts.page_size <= 65536);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_vmcoreinfo_scan scan;
	struct s2_vmcoreinfo_hit hit;
	struct memtable mem;
	uint64_t last = 0;

	read_text(data, size);
	if (size < 2)
		return 0;
	memtable_init(&mem, data, BASE, size);
	mem.views = data[size - 1] & 1;
	mem.hole = BASE + data[size - 2] * 64ULL;
	mem.hole_size = data[size - 1] & 2 ? 100 : 0;
	mem.hole_code = S2_EXCLUDED;
	s2_vmcoreinfo_scan_init(&scan, &mem.mem);
	while (!s2_vmcoreinfo_scan_next(&scan, &hit, NULL)) {
		REQUIRE(hit.pa % 4096 == 0 && hit.pa >= BASE && hit.pa < BASE + size &&
			(!last || hit.pa > last));
		REQUIRE(hit.size && hit.size <= S2_VMCOREINFO_MAX);
		last = hit.pa;
		if (hit.text_pa - BASE + hit.size <= size)
			read_text(data + (hit.text_pa - BASE), hit.size);
	}
	return 0;
}
