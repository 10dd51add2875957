#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What an architecture, a host's software or the command line knows, only its folder names: counts its words everywhere
# else in src/.
#
#   names.py            fails where a word stands that names.known does not know of
#   names.py --update   lowers names.known; it never raises a total

"""names.known lists the sins that are left: a line for each word class and file with how often. The list may only
shrink: more than it says is an error, and less as well, until the line is lowered. A file that moves takes its line
along (--update), as long as the class does not grow in sum. Comments do not count: they say where a fact is from."""

import argparse
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KNOWN = os.path.join(ROOT, "tests", "lint", "names.known")

# Class: its words, and the folders and files (prefixes of the path below src/) that may use them. To add an
# architecture or a host: a row.
CLASSES = {
    "arm64": (
        r"\w*(?:vs?tcr|vs?ttbr|hcr_|sctlr|ttbr|mair|pire0|tcr2?_el|lpa2?(?![a-z])|fwb|xnx|s2ap|fnxs|pxn|uxn"
        r"|arm64)\w*|\w+_el[0-3](?:_\w+)?\b",
        # pKVM is a host of this architecture alone.
        ("decode/arm64/", "kernel/arm64/", "host/kvm/arm64/", "host/pkvm/", "check/arm64/", "check/pkvm/", "cmd/arm64/")),
    "x86": (r"\w*(?:x86(?!_64)|eptp|ncr3|(?<![a-z])[en]pt(?![a-z])|maxphyaddr)\w*",
            ("decode/x86/", "kernel/x86/", "host/kvm/x86/", "check/x86/", "cmd/x86/")),
    "pkvm": (r"\w*pkvm\w*", ("host/pkvm/", "check/pkvm/")),
    # An error or a help text names the thing; who read the command line says how it is spelt there.
    # Options of other programs are no sin.
    "option": (r"(?<=[\s\"'(=])--(?!memory-only|decompress-debug)(?:%s|[a-z])",
               ("cmd/", "main.c", "options.c", "options.h", "option_list.c", "option_values.c", "claim_options.c", "row_options.c")),
}

# Words that stand in a list of all there are, whose order is that of the output: (file, word). Design: the names of
# oddities and what checks relate are one list each, so that no name comes twice.
LISTED = {
    ("decode/arch.c", "lpa"),  # needs-lpa, an oddity
    ("check/rows.c", "pkvm_mappings"),  # a member of struct kvm_pgtable
}

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")', re.S)


def code_of(text):
    """C without its comments; strings stay."""
    return COMMENT.sub(lambda m: m[1] or " ", text)


def sources():
    for folder, _, files in sorted(os.walk(os.path.join(ROOT, "src"))):
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), os.path.join(ROOT, "src"))


def count():
    """{(class, path): how often}, where a class may not stand."""
    found = {}
    for path in sources():
        with open(os.path.join(ROOT, "src", path), encoding="utf-8") as f:
            code = code_of(f.read())
        for name, (words, homes) in CLASSES.items():
            n = 0 if path.startswith(homes) else sum((path, word) not in LISTED for word in re.findall(words, code, re.I))
            if n:
                found[name, path] = n
    return found


def known():
    rows = {}
    with open(KNOWN, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, path, n = line.split()
                rows[name, path] = int(n)
    return rows


def sums(rows):
    return {name: sum(n for (what, _), n in rows.items() if what == name) for name in CLASSES}


def update(found, rows):
    for name, total in sums(found).items():
        if total > sums(rows)[name]:
            return f"{name}: {total} words outside of their folders, {sums(rows)[name]} are known: it may not grow"
    with open(KNOWN, "w", encoding="utf-8") as f:
        f.write("# SPDX-License-Identifier: GPL-2.0-or-later\n"
                "# Words of one architecture, a host or the command line outside of its folder: names.py. It may only shrink.\n")
        f.writelines(f"{name} {path} {n}\n" for (name, path), n in sorted(found.items()))
    return None


def main():
    parser = argparse.ArgumentParser(description="words of an architecture, a host or the command line stand in its folder")
    parser.add_argument("--update", action="store_true", help="lower names.known to what is there")
    args = parser.parse_args()
    found, rows = count(), known()
    if args.update:
        problem = update(found, rows)
        if problem:
            print(f"names: {problem}", file=sys.stderr)
        return 1 if problem else 0
    problems = []
    for key in sorted(found.keys() | rows.keys()):
        have, may = found.get(key, 0), rows.get(key, 0)
        if have > may:
            problems.append(f"src/{key[1]}: {have} words of {key[0]}, {may} are known: ask a question of the interface")
        elif have < may:
            problems.append(f"src/{key[1]}: {have} words of {key[0]}, {may} are known: lower it (--update)")
    for problem in problems:
        print(f"names: {problem}", file=sys.stderr)
    left = ", ".join(f"{n} of {name}" for name, n in sums(found).items())
    print(f"names: words above their folder: {left}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
