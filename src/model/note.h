/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The note of a snapshot: JSON read within bounds, numbers written as hex strings and read back
 * with the key in the error. */
#ifndef S2_MODEL_NOTE_H
#define S2_MODEL_NOTE_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The value that the @len bytes at @text are, with at most @most bytes of memory. S2_INVALID: it is
 * no JSON; S2_BUDGET: it would take more; S2_NOMEM. Not for two threads at once. The caller owns
 * the reference.
 */
enum s2_code s2_note_parse(const char *text, size_t len, uint64_t most, json_t **ret,
			   struct s2_err *err) S2_MUST_CHECK;

/* Lets jansson take its seed now: later it would open a file for it. */
void s2_note_seed(void);

/* No note is larger. */
#define S2_NOTE_MAX (16U << 20)

/* How much memory each part of a note may take that is built from now on; 0: any. */
void s2_note_limit(uint64_t most);

/* Was that why s2_note_text() gave none? */
bool s2_note_spent(void);

/*
 * Around the building of a note: jansson leaves out what it has no memory for, and does not say so
 * everywhere. s2_note_text() drops the reference; the caller frees the text, NULL when memory was
 * lacking at any time since s2_note_begin(), or it took more than s2_note_limit().
 */
void s2_note_begin(void);
char *s2_note_text(json_t *root);

/* "0x..."; the caller owns the reference. */
json_t *s2_note_hex(uint64_t value);

/* The number in such a string; @key is for the error. */
enum s2_code s2_note_get_hex(json_t *value, const char *key, uint64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* An optional whole number in [min, max]; @ret keeps its value when the key is absent. */
enum s2_code s2_note_get_int(json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* An optional list, which the object keeps: NULL when the key is absent. Anything else under the
 * key is not an empty list. */
enum s2_code s2_note_get_list(json_t *obj, const char *key, json_t **ret,
			      struct s2_err *err) S2_MUST_CHECK;

/* The text of a key. What of a note reaches text is escaped here, once: nobody above has to tell a
 * name of our own from one that the note brought. */
enum s2_code s2_note_get_string(json_t *obj, const char *key, char *buf, size_t size,
				struct s2_err *err) S2_MUST_CHECK;

/* One that is to stand in a column: without blanks. */
enum s2_code s2_note_get_word(json_t *obj, const char *key, char *buf, size_t size,
			      struct s2_err *err) S2_MUST_CHECK;

#endif
