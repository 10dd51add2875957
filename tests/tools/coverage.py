#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Says which lines of src/ no test ran, from what a build with -Db_coverage=true counted.
#
#   coverage.py --build DIR [--accepted FILE] [--least PERCENT]
#
# Lists the lines that were not run, file by file, and the share of lines that were, by file and in total. A line that fits a row
# of FILE is listed with the row's reason. Ends with 1 when less than PERCENT ran, or when a row fits nothing.

import argparse
import collections
import fnmatch
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def notes(build):
    """The .gcno files of what was compiled below src/."""
    found = []
    for folder, _, names in os.walk(os.path.join(build, "src")):
        found += [os.path.join(folder, name) for name in names if name.endswith(".gcno")]
    return sorted(found)


def read_counts(build):
    """{path below ROOT: {line: times run}}; a line of a header counts from wherever it was included."""
    counts = collections.defaultdict(dict)
    found = notes(build)
    if not found:
        sys.exit(f"coverage: nothing below {build}/src was built with -Db_coverage=true")
    done = subprocess.run(["gcov", "--json-format", "--stdout", *found], cwd=build, check=True, capture_output=True, text=True)
    for document in done.stdout.splitlines():
        for file in json.loads(document)["files"]:
            path = os.path.relpath(os.path.join(build, file["file"]), ROOT)
            if not path.startswith("src" + os.sep):
                continue
            lines = counts[path]
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
    return counts


class Accepted:
    """Rows `FILE | LINE | REASON`: shell patterns for a path and for the text of a line, and why no test runs it."""

    def __init__(self, path):
        self.path, self.rows, self.used = path, [], set()
        if not path:
            return
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    self.rows.append([cell.strip() for cell in line.split(" | ", 2)])

    def reason(self, path, text):
        for n, (file, pattern, why) in enumerate(self.rows):
            if fnmatch.fnmatchcase(path, file) and fnmatch.fnmatchcase(text, pattern):
                self.used.add(n)
                return why
        return None

    def stale(self):
        return [row for n, row in enumerate(self.rows) if n not in self.used]


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return [line.strip() for line in f]


def main():
    parser = argparse.ArgumentParser(description="Says which lines of src/ no test ran.")
    parser.add_argument("--build", required=True, metavar="DIR")
    parser.add_argument("--accepted", metavar="FILE")
    parser.add_argument("--least", type=float, default=0, metavar="PERCENT")
    args = parser.parse_args()
    counts = read_counts(os.path.abspath(args.build))
    accepted = Accepted(args.accepted)
    table, total, ran, unexplained = [], 0, 0, 0
    for path, lines in sorted(counts.items()):
        text = source(path)
        bare = sorted(number for number, count in lines.items() if not count)
        for number in bare:
            why = accepted.reason(path, text[number - 1])
            unexplained += why is None
            print(f"{path}:{number}: {text[number - 1]}" + (f"  # {why}" if why else ""))
        total += len(lines)
        ran += len(lines) - len(bare)
        table.append(((len(lines) - len(bare)) / len(lines), len(bare), len(lines), path))
    print()
    for share, bare, of, path in sorted(table):
        print(f"{100 * share:6.1f} %  {bare:4} of {of:4} bare  {path}")
    percent = 100 * ran / total
    print(f"{percent:.1f} % of {total} lines ran; {total - ran} are bare, {unexplained} of them without a reason")
    for row in accepted.stale():
        print(f"coverage: {args.accepted}: no bare line fits '{' | '.join(row[:2])}'", file=sys.stderr)
    if percent < args.least:
        print(f"coverage: less than {args.least:g} %", file=sys.stderr)
    return 1 if percent < args.least or accepted.stale() else 0


if __name__ == "__main__":
    sys.exit(main())
