// SPDX-License-Identifier: GPL-2.0-or-later
// Protected systems of several kernels (tests/tools/mkpkvm.py) and others whose VMs have processes
// (tests/unit/make_arm64.c), patched: see system.h.
#include "host/kvm/arm64/vcpu.h"
#include "system.h"

static void ask_more(const struct s2_input *input)
{
	for (size_t i = 0; input->kernel && i < input->tables.n; i++) {
		struct s2_vcpu vcpu;
		struct s2_err err;

		s2_err_init(&err);
		if (input->tables.table[i].object_va &&
		    s2_kvm_vcpu(input->kernel, input->tables.table[i].object_va, 0, &vcpu, &err))
			REQUIRE(err.text[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_system(SYSTEMS_FILE, data, size);
	return 0;
}
