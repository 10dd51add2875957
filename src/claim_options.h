/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say what a table is, made from the claims of all architectures. */
#ifndef S2_CLAIM_OPTIONS_H
#define S2_CLAIM_OPTIONS_H

#include "decode/arch.h"

/* An option that sets a claim, or says no to one. */
struct s2_claim_option {
	const char *name;
	const char *arg; /* NULL: none */
	const char *help;
	enum s2_claim_use use;
};

/*
 * The next option of the claims of all architectures, in the order of their rows, from position @at
 * (0 at first) on; false at the end. A name that several architectures know comes once.
 */
bool s2_claim_option_next(unsigned int *at, struct s2_claim_option *ret);

/*
 * Sets the claim that --@name is for. @regime becomes one of the first architecture that knows this
 * option and all that were given before. S2_USAGE when there is none, or @arg is not what it takes.
 */
enum s2_code s2_claim_set(const char *name, const char *arg, struct s2_regime *regime,
			  struct s2_err *err) S2_MUST_CHECK;

/* --reg NAME=VALUE: a register by its name. */
enum s2_code s2_claim_set_register(const char *text, struct s2_regime *regime,
				   struct s2_err *err) S2_MUST_CHECK;

#endif
