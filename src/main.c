// SPDX-License-Identifier: GPL-2.0-or-later
// The thin shell: command line to command, errors to one line on standard error, results to an exit
// status.
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

#include "cmd/guard.h"
#include "cmd/progress.h"
#include "cmd/say.h"
#include "cmd/version.h"
#include "option_list.h"
#include "source/fault.h"

/* The order is that of `s2dump help`. To add a command: a file in cmd/ with such a row, the
 * manual. */
const struct s2_cmd *const s2_cmds[] = {
	&s2_cmd_dump,  &s2_cmd_list,    &s2_cmd_slots,   &s2_cmd_translate, &s2_cmd_find,
	&s2_cmd_check, &s2_cmd_extract, &s2_cmd_inspect, &s2_cmd_decode,    &s2_cmd_help,
};
const unsigned int s2_ncmds = ARRAY_SIZE(s2_cmds);

static struct s2_out standard_out;
static struct s2_options options;

enum s2_exit s2_exit_of(enum s2_code code)
{
	if (!code)
		return S2_EXIT_OK;
	return code == S2_USAGE ? S2_EXIT_USAGE : S2_EXIT_INPUT;
}

static const struct s2_cmd *find_cmd(const char *name)
{
	for (unsigned int i = 0; i < s2_ncmds; i++)
		if (!strcmp(s2_cmds[i]->name, name))
			return s2_cmds[i];
	return NULL;
}

const struct s2_cmd *s2_command_like(const char *word)
{
	size_t len = strlen(word);

	for (unsigned int i = 0; i < s2_ncmds; i++)
		if (len > 2 && (!strncmp(s2_cmds[i]->name, word, len) ||
				s2_differs_by_one(s2_cmds[i]->name, word, len)))
			return s2_cmds[i];
	return NULL;
}

/* The command, from when on it has the word. */
static const struct s2_cmd *running;

/* One line; of a mistake in the command line with the command that explains it. */
static void report(const struct s2_err *err, const struct s2_command_line *line)
{
	const struct s2_cmd *cmd;
	const char *word;

	if (err->code != S2_USAGE || err->see) {
		if (err->see)
			s2_say("%s (see s2dump %s)", err->text, err->see);
		else
			s2_say("%s", err->text);
		s2_row_options_explain(&options.rows, stderr);
		return;
	}
	/* Once a command runs, no name of a file may be asked for any more (open/sandbox.h). */
	word = running ? NULL : s2_options_command(line);
	cmd = running ? running : word ? find_cmd(word) : NULL;
	/* Whoever meant a command wants to see them all. */
	if (word && !cmd && access(word, F_OK) == 0)
		cmd = &s2_cmd_dump;
	if (cmd && cmd != &s2_cmd_help)
		s2_say("%s (see s2dump help %s)", err->text, cmd->name);
	else
		s2_say("%s (see s2dump help)", err->text);
	s2_row_options_explain(&options.rows, stderr);
}

/* What was said or printed, nobody can rely on: @err may tell why, and nothing else does. */
static enum s2_exit report_failing(const struct s2_err *err, enum s2_exit status)
{
	enum s2_code code = s2_err_failing();

	if (!code)
		return status;
	if (status != S2_EXIT_INPUT || err->code != code)
		s2_say("%s", s2_err_failing_text());
	return S2_EXIT_INPUT;
}

/* Names the command, `dump` when the first word is none. */
static const struct s2_cmd *choose(struct s2_options *o)
{
	const struct s2_cmd *cmd = o->nargs ? find_cmd(o->args[0]) : NULL;

	if (!cmd)
		return o->help || !o->nargs ? NULL : &s2_cmd_dump;
	o->command = cmd->name;
	o->args++;
	o->nargs--;
	return cmd;
}

/* A name with commas that is not a file's is those of the parts of one dump. */
static enum s2_code split_parts(const struct s2_cmd *cmd, struct s2_err *err)
{
	char *name = options.args[0];

	if (!*name)
		return s2_fail(err, S2_USAGE, "%s: the name of the file is empty", cmd->name);
	if (!strchr(name, ',') || access(name, F_OK) == 0)
		return S2_OK;
	for (char *comma = name; comma;) {
		comma = strchr(name, ',');
		if (options.nparts == S2_MAX_PARTS)
			return s2_fail(err, S2_USAGE, "%s: more than %d parts", cmd->name,
				       S2_MAX_PARTS);
		if (comma)
			*comma = '\0';
		if (!*name)
			return s2_fail(err, S2_USAGE, "%s: the name of a part is empty", cmd->name);
		options.part[options.nparts++] = name;
		if (comma)
			name = comma + 1;
	}
	return S2_OK;
}

/* A file, or the first part of a dump and what else is joined to it. */
static bool is_file(const char *word)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%.*s", (int)strcspn(word, ","), word);
	return !strcmp(word, "-") || !access(word, F_OK) || !access(part, F_OK);
}

static bool reads_file(const struct s2_cmd *cmd)
{
	return cmd->groups & (S2_OPTS_INPUT | S2_OPTS_FILE);
}

/* One argument more than the command takes. */
static enum s2_code refuse_argument(const struct s2_cmd *cmd, const char *word, struct s2_err *err)
{
	const char *why = "";

	if (reads_file(cmd) && !access(word, F_OK))
		why = ": parts of one dump are one argument, joined by commas";
	else if (reads_file(cmd) && find_cmd(word))
		why = ": a command is the first argument";
	else if (options.rows.have_where)
		why = ": a condition is one argument, in quotes";
	else if (cmd == &s2_cmd_extract)
		why = ": -o names the output";
	else if (cmd->groups & S2_OPTS_CHECK)
		why = ": --table chooses tables, --only checks";
	else if (cmd->groups & S2_OPTS_SHOW)
		why = ": --table chooses tables, --range addresses";
	else if (cmd->groups & S2_OPTS_INPUT)
		why = ": --table chooses tables";
	return s2_fail(err, S2_USAGE, "%s: unexpected argument '%s'%s", cmd->name, word, why);
}

static enum s2_code check(const struct s2_cmd *cmd, const struct s2_command_line *line,
			  struct s2_err *err)
{
	enum s2_code code = s2_options_check(line, &options, cmd->name, cmd->groups, err);
	char what[256];

	if (code)
		return code;
	/* The default command was not named, and what stands in its place is no file either. */
	if (!options.command && options.nargs && !is_file(options.args[0])) {
		const struct s2_cmd *like = s2_command_like(options.args[0]);

		if (like)
			return s2_fail(err, S2_USAGE,
				       "'%s' is neither a command nor a file, is it %s?",
				       options.args[0], like->name);
		if (options.nargs > 1)
			return s2_fail(err, S2_USAGE, "'%s' is neither a command nor a file",
				       options.args[0]);
	}
	if (options.nargs < cmd->min_args) {
		snprintf(what, sizeof(what), "%s needs %s", cmd->name, cmd->args);
		return s2_options_missing(&options, what, reads_file(cmd), err);
	}
	if (options.eaten && !options.eats_files && options.nargs && reads_file(cmd) &&
	    !is_file(options.args[0])) {
		snprintf(what, sizeof(what), "there is no file '%.200s'", options.args[0]);
		return s2_options_missing(&options, what, false, err);
	}
	if (reads_file(cmd) && options.nargs > 1 && !is_file(options.args[0]) &&
	    strcmp(options.args[1], "-") != 0 && is_file(options.args[1]))
		return s2_fail(err, S2_USAGE, "%s: there is no file '%s': the file comes first",
			       cmd->name, options.args[0]);
	if (cmd->max_args >= 0 && options.nargs > cmd->max_args)
		return refuse_argument(cmd, options.args[cmd->max_args], err);
	return reads_file(cmd) && options.nargs ? split_parts(cmd, err) : S2_OK;
}

/* What a command does not take is not wrong because of its value. */
static void refuse_taken(const struct s2_command_line *line, struct s2_err *err)
{
	const char *word = s2_options_command(line);
	const struct s2_cmd *cmd = word ? find_cmd(word) : NULL;
	struct s2_err other;

	if (!cmd)
		return;
	s2_err_init(&other);
	if (!s2_options_taken(line, cmd->name, cmd->groups, &other))
		return;
	*err = other;
	options.rows.mistaken = NULL;
}

static enum s2_exit run(const struct s2_command_line *line, struct s2_err *err)
{
	enum s2_code code = s2_options_parse(line, &options, err);
	const struct s2_cmd *cmd;
	enum s2_exit status;

	if (code == S2_USAGE)
		refuse_taken(line, err);
	if (code)
		return s2_exit_of(code);
	s2_out_init(&standard_out, STDOUT_FILENO);
	standard_out.before = s2_progress_yield;
	if (options.version) {
		s2_version_print(&standard_out);
		return s2_exit_of(s2_out_flush(&standard_out, err));
	}
	cmd = choose(&options);
	if (!cmd && !options.help)
		return s2_exit_of(s2_options_missing(&options, "a file is needed", true, err));
	if (options.help) {
		static char *help_args[1];

		options.nargs = cmd ? 1 : 0;
		help_args[0] = cmd ? (char *)(uintptr_t)cmd->name : NULL;
		options.args = help_args;
		cmd = &s2_cmd_help;
	} else {
		code = check(cmd, line, err);
		if (code)
			return s2_exit_of(code);
	}
	running = cmd;
	status = cmd->run(&options, &standard_out, err);
	s2_progress_end();
	/* What was printed before an error is not lost, and a full disk is not a success. */
	if (status == S2_EXIT_USAGE || status == S2_EXIT_INPUT) {
		struct s2_err ignored;

		s2_err_init(&ignored);
		if (s2_out_flush(&standard_out, &ignored) && strcmp(ignored.text, err->text) != 0)
			s2_say("%s", ignored.text);
		return status;
	}
	if (s2_out_flush(&standard_out, err))
		return S2_EXIT_INPUT;
	return status;
}

/* A mapped file that shrinks, or a disk that fails, under a library's hands: ours are guarded. */
static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	static const char text[] =
		"s2dump: the input changed or could not be read while it was mapped\n";
	ssize_t ignored;

	(void)signal;
	(void)context;
	s2_fault_leave(info->si_addr);
	s2_progress_wipe();
	ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	s2_guard_remove();
	_exit(S2_EXIT_INPUT);
}

/*
 * A file must not be opened as a standard stream that the caller closed: messages would be written
 * into it. Input and output fail as closed ones do; -o /dev/null is not standard output for that.
 */
static bool hold_streams(void)
{
	static const struct {
		const char *path;
		int flags;
	} held[] = {
		[STDIN_FILENO] = { "/dev/null", O_WRONLY },
		[STDOUT_FILENO] = { "/dev/zero", O_RDONLY },
		[STDERR_FILENO] = { "/dev/null", O_WRONLY },
	};

	for (int fd = 0; fd < (int)ARRAY_SIZE(held); fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open(held[fd].path, held[fd].flags) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction bus = { .sa_sigaction = on_bus_error,
				 .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct s2_command_line line;
	struct s2_err err;
	enum s2_exit status;

	s2_err_init(&err);
	if (!hold_streams())
		return S2_EXIT_INPUT;
	/* A reader that goes away is seen by write(2), not by a signal. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that may not grow further (RLIMIT_FSIZE). */
	signal(SIGXFSZ, SIG_IGN);
	sigaction(SIGBUS, &bus, NULL);
	s2_command_line_init(&line, argc, argv);
	status = run(&line, &err);
	if ((status == S2_EXIT_USAGE || status == S2_EXIT_INPUT) && *err.text)
		report(&err, &line);
	return (int)report_failing(&err, status);
}
