# SPDX-License-Identifier: GPL-2.0-or-later
# A table page of 64 KiB that is there in parts, and pages that are there, left out by a filter, cut off and absent; and, in want, what
# a snapshot must hold of them: what is absent has no place in it.
import json

from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

BASE = 0x60000000
large = Tables(Geometry("64K", 42, ps=40), BASE)
large.map(0, 0x20000, count=8192)
start = large.geom.start_bytes
PARTS = (  # of the table page, and of the page of another
    (0x0000, 0x1000, "there"), (0x1000, 0x1000, "absent"), (0x2000, 0xe00, "excluded"), (0x2e00, 0x200, "there"),
    (0x3000, 0x3000, "truncated"), (0x6000, 0x5000, "there"), (0xb000, 0x4400, "absent"), (0xf400, 0x200, "there"),
    (0xf600, 0x200, "excluded"), (0xf800, 0x400, "there"), (0xfc00, 0x400, "truncated"))
data = large.blob()
segments, over, want = [(BASE, data[:start])], {}, [[BASE, start, "there"]]
for at, size, state in PARTS:
    if state == "absent":
        continue
    pa = BASE + start + at
    segments.append((pa, data[start + at:start + at + size] if state == "there" else b""))
    if state != "there":
        over[len(segments)] = {"memsz": size, **({"filesz": size, "offset": 1 << 40} if state == "truncated" else {})}
    if want[-1][2] == state and sum(want[-1][:2]) == pa:
        want[-1][1] += size
    else:
        want.append([pa, size, state])
with open("states.s2", "wb") as file:
    file.write(snapshot(note(payload([note_table("vm:1", BASE, large.geom.vtcr())])), segments, phdr=over))
with open("want", "w") as file:
    json.dump(want, file)
