#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A file that is cut off, or changes, while it is read: what was printed stays, an error says why, and no document looks whole.

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TOOLS = HERE.parent / "tools"
sys.path.insert(0, str(TOOLS))

import leaveout  # noqa: E402
import mkdump  # noqa: E402

SAMPLE = TOP / "samples/debian-6.1-4k.s2dump"
MUTATE = leaveout.load_mutate()
BLOB = TOP / "samples/debian-6.1-4k-ipa43.bin"

KDUMP = ["--vtcr=0x802d3555", "--root=0x43270000"]
SYSTEM = ["--base=0x40000000", "--system-map=system.map"]
# The input, and what is run on "in"; and what else is read, as "map", and is cut in its place.
RUNS = [
    (SAMPLE, ["dump", "in"]),
    (SAMPLE, ["dump", "--json", "in"]),
    (SAMPLE, ["dump", "--format=jsonl", "in"]),
    (SAMPLE, ["list", "-l", "--json", "in"]),
    (SAMPLE, ["check", "--json", "in"]),
    (SAMPLE, ["find", "--json", "in", "0x419f2000"]),
    (SAMPLE, ["slots", "--json", "in"]),
    (SAMPLE, ["dump", "--tables", "--json", "in"]),
    (SAMPLE, ["extract", "-o", "out", "in"]),
    ("kdump", ["dump", "--json", *KDUMP, "in"]),
    ("kdump", ["inspect", "--json", "in"]),
    ("guest", ["translate", "--json", "--vcpu=vm:200/0", "--system-map=guest.map", "in", "0x400000"]),
    ("guest", ["dump", "--effective", "--format=jsonl", "--vcpu=vm:200/0", "--system-map=guest.map", "in"]),
    ("system", ["dump", "--json", *SYSTEM, "in"]),
    ("system", ["check", "--json", *SYSTEM, "in"]),
    ("system", ["list", "--json", "--base=0x40000000", "--system-map=map", "in"], "system.map"),
]


def run(args, words, source, work, place, size, other=None):
    shutil.copyfile(work / source, work / "in")
    if other:
        shutil.copyfile(work / other, work / "map")
    (work / "out").unlink(missing_ok=True)
    env = {**os.environ, "LD_PRELOAD": args.preload, "S2_CUT": f"{place}:{size}"} if place is not None else os.environ
    with open(work / ("map" if other else "in"), "r+b") as to_cut:
        done = subprocess.run([args.s2dump, *words], cwd=work, env=env, stdin=to_cut, capture_output=True, timeout=60, check=False)
    out = (work / "out").read_bytes() if (work / "out").exists() else b""
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return done.returncode, done.stdout + out, [line for line in lines if line != "cut"], "cut" in lines


def is_whole(words, text):
    """Does a document say that it is? Text cannot."""
    if "--json" in words:
        doc = json.loads(text) if text else {"complete": None, "problems": None}
        return doc["complete"] is not False or not doc["problems"]
    if "--format=jsonl" in words:
        rows = [json.loads(line) for line in text.splitlines()]
        return bool(rows) and (rows[-1]["record"] != "end" or rows[-1]["complete"] is not False)
    return False


def claim(words, clean, text):
    """A row that the whole file does not give."""
    if not clean or not text or "out" in words or not MUTATE.is_json(words):
        return None
    command = [word for word in words if word != "in" and not word.startswith("--system-map")]
    got, want = (MUTATE.document(command, document)[1] for document in (text, clean))
    return next((f"{kind}: {what}" for kind, what in MUTATE.judge_rows(command, got, want) if kind != "silent loss"), None)


def judge(words, clean, got):
    status, text, said, _ = got
    if status < 0:
        return f"killed by signal {-status}"
    if any("while it was mapped" in line for line in said):
        return "a fault that nobody waited for"
    if (status, text) == clean[:2]:
        return None
    # check says in its rows what it does not know.
    if status not in (3, 4) or (not said and words[0] != "check"):
        return f"another answer, status {status}, said {said}"
    if text and is_whole(words, text):
        return f"a document that looks whole, status {status}"
    return claim(words, clean[1], text)


def main():
    parser = argparse.ArgumentParser(description="Cuts the input off while it is read.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--preload", required=True)
    args = parser.parse_args()
    args.s2dump, args.preload = os.path.abspath(args.s2dump), os.path.abspath(args.preload)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="s2cut.") as name:
        work = pathlib.Path(name)
        make = [sys.executable, "-B"]
        subprocess.run([*make, TOOLS / "mkpkvm.py", "6.14", "system"], cwd=work, check=True)
        subprocess.run([*make, TOOLS / "mkguest.py", "guest"], cwd=work, check=True)
        # Without what no command reads, of which there would be thousands of copies.
        used = [run for pa, data in mkdump.read_core((work / "guest").read_bytes()) for run in mkdump.dense(pa, data)]
        (work / "guest").write_bytes(mkdump.elf_core(used))
        subprocess.run([*make, TOOLS / "mkdump.py", "kdump", "kdump", f"--raw={BLOB}@0x43270000"], cwd=work, check=True)
        for n, (source, words, *other) in enumerate(RUNS, 1):
            whole = os.path.getsize(work / (other or [source])[0])
            clean = run(args, words, source, work, None, 0, *other)
            bad, tried = [], 0
            # In the middle of what is read next, all behind which reads as zeros to the end of the page.
            for size in (0, "half", whole // 2, whole + 1):
                place, reached = 0, True
                while reached:
                    got = run(args, words, source, work, place, size, *other)
                    reached = got[3]
                    tried += reached
                    wrong = judge(words, clean, got)
                    if reached and size == whole + 1 and not got[0]:
                        wrong = "nobody says that it was changed"
                    if wrong:
                        bad.append(f"cut to {size} before copy {place}: {wrong}")
                    place += 1 + place // 2
            if not tried:
                bad.append("nothing was cut")
            print(f"{'not ' if bad else ''}ok {n} - {' '.join(words)}, {tried} places", flush=True)
            for line in bad[:20]:
                print(f"  # {line}")
            failed += bool(bad)
    print(f"1..{len(RUNS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
