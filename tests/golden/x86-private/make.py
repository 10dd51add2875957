# SPDX-License-Identifier: GPL-2.0-or-later
# A snapshot of a VM with private memory, of which some could not be read, and of one that has none.
import mkx86
from mktable_snapshot import note, note_table, payload, snapshot

blob = mkx86.Blob(mkx86.Regime(mkx86.EPT, maxphyaddr=40), 0x12345000)
pdpt, pd, pt = (blob.new(1 << 63) for _ in range(3))
blob.pages[0][0] = blob.table(pdpt)
blob.pages[pdpt][0] = blob.table(pd)
blob.pages[pd][0] = blob.table(pt)
for i in range(16):
    blob.pages[pt][i] = blob.leaf(1, 0x7000000 + (i << 12))
TABLE = note_table("vm:1", blob.base, 0, arch="x86", stage="ept", registers={"eptp": hex(blob.base | 0x5e)})
SLOTS = [{"id": n, "ipa": hex(at), "size": hex(size), "hva": hex(0x7f0000000000 + at), "flags": flags}
         for n, at, size, flags in ((0, 0, 0x6000, 4), (1, 0x8000, 0x8000, 4), (2, 0x100000, 0x4000, 0))]
PRIVATE = [{"first": "0x2000", "last": "0x4fff"}, {"first": "0x5000", "last": "0x5fff"}, {"first": "0x9000", "last": "0xafff"},
           {"first": "0xb000", "last": "0x4afff", "unread": True}, {"first": "0x200000", "last": hex(2**64 - 1)}]
TABLE = {**TABLE, "memslots": SLOTS}


def write(name, tables):
    with open(name, "wb") as f:
        f.write(snapshot(note(payload(tables)), [(blob.base, blob.data())], {"machine": 62}))


write("vms.s2dump", [{**TABLE, "private": PRIVATE}, {**TABLE, "id": "vm:2"}])
for name, private in (("twice", [PRIVATE[0], PRIVATE[0]]), ("back", PRIVATE[1::-1]), ("behind", PRIVATE[4:] + PRIVATE[:1]),
                      ("ends-first", [{"first": "0x2000", "last": "0x1fff"}]), ("text", [{"first": 3, "last": "0x1000"}])):
    write(name, [{**TABLE, "private": private}])
