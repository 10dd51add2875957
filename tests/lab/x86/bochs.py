# SPDX-License-Identifier: GPL-2.0-or-later
# Bochs as the lab's machine with VMX and EPT: boots a GRUB image, and gives its memory as a raw image.

import os
import re
import shutil
import signal
import struct
import subprocess
import time

from qemu import LabError

BLOCK = 128 << 10  # what Bochs gives to the guest's memory at a time (BX_MEM_BLOCK_LEN)
PAGE = 4096
SECONDS = 1200

CONFIG = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
memory: guest={mem}, host={mem}
cpu: model={cpu}, count=1, ips=20000000, reset_on_triple_fault=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
log: {log}
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
com1: enabled=1, mode=file, dev={console}
clock: sync=none
"""

MENU = """\
set timeout=0
menuentry lab {{
	linux /boot/vmlinuz {cmdline}
	initrd /boot/initrd
}}
"""


def image(vmlinuz, initrd, cmdline, scratch):
    """A CD that boots the kernel."""
    tree, iso = os.path.join(scratch, "tree"), os.path.join(scratch, "boot.iso")
    os.makedirs(os.path.join(tree, "boot", "grub"))
    shutil.copy(initrd, os.path.join(tree, "boot", "initrd"))
    shutil.copy(vmlinuz, os.path.join(tree, "boot", "vmlinuz"))
    with open(os.path.join(tree, "boot", "grub", "grub.cfg"), "w") as f:
        f.write(MENU.format(cmdline=cmdline))
    done = subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", iso, tree],
                          capture_output=True, text=True)
    if done.returncode:
        raise LabError("grub-mkrescue: " + done.stderr.strip()[-500:])
    return iso


class Memory:
    """The memory of a stopped Bochs. It is one allocation, and an array of pointers to blocks of it in the order in which
    they were first touched; NULL is a block that never was."""

    def __init__(self, pid, mib):
        self.blocks = mib * (1 << 20) // BLOCK
        self.file = open(f"/proc/{pid}/mem", "rb", buffering=0)
        with open(f"/proc/{pid}/maps") as f:
            rows = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", f.read(), re.M)
        regions = [(int(a, 16), int(b, 16)) for a, b in rows]
        # Other allocations may lie in the same region, before it and behind.
        self.start, self.end = max(regions, key=lambda r: r[1] - r[0])
        if self.end - self.start < mib << 20:
            raise LabError("Bochs has no memory of that size")
        self.array = self.find_array([r for r in regions if r != (self.start, self.end)])

    def read(self, address, size):
        self.file.seek(address)
        return self.file.read(size)

    def is_array(self, words):
        """Whether these are the blocks: as many as were touched, one behind the other, in any order."""
        used = sorted(filter(None, words))
        return (len(words) == self.blocks and self.start <= used[0] and used[-1] + BLOCK <= self.end
                and used == list(range(used[0], used[0] + len(used) * BLOCK, BLOCK)))

    def find_array(self, regions):
        """Block 0 is always there: the interrupt vectors of the BIOS. So is the one behind."""
        best = ()
        for start, end in regions:
            data = self.read(start, end - start)
            words = struct.unpack(f"<{len(data) // 8}Q", data[:len(data) & -8])
            for i in range(len(words) - self.blocks + 1):
                if not self.start <= words[i] < self.end or not self.start <= words[i + 1] < self.end:
                    continue
                found = words[i:i + self.blocks]
                if (words[i] - words[i + 1]) % BLOCK == 0 and self.is_array(found) and found.count(0) < (
                        best.count(0) if best else self.blocks):
                    best = found
        if not best:
            raise LabError("Bochs' array of blocks was not found")
        return best

    def save(self, path):
        """A sparse image from physical address 0."""
        with open(path, "wb") as out:
            for i, word in enumerate(self.array):
                data = self.read(word, BLOCK) if word else b""
                for off in range(0, len(data), PAGE):
                    page = data[off:off + PAGE]
                    if page.count(0) != PAGE:
                        out.seek(i * BLOCK + off)
                        out.write(page)
            out.truncate(self.blocks * BLOCK)


class Machine:
    """One Bochs, whose serial console is a file."""

    def __init__(self, cpu, mib, iso, out, scratch):
        self.mib, self.console = mib, os.path.join(out, "console.txt")
        config = os.path.join(scratch, "bochsrc")
        with open(config, "w") as f:
            f.write(CONFIG.format(mem=mib, cpu=cpu, iso=iso, console=self.console,
                                  log=os.path.join(scratch, "bochs.log")))
        self.said = open(os.path.join(scratch, "said"), "wb")
        self.process = subprocess.Popen(["bochs", "-q", "-f", config], stdin=subprocess.PIPE, stdout=self.said,
                                        stderr=subprocess.STDOUT, cwd=scratch)
        # Debian builds it with its debugger, which waits for a command.
        self.process.stdin.write(b"c\n")
        self.process.stdin.flush()

    def lines(self):
        if not os.path.exists(self.console):
            return []
        with open(self.console, errors="replace") as f:
            return [line.strip("\r") for line in f.read().split("\n")]

    def wait_ready(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if any(line.startswith("LAB-READY") for line in self.lines()):
                return
            if self.process.poll() is not None or any(line.startswith("LAB-FAILED") for line in self.lines()):
                raise LabError("Bochs ended, or the lab's init gave up; see console.txt")
            time.sleep(1)
        raise LabError(f"not ready after {SECONDS} s; see console.txt")

    def save(self, path):
        self.process.send_signal(signal.SIGSTOP)
        Memory(self.process.pid, self.mib).save(path)

    def events(self):
        return [line[5:] for line in self.lines() if line.startswith("LAB: ")]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.said.close()
