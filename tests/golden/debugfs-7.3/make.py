# SPDX-License-Identifier: GPL-2.0-or-later
# A snapshot of a guest and its shadow tables: the guest hypervisor's stage 2 on, off, and not known.
from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

own = Tables(Geometry("4K", 32, ps=40), 0x40000000)
own.map(0x1000, 0x80001000, xn=0)
shadow = Tables(Geometry("4K", 32, ps=40), 0x50000000)
shadow.map(0x2000, 0x80002000, s2ap=1)
registers = {"kind": "nested-stage2", "guest_vttbr": "0x10000048001000", "guest_vtcr": "0x80023558"}
tables = [note_table("vm:7", own.base, own.geom.vtcr()),
          note_table("vm:7/nested:0", shadow.base, shadow.geom.vtcr(), guest_stage2="yes", **registers),
          note_table("vm:7/nested:1", shadow.base, shadow.geom.vtcr(), guest_stage2="no", **registers),
          note_table("vm:7/nested:2", shadow.base, shadow.geom.vtcr(), **registers)]
with open("shadow.s2", "wb") as file:
    file.write(snapshot(note(payload(tables)), [(own.base, own.blob()), (shadow.base, shadow.blob())]))
