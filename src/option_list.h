/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All options, those of claims among them: for the files that take the command line apart. */
#ifndef S2_OPTION_LIST_H
#define S2_OPTION_LIST_H

#include "options.h"

enum s2_opt_id {
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

struct s2_opt_row {
	unsigned int id; /* enum s2_opt_id */
	const char *name;
	const char *arg; /* NULL: none */
	unsigned int groups;
	const char *help;
};

/* Options beside those of claims. */
#define S2_MAX_OWN_OPTIONS 64

/* All rows, with those of the claims in their places. */
struct s2_opt_list {
	struct s2_opt_row row[S2_MAX_OWN_OPTIONS + 4 * S2_MAX_CLAIMS];
	unsigned int n;
};

void s2_opt_list(struct s2_opt_list *ret);

struct s2_command_line {
	int argc;
	char **argv;
	struct s2_opt_list list;
};

void s2_command_line_init(struct s2_command_line *ret, int argc, char **argv);

/* The row of that id, which is in the list. */
const struct s2_opt_row *s2_opt_find(const struct s2_opt_list *list, unsigned int id);

#endif
