// SPDX-License-Identifier: GPL-2.0-or-later
// Every option is one row: name, argument, groups, help. getopt_long does the splitting.
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "claim_options.h"
#include "decode/soft.h"
#include "format/text.h"

enum opt_id {
	OPT_CLAIMS = 256, /* those of all architectures stand here */
	OPT_ARCH,
	OPT_SOFTWARE,
	OPT_BASE,
	OPT_ROOT,
	OPT_SNAPSHOT,
	OPT_MAP,
	OPT_TABLE,
	OPT_RANGE,
	OPT_FORMAT,
	OPT_JSON,
	OPT_MERGE,
	OPT_RAW_RIGHTS,
	OPT_TABLES,
	OPT_AS,
	OPT_MODULE,
	OPT_VMLINUX,
	OPT_PAGES,
	OPT_REG,
	OPT_VCPU,
	OPT_EFFECTIVE,
	OPT_PROGRESS,
	OPT_WHERE,
	OPT_COLUMNS,
	OPT_SORT,
	OPT_LIMIT,
	OPT_NO_HEADER,
	OPT_COLOR,
	OPT_SANDBOX,
	OPT_SYSTEM_MAP,
	OPT_KERNEL,
	OPT_LEVEL,
	OPT_ONLY,
	OPT_SKIP,
	OPT_LIST,
	OPT_MAX_INPUT,
	OPT_ABSENT_IS_ZERO,
	OPT_FINDINGS,
	OPT_CLAIM, /* ... and from here on the claims of architectures are counted */
	OPT_LONG = 'l',
	OPT_VERBOSE = 'v',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_OUTPUT = 'o',
};

/* Options for claims in one command line. */
#define S2_MAX_GIVEN 64

struct opt_row {
	unsigned int id; /* enum opt_id */
	const char *name;
	const char *arg; /* NULL: none */
	unsigned int groups;
	const char *help;
};

/*
 * The order is that of --help. A new option: an id above, a row here, a case in apply(), the
 * manual, its values in completions/generate.py. The rows of OPT_CLAIMS stand for the options of
 * all architectures' claims: those of tables, and those of one translation.
 */
static const struct opt_row rows[] = {
	{ OPT_CLAIMS, NULL, NULL, S2_OPTS_GEOM, NULL },
	{ OPT_ARCH, "arch", "NAME", S2_OPTS_GEOM,
	  "the table format, where other options leave it open" },
	{ OPT_SOFTWARE, "software", "NAME", S2_OPTS_GEOM,
	  "what wrote a raw table, and so what its software bits mean; default none" },
	{ OPT_BASE, "base", "PA", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "raw image: physical address of its first byte" },
	{ OPT_ROOT, "root", "PA", S2_OPTS_INPUT, "physical address of the start level" },
	{ OPT_SNAPSHOT, "snapshot", "ADDR", S2_OPTS_INPUT,
	  "the table of the struct kvm_pgtable_snapshot at this kernel virtual or physical address" },
	{ OPT_MAP, "map", "PA:SIZE@OFFSET", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "raw image: this part of the file is memory at PA (repeatable)" },
	{ OPT_PAGES, "pages", "FILE", S2_OPTS_INPUT,
	  "raw image: start level first, then table pages at the addresses in FILE, one per line" },
	{ OPT_TABLE, "table", "ID", S2_OPTS_INPUT,
	  "only these tables: ids, shell patterns, a VM's pid or name (repeatable)" },
	{ OPT_MODULE, "module", "FILE", S2_OPTS_INPUT,
	  "kvm.ko of the kernel in the dump: types (BTF, DWARF), where the dump has none" },
	{ OPT_VMLINUX, "vmlinux", "FILE", S2_OPTS_INPUT,
	  "the kernel with symbols and debugging information, when the dump lacks them" },
	{ OPT_SYSTEM_MAP, "system-map", "FILE", S2_OPTS_INPUT, "the kernel's System.map" },
	{ OPT_KERNEL, "kernel", "N", S2_OPTS_INPUT,
	  "which of several kernels in memory, from 1 on (see --verbose)" },
	{ OPT_RANGE, "range", "A-B", S2_OPTS_SHOW,
	  "only entries that intersect the input addresses [A,B) (repeatable)" },
	{ OPT_FORMAT, "format", "NAME", S2_OPTS_SHOW | S2_OPTS_JSON, "output format, see below" },
	{ OPT_JSON, "json", NULL, S2_OPTS_JSON, "the same as --format=json" },
	{ OPT_MERGE, "merge", "HOW", S2_OPTS_SHOW,
	  "join neighbours: attrs (default of text), pa (split where PAs jump; of json, jsonl), none" },
	{ OPT_RAW_RIGHTS, "raw-rights", NULL, S2_OPTS_SHOW,
	  "rights as entries have them, not as WXN leaves them" },
	{ OPT_TABLES, "tables", NULL, S2_OPTS_SHOW,
	  "the pages that the tables take: where, level, span, entries in use, parent" },
	{ OPT_WHERE, "where", "EXPR", S2_OPTS_WHERE,
	  "only rows for which this is true: 'write and exec', 'slot=2', 'memattr=device*'" },
	{ OPT_COLUMNS, "columns", "LIST", S2_OPTS_ROWS,
	  "only these, in this order; neighbours that agree in them are one row" },
	{ OPT_SORT, "sort", "NAME", S2_OPTS_ROWS,
	  "rows of a table by this member: the largest size first, all else upwards" },
	{ OPT_LIMIT, "limit", "N", S2_OPTS_ROWS, "the first N rows of each table" },
	{ OPT_NO_HEADER, "no-header", NULL, S2_OPTS_ROWS, "rows without titles and remarks" },
	{ OPT_VCPU, "vcpu", "ID/N", S2_OPTS_VCPU,
	  "registers of vCPU N of the VM with this table, e.g. vm:1234/0" },
	{ OPT_EFFECTIVE, "effective", NULL, S2_OPTS_SHOW,
	  "with --vcpu: what EL1 and EL0 may do after both stages" },
	{ OPT_CLAIMS, NULL, NULL, S2_OPTS_TRANSLATE, NULL },
	{ OPT_REG, "reg", "NAME=VALUE", S2_OPTS_TRANSLATE,
	  "any other register: tcr2_el1, pir_el1, por_el0, ..." },
	{ OPT_AS, "as", "WHAT", S2_OPTS_DECODE | S2_OPTS_TRANSLATE,
	  "decode: descriptor, stage1-el1 or another format, a register; translate: S2E1R (an IPA), S12E1R, ..., or read, write, exec" },
	{ OPT_LEVEL, "level", "N", S2_OPTS_DECODE, "the level that the descriptor stands at" },
	{ OPT_ONLY, "only", "CHECK", S2_OPTS_CHECK, "only this check (repeatable)" },
	{ OPT_SKIP, "skip", "CHECK", S2_OPTS_CHECK, "all checks but this one (repeatable)" },
	{ OPT_FINDINGS, "findings", "N", S2_OPTS_CHECK,
	  "so many findings of each check, or all; default 100" },
	{ OPT_LIST, "list", NULL, S2_OPTS_CHECK, "the checks: what each means, its exceptions" },
	{ OPT_LONG, "long", NULL, S2_OPTS_LIST,
	  "read the tables: what is mapped, pages by size, table pages; the guest's kernel" },
	{ OPT_OUTPUT, "output", "FILE", S2_OPTS_OUTPUT,
	  "write to FILE instead of standard output" },
	{ OPT_COLOR, "color", "WHEN", S2_OPTS_COLOR,
	  "what stands out in colours: auto (on a terminal, without NO_COLOR), always, never" },
	{ OPT_MAX_INPUT, "max-input", "SIZE", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "compressed files, pipes: what they hold at most; default 64 times the file and 1G" },
	{ OPT_ABSENT_IS_ZERO, "absent-is-zero", NULL, S2_OPTS_ABSENT,
	  "pages that a filter left out are zeros: you know that it left out no others" },
	{ OPT_PROGRESS, "progress", "WHEN", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "say what takes longer than a second: auto (on a terminal), always, never" },
	{ OPT_SANDBOX, "sandbox", "WHEN", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "interpret the dump where nothing can be opened or run: on (default), off" },
	{ OPT_VERBOSE, "verbose", NULL, S2_OPTS_INPUT | S2_OPTS_FILE,
	  "say on standard error what was found where" },
	{ OPT_HELP, "help", NULL, S2_OPTS_ALL, "this text" },
	{ OPT_VERSION, "version", NULL, S2_OPTS_ALL, "the version, and what this build can read" },
};

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

static enum s2_code parse_format(const char *text, struct s2_options *o, struct s2_err *err)
{
	const struct s2_format *format = s2_format_find(text);

	if (!format)
		return s2_fail(err, S2_USAGE, "--format: unknown format '%s'", text);
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

/* Collected where the ranges behind the first will stand; sort_ranges() puts them in order. */
static enum s2_code parse_one_range(const char *text, struct s2_options *o, struct s2_err *err)
{
	struct s2_span *span = &o->more_ranges[o->nmore_ranges];
	enum s2_code code;

	if (o->nmore_ranges == S2_MAX_RANGES)
		return s2_fail(err, S2_USAGE, "--range: more than %d", S2_MAX_RANGES);
	code = s2_parse_range(text, "--range", &span->first, &span->last, err);
	if (code)
		return code;
	o->nmore_ranges++;
	o->have_range = true;
	return S2_OK;
}

static int by_first(const void *a, const void *b)
{
	const struct s2_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Ranges that touch are one. */
static void sort_ranges(struct s2_options *o)
{
	struct s2_span *span = o->more_ranges;
	unsigned int n = 0;

	if (!o->have_range)
		return;
	qsort(span, o->nmore_ranges, sizeof(*span), by_first);
	for (unsigned int i = 1; i < o->nmore_ranges; i++) {
		if (span[i].first > span[n].last && span[i].first - span[n].last > 1)
			span[++n] = span[i];
		else if (span[i].last > span[n].last)
			span[n].last = span[i].last;
	}
	o->range = span[0];
	o->nmore_ranges = n;
	memmove(span, span + 1, n * sizeof(*span));
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

static enum s2_code apply(enum opt_id id, const char *arg, struct s2_options *o, struct s2_err *err)
{
	switch (id) {
	case OPT_ARCH:
		o->arch = arg;
		return S2_OK;
	case OPT_SOFTWARE:
		o->software = arg;
		return S2_OK;
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
	case OPT_TABLE:
		return parse_table(arg, o, err);
	case OPT_RANGE:
		return parse_one_range(arg, o, err);
	case OPT_FORMAT:
		return parse_format(arg, o, err);
	case OPT_JSON:
		o->json = true;
		return S2_OK;
	case OPT_MERGE:
		o->have_merge = true;
		return parse_merge(arg, &o->merge, err);
	case OPT_TABLES:
		o->table_pages = true;
		return S2_OK;
	case OPT_RAW_RIGHTS:
		o->raw_rights = true;
		return S2_OK;
	case OPT_LONG:
		o->long_list = true;
		return S2_OK;
	case OPT_VMLINUX:
		o->vmlinux = arg;
		return S2_OK;
	case OPT_PAGES:
		o->pages = arg;
		o->raw.raw = true;
		return S2_OK;
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
	case OPT_NO_HEADER:
		o->rows.bare = true;
		return S2_OK;
	case OPT_ABSENT_IS_ZERO:
		o->absent_is_zero = true;
		return S2_OK;
	case OPT_SANDBOX:
		return parse_sandbox(arg, &o->no_sandbox, err);
	case OPT_EFFECTIVE:
		o->effective = true;
		return S2_OK;
	case OPT_VCPU:
		return parse_vcpu(arg, o, err);
	case OPT_MODULE:
		o->module = arg;
		return S2_OK;
	case OPT_SYSTEM_MAP:
		o->system_map = arg;
		return S2_OK;
	case OPT_KERNEL:
		return parse_kernel(arg, o, err);
	case OPT_AS:
		o->as = arg;
		return S2_OK;
	case OPT_LEVEL:
		return parse_level(arg, &o->level, err);
	case OPT_ONLY:
		return parse_check(arg, "--only", o->only, &o->nonly, err);
	case OPT_SKIP:
		return parse_check(arg, "--skip", o->skip, &o->nskip, err);
	case OPT_LIST:
		o->list_checks = true;
		return S2_OK;
	case OPT_FINDINGS:
		return parse_findings(arg, &o->findings, err);
	case OPT_OUTPUT:
		o->output = arg;
		return *arg ? S2_OK : s2_fail(err, S2_USAGE, "-o: the name of the file is empty");
	case OPT_VERBOSE:
		o->verbose = true;
		return S2_OK;
	case OPT_CLAIMS:
	case OPT_CLAIM:
	case OPT_REG:
		break;
	case OPT_HELP:
		o->help = true;
		return S2_OK;
	case OPT_VERSION:
		o->version = true;
		return S2_OK;
	}
	return s2_fail(err, S2_USAGE, "unknown option");
}

/* All rows, with those of the claims in their places. */
struct opt_list {
	struct opt_row row[ARRAY_SIZE(rows) + 4 * S2_MAX_CLAIMS];
	unsigned int n;
};

/* The group of options that set claims of these uses. What shapes a table is a register or a size. */
static unsigned int claim_group(unsigned int uses)
{
	if (uses & S2_CLAIM_ACCESS)
		return S2_OPTS_TRANSLATE;
	return uses == S2_CLAIM_ROOT ? S2_OPTS_INPUT : S2_OPTS_GEOM;
}

/* The options of claims that are (or are not) of one translation. */
static void add_claims(struct opt_list *list, bool access)
{
	struct s2_claim_option option;
	unsigned int at = 0;

	while (list->n < ARRAY_SIZE(list->row) && s2_claim_option_next(&at, &option)) {
		if (!(option.use & S2_CLAIM_ACCESS) == access)
			continue;
		list->row[list->n++] = (struct opt_row){ .id = OPT_CLAIM + at,
							 .name = option.name,
							 .arg = option.arg,
							 .groups = claim_group(option.use),
							 .help = option.help };
	}
}

static void list_options(struct opt_list *ret)
{
	ret->n = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows) && ret->n < ARRAY_SIZE(ret->row); i++) {
		if (rows[i].id == OPT_CLAIMS)
			add_claims(ret, rows[i].groups == S2_OPTS_TRANSLATE);
		else
			ret->row[ret->n++] = rows[i];
	}
}

/* The last of @ret's entries ends the list for getopt_long(). */
static void long_options(const struct opt_list *list, struct option *ret)
{
	for (unsigned int i = 0; i < list->n; i++)
		ret[i] = (struct option){ .name = list->row[i].name,
					  .has_arg = list->row[i].arg ? required_argument :
									no_argument,
					  .val = (int)list->row[i].id };
	ret[list->n] = (struct option){ 0 };
}

static const struct opt_row *find_row(const struct opt_list *list, unsigned int id)
{
	unsigned int i = 0;

	while (list->row[i].id != id)
		i++;
	return &list->row[i];
}

/* What chooses rows does not go with all that prints them. */
static enum s2_code check_rows(const struct s2_options *o, struct s2_err *err)
{
	const struct s2_format *format = o->json ? s2_format_find("json") : o->format;
	bool pick = s2_row_options_pick(&o->rows);

	if (format && !format->picks && (pick || o->rows.bare))
		return s2_fail(
			err, S2_USAGE,
			"--where, --columns, --sort, --limit and --no-header do not go with --format=%s",
			format->name);
	if (format && format->document && o->rows.bare)
		return s2_fail(err, S2_USAGE, "--no-header and --format=%s exclude each other",
			       format->name);
	if (o->effective && (pick || (format && format->rows_only)))
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
	if (o->table_pages && o->format && !o->format->document &&
	    o->format != s2_format_find("ptdump"))
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
	enum s2_code code = s2_claims_set(o->arch, given, n, &o->regime, err);

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
static const char *option_name(const struct opt_row *row, char *buf, size_t size)
{
	if (row->id == OPT_OUTPUT)
		snprintf(buf, size, "-%c", (char)row->id);
	else
		snprintf(buf, size, "--%s", row->name);
	return buf;
}

/* Is @name the @len characters at @typed but for one slip: a character wrong, more, less, or two
 * in the wrong order? */
static bool differs_by_one(const char *name, const char *typed, size_t len)
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
static enum s2_code refuse_option(const struct opt_list *list, const char *word, struct s2_err *err)
{
	size_t len = strcspn(word, "=");

	for (unsigned int i = 0; len > 3 && i < list->n; i++)
		if (!strncmp(list->row[i].name, word + 2, len - 2))
			return s2_fail(err, S2_USAGE,
				       "unknown option '%.*s': options are not abbreviated, "
				       "is it --%s?",
				       (int)len, word, list->row[i].name);
	for (unsigned int i = 0; len > 4 && i < list->n; i++)
		if (differs_by_one(list->row[i].name, word + 2, len - 2))
			return s2_fail(err, S2_USAGE, "unknown option '%.*s', is it --%s?",
				       (int)len, word, list->row[i].name);
	return s2_fail(err, S2_USAGE, "unknown option '%.*s'", (int)len, word);
}

/* The next option's id in @ret, below 0 at their end. */
static enum s2_code next_option(int argc, char **argv, const struct opt_list *list,
				const struct option *longopts, int *ret, struct s2_err *err)
{
	const char *word;
	int index = -1;
	char name[64];

	*ret = getopt_long(argc, argv, SHORT_OPTIONS, longopts, &index);
	if (*ret < 0)
		return S2_OK;
	word = typed_option(argv);
	if (*ret == ':') {
		const struct opt_row *row = find_row(list, (unsigned int)optopt);

		return s2_fail(err, S2_USAGE, "%s needs a value: %s",
			       option_name(row, name, sizeof(name)), row->arg);
	}
	if (*ret == '?' && optopt && strncmp(word, "--", 2) != 0)
		return s2_fail(err, S2_USAGE, "unknown option '-%c'", optopt);
	if (*ret == '?' && optopt)
		return s2_fail(err, S2_USAGE, "--%s takes no value",
			       find_row(list, (unsigned int)optopt)->name);
	/* getopt_long() takes any beginning of a name. */
	if (*ret == '?' || (index >= 0 && strcspn(word + 2, "=") != strlen(longopts[index].name)))
		return refuse_option(list, word, err);
	return S2_OK;
}

/* For getopt_long(), from the first argument on. */
static void begin_options(struct opt_list *list, struct option *longopts)
{
	list_options(list);
	long_options(list, longopts);
	opterr = 0;
	optind = 0;
}

/* May it be given several times? Those that add up can, and what an alias may have set; claims,
 * formats and conditions say themselves what contradicts what. */
static bool is_repeatable(const struct opt_row *row)
{
	switch (row->id) {
	case OPT_TABLE:
	case OPT_RANGE:
	case OPT_MAP:
	case OPT_ONLY:
	case OPT_SKIP:
	case OPT_REG:
	case OPT_FORMAT:
	case OPT_WHERE:
	case OPT_COLOR:
	case OPT_PROGRESS:
	case OPT_SANDBOX:
		return true;
	default:
		return row->id >= OPT_CLAIM;
	}
}

/* @seen: the values of rows so far. */
static enum s2_code check_again(const struct opt_list *list, const struct opt_row *row,
				const char **seen, struct s2_err *err)
{
	const char **before = &seen[row - list->row];
	char name[64];

	if (!optarg || is_repeatable(row))
		return S2_OK;
	if (*before && strcmp(*before, optarg) != 0)
		return s2_fail(err, S2_USAGE, "%s: given twice, as '%s' and as '%s'",
			       option_name(row, name, sizeof(name)), *before, optarg);
	*before = optarg;
	return S2_OK;
}

/* A value that stood behind its option and is the name of a file may have been meant as that. */
static void note_eaten(const struct opt_row *row, char **argv, struct s2_options *ret)
{
	if (!optarg || optarg != argv[optind - 1] || access(optarg, F_OK) < 0)
		return;
	ret->eaten = optarg;
	ret->eats_files = !strcmp(row->arg, "FILE");
	option_name(row, ret->eater, sizeof(ret->eater));
}

/* getopt_long() puts options first: one that lacks its value would find one there, the next time. */
static char **copy_args(int argc, char **argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));

	if (copy)
		memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	return copy;
}

const char *s2_options_command(int argc, char **argv)
{
	s2_auto_free char **args = copy_args(argc, argv);
	struct opt_list list;
	struct option longopts[ARRAY_SIZE(list.row) + 1];

	if (!args)
		return NULL;
	begin_options(&list, longopts);
	while (getopt_long(argc, args, SHORT_OPTIONS, longopts, NULL) >= 0)
		;
	return optind < argc ? args[optind] : NULL;
}

enum s2_code s2_options_parse(int argc, char **argv, struct s2_options *ret, struct s2_err *err)
{
	struct opt_list list;
	struct option longopts[ARRAY_SIZE(list.row) + 1];
	struct s2_claim_given given[S2_MAX_GIVEN];
	const char *seen[ARRAY_SIZE(list.row)] = { NULL };
	enum s2_code code = S2_OK;
	unsigned int n = 0;
	int id = 0;

	memset(ret, 0, sizeof(*ret));
	ret->level = S2_NO_LEVEL;
	begin_options(&list, longopts);
	while (!code) {
		code = next_option(argc, argv, &list, longopts, &id, err);
		if (code || id < 0)
			break;
		note_eaten(find_row(&list, (unsigned int)id), argv, ret);
		code = check_again(&list, find_row(&list, (unsigned int)id), seen, err);
		if (code)
			break;
		if (id != OPT_REG && id < OPT_CLAIM)
			code = apply((enum opt_id)id, optarg, ret, err);
		else if (n == ARRAY_SIZE(given))
			code = s2_fail(err, S2_USAGE, "more than %zu registers and sizes",
				       ARRAY_SIZE(given));
		else
			given[n++] = (struct s2_claim_given){
				.name = id == OPT_REG ? NULL :
							find_row(&list, (unsigned int)id)->name,
				.arg = optarg
			};
	}
	sort_ranges(ret);
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
	ret->args = argv + optind;
	ret->nargs = argc - optind;
	return S2_OK;
}

/* ", dump and find do", when it is but a few that take an option; and what picks from lines that
 * are no ranges. */
static void say_who_takes(const struct opt_row *row, unsigned int groups, char *ret, size_t size)
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

enum s2_code s2_options_taken(const char *command, unsigned int groups, int argc, char **argv,
			      struct s2_err *err)
{
	s2_auto_free char **args = copy_args(argc, argv);
	struct opt_list list;
	struct option longopts[ARRAY_SIZE(list.row) + 1];
	enum s2_code code = S2_OK;
	int id = 0;

	if (!args)
		return s2_fail(err, S2_NOMEM, "no memory");
	begin_options(&list, longopts);
	while (!code) {
		const struct opt_row *row;
		char who[128];

		code = next_option(argc, args, &list, longopts, &id, err);
		if (code || id < 0)
			return code;
		row = find_row(&list, (unsigned int)id);
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

enum s2_code s2_options_check(const struct s2_options *options, const char *command,
			      unsigned int groups, int argc, char **argv, struct s2_err *err)
{
	enum s2_code code = s2_options_taken(command, groups, argc, argv, err);

	if (code)
		return code;
	if (options->format && !(groups & S2_OPTS_SHOW) && !options->format->document &&
	    strcmp(options->format->name, "ptdump") != 0)
		return s2_fail(err, S2_USAGE, "%s has no --format=%s: ptdump, json and jsonl",
			       command, options->format->name);
	return S2_OK;
}

bool s2_options_document(const struct s2_options *o, bool *ret_lines)
{
	*ret_lines = o->format && o->format->document && o->format->lines;
	return o->json || (o->format && o->format->document);
}

/* Does it tell what a dump and a snapshot tell themselves? */
static bool describes_input(const struct opt_row *row)
{
	if (row->id >= OPT_CLAIM || row->groups & S2_OPTS_GEOM)
		return true;
	switch (row->id) {
	case OPT_REG:
	case OPT_BASE:
	case OPT_ROOT:
	case OPT_SNAPSHOT:
	case OPT_MAP:
	case OPT_PAGES:
	case OPT_MODULE:
	case OPT_VMLINUX:
	case OPT_SYSTEM_MAP:
	case OPT_KERNEL:
		return true;
	default:
		return false;
	}
}

/* Where the explanations of options stand. */
#define HELP_INDENT 27

void s2_options_help(struct s2_out *out, unsigned int groups, bool of_input)
{
	struct opt_list list;
	bool any = false;

	list_options(&list);
	for (unsigned int i = 0; i < list.n; i++) {
		const struct opt_row *row = &list.row[i];
		char text[64], line[512];
		int len;

		if (!(row->groups & groups) || describes_input(row) != of_input)
			continue;
		if (!any)
			s2_out_str(out, of_input ? "\nWhat the file does not tell itself:\n" :
						   "Options:\n");
		any = true;
		snprintf(text, sizeof(text), "%s%c%s --%s%s%s", row->id < 256 ? "-" : " ",
			 row->id < 256 ? (char)row->id : ' ', row->id < 256 ? "," : " ", row->name,
			 row->arg ? "=" : "", row->arg ? row->arg : "");
		len = snprintf(line, sizeof(line), "  %-*s %s", HELP_INDENT - 3, text, row->help);
		s2_text_wrap(out, line, (size_t)len, HELP_INDENT);
	}
}
