// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the benchmark's blob: 64 MiB of full last-level tables (32 GiB of guest) under a 40-bit
// start level.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x80000000ULL
#define L3_TABLES 16384ULL
#define L2_TABLES (L3_TABLES / 512)

/* What neighbours have in common: everything, all but the output address order, or nothing. */
enum pattern { COALESCED, SCATTERED, ALTERNATING };

static uint64_t leaf(enum pattern pattern, uint64_t n)
{
	uint64_t oa = 0x100000000ULL + n * 4096;

	if (pattern == SCATTERED)
		oa = 0x100000000ULL + (n * 2654435761ULL % (1 << 28)) * 4096;
	return oa | 0x7ff | (pattern == ALTERNATING && (n & 1) ? 1ULL << 54 : 0);
}

int main(int argc, char **argv)
{
	static uint64_t page[512];
	enum pattern pattern;
	uint64_t n = 0;
	FILE *f;

	if (argc != 3 || !(f = fopen(argv[2], "wb"))) {
		fprintf(stderr, "usage: blob coalesced|scattered|alternating FILE\n");
		return 2;
	}
	pattern = !strcmp(argv[1], "coalesced") ? COALESCED :
		  !strcmp(argv[1], "scattered") ? SCATTERED :
						  ALTERNATING;
	/* Start level 1, two tables. */
	for (uint64_t i = 0; i < L2_TABLES; i++)
		page[i] = (BASE + (2 + i) * 4096) | 3;
	fwrite(page, 1, sizeof(page), f);
	memset(page, 0, sizeof(page));
	fwrite(page, 1, sizeof(page), f);
	for (uint64_t t = 0; t < L2_TABLES; t++) {
		for (uint64_t i = 0; i < 512; i++)
			page[i] = (BASE + (2 + L2_TABLES + t * 512 + i) * 4096) | 3;
		fwrite(page, 1, sizeof(page), f);
	}
	for (uint64_t t = 0; t < L3_TABLES; t++) {
		for (uint64_t i = 0; i < 512; i++)
			page[i] = leaf(pattern, n++);
		fwrite(page, 1, sizeof(page), f);
	}
	return fclose(f) ? 1 : 0;
}
