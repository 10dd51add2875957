# SPDX-License-Identifier: GPL-2.0-or-later
# Holds what s2dump says about a capture against the walks of tables.py and the log.

import os
import re
import subprocess
import tempfile

import filtered
import s2json
import model
import tables
from qemu import LabError

S2DUMP_SECONDS = 120


class S2dumpError(Exception):
    pass


def run(s2dump, *arguments, status=(0,)):
    try:
        done = subprocess.run([s2dump, *arguments], capture_output=True, text=True, timeout=S2DUMP_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise S2dumpError(str(e)) from e
    if done.returncode not in status:
        raise S2dumpError(f"exit status {done.returncode}: {done.stderr.strip()[:300]}")
    return done.stdout


def rows(s2dump, *arguments, status=(0,)):
    try:
        return s2json.rows(run(s2dump, *arguments, status=status))
    except (ValueError, KeyError) as e:
        raise S2dumpError(f"output is not the documented JSON: {e!r}") from e


# Of each table of a VM: what it is called here, and what follows the VM's id in its own.
SPACES = {0: ("", ""), model.SMM: (", SMM", "/smm"), model.NESTED: (", its guest", "/nested:0")}


class Expected:
    """A table that s2dump has to find: its walk, what the model says of it beyond that, and whose it is."""

    def __init__(self, cap, vm, space, walk):
        self.cap, self.vm, self.space, self.walk = cap, vm, space, walk

    def label(self):
        return f"vm {self.vm.number} ({self.vm.name}{SPACES[self.space][0]})"


# ---- rows ----

def leaf_row(cap, leaf):
    """The members of a row of --merge=none that an entry with a translation decides."""
    want = {"ia": hex(leaf.gpa), "size": leaf.size, "level": leaf.level, "type": "page" if leaf.level == 1 else "block",
            "mapped": True, "pa": hex(leaf.pa), "read": leaf.read, "write": leaf.write, "exec": leaf.exec,
            "host_writable": leaf.host_writable, "mmu_writable": leaf.mmu_writable, "mmu_present": True,
            "raw": hex(leaf.raw), "descriptor_pa": hex(leaf.at), "count": 1}
    if leaf.memory:
        want["memattr"], want["ipat"] = leaf.memory
    if cap.hardware_ad:
        want["accessed"], want["dirty"] = leaf.accessed, leaf.dirty
    return want


def nothing_row(entry):
    """Of an entry by which hardware maps nothing."""
    return {"ia": hex(entry.gpa), "size": entry.size, "level": entry.level, "mapped": False,
            "raw": hex(entry.raw), "descriptor_pa": hex(entry.at), "count": 1}


def tracked_row(entry):
    return {**nothing_row(entry), "type": "tracked", "pa": hex(entry.pa),
            "saved_rights": ("r" if entry.read else "-") + "-" + ("x" if entry.exec else "-")}


def mmio_row(cap, entry):
    return {**nothing_row(entry), "type": "mmio", "gpa": hex(cap.masks.mmio_gpa(entry.raw)),
            "gen": cap.masks.generation(entry.raw)}


def unlike(want, got):
    """What of @want a record does not say."""
    return [f"{name} {got.get(name)!r}, not {value!r}" for name, value in want.items() if got.get(name) != value]


def compare_rows(cap, walk, ranges):
    """Each not-empty entry is a row that says what it should, and there are no other rows that are not empty."""
    want = {e.gpa: leaf_row(cap, e) for e in walk.leaves}
    want.update((e.gpa, tracked_row(e)) for e in walk.tracked)
    want.update((e.gpa, mmio_row(cap, e)) for e in walk.others)
    got = {int(r["ia"], 16): r for r in ranges if r["mapped"] or int(r["raw"], 16) & ~tables.SUPPRESS_VE}
    problems = [f"{gpa:#x} is missing" for gpa in sorted(want.keys() - got.keys())]
    problems += [f"{gpa:#x} is too much ({got[gpa]['raw']})" for gpa in sorted(got.keys() - want.keys())]
    for gpa in sorted(want.keys() & got.keys()):
        wrong = unlike(want[gpa], got[gpa])
        if wrong:
            problems.append(f"{gpa:#x} ({want[gpa]['raw']}): " + ", ".join(wrong))
    return problems


# ---- tables ----

def slot_rows(vm, space):
    """What `slots' of a table of the VM should be: those of the address space that the table is of."""
    return sorted((s.space, s.number, s.gpa, s.size, s.hva if s.backing != "gmem" else None, s.readonly, s.log,
                   s.backing == "gmem") for s in vm.slots.get(space, {}).values())


def slots_of(table):
    return sorted((s["as"], s["id"], int(s["ipa"], 16), s["size"], int(s["hva"], 16) if not s["gmem"] else None,
                   s["readonly"], s["log"], s["gmem"]) for s in table["slots"] or [])


def compare_head(cap, expected, table):
    vm = expected.vm
    kind = "nested-stage2" if expected.space == model.NESTED else "stage2"
    problems = unlike({"kind": kind, "arch": "x86", "format": cap.log.host["format"], "stage": 2, "granule": 4096,
                       "oa_bits": cap.log.host["maxphyaddr"], "start_level": cap.levels,
                       "soft": "kvm-new" if cap.masks.new else "kvm-old", "complete": True}, table)
    problems += unlike({"pid": vm.pid, "vcpus": vm.vcpus}, table["vm"] or {})
    # Several VMs of one process are told apart by a number.
    wanted = rf"vm:{vm.pid}(\.[0-9]+)?{SPACES[expected.space][1]}"
    if not re.fullmatch(wanted, table["id"]):
        problems.append(f"id {table['id']}, not {wanted}")
    wanted = slot_rows(vm, expected.space)
    if slots_of(table) != wanted:
        problems.append(f"slots {slots_of(table)}, not {wanted}")
    return problems


def pid_of(table):
    return (table["vm"] or {}).get("pid", -1)


def compare_old(cap, found):
    """Roots that a deleted slot made invalid and that a vCPU still holds: as many VMs have one as have such a vCPU."""
    problems = []
    old = [t for t in found if "/old" in t["id"] and pid_of(t) != cap.log.orphan]
    want = {vm.pid for vm in cap.log.vms.values() if vm.old}
    if sorted(pid_of(t) for t in old) != sorted(want):
        problems.append(f"old roots {[t['id'] for t in old]}, not one each of {sorted(want)}")
    problems += [f"{t['id']} maps {r['ia']}" for t in old for r in t["ranges"] if r["mapped"]]
    return problems


def compare_tables(cap, expected, found):
    """[(name of a check, problems)] of all tables that a dump gave."""
    by_root = {int(t["root"], 16): t for t in found if t["root"]}
    roots = {e.walk.root for e in expected}
    results = []
    for e in expected:
        table = by_root.get(e.walk.root)
        problems = [f"no table with the root {e.walk.root:#x}"]
        if table:
            problems = compare_head(cap, e, table) + compare_rows(cap, e.walk, table["ranges"])
        results.append((e.label(), problems))
    more = [f"{t['id']} is too much" for root, t in by_root.items()
            if root not in roots and "/old" not in t["id"] and pid_of(t) != cap.log.orphan]
    more += [f"{t['id']} maps {r['ia']}" for t in by_root.values() for r in t["ranges"]
             if r["mapped"] and pid_of(t) == cap.log.orphan]
    rootless = sum(not t["root"] for t in found)
    if rootless != len(cap.log.rootless):
        more.append(f"{rootless} tables without a root, not {len(cap.log.rootless)}")
    return [*results, ("old roots", more + compare_old(cap, found))]


# ---- commands ----

def check_dump(report, name, cap, expected, s2dump, *arguments):
    try:
        found = rows(s2dump, "dump", "--json", "--merge=none", *arguments)
        for what, problems in compare_tables(cap, expected, found):
            report.check(f"{name}: {what}", problems)
    except S2dumpError as e:
        report.fail(f"{name}: {e}")
    except (KeyError, TypeError, ValueError) as e:
        report.fail(f"{name}: output is not the documented JSON: {e!r}")


def compare_sums(expected, found):
    """Rows that are merged in any way cover the same memory: added up by rights and level."""
    by_root = {int(t["root"], 16): t for t in found if t["root"]}
    problems = []
    for e in expected:
        want, got = {}, {}
        for leaf in e.walk.leaves:
            key = leaf.read, leaf.write, leaf.exec, leaf.level
            want[key] = want.get(key, 0) + leaf.size
        for r in by_root.get(e.walk.root, {"ranges": []})["ranges"]:
            if r["mapped"]:
                key = r["read"], r["write"], r["exec"], r["level"]
                got[key] = got.get(key, 0) + r["size"]
        if want != got:
            problems.append(f"{e.label()}: {got}, not {want}")
    return problems


def check_merged(report, name, cap, expected, s2dump, merge):
    try:
        problems = compare_sums(expected, rows(s2dump, "dump", "--json", f"--merge={merge}", *cap.input()))
    except (S2dumpError, KeyError, TypeError, ValueError) as e:
        problems = [repr(e)]
    report.check(f"{name} --merge={merge}", problems)


def check_list(report, name, cap, expected, s2dump, *arguments):
    problems = []
    try:
        found = rows(s2dump, "list", "--json", *arguments)
        got = {int(t["root"], 16) for t in found
               if t["root"] and "/old" not in t["id"] and pid_of(t) != cap.log.orphan}
        want = {e.walk.root for e in expected}
        problems += [f"{root:#x} is missing" for root in want - got]
        problems += [f"{root:#x} is too much" for root in got - want]
    except (S2dumpError, KeyError, TypeError, ValueError) as e:
        problems.append(repr(e))
    report.check(f"{name}: list", problems)


def check_invariants(report, name, s2dump, *arguments):
    """`s2dump check` finds nothing wrong with a machine that nothing is wrong with, and leaves nothing open."""
    problems = []
    try:
        checks = rows(s2dump, "check", "--json", *arguments)
        problems += [f"{c['name']}: {c['result']}" for c in checks if c["result"] not in ("pass", "skipped")]
        if not any(c["result"] == "pass" for c in checks):
            problems.append("nothing was checked")
    except (S2dumpError, KeyError) as e:
        problems.append(repr(e))
    report.check(f"{name}: check", problems)


def check_extract(report, name, cap, expected, s2dump):
    """What extract keeps says the same."""
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        out = os.path.join(scratch, "extract")
        try:
            run(s2dump, "extract", *cap.input(), "-o", out)
        except S2dumpError as e:
            report.fail(f"{name}: extract: {e}")
            return
        check_dump(report, f"{name}: extract", cap, expected, s2dump, out)


def raw_arguments(cap, walk):
    """A root by itself, as the registers say it: Intel SDM vol. 3C 25.6.11 (EPTP), AMD APM vol. 2 15.25 (nCR3)."""
    software = f"--software=kvm-{'new' if cap.masks.new else 'old'}"
    width = f"--maxphyaddr={cap.log.host['maxphyaddr']}"
    if cap.log.host["format"] == "ept":
        eptp = walk.root | 6 | (cap.levels - 1) << 3 | (1 << 6 if cap.hardware_ad else 0)
        return [f"--eptp={eptp:#x}", width, software]
    return ["--arch=npt", f"--ncr3={walk.root:#x}", f"--start-level={cap.levels}", width, software]


def check_raw(report, name, cap, expected, s2dump):
    problems = []
    for e in expected:
        try:
            found = rows(s2dump, "dump", "--json", "--merge=none", *raw_arguments(cap, e.walk), *cap.input())
            if len(found) != 1:
                problems.append(f"{e.label()}: {len(found)} tables")
            else:
                problems += [f"{e.label()}: {p}" for p in compare_rows(cap, e.walk, found[0]["ranges"])]
        except (S2dumpError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{e.label()}: {error!r}")
    report.check(f"{name}: registers", problems)


def check_filtered(report, name, cap, expected, s2dump):
    """Every root that makedumpfile -d 31 left is dumped, if need be as root:0xPA, whose VM is not known any more."""
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-", dir=os.path.dirname(cap.path)) as scratch:
        vmcore = os.path.join(scratch, "vmcore")
        filtered.rewrite(cap, vmcore)
        for form in filtered.FORMS:
            path = os.path.join(scratch, form)
            problems = []
            try:
                filtered.filter_dump(vmcore, form, path)
                found = {int(t["root"], 16): t for t in rows(s2dump, "dump", "--json", "--merge=none", path,
                                                             status=(0, 4)) if t["root"]}
                for e in expected:
                    table = found.get(e.walk.root)
                    problems += [f"{e.label()}: {p}" for p in (
                        compare_rows(cap, e.walk, table["ranges"]) if table else ["no table"])]
                    if table and not table["vm"] and table["id"] != f"root:{e.walk.root:#x}":
                        problems.append(f"{e.label()} is called {table['id']}")
            except (S2dumpError, LabError, KeyError, TypeError, ValueError) as e:
                problems.append(repr(e))
            os.unlink(path)
            report.check(f"{name}: {form}", problems)


def check_kcore(report, cap, expected, s2dump):
    """What s2dump said inside the machine about its own memory: see run_s2dumps() in inside.c."""
    for event in (e for e in cap.log.events if e["ev"] == "s2dump"):
        name = f"{cap.name}: /proc/kcore: s2dump {event['run']}"
        out, err = (cap.file(f"/{event['run']}.{f}") for f in ("out", "err"))
        if event["exit"]:
            report.fail(f"{name}: exit status {event['exit']}, signal {event['signal']}: {err[:300]}")
        elif event["run"] == "json":
            report.check(f"{name}, {len(out)} bytes after {event['ms'] / 1000:.1f} s", compare_sums(expected, s2json.rows(out)))
        elif event["run"] == "extract":
            path = os.path.join(os.path.dirname(cap.path), "kcore.s2dump")
            with open(path, "wb") as f:
                f.write(out)
            check_dump(report, name, cap, expected, s2dump, path)


def check_tables(report, cap, walks, s2dump):
    """The tables of each file of a capture. @walks: of each VM by number and address space, see check.py. What s2dump has
    to find."""
    expected = [Expected(cap, vm, space, walks[vm.number][space]) for vm in cap.log.vms.values()
                for space in SPACES if space in walks[vm.number]]
    for path in cap.files:
        name = f"{cap.name}: s2dump {os.path.basename(path)}"
        check_dump(report, name, cap, expected, s2dump, *cap.input(path))
        check_list(report, name, cap, expected, s2dump, *cap.input(path))
    for merge in "attrs", "pa":
        check_merged(report, f"{cap.name}: s2dump", cap, expected, s2dump, merge)
    return expected


def check_s2dump(report, cap, walks, s2dump):
    expected = check_tables(report, cap, walks, s2dump)
    name = f"{cap.name}: s2dump"
    check_raw(report, name, cap, expected, s2dump)
    check_invariants(report, name, s2dump, *cap.input())
    check_extract(report, name, cap, expected, s2dump)
    if filtered.possible(cap) and not cap.row.get("unfiltered"):
        check_filtered(report, f"{name} -d 31", cap, expected, s2dump)
    check_kcore(report, cap, expected, s2dump)
