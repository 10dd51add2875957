# SPDX-License-Identifier: GPL-2.0-or-later
# What KVM should have mapped, worked out from the lab's log of what happened and nothing else.

"""The rules are those of user_mem_abort() in arch/arm64/kvm/mmu.c, read in Debian's 6.1.192, 6.12.117
and 7.3.4; they are the same in all as far as the lab goes:

* A fault maps one page, or one block where the host backs it with a huge page, the IPA and the
  host address agree modulo the block size, the slot covers the block, and it is not dirty logged.
* Readable always. Writable when the slot is not read-only and the access was a write; or, without
  dirty logging, when the host could write to its page anyway (it has been written before). A page
  that nobody has written is the host's zero page, and cannot.
* Executable when the fault was an instruction fetch; on CPUs with CTR_EL0.DIC = 1, always.
* Later faults only add permissions, except that a write to a logged block replaces it by a table
  with that one page in it.
* KVM_GET_DIRTY_LOG takes W away from the pages it reports, turning logging on from everything in
  the slot. Turning it off changes nothing until the next fault on an unmapped page, which may
  replace a table by a block.
* Memory given back by the host (MADV_DONTNEED), a zero page that is copied, and a deleted slot
  leave stage 2.

A slot of guest_memfd (6.18 on) has pages only, writable also after a read (gmem_abort() in 7.3.4).

A protected guest (7.1 on) has pages only, which the host may neither write nor execute any more, and
which the guest may do everything with (pkvm_mem_abort(), pkvm_pgtable_stage2_map() in 7.3.4). The
hypervisor keeps the state of a page in the software bits [56:55] of its descriptor: owned, shared
with the host by the guest; or lent to the guest by the host, of every page of other guests of a
protected host, from 6.14 on.
"""

import json
import re

# enum pkvm_page_state, arch/arm64/kvm/hyp/include/nvhe/memory.h.
OWNED, SHARED_OWNED, SHARED_BORROWED = 0, 1, 2


class Mapping:
    def __init__(self, ipa, size, write, exec_, state):
        self.ipa, self.size, self.write, self.exec, self.state = ipa, size, write, exec_, state


class Slot:
    def __init__(self, event):
        self.number = event["slot"]
        self.gpa = int(event["gpa"], 16)
        self.size = event["size"]
        self.hva = int(event["hva"], 16)
        self.readonly = event["readonly"]
        self.log = event["log"]
        self.backing = event["backing"]
        self.huge = 0  # bytes of it that really are THP

    def __contains__(self, ipa):
        return self.gpa <= ipa < self.gpa + self.size


class Vm:
    def __init__(self, event, host, borrows):
        """@borrows: the hypervisor keeps the tables of this host's guests, and says whose a page is."""
        self.number, self.name, self.pid = event["vm"], event["name"], event["pid"]
        self.ipa_bits, self.protected = event["ipa_bits"], event["protected"]
        self.state = SHARED_BORROWED if borrows and not self.protected else OWNED
        self.page, self.block, self.dic = host["page_size"], host["block_size"], host["dic"]
        self.slots = {}
        self.written = set()    # pages that have a private, writable host page
        self.host_words = set()  # pages where fill() put the host's word
        self.guest_words = set()
        self.maps = {}          # start -> Mapping
        self.pa = {}            # page -> physical address, from pagemap
        self.problems = []
        self.s1_maps, self.s1_regs, self.walks = [], None, []

    def slot(self, ipa):
        return next((s for s in self.slots.values() if ipa in s), None)

    def mapping(self, ipa):
        page, block = self.maps.get(ipa & -self.page), self.maps.get(ipa & -self.block)
        return page or (block if block and block.size == self.block else None)

    def unmap(self, ipa, size):
        for start in [s for s, m in self.maps.items() if s < ipa + size and ipa < s + m.size]:
            del self.maps[start]

    def block_possible(self, slot, ipa):
        start = ipa & -self.block
        return (slot.backing in ("hugetlb", "thp") and not self.protected and not slot.log
                and (slot.backing != "thp" or slot.huge == slot.size)
                and slot.gpa % self.block == slot.hva % self.block
                and slot.gpa <= start and start + self.block <= slot.gpa + slot.size)

    def access(self, how, ipa):
        slot = self.slot(ipa)
        if slot is None:
            return
        m = self.mapping(ipa)
        if m and (how == "r" or (how == "w" and m.write) or (how == "x" and m.exec)):
            return
        page = ipa & -self.page
        if how == "w" and slot.readonly:
            return  # goes to user space as MMIO
        fresh = how == "w" and page not in self.written
        if fresh:
            self.written.add(page)
            if m:  # the zero page is replaced, the notifier takes it out
                self.unmap(page, self.page)
                m = None
        anyway = self.protected or slot.backing == "gmem" or (not slot.log and page in self.written)
        write = not slot.readonly and (how == "w" or anyway)
        exec_ = how == "x" or self.dic or self.protected
        if m and not (slot.log and how == "w" and m.size > self.page):
            m.write |= write
            m.exec |= exec_
            return
        size = self.block if self.block_possible(slot, ipa) else self.page
        self.unmap(ipa & -size, size)
        self.maps[ipa & -size] = Mapping(ipa & -size, size, write, exec_, self.state)

    def apply(self, e):
        kind = e["ev"]
        if kind == "slot":
            self.slots[e["slot"]] = Slot(e)
        elif kind in ("fill", "zero"):
            start = int(e["ipa"], 16)
            pages = range(start, start + e["size"], self.page)
            self.written.update(pages)
            if kind == "fill":
                self.host_words.update(pages)
        elif kind == "touch":
            # The CPU reads the guest's own tables first, then makes the access itself.
            for entry in e["walk"]:
                self.access("r", int(entry, 16))
            if e["walk"]:
                self.walks.append(e)
            ipa = int(e["ipa"], 16)
            self.access(e["how"], ipa)
            slot = self.slot(ipa)
            if e["how"] == "w" and slot and not slot.readonly:
                self.guest_words.add(ipa & -self.page)
        elif kind == "share":
            # A page that the guest does not have yet is given to it first.
            self.access("w", int(e["ipa"], 16))
            self.maps[int(e["ipa"], 16)].state = SHARED_OWNED
        elif kind == "unshare":
            self.maps[int(e["ipa"], 16)].state = OWNED
        elif kind == "clean":
            got = {int(p, 16) for p in e["dirty"]}
            slot = self.slots[e["slot"]]
            want = {p for p, m in self.maps.items() if p in slot and m.write}
            if got != want:
                wrong = sorted(map(hex, got ^ want))
                self.problems.append(f"dirty log of slot {e['slot']}: {wrong}")
            for page in got & want:
                self.maps[page].write = False
        elif kind == "log":
            slot = self.slots[e["slot"]]
            slot.log = e["on"]
            if e["on"]:
                for start, m in self.maps.items():
                    if start in slot:
                        m.write = False
        elif kind == "delete":
            slot = self.slots.pop(e["slot"])
            self.unmap(slot.gpa, slot.size)
            self.guest_words = {p for p in self.guest_words if p not in slot}
            self.host_words = {p for p in self.host_words if p not in slot}
        elif kind == "punch":
            page = int(e["ipa"], 16)
            self.unmap(page, self.page)
            for words in self.written, self.guest_words, self.host_words:
                words.discard(page)
        elif kind == "page":
            self.pa[int(e["ipa"], 16)] = int(e["pa"], 16)
        elif kind == "s1map":
            self.s1_maps.append(e)
        elif kind == "s1regs":
            self.s1_regs = e


class Log:
    """log.jsonl as a whole: the host, the VMs that were made, the VMs that were refused."""

    def __init__(self, path):
        with open(path) as f:
            self.events = [json.loads(line) for line in f]
        self.host = next((e for e in self.events if e["ev"] == "host"), None)
        self.vms, self.refused = {}, {}
        # The host is one of a protected hypervisor.
        self.protected = any(e["ev"] == "kernel" and "kvm [" in e["text"] and "Protected" in e["text"]
                             for e in self.events)
        # Its hypervisor manages the tables of guests.
        self.borrows = self.protected and self.release() >= (6, 14)
        self.bad = [e for e in self.events if e["ev"] in ("died", "broken")]
        self.runs = [e for e in self.events if e["ev"] == "s2dump"]
        for e in self.events:
            if e["ev"] == "vm":
                self.vms[e["vm"]] = Vm(e, self.host, self.borrows)
            elif e["ev"] == "refused":
                self.refused[e["vm"]] = e
        # Whether THP worked is known only at the end, but decides from the first fault on.
        huge = {(e["vm"], e["slot"]): e["huge"] for e in self.events if e["ev"] == "thp"}
        for e in self.events:
            if e.get("vm") in self.vms and e["ev"] not in ("vm", "thp"):
                vm = self.vms[e["vm"]]
                vm.apply(e)
                if e["ev"] == "slot":
                    vm.slots[e["slot"]].huge = huge.get((e["vm"], e["slot"]), 0)

    def release(self):
        return tuple(map(int, re.match(r"(\d+)\.(\d+)", self.host["release"]).groups()))
