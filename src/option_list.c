// SPDX-License-Identifier: GPL-2.0-or-later
// Every option is one row: name, argument, groups, help.
#include "option_list.h"

#include <stdio.h>

#include "claim_options.h"
#include "cmd/cmd_arch.h"
#include "format/text.h"

/*
 * The order is that of --help. A new option: an id in option_list.h, a row here, what its value
 * does in option_values.c, the manual, its values in completions/generate.py. The rows of
 * OPT_CLAIMS stand for the options of all architectures' claims: those of tables, and those of one
 * translation.
 */
static const struct s2_opt_row rows[] = {
	{ OPT_CLAIMS, NULL, NULL, S2_OPTS_GEOM, NULL },
	{ OPT_ARCH, "arch", "NAME", S2_OPTS_GEOM | S2_OPTS_DESCRIBES,
	  "the table format, where other options leave it open" },
	{ OPT_SOFTWARE, "software", "NAME", S2_OPTS_GEOM | S2_OPTS_DESCRIBES,
	  "what wrote a raw table, and so what its software bits mean; default none" },
	{ OPT_BASE, "base", "PA", S2_OPTS_INPUT | S2_OPTS_FILE | S2_OPTS_DESCRIBES,
	  "raw image: physical address of its first byte" },
	{ OPT_ROOT, "root", "PA", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "physical address of the start level" },
	{ OPT_SNAPSHOT, "snapshot", "ADDR", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "the table of the struct kvm_pgtable_snapshot at this kernel virtual or physical address" },
	{ OPT_MAP, "map", "PA:SIZE@OFFSET",
	  S2_OPTS_INPUT | S2_OPTS_FILE | S2_OPTS_REPEATS | S2_OPTS_DESCRIBES,
	  "raw image: this part of the file is memory at PA (repeatable)" },
	{ OPT_PAGES, "pages", "FILE", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "raw image: start level first, then table pages at the addresses in FILE, one per line" },
	{ OPT_TABLE, "table", "ID", S2_OPTS_INPUT | S2_OPTS_REPEATS,
	  "only these tables: ids, shell patterns, a VM's pid or name (repeatable)" },
	{ OPT_MODULE, "module", "FILE", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "kvm.ko of the kernel in the dump: types (BTF, DWARF), where the dump has none" },
	{ OPT_VMLINUX, "vmlinux", "FILE", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "the kernel with symbols and debugging information, when the dump lacks them" },
	{ OPT_SYSTEM_MAP, "system-map", "FILE", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "the kernel's System.map" },
	{ OPT_KERNEL, "kernel", "N", S2_OPTS_INPUT | S2_OPTS_DESCRIBES,
	  "which of several kernels in memory, from 1 on (see --verbose)" },
	{ OPT_RANGE, "range", "A-B", S2_OPTS_SHOW | S2_OPTS_REPEATS,
	  "only entries that intersect the input addresses [A,B) (repeatable)" },
	{ OPT_FORMAT, "format", "NAME", S2_OPTS_SHOW | S2_OPTS_JSON | S2_OPTS_REPEATS,
	  "output format, see below" },
	{ OPT_JSON, "json", NULL, S2_OPTS_JSON, "the same as --format=json" },
	{ OPT_MERGE, "merge", "HOW", S2_OPTS_SHOW,
	  "join neighbours: attrs (default of text), pa (split where PAs jump; of json, jsonl, "
	  "csv, tsv), none" },
	{ OPT_RAW_RIGHTS, "raw-rights", NULL, S2_OPTS_SHOW,
	  "rights as entries have them, not as WXN leaves them" },
	{ OPT_TABLES, "tables", NULL, S2_OPTS_SHOW,
	  "the pages that the tables take: where, level, span, entries in use, parent" },
	{ OPT_WHERE, "where", "EXPR", S2_OPTS_WHERE | S2_OPTS_REPEATS,
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
	{ OPT_REG, "reg", "NAME=VALUE", S2_OPTS_TRANSLATE | S2_OPTS_REPEATS | S2_OPTS_DESCRIBES,
	  "any other register" },
	{ OPT_AS, "as", "WHAT", S2_OPTS_DECODE | S2_OPTS_TRANSLATE,
	  "decode: descriptor, stage1-el1 or another format, a register; translate: S2E1R (an IPA), S12E1R, ..., or read, write, exec" },
	{ OPT_LEVEL, "level", "N", S2_OPTS_DECODE, "the level that the descriptor stands at" },
	{ OPT_ONLY, "only", "CHECK", S2_OPTS_CHECK | S2_OPTS_REPEATS,
	  "only this check, or A,B (repeatable)" },
	{ OPT_SKIP, "skip", "CHECK", S2_OPTS_CHECK | S2_OPTS_REPEATS,
	  "all checks but this one, or A,B (repeatable)" },
	{ OPT_FINDINGS, "findings", "N", S2_OPTS_CHECK,
	  "so many findings of each check, or all; default 100" },
	{ OPT_LIST, "list", NULL, S2_OPTS_CHECK, "the checks: what each means, its exceptions" },
	{ OPT_LONG, "long", NULL, S2_OPTS_LIST,
	  "read the tables: what is mapped, pages by size, table pages; the guest's kernel" },
	{ OPT_OUTPUT, "output", "FILE", S2_OPTS_OUTPUT,
	  "write to FILE instead of standard output" },
	{ OPT_COLOR, "color", "WHEN", S2_OPTS_COLOR | S2_OPTS_REPEATS,
	  "what stands out in colours: auto (on a terminal, without NO_COLOR), always, never" },
	{ OPT_MAX_INPUT, "max-input", "SIZE", S2_OPTS_INPUT | S2_OPTS_FILE,
	  "compressed files, pipes: what they hold at most; default 64 times the file and 1G" },
	{ OPT_ABSENT_IS_ZERO, "absent-is-zero", NULL, S2_OPTS_ABSENT,
	  "pages that a filter left out are zeros: you know that it left out no others" },
	{ OPT_PROGRESS, "progress", "WHEN", S2_OPTS_INPUT | S2_OPTS_FILE | S2_OPTS_REPEATS,
	  "say what takes longer than a second: auto (on a terminal), always, never" },
	{ OPT_SANDBOX, "sandbox", "WHEN", S2_OPTS_INPUT | S2_OPTS_FILE | S2_OPTS_REPEATS,
	  "interpret the dump where nothing can be opened or run: on (default), off" },
	{ OPT_VERBOSE, "verbose", NULL, S2_OPTS_INPUT | S2_OPTS_FILE,
	  "say on standard error what was found where" },
	{ OPT_HELP, "help", NULL, S2_OPTS_ALL, "this text" },
	{ OPT_VERSION, "version", NULL, S2_OPTS_ALL, "the version, and what this build can read" },
};

_Static_assert(ARRAY_SIZE(rows) <= S2_MAX_OWN_OPTIONS, "more options than a list has room for");

/* The groups of options that set claims of these uses. What shapes a table is a register or a size;
 * which claims contradict each other the architecture says. */
static unsigned int claim_groups(unsigned int uses)
{
	const unsigned int all = S2_OPTS_REPEATS | S2_OPTS_DESCRIBES;

	if (uses & S2_CLAIM_ACCESS)
		return all | S2_OPTS_TRANSLATE;
	return all | (uses == S2_CLAIM_ROOT ? S2_OPTS_INPUT : S2_OPTS_GEOM);
}

/* The options of claims that are (or are not) of one translation. */
static void add_claims(struct s2_opt_list *list, bool access)
{
	struct s2_claim_option option;
	unsigned int at = 0;

	while (list->n < ARRAY_SIZE(list->row) && s2_claim_option_next(&at, &option)) {
		if (!(option.use & S2_CLAIM_ACCESS) == access)
			continue;
		list->row[list->n++] = (struct s2_opt_row){ .id = OPT_CLAIM + at,
							    .name = option.name,
							    .arg = option.arg,
							    .groups = claim_groups(option.use),
							    .help = option.help };
	}
}

/* What the help of an option is where architectures are built in that say more of it. */
static void ask_archs(struct s2_opt_row *row)
{
	for (unsigned int i = 0; row->id == OPT_REG && i < s2_ncmd_archs; i++)
		if (s2_cmd_archs[i]->reg)
			row->help = s2_cmd_archs[i]->reg;
}

void s2_opt_list(struct s2_opt_list *ret)
{
	ret->n = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows) && ret->n < ARRAY_SIZE(ret->row); i++) {
		if (rows[i].id == OPT_CLAIMS) {
			add_claims(ret, rows[i].groups == S2_OPTS_TRANSLATE);
		} else {
			ret->row[ret->n] = rows[i];
			ask_archs(&ret->row[ret->n++]);
		}
	}
}

void s2_command_line_init(struct s2_command_line *ret, int argc, char **argv)
{
	ret->argc = argc;
	ret->argv = argv;
	s2_opt_list(&ret->list);
}

const struct s2_opt_row *s2_opt_find(const struct s2_opt_list *list, unsigned int id)
{
	unsigned int i = 0;

	while (list->row[i].id != id)
		i++;
	return &list->row[i];
}

/* Where the explanations of options stand. */
#define HELP_INDENT 27

void s2_options_help(struct s2_out *out, unsigned int groups, bool describing)
{
	struct s2_opt_list list;
	bool any = false;

	s2_opt_list(&list);
	for (unsigned int i = 0; i < list.n; i++) {
		const struct s2_opt_row *row = &list.row[i];
		char text[64], line[512];
		int len;

		if (!(row->groups & groups) || !(row->groups & S2_OPTS_DESCRIBES) == describing)
			continue;
		if (!any)
			s2_out_str(out, describing ? "\nWhat the file does not tell itself:\n" :
						     "Options:\n");
		any = true;
		snprintf(text, sizeof(text), "%s%c%s --%s%s%s", row->id < 256 ? "-" : " ",
			 row->id < 256 ? (char)row->id : ' ', row->id < 256 ? "," : " ", row->name,
			 row->arg ? "=" : "", row->arg ? row->arg : "");
		len = snprintf(line, sizeof(line), "  %-*s %s", HELP_INDENT - 3, text, row->help);
		s2_text_wrap(out, line, (size_t)len, HELP_INDENT);
	}
}
