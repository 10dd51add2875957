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
    if not a.outcome == FAULT or not a.s1ptw:
        return False
    s1 = a.leaf(1)
    level = q.s1_start() if not s1 else s1.level if s1.type in ("page", "block") else s1.level + 1
    kinds = {1: 0x00, 2: 0x04, 3: 0x08, 4: 0x0c}
    fst = kinds[a.fault] + level if level >= 0 else {1: 0x29, 2: 0x2b}.get(a.fault, 0)
    if q.op & generate.EXEC:
        return q.par == 3 and q.esr & 0x3f == fst
    return not q.esr and q.par == a.par & ~(0x3f << 1) | fst << 1
