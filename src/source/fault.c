// SPDX-License-Identifier: GPL-2.0-or-later
// One guarded copy at a time: whoever reads a mapping copies first, so that nobody looks twice at
// bytes that may change, and a fault is an error as any other.
#include "source/fault.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

/* The signal handler has no argument to carry these. */
static struct {
	sigjmp_buf leave;
	const uint8_t *volatile start; /* NULL: nothing is being copied */
	volatile size_t len;
} guard;

/* What comes before in the program also comes before in memory. */
#define BARRIER() __asm__ volatile("" ::: "memory")

bool s2_fault_copy(void *to, const void *from, size_t len, size_t next)
{
	const volatile uint8_t *bytes = from;

	if (sigsetjmp(guard.leave, 0)) {
		guard.start = NULL;
		return false;
	}
	guard.len = next < len ? len : next + 1;
	guard.start = from;
	BARRIER();
	memcpy(to, from, len);
	if (next && len && !((const uint8_t *)to)[len - 1])
		(void)bytes[next];
	BARRIER();
	guard.start = NULL;
	return true;
}

void s2_fault_leave(const void *address)
{
	const uint8_t *at = address, *start = guard.start;

	if (start && at >= start && (size_t)(at - start) < guard.len)
		siglongjmp(guard.leave, 1);
}
