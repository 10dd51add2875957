# SPDX-License-Identifier: GPL-2.0-or-later
# How tests read what s2dump prints as JSON: in the form of schema 2, whichever schema the program prints.

"""Members are those of schema 2. With a program that prints schema 1 they come from the converter (schema2.py), and what that
schema does not say is NotJudged: same() takes no side there."""

import json

import schema2
from schema2 import NotJudged


def document(text, command=None):
    """The document that --json or --format=jsonl printed. ValueError or KeyError when it is none, or cut off."""
    if isinstance(text, bytes):
        text = text.decode()
    found = schema2.read(text, command)
    if not isinstance(found, dict):
        raise ValueError("not a document")
    return found


def rows(text, command=None):
    """Its tables, or what else the command prints."""
    found = document(text, command)
    return found[schema2.PAYLOADS[found["s2dump"]["command"]]]


def different(want, got):
    """{member: (want, got)} of two records, where both say something. Lists of words are sets."""
    def unlike(a, b):
        if a is NotJudged or b is NotJudged:
            return False
        return sorted(a) != sorted(b) if isinstance(a, list) and isinstance(b, list) else a != b

    both = ((name, want.get(name), got.get(name)) for name in {**want, **got})
    return {name: (a, b) for name, a, b in both if a != b and unlike(a, b)}


def same(want, got):
    return not different(want, got)


def is_record(line, name):
    """Is this line of bytes of --format=jsonl that record?"""
    return line.startswith(b'{"record":' + json.dumps(name).encode())
