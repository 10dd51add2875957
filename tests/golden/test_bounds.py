#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Worst cases of one structure each: memory and time stay within what SECURITY.md promises for the bytes that are there.

import argparse
import itertools
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import mkpkvm  # noqa: E402
from slower import SLOWER  # noqa: E402

ROOT, VTCR = 0x40000000, "0x80023560"
MIB = 1 << 20
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "samples/debian-6.12-protected.elf.gz"


def elf(note, segments, machine=183):
    """@segments: (PA, bytes)."""
    at = 64 + 56 * (1 + len(segments))
    off = at + len(note) + -(at + len(note)) % 8
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, machine, 1, 0, 64, 0, 0, 64, 56, 1 + len(segments), 64, 0, 0)
    table, data = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), len(note), 4), b""
    for pa, content in segments:
        table += struct.pack("<IIQQQQQQ", 1, 4, off + len(data), pa, pa, len(content), len(content), 0)
        data += content
    return (head + table + note).ljust(off, b"\0") + data


def snapshot(text):
    return elf(struct.pack("<III", 7, len(text), 1) + b"S2DUMP\0\0" + text + bytes(-len(text) % 4), [(ROOT, bytes(4096))])


def table(name):
    return json.dumps({"id": name, "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": hex(ROOT),
                       "registers": {"vtcr_el2": VTCR}}, separators=(",", ":"))


def note(extra, tables):
    return ('{"version":1,"release":"","build_id":""' + extra + ',"tables":[' + ",".join(tables) + "]}").encode()


def many_tables(path):
    path.write_bytes(snapshot(note("", (table(f"vm:{i}") for i in range(20000)))))


def json_values(path):
    path.write_bytes(snapshot(note(',"x":[' + "{}," * (4 * MIB // 3) + "{}]", [table("vm:1")])))


def json_values_of_a_hole(path):
    """The same in a file that is mostly a hole."""
    path.write_bytes(snapshot(note(',"x":[' + "{}," * (10 * MIB // 3) + "{}]", [table("vm:1")])))
    os.truncate(path, 1 << 32)


def tables_of_a_hole(path):
    many_tables(path)
    os.truncate(path, 1 << 32)


def bitmaps(path):
    """A kdump of which the bitmaps, of 2^34 pages, are holes of the file."""
    pages = 1 << 34
    blocks = 2 * pages // 8 // 4096
    head = b"KDUMP   " + struct.pack("<i", 6) + bytes(396)
    head += struct.pack("<QQIIIIIIIIIi", 0, 0, 1, 4096, 1, blocks, 0xffffffff, 1, 0, 1, 0, 1)
    with open(path, "wb") as f:
        f.write(head.ljust(4096, b"\0") + struct.pack("<Qii", 0, 0, 0) + bytes(64) + struct.pack("<QQQ", 0, pages, pages))
        f.truncate((2 + blocks) * 4096 + 24 + 4096)


def kdump(path, block, pages, descs, blocks):
    """A kdump whose descriptors are (block of @blocks, flags)."""
    maps = -(-pages // 8 // block) if pages > 8 * block else 1
    data = (2 + 2 * maps) * block + 24 * pages
    at = [data + n for n in itertools.accumulate((len(b) for b in blocks), initial=0)]
    head = b"KDUMP   " + struct.pack("<i", 6) + bytes(396)
    head += struct.pack("<QQIIIIIIIIIi", 0, 0, 1, block, 1, 2 * maps, 0xffffffff, 1, 0, 1, 0, 1)
    bits = (b"\xff" * (pages // 8)).ljust(maps * block, b"\0")
    with open(path, "wb") as f:
        f.write(head.ljust(block, b"\0"))
        f.write((struct.pack("<Qii", 0, 0, 0) + bytes(64) + struct.pack("<QQQ", 0, pages, pages)).ljust(block, b"\0"))
        f.write(bits + bits)
        f.write(b"".join(struct.pack("<QIIQ", at[i], len(blocks[i]), flags, 0) for i, flags in descs))
        f.write(b"".join(blocks))


def kdump_bomb(path):
    """Each page a block of its own, of 1K that becomes a mebibyte."""
    blocks = [zlib.compress(struct.pack("<Q", i) + bytes(MIB - 8), 9) for i in range(16)]
    kdump(path, MIB, 8192, [(i, 1) for i in range(8192)], [blocks[i % 16] for i in range(8192)])


def kdump_zeros(path):
    """Each page of 64K compressed on its own, as makedumpfile -c -d 0 does, and all are zeros: a gibibyte, of which nothing is lost."""
    blocks = [zlib.compress(bytes(65536), 9)] * 16384
    kdump(path, 65536, 16384, [(i, 1) for i in range(16384)], blocks)


def kdump_findings(path):
    """A table of 16384 pages that are one block, each entry of which breaks a rule."""
    n, first = 32, 33
    root = [i + 1 << 12 | 3 for i in range(n)] + [0] * (512 - n)
    upper = [[first + i * 512 + k << 12 | 3 for k in range(512)] for i in range(n)]
    blocks = [struct.pack("<512Q", *page) for page in (root, *upper, [0x3fd] * 512)]  # reserved at level 3
    kdump(path, 4096, first + n * 512, [(i, 0) for i in range(first)] + [(first, 0)] * (n * 512), blocks)


def kdump_one_leaf_page(path, pages=65536):
    """A table of as many pages as 2 MB can describe, of which the last level is one block of scattered leaves."""
    upper = (pages - 1) // 513 + 1
    root = [i + 1 << 12 | 3 for i in range(upper)] + [0] * (512 - upper)
    lists = [[1 + upper + i * 512 + k for k in range(512)] for i in range(upper)]
    blocks = [root, *([page << 12 | 3 if page < pages else 0 for page in each] for each in lists), [i << 13 | 0x7ff for i in range(512)]]
    kdump(path, 4096, pages, [(i, 0) for i in range(upper + 1)] + [(upper + 1, 0)] * (pages - upper - 1),
          [struct.pack("<512Q", *block) for block in blocks])


def raw_of_tables(path):
    """Eight MiB of tables that are reached 128 times, of scattered leaves."""
    pages, base = 2048, ROOT
    levels = [[base + 4096 * (1 + i % 4) | 3 for i in range(512)]]
    levels += [[base + 4096 * (5 + (k * 512 + i) % (pages - 5)) | 3 for i in range(512)] for k in range(4)]
    levels += [[i << 13 | 0x7ff for i in range(512)]] * (pages - 5)
    path.write_bytes(b"".join(struct.pack("<512Q", *level) for level in levels))


def leaves_of_x86(path, pages=2048):
    """A sound table of nothing but scattered leaves, whose rows are as long as any: all are printed."""
    root, size = 0x3c00000000, pages << 21
    soft = {"name": "kvm-new", "empty": "0x8000000000000000", "host_writable_mask": "0x20000000000000",
            "mmu_writable_mask": "0x80000000000000", "accessed_mask": "0x100", "dirty_mask": "0x200"}
    text = json.dumps({"version": 1, "release": "", "build_id": "", "tables": [
        {"id": "vm:1234567.12", "kind": "stage2", "arch": "x86", "stage": "ept", "root": hex(root), "registers": {"eptp": hex(root | 0x5e)},
         "maxphyaddr": 46, "soft": soft, "pid": 1234567, "memslots": [{"id": 12345, "ipa": "0x100000000", "size": hex(size), "hva": "0x7fd69f900000",
                                                        "flags": 0}]}]}).encode()
    upper = pages // 512
    levels = [[root + 4096 | 7] + [0] * 511, [root + 4096 * (2 + i - 4) | 7 if 4 <= i < 4 + upper else 0 for i in range(512)]]
    levels += [[root + 4096 * (2 + upper + k * 512 + i) | 7 for i in range(512)] for k in range(upper)]
    levels += [[0x80a0000000000f77 | 0x200000000000 + (i * 7919 << 12) % (1 << 44) for i in range(k * 512, k * 512 + 512)] for k in range(pages)]
    head = struct.pack("<III", 7, len(text), 1) + b"S2DUMP\0\0" + text + bytes(-len(text) % 4)
    path.write_bytes(elf(head, [(root, b"".join(struct.pack("<512Q", *level) for level in levels))], 62))


def kdump_empty(path):
    """32 GiB of which QEMU stored one page: of the others, all zeros, it stores one for all."""
    kdump(path, 65536, 1 << 19, [(1, 0)] * 1000 + [(0, 0)] + [(1, 0)] * ((1 << 19) - 1001), [bytes(range(256)) * 256, bytes(65536)])


def kdump_aliases(path):
    """All pages are one block, which is not compressed."""
    kdump(path, MIB, 65536, [(0, 0)] * 65536, [bytes(range(256)) * (MIB // 256)])


def kdump_nearly_zeros(path):
    """All pages are one of two blocks of zeros that end in something else."""
    kdump(path, MIB, 65536, [(i % 2, 0) for i in range(65536)], [bytes(MIB - 1) + b"1", bytes(MIB - 1) + b"2"])


def aliases(path):
    """Segments of the same bytes of the file, N of them, N of them long: a search would see N * N."""
    n, size = 20000, MIB
    at = 64 + 56 * n
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, n, 64, 0, 0)
    rows = (struct.pack("<IIQQQQQQ", 1, 4, at, i * size, i * size, size, size, 0) for i in range(n))
    path.write_bytes(head + b"".join(rows) + bytes(range(256)) * (size // 256))


def names_of_kernels(path):
    """A VMCOREINFO of empty lines before those of a kernel that is not this memory's, which lies in memory again and again."""
    n, size = 8000, 256 << 10
    text = (f"OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffff800080000000\nOFFSET(uts_namespace.name)=16\n"
            f"SYMBOL(swapper_pg_dir)=ffff800080001000\nSYMBOL(_stext)=ffff800080000000\nNUMBER(VA_BITS)=48\n"
            f"NUMBER(kimage_voffset)=0xffff800080000000\nNUMBER(PHYS_OFFSET)=0x0\nKERNELOFFSET=0\n").encode()
    text = text.rjust(size - 24, b"\n")
    at = 64 + 56 * n
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, n, 64, 0, 0)
    rows = (struct.pack("<IIQQQQQQ", 1, 4, at, i * size, i * size, size, size, 0) for i in range(n))
    path.write_bytes(head + b"".join(rows) + struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text)


def kallsyms_of_one_page(path, absolute=False):
    """A kernel of 8 million symbols, the names and addresses of which are the same 2 MiB of the file; each has as many letters as
    names that are asked for."""
    pa, va, size, n = 0x40400000, 0xffff800080400000, 2 << 20, 8 << 20
    names_at, tokens_at, table_at = 16, 16 + (31 if absolute else 8), 64
    segments = [(0, 0)] + [(names_at + i, 1 + (i > 0)) for i in range(tokens_at - names_at)]
    segments += [(table_at + i, 2) for i in range(32 if absolute else 16)]
    names = b"\1\2" + b"\1" * (size - 2)
    image = (bytes(16) + b"Linux".ljust(130, b"\0") + b"6.12.0").ljust(0x10000, b"\0")
    image += struct.pack("<512Q", *[0] * 512) + struct.pack("<IIQ", n, 0, va - 0x01010101)
    image = image.ljust(size, b"\0")
    strings = b"tbtf_modules\0T_stext\0\0"
    token_page = (strings.ljust(32, b"\0") + struct.pack("<256H", *[21, 0, 13] + [21] * 253)).ljust(4096, b"\0")
    text = (f"OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)={va:x}\nOFFSET(uts_namespace.name)=16\n"
            f"SYMBOL(swapper_pg_dir)={va + 0x10000:x}\nSYMBOL(_stext)={va:x}\nNUMBER(VA_BITS)=48\n"
            f"NUMBER(kimage_voffset)={va - pa:#x}\nNUMBER(PHYS_OFFSET)=0x40000000\nKERNELOFFSET=0\n"
            f"SYMBOL(kallsyms_names)={va + names_at * size:x}\nSYMBOL(kallsyms_num_syms)={va + 0x11000:x}\n"
            f"SYMBOL(kallsyms_token_table)={va + tokens_at * size:x}\nSYMBOL(kallsyms_token_index)={va + tokens_at * size + 32:x}\n"
            f"SYMBOL(kallsyms_relative_base)={va + 0x11008:x}\n"
            f"SYMBOL(kallsyms_{'addresses' if absolute else 'offsets'})={va + table_at * size:x}\n").encode()
    note = struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text + bytes(-len(text) % 4)
    count = len(segments) + 2
    at = -(-(64 + 56 * count + len(note)) // 4096) * 4096
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0)
    rows = struct.pack("<IIQQQQQQ", 4, 0, 64 + 56 * count, 0, 0, len(note), len(note), 4)
    for place, which in segments:
        rows += struct.pack("<IIQQQQQQ", 1, 4, at + which * size, 0, pa + place * size, size, size, 0)
    rows += struct.pack("<IIQQQQQQ", 1, 4, at + 3 * size, 0, pa + tokens_at * size, 4096, 4096, 0)
    path.write_bytes((head + rows + note).ljust(at, b"\0") + image + names + b"\1" * size + token_page)


def kallsyms_of_long_addresses(path):
    kallsyms_of_one_page(path, True)


def kernels_of_one_table(path):
    """As many VMCOREINFO as are looked at, all of whose kernels have the same tables, which lead to as many that map nothing."""
    n, pages = 10000, 10000
    stext, tables = 0xffffffff81000000, 1 << 30
    text = (f"OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)={stext:x}\nOFFSET(uts_namespace.name)=0\n"
            f"SYMBOL(_stext)={stext:x}\nSYMBOL(init_top_pgt)={stext:x}\nNUMBER(phys_base)={tables - 0x1000000}\n").encode()
    note = (struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text).ljust(4096, b"\0")
    levels = [struct.pack("<512Q", *[tables + 4096 * (k + 1) | 3] * 512) for k in range(3)] + [bytes(4096)]
    at = 64 + 56 * (n + 1)
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, n + 1, 64, 0, 0)
    rows = b"".join(struct.pack("<IIQQQQQQ", 1, 4, at, i * 4096, i * 4096, 4096, 4096, 0) for i in range(n))
    size = (4 + pages) * 4096
    rows += struct.pack("<IIQQQQQQ", 1, 4, at + 4096, tables, tables, size, size, 0)
    path.write_bytes(head + rows + note + b"".join(levels) + b"filled" * (pages * 4096 // 6 + 1))


def image_elsewhere(path):
    """A kernel that maps 254 MiB of image, of which a dump of five pages has the first."""
    pa, va = 0x40400000, 0xffff800080400000
    block = lambda i: (pa + (i << 21)) | 0x701
    levels = [[0] * 512 for _ in range(3)]
    levels[0][va >> 39 & 511] = (pa + 2 * 4096) | 3
    levels[1][va >> 30 & 511] = (pa + 3 * 4096) | 3
    for i in range(127):
        levels[2][(va >> 21 & 511) + i] = block(i)
    image = (bytes(16) + b"Linux".ljust(130, b"\0") + b"6.12.0").ljust(4096, b"\0")
    image += b"".join(struct.pack("<512Q", *level) for level in levels)
    text = (f"OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)={va:x}\nOFFSET(uts_namespace.name)=16\n"
            f"SYMBOL(swapper_pg_dir)={va + 4096:x}\nSYMBOL(_stext)={va:x}\nNUMBER(VA_BITS)=48\n"
            f"NUMBER(kimage_voffset)={va - pa:#x}\nNUMBER(PHYS_OFFSET)=0x40000000\nKERNELOFFSET=0\n").encode()
    name = struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text + bytes(-len(text) % 4)
    path.write_bytes(elf(name, [(pa, image), (0x80000000, bytes(4095) + b"x")]))


def vmlinux(path, names, symbols, note=b"", more=0):
    """One with a section each; the note has @more bytes that are a hole."""
    at = 64 + 4 * 64
    sizes = [len(names), len(symbols), len(note) + more]
    offs = [at + -(-n // 16) * 16 for n in itertools.accumulate(sizes[:2], initial=0)]
    kinds = [(0, 3, 0, 0, 1, 0), (1, 2, 1, 1, 8, 24), (0, 7, 0, 0, 4, 0)]  # name, type, link, info, align, size of an entry
    with open(path, "wb") as f:
        f.write(b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 0, 64, 0, 64, 56, 0, 64, 4, 1))
        f.write(bytes(64))
        for (name, kind, link, info, align, each), off, size in zip(kinds, offs, sizes):
            f.write(struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, off, size, link, info, align, each))
        for off, data in zip(offs, (names, symbols, note)):
            f.seek(off)
            f.write(data)
        f.truncate(offs[2] + len(note) + more)


def symbol(name, value):
    return struct.pack("<IBBHQQ", name, 0x12, 0, 1, value, 1)


def ends_of_a_name(path):
    """A vmlinux whose symbols are called by the ends of one name of 2 MB."""
    names = b"\0.symtab\0" + b"a" * 2000000 + b"\0"
    vmlinux(path, names, b"".join(symbol(9 + i, 0xffff800008000000 + i) for i in range(100000)))


def build_id_of_2g(path):
    """A vmlinux whose build id has 2 GiB, twice which is nothing in 32 bits."""
    vmlinux(path, b"\0.symtab\0_stext\0", bytes(24) + symbol(9, 0xffff800080000000), struct.pack("<III4s", 4, 1 << 31, 3, b"GNU"), 1 << 31)


def symbols_of_a_hole(path):
    """A vmlinux of which the symbols are a hole of 800 MB."""
    vmlinux(path, b"\0.symtab\0_stext\0", bytes(24) + symbol(9, 0xffff800080000000), b"")
    with open(path, "r+b") as f:
        f.truncate((800 << 20) + 4096)
        f.seek(64 + 2 * 64 + 24)
        f.write(struct.pack("<QQ", 4096, 24 * (800 * MIB // 24)))


def sections_of_a_hole(path):
    """A vmlinux of 16 million sections, of which a hole speaks."""
    with open(path, "wb") as f:
        f.write(b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 0, 64, 0, 64, 56, 0, 64, 0, 0))
        f.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 1 << 24, 0, 0, 0, 0))
        f.truncate(64 << 24)


def dwarf(path, entries, abbreviations):
    """A vmlinux of one unit."""
    unit = struct.pack("<HBBI", 5, 1, 8, 0) + b"\1" + entries + b"\0"
    # A number, a tag, whether there are children, attributes and their forms.
    abbrev = b"\1\x11\1\0\0" + b"".join(bytes(each) + b"\0\0" for each in abbreviations) + b"\0"
    names = b"\0.debug_info\0.debug_abbrev\0.symtab\0_stext\0.strtab\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", names.index(b"_stext"), 0x12, 0, 1, 0xffff800080000000, 1)
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    parts = [(1, struct.pack("<I", len(unit)) + unit, 1, 0, 0), (13, abbrev, 1, 0, 0), (27, symbols, 2, 4, 24), (42, names, 3, 0, 0)]
    at, rows, data = 64 + 64 * 5, bytes(64), b""
    for name, content, kind, link, each in parts:
        rows += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, at + len(data), len(content), link, 1 if link else 0, 8, each)
        data += content + bytes(-len(content) % 8)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 0, 64, 0, 64, 56, 0, 64, 5, 4)
    path.write_bytes(head + rows + data)
    system = mkpkvm.System("7.1")
    system.ram.put(system.image(mkpkvm.BTF), 0)
    mkpkvm.write_elf(system, set(), f"{path}.core")  # without types of its own


# A struct of a name and a size; an entry without anything, with and without children.
STRUCT, LEAF, INNER = (2, 0x13, 0, 3, 8, 0x0b, 6), (3, 0x24, 0), (4, 0x13, 1)


def sizes_of_a_name(path):
    """Structs of one name, no two of which have a size."""
    dwarf(path, b"".join(b"\2a\0" + struct.pack("<I", i) for i in range(200000)), [STRUCT])


def names_of_structs(path):
    """As many structs with a name as there can be."""
    letters = b"0123456789abcdefghijklmnopqrstuvwxyz"
    names = itertools.islice(itertools.product(letters, repeat=4), 1100000)
    dwarf(path, b"".join(b"\2" + bytes(name) + b"\0" for name in names), [(2, 0x13, 0, 3, 8, 0x0b, 0x21, 1)])


def entries_of_entries(path):
    """Entries that lie within each other, as deep as is followed, again and again."""
    dwarf(path, (b"\4" * 190 + b"\0" * 190) * 10000, [INNER])


def map_of_a_hole(path):
    """A System.map of 200 MiB that holds no line."""
    with open(path, "wb") as f:
        f.write(b"ffff800080000000 T _stext\n")
        f.truncate(200 << 20)


# Both components of a protected system: states in hyp_vmemmap, or in leaves.
PKVM = {"annotation": "0x3", "locked_bit": "0x0", "guests": "0x1", "hyp_vms": "0x1", "text_stays": "0x1", "split_xn": "0x1",
        "ffa": "0x1", "host_memattr": "0xf", "page.size": "0x8", "page.refcount": "0xffff", "page.order": "0xff0000",
        "page.host": "0xf000000", "page.hyp": "0xf0000000", "page.share": "0xffffffff00000000", "phys_offset": "0x0",
        "have_vmemmap": "0x1", "vmemmap_va": "0x600000000000", "have_memory": "0x1", "reserved_pa": "0x0",
        "reserved_size": "0x0", "handle_first": "0x1000", "cpus": [], "ids": [-1, 0, 1, -1, 2, -1], "types": [1, 2, 3],
        "values": [0, 0, 1, 2, 3, 0, 0, 0], "memory": ["0x0", "0x8000000000000", "0x0"]}
HOST = {"id": "host", "kind": "host-stage2", "arch": "arm64", "stage": "stage2", "root": hex(ROOT),
        "registers": {"vtcr_el2": "0x80053590"}, "pkvm_role": 1}
HYP = {"id": "hyp", "kind": "hyp-stage1", "arch": "arm64", "stage": "stage1-el2", "root": hex(ROOT + 0x10000),
       "registers": {"hcr_el2": "0x80000001"}, "granule": 4096, "ia_bits": 48, "oa_bits": 48, "lpa2": "no", "pkvm_role": 2,
       "start_level": 0}


def pkvm(path, states, tables, vmemmap, memory):
    """A snapshot of what claims 2^51 bytes of memory: @tables lie where HOST and HYP say."""
    both = json.dumps([HOST, HYP][:len(tables)])[1:-1]
    kept = json.dumps({**PKVM, "host_in": states, "hyp_in": states, "vmemmap": vmemmap})
    text = note(',"kvm_mode":"protected","pkvm":' + kept, [both])
    body = struct.pack("<III", 7, len(text), 1) + b"S2DUMP\0\0" + text + bytes(-len(text) % 4)
    path.write_bytes(elf(body, [(ROOT + 0x10000 * i, made) for i, made in enumerate(tables)] + memory))


def blocks_of_1g(root, attributes, to=lambda i: i << 30):
    """A table that maps 1 TiB."""
    tables = struct.pack("<512Q", (root + 0x1000) | 3, (root + 0x2000) | 3, *[0] * 510)
    return tables + struct.pack("<1024Q", *(to(i) | attributes for i in range(1024)))


def pkvm_blocks(path):
    """A tebibyte that is the host's, and writable for the hypervisor: a finding for each page."""
    pkvm(path, "0x1", [blocks_of_1g(ROOT, 0x7fd), blocks_of_1g(ROOT + 0x10000, 0x40000000000701)], [], [])


def pkvm_one_page(path):
    """All tables map the same gibibyte, again and again."""
    pkvm(path, "0x2", [blocks_of_1g(ROOT, 0x7fd), blocks_of_1g(ROOT + 0x10000, 0x701, lambda i: 0)], [], [])


def pkvm_words(path):
    """The words of all memory are the same ones, of a page in which no two in a row are alike."""
    pieces = [x for i in range(4096) for x in (hex(i << 12), "0x1000", hex(ROOT + 0x20000))]
    words = struct.pack("<1024Q", *[0, 0xf0000000] * 512)
    pkvm(path, "0x2", [blocks_of_1g(ROOT, 0x7fd), blocks_of_1g(ROOT + 0x10000, 0x40000000000701)], pieces,
         [(ROOT + 0x20000, words * 8)])


def pkvm_scattered(path):
    """A page of each 2 MiB is mapped on its own, in no order, and all of the rest by blocks."""
    tables = [struct.pack("<512Q", *((ROOT + 0x1000 + (k << 12)) | 3 for k in range(2)), *[0] * 510)]
    leaves = ROOT + 0x3000
    tables += [struct.pack("<512Q", *((leaves + (k * 512 + i) * 4096) | 3 if i < 256 else (k * 512 + i) << 30 | 0x7fd
                                      for i in range(512))) for k in range(2)]
    del tables[2]
    tables.append(struct.pack("<512Q", *((512 + i) << 30 | 0x7fd for i in range(512))))
    tables += [struct.pack("<512Q", *((i << 30) + (j << 21) | 0x7fd if j % 2 else 0x0a00000 | 4 for j in range(512)))
               for i in range(256)]
    pkvm(path, "0x1", [b"".join(tables)], [], [])


def pkvm_large(path):
    """64 MiB of tables, each of the same blocks; they are read again for each part of a memory that is as large as it says."""
    upper = [struct.pack("<512Q", *((ROOT + (1 + i << 12)) | 3 if i < 32 else 0 for i in range(512)))]
    upper += [struct.pack("<512Q", *((ROOT + (33 + i * 512 + j << 12)) | 3 for j in range(512))) for i in range(32)]
    pkvm(path, "0x1", [b"".join(upper) + struct.pack("<512Q", *((i % 4 << 21) | 0x7fd for i in range(512))) * 16384], [], [])


def notes_that_differ(path):
    """As many notes as are used, no two of the same type."""
    path.write_bytes(elf(b"".join(struct.pack("<III", 5, 0, i) + b"CORE".ljust(8, b"\0") for i in range(65536)), [(ROOT, bytes(4096))]))


def kvm_of_4g(path):
    """A system of 1 TiB, as its hypervisor says, with as many guests as there may be, each of a struct kvm of 4 GiB, as types say."""
    system = mkpkvm.System("7.1")
    at = system.image(mkpkvm.BTF) + 24 + sum(map(len, system.btf.types[:system.btf.ids["kvm"] - 1]))
    system.ram.put(at + 8, 0xffffffff, "<I")
    system.put(system.image(mkpkvm.HYP_BSS[0] + 0x500), "memblock_region", "size", 1 << 40)
    for i in range(255):
        system.ram.put(system.pa(mkpkvm.RESERVED + 0x8000) + i * 8, system.hyp(system.vms[0].hyp_vm))
    mkpkvm.write_elf(system, set(), str(path))


def guests_of_one_table(path):
    """As many guests as there may be, all of which have the same table, in which pages are reached again and again."""
    system = mkpkvm.System("7.1")
    guest, free, n = system.vms[0], mkpkvm.BASE + (14 << 20), 240
    for i in range(1024):
        system.ram.put(guest.root + 8 * i, free | 3)
    for i in range(512):
        system.ram.put(free + 8 * i, free + 4096 | 3)
    kvm, listed = guest.kvm, system.field("kvm", "vm_list")
    nodes = [system.vm_list, *(system.vms[i].kvm + listed for i in range(2))]
    for i in range(n):
        pa = free + 4096 * (4 + 2 * i)
        for to, of in ((pa, guest.hyp_vm), (pa + 4096, kvm & ~0xfff)):
            system.ram.bytes[to - mkpkvm.BASE:to - mkpkvm.BASE + 4096] = system.ram.bytes[of - mkpkvm.BASE:of - mkpkvm.BASE + 4096]
        theirs = pa + 4096 + (kvm & 0xfff)
        for at in (pa, theirs):
            system.put(at, "kvm", "arch.pkvm.handle", mkpkvm.HANDLE + 2 + i, "<H")
        system.put(pa, "pkvm_hyp_vm", "host_kvm", system.hyp(theirs))
        system.put(theirs, "kvm", "userspace_pid", 102 + i, "<i")
        nodes.append(theirs + listed)
        system.ram.put(system.pa(mkpkvm.RESERVED + 0x8000) + (2 + i) * 8, system.hyp(pa))
    lin = [mkpkvm.STEXT + nodes[0] - system.image(0)] + [system.lin(node) for node in nodes[1:]]
    for i, node in enumerate(nodes):
        system.ram.put(node, lin[(i + 1) % len(nodes)])
        system.ram.put(node + 8, lin[i - 1])
    mkpkvm.write_elf(system, set(), str(path))


def vmemmap_of_pieces(path):
    """No two pages of the hypervisor's page array, which is of the same tables again and again, lie one behind the other."""
    system, n, times = mkpkvm.System("7.1"), 8192, 3
    first = system.pa(mkpkvm.SIZE)
    middle = [first + 4096 * i for i in range(n // 512)]
    leaves = first + 4096 * len(middle)
    for i in range(len(middle) * times):
        system.ram.put(system.s1.slot(mkpkvm.VMEMMAP_VA + (1 + i << 30), 2), middle[i % len(middle)] | 3)
    tables = b"".join(struct.pack("<512Q", *(leaves + 4096 * (512 * k + i) | 3 for i in range(512))) for k in range(len(middle)))
    page = struct.pack("<512Q", *(system.hyp_desc(system.pa(i % 7 * 4096), "rw") for i in range(512)))
    path.with_suffix(".map").write_text(system.system_map(), "utf-8")
    path.write_bytes(elf(b"", [(mkpkvm.BASE, bytes(system.ram.bytes)), (first, tables + page * n)]))


def mappings_of_same(path):
    """The host's list of what a guest has: all of its 300,000 mappings are of the same 512 pages, which the guest has one by one."""
    system = mkpkvm.System("7.1")
    guest, page = system.vms[0], system.pa(mkpkvm.GUEST)
    for i in range(512):
        guest.set(0xc0000 + i << 12, system.guest_leaf(page))
    n, first = 300000, system.pa(mkpkvm.SIZE)
    node = lambda k: system.lin(first) + 48 * k if 0 <= k < n else 0
    for at in range(0, 48 * n, 4096):
        system.swapper_table.set(system.lin(first + at), (first + at) | 3 | 1 << 10 | 3 << 8 | 3 << 53)
    system.ram.put(guest.root_at, node(0))
    nodes = b"".join(struct.pack("<6Q", node((k - 1) // 2), node(2 * k + 2), node(2 * k + 1), 0xc0000, page >> 12, 512)
                     for k in range(n))
    path.with_suffix(".map").write_text(system.system_map(), "utf-8")
    path.write_bytes(elf(b"", [(mkpkvm.BASE, bytes(system.ram.bytes)), (first, nodes)]))


def reserved_of_all(path):
    """The hypervisor maps 128 TiB as one piece, all of which, as it says, is reserved for it: its CPUs' parameters are not in there."""
    system = mkpkvm.System("7.1")
    first, tables = system.pa(mkpkvm.SIZE), []
    system.put(system.image(mkpkvm.HYP_BSS[0]), "kvm_arch", "mmu.vtcr", 0x80053558)  # physical addresses have 48 bits
    system.put(system.pa(mkpkvm.PERCPU) + 0x100, "kvm_nvhe_init_params", "vtcr", 0x80053558)
    system.ram.put(system.image(mkpkvm.DATA + 0x8000), 1 << 39)
    system.ram.put(system.image(mkpkvm.DATA + 0x8008), (1 << 47) - (1 << 39))
    for i in range(1, 256):
        system.ram.put(system.s1.slot(system.hyp(i << 39), 3), first + 4096 * len(tables) | 3)
        tables.append(struct.pack("<512Q", *(system.hyp_desc(i << 39 | k << 30, "rw") & ~2 for k in range(512))))
    lines = system.system_map().splitlines(True)
    path.with_suffix(".map").write_text("".join(line for line in lines if "per_cpu_start" not in line), "utf-8")
    path.write_bytes(elf(b"", [(mkpkvm.BASE, bytes(system.ram.bytes)), (first, b"".join(tables))]))


def sparse(f, content):
    """Writes what is not zero; pages of zeros are holes."""
    start = f.tell()
    for at in range(0, len(content), 4096):
        page = content[at:at + 4096]
        if any(page):
            f.seek(start + at)
            f.write(page)
    f.truncate(start + len(content))
    f.seek(start + len(content))


def words_of_image(path, words=None):
    """Most of the kernel's data are the same 2 MiB, in which each word may be what is looked for where there are no symbols."""
    system, n, size = mkpkvm.System("7.1"), 110, 2 << 20
    place = lambda k: mkpkvm.IMAGE + (16 << 20) + k * size
    for k in range(n):
        desc = mkpkvm.BASE + place(k) | 1 | 1 << 10 | 3 << 8 | 3 << 53
        system.ram.put(system.swapper_table.slot(mkpkvm.STEXT + place(k) - mkpkvm.IMAGE, 1), desc)
    if words:
        at = system.image(system.symbols["__kvm_nvhe_pkvm_pgtable"] - mkpkvm.STEXT) - mkpkvm.BASE
        system.ram.bytes[at:at + 48] = bytes(48)
    words = words or [system.lin(mkpkvm.BASE + (i % 128) * 64 * 4096) for i in range(512)]
    ram = bytes(system.ram.bytes)
    at = -(-(64 + 56 * (n + 1)) // 4096) * 4096
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, n + 1, 64, 0, 0)
    rows = struct.pack("<IIQQQQQQ", 1, 6, at, 0, mkpkvm.BASE, len(ram), len(ram), 0)
    for k in range(n):
        rows += struct.pack("<IIQQQQQQ", 1, 6, at + len(ram), 0, mkpkvm.BASE + place(k), size, size, 0)
    with open(path, "wb") as f:
        f.write((head + rows).ljust(at, b"\0"))
        sparse(f, ram)
        f.write(struct.pack(f"<{len(words)}Q", *words) * (size // 8 // len(words) + 1))


def anchors_of_image(path):
    """The same of what may be the hypervisor's struct kvm_pgtable."""
    words_of_image(path, [x for i in range(85) for x in (48, 0x1000 * (i + 1), 0x1000, 0, 0, 0)])


def vms_of_nothing(path):
    """More VMs than tables of so much memory, of nothing but the nodes of their list; the hypervisor knows two."""
    system = mkpkvm.System("6.17")
    first = system.pa(0x200000)
    places = [system.vm_list] + [first + i * 16 for i in range(20000)]
    addresses = [mkpkvm.STEXT + mkpkvm.DATA + 0x8020] + [system.lin(pa) for pa in places[1:]]
    for i, pa in enumerate(places):
        system.ram.put(pa, addresses[(i + 1) % len(places)])
        system.ram.put(pa + 8, addresses[i - 1])
    mkpkvm.write_elf(system, set(), str(path))
    path.with_suffix(".map").write_text(system.system_map(), "utf-8")


def look_alikes(path):
    """Pages that may each be the table above each other."""
    path.write_bytes(struct.pack("<512Q", *((ROOT + i * 4096) | 3 for i in range(512))) * 512)


def one_page_for_all(path):
    """A table of three levels of which all tables of a level are one."""
    levels = [struct.pack("<512Q", *[(ROOT + (i + 1) * 4096) | 3] * 512) for i in range(3)]
    levels.append(struct.pack("<512Q", *((i << 13 | 0x7fd) if i % 2 else 0 for i in range(512))))
    path.write_bytes(b"".join(levels))


def x86(name):
    """A core that tests/unit/make_hostile_x86 writes, beside its System.map."""
    def make(path):
        subprocess.run([MAKERS["x86"], name, path], check=True)
    make.__name__ = f"x86 {name}"
    return make


MAKERS = {}
EVERY = ["list"], ["list", "-l", "--json"], ["dump"], ["dump", "--json"], ["dump", "--tables"], ["check"], \
    ["check", "--json", "--findings=all"], ["slots", "--json"], ["extract", "-o", "/dev/null"], ["inspect"]
# To add one: a row in make_hostile_x86.c. No command may do too much for any of them.
X86 = ("vms-of-one-vcpu", "vms-of-one-vcpu-5.15", "vms-of-one-array", "vms-of-one-tree", "no-vm-for-roots", "no-shadow-page",
       "vcpus-without-end", "attributes-without-end", "types-without-end", "symbols-of-kvm", "gmem-of-blocks", "gmem-of-pages",
       "gmem-that-is-unread", "vmm-of-pages", "vmm-that-is-unread", "roots-without-end", "vms-of-broken-roots", "roots-with-slots",
       "modules-in-a-circle", "members-without-end",
       "guest-of-notes", "types-of-one-page",
       "vms-of-one-process", "vms-of-one-command", "vms-of-a-ring", "attributes-of-pages", "types-of-nobody")


def x86_cases():
    for name in X86:
        make = x86(name)
        for words in EVERY:
            yield make, words + (["--system-map={}.map"] if ("5.15" in name or "array" in name) and words[0] != "inspect" else [])


CASES = [
    (many_tables, ["dump"]), (many_tables, ["list", "--json"]), (many_tables, ["check"]),
    (json_values, ["list"]), (json_values_of_a_hole, ["list"]), (tables_of_a_hole, ["list", "--json"]),
    (bitmaps, ["list"]), (bitmaps, ["dump", f"--vtcr={VTCR}", "--root=0x1000"]), (bitmaps, ["check", f"--vtcr={VTCR}", "--root=0"]),
    *((make, words) for make in (kdump_bomb, kdump_aliases, kdump_nearly_zeros) for words in
      (["list"], ["inspect"], ["dump", f"--vtcr={VTCR}", "--root=0"], ["check", f"--vtcr={VTCR}", "--root=0"])),
    (kdump_findings, ["check", "--findings=all", f"--vtcr={VTCR}", "--root=0"]),
    *((kdump_findings, [*words, "--vtcr=0x80023559", "--root=0"]) for words in (["check", "--findings=all"], ["dump", "--json"])),
    *((make, [*words, "--vtcr=0x80023559", where]) for make, where in ((kdump_one_leaf_page, "--root=0"), (raw_of_tables, f"--base={ROOT:#x}"))
      for words in (["check"], ["dump"], ["dump", "--json"], ["dump", "--format=csv"], ["dump", "--tables"], ["list", "-l"],
                    ["extract", "-o", "/dev/null"])),
    (leaves_of_x86, ["dump", "--format=csv"]), (leaves_of_x86, ["dump", "--json"]),
    (kdump_empty, ["inspect"]), (kdump_empty, ["list"]),
    (kdump_zeros, ["inspect"]), (kdump_zeros, ["dump", f"--vtcr={VTCR}", "--root=0"]),
    (aliases, ["list"]), (aliases, ["dump", f"--vtcr={VTCR}", "--root=0x1000"]),
    *((make, ["list"]) for make in (kallsyms_of_one_page, kallsyms_of_long_addresses)),
    *((make, words) for make in (names_of_kernels, kernels_of_one_table) for words in (["list"], ["inspect"])),
    (image_elsewhere, ["list"]),
    (ends_of_a_name, ["list", str(SAMPLE), "--vmlinux"]), (build_id_of_2g, ["list", str(SAMPLE), "--vmlinux"]),
    *((make, ["list", str(SAMPLE), "--vmlinux"]) for make in (symbols_of_a_hole, sections_of_a_hole)),
    *((make, ["list", "{}.core", "--vmlinux"]) for make in (sizes_of_a_name, names_of_structs, entries_of_entries)),
    (map_of_a_hole, ["list", str(SAMPLE), "--system-map"]),
    *((make, [word, *more]) for make in (pkvm_blocks, pkvm_one_page, pkvm_words, pkvm_scattered)
      for word, *more in (["check"], ["check", "--json"], ["dump", "--json"], ["list", "-l"])),
    *((notes_that_differ, words) for words in (["inspect"], ["inspect", "--json"], ["list"])),
    (pkvm_large, ["check"]), (pkvm_large, ["check", "--findings=all"]),
    (kvm_of_4g, ["check", "--system-map={}.map"]), (kvm_of_4g, ["list", "--system-map={}.map"]),
    *((guests_of_one_table, [*words, "--system-map={}.map"]) for words in (["check"], ["list", "-l"])),
    *((vmemmap_of_pieces, [*words, "--system-map={}.map"]) for words in (["list"], ["check"], ["extract", "-o", "/dev/null"])),
    (mappings_of_same, ["check", "--system-map={}.map"]),
    (reserved_of_all, ["list", "--system-map={}.map"]),
    *((make, ["list"]) for make in (words_of_image, anchors_of_image)),
    (vms_of_nothing, ["list", "--system-map={}.map"]), (vms_of_nothing, ["check", "--system-map={}.map"]),
    (look_alikes, ["dump", "--vtcr=0x80023559"]),
    (one_page_for_all, ["dump", "--vtcr=0x80023559", f"--base={ROOT:#x}"]),
    (one_page_for_all, ["dump", "--json", "--vtcr=0x80023559", f"--base={ROOT:#x}"]),
    (one_page_for_all, ["dump", "--format=csv", "--vtcr=0x80023559", f"--base={ROOT:#x}"]),
    (one_page_for_all, ["check", "--vtcr=0x80023559", f"--base={ROOT:#x}"]),
]


# What ends a command early is said; what does not is not ended.
NO_MORE = "no more pages are decompressed: they would become more than 128 times the file and 512 MiB"
SAID = {(kdump_bomb, "list"): (3, NO_MORE), (kdump_bomb, "inspect"): (4, NO_MORE),
        (kdump_empty, "inspect"): (0, ""), (kdump_empty, "list"): (3, "no VMCOREINFO in memory\n"),
        (symbols_of_a_hole, "list"): (3, "larger than all that is in it"),
        (sections_of_a_hole, "list"): (3, "16777216 sections are more than it holds"),
        (map_of_a_hole, "list"): (3, "mostly a hole"),
        # What the hypervisor keeps beside them is lost, and the search is not at its end.
        (vms_of_nothing, "list"): (3, "not read: 3618 VMs, 2 tables,"),
        (kvm_of_4g, "check"): (1, "is not gone through: types say that it has 4294967295 bytes"),
        (mappings_of_same, "check"): (1, "has more mappings than a dump of this size has entries"),
        # The memory that the list tells of is more than any dump's; and tables are not read again for all that is left.
        (pkvm_large, "check"): (1, "incomplete: not read: 2 stretches to search"),
        (leaves_of_x86, "dump"): (0, ""), (kdump_zeros, "inspect"): (0, ""), (kdump_zeros, "dump"): (0, "")}


def measure(s2dump, words, path):
    """Status, seconds of CPU, bytes of memory and of output."""
    out = path.with_name("out")
    # The time of s2dump alone: each case has a process that waits for it and for nothing else.
    code = ("import resource, subprocess, sys; s = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, "
            "stdout=open(sys.argv[1], 'wb'), stderr=open(sys.argv[1] + '.err', 'wb')).returncode; "
            "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(s, u.ru_utime + u.ru_stime, u.ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", code, out, s2dump, *words, path], capture_output=True, text=True, check=True,
                          timeout=120 * SLOWER, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60 * SLOWER,) * 2))
    status, seconds, kib = done.stdout.split()
    return int(status), float(seconds), int(kib) << 10, out.stat().st_size


def main():
    parser = argparse.ArgumentParser(description="Bounds of time, memory and output.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--make-x86", metavar="PROGRAM", help="tests/unit/make_hostile_x86: x86 kernels too")
    parser.add_argument("--only", metavar="NAME", default="", help="cases that have this in what is printed of them")
    args = parser.parse_args()
    s2dump, failed = os.path.abspath(args.s2dump), 0
    with tempfile.TemporaryDirectory(prefix="s2bounds.") as name:
        path = pathlib.Path(name) / "in"
        cases, made = CASES, None
        if args.make_x86:
            MAKERS["x86"] = os.path.abspath(args.make_x86)
            cases = cases + list(x86_cases())
        cases = [(make, words) for make, words in cases if args.only in f"{make.__name__}, {' '.join(words)}"]
        for i, (make, words) in enumerate(cases, 1):
            if make is not made:
                path.unlink(missing_ok=True)
                make(path)
                made = make
            n = path.stat().st_blocks * 512
            status, seconds, memory, out = measure(s2dump, [word.format(path) for word in words], path)
            bad = []
            if status not in (0, 1, 3, 4):
                bad.append(f"status {status}")
            # As SECURITY.md says of pages that are decompressed.
            unpacked = 128 * n + 512 * MIB if make is kdump_bomb else 0
            # How fast an emulator is, nobody promises.
            if SLOWER == 1 and seconds > n * 100e-9 + unpacked * 4e-9 + 1:
                bad.append("too slow")
            # What Python had when it began the program counts as the program's, and an emulator.
            if memory > min(4 * n + (64 if SLOWER == 1 else 128) * MIB, 1 << 30):
                bad.append("too much memory")
            if out > n * (256 if "--json" in words else 32) + MIB:
                bad.append("too much output")
            said = SAID.get((make, words[0]))
            if said and (status != said[0] or said[1] not in path.with_name("out.err").read_text("utf-8")):
                bad.append(f"status {status}, not {said[0]} and '{said[1]}'")
            failed += bool(bad)
            print(f"{'not ' if bad else ''}ok {i} - {make.__name__}, {' '.join(words)}: {n} bytes, {seconds:.2f} s, "
                  f"{memory >> 10} KiB, {out} bytes written {', '.join(bad)}", flush=True)
    print(f"1..{len(cases)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
