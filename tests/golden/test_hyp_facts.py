#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is found of a hypervisor: its tables, its guests, its regions of memory, what is reserved for it, its page array, its CPUs.

Each is changed on systems of mkpkvm.py to what a kernel may and may not hold, and looked up in the note of a snapshot: by the symbols of
its variables, and without them."""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import mkpkvm  # noqa: E402
from mkpkvm import BASE, DATA, FAR_DATA, HYP_BSS, HYP_RODATA, HYPVM, PAGE, PERCPU, RESERVED, RESERVED_SIZE, SIZE, STEXT  # noqa: E402

NOMAP = 4  # enum memblock_flags
REGIONS = 128  # HYP_MEMBLOCK_REGIONS
TOP = 1 << 52
MEMORY, NMEMORY = HYP_BSS[0] + 0x500, HYP_BSS[0] + 0x488
DECOY = DATA + 0x20000  # data of the kernel, behind the hypervisor's
EARLY = 0x70000  # in front of it, once it is data
SPLIT = 0x300000


def note(path):
    data = pathlib.Path(path).read_bytes()
    phoff, = struct.unpack_from("<Q", data, 32)
    for i in range(struct.unpack_from("<H", data, 56)[0]):
        kind, _, off, _, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        if kind == 4:
            return json.loads(data[off + 20:off + size].rstrip(b"\0"))
    raise ValueError("no note")


def triples(numbers):
    numbers = [int(n, 0) for n in numbers]
    return [tuple(numbers[i:i + 3]) for i in range(0, len(numbers), 3)]


def pages_of(regions):
    """find_mem_range() (nvhe/mem_protect.c) asks where a page's first byte lies."""
    rows = [(-(-base // PAGE) * PAGE, -(-(base + size) // PAGE) * PAGE, flags) for base, size, flags in regions]
    return [(first, end - first, int(bool(flags & NOMAP))) for first, end, flags in rows if first < end]


def put_regions(s, at, regions):
    for i, (base, size, flags) in enumerate(regions):
        for name, value, fmt in (("base", base, "<Q"), ("size", size, "<Q"), ("flags", flags, "<I")):
            s.put(at + i * s.btf.sizes["memblock_region"], "memblock_region", name, value, fmt)


CASES = []


def case(*gens):
    def add(function):
        CASES.extend((gen, function) for gen in gens)
        return function
    return add


# A case is a function that yields (name, change(system), expected of the note, symbols or not); @expected: {member: value}.

SOUND = ((BASE, SPLIT, 0), (BASE + SPLIT, 0x800, NOMAP), (BASE + SPLIT + 0x800, SIZE - SPLIT - 0x800, 0))
MANY = tuple((BASE + i * 2 * PAGE, PAGE, 0) for i in range(REGIONS))


@case("6.12", "7.3")
def memory_by_symbol(_):
    rows = (  # regions, how many of them count, whether they are believed
        (((BASE, SIZE, 0),), 1, True),
        (((BASE, SIZE, 0),), 0, False),
        (SOUND, 3, True),
        (SOUND, 2, True),
        (SOUND, 4, False),
        (MANY, REGIONS, True),
        (MANY + ((BASE + 2 * REGIONS * PAGE, PAGE, 0),), REGIONS + 1, False),
        (((BASE, SPLIT, 0), (BASE + SPLIT, PAGE, 0)), 2, True),
        (((BASE, SPLIT, 0), (BASE + SPLIT - 1, PAGE, 0)), 2, False),
        (((BASE + SPLIT, PAGE, 0), (BASE, PAGE, 0)), 2, False),
        (((BASE, SPLIT, 0), (BASE + SPLIT, 0, 0)), 2, False),
        (((BASE, SPLIT, 0), (BASE + SPLIT, 1, 0)), 2, True),
        (((BASE, SPLIT, 0), (TOP, PAGE, 0)), 2, False),
        (((BASE, SPLIT, 0), (TOP - 2 * PAGE, PAGE, 0)), 2, True),
        (((BASE, SPLIT, 0), (TOP - PAGE, 2 * PAGE, 0)), 2, False),
        (((BASE, TOP, 0),), 1, False),
        (((0, TOP - PAGE, 0),), 1, True),
        (((BASE, SIZE, 0xff),), 1, True),
        (((BASE, SIZE, 0xfb),), 1, True),
        (((BASE, SIZE, 0x100),), 1, False),
        (((BASE + 0x800, 0x400, 0), (BASE + PAGE, SIZE - PAGE, 0)), 2, True),
        (((BASE + 0x800, 0x801, 0), (BASE + 2 * PAGE, PAGE, 0)), 2, True),
        (((BASE + 0x800, 0x400, 0),), 1, False),
    )
    for regions, n, believed in rows:
        def change(s, regions=regions, n=n):
            put_regions(s, s.image(MEMORY), regions)
            s.ram.put(s.image(NMEMORY), n, "<I")
        want = pages_of(regions[:n]) if believed else []
        yield f"{n} of {[tuple(map(hex, r)) for r in regions[:4]]}", change, {"memory": want, "have_memory": bool(want)}, True


def bend(s):
    """The hypervisor's map of its own variables is damaged: they are told from the kernel's by size."""
    s.xor(s.hyp_leaf[s.image(HYP_BSS[0])], 0x4000)


def only_read(s):
    s.xor(s.hyp_leaf[s.image(HYP_BSS[0])], 0x80)


def early(s):
    """Pages in front of the hypervisor's are the kernel's data."""
    for off in range(EARLY, EARLY + 2 * PAGE, PAGE):
        s.poke(s.swapper_table.slot(STEXT + off), s.ram.get(s.swapper_table.slot(STEXT + off)) & ~0x80)


def in_front(s):
    """What stands in front of them is no region below the first."""
    put_regions(s, s.image(MEMORY) - s.btf.sizes["memblock_region"], ((BASE + PAGE, PAGE, 0),))


LARGER = ((BASE, SIZE, 0), (BASE + SIZE, SIZE, NOMAP))


@case("6.14", "7.3")
def memory_searched(base):
    """hyp_memory[] without its symbol."""
    root, entry = base.s1.root, base.btf.sizes["memblock_region"]
    whole, end = REGIONS * entry, (REGIONS - 1) * entry + 16
    rows = (  # what is damaged; another array: where, its regions, what stands behind it (offset); whether that is taken
        ((), None, (), None, False),
        ((bend,), None, (), None, False),
        ((in_front,), None, (), None, False),
        ((in_front, bend), None, (), None, False),
        ((bend,), DECOY, ((BASE, SIZE - PAGE, 0),), None, False),
        ((bend,), DECOY, LARGER, None, True),
        ((only_read,), DECOY, LARGER, None, True),
        ((), DECOY, LARGER, None, False),
        ((early,), EARLY, LARGER, None, False),
        ((early, bend), EARLY, LARGER, None, True),
        ((early, bend), EARLY, ((BASE, SIZE - PAGE, 0),), None, False),
        ((bend,), DECOY, LARGER, 2 * entry, False),
        ((bend,), DECOY, LARGER, end, False),
        ((bend,), DECOY, LARGER, whole, True),
        ((bend,), FAR_DATA, LARGER, None, True),
        # The kernel's linear map has all of it, the first byte and the last.
        ((bend,), DECOY, ((BASE - SIZE, SIZE, 0), (BASE, SIZE, 0)), None, False),
        ((bend,), DECOY, ((BASE - PAGE, SIZE + PAGE, 0),), None, False),
        ((bend,), DECOY, ((BASE, SIZE, 0), (BASE + SIZE, SIZE, 0)), None, False),
        ((bend,), DECOY, ((BASE - SIZE, SIZE, NOMAP), (BASE, SIZE, 0)), None, True),
        # The hypervisor's table is in it, and not in its last one only when they are sorted.
        ((bend,), DECOY, ((BASE, root - BASE, 0), (BASE + SIZE, 4 * SIZE, NOMAP)), None, False),
        ((bend,), DECOY, ((BASE, root - BASE + 1, 0), (BASE + SIZE, 4 * SIZE, NOMAP)), None, True),
        ((bend,), DECOY, ((BASE, root - BASE, 0), (root, PAGE, 0), (BASE + SIZE, 4 * SIZE, NOMAP)), None, True),
        ((bend,), DECOY, ((BASE, root - BASE, 0), (root + 1, PAGE, 0), (BASE + SIZE, 4 * SIZE, NOMAP)), None, False),
        ((bend,), DECOY, ((BASE, SIZE, 0x100), (BASE + SIZE, SIZE, NOMAP)), None, False),
    )
    for damage, at, regions, behind, taken in rows:
        def change(s, damage=damage, at=at, regions=regions, behind=behind):
            put_regions(s, s.image(MEMORY), SOUND)
            for what in damage:
                what(s)
            if at:
                put_regions(s, s.image(at), regions)
            if behind:
                s.ram.put(s.image(at) + behind, 1)
        what = f"{[d.__name__ for d in damage]}, {[tuple(map(hex, r)) for r in regions]} at {at or 0:#x}, behind {behind}"
        yield what, change, {"memory": pages_of(regions if taken else SOUND), "have_memory": True}, False


@case("6.14", "7.3")
def reserved(base):
    """hyp_mem_base and hyp_mem_size; else what is mapped around the table without a hole."""
    mapped = set(base.hyp_leaf)
    first = end = base.s1.root
    while first - PAGE in mapped:
        first -= PAGE
    while end in mapped:
        end += PAGE
    around = {"reserved_pa": first, "reserved_size": end - first}
    for pa, size in ((BASE + RESERVED, RESERVED_SIZE), (BASE, PAGE), (0, PAGE), (BASE, 0), (TOP, PAGE), (BASE, TOP), (TOP - PAGE, TOP - 1)):
        def change(s, pa=pa, size=size):
            s.ram.put(s.image(DATA + 0x8000), pa)
            s.ram.put(s.image(DATA + 0x8008), size)
        sound = pa and size and pa < TOP and size < TOP
        yield f"{size:#x} at {pa:#x}", change, {"reserved_pa": pa, "reserved_size": size} if sound else around, True
    yield "searched", lambda s: None, around, False
    hole = base.s1.root + 2 * PAGE
    yield "a hole behind", lambda s: s.poke(s.hyp_leaf[hole], 0), {"reserved_pa": first, "reserved_size": hole - first}, False
    hole = base.s1.root - 2 * PAGE
    yield "a hole before", lambda s: s.poke(s.hyp_leaf[hole], 0), {"reserved_pa": hole + PAGE, "reserved_size": end - hole - PAGE}, False


@case("6.14", "7.3")
def page_array(base):
    size, pfn, at = base.page_size, BASE >> 12, mkpkvm.VMEMMAP_VA + (BASE >> 12) * base.page_size
    n, words, pages = SIZE // PAGE, PAGE // size, SIZE // PAGE * size // PAGE
    first = BASE + RESERVED

    def leaf(s, i):
        return s.s1.slot(at + i * PAGE)
    for symbols in (True, False):
        yield "whole", lambda s: None, {"vmemmap": [(pfn, n, first)], "have_vmemmap": 1, "vmemmap_va": mkpkvm.VMEMMAP_VA}, symbols
        yield "the last page gone", lambda s: s.poke(leaf(s, pages - 1), 0), {"vmemmap": [(pfn, n - words, first)]}, symbols
        yield "a page gone", lambda s: s.poke(leaf(s, 2), 0), {
            "vmemmap": [(pfn, 2 * words, first), (pfn + 3 * words, n - 3 * words, first + 3 * PAGE)]}, symbols
        yield "a page elsewhere", lambda s: s.poke(leaf(s, 2), s.hyp_desc(s.pa(PERCPU), "rw")), {
            "vmemmap": [(pfn, 2 * words, first), (pfn + 2 * words, words, BASE + PERCPU),
                        (pfn + 3 * words, n - 3 * words, first + 3 * PAGE)]}, symbols
    yield "a pointer to nowhere", lambda s: s.ram.put(s.image(HYP_BSS[0] + 0x480), 0), {"vmemmap": [], "have_vmemmap": 0}, True


PARAMS = (("mair_el2", 0x40044ffff), ("tcr_el2", 0x80850010), ("hcr_el2", 0x80000001), ("vtcr", 0x80023558))


def put_params(s, pa, stack, **over):
    values = {**dict(PARAMS), "stack_hyp_va": mkpkvm.IO_BASE + 0x100000 + stack, "stack_pa": BASE + 0x700000 + stack,
              "pgd_pa": s.s1.root, "vttbr": s.s2.root, **over}
    for name, value in values.items():
        s.put(pa, "kvm_nvhe_init_params", name, value)


def cpu(pa, stack):
    return pa, mkpkvm.IO_BASE + 0x100000 + stack, BASE + 0x700000 + stack


FIRST = (BASE + PERCPU + 0x100, mkpkvm.IO_BASE + 0x2000, BASE + mkpkvm.STACK)


@case("6.14", "7.3")
def cpus_searched(base):
    """struct kvm_nvhe_init_params in memory that the hypervisor writes, by what they know of both tables."""
    here, there, before = BASE + PERCPU + 0x400, BASE + HYPVM + 0x800, BASE + PERCPU
    rows = (  # where, what is otherwise, whether it is one
        (here, {}, True),
        (there, {}, True),
        (BASE + PERCPU + PAGE - base.btf.sizes["kvm_nvhe_init_params"], {}, True),
        (here, {"pgd_pa": base.s1.root + PAGE}, False),
        (here, {"vtcr": 0x80023559}, False),
        (here, {"vttbr": base.s2.root | 1}, True),
        (here, {"vttbr": base.s2.root | 0xff << 48}, True),
        (here, {"vttbr": base.s2.root ^ 1 << 6}, False),
        (here, {"vttbr": base.s2.root ^ 1 << 47}, False),
        (BASE + RESERVED + 0xf0800, {}, False),
        (base.image(HYP_RODATA[0]) + 0x800, {}, False),
        (BASE + mkpkvm.FREE, {}, False),
    )
    for pa, over, one in rows:
        for nr in (1, 2):
            def change(s, pa=pa, over=over, nr=nr):
                put_params(s, pa, 0x4000, **over)
                s.ram.put(s.image(HYP_BSS[0] + 0x4b8), nr)
            want = [FIRST] + ([cpu(pa, 0x4000)] if one else [])
            lost = len(want) < nr
            yield f"{pa:#x} {over}, of {nr}", change, {"cpus": want, "cpus_lost": lost}, "some"

    def in_front(s):
        """Registers are those of the first."""
        put_params(s, before, 0x8000, mair_el2=0x77)
    yield "the first's registers", in_front, {"cpus": [cpu(before, 0x8000), FIRST], "mair_el2": 0x77}, "some"


@case("6.17", "7.1")
def cpus_by_symbol(base):
    at = base.image(HYP_BSS[0] + 0x4c0)
    for over, one in (({}, True), ({"pgd_pa": base.s1.root + PAGE}, False), ({"vtcr": 0x80023559}, False),
                      ({"vttbr": base.s2.root | 1}, True), ({"vttbr": base.s2.root ^ 1 << 6}, False)):
        for n in (1, 2):
            def change(s, over=over, n=n):
                s.ram.put(at + 8, s.lin(s.pa(PERCPU + 0x300)))
                put_params(s, s.pa(PERCPU + 0x400), 0x4000, **over)
                s.ram.put(s.image(DATA + 0x8028), n, "<I")
                s.ram.put(s.image(HYP_BSS[0] + 0x4b8), 2)
            want = [FIRST] + ([cpu(BASE + PERCPU + 0x400, 0x4000)] if one and n == 2 else [])
            yield f"{over}, {n} of 2", change, {"cpus": want, "cpus_lost": len(want) < 2}, True


class Image:
    """The memory of a system in a file, which is written once; a change in it is taken back."""

    def __init__(self, system, path):
        self.system, self.path, self.sound, self.pages = system, path, bytes(system.ram.bytes), set()
        with open(path, "wb") as f:
            f.write(self.sound)
        put = system.ram.put

        def noted(pa, value, fmt="<Q"):
            self.pages.add((pa - BASE) // PAGE * PAGE)
            put(pa, value, fmt)
        system.ram.put = noted

    def write(self):
        with open(self.path, "r+b") as f:
            for at in self.pages:
                f.seek(at)
                f.write(self.system.ram.bytes[at:at + PAGE])

    def ask(self, change, question):
        self.pages.clear()
        change(self.system)
        self.write()
        ret = question()
        for at in self.pages:
            self.system.ram.bytes[at:at + PAGE] = self.sound[at:at + PAGE]
        self.write()
        return ret


def parts_of_anchors(base, host, hyp):
    """What in host_mmu and pkvm_pgtable, which are there, points at each other, and numbers that a table can have."""
    pgt, root = host + base.btf.fields["host_mmu"]["pgt"], base.hyp(base.s1.root)
    return (  # where, of which structure, member, what it is instead, with which format, whose table is found
        (host, "kvm_arch", "mmu.arch", 0, "<Q", ()),
        (host, "kvm_arch", "mmu.arch", base.hyp(host) + 8, "<Q", ()),
        (host, "kvm_arch", "mmu.arch", TOP | base.hyp(host), "<Q", ()),
        (host, "kvm_arch", "mmu.pgt", 0, "<Q", ()),
        (host, "kvm_arch", "mmu.pgt", base.hyp(pgt) + 8, "<Q", ()),
        (host, "kvm_arch", "mmu.pgt", TOP | base.hyp(pgt), "<Q", ()),
        (host, "kvm_arch", "mmu.pgt", base.hyp(host - PAGE), "<Q", ()),
        (host, "kvm_arch", "mmu.pgd_phys", 0, "<Q", ()),
        (host, "kvm_arch", "mmu.pgd_phys", base.s2.root + PAGE, "<Q", ()),
        (pgt, "kvm_pgtable", "mmu", base.hyp(host) + 8, "<Q", ()),
        (pgt, "kvm_pgtable", "mmu", 0, "<Q", ()),
        (pgt, "kvm_pgtable", "pgd", base.hyp(base.s2.root) + PAGE, "<Q", ()),
        (pgt, "kvm_pgtable", "ia_bits", 31, "<I", ()),
        (pgt, "kvm_pgtable", "ia_bits", 32, "<I", ("host", "hyp")),
        (pgt, "kvm_pgtable", "ia_bits", 52, "<I", ("host", "hyp")),
        (pgt, "kvm_pgtable", "ia_bits", 53, "<I", ()),
        (hyp, "kvm_pgtable", "mmu", base.hyp(host), "<Q", ("host",)),
        (hyp, "kvm_pgtable", "mmu", 1, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "pgd", 0, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "pgd", root + 8, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "pgd", TOP | root, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "mm_ops", 0, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "mm_ops", TOP, "<Q", ("host",)),
        (hyp, "kvm_pgtable", "mm_ops", 1, "<Q", ("host", "hyp")),
        (hyp, "kvm_pgtable", "mm_ops", TOP - 1, "<Q", ("host", "hyp")),
        (hyp, "kvm_pgtable", "ia_bits", 35, "<I", ("host",)),
        (hyp, "kvm_pgtable", "ia_bits", 53, "<I", ("host",)),
        (hyp, "kvm_pgtable", "ia_bits", 39, "<I", ("host",)),  # another start level than is said
        (hyp, "kvm_pgtable", "ia_bits", 40, "<I", ("host", "hyp")),
        (hyp, "kvm_pgtable", "start_level", 1, "<b", ("host",)),
        (hyp, "kvm_pgtable", "start_level", -1, "<b", ("host",)),
        (hyp, "kvm_pgtable", "pgd", base.hyp(base.pa(mkpkvm.FREE)), "<Q", ("host",)),  # a page of the host's, which maps nothing
    )

def decoy_of(s, host, hyp):
    """Both once more, which but for one thing are as good."""
    early(s)
    real, pgt = s.image(HYP_BSS[0]), s.btf.fields["host_mmu"]["pgt"]
    for there, here, struct_name in ((real, host, "host_mmu"), (real + 0x400, hyp, "kvm_pgtable")):
        for at in range(0, s.btf.sizes[struct_name], 8):
            s.ram.put(here + at, s.ram.get(there + at))
    s.put(host, "kvm_arch", "mmu.arch", s.hyp(host))
    s.put(host, "kvm_arch", "mmu.pgt", s.hyp(host + pgt))
    s.put(host + pgt, "kvm_pgtable", "mmu", s.hyp(host))


@case("6.14", "7.3")
def anchors(base):
    """host_mmu and pkvm_pgtable, without which a table is not found; a search steps over what lacks something in front of them."""
    host, hyp = base.image(HYP_BSS[0]), base.image(HYP_BSS[0] + 0x400)
    rows = parts_of_anchors(base, host, hyp)
    decoy = base.image(EARLY), base.image(EARLY) + 0x400
    for at, struct_name, member, value, fmt, want in parts_of_anchors(base, *decoy):
        def in_front_of(s, at=at, struct_name=struct_name, member=member, value=value, fmt=fmt):
            decoy_of(s, *decoy)
            s.put(at, struct_name, member, value, fmt)
        if want != ("host", "hyp"):
            yield f"{struct_name}.{member} at {at:#x} is {value:#x}, in front", in_front_of, {"tables": {"host", "hyp"}}, False

    def guest_of_the_host(s):
        """One that is not protected is as sound, by addresses of the kernel's."""
        decoy_of(s, *decoy)
        pgt = decoy[0] + s.btf.fields["host_mmu"]["pgt"]
        s.put(decoy[0], "kvm_arch", "mmu.arch", s.lin(decoy[0]))
        s.put(decoy[0], "kvm_arch", "mmu.pgt", s.lin(pgt))
        s.put(pgt, "kvm_pgtable", "mmu", s.lin(decoy[0]))
        s.put(pgt, "kvm_pgtable", "pgd", s.lin(s.s2.root))
    yield "a guest of the host in front", guest_of_the_host, {"tables": {"host", "hyp"}}, False
    for symbols in (True, False):
        for at, struct_name, member, value, fmt, want in rows:
            def change(s, at=at, struct_name=struct_name, member=member, value=value, fmt=fmt):
                s.put(at, struct_name, member, value, fmt)
            yield f"{struct_name}.{member} at {at:#x} is {value:#x}", change, {"tables": set(want)}, symbols

        for bits, level, one in ((35, 1, False), (36, 1, True), (39, 1, True), (40, 0, True), (48, 0, True), (48, 1, False), (49, -1, False)):
            def resized(s, bits=bits, level=level):
                s.put(hyp, "kvm_pgtable", "ia_bits", bits, "<I")
                s.put(hyp, "kvm_pgtable", "start_level", level, "<b")
            yield f"{bits} bits from level {level} on", resized, {"tables": {"host", "hyp"} if one else {"host"}}, symbols

        def empty_root(s):
            """Its page is the hypervisor's, whatever stands in it."""
            for at in range(s.s1.root, s.s1.root + PAGE, 8):
                s.poke(at, 0)
        yield "an empty table", empty_root, {"tables": {"host", "hyp"}}, symbols

        def given_back(s):
            empty_root(s)
            s.poke(s.s2.slot(s.s1.root), s.host_leaf(s.s1.root))
        yield "an empty table in a page of the host's", given_back, {"tables": {"host"}}, symbols

        def not_touched(s):
            empty_root(s)
            s.poke(s.s2.slot(s.s1.root), 0)
        yield "an empty table in a page that the host has not touched", not_touched, {"tables": {"host"}}, symbols


@case("6.14", "7.3")
def guests(base):
    """vm_table[]: 255 places, of which each is a guest's handle; what is being made is none, and what leads nowhere hides no other."""
    at, one, two = base.pa(RESERVED + 0x8000), base.vms[0], base.vms[1]
    places = 255  # KVM_MAX_PVMS

    def placed(*entries):
        def change(s):
            for i in range(3):
                s.poke(at + i * 8, 0)
            for place, entry in entries:
                s.poke(at + place * 8, entry)
        return change
    first, second, handle = base.hyp(one.hyp_vm), base.hyp(two.hyp_vm), mkpkvm.HANDLE
    for entries, want in (
            (((0, first), (1, second)), {("vm:100", handle, one.root), ("vm:101", handle + 1, two.root)}),
            (((1, first), (0, second)), {("vm:100", handle + 1, one.root), ("vm:101", handle, two.root)}),
            (((0, first), (places - 1, second)), {("vm:100", handle, one.root), ("vm:101", handle + places - 1, two.root)}),
            (((0, first), (places, second)), {("vm:100", handle, one.root)}),
            (((1, 0xa110ca7ed), (2, second)), {("vm:101", handle + 2, two.root)}),
            (((0, base.hyp(BASE + 2 * SIZE)), (1, second)), {("vm:101", handle + 1, two.root)}),
            ((), set())):
        yield f"{[(i, hex(entry)) for i, entry in entries]}", placed(*entries), {"guest_tables": want}, True

    def unknown_to_the_host(s):
        s.put(one.hyp_vm, "pkvm_hyp_vm", "host_kvm", 0)
    yield "a guest without a struct kvm", unknown_to_the_host, {
        "guest_tables": {("vm:handle-0x1000", handle, one.root), ("vm:101", handle + 1, two.root)}}, True

    def swapped(s):
        for here, there in ((one, two), (two, one)):
            s.put(here.hyp_vm, "pkvm_hyp_vm", "host_kvm", s.hyp(there.kvm))
    yield "each other's struct kvm", swapped, {
        "guest_tables": {("vm:100", handle + 1, two.root), ("vm:101", handle, one.root)}}, True


def loads(path):
    """[(PA, size)] of the memory in a snapshot."""
    data = pathlib.Path(path).read_bytes()
    phoff, = struct.unpack_from("<Q", data, 32)
    rows = [struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i) for i in range(struct.unpack_from("<H", data, 56)[0])]
    return [(row[4], row[6]) for row in rows if row[0] == 1]


def needed_words(s2dump, folder):
    """A page array that a note lets begin and end anywhere is taken along in whole words, the first and the last."""
    path, out, again = (os.path.join(folder, name) for name in ("needs", "needs.out", "needs.again"))
    system, first, size = mkpkvm.build("6.14", None, path)[0], BASE + RESERVED, SIZE // PAGE * 8
    subprocess.run([s2dump, "extract", f"--base={BASE:#x}", f"--system-map={path}.map", path, "-o", out], check=True)
    sound = pathlib.Path(out).read_bytes()
    was = f'"{SIZE // PAGE:#x}","{first:#x}"]'.encode()
    assert sound.count(was) == 1 and system.page_size == 8, was
    bad = []
    for off, n in ((0, size // 8), (0, size // 8 - 1), (4, size // 8 - 1), (1, size // 8 - 1), (7, size // 8 - 1), (4, size // 8 - 2)):
        pathlib.Path(out).write_bytes(sound.replace(was, f'"{n:#06x}","{first + off:#x}"]'.encode()))
        done = subprocess.run([s2dump, "extract", out, "-o", again], capture_output=True, text=True, check=False)
        want = first, -(-(off + n * 8) // 8) * 8
        if done.returncode or want not in loads(again):
            bad.append(f"{n} words from {first + off:#x} on: {want} not in {loads(again)} {done.stderr}")
    return bad


OWN, TYPES = "pkvm_component_id", "kvm_invalid_pte_type"
LOCKED, DONATION, POISONED = "KVM_INVALID_PTE_TYPE_LOCKED", "KVM_HOST_INVALID_PTE_TYPE_DONATION", "KVM_GUEST_INVALID_PTE_TYPE_POISONED"

# Of a kernel with other types than its release has, or without them (None): what its marks mean. ids: none, host, hypervisor, FF-A,
# guest, other; values: none, owned, shared-owned, shared-borrowed, nopage.
ENCODINGS = (
    ("6.12", {}, {"ids": [-1, 0, 1, 2, -1, -1], "host_in": 1, "hyp_in": 1, "annotation": 2, "locked_bit": 1, "split_xn": 0, "text_stays": 0,
                  "guests": 0, "page.size": 4, "page.refcount": 0xffff, "page.order": 0xffff0000, "page.host": 0, "page.hyp": 0,
                  "page.share": 0, "values": [0, 0, 1, 2, 3, 0, 0, 0]}),
    ("6.14", {}, {"ids": [-1, 0, 1, 2, -1, -1], "host_in": 2, "hyp_in": 1, "annotation": 2, "locked_bit": 1, "guests": 1, "page.size": 8,
                  "page.refcount": 0xffff, "page.order": 0xff0000, "page.host": 0xff000000, "page.hyp": 0,
                  "page.share": 0xffffffff << 32, "values": [0, 0, 1, 2, 4, 0, 0, 0]}),
    ("6.17", {}, {"host_in": 2, "hyp_in": 2, "annotation": 2, "text_stays": 0, "page.host": 0xf000000, "page.hyp": 0xf0000000,
                  "values": [0, 0, 1, 2, 3, 0, 0, 0]}),
    ("6.18", {}, {"annotation": 2, "text_stays": 1, "split_xn": 0}),
    ("7.1", {}, {"ids": [-1, 0, 1, -1, 2, -1], "annotation": 3, "types": [1, 2, 3], "split_xn": 1, "text_stays": 1}),
    ("6.14", {OWN: None}, {"ids": [-1, 0, 1, -1, -1, -1]}),
    ("7.1", {OWN: {"PKVM_ID_HOST": 3, "PKVM_ID_HYP": 255, "PKVM_ID_GUEST": 256}}, {"ids": [-1, 3, 255, -1, -1, -1]}),
    ("7.1", {TYPES: {LOCKED: 5, DONATION: 6, POISONED: 7}}, {"annotation": 3, "types": [5, 6, 7]}),
    ("7.1", {TYPES: {"KVM_INVALID_PTE_TYPE_OTHER": 9}}, {"annotation": 3, "types": [1, 2, 3]}),
    ("7.1", {TYPES: None}, {"annotation": 2, "types": [0, 0, 0]}),
    ("7.1", {"kvm_pgtable_prot": None}, {"split_xn": 0}),
    ("6.12", {"pkvm_page_state": None}, {"host_in": 0, "hyp_in": 0, "annotation": 1, "values": [0, 0, 1, 2, 3, 0, 0, 0]}),
    ("6.14", {"pkvm_page_state": {"PKVM_PAGE_OWNED": 4, "PKVM_PAGE_SHARED_OWNED": 255, "PKVM_PAGE_SHARED_BORROWED": 256, "PKVM_NOPAGE": 1}},
     {"host_in": 2, "values": [0, 4, 255, 2, 1, 0, 0, 0]}),
    ("6.14", {"kvm_pgtable_visit_ctx": None}, {"locked_bit": 0}),
    ("6.14", {"hyp_page": [("refcount", "u64"), ("host_state", "u8")]}, {"page.size": 0, "page.refcount": (1 << 64) - 1, "page.host": 0}),
    ("6.14", {"hyp_page": [("refcount", "u32"), ("order", "u16"), ("pad", "u8"), ("host_state", "u8")]},
     {"page.size": 8, "page.refcount": 0xffffffff, "page.order": 0xffff << 32, "page.host": 0xff << 56, "page.share": 0}),
)


def built_with(gen, types):
    """A system whose kernel has other structures and enums."""
    kept = mkpkvm.Btf.struct, mkpkvm.Btf.enum

    def instead(how):
        def add(btf, name, members, *more):
            if types.get(name, members) is not None:
                how(btf, name, types.get(name, members), *more)
        return add
    mkpkvm.Btf.struct, mkpkvm.Btf.enum = map(instead, kept)
    try:
        return mkpkvm.System(gen)
    finally:
        mkpkvm.Btf.struct, mkpkvm.Btf.enum = kept


def encodings(s2dump, folder):
    bad, path = [], os.path.join(folder, "types")
    for gen, types, want in ENCODINGS:
        system = built_with(gen, types)
        pathlib.Path(path).write_bytes(system.ram.bytes)
        got, text = found(s2dump, path, system, True)
        wrong = {name: ((got or {}).get(name), value) for name, value in want.items() if (got or {}).get(name) != value}
        if wrong:
            bad.append(f"{gen} with {types}: (is, should be) {wrong} {text}")
    return bad


LISTS = ("memory", "vmemmap", "cpus")


def found(s2dump, path, system, symbols):
    """Members of the note, as numbers; None and the reason when there is none."""
    map_path, out = f"{path}.map", f"{path}.out"
    lines = system.system_map().splitlines(True)
    if symbols == "some":  # the CPUs are searched for
        lines = [line for line in lines if "per_cpu_start" not in line]
    elif not symbols:
        lines = [line for line in lines if line.split()[2] in mkpkvm.SYMBOLS]
    with open(map_path, "w", encoding="utf-8") as f:
        f.writelines(lines)
    done = subprocess.run([s2dump, "extract", f"--base={BASE:#x}", f"--system-map={map_path}", path, "-o", out], capture_output=True,
                          text=True, timeout=60, check=False)
    if done.returncode not in (0, 4):
        return None, f"exit status {done.returncode}: {done.stderr}"
    whole = note(out)
    ret = {name: triples(value) if name in LISTS else value if isinstance(value, list) else int(value, 0)
           for name, value in whole.get("pkvm", {}).items()}
    ret["tables"] = {table["id"] for table in whole["tables"] if table["id"] in ("host", "hyp")}
    ret["guest_tables"] = {(table["id"], table["handle"], int(table["root"], 0)) for table in whole["tables"] if table.get("pkvm_role") == 3}
    for table in whole["tables"]:
        if table["id"] == "hyp":
            ret |= {name: int(value, 0) for name, value in table["registers"].items()}
    return ret, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--s2dump", required=True)
    args = parser.parse_args()
    s2dump, images, failed, n = os.path.abspath(args.s2dump), {}, 0, 0
    with tempfile.TemporaryDirectory(prefix="s2hyp.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        for gen, function in CASES:
            image = images.get(gen) or Image(mkpkvm.System(gen), os.path.join(folder, gen))
            images[gen] = image
            for what, change, want, symbols in function(image.system):
                n += 1
                got, text = image.ask(change, lambda: found(s2dump, image.path, image.system, symbols))
                wrong = {name: (got.get(name), value) for name, value in want.items() if got.get(name) != value} if got else text
                if wrong:
                    failed += 1
                    print(f"{gen} {function.__name__}, {what}: (is, should be) {wrong} {text}")
        for wrong in needed_words(s2dump, folder) + encodings(s2dump, folder):
            failed += 1
            print(wrong)
        n += 1 + len(ENCODINGS)
    print(f"{n - failed} as they should be, {failed} not")
    return 1 if failed or not n else 0


if __name__ == "__main__":
    sys.exit(main())
