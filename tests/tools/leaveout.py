#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Leaves pages out of made systems, one at a time, and holds s2dump to saying so.

    leaveout.py --s2dump PATH [--make-x86 PATH] [--generation G]... [--form N]...

With one page of memory missing `dump --json` must print the tables that it prints without a hole, or end with 4 and say in
`problems` what is lost. Which pages matter is found by leaving out many at once: where that changes nothing, each of them is
of no matter, where it does, halves are tried. Pages without which there is no kernel at all (its note, its types) end with 3.
The other commands that read memory, and `dump` of what `extract` made, are judged as mutate judges missing pages: with those
systems, one with a guest's own tables (mkguest.py) and x86 kernels (tests/unit/make_x86).
"""
import argparse
import collections
import importlib.machinery
import importlib.util
import os
import re
import struct
import subprocess
import sys
import tempfile

import mkpkvm
import s2json

PAGE = mkpkvm.PAGE
NPAGES = mkpkvm.SIZE // PAGE


def write_elf(path, ram, out):
    """An ELF core of @ram without the pages (numbers) in @out; those are claimed and have no bytes, as a filter leaves them."""
    runs, at = [], 0
    for page in sorted(out) + [NPAGES]:
        if page > at:
            runs.append((at, page - at, True))
        if page < NPAGES:
            runs.append((page, 1, False))
        at = page + 1
    off = 64 + 56 * len(runs)
    heads, body = [], []
    for first, n, here in runs:
        size = n * PAGE if here else 0
        heads.append(struct.pack("<IIQQQQQQ", 1, 7, off, 0, mkpkvm.BASE + first * PAGE, size, n * PAGE, 0))
        body.append(memoryview(ram)[first * PAGE:first * PAGE + size])
        off += size
    with open(path, "wb") as f:
        f.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, 183, 1, 0, 64, 0, 0, 64, 56, len(runs), 0, 0, 0))
        f.write(b"".join(heads))
        for part in body:
            f.write(part)


class Trial:
    def __init__(self, s2dump, folder, gen, kvm_at=0):
        self.s2dump, self.path, self.gen = s2dump, os.path.join(folder, "core"), gen
        self.system = mkpkvm.System(gen, kvm_at)
        with open(self.path + ".map", "w", encoding="utf-8") as f:
            f.write(self.system.system_map())
        self.bad, self.runs, self.matter = [], 0, 0
        self.whole = self.dump(())
        assert self.whole[0] == 0 and self.whole[1] and not self.whole[2], self.whole

    def dump(self, out):
        write_elf(self.path, self.system.ram.bytes, out)
        self.runs += 1
        done = subprocess.run([self.s2dump, "dump", "--json", f"--system-map={self.path}.map", self.path],
                              capture_output=True, text=True, check=False)
        if done.returncode not in (0, 4):
            return done.returncode, None, done.stderr
        doc = s2json.document(done.stdout)
        return done.returncode, (doc["image"]["kvm_mode"], doc["tables"]), doc["problems"]

    def needed_for_a_kernel(self, page):
        """Without a note, _stext's tables or types there is nothing to begin with: that is said, with exit 3."""
        pa = mkpkvm.BASE + page * PAGE
        image = pa - self.system.image(0)
        blob = len(self.system.btf.blob())
        return (pa - mkpkvm.BASE in range(mkpkvm.NOTE, mkpkvm.NOTE + PAGE) or
                mkpkvm.BTF <= image < mkpkvm.BTF + blob or image in (0x11000, mkpkvm.SWAPPER) or
                mkpkvm.KTABLES <= pa - mkpkvm.BASE < mkpkvm.RESERVED)

    def judge(self, page):
        code, tables, problems = self.dump((page,))
        pa = mkpkvm.BASE + page * PAGE
        self.matter += 1
        if code == 3 and self.needed_for_a_kernel(page) and problems.strip():
            return
        if code == 3:
            self.bad.append(f"{self.gen}: without {pa:#x}: exit 3: {problems.strip()}")
        elif code == 0 and tables != self.whole[1]:
            self.bad.append(f"{self.gen}: without {pa:#x}: other tables, and not a word")
        elif code == 4 and not problems:
            self.bad.append(f"{self.gen}: without {pa:#x}: exit 4 without a reason")

    def search(self, pages):
        if self.dump(pages) == self.whole:
            return
        if len(pages) == 1:
            self.judge(pages[0])
            return
        half = len(pages) // 2
        self.search(pages[:half])
        self.search(pages[half:])


def flags(s2dump, folder, gen):
    """A page ends before what a struct kvm tells the hypervisor, and begins with that: the page behind is missing."""
    field = mkpkvm.System(gen).field("kvm", "arch.pkvm.is_protected")
    trial = Trial(s2dump, folder, gen, PAGE - field)
    page = (trial.system.vms[0].kvm + field - mkpkvm.BASE) // PAGE
    trial.judge(page)
    _, tables, problems = trial.dump((page,))
    told = [p["text"] for p in problems if "told" in p["text"]]
    if tables == trial.whole[1] or len(told) != 1:
        trial.bad.append(f"{gen}: flags without their page: {told}")
    return trial.bad


def load_mutate():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mutate")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", importlib.machinery.SourceFileLoader("mutate", path)))
    module.__spec__.loader.exec_module(module)
    return module


Answer = collections.namedtuple("Answer", "status out err made")
Asked = collections.namedtuple("Asked", "command")


class Commands:
    """One system, every command. In its core each page has a program header, and no bytes when that says so."""
    def __init__(self, mutate, s2dump, folder, base):
        self.mutate, self.s2dump, self.base = mutate, s2dump, base
        self.core, self.made = os.path.join(folder, base.name), os.path.join(folder, "made")
        self.pages = [(pa, data[at:at + PAGE]) for start, data in mutate.aligned(base.runs)
                      for pa, at in zip(range(start, start + len(data), PAGE), range(0, len(data), PAGE))]
        heads = [(4, 0, len(base.notes), 0)] if base.notes else []
        self.first, off = 64 + 56 * len(heads), 64 + 56 * (len(heads) + len(self.pages))
        heads += [(1, pa, PAGE, off + len(base.notes) + i * PAGE) for i, (pa, _) in enumerate(self.pages)]
        with open(self.core, "wb") as f:
            f.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, base.machine[0], 1, 0, 64, 0, 0, 64, 56, len(heads), 0, 0, 0))
            f.write(b"".join(struct.pack("<IIQQQQQQ", kind, 7, at or off, 0, pa, size, size, 0) for kind, pa, size, at in heads))
            f.write(base.notes + b"".join(data for _, data in self.pages))
        with open(self.core + ".map", "w", encoding="utf-8") as f:
            f.write(base.system_map)
        self.bad, self.runs, self.matter = [], 0, set()
        self.commands = [["dump", "--json"]]
        self.whole = [self.ask(self.commands[0])]
        self.commands = list(self.choose(s2json.rows(self.whole[0].out)))
        self.whole = [self.ask(command) for command in self.commands]

    def choose(self, tables):
        mapped = [r for r in tables[-1]["ranges"] if r["mapped"] and r["pa"]]
        yield ["dump", "--json"]
        yield ["list", "-l", "--json"]
        yield ["slots", "--json"]
        yield ["dump", "--tables", "--json"]
        yield ["dump", "--json", f"--table={tables[-1]['id']}"]
        yield ["find", "--json", mapped[0]["pa"], tables[-1]["root"], "0x7fff0000"]
        for table in tables[0], tables[-1]:
            first = next(r["ia"] for r in table["ranges"] if r["mapped"])
            yield ["translate", "--json", f"--table={table['id']}", first, "0x0"]
        yield ["extract"]
        if self.base.vcpu:
            vcpu = f"--vcpu={self.base.vcpu}"
            yield ["dump", "--json", vcpu]
            yield ["dump", "--json", vcpu, "--effective"]
            yield ["translate", "--json", vcpu, "0x400000", "0x408000"]

    def leave_out(self, pages, size):
        with open(self.core, "r+b", buffering=0) as f:
            for page in pages:
                f.seek(self.first + 56 * page + 32)
                f.write(struct.pack("<Q", size))

    def run(self, *argv):
        self.runs += 1
        return subprocess.run([self.s2dump, *argv], capture_output=True, check=False)

    def ask(self, command):
        given = [word for word in command[1:] if word[0] != "-"]
        options = [word for word in command[1:] if word[0] == "-"]
        if self.base.system_map:
            options.append(f"--system-map={self.core}.map")
        made = b""
        if command[0] == "extract":
            if os.path.exists(self.made):
                os.unlink(self.made)
            options += ["-o", self.made]
        done = self.run(command[0], *options, self.core, *given)
        if command[0] == "extract" and os.path.exists(self.made):
            made = self.run("dump", "--json", self.made).stdout
        # How much of a guest's memory was searched for its kernel is said there.
        out = re.sub(rb'"guest_searched":"[^"]*","guest_unknown":[a-z]*', b'"guest_searched":null,"guest_unknown":null', done.stdout)
        # That a page could not be searched for another kernel is said of any.
        err = re.sub(r"^.*: whether another kernel is in memory is not known .*\n", "", done.stderr.decode(), flags=re.M)
        return Answer(done.returncode, out, err, made)

    def search(self, pages):
        self.leave_out(pages, 0)
        answers = (self.ask(command) for command in self.commands)
        if len(pages) == 1:
            for command, answer, whole in zip(self.commands, answers, self.whole):
                self.judge(self.pages[pages[0]][0], command, answer, whole)
            self.leave_out(pages, PAGE)
            return
        same = all(answer == whole for answer, whole in zip(answers, self.whole))
        self.leave_out(pages, PAGE)
        if not same:
            half = len(pages) // 2
            self.search(pages[:half])
            self.search(pages[half:])

    def judge(self, pa, command, answer, whole):
        if answer == whole:
            return
        self.matter.add(pa)
        said = f"{self.base.name}: without {pa:#x}: {' '.join(command)}: "
        if answer.status not in (whole.status, 3, 4):
            self.bad.append(f"{said}exit {answer.status}")
        elif answer.status in (3, 4) and not answer.err:
            self.bad.append(f"{said}exit {answer.status} without a reason")
        else:
            for kind, what in self.mutate.judge_missing(Asked(command), answer, whole):
                self.bad.append(f"{said}{kind}: {what}")
            if answer.made and answer.made != whole.made:
                made = [Answer(4, each.made, "", b"") for each in (answer, whole)]
                for kind, what in self.mutate.judge_missing(Asked(["dump", "--json"]), *made):
                    self.bad.append(f"{said}dump of that: {kind}: {what}")

    def test(self):
        for first in range(0, len(self.pages), 64):
            self.search(tuple(range(first, min(first + 64, len(self.pages)))))
        print(f"{self.base.name}: {len(self.matter)} of {len(self.pages)} pages matter to {len(self.commands)} commands, {self.runs} runs")
        if len(self.matter) < 20:
            self.bad.append(f"{self.base.name}: only {len(self.matter)} pages matter: something is not looked at")
        return self.bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--generation", action="append", choices=mkpkvm.GENERATIONS)
    parser.add_argument("--make-x86", metavar="PROGRAM", help="tests/unit/make_x86: x86 kernels too")
    parser.add_argument("--form", action="append", type=int, default=[], help="only this one of them")
    args = parser.parse_args()
    bad, mutate = [], load_mutate()
    bases = [mutate.guest("guest-runs", cpu=3), mutate.pkvm(mkpkvm.GENERATIONS[0]), mutate.pkvm((args.generation or mkpkvm.GENERATIONS)[-1])]
    if args.make_x86:
        bases += [base for i, base in enumerate(mutate.x86_kernels(args.make_x86)) if not args.form or i in args.form]
    with tempfile.TemporaryDirectory() as folder:
        for gen in args.generation or mkpkvm.GENERATIONS:
            trial = Trial(args.s2dump, folder, gen)
            for first in range(0, NPAGES, 64):
                trial.search(tuple(range(first, first + 64)))
            print(f"{gen}: {trial.matter} of {NPAGES} pages matter, {trial.runs} dumps")
            if trial.matter < 50:
                bad.append(f"{gen}: only {trial.matter} pages matter: something is not looked at")
            bad += trial.bad
            if gen in mkpkvm.since("6.18"):
                bad += flags(args.s2dump, folder, gen)
        for base in bases:
            bad += Commands(mutate, args.s2dump, folder, base).test()
    for line in bad:
        print(line)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
