# SPDX-License-Identifier: GPL-2.0-or-later
# A protected system that is sound.
import mkpkvm

system = mkpkvm.System("6.18")
with open("ram", "wb") as file:
    file.write(system.ram.bytes)
with open("ram.map", "w", encoding="utf-8") as file:
    file.write(system.system_map())
