#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Hosts that the program is not for are refused by name when a build is set up.

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Name, byte order, compiler, what the message must say.
HOSTS = [
    ("s390x", "big", ["cc"], "little-endian hosts: on s390x"),
    ("x86", "little", ["cc", "-m32"], "64-bit hosts: on x86"),
]

CROSS = """[binaries]
c = {compiler!r}
[host_machine]
system = 'linux'
cpu_family = '{family}'
cpu = '{family}'
endian = '{endian}'
[properties]
needs_exe_wrapper = true
"""


def main():
    failed = 0
    for family, endian, compiler, message in HOSTS:
        with tempfile.TemporaryDirectory(prefix="s2hosts.") as work:
            cross = os.path.join(work, "cross")
            with open(cross, "w", encoding="utf-8") as f:
                f.write(CROSS.format(compiler=compiler, family=family, endian=endian))
            done = subprocess.run(["meson", "setup", os.path.join(work, "build"), ROOT, "--cross-file", cross],
                                  capture_output=True, text=True, check=False)
        if done.returncode == 0 or message not in done.stdout:
            print(f"hosts: {family}: status {done.returncode}, not '{message}':\n{done.stdout}{done.stderr}", file=sys.stderr)
            failed += 1
    print(f"hosts: {len(HOSTS) - failed} of {len(HOSTS)} refused by name")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
