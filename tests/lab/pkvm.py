# SPDX-License-Identifier: GPL-2.0-or-later
# What the tables of a protected host must say: whose each page is, and in which state.

import model

# Invalid descriptors of the host's table: owner in bits [9:2], 5.15 to 7.0; since 7.1 a type in
# [63:60], the owner in [3:1], and of a guest's page its handle in [19:4] and its frame number there in
# [59:20] (arch/arm64/kvm/hyp/nvhe/mem_protect.c).
OWNER_HYP = 1 << 2
DONATED_HYP = 2 << 60 | 1 << 1
DONATED_GUEST = 2 << 60 | 2 << 1
HANDLE = 0xffff << 4
FRAME_LOG2 = 20

# How s2dump names owner and state of a guest's page in the guest's table, and in the host's.
IN_GUEST = {model.OWNED: ("guest", "owned"), model.SHARED_OWNED: ("guest", "shared-owned"),
            model.SHARED_BORROWED: ("host", "shared-borrowed")}
IN_HOST = {model.OWNED: ("guest", "nopage"), model.SHARED_OWNED: ("guest", "shared-borrowed"),
           model.SHARED_BORROWED: ("host", "shared-owned")}


def check_host(log, leaves, annotations, guest):
    """The host's table: identity, and the pages of the hypervisor and of a protected guest taken out.
    @guest has the leaves of that by physical address."""
    typed = log.release() >= (7, 1)
    problems = [f"{leaf.ia:#x} goes to {leaf.pa:#x}" for leaf in leaves if leaf.ia != leaf.pa]
    owned = {pa: leaf for pa, leaf in guest.items() if leaf.sw == model.OWNED}
    handles = set()
    for pa, _, _, desc in annotations:
        want = DONATED_HYP if typed else OWNER_HYP
        if pa in owned:
            frame = owned[pa].ia // log.host["page_size"]
            handles.add(desc & HANDLE)
            want = DONATED_GUEST | desc & HANDLE | frame << FRAME_LOG2
        if desc != want:
            problems.append(f"{pa:#x} is annotated {desc:#x}, not {want:#x}")
    problems += [f"{pa:#x} is not annotated, though a guest's"
                 for pa in owned.keys() - {pa for pa, *_ in annotations}]
    for pa in guest.keys() - owned.keys():
        if not any(leaf.ia <= pa < leaf.ia + leaf.size and leaf.read and leaf.write for leaf in leaves):
            problems.append(f"{pa:#x} is shared by a guest, but not mapped")
    if len(handles) > 1:
        problems.append(f"one guest has the handles {sorted(map(hex, handles))}")
    if not leaves or not annotations:
        problems.append(f"{len(leaves)} leaves and {len(annotations)} annotations")
    return problems


def compare_owners(tables, vms, references, donated):
    """JSON of whole tables, one descriptor or less each row, against what the guests were given."""
    page_state = {leaf.pa: leaf.sw for leaf in donated.values()}
    lent = [(leaf.pa, leaf.pa + leaf.size) for i, (_, leaves, *_) in references.items()
            if i in vms and not vms[i].protected for leaf in leaves]
    problems, seen = [], set()
    for table in tables:
        vm = vms.get(table["id"])
        for r in table["ranges"]:
            got, ia = (r["owner"], r["state"]), int(r["ia"], 16)
            want = None
            if vm and r["mapped"]:
                want = IN_GUEST[page_state.get(int(r["pa"], 16), model.SHARED_BORROWED)]
            elif table["id"] == "host" and ia in page_state:
                want = IN_HOST[page_state[ia]]
            elif table["id"] == "host" and any(start <= ia < end for start, end in lent):
                want = IN_HOST[model.SHARED_BORROWED]
            elif table["id"] == "host" and r["mapped"] and not r["write"]:
                want = ("hyp", "nopage")  # its text, which the host may read since 6.18
            elif table["id"] == "hyp" and r["mapped"] and got[0] is None:
                problems.append(f"hyp {ia:#x} has no owner, state {got[1]}")
            if want:
                seen.add((table["kind"], want))
            if want and got != want:
                problems.append(f"{table['id']} {ia:#x} is {got[0]}'s {got[1]}, not {want[0]}'s {want[1]}")
    # Nothing of this kind may be missing without a word.
    expected = {("stage2", IN_GUEST[model.SHARED_BORROWED]), ("host-stage2", IN_HOST[model.SHARED_BORROWED]),
                ("host-stage2", ("hyp", "nopage"))}
    expected |= {(kind, names[state]) for state in set(page_state.values())
                 for kind, names in (("stage2", IN_GUEST), ("host-stage2", IN_HOST))}
    return problems + [f"no {kind} row of {owner}'s {state}" for kind, (owner, state) in expected - seen]
