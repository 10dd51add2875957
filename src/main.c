// SPDX-License-Identifier: GPL-2.0-or-later
// The thin shell: command line to command, errors to one line on standard error, results to an exit
// status.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

#include "cmd/guard.h"
#include "cmd/say.h"
#include "cmd/version.h"
#include "options.h"
#include "source/fault.h"

/* The order is that of `s2dump help`. To add a command: a file in cmd/ with such a row, the
 * manual. */
const struct s2_cmd *const s2_cmds[] = {
	&s2_cmd_dump,  &s2_cmd_list,    &s2_cmd_slots,  &s2_cmd_translate, &s2_cmd_find,
	&s2_cmd_check, &s2_cmd_extract, &s2_cmd_decode, &s2_cmd_help,
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

static void report(const struct s2_err *err)
{
	s2_say("%s", err->text);
	s2_row_options_explain(&options.rows, stderr);
	if (err->code == S2_USAGE)
		fprintf(stderr, "Try 's2dump help' for more information.\n");
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

static enum s2_code check(const struct s2_cmd *cmd, int argc, char **argv, struct s2_err *err)
{
	enum s2_code code = s2_options_check(&options, cmd->name, cmd->groups, argc, argv, err);

	if (code)
		return code;
	/* The default command was not named, and what stands in its place is no file either. */
	if (!options.command && options.nargs > 1 && access(options.args[0], F_OK) < 0 &&
	    strcmp(options.args[0], "-") != 0)
		return s2_fail(err, S2_USAGE, "'%s' is neither a command nor a file",
			       options.args[0]);
	if (options.nargs < cmd->min_args)
		return s2_fail(err, S2_USAGE, "%s needs %s", cmd->name, cmd->args);
	if (cmd->max_args >= 0 && options.nargs > cmd->max_args)
		return s2_fail(err, S2_USAGE, "%s: unexpected argument '%s'", cmd->name,
			       options.args[cmd->max_args]);
	return S2_OK;
}

static enum s2_exit run(int argc, char **argv, struct s2_err *err)
{
	enum s2_code code = s2_options_parse(argc, argv, &options, err);
	const struct s2_cmd *cmd;
	enum s2_exit status;
	int fd = STDOUT_FILENO;

	if (code)
		return s2_exit_of(code);
	s2_out_init(&standard_out, fd);
	if (options.version) {
		s2_version_print(&standard_out);
		return s2_exit_of(s2_out_flush(&standard_out, err));
	}
	cmd = choose(&options);
	if (!cmd && !options.help) {
		s2_fail(err, S2_USAGE, "a file is needed");
		return S2_EXIT_USAGE;
	}
	if (options.help) {
		static char *help_args[1];

		options.nargs = cmd ? 1 : 0;
		help_args[0] = cmd ? (char *)(uintptr_t)cmd->name : NULL;
		options.args = help_args;
		cmd = &s2_cmd_help;
	} else if (check(cmd, argc, argv, err)) {
		return S2_EXIT_USAGE;
	}
	status = cmd->run(&options, &standard_out, err);
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
	ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	s2_guard_remove();
	_exit(S2_EXIT_INPUT);
}

int main(int argc, char **argv)
{
	struct sigaction bus = { .sa_sigaction = on_bus_error,
				 .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct s2_err err;
	enum s2_exit status;

	s2_err_init(&err);
	/* A reader that goes away is seen by write(2), not by a signal. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that may not grow further (RLIMIT_FSIZE). */
	signal(SIGXFSZ, SIG_IGN);
	sigaction(SIGBUS, &bus, NULL);
	status = run(argc, argv, &err);
	if ((status == S2_EXIT_USAGE || status == S2_EXIT_INPUT) && *err.text)
		report(&err);
	return (int)status;
}
