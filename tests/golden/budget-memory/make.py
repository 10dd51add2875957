# SPDX-License-Identifier: GPL-2.0-or-later
# A sound snapshot, and the same whose only PT_LOAD claims 2^55 bytes: in memory, in memory and file.
from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

t = Tables(Geometry("4K", 39, ps=40), 0x40000000)
t.map(0x80000000, 0x56200000, 2)
notes, memory = note(payload([note_table("vm:1", t.base, t.geom.vtcr())])), [(t.base, t.blob())]
for name, phdr in (("sound", {}), ("memory", {"memsz": 1 << 55}), ("both", {"memsz": 1 << 55, "filesz": 1 << 55})):
    with open(name, "wb") as file:
        file.write(snapshot(notes, memory, {}, {1: phdr}))
