# SPDX-License-Identifier: GPL-2.0-or-later
# How many times as long programs may take as on the machine itself.

"""Bounds of time are multiplied by SLOWER: builds that are emulated take longer (scripts/test --full)."""

import os

SLOWER = int(os.environ.get("S2DUMP_SLOWER", "1"))
