#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Each fuzz target has a row in tests/fuzz/meson.build, a corpus of 64 KiB at most, and files of src/ that it is for.
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUZZ = ROOT / "tests/fuzz"
MOST = 64 << 10


def said(script, wanted):
    """A fuzzer that does what @script does: run.py fails, and says @wanted."""
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = pathlib.Path(folder) / "fuzz_elf"
        fuzzer.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        fuzzer.chmod(0o755)
        done = subprocess.run([sys.executable, FUZZ / "run.py", "--found", f"{folder}/found", fuzzer, FUZZ / "corpus/elf", "source/elf.c"],
                              capture_output=True, text=True, check=False)
    return [] if done.returncode and wanted in done.stderr else [f"run.py of '{script}': {done.stdout}{done.stderr}"]


def main():
    text = (FUZZ / "meson.build").read_text(encoding="utf-8")
    rows = dict(re.findall(r"'(\w+)': \[(?=\w|\[)(.*?)\](?:, systems_\w+)?\](?=,\n|\})", text, re.S))
    targets = {path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c")}
    bad = [f"{name}: a file fuzz_{name}.c and no row" for name in sorted(targets - rows.keys())]
    bad += [f"{name}: a row and no file fuzz_{name}.c" for name in sorted(rows.keys() - targets)]
    for folder in ("corpus", "dict"):
        bad += [f"{path.relative_to(ROOT)} is of no target" for path in (FUZZ / folder).iterdir() if path.name not in targets]
    for name, row in sorted(rows.items()):
        files = re.findall(r"'([\w/]+\.c)'", row)
        bad += [f"{name}: is for src/{path}, which is not there" for path in files if not (ROOT / "src" / path).exists()]
        corpus = FUZZ / "corpus" / name
        size = sum(path.stat().st_size for path in corpus.iterdir()) if corpus.is_dir() else 0
        if not files:
            bad.append(f"{name}: its row does not say what it is for")
        if not 0 < size <= MOST:
            bad.append(f"{name}: its corpus has {size} bytes, not 1 to {MOST}")
    bad += said("echo COVERAGE:", "is llvm-symbolizer installed?") + said("echo Base64: AAAA; exit 77", "\nBase64: AAAA")
    bad += said("echo COVERED_FUNC: hits: 1 edges: 1/1 f /src/source/elf.c:1; case $* in *max_total*) echo Base64: AAAA; exit 77; esac",
                "\nBase64: AAAA")
    print("\n".join(bad) or f"{len(rows)} targets")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
