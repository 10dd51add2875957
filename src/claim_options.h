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
	unsigned int use; /* S2_CLAIM_SHAPE, ... */
};

/*
 * The next option of the claims of all architectures, in the order of their rows, from position @at
 * (0 at first) on; false at the end. A name that two architectures know comes twice.
 */
bool s2_claim_option_next(unsigned int *at, struct s2_claim_option *ret);

/* An option for a claim as it was given; @name NULL: a register, @arg is NAME=VALUE. */
struct s2_claim_given {
	const char *name;
	const char *arg;
};

/*
 * Makes @ret a regime of the first table format that is called @arch (by its own name or by its
 * architecture's; NULL: whatever it is called), as @option says, and knows all @n options, and sets
 * their claims.
 * S2_USAGE when there is none, when two formats of one architecture and stage fit what shapes a
 * table, or when an argument is not what its option takes.
 */
enum s2_code s2_claims_set(const char *option, const char *arch, const struct s2_claim_given *given,
			   unsigned int n, struct s2_regime *ret, struct s2_err *err) S2_MUST_CHECK;

/* The table format of this name, in whatever case; NULL: none has it. */
const struct s2_arch *s2_format_called(const char *name);

/*
 * --software=NAME[,PARAMETER=VALUE...]: what wrote the table that @regime describes. S2_USAGE when
 * @text is no software that writes tables of its architecture.
 */
enum s2_code s2_software_set(const char *text, struct s2_regime *regime,
			     struct s2_err *err) S2_MUST_CHECK;

/* "--vtcr, --granule, --ipa-bits": the options of claims of these uses about tables of @arch. */
void s2_claim_options(const struct s2_arch *arch, unsigned int uses, char *buf, size_t size);

/* "--vtcr or --eptp": for each architecture its first register of these uses. */
void s2_claim_examples(unsigned int uses, char *buf, size_t size);

/* "--vtcr, or with sizes": what says of which shape a table is that @claim is of. */
void s2_claim_shapes(const struct s2_claim *claim, char *buf, size_t size);

/* The first claim that has an example; NULL: none has. */
const struct s2_claim *s2_claim_example(void);

#endif
