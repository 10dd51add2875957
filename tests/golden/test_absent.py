#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages that a filter left out: missing, or zeros where the user says so; files that makedumpfile wrote, and a system of ours.

import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import mkdump  # noqa: E402
import mkpkvm  # noqa: E402

PAGE = 4096
OPTION = "--absent-is-zero"
EPT = ["--eptp=0x1001e"]
NPAGES, HOLE = 2048, range(600, 1600)  # makedumpfile -E leaves out runs of 256 pages and more


def x86_core():
    """A core of an x86-64 machine, with an EPT of which one table, all zeros, lies among pages of zeros."""
    memory = bytearray(NPAGES * PAGE)
    for i in range(NPAGES):
        memory[i * PAGE] = i not in HOLE

    def table(page, *entries):
        memory[page * PAGE:(page + 1) * PAGE] = struct.pack(f"<{len(entries)}Q", *entries).ljust(PAGE, b"\0")
    table(0x10, 0x11007)
    table(0x11, 0x12007)
    table(0x12, 0x13007, 1000 << 12 | 7)
    table(0x13, 0x100037)
    note = struct.pack("<III", 5, 8, 1) + b"CORE".ljust(8, b"\0") + bytes(8)
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    head += struct.pack("<IIQQQQQQ", 4, 0, 0x200, 0, 0, len(note), len(note), 4)
    head += struct.pack("<IIQQQQQQ", 1, 7, PAGE, 0xffff888000000000, 0, len(memory), len(memory), PAGE)
    return (head.ljust(0x200, b"\0") + note).ljust(PAGE, b"\0") + memory


class Test:
    def __init__(self, s2dump, work):
        self.s2dump, self.work, self.n, self.failed = s2dump, work, 0, 0

    def run(self, *args):
        done = subprocess.run([self.s2dump, *args], cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def report(self, name, bad, skip=""):
        self.n += 1
        self.failed += bool(bad)
        print(f"{'not ' if bad else ''}ok {self.n} - {name}{' # SKIP ' + skip if skip else ''}")
        for line in bad:
            print(f"  # {line}")


def ranges(text):
    return [(r["ia"], r["size"], r["type"]) for t in json.loads(text)["tables"] for r in t["ranges"]]


def makedumpfile(test):
    """Filtered to an ELF core, and that to a kdump: its level is 1, and the page that it lacks was zero."""
    if not shutil.which("makedumpfile"):
        test.report("makedumpfile", [], "it is not installed")
        return
    (test.work / "core").write_bytes(x86_core())
    for words in (["-E", "-d", "1", "core", "elf"], ["-c", "-d", "1", "elf", "kdump"], ["-c", "-d", "0", "elf", "level0"]):
        subprocess.run(["makedumpfile", *words], cwd=test.work, capture_output=True, check=True)
    whole = ranges(test.run("dump", "--json", *EPT, "core")[1])
    for name, names_it in (("elf", False), ("kdump", True), ("level0", False)):
        bad = []
        status, out, err = test.run("dump", "--json", *EPT, name)
        if status != 4 or "missing" not in out or ranges(out) == whole:
            bad.append(f"what was left out is not missing: status {status}")
        if (OPTION in err) != names_it:
            bad.append(f"names the option, or does not: {err}")
        if "absent_is_zero" in json.loads(out)["image"]:
            bad.append("the image has the member without the option")
        status, out, err = test.run("dump", "--json", OPTION, *EPT, name)
        if status or ranges(out) != whole:
            bad.append(f"what was left out is not zero: status {status}: {err}")
        if json.loads(out)["image"].get("absent_is_zero") is not True or OPTION not in err or "1 time," not in err:
            bad.append(f"it is not said: {err}")
        bad += doubted(test, ["check", "--json"], [*EPT, name], {"complete"})
        test.report(f"makedumpfile, {name}", bad)


def doubted(test, words, rest, least):
    """Each check that is unknown without the option, and passes with it, is named, @least among them."""
    without = results(test.run(*words, *rest)[1])
    _, out, err = test.run(*words, OPTION, *rest)
    named = {name for line in err.splitlines() for name in line.partition("without it unknown:")[2].split()}
    owing = {name for name, result in results(out).items() if result == "pass" and without[name] == "unknown"}
    return [] if named == owing and least <= named else [f"named: {named}, not {owing}"]


def results(text):
    return {c["name"]: c["result"] for c in json.loads(text)["checks"]}


def system(test):
    """A sound protected system without its pages of zeros, and others without a page of a table that is none of zeros."""
    sound = mkpkvm.System("7.1")
    runs = [(mkpkvm.BASE, bytes(sound.ram.bytes))]
    (test.work / "map").write_text(sound.system_map(), encoding="ascii")
    args = ["check", "--json", "--system-map=map", "dump"]

    def write(exclude):
        (test.work / "dump").write_bytes(mkdump.kdump(runs, exclude, codec="none", level=1))
    write([])
    whole = results(test.run(*args)[1])
    data = runs[0][1]
    zeros = [(mkpkvm.BASE + at, PAGE) for at in range(0, len(data), PAGE) if not any(data[at:at + PAGE])]
    bad = []
    write(zeros)
    status, out, err = test.run(*args)
    if status != 4 or "fail" in results(out).values() or OPTION not in err:
        bad.append(f"without the option: status {status}: {err}")
    status, out, err = test.run(args[0], OPTION, *args[1:])
    if status or results(out) != whole or "without it unknown: " not in err:
        bad.append(f"with it: status {status}: {err}")
    bad += doubted(test, args[:2], args[2:], set())
    test.report("check of a system without pages of zeros", bad)

    bad, unknown = [], 0
    pages = {int(page, 16) for page in table_pages(test)}
    pages = sorted(pages)[::3]
    for pa in pages:
        write([(pa, PAGE)])
        status, out, err = test.run(args[0], OPTION, *args[1:])
        got = results(out) if out else {}
        unknown += sum(c["result"] == "unknown" for c in json.loads(out)["checks"]) if out else 0
        if "fail" in got.values() or status not in (0, 3, 4):
            bad.append(f"{pa:#x}: zeros that are not there break a check: status {status}: {err}")
    if not unknown:
        bad.append("no check was in doubt")
    test.report(f"zeros that are wrong decide nothing, {len(pages)} pages", bad)


def found_elsewhere(test):
    """A page of the hypervisor's linear map is not there: what is wrong with memory that it does not map is found, for no stack and no
    fixmap slot was lost with it."""
    fault = mkpkvm.System("7.1")
    fault.poke(fault.s2.slot(fault.pa(mkpkvm.FREE)), fault.annotation(1))
    lost = fault.s1.slot(fault.hyp(fault.pa(mkpkvm.RESERVED))) & -PAGE
    assert lost != fault.s1.slot(fault.hyp(fault.pa(mkpkvm.FREE))) & -PAGE
    (test.work / "map").write_text(fault.system_map(), encoding="ascii")
    bad = []
    for missing, whole in (([], "fail"), ([(lost, PAGE)], "fail"), ([(fault.fixmap_at & -PAGE, PAGE)], "unknown")):
        (test.work / "dump").write_bytes(mkdump.kdump([(mkpkvm.BASE, bytes(fault.ram.bytes))], missing, codec="none", level=0))
        status, out, err = test.run("check", "--json", "--only=hyp-owns", "--system-map=map", "dump")
        if results(out) != {"hyp-owns": whole} or status != (1 if whole == "fail" else 4):
            bad.append(f"without {missing}: status {status}: {results(out)} {err}")
    test.report("what is wrong elsewhere, without a page of the hypervisor's table", bad)


def table_pages(test):
    """Where table pages of the system lie: what extract keeps."""
    test.run("extract", "--system-map=map", "dump", "-o", "snapshot")
    (data, at), pages = ((test.work / "snapshot").read_bytes(), 64), set()
    for i in range(struct.unpack_from("<H", data, 56)[0]):
        kind, _, _, _, pa, _, size, _ = struct.unpack_from("<IIQQQQQQ", data, at + 56 * i)
        if kind == 1:
            pages |= {hex(page) for page in range(pa & -PAGE, pa + size, PAGE)}
    return pages


def main():
    parser = argparse.ArgumentParser(description="What a filter left out, and who says that it was zero.")
    parser.add_argument("--s2dump", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="s2absent.") as name:
        test = Test(os.path.abspath(args.s2dump), pathlib.Path(name))
        makedumpfile(test)
        system(test)
        found_elsewhere(test)
    print(f"1..{test.n}")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
