# SPDX-License-Identifier: GPL-2.0-or-later
# How tests read what s2dump prints as JSON: one document, whether it came whole or as records.

import schema2


def document(text):
    """The document that --json or --format=jsonl printed. ValueError or KeyError when it is none, or cut off."""
    if isinstance(text, bytes):
        text = text.decode()
    found = list(schema2.objects(text))
    if not found or not isinstance(found[0], dict):
        raise ValueError("not a document")
    return schema2.document(found) if "record" in found[0] else found[0]


def rows(text):
    """Its tables, or what else the command prints."""
    found = document(text)
    return found[schema2.PAYLOADS[found["s2dump"]["command"]]]


def different(want, got):
    """{member: (want, got)} of two records. Lists of words are sets."""
    def unlike(a, b):
        return sorted(a) != sorted(b) if isinstance(a, list) and isinstance(b, list) else a != b

    both = ((name, want.get(name), got.get(name)) for name in {**want, **got})
    return {name: (a, b) for name, a, b in both if a != b and unlike(a, b)}


def same(want, got):
    return not different(want, got)


def is_record(line, name):
    """Is this line of bytes of --format=jsonl that record?"""
    return line.startswith(b'{"record":"' + name.encode() + b'"')
