# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps as makedumpfile leaves them: rewritten as the crash kernel's /proc/vmcore shows memory, then filtered.

"""makedumpfile refuses what QEMU writes: it wants the kernel's own addresses in p_vaddr, from which it learns where the direct
map is, and the kernel's text as a segment."""

import os
import struct
import subprocess

from qemu import LabError

EM_X86_64, ET_CORE = 62, 4
PT_LOAD, PT_NOTE = 1, 4
PHDR = struct.Struct("<IIQQQQQQ")
CHUNK = 1 << 20

# Options beside -d 31, and what the file is called.
FORMS = {"filtered.raw": [], "filtered.zlib": ["-c"], "filtered.elf": ["-E"], "filtered.flat": ["-F", "-l"]}


def notes_of(path):
    """All notes of a core."""
    with open(path, "rb") as f:
        head = f.read(4096)
    phoff, = struct.unpack_from("<Q", head, 32)
    kind, _, off, _, _, size, _, _ = PHDR.unpack_from(head, phoff)
    if kind != PT_NOTE:
        raise LabError(f"{path} does not begin with notes")
    with open(path, "rb") as f:
        f.seek(off)
        return f.read(size)


def vmcoreinfo_of(notes):
    """The note with VMCOREINFO alone, header included; b"" when there is none."""
    at = 0
    while at + 12 <= len(notes):
        name, desc, _ = struct.unpack_from("<3I", notes, at)
        end = at + 12 + (name + 3 & -4) + (desc + 3 & -4)
        if notes[at + 12:at + 12 + name].rstrip(b"\0") == b"VMCOREINFO":
            return notes[at:end]
        at = end
    return b""


def possible(cap):
    """A crash dump has VMCOREINFO in a note."""
    return cap.path.endswith(".elf") and bool(vmcoreinfo_of(notes_of(cap.path)))


def rewrite(cap, out):
    """cap.path as /proc/vmcore would be: VMCOREINFO, and memory where the log's /proc/kcore has it."""
    notes = vmcoreinfo_of(notes_of(cap.path))
    parts = [(int(e["va"], 16), int(e["pa"], 16), e["size"]) for e in cap.log.events if e["ev"] == "kcore"]
    # Memory that QEMU has and the kernel does not list is not in a crash dump either.
    loads = []
    for va, pa, size in parts:
        for start, _, n in cap.memory.parts:
            low, high = max(pa, start), min(pa + size, start + n)
            if low < high:
                loads.append((va + low - pa, low, high - low))
    offset = -(-(64 + PHDR.size * (1 + len(loads)) + len(notes)) // 4096) * 4096
    with open(out, "wb") as f:
        f.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", ET_CORE, EM_X86_64, 1, 0, 64, 0, 0, 64, PHDR.size,
                            1 + len(loads), 0, 0, 0))
        f.write(PHDR.pack(PT_NOTE, 0, 64 + PHDR.size * (1 + len(loads)), 0, 0, len(notes), len(notes), 4))
        for va, pa, size in loads:
            f.write(PHDR.pack(PT_LOAD, 7, offset, va, pa, size, size, 4096))
            offset += size
        f.write(notes)
        offset -= sum(size for _, _, size in loads)
        for _, pa, size in loads:
            for at in range(0, size, CHUNK):
                data = cap.memory(pa + at, min(CHUNK, size - at))
                if data.count(0) != len(data):
                    f.seek(offset + at)
                    f.write(data)
            offset += size
        f.truncate(offset)


def filter_dump(vmcore, form, out):
    """makedumpfile -d 31; with -F it writes to its standard output."""
    options = ["makedumpfile", *FORMS[form], "-d", "31", vmcore]
    with open(out, "wb") as f:
        flat = "-F" in options
        done = subprocess.run(options if flat else [*options, "-f", out], stdout=f if flat else subprocess.PIPE,
                              stderr=subprocess.PIPE)
    if done.returncode:
        raise LabError(f"makedumpfile: {done.stderr.decode(errors='replace').strip()[-300:]}")
