# SPDX-License-Identifier: GPL-2.0-or-later
# Holds `s2dump dump --vcpu`, and with `--effective`, against the tables that the guest with stage 1 was given.

import json
import subprocess

PAGE = 4096  # of the guest's own tables
# Attributes of a table descriptor that hold for all below it (Arm ARM D8.3.3).
PXN_TABLE, RO_TABLE = 1 << 59, 1 << 62
SECONDS = 60


def run(s2dump, cap, vm, *options):
    command = [s2dump, "dump", "--json", f"--vcpu=vm:{vm.pid}/0", *options, cap.ram_path,
               f"--base={cap.ram_base:#x}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()[:200]}")
    return json.loads(done.stdout)


def lists_of(document, member):
    """All lists of that name, whatever they are wrapped in."""
    if isinstance(document, list):
        return [found for part in document for found in lists_of(part, member)]
    if not isinstance(document, dict):
        return []
    return [document[member]] if member in document else lists_of(list(document.values()), member)


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


def compare_leaves(vm, ranges):
    """Each s1map event is one descriptor, and there are no others. Its rights are its own: what the
    tables above take away is no part of it."""
    problems = []
    got = {int(r["ia"], 16): r for r in ranges if r["valid"]}
    want = {int(e["va"], 16): e for e in vm.s1_maps}
    problems += [f"{va:#x} should not be mapped" for va in got.keys() - want.keys()]
    problems += [f"{va:#x} should be mapped" for va in want.keys() - got.keys()]
    for va in got.keys() & want.keys():
        r, e = got[va], want[va]
        el1, el0 = rights(e, 0)
        expected = {"size": e["size"], "level": e["level"], "contiguous": e["contiguous"],
                    "attrindx": e["attr_index"], "af": True}
        expected.update({name: {"el1": letter in el1, "el0": letter in el0}
                         for name, letter in (("read", "R"), ("write", "W"), ("exec", "X"))})
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
        if not r["valid"]:
            continue
        el1, el0 = ({letter for name, letter in (("read", "R"), ("write", "W"), ("exec", "X")) if r[name][el]}
                    for el in ("el1", "el0"))
        ia, size = int(r["ia"], 16), r["size"]
        if not el1 and not el0:
            continue
        if size > PAGE and not r["pa_contiguous"]:
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
        ranges = [r for part in lists_of(run(s2dump, cap, vm, "--merge=none"), "ranges") for r in part]
        problems = compare_leaves(vm, ranges)
    except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as e:
        problems = [repr(e)]
    report.check(f"{name}: s2dump dump --vcpu, {len(vm.s1_maps)} descriptors", problems)
    try:
        ranges = [r for part in lists_of(run(s2dump, cap, vm, "--effective", "--merge=pa"), "effective")
                  for r in part]
        problems, n = compare_effective(vm, leaves, ranges)
    except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as e:
        problems = [repr(e)]
    if not n:
        problems.append("nothing to check")
    report.check(f"{name}: s2dump dump --vcpu --effective, {n} pages", problems)
