# SPDX-License-Identifier: GPL-2.0-or-later
# Holds a capture against its own log.

import json
import os

import agree
import model
import pieces
import tables

HOST_WORD = 0x5a5a5a5a5a5a5a5a  # as in init.c
GUEST_WORD = 0xa5a5a5a5a5a5a5a5
OFF_HOST, OFF_GUEST = 0, 8
ODD_GUESTS = {"many", "twin1", "twin2", "insmm", "ring", "manual", "forked", "uffd", "empty"}  # of `odd' machines
SPECIAL_GUESTS = {"gmem", "nested"} | ODD_GUESTS  # not of every kernel: see `guests` in machine.py


class Capture:
    """Memory of a machine, in one file or several, and what happened in it."""

    def __init__(self, name, row, log, files):
        """@row: of machine.CONFIGS."""
        self.name, self.row, self.files = name, row, files
        self.log = model.Log(log)
        self.path = self.files[0]
        self.memory = tables.Memory(self.path)
        host = self.log.host
        self.levels = 5 if host["format"] == "npt" and host["la57"] else 4
        # What hardware keeps; from 6.16 on KVM keeps it in the same bits where hardware does not.
        self.hardware_ad = host["format"] == "npt" or host.get("kvm_intel/parameters/eptad") == "Y"
        # What s2dump extracted inside the machine.
        self.copies = {int(e["pa"], 16) for e in self.log.events if e["ev"] == "frame"}
        self.shadow_mmu = host["kvm/parameters/tdp_mmu"] == "N"
        self.dirty = self.hardware_ad or self.log.release() >= (6, 16)
        # The new layout of software bits came with 7.2.
        self.masks = tables.Masks(host["format"], self.log.release() >= (7, 2), host["maxphyaddr"])

    @classmethod
    def of_dir(cls, directory):
        """What machine.capture() left there."""
        with open(os.path.join(directory, "capture.json")) as f:
            about = json.load(f)
        files = [os.path.join(directory, f) for f in ("vmcore.elf", "ram.bin", "vmcore.kdump-flat")]
        return cls(about["config"], about["row"], os.path.join(directory, "log.jsonl"),
                   [f for f in files if os.path.exists(f)])

    def file(self, name):
        """A file of the machine's own, put together from its pages in memory."""
        size = next(e["size"] for e in self.log.events if e["ev"] == "file" and e["name"] == name)
        frames = [int(e["pa"], 16) for e in self.log.events if e["ev"] == "frame" and e["name"] == name]
        return b"".join(self.memory(pa, model.PAGE) for pa in frames)[:size]

    def input(self, path=None):
        """A file of the capture as arguments for s2dump: a raw image does not say where it begins."""
        path = path or self.path
        return [path, "--base=0"] if path.endswith(".bin") else [path]

    def walk(self, vm, space):
        """The one table of a VM that maps what only it has."""
        gpa = vm.smm_entry if space == model.SMM else vm.own or vm.boot
        return self.walk_from(gpa, vm.pa[space][gpa])

    def walk_nested(self, vm):
        """KVM's shadow of the table that a VM has made for a guest of its own; its boot page is not only there."""
        ngpa, gpa = next((ngpa, gpa) for ngpa, gpa, _, _ in vm.nested if ngpa != gpa)
        return self.walk_from(ngpa, vm.pa[0][gpa])

    def walk_from(self, gpa, pa):
        where = self.memory, gpa, pa
        roots = tables.find_roots(*where, self.levels, self.copies)
        if len(roots) != 1:
            raise tables.WalkError(f"{len(roots)} roots map {gpa:#x}: {sorted(map(hex, roots))}")
        if tables.find_roots(*where, self.levels + 1, self.copies):
            raise tables.WalkError("something leads to the root")
        return tables.Walk(self.memory, roots.pop(), self.levels, self.masks)


def check_guests(cap):
    problems = [f"vm {e.get('vm')}: {e.get('what')}" for e in cap.log.bad]
    names = {vm.name for vm in cap.log.vms.values()}
    problems += [f"no guest {name}" for name in {*cap.row.get("guests", []), *(ODD_GUESTS if cap.row.get("odd") else ())}
                 if name not in names]
    problems += [f"{name} was refused" for name in cap.log.refused - SPECIAL_GUESTS]
    if cap.row.get("age") and not any(vm.aged for vm in cap.log.vms.values()):
        problems.append("nothing was aged")
    return problems + [f"vm {vm.number}: {p}" for vm in cap.log.vms.values() for p in vm.problems]


def check_leaves(cap, vm, space, walk):
    """The walk has the leaves that the log says, and each says what it should. The shadow MMU maps neighbours of what is
    touched as well, and does not take blocks apart: there only what both have is compared, and counts say the rest."""
    got = {leaf.gpa: leaf for leaf in walk.leaves + walk.tracked}
    want = vm.maps[space]
    problems = []
    if not cap.shadow_mmu:
        problems += [f"{gpa:#x} is missing" for gpa in sorted(want.keys() - got.keys())]
        problems += [f"{gpa:#x} is too much ({got[gpa].raw:#x})" for gpa in sorted(got.keys() - want.keys())]
    for gpa in sorted(want.keys() & got.keys()):
        w, g = want[gpa], got[gpa]
        facts = {"size": (w.size, g.size), "read": (True, g.read), "exec": (w.exec, g.exec),
                 "host-writable": (w.may_write, g.host_writable), "mmu-writable": (w.may_write, g.mmu_writable)}
        if g in walk.tracked:
            facts["aged"] = True, vm.aged
        else:
            # What was tracked comes back without W until it is written; what was mapped as a neighbour has lost it, too.
            if not (vm.aged or cap.shadow_mmu) or g.write or not w.may_write:
                facts["write"] = w.write, g.write
            if cap.dirty:
                facts["dirty"] = w.dirty, g.dirty
        if g.memory:
            facts["memory"] = (("uc", False) if w.backing == "device" else ("wb", True), g.memory)
        problems += [f"{gpa:#x} ({g.raw:#x}): {name} {b!r}, not {a!r}" for name, (a, b) in facts.items() if a != b]
    return problems


def check_addresses(vm, space, walk):
    """Every page of every leaf is where the VMM's own page table has it."""
    problems = []
    for leaf in walk.leaves + walk.tracked:
        for off in range(0, leaf.size, model.PAGE):
            want = vm.pa[space].get(leaf.gpa + off)
            if want != leaf.pa + off:
                problems.append(f"{leaf.gpa + off:#x} is at {leaf.pa + off:#x}, the VMM has {want and hex(want)}")
    return problems


def check_contents(cap, vm, walk):
    """What host and guest wrote is where the leaves say. Through an alias the words are those of the first address, and
    where there is no memory nothing is kept."""
    problems = []
    for leaf in walk.leaves + walk.tracked:
        slot = vm.slot(leaf.gpa)
        for off in range(0, leaf.size, model.PAGE):
            gpa = leaf.gpa + off
            for words, word, at in (vm.host_words, HOST_WORD, OFF_HOST), (vm.guest_words, GUEST_WORD, OFF_GUEST):
                if gpa in words and slot.backing not in ("alias", "device"):
                    found = int.from_bytes(cap.memory(leaf.pa + off + at, 8), "little")
                    if found != gpa ^ word:
                        problems.append(f"{gpa:#x}: {found:#x}, not {gpa ^ word:#x}")
    return problems


def check_mmio(cap, vm, walk):
    """All other entries are accesses without memory, of the generation that the slots then had."""
    masks = cap.masks
    got = {masks.mmio_gpa(e.raw): masks.generation(e.raw) for e in walk.others}
    problems = [f"{e.gpa:#x} has {e.raw:#x}, of {masks.mmio_gpa(e.raw):#x}" for e in walk.others
                if masks.mmio_gpa(e.raw) != e.gpa]
    problems += [f"{gpa:#x} is missing" for gpa in vm.mmio.keys() - got.keys()]
    problems += [f"{gpa:#x} is too much" for gpa in got.keys() - vm.mmio.keys()]
    problems += [f"{gpa:#x}: generation {got[gpa]}, not {vm.mmio[gpa]}" for gpa in got.keys() & vm.mmio.keys()
                 if got[gpa] != vm.mmio[gpa]]
    return problems


def check_nested(vm, walk):
    """Every page of a nested guest's leaf is what the guest has there, with no more rights; MMIO entries have the guest's
    address."""
    problems = []
    for leaf in walk.leaves:
        for off in range(0, leaf.size, model.PAGE):
            gpa, write = vm.nested_at(leaf.gpa + off)
            if vm.pa[0].get(gpa) != leaf.pa + off or leaf.write and not write:
                problems.append(f"{leaf.gpa + off:#x} ({leaf.raw:#x}) is at {leaf.pa + off:#x}")
    if not any(leaf.size > model.PAGE for leaf in walk.leaves):
        problems.append("there is no block")
    return problems + [f"{e.gpa:#x} has {e.raw:#x}" for e in walk.others
                       if walk.masks.mmio_gpa(e.raw) != vm.nested_at(e.gpa)[0]]


def check_counts(vm, walks):
    """KVM's own counts of leaves, of all roots of a VM. A page of a nested guest's table may be there twice."""
    got = dict.fromkeys(vm.counts, 0)
    for leaf in {leaf.at: leaf for walk in walks for leaf in walk.leaves + walk.tracked}.values():
        got[leaf.size] += 1
    return [f"{got[size]} of {size:#x}, KVM says {n}" for size, n in vm.counts.items() if got[size] != n]


def check_vm(report, cap, vm, contents=True):
    """The walks of a VM, by address space. @contents: the guest's memory is there too."""
    walks = {}
    for space in (0, model.SMM) if vm.smm_entry is not None else (0,):
        name = f"{cap.name}: vm {vm.number} ({vm.name}{', SMM' if space else ''})"
        try:
            walk = walks[space] = cap.walk(vm, space)
        except (tables.WalkError, KeyError) as e:
            report.fail(f"{name}: walk: {e!r}")
            continue
        tracked = f", {len(walk.tracked)} of them tracked," if walk.tracked else ""
        report.check(f"{name}: {len(walk.leaves + walk.tracked)} leaves{tracked} are as the log says",
                     check_leaves(cap, vm, space, walk))
        report.check(f"{name}: pagemap", check_addresses(vm, space, walk))
        if not space:
            if contents:
                report.check(f"{name}: contents", check_contents(cap, vm, walk))
            report.check(f"{name}: {len(walk.others)} other entries", check_mmio(cap, vm, walk))
    if vm.nested:
        try:
            walk = walks[model.NESTED] = cap.walk_nested(vm)
            report.check(f"{cap.name}: vm {vm.number} ({vm.name}): {len(walk.leaves)} leaves of its guest",
                         check_nested(vm, walk))
        except (tables.WalkError, KeyError) as e:
            report.fail(f"{cap.name}: vm {vm.number} ({vm.name}): its guest: {e!r}")
    report.check(f"{cap.name}: vm {vm.number} ({vm.name}): counts", check_counts(vm, walks.values()))
    return walks


def check_dir(report, directory, s2dump=None, small_dumps=False):
    cap = Capture.of_dir(directory)
    report.check(f"{cap.name}: guests", check_guests(cap))
    walks = {vm.number: check_vm(report, cap, vm) for vm in cap.log.vms.values()}
    if s2dump:
        agree.check_s2dump(report, cap, walks, s2dump)
        if small_dumps:
            pieces.check(report, cap, walks, s2dump)
    else:
        report.skip(f"{cap.name}: s2dump: no --s2dump")
