// SPDX-License-Identifier: GPL-2.0-or-later
// KVM on kernels of x86 (tests/unit/make_x86.c), patched: see system.h.
#include "system.h"

static void ask_more(const struct s2_input *input)
{
	(void)input;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_system(SYSTEMS_FILE, data, size);
	return 0;
}
