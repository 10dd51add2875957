# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots of a page or less whose notes speak of memory, of a page array and of states for far more than that.
import json
import struct

PKVM = {"annotation": "0x3", "locked_bit": "0x0", "guests": "0x1", "hyp_vms": "0x1", "text_stays": "0x1", "split_xn": "0x1",
        "ffa": "0x1", "host_in": "0x2", "hyp_in": "0x2", "host_memattr": "0xf", "page.size": "0x8", "page.refcount": "0xffff",
        "page.order": "0xff0000", "page.host": "0xf000000", "page.hyp": "0xf0000000", "page.share": "0xffffffff00000000",
        "phys_offset": "0xffff800000000000", "have_vmemmap": "0x1", "vmemmap_va": "0x600000000000", "have_memory": "0x1",
        "reserved_pa": "0x0", "reserved_size": "0x0", "handle_first": "0x1000", "cpus": [], "ids": [-1, 0, 1, -1, 2, -1],
        "types": [1, 2, 3], "values": [0, 0, 1, 2, 3, 0, 0, 0]}
ROOT = 0x40000000


def snapshot(path, vtcr, vmemmap, memory, size=4096):
    """An ELF core of @size zero bytes at ROOT; @vmemmap is a piece of the page array: (pfn, pages, PA)."""
    note = json.dumps({"version": 1, "release": "", "build_id": "", "kvm_mode": "protected",
                       "tables": [{"id": "host", "kind": "host-stage2", "arch": "arm64", "stage": "stage2", "root": hex(ROOT),
                                   "registers": {"vtcr_el2": hex(vtcr)}, "pkvm_role": 1}],
                       "pkvm": {**PKVM, "vmemmap": [hex(v) for v in vmemmap],
                                "memory": [hex(v) for v in (*memory, 0)]}}).encode()
    name = b"S2DUMP\0\0"
    note = struct.pack("<III", 7, len(note), 0x53324431) + name + note + bytes(-len(note) % 4)
    at = 64 + 2 * 56
    with open(path, "wb") as f:
        f.write(b"\x7fELF\2\1\1" + bytes(9))
        f.write(struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0))
        f.write(struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), len(note), 4))
        f.write(struct.pack("<IIQQQQQQ", 1, 4, at + len(note), 0, ROOT, size, size, 0))
        f.write(note + bytes(size))


# Memory of 2 PiB; a page array of 16 PiB; states of 256 TiB, of which words of 2 MiB are in the file.
snapshot("memory.s2", 0x80023560, [], (0, 1 << 51), 32)
snapshot("array.s2", 0x80023560, (0, 1 << 51, 0), (ROOT, 1 << 24), 32)
snapshot("states.s2", 0x80053590, (0, 1 << 36, ROOT), (0, 1 << 48))
