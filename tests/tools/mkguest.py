#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory of a small host without protected KVM: one VM whose guest has tables of its own, and a guest of that guest.

    mkguest.py OUT [--hide NAME]... [--fwb]   writes OUT (an ELF core) and OUT.map (System.map)

What a test needs to know of it stands in Host.guest(). --hide leaves a page out of the dump, as a filter would: s2-table
(stage 2 of the IPAs from 0x90000000 on), s2-upper (of those from 2^39 on), s1-root (the guest's TTBR1 table), s1-entry (the descriptor of 0x405000 alone), vcpu (the page of its registers). The layouts
are those of 6.12; nothing here is shared with the readers.
"""
import argparse
import struct
import sys

from mkdump import EM_AARCH64, elf_core, note
from mkpkvm import BASE, PAGE, STEXT, DATA, BTF, GUEST, IMAGE, KTABLES, KVM, SNAPSHOT, TABLES, Btf, Ram, System, Table

VTCR = 0x80023558  # 4K, 40 bits of IPA from level 1 on, two start tables
HCR = 0x80000001   # RW, VM
HCR_FWB = 1 << 46
VCPU = 0x140000
PID, VCPUS = 200, 2
# enum vcpu_sysreg, in an order of its own
SYSREGS = {"MAIR_EL1": 4, "SCTLR_EL1": 5, "TCR_EL1": 7, "TTBR0_EL1": 8, "TTBR1_EL1": 9}
# ... those in a page of their own, of guests that are hypervisors
VNCR_START, EL2_REGS = 10, {"VTTBR_EL2": 10, "HCR_EL2": 11, "VTCR_EL2": 13}
# TCR_EL1: 39 bits in both halves, granules of 4K, 40 bits of IPA
TCR = 25 | 25 << 16 | 2 << 30 | 2 << 32
MAIR = 0x04ff  # 0: Normal Write-Back, 1: Device-nGnRE
# Of stage-1 leaves: AP[2:1] in [7:6], PXN, UXN
KERNEL_RW, USER_RW, USER_RO, PXN, UXN, DEVICE = 0, 1 << 6, 3 << 6, 1 << 53, 1 << 54, 1 << 2
AP_TABLE_RO, UXN_TABLE = 1 << 62, 1 << 60
BUILD_ID = bytes(range(0x10, 0x24))
SLOT, SLOT_SIZE = 0x80000000, 2 << 20
UPPER = 0xffffff8000000000


def kernel_types():
    b = Btf()
    b.struct("list_head", [("next", "void*"), ("prev", "void*")])
    b.struct("rb_node", [("__rb_parent_color", "u64"), ("rb_right", "void*"), ("rb_left", "void*")])
    b.struct("rb_root", [("rb_node", "void*")])
    b.struct("xarray", [("xa_lock", "u32"), ("xa_flags", "u32"), ("xa_head", "void*")])
    b.struct("xa_node", [("shift", "u8"), ("offset", "u8"), ("count", "u16"), ("parent", "void*"), ("slots", "u64[64]")])
    b.struct("kvm_s2_mmu", [("vmid", "u64"), ("pgd_phys", "u64"), ("pgt", "void*"), ("vtcr", "u64"), ("arch", "void*"),
                            ("tlb_vttbr", "u64"), ("tlb_vtcr", "u64"), ("nested_stage2_enabled", "u8")])
    b.struct("kvm_arch", [("mmu", "kvm_s2_mmu"), ("nested_mmus", "kvm_s2_mmu*"), ("nested_mmus_size", "u64")])
    b.struct("atomic_t", [("counter", "int")])
    b.struct("kvm", [("memslots", "u64[2]"), ("vm_list", "list_head"), ("vcpu_array", "xarray"),
                     ("online_vcpus", "atomic_t"), ("userspace_pid", "int"), ("arch", "kvm_arch")])
    b.struct("kvm_memslots", [("gfn_tree", "rb_root"), ("node_idx", "int")])
    b.struct("kvm_memory_slot", [("gfn_node", "rb_node[2]"), ("base_gfn", "u64"), ("npages", "u64"),
                                 ("userspace_addr", "u64"), ("flags", "u32"), ("id", "u16"), ("as_id", "u16")])
    b.struct("kvm_pgtable", [("ia_bits", "u32"), ("mmu", "void*")])
    b.struct("user_pt_regs", [("regs", "u64[31]"), ("sp", "u64"), ("pc", "u64"), ("pstate", "u64")])
    b.struct("kvm_cpu_context", [("regs", "user_pt_regs"), ("sys_regs", "u64[16]"), ("vncr_array", "void*")])
    b.struct("kvm_vcpu_arch", [("ctxt", "kvm_cpu_context"), ("hcr_el2", "u64")])
    b.struct("kvm_vcpu", [("kvm", "void*"), ("cpu", "int"), ("arch", "kvm_vcpu_arch")])
    b.enum("vcpu_sysreg", {**SYSREGS, "__VNCR_START__": VNCR_START, **EL2_REGS})
    return b


class Stage1(Table):
    """A guest's table: pages at IPAs that @host maps one to one from SLOT on, behind GUEST."""
    def __init__(self, host):
        self.host = host
        super().__init__(self, lambda n: host.guest_page(), 39, levels=3)

    def get(self, ipa):
        return self.host.ram.get(self.host.pa_of(ipa))

    def put(self, ipa, value):
        self.host.ram.put(self.host.pa_of(ipa), value)

    def leaf(self, va, ipa, bits, height=0):
        self.set(va & (1 << 39) - 1, ipa | (1 if height else 3) | 3 << 8 | 1 << 10 | bits, height)


class Host(System):
    info = f"BUILD-ID={BUILD_ID.hex()}\n"
    PARTS = {"s1-entry": 8}  # of a page

    def __init__(self, hcr=HCR, cpu=-1, el2=None, pstate=0x3c5, tcr=TCR):
        """@el2: the vCPUs have an EL2 of their own, with these registers; @pstate: of vCPU 0; @tcr: TCR_EL1."""
        self.tcr = tcr
        self.hcr, self.cpu, self.el2, self.pstate, self.guest_pages, self.hidden = hcr, cpu, el2, pstate, 0, {}
        self.gen, self.ram, self.btf, self.symbols = "6.12", Ram(), kernel_types(), {}
        self.used = {"k": KTABLES, "g": TABLES, "s": SNAPSHOT}
        self.build()

    def build(self):
        self.swapper()
        self.s2 = Table(self.ram, self.alloc("g"), 40, 2, 3)
        self.shadow = Table(self.ram, self.alloc("g"), 40, 2, 3)
        self.memory()
        self.guest()
        self.nested()
        self.kernel()

    # Stage 2: sixteen pages of one memslot, and two areas without a slot.
    @staticmethod
    def pa_of(ipa):
        return BASE + GUEST + ipa - SLOT

    def guest_page(self):
        self.guest_pages += 1
        return SLOT + (self.guest_pages - 1) * PAGE

    def memory(self):
        """IPA 0x80000000 on: 16 pages, the 13th read-only, the 14th and 15th exchanged; a table at 0x90000000."""
        for i in range(16):
            place = {13: 14, 14: 13}.get(i, i)
            self.s2.set(SLOT + i * PAGE, self.guest_leaf(BASE + GUEST + place * PAGE) ^ (0x80 if i == 12 else 0))
        self.s2.set(0x90000000, self.guest_leaf(BASE + GUEST + 15 * PAGE))
        self.hidden["s2-upper"] = self.s2.root + PAGE
        self.hidden["s2-table"] = self.s2.slot(0x90000000) & -PAGE

    def guest(self):
        """What the guest's stage 1 maps. Its tables are the first pages of the slot."""
        low, high = Stage1(self), Stage1(self)
        self.low, self.high = low, high
        # Neighbours that differ in what is allowed.
        low.leaf(0x400000, SLOT + 8 * PAGE, USER_RO | PXN)
        low.leaf(0x401000, SLOT + 9 * PAGE, USER_RO | PXN)
        low.leaf(0x402000, SLOT + 12 * PAGE, USER_RW | UXN | PXN)      # read-only in stage 2
        low.leaf(0x403000, SLOT + 10 * PAGE, KERNEL_RW | UXN)
        # The same rights, IPAs that follow each other, and PAs that do not; then IPAs that do not.
        low.leaf(0x404000, SLOT + 13 * PAGE, USER_RW | PXN)
        low.leaf(0x405000, SLOT + 14 * PAGE, USER_RW | PXN)
        low.leaf(0x406000, SLOT + 11 * PAGE, USER_RW | PXN)
        low.leaf(0x407000, SLOT + 10 * PAGE, USER_RW | PXN | DEVICE)
        low.leaf(0x408000, SLOT + 16 * PAGE, USER_RW | PXN)            # stage 2 lacks it
        # A block of 2 MiB of which stage 2 has sixteen pages, and one whose stage 2 is at 0x90000000.
        low.leaf(0x600000, SLOT, USER_RW | UXN | PXN, 1)
        low.leaf(0x800000, 0x90000000, USER_RW | UXN | PXN, 1)
        # Neighbours of one kind below two table descriptors, of which the second takes writing and user execution away.
        low.leaf(0x0bff000, SLOT + 8 * PAGE, USER_RW)
        low.leaf(0x0c00000, SLOT + 9 * PAGE, USER_RW)
        at = low.slot(0x0c00000, 1)
        low.put(at, low.get(at) | AP_TABLE_RO | UXN_TABLE)
        # Tables where stage 2 has nothing, and where it has a table that the dump may lack.
        low.set(0x1000000, 0x80100000 | 3, 1)
        low.set(0x1200000, 0x90001000 | 3, 1)
        # The other half: 511 blocks of 1 GiB that stage 2 lacks altogether, and at the end a page.
        for i in range(511):
            high.leaf(UPPER + (i << 30), (256 + i) << 30, KERNEL_RW, 2)
        high.leaf(UPPER + (511 << 30), SLOT + 15 * PAGE, KERNEL_RW)
        self.hidden["s1-root"] = self.pa_of(high.root)
        self.hidden["s1-entry"] = self.pa_of(low.slot(0x405000))
        assert self.guest_pages <= 8, self.guest_pages

    def nested(self):
        """Of the guest's guest: a page; where the guest is a hypervisor, the tables of its stage 1, and of what these
        map another page than the machine has there."""
        self.shadow.set(0x1000, self.guest_leaf(self.pa(GUEST) + 8 * PAGE))
        if self.el2 is not None:
            for i in range(9):
                self.shadow.set(SLOT + i * PAGE, self.guest_leaf(self.pa(GUEST) + (11 if i == 8 else i) * PAGE))

    # What the kernel keeps of it.
    def mmu(self, at, struct_name, path, root, pgt):
        for name, value in (("pgd_phys", root), ("pgt", self.lin(pgt)), ("vtcr", VTCR),
                            ("arch", self.lin(self.pa(KVM)) + self.field("kvm", "arch"))):
            self.put(at, struct_name, path + name, value)

    def kernel(self):
        kvm, shadow, pgt = self.pa(KVM), self.pa(KVM) + 0x400, self.pa(KVM) + 0x800
        for name, off in (("_stext", 0), ("vm_list", DATA + 0x8020), ("__start_BTF", BTF)):
            self.symbols[name] = STEXT + off
        # A static key that is off and no stage 1 of the hypervisor: VHE.
        self.symbols["kvm_protected_mode_initialized"] = STEXT + DATA + 0x8010
        self.symbols["hyp_pgtable"] = STEXT + DATA + 0x8018
        self.symbols["linux_banner"] = STEXT + 0x12000
        banner = f"Linux version {self.gen}.0-test (us) #1".encode()
        self.ram.bytes[IMAGE + 0x12000:IMAGE + 0x12000 + len(banner)] = banner
        self.mmu(kvm, "kvm", "arch.mmu.", self.s2.root, pgt)
        self.mmu(shadow, "kvm_s2_mmu", "", self.shadow.root, pgt + 0x40)
        self.put(pgt, "kvm_pgtable", "mmu", self.lin(kvm) + self.field("kvm", "arch.mmu"))
        self.put(pgt + 0x40, "kvm_pgtable", "mmu", self.lin(shadow))
        self.put(shadow, "kvm_s2_mmu", "tlb_vttbr", 0x80000000)
        self.put(shadow, "kvm_s2_mmu", "tlb_vtcr", VTCR)
        self.put(shadow, "kvm_s2_mmu", "nested_stage2_enabled", self.el2 is not None, "<B")
        self.put(kvm, "kvm", "arch.nested_mmus", self.lin(shadow))
        self.put(kvm, "kvm", "arch.nested_mmus_size", 1)
        self.put(kvm, "kvm", "userspace_pid", PID, "<i")
        self.put(kvm, "kvm", "online_vcpus", VCPUS, "<i")
        self.slots(kvm)
        self.vcpus(kvm)
        head, node = STEXT + DATA + 0x8020, self.lin(kvm + self.field("kvm", "vm_list"))
        for at, va in ((self.image(DATA + 0x8020), node), (kvm + self.field("kvm", "vm_list"), head)):
            self.ram.put(at, va)
            self.ram.put(at + 8, va)
        blob = self.btf.blob()
        assert len(blob) < 0x4000, len(blob)
        self.ram.bytes[IMAGE + BTF:IMAGE + BTF + len(blob)] = blob
        self.note()

    def slots(self, kvm):
        slots, slot = kvm + 0x900, kvm + 0xa00
        self.put(kvm, "kvm", "memslots", self.lin(slots))
        self.ram.put(slots, self.lin(slot))
        for name, value in (("base_gfn", SLOT >> 12), ("npages", SLOT_SIZE >> 12), ("userspace_addr", 0x10000000)):
            self.put(slot, "kvm_memory_slot", name, value)

    def vcpus(self, kvm):
        """vCPU 0 runs the guest; vCPU 1 has its stage 1 off."""
        node = kvm + 0xb00
        self.put(kvm, "kvm", "vcpu_array.xa_head", self.lin(node) | 2)
        ctxt = self.field("kvm_vcpu", "arch.ctxt")
        regs = ctxt + self.field("kvm_cpu_context", "sys_regs")
        values = {"MAIR_EL1": MAIR, "SCTLR_EL1": 0x1005, "TCR_EL1": self.tcr, "TTBR0_EL1": self.low.root, "TTBR1_EL1": self.high.root}
        for i in range(VCPUS):
            at = self.pa(VCPU) + i * PAGE
            self.ram.put(node + self.field("xa_node", "slots") + i * 8, self.lin(at))
            self.put(at, "kvm_vcpu", "cpu", self.cpu, "<i")
            self.put(at, "kvm_vcpu", "arch.hcr_el2", self.hcr)
            for name, number in SYSREGS.items():
                self.ram.put(at + regs + number * 8, 0 if i and name == "SCTLR_EL1" else values[name])
            self.ram.put(at + ctxt + self.field("kvm_cpu_context", "regs") + self.btf.fields["user_pt_regs"]["pstate"],
                         0x3c5 if i else self.pstate)
            if self.el2 is not None:
                page = at + PAGE // 2
                self.ram.put(at + ctxt + self.field("kvm_cpu_context", "vncr_array"), self.lin(page))
                for name, number in EL2_REGS.items():
                    self.ram.put(page + (number - VNCR_START) * 8, self.el2.get(name, 0))
        self.hidden["vcpu"] = self.pa(VCPU)

    def field(self, struct_name, path):
        """Offset of a member by its path; types by name of the member."""
        types = {"arch": "kvm_vcpu_arch" if struct_name == "kvm_vcpu" else "kvm_arch", "mmu": "kvm_s2_mmu",
                 "vcpu_array": "xarray", "ctxt": "kvm_cpu_context"}
        off, name = 0, struct_name
        for part in path.split("."):
            off += self.btf.fields[name][part]
            name = types.get(part)
        return off

    def core(self, hide=()):
        return elf_core([(BASE, bytes(self.ram.bytes))], exclude=[(self.hidden[name], self.PARTS.get(name, PAGE)) for name in hide])


def vmlinux(symbols, build_id=BUILD_ID, machine=EM_AARCH64, sections=None):
    """An ELF file with these symbols (None: without a symbol table), a build id (None: without), and more @sections by name."""
    names, syms = b"\0", bytes(24)
    for name, value in (symbols or {}).items():
        syms += struct.pack("<IBBHQQ", len(names), 0x11, 0, 1, value, 0)
        names += name.encode() + b"\0"
    sections = sections or {}
    parts = [("", 0, b"", 0)]  # name, type, bytes, link
    parts.append((".name", 7, note("GNU", 3, build_id) if build_id else b"", 0))
    called = "\0".join(["", ".name", *sections, ""]).encode()
    parts.append((".name", 3, called, 0))
    if symbols is not None:
        parts += [(".name", 3, names, 0), (".name", 2, syms, 3)]
    parts += [(name, 1, data, 0) for name, data in sections.items()]
    off, body, headers = 64, b"", b""
    for name, kind, data, link in parts:
        at = called.index(b"\0" + name.encode() + b"\0") + 1 if name else 0
        headers += struct.pack("<IIQQQQIIQQ", at, kind, 0, 0, off if data else 0, len(data), link,
                               1 if kind == 2 else 0, 4 if kind == 7 else 8, 24 if kind == 2 else 0)
        body += data + bytes(-len(data) % 8)
        off += len(data) + -len(data) % 8
    ehdr = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, off, 0, 64, 0, 0, 64,
                                                      len(parts), 2)
    return ehdr + body + headers


def write(path, hide=(), **how):
    host = Host(**how)
    with open(path, "wb") as f:
        f.write(host.core(hide))
    with open(path + ".map", "w", encoding="utf-8") as f:
        f.write(host.system_map())
    return host


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--hide", action="append", default=[], choices=["s2-table", "s2-upper", "s1-root", "s1-entry", "vcpu"])
    parser.add_argument("--fwb", action="store_true", help="HCR_EL2.FWB is 1")
    args = parser.parse_args()
    write(args.out, args.hide, hcr=HCR | (HCR_FWB if args.fwb else 0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
