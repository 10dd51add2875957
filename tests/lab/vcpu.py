# SPDX-License-Identifier: GPL-2.0-or-later
# Holds `s2dump dump --vcpu`, and with `--effective`, against the tables that the guest with stage 1 was given.

import subprocess

import s2json

PAGE = 4096  # of the guest's own tables
# Attributes of a table descriptor that hold for all below it (Arm ARM D8.3.3).
PXN_TABLE, RO_TABLE = 1 << 59, 1 << 62
SECONDS = 60
# Members for R, W and X of EL1, and of EL0.
RIGHTS = (("read", "write", "exec_priv"), ("read_user", "write_user", "exec_user"))


def run(s2dump, cap, vm, *options):
    command = [s2dump, "dump", "--json", f"--vcpu=vm:{vm.pid}/0", *options, cap.ram_path,
               f"--base={cap.ram_base:#x}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()[:200]}")
    return [r for table in s2json.rows(done.stdout) for r in table["ranges"]]


def rights(e, table_attr):
    """What stage 1 allows EL1 and EL0, without WXN and PAN (Arm ARM D8.4.1.2)."""
    ro = e["ro"] or bool(table_attr & RO_TABLE)
    pxn = e["pxn"] or bool(table_attr & PXN_TABLE)
    el1 = {"R"} if ro else {"R", "W"}
    el0 = set(el1) if e["el0"] else set()
    # What EL0 can write EL1 does not execute.
    if not pxn and "W" not in el0:
        el1.add("X")
    if not e["uxn"]:
        el0.add("X")
    return el1, el0


def compare_leaves(vm, ranges, raw=False):
    """Each s1map event is one descriptor, and there are no others. Its rights are what the tables above leave of them; of @raw
    rights those are no part."""
    problems = []
    got = {int(r["ia"], 16): r for r in ranges if r["mapped"]}
    want = {int(e["va"], 16): e for e in vm.s1_maps}
    problems += [f"{va:#x} should not be mapped" for va in got.keys() - want.keys()]
    problems += [f"{va:#x} should be mapped" for va in want.keys() - got.keys()]
    for va in got.keys() & want.keys():
        r, e = got[va], want[va]
        el1, el0 = rights(e, 0 if raw else int(e["table_attr"], 16))
        expected = {"size": e["size"], "level": e["level"], "cont": e["contiguous"],
                    "attrindx": e["attr_index"], "af": True}
        expected.update({name: letter in level for level, names in zip((el1, el0), RIGHTS) for name, letter in zip(names, "RWX")})
        wrong = [f"{k} {r.get(k)!r}" for k, v in expected.items() if r.get(k) != v]
        if int(r["pa"], 16) != int(e["ipa"], 16):
            wrong.append(f"pa {r['pa']}")
        if wrong:
            problems.append(f"{va:#x}: " + ", ".join(wrong))
    return problems


def effective_pages(vm, leaves):
    """Page of the guest: address and rights after both stages, of those that lead to memory."""
    pages = {}
    for e in vm.s1_maps:
        va, ipa = int(e["va"], 16), int(e["ipa"], 16)
        el1, el0 = rights(e, int(e["table_attr"], 16))
        for leaf in leaves:
            both = [stage1 & {letter for letter, allowed in (("R", leaf.read), ("W", leaf.write), ("X", x))
                              if allowed}
                    for stage1, x in ((el1, leaf.exec_el1), (el0, leaf.exec_el0))]
            for page in range(max(ipa, leaf.ia), min(ipa + e["size"], leaf.ia + leaf.size), PAGE):
                pages[va + page - ipa] = (leaf.pa + page - leaf.ia, *both)
    return {va: page for va, page in pages.items() if page[1] or page[2]}


def compare_effective(vm, leaves, ranges):
    """Rows with access say of each of their pages what the two stages together say."""
    problems, got = [], {}
    for r in ranges:
        if not r["mapped"]:
            continue
        el1, el0 = ({letter for name, letter in zip(names, "RWX") if r[name]} for names in RIGHTS)
        ia, size = int(r["ia"], 16), r["size"]
        if not el1 and not el0:
            continue
        if size > PAGE and r["pa"] is None:
            problems.append(f"{ia:#x}+{size:#x} has no address for each page")
            continue
        for off in range(0, size, PAGE):
            got[ia + off] = (int(r["pa"], 16) + off, el1, el0)
    want = effective_pages(vm, leaves)
    problems += [f"{va:#x} should be inaccessible" for va in got.keys() - want.keys()]
    problems += [f"{va:#x} should be accessible" for va in want.keys() - got.keys()]
    problems += [f"{va:#x} is {got[va]}, not {want[va]}" for va in got.keys() & want.keys()
                 if got[va] != want[va]]
    return problems, len(want)


def check(report, name, cap, vm, s2dump, leaves):
    problems, n = [], 0
    try:
        problems = compare_leaves(vm, run(s2dump, cap, vm, "--merge=none"))
        problems += compare_leaves(vm, run(s2dump, cap, vm, "--merge=none", "--raw-rights"), raw=True)
    except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as e:
        problems = [repr(e)]
    report.check(f"{name}: s2dump dump --vcpu, {len(vm.s1_maps)} descriptors", problems)
    try:
        problems, n = compare_effective(vm, leaves, run(s2dump, cap, vm, "--effective", "--merge=pa"))
    except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as e:
        problems = [repr(e)]
    if not n:
        problems.append("nothing to check")
    report.check(f"{name}: s2dump dump --vcpu --effective, {n} pages", problems)
