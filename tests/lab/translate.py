# SPDX-License-Identifier: GPL-2.0-or-later
# Holds `s2dump translate --vcpu` against what the guest with stage 1 did: each address leads to the page that it touched.
import subprocess

import s2json

OPS = {"r": "S12E1R", "w": "S12E1W", "x": "S12E1X"}


def run(s2dump, cap, vm, op, addresses):
    command = [s2dump, "translate", "--json", cap.ram_path, f"--base={cap.ram_base:#x}", f"--vcpu=vm:{vm.pid}/0",
               f"--as={op}", "-"]
    done = subprocess.run(command, input="".join(f"{va:#x}\n" for va in addresses), capture_output=True, text=True,
                          timeout=60)
    if done.returncode:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()[:200]}")
    return s2json.rows(done.stdout)


def problems_of(touch, answer, vm, cap, words):
    """One touch that succeeded, and what s2dump says of its address. @words: (pages, constant, offset) of patterns."""
    va, ipa = int(touch["va"], 16), int(touch["ipa"], 16)
    page = ipa & ~(vm.page - 1)
    if answer["result"] != "done":
        return [f"{va:#x} {touch['how']}: {answer['fault'] or answer['result']} at stage {answer['stage']} level {answer['level']}"]
    pa = int(answer["pa"], 16)
    found = []
    if int(answer["ipa"], 16) != ipa:
        found.append(f"{va:#x}: IPA {answer['ipa']}, not {ipa:#x}")
    if page in vm.pa and pa != vm.pa[page] + ipa - page:
        found.append(f"{va:#x}: PA {pa:#x}, pagemap says {vm.pa[page] + ipa - page:#x}")
    for pages, constant, offset in words:
        base = pa - (ipa - page)
        if page in pages and cap.ram.word(base + offset) != page ^ constant:
            found.append(f"{va:#x}: PA {pa:#x} does not hold what was written there")
    # Every descriptor of stage 1 is where the program that made the tables says.
    steps = [s for s in answer["steps"] if s["stage"] == 1]
    if len(steps) != len(touch["walk"]):
        found.append(f"{va:#x}: {len(steps)} stage-1 descriptors, not {len(touch['walk'])}")
    return found


def check(report, name, cap, vm, s2dump, words):
    problems, n = [], 0
    try:
        for how, op in OPS.items():
            touches = [e for e in vm.walks if e["how"] == how]
            answers = run(s2dump, cap, vm, op, [int(e["va"], 16) for e in touches]) if touches else []
            if len(answers) != len(touches):
                problems.append(f"{op}: {len(answers)} answers to {len(touches)} addresses")
            for touch, answer in zip(touches, answers):
                problems += problems_of(touch, answer, vm, cap, words)
                n += 1
    except (ValueError, KeyError, subprocess.TimeoutExpired) as e:
        problems.append(repr(e))
    if not n:
        problems.append("nothing to check")
    report.check(f"{name}: s2dump translate, {n} touched addresses", problems)
