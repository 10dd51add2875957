// SPDX-License-Identifier: GPL-2.0-or-later
// A growing list of tables with unique names.
#include "host/tables.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

/* More tables than a host can have VMs, nested ones included; beyond it the input is lying. */
#define MAX_TABLES 65536

void s2_tables_free(struct s2_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		s2_table_clear(&tables->table[i]);
	free(tables->table);
	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->free)
			s2_hosts[i]->free(tables);
	*tables = (struct s2_tables){ 0 };
}

enum s2_code s2_tables_add(struct s2_tables *tables, const struct s2_table *table,
			   struct s2_err *err)
{
	struct s2_table *grown;

	if (tables->n == MAX_TABLES)
		return s2_fail(err, S2_INVALID, "more than %d tables", MAX_TABLES);
	for (size_t i = 0; i < tables->n; i++)
		if (!strcmp(tables->table[i].id, table->id))
			return s2_fail(err, S2_INVALID, "two tables are called '%s'", table->id);
	grown = realloc(tables->table, (tables->n + 1) * sizeof(*grown));
	if (!grown)
		return s2_fail(err, S2_NOMEM, "no memory for %zu tables", tables->n + 1);
	tables->table = grown;
	tables->table[tables->n++] = *table;
	return S2_OK;
}

const char *s2_kvm_mode_name(enum s2_kvm_mode mode)
{
	switch (mode) {
	case S2_KVM_VHE:
		return "vhe";
	case S2_KVM_NVHE:
		return "nvhe";
	case S2_KVM_PROTECTED:
		return "protected";
	case S2_KVM_NESTED:
		return "nested";
	case S2_KVM_UNKNOWN:
	case S2_NKVM_MODES:
		break;
	}
	return "unknown";
}
