# SPDX-License-Identifier: GPL-2.0-or-later
# A snapshot of VMs that have no table yet: of one the geometry is known, of one nothing, one has slots; and one that has a table.
from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

t = Tables(Geometry("4K", 39, ps=40), 0x40000000)
t.map(0x80000000, 0x56200000, 2)
TABLE = note_table("vm:3", t.base, t.geom.vtcr())
SLOTS = [{"id": 0, "ipa": "0x80000000", "size": "0x200000", "hva": "0x7f0000000000", "flags": 1}]
BARE = {k: v for k, v in {**TABLE, "bare": True}.items() if k != "root"}
with open("vms.s2dump", "wb") as f:
    f.write(snapshot(note(payload([
        {**BARE, "id": "vm:1", "pid": 1, "memslots": SLOTS},
        {**BARE, "id": "vm:2", "registers": {}},
        TABLE])), [(t.base, t.blob())]))
