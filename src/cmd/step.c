// SPDX-License-Identifier: GPL-2.0-or-later
// One descriptor on the way of a translated address, for people and programs.
#include "cmd/step.h"

void s2_step_text(struct s2_out *out, const struct s2_step *step)
{
	s2_out_printf(out, "  stage %u%s level %d ", step->stage, step->for_stage1 ? " for 1" : "",
		      step->level);
	s2_out_hex(out, step->desc_pa, 1);
	s2_out_printf(out, "[%u] ", step->index);
	s2_out_hex(out, step->raw, 1);
	s2_out_printf(out, " %s\n", s2_type_name(step->type));
}

void s2_step_json(struct s2_json *json, const struct s2_step *step)
{
	s2_json_open(json, NULL, '{');
	s2_json_number(json, "stage", step->stage);
	s2_json_signed(json, "level", step->level);
	s2_json_bool(json, "s1ptw", step->for_stage1);
	s2_json_hex(json, "table", step->table);
	s2_json_number(json, "index", step->index);
	s2_json_hex(json, "descriptor_pa", step->desc_pa);
	s2_json_hex(json, "raw", step->raw);
	s2_json_word(json, "type", s2_type_name(step->type));
	s2_json_close(json, '}');
}
