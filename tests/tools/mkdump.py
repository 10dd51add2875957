#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes dump containers, independently of the readers: ELF cores, kdumps, LiME, and the flattened form of the first two.

    mkdump.py FORMAT OUT [options]      FORMAT is elf, kdump or lime

Memory comes from --raw FILE@PA (a file's bytes at an address), --core FILE (the PT_LOADs of an ELF core) and --pattern
PA:SIZE (see pattern()), each repeatable. Numbers are decimal or 0x hex. As a module: elf_core(), kdump(), lime(), flatten().
"""
import argparse
import random
import re
import struct
import sys
import zlib

EM_AARCH64 = 183
PN_XNUM = 0xffff
PAGE = 4096


def pattern(pa, size):
    """Memory that tells its own address: per page 0xa00 bytes of words pa * 0x9e3779b97f4a7c15, then zeros."""
    out = bytearray()
    for page in range(pa & -PAGE, pa + size, PAGE):
        words = [word * 0x9e3779b97f4a7c15 & (1 << 64) - 1 for word in range(page, page + 0xa00, 8)]
        out += struct.pack("<320Q", *words) + bytes(PAGE - 0xa00)
    return bytes(out[pa % PAGE:pa % PAGE + size])


def note(name, kind, desc):
    name = name.encode() + b"\0"
    pad = lambda b: b + bytes(-len(b) % 4)
    return struct.pack("<III", len(name), len(desc), kind) + pad(name) + pad(desc)


def dense(pa, data, keep=()):
    """@data at @pa as runs without its zero pages, but for those in the ranges (pa, size) of @keep."""
    runs = []
    for at in range(pa, pa + len(data), PAGE):
        page = bytes(data[at - pa:at - pa + PAGE])
        if not any(page) and not any(start <= at < start + size for start, size in keep):
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == at:
            runs[-1][1] += page
        else:
            runs.append([at, bytearray(page)])
    return [(at, bytes(run)) for at, run in runs]


def minus(pa, end, holes):
    """[pa, end) as alternating (start, end, excluded) pieces."""
    at = pa
    for start, size in sorted(holes):
        lo, hi = max(start, pa), min(start + size, end)
        if lo >= hi:
            continue
        if at < lo:
            yield at, lo, False
        yield lo, hi, True
        at = hi
    if at < end:
        yield at, end, False


# --- ELF -------------------------------------------------------------------------------------------------------------

def segments(runs, exclude, overlap):
    """PT_LOADs as makedumpfile -E makes them: (pa, bytes, memsz); what is excluded lengthens the segment before it."""
    segs = []
    for pa, size in overlap:  # like the kernel text's own header in /proc/vmcore: first, and again in its RAM
        segs.append([pa, fetch(runs, pa, size), size])
    for pa, data in runs:
        for lo, hi, hole in minus(pa, pa + len(data), exclude):
            if not hole:
                segs.append([lo, data[lo - pa:hi - pa], hi - lo])
            elif segs and segs[-1][0] + segs[-1][2] == lo:
                segs[-1][2] += hi - lo
            else:
                segs.append([lo, b"", hi - lo])
    return segs


def fetch(runs, pa, size):
    for start, data in runs:
        if start <= pa and pa + size <= start + len(data):
            return data[pa - start:pa - start + size]
    raise SystemExit(f"mkdump: {pa:#x} is not in memory")


def cpu_notes(vector_length):
    """What QEMU writes for one CPU (target/arm/arch_dump.c); the vector length is in bytes."""
    quads = vector_length // 16
    sve = 16 + 32 * vector_length + 17 * 2 * quads + 8
    return (note("CORE", 1, bytes(392)) + note("CORE", 2, bytes(528)) +
            note("LINUX", 0x405, struct.pack("<IIHH", sve, sve, vector_length, vector_length) + bytes(sve - 12)))


def elf_core(runs, exclude=(), overlap=(), notes=b"", sve=(), phdrs=0, incomplete=False, machine=EM_AARCH64,
             string_table=False):
    """An ELF core. With @sve (vector lengths per CPU) it has QEMU's shape and QEMU's mistake: all notes are declared to be as
    long as those of the first CPU. @phdrs > 65534 needs PN_XNUM; it pads with PT_NULL."""
    segs = segments(runs, exclude, overlap)
    declared = len(notes)
    if sve:
        declared += len(sve) * len(cpu_notes(sve[0]))
        notes = b"".join(cpu_notes(length) for length in sve) + notes
        string_table = True
    nphdrs = max(phdrs, 1 + len(segs))
    nshdrs = 2 if string_table else 1 if nphdrs >= PN_XNUM else 0
    shoff = 64 if nshdrs else 0
    phoff = 64 + 64 * nshdrs
    data_off = phoff + 56 * nphdrs
    off = data_off + declared
    table = struct.pack("<IIQQQQQQ", 4, 0, data_off, 0, 0, declared, declared, 0)
    body = bytearray()
    for pa, data, memsz in segs:
        table += struct.pack("<IIQQQQQQ", 1, 7, off, pa, pa, len(data), memsz, 0)
        off += len(data)
        body += data
    table += bytes(56 * (nphdrs - 1 - len(segs)))
    shdrs = b""
    if nshdrs:
        shdrs = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, nphdrs if nphdrs >= PN_XNUM else 0, 0, 0)
    if string_table:
        shdrs += struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, off, 11, 0, 0, 0, 0)
        body += b"\0.shstrtab\0"
    ehdr = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, machine, 1, 0, phoff, shoff, int(incomplete),
                                                     64, 56, min(nphdrs, PN_XNUM), 64 if nshdrs else 0, nshdrs,
                                                     1 if string_table else 0)
    return ehdr + shdrs + table + notes + body


def read_core(data):
    """The runs of an ELF core, as little of it as is needed here."""
    phoff, = struct.unpack_from("<Q", data, 32)
    n, = struct.unpack_from("<H", data, 56)
    for i in range(n):
        kind, _, off, _, pa, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        if kind == 1 and filesz:
            yield pa, data[off:off + filesz]


# --- codecs ----------------------------------------------------------------------------------------------------------
# All but zlib are written by hand: literals, and runs of one byte where there are long ones.

def tokens(data):
    """(literal, run): bytes, and how often the last of them is repeated after it."""
    at = 0
    for m in re.finditer(rb"(.)\1{63,}", data, re.S):
        yield data[at:m.start() + 1], m.end() - m.start() - 1
        at = m.end()
    if at < len(data):
        yield data[at:], 0


def compress_zlib(data):
    return zlib.compress(data, 1)


def compress_snappy(data):
    out, n = bytearray(), len(data)
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    for literal, run in tokens(data):
        out += b"\xf4" + struct.pack("<H", len(literal) - 1) if len(literal) <= 1 << 16 else b""
        out += literal
        while run:
            n = min(run, 64)
            out += bytes([(n - 1) << 2 | 2, 1, 0])  # copy, 16-bit offset 1
            run -= n
    return bytes(out)


def lzo_length(n):
    n -= 1
    return bytes(n // 255) + bytes([n % 255 + 1])


def compress_lzo(data):
    """LZO1X as Linux Documentation/staging/lzo.rst describes it: literal runs and M3 matches at distance 1."""
    out = bytearray()
    for literal, run in tokens(data):
        n = len(literal)
        if not out and n <= 238:
            out.append(n + 17)
        elif 4 <= n <= 18:
            out.append(n - 3)
        elif n > 18:
            out += b"\0" + lzo_length(n - 18)
        else:
            return None  # too short for this encoder
        out += literal
        if run:
            out += (bytes([0x20 | run - 2]) if run <= 33 else b"\x20" + lzo_length(run - 33)) + b"\0\0"
    return bytes(out) + b"\x11\0\0"


def compress_zstd(data):
    """RFC 8878: a frame of raw and RLE blocks, single segment, content size in 4 bytes."""
    blocks = []
    for literal, run in tokens(data):
        blocks.append((0, len(literal), literal))
        if run:
            blocks.append((1, run, literal[-1:]))
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    for i, (kind, n, content) in enumerate(blocks):
        last = i + 1 == len(blocks)
        out += struct.pack("<I", n << 3 | kind << 1 | last)[:3] + content
    return out


CODECS = {
    "none": (0, lambda data: None),
    "zlib": (0x01, compress_zlib),
    "lzo": (0x02, compress_lzo),
    "snappy": (0x04, compress_snappy),
    "zstd": (0x20, compress_zstd),
}


# --- kdump -----------------------------------------------------------------------------------------------------------

def kdump(runs, exclude=(), codec="zlib", version=6, block=PAGE, split=None, written=None, notes=b"", vmcoreinfo=b"",
          machine="aarch64", signature=b"KDUMP   ", one_bitmap=False, level=30):
    """A kdump. @split is (start_pfn, end_pfn); after @written pages the writer ran out of space; bit 1 of @level says that a
    filter left out pages of zeros."""
    flag, compress = CODECS[codec]
    pages, excluded = {}, set()
    for pa, data in runs:
        if pa % block or len(data) % block:
            raise SystemExit(f"mkdump: {pa:#x} or its size is not a multiple of the block size {block}")
        for lo, hi, hole in minus(pa, pa + len(data), exclude):
            for at in range(lo, hi, block):
                if hole:
                    excluded.add(at // block)
                else:
                    pages[at // block] = data[at - pa:at - pa + block]
    npfns = max(set(pages) | excluded) + 1
    bitmap_blocks = -(-npfns // (8 * block))
    exists, dumped = bytearray(bitmap_blocks * block), bytearray(bitmap_blocks * block)
    for pfn in set(pages) | excluded:
        exists[pfn // 8] |= 1 << pfn % 8
    for pfn in pages:
        dumped[pfn // 8] |= 1 << pfn % 8
    start, end = split or (0, npfns)
    mine = [pfn for pfn in sorted(pages) if start <= pfn < end]

    # block 0 the header, block 1 the sub-header with notes behind it, then bitmaps, descriptors, pages
    note_off = block + 104
    notes = notes if version >= 4 else b""
    info_off = note_off + len(notes)
    sub_blocks = -(-(104 + len(notes) + len(vmcoreinfo)) // block)
    nbitmaps = 1 if one_bitmap else 2
    desc_off = (1 + sub_blocks + nbitmaps * bitmap_blocks) * block
    data_off = desc_off + 24 * len(mine)
    descs, data, zero = bytearray(), bytearray(), None
    for i, pfn in enumerate(mine):
        page = pages[pfn]
        if written is not None and i >= written:
            descs += bytes(24)
            continue
        if not any(page) and zero:  # zero pages share one
            descs += zero
            continue
        packed = compress(page)
        small = packed is not None and len(packed) < block
        content = packed if small else page
        desc = struct.pack("<QIIQ", data_off + len(data), len(content), flag if small else 0, 0)
        if not any(page):
            zero = desc
        descs += desc
        data += content

    status = flag | (8 if written is not None else 0)
    names = ["Linux", "test", "6.12.0-test", "#1", machine, "(none)"]
    header = signature + struct.pack("<i", version) + b"".join(n.encode().ljust(65, b"\0") for n in names) + bytes(6)
    header += struct.pack("<QQIIIIIIIIIi", 1700000000, 0, status, block, sub_blocks, nbitmaps * bitmap_blocks,
                          npfns & 0xffffffff, len(pages), 0, len(mine), 0, 1)
    sub = struct.pack("<Qii", 0, level, int(split is not None)) + struct.pack("<QQ", start, end)
    sub += struct.pack("<QQ", info_off if vmcoreinfo else 0, len(vmcoreinfo))
    sub += struct.pack("<QQQQ", note_off if notes else 0, len(notes), 0, 0) + struct.pack("<QQQ", start, end, npfns)
    have = [0, 12, 32, 48, 64, 80, 104][version]
    sub = sub[:have] + b"\xff" * (104 - have)  # what the version lacks must not be looked at
    out = header.ljust(block, b"\0") + (sub + notes + vmcoreinfo).ljust(sub_blocks * block, b"\0")
    out += (b"" if one_bitmap else bytes(exists)) + bytes(dumped)
    return out + descs + data


# --- LiME, flattened -------------------------------------------------------------------------------------------------

def lime(runs):
    return b"".join(struct.pack("<IIQQ8x", 0x4c694d45, 1, pa, pa + len(data) - 1) + data for pa, data in runs)


def flatten(data, chunk=5000, end=True, seed=1):
    """makedumpfile -F: pieces out of order, and the first bytes written twice, wrong at first."""
    pieces = [(off, data[off:off + chunk]) for off in range(0, len(data), chunk)]
    head, rest = pieces[0], pieces[1:]
    random.Random(seed).shuffle(rest)
    pieces = [(0, b"\xee" * min(512, len(data)))] + rest[:len(rest) // 2] + [head, (0, b"")] + rest[len(rest) // 2:]
    out = bytearray(struct.pack(">16sqq", b"makedumpfile", 1, 1).ljust(4096, b"\0"))
    for off, content in pieces:
        out += struct.pack(">qq", off, len(content)) + content
    return bytes(out) + (struct.pack(">qq", -1, -1) if end else b"")


# --- command line ----------------------------------------------------------------------------------------------------

def number(text):
    return int(text, 0)


def pair(text):
    a, b = text.split(":")
    return number(a), number(b)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=["elf", "kdump", "lime"])
    parser.add_argument("out")
    add = parser.add_argument
    add("--raw", action="append", default=[], metavar="FILE@PA")
    add("--core", action="append", default=[], metavar="FILE")
    add("--pattern", action="append", default=[], type=pair, metavar="PA:SIZE")
    add("--exclude", action="append", default=[], type=pair, metavar="PA:SIZE", help="as a dump filter would")
    add("--vmcoreinfo", metavar="TEXT", help="with a note in elf and kdump; --no-note leaves the kdump's own fields")
    add("--no-note", action="store_true")
    add("--flatten", action="store_true")
    add("--no-end", action="store_true", help="flattened: no end marker")
    add("--overlap", action="append", default=[], type=pair, metavar="PA:SIZE", help="elf: one more PT_LOAD in front")
    add("--sve", default=[], type=lambda t: [number(x) for x in t.split(",")], metavar="VL,...", help="elf: QEMU's bug")
    add("--phdrs", type=number, default=0, help="elf: at least so many program headers")
    add("--incomplete", action="store_true", help="elf: the flag in e_flags")
    add("--machine", help="elf: e_machine, kdump: utsname.machine")
    add("--codec", choices=sorted(CODECS), default="zlib")
    add("--version", type=int, default=6, help="kdump: header version")
    add("--block", type=number, default=PAGE, help="kdump: block size")
    add("--split", type=pair, metavar="PFN:PFN", help="kdump: a part")
    add("--written", type=number, help="kdump: the writer stopped after so many pages")
    add("--one-bitmap", action="store_true", help="kdump: without the bitmap of what exists")
    add("--diskdump", action="store_true", help="kdump: the older signature")
    args = parser.parse_args()

    runs = [(pa, pattern(pa, size)) for pa, size in args.pattern]
    for text in args.raw:
        path, _, pa = text.rpartition("@")
        runs.append((number(pa), open(path, "rb").read()))
    for path in args.core:
        runs += read_core(open(path, "rb").read())
    runs.sort(key=lambda run: run[0])
    info = (args.vmcoreinfo or "").encode()
    notes = note("VMCOREINFO", 0, info) if info and not args.no_note else b""

    if args.format == "elf":
        out = elf_core(runs, args.exclude, args.overlap, notes, args.sve, args.phdrs, args.incomplete,
                       number(args.machine) if args.machine else EM_AARCH64)
    elif args.format == "kdump":
        out = kdump(runs, args.exclude, args.codec, args.version, args.block, args.split, args.written, notes, info,
                    "aarch64" if args.machine is None else args.machine,
                    b"DISKDUMP" if args.diskdump else b"KDUMP   ", args.one_bitmap)
    else:
        out = lime(runs)
    if args.flatten:
        out = flatten(out, end=not args.no_end)
    with open(args.out, "wb") as f:
        f.write(out)


if __name__ == "__main__":
    sys.exit(main())
