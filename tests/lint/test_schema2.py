#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds what s2dump prints as JSON against the schema, and the schema against broken documents; tests tests/tools/schema2.py, the judge.

import argparse
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "tools"))
import mktables  # noqa: E402
import pack  # noqa: E402
import schema2  # noqa: E402

SCHEMA = json.loads((TOP / "schema" / "s2dump.schema.json").read_text())
VERSION = "1.2.3"  # stands for @VERSION@ in golden output


def validator(name):
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"})


VALIDATORS = {name: validator(name) for name in (*schema2.PAYLOADS, "record")}


def runs_of_objects(text):
    """Objects that stand in a text one after the other, with nothing between them but white space, as lists."""
    decoder, at, run, end = json.JSONDecoder(), 0, [], 0
    while True:
        start = text.find("{", at)
        if start < 0:
            break
        try:
            found, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            at = start + 1
            continue
        if run and text[end:start].strip():
            yield run
            run = []
        run.append(found)
        end = at
    if run:
        yield run


HEAD = {"s2dump", "image", "complete", "problems"}


def golden():
    """(case, text) of each document in the golden cases; records of one run are one. What jq made of them is none."""
    for path in sorted(TOP.glob("tests/golden/*/stdout")):
        text = path.read_text().replace("@VERSION@", VERSION)
        for run in runs_of_objects(text):
            for document in [o for o in run if HEAD <= set(o)]:
                yield path.parent.name, json.dumps(document)
            lines = [o for o in run if "record" in o]
            # A cut-out of records is none.
            starts = [n for n, o in enumerate(lines) if o["record"] == "image"]
            for first, last in zip(starts, starts[1:] + [len(lines)]):
                if lines[last - 1]["record"] == "end" and lines[last - 1]["table"] is None:
                    yield path.parent.name, "\n".join(map(json.dumps, lines[first:last]))


def samples(archs):
    """The bundled snapshots that a build with these architectures can read."""
    return [path for path in sorted(TOP.glob("samples/*.s2dump"))
            if ("x86" if path.stem.endswith(("-ept", "-npt")) else "arm64") in archs]


def printed(s2dump, archs, work):
    """(what, text) of all that the program prints of samples and made tables."""
    everything = (["--json"], ["--merge=pa", "--json"], ["--format=jsonl"], ["list", "--json"], ["slots", "--json"], ["inspect", "--json"],
                  ["inspect", "--format=jsonl"], ["check", "--json"],
                  ["find", "--json", "0x40000000-0x50000000", "1"], ["translate", "--json", "0", "0x40000000"])
    for path in samples(archs):
        for command, *more in everything:
            yield from output(s2dump, [command, *[m for m in more if m.startswith("--")], str(path), *[m for m in more if m[0] != "-"]])
    if "arm64" in archs:
        yield from of_arm64(s2dump, work)
    if "x86" in archs:
        yield from of_x86(s2dump, work)
    yield from of_compressed(s2dump, archs, work)


def of_arm64(s2dump, work):
    """The tables of golden cases."""
    for path in sorted(TOP.glob("tests/golden/*/*.tables")):
        tables = mktables.load_case(path)
        blob = work / f"{path.parent.name}.{path.stem}.bin"
        blob.write_bytes(tables.blob())
        yield from output(s2dump, ["--json", str(blob), f"--vtcr={tables.geom.vtcr():#x}", f"--base={tables.base:#x}"])


def of_compressed(s2dump, archs, work):
    """Files whose kind is told together with how they are compressed."""
    sample = min(samples(archs), key=lambda path: path.stat().st_size)
    for name, packer in pack.PACKERS.items():
        packed = work / f"{sample.stem}.{name}"
        packed.write_bytes(packer(sample.read_bytes()))
        yield from output(s2dump, ["list", "--json", str(packed)])
        yield from output(s2dump, ["list", "--format=jsonl", str(packed)])


def of_x86(s2dump, work):
    """Entries that mean something to KVM alone, out of the blobs of golden cases."""
    for case, name, options in (
            ("x86-ept", "ept.bin", ("--eptp=0x5e", "--maxphyaddr=40", "--base=0x12345000", "--software=kvm-new")),
            ("x86-npt", "npt.bin", ("--arch=npt", "--start-level=5", "--maxphyaddr=43", "--c-bit=47", "--base=0x54321000", "--software=kvm-old"))):
        subprocess.run([sys.executable, str(TOP / "tests" / "golden" / case / "make.py")], cwd=work, check=True,
                       env={**os.environ, "PYTHONPATH": str(TOP / "tests" / "tools")})
        for command, *more in (["dump"], ["list", "-l"], ["find", "0x7007000-0x7009000", "0xfee00000"],
                               ["translate", "0x7000", "0xfee00000", "0x8000"], ["translate", "--as=write", "0x3000", "0x4000", "0x6000", "0xfee00000"]):
            for form in ("--json", "--format=jsonl"):
                yield from output(s2dump, [command, form, *options, *[m for m in more if m[0] == "-"], str(work / name),
                                           *[m for m in more if m[0] != "-"]])


def output(s2dump, words):
    done = subprocess.run([s2dump, *words], capture_output=True, timeout=60, check=False)
    if done.stdout:
        yield " ".join(os.path.basename(word) for word in words), done.stdout.decode()


def fresh(doc, known):
    """A document of schema 2 without the ranges whose like is known, so that the test ends soon."""
    def new(r):
        like = str({k: v for k, v in r.items() if k not in ("ia", "pa", "raw", "size", "count", "descriptor_pa")})
        return like not in known and not known.add(like)

    return {**doc, "tables": [{**t, "ranges": [r for r in t["ranges"] if new(r)]} if "ranges" in t else t for t in doc["tables"]]} \
        if "tables" in doc else doc


def errors(name, instance, open_paths):
    """What the schema says against an instance, but where nothing is known."""
    for error in VALIDATORS[name].iter_errors(instance):
        at = tuple(error.absolute_path)
        # A choice is refused as a whole for one member that is open.
        inside = error.validator == "oneOf" and any(path[:len(at)] == at for path in open_paths)
        if at not in open_paths and not inside:
            yield f"{error.json_path}: {error.message[:300]}"


def check_document(converted):
    """What is wrong with the conversion of one document."""
    plain = schema2.printable(converted)
    yield from errors(converted["s2dump"]["command"], plain, set(schema2.not_judged(converted)))
    if plain["complete"] is None or plain["problems"] is None:
        return
    lines = list(schema2.records(plain))
    for line in lines:
        open_here = set(schema2.not_judged(converted)) if line["record"] in ("range", "image", "table", "check") else set()
        for error in VALIDATORS["record"].iter_errors(line):
            if not open_here:
                yield f"record {line['record']}: {error.message[:200]}"
    if schema2.document(lines) != plain:
        yield "is another document after it was records"


def leaves_of(value, path=()):
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves_of(inner, (*path, key))
    else:
        yield path, value


def changed(value):
    if isinstance(value, bool) or value is None:
        return not value
    return value + 1 if isinstance(value, int) else value + "0"


def check_judge(old, rng):
    """A value that is changed must be seen by the judge."""
    leaves = [(path, value) for path, value in leaves_of(old) if path[-1] not in ("ia", "kind", "slot") and "complete" not in path]
    for path, value in rng.sample(leaves, min(len(leaves), 40)):
        new = copy.deepcopy(old)
        parent = new
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = changed(value)
        # What the judge may not say: rights that stage 1 loses.
        if path[-1] in schema2.RIGHTS and value is True:
            continue
        if not list(schema2.differences(old, new)):
            yield f"a change of {'.'.join(map(str, path))} from {value!r} is not seen"


def check_mutants(doc):
    """The schema refuses a document with one thing wrong: a value that no member has, a member that is not known."""
    name = doc["s2dump"]["command"]
    for path, _ in list(leaves_of(doc)):
        broken = copy.deepcopy(doc)
        parent = broken
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = {"no": "such"}
        if VALIDATORS[name].is_valid(broken):
            yield f"the schema accepts a document that is broken at {path}"
        if isinstance(parent, dict):
            parent[path[-1]] = None
            broken = copy.deepcopy(doc)
            inner = broken
            for key in path[:-1]:
                inner = inner[key]
            inner["surprise"] = 1
            if VALIDATORS[name].is_valid(broken) and path[-2:-1] not in (("registers",), ("shadows",), ("features",), ("tags",)):
                yield f"the schema accepts a member that is not known beside {path}"


def test_printed(s2dump, archs):
    rng, count, kinds, known, specimens = random.Random(18), 0, set(), set(), {}
    with tempfile.TemporaryDirectory(prefix="s2schema.") as work:
        texts = [*golden(), *printed(s2dump, archs, pathlib.Path(work))]
    for case, text in texts:
        whole = schema2.read(text)
        doc = fresh(whole, known)
        count += 1
        kinds.add(doc["s2dump"]["command"])
        wrong = [*schema2.differences(whole, whole), *check_document(doc), *check_judge(doc, rng)]
        yield from (f"{case}: {what}" for what in wrong)
        types = frozenset(r["type"] for t in doc.get("tables", []) for r in t.get("ranges", []))
        if len(text) < 20000 and not wrong:
            specimens.setdefault((doc["s2dump"]["command"], types), doc)
    for doc in specimens.values():
        yield from check_mutants(doc)
    print(f"{count} documents of {', '.join(sorted(kinds))}; {len(specimens)} of them broken everywhere")
    if kinds != {"dump", "list", "slots", "translate", "find", "check", "inspect", "decode"}:
        yield f"only {count} documents of {kinds}"
    types = set().union(*(types for _, types in specimens))
    wanted = {"page", "block", "invalid", "reserved", "missing", "mapped", "fault"}
    if not types >= (wanted | {"mmio", "frozen"} if "x86" in archs else wanted):
        yield f"only ranges of type {types} were broken"


# ---- by hand: what design §6 and the manual say, member by member -----------------------------------------------------------

def table1(**more):
    return {"id": "vm:1", "kind": "stage2", "arch": "arm64", "granule": 4096, "ia_bits": 40, "oa_bits": 48, "start_level": 1,
            "start_tables": 2, "lpa2": False, "fwb": True, "root": "0x1000", "registers": {}, "pid": 1, "odd": [], "ranges": [],
            "complete": True, "odd_tables": 0, "missing_bytes": 0, "table_pages": 1, **more}


def page1(**more):
    return {"ia": "0x40000000", "size": 16384, "level": 3, "type": "page", "valid": True, "pa": "0x8000000", "pa_contiguous": True,
            "read": True, "write": True, "exec": {"el1": True, "el0": False}, "af": True, "sh": "inner", "memattr": "normal-wb",
            "contiguous": True, "dbm": False, "fnxs": False, "sw": 3, "ignored": 0, "owner": None, "state": None, "count": 4,
            "raw": "0x8000783", "odd": [], **more}


def stage1(**more):
    both = {"read": {"el1": True, "el0": False}, "write": {"el1": True, "el0": False}, "exec": {"el1": True, "el0": True}}
    r = page1(**{**both, "attrindx": 4, "ng": True, "gp": False, **more})
    del r["fnxs"]
    return r


def slot1(ident, ipa, size):
    return {"id": ident, "ipa": ipa, "size": size, "hva": "0x0", "readonly": False, "log_dirty": True, "gmem": False}


def document1(table):
    return {"s2dump": {"version": VERSION, "schema": 1}, "image": {"path": "f", "format": "raw", "release": None}, "tables": [table],
            "problems": []}


def ranges2(table, *names):
    return [tuple(r[n] for n in names) for r in schema2.convert(document1(table))["tables"][0]["ranges"]]


def expect(what, got, want):
    if got != want:
        yield f"{what}: {got}, not {want}"


def test_ranges():
    open_ = schema2.NotJudged
    yield from expect("rights of stage 2", ranges2(table1(ranges=[page1()]), *schema2.RIGHTS),
                      [(True, True, True, True, True, True, False)])
    yield from expect("a page", ranges2(table1(ranges=[page1()]), "mapped", "pa", "pieces", "cont", "nt", "sw", "slot", "in_slot"),
                      [(True, "0x8000000", 1, True, None, 3, None, None)])
    yield from expect("not contiguous", ranges2(table1(ranges=[page1(pa_contiguous=False)]), "pa", "pieces"), [(None, open_)])
    yield from expect("beyond the output size", ranges2(table1(oa_bits=32, ranges=[page1(odd=["oa-size"], pa="0x100000000")]), "mapped", "read", "pa", "pieces", "sw"),
                      [(False, None, None, None, 3)])
    # One slot ends in the middle: two ranges, each with its own addresses.
    two = table1(memslots=[slot1(0, "0x40000000", 4096), slot1(7, "0x40002000", 8192)], ranges=[page1()])
    yield from expect("cut at slots", ranges2(two, "ia", "size", "count", "pa", "slot", "in_slot", "raw"),
                      [("0x40000000", 4096, 1, "0x8000000", 0, True, "0x8000783"), ("0x40001000", 4096, 1, "0x8001000", None, False, open_),
                       ("0x40002000", 8192, 2, "0x8002000", 7, True, open_)])
    uneven = table1(memslots=[slot1(0, "0x40000000", 2048)], ranges=[page1()])
    yield from expect("a slot that ends inside of a page", ranges2(uneven, "size", "slot"), [(16384, open_)])
    gone = {"ia": "0x40203000", "size": 8192, "level": 3, "type": "missing", "valid": None, "missing": "io", "table": "0x7000",
            "owner": None, "state": None, "count": 2, "odd": []}
    yield from expect("missing", ranges2(table1(ranges=[gone]), "mapped", "missing", "descriptor_pa", "raw", "read", "memattr"),
                      [(None, "unreadable", "0x7018", None, None, None)])
    yield from expect("owner not in the dump", ranges2(table1(ranges=[page1(state_from="missing")]), "owner", "state", "state_from"),
                      [(None, None, "missing")])


def test_stage1():
    guest = {"kind": "guest-stage1", "id": "vm:1/0/ttbr0"}
    yield from expect("rights of stage 1", ranges2(table1(ranges=[stage1()], **guest), *schema2.RIGHTS, "ng", "attrindx"),
                      [(True, True, True, False, False, True, True, True, 4)])
    wxn = {**guest, "registers": {"sctlr_el1": hex(schema2.WXN)}}
    yield from expect("WXN", ranges2(table1(ranges=[stage1()], **wxn), "exec", "exec_priv", "exec_user"), [(True, False, True)])
    yield from expect("WXN with PIE", ranges2(table1(ranges=[stage1(piindex=3)], **wxn), "exec", "write"), [(schema2.NotJudged, True)])
    bare = {**stage1(memattr="attr5"), "read": None, "write": None, "exec": None}
    del bare["attrindx"]
    yield from expect("without MAIR and PIR", ranges2(table1(ranges=[bare], **guest), "attrindx", "memattr", *schema2.RIGHTS),
                      [(5, "attr5", *[None] * 7)])
    hyp = stage1(read={"el2": True}, write={"el2": True}, exec={"el2": True})
    yield from expect("EL2 alone", ranges2(table1(kind="hyp-stage1", id="hyp", ranges=[hyp]), *schema2.RIGHTS), [(True,) * 7])


def test_memattr():
    """Arm ARM, MAIR_EL1: the table of Attr<n>."""
    for attr, want in ((0x00, "device-nGnRnE"), (0x04, "device-nGnRE"), (0x0c, "device-GRE"), (0x44, "normal-nc"), (0xff, "normal-wb"),
                       (0xbb, "normal-wt"), (0x11, "normal-wt"), (0x77, "normal-wb"), (0x4f, "normal-onc-iwb"), (0xf4, "normal-owb-inc"),
                       (0xaf, "normal-owt-iwb"), (0xf0, "normal-wb-tagged"), (0x40, "normal-nc-nxs"), (0x02, "reserved"),
                       (0x70, "reserved")):
        yield from expect(f"memory type {attr:#x}", schema2.memattr_of(attr), want)


def test_find():
    hit = {"pa": "0x8001234", "size": 1, "as": "mapping", "table": "vm:1", "range": page1(ia="0x40001000", size=4096, count=1, pa="0x8001000")}
    none = {"pa": "0x1", "size": 1, "as": None}
    doc = schema2.convert([hit, {"pa": "0x7000", "size": 1, "as": "table", "table": "vm:1", "level": 2, "table_pa": "0x7000"}, none])
    yield from expect("find", [(f["as"], f["ia"], f["level"], f["table_pa"], f["incomplete"]) for f in doc["found"]],
                      [("mapping", "0x40001234", None, None, None), ("table", None, 2, "0x7000", None),
                       (None, None, None, None, schema2.NotJudged)])
    plain = schema2.printable(doc)
    yield from errors("find", plain, set(schema2.not_judged(doc)))


def test_check():
    doc = {"s2dump": {"version": VERSION, "schema": 1}, "image": {"path": "f", "format": "kdump"},
           "checks": [{"name": "wx", "result": "fail", "severity": "corruption", "count": 1,
                       "findings": [{"table": None, "ia": "0x0", "pa": "0x1", "text": "t"}]}], "problems": []}
    converted = schema2.convert(doc)
    yield from expect("check", (converted["checks"][0]["why"], converted["checks"][0]["checked"]), (None, schema2.NotJudged))
    yield from errors("check", schema2.printable(converted), set(schema2.not_judged(converted)))
    rows = {"checks": [{"name": "wx", "severity": "corruption", "meaning": "m", "tables": "t", "exceptions": ""}]}
    converted = schema2.convert(rows)
    yield from expect("check --list", (converted["image"], converted["checks"][0]["result"]), (None, None))
    yield from errors("check", schema2.printable(converted), set(schema2.not_judged(converted)))


def test_judge_ranges():
    """Cut elsewhere is the same; not joined, and a right that appears, are differences; one that tables above take is none."""
    old = schema2.convert(document1(table1(ranges=[page1()])))["tables"][0]

    def judged(kind="stage2", **change):
        new = copy.deepcopy(old["ranges"])
        for r in new:
            r.update(raw="0x8000783", descriptor_pa="0x1000", **change)
        return list(schema2.range_differences(old["ranges"], new, "ranges", kind))

    yield from expect("the same", judged(), [])
    yield from expect("a right less in stage 1", judged("guest-stage1", exec=False, exec_priv=False), [])
    yield from expect("a right less in stage 2", len(judged(exec=False)), 1)
    yield from expect("a right more", len(judged("guest-stage1", exec_user=True)), 1)
    halves = [{**old["ranges"][0], "size": 8192, "count": 2, "raw": None, "descriptor_pa": None} for _ in range(2)]
    halves[1].update(ia="0x40002000", pa="0x8002000")
    found = list(schema2.range_differences(old["ranges"], halves, "ranges", "stage2"))
    yield from expect("not joined", [f.split(": ")[1] for f in found if "joined" in f], ["equal to the one before it, and not joined"])
    halves[1]["slot"] = 5
    apart = [{**old["ranges"][0], "slot": schema2.NotJudged}]
    found = [f for f in schema2.range_differences(apart, halves, "ranges", "stage2") if "raw" not in f]
    yield from expect("cut at a slot", found, [])


# Members of rows that come from the software of a table (KVM on x86).
SOFT = {"mmu_present", "host_writable", "mmu_writable", "ad_type", "soft_accessed", "soft_dirty", "suppress_ve", "nx_huge",
        "user_exec", "gpa", "gen", "access", "saved_rights"}


def test_schema():
    Draft202012Validator.check_schema(SCHEMA)
    for name, kind in SCHEMA["$defs"].items():
        if kind.get("type") == "object" and name not in ("registers", "features"):
            # A table of x86 has the members of its software where that is known.
            may_miss = SOFT if name in ("ept_range", "npt_range", "record_range_ept", "record_range_npt") else ()
            # What only --absent-is-zero says must not look like a member that somebody forgot to read.
            may_miss = {"absent_is_zero"} if name in ("image", "record_image") else may_miss
            required = [member for member in kind["properties"] if member not in may_miss]
            if kind["additionalProperties"] is not False or kind["required"] != required:
                yield f"{name} is not strict"
    doc = schema2.printable(schema2.convert(document1(table1(ranges=[page1()]))))
    for path, _ in list(leaves_of(doc)):
        broken = copy.deepcopy(doc)
        parent = broken
        for key in path[:-1]:
            parent = parent[key]
        if isinstance(parent, dict):
            del parent[path[-1]]
            if not list(errors("dump", broken, ())) and path[-2] != "registers":
                yield f"a document without {'.'.join(map(str, path))} is accepted"


def test_table_pages(s2dump, archs):
    """dump --tables: by the schema, and as many pages as dump counts, each where its parent's descriptor leads."""
    validators = {name: validator(name) for name in ("document", "table_pages", "record")}

    def run(*words):
        return subprocess.run([s2dump, "dump", *words], capture_output=True, timeout=60, check=True, text=True).stdout

    for path in map(str, samples(archs)):
        doc = json.loads(run("--tables", "--json", path))
        lines = [json.loads(line) for line in run("--tables", "--format=jsonl", path).splitlines()]
        yield from (f"{path}: {e.json_path}: {e.message[:200]}" for name in ("document", "table_pages")
                    for e in validators[name].iter_errors(doc))
        yield from (f"{path}: record: {e.message[:200]}" for line in lines for e in validators["record"].iter_errors(line))
        rows = doc["table_pages"]
        if [{k: v for k, v in line.items() if k not in ("record", "image")} for line in lines if line["record"] == "table_page"] != rows:
            yield f"{path}: records are other pages than the document"
        for table in json.loads(run("--json", path))["tables"]:
            mine = [row for row in rows if row["table"] == table["id"]]
            if len(mine) != table["totals"]["table_pages"]:
                yield f"{path}: {table['id']}: {len(mine)} pages, {table['totals']['table_pages']} by dump"
            known = {row["pa"]: row for row in mine}
            for row in mine:
                up = known.get(row["parent"])
                at = int(row["descriptor_pa"] or "0", 16) - int(row["parent"] or "0", 16)
                if (up is None) != (row["parent"] is None) or (up and not 0 <= at < up["size"]):
                    yield f"{path}: {row['pa']}: the parent {row['parent']} is not one, or has no descriptor at {row['descriptor_pa']}"
                if up and int(row["ia"], 16) != int(up["ia"], 16) + at // 8 * (up["span"] // up["entries"]):
                    yield f"{path}: {row['pa']}: {row['ia']} is not what entry {at // 8} of its parent translates"
            if sum(row["to_tables"] for row in mine) != sum(row["parent"] is not None for row in mine):
                yield f"{path}: {table['id']}: not as many descriptors of tables as tables"


def main():
    parser = argparse.ArgumentParser(description="Tests the converter to schema 2, and the schema.")
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--archs", default="arm64,x86", help="architectures of the build")
    args = parser.parse_args()
    failed = 0
    tests = [test for name, test in sorted(globals().items()) if name.startswith("test_")]
    for n, test in enumerate(tests, 1):
        wrong = list(test(os.path.abspath(args.s2dump), args.archs.split(",")) if test in (test_printed, test_table_pages) else test())
        print(f"{'not ' if wrong else ''}ok {n} - {test.__name__}")
        for line in wrong[:20]:
            print(f"  # {line}")
        failed += bool(wrong)
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
