# SPDX-License-Identifier: GPL-2.0-or-later
# Boots the lab machine under QEMU, stops it inside a guest, and takes memory and registers.

import json
import os
import re
import socket
import subprocess
import tempfile
import time

import qemu
from qemu import LabError

HERE = os.path.dirname(os.path.abspath(__file__))
RAM_BASE = 0x40000000  # QEMU's virt machine
# SVE: QEMU's own dumps are wrong with it (notes longer than declared). Pointer authentication with
# the architected algorithm more than doubles the time to boot under TCG.
CPU = "max,sve=off,pauth-impdef=on"
PC_REG, CPSR_REG = 32, 33  # the numbering of org.gnu.gdb.aarch64.core
X27_REG = 27

# What is kept of each CPU. Names as QEMU has them in its system-registers.xml.
SYS_REGS = [
    "VTTBR_EL2", "VTCR_EL2", "HCR_EL2",
    "TTBR0_EL2", "TTBR1_EL2", "TCR_EL2", "MAIR_EL2", "SCTLR_EL2",
    "TTBR0_EL1", "TTBR1_EL1", "TCR_EL1", "MAIR_EL1", "SCTLR", "SCTLR_EL1", "VBAR_EL1", "TPIDR_EL2",
    "ID_AA64MMFR0_EL1", "ID_AA64MMFR1_EL1", "ID_AA64MMFR2_EL1", "CTR_EL0",
]
HCR_VM = 1 << 0
HCR_E2H = 1 << 34

# A row: kernel (see KERNELS in lab.py), and what differs from the plain machine.
#   cpu     QEMU's -cpu
#   mode    kvm-arm.mode= on the kernel's command line
#   cmdline more for the command line
#   note    load qemu_fw_cfg and add -device vmcoreinfo, so that dumps carry VMCOREINFO
#   mem     MiB of memory
#   kcore   run an arm64 build of s2dump on the machine's own /proc/kcore while the guests are there:
#           it works; or it refuses, because the host must not read the hypervisor's memory
#   guests  those of the guests that not every kernel can have, and that this one must
#   full    only with --full: says little that no other row says
CONFIGS = {
    "6.1-vhe": {"kernel": "6.1"},
    "6.1-nvhe": {"kernel": "6.1", "mode": "nvhe"},
    "6.1-protected": {"kernel": "6.1", "mode": "protected"},
    "6.1-vhe-note": {"kernel": "6.1", "note": True},
    "6.1-n1": {"kernel": "6.1", "cpu": "neoverse-n1"},
    "6.12-vhe": {"kernel": "6.12"},
    "6.12-nvhe": {"kernel": "6.12", "mode": "nvhe"},
    "6.12-protected": {"kernel": "6.12", "mode": "protected"},
    "6.12-vhe-note": {"kernel": "6.12", "note": True},
    "6.12-16k": {"kernel": "6.12-16k", "mem": 1024},
    "6.12-16k-n1": {"kernel": "6.12-16k", "cpu": "neoverse-n1", "mem": 1024},
    "6.18-vhe": {"kernel": "6.18", "guests": ["gmem"], "full": True},
    "6.18-protected": {"kernel": "6.18", "mode": "protected", "guests": ["gmem"]},
    "7.x-vhe": {"kernel": "7.x", "guests": ["gmem"], "full": True},
    "7.x-nvhe": {"kernel": "7.x", "mode": "nvhe", "guests": ["gmem"], "full": True},
    "7.x-nested": {"kernel": "7.x", "mode": "nested", "guests": ["gmem"]},
    "7.x-protected": {"kernel": "7.x", "mode": "protected", "guests": ["gmem", "protected"]},
    "6.12-rt": {"kernel": "6.12-rt", "full": True},
    "7.x-rt-protected": {"kernel": "7.x-rt", "mode": "protected", "guests": ["gmem", "protected"], "full": True},
    "6.1-vhe-kcore": {"kernel": "6.1", "kcore": "works"},
    "6.1-protected-kcore": {"kernel": "6.1", "mode": "protected", "kcore": "refuses"},
    "6.12-vhe-kcore": {"kernel": "6.12", "kcore": "works"},
    "6.12-protected-kcore": {"kernel": "6.12", "mode": "protected", "kcore": "refuses"},
    "6.12-16k-kcore": {"kernel": "6.12-16k", "mem": 1024, "kcore": "works"},
}


def build_init(out):
    cc = os.environ.get("S2DUMP_LAB_CC", "aarch64-linux-gnu-gcc")
    subprocess.run([cc, "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", out,
                    *(os.path.join(HERE, f) for f in ("init.c", "inside.c", "guest.S"))], check=True)


class Gdb:
    """The few packets of the gdb remote protocol that are needed to stop a CPU and read it."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.sock.settimeout(20)
        self.buf = b""
        self.send("qSupported:xmlRegisters=arm")
        self.recv()
        self.numbers = self.sys_reg_numbers()

    def byte(self):
        if not self.buf:
            self.buf = self.sock.recv(65536)
            if not self.buf:
                raise LabError("QEMU closed the gdb connection")
        c, self.buf = self.buf[:1], self.buf[1:]
        return c

    def send(self, text):
        data = text.encode()
        self.sock.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xff))
        while self.byte() != b"+":
            pass

    def recv(self):
        while self.byte() != b"$":
            pass
        body = b""
        while (c := self.byte()) != b"#":
            body += self.byte_escaped() if c == b"}" else c
        self.byte(), self.byte()
        self.sock.sendall(b"+")
        return body.decode("latin-1")

    def byte_escaped(self):
        return bytes([self.byte()[0] ^ 0x20])

    def ask(self, text):
        self.send(text)
        return self.recv()

    def xfer(self, name):
        text = ""
        while True:
            part = self.ask(f"qXfer:features:read:{name}:{len(text):x},ff0")
            if part[:1] not in ("m", "l"):
                raise LabError(f"gdbstub has no {name}: {part}")
            text += part[1:]
            if part[0] == "l":
                return text

    def sys_reg_numbers(self):
        self.xfer("target.xml")
        xml = self.xfer("system-registers.xml")
        numbers = {}
        for reg in re.findall(r"<reg ([^>]*)>", xml):
            attrs = dict(re.findall(r'(\w+)="([^"]*)"', reg))
            numbers[attrs["name"]] = int(attrs["regnum"])
        return numbers

    def reg(self, number):
        text = self.ask(f"p{number:x}")
        if len(text) % 2 or text[:1] == "E":
            raise LabError(f"gdbstub refused register {number}: {text}")
        return int.from_bytes(bytes.fromhex(text), "little")

    def cpu(self):
        cpsr = self.reg(CPSR_REG)
        regs = {"pc": self.reg(PC_REG), "cpsr": cpsr, "el": cpsr >> 2 & 3, "x27": self.reg(X27_REG)}
        for name in SYS_REGS:
            if name in self.numbers:
                # QEMU calls the register that AArch32 and AArch64 share by its AArch32 name.
                name64 = "SCTLR_EL1" if name == "SCTLR" else name
                regs[name64] = self.reg(self.numbers[name])
        return regs

    def go(self):
        self.send("c")

    def stop(self):
        self.sock.sendall(b"\x03")
        self.recv()


class Machine(qemu.Machine):
    """One QEMU, started stopped. Its memory is the file ram.bin itself: shared, hence sparse."""

    def __init__(self, config, kernel, out, scratch):
        row = CONFIGS[config]
        mem = row.get("mem", 512)
        note = row.get("note", False)
        init = os.path.join(scratch, "init")
        build_init(init)
        with open(init, "rb") as f:
            files = [("init", 0o755, f.read())]
        if note:
            with open(kernel["module"], "rb") as f:
                files.append(("qemu_fw_cfg.ko", 0o644, f.read()))
        if row.get("kcore"):
            with open(kernel["s2dump"], "rb") as f:
                files.append(("s2dump", 0o755, f.read()))
        initrd = os.path.join(scratch, "initramfs")
        with open(initrd, "wb") as f:
            f.write(qemu.initramfs(files))

        cmdline = "console=ttyAMA0 rdinit=/init loglevel=4 panic=-1"  # -1 and -no-reboot: QEMU ends
        if "mode" in row:
            cmdline += " kvm-arm.mode=" + row["mode"]
        if "cmdline" in row:
            cmdline += " " + row["cmdline"]
        self.ram = os.path.join(out, "ram.bin")
        if os.path.exists(self.ram):
            os.unlink(self.ram)
        qmp, gdb = os.path.join(scratch, "qmp"), os.path.join(scratch, "gdb")
        args = [
            "qemu-system-aarch64", "-nodefaults", "-no-reboot", "-S",
            "-machine", "virt,virtualization=on,gic-version=3,memory-backend=ram",
            "-cpu", row.get("cpu", CPU), "-smp", "1", "-m", str(mem),
            "-object", f"memory-backend-file,id=ram,size={mem}M,mem-path={self.ram},share=on",
            "-kernel", kernel["vmlinuz"], "-initrd", initrd, "-append", cmdline,
            "-display", "none", "-serial", "stdio",
            "-chardev", f"socket,id=q,path={qmp},server=on,wait=off",
            "-mon", "chardev=q,mode=control",
            "-chardev", f"socket,id=g,path={gdb},server=on,wait=off", "-gdb", "chardev:g",
        ]
        if note:
            args += ["-device", "vmcoreinfo"]
        super().__init__(args, out, scratch, qmp, gdb)
        try:
            self.gdb = Gdb(gdb)
        except BaseException:
            self.close()
            raise


def stop_in_guest(machine, number, tries=1000):
    """Stops the machine while VM `number` executes at EL1 under its own stage 2; its registers."""
    for _ in range(tries):
        machine.gdb.stop()
        regs = machine.gdb.cpu()
        # Guests run from small addresses or, with their own stage 1, from small virtual ones.
        if (regs["el"] == 1 and regs["HCR_EL2"] & HCR_VM and regs["x27"] == number
                and regs["VTTBR_EL2"] and regs["pc"] < 1 << 40):
            return regs
        machine.gdb.go()
        time.sleep(0.01)
    raise LabError(f"VM {number} was never caught running; last pc {regs['pc']:#x}")


def stop_in_host(machine):
    machine.gdb.stop()
    return machine.gdb.cpu()


def hexed(regs):
    return {k: hex(v) if k not in ("el", "x27") else v for k, v in regs.items()}


def capture(config, kernel, out, dump=False):
    started = time.monotonic()
    os.makedirs(out, exist_ok=True)
    vms, host = {}, None
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        machine = Machine(config, kernel, out, scratch)
        try:
            machine.gdb.go()
            seen, timeout = 0, 180
            while True:
                seen, line = machine.wait_line(seen, timeout)
                timeout = 60
                if line.startswith("LAB-FAILED"):
                    raise LabError("the lab's init gave up; see console.txt")
                stage = line.split()[1]
                if stage == "host":
                    # Idle host. With pKVM its own stage 2 is in force now.
                    time.sleep(0.1)
                    host = hexed(stop_in_host(machine))
                    machine.gdb.go()
                else:
                    regs = stop_in_guest(machine, int(stage))
                    vms[stage] = hexed(regs)
                    if line.startswith("LAB-READY"):
                        break
                    machine.gdb.go()
                machine.answer()
            if dump:
                machine.dump(os.path.join(out, "vmcore.elf"), "elf")
                machine.dump(os.path.join(out, "vmcore.kdump-flat"), "kdump-zlib")
        finally:
            machine.close()
            with open(os.path.join(out, "log.jsonl"), "w") as f:
                f.writelines(e + "\n" for e in machine.events())
    regs = {
        "config": config, "row": CONFIGS[config], "kernel": kernel["package"],
        "qemu": qemu.version("qemu-system-aarch64"), "ram_base": hex(RAM_BASE), "running": stage,
        "seconds": round(time.monotonic() - started, 1), "host": host, "vms": vms,
    }
    with open(os.path.join(out, "regs.json"), "w") as f:
        json.dump(regs, f, indent=1)
        f.write("\n")
    return regs
