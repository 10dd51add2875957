/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of arm64 system registers that more than one file reads (Arm ARM DDI 0487, D23.2). */
#ifndef S2_DECODE_ARM64_REGISTERS_H
#define S2_DECODE_ARM64_REGISTERS_H

#include "base/bits.h"

/* HCR_EL2 */
#define HCR_VM BIT64(0)
#define HCR_PTW BIT64(2)
#define HCR_DC BIT64(12)
#define HCR_TGE BIT64(27)
#define HCR_CD BIT64(32)
#define HCR_ID BIT64(33)
#define HCR_E2H BIT64(34)
#define HCR_NV BIT64(42)
#define HCR_NV1 BIT64(43)
#define HCR_FWB BIT64(46)
#define HCR_DCT BIT64(57)

/* VTCR_EL2 (KVM's use of them: arch/arm64/include/asm/kvm_arm.h) */
#define VTCR_T0SZ BITS64(5, 0)
#define VTCR_SL0 BITS64(7, 6)
#define VTCR_SH0 BITS64(13, 12)
#define VTCR_TG0 BITS64(15, 14)
#define VTCR_PS BITS64(18, 16)
#define VTCR_VS BIT64(19)
#define VTCR_HA BIT64(21)
#define VTCR_HD BIT64(22)
#define VTCR_HWU BITS64(28, 25)
#define VTCR_RES1 BIT64(31)
#define VTCR_DS BIT64(32)
#define VTCR_SL2 BIT64(33)
#define VTCR_ASSURED_ONLY BIT64(34)
#define VTCR_S2PIE BIT64(36)
#define VTCR_D128 BIT64(38)
#define VTCR_RES0 (BIT64(20) | BITS64(24, 23) | BIT64(39) | BITS64(43, 42) | BITS64(63, 46))

/* TCR2_ELx */
#define TCR2ELX_PNCH BIT64(0)
#define TCR2ELX_PIE BIT64(1)
#define TCR2ELX_E0POE BIT64(2)
#define TCR2ELX_POE BIT64(3)
#define TCR2ELX_AIE BIT64(4)
#define TCR2ELX_D128 BIT64(5)
#define TCR2ELX_HAFT BIT64(11)

/* SCTLR_ELx: the translation is on; tables are big-endian */
#define SCTLR_M BIT64(0)
#define SCTLR_EE BIT64(25)

#endif
