/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `translate` says of a descriptor that it read on its way, on any architecture. */
#ifndef S2_CMD_STEP_H
#define S2_CMD_STEP_H

#include "decode/arch.h"
#include "format/json.h"

struct s2_step {
	unsigned int stage;
	int level;
	bool for_stage1; /* of stage 2, for a descriptor of stage 1 */
	uint64_t table, desc_pa, raw;
	unsigned int index; /* in @table */
	enum s2_type type;
};

/* A line of its own. */
void s2_step_text(struct s2_out *out, const struct s2_step *step);
/* An object of the list "steps". */
void s2_step_json(struct s2_json *json, const struct s2_step *step);

#endif
