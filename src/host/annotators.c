// SPDX-License-Identifier: GPL-2.0-or-later
// The list of annotators. A row each; the order is that of members and columns.
#include "host/pkvm/annotate.h"
#include "model/slots.h"

const struct s2_annotator_ops *const s2_annotators[] = {
	&s2_slots_annotator,
	&s2_pkvm_annotator,
	NULL,
};
