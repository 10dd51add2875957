#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The door is shut before a dump is looked at: an allocator that turns against the program gets nothing.

import argparse
import os
import pathlib
import platform
import socket
import subprocess
import sys
import tempfile

from test_faults import BLOB, SAMPLE, make_inputs

ROOT = "--root=0x43270000"

# Arguments, and what stands on standard input.
RUNS = [
    (["dump", SAMPLE], None),
    (["dump", "--json", SAMPLE], None),
    (["list", "-l", "-v", SAMPLE], None),
    (["check", SAMPLE], None),
    (["find", SAMPLE, "0x419f2000"], None),
    (["translate", "--table=vm:77", SAMPLE, "0x40000123"], None),
    (["extract", "-o", "out", SAMPLE], None),
    (["dump", "-o", "out", SAMPLE], None),
    (["dump", "--progress=always", SAMPLE], None),
    (["--vtcr=0x802d3555", BLOB], None),
    (["--vtcr=0x802d3555", "-"], BLOB),
    (["--vtcr=0x802d3555", ROOT, "--pages=pages", BLOB], None),
    (["--vtcr=0x802d3555", ROOT, "kdump"], None),
    (["--vtcr=0x802d3555", ROOT, "kdump.flat"], None),
    (["list", "--base=0x40000000", "--system-map=system.map", "system"], None),
]


ATTACKS = ["open", "create", "unlink", "rename", "chmod", "connect", "socket", "ptrace", "kill", "fork", "code", "inherited", *(["x32"] if platform.machine() == "x86_64" else []), "execve"]
# What a thread that there was before does: one run of each kind of opening.
THREADED = [RUNS[0], RUNS[6], RUNS[12], RUNS[14]]


def run(args, words, stdin, work, preload, only=None, thread=False):
    """Standard input that is not asked for is a socket, and a pipe is left open: an attacker's way out, were they left."""
    inherited, leak = os.pipe()
    env = {**os.environ, **({"LD_PRELOAD": args.preload} if preload else {}), **({"S2_HOSTILE": only} if only else {}),
           **({"S2_HOSTILE_THREAD": "1"} if thread else {}), "S2_HOSTILE_INHERITED": str(leak)}
    out = work / "out"
    out.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as unconnected, open(inherited, "rb"), open(leak, "wb"):
        source = {"input": pathlib.Path(stdin).read_bytes()} if stdin else {"stdin": unconnected}
        done = subprocess.run([args.s2dump, *words], cwd=work, env=env, capture_output=True, timeout=60, check=False,
                              pass_fds=[leak], **source)
    result = done.returncode, done.stdout, out.read_bytes() if out.exists() else None
    said = done.stderr.decode("utf-8", "replace").splitlines()
    return result, [line for line in said if not line.startswith("hostile: ")], [
        line for line in said if line.startswith("hostile: ")]


def judge(args, words, stdin, work, thread=False):
    """What is wrong with a run inside; None: nothing."""
    clean, said, _ = run(args, ["--sandbox=off", *words], stdin, work, False)
    got, got_said, hostile = run(args, words, stdin, work, True, thread=thread)
    if any("succeeded" in line for line in hostile):
        return hostile[0]
    tried = [int(line.split()[-1]) for line in hostile if "tried" in line]
    if tried == [] or tried[0] == 0:
        return f"nothing was tried: {hostile}"
    if (got, got_said) != (clean, said):
        return f"another answer inside: {got[0]} {got_said}, without {clean[0]} {said}"
    return None


def judge_attack(args, name, work, thread):
    """Without the door each attack succeeds: else a failure of it would say nothing."""
    (work / "victim").write_text("")
    _, _, hostile = run(args, ["--sandbox=off", "dump", SAMPLE], None, work, True, name, thread)
    return None if hostile == [f"hostile: {name} succeeded"] else f"it fails by itself: {hostile}"


def main():
    parser = argparse.ArgumentParser(description="Attacks from inside, behind the door.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--preload", required=True)
    args = parser.parse_args()
    args.s2dump, args.preload = os.path.abspath(args.s2dump), os.path.abspath(args.preload)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="s2sandbox.") as name, socket.socket(socket.AF_UNIX) as server:
        work = pathlib.Path(name)
        make_inputs(work)
        (work / "victim").write_text("")
        server.bind(str(work / "socket"))
        server.listen()
        rows = [(" ".join(os.path.basename(w) for w in words), judge(args, words, stdin, work)) for words, stdin in RUNS]
        rows += [(f"by a thread: {' '.join(os.path.basename(w) for w in words)}", judge(args, words, stdin, work, True))
                 for words, stdin in THREADED]
        for thread in (False, True):
            rows += [(f"{name} without the door{' by a thread' if thread else ''}", judge_attack(args, name, work, thread))
                     for name in ATTACKS if not (thread and name == "ptrace")]  # a traced thread's end would be ours to wait for
        for n, (title, wrong) in enumerate(rows, 1):
            print(f"{'not ' if wrong else ''}ok {n} - {title}")
            if wrong:
                print(f"  # {wrong}")
            failed += bool(wrong)
    print(f"1..{len(rows)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
