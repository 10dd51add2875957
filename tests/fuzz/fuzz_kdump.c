// SPDX-License-Identifier: GPL-2.0-or-later
// The input is what a kdump holds without the padding between its blocks of 4K:
//
//     1    odd: the header is as given; even: its magic, version and layout are made valid
//     464  header, 104 sub-header, 64 bytes of each bitmap, then descriptors and pages
#include "source_invariants.h"

#define BLOCK 4096
#define HEADER 464
#define SUB 104
#define BITMAP 64

static void put32(uint8_t *file, size_t off, uint32_t value)
{
	memcpy(file + off, &value, sizeof(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t lengths[] = { HEADER, SUB, BITMAP, BITMAP };
	size_t at = 1, total = ARRAY_SIZE(lengths) * BLOCK;
	uint8_t *file;

	if (size < 1 + HEADER + SUB + 2 * BITMAP)
		return 0;
	total += size - (1 + HEADER + SUB + 2 * BITMAP);
	file = calloc(1, total);
	REQUIRE(file);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); at += lengths[i++])
		memcpy(file + i * BLOCK, data + at, lengths[i]);
	memcpy(file + ARRAY_SIZE(lengths) * BLOCK, data + at, size - at);
	if (!(data[0] & 1)) {
		memcpy(file, "KDUMP   ", 8);
		put32(file, 8, 1 + (uint32_t)file[8] % 6);
		file[12 + 4 * 65] = 0; /* utsname.machine: unknown */
		put32(file, 428, BLOCK);
		put32(file, 432, 1);
		put32(file, 436, 2);
		put32(file, 440, (uint32_t)(file[440] | file[441] << 8) % (8 * BITMAP) + 1);
		memcpy(file + BLOCK + 96, file + 440, 4);
		put32(file, BLOCK + 100, 0);
	}
	check_source(file, total);
	free(file);
	return 0;
}
