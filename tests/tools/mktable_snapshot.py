#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes s2dump snapshots (ELF core with an S2DUMP note) field by field, sound or damaged, without s2dump.

"""design.md section 7: ET_CORE, one PT_LOAD per run of table pages with p_paddr as in the machine, and a note of owner
"S2DUMP" whose payload is JSON. Every header field can be overridden, so that a test can break exactly one."""

import json
import struct

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
EHDR_FIELDS = "ident type machine version entry phoff shoff flags ehsize phentsize phnum shentsize shnum shstrndx".split()
PHDR_FIELDS = "type flags offset vaddr paddr filesz memsz align".split()
PT_LOAD, PT_NOTE, ET_CORE, EM_AARCH64 = 1, 4, 4, 183


def note_table(name, root, vtcr, **over):
    """One table as the note describes it."""
    return {"id": name, "kind": "stage2", "arch": "arm64", "stage": "stage2", "root": hex(root),
            "registers": {"vtcr_el2": hex(vtcr)}, "granule": 0, "ia_bits": 0, "oa_bits": 0, "lpa2": "unknown",
            "fwb": "unknown", "xnx": "unknown", "realm": False, "upper": False, "pid": -1, "vcpus": -1, **over}


def payload(tables, **over):
    return json.dumps({"version": 1, "release": "", "build_id": "", "tables": tables, **over}).encode()


def pad(data, align):
    return data + bytes(-len(data) % align)


def note(desc, name=b"S2DUMP\0", kind=1, namesz=None, descsz=None):
    return (struct.pack("<III", len(name) if namesz is None else namesz, len(desc) if descsz is None else descsz, kind)
            + pad(name, 4) + pad(desc, 4))


def snapshot(notes, segments, ehdr=None, phdr=None):
    """@notes: bytes of the note segment; @segments: (paddr, bytes) pairs. @ehdr: header fields to override,
    @phdr: {index: fields to override}, index 0 is the note."""
    phnum = 1 + len(segments)
    note_off = EHDR.size + phnum * PHDR.size
    data_off = -(-(note_off + len(notes)) // 4096) * 4096
    headers = [dict(type=PT_NOTE, flags=0, offset=note_off, vaddr=0, paddr=0, filesz=len(notes), memsz=len(notes), align=4)]
    at = data_off
    for paddr, data in segments:
        headers.append(dict(type=PT_LOAD, flags=4, offset=at, vaddr=0, paddr=paddr, filesz=len(data), memsz=len(data),
                            align=0))
        at += len(data)
    for index, over in (phdr or {}).items():
        headers[index].update(over)
    head = dict(ident=b"\x7fELF\x02\x01\x01" + bytes(9), type=ET_CORE, machine=EM_AARCH64, version=1, entry=0,
                phoff=EHDR.size, shoff=0, flags=0, ehsize=EHDR.size, phentsize=PHDR.size, phnum=phnum, shentsize=64,
                shnum=0, shstrndx=0)
    head.update(ehdr or {})
    out = EHDR.pack(*(head[f] for f in EHDR_FIELDS))
    out += b"".join(PHDR.pack(*(h[f] for f in PHDR_FIELDS)) for h in headers)
    return (out + notes).ljust(data_off, b"\0") + b"".join(data for _, data in segments)
