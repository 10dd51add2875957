// SPDX-License-Identifier: GPL-2.0-or-later
// The per-CPU areas of the nVHE image: a base per CPU, and the distance of a variable from the first.
#include "host/kvm/arm64/params.h"

/* More than CONFIG_NR_CPUS of any kernel that is built. */
#define MAX_CPUS 4096

enum { PARAMS, START, BASES, NR_CPUS, NSYMBOLS };

enum s2_code s2_nvhe_params(struct s2_kernel *kernel,
			    bool (*cpu)(void *arg, unsigned int n, uint64_t va, enum s2_code code),
			    void *arg)
{
	struct s2_symbol s[NSYMBOLS] = {
		[PARAMS] = { .name = "__kvm_nvhe_kvm_init_params" },
		[START] = { .name = "__kvm_nvhe___per_cpu_start" },
		[BASES] = { .name = "__kvm_nvhe_kvm_arm_hyp_percpu_base" },
		[NR_CPUS] = { .name = "nr_cpu_ids" },
	};
	uint32_t ncpus = 0;
	enum s2_code code = s2_kernel_symbols(kernel, s, NSYMBOLS, NULL);

	if (s2_is_missing(code))
		return code;
	for (unsigned int i = 0; i < NSYMBOLS; i++)
		if (code || s[i].hits != 1)
			return S2_NOTFOUND;
	code = s2_kernel_read(kernel, s[NR_CPUS].value, &ncpus, sizeof(ncpus), NULL);
	if (s2_is_missing(code)) {
		cpu(arg, 0, s[NR_CPUS].value, code);
		return S2_OK;
	}
	for (uint32_t i = 0; !code && i < ncpus && i < MAX_CPUS; i++) {
		uint64_t at = s[BASES].value + i * sizeof(uint64_t), base = 0;
		enum s2_code why = s2_kernel_read(kernel, at, &base, sizeof(base), NULL);

		if (!why && !base)
			continue; /* not possible */
		if (!cpu(arg, i, why ? at : base + (s[PARAMS].value - s[START].value), why))
			break;
	}
	return code;
}
