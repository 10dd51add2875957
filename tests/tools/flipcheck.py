#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Flips one bit in a table page of a dump, asks `s2dump check` what is wrong, and puts the bit back; over and over.
#
#   flipcheck.py --s2dump PATH --dump FILE [--base PA] [-n N] [--seed S] [--table GLOB] [--misses]
#
# The dump is copied first. Prints how many flips were reported, by table and kind of entry, and lists the others.

import argparse
import collections
import fnmatch
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import s2json


def segments(path):
    """(pa, file offset, size) of each PT_LOAD."""
    with open(path, "rb") as f:
        head = f.read(64)
        off, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        if count == 0xffff:
            f.seek(struct.unpack_from("<Q", head, 40)[0] + 44)
            count, = struct.unpack("<I", f.read(4))
        f.seek(off)
        table = f.read(size * count)
    found = []
    for i in range(count):
        kind, _, file_off, _, pa, filesz = struct.unpack_from("<IIQQQQ", table, i * size)
        if kind == 1 and filesz:
            found.append((pa, file_off, filesz))
    return found


class Dump:
    def __init__(self, args, folder):
        self.args = args
        self.path = os.path.join(folder, "dump")
        shutil.copyfile(args.dump, self.path)
        self.raw = args.base is not None
        self.map = [(args.base, 0, os.path.getsize(self.path))] if self.raw else segments(self.path)
        self.file = open(self.path, "r+b", buffering=0)

    def options(self):
        return [f"--base={self.args.base:#x}"] if self.raw else []

    def offset(self, pa):
        for start, file_off, size in self.map:
            if start <= pa < start + size:
                return file_off + pa - start
        raise KeyError(hex(pa))

    def read(self, pa):
        self.file.seek(self.offset(pa))
        return struct.unpack("<Q", self.file.read(8))[0]

    def write(self, pa, word):
        self.file.seek(self.offset(pa))
        self.file.write(struct.pack("<Q", word))


def s2dump(args, *rest):
    return subprocess.run([args.s2dump, *rest], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)


def table_pages(args, dump, folder):
    """{table: [(pa, size)]} as `extract` finds them, a table at a time."""
    listed = s2json.rows(s2dump(args, "list", "--json", dump.path, *dump.options()).stdout, "list")
    pages = {}
    for table in listed:
        out = os.path.join(folder, "one.s2dump")
        if s2dump(args, "extract", dump.path, *dump.options(), f"--table={table['id']}", "-o", out).returncode:
            raise SystemExit(f"cannot extract {table['id']}")
        pages[table["id"]] = [(pa, size) for pa, _, size in segments(out)]
    return pages, listed


def entries(dump, table):
    """{pa of a word: (first input address, size)} of all words of a table's pages."""
    page_log2 = table["granule"].bit_length() - 1
    stride, found = page_log2 - 3, {}
    lpa2 = table["features"]["lpa2"]
    mask = (1 << (50 if lpa2 else 48)) - 1 & -1 << page_log2

    def visit(pa, ia, height, n):
        shift = page_log2 + height * stride
        for i in range(n):
            try:
                word = dump.read(pa + i * 8)
            except KeyError:
                return
            at = ia + (i << shift)
            found.setdefault(pa + i * 8, (at, 1 << shift))
            if height and word & 3 == 3:
                visit(word & mask | (word >> 8 & 3) << 50 if lpa2 else word & mask, at, height - 1,
                      1 << stride)

    height = 3 - table["start_level"]
    visit(int(table["root"], 0), 0, height, 1 << table["ia_bits"] - page_log2 - height * stride)
    return found


def check(args, dump):
    done = s2dump(args, "check", "--json", dump.path, *dump.options())
    if done.returncode not in (0, 1, 4):
        return done.returncode, []
    return done.returncode, [c for c in s2json.rows(done.stdout) if c["result"] == "fail"]


def kind_of(word):
    return "zero" if not word else "invalid" if not word & 1 else "valid"


def pick(rng, pages):
    """A random word of any table page, each word as likely as the others."""
    flat = [(name, pa, size) for name, list_ in pages.items() for pa, size in list_]
    total = sum(size for _, _, size in flat)
    at = rng.randrange(total // 8) * 8
    for name, pa, size in flat:
        if at < size:
            return name, pa + at
        at -= size
    raise AssertionError


def picks(args, dump, pages):
    """What to flip: (table, pa of the word, bit)."""
    rng = random.Random(args.seed)
    done = 0
    while done < args.n:
        name, pa = pick(rng, pages)
        if args.used and not dump.read(pa):
            continue
        done += 1
        yield name, pa, rng.randrange(64)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--base", type=lambda s: int(s, 0))
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", default="*")
    parser.add_argument("--used", action="store_true", help="only in entries that are not 0")
    parser.add_argument("--misses", action="store_true", help="list what was not reported")
    parser.add_argument("--least", type=float, default=0.0, help="fail below this fraction")
    parser.add_argument("--tmp", default=None)
    args = parser.parse_args()
    caught, tried, rules, misses, named = collections.Counter(), collections.Counter(), collections.Counter(), [], 0
    with tempfile.TemporaryDirectory(dir=args.tmp) as folder:
        dump = Dump(args, folder)
        code, failed = check(args, dump)
        known = {(c["name"], f["table"], f["ia"], f["pa"]) for c in failed for f in c["findings"]}
        print(f"unchanged: exit {code}, {len(known)} findings")
        pages, tables = table_pages(args, dump, folder)
        pages = {k: v for k, v in pages.items() if fnmatch.fnmatch(k, args.table)}
        where = {t["id"]: entries(dump, t) for t in tables if t["id"] in pages}
        for name, pa, bit in picks(args, dump, pages):
            word = dump.read(pa)
            dump.write(pa, word ^ (1 << bit))
            code, failed = check(args, dump)
            dump.write(pa, word)
            fresh = [(c["name"], f) for c in failed for f in c["findings"]
                     if (c["name"], f["table"], f["ia"], f["pa"]) not in known]
            new = [rule for rule, _ in fresh]
            ia, size = where[name].get(pa, (0, 0))
            # The entry's own address, or the table page that it stands in.
            named += any(f["table"] == name and (f["ia"] and ia <= int(f["ia"], 0) < ia + size or f["pa"] and int(f["pa"], 0) == pa & -4096)
                         for _, f in fresh)
            key = (name.split(":")[0], kind_of(word))
            tried[key] += 1
            if new:
                caught[key] += 1
                rules[new[0]] += 1
            else:
                misses.append((name, pa, word, bit, code))
    for key in sorted(tried):
        print(f"{key[0]:8} {key[1]:8} {caught[key]:6} of {tried[key]:6}")
    total, found = sum(tried.values()), sum(caught.values())
    print(f"reported {found} of {total} ({found / total:.4f}), {named} by the entry's address; first rule: "
          + ", ".join(f"{name} {n}" for name, n in rules.most_common()))
    for name, pa, word, bit, code in misses if args.misses else []:
        print(f"not reported: {name} {pa:#x} {word:#018x} bit {bit} (exit {code})")
    return found < args.least * total


if __name__ == "__main__":
    sys.exit(main())
