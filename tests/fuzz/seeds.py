#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a fuzz target begins: sound inputs, written from the formats. The corpora grew out of these.
"""Writes the seeds of a target into a folder. A corpus is made of them so:

    seeds.py TARGET build/seeds [S2DUMP]
    FUZZER -max_total_time=600 -max_len=65536 build/grown build/seeds tests/fuzz/corpus/TARGET
    FUZZER -merge=1 -max_len=4096 tests/fuzz/corpus/TARGET build/seeds build/grown
"""
import bz2
import gzip
import json
import lzma
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/tools"))

import mkdump  # noqa: E402
import mkpkvm  # noqa: E402
import mktables  # noqa: E402

PAGE = 4096


def elf(sections, machine=183, kind=2, phdrs=()):
    """An ELF file of (name, type, bytes, link, entry size), and PT_NOTE headers that hold the bytes of @phdrs."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".shstrtab\0"
    rows = [(name, *row) for name, *row in sections] + [(".shstrtab", 3, names, 0, 0)]
    out = bytearray(64 + 56 * len(phdrs))
    for i, data in enumerate(phdrs):
        struct.pack_into("<IIQQQQQQ", out, 64 + 56 * i, 4, 0, len(out), 0, 0, len(data), len(data), 4)
        out += data
    headers = [bytes(64)]
    for name, sh_type, data, link, entry in rows:
        headers.append(struct.pack("<IIQQQQIIQQ", names.index(b"\0" + name.encode() + b"\0") + 1, sh_type, 0, 0, len(out),
                                   len(data), link, 1, 8, entry))
        out += data + bytes(-len(data) % 8)
    struct.pack_into("<16sHHIQQQIHHHHHH", out, 0, b"\x7fELF\2\1\1", kind, machine, 1, 0, 64 if phdrs else 0, len(out), 0, 64,
                     56, len(phdrs), 64, len(headers), len(headers) - 1)
    return bytes(out) + b"".join(headers)


def seeds_container():
    def choice(kind, valid=0, maps=()):
        return (struct.pack("<BBB5x", kind, len(maps), valid) + b"".join(struct.pack("<III", *m) for m in maps)).ljust(56, b"\0")

    lime = mkdump.lime([(0x40000000, bytes(range(64))), (0x50000000, bytes(100)), (0x40000020, b"again" * 9)])
    yield "lime", choice(0) + lime
    yield "lime-as-is", choice(2) + lime
    yield "lime-cut", choice(2) + lime[:70]
    yield "lime-huge", choice(2) + b"EMiL\1\0\0\0" + struct.pack("<QQQ", 0x1000, 1 << 50, 0) + bytes(64)
    yield "raw", choice(1) + bytes(range(200))
    yield "raw-map", choice(1, 0, [(0x40000, 99, 0), (0x40010, 50, 100)]) + bytes(range(200))
    yield "raw-overlap", choice(1, 0, [(0x40000, 150, 0), (0x40000, 50, 100), (0x50000, 9, 199)]) + bytes(range(200))
    yield "qcow", choice(2) + b"QFI\xfb\0\0\0\3" + bytes(80)
    yield "vmem", choice(2) + b"\xd2\xbe\xd2\xbe" + bytes(80)
    yield "xen-guest", choice(2) + elf([(".xen_pages", 1, bytes(64), 0, 0)], kind=4)
    yield "xen", choice(2) + elf([], kind=4, phdrs=[mkdump.note("Xen", 0x1000001, bytes(16))])
    yield "xen-vmcoreinfo", choice(2) + elf([], kind=4, phdrs=[mkdump.note("VMCOREINFO_XEN", 0, b"OSRELEASE=x\n")])


def seeds_unpack():
    text = bytes(range(256)) * 8 + bytes(2048)
    yield "gzip", b"\0" + gzip.compress(text, mtime=0)
    yield "gzip-two", b"\0" + gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)
    yield "gzip-behind", b"\2" + gzip.compress(text, mtime=0) + b"garbage"
    yield "xz", b"\0" + lzma.compress(text)
    yield "xz-two", b"\4" + lzma.compress(b"one") + bytes(8) + lzma.compress(b"two", check=lzma.CHECK_CRC32)
    yield "xz-large", b"\4" + lzma.compress(text, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 512 << 20}])
    yield "xz-x86", b"\4" + lzma.compress(text, filters=[{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}])
    yield "bzip2", b"\0" + bz2.compress(text)
    yield "bzip2-two", b"\6" + bz2.compress(b"one") + bz2.compress(b"two")
    frame = mkdump.compress_zstd(text[:4096])
    yield "zstd", b"\0" + frame
    yield "zstd-skip", b"\0" + frame + b"\x50\x2a\x4d\x18\4\0\0\0skip" + frame
    # What no library here writes: compressed blocks, with and without a checksum.
    yield "zstd-rle", b"\2" + bytes.fromhex("28b52ffd6000004b00001061616b10000207") + bytes(4)
    page = (b"page " * 1000)[:PAGE]
    for bit, packed in ((0, zlib.compress(page)), (1, mkdump.compress_lzo(page)), (2, mkdump.compress_snappy(page)),
                        (5, mkdump.compress_zstd(page))):
        yield f"page-{bit}", bytes([1 | bit << 3]) + packed


def seeds_names():
    yield "system-map", (b"ffffffc008000000 T _stext\nffffffc008001000 t vm_list\r\nffffffc008002000 D vm_list\n"
                         b"0000000000000000 A zero\n                 U undefined\nnonsense\nffffffc008003000 b kvm_users_count")
    yield "stub", b"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n"
    names = b"\0vm_list\0_stext\0"
    symbols = bytes(24) + b"".join(struct.pack("<IBBHQQ", name, info, 0, 1, value, 8)
                                   for name, info, value in ((1, 0x11, 0xffffffc008001000), (9, 0x12, 0xffffffc008000000),
                                                             (1, 0x01, 0xffffffc008002000)))
    build_id = mkdump.note("GNU", 3, bytes(range(20)))
    for machine in (183, 62):
        yield f"vmlinux-{machine}", elf([(".text", 1, bytes(16), 0, 0), (".symtab", 2, symbols, 3, 24), (".strtab", 3, names, 0, 0),
                                         (".notes", 7, build_id, 0, 0)], machine, phdrs=[build_id])
    yield "module", elf([(".modinfo", 1, b"license=GPL\0name=kvm\0vermagic=6.1.0 SMP\0", 0, 0)], 62, 1)
    yield "other-module", elf([(".modinfo", 1, b"name=ext4\0vermagic=5.1.0 SMP\0", 0, 0)], 62, 1)


def seeds_pages():
    def choice(pages, how, root=0x40000):
        return struct.pack("<BBxxI", pages - 1, how, root)

    yield "two", choice(3, 0) + b"0x50000000\n# a comment\n\n  0x50003000 # behind\n"
    yield "concatenated", choice(4, 1) + b"0x50000000\n0x50003000\n"
    yield "decimal", choice(2, 2) + b"1342177280\n"
    yield "too-few", choice(9, 0) + b"0x50000000\n"
    yield "too-many", choice(1, 0) + b"0x50000000\n"
    yield "twice", choice(3, 0) + b"0x50000000\n0x50000000\n"
    yield "not-aligned", choice(2, 0) + b"0x50000010\n"
    yield "not-a-number", choice(2, 0) + b"page\n"


def blob(granule, ia_bits, level, base, maps):
    tables = mktables.Tables(mktables.Geometry(granule, ia_bits, level), base)
    for ipa, pa, at, count in maps:
        tables.map(ipa, pa, level=at, count=count)
    return bytes(tables.blob()).rstrip(b"\0")


def seeds_infer():
    few = [(at << 21, 0x80000000 + (at << 21), 3, 9) for at in (0, 1, 5)]
    for shape, row in enumerate([("4K", 30, 2), ("4K", 39, 1), ("4K", 40, 1)]):
        yield f"shape-{shape}", struct.pack("<BBBBI", shape, 1, 0, 0, 0x40000) + blob(*row, 0x48f28000, few)
    yield "one", struct.pack("<BBBBI", 0, 0, 0, 0, 0) + blob("4K", 30, 2, 0x48f28000, few[:1])
    yield "blocks", struct.pack("<BBBBI", 0, 0, 0, 0, 0) + blob("4K", 30, 2, 0x48f28000, [(0, 0x40000000, 2, 40)])
    yield "x86", struct.pack("<BBBBI", 7, 1, 1, 0, 0x40000) + struct.pack("<512Q", *[(1 + i << 12) | 3 for i in range(512)]) + \
        struct.pack("<4Q", 0x41007, 0x42037, 0x80000037, 0x90000037)


def seeds_translate():
    index = {"vtcr": 0, "vttbr": 1, "ttbr0": 6, "ttbr1": 7, "ttbr0_el2": 15}

    def choice(ia, op, flags, usual=0xff, given=1 << 1 | 1 << 6 | 1 << 7 | 1 << 15 | 1 << 16, pick=0):
        value = [pick] * 22
        for at, register in enumerate(("vttbr", "ttbr0", "ttbr1", "ttbr0_el2")):
            value[index[register]] = 0x40000000 + at * PAGE
        return struct.pack("<QQBBBBBBxx22Q", ia, given, op, flags, 0, 3, 0, usual, *value)

    # Page 0: a start level whose first entries lead to pages 1 to 3, and everything to itself in between.
    words = [0x40001003, 0x40002003, 0x40000000 | 0x7fd, 0x40003003]
    page = struct.pack("<512Q", *(words + [0] * 508))
    leaves = struct.pack("<8Q", 0x40000003, 0x40001443, 0x40002483, 0x40003403, 0x60000000004703, 0x40000725, 0x40001f03, 0x4000_0fff)
    for op in (0, 3, 6, 9, 10, 12, 14, 17, 19):
        yield f"op-{op}", choice(0x1000 * op, op, 2) + page + leaves
    for pick in range(4):
        yield f"registers-{pick}", choice(0x40201000, 6, 8 | 32, pick=pick) + page[:64] + leaves
        yield f"facts-{pick}", choice(0x1000, 17, 16 | 2, pick=pick) + page + leaves * 3
    yield "upper", choice(0xffffff8000001000, 6, 2) + page + leaves


def seeds_note():
    for path in sorted((TOP / "samples").glob("*.s2dump")):
        data = path.read_bytes()
        for i in range(struct.unpack_from("<H", data, 56)[0]):
            kind, _, off, _, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", data, 64 + 56 * i)
            if kind == 4:
                yield path.stem, b"\1" + data[off + 20:off + size].rstrip(b"\0")
    table = {"id": "vm:1", "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": "0x40000000",
             "registers": {"vtcr_el2": "0x80053558"}, "pid": 1, "vcpus": 1, "vmid": 3,
             "vm": {"name": "a b", "name_from": "argv", "comm": "qemu", "state": "running", "protected": True, "address": "0x1",
                    "vcpu": [{"index": 0, "address": "0x2", "state": "running", "cpu": 1, "pid": 9}]},
             "slots": [{"ipa": "0x0", "size": "0x10000", "id": 1, "hva": "0x7f0000000000", "flags": "0x3"}]}
    lost = [{"code": "excluded", "what": "VM", "table": "vm:2", "address": "0x1000", "text": "a\\ntext"}]
    note = {"version": 1, "release": "6.1", "build_id": "00ff", "kvm_mode": "protected", "tables": [table], "chosen": True}
    yield "made", b"\2" + json.dumps(note | {"problems": lost}).encode()
    yield "bare", b"\3" + json.dumps(note | {"tables": [{**table, "bare": True}, {**table, "id": "vm:2"}]}).encode()
    for stage in ("ept", "npt"):
        x86 = {"id": "vm:1", "kind": stage, "arch": "x86", "stage": stage, "root": "0x40000000", "registers": {}, "start_level": 4,
               "pid": -1, "vcpus": -1, "soft": {"name": "kvm-new", "empty": "0x0"}}
        yield stage, b"\5" + json.dumps({"version": 1, "release": "", "build_id": "", "tables": [x86]}).encode()
    # Those of protected systems, which s2dump itself writes.
    for gen in ("6.12", "7.1") if len(sys.argv) > 3 else ():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ram")
            mkpkvm.build(gen, None, path)
            subprocess.run([sys.argv[3], "extract", f"--base={mkpkvm.BASE:#x}", f"--system-map={path}.map", path, "-o", path + ".s2dump"],
                           check=True)
            data = pathlib.Path(path + ".s2dump").read_bytes()
            yield f"pkvm-{gen}", b"\1" + data[data.index(b'{"'):data.rindex(b"}") + 1]


def seeds_split():
    base = mkpkvm.Btf()
    base.struct("list_head", [("next", "void*"), ("prev", "void*")])
    base.struct("both", [("u", "u32"), ("next", "list_head")])
    blob = base.blob()
    n, string = len(base.types) + 1, len(base.strings)
    strings = b"kvm\0member\0next\0A\0kvm_e\0"
    at = {name: string + strings.index(name.encode() + b"\0") for name in ("kvm", "member", "next", "A", "kvm_e")}
    both = base.strings.index(b"both\0")
    ids = base.ids
    types = struct.pack("<III", at["kvm"], 4 << 24 | 2, 24) + struct.pack("<6I", at["member"], ids["u64"], 0, at["next"], n + 1, 64)
    types += struct.pack("<III", 0, 2 << 24, n)  # a pointer to it
    types += struct.pack("<III", at["kvm_e"], 6 << 24 | 1, 4) + struct.pack("<II", at["A"], 5)
    types += struct.pack("<III", both, 4 << 24 | 1, 8) + struct.pack("<III", at["next"], ids["list_head"], 0)
    split = struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings
    def choice(at=0, end=0, ntypes=0):
        return struct.pack("<HHHH", len(blob), at, end, ntypes) + blob

    yield "split", choice() + split
    yield "itself", choice() + blob
    yield "cut", choice() + split[:-30]
    for at, end in ((24, 60), (60, 72), (70, 90), (72, 24 + len(types)), (0, len(split)), (24 + len(types), len(split))):
        yield f"gap-{at}-{end}", choice(at, end, 4) + split


def seeds_system(systems, pages):
    """Sound ones, and one word after the other changed, mostly to what another word holds."""
    rng = random.Random(1)
    for system in range(systems):
        for how in range(4):
            yield f"sound-{system}-{how}", bytes([system, how, system])
        for i in range(pages):
            patches = b"".join(struct.pack("<BHBQ", rng.choice((0, 1, 2, 3, 3, 3, 4)), i, rng.randrange(256),
                                           rng.choice((1, 3, 1 << 12, rng.getrandbits(64)))) for _ in range(rng.choice((1, 1, 3))))
            yield f"patched-{system}-{i}", bytes([system, rng.choice((16, 32, 16, 32, 18, 20)), rng.randrange(12)]) + patches


def seeds_system_arm64():
    return seeds_system(12, 60)


def seeds_system_x86():
    return seeds_system(7, 70)


def main():
    target, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    for name, data in globals()[f"seeds_{target}"]():
        pathlib.Path(folder, name).write_bytes(data)


if __name__ == "__main__":
    main()
