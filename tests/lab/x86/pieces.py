# SPDX-License-Identifier: GPL-2.0-or-later
# Small dumps of a capture, of only the pages that s2dump reads, cut off at thousands of places and with flipped bits.

import os
import subprocess
import tempfile

import filtered
import mkdump
import small
import truncate

PAGE = 4096
PIECES, FLIPS = 1000, 100


def tables_of(walk):
    """Pages of the tables that have an entry in a walk."""
    entries = walk.leaves + walk.tracked + walk.others
    return {e.at & -PAGE for e in entries} | {walk.root}


def runs(cap, pages):
    """(address, bytes) of pages of memory, neighbours together."""
    for first, count in small.runs_of(sorted(pa // PAGE for pa in pages)):
        yield first * PAGE, cap.memory(first * PAGE, count * PAGE)


def make(cap, walks, s2dump, out):
    """Writes OUT.elf, with the tables last, so that whoever cuts the end off hits them; OUT.kdump; OUT.s2dump, the snapshot.
    Returns their paths."""
    subprocess.run([s2dump, "extract", cap.path, "-o", out + ".s2dump"], check=True)
    read = {number * PAGE for number in small.pages_read(s2dump, cap.path)}
    # Memory need not begin at a page of the file.
    keep = {start + at & -PAGE for start, offset, n in cap.memory.parts for page in read
            for at in (page - offset, page - offset + PAGE - 1) if 0 <= at < n}
    last = set().union(*(tables_of(walk) for spaces in walks.values() for walk in spaces.values()))
    notes = filtered.notes_of(cap.path)
    parts = [*runs(cap, keep - last), *runs(cap, last)]
    dumps = {out + ".elf": mkdump.elf_core(parts, notes=notes, machine=filtered.EM_X86_64),
             out + ".kdump": mkdump.kdump(parts, notes=notes, machine="x86_64")}
    for path, content in dumps.items():
        with open(path, "wb") as f:
            f.write(content)
    return [*dumps, out + ".s2dump"]


def check(report, cap, walks, s2dump):
    """No crash, no hang, nothing shown as unmapped that is mapped in the whole: see tests/tools/truncate.py."""
    if not filtered.possible(cap):
        return  # a raw image needs an option, and has no end that means anything
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        for path in make(cap, walks, s2dump, os.path.join(scratch, "small")):
            name = f"{cap.name}: {os.path.basename(path)}, {os.path.getsize(path) >> 10} KiB"
            for how, (count, problems) in (("cut off", truncate.cut(s2dump, path, points=PIECES)),
                                           ("flipped", truncate.flip(s2dump, path, flips=FLIPS))):
                said = ", ".join(f"{n} with status {s}" for s, n in sorted(count.items(), key=str))
                report.check(f"{name}, {how} {sum(count.values())} times ({said})", problems)
