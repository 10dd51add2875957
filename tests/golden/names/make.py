# SPDX-License-Identifier: GPL-2.0-or-later
# A snapshot of VMs whose names, as a VMM was given them, are more than one plain word.
from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

NAMES = ["web 17", 'a,"b"\t;=cmd\\', "\u00e9-\u65e5\u672c", "evil\x1b[31m\u202e\n", "*", "7", "host", "\u00e9" * 60]

t = Tables(Geometry("4K", 39, ps=40), 0x40000000)
t.map(0x80000000, 0x56200000, 2)
TABLE = note_table("vm:1", t.base, t.geom.vtcr())
with open("vms.s2dump", "wb") as f:
    f.write(snapshot(note(payload([
        {**TABLE, "id": f"vm:{100 + i}", "pid": 100 + i, "vm": {"name": name, "name_from": "cgroup" if name == "7" else "command-line", "comm": "qemu-system-aar",
                "address": "0xffff000000000000"}}
        for i, name in enumerate(NAMES)])), [(t.base, t.blob())]))
