#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks QEMU's AT instructions and s2dump the same questions and compares the answers; or s2dump alone, with answers that QEMU
# gave before.

import argparse
import collections
import hashlib
import lzma
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import compare
import generate

HERE = os.path.dirname(os.path.abspath(__file__))


def build_guest(out):
    subprocess.run(["aarch64-linux-gnu-gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib", "-static",
                    "-mgeneral-regs-only", "-mstrict-align", "-fno-pic", "-no-pie", "-fno-stack-protector",
                    "-march=armv8.1-a", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments",
                    "-T", os.path.join(HERE, "at_guest.ld"), "-o", os.path.join(out, "guest.elf"),
                    os.path.join(HERE, "at_start.S"), os.path.join(HERE, "at_guest.c")], check=True)


def ask_host(out, program):
    run = subprocess.run([program, "cases.bin"], cwd=out, check=True, stdout=subprocess.PIPE)
    return [compare.Answer(line) for line in run.stdout.decode().splitlines()]


def ask_qemu(out):
    subprocess.run(["qemu-system-aarch64", "-machine", "virt,virtualization=on,secure=on,mte=on", "-cpu", "max", "-m", "512M",
                    "-nodefaults", "-display", "none", "-semihosting-config", "enable=on,target=native",
                    "-device", "loader,file=guest.elf,cpu-num=0",
                    "-device", "loader,file=cases.bin,addr=0x50000000,force-raw=on"], cwd=out, check=True, timeout=300)
    with open(os.path.join(out, "at.out"), "rb") as result:
        return result.read()


def words_of(data):
    """The ID registers, and a pair of words per query."""
    words = struct.unpack("<%dQ" % (len(data) // 8), data)
    return words[:3], list(zip(words[3::2], words[4::2]))


# A record: the seed and the number of queries, the digest of the cases that QEMU was given, its answers.

RECORD = struct.Struct("<QQ32s")


def digest(out):
    with open(os.path.join(out, "cases.bin"), "rb") as cases:
        return hashlib.sha256(cases.read()).digest()


def write_record(path, seed, queries, out, data):
    with lzma.open(path, "wb") as record:
        record.write(RECORD.pack(seed, queries, digest(out)) + data)


def read_record(path):
    with lzma.open(path) as record:
        data = record.read()
    return (*RECORD.unpack_from(data), data[RECORD.size:])


def asserts(case, query, answer):
    """
    QEMU 7.2 stops at an assertion when a permission or access flag fault meets level -1: a stage 2 fault for a stage 1
    descriptor of that level (s1ptw-level), or a block that may not be there (block-level).
    """
    if answer.error or answer.outcome != compare.FAULT:
        return False
    if answer.steps and answer.steps[-1].type == "reserved" and answer.steps[-1].level < 0:
        return True
    if not answer.s1ptw:
        return False
    q = compare.Query(case, query[0], query[1], answer, 0, 0)
    return answer.fault >= 3 and not answer.leaf(1) and q.s1_page() == 12 and q.s1_start() < 0


def unknown(answer):
    """The walk reads memory of the machine that s2dump is not given."""
    return not answer.error and answer.outcome == compare.MISSING and compare.in_memory(answer.missing_pa)


def drop(made, answers):
    """Leaves out what cannot be asked; returns how many, and the answers to the rest."""
    it, skipped, kept = iter(answers), collections.Counter(), []
    for case in made:
        queries = []
        for query in case.queries:
            answer = next(it)
            if asserts(case, query, answer):
                skipped["QEMU would stop at an assertion"] += 1
            elif unknown(answer):
                skipped["tables outside of the arena"] += 1
            else:
                queries.append(query)
                kept.append(answer)
        case.queries = queries
    return skipped, kept


def asked(out, seed, queries, program):
    """Makes cases.bin of what can be asked; the cases, s2dump's answers, and what was left out."""
    made = generate.cases(random.Random(seed), queries)
    generate.write(os.path.join(out, "cases.bin"), made)
    skipped, answers = drop(made, ask_host(out, program))
    generate.write(os.path.join(out, "cases.bin"), made)
    return made, answers, skipped


def replay(out, path, program):
    """s2dump against a record."""
    seed, queries, cases, data = read_record(path)
    made, answers, skipped = asked(out, seed, queries, program)
    if digest(out) != cases:
        sys.exit("%s: not what seed %d makes, or s2dump reads other memory than it did: record anew" % (path, seed))
    ids, results = words_of(data)
    return report(made, answers, results, ids, skipped, 0, 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--queries", type=int, default=20000)
    parser.add_argument("--show", type=int, default=10, help="how many differences to print")
    parser.add_argument("--keep", help="a directory to build and leave everything in")
    parser.add_argument("--record", metavar="FILE", help="keep QEMU's answers in FILE")
    parser.add_argument("--replay", metavar="FILE", help="take QEMU's answers from FILE")
    parser.add_argument("--host", metavar="PROGRAM", default="build/gcc/tests/unit/at_host", help="at_host, as the build made it")
    args = parser.parse_args()
    host = os.path.abspath(args.host)
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    with tempfile.TemporaryDirectory() as temp:
        out = args.keep or temp
        if args.replay:
            return replay(out, args.replay, host)
        print("seed %d" % seed)
        os.makedirs(out, exist_ok=True)
        build_guest(out)
        made, answers, skipped = asked(out, seed, args.queries, host)
        start = time.monotonic()
        data = ask_qemu(out)
        seconds = time.monotonic() - start
        if args.record:
            write_record(args.record, seed, args.queries, out, data)
    return report(made, answers, words_of(data)[1], words_of(data)[0], skipped, seconds, args.show)


def report(made, answers, results, ids, skipped, seconds, show):
    print("ID_AA64MMFR0_EL1 0x%x ID_AA64MMFR1_EL1 0x%x ID_AA64MMFR2_EL1 0x%x" % ids)
    it = iter(zip(answers, results))
    counts, outcomes, failed, passed = collections.Counter(), collections.Counter(), 0, 0
    for case in made:
        for op, ia in case.queries:
            answer, (par, esr) = next(it)
            q = compare.Query(case, op, ia, answer, par, esr)
            if not answer.error:
                outcomes["%s %s" % (case.kind, ["done", "fault", "missing"][answer.outcome])] += 1
            if compare.same(q):
                passed += 1
                continue
            name = next((name for name, _, test in compare.RULES if not answer.error and test(q)), None)
            if name:
                counts[name] += 1
                passed += 1
                continue
            failed += 1
            if failed <= show:
                print("DIFF %s op 0x%x ia 0x%x qemu 0x%x 0x%x s2dump %s" % (case.kind, op, ia, par, esr, answer.line))
                print("     " + " ".join("%s=0x%x" % x for x in case.reg.items() if x[1]))
    print("%d cases, %.1f s in QEMU" % (len(made), seconds))
    for why, n in skipped.items():
        print("left out  %6d %s" % (n, why))
    print(", ".join("%s %d" % x for x in sorted(outcomes.items())))
    for name, n in counts.most_common():
        print("explained %6d %s" % (n, name))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
