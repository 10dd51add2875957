// SPDX-License-Identifier: GPL-2.0-or-later
// The command line taken apart: getopt_long does the splitting. Which options contradict each other.
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "claim_options.h"
#include "option_list.h"
#include "option_values.h"

/* Options for claims in one command line. */
#define S2_MAX_GIVEN 64

/* The last of @ret's entries ends the list for getopt_long(). */
static void long_options(const struct s2_opt_list *list, struct option *ret)
{
	for (unsigned int i = 0; i < list->n; i++)
		ret[i] = (struct option){ .name = list->row[i].name,
					  .has_arg = list->row[i].arg ? required_argument :
									no_argument,
					  .val = (int)list->row[i].id };
	ret[list->n] = (struct option){ 0 };
}

/* What chooses rows does not go with all that prints them. */
static enum s2_code check_rows(const struct s2_options *o, struct s2_err *err)
{
	const struct s2_format *format = s2_options_format(o);
	bool pick = s2_row_options_pick(&o->rows);

	if (!format->picks && (pick || o->rows.bare))
		return s2_fail(
			err, S2_USAGE,
			"--where, --columns, --sort, --limit and --no-header do not go with --format=%s",
			format->name);
	if (format->document && o->rows.bare)
		return s2_fail(err, S2_USAGE, "--no-header and --format=%s exclude each other",
			       format->name);
	if (format->stage2_only && o->raw_rights)
		return s2_fail(err, S2_USAGE, "--raw-rights and --format=%s exclude each other",
			       format->name);
	if (o->effective && (pick || format->rows_only))
		return s2_fail(
			err, S2_USAGE,
			"--effective goes with none of --where, --columns, --sort, --limit, csv, tsv");
	return S2_OK;
}

/* Contradictions between options, whatever the command. */
static enum s2_code cross_check(const struct s2_options *o, struct s2_err *err)
{
	if (o->json && o->format && strcmp(o->format->name, "json") != 0)
		return s2_fail(err, S2_USAGE, "--json and --format=%s exclude each other",
			       o->format->name);
	if (o->pages && (o->raw.have_base || o->raw.nmaps))
		return s2_fail(err, S2_USAGE, "--pages goes with neither --base nor --map");
	if (o->raw.have_base && o->raw.nmaps)
		return s2_fail(err, S2_USAGE, "--base and --map exclude each other");
	if (o->raw.have_base && !is_aligned(o->raw.base, 8))
		return s2_fail(err, S2_USAGE, "--base: 0x%llx is not a multiple of 8",
			       (unsigned long long)o->raw.base);
	if (o->have_vcpu && o->ntables)
		return s2_fail(err, S2_USAGE,
			       "--table and --vcpu exclude each other: --vcpu chooses the table");
	if (o->table_pages && (o->effective || o->raw_rights || o->have_merge))
		return s2_fail(err, S2_USAGE, "--tables and --%s exclude each other",
			       o->effective  ? "effective" :
			       o->raw_rights ? "raw-rights" :
					       "merge");
	if (o->table_pages && (s2_row_options_pick(&o->rows) || o->rows.bare))
		return s2_fail(
			err, S2_USAGE,
			"--tables does not go with --where, --columns, --sort, --limit, --no-header");
	if (o->table_pages && o->format && !o->format->general)
		return s2_fail(err, S2_USAGE, "--tables has no form for --format=%s",
			       o->format->name);
	if (o->effective && o->raw_rights)
		return s2_fail(err, S2_USAGE, "--effective and --raw-rights exclude each other");
	if (o->effective && !o->have_vcpu)
		return s2_fail(err, S2_USAGE, "--effective goes with --vcpu");
	if (check_rows(o, err))
		return S2_USAGE;
	if (o->have_root && s2_regime_given(&o->regime, S2_CLAIM_ROOT))
		return s2_fail(err, S2_USAGE, "--root and --%s exclude each other",
			       s2_regime_given(&o->regime, S2_CLAIM_ROOT)->option);
	return o->regime.arch->agree ? o->regime.arch->agree(&o->regime, err) : S2_OK;
}

/* What was given for claims, whose options an architecture must know all. */
static enum s2_code set_claims(const struct s2_claim_given *given, unsigned int n,
			       struct s2_options *o, struct s2_err *err)
{
	const struct s2_arch *format = o->as ? s2_format_called(o->as) : NULL;
	enum s2_code code = S2_OK;

	if (format && !s2_arch_is_called(format, o->arch))
		return s2_fail(err, S2_USAGE, "--as=%s and --arch=%s exclude each other", o->as,
			       o->arch);
	if (format)
		code = s2_claims_set("as", format->format, given, n, &o->regime, err);
	else
		code = s2_claims_set("arch", o->arch, given, n, &o->regime, err);
	if (!code && o->software)
		code = s2_software_set(o->software, &o->regime, err);
	return code;
}

#define SHORT_OPTIONS ":o:lvhV"

/* The word of the option that getopt_long() has just split. */
static const char *typed_option(char **argv)
{
	return argv[optind - 1 - (optarg && optarg == argv[optind - 1])];
}

/* "-o" or "--table", as messages call it. */
static const char *option_name(const struct s2_opt_row *row, char *buf, size_t size)
{
	if (row->id == OPT_OUTPUT)
		snprintf(buf, size, "-%c", (char)row->id);
	else
		snprintf(buf, size, "--%s", row->name);
	return buf;
}

bool s2_differs_by_one(const char *name, const char *typed, size_t len)
{
	size_t n = strlen(name), same = 0, end = 0;

	while (same < n && same < len && name[same] == typed[same])
		same++;
	while (end < n - same && end < len - same && name[n - 1 - end] == typed[len - 1 - end])
		end++;
	n -= same + end;
	len -= same + end;
	return (n <= 1 && len <= 1) || (n == 2 && len == 2 && name[same] == typed[same + 1] &&
					name[same + 1] == typed[same]);
}

/* What was typed is no option: is it the beginning of one? */
static enum s2_code refuse_option(const struct s2_opt_list *list, const char *word,
				  struct s2_err *err)
{
	size_t len = strcspn(word, "=");

	for (unsigned int i = 0; len > 3 && i < list->n; i++)
		if (!strncmp(list->row[i].name, word + 2, len - 2))
			return s2_fail(err, S2_USAGE,
				       "unknown option '%.*s': options are not abbreviated, "
				       "is it --%s?",
				       (int)len, word, list->row[i].name);
	for (unsigned int i = 0; len > 4 && i < list->n; i++)
		if (s2_differs_by_one(list->row[i].name, word + 2, len - 2))
			return s2_fail(err, S2_USAGE, "unknown option '%.*s', is it --%s?",
				       (int)len, word, list->row[i].name);
	return s2_fail(err, S2_USAGE, "unknown option '%.*s'", (int)len, word);
}

/* The next option's id in @ret, below 0 at their end. @argv: the words of @line, or a copy. */
static enum s2_code next_option(const struct s2_command_line *line, char **argv,
				const struct option *longopts, int *ret, struct s2_err *err)
{
	const struct s2_opt_list *list = &line->list;
	const char *word;
	int index = -1;
	char name[64];

	*ret = getopt_long(line->argc, argv, SHORT_OPTIONS, longopts, &index);
	if (*ret < 0)
		return S2_OK;
	word = typed_option(argv);
	if (*ret == ':') {
		const struct s2_opt_row *row = s2_opt_find(list, (unsigned int)optopt);

		return s2_fail(err, S2_USAGE, "%s needs a value: %s",
			       option_name(row, name, sizeof(name)), row->arg);
	}
	if (*ret == '?' && optopt && strncmp(word, "--", 2) != 0)
		return s2_fail(err, S2_USAGE, "unknown option '-%c'", optopt);
	if (*ret == '?' && optopt)
		return s2_fail(err, S2_USAGE, "--%s takes no value",
			       s2_opt_find(list, (unsigned int)optopt)->name);
	/* getopt_long() takes any beginning of a name. */
	if (*ret == '?' || (index >= 0 && strcspn(word + 2, "=") != strlen(longopts[index].name)))
		return refuse_option(list, word, err);
	return S2_OK;
}

/* For getopt_long(), from the first argument on. */
static void begin_options(const struct s2_opt_list *list, struct option *longopts)
{
	long_options(list, longopts);
	opterr = 0;
	optind = 0;
}

/* @seen: the values of rows so far. */
static enum s2_code check_again(const struct s2_opt_list *list, const struct s2_opt_row *row,
				const char **seen, struct s2_err *err)
{
	const char **before = &seen[row - list->row];
	char name[64];

	if (!optarg || row->groups & S2_OPTS_REPEATS)
		return S2_OK;
	if (*before && strcmp(*before, optarg) != 0)
		return s2_fail(err, S2_USAGE, "%s: given twice, as '%s' and as '%s'",
			       option_name(row, name, sizeof(name)), *before, optarg);
	*before = optarg;
	return S2_OK;
}

/* A value that stood behind its option and is the name of a file may have been meant as that. */
static void note_eaten(const struct s2_opt_row *row, char **argv, struct s2_options *ret)
{
	if (!optarg || optarg != argv[optind - 1] || access(optarg, F_OK) < 0)
		return;
	ret->eaten = optarg;
	ret->eats_files = !strcmp(row->arg, "FILE");
	option_name(row, ret->eater, sizeof(ret->eater));
}

/* getopt_long() puts options first: one that lacks its value would find one there, the next time. */
static char **copy_args(const struct s2_command_line *line)
{
	char **copy = calloc((size_t)line->argc + 1, sizeof(*copy));

	if (copy)
		memcpy(copy, line->argv, (size_t)line->argc * sizeof(*copy));
	return copy;
}

const char *s2_options_command(const struct s2_command_line *line)
{
	s2_auto_free char **args = copy_args(line);
	struct option longopts[ARRAY_SIZE(line->list.row) + 1];

	if (!args)
		return NULL;
	begin_options(&line->list, longopts);
	while (getopt_long(line->argc, args, SHORT_OPTIONS, longopts, NULL) >= 0)
		;
	return optind < line->argc ? args[optind] : NULL;
}

enum s2_code s2_options_parse(const struct s2_command_line *line, struct s2_options *ret,
			      struct s2_err *err)
{
	const struct s2_opt_list *list = &line->list;
	struct option longopts[ARRAY_SIZE(list->row) + 1];
	struct s2_claim_given given[S2_MAX_GIVEN];
	const char *seen[ARRAY_SIZE(list->row)] = { NULL };
	enum s2_code code = S2_OK;
	unsigned int n = 0;
	int id = 0;

	memset(ret, 0, sizeof(*ret));
	ret->level = S2_NO_LEVEL;
	begin_options(list, longopts);
	while (!code) {
		const struct s2_opt_row *row;

		code = next_option(line, line->argv, longopts, &id, err);
		if (code || id < 0)
			break;
		row = s2_opt_find(list, (unsigned int)id);
		note_eaten(row, line->argv, ret);
		code = check_again(list, row, seen, err);
		if (code)
			break;
		if (id != OPT_REG && id < OPT_CLAIM)
			code = s2_opt_apply((enum s2_opt_id)id, optarg, ret, err);
		else if (n == ARRAY_SIZE(given))
			code = s2_fail(err, S2_USAGE, "more than %zu registers and sizes",
				       ARRAY_SIZE(given));
		else
			given[n++] =
				(struct s2_claim_given){ .name = id == OPT_REG ? NULL : row->name,
							 .arg = optarg };
	}
	s2_opt_sort_ranges(ret);
	if (!code)
		code = set_claims(given, n, ret, err);
	if (!code)
		code = cross_check(ret, err);
	if (code)
		return code;
	if (ret->have_vcpu)
		ret->table[ret->ntables++] = ret->vcpu_table;
	ret->raw.map = ret->map;
	ret->have_regime = s2_regime_given(&ret->regime, S2_CLAIM_SHAPE);
	ret->args = line->argv + optind;
	ret->nargs = line->argc - optind;
	return S2_OK;
}

/* ", dump and find do", when it is but a few that take an option; and what picks from lines that
 * are no ranges. */
static void say_who_takes(const struct s2_opt_row *row, unsigned int groups, char *ret, size_t size)
{
	unsigned int n = 0, at = 0;
	size_t used = 0;

	*ret = '\0';
	for (unsigned int i = 0; i < s2_ncmds; i++)
		n += (s2_cmds[i]->groups & row->groups) != 0;
	for (unsigned int i = 0; n <= 3 && i < s2_ncmds && used < size; i++) {
		if (!(s2_cmds[i]->groups & row->groups))
			continue;
		used += (size_t)snprintf(ret + used, size - used, "%s%s",
					 at && at + 1 == n ? " and " : ", ", s2_cmds[i]->name);
		at++;
	}
	if (at && used < size)
		used += (size_t)snprintf(ret + used, size - used, n == 1 ? " does" : " do");
	if (row->groups & (S2_OPTS_WHERE | S2_OPTS_ROWS) && groups & S2_OPTS_JSON && used < size)
		snprintf(ret + used, size - used, "; jq picks from --json");
}

enum s2_code s2_options_taken(const struct s2_command_line *line, const char *command,
			      unsigned int groups, struct s2_err *err)
{
	s2_auto_free char **args = copy_args(line);
	struct option longopts[ARRAY_SIZE(line->list.row) + 1];
	enum s2_code code = S2_OK;
	int id = 0;

	if (!args)
		return s2_fail(err, S2_NOMEM, "no memory");
	begin_options(&line->list, longopts);
	while (!code) {
		const struct s2_opt_row *row;
		char who[128];

		code = next_option(line, args, longopts, &id, err);
		if (code || id < 0)
			return code;
		row = s2_opt_find(&line->list, (unsigned int)id);
		if (row->groups & (groups | S2_OPTS_ALL))
			continue;
		say_who_takes(row, groups, who, sizeof(who));
		if (strncmp(typed_option(args), "--", 2) != 0)
			code = s2_fail(err, S2_USAGE, "%s does not take -%c%s", command, id, who);
		else
			code = s2_fail(err, S2_USAGE, "%s does not take --%s%s", command, row->name,
				       who);
	}
	return code;
}

enum s2_code s2_options_check(const struct s2_command_line *line, const struct s2_options *options,
			      const char *command, unsigned int groups, struct s2_err *err)
{
	enum s2_code code;

	/* Which checks there are does no dump say. */
	if (options->list_checks) {
		command = "check --list";
		groups &= S2_OPTS_CHECK | S2_OPTS_JSON | S2_OPTS_COLOR;
	}
	code = s2_options_taken(line, command, groups, err);
	if (code)
		return code;
	if (options->list_checks && options->findings)
		return s2_fail(err, S2_USAGE, "%s does not take --findings: it finds nothing",
			       command);
	if (options->format && !(groups & S2_OPTS_SHOW) && !options->format->general)
		return s2_fail(err, S2_USAGE, "%s has no --format=%s: ptdump, json and jsonl",
			       command, options->format->name);
	return S2_OK;
}

/* Something was redirected to it that no argument asks for. */
static bool has_input(const struct s2_options *o)
{
	struct stat st;

	if (o->nargs && (!strcmp(o->args[0], "-") || !access(o->args[0], F_OK)))
		return false;
	return !fstat(STDIN_FILENO, &st) && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode));
}

enum s2_code s2_options_missing(const struct s2_options *o, const char *what, bool file,
				struct s2_err *err)
{
	if (!o->eaten)
		return s2_fail(err, S2_USAGE, "%s%s", what,
			       file && has_input(o) ? ": - is standard input" : "");
	return s2_fail(err, S2_USAGE, "%s: '%s' was taken as the value of %s", what, o->eaten,
		       o->eater);
}

const struct s2_format *s2_options_format(const struct s2_options *o)
{
	if (o->json)
		return s2_format_find("json");
	return o->format ? o->format : s2_format_find("ptdump");
}

bool s2_options_document(const struct s2_options *o, bool *ret_lines)
{
	const struct s2_format *format = s2_options_format(o);

	*ret_lines = format->document && format->lines;
	return format->document;
}
