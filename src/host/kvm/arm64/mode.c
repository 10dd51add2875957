// SPDX-License-Identifier: GPL-2.0-or-later
// KVM's mode from variables, from what vCPUs carry, or from what the kernel said when it started.
#include "host/kvm/arm64/mode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "decode/arm64/registers.h"

/* The log's text ring holds 2^17 bytes by default; more than this is not a log. */
#define MAX_LOG (64U << 20)

/* What would tell the mode and is not in the dump. */
static void lose(struct s2_lost *lost, enum s2_code code, const char *what)
{
	if (s2_is_missing(code))
		s2_lost_add(lost, S2_LOST_REGISTER, code, NULL, S2_LOST_NOWHERE,
			    "KVM's mode: %s: %s", what, s2_code_name(code));
}

/*
 * The text ring of the kernel log, through VMCOREINFO alone (kernel/printk: SYMBOL(prb),
 * since 5.10). To be freed.
 */
static enum s2_code read_log(struct s2_kernel *kernel, char **ret, size_t *ret_len)
{
	const struct s2_vmcoreinfo *info = s2_kernel_vmcoreinfo(kernel);
	uint64_t prb_ptr, ring_off, data_off, bits_off, prb, data, size;
	uint32_t bits;
	enum s2_code code;
	char *text;

	if (s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "prb", &prb_ptr, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_OFFSET, "printk_ringbuffer.text_data_ring", &ring_off,
			      NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_OFFSET, "prb_data_ring.data", &data_off, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_OFFSET, "prb_data_ring.size_bits", &bits_off, NULL))
		return S2_NOTFOUND;
	code = s2_kernel_read(kernel, prb_ptr, &prb, sizeof(prb), NULL);
	if (!code)
		code = s2_kernel_read(kernel, prb + ring_off + bits_off, &bits, sizeof(bits), NULL);
	if (!code)
		code = s2_kernel_read(kernel, prb + ring_off + data_off, &data, sizeof(data), NULL);
	if (code)
		return code;
	if (bits > 26)
		return S2_INVALID;
	size = BIT64(bits);
	text = size <= MAX_LOG ? malloc((size_t)size) : NULL;
	if (!text)
		return S2_NOMEM;
	code = s2_kernel_read(kernel, data, text, (size_t)size, NULL);
	if (code) {
		free(text);
		return code;
	}
	*ret = text;
	*ret_len = (size_t)size;
	return S2_OK;
}

/* What kvm_arm_init() says on success (arch/arm64/kvm/arm.c). VHE's line is a part of nVHE's and
 * hVHE's, so it comes last. +NV2 stands there when guests can be hypervisors. */
static enum s2_kvm_mode from_log(struct s2_kernel *kernel, struct s2_lost *lost)
{
	static const struct {
		const char *text;
		enum s2_kvm_mode mode;
	} lines[] = {
		{ "Protected nVHE mode initialized successfully", S2_KVM_PROTECTED },
		{ "Protected hVHE mode initialized successfully", S2_KVM_PROTECTED },
		{ "Hyp mode initialized successfully", S2_KVM_NVHE },
		{ "Hyp nVHE mode initialized successfully", S2_KVM_NVHE },
		{ "Hyp hVHE mode initialized successfully", S2_KVM_NVHE },
		{ "VHE+NV2 mode initialized successfully", S2_KVM_NESTED },
		{ "VHE mode initialized successfully", S2_KVM_VHE },
	};
	s2_auto_free char *text = NULL;
	size_t len;
	enum s2_code code = read_log(kernel, &text, &len);

	lose(lost, code, "the kernel log");
	if (code)
		return S2_KVM_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (memmem(text, len, lines[i].text, strlen(lines[i].text)))
			return lines[i].mode;
	return S2_KVM_UNKNOWN;
}

/*
 * kvm_mode is what the command line asked for (enum kvm_mode, since 5.12; NV since 6.6), static in
 * arm.c. Of several symbols of that name none is believed.
 */
static bool asked_for_nested(struct s2_kernel *kernel, const struct s2_symbol *kvm_mode,
			     struct s2_lost *lost)
{
	struct s2_types *types;
	uint64_t nv;
	uint32_t mode;
	enum s2_code code;

	if (kvm_mode->hits != 1 || s2_kernel_types(kernel, &types, NULL) ||
	    s2_types_enum(types, "kvm_mode", "KVM_MODE_NV", &nv, NULL))
		return false;
	code = s2_kernel_read(kernel, kvm_mode->value, &mode, sizeof(mode), NULL);
	lose(lost, code, "kvm_mode");
	return !code && mode == nv;
}

/*
 * kvm_protected_mode_initialized is a static key whose counter comes first. hyp_pgtable is the
 * hypervisor's stage 1, which the kernel keeps under nVHE only: VHE has none and protected mode
 * gives it away. @ret_unread tells why no symbol is known.
 */
static enum s2_kvm_mode from_symbols(struct s2_kernel *kernel, struct s2_lost *lost,
				     enum s2_code *ret_unread)
{
	struct s2_symbol s[] = { { .name = "kvm_protected_mode_initialized" },
				 { .name = "hyp_pgtable" },
				 { .name = "kvm_mode" } };
	uint32_t enabled;
	uint64_t pgtable;
	enum s2_code code = s2_kernel_symbols(kernel, s, ARRAY_SIZE(s), NULL);

	*ret_unread = code;
	if (code || !s[0].hits || s[1].hits != 1)
		return S2_KVM_UNKNOWN;
	code = s2_kernel_read(kernel, s[0].value, &enabled, sizeof(enabled), NULL);
	lose(lost, code, s[0].name);
	if (!code && enabled)
		return S2_KVM_PROTECTED;
	if (!code) {
		code = s2_kernel_read(kernel, s[1].value, &pgtable, sizeof(pgtable), NULL);
		lose(lost, code, s[1].name);
	}
	if (code)
		return S2_KVM_UNKNOWN;
	if (pgtable)
		return S2_KVM_NVHE;
	return asked_for_nested(kernel, &s[2], lost) ? S2_KVM_NESTED : S2_KVM_VHE;
}

enum s2_kvm_mode s2_kvm_mode(struct s2_kernel *kernel, struct s2_lost *lost, char *why,
			     size_t why_size)
{
	enum s2_code unread;
	enum s2_kvm_mode mode = from_symbols(kernel, lost, &unread);

	snprintf(why, why_size, "kvm_protected_mode_initialized, hyp_pgtable and kvm_mode");
	if (mode != S2_KVM_UNKNOWN)
		return mode;
	snprintf(why, why_size, "the kernel log");
	mode = from_log(kernel, lost);
	if (mode == S2_KVM_UNKNOWN)
		lose(lost, unread, "the kernel's symbols");
	return mode;
}

/* vcpu_reset_hcr() sets E2H where the host (VHE) or its hypervisor (hVHE, 6.6 on) runs with it. */
enum s2_kvm_mode s2_kvm_mode_by_hcr(uint64_t hcr, char *why, size_t why_size)
{
	snprintf(why, why_size, "HCR_EL2.E2H of a vCPU; no symbol, no log line");
	if (hcr & HCR_E2H)
		return S2_KVM_VHE;
	snprintf(why, why_size, "neither symbols nor the kernel log tell");
	return S2_KVM_UNKNOWN;
}
