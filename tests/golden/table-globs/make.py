# SPDX-License-Identifier: GPL-2.0-or-later
# A snapshot of three tables: a guest with 4K and its pid, another guest with 16K, and one whose register is broken.
from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

guest = Tables(Geometry("4K", 40, ps=40), 0x40000000)
guest.map(0x80000000, 0x56200000, 2, 3)
other = Tables(Geometry("16K", 36, ps=40), 0x50000000)
other.map(0x4000, 0x8000, 3, s2ap=1)
tables = [note_table("vm:1234", guest.base, guest.geom.vtcr(), pid=1234, vcpus=2, fwb="yes"),
          note_table("vm:99", other.base, other.geom.vtcr(), pid=99),
          note_table("vm:1234/nested:0", guest.base, 0xd, kind="nested-stage2")]
with open("many.s2", "wb") as file:
    file.write(snapshot(note(payload(tables, release="6.12.107+deb12-arm64", build_id="00ff")),
                        [(guest.base, guest.blob()), (other.base, other.blob())]))
names = [f"vm:{n}/{'x' * 50}" for n in range(5)]
with open("long.s2", "wb") as file:
    file.write(snapshot(note(payload([note_table(name, guest.base, guest.geom.vtcr()) for name in names])),
                        [(guest.base, guest.blob())]))
