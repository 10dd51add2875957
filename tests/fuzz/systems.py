#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The sound systems that fuzz_system_*.c patch, in one file: for each a header (struct system_head), its System.map, and
# its pages that are not zero, each behind its number.
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import mkdump  # noqa: E402
import mkguest  # noqa: E402
import mkpkvm  # noqa: E402

PAGE = 4096


def pack(image, base, system_map, copy=0, sound=0):
    image += bytes(-len(image) % PAGE)
    pages = [(at, image[at:at + PAGE]) for at in range(0, len(image), PAGE) if any(image[at:at + PAGE])]
    return struct.pack("<QQQQQQ", base, len(image), copy, len(system_map), len(pages), sound) + system_map + b"".join(
        struct.pack("<I", at // PAGE) + page for at, page in pages)


def nvhe():
    """Without pKVM the kernel keeps the hypervisor's stage 1 itself."""
    system = mkpkvm.System("6.12")
    at = system.pa(mkpkvm.FREE)
    for name, value, fmt in (("ia_bits", 48, "<I"), ("start_level", 0, "<b"), ("pgd", system.lin(system.s1.root), "<Q")):
        system.put(at, "kvm_pgtable", name, value, fmt)
    system.poke(system.image(mkpkvm.DATA + 0x8018), system.lin(at))  # hyp_pgtable
    system.poke(system.image(mkpkvm.DATA + 0x8010), 0, "<I")  # kvm_protected_mode_initialized
    return pack(bytes(system.ram.bytes), mkpkvm.BASE, system.system_map().encode())


def cores(program, pa, machine):
    """The kernels that a program of tests/unit makes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True)
        for path in sorted(pathlib.Path(folder).glob("*.ram")):
            note = mkdump.note("VMCOREINFO", 0, path.with_suffix(".info").read_bytes())
            core = mkdump.elf_core([(pa, path.read_bytes())], notes=note, machine=machine)
            system_map = path.with_suffix(".map")
            yield pack(core, (1 << 64) - 1, system_map.read_bytes() if system_map.exists() else b"")


def arm64(make_arm64):
    for gen in ("6.12", "6.14", "6.18", "7.1", "7.3"):
        system = mkpkvm.System(gen)
        yield pack(bytes(system.ram.bytes), mkpkvm.BASE, system.system_map().encode(), system.pa(mkpkvm.SNAPSHOT), 1)
    yield nvhe()
    host = mkguest.Host()
    yield pack(bytes(host.ram.bytes), mkpkvm.BASE, host.system_map().encode())
    yield from cores(make_arm64, mkpkvm.BASE, 183)


def x86(make_x86):
    return cores(make_x86, 0, 62)


def main():
    out, arch, program = sys.argv[1:]
    pathlib.Path(out).write_bytes(b"".join({"arm64": arm64, "x86": x86}[arch](program)))


if __name__ == "__main__":
    main()
