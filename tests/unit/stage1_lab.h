/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCR_EL1 and TCR_EL2 values from their fields, written from the Arm ARM, and their shape. */
#ifndef TEST_STAGE1_LAB_H
#define TEST_STAGE1_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "decode/arm64/stage1.h"

static inline int tg0(unsigned int page_log2)
{
	return page_log2 == 12 ? 0 : page_log2 == 16 ? 1 : 2;
}

static inline int tg1(unsigned int page_log2)
{
	return page_log2 == 12 ? 2 : page_log2 == 14 ? 1 : 3;
}

/* TCR_EL1 with the same sizes in both halves. */
static inline uint64_t tcr_el1(unsigned int page_log2, unsigned int tsz, unsigned int ips, int ds)
{
	return (uint64_t)tsz | (uint64_t)tsz << 16 | (uint64_t)tg0(page_log2) << 14 |
	       (uint64_t)tg1(page_log2) << 30 | (uint64_t)ips << 32 | (uint64_t)ds << 59 |
	       3ULL << 12 | 2ULL << 28;
}

static inline uint64_t tcr_el2(unsigned int page_log2, unsigned int tsz, unsigned int ps, int ds)
{
	return (uint64_t)tsz | (uint64_t)tg0(page_log2) << 14 | (uint64_t)ps << 16 |
	       (uint64_t)ds << 32 | 1ULL << 31 | 1ULL << 23 | 3ULL << 12;
}

static inline enum s2_code shape(const struct s2_arch *arch, enum s2_arm64_claim reg, uint64_t tcr,
				 bool upper, struct s2_geometry *geom, struct s2_err *err)
{
	struct s2_regime regime;

	s2_regime_init(&regime, arch);
	s2_regime_set(&regime, reg, tcr);
	s2_regime_set(&regime, S2_ARM64_UPPER, upper);
	s2_err_init(err);
	return arch->shape(&regime, geom, err);
}

#endif
