# SPDX-License-Identifier: GPL-2.0-or-later
# One sound snapshot, and copies in each of which one thing is broken; the name of a file says what.
import struct

from mktable_snapshot import PT_LOAD, note, note_table, payload, snapshot
from mktables import Geometry, Tables

t = Tables(Geometry("4K", 39, ps=40), 0x40000000)
t.map(0x80000000, 0x56200000, 2)
TABLE = note_table("vm:1", t.base, t.geom.vtcr())
MEMORY = [(t.base, t.blob())]
SOUND = note(payload([TABLE]))
END = 0x1000 + 2 * 0x1000  # header, notes and the two pages


def table(**over):
    return note(payload([{**TABLE, **over}]))


def without(key):
    return note(payload([{k: v for k, v in TABLE.items() if k != key}]))


CASES = {
    "sound": (SOUND, {}, {}),
    # ELF header
    "class-32": (SOUND, {"ident": b"\x7fELF\x01\x01\x01" + bytes(9)}, {}),
    "big-endian": (SOUND, {"ident": b"\x7fELF\x02\x02\x01" + bytes(9)}, {}),
    "executable": (SOUND, {"type": 2}, {}),
    "risc-v": (SOUND, {"machine": 243}, {}),
    "phentsize": (SOUND, {"phentsize": 32}, {}),
    "phnum-0": (SOUND, {"phnum": 0}, {}),
    "phnum-many": (SOUND, {"phnum": 65534}, {}),
    "phnum-xnum-no-section": (SOUND, {"phnum": 65535, "shoff": 0xffffffff}, {}),
    "phoff-outside": (SOUND, {"phoff": 0x100000}, {}),
    "phoff-wraps": (SOUND, {"phoff": 2**64 - 8}, {}),
    # program headers
    "load-offset-wraps": (SOUND, {}, {1: {"offset": 2**64 - 0x1000}}),
    "load-paddr-wraps": (SOUND, {}, {1: {"paddr": 2**64 - 0x1000}}),
    "load-outside": (SOUND, {}, {1: {"offset": 0x100000}}),
    "load-memsz-larger": (SOUND, {}, {1: {"filesz": 0x1000}}),
    "load-memsz-smaller": (SOUND, {}, {1: {"memsz": 0x1000}}),
    "load-empty": (SOUND, {}, {1: {"filesz": 0, "memsz": 0}}),
    "load-other-type": (SOUND, {}, {1: {"type": 0x60000000}}),
    "note-outside": (SOUND, {}, {0: {"offset": 0x100000}}),
    "note-twice-load": (SOUND, {}, {0: {"type": PT_LOAD}}),
    # the note's frame
    "note-name-too-long": (note(payload([TABLE]), namesz=0x10000000), {}, {}),
    "note-desc-too-long": (note(payload([TABLE]), descsz=0x10000000), {}, {}),
    "note-cut": (SOUND[:len(SOUND) // 2], {}, {}),
    "note-empty": (b"", {}, {}),
    "note-other-owner": (note(payload([TABLE]), name=b"OTHER\0\0\0"), {}, {}),
    # the note's payload
    "json-garbage": (note(b"\xff\xfe{"), {}, {}),
    "json-empty": (note(b""), {}, {}),
    "json-array": (note(b"[]"), {}, {}),
    "json-deep": (note(b"[" * 100000), {}, {}),
    "json-nul": (note(b"\0" * 64), {}, {}),
    "version-2": (note(payload([TABLE], version=2)), {}, {}),
    "version-missing": (note(b'{"tables": []}'), {}, {}),
    "pkvm-empty": (note(payload([TABLE], pkvm={})), {}, {}),
    "tables-none": (note(payload([])), {}, {}),
    "tables-string": (note(payload("x")), {}, {}),
    "table-number": (note(payload([1])), {}, {}),
    "same-id-twice": (note(payload([TABLE, TABLE])), {}, {}),
    "id-missing": (without("id"), {}, {}),
    "id-too-long": (table(id="x" * 100), {}, {}),
    "arch-unknown": (table(arch="riscv"), {}, {}),
    "root-missing": (without("root"), {}, {}),
    "root-number": (table(root=1073741824), {}, {}),
    "root-garbage": (table(root="0x4000000z"), {}, {}),
    "root-misaligned": (table(root="0x40000008"), {}, {}),
    "root-elsewhere": (table(root="0x80000000"), {}, {}),
    "registers-missing": (without("registers"), {}, {}),
    "vtcr-refused": (table(registers={"vtcr_el2": "0xd"}), {}, {}),
    "vtcr-number": (table(registers={"vtcr_el2": 5}), {}, {}),
    "start-level-9": (table(start_level=9), {}, {}),
    "granule-float": (table(granule=4096.5), {}, {}),
    "memslots-object": (table(memslots={"ipa": "0x80000000"}), {}, {}),
    "memslot-number": (table(memslots=[1]), {}, {}),
    "private-true": (table(private=True), {}, {}),
}
with open("names", "w") as names:
    for name, (notes, ehdr, phdr) in CASES.items():
        with open(name, "wb") as file:
            file.write(snapshot(notes, MEMORY, ehdr, phdr))
        names.write(name + "\n")
with open("sound", "rb") as file:
    sound = file.read()
# Of the sizes at which something ends: magic, header, program headers, note, each page.
NOTE = struct.unpack("<Q", sound[64 + 8:64 + 16])[0]
with open("sizes", "w") as sizes:
    for size in (1, 3, 4, 5, 16, 63, 64, 65, 64 + 56, 64 + 112 - 1, NOTE, NOTE + 11, NOTE + 12, NOTE + 20, NOTE + 100,
                 NOTE + len(SOUND) - 4, NOTE + len(SOUND), 0x1000, 0x1200, 0x1fff, 0x2000, 0x2fff, END):
        sizes.write(f"{size}\n")
