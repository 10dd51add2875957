#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Every source file begins with its licence, and says in the next line what it is for. Whose first line says what starts it,
# can be started: scripts/test calls such files by their names.

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"

# How a comment begins, by the end of the file's name. Files without one are known by their "#!".
COMMENT = {".c": ("//",), ".h": ("/*",), ".S": ("//", "/*"), ".py": ("#", '"""'), ".sh": ("#",),
           "meson.build": ("#",)}

# Their second line may be code: what they are for, their name says.
NO_SENTENCE = ("meson.build",)


def project_files():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return sorted({f for f in listed.stdout.split("\0") if f and os.path.isfile(os.path.join(ROOT, f))})
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in (".git", "__pycache__") and not f.startswith("build")]
        found += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(found)


def head(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        lines = f.read(2000).decode("utf-8", "replace").split("\n")
    script = lines[0].startswith("#!")
    lines = lines[1:] if script else lines
    # A comment of several lines may begin with a line of its own.
    if len(lines) > 2 and lines[1].strip() in ("/*", '"""'):
        lines[1:3] = [lines[1] + lines[2]]
    return script, lines[:2]


def marker_of(path, script):
    for end, marker in COMMENT.items():
        if path.endswith(end):
            return marker
    return ("#",) if script else None


def problem_of(path, marker, lines):
    if not lines[0].startswith(marker) or LICENCE not in lines[0]:
        return f"the first line is not '{marker[0]} {LICENCE}'"
    if path.endswith(NO_SENTENCE):
        return None
    if len(lines) < 2 or not lines[1].startswith(marker):
        return f"the second line is not a comment ('{marker[0]} ...') that says what the file is for"
    words = re.sub(r"[/*#\"]+", " ", lines[1]).split()
    if len(words) < 3:
        return "the second line does not say what the file is for"
    return None


def main():
    checked, problems = 0, 0
    for path in project_files():
        script, lines = head(path)
        marker = marker_of(path, script)
        if not marker or os.path.getsize(os.path.join(ROOT, path)) == 0:
            continue
        checked += 1
        problem = problem_of(path, marker, lines)
        if not problem and script != os.access(os.path.join(ROOT, path), os.X_OK):
            problem = "'#!' and the right to execute go together"
        if problem:
            problems += 1
            print(f"spdx: {path}: {problem}", file=sys.stderr)
    print(f"spdx: {checked} files checked")
    return 1 if problems or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
