#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Puts mistakes into the sources, one at a time, and says which of them no test notices.
#
#   mutants.py [--count N] [--seed SEED] [--at FILE:LINE ...] [--accepted FILE] [--least PERCENT] [--without TEST ...] [--jobs N]
#
# A mistake (mutant) is a flipped comparison, a changed constant or a dropped statement in a .c file of src/check, src/decode,
# src/host or src/cmd. SEED decides which are drawn; --at takes all of one line instead. The sources are not touched: the changed file
# is compiled below build/mutants, and one that does not compile, or into the same object, does not count. Of the tests (unit, golden
# and the examples of the documents; not the lab) only those run that reach the changed lines, those nearest to the file first, then
# what is quick, up to the first that fails; one that takes too long has failed. What passes all is tried again where sanitizers watch,
# as scripts/test runs them there too; what gives something back is tried there first. What was found is kept below build/mutants for
# as long as sources and tests stay the same, so a run that was interrupted goes on where it was. With --without, for a first look,
# what only that test would notice survives.
#
# Ends with 1 when fewer than PERCENT of the mutants are noticed. Those that fit a row of FILE are left out of account.

import argparse
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build", "mutants")
FOLDERS = ("src/check", "src/decode", "src/host", "src/cmd")

# What a test may take more than it did on the unchanged program: a factor and seconds, on the processor; and until it ends, on a
# machine that has other work.
SLOWER, SECONDS, WAIT = 10, 5, 20
# What a test may take that a build which counts lacks: those that preload a library. They come last.
UNCOUNTED = 60
# What takes more seconds is left out where sanitizers watch, for all survivors run all of those.
BRIEF = 5
# Names the object of a build folder in which there is a mistake.
CHANGED = "changed"
# How many mutants for each worker are begun before the first of them has its answer.
AHEAD = 20
# Seconds' worth of parts of a test that run before what takes longer.
QUICK = 8
# Statements of which nobody but a sanitizer sees that they are not there.
RELEASES = re.compile(r"\w*(free|close|clear|decref|_end)\(")
# What a mutant may take at most, so that none fills the machine: seconds on the processor, bytes of heap (sanitizers reserve more)
# and of each file, of which most may be holes.
MOST_CPU, MOST_HEAP, MOST_FILE = 600, 4 << 30, 80 << 30
# Each process of a test writes a file for every source.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# Tests of which the parts run alone, and what only they read.
PINS = {"pinned": "mutate.pinned", "sweep": "sweep.pinned"}

Mutant = collections.namedtuple("Mutant", "path start end text kind first last")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


# --- drawing -----------------------------------------------------------------------------------

TOKEN = re.compile(r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\#(?:[^\n\\]|\\.)*)
                     | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
                     | (?P<number>\b(?:0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b)
                     | (?P<word>[A-Za-z_]\w*)
                     | (?P<sign><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""", re.X | re.S)

FLIPPED = {"<": (">=", "<="), "<=": (">", "<"), ">": ("<=", ">="), ">=": ("<", ">"), "==": ("!=",), "!=": ("==",),
           "&&": ("||",), "||": ("&&",)}
# What a statement that can be dropped does not begin with.
KEPT = {"if", "for", "while", "do", "switch", "case", "default", "else", "goto", "return", "struct", "enum", "union", "const",
        "static", "extern", "unsigned", "signed", "int", "char", "bool", "long", "void", "double"}


def tokens(text):
    return [m for m in TOKEN.finditer(text) if m.lastgroup != "skip"]


def constants(number):
    """Other numbers in place of this one, of the same base and suffix."""
    digits = number.rstrip("uUlL")
    suffix = number[len(digits):]
    octal = digits[0] == "0" and digits.isdigit()
    value = int(digits, 8 if octal else 0)
    shape = "{:#x}" if digits[:2] in ("0x", "0X") else "0{:o}" if octal and value else "{}"
    return [shape.format(v) + suffix for v in ((value + 1, value - 1) if value else (1,))]


class Statements:
    """Where the statements of a file begin and end, by its tokens."""

    def __init__(self, found):
        self.found = found
        self.of = [(0, 0)] * len(found)  # by token: first and last token of its statement
        self.droppable = []
        depth, first, starts_after = 0, 0, ";"
        heads = []  # depths at which the parentheses of an if, for or while were opened
        for n, token in enumerate(found):
            sign = token[0]
            if sign == "(":
                if depth == 0 and found[n - 1][0] in ("if", "for", "while", "switch"):
                    heads.append(depth)
                depth += 1
            elif sign == ")":
                depth -= 1
                if heads and heads[-1] == depth:
                    heads.pop()
                    self.end(first, n)
                    first, starts_after = n + 1, "head"
            elif depth == 0 and (sign in "{};" or sign == ":" and found[first][0] in ("case", "default")):
                if sign == ";":
                    self.statement(first, n, starts_after)
                self.end(first, n)
                first, starts_after = n + 1, sign
            elif depth == 0 and sign == "else":
                self.end(first, n)
                first, starts_after = n + 1, "head"

    def end(self, first, last):
        for n in range(first, last + 1):
            self.of[n] = first, last

    def statement(self, first, last, after):
        if first == last or self.found[first].lastgroup != "word":
            return
        word = self.found[first][0]
        declares = self.found[first + 1].lastgroup == "word" or word in KEPT
        if (after == "head" and word == "return") or not declares:
            self.droppable.append((first, last))


def mutants_of(path):
    text = read(path)
    found = tokens(text)
    statements = Statements(found)
    line_at = [0]
    for line in text.split("\n"):
        line_at.append(line_at[-1] + len(line) + 1)

    def line(off):
        low, high = 0, len(line_at) - 1
        while low < high:
            mid = (low + high + 1) // 2
            low, high = (mid, high) if line_at[mid] <= off else (low, mid - 1)
        return low + 1

    def mutant(first, last, new, kind):
        whole = statements.of[first]
        return Mutant(path, found[first].start(), found[last].end(), new, kind, line(found[whole[0]].start()),
                      line(found[whole[1]].end() - 1))

    for n, token in enumerate(found):
        group, word = token.lastgroup, token[0]
        if group == "sign":
            for new in FLIPPED.get(word, ()):
                yield mutant(n, n, new, f"{word} -> {new}")
        elif group == "number":
            for new in constants(word):
                yield mutant(n, n, new, f"{word} -> {new}")
        elif word in ("true", "false"):
            new = "false" if word == "true" else "true"
            yield mutant(n, n, new, f"{word} -> {new}")
    for first, last in statements.droppable:
        old = text[found[first].start():found[last].end()]
        yield mutant(first, last, ";" + "\n" * old.count("\n"), "dropped")


def line_of(mutant):
    return read(mutant.path).count("\n", 0, mutant.start) + 1


def line_text(mutant):
    return read(mutant.path).split("\n")[line_of(mutant) - 1].strip()


def name(mutant):
    return f"{mutant.path}:{line_of(mutant)}: {mutant.kind}: {line_text(mutant)}"


def library_of(path):
    """src/LAYER: an architecture's folder is a part of its layer's library."""
    return "/".join(path.split("/")[:2])


def drawn(seed, at):
    paths = sorted(os.path.relpath(os.path.join(where, file), ROOT) for folder in FOLDERS
                   for where, _, files in os.walk(os.path.join(ROOT, folder)) for file in files if file.endswith(".c"))
    found = [m for path in paths for m in mutants_of(path)]
    if at:
        return [m for m in found if f"{m.path}:{line_of(m)}" in at]
    random.Random(str(seed)).shuffle(found)
    return found


# --- building ----------------------------------------------------------------------------------

def quiet(argv, cwd=ROOT, **more):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"mutants: '{' '.join(argv)}' ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(folder, *options):
    # -w: a mistake may well deserve a warning, and is to be found by tests.
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        shutil.rmtree(folder, ignore_errors=True)
        quiet(["meson", "setup", folder, "--buildtype=plain", "-Dtests=enabled", "-Dbench=false", *options])
    changed = os.path.join(folder, CHANGED)
    if os.path.exists(changed):  # a run was ended by a signal: its mistake looks up to date
        with open(changed, encoding="utf-8") as f:
            os.remove(os.path.join(folder, f.read()))
        os.remove(changed)
    quiet(["ninja", "-C", folder])


def last_command(folder, target):
    return quiet(["ninja", "-C", folder, "-t", "commands", target]).strip().split("\n")[-1]


class Step:
    """A test program: what starts it, what it is linked with, how near it is to each folder."""

    def __init__(self, test, folder):
        self.name, self.folder = test["name"], folder
        # Paths below the build folder become relative to it, where every test is started: workers have folders of their own.
        self.argv = [os.path.relpath(arg, folder) if arg.startswith(folder + "/") and ".." not in arg else arg
                     for arg in test["cmd"]]
        self.env = dict(test["env"], LC_ALL="C.UTF-8")
        self.program = next((arg for arg in self.argv if arg.startswith(("tests/", "src/"))), None)
        # Tests that can be run in part have their parts counted each: a mutant has those run that reach it.
        self.parts = golden_cases() if self.name == "golden" else self.cases(folder) if self.name in PINS else []
        self.unit = "s2dump:unit" in test["suite"] and self.program != "src/cmd/s2dump"
        self.link = last_command(folder, self.program) if self.program else ""
        self.libraries = re.findall(r"\b(src/\w+)/lib\w+\.a", self.link)
        self.seconds = 0.0

    def cases(self, folder):
        return quiet([*self.argv, "--cases"], cwd=folder).split()

    def key(self, folder, seconds):
        """Its place among the tests that may notice a mistake in this folder, when it takes so long: the nearest and the shortest
        first. What was not counted is long."""
        own = self.unit and self.libraries[:1] == [folder]
        return (0 if own and seconds < BRIEF else 1 if seconds < QUICK and self.seconds else 2 if self.seconds else 3,
                self.name not in PINS, seconds)


def steps(folder):
    tests = json.loads(quiet(["meson", "introspect", "--tests", folder]))
    wanted = [t for t in tests if {"s2dump:unit", "s2dump:golden"} & set(t["suite"]) or t["name"] == "docs"]
    # A test of the tests' own tools runs nothing that is compiled, some run nothing of these folders, and shells' completions are not
    # built there.
    return [step for step in (Step(t, folder) for t in wanted)
            if step.program and step.name != "completions" and (not step.unit or set(FOLDERS) & set(step.libraries))]


# --- running -----------------------------------------------------------------------------------

WATCHED = {"ASAN_OPTIONS": "halt_on_error=1:detect_stack_use_after_return=1:detect_leaks=1:hard_rss_limit_mb=4096",
           "UBSAN_OPTIONS": "halt_on_error=1"}


def limits(watched, seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if not watched:
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_HEAP, MOST_HEAP))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def passes(step, folder, usual, more_args=(), env=(), watched=False):
    """True when the test passes, which takes @usual seconds, @watched by sanitizers or not; whatever it started is gone when this
    returns."""
    seconds = min(MOST_CPU, int(SECONDS + SLOWER * usual))
    with tempfile.TemporaryDirectory(prefix="s2mutant.") as scratch:
        child = subprocess.Popen([*step.argv, *more_args], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: limits(watched, seconds),
                                 env={**os.environ, **step.env, **dict(env), **(WATCHED if watched else {}),
                                      "SOURCE_ROOT": ROOT, "TMPDIR": scratch})
        try:
            return child.wait(WAIT + SLOWER * usual) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def golden_cases():
    folder = os.path.join(ROOT, "tests", "golden")
    # Those of the toy architecture are of a program and a test of their own.
    return sorted(case for case in os.listdir(folder)
                  if os.path.exists(os.path.join(folder, case, "cmd")) and not case.startswith("toy-"))


def gcov(build_dir, paths):
    """{path: {line: times run}} of what gcov says of these .gcda or .gcno files."""
    counts = collections.defaultdict(dict)
    for document in quiet(["gcov", "--json-format", "--stdout", *paths], cwd=build_dir).splitlines():
        for file in json.loads(document)["files"]:
            path = os.path.relpath(os.path.join(build_dir, file["file"]), ROOT)
            counts[path].update((line["line_number"], line["count"]) for line in file["lines"])
    return counts


def files_below(folder, end):
    """Paths below @folder, of the folders that mutants are drawn in."""
    return sorted(os.path.relpath(os.path.join(where, file), folder) for top in FOLDERS
                  for where, _, files in os.walk(os.path.join(folder, top)) for file in files if file.endswith(end))


def lines_reached(build_dir, counted):
    """{path: lines} that ran; @counted has the .gcda of one test."""
    found = files_below(counted, ".gcda")
    for where in found:
        notes = where[:-len("gcda")] + "gcno"
        shutil.copy(os.path.join(build_dir, notes), os.path.join(counted, notes))
    counts = gcov(build_dir, [os.path.join(counted, where) for where in found]) if found else {}
    return {path: sorted(n for n, count in lines.items() if count) for path, lines in counts.items() if path.endswith(".c")}


# What decides what a test reaches, beside its own files.
SOURCES = ("src", "samples", "man", "README.md", "meson.build")
# Which tests only those read that name them, and what says how tests are started.
OF_ONE = ("tests/unit/test_*.c", "tests/golden/test_*.py", "*.pinned", "tests/tools/mutants.py", "tests/*meson.build")


def of_piece(sources, tests, step, case):
    """A digest of what this test, or this case of it, may run: sources and tests, but for files that only another test reads."""
    total = hashlib.sha256(repr((sources, step.argv, case)).encode())
    own = {f"tests/unit/test_{step.name}.c", f"tests/golden/{PINS.get(step.name)}",
           *(os.path.relpath(os.path.join(step.folder, arg), ROOT) for arg in step.argv)}
    for path, of in tests:
        folder = "/".join(path.split("/")[:3])
        if os.path.exists(os.path.join(ROOT, folder, "cmd")):  # a golden case
            counts = step.name in ("golden", "toy") and case in (None, os.path.basename(folder))
        else:
            counts = path in own or not any(fnmatch.fnmatchcase(path, rule) for rule in OF_ONE)
        if counts:
            total.update(of.encode())
    return f"{step.name}/{case} {total.hexdigest()[:16]}"


def learn(todo, build_dir, jobs):
    """What each test reaches on the unchanged program, where it must pass, and how long it takes. It is kept for as long as the test
    and the files that it reaches stay the same.

    reach: {test or golden/case: {path: lines}}, seconds: {test or golden/case: seconds}, code: {path: lines that are code}."""
    pieces = [(step, case) for step in todo for case in step.parts or [None]]
    files = {path: of for top in SOURCES for path, of in digests_below(top).items()}
    sources = sorted(of for path, of in files.items() if not (path.startswith(FOLDERS) and path.endswith(".c")))
    tests = sorted(digests_below("tests").items())
    kept = Kept(os.path.join(WORK, "reached.jsonl"))

    def one(piece):
        of = of_piece(sources, tests, *piece)
        took, lines, reached = kept.rows.get(of, (0, {}, {"": ""}))
        if any(files.get(path) != was for path, was in reached.items()):
            took, lines = run_counted(*piece)
            kept.add(of, (took, lines, {path: files[path] for path in lines}))
        return took, lines

    def run_counted(step, case):
        with tempfile.TemporaryDirectory(prefix="s2mutant.", dir=IN_MEMORY) as counted:
            env = {"GCOV_PREFIX": counted, "GCOV_PREFIX_STRIP": str(build_dir.count("/"))}
            start = time.monotonic()
            if not passes(step, build_dir, MOST_CPU, [f"--case={case}"] if case else [], env):
                sys.exit(f"mutants: {step.name} {case or ''} does not pass before anything was changed")
            took = time.monotonic() - start
            lines = lines_reached(build_dir, counted)
            print(f"{step.name}{'/' if case else ''}{case or ''}: {took:.1f} s, reaches {sum(map(len, lines.values()))} lines", flush=True)
            return took, lines

    reach, seconds = {}, {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for (step, case), (took, lines) in zip(pieces, pool.map(one, pieces)):
            key = f"{step.name}/{case}" if case else step.name
            seconds[key], reach[key] = took, lines
    names = {step.name for step in todo}
    kept.only({of_piece(sources, tests, *piece) for piece in pieces} | {of for of in kept.rows if of.split("/")[0] not in names})
    code = {path: sorted(lines) for path, lines in gcov(build_dir, files_below(build_dir, ".gcno")).items()}
    return {"reach": reach, "seconds": seconds, "code": code}


# --- one mutant --------------------------------------------------------------------------------

class Worker:
    """A build folder of its own, in which one object at a time is another; and @watched, one with sanitizers for what survives."""

    def __init__(self, folder, todo, known, watched=None):
        self.folder, self.todo, self.known, self.watched = folder, todo, known, watched
        with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as f:
            self.commands = {os.path.relpath(os.path.join(c["directory"], c["file"]), ROOT): c for c in json.load(f)}
        self.clean = {}  # path: the object of the unchanged source, compiled in the same way

    def compile(self, path, text):
        """The object of this text as bytes, or None."""
        source, made = os.path.join(self.folder, "mutant.c"), os.path.join(self.folder, "mutant.o")
        with open(source, "w", encoding="utf-8") as f:
            f.write(text)
        row = self.commands[path]
        command = row["command"].replace(row["output"], "mutant.o").replace(row["file"], "mutant.c")
        done = subprocess.run(f"{command} -w", shell=True, cwd=self.folder, capture_output=True, timeout=120, check=False)
        if done.returncode:
            return None
        with open(made, "rb") as f:
            return f.read()

    def put(self, path, code):
        output = self.commands[path]["output"]
        if code != self.clean[path]:
            with open(os.path.join(self.folder, CHANGED), "w", encoding="utf-8") as f:
                f.write(output)
        with open(os.path.join(self.folder, output), "wb") as f:
            f.write(code)
        if code == self.clean[path]:
            os.remove(os.path.join(self.folder, CHANGED))

    def wanted(self, mutant):
        """The changed lines that are code; or all of the file, when they are a table; and whether any test was seen to run those.
        A process that a signal ends says nothing of what it ran."""
        span, code = set(range(mutant.first, mutant.last + 1)), set(self.known["code"].get(mutant.path, ()))
        wanted = span & code or code
        return wanted, any(wanted.intersection(lines.get(mutant.path, ())) for lines in self.known["reach"].values())

    def is_table(self, mutant):
        return not set(range(mutant.first, mutant.last + 1)) & set(self.known["code"].get(mutant.path, ()))

    def reaching(self, mutant, step, wanted, seen):
        """The pieces of this test that run the @wanted lines; when nobody was @seen to run them, those that run any of the file, and
        each test that was not counted; of a table, unit tests too that are linked with it and may read it from elsewhere; all that
        are linked with the file, when it is no code. What was not counted holds what the program does with the system: all that
        commands do may be of it."""
        pieces = [key for key in self.known["reach"] if key.split("/")[0] == step.name]
        linked = library_of(mutant.path) in step.libraries
        if not wanted or (step.unit and linked and self.is_table(mutant)):
            return pieces if linked else []
        if not pieces and (not seen or library_of(mutant.path) == "src/cmd"):
            return [step.name]
        if not seen:
            wanted = set(self.known["code"][mutant.path])
        return [key for key in pieces if wanted.intersection(self.known["reach"][key].get(mutant.path, ()))]

    def plan(self, mutant):
        """What may notice it, as (order, step, pieces): of a test in parts the quick ones first."""
        folder, (wanted, seen) = library_of(mutant.path), self.wanted(mutant)
        for step in self.todo:
            pieces = self.reaching(mutant, step, wanted, seen)
            if step.parts:
                pieces = sorted(pieces, key=self.seconds)
                quick = sum(sum(map(self.seconds, pieces[:n + 1])) < QUICK for n in range(len(pieces)))
                batches = [batch for batch in (pieces[:quick], pieces[quick:]) if batch]
            else:
                batches = [pieces] if pieces else []
            for batch in batches:
                yield step.key(folder, sum(map(self.seconds, batch))), step, batch

    def seconds(self, piece):
        return self.known["seconds"].get(piece, UNCOUNTED)

    def noticed_by(self, mutant):
        linked = set()
        for _, step, pieces in sorted(self.plan(mutant), key=lambda row: row[0]):
            if step.program not in linked:
                quiet(["sh", "-c", step.link], cwd=self.folder)
                linked.add(step.program)
            args = ["--first"] if step.parts or step.name == "mkpkvm" else []
            args += [f"--case={piece.split('/', 1)[1]}" for piece in pieces if step.parts]
            if not passes(step, self.folder, sum(map(self.seconds, pieces)), args, watched=not self.watched):
                return step.name
        return None

    def try_out(self, mutant):
        """What became of it: "noticed", "survives", "same object" or "does not compile"; and the test that noticed."""
        text = read(mutant.path)
        if mutant.path not in self.clean:
            self.clean[mutant.path] = self.compile(mutant.path, text)
        changed = self.compile(mutant.path, text[:mutant.start] + mutant.text + text[mutant.end:])
        if changed is None:
            return "does not compile", None
        if changed == self.clean[mutant.path]:
            return "same object", None
        self.put(mutant.path, changed)
        try:
            # What is not given back only a sanitizer sees.
            first = self.watched if RELEASES.match(text[mutant.start:mutant.end]) and mutant.kind == "dropped" else None
            result, test = first.try_out(mutant) if first else (None, None)
            test = test and f"{test} with sanitizers" or self.noticed_by(mutant)
        finally:
            self.put(mutant.path, self.clean[mutant.path])
        if not test and self.watched and not first:
            result, test = self.watched.try_out(mutant)
            test = test and f"{test} with sanitizers"
        return ("noticed" if test else "survives"), test


# --- the whole ---------------------------------------------------------------------------------

def digests_below(top):
    """{path: digest} of a file, or of those below a folder."""
    paths = [os.path.join(ROOT, top)]
    if os.path.isdir(paths[0]):
        paths = sorted(os.path.join(folder, f) for folder, _, files in os.walk(paths[0]) for f in files
                       if not f.endswith((".pyc", ".accepted")))
    found = {}
    for path in paths:
        with open(path, "rb") as f:
            name = os.path.relpath(path, ROOT)
            found[name] = hashlib.sha256(name.encode() + b"\0" + f.read()).hexdigest()
    return found


def digest(tops):
    total = hashlib.sha256()
    for top in tops:
        for of in digests_below(top).values():
            total.update(of.encode())
    return total.hexdigest()[:16]


class Kept:
    """What was found out, a line each: {key: value}, of which an interrupted run keeps what it has."""

    def __init__(self, path):
        self.path, self.rows, self.lock = path, {}, threading.Lock()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    try:
                        row = json.loads(line)
                    except ValueError:
                        continue  # the line that an interrupted run was writing
                    self.rows[row["key"]] = row["value"]
        self.file = open(path, "a", encoding="utf-8")

    def add(self, key, value):
        with self.lock:
            self.rows[key] = value
            self.file.write(json.dumps({"key": key, "value": value}) + "\n")
            self.file.flush()

    def only(self, keys):
        """The others are forgotten."""
        with open(f"{self.path}.new", "w", encoding="utf-8") as f:
            f.writelines(json.dumps({"key": key, "value": self.rows[key]}) + "\n" for key in sorted(keys))
        os.rename(f"{self.path}.new", self.path)


class Results:
    """What became of mutants, by digest of everything that decides it."""

    def __init__(self, of):
        self.kept = Kept(os.path.join(WORK, f"results-{of}.jsonl"))

    @staticmethod
    def key(mutant):
        return f"{mutant.path} {mutant.start} {mutant.end} {mutant.text}"

    def get(self, mutant):
        return self.kept.rows.get(self.key(mutant))

    def add(self, mutant, result, by):
        self.kept.add(self.key(mutant), (result, by))


def prepare(jobs, without):
    """Build folders for @jobs workers, the tests, and what each of them reaches."""
    os.makedirs(WORK, exist_ok=True)
    first, counting, sanitize = (os.path.join(WORK, name) for name in ("0", "reach", "sanitize"))
    build(first, "-Doptimization=1")
    build(sanitize, "-Doptimization=1", "-Db_sanitize=address,undefined", "-Db_lundef=false")
    todo, todo_watched = ([step for step in steps(folder) if step.name not in without] for folder in (first, sanitize))
    build(counting, "-Doptimization=0", "-Db_coverage=true")
    # A build that counts lines has not all tests: what preloads a library of its own is not among them.
    there = {step.name for step in steps(counting)}
    known = learn([step for step in todo if step.name in there], counting, jobs)
    for step in todo + todo_watched:
        step.seconds = sum(t for key, t in known["seconds"].items() if key.split("/")[0] == step.name)
    todo_watched = [step for step in todo_watched if step.seconds < BRIEF]
    return [Worker(copy_of(first, n), todo, known, Worker(copy_of(sanitize, n), todo_watched, known)) for n in range(jobs)]


def copy_of(folder, n):
    """The folder of worker @n; the first works in @folder itself."""
    if not n:
        return folder
    copy = f"{folder}.{n}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, symlinks=True)
    return copy


def accepted_rows(path):
    """`FILE | LINE | MUTATION | REASON`, the first three as shell patterns or to the letter."""
    if not path:
        return []
    with open(path, encoding="utf-8") as f:
        return [[cell.strip() for cell in line.split(" | ", 3)] for line in f if line.strip() and line[0] != "#"]


def reason(rows, mutant):
    words = mutant.path, line_text(mutant), mutant.kind
    for row in rows:
        if all(a == b or fnmatch.fnmatchcase(a, b) for a, b in zip(words, row)):
            return row[3]
    return None


def run(workers, results, candidates, count):
    """Tries candidates until @count of them counted; says what became of them in their order. A survivor takes minutes: the other
    workers have gone on by then."""
    free = queue.Queue()
    for worker in workers:
        free.put(worker)

    def one(mutant):
        known = results.get(mutant)
        if known:
            return (*known, 0.0)
        worker, start = free.get(), time.monotonic()
        try:
            result, by = worker.try_out(mutant)
        finally:
            free.put(worker)
        results.add(mutant, result, by)
        return result, by, time.monotonic() - start

    counted, outcome = 0, []
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        ahead, rest = collections.deque(), iter(candidates)
        while counted < count:
            # None is begun that surely will not be asked for.
            while len(ahead) < min(AHEAD * len(workers), count - counted):
                mutant = next(rest, None)
                if mutant is None:
                    break
                ahead.append((mutant, pool.submit(one, mutant)))
            if not ahead:
                break
            mutant, future = ahead.popleft()
            result, by, seconds = future.result()
            outcome.append((mutant, result))
            counted += result in ("noticed", "survives")
            print(f"{counted:4} {result}{f' by {by}' if by else ''} ({seconds:.1f} s): {name(mutant)}", flush=True)
    return outcome


def main():
    parser = argparse.ArgumentParser(description="Says which mistakes no test notices.")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--at", action="append", metavar="FILE:LINE")
    parser.add_argument("--accepted", metavar="FILE")
    parser.add_argument("--least", type=float, default=0, metavar="PERCENT")
    parser.add_argument("--without", action="append", default=[], metavar="TEST")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    if args.count < 1:
        parser.error("--count must be at least 1")
    os.makedirs(WORK, exist_ok=True)
    of = "-".join((digest((*SOURCES, "tests")), *sorted(args.without)))
    workers = prepare(args.jobs, args.without)
    candidates = drawn(args.seed, args.at)
    outcome = run(workers, Results(of), candidates, args.count if not args.at else len(candidates))
    rows = accepted_rows(args.accepted)
    tally = collections.Counter(result for _, result in outcome)
    survivors = [m for m, result in outcome if result == "survives"]
    reasons = {m: reason(rows, m) for m in survivors}
    print()
    for mutant in sorted(survivors):
        print(f"survives: {name(mutant)}" + (f"  # {reasons[mutant]}" if reasons[mutant] else ""))
    unnoticed = sum(1 for m in survivors if not reasons[m])
    judged = tally["noticed"] + unnoticed
    percent = 100 * tally["noticed"] / judged if judged else 100.0
    print(f"seed {args.seed}: {tally['noticed']} of {judged} mutants noticed ({percent:.1f} %), {unnoticed} survive, "
          f"{len(survivors) - unnoticed} more are accepted; not counted: {tally['same object']} that compile to the same object, "
          f"{tally['does not compile']} that do not compile")
    if percent < args.least:
        print(f"mutants: fewer than {args.least:g} % are noticed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
