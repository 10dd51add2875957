#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions in the shells themselves: a line is typed in a terminal, the tabulator pressed, and what comes to run is looked at.
import argparse
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = "samples/debian-6.1-4k.s2dump"
# A busy machine is slow.
PATIENCE = 60

# What is typed, and the words that it becomes; "=" at the end goes in some shells when the line does.
LINES = [
    ("che", "check"),
    ("check --onl", "check --only"),
    ("check --only=writ", "check --only=writer"),
    # The last of several that commas join; those before it are not offered again.
    ("check --only=writer,encod", "check --only=writer,encoding"),
    ("check --skip=wx,encoding,lock", "check --skip=wx,encoding,locked"),
    ("check --only writer,encod", "check --only writer,encoding"),
    ("dump --columns=descriptor_", "dump --columns=descriptor_pa"),
    ("dump --columns=ia,size,descriptor_", "dump --columns=ia,size,descriptor_pa"),
    ("dump --columns=read,write,exec,raw,read_us", "dump --columns=read,write,exec,raw,read_user"),
    (f"{SAMPLE} --columns ia,state_f", f"{SAMPLE} --columns ia,state_from"),
    ("dump --mer", "dump --merge"),
    ("dump --merge=at", "dump --merge=attrs"),
    ("dump --format=debugfs-7", "dump --format=debugfs-7.3"),
    ("help trans", "help translate"),
    ("samples/debian-6.1-4k-", "samples/debian-6.1-4k-ipa43.bin"),
    (f"{SAMPLE} --table=vm:82", f"{SAMPLE} --table=vm:82"),
    (f"{SAMPLE} --table=vm:8", f"{SAMPLE} --table=vm:82"),
    (f"dump {SAMPLE} --vcpu=vm:82/", f"dump {SAMPLE} --vcpu=vm:82/0"),
    # A VM's pid is a name of it.
    (f"{SAMPLE} --vcpu=82/", f"{SAMPLE} --vcpu=82/0"),
    (f"{SAMPLE} --vcpu 7", f"{SAMPLE} --vcpu 7"),
    (f"{SAMPLE} --table=8", f"{SAMPLE} --table=82"),
    # The value is a word of its own; a name has a blank, or begins in the home folder.
    (f"{SAMPLE} --table vm:8", f"{SAMPLE} --table vm:82"),
    (f"--table vm:82 {SAMPLE} --merge at", f"--table vm:82 {SAMPLE} --merge attrs"),
    ("'my dump' --table=vm:8", "my dump --table=vm:82"),
    (r"my\ dump --table=vm:8", "my dump --table=vm:82"),
    ("~/samples/debian-6.1-4k.s2dump --table=vm:8", "~/samples/debian-6.1-4k.s2dump --table=vm:82"),
    ("dump --sort=descriptor_", "dump --sort=descriptor_pa"),
    ("translate --as=S2E0", "translate --as=S2E0X"),
    ("decode --level=5", "decode --level=5"),
    ("--vmlinux=samples/debian-6.1-4k-", "--vmlinux=samples/debian-6.1-4k-ipa43.bin"),
]

# Says what it was given, and answers the completions.
STAND_IN = """#!/bin/sh
case $1 in list) exec "$S2DUMP_REAL" "$@" ;; esac
for word; do printf '%s\\n' "$word"; done > "$SAID.new" && mv "$SAID.new" "$SAID"
"""

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'; . '{made}/s2dump'\n"),
    "zsh": (["zsh", "-f", "-i"], "fpath=('{made}' $fpath); autoload -U compinit; compinit -u -D; setopt no_beep\n"),
    "fish": (["fish", "--no-config", "-i", "--features=no-query-term"], "source '{made}/s2dump.fish'\n"),
}


class Terminal:
    """A shell in a terminal of its own. What it prints is only looked at when something goes wrong."""

    def __init__(self, argv, env):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(env["HOME"])
            os.execvpe(argv[0], argv, env)
        self.seen = b""

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                return
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                return

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def wait_for(terminal, path):
    end = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(terminal.seen.decode("utf-8", "replace")[-2000:])
        terminal.read(0.05)
    said = path.read_text().split("\n")[:-1]
    path.unlink()
    return " ".join(said)


def run_shell(shell, made, s2dump):
    """(what is typed, what it should become, what it became) for each line."""
    with tempfile.TemporaryDirectory(prefix="s2dump-completion.") as name:
        home = pathlib.Path(name)
        (home / "bin").mkdir()
        (home / "bin/s2dump").write_text(STAND_IN)
        (home / "bin/s2dump").chmod(0o755)
        (home / "samples").symlink_to(TOP / "samples")
        (home / "my dump").symlink_to(TOP / SAMPLE)
        env = {"HOME": name, "PATH": f"{name}/bin:{os.environ['PATH']}", "TERM": "dumb", "LC_ALL": "C.UTF-8", "SAID": f"{name}/said",
               "S2DUMP_REAL": s2dump}
        argv, start = START[shell]
        terminal = Terminal(argv, env)
        try:
            terminal.read(0.5)
            terminal.type(start.format(made=made) + "s2dump ready\n")
            wait_for(terminal, home / "said")
            for typed, want in LINES:
                terminal.read(0.1)
                terminal.type(f"s2dump {typed}\t")
                # The shell must have answered the tabulator before the line ends.
                terminal.read(0.1)
                terminal.type("\n")
                yield typed, want.replace("~", name, 1), wait_for(terminal, home / "said")
        finally:
            terminal.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--made", required=True, help="folder with the files of the shells")
    args = parser.parse_args()
    number = failed = 0
    for shell, file in (("bash", "s2dump"), ("zsh", "_s2dump"), ("fish", "s2dump.fish")):
        number += 1
        if not shutil.which(shell):
            print(f"ok {number} - {shell} # SKIP it is not installed")
            continue
        done = subprocess.run([shell, "-n", os.path.join(args.made, file)], capture_output=True, text=True, check=False)
        problems = [done.stderr] if done.returncode or done.stderr else []
        if shell == "bash" and shutil.which("shellcheck"):
            done = subprocess.run(["shellcheck", os.path.join(args.made, file)], capture_output=True, text=True, check=False)
            problems += [done.stdout] if done.returncode else []
        try:
            problems += [f"'{typed}' becomes '{got}', not '{want}'"
                         for typed, want, got in run_shell(shell, os.path.abspath(args.made), os.path.abspath(args.s2dump)) if got.removesuffix("=") != want]
        except TimeoutError as e:
            problems.append(f"no answer: {e}")
        for problem in problems:
            print(f"# {problem}")
        print(f"{'not ok' if problems else 'ok'} {number} - {shell}, {len(LINES)} lines")
        failed += bool(problems)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
