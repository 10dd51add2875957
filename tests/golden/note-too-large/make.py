# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots whose notes are small as text and large as JSON values or as tables; one with as many memslots as KVM allows.
import json
import pathlib

from mktable_snapshot import note, snapshot

ROOT = 0x40000000


def write(path, text):
    pathlib.Path(path).write_bytes(snapshot(note(text), [(ROOT, bytes(4096))]))


def tables(n, **more):
    """As short as a note can say it."""
    return json.dumps({"version": 1, "release": "", "build_id": "", "tables": [
        {"id": f"vm:{i}", "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": hex(ROOT),
         "registers": {"vtcr_el2": "0x80023560"}, **more} for i in range(n)]}, separators=(",", ":")).encode()


write("values.s2", b"[" + b"{}," * (2 << 20) + b"{}]")
write("cut.s2", b'{"version":1,"tables":[' + b"{}," * (1 << 10))
write("tables.s2", tables(6000))
slots = [{"id": i, "ipa": hex(i << 12), "size": "0x1000", "hva": "0x0", "flags": 0} for i in range(32764)]
write("slots.s2", tables(1, memslots=slots))
