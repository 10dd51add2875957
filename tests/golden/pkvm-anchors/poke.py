# SPDX-License-Identifier: GPL-2.0-or-later
# Says what of the tables is found when one member of an anchor is another, by symbols and without.
import json
import os
import struct
import subprocess

import mkpkvm
from mkpkvm import HYP_BSS, System

system = System("6.17")
host = system.image(HYP_BSS[0])
host_pgt = host + system.btf.fields["host_mmu"]["pgt"]
hyp_pgt = system.image(HYP_BSS[0] + 0x400)
WIDE = 1 << 52

# Name, where, struct, member, value or what is changed of it, format.
ROWS = [
    ("as it is", host, "kvm_arch", "mmu.arch", 0, "<Q"),
    ("host: arch is NULL", host, "kvm_arch", "mmu.arch", None, "<Q"),
    ("host: arch has 53 bits", host, "kvm_arch", "mmu.arch", WIDE, "<Q"),
    ("host: arch is another, a page off", host, "kvm_arch", "mmu.arch", 0x1000, "<Q"),
    ("host: arch is another, 8 bytes off", host, "kvm_arch", "mmu.arch", 8, "<Q"),
    ("host: pgt is NULL", host, "kvm_arch", "mmu.pgt", None, "<Q"),
    ("host: pgt has 53 bits", host, "kvm_arch", "mmu.pgt", WIDE, "<Q"),
    ("host: pgt is before", host, "kvm_arch", "mmu.pgt", -0x10000, "<Q"),
    ("host: pgt is far behind", host, "kvm_arch", "mmu.pgt", 0x20000, "<Q"),
    ("host: pgd_phys is 0", host, "kvm_arch", "mmu.pgd_phys", None, "<Q"),
    ("host: pgd_phys is another", host, "kvm_arch", "mmu.pgd_phys", 0x1000, "<Q"),
    ("host: the pgt's mmu is NULL", host_pgt, "kvm_pgtable", "mmu", None, "<Q"),
    ("host: the pgt's mmu is another", host_pgt, "kvm_pgtable", "mmu", 8, "<Q"),
    ("host: the pgt's pgd is another", host_pgt, "kvm_pgtable", "pgd", 0x1000, "<Q"),
    ("host: 31 bits", host_pgt, "kvm_pgtable", "ia_bits", -9, "<I"),
    ("host: 32 bits", host_pgt, "kvm_pgtable", "ia_bits", -8, "<I"),
    ("host: 52 bits", host_pgt, "kvm_pgtable", "ia_bits", 12, "<I"),
    ("host: 53 bits", host_pgt, "kvm_pgtable", "ia_bits", 13, "<I"),
    ("hyp: it has an mmu", hyp_pgt, "kvm_pgtable", "mmu", 8, "<Q"),
    ("hyp: pgd is NULL", hyp_pgt, "kvm_pgtable", "pgd", None, "<Q"),
    ("hyp: pgd has 53 bits", hyp_pgt, "kvm_pgtable", "pgd", WIDE, "<Q"),
    ("hyp: pgd is no page", hyp_pgt, "kvm_pgtable", "pgd", 0x800, "<Q"),
    ("hyp: no mm_ops", hyp_pgt, "kvm_pgtable", "mm_ops", None, "<Q"),
    ("hyp: mm_ops has 53 bits", hyp_pgt, "kvm_pgtable", "mm_ops", WIDE, "<Q"),
    ("hyp: 35 bits", hyp_pgt, "kvm_pgtable", "ia_bits", -13, "<I"),
    ("hyp: 53 bits", hyp_pgt, "kvm_pgtable", "ia_bits", 5, "<I"),
    ("hyp: 47 bits", hyp_pgt, "kvm_pgtable", "ia_bits", -1, "<I"),
    ("hyp: another level", hyp_pgt, "kvm_pgtable", "start_level", 1, "<b"),
]


def found(symbols):
    done = subprocess.run([os.environ["S2DUMP"], "list", "--json", "--base=0x40000000", f"--system-map={symbols}", "ram"],
                          capture_output=True, text=True, check=False)
    ids = [table["id"] for table in json.loads(done.stdout)["tables"]] if done.stdout else []
    said = [line for line in done.stderr.splitlines() if "host stage 2" in line or "hypervisor (" in line]
    return f"{done.returncode} {' '.join(i for i in ids if i in ('host', 'hyp')) or '-'}", said


with open("ram.map", "w", encoding="utf-8") as file:
    file.write(system.system_map())
with open("stripped.map", "w", encoding="utf-8") as file:
    file.writelines(line + "\n" for line in system.system_map().splitlines() if "__kvm_nvhe_" not in line)
for name, at, struct_name, member, change, fmt in ROWS:
    ram = bytearray(system.ram.bytes)
    off = at + system.field(struct_name, member) - mkpkvm.BASE
    before = struct.unpack_from(fmt, ram, off)[0]
    value = 0 if change is None else before + change
    struct.pack_into(fmt, ram, off, value)
    with open("ram", "wb") as file:
        file.write(ram)
    by_symbol, said = found("ram.map")
    without, _ = found("stripped.map")
    print(f"{name}: {by_symbol}; without symbols {without}")
    for line in said:
        print(" ", line)
