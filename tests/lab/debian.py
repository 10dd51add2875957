# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's packages of any architecture from the machine's own mirror, with an apt configuration of the lab's own.

import functools
import os
import subprocess

from qemu import LabError

# Where kernels are that are newer than those of the machine's own suites.
SUITE = "trixie-backports"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def run(what, *command, **more):
    """What a command printed; an error with the last that it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, **more)
    except OSError as e:
        raise LabError(f"{what}: {e}") from e
    if done.returncode:
        text = (done.stdout + done.stderr).strip().splitlines()
        raise LabError(f"{what}: {' '.join(command)}: " + " | ".join(text[-5:]))
    return done.stdout


def sources():
    """Lines of a sources.list: Debian's suites that the machine uses, and SUITE of the same mirror."""
    rows = [line.split() for line in run(
        "sources", "apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages", "Origin: Debian").splitlines()]
    mirror = next((uri for label, uri, *_ in rows if label == "Debian"), None)
    if not mirror:
        raise LabError("apt knows no mirror of Debian (apt-get update)")
    places = [(uri, release, component) for _, uri, release, component in rows]
    signed = f"[signed-by={KEYRING}] " if os.path.exists(KEYRING) else ""
    return [f"deb {signed}{uri} {release} {component}\n"
            for uri, release, component in dict.fromkeys([*places, (mirror, SUITE, "main")])]


class Apt:
    """All that apt keeps is below one directory, and of one architecture: nothing of the machine changes."""

    def __init__(self, top, architecture):
        self.options = {"Dir::Etc::sourcelist": os.path.join(top, "sources.list"),
                        "Dir::Etc::sourceparts": "/dev/null", "Dir::State::status": "/dev/null",
                        "Dir::State::lists": os.path.join(top, "lists"),
                        "Dir::Cache": os.path.join(top, "cache"),
                        "APT::Architecture": architecture, "APT::Architectures": architecture,
                        "APT::Sandbox::User": "root"}
        for folder in "lists/partial", "cache/archives/partial":
            os.makedirs(os.path.join(top, folder), exist_ok=True)
        with open(self.options["Dir::Etc::sourcelist"], "w") as f:
            f.writelines(sources())
        self.run("apt-get", "update")

    def run(self, program, *arguments, **more):
        options = [word for name, value in self.options.items() for word in ("-o", f"{name}={value}")]
        return run("apt", program, "-q", *options, *arguments, **more)

    def search(self, pattern):
        """Names of packages."""
        found = self.run("apt-cache", "search", "--names-only", pattern)
        return [line.split()[0] for line in found.splitlines()]

    def download(self, packages, out, version=""):
        """Paths of the packages, which are now in @out, in that order. @version is empty or "=VERSION"."""
        debs = []
        for package in packages:
            self.run("apt-get", "download", package + version, cwd=out)
            debs += [os.path.join(out, f) for f in os.listdir(out) if f.startswith(package + "_")]
        return debs


@functools.cache
def apt(cache, architecture="arm64"):
    """With lists that are as new as this run of the lab."""
    return Apt(os.path.join(cache, "apt"), architecture)
