# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots whose notes are small as text and large as JSON values or as tables; one with as many memslots as KVM allows.
import json
import struct


def snapshot(path, note):
    note = struct.pack("<III", 7, len(note), 0x53324431) + b"S2DUMP\0\0" + note + bytes(-len(note) % 4)
    at = 64 + 2 * 56
    with open(path, "wb") as f:
        f.write(b"\x7fELF\2\1\1" + bytes(9))
        f.write(struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0))
        f.write(struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), len(note), 4))
        f.write(struct.pack("<IIQQQQQQ", 1, 4, at + len(note), 0, 0x40000000, 4096, 4096, 0))
        f.write(note + bytes(4096))


def tables(n, **more):
    return json.dumps({"version": 1, "release": "", "build_id": "", "tables": [
        {"id": f"vm:{i}", "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": "0x40000000",
         "registers": {"vtcr_el2": "0x80023560"}, **more} for i in range(n)]}, separators=(",", ":")).encode()


snapshot("values.s2", b"[" + b"{}," * (2 << 20) + b"{}]")
snapshot("cut.s2", b'{"version":1,"tables":[' + b"{}," * (1 << 10))
snapshot("tables.s2", tables(6000))
slots = [{"id": i, "ipa": hex(i << 12), "size": "0x1000", "hva": "0x0", "flags": 0} for i in range(32764)]
snapshot("slots.s2", tables(1, memslots=slots))
