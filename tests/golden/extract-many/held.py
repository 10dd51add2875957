# SPDX-License-Identifier: GPL-2.0-or-later
# The memory that an ELF core holds, of each 4 KiB; and to standard error how many pieces that are.
import json
import struct
import sys

data = open(sys.argv[1], "rb").read()
phoff, = struct.unpack_from("<Q", data, 32)
loads = [row for row in (struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i) for i in range(struct.unpack_from("<H", data, 56)[0]))
         if row[0] == 1]
held = {}
for _, _, off, _, pa, size, _, _ in loads:
    for i in range(0, size, 4096):
        assert pa + i not in held, f"{pa + i:#x} is there twice"
        held[pa + i] = data[off + i:off + min(i + 4096, size)].hex()
print(json.dumps({hex(pa): text for pa, text in sorted(held.items())}, indent=0), end="")
sys.stderr.write(f"{len(loads)} pieces\n")
