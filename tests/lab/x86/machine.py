# SPDX-License-Identifier: GPL-2.0-or-later
# Boots the x86 lab machine, stops it when all guests are there, and takes its memory.

import json
import os
import subprocess
import tempfile
import time

import bochs
import qemu
import static_build
from qemu import LabError

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ["irqbypass", "qemu_fw_cfg", "kvm", "kvm-amd", "kvm-intel"]
# Modules that these need in some kernels and that others have not, or have built in.
MORE_MODULES = ["configfs", "ccp"]
SECONDS = 300
# panic=-1 and -no-reboot: QEMU ends. On a loaded machine an emulated timer is too late for the kernel's look at it.
CMDLINE = "console=ttyS0,115200 rdinit=/init loglevel=4 panic=-1 no_timer_check"

# PREEMPT_RT kernels have KVM only where the clock is constant; TCG does not say so by itself.
RT_CPU = "max,invtsc=on,x-force-features=on"
# Two nodes, one of them beyond 4 GiB.
NUMA = ["-smp", "4", "-object", "memory-backend-ram,id=m0,size=2560M", "-object", "memory-backend-ram,id=m1,size=3584M",
        "-numa", "node,nodeid=0,cpus=0-1,memdev=m0", "-numa", "node,nodeid=1,cpus=2-3,memdev=m1"]
# Objects of slabs lie elsewhere, and larger slabs.
SLUB_DEBUG = "slub_debug=FZPU init_on_free=1 page_poison=1"

# A row: kernel (see KERNELS in lab.py), and what differs from the plain machine, which has NPT.
#   ept         Bochs instead of QEMU, and EPT instead of NPT
#   cpu         QEMU's -cpu; with `max' the host has five levels, and so has NPT. Or Bochs' cpu: model
#   mem         MiB of memory
#   cmdline     more for the kernel's command line
#   qemu        more of QEMU's options
#   note        False: no module qemu_fw_cfg, so that dumps carry no VMCOREINFO note
#   parameters  {module: its parameters}
#   age         the host looks which pages were accessed, from 6.12 on
#   guests      those of the guests that not every kernel can have, and that this one must
#   nested      one of the guests runs a guest of its own; it is one of guests, too
#   odd         guests of VMMs that do it otherwise, too
#   unfiltered  makedumpfile -d 31 loses the module's types and where they are, which is said
#   kcore       run a static s2dump on the machine's own /proc/kcore while the guests are there
#   full        only with --full
CONFIGS = {
    "6.1-npt": {"kernel": "6.1"},
    "6.1-npt-4": {"kernel": "6.1", "cpu": "max,la57=off", "mem": 2560, "cmdline": "hugepagesz=1G hugepages=1",
                  "note": False, "full": True},
    "6.12-npt": {"kernel": "6.12", "full": True},
    "6.18-npt": {"kernel": "6.18", "cpu": "max,la57=off", "age": True, "guests": ["gmem"], "full": True},
    "7.x-npt": {"kernel": "7.x", "guests": ["gmem"], "full": True},
    "7.x-npt-4": {"kernel": "7.x", "cpu": "max,la57=off", "mem": 2560, "cmdline": "hugepagesz=1G hugepages=1 nokaslr",
                  "note": False, "guests": ["gmem"], "full": True},
    "6.1-ept": {"kernel": "6.1", "ept": True, "full": True},
    # The others die in fpstate_reset() on what Bochs says about XSAVE.
    "7.x-ept": {"kernel": "7.x", "ept": True, "cmdline": "noxsave", "guests": ["gmem"], "full": True},
    "6.12-ept-noad": {"kernel": "6.12", "ept": True, "parameters": {"kvm-intel": "eptad=0"}, "age": True, "full": True},
    "7.x-ept-noad": {"kernel": "7.x", "ept": True, "parameters": {"kvm-intel": "eptad=0"}, "age": True,
                     "cmdline": "noxsave", "guests": ["gmem"], "full": True},
    "6.1-npt-kcore": {"kernel": "6.1", "kcore": True, "full": True},
    "7.x-npt-kcore": {"kernel": "7.x", "cpu": "max,la57=off", "kcore": True, "guests": ["gmem"], "full": True},
    "6.12-npt-shadow": {"kernel": "6.12", "cpu": "max,la57=off", "parameters": {"kvm": "tdp_mmu=0"}, "full": True},
    "7.x-npt-nested": {"kernel": "7.x", "parameters": {"kvm": "tdp_mmu=0", "kvm-amd": "nested=1"}, "nested": True,
                       "guests": ["gmem", "nested"], "full": True},
    "6.1-npt-generic": {"kernel": "6.1-generic", "full": True},
    "6.12-npt-generic": {"kernel": "6.12-generic", "full": True},
    "7.x-npt-generic": {"kernel": "7.x-generic", "cpu": "max,la57=off", "guests": ["gmem"], "full": True},
    "7.x-npt-nx": {"kernel": "7.x", "parameters": {"kvm": "nx_huge_pages=force"}, "guests": ["gmem"], "full": True},
    # Nothing is done ahead: blocks stay under logging until they are written, and MMIO leaves no entries.
    "7.x-npt-lazy": {"kernel": "7.x", "cpu": "max,la57=off", "parameters": {"kvm": "eager_page_split=0 mmio_caching=0"},
                     "guests": ["gmem"], "full": True},
    "6.1-npt-rt": {"kernel": "6.1-rt", "cpu": RT_CPU, "full": True},
    "6.12-npt-rt": {"kernel": "6.12-rt", "cpu": RT_CPU, "full": True},
    "7.x-npt-rt": {"kernel": "7.x-rt", "cpu": RT_CPU, "guests": ["gmem"], "full": True},
    "6.1-npt-odd": {"kernel": "6.1", "odd": True, "full": True},
    "6.12-npt-odd-shadow": {"kernel": "6.12", "odd": True, "parameters": {"kvm": "tdp_mmu=0"}, "full": True},
    "7.x-npt-odd": {"kernel": "7.x", "odd": True, "guests": ["gmem"], "full": True},
    "6.1-npt-slub": {"kernel": "6.1", "cmdline": SLUB_DEBUG, "full": True},
    "7.x-npt-slub": {"kernel": "7.x", "cmdline": SLUB_DEBUG, "unfiltered": True, "guests": ["gmem"], "full": True},
    "6.12-npt-numa": {"kernel": "6.12", "mem": 6144, "qemu": NUMA, "cmdline": "slab_nomerge mem_encrypt=off",
                      "full": True},
}


def build_init(out):
    cc = os.environ.get("S2DUMP_LAB_X86_CC", "gcc")
    subprocess.run([cc, "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", out,
                    *(os.path.join(HERE, f) for f in ("init.c", "../inside.c", "guest.S"))], check=True)


def initrd(row, kernel, scratch):
    """The path of an initramfs with init, the modules that the row wants, and their list."""
    init, out = os.path.join(scratch, "init"), os.path.join(scratch, "initramfs")
    build_init(init)
    modules = ["irqbypass", "kvm", "kvm-intel"] if row.get("ept") else ["irqbypass", "kvm", "ccp", "kvm-amd"]
    if row.get("note", True) and not row.get("ept"):
        modules = ["configfs", "qemu_fw_cfg", *modules]
    modules = [m for m in modules if m not in MORE_MODULES or os.path.exists(os.path.join(kernel, m + ".ko"))]
    lines = [f"{m} {row.get('parameters', {}).get(m, '')}".rstrip() + "\n" for m in modules]
    with open(init, "rb") as f:
        files = [("init", 0o755, f.read()), ("modules", 0o644, "".join(lines).encode())]
    if row.get("kcore"):
        with open(static_build.path(), "rb") as f:
            files.append(("s2dump", 0o755, f.read()))
    files += [(name, 0o644, b"") for name in ("age", "nested", "odd") if row.get(name)]
    for module in modules:
        with open(os.path.join(kernel, module + ".ko"), "rb") as f:
            files.append((module + ".ko", 0o644, f.read()))
    with open(out, "wb") as f:
        f.write(qemu.initramfs(files))
    return out


def wait_ready(machine):
    _, line = machine.wait_line(0, SECONDS)
    if not line.startswith("LAB-READY"):
        raise LabError("the lab's init gave up; see console.txt")


def capture_npt(row, kernel, out, scratch):
    """vmcore.elf and vmcore.kdump-flat; what the guests said."""
    qmp = os.path.join(scratch, "qmp")
    machine = qemu.Machine(
        ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-machine", "q35", "-accel", "tcg,thread=single",
         "-cpu", row.get("cpu", "max"), "-smp", "1", "-m", str(row.get("mem", 512)),
         "-kernel", os.path.join(kernel, "vmlinuz"), "-initrd", initrd(row, kernel, scratch),
         "-append", f"{CMDLINE} {row.get('cmdline', '')}", "-display", "none", "-serial", "stdio",
         "-chardev", f"socket,id=q,path={qmp},server=on,wait=off", "-mon", "chardev=q,mode=control",
         "-device", "vmcoreinfo", *row.get("qemu", [])], out, scratch, qmp)
    try:
        wait_ready(machine)
        # Until the last guest spins: its processor's registers are then the guest's.
        time.sleep(0.3)
        # Both dumps are of the same moment.
        machine.qmp.run("stop")
        machine.dump(os.path.join(out, "vmcore.elf"), "elf")
        machine.dump(os.path.join(out, "vmcore.kdump-flat"), "kdump-zlib")
    finally:
        machine.close()
    return machine.events()


def capture_ept(row, kernel, out, scratch):
    """ram.bin, from physical address 0 and without any note; what the guests said."""
    iso = bochs.image(os.path.join(kernel, "vmlinuz"), initrd(row, kernel, scratch),
                      f"{CMDLINE} {row.get('cmdline', '')}", scratch)
    machine = bochs.Machine(row.get("cpu", "corei7_skylake_x"), row.get("mem", 512), iso, out, scratch)
    try:
        machine.wait_ready()
        time.sleep(2)  # as above
        machine.save(os.path.join(out, "ram.bin"))
    finally:
        machine.close()
    return machine.events()


def emulator(row):
    """What a row of CONFIGS runs in. Debian has one Bochs, which says no version without a machine."""
    return "Bochs" if row.get("ept") else qemu.version("qemu-system-x86_64")


def capture(config, kernel, out):
    """Fills the directory @out from a boot of the kernel in the directory @kernel; the directory's capture.json."""
    row = CONFIGS[config]
    started = time.monotonic()
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        events = (capture_ept if row.get("ept") else capture_npt)(row, kernel, out, scratch)
    with open(os.path.join(out, "log.jsonl"), "w") as f:
        f.writelines(e + "\n" for e in events)
    about = {"config": config, "row": row, "kernel": os.path.basename(kernel),
             "emulator": emulator(row), "seconds": round(time.monotonic() - started, 1)}
    with open(os.path.join(out, "capture.json"), "w") as f:
        json.dump(about, f, indent=1)
        f.write("\n")
    return about
