# SPDX-License-Identifier: GPL-2.0-or-later
# What of its memory an ELF core has: pieces, neighbours of one state as one.
import json
import os
import struct
import sys

data = open(sys.argv[1], "rb").read()
phoff, = struct.unpack_from("<Q", data, 32)
held = []
for i in range(struct.unpack_from("<H", data, 56)[0]):
    kind, _, off, _, pa, size, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
    state = "excluded" if not size else "there" if off + size <= len(data) else "truncated"
    if kind == 1:
        held.append([pa, in_memory, state])
print(json.dumps(held), end="")
