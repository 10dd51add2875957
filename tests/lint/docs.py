#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# One truth in many places: holds the manuals, the completion, README.md and the schema against the program and its rows.
#
#   docs.py --s2dump PATH [--update]

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "completions"))

import generate  # noqa: E402

# Architectures that a command can reach; a row per file with attribute rows.
ATTR_SOURCES = ["src/decode/arm64/stage2.c"]

# Rows of oddities: of entries, and of regimes.
ODD_SOURCES = [("src/decode/arch.c", "s2_odds"), ("src/decode/arm64/arm64.c", "s2_arm64_geom_odds")]

problems = []


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def same(what, a_name, a, b_name, b):
    """Both sets must be equal; says what stands on one side only."""
    a, b = set(a), set(b)
    for item in sorted(a - b):
        problems.append(f"{what} {item}: in {a_name}, not in {b_name}")
    for item in sorted(b - a):
        problems.append(f"{what} {item}: in {b_name}, not in {a_name}")
    if not a:
        problems.append(f"{what}: none found in {a_name}")
    print(f"docs: {what}: {len(a)} in {a_name}, {len(b)} in {b_name}")


# --- the program -------------------------------------------------------------------------------

class Program:
    def __init__(self, path):
        self.path = path
        self.commands = re.findall(r"^  (\w+) +\S", self.help().split("\nCommands:\n")[1].split("\n\n")[0], re.M)
        self.options = {}  # command: {"--name": argument or ""}
        self.formats = set()
        for command in self.commands:
            text = self.help(command)
            self.options[command] = dict(re.findall(r"^  (?:-\w,|   ) (--[\w-]+)(?:=(\S+))?", text, re.M))
            if "\nFormats:\n" in text:
                self.formats |= set(re.findall(r"^  (\S+) ", text.split("\nFormats:\n")[1], re.M))

    def help(self, *args):
        return subprocess.run([self.path, "help", *args], check=True, capture_output=True, text=True).stdout

    def all_options(self):
        return {name: arg for options in self.options.values() for name, arg in options.items()}

    def accepts(self, command, option, value):
        """Is it a legal command line, whatever becomes of the file that is not there?"""
        arguments = {"decode": ["0"], "translate": ["/nonexistent/file", "0"], "find": ["/nonexistent/file", "0"],
                      "extract": ["-o", "/dev/null", "/nonexistent/file"]}
        for arch in ([], ["--lpa2"], ["--arch=ept"]) if option.endswith("level") else ([],):  # there are others then
            done = subprocess.run([self.path, command, f"{option}={value}", *arch, *arguments.get(command, ["/nonexistent/file"])],
                                  capture_output=True)
            # A size alone makes no table, which is another matter than that there is no such size.
            alone = command == "decode" and option in self.options["dump"] and f"{option}:".encode() not in done.stderr
            if done.returncode != 2 or b"nonexistent" in done.stderr or alone:
                return True
        return False


def check_help(program):
    """Help fits a terminal of 80 columns."""
    for command in ([], *([command] for command in program.commands)):
        for line in program.help(*command).splitlines():
            if len(line) > 80:
                problems.append(f"{' '.join(['help', *command])}: {len(line)} columns: {line.strip()}")


# --- the completion ----------------------------------------------------------------------------

def check_completion(program):
    """The shells' files are made from help; what they offer as values is not in it."""
    made = generate.Program(program.path)
    for command in program.commands:
        same(f"{command} option", "help", program.options[command], "completion", made.options[command])
        for option in program.options[command]:
            values = made.values(command, option)
            for value in values:
                if not program.accepts(command, option, value):
                    problems.append(f"{option}={value}: in completion, but {command} does not accept it")
            if values and program.accepts(command, option, "no-such-value"):
                problems.append(f"{option}: {command} accepts any value")
    known = program.all_options()
    for option in generate.VALUES:
        if option not in known:
            problems.append(f"{option}: in completions/generate.py, not in help")


# --- the manuals -------------------------------------------------------------------------------

def section(page, macro, title):
    """Lines of a section (Sh) or subsection (Ss)."""
    end = r"^\.Sh " if macro == "Sh" else r"^\.S[hs] "
    found = re.search(rf"^\.{macro} {re.escape(title)}\n(.*?)(?={end}|\Z)", page, re.M | re.S)
    if not found:
        problems.append(f"the manual has no section '{title}'")
        return []
    return found[1].split("\n")


def items(lines, macro):
    """Words of the list items that begin with this macro, "a , b" taken apart."""
    found = []
    for line in lines:
        if line.startswith(f".It {macro} "):
            found += [word for word in line[len(f".It {macro} "):].split() if word not in (",", macro)]
    return found


def man_options(page):
    found = {}
    for line in section(page, "Ss", "Options"):
        if not line.startswith(".It Fl "):
            continue
        text = re.sub(r" (Ns|Ar)\b", "", line[len(".It "):]).replace(" ", "")
        for name, arg in re.findall(r"Fl(-[\w-]+)(?:=([^,]+))?", text):
            found["-" + name] = arg
    return found


def man_groups(page):
    """Options by command, as the lists of the section Options have them under a heading `.Pq Cm dump , list :`."""
    found, commands, flags = {}, [], []
    for line in section(page, "Ss", "Options"):
        heading = re.fullmatch(r"\.Pq Cm ([\w , ]+) :", line)
        if heading:
            commands = heading[1].split(" , ")
        elif line == "All commands:":
            commands = ["help"]
        for name in re.findall(r"Fl (-[\w-]+)", line) if line.startswith(".It Fl ") else []:
            for command in commands:
                found.setdefault(command, set()).add("-" + name)
    return found


def check_groups(program, page):
    groups = man_groups(page)
    for command, options in program.options.items():
        if command != "help":
            same(f"{command} option", "help", options, "s2dump.1", groups.get(command, set()) | groups["help"])


def check_stage1(page):
    """The rows of stage 1 have a section of their own: each name and each text of the columns is in it."""
    text = read("src/decode/arm64/stage1.c")
    lines = section(page, "Ss", "Stage 1")
    names = set(re.findall(r"\.name = \"(\w+)\", \\?\s*\.field", text))
    names -= {name for name in names if name.endswith("table")}  # of table descriptors, which are not shown
    same("stage 1 attribute", "the rows", names, "s2dump.1",
         {word for row in table(lines, "Name") for word in re.findall(r"\w+", row[0])})
    said = set(re.findall(r"[\w:-]+", "\n".join(lines) + "\n".join(section(page, "Ss", "Memory types"))))
    for text_of in sorted({row[1] for row in c_rows(text, "memattr")}):
        if text_of not in said and text_of.removesuffix("-nxs") not in said:
            problems.append(f"s2dump.1: memory type {text_of} of stage 1 is not described")


def check_members(program, page):
    """Names that --where and --columns take are members of ranges in s2dump-json.5, or described with conditions."""
    done = subprocess.run([program.path, "dump", "x", "--columns=?"], capture_output=True, text=True)
    names = set(re.search(r"There are:\n(.*)", done.stderr, re.S)[1].split()) - {"flags"}
    json_page = read("man/s2dump-json.5")
    known = {word for title in ("Range", "Ranges of x86") for line in section(json_page, "Ss", title)
             for word in re.findall(r"\w+", line) if line.startswith(".It Li ")}
    known |= set(items(section(page, "Ss", "Conditions"), "Li"))
    known |= {word for row in table(section(page, "Ss", "Stage 1"), "Name") for word in re.findall(r"\w+", row[0])}
    for name in sorted(names - known):
        problems.append(f"{name}: a name for --where that no manual describes")
    print(f"docs: {len(names)} names of members")


def check_manual(program):
    page = read("man/s2dump.1")
    check_groups(program, page)
    check_members(program, page)
    check_stage1(page)
    same("command", "help", program.commands, "s2dump.1", items(section(page, "Ss", "Commands"), "Cm"))
    same("format", "help", program.formats, "s2dump.1", items(section(page, "Ss", "Formats"), "Cm"))
    same("option", "help", (f"{n}={a}" for n, a in program.all_options().items()),
         "s2dump.1", (f"{n}={a}" for n, a in man_options(page).items()))
    for name in ("man/s2dump.1", "man/s2dump-json.5"):
        for option in sorted({"-" + o for o in re.findall(r"\bFl (-[\w-]+)", read(name))}):
            if option not in program.all_options():
                problems.append(f"{name}: there is no option {option}")
    statuses = re.findall(r"\bS2_EXIT_\w+ = (\d+)", read("src/options.h"))
    same("exit status", "src/options.h", statuses, "s2dump.1",
         [line.split()[1] for line in section(page, "Sh", "EXIT STATUS") if re.match(r"\.It \d", line)])


# --- attribute rows ----------------------------------------------------------------------------

def c_rows(text, array):
    """The strings of each row of an initialised array."""
    found = re.search(rf"\b{array}\[\w*\] = \{{\n(.*?)\n\}};", text, re.S)
    if not found:
        problems.append(f"no array {array} in the sources")
        return []
    body = re.sub(r"/\*.*?\*/", "", found[1], flags=re.S)
    rows = re.findall(r"\{((?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*)\}", body)
    return [[s.replace('\\"', '"') for s in re.findall(r'"((?:[^"\\]|\\.)*)"', row)] for row in rows]


def attributes():
    """Name: list of value arrays ([json, text] rows; None for a plain number) of the rows with that name."""
    found = {}
    for path in ATTR_SOURCES:
        text = read(path)
        body = re.search(r"struct s2_attr attrs\[\] = \{\n(.*?)\n\};", text, re.S)[1]
        for row in re.split(r"(?=\.name = )", body)[1:]:
            name = re.match(r'\.name = "(\w+)"', row)[1]
            values = re.search(r"VALUES\((\w+)\)", row)
            found.setdefault(name, []).append([r[:2] for r in c_rows(text, values[1])] if values else None)
    return found


def table(lines, first):
    """Cells of the column list whose heading begins with this word, macros dropped."""
    rows, inside = [], False
    for line in lines:
        if line.startswith(f".It Em {first} "):
            inside = True
        elif line.startswith(".El"):
            inside = False
        elif inside and line.startswith(".It "):
            # An item that begins with a separator continues the row above.
            cells = re.split(r"(?:^| )Ta(?: |$)", line[len(".It "):])
            rows.append([re.sub(r"\b(Li|Ns|No|Em) ?", "", cell).replace("\\&", "").strip() for cell in cells])
    return rows


def check_attributes():
    attrs = attributes()
    page, json_page = read("man/s2dump.1"), read("man/s2dump-json.5")
    texts, name = {}, None
    for row in table(section(page, "Ss", "The ptdump format"), "Name"):
        name = row[0] or name
        texts.setdefault(name, set()).add(row[1])
    # Rights are one column, which is described above the table.
    same("attribute", "the rows", set(attrs) - {"read", "write", "exec"}, "s2dump.1", texts)
    same("attribute", "the rows", attrs, "s2dump-json.5",
         set(items(section(json_page, "Ss", "Range"), "Li")) & (set(attrs) | set(texts)))
    for name, arrays in sorted(attrs.items()):
        if name == "memattr" or name not in texts:
            continue
        shown = {row[1] for rows in arrays if rows for row in rows}
        # A flag that is clear is not shown.
        if not any(text == "-" for text in texts[name]):
            shown.discard("-")
        if shown:
            same(f"text of {name}", "the rows", shown, "s2dump.1", texts[name])
    types = table(section(page, "Ss", "Memory types"), "MemAttr")
    same("memory type", "the rows",
         (f"{v:#x} {rows[v][1]} ({n})" for n, rows in enumerate(attrs["memattr"]) for v in range(len(rows))),
         "s2dump.1", (f"{row[0]} {cell} ({n})" for row in types for n, cell in enumerate(row[1:])))
    odds = {row[0] for path, array in ODD_SOURCES for row in c_rows(read(path), array)}
    same("oddity", "the rows", odds, "s2dump.1", items(section(page, "Ss", "Oddities"), "Li"))
    return attrs


# --- the schema --------------------------------------------------------------------------------

def schema_properties(node, found):
    if isinstance(node, dict):
        for name, value in (node.get("properties") or {}).items():
            found.setdefault(name, set())
            if isinstance(value, dict):
                found[name] |= {json.dumps(v) for v in value.get("enum", [])}
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            schema_properties(value, found)
    return found


def check_schema(attrs):
    path = "schema/s2dump.schema.json"
    if not os.path.exists(os.path.join(ROOT, path)):
        problems.append(f"{path} is missing")
        return
    found = schema_properties(json.loads(read(path)), {})
    page = read("man/s2dump-json.5")
    items_of = set(re.findall(r"^\.It Li (\w+)$", page, re.M))
    words = {word for line in re.findall(r"^\.(?:It )?Li (.*)$", page, re.M) for word in re.findall(r"\w+", line)}
    # Registers and what they turn on are members, too.
    turned_on = set(re.findall(r'"(\w+_el\d)"', read("src/decode/arm64/claims.c"))) | {"fwb", "lpa2"}
    for name in sorted(set(found) - turned_on - words):
        problems.append(f"member {name}: in the schema, not in s2dump-json.5")
    for name in sorted(items_of - set(found)):
        problems.append(f"member {name}: in s2dump-json.5, not in the schema")
    print(f"docs: member: {len(found)} in the schema, {len(items_of)} listed in s2dump-json.5")
    for name, arrays in attrs.items():
        values = {row[0] for rows in arrays if rows for row in rows if row[0].startswith('"')}
        listed = {v for v in found.get(name, ()) if v.startswith('"')}
        # Other architectures and stages have more.
        for value in sorted(values - listed) if listed else ():
            problems.append(f"value {value} of {name}: in the rows, not in the schema")


def check_readme(program):
    text = read("README.md")
    for line in text.split("\n"):
        if not re.search(r"\bs2dump\b", line):
            continue
        for option in re.findall(r"(?<![\w-])(--[a-z][\w-]*)", line):
            if option not in program.all_options():
                problems.append(f"README.md: there is no option {option}")
    for command in program.commands:
        if not re.search(rf"\b{command}\b", text):
            problems.append(f"README.md: command {command} is not mentioned")
    print("docs: README.md checked")


# --- every file --------------------------------------------------------------------------------

FILES_HEAD = """## Every file

What each says of itself in its second line, below `src/`; written by `tests/lint/docs.py --update`.

"""


def purpose(path):
    """The first paragraph of the comment in the second line of a file."""
    lines = read(path).split("\n")[1:]
    text = []
    for line in lines:
        if not line.startswith("//") or line == "//":
            break
        text.append(line[2:].strip())
    return " ".join(text)


def every_file():
    """The section of ARCHITECTURE.md: a list of each folder."""
    rows = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            if name.endswith(".c"):
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                rows.setdefault(os.path.dirname(path), []).append((name, purpose(path)))
    text = FILES_HEAD
    for folder in sorted(rows):
        text += f"`{folder}/`\n\n" + "".join(f"- `{name}`: {said}\n" for name, said in sorted(rows[folder])) + "\n"
    return text.rstrip("\n") + "\n"


def check_files(update):
    text, wanted = read("ARCHITECTURE.md"), every_file()
    head = FILES_HEAD.split("\n", maxsplit=1)[0]
    at = text.find(f"\n{head}\n")
    if update:
        with open(os.path.join(ROOT, "ARCHITECTURE.md"), "w", encoding="utf-8") as f:
            f.write((text[:at] if at >= 0 else text).rstrip("\n") + "\n\n" + wanted)
        return
    is_there = set(text[at:].split("\n")) if at >= 0 else set()
    if at < 0 or text[at + 1:] != wanted:
        problems.append("ARCHITECTURE.md: what it says of every file is not what they say (--update): "
                        + "; ".join([line for line in wanted.split("\n") if line not in is_there][:3]))
    print(f"docs: {wanted.count(chr(10) + '- ')} files in ARCHITECTURE.md")


# --- examples ----------------------------------------------------------------------------------

def blocks(path):
    """Lines of the literal blocks of a manual or of markdown."""
    text = read(path)
    if path.endswith(".md"):
        return [re.sub(r"^    ", "", b, flags=re.M) for b in re.findall(r"(?:^    .*\n)+", text, re.M)]
    found = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed", text, re.M)
    return [re.sub(r"^\\&", "", b, flags=re.M).replace("\\e", "\\") for b in found]


def written(path, text):
    """A block as it stands in the file."""
    if path.endswith(".md"):
        return re.sub(r"^", "    ", text, flags=re.M)
    return re.sub(r"^(?=[.'])", r"\\&", text.replace("\\", "\\e"), flags=re.M)


def show(path, command, shown, said):
    """Puts what a command printed in the place of what the file shows."""
    old, new = (written(path, f"$ {command}\n{text.rstrip()}") for text in (shown, "\n".join(plain(said))))
    text = read(path)
    if text.count(old) != 1:
        problems.append(f"{path}: '{command}' cannot be found to be updated")
        return
    with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))


def examples(path):
    """Pairs of a command and the output that is shown below it, "" when none is."""
    for block in blocks(path):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.split("\n")
            end = 1
            # A command goes on after a backslash, a pipe, and inside of quotes.
            while lines[end - 1].endswith(("\\", "|")) or "\n".join(lines[:end]).count("'") % 2:
                end += 1
            yield "\n".join(lines[:end]), "\n".join(lines[end:])


def plain(text):
    """Without blanks at the end of lines, which editors take away."""
    return [line.rstrip() for line in text.strip().split("\n")]


def check_examples(program, update):
    """Each example runs as it stands, in the source tree, and prints what is shown."""
    ran = 0
    env = dict(os.environ, PATH=os.path.dirname(program.path) + os.pathsep + os.environ["PATH"])
    for path in ("README.md", "man/s2dump.1", "man/s2dump-json.5"):
        with tempfile.TemporaryDirectory() as scratch:
            os.symlink(os.path.join(ROOT, "samples"), os.path.join(scratch, "samples"))
            for command, shown in list(examples(path)):
                if "jq" in command and not shutil.which("jq"):
                    continue
                done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=scratch, env=env,
                                      capture_output=True, text=True)
                ran += 1
                if done.returncode:
                    problems.append(f"{path}: '{command}' ends with status {done.returncode}: {done.stderr.strip()}")
                elif shown.strip() and plain(shown) != plain(done.stdout):
                    if update:
                        show(path, command, shown, done.stdout)
                    else:
                        problems.append(f"{path}: '{command}' prints something else than shown (look, then --update):\n"
                                        f"{done.stdout}")
    print(f"docs: {ran} examples ran")


def main():
    parser = argparse.ArgumentParser(description="holds the documents against the program")
    parser.add_argument("--s2dump", required=True, metavar="PATH")
    parser.add_argument("--update", action="store_true", help="show in examples what the program prints now")
    args = parser.parse_args()
    program = Program(os.path.abspath(args.s2dump))
    check_help(program)
    check_completion(program)
    check_manual(program)
    check_schema(check_attributes())
    check_readme(program)
    check_files(args.update)
    check_examples(program, args.update)
    for problem in problems:
        print(f"docs: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
