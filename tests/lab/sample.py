# SPDX-License-Identifier: GPL-2.0-or-later
# Cuts the table pages of captured tables out of the memory image, as small raw blobs.

import os

import check
import refwalk

# Samples are bundled with the sources and stay below this; 16K tables easily exceed it.
SIZE_LIMIT = 300 * 1000

# A span this large, or this much larger than its table pages, is stored page by page instead.
SPAN_LIMIT = 256 << 10
SPAN_FACTOR = 2


def page_runs(tables, page):
    """Sorted, merged [start, end) of the pages that hold tables."""
    runs = []
    for pa, size, _ in sorted(tables):
        start, end = pa & -page, (pa + size + page - 1) & -page
        if runs and start <= runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([start, end])
    return runs


def leaf_text(leaf):
    """A line of the .leaves file: what the reference walker makes of one descriptor."""
    return (f"{leaf.ia:#x} {leaf.size:#x} {leaf.level} {leaf.desc:#018x} {leaf.pa:#x} "
            f"{'r' if leaf.read else '-'}{'w' if leaf.write else '-'}"
            f"{'x' if leaf.exec_el1 else '-'}{'x' if leaf.exec_el0 else '-'}\n")


def cut_one(cap, name, regs, out):
    """NAME.bin, the blob; NAME.map, arguments for s2dump; NAME.leaves, what should come out."""
    g, leaves, tables, annotations = refwalk.walk(cap.ram, regs["VTCR_EL2"], regs["VTTBR_EL2"])
    runs = page_runs(tables, 1 << g.page_log2)
    total = sum(end - start for start, end in runs)
    span = runs[-1][1] - runs[0][0]
    args = [f"--vtcr={regs['VTCR_EL2']:#x}", f"--root={g.root:#x}",
            "--fwb" if regs["HCR_EL2"] & check.HCR_FWB else "--no-fwb"]
    if span <= SPAN_LIMIT and span <= SPAN_FACTOR * total:
        # Pages of the span that hold no table are not ours to publish.
        blob = bytearray(span)
        for start, end in runs:
            blob[start - runs[0][0]:end - runs[0][0]] = cap.ram(start, end - start)
        args.append(f"--base={runs[0][0]:#x}")
    else:
        blob = bytearray()
        for start, end in runs:
            args.append(f"--map={start:#x}:{end - start:#x}@{len(blob):#x}")
            blob += cap.ram(start, end - start)
    if len(blob) > SIZE_LIMIT:
        return f"{name}: not written, {len(blob)} bytes of tables"
    stem = os.path.join(out, name)
    with open(stem + ".bin", "wb") as f:
        f.write(blob)
    with open(stem + ".map", "w") as f:
        f.writelines(a + "\n" for a in args)
    with open(stem + ".leaves", "w") as f:
        f.writelines(leaf_text(leaf) for leaf in leaves)
        f.writelines(f"{ia:#x} {size:#x} {level} {desc:#018x} invalid\n"
                     for ia, size, level, desc in annotations)
    return f"{stem}.bin: {len(blob)} bytes, {len(leaves)} leaves"


def cut(directory, out, which=None):
    cap = check.Capture(directory)
    os.makedirs(out, exist_ok=True)
    which = which or cap.regs["running"]
    for _, vm, regs in cap.tables():
        number, name = (str(vm.number), vm.name) if vm else ("host", "host")
        if which in ("all", number):
            yield cut_one(cap, f"{cap.name}-{name}", regs, out)
