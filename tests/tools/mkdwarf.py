# SPDX-License-Identifier: GPL-2.0-or-later
# Debugging information that tells what a BTF blob does, as a compiler would have written it.

"""One unit of DWARF 4 (dwarf4.pdf, chapter 7), for dumps whose kernel has no BTF: sections(blob) are the bytes by name."""

import struct

# Tags, attributes and forms.
TAGS = {"array": 0x01, "enum": 0x04, "member": 0x0d, "pointer": 0x0f, "unit": 0x11, "struct": 0x13, "typedef": 0x16, "union": 0x17,
        "subrange": 0x21, "base": 0x24, "enumerator": 0x28}
ATTRIBUTES = {"name": (0x03, 0x08), "byte_size": (0x0b, 0x0f), "bit_size": (0x0d, 0x0f), "const_value": (0x1c, 0x0d),
              "count": (0x37, 0x0f), "location": (0x38, 0x0f), "encoding": (0x3e, 0x0f), "type": (0x49, 0x13), "bit_offset": (0x6b, 0x0f)}
PARENTS = ("array", "enum", "unit", "struct", "union")
UNIT = "virt/kvm/kvm_main.c"

INT, POINTER, ARRAY, STRUCT, UNION, ENUM, ENUM64 = 1, 2, 3, 4, 5, 6, 19  # include/uapi/linux/btf.h


def leb(value, signed=False):
    out = bytearray()
    while True:
        byte, value = value & 0x7f, value >> 7
        if (value == 0 and not (signed and byte & 0x40)) or (signed and value == -1 and byte & 0x40):
            return bytes(out) + bytes([byte])
        out.append(byte | 0x80)


def types_of(blob):
    """(kind, name, size or type, list of what follows) of each type, and whether it has bit fields."""
    _, _, _, length, at, size, strings, _ = struct.unpack_from("<HBBIIIII", blob)
    at, end, strings = at + length, at + length + size, strings + length

    def text(off):
        return blob[strings + off:blob.index(b"\0", strings + off)].decode()

    while at < end:
        name, info, value = struct.unpack_from("<III", blob, at)
        kind, n, flag = info >> 24 & 0x1f, info & 0xffff, info >> 31
        at += 12
        words = {INT: "<I", ARRAY: "<III", STRUCT: "<III", UNION: "<III", ENUM: "<Ii", ENUM64: "<III"}.get(kind)
        rows = []
        for _ in range(1 if kind in (INT, ARRAY) else n if words else 0):
            rows.append(struct.unpack_from(words, blob, at))
            at += struct.calcsize(words)
        if kind in (STRUCT, UNION, ENUM, ENUM64):
            rows = [(text(row[0]), *row[1:]) for row in rows]
        yield kind, text(name), value, rows, flag


class Unit:
    def __init__(self):
        self.info, self.abbrevs, self.at, self.refs = bytearray(), {}, {}, []

    def die(self, tag, **attributes):
        shape = tag, tuple(attributes)
        number = self.abbrevs.setdefault(shape, len(self.abbrevs) + 1)
        self.info += leb(number)
        for name, value in attributes.items():
            if name == "type":
                self.refs.append((len(self.info), value))
                self.info += bytes(4)
            elif name == "name":
                self.info += value.encode() + b"\0"
            else:
                self.info += leb(value, name == "const_value")

    def end(self):
        self.info += b"\0"

    def sections(self):
        for at, number in self.refs:
            struct.pack_into("<I", self.info, at, self.at[number])
        abbrevs = bytearray()
        for (tag, attributes), number in self.abbrevs.items():
            abbrevs += leb(number) + leb(TAGS[tag]) + bytes([tag in PARENTS])
            for name in attributes:
                abbrevs += leb(ATTRIBUTES[name][0]) + leb(ATTRIBUTES[name][1])
            abbrevs += b"\0\0"
        struct.pack_into("<I", self.info, 0, len(self.info) - 4)
        return {".debug_info": bytes(self.info), ".debug_abbrev": bytes(abbrevs) + b"\0"}


def named(name):
    return {"name": name} if name else {}


def typed(number):
    return {"type": number} if number else {}


def member(unit, name, number, bits, has_bits):
    width = bits >> 24 if has_bits else 0
    at = bits & 0xffffff if has_bits else bits
    where = {"bit_size": width, "bit_offset": at} if width else {"location": at // 8}
    unit.die("member", **named(name), type=number, **where)


def sections(blob):
    unit = Unit()
    unit.info += struct.pack("<IHIB", 0, 4, 0, 8)
    unit.die("unit", name=UNIT)
    for number, (kind, name, value, rows, flag) in enumerate(types_of(blob), 1):
        unit.at[number] = len(unit.info)
        if kind == INT:
            unit.die("base", name=name, byte_size=value, encoding=5 if rows[0][0] >> 24 & 1 else 7)
        elif kind == POINTER:
            unit.die("pointer", byte_size=8, **typed(value))
        elif kind == ARRAY:
            unit.die("array", type=rows[0][0])
            unit.die("subrange", count=rows[0][2])
            unit.end()
        elif kind in (STRUCT, UNION):
            unit.die("struct" if kind == STRUCT else "union", **named(name), byte_size=value)
            for row in rows:
                member(unit, *row, flag)
            unit.end()
        elif kind in (ENUM, ENUM64):
            unit.die("enum", byte_size=value, **named(name))
            for row in rows:
                unit.die("enumerator", name=row[0], const_value=row[1] if kind == ENUM else row[1] | row[2] << 32)
            unit.end()
        else:
            raise ValueError(f"a type of kind {kind}")
    unit.end()
    return unit.sections()
