# SPDX-License-Identifier: GPL-2.0-or-later
# Three tables of a page each, all of whose entries lead to the next one, which has the pages.
import struct

BASE = 0x40000000
with open("t.bin", "wb") as file:
    for page in range(3):
        below = BASE + (page + 1) * 0x1000
        file.write(struct.pack("<512Q", *([below | 3 if page < 2 else 0] * 512)))
