// SPDX-License-Identifier: GPL-2.0-or-later
// Which rules tables have beside those of all.
#include <string.h>

#include "check/priv.h"

const struct s2_check_rules *s2_rules_of(const struct s2_table *table)
{
	static const struct s2_check_rules none;

	for (unsigned int i = 0; i < s2_ncheck_rules; i++)
		if (!strcmp(s2_check_rules[i]->arch, table->regime.arch->name))
			return s2_check_rules[i];
	return &none;
}

enum s2_pkvm_role s2_role(const struct s2_table *table)
{
	const struct s2_check_rules *rules = s2_rules_of(table);

	return rules->role ? rules->role(table) : S2_PKVM_NONE;
}

enum s2_tristate s2_rules_is_memory(const struct s2_check_ctx *ctx, uint64_t pa)
{
	enum s2_tristate ret = S2_UNKNOWN;

	for (unsigned int i = 0; ret == S2_UNKNOWN && i < s2_ncheck_rules; i++)
		if (s2_check_rules[i]->is_memory)
			ret = s2_check_rules[i]->is_memory(ctx, pa);
	return ret;
}
