// SPDX-License-Identifier: GPL-2.0-or-later
// The loops over tables and addresses that commands share.
#include "cmd/each.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/progress.h"
#include "cmd/say.h"

/*
 * A row for each entry takes 10 bytes for each byte of a table page; of x86, which has most members,
 * up to 27 in csv with a long name, and 106 in JSON lines.
 * Rows of the pages in which a walk stands follow after the end, and are as many once more.
 */
#define PRINT_FLOOR (896U << 10)
#define PRINT_PER_TABLE 2048
#define PRINT_PER_BYTE 28
#define PRINT_JSON_PER_BYTE 112

/* A walk has a budget of its own (decode/walk.c); all of them together have two of the largest. */
#define VISITS_FLOOR 2048
#define VISITS_PER_PAGE 6
#define VISITS_PER_TABLE 4

/*
 * Words of hyp_vmemmap, of four bytes: each stands in the dump once, both components' tables ask
 * for it, and none need be like the one before. As many as a machine of 128 GiB has cost next to
 * nothing.
 */
#define LOOKS_FLOOR (1U << 25)
#define LOOKS_PER_PAGE 40960

void s2_effort_init(struct s2_effort *ret, const struct s2_input *input, bool json)
{
	const struct s2_mem *mem = &input->source->mem;
	uint64_t bytes = s2_mem_structures(mem), tables = input->tables.n;
	struct s2_budget print;

	s2_budget_init(&print, PRINT_FLOOR + PRINT_PER_TABLE * tables,
		       json ? PRINT_JSON_PER_BYTE : PRINT_PER_BYTE, s2_mem_backed(mem));
	ret->most = print.left;
	s2_budget_init(&ret->visits, VISITS_FLOOR, VISITS_PER_PAGE, bytes / 4096);
	s2_budget_init(&ret->looks, LOOKS_FLOOR, LOOKS_PER_PAGE, bytes / 4096);
}

void s2_effort_table(struct s2_effort *effort, const struct s2_out *out)
{
	if (s2_effort_ends(effort, out))
		effort->visits.left = 0;
	else if (effort->visits.left < VISITS_PER_TABLE)
		effort->visits.left = VISITS_PER_TABLE;
}

/* Of a table that is not there yet, as far as its shape is known. */
static void shape_of_bare(const struct s2_table *table, struct s2_geometry *ret)
{
	if (s2_shape(&table->regime, ret, NULL))
		*ret = (struct s2_geometry){ .arch = table->regime.arch };
}

enum s2_code s2_table_geometry(const struct s2_table *table, struct s2_geometry *ret,
			       struct s2_err *err)
{
	if (!table->bare)
		return s2_input_shape(table, ret, err);
	shape_of_bare(table, ret);
	return S2_OK;
}

enum s2_code s2_each_table(const struct s2_input *input, const struct s2_table *tables, size_t n,
			   enum s2_code (*one)(void *arg, const struct s2_table *table,
					       const struct s2_geometry *geom, struct s2_err *err),
			   void *arg, enum s2_exit *ret, struct s2_err *err)
{
	*ret = S2_EXIT_OK;
	for (size_t i = 0; i < n; i++) {
		struct s2_geometry geom;
		struct s2_err table_err;
		enum s2_code code;

		s2_err_init(&table_err);
		code = s2_table_geometry(&tables[i], &geom, &table_err);
		if (!code)
			code = one(arg, &tables[i], &geom, &table_err);
		if (!code)
			continue;
		*ret = s2_exit_of(code);
		if (code == S2_NOMEM)
			return s2_fail(err, code, "%s", table_err.text);
		s2_say("%s: %s", input->path, table_err.text);
		s2_lost_add_said(input->lost, s2_is_missing(code) ? code : S2_INVALID, tables[i].id,
				 table_err.text);
	}
	return S2_OK;
}

void s2_say_left_out(const char *path, uint64_t rows)
{
	if (rows)
		s2_say("%s: %" PRIu64 " row%s left out: what --where asks for is not known there",
		       path, rows, rows == 1 ? " was" : "s were");
}

#define LINE 256

/* The next line without its end: what of it fits, and how long it is. False: there is none. */
static bool next_line(char line[LINE], size_t *ret_len)
{
	size_t len = 0;
	int c;

	while ((c = getc(stdin)) != EOF && c != '\n')
		if (len++ < LINE - 1)
			line[len - 1] = (char)c;
	line[len < LINE - 1 ? len : LINE - 1] = '\0';
	*ret_len = len;
	return (c != EOF || len) && !ferror(stdin);
}

/* The one word of a line, "" when there is none: blanks and what follows a # count for nothing. */
static enum s2_code only_word(char *line, size_t len, const char **ret, struct s2_err *err)
{
	size_t end = strcspn(line, "#");
	char *word, *more;

	if (!line[end] && end < len)
		return end < LINE - 1 ? s2_fail(err, S2_USAGE, "a zero byte is in no address") :
					s2_fail(err, S2_USAGE,
						"more than %d characters are no address", LINE - 1);
	line[end] = '\0';
	word = line + strspn(line, " \t\r\n");
	more = word + strcspn(word, " \t\r\n");
	if (*more)
		*more++ = '\0';
	more += strspn(more, " \t\r\n");
	if (*more)
		return s2_fail(err, S2_USAGE, "more than one word: '%s' and '%.*s'", word,
			       (int)strcspn(more, " \t\r\n"), more);
	*ret = word;
	return S2_OK;
}

static enum s2_code each_line(const struct s2_out *out,
			      enum s2_code (*one)(void *arg, const char *text, struct s2_err *err),
			      void *arg, struct s2_err *err)
{
	unsigned long line_number = 0;
	char line[LINE];
	size_t len;

	/* Whoever types is not waited for. */
	s2_progress_end();
	while (!s2_out_dead(out) && next_line(line, &len)) {
		const char *word;
		enum s2_code code;

		line_number++;
		code = only_word(line, len, &word, err);
		if (!code && *word)
			code = one(arg, word, err);
		if (code)
			return s2_wrap(err, code, "standard input, line %lu", line_number);
	}
	if (ferror(stdin))
		return s2_fail(err, S2_IO, "standard input: %s", strerror(errno));
	return S2_OK;
}

enum s2_code s2_each_address(const struct s2_options *options, const struct s2_out *out,
			     bool *steps,
			     enum s2_code (*one)(void *arg, const char *text, struct s2_err *err),
			     void *arg, struct s2_err *err)
{
	enum s2_code code = S2_OK;

	for (int i = 1; !code && i < options->nargs; i++) {
		bool listed = !strcmp(options->args[i], "-");

		if (listed)
			*steps = options->verbose;
		code = listed ? each_line(out, one, arg, err) : one(arg, options->args[i], err);
	}
	return code;
}
