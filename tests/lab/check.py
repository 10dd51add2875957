# SPDX-License-Identifier: GPL-2.0-or-later
# Holds a capture against its own log, and s2dump's output against both.

import json
import os
import subprocess
import tempfile

import mksparse
import model
import pkvm
import refwalk
import s2json
import translate
import small
import truncate
import vcpu

HOST_WORD = 0x5a5a5a5a5a5a5a5a  # as in init.c
GUEST_WORD = 0xa5a5a5a5a5a5a5a5
OFF_HOST, OFF_GUEST = 0, 8

HCR_VM = 1 << 0
HCR_FWB = 1 << 46
MEMATTR_WB, MEMATTR_WB_FWB = 0xf, 6  # what KVM writes for memory, asm/memory.h
SPECIAL_GUESTS = {"gmem", "protected"}  # not of every kernel: see `guests` in capture.py
S2DUMP_SECONDS = 60
PIECES, FLIPS = 1000, 100


class Capture:
    def __init__(self, directory):
        self.dir = directory
        with open(os.path.join(directory, "regs.json")) as f:
            self.regs = json.load(f)
        self.log = model.Log(os.path.join(directory, "log.jsonl"))
        self.ram_path = os.path.join(directory, "ram.bin")
        self.ram_base = int(self.regs["ram_base"], 16)
        self.ram = refwalk.Ram(self.ram_path, self.ram_base)
        self.name = self.regs["config"]

    def file(self, name):
        """A file of the machine's own, put together from its pages in memory."""
        page = self.log.host["page_size"]
        size = next(e["size"] for e in self.log.events if e["ev"] == "file" and e["name"] == name)
        frames = [int(e["pa"], 16) for e in self.log.events
                  if e["ev"] == "frame" and e["name"] == name]
        return b"".join(self.ram(pa, page) for pa in frames)[:size]

    def tables(self):
        """(label, VM or None for the host of pKVM, registers) of every table with a known root."""
        for number, regs in self.regs["vms"].items():
            vm = self.log.vms[int(number)]
            yield f"vm {number} ({vm.name})", vm, numbers(regs)
        host = numbers(self.regs["host"] or {})
        if host.get("HCR_EL2", 0) & HCR_VM and host["VTTBR_EL2"]:
            yield "pKVM host", None, host


def numbers(regs):
    return {k: int(v, 16) for k, v in regs.items() if isinstance(v, str)}


# ---- the capture itself ----

def check_guests(cap):
    """Every VM was made, except those that the host's limit rules out; and none broke."""
    problems = [f"vm {e.get('vm')}: {e.get('what')}" for e in cap.log.bad]
    limit = cap.log.host["ipa_limit"]
    for vm in cap.log.vms.values():
        if not 32 <= vm.ipa_bits <= limit and not cap.log.protected:
            problems.append(f"{vm.ipa_bits} bits were accepted, limit {limit}")
        if str(vm.number) not in cap.regs["vms"]:
            problems.append(f"vm {vm.number} was never seen running")
    special = set(cap.regs["row"].get("guests", []))
    made = {vm.name for vm in cap.log.vms.values()} & SPECIAL_GUESTS
    problems += [f"there should be no guest {name}" for name in made - special]
    problems += [f"there is no guest {name}" for name in special - made]
    for e in cap.log.refused.values():
        if 32 <= e["ipa_bits"] <= limit and e["name"] not in SPECIAL_GUESTS:
            problems.append(f"{e['ipa_bits']} bits were refused: {e['text']}, limit {limit}")
    return problems


def check_leaves(vm, leaves, regs):
    """The table holds what the model says, no more and no less."""
    problems = list(vm.problems)
    # Ageing takes the access flag away, and where hardware sets it again nobody sees a fault.
    aged = bool(regs["VTCR_EL2"] & refwalk.HARDWARE_AF)
    got = {leaf.ia: leaf for leaf in leaves}
    for ia in sorted(set(got) | set(vm.maps)):
        leaf, want = got.get(ia), vm.maps.get(ia)
        if leaf is None:
            problems.append(f"{ia:#x} should be mapped")
        elif want is None:
            problems.append(f"{ia:#x} should not be mapped")
        elif leaf.size != want.size:
            problems.append(f"{ia:#x} is {leaf.size:#x} large, not {want.size:#x}")
        elif leaf.sw != want.state:
            problems.append(f"{ia:#x} has state {leaf.sw}, not {want.state}: {leaf.desc:#x}")
        elif (leaf.read, leaf.write, leaf.exec_el1, leaf.exec_el0, leaf.af or aged) != \
                (True, want.write, want.exec, want.exec, True):
            problems.append(f"{ia:#x} has other permissions: {leaf.desc:#x}")
    return problems


def check_addresses(cap, vm, leaves):
    """Output addresses against /proc/pid/pagemap, and against what was written there."""
    problems, seen = [], 0
    by_page = {}
    for leaf in leaves:
        for page in vm.pa:
            if leaf.ia <= page < leaf.ia + leaf.size:
                by_page[page] = leaf.pa + page - leaf.ia
    for page, pa in by_page.items():
        if vm.pa[page] != pa:
            problems.append(f"{page:#x} goes to {pa:#x}, pagemap says {vm.pa[page]:#x}")
        for words, word, off in ((vm.host_words, HOST_WORD, OFF_HOST),
                                 (vm.guest_words, GUEST_WORD, OFF_GUEST)):
            if page in words:
                seen += 1
                if cap.ram.word(pa + off) != page ^ word:
                    problems.append(f"{page:#x}: memory at {pa:#x} holds another word")
    if not seen and by_page.keys() & (vm.host_words | vm.guest_words):
        problems.append("no page could be recognised")
    return problems


def check_geometry(cap, vm, g):
    problems = []
    # pKVM of 6.12 ignores the size that is asked for (kvm_init_ipa_range() in mmu.c); that of 6.1
    # does not.
    limit = cap.log.host["ipa_limit"]
    if g.ia_bits != vm.ipa_bits and not (cap.log.protected and g.ia_bits == limit):
        problems.append(f"{g.ia_bits} input bits, asked for {vm.ipa_bits}")
    if 1 << g.page_log2 != cap.log.host["page_size"]:
        problems.append(f"granule {1 << g.page_log2}")
    return problems


def check_memattr(leaves, regs):
    want = MEMATTR_WB_FWB if regs["HCR_EL2"] & HCR_FWB else MEMATTR_WB
    return [f"{leaf.ia:#x} has MemAttr {leaf.memattr:#x}, not {want:#x}"
            for leaf in leaves if leaf.memattr != want]


def check_s1(cap, vm, leaves, regs):
    """Each VA that the guest touched leads through its own tables to the IPA in the log."""
    problems = [f"{name} is {regs[name]:#x}, the guest was given {vm.s1_regs[name.lower()]}"
                for name in ("TTBR0_EL1", "TTBR1_EL1", "TCR_EL1", "MAIR_EL1", "SCTLR_EL1")
                if regs[name] != int(vm.s1_regs[name.lower()], 16)]

    def read_ipa(ipa, size):
        for leaf in leaves:
            if leaf.ia <= ipa < leaf.ia + leaf.size:
                return cap.ram(leaf.pa + ipa - leaf.ia, size)
        raise refwalk.WalkError(f"IPA {ipa:#x} is not mapped")

    for e in vm.walks:
        va, want = int(e["va"], 16), int(e["ipa"], 16)
        try:
            got = refwalk.walk_s1(read_ipa, regs["TTBR0_EL1"], regs["TTBR1_EL1"],
                                  regs["TCR_EL1"], va)
        except refwalk.WalkError as error:
            problems.append(f"{va:#x}: {error}")
            continue
        if got != want:
            problems.append(f"{va:#x} goes to {got:#x}, not {want:#x}")
    return problems


# ---- s2dump against the reference walk ----

class S2dumpError(Exception):
    pass


def json_tables(text):
    try:
        return s2json.rows(text)
    except (ValueError, KeyError) as e:
        raise S2dumpError(f"output is not the documented JSON: {e!r}") from e


def run_text(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=S2DUMP_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise S2dumpError(str(e)) from e
    if done.returncode:
        raise S2dumpError(f"exit status {done.returncode}: {done.stderr.strip()[:200]}")
    return done.stdout


def run_json(*command):
    return json_tables(run_text(*command))


def geometry_arguments(regs, g):
    return [f"--vtcr={regs['VTCR_EL2']:#x}", f"--root={g.root:#x}",
            "--fwb" if regs["HCR_EL2"] & HCR_FWB else "--no-fwb"]


def compare_header(table, g, regs):
    kind = "host-stage2" if table.get("id") == "host" else "stage2"
    want = {"arch": "arm64", "kind": kind, "granule": 1 << g.page_log2, "ia_bits": g.ia_bits,
            "oa_bits": g.oa_bits, "start_level": g.start_level,
            "start_tables": max(1, 1 << g.start_bits - (g.page_log2 - 3) if
                                g.start_bits > g.page_log2 - 3 else 1),
            "complete": True}
    problems = [f"{k} is {table.get(k)!r}, not {v!r}" for k, v in want.items() if table.get(k) != v]
    if int(str(table.get("root")), 16) != g.root:
        problems.append(f"root is {table.get('root')}, not {g.root:#x}")
    if int(table.get("registers", {}).get("vtcr_el2", "0"), 16) != regs["VTCR_EL2"]:
        problems.append("registers.vtcr_el2")
    return problems


def compare_ranges(table, leaves, annotations, g, regs, merge):
    """Every descriptor of the reference walk lies in one range that says the same about it."""
    problems = []
    ranges = [r for r in table["ranges"] if r["mapped"]]
    index, n = 0, len(leaves)
    fwb = bool(regs["HCR_EL2"] & HCR_FWB)
    previous_end = 0
    for r in ranges:
        ia, size, level = int(r["ia"], 16), r["size"], r["level"]
        step = 1 << g.page_log2 + (g.page_log2 - 3) * (3 - level)
        where = f"range {ia:#x}+{size:#x}"
        if ia < previous_end:
            problems.append(f"{where} is out of order")
        previous_end = ia + size
        if size % step or r.get("count") != size // step:
            problems.append(f"{where}: count {r.get('count')}")
        if merge == "none" and size != step:
            problems.append(f"{where} holds several descriptors")
        mine = []
        while index < n and leaves[index].ia < ia + size:
            mine.append(leaves[index])
            index += 1
        if [leaf.ia for leaf in mine] != list(range(ia, ia + size, step)):
            problems.append(f"{where}: the reference has {len(mine)} descriptors here")
            continue
        contiguous = all(leaf.pa == mine[0].pa + i * step for i, leaf in enumerate(mine))
        pieces = 1 + sum(b.pa != a.pa + step for a, b in zip(mine, mine[1:]))
        if (r["pa"] is None) == contiguous or r["pieces"] != pieces:
            problems.append(f"{where}: {r['pieces']} pieces at {r['pa']}, not {pieces}")
        if merge == "pa" and not contiguous:
            problems.append(f"{where} is not contiguous")
        if r["pa"] and int(r["pa"], 16) != mine[0].pa:
            problems.append(f"{where}: pa {r['pa']}, not {mine[0].pa:#x}")
        if int(r["raw"], 16) != mine[0].desc:
            problems.append(f"{where}: raw {r['raw']}, not {mine[0].desc:#x}")
        for leaf in mine:
            want = {"level": leaf.level, "type": "page" if leaf.level == 3 else "block",
                    "read": leaf.read, "write": leaf.write, "af": leaf.af,
                    "exec_priv": leaf.exec_el1, "exec_user": leaf.exec_el0,
                    "memattr": refwalk.MEMATTR.get((fwb, leaf.memattr))}
            if leaf.sh is not None:
                want["sh"] = {0: "none", 2: "outer", 3: "inner"}.get(leaf.sh)
            wrong = [f"{k} {r.get(k)!r}" for k, v in want.items() if r.get(k) != v]
            if wrong:
                problems.append(f"{leaf.ia:#x} ({leaf.desc:#x}): " + ", ".join(wrong))
                break
    if index != n:
        problems.append(f"{leaves[index].ia:#x} is missing at the end")
    # An annotated invalid descriptor is something to show, not a hole.
    noted = [r for r in table["ranges"] if r["mapped"] is False and int(r["raw"], 16)]
    for ia, size, _, desc in annotations:
        if not any(int(r["ia"], 16) <= ia and ia + size <= int(r["ia"], 16) + r["size"]
                   and int(r["raw"], 16) == desc for r in noted):
            problems.append(f"annotation {desc:#x} at {ia:#x} is not shown")
    return problems


def compare_table(table, reference):
    """All that the JSON of one table says."""
    g, leaves, annotations, regs, merge = reference
    try:
        return (compare_header(table, g, regs)
                + compare_ranges(table, leaves, annotations, g, regs, merge))
    except (KeyError, TypeError, ValueError) as e:
        return [f"output is not the documented JSON: {e!r}"]


def check_s2dump(report, name, reference, *command):
    """Runs one s2dump command that prints one table and compares all of it."""
    try:
        tables = run_json(*command, f"--merge={reference[-1]}")
        if len(tables) != 1:
            raise S2dumpError(f"{len(tables)} tables")
        problems = compare_table(tables[0], reference)
    except S2dumpError as e:
        problems = [str(e)]
    report.check(name, problems)


def compare_tables(tables, references):
    """The stage-2 tables of a whole dump with references by id: all of them, and no others."""
    got = {t.get("id"): t for t in tables if t.get("kind") in ("stage2", "host-stage2")}
    problems = [f"{i} is missing" for i in references if i not in got]
    problems += [f"{i} is too much" for i in got if i not in references]
    for i in got.keys() & references.keys():
        problems += [f"{i}: {p}" for p in compare_table(got[i], references[i])]
    return problems


def check_kcore(report, cap, s2dump, references):
    """What s2dump said inside the machine about its own memory: see run_s2dumps() in init.c."""
    for run in cap.log.runs:
        name = f"{cap.name}: /proc/kcore: s2dump {run['run']}"
        out, err = (cap.file(f"/{run['run']}.{f}") for f in ("out", "err"))
        said = err.decode(errors="replace").strip()
        problems = []
        if cap.regs["row"]["kcore"] == "refuses":
            if run["exit"] != 3 or "protected" not in said or out:
                problems.append(f"exit status {run['exit']}, signal {run['signal']}, "
                                f"{len(out)} bytes, {said[:300]}")
            report.check(f"{name} refuses", problems)
            continue
        if run["exit"]:
            problems.append(f"exit status {run['exit']}, signal {run['signal']}: {said[:300]}")
        try:
            if run["run"] == "list":
                lines = [line.split() for line in out.decode().splitlines() if line[:1] != "#"]
                got = {(words[0], words[9]) for words in lines}  # titles: id ... geometry root
                want = {(i, f"{ref[0].root:#x}") for i, ref in references.items()}
                problems += [f"{i} {root} is missing" for i, root in want - got]
                problems += [f"{i} {root} is too much" for i, root in got - want]
            elif run["run"] == "json":
                problems += compare_tables(json_tables(out), references)
            else:
                path = os.path.join(cap.dir, "kcore.s2dump")
                with open(path, "wb") as f:
                    f.write(out)
                if s2dump:
                    problems += compare_tables(run_json(s2dump, "--json", path), references)
        except (S2dumpError, UnicodeDecodeError) as e:
            problems.append(str(e))
        report.check(f"{name}, {len(out)} bytes after {run['ms'] / 1000:.1f} s", problems)


def check_list(report, cap, dump, *command):
    """`s2dump list` finds every VM in a dump by itself, says which process it belongs to, and the mode of KVM."""
    name = f"{cap.name}: {os.path.basename(dump)}: s2dump list"
    try:
        document = s2json.document(run_text(*command))
        got = {(t["id"], int(t["root"], 16), int(t["registers"]["vtcr_el2"], 16))
               for t in document["tables"] if t["kind"] == "stage2"}
        mode = document["image"]["kvm_mode"]
    except S2dumpError as e:
        report.fail(f"{name}: {e}")
        return
    except (KeyError, TypeError, ValueError) as e:
        report.fail(f"{name}: output is not the documented JSON: {e!r}")
        return
    want = set()
    for _, vm, regs in cap.tables():
        if vm:
            root = refwalk.geometry(regs["VTCR_EL2"], regs["VTTBR_EL2"]).root
            want.add((f"vm:{vm.pid}", root, regs["VTCR_EL2"]))
    problems = [f"{i} root {r:#x} vtcr {v:#x} is missing" for i, r, v in sorted(want - got)]
    problems += [f"{i} root {r:#x} vtcr {v:#x} is too much" for i, r, v in sorted(got - want)]
    if mode != cap.regs["row"].get("mode", "vhe"):
        problems.append(f"the mode is {mode}")
    of = {t["id"]: t for t in document["tables"]}
    for _, vm, regs in cap.tables():
        if vm and f"vm:{vm.pid}" in of:
            problems += check_machine(cap, vm, regs, of[f"vm:{vm.pid}"])
    report.check(name, problems)


def check_machine(cap, vm, regs, table):
    """What `list` says of a VM beside its table against what the guest program, the hardware and the host's log know."""
    said, problems = table["vm"], []
    running = cap.regs["running"] == str(vm.number)
    want = {"pid": vm.pid, "comm": "init", "vmid": regs["VTTBR_EL2"] >> 48, "vcpus": 1,
            "state": "running" if running else "idle", "name": None, "name_from": None, "ram": sum(s["size"] for s in table["slots"])}
    problems += [f"{table['id']}: {key} is {said[key]}, not {value}" for key, value in want.items() if said[key] != value]
    if not said["name_missing"]:
        problems.append(f"{table['id']}: nothing says why there is no name")
    vcpu = said["vcpu"][0]
    want = {"index": 0, "state": "guest" if running else "outside", "pid": vm.pid, "cpu": vcpu["cpu"] if running else None}
    problems += [f"{table['id']}: vCPU: {key} is {vcpu[key]}, not {value}" for key, value in want.items() if vcpu[key] != value]
    if running and vcpu["cpu"] is None:
        problems.append(f"{table['id']}: the vCPU that runs is on no CPU")
    if bool(said["protected"]) != (vm.name == "protected"):
        problems.append(f"{table['id']}: protected is {said['protected']}")
    return problems


def check_pieces(report, cap, s2dump):
    """Small dumps cut off at thousands of places, and with flipped bits: see tests/tools/truncate.py."""
    core = os.path.join(cap.dir, "vmcore.elf")
    if not os.path.exists(core):
        return  # only configurations with a note have one
    tables = {table[:2] for _, _, regs in cap.tables()
              for table in refwalk.walk(cap.ram, regs["VTCR_EL2"], regs["VTTBR_EL2"])[2]}
    with tempfile.TemporaryDirectory(prefix="s2dump-lab-") as scratch:
        for path in small.make(s2dump, cap.ram_path, cap.ram_base, mksparse.notes_of(core), tables,
                               os.path.join(scratch, "small")):
            name = f"{cap.name}: {os.path.basename(path)}, {os.path.getsize(path) >> 10} KiB"
            for how, (count, problems) in (
                    ("cut off", truncate.cut(s2dump, path, points=PIECES)),
                    ("flipped", truncate.flip(s2dump, path, flips=FLIPS))):
                said = ", ".join(f"{n} with status {s}" for s, n in sorted(count.items(), key=str))
                report.check(f"{name}, {how} {sum(count.values())} times ({said})", problems)


def check_owners(report, cap, s2dump, references, donated):
    """Whose each page is, and in which state, in the tables of a protected host."""
    try:
        tables = run_json(s2dump, "--json", "--merge=none", cap.ram_path, f"--base={cap.ram_base:#x}")
        vms = {f"vm:{vm.pid}": vm for vm in cap.log.vms.values()}
        problems = pkvm.compare_owners(tables, vms, references, donated)
    except S2dumpError as e:
        problems = [str(e)]
    except (KeyError, TypeError, ValueError) as e:
        problems = [f"output is not the documented JSON: {e!r}"]
    report.check(f"{cap.name}: s2dump: owners and states", problems)


def check_invariants(report, cap, s2dump):
    """`s2dump check` finds nothing wrong with a machine that nothing is wrong with, and leaves nothing open."""
    done = subprocess.run([s2dump, "check", "--json", cap.ram_path, f"--base={cap.ram_base:#x}"],
                          capture_output=True, text=True, timeout=S2DUMP_SECONDS)
    problems = [f"exit status {done.returncode}: {done.stderr.strip()[:200]}"] if done.returncode else []
    try:
        checks = s2json.rows(done.stdout)
        problems += [f"{c['name']}: {c['result']}" for c in checks if c["result"] not in ("pass", "skipped")]
        if not any(c["result"] == "pass" for c in checks):
            problems.append("nothing was checked")
    except (ValueError, KeyError) as e:
        problems.append(repr(e))
    report.check(f"{cap.name}: s2dump check", problems)


def check_dir(report, directory, s2dump=None, dumps=False):
    """Returns the capture, and what its tables should be, by id (compare_tables())."""
    cap = Capture(directory)
    report.check(f"{cap.name}: guests", check_guests(cap))
    files = [os.path.join(directory, f) for f in ("vmcore.elf", "vmcore.kdump-flat")]
    files = [f for f in files if dumps and s2dump and os.path.exists(f)]
    references, donated = {}, {}
    for label, vm, regs in cap.tables():
        name = f"{cap.name}: {label}"
        try:
            g, leaves, _, annotations = refwalk.walk(cap.ram, regs["VTCR_EL2"], regs["VTTBR_EL2"])
        except refwalk.WalkError as e:
            report.fail(f"{name}: walk: {e}")
            continue
        references[f"vm:{vm.pid}" if vm else "host"] = (g, leaves, annotations, regs, "attrs")
        if vm:
            report.check(f"{name}: {g.ia_bits} bits from level {g.start_level}",
                         check_geometry(cap, vm, g))
            report.check(f"{name}: {len(leaves)} descriptors are as the log says",
                         check_leaves(vm, leaves, regs))
            report.check(f"{name}: pagemap and contents", check_addresses(cap, vm, leaves))
            report.check(f"{name}: memory type", check_memattr(leaves, regs))
            if vm.protected:
                donated.update((leaf.pa, leaf) for leaf in leaves)
            if vm.s1_regs:
                report.check(f"{name}: stage 1", check_s1(cap, vm, leaves, regs))
                if s2dump:
                    translate.check(report, name, cap, vm, s2dump,
                                    ((vm.host_words, HOST_WORD, OFF_HOST),
                                     (vm.guest_words, GUEST_WORD, OFF_GUEST)))
                    vcpu.check(report, name, cap, vm, s2dump, leaves)
        else:
            report.check(f"{name}: {len(leaves)} descriptors, {len(annotations)} annotations",
                         pkvm.check_host(cap.log, leaves, annotations, donated))
        if not s2dump:
            report.skip(f"{name}: s2dump: no --s2dump")
            continue
        raw = [s2dump, "--json", cap.ram_path, f"--base={cap.ram_base:#x}"]
        more = geometry_arguments(regs, g)
        for merge in "none", "attrs", "pa":
            check_s2dump(report, f"{name}: s2dump --merge={merge}",
                         (g, leaves, annotations, regs, merge), *raw, *more)
        for path in files:
            check_s2dump(report, f"{name}: s2dump {os.path.basename(path)}",
                         (g, leaves, annotations, regs, "none"), s2dump, "--json", path, *more)
    if s2dump:
        if cap.log.borrows:
            check_owners(report, cap, s2dump, references, donated)
        check_invariants(report, cap, s2dump)
        check_list(report, cap, cap.ram_path, s2dump, "list", "--json", cap.ram_path,
                   f"--base={cap.ram_base:#x}")
    for path in files:
        check_list(report, cap, path, s2dump, "list", "--json", path)
    check_kcore(report, cap, s2dump, references)
    return cap, references
