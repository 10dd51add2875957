#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# An architecture can be left out of a build: nothing but the generated lists needs a symbol of its objects.
#
#   archs.py --build DIR --program FILE --archs LIST      what was built, and with which -Darchs=

"""Objects of an architecture are those whose sources lie in its folders. Looked at are all objects of the libraries and
of the program: a build without that architecture links those that are left. And the program has no symbol that bears
the name of an architecture that it was built without."""

import argparse
import os
import re
import subprocess
import sys

# Architecture: folders of its sources, and what names of its symbols hold. To add one: a row.
ARCHS = {
    "arm64": (r"(^|_)(arm64|pkvm)_", r"arm64|pkvm|_el[0-3]\b"),
    "x86": (r"(^|_)x86_", r"x86"),
    "toy": (r"(^|_)toy_", r"s2_toy"),
}


def objects(build):
    for folder, _, files in sorted(os.walk(os.path.join(build, "src"))):
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(".o"))


def home(path):
    """The architecture of an object, "list" of a generated list, None of all else."""
    name = os.path.basename(path)
    if name.startswith("meson-generated"):
        return "list"
    return next((arch for arch, (folder, _) in ARCHS.items() if re.search(folder, name)), None)


def nm(paths):
    """By file: its symbols, name to letter. Of a letter that nm(1) writes small, no other object sees the symbol."""
    out = subprocess.run(["nm", "-A", *paths], check=True, capture_output=True, text=True).stdout
    ret = {path: {} for path in paths}
    for line in out.splitlines():
        path, _, rest = line.partition(":")
        letter, name = rest.split()[-2:]
        ret[path][name] = letter
    return ret


def check_objects(build, problems):
    paths = list(objects(build))
    symbols = nm(paths)
    defined = {name: home(path) for path in paths for name, letter in symbols[path].items()
               if letter.isupper() and letter != "U"}
    for path in paths:
        mine = home(path)
        for name, letter in sorted(symbols[path].items()):
            if letter == "U" and mine != "list" and defined.get(name) not in (None, "list", mine):
                problems.append(f"{os.path.basename(path)} needs {name} of {defined[name]}")
            if letter != "U" and mine is None:
                problems += [f"{os.path.basename(path)} defines {name}, a name of {arch}"
                             for arch, (_, word) in ARCHS.items() if re.search(word, name)]
    print(f"archs: {len(paths)} objects, {sum(1 for arch in defined.values() if arch in ARCHS)} symbols of architectures")
    if not {home(path) for path in paths} & set(ARCHS):
        problems.append(f"no object of an architecture below {build}/src")


def check_program(program, archs, problems):
    names = nm([program])[program]
    for arch, (_, word) in ARCHS.items():
        found = sorted(name for name in names if re.search(word, name))
        if arch not in archs:
            problems += [f"{program}: built without {arch}, and has {name}" for name in found]
        elif not found:
            problems.append(f"{program}: built with {arch}, and has no symbol of it: is it stripped?")


def main():
    parser = argparse.ArgumentParser(description="an architecture can be left out of a build")
    parser.add_argument("--build", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--archs", required=True, help="-Darchs= of the build")
    args = parser.parse_args()
    problems = []
    check_objects(args.build, problems)
    check_program(args.program, args.archs.split(","), problems)
    for problem in problems:
        print(f"archs: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
