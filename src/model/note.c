// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of a note to JSON and back, and its texts.
#include "model/note.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/num.h"

json_t *s2_note_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	return json_string(text);
}

enum s2_code s2_note_get_hex(json_t *value, const char *key, uint64_t *ret, struct s2_err *err)
{
	const char *text = json_string_value(value);

	if (!text)
		return s2_fail(err, S2_INVALID, "'%s' is not a string", key);
	if (s2_parse_u64(text, key, ret, err)) {
		if (err)
			err->code = S2_INVALID; /* nobody typed it */
		return S2_INVALID;
	}
	return S2_OK;
}

enum s2_code s2_note_get_int(json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
			     struct s2_err *err)
{
	json_t *value = json_object_get(obj, key);

	if (!value)
		return S2_OK;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return s2_fail(err, S2_INVALID, "'%s' is not a whole number in %lld..%lld", key,
			       (long long)min, (long long)max);
	*ret = json_integer_value(value);
	return S2_OK;
}

enum s2_code s2_note_get_list(json_t *obj, const char *key, json_t **ret, struct s2_err *err)
{
	*ret = json_object_get(obj, key);
	if (*ret && !json_is_array(*ret))
		return s2_fail(err, S2_INVALID, "'%s' is not a list", key);
	return S2_OK;
}

enum s2_code s2_note_get_string(json_t *obj, const char *key, char *buf, size_t size,
				struct s2_err *err)
{
	const char *text = json_string_value(json_object_get(obj, key));
	char shown[1024];

	if (!text)
		return s2_fail(err, S2_INVALID, "'%s' is not a string", key);
	if (strlen(text) >= size || s2_escape(text, strlen(text), shown, sizeof(shown)) >= size)
		return s2_fail(err, S2_INVALID, "'%s' is longer than %zu bytes", key, size - 1);
	memcpy(buf, shown, strlen(shown) + 1);
	return S2_OK;
}

enum s2_code s2_note_get_word(json_t *obj, const char *key, char *buf, size_t size,
			      struct s2_err *err)
{
	enum s2_code code = s2_note_get_string(obj, key, buf, size, err);

	for (char *blank = buf; !code && (blank = strchr(blank, ' '));)
		*blank = '_';
	return code;
}
