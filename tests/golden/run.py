#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the golden cases: commands in, exact output out.

"""A case is a directory tests/golden/<name>/ with

    cmd        shell lines; the first is a comment that says what is tested
    stdout, stderr, exit   what must come out (absent: empty, empty, 0)
    *.tables   made into <stem>.bin by mktables.py before cmd runs; $VTCR (t.tables) or $VTCR_<stem> is its register
    make.py    anything else that must be made, run first

cmd runs in an empty directory with $S2DUMP, $SRC (the case), $SAMPLES, $TOOLS, $SLOWER (by which bounds of time are to be
multiplied) and the functions of lib.sh.
The version, the path of the samples and which architectures' registers a message names as examples are the only text
that is normalised. Cases whose name begins with x86- need that architecture in the build, those with both- or toy-
it and arm64, all others arm64; in $SAMPLES are those of the architectures that the case needs, and no others."""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "tools"))
import mktables  # noqa: E402
from slower import SLOWER  # noqa: E402

TIMEOUT = 120 * SLOWER

# What messages of a build with x86 or the toy have after "--vtcr".
OTHER_EXAMPLE = r" or --(eptp|toycr)\b"


def arch_of(case):
    """Which architectures the build must have for a case."""
    head = case.name.partition("-")[0]
    return {"both": {"arm64", "x86"}, "toy": {"arm64", "toy"}}.get(head, {head if head == "x86" else "arm64"})


def link_samples(case, folder):
    """What is in samples/ of the architectures that the case needs: a build with those alone reads it all."""
    folder.mkdir()
    for path in sorted((TOP / "samples").iterdir()):
        if ("x86" if re.search("-(ept|npt)[.]", path.name) else "arm64") in arch_of(case):
            (folder / path.name).symlink_to(path)


def environment(case, s2dump, samples):
    return {**os.environ, "S2DUMP": s2dump, "SRC": str(case), "SAMPLES": str(samples),
            "TOOLS": str(HERE.parent / "tools"), "PYTHONPATH": str(HERE.parent / "tools"), "PYTHON": sys.executable,
            "SLOWER": str(SLOWER), "PYTHONDONTWRITEBYTECODE": "1", "BASH_ENV": str(HERE / "lib.sh"), "LC_ALL": "C.UTF-8"}


def build(case, work, env):
    """The case's inputs, in @work; their registers in @env."""
    for path in sorted(case.glob("*.tables")):
        tables = mktables.load_case(path)
        (work / f"{path.stem}.bin").write_bytes(tables.blob())
        env["VTCR" if path.stem == "t" else f"VTCR_{path.stem}"] = hex(tables.geom.vtcr())
    if (case / "make.py").exists():
        subprocess.run([sys.executable, str(case / "make.py")], cwd=work, env=env, check=True, timeout=TIMEOUT)


def version_of(s2dump):
    return subprocess.run([s2dump, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def run_cmd(case, s2dump):
    """(stdout, stderr, exit status) of a case, as they are but for the path of the samples."""
    with tempfile.TemporaryDirectory(prefix="s2golden.") as work, tempfile.TemporaryDirectory(prefix="s2samples.") as name:
        samples = pathlib.Path(name) / "samples"
        link_samples(case, samples)
        env = environment(case, s2dump, samples)
        build(case, pathlib.Path(work), env)
        done = subprocess.run(["bash", str(case / "cmd")], cwd=work, env=env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    out, err = (part.decode("utf-8", "replace").replace(str(samples), "@SAMPLES@") for part in (done.stdout, done.stderr))
    return out, err, done.returncode


def normalise(text, version):
    # What --version says of the build, and -v of the kernel that the tests run on.
    text = re.sub(r"^(s2dump: )?sandbox: .*\n", "", text, flags=re.M)
    return re.sub(OTHER_EXAMPLE, "", text.replace(version, "@VERSION@"))


def expected(case, name):
    path = case / name
    return path.read_text() if path.exists() else "0\n" if name == "exit" else ""


def update(case, name, text):
    path = case / name
    if text == ("0\n" if name == "exit" else ""):
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)


def run_case(case, args, version):
    """What is wrong with a case, as lines; none when it passes."""
    try:
        if not (case / "cmd").read_text().startswith("# "):
            return ["cmd does not begin with a comment that says what is tested"]
        out, err, status = run_cmd(case, args.s2dump)
    except (OSError, subprocess.SubprocessError, ValueError, AssertionError) as error:
        return [f"{type(error).__name__}: {error}"]
    got = {"stdout": normalise(out, version), "stderr": normalise(err, version), "exit": f"{status}\n"}
    wrong = []
    for name, text in got.items():
        if args.update:
            update(case, name, text)
        want = expected(case, name)
        if want != text:
            diff = difflib.unified_diff(want.splitlines(), text.splitlines(), f"{name} (expected)", f"{name} (got)",
                                        lineterm="", n=1)
            wrong += list(diff)[:60] or [f"{name} differs in its last line end"]
    return wrong


def cases(pattern="", names=()):
    return sorted(path.parent for path in HERE.glob("*/cmd")
                  if pattern in path.parent.name and (not names or path.parent.name in names))


def main():
    parser = argparse.ArgumentParser(description="Runs the golden cases.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--update", action="store_true", help="take what comes out as expected; then read the diff")
    parser.add_argument("--filter", default="", help="only cases whose name has this in it")
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="only this case (repeatable)")
    parser.add_argument("--first", action="store_true", help="end with the first case that fails")
    parser.add_argument("--archs", default="arm64,x86", help="architectures of the build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.s2dump = str(pathlib.Path(args.s2dump).resolve())
    version, failed = version_of(args.s2dump), 0
    todo = [case for case in cases(args.filter, args.case) if arch_of(case) <= set(args.archs.split(","))]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for n, (case, wrong) in enumerate(zip(todo, pool.map(lambda c: run_case(c, args, version), todo)), 1):
            print(f"{'not ' if wrong else ''}ok {n} - {case.name}")
            for line in wrong:
                print(f"  # {line}")
            failed += bool(wrong)
            if failed and args.first:
                pool.shutdown(wait=False, cancel_futures=True)
                return 1
    print(f"1..{len(todo)}")
    print(f"{len(todo) - failed} passed, {failed} failed")
    return 1 if failed or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
