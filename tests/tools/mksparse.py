#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes large ELF cores without holding them in memory, and with holes where the input has holes.

    mksparse.py OUT [--raw FILE@PA] [--notes-of CORE] [--hole PA:SIZE] [--noise PA:SIZE] [--exclude PA:SIZE] [--without-btf]

--raw is a file's bytes at an address, --notes-of copies all notes of another core, --hole is memory whose bytes are a hole
of the file (1 TiB costs nothing), --noise memory that is neither zero nor compressible, --exclude leaves memory of --raw out,
as a dump filter would (these can be repeated). --without-btf leaves the kernel's BTF out. Numbers are decimal or 0x hex.
As a module: write(), find_btf(), notes_of().
"""
import argparse
import mmap
import os
import random
import struct
import sys

EM_AARCH64 = 183
PT_LOAD, PT_NOTE = 1, 4
PAGE = 4096
NOISE = 1 << 20


def find_btf(path, pa):
    """(PA, size) of the largest BTF in the raw memory at @path: the kernel's own, not a module's. The kernel also keeps a copy
    of the header elsewhere; that one has no strings."""
    best = (0, 0)
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as ram:
        at = ram.find(b"\x9f\xeb\x01\x00")
        while at >= 0:
            head, type_off, type_len, str_off, str_len = struct.unpack_from("<5I", ram, at + 4)
            if head in (24, 32) and type_off == 0 and str_off >= type_len and at + head + str_off + str_len <= len(ram):
                strings = ram[at + head + str_off:at + head + str_off + 64]
                if strings[:1] == b"\0" and strings[1:].replace(b"\0", b"").isascii() and any(strings[1:2]):
                    best = max(best, (head + str_off + str_len, at))
            at = ram.find(b"\x9f\xeb\x01\x00", at + 4)
    size, at = best
    return pa + at, size


def copy(out, out_off, path, off, size):
    """Copies what is data; what is a hole stays one."""
    with open(path, "rb") as f:
        end = off + size
        while off < end:
            try:
                data = os.lseek(f.fileno(), off, os.SEEK_DATA)
            except OSError:  # ENXIO: only a hole is left
                return
            hole = min(os.lseek(f.fileno(), data, os.SEEK_HOLE), end)
            out_off, off = out_off + data - off, data
            while off < hole:
                chunk = os.pread(f.fileno(), min(hole - off, NOISE), off)
                os.pwrite(out.fileno(), chunk, out_off)
                out_off, off = out_off + len(chunk), off + len(chunk)


def notes_of(path):
    with open(path, "rb") as f:
        head = f.read(64)
        phoff, = struct.unpack_from("<Q", head, 32)
        n, = struct.unpack_from("<H", head, 56)
        f.seek(phoff)
        phdrs = [struct.unpack("<IIQQQQQQ", f.read(56)) for _ in range(n)]
        out = b""
        for kind, _, off, _, _, size, _, _ in phdrs:
            if kind == PT_NOTE:
                f.seek(off)
                out += f.read(size)
    return out


def pieces(pa, size, exclude):
    """What is left of [pa, pa + size), as (pa, size)."""
    at = pa
    for start, length in sorted(exclude):
        if at < start < pa + size:
            yield at, start - at
        if start < pa + size:
            at = max(at, start + length)
    if at < pa + size:
        yield at, pa + size - at


def write(path, raw=(), notes=b"", hole=(), noise=(), exclude=()):
    """@raw is (file, PA), @hole, @noise and @exclude are (PA, size)."""
    segments = [(pa, size, None, 0) for pa, size in hole] + [(pa, size, "noise", 0) for pa, size in noise]
    for name, pa in raw:
        segments += [(at, size, name, at - pa) for at, size in pieces(pa, os.path.getsize(name), exclude)]
    segments.sort(key=lambda s: s[0])
    notes_off = 64 + 56 * (1 + len(segments))
    off = -(-(notes_off + len(notes)) // PAGE) * PAGE
    table = struct.pack("<IIQQQQQQ", PT_NOTE, 0, notes_off, 0, 0, len(notes), len(notes), 4)
    block = random.Random(1).randbytes(NOISE)
    with open(path, "wb") as out:
        for pa, size, source, source_off in segments:
            table += struct.pack("<IIQQQQQQ", PT_LOAD, 7, off, pa, pa, size, size, 0)
            if source == "noise":
                for done in range(0, size, NOISE):
                    os.pwrite(out.fileno(), block[:min(NOISE, size - done)], off + done)
            elif source:
                copy(out, off, source, source_off, size)
            off += -(-size // PAGE) * PAGE
        out.truncate(off)
        out.write(b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, EM_AARCH64, 1, 0, 64, 0, 0, 64, 56,
                                                             1 + len(segments), 0, 0, 0) + table + notes)


def number(text):
    return int(text, 0)


def pair(text):
    a, b = text.split(":")
    return number(a), number(b)


def at_address(text):
    name, _, pa = text.rpartition("@")
    return name, number(pa)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    add = parser.add_argument
    add("--raw", action="append", default=[], type=at_address, metavar="FILE@PA")
    add("--notes-of", metavar="CORE")
    add("--hole", action="append", default=[], type=pair, metavar="PA:SIZE")
    add("--noise", action="append", default=[], type=pair, metavar="PA:SIZE")
    add("--exclude", action="append", default=[], type=pair, metavar="PA:SIZE")
    add("--without-btf", action="store_true")
    args = parser.parse_args()
    if args.without_btf:
        args.exclude += [find_btf(*raw) for raw in args.raw]
    write(args.out, args.raw, notes_of(args.notes_of) if args.notes_of else b"", args.hole, args.noise, args.exclude)


if __name__ == "__main__":
    sys.exit(main())
