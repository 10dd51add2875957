#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the completions of bash, zsh and fish from what the program says of itself: generate.py --s2dump PATH SHELL
#
# Commands, options, formats and checks are the program's. Ids of tables and vCPUs are asked from the dump on the line.

import argparse
import re
import subprocess
import sys

# What stands behind an option, by the word that help has for it; what is not here is typed.
FILES = ("FILE",)
DYNAMIC = {"ID": "tables", "ID/N": "vcpus"}
# Several, joined by commas.
LISTS = ("LIST", "CHECK")

# Values that can be listed and that help does not list: {option: {command, or None for all: values}}.
VALUES = {
    "--granule": {None: "4K 16K 64K"},
    "--oa-bits": {None: "32 36 40 42 44 48 52"},
    "--pa-bits": {None: "32 36 40 42 44 48 52"},
    "--start-level": {None: "-1 0 1 2 3 4 5"},
    "--level": {None: "-1 0 1 2 3 4 5"},
    "--arch": {None: "stage2 ept npt"},
    "--merge": {None: "attrs pa none"},
    "--progress": {None: "auto always never"},
    "--color": {None: "auto always never"},
    "--sandbox": {None: "on off"},
    "--findings": {None: "all"},
    "--as": {"decode": "descriptor stage2 stage1-el1 stage1-el2 ept npt pkvm vtcr_el2 vttbr_el2 hcr_el2 sctlr_el1 tcr_el1 tcr2_el1"
                       " ttbr0_el1 ttbr1_el1 mair_el1 pir_el1 por_el1 esr_el2 far_el2 hpfar_el2 par_el1 eptp ncr3 pat"
                       " qualification exitinfo1",
             "translate": "S2E1R S2E1W S1E1R S1E1W S1E0R S1E0W S1E1RP S1E1WP S12E1R S12E1W S12E0R S12E0W S1E2R S1E2W"
                          " S1E1X S1E0X S12E1X S12E0X S1E2X S2E1X S2E0X read write exec exec-user"},
}
# Formats of commands that have none of their own in help.
FORMATS = "ptdump json jsonl"


class Program:
    """What `help` says: commands with their lines; options of each with short name, argument and line; formats; checks."""

    def __init__(self, path):
        self.path = path
        text = self.run("help").split("\nCommands:\n")[1].split("\n\n")[0]
        self.commands = dict(re.findall(r"^  (\w+) +(\S.*)", text, re.M))
        self.options, self.formats, self.takes_file = {}, {}, {}
        for command in self.commands:
            # An explanation may go on in lines below.
            text = re.sub(r"\n {9,}(?=\S)", " ", self.run("help", command))
            rows = re.findall(r"^  (?:-(\w),|   ) (--[\w-]+)(?:=(\S+))? *(.*)", text, re.M)
            # What two architectures have by one name is one option.
            self.options[command] = {}
            for short, name, arg, line in rows:
                self.options[command].setdefault(name, (short, arg, line))
            if "\nFormats:\n" in text:
                self.formats[command] = re.findall(r"^  (\S+) ", text.split("\nFormats:\n")[1], re.M)
            self.takes_file[command] = "FILE" in text.split("\n")[0]
        self.checks = re.findall(r"^(\S+) ", self.run("check", "--list"), re.M)
        self.members, self.columns = self.names("--sort"), self.names("--columns")

    def run(self, *args):
        return subprocess.run([self.path, *args], check=True, capture_output=True, text=True).stdout

    def names(self, option):
        """What rows may be sorted by, or shown of them: the error that there is no such name says it."""
        text = subprocess.run([self.path, "dump", option + "=", "x"], check=False, capture_output=True, text=True).stderr
        return text.split("There are:\n")[1].split()

    def values(self, command, option):
        arg = self.options[command][option][1]
        if arg == "CHECK":
            return self.checks
        if option == "--sort":
            return self.members
        if option == "--columns":
            return self.columns
        if option == "--format":
            return self.formats.get(command, FORMATS.split())
        rows = VALUES.get(option, {})
        return rows.get(command, rows.get(None, "")).split()


HEAD = """# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of s2dump for {shell}. Made by completions/generate.py: do not edit.
"""

# Tables and vCPUs of a dump. A large one is not waited for. What begins with a digit, in $2, is a pid: a VM is called by that, too.
ASK = """timeout 3 s2dump list "$1" 2>/dev/null </dev/null | awk -v typed="$2" '
	typed ~ /^[0-9]/ && !/^#/ { if ($1 !~ /^vm:[0-9]+$/) next; sub(/^vm:/, "") }
	$1 == "#" && $2 == "id" { for (i = 2; i <= NF; i++) if ($i == "vcpus") n = i - 1 }
	$1 !~ /^#/ { TABLE }'"""
ASK_TABLES = ASK.replace("TABLE", "print $1")
ASK_VCPUS = ASK.replace("TABLE", 'for (i = 0; n && i < $n; i++) print $1 "/" i')

BASH = r"""
_s2dump_commands() {
	echo @COMMANDS@
}

# The long options of a command; those that take a value end in "=".
_s2dump_options() {
	case $1 in
@OPTIONS@
	esac
}

_s2dump_shorts() {
	case $1 in
@SHORTS@
	esac
}

# The values of an option, when they can be listed.
_s2dump_values() {
	case "$2 $1" in
@VALUES@
	esac
}

# What stands behind an option.
_s2dump_kind() {
	case $1 in
@KINDS@
	esac
}

_s2dump_tables() {
	@TABLES@
}

_s2dump_vcpus() {
	@VCPUS@
}

# The first word after the command that is a file; readline leaves quotes and backslashes in words.
_s2dump_file() {
	local i word

	for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
		word=${COMP_WORDS[i]//[\\\'\"]/}
		[[ $word == \~/* ]] && word=$HOME/${word:2}
		case $word in
		-*) ;;
		*) [ "$i" -ne "$COMP_CWORD" ] && [ -f "$word" ] && printf '%s\n' "$word" && return ;;
		esac
	done
}

# Those of the words in $1 that begin with $2, less what readline has taken for words of their own.
_s2dump_reply() {
	local taken=''

	[[ $2 == *[:=]* ]] && taken=${2%"${2##*[:=]}"}
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
	COMPREPLY=("${COMPREPLY[@]#"$taken"}")
}

# The same for the last of several words that commas join: not those that stand there already.
_s2dump_reply_list() {
	local before='' word words=''

	[[ $2 == *,* ]] && before=${2%"${2##*,}"}
	for word in $1; do
		[[ ,$before == *,"$word",* ]] || words+=" $before$word"
	done
	_s2dump_reply "$words" "$2"
}

_s2dump_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_s2dump() {
	local line=${COMP_LINE:0:COMP_POINT} cur=${COMP_WORDS[COMP_CWORD]} command='' option value i word words

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		# A value of the option before it is not a command.
		case ${COMP_WORDS[i - 1]} in
		= | : | -o) continue ;;
		esac
		case $word in
		-* | = | :) continue ;;
		esac
		case " $(_s2dump_commands) " in
		*" $word "*) command=$word ;;
		*) command=dump ;;
		esac
		break
	done
	command=${command:-}
	# The value of an option is behind its "=", or the word behind the option.
	read -ra words <<< "$line"
	line=${line##*[[:space:]]}
	i=$((${#words[@]} - (${#line} ? 2 : 1)))
	word=${words[i < 0 ? 0 : i]:-}
	case " $(_s2dump_options "${command:-dump}") " in
	*" $word= "*) line=$word=$line ;;
	esac
	case $line in
	--*=*)
		option=${line%%=*} value=${line#*=}
		case $(_s2dump_kind "$option") in
		files) _s2dump_files "$value" ;;
		tables) _s2dump_reply "$(_s2dump_tables "$(_s2dump_file)" "$value")" "$value" ;;
		vcpus) _s2dump_reply "$(_s2dump_vcpus "$(_s2dump_file)" "$value")" "$value" ;;
		list) _s2dump_reply_list "$(_s2dump_values "$option" "${command:-dump}")" "$value" ;;
		*) _s2dump_reply "$(_s2dump_values "$option" "${command:-dump}")" "$value" ;;
		esac
		return
		;;
	esac
	if [ "$COMP_CWORD" -gt 1 ] && [ "${COMP_WORDS[COMP_CWORD - 1]}" = -o ]; then
		_s2dump_files "$cur"
		return
	fi
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_s2dump_options "${command:-dump}") $(_s2dump_shorts "${command:-dump}")" -- "$cur")
		case "${COMPREPLY[*]}" in
		*=) compopt -o nospace 2>/dev/null ;;
		esac
		return
		;;
	esac
	case $command in
	help) mapfile -t COMPREPLY < <(compgen -W "$(_s2dump_commands)" -- "$cur") ;;
	decode) ;;
	*)
		_s2dump_files "$cur"
		if [ -z "$command" ]; then
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_s2dump_commands)" -- "$cur")
		fi
		;;
	esac
}

complete -F _s2dump s2dump
"""


def arms(program, text):
    """`case` arms of one command each, with what text() says of it."""
    return "\n".join(f"\t{command}) echo '{text(command)}' ;;" for command in program.commands)


def kinds(program):
    """{"files": options, "tables": ..., "vcpus": ..., "list": ...}."""
    found = {}
    for options in program.options.values():
        for name, (_, arg, _) in options.items():
            kind = "files" if arg in FILES else "list" if arg in LISTS else DYNAMIC.get(arg)
            if kind:
                found.setdefault(kind, {})[name] = True
    return found


def bash(program):
    values = []
    for command, options in program.options.items():
        for name in options:
            found = program.values(command, name)
            if found:
                values.append(f"\t'{command} {name}') echo '{' '.join(found)}' ;;")
    text = {
        "COMMANDS": " ".join(program.commands),
        "OPTIONS": arms(program, lambda c: " ".join(n + ("=" if o[1] else "") for n, o in program.options[c].items())),
        "SHORTS": arms(program, lambda c: " ".join("-" + o[0] for o in program.options[c].values() if o[0])),
        "VALUES": "\n".join(values),
        "KINDS": "\n".join(f"\t{' | '.join(names)}) echo {kind} ;;" for kind, names in kinds(program).items()),
        "TABLES": ASK_TABLES,
        "VCPUS": ASK_VCPUS,
    }
    return HEAD.format(shell="bash") + "# shellcheck shell=bash\n" + re.sub(r"@([A-Z]+)@", lambda m: text[m[1]], BASH)


ZSH = r"""
_s2dump_file() {
	local word

	for word in ${(Q)words[2,-1]}; do
		word=${word/#\~\//$HOME/}
		[[ $word != -* && -f $word ]] && print -r -- $word && return
	done
}

_s2dump_ask_tables() {
	@TABLES@
}

_s2dump_ask_vcpus() {
	@VCPUS@
}

_s2dump_tables() {
	local -a ids=(${(f)"$(_s2dump_ask_tables "$(_s2dump_file)" "$PREFIX")"})

	compadd -a ids
}

_s2dump_vcpus() {
	local -a ids=(${(f)"$(_s2dump_ask_vcpus "$(_s2dump_file)" "$PREFIX")"})

	compadd -a ids
}

_s2dump() {
	local -a commands=(
@COMMANDS@
	)
	local command=dump i

	for ((i = 2; i < CURRENT; i++)); do
		[[ ${words[i]} == -* ]] && continue
		(( ${+commands[(r)${words[i]}:*]} )) && [[ -n ${commands[(r)${words[i]}:*]} ]] && command=${words[i]}
		break
	done
	if (( i == CURRENT )) && [[ ${words[CURRENT]} != -* ]]; then
		_alternative 'commands:command:(('"$(_s2dump_quoted)"'))' 'files:file:_files'
		return
	fi
	case $command in
@ARMS@
	esac
}

_s2dump_quoted() {
	print -r -- @NAMES@
}

_s2dump "$@"
"""


def zsh_text(text):
    """For the brackets of _arguments, in single quotes."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_option(program, command, name):
    short, arg, line = program.options[command][name]
    kind = "_files" if arg in FILES else "_s2dump_" + DYNAMIC[arg] if arg in DYNAMIC else ""
    values = program.values(command, name)
    if values:
        words = " ".join(values)
        kind = f"_values -s , {arg} {words}" if arg in LISTS else f"({words})"
    tail = f":{zsh_text(arg)}:{kind}" if arg else ""
    rows = [f"'*{name}{'=' if arg else ''}[{zsh_text(line)}]{tail}'"]
    if short:
        rows.append(f"'*-{short}{'+' if arg else ''}[{zsh_text(line)}]{tail}'")
    return rows


def zsh(program):
    rows = []
    for command, options in program.options.items():
        operand = "'*:file:_files'" if program.takes_file[command] else \
            f"'*:command:({' '.join(program.commands)})'" if command == "help" else "'*:value:'"
        words = [row for name in options for row in zsh_option(program, command, name)] + [operand]
        rows.append(f"\t{command})\n\t\t_arguments -S " + " \\\n\t\t\t".join(words) + "\n\t\t;;")
    text = {
        "COMMANDS": "\n".join(f"\t\t'{c}:{line}'".replace("'", "'") for c, line in
                              ((c, line.replace("'", "")) for c, line in program.commands.items())),
        "ARMS": "\n".join(rows),
        "NAMES": " ".join(program.commands),
        "TABLES": ASK_TABLES,
        "VCPUS": ASK_VCPUS,
    }
    return "#compdef s2dump\n" + HEAD.format(shell="zsh") + re.sub(r"@([A-Z]+)@", lambda m: text[m[1]], ZSH)


FISH = r"""
function __s2dump_command
	for word in (commandline -opc)[2..]
		string match -q -- '-*' $word; and continue
		contains -- $word @NAMES@; and echo $word; or echo dump
		return
	end
	echo none
end

function __s2dump_is
	set -l command (__s2dump_command)
	contains -- $command $argv; or begin
		test $command = none; and contains -- dump $argv
	end
end

function __s2dump_file
	for word in (commandline -opc)[2..]
		string match -q -- '-*' $word; and continue
		set word (string replace -r '^~/' $HOME/ -- $word)
		test -f $word; and echo $word; and return
	end
end

# The value that is typed, which may be behind its option.
function __s2dump_typed
	string replace -r -- '^--[a-z-]*=' '' (commandline -ct)
end

# The last of several words that commas join.
function __s2dump_list
	set -l before (string replace -r '[^,]*$' '' -- (__s2dump_typed))
	set -l given (string split , -- $before)
	for word in $argv
		contains -- $word $given; or echo $before$word
	end
end

function __s2dump_tables
	sh -c '@TABLES@' sh "$(__s2dump_file)" "$(__s2dump_typed)"
end

function __s2dump_vcpus
	sh -c '@VCPUS@' sh "$(__s2dump_file)" "$(__s2dump_typed)"
end

@ROWS@
"""


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_rows(program):
    yield from (f"complete -c s2dump -n 'test (__s2dump_command) = none' -a {c} -d {fish_text(line)}"
                for c, line in program.commands.items())
    yield f"complete -c s2dump -n '__s2dump_is help' -f -a '{' '.join(program.commands)}'"
    # Options that several commands have alike are one row.
    rows = {}
    for command, options in program.options.items():
        for name, option in options.items():
            rows.setdefault((name, option, tuple(program.values(command, name))), []).append(command)
    for (name, (short, arg, line), values), commands in rows.items():
        row = f"complete -c s2dump -n '__s2dump_is {' '.join(commands)}' -l {name[2:]}"
        row += f" -s {short}" if short else ""
        if arg in FILES:
            row += " -r -F"
        elif arg in DYNAMIC:
            row += f" -x -a '(__s2dump_{DYNAMIC[arg]})'"
        elif arg in LISTS:
            row += f" -x -a '(__s2dump_list {' '.join(values)})'"
        elif arg:
            row += f" -x -a '{' '.join(values)}'" if values else " -x"
        yield f"{row} -d {fish_text(line)}"


def fish(program):
    text = {
        "NAMES": " ".join(program.commands),
        "ROWS": "\n".join(fish_rows(program)),
        # In fish's single quotes, in which sh has awk's.
        "TABLES": ASK_TABLES.replace("'", "\\'"),
        "VCPUS": ASK_VCPUS.replace("'", "\\'"),
    }
    return HEAD.format(shell="fish") + re.sub(r"@([A-Z]+)@", lambda m: text[m[1]], FISH)


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}


def main():
    parser = argparse.ArgumentParser(description="writes a completion to standard output")
    parser.add_argument("--s2dump", required=True, metavar="PATH")
    parser.add_argument("shell", choices=SHELLS)
    args = parser.parse_args()
    sys.stdout.write(SHELLS[args.shell](Program(args.s2dump)))


if __name__ == "__main__":
    main()
