#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A check without code passes whatever it is shown: every id of enum s2_check_id has a row, and somebody reports it.

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHECK = os.path.join(ROOT, "src", "check")
# Not code that looks at anything.
DECLARED = ("check.h", "rows.c")
# A finding: s2_check_found(ctx, ID, ...), or a file's own found() for one kind of place; the id may be one of two.
FOUND = re.compile(r"\bfound\(\s*\w+,([^;]*?)[,;]|\bs2_check_found\(\s*[\w&>.-]+,([^;]*?,)", re.S)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def sources():
    for folder, _, files in sorted(os.walk(CHECK)):
        yield from (os.path.join(folder, name) for name in sorted(files)
                    if name.endswith(".c") and name not in DECLARED)


def main():
    enum = re.search(r"enum s2_check_id \{(.*?)S2_NCHECKS", read(os.path.join(CHECK, "check.h")), re.S)[1]
    ids = re.findall(r"S2_CHECK_\w+", enum)
    rows = set(re.findall(r"\[(S2_CHECK_\w+)\] = \{", read(os.path.join(CHECK, "rows.c"))))
    reported = {name for path in sources() for pair in FOUND.findall(read(path)) for text in pair
                for name in re.findall(r"S2_CHECK_\w+", text)}
    problems = [f"{name} has no row in src/check/rows.c" for name in ids if name not in rows]
    problems += [f"{name}: no code of src/check/ reports it" for name in ids if name not in reported]
    for problem in problems:
        print(f"checks: {problem}", file=sys.stderr)
    print(f"checks: {len(ids)} checks, {len(reported)} are reported by somebody")
    return 1 if problems or not ids else 0


if __name__ == "__main__":
    sys.exit(main())
