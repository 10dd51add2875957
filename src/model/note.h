/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in the note of a snapshot: written as hex strings, read back with the key in the error. */
#ifndef S2_MODEL_NOTE_H
#define S2_MODEL_NOTE_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

/* "0x..."; the caller owns the reference. */
json_t *s2_note_hex(uint64_t value);

/* The number in such a string; @key is for the error. */
enum s2_code s2_note_get_hex(json_t *value, const char *key, uint64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* An optional whole number in [min, max]; @ret keeps its value when the key is absent. */
enum s2_code s2_note_get_int(json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

#endif
