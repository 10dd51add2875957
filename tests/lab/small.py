# SPDX-License-Identifier: GPL-2.0-or-later
# Makes small dumps of a capture: of only the pages that s2dump reads.

import gzip
import json
import mmap
import os
import re
import subprocess
import tempfile

import mkdump
import mksparse
from qemu import LabError

PAGE = 4096
PAGES_C = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools/pages.c")


def pages_read(s2dump, dump, lines=(("--json",),), statuses=(0,)):
    """Numbers of the pages of a file that s2dump reads. @lines are command lines; the file is where one has None, or last."""
    pages = set()
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        library, log = os.path.join(scratch, "pages.so"), os.path.join(scratch, "pages.log")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, PAGES_C, "-ldl"], check=True)
        env = dict(os.environ, LD_PRELOAD=library, PAGES_OF=dump, PAGES_LOG=log)
        for line in lines:
            args = [dump if arg is None else arg for arg in line]
            command = [s2dump, *args, *([] if dump in args else [dump])]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
            if done.returncode not in statuses:
                raise LabError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
            with open(log, "rb") as f:
                pages.update(match.start() for match in re.finditer(b"1", f.read()))
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


def command_lines(s2dump, dump, out):
    """What a user may ask of a dump of a host: every command, every table, every vCPU."""
    yield from (["list"], ["list", "-l"], ["slots"], ["inspect"], ["check"], ["dump", "--json"],
                ["extract", None, "-o", out])
    said = subprocess.run([s2dump, "list", "--json", dump], check=True, capture_output=True)
    for table in json.loads(said.stdout)["tables"]:
        rows = subprocess.run([s2dump, "--json", f"--table={table['id']}", dump], check=True, capture_output=True)
        for row in json.loads(rows.stdout)["tables"][0]["ranges"]:
            if row["mapped"]:
                yield ["translate", f"--table={table['id']}", None, row["ia"]]
                yield ["find", None, row["pa"]]
                break
        for n in range((table["vm"] or {}).get("vcpus") or 0):
            vcpu = f"--vcpu={table['id']}/{n}"
            yield [vcpu]
            yield [vcpu, "--effective"]
            found = subprocess.run([s2dump, vcpu, "--effective", "--json", dump], check=False, capture_output=True)
            for walk in json.loads(found.stdout)["tables"] if found.returncode in (0, 4) else ():
                for row in walk["ranges"][:2]:
                    yield ["translate", vcpu, None, row["ia"]]


def vmcoreinfo(ram):
    """The kernel's own, from the page that it keeps it in."""
    with open(ram, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as memory:
        at = memory.find(b"OSRELEASE=")
        while at >= 0 and at % PAGE:
            at = memory.find(b"OSRELEASE=", at + 1)
        if at < 0:
            raise LabError(f"{ram}: no VMCOREINFO")
        return memory[at:memory.find(b"\0", at)]


def cut(s2dump, ram, pa, out):
    """Writes OUT, a compressed ELF core of those pages of the memory in file @ram that any command reads. With the note that
    kdump would give it: without one, all memory is searched and so read."""
    notes = mkdump.note("VMCOREINFO", 0, vmcoreinfo(ram))
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        whole = os.path.join(scratch, "whole.elf")
        mksparse.write(whole, [(ram, pa)], notes)
        data = os.path.getsize(whole) - os.path.getsize(ram)  # where memory begins
        lines = command_lines(s2dump, whole, os.path.join(scratch, "out"))
        pages = pages_read(s2dump, whole, lines, (0, 1, 2, 3, 4))
    keep = sorted(page - data // PAGE for page in pages if page * PAGE >= data)
    with open(ram, "rb") as f:
        runs = []
        for first, count in runs_of(keep):
            f.seek(first * PAGE)
            runs.append((pa + first * PAGE, f.read(count * PAGE)))
    with open(out, "wb") as f:
        f.write(gzip.compress(mkdump.elf_core(runs, notes=notes), mtime=0))
    return len(keep)
