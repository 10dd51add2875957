#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Leaves pages out of the systems of mkpkvm.py, one at a time, and holds s2dump to saying so.

    leaveout.py --s2dump PATH [--generation G]...

With one page of memory missing `dump --json` must print the tables that it prints without a hole, or end with 4 and say in
`problems` what is lost. Which pages matter is found by leaving out many at once: where that changes nothing, each of them is
of no matter, where it does, halves are tried. Pages without which there is no kernel at all (its note, its types) end with 3.
"""
import argparse
import os
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--generation", action="append", choices=mkpkvm.GENERATIONS)
    args = parser.parse_args()
    bad = []
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
    for line in bad:
        print(line)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
