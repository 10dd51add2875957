# SPDX-License-Identifier: GPL-2.0-or-later
# One file of each kind of input, and files of symbols that fit, that do not, and that are none.
import os

import mkguest
from mkpkvm import STEXT
from mktables import Geometry, Tables

tables = Tables(Geometry("4K", 40, ps=40), 0x40000000)
tables.map(0x80000000, 0x56200000, count=3)
host = mkguest.write("vmcore", hcr=mkguest.HCR)
banner = host.symbols["linux_banner"]
other = {**host.symbols, "linux_banner": banner + 0x40}
files = {
    "tables": tables.blob(), "memory": bytes(host.ram.bytes), "list": b"0x40002000\n0x40003000\n",
    "good": mkguest.vmlinux(host.symbols),
    "no-id": mkguest.vmlinux(host.symbols, None),
    "other-id": mkguest.vmlinux(host.symbols, bytes(20)),
    "other-banner": mkguest.vmlinux(other, None),
    "stripped": mkguest.vmlinux(None),
    "amd64": mkguest.vmlinux(host.symbols, machine=62),
    "empty": b"", "text": b"neither an ELF file nor a map\n",
    "good.map": host.system_map().encode(),
    "other.map": "".join(f"{va:016x} D {name}\n" for name, va in other.items()).encode(),
    "stub.map": b"ffffffffffffffff B The real System.map is in the linux-image-dbg package\n",
}
for name, data in files.items():
    with open(name, "wb") as file:
        file.write(data)
os.mkdir("dir")
assert host.symbols["_stext"] == STEXT
