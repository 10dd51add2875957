// SPDX-License-Identifier: GPL-2.0-or-later
// Members of rows in a build without the architecture that has pKVM: the same, and nothing known of
// them.
#include "base/bits.h"
#include "model/annotate.h"

/* No table has this annotator; whoever reads JSON or csv finds the same members in every build. */

static void get_nothing(const struct s2_label *label, struct s2_value *ret)
{
	(void)label;
	ret->known = false;
}

/* As annotate.c has them. */
static const struct s2_row_member members[] = {
	{ "owner", S2_KIND_STRING, get_nothing },      { "state", S2_KIND_STRING, get_nothing },
	{ "state_from", S2_KIND_STRING, get_nothing }, { "handle", S2_KIND_HEX, get_nothing },
	{ "gfn", S2_KIND_HEX, get_nothing },
};

const struct s2_annotator_ops s2_left_out_annotator = {
	.name = "left-out",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
};
