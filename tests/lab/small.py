# SPDX-License-Identifier: GPL-2.0-or-later
# Makes small dumps of a capture: of only the pages that s2dump reads.

import os
import re
import subprocess
import tempfile

import mkdump
import mksparse
from qemu import LabError

PAGE = 4096


def pages_read(s2dump, dump):
    """Numbers of the pages of a file that s2dump reads: strace sees it, and takes mmap from it."""
    with tempfile.NamedTemporaryFile(mode="r", prefix="s2dump-lab-") as log:
        command = ["strace", "-o", log.name, "-P", dump, "-e", "trace=mmap,pread64",
                   "-e", "inject=mmap:error=ENODEV", s2dump, "--json", dump]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True)
        except OSError as e:
            raise LabError(f"strace: {e}") from e
        if done.returncode:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
        pages = set()
        for line in log:
            read = re.match(r"pread64\(.*, (\d+), (\d+)\) += \d+$", line)
            if read:
                size, off = int(read[1]), int(read[2])
                pages.update(range(off // PAGE, (off + size - 1) // PAGE + 1))
    return pages


def runs_of(pages):
    """(first, number) of neighbours among sorted page numbers."""
    first = count = 0
    for page in pages:
        if count and page == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = page, 1
    if count:
        yield first, count


def make(s2dump, ram, pa, notes, tables, out):
    """Writes dumps of the memory in file @ram: OUT.elf, with the memory in @tables (PA, size) last,
    so that whoever cuts the end off hits tables; OUT.kdump; OUT.s2dump, the snapshot. Returns
    their paths."""
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        whole = os.path.join(scratch, "whole.elf")
        mksparse.write(whole, [(ram, pa)], notes)
        subprocess.run([s2dump, "extract", whole, "-o", out + ".s2dump"], check=True)
        data = os.path.getsize(whole) - os.path.getsize(ram)  # where memory begins
        keep = {page - data // PAGE for page in pages_read(s2dump, whole) if page * PAGE >= data}
    last = {page for at, size in tables
            for page in range((at - pa) // PAGE, (at - pa + size - 1) // PAGE + 1)}
    with open(ram, "rb") as f:
        runs = []
        for first, count in [*runs_of(sorted(keep - last)), *runs_of(sorted(last))]:
            f.seek(first * PAGE)
            runs.append((pa + first * PAGE, f.read(count * PAGE)))
    dumps = {out + ".elf": mkdump.elf_core(runs, notes=notes),
             out + ".kdump": mkdump.kdump(runs, notes=notes)}
    for path, content in dumps.items():
        with open(path, "wb") as f:
            f.write(content)
    return [*dumps, out + ".s2dump"]
