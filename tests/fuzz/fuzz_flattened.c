// SPDX-License-Identifier: GPL-2.0-or-later
// The input is what follows the 4096 bytes of a flattened file's header: pieces, whatever they make.
#include "source_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[32] = "makedumpfile\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1";
	uint8_t *file = calloc(1, 4096 + size);

	REQUIRE(file);
	memcpy(file, header, sizeof(header));
	memcpy(file + 4096, data, size);
	check_source(file, 4096 + size);
	free(file);
	return 0;
}
