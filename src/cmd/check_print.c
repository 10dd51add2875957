// SPDX-License-Identifier: GPL-2.0-or-later
// Words for a report of checks: failures first, severity in words, what was looked at counted.
#include "cmd/check_print.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "decode/merge.h"
#include "format/color.h"
#include "format/text.h"

/* The names in JSON. */
static const char *severity_name(enum s2_check_severity severity)
{
	return severity == S2_SEV_ISOLATION ? "isolation" : "corruption";
}

static const char *severity_text(enum s2_check_severity severity)
{
	return severity == S2_SEV_ISOLATION ?
		       "broken isolation: somebody reaches memory that is not theirs" :
		       "corrupt: the tables contradict each other, or hold what nobody writes";
}

/* Nothing is said of what was not asked for. */
static bool has_result(const struct s2_check_report *report, unsigned int i,
		       enum s2_check_result result)
{
	return report->wanted & BIT64(i) && report->outcome[i].result == result;
}

/* ---- Text ---- */

/* A line is made whole on @page, and broken on its way to @out. */
struct sheet {
	struct s2_out *page, *out;
};

static void flush(const struct sheet *sheet)
{
	s2_text_wrap_page(sheet->page, sheet->out, 8, 4);
}

/* " ipa" of a guest, " va" of a stage 1; an address that there is none of is "-". */
static void put_address(struct s2_out *out, const char *name, uint64_t address)
{
	s2_out_str(out, "  ");
	for (; *name; name++) {
		char c[2] = { (char)tolower((unsigned char)*name), 0 };

		s2_out_str(out, c);
	}
	if (address == S2_NO_ADDRESS)
		s2_out_str(out, " -");
	else
		s2_out_printf(out, " 0x%" PRIx64, address);
}

static const char *ia_name(const struct s2_tables *tables, const char *id)
{
	for (size_t i = 0; i < tables->n; i++)
		if (!strcmp(tables->table[i].id, id))
			return tables->table[i].regime.arch->ia_name;
	return "ia";
}

static void put_findings(const struct sheet *sheet, const struct s2_check_outcome *o,
			 const struct s2_tables *tables)
{
	struct s2_out *out = sheet->page;

	for (uint64_t i = 0; i < o->nkept; i++) {
		const struct s2_finding *f = &o->finding[i];

		s2_out_printf(out, "  %s", *f->table ? f->table : "-");
		put_address(out, ia_name(tables, f->table), f->ia);
		put_address(out, "pa", f->pa);
		s2_out_printf(out, "  %s\n", f->text);
		flush(sheet);
	}
	if (o->nfindings > o->nkept)
		s2_out_printf(out, "  and %" PRIu64 " more (--findings=all prints them)\n",
			      o->nfindings - o->nkept);
}

/* "36 unread, 376 table pages checked" */
static void put_unread(struct s2_out *out, const struct s2_check_row *row,
		       const struct s2_check_outcome *o)
{
	s2_out_printf(out, "%" PRIu64 " unread, %" PRIu64 " %s checked", o->nunknown, o->checked,
		      row->of);
}

/* The word that a line begins with. */
static void put_word(struct s2_out *out, const char *word, enum s2_style style, bool color)
{
	s2_style_pad(out, word, 8, color ? style : S2_PLAIN, S2_PLAIN);
}

static void put_failure(const struct sheet *sheet, const struct s2_check_row *row,
			const struct s2_check_outcome *o, const struct s2_tables *tables,
			bool color)
{
	struct s2_out *out = sheet->page;

	put_word(out, "FAIL", S2_ALARM, color);
	s2_out_printf(out, "%-15s ", row->name);
	s2_out_counted(out, o->nfindings, "finding");
	s2_out_printf(out, ", %s\n  expected: %s\n", severity_text(row->severity), row->meaning);
	put_findings(sheet, o, tables);
	if (!o->nunknown)
		return;
	s2_out_str(out, "  besides: ");
	put_unread(out, row, o);
	s2_out_printf(out, ": %s\n", o->why);
}

/* Of check @i the first of those with its result, and its reason? */
static bool first_of_its_reason(const struct s2_check_report *report, unsigned int i)
{
	const struct s2_check_outcome *o = report->outcome;

	for (unsigned int k = 0; k < i; k++)
		if (has_result(report, k, o[i].result) && !strcmp(o[k].why, o[i].why))
			return false;
	return true;
}

/* The names of all checks with the result, and with the reason of check @i, in their order. */
static void put_names(struct s2_out *out, const struct s2_check_report *report, unsigned int i)
{
	const struct s2_check_outcome *o = report->outcome;

	for (unsigned int k = i; k < S2_NCHECKS; k++)
		if (has_result(report, k, o[i].result) && !strcmp(o[k].why, o[i].why))
			s2_out_printf(out, " %s", s2_checks[k].name);
}

static uint64_t count_results(const struct s2_check_report *report, enum s2_check_result result)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		n += has_result(report, i, result);
	return n;
}

static uint64_t count_reasons(const struct s2_check_report *report, enum s2_check_result result)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		n += has_result(report, i, result) && first_of_its_reason(report, i);
	return n;
}

static void put_passed(struct s2_out *out, const struct s2_check_report *report, bool color)
{
	uint64_t n = count_results(report, S2_CHECK_PASS);

	if (!n)
		return;
	put_word(out, "PASS", S2_GOOD, color);
	s2_out_counted(out, n, "check");
	s2_out_str(out, ":");
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (has_result(report, i, S2_CHECK_PASS))
			s2_out_printf(out, " %s", s2_checks[i].name);
	s2_out_str(out, "\n");
}

/* "complete        36 unread, 376 table pages checked: why", behind the word */
static void put_one_unknown(struct s2_out *out, const struct s2_check_row *row,
			    const struct s2_check_outcome *o)
{
	s2_out_printf(out, "%-15s ", row->name);
	put_unread(out, row, o);
	s2_out_printf(out, ": %s\n", o->why);
}

/* One line for all that is unknown for one reason: that is said once. */
static void put_unknown(struct s2_out *out, const struct s2_check_report *report, bool color)
{
	const struct s2_check_outcome *o = report->outcome;

	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		uint64_t n = 0;

		if (!has_result(report, i, S2_CHECK_UNKNOWN) || !first_of_its_reason(report, i))
			continue;
		for (unsigned int k = i; k < S2_NCHECKS; k++)
			n += has_result(report, k, S2_CHECK_UNKNOWN) && !strcmp(o[k].why, o[i].why);
		put_word(out, "UNKNOWN", S2_GONE, color);
		if (n == 1) {
			put_one_unknown(out, &s2_checks[i], &o[i]);
			continue;
		}
		s2_out_printf(out, "%" PRIu64 " checks, %s:", n, o[i].why);
		put_names(out, report, i);
		s2_out_str(out, "\n");
	}
}

/* One line for all that does not apply, and why. */
static void put_skipped(struct s2_out *out, const struct s2_check_report *report)
{
	const struct s2_check_outcome *o = report->outcome;
	uint64_t n = count_results(report, S2_CHECK_SKIPPED);
	bool many = count_reasons(report, S2_CHECK_SKIPPED) > 1;
	const char *before = ":";

	if (!n)
		return;
	s2_out_str(out, "-       ");
	s2_out_counted(out, n, "check");
	s2_out_printf(out, " %s not apply", n == 1 ? "does" : "do");
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		if (!has_result(report, i, S2_CHECK_SKIPPED) || !first_of_its_reason(report, i))
			continue;
		if (!many)
			s2_out_printf(out, ", %s", o[i].why);
		s2_out_str(out, before);
		put_names(out, report, i);
		if (many)
			s2_out_printf(out, " (%s)", o[i].why);
		before = ";";
	}
	s2_out_str(out, "\n");
}

/* With --verbose each check has a line. */
static void put_each(struct s2_out *out, const struct s2_check_report *report, bool color)
{
	const struct s2_check_outcome *o = report->outcome;

	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		if (!has_result(report, i, S2_CHECK_UNKNOWN))
			continue;
		put_word(out, "UNKNOWN", S2_GONE, color);
		put_one_unknown(out, &s2_checks[i], &o[i]);
	}
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (has_result(report, i, S2_CHECK_PASS)) {
			put_word(out, "PASS", S2_GOOD, color);
			s2_out_printf(out, "%-15s %" PRIu64 " %s: %s\n", s2_checks[i].name,
				      o[i].checked, s2_checks[i].of, s2_checks[i].meaning);
		}
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (has_result(report, i, S2_CHECK_SKIPPED))
			s2_out_printf(out, "-       %-15s %s: %s\n", s2_checks[i].name, o[i].why,
				      s2_checks[i].meaning);
}

static void put_report(const struct sheet *sheet, const struct s2_check_report *report,
		       const struct s2_tables *tables, bool verbose, bool color)
{
	const struct s2_check_outcome *o = report->outcome;
	uint64_t checked = 0, unread = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		checked += o[i].checked;
		unread += o[i].nunknown;
		if (has_result(report, i, S2_CHECK_FAIL))
			put_failure(sheet, &s2_checks[i], &o[i], tables, color);
		flush(sheet);
	}
	if (verbose) {
		put_each(sheet->page, report, color);
	} else {
		put_unknown(sheet->page, report, color);
		put_passed(sheet->page, report, color);
		put_skipped(sheet->page, report);
	}
	s2_out_printf(sheet->page, "# checked %" PRIu64 ", unread %" PRIu64 "\n", checked, unread);
	flush(sheet);
}

enum s2_code s2_check_text(struct s2_out *out, const struct s2_check_report *report,
			   const struct s2_tables *tables, bool verbose, bool color,
			   struct s2_err *err)
{
	s2_auto_free struct s2_out *page = malloc(sizeof(*page));
	const struct sheet sheet = { .page = page, .out = out };

	if (!page)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_out_init(page, -1);
	put_report(&sheet, report, tables, verbose, color);
	return S2_OK;
}

enum s2_code s2_check_list_text(struct s2_out *out, uint64_t wanted, struct s2_err *err)
{
	s2_auto_free struct s2_out *page = malloc(sizeof(*page));

	if (!page)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_out_init(page, -1);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		const struct s2_check_row *row = &s2_checks[i];
		char exceptions[S2_CHECK_EXCEPTIONS_LEN];

		if (!(wanted & BIT64(i)))
			continue;
		s2_out_printf(page, "%-15s %s\n%15s severity: %s; tables: %s\n", row->name,
			      row->meaning, "", severity_name(row->severity), row->tables);
		s2_check_exceptions(row, exceptions);
		if (*exceptions)
			s2_out_printf(page, "%15s except: %s\n", "", exceptions);
		s2_text_wrap_page(page, out, 18, 18);
	}
	return S2_OK;
}

/* ---- JSON ---- */

static void finding_members(struct s2_json *json, const struct s2_finding *f)
{
	s2_json_text(json, "table", *f->table ? f->table : NULL);
	s2_json_hex_if(json, "ia", f->ia != S2_NO_ADDRESS, f->ia);
	s2_json_hex_if(json, "pa", f->pa != S2_NO_ADDRESS, f->pa);
	s2_json_text(json, "text", f->text);
}

/* In a document the findings of a check are in it, among records they follow it. */
static void json_findings(struct s2_json *json, const char *check, const struct s2_check_outcome *o)
{
	uint64_t n = o ? o->nkept : 0;

	if (json->lines)
		s2_json_item_end(json);
	else
		s2_json_open(json, "findings", '[');
	for (uint64_t i = 0; i < n; i++) {
		s2_json_item(json, "finding");
		if (json->lines)
			s2_json_word(json, "check", check);
		finding_members(json, &o->finding[i]);
		s2_json_item_end(json);
	}
	if (json->lines)
		return;
	s2_json_close(json, ']');
	s2_json_item_end(json);
}

/* What came of a check; NULL: it was not run, it was only to be named. */
static void outcome_members(struct s2_json *json, const struct s2_check_row *row,
			    const struct s2_check_outcome *o)
{
	static const char *const names[] = { "result", "count", "checked", "unread", "of", "why" };

	for (unsigned int i = 0; !o && i < ARRAY_SIZE(names); i++)
		s2_json_null(json, names[i]);
	if (!o)
		return;
	s2_json_word(json, "result", s2_check_result_name(o->result));
	s2_json_number(json, "count", o->nfindings);
	if (o->result == S2_CHECK_SKIPPED) {
		s2_json_null(json, "checked");
		s2_json_null(json, "unread");
		s2_json_null(json, "of");
	} else {
		s2_json_number(json, "checked", o->checked);
		s2_json_number(json, "unread", o->nunknown);
		s2_json_word(json, "of", row->of);
	}
	s2_json_text(json, "why", *o->why ? o->why : NULL);
}

void s2_check_json(struct s2_json *json, uint64_t wanted, const struct s2_check_report *report)
{
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		const struct s2_check_row *row = &s2_checks[i];
		const struct s2_check_outcome *o = report ? &report->outcome[i] : NULL;
		char exceptions[S2_CHECK_EXCEPTIONS_LEN];

		if (!(wanted & BIT64(i)))
			continue;
		s2_json_item(json, "check");
		s2_json_word(json, "name", row->name);
		s2_json_word(json, "severity", severity_name(row->severity));
		s2_json_text(json, "meaning", row->meaning);
		s2_json_text(json, "tables", row->tables);
		s2_check_exceptions(row, exceptions);
		s2_json_text(json, "exceptions", exceptions);
		outcome_members(json, row, o);
		json_findings(json, row->name, o);
	}
}
