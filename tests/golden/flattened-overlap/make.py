# SPDX-License-Identifier: GPL-2.0-or-later
# Eighty records of a page each, each of which begins a byte before the one before it.
import struct

with open("flat", "wb") as file:
    file.write((b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1)).ljust(4096, b"\0"))
    for i in range(80):
        file.write(struct.pack(">qq", 4096 - i, 4096) + b"x" * 4096)
    file.write(struct.pack(">qq", -1, -1))
