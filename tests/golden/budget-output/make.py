# SPDX-License-Identifier: GPL-2.0-or-later
# Three tables of a page each, all of whose entries lead to the next one; the last has a page in every other entry.
import struct

from mktable_snapshot import note, note_table, payload, snapshot

BASE = 0x40000000
with open("t.bin", "wb") as file:
    for page in range(2):
        file.write(struct.pack("<512Q", *([BASE + (page + 1) * 0x1000 | 3] * 512)))
    file.write(struct.pack("<512Q", *(0x80000000 + i * 0x1000 | 0x7ff if i % 2 else 0 for i in range(512))))

# A thousand VMs whose table this is, and one with a table of its own behind them.
with open("t.bin", "rb") as file:
    pages = file.read()
own = struct.pack("<512Q", 0, 0x80000000 | 0x7fd, *[0] * 510)
tables = [note_table(f"vm:{i}", BASE, 0x80053559) for i in range(1000)] + [note_table("vm:own", BASE + 0x10000, 0x80053559)]
with open("many", "wb") as file:
    file.write(snapshot(note(payload(tables)), [(BASE, pages), (BASE + 0x10000, own)]))
