# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that keeps a table of the toy architecture beside its VM, and has lent what lies below 0x205000.
import mkguest
import toytable

ROOT = mkguest.BASE + 0x1b0000
mkguest.Host.info += f"NUMBER(toy_root)=0x{ROOT:x}\nNUMBER(toy_lent)=0x205\n"
host = mkguest.Host()
table = toytable.pages(ROOT)
host.ram.bytes[ROOT - mkguest.BASE:ROOT - mkguest.BASE + len(table)] = table
with open("vmcore", "wb") as f:
    f.write(host.core())
with open("vmcore.map", "w", encoding="utf-8") as f:
    f.write(host.system_map())
