#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# From a document of schema 2 to the text that s2dump prints without --json: the judge of the text, written from design §6 and not from src/format.

"""    render2.py DOCUMENT            the text; `-` is standard input
    render2.py --judge DOCUMENT TEXT   the first difference; exit status 1 when there is one"""

import argparse
import datetime
import json
import pathlib
import re
import sys
import unicodedata
from fractions import Fraction

UNITS = ["", "K", "M", "G", "T", "P", "E"]
SH = {"none": "nsh", "outer": "osh", "inner": "ish", "reserved": "sh?", None: "?"}
# In this order; the first is said when it is not so.
FLAGS = ["cont", "dbm", "fnxs", "nt", "ng", "gp", "ns"]
NUMBERS = ["xn0", "attrindx", "piindex", "poindex", "sw", "pbha", "ignored"]
TURNS = {0x61c, 0x200e, 0x200f, *range(0x2028, 0x202f), *range(0x2066, 0x206a)}


def number(text):
    return int(text, 16)


def size_text(size):
    unit = max(0, (size.bit_length() - 1) // 10)
    exact = Fraction(size, 1 << 10 * unit)
    rounded = Fraction(int(exact * 100 + Fraction(1, 2)), 100)
    about = "~" if rounded != exact else ""
    if rounded == 1024 and unit < 6:
        rounded, unit = Fraction(1), unit + 1
    digits = f"{float(rounded):.2f}".rstrip("0").rstrip(".")
    return about + digits + UNITS[unit]


def escaped(text):
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cs") and ord(c) not in TURNS
                   else "".join(f"\\x{b:02x}" for b in c.encode("utf-8", "surrogatepass")) for c in text)


def token(text):
    return escaped(text).replace(" ", "_") or "-" if text is not None else "-"


def plain(value):
    return "-" if value is None else str(value)


def time_text(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def counted(n, word):
    return f"{n} {word}{'' if n == 1 else 's'}"


# ---- a row -----------------------------------------------------------------------------------------------------------------

def two_levels(table):
    return table["format"] == "stage1" and table["kind"] != "hyp-stage1" or table["kind"] == "guest-effective"


def rights(r, two):
    if r["read"] is None:
        return "?" if r["mapped"] else "-"
    head = ("r" if r["read"] else "-") + ("w" if r["write"] else "-")
    if two:
        user = ("r" if r["read_user"] else "-") + ("w" if r["write_user"] else "-") + ("x" if r["exec_user"] else "-")
        return f"{head}{'x' if r['exec_priv'] else '-'}/{user}"
    return head + {(True, True): "x", (True, False): "p", (False, True): "u", (False, False): "-"}[r["exec_priv"], r["exec_user"]]


def flags(r):
    out = ["noaf"] if r.get("af") is False else []
    out += [name for name in FLAGS if r.get(name)]
    out += [f"{name}={r[name]}" for name in NUMBERS if r.get(name)]
    if r.get("raw") and r["type"] not in ("page", "block") and number(r["raw"]):
        out.append(f"raw={r['raw']}")
    return ",".join(out + ["!" + odd for odd in r.get("odd", [])]) or "-"


def slot_text(r, slots):
    if r["in_slot"] is None:
        return "?"
    if not r["in_slot"]:
        return "-"
    slot = next(s for s in slots if s["id"] == r["slot"])
    marks = [mark for mark, member in (("ro", "readonly"), ("log", "log"), ("gmem", "gmem")) if slot[member]]
    return f"{r['slot']}:{','.join(marks)}" if marks else str(r["slot"])


def owner_text(r):
    """(owner, state)"""
    if r["state_from"] == "missing":
        return "?", "?"
    owner = r["owner"] or "-"
    if r["handle"] is not None:
        owner += ":" + r["handle"]
    return owner, r["state"] or ("?" if r["owner"] else "-")


def reaches(r, granule):
    if r["missing"]:
        return r["missing"] if r["missing"] == "budget" else f"{r['missing']}@{number(r['descriptor_pa']) & ~(granule - 1):#x}"
    if not r["mapped"]:
        return "-"
    return r["pa"] or f"pieces:{r['pieces']}"


class Table:
    def __init__(self, table):
        self.table = table
        self.effective = table["kind"] == "guest-effective"
        self.two = two_levels(table)
        self.owners = "pkvm" in (table["annotators"] or [])
        upper = table["id"].endswith("/ttbr1")
        last = (1 << 64) - 1 if upper else (1 << table["ia_bits"]) - 1
        self.digits = 16 if last == (1 << 64) - 1 else len(f"{last + 1:x}")
        widths = [("ia", 2 * self.digits + 5), ("size", -8)]
        if not self.effective:
            widths.append(("l", -2 if table["start_level"] < 0 else -1))
        widths += [("type", 7), ("rights", 7 if self.two else 6), ("memory", 13), ("sh", 3)]
        if not self.effective:
            widths.append(("flags", 5))
        if table["slots"] is not None:
            widths.append(("slot", 5))
        if self.owners:
            widths += [("owner", 12), ("state", 15)]
        self.widths = [*widths, ("pa", 0)]

    def line(self, words):
        cells = [word.rjust(-width) if width < 0 else word.ljust(width) for word, (_, width) in zip(words, self.widths)]
        return " ".join(cells).rstrip()

    def titles(self):
        return self.line(["# ia", *[name for name, _ in self.widths[1:]]])

    def row(self, r):
        ia, end = number(r["ia"]), number(r["ia"]) + r["size"]
        words = [f"0x{ia:0{self.digits}x}-0x{end:0{self.digits}x}", size_text(r["size"])]
        if not self.effective:
            words.append(str(r["level"]))
        words += [r["type"], rights(r, self.two), r["memattr"] or ("?" if r["mapped"] else "-"),
                  SH[r["sh"]] if r["sh"] or r.get("memattr") else "-"]
        if not self.effective:
            words.append(flags(r))
        if self.table["slots"] is not None:
            words.append(slot_text(r, self.table["slots"]))
        if self.owners:
            words += owner_text(r)
        return self.line([*words, reaches(r, self.table["granule"])])


# ---- a table ---------------------------------------------------------------------------------------------------------------

STAGES = {"stage2": "stage 2", "nested-stage2": "stage 2 (nested)", "host-stage2": "stage 2", "hyp-stage1": "stage 1 (EL2)",
          "guest-stage1": "stage 1", "guest-effective": "stages 1 and 2"}


def head(t):
    tables = f" x{t['start_tables']}" if t["start_tables"] > 1 else ""
    ia = "IPA" if t["stage"] == 2 else "VA"
    features = {None: [], True: ["FWB"], False: ["no FWB"]}[t["features"]["fwb"]] + (["LPA2"] if t["features"]["lpa2"] else [])
    parts = [f"{t['granule'] >> 10}K granule", f"{ia} {t['ia_bits']} bits from level {t['start_level']}{tables}", f"PA {t['oa_bits']} bits",
             *features]
    yield f"---[ {t['id']} {STAGES[t['kind']]}: {', '.join(parts)}{''.join(' !' + o for o in t['odd'])} ]---"
    vm = t["vm"] or dict.fromkeys(("name", "comm", "pid", "vmid", "handle", "vcpus"))
    who = " ".join(text for text in (vm["name"] and f'"{escaped(vm["name"])}"', vm["comm"] and escaped(vm["comm"])) if text)
    parts = [who] if who else []
    parts += [f"{word} {vm[name]}" for name, word in (("pid", "pid"), ("vmid", "VMID"), ("handle", "handle")) if vm[name] is not None]
    parts += [counted(vm["vcpus"], "vCPU")] if vm["vcpus"] is not None else []
    if t["slots"] is not None:
        ram = sum(s["size"] for s in t["slots"])
        parts.append(counted(len(t["slots"]), "slot") + (f" {size_text(ram)}" if ram else ""))
    yield "# " + ", ".join([*parts, f"root {t['root'] or '-'}"])
    for lead, registers in (("", t["registers"]), ("shadows ", t["shadows"])):
        if registers:
            yield f"# {lead}" + "  ".join(f"{name} {value}" for name, value in registers.items())


def foot(t):
    totals = t["totals"]
    text = f"# mapped {size_text(totals['mapped_bytes'])}"
    if t["slots"]:
        text += f" of {size_text(sum(s['size'] for s in t['slots']))}"
    sizes = totals["pages"] or []
    if sizes:
        first, *rest = sizes
        text += f" in {counted(first['count'], 'page')} of {size_text(first['size'])}"
        text += "".join(f", {p['count']} of {size_text(p['size'])}" for p in rest)
    text += f"; {counted(totals['table_pages'], 'table page')}"
    if totals["odd_tables"]:
        text += f"; {counted(totals['odd_tables'], 'odd table descriptor')}, first at {totals['first_odd_table']}"
    return text + (f"; missing {size_text(totals['missing_bytes'])}" if totals["missing_bytes"] else "")


def dump(doc):
    for n, t in enumerate(doc["tables"]):
        if n:
            yield ""
        yield from head(t)
        table = Table(t)
        yield table.titles()
        yield from map(table.row, t["ranges"])
        yield foot(t)


# ---- list ------------------------------------------------------------------------------------------------------------------

def image_line(image):
    left = [f"Linux {escaped(image['release'])}"] if image["release"] else []
    left += [f"KVM {image['kvm_mode']}"] if image["kvm_mode"] else []
    what = image["format"] + (f" {size_text(image['size'])}" if image["size"] is not None else "")
    right = [what] + ([f"dumped {time_text(image['time'])}"] if image["time"] is not None else [])
    node = f' of "{escaped(image["node"])}"' if image["node"] else ""
    return "# " + "; ".join(part for part in (", ".join(left), ", ".join(right) + node) if part)


def geometry(t):
    tables = f"x{t['start_tables']}" if t["start_tables"] > 1 else ""
    return f"{t['granule'] >> 10}K/{t['ia_bits']}/{t['oa_bits']}/l{t['start_level']}{tables}"


def slots_text(slots):
    if slots is None:
        return "-"
    marks = [(sum(s[name] for s in slots), mark) for name, mark in (("readonly", "ro"), ("log", "log"), ("gmem", "gmem"))]
    return f"{len(slots)}:{','.join(f'{n}{mark}' for n, mark in marks if n)}".rstrip(":")


def state_text(vm):
    words = [vm["state"], vm["protected"] and "protected", vm["dying"] and vm["state"] != "dying" and "dying"]
    return ",".join(word for word in words if word) or "-"


def whose(t):
    vm = t["vm"] or dict.fromkeys(("name", "comm", "pid", "vcpus", "vmid", "state", "protected", "dying"))
    slots = t["slots"]
    return [t["id"], token(vm["name"] or vm["comm"] and f"({vm['comm']})"), plain(vm["pid"]), plain(vm["vcpus"]),
            "-" if slots is None else size_text(sum(s["size"] for s in slots)), slots_text(slots), plain(vm["vmid"]),
            state_text(vm), geometry(t), plain(t["root"])]


def guest(vm):
    """Its kernel; ? where none was found and one may be in what was not searched."""
    if not vm or vm["guest_release"] is None:
        return "?" if vm and vm["guest_unknown"] else "-"
    return token(vm["guest_release"])


def costs(t):
    """With -l."""
    totals = t["totals"]
    pages = ",".join(f"{p['count']}x{size_text(p['size'])}" for p in totals["pages"] or []) or "-"
    id_, name, _, _, ram, *_ = whose(t)
    return [id_, name, ram, size_text(totals["mapped_bytes"]), pages, str(totals["table_pages"]), size_text(totals["missing_bytes"]),
            guest(t["vm"])]


def columns(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [" ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in rows]


def list_(doc):
    yield image_line(doc["image"])
    titles = ["# id", "name", "pid", "vcpus", "ram", "slots", "vmid", "state", "geometry", "root"]
    yield from columns([titles, *map(whose, doc["tables"])])
    if any(t["totals"] for t in doc["tables"]):
        yield from columns([["# id", "name", "ram", "mapped", "pages", "tables", "missing", "guest"], *map(costs, doc["tables"])])


# ---- find, translate, check ------------------------------------------------------------------------------------------------

def find(doc):
    for f in doc["found"]:
        r = f["range"]
        if f["as"] is None:
            where = f"incomplete: {' '.join(f['incomplete'])}" if f["incomplete"] else "all complete"
            yield f"# {f['pa']}: nothing reaches it; {counted(f['tables'], 'table')} read, {where}"
        elif f["as"] == "table":
            yield f"{max(f['pa'], f['table_pa'], key=number)} {f['table']} - - table - - - - - level:{f['level']}@{f['table_pa']}"
        else:
            start, each = number(r["ia"]), r["size"] // r["count"]
            slot = "?" if r["in_slot"] is None else "-" if not r["in_slot"] else str(r["slot"])
            owner = owner_text(r) if r["owner"] or r["state"] or r["state_from"] else ()
            first = max(f["pa"], r["pa"] or f["pa"], key=number)
            yield " ".join([first, f["table"], f["ia"], size_text(each), r["type"], rights(r, "attrindx" in r), r["memattr"], SH[r["sh"]],
                            slot, *owner, f"{r['ia']}-{start + r['size']:#x}", f"descriptor@{r['descriptor_pa']}"])


def translate(doc):
    for a in doc["translations"]:
        yield f"{a['ia']} {a['op']}"
        for s in a["steps"]:
            yield f"  stage {s['stage']}{' for 1' if s['s1ptw'] else ''} level {s['level']} {s['descriptor_pa']}[{s['index']}] {s['raw']} {s['type']}"
        place = f"stage {a['stage']} level {a['level']}{' for a walk of stage 1' if a['s1ptw'] else ''}"
        if a["result"] == "done":
            unknown = ~number(a["par_known"]) & ((1 << 64) - 1)
            yield f"  PAR_EL1 {a['par']}" + (f" (bits {unknown:#x} not known)" if unknown else "")
            two = a["op"].startswith("S1") and not a["op"].startswith("S1E2")
            slot = [] if a["in_slot"] is None else [f"slot:{a['slot']}" if a["in_slot"] else "slot:-"]
            ipa = [f"ipa {a['ipa']}"] if a["ipa"] else []
            yield " ".join(["=", *ipa, f"pa {a['pa']}", rights({**a, "mapped": True}, two), a["memattr"] or "?", SH[a["sh"]], *slot])
        elif a["result"] == "fault":
            yield f"= {a['fault']}, {place}, PAR_EL1 {a['par']}"
        else:
            yield f"= not known, {place}: {a['missing']}@{a['missing_pa']}"


SEVERITIES = {"isolation": "broken isolation: somebody reaches memory that is not theirs",
              "corruption": "corrupt: the tables contradict each other, or hold what nobody writes"}


def reasons(rows, result):
    """(reason, its checks) of those with the result, in their order."""
    rows = [c for c in rows if c["result"] == result]
    return [(why, [c for c in rows if c["why"] == why]) for why in dict.fromkeys(c["why"] for c in rows)]


def names(rows):
    return "".join(f" {c['name']}" for c in rows)


def broken(line, indent):
    """The line in pieces of at most 80 columns, broken between words."""
    at, piece = 0, ""
    for word in re.findall(r" *[^ ]+", line):
        if len(piece) > at and len(piece) + len(word) > 80:
            yield piece
            at, piece = indent, " " * indent
            word = word.lstrip(" ")
        piece += word
    yield piece


def check(doc):
    listed = doc["checks"] and doc["checks"][0]["result"] is None
    for line in check_lines(doc):
        yield from broken(line, 18 if listed else 4 if line.startswith(" ") else 8)


def check_lines(doc):
    rows = doc["checks"]
    if rows and rows[0]["result"] is None:
        for c in rows:
            yield f"{c['name']:15} {c['meaning']}"
            yield f"{'':15} severity: {c['severity']}; tables: {c['tables']}"
            if c["exceptions"]:
                yield f"{'':15} except: {c['exceptions']}"
        return
    for c in rows:
        unread = f"{c['unread']} unread, {c['checked']} {c['of']} checked: {escaped(c['why'] or '')}"
        if c["result"] == "fail":
            yield f"FAIL    {c['name']:15} {counted(c['count'], 'finding')}, {SEVERITIES[c['severity']]}"
            yield f"  expected: {c['meaning']}"
            for f in c["findings"]:
                ia = "va" if f["table"] == "hyp" else "ia" if f["table"] is None else "ipa"
                yield f"  {f['table'] or '-'}  {ia} {f['ia'] or '-'}  pa {f['pa'] or '-'}  {escaped(f['text'])}"
            if c["count"] > len(c["findings"]):
                yield f"  and {c['count'] - len(c['findings'])} more (see --findings)"
            if c["unread"]:
                yield f"  besides: {unread}"
    for why, some in reasons(rows, "unknown"):
        if len(some) == 1:
            c = some[0]
            yield f"UNKNOWN {c['name']:15} {c['unread']} unread, {c['checked']} {c['of']} checked: {escaped(why)}"
        else:
            yield f"UNKNOWN {len(some)} checks, {escaped(why)}:{names(some)}"
    passed = [c["name"] for c in rows if c["result"] == "pass"]
    if passed:
        yield f"PASS    {counted(len(passed), 'check')}: {' '.join(passed)}"
    skipped = reasons(rows, "skipped")
    if skipped:
        n = sum(len(some) for _, some in skipped)
        head = f"-       {counted(n, 'check')} {'does' if n == 1 else 'do'} not apply"
        if len(skipped) == 1:
            yield f"{head}, {skipped[0][0]}:{names(skipped[0][1])}"
        else:
            yield f"{head}:{';'.join(f'{names(some)} ({why})' for why, some in skipped)}"
    yield f"# checked {sum(c['checked'] or 0 for c in rows)}, unread {sum(c['unread'] or 0 for c in rows)}"


COMMANDS = {"dump": dump, "list": list_, "find": find, "translate": translate, "check": check}


def render(doc):
    return "".join(line + "\n" for line in COMMANDS[doc["s2dump"]["command"]](doc))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document")
    parser.add_argument("text", nargs="?")
    parser.add_argument("--judge", action="store_true")
    args = parser.parse_args()
    source = sys.stdin.read() if args.document == "-" else pathlib.Path(args.document).read_text(encoding="utf-8")
    want = render(json.loads(source))
    if not args.judge:
        sys.stdout.write(want)
        return 0
    got = pathlib.Path(args.text).read_text(encoding="utf-8")
    for n, (a, b) in enumerate(zip(want.splitlines() + ["(end)"], got.splitlines() + ["(end)"]), 1):
        if a != b:
            print(f"line {n}:\n  want {a}\n  got  {b}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
