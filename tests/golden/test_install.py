#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What `meson install` puts where, and that the program runs from there.
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
MANUALS = ["share/man/man1/s2dump.1", "share/man/man5/s2dump-json.5"]
COMPLETIONS = ["share/zsh/site-functions/_s2dump", "share/fish/vendor_completions.d/s2dump.fish"]
DOCUMENTS = ["LICENSE", "NEWS", "README.md"]


def installed(build, scratch):
    """Files below the prefix, and the prefix."""
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", scratch], check=True)
    binary, = pathlib.Path(scratch).glob("**/bin/s2dump")
    prefix = binary.parent.parent
    return {str(f.relative_to(prefix)) for f in prefix.glob("**/*") if f.is_file()}, prefix


def main():
    parser = argparse.ArgumentParser(description="looks at what is installed")
    parser.add_argument("--build", required=True)
    parser.add_argument("--completions", action="store_true", help="they are built")
    args = parser.parse_args()
    samples = [str(f.relative_to(TOP)) for f in (TOP / "samples").iterdir()]
    wanted = {"bin/s2dump", "share/s2dump/s2dump.schema.json", *MANUALS,
              *(f"share/doc/s2dump/{name}" for name in DOCUMENTS + samples), *(COMPLETIONS if args.completions else ())}
    results = []
    with tempfile.TemporaryDirectory(prefix="s2dump-install-") as scratch:
        files, prefix = installed(args.build, scratch)
        # Where bash looks is for its own package to say.
        more = {f for f in files - wanted if not (f.endswith("/completions/s2dump") and args.completions)}
        results.append(("all is installed", sorted(wanted - files)))
        results.append(("nothing else is installed", sorted(more)))
        done = subprocess.run([str(prefix / "bin/s2dump"), "list", str(prefix / "share/doc/s2dump/samples/debian-6.12-protected.elf.gz")],
                              capture_output=True, text=True)
        results.append(("what is installed runs", [] if done.returncode == 0 and "vm:140" in done.stdout else [done.stderr]))
    print(f"1..{len(results)}")
    for number, (what, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}" + "".join(f"\n# {line}" for line in wrong))
    return any(wrong for _, wrong in results)


if __name__ == "__main__":
    os.environ.pop("DESTDIR", None)
    sys.exit(main())
