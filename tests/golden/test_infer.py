#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Blobs with damaged words, without their base: s2dump says what the model says at the true base, or that it does not know.

"""A blob that has lost its address has one redundancy only: its table descriptors agree with each other. So a base may be
refused, but one that is taken must be the right one: every row is compared with the model in mktables.py, which is told the
true base. With its only descriptor damaged, a blob of fewer than three table pages is a sound blob of another base: there a wrong
one may be taken, if it is said that few descriptors tell it."""

import argparse
import concurrent.futures
import collections
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))
import s2json  # noqa: E402
from mktables import Geometry, Memory, Tables, ones, ranges, walk  # noqa: E402
from slower import SLOWER  # noqa: E402

# granule, input bits, start level, LPA2: what KVM makes, and forms with one table and with sixteen at the start.
SHAPES = [("4K", 40, 1, False), ("4K", 39, 1, False), ("4K", 43, 1, False), ("4K", 44, 0, False), ("4K", 48, 0, False),
          ("4K", 33, 2, False), ("16K", 40, 2, False), ("16K", 47, 1, False), ("4K", 50, 0, True), ("64K", 42, 2, False)]
FULL_SCALE = 10000
FEW = b"few table descriptors tell that base"


class Scattered(Tables):
    """Table pages in any order, with pages between them that no table needs."""

    def __init__(self, geom, base, rng, slack):
        super().__init__(geom, base)
        self.rng, self.slack, self.free = rng, slack, []

    def new_page(self):
        if not self.free:
            n = self.rng.choice([1, 4, 8])
            self.free = [self.next_pa + i * self.geom.page for i in range(n + (self.rng.randrange(4) if self.slack else 0))]
            self.next_pa += len(self.free) * self.geom.page
            if self.rng.random() < 0.5:
                self.rng.shuffle(self.free)
            self.free = self.free[-n:]
        self.pages.append(self.free.pop(0))
        return self.pages[-1]


def guest(rng):
    """A guest's stage 2: some memory in pages and blocks, a device or two."""
    granule, bits, start, lpa2 = rng.choice(SHAPES)
    g = Geometry(granule, bits, start, ps=rng.choice([40, 44, 48]), lpa2=lpa2)
    align = max(g.start_bytes, g.page)
    base = rng.randrange(1, 1 << g.ps_bits - 1 >> align.bit_length() - 1) * align
    t = Scattered(g, base, rng, rng.random() < 0.3)
    block = g.shift(2)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(1 << bits - block) << block
        for i in range(rng.randrange(1, 7)):
            ia = at + (i << block)
            # Tables above are there once; what they hold is either blocks or pages.
            if ia >> bits:
                break
            try:
                if rng.random() < 0.25 and g.start_level < 2:
                    t.map(ia, rng.randrange(1 << g.ps_bits - block) << block, 2)
                    continue
                first = rng.randrange(g.page // 8)
                pa = rng.randrange(1 << g.ps_bits - 1 - g.page_log2) << g.page_log2
                t.map(ia + (first << g.page_log2), pa, 3, min(g.page // 8 - first, rng.choice([1, 3, 60, 512])))
            except AssertionError:
                continue  # something else is there already
    tail = rng.choice([0, 0, 0, 1, 5]) if t.slack else 0
    t.next_pa += tail * g.page
    return t


def is_table(g, level, raw):
    return level < 3 and raw & 3 == 3


def words_of(t):
    """(address, level) of every descriptor that was written."""
    out = []

    def visit(table, at, entries):
        for i in range(entries):
            slot = table + 8 * i
            if slot in t.words:
                out.append((slot, at))
            if slot in t.below:
                visit(t.below[slot], at + 1, t.geom.page // 8)

    visit(t.base, t.geom.start_level, t.geom.entries(t.geom.start_level))
    return out


def damaged(rng, t, word):
    kind = rng.randrange(6)
    if kind < 2:
        return word ^ 1 << rng.randrange(64)
    if kind == 2:
        return rng.getrandbits(64)
    if kind == 3:
        return 0
    if kind == 4:
        return word & ~2  # reserved, or a block
    near = rng.choice([1, 2, 4, 8]) * rng.choice([-1, 1]) * t.geom.page
    return word + near & ones(63, 0)


def damage(rng, t, blob):
    """One to three damaged words. True when one leaf was damaged, and nothing else."""
    words = words_of(t)
    leaves = [(pa, level) for pa, level in words if not is_table(t.geom, level, t.words[pa])]
    tables = [(pa, level) for pa, level in words if is_table(t.geom, level, t.words[pa])]
    one_leaf = bool(leaves) and rng.random() < 0.4
    for _ in range(1 if one_leaf else rng.randint(1, 3)):
        if one_leaf:
            at = rng.choice(leaves)[0] - t.base
        else:
            roll = rng.random()
            at = (rng.choice(tables)[0] if roll < 0.4 else rng.choice(words)[0] if roll < 0.8 else
                  t.base + rng.randrange(len(blob) // 8) * 8) - t.base
        word = int.from_bytes(blob[at:at + 8], "little")
        blob[at:at + 8] = damaged(rng, t, word).to_bytes(8, "little")
    return one_leaf


def infers(s2dump, t, blob, *options):
    """The run for a blob whose base is not given; exit status 3 and a reason when it cannot be told."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(blob)
        file.flush()
        return subprocess.run([s2dump, f"--vtcr={t.geom.vtcr():#x}", *options, file.name], capture_output=True, timeout=60,
                              check=False)


def run(s2dump, seed):
    """What came out for the blob of @seed: a word for the count, and what is wrong or None."""
    rng = random.Random(seed)
    t = guest(rng)
    blob = bytearray(t.blob())
    one_leaf = damage(rng, t, blob)
    kind = "one leaf" if one_leaf else "other damage"
    done = infers(s2dump, t, blob, "--json", "--merge=pa")
    if done.returncode == 3 and b"cannot infer where the blob was" in done.stderr:
        ambiguous = infers(s2dump, t, t.blob(), "--range=0-1").returncode == 3
        return kind if not ambiguous else "ambiguous without damage", "refused", None
    if done.returncode not in (0, 4):
        return kind, "failed", f"exit {done.returncode}: {done.stderr.decode()}"
    table = s2json.rows(done.stdout)[0]
    if len(t.pages) < 3 and int(table["root"], 16) != t.base:
        return "fewer than three pages", "said", None if FEW in done.stderr else f"base {t.base:#x}: {done.stderr.decode()}"
    want = ranges(t.geom, list(walk(t.geom, Memory(bytes(blob), t.base), t.base)), "pa")
    for a, b in zip(want, table["ranges"]):
        if s2json.different(a, b):
            return kind, "wrong", f"base {t.base:#x}: at {a['ia']}: want {a}\n  got {b}\n  {done.stderr.decode()}"
    if len(want) != len(table["ranges"]) or int(table["root"], 16) != t.base:
        return kind, "wrong", f"base {t.base:#x}: {done.stderr.decode()}"
    return kind, "answered", None


def look_alikes(s2dump):
    """Seconds of CPU for 8 MiB in which every page is a table wherever the blob was."""
    g = Geometry("4K", 39, 1)
    pages, base = 2048, 0x80000000
    t = Tables(g, base)
    for i in range(512):
        t.pointer(i << g.shift(1), base + min(pages // 2 + i, pages // 2 + 510) * g.page, 1)
    page = b"".join(g.leaf(2, 0x100000000 + (i << g.shift(2))).to_bytes(8, "little") for i in range(512))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = infers(s2dump, t, t.blob(g.page) + page * (pages - 1))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 3, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--blobs", type=int, default=300, help=f"full scale is {FULL_SCALE}")
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    counts, bad = collections.Counter(), 0
    seconds = look_alikes(args.s2dump)
    if seconds > 5 * SLOWER:
        bad += 1
        print(f"not ok - {seconds:.1f} s for 8 MiB of pages that look alike")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run, args.s2dump, f"{args.seed}.{i}") for i in range(args.blobs)]
        for i, job in enumerate(jobs):
            kind, outcome, what = job.result()
            counts[kind, outcome] += 1
            if what:
                bad += 1
                print(f"not ok - blob {args.seed}.{i}: {kind}: {what}")
    answered = {kind: (counts[kind, "answered"], sum(n for (k, _), n in counts.items() if k == kind))
                for kind in sorted({kind for kind, _ in counts})}
    for kind, (n, of) in answered.items():
        print(f"# {kind}: {n} of {of} answered")
    n, of = answered["one leaf"]
    if n * 100 < of * 95:
        bad += 1
        print("not ok - fewer than 95 % of the blobs with one damaged leaf are answered")
    print(f"{args.blobs} passed, 0 failed" if not bad else f"{bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
