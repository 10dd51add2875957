/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the software that wrote a table means: names for the bits that hardware leaves to it, and a
 * reading of the entries by which hardware maps nothing. */
#ifndef S2_DECODE_SOFT_H
#define S2_DECODE_SOFT_H

#include "decode/arch.h"

#define S2_SOFT_VALUES 2

enum s2_soft_type {
	S2_SOFT_NOTHING, /* nothing but what hardware reads in it */
	S2_SOFT_MMIO,    /* accesses are the emulator's: no memory, and none to come */
	S2_SOFT_TRACKED, /* memory that the next access maps again, rights taken away to notice it */
	S2_SOFT_FROZEN,  /* being changed just then */
};

/* "mmio", "tracked", "frozen"; NULL: S2_SOFT_NOTHING */
const char *s2_soft_type_name(enum s2_soft_type type);

/* What an entry by which hardware maps nothing means to the software that wrote it. */
struct s2_meaning {
	/*
	 * S2_SOFT_TRACKED: the output address to come. Of others: an address that the entry names
	 * and that goes on with input addresses, when @placed.
	 */
	uint64_t address;
	uint64_t other; /* with @have_other: where parameters leave it open, what it may be, too */
	uint64_t key;   /* neighbours that join have the same, and addresses that go on */
	uint64_t value[S2_SOFT_VALUES];
	enum s2_soft_type type;
	struct s2_rights saved; /* what the next access may bring back; @known false: none */
	uint8_t known;          /* bit n: @value[n] says something */
	bool placed, have_other;
};

/* One software. A row in its host's meson.build makes it one of s2_softs[]. */
struct s2_soft_ops {
	const char *name;          /* in options, JSON and notes; stays for ever */
	const char *arch;          /* s2_arch.name of what it writes */
	const char *const *params; /* names of s2_soft.param[], for options and notes */
	unsigned int nparams;
	const struct s2_attr *attrs; /* of leaves; before the architecture's of the same name */
	unsigned int nattrs;
	const char *address; /* what s2_meaning.address is where it is no output address: "gpa" */
	const char *value[S2_SOFT_VALUES];   /* what s2_meaning.value[] are; NULL: not in use */
	const char *meaning[S2_SOFT_VALUES]; /* ... in words */

	/* Can tables of @regime be read with what it has? S2_USAGE names what is missing. May be
	 * NULL: always. */
	enum s2_code (*check)(const struct s2_regime *regime, struct s2_err *err);

	/* Sets what can be taken for granted when there is nothing but the registers of @regime. */
	void (*assume)(const struct s2_regime *regime, struct s2_soft *ret);

	/* @raw stands at @height, and hardware maps nothing by it. Leaves @ret alone when it means
	 * nothing. */
	void (*classify)(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			 struct s2_meaning *ret);

	/* Might @raw, in which classify() sees nothing, mean something with parameters that are
	 * not unsure? NULL: never. */
	bool (*may_mean)(const struct s2_soft *soft, uint64_t raw);
};

/* All there are in this build, generated, NULL at the end. */
extern const struct s2_soft_ops *const s2_softs[];
extern const unsigned int s2_nsofts;

/* @ops wrote the tables of @regime, whose registers are there. */
void s2_soft_wrote(struct s2_regime *regime, const struct s2_soft_ops *ops);

/* What parameter @param should be could not be read: what stands there is a guess. */
static inline void s2_soft_unsure(struct s2_soft *soft, unsigned int param)
{
	soft->unsure |= UINT32_C(1) << param;
}

/* ... and what another place says of it could. */
static inline void s2_soft_sure(struct s2_soft *soft, unsigned int param)
{
	soft->unsure &= ~(UINT32_C(1) << param);
}

static inline bool s2_soft_is_unsure(const struct s2_soft *soft, unsigned int param)
{
	return soft->unsure & UINT32_C(1) << param;
}

/* Might what seems to mean nothing do so, because what would tell could not be read? */
static inline bool s2_soft_may_mean(const struct s2_soft *soft, uint64_t raw)
{
	return soft->unsure && soft->ops && soft->ops->may_mean && soft->ops->may_mean(soft, raw);
}

/* Of an entry that hardware reads as @type. */
void s2_soft_classify(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		      enum s2_type type, struct s2_meaning *ret);

/* Of an entry that names the address that it translates, @ia: of two readings the one that does
 * counts. */
static inline void s2_soft_place(struct s2_meaning *meaning, uint64_t ia)
{
	if (meaning->have_other && meaning->address != ia && meaning->other == ia)
		meaning->address = ia;
}

/* Is @raw 0 where the software is known to leave something else in entries that say nothing? */
static inline bool s2_is_cleared(const struct s2_geometry *geom, uint64_t raw)
{
	return !raw && geom->soft.empty && !geom->soft.assumed;
}

/* Does @raw, by which hardware maps nothing, say something? What software never writes does. */
bool s2_says_something(const struct s2_geometry *geom, uint64_t raw);

#endif
