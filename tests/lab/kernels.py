# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's kernels for the labs: which package is the newest of its kind, and what of it is kept in the cache.

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile

import debian
from qemu import LabError


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("S2DUMP_LAB_CACHE") or os.path.join(base, "s2dump-lab")


def build_dir(path, root):
    """Of the source tree @root, beside those of other trees."""
    return f"{path}-{hashlib.sha256(root.encode()).hexdigest()[:8]}"


def version_key(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


class Store:
    """The kernels of one architecture: patterns of names of packages, of which the newest is taken. Other flavours
    (debug, real-time) should not match by accident; signed or not makes no difference here."""

    def __init__(self, architecture, patterns, modules, top="", optional=()):
        """@modules: without `.ko'; @optional: kept where there are such. @top: a folder of its own in the cache."""
        self.architecture, self.patterns, self.top = architecture, patterns, top
        self.modules = [*modules, *optional]
        self.kept = ["vmlinuz", *(m + ".ko" for m in modules)]

    def home(self):
        return os.path.join(cache_dir(), self.top)

    def apt(self):
        return debian.apt(self.home(), self.architecture)

    def dirs(self, kernel):
        """What has been fetched, newest first."""
        top = os.path.join(self.home(), "kernels", kernel)
        found = os.listdir(top) if os.path.isdir(top) else []
        return [os.path.join(top, d) for d in sorted(found, key=version_key, reverse=True)
                if all(os.path.exists(os.path.join(top, d, name)) for name in self.kept)]

    def find(self, kernel):
        """The directory of a kernel, which is fetched when none is here."""
        found = self.dirs(kernel)
        return found[0] if found else self.fetch(kernel)

    def packages(self, kernel):
        """Matching package names, newest first; of a version, the signed one before the other."""
        found = self.apt().search("^linux-(image|binary)-[0-9]")
        names = {n for n in found if re.fullmatch(self.patterns[kernel], n)}
        return sorted(names, key=lambda n: (version_key(n.removesuffix("-unsigned")),
                                            not n.endswith("-unsigned")), reverse=True)

    def fetch(self, kernel):
        """The newest package of a kernel. From 6.19 on Debian has the modules in a package of their own."""
        os.makedirs(self.home(), exist_ok=True)
        names = self.packages(kernel)
        if not names:
            raise LabError(f"there is no package for kernel {kernel}")
        top = os.path.join(self.home(), "kernels", kernel)
        os.makedirs(top, exist_ok=True)
        wanted = [names[0]]
        if names[0].startswith("linux-binary-"):
            wanted.append(names[0].replace("binary", "modules", 1))
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=self.home()) as scratch:
            debs = self.apt().download(wanted, scratch)
            out = os.path.join(top, os.path.basename(debs[0]).removesuffix(".deb"))
            if out not in self.dirs(kernel):
                shutil.rmtree(out, ignore_errors=True)
                self.unpack(debs, out)
        return out

    def unpack(self, debs, out):
        """Of the whole packages only the kernel and the modules are kept, under plain names."""
        tree = out + ".tree"
        shutil.rmtree(tree, ignore_errors=True)
        os.makedirs(tree)
        patterns = ["*/vmlinuz*", *(f"*/{m}.ko*" for m in self.modules)]
        for deb in debs:
            tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
            # Any pattern may match nothing in a package: what is missing is missed below.
            subprocess.run(["tar", "-x", "-C", tree, "--wildcards", *patterns],
                           stdin=tar.stdout, stderr=subprocess.DEVNULL)
            tar.stdout.close()
            if tar.wait():
                raise LabError(f"dpkg-deb cannot read {deb}")
        os.makedirs(out)
        for folder, _, files in os.walk(tree):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                if name.endswith(".xz"):
                    data = lzma.decompress(data)
                plain = "vmlinuz" if name.startswith("vmlinuz") else name.removesuffix(".xz")
                with open(os.path.join(out, plain), "wb") as f:
                    f.write(data)
        shutil.rmtree(tree)
        for name in self.kept:
            if not os.path.exists(os.path.join(out, name)):
                raise LabError(f"no {name} in {', '.join(map(os.path.basename, debs))}")
