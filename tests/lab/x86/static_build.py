# SPDX-License-Identifier: GPL-2.0-or-later
# Builds s2dump without shared libraries, to be run inside the lab machine.

import os
import shutil

import kernels
from debian import run

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def path():
    return os.path.join(kernels.build_dir(os.path.join(kernels.cache_dir(), "x86", "build-static"), ROOT), "s2dump")


def build():
    """The program of this source tree, built as far as it is out of date, without symbols. Not libsnappy, which needs a C++
    library and is nothing that /proc/kcore needs."""
    out = os.path.dirname(path())
    if not os.path.exists(os.path.join(out, "build.ninja")):
        shutil.rmtree(out, ignore_errors=True)
        run("static build", "meson", "setup", out, ROOT, "-Dprefer_static=true", "-Dc_link_args=-static",
            "-Dsnappy=disabled", "-Dtests=disabled", "-Dbench=false")
    run("static build", "ninja", "-C", out, "src/cmd/s2dump")
    run("static build", "strip", "-o", path(), os.path.join(out, "src/cmd/s2dump"))
    return path()
