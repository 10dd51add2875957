// SPDX-License-Identifier: GPL-2.0-or-later
// `check`: the invariants that hold between tables, one line each, and what breaks them.
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cmd/check_print.h"
#include "cmd/color.h"
#include "cmd/input.h"
#include "cmd/say.h"

static enum s2_code list_checks(const struct s2_options *o, uint64_t wanted, struct s2_out *out,
				struct s2_err *err)
{
	struct s2_json json;
	bool lines;

	if (!s2_options_document(o, &lines))
		return s2_check_list_text(out, wanted, err);
	s2_json_begin(&json, out, lines, "check", "checks", NULL);
	s2_check_json(&json, wanted, NULL);
	s2_json_end(&json, true, NULL, NULL);
	return S2_OK;
}

/* What the checks did not know, as problems; text says it in their rows. */
static enum s2_code list_unknown(const struct s2_check_report *report, struct s2_lost *ret,
				 struct s2_err *err)
{
	size_t n = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		if (!report->outcome[i].nunknown)
			continue;
		s2_lost_add(ret, S2_LOST_CHECK, S2_ABSENT, NULL, S2_LOST_NOWHERE, "%s: %s",
			    s2_checks[i].name, report->outcome[i].why);
		/* One that is not kept for want of memory would be left out without a word. */
		if (ret->n != ++n)
			return s2_fail(err, S2_NOMEM, "no memory");
	}
	return S2_OK;
}

static enum s2_exit print_report(const struct s2_options *o, const struct s2_input *input,
				 const struct s2_check_report *report, struct s2_out *out,
				 struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	bool failed = false, unknown = false, lines;
	struct s2_lost doubts = { .n = 0 };
	struct s2_json json;
	enum s2_code code;

	s2_fold_text(o, out, 0);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		failed |= report->outcome[i].result == S2_CHECK_FAIL;
		unknown |= report->outcome[i].nunknown != 0;
	}
	if (s2_options_document(o, &lines)) {
		code = list_unknown(report, &doubts, err);
		if (code) {
			s2_lost_clear(&doubts);
			return s2_exit_of(code);
		}
		s2_json_begin(&json, out, lines, "check", "checks", &image);
		s2_check_json(&json, report->wanted, report);
		s2_input_end_document(input, &json, !unknown, &doubts);
		s2_lost_clear(&doubts);
	} else {
		code = s2_check_text(out, report, &input->tables, o->verbose, s2_colors(o, out),
				     err);
		if (code)
			return s2_exit_of(code);
	}
	if (failed)
		return S2_EXIT_FOUND;
	return unknown ? S2_EXIT_INCOMPLETE : S2_EXIT_OK;
}

/* Adds the checks that @list, names joined by commas, has. */
static enum s2_code add_named(const char *option, const char *list, uint64_t *checks,
			      struct s2_err *err)
{
	for (bool more = true; more;) {
		size_t len = strcspn(list, ",");
		const struct s2_check_row *row = s2_check_find(list, len);

		if (!row) {
			s2_fail(err, S2_USAGE, "--%s: no check is called '%.*s'", option, (int)len,
				list);
			err->see = "check --list";
			return S2_USAGE;
		}
		*checks |= BIT64(row - s2_checks);
		more = list[len];
		list += len + 1;
	}
	return S2_OK;
}

static enum s2_code choose(const struct s2_options *o, uint64_t *ret, struct s2_err *err)
{
	uint64_t only = 0, skip = 0;
	enum s2_code code = S2_OK;

	for (unsigned int i = 0; !code && i < o->nonly; i++)
		code = add_named("only", o->only[i], &only, err);
	for (unsigned int i = 0; !code && i < o->nskip; i++)
		code = add_named("skip", o->skip[i], &skip, err);
	if (code)
		return code;
	if (only & skip) {
		const char *both = s2_checks[__builtin_ctzll(only & skip)].name;

		return s2_fail(err, S2_USAGE, "--only=%s and --skip=%s exclude each other", both,
			       both);
	}
	*ret = (o->nonly ? only : low_bits(S2_NCHECKS)) & ~skip;
	return S2_OK;
}

/* What passes because of zeros that nobody dumped is told from what the dump itself shows. */
static void say_assumed(const struct s2_input *input, uint64_t assumed)
{
	char names[400] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (assumed & BIT64(i) && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, " %s",
						s2_checks[i].name);
	if (assumed)
		s2_say("%s: --absent-is-zero: without it unknown:%s", input->path, names);
}

/* Zeros that are only said to be there decide nothing that the dump itself leaves open against. */
static enum s2_code run_checks(const struct s2_input *input, const struct s2_check_args *args,
			       struct s2_check_report *ret, struct s2_err *err)
{
	struct s2_check_report strict;
	struct s2_check_args alone = *args;
	enum s2_code code;

	if (!input->source->absent)
		return s2_check_run(args, ret, err);
	alone.lost = NULL;
	s2_source_believe(input->source, false);
	code = s2_check_run(&alone, &strict, err);
	s2_source_believe(input->source, true);
	if (code)
		return code;
	code = s2_check_run(args, ret, err);
	if (code)
		s2_check_free(&strict);
	else
		say_assumed(input, s2_check_settle(ret, &strict));
	return code;
}

/* Of the input, all of its parts. */
static uint64_t bytes_of(const struct s2_source *source)
{
	return source->mem.backed ? source->mem.backed : s2_file_backed(&source->file);
}

static enum s2_exit check_file(const struct s2_options *o, uint64_t wanted, struct s2_out *out,
			       struct s2_err *err)
{
	struct s2_check_report report;
	struct s2_check_args args;
	struct s2_input input;
	enum s2_exit status;
	enum s2_code code = s2_input_open(o, o->args, o->nargs, &input, err);

	if (code)
		return s2_exit_of(code);
	args = (struct s2_check_args){ .kernel = input.kernel,
				       .mem = &input.source->mem,
				       .tables = &input.tables,
				       .lost = input.lost,
				       .unverified = s2_files_unverified(&input.files),
				       .some = input.tables.chosen,
				       .wanted = wanted,
				       .max_findings = o->findings,
				       .backed = bytes_of(input.source) };
	code = run_checks(&input, &args, &report, err);
	if (!code) {
		status = print_report(o, &input, &report, out, err);
		s2_check_free(&report);
	} else {
		status = s2_exit_of(code);
	}
	status = s2_input_finish(&input, status);
	s2_input_close(&input);
	return status;
}

static enum s2_exit run_check(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	uint64_t wanted;
	enum s2_code code = choose(o, &wanted, err);

	if (code)
		return s2_exit_of(code);
	if (o->list_checks && o->nargs)
		return s2_exit_of(s2_fail(err, S2_USAGE, "check --list reads no file"));
	if (o->list_checks)
		return s2_exit_of(list_checks(o, wanted, out, err));
	if (!o->nargs)
		return s2_exit_of(s2_options_missing(o, "check needs FILE, or --list", true, err));
	return check_file(o, wanted, out, err);
}

const struct s2_cmd s2_cmd_check = {
	.name = "check",
	.args = "FILE",
	.help = "do the tables of host, hypervisor and guests agree? exit 1 when not",
	.groups = S2_OPTS_INPUT | S2_OPTS_ABSENT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_CHECK |
		  S2_OPTS_COLOR,
	.min_args = 0,
	.max_args = 1,
	.run = run_check,
};
