# SPDX-License-Identifier: GPL-2.0-or-later
# A host with BTF, without it, and files that have the types of it: as DWARF, as BTF, not at all.
import mkdwarf
import mkguest
from mkpkvm import BTF, IMAGE

host = mkguest.write("host")
blob = host.btf.blob()
for name, sections in (("dwarf", mkdwarf.sections(blob)), ("btf", {".BTF": blob}), ("none", {})):
    with open(name, "wb") as file:
        file.write(mkguest.vmlinux(host.symbols, sections=sections))
host.ram.bytes[IMAGE + BTF:IMAGE + BTF + 4] = bytes(4)
with open("typeless", "wb") as file:
    file.write(host.core())
