// SPDX-License-Identifier: GPL-2.0-or-later
// Walks random memory with a random regime: ranges must cover the input space in order, without gap
// or overlap.
#include <stdlib.h>
#include <string.h>

#include "decode/arm64/arm64.h"
#include "walk_invariants.h"

/* What the first bytes of the input choose. */
struct choice {
	uint64_t vtcr;
	uint64_t root;
	uint64_t range_first, range_last;
	uint8_t how, flags, hole_code;
	uint8_t pad[5];
	uint64_t hole, hole_size;
};

#define BASE 0x40000000ULL

/* Random registers are refused more often than not, so half of the inputs choose one that is not. */
static const uint64_t legal_vtcr[] = {
	0x80053558, 0x80053559,  0x80053590,  0x80053522,  0x8005b558,  0x8005b590, 0x80057558,
	0x80067590, 0x18006358c, 0x38006300c, 0x18006b5cc, 0x18006b558, 0x8005351f, 0x800035e7,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	struct choice c;
	struct shown shown;
	uint64_t *words;

	if (size < sizeof(c) + 8)
		return 0;
	memcpy(&c, data, sizeof(c));
	data += sizeof(c);
	size = (size - sizeof(c)) & ~(size_t)7;
	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2,
		      c.flags & 8 ? legal_vtcr[c.vtcr % ARRAY_SIZE(legal_vtcr)] : c.vtcr);
	if (s2_arm64_stage2.shape(&regime, &geom, NULL))
		return 0;
	words = malloc(size);
	if (!words)
		return 0;
	memcpy(words, data, size);
	/* Random addresses would hardly ever hit: fold what looks like a table into the memory
	 * there is. */
	for (size_t i = 0; i < size / 8; i++)
		if ((words[i] & 7) == 7)
			words[i] = (words[i] & ~BITS64(47, 12)) |
				   ((BASE + (words[i] >> 12) % (size / 4096 + 2) * 4096) &
				    BITS64(47, 12));
	shown = (struct shown){ .base = BASE,
				.root = BASE + (c.root % (size + 1) & ~(geom.start_size - 1) &
						~UINT64_C(63)),
				.how = c.how,
				.flags = c.flags,
				.hole_code = c.hole_code,
				.hole = c.hole,
				.hole_size = c.hole_size,
				.range = { c.range_first, c.range_last } };
	check_words(&geom, words, size, &shown);
	free(words);
	return 0;
}
