# SPDX-License-Identifier: GPL-2.0-or-later
# Neighbours in the hypervisor's private range whose pages lie apart: its own page, one that the host shares, its own.
import mkpkvm
from mkpkvm import IO_BASE, PAGE, PERCPU, SHARED

system = mkpkvm.System("7.1")
for i, off in enumerate((PERCPU, SHARED, PERCPU)):
    system.s1.set(IO_BASE + 0x8000 + i * PAGE, system.hyp_desc(system.pa(off), "rw"))
with open("ram", "wb") as file:
    file.write(system.ram.bytes)
with open("ram.map", "w", encoding="utf-8") as file:
    file.write(system.system_map())
