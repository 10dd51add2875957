// SPDX-License-Identifier: GPL-2.0-or-later
// A growing list of tables with unique names.
#include "host/tables.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

void s2_tables_drop(struct s2_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		s2_table_clear(&tables->table[i]);
	for (size_t i = 0; i < tables->nvm; i++)
		s2_vm_free(tables->vm[i]);
	free(tables->vm);
	free(tables->table);
	free(tables->by_id);
	tables->vm = NULL;
	tables->table = NULL;
	tables->by_id = NULL;
	tables->n = tables->room = tables->nvm = tables->vm_room = 0;
}

void s2_tables_free(struct s2_tables *tables)
{
	s2_tables_drop(tables);
	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->free)
			s2_hosts[i]->free(tables);
	*tables = (struct s2_tables){ 0 };
}

/* Where the table called @id is in the hash, or would be. */
static uint32_t *place_of(const struct s2_tables *tables, const char *id)
{
	uint32_t hash = 2166136261U; /* FNV-1a */
	size_t places = 2 * tables->room, i;

	for (const char *c = id; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619U;
	for (i = hash & (places - 1); tables->by_id[i]; i = (i + 1) & (places - 1))
		if (!strcmp(tables->table[tables->by_id[i] - 1].id, id))
			break;
	return &tables->by_id[i];
}

/* Room for more tables: a power of two, up to S2_MAX_TABLES. */
static bool grow(struct s2_tables *tables)
{
	size_t room = tables->room ? 2 * tables->room : 16;
	struct s2_table *table = realloc(tables->table, room * sizeof(*table));
	uint32_t *by_id = calloc(2 * room, sizeof(*by_id));

	if (table)
		tables->table = table;
	if (!table || !by_id) {
		free(by_id);
		return false;
	}
	free(tables->by_id);
	tables->by_id = by_id;
	tables->room = room;
	for (size_t i = 0; i < tables->n; i++)
		*place_of(tables, tables->table[i].id) = (uint32_t)i + 1;
	return true;
}

enum s2_code s2_tables_add(struct s2_tables *tables, const struct s2_table *table,
			   struct s2_err *err)
{
	uint32_t *place;

	if (tables->most && tables->n >= tables->most)
		return s2_fail(err, S2_BUDGET, "so much memory cannot hold so many tables");
	if (tables->n == S2_MAX_TABLES)
		return s2_fail(err, S2_BUDGET, "more than %d tables", S2_MAX_TABLES);
	if (tables->n == tables->room && !grow(tables))
		return s2_fail(err, S2_NOMEM, "no memory for %zu tables", tables->n + 1);
	place = place_of(tables, table->id);
	if (*place)
		return s2_fail(err, S2_INVALID, "two tables are called '%s'", table->id);
	tables->table[tables->n++] = *table;
	*place = (uint32_t)tables->n;
	return S2_OK;
}

enum s2_code s2_tables_own(struct s2_tables *tables, struct s2_vm *vm, struct s2_err *err)
{
	if (tables->nvm == tables->vm_room) {
		size_t room = tables->vm_room ? 2 * tables->vm_room : 16;
		struct s2_vm **grown = realloc(tables->vm, room * sizeof(struct s2_vm *));

		if (!grown) {
			s2_vm_free(vm);
			return s2_fail(err, S2_NOMEM, "no memory for VMs");
		}
		tables->vm = grown;
		tables->vm_room = room;
	}
	tables->vm[tables->nvm++] = vm;
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
