# SPDX-License-Identifier: GPL-2.0-or-later
# Files that are almost nothing but holes, and a protected system whose zeros are holes.
import struct

import mkdump
import mkpkvm

G = 1 << 30


def sparse(name, head, size, tail=b""):
    with open(name, "wb") as file:
        file.write(head)
        file.truncate(size)
        file.seek(size - len(tail))
        file.write(tail)


vmcoreinfo = (mkdump.note("VMCOREINFO", 0, b"OSRELEASE=1\n") + bytes(4096))[:4096]
sparse("raw", bytes(4096), 64 * G, vmcoreinfo)
elf = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
elf += struct.pack("<IIQQQQQQ", 1, 7, 4096, 0x40000000, 0x40000000, 64 * G, 64 * G, 0)
sparse("elf", elf, 64 * G + 4096, vmcoreinfo)
sparse("lime", struct.pack("<IIQQ8x", 0x4c694d45, 1, 0, 64 * G - 1), 64 * G + 32)
with open("island", "wb") as file:
    file.truncate(64 * G)
    file.seek(60 * G + 0x800)
    file.write(bytes(b | 1 for b in range(256)) * 4096)

# A kdump of 2^34 pages: bitmaps of 2 GiB each that are holes but for one page near the end, with the note.
pages, page = 1 << 34, (1 << 34) - 40000
blocks = pages // 8 // 4096
head = b"KDUMP   " + struct.pack("<i", 6) + bytes(396)
head += struct.pack("<QQIIIIIIIIIi", 0, 0, 1, 4096, 1, 2 * blocks, 0, 1, 0, 1, 0, 1)
sub = struct.pack("<Qii", 0, 0, 0) + bytes(64) + struct.pack("<QQQ", 0, pages, pages)
data = (2 + 2 * blocks) * 4096
with open("kdump", "wb") as file:
    file.write(head.ljust(4096, b"\0") + sub)
    for bitmap in range(2):
        file.seek((2 + bitmap * blocks) * 4096 + page // 8)
        file.write(bytes([1 << page % 8]))
    file.seek(data)
    file.write(struct.pack("<QIIQ", data + 24, 4096, 0, 0) + vmcoreinfo)

system = mkpkvm.System("7.1")
with open("map", "w", encoding="ascii") as file:
    file.write(system.system_map())
for name, whole in ("whole", True), ("holes", False):
    with open(name, "wb") as file:
        for at in range(0, mkpkvm.SIZE, 4096):
            content = system.ram.bytes[at:at + 4096]
            if whole or any(content):
                file.seek(at)
                file.write(content)
        file.truncate(mkpkvm.SIZE)
