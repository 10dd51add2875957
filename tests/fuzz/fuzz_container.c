// SPDX-License-Identifier: GPL-2.0-or-later
// LiME dumps and raw images with a map; and any other file as it is. The first byte chooses.
#include "source_invariants.h"

#define LIME_HEADER 32

struct choice {
	uint8_t kind, nmaps, valid, pad[5];
	struct {
		uint32_t page, size, off;
	} map[4];
};

/* Headers where the one before leads, most of them valid; ranges are short, so that there are some.
 */
static void make_lime(uint8_t *file, size_t size, uint8_t valid)
{
	size_t off = 0;

	for (unsigned int i = 0; off + LIME_HEADER <= size && i < 64; i++) {
		uint64_t first, last;

		memcpy(&first, file + off + 8, 8);
		memcpy(&last, file + off + 16, 8);
		if (!(valid >> i % 8 & 1)) {
			memcpy(file + off, "EMiL\1\0\0\0", 8);
			last = first + (last & 0x3ff);
			memcpy(file + off + 16, &last, 8);
		}
		off += LIME_HEADER + (size_t)((last - first) & 0xffff) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_segment map[4];
	struct s2_raw_args args = { .raw = true, .map = map };
	struct choice c;
	uint8_t *file;

	fuzz_take(&data, &size, &c, sizeof(c));
	if (!size)
		return 0;
	file = malloc(size);
	REQUIRE(file);
	memcpy(file, data, size);
	for (; args.nmaps < c.nmaps % 5; args.nmaps++)
		map[args.nmaps] = (struct s2_segment){
			.pa = (uint64_t)c.map[args.nmaps].page << 12,
			.size = 1 + c.map[args.nmaps].size % (2 * size),
			.file_off = c.map[args.nmaps].off % (size + 1),
			.file_size = 1 + c.map[args.nmaps].size % (2 * size),
		};
	if (c.kind % 3 == 0)
		make_lime(file, size, c.valid);
	if (c.kind % 3 == 1)
		check_source_as(file, size, &args);
	else
		check_source(file, size);
	free(file);
	return 0;
}
