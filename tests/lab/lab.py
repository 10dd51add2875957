#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the lab: fetches Debian's arm64 kernels, boots them with KVM guests, captures, and checks.

import argparse
import hashlib
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tools"))

import arm64  # noqa: E402
import capture  # noqa: E402
import check  # noqa: E402
import debian  # noqa: E402
import debug  # noqa: E402
import sample  # noqa: E402

# The kernels: packages whose name matches, of which the newest is taken. The debug and real-time
# flavours do not match; signed or not makes no difference here.
KERNELS = {
    "6.1": r"linux-image-6\.1\.[^ ]*-cloud-arm64(-unsigned)?",
    "6.12": r"linux-image-6\.12\.[^ ]*-cloud-arm64(-unsigned)?",
    "6.12-16k": r"linux-image-6\.12\.[^ ]*-arm64-16k(-unsigned)?",
    "6.18": r"linux-image-6\.18\.[^ ]*-cloud-arm64(-unsigned)?",
    "7.x": r"linux-binary-7\.[^ ]*-cloud-arm64(-unsigned)?",
}

# Whose debugging information is used, when it has been fetched: that of 6.12 says nothing more.
DEBUG = "6.1"


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("S2DUMP_LAB_CACHE") or os.path.join(base, "s2dump-lab")


def version_key(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def packages(apt, pattern):
    """Matching package names, newest first; of a version, the signed one before the other."""
    names = {n for n in apt.search("^linux-(image|binary)-[0-9]") if re.fullmatch(pattern, n)}
    return sorted(names, key=lambda n: (version_key(n.removesuffix("-unsigned")),
                                        not n.endswith("-unsigned")), reverse=True)


def unpack(debs, out):
    """Of the whole packages only the kernel and one module are kept, under plain names."""
    tree = out + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    for deb in debs:
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        # The one or the other pattern may match nothing in a package: what is missing is missed below.
        subprocess.run(["tar", "-x", "-C", tree, "--wildcards", "*/vmlinuz*", "*/qemu_fw_cfg.ko*"],
                       stdin=tar.stdout, stderr=subprocess.DEVNULL)
        tar.stdout.close()
        if tar.wait():
            raise capture.LabError(f"dpkg-deb cannot read {deb}")
    os.makedirs(out)
    for folder, _, files in os.walk(tree):
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            if name.endswith(".xz"):
                data = lzma.decompress(data)
            plain = "vmlinuz" if name.startswith("vmlinuz") else "qemu_fw_cfg.ko"
            with open(os.path.join(out, plain), "wb") as f:
                f.write(data)
    shutil.rmtree(tree)
    for name in "vmlinuz", "qemu_fw_cfg.ko":
        if not os.path.exists(os.path.join(out, name)):
            raise capture.LabError(f"no {name} in {', '.join(map(os.path.basename, debs))}")


def kernel_dirs(kernel):
    top = os.path.join(cache_dir(), "kernels", kernel)
    found = os.listdir(top) if os.path.isdir(top) else []
    return [os.path.join(top, d) for d in sorted(found, key=version_key, reverse=True)
            if os.path.exists(os.path.join(top, d, "qemu_fw_cfg.ko"))]


def fetch(kernel):
    """The newest package of a kernel. From 6.19 on Debian has the modules in a package of their own."""
    os.makedirs(cache_dir(), exist_ok=True)
    apt = debian.apt(cache_dir())
    names = packages(apt, KERNELS[kernel])
    if not names:
        raise capture.LabError(f"there is no package for kernel {kernel}")
    top = os.path.join(cache_dir(), "kernels", kernel)
    os.makedirs(top, exist_ok=True)
    wanted = [names[0]]
    if names[0].startswith("linux-binary-"):
        wanted.append(names[0].replace("binary", "modules", 1))
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache_dir()) as scratch:
        debs = apt.download(wanted, scratch)
        out = os.path.join(top, os.path.basename(debs[0]).removesuffix(".deb"))
        if out not in kernel_dirs(kernel):
            shutil.rmtree(out, ignore_errors=True)
            unpack(debs, out)
    return out


def find_kernel(row):
    """What a row of CONFIGS boots."""
    found = kernel_dirs(row["kernel"])
    path = found[0] if found else fetch(row["kernel"])
    kernel = {"package": os.path.basename(path), "vmlinuz": os.path.join(path, "vmlinuz"),
              "module": os.path.join(path, "qemu_fw_cfg.ko")}
    if row.get("kcore"):
        kernel["s2dump"] = arm64.build(cache_dir())
    return kernel


def captured(config):
    """The cached capture of a configuration; booted now when there is none that is current."""
    row = capture.CONFIGS[config]
    kernel = find_kernel(row)
    digest = hashlib.sha256(json.dumps([kernel["package"], row]).encode())
    files = [os.path.join(HERE, name) for name in ("init.c", "guest.S", "capture.py")]
    for path in files + [kernel[k] for k in ("s2dump",) if k in kernel]:
        with open(path, "rb") as f:
            digest.update(f.read())
    top = os.path.join(cache_dir(), "captures")
    out = os.path.join(top, f"{config}@{digest.hexdigest()[:12]}")
    if not os.path.exists(os.path.join(out, "regs.json")):
        for old in os.listdir(top) if os.path.isdir(top) else []:
            if old.startswith(config + "@"):
                shutil.rmtree(os.path.join(top, old))
        capture.capture_fresh(config, kernel, out, dump=row.get("note", False))
    return out


def kernel_of(cap):
    """The directory of the kernel that made a capture."""
    return os.path.join(cache_dir(), "kernels", cap.regs["row"]["kernel"], cap.regs["kernel"])


def cmd_fetch(args):
    if args.dbg:
        kernel = os.path.dirname(find_kernel({"kernel": DEBUG})["vmlinuz"])
        path = debug.fetch(debian.apt(cache_dir()), kernel)
        print(f"{DEBUG}: {path}")
        return
    for kernel in args.kernels or KERNELS:
        if kernel not in KERNELS:
            raise capture.LabError(f"no such kernel: {kernel}")
        print(f"{kernel}: {fetch(kernel)}")


def cmd_list(args):
    for name, row in capture.CONFIGS.items():
        print(name, json.dumps(row))


def cmd_capture(args):
    kernel = find_kernel(capture.CONFIGS[args.config])
    regs = capture.capture_fresh(args.config, kernel, args.output, args.dump)
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
    report = check.Report()
    check_capture(report, args.dir, args)
    return finish(report)


def cmd_sample(args):
    for line in sample.cut(args.dir, args.output, args.vm):
        print(line)


def cmd_all(args):
    report = check.Report()
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
