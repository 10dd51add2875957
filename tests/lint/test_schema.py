#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds everything that s2dump prints as JSON against schema/s2dump.schema.json, and the schema against broken documents.

import argparse
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "tools"))
import mktables  # noqa: E402

SCHEMA = json.loads((TOP / "schema" / "s2dump.schema.json").read_text())
VERSION = "1.2.3"  # stands for @VERSION@ in golden output


def validator(name):
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"})


DUMP, LIST, EFFECTIVE, RECORD = (validator(name) for name in ("dump", "list", "effective", "record"))


def validator_of(doc):
    if "record" in doc:
        return RECORD
    if any("effective" in table for table in doc["tables"]):
        return EFFECTIVE
    return LIST if any("ranges" not in table for table in doc["tables"]) else DUMP


def seen_before(doc, known):
    """The document without the ranges whose like is known: the same members with the same values but addresses."""
    def fresh(r):
        like = json.dumps({k: "" if k in ("ia", "pa", "raw", "table", "size", "count") else v for k, v in r.items()})
        return like not in known and not known.add(like)

    if "record" in doc:
        return doc if doc["record"] != "range" or fresh(doc["range"]) else None
    tables = [{**t, "ranges": [r for r in t["ranges"] if fresh(r)]} if "ranges" in t else t for t in doc["tables"]]
    return {**doc, "tables": tables}


def errors(doc):
    found = []
    for error in validator_of(doc).iter_errors(doc):
        # Of the kinds of range, the one that the type names is meant: say what is wrong with that.
        deep = [e for e in error.context or [] if isinstance(error.instance, dict) and
                e.schema_path[0] == ["page", "block", "invalid", "reserved", "missing"].index(
                    error.instance.get("type", "page"))] if len(error.context or []) else []
        for e in deep or [error]:
            found.append(f"{e.json_path}: {e.message[:300]}")
    return found


def documents(text):
    """The documents and records in a text that may hold other things, too."""
    decoder, at = json.JSONDecoder(), 0
    text = text.replace("@VERSION@", VERSION)
    while True:
        starts = [n for n in (text.find('{"s2dump":', at), text.find('{"record":', at)) if n >= 0]
        if not starts:
            return
        at = min(starts)
        try:
            doc, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            at += 1  # an excerpt
            continue
        if "tables" in doc or "range" in doc or doc.get("record") not in (None, "range"):
            yield doc


def outputs(s2dump, args):
    for command in (["--json"], ["--format=jsonl"], ["list", "--json"]):
        done = subprocess.run([s2dump, *command, *args], capture_output=True, timeout=60, check=False)
        yield " ".join(["s2dump", *command, *args]), done.stdout.decode()


def sources(s2dump, work):
    """(name, text) of everything that holds JSON."""
    for path in sorted(TOP.glob("tests/golden/*/stdout")):
        yield str(path.relative_to(TOP)), path.read_text()
    for path in sorted(TOP.glob("tests/golden/*/*.tables")):
        tables = mktables.load_case(path)
        blob = work / f"{path.parent.name}.{path.stem}.bin"
        blob.write_bytes(tables.blob())
        yield from outputs(s2dump, [str(blob), f"--vtcr={tables.geom.vtcr():#x}", f"--base={tables.base:#x}"])
    for path in sorted(TOP.glob("samples/*.s2dump")):
        yield from outputs(s2dump, [str(path)])


def paths_of(value, path=()):
    """Paths to all members of objects."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key)
            yield from paths_of(value[key], (*path, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from paths_of(item, (*path, n))


def mutants(doc):
    """@doc with one thing wrong: a member that is not known, or a value of a type that no member has."""
    for path in list(paths_of(doc)):
        broken = copy.deepcopy(doc)
        parent = broken
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = {"no": "such"}
        yield path, broken
    broken = copy.deepcopy(doc)
    broken["surprise"] = 1
    yield ("surprise",), broken
    if doc.get("tables") and doc["tables"][0].get("ranges"):
        for n, r in enumerate(doc["tables"][0]["ranges"]):
            broken = copy.deepcopy(doc)
            broken["tables"][0]["ranges"][n]["surprise"] = 1
            yield ("tables", 0, "ranges", n, "surprise"), broken
            for key in set(r) - {"nt", "ns", "pbha", "xn0"}:
                broken = copy.deepcopy(doc)
                del broken["tables"][0]["ranges"][n][key]
                yield ("tables", 0, "ranges", n, "without " + key), broken


def test_mutants(doc):
    """The schema must refuse each of them."""
    count, wrong = 0, []
    for path, broken in mutants(doc):
        count += 1
        if not next(validator_of(doc).iter_errors(broken), None):
            wrong.append(f"the schema accepts a document that is broken at {'.'.join(map(str, path))}")
    return count, wrong


def main():
    parser = argparse.ArgumentParser(description="Validates the JSON of golden cases and samples.")
    parser.add_argument("--s2dump", required=True)
    args = parser.parse_args()
    s2dump = os.path.abspath(args.s2dump)
    Draft202012Validator.check_schema(SCHEMA)
    passed = failed = total = 0
    known, specimens = set(), {}
    with tempfile.TemporaryDirectory(prefix="s2schema.") as work:
        for name, text in sources(s2dump, pathlib.Path(work)):
            docs = list(documents(text))
            new = [d for d in (seen_before(doc, known) for doc in docs) if d]
            wrong = [e for doc in new for e in errors(doc)]
            total += len(docs)
            if name.startswith("s2dump ") and not docs:
                wrong.append("no JSON came out")
            passed, failed = passed + (bool(docs) and not wrong), failed + bool(wrong)
            for line in wrong[:5]:
                print(f"not ok {name}: {line}")
            for doc in docs:
                rows = [r for t in doc.get("tables", []) for r in t.get("ranges", t.get("effective", []))]
                types = frozenset(r.get("type", "effective") for r in rows)
                if types and len(rows) < 12:
                    specimens.setdefault(types, doc)
    count = 0
    for doc in specimens.values():
        n, wrong = test_mutants(doc)
        count, failed = count + n, failed + bool(wrong)
        passed += not wrong
        for line in wrong[:5]:
            print(f"not ok {line}")
    types = set().union(*specimens)
    print(f"{total} documents and records; {count} broken ones refused, with ranges of type {', '.join(sorted(types))}")
    if types != {"page", "block", "invalid", "reserved", "missing", "effective"}:
        print("not ok a type of range is not among the broken documents")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
