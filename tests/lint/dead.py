#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing stays in src/ that nobody uses: functions that only their own file names, macros, fields that are never read.

import collections
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Structures whose shape somebody else has decided: headers of files.
LAYOUTS = {"kdump_header", "kdump_desc", "sub_header", "lime_header"}
# What only tests and benchmarks use, and why it stays.
FOR_TESTS = {
    "s2_source_open_memory": "how fuzzers and tests bring a dump",
    "s2_kernel_symbol": "how tests ask for one symbol",
    "note_pa": "how tests know which note was taken",
}


def code_of(path):
    """The text of a file without comments and strings."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S))


def sources():
    return {os.path.relpath(os.path.join(folder, f), ROOT): code_of(os.path.join(folder, f))
            for folder, _, files in os.walk(os.path.join(ROOT, "src")) for f in files if f.endswith((".c", ".h"))}


def words(files):
    """How often each word stands in the sources."""
    return collections.Counter(word for text in files.values() for word in re.findall(r"\w+", text))


def macros(files, count):
    for path, text in files.items():
        for name in re.findall(r"^#define +(\w+)", text, re.M):
            if not name.endswith("_H") and count[name] < 2:
                yield f"{path}: macro {name} is not used", name


def functions(files, count):
    """Those that are declared and defined, and nothing more."""
    for path, text in files.items():
        for name in set(re.findall(r"^\w[\w *]*?\b(s2_\w+)\([^;{]*\)[^;{]*;", text, re.M)) if path.endswith(".h") else ():
            if count[name] <= 2:
                yield f"{path}: {name}() is not used", name


def members(body):
    """Names that the members of a structure have; those of structures inside of it are found by themselves."""
    for member in body.split(";"):
        member = member.split("}")[-1]
        pointer = re.search(r"\(\*(\w+)\)\s*\(", member)
        if pointer:
            yield pointer[1]
            continue
        for word in re.sub(r"\[[^\]]*\]|:\s*\w+", "", member).split(","):
            name = re.search(r"(\w+)\s*$", word)
            if name and len(re.findall(r"\w+", member)) > 1:
                yield name[1]


def structures(text):
    for head in re.finditer(r"\b(?:struct|union)\s*(\w*)\s*\{", text):
        depth, at = 1, head.end()
        while depth and at < len(text):
            depth += (text[at] == "{") - (text[at] == "}")
            at += 1
        body = text[head.end():at - 1]
        if ";" in body:
            yield head[1], body


def fields(files, _):
    # An assignment, or a designated initialiser, is no use.
    uses = [use for text in files.values() for use in re.findall(r"(?:\.|->)\s*(\w+)\s*(?:\[[^\]]*\]\s*)*(=(?!=))?", text)]
    read = {name for name, assigned in uses if not assigned}
    read |= {name for text in files.values() for place in re.findall(r"\boffsetof\(([^)]*)\)", text)
             for name in re.findall(r"\w+", place)}
    for path, text in files.items():
        for struct, body in structures(text):
            for name in () if struct in LAYOUTS else set(members(body)) - read:
                yield f"{path}: {name} of struct {struct} is never read", name


def main():
    files = sources()
    count = words(files)
    found = [text for kind in (macros, functions, fields) for text, name in kind(files, count)
             if name not in FOR_TESTS]
    for text in sorted(set(found)):
        print(f"dead: {text}", file=sys.stderr)
    print(f"dead: {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
