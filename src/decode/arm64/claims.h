/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a regime of arm64 can be told: indices of s2_regime.value[], for both stages. */
#ifndef S2_DECODE_ARM64_CLAIMS_H
#define S2_DECODE_ARM64_CLAIMS_H

#include "decode/arch.h"

enum s2_arm64_claim {
	S2_ARM64_VTCR_EL2,
	S2_ARM64_VTTBR_EL2,
	S2_ARM64_HCR_EL2,
	S2_ARM64_SCTLR_EL1,
	S2_ARM64_TCR_EL1,
	S2_ARM64_TCR2_EL1,
	S2_ARM64_TTBR0_EL1,
	S2_ARM64_TTBR1_EL1,
	S2_ARM64_MAIR_EL1,
	S2_ARM64_PIR_EL1,
	S2_ARM64_PIRE0_EL1,
	S2_ARM64_POR_EL1,
	S2_ARM64_POR_EL0,
	S2_ARM64_SCTLR_EL2,
	S2_ARM64_TCR_EL2,
	S2_ARM64_TTBR0_EL2,
	S2_ARM64_TTBR1_EL2,
	S2_ARM64_MAIR_EL2,
	S2_ARM64_TCR2_EL2,
	S2_ARM64_PIR_EL2,
	S2_ARM64_PIRE0_EL2,
	S2_ARM64_POR_EL2,
	S2_ARM64_NREGS, /* system registers come first */

	/* Instead of a register, or beside it (then they must agree). */
	S2_ARM64_GRANULE = S2_ARM64_NREGS, /* bytes: 4096, 16384, 65536 */
	S2_ARM64_IA_BITS,
	S2_ARM64_OA_BITS,
	S2_ARM64_START_LEVEL,
	S2_ARM64_LPA2,
	S2_ARM64_FWB,
	S2_ARM64_XNX,
	S2_ARM64_REALM, /* Realm EL1&0 stage 2: bit 55 is NS */
	S2_ARM64_UPPER, /* stage 1: the TTBR1 half of the address space */
	S2_ARM64_E2H,   /* HCR_EL2.E2H as the table looks, where the register is not known */

	/* Of one translation. The registers are those of the exception level that it is for. */
	S2_ARM64_TCR,
	S2_ARM64_TTBR0,
	S2_ARM64_TTBR1,
	S2_ARM64_MAIR,
	S2_ARM64_SCTLR,
	S2_ARM64_PAN,
	S2_ARM64_PA_BITS,
	S2_ARM64_NCLAIMS,
};

extern const struct s2_claim s2_arm64_claims[S2_ARM64_NCLAIMS];

/* The agree(), complete() and assume() of the table formats. */
enum s2_code s2_arm64_agree(const struct s2_regime *option, struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_arm64_complete(const struct s2_regime *option, const char *id,
			       struct s2_regime *regime, struct s2_err *err) S2_MUST_CHECK;
void s2_arm64_assume(struct s2_regime *regime);

/* HCR_EL2.E2H: by the register where it is known, else as the table looks. */
enum s2_tristate s2_arm64_e2h(const struct s2_regime *regime);

#endif
