#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory of small protected systems, written from the layouts of 6.12 to 7.3, sound or with one thing wrong.

    mkpkvm.py GENERATION OUT [--break NAME]   writes OUT (raw memory, --base=0x40000000) and OUT.map (System.map)
    mkpkvm.py GENERATION OUT --without NAME   writes OUT (ELF core) without a fact that some checks need, and OUT.map
    mkpkvm.py --list                          what can be broken, and left out
    mkpkvm.py --test --s2dump PATH            builds all of them and holds `s2dump check` to what it must say

Generations: 6.12 (states in leaves, guests are the host's), 6.14 (host state in hyp_vmemmap), 6.17 (the hypervisor's as
well, blocks), 6.18 (its text stays readable), 7.1 (typed annotations, pages given to guests), 7.2 (stacks are the
hypervisor's), 7.3 (all of the private range is). Nothing here is shared with the readers.
"""
import argparse
import os
import struct
import subprocess
import sys
import tempfile

import s2json

BASE, SIZE, PAGE = 0x40000000, 16 << 20, 4096
IMAGE, NOTE, KTABLES, RESERVED, RESERVED_SIZE = 0x400000, 0x800000, 0x900000, 0xc00000, 0x100000
STEXT = 0xffff800080000000
PAGE_OFFSET = 0xffff000000000000
HYP_VA = 0x800000000000  # hypervisor VA of PA 0
IO_BASE, VMEMMAP_VA = 0x400000000000, 0x600000000000
# In the image, from _stext on.
HYP_TEXT, IDMAP, BTF, HYP_RODATA, DATA = (0x8000, 0xc000), 0xc000, 0x20000, (0x1e000, 0x1f000), 0x80000
HYP_BSS = (0x80000, 0x82000)
SWAPPER = 0x7f000
FAR_DATA = 0x200000  # another table page of the kernel's maps it
LENT = 0x90000
# In low memory.
PERCPU, STACK, KVM, GUEST, DONATED, SHARED, FREE = 0x100000, 0x110000, 0x120000, 0x180000, 0x190000, 0x1a0000, 0x1b0000
BLOCK, BLOCK_SIZE = 0x200000, 0x200000
HYPVM, TABLES = 0xd00000, 0xd20000  # donated by the host
MEMMAP, MEMMAP_VA, PAGE_STRUCT, REFCOUNT = 0x40000, 0xfffffffe00000000, 64, 52  # struct page
MM, VMM, HOSTS = 0x80000, 0x400000 - 0x40000, 0x400000 - 0x20000  # struct mm_struct, VMMs' tables, guests' tables
SNAPSHOT = 0xf00000                  # struct kvm_pgtable_snapshot, its list, its tables

OWNED, SHARED_OWNED, BORROWED, NOPAGE = 0, 1, 2, 3
HANDLE = 0x1000


# --- BTF ---------------------------------------------------------------------------------------------------------------

class Btf:
    def __init__(self):
        self.strings, self.types, self.ids, self.sizes, self.fields = b"\0", [], {}, {}, {}
        for name, size in (("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8), ("s8", 1), ("int", 4), ("long", 8)):
            signed = name in ("s8", "int", "long")
            self.add(name, 1, size, struct.pack("<I", (signed << 24) | size * 8))
            self.sizes[name] = size

    def string(self, text):
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def add(self, name, kind, size, extra=b"", vlen=0, flag=0):
        info = kind << 24 | vlen | flag << 31
        self.types.append(struct.pack("<III", self.string(name) if name else 0, info, size) + extra)
        if name:
            self.ids[name] = len(self.types)
        return len(self.types)

    def pointer(self, name="void"):
        key = name + "*"
        if key not in self.ids:
            self.ids[key] = self.add("", 2, self.ids.get(name, 0))
            self.sizes[key] = 8
        return self.ids[key]

    def array(self, name, n):
        key = f"{name}[{n}]"
        if key not in self.ids:
            self.ids[key] = self.add("", 3, 0, struct.pack("<III", self.ids[name], self.ids["int"], n))
            self.sizes[key] = self.sizes[name] * n
        return self.ids[key]

    def resolve(self, name):
        if name.endswith("*"):
            self.pointer(name[:-1])
        elif name.endswith("]"):
            self.array(name[:name.index("[")], int(name[name.index("[") + 1:-1]))
        return self.ids[name]

    def struct(self, name, members, kind=4):
        """members: (name, type[, bits]); fields() tells offsets. Natural alignment."""
        bit, top, extra, align = 0, 0, b"", 1
        bits = any(len(m) > 2 for m in members)
        self.fields[name] = {}
        for member, type_name, *width in members:
            number, size = self.resolve(type_name), self.sizes[type_name]
            unit = min(size, 8) if not type_name.endswith("]") else min(8, size)
            if type_name in self.fields:
                unit = 8 if size >= 8 else 4
            align = max(align, unit)
            if not width and kind == 4:
                bit = (bit + unit * 8 - 1) // (unit * 8) * unit * 8
            at = 0 if kind == 5 else bit
            extra += struct.pack("<III", self.string(member) if member else 0, number,
                                 at | ((width[0] << 24) if width else 0))
            self.fields[name][member or type_name] = at // 8
            for inner, off in self.fields.get(type_name, {}).items() if not member else ():
                self.fields[name][inner] = at // 8 + off
            bit = at + (width[0] if width else size * 8)
            top = max(top, bit)
        size = (top // 8 + align - 1) // align * align
        self.add(name, kind, size, extra, len(members), bits)
        self.sizes[name] = size

    def enum(self, name, values):
        if any(v >> 31 for v in values.values()):
            extra = b"".join(struct.pack("<III", self.string(k), v & 0xffffffff, v >> 32) for k, v in values.items())
            self.add(name, 19, 8, extra, len(values))
            self.sizes[name] = 8
        else:
            extra = b"".join(struct.pack("<Ii", self.string(k), v) for k, v in values.items())
            self.add(name, 6, 4, extra, len(values))
            self.sizes[name] = 4

    def blob(self):
        types = b"".join(self.types)
        head = struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(self.strings))
        return head + types + self.strings


GENERATIONS = ("6.12", "6.14", "6.17", "6.18", "7.1", "7.2", "7.3")


def since(first):
    """The generations from @first on."""
    return GENERATIONS[GENERATIONS.index(first):]


def kernel_types(gen):
    b = Btf()
    b.struct("list_head", [("next", "void*"), ("prev", "void*")])
    b.struct("rb_node", [("__rb_parent_color", "u64"), ("rb_right", "void*"), ("rb_left", "void*")])
    b.struct("rb_root", [("rb_node", "void*")])
    b.struct("rb_root_cached", [("rb_root", "rb_root"), ("rb_leftmost", "void*")])
    b.struct("kvm_s2_mmu", [("vmid", "u64"), ("pgd_phys", "u64"), ("pgt", "void*"), ("vtcr", "u64"), ("arch", "void*")])
    protected = [("handle", "u16" if gen in since("7.1") else "u32"), ("teardown_mc", "u64[3]")]
    if gen in since("6.18"):
        protected += [("is_protected", "u8"), ("is_created", "u8")]
    b.struct("mm_struct", [("pgd", "void*")])
    b.struct("kvm_protected_vm", protected)
    b.struct("kvm_arch", [("mmu", "kvm_s2_mmu"), ("pkvm", "kvm_protected_vm")])
    b.struct("atomic_t", [("counter", "int")])
    b.struct("kvm", [("memslots", "u64[2]"), ("mm", "void*"), ("vm_list", "list_head"), ("online_vcpus", "atomic_t"),
                     ("userspace_pid", "int"), ("arch", "kvm_arch"), ("vcpus", "u64[1]")])
    b.struct("kvm_vcpu_arch", [("hcr_el2", "u64")])
    b.struct("kvm_vcpu", [("arch", "kvm_vcpu_arch")])
    b.struct("kvm_memslots", [("gfn_tree", "rb_root"), ("node_idx", "int")])
    b.struct("kvm_memory_slot", [("gfn_node", "rb_node[2]"), ("base_gfn", "u64"), ("npages", "u64"),
                                 ("userspace_addr", "u64"), ("flags", "u32"), ("id", "u16"), ("as_id", "u16")])
    b.enum("kvm_pgtable_stage2_flags", {"KVM_PGTABLE_S2_IDMAP": 1, "KVM_PGTABLE_S2_AS_S1": 2} if gen in since("7.1") else
           {"KVM_PGTABLE_S2_NOFWB": 1, "KVM_PGTABLE_S2_IDMAP": 2})
    pgtable = [("ia_bits", "u32"), ("start_level", "s8"), ("pgd", "void*"), ("mm_ops", "void*"),
               ("flags", "kvm_pgtable_stage2_flags"), ("force_pte_cb", "void*")]
    if gen == "6.12":
        b.struct("kvm_pgtable", pgtable + [("mmu", "void*")])
    else:
        b.struct("", pgtable)
        b.ids["real"], b.sizes["real"], b.fields["real"] = len(b.types), b.sizes[""], b.fields[""]
        root = "rb_root" if gen == "6.14" else "rb_root_cached"
        b.struct("", [("pkvm_mappings", root), ("", "real")], 5)
        b.ids["either"], b.sizes["either"], b.fields["either"] = len(b.types), b.sizes[""], dict(b.fields[""])
        b.struct("kvm_pgtable", [("", "either"), ("mmu", "void*")])
    b.struct("kvm_pgtable_mm_ops", [("ops", "u64[11]")])
    b.struct("host_mmu", [("arch", "kvm_arch"), ("pgt", "kvm_pgtable"), ("mm_ops", "kvm_pgtable_mm_ops"), ("lock", "u32")])
    b.struct("memblock_region", [("base", "u64"), ("size", "u64"), ("flags", "u32"), ("nid", "int")])
    b.struct("kvm_nvhe_init_params", [(n, "u64") for n in ("mair_el2", "tcr_el2", "tpidr_el2", "stack_hyp_va", "stack_pa",
                                                          "pgd_pa", "hcr_el2", "vttbr", "vtcr", "tmp")])
    b.struct("pkvm_hyp_vm", [("kvm", "kvm"), ("host_kvm", "void*"), ("pgt", "kvm_pgtable")])
    mapping = [("node", "rb_node"), ("gfn", "u64"), ("pfn", "u64")]
    if gen in since("7.3"):
        b.struct("pkvm_mapping", mapping + [("nr_pages", "u64", 48), ("nc", "u64", 1)])
    elif gen in since("6.14"):
        b.struct("pkvm_mapping", mapping + ([("nr_pages", "u64")] if gen != "6.14" else []))
    if gen == "6.12":
        b.struct("hyp_page", [("refcount", "u16"), ("order", "u16")])
    elif gen == "6.14":
        b.struct("hyp_page", [("refcount", "u16"), ("order", "u8"), ("host_state", "u8"), ("host_share_guest_count", "u32")])
    else:
        b.struct("hyp_page", [("refcount", "u16", 16), ("order", "u8", 8), ("__host_state", "u8", 4),
                              ("__hyp_state_comp", "u8", 4), ("host_share_guest_count", "u32", 32)])
    b.struct("kvm_ffa_buffers", [("lock", "u32"), ("tx", "void*"), ("rx", "void*")])
    b.struct("kvm_pgtable_visit_ctx", [("ptep", "void*")])
    if gen == "6.12":
        b.enum("pkvm_page_state", {"PKVM_PAGE_OWNED": 0, "PKVM_PAGE_SHARED_OWNED": 1 << 55,
                                   "PKVM_PAGE_SHARED_BORROWED": 1 << 56, "PKVM_NOPAGE": (3 << 55) + 1})
    else:
        b.enum("pkvm_page_state", {"PKVM_PAGE_OWNED": 0, "PKVM_PAGE_SHARED_OWNED": 1, "PKVM_PAGE_SHARED_BORROWED": 2,
                                   "PKVM_NOPAGE": 4 if gen == "6.14" else 3})
    b.enum("pkvm_component_id", {"PKVM_ID_HOST": 0, "PKVM_ID_HYP": 1, **({"PKVM_ID_GUEST": 2} if gen in since("7.1") else
                                                                       {"PKVM_ID_FFA": 2})})
    if gen in since("7.1"):
        b.enum("kvm_invalid_pte_type", {"KVM_INVALID_PTE_TYPE_LOCKED": 1, "KVM_HOST_INVALID_PTE_TYPE_DONATION": 2,
                                        "KVM_GUEST_INVALID_PTE_TYPE_POISONED": 3})
        b.enum("kvm_pgtable_prot", {"KVM_PGTABLE_PROT_PX": 1, "KVM_PGTABLE_PROT_UX": 2})
    return b


# --- Memory ------------------------------------------------------------------------------------------------------------

class Table:
    """A tree of table pages; counts entries, takes pages from where it is told."""
    def __init__(self, ram, alloc, bits, start_tables=1, levels=4):
        self.ram, self.alloc, self.bits, self.levels = ram, alloc, bits, levels
        self.root = alloc(start_tables)
        self.pages = {self.root + i * PAGE: 0 for i in range(start_tables)}

    def slot(self, ia, height=0):
        """PA of the entry for @ia at @height, tables made on the way."""
        table = self.root
        for h in range(self.levels - 1, height - 1, -1):
            index = ia >> (12 + 9 * h) & (0x1ff if h != self.levels - 1 else (1 << self.bits - 12 - 9 * h) - 1)
            at = table + index * 8
            if h == height:
                return at
            if not self.ram.get(at):
                child = self.alloc(1)
                self.pages[child] = 0
                self.ram.put(at, child | 3)
            table = self.ram.get(at) & 0xfffffffff000
        raise AssertionError

    def pages_at(self, ia, height):
        """PA of the table page that holds the entry for @ia at @height."""
        return self.slot(ia, height) & ~0xfff

    def set(self, ia, desc, height=0):
        at = self.slot(ia, height)
        self.ram.put(at, desc)
        return at


class Ram:
    def __init__(self):
        self.bytes = bytearray(SIZE)

    def get(self, pa, fmt="<Q"):
        return struct.unpack_from(fmt, self.bytes, pa - BASE)[0]

    def put(self, pa, value, fmt="<Q"):
        struct.pack_into(fmt, self.bytes, pa - BASE, value)


class System:
    info = ""  # more lines of VMCOREINFO

    def __init__(self, gen, kvm_at=0):
        """With @kvm_at a struct kvm begins so far into its page."""
        self.gen, self.ram, self.btf, self.symbols, self.kvm_at = gen, Ram(), kernel_types(gen), {}, kvm_at
        self.in_pte = gen == "6.12"          # both states
        self.in_vmemmap = gen in since("6.17")  # both; else the host's only
        self.hosts_guests = gen == "6.12"    # their tables are the host's
        self.page_size = self.btf.sizes["hyp_page"]
        self.text_stays = gen in since("6.18")
        self.typed = gen in since("7.1")
        self.blocks = gen in since("6.17")
        self.nopage = 4 if gen == "6.14" else 3
        self.used = {"s": SNAPSHOT + 0x10000, "k": KTABLES, "r": RESERVED + 0x10000, "g": TABLES, "v": VMM, "h": HOSTS}
        self.host_state, self.hyp_state, self.refs, self.shares, self.hyp_leaf = {}, {}, {}, {}, {}
        self.build()

    # Addresses and allocation.
    def pa(self, off):
        return BASE + off

    def image(self, off):
        return BASE + IMAGE + off

    def alloc(self, pool):
        def take(n):
            at = self.used[pool]
            if n > 1:
                at = (at + n * PAGE - 1) // (n * PAGE) * n * PAGE
            self.used[pool] = at + n * PAGE
            return BASE + at
        return take

    def field(self, struct_name, path):
        off, name = 0, struct_name
        for part in path.split("."):
            off += self.btf.fields[name][part]
            name = {"arch": "kvm_arch", "mmu": "kvm_s2_mmu", "pkvm": "kvm_protected_vm", "pgt": "kvm_pgtable",
                    "kvm": "kvm"}.get(part, part)
            if part == "mmu" and struct_name == "kvm_pgtable":
                break
        return off

    def put(self, pa, struct_name, path, value, fmt="<Q"):
        self.ram.put(pa + self.field(struct_name, path), value, fmt)

    @staticmethod
    def hyp(pa):
        return HYP_VA + pa

    @staticmethod
    def lin(pa):
        return PAGE_OFFSET + pa - BASE

    # Descriptors.
    def host_leaf(self, pa, rights=0xc0, xn=0, page=True):
        return pa | (3 if page else 1) | 0xf << 2 | rights | 3 << 8 | 1 << 10 | xn << 54

    def hyp_desc(self, pa, kind):
        ap, xn = {"rw": (1, 1), "ro": (3, 1), "rx": (3, 0)}[kind]
        return pa | 3 | ap << 6 | 3 << 8 | 1 << 10 | xn << 54

    @staticmethod
    def guest_leaf(pa, state=0, page=True):
        return pa | (3 if page else 1) | 0xf << 2 | 0xc0 | 3 << 8 | 1 << 10 | state << 55

    def annotation(self, owner, handle=0, gfn=0):
        if not self.typed:
            return owner << 2
        return 2 << 60 | owner << 1 | handle << 4 | gfn << 20

    # Ownership, both sides and both tables at once.
    def hyp_map(self, pa, kind="rw", state=0):
        self.hyp_leaf[pa] = self.s1.set(self.hyp(pa), self.hyp_desc(pa, kind) | (0 if self.in_vmemmap else state << 55))

    def give_to_hyp(self, pa, n=1, kind="rw", map_it=True):
        for p in range(pa, pa + n * PAGE, PAGE):
            self.host_state[p], self.hyp_state[p] = self.nopage, OWNED
            stays = self.text_stays and kind == "rx"
            self.s2.set(p, self.host_leaf(p, 0x40, 1) if stays else self.annotation(1))
            if map_it:
                self.hyp_map(p, kind)

    def state_bits(self, state):
        return state << 55 if self.in_pte else 0

    def share_with_hyp(self, pa, pinned=True):
        self.host_state[pa], self.hyp_state[pa] = SHARED_OWNED, BORROWED
        self.s2.set(pa, self.host_leaf(pa) | self.state_bits(SHARED_OWNED))
        self.refs[pa] = 1 if pinned else 0
        if pinned or not self.in_vmemmap:
            self.hyp_map(pa, "rw", BORROWED)

    def share_with_guest(self, pa, table, gfn):
        self.host_state[pa] = SHARED_OWNED
        self.shares[pa] = self.shares.get(pa, 0) + 1
        table.set(gfn << 12, self.guest_leaf(pa, BORROWED))
        self.s2.set(pa, self.host_leaf(pa))

    def share_block_with_guest(self, pa, table, gfn):
        for p in range(pa, pa + BLOCK_SIZE, PAGE):
            self.host_state[p] = SHARED_OWNED
            self.shares[p] = self.shares.get(p, 0) + 1
        table.set(gfn << 12, self.guest_leaf(pa, BORROWED, page=False), 1)
        self.s2.set(pa, self.host_leaf(pa, page=False), 1)

    def give_to_guest(self, pa, table, handle, gfn):
        self.host_state[pa] = self.nopage
        table.set(gfn << 12, self.guest_leaf(pa))
        self.s2.set(pa, self.annotation(2, handle, gfn))

    # The parts.
    def build(self):
        self.swapper()
        self.s2 = Table(self.ram, self.alloc("r"), 40, 2, 3)
        self.s1 = Table(self.ram, self.alloc("r"), 48)
        self.objects()
        self.hypervisor()
        self.vms = [self.vm(i) for i in range(2)]
        self.scenario()
        self.host_rest()
        if self.gen in since("7.2"):
            self.give_to_hyp(self.pa(STACK), map_it=False)
        if self.gen in since("7.3"):
            self.function("__kvm_nvhe_pkvm_check_host_ownership")
        self.snapshot()
        self.finish()

    def swapper(self):
        """The kernel's own table."""
        ram, page = self.ram, self.alloc("k")
        root = self.image(SWAPPER)
        table = Table(ram, lambda n: root if n == 0 else page(n), 48)
        table.root = root
        self.swapper_table = table
        for i in range(SIZE // PAGE * PAGE_STRUCT // PAGE):
            table.set(MEMMAP_VA + i * PAGE, self.pa(MEMMAP) + i * PAGE | 3 | 1 << 10 | 3 << 8 | 3 << 53)
        for off in range(0, SIZE, PAGE):
            table.set(self.lin(BASE + off), (BASE + off) | 3 | 1 << 10 | 3 << 8 | 3 << 53)
        for off in (*range(0, 0x100000, PAGE), FAR_DATA):
            write, execute = off >= DATA, off < 0x10000
            table.set(STEXT + off, self.image(off) | 3 | 1 << 10 | 3 << 8 | (0 if write else 1 << 7) |
                      1 << 54 | (0 if execute else 1 << 53))

    def symbol(self, name, off):
        self.symbols[name] = STEXT + off
        return self.image(off)

    def function(self, name):
        """A function of the hypervisor: what counts is that there is one."""
        self.symbols[name] = STEXT + HYP_TEXT[0] + 16 * len(self.symbols)

    def objects(self):
        """Anchors in the hypervisor's .bss: host_mmu, pkvm_pgtable, hyp_memory."""
        host = self.symbol("__kvm_nvhe_host_mmu", HYP_BSS[0])
        vtcr = 0x80023558
        pgt = host + self.btf.fields["host_mmu"]["pgt"]
        self.put(host, "kvm_arch", "mmu.pgd_phys", self.s2.root)
        self.put(host, "kvm_arch", "mmu.pgt", self.hyp(pgt))
        self.put(host, "kvm_arch", "mmu.vtcr", vtcr)
        self.put(host, "kvm_arch", "mmu.arch", self.hyp(host))
        for name, value, fmt in (("ia_bits", 40, "<I"), ("start_level", 1, "<b"), ("pgd", self.hyp(self.s2.root), "<Q"),
                                 ("mm_ops", self.hyp(host + 0x300), "<Q"), ("flags", 3 if not self.typed else 3, "<I"),
                                 ("mmu", self.hyp(host), "<Q")):
            self.put(pgt, "kvm_pgtable", name, value, fmt)
        pgt = self.symbol("__kvm_nvhe_pkvm_pgtable", HYP_BSS[0] + 0x400)
        for name, value, fmt in (("ia_bits", 48, "<I"), ("start_level", 0, "<b"), ("pgd", self.hyp(self.s1.root), "<Q"),
                                 ("mm_ops", self.hyp(host + 0x300), "<Q")):
            self.put(pgt, "kvm_pgtable", name, value, fmt)
        self.ram.put(self.symbol("__kvm_nvhe_hyp_physvirt_offset", HYP_RODATA[0]), -HYP_VA & (1 << 64) - 1)
        self.ram.put(self.symbol("__kvm_nvhe___hyp_vmemmap", HYP_BSS[0] + 0x480), VMEMMAP_VA)
        self.ram.put(self.symbol("__kvm_nvhe_hyp_memblock_nr", HYP_BSS[0] + 0x488), 1, "<I")
        memory = self.symbol("__kvm_nvhe_hyp_memory", HYP_BSS[0] + 0x500)
        self.put(memory, "memblock_region", "base", BASE)
        self.put(memory, "memblock_region", "size", SIZE)
        self.ram.put(self.symbol("__kvm_nvhe_vm_table", HYP_BSS[0] + 0x490), self.hyp(self.pa(RESERVED + 0x8000)))
        self.symbol("__kvm_nvhe_host_buffers", HYP_BSS[0] + 0x4a0)
        self.ram.put(self.symbol("__kvm_nvhe_hyp_nr_cpus", HYP_BSS[0] + 0x4b8), 1)
        self.ram.put(self.symbol("hyp_mem_base", DATA + 0x8000), self.pa(RESERVED))
        self.ram.put(self.symbol("hyp_mem_size", DATA + 0x8008), RESERVED_SIZE)
        self.ram.put(self.symbol("kvm_protected_mode_initialized", DATA + 0x8010), 1, "<I")
        self.symbol("hyp_pgtable", DATA + 0x8018)
        self.vm_list = self.symbol("vm_list", DATA + 0x8020)
        self.symbol("_stext", 0)
        params = self.pa(PERCPU) + 0x100
        if self.gen in ("6.17", "7.1"):  # by symbol; in the others it has to be searched for
            self.symbol("__kvm_nvhe___per_cpu_start", HYP_BSS[0] + 0x1800)
            self.symbol("__kvm_nvhe_kvm_init_params", HYP_BSS[0] + 0x1900)
            self.ram.put(self.symbol("__kvm_nvhe_kvm_arm_hyp_percpu_base", HYP_BSS[0] + 0x4c0), self.lin(self.pa(PERCPU)))
            self.ram.put(self.symbol("nr_cpu_ids", DATA + 0x8028), 1, "<I")
        for name, value in (("mair_el2", 0x40044ffff), ("tcr_el2", 0x80850010), ("stack_hyp_va", IO_BASE + 0x2000),
                            ("stack_pa", self.pa(STACK)), ("pgd_pa", self.s1.root), ("hcr_el2", 0x80000001),
                            ("vttbr", self.s2.root), ("vtcr", vtcr)):
            self.put(params, "kvm_nvhe_init_params", name, value)

    def hypervisor(self):
        self.give_to_hyp(self.pa(RESERVED), RESERVED_SIZE // PAGE)
        self.give_to_hyp(self.pa(PERCPU))
        for (first, end), kind in ((HYP_TEXT, "rx"), (HYP_RODATA, "ro"), (HYP_BSS, "rw")):
            self.give_to_hyp(self.image(first), (end - first) // PAGE, kind)
        self.give_to_hyp(self.image(FAR_DATA))
        self.s1.set(self.image(IDMAP), self.hyp_desc(self.image(IDMAP), "rx"))
        self.stack_at = self.s1.set(IO_BASE + 0x1000, self.hyp_desc(self.pa(STACK), "rw"))
        for i in range(SIZE // PAGE * self.page_size // PAGE):
            self.s1.set(VMEMMAP_VA + (BASE >> 12) * self.page_size + i * PAGE, self.hyp_desc(self.pa(RESERVED) + i * PAGE, "rw"))
        # A fixmap slot: what it mapped last, no longer valid.
        self.fixmap_at = self.s1.set(IO_BASE + 0x3000, self.hyp_desc(self.image(HYP_BSS[0]), "rw") & ~1)
        self.function("__kvm_nvhe_hyp_fixmap_map")
        # The same for a block, with the first one that memory holds.
        if self.blocks:
            self.fixblock_at = self.s1.set(IO_BASE + BLOCK_SIZE, self.hyp_desc(BASE, "rw") & ~3, 1)
            self.function("__kvm_nvhe_hyp_fixblock_map")

    def vm(self, i):
        base, hyp_vm = self.pa(KVM) + i * 0x2000, self.pa(HYPVM) + i * PAGE
        kvm = base + self.kvm_at
        table = Table(self.ram, self.alloc("h" if self.hosts_guests else "g"), 40, 2, 3)
        table.handle, table.kvm, table.hyp_vm, table.mappings = HANDLE + i, kvm, hyp_vm, {}
        self.share_with_hyp(kvm)
        self.give_to_hyp(hyp_vm)
        for at, handle in ((kvm, table.handle), (hyp_vm, table.handle)):
            self.put(at, "kvm", "arch.pkvm.handle", handle, "<H" if self.typed else "<I")
        self.put(kvm, "kvm", "userspace_pid", 100 + i, "<i")
        self.put(kvm, "kvm", "online_vcpus", 1, "<i")
        self.put(kvm, "kvm", "arch.mmu.vtcr", 0x80023558)
        self.put(kvm, "kvm", "arch.mmu.arch", self.lin(kvm) + self.field("kvm", "arch"))
        pgt = base + 0x800
        self.put(kvm, "kvm", "arch.mmu.pgt", self.lin(pgt))
        self.put(pgt, "kvm_pgtable", "mmu", self.lin(kvm) + self.field("kvm", "arch"))
        table.root_at = pgt
        # struct pkvm_hyp_vm
        self.put(hyp_vm, "pkvm_hyp_vm", "kvm.arch.mmu.vtcr", 0x80023558)
        if self.hosts_guests:
            self.put(kvm, "kvm", "arch.mmu.pgd_phys", table.root)
        else:
            self.put(hyp_vm, "pkvm_hyp_vm", "kvm.arch.mmu.pgd_phys", table.root)
        self.put(hyp_vm, "pkvm_hyp_vm", "host_kvm", self.hyp(kvm))
        self.ram.put(self.pa(RESERVED + 0x8000) + i * 8, self.hyp(hyp_vm))
        # A vCPU, for guests without FWB.
        vcpu = base + 0xb00
        self.put(kvm, "kvm", "vcpus", self.lin(vcpu))
        self.ram.put(vcpu, 0x80000001)
        # One memslot of 4 MiB at 0x80000000.
        slots, slot = base + 0x900, base + 0xa00
        self.put(kvm, "kvm", "memslots", self.lin(slots))
        self.ram.put(slots, self.lin(slot))
        for name, value, fmt in (("base_gfn", 0x80000, "<Q"), ("npages", 1024, "<Q"), ("userspace_addr", 0x10000000, "<Q")):
            self.put(slot, "kvm_memory_slot", name, value, fmt)
        # The VMM: a process with 48 bits of address space.
        table.vmm, mm = Table(self.ram, self.alloc("v"), 48), self.pa(MM) + i * 64
        self.put(kvm, "kvm", "mm", self.lin(mm))
        self.put(mm, "mm_struct", "pgd", self.lin(table.vmm.root))
        return table

    def hosts_guest_maps(self, table, gfn, pa, write=True):
        """A guest of the host, and its VMM, which has the page at its memslot's address."""
        table.set(gfn << 12, self.guest_leaf(pa) & ~(0 if write else 0x80))
        table.vmm.set(0x10000000 + (gfn - 0x80000 << 12), self.vmm_leaf(pa, write))

    @staticmethod
    def vmm_leaf(pa, write=True):
        """A user page: valid, EL0, inner shareable, AF, nG, UXN and PXN; read-only with AP[2]."""
        return pa | 3 | 1 << 6 | 3 << 8 | 1 << 10 | 1 << 11 | 3 << 53 | (0 if write else 1 << 7)

    def scenario_of_host(self):
        one, two = self.vms
        for i in range(4):
            self.hosts_guest_maps(one, 0x80000 + i, self.pa(GUEST) + i * PAGE)
            self.hosts_guest_maps(two, 0x80010 + i, self.pa(GUEST) + (8 + i) * PAGE)
        self.hosts_guest_maps(two, 0x80000, self.pa(GUEST), write=False)  # the first's, and only read
        self.hosts_guest_maps(two, 0x80001, self.pa(GUEST) + PAGE)  # both VMMs share it, and both guests write it
        self.share_with_hyp(self.pa(SHARED))
        # What the hypervisor lends to the host: read-only there (kvm_vgic_global_state).
        lent = self.image(LENT)
        self.s1.set(self.hyp(lent), self.hyp_desc(lent, "ro") | SHARED_OWNED << 55)
        self.s2.set(lent, self.host_leaf(lent) | BORROWED << 55)

    def scenario(self):
        if self.hosts_guests:
            self.scenario_of_host()
            return
        one, two = self.vms
        for i in range(4):
            self.share_with_guest(self.pa(GUEST) + i * PAGE, one, 0x80000 + i)
            one.mappings[0x80000 + i] = self.pa(GUEST) + i * PAGE, 1
        self.share_with_guest(self.pa(GUEST), two, 0x80000)  # two guests borrow one page
        two.mappings[0x80000] = self.pa(GUEST), 1
        if self.blocks:
            self.share_block_with_guest(self.pa(BLOCK), two, 0x80200)
            two.mappings[0x80200] = self.pa(BLOCK), 512
        self.share_with_hyp(self.pa(SHARED))
        self.share_with_hyp(self.pa(SHARED) + PAGE, pinned=False)
        if self.typed:
            for i in range(4):
                self.give_to_guest(self.pa(DONATED) + i * PAGE, one, one.handle, 0x80100 + i)
                one.mappings[0x80100 + i] = self.pa(DONATED) + i * PAGE, 1
            # The guest shares one of them with the host again, and one was taken away by force.
            shared = self.pa(DONATED) + PAGE
            one.set(0x80101 << 12, self.guest_leaf(shared, SHARED_OWNED))
            self.host_state[shared] = BORROWED
            self.s2.set(shared, self.host_leaf(shared))
            poisoned = self.pa(DONATED) + 3 * PAGE
            one.set(0x80103 << 12, 3 << 60)
            self.host_state[poisoned] = OWNED
            self.s2.set(poisoned, self.host_leaf(poisoned))

    def host_rest(self):
        """Devices as a block, some memory that the host has touched, and the tables of guests given away."""
        self.s2.set(0x08000000, self.host_leaf(0x08000000, xn=1, page=False), 1)
        for off in (FREE, FREE + PAGE, STACK, NOTE):
            self.s2.set(self.pa(off), self.host_leaf(self.pa(off)))
        self.s2.set(self.pa(0xe00000), self.host_leaf(self.pa(0xe00000), page=False), 1)
        for table in self.vms if not self.hosts_guests else ():
            for page in table.pages:
                self.give_to_hyp(page)

    def snapshot(self):
        """A copy of a stage 2 as the series of 2023 leaves it: 40 bits, two PGD pages, a list of the others."""
        table = Table(self.ram, self.alloc("s"), 40, 2, 3)
        for i in range(3):
            table.set(0x80000000 + i * 0x600000, self.guest_leaf(self.pa(GUEST) + i * PAGE))
        at, used = self.pa(SNAPSHOT), self.pa(SNAPSHOT + PAGE)
        for name, value, fmt in (("ia_bits", 40, "<I"), ("start_level", 1, "<b"), ("pgd", table.root, "<Q"),
                                 ("flags", 0, "<I")):
            self.put(at, "kvm_pgtable", name, value, fmt)
        pages = [page for page in table.pages if page - table.root not in (0, PAGE)]
        for i, page in enumerate(pages):
            self.ram.put(used + i * 8, page)
        words = at + self.btf.sizes["kvm_pgtable"] + 16  # kvm_hyp_memcache
        for i, word in enumerate((self.lin(table.root), 2, self.lin(used), 64, len(pages))):
            self.ram.put(words + i * 8, word)
        self.snapshot_table, self.snapshot_words = table, words

    def finish(self):
        for table in self.vms if not self.hosts_guests else ():
            self.mappings(table)
        heads = [self.vm_list] + [t.kvm + self.field("kvm", "vm_list") for t in self.vms]
        vas = [STEXT + DATA + 0x8020] + [self.lin(pa) for pa in heads[1:]]
        for i, pa in enumerate(heads):
            self.ram.put(pa, vas[(i + 1) % len(vas)])
            self.ram.put(pa + 8, vas[i - 1])
        self.count()
        self.vmemmap()
        blob = self.btf.blob()
        assert len(blob) < DATA - BTF - 0x2000, len(blob)
        self.ram.bytes[IMAGE + BTF:IMAGE + BTF + len(blob)] = blob
        self.symbols["__start_BTF"] = STEXT + BTF
        self.note()

    def mappings(self, table):
        """A balanced tree of struct pkvm_mapping, in the page behind the struct kvm."""
        at = [table.kvm - self.kvm_at + 0x1000 + (0x40 if self.kvm_at else 0)]
        items = sorted(table.mappings.items())

        def grow(lo, hi, parent):
            if lo >= hi:
                return 0
            mid = (lo + hi) // 2
            node = at[0]
            at[0] += 0x40
            self.ram.put(node, parent)
            gfn, (pa, pages) = items[mid]
            self.ram.put(node + 24, gfn)
            self.ram.put(node + 32, pa >> 12)
            if self.blocks:
                self.ram.put(node + 40, pages)
            self.ram.put(node + 16, grow(lo, mid, self.lin(node)))
            self.ram.put(node + 8, grow(mid + 1, hi, self.lin(node)))
            return self.lin(node)
        self.ram.put(table.root_at, grow(0, len(items), 0))

    def count(self):
        for table in (self.s1, self.s2, *self.vms):
            for page in table.pages:
                refs = 1 + sum(1 for i in range(512) if self.ram.get(page + i * 8))
                if self.hosts_guests and table in self.vms:
                    self.ram.put(self.page_at(page) + REFCOUNT, refs, "<i")
                else:
                    self.refs[page] = refs

    def page_at(self, pa):
        """struct page of the host."""
        return self.pa(MEMMAP) + (pa - BASE >> 12) * PAGE_STRUCT

    def hyp_page_at(self, pa):
        return self.pa(RESERVED) + (pa - BASE >> 12) * self.page_size

    def vmemmap(self):
        for pa in set(self.host_state) | set(self.hyp_state) | set(self.refs) | set(self.shares):
            at = self.hyp_page_at(pa)
            host, hyp = self.host_state.get(pa, OWNED), self.hyp_state.get(pa, 3)
            self.ram.put(at, self.refs.get(pa, 0), "<H")
            if self.in_pte:
                continue
            self.ram.put(at + 3, host if not self.in_vmemmap else host | (hyp ^ 3) << 4, "<B")
            self.ram.put(at + 4, self.shares.get(pa, 0), "<I")

    def note(self):
        uts = self.image(0x11000)
        release = f"{self.gen}.0-test".encode()
        self.ram.bytes[uts - BASE + 16:uts - BASE + 21] = b"Linux"
        self.ram.bytes[uts - BASE + 146:uts - BASE + 146 + len(release)] = release
        text = (f"OSRELEASE={release.decode()}\nPAGESIZE=4096\nSYMBOL(init_uts_ns)={STEXT + 0x11000:x}\n"
                f"OFFSET(uts_namespace.name)=16\nSYMBOL(swapper_pg_dir)={STEXT + SWAPPER:x}\nSYMBOL(_stext)={STEXT:x}\n"
                f"NUMBER(VA_BITS)=48\nNUMBER(kimage_voffset)=0x{STEXT - self.image(0):x}\n"
                f"NUMBER(PHYS_OFFSET)=0x{BASE:x}\nNUMBER(TCR_EL1_T1SZ)=0x10\nKERNELOFFSET=0\n"
                f"SIZE(page)={PAGE_STRUCT}\nOFFSET(page._refcount)={REFCOUNT}\n"
                f"NUMBER(VMEMMAP_START)=0x{MEMMAP_VA:x}\n{self.info}").encode()
        body = struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text
        self.ram.bytes[NOTE:NOTE + len(body)] = body

    def system_map(self):
        return "".join(f"{va:016x} D {name}\n" for name, va in sorted(self.symbols.items(), key=lambda s: s[1]))

    # For what breaks it: change one word.
    def poke(self, pa, value, fmt="<Q"):
        self.ram.put(pa, value, fmt)

    def xor(self, pa, value):
        self.ram.put(pa, self.ram.get(pa) ^ value)

    def set_state(self, pa, host=None, hyp=None, refs=None, shares=None):
        at = self.hyp_page_at(pa)
        if self.in_pte:
            for state, slot in ((host, self.s2.slot(pa)), (hyp, self.s1.slot(self.hyp(pa)))):
                if state is not None:
                    self.poke(slot, self.ram.get(slot) & ~(3 << 55) | state << 55)
            if refs is not None:
                self.ram.put(at, refs, "<H")
            return
        byte = self.ram.get(at + 3, "<B")
        if host is not None:
            byte = host if not self.in_vmemmap else byte & 0xf0 | host
        if hyp is not None:
            byte = byte & 0x0f | (hyp ^ 3) << 4
        self.ram.put(at + 3, byte, "<B")
        if refs is not None:
            self.ram.put(at, refs, "<H")
        if shares is not None:
            self.ram.put(at + 4, shares, "<I")


# --- What can be wrong -------------------------------------------------------------------------------------------------

ALL = since("6.14")
OLD = ("6.12",)
EVERY = GENERATIONS
NEW = since("6.17")
D = since("7.1")
BREAKS = {}


def breaks(*checks, gens=ALL, near=False):
    """
    @checks must fail (others may as well). The function may return [(table, ia)]: what the first of @checks must find,
    and nothing else. near: it only looks wrong to @checks; they must pass, and none may fail.
    """
    def add(function):
        BREAKS[function.__name__.replace("_", "-")] = (function, checks, gens, near)
        return function
    return add


def near(*checks, gens=ALL):
    return breaks(*checks, gens=gens, near=True)


@breaks("host-identity", gens=EVERY)
def host_leaf_elsewhere(s):
    s.xor(s.s2.slot(s.pa(FREE)), 0x2000)


@near("host-identity", "refcount")
def host_leaf_gone(s):
    """The host maps lazily: an entry less is no fault."""
    at = s.s2.slot(s.pa(FREE))
    s.poke(at, 0)
    s.set_state(at & ~0xfff, refs=s.ram.get(s.hyp_page_at(at & ~0xfff), "<H") - 1)


@near("isolation", gens=since("7.2"))
def stack_is_the_hypervisors(s):
    assert s.ram.get(s.s2.slot(s.pa(STACK))) == s.annotation(1)


@breaks("hyp-owns", gens=since("7.3"))
def stack_is_not_the_hypervisors(s):
    """The hypervisor stops at boot when its private range is not all its own."""
    s.poke(s.s2.slot(s.pa(STACK)), s.host_leaf(s.pa(STACK)))
    s.set_state(s.pa(STACK), host=OWNED, hyp=3)


@breaks("hyp-owns", gens=since("7.3"))
def private_page_with_another_state(s):
    """Of a page of the private range each that is said of it counts: the hypervisor's state alone is another, ..."""
    s.set_state(s.pa(STACK), hyp=3)
    s.set_state(s.pa(RESERVED) + PAGE, hyp=3)  # of the page array
    return [("hyp", s.hyp(s.pa(STACK))), ("hyp", s.hyp(s.pa(RESERVED) + PAGE))]


@breaks("hyp-owns", "host-keeps", gens=since("7.3"))
def private_page_with_another_host_state(s):
    """... the host's alone, ..."""
    s.set_state(s.pa(STACK), host=OWNED)
    s.set_state(s.pa(RESERVED) + PAGE, host=SHARED_OWNED)
    return [("hyp", s.hyp(s.pa(STACK))), ("hyp", s.hyp(s.pa(RESERVED) + PAGE))]


@breaks("hyp-owns", "host-nopage", gens=since("7.3"))
def private_page_with_another_entry(s):
    """... the host's entry alone: it is the hypervisor's, the host did not give it, and that must not be there."""
    s.poke(s.s2.slot(s.pa(STACK)), s.host_leaf(s.pa(STACK)))
    return [("hyp", s.hyp(s.pa(STACK)))] * 2


@breaks("hyp-owns", gens=since("7.3"))
def private_page_given_to_a_guest(s):
    """Annotated, but not the hypervisor's."""
    s.poke(s.s2.slot(s.pa(STACK)), s.annotation(2, HANDLE, 0x80200))
    return [("hyp", s.hyp(s.pa(STACK)))] * 2


@near("hyp-owns", gens=since("7.3"))
def fixmap_in_use(s):
    """A slot maps a page of anyone for a moment; there is one per CPU."""
    s.poke(s.fixmap_at, s.hyp_desc(s.pa(FREE), "rw"))


@breaks("isolation", "hyp-owns", gens=since("7.3"))
def fixmap_in_use_twice(s):
    """One CPU has one slot, and that is not in use."""
    at = s.s1.set(IO_BASE + 0x4000, s.hyp_desc(s.pa(FREE), "rw"))
    s.set_state(at & ~0xfff, refs=s.ram.get(s.hyp_page_at(at & ~0xfff), "<H") + 1)
    return [("hyp", s.hyp(s.pa(FREE)))]


@breaks("isolation", gens=("6.12", "6.14", "6.18", "7.2"))
def private_page_of_the_host(s):
    s.s1.set(IO_BASE + 0x4000, s.hyp_desc(s.pa(FREE), "rw"))


@near("isolation", gens=NEW)
def fixblock_in_use(s):
    """While a guest's block is cleaned, its memory is mapped for the hypervisor."""
    s.poke(s.fixblock_at, s.hyp_desc(s.pa(BLOCK), "rw") & ~2)


@breaks("hyp-address", gens=NEW)
def fixblock_twice(s):
    s.s1.set(IO_BASE + 2 * BLOCK_SIZE, s.hyp_desc(s.pa(BLOCK), "rw") & ~2, 1)


@breaks("hyp-address", gens=EVERY)
def fixmap_of_its_own(s):
    """Nobody needs a slot for what the linear map has: this is the page that the slot was made with."""
    s.xor(s.fixmap_at, 1)


@breaks("hyp-address", gens=EVERY)
def page_array_bent(s):
    s.xor(s.s1.slot(VMEMMAP_VA + (BASE >> 12) * s.page_size + 2 * PAGE), 0x4000)


@near("hyp-address", gens=EVERY)
def device_in_private_range(s):
    """The debug UART: memory of no region."""
    at = s.s1.set(IO_BASE + 0x5000, 0x9000000 | 3 | 4 << 2 | 1 << 6 | 3 << 8 | 1 << 10 | 1 << 54)
    s.set_state(at & ~0xfff, refs=s.ram.get(s.hyp_page_at(at & ~0xfff), "<H") + 1)
    if s.gen in since("7.3"):
        s.s2.set(0x9000000, s.annotation(1))
        s.count()
        s.vmemmap()


@breaks("host-prot", gens=EVERY)
def host_leaf_read_only(s):
    s.xor(s.s2.slot(s.pa(FREE)), 0x80)


@breaks("host-prot", gens=EVERY)
def device_executable(s):
    s.xor(s.s2.slot(0x08000000, 1), 1 << 54)


@breaks("hyp-owns", gens=EVERY)
def annotated_but_free(s):
    s.poke(s.s2.slot(s.pa(FREE)), s.annotation(1))


@breaks("hyp-owns", "host-nopage")
def given_but_mapped(s):
    s.poke(s.s2.slot(s.pa(PERCPU)), s.host_leaf(s.pa(PERCPU)))


@breaks("hyp-owns", gens=NEW)
def owned_by_two(s):
    s.set_state(s.pa(FREE), hyp=OWNED)


@near("isolation", "hyp-owns", gens=("6.14", "6.17", "6.18", "7.1"))
def stack_is_the_hosts(s):
    """The stack is mapped in the private range and still the host's: so it is in these kernels."""
    assert s.ram.get(s.s2.slot(s.pa(STACK))) & 1


@near("host-nopage", "host-prot", "hyp-owns", gens=since("6.18"))
def text_stays_readable(s):
    """NOPAGE, and mapped read-only."""
    assert s.ram.get(s.s2.slot(s.image(HYP_TEXT[0]))) & 0xc1 == 0x41


@breaks("host-prot", gens=("6.17",))
def text_stays_too_early(s):
    s.poke(s.s2.slot(s.image(HYP_TEXT[0])), s.host_leaf(s.image(HYP_TEXT[0]), 0x40, 1))


@breaks("host-nopage")
def nopage_but_mapped(s):
    s.set_state(s.pa(FREE), host=s.nopage)


@breaks("host-keeps")
def owned_but_annotated(s):
    s.set_state(s.pa(PERCPU), host=OWNED)


@breaks("hyp-borrows", gens=NEW)
def borrowed_not_shared(s):
    s.set_state(s.pa(SHARED), host=OWNED)


@breaks("hyp-borrows", gens=("6.14",))
def borrowed_not_shared_pte(s):
    s.set_state(s.pa(SHARED), host=OWNED)


@breaks("hyp-borrows")
def borrowed_twice(s):
    s.set_state(s.pa(SHARED), shares=1)


@breaks("host-shares")
def shared_with_nobody(s):
    s.set_state(s.pa(FREE), host=SHARED_OWNED)


@near("host-shares")
def shared_with_ffa(s):
    """The host has given FF-A its buffers: what it shares may be there."""
    s.put(s.symbol("__kvm_nvhe_host_buffers", HYP_BSS[0] + 0x4a0), "kvm_ffa_buffers", "tx", s.hyp(s.pa(FREE)))
    s.set_state(s.pa(FREE), host=SHARED_OWNED)


@breaks("host-shares")
def borrowed_from_nobody(s):
    s.set_state(s.pa(FREE), host=BORROWED)


@breaks("share-count")
def count_too_high(s):
    s.set_state(s.pa(GUEST) + PAGE, shares=2)


@breaks("share-count")
def count_too_low(s):
    s.set_state(s.pa(GUEST), shares=1)


@near("share-count", "isolation")
def page_of_two_guests(s):
    """np-guests may borrow the same page."""
    assert s.ram.get(s.hyp_page_at(s.pa(GUEST)) + 4, "<I") == 2


@breaks("hyp-pins", gens=NEW)
def pinned_not_mapped(s):
    s.poke(s.hyp_leaf[s.pa(SHARED)], 0)


@breaks("hyp-pins", gens=NEW)
def mapped_not_pinned(s):
    s.set_state(s.pa(SHARED), refs=0)


@near("hyp-pins", gens=NEW)
def shared_not_pinned(s):
    """Shared with the hypervisor and not pinned: not mapped."""
    assert s.ram.get(s.hyp_page_at(s.pa(SHARED) + PAGE), "<H") == 0


@breaks("guest-state")
def guest_borrows_unshared(s):
    s.set_state(s.pa(GUEST) + PAGE, host=OWNED, shares=1)


@breaks("guest-state", gens=D)
def guest_owns_ungiven(s):
    s.poke(s.s2.slot(s.pa(DONATED)), 0)
    s.set_state(s.pa(DONATED), host=OWNED)


@breaks("guest-state", gens=D)
def guest_lends_unborrowed(s):
    s.set_state(s.pa(DONATED) + PAGE, host=OWNED)


@breaks("donation", gens=D)
def donated_to_nobody(s):
    s.poke(s.vms[0].slot(0x80102 << 12), 0)


@breaks("donation", gens=D)
def donated_to_another_handle(s):
    s.poke(s.s2.slot(s.pa(DONATED)), s.annotation(2, HANDLE + 1, 0x80100))


@breaks("donation", gens=D)
def donated_to_no_vm(s):
    s.poke(s.s2.slot(s.pa(DONATED)), s.annotation(2, HANDLE + 77, 0x80100))


@breaks("donation", gens=D)
def donated_at_another_gfn(s):
    s.poke(s.s2.slot(s.pa(DONATED)), s.annotation(2, HANDLE, 0x80102))


@near("mappings", "donation", "host-keeps", gens=D)
def poisoned_stays_listed(s):
    """Taken away by force: poisoned in the guest, the host's again, and still in the host's list."""
    assert s.ram.get(s.vms[0].slot(0x80103 << 12)) == 3 << 60


@breaks("isolation", gens=D)
def donated_still_writable(s):
    s.poke(s.s2.slot(s.pa(DONATED)), s.host_leaf(s.pa(DONATED)))


@breaks("isolation")
def hyp_maps_the_hosts(s):
    s.s1.set(s.hyp(s.pa(SHARED) + 2 * PAGE), s.hyp_desc(s.pa(SHARED) + 2 * PAGE, "rw"))


@breaks("table-owner")
def table_page_is_the_hosts(s):
    page = s.vms[0].root
    s.poke(s.s2.slot(page), s.host_leaf(page))


@breaks("refcount")
def table_page_count(s):
    s.set_state(s.s2.root, refs=77)


@breaks("refcount")
def guest_table_page_count(s):
    s.set_state(s.vms[1].root, refs=1)


def first_counts(s, page, more, *region):
    """A hypervisor of up to 6.1, of which three regions are memory: so many references of a page of its table are more than entries."""
    s.function("__kvm_nvhe_finalize_host_mappings_walker")
    reserve(s, *(region or (0x800,)))
    s.set_state(page, refs=s.ram.get(s.hyp_page_at(page), "<H") + more)


@near("refcount", gens=OLD)
def first_tables_count_by_regions(s):
    """What was mapped region by region counts once for each of them, ..."""
    first_counts(s, s.s1.pages_at(s.hyp(BASE), 2), 2)


@breaks("refcount", gens=OLD)
def first_tables_count_too_much(s):
    """... and not more often, ..."""
    first_counts(s, s.s1.pages_at(s.hyp(BASE), 2), 3)
    return [("hyp", None)]


@breaks("refcount", gens=OLD)
def first_tables_count_too_little(s):
    """... but once at least, ..."""
    first_counts(s, s.s1.pages_at(s.hyp(BASE), 2), -1)
    return [("hyp", None)]


@near("refcount", gens=OLD)
def first_tables_do_not_count_other_addresses(s):
    """... where the linear map has memory: nowhere else does an entry count that was there before."""
    first_counts(s, s.s1.pages_at(IO_BASE + 0x1000, 0), -1)


@breaks("refcount", gens=OLD)
def other_addresses_counted_twice(s):
    first_counts(s, s.s1.pages_at(IO_BASE + 0x1000, 0), 1)
    return [("hyp", None)]


@breaks("refcount", gens=OLD)
def region_below_another_page(s):
    """The page that the second 2 MiB of memory are mapped by: of one region only, whose neighbours are mapped by others."""
    first_counts(s, s.s1.pages_at(s.hyp(s.image(HYP_TEXT[0])), 0), 1)
    return [("hyp", None)]


@breaks("refcount", gens=OLD)
def region_of_one_page(s):
    """A page that is a region of its own is met by that alone, whatever begins behind it and ends in front of it."""
    first_counts(s, s.s1.pages_at(s.hyp(s.pa(PERCPU)), 0), 1, PAGE, PERCPU, 0)
    return [("hyp", None)]


@breaks("refcount", gens=OLD)
def tables_of_the_host_count_once(s):
    first_counts(s, s.s2.pages_at(BASE, 1), -1)
    return [("host", None)]


@breaks("refcount", gens=EVERY)
def private_range_counts(s):
    """Since 6.2 each entry of the hypervisor's table counts, wherever it leads."""
    page = s.s1.pages_at(IO_BASE + 0x1000, 0)
    s.set_state(page, refs=s.ram.get(s.hyp_page_at(page), "<H") - 1)
    return [("hyp", None)]


@breaks("mappings")
def mapping_moved(s):
    s.xor(s.vms[1].kvm + 0x1000 + 32, 0x40)


@breaks("mappings")
def mapping_missing(s):
    s.poke(s.vms[1].root_at, 0)


@breaks("hyp-vm", gens=EVERY)
def handle_of_another(s):
    s.put(s.vms[1].hyp_vm, "kvm", "arch.pkvm.handle", HANDLE + 5, "<H" if s.typed else "<I")


@breaks("hyp-vm", gens=EVERY)
def host_knows_another(s):
    s.put(s.vms[1].kvm, "kvm", "arch.pkvm.handle", HANDLE, "<H" if s.typed else "<I")


@breaks("host-nopage", gens=NEW)
def host_state_of_no_meaning(s):
    s.set_state(s.pa(FREE), host=5)


@breaks("hyp-borrows", gens=NEW)
def hyp_state_of_no_meaning(s):
    s.set_state(s.pa(FREE), hyp=7)


@breaks("hyp-borrows", gens=NEW)
def lent_to_nobody(s):
    s.set_state(s.s1.root, hyp=SHARED_OWNED)


@breaks("donation", gens=D)
def donated_beyond_the_addresses(s):
    s.poke(s.s2.slot(s.pa(DONATED)), s.annotation(2, HANDLE, 1 << 28))


@breaks("isolation", gens=D)
def hyp_maps_a_guests_own(s):
    s.s1.set(s.hyp(s.pa(DONATED)), s.hyp_desc(s.pa(DONATED), "rw"))


@breaks("hyp-prot", gens=EVERY)
def idmap_not_executable(s):
    s.poke(s.s1.slot(s.image(IDMAP)), s.hyp_desc(s.image(IDMAP), "ro"))
    return [("hyp", s.image(IDMAP))]


@near("hyp-vm")
def reserved_entry(s):
    """A place in vm_table that is being taken (6.18)."""
    s.poke(s.pa(RESERVED + 0x8000) + 7 * 8, 0xa110ca7ed)


@breaks("vm-shared", gens=EVERY)
def kvm_not_pinned(s):
    s.set_state(s.vms[0].kvm, refs=0)


@breaks("hyp-reserved")
def reserved_not_mapped(s):
    s.poke(s.hyp_leaf[s.pa(RESERVED + RESERVED_SIZE) - PAGE], 0)


@breaks("hyp-reserved", "hyp-prot", gens=EVERY)
def reserved_read_only(s):
    """The hypervisor maps what is reserved for it, and cannot write it."""
    s.xor(s.hyp_leaf[s.pa(RESERVED + RESERVED_SIZE) - PAGE], 1 << 7)


@breaks("hyp-reserved", gens=EVERY)
def reserved_page_of_the_host(s):
    page = s.pa(RESERVED + RESERVED_SIZE) - PAGE
    s.poke(s.s2.slot(page), s.host_leaf(page))
    return [("host", page)]


@breaks("writer", gens=("6.12", "6.14"))
def state_in_the_private_range(s):
    """The hypervisor keeps states where it maps memory at its own address."""
    s.xor(s.stack_at, SHARED_OWNED << 55)
    return [("hyp", IO_BASE + 0x1000)]


def reserve(s, size, at=FREE, flags=4):
    """A no-map reservation of so many bytes splits memblock's regions; the last page of memory is in none."""
    memory, each = s.image(HYP_BSS[0] + 0x500), s.btf.sizes["memblock_region"]
    for i, (base, length, kind) in enumerate(((BASE, at, 0), (BASE + at, size, flags),
                                              (BASE + at + size, SIZE - at - size - 0x800, 0))):
        for name, value, fmt in (("base", base, "<Q"), ("size", length, "<Q"), ("flags", kind, "<I")):
            s.put(memory + i * each, "memblock_region", name, value, fmt)
    s.ram.put(s.image(HYP_BSS[0] + 0x488), 3, "<I")
    if s.blocks:  # lies in one region
        s.poke(s.fixblock_at, s.ram.get(s.fixblock_at) + BLOCK)


@near("host-prot", "hyp-address", gens=EVERY)
def region_ends_in_page(s):
    reserve(s, 0x800)


@near("host-prot", "hyp-address", gens=OLD)
def region_at_the_end_of_all_addresses(s):
    memory, top = s.image(HYP_BSS[0] + 0x500) + s.btf.sizes["memblock_region"], 1 << 52
    s.put(memory, "memblock_region", "base", top - BLOCK_SIZE)
    s.put(memory, "memblock_region", "size", BLOCK_SIZE)
    s.ram.put(s.image(HYP_BSS[0] + 0x488), 2, "<I")


@near("hyp-owns", gens=NEW)
def reserved_and_owned_by_two(s):
    """The states of a no-map reservation are nobody's."""
    reserve(s, PAGE)
    owned_by_two(s)


@breaks("hyp-address")
def linear_map_bent(s):
    s.xor(s.hyp_leaf[s.pa(PERCPU)], 0x4000)


@breaks("hyp-address")
def stack_elsewhere(s):
    s.xor(s.stack_at, 0x4000)


@breaks("wx", "hyp-prot")
def hyp_text_writable(s):
    s.xor(s.hyp_leaf[s.image(HYP_TEXT[0])], 1 << 7)


@breaks("hyp-prot")
def hyp_constants_executable(s):
    s.xor(s.hyp_leaf[s.image(HYP_RODATA[0])], 1 << 54)


@breaks("writer")
def odd_bit_in_leaf(s):
    s.xor(s.s2.slot(s.pa(FREE)), 1 << 58)


@breaks("writer")
def leaf_of_another_memory_type(s):
    """Write-Back of FEAT_S2FWB, which this host does without."""
    s.xor(s.s2.slot(s.pa(FREE)), (0xf ^ 7) << 2)


@breaks("writer", gens=NEW)
def fixblock_of_another_kind(s):
    """Read-only, as nobody makes it."""
    s.xor(s.fixblock_at, 1 << 7)


@breaks("writer", gens=NEW)
def fixblock_of_a_page(s):
    """Bit 1 has no place in a block."""
    s.xor(s.fixblock_at, 2)


@breaks("writer", gens=NEW)
def fixblock_of_no_memory(s):
    s.xor(s.fixblock_at, 1 << 30)


@breaks("writer", gens=NEW)
def fixblock_beside_the_private_range(s):
    at = s.s1.slot(VMEMMAP_VA + (BASE >> 12) * 8 + BLOCK_SIZE, 1)
    s.poke(at, s.ram.get(s.fixblock_at))


@breaks("writer", gens=("6.14",))
def fixblock_too_early(s):
    s.s1.set(IO_BASE + BLOCK_SIZE, s.hyp_desc(BASE, "rw") & ~3, 1)


@near("writer", gens=NEW)
def fixblock_moved(s):
    """It maps a guest's block for as long as that is cleaned, and keeps the address."""
    s.xor(s.fixblock_at, BLOCK)


@breaks("writer")
def fixmap_of_no_memory(s):
    s.xor(s.fixmap_at, 1 << 30)


@breaks("writer", gens=("6.14",))
def guest_block_too_early(s):
    """Before 6.16 the hypervisor maps pages only."""
    s.share_block_with_guest(s.pa(0xe00000), s.vms[1], 0x80200)


@breaks("writer", "guest-state", gens=NEW)
def guest_block_owned(s):
    """Guests are lent blocks, not given."""
    s.xor(s.vms[1].slot(0x80200 << 12, 1), 1 << 56)


@breaks("writer", gens=D)
def guest_page_owned_read_only(s):
    """What a protected guest owns it may write and execute."""
    s.xor(s.vms[0].slot(0x80100 << 12), 1 << 7)


@breaks("writer", "guest-state", gens=("6.14", "6.17", "6.18"))
def guest_page_owned_too_early(s):
    s.xor(s.vms[1].slot(0x80000 << 12), 1 << 56)


@breaks("writer")
def unknown_owner(s):
    s.poke(s.s2.slot(s.pa(FREE)), s.annotation(5))


@breaks("writer")
def annotated_block(s):
    s.poke(s.s2.slot(0x50000000, 1), s.annotation(1))


@breaks("locked", gens=EVERY)
def guest_entry_locked(s):
    s.vms[0].set(0x80050 << 12, 1 << 60 if s.typed else 1 << 10)


@breaks("table-once")
def table_page_twice(s):
    s.poke(s.vms[1].slot(0xa0000000, 1), s.ram.get(s.vms[1].slot(0x80000000, 1)))


@breaks("table-empty", gens=EVERY)
def table_page_empty(s):
    at = s.vms[0].slot(0xa0000000, 0) & ~0xfff
    s.give_to_hyp(at)
    s.set_state(at, host=s.nopage, refs=1, **({"hyp": OWNED} if s.in_vmemmap else {}))


@breaks("memslots")
def guest_outside_slots(s):
    s.vms[0].set(0x80000000 + (5 << 20), s.guest_leaf(s.pa(GUEST) + PAGE, BORROWED))


@breaks("mappings", gens=since("7.3"))
def mapping_not_cacheable(s):
    """nc beside the number of pages, and an ordinary leaf."""
    s.xor(s.vms[1].kvm + 0x1000 + 40, 1 << 48)


@breaks("mappings", gens=since("7.3"))
def leaf_not_cacheable(s):
    slot = s.vms[1].slot(0x80000 << 12)
    s.poke(slot, s.ram.get(slot) & ~0x3c | 5 << 2)


@breaks("mappings")
def mapping_beyond_all_addresses(s):
    """A frame number whose address has more than 64 bits is not that of the page 2^64 below."""
    s.xor(s.vms[1].kvm + 0x1000 + 24, 1 << 52)
    return [("vm:101", None), ("vm:101", None)]


@breaks("mappings", gens=NEW)
def mapping_of_more_than_a_block(s):
    """KVM maps a page or a block; the number is not believed."""
    s.xor(s.vms[1].kvm + 0x1000 + 40, 2)
    return [("vm:101", 0x80200000), ("vm:101", None)]


@breaks("complete", "table-once", gens=EVERY)
def table_into_itself(s):
    s.poke(s.vms[1].slot(0xa0000000, 1), s.vms[1].pages_at(0xa0000000, 1) | 3)
    return [("vm:101", 0xa0000000)]


@breaks("complete", "table-owner")
def table_page_outside_of_memory(s):
    at = s.vms[1].slot(0xa0000000, 1)
    s.poke(at, 0x7f000000 | 3)


@near("complete", "table-once", gens=EVERY)
def table_maps_itself(s):
    """The hypervisor's linear map holds the pages of its own table, and the page that maps it."""
    own = s.s1.slot(s.hyp(s.s1.root))
    assert s.ram.get(own) & 3 == 3 and s.ram.get(s.s1.slot(s.hyp(own & ~0xfff))) & 0xfffffffff000 == own & ~0xfff


@breaks("encoding", gens=EVERY)
def reserved_encoding(s):
    """Bits [1:0] of 01 mean nothing at level 3."""
    s.xor(s.vms[1].slot(0x80000 << 12), 2)
    return [("vm:101", 0x80000000)]


@breaks("encoding", gens=EVERY)
def address_beyond_the_output_size(s):
    """VTCR_EL2.PS is 0b010: 40 bits."""
    s.poke(s.s2.slot(0x900000000, 1), s.host_leaf(0x800000000000, xn=1, page=False))


@near("encoding", gens=EVERY)
def invalid_entry_with_bits(s):
    """An invalid entry may hold anything as far as the architecture goes; here, an annotation."""
    assert s.ram.get(s.s2.slot(s.pa(PERCPU))) == s.annotation(1)


@near("writer", "wx", gens=EVERY)
def guest_leaf_changes(s):
    """Write, execute and AF of an ordinary guest come and go."""
    s.xor(s.vms[1].slot(0x80000 << 12), 1 << 10 | 1 << 54 | (0 if s.hosts_guests else 1 << 7))


@near("table-empty", gens=EVERY)
def root_is_empty(s):
    """The start level may be empty."""
    second = s.vms[1].root + PAGE
    assert not any(s.ram.get(second + i * 8) for i in range(512))


@breaks("table-hidden", gens=EVERY)
def table_page_in_a_guest(s):
    slot = s.vms[0].slot(0x80000 << 12)
    s.poke(slot, s.guest_leaf(s.vms[1].root))
    return [("vm:100", 0x80000000)]


@breaks("table-owner", gens=OLD)
def table_page_readable_for_the_host(s):
    page = max(s.s1.pages)
    s.poke(s.s2.slot(page), s.host_leaf(page))
    return [("host", page)]


@breaks("table-hidden", gens=OLD)
def table_page_given_away(s):
    s.poke(s.s2.slot(s.vms[1].root), s.annotation(1))


@near("table-hidden", "table-owner", gens=EVERY)
def page_beside_a_table_page(s):
    page = max(s.vms[1].pages) + 8 * PAGE
    if s.hosts_guests:
        s.hosts_guest_maps(s.vms[0], 0x80006, page)
        s.count()


@near("locked", gens=OLD)
def guest_entry_unmapped(s):
    s.poke(s.vms[0].slot(0x80003 << 12), 0)
    s.count()


@near("memslots", gens=OLD)
def interrupt_controller(s):
    """GICV: a device page where there is no memslot (vgic/vgic-v2.c)."""
    s.vms[0].set(0x8010000, 0x8040000 | 3 | 1 << 2 | 0xc0 | 3 << 8 | 1 << 10 | 1 << 54)
    s.count()


@breaks("memslots", gens=OLD)
def memory_outside_slots(s):
    s.vms[0].set(0x8010000, s.guest_leaf(s.pa(GUEST)))
    return [("vm:100", 0x8010000)]


@breaks("wx", gens=OLD)
def guest_device_executable(s):
    s.vms[0].set(0x8010000, 0x8040000 | 3 | 3 << 2 | 0xc0 | 3 << 8 | 1 << 10)
    return [("vm:100", 0x8010000)]


@breaks("wx", gens=OLD)
def guest_device_executable_at_el0(s):
    """XN[1:0] is 1."""
    s.vms[0].set(0x8010000, 0x8040000 | 3 | 3 << 2 | 0xc0 | 3 << 8 | 1 << 10 | 1 << 53)
    return [("vm:100", 0x8010000)]


@breaks("refcount", gens=OLD)
def hosts_table_page_count(s):
    s.ram.put(s.page_at(s.vms[0].root) + REFCOUNT, 7, "<i")
    return [("vm:100", None)]


@breaks("vmm", gens=OLD)
def vmm_has_another_page(s):
    s.xor(s.vms[0].vmm.slot(0x10000000), 0x10000)
    return [("vm:100", 0x80000000)]


@breaks("vmm", gens=OLD)
def vmm_has_nothing(s):
    s.poke(s.vms[0].vmm.slot(0x10000000), 0)
    return [("vm:100", 0x80000000)]


@breaks("vmm", gens=OLD)
def vmm_may_only_read(s):
    s.poke(s.vms[0].vmm.slot(0x10000000), s.vmm_leaf(s.pa(GUEST), write=False))
    return [("vm:100", 0x80000000)]


@near("vmm", gens=OLD)
def vmm_write_is_pending(s):
    """Read-only with DBM: clean and writable (asm/pgtable-prot.h, PTE_WRITE)."""
    s.poke(s.vms[0].vmm.slot(0x10000000), s.vmm_leaf(s.pa(GUEST), write=False) | 1 << 51)


@near("vmm", gens=OLD)
def both_may_only_read(s):
    assert s.ram.get(s.vms[1].slot(0x80000 << 12)) & 0x80 == 0
    assert s.ram.get(s.vms[1].vmm.slot(0x10000000)) & 0x80


def device_page(s, index):
    """A device of the VMM, passed on to the guest: MT_NORMAL is 0, MT_NORMAL_TAGGED 1, MT_NORMAL_NC 2, Device 3 and 4."""
    s.hosts_guest_maps(s.vms[0], 0x80008, 0x8040000)
    s.vms[0].set(0x80008 << 12, 0x8040000 | 3 | 1 << 2 | 0xc0 | 3 << 8 | 1 << 10 | 1 << 54)
    s.poke(s.vms[0].vmm.slot(0x10008000), s.vmm_leaf(0x8040000) | index << 2)
    s.count()


@breaks("vmm", gens=OLD)
def vmm_has_tagged_memory(s):
    """Device memory for the guest, ordinary memory for its VMM."""
    device_page(s, 1)
    return [("vm:100", 0x80008000)]


@near("vmm", gens=OLD)
def vmm_has_not_cacheable_memory(s):
    device_page(s, 2)


def guest_block(s, wrong=None, as_block=False):
    """2 MiB of the first guest, which its VMM has page by page, or as a block as well."""
    s.vms[0].set(0x80200 << 12, s.guest_leaf(s.pa(0xe00000), page=False), 1)
    if as_block:
        s.vms[0].vmm.set(0x10200000, s.vmm_leaf(s.pa(0xe00000)) & ~2, 1)
    else:
        for i in range(512):
            s.vms[0].vmm.set(0x10200000 + i * PAGE, s.vmm_leaf(s.pa(0xe00000) + i * PAGE ^ (PAGE if i == wrong else 0)))
    s.count()


@near("vmm", gens=OLD)
def vmm_has_a_block_by_pages(s):
    guest_block(s)


@near("vmm", gens=OLD)
def vmm_has_a_block(s):
    guest_block(s, as_block=True)


@breaks("vmm", gens=OLD)
def vmm_lacks_the_end_of_a_block(s):
    guest_block(s, 511)
    return [("vm:100", 0x803ff000)]


@breaks("vmm", gens=OLD)
def vmm_lacks_the_middle_of_a_block(s):
    guest_block(s, 100)
    return [("vm:100", 0x80264000)]


@near("vmm", gens=OLD)
def vmm_has_a_device(s):
    """Device-nGnRE in the VMM as well."""
    device_page(s, 4)


@breaks("two-guests", "vmm", gens=OLD)
def stolen_page(s):
    """The second guest writes a page of the first, which its VMM does not have."""
    page = s.pa(GUEST) + 5 * PAGE
    s.hosts_guest_maps(s.vms[0], 0x80005, page)
    s.vms[1].set(0x80005 << 12, s.guest_leaf(page))
    s.count()
    return [("vm:100", 0x80005000)]


@breaks("two-guests", "vmm", gens=OLD)
def lost_page(s):
    """The first guest writes a page that is the second's: its own VMM does not have it."""
    page = s.pa(GUEST) + 5 * PAGE
    s.hosts_guest_maps(s.vms[1], 0x80005, page)
    s.vms[0].set(0x80005 << 12, s.guest_leaf(page))
    s.count()
    return [("vm:100", 0x80005000)]


@near("two-guests", gens=OLD)
def shared_on_purpose(s):
    assert s.ram.get(s.vms[0].slot(0x80001 << 12)) == s.ram.get(s.vms[1].slot(0x80001 << 12))


@breaks("host-state", gens=OLD)
def state_in_a_block(s):
    s.xor(s.s2.slot(s.pa(0xe00000), 1), SHARED_OWNED << 55)
    return [("host", s.pa(0xe00000))]


@breaks("host-state", gens=OLD)
def state_of_both_bits(s):
    s.xor(s.s2.slot(s.pa(FREE)), 3 << 55)
    return [("host", s.pa(FREE))]


@breaks("host-state", gens=OLD)
def state_of_a_device(s):
    s.s2.set(0x9000000, s.host_leaf(0x9000000, xn=1) | SHARED_OWNED << 55)


@near("host-state", "hyp-borrows", "hyp-prot", gens=OLD)
def lent_to_the_host(s):
    """A page of data that the hypervisor maps read-only and lends to the host."""
    assert s.ram.get(s.s2.slot(s.image(LENT))) >> 55 & 3 == BORROWED


@breaks("host-shares", gens=OLD)
def borrowed_from_nobody_in_leaf(s):
    s.set_state(s.pa(FREE), host=BORROWED)


@breaks("hyp-borrows", gens=OLD)
def borrowed_not_shared_in_leaf(s):
    s.set_state(s.pa(SHARED), host=OWNED)


@breaks("writer", gens=EVERY)
def one_guarded_page_of_text(s):
    """BTI (GP) is in all of the text or in none."""
    at = s.image(HYP_TEXT[0]) + PAGE
    s.xor(s.hyp_leaf[at], 1 << 50)
    return [("hyp", s.hyp(at))]


@near("hyp-prot", "wx", gens=EVERY)
def vectors_in_private_range(s):
    """A page of text once more, as hyp_map_vectors() maps it."""
    s.s1.set(IO_BASE + 0x6000, s.hyp_desc(s.image(HYP_TEXT[0]), "rx"))
    s.count()
    s.vmemmap()


@breaks("writer", gens=EVERY)
def one_page_of_data_with_pxn(s):
    """PXN beside UXN is in all of the data, where the release has it at all, or in none."""
    s.xor(s.hyp_leaf[s.pa(PERCPU)], 1 << 53)
    return [("hyp", s.hyp(s.pa(PERCPU)))]


@breaks("writer", gens=EVERY)
def one_page_of_text_not_guarded(s):
    """The one that is told apart is the one that lacks what the others have."""
    text = [s.image(HYP_TEXT[0]) + i * PAGE for i in range((HYP_TEXT[1] - HYP_TEXT[0]) // PAGE)]
    for at in (s.s1.slot(s.image(IDMAP)), *(s.hyp_leaf[pa] for pa in text[1:])):
        s.xor(at, 1 << 50)
    return [("hyp", s.hyp(text[0]))]


@breaks("writer", gens=EVERY)
def half_of_the_text_guarded(s):
    """As many with as without: those that have more than the others are named."""
    vectors_in_private_range(s)
    text = [s.image(HYP_TEXT[0]) + i * PAGE for i in (1, 3)]
    for at in (s.s1.slot(s.image(IDMAP)), *(s.hyp_leaf[pa] for pa in text)):
        s.xor(at, 1 << 50)
    return [("hyp", s.image(IDMAP))] + [("hyp", s.hyp(pa)) for pa in text]


@near("hyp-reserved", "hyp-prot", gens=EVERY)
def page_below_the_reserved(s):
    assert s.pa(RESERVED) in s.hyp_leaf and s.pa(RESERVED) - PAGE not in s.hyp_leaf


@near("host-nopage", "host-keeps", gens=ALL)
def given_and_not_touched(s):
    """Owned by the host, whose entry is empty."""
    assert not s.ram.get(s.s2.slot(s.pa(FREE) + 2 * PAGE))


@near("guest-state", "donation", gens=D)
def lent_by_a_guest(s):
    assert s.ram.get(s.vms[0].slot(0x80101 << 12)) >> 55 & 3 == SHARED_OWNED


@near("vm-shared", gens=EVERY)
def kvm_pinned_twice(s):
    s.set_state(s.vms[0].kvm, refs=2)


# --- What can be missing ---

WITHOUT = {}


def without(*rows, gens=EVERY, passes=()):
    """Leaves out a fact: all of @rows must be unknown, all of @passes pass, and none may fail. The function returns the
    pages that are missing."""
    def add(function):
        WITHOUT[function.__name__.replace("_", "-")] = (function, rows, gens, passes)
        return function
    return add


@without("host-prot", "hyp-address", "hyp-prot", "hyp-reserved", "hyp-owns", "hyp-borrows", "host-shares", "isolation",
         "table-owner", "vm-shared")
def hyp_memory(s):
    """hyp_memory[] is empty."""
    s.ram.put(s.image(HYP_BSS[0] + 0x488), 0, "<I")
    return []


@without("host-nopage", "host-keeps", "hyp-borrows", "host-shares", "share-count", "guest-state", "isolation", "refcount",
         gens=ALL)
def hyp_vmemmap(s):
    s.ram.put(s.image(HYP_BSS[0] + 0x480), 0)
    return []


@without("host-nopage", "host-keeps", "share-count", "isolation", gens=ALL)
def page_of_hyp_vmemmap(s):
    """That of the pages of guests."""
    return [s.hyp_page_at(s.pa(GUEST)) & ~0xfff]


@without("hyp-address")
def cpu_parameters(s):
    return [s.pa(PERCPU)]


@without("hyp-address", "writer", gens=since("7.1"), passes=("host-identity", "host-prot"))
def kind_of_memory(s):
    """The host's leaves are of FEAT_S2FWB, and nobody says whether it is on."""
    for page in s.s2.pages:
        for at in range(page, page + PAGE, 8):
            if s.ram.get(at) & 1 and s.ram.get(at) >> 2 & 0xf == 0xf:
                s.ram.put(at, s.ram.get(at) & ~0x3c | 6 << 2)
    return [s.pa(PERCPU)]


@without("hyp-reserved", gens=("7.1",))
def reserved_memory(s):
    """Nobody says what is reserved; no table tells, because its only page of a level is missing as well."""
    s.ram.put(s.image(DATA + 0x8008), 0)
    return [s.s1.pages_at(s.hyp(s.pa(RESERVED)), 0)]


@without("hyp-prot")
def kernels_own_tables(s):
    """A page of swapper_pg_dir's tree that maps a part of the image."""
    return [s.swapper_table.pages_at(STEXT + FAR_DATA, 0)]


@without("donation", "share-count", gens=D,
         passes=("host-identity", "host-prot", "host-keeps", "hyp-address", "hyp-prot", "hyp-reserved", "hyp-pins", "hyp-vm"))
def table_of_a_guest(s):
    return [s.vms[0].pages_at(0x80000000, 0)]


@without("host-identity", "host-prot", "host-nopage", "host-keeps", "isolation", gens=ALL,
         passes=("memslots", "hyp-address", "hyp-prot", "mappings", "hyp-vm"))
def table_of_the_host(s):
    return [s.s2.pages_at(s.pa(GUEST), 0)]


@without("vmm", gens=OLD, passes=("host-identity", "hyp-address"))
def table_of_a_vmm(s):
    return [s.vms[0].vmm.pages_at(0x10000000, 0)]


@without("mappings", gens=ALL)
def list_of_mappings(s):
    return [s.vms[0].kvm + 0x1000]


@without("hyp-vm", "vm-shared")
def table_of_guests(s):
    """No symbol of vm_table."""
    del s.symbols["__kvm_nvhe_vm_table"]
    return []


@without("memslots", gens=OLD)
def memslots(s):
    """The pointer to them leads nowhere."""
    s.put(s.vms[0].kvm, "kvm", "memslots", s.lin(s.pa(SIZE)))
    return []


# --- Commands ----------------------------------------------------------------------------------------------------------

def write_raw(system, path):
    """All of memory, and its System.map beside it."""
    with open(path, "wb") as f:
        f.write(system.ram.bytes)
    with open(path + ".map", "w", encoding="utf-8") as f:
        f.write(system.system_map())


def build(gen, fault, path):
    system, expected = System(gen), None
    if fault:
        expected = BREAKS[fault][0](system)
    write_raw(system, path)
    return system, expected


def write_elf(system, gone, path):
    """An ELF core of all of memory but the pages in @gone."""
    pages = [pa for pa in range(BASE, BASE + SIZE, PAGE) if pa not in gone]
    runs = []
    for pa in pages:
        if runs and runs[-1][1] == pa:
            runs[-1][1] += PAGE
        else:
            runs.append([pa, pa + PAGE])
    at = (64 + 56 * len(runs) + PAGE - 1) // PAGE * PAGE
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 183, 1, 0, 64, 0, 0, 64, 56, len(runs), 0, 0, 0)
    for start, end in runs:
        head += struct.pack("<IIQQQQQQ", 1, 6, at, 0, start, end - start, end - start, PAGE)
        at += end - start
    with open(path, "wb") as f:
        f.write(head.ljust((len(head) + PAGE - 1) // PAGE * PAGE, b"\0"))
        for start, end in runs:
            f.write(system.ram.bytes[start - BASE:end - BASE])
    with open(path + ".map", "w", encoding="utf-8") as f:
        f.write(system.system_map())


def build_without(gen, name, path):
    system = System(gen)
    write_elf(system, set(WITHOUT[name][0](system)), path)


def run_check(s2dump, path, *where):
    done = subprocess.run([s2dump, "check", "--json", *where, f"--system-map={path}.map", path],
                          capture_output=True, text=True, check=False)
    if done.returncode == 3 and not where:
        return 3, {}, done.stderr
    if done.returncode not in (0, 1, 4):
        raise SystemExit(f"check ended with {done.returncode}: {done.stderr}")
    return done.returncode, {c["name"]: c for c in s2json.rows(done.stdout)}, done.stderr


def dumped(s2dump, path, *options):
    done = subprocess.run([s2dump, "dump", "--json", *options, path], capture_output=True, text=True, check=False)
    tables = s2json.rows(done.stdout) if done.returncode == 0 else []
    return done.returncode, done.stderr, [(r["ia"], r["size"], r["pa"], r["owner"], r["state"])
                                          for t in tables for r in t["ranges"] if r["mapped"] or r["owner"]]


def test_snapshot(s2dump, folder):
    """--snapshot by virtual and by physical address, extracted, and with a page that its list lacks."""
    bad, path, out = [], os.path.join(folder, "snap"), os.path.join(folder, "out")
    for gen in GENERATIONS:
        system = build(gen, None, path)[0]
        where = [f"--base={BASE:#x}", f"--system-map={path}.map"]
        want = [(hex(0x80000000 + i * 0x600000), PAGE, hex(system.pa(GUEST) + i * PAGE), None, None) for i in range(3)]
        for addr in (system.pa(SNAPSHOT), system.lin(system.pa(SNAPSHOT))):
            got = dumped(s2dump, path, *where, f"--snapshot={addr:#x}")
            if got != (0, "", want):
                bad.append(f"{gen} --snapshot={addr:#x}: {got}")
        # Nobody counts the pages of a copy.
        done = subprocess.run([s2dump, "check", *where, f"--snapshot={addr:#x}", path], capture_output=True, text=True, check=False)
        if "FAIL" in done.stdout or "refcount (nobody counts the pages of a copy)" not in " ".join(done.stdout.split()):
            bad.append(f"{gen} check --snapshot: {done.stdout} {done.stderr}")
        subprocess.run([s2dump, "extract", *where, f"--snapshot={addr:#x}", path, "-o", out], check=False)
        got = dumped(s2dump, out)
        if got != (0, "", want):
            bad.append(f"{gen} extracted --snapshot: {got}")
        for lacking in 1, 2:
            system.ram.put(system.snapshot_words + 32, len(system.snapshot_table.pages) - 2 - lacking)
            with open(path, "wb") as f:
                f.write(system.ram.bytes)
            code, text, got = dumped(s2dump, path, *where, f"--snapshot={addr:#x}")
            if code or got != want or f"{lacking} table pages are not in the list" not in text:
                bad.append(f"{gen} short list: {code} {text} {got}")
        system.ram.put(system.snapshot_words, system.lin(system.pa(GUEST)))
        with open(path, "wb") as f:
            f.write(system.ram.bytes)
        code, text, got = dumped(s2dump, path, *where, f"--snapshot={addr:#x}")
        if code != 3 or "pgd_hva" not in text:
            bad.append(f"{gen} wrong pgd: {code} {text} {got}")
        # What a dump shows of owners must survive extract.
        build(gen, None, path)
        first = dumped(s2dump, path, *where)
        subprocess.run([s2dump, "extract", *where, path, "-o", out], check=False)
        if not first[2] or dumped(s2dump, out) != first:
            bad.append(f"{gen}: extract changes what dump says")
    return bad


def dump_copy(s2dump, system, path):
    """What dump says of the kernel's copy of a table in @system."""
    write_raw(system, path)
    return subprocess.run([s2dump, "dump", "--json", f"--base={BASE:#x}", f"--system-map={path}.map",
                           f"--snapshot={system.pa(SNAPSHOT):#x}", path], capture_output=True, text=True, check=False)


def test_kernel_copy(s2dump, folder):
    """Numbers of a kvm_pgtable_snapshot at the ends of what they may be."""
    bad, path = [], os.path.join(folder, "copy")
    for gen in ("6.12", "7.3"):
        used = len(System(gen).snapshot_table.pages) - 2
        for what, value, word in (("ia_bits", 24, "are no stage 2"), ("ia_bits", 53, "are no stage 2"),
                                  ("start_level", -2, "are no stage 2"), ("start_level", 4, "are no stage 2"),
                                  # Such tables there are, of another size or start level.
                                  ("ia_bits", 25, "not are no stage 2"), ("ia_bits", 52, "not are no stage 2"),
                                  ("start_level", -1, "not are no stage 2"), ("start_level", 3, "not are no stage 2"),
                                  (1, 1, "PGD pages"), (1, 17, "PGD pages"), (1, 16, None), (3, used, None),
                                  (3, used - 1, "used_pages_indx"), ("flags", 0, None), ("flags", 1, None),
                                  ("flags", 2, None), ("flags", 3, None)):
            system = System(gen)
            if isinstance(what, int):
                system.ram.put(system.snapshot_words + what * 8, value)
            else:
                system.put(system.pa(SNAPSHOT), "kvm_pgtable", what, value, "<b" if what == "start_level" else "<I")
            done = dump_copy(s2dump, system, path)
            # KVM_PGTABLE_S2_NOFWB is bit 0, and is no more in 7.1; of an identity map, which the bit behind it (bit 0) says, the
            # host is the owner.
            fwb = False if what == "flags" and value & 1 and not system.typed else None
            owned = what == "flags" and bool(value & (1 if system.typed else 2))
            told = word and ((word[4:] not in done.stderr) if word.startswith("not ") else word in done.stderr)
            good = done.returncode == 3 and told if word else \
                done.returncode == 0 and s2json.rows(done.stdout)[0]["features"]["fwb"] is fwb and \
                any(r["owner"] for r in s2json.rows(done.stdout)[0]["ranges"]) is owned
            if not good:
                bad.append(f"{gen} --snapshot with {what} {value}: {done.returncode} {done.stderr}")
    return bad


def test_copy_lpa2(s2dump, folder):
    """A copy has no register: it is of 52-bit descriptors when any other table is, or its own addresses have more than 48 bits."""
    bad, path, ds = [], os.path.join(folder, "copy"), 0x80023558 | 1 << 32
    for gen in ("6.12", "7.3"):
        for who in ("vm:100", "vm:101", "host", 48, 49, None):
            system = System(gen)
            if who == "host":
                system.put(system.image(HYP_BSS[0]), "kvm_arch", "mmu.vtcr", ds)
            elif who in (48, 49):
                system.put(system.pa(SNAPSHOT), "kvm_pgtable", "ia_bits", who, "<I")
                system.put(system.pa(SNAPSHOT), "kvm_pgtable", "start_level", 0, "<b")
            elif who:
                table = system.vms[int(who[-1])]
                system.put(table.kvm, "kvm", "arch.mmu.vtcr", ds)
                system.put(table.hyp_vm, "pkvm_hyp_vm", "kvm.arch.mmu.vtcr", ds)
            done = dump_copy(s2dump, system, path)
            # With a level more its entries lead elsewhere.
            if done.returncode not in (0, 4) or s2json.rows(done.stdout)[0]["features"]["lpa2"] is not (who not in (48, None)):
                bad.append(f"{gen} --snapshot, 52 bits of {who}: {done.returncode} {done.stdout[:400]} {done.stderr}")
    return bad


def listed(s2dump, path, *options):
    """What list says: exit status, standard error, tables by id."""
    done = subprocess.run([s2dump, "list", "--json", *options, f"--system-map={path}.map", path], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stderr, {t["id"]: t for t in s2json.rows(done.stdout)} if done.stdout else {}


def facts(table):
    names = ("kind", "granule", "ia_bits", "start_level", "start_tables", "root", "registers")
    return (*(table[name] for name in names), table["features"]["fwb"])


VTCR, HCR, MAIR = "0x80023558", "0x80000001", "0x40044ffff"


def known_tables(system):
    """What the images are made with."""
    stage2 = (4096, 40, 1, 2)
    want = {"host": ("host-stage2", *stage2, hex(system.s2.root), {"vtcr_el2": VTCR, "hcr_el2": HCR}, False),
            "hyp": ("hyp-stage1", 4096, 48, 0, 1, hex(system.s1.root), {"hcr_el2": HCR, "mair_el2": MAIR}, None)}
    for i, table in enumerate(system.vms):
        want[f"vm:{100 + i}"] = ("stage2", *stage2, hex(table.root), {"vtcr_el2": VTCR, "hcr_el2": HCR}, False)
    return want


def test_tables(s2dump, folder):
    """Every table with its registers and sizes; and what becomes of them without the CPUs' parameters."""
    bad, path = [], os.path.join(folder, "tables")
    for gen in GENERATIONS:
        def expect(what, condition, answer):
            if not condition:
                bad.append(f"{gen} tables, {what}: {answer}")
        system = build(gen, None, path)[0]
        params, where = system.pa(PERCPU) + 0x100, f"--base={BASE:#x}"
        code, text, tables = answer = listed(s2dump, path, where)
        expect("as made", (code, text) == (0, "") and {k: facts(t) for k, t in tables.items()} == known_tables(system), answer)
        for i in range(2):
            table = tables[f"vm:{100 + i}"]
            vm, slots = table["vm"], [tuple(m[name] for name in ("id", "ipa", "size", "hva", "readonly", "log"))
                                      for m in table["slots"]]
            expect("VM", (vm["pid"], vm["vcpus"], vm["handle"]) == (100 + i, 1, None if system.hosts_guests else hex(HANDLE + i)) and
                   slots == [(0, "0x80000000", 4 << 20, "0x10000000", False, False)], table)
        # TCR_EL2 with another T0SZ.
        system.put(params, "kvm_nvhe_init_params", "tcr_el2", 0x80850011)
        with open(path, "wb") as f:
            f.write(system.ram.bytes)
        answer = listed(s2dump, path, where)
        expect("T0SZ", "contradicts the 48 bits" in answer[1], answer)
        # HCR_EL2.FWB is the host's as well, but for KVM_PGTABLE_S2_NOFWB, which went with 7.1.
        system.put(params, "kvm_nvhe_init_params", "hcr_el2", 1 << 46 | 0x80000001)
        with open(path, "wb") as f:
            f.write(system.ram.bytes)
        answer = listed(s2dump, path, where)
        expect("FWB", answer[2]["host"]["features"]["fwb"] is system.typed and
               answer[2]["host"]["registers"].get("hcr_el2") == "0x400080000001", answer)
        # Without them the table tells whether EL2 has an EL0: AP[1] is set, or in no leaf.
        for hcr in (0, 1 << 34):
            system = System(gen)
            if hcr:
                for pa in [*system.hyp_leaf.values(), system.stack_at]:
                    system.poke(pa, system.ram.get(pa) & ~(1 << 6))
            write_elf(system, {system.pa(PERCPU)}, path)
            answer = code, text, tables = listed(s2dump, path)
            expect("no parameters", code == 4 and "kvm_nvhe_init_params" in text and
                   tables["hyp"]["registers"] == {} and
                   tables["host"]["registers"] == {"vtcr_el2": VTCR}, answer)
            # A snapshot keeps what the table told, not a register that nobody read.
            snapshot, symbols = path + ".s2", [f"--system-map={path}.map"]
            saved = subprocess.run([s2dump, "extract", "-o", snapshot, *symbols, path], capture_output=True, check=False)
            for file, options in (path, symbols), (snapshot, []):
                done = subprocess.run([s2dump, "dump", "--table=hyp", "--where=mapped", "--limit=1", *options, file],
                                      capture_output=True, text=True, check=False)
                expect("E2H", saved.returncode == 4 and "# root" in done.stdout and "hcr_el2" not in done.stdout and
                       ("r-x/" in done.stdout) == bool(hcr), (saved, done))
            os.remove(snapshot)
        # A root that is not in the dump is no damage.
        system = System(gen)
        write_elf(system, {system.s1.root}, path)
        answer = listed(s2dump, path)
        expect("no root", f"the table page at PA {system.s1.root:#x}, at or near its root, is absent" in answer[1] and
               "damaged" not in answer[1], answer)
        # Of what the hypervisor maps, no more is searched for them than a dump of this size can be of, and that is told.
        if gen not in ("6.17", "7.1"):
            system = System(gen)
            for pa in range(BASE + (1 << 30), BASE + (1 << 30) + (256 << 20), 2 << 20):
                system.s1.set(system.hyp(pa), system.hyp_desc(pa, "rw") & ~2, 1)
            write_elf(system, set(), path)
            answer = code, text, tables = listed(s2dump, path)
            expect("search ends", code == 4 and "not searched for kvm_nvhe_init_params: too much is mapped" in text and
                   tables["hyp"]["registers"] == {"hcr_el2": HCR, "mair_el2": MAIR}, answer)
    return bad


def test_find(s2dump, folder):
    """Who maps an address: rows begin and end with the pages that it touches, whatever was joined."""
    bad, path = [], os.path.join(folder, "find")
    for gen in GENERATIONS:
        system = build(gen, None, path)[0]
        free, guest = system.pa(FREE), system.pa(GUEST)
        # From, to, and what the first of two tables shows: address, first byte and size of the row.
        asked = ((free, free + 2 * PAGE + 1, "host", free, free, 2), (free + PAGE, free + PAGE + 1, "host", free + PAGE,
                 free + PAGE, 1), (free + PAGE - 1, free + PAGE + 1, "host", free + PAGE - 1, free, 2),
                 (guest + PAGE, guest + 3 * PAGE, "vm:100", 0x80001000, 0x80001000, 2),
                 (guest + PAGE + 8, guest + PAGE + 9, "vm:100", 0x80001008, 0x80001000, 1))
        args = [f"{first:#x}-{end:#x}" for first, end, *_ in asked]
        done = subprocess.run([s2dump, "find", "--json", f"--base={BASE:#x}", f"--system-map={path}.map", path, *args],
                              capture_output=True, text=True, check=False)
        rows = [(int(r["pa"], 0), r["size"], r["table"], r["ia"], r["range"]["ia"], r["range"]["size"])
                for r in s2json.rows(done.stdout) if r["as"] == "mapping"]
        for first, end, table, ia, start, pages in asked:
            want = first, end - first, table, hex(ia), hex(start), pages * PAGE
            if done.returncode or rows.count(want) != 1:
                bad.append(f"{gen} find {first:#x}-{end:#x}: {done.returncode} {rows} lacks {want} {done.stderr}")
    return bad


# What the hypervisor's variables must not be found by: where they are is told by what they hold.
SYMBOLS = ("_stext", "__kvm_nvhe_vm_table")
SEARCHED = ("linear-map-bent", "given-but-mapped", "hyp-text-writable", "stack-elsewhere", "annotated-but-free",
            "host-leaf-elsewhere", "page-array-bent")


def decoys(system):
    """The kernel's own arrays of regions: of other memory, of a part of it, and what cannot be one."""
    regions = (BASE, SIZE - PAGE, 0), (BASE, SIZE << 8, 0x100), (BASE, 1 << 52, 0), (BASE, 0, 0), \
        (system.pa(RESERVED), RESERVED_SIZE, 0), (BASE + SIZE, SIZE, 0)
    for at in (system.pa(FREE) + PAGE, system.image(DATA + 0x9000)):
        for i, (base, size, flags) in enumerate(regions):
            for name, value, fmt in (("base", base, "<Q"), ("size", size, "<Q"), ("flags", flags, "<I")):
                system.put(at + i * 0x100, "memblock_region", name, value, fmt)


def test_searched(s2dump, folder):
    """Without the symbols of its variables, the same tables of the hypervisor are found, and checked."""
    bad, path, where = [], os.path.join(folder, "searched"), f"--base={BASE:#x}"
    for gen in GENERATIONS:
        for fault in (None, *(name for name in SEARCHED if gen in BREAKS[name][2])):
            system = build(gen, fault, path)[0]
            decoys(system)
            with open(path, "wb") as f:
                f.write(system.ram.bytes)
            with open(path + ".map", "w", encoding="utf-8") as f:
                f.write("".join(line for line in system.system_map().splitlines(True)
                                if line.split()[2] in SYMBOLS or STEXT + HYP_TEXT[0] <= int(line.split()[0], 16) <
                                STEXT + HYP_TEXT[1]))
            code, checks, text = run_check(s2dump, path, where)
            failed = {name for name, check in checks.items() if check["result"] == "fail"}
            if (code, text) != (1 if fault else 0, "") or (BREAKS[fault][1][0] not in failed if fault else failed):
                bad.append(f"{gen} {fault} searched: exit {code}, fails {failed} {text}")
            if fault:
                continue
            code, text, tables = listed(s2dump, path, where)
            if {name: facts(table) for name, table in tables.items()} != known_tables(system):
                bad.append(f"{gen} searched: {code} {text} {tables}")
    return bad


def verdict(gen, fault, expected, answer):
    """What is not as it should be with one system."""
    code, checks, text = answer
    failed = {n for n, c in checks.items() if c["result"] == "fail"}
    unknown = {n: c["why"] for n, c in checks.items() if c["result"] == "unknown"}
    rows, near_miss = (BREAKS[fault][1], BREAKS[fault][3]) if fault else ((), False)
    want = set() if near_miss else set(rows)
    bad = []
    if set(rows) & {"complete"}:  # nothing can be said of what lies behind
        unknown.pop("mappings", None)
    if fault == "linear-map-bent":  # of the page of the CPUs' parameters: MAIR_EL2, and FWB of the host, are in it
        unknown.pop("encoding", None)
        unknown.pop("writer", None)
    if unknown or text.strip():
        bad.append(f"{gen} {fault}: unknown {unknown} {text.strip()}")
    if not want and failed:
        bad.append(f"{gen} {fault}: fails " + str({n: checks[n]["findings"][:2] for n in failed}))
    # Of an entry that maps nothing no address is known; there is no memory at 0.
    if any(f["pa"] and int(f["pa"], 0) == 0 for c in checks.values() for f in c["findings"]):
        bad.append(f"{gen} {fault}: a finding is of PA 0")
    if want - failed or code != (1 if want else 0):
        bad.append(f"{gen} {fault}: exit {code}, does not fail {want - failed} (fails {failed})")
    if near_miss and any(checks[n]["result"] != "pass" for n in rows):
        bad.append(f"{gen} {fault}: not all of {rows} pass")
    if expected is not None:
        got = [(f["table"], f["ia"] and int(f["ia"], 0)) for f in checks[rows[0]]["findings"]]
        if got != expected:
            bad.append(f"{gen} {fault}: {rows[0]} finds {got}, should be {expected}")
    return bad


def missing_verdict(what, rows, answer, passes=()):
    """Nothing fails because it is missing, and what cannot be told is unknown, with the reason, and no more than that."""
    code, checks, text = answer
    failed = {n: c["findings"][:1] for n, c in checks.items() if c["result"] == "fail"}
    told = {n for n, c in checks.items() if c["result"] == "unknown" and c["why"]}
    bad = []
    if failed or code == 1:
        bad.append(f"{what}: exit {code}, fails {failed}")
    if rows and (set(rows) - told or code != 4):
        bad.append(f"{what}: exit {code}, not unknown: {set(rows) - told} {text.strip()}")
    if any(checks[n]["result"] != "pass" for n in passes):
        bad.append(f"{what}: does not pass: " + str({n: checks[n].get("why") for n in passes if checks[n]["result"] != "pass"}))
    return bad, told


def test_missing(s2dump, folder):
    """Each fact left out, then every page that holds one; each row must once have been unknown."""
    bad, told, path = [], set(), os.path.join(folder, "core")
    done = subprocess.run([s2dump, "check", "--list", "--json"], capture_output=True, text=True, check=True)
    for name, (_, rows, gens, passes) in WITHOUT.items():
        for gen in gens:
            build_without(gen, name, path)
            more, seen = missing_verdict(f"{gen} without {name}", rows, run_check(s2dump, path), passes)
            bad += more
            told |= seen
    for gen in ("6.12", "6.14", "7.3"):
        system = System(gen)
        used = [pa for pa in range(BASE, BASE + SIZE, PAGE) if any(system.ram.bytes[pa - BASE:pa - BASE + PAGE])]
        for pa in used:
            if STEXT + BTF <= STEXT + pa - system.image(0) < STEXT + BTF + 0x10000 and pa != system.image(HYP_RODATA[0]):
                continue  # types
            write_elf(system, {pa}, path)
            more, seen = missing_verdict(f"{gen} without PA {pa:#x}", (), run_check(s2dump, path))
            bad += more
            told |= seen
    for row in (c["name"] for c in s2json.rows(done.stdout)):
        if row not in told:
            bad.append(f"{row}: never unknown")
    return bad


def rows_without_case(s2dump):
    """Each row has an image that it fails on, and one that only looks so."""
    done = subprocess.run([s2dump, "check", "--list", "--json"], capture_output=True, text=True, check=True)
    bad = []
    for row in (c["name"] for c in s2json.rows(done.stdout)):
        for near_miss in (False, True):
            if not any(row in rows and is_near == near_miss for _, rows, _, is_near in BREAKS.values()):
                bad.append(f"{row}: nothing {'nearly ' if near_miss else ''}breaks it")
    return bad


def test(s2dump, first):
    bad, cases = rows_without_case(s2dump), 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ram")
        for gen in GENERATIONS:
            for fault in [None] + [name for name, row in BREAKS.items() if gen in row[2]]:
                if bad and first:
                    break
                expected = build(gen, fault, path)[1]
                bad += verdict(gen, fault, expected, run_check(s2dump, path, f"--base={BASE:#x}"))
                cases += 1
        if not bad or not first:
            bad += test_kernel_copy(s2dump, folder)
            bad += test_copy_lpa2(s2dump, folder)
            bad += test_tables(s2dump, folder)
            bad += test_searched(s2dump, folder)
            bad += test_find(s2dump, folder)
            bad += test_missing(s2dump, folder)
            bad += test_snapshot(s2dump, folder)
    for line in bad:
        print(line)
    print(f"mkpkvm: {cases} systems, {len(bad)} not as they should be")
    return bool(bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("generation", nargs="?", choices=GENERATIONS)
    parser.add_argument("out", nargs="?")
    parser.add_argument("--break", dest="fault", choices=sorted(BREAKS))
    parser.add_argument("--without", choices=sorted(WITHOUT))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--first", action="store_true", help="--test ends with the first that is not as it should be")
    parser.add_argument("--s2dump")
    args = parser.parse_args()
    if args.list:
        for name, (function, checks, gens, near) in sorted(BREAKS.items()):
            print(f"{name:28} {'nothing' if near else ','.join(checks):28} {' '.join(gens)}")
        for name, (function, rows, gens, _) in sorted(WITHOUT.items()):
            print(f"without {name:20} {','.join(rows)} {' '.join(gens)}")
        return 0
    if args.test:
        return test(args.s2dump, args.first)
    if not args.out:
        parser.error("GENERATION and OUT are needed")
    if args.without:
        build_without(args.generation, args.without, args.out)
    else:
        build(args.generation, args.fault, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
