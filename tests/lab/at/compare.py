# SPDX-License-Identifier: GPL-2.0-or-later
# Comparing the oracle's answers with s2dump's, and the list of what QEMU 7.2 is known to do otherwise than the Arm ARM.

import generate

TRANSLATION, PERMISSION = 2, 4  # enum s2_at_fault
DONE, FAULT, MISSING = 0, 1, 2  # enum s2_at_outcome


def bits(value, high, low):
    return value >> low & (1 << high - low + 1) - 1


class Step:
    def __init__(self, text):
        stage, level, raw, s1ptw, self.type = text.split(":")
        self.stage, self.level, self.raw, self.s1ptw = int(stage), int(level), int(raw, 16), s1ptw == "1"


class Answer:
    """What s2dump says: a line of at_host."""

    def __init__(self, line):
        self.line = line
        self.error = line[6:] if line.startswith("error ") else None
        if self.error:
            return
        head, _, steps = line.partition(" |")
        f = head.split(" ", 8)
        self.outcome, self.fault, self.stage, self.level = (int(x) for x in f[:4])
        self.s1ptw = f[4] == "1"
        self.par, self.missing_pa, self.ipa = (int(x, 16) for x in f[5:8])
        self.why = f[8]
        self.steps = [Step(s) for s in steps.split()]

    def leaf(self, stage):
        """The last descriptor that was read in a stage (not for a stage-1 descriptor)."""
        found = [s for s in self.steps if s.stage == stage and not s.s1ptw]
        return found[-1] if found else None


class Query:
    """A query with everything that a rule may look at."""

    def __init__(self, case, op, ia, answer, par, esr):
        self.case, self.op, self.ia, self.answer, self.par, self.esr = case, op, ia, answer, par, esr
        self.hcr = case.reg["hcr"]
        self.el2 = (op & 0xff) >= 10 or self.hcr >> 27 & 1
        self.two = not self.el2 or self.hcr >> 34 & 1
        self.tcr = case.reg["tcr2" if self.el2 else "tcr1"]
        self.sctlr = case.reg["sctlr2" if self.el2 else "sctlr1"]
        self.mair = case.reg["mair2" if self.el2 else "mair1"]
        self.nested = not self.el2 and bool(self.hcr & (1 | 1 << 12))
        self.upper = self.two and ia >> 55 & 1
        self.s12 = not self.el2 and (op & 0xff) in (6, 7, 8, 9) or bool(op & generate.EXEC)

    def s1_page(self):
        if self.upper:
            return {1: 14, 2: 12, 3: 16}.get(bits(self.tcr, 31, 30))
        return {0: 12, 1: 16, 2: 14}.get(bits(self.tcr, 15, 14))

    def s1_ds(self):
        return self.s1_page() != 16 and self.tcr >> (59 if self.two else 32) & 1

    def s1_oa_bits(self):
        ps = bits(self.tcr, 34, 32) if self.two else bits(self.tcr, 18, 16)
        top = 52 if self.s1_page() == 16 or self.s1_ds() else 48
        return min(top, 52 if ps == 7 else generate.PS_BITS[ps])

    def s1_start(self):
        tsz = bits(self.tcr, 21, 16) if self.upper else bits(self.tcr, 5, 0)
        return 3 - (64 - tsz - 1 - self.s1_page()) // (self.s1_page() - 3)

    def s2_page(self):
        return {0: 12, 1: 16, 2: 14}.get(bits(self.case.reg["vtcr"], 15, 14))

    def s2_ds(self):
        return self.s2_page() != 16 and self.case.reg["vtcr"] >> 32 & 1

    def s2_oa_bits(self):
        ps = bits(self.case.reg["vtcr"], 18, 16)
        top = 52 if self.s2_page() == 16 or self.s2_ds() else 48
        return min(top, 52 if ps == 7 else generate.PS_BITS[ps])

    def both_done(self):
        return self.answer.outcome == DONE and not self.par & 1 and not self.esr

    def both_fault(self):
        return self.answer.outcome == FAULT and self.par & 1 and not self.esr

    def differ(self):
        return self.par ^ self.answer.par

    def mair_byte(self):
        leaf = self.answer.leaf(1)
        return self.mair >> bits(leaf.raw, 4, 2) * 8 & 0xff if leaf else None


SH, ATTR = 3 << 7, 0xff << 56


def same(query):
    answer = query.answer
    if answer.error:
        return False
    if query.op & generate.EXEC:
        return same_exec(query)
    if answer.outcome == MISSING:
        # QEMU reports memory that is not there as an external abort on the walk, of the level of the walk.
        fsc = query.esr & 0x3f
        want = 0x13 if answer.level < 0 else 0x14 + answer.level
        return query.esr >> 26 in (0x24, 0x25) and fsc == want
    return not query.esr and query.par == answer.par


def same_exec(query):
    answer, kind, esr = query.answer, query.par, query.esr
    if answer.outcome == DONE:
        return kind == 1
    if answer.outcome == FAULT:
        # An abort to EL1 for stage 1, to EL2 for stage 2; the status in the syndrome is that of PAR_EL1.FST.
        return (kind == (2 if answer.stage == 1 else 3) and esr >> 26 in (0x20, 0x21) and
                esr & 0x3f == bits(answer.par, 6, 1) and esr >> 7 & 1 == answer.s1ptw)
    return False


# One rule per departure: a name, why QEMU is not followed, and a test that is as narrow as can be.
RULES = []


def rule(name, reason):
    def add(test):
        RULES.append((name, reason, test))
        return test
    return add


@rule("s1-sh-raw", "PAR_EL1.SH of a stage 1 result: QEMU gives the descriptor's (or TCR's) SH, reserved or not, also for Device "
      "and Non-cacheable memory, which is Outer Shareable (PAREncodeShareability)")
def _(q):
    if not q.both_done() or q.differ() & ~SH or (q.s12 and q.nested):
        return False
    leaf = q.answer.leaf(1)
    if not leaf:  # stage 1 off: QEMU gives 0
        return bits(q.par, 8, 7) == 0
    field = bits(leaf.raw, 9, 8) if not q.s1_ds() else bits(q.tcr, 29, 28) if q.upper else bits(q.tcr, 13, 12)
    return bits(q.par, 8, 7) == field


@rule("s1ptw-level", "stage 2 fault for a stage 1 descriptor: QEMU puts the stage 1 level into FST (fixed later: 'Retain the "
      "existing stage 2 fi->level')")
def _(q):
    a = q.answer
    if a.outcome == DONE or not a.s1ptw:
        return False
    s1 = a.leaf(1)
    level = q.s1_start() if not s1 else s1.level if s1.type in ("page", "block") else s1.level + 1
    if a.outcome == MISSING:
        return q.esr >> 26 in (0x24, 0x25) and q.esr & 0x3f == (0x14 + level if level >= 0 else 0x13)
    kinds = {1: 0x00, 2: 0x04, 3: 0x08, 4: 0x0c}
    fst = kinds[a.fault] + level if level >= 0 else {1: 0x29, 2: 0x2b}.get(a.fault, 0)
    if q.op & generate.EXEC:
        return q.par == 3 and q.esr & 0x3f == fst
    return not q.esr and q.par == a.par & ~(0x3f << 1) | fst << 1


def step_shift(q, step):
    page = q.s1_page() if step.stage == 1 else q.s2_page()
    return page + (page - 3) * (3 - step.level), page, q.s1_ds() if step.stage == 1 else q.s2_ds()


def leaf_oa(raw, shift, page, ds):
    if ds:
        return raw & (1 << 50) - (1 << shift) | bits(raw, 9, 8) << 50
    return raw & (1 << 48) - (1 << shift) | (bits(raw, 15, 12) << 48 if page == 16 else 0)


def is_translated(step):
    return step.type in ("block", "page")


@rule("contiguous", "Contiguous bit on an entry whose output address is not that of its place in the group: the group's address "
      "counts (StageOA), QEMU ignores the bit")
def _(q):
    for step in q.answer.steps:
        if not is_translated(step) or not step.raw >> 52 & 1:
            continue
        shift, page, ds = step_shift(q, step)
        n = {12: 4 if step.level >= 1 else 0, 14: {3: 7, 2: 5}.get(step.level, 0), 16: 5 if step.level >= 2 else 0}[page]
        oa = leaf_oa(step.raw, shift, page, ds)
        if step.stage == 1 and not n:
            continue
        ia = q.ia if step.stage == 1 else q.answer.ipa if not step.s1ptw else None
        if n and (ia is None or (oa ^ ia) >> shift & (1 << n) - 1):
            return True
    return False


def s2_translation_fault(q):
    fst = bits(q.par, 6, 1)
    return q.par & 1 and q.par >> 9 & 1 and (4 <= fst <= 7 or fst == 0x2b)


@rule("s2-over-ps", "VTCR_EL2.T0SZ, or a start level, that needs more bits than VTCR_EL2.PS gives: QEMU faults (translation, level 0), "
      "the pseudocode only looks at the implemented size (S2MinTxSZ, S2InvalidSL)")
def _(q):
    vtcr, page, oa = q.case.reg["vtcr"], q.s2_page(), q.s2_oa_bits()
    sl0 = bits(vtcr, 7, 6)
    over = 64 - bits(vtcr, 5, 0) > oa
    start = (-1 if q.s2_ds() and vtcr >> 33 & 1 else {3: 3}.get(sl0, 2 - sl0)) if page == 12 else 3 - sl0
    over |= {12: start == 0 and oa <= 42, 14: start == 1 and oa <= 40, 16: start == 1 and oa <= 42}[page]
    return q.nested and over and s2_translation_fault(q)


@rule("s2-lpa2-start", "the start levels that LPA2 brings to stage 2, -1 (4K) and 0 (16K): QEMU faults (translation, level 0), fixed "
      "in QEMU 8.0")
def _(q):
    vtcr, sl0 = q.case.reg["vtcr"], bits(q.case.reg["vtcr"], 7, 6)
    return (q.nested and q.s2_ds() and (sl0 == 3 if q.s2_page() == 14 else q.s2_page() == 12 and vtcr >> 33 & 1) and
            s2_translation_fault(q))


@rule("block-level", "a block where the granule allows none: translation fault (BlockDescSupported); QEMU takes it as a block "
      "(fixed in QEMU 8.1)")
def _(q):
    last = q.answer.steps[-1] if q.answer.steps else None
    if q.answer.outcome != FAULT or not last or last.raw & 3 != 1 or last.level == 3:
        return False
    shift, page, ds = step_shift(q, last)
    return last.level not in {12: [0, 1, 2] if ds else [1, 2], 14: [1, 2] if ds else [2], 16: [1, 2]}[page]


@rule("high-bits-below-52", "DS=1 (or 64K) with an output size up to 48 bits: address bits [51:48] are still checked, and TTBR [5:2] "
      "are address bits; QEMU drops them")
def _(q):
    a = q.answer
    if a.outcome != FAULT or a.fault != 1:
        return False
    oa = q.s1_oa_bits() if a.stage == 1 else q.s2_oa_bits()
    page, ds = (q.s1_page(), q.s1_ds()) if a.stage == 1 else (q.s2_page(), q.s2_ds())
    if oa > 48 or not (ds or page == 16):
        return False
    last = [s for s in a.steps if s.stage == a.stage]
    if a.level == 0 and "base" in a.why:
        ttbr = q.case.reg["vttbr"] if a.stage == 2 else q.case.reg["ttbr%d_%d" % (q.upper, 2 if q.el2 else 1)]
        return ds and bits(ttbr, 5, 2) != 0
    return bool(last) and bool(bits(last[-1].raw, 9, 8) if ds else bits(last[-1].raw, 15, 12))


@rule("ttbr-below-64", "a 52-bit TTBR whose start level is smaller than 64 bytes: bits [5:0] are no address bits (S1TTBaseAddress); QEMU "
      "leaves those above the table's size in the address")
def _(q):
    for stage in (1, 2):
        page, ds = (q.s1_page(), q.s1_ds()) if stage == 1 else (q.s2_page(), q.s2_ds())
        oa = q.s1_oa_bits() if stage == 1 else q.s2_oa_bits()
        reg = q.case.reg["vtcr"] if stage == 2 else q.tcr
        ia = 64 - (bits(reg, 21, 16) if stage == 1 and q.upper else bits(reg, 5, 0))
        ttbr = q.case.reg["vttbr"] if stage == 2 else q.case.reg["ttbr%d_%d" % (q.upper, 2 if q.el2 else 1)]
        size = (ia - page - 1) % (page - 3) + 4 if ia > page else 64
        if (ds or page == 16 and oa == 52) and size < 6 and bits(ttbr, 5, size) and (stage == 1 or q.nested):
            return True
    return False


@rule("block-over-ps", "a block that begins inside the output size and reaches beyond: the final address counts, QEMU looks at the "
      "descriptor only")
def _(q):
    a = q.answer
    if a.outcome != FAULT or a.fault != 1 or "output address" not in a.why:
        return False
    step = [s for s in a.steps if s.stage == a.stage][-1]
    shift, page, ds = step_shift(q, step)
    return step.type == "block" and not leaf_oa(step.raw, shift, page, ds) >> (q.s1_oa_bits() if a.stage == 1 else q.s2_oa_bits())


@rule("sctlr-c", "SCTLR_ELx.C=0 makes Normal memory Non-cacheable; QEMU ignores the bit")
def _(q):
    return q.both_done() and not q.differ() & ~(SH | ATTR) and not q.sctlr >> 2 & 1


@rule("s1-off-sh", "stage 1 off: Device memory is Outer Shareable (S1DisabledOutput); QEMU starts from Non-shareable")
def _(q):
    leaf = q.answer.leaf(2)
    return (q.both_done() and q.s12 and leaf and not q.sctlr & 1 and not q.hcr >> 12 & 1 and q.differ() & ~SH == 0 and
            bits(q.answer.par, 8, 7) == 2)


@rule("fwb-device", "FWB with a Device MemAttr: the stronger of both stages' Device types counts (S2ApplyFWBMemAttrs); QEMU takes "
      "stage 2's")
def _(q):
    leaf = q.answer.leaf(2)
    return (q.both_done() and q.s12 and leaf and q.hcr >> 46 & 1 and not bits(leaf.raw, 4, 4) and not q.differ() & ~ATTR and
            q.par >> 56 == bits(leaf.raw, 3, 2) << 2 and q.answer.par >> 56 < q.par >> 56)


@rule("af-update-order", "access flag update that stage 2 forbids, on a descriptor that also denies the access: the update's fault "
      "counts; QEMU checks the permission first")
def _(q):
    a = q.answer
    leaf = a.leaf(1)
    return (a.outcome == FAULT and a.s1ptw and leaf and is_translated(leaf) and not leaf.raw >> 10 & 1 and not q.esr and
            q.par == 0x801 | (0xc + leaf.level) << 1)


@rule("at-dirty-update", "AT for a write does not make a clean page dirty (S1Translate excludes AccessType_AT); QEMU tries to, and "
      "reports that stage 2 forbids it")
def _(q):
    a = q.answer
    leaf = a.leaf(1)
    fst = bits(q.par, 6, 1)
    return (not q.op & generate.EXEC and leaf and leaf.raw >> 51 & 1 and leaf.raw >> 7 & 1 and bits(q.tcr, 40, 39) == 3 and
            q.par & 0x301 == 0x301 and fst == 0xc + leaf.level)


@rule("dbm-exec", "DBM with hardware dirty state makes a page writable, so PXN is implied for EL0's pages and WXN applies "
      "(S1ApplyOutputPerms); QEMU looks at AP[2]")
def _(q):
    leaf = q.answer.leaf(1)
    return (q.op & generate.EXEC and leaf and leaf.raw >> 51 & 1 and leaf.raw >> 7 & 1 and bits(q.tcr, 40, 39) == 3 and
            q.answer.outcome == FAULT and q.answer.stage == 1 and q.answer.fault == PERMISSION)


@rule("s2-wt-transient", "Write-Back transient in stage 1, Write-Through in stage 2: stays transient (S2CombineS1AttrHints); QEMU makes "
      "it non-transient")
def _(q):
    leaf, s1 = q.answer.leaf(2), q.mair_byte()
    if not q.both_done() or not q.s12 or not leaf or s1 is None or q.differ() & ~ATTR or q.hcr >> 46 & 1:
        return False
    want = q.answer.par >> 56
    for low, s2 in ((0, bits(leaf.raw, 3, 2)), (4, bits(leaf.raw, 5, 4))):
        half = s1 >> low & 15
        if half >> 2 == 1 and half != 4 and s2 == 2:
            want |= 8 << low
    return q.par >> 56 == want


@rule("mair-raw", "MAIR_ELx attributes that are reserved, or tell the XS attribute (FEAT_XS): QEMU hands the byte on, or combines its "
      "raw halves with stage 2's")
def _(q):
    s1 = q.mair_byte()
    if s1 is None or not q.both_done() or q.differ() & ~(ATTR | SH):
        return False
    odd = s1 in (0x40, 0xa0) or not s1 >> 4 and s1 & 3 or s1 >> 4 and not s1 & 15 and s1 != 0xf0
    return odd and (q.s12 and q.nested or q.par >> 56 == s1)


@rule("device-type-mixed", "Device in one stage, Normal in the other: the Device type is that of its stage (S2CombineS1MemAttrs); QEMU "
      "compares it with the low bits of the Normal attribute")
def _(q):
    leaf, s1 = q.answer.leaf(2), q.mair_byte()
    if not q.both_done() or not q.s12 or not leaf or s1 is None or q.hcr >> 46 & 1 or q.differ() & ~ATTR:
        return False
    s2_device = not bits(leaf.raw, 5, 4)
    device = bits(leaf.raw, 3, 2) << 2 if s2_device else s1 & 0xc
    return s2_device != (s1 < 16) and q.answer.par >> 56 == device and q.par >> 56 < device


@rule("fwb-cd", "HCR_EL2.CD=1 makes Normal memory Non-cacheable with FWB as well (S2Translate); QEMU looks at it without FWB only")
def _(q):
    return (q.both_done() and q.s12 and q.nested and q.hcr >> 46 & 1 and q.hcr >> 32 & 1 and q.answer.par >> 56 == 0x44 and
            not q.differ() & ~(ATTR | SH))


@rule("s2-memattr-reserved", "reserved MemAttr values: nothing says what they mean; s2dump takes Non-cacheable for a reserved half, as KVM")
def _(q):
    leaf = q.answer.leaf(2)
    if not q.both_done() or not q.s12 or not leaf or q.differ() & ~(ATTR | SH):
        return False
    memattr = bits(leaf.raw, 5, 2)
    return memattr & 8 or memattr == 4 if q.hcr >> 46 & 1 else memattr in (4, 8, 12)


@rule("block-align", "address bits below the size of a block are RES0 and ignored (LeafBase); QEMU includes them in the address size "
      "check")
def _(q):
    fst = bits(q.par, 6, 1)
    stage = 2 if q.par >> 9 & 1 else 1
    if q.op & generate.EXEC or not q.par & 1 or fst > 3:
        return False
    for step in q.answer.steps:
        if step.stage == stage and step.type == "block":
            shift, page, ds = step_shift(q, step)
            beyond = leaf_oa(step.raw, page, page, ds) >> (q.s1_oa_bits() if stage == 1 else q.s2_oa_bits())
            if beyond and not leaf_oa(step.raw, shift, page, ds) >> (q.s1_oa_bits() if stage == 1 else q.s2_oa_bits()):
                return True
    return False


def in_memory(pa):
    """Where a table would be read from something on the virt machine that the arena does not hold."""
    return not (0x60000000 <= pa < 0x4000000000 or 0x5000000000 <= pa < 0x8000000000 or pa >= 1 << 40)
