#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Cuts a dump off at many places, flips bits in it, and holds what s2dump says of the pieces against what it says of the whole.

    truncate.py --s2dump PATH [--step 512] [--tail 1048576] [--points 3000] [--flips 500] [--jobs 2] DUMP
    truncate.py --seed N DUMP > FLIPPED

Cut off: exit status 0, 3 or 4, no signal, no hang; each range is as in the whole dump, or missing; never unmapped where the
whole is mapped; status 0 only with all tables, complete. It is cut at multiples of --step, four fifths of them in the last
--tail bytes, where the tables should be. Flipped: only the status. As a module: cut(), flip().
"""
import argparse
import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import tempfile

import s2json

STATUSES = (0, 3, 4)
SECONDS = 20
# Of a range, what must be the same wherever a piece of it is shown.
SAME = ["level", "type", "mapped", "owner", "state", "odd", "read", "write", "exec", "read_user", "write_user", "exec_priv", "exec_user",
        "af", "sh", "memattr", "cont", "dbm", "fnxs", "nt", "xn0", "sw", "ns", "pbha", "ignored",
        # of x86
        "accessed", "dirty", "user", "global", "ipat", "mmu_present", "host_writable", "mmu_writable", "ad_type", "nx_huge",
        "gen", "access", "saved_rights"]
TABLE_SAME = ["kind", "arch", "granule", "ia_bits", "oa_bits", "start_level", "start_tables"]


def run(s2dump, path, extra):
    """(exit status or text, output, errors)"""
    command = [s2dump, "--json", "--merge=pa", path, *extra]
    env = dict(os.environ, ASAN_OPTIONS="exitcode=99:detect_leaks=0", UBSAN_OPTIONS="halt_on_error=1:exitcode=99")
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, env=env)
    except subprocess.TimeoutExpired:
        return f"no end after {SECONDS} s", b"", b""
    return done.returncode, done.stdout, done.stderr


def differences(whole, piece):
    """What the tables of a piece claim that the tables of the whole deny."""
    known = {t["root"]: t for t in whole}  # an id is made of the pid, which may be cut off
    for table in piece:
        full = known.get(table["root"])
        if full is None:
            yield f"{table['id']} is not in the whole dump"
            continue
        for key in TABLE_SAME:
            if table.get(key) != full.get(key):
                yield f"{table['id']}: {key} is {table.get(key)}, not {full.get(key)}"
        # HCR_EL2 stands in a vCPU, which may be cut off; then FWB and what depends on it are not known.
        for name, value in table["registers"].items():
            if full["registers"].get(name) != value:
                yield f"{table['id']}: {name} is {value}, not {full['registers'].get(name)}"
        features, wanted = table["features"], dict(full["features"])
        no_fwb = "fwb" in wanted and features.get("fwb") is None
        same = [key for key in SAME if key != "memattr" or not no_fwb]
        if no_fwb:
            wanted["fwb"] = None
        if features != wanted:
            yield f"{table['id']}: features are {features}"
        ranges = iter(full["ranges"])
        of = next(ranges)
        for r in table["ranges"]:
            if r["type"] == "missing":
                continue
            start, end = int(r["ia"], 16), int(r["ia"], 16) + r["size"]
            at = start
            while at < end:
                while int(of["ia"], 16) + of["size"] <= at:
                    of = next(ranges)
                for key in same:
                    if r.get(key) != of.get(key):
                        yield f"{table['id']}: {at:#x}: {key} is {r.get(key)}, not {of.get(key)}"
                if r["mapped"] and int(r["pa"], 16) + at - start != int(of["pa"], 16) + at - int(of["ia"], 16):
                    yield f"{table['id']}: {at:#x}: another output address"
                at = int(of["ia"], 16) + of["size"]


def last_line(err):
    return (err.decode(errors="replace").strip().splitlines() or [""])[-1]


def judge_cut(whole, status, out, err):
    if status not in STATUSES:
        return f"exit status {status}: {last_line(err)}"
    try:
        tables = s2json.rows(out)
    except (ValueError, KeyError):
        return None if status == 3 else f"exit status {status}, but no document"
    found = next(differences(whole, tables), None)
    if found:
        return found
    missing = [t["id"] for t in tables if not t["complete"]]
    if status == 0 and (missing or len(tables) != len(whole)):
        return f"exit status 0 with {len(tables)} of {len(whole)} tables, incomplete: {missing}"
    return None


def cut_some(s2dump, dump, scratch, sizes, extra, whole):
    """Cuts one copy shorter and shorter."""
    path = os.path.join(scratch, f"cut-{os.getpid()}-{sizes[0]}")
    shutil.copyfile(dump, path)
    count, problems = {}, []
    for size in sizes:
        os.truncate(path, size)
        status, out, err = run(s2dump, path, extra)
        count[status] = count.get(status, 0) + 1
        problem = judge_cut(whole, status, out, err)
        if problem:
            problems.append(f"cut at {size}: {problem}")
    os.unlink(path)
    return count, problems


def flip_some(s2dump, dump, scratch, seeds, extra, whole):
    path = os.path.join(scratch, f"flip-{os.getpid()}-{seeds[0]}")
    shutil.copyfile(dump, path)
    count, problems = {}, []
    with open(path, "r+b", buffering=0) as f:
        for seed in seeds:
            places = flips_of(seed, os.path.getsize(dump))
            for twice in range(2):
                for off, bit in places:
                    byte = os.pread(f.fileno(), 1, off)[0] ^ 1 << bit
                    os.pwrite(f.fileno(), bytes([byte]), off)
                if not twice:
                    status, _, err = run(s2dump, path, extra)
            count[status] = count.get(status, 0) + 1
            if status not in STATUSES:
                problems.append(f"bits flipped, seed {seed}: exit status {status}: {last_line(err)}")
    os.unlink(path)
    return count, problems


def flips_of(seed, size):
    """One to 64 bits: in turn in the whole file, in its first 64 KiB (headers), and in a page at the beginning and anywhere."""
    rng = random.Random(seed)
    start, length = [(0, size), (0, 1 << 16), (rng.randrange(1 << 14), 4096), (rng.randrange(size), 4096)][seed % 4]
    return sorted({((start + rng.randrange(length)) % size, rng.randrange(8)) for _ in range(1 << rng.randrange(7))})


def spread(work, items, jobs, *args):
    """Gives each job every so-manieth item; the counts of exit statuses, and the problems."""
    count, problems = {}, []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        parts = [items[i::jobs] for i in range(jobs) if items[i::jobs]]
        for part_count, part in pool.map(lambda part: work(*args[:3], part, *args[3:]), parts):
            problems += part
            for status, n in part_count.items():
                count[status] = count.get(status, 0) + n
    return count, problems


def tables_of(s2dump, dump, extra):
    status, out, err = run(s2dump, dump, extra)
    if status:
        raise SystemExit(f"truncate.py: {dump}: exit status {status}: {err.decode(errors='replace')}")
    return s2json.rows(out)


def cut(s2dump, dump, extra=(), step=512, tail=1 << 20, points=3000, jobs=2):
    """({exit status: number}, problems)"""
    size = os.path.getsize(dump)
    every = range(0, size, step)
    rng = random.Random(size)
    late = [n for n in every if n >= size - tail]
    sizes = rng.sample(late, min(len(late), points * 4 // 5))
    early = [n for n in every if n < size - tail]
    sizes += rng.sample(early, min(len(early), points - len(sizes)))
    with tempfile.TemporaryDirectory(prefix="s2dump-cut-") as scratch:
        return spread(cut_some, sorted(sizes, reverse=True), jobs, s2dump, dump, scratch, extra,
                      tables_of(s2dump, dump, extra))


def flip(s2dump, dump, extra=(), flips=500, jobs=2):
    with tempfile.TemporaryDirectory(prefix="s2dump-cut-") as scratch:
        return spread(flip_some, list(range(flips)), jobs, s2dump, dump, scratch, extra, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump")
    parser.add_argument("extra", nargs="*", help="more arguments for s2dump, after --")
    parser.add_argument("--s2dump")
    parser.add_argument("--step", type=int, default=512)
    parser.add_argument("--tail", type=int, default=1 << 20)
    parser.add_argument("--points", type=int, default=3000)
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, help="write this flipped dump to standard output, and nothing else")
    args = parser.parse_args()
    if args.seed is not None:
        with open(args.dump, "rb") as f:
            data = bytearray(f.read())
        for off, bit in flips_of(args.seed, len(data)):
            data[off] ^= 1 << bit
        sys.stdout.buffer.write(data)
        return 0
    failed = False
    for name, (count, problems) in (
            ("cut", cut(args.s2dump, args.dump, args.extra, args.step, args.tail, args.points, args.jobs)),
            ("flipped", flip(args.s2dump, args.dump, args.extra, args.flips, args.jobs) if args.flips else ({}, []))):
        print(f"{name}: " + ", ".join(f"{n} times status {s}" for s, n in sorted(count.items(), key=str)))
        for problem in problems[:20]:
            print(f"  {problem}")
        if len(problems) > 20:
            print(f"  and {len(problems) - 20} more")
        failed |= bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
