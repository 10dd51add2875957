# SPDX-License-Identifier: GPL-2.0-or-later
# One page per level, every entry of which leads to the page of the next level: 2^36 leaves in four pages.
from mktables import Geometry

BASE = 0x40000000
for name, granule, bits, start in (("4k", "4K", 48, 0), ("16k", "16K", 47, 1), ("64k", "64K", 52, 1)):
    g = Geometry(granule, bits, start, ps=48)
    words = [[g.table(BASE + g.page * (level - start + 1))] * (g.page // 8) for level in range(start, 3)]
    words.append([g.leaf(3, 0, xn=i & 1) for i in range(g.page // 8)])
    with open(name + ".bin", "wb") as file:
        file.write(b"".join(word.to_bytes(8, "little") for page in words for word in page))
    with open(name + ".vtcr", "w") as file:
        file.write(hex(g.vtcr()))
