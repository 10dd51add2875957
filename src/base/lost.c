// SPDX-License-Identifier: GPL-2.0-or-later
// The list of losses: bounded, without doubles, and never too full to count.
#include "base/lost.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pages of which several tables, or several entries of one, lack the rest are not told apart. */
static const struct {
	const char *one, *many;
} names[S2_NLOST] = {
	[S2_LOST_VM] = { "VM", "VMs" },
	[S2_LOST_TABLE] = { "table", "tables" },
	[S2_LOST_PAGE] = { "table page", "parts of tables" },
	[S2_LOST_SLOTS] = { "slot list", "slot lists" },
	[S2_LOST_OWNER] = { "owner", "owners" },
	[S2_LOST_REGISTER] = { "register", "registers" },
	[S2_LOST_PERCPU] = { "per-CPU value", "per-CPU values" },
	[S2_LOST_FILE] = { "part of a file", "parts of files" },
	[S2_LOST_SEARCH] = { "stretch to search", "stretches to search" },
	[S2_LOST_PROCESS] = { "process", "processes" },
	[S2_LOST_CHECK] = { "check", "checks" },
};

const char *s2_lost_name(enum s2_lost_what what, uint64_t n)
{
	return n == 1 ? names[what].one : names[what].many;
}

/* What is lost twice is lost twice in a row mostly: from the end. */
static struct s2_loss *find_same(struct s2_lost *lost, const struct s2_loss *loss)
{
	for (size_t i = lost->n; i-- > 0;) {
		struct s2_loss *have = &lost->loss[i];

		if (have->what == loss->what && have->code == loss->code &&
		    have->address == loss->address && !strcmp(have->table, loss->table) &&
		    !strcmp(have->text, loss->text))
			return have;
	}
	return NULL;
}

static void append(struct s2_lost *lost, const struct s2_loss *loss)
{
	if (lost->n == lost->room) {
		size_t room = lost->room ? lost->room * 2 : 16;
		struct s2_loss *grown = realloc(lost->loss, room * sizeof(*grown));

		if (!grown) {
			s2_err_note_failing(S2_NOMEM);
			return;
		}
		lost->loss = grown;
		lost->room = room;
	}
	lost->loss[lost->n++] = *loss;
}

/* Puts @loss among the texts: it is counted elsewhere. */
static void keep_text(struct s2_lost *lost, const struct s2_loss *loss)
{
	struct s2_loss *same = find_same(lost, loss);

	if (same)
		same->times += loss->times;
	else if (lost->n < S2_MAX_LOSSES)
		append(lost, loss);
}

void s2_lost_add_times(struct s2_lost *lost, enum s2_lost_what what, enum s2_code code,
		       const char *table, uint64_t address, uint64_t times, const char *text)
{
	struct s2_loss loss = { .what = what, .code = code, .address = address, .times = times };

	if (!lost)
		return;
	snprintf(loss.table, sizeof(loss.table), "%s", table ? table : "");
	snprintf(loss.text, sizeof(loss.text), "%s", text);
	lost->count[what] += times;
	lost->total += times;
	keep_text(lost, &loss);
}

void s2_lost_add(struct s2_lost *lost, enum s2_lost_what what, enum s2_code code, const char *table,
		 uint64_t address, const char *fmt, ...)
{
	char text[sizeof(((struct s2_loss *)NULL)->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s2_lost_add_times(lost, what, code, table, address, 1, text);
}

void s2_lost_add_said(struct s2_lost *lost, enum s2_code code, const char *table, const char *text)
{
	struct s2_loss loss = {
		.what = S2_LOST_TABLE, .code = code, .address = S2_LOST_NOWHERE, .said = true
	};

	snprintf(loss.table, sizeof(loss.table), "%s", table);
	snprintf(loss.text, sizeof(loss.text), "%s", text);
	if (lost->n < S2_MAX_LOSSES)
		append(lost, &loss);
}

void s2_lost_filter(struct s2_lost *lost, bool (*keep)(void *arg, const struct s2_loss *loss),
		    void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < lost->n; i++) {
		struct s2_loss *loss = &lost->loss[i];

		if (keep(arg, loss)) {
			lost->loss[kept++] = *loss;
			continue;
		}
		lost->count[loss->what] -= loss->times;
		lost->total -= loss->times;
	}
	lost->n = kept;
}

void s2_lost_join(struct s2_lost *lost, const struct s2_lost *more)
{
	for (unsigned int what = 0; what < S2_NLOST; what++)
		lost->count[what] += more->count[what];
	lost->total += more->total;
	for (size_t i = 0; i < more->n; i++)
		keep_text(lost, &more->loss[i]);
}

void s2_lost_clear(struct s2_lost *lost)
{
	free(lost->loss);
	*lost = (struct s2_lost){ .loss = NULL };
}
