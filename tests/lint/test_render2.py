#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Tests tests/tools/render2.py against the text of design §6, line by line.

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import render2  # noqa: E402
import schema2  # noqa: E402

WANT = """\
---[ vm:4711 stage 2: 4K granule, IPA 40 bits from level 1 x2, PA 48 bits, FWB ]---
# "web-17" qemu-system-aar, pid 4711, VMID 3, 2 vCPUs, 2 slots 4.25G, root 0x4200c000
# vtcr_el2 0x802d3558  hcr_el2 0x403c807c263f
# ia                            size l type    rights memory        sh  flags slot  pa
0x00000000000-0x00040000000       1G 1 invalid -      -             -   -     -     -
0x00040000000-0x00040001000       4K 3 page    rwx    normal-wb     ish -     0     0x41d5f000
0x00040001000-0x00040002000       4K 3 page    r--    normal-wb     ish -     1:log 0x41d60000
0x00040002000-0x00040010000      56K 3 page    rw-    normal-wb     ish dbm   1:log pieces:9
0x00040010000-0x00040200000   ~1.94M 3 invalid -      -             -   -     1:log -
0x00040200000-0x00040400000       2M 3 missing -      -             -   -     1:log excluded@0x43ab7000
# mapped 64K of 4.25G in 16 pages of 4K; 4 table pages; missing 2M
"""


def row(ia, size, kind, **more):
    leaf = {"memattr": "normal-wb", "sh": "inner", "af": True, "sw": 0, "mapped": True, "pieces": 1} if kind == "page" else {}
    return schema2.make("stage2_range", **{"ia": hex(ia), "size": size, "type": kind, "level": 3, "in_slot": True, "mapped": False, "odd": [],
                                           **leaf, **more})


def allowed(text):
    read, write, priv, user = (letter in text for letter in "rwpu")
    return {"read": read, "write": write, "read_user": read, "write_user": write, "exec_priv": priv, "exec_user": user}


def document():
    slots = [schema2.make("slot", id=n, ipa="0x0", size=size, readonly=False, log=n == 1, gmem=False) for n, size in ((0, 4096), (1, 4563398656))]
    ranges = [
        row(0, 1 << 30, "invalid", level=1, in_slot=False),
        row(0x40000000, 4096, "page", slot=0, pa="0x41d5f000", **allowed("rwpu")),
        row(0x40001000, 4096, "page", slot=1, pa="0x41d60000", **allowed("r")),
        row(0x40002000, 14 * 4096, "page", slot=1, pieces=9, dbm=True, **allowed("rw")),
        row(0x40010000, 0x1f0000, "invalid", slot=1, raw="0x0"),
        row(0x40200000, 2 << 20, "missing", slot=1, mapped=None, missing="excluded", descriptor_pa="0x43ab7000"),
    ]
    vm = schema2.make("vm", name="web-17", comm="qemu-system-aar", pid=4711, vmid=3, vcpus=2)
    table = schema2.make("dump_table", **{
        "id": "vm:4711", "kind": "stage2", "format": "stage2", "stage": 2, "granule": 4096, "ia_bits": 40, "oa_bits": 48,
        "start_level": 1, "start_tables": 2, "root": "0x4200c000", "features": {"fwb": True, "lpa2": False},
        "registers": {"vtcr_el2": "0x802d3558", "hcr_el2": "0x403c807c263f"}, "vm": vm, "slots": slots, "odd": [], "ranges": ranges,
        "totals": {"mapped_bytes": 65536, "missing_bytes": 2 << 20, "table_pages": 4, "odd_tables": 0, "first_odd_table": None, "pages": [{"size": 4096, "count": 16}]}})
    return {"s2dump": {"command": "dump"}, "image": {}, "tables": [table]}


def test_dump():
    for want, got in itertools.zip_longest(WANT.splitlines(), render2.render(document()).splitlines()):
        if want != got:
            yield f"want {want}\n  # got  {got}"


def test_list():
    table = document()["tables"][0]
    for more, want in (({"guest_unknown": True}, "?"), ({"guest_unknown": False, "guest_searched": "searched 4G"}, "-"), ({}, "-"),
                       ({"guest_release": "6.1.0 x", "guest_unknown": None}, "6.1.0_x")):
        got = render2.costs({**table, "vm": {**table["vm"], **more}})
        if got != ["vm:4711", "web-17", "4.25G", "64K", "16x4K", "4", "2M", want]:
            yield f"{more}: {got}"
    if render2.costs({**table, "vm": None})[-1] != "-":
        yield "a table of no VM has a guest"


def test_rights():
    for letters, want in (("rwpu", "rwx"), ("rp", "r-p"), ("u", "--u"), ("", "---")):
        r = {"mapped": True, **allowed(letters)}
        if render2.rights(r, False) != want:
            yield f"{letters}: {render2.rights(r, False)}"
    r = {"mapped": True, **allowed("rwp"), "write_user": False}
    if render2.rights(r, True) != "rwx/r--":
        yield render2.rights(r, True)


def test_sizes():
    for size, want in ((0, "0"), (4096, "4K"), (130560 << 30, "127.5T"), ((1 << 30) - 4096, "~1G"), (0x1f0000, "~1.94M"), (512, "512")):
        if render2.size_text(size) != want:
            yield f"{size}: {render2.size_text(size)}, not {want}"


def test_oddities():
    r = row(0, 4096, "page", cont=True, sw=2, af=False, odd=["res0"])
    if render2.flags(r) != "noaf,cont,sw=2,!res0":
        yield render2.flags(r)


def main():
    failed = 0
    tests = [test for name, test in sorted(globals().items()) if name.startswith("test_")]
    for n, test in enumerate(tests, 1):
        wrong = list(test())
        print(f"{'not ' if wrong else ''}ok {n} - {test.__name__}")
        for line in wrong:
            print(f"  # {line}")
        failed += bool(wrong)
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
