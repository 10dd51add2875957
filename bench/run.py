#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Times s2dump beside the floor program, run about in one session, and prints the least of several runs and the ratio.
import argparse
import os
import random
import subprocess
import tempfile
import time

VTCR = "0x80053558"

CASES = [
    # blob, arguments, what it measures
    ("coalesced", [], "one row"),
    ("scattered", [], "one row, PAs scattered"),
    ("scattered", ["--json"], "the same as JSON"),
    ("alternating", ["--range=0-4G"], "1 Mi rows of text"),
    ("alternating", ["--range=0-4G", "--json"], "1 Mi ranges of JSON"),
    ("coalesced", ["--merge=none", "--range=0-4G"], "1 Mi descriptors of text"),
]


def least(argv, runs, stdin=None):
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(argv, stdin=stdin and open(stdin), stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - start)
    return best


def addresses(s2dump, blob, tmp, floor, runs):
    """Many addresses in one run: a million through the table, a thousand looked for in it."""
    rng = random.Random(1)
    many = os.path.join(tmp, "addresses")
    with open(many, "w") as f:
        f.writelines(f"{rng.randrange(32 << 30):#x}\n" for _ in range(1000000))
    t = least([s2dump, "translate", blob, "--vtcr=" + VTCR, "--base=0x80000000", "-"], runs, many)
    print(f"{'translate -, 1000000 addresses':48} {t * 1e3:8.1f} ms  {t / floor:6.2f} x floor  ({1 / t:.2f} M/s)")
    wanted = [f"{rng.randrange(1 << 40):#x}" for _ in range(1000)]
    t = least([s2dump, "find", blob, "--vtcr=" + VTCR, "--base=0x80000000", *wanted], runs)
    one = least([s2dump, "find", blob, "--vtcr=" + VTCR, "--base=0x80000000", wanted[0]], runs)
    print(f"{'find, 1000 addresses':48} {t * 1e3:8.1f} ms  {t / floor:6.2f} x floor  ({t / one:.2f} x one address)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    s2dump = os.path.join(args.build, "src/cmd/s2dump")
    with tempfile.TemporaryDirectory() as tmp:
        blobs = {}
        for name in sorted({case[0] for case in CASES}):
            blobs[name] = os.path.join(tmp, name + ".bin")
            subprocess.run([os.path.join(args.build, "bench/blob"), name, blobs[name]], check=True)
        floor = least([os.path.join(args.build, "bench/floor"), blobs["coalesced"]], args.runs)
        print(f"floor: sum of 64 MiB of words      {floor * 1e3:8.1f} ms")
        for name, extra, what in CASES:
            t = least([s2dump, blobs[name], "--vtcr=" + VTCR, "--base=0x80000000", *extra], args.runs)
            label = " ".join([name, *extra])
            print(f"{label:48} {t * 1e3:8.1f} ms  {t / floor:6.2f} x floor  ({what})")
        addresses(s2dump, blobs["scattered"], tmp, floor, args.runs)


if __name__ == "__main__":
    main()
