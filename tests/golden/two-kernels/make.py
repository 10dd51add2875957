# SPDX-License-Identifier: GPL-2.0-or-later
# Two kernels of one machine, 16 MiB apart: 6.14 and 6.17, both with VMs. none.kdump: no note; low.kdump, high.kdump: with that
# kernel's note; hole.kdump: no note, and without the page that holds the lower one's VMCOREINFO.
import mkdump
import mkpkvm

runs, notes = [], []
for gen, base in (("6.14", 0x40000000), ("6.17", 0x41000000)):
    mkpkvm.BASE = base
    system = mkpkvm.System(gen)
    memory = system.ram.bytes
    runs += mkdump.dense(base, memory, [(base + mkpkvm.RESERVED, mkpkvm.RESERVED_SIZE)])
    size = int.from_bytes(memory[mkpkvm.NOTE + 4:mkpkvm.NOTE + 8], "little")
    notes.append(bytes(memory[mkpkvm.NOTE + 24:mkpkvm.NOTE + 24 + size]))
for name, note in (("none", b""), ("low", notes[0]), ("high", notes[1])):
    with open(name + ".kdump", "wb") as f:
        f.write(mkdump.kdump(runs, vmcoreinfo=note))
with open("hole.kdump", "wb") as f:
    f.write(mkdump.kdump(runs, [(0x40000000 + mkpkvm.NOTE, 0x1000)]))
