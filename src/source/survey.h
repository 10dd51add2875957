/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the memory that a dump claims is there, what is missing and why. */
#ifndef S2_SOURCE_SURVEY_H
#define S2_SOURCE_SURVEY_H

#include "source/source.h"

/* Codes of s2_is_missing(). To add one: the array in survey.c. */
#define S2_SURVEY_REASONS 5

struct s2_survey_reason {
	enum s2_code code;
	uint64_t bytes;
	uint64_t first; /* physical address, when there are any */
};

struct s2_survey {
	uint64_t claimed; /* bytes of all extents */
	uint64_t there;   /* holes of a sparse file as well: they are zeros */
	struct s2_survey_reason missing[S2_SURVEY_REASONS];
	uint64_t unseen; /* bytes that were not looked at: extents hold far more than the file */
	/* The first that should be there: damaged, cut off or unreadable. S2_OK: none. */
	enum s2_code damage;
	uint64_t damage_pa;
	char damage_text[160];
};

/*
 * Goes through all of @source. What can be seen in a mapping is there; everything else is read a
 * page at a time, so that what does not decompress is found. A hole of a sparse file is there, and
 * passed over. Fails with S2_NOMEM alone.
 */
enum s2_code s2_survey(const struct s2_source *source, struct s2_survey *ret,
		       struct s2_err *err) S2_MUST_CHECK;

/* Which program wrote it, as far as the file tells; NULL. */
const char *s2_source_writer(const struct s2_source *source);

#endif
