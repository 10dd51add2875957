# SPDX-License-Identifier: GPL-2.0-or-later
# Kills s2dump by each deadly signal while it waits for its input: the old file is whole, and alone in its folder.
import os
import signal
import subprocess
import sys
import time

old = b"what was there\n"
os.mkdir("folder")
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    with open("folder/old", "wb") as f:
        f.write(old)
    run = subprocess.Popen([os.environ["S2DUMP"], *sys.argv[1:], "-", "-o", "folder/old"], stdin=subprocess.PIPE,
                           stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    deadline = time.monotonic() + 60
    while len(os.listdir("folder")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    beside = len(os.listdir("folder")) - 1
    run.send_signal(number)
    status = run.wait()
    run.stdin.close()
    # An emulator says that the program is gone.
    sys.stderr.buffer.writelines(line for line in run.stderr if not line.startswith(b"qemu: "))
    with open("folder/old", "rb") as f:
        kept = f.read() == old
    print(f"{number.name}: {beside} beside; killed {status == -number}, kept {kept}, left {os.listdir('folder')}")
