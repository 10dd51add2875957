#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# From schema 1 to schema 2 of the JSON output: what the old said, in the new form; and the judge of whether the new says the same.

"""    schema2.py OLD.json              OLD in schema 2; what OLD does not tell is null, and listed on standard error
    schema2.py --judge OLD NEW       every difference of NEW (schema 2) from OLD (schema 1); exit status 1 when there is one

OLD and NEW are what --json or --format=jsonl prints; `-` is standard input. Several objects one after the other are what find and
translate print in schema 1. Ranges need not be cut at the same places: they are compared piece by piece, and neighbours in NEW
that are equal in everything should have been one. NotJudged stands for what schema 1 does not know."""

import argparse
import functools
import itertools
import json
import pathlib
import re
import sys

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "schema" / "s2dump.schema.json").read_text())["$defs"]
RIGHTS = ("read", "write", "exec", "read_user", "write_user", "exec_priv", "exec_user")
CODES = {"io": "unreadable"}
# What an attribute is called where its name is another.
ATTRIBUTES = {"cont": "contiguous"}
WXN = 1 << 19  # SCTLR_ELx.WXN
PAYLOADS = {"dump": "tables", "list": "tables", "slots": "tables", "find": "found", "translate": "translations", "check": "checks",
            "inspect": "inspected", "decode": "decoded"}


class NotJudgedType:
    """Schema 1 does not say."""

    def __repr__(self):
        return "NotJudged"

    def __deepcopy__(self, memo):
        return self


NotJudged = NotJudgedType()


def members(kind):
    return SCHEMA[kind]["required"]


@functools.cache
def blank(kind, default):
    return dict.fromkeys(members(kind), default)


def make(kind, default=None, /, **known):
    """An object with all members of its kind, in their order; those that are not given are @default."""
    ret = {**blank(kind, default), **known}
    assert len(ret) == len(members(kind)), f"{kind} has no {set(ret) - set(members(kind))}"
    return ret


def take(source, *names):
    return {name: source[name] for name in names}


def number(text):
    return int(text, 16)


# ---- ranges ----------------------------------------------------------------------------------------------------------------

def levels_of(right):
    """(privileged, unprivileged) of one right of schema 1: a boolean, null, or an object by exception level."""
    if not isinstance(right, dict):
        return right, right
    privileged = right["el1"] if "el1" in right else right["el2"]
    return privileged, right.get("el0", privileged)


def either(a, b):
    return None if a is None or b is None else a or b


def rights_of(r, wxn=False):
    """Write implies no execution where WXN is set; with indirect permissions PIR_ELx decides that, which schema 1 does not show."""
    read, write = levels_of(r["read"]), levels_of(r["write"])
    execute = levels_of(r["exec"])
    if wxn and "piindex" in r:
        execute = (NotJudged, NotJudged)
    elif wxn:
        execute = tuple(x and not w for x, w in zip(execute, write))
    return {"read": read[0], "write": write[0], "read_user": read[1], "write_user": write[1], "exec_priv": execute[0],
            "exec_user": execute[1], "exec": NotJudged if NotJudged in execute else either(*execute)}


def kind_of_range(table):
    if table["kind"] == "guest-effective":
        return "effective_range"
    return "stage1_range" if table["format"] == "stage1" else "stage2_range"


@functools.cache
def attribute_names(kind):
    """(name here, name in schema 1)"""
    return [(n, ATTRIBUTES.get(n, n)) for n in members(kind) if n not in COMMON and n not in RIGHTS]


def attributes_of(r, kind):
    ret = {name: r.get(old) for name, old in attribute_names(kind)}
    # Without MAIR_ELx the type is the index itself.
    if kind == "stage1_range" and ret["attrindx"] is None and r["memattr"].startswith("attr"):
        ret["attrindx"] = int(r["memattr"][4:])
    return ret


COMMON = ("ia", "size", "level", "type", "mapped", "pa", "pieces", "slot", "in_slot", "owner", "state", "state_from", "handle", "gfn",
          "count", "raw", "descriptor_pa", "missing", "odd")


def missing_descriptor(r, table):
    """Where the first descriptor is that could not be read: in the page that schema 1 names, where its address says."""
    if table["kind"] == "guest-stage1" or (r["level"] == table["start_level"] and table["start_tables"] > 1):
        return NotJudged  # an address of the guest; one of several tables
    index = number(r["ia"]) // (r["size"] // r["count"]) % (table["granule"] // 8)
    return hex(number(r["table"]) + 8 * index)


def slot_pieces(r, slots):
    """(first, end, slot, in_slot) of the parts of a range that lie in one slot or in none."""
    ia, end = number(r["ia"]), number(r["ia"]) + r["size"]
    if slots is None:
        return [(ia, end, None, None)]
    if "memslot" in r:
        return [(ia, end, r["memslot"], r["memslot"] is not None)]
    size = r["size"] // r["count"]
    edges = {edge for s in slots for edge in (number(s["ipa"]), number(s["ipa"]) + s["size"]) if ia < edge < end}
    if any((edge - ia) % size for edge in edges):
        return [(ia, end, NotJudged, NotJudged)]
    points, out = sorted({ia, end} | edges), []
    for first, last in zip(points, points[1:]):
        inside = [s["id"] for s in slots if number(s["ipa"]) <= first < number(s["ipa"]) + s["size"]]
        out.append((first, last, inside[0] if inside else None, bool(inside)))
    return out


def convert_range(r, table):
    """The ranges of schema 2 for one of schema 1: more than one where a slot ends inside. @table is the converted one."""
    kind = kind_of_range(table)
    if kind == "effective_range":
        return [convert_effective(r)]
    leaf = r["type"] in ("page", "block")
    # An output address beyond the output size faults: it maps nothing. A block may begin inside, and find tells only what is.
    mapped = r["valid"] and not ("oa-size" in r["odd"] and number(r["pa"]) >> table.get("oa_bits", 52))
    new = make(kind, **take(r, "ia", "size", "level", "type", "owner", "state", "count", "odd"), mapped=mapped,
               **{n: r.get(n) for n in ("state_from", "handle", "gfn", "raw")}, missing=CODES.get(r.get("missing"), r.get("missing")),
               descriptor_pa=missing_descriptor(r, table) if r["type"] == "missing" else NotJudged)
    if leaf:
        new.update(attributes_of(r, kind))
    if mapped:
        sctlr = table["registers"].get("sctlr_el2" if table["kind"] == "hyp-stage1" else "sctlr_el1", "0x0")
        new.update(rights_of(r, table["format"] == "stage1" and bool(number(sctlr) & WXN)))
        new.update(pa=r["pa"] if r["pa_contiguous"] else None, pieces=1 if r["pa_contiguous"] else NotJudged)
    out = []
    for first, end, slot, in_slot in slot_pieces(r, table["slots"]):
        part = {**new, "ia": hex(first), "size": end - first, "slot": slot, "in_slot": in_slot}
        if end - first != r["size"]:
            part["count"] = (end - first) // (r["size"] // r["count"])
        if first != number(r["ia"]):
            part.update(raw=NotJudged, descriptor_pa=NotJudged)
            part["pa"] = hex(number(new["pa"]) + first - number(r["ia"])) if new["pa"] else None
        out.append(part)
    return out


# PAR_EL1.ATTR and MAIR_ELx.Attr<n> (Arm ARM D24.2.125): Device types, and by nibble what Normal memory is, hints left out.
DEVICES = {0x00: "device-nGnRnE", 0x04: "device-nGnRE", 0x08: "device-nGRE", 0x0c: "device-GRE", 0x01: "device-nGnRnE-nxs",
           0x05: "device-nGnRE-nxs", 0x09: "device-nGRE-nxs", 0x0d: "device-GRE-nxs", 0x40: "normal-nc-nxs",
           0xa0: "normal-wt-nxs", 0xf0: "normal-wb-tagged"}


def memattr_of(attr):
    if attr in DEVICES:
        return DEVICES[attr]
    # 0b0100 is Non-cacheable; else bit 2 tells Write-Back from Write-Through; 0 is reserved.
    outer, inner = (None if not n else "nc" if n == 4 else "wb" if n & 4 else "wt" for n in (attr >> 4, attr & 15))
    if outer is None or inner is None:
        return "reserved"
    return f"normal-{outer}" if outer == inner else f"normal-o{outer}-i{inner}"


def convert_effective(r):
    pa = r.get("pa")
    new = make("effective_range", **take(r, "ia", "size"), mapped=r["valid"],
               type={True: "mapped", False: "fault", None: "missing"}[r["valid"]])
    if r["valid"]:
        new.update(rights_of(r), pa=pa if r["pa_contiguous"] else None, pieces=1 if r["pa_contiguous"] else NotJudged,
                   attr=r["attr"], sh=r["sh"], memattr=r["attr"] and memattr_of(number(r["attr"])))
    elif r["valid"] is None:
        new.update(missing=CODES.get(r["missing"], r["missing"]), stage=r["stage"], level=r["level"], descriptor_pa=r["descriptor"])
    return new


# ---- tables ----------------------------------------------------------------------------------------------------------------

def vm_of(t):
    if not t["id"].startswith("vm:"):
        return None
    guest = t["kind"] in ("guest-stage1", "guest-effective")
    unknown = NotJudged if guest else None
    return make("vm", NotJudged, pid=t.get("pid", unknown), vcpus=t.get("vcpus", unknown), handle=t.get("handle", unknown))


def annotators_of(t):
    rows = t.get("ranges", [])
    if t["kind"] in ("guest-stage1", "guest-effective"):
        return []
    hosts = any(r["owner"] or r["state"] or "state_from" in r for r in rows)
    names = (["memslots"] if "memslots" in t else []) + (["pkvm"] if hosts or "handle" in t else [])
    # No row that tells whose it is: there may be none that could.
    return names if hosts or t["kind"] in ("stage2", "nested-stage2") and t["id"] == "raw" else NotJudged


def convert_slot(s):
    return make("slot", **take(s, "id", "ipa", "size", "hva", "readonly", "gmem"), log=s["log_dirty"], **{"as": 0})


def shadows_of(t):
    return {"vttbr_el2": t["guest_vttbr"], "vtcr_el2": t["guest_vtcr"]} if "guest_vtcr" in t else None


def pages_of(ranges):
    """How many entries of each size map, the largest first."""
    sizes = {}
    for r in ranges:
        if r["mapped"]:
            size = r["size"] // r["count"]
            sizes[size] = sizes.get(size, 0) + r["count"]
    return [{"size": size, "count": sizes[size]} for size in sorted(sizes, reverse=True)]


def convert_table(t, kind="dump_table"):
    stage = 1 if t["kind"] in ("hyp-stage1", "guest-stage1", "guest-effective") else 2
    new = make(kind, **take(t, "id", "kind", "arch", "granule", "ia_bits", "oa_bits", "start_level", "start_tables", "root",
                            "registers", "odd"), stage=stage, format=f"stage{stage}", features=take(t, "fwb", "lpa2"),
               soft=NotJudged, annotators=annotators_of(t), vm=vm_of(t), found=t.get("found"), shadows=shadows_of(t),
               slots=[convert_slot(s) for s in t["memslots"]] if "memslots" in t else None, complete=t["complete"])
    totals = make("totals", NotJudged, **take(t, "missing_bytes", "table_pages", "odd_tables"))
    if kind == "dump_table":
        new["ranges"] = [n for r in t.get("effective", t.get("ranges")) for n in convert_range(r, new)]
        totals["mapped_bytes"] = sum(r["size"] for r in new["ranges"] if r["mapped"])
        totals["pages"] = None if "effective" in t else pages_of(new["ranges"])
    else:
        totals["mapped_bytes"] = t["mapped_bytes"]
    new["totals"] = totals
    return new


# ---- documents -------------------------------------------------------------------------------------------------------------

def convert_image(image, tables):
    if image is None:
        return None
    mode = image.get("kvm_mode")
    return make("image", NotJudged, **take(image, "path", "format"), release=image.get("release", NotJudged),
                incomplete=image.get("incomplete", False), kvm_mode=None if mode == "unknown" else mode,
                arch=tables[0]["arch"] if tables else NotJudged)


def convert_problem(p):
    return {**p, "code": CODES.get(p["code"], p["code"])}


def convert_found(hits):
    out = []
    for h in hits:
        new = make("found", **take(h, "pa", "size", "as"), table=h.get("table"), level=h.get("level"), table_pa=h.get("table_pa"))
        if h["as"] is None:
            new.update(tables=NotJudged, incomplete=NotJudged)
        if h["as"] == "mapping":
            # The geometry is not in what schema 1's find prints: levels of exec tell the stages apart.
            stage1 = isinstance(h["range"]["read"], dict) or "attrindx" in h["range"]
            table = {"kind": "guest-stage1", "format": "stage1" if stage1 else "stage2", "registers": {}, "slots": None}
            new["range"] = {**convert_range(h["range"], table)[0], "slot": NotJudged, "in_slot": NotJudged}
            if stage1:
                new["range"].update({name: NotJudged for name in RIGHTS})
            ahead = max(0, number(h["pa"]) - number(h["range"]["pa"]))
            new["ia"] = hex(number(h["range"]["ia"]) + ahead)
        out.append(new)
    return out


def par_member(a, low, high):
    """Bits of PAR_EL1 that are known, else NotJudged."""
    mask = (1 << high + 1) - (1 << low)
    return NotJudged if number(a["par_known"]) & mask != mask else (number(a["par"]) & mask) >> low


def convert_translation(a):
    result = "missing" if a["fault"] is None else "fault" if a["fault"] else "done"
    new = make("translation", **take(a, "op", "ia", "stage", "level"), result=result, ipa=a.get("ipa"), pa=a.get("pa"),
               par=a.get("par"), par_known=a.get("par_known"), fault=a.get("kind"), s1ptw=a.get("s1ptw"),
               missing=CODES.get(a.get("missing"), a.get("missing")), missing_pa=a.get("missing_pa"),
               steps=[{("descriptor_pa" if k == "desc_pa" else k): v for k, v in step.items()} for step in a["steps"]])
    if result == "done":
        attr, sh = par_member(a, 56, 63), par_member(a, 7, 8)
        new.update({name: NotJudged for name in (*RIGHTS, "slot", "in_slot")})
        new["memattr"] = attr if attr is NotJudged else memattr_of(attr)
        new["sh"] = sh if sh is NotJudged else ("none", "reserved", "outer", "inner")[sh]
    return new


def convert_check(c):
    listed = "result" not in c
    new = make("check_row", None if listed else NotJudged, **take(c, "name", "severity"), findings=c.get("findings", []))
    for name in ("meaning", "tables", "exceptions") if listed else ("result", "count"):
        new[name] = c[name]
    if not listed:
        new["why"] = c.get("why")
    return new


def command_of(doc):
    if "checks" in doc:
        return "check"
    return "list" if any("mapped_bytes" in t for t in doc["tables"]) else "dump"


def convert(doc, command=None):
    """A document of schema 1 in schema 2. A list stands for the objects of find and translate."""
    if isinstance(doc, list):
        command = command or ("find" if doc and "as" in doc[0] else "translate")
        rows = convert_found(doc) if command == "find" else [convert_translation(a) for a in doc]
        image, problems, version, complete = NotJudged, NotJudged, NotJudged, NotJudged
    else:
        command = command or command_of(doc)
        problems = [convert_problem(p) for p in doc.get("problems", [])]
        tables = [convert_table(t, f"{command}_table") for t in doc["tables"]] if "tables" in doc else []
        rows = [convert_check(c) for c in doc["checks"]] if command == "check" else tables
        image, version = convert_image(doc.get("image"), tables), doc.get("s2dump", {"version": NotJudged})["version"]
        complete = not problems and all(t["complete"] for t in tables)
    return {"s2dump": {"version": version, "schema": 2, "command": command}, "image": image, PAYLOADS[command]: rows,
            "complete": complete, "problems": problems}


# ---- records ---------------------------------------------------------------------------------------------------------------

def documents_of_records(records):
    """Documents of schema 1 out of its records."""
    doc = None
    for record in records:
        what = record["record"]
        rest = {k: v for k, v in record.items() if k != "record"}
        if what == "image":
            if doc:
                yield doc
            doc = {**rest, "tables": [], "problems": []}
        elif what == "table":
            doc["tables"].append({**rest, "ranges": []})
        elif what == "range":
            doc["tables"][-1]["ranges"].append(record["range"])
        elif what == "effective":
            doc["tables"][-1].pop("ranges", None)
            doc["tables"][-1].setdefault("effective", []).append(record["effective"])
        elif what == "end":
            rest.pop("table")
            doc["tables"][-1].update(rest)
        else:
            doc["problems"].append(rest)
    if doc:
        yield doc


def records(doc):
    """The lines of --format=jsonl for a document of schema 2."""
    image = doc["image"] or make("image")
    command, ident = doc["s2dump"]["command"], image["id"]

    def line(record, row, without=()):
        return {"record": record, "image": ident, **{k: v for k, v in row.items() if k not in without}}

    yield {"record": "image", "id": ident, **doc["s2dump"], **{k: v for k, v in image.items() if k != "id"}}
    for row in doc[PAYLOADS[command]]:
        if command not in ("dump", "list", "slots"):
            yield line({"found": "found", "translations": "translation", "checks": "check", "inspected": "inspected",
                        "decoded": "decoded"}[PAYLOADS[command]],
                       row, ("findings",))
            yield from (line("finding", {"check": row["name"], **f}) for f in row.get("findings", []))
            continue
        slots = row["slots"]
        table = line("table", row, ("slots", "ranges", "complete", "totals"))
        yield {**table, "slots": None if slots is None else len(slots)}
        yield from (line("slot", {"table": row["id"], **s}) for s in slots or [])
        yield from (line("range", {"table": row["id"], **r}) for r in row.get("ranges", []))
        yield line("end", {"table": row["id"], "complete": row["complete"], "totals": row["totals"]})
    yield from (line("problem", p) for p in doc["problems"])
    yield line("end", {"table": None, "complete": doc["complete"], "totals": None})


def document(lines):
    """The document of schema 2 that its records say; KeyError when one is cut off."""
    doc, rows, parent = None, [], {"found": "find", "translation": "translate", "check": "check", "inspected": "inspect",
                               "decoded": "decode"}
    for record in lines:
        row = {k: v for k, v in record.items() if k not in ("record", "image")}
        what = record["record"]
        if what == "image":
            head = {k: row.pop(k) for k in ("version", "schema", "command")}
            doc = {"s2dump": head, "image": None if all(v is None for v in row.values()) else row, PAYLOADS[head["command"]]: rows,
                   "problems": []}
        elif what == "table":
            row.update({"slots": None if row["slots"] is None else []}, **({"ranges": []} if head["command"] == "dump" else {}))
            rows.append(row)
        elif what in ("slot", "range"):
            assert row.pop("table") == rows[-1]["id"]
            rows[-1][what + "s"].append(row)
        elif what == "finding":
            assert row.pop("check") == rows[-1]["name"]
            rows[-1]["findings"].append(row)
        elif what in parent:
            rows.append({**row, "findings": []} if what == "check" else row)
        elif what == "problem":
            doc["problems"].append(row)
        elif row["table"] is None:
            return {**doc, "complete": row["complete"]}
        else:
            rows[-1].update(complete=row["complete"], totals=row["totals"])
    raise KeyError("the last record is missing")


# ---- reading ---------------------------------------------------------------------------------------------------------------

def objects(text):
    # In place: records are many, and a copy of what is left for each is quadratic.
    decoder, space = json.JSONDecoder(), re.compile(r"\s*")
    at = space.match(text).end()
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        at = space.match(text, at).end()
        yield found


def is_new(found):
    head = found[0].get("s2dump", found[0])
    return head.get("schema") == 2


def read(text, command=None):
    """The one document in a text of either schema, in schema 2."""
    found = list(objects(text))
    if found and is_new(found):
        return document(found) if "record" in found[0] else found[0]
    if found and "record" in found[0]:
        found = list(documents_of_records(found))
    elif not found or "op" in found[0] or "as" in found[0]:
        return convert(found, command)
    return convert(found[0], command)


def not_judged(value, path=()):
    """Paths (keys and indices) of what stands open."""
    if value is NotJudged:
        yield path
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from not_judged(inner, (*path, key))


def printable(value):
    """The same with null for what is not judged."""
    if value is NotJudged:
        return None
    if isinstance(value, dict):
        return {k: printable(v) for k, v in value.items()}
    return [printable(v) for v in value] if isinstance(value, list) else value


# ---- the judge -------------------------------------------------------------------------------------------------------------

def differences(old, new, path=""):
    """What @new says otherwise than @old, where @old says anything."""
    if old is NotJudged:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if key not in new or key not in old:
                yield f"{path}.{key}: only in the {'old' if key in old else 'new'}"
            elif key == "ranges":
                yield from range_differences(old[key], new[key], f"{path}.ranges", new["kind"])
            elif not (key in ("complete", "totals") and "kind" in new and new[key] is None and "ranges" not in new):
                yield from differences(old[key], new[key], f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        for n, (a, b) in enumerate(itertools.zip_longest(old, new)):
            name = next((str(x[k]) for x in (a, b) for k in ("id", "name", "pa") if isinstance(x, dict) and k in x), n)
            if a is None or b is None:
                yield f"{path}[{name}]: only in the {'old' if b is None else 'new'}"
            else:
                yield from differences(a, b, f"{path}[{name}]")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield f"{path}: {new!r}, was {old!r}"


def piece(r, first, end):
    """The part of a range from @first to @end."""
    start, part = number(r["ia"]), {**r, "ia": hex(first), "size": end - first}
    if "count" in r and r["count"]:
        part["count"] = NotJudged if r["size"] != end - first else r["count"]
    if first != start:
        part.update({k: NotJudged for k in ("raw", "descriptor_pa") if k in r})
        part["pa"] = hex(number(r["pa"]) + first - start) if r["pa"] else None
    return part


def ends(r):
    return number(r["ia"]), number(r["ia"]) + r["size"]


def joined(a, b):
    """Are two neighbours equal in all that a range shows, so that they should be one?"""
    apart = ("ia", "size", "count", "raw", "pa", "descriptor_pa", "pieces")
    if ends(a)[1] != ends(b)[0] or any(a[k] != b[k] for k in a if k not in apart):
        return False
    if a.get("raw") and not a["mapped"] and a["raw"] != b["raw"]:
        return False
    return not a["pa"] or not b["pa"] or number(a["pa"]) + a["size"] == number(b["pa"])


def range_differences(old, new, path, kind):
    """Both lists cut at the borders of either. Rights that stage 1 loses to the tables above are no difference of schema 1's."""
    edges = sorted({edge for r in old + new for edge in ends(r)})
    a, b = iter(old), iter(new)
    left, right = next(a, None), next(b, None)
    for first, end in zip(edges, edges[1:]):
        while left and ends(left)[1] <= first:
            left = next(a, None)
        while right and ends(right)[1] <= first:
            right = next(b, None)
        there = [r and ends(r)[0] <= first for r in (left, right)]
        where = f"{path}[{first:#x}-{end:#x}]"
        if not any(there):
            continue
        if not all(there):
            yield f"{where}: only in the {'old' if there[0] else 'new'}"
            continue
        was, now = piece(left, first, end), piece(right, first, end)
        whole, pieces = ends(left) == ends(right), right["pieces"]
        # Merged by attributes here, apart there: nothing is known of the address.
        if was["pieces"] is NotJudged:
            was["pa"] = NotJudged
            if whole and pieces is not NotJudged and (pieces or 0) < 2:
                yield f"{where}: {pieces} pieces, though it is not contiguous"
        elif was["pieces"] and not whole:
            was.update(pieces=NotJudged, pa=was["pa"] if right["pa"] else NotJudged)
        for key, value in now.items():
            if value is NotJudged:
                was[key] = NotJudged
            # Rights that the tables above take are no part of a descriptor.
            if kind in ("hyp-stage1", "guest-stage1") and key in RIGHTS and was[key] is True and value is False:
                was[key] = NotJudged
        yield from differences(was, now, where)
    for x, y in zip(new, new[1:]):
        if joined(x, y) and not any(joined(v, w) for v, w in zip(old, old[1:]) if ends(v)[1] == ends(x)[1]):
            yield f"{path}[{y['ia']}]: equal to the one before it, and not joined"


def judge(old, new, command=None):
    """Differences of a text of schema 2 from one of schema 1."""
    now = read(new)
    was = read(old, command or now["s2dump"]["command"])
    return list(differences(was, now))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--command", choices=sorted(PAYLOADS))
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--jsonl", action="store_true", help="print records")
    args = parser.parse_args()
    texts = [sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="utf-8") for name in args.files]
    if len(texts) != 1 + args.judge:
        parser.error("one FILE, or OLD and NEW with --judge")
    if args.judge:
        found = judge(*texts, args.command)
        for text in found:
            print(text)
        return bool(found)
    doc = read(texts[0], args.command)
    for path in sorted({".".join("[]" if isinstance(key, int) else key for key in path) for path in not_judged(doc)}):
        print(f"not judged: {path}", file=sys.stderr)
    for line in records(printable(doc)) if args.jsonl else [printable(doc)]:
        print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
