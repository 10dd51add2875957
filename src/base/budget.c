// SPDX-License-Identifier: GPL-2.0-or-later
// The size of a budget.
#include "base/budget.h"

void s2_budget_init(struct s2_budget *ret, uint64_t floor, uint64_t each, uint64_t n)
{
	uint64_t steps;

	if (__builtin_mul_overflow(each, n, &steps) || __builtin_add_overflow(steps, floor, &steps))
		steps = UINT64_MAX;
	ret->left = steps;
}
