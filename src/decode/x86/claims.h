/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a regime of x86 can be told: indices of s2_regime.value[], for EPT and NPT. */
#ifndef S2_DECODE_X86_CLAIMS_H
#define S2_DECODE_X86_CLAIMS_H

#include "decode/arch.h"

enum s2_x86_claim {
	S2_X86_EPTP, /* EPT: levels, A/D, supervisor shadow stacks, root */
	S2_X86_NCR3, /* NPT: root (VMCB, N_CR3) */
	S2_X86_PAT,  /* NPT: IA32_PAT of the host, which names memory types */

	S2_X86_MAXPHYADDR,  /* bits: physical address width of the host's processor */
	S2_X86_START_LEVEL, /* 4 or 5; EPT: or EPTP says so */
	/* Yes, no, or not known. */
	S2_X86_AD,        /* EPT: hardware sets accessed and dirty bits; or EPTP says so */
	S2_X86_EXEC_ONLY, /* EPT: the processor knows execute-only translations */
	S2_X86_PAGES_1G,  /* the processor has pages of 1G */
	S2_X86_NX,        /* NPT: EFER.NXE of the host; not known counts as yes */
	/* VM-execution controls (EPT): on, or not said to be. */
	S2_X86_MBEC,         /* mode-based execute control: bit 10 */
	S2_X86_VE,           /* EPT-violation #VE: bit 63 */
	S2_X86_SPP,          /* sub-page write permissions: bit 61 */
	S2_X86_PAGING_WRITE, /* EPT paging-write control: bit 58 */
	S2_X86_VERIFY,       /* guest-paging verification: bit 57 */
	/* NPT */
	S2_X86_GMET,  /* guest mode execute trap is on: a clear U/S bit denies nothing but that */
	S2_X86_C_BIT, /* position of the C-bit when the host runs with SME, 0: it does not */
	S2_X86_NCLAIMS,
};

/* Of EPT and NPT alike; a row that only one of them knows says so. */
extern const struct s2_claim s2_x86_claims[S2_X86_NCLAIMS];

/* The complete() and assume() of both. */
enum s2_code s2_x86_complete(const struct s2_regime *option, const char *id,
			     struct s2_regime *regime, struct s2_err *err) S2_MUST_CHECK;
void s2_x86_assume(struct s2_regime *regime);

#endif
