// SPDX-License-Identifier: GPL-2.0-or-later
// The input is a file. Unless its last byte is odd it gets the first bytes of an ELF core, so that
// most inputs come through.
#include <elf.h>

#include "source_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Elf64_Ehdr ehdr;
	uint8_t *file;

	if (size < sizeof(ehdr) || data[size - 1] & 1) {
		check_source(data, size);
		return 0;
	}
	file = malloc(size);
	REQUIRE(file);
	memcpy(file, data, size);
	memcpy(&ehdr, file, sizeof(ehdr));
	memcpy(ehdr.e_ident,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	ehdr.e_type = ET_CORE;
	ehdr.e_machine = EM_AARCH64;
	ehdr.e_phentsize = sizeof(Elf64_Phdr);
	memcpy(file, &ehdr, sizeof(ehdr));
	check_source(file, size);
	free(file);
	return 0;
}
