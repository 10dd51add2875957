#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every value, format, operation and option once, and each answer as it was: what no other test asks, asked in bulk.

    test_sweep.py --s2dump PATH [--update] [--first] [--case GROUP]... [--only KEY [--against PATH]]

The answers stand in sweep.pinned, by digest (tests/tools/pinned.py): they were never held against a manual, other tests do that.
--only prints one, and with --against in what another program's differs."""
import collections
import itertools
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "tools"))
import mkguest  # noqa: E402
import mkpkvm  # noqa: E402
import mktables  # noqa: E402
import mkx86  # noqa: E402
import pinned  # noqa: E402

Task = collections.namedtuple("Task", "group name make commands")
# An input and what is asked of it; @make writes it to a path, and returns the options that it needs. FILE stands for the path.

BITS = [1 << n for n in range(64)]


def flips(*values):
    """These values, and each with each bit turned over."""
    return [f"{v ^ bit:#x}" for v in values for bit in (0, *BITS)]


def nothing(_path):
    return []


# --- Values ------------------------------------------------------------------------------------------------------------

REGISTERS = {
    "vtcr_el2": (0, 0x80023559, 0x80053559, 0x802d3558, 0x180023541), "vttbr_el2": (0x140000000,), "hcr_el2": (0x80000001, 0x400403c807c263f),
    "sctlr_el1": (0x30d0198d,), "tcr_el1": (0, 0x500000019 | 2 << 30), "tcr2_el1": (0,), "ttbr0_el1": (0x41234000,), "ttbr1_el1": (0x41234001,),
    "mair_el1": (0x40044ffff, 0xf0bb4404), "pir_el1": (0x89abcdef01234567,), "pire0_el1": (0x76543210fedcba98,),
    "por_el1": (0x89abcdef01234567,), "por_el0": (0x76543210fedcba98,), "sctlr_el2": (0x30c5183d,), "tcr_el2": (0x80850010,),
    "ttbr0_el2": (0x41234000,), "ttbr1_el2": (0x41234001,), "mair_el2": (0xff,), "tcr2_el2": (0,), "pir_el2": (0,), "pire0_el2": (0,),
    "por_el2": (0,), "far_el2": (0x1234,), "hpfar_el2": (0x8000,), "par_el1": (0, 1, 0xff00000041234000 | 0x280, 0xa09),
    "eptp": (0x4000005e, 0x40000066), "ncr3": (0x40000000,), "pat": (0x7040600070406, 0x105060007040600),
}
# Exception classes 0 to 63, each with every fault status; what else is in it, bit by bit.
SYNDROMES = [f"{ec << 26 | 1 << 25 | rest:#x}" for ec in range(64) for rest in (0, 7, 0x1ffffff)] + \
    [f"{ec << 26 | 1 << 25 | fsc:#x}" for ec in (0x20, 0x24) for fsc in range(64)] + flips(0x92000007, 0x82000007, 0x9a000000, 0x5a000000)

ARM64_LEAVES = (0, 0x400000407c3, 0x600000400007fd, 0xffffffffffffffff)
ARM64_FORMATS = (
    ["--vtcr=0x80023559"], ["--vtcr=0x80023559", "--hcr=0x400000080000001"], ["--vtcr=0x80023559", "--fwb"], ["--vtcr=0x80023559", "--no-fwb"],
    ["--vtcr=0x80023559", "--no-xnx"], ["--vtcr=0x80023559", "--realm"], ["--vtcr=0x802d3558"], ["--vtcr=0x800a7558"], ["--vtcr=0x80667558"],
    ["--granule=4K", "--ia-bits=48", "--oa-bits=52", "--lpa2"], ["--granule=16K", "--ia-bits=47", "--oa-bits=48"],
    ["--granule=16K", "--ia-bits=52", "--oa-bits=52", "--lpa2"], ["--granule=64K", "--ia-bits=48", "--oa-bits=48"],
    ["--granule=64K", "--ia-bits=52", "--oa-bits=52"])
EPT_OPTIONS = ([], ["--mbec"], ["--ve"], ["--spp"], ["--paging-write"], ["--verify-paging"], ["--no-exec-only"], ["--no-1g-pages"], ["--ad"],
               ["--maxphyaddr=40"], ["--software=kvm-old"], ["--software=kvm-new"])
NPT_OPTIONS = ([], ["--gmet"], ["--c-bit=47"], ["--no-nx"], ["--no-1g-pages"], ["--pat=0x7040600070406"], ["--maxphyaddr=40"],
               ["--software=kvm-old"], ["--software=kvm-new"])
X86_LEAVES = (0, 0x123456077, 0x600000123456bf7, 0x80a0000123400ff7, 0x1000f89d000346, 0xffffffffffffffff)


def decode_commands():
    for name, values in REGISTERS.items():
        for form in "ptdump", "json":
            yield "registers", ["decode", f"--as={name}", f"--format={form}", *flips(*values)]
    for form in "ptdump", "json":
        yield "registers", ["decode", "--as=esr_el2", f"--format={form}", *SYNDROMES]
    for options, level in itertools.product(ARM64_FORMATS, range(-1, 4)):
        yield "arm64", ["decode", *options, f"--level={level}", *flips(*ARM64_LEAVES)]
        yield "arm64", ["decode", *options, f"--level={level}", "--format=json", *flips(ARM64_LEAVES[1])]
    for stage, granule, level in itertools.product(("stage1-el1", "stage1-el2"), ("4K", "16K", "64K"), range(4)):
        for more in [], ["--lpa2"], ["--mair=0x40044ffff"]:
            yield "arm64", ["decode", f"--as={stage}", f"--granule={granule}", f"--level={level}", *more, *flips(*ARM64_LEAVES)]
    for kind, more in ("ept", EPT_OPTIONS), ("npt", NPT_OPTIONS):
        for options, level in itertools.product(more, range(1, 6)):
            yield "x86", ["decode", f"--as={kind}", *options, f"--level={level}", *flips(*X86_LEAVES)]
            yield "x86", ["decode", f"--as={kind}", *options, f"--level={level}", "--format=json", *flips(X86_LEAVES[1])]


# --- Tables ------------------------------------------------------------------------------------------------------------

DEBUGFS = ("debugfs", "debugfs-7.3", "debugfs-6.19", "debugfs-6.18", "debugfs-6.12")
# Names of members of rows: all of them are asked for, wherever they mean nothing.
MEMBERS = """ia size level type mapped pa pieces read write exec read_user write_user exec_priv exec_user memattr sh af cont dbm fnxs nt xn0
ns sw pbha ignored attrindx piindex poindex gp ng mmu_present host_writable mmu_writable ad_type soft_accessed soft_dirty suppress_ve nx_huge
user_exec ipat accessed dirty verify_paging paging_write shadow_stack subpage_write sw_bits user global c_bit gpa gen access saved_rights
slot in_slot private owner state state_from handle gfn count raw descriptor_pa missing odd table end rights device flags""".split()
COLUMNS = [",".join(MEMBERS[i:i + 12]) for i in range(0, len(MEMBERS), 12)]

SHORT = [["dump", "--format=json", "--merge=none", "FILE"], ["list", "-l", "FILE"], ["dump", "--tables", "FILE"],
         ["check", "--findings=all", "FILE"]]
LONG = SHORT + [["dump", "FILE"], ["dump", "--format=csv", "FILE"], ["extract", "-o", "MADE", "FILE"]] + [["dump", f"--format={form}", "FILE"] for form in ("tsv", "jsonl", *DEBUGFS)] + \
    [["dump", f"--merge={how}", "FILE"] for how in ("none", "pa", "attrs")] + \
    [["dump", "--raw-rights", "FILE"], ["dump", "--no-header", "FILE"], ["dump", "--tables", "--format=json", "FILE"], ["dump", "--color=always", "FILE"],
     ["list", "FILE"], ["list", "--color=always", "-l", "FILE"], ["list", "-l", "--format=json", "FILE"], ["slots", "FILE"],
     ["slots", "--format=json", "FILE"], ["inspect", "FILE"], ["inspect", "--format=json", "FILE"], ["check", "--format=json", "FILE"],
     ["check", "FILE"], ["check", "--color=always", "--findings=1", "FILE"], ["list", "-v", "FILE"], ["extract", "-v", "-o", "MADE", "FILE"],
     ["find", "--color=always", "FILE", "0-0x1000000000000"], ["find", "--format=jsonl", "--where=write", "FILE", "0-0x1000000000000"],
     ["dump", "--color=always", "--where=write and exec", "FILE"], ["dump", "--color=always", "--tables", "FILE"], ["dump", "--range=0x1000-0x40003000", "--range=0x80000000-0x80201000", "FILE"]]
ASKED = [["dump", f"--columns={names}", f"--format={form}", "FILE"] for names in COLUMNS for form in ("ptdump", "csv", "json")] + \
    [["dump", f"--sort={name}", "--limit=7", "FILE"] for name in MEMBERS if name not in ("missing", "odd", "flags")] + \
    [["dump", f"--where={name}", "FILE"] for name in ("read", "write", "exec", "device", "mapped", "missing", "odd", "not mapped", "af", "dirty")] + \
    [["dump", f"--where={expr}", "FILE"] for expr in (
        "size>=2M", "size>2M", "size<2M", "size<=2M", "size!=4K", "level=3 or level=1", "type=page and not write", "pa>=0x40000000",
        "ia<0x40002000", "ia<=0x40002000", "slot=0", "memattr=normal*", "raw!=0", "(read or write) and not exec", "owner=*", "count>1")]


ASKED_OF = ("debian-6.12-4k-lpa2.s2dump", "debian-7.3-ept.s2dump")


def addresses(path_table, count=40):
    """Of every power of two the first byte, the last before it, and some more."""
    rng = random.Random(path_table)
    return [f"{(1 << n) + d:#x}" for n in range(12, 53, 3) for d in (0, -1)] + [f"{rng.randrange(1 << 40):#x}" for _ in range(count)]


def write(path, data, system_map=None):
    with open(path, "wb") as f:
        f.write(data)
    if not system_map:
        return []
    with open(path + ".map", "w", encoding="utf-8") as f:
        f.write(system_map)
    return [f"--system-map={path}.map"]


def case_task(case):
    def make(path):
        tables = mktables.load_case(case)
        write(path, bytes(tables.blob()))
        return [f"--vtcr={tables.geom.vtcr():#x}", f"--base={tables.base:#x}"]
    asked = addresses(case.parent.name, 12)
    return Task("tables", case.parent.name, make, [["dump", "--format=csv", "FILE"], ["dump", "--format=debugfs", "FILE"], *SHORT[1:],
                                                   ["translate", "--as=S2E1W", "FILE", *asked], ["find", "FILE", "0-0x1000000000000"]])


def x86_tasks():
    def blob_of(regime, seed, more):
        def make(path):
            blob = mkx86.random_blob(regime, 0x40000000, random.Random(seed))
            write(path, blob.data())
            own = [blob.register()] if regime.fmt == mkx86.EPT else ["--arch=npt", f"--start-level={regime.levels}"]
            return own + ["--base=0x40000000", *more]
        return make

    def kvm(path):
        write(path, mkx86.kvm_ept())
        return ["--eptp=0x1234505e", "--base=0x12345000"]
    ia = [f"{int(a, 16) | 0x123:#x}" for a in addresses("x86")]
    translated = [["translate", f"--as={how}", f"--format={form}", "FILE", *ia] for how in ("read", "write", "exec", "exec-user") for form in ("ptdump", "json")]
    for fmt, options in (mkx86.EPT, EPT_OPTIONS), (mkx86.NPT, NPT_OPTIONS):
        for seed, more in enumerate(options):
            if "--software=kvm-old" in more or "--software=kvm-new" in more or seed < 2:
                yield Task("x86", f"{fmt}-{seed}", blob_of(mkx86.Regime(fmt, 4 + seed % 2), seed, more), LONG + translated)
            else:
                yield Task("x86", f"{fmt}-{seed}", blob_of(mkx86.Regime(fmt, 4 + seed % 2), seed, more), SHORT + translated)
    for software in [], ["--software=kvm-new"], ["--software=kvm-old"]:
        here = ["0x3123", "0x5000", "0x400000", "0x600010", "0x7000", "0xc000", "0x1000000000000"]
        yield Task("x86", f"kvm-ept{''.join(software)}", lambda path, more=software: kvm(path) + more,
                   LONG + (ASKED if "--software=kvm-new" in software else []) + [["translate", f"--as={how}", "FILE", *here] for how in ("read", "write", "exec", "exec-user")] +
                   [["find", "FILE", "0-0x1000000000000"], ["find", "--format=json", "FILE", "0x7000000-0x7005000", "0xfee00000"]])


# --- Systems -----------------------------------------------------------------------------------------------------------

OPS = "S1E1R S1E1W S1E0R S1E0W S1E1RP S1E1WP S12E1R S12E1W S12E0R S12E0W S1E2R S1E2W S1E1X S1E0X S12E1X S12E0X S1E2X S2E1R S2E1W S2E1X S2E0X".split()
IN_GUEST = [f"{a:#x}" for a in (0, 0x400123, 0x401000, 0x402000, 0x403000, 0x404000, 0x407000, 0x408000, 0x600000, 0x610000, 0x800000, 0xbff000,
                               0xc00000, 0x1000000, 0x1200000, 0x80000000, 0x90000000, (1 << 39) - 1, 1 << 39, 0xffffff8000000000,
                               0xffffff8040000000, 0xffffffffc0000000, (1 << 64) - 1)]
# What the registers of its first vCPU are, as mkguest.py has them.
OVER = {"hcr": 0x80000001, "tcr": mkguest.TCR, "sctlr": 0x30d0198d, "mair": mkguest.MAIR, "vtcr": mkguest.VTCR}
OVER_REG = {"tcr2_el1": 0, "pir_el1": 0x7654321076543210, "pire0_el1": 0x7654321076543210, "por_el1": 0x7654321076543210, "por_el0": 0x7654321076543210}


def guest_commands(vcpu):
    one = [f"--vcpu={vcpu}"]
    for more in [], ["--effective"]:
        for form in "ptdump", "json", "jsonl", "csv":
            yield ["dump", *one, *more, f"--format={form}", "FILE"]
        for merge in "none", "pa", "attrs":
            yield ["dump", *one, *more, f"--merge={merge}", "FILE"]
    yield ["dump", *one, "--tables", "FILE"]
    for op in OPS:
        for more in [], ["--pan"], ["--format=json"], ["--pa-bits=36"]:
            # It is refused where it means nothing.
            if more == ["--pan"] and op not in ("S1E1RP", "S1E1WP", "S1E1R", "S2E1R"):
                continue
            yield ["translate", *one, f"--as={op}", *more, "FILE", *IN_GUEST]


def guest_sweep(vcpu):
    """Each bit of each register the other way round."""
    for name, value in OVER.items():
        for bit in BITS:
            yield ["translate", f"--vcpu={vcpu}", "--as=S12E0W", f"--{name}={value ^ bit:#x}", "FILE", *IN_GUEST[:12]]
    for name, value in OVER_REG.items():
        for bit in BITS[::4]:
            yield ["translate", f"--vcpu={vcpu}", "--as=S12E0R", f"--reg={name}={value ^ bit:#x}", "--reg=tcr2_el1=3", "FILE", *IN_GUEST[:12]]


def guest_task(name, commands, **how):
    def make(path):
        host = mkguest.Host(**how)
        return write(path, host.core(()), host.system_map())
    return Task("guest", name, make, list(commands))


PKVM_SHORT = [["check", "--findings=all", "FILE"]]
PKVM_LONG = LONG + [["find", "FILE", "0x40000000-0x40400000"], ["find", "--format=json", "--where=exec", "FILE", "0x40000000-0x40200000"],
                    ["check", "--list"], ["check", "--list", "--format=json"]] + \
    [["dump", f"--table={table}", f"--{what}", "FILE"] for table in ("host", "hyp", "vm:100") for what in ("columns=ia,size,owner,state,state_from",
     "sort=owner", "where=owner=hyp", "where=state!=owned")]


def pkvm_task(gen, fault, commands):
    def make(path):
        mkpkvm.build(gen, fault, path)
        return [f"--base={mkpkvm.BASE:#x}", f"--system-map={path}.map"]
    return Task("pkvm", f"{gen}-{fault}", make, commands)


def pkvm_tasks():
    for gen in mkpkvm.GENERATIONS:
        yield pkvm_task(gen, None, PKVM_LONG)
    # Each fault in one of the generations that can have it.
    for fault, row in sorted(mkpkvm.BREAKS.items()):
        yield pkvm_task(row[2][zlib.crc32(fault.encode()) % len(row[2])], fault, PKVM_SHORT)
    for name, row in sorted(mkpkvm.WITHOUT.items()):
        yield Task("pkvm", f"without-{name}", lambda path, gen=row[2][-1], name=name: mkpkvm.build_without(gen, name, path) and [], PKVM_SHORT)


def sample_task(path):
    def make(to):
        write(to, path.read_bytes())
        return []
    asked = [["translate", "FILE", *addresses(path.name)], ["find", "FILE", "0-0x1000000000000"], ["find", "--format=json", "FILE", "0x40000000-0x48000000"]]
    return Task("samples", path.name, make, LONG + (ASKED if path.name in ASKED_OF else []) + asked)


def parts(commands, size):
    commands = list(commands)
    return [commands[i:i + size] for i in range(0, len(commands), size)]


def tasks():
    values = collections.defaultdict(list)
    for group, command in decode_commands():
        values[group].append(command)
    yield from (Task("decode", group, nothing, part) for group, commands in values.items() for part in parts(commands, 24))
    yield from (case_task(case) for case in sorted(HERE.glob("*/t.tables")))
    yield from x86_tasks()
    yield guest_task("guest", guest_commands("vm:200/0"))
    yield guest_task("guest-fwb", guest_commands("vm:200/0"), hcr=mkguest.HCR | mkguest.HCR_FWB)
    yield from (guest_task("guest-registers", part) for part in parts(guest_sweep("vm:200/0"), 60))
    yield guest_task("guest-runs", LONG + list(guest_commands("vm:200/0")), cpu=3)
    yield from (sample_task(path) for path in sorted((TOP / "samples").glob("*.s2dump")))
    yield from pkvm_tasks()


# --- Asking ------------------------------------------------------------------------------------------------------------

STATE = {}


def ask(s2dump, version, folder, argv):
    made = os.path.join(folder, "made")
    if os.path.exists(made):
        os.unlink(made)
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run([s2dump, *argv], stdin=subprocess.DEVNULL, capture_output=True, env=env, close_fds=False, timeout=120, check=False)
    data = pathlib.Path(made).read_bytes() if os.path.exists(made) else b""
    return pinned.text_of(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"), data, folder, version)


def key_of(task, command):
    return pinned.digest(task.group, task.name, *command)


def answers_of(task):
    """All that is said of one input; with --only, of one command, by two programs perhaps."""
    args = STATE["args"]
    found = []
    if args.only and args.only not in [key_of(task, command) for command in task.commands]:
        return found
    with tempfile.TemporaryDirectory(prefix="s2sweep.", dir=args.folder) as folder:
        path = os.path.join(folder, "dump")
        options = task.make(path) or []
        files = [pathlib.Path(folder, name).read_bytes() for name in sorted(os.listdir(folder))]
        of_files = pinned.digest(*files)
        for command in task.commands:
            key = key_of(task, command)
            if args.only not in (None, key) or int(key, 16) % args.every:
                continue
            own = options if command[0] not in ("decode",) and "--list" not in command else []
            if command[0] == "inspect":
                own = [word for word in own if word.startswith("--base")]
            argv = [command[0], *own, *({"FILE": path, "MADE": os.path.join(folder, "made")}.get(word, word) for word in command[1:])]
            text = ask(args.s2dump, args.version, folder, argv)
            words = f"{task.name}: {' '.join(command)}"[:100]
            question = pinned.digest(of_files, *(word.replace(folder, "FOLDER") for word in argv))
            found.append(pinned.Answer(key, task.group, question, text, words, False))
            if args.only:
                print(words)
                there = args.against and ask(args.against, args.version, folder, argv)
                print("\n".join(pinned.differences(text, there)) or "no difference" if args.against else text)
    return found


def main():
    parser = pinned.options(__doc__)
    parser.add_argument("--pins", default=str(HERE / "sweep.pinned"), metavar="FILE")
    parser.add_argument("--only", metavar="KEY", help="this answer, as text")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of N only one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.s2dump = os.path.abspath(args.s2dump)
    todo = [task for task in tasks() if not args.case or task.group in args.case]
    if args.cases:
        print("\n".join(dict.fromkeys(task.group for task in todo)))
        return 0
    args.version = pinned.version_of(args.s2dump)
    with tempfile.TemporaryDirectory(prefix="s2sweep.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as args.folder:
        STATE["args"] = args
        if args.only:
            for task in todo:
                answers_of(task)
            return 0
        STATE["todo"] = todo
        with multiprocessing.get_context("fork").Pool(args.jobs) as pool:
            answers = itertools.chain.from_iterable(pool.imap(of_number, range(len(todo))))
            pins = pinned.Pins(args.pins)
            if args.update:
                pins.write(list(answers))
                return 0
            return pinned.judge(pins.read(), answers, args.first, lambda key: f"tests/golden/test_sweep.py --s2dump PATH --only {key}")


def of_number(n):
    return answers_of(STATE["todo"][n])


if __name__ == "__main__":
    sys.exit(main())
