// SPDX-License-Identifier: GPL-2.0-or-later
// `check`: the invariants that hold between tables, one line each, and what breaks them.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cmd/input.h"

static const char *severity_name(enum s2_check_severity severity)
{
	return severity == S2_SEV_ISOLATION ? "isolation" : "corruption";
}

static void json_head(struct s2_json *json, const struct s2_check_row *row)
{
	s2_json_item(json, "check");
	s2_json_word(json, "name", row->name);
	s2_json_word(json, "severity", severity_name(row->severity));
	s2_json_text(json, "meaning", row->meaning);
	s2_json_text(json, "tables", row->tables);
	s2_json_text(json, "exceptions", row->exceptions);
}

static void json_listed(struct s2_json *json, const struct s2_check_row *row)
{
	static const char *const names[] = { "result", "count", "checked", "unread", "of", "why" };

	json_head(json, row);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		s2_json_null(json, names[i]);
	s2_json_open(json, "findings", '[');
	s2_json_close(json, ']');
	s2_json_item_end(json);
}

static void list_checks(const struct s2_options *o, struct s2_out *out)
{
	struct s2_json json;

	if (o->json)
		s2_json_begin(&json, out, false, "check", "checks", NULL);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		const struct s2_check_row *row = &s2_checks[i];

		if (o->json) {
			json_listed(&json, row);
			continue;
		}
		s2_out_printf(out, "%-15s %s\n%15s severity: %s; tables: %s\n", row->name,
			      row->meaning, "", severity_name(row->severity), row->tables);
		if (*row->exceptions)
			s2_out_printf(out, "%15s except: %s\n", "", row->exceptions);
	}
	if (o->json)
		s2_json_end(&json, true, NULL);
}

static void text_outcome(struct s2_out *out, const struct s2_check_row *row,
			 const struct s2_check_outcome *o)
{
	s2_out_printf(out, "%-8s %-15s %s\n", s2_check_result_name(o->result), row->name,
		      row->meaning);
	if (o->result == S2_CHECK_SKIPPED || o->nunknown)
		s2_out_printf(out, "  %s", o->why);
	if (o->nunknown > 1)
		s2_out_printf(out, ", and %" PRIu64 " more", o->nunknown - 1);
	if (o->result == S2_CHECK_SKIPPED || o->nunknown)
		s2_out_str(out, "\n");
	for (uint64_t i = 0; i < o->nfindings && i < S2_MAX_FINDINGS; i++) {
		const struct s2_finding *f = &o->finding[i];

		s2_out_printf(out, "  %s 0x%012" PRIx64 " -> 0x%012" PRIx64 ": %s\n",
			      *f->table ? f->table : "-", f->ia, f->pa, f->text);
	}
	if (o->nfindings > S2_MAX_FINDINGS)
		s2_out_printf(out, "  and %" PRIu64 " more\n", o->nfindings - S2_MAX_FINDINGS);
}

static void json_findings(struct s2_json *json, const struct s2_check_outcome *o)
{
	s2_json_open(json, "findings", '[');
	for (uint64_t i = 0; i < o->nfindings && i < S2_MAX_FINDINGS; i++) {
		const struct s2_finding *f = &o->finding[i];

		s2_json_item(json, "finding");
		s2_json_text(json, "table", *f->table ? f->table : NULL);
		s2_json_hex(json, "ia", f->ia);
		s2_json_hex(json, "pa", f->pa);
		s2_json_text(json, "text", f->text);
		s2_json_item_end(json);
	}
	s2_json_close(json, ']');
}

static void json_outcome(struct s2_json *json, const struct s2_check_row *row,
			 const struct s2_check_outcome *o)
{
	json_head(json, row);
	s2_json_word(json, "result", s2_check_result_name(o->result));
	s2_json_number(json, "count", o->nfindings);
	s2_json_null(json, "checked");
	s2_json_number(json, "unread", o->nunknown);
	s2_json_null(json, "of");
	s2_json_text(json, "why", *o->why ? o->why : NULL);
	json_findings(json, o);
	s2_json_item_end(json);
}

static enum s2_exit print_report(const struct s2_options *o, const struct s2_input *input,
				 const struct s2_check_report *report, struct s2_out *out)
{
	struct s2_image image = s2_input_image(input);
	unsigned int n[4] = { 0 };
	struct s2_json json;

	if (o->json)
		s2_json_begin(&json, out, false, "check", "checks", &image);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		n[report->outcome[i].result]++;
		if (o->json)
			json_outcome(&json, &s2_checks[i], &report->outcome[i]);
		else
			text_outcome(out, &s2_checks[i], &report->outcome[i]);
	}
	if (o->json)
		s2_json_end(&json, !n[S2_CHECK_UNKNOWN] && !input->lost->total, input->lost);
	else
		s2_out_printf(out, "%u passed, %u failed, %u unknown, %u skipped\n",
			      n[S2_CHECK_PASS], n[S2_CHECK_FAIL], n[S2_CHECK_UNKNOWN],
			      n[S2_CHECK_SKIPPED]);
	if (n[S2_CHECK_FAIL])
		return S2_EXIT_FOUND;
	return n[S2_CHECK_UNKNOWN] ? S2_EXIT_INCOMPLETE : S2_EXIT_OK;
}

static bool is_chosen(const struct s2_options *o, const char *name)
{
	for (unsigned int i = 0; i < o->nonly; i++)
		if (!strcmp(o->only[i], name))
			return true;
	return false;
}

static enum s2_code choose(const struct s2_options *o, uint64_t *ret, struct s2_err *err)
{
	uint64_t wanted = o->nonly ? 0 : low_bits(S2_NCHECKS);

	for (unsigned int i = 0; i < o->nonly + o->nskip; i++) {
		bool only = i < o->nonly;
		const char *name = only ? o->only[i] : o->skip[i - o->nonly];
		const struct s2_check_row *row = s2_check_find(name);

		if (!row)
			return s2_fail(err, S2_USAGE,
				       "--%s: no check is called '%s' (see s2dump check --list)",
				       only ? "only" : "skip", name);
		if (!only && is_chosen(o, name))
			return s2_fail(err, S2_USAGE, "--only=%s and --skip=%s exclude each other",
				       name, name);
		if (only)
			wanted |= BIT64(row - s2_checks);
		else
			wanted &= ~BIT64(row - s2_checks);
	}
	*ret = wanted;
	return S2_OK;
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
				       .wanted = wanted };
	code = s2_check_run(&args, &report, err);
	if (code) {
		s2_input_close(&input);
		return s2_exit_of(code);
	}
	status = s2_input_finish(&input, print_report(o, &input, &report, out));
	s2_check_free(&report);
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
	if (o->list_checks) {
		list_checks(o, out);
		return S2_EXIT_OK;
	}
	if (!o->nargs)
		return s2_exit_of(s2_fail(err, S2_USAGE, "check needs FILE (or --list)"));
	return check_file(o, wanted, out, err);
}

const struct s2_cmd s2_cmd_check = {
	.name = "check",
	.args = "FILE",
	.help = "do the tables of host, hypervisor and guests agree? exit 1 when not",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_JSON | S2_OPTS_CHECK,
	.min_args = 0,
	.max_args = 1,
	.run = run_check,
};
