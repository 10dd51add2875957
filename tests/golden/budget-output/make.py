# SPDX-License-Identifier: GPL-2.0-or-later
# Three tables of a page each, all of whose entries lead to the next one; the last has a page in every other entry.
import struct

BASE = 0x40000000
with open("t.bin", "wb") as file:
    for page in range(2):
        file.write(struct.pack("<512Q", *([BASE + (page + 1) * 0x1000 | 3] * 512)))
    file.write(struct.pack("<512Q", *(0x80000000 + i * 0x1000 | 0x7ff if i % 2 else 0 for i in range(512))))
