#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Layers point down only: checks #include lines of src/, and with --build the symbols of each static archive.
#
#   layers.py [--build DIR]      DIR: the Meson build directory

import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Layer: what it may use besides itself (ARCHITECTURE.md). A new folder under src/ needs a row. "cmd" stands for
# the files of src/ itself, too.
ALLOWED = {
    "base": set(),
    "decode": {"base"},
    "model": {"base", "decode"},
    "source": {"base"},
    "format": {"base", "decode", "model"},
    "kernel": {"base", "decode", "source"},
    "host": {"base", "decode", "model", "source", "kernel"},
    "check": {"base", "decode", "model", "source", "kernel", "host"},
    "open": {"base", "decode", "model", "source", "kernel", "host", "check"},
    "cmd": {"base", "decode", "model", "source", "format", "kernel", "host", "check", "open"},
}

# The generated header with the version.
GENERATED = {"config.h": {"format", "cmd"}}

# All that decode/ may ask of the world outside: what the compiler itself calls, comparing and copying bytes, and
# the run-time of sanitizers and coverage.
PURE = re.compile(
    r"mem(cpy|move|set|cmp)|__mem(cpy|move|set)_chk|str(cmp|ncmp|len|chr)|bcmp|_GLOBAL_OFFSET_TABLE_"
    r"|__stack_chk_fail|__assert_fail|__(u|s)?(div|mod|mul|popcount|clz|ctz)\w+"
    r"|_?_(asan|ubsan|tsan|msan|sanitizer|sancov|start_+sancov|stop_+sancov|gcov|llvm)_\w+")
SANITIZED = re.compile(r"__(asan|ubsan|tsan|msan|sanitizer|gcov|llvm)_")


def layer_of(path):
    """Layer of a path relative to src/."""
    head, _, rest = path.partition("/")
    return head if rest else "cmd"


def guard_of(path):
    """Two headers of one guard would be one header: that which comes second is empty."""
    return "S2_" + re.sub(r"[/.]", "_", path).upper()


def check_includes(problems):
    src = os.path.join(ROOT, "src")
    lines = 0
    for folder, _, files in sorted(os.walk(src)):
        for name in sorted(files):
            if not name.endswith((".c", ".h")):
                continue
            path = os.path.relpath(os.path.join(folder, name), src)
            layer = layer_of(path)
            if layer not in ALLOWED:
                problems.append(f"src/{path}: folder {layer} is not in the table of {os.path.basename(__file__)}")
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                text = f.read()
            if name.endswith(".h") and f"#ifndef {guard_of(path)}\n#define {guard_of(path)}\n" not in text:
                problems.append(f"src/{path}: the guard of a header is its path: {guard_of(path)}")
            for number, line in enumerate(text.splitlines(), 1):
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not found:
                    continue
                lines += 1
                problem = include_problem(layer, found[1], src)
                if problem:
                    problems.append(f"src/{path}:{number}: {problem}")
    print(f"layers: {lines} include lines of src/ checked")
    if not lines:
        problems.append("no include line found")


def include_problem(layer, included, src):
    if included in GENERATED:
        return None if layer in GENERATED[included] else f"{layer}/ must not include {included}"
    if not os.path.exists(os.path.join(src, included)):
        return f'"{included}" is not a path from src/'
    target = layer_of(included)
    if target == layer or target in ALLOWED[layer]:
        return None
    return f"{layer}/ must not use {target}/ ({included})"


def archives(build):
    """Static archives of the build by layer. A layer that is not built yet has none."""
    found = {}
    for layer in ALLOWED:
        folder = os.path.join(build, "src", layer)
        names = [n for n in os.listdir(folder) if n.endswith(".a")] if os.path.isdir(folder) else []
        if names:
            found[layer] = [os.path.join(folder, n) for n in sorted(names)]
    return found


def nm(paths, *options):
    out = subprocess.run(["nm", *options, *paths], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines() if line and not line.endswith(":")]


def symbols(paths):
    """What archives need from elsewhere, and what they define."""
    undefined = {words[-1] for words in nm(paths, "-u") if len(words) >= 2}
    defined = {words[-1] for words in nm(paths, "--defined-only", "-g") if len(words) >= 2}
    return undefined - defined, defined


def writable(paths):
    """Names of variables that are not constant. Tables of pointers lie in .data.rel.ro and are."""
    rows = subprocess.run(["objdump", "-t", *paths], check=True, capture_output=True, text=True).stdout
    return sorted({m[2] for m in re.finditer(r"^\S+ .{7} (\.(?:data|bss|tdata|tbss)\S*|\*COM\*)\s+\S+\s+(\S+)$",
                                             rows, re.M)
                   if not m[1].startswith(".data.rel.ro") and m[1] != m[2]})


# State that cannot be passed: jansson calls its allocation functions without an argument of ours (model/note_parse.c), the
# system a signal handler (source/fault.c); and that memory was lacking is of the process (base/err.c).
STATE = {("base", "first_failing"), ("model", "pool"), ("source", "guard")}


def check_archives(build, problems):
    found = archives(build)
    if "base" not in found or "decode" not in found:
        problems.append(f"{build}: no archive of base/ or decode/ under {build}/src: is this a build directory?")
        return
    needs, defines = {}, {}
    for layer, paths in found.items():
        needs[layer], defines[layer] = symbols(paths)
    for layer in found:
        for name in sorted(needs[layer]):
            if not name.startswith("s2_"):
                continue
            homes = {other for other in found if name in defines[other]}
            if not homes & ALLOWED[layer]:
                where = ", ".join(sorted(homes)) or "no archive"
                problems.append(f"{layer}/ needs {name}, which is in {where}")
    impure = {name for name in needs["decode"] if not name.startswith("s2_") and not PURE.fullmatch(name)}
    problems.extend(f"decode/ needs {name}: no allocation, input, output or exit there" for name in sorted(impure))
    state = []
    if not any(SANITIZED.match(name) for name in needs["decode"]):
        for layer, paths in found.items():
            state += [f"{layer}/ has a mutable global: {name}" for name in writable(paths) if (layer, name) not in STATE]
    problems.extend(state)
    print("layers: symbols of", ", ".join(f"{layer} ({len(needs[layer])} undefined)" for layer in found), "checked")


def main():
    parser = argparse.ArgumentParser(description="checks that layers point down only")
    parser.add_argument("--build", metavar="DIR", help="also check the archives of this build directory")
    args = parser.parse_args()
    problems = []
    check_includes(problems)
    if args.build:
        check_archives(args.build, problems)
    for problem in problems:
        print(f"layers: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
