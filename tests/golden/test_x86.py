#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Random EPT and NPT tables, sound and damaged, against a walker of the tests' own.

"""Each blob is dumped at its place in memory, entry by entry, and without it: then either the base is refused, or every
row is that of the true place."""

import argparse
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import mkx86  # noqa: E402

BASE = 0x1234_5600_0000


def run(args, path, *options):
    return subprocess.run([args.s2dump, path, "--json", "--merge=none", *options], capture_output=True, text=True,
                          check=False)


def rows_of(done):
    """(ia, level, type, pa, rights, raw) of every entry that could be read."""
    found = {}
    for row in json.loads(done.stdout)["tables"][0]["ranges"]:
        rights = (row["read"], row["write"], row["exec"]) if row["mapped"] else None
        found[int(row["ia"], 16)] = (row["level"], row["type"], row["pa"], rights, row["raw"])
    return found


def rows_wanted(regime, blob, base):
    """Those of the walker; empty neighbours are one row each in --merge=none, too."""
    found = {}
    for ia, level, raw, path in mkx86.walk(regime, blob, base, base):
        if raw is None:
            found[ia] = (level, "missing", None, None, None)
            continue
        kind, address = mkx86.interpret(regime, level, raw)
        mapped = kind in ("page", "block")
        found[ia] = (level, kind, hex(address) if mapped else None, mkx86.rights(regime, path) if mapped else None,
                     hex(raw))
    return found


def options_of(regime, blob):
    common = [f"--maxphyaddr={regime.maxphyaddr}"]
    if regime.fmt == mkx86.NPT:
        return common + ["--arch=npt", f"--start-level={regime.levels}"]
    # Levels and A/D alone: where the top table is, the blob's own place says.
    return common + [f"--eptp={int(blob.register().split('=')[1], 16) & 0xfff:#x}"]


def loops(regime, data):
    """Does a table lead back into itself, or the walk grow beyond reason?"""
    seen = 0
    for _ in mkx86.walk(regime, data, BASE, BASE):
        seen += 1
        if seen > 200_000:
            return True
    return False


def try_one(args, rnd, path, damage):
    """(problem or None, was the base inferred?)"""
    regime = mkx86.Regime(rnd.choice((mkx86.EPT, mkx86.NPT)), rnd.choice((4, 5)), rnd.choice((46, 48, 52)))
    blob = mkx86.random_blob(regime, BASE, rnd)
    data = bytearray(blob.data())
    for _ in range(damage):
        at = rnd.randrange(len(data) // 8) * 8
        struct.pack_into("<Q", data, at, rnd.getrandbits(64))
    try:
        if loops(regime, data):
            return None, None
    except RecursionError:
        return None, None
    path.write_bytes(data)
    options = options_of(regime, blob)
    want = rows_wanted(regime, bytes(data), BASE)
    done = run(args, path, *options, f"--base={BASE:#x}")
    if done.returncode not in (0, 4):
        return f"exit {done.returncode}: {done.stderr}", None
    found = rows_of(done)
    for ia, row in want.items():
        if row[1] != "missing" and found.get(ia) != row:
            return f"{regime.fmt} {ia:#x}: {found.get(ia)}, expected {row}", None
    inferred = run(args, path, *options)
    if inferred.returncode == 3:
        return None, False
    if rows_of(inferred) != found:
        return f"{regime.fmt}: with the inferred base other rows come out: {inferred.stderr}", None
    return None, True


def main():
    parser = argparse.ArgumentParser(description="Random EPT and NPT tables against a model.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    args.s2dump = os.path.abspath(args.s2dump)
    rnd, failed, tally = random.Random(args.seed), 0, {}
    with tempfile.TemporaryDirectory(prefix="s2x86.") as name:
        for n in range(args.count):
            damage = n % 4
            problem, inferred = try_one(args, rnd, pathlib.Path(name) / "blob", damage)
            tally.setdefault(damage, []).append(inferred)
            if problem:
                failed += 1
                print(f"blob {n} ({damage} damaged words): {problem}")
    for damage, all_of in sorted(tally.items()):
        print(f"{damage} damaged words: {len(all_of)} blobs, base inferred in {all_of.count(True)}")
    # Nothing stands in the way of a sound blob.
    sound = tally[0]
    return 1 if failed or sound.count(True) < 0.9 * len(sound) else 0


if __name__ == "__main__":
    sys.exit(main())
