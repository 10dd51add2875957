#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots of real x86 machines in samples/, against the log of what happened in them: the lab's oracle without the lab.
import argparse
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
for folder in "tests/tools", "tests/lab", "tests/lab/x86":
    sys.path.insert(0, os.path.join(TOP, folder))

import agree  # noqa: E402
import check  # noqa: E402
from report import Report  # noqa: E402

SAMPLES = ["debian-6.1-ept", "debian-7.3-ept"]


def check_sample(report, name, s2dump):
    path = os.path.join(TOP, "samples", name)
    cap = check.Capture(name, {}, path + ".jsonl", [path + ".s2dump"])
    # Tables are all that a snapshot has: nothing is said about contents.
    walks = {vm.number: check.check_vm(report, cap, vm, contents=False) for vm in cap.log.vms.values()}
    agree.check_tables(report, cap, walks, s2dump)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--archs", default="x86", help="those that the program is built with")
    args = parser.parse_args()
    if "x86" not in args.archs.split(","):
        return 77
    report = Report()
    for name in SAMPLES:
        check_sample(report, name, args.s2dump)
    print(report.summary())
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
