# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots whose notes hold what a terminal obeys: OSC, CSI, C1 in UTF-8, an override of the direction, blanks.
import pathlib

from mktable_snapshot import note, note_table, payload, snapshot

BAD = "\x1b]0;a\x07\x1b[31m\u009b1m\u202e b"
ROOT = 0x40000000


def write(path, over, release=""):
    table = {**note_table("t", ROOT, 0x80023560), **over}
    pathlib.Path(path).write_bytes(snapshot(note(payload([table], release=release)), [(ROOT, bytes(4096))]))


write("id.s2", {"id": f"vm:{BAD}"})
write("kind.s2", {"kind": BAD[:10]})
write("arch.s2", {"arch": BAD})
write("release.s2", {}, BAD)
write(BAD + ".s2", {})
