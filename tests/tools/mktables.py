#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes blobs of arm64 stage-2 tables, and says what they mean: written from the Arm ARM, not from s2dump.

"""The tests' own opinion about stage 2. Sections are those of Arm ARM DDI 0487 (K.a):
D8.2 translation process, D8.3 descriptor formats, D8.4 permissions, D8.6 memory attributes,
D8.7 contiguous, D23.2 VTCR_EL2 and VTTBR_EL2.

As a module: Geometry (registers <-> numbers, encode, interpret), Tables (builds a blob), walk (reads one).
As a program: mktables.py CASE.tables [-o BLOB] [--vtcr]. A case is lines of words, '#' starts a comment:

    granule 4K            geometry; these lines come first
    ia-bits 40
    start-level 1         default: the fewest levels that 16 concatenated tables allow
    ps 40                 output bits; default 48, or 52 with lpa2
    lpa2
    vtcr ha=1 hwu59=1     other fields of VTCR_EL2
    base 0x40000000       where the blob, and with it the start level, lies
    map IPA PA level=2 count=3 s2ap=3 xn=2 sh=3 memattr=0xf af=1 ...
    raw IPA VALUE level=3 count=1
    table IPA WHERE level=1    a table descriptor to anywhere: a PA, @root, or @N for table page N
    skip 2                leave two pages of zeros before the next table page
"""

import argparse
import sys

PAGE_LOG2 = {"4K": 12, "16K": 14, "64K": 16}
PS_BITS = {0: 32, 1: 36, 2: 40, 3: 42, 4: 44, 5: 48, 6: 52}
TG0 = {12: 0, 16: 1, 14: 2}
CHUNK = 512  # what s2dump promises: a page that is cut is read in pieces of this size

# VTCR_EL2: field -> (high, low).
VTCR_FIELDS = {
    "t0sz": (5, 0), "sl0": (7, 6), "irgn0": (9, 8), "orgn0": (11, 10), "sh0": (13, 12), "tg0": (15, 14),
    "ps": (18, 16), "vs": (19, 19), "res0_20": (20, 20), "ha": (21, 21), "hd": (22, 22), "res0_24": (24, 23),
    "hwu59": (25, 25), "hwu60": (26, 26), "hwu61": (27, 27), "hwu62": (28, 28), "nsw": (29, 29), "nsa": (30, 30),
    "res1": (31, 31), "ds": (32, 32), "sl2": (33, 33), "assuredonly": (34, 34), "tl1": (35, 35), "s2pie": (36, 36),
    "s2poe": (37, 37), "d128": (38, 38), "gcsh": (40, 40), "tl0": (41, 41), "haft": (44, 44), "hdbss": (45, 45),
    "res0_63": (63, 46),
}

# Fields of a stage-2 block or page descriptor outside of the address: name -> (high, low).
LEAF_FIELDS = {
    "memattr": (5, 2), "s2ap": (7, 6), "sh": (9, 8), "af": (10, 10), "fnxs": (11, 11), "nt": (16, 16),
    "dbm": (51, 51), "cont": (52, 52), "xn": (54, 53), "sw": (58, 55), "pbha": (62, 59), "bit63": (63, 63),
}

MEMATTR_DEVICE = ["device-nGnRnE", "device-nGnRE", "device-nGRE", "device-GRE"]
SH = ["none", "reserved", "outer", "inner"]


def get(word, high, low):
    return word >> low & (1 << high - low + 1) - 1


def put(value, high, low):
    assert 0 <= value < 1 << high - low + 1, f"{value:#x} does not fit in [{high}:{low}]"
    return value << low


def ones(high, low):
    return (1 << high + 1) - (1 << low) if high >= low else 0


def memattr_name(value, fwb):
    """MemAttr[3:0]; fwb is True, False or None (not known). D8.6.5, D8.6.6."""
    if value < 4:
        return MEMATTR_DEVICE[value]
    no_fwb = f"reserved-{value:#x}"
    if value & 3:
        outer, inner = (["", "nc", "wt", "wb"][n] for n in (value >> 2, value & 3))
        no_fwb = f"normal-{outer}" if outer == inner else f"normal-o{outer}-i{inner}"
    with_fwb = {5: "normal-nc", 6: "normal-wb", 7: "as-s1", 14: "normal-wb-notag",
                15: "as-s1-notag"}.get(value, f"reserved-{value:#x}")
    if fwb is not None:
        return with_fwb if fwb else no_fwb
    # What Linux writes (MT_S2_NORMAL, MT_S2_FWB_NORMAL, MT_S2_FWB_AS_S1) is read as Linux means it.
    linux = {6: with_fwb, 7: with_fwb, 15: no_fwb}
    return with_fwb if with_fwb == no_fwb else linux.get(value, f"memattr-{value:#x}")


# What a range has that says nothing: as it is of an entry that could not be read, but for that.
NOTHING = dict.fromkeys(("mapped", "pa", "pieces", "read", "write", "exec", "read_user", "write_user", "exec_priv", "exec_user",
                         "memattr", "sh", "af", "cont", "dbm", "fnxs", "nt", "ns", "xn0", "sw", "pbha", "ignored", "slot", "in_slot",
                         "owner", "state", "state_from", "handle", "gfn", "raw", "missing"))


class Geometry:
    """Numbers that a stage-2 regime comes down to. Nothing is checked: broken ones are wanted, too."""

    def __init__(self, granule="4K", ia_bits=40, start_level=None, ps=None, lpa2=False, **vtcr_fields):
        self.page_log2 = PAGE_LOG2[granule]
        self.stride = self.page_log2 - 3
        self.ia_bits = ia_bits
        self.lpa2 = lpa2
        self.lpa = self.page_log2 == 16
        self.ps_bits = ps or (52 if lpa2 else 48)
        # D23.2, PS: 52 bits need the 64K granule or DS=1.
        self.oa_bits = self.ps_bits if lpa2 or self.lpa else min(self.ps_bits, 48)
        self.start_level = self.fewest_levels() if start_level is None else start_level
        self.fields = vtcr_fields
        self.fwb = None
        self.xnx = True
        self.realm = False

    def fewest_levels(self):
        level = 2
        while self.ia_bits > self.shift(level) + self.stride + 4:
            level -= 1
        return level

    def field(self, name):
        """A field of VTCR_EL2 that numbers do not decide."""
        return self.fields.get(name, 3 if name == "sh0" else 0)

    @property
    def page(self):
        return 1 << self.page_log2

    def shift(self, level):
        """Input bits below one entry of @level (D8.2.1)."""
        return self.page_log2 + self.stride * (3 - level)

    def entries(self, level):
        return self.start_bytes // 8 if level == self.start_level else self.page // 8

    @property
    def start_bytes(self):
        return 8 << self.ia_bits - self.shift(self.start_level)

    @property
    def start_tables(self):
        return max(1, self.start_bytes >> self.page_log2)

    def vtcr(self, **over):
        """VTCR_EL2 as KVM would write it; any field can be overridden by name."""
        sl2 = 0
        if self.page_log2 != 12:
            sl0 = 3 - self.start_level
        elif self.start_level == -1:
            sl0, sl2 = 0, 1
        else:
            sl0 = {2: 0, 1: 1, 0: 2, 3: 3}[self.start_level]
        ps = {bits: n for n, bits in PS_BITS.items()}[self.ps_bits]
        fields = {"t0sz": 64 - self.ia_bits, "sl0": sl0, "irgn0": 1, "orgn0": 1, "sh0": 3, "tg0": TG0[self.page_log2],
                  "ps": ps, "res1": 1, "ds": int(self.lpa2), "sl2": sl2, **self.fields, **over}
        return sum(put(value, *VTCR_FIELDS[name]) for name, value in fields.items())

    # Addresses in descriptors, D8.3.1.

    def address(self, pa, low):
        """@pa as descriptor bits, for an entry whose address bits start at @low."""
        assert pa & ones(low - 1, 0) == 0, f"{pa:#x} is not aligned to 2^{low}"
        if self.lpa:
            return put(get(pa, 47, low), 47, low) | put(get(pa, 51, 48), 15, 12)
        if self.lpa2:
            return put(get(pa, 49, low), 49, low) | put(get(pa, 51, 50), 9, 8)
        return put(get(pa, 47, low), 47, low)

    def read_address(self, raw, low):
        if self.lpa:
            return get(raw, 47, low) << low | get(raw, 15, 12) << 48
        if self.lpa2:
            return get(raw, 49, low) << low | get(raw, 9, 8) << 50
        return get(raw, 47, low) << low

    def table(self, pa):
        return self.address(pa, self.page_log2) | 3

    def leaf(self, level, pa, **fields):
        """A block or page descriptor. Without fields: RW, no execute, inner shareable, normal write-back, AF."""
        fields = {"memattr": 0xf, "s2ap": 3, "af": 1, "xn": 2, **({} if self.lpa2 else {"sh": 3}), **fields}
        word = self.address(pa, self.shift(level)) | (3 if level == 3 else 1)
        for name, value in fields.items():
            bits = put(value, *LEAF_FIELDS[name])
            assert not word & bits, f"{name} and the address share bits"
            word |= bits
        return word

    def block_legal(self, level):
        """D8.3.1: where a block may stand; None where it depends on more than the regime tells."""
        if self.page_log2 == 12:
            return level in (1, 2) or (level == 0 and self.lpa2)
        if self.page_log2 == 14:
            return level == 2 or (level == 1 and self.lpa2)
        return True if level == 2 else None if level == 1 and self.oa_bits < 52 else level == 1

    # Meaning of a descriptor, as a range of `s2dump --json` has it (schema 2).

    def type_of(self, level, raw):
        if not raw & 1:
            return "invalid"
        if level == 3:
            return "page" if raw & 2 else "reserved"
        if raw & 2:
            return "table"
        return "reserved" if self.block_legal(level) is False else "block"

    def key(self, level, raw):
        """What neighbours must share to be merged: all but the address, as far as the address is a legal one."""
        if self.type_of(level, raw) not in ("page", "block"):
            return raw
        pa = self.read_address(raw, self.shift(level))
        return raw & ~self.address(pa & ones(self.oa_bits - 1, 0), self.shift(level))

    def leaf_odd(self, level, raw, pa, memattr, sh):
        low = self.shift(level)
        below = ones(low - 1, 12) & ~(ones(15, 12) if self.lpa else 0) & ~(0 if level == 3 else 1 << 16)
        return {
            "oa-size": pa >> self.oa_bits or low > self.oa_bits,
            "oa-align": raw & below,
            "needs-lpa": level < 3 and self.block_legal(level) is None,
            "memattr": memattr.startswith("reserved"),
            "sh": sh == "reserved",
            "write-only": get(raw, 7, 6) == 2,
            "res0": raw & (ones(50, 50) if self.lpa2 else ones(50, 48)),
        }

    def interpret(self, level, raw):
        """The members of a range that one descriptor decides (all but ia, size, count, descriptor_pa)."""
        kind = self.type_of(level, raw)
        ret = {**NOTHING, "level": level, "type": kind, "mapped": False, "raw": hex(raw), "odd": []}
        if kind == "reserved":
            ret["odd"] = ["reserved-encoding"]
        if kind not in ("block", "page"):
            return ret
        f = {name: get(raw, *bits) for name, bits in LEAF_FIELDS.items()}
        pa = self.read_address(raw, self.shift(level))
        memattr = memattr_name(f["memattr"], self.fwb)
        sh = SH[self.field("sh0") if self.lpa2 else f["sh"]]
        # XN[1:0]: 00 both may execute, 01 EL0 only, 10 none, 11 EL1 only (D8.4.2). Without FEAT_XNX: XN[1] alone.
        xn = f["xn"] if self.xnx else f["xn"] & 2
        dirty = f["dbm"] and self.field("ha") and self.field("hd")
        hwu = any(self.field(f"hwu{n}") for n in (59, 60, 61, 62))
        ret.update(af=bool(f["af"]), sh=sh, memattr=memattr, cont=bool(f["cont"]), dbm=bool(f["dbm"]), fnxs=bool(f["fnxs"]),
                   sw=f["sw"] >> 1 if self.realm else f["sw"])
        if level < 3:
            ret["nt"] = bool(f["nt"])
        if not self.xnx:
            ret["xn0"] = f["xn"] & 1
        if self.realm:
            ret["ns"] = bool(f["sw"] & 1)
        if hwu:
            ret["pbha"] = f["pbha"]
        ret["ignored"] = f["bit63"] if hwu else f["bit63"] << 4 | f["pbha"]
        ret["odd"] = [name for name, set_ in self.leaf_odd(level, raw, pa, memattr, sh).items() if set_]
        if pa >> self.oa_bits:  # an Address size fault; a block that begins inside maps as far as the output size goes
            return ret
        read, write, priv, user = bool(f["s2ap"] & 1), bool(f["s2ap"] & 2 or dirty), xn in (0, 3), xn in (0, 1)
        ret.update(mapped=True, pa=hex(pa), pieces=1, read=read, read_user=read, write=write, write_user=write, exec=priv or user,
                   exec_priv=priv, exec_user=user)
        return ret


class Tables:
    """Builds tables. Table pages follow the start level in the order in which they are needed."""

    def __init__(self, geom, base):
        self.geom = geom
        self.base = base
        self.next_pa = base + max(geom.start_bytes, geom.page)
        self.words = {}   # pa -> descriptor
        self.pages = []   # PAs of table pages below the start level
        self.below = {}   # pa of a descriptor -> pa of the page that was made for it

    def new_page(self):
        self.pages.append(self.next_pa)
        self.next_pa += self.geom.page
        return self.pages[-1]

    def skip(self, pages):
        self.next_pa += pages * self.geom.page

    def where(self, ia, level):
        """PA of the descriptor for @ia at @level; makes the tables above it."""
        g = self.geom
        assert ia >> g.ia_bits == 0, f"{ia:#x} is beyond {g.ia_bits} bits"
        table = self.base
        for at in range(g.start_level, level + 1):
            slot = table + 8 * ((ia >> g.shift(at)) % g.entries(at))
            if at == level:
                return slot
            if slot not in self.below:
                assert slot not in self.words, f"{ia:#x}: something else than a table stands at level {at}"
                self.below[slot] = self.new_page()
                self.words[slot] = g.table(self.below[slot])
            table = self.below[slot]
        raise AssertionError(f"level {level} is above the start level")

    def map(self, ia, pa, level=3, count=1, **fields):
        for i in range(count):
            step = i << self.geom.shift(level)
            self.raw(ia + step, self.geom.leaf(level, pa + step, **fields), level)

    def raw(self, ia, word, level=3, count=1):
        for i in range(count):
            self.words[self.where(ia + (i << self.geom.shift(level)), level)] = word

    def pointer(self, ia, pa, level):
        """A table descriptor to anywhere."""
        self.words[self.where(ia, level)] = self.geom.table(pa)

    def blob(self, size=None):
        size = self.next_pa - self.base if size is None else size
        ret = bytearray(size)
        for pa, word in self.words.items():
            ret[pa - self.base:pa - self.base + 8] = word.to_bytes(8, "little")
        return bytes(ret)


class Memory:
    """Blobs at addresses; what a page lacks of them, it lacks in pieces of CHUNK bytes."""

    def __init__(self, blob, base, *more):
        self.parts = [(base, blob), *more]

    def word(self, table, size, index):
        """Descriptor @index of the @size bytes at @table, None where they are missing."""
        chunk = table + (8 * index & -CHUNK)
        end = min(chunk + CHUNK, table + size)
        for base, blob in self.parts:
            if base <= chunk and end <= base + len(blob):
                at = table + 8 * index - base
                return int.from_bytes(blob[at:at + 8], "little")
        return None


class Entry:
    """One descriptor in input order, at @at, or one that could not be read: then @missing says why and @table whose it is."""

    def __init__(self, ia, level, raw, at, missing=None, table=None):
        self.ia, self.level, self.raw, self.at, self.missing, self.table = ia, level, raw, at, missing, table


def walk(geom, memory, root, first=0, last=None):
    """Every descriptor that is not a table's, in input order, as far as it meets [first, last]."""
    last = (1 << geom.ia_bits) - 1 if last is None else last

    def visit(table, level, base, ancestors, missing):
        shift, n = geom.shift(level), geom.entries(level)
        per_page = min(n, geom.page // 8)  # the start level may be several tables, one after the other
        for i in range(n):
            ia = base + (i << shift)
            if ia + (1 << shift) <= first or ia > last:
                continue
            page = table + i // per_page * geom.page
            raw, at = None if missing else memory.word(page, 8 * per_page, i % per_page), page + 8 * (i % per_page)
            if raw is None:
                yield Entry(ia, level, None, at, missing or "absent", page)
            elif level == 3 or raw & 3 != 3:
                yield Entry(ia, level, raw, at)
            else:
                below = geom.read_address(raw, geom.page_log2)
                start = below < root + geom.start_bytes and root < below + geom.page
                why = ("invalid" if below >> geom.oa_bits else
                       "loop" if below in ancestors or start else None)
                yield from visit(below, level + 1, ia, ancestors | {below}, why)

    yield from visit(root, geom.start_level, 0, frozenset(), None)


def beyond(geom, entry):
    """Of a leaf that begins inside of the output size, the bytes beyond it, which take an Address size fault."""
    if entry.missing or geom.type_of(entry.level, entry.raw) not in ("page", "block"):
        return 0
    pa, end = geom.read_address(entry.raw, geom.shift(entry.level)), 1 << geom.oa_bits
    return max(0, pa + (1 << geom.shift(entry.level)) - end) if pa < end else 0


def ranges(geom, entries, merge):
    """Entries joined as --merge says, as the ranges of `s2dump --json` (schema 2). One place, no cleverness."""
    out, previous, pa, pieces = [], None, None, 1
    for e in entries:
        size = 1 << geom.shift(e.level)
        # What could not be read has no descriptors to tell apart: one range per table page.
        key = (e.level, e.missing, e.table if e.missing else geom.key(e.level, e.raw))
        joins = key == previous and (merge != "none" or e.missing)
        leaf = not e.missing and geom.type_of(e.level, e.raw) in ("page", "block")
        expected, pa = pa, geom.read_address(e.raw, geom.shift(e.level)) if leaf else None
        follows = not leaf or pa == expected
        joins = joins and (follows or merge == "attrs")
        pieces = 1 if not joins else pieces + (not follows)
        pa = pa + size if leaf else None
        previous = key
        if joins:
            out[-1]["size"] += size
            out[-1]["count"] += 1
            if out[-1]["mapped"] and pieces > 1:
                out[-1].update(pa=None, pieces=pieces)
            continue
        new = {**NOTHING, "level": e.level, "type": "missing", "missing": e.missing, "odd": []} if e.missing else \
            geom.interpret(e.level, e.raw)
        out.append({"ia": hex(e.ia), "size": size, "count": 1, "descriptor_pa": hex(e.at), **new})
        if rest := beyond(geom, e):
            # What maps and what faults are two ranges, and nothing joins them.
            faults = dict.fromkeys(("pa", "pieces", "read", "write", "exec", "read_user", "write_user", "exec_priv", "exec_user"))
            out[-1]["size"] -= rest
            out.append({**out[-1], "ia": hex(e.ia + size - rest), "size": rest, "mapped": False, **faults})
            previous = None
    return out


def number(text):
    scale = {"K": 10, "M": 20, "G": 30, "T": 40}.get(text[-1:].upper(), 0)
    return int(text[:-1] if scale else text, 0) << scale


def parse_case(lines):
    """A case file -> Tables."""
    setup, tables, base = {}, None, 0
    for line in lines:
        words = line.split("#")[0].split()
        if not words:
            continue
        verb, args = words[0], [w for w in words[1:] if "=" not in w]
        opts = {w.split("=")[0]: number(w.split("=")[1]) for w in words[1:] if "=" in w}
        if verb == "granule":
            setup["granule"] = args[0]
        elif verb in ("ia-bits", "start-level", "ps"):
            setup[verb.replace("-", "_")] = int(args[0])
        elif verb == "lpa2":
            setup["lpa2"] = True
        elif verb == "vtcr":
            setup.update(opts)
        elif verb == "base":
            base = number(args[0])
        else:
            tables = tables or Tables(Geometry(**setup), base)
            if verb == "map":
                tables.map(number(args[0]), number(args[1]), **opts)
            elif verb == "raw":
                tables.raw(number(args[0]), number(args[1]), **opts)
            elif verb == "table":
                at = args[1]
                pa = base if at == "@root" else tables.pages[int(at[1:])] if at[0] == "@" else number(at)
                tables.pointer(number(args[0]), pa, **opts)
            elif verb == "skip":
                tables.skip(int(args[0]))
            else:
                raise ValueError(f"unknown line: {line.strip()}")
    return tables or Tables(Geometry(**setup), base)


def load_case(path):
    with open(path, encoding="ascii") as file:
        return parse_case(file)


def main():
    parser = argparse.ArgumentParser(description="Makes a blob of arm64 stage-2 tables from a case file.")
    parser.add_argument("case")
    parser.add_argument("-o", "--output", help="where the blob goes")
    parser.add_argument("--vtcr", action="store_true", help="print the value of VTCR_EL2")
    args = parser.parse_args()
    tables = load_case(args.case)
    if args.output:
        with open(args.output, "wb") as file:
            file.write(tables.blob())
    if args.vtcr:
        print(hex(tables.geom.vtcr()))


if __name__ == "__main__":
    sys.exit(main())
