# SPDX-License-Identifier: GPL-2.0-or-later
# A second, deliberately plain stage-2 walker, written from the Arm ARM and not from s2dump.

"""Slow and small on purpose: one descriptor at a time, no merging. It is the lab's own opinion
about a captured table, and what s2dump is compared with. Section numbers are of Arm ARM DDI 0487
(K.a): D8.2 translation, D8.3 descriptors, D19.2 VTCR_EL2 and VTTBR_EL2."""

from collections import namedtuple

Leaf = namedtuple("Leaf", """ia size level table index desc pa
                  read write exec_el1 exec_el0 af memattr sh sw""")
Geometry = namedtuple("Geometry", "page_log2 ia_bits oa_bits start_level start_bits root ds")

OA_BITS = {0: 32, 1: 36, 2: 40, 3: 42, 4: 44, 5: 48, 6: 52}  # VTCR_EL2.PS
PAGE_LOG2 = {0: 12, 1: 16, 2: 14}  # VTCR_EL2.TG0
HARDWARE_AF = 1 << 21  # VTCR_EL2.HA
# MemAttr[3:0] by HCR_EL2.FWB (D8.6.6): those that KVM uses for memory.
MEMATTR = {(False, 0xf): "normal-wb", (True, 6): "normal-wb", (True, 7): "as-s1"}


class WalkError(Exception):
    pass


def bits(value, high, low):
    return value >> low & (1 << high - low + 1) - 1


def geometry(vtcr, vttbr):
    """What VTCR_EL2 and VTTBR_EL2 say together."""
    if bits(vtcr, 15, 14) not in PAGE_LOG2:
        raise WalkError("VTCR_EL2.TG0 is reserved")
    page_log2 = PAGE_LOG2[bits(vtcr, 15, 14)]
    stride = page_log2 - 3
    ds = bool(bits(vtcr, 32, 32)) and page_log2 != 16
    ia_bits = 64 - bits(vtcr, 5, 0)
    oa_bits = OA_BITS.get(bits(vtcr, 18, 16), 52)
    if oa_bits == 52 and not ds and page_log2 != 16:
        oa_bits = 48
    sl0 = bits(vtcr, 7, 6)
    if page_log2 == 12:
        # With DS, SL2 = 1 (bit 33) and SL0 = 0 mean level -1; SL0 = 3 is level 3 (FEAT_TTST).
        start = -1 if ds and bits(vtcr, 33, 33) else {0: 2, 1: 1, 2: 0, 3: 3}[sl0]
    else:
        start = 3 - sl0
    # Bits that the start level resolves; more than a stride is concatenation, at most 16 tables.
    start_bits = ia_bits - (page_log2 + stride * (3 - start))
    if not 1 <= start_bits <= stride + 4:
        raise WalkError(f"{ia_bits} bits cannot start at level {start}")
    # BADDR: bits below the size of the start tables are not address; with 52 bits, VTTBR[5:2] are
    # address bits [51:48] and the table is at least 64 bytes aligned.
    root = bits(vttbr, 47, 1) << 1
    root &= ~((8 << start_bits) - 1)
    if oa_bits == 52:
        root = bits(vttbr, 47, 6) << 6 & ~((8 << start_bits) - 1) | bits(vttbr, 5, 2) << 48
    return Geometry(page_log2, ia_bits, oa_bits, start, start_bits, root, ds)


def output_address(g, desc, low):
    """Bits [.. : low] of the address in a descriptor (D8.3.1)."""
    if g.page_log2 == 16:
        pa = bits(desc, 47, 16) << 16
        if g.oa_bits == 52:
            pa |= bits(desc, 15, 12) << 48
    elif g.ds:
        pa = bits(desc, 49, g.page_log2) << g.page_log2 | bits(desc, 9, 8) << 50
    else:
        pa = bits(desc, 47, g.page_log2) << g.page_log2
    return pa & ~((1 << low) - 1)


def block_allowed(g, level):
    if g.page_log2 == 12:
        return level in (1, 2) or (level == 0 and g.ds)
    if g.page_log2 == 14:
        return level == 2 or (level == 1 and g.ds)
    return level == 2 or (level == 1 and g.oa_bits == 52)


def leaf(g, ia, level, table, index, desc):
    shift = g.page_log2 + (g.page_log2 - 3) * (3 - level)
    # XN[1:0] are bits 54:53. FEAT_XNX: 0 both may, 1 EL0 only, 2 none, 3 EL1 only (D8.4.2).
    xn = bits(desc, 54, 53)
    return Leaf(ia=ia, size=1 << shift, level=level, table=table, index=index, desc=desc,
                pa=output_address(g, desc, shift),
                read=bool(bits(desc, 6, 6)), write=bool(bits(desc, 7, 7)),
                exec_el1=xn in (0, 3), exec_el0=xn in (0, 1), af=bool(bits(desc, 10, 10)),
                memattr=bits(desc, 5, 2), sh=None if g.ds else bits(desc, 9, 8), sw=bits(desc, 58, 55))


def walk(read, vtcr, vttbr):
    """Every valid leaf in ascending order, every table page, every invalid descriptor that is not
    zero. `read(pa, size)` gives bytes or raises. Returns (geometry, leaves, tables, annotations);
    tables are (pa, size, level), annotations are (ia, size, level, descriptor)."""
    g = geometry(vtcr, vttbr)
    stride = g.page_log2 - 3
    leaves, tables, annotations = [], [], []

    def visit(table, level, nbits, base):
        shift = g.page_log2 + stride * (3 - level)
        raw = read(table, 8 << nbits)
        tables.append((table, 8 << nbits, level))
        for index in range(1 << nbits):
            desc = int.from_bytes(raw[8 * index:8 * index + 8], "little")
            ia = base + (index << shift)
            if not desc & 1:
                if desc:
                    annotations.append((ia, 1 << shift, level, desc))
            elif level == 3:
                # 0b01 at level 3 is reserved and faults.
                if desc & 2:
                    leaves.append(leaf(g, ia, level, table, index, desc))
                else:
                    annotations.append((ia, 1 << shift, level, desc))
            elif desc & 2:
                visit(output_address(g, desc, g.page_log2), level + 1, stride, ia)
            elif block_allowed(g, level):
                leaves.append(leaf(g, ia, level, table, index, desc))
            else:
                annotations.append((ia, 1 << shift, level, desc))

    visit(g.root, g.start_level, g.start_bits, 0)
    return g, leaves, tables, annotations


def walk_s1(read, ttbr0, ttbr1, tcr, va):
    """VA to IPA through 4K stage-1 tables of EL1&0, no LPA2: enough for the lab's own guest."""
    upper = bits(va, 55, 55)
    va_bits = 64 - (bits(tcr, 21, 16) if upper else bits(tcr, 5, 0))
    level = 3 - (va_bits - 13) // 9
    table = bits(ttbr1 if upper else ttbr0, 47, 1) << 1
    top = va >> va_bits
    if top != ((1 << 64 - va_bits) - 1 if upper else 0):
        raise WalkError("outside of the region of its TTBR")
    while True:
        shift = 12 + 9 * (3 - level)
        index = bits(va, min(shift + 8, va_bits - 1), shift)
        desc = int.from_bytes(read(table + 8 * index, 8), "little")
        if not desc & 1 or (level == 3 and not desc & 2):
            raise WalkError(f"translation fault at level {level}")
        if level == 3 or not desc & 2:
            return bits(desc, 47, shift) << shift | va & (1 << shift) - 1
        table = bits(desc, 47, 12) << 12
        level += 1


class Ram:
    """A raw image of physical memory."""

    def __init__(self, path, base):
        self.file = open(path, "rb")
        self.base = base
        self.size = self.file.seek(0, 2)

    def __call__(self, pa, size):
        if pa < self.base or pa + size > self.base + self.size:
            raise WalkError(f"{pa:#x} is not in the image")
        self.file.seek(pa - self.base)
        return self.file.read(size)

    def word(self, pa):
        return int.from_bytes(self(pa, 8), "little")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.file.close()
