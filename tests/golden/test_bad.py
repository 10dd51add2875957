#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Unusual input: what s2dump says of it, to a letter, and with which status.

"""tests/golden/bad/rows holds rows of three kinds of lines:

    $ dump --vtcr=x t.bin       the command line, as a shell splits it; `< FILE` gives standard input
    = 2                         the exit status
    s2dump: --vtcr: ...         and what stands on standard error, line by line

A program of one architecture (--archs=x86) answers some of them in other words: of those only what holds of all messages is asked, and
the rows of tests/golden/bad/rows-x86 are its own, to a letter.

Lines that begin with # are remarks. Every row runs in one directory with the files that make() makes. With status 2 or 3
nothing may stand on standard output, but after a row's `+ TEXT` lines, which it must hold."""

import argparse
import concurrent.futures
import gzip
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
ROWS = HERE / "bad" / "rows"
TOOLS = HERE.parent / "tools"
sys.path.insert(0, str(TOOLS))
import mkdump  # noqa: E402

TIMEOUT = 60

PAGE = 4096
TABLE, LEAF = 3, 0x7FF


def page(*words):
    return struct.pack(f"<{len(words)}Q", *words).ljust(PAGE, b"\0")


def elf(machine=183, kind=4, loads=((0x40000000, PAGE),), cut=None, note=b"", phnum=None):
    """An ELF file of @kind with zeros at physical addresses, and @note."""
    headers = [(1, 0, size, pa, 0) for pa, size in loads]
    if note:
        headers.append((4, 0, len(note), 0, 0))
    offset = 64 + 56 * len(headers)
    out, body = b"", b""
    for type_, _, size, pa, _ in headers:
        out += struct.pack("<IIQQQQQQ", type_, 4, offset + len(body), pa, pa, size, size, 0)
        body += note if type_ == 4 else bytes(size)
    count = len(headers) if phnum is None else phnum
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", kind, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return (head + out + body)[:cut]


def note(name, type_, text):
    name += b"\0"
    pad = [bytes(-len(part) % 4) for part in (name, text)]
    return struct.pack("<III", len(name), len(text), type_) + name + pad[0] + text + pad[1]


def make(work):
    """The files that the rows name."""
    samples = TOP / "samples"
    guest = (samples / "debian-6.1-4k.s2dump").read_bytes()
    base = 0x40000000
    table = page(base + PAGE | TABLE) + page(base + 2 * PAGE | TABLE) + page(0x80000000 | LEAF, 0x80001000 | LEAF)
    files = {
        "t.bin": table,  # --vtcr=0x80023559 --base=0x40000000
        "two.bin": table + table,
        "odd.bin": table[:-100],
        "empty": b"",
        "byte": b"x",
        "zeros": bytes(64 << 10),
        "ones": b"\xff" * (64 << 10),
        "text": b"This is a letter, and no dump.\n" * 400,
        "guest": guest,
        "ept": (samples / "debian-6.1-ept.s2dump").read_bytes(),
        "further": (samples / "debian-7.3-ept.s2dump").read_bytes(),
        "npt": (samples / "debian-6.1-npt.s2dump").read_bytes(),
        "guest-cut": guest[:len(guest) // 2],
        "guest-short": guest[:1000],
        "guest-hurt": guest.replace(b'"granule"', b'"granul\xff"', 1),
        "guest-notes": guest.replace(b"S2DUMP", b"S2DUMB"),
        "elf": elf(),
        "elf-machine": elf(machine=243),
        "elf-exec": elf(kind=2),
        "elf-32": b"\x7fELF\1\1\1" + elf()[7:],
        "elf-big": b"\x7fELF\2\2\1" + elf()[7:],
        "elf-cut": elf(cut=100),
        "elf-none": elf(loads=()),
        "elf-many": elf(phnum=60000),
        "elf-info": elf(note=note(b"VMCOREINFO", 0, b"OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=zz\n")),
        "kdump-cut": b"KDUMP   " + struct.pack("<I", 6) + bytes(100),
        "kdump-zero": b"KDUMP   ".ljust(4096, b"\0"),
        "diskdump": b"DISKDUMP".ljust(8192, b"\0"),
        "kdump": mkdump.kdump([(0x40000000, page(1))]),
        "kdump-1": mkdump.kdump([(0x40000000, page(1))], split=(0, 0x40000)),
        "kdump-2": mkdump.kdump([(0x40000000, page(1))], split=(0x40000, 0x40001)),
        "kdump-other": mkdump.kdump([(0x80000000, page(1))], split=(0x40000, 0x80001)),
        "flat-cut": b"makedumpfile".ljust(16, b"\0") + struct.pack(">QQ", 1, 1),
        "lime-cut": struct.pack("<IIQQQ", 0x4C694D45, 1, 0, (1 << 30) - 1, 0),
        "lime-back": struct.pack("<IIQQQ", 0x4C694D45, 1, PAGE, 0, 0) + bytes(PAGE),
        "text.gz": gzip.compress(b"This is a letter.\n", mtime=0),
        "vmss": b"\xd2\xbe\xd2\xbe".ljust(4096, b"\0"),
        "pagelist": b"0x40001000\n0x40002000\n",
        "pagelist-short": b"0x40001000\n",
        "pagelist-long": b"0x40001000\n0x40002000\n0x40003000\n",
        "pagelist-odd": b"0x40001000\n0x40002008\n",
        "pagelist-twice": b"0x40001000\n0x40001000\n",
        "pagelist-text": b"0x40001000\nthe second page\n",
        "pagelist-plain": b"40001000\n40002000\n",
        "addresses": b"0x1000 # one\n\nnonsense\n",
        "map": b"ffffffc008000000 T _text\n",
        "map-bad": b"this is no System.map\n",
        "pieces,elf": elf(),  # a name of its own, not parts
        "list": b"what is called as a command\n",
    }
    for name, content in files.items():
        (work / name).write_bytes(content)
    for name in ("dir", "full dir"):
        (work / name).mkdir()
    (work / "loop").symlink_to("loop")
    (work / "nowhere").symlink_to("gone")
    (work / "sealed").write_bytes(b"x" * PAGE)
    (work / "sealed").chmod(0)
    subprocess.run([sys.executable, str(TOOLS / "mkpkvm.py"), "6.14", "host"], cwd=work, check=True, timeout=TIMEOUT)
    host = (work / "host").read_bytes()
    (work / "host-cut").write_bytes(host[:9 << 20])


def parse(text):
    """Rows as (command, status, standard error, what stands on standard output, remarks before)."""
    rows, remarks = [], []
    for line in text.splitlines():
        if line.startswith("$ ") or line == "$":
            rows.append({"command": line[2:], "status": None, "stderr": "", "stdout": [], "remarks": remarks})
            remarks = []
        elif line.startswith("= ") and rows:
            rows[-1]["status"] = int(line[2:])
        elif line.startswith("+ ") and rows:
            rows[-1]["stdout"].append(line[2:])
        elif line.startswith("#") or not line:
            remarks.append(line)
        elif rows:
            rows[-1]["stderr"] += line + "\n"
        else:
            raise ValueError(f"{ROWS.name}: {line!r} belongs to no row")
    return rows, remarks


def render(rows, tail):
    lines = []
    for row in rows:
        lines += [*row["remarks"], f"$ {row['command']}".rstrip(), f"= {row['status']}", *row["stderr"].splitlines(),
                  *(f"+ {text}" for text in row["stdout"])]
    return "\n".join(lines + tail) + "\n"


def run(row, s2dump, work):
    """(status, standard error, standard output) of a row."""
    words = shlex.split(row["command"])
    stdin = subprocess.DEVNULL
    if len(words) > 1 and words[-2] == "<":
        stdin = open(work / words[-1], "rb")
        words = words[:-2]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(work)}
    done = subprocess.run([s2dump, *words], cwd=work, env=env, stdin=stdin, capture_output=True, timeout=TIMEOUT, check=False)
    if stdin != subprocess.DEVNULL:
        stdin.close()
    # What the kernel that the tests run on lacks is no answer of the program.
    said = re.sub(r"^s2dump: sandbox: .*\n", "", done.stderr.decode("utf-8", "replace"), flags=re.M)
    return done.returncode, said, done.stdout.decode("utf-8", "replace")


def differs(row, got):
    """What is not to a letter as the row says, as lines."""
    status, err, out = got
    wrong = []
    if status != row["status"]:
        wrong.append(f"exit status {status}, expected {row['status']}")
    if err != row["stderr"]:
        wrong += [f"- {line}" for line in row["stderr"].splitlines()] + [f"+ {line}" for line in err.splitlines()]
    if status in (2, 3) and out and not row["stdout"]:
        wrong.append(f"standard output: {out[:200]!r}")
    wrong += [f"standard output lacks {text!r}" for text in row["stdout"] if text not in out]
    return wrong


def judge(row, got, exact):
    """What is wrong with a row, as lines."""
    status, err, out = got
    wrong = []
    if not 0 <= status <= 4:
        wrong.append(f"exit status {status}")
    if exact:
        wrong += differs(row, got)
    # What a person reads at three in the morning.
    if status in (2, 3) and not err:
        wrong.append("nothing is said")
    if status == 2 and len(err.splitlines()) != 1:
        wrong.append("a usage error is one line")
    if status == 2 and "(see s2dump" not in err:
        wrong.append("a usage error says where help is")
    if any(not line.startswith("s2dump: ") for line in err.splitlines()):
        wrong.append("a line does not say who speaks")
    if str(TOP) in err or len(set(err.splitlines())) != len(err.splitlines()):
        wrong.append("a path of this machine, or a line twice")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--update", action="store_true", help="take what is said as expected; then read the diff")
    parser.add_argument("--archs", default="arm64,x86", help="the program's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    s2dump = str(pathlib.Path(args.s2dump).resolve())
    both = {"arm64", "x86"} <= set(args.archs.split(","))
    exact = ROWS if both else ROWS.with_name(f"{ROWS.name}-{args.archs}")
    rows, tail = parse(exact.read_text(encoding="utf-8")) if exact.exists() else ([], [])
    own = len(rows)
    if not both:
        rows += parse(ROWS.read_text(encoding="utf-8"))[0]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="s2bad.") as name:
        work = pathlib.Path(name)
        make(work)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(lambda row: run(row, s2dump, work), rows))
    for i, (row, got) in enumerate(zip(rows, results)):
        # Root reads everything.
        if "sealed" in row["command"] and os.geteuid() == 0:
            continue
        if args.update and i < own:
            row["status"], row["stderr"] = got[0], got[1]
        wrong = judge(row, got, i < own)
        if wrong:
            failed += 1
            print(f"not ok: {row['command']}")
            for line in wrong:
                print(f"  {line}")
    if args.update:
        exact.write_text(render(rows[:own], tail), encoding="utf-8")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
