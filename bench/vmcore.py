#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Times s2dump on whole dumps, beside the floor program, and prints time to the first range, to the end, and memory.

The dumps are made from captures of the lab (tests/lab/lab.py all --configs 6.1-vhe-note,6.12-vhe-note): 1 GiB, of which half is
guests and kernel, and half is noise at lower addresses, so that a search has to pass it. DWARF is measured when the lab has
fetched debugging information (tests/lab/lab.py fetch --dbg). Memory is the least RLIMIT_DATA that s2dump works with: private
writable memory, touched or not. The exit status is 1 when a limit was passed or a dump did not give the tables that it should.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/tools"))
import mksparse  # noqa: E402
import s2json  # noqa: E402

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
RAM_BASE = 0x40000000
NOISE = (0x10000000, 512 * MIB)
HOLE = (1 << 40, TIB)
HOLE_BELOW = (0, GIB)
MAX_DATA = 64  # MiB

# What, dump, vmlinux, milliseconds to the first range. A dump is made by a function of Dumps.
CASES = [
    ("6.12, VMCOREINFO note", "6.12", "note", None, 100),
    ("6.1, VMCOREINFO note, no data symbols", "6.1", "note", None, 100),
    ("6.12, memory is searched", "6.12", "bare", None, 200),
    ("6.1, memory is searched, no data symbols", "6.1", "bare", None, 200),
    ("6.12, note, and 1 TiB of hole", "6.12", "note_tib", None, 100),
    ("6.12, searched, and 1 TiB of hole above", "6.12", "bare_tib", None, 200),
    ("6.12, searched, and 1 GiB of hole below", "6.12", "bare_below", None, 200),
    ("6.12, flattened kdump-zlib, 512 MiB", "6.12", "kdump", None, None),
    ("6.1, flattened kdump-zlib, 512 MiB", "6.1", "kdump", None, None),
    ("6.1, note, symbols of vmlinux", "6.1", "note", "vmlinux", 300),
    ("6.1, note, types of vmlinux's .BTF", "6.1", "no_btf", "vmlinux", 300),
    ("6.1, note, types of vmlinux's DWARF", "6.1", "no_btf", "vmlinux.dwarf", 300),
]


class Dumps:
    """The dumps of one kernel, each made when it is first asked for."""

    def __init__(self, cache, kernel, tmp):
        top = os.path.join(cache, "captures")
        found = [d for d in (os.listdir(top) if os.path.isdir(top) else []) if d.startswith(f"{kernel}-vhe-note@")]
        if not found:
            raise SystemExit(f"vmcore.py: no capture of {kernel}-vhe-note in {top}: run tests/lab/lab.py all --configs "
                             f"{kernel}-vhe-note")
        self.dir = os.path.join(top, found[0])
        with open(os.path.join(self.dir, "regs.json")) as f:
            self.kernel = os.path.join(cache, "kernels", kernel, json.load(f)["kernel"])
        self.raw = (os.path.join(self.dir, "ram.bin"), RAM_BASE)
        self.notes = mksparse.notes_of(os.path.join(self.dir, "vmcore.elf"))
        self.prefix = os.path.join(tmp, kernel)
        self.made = {}

    def get(self, name):
        if name not in self.made:
            self.made[name] = getattr(self, name)(f"{self.prefix}-{name}")
        return self.made[name]

    def elf(self, out, notes, **more):
        mksparse.write(out, [self.raw], notes, noise=[NOISE], **more)
        return out

    def note(self, out):
        return self.elf(out, self.notes)

    def bare(self, out):
        return self.elf(out, b"")

    def note_tib(self, out):
        return self.elf(out, self.notes, hole=[HOLE])

    def bare_tib(self, out):
        return self.elf(out, b"", hole=[HOLE])

    def bare_below(self, out):
        mksparse.write(out, [self.raw], b"", hole=[HOLE_BELOW])
        return out

    def no_btf(self, out):
        return self.elf(out, self.notes, exclude=[mksparse.find_btf(*self.raw)])

    def kdump(self, _):
        return os.path.join(self.dir, "vmcore.kdump-flat")


def first_and_last(argv, cool):
    """Seconds until the first range is out, and until all is. With @cool the hole below is not in the page cache."""
    if cool:
        with open(argv[1], "rb") as f:
            os.posix_fadvise(f.fileno(), 0, HOLE_BELOW[1], os.POSIX_FADV_DONTNEED)
    start = time.perf_counter()
    with subprocess.Popen([*argv, "--format=jsonl"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        first = None
        for line in p.stdout:
            if first is None and s2json.is_record(line, "range"):
                first = time.perf_counter() - start
    end = time.perf_counter() - start
    if p.returncode or first is None:
        raise SystemExit(f"vmcore.py: {' '.join(argv)}: exit status {p.returncode}, no range")
    return first, end


def least(runs, measure, *args):
    return min(measure(*args) for _ in range(runs))


def floor_time(argv):
    start = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def tables(argv):
    done = subprocess.run([*argv, "--json"], capture_output=True, check=False)
    return s2json.rows(done.stdout) if not done.returncode else None


def works_with(argv, mib):
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (mib * MIB, mib * MIB))
    return not subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit).returncode


def least_data(argv):
    """MiB, or None when even the limit is not enough."""
    low, high = 0, MAX_DATA
    if not works_with(argv, high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works_with(argv, middle) else (middle, high)
    return high


def inflated(build, argv):
    env = dict(os.environ, LD_PRELOAD=os.path.join(build, "bench/inflated.so"))
    done = subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return [int(word) for word in done.stderr.splitlines()[-1].split() if word.isdigit()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    parser.add_argument("--build", required=True, help="build directory, optimized")
    parser.add_argument("--cache", default=os.environ.get("S2DUMP_LAB_CACHE") or os.path.join(base, "s2dump-lab"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--tmp", help="for some 2 GiB of dumps")
    args = parser.parse_args()
    s2dump, floor = (os.path.join(args.build, p) for p in ("src/cmd/s2dump", "bench/floor"))
    bad = 0
    with tempfile.TemporaryDirectory(dir=args.tmp) as tmp:
        dumps = {kernel: Dumps(args.cache, kernel, tmp) for kernel in ("6.1", "6.12")}
        expected = {}
        for kernel, made in dumps.items():
            snapshot = os.path.join(tmp, kernel + ".s2dump")
            subprocess.run([s2dump, "extract", made.get("note"), "-o", snapshot], check=True)
            expected[kernel] = tables([s2dump, snapshot])
            t = least(args.runs, floor_time, [floor, snapshot])
            size = os.path.getsize(snapshot)
            print(f"floor: {kernel}, sum of {size >> 10} KiB of table pages {t * 1e3:30.1f} ms")
        t = least(args.runs, floor_time, [floor, dumps["6.12"].get("bare"), "512"])
        print(f"floor: one word per page of 1 GiB {t * 1e3:38.1f} ms")

        print(f"{'':44} {'first':>9} {'all':>9}  data")
        for what, kernel, dump, vmlinux, limit in CASES:
            argv = [s2dump, dumps[kernel].get(dump)]
            if vmlinux:
                path = os.path.join(dumps[kernel].kernel, vmlinux)
                if not os.path.exists(path):
                    print(f"{what:44} skipped: tests/lab/lab.py fetch --dbg")
                    continue
                argv.append("--vmlinux=" + path)
            first, end = least(args.runs, first_and_last, argv, dump == "bare_below")
            data = least_data(argv)
            said = []
            if limit and first * 1e3 > limit:
                said.append(f"OVER {limit} ms")
            if data is None and vmlinux != "vmlinux.dwarf":
                said.append(f"MORE THAN {MAX_DATA} MiB")
            if [(t["id"], t["ranges"]) for t in tables(argv) or []] != [(t["id"], t["ranges"]) for t in expected[kernel]]:
                said.append("OTHER TABLES")
            bad += len(said)
            shown = f"{data} MiB" if data else f"> {MAX_DATA} MiB"
            print(f"{what:44} {first * 1e3:6.1f} ms {end * 1e3:6.1f} ms  {shown}  {', '.join(said)}")
            if dump == "kdump":
                calls, distinct, size = inflated(args.build, argv)
                print(f"{'':44} inflated {calls} blocks, {distinct} distinct, {size >> 10} KiB compressed"
                      if calls else f"{'':44} inflated blocks cannot be counted here")
                bad += calls > distinct
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
