# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots whose notes hold what a terminal obeys: OSC, CSI, C1 in UTF-8, an override of the direction, blanks.
import json
import struct

BAD = "\x1b]0;a\x07\x1b[31m\u009b1m\u202e b"


def snapshot(path, table, release=""):
    note = json.dumps({"version": 1, "release": release, "build_id": "",
                       "tables": [{"id": "t", "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": "0x40000000",
                                   "registers": {"vtcr_el2": "0x80023560"}, **table}]}).encode()
    note = struct.pack("<III", 7, len(note), 0x53324431) + b"S2DUMP\0\0" + note + bytes(-len(note) % 4)
    at = 64 + 2 * 56
    with open(path, "wb") as f:
        f.write(b"\x7fELF\2\1\1" + bytes(9))
        f.write(struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0))
        f.write(struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), len(note), 4))
        f.write(struct.pack("<IIQQQQQQ", 1, 4, at + len(note), 0, 0x40000000, 4096, 4096, 0))
        f.write(note + bytes(4096))


snapshot("id.s2", {"id": f"vm:{BAD}"})
snapshot("kind.s2", {"kind": BAD[:10]})
snapshot("arch.s2", {"arch": BAD})
snapshot("release.s2", {}, BAD)
snapshot(BAD + ".s2", {})
