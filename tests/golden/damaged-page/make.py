# SPDX-License-Identifier: GPL-2.0-or-later
# A table in kdumps in which the page of the level 3 table is damaged: its descriptor has the size 0 (size.kdump), its data does not
# decompress (data.kdump).
import struct

import mkdump

with open("t.bin", "rb") as f:
    blob = f.read()
starts = [struct.unpack_from("<Q", blob, at)[0] & 0xfffffffff003 for at in range(0, len(blob), 4096)]
desc = 4 * 4096 + 24 * starts.index(0x80000003)  # behind header, sub-header and two bitmaps
whole = mkdump.kdump([(0x10000, blob)])
offset, size, _, _ = struct.unpack_from("<QIIQ", whole, desc)
broken = {"size": bytearray(whole), "data": bytearray(whole)}
struct.pack_into("<I", broken["size"], desc + 8, 0)
broken["data"][offset:offset + size] = bytes(size)
for name, data in broken.items():
    with open(name + ".kdump", "wb") as f:
        f.write(data)
