# SPDX-License-Identifier: GPL-2.0-or-later
# Two VMs with the same 2500 table pages, no two of which adjoin, and one of 4K pages all of whose tables lie in a table page of 64K;
# and, in want, the memory that their tables take.
import json

from mktable_snapshot import note, note_table, payload, snapshot
from mktables import Geometry, Tables

N = 2500


def pieces(table, root_size):
    """Where the pages of its tables are."""
    return [(table.base, root_size)] + [(pa, table.geom.page) for pa in table.pages]


many = Tables(Geometry("4K", 40, ps=40), 0x40000000)
for i in range(N):
    many.skip(1)
    many.map(i << 21, i << 12)
large = Tables(Geometry("64K", 42, ps=40), 0x60000000)
large.map(0x10000, 0x20000)
inner = Tables(Geometry("4K", 40, ps=40), large.pages[-1] + 0x2000)
inner.map(0x1000, 0x3000)
data = bytearray(large.blob())
assert inner.next_pa <= large.base + len(data)
at = inner.base - large.base
data[at:at + len(inner.blob())] = inner.blob()
names = [("vm:1", many), ("vm:2", many), ("vm:3", inner), ("vm:4", large)]
tables = [note_table(name, t.base, t.geom.vtcr()) for name, t in names]
with open("many.s2", "wb") as file:
    file.write(snapshot(note(payload(tables)), [(many.base, many.blob()), (large.base, bytes(data))]))
memory = {}  # of each 4 KiB
for _, t in names:
    source, base = (many.blob(), many.base) if t is many else (bytes(data), large.base)
    for pa, size in pieces(t, max(t.geom.start_bytes, 4096)):
        for off in range(0, size, 4096):
            memory[pa + off] = source[pa + off - base:pa + off - base + 4096].hex()
with open("want", "w") as file:
    json.dump({hex(pa): text for pa, text in sorted(memory.items())}, file, indent=0)
