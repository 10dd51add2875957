/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A protected system's facts in the note of a snapshot. */
#ifndef S2_HOST_PKVM_NOTE_H
#define S2_HOST_PKVM_NOTE_H

#include <jansson.h>

#include "host/pkvm/encoding.h"

/* What s2_pkvm_next() needs, as an object; the caller owns the reference. NULL without memory. */
json_t *s2_pkvm_to_json(const struct s2_pkvm *pkvm);

/* The way back, to be released with s2_pkvm_free(). */
enum s2_code s2_pkvm_from_json(json_t *obj, struct s2_pkvm **ret, struct s2_err *err) S2_MUST_CHECK;

#endif
