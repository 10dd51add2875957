# SPDX-License-Identifier: GPL-2.0-or-later
# Random but structured cases for the oracle: registers, tables of both stages, and the addresses to ask for.

import struct

ARENA, ARENA_SIZE = 0x48000000, 0x2000000
UNASSIGNED = 0x6000000000  # nothing answers there on the virt machine, and no table may stand there
MAGIC = 0x3153455341435441
PAN, EXEC, EL0 = 0x100, 0x200, 0x400
OPS_EL1 = list(range(10))  # S1E1R .. S12E0W, the order of enum s2_at_op
OPS_EL2 = [10, 11]
PS_BITS = [32, 36, 40, 42, 44, 48, 52]
EE = 1 << 25  # of SCTLR_ELx
WFI2 = 0xd503207fd503207f
SMC = 0xd4000003

REGS = ["hcr", "vtcr", "vttbr", "sctlr1", "tcr1", "ttbr0_1", "ttbr1_1", "mair1",
        "sctlr2", "tcr2", "ttbr0_2", "ttbr1_2", "mair2", "vbar1"]


def mask(n):
    return (1 << n) - 1


class Arena:
    """Physical pages of one case, handed out in order."""

    def __init__(self):
        self.next = ARENA
        self.desc = {}

    def alloc(self, size, align):
        at = (self.next + align - 1) & ~(align - 1)
        if at + size > ARENA + ARENA_SIZE:
            raise MemoryError
        self.next = at + size
        return at

    def put(self, pa, value):
        self.desc[pa & ~7] = value


class Stage:
    """The tables of one stage, built from the formats of the Arm ARM's section D8.3 and from no other code."""

    def __init__(self, rng, page, ia_bits, oa_bits, start, ds, alloc):
        self.rng, self.page, self.ia_bits, self.oa_bits = rng, page, ia_bits, oa_bits
        self.start, self.ds, self.alloc = start, ds, alloc
        self.stride = page - 3
        below = page + self.stride * (3 - start)
        self.root_size = 8 << (ia_bits - below)
        self.slots = {}  # (table, index) -> table object or "leaf"
        self.root = None
        self.big = False  # descriptors are big-endian (SCTLR_ELx.EE)

    def stored(self, value):
        """@value as a little-endian word of memory."""
        value &= mask(64)
        return int.from_bytes(value.to_bytes(8, "big"), "little") if self.big else value

    def wide(self):
        return self.ds or (self.page == 16 and self.oa_bits == 52)

    def shift(self, level):
        return self.page + self.stride * (3 - level)

    def blocks(self):
        if self.page == 12:
            return ([0] if self.ds else []) + [1, 2, 3]
        if self.page == 14:
            return ([1] if self.ds else []) + [2, 3]
        return [1, 2, 3]

    def leaf_levels(self):
        return [l for l in self.blocks() if l >= self.start]

    def cont(self, level):
        if self.page == 12:
            return 4 if level >= 1 else 0
        if self.page == 14:
            return {3: 7, 2: 5}.get(level, 0)
        return 5 if level >= 2 else 0

    def encode(self, addr, low):
        if self.ds:
            return (addr & mask(50) & ~mask(low)) | (addr >> 50 & 3) << 8
        if self.page == 16:
            return (addr & mask(48) & ~mask(low)) | (addr >> 48 & 15) << 12
        return addr & mask(48) & ~mask(low)

    def make_root(self):
        align = max(self.root_size, 64 if self.wide() else 8)
        size = max(align, 1 << self.page)
        self.root = self.alloc(size, size)
        if align < 1 << self.page:
            self.root = self.root.inside(self.rng.randrange((1 << self.page) // align) * align)

    def ttbr(self):
        addr = self.root.addr
        if self.wide():
            return (addr & mask(48)) | (addr >> 48 & 15) << 2
        return addr & mask(48)

    def add(self, ia, level, value, table_bits=lambda: 0, damage=lambda level, value: value):
        """A leaf @value for @ia at @level. False when another mapping is in the way."""
        if self.root is None:
            self.make_root()
        table, top = self.root, self.ia_bits
        at = self.start
        while True:
            index = (ia & mask(top)) >> self.shift(at)
            slot = self.slots.get((id(table), index))
            if at == level:
                if slot is not None:
                    return False
                self.slots[(id(table), index)] = "leaf"
                table.put(index, self.stored(damage(at, value)))
                return True
            if slot == "leaf":
                return False
            if slot is None:
                slot = self.alloc(1 << self.page, 1 << self.page)
                self.slots[(id(table), index)] = slot
                table.put(index, self.stored(damage(at, self.encode(slot.addr, self.page) | 3 | table_bits())))
            table, top, at = slot, self.shift(at), at + 1


class Table:
    """A table page: its address in the space that descriptors speak of, and where it is in the arena."""

    def __init__(self, arena, addr, pa, touch):
        self.arena, self.addr, self.pa, self.touch = arena, addr, pa, touch

    def inside(self, offset):
        return Table(self.arena, self.addr + offset, self.pa + offset, self.touch)

    def put(self, index, value):
        self.touch(self.addr + index * 8, self.pa + index * 8)
        self.arena.put(self.pa + index * 8, value)


def pick(rng, *pairs):
    """One of (weight, value)."""
    return rng.choices([v for _, v in pairs], [w for w, _ in pairs])[0]


def chance(rng, p):
    return rng.random() < p


class Case:
    def __init__(self, rng):
        self.rng = rng
        self.arena = Arena()
        self.reg = dict.fromkeys(REGS, 0)
        self.queries = []
        self.s2 = None
        self.s2_ipas = []   # IPAs that stage 2 maps somewhere
        self.calm = chance(rng, 0.5)  # few damaged descriptors
        self.s1_sctlr = "sctlr1"      # of the regime whose stage 1 is made

    # Stage 2

    def s2_shape(self):
        rng = self.rng
        page = rng.choice([12, 14, 16])
        ds = page != 16 and chance(rng, 0.4)
        top = 52 if ds or page == 16 else 48
        while True:
            ps = rng.randrange(7)
            oa = min(PS_BITS[ps], top)
            start = rng.choice([l for l in (-1, 0, 1, 2, 3)
                                if (l != -1 or (page == 12 and ds)) and (l != 0 or page == 12 or (page == 14 and ds))])
            below = page + (page - 3) * (3 - start)
            low, high = max(below + 1, 17), min(below + page - 3 + 4, top)
            # QEMU also wants the input size and the start level to fit PS (s2-over-ps), and does not know the start levels
            # that LPA2 brings (s2-lpa2-start): not too many of those.
            fits = not {12: start == 0 and oa <= 42, 14: start == 1 and oa <= 40, 16: start == 1 and oa <= 42}[page]
            fits = fits and start >= (1 if page == 14 else 0)
            if fits or chance(rng, 0.03):
                high = min(high, oa) if chance(rng, 0.97) else high
                if low <= high:
                    break
        ia = rng.randint(low, high)
        if chance(rng, 0.5) and start >= 0 and high >= 32:
            ia = max(ia, 32 if low <= 32 else low)
        return page, ds, ps, oa, start, ia

    def s2_leaf(self, good):
        rng = self.rng
        fwb = self.reg["hcr"] >> 46 & 1
        memattr = rng.choice([0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15] if not fwb else [0, 1, 2, 3, 5, 6, 7])
        if good:
            memattr = rng.choice([5, 6, 7] if fwb else [5, 7, 10, 15])
        elif chance(rng, 0.03):
            memattr = rng.randrange(16)
        ap = pick(rng, (6, 3), (1, 0), (2, 1), (1, 2)) if not good else pick(rng, (4, 3), (1, 1))
        sh = pick(rng, (3, 0), (3, 2), (3, 3)) if not chance(rng, 0.02) else 1
        value = memattr << 2 | ap << 6 | (0 if self.s2.ds else sh << 8)
        value |= (good or chance(rng, 0.9)) << 10 | chance(rng, 0.05) << 11
        value |= chance(rng, 0.2) << 51 | rng.randrange(4) << 53 | rng.randrange(16) << 55
        return value

    def s2_map(self, ipa, pa, level, good):
        rng, s2 = self.rng, self.s2
        size = s2.shift(level)
        value = s2.encode(pa & ~mask(size), size) | self.s2_leaf(good) | (3 if level == 3 else 1)
        cont = s2.cont(level)
        if cont and chance(rng, 0.15):
            fits = (pa >> size & mask(cont)) == (ipa >> size & mask(cont))
            if fits or chance(rng, 0.02):
                value |= 1 << 52
        return s2.add(ipa, level, value, damage=self.damage(s2, good))

    def damage(self, stage, good):
        rng = self.rng
        rate = 0 if good else 0.01 if self.calm else 0.06

        def apply(level, value):
            if not chance(rng, rate):
                return value
            kind = rng.randrange(6)
            if kind == 0:
                return 0
            if kind == 1:
                return rng.getrandbits(64) & ~1
            if kind == 2:  # a block where none may be, or the reserved page encoding; level -1 makes QEMU assert
                return value & ~2 if level >= 0 else 0
            if kind == 3:  # an address bit beyond the output size
                bit = rng.randint(stage.oa_bits, 51) if stage.oa_bits < 52 else 51
                return value | stage.encode(1 << bit, 12) if stage.oa_bits < 52 else value
            if kind == 4 and value & 3 == 3 and level < 3:  # a table that is not there
                return stage.encode(UNASSIGNED if stage.oa_bits > 40 else 0x62000000, stage.page) | 3
            return value ^ 1 << rng.randrange(2, 64) if level == 3 or not value & 2 else value

        return apply

    def make_s2(self):
        rng = self.rng
        page, ds, ps, oa, start, ia = self.s2_shape()

        def alloc(size, align):
            pa = self.arena.alloc(size, align)
            return Table(self.arena, pa, pa, lambda addr, pa: None)

        self.s2 = s2 = Stage(rng, page, ia, oa, start, ds, alloc)
        s2.big = bool(self.reg["sctlr2"] & EE)
        if page == 12:
            sl0, sl2 = {-1: (0, 1), 0: (2, 0), 1: (1, 0), 2: (0, 0), 3: (3, 0)}[start]
        else:
            sl0, sl2 = 3 - start, 0
        vtcr = (64 - ia) | sl0 << 6 | rng.choice([0, 2, 3]) << 12 | {12: 0, 16: 1, 14: 2}[page] << 14 | ps << 16
        vtcr |= chance(rng, 0.3) << 21 | chance(rng, 0.3) << 22 | 1 << 31 | ds << 32 | sl2 << 33
        if chance(rng, 0.03):
            vtcr = vtcr & ~0xff | rng.getrandbits(8)
        self.reg["vtcr"] = vtcr
        for _ in range(rng.randint(3, 8)):
            level = rng.choice(s2.leaf_levels())
            ipa = self.interesting(ia)
            pa = rng.getrandbits(s2.oa_bits)
            self.s2_map(ipa, pa, level, False)
            self.s2_ipas.append(ipa)
        s2.root or s2.make_root()
        self.reg["vttbr"] = s2.ttbr()
        if chance(rng, 0.02) and oa < 48:
            self.reg["vttbr"] |= 1 << rng.randint(oa, 47)

    def interesting(self, bits):
        rng = self.rng
        kind = rng.randrange(5)
        if kind == 0:
            return rng.getrandbits(min(bits, 21))
        if kind == 1:
            return mask(bits) & ~rng.getrandbits(min(bits, 21))
        if kind == 2:
            return (1 << rng.randrange(bits)) - rng.randrange(2) & mask(bits)
        return rng.getrandbits(bits)

    # Stage 1

    def nested_alloc(self, limit, page):
        """Table pages of a stage 1 below stage 2: somewhere in the IPA space, backed by the arena."""
        def alloc(size, align):
            rng, s2 = self.rng, self.s2
            pa = self.arena.alloc(size, align)
            space = min(limit, s2.ia_bits)
            for _ in range(50):
                level = rng.choice(s2.leaf_levels())
                span = max(s2.shift(level), size.bit_length() - 1)
                if span >= space:
                    continue
                ipa = rng.getrandbits(space) & ~mask(span) | pa & mask(span)
                if s2.shift(level) >= size.bit_length() - 1:
                    if not self.s2_map(ipa, pa, level, chance(rng, 0.93) or page == 0):
                        continue
                    return Table(self.arena, ipa, pa, lambda addr, pa: None)
                done = set()

                def touch(addr, pa):
                    small = addr >> s2.page
                    if small not in done:
                        done.add(small)
                        self.s2_map(addr & ~mask(s2.page), pa & ~mask(s2.page), 3, True)

                return Table(self.arena, ipa, pa, touch)
            raise MemoryError

        return alloc

    def s1_leaf(self, ds):
        rng = self.rng
        sh = pick(rng, (3, 0), (3, 2), (3, 3)) if not chance(rng, 0.01) else 1
        value = rng.randrange(8) << 2 | rng.randrange(4) << 6 | (0 if ds else sh << 8)
        value |= chance(rng, 0.9) << 10 | rng.randrange(2) << 11 | chance(rng, 0.1) << 50
        value |= chance(rng, 0.25) << 51 | rng.randrange(4) << 53 | rng.randrange(16) << 55
        return value | chance(rng, 0.1) << 5

    def table_bits(self):
        rng = self.rng
        if chance(rng, 0.7):
            return 0
        return rng.randrange(4) << 61 | rng.randrange(4) << 59 | rng.randrange(2) << 58

    def make_half(self, page, ds, ps, upper, nested):
        """One TTBR's tables; returns TxSZ and the TTBR value."""
        rng = self.rng
        top = 52 if ds or page == 16 else 48
        oa = min(PS_BITS[ps], top)
        ia = rng.choice([top, 48, 39, 36, 42, rng.randint(17, top)])
        if chance(rng, 0.2):  # a start level of few entries
            ia = page + (page - 3) * rng.randrange(5) + rng.randint(1, 4)
        ia = max(min(ia, top), page + 1, 17)
        start = 3 - (ia - 1 - page) // (page - 3)

        def plain(size, align):
            pa = self.arena.alloc(size, align)
            return Table(self.arena, pa, pa, lambda addr, pa: None)

        limit = min(oa, 48 if not (ds or page == 16) else 52)
        s1 = Stage(rng, page, ia, oa, start, ds, self.nested_alloc(limit, 0 if start < 0 else 1) if nested else plain)
        s1.big = bool(self.reg[self.s1_sctlr] & EE)
        base = ~mask(ia) & mask(64) if upper else 0
        for _ in range(rng.randint(3, 7)):
            level = rng.choice(s1.leaf_levels())
            size = s1.shift(level)
            va = base | self.interesting(ia)
            out = rng.getrandbits(oa)
            if nested and self.s2_ipas and chance(rng, 0.7):
                out = rng.choice(self.s2_ipas)
            value = s1.encode(out & ~mask(size), size) | self.s1_leaf(ds) | (3 if level == 3 else 1)
            cont = s1.cont(level)
            if cont and chance(rng, 0.15):
                if chance(rng, 0.98):
                    va = va & ~(mask(cont) << size) | out & mask(cont) << size
                value |= 1 << 52
            if s1.add(va, level, value, self.table_bits, self.damage(s1, False)):
                self.ask(va & ~mask(size) | out & mask(size), size, ia, base)
        if s1.root is None:
            s1.make_root()
        for _ in range(2):
            self.ask(base | rng.getrandbits(ia), 0, ia, base)
        ttbr = s1.ttbr() | rng.getrandbits(16) << 48
        if not s1.wide() or s1.root_size >= 4:
            ttbr |= rng.randrange(2)
        if chance(rng, 0.01) and oa < 48:
            ttbr |= 1 << rng.randint(oa, 47)
        tsz = 64 - ia
        if chance(rng, 0.02):
            tsz = rng.choice([rng.randrange(64), rng.randint(10, 17)])
        return tsz, ttbr

    def ask(self, va, size, ia, base):
        rng = self.rng
        kind = rng.randrange(8)
        vas = [va]
        if kind == 0:
            vas.append(va ^ 1 << 56 + rng.randrange(8))       # a tag
        elif kind == 1 and ia < 55:
            vas.append(va ^ 1 << rng.randint(ia, 55))          # out of range
        elif kind == 2:
            vas.append((va & ~mask(size)) - 1 & mask(64))
        elif kind == 3:
            vas.append((va | mask(size)) + 1 & mask(64))
        elif kind == 4:
            vas.append(va & ~mask(size) | rng.getrandbits(size) if size else va)
        self.vas.extend(vas)

    def tcr_two(self, nested):
        """TCR in the layout of EL1&0 and both TTBRs."""
        rng = self.rng
        ds = chance(rng, 0.4)
        ps = rng.randrange(7)
        pages = [rng.choice([12, 14, 16]) for _ in range(2)]
        t0, ttbr0 = self.make_half(pages[0], ds and pages[0] != 16, ps, False, nested)
        t1, ttbr1 = self.make_half(pages[1], ds and pages[1] != 16, ps, True, nested)
        tcr = t0 | t1 << 16 | {12: 0, 16: 1, 14: 2}[pages[0]] << 14 | {12: 2, 14: 1, 16: 3}[pages[1]] << 30
        tcr |= rng.choice([0, 2, 3]) << 12 | rng.choice([0, 2, 3]) << 28 | ps << 32 | ds << 59
        tcr |= rng.randrange(4) << 37 | (rng.randrange(4) << 39 if chance(rng, 0.4) else 0)
        tcr |= rng.randrange(4) << 41 if chance(rng, 0.4) else 0
        tcr |= rng.randrange(4) << 51
        tcr |= chance(rng, 0.02) << 7 | chance(rng, 0.02) << 23
        tcr |= rng.randrange(4) << 55 if chance(rng, 0.05) else 0
        return tcr, ttbr0, ttbr1

    def tcr_el2(self):
        rng = self.rng
        page = rng.choice([12, 14, 16])
        ds = page != 16 and chance(rng, 0.4)
        ps = rng.randrange(7)
        t0, ttbr0 = self.make_half(page, ds, ps, False, False)
        tcr = t0 | {12: 0, 16: 1, 14: 2}[page] << 14 | rng.choice([0, 2, 3]) << 12 | ps << 16 | ds << 32
        tcr |= rng.randrange(2) << 20 | rng.randrange(4) << 21 | rng.randrange(2) << 24 | rng.randrange(2) << 29
        return tcr | 1 << 31 | 1 << 23, ttbr0

    def mair(self):
        rng = self.rng
        value = 0
        for i in range(8):
            kind = rng.randrange(10)
            if kind < 3:
                byte = rng.choice([0, 4, 8, 12])
            elif kind < 6:
                byte = rng.choice([0xff, 0x44, 0xbb, 0xee, 0xf0])
            else:
                byte = rng.randint(1, 15) << 4 | rng.randint(1, 15)
            if chance(rng, 0.01):
                byte = rng.getrandbits(8)
            value |= byte << i * 8
        return value

    def sctlr(self):
        rng = self.rng
        value = (not chance(rng, 0.06)) | (not chance(rng, 0.03)) << 2 | rng.randrange(2) << 12
        return value | chance(rng, 0.2) << 19 | 0x30d00800 | (EE if chance(rng, 0.1) else 0)

    # Kinds of cases

    def el10(self):
        rng, reg = self.rng, self.reg
        self.vas = []
        nested = chance(rng, 0.7)
        reg["hcr"] = 1 << 31
        if nested:
            reg["hcr"] |= 1 | chance(rng, 0.5) << 46 | chance(rng, 0.15) << 2 | chance(rng, 0.04) << 12
            reg["hcr"] |= chance(rng, 0.04) << 32 | chance(rng, 0.1) << 57
            reg["sctlr2"] = EE if chance(rng, 0.1) else 0
            self.make_s2()
        reg["sctlr1"] = self.sctlr()
        reg["mair1"] = self.mair()
        reg["tcr1"], reg["ttbr0_1"], reg["ttbr1_1"] = self.tcr_two(nested)
        if nested and (not reg["sctlr1"] & 1 or reg["hcr"] >> 12 & 1):
            self.vas.extend(self.s2_ipas)
            self.vas.append(rng.getrandbits(56))
        self.vas.append(rng.getrandbits(64))
        for va in self.vas:
            for op in rng.sample(OPS_EL1, 2):
                self.queries.append((op | (PAN if chance(rng, 0.5) else 0), va))

    def el2(self):
        rng, reg = self.rng, self.reg
        self.vas = []
        reg["hcr"] = 1 << 31
        reg["sctlr2"] = self.sctlr()
        self.s1_sctlr = "sctlr2"
        reg["mair2"] = self.mair()
        reg["tcr2"], reg["ttbr0_2"] = self.tcr_el2()
        for va in self.vas + [rng.getrandbits(64)]:
            for op in OPS_EL2:
                self.queries.append((op, va))

    def el20(self):
        rng, reg = self.rng, self.reg
        self.vas = []
        reg["hcr"] = 1 << 31 | 1 << 34 | 1 << 27
        reg["sctlr2"] = self.sctlr()
        self.s1_sctlr = "sctlr2"
        reg["mair2"] = self.mair()
        reg["tcr2"], reg["ttbr0_2"], reg["ttbr1_2"] = self.tcr_two(False)
        for va in self.vas + [rng.getrandbits(64)]:
            for op in rng.sample([0, 1, 2, 3, 4, 5, 10, 11], 2):
                self.queries.append((op | (PAN if chance(rng, 0.5) else 0), va))

    def exec(self):
        """Pages that are started at. Everything but the page in question is made to work."""
        rng, reg = self.rng, self.reg
        page = rng.choice([12, 14, 16])
        nested = chance(rng, 0.7)
        reg["hcr"] = 1 << 31 | nested | (chance(rng, 0.5) << 46 if nested else 0)
        reg["mair1"] = 0xffffffffffffffff
        reg["sctlr1"] = 0x30d00800 | 1 | 1 << 2 | 1 << 12 | 1 << 16 | chance(rng, 0.3) << 19
        memattr = 6 if reg["hcr"] >> 46 & 1 else 15

        def plain(size, align):
            pa = self.arena.alloc(size, align)
            return Table(self.arena, pa, pa, lambda addr, pa: None)

        if nested:
            s2page = rng.choice([12, 14, 16])
            start = 1 if s2page == 12 else 2
            self.s2 = s2 = Stage(rng, s2page, 36, 40, start, False, plain)
            reg["vtcr"] = (64 - 36) | ({12: 1, 14: 1, 16: 1}[s2page]) << 6 | {12: 0, 16: 1, 14: 2}[s2page] << 14 | 2 << 16 | 1 << 31
            reg["vtcr"] |= rng.randrange(4) << 21
        done = set()

        def good(addr, pa):
            if not nested or addr >> s2page in done:
                return
            done.add(addr >> s2page)
            value = s2.encode(pa & ~mask(s2page), s2page) | memattr << 2 | 3 << 6 | 3 << 8 | 1 << 10 | 3
            s2.add(addr & ~mask(s2page), 3, value)

        def alloc(size, align):
            size = align = max(size, align, 65536)
            pa = self.arena.alloc(size, align)
            addr = pa if not nested else (rng.getrandbits(36) & ~mask(26)) | pa & mask(26)
            return Table(self.arena, addr, pa, good)

        ia = 39 if page == 12 else 36 if page == 14 else 42
        start = 3 - (ia - 1 - page) // (page - 3)
        low = Stage(rng, page, ia, 40, start, False, alloc)
        high = Stage(rng, page, ia, 40, start, False, alloc)
        base = ~mask(ia) & mask(64)
        # The vectors of EL1: read-only, executable at EL1.
        vectors = alloc(65536, 65536)
        for offset in (0x200, 0x400):
            vectors.put(offset // 8, SMC | SMC << 32)
        high.add(base | 0x10000, 3, high.encode(vectors.addr, page) | 2 << 6 | 3 << 8 | 1 << 10 | 1 << 54 | 3)
        reg["vbar1"] = base | 0x10000
        for i in range(12):
            code = self.arena.alloc(65536, 65536)
            self.arena.put(code, WFI2)
            ipa = code
            if nested:
                ipa = rng.getrandbits(36) & ~mask(26) | code & mask(26)
                if ipa >> s2page in done:
                    continue
                done.add(ipa >> s2page)
                value = s2.encode(code, s2page) | memattr << 2 | rng.choice([3, 3, 1, 2, 0]) << 6 | 3 << 8 | 1 << 10 | 3
                value |= rng.randrange(4) << 53 | chance(rng, 0.1) << 51
                s2.add(ipa & ~mask(s2page), 3, value)
            va = rng.getrandbits(ia) & ~mask(16)
            upper = chance(rng, 0.3)
            value = low.encode(ipa, page) | rng.randrange(4) << 6 | 3 << 8 | 1 << 10 | rng.randrange(4) << 53 | 3
            value |= chance(rng, 0.2) << 51
            if chance(rng, 0.05):
                value &= ~(1 << 10)
            stage = high if upper else low
            if upper:
                va |= base
                if va >> 20 == (base | 0x10000) >> 20:
                    continue
            if stage.add(va, 3, value, (lambda: 0) if upper else self.table_bits):
                for el0 in (0, EL0):
                    self.queries.append((EXEC | el0, va))
        if low.root is None:
            low.make_root()
        reg["ttbr0_1"], reg["ttbr1_1"] = low.ttbr(), high.ttbr()
        tsz = 64 - ia
        reg["tcr1"] = tsz | tsz << 16 | {12: 0, 16: 1, 14: 2}[page] << 14 | {12: 2, 14: 1, 16: 3}[page] << 30
        reg["tcr1"] |= 2 << 32 | rng.randrange(4) << 39 | (chance(rng, 0.2) << 41)
        if nested:
            reg["vttbr"] = s2.ttbr()

    def pack(self):
        words = [self.reg[name] for name in REGS] + [len(self.arena.desc), len(self.queries)]
        for pa, value in self.arena.desc.items():
            words += [pa, value & mask(64)]
        for op, ia in self.queries:
            words += [op, ia & mask(64)]
        return struct.pack("<%dQ" % len(words), *words)


def cases(rng, nqueries):
    made, total = [], 0
    while total < nqueries:
        case = Case(rng)
        kind = pick(rng, (70, case.el10), (10, case.el2), (10, case.el20), (10, case.exec))
        try:
            kind()
        except MemoryError:
            continue
        case.kind = kind.__name__
        made.append(case)
        total += len(case.queries)
    return made


def write(path, made):
    with open(path, "wb") as out:
        out.write(struct.pack("<QQ", MAGIC, len(made)))
        for case in made:
            out.write(case.pack())
