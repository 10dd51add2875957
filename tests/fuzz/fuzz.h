/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all targets share. */
#ifndef S2_TESTS_FUZZ_FUZZ_H
#define S2_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An invariant: a fuzzer takes an abort for a find. */
#define REQUIRE(cond) \
	do { \
		if (!(cond)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first bytes of an input make choices: takes @len of them, zeros where it ends before. */
static inline void fuzz_take(const uint8_t **data, size_t *size, void *ret, size_t len)
{
	size_t n = *size < len ? *size : len;

	memset(ret, 0, len);
	if (n)
		memcpy(ret, *data, n);
	*data += n;
	*size -= n;
}

#endif
