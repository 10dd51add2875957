// SPDX-License-Identifier: GPL-2.0-or-later
// Asks all keepers of tables, step by step.
#include "host/host.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Tables of all VMs, beside those that memory has room for: each has a page of its own, but lists
 * of them may lead to the same one again and again. */
#define TABLES_FLOOR 8192
#define TABLE_BYTES 2048

/* May kernels like this one have what row @i keeps, and is enough of it in the dump? */
static bool concerns(const struct s2_host_search *search, unsigned int i)
{
	const char *kernel = s2_hosts[i]->kernel;

	return !search->unread[i] &&
	       (!kernel || !strcmp(kernel, s2_kernel_facts(search->kernel)->kva.ops->name));
}

static enum s2_code probe(struct s2_host_search *search, unsigned int i)
{
	enum s2_code code = s2_hosts[i]->probe(search, &search->state[i]);

	if (!s2_is_missing(code))
		return code;
	search->unread[i] = true;
	return s2_host_set_aside(search, S2_LOST_VM, NULL, code);
}

static enum s2_code find_all(struct s2_host_search *search)
{
	enum s2_code code = S2_OK;

	assert(s2_nhosts <= S2_MAX_HOSTS);
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->probe && concerns(search, i))
			code = probe(search, i);
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->system && concerns(search, i))
			code = s2_hosts[i]->system(search, search->state[i]);
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->tables && concerns(search, i))
			code = s2_hosts[i]->tables(search, search->state[i]);
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->rest && concerns(search, i))
			code = s2_hosts[i]->rest(search, search->state[i]);
	return code;
}

enum s2_code s2_hosts_find(struct s2_kernel *kernel, const struct s2_mem *mem,
			   const struct s2_vms_wanted *wanted, struct s2_lost *lost,
			   struct s2_tables *ret, struct s2_err *err)
{
	const struct s2_kernel_facts *facts = s2_kernel_facts(kernel);
	struct s2_tables tables = { .most = TABLES_FLOOR + s2_mem_backed(mem) / TABLE_BYTES };
	struct s2_host_search search = { .kernel = kernel,
					 .mem = mem,
					 .wanted = wanted,
					 .tables = &tables,
					 .lost = lost,
					 .err = err };
	enum s2_code code = find_all(&search);

	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->close)
			s2_hosts[i]->close(search.state[i]);
	if (code) {
		s2_tables_free(&tables);
		return code;
	}
	snprintf(tables.release, sizeof(tables.release), "%.90s", facts->release);
	snprintf(tables.build_id, sizeof(tables.build_id), "%.60s", facts->build_id);
	*ret = tables;
	return S2_OK;
}

enum s2_code s2_hosts_amend(struct s2_host_search *search, struct s2_table *table)
{
	enum s2_code code = S2_OK;

	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->amend && concerns(search, i))
			code = s2_hosts[i]->amend(search, search->state[i], table);
	return code;
}

void s2_hosts_identity(const struct s2_tables *tables, struct s2_table *table)
{
	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->identity)
			s2_hosts[i]->identity(tables, table);
}

enum s2_code s2_host_set_aside(struct s2_host_search *search, enum s2_lost_what what,
			       const char *table, enum s2_code code)
{
	if (!code || code == S2_NOMEM)
		return code;
	s2_lost_add(search->lost, what, code, table, S2_LOST_NOWHERE, "%s", search->err->text);
	s2_err_init(search->err);
	return S2_OK;
}
