#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes blobs of EPT and NPT tables, and says what they mean: written from the manuals, not from s2dump.

"""The tests' own opinion about EPT (Intel SDM volume 3C, "The Extended Page Table Mechanism") and NPT (AMD APM
volume 2, "Nested Paging"). An entry is read by interpret(), a table by walk(); Blob builds one.

As a program: mkx86.py FORMAT -o BLOB [--levels 4|5] [--base PA] [--seed N] writes random tables and prints the
register that goes with them."""

import argparse
import random
import struct

EPT, NPT = "ept", "npt"
PAGE = 4096


def bits(high, low):
    return (1 << high + 1) - (1 << low)


class Regime:
    """What decides how entries read: address width, and what the processor has."""

    def __init__(self, fmt, levels=4, maxphyaddr=46, exec_only=True, mbec=False, nx=True):
        self.fmt, self.levels, self.maxphyaddr = fmt, levels, maxphyaddr
        self.exec_only, self.mbec, self.nx = exec_only, mbec, nx

    def ia_bits(self):
        return 12 + 9 * self.levels


def wrong_ept(regime, level, raw, leaf):
    """SDM, "EPT Misconfigurations"."""
    read, write, run = raw & 1, raw >> 1 & 1, raw >> 2 & 1 | (raw >> 10 & 1 if regime.mbec else 0)
    if write and not read or run and not read and not regime.exec_only:
        return True
    if raw & bits(51, 12) & ~bits(regime.maxphyaddr - 1, 12):
        return True
    if leaf:
        below = bits(12 + 9 * (level - 1) - 1, 12) if level > 1 else 0
        return bool(raw & below) or raw >> 3 & 7 in (2, 3, 7)
    return bool(raw & (bits(7, 3) if level > 3 else bits(6, 3)))


def wrong_npt(regime, level, raw, leaf):
    """APM, the figures of PML4E, PDPE, PDE and PTE in long mode: what must be zero."""
    if raw & bits(51, 12) & ~bits(regime.maxphyaddr - 1, 12):
        return True
    if raw >> 63 and not regime.nx:
        return True
    if leaf:
        return level > 1 and bool(raw & bits(12 + 9 * (level - 1) - 1, 13))
    return level > 3 and bool(raw & bits(8, 7))


def interpret(regime, level, raw):
    """("invalid" | "reserved" | "table" | "block" | "page", address)"""
    there = 7 | (1 << 10 if regime.mbec else 0) if regime.fmt == EPT else 1
    if not raw & there:
        return "invalid", None
    leaf = level == 1 or level <= 3 and bool(raw >> 7 & 1)
    if (wrong_ept if regime.fmt == EPT else wrong_npt)(regime, level, raw, leaf):
        return "reserved", None
    if not leaf:
        return "table", raw & bits(51, 12)
    return "page" if level == 1 else "block", raw & bits(51, 12 + 9 * (level - 1))


def rights(regime, path):
    """Of the entries on the way to a leaf, it included: (read, write, exec)."""
    if regime.fmt == EPT:
        return tuple(all(raw >> n & 1 for raw in path) for n in range(3))
    user = all(raw >> 2 & 1 for raw in path)
    return user, user and all(raw >> 1 & 1 for raw in path), user and not any(raw >> 63 for raw in path)


def walk(regime, blob, base, root, level=None, ia=0, path=()):
    """Entries in ascending input address: (ia, level, raw, path). A table outside of the blob ends in None."""
    level = level or regime.levels
    at = root - base
    if at < 0 or at + PAGE > len(blob):
        yield ia, level, None, path
        return
    for i, raw in enumerate(struct.unpack_from("<512Q", blob, at)):
        here = ia + (i << 12 + 9 * (level - 1))
        kind, address = interpret(regime, level, raw)
        if kind == "table":
            yield from walk(regime, blob, base, address, level - 1, here, path + (raw,))
        else:
            yield here, level, raw, path + (raw,)


class Blob:
    """Table pages, the top one first; the others lie as @rnd throws them, or one after the other."""

    def __init__(self, regime, base, rnd=None, slots=0):
        self.regime, self.base, self.pages = regime, base, {0: [0] * 512}
        self.free = list(range(1, slots))
        if rnd:
            rnd.shuffle(self.free)

    def new(self, fill=0):
        page = self.free.pop(0) if self.free else max(self.pages) + 1
        self.pages[page] = [fill] * 512
        return page

    def address(self, page):
        return self.base + page * PAGE

    def table(self, page, more=0):
        """A table descriptor that leads to @page."""
        return self.address(page) | 7 | more

    def leaf(self, level, address, more=0):
        large = 1 << 7 if level > 1 else 0
        return address | 7 | large | (6 << 3 if self.regime.fmt == EPT else 0) | more

    def data(self):
        empty = [0] * 512
        return b"".join(struct.pack("<512Q", *self.pages.get(n, empty)) for n in range(max(self.pages) + 1))

    def register(self):
        if self.regime.fmt == EPT:
            return f"--eptp={self.base | 6 | self.regime.levels - 1 << 3 | 1 << 6:#x}"
        return f"--ncr3={self.base:#x}"


def kvm_ept():
    """EPT as KVM from Linux 7.2 on writes it, on a processor with L1TF: leaves of all sizes, logged and tracked pages, a
    frozen entry, MMIO at two addresses, and tables that take rights away. Values are those that dumps held."""
    blob = Blob(Regime(EPT, maxphyaddr=40), 0x12345000)
    empty, table = 1 << 63, 0x8000000000000d00
    pdpt, pd, pt, high, mmio, narrow = (blob.new(empty) for _ in range(6))
    blob.pages[0] = [empty] * 512
    blob.pages[0][0] = blob.table(pdpt, table)
    blob.pages[pdpt][0] = blob.table(pd, table)
    blob.pages[pdpt][1] = 0x80a0000000000ff7 | 0x3c0000000
    blob.pages[pdpt][3] = blob.table(high, table)
    blob.pages[pd][0] = blob.table(pt, table)
    blob.pages[pd][1] = 0x80a0000000000ff7 | 0x5600000
    blob.pages[pd][2] = 0x80a0000000000bf3 | 0x5800000
    blob.pages[pd][3] = blob.table(narrow, table) & ~2
    for i in range(4):
        blob.pages[pt][i] = 0x80a0000000000f77 | 0x7000000 + (i << 12)
    blob.pages[pt][4] = 0x80a0000000000d77 | 0x7004000
    blob.pages[pt][5] = 0x8000000000000d75 | 0x9000000
    blob.pages[pt][6] = 0x80a0000000000f07 | 0xfee00000
    blob.pages[pt][7] = 0xd0f0000000000a70 | 0x7007000
    blob.pages[pt][8] = 0xd0f0000000000a70 | 0x7008000
    blob.pages[pt][9] = 0xd050000000000870 | 0x7009000
    blob.pages[pt][10] = 0x80000000000001a0
    blob.pages[pt][11] = 0x80a0000000000f67 | 1 << 44
    blob.pages[pt][12] = 0x80a0000000000f5f
    blob.pages[pt][13] = 0x80a0000000000f76
    blob.pages[narrow][0] = 0x80a0000000000f77 | 0xa000000
    blob.pages[high][0x1f7] = blob.table(mmio, table)
    blob.pages[mmio][0] = 0xf8fee000f6
    blob.pages[mmio][1] = 0xf8fee010f6
    blob.pages[mmio][2] = 0x1000f89d000346
    return blob.data()


def random_blob(regime, base, rnd, pages=24):
    """Tables of all levels with leaves of all sizes, rights and attributes."""
    blob = Blob(regime, base, rnd, 2 * pages)
    queue = [(0, regime.levels)]
    while queue and len(blob.pages) < pages:
        page, level = queue.pop(0)
        for i in rnd.sample(range(512), rnd.randint(2, 6)):
            if level > 1 and (level > 3 or rnd.random() < 0.8):
                child = blob.new(1 << 63 if rnd.random() < 0.5 else 0)
                blob.pages[page][i] = blob.table(child)
                queue.append((child, level - 1))
            else:
                blob.pages[page][i] = random_leaf(blob, level, rnd)
    # What was not filled any more is a page of leaves.
    for page, level in queue:
        for i in rnd.sample(range(512), 40):
            blob.pages[page][i] = random_leaf(blob, level, rnd) if level <= 3 else 0
    return blob


def random_leaf(blob, level, rnd):
    size = 1 << 12 + 9 * (level - 1)
    address = rnd.randrange(1 << blob.regime.maxphyaddr) // size * size
    if blob.regime.fmt == EPT:
        keep = rnd.choice((1, 3, 5, 7)) | rnd.choice((0, 1, 4, 5, 6)) << 3
        noise = rnd.getrandbits(64) & (bits(63, 52) | bits(11, 8) | 1 << 6)
    else:
        keep, noise = 1, rnd.getrandbits(64) & (bits(63, 52) | bits(11, 8) | bits(6, 1))
    return address | keep | noise | (1 << 7 if level > 1 else 0)


def main():
    parser = argparse.ArgumentParser(description="Makes a blob of random EPT or NPT tables.")
    parser.add_argument("format", choices=(EPT, NPT))
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--levels", type=int, default=4, choices=(4, 5))
    parser.add_argument("--base", type=lambda text: int(text, 0), default=0x40000000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    blob = random_blob(Regime(args.format, args.levels), args.base, random.Random(args.seed))
    with open(args.output, "wb") as f:
        f.write(blob.data())
    print(blob.register())


if __name__ == "__main__":
    main()
