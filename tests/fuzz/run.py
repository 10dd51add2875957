#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one fuzz target: its corpus must reach what it is for, then it looks for more.
"""Fails when the corpus runs no function of one of the files that the target is for, when it is larger than 64 KiB, and
when the fuzzer finds something. What the fuzzer keeps goes to FOUND/corpus, what it finds and its log to FOUND. The last
line tells inputs and edges. FUZZ_SECONDS in the environment goes before --seconds; 0: the corpus alone. Without it the draw
is the same in every run: what a build's tests found can be found again."""
import argparse
import os
import pathlib
import re
import subprocess
import sys

MOST = 64 << 10
TAIL = 60  # lines of a log


def run(args, more, corpus, log):
    """The fuzzer's status."""
    command = [args.fuzzer, "-timeout=60", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1",
               f"-artifact_prefix={args.found}/", *([f"-dict={args.dict}"] if args.dict else []), *more, *corpus]
    with open(log, "w", encoding="utf-8") as f:
        return subprocess.run(command, stdout=f, stderr=subprocess.STDOUT, check=False).returncode


def found(name, what, log):
    """What is left of a run elsewhere is what the test prints: the report and, of a small input, its bytes."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"{name}: {what}: {log}", *lines[-TAIL:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--dict")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--found", type=pathlib.Path, required=True)
    parser.add_argument("fuzzer")
    parser.add_argument("corpus")
    parser.add_argument("reach", nargs="+", metavar="FILE", help="below src/")
    args = parser.parse_args()
    name = os.path.basename(args.corpus)
    kept = args.found / "corpus"
    kept.mkdir(parents=True, exist_ok=True)

    size = sum(path.stat().st_size for path in pathlib.Path(args.corpus).iterdir())
    if not 0 < size <= MOST:
        return f"{name}: the corpus has {size} bytes, not 1 to {MOST}"
    log = args.found / "coverage"
    if run(args, ["-runs=0", "-print_coverage=1"], [args.corpus], log):
        return found(name, "the corpus finds something", log)
    text = log.read_text(encoding="utf-8", errors="replace")
    if "COVERED_FUNC" not in text:
        return f"{name}: what the corpus reaches has no names: is llvm-symbolizer installed?"
    reached = {path: len(re.findall(rf"^COVERED_FUNC.* \S*src/{re.escape(path)}:", text, re.M)) for path in args.reach}
    blind = [path for path, n in reached.items() if not n]
    if blind:
        return f"{name}: the corpus does not reach {', '.join(blind)}"

    given = os.environ.get("FUZZ_SECONDS")
    seconds = int(given or args.seconds)
    if seconds:
        log = args.found / "log"
        status = run(args, [f"-max_total_time={seconds}", *([] if given else ["-seed=1"])], [kept, args.corpus], log)
        text = log.read_text(encoding="utf-8", errors="replace")
        if status:
            return found(name, "FOUND something", log)
    runs = re.findall(r"^stat::number_of_executed_units: *(\d+)", text, re.M)
    edges = re.findall(r" cov: (\d+) ", text)
    print(f"{name:14} {(runs or [0])[-1]:>9} inputs, {(edges or [0])[-1]:>5} edges, {sum(reached.values())} functions of "
          f"{len(reached)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
