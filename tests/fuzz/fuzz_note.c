// SPDX-License-Identifier: GPL-2.0-or-later
// The note of a snapshot: the input is its JSON. What is read of it is written, read again, and is
// then the same.
#include <elf.h>

#include "source/source.h"
#include "tables_invariants.h"

#define BASE 0x40000000ULL
#define PAGES 4

struct core {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[2];
	uint64_t memory[PAGES * 512];
	Elf64_Nhdr nhdr;
	char name[8];
	char note[];
};

/* A table that leads to the next page, to leaves, to itself, and out of the dump. */
static void fill(uint64_t *memory)
{
	static const uint64_t words[] = { BASE + 0x1003,
					  BASE + 0x2003,
					  BASE + 0x3007,
					  BASE + 0x3,
					  0x50000003,
					  0x800007ff,
					  0x800004fd,
					  0x80000037,
					  0x900000f7,
					  0x1000000000000,
					  0x30000000000000,
					  0xc000000000000000,
					  2,
					  0x102 };

	for (unsigned int i = 0; i < PAGES * 512; i += 7)
		memory[i] = words[i % ARRAY_SIZE(words)] + (i / 64 << 12 & 0x3000);
}

/* The file, to be freed. */
static uint8_t *make_core(const void *note, size_t len, size_t *ret_size)
{
	struct core *core = calloc(1, sizeof(*core) + len);

	REQUIRE(core);
	memcpy(core->ehdr.e_ident, "\177ELF\2\1\1", 7);
	core->ehdr.e_type = ET_CORE;
	core->ehdr.e_machine = EM_AARCH64;
	core->ehdr.e_phoff = offsetof(struct core, phdr);
	core->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	core->ehdr.e_phnum = 2;
	core->phdr[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
				      .p_offset = offsetof(struct core, nhdr),
				      .p_filesz = sizeof(Elf64_Nhdr) + 8 + len,
				      .p_align = 4 };
	core->phdr[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				      .p_paddr = BASE,
				      .p_offset = offsetof(struct core, memory),
				      .p_filesz = sizeof(core->memory),
				      .p_memsz = sizeof(core->memory) };
	fill(core->memory);
	core->nhdr = (Elf64_Nhdr){ .n_namesz = sizeof(S2_SNAPSHOT_NOTE),
				   .n_descsz = (uint32_t)len,
				   .n_type = S2_SNAPSHOT_NOTE_TYPE };
	strcpy(core->name, S2_SNAPSHOT_NOTE);
	if (len)
		memcpy(core->note, note, len);
	*ret_size = offsetof(struct core, note) + len;
	return (uint8_t *)core;
}

/* Reads the note and writes it again, to be freed; NULL when it is refused. */
static char *read_and_write(const void *note, size_t len, uint8_t how, struct s2_lost *lost)
{
	const struct s2_raw_args args = { 0 };
	struct s2_source *source;
	struct s2_tables tables;
	struct s2_err err;
	size_t size;
	uint8_t *file = make_core(note, len, &size);
	char *ret = NULL;

	REQUIRE(!s2_source_open_memory(file, size, &args, &source, NULL));
	source->lost = lost;
	s2_err_init(&err);
	if (s2_snapshot_tables(source, &tables, &err)) {
		REQUIRE(err.code && err.text[0]);
	} else {
		REQUIRE(tables.n);
		ret = s2_snapshot_note(&tables, lost);
		REQUIRE(ret);
		if (how)
			check_tables(&tables, &source->mem, lost, how);
		check_lost(lost);
		s2_tables_free(&tables);
	}
	s2_source_close(source);
	free(file);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_lost lost = { 0 }, lost_again = { 0 };
	char *once, *again;
	uint8_t how;

	fuzz_take(&data, &size, &how, 1);
	once = read_and_write(data, size, how | 1, &lost);
	if (once) {
		again = read_and_write(once, strlen(once), 0, &lost_again);
		REQUIRE(again && !strcmp(once, again));
		free(again);
	}
	free(once);
	s2_lost_clear(&lost);
	s2_lost_clear(&lost_again);
	return 0;
}
