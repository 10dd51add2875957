/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a loop over input may do: bounded by the bytes that are there, not by what they claim. */
#ifndef S2_BASE_BUDGET_H
#define S2_BASE_BUDGET_H

#include <stdint.h>

#include "base/err.h"

/* Steps that are left; what a step is (a table page, a page of memory, a byte) its loop says. */
struct s2_budget {
	uint64_t left;
};

/*
 * @floor steps, for inputs so small that nothing can be concluded from their size, and @each more
 * for each of @n units that are there (pages of struct s2_mem's bytes, say). Saturates.
 */
void s2_budget_init(struct s2_budget *ret, uint64_t floor, uint64_t each, uint64_t n);

/*
 * Draws @n steps, before they are done. S2_BUDGET: so many are not left, none of them may be done;
 * whoever gets it says so and adds a loss (base/lost.h), once. The budget is then empty: a loop
 * that came to its end does not go on because its next step is a smaller one.
 */
static inline enum s2_code S2_MUST_CHECK s2_budget_take(struct s2_budget *budget, uint64_t n)
{
	if (n > budget->left) {
		budget->left = 0;
		return S2_BUDGET;
	}
	budget->left -= n;
	return S2_OK;
}

#endif
