#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Counts instructions of fixed runs under callgrind, and holds them against a committed budget.

"""Seconds differ from run to run and from machine to machine, instructions of one binary do not. The budget is for
Debian 12's gcc with the options of `scripts/test` (build/gcc); another compiler makes another program. What the
dynamic linker does before main() is not counted: it depends on how many
libraries there are, and would be most of the small cases. A case may grow by
SLACK; when it has shrunk by more, the budget is to be lowered (--update)."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUDGET = os.path.join(TOP, "bench", "instructions.json")
SAMPLE = os.path.join(TOP, "samples", "debian-6.1-4k.s2dump")
RAW = ["--vtcr=0x80053558", "--base=0x80000000"]

SLACK = 0.02

# Name: what is run. {system} is a protected machine's memory, {coalesced} and {alternating} are tables of 64 MiB.
CASES = {
    "list": ["list", SAMPLE],
    "check": ["check", "--system-map={system}.map", "--base=0x40000000", "{system}"],
    "extract": ["extract", "-o", "{tmp}/out", SAMPLE],
    "dump-coalesced": ["dump", "{coalesced}", *RAW],
    "dump-fragmented": ["dump", "{alternating}", *RAW, "--range=0-512M"],
}


def make_inputs(build, tmp):
    inputs = {"tmp": tmp, "system": os.path.join(tmp, "system")}
    for name in ("coalesced", "alternating"):
        inputs[name] = os.path.join(tmp, name)
        subprocess.run([os.path.join(build, "bench", "blob"), name, inputs[name]], check=True)
    subprocess.run([sys.executable, os.path.join(TOP, "tests", "tools", "mkpkvm.py"), "6.18", inputs["system"]],
                   check=True, stdout=subprocess.DEVNULL)
    return inputs


def count(s2dump, args, tmp):
    """(instructions, bytes on standard output); valgrind writes a file at the end, which the sandbox would refuse"""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=main",
                           f"--callgrind-out-file={tmp}/callgrind", s2dump, *args, "--sandbox=off"],
                          check=False, capture_output=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    found = re.search(rb"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{' '.join(args)}: status {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return int(found[1]), len(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--update", action="store_true", help="the counts become the budget")
    args = parser.parse_args()
    s2dump = os.path.join(os.path.abspath(args.build), "src", "cmd", "s2dump")
    with open(BUDGET, encoding="utf-8") as f:
        budget = json.load(f)
    counts, failed = {}, 0
    with tempfile.TemporaryDirectory(prefix="s2instr.") as tmp:
        inputs = make_inputs(args.build, tmp)
        for name, words in CASES.items():
            counts[name], size = count(s2dump, [word.format(**inputs) for word in words], tmp)
            ratio = counts[name] / budget.get(name, counts[name])
            good = 1 - SLACK <= ratio <= 1 + SLACK
            failed += not good
            print(f"{'ok' if good else 'not ok'} {name}: {counts[name]} instructions, {ratio:.4f} x budget, "
                  f"{counts[name] / size if size else 0:.1f} per byte of output")
    if args.update:
        with open(BUDGET, "w", encoding="utf-8") as f:
            json.dump(counts, f, indent=2)
            f.write("\n")
        return 0
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
