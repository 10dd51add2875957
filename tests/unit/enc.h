/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An encoder of stage-2 descriptors written from the figures in the Arm ARM (D8.3.1), sharing
 * nothing with src/decode/. */
#ifndef TEST_ENC_H
#define TEST_ENC_H

#include <stdint.h>

/* The three ways in which a descriptor holds an output address. */
enum enc_layout {
	ENC_48,   /* OA[47:12] in bits [47:12] */
	ENC_LPA,  /* 64K pages: OA[47:16] in [47:16], OA[51:48] in [15:12] */
	ENC_LPA2, /* DS=1: OA[49:12] in [49:12], OA[51:50] in [9:8] */
};

static inline uint64_t enc_oa(enum enc_layout layout, uint64_t oa)
{
	switch (layout) {
	case ENC_48:
		return oa & 0x0000fffffffff000ULL;
	case ENC_LPA:
		return (oa & 0x0000ffffffff0000ULL) | ((oa >> 48 & 0xf) << 12);
	case ENC_LPA2:
		return (oa & 0x0003fffffffff000ULL) | ((oa >> 50 & 0x3) << 8);
	}
	return 0;
}

static inline uint64_t enc_page(enum enc_layout layout, uint64_t oa, uint64_t attrs)
{
	return enc_oa(layout, oa) | attrs | 0x3;
}

static inline uint64_t enc_block(enum enc_layout layout, uint64_t oa, uint64_t attrs)
{
	return enc_oa(layout, oa) | attrs | 0x1;
}

static inline uint64_t enc_table(enum enc_layout layout, uint64_t pa)
{
	return enc_oa(layout, pa) | 0x3;
}

/* MemAttr Normal WB without FWB, read, write, inner shareable, AF: what KVM writes for ordinary
 * memory. */
#define ENC_MEM 0x00000000000007fcULL
#define ENC_MEM_LPA2 0x00000000000004fcULL /* no SH field */

#endif
