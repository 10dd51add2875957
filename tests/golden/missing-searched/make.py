# SPDX-License-Identifier: GPL-2.0-or-later
# A protected 6.14 without symbols, of which one page is missing each: of vm_list (head), behind it (beside), of host_mmu (host),
# of the first VM (vm); pages of the image that are zero are there. And the whole (whole). Of one more the hypervisor's table is
# missing, and all of the host's below its root (tables): pkvm_pgtable is not known, and so neither are the CPUs' parameters.
# A 6.12 without its host_mmu whose first VM has no table yet (6.12): there the host keeps guests' tables.
import mkdump
import mkpkvm

system = mkpkvm.System("6.14")
image = system.image(0)
runs = mkdump.dense(mkpkvm.BASE, system.ram.bytes, [(image, mkpkvm.NOTE - mkpkvm.IMAGE), (system.pa(mkpkvm.RESERVED), mkpkvm.RESERVED_SIZE)])
holes = {"whole": [], "head": [(system.vm_list & -4096, 4096)], "beside": [((system.vm_list & -4096) + 4096, 4096)],
         "host": [(system.image(mkpkvm.HYP_BSS[0]), 4096)], "vm": [(system.vms[-1].kvm, 4096)],
         "tables": [(pa, 4096) for pa in [*system.s1.pages, *(set(system.s2.pages) - {system.s2.root, system.s2.root + 4096})]]}
for name, hole in holes.items():
    with open(name + ".kdump", "wb") as f:
        f.write(mkdump.kdump(runs, hole))
with open("map", "w", encoding="ascii") as f:
    f.write(system.system_map())

older = mkpkvm.System("6.12")
older.put(older.vms[0].kvm, "kvm", "arch.mmu.pgd_phys", 0)
with open("6.12.elf", "wb") as f:
    f.write(mkdump.elf_core(mkdump.dense(mkpkvm.BASE, older.ram.bytes), [(older.image(mkpkvm.HYP_BSS[0]), 4096)]))
with open("6.12.map", "w", encoding="ascii") as f:
    f.write(older.system_map())
