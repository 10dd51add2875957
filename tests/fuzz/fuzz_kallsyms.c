// SPDX-License-Identifier: GPL-2.0-or-later
// kallsyms: the input says where the tables are and is the memory that holds them.
#include <stdio.h>
#include "kernel/kallsyms.h"
#include "memtable.h"
#include "fuzz.h"

#define BASE 0x40000000ULL
#define VOFFSET 0xffff800000000000ULL

/* What the first bytes of the input choose: offsets in the rest. */
struct choice {
	uint16_t names, num_syms, tokens, token_index, table, base;
	uint8_t absolute, have_base, views, pad;
	uint64_t stext;
};

struct counted {
	uint64_t first_stext;
	uint32_t n, stexts;
};

static bool count(void *arg, const char *name, uint64_t value)
{
	struct counted *counted = arg;

	REQUIRE(strlen(name) <= S2_SYMBOL_NAME_MAX);
	counted->n++;
	if (!strcmp(name, "_stext") && !counted->stexts++)
		counted->first_stext = value;
	return true;
}

static void query(const struct s2_kallsyms *ks, const struct s2_kva_facts *facts)
{
	struct s2_symbol wanted[] = { { .name = "_stext" }, { .name = "vm_list" }, { .name = "" } };
	struct counted counted = { 0 };
	struct s2_symbol_query all = { .prefix = "", .each = count, .arg = &counted };
	struct s2_symbol_query some;

	REQUIRE(ks->ndata <= ks->nsyms);
	s2_symbol_query_init(&some, wanted, 3);
	some.source = S2_SYM_KALLSYMS;
	REQUIRE(!s2_kallsyms_query(ks, &some, NULL));
	REQUIRE(wanted[0].hits && wanted[0].value == facts->stext);
	REQUIRE(!s2_kallsyms_query(ks, &all, NULL));
	REQUIRE(counted.n <= ks->nsyms && counted.stexts && counted.first_stext == facts->stext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_kva_facts facts = { .image_offset = VOFFSET };
	struct s2_vmcoreinfo info;
	struct s2_kallsyms ks;
	struct s2_budget room;
	struct memtable mem;
	struct choice c;
	struct s2_err err;
	char text[1000];
	enum s2_code code;

	if (size <= sizeof(c))
		return 0;
	memcpy(&c, data, sizeof(c));
	facts.stext = c.stext;
	snprintf(text, sizeof(text),
		 "OSRELEASE=6\nSYMBOL(kallsyms_names)=%llx\nSYMBOL(kallsyms_num_syms)=%llx\n"
		 "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\nSYMBOL(kallsyms_%s)=%llx\n"
		 "%s(kallsyms_relative_base)=%llx\n",
		 BASE + VOFFSET + c.names, BASE + VOFFSET + c.num_syms, BASE + VOFFSET + c.tokens,
		 BASE + VOFFSET + c.token_index, c.absolute & 1 ? "addresses" : "offsets",
		 BASE + VOFFSET + c.table, c.have_base & 1 ? "SYMBOL" : "X",
		 BASE + VOFFSET + c.base);
	REQUIRE(!s2_vmcoreinfo_init(&info, text, strlen(text), NULL));
	memtable_init(&mem, data + sizeof(c), BASE, size - sizeof(c));
	mem.views = c.views & 1;
	s2_err_init(&err);
	s2_room_init(&room, &mem.mem);
	code = s2_kallsyms_open(&ks, &mem.mem, &info, &facts, &room, &err);
	if (code) {
		REQUIRE(err.text[0] && err.code == code);
		return 0;
	}
	query(&ks, &facts);
	s2_kallsyms_close(&ks);
	return 0;
}
