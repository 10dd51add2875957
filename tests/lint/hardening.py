#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The program has what SECURITY.md promises of it: seen in the binary and in its objects, not in the flags.
#
#   hardening.py --s2dump PATH --build DIR      DIR: the Meson build directory

import argparse
import os
import re
import subprocess
import sys


def out(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def objects(build):
    """Our own objects: the C library's start files carry no mark for branch targets in Debian 12."""
    for folder, _, files in os.walk(os.path.join(build, "src")):
        for name in files:
            if name.endswith(".c.o"):
                yield os.path.join(folder, name)


def unmarked(build):
    """Objects with code that do not say that indirect branches land on marks only."""
    paths = sorted(objects(build))
    text = out("readelf", "-n", "-W", *paths)
    marked = {part.splitlines()[0] for part in text.split("\nFile: ")[1:] if re.search(r"IBT.*SHSTK|BTI.*PAC", part)}
    first = text.split("\nFile: ")[0]
    if re.search(r"IBT.*SHSTK|BTI.*PAC", first):
        marked.add(first.removeprefix("File: ").splitlines()[0])
    return paths, [path for path in paths if path not in marked]


def main():
    parser = argparse.ArgumentParser(description="what makes a bug harder to use is in the binary")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    header, segments = out("readelf", "-h", args.s2dump), out("readelf", "-l", "-W", args.s2dump)
    dynamic = out("readelf", "-d", "-W", args.s2dump)
    undefined = set(re.findall(r" U (\w+)", out("nm", "-D", "--undefined-only", args.s2dump)))
    static = not undefined
    if static:
        undefined = set(re.findall(r" [tTwW] (\w+)", out("nm", args.s2dump)))
    paths, bare = unmarked(args.build)
    checks = {
        "position-independent": "DYN" in header,
        "relocations read-only": "GNU_RELRO" in segments,
        "bound at start": static or bool(re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic)),
        "stack not executable": bool(re.search(r"GNU_STACK.* RW +0x", segments)),
        "no segment written and executed": not re.search(r"LOAD.* RWE ", segments),
        "stack protector": "__stack_chk_fail" in undefined,
        # Only level 3 knows sizes that are computed when the program runs: malloc(n) and memcpy into it.
        "fortified at level 3": {"__memcpy_chk", "__snprintf_chk"} <= undefined,
        "branch targets marked": bool(paths) and not bare,
    }
    for name, good in checks.items():
        print(f"hardening: {'yes' if good else 'NO '} {name}")
    for path in bare[:5]:
        print(f"hardening: {path} has no marks", file=sys.stderr)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
