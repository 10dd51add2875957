# SPDX-License-Identifier: GPL-2.0-or-later
# A table of the toy architecture (tests/toy) at 0x40000000: blocks, pages, doorbells, reserved entries, a missing table.
import toytable

with open("toy.bin", "wb") as f:
    f.write(toytable.pages(0x40000000))
