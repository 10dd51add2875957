# SPDX-License-Identifier: GPL-2.0-or-later
# What the labs of all architectures need to boot a machine of their own under QEMU and to talk to it.

import hashlib
import json
import os
import selectors
import shutil
import socket
import subprocess
import time


class LabError(Exception):
    pass


def initramfs(files):
    """A newc cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    out = bytearray()

    def member(name, mode, data, rdev=(0, 0)):
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name) + 1, 0]
        out.extend(b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0")
        out.extend(bytes(-len(out) % 4))
        out.extend(data)
        out.extend(bytes(-len(out) % 4))

    member("dev", 0o040755, b"")
    member("dev/console", 0o020600, b"", (5, 1))
    for name, mode, data in files:
        member(name, 0o100000 | mode, data)
    member("TRAILER!!!", 0, b"")
    return bytes(out)


class Qmp:
    def __init__(self, path):
        sock = socket.socket(socket.AF_UNIX)
        # The socket's file is there a moment before somebody listens.
        for _ in range(100):
            if sock.connect_ex(path) == 0:
                break
            time.sleep(0.1)
        else:
            raise LabError(f"nobody listens at {path}")
        sock.settimeout(120)
        self.file = sock.makefile("rwb")
        json.loads(self.file.readline())
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.file.flush()
        while True:
            reply = json.loads(self.file.readline() or b'{"error": "closed"}')
            if "error" in reply:
                raise LabError(f"QMP {command}: {reply['error']}")
            if "return" in reply:
                return reply["return"]


class Machine:
    """One QEMU whose serial console is its standard input and output."""

    def __init__(self, args, out, scratch, qmp, *more):
        """@qmp, @more: the sockets that @args has QEMU make. The console is kept in @out."""
        self.console = open(os.path.join(out, "console.txt"), "wb")
        self.errors = open(os.path.join(scratch, "stderr"), "w+b")
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors)
        self.lines = []
        self.partial = b""
        self.poll = selectors.DefaultSelector()
        self.poll.register(self.process.stdout, selectors.EVENT_READ)
        try:
            self.wait_for_sockets([qmp, *more])
            self.qmp = Qmp(qmp)
        except BaseException:
            self.close()
            raise

    def wait_for_sockets(self, paths):
        end = time.monotonic() + 20
        while not all(os.path.exists(p) for p in paths):
            if self.process.poll() is not None or time.monotonic() > end:
                self.errors.seek(0)
                raise LabError("QEMU did not start: " + self.errors.read().decode().strip())
            time.sleep(0.02)

    def read_console(self, timeout):
        if not self.poll.select(timeout):
            return
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            panic = next((line for line in self.lines if "Kernel panic" in line), "QEMU ended")
            raise LabError(panic + "; see console.txt")
        self.console.write(data)
        self.console.flush()
        *lines, self.partial = (self.partial + data).split(b"\n")
        self.lines += [line.decode("utf-8", "replace").strip("\r") for line in lines]

    def wait_line(self, seen, timeout):
        """Next line from index `seen` on that tells of a stage: (index after it, the line)."""
        end = time.monotonic() + timeout
        while True:
            while seen < len(self.lines):
                line = self.lines[seen]
                seen += 1
                if line.startswith(("LAB-STAGE", "LAB-READY", "LAB-FAILED")):
                    return seen, line
            left = end - time.monotonic()
            if left <= 0:
                raise LabError(f"nothing from the machine for {timeout} s; see console.txt")
            self.read_console(left)

    def answer(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.close()
        self.errors.close()

    def dump(self, path, form):
        """All memory, as QEMU writes it; the kdump flavour of QEMU 7.2 is always the flattened one."""
        self.qmp.run("dump-guest-memory", paging=False, format=form, protocol="file:" + path + ".full")
        # QEMU writes every zero, and makes the file read-only.
        subprocess.run(["cp", "--sparse=always", path + ".full", path], check=True)
        os.chmod(path, 0o644)
        os.unlink(path + ".full")

    def events(self):
        """What init said, a JSON object each."""
        return [line[5:] for line in self.lines if line.startswith("LAB: ")]


def version(program):
    """The first line of what it says about itself."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True)
    return said.stdout.splitlines()[0]


def fresh(out, make):
    """A directory of the name @out, which make(directory) fills, is either complete or absent. What make() returns."""
    temporary = out.rstrip("/") + ".part"
    shutil.rmtree(temporary, ignore_errors=True)
    made = make(temporary)
    shutil.rmtree(out, ignore_errors=True)
    os.rename(temporary, out)
    return made


def cached(top, config, inputs, files, make):
    """The capture of a configuration below @top: made now when there is none of these inputs and files."""
    digest = hashlib.sha256(json.dumps(inputs).encode())
    for path in files:
        with open(path, "rb") as f:
            digest.update(f.read())
    out = os.path.join(top, f"{config}@{digest.hexdigest()[:12]}")
    if not os.path.isdir(out):
        for old in os.listdir(top) if os.path.isdir(top) else []:
            if old.startswith(config + "@"):
                shutil.rmtree(os.path.join(top, old))
        fresh(out, make)
    return out
