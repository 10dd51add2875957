/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `translate` says of one address: in words, in a document, as a record. */
#ifndef S2_CMD_ARM64_TRANSLATE_PRINT_H
#define S2_CMD_ARM64_TRANSLATE_PRINT_H

#include "decode/arm64/translate.h"
#include "format/json.h"
#include "model/slots.h"

struct s2_translated {
	const struct s2_at_request *req;
	const struct s2_at_result *at;
	struct s2_rights rights; /* of a translated address, by the way it was asked for */
	bool two_levels;         /* both levels have rights of their own */
	struct s2_label slot;    /* of s2_slots_annotator, where the address is a guest's */
};

/* A line that says what was asked, with @steps one for each descriptor, and the answer, which
 * begins with "=". */
void s2_translated_text(struct s2_out *out, const struct s2_translated *t, bool steps);
void s2_translated_json(struct s2_json *json, const struct s2_translated *t);

#endif
