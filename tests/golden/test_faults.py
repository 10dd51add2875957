#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The system refuses, one call at a time: no memory, no file, no bytes. The answer is the same as ever, or there is an error.

import argparse
import bz2
import errno
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TOOLS = HERE.parent / "tools"
sys.path.insert(0, str(TOOLS))
import mkdwarf  # noqa: E402
import mkguest  # noqa: E402
from mkpkvm import BTF, IMAGE  # noqa: E402

SAMPLE = str(TOP / "samples/debian-6.1-4k.s2dump")
BLOB = str(TOP / "samples/debian-6.1-4k-ipa43.bin")
MOST_PLACES = 2000

# Arguments; what goes to standard input; errors of the system; without mmap.
SYSTEM = ["--base=0x40000000", "--system-map=system.map", "system"]
SCENARIOS = [
    (["dump", SAMPLE], None, (errno.ENOMEM,), False),
    (["list", "--json", SAMPLE], None, (errno.EIO, 0, errno.EINTR), True),
    (["extract", "-o", "out", SAMPLE], None, (errno.ENOMEM,), False),
    (["find", SAMPLE, "0x419f2000"], None, (errno.ENOMEM,), False),
    (["translate", "--table=vm:77", SAMPLE, "0x40000123"], None, (errno.ENOMEM,), False),
    (["--vtcr=0x802d3555", BLOB], None, (errno.ENOMEM,), False),
    (["--vtcr=0x802d3555", "-"], BLOB, (errno.ENOSPC,), False),
    (["--vtcr=0x802d3555", "--base=0x43270000", BLOB, "-o", "out"], None, (errno.EIO,), True),
    (["--vtcr=0x802d3555", "--root=0x43270000", "--pages=pages", BLOB], None, (errno.ENOMEM,), False),
    (["--vtcr=0x802d3555", "--root=0x43270000", "kdump"], None, (errno.ENOMEM,), False),
    (["--vtcr=0x802d3555", "--root=0x43270000", "kdump.flat"], None, (errno.ENOMEM, 0), True),
    (["list", "-v", *SYSTEM], None, (errno.ENOMEM,), False),
    (["check", "--findings=all", *SYSTEM], None, (errno.ENOMEM,), False),
    (["extract", "-o", "out", *SYSTEM], None, (errno.ENOMEM,), False),
]


class Run:
    def __init__(self, args, work, where, stdin, env):
        self.out = work / "out"
        self.out.unlink(missing_ok=True)
        done = subprocess.run(where, cwd=work, env={**os.environ, **env}, capture_output=True, timeout=120, check=False,
                              **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}))
        self.status, self.text = done.returncode, done.stderr.decode("utf-8", "replace")
        self.result = done.stdout, self.out.read_bytes() if self.out.exists() else b""


def judge(clean, got, number):
    """What is wrong with a run in which a call failed."""
    if got.status < 0:
        return f"killed by signal {-got.status}"
    if number == errno.EINTR and (got.status, got.result) != (clean.status, clean.result):
        return f"an interrupted call is not begun again: status {got.status}: {got.text.strip()}"
    if got.status == clean.status and got.result != clean.result and got.text == clean.text:
        return "another answer without a word"
    if got.status not in (clean.status, 3, 4):
        return f"ends with {got.status}"
    if got.status != clean.status and not got.text.startswith("s2dump: "):
        return f"ends with {got.status} without a word"
    return None


def scenario(args, work, row):
    """Lets every place fail in turn; (number of places, what was wrong)."""
    words, stdin, numbers, no_map = row
    where = [args.s2dump, *words]
    data = pathlib.Path(stdin).read_bytes() if stdin else None
    preload = {"LD_PRELOAD": args.preload, "S2_FAULT_MARK": str(work / "mark"), **({"S2_FAULT_NOMAP": "1"} if no_map else {})}
    clean = Run(args, work, where, data, {})
    unfailing = Run(args, work, where, data, preload)
    bad, places, full = [], 0, False
    if (clean.status, clean.result) != (unfailing.status, unfailing.result):
        bad.append(f"{words}: preloading changes the answer: {unfailing.status} {unfailing.text}")
    for number in numbers:
        for place in range(MOST_PLACES):
            (work / "mark").unlink(missing_ok=True)
            got = Run(args, work, where, data, {**preload, "S2_FAULT": f"{place}:{number}"})
            if not (work / "mark").read_bytes().strip(b"\0"):
                break
            places += 1
            full |= got.status == 3 and "cannot write the copy in " in got.text and "(see TMPDIR): No space left" in got.text
            wrong = judge(clean, got, number)
            if wrong:
                bad.append(f"{' '.join(words)}: place {place}, errno {number}: {wrong}")
    if errno.ENOSPC in numbers and not full:
        bad.append(f"{' '.join(words)}: nowhere is it said that TMPDIR is full")
    return places, bad


# Every call of a kind, whoever makes it. Three small inputs, all commands.
NTH_INPUTS = [["snapshot"], ["--vtcr=0x802d3555", "--root=0x43270000", "kdump"], SYSTEM]
GUEST = ["--system-map=guest.map", "--vcpu=vm:200/0", "guest"]
NTH_COMMANDS = [["dump", "--json"], ["dump"], ["list", "--json"], ["check", "--json"], ["extract", "-o", "out"]]
NTH_ADDRESS = [["find", "--json"], ["translate", "--json"]]
NTH_KINDS = [("m", errno.ENOMEM), ("r", errno.EIO), ("p", errno.ENOMEM), ("w", errno.ENOSPC)]


def judge_nth(clean, got, kind):
    wrong = judge(clean, got, errno.EIO)
    if wrong:
        return wrong
    if got.status == clean.status and got.result != clean.result:
        return f"another answer with the same status {got.status}: {got.text.strip()[:200]}"
    if kind == "m" and got.status != clean.status and "memory" not in got.text:
        return f"ends with {got.status} and does not say that memory was lacking: {got.text.strip()[:200]}"
    if kind == "r" and got.status != clean.status and not re.search("read|disk|Input/output", got.text):
        return f"ends with {got.status} and does not say that a read failed: {got.text.strip()[:200]}"
    return None


def nth(args, work, words, kind, number, most):
    """Lets each call fail in turn, or @most of them, evenly; (how many, of how many, what was wrong)."""
    where, mark = [args.s2dump, *words], work / "mark"
    clean = Run(args, work, where, None, {})

    def fail(n):
        mark.unlink(missing_ok=True)
        got = Run(args, work, where, None, {"LD_PRELOAD": args.preload, "S2_FAULT_MARK": str(mark),
                                            "S2_FAULT_NTH": f"{kind}:{n}:{number}"})
        return got, int(mark.read_bytes().strip(b"\0") or 0)
    _, total = fail(-2)
    step, bad, done = max(1, -(-total // most)) if most else 1, [], 0
    for n in range(args.seed % step, total, step):
        got, _ = fail(n)
        done += 1
        wrong = judge_nth(clean, got, kind)
        if wrong:
            bad.append(f"{' '.join(words)}: {kind} {n}: {wrong}")
    return done, total, bad


def all_nth(args, work, first):
    failed = 0
    runs = [(command, given, []) for given in NTH_INPUTS for command in NTH_COMMANDS]
    runs += [(command, SYSTEM, []) for command in (["slots", "--json"], ["dump", "--absent-is-zero"], ["dump", "--where=write and mapped"])]
    runs += [(command, GUEST, []) for command in (["dump", "--effective", "--json"], ["dump", "--merge=none"])]
    runs.append((["translate", "--json"], GUEST, ["0x400000"]))
    runs += [(command, [f"--vmlinux={types}", "typeless"], []) for command in (["list", "-l", "--json"], ["check"]) for types in ("dwarf", "btf")]
    runs += [(["dump"], ["--vtcr=0x802d3555", "--base=0x43270000", "packed"], []), (["inspect"], ["packed"], []), (["inspect", "--json"], ["damaged"], [])]
    runs += [(["inspect"], ["zstd.flat"], []), (["inspect"], ["guest"], []), (["decode", "--arch=ept"], [], ["0x1000007"])]
    if args.make_x86:
        runs += [(command, ["x86"], []) for command in (["inspect", "--json"], ["list", "-l"], ["slots", "--json"], ["dump", "--format=csv"])]
        runs.append((["translate", "--json", "--table=vm:41"], ["x86"], ["0x1000"]))
    runs += [(command, given, ["0x40000123"]) for given in NTH_INPUTS for command in NTH_ADDRESS]
    for at, (command, given, address) in enumerate(runs):
        bad, done, total = [], 0, 0
        table = ["--table=vm:77"] if given == ["snapshot"] and command[0] == "translate" else []
        words = [*command, *table, *given, *address]
        for kind, number in NTH_KINDS:
            one, of, wrong = nth(args, work, words, kind, number, 0 if args.all else args.most)
            done, total, bad = done + one, total + of, bad + wrong
        if not total:
            bad.append("no call was reached")
        print(f"{'not ' if bad else ''}ok {first + at} - {' '.join(words)}, {done} of {total} calls", flush=True)
        for line in bad[:20]:
            print(f"  # {line}")
        failed += bool(bad)
    return len(runs), failed


def make_inputs(work):
    make = [sys.executable, "-B"]
    subprocess.run([*make, TOOLS / "mkpkvm.py", "6.14", "system"], cwd=work, check=True)
    host = mkguest.write(str(work / "guest"))
    for name, sections in (("dwarf", mkdwarf.sections(host.btf.blob())), ("btf", {".BTF": host.btf.blob()})):
        (work / name).write_bytes(mkguest.vmlinux(host.symbols, sections=sections))
    host.ram.bytes[IMAGE + BTF:IMAGE + BTF + 4] = bytes(4)
    (work / "typeless").write_bytes(host.core())
    (work / "packed").write_bytes(bz2.compress(pathlib.Path(BLOB).read_bytes()))
    for name, options in (("kdump", []), ("kdump.flat", ["--flatten"])):
        subprocess.run([*make, TOOLS / "mkdump.py", "kdump", name, f"--raw={BLOB}@0x43270000", *options], cwd=work, check=True)
    # Of a page that libraries unpack there is not all.
    damaged = bytearray((work / "kdump").read_bytes())
    damaged[-2000:-1000] = bytes(1000)
    (work / "damaged").write_bytes(damaged)
    # A note in memory, which is looked for in pages that are decompressed.
    system = [*make, TOOLS / "mkdump.py", "kdump", "zstd.flat", "--raw=system@0x40000000", "--codec=zstd", "--flatten"]
    subprocess.run(system, cwd=work, check=True)
    pages = [f"{0x43280000 + i * 4096:#x}" for i in range(os.path.getsize(BLOB) // 4096 - 16)]
    shutil.copyfile(SAMPLE, work / "snapshot")
    (work / "pages").write_text("\n".join(pages) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Lets the system refuse one call at a time.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--make-x86", metavar="PROGRAM", help="tests/unit/make_hostile_x86: an x86 kernel too")
    parser.add_argument("--all", action="store_true", help="every call, not an even choice of them")
    parser.add_argument("--most", type=int, default=24, help="calls of a kind that are chosen without --all")
    parser.add_argument("--seed", type=int, default=0, help="which are chosen")
    args = parser.parse_args()
    args.s2dump, args.preload = os.path.abspath(args.s2dump), os.path.abspath(args.preload)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="s2faults.") as name:
        work = pathlib.Path(name)
        make_inputs(work)
        if args.make_x86:
            subprocess.run([os.path.abspath(args.make_x86), "private-memory", work / "x86"], check=True)
        for n, row in enumerate(SCENARIOS, 1):
            places, bad = scenario(args, work, row)
            if not places:
                bad.append("no call was reached")
            print(f"{'not ' if bad else ''}ok {n} - {' '.join(os.path.basename(w) for w in row[0])}, {places} places", flush=True)
            for line in bad:
                print(f"  # {line}")
            failed += bool(bad)
        more, bad = all_nth(args, work, len(SCENARIOS) + 1)
    failed += bad
    print(f"1..{len(SCENARIOS) + more}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
