/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owner and state of pages as an annotator of a protected system's tables. */
#ifndef S2_HOST_PKVM_ANNOTATE_H
#define S2_HOST_PKVM_ANNOTATE_H

#include "host/pkvm/encoding.h"
#include "model/table.h"

extern const struct s2_annotator_ops s2_pkvm_annotator;

/* Makes @table one of the protected system whose facts are @pkvm, which must outlive it. */
void s2_pkvm_annotate(struct s2_table *table, const struct s2_pkvm *pkvm, enum s2_pkvm_role role);

/* What @table is to the protected system. */
static inline enum s2_pkvm_role s2_pkvm_role_of(const struct s2_table *table)
{
	const struct s2_annotator *annotator = s2_table_annotator(table, &s2_pkvm_annotator);

	return annotator ? (enum s2_pkvm_role)annotator->param[0] : S2_PKVM_NONE;
}

/* What the label of such an annotator says. */
struct s2_own s2_pkvm_own(const struct s2_label *label);

#endif
