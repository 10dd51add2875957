/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line as values: one table of options, one structure that all commands read. */
#ifndef S2_OPTIONS_H
#define S2_OPTIONS_H

#include "decode/merge.h"
#include "model/ranges.h"
#include "format/format.h"
#include "row_options.h"
#include "source/source.h"

/* Exit statuses, one place for all commands (and the manual's EXIT STATUS). */
enum s2_exit {
	S2_EXIT_OK = 0,
	S2_EXIT_FOUND = 1, /* a difference, or a broken invariant */
	S2_EXIT_USAGE = 2,
	S2_EXIT_INPUT = 3,      /* the input cannot be read or decoded, or the output not written */
	S2_EXIT_INCOMPLETE = 4, /* done, but part of what was asked for is not in the dump */
};

/* The groups that decide which command takes which option. */
enum s2_opt_group {
	S2_OPTS_INPUT = 1 << 0,     /* what the file is, where its tables are */
	S2_OPTS_OUTPUT = 1 << 1,    /* -o */
	S2_OPTS_SHOW = 1 << 2,      /* format, merge, range */
	S2_OPTS_DECODE = 1 << 3,    /* decode's own */
	S2_OPTS_JSON = 1 << 4,      /* --json */
	S2_OPTS_ALL = 1 << 5,       /* --help, --version */
	S2_OPTS_TRANSLATE = 1 << 7, /* translate's own */
	S2_OPTS_VCPU = 1 << 8,
	S2_OPTS_GEOM = 1 << 6,    /* registers and sizes */
	S2_OPTS_CHECK = 1 << 9,   /* check's own */
	S2_OPTS_LIST = 1 << 10,   /* list's own */
	S2_OPTS_WHERE = 1 << 11,  /* conditions on rows */
	S2_OPTS_ROWS = 1 << 12,   /* columns of rows, and their order */
	S2_OPTS_COLOR = 1 << 13,  /* text that has colours */
	S2_OPTS_FILE = 1 << 14,   /* what the file is, whatever is in it */
	S2_OPTS_ABSENT = 1 << 15, /* what memory reads as that the dump lacks */
	/* Of the option itself, whatever the command; no command has these. */
	S2_OPTS_REPEATS = 1 << 16, /* may be given again with another value: values add up, what an
				      alias has set is replaced, or the value's parser objects */
	S2_OPTS_DESCRIBES = 1 << 17, /* tells what a dump and a snapshot tell themselves */
};

#define S2_MAX_MAPS 1024
#define S2_MAX_RANGES 64
#define S2_MAX_PARTS 256
#define S2_MAX_GLOBS 64
#define S2_MAX_CHECKS 64

struct s2_options {
	const char *command; /* as given, NULL when it was left out */
	char **args;         /* what is left: files, values */
	int nargs;
	const char *arch; /* --arch and --software, NULL when not given */
	const char *software;
	struct s2_regime
		regime;   /* all claims that were given, of the architecture that knows them */
	bool have_regime; /* one of them shapes a table: a register or size */
	bool have_root;
	uint64_t root;
	struct s2_raw_args raw;
	struct s2_segment map[S2_MAX_MAPS];
	const char *table[S2_MAX_GLOBS];
	unsigned int ntables;
	struct s2_span range[S2_MAX_RANGES]; /* all of --range, ascending, apart from each other */
	unsigned int nranges;
	const struct s2_format *format;
	bool have_merge;
	enum s2_merge_how merge; /* when not given: what the format says */
	bool raw_rights;         /* rights of entries alone */
	bool table_pages;        /* dump: pages of the tables instead of ranges */
	bool long_list;          /* list: walk the tables */
	struct s2_row_options rows;
	enum s2_tristate color; /* --color: S2_UNKNOWN is auto */
	const char *output;     /* -o, NULL: standard output */
	bool json;
	const char *as; /* --as of decode and translate */
	int level;      /* decode --level, S2_NO_LEVEL when not given */
	bool verbose;
	/*
	 * Set by translate, not by an option. @stage1_alone: the file is memory, and no table is
	 * looked for. @unshaped: what control registers say is for the walk to judge. @one_table: a
	 * pid or a name means the own table of a VM.
	 */
	bool stage1_alone, unshaped, one_table;
	bool overview;  /* set by inspect: the file and its kernels, no tables */
	bool effective; /* dump --vcpu: permissions after both stages */
	bool have_vcpu;
	char vcpu_table[S2_ID_LEN];
	uint64_t vcpu;
	bool no_sandbox;           /* --sandbox=off */
	enum s2_tristate progress; /* --progress: S2_UNKNOWN is auto */
	const char *pages;   /* --pages: side file with the addresses of a raw image's pages */
	const char *vmlinux; /* files with symbols and types, NULL when not given */
	const char *system_map;
	const char *module;
	unsigned int kernel;             /* --kernel, 0 when not given */
	const char *only[S2_MAX_CHECKS]; /* check --only, --skip */
	unsigned int nonly;
	const char *skip[S2_MAX_CHECKS];
	unsigned int nskip;
	bool list_checks;
	bool absent_is_zero;
	uint64_t max_input; /* --max-input: bytes of a copy or what is unpacked, 0 when not given */
	uint64_t findings;  /* --findings, 0 when not given */
	bool have_snapshot; /* struct kvm_pgtable_snapshot */
	uint64_t snapshot;
	bool help, version;
	/* The parts of one dump, when the file was given as several names joined by commas. */
	char *part[S2_MAX_PARTS];
	unsigned int nparts;
	/* A value that stood in a word of its own and names a file, NULL: none; of this option. */
	const char *eaten;
	char eater[64];
	bool eats_files; /* which takes a file */
};

/* The words of a command line and the options that it may have (option_list.h). */
struct s2_command_line;

/* Fills @ret from the command line. @ret->args points into its words, which change their order. */
enum s2_code s2_options_parse(const struct s2_command_line *line, struct s2_options *ret,
			      struct s2_err *err) S2_MUST_CHECK;

/* The first word that is neither an option nor the value of one, NULL: there is none. */
const char *s2_options_command(const struct s2_command_line *line);

/* Is @name the @len characters at @typed but for one slip: a character wrong, more, less, or two
 * in the wrong order? */
bool s2_differs_by_one(const char *name, const char *typed, size_t len);

/* The command that @word was perhaps to be: its beginning, or but for one slip; NULL: none. */
const struct s2_cmd *s2_command_like(const char *word);

/* S2_USAGE: an option is none, or means nothing to a command of these groups. */
enum s2_code s2_options_taken(const struct s2_command_line *line, const char *command,
			      unsigned int groups, struct s2_err *err) S2_MUST_CHECK;

/* Refuses these, and a format that the command has not. */
enum s2_code s2_options_check(const struct s2_command_line *line, const struct s2_options *options,
			      const char *command, unsigned int groups,
			      struct s2_err *err) S2_MUST_CHECK;

/* S2_USAGE: there is no argument where @what says that one is needed. One may have been taken for
 * the value of an option; or it is a @file, and stands behind a "<". */
enum s2_code s2_options_missing(const struct s2_options *o, const char *what, bool file,
				struct s2_err *err) S2_MUST_CHECK;

/* What --format and --json chose, else the text. */
const struct s2_format *s2_options_format(const struct s2_options *o);

/* Is the output of a command a document, or, @ret_lines, records of one line each? */
bool s2_options_document(const struct s2_options *o, bool *ret_lines);

/* Prints the options of these groups, one per line, as `help` shows them: those that describe the
 * input (S2_OPTS_DESCRIBES), or all others. */
void s2_options_help(struct s2_out *out, unsigned int groups, bool describing);

/* One row per command in s2_cmds[] (main.c). */
struct s2_cmd {
	const char *name;
	const char *args;
	const char *help;
	unsigned int groups;
	int min_args, max_args;
	/* Returns an exit status, or sets @err and returns S2_EXIT_USAGE or S2_EXIT_INPUT. */
	enum s2_exit (*run)(const struct s2_options *options, struct s2_out *out,
			    struct s2_err *err);
};

extern const struct s2_cmd s2_cmd_dump, s2_cmd_list, s2_cmd_slots, s2_cmd_extract, s2_cmd_decode,
	s2_cmd_help, s2_cmd_translate, s2_cmd_find, s2_cmd_check, s2_cmd_inspect;
extern const struct s2_cmd *const s2_cmds[];
extern const unsigned int s2_ncmds;

/* The exit status that goes with an error. */
enum s2_exit s2_exit_of(enum s2_code code);

#endif
