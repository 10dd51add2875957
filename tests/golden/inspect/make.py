# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps that lack what can be lacking: ELF cores, whole and cut; kdumps with pages that were left out, that are damaged, that
# were not written any more.
import struct

import mkdump

RUNS = [(0x40000000, mkdump.pattern(0x40000000, 16 * 4096)), (0x40020000, mkdump.pattern(0x40020000, 4 * 4096))]
EXCLUDE = [(0x40004000, 4 * 4096)]
NOTES = mkdump.note("CORE", 1, bytes(392)) * 2 + mkdump.note("QEMU", 0, bytes(440))

elf = mkdump.elf_core(RUNS, exclude=EXCLUDE, notes=NOTES)
kdump = mkdump.kdump(RUNS, exclude=EXCLUDE)
# The third page that was dumped: its data begins where its descriptor says, behind the bitmaps.
damaged = bytearray(kdump)
sub, bitmaps = struct.unpack_from("<II", kdump, 432)
offset, size = struct.unpack_from("<QI", kdump, (1 + sub + bitmaps) * 4096 + 2 * 24)
damaged[offset:offset + size] = bytes(size)
named = bytearray(kdump)
named[12 + 65:12 + 65 + 8] = b"a\x1b[1mb\0\0"
for name, data in (("whole.elf", elf), ("cut.elf", elf[:-4096 * 6]), ("whole.kdump", kdump), ("damaged.kdump", damaged),
                   ("stopped.kdump", mkdump.kdump(RUNS, exclude=EXCLUDE, written=9)), ("named.kdump", named),
                   ("part1.kdump", mkdump.kdump(RUNS, split=(0, 0x40010))), ("part2.kdump", mkdump.kdump(RUNS, split=(0x40010, 0x50000))),
                   ("middle.kdump", mkdump.kdump(RUNS, split=(0x40008, 0x40010))),
                   ("flat.kdump", mkdump.flatten(kdump)), ("lime", mkdump.lime(RUNS))):
    with open(name, "wb") as f:
        f.write(data)
