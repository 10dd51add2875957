# SPDX-License-Identifier: GPL-2.0-or-later
# One file of each kind of input, and files of symbols that fit, that do not, and that are none.
import bz2
import gzip
import lzma
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
    "tables": tables.blob(), "list": b"0x40002000\n0x40003000\n",
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
elf = files["good"]
files |= {
    "big-endian": elf[:5] + b"\2" + elf[6:18] + elf[18:20][::-1] + elf[20:],
    "elf.gz": gzip.compress(elf), "elf.xz": lzma.compress(elf), "elf.bz2": bz2.compress(elf),
    "elf.zst": b"\x28\xb5\x2f\xfd" + bytes(60), "elf.lz4": b"\x02\x21\x4c\x18" + bytes(60), "package": b"!<arch>\n" + bytes(60),
    "zboot": b"MZ\0\0zimg" + bytes(60), "image": bytes(56) + b"ARM\x64" + bytes(60), "bzimage": bytes(514) + b"HdrS" + bytes(60),
    "map.gz": gzip.compress(files["good.map"]),
}
for name, data in files.items():
    with open(name, "wb") as file:
        file.write(data)
os.mkdir("dir")
assert host.symbols["_stext"] == STEXT
