# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's debugging information for a kernel: fetches it, and checks s2dump with it.

import os
import subprocess
import tempfile

import check
import debian
import mksparse
from qemu import LabError

# As they are, and without the one section that s2dump prefers over DWARF.
VMLINUX, SYSTEM_MAP, DWARF_ONLY = "vmlinux", "System.map", "vmlinux.dwarf"


def fetch(apt, kernel):
    """vmlinux and System.map of the very package in the directory @kernel, into it."""
    name, version, _ = os.path.basename(kernel).split("_")
    package = f"{name.removesuffix('-unsigned')}-dbg"
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=kernel) as scratch:
        deb, = apt.download([package], scratch, "=" + version.replace("%3a", ":"))
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        debian.run("unpack", "tar", "-x", "-C", scratch, "--strip-components=5", "--wildcards",
                   "./usr/lib/debug/boot/vmlinux-*", "./usr/lib/debug/boot/System.map-*",
                   stdin=tar.stdout)
        tar.stdout.close()
        if tar.wait():
            raise LabError(f"dpkg-deb cannot read {deb}")
        for plain in SYSTEM_MAP, VMLINUX:
            found, = [f for f in os.listdir(scratch) if f.startswith(plain + "-")]
            os.rename(os.path.join(scratch, found), os.path.join(scratch, plain))
        debian.run("objcopy", "aarch64-linux-gnu-objcopy", "--remove-section", ".BTF",
                   os.path.join(scratch, VMLINUX), os.path.join(scratch, DWARF_ONLY))
        for plain in SYSTEM_MAP, DWARF_ONLY, VMLINUX:
            os.rename(os.path.join(scratch, plain), os.path.join(kernel, plain))
    return kernel


def check_run(report, name, want, references, *command):
    """One run finds all tables, and says on the way what the line in @want says."""
    try:
        done = subprocess.run([*command, "-v", "--json"], capture_output=True, text=True,
                              timeout=check.S2DUMP_SECONDS)
        if done.returncode:
            raise check.S2dumpError(f"exit status {done.returncode}: {done.stderr.strip()[-200:]}")
        problems = [f"does not say `{line}'" for line in want if line not in done.stderr]
        problems += check.compare_tables(check.json_tables(done.stdout), references)
    except (OSError, subprocess.TimeoutExpired, check.S2dumpError) as e:
        problems = [str(e)]
    report.check(name, problems)


def check_debug(report, cap, s2dump, references, kernel):
    """With symbols from vmlinux or System.map, and types from its .BTF or its DWARF."""
    vmlinux, system_map, dwarf = (os.path.join(kernel, f)
                                  for f in (VMLINUX, SYSTEM_MAP, DWARF_ONLY))
    if not os.path.exists(vmlinux):
        return
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        whole, without = (os.path.join(scratch, f) for f in ("whole.elf", "without-btf.elf"))
        raw = (cap.ram_path, cap.ram_base)
        mksparse.write(whole, [raw])
        mksparse.write(without, [raw], exclude=[mksparse.find_btf(*raw)])
        for what, dump, option, want in (
                ("symbols of vmlinux", whole, f"--vmlinux={vmlinux}",
                 [f"symbols from {vmlinux}", "vm_list (symbol, vmlinux)",
                  "types from BTF in memory"]),
                ("symbols of System.map", whole, f"--system-map={system_map}",
                 [f"symbols from {system_map}", "vm_list (symbol, System.map)"]),
                ("types of vmlinux's .BTF", without, f"--vmlinux={vmlinux}",
                 [f"types from .BTF of {vmlinux}"]),
                ("types of vmlinux's DWARF", without, f"--vmlinux={dwarf}",
                 [f"types from DWARF of {dwarf}"])):
            check_run(report, f"{cap.name}: {what}", want, references, s2dump, option, dump)
