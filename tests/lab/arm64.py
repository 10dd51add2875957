# SPDX-License-Identifier: GPL-2.0-or-later
# Builds s2dump for arm64, to be run inside the lab machine, with Debian's arm64 libraries.

import os
import shutil

import debian
import kernels
from capture import HERE
from debian import run

ROOT = os.path.dirname(os.path.dirname(HERE))

# Static libraries. Not libsnappy, which needs a C++ library and is nothing that /proc/kcore needs.
PACKAGES = ["libjansson-dev", "libelf-dev", "libdwarf-dev", "zlib1g-dev",
            "liblzo2-dev", "libzstd-dev"]


def sysroot(cache):
    """Headers and libraries, unpacked: -dev packages of two architectures exclude each other."""
    out = os.path.join(cache, "sysroot")
    if os.path.isdir(out):
        return out
    part = out + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(os.path.join(part, "debs"))
    for deb in debian.apt(cache).download(PACKAGES, os.path.join(part, "debs")):
        run("unpack", "dpkg-deb", "-x", deb, part)
    shutil.rmtree(os.path.join(part, "debs"))
    os.rename(part, out)
    return out


def build(cache):
    """The program of this source tree, built as far as it is out of date, without symbols."""
    out = kernels.build_dir(os.path.join(cache, "build-arm64"), ROOT)
    root = sysroot(cache)
    if not os.path.exists(os.path.join(out, "build.ninja")):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        constants = os.path.join(out, "sysroot.cross")
        with open(constants, "w") as f:
            f.write(f"[constants]\nsysroot = '{root}'\n")
        run("arm64 build", "meson", "setup", out, ROOT, "--cross-file", constants, "--cross-file",
            os.path.join(HERE, "aarch64.cross"), "-Dtests=disabled", "-Dbench=false")
    run("arm64 build", "ninja", "-C", out, "src/cmd/s2dump")
    program = os.path.join(out, "s2dump")
    run("arm64 build", "aarch64-linux-gnu-strip", "-o", program,
        os.path.join(out, "src/cmd/s2dump"))
    return program
