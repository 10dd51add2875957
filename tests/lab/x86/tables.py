# SPDX-License-Identifier: GPL-2.0-or-later
# A plain walker of EPT and NPT over captured memory, and a way to find a root without asking KVM.

"""Written from the Intel SDM vol. 3C 30.3 (EPT) and the AMD APM vol. 2 5.3 and 15.25 (NPT). Where the software bits of
KVM lie is from arch/x86/kvm/mmu/spte.h of 6.1 ("old") and of 7.3 ("new"): see Masks."""

import collections
import functools
import mmap
import os
import struct

PAGE = 1 << 12
ADDRESS = (1 << 52) - PAGE
TOP = 1 << 40  # no machine of the lab has memory beyond
PS = 1 << 7
SHADOW_PRESENT = 1 << 11  # KVM's mark of an entry that maps or leads on
SUPPRESS_VE = 1 << 63
NPT_P, NPT_W, NPT_U, NPT_A, NPT_D, NPT_NX = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 63
EPT_R, EPT_W, EPT_X, EPT_IPAT, EPT_A, EPT_D, EPT_XU = 1 << 0, 1 << 1, 1 << 2, 1 << 6, 1 << 8, 1 << 9, 1 << 10
EPT_TYPES = {0: "uc", 1: "wc", 4: "wt", 5: "wp", 6: "wb"}
MMIO_MARK = 1 << 51  # of NPT, where it is a reserved bit


class WalkError(Exception):
    pass


class Memory:
    """Memory of a machine: an ELF core as QEMU writes it, or a raw image from address 0."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self.path = path
        # (address, offset, size): Elf64_Ehdr, Elf64_Phdr of the System V ABI.
        if self.map[:4] == b"\x7fELF":
            phoff, = struct.unpack_from("<Q", self.map, 32)
            size, count = struct.unpack_from("<HH", self.map, 54)
            rows = [struct.unpack_from("<IIQQQQ", self.map, phoff + i * size) for i in range(count)]
            self.parts = [(pa, off, n) for kind, _, off, _, pa, n in rows if kind == 1]
        else:
            self.parts = [(0, 0, os.path.getsize(path))]

    def __call__(self, pa, size):
        for start, offset, n in self.parts:
            if start <= pa and pa + size <= start + n:
                return self.map[offset + pa - start:offset + pa - start + size]
        raise WalkError(f"no memory at {pa:#x}")

    def table(self, pa):
        return struct.unpack("<512Q", self(pa, PAGE))

    @functools.cached_property
    def entries(self):
        """{address: [(where, value)]} of all words that KVM may have marked as an entry of that address."""
        found = collections.defaultdict(list)
        empty = bytes(PAGE)
        for start, offset, n in self.parts:
            for page in range(0, n - n % PAGE, PAGE):
                data = self.map[offset + page:offset + page + PAGE]
                if data == empty:
                    continue
                for i, value in enumerate(struct.unpack("<512Q", data)):
                    if value & SHADOW_PRESENT and value & ADDRESS < TOP:
                        found[value & ADDRESS].append((start + page + 8 * i, value))
        return found


class Masks:
    """Where KVM has its own bits: the layout changed in 7.2."""

    def __init__(self, fmt, new, maxphyaddr):
        self.format, self.new, self.maxphyaddr = fmt, new, maxphyaddr
        if fmt == "npt":
            self.host_writable, self.mmu_writable = 1 << 9, 1 << 10
        else:
            self.host_writable = 1 << (53 if new else 57)
            self.mmu_writable = 1 << (55 if new else 58)
            self.saved_shift = 52 if new else 54
        # Below bit 11: the low part of an MMIO entry's generation; the rest is from bit 52 on.
        self.generation_low = (3, 9) if new else (3, 10)

    def tracked(self, raw):
        """A page without rights, so that the next access is noticed (is_access_track_spte()); only of EPT."""
        return self.format == "ept" and bool(raw & SHADOW_PRESENT)

    def saved(self, raw):
        """R and X that a tracked entry gets back."""
        return bool(raw >> self.saved_shift & EPT_R), bool(raw >> self.saved_shift & EPT_X)

    def generation(self, raw):
        low, high = self.generation_low
        width = high - low + 1
        # Bit 52 to 62, but for the new layout of Intel, where 62 is not taken.
        return raw >> low & (1 << width) - 1 | (raw >> 52 & 0x7ff) << width

    def mmio_gpa(self, raw):
        """Undoes what keeps the address from being used by L1TF: 39:35 stand at 44:40, and are ones (see
        shadow_nonpresent_or_rsvd_mask)."""
        gpa = raw & (1 << self.maxphyaddr) - PAGE
        if self.format == "ept":
            gpa = gpa & ~(0x1f << 35) | (raw >> 40 & 0x1f) << 35
        return gpa


class Entry:
    """A leaf, or an entry that is neither empty nor leads anywhere."""

    def __init__(self, gpa, level, raw, at, path):
        self.gpa, self.level, self.raw, self.at, self.path = gpa, level, raw, at, path
        self.size = PAGE << 9 * (level - 1)
        self.pa = raw & ADDRESS & -self.size


class Leaf(Entry):
    def __init__(self, masks, *entry):
        super().__init__(*entry)
        raw = self.raw
        if masks.format == "npt":
            self.write = bool(raw & NPT_W and all(e & NPT_W for e in self.path))
            self.exec = not (raw & NPT_NX or any(e & NPT_NX for e in self.path))
            self.read, self.memory = True, None
            self.accessed, self.dirty = bool(raw & NPT_A), bool(raw & NPT_D)
        else:
            allowed = raw
            for e in self.path:
                allowed &= e
            self.read, self.write, self.exec = (bool(allowed & b) for b in (EPT_R, EPT_W, EPT_X))
            self.memory = EPT_TYPES.get(raw >> 3 & 7), bool(raw & EPT_IPAT)
            self.accessed, self.dirty = bool(raw & EPT_A), bool(raw & EPT_D)
        self.host_writable = bool(raw & masks.host_writable)
        self.mmu_writable = bool(raw & masks.mmu_writable)


class Tracked(Entry):
    """A page whose rights are taken away until the next access."""

    def __init__(self, masks, *entry):
        super().__init__(*entry)
        self.read, self.exec = masks.saved(self.raw)
        self.write, self.memory, self.dirty = False, None, None
        self.host_writable = bool(self.raw & masks.host_writable)
        self.mmu_writable = bool(self.raw & masks.mmu_writable)


class Walk:
    """All entries below a root: leaves, those that are tracked, and others that are not empty."""

    def __init__(self, memory, root, levels, masks):
        self.memory, self.root, self.levels, self.masks = memory, root, levels, masks
        self.leaves, self.tracked, self.others, self.tables = [], [], [], 0
        self.table(root, levels, 0, ())

    def present(self, raw):
        if self.masks.format == "npt":
            return raw & NPT_P
        return raw & (EPT_R | EPT_W | EPT_X)

    def faults(self, raw):
        """Present, and yet no translation."""
        reserved = ADDRESS >> self.masks.maxphyaddr << self.masks.maxphyaddr
        if raw & reserved:
            return True
        return self.masks.format == "ept" and raw & EPT_W and not raw & EPT_R

    def table(self, pa, level, gpa, path):
        self.tables += 1
        for i, raw in enumerate(self.memory.table(pa)):
            if raw & ~SUPPRESS_VE == 0:
                continue
            here = gpa + (i << 12 + 9 * (level - 1))
            entry = here, level, raw, pa + 8 * i, path
            if not self.present(raw) and self.masks.tracked(raw):
                self.tracked.append(Tracked(self.masks, *entry))
            elif not self.present(raw) or self.faults(raw):
                self.others.append(Entry(*entry))
            elif level == 1 or raw & PS and level <= 3:
                self.leaves.append(Leaf(self.masks, *entry))
            else:
                self.table(raw & ADDRESS, level - 1, here, (*path, raw))


def find_roots(memory, gpa, pa, levels, copies):
    """The roots of tables that map a page of 4 KiB from @gpa to @pa: upwards from the entries that have its address. The
    tables of processes map it too, but elsewhere. @copies: pages that are of files, not tables."""
    pages = {pa}
    for level in range(1, levels + 1):
        index = gpa >> 12 + 9 * (level - 1) & 511
        pages = {at & -PAGE for page in pages for at, _ in memory.entries.get(page, ())
                 if at % PAGE == 8 * index} - copies
    return pages
