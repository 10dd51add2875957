/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers that say what became of an access: for `decode`, they make no table. */
#ifndef S2_DECODE_ARM64_SYNDROME_H
#define S2_DECODE_ARM64_SYNDROME_H

#include "decode/arch.h"

#define S2_ARM64_NREPORTS 4
extern const struct s2_report s2_arm64_reports[S2_ARM64_NREPORTS];

#endif
