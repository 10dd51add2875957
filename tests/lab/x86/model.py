# SPDX-License-Identifier: GPL-2.0-or-later
# What KVM should have mapped, worked out from the lab's log of what happened and nothing else.

"""The rules are those of kvm_tdp_mmu_map(), make_spte() and kvm_tdp_mmu_page_fault() in arch/x86/kvm/mmu, read in Debian's
6.1 to 7.3; they are the same in all as far as the lab goes:

* A fault maps one page, or one block where the host backs it with a huge page, the addresses of guest and host agree
  modulo its size, the slot covers it, and it is not dirty logged.
* Readable and executable always; not executable when it is a block and huge pages are made so (nx_huge_pages), until
  the guest executes from it: then it is taken apart into executable pages. Up to 6.1, and where no block is yet, only the
  page that it ran from is mapped, and its neighbours are pages as well from then on.
* Writable when the slot is not read-only and either the access was a write or the host could write to its page anyway
  (it has been written before). Memory that nobody has written is the host's zero page, and cannot.
* KVM_GET_DIRTY_LOG takes W away from the pages it reports, or D where the processor logs pages (PML). Turning logging
  on does so to the whole slot, and takes blocks apart into 512 pages (eager_page_split). Without that they lose W either
  way, and the first write takes them apart; up to 6.1 it leaves only the page that is written.
* What the host takes away from its own tables leaves the guest's: MADV_DONTNEED, a zero page that is copied, pages whose
  protection changes. mprotect() inside a block-sized and aligned part of an area takes that whole part
  (split_huge_pmd_address()).
* A deleted slot makes every root of the VM invalid. A vCPU that has not run since keeps its own, which is empty.
* Aging by the host clears A, or where there is none takes all rights away until the next access.
* An access without a slot is remembered with the generation of the slots: that starts at the number of the address
  space and grows by 2 with a slot that is new or changes, by 4 with one that goes (kvm_swap_active_memslots()). With
  mmio_caching=0 nothing is remembered.
"""

import json
import re

PAGE, BLOCK, GIB = 1 << 12, 1 << 21, 1 << 30
SMM = 1
NESTED = 2  # no address space: the table of a guest of the guest
ORPHAN = 100  # as in init.c: it has lost what the log says of it
ALWAYS_WRITABLE = ("gmem", "device")  # whoever touches it, and how


class Leaf:
    def __init__(self, gpa, size, write, exec_, backing):
        self.gpa, self.size, self.write, self.exec, self.backing = gpa, size, write, exec_, backing
        self.may_write = write  # host-writable and MMU-writable: as it was made
        self.dirty = write


class Slot:
    def __init__(self, event):
        self.number, self.space = event["slot"], event["as"]
        self.gpa, self.hva = int(event["gpa"], 16), int(event["hva"], 16)
        self.size = event["size"]
        self.readonly, self.log, self.backing = event["readonly"], event["log"], event["backing"]
        self.huge = 0  # bytes of it that really are THP

    def __contains__(self, gpa):
        return self.gpa <= gpa < self.gpa + self.size

    def host(self, gpa):
        """The page of the VMM that is behind an address."""
        return (self.hva + gpa - self.gpa) & -PAGE


class Vm:
    def __init__(self, event, host):
        self.number, self.name = event["vm"], event["name"]
        self.pid, self.fd, self.vcpus = event["pid"], event["fd"], event["vcpus"]
        self.host = host
        self.slots = {0: {}, SMM: {}}
        self.generation = {0: 0, SMM: 1}
        self.written = set()     # pages of the VMM that are private and writable
        self.protected = set()   # of these, those that the host may no longer write
        self.host_words, self.guest_words = set(), set()
        self.maps = {0: {}, SMM: {}}  # of each address space: start -> Leaf
        self.mmio = {}           # page -> generation
        self.pa = {0: {}, SMM: {}}
        self.ran = set()         # vCPUs that use the root of now
        self.old = set()         # vCPUs that keep an old one
        self.aged = False        # pages may be tracked
        self.counts = None
        self.boot = None
        self.smm_entry = None
        self.manual = False      # a new log has all pages, and protects none
        self.nested = []         # what a guest of the guest may have: (address, the guest's, size, may it write)
        self.own = None          # a page that the VM's own table has, and no other
        self.problems = []

    def slot(self, gpa, space=0):
        return next((s for s in self.slots[space].values() if gpa in s), None)

    def leaf(self, gpa, space=0):
        for size in PAGE, BLOCK, GIB:
            leaf = self.maps[space].get(gpa & -size)
            if leaf and leaf.size == size:
                return leaf
        return None

    def unmap(self, gpa, size, space=0):
        maps = self.maps[space]
        for start in [s for s, m in maps.items() if s < gpa + size and gpa < s + m.size]:
            del maps[start]

    def unmap_host(self, hva, size):
        """Pages of the VMM go, wherever the guest has them."""
        for space, slots in self.slots.items():
            for s in slots.values():
                start, end = max(hva, s.hva), min(hva + size, s.hva + s.size)
                if start < end:
                    self.unmap(s.gpa + start - s.hva, end - start, space)

    def size_possible(self, slot, gpa):
        size = {"hugetlb": BLOCK, "thp": BLOCK, "1g": GIB}.get(slot.backing, PAGE)
        start = gpa & -size
        if (slot.log or slot.backing == "thp" and slot.huge != slot.size or slot.gpa % size != slot.hva % size
                or start < slot.gpa or start + size > slot.gpa + slot.size):
            return PAGE
        return size

    def access(self, how, gpa, space=0):
        slot = self.slot(gpa, space)
        if slot is None:
            if self.host.get("kvm/parameters/mmio_caching") != "N":
                self.mmio[gpa & -PAGE] = self.generation[space]
            return
        if how == "w" and slot.readonly:
            return  # goes to user space
        leaf, host = self.leaf(gpa, space), slot.host(gpa)
        if how == "w" and host not in self.written and slot.backing not in ALWAYS_WRITABLE:
            self.written.add(host)
            self.unmap_host(host, PAGE)  # the zero page is replaced
            leaf = None
        if leaf and how == "w" and leaf.size > PAGE and slot.log:
            leaf = self.unblock(leaf, gpa, space)
        if leaf and how == "w":
            # What logging took away comes back without a new mapping.
            leaf.write = leaf.dirty = True
            return
        if leaf and (how == "r" or leaf.exec):
            return
        size = self.size_possible(slot, gpa)
        nx = self.host.get("kvm/parameters/nx_huge_pages") == "Y"
        if leaf and self.host["splits"]:
            self.split(leaf, space)
            return
        if leaf:
            self.unmap(leaf.gpa, leaf.size, space)
        if nx and how == "x":
            size = PAGE
        elif nx and any(gpa & -size <= start < (gpa & -size) + size for start in self.maps[space]):
            size = PAGE  # there is a table already
        write = not slot.readonly and host not in self.protected and (
            slot.backing in ALWAYS_WRITABLE or host in self.written)
        self.maps[space][gpa & -size] = Leaf(gpa & -size, size, write, size == PAGE or not nx, slot.backing)

    def split(self, leaf, space):
        self.unmap(leaf.gpa, leaf.size, space)
        for gpa in range(leaf.gpa, leaf.gpa + leaf.size, PAGE):
            page = self.maps[space][gpa] = Leaf(gpa, PAGE, leaf.write, True, leaf.backing)
            page.may_write, page.dirty = leaf.may_write, leaf.dirty

    def unblock(self, leaf, gpa, space):
        """A block that is logged is written to: the page of it that is there afterwards."""
        if self.host["splits"]:
            self.split(leaf, space)
        else:
            self.unmap(leaf.gpa, leaf.size, space)
        return self.leaf(gpa, space)

    def clean(self, leaf):
        if self.host["pml"]:
            leaf.dirty = False
        if not self.host["pml"] or leaf.size > PAGE:
            leaf.write = False

    def start_log(self, slot):
        for leaf in [m for start, m in self.maps[slot.space].items() if start in slot]:
            if leaf.size > PAGE and self.host.get("kvm/parameters/eager_page_split") == "Y":
                self.split(leaf, slot.space)
        for start, leaf in self.maps[slot.space].items():
            if start in slot:
                self.clean(leaf)

    def protect(self, gpa, size):
        slot = self.slot(gpa)
        start = slot.host(gpa)
        end = start + size
        self.protected.update(range(start, end, PAGE))
        self.unmap_host(start, size)
        for edge in start, end:
            block = edge & -BLOCK
            if self.host["splits_areas"] and edge % BLOCK and slot.hva <= block and block + BLOCK <= slot.hva + slot.size:
                self.unmap_host(block, BLOCK)

    def ev_slot(self, e):
        slot = Slot(e)
        slot.huge = self.host["thp"].get((self.number, slot.number), 0)
        self.slots[slot.space][slot.number] = slot
        self.generation[slot.space] += 2

    def ev_boot(self, e):
        self.boot = int(e["gpa"], 16)
        # The program and the tables have taken the place of the words.
        self.host_words -= set(range(self.boot, self.boot + e["size"], PAGE))

    def ev_fill(self, e):
        start = int(e["gpa"], 16)
        for gpa in range(start, start + e["size"], PAGE):
            self.written.add(self.slot(gpa).host(gpa))
            self.host_words.add(gpa)

    def ev_touch(self, e):
        gpa = int(e["gpa"], 16)
        self.ran.add(e["vcpu"])
        self.old.discard(e["vcpu"])
        # A walk through the guest's own tables may set bits there, and counts as a write.
        for entry in e["walk"]:
            self.access("w", int(entry, 16))
        self.access(e["how"], gpa)
        slot = self.slot(gpa)
        if e["how"] == "w" and slot and not slot.readonly:
            self.guest_words.add(gpa & -PAGE)

    def ev_clean(self, e):
        got = {int(p, 16) for p in e["dirty"]}
        slot = self.slots[0][e["slot"]]
        want = {gpa for gpa, leaf in self.maps[0].items()
                if gpa in slot and (leaf.dirty if self.host["pml"] else leaf.write)}
        if got != want:
            self.problems.append(f"dirty log of slot {e['slot']}: {sorted(map(hex, got ^ want))}")
        for gpa in got & want:
            self.clean(self.maps[0][gpa])

    def ev_log(self, e):
        slot = self.slots[0][e["slot"]]
        slot.log = e["on"]
        self.generation[0] += 2
        if slot.log and not self.manual:
            self.start_log(slot)

    def ev_delete(self, e):
        slot = self.slots[0].pop(e["slot"])
        self.generation[0] += 4
        self.maps, self.mmio = {0: {}, SMM: {}}, {}
        self.old |= self.ran
        self.ran = set()
        for words in self.host_words, self.guest_words:
            words -= {gpa for gpa in words if gpa in slot}

    def ev_punch(self, e):
        start = int(e["gpa"], 16)
        slot = self.slot(start)
        self.unmap_host(slot.host(start), e["size"])
        for gpa in range(start, start + e["size"], PAGE):
            self.written.discard(slot.host(gpa))
            self.host_words.discard(gpa)
            self.guest_words.discard(gpa)

    def ev_protect(self, e):
        self.protect(int(e["gpa"], 16), e["size"])

    def ev_aged(self, e):
        self.aged = True

    def ev_smi(self, e):
        pages = [int(gpa, 16) for gpa in e["touched"]]
        self.smm_entry = pages[0]
        for gpa in pages:
            self.access("w", gpa, SMM)

    def ev_manual(self, e):
        self.manual = True

    def ev_clear(self, e):
        """Pages leave a log that is cleared by hand."""
        start = int(e["gpa"], 16)
        for leaf in [m for at, m in self.maps[0].items()
                     if m.size > PAGE and at < start + e["size"] and start < at + m.size]:
            if self.host.get("kvm/parameters/eager_page_split") == "Y":
                self.split(leaf, 0)
        for at, leaf in self.maps[0].items():
            if start <= at < start + e["size"]:
                self.clean(leaf)

    def ev_fork(self, e):
        """The memory of the VMM becomes read-only, and leaves the tables of guests."""
        for s in self.slots[0].values():
            self.unmap(s.gpa, s.size)
        self.written = {self.slot(self.boot).host(self.boot + PAGE)}  # its orders are written at once

    def ev_nested(self, e):
        self.nested.append((int(e["ngpa"], 16), int(e["gpa"], 16), e["size"], e["write"]))

    def ev_own(self, e):
        self.own = int(e["gpa"], 16)

    def nested_at(self, ngpa):
        """(the guest's address, may it be written) of an address of the guest's guest."""
        return next(((gpa + ngpa - start, write) for start, gpa, size, write in self.nested
                     if start <= ngpa < start + size), (None, False))

    def ev_pages(self, e):
        gpa, pa = int(e["gpa"], 16), int(e["pa"], 16)
        for off in range(0, e["count"] * PAGE, PAGE):
            self.pa[e["as"]][gpa + off] = pa + off

    def ev_counts(self, e):
        self.counts = {PAGE: e["4k"], BLOCK: e["2m"], GIB: e["1g"]}

    def apply(self, e):
        # What says nothing about mappings has no function here.
        getattr(self, "ev_" + e["ev"], lambda e: None)(e)


class Log:
    """log.jsonl as a whole: the host, the VMs that were made, the guests that were refused."""

    def __init__(self, path):
        with open(path) as f:
            self.events = [json.loads(line) for line in f]
        self.events = [e for e in self.events if e.get("vm") != ORPHAN]
        # What a machine that gave up early did not say is not there: KeyError below.
        self.host = dict(next(e for e in self.events if e["ev"] == "host"))
        self.host.update((e["name"], e["value"]) for e in self.events if e["ev"] == "parameter")
        self.host["format"] = "npt" if "kvm_amd/parameters/npt" in self.host else "ept"
        # With PML the processor says which pages the guest wrote; without, KVM takes W away.
        self.host["pml"] = (self.host.get("kvm_intel/parameters/pml") == "Y"
                            and self.host.get("kvm_intel/parameters/eptad") == "Y")
        self.host["splits"] = self.release() >= (6, 2)
        # A kernel without transparent huge pages has none to take apart where an area ends.
        self.host["splits_areas"] = self.host.get("transparent_hugepage", True)
        self.host["thp"] = {(e["vm"], e["slot"]): e["huge"] for e in self.events if e["ev"] == "thp"}
        self.refused = {e["name"] for e in self.events if e["ev"] == "refused"}
        # VMs that map nothing: whose process is gone, and those that never ran.
        self.orphan = next((e["pid"] for e in self.events if e["ev"] == "orphan"), None)
        self.rootless = [e for e in self.events if e["ev"] == "rootless"]
        self.bad = [e for e in self.events if e["ev"] in ("died", "broken", "warning")]
        self.vms = {}
        for e in self.events:
            if e["ev"] == "vm":
                self.vms[e["vm"]] = Vm(e, self.host)
            elif e.get("vm") in self.vms:
                self.vms[e["vm"]].apply(e)
            elif e["ev"] == "aged":
                for vm in self.vms.values():
                    vm.apply(e)

    def release(self):
        return tuple(map(int, re.match(r"(\d+)\.(\d+)", self.host["release"]).groups()))
