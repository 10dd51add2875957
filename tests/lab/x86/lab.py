#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the x86 lab: fetches Debian's kernels, boots them with KVM guests, captures, and checks.

import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.dirname(HERE)
sys.path.insert(1, LAB)
sys.path.insert(2, os.path.join(os.path.dirname(LAB), "tools"))

import check  # noqa: E402
import kernels  # noqa: E402
import machine  # noqa: E402
import qemu  # noqa: E402
import static_build  # noqa: E402
from report import Report  # noqa: E402

# See kernels.py.
KERNELS = {
    "6.1": r"linux-image-6\.1\.[^ ]*-cloud-amd64(-unsigned)?",
    "6.12": r"linux-image-6\.12\.[^ ]*-cloud-amd64(-unsigned)?",
    "6.18": r"linux-image-6\.18\.[^ ]*-cloud-amd64(-unsigned)?",
    "7.x": r"linux-binary-7\.[^ ]*-cloud-amd64(-unsigned)?",
    # Of the same version, and yet with other structures than the cloud flavour.
    "6.1-generic": r"linux-image-6\.1\.[0-9-]+-amd64(-unsigned)?",
    "6.12-generic": r"linux-image-6\.12\.[0-9.]+\+deb[0-9]+-amd64(-unsigned)?",
    "7.x-generic": r"linux-binary-7\.[0-9.]+\+deb[0-9]+-amd64(-unsigned)?",
    # PREEMPT_RT: other locks in every structure.
    "6.1-rt": r"linux-image-6\.1\.[0-9-]+-rt-amd64(-unsigned)?",
    "6.12-rt": r"linux-image-6\.12\.[0-9.]+\+deb[0-9]+-rt-amd64(-unsigned)?",
    "7.x-rt": r"linux-binary-7\.[0-9.]+\+deb[0-9]+-rt-amd64(-unsigned)?",
}
STORE = kernels.Store("amd64", KERNELS, machine.MODULES, "x86", machine.MORE_MODULES)


def captured(config):
    """The cached capture of a configuration; booted now when there is none that is current."""
    row = machine.CONFIGS[config]
    kernel = STORE.find(row["kernel"])
    files = [os.path.join(HERE, name) for name in (
        "init.c", "guest.S", "machine.py", "bochs.py", "../inside.c", "../inside.h", "../qemu.py")]
    if row.get("kcore"):
        files.append(static_build.build())
    inputs = [os.path.basename(kernel), row, machine.emulator(row)]
    return qemu.cached(os.path.join(STORE.home(), "captures"), config, inputs, files,
                       lambda out: machine.capture(config, kernel, out))


def cmd_fetch(args):
    for kernel in args.kernels or KERNELS:
        if kernel not in KERNELS:
            raise qemu.LabError(f"no such kernel: {kernel}")
        print(f"{kernel}: {STORE.fetch(kernel)}")


def cmd_list(args):
    for name, row in machine.CONFIGS.items():
        print(name, json.dumps(row))


def cmd_capture(args):
    kernel = STORE.find(machine.CONFIGS[args.config]["kernel"])
    about = qemu.fresh(args.output, lambda out: machine.capture(args.config, kernel, out))
    print(f"{args.output}: {about['kernel']}, {about['seconds']} s")


def finish(report):
    print(report.summary())
    return 1 if report.failed else 0


def cmd_check(args):
    report = Report()
    check.check_dir(report, args.dir, args.s2dump, args.pieces)
    return finish(report)


def cmd_sample(args):
    """The snapshot of a capture, and of its log what the tables follow from."""
    cap = check.Capture.of_dir(args.dir)
    subprocess.run([args.s2dump, "extract", *cap.input(), "-o", args.output + ".s2dump"], check=True)
    with open(args.output + ".jsonl", "w") as f:
        f.writelines(json.dumps(e) + "\n" for e in cap.log.events if e["ev"] not in ("kernel", "kcore", "module"))


def cmd_all(args):
    report = Report()
    usual = [name for name, row in machine.CONFIGS.items() if args.full or not row.get("full")]
    for config in args.configs.split(",") if args.configs else usual:
        start = time.monotonic()
        try:
            directory = captured(config)
        except (qemu.LabError, subprocess.CalledProcessError, OSError, KeyError) as e:
            report.fail(f"{config}: capture: {e!r}")
            continue
        took = time.monotonic() - start
        report.ok(f"{config}: captured " + (f"in {took:.0f} s" if took > 1 else "before"))
        check.check_dir(report, directory, args.s2dump, args.pieces)
    return finish(report)


def add_check_options(parser):
    parser.add_argument("--s2dump", metavar="PATH")
    parser.add_argument("--pieces", action="store_true",
                        help="cut small dumps off at thousands of places, and flip bits in them")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    p = commands.add_parser("fetch", help="download the kernels, or newer ones")
    p.add_argument("kernels", nargs="*", metavar="KERNEL", help=", ".join(KERNELS))
    p.set_defaults(run=cmd_fetch)
    p = commands.add_parser("list", help="the configurations")
    p.set_defaults(run=cmd_list)
    p = commands.add_parser("capture", help="boot one configuration and capture it")
    p.add_argument("config", choices=machine.CONFIGS)
    p.add_argument("-o", "--output", required=True)
    p.set_defaults(run=cmd_capture)
    p = commands.add_parser("check", help="check a capture, and s2dump against it")
    p.add_argument("dir")
    add_check_options(p)
    p.set_defaults(run=cmd_check)
    p = commands.add_parser("sample", help="the snapshot of a capture, and its log, to be committed")
    p.add_argument("dir")
    p.add_argument("-o", "--output", required=True, help="without suffix")
    p.add_argument("--s2dump", metavar="PATH", required=True)
    p.set_defaults(run=cmd_sample)
    p = commands.add_parser("all", help="capture and check")
    add_check_options(p)
    p.add_argument("--configs", help="comma separated")
    p.add_argument("--full", action="store_true",
                   help="also the configurations of newer kernels and other machines")
    p.set_defaults(run=cmd_all)

    args = parser.parse_args()
    try:
        s2dump = getattr(args, "s2dump", None)
        if s2dump and not os.access(s2dump, os.X_OK):
            raise qemu.LabError(f"--s2dump: {s2dump} cannot be run")
        return args.run(args) or 0
    except qemu.LabError as e:
        print(f"lab.py: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
