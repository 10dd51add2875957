# SPDX-License-Identifier: GPL-2.0-or-later
# The same sound snapshot as snapshot-damaged starts from, to be cut.
import os
import runpy

runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "snapshot-damaged", "make.py"),
               run_name="__main__")
