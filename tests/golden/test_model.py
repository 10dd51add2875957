#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Compares s2dump, descriptor by descriptor, with the model in mktables.py: all geometries, all fields, random tables.

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))
import render2  # noqa: E402
import s2json  # noqa: E402
from mktables import (LEAF_FIELDS, PS_BITS, VTCR_FIELDS, Geometry, Memory, Tables, load_case, ones, put,  # noqa: E402
                      ranges, walk)

# granule, LPA2, start level -> legal input bits (D8.2, AArch64.S2InconsistentSL), before the limits of T0SZ.
LEVELS = [("4K", False, (0, 1, 2, 3)), ("4K", True, (-1, 0, 1, 2, 3)), ("16K", False, (1, 2, 3)),
          ("16K", True, (0, 1, 2, 3)), ("64K", False, (1, 2, 3))]
OA_BITS = [32, 36, 40, 42, 44, 48, 52]


class Mismatch(Exception):
    pass


class S2dump:
    def __init__(self, path):
        self.path = path

    def __call__(self, *args, status=(0,)):
        done = subprocess.run([self.path, *args], capture_output=True, timeout=60, check=False)
        if done.returncode not in status:
            raise Mismatch(f"{' '.join(args)}: exit {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()


def geometries():
    """Every granule, start level, and number of input bits that the architecture allows."""
    for granule, lpa2, levels in LEVELS:
        g = Geometry(granule, 40, 3, lpa2=lpa2)
        most = 52 if lpa2 or granule == "64K" else 48
        for level in levels:
            low = g.shift(level) + 1
            high = min(g.shift(level) + g.stride + 4, most)
            for bits in range(max(low, 17 if granule == "64K" else 16), high + 1):
                yield granule, lpa2, level, bits


def options(g):
    ret = [f"--vtcr={g.vtcr():#x}"]
    if g.fwb is not None:
        ret.append("--fwb" if g.fwb else "--no-fwb")
    if not g.xnx:
        ret.append("--no-xnx")
    if g.realm:
        ret.append("--realm")
    return ret


def compare(want, got, what):
    if len(want) != len(got):
        where = next((i for i, (a, b) in enumerate(zip(want, got)) if not s2json.same(a, b)), min(len(want), len(got)))
        raise Mismatch(f"{what}: {len(got)} ranges, {len(want)} expected; range {where}:\n"
                       f"    want {want[where:where + 1]}\n    got  {got[where:where + 1]}")
    for a, b in zip(want, got):
        diff = s2json.different(a, b)
        if diff:
            raise Mismatch(f"{what}: at {a['ia']}: (want, got) {diff}\n    raw {b.get('raw')}")


def check_cover(g, got, what):
    """Ranges follow each other over the whole input space."""
    at = int(got[0]["ia"], 16)
    for r in got:
        if int(r["ia"], 16) != at:
            raise Mismatch(f"{what}: range at {r['ia']}, {at:#x} expected")
        at += r["size"]
    return at


# The text of the kernel's stage2_page_tables, from reference/arm64-kvm.md 6.2 and 6.3, not from s2dump.

def debugfs_columns(gen, raw):
    valid = raw & 1
    r, w, af, xn = raw >> 6 & 1, raw >> 7 & 1, raw >> 10 & 1, raw >> 53 & 3
    if gen == "6.12":
        nx = not (valid and not xn & 2)
        return [" " if valid else "F", "R" if r and valid else " ", "W" if w and valid else " ", "X" if nx else " ",
                "AF" if af and valid else "  ", "BLK" if raw & 3 == 1 else "   "]
    execute = ["px ux ", "PXNux ", "PXNUXN", "px UXN"][xn] if gen == "6.19" else "NX" if xn & 2 else "x "
    return [" " if valid else "F", "R" if r else " ", "W" if w else " ", execute, "AF" if af else "  ",
            "BLK" if raw & 3 == 1 else "   "]


def debugfs_text(gen, g, entries):
    seen = 1 << 0 | 1 << 1 | 1 << 6 | 1 << 7 | 1 << 10 | (3 << 53 if gen == "6.19" else 1 << 54)
    lines, run = ["---[ Guest IPA ]---"], None

    def flush():
        start, end, level, prot = run
        size, unit = end - start >> 10, 0
        while size % 1024 == 0 and unit < 5:
            size, unit = size >> 10, unit + 1
        text = f"0x{start:016x}-0x{end:016x}   {size:9d}{'KMGTPE'[unit]} {level}"
        lines.append(text + "".join(" " + c for c in debugfs_columns(gen, prot)) if prot else text)

    for e in entries:
        prot, end = e.raw & seen, e.ia + (1 << g.shift(e.level))
        if run and run[2:] == (e.level, prot):
            run = (run[0], end, *run[2:])
            continue
        if run:
            flush()
        run = (e.ia, end, e.level, prot)
    flush()
    return "\n".join(lines) + "\n"


def check_ptdump(text, document, what):
    """The text says what the document does, whose rows are known to be right: render2.py was written from the description of the format."""
    want = render2.render(document).splitlines()
    for line, expected in itertools.zip_longest(text.splitlines(), want):
        if line != expected:
            raise Mismatch(f"{what}: ptdump has\n    {line}\n    {expected} expected")


def check_memory(s2dump, g, blob, base, what, merges=("none", "attrs", "pa"), texts=True, clip=None, root=None):
    """All formats of one blob against the model."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(blob)
        file.flush()
        root = base if root is None else root
        args = [file.name, f"--base={base:#x}", f"--root={root:#x}", *options(g)]
        first, last = clip or (0, (1 << g.ia_bits) - 1)
        if clip:
            args.append(f"--range={first:#x}-{last + 1:#x}")
        entries = list(walk(g, Memory(blob, base), root, first, last))
        complete = not any(e.missing for e in entries)
        status = (0 if complete else 4,)
        for merge in merges:
            want = ranges(g, entries, merge)
            document = s2json.document(s2dump("--json", f"--merge={merge}", *args, status=status))
            table = document["tables"][0]
            compare(want, table["ranges"], f"{what} merge={merge}")
            check_cover(g, table["ranges"], what)
            facts = {"granule": g.page, "ia_bits": g.ia_bits, "oa_bits": g.oa_bits, "start_level": g.start_level, "root": hex(root),
                     "start_tables": g.start_tables, "features": {"fwb": g.fwb, "lpa2": g.lpa2}, "complete": complete}
            if {k: table[k] for k in facts} != facts:
                raise Mismatch(f"{what}: header {table}, {facts} expected")
            if not texts or merge != merges[-1]:
                continue
            check_ptdump(s2dump(f"--merge={merge}", *args, status=status), document, f"{what} merge={merge}")
            lines = s2json.rows(s2dump("--format=jsonl", f"--merge={merge}", *args, status=status))[0]
            if lines != table:
                raise Mismatch(f"{what} merge={merge}: jsonl differs from json")
        if texts and complete:
            for name, gen in (("", "6.19"), ("-6.19", "6.19"), ("-6.18", "6.18"), ("-6.12", "6.12")):
                got = s2dump(f"--format=debugfs{name}", *args)
                if got != debugfs_text(gen, g, entries):
                    raise Mismatch(f"{what}: debugfs{name} differs:\n{got}\nexpected:\n{debugfs_text(gen, g, entries)}")


def top_ia(g, level):
    """The input address of the last entry at @level."""
    return (1 << g.ia_bits) - (1 << g.shift(level))


def some_base(g, rng):
    """A base that the geometry allows, with as many address bits as it has."""
    align = max(g.start_bytes, g.page)
    return rng.randrange(1, 1 << max(1, g.oa_bits - 1) >> align.bit_length() - 1) * align


def random_leaf(g, level, rng):
    shift = g.shift(level)
    pa = rng.randrange(1 << max(0, g.oa_bits - shift)) << shift
    fields = {"memattr": rng.choice([0xf, 0xf, 0xf, 1, 5, rng.randrange(16)]), "s2ap": rng.choice([3, 3, 3, 1, 2, 0]),
              "xn": rng.randrange(4), "af": rng.randrange(2)}
    if not g.lpa2:
        fields["sh"] = rng.choice([3, 3, 2, 1, 0])
    for name in ("cont", "dbm", "fnxs", "bit63"):
        fields[name] = rng.random() < 0.1
    if rng.random() < 0.1:
        fields["sw"] = rng.randrange(16)
    if rng.random() < 0.1:
        fields["pbha"] = rng.randrange(16)
    return pa, fields


def random_word(g, level, rng):
    """Any 64 bits but a table descriptor; often an invalid or a reserved one."""
    word = rng.getrandbits(64) & rng.getrandbits(64)
    if rng.random() < 0.5:
        word &= ~1
    return word & ~2 if level < 3 else word


def random_tables(g, rng, mappings):
    t = Tables(g, some_base(g, rng))
    for _ in range(mappings):
        level = rng.choice([n for n in range(max(g.start_level, -1), 4)])
        ia = rng.randrange(1 << g.ia_bits) >> g.shift(level) << g.shift(level)
        near = [ia, ia, 0, top_ia(g, level)]
        ia = rng.choice(near)
        pa, fields = random_leaf(g, level, rng)
        room = min((1 << g.ia_bits) - ia, (1 << 52) - pa) >> g.shift(level)
        try:
            if rng.random() < 0.2 or g.block_legal(level) is False and level < 3:
                t.raw(ia, random_word(g, level, rng), level, min(room, rng.choice([1, 2, 40])))
            else:
                t.map(ia, pa, level, max(1, min(room, rng.choice([1, 2, 3, 20, 70]))), **fields)
        except AssertionError:
            continue  # something else is there already
    return t


def test_geometries(s2dump, rng):
    """Each legal geometry: a leaf at each legal level, at the bottom and at the top of the input space."""
    n = 0
    for granule, lpa2, start, bits in geometries():
        # Tables of one level and tables with many are as they are; of the many sizes in between, some.
        g = Geometry(granule, bits, start, ps=52 if lpa2 or granule == "64K" else 48, lpa2=lpa2)
        t = Tables(g, some_base(g, rng))
        for level in range(start, 4):
            pa, fields = random_leaf(g, level, rng)
            for ia in (0, top_ia(g, level), 1 << g.ia_bits - 1):
                try:
                    if level == 3 or g.block_legal(level):
                        t.map(ia, pa, level, **fields)
                    else:
                        t.raw(ia, g.address(pa, g.shift(level)) | 1, level)
                except AssertionError:
                    pass
        check_memory(s2dump, g, t.blob(), t.base, f"{granule} lpa2={lpa2} start={start} ia={bits}", ("attrs",),
                     texts=bits % 5 == 0)
        n += 1
    return n


def test_output_bits(s2dump, rng):
    """Each output address bit alone, at each level, with each output size."""
    n = 0
    for (granule, lpa2, levels), ps in itertools.product(LEVELS, OA_BITS):
        start = 0 if lpa2 and granule == "4K" else 1
        g = Geometry(granule, {"4K": 48 if lpa2 else 39, "16K": 47, "64K": 52}[granule], start, ps=ps, lpa2=lpa2)
        t = Tables(g, some_base(g, rng))
        for level in range(start, 4):
            if level < 3 and g.block_legal(level) is False:
                continue
            # Level by level below an entry of its own, so that blocks and tables do not meet.
            ia = (8 if level == start else level) << g.shift(start)
            for bit in range(g.shift(level), 52 if lpa2 or g.lpa else 48):
                t.map(ia, 1 << bit, level, xn=0)
                ia += 1 << g.shift(level)
                n += 1
        check_memory(s2dump, g, t.blob(), t.base, f"output bits {granule} lpa2={lpa2} ps={ps}", ("none", "attrs"),
                     texts=ps == 48)
    return n


def test_table_bits(s2dump, rng):
    """Each bit of the next-table address alone: it is where s2dump looks, and what it says is missing."""
    n = 0
    for granule, lpa2, _ in LEVELS:
        g = Geometry(granule, {"4K": 30, "16K": 36, "64K": 42}[granule], 2, ps=52 if lpa2 or granule == "64K" else 48,
                     lpa2=lpa2)
        t = Tables(g, 0)
        for i, bit in enumerate(range(g.page_log2 + 1, g.oa_bits)):
            t.pointer(i << g.shift(2), 1 << bit, 2)
            n += 1
        check_memory(s2dump, g, t.blob(), 0, f"table bits {granule} lpa2={lpa2}", ("attrs",), texts=False)
    return n


def test_attributes(s2dump, rng):
    """All 16 MemAttr x S2AP x XN x SH x AF, with FWB, without, and not known; with XNX and without."""
    n = 0
    fields = list(itertools.product(range(16), range(4), range(4), range(4), range(2)))
    rng.shuffle(fields)
    for lpa2, fwb, xnx in itertools.product((False, True), (None, True, False), (True, False)):
        g = Geometry("4K", 36, 1, lpa2=lpa2)
        g.fwb, g.xnx = fwb, xnx
        t = Tables(g, 0x40000000)
        for i, (memattr, s2ap, xn, sh, af) in enumerate(fields):
            t.map(i << 12, i << 12, 3, memattr=memattr, s2ap=s2ap, xn=xn, af=af, **({} if lpa2 else {"sh": sh}))
            n += 1
        check_memory(s2dump, g, t.blob(), t.base, f"attributes lpa2={lpa2} fwb={fwb} xnx={xnx}", ("none", "attrs"),
                     texts=fwb is None)
    return n


def test_single_bits(s2dump, rng):
    """Each bit of a descriptor alone beside the type, at each level of each granule, and each pair of some."""
    n = 0
    for (granule, lpa2, _), (ha, hd, hwu), realm in itertools.product(
            LEVELS, ((0, 0, 0), (1, 1, 1), (1, 0, 0), (0, 1, 0)), (False, True)):
        if realm and (granule != "4K" or hd):
            continue
        start = {"4K": 0, "16K": 1, "64K": 1}[granule]
        g = Geometry(granule, {"4K": 44, "16K": 44, "64K": 46}[granule], start, ps=44, lpa2=lpa2, ha=ha, hd=hd,
                     hwu59=hwu, sh0=2)
        g.realm = realm
        t = Tables(g, 0x40000000 if granule != "64K" else 0x80000000)
        for level in range(start + 1, 4):
            for bit in range(64):
                if level == 3 or bit != 1:  # that would be a table
                    ia = (1 + level << g.shift(start)) + (bit << g.shift(level))
                    t.raw(ia, (3 if level == 3 else 1) ^ 1 << bit, level)
                    n += 1
        check_memory(s2dump, g, t.blob(), t.base, f"single bits {granule} lpa2={lpa2} hd={hd} realm={realm}",
                     ("none", "attrs"))
    return n


def test_random(s2dump, rng, rounds):
    """Random mappings and random words in random geometries, all formats; clipping; truncation."""
    some = list(geometries())
    for i in range(rounds):
        granule, lpa2, start, bits = rng.choice(some)
        if granule == "64K" and i % 4:
            continue
        g = Geometry(granule, bits, start, ps=rng.choice(OA_BITS), lpa2=lpa2, ha=rng.randrange(2), hd=rng.randrange(2),
                     hwu60=rng.randrange(2), sh0=rng.choice([0, 2, 3]))
        g.fwb = rng.choice([None, True, False])
        g.xnx = rng.random() < 0.8
        g.realm = rng.random() < 0.1
        t = random_tables(g, rng, rng.choice([2, 5, 12]))
        blob, what = t.blob(), f"random {i}: {granule} lpa2={lpa2} start={start} ia={bits} ps={g.ps_bits}"
        check_memory(s2dump, g, blob, t.base, what)
        a, b = sorted(rng.randrange(1 << bits) for _ in "ab")
        check_memory(s2dump, g, blob, t.base, f"{what} range", ("attrs", "none"), False, (a, b))
        check_memory(s2dump, g, blob, t.base, f"{what} one byte", ("attrs",), False, (a, a))
        cut = rng.randrange(1, len(blob))
        check_memory(s2dump, g, blob[:cut], t.base, f"{what} cut at {cut:#x}", ("attrs", "none"), texts=False)
    return rounds


def test_noise(s2dump, rng, rounds):
    """Memory of random words with table pointers into itself and elsewhere: still the model's opinion."""
    for i in range(rounds):
        g = Geometry("4K", rng.choice([28, 33, 34]), None, ps=rng.choice([40, 48]), lpa2=rng.random() < 0.3)
        pages, base = 12, some_base(g, rng)
        words = []
        for _ in range((max(g.start_bytes, g.page) + pages * g.page) // 8):
            roll = rng.random()
            if roll < 0.02:
                word = g.table(base + rng.randrange(-1, pages + 2) * g.page) | put(rng.getrandbits(9), 10, 2) & ~0x300
            elif roll < 0.3:
                word = rng.getrandbits(64) & ~2
            elif roll < 0.6:
                word = words[-1] if words else 0
            else:
                word = 0
            words.append(word)
        blob = b"".join(w.to_bytes(8, "little") for w in words)
        entries = sum(1 for _ in zip(walk(g, Memory(blob, base), base), range(20000)))
        if entries < 20000:
            check_memory(s2dump, g, blob, base, f"noise {i}", ("attrs", "pa"), texts=False)
    return rounds


def test_round_trip(rng):
    """The model against itself: what is encoded is what is read, for every field and every address."""
    n = 0
    for granule, lpa2, levels in LEVELS:
        g = Geometry(granule, 40, 3, ps=52, lpa2=lpa2)
        for level in levels:
            if level < 3 and not g.block_legal(level):
                continue
            for _ in range(50):
                pa = rng.randrange(1 << g.oa_bits - g.shift(level)) << g.shift(level)
                fields = {name: rng.randrange(1 << high - low + 1) for name, (high, low) in LEAF_FIELDS.items()
                          if not (name == "sh" and lpa2) and not (name == "nt" and level == 3)}
                word = g.leaf(level, pa, **fields)
                back = {name: word >> LEAF_FIELDS[name][1] & ones(LEAF_FIELDS[name][0] - LEAF_FIELDS[name][1], 0)
                        for name in fields}
                if g.read_address(word, g.shift(level)) != pa or back != fields:
                    raise Mismatch(f"the model contradicts itself: {granule} level {level} {pa:#x} {fields}")
                n += 1
    return n


def test_cases(s2dump, rng):
    """The tables of all golden cases."""
    paths = sorted(HERE.glob("*/*.tables"))
    for path in paths:
        t = load_case(path)
        check_memory(s2dump, t.geom, t.blob(), t.base, f"{path.parent.name}/{path.name}")
    return len(paths)


def read_snapshot(path):
    """(note, [(paddr, bytes)]) of a snapshot without holes."""
    data = path.read_bytes()
    phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    described, parts = None, []
    for i in range(phnum):
        kind, _, offset, _, paddr, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        if kind == 1:
            parts.append((paddr, data[offset:offset + filesz]))
        elif kind == 4:
            namesz, descsz, _ = struct.unpack_from("<III", data, offset)
            at = offset + 12 + -(-namesz // 4) * 4
            described = json.loads(data[at:at + descsz])
    return described, parts


def geometry_of(vtcr):
    """What a register of a real machine says."""
    f = {name: vtcr >> low & ones(high - low, 0) for name, (high, low) in VTCR_FIELDS.items()}
    granule = ["4K", "64K", "16K"][f["tg0"]]
    start = 2 - f["sl0"] if granule == "4K" else 3 - f["sl0"]
    return Geometry(granule, 64 - f["t0sz"], start, ps=PS_BITS[f["ps"]], lpa2=bool(f["ds"]), ha=f["ha"], hd=f["hd"],
                    sh0=f["sh0"])


APART = ("ia", "size", "count", "pa", "raw", "descriptor_pa")  # what neighbours may differ in


def without_memslots(g, got, merge):
    """Ranges as they would be without memslots, at whose borders invalid ranges are split."""
    ret = []
    for r in got:
        r = {**r, "slot": None, "in_slot": None}
        last, size = ret[-1] if ret else None, 1 << g.shift(r["level"])
        like = last and all(last[k] == r[k] for k in r if k not in APART) and (r["mapped"] or last["raw"] == r["raw"])
        follows = like and (not r["pa"] or int(last["pa"], 16) + last["size"] == int(r["pa"], 16))
        if follows and (merge != "none" or int(r["ia"], 16) % size):
            last["size"] += r["size"]
        else:
            ret.append(r)
            last = r
        last["count"] = last["size"] // size
    return ret


def test_samples(s2dump, rng):
    """The bundled tables of real arm64 machines: what of x86 is in samples/ the lab has held against its own walk."""
    paths = sorted((HERE.parents[1] / "samples").glob("*-*k*.s2dump"))
    n = 0
    for path in paths:
        described, parts = read_snapshot(path)
        for merge in ("attrs", "pa", "none"):
            text = s2dump("--json", f"--merge={merge}", str(path), status=(0, 4))
            shown = {table["id"]: table for table in s2json.rows(text)}
            for t in described["tables"]:
                g = geometry_of(int(t["registers"]["vtcr_el2"], 16))
                g.fwb = {"yes": True, "no": False, "unknown": None}[t["fwb"]]
                if g.fwb is None and "hcr_el2" in t["registers"]:
                    g.fwb = bool(int(t["registers"]["hcr_el2"], 16) >> 46 & 1)
                entries = walk(g, Memory(parts[0][1], parts[0][0], *parts[1:]), int(t["root"], 16))
                got = without_memslots(g, shown[t["id"]]["ranges"], merge)
                compare(ranges(g, entries, merge), got, f"{path.name} {t['id']} merge={merge}")
                n += 1
    return n


def main():
    parser = argparse.ArgumentParser(description="Compares s2dump with the model of mktables.py.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40, help="random tables")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--filter", default="")
    args = parser.parse_args()
    s2dump = S2dump(str(pathlib.Path(args.s2dump).resolve()))
    tests = {
        "round trip of the model": lambda rng: test_round_trip(rng),
        "geometries": lambda rng: test_geometries(s2dump, rng),
        "output address bits": lambda rng: test_output_bits(s2dump, rng),
        "next-table address bits": lambda rng: test_table_bits(s2dump, rng),
        "attributes": lambda rng: test_attributes(s2dump, rng),
        "single descriptor bits": lambda rng: test_single_bits(s2dump, rng),
        "tables of the golden cases": lambda rng: test_cases(s2dump, rng),
        "tables of the samples": lambda rng: test_samples(s2dump, rng),
        "noise": lambda rng: test_noise(s2dump, rng, args.rounds),
    }
    for part in range(4):
        tests[f"random tables {part}"] = lambda rng: test_random(s2dump, rng, args.rounds // 4)
    tests = {name: test for name, test in tests.items() if args.filter in name}
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(args.jobs, initializer=start_worker, initargs=(tests, args.seed)) as pool:
        for n, (name, (count, wrong)) in enumerate(zip(tests, pool.map(run_test, tests)), 1):
            print(f"{'not ' if wrong else ''}ok {n} - {name}: {count}")
            if wrong:
                print("  # " + wrong.replace("\n", "\n  # "))
            failed += bool(wrong)
    print(f"1..{len(tests)}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


WORKER = {}


def start_worker(tests, seed):
    WORKER.update(tests=tests, seed=seed)


def run_test(name):
    """(how many things were checked, what is wrong)"""
    rng = random.Random(WORKER["seed"] * 1000003 + zlib.crc32(name.encode()))
    try:
        return WORKER["tests"][name](rng), ""
    except Mismatch as error:
        return 0, f"seed {WORKER['seed']}: {error}"


if __name__ == "__main__":
    sys.exit(main())
