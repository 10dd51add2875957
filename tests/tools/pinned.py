# SPDX-License-Identifier: GPL-2.0-or-later
"""Pinned answers: of each question what the program said, as a digest in a file, a line each.

They hold what it says today against a change that nobody meant, and prove nothing right. A line of the file is

    KEY QUESTION ANSWER WORDS

QUESTION is the digest of what was asked, bytes and command; ANSWER that of what was said: exit status, standard output and error,
the file that was made. What may differ between machines and builds is replaced, or not pinned: paths, the version, what a
library of another version says. Where a library makes a part of what is asked of, its version stands in the first line, and what
another one makes is passed over."""
import argparse
import collections
import difflib
import hashlib
import re
import struct
import subprocess

Answer = collections.namedtuple("Answer", "key group question text words loose")
# @group: what --case chooses; @text: what was said, None when it is not to be pinned; @loose: a library made the bytes that were asked of.

# What depends on the build, its libraries and the machine: memory, the words of jansson, what unpacks.
UNPINNED = re.compile(r"no memory|\(position \d+\)|zlib|zstd|lzo|snappy|xz|lzma|bzip2|gzip")


def add_options(parser):
    parser.add_argument("--update", action="store_true", help="what is answered now is what shall be answered")
    parser.add_argument("--first", action="store_true", help="end with the first answer that changed")
    parser.add_argument("--case", action="append", default=[], metavar="GROUP", help="these alone (repeatable)")
    parser.add_argument("--cases", action="store_true", help="which there are")
    parser.add_argument("--against", metavar="S2DUMP", help="what this one says otherwise")


def options(description):
    """A parser of a test that does nothing else."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--s2dump", required=True)
    add_options(parser)
    return parser


def version_of(s2dump):
    return subprocess.run([s2dump, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape")
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:12]


def of_made(data, version):
    """A snapshot, as text: the note without the version, and what memory it holds; lengths of the note, and so offsets, follow from
    that of the version."""
    if data[:4] != b"\x7fELF" or len(data) < 64:
        return f"{len(data)} bytes: {digest(data)}" if data else ""
    lines = [data[:24].hex(), f"flags {struct.unpack_from('<I', data, 48)[0]:#x}"]
    phoff, = struct.unpack_from("<Q", data, 32)
    for i in range(struct.unpack_from("<H", data, 56)[0]):
        kind, flags, off, va, pa, size, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)
        held = data[off:off + size]
        if kind == 4:
            lines.append(held.rstrip(b"\0").decode("utf-8", "backslashreplace")[12:].replace(version, "VERSION"))
        else:
            lines.append(f"{kind} {flags:#x} {va:#x} {pa:#x} {size:#x} {in_memory:#x} {digest(held)}")
    return "\n".join(lines)


def text_of(status, out, err, made, folder, version):
    """What was said, or None when it is not to be pinned."""
    err = re.sub(r"^(s2dump: )?sandbox: .*\n", "", err, flags=re.M)
    text = f"exit status {status}\n--- standard output\n{out.decode('utf-8', 'backslashreplace')}\n--- standard error\n{err}\n"
    text = text.replace(folder, "FOLDER").replace(f'"version":"{version}"', '"version":"VERSION"')
    if status < 0 or status > 4 or UNPINNED.search(text[:4096]) or UNPINNED.search(text, len(text) - len(err) - 1):
        return None
    return text + (f"--- made\n{of_made(made, version)}\n" if made else "")


def differences(ours, theirs):
    return list(difflib.unified_diff((ours or "not pinned").splitlines(), (theirs or "not pinned").splitlines(), "this", "against", lineterm="", n=1))


class Pins:
    def __init__(self, path, made_with=""):
        self.path, self.rows, self.made_with, self.foreign = path, {}, made_with, False

    def head(self):
        return f"# What is answered today, for tests/tools/pinned.py: made with --update, never by hand. {self.made_with}".strip() + "\n"

    def read(self):
        with open(self.path, encoding="utf-8") as f:
            for line in f:
                if line[0] == "#":
                    self.foreign = line != self.head()
                else:
                    key, question, answer, _ = line.split(None, 3)
                    self.rows[key] = question, answer
        return self

    def write(self, answers):
        rows = [f"{a.key} {a.question} {digest(a.text)} {a.words}\n" for a in answers if a.text is not None]
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(self.head() + "".join(rows))
        print(f"{len(rows)} answers pinned, {len(answers) - len(rows)} are not to be pinned")

    def wrong(self, answer):
        """What is to be said of it, or None."""
        question, want = self.rows.get(answer.key, (None, None))
        if question is None:
            return "asked, and not pinned" if answer.text is not None else None
        if question != answer.question:
            return "skipped" if answer.loose and self.foreign else "another question than was pinned"
        return None if answer.text is not None and digest(answer.text) == want else "an answer changed"


def judge(pins, answers, first, again):
    """Whether any of @answers is another than was pinned; @again is how to see it."""
    counted = collections.Counter()
    for answer in answers:
        wrong = pins.wrong(answer)
        counted[wrong if wrong == "skipped" else bool(wrong)] += 1
        if wrong and wrong != "skipped":
            print(f"{wrong}: {answer.key}: {answer.words}\n    {again(answer.key)}", flush=True)
            if first:
                return True
    print(f"{counted[False]} answers as pinned, {counted[True]} not, {counted['skipped']} asked of what a library makes otherwise here")
    if counted[True]:
        print("An answer changed, look at it: is it meant? What says both: --against another s2dump. When all are meant: --update.")
    return bool(counted[True]) or not counted[False]
