// SPDX-License-Identifier: GPL-2.0-or-later
// What the values of options mean, and which are refused.
#include "option_values.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/words.h"

static enum s2_code parse_map(const char *text, struct s2_options *o, struct s2_err *err)
{
	struct s2_segment *seg = &o->map[o->raw.nmaps];
	const char *colon = strchr(text, ':');
	const char *at = strchr(text, '@');
	char pa[64], size[64];
	enum s2_code code;
	uint64_t end;

	if (!colon || !at || at < colon || (size_t)(colon - text) >= sizeof(pa) ||
	    (size_t)(at - colon) > sizeof(size))
		return s2_fail(err, S2_USAGE, "--map: '%s' is not PA:SIZE@OFFSET", text);
	if (o->raw.nmaps == S2_MAX_MAPS)
		return s2_fail(err, S2_USAGE, "--map: more than %d", S2_MAX_MAPS);
	memcpy(pa, text, (size_t)(colon - text));
	pa[colon - text] = '\0';
	memcpy(size, colon + 1, (size_t)(at - colon - 1));
	size[at - colon - 1] = '\0';
	*seg = (struct s2_segment){ 0 };
	code = s2_parse_address(pa, "--map", &seg->pa, err);
	if (code)
		return code;
	if (!code)
		code = s2_parse_u64(size, "--map", &seg->size, NULL);
	if (!code)
		code = s2_parse_u64(at + 1, "--map", &seg->file_off, NULL);
	if (code)
		return s2_fail(err, S2_USAGE, "--map: '%s' is not PA:SIZE@OFFSET", text);
	if (!seg->size || !s2_add_ok(seg->pa, seg->size, &end) ||
	    !s2_add_ok(seg->file_off, seg->size, &end))
		return s2_fail(err, S2_USAGE, "--map: '%s' is empty or wraps around", text);
	if (!is_aligned(seg->pa, 8) || !is_aligned(seg->file_off, 8))
		return s2_fail(err, S2_USAGE, "--map: '%s': PA and OFFSET must be multiples of 8",
			       text);
	seg->file_size = seg->size;
	o->raw.nmaps++;
	o->raw.raw = true;
	return S2_OK;
}

static enum s2_code parse_table(const char *text, struct s2_options *o, struct s2_err *err)
{
	if (o->ntables == S2_MAX_GLOBS)
		return s2_fail(err, S2_USAGE, "--table: more than %d", S2_MAX_GLOBS);
	o->table[o->ntables++] = text;
	return S2_OK;
}

/* ID/N or ID/vcpu:N: the id is a table's, and selects it like --table. */
static enum s2_code parse_vcpu(const char *text, struct s2_options *o, struct s2_err *err)
{
	static const char prefix[] = "vcpu:";
	const char *slash = strrchr(text, '/');
	const char *number = slash ? slash + 1 : text;
	enum s2_code code;

	if (!strncmp(number, prefix, strlen(prefix)))
		number += strlen(prefix);
	/* What has no number there is something else altogether, perhaps the name of the file. */
	if (!slash || slash == text || (size_t)(slash - text) >= sizeof(o->vcpu_table) ||
	    !strchr("-0123456789", *number) || !*number)
		return s2_fail(err, S2_USAGE, "--vcpu: '%s' is not ID/N, such as vm:1234/0", text);
	code = s2_parse_u64_in(number, "--vcpu", 0, UINT32_MAX, &o->vcpu, err);
	if (code)
		return code;
	memcpy(o->vcpu_table, text, (size_t)(slash - text));
	o->vcpu_table[slash - text] = '\0';
	o->have_vcpu = true;
	return S2_OK;
}

static enum s2_code parse_merge(const char *text, enum s2_merge_how *ret, struct s2_err *err)
{
	static const char *const names[] = {
		[S2_MERGE_ATTRS] = "attrs", [S2_MERGE_PA] = "pa", [S2_MERGE_NONE] = "none"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret = (enum s2_merge_how)i;
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE, "--merge: '%s' is none of attrs, pa, none", text);
}

static enum s2_code parse_when(const char *text, const char *what, enum s2_tristate *ret,
			       struct s2_err *err)
{
	static const char *const names[] = {
		[S2_UNKNOWN] = "auto", [S2_NO] = "never", [S2_YES] = "always"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret = (enum s2_tristate)i;
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE, "%s: '%s' is none of auto, always, never", what, text);
}

static enum s2_code parse_sandbox(const char *text, bool *ret_off, struct s2_err *err)
{
	*ret_off = !strcmp(text, "off");
	if (*ret_off || !strcmp(text, "on"))
		return S2_OK;
	return s2_fail(err, S2_USAGE, "--sandbox: '%s' is neither on nor off", text);
}

static enum s2_code refuse_format(const char *text, struct s2_err *err)
{
	char names[128] = "";

	for (unsigned int i = 0; i < s2_nformats; i++)
		s2_words_add(names, sizeof(names), ", ", "%s", s2_formats[i]->name);
	return s2_fail(err, S2_USAGE, "--format: '%s' is none of %s", text, names);
}

static enum s2_code parse_format(const char *text, struct s2_options *o, struct s2_err *err)
{
	const struct s2_format *format = s2_format_find(text);

	if (!format)
		return refuse_format(text, err);
	if (o->format && o->format != format)
		return s2_fail(err, S2_USAGE, "--format=%s and --format=%s exclude each other",
			       o->format->name, format->name);
	o->format = format;
	return S2_OK;
}

static enum s2_code parse_kernel(const char *text, struct s2_options *o, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64_in(text, "--kernel", 1, UINT32_MAX, &value, err);

	if (!code)
		o->kernel = (unsigned int)value;
	return code;
}

static enum s2_code parse_check(const char *text, const char *what, const char **list,
				unsigned int *n, struct s2_err *err)
{
	if (*n == S2_MAX_CHECKS)
		return s2_fail(err, S2_USAGE, "%s: more than %d", what, S2_MAX_CHECKS);
	list[(*n)++] = text;
	return S2_OK;
}

/* s2_opt_sort_ranges() puts them in order. */
static enum s2_code parse_one_range(const char *text, struct s2_options *o, struct s2_err *err)
{
	struct s2_span *span = &o->range[o->nranges];
	enum s2_code code;

	if (o->nranges == S2_MAX_RANGES)
		return s2_fail(err, S2_USAGE, "--range: more than %d", S2_MAX_RANGES);
	code = s2_parse_range(text, "--range", &span->first, &span->last, err);
	if (!code)
		o->nranges++;
	return code;
}

static int by_first(const void *a, const void *b)
{
	const struct s2_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

void s2_opt_sort_ranges(struct s2_options *o)
{
	struct s2_span *span = o->range;
	unsigned int n = 0;

	qsort(span, o->nranges, sizeof(*span), by_first);
	for (unsigned int i = 1; i < o->nranges; i++) {
		if (span[i].first > span[n].last && span[i].first - span[n].last > 1)
			span[++n] = span[i];
		else if (span[i].last > span[n].last)
			span[n].last = span[i].last;
	}
	if (o->nranges)
		o->nranges = n + 1;
}

static enum s2_code parse_findings(const char *text, uint64_t *ret, struct s2_err *err)
{
	*ret = UINT64_MAX;
	if (!strcmp(text, "all") || (!s2_parse_u64(text, "--findings", ret, NULL) && *ret))
		return S2_OK;
	return s2_fail(err, S2_USAGE, "--findings: '%s' is neither a number from 1 on nor 'all'",
		       text);
}

/* Whether there is such a level, the table format says. */
static enum s2_code parse_level(const char *text, int *ret, struct s2_err *err)
{
	return s2_parse_int_in(text, "--level", -S2_MAX_HEIGHTS, S2_MAX_HEIGHTS, ret, err);
}

static enum s2_code parse_output(const char *text, const char **ret, struct s2_err *err)
{
	*ret = text;
	return *text ? S2_OK : s2_fail(err, S2_USAGE, "-o: the name of the file is empty");
}

/* Options whose value needs no reading: what a switch turns on, and where a word is kept. */
static const struct plain {
	enum s2_opt_id id;
	size_t at; /* in struct s2_options: a bool; of words, a const char * */
} switches[] = {
	{ OPT_JSON, offsetof(struct s2_options, json) },
	{ OPT_TABLES, offsetof(struct s2_options, table_pages) },
	{ OPT_RAW_RIGHTS, offsetof(struct s2_options, raw_rights) },
	{ OPT_LONG, offsetof(struct s2_options, long_list) },
	{ OPT_NO_HEADER, offsetof(struct s2_options, rows.bare) },
	{ OPT_ABSENT_IS_ZERO, offsetof(struct s2_options, absent_is_zero) },
	{ OPT_EFFECTIVE, offsetof(struct s2_options, effective) },
	{ OPT_LIST, offsetof(struct s2_options, list_checks) },
	{ OPT_VERBOSE, offsetof(struct s2_options, verbose) },
	{ OPT_HELP, offsetof(struct s2_options, help) },
	{ OPT_VERSION, offsetof(struct s2_options, version) },
}, words[] = {
	{ OPT_ARCH, offsetof(struct s2_options, arch) },
	{ OPT_SOFTWARE, offsetof(struct s2_options, software) },
	{ OPT_VMLINUX, offsetof(struct s2_options, vmlinux) },
	{ OPT_SYSTEM_MAP, offsetof(struct s2_options, system_map) },
	{ OPT_MODULE, offsetof(struct s2_options, module) },
	{ OPT_AS, offsetof(struct s2_options, as) },
};

static bool apply_plain(enum s2_opt_id id, const char *arg, struct s2_options *o)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(switches); i++) {
		if (switches[i].id == id) {
			*(bool *)(void *)((char *)o + switches[i].at) = true;
			return true;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].id == id) {
			*(const char **)(void *)((char *)o + words[i].at) = arg;
			return true;
		}
	}
	return false;
}

enum s2_code s2_opt_apply(enum s2_opt_id id, const char *arg, struct s2_options *o,
			  struct s2_err *err)
{
	if (apply_plain(id, arg, o))
		return S2_OK;
	switch (id) {
	case OPT_BASE:
		o->raw.have_base = o->raw.raw = true;
		return s2_parse_address(arg, "--base", &o->raw.base, err);
	case OPT_MAX_INPUT:
		return s2_parse_u64_in(arg, "--max-input", 1, UINT64_MAX, &o->max_input, err);
	case OPT_SNAPSHOT:
		o->have_snapshot = true;
		return s2_parse_address(arg, "--snapshot", &o->snapshot, err);
	case OPT_ROOT:
		o->have_root = true;
		return s2_parse_address(arg, "--root", &o->root, err);
	case OPT_MAP:
		return parse_map(arg, o, err);
	case OPT_PAGES:
		o->pages = arg;
		o->raw.raw = true;
		return S2_OK;
	case OPT_TABLE:
		return parse_table(arg, o, err);
	case OPT_RANGE:
		return parse_one_range(arg, o, err);
	case OPT_FORMAT:
		return parse_format(arg, o, err);
	case OPT_MERGE:
		o->have_merge = true;
		return parse_merge(arg, &o->merge, err);
	case OPT_PROGRESS:
		return parse_when(arg, "--progress", &o->progress, err);
	case OPT_COLOR:
		return parse_when(arg, "--color", &o->color, err);
	case OPT_WHERE:
		return s2_where_option(arg, &o->rows, err);
	case OPT_COLUMNS:
		return s2_columns_option(arg, &o->rows, err);
	case OPT_SORT:
		return s2_sort_option(arg, &o->rows, err);
	case OPT_LIMIT:
		return s2_limit_option(arg, &o->rows, err);
	case OPT_SANDBOX:
		return parse_sandbox(arg, &o->no_sandbox, err);
	case OPT_VCPU:
		return parse_vcpu(arg, o, err);
	case OPT_KERNEL:
		return parse_kernel(arg, o, err);
	case OPT_LEVEL:
		return parse_level(arg, &o->level, err);
	case OPT_ONLY:
		return parse_check(arg, "--only", o->only, &o->nonly, err);
	case OPT_SKIP:
		return parse_check(arg, "--skip", o->skip, &o->nskip, err);
	case OPT_FINDINGS:
		return parse_findings(arg, &o->findings, err);
	case OPT_OUTPUT:
		return parse_output(arg, &o->output, err);
	default:
		return s2_fail(err, S2_USAGE, "unknown option");
	}
}
