// SPDX-License-Identifier: GPL-2.0-or-later
// Ids, shell patterns and process numbers: which tables are meant.
#include "open/select.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char vm[] = "vm:";
#define VM_LEN (sizeof(vm) - 1)

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Does @pattern name the table @id? It is an id, a glob, or the pid of a VM's process alone. */
static bool id_fits(const char *pattern, const char *id)
{
	size_t n = strlen(pattern);

	if (!fnmatch(pattern, id, 0))
		return true;
	if (!is_number(pattern) || strncmp(id, vm, VM_LEN) != 0)
		return false;
	id += VM_LEN;
	/* A process that runs several VMs has vm:PID.0, vm:PID.1, ... */
	return !strncmp(id, pattern, n) && (!id[n] || (id[n] == '.' && !strchr(id, '/')));
}

static bool is_asked_for(const struct s2_request *r, const char *id)
{
	for (unsigned int g = 0; g < r->ntables; g++)
		if (id_fits(r->table[g], id))
			return true;
	return !r->ntables;
}

/* A process has a number, and nobody but its VMs has ids that begin with it. */
bool s2_asks_for_vms(const struct s2_request *r)
{
	for (unsigned int g = 0; g < r->ntables; g++) {
		const char *pattern = r->table[g];
		bool by_id = !strncmp(pattern, vm, VM_LEN) &&
			     strchr("123456789", pattern[VM_LEN]) && pattern[VM_LEN];

		if (!by_id && !is_number(pattern))
			return false;
	}
	return r->ntables;
}

bool s2_asks_for_vm(const void *request, const char *id)
{
	const struct s2_request *r = request;
	size_t n = strlen(id);

	for (unsigned int g = 0; g < r->ntables; g++) {
		const char *pattern = r->table[g];
		size_t literal = strcspn(pattern, "*?[\\");

		if (id_fits(pattern, id))
			return true;
		if (literal >= n ? !strncmp(pattern, id, n) && pattern[n] == '/' :
				   pattern[literal] && !strncmp(pattern, id, literal))
			return true;
	}
	return !r->ntables;
}

/* What is not known to belong to another table may belong to one that was asked for. */
static bool concerns(void *arg, const struct s2_loss *loss)
{
	return !*loss->table || is_asked_for(arg, loss->table);
}

/* May something that was asked for be among what was lost without a name? */
static bool lost_nameless(const struct s2_lost *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		if (!*lost->loss[i].table && lost->loss[i].what == S2_LOST_VM)
			return true;
	return lost->total && !lost->n;
}

static bool fits_any(const char *pattern, const struct s2_tables *tables,
		     const struct s2_lost *lost)
{
	for (size_t i = 0; i < tables->n; i++)
		if (id_fits(pattern, tables->table[i].id))
			return true;
	for (size_t i = 0; i < lost->n; i++)
		if (*lost->loss[i].table && id_fits(pattern, lost->loss[i].table))
			return true;
	return false;
}

bool s2_all_selected(const struct s2_request *r, const struct s2_tables *tables,
		     const struct s2_lost *lost, const char **ret_first)
{
	for (unsigned int g = 0; g < r->ntables; g++) {
		if (fits_any(r->table[g], tables, lost))
			continue;
		*ret_first = r->table[g];
		return false;
	}
	return true;
}

/* Names the tables that there are, as far as the line reaches. */
static enum s2_code refuse(const char *pattern, const struct s2_tables *tables,
			   const struct s2_lost *lost, struct s2_err *err)
{
	char list[3 * S2_ID_LEN] = "";
	size_t len = 0;

	for (size_t i = 0; i < tables->n && len < sizeof(list); i++) {
		bool fits = len + strlen(tables->table[i].id) + sizeof(", , ...") <= sizeof(list);

		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					fits ? tables->table[i].id : "...");
		if (!fits)
			break;
	}
	return s2_fail(err, lost_nameless(lost) ? S2_NOTFOUND : S2_USAGE,
		       "no table is called '%.100s'; there %s %s", pattern,
		       tables->n == 1 ? "is" : "are", tables->n ? list : "none");
}

enum s2_code s2_select_tables(const struct s2_request *r, struct s2_tables *tables,
			      struct s2_lost *lost, struct s2_refusal *refusal, struct s2_err *err)
{
	const char *pattern;
	size_t kept = 0;

	if (!r->ntables)
		return S2_OK;
	if (!s2_all_selected(r, tables, lost, &pattern)) {
		refusal->why = S2_REFUSED_NO_TABLE;
		return refuse(pattern, tables, lost, err);
	}
	for (size_t i = 0; i < tables->n; i++) {
		if (!is_asked_for(r, tables->table[i].id))
			s2_table_clear(&tables->table[i]);
		else if (kept++ != i)
			tables->table[kept - 1] = tables->table[i];
	}
	tables->n = kept;
	s2_lost_filter(lost, concerns, (void *)(uintptr_t)r);
	return S2_OK;
}
