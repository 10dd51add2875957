#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the lab: fetches Debian's arm64 kernels, boots them with KVM guests, captures, and checks.

import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tools"))

import arm64  # noqa: E402
import capture  # noqa: E402
import check  # noqa: E402
import debug  # noqa: E402
import kernels  # noqa: E402
import qemu  # noqa: E402
import sample  # noqa: E402
import small  # noqa: E402
from report import Report  # noqa: E402

# See kernels.py.
KERNELS = {
    "6.1": r"linux-image-6\.1\.[^ ]*-cloud-arm64(-unsigned)?",
    "6.12": r"linux-image-6\.12\.[^ ]*-cloud-arm64(-unsigned)?",
    "6.12-16k": r"linux-image-6\.12\.[^ ]*-arm64-16k(-unsigned)?",
    "6.18": r"linux-image-6\.18\.[^ ]*-cloud-arm64(-unsigned)?",
    "7.x": r"linux-binary-7\.[^ ]*-cloud-arm64(-unsigned)?",
    # PREEMPT_RT: other locks in every structure. That of 6.1 has no KVM.
    "6.12-rt": r"linux-image-6\.12\.[^ ]*-rt-arm64(-unsigned)?",
    "7.x-rt": r"linux-binary-7\.[^ ]*-rt-arm64(-unsigned)?",
}

STORE = kernels.Store("arm64", KERNELS, ["qemu_fw_cfg"])

# Whose debugging information is used, when it has been fetched: that of 6.12 says nothing more.
DEBUG = "6.1"


def find_kernel(row):
    """What a row of CONFIGS boots."""
    path = STORE.find(row["kernel"])
    kernel = {"package": os.path.basename(path), "vmlinuz": os.path.join(path, "vmlinuz"),
              "module": os.path.join(path, "qemu_fw_cfg.ko")}
    if row.get("kcore"):
        kernel["s2dump"] = arm64.build(kernels.cache_dir())
    return kernel


def captured(config):
    """The cached capture of a configuration; booted now when there is none that is current."""
    row = capture.CONFIGS[config]
    kernel = find_kernel(row)
    files = [os.path.join(HERE, name) for name in ("init.c", "inside.c", "inside.h", "guest.S", "capture.py", "qemu.py")]
    files += [kernel[k] for k in ("s2dump",) if k in kernel]
    inputs = [kernel["package"], row, qemu.version("qemu-system-aarch64")]
    return qemu.cached(os.path.join(kernels.cache_dir(), "captures"), config, inputs, files,
                       lambda out: capture.capture(config, kernel, out, dump=row.get("note", False)))


def kernel_of(cap):
    """The directory of the kernel that made a capture."""
    return os.path.join(kernels.cache_dir(), "kernels", cap.regs["row"]["kernel"], cap.regs["kernel"])


def cmd_fetch(args):
    if args.dbg:
        kernel = os.path.dirname(find_kernel({"kernel": DEBUG})["vmlinuz"])
        path = debug.fetch(STORE.apt(), kernel)
        print(f"{DEBUG}: {path}")
        return
    for kernel in args.kernels or KERNELS:
        if kernel not in KERNELS:
            raise capture.LabError(f"no such kernel: {kernel}")
        print(f"{kernel}: {STORE.fetch(kernel)}")


def cmd_list(args):
    for name, row in capture.CONFIGS.items():
        print(name, json.dumps(row))


def cmd_capture(args):
    kernel = find_kernel(capture.CONFIGS[args.config])
    regs = qemu.fresh(args.output, lambda out: capture.capture(args.config, kernel, out, args.dump))
    print(f"{args.output}: {kernel['package']}, {len(regs['vms'])} VMs, {regs['seconds']} s")


def finish(report):
    print(report.summary())
    return 1 if report.failed else 0


def check_capture(report, directory, args):
    cap, references = check.check_dir(report, directory, args.s2dump, args.dumps)
    if args.s2dump and args.pieces:
        check.check_pieces(report, cap, args.s2dump)
    if args.s2dump and args.dumps:
        debug.check_debug(report, cap, args.s2dump, references, kernel_of(cap))


def cmd_check(args):
    report = Report()
    check_capture(report, args.dir, args)
    return finish(report)


def cmd_sample(args):
    for line in sample.cut(args.dir, args.output, args.vm):
        print(line)


def cmd_small(args):
    cap = check.Capture(args.dir)
    pages = small.cut(args.s2dump, cap.ram_path, cap.ram_base, args.output)
    print(f"{args.output}: {pages} pages, {os.path.getsize(args.output)} bytes")


def cmd_all(args):
    report = Report()
    usual = [name for name, row in capture.CONFIGS.items() if args.full or not row.get("full")]
    for config in args.configs.split(",") if args.configs else usual:
        start = time.monotonic()
        try:
            directory = captured(config)
        except (capture.LabError, subprocess.CalledProcessError, OSError) as e:
            report.fail(f"{config}: capture: {e}")
            continue
        took = time.monotonic() - start
        report.ok(f"{config}: captured " + (f"in {took:.0f} s" if took > 1 else "before"))
        check_capture(report, directory, args)
    return finish(report)


def add_check_options(parser):
    parser.add_argument("--s2dump", metavar="PATH")
    parser.add_argument("--dumps", action="store_true",
                        help="hold s2dump against vmcore.elf and vmcore.kdump-flat as well, and use "
                             "debugging information when `fetch --dbg' has fetched it")
    parser.add_argument("--pieces", action="store_true",
                        help="cut small dumps off at thousands of places, and flip bits in them")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    p = commands.add_parser("fetch", help="download the kernels, or newer ones")
    p.add_argument("kernels", nargs="*", metavar="KERNEL", help=", ".join(KERNELS))
    p.add_argument("--dbg", action="store_true",
                   help=f"vmlinux and System.map of the kernel {DEBUG} that is here: 260 MB")
    p.set_defaults(run=cmd_fetch)
    p = commands.add_parser("list", help="the configurations")
    p.set_defaults(run=cmd_list)
    p = commands.add_parser("capture", help="boot one configuration and capture it")
    p.add_argument("config", choices=capture.CONFIGS)
    p.add_argument("-o", "--output", required=True)
    p.add_argument("--dump", action="store_true",
                   help="also write vmcore.elf and vmcore.kdump-flat")
    p.set_defaults(run=cmd_capture)
    p = commands.add_parser("check", help="check a capture, and s2dump against it")
    p.add_argument("dir")
    add_check_options(p)
    p.set_defaults(run=cmd_check)
    p = commands.add_parser("sample", help="cut captured tables to small raw samples")
    p.add_argument("dir")
    p.add_argument("-o", "--output", required=True)
    p.add_argument("--vm", help="number, `host' or `all' (default: the running VM)")
    p.set_defaults(run=cmd_sample)
    p = commands.add_parser("small", help="a compressed ELF core of what s2dump reads, as in samples/")
    p.add_argument("dir")
    p.add_argument("-o", "--output", required=True)
    p.add_argument("--s2dump", required=True, metavar="PATH")
    p.set_defaults(run=cmd_small)
    p = commands.add_parser("all", help="capture and check")
    add_check_options(p)
    p.add_argument("--configs", help="comma separated")
    p.add_argument("--full", action="store_true",
                   help="also the configurations that say little that no other says")
    p.set_defaults(run=cmd_all)

    args = parser.parse_args()
    try:
        s2dump = getattr(args, "s2dump", None)
        if s2dump and not os.access(s2dump, os.X_OK):
            raise capture.LabError(f"--s2dump: {s2dump} cannot be run")
        return args.run(args) or 0
    except capture.LabError as e:
        print(f"lab.py: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
