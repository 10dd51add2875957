// SPDX-License-Identifier: GPL-2.0-or-later
// Ids, shell patterns and process numbers: which tables are meant.
#include "open/select.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vm[] = "vm:";
#define VM_LEN (sizeof(vm) - 1)

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Is @id that of a further table of a VM: a nested guest's, one that is not in use any more? */
static bool is_further(const char *id)
{
	return !strncmp(id, vm, VM_LEN) && strchr(id, '/');
}

/* Does @pattern name the table @id? It is an id, a glob, or a number: the pid of a process, all of
 * whose VMs' tables are meant, or with @own their own ones. */
static bool id_fits(const char *pattern, const char *id, bool own)
{
	size_t n = strlen(pattern);

	if (!fnmatch(pattern, id, 0))
		return true;
	if (!is_number(pattern) || strncmp(id, vm, VM_LEN) != 0 || (own && is_further(id)))
		return false;
	id += VM_LEN;
	/* A process that runs several VMs has vm:PID.1, vm:PID.2, ... */
	return !strncmp(id, pattern, n) && (!id[n] || id[n] == '.' || id[n] == '/');
}

static bool is_asked_for(const struct s2_request *r, const char *id)
{
	for (unsigned int g = 0; g < r->ntables; g++)
		if (id_fits(r->table[g], id, r->one_table))
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

		if (id_fits(pattern, id, true))
			return true;
		if (literal >= n ? !strncmp(pattern, id, n) && pattern[n] == '/' :
				   pattern[literal] && !strncmp(pattern, id, literal))
			return true;
	}
	return !r->ntables;
}

static bool any_id_fits(const char *pattern, const struct s2_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		if (id_fits(pattern, tables->table[i].id, false))
			return true;
	return false;
}

/* As it is, or with "_" for blanks, as it stands in a column. */
static bool is_name(const char *text, const char *name)
{
	while (*text && (*text == *name || (*text == '_' && *name == ' '))) {
		text++;
		name++;
	}
	return !*text && !*name;
}

/* A glob of names is one of either form, too. */
static bool name_like(const char *pattern, const char *name)
{
	char shown[sizeof(((struct s2_vm *)0)->name)];

	snprintf(shown, sizeof(shown), "%s", name);
	for (char *blank = shown; (blank = strchr(blank, ' '));)
		*blank = '_';
	return is_name(pattern, name) || !fnmatch(pattern, name, 0) || !fnmatch(pattern, shown, 0);
}

/* Is @pattern the name of the VM that @table is of, its own one where one is meant? Ids come first:
 * a VM may be called "host". */
static bool name_fits(const struct s2_request *r, const char *pattern,
		      const struct s2_tables *tables, const struct s2_table *table)
{
	return table->vm && !(r->one_table && is_further(table->id)) && *table->vm->name &&
	       name_like(pattern, table->vm->name) && !any_id_fits(pattern, tables);
}

static bool is_table_asked_for(const struct s2_request *r, const struct s2_tables *tables,
			       const struct s2_table *table)
{
	for (unsigned int g = 0; g < r->ntables; g++)
		if (id_fits(r->table[g], table->id, r->one_table) ||
		    name_fits(r, r->table[g], tables, table))
			return true;
	return !r->ntables;
}

bool s2_any_selected(const struct s2_request *r, const struct s2_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		if (is_table_asked_for(r, tables, &tables->table[i]))
			return true;
	return false;
}

/* What is asked for, when only such tables are left. */
struct asked {
	const struct s2_request *r;
	const struct s2_tables *tables;
};

/* A loss bears the id of a table, or of the VM whose table it would have been. */
static bool is_of(const struct s2_loss *loss, const struct s2_table *table)
{
	size_t n = strlen(table->id);

	return !strncmp(loss->table, table->id, n) &&
	       (!loss->table[n] || (loss->table[n] == '/' && table->vm && *table->vm->name));
}

/* Lost VMs of which no more than the address is known, or that there are some, may be of any
 * process, and have any name. */
static bool is_unnumbered(const struct s2_loss *loss)
{
	static const char unnumbered[] = "vm:0x";

	return loss->what == S2_LOST_VM &&
	       (!*loss->table || !strncmp(loss->table, unnumbered, sizeof(unnumbered) - 1));
}

/* May @pattern mean a VM beside the tables that it fits? Not one that is the id of such a table,
 * and no glob of other ids, but one of names. */
static bool may_mean_more(const char *pattern, const struct s2_tables *tables)
{
	size_t literal = strcspn(pattern, "*?[\\");

	for (size_t i = 0; i < tables->n; i++)
		if (!strcmp(tables->table[i].id, pattern))
			return false;
	return !pattern[literal] || !any_id_fits(pattern, tables) ||
	       !strncmp(pattern, vm, literal < VM_LEN ? literal : VM_LEN);
}

/* All tables of a VM show whose it is, what its vCPUs do, and its memslots: lost once, under the id
 * of its own. */
static bool is_shared_by(const struct s2_loss *loss, const struct s2_table *table)
{
	size_t n = strlen(loss->table);

	return (loss->what == S2_LOST_PROCESS || loss->what == S2_LOST_SLOTS) && n &&
	       !strncmp(loss->table, table->id, n) && table->id[n] == '/';
}

/* What is not known to belong to another table may belong to one that was asked for. */
static bool concerns(void *arg, const struct s2_loss *loss)
{
	const struct asked *asked = arg;

	if (*loss->table ? is_asked_for(asked->r, loss->table) : !is_unnumbered(loss))
		return true;
	for (unsigned int g = 0; g < asked->r->ntables && is_unnumbered(loss); g++)
		if (may_mean_more(asked->r->table[g], asked->tables))
			return true;
	for (size_t i = 0; i < asked->tables->n; i++)
		if (is_shared_by(loss, &asked->tables->table[i]) &&
		    is_table_asked_for(asked->r, asked->tables, &asked->tables->table[i]))
			return true;
	for (unsigned int g = 0; g < asked->r->ntables; g++)
		for (size_t i = 0; i < asked->tables->n; i++)
			if (name_fits(asked->r, asked->r->table[g], asked->tables,
				      &asked->tables->table[i]) &&
			    is_of(loss, &asked->tables->table[i]))
				return true;
	return false;
}

/* May something that was asked for be among what was lost without a name? */
static bool lost_nameless(const struct s2_lost *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		if (is_unnumbered(&lost->loss[i]))
			return true;
	return lost->total && !lost->n;
}

static bool fits_any(const struct s2_request *r, const char *pattern,
		     const struct s2_tables *tables, const struct s2_lost *lost)
{
	if (any_id_fits(pattern, tables))
		return true;
	for (size_t i = 0; i < tables->n; i++)
		if (name_fits(r, pattern, tables, &tables->table[i]))
			return true;
	for (size_t i = 0; i < lost->n; i++)
		if (*lost->loss[i].table && id_fits(pattern, lost->loss[i].table, false))
			return true;
	return false;
}

bool s2_all_selected(const struct s2_request *r, const struct s2_tables *tables,
		     const struct s2_lost *lost, const char **ret_first)
{
	for (unsigned int g = 0; g < r->ntables; g++) {
		if (fits_any(r, r->table[g], tables, lost))
			continue;
		*ret_first = r->table[g];
		return false;
	}
	return true;
}

/* Ids joined by commas, as far as the line reaches. */
struct id_line {
	char text[S2_FURTHER_LEN];
	size_t len;
};

static void add_id(struct id_line *line, const char *id)
{
	char *end = line->text + line->len;
	size_t room = sizeof(line->text) - line->len;
	const char *comma = line->len ? ", " : "";

	if (!room)
		return;
	if (strlen(id) + sizeof(", , ...") <= room) {
		line->len += (size_t)snprintf(end, room, "%s%s", comma, id);
		return;
	}
	snprintf(end, room, "%s...", comma);
	line->len = sizeof(line->text);
}

/* May @pattern mean a VM that was lost? */
static bool may_be_lost(const char *pattern, const struct s2_lost *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		if (*lost->loss[i].table && id_fits(pattern, lost->loss[i].table, true))
			return true;
	return lost_nameless(lost);
}

void s2_name_tables(const struct s2_tables *tables, char ret[S2_FURTHER_LEN])
{
	struct id_line list = { .len = 0 };

	for (size_t i = 0; i < tables->n; i++) {
		const struct s2_table *table = &tables->table[i];
		bool named = table->vm && *table->vm->name && !is_further(table->id);
		char text[S2_ID_LEN + S2_VM_NAME_LEN + 3];

		snprintf(text, sizeof(text), named ? "%s \"%s\"" : "%s", table->id,
			 named ? table->vm->name : "");
		add_id(&list, text);
	}
	memcpy(ret, list.text, sizeof(list.text));
}

static enum s2_code refuse(const char *pattern, const struct s2_tables *tables,
			   const struct s2_lost *lost, struct s2_err *err)
{
	char names[S2_FURTHER_LEN];

	s2_name_tables(tables, names);
	return s2_fail(err, may_be_lost(pattern, lost) ? S2_NOTFOUND : S2_USAGE,
		       "no table is called '%.100s'%s; there %s %s", pattern,
		       strchr(pattern, ',') ? " (each is asked for by an option of its own)" : "",
		       tables->n == 1 ? "is" : "are", tables->n ? names : "none");
}

/* A VM's own table was asked for by its id: its other tables are not gone without a word. */
static void name_further(const struct s2_tables *tables, const bool *keep, char *ret)
{
	struct id_line list = { .len = 0 };
	size_t own = tables->n; /* further ones follow it */

	for (size_t i = 0; i < tables->n; i++) {
		const char *id = tables->table[i].id;
		size_t len = strcspn(id, "/");

		if (!is_further(id))
			own = i;
		else if (own < tables->n && keep[own] && !keep[i] &&
			 strlen(tables->table[own].id) == len &&
			 !strncmp(tables->table[own].id, id, len))
			add_id(&list, id);
	}
	memcpy(ret, list.text, sizeof(list.text));
}

enum s2_code s2_select_tables(const struct s2_request *r, struct s2_tables *tables,
			      struct s2_lost *lost, char ret_further[S2_FURTHER_LEN],
			      struct s2_refusal *refusal, struct s2_err *err)
{
	struct asked asked = { .r = r, .tables = tables };
	bool *keep;
	const char *pattern;
	size_t kept = 0;
	bool any = false;

	*ret_further = '\0';
	if (!r->ntables)
		return S2_OK;
	if (!s2_all_selected(r, tables, lost, &pattern)) {
		refusal->why = S2_REFUSED_NO_TABLE;
		return refuse(pattern, tables, lost, err);
	}
	/* Whether a name counts depends on all ids: decided before the first table goes. */
	keep = calloc(tables->n + 1, sizeof(*keep));
	if (!keep)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (size_t i = 0; i < tables->n; i++) {
		keep[i] = is_table_asked_for(r, tables, &tables->table[i]);
		any |= keep[i];
	}
	/* Of the VM that is meant there are but further tables, or what is known to be lost. */
	if (r->one_table && !any) {
		free(keep);
		refusal->why = S2_REFUSED_NO_TABLE;
		return refuse(*r->table, tables, lost, err);
	}
	if (!r->one_table)
		name_further(tables, keep, ret_further);
	for (size_t i = 0; i < tables->n; i++) {
		if (!keep[i])
			s2_table_clear(&tables->table[i]);
		else if (kept++ != i)
			tables->table[kept - 1] = tables->table[i];
	}
	free(keep);
	tables->n = kept;
	tables->chosen = true;
	s2_lost_filter(lost, concerns, &asked);
	return S2_OK;
}
