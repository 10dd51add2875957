/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit fields written as the architecture manuals print them. */
#ifndef S2_BASE_BITS_H
#define S2_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT64(n) (UINT64_C(1) << (n))

/* BITS64(49, 12) is the mask of bits [49:12]. */
#define BITS64(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* The value of the field that @mask marks in @word, shifted down to bit 0. @mask is not 0. */
static inline uint64_t field_get(uint64_t mask, uint64_t word)
{
	return (word & mask) >> __builtin_ctzll(mask);
}

/* @value placed in the field that @mask marks; bits that do not fit are cut off. */
static inline uint64_t field_prep(uint64_t mask, uint64_t value)
{
	return (value << __builtin_ctzll(mask)) & mask;
}

/* @value shifted left by @n bits, or right when @n is negative; -63 <= @n <= 63. */
static inline uint64_t shift_left(uint64_t value, int n)
{
	return n < 0 ? value >> -n : value << n;
}

static inline bool is_aligned(uint64_t value, uint64_t power_of_two)
{
	return (value & (power_of_two - 1)) == 0;
}

static inline uint64_t align_up(uint64_t value, uint64_t power_of_two)
{
	return (value + power_of_two - 1) & ~(power_of_two - 1);
}

/* Mask of the low @n bits, 0 <= @n <= 64. */
static inline uint64_t low_bits(unsigned int n)
{
	return n >= 64 ? ~UINT64_C(0) : BIT64(n) - 1;
}

/* For qsort() and bsearch(): by value. */
static inline int s2_compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
