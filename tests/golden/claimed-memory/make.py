# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots of a page or less whose notes speak of memory, of a page array and of states for far more than that.
import pathlib

from mktable_snapshot import note, note_table, payload, snapshot

PKVM = {"annotation": "0x3", "locked_bit": "0x0", "guests": "0x1", "hyp_vms": "0x1", "text_stays": "0x1", "split_xn": "0x1",
        "ffa": "0x1", "host_in": "0x2", "hyp_in": "0x2", "host_memattr": "0xf", "page.size": "0x8", "page.refcount": "0xffff",
        "page.order": "0xff0000", "page.host": "0xf000000", "page.hyp": "0xf0000000", "page.share": "0xffffffff00000000",
        "phys_offset": "0xffff800000000000", "have_vmemmap": "0x1", "vmemmap_va": "0x600000000000", "have_memory": "0x1",
        "reserved_pa": "0x0", "reserved_size": "0x0", "handle_first": "0x1000", "cpus": [], "ids": [-1, 0, 1, -1, 2, -1],
        "types": [1, 2, 3], "values": [0, 0, 1, 2, 3, 0, 0, 0]}
ROOT = 0x40000000


def write(path, vtcr, vmemmap, memory, size=4096):
    """A snapshot of @size zero bytes at ROOT; @vmemmap is a piece of the page array: (pfn, pages, PA)."""
    host = note_table("host", ROOT, vtcr, kind="host-stage2", pkvm_role=1)
    pkvm = {**PKVM, "vmemmap": [hex(v) for v in vmemmap], "memory": [hex(v) for v in (*memory, 0)]}
    pathlib.Path(path).write_bytes(snapshot(note(payload([host], kvm_mode="protected", pkvm=pkvm)), [(ROOT, bytes(size))]))


# Memory of 2 PiB; a page array of 16 PiB; states of 256 TiB, of which words of 2 MiB are in the file.
write("memory.s2", 0x80023560, [], (0, 1 << 51), 32)
write("array.s2", 0x80023560, (0, 1 << 51, 0), (ROOT, 1 << 24), 32)
write("states.s2", 0x80053590, (0, 1 << 36, ROOT), (0, 1 << 48))
