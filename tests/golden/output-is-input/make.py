# SPDX-License-Identifier: GPL-2.0-or-later
# A dump in two parts, a raw image with its list of pages, and a host with a System.map and (in name) a vmlinux.
import mkguest
from mkdump import kdump
from mktables import Geometry, Tables

tables = Tables(Geometry("4K", 40, ps=40), 0x0)
tables.map(0x80000000, 0x56200000, count=3)
blob = tables.blob()
runs = [(0, blob)]
half = len(blob) // 4096 // 2
for name, split in (("part0", (0, half)), ("part1", (half, len(blob) // 4096))):
    with open(name, "wb") as file:
        file.write(kdump(runs, split=split))
with open("image", "wb") as file:
    file.write(blob)
with open("pages", "w", encoding="utf-8") as file:
    file.write("".join(f"{i * 4096:#x}\n" for i in range(2, len(blob) // 4096)))
with open("vtcr", "w", encoding="utf-8") as file:
    file.write(f"{tables.geom.vtcr():#x}")
mkguest.write("host")
