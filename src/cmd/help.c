// SPDX-License-Identifier: GPL-2.0-or-later
// `help`: built from the same rows that parse the command line.
#include <inttypes.h>
#include <string.h>

#include "claim_options.h"
#include "options.h"

static void overview(struct s2_out *out)
{
	const struct s2_claim *claim = s2_claim_example();

	s2_out_str(out, "Usage: s2dump [COMMAND] [OPTIONS] FILE\n\n"
			"Reads second-stage page tables out of dumps.\n\nCommands:\n");
	for (unsigned int i = 0; i < s2_ncmds; i++) {
		s2_out_str(out, "  ");
		s2_out_pad(out, s2_cmds[i]->name, 10);
		s2_out_printf(out, " %s\n", s2_cmds[i]->help);
	}
	s2_out_str(out,
		   "\nExamples:\n"
		   "  s2dump list vmcore              # which virtual machines, whose they are\n"
		   "  s2dump slots vmcore             # their memory: what logs, what is read-only\n"
		   "  s2dump --table=PID --where='write and exec' vmcore\n"
		   "  s2dump check vmcore             # is anything wrong?\n"
		   "  s2dump find vmcore 0x419f2000   # who maps that page\n");
	if (claim)
		s2_out_printf(out,
			      "  s2dump --%s=0x%" PRIx64 " tables.bin\n"
			      "  s2dump decode %s=0x%" PRIx64 "\n",
			      claim->option, claim->example, claim->name, claim->example);
	s2_out_str(
		out,
		"\n's2dump help COMMAND' lists its options. Manuals: s2dump(1), s2dump-json(5).\n");
}

/* Rows are printed in @all of them, what else a command says in the general ones. */
static void formats(struct s2_out *out, bool all)
{
	s2_out_str(out, "\nFormats:\n");
	for (unsigned int i = 0; i < s2_nformats; i++) {
		if (!all && !s2_formats[i]->general)
			continue;
		s2_out_str(out, "  ");
		s2_out_pad(out, s2_formats[i]->name, 14);
		s2_out_printf(out, " %s\n", s2_formats[i]->help);
	}
}

static enum s2_exit run_help(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	const struct s2_cmd *like;

	if (!o->nargs) {
		overview(out);
		return S2_EXIT_OK;
	}
	for (unsigned int i = 0; i < s2_ncmds; i++) {
		const struct s2_cmd *cmd = s2_cmds[i];

		if (strcmp(cmd->name, o->args[0]) != 0)
			continue;
		s2_out_printf(out, "Usage: s2dump %s [OPTIONS] %s\n\n%s\n\n", cmd->name, cmd->args,
			      cmd->help);
		s2_options_help(out, cmd->groups | S2_OPTS_ALL, false);
		s2_options_help(out, cmd->groups, true);
		if (cmd->groups & (S2_OPTS_SHOW | S2_OPTS_JSON))
			formats(out, cmd->groups & S2_OPTS_SHOW);
		return S2_EXIT_OK;
	}
	like = s2_command_like(o->args[0]);
	return s2_exit_of(s2_fail(err, S2_USAGE, "help: unknown command '%s'%s%s%s", o->args[0],
				  like ? ", is it " : "", like ? like->name : "", like ? "?" : ""));
}

const struct s2_cmd s2_cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "what a command does and takes",
	.groups = 0,
	.min_args = 0,
	.max_args = 1,
	.run = run_help,
};
